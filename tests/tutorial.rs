//! The tour: all of it as text, every command of it, and with somebody at the keyboard.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod cli;

use cli::{answer, memsh, sample, with_input};
use rexpect::session::spawn_command;
use std::process::Command;

fn commands() -> Vec<String> {
    let text = sample(&["tutorial"]).stdout;
    text.lines().filter_map(|l| l.trim().strip_prefix("memsh> ")).map(str::to_owned).collect()
}

#[test]
fn the_whole_tour_is_printed_where_nobody_types() {
    let run = memsh(&["tutorial"]);
    assert_eq!((run.status, run.stderr.as_str()), (0, ""));
    assert_eq!(run.stdout, sample(&["tutorial"]).stdout);
    // The values are those of the target.
    let finding = answer(&["malfind", "--where", "reason ~ \"ELF\""])[0].clone();
    for key in ["address", "process"] {
        assert!(run.stdout.contains(finding[key].as_str().unwrap()), "{key}");
    }
    assert!(run.stdout.lines().filter(|l| !l.starts_with("    ")).all(|l| l.chars().count() <= 100));
    let third = memsh(&["tutorial", "3"]).stdout;
    assert!(run.stdout.contains(&third) && third.starts_with("3. "));
    assert_eq!(memsh(&["tutorial", "99"]).status, 2);
    let other = memsh(&["-C", "dummy", "tutorial"]);
    assert!(other.status == 2 && other.stderr.contains("memsh sample tutorial"), "{}", other.stderr);
}

#[test]
fn every_command_of_the_tour_answers() {
    let commands = commands();
    assert!(commands.len() > 8, "{commands:?}");
    // One after the other, as somebody would who follows it: `proc` holds for what comes behind.
    let run = with_input(&["sample"], &commands.join("\n"));
    assert_eq!(run.status, 0, "{}", run.stderr);
    assert!(run.stdout.contains("ELF file in anonymous memory") && run.stdout.contains("7f 45 4c 46"), "{}", run.stdout);
    // And each has something to show, in the process that was chosen by then.
    let mut chosen = String::new();
    for command in &commands {
        if command.starts_with("proc ") {
            chosen.clone_from(command);
            continue;
        }
        let run = with_input(&["sample"], &format!("{chosen}\n{command}"));
        assert!(run.status == 0 && run.stdout.lines().count() > 1, "{command}: {}{}", run.stdout, run.stderr);
    }
}

#[test]
fn a_step_waits_until_it_was_tried() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = Command::new(assert_cmd::cargo::cargo_bin!("memsh"));
    command.args(["sample", "--color", "never", "--no-pager"]).env("XDG_STATE_HOME", folder.path()).env("TERM", "xterm");
    let mut s = spawn_command(command, Some(60_000)).unwrap();
    s.exp_string("memsh sample> ").unwrap();
    s.send_line("tutorial").unwrap();
    s.exp_string("1/14 memsh sample> ").unwrap();
    // Something else is run, and the step stays.
    s.send_line("eval 6*7").unwrap();
    s.exp_string("0x2a").unwrap();
    s.exp_string("This step is still: info").unwrap();
    // Another tool's spelling does as well.
    s.send_line("vertarget").unwrap();
    s.exp_string("2/14 memsh sample> ").unwrap();
    // Enter has it run.
    s.send_line("").unwrap();
    s.exp_string("victim-b").unwrap();
    s.exp_string("3/14 memsh sample> ").unwrap();
    s.send_line("b").unwrap();
    s.exp_string("2/14 memsh sample> ").unwrap();
    s.send_line("n").unwrap();
    s.exp_string("3/14 memsh sample> ").unwrap();
    s.send_line("q").unwrap();
    s.exp_string("`tutorial 3` goes on here").unwrap();
    s.exp_string("memsh sample> ").unwrap();
    s.send_line("tutorial 7").unwrap();
    s.exp_string("7/14 memsh sample> ").unwrap();
    s.send_line("").unwrap();
    s.exp_regex(r"8/14 memsh sample\[victim-a/[0-9]+\]> ").unwrap();
    s.send_control('d').unwrap();
    s.exp_regex(r"memsh sample\[victim-a/[0-9]+\]> ").unwrap();
    s.send_control('d').unwrap();
    s.exp_eof().unwrap();
}
