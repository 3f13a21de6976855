//! The line editor, on a terminal of its own.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use rexpect::session::{PtySession, spawn_command};
use std::process::Command;
use tempfile::TempDir;

/// A shell on the sample, at its first prompt; the folder keeps its history.
fn shell(folder: &TempDir) -> PtySession {
    let mut command = Command::new(assert_cmd::cargo::cargo_bin!("memsh"));
    command.args(["sample", "--color", "never"]).env("XDG_STATE_HOME", folder.path()).env("TERM", "xterm");
    let mut shell = spawn_command(command, Some(20_000)).unwrap();
    shell.exp_string("memsh sample> ").unwrap();
    shell
}

#[test]
fn lines_are_run_and_the_prompt_shows_the_process() {
    let folder = tempfile::tempdir().unwrap();
    let mut s = shell(&folder);
    s.send_line("eval 4k*2").unwrap();
    s.exp_string("0x2000").unwrap();
    s.send_line("proc victim-b").unwrap();
    s.exp_regex(r"memsh sample\[victim-b/[0-9]+\]> ").unwrap();
    s.send_line("maps | head -3").unwrap();
    s.exp_string("START").unwrap();
    s.send_line("nonsense").unwrap();
    s.exp_string("there is no command nonsense").unwrap();
    s.send_line("proc -").unwrap();
    s.exp_string("memsh sample> ").unwrap();
    s.send_line("exit").unwrap();
    s.exp_eof().unwrap();
    let history = std::fs::read_to_string(folder.path().join("memsh/history")).unwrap();
    assert!(history.contains("eval 4k*2") && history.contains("nonsense"));
}

#[test]
fn tab_completes_commands_and_symbols() {
    let folder = tempfile::tempdir().unwrap();
    let mut s = shell(&folder);
    s.send("modul\t\n").unwrap();
    s.exp_string("REFCOUNT").unwrap();
    s.exp_string("memsh sample> ").unwrap();
    s.send("near init_tas\t\n").unwrap();
    s.exp_regex("0xffffffff[0-9a-f]+ +D +init_task").unwrap();
    s.exp_string("memsh sample> ").unwrap();
    s.send("dt list_hea\t\n").unwrap();
    s.exp_string("16 bytes").unwrap();
}

#[test]
fn ctrl_c_ends_the_command_and_ctrl_d_the_shell() {
    let folder = tempfile::tempdir().unwrap();
    let mut s = shell(&folder);
    // At the prompt it throws the line away.
    s.send("this is no").unwrap();
    s.send_control('c').unwrap();
    s.exp_string("memsh sample> ").unwrap();
    s.send_line("strings --phys").unwrap();
    s.exp_string("ENCODING").unwrap();
    s.send_control('c').unwrap();
    s.exp_string("memsh: interrupted").unwrap();
    s.exp_string("memsh sample> ").unwrap();
    s.send_line("eval 1+1").unwrap();
    s.exp_string("0x2").unwrap();
    s.exp_string("memsh sample> ").unwrap();
    s.send_control('d').unwrap();
    s.exp_eof().unwrap();
}
