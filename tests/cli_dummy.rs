//! Every command on the made-up machine, whatever its page tables look like.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod cli;

use cli::memsh;
use serde_json::{Value, json};

const FORMATS: &[(&str, &str)] = &[
    ("x86", "x86"),
    ("pae", "x86_pae"),
    ("x86_64", "x86_64"),
    ("la57", "x86_64"),
    ("aarch64-4k", "aarch64"),
    ("aarch64-16k", "aarch64"),
    ("aarch64-64k-52", "aarch64"),
    ("sv39", "riscv64"),
    ("sv57", "riscv64"),
];

fn answer(format: &str, words: &[&str]) -> Value {
    let connector = format!("dummy:seed=5,format={format}");
    let all: Vec<&str> = ["-C", &connector, "--json"].into_iter().chain(words.iter().copied()).collect();
    let run = memsh(&all);
    assert_eq!((run.status, run.stderr.as_str()), (0, ""), "{format}: {words:?}");
    serde_json::from_str(&run.stdout).unwrap()
}

#[test]
fn the_system_answers_alike_on_every_architecture() {
    for (format, arch) in FORMATS {
        let info = answer(format, &["info"]);
        assert_eq!((info["arch"].as_str(), info["os"]["name"].as_str()), (Some(*arch), Some("Dummy OS")));
        assert!(info["image"]["size"].is_null(), "a made-up machine is no file");
        let ps = answer(format, &["ps"]);
        let pids: Vec<u64> = ps.as_array().unwrap().iter().map(|p| p["pid"].as_u64().unwrap()).collect();
        assert_eq!(pids, [1, 2, 40, 100, 101, 102], "{format}");
        assert_eq!(answer(format, &["modules"])[0]["name"], "dummynet");
        let env = answer(format, &["env", "-p", "shell"]);
        assert!(env.as_array().unwrap().iter().any(|e| e["key"] == "PATH"));
        assert_eq!(answer(format, &["dt", "dummy_process", ps[3]["address"].as_str().unwrap()])["fields"][0]["value"], 100);
    }
}

#[test]
fn maps_pages_vtop_read_and_scan_agree_on_every_format() {
    for (format, _) in FORMATS {
        let maps = answer(format, &["maps", "-p", "100"]);
        let start = maps[0]["start"].as_str().unwrap();
        let one = answer(format, &["vtop", "-p", "100", start]);
        let run = &answer(format, &["pages", "-p", "100"])[0];
        assert_eq!((&one["virtual"], &one["physical"]), (&run["virtual"], &run["physical"]), "{format}");
        assert_eq!((&one["page_size"], &one["perm"]), (&run["page_size"], &run["perm"]), "{format}");
        assert!(maps[0]["perm"] == "r-xp" && one["perm"] == json!({"read": true, "write": false, "execute": true, "user": true}));
        // What the process sees is what lies at the physical address, and what the scans find.
        let seen = answer(format, &["read", "-p", "100", start, "-n", "16"])["data"].clone();
        let physical = one["physical"].as_str().unwrap();
        assert_eq!(seen, answer(format, &["read", "--phys", physical, "-n", "16"])["data"], "{format}");
        let hits = answer(format, &["scan", "-p", "100", "shell 100 file page 0"]);
        assert_eq!((&hits[0]["address"], &hits[0]["region"]), (&maps[0]["start"], &maps[0]["path"]), "{format}");
        let hits = answer(format, &["scan", "shell 100 file page 0"]);
        assert!(hits.as_array().unwrap().iter().any(|h| h["address"] == physical), "{format}");
        let owners = answer(format, &["ptov", physical]);
        assert!(owners.as_array().unwrap().iter().any(|o| o["pid"] == 100 && o["virtual"] == start), "{format}");
    }
}

#[test]
fn the_same_options_make_the_same_machine() {
    let ps = |connector: &str| memsh(&["-C", connector, "pages", "-p", "1", "--json"]).stdout;
    assert_eq!(ps("dummy:seed=7"), ps("dummy:seed=7,size=16m,format=x86_64"));
    assert_ne!(ps("dummy:seed=7"), ps("dummy:seed=8"));
}

#[test]
fn wrong_connectors_are_usage_errors() {
    for (connector, says) in
        [("nosuch", "no connector nosuch"), ("dummy:format=vax", "no page-table format `vax`"), ("dummy:what", "KEY=VALUE")]
    {
        let run = memsh(&["-C", connector, "ps"]);
        assert_eq!((run.status, run.stdout.as_str()), (2, ""), "{}", run.stderr);
        assert!(run.stderr.contains(says) && run.stderr.contains("hint: "), "{}", run.stderr);
    }
    let run = memsh(&["-C", "dummy:size=4k", "ps"]);
    assert!(run.status == 2 && run.stderr.contains("a made-up memory of 0x1000 bytes: it needs 0x8000"), "{}", run.stderr);
    let run = memsh(&["-C", "file:/nonexistent/image.raw", "ps"]);
    assert!(run.status == 1 && run.stderr.contains("\n  while making file:/nonexistent/image.raw\n"), "{}", run.stderr);
    let run = memsh(&["sample", "-O", "linux", "ps", "--limit", "1"]);
    assert!(run.status == 0 && run.stdout.contains("lab"), "{}{}", run.stdout, run.stderr);
    let run = memsh(&["-C", "dummy", "hash"]);
    assert!(run.status == 1 && run.stderr.contains("dummy is no file"), "{}", run.stderr);
}
