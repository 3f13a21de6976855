//! The program on one damaged image: every command in one start.

use serde_json::Value;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// A command, and what says that two of its rows are of the same thing.
pub struct Asked {
    /// The command line.
    pub words: &'static str,
    /// Fields of the thing's identity.
    pub key: &'static [&'static str],
}

const fn asked(words: &'static str, key: &'static [&'static str]) -> Asked {
    Asked { words, key }
}

/// What is asked of every image. Pids are those of the sample.
pub const COMMANDS: &[Asked] = &[
    asked("ps", &["pid"]),
    asked("threads", &["tid"]),
    asked("cmdline", &["pid"]),
    asked("env", &["pid", "key"]),
    asked("creds", &["pid"]),
    asked("namespaces", &["kind", "inum"]),
    asked("maps 1", &["start"]),
    asked("maps 54", &["start"]),
    asked("files", &["pid", "fd"]),
    asked("mounts", &["address"]),
    asked("pagecache", &["address"]),
    asked("net", &["protocol", "inode", "pid", "fd"]),
    asked("interfaces", &["namespace", "index"]),
    asked("modules", &["name"]),
    asked("bt 54", &["tid", "frame"]),
    asked("kmsg", &["sequence"]),
    asked("timers", &["address"]),
    asked("hooks", &["table", "name", "slot"]),
    asked("malfind", &["kind", "pid", "reason", "address"]),
];

/// What a run took.
pub struct Cost {
    /// Processor time in seconds.
    pub seconds: f64,
    /// Most memory at a time, in KiB.
    pub memory: u64,
}

/// What came of a run.
pub struct Ran {
    /// Exit status; none when it had to be ended.
    pub status: Option<i32>,
    /// What it wrote to stderr.
    pub stderr: String,
    /// Rows of each command.
    pub rows: Vec<Vec<Value>>,
    /// None when no image was opened.
    pub cost: Option<Cost>,
}

/// A folder in memory where there is one: a thousand images would wear out a disk.
fn folder() -> tempfile::TempDir {
    tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap()
}

/// Where the program is: beside this test, or the one that MEMSH_DAMAGE_BINARY names.
fn program() -> PathBuf {
    std::env::var_os("MEMSH_DAMAGE_BINARY").map_or_else(|| env!("CARGO_BIN_EXE_memsh").into(), PathBuf::from)
}

/// Asks everything of a raw image that holds `bytes`.
pub fn run(bytes: &[u8], worker: usize) -> Ran {
    let folder = folder();
    let image = folder.path().join(format!("damaged{worker}.raw"));
    std::fs::write(&image, bytes).unwrap();
    let lines = COMMANDS.iter().enumerate().map(|(i, c)| format!("{} --jsonl > {i}", c.words));
    // Whose children the shell's programs are can tell what it took.
    let script = lines.chain(["!cat /proc/$PPID/stat /proc/$PPID/status > cost".to_owned()]).collect::<Vec<_>>().join("\n");
    let begun = Instant::now();
    // Whoever runs away does not take the machine along.
    let mut child = Command::new("sh")
        .args(["-c", "ulimit -v 4194304; exec \"$0\" \"$@\""])
        .arg(program())
        .arg(&image)
        .args(["--no-cache", "-c", &script])
        .env("XDG_DATA_HOME", "/dev/null")
        .env_remove("_NT_SYMBOL_PATH")
        .current_dir(folder.path())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(std::fs::File::create(folder.path().join("stderr")).unwrap())
        .spawn()
        .unwrap();
    let status = loop {
        if let Some(status) = child.try_wait().unwrap() {
            break status.code();
        }
        // Processor time is what counts; this is the end of all patience on a busy machine.
        if begun.elapsed() > Duration::from_secs(120) {
            child.kill().unwrap();
            child.wait().unwrap();
            break None;
        }
        std::thread::sleep(Duration::from_millis(2));
    };
    let read = |name: &str| std::fs::read(folder.path().join(name)).unwrap_or_default();
    let rows = |i: usize| read(&i.to_string()).split(|b| *b == b'\n').filter_map(|l| serde_json::from_slice(l).ok()).collect();
    Ran {
        status,
        stderr: String::from_utf8_lossy(&read("stderr")).into_owned(),
        rows: (0..COMMANDS.len()).map(rows).collect(),
        cost: cost(&String::from_utf8_lossy(&read("cost"))),
    }
}

/// What /proc says of the process: ticks of a hundredth of a second behind the name, which stands in parentheses.
fn cost(text: &str) -> Option<Cost> {
    let (_, stat) = text.split_once(") ")?;
    let ticks: f64 = stat.split_whitespace().skip(11).take(2).map(|t| t.parse::<f64>().unwrap()).sum();
    let peak = text.lines().find_map(|l| l.strip_prefix("VmHWM:"))?;
    Some(Cost { seconds: ticks / 100.0, memory: peak.trim().trim_end_matches(" kB").parse().unwrap() })
}
