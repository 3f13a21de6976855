//! Machines that QEMU runs for a test: started, asked over QMP, and ended with the test.
#![allow(dead_code, reason = "each test file uses its part")]

use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::thread::sleep;
use std::time::{Duration, Instant};

/// How long anything may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// Whether `program` can be started; without it a test is skipped, unless `MEMSH_REQUIRE_LIVE` is set.
pub fn has(program: &str) -> bool {
    let there =
        Command::new(program).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|s| s.success());
    if !there {
        assert!(std::env::var_os("MEMSH_REQUIRE_LIVE").is_none(), "{program} is not installed, and MEMSH_REQUIRE_LIVE is set");
        eprintln!("skipped: {program} is not installed");
    }
    there
}

/// The sample's memory.
pub fn sample() -> &'static [u8] {
    static BYTES: OnceLock<Vec<u8>> = OnceLock::new();
    BYTES.get_or_init(|| {
        let image = memsh::image::sample(&memsh::image::OpenOptions::default()).unwrap();
        let mut bytes = vec![0; usize::try_from(image.facts.memory_size).unwrap()];
        assert!(image.memory.read_gaps(memsh::PhysAddr::NULL, &mut bytes).is_empty());
        bytes
    })
}

/// A machine.
pub struct Vm {
    child: Child,
    folder: tempfile::TempDir,
    qmp: Qmp,
}

/// A connection to its monitor.
pub struct Qmp(BufReader<UnixStream>);

impl Qmp {
    fn connect(path: &std::path::Path) -> Option<Self> {
        let stream = UnixStream::connect(path).ok()?;
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let mut qmp = Self(BufReader::new(stream));
        qmp.line();
        qmp.ask("qmp_capabilities", json!({}));
        Some(qmp)
    }

    fn line(&mut self) -> Value {
        let mut line = String::new();
        self.0.read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap_or_else(|e| panic!("{line}: {e}"))
    }

    /// What a command returns.
    pub fn ask(&mut self, command: &str, arguments: Value) -> Value {
        let line = json!({ "execute": command, "arguments": arguments });
        self.0.get_mut().write_all(format!("{line}\n").as_bytes()).unwrap();
        loop {
            let answer = self.line();
            if let Some(value) = answer.get("return") {
                return value.clone();
            }
            assert!(answer.get("event").is_some(), "{command}: {answer}");
        }
    }

    /// What a command of the human monitor prints.
    pub fn human(&mut self, line: &str) -> String {
        self.ask("human-monitor-command", json!({ "command-line": line })).as_str().unwrap().to_owned()
    }
}

impl Vm {
    /// Starts `program` with these words. It has a monitor of the test's own, which its command line names as one that waits for somebody: memsh
    /// leaves such a one alone.
    pub fn start(program: &str, words: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let own = folder.path().join("own");
        let log = std::fs::File::create(folder.path().join("log")).unwrap();
        let mut child = Command::new(program)
            .args(["-display", "none", "-nodefaults", "-qmp"])
            .arg(format!("unix:{},server=on", own.display()))
            .args(words.iter().map(|w| w.replace("FOLDER", &folder.path().display().to_string())))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .unwrap();
        let begun = Instant::now();
        loop {
            if let Some(qmp) = Qmp::connect(&own) {
                let mut vm = Self { child, folder, qmp };
                // It answers when it is made.
                vm.qmp.ask("query-status", json!({}));
                return vm;
            }
            let said = || std::fs::read_to_string(folder.path().join("log")).unwrap_or_default();
            if let Some(status) = child.try_wait().unwrap() {
                panic!("{program} {words:?} ended with {status}: {}", said());
            }
            assert!(begun.elapsed() < PATIENCE, "{program} does not start: {}", said());
            sleep(Duration::from_millis(20));
        }
    }

    /// Starts a machine with the sample in its memory that does not run.
    pub fn with_sample(words: &[&str]) -> Self {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), sample()).unwrap();
        let device = format!("loader,file={},addr=0,force-raw=on", file.path().display());
        let words: Vec<&str> = ["-S", "-device", &device].into_iter().chain(words.iter().copied()).collect();
        Self::start("qemu-system-x86_64", &words)
    }

    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// A file in its folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The test's own monitor.
    pub fn qmp(&mut self) -> &mut Qmp {
        &mut self.qmp
    }

    /// `running`, `paused`, `prelaunch`.
    pub fn status(&mut self) -> String {
        self.qmp.ask("query-status", json!({}))["status"].as_str().unwrap().to_owned()
    }
}

impl Drop for Vm {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
