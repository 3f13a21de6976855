//! `scan` for every form of needle, one and many, on the sample.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod cli;

use cli::{answer, number, sample};
use serde_json::Value;

fn rows(words: &[&str]) -> Vec<Value> {
    answer(words).as_array().unwrap().clone()
}

fn addresses(rows: &[Value]) -> Vec<u64> {
    rows.iter().map(|r| number(&r["address"])).collect()
}

/// What `symbol` is at.
fn at(symbol: &str) -> u64 {
    number(&answer(&["symbols", symbol])[0]["address"])
}

#[test]
fn several_needles_in_one_pass_are_those_of_several_scans() {
    let given =
        ["hex:7f 45 4c 46 02", "u32be:0xdeadbeef", "regex:[0-9]\\.[0-9]+\\.[0-9]+-lab", "utf16:abc", "u64:0xffffffffffffff85"];
    let also: Vec<&str> = given.iter().flat_map(|g| ["--also", *g]).collect();
    let all = rows(&[&["scan", "Linux version"][..], &also].concat());
    assert!(addresses(&all).is_sorted());
    let of = |needle: &str| addresses(&all.iter().filter(|r| r["needle"] == needle).cloned().collect::<Vec<_>>());
    let alone = [
        ("Linux version", &["scan", "Linux version"][..]),
        (given[0], &["scan", "-x", "7f454c4602"]),
        (given[1], &["scan", "-n", "0xdeadbeef", "-t", "u32be"]),
        (given[2], &["scan", "-e", "[0-9]\\.[0-9]+\\.[0-9]+-lab"]),
        (given[3], &["scan", "-u", "abc"]),
        (given[4], &["scan", "--number", "0xffffffffffffff85", "-t", "u64"]),
    ];
    let mut count = 0;
    for (needle, words) in alone {
        let found = rows(words);
        assert!(found.iter().all(|r| r["needle"].is_null()));
        assert_eq!(of(needle), addresses(&found), "{needle}");
        count += found.len();
    }
    assert_eq!(count, all.len());
    assert!(all.len() > 10);
}

