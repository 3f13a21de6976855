//! The command `yara`, with the plugin and without.
//!
//! `plugins/yara/test` builds the plugin and runs this with `MEMSH_YARA` set to the folder in which it is. Without it only what needs no plugin is
//! tested, and each other test says so.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod cli;

use serde_json::{Value, json};
use std::fs;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// A folder for rules and images, and the plugin's.
struct Lab {
    plugins: PathBuf,
    dir: TempDir,
}

impl Lab {
    fn new() -> Option<Self> {
        let plugins = std::env::var_os("MEMSH_YARA").map(PathBuf::from);
        if plugins.is_none() {
            eprintln!("skipped: MEMSH_YARA is not set; plugins/yara/test sets it");
        }
        Some(Self { plugins: plugins?, dir: tempfile::tempdir().unwrap() })
    }

    fn file(&self, name: &str, content: impl AsRef<[u8]>) -> String {
        let path = self.dir.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, content).unwrap();
        path.to_str().unwrap().to_owned()
    }

    fn run(&self, words: &[&str]) -> cli::Run {
        let (plugins, cache) = (self.plugins.to_str().unwrap(), self.dir.path().join("cache"));
        cli::with_environment(words, &[("MEMSH_PLUGIN_PATH", plugins), ("XDG_CACHE_HOME", cache.to_str().unwrap())])
    }

    fn rows(&self, words: &[&str]) -> Vec<Value> {
        let run = self.run(&[words, &["--json"]].concat());
        assert_eq!(run.status, 0, "{words:?}: {}", run.stderr);
        serde_json::from_str(&run.stdout).unwrap()
    }

    fn kept(&self) -> Vec<PathBuf> {
        let Ok(entries) = fs::read_dir(self.dir.path().join("cache/memsh/yara")) else { return Vec::new() };
        entries.map(|e| e.unwrap().path()).collect()
    }
}

/// What memsh's own commands say of the sample.
fn asked(words: &[&str]) -> Value {
    let run = cli::sample(&[words, &["--json"]].concat());
    assert_eq!(run.status, 0, "{words:?}: {}", run.stderr);
    serde_json::from_str(&run.stdout).unwrap()
}

#[test]
fn without_the_plugin_it_says_how_to_get_it() {
    for words in [
        &["yara", "rules.yar"][..],
        &["linux.vmayarascan", "--yara-file", "rules.yar"],
        &["yarascan", "--yara-file", "rules.yar", "--pid", "1"],
    ] {
        let run = cli::with_environment(&[&["sample"], words].concat(), &[("MEMSH_PLUGIN_PATH", "")]);
        assert_eq!((run.status, run.stdout.as_str()), (2, ""), "{words:?}: {}", run.stderr);
        assert!(run.stderr.contains("plugin yara is not installed"), "{words:?}: {}", run.stderr);
        assert!(run.stderr.contains("memsh plugins install plugins/yara"), "{words:?}: {}", run.stderr);
    }
}

#[cfg(unix)]
#[test]
fn what_has_no_end_is_no_file_of_rules() {
    let Some(lab) = Lab::new() else { return };
    let run = lab.run(&["sample", "yara", "/dev/zero"]);
    assert!(run.status == 2 && run.stderr.contains("which is no file of rules"), "{}", run.stderr);
}

