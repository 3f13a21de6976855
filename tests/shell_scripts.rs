//! Aliases of the user, `source`, the log, and the forms that readers of pipes and files get.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod cli;

use cli::{answer, memsh, sample, with_input};
use serde_json::Value;
use std::path::Path;

fn lines(run: &cli::Run) -> Vec<&str> {
    run.stdout.lines().collect()
}

#[test]
fn aliases_stand_for_lines_with_arguments() {
    let run = sample(&["-c", "alias two='eval $1; eval $2'; two 1+1 3+3; alias e=eval; e 8"]);
    assert_eq!(
        (run.status, lines(&run)),
        (0, vec!["0x2  2  0o2  0b10", "0x6  6  0o6  0b110", "0x8  8  0o10  0b1000"]),
        "{}",
        run.stderr
    );
    // The answer goes where the line sends it, and the options stand behind.
    let run = sample(&["-c", "alias users='ps -u'; users --columns pid --no-header | wc -l"]);
    assert_eq!(run.stdout.trim(), answer(&["ps", "-u"]).as_array().unwrap().len().to_string());
    let run = sample(&["-c", "alias two='eval $1; eval $2'; two 1"]);
    assert_eq!(run.status, 2);
    assert!(run.stderr.contains("alias two: argument 2 is missing"), "{}", run.stderr);
    for (line, says) in [
        ("alias a='ps |'", "a shell command is missing"),
        ("alias exit=ps", "has to keep its meaning"),
        ("alias 'a b'=ps", "can't be a name"),
        ("unalias nosuch", "no alias nosuch of yours"),
        ("alias zz9=ps; unalias zz9; zz9", "there is no command zz9"),
        ("alias x = ps", "without spaces around the ="),
    ] {
        let run = sample(&["-c", line]);
        assert_eq!(run.status, 2, "{line}: {}", run.stderr);
        assert!(run.stderr.contains(says), "{line}: {}", run.stderr);
    }
    let run = sample(&["-c", "alias big='maps --where \"size > 4k\"'; alias"]);
    assert!(run.stdout.starts_with("alias 'big=maps --where \"size > 4k\"'\n"), "{}", run.stdout);
}

#[test]
fn source_runs_a_file_and_knows_circles() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let text = |p: &Path| p.to_str().unwrap().to_owned();
    std::fs::write(path("a"), "# one\neval 1\n\neval 2 # two\n").unwrap();
    std::fs::write(path("b"), format!("source '{0}'\n$<{0}\nexit\neval 9\n", text(&path("a")))).unwrap();
    let run = sample(&["-c", &format!(". {}; eval 3", text(&path("b")))]);
    assert_eq!(run.status, 0, "{}", run.stderr);
    // `exit` ends the script that it stands in.
    let first: Vec<String> = lines(&run).iter().map(|l| l[..3].to_owned()).collect();
    assert_eq!(first, ["0x1", "0x2", "0x1", "0x2", "0x3"]);
    std::fs::write(path("c"), format!("eval 1\nsource {}\n", text(&path("c")))).unwrap();
    let run = sample(&["source", &text(&path("c"))]);
    assert_eq!(run.status, 2);
    assert!(run.stderr.contains("would run itself again") && run.stderr.contains("line 2: source"), "{}", run.stderr);
    // A script's answers go where the line sends it.
    let run = sample(&["-c", &format!("source {} > {}", text(&path("a")), text(&path("out")))]);
    assert_eq!((run.status, run.stdout.as_str()), (0, ""), "{}", run.stderr);
    assert_eq!(std::fs::read_to_string(path("out")).unwrap().lines().count(), 2);
    assert_eq!(sample(&["source", "/nonexistent/x"]).status, 1);
    std::fs::write(path("bad"), [0xff, 0xfe]).unwrap();
    assert!(sample(&["source", &text(&path("bad"))]).stderr.contains("not UTF-8"));
    for words in [["source", "/dev/zero"], ["--script", "/dev/zero"]] {
        let run = sample(&words);
        assert!(run.status == 2 && run.stderr.contains("too long for a script"), "{words:?}: {}", run.stderr);
    }
}

