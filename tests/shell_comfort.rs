//! What makes an answer easy to read and a command easy to type.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod cli;

use cli::{answer, sample};

/// The pid of the first process of this name.
fn pid(name: &str) -> String {
    let all = answer(&["ps"]);
    let found = all.as_array().unwrap().iter().find(|p| p["name"] == name).unwrap();
    found["pid"].to_string()
}

#[test]
fn a_pid_may_stand_first_or_behind_p() {
    let pid = pid("victim-a");
    for command in
        ["maps", "pages", "modules", "threads", "files", "net", "env", "cmdline", "creds", "mounts", "namespaces", "bt"]
    {
        let (first, option) = (answer(&[command, &pid]), answer(&[command, "-p", &pid]));
        assert!(!first.as_array().unwrap().is_empty(), "{command}");
        assert_eq!(first, option, "{command}");
    }
    let held = answer(&["maps", &pid, "0x401000"]);
    assert_eq!((held.as_array().unwrap().len(), &held[0]["start"]), (1, &"0x401000".into()), "{held}");
    assert_eq!(answer(&["maps", "victim-a"]), answer(&["maps", "-p", "victim-a"]));
    assert_eq!((sample(&["maps", "99999"]).status, sample(&["pages", "99999"]).status), (1, 1));
    assert_eq!(sample(&["maps", &pid, "0x401000", "0x402000"]).status, 2);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("core");
    let written = answer(&["dump", &pid, "-o", file.to_str().unwrap()]);
    assert_eq!(written["path"], file.to_str().unwrap());
    assert!(std::fs::read(&file).unwrap().starts_with(b"\x7fELF"));
}

#[test]
fn an_empty_list_says_why() {
    let pid = pid("victim-a");
    for (words, why) in [
        (&["swaps"][..], "no swap area is in use"),
        (&["bash"], "no process is a bash; --all"),
        (&["bash", "1"], "keep no history"),
        (&["cgroups"], "control groups"),
        (&["maps", &pid, "0x1"], "holds 0x1"),
        (&["pagecache", "memfd"], "'*memfd*'"),
        (&["modules", "nosuch*"], "none of the "),
        (&["hooks", "--suspicious"], "looks wrong"),
        (&["textcheck"], "kernel's code"),
        (&["ps", "--where", "pid == 99999"], "no row fulfils --where"),
        (&["net", "1"], "nothing found"),
    ] {
        let run = sample(words);
        assert_eq!((run.status, run.stdout.lines().count()), (0, 1), "{words:?}: {}", run.stdout);
        assert!(run.stderr.starts_with("(no rows: ") && run.stderr.contains(why), "{words:?}: {}", run.stderr);
        let quiet = sample(&[words, &["-q"]].concat());
        assert_eq!(quiet.stderr, "", "{words:?}");
    }
    // A program sees it by itself.
    assert_eq!(sample(&["swaps", "--json"]).stderr, "");
    assert_eq!(sample(&["ps", "1"]).stderr, "");
}

#[test]
fn the_ends_of_a_connection_are_one_column_each() {
    let run = sample(&["net", "-t"]);
    assert_eq!(
        run.stdout.lines().next().unwrap().split_whitespace().collect::<Vec<_>>(),
        ["PROTOCOL", "LOCAL", "REMOTE", "STATE", "PID", "PROCESS", "FD", "DETAIL"]
    );
    assert!(run.stdout.contains("127.0.0.1:4242  ") && run.stdout.contains("[::1]:4243  "), "{}", run.stdout);
    // The fields are those they were.
    let row = &answer(&["net", "-t"])[0];
    assert!(row["local_address"].is_string() && row["local_port"].is_number() && row["remote_port"].is_null(), "{row}");
}

#[test]
fn wrong_values_are_errors_and_not_empty_lists() {
    for words in [["malfind", "--kind", "memry"], ["hooks", "--only", "sycall"]] {
        let run = sample(&words);
        assert_eq!((run.status, run.stdout.as_str()), (2, ""), "{words:?}");
        assert!(run.stderr.contains("a similar value exists"), "{}", run.stderr);
    }
    let run = sample(&["ls"]);
    assert_eq!(run.status, 2);
    assert!(run.stderr.contains("pagecache") && !run.stderr.contains("did you mean"), "{}", run.stderr);
}

#[test]
fn a_deleted_file_is_found_by_the_name_it_had() {
    let short = answer(&["pagecache", "/memfd:lab-memfd"]);
    assert_eq!(short, answer(&["pagecache", "/memfd:lab-memfd (deleted)"]));
    assert_eq!(short[0]["deleted"], true);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("memfd");
    let written = answer(&["dump", "--file", "/memfd:lab-memfd", "-o", file.to_str().unwrap()]);
    assert_eq!(written["bytes"], short[0]["size"]);
}

#[test]
fn help_is_by_what_is_asked_for_and_fits_a_narrow_terminal() {
    let help = sample(&["help"]).stdout;
    let commands = help.split("\nThe shell:").next().unwrap();
    for command in cli::commands() {
        assert_eq!(commands.lines().filter(|l| l.starts_with(&format!("  {command} "))).count(), 1, "{command}: {help}");
    }
    assert!(help.starts_with("The machine:\n") && help.contains("\nProcesses:\n") && help.contains("\nThe shell:\n"), "{help}");
    let long: Vec<&str> = commands.lines().filter(|l| l.chars().count() > 100).collect();
    assert!(long.is_empty(), "{long:?}");
}

#[test]
fn volatility_lists_what_processes_have_loaded() {
    let run = sample(&["linux.elfs"]);
    assert!(run.stdout.contains("-- victim-a/") && run.stdout.contains("/lab/bin/victim-a"), "{}", run.stdout);
}

#[cfg(unix)]
#[test]
fn tables_fit_a_terminal_of_120_columns() {
    use rexpect::session::spawn_command;
    let folder = tempfile::tempdir().unwrap();
    let memsh = assert_cmd::cargo::cargo_bin!("memsh");
    let commands = [
        "ps",
        "ps -t",
        "ps --scan",
        "threads",
        "bt",
        "net",
        "files",
        "maps 1",
        "modules",
        "modules --scan",
        "mounts",
        "interfaces",
        "hooks",
        "creds",
        "namespaces",
        "pagecache",
        "timers",
        "kmsg",
        "malfind",
        "info",
        "percpu",
    ];
    let script = format!("stty cols 120; {} sample --no-pager --color never -q -c '{}'", memsh.display(), commands.join("; "));
    let mut command = std::process::Command::new("sh");
    command.args(["-c", &script]).env("TERM", "xterm").env("XDG_CONFIG_HOME", folder.path());
    let text = spawn_command(command, Some(120_000)).unwrap().exp_eof().unwrap();
    assert!(text.lines().count() > 500, "{text}");
    let wide: Vec<&str> = text.lines().filter(|l| l.trim_end().chars().count() > 120).collect();
    assert!(wide.is_empty(), "{wide:#?}");
}