#[cfg(unix)]
#[test]
fn what_was_found_before_ctrl_c_is_shown() {
    use std::os::unix::fs::FileExt;
    use std::process::{Command, Stdio};
    use std::time::{Duration, Instant};
    let Some(lab) = Lab::new() else { return };
    // More zeros than anybody waits for; YARA goes through them, since rules may ask for zeros.
    let image = lab.file("large.raw", b"");
    let file = fs::File::options().write(true).open(&image).unwrap();
    file.set_len(1 << 40).unwrap();
    file.write_all_at(b"early bird", 0x3000).unwrap();
    let rules = lab.file("bird.yar", "rule bird { strings: $b = \"early bird\" condition: $b }");
    for unit in [&[][..], &["--regions"]] {
        let mut child = Command::new(assert_cmd::cargo::cargo_bin!("memsh"))
            .args([&[&image, "yara", &rules, "--json"], unit].concat())
            .env("MEMSH_PLUGIN_PATH", &lab.plugins)
            .env("XDG_CACHE_HOME", lab.dir.path().join("cache"))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // Rules were compiled, and a piece of memory at least was searched.
        std::thread::sleep(Duration::from_secs(4));
        assert!(child.try_wait().unwrap().is_none(), "{unit:?}: it is still searching");
        let begun = Instant::now();
        assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
        let output = child.wait_with_output().unwrap();
        let told = String::from_utf8_lossy(&output.stderr);
        assert!(begun.elapsed() < Duration::from_secs(15), "{unit:?}: {:?}", begun.elapsed());
        assert_eq!(output.status.code(), Some(130), "{unit:?}: {told}");
        assert_eq!(
            told,
            "partial: 1 missing: what was left when Ctrl-C came, after about 0 % of yara: physical memory\nmemsh: interrupted\n"
        );
        let rows: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(rows.as_array().unwrap().iter().map(|r| &r["address"]).collect::<Vec<_>>(), ["0x3000"], "{unit:?}");
    }
}

#[test]
fn a_rule_matches_in_every_space() {
    let Some(lab) = Lab::new() else { return };
    let rules = lab.file(
        "banner.yar",
        "rule banner : linux kernel { meta: score = 7 author = \"a\" author = \"b\" \
         strings: $b = \"Linux version \" $never = \"\\xde\\xad\\xbe\\xefnever\" condition: any of them }",
    );
    let scanned = asked(&["scan", "Linux version "]);
    let addresses = |rows: &[Value]| rows.iter().map(|r| r["address"].as_str().unwrap().to_owned()).collect::<Vec<_>>();
    let found = lab.rows(&["sample", "yara", &rules]);
    // Where memsh's own search finds them.
    assert_eq!(addresses(&found), addresses(scanned.as_array().unwrap()));
    let first = &found[0];
    let expected = json!({"rule": "banner", "namespace": "default", "tags": ["linux", "kernel"], "string": "$b", "space": "phys", "pid": null,
        "process": null, "region": null, "offset": null, "length": 14, "match": "4c696e75782076657273696f6e20", "text": "Linux version ",
        "xor_key": null, "image": null, "image_offset": null, "meta": {"score": 7, "author": ["a", "b"]}});
    for (key, value) in expected.as_object().unwrap() {
        assert_eq!(&first[key], value, "{key}");
    }
    let kernel = lab.rows(&["sample", "yara", &rules, "-k"]);
    assert_eq!(addresses(&kernel), addresses(asked(&["scan", "-k", "Linux version "]).as_array().unwrap()));
    assert!(kernel.iter().all(|r| r["space"] == "kernel"));
    // Rules without this tag have nothing to say.
    assert!(lab.rows(&["sample", "yara", &rules, "--tag", "windows"]).is_empty());
    assert_eq!(lab.rows(&["sample", "yara", &rules, "--tag", "linux", "--max", "2"]).len(), 2);
}

