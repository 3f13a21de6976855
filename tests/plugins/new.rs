//! What `plugins new` writes builds, loads and answers.

use super::built::{Folder, quickly, run, target};
use super::cli::repository;
use std::fs;
use std::process::Command;

#[test]
fn a_new_plugin_in_rust_builds_and_answers() {
    let folder = Folder::of(&[]);
    let api = repository("plugin-api");
    for (kind, name) in [("connector", "my-rom"), ("os", "my-os"), ("command", "my-words")] {
        let written = folder.json(&["plugins", "new", name, "--kind", kind, "--api", api.to_str().unwrap()]);
        assert_eq!(written.as_array().unwrap().len(), 3);
        let built = run(Command::new(env!("CARGO"))
            .args(["build", "--release", "--quiet", "--manifest-path"])
            .arg(folder.file(name).join("Cargo.toml"))
            .envs(quickly()));
        assert!(built.status == 0 && !built.stderr.contains("warning"), "{name}: {}", built.stderr);
        let file = format!("lib{}.{}", name.replace('-', "_"), std::env::consts::DLL_EXTENSION);
        fs::copy(target().join("release").join(&file), folder.file(&file)).unwrap();
    }
    fs::write(folder.file("rom.bin"), b"0123456789abcdef").unwrap();
    let read = folder.memsh(&["-C", "my-rom:rom.bin,base=0x1000", "read", "--phys", "0x1000", "4"]);
    assert!(read.stdout.contains("30 31 32 33"), "{}{}", read.stdout, read.stderr);
    let ps = folder.json(&["-C", "my-rom:rom.bin,base=0x1000", "-O", "my-os", "ps"]);
    assert_eq!(ps[0]["name"], "everything");
    let words = folder.json(&["sample", "my-words", "0x1000"]);
    assert_eq!((words.as_array().unwrap().len(), &words[0]["address"]), (8, &"0x1000".into()));
}

#[test]
fn a_new_connector_in_c_and_cpp_builds_and_answers() {
    let folder = Folder::of(&[]);
    fs::write(folder.file("rom.bin"), b"0123456789abcdef").unwrap();
    for language in ["c", "cpp"] {
        let name = format!("my_{language}");
        folder.json(&["plugins", "new", &name, "--language", language]);
        let strict = "-O1 -Wall -Wextra -Wpedantic -Werror";
        let made = run(Command::new("make")
            .arg("--silent")
            .arg("-C")
            .arg(folder.file(&name))
            .args([format!("CFLAGS={strict}"), format!("CXXFLAGS={strict}")]));
        assert_eq!(made.status, 0, "{}", made.stderr);
        let path = folder.file(&name).display().to_string();
        let read = ["-C", &format!("{name}:rom.bin"), "read", "--phys", "0", "4"];
        let read = folder.run(&read, &[("MEMSH_PLUGIN_PATH", &path)]);
        assert!(read.stdout.contains("30 31 32 33"), "{}{}", read.stdout, read.stderr);
    }
}

#[test]
fn a_strangers_plugin_depends_on_the_published_crate() {
    let folder = Folder::of(&[]);
    folder.json(&["plugins", "new", "stranger"]);
    let manifest = fs::read_to_string(folder.file("stranger/Cargo.toml")).unwrap();
    assert!(manifest.contains(&format!("memsh-plugin = \"{}\"", env!("CARGO_PKG_VERSION"))), "{manifest}");
    let readme = fs::read_to_string(folder.file("stranger/README.md")).unwrap();
    assert!(readme.contains("--api /path/to/memsh/plugin-api") && !readme.contains('@'), "{readme}");
    for (words, why) in [
        (&["stranger"][..], "is there already"),
        (&["Big"], "is no name of a plugin"),
        (&["../x"], "is no name of a plugin"),
        (&["x", "--kind", "os", "--language", "c"], "can't be written in C or C++"),
        (&["my-x", "--language", "c"], "write `_` in place of `-`"),
        (&["x", "--api", "/"], "is not the crate memsh-plugin"),
    ] {
        let all: Vec<&str> = ["plugins", "new"].iter().chain(words).copied().collect();
        let run = folder.memsh(&all);
        assert!((1..=2).contains(&run.status) && run.stderr.contains(why), "{words:?}: {}", run.stderr);
    }
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}