#[test]
fn a_log_has_commands_answers_and_statuses() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("case.log");
    let log = path.to_str().unwrap();
    let run = sample(&["--log", log, "--color", "always", "-c", "hash; vtop 0x1234; ps -u | head -2; eval 1 # note"]);
    assert_eq!(run.status, 1);
    let text = std::fs::read_to_string(&path).unwrap();
    assert!(!text.contains('\x1b'), "no colours: {text}");
    for part in [
        "log begun 20",
        "# target: the sample inside memsh (raw, ",
        "memsh sample> hash\npath",
        "[exit status 0, ",
        "memsh sample> vtop 0x1234\n",
        "memsh: virtual memory: no physical address",
        "[exit status 1, ",
        "memsh sample> ps -u | head -2\nPID",
        "memsh sample> eval 1 # note\n0x1  1  0o1  0b1\n",
        "# log ended 20",
    ] {
        assert!(text.contains(part), "{part:?} is not in {text}");
    }
    let time = text.lines().find(|l| l.starts_with('[') && l.contains("> hash")).unwrap();
    assert!(time[1..21].ends_with('Z') && time.as_bytes()[11] == b'T', "{time}");
    // Behind what is there; with --force instead of it. The fingerprint is known only once `hash` has run.
    let run = with_input(&["sample"], &format!("log {log}\neval 2\nlog off\neval 3\n"));
    assert_eq!((run.status, run.stdout.lines().count()), (0, 2), "{}", run.stderr);
    let more = std::fs::read_to_string(&path).unwrap();
    assert!(more.starts_with(&text) && more.contains("eval 2\n0x2") && !more.contains("eval 3") && !more.contains("# sha256"));
    let run = sample(&["-c", &format!("hash; log {log} --force; eval 4; .logclose")]);
    assert_eq!(run.status, 0, "{}", run.stderr);
    let anew = std::fs::read_to_string(&path).unwrap();
    let sha256 = answer(&["hash"])["sha256"].as_str().unwrap().to_owned();
    assert!(!anew.contains("eval 2") && anew.contains(&format!("# sha256: {sha256}")) && anew.contains("eval 4"), "{anew}");
    // One command, its option behind it.
    let one = folder.path().join("one.log");
    assert_eq!(sample(&["hash", "--log", one.to_str().unwrap()]).status, 0);
    assert!(std::fs::read_to_string(&one).unwrap().contains(&sha256));
}

#[test]
fn a_log_is_never_the_image() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("memory.raw");
    assert_eq!(sample(&["dump", "phys", "-o", path.to_str().unwrap()]).status, 0);
    let image = path.to_str().unwrap();
    let before = std::fs::read(&path).unwrap();
    let link = folder.path().join("link.log");
    std::fs::hard_link(&path, &link).unwrap();
    for log in [image, link.to_str().unwrap()] {
        let run = memsh(&[image, "--log", log, "-c", "eval 1"]);
        assert_eq!((run.status, run.stdout.as_str()), (2, ""), "{}", run.stderr);
        assert_eq!(memsh(&[image, "-c", &format!("log {log} --force")]).status, 2);
        assert_eq!(memsh(&[image, "hash", "--log", log]).status, 2);
    }
    assert!(std::fs::read(&path).unwrap() == before);
}

#[test]
fn files_and_readers_get_the_form_they_need() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, command: &str| {
        let path = folder.path().join(name);
        let run = sample(&["-c", &format!("{command} > '{}'", path.display())]);
        assert_eq!(run.status, 0, "{}", run.stderr);
        std::fs::read_to_string(path).unwrap()
    };
    let ps = answer(&["ps"]);
    assert_eq!(serde_json::from_str::<Value>(&write("a.json", "ps")).unwrap(), ps);
    assert_eq!(write("a.jsonl", "ps").lines().count(), ps.as_array().unwrap().len());
    assert!(write("a.csv", "ps").starts_with("pid,ppid,name,"));
    assert!(write("a.txt", "ps").starts_with("PID  PPID"));
    assert!(write("b.json", "ps --table").starts_with("PID  PPID"), "another form was asked for");
    assert!(write("c.json", "foreach user maps").starts_with("[{\"pid\":"));
    // `--` ends the options, and is no obstacle.
    let scan = write("d.json", "scan --max 1 -k -- Linux");
    assert_eq!(serde_json::from_str::<Value>(&scan).unwrap().as_array().unwrap().len(), 1);
}

#[test]
fn pipes_get_plain_whole_lines() {
    let run = sample(&["-c", "ps | cat"]);
    let long = answer(&["ps"]).as_array().unwrap().iter().map(|p| p["command_line"].as_str().unwrap_or("").len()).max().unwrap();
    assert!(long > 60);
    assert_eq!(run.stdout.lines().count(), answer(&["ps"]).as_array().unwrap().len() + 1, "a line for each row");
    assert!(run.stdout.lines().any(|l| l.len() > 100) && !run.stdout.contains('\x1b'));
}

#[test]
fn the_file_of_settings_is_for_interactive_shells_only() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("memsh")).unwrap();
    std::fs::write(folder.path().join("memsh/config"), "set format json\n").unwrap();
    let mut command = assert_cmd::Command::cargo_bin("memsh").unwrap();
    let output = command.args(["sample", "-c", "ps"]).env("XDG_CONFIG_HOME", folder.path()).output().unwrap();
    assert!(String::from_utf8_lossy(&output.stdout).starts_with("PID"), "scripts mean the same everywhere");
}