#[test]
fn processes_have_regions_and_images() {
    let Some(lab) = Lab::new() else { return };
    let rules = lab.file(
        "elf.yar",
        "import \"elf\" rule header { strings: $h = { 7f 45 4c 46 02 } condition: $h at 0 and uint32(0) == 0x464c457f }\n\
         rule program { condition: elf.type == elf.ET_EXEC and elf.machine == elf.EM_X86_64 }\n\
         rule large { condition: filesize > 1MB }",
    );
    let maps = asked(&["maps", "1"]);
    let program = maps.as_array().unwrap().iter().find(|m| m["offset"] == 0 && m["kind"] == "file").unwrap();
    let rows = lab.rows(&["sample", "yara", &rules, "-p", "1", "--regions"]);
    let headers: Vec<&Value> = rows.iter().filter(|r| r["rule"] == "header").collect();
    assert!(headers.iter().any(|h| h["address"] == program["start"] && h["region"] == program["path"] && h["offset"] == 0));
    let large: Vec<&Value> = rows.iter().filter(|r| r["rule"] == "large").collect();
    let regions = maps.as_array().unwrap().iter().filter(|m| m["size"].as_u64().unwrap() > 1 << 20).count();
    assert!(!large.is_empty() && large.len() <= regions);
    assert!(large.iter().all(|r| r["string"].is_null() && r["match"].is_null()));
    // Of a region the module elf knows what stands in the header at most; of the file all of it.
    let images = lab.rows(&["sample", "yara", &rules, "--all", "--images"]);
    let program = images.iter().find(|r| r["rule"] == "program" && r["pid"] == 1).unwrap();
    assert_eq!((&program["image"], &program["process"], &program["address"]), (&json!("lab"), &json!("lab"), &Value::Null));
    let header = images.iter().find(|r| r["rule"] == "header" && r["pid"] == 1).unwrap();
    assert_eq!((&header["image_offset"], &header["region"]), (&json!(0), &json!("/lab/lab")));
    // Columns and conditions are the answer's, not those of what the plugin asks memsh.
    let table = lab.run(&[
        "sample",
        "yara",
        &rules,
        "--all",
        "--images",
        "--columns",
        "rule,image,pid",
        "--where",
        "rule == \"program\"",
    ]);
    assert!(
        table.status == 0 && table.stdout.lines().any(|l| l.split_whitespace().eq(["program", "lab", "1"])),
        "{}{}",
        table.stdout,
        table.stderr
    );
    let physical = lab.run(&["sample", "yara", &rules, "--images"]);
    assert_eq!(physical.status, 2, "{}", physical.stderr);
}

#[test]
fn borders_of_pieces_lose_and_double_nothing() {
    let Some(lab) = Lab::new() else { return };
    const PIECE: usize = 16 << 20;
    let mut memory = vec![0u8; 2 * PIECE + 0x5000];
    let mut wanted = Vec::new();
    // Over the end of the first piece and of the second, where the next one begins, and around them.
    let (next, second) = (PIECE - 65536, 2 * PIECE - 65536);
    for at in [0, next - 4, next + 10, PIECE - 4, PIECE + 10, PIECE + 70_000, second - 3, second + 100, memory.len() - 7] {
        memory[at..at + 7].copy_from_slice(b"needle7");
        wanted.push(at as u64);
    }
    // What is no word of its own must not become one: a border would make it one.
    let text = b"xneedle8x".repeat(20_000);
    let middle = PIECE - 140_000;
    memory[middle..middle + 60_000].copy_from_slice(&text[..60_000]);
    let (from, to) = (PIECE + 40_000, PIECE + 60_000);
    memory[from..to].fill(b'a');
    let image = lab.file("memory.raw", &memory);
    let rules = lab.file(
        "seam.yar",
        "rule seam { strings: $n = \"needle7\" $w = \"needle8\" fullword $r = /b?a{3}c/ condition: any of them }",
    );
    let rows = lab.rows(&[&image, "--format", "raw", "yara", &rules]);
    let found: Vec<u64> = rows.iter().map(|r| u64::from_str_radix(&r["address"].as_str().unwrap()[2..], 16).unwrap()).collect();
    assert_eq!(found, wanted);
    assert!(rows.iter().all(|r| r["string"] == "$n" && r["text"] == "needle7"));
    let regions = lab.rows(&[&image, "--format", "raw", "yara", &rules, "--regions"]);
    assert_eq!(regions.len(), wanted.len());
    // So many of one string, and that there were more is told.
    let few = lab.run(&[&image, "--format", "raw", "yara", &rules, "--matches", "3", "--jsonl"]);
    assert_eq!((few.status, few.stdout.lines().count()), (0, 3), "{}", few.stderr);
    assert!(few.stderr.contains("after the first 3"), "{}", few.stderr);
}

