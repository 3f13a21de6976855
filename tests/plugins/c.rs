//! Connectors in C and C++, through the header that is made of plugin-api/src/c.rs.

use super::built::{Folder, run};
use super::cli::{memsh, repository, sample};
use std::fs;
use std::process::Command;

/// Builds examples/plugins/LANGUAGE into the folder.
fn build(folder: &Folder, language: &str) {
    let out = folder.file(&format!("rom_{language}.{}", std::env::consts::DLL_EXTENSION));
    let strict = "-O1 -Wall -Wextra -Wpedantic -Werror";
    let made = run(Command::new("make").arg("--silent").arg("-C").arg(repository("examples/plugins").join(language)).args([
        format!("OUT={}", out.display()),
        format!("CFLAGS={strict}"),
        format!("CXXFLAGS={strict}"),
    ]));
    assert_eq!(made.status, 0, "{}", made.stderr);
}

#[test]
fn connectors_in_c_and_cpp_read_as_the_built_in_reader_does() {
    let folder = Folder::of(&[]);
    let image = folder.file("sample.raw");
    assert_eq!(sample(&["dump", "phys", "-o", image.to_str().unwrap(), "--format", "raw"]).status, 0);
    let direct = memsh(&[image.to_str().unwrap(), "ps", "--json"]);
    for language in ["c", "cpp"] {
        build(&folder, language);
        let name = format!("rom_{language}");
        let info = &folder.json(&["plugins", "info", &name])[0];
        assert_eq!(info["usage"], format!("-C {name}:[path=]PATH[,base=NUMBER]"));
        assert!(info["built_with"].as_str().unwrap().starts_with("memsh_plugin.h "), "{info}");
        let target = format!("{name}:{}", image.display());
        let through = folder.memsh(&["-C", &target, "ps", "--json"]);
        assert_eq!((through.status, &through.stdout), (0, &direct.stdout), "{name}: {}", through.stderr);
        let wrong = folder.memsh(&["-C", &format!("{name}:/no/such/file"), "ps"]);
        assert!(wrong.status == 2 && wrong.stderr.contains("can't read /no/such/file"), "{name}: {}", wrong.stderr);
        let edge = folder.memsh(&["-C", &format!("{name}:/bin/sh,base=0x10000"), "read", "--phys", "0xfffc", "8"]);
        assert!(edge.stdout.contains("?? ?? ?? ?? 7f 45 4c 46"), "{name}: {}", edge.stdout);
        let none = folder.memsh(&["plugins", "targets", &name]);
        assert!(none.status == 1 && none.stderr.contains("can't tell what there is to connect to"), "{}", none.stderr);
        let below = [image.to_str().unwrap(), "-O", "linux", "-C", &target, "ps"];
        let below = folder.memsh(&below);
        assert!(below.status != 0 && below.stderr.contains("can't stand on an OS layer"), "{}", below.stderr);
    }
    // An exception in C++ (std::stoull of a number that is none) ends in the plugin.
    let thrown = folder.memsh(&["-C", "rom_cpp:/bin/sh,base=0xffff_ffff_ffff_ffff", "read", "--phys", "0", "8"]);
    assert!((1..=2).contains(&thrown.status), "{}", thrown.stderr);
}

#[test]
fn the_c_interface_has_a_version_of_its_own() {
    let folder = Folder::of(&[]);
    build(&folder, "c");
    let path = folder.file(&format!("rom_c.{}", std::env::consts::DLL_EXTENSION));
    let mut bytes = fs::read(&path).unwrap();
    let at = bytes.windows(8).position(|w| w == memsh_plugin::MAGIC).unwrap();
    bytes[at + 16] = 9;
    fs::write(&path, bytes).unwrap();
    let row = folder.listed().remove(0);
    let reason = row["reason"].as_str().unwrap();
    assert!(reason.contains("built for version 9 of the C interface; this memsh speaks version 1"), "{reason}");
}

/// A connector in C that does what it should not, as `HOW` says.
const ODD: &str = r#"
#include "memsh_plugin.h"
#include <string.h>
static void metadata(void *c, MemshMetadata *out) { (void)c; memset(out, 0xff, sizeof *out); out->read_only = true; out->live = false; }
static size_t ranges(void *c, MemshRange *out, size_t capacity) {
    (void)c;
    if (HOW == 1) return (size_t)-1;
    if (HOW == 2) { static size_t n = 65; n *= 2; return n; }
    if (capacity) { out[0].start = 0; out[0].size = HOW == 3 ? UINT64_MAX : 4096; }
    return 1;
}
static void read_all(void *c, MemshRead *ops, size_t count) {
    (void)c;
    for (size_t i = 0; i < count; i++) { memset(ops[i].data, '!', ops[i].length); ops[i].status = HOW == 4 ? 1234 : HOW == 5 ? 0 : 1; }
}
static int32_t create(const MemshRequest *r, MemshConnector *out, char *error, size_t size) {
    (void)r;
    if (HOW == 6) { memset(error, 'x', size); return -1; }
    if (HOW == 7) return 1;
    out->metadata = metadata; out->ranges = HOW == 8 ? NULL : ranges; out->read = read_all;
    return 0;
}
MEMSH_PLUGIN(odd, "version 1.0.0", create);
"#;

#[test]
fn a_table_that_misbehaves_costs_an_answer() {
    for (how, why) in [
        (1, "ranges"),
        (2, "ranges"),
        (3, ""),
        (4, "none of the 16 bytes"),
        (5, "none of the 16 bytes"),
        (6, "odd"),
        (7, "failed with status 1"),
        (8, "left one of metadata, ranges and read out"),
    ] {
        let folder = Folder::of(&[]);
        fs::write(folder.file("odd.c"), ODD).unwrap();
        let built = run(Command::new("cc")
            .args(["-std=c11", "-fPIC", "-shared", &format!("-DHOW={how}"), "-o"])
            .arg(folder.file(&format!("odd.{}", std::env::consts::DLL_EXTENSION)))
            .arg(folder.file("odd.c"))
            .arg("-I")
            .arg(repository("bindings/c")));
        assert_eq!(built.status, 0, "{}", built.stderr);
        let run = folder.memsh(&["-C", "odd", "read", "--phys", "0", "16"]);
        assert!((0..=2).contains(&run.status), "{how}: {}", run.stderr);
        assert!(run.stderr.contains(why), "{how}: {}", run.stderr);
        assert!(how == 3 || !run.stdout.contains("21 21"), "{how}: {}", run.stdout);
    }
}
