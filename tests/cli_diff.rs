//! `diff`: two targets beside each other.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod cli;
mod schema;

use cli::{memsh, number, sample};
use schema::fits;
use serde_json::Value;
use std::path::{Path, PathBuf};

/// The sample's memory as a file.
fn image(folder: &Path) -> PathBuf {
    let path = folder.join("sample.raw");
    assert_eq!(sample(&["dump", "phys", "--format", "raw", "-o", path.to_str().unwrap()]).status, 0);
    path
}

fn value(words: &[&str]) -> Value {
    let run = memsh(words);
    assert_eq!((run.status, run.stderr.as_str()), (0, ""), "{words:?}");
    serde_json::from_str(&run.stdout).unwrap()
}

fn rows<'v>(answer: &'v Value, what: &str) -> Vec<&'v Value> {
    answer.as_array().unwrap().iter().filter(|r| r["what"] == what).collect()
}

#[test]
fn what_was_changed_is_told_with_its_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let path = image(folder.path());
    let first = path.to_str().unwrap();
    // The name of process 1, and a few bytes elsewhere.
    let ps = value(&[first, "ps", "1", "--json"]);
    let field = value(&["sample", "dt", "task_struct.comm", "--json"]);
    let at = format!("{}+{}", ps[0]["address"].as_str().unwrap(), field["fields"][0]["offset"]);
    let place = number(&value(&[first, "vtop", &at, "--json"])["physical"]);
    let mut bytes = std::fs::read(&path).unwrap();
    bytes[usize::try_from(place).unwrap()..][..5].copy_from_slice(b"xinit");
    for offset in [0x5, 0x7, 0x100] {
        bytes[0x200_0000 + offset] ^= 0xff;
    }
    let other = folder.path().join("other.raw");
    std::fs::write(&other, &bytes).unwrap();
    let second = other.to_str().unwrap();

    let answer = value(&[first, "diff", second, "--bytes", "--json"]);
    fits("diff", &answer);
    let process = rows(&answer, "process");
    assert_eq!(process.len(), 1, "{answer}");
    assert_eq!((process[0]["key"].as_str(), process[0]["field"].as_str()), (Some("1"), Some("name")));
    assert_eq!((&process[0]["before"], process[0]["after"].as_str()), (&ps[0]["name"], Some("xinit")));
    let pages: Vec<u64> = rows(&answer, "page").iter().map(|p| number(&p["address"])).collect();
    let mut wanted = [place & !0xfff, 0x200_0000];
    wanted.sort_unstable();
    assert_eq!(pages, wanted);
    let inside = rows(&answer, "bytes");
    let near: Vec<(u64, &str, u64)> = inside
        .iter()
        .filter(|b| number(&b["address"]) & !0xfff == 0x200_0000)
        .map(|b| (number(&b["address"]), b["field"].as_str().unwrap(), b["size"].as_u64().unwrap()))
        .collect();
    assert_eq!(near, [(0x200_0005, "+0x5", 3), (0x200_0100, "+0x100", 1)]);
    assert!(inside.iter().all(|b| b["before"] != b["after"] && b["kind"] == "changed"));
    assert!(
        inside
            .iter()
            .any(|b| b["after"].as_str().unwrap().starts_with("78696e6974") || b["after"].as_str().unwrap().contains("78"))
    );

    // The same by a connector, and only what is asked for.
    let connector = format!("file:{second},overlay");
    let answer = value(&[first, "diff", "-C", &connector, "--only", "pages", "--json"]);
    assert_eq!((answer.as_array().unwrap().len(), rows(&answer, "page").len()), (2, 2));
    let answer = value(&["-C", &format!("file:{first}"), "diff", "-C", &connector, "--only", "processes", "--json"]);
    assert_eq!(answer.as_array().unwrap().len(), 1);
    // Turned around it is the way back.
    let back = value(&[second, "diff", first, "--only", "processes", "--json"]);
    assert_eq!((back[0]["before"].as_str(), &back[0]["after"]), (Some("xinit"), &ps[0]["name"]));
    // Bounded, and said so.
    let run = memsh(&[first, "diff", second, "--only", "pages", "--max", "1", "--json"]);
    assert!(run.status == 0 && run.stderr.contains("(1 of 2 pages that differ are shown"), "{}", run.stderr);
}

#[test]
fn equal_targets_differ_in_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = image(folder.path());
    let copy = folder.path().join("copy.raw");
    std::fs::copy(&path, &copy).unwrap();
    let run = memsh(&[path.to_str().unwrap(), "diff", copy.to_str().unwrap()]);
    assert_eq!(run.status, 0, "{}", run.stderr);
    assert!(run.stderr.contains("no difference"), "{}", run.stderr);
    assert_eq!(value(&[path.to_str().unwrap(), "diff", "sample", "--only", "pages", "--json"]), Value::Array(Vec::new()));
}

#[test]
fn made_up_machines_differ_in_what_their_seeds_decide() {
    let all = value(&["-C", "dummy:seed=1", "diff", "-C", "dummy:seed=2", "--max", "100000", "--json"]);
    fits("diff", &all);
    assert!(rows(&all, "process").iter().any(|p| p["field"] == "dtb" && p["kind"] == "changed"));
    assert!(rows(&all, "page").iter().all(|p| p["kind"] == "changed") && !rows(&all, "page").is_empty());
    // Another size: what only one of them has is one row.
    let more = value(&[
        "-C",
        "dummy:seed=1,size=16m",
        "diff",
        "-C",
        "dummy:seed=1,size=20m",
        "--only",
        "pages",
        "--json",
        "--max",
        "100000",
    ]);
    let added: Vec<&Value> = rows(&more, "page").into_iter().filter(|p| p["kind"] == "added").collect();
    assert_eq!(added.iter().map(|p| p["size"].as_u64().unwrap()).sum::<u64>(), 4 << 20);
    // A process's own pages, by its own addresses, and its regions.
    let of = value(&["-C", "dummy:seed=1", "diff", "-C", "dummy:seed=2", "-p", "100", "--json", "--max", "100000"]);
    assert!(of.as_array().unwrap().iter().all(|r| r["pid"] == 100), "{of}");
    let same = value(&["-C", "dummy:seed=1", "diff", "-C", "dummy:seed=1", "-p", "100", "--json"]);
    assert_eq!(same, Value::Array(Vec::new()));
}

#[test]
fn mistakes_are_told() {
    for (words, status, says) in [
        (&["sample", "diff"][..], 2, "OTHER"),
        (&["sample", "diff", "/nowhere/at/all.raw"], 1, "/nowhere/at/all.raw"),
        (&["sample", "diff", "-C", "nosuch"], 2, "no connector nosuch"),
        (&["sample", "diff", "sample", "--only", "maps"], 2, "-p PID"),
        (&["sample", "diff", "sample", "--max", "0"], 2, "--max"),
        (&["sample", "diff", "sample", "-p", "99999"], 1, "no process 99999"),
    ] {
        let run = memsh(words);
        assert_eq!((run.status, run.stdout.as_str()), (status, ""), "{words:?}: {}", run.stderr);
        assert!(run.stderr.contains(says), "{words:?}: {}", run.stderr);
    }
}
