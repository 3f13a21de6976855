//! `watch`: on a terminal, and into a pipe; on a target that changes meanwhile.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod cli;

use cli::{memsh, number, sample};
use rexpect::session::{PtySession, spawn_command};
use serde_json::Value;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::FileExt;
use std::path::PathBuf;
use std::process::{Command, Stdio};

/// A machine whose memory is a file, in which the name of process 1 can be changed while it is watched.
struct Machine {
    _folder: tempfile::TempDir,
    path: PathBuf,
    name: u64,
}

impl Machine {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("machine.raw");
        assert_eq!(sample(&["dump", "phys", "--format", "raw", "-o", path.to_str().unwrap()]).status, 0);
        let json = |words: &[&str]| serde_json::from_str::<Value>(&sample(words).stdout).unwrap();
        let task = json(&["ps", "1", "--json"])[0]["address"].as_str().unwrap().to_owned();
        let offset = json(&["dt", "task_struct.comm", "--json"])["fields"][0]["offset"].to_string();
        let name = number(&json(&["vtop", &format!("{task}+{offset}"), "--json"])["physical"]);
        Self { _folder: folder, path, name }
    }

    fn target(&self) -> String {
        format!("file:{},live", self.path.display())
    }

    fn rename(&self, name: &str) {
        let mut bytes = [0; 16];
        bytes[..name.len()].copy_from_slice(name.as_bytes());
        File::options().write(true).open(&self.path).unwrap().write_all_at(&bytes, self.name).unwrap();
    }

    fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(assert_cmd::cargo::cargo_bin!("memsh"));
        command.arg("-C").arg(self.target()).args(words).env("XDG_CACHE_HOME", "/dev/null").env("XDG_CONFIG_HOME", "/dev/null");
        command.env("XDG_STATE_HOME", "/dev/null").env("TERM", "xterm").env_remove("NO_COLOR");
        command
    }

    fn on_terminal(&self, words: &[&str]) -> PtySession {
        spawn_command(self.command(words), Some(30_000)).unwrap()
    }
}

#[test]
fn what_changes_stands_out_on_a_terminal() {
    let machine = Machine::new();
    let mut s = machine.on_terminal(&["watch", "-n", "0.2", "ps", "-u", "--columns", "pid,name"]);
    s.exp_string("\x1b[?1049h").unwrap();
    s.exp_string("Every 0.2 s: ps -u --columns pid,name").unwrap();
    s.exp_string("lab").unwrap();
    machine.rename("renamed");
    // In reverse while it is new, and plain again the next time.
    s.exp_regex("\x1b\\[7m[^\\n]*renamed").unwrap();
    s.exp_string("\x1b[H").unwrap();
    let next = s.exp_string("renamed").unwrap();
    assert!(!next.contains("\x1b[7m"), "{next:?}");
    s.send_control('c').unwrap();
    s.exp_string("\x1b[?25h\x1b[?1049l").unwrap();
    s.exp_eof().unwrap();
    let ended = format!("{:?}", s.process().wait());
    assert!(ended.contains("Exited") && ended.contains(", 0)"), "{ended}");
}

#[test]
fn processes_that_come_and_go_have_their_colours() {
    // The other columns' process is one that --where chooses by its name: renamed, it is gone, and comes back.
    let machine = Machine::new();
    let mut s =
        machine.on_terminal(&["watch", "-n", "0.2", "ps", "--where", "name == \"lab\" or pid == 2", "--columns", "pid,name"]);
    s.exp_string("lab").unwrap();
    machine.rename("other");
    // Red: gone.
    s.exp_regex("\x1b\\[38;5;9m[^\\n]*lab").unwrap();
    s.exp_string("\x1b[H").unwrap();
    machine.rename("lab");
    // Green: new.
    s.exp_regex("\x1b\\[38;5;10m[^\\n]*lab").unwrap();
    s.send_control('c').unwrap();
    s.exp_eof().unwrap();
}

#[test]
fn the_shell_goes_on_after_ctrl_c() {
    let machine = Machine::new();
    let mut s = machine.on_terminal(&["--no-pager", "--color", "never"]);
    s.exp_string("memsh file").unwrap();
    s.send_line("watch -n 0.2 ps 1").unwrap();
    s.exp_string("Every 0.2 s: ps 1").unwrap();
    s.exp_string("lab").unwrap();
    s.send_control('c').unwrap();
    s.exp_string("\x1b[?1049l").unwrap();
    s.send_line("eval 4k*2").unwrap();
    s.exp_string("0x2000").unwrap();
    // So many answers end by themselves; the last one stays on the screen that comes back.
    s.send_line("watch -n 0.1 --count 2 ps 1").unwrap();
    s.exp_string("\x1b[?1049l").unwrap();
    s.exp_string("lab").unwrap();
    s.send_line("exit").unwrap();
    s.exp_eof().unwrap();
}

#[test]
fn into_a_pipe_goes_a_line_for_each_answer() {
    let machine = Machine::new();
    let mut child = machine.command(&["watch", "-n", "0.1", "ps", "1"]).stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut next = || serde_json::from_str::<Value>(&lines.next().unwrap().unwrap()).unwrap();
    let first = next();
    assert_eq!((first["answer"][0]["name"].as_str(), first["status"].as_u64()), (Some("lab"), Some(0)));
    assert!(first["time"].as_str().unwrap().starts_with("20"));
    machine.rename("changed");
    let seen = (0..100).any(|_| next()["answer"][0]["name"] == "changed");
    assert!(seen);
    // Nobody reads any more: it ends by itself.
    drop(lines);
    assert!(child.wait().is_ok());
}

#[test]
fn so_many_times_and_no_more() {
    let run = memsh(&["-C", "dummy:live=yes", "watch", "-n", "0.05", "--count", "3", "ps", "100"]);
    assert_eq!((run.status, run.stdout.lines().count()), (0, 3), "{}", run.stderr);
    let run = memsh(&["-C", "dummy:live=yes", "watch", "--count", "2", "-n0.05", "ps", "100", "--table"]);
    assert_eq!(run.stdout.matches("# 20").count(), 2, "{}", run.stdout);
    assert_eq!(run.stdout.matches("/bin/shell").count(), 2, "{}", run.stdout);
    // An image never changes, and may be watched all the same; the status is that of the last answer.
    let run = memsh(&["sample", "watch", "-n", "0.05", "--count", "2", "vtop", "0x1234"]);
    assert_eq!((run.status, run.stdout.lines().count()), (1, 2), "{}", run.stdout);
    // What stands behind on the line goes on.
    let run = memsh(&["-C", "dummy:live=yes", "-c", "watch -n 0.05 --count 1 hash; eval 2+2"]);
    assert!(run.stdout.contains("0x4"), "{}", run.stdout);
}

#[test]
fn mistakes_are_told() {
    for (words, says) in [
        (&["watch"][..], "which command"),
        (&["watch", "-n"], "needs a number"),
        (&["watch", "-n", "soon", "ps"], "no number of seconds"),
        (&["watch", "help"], "the shell's own"),
        (&["watch", "nonsense"], "no command nonsense"),
        (&["watch", "ps", "--where", "nothing == 1"], "nothing"),
    ] {
        let all: Vec<&str> = ["sample"].into_iter().chain(words.iter().copied()).collect();
        let run = memsh(&all);
        assert_eq!((run.status, run.stdout.as_str()), (2, ""), "{words:?}: {}", run.stderr);
        assert!(run.stderr.contains(says), "{words:?}: {}", run.stderr);
    }
}
