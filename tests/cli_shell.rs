//! The line editor, on a terminal of its own.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use rexpect::session::{PtySession, spawn_command};
use std::process::Command;
use tempfile::TempDir;

const PROMPT: &str = "memsh sample> ";

/// A shell on the sample, at its first prompt; the folder keeps its history and may hold its settings.
fn shell(folder: &TempDir) -> PtySession {
    shell_with(folder, &["--color", "never", "--no-pager"], &[])
}

fn shell_with(folder: &TempDir, options: &[&str], variables: &[(&str, &str)]) -> PtySession {
    let mut command = Command::new(assert_cmd::cargo::cargo_bin!("memsh"));
    command.arg("sample").args(options).env("XDG_STATE_HOME", folder.path()).env("XDG_CONFIG_HOME", folder.path());
    command.env("TERM", "xterm").env_remove("NO_COLOR").envs(variables.iter().copied());
    let mut shell = spawn_command(command, Some(20_000)).unwrap();
    shell.exp_string("memsh sample").unwrap();
    shell.exp_string("> ").unwrap();
    shell
}

/// Types a line; what is shown until the next prompt.
fn ask(shell: &mut PtySession, line: &str) -> String {
    shell.send_line(line).unwrap();
    // At the end of a line the editor draws it, prompt and all, once more.
    shell.exp_string("\r\n").unwrap();
    shell.exp_string(PROMPT).unwrap()
}

/// A pager that shows the first lines and goes, as a person does who has seen enough.
fn pager(folder: &TempDir) -> String {
    use std::os::unix::fs::PermissionsExt;
    let path = folder.path().join("pager.sh");
    std::fs::write(&path, "#!/bin/sh\necho PAGER BEGINS\nhead -n ${1:-6}\necho PAGER ENDS\n").unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    path.to_str().unwrap().to_owned()
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

#[test]
fn long_answers_go_through_the_pager_and_short_ones_do_not() {
    let folder = tempfile::tempdir().unwrap();
    let pager = pager(&folder);
    let mut s = shell_with(&folder, &["--color", "never"], &[("MEMSH_PAGER", &pager)]);
    ask(&mut s, "!stty rows 12 cols 100");
    s.send_line("ps").unwrap();
    let before = s.exp_string("PAGER BEGINS").unwrap();
    assert!(!before.contains("kthreadd"), "nothing is shown before the pager: {before}");
    s.exp_string("kthreadd").unwrap();
    s.exp_string("PAGER ENDS").unwrap();
    // Whoever leaves it is at the prompt, without a complaint.
    let after = s.exp_string(PROMPT).unwrap();
    assert!(!after.contains("memsh:"), "{after}");
    let short = ask(&mut s, "ps 1 2");
    assert!(short.contains("kthreadd") && !short.contains("PAGER"), "{short}");
    // Nor what is for programs, nor what goes elsewhere, nor who says so.
    for line in ["ps --json", "ps | cat", "ps --no-pager"] {
        let answer = ask(&mut s, line);
        assert!(answer.contains("kthreadd") && !answer.contains("PAGER"), "{line}: {answer}");
    }
    ask(&mut s, "set pager off");
    assert!(!ask(&mut s, "ps").contains("PAGER"));
    ask(&mut s, &format!("set pager {pager} 5"));
    // The pager leaves in the middle of what would take long: the command ends with it.
    s.send_line("strings --phys").unwrap();
    s.exp_string("PAGER ENDS").unwrap();
    s.exp_string(PROMPT).unwrap();
    s.send_line("eval 1+1").unwrap();
    s.exp_string("0x2").unwrap();
}

#[test]
fn ctrl_c_in_a_pager_leaves_both_alive() {
    let folder = tempfile::tempdir().unwrap();
    // It does with Ctrl-C what less does: go on.
    let pager = folder.path().join("deaf.sh");
    std::fs::write(
        &pager,
        "trap '' INT\necho PAGER BEGINS\nread line\necho PAGER SAW $line\nsleep 1\ncat > /dev/null\necho PAGER ENDS\n",
    )
    .unwrap();
    let pager = format!("sh {}", pager.display());
    let mut s = shell_with(&folder, &["--color", "never"], &[("MEMSH_PAGER", &pager)]);
    ask(&mut s, "!stty rows 12 cols 100");
    s.send_line("strings --phys").unwrap();
    s.exp_string("PAGER SAW").unwrap();
    for _ in 0..3 {
        s.send_control('c').unwrap();
        std::thread::sleep(std::time::Duration::from_millis(30));
    }
    let shown = s.exp_string("PAGER ENDS").unwrap();
    assert!(!shown.contains("interrupted"), "it would be written across the pager: {shown}");
    s.exp_string("memsh: interrupted").unwrap();
    s.exp_string(PROMPT).unwrap();
    s.send_line("eval 1+1").unwrap();
    s.exp_string("0x2").unwrap();
}

#[test]
fn one_command_on_a_terminal_is_paged_too() {
    let folder = tempfile::tempdir().unwrap();
    let pager = pager(&folder);
    let memsh = assert_cmd::cargo::cargo_bin!("memsh");
    let mut command = Command::new("sh");
    let script = format!("stty rows 12 cols 100; {0} sample ps; echo status $?; {0} sample ps --no-pager", memsh.display());
    command.args(["-c", &script]).env("MEMSH_PAGER", &pager).env("TERM", "xterm");
    let mut s = spawn_command(command, Some(20_000)).unwrap();
    s.exp_string("PAGER BEGINS").unwrap();
    s.exp_string("PAGER ENDS").unwrap();
    s.exp_string("status 0").unwrap();
    let rest = s.exp_eof().unwrap();
    assert!(rest.contains("kthreadd") && !rest.contains("PAGER"));
}

#[test]
fn a_table_is_as_wide_as_the_terminal_is_now() {
    let folder = tempfile::tempdir().unwrap();
    let mut s = shell(&folder);
    let mut header = |columns: u32| {
        ask(&mut s, &format!("!stty rows 50 cols {columns}"));
        ask(&mut s, "ps 1")
    };
    let wide = header(160);
    let narrow = header(70);
    assert!(wide.contains("START TIME") && !wide.contains("no room for"), "{wide}");
    assert!(!narrow.contains("START TIME") && narrow.contains("no room for"), "{narrow}");
}

#[test]
fn lines_are_recalled_and_shown_before_they_are_run() {
    let folder = tempfile::tempdir().unwrap();
    let mut s = shell(&folder);
    let mut ask = |line: &str| ask(&mut s, line);
    assert!(ask("eval 4+4").contains("0x8"));
    let again = ask("!!");
    assert!(again.contains("eval 4+4") && again.contains("0x8"), "{again}");
    ask("hash --no-header");
    let eval = ask("!eval");
    assert!(eval.contains("eval 4+4") && eval.contains("0x8"), "{eval}");
    let first = ask("!1 | tr a-z A-Z");
    assert!(first.contains("eval 4+4 | tr a-z A-Z") && first.contains("0X8"), "{first}");
    let list = ask("history");
    assert!(list.contains("    1  eval 4+4") && list.contains("hash --no-header"), "{list}");
    assert!(ask("!99").contains("no line 99"));
    // The host's shell has the rest.
    assert!(ask("!echo a b").contains("a b"));
    assert!(ask("!sh echo sixpence").contains("sixpence"));
}

#[test]
fn settings_and_aliases_come_from_the_users_file() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("memsh")).unwrap();
    let config = "# mine\nalias ev='eval $1'\nset header off\nps\nset nosuch 1\n";
    std::fs::write(folder.path().join("memsh/config"), config).unwrap();
    let mut command = Command::new(assert_cmd::cargo::cargo_bin!("memsh"));
    command.args(["sample", "--color", "never"]).env("XDG_STATE_HOME", folder.path()).env("XDG_CONFIG_HOME", folder.path());
    let mut s = spawn_command(command, Some(20_000)).unwrap();
    let told = s.exp_string(PROMPT).unwrap();
    assert!(told.contains("line 4: only set") && told.contains("line 5: there is no setting nosuch"), "{told}");
    s.send_line("ev 4k").unwrap();
    s.exp_string("0x1000").unwrap();
    s.exp_string(PROMPT).unwrap();
    assert!(!ask(&mut s, "ps 1").contains("PPID"));
    let mut s = shell_with(&folder, &["--color", "never", "--no-config"], &[]);
    s.send_line("ev 4k").unwrap();
    s.exp_string("there is no command ev").unwrap();
}

