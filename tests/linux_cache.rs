//! The kernel's log, files in memory and their contents, shell history: on the sample.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod cli;

use cli::{answer, number, sample};
use serde_json::Value;
use std::path::Path;

fn rows(words: &[&str]) -> Vec<Value> {
    answer(words).as_array().unwrap().clone()
}

fn row<'r>(rows: &'r [Value], key: &str, value: &str) -> &'r Value {
    rows.iter().find(|r| r[key] == value).unwrap_or_else(|| panic!("no row with {key} {value}"))
}

#[test]
fn the_log_is_told_in_order_with_its_marks() {
    let log = rows(&["kmsg"]);
    assert!(log.len() > 100);
    assert!(log[0]["message"].as_str().unwrap().starts_with("Linux version "));
    let sequence: Vec<u64> = log.iter().map(|r| r["sequence"].as_u64().unwrap()).collect();
    assert!(sequence.windows(2).all(|w| w[0] + 1 == w[1]), "no message is missing");
    let mark = row(&log, "message", "lab: LAB-KMSG-MARK-2 all victims are ready");
    assert_eq!((&mark["level"], &mark["facility"]), (&Value::from("warn"), &Value::from("user")));
    let boot = answer(&["info"])["os"]["boot_time"].as_str().unwrap().to_owned();
    assert!(mark["timestamp"].as_str().unwrap() > boot.as_str());
    assert!(mark["since_boot"].as_f64().unwrap() > 0.5);
}

#[test]
fn the_log_is_narrowed_by_level_and_text() {
    let all = rows(&["dmesg"]);
    let warnings = rows(&["kmsg", "--level", "warn"]);
    assert!(!warnings.is_empty() && warnings.len() < all.len());
    assert!(warnings.iter().all(|r| ["emerg", "alert", "crit", "err", "warn"].contains(&r["level"].as_str().unwrap())));
    assert_eq!(rows(&["kmsg", "lab-kmsg-mark-2"]).len(), 1);
    assert_eq!(sample(&["kmsg", "--level", "loud"]).status, 2);
}

#[test]
fn cached_files_have_path_length_and_mode() {
    let files = rows(&["pagecache"]);
    let passwd = row(&files, "path", "/etc/passwd");
    assert_eq!((&passwd["kind"], &passwd["fstype"], &passwd["deleted"]), (&"file".into(), &"rootfs".into(), &false.into()));
    assert_eq!((passwd["size"].as_u64(), passwd["pages"].as_u64()), (Some(73), Some(1)));
    let deleted = row(&files, "path", "/lab/files/deleted but open.bin");
    assert_eq!((&deleted["deleted"], deleted["size"].as_u64()), (&true.into(), Some(32768)));
    assert!(rows(&["pagecache", "--all"]).len() > files.len());
    assert!(rows(&["pagecache", "--deleted"]).iter().all(|r| r["deleted"] == true));
    assert_eq!(rows(&["pagecache", "/lab/tmpfs/*", "--fstype", "tmpfs"]).len(), 2);
    assert_eq!(rows(&["pagecache", "passwd"]).len(), 1, "a name without a slash is one in any directory");
}

#[test]
fn one_file_is_written_by_path_and_by_inode() {
    let folder = tempfile::tempdir().unwrap();
    let (one, two) = (folder.path().join("one"), folder.path().join("two"));
    let written = answer(&["dump", "--file", "/etc/passwd", "-o", one.to_str().unwrap()]);
    assert_eq!((written["bytes"].as_u64(), written["unreadable"].as_u64()), (Some(73), Some(0)));
    let text = std::fs::read_to_string(&one).unwrap();
    assert!(text.starts_with("root:") && text.len() == 73, "{text}");
    let files = rows(&["pagecache", "/etc/passwd"]);
    let again = answer(&["dump", "--file", files[0]["address"].as_str().unwrap(), "-o", two.to_str().unwrap()]);
    assert_eq!(again["sha256"], written["sha256"]);
    // What exists is left alone.
    assert_eq!(sample(&["dump", "--file", "/etc/passwd", "-o", one.to_str().unwrap()]).status, 2);
    assert_eq!(sample(&["dump", "--file", "/no/such", "-o", folder.path().join("x").to_str().unwrap()]).status, 1);
    assert_eq!(sample(&["dump", "--file", "0x1234", "-o", folder.path().join("x").to_str().unwrap()]).status, 1);
}

#[test]
fn all_files_are_written_below_a_new_directory() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("out");
    let run = sample(&["pagecache", "--extract", place.to_str().unwrap(), "--json"]);
    let written: Vec<Value> = serde_json::from_str(&run.stdout).unwrap();
    assert!(written.len() > 10);
    for r in &written {
        let output = Path::new(r["output"].as_str().unwrap());
        assert!(output.starts_with(&place));
        assert_eq!(std::fs::metadata(output).unwrap().len(), r["size"].as_u64().unwrap(), "{r}");
    }
    assert_eq!(std::fs::read(place.join("etc/hostname")).unwrap().len(), 10);
    // Not into what has something in it.
    assert_eq!(sample(&["pagecache", "--extract", place.to_str().unwrap()]).status, 2);
}

#[test]
fn a_files_pages_lie_where_ptov_finds_the_file() {
    let pages = rows(&["inodepages", "/lab/files/mapped.bin"]);
    let size: u64 = pages.iter().map(|r| r["size"].as_u64().unwrap()).sum();
    assert_eq!(size, 65536);
    let first = format!("{:#x}", number(&pages[0]["physical"]) + 0x123);
    let mappings = rows(&["ptov", &first]);
    assert!(!mappings.is_empty());
    for m in &mappings {
        assert_eq!(m["owner"], "/lab/files/mapped.bin");
        assert_eq!(m["file_offset"].as_u64(), Some(pages[0]["offset"].as_u64().unwrap() + 0x123));
    }
}

#[test]
fn a_system_without_a_shell_has_no_history() {
    assert!(rows(&["history", "--all"]).is_empty());
    assert!(rows(&["bash"]).is_empty());
}