#[test]
fn a_file_of_needles() {
    let folder = tempfile::tempdir().unwrap();
    let file = |text: &str| {
        let path = folder.path().join("needles");
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    // Thousands that are nowhere, and some that are.
    let mut lines: String = (0..5000).map(|i| format!("no such text {i}\n")).collect();
    lines += "Linux version\r\n\nhex:7f 45 4c 46 02\nregex:lab@l[a-z]b\n";
    let path = file(&lines);
    let all = rows(&["scan", "-k", "--needles", &path]);
    for (needle, words) in [
        ("Linux version", &["scan", "-k", "Linux version"][..]),
        ("hex:7f 45 4c 46 02", &["scan", "-k", "-x", "7f454c4602"]),
        ("regex:lab@l[a-z]b", &["scan", "-k", "-e", "lab@l[a-z]b"]),
    ] {
        let of: Vec<Value> = all.iter().filter(|r| r["needle"] == needle).cloned().collect();
        assert_eq!(addresses(&of), addresses(&rows(words)), "{needle}");
        assert!(!of.is_empty());
    }
    // What stands besides is a range.
    let some = rows(&["scan", "--needles", &path, "linux_banner..linux_banner+64"]);
    assert_eq!(some.len(), 2, "{some:?}");
    assert_eq!(number(&some[0]["address"]), at("linux_banner"));
    for (text, says) in [
        ("fine\nhex:4\n", "line 2: the hex pattern's part"),
        ("\n\n", "no needle in"),
        ("a\nb\nregex:(a{1000}){1000}\n", "line 3: the regex"),
        ("u8:1000", "line 1: 1000 does not fit into u8"),
    ] {
        let run = sample(&["scan", "--needles", &file(text)]);
        assert!(run.status == 2 && run.stderr.contains(says), "{text}: {}", run.stderr);
    }
    let many: String = (0..500_001).map(|i| format!("needle {i}\n")).collect();
    let run = sample(&["scan", "--needles", &file(&many)]);
    assert!(run.status == 2 && run.stderr.contains("line 500001: there are more than 500000 needles"), "{}", run.stderr);
    assert_eq!(sample(&["scan", "--needles", &path, "a..b", "c..d"]).status, 2);
    assert_eq!(sample(&["scan", "--needles", "/no/such/file"]).status, 1);
}

#[test]
fn numbers_and_pointers_have_their_values() {
    let banner = at("linux_banner");
    let bytes = answer(&["read", "linux_banner", "-n", "8"])["data"].as_str().unwrap().to_owned();
    let big = u64::from_str_radix(&bytes, 16).unwrap();
    for (of, value) in [("u64be", big), ("u64", big.swap_bytes())] {
        let hit = &rows(&["scan", "-n", &value.to_string(), "linux_banner..linux_banner+64", "-t", of])[0];
        assert_eq!((number(&hit["address"]), hit["kind"].as_str(), hit["value"].as_u64()), (banner, Some(of), Some(value)));
    }
    let near = rows(&["scan", "-k", "-n", "1.5", "-t", "f64", "--tolerance", "0.25", "--max", "20"]);
    assert_eq!(near.len(), 20);
    assert!(
        near.iter().all(|r| (1.25..=1.75).contains(&r["value"].as_f64().unwrap()) && number(&r["address"]).is_multiple_of(8))
    );
    let low = rows(&["scan", "-k", "--number", "..-0x7fffff00", "-t", "i32", "--max", "50"]);
    assert!(low.len() == 50 && low.iter().all(|r| r["value"].as_i64().unwrap() <= -0x7fff_ff00));
    let task = at("init_task");
    let to = rows(&["scan", "-k", "--pointer-to", "init_task", "--max", "20"]);
    assert!(!to.is_empty() && to.iter().all(|r| number(&r["points_to"]) == task && r["kind"] == "pointer"));
    let within = rows(&["scan", "-k", "--pointer-to", "init_task..init_task+64", "--max", "100000"]);
    assert!(within.len() > to.len() && within.iter().all(|r| (task..task + 64).contains(&number(&r["points_to"]))));
    let module = &answer(&["modules"])[0];
    let (base, size) = (number(&module["base"]), module["size"].as_u64().unwrap());
    let into = rows(&["scan", "-k", "--pointer-to", module["name"].as_str().unwrap(), "--max", "1000"]);
    assert!(!into.is_empty() && into.iter().all(|r| (base..base + size).contains(&number(&r["points_to"]))));
    let run = sample(&["scan", "-k", "--pointer-to", "no_such_thing"]);
    assert!(run.status != 0 && run.stderr.contains("no_such_thing"), "{}", run.stderr);
}

#[test]
fn jumps_encodings_and_wide_regexes() {
    let jumps = rows(&["scan", "-k", "--hex", "{ 4c 69 6e 75 78 [1-12] 36 2e (31|32) }"]);
    assert_eq!(addresses(&jumps), addresses(&rows(&["scan", "-k", "-e", r"(?s)Linux.{1,12}?6\.[12]"])));
    assert!(jumps.iter().any(|r| r["length"] == 17 && r["text"] == "Linux version 6.1"), "{jumps:?}");
    let plain = addresses(&rows(&["scan", "-k", "Linux version"]));
    for name in ["latin1", "shift_jis"] {
        let found = rows(&["scan", "-k", "--encoding", name, "Linux version"]);
        assert_eq!(addresses(&found), plain, "{name}");
    }
    let wide = rows(&["scan", "-k", "-u", "-e", "a[b-z]{10}", "--max", "5"]);
    assert!(
        !wide.is_empty() && wide.iter().all(|r| r["kind"] == "utf16" && r["text"].as_str().unwrap().starts_with("ab")),
        "{wide:?}"
    );
    let first = number(&wide[0]["address"]);
    let around = format!("{first:#x}..{:#x}", first + 64);
    assert_eq!(addresses(&rows(&["scan", "-k", "-u", "-i", "ABCDEFGHIJK", &around])), [first]);
    for (words, says) in [
        (&["-u", "-e", r"\bword"][..], "UTF-16"),
        (&["--encoding", "utf99", "a"], "no encoding named"),
        (&["--encoding", "latin1", "€"], "can't be written in latin1"),
        (&["-n", "12x"], "is no u"),
        (&["-n", "1", "-t", "u24"], "no type of numbers"),
        (&["-x", "41 [2-"], "not closed"),
        (&["--guid", "1234"], "is no GUID"),
        (&["-n", "1", "-x"], "cannot be used with"),
    ] {
        let run = sample(&[&["scan"], words].concat());
        assert!(run.status == 2 && run.stderr.contains(says), "{words:?}: {}", run.stderr);
    }
}
