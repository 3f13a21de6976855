//! What is kept of an image for the next start: used when it fits, noticed when it does not, never needed.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use tempfile::TempDir;

struct Case {
    folder: TempDir,
    image: PathBuf,
}

impl Case {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let image = folder.path().join("sample.raw");
        let packed = fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/sample.raw.zst")).unwrap();
        fs::write(&image, zstd::decode_all(&packed[..]).unwrap()).unwrap();
        Self { folder, image }
    }

    fn run(&self, words: &[&str]) -> Output {
        let mut command = Command::new(assert_cmd::cargo::cargo_bin!("memsh"));
        command.arg(&self.image).args(words).env("XDG_CACHE_HOME", self.folder.path().join("cache"));
        command.output().unwrap()
    }

    fn ps(&self) -> String {
        let output = self.run(&["ps", "--json"]);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    /// What `info` says of the steps that a cache was tried for, and whether it helped.
    fn cached(&self) -> Vec<(String, bool)> {
        let info: Value = serde_json::from_slice(&self.run(&["info", "--json"]).stdout).unwrap();
        let steps = info["detection"].as_array().unwrap().iter();
        let of_cache = |s: &&Value| s.to_string().contains("earlier start");
        steps.filter(of_cache).map(|s| (s["step"].as_str().unwrap().to_owned(), s["found"].as_bool().unwrap())).collect()
    }

    fn memos(&self) -> Vec<PathBuf> {
        let Ok(dir) = fs::read_dir(self.folder.path().join("cache/memsh")) else { return Vec::new() };
        dir.map(|e| e.unwrap().path()).collect()
    }

    fn patch(&self, find: &[u8], with: &[u8]) {
        let time = fs::metadata(&self.image).unwrap().modified().unwrap();
        let mut bytes = fs::read(&self.image).unwrap();
        let found: Vec<usize> = memchr::memmem::find_iter(&bytes, find).collect();
        assert!(!found.is_empty());
        for at in found {
            bytes[at..at + with.len()].copy_from_slice(with);
        }
        fs::write(&self.image, bytes).unwrap();
        // As if nobody had touched it.
        fs::File::options().write(true).open(&self.image).unwrap().set_modified(time).unwrap();
    }
}

fn all(found: bool) -> Vec<(String, bool)> {
    ["page-table root", "kallsyms", "BTF"].iter().map(|s| ((*s).to_owned(), found)).collect()
}

#[test]
fn a_second_start_uses_what_the_first_kept_and_answers_alike() {
    let case = Case::new();
    let first = case.ps();
    assert_eq!(case.memos().len(), 1);
    let written = fs::metadata(&case.memos()[0]).unwrap().modified().unwrap();
    assert_eq!(case.cached(), all(true));
    assert_eq!(case.ps(), first);
    let symbols = |words: &[&str]| case.run(words).stdout;
    assert_eq!(symbols(&["symbols", "--json", "*task*"]), symbols(&["symbols", "--json", "*task*", "--no-cache"]));
    assert_eq!(symbols(&["dt", "task_struct", "--json"]), symbols(&["dt", "task_struct", "--json", "--no-cache"]));
    assert_eq!(fs::metadata(&case.memos()[0]).unwrap().modified().unwrap(), written, "nothing new, nothing written");
}

#[test]
fn without_a_cache_nothing_is_read_or_written() {
    let case = Case::new();
    assert!(case.run(&["ps", "--no-cache"]).status.success());
    assert!(case.memos().is_empty());
    let first = case.ps();
    // What the user decides is worked out anew.
    let output = case.run(&["info", "--json", "--arch", "x86_64"]);
    assert!(!String::from_utf8_lossy(&output.stdout).contains("earlier start"));
    assert_eq!(case.ps(), first);
}

#[test]
fn a_corrupt_memo_is_replaced() {
    let case = Case::new();
    let first = case.ps();
    let memo = case.memos().remove(0);
    let whole = fs::read(&memo).unwrap();
    let mut flipped = whole.clone();
    let middle = flipped.len() / 2;
    flipped[middle] ^= 0x40;
    for bad in [&b""[..], &whole[..whole.len() / 2], &flipped, b"something else"] {
        fs::write(&memo, bad).unwrap();
        assert_eq!(case.cached(), []);
        assert_eq!(fs::read(&memo).unwrap(), whole);
        assert_eq!(case.ps(), first);
    }
}

#[test]
fn another_image_under_the_same_name_and_time_is_noticed() {
    let case = Case::new();
    case.ps();
    // A symbol's name in the table of compressed names can't be changed by text; a structure's member can.
    let before = String::from_utf8(case.run(&["dt", "list_head", "--json"]).stdout).unwrap();
    assert!(before.contains("\"prev\""));
    case.patch(b"\0thread_head\0", b"\0thread_hear\0");
    let output = case.run(&["dt", "signal_struct", "--json"]);
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(text.contains("thread_hear"), "the types are the image's, not the memo's");
}

#[test]
fn a_folder_that_cannot_be_written_costs_nothing_but_time() {
    let case = Case::new();
    let mut command = Command::new(assert_cmd::cargo::cargo_bin!("memsh"));
    let output = command.arg(&case.image).arg("ps").env("XDG_CACHE_HOME", "/dev/null").output().unwrap();
    assert!(output.status.success() && output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
}
