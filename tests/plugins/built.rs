//! Building plugins, and running memsh with folders of them.

use super::cli::{Run, repository};
use crate::schema::fits;
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Mutex, OnceLock};
use std::{env, fs};
use tempfile::TempDir;

/// Where all of them are built: what they share is built once.
pub fn target() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("plugins")
}

/// The release profile, as `plugins install` builds, but quickly: so everything is built once.
pub fn quickly() -> [(&'static str, std::ffi::OsString); 2] {
    [("CARGO_TARGET_DIR", target().into()), ("CARGO_PROFILE_RELEASE_OPT_LEVEL", "0".into())]
}

/// The crate's shared object, built by cargo.
fn build(path: &str, library: &str) -> PathBuf {
    // One cargo at a time: they would only wait for each other's lock, and say so.
    static ONE: Mutex<()> = Mutex::new(());
    let _one = ONE.lock();
    let status = Command::new(env!("CARGO"))
        .args(["build", "--release", "--quiet", "--manifest-path"])
        .arg(repository(path).join("Cargo.toml"))
        .envs(quickly())
        .status()
        .unwrap();
    assert!(status.success(), "{path} does not build");
    target().join("release").join(format!("lib{library}.{}", env::consts::DLL_EXTENSION))
}

/// examples/plugins/rust.
pub fn example() -> &'static Path {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| build("examples/plugins/rust", "memsh_example_plugin"))
}

/// tests/plugins/odd.
pub fn odd() -> &'static Path {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| build("tests/plugins/odd", "odd_plugins"))
}

/// tests/abi/1/plugin.
pub fn old() -> &'static Path {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| build("tests/abi/1/plugin", "old_plugin"))
}

/// A folder of plugins.
pub struct Folder {
    dir: TempDir,
}

impl Folder {
    /// With copies of these files.
    pub fn of(files: &[&Path]) -> Self {
        let folder = Self { dir: tempfile::tempdir().unwrap() };
        for file in files {
            fs::copy(file, folder.file(file.file_name().unwrap().to_str().unwrap())).unwrap();
        }
        folder
    }

    /// The path of a file in it.
    pub fn file(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Writes `NAME.so`, or how shared objects end here.
    pub fn put(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.file(&format!("{name}.{}", env::consts::DLL_EXTENSION));
        fs::write(&path, bytes).unwrap();
        path
    }

    pub fn path(&self) -> &Path {
        self.dir.path()
    }

    /// Runs memsh with the plugins of this folder only.
    pub fn memsh(&self, words: &[&str]) -> Run {
        self.run(words, &[])
    }

    /// As [`memsh`](Self::memsh), with these variables.
    pub fn run(&self, words: &[&str], variables: &[(&str, &str)]) -> Run {
        let mut command = Command::new(assert_cmd::cargo::cargo_bin!("memsh"));
        command
            .args(words)
            .env("MEMSH_PLUGIN_PATH", self.path())
            .env("XDG_DATA_HOME", "/dev/null")
            .env("XDG_CACHE_HOME", "/dev/null")
            .env("XDG_CONFIG_HOME", "/dev/null")
            .envs(variables.iter().copied())
            .current_dir(self.path())
            .stdin(Stdio::null());
        run(&mut command)
    }

    /// The JSON answer of words that must go well.
    pub fn json(&self, words: &[&str]) -> Value {
        let all: Vec<&str> = words.iter().copied().chain(["--json"]).collect();
        let run = self.memsh(&all);
        assert_eq!(run.status, 0, "{words:?}: {}", run.stderr);
        let answer = serde_json::from_str(&run.stdout).unwrap_or_else(|e| panic!("{words:?}: {e}: {}", run.stdout));
        held(words, &answer);
        answer
    }

    /// The rows of `plugins list` that are about files.
    pub fn listed(&self) -> Vec<Value> {
        let all = self.json(&["plugins", "list"]);
        all.as_array().unwrap().iter().filter(|r| !r["path"].is_null()).cloned().collect()
    }
}

/// Holds an answer of `plugins ...` or `run ...` against its schema.
pub fn held(words: &[&str], answer: &Value) {
    match words {
        ["plugins"] | ["plugins", "list", ..] => fits("plugins", answer),
        ["plugins", word, ..] => fits(&format!("plugins-{word}"), answer),
        words if words.contains(&"run") => fits("run", answer),
        _ => {}
    }
}

/// Runs a program to its end.
pub fn run(command: &mut Command) -> Run {
    let output = command.output().unwrap();
    Run {
        status: output.status.code().unwrap_or_else(|| panic!("{command:?}: {}", output.status)),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

/// Where the bytes of `what` lie in `bytes`: each place.
fn places(bytes: &[u8], what: &[u8]) -> Vec<usize> {
    bytes.windows(what.len()).enumerate().filter(|(_, w)| *w == what).map(|(i, _)| i).collect()
}

/// A copy of a plugin with `from` replaced by `to`, wherever it is; both of one length.
pub fn patched(file: &Path, from: &[u8], to: &[u8]) -> Vec<u8> {
    assert_eq!(from.len(), to.len());
    let mut bytes = fs::read(file).unwrap();
    let found = places(&bytes, from);
    assert!(!found.is_empty());
    for at in found {
        bytes[at..at + to.len()].copy_from_slice(to);
    }
    bytes
}

/// A copy of a plugin's file with `bytes` at `offset` of each descriptor.
pub fn with_descriptor(file: &Path, offset: usize, new: &[u8]) -> Vec<u8> {
    let mut bytes = fs::read(file).unwrap();
    // The magic alone may stand elsewhere; behind it stands the version.
    let head = [&memsh_plugin::MAGIC[..], &memsh_plugin::ABI_VERSION.to_ne_bytes()].concat();
    let found = places(&bytes, &head);
    assert!(!found.is_empty());
    for at in found {
        bytes[at + offset..at + offset + new.len()].copy_from_slice(new);
    }
    bytes
}
