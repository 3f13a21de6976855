//! Running the program on its sample, for the tests of the command line.
#![allow(dead_code, reason = "each test file uses its part")]

use assert_cmd::Command;
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::path::PathBuf;

/// What a run left.
pub struct Run {
    /// Exit status.
    pub status: i32,
    /// What it wrote to stdout.
    pub stdout: String,
    /// What it wrote to stderr.
    pub stderr: String,
}

/// The program with these words and nothing on stdin.
pub fn memsh(words: &[&str]) -> Run {
    with_input(words, "")
}

/// The program with these words and a text on stdin.
pub fn with_input(words: &[&str], input: &str) -> Run {
    // No cache: one test's start must not depend on another's.
    let mut command = Command::cargo_bin("memsh").unwrap();
    let output = command
        .env("XDG_CACHE_HOME", "/dev/null")
        .env("XDG_DATA_HOME", "/dev/null")
        .env_remove("_NT_SYMBOL_PATH")
        .args(words)
        .write_stdin(input)
        .output()
        .unwrap();
    Run {
        status: output.status.code().unwrap(),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

/// The program with these words and this environment on top of its own.
pub fn with_environment(words: &[&str], variables: &[(&str, &str)]) -> Run {
    let mut command = Command::cargo_bin("memsh").unwrap();
    command
        .env("XDG_CACHE_HOME", "/dev/null")
        .env("XDG_DATA_HOME", "/dev/null")
        .env_remove("_NT_SYMBOL_PATH")
        .envs(variables.iter().copied());
    let output = command.args(words).output().unwrap();
    Run {
        status: output.status.code().unwrap(),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

/// Bytes in hexadecimal.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

/// The SHA-256 of bytes, in hexadecimal.
pub fn sha256(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

/// What stands before `-c LINE` for an example: the sample; for those that write a copy of it in memory, over `later.raw` in the folder.
pub fn target_of(line: &str) -> Vec<&'static str> {
    let writes = ["write ", "fill ", "ed ", "undo"].iter().any(|word| line.starts_with(word));
    let writes = writes || ["; matches write ", "; freeze "].iter().any(|word| line.contains(word));
    if writes { vec!["-C", "file:later.raw,overlay", "--write=phys", "-q"] } else { vec!["sample"] }
}

/// Puts the sample's memory into a folder, as an image that was taken later.
pub fn later_image(folder: &std::path::Path) {
    let path = folder.join("later.raw");
    assert_eq!(sample(&["dump", "phys", "--format", "raw", "-o", path.to_str().unwrap()]).status, 0);
}

/// Puts a transcript into a folder, for `log verify case.log`.
pub fn transcript(folder: &std::path::Path) {
    assert_eq!(sample(&["--log", folder.join("case.log").to_str().unwrap(), "-c", "eval 1"]).status, 0);
}

/// A command on the sample.
pub fn sample(words: &[&str]) -> Run {
    let all: Vec<&str> = std::iter::once("sample").chain(words.iter().copied()).collect();
    memsh(&all)
}

/// The JSON answer of a command on the sample that must go well.
pub fn answer(words: &[&str]) -> Value {
    let all: Vec<&str> = words.iter().copied().chain(["--json"]).collect();
    let run = sample(&all);
    assert_eq!(run.status, 0, "{words:?}: {}", run.stderr);
    serde_json::from_str(&run.stdout).unwrap_or_else(|e| panic!("{words:?}: {e}: {}", run.stdout))
}

/// A file of the repository.
pub fn repository(path: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// Names of all commands that answer with JSON.
pub fn commands() -> Vec<String> {
    let all: Value = serde_json::from_str(&memsh(&["schema"]).stdout).unwrap();
    all.as_object().unwrap().keys().cloned().collect()
}

/// A number that JSON has as `0x...`.
pub fn number(value: &Value) -> u64 {
    let text = value.as_str().unwrap();
    u64::from_str_radix(text.strip_prefix("0x").unwrap(), 16).unwrap()
}
