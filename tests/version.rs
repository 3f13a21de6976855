//! Which memsh this is: what it says of itself, and how the commit gets into a program.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod cli;

use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

#[test]
fn memsh_says_which_it_is() {
    let run = cli::memsh(&["version", "--json"]);
    let version: Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(version["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(version["target"], format!("{}-{}", std::env::consts::ARCH, std::env::consts::OS));
    assert!(version["features"].as_array().unwrap().contains(&"cli".into()), "{version}");
    assert!(version["rustc"].as_str().unwrap().starts_with("rustc "), "{version}");
    let line = cli::memsh(&["--version"]).stdout;
    assert!(line.starts_with(concat!("memsh ", env!("CARGO_PKG_VERSION"), " (")), "{line}");
    // Of a repository it is HEAD, and a program built before HEAD moved is built again by the tests that stand above it.
    let head = Command::new("git").args(["rev-parse", "HEAD"]).current_dir(env!("CARGO_MANIFEST_DIR")).output();
    let head = head.ok().filter(|o| o.status.success() && Path::new(env!("CARGO_MANIFEST_DIR")).join(".git").exists());
    match (head, version["commit"].as_str()) {
        (Some(head), Some(commit)) if std::env::var_os("MEMSH_COMMIT").is_none() => {
            let head = String::from_utf8(head.stdout).unwrap();
            assert_eq!(commit.trim_end_matches("-dirty"), head.trim());
            assert!(line.contains(&head[..12]), "{line}");
        }
        (None, None) => assert!(line.contains("unknown commit"), "{line}"),
        (_, commit) => assert!(std::env::var_os("MEMSH_COMMIT").is_some(), "{commit:?}"),
    }
}

/// A program that prints its commit, in a folder of its own; built with the macro that memsh's uses.
struct Small {
    folder: tempfile::TempDir,
}

impl Small {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let small = Self { folder };
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("built");
        // A copy: the path of the macro's crate is no part of what is compared.
        for file in ["src/lib.rs", "build.rs"] {
            small.write(&format!("source/built/{file}"), &fs::read_to_string(source.join(file)).unwrap());
        }
        small.write(
            "source/built/Cargo.toml",
            "[package]\nname = \"memsh-built\"\nversion = \"0.1.0\"\nedition = \"2024\"\n[lib]\nproc-macro = true\n",
        );
        let manifest = "[package]\nname = \"small\"\nversion = \"0.1.0\"\nedition = \"2024\"\n[dependencies]\nmemsh-built = { path = \"built\" }\n[workspace]\n";
        small.write("source/Cargo.toml", manifest);
        small.write("source/.gitignore", "target\nCargo.lock\n");
        small.write("source/src/lib.rs", "pub fn said(text: &str) { println!(\"{text}\"); }\n");
        small.write("source/src/main.rs", "fn main() { small::said(memsh_built::facts!().0); }\n");
        small
    }

    fn source(&self) -> PathBuf {
        self.folder.path().join("source")
    }

    fn write(&self, name: &str, text: &str) {
        let path = self.folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn git(&self, words: &[&str]) -> String {
        let mut git = Command::new("git");
        git.args(["-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false"]).args(words);
        // The same commit in every folder.
        git.env("GIT_AUTHOR_DATE", "2026-01-01T00:00:00Z").env("GIT_COMMITTER_DATE", "2026-01-01T00:00:00Z");
        let output = git.current_dir(self.source()).output().unwrap();
        assert!(output.status.success(), "{words:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    fn commit(&self) -> String {
        self.git(&["add", "-A"]);
        self.git(&["commit", "-q", "--allow-empty", "-m", "a step"]);
        self.git(&["rev-parse", "HEAD"])
    }

    /// Builds it; gives what it says, and what cargo said.
    fn build(&self, commit: Option<&str>) -> (String, String) {
        let remap = format!("--remap-path-prefix={}=/source", self.source().canonicalize().unwrap().display());
        let mut cargo = Command::new(env!("CARGO"));
        cargo.args(["build", "--offline", "-v"]).current_dir(self.source()).env("RUSTFLAGS", remap).env_remove("MEMSH_COMMIT");
        cargo.env("CARGO_INCREMENTAL", "0").env("CARGO_TARGET_DIR", self.source().join("target"));
        if let Some(commit) = commit {
            cargo.env("MEMSH_COMMIT", commit);
        }
        let output = cargo.output().unwrap();
        let log = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{log}");
        let said = Command::new(self.program()).output().unwrap();
        (String::from_utf8(said.stdout).unwrap().trim().to_owned(), log)
    }

    fn program(&self) -> PathBuf {
        self.source().join("target/debug/small")
    }
}

#[test]
fn the_commit_is_gits_and_costs_the_program_alone() {
    let small = Small::new();
    // No repository, as from an archive.
    assert_eq!(small.build(None).0, "unknown");
    assert_eq!(small.build(Some("0123abc")).0, "0123abc");
    small.git(&["init", "-q", "-b", "main"]);
    let first = small.commit();
    fs::remove_dir_all(small.source().join("target")).unwrap();
    assert_eq!(small.build(None).0, first);
    // Nothing happened: nothing is compiled.
    let (_, log) = small.build(None);
    assert!(!log.contains("Running `"), "{log}");
    // A commit: the program, and not the library.
    let second = small.commit();
    let (said, log) = small.build(None);
    assert_eq!(said, second);
    let compiled: Vec<&str> = log.lines().filter(|l| l.contains("Running `") && l.contains("--crate-name")).collect();
    assert!(compiled.len() == 1 && compiled[0].contains("src/main.rs"), "{compiled:#?}");
    // A file of it that was changed.
    small.write("source/src/lib.rs", "pub fn said(text: &str) { println!(\"{}\", text); }\n");
    assert_eq!(small.build(None).0, format!("{second}-dirty"));
    // The variable counts before git, and is seen when it comes and when it goes.
    assert_eq!(small.build(Some("release-7")).0, "release-7");
    assert_eq!(small.build(None).0, format!("{second}-dirty"));
    // Unpacked within the repository of something else it is nobody's commit.
    let inner = Small::new();
    fs::rename(inner.source(), small.source().join("inner")).unwrap();
    let moved = Small { folder: tempfile::tempdir().unwrap() };
    moved.write("source/other", "");
    moved.git(&["init", "-q", "-b", "main"]);
    fs::rename(small.source().join("inner"), moved.source().join("inner")).unwrap();
    moved.commit();
    let mut cargo = Command::new(env!("CARGO"));
    cargo
        .args(["run", "-q", "--offline"])
        .current_dir(moved.source().join("inner"))
        .env_remove("MEMSH_COMMIT")
        .env_remove("CARGO_TARGET_DIR");
    assert_eq!(String::from_utf8(cargo.output().unwrap().stdout).unwrap().trim(), "unknown");
}

#[test]
fn two_builds_of_a_commit_are_the_same_bytes() {
    let (one, other) = (Small::new(), Small::new());
    for small in [&one, &other] {
        small.git(&["init", "-q", "-b", "main"]);
        let commit = small.commit();
        assert_eq!(small.build(None).0, commit);
    }
    assert_ne!(one.source(), other.source());
    assert!(fs::read(one.program()).unwrap() == fs::read(other.program()).unwrap(), "two builds differ");
}
