//! The sample with something torn in it, and the program on the outcome.
#![allow(dead_code, reason = "each test file uses its part")]

use super::cli::Run;
use memsh::session::{Options, Session, Target};
use memsh::symbols::TypesExt;
use memsh::{VirtAddr, umem};
use std::path::Path;
use std::time::{Duration, Instant};

/// No run on a bad image may take longer; a debug build on a busy machine counts.
pub const LIMIT: Duration = Duration::from_secs(10);

/// Runs the program under the time limit. Whatever it is given, it never panics.
pub fn limited(words: &[&str]) -> Run {
    let begun = Instant::now();
    let mut command = assert_cmd::Command::cargo_bin("memsh").unwrap();
    command.env("XDG_CACHE_HOME", "/dev/null");
    let output = command.args(words).write_stdin("").timeout(LIMIT).output().unwrap();
    let run = Run {
        status: output.status.code().unwrap_or_else(|| panic!("{words:?} was ended after {:?}", begun.elapsed())),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    };
    assert!(!run.stderr.contains("panicked at") && !run.stdout.contains("panicked at"), "{words:?}: {}", run.stderr);
    assert_ne!(run.status, 101, "{words:?}");
    run
}

/// The sample's memory. It is one range from 0 on, so that physical addresses are offsets of the raw file.
pub struct Torn {
    session: Session,
    bytes: Vec<u8>,
    folder: tempfile::TempDir,
}

impl Torn {
    /// Whole as yet.
    pub fn new() -> Self {
        let session = Session::open(&Target::Sample, Options::default()).unwrap();
        let bytes = zstd::decode_all(session.embedded().unwrap()).unwrap();
        Self { session, bytes, folder: tempfile::tempdir().unwrap() }
    }

    /// The sample, intact.
    pub fn session(&self) -> &Session {
        &self.session
    }

    /// Address of a kernel symbol.
    pub fn symbol(&self, name: &str) -> u64 {
        number(self.session.symbols().unwrap().address(name).unwrap().value())
    }

    /// Offset of a member, in bytes.
    pub fn offset(&self, structure: &str, path: &str) -> u64 {
        self.session.types().unwrap().field(structure, path).unwrap_or_else(|| panic!("{structure}.{path}")).offset
    }

    /// The `task_struct` of a process.
    pub fn task(&self, name: &str) -> u64 {
        let all = self.session.processes().unwrap();
        let found = all.items.iter().find(|p| p.name.as_bytes() == name.as_bytes());
        number(found.unwrap_or_else(|| panic!("no {name}")).address.value())
    }

    /// Where an address of the kernel lies in the file.
    pub fn position(&self, at: u64) -> usize {
        let kernel = &self.session.os().unwrap().kernel;
        let physical = kernel.translate_one(VirtAddr::new(umem::from(at))).unwrap().phys;
        usize::try_from(number(physical.value())).unwrap()
    }

    /// Where an address in an answer lies in the file.
    pub fn position_of(&self, at: &serde_json::Value) -> usize {
        self.position(super::cli::number(at))
    }

    /// The word at an address of the kernel, as it is now.
    pub fn word(&self, at: u64) -> u64 {
        u64::from_le_bytes(self.bytes[self.position(at)..][..8].try_into().unwrap())
    }

    /// Overwrites bytes at an address of the kernel.
    pub fn put(&mut self, at: u64, new: &[u8]) {
        let from = self.position(at);
        self.bytes[from..from + new.len()].copy_from_slice(new);
    }

    /// Overwrites a word.
    pub fn put_word(&mut self, at: u64, new: u64) {
        self.put(at, &new.to_le_bytes());
    }

    /// The bytes of the file.
    pub fn bytes(&mut self) -> &mut Vec<u8> {
        &mut self.bytes
    }

    /// Writes the file.
    pub fn save(&self) -> Image<'_> {
        let path = self.folder.path().join("torn.raw");
        std::fs::write(&path, &self.bytes).unwrap();
        Image { path: path.to_str().unwrap().to_owned(), intact: &self.session }
    }
}

/// The torn sample as a file.
pub struct Image<'a> {
    /// Its path.
    pub path: String,
    intact: &'a Session,
}