#[test]
fn a_log_is_kept_of_what_is_typed() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("case.log");
    let mut s = shell(&folder);
    assert!(ask(&mut s, &format!("log {}", log.display())).contains("logging to"));
    for line in ["eval 4+4", "nonsense", "alias x9='eval 5+5'", "x9", "ps | grep kthreadd"] {
        ask(&mut s, line);
    }
    s.send_line("log off").unwrap();
    s.exp_string("log closed").unwrap();
    let text = std::fs::read_to_string(log).unwrap();
    for part in ["memsh sample> eval 4+4\n0x8", "nonsense\nmemsh: there is no command", "> x9\n0xa", "grep kthreadd\n  2 "] {
        assert!(text.contains(part), "{part:?} is not in {text}");
    }
}

#[test]
fn colours_and_hints_do_not_get_into_the_line() {
    let folder = tempfile::tempdir().unwrap();
    let mut s = shell_with(&folder, &["--color", "always", "--no-pager"], &[]);
    s.send("vtop ").unwrap();
    s.flush().unwrap();
    // The arguments, dim, and the name of a command in green.
    s.exp_string("\x1b[2m[ADDR]").unwrap();
    s.send_line("0x1234").unwrap();
    s.exp_string("not_present").unwrap();
    s.exp_string("> ").unwrap();
    s.send("eva").unwrap();
    s.flush().unwrap();
    s.send("l 3+3").unwrap();
    s.flush().unwrap();
    s.exp_string("\x1b[1;32meval").unwrap();
    s.send_line("").unwrap();
    s.exp_string("0x6").unwrap();
    s.exp_string("> ").unwrap();
    s.send("zzz ").unwrap();
    s.flush().unwrap();
    s.exp_string("\x1b[31mzzz").unwrap();
    s.send_control('c').unwrap();
    s.exp_string("\r\n").unwrap();
    s.exp_string("memsh sample> ").unwrap();
    // The hint from the history is taken by the right arrow, the usage is not.
    s.send("vto\x1b[C\n").unwrap();
    s.exp_string("not_present").unwrap();
    s.exp_string("> ").unwrap();
    s.send("ptov \x1b[C\n").unwrap();
    s.exp_string("required arguments").unwrap();
}

#[test]
fn tab_completes_keys_of_rows() {
    let folder = tempfile::tempdir().unwrap();
    let mut s = shell(&folder);
    s.send("ps --columns pid,ppi\t --where 'kernel_th\t' --limit 1\n").unwrap();
    s.exp_string("PID  PPID\r\n").unwrap();
    s.exp_string(PROMPT).unwrap();
    s.send("foreach 'ui\t == 1000' threads\n").unwrap();
    s.exp_string("victim-b").unwrap();
}