#[test]
fn compiled_rules_are_kept_and_compiled_again_when_damaged_or_changed() {
    let Some(lab) = Lab::new() else { return };
    let rules =
        lab.file("top.yar", "include \"sub/low.yar\"\nrule top { strings: $a = \"Linux version \" condition: $a and n == 3 }");
    lab.file("sub/low.yar", "rule low { condition: false }");
    let words = ["sample", "yara", rules.as_str(), "-d", "n=3", "--max", "1"];
    assert_eq!(lab.rows(&words).len(), 1);
    let kept = lab.kept();
    assert_eq!(kept.len(), 1);
    let written = fs::metadata(&kept[0]).unwrap().modified().unwrap();
    assert_eq!(lab.rows(&words).len(), 1);
    assert_eq!(fs::metadata(&kept[0]).unwrap().modified().unwrap(), written, "compiled again without need");
    fs::write(&kept[0], b"nonsense").unwrap();
    assert_eq!(lab.rows(&words).len(), 1);
    assert!(fs::metadata(&kept[0]).unwrap().len() > 100, "what was damaged stays so");
    // Another variable, another included file: other rules.
    assert!(lab.rows(&["sample", "yara", &rules, "-d", "n=4"]).is_empty());
    lab.file("sub/low.yar", "rule low { condition: true }");
    assert_eq!(lab.rows(&words)[0]["rule"], "low");
    assert_eq!(lab.kept().len(), 3);
    lab.rows(&["sample", "--no-cache", "yara", &rules, "-d", "n=5"]);
    assert_eq!(lab.kept().len(), 3);
}

#[test]
fn files_have_namespaces() {
    let Some(lab) = Lab::new() else { return };
    let rule = "rule same { strings: $a = \"Linux version \" condition: $a }";
    let (one, two) = (lab.file("one.yar", rule), lab.file("folder/two.yara", rule));
    lab.file("folder/readme.txt", "no rule");
    let folder = format!("second:{}", Path::new(&two).parent().unwrap().display());
    let rows = lab.rows(&["sample", "yara", &one, &folder]);
    for namespace in ["default", "second"] {
        assert!(rows.iter().any(|r| r["namespace"] == namespace), "{namespace}");
    }
    let twice = lab.run(&["sample", "yara", &one, &two]);
    assert_eq!(twice.status, 2);
    assert!(twice.stderr.contains("duplicate rule `same`"), "{}", twice.stderr);
}

#[test]
fn what_does_not_compile_is_shown_as_yara_x_does() {
    let Some(lab) = Lab::new() else { return };
    let bad = lab.file("bad.yar", "rule a { strings: $a = \"x\" condition: $b }\nrule b { strings: $a = /(/ condition: $a }");
    let run = lab.run(&["sample", "yara", &bad]);
    assert_eq!(run.status, 2);
    for part in [
        "2 errors",
        "error[E025]",
        "unknown pattern `$b`",
        "bad.yar:1:39",
        "^^ this pattern",
        "invalid regular expression",
        "bad.yar:2",
    ] {
        assert!(run.stderr.contains(part), "{part} in {}", run.stderr);
    }
    assert!(!run.stderr.contains('\u{1b}') && !run.stderr.contains("\\x1b"), "{}", run.stderr);
    assert!(run.stdout.is_empty() && lab.kept().is_empty());
    for (words, why) in [
        (vec!["sample", "yara", "/no/such.yar"], "can't read the rules in /no/such.yar"),
        (vec!["sample", "yara", &bad, "-d", "novalue"], "is not NAME=VALUE"),
        (vec!["sample", "yara", &bad, "-d", "1x=3"], "can't define 1x"),
        (vec!["sample", "yara", lab.dir.path().join("empty,\"folder").to_str().unwrap()], "can't read the rules"),
    ] {
        let run = lab.run(&words);
        assert!(run.status == 2 && run.stderr.contains(why), "{words:?}: {}", run.stderr);
    }
}

#[test]
fn a_space_is_given_up_when_its_time_is_over() {
    let Some(lab) = Lab::new() else { return };
    let rules = lab.file("slow.yar", "rule slow { strings: $a = \"Linux version \" $b = /[a-z]+[0-9]x/ condition: any of them }");
    let run = lab.run(&["sample", "yara", &rules, "--timeout", "1ms", "--strict"]);
    assert_eq!(run.status, 4, "{}", run.stderr);
    assert!(run.stderr.contains("when its time was over"), "{}", run.stderr);
}