impl Image<'_> {
    /// Runs a command on it.
    pub fn run(&self, words: &[&str]) -> Run {
        let all: Vec<&str> = std::iter::once(self.path.as_str()).chain(words.iter().copied()).collect();
        limited(&all)
    }

    /// The rows of a command that answers in part: all is said, and only `--strict` makes it an error.
    pub fn partial(&self, words: &[&str]) -> (serde_json::Value, String) {
        let json: Vec<&str> = words.iter().copied().chain(["--json"]).collect();
        let run = self.run(&json);
        assert_eq!(run.status, 0, "{words:?}: {}", run.stderr);
        assert!(run.stderr.starts_with("partial: "), "{words:?}: {:?}", run.stderr);
        let strict: Vec<&str> = std::iter::once("--strict").chain(json).collect();
        let again = self.run_strict(&strict);
        assert_eq!((again.status, &again.stdout), (4, &run.stdout), "{words:?}: {}", again.stderr);
        (serde_json::from_str(&run.stdout).unwrap(), run.stderr)
    }

    fn run_strict(&self, words: &[&str]) -> Run {
        let all: Vec<&str> = std::iter::once(words[0]).chain([self.path.as_str()]).chain(words[1..].iter().copied()).collect();
        limited(&all)
    }

    /// The error of a command that can't answer.
    pub fn error(&self, words: &[&str]) -> String {
        let run = self.run(words);
        assert_eq!((run.status, run.stdout.as_str()), (1, ""), "{words:?}: {}", run.stderr);
        let error = run.stderr.trim_start_matches(|c| c != '\n').trim_start();
        let says = if run.stderr.starts_with("warning: ") { error } else { run.stderr.as_str() };
        assert!(says.starts_with("memsh: ") && says.contains("\nhint: "), "{words:?}: {}", run.stderr);
        run.stderr
    }

    /// That a partial `ps` has all processes of the intact sample.
    pub fn has_all_processes(&self) -> String {
        let (rows, says) = self.partial(&["ps"]);
        let mut found: Vec<u64> = rows.as_array().unwrap().iter().map(|r| r["pid"].as_u64().unwrap()).collect();
        let mut want: Vec<u64> = self.intact.processes().unwrap().items.iter().map(|p| u64::from(p.pid)).collect();
        found.sort_unstable();
        want.sort_unstable();
        assert_eq!(found, want, "{says}");
        says
    }

    /// That `ps` is right with the types that memsh carries, moved to where this kernel has its members, and says so.
    pub fn has_the_same_processes_by_carried_types(&self) {
        let run = self.run(&["ps", "--json"]);
        assert_eq!(run.status, 0, "{}", run.stderr);
        assert!(run.stderr.contains("carries no types") && run.stderr.contains("--symbols"), "{}", run.stderr);
        let intact = limited(&["sample", "ps", "--json"]);
        let rows = |text: &str| -> Vec<serde_json::Value> {
            let all: serde_json::Value = serde_json::from_str(text).unwrap();
            let fields = ["pid", "ppid", "state", "uid", "start_time", "dtb", "command_line"];
            // Where `struct kthread` has the rest of a long name is not known.
            let name = |r: &serde_json::Value| r["name"].as_str().unwrap().chars().take(15).collect::<String>().into();
            let row = |r: &serde_json::Value| fields.iter().map(|f| r[f].clone()).chain([name(r)]).collect();
            all.as_array().unwrap().iter().map(row).collect()
        };
        assert_eq!(rows(&run.stdout), rows(&intact.stdout));
        // Nor do regions depend on what another kernel's table says.
        let regions = |text: &str| -> Vec<serde_json::Value> {
            let all: serde_json::Value = serde_json::from_str(text).unwrap();
            let row = |r: &serde_json::Value| ["start", "end", "perm", "offset", "path"].iter().map(|f| r[*f].clone()).collect();
            all.as_array().unwrap().iter().map(row).collect()
        };
        let (maps, intact) = (self.run(&["maps", "54", "--json"]), limited(&["sample", "maps", "54", "--json"]));
        assert_eq!(regions(&maps.stdout), regions(&intact.stdout), "{}", maps.stderr);
    }

    /// That physical memory is read, searched and told all the same.
    pub fn bytes_still_work(&self) {
        for words in [&["read", "--phys", "0x1000", "-n", "16"][..], &["scan", "--phys", "Linux version"], &["hash"]] {
            let run = self.run(words);
            assert_eq!(run.status, 0, "{words:?}: {}", run.stderr);
            assert!(!run.stdout.is_empty(), "{words:?}");
        }
        // `info` tells what was tried, and that it led to nothing.
        let info = self.run(&["info"]);
        assert!(matches!(info.status, 0 | 1) && info.stdout.contains("page-table root"), "{}{}", info.stdout, info.stderr);
    }
}

#[allow(clippy::useless_conversion, reason = "addresses are wider under `wide-addresses`")]
fn number(value: umem) -> u64 {
    u64::try_from(value).unwrap()
}

/// `path` as text.
pub fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}
