//! Exit statuses, and what goes to stdout and what to stderr.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod cli;

use cli::{memsh, sample, with_input};
use std::io::Read;
use std::process::{Command, Stdio};

#[test]
fn success_is_0_and_silent_on_stderr() {
    let run = sample(&["hash"]);
    assert_eq!((run.status, run.stderr.as_str()), (0, ""));
    assert!(run.stdout.contains("sha256"));
}

#[test]
fn failure_is_1_and_says_what_to_do() {
    let run = memsh(&["/nonexistent/image.raw", "ps"]);
    assert_eq!((run.status, run.stdout.as_str()), (1, ""));
    assert!(run.stderr.starts_with("memsh: image: can't open /nonexistent/image.raw"), "{}", run.stderr);
    assert!(run.stderr.contains("\nhint: "));
}

#[test]
fn usage_errors_are_2_and_need_no_image() {
    for (words, says) in [
        (vec![], "which image?"),
        (vec!["/nonexistent", "moduels"], "did you mean modules?"),
        (vec!["/nonexistent", "ps", "--nosuch"], "unexpected argument '--nosuch'"),
        (vec!["/nonexistent", "read"], "<ADDR>"),
        (vec!["/nonexistent", "ps", "--write=everywhere"], "--write"),
        (vec!["--arch", "vax", "sample", "ps"], "--arch: vax is not"),
        (vec!["-C", "nosuch", "ps"], "nosuch"),
        (vec!["sample", "read", "1+"], "it ends too early"),
        (vec!["sample", "-c", "ps 'x"], "is not closed"),
        (vec!["sample", "ps", "--columns", "pdi"], "did you mean pid?"),
        (vec!["--base", "zz!", "sample", "ps"], "--base"),
    ] {
        let run = memsh(&words);
        assert_eq!((run.status, run.stdout.as_str()), (2, ""), "{words:?}: {}", run.stderr);
        assert!(run.stderr.starts_with("memsh: ") && run.stderr.contains(says), "{words:?}: {}", run.stderr);
    }
}

#[test]
fn a_failed_translation_is_1_with_its_answer_on_stdout() {
    let run = sample(&["vtop", "0x1234", "--json"]);
    assert_eq!(run.status, 1);
    let answer: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
    assert!(answer["physical"].is_null());
    assert_eq!(answer["fault"]["reason"], "not_present");
    assert!(run.stderr.contains("(at virtual address 0x1234)"), "{}", run.stderr);
}

#[test]
fn a_partial_answer_says_so_and_is_4_under_strict() {
    // The last bytes of the sample's memory, and as many behind its end.
    let size = cli::answer(&["info"])["image"]["memory_size"].as_u64().unwrap();
    let start = format!("{:#x}", size - 16);
    let run = sample(&["read", "--phys", &start, "-n", "32"]);
    assert_eq!(run.status, 0);
    assert!(run.stderr.starts_with("partial: 16 missing: "), "{}", run.stderr);
    assert!(run.stdout.contains("?? ?? ??"));
    assert_eq!(sample(&["--strict", "read", "--phys", &start, "-n", "32"]).status, 4);
    let run = sample(&["read", "--phys", &format!("{size:#x}"), "-n", "32"]);
    assert_eq!(run.status, 1, "nothing at all can be read");
}

#[test]
fn a_closed_pipe_ends_quietly() {
    let mut child = Command::new(assert_cmd::cargo::cargo_bin!("memsh"))
        .args(["sample", "strings", "--phys"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .stdin(Stdio::null())
        .spawn()
        .unwrap();
    let mut some = [0; 64];
    child.stdout.take().unwrap().read_exact(&mut some).unwrap();
    // Dropping the reader closes the pipe while there is far more to write than it holds.
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), output.stderr.as_slice()), (Some(0), &b""[..]));
}

#[cfg(unix)]
fn told_as_partial(told: &str) {
    assert!(told.starts_with("partial: 1 missing: what was not searched when Ctrl-C came, after about "), "{told}");
    assert!(told.ends_with(" MiB\nmemsh: interrupted\n"), "{told}");
}

#[cfg(unix)]
#[test]
fn an_interrupt_is_130_and_leaves_whole_lines() {
    let mut child = Command::new(assert_cmd::cargo::cargo_bin!("memsh"))
        .args(["sample", "strings", "--phys", "--jsonl"])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut out = child.stdout.take().unwrap();
    // It has begun, and will stand still with a full pipe until we read on.
    let mut text = vec![0; 16];
    out.read_exact(&mut text).unwrap();
    assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
    std::thread::sleep(std::time::Duration::from_millis(200));
    out.read_to_end(&mut text).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130));
    told_as_partial(&String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(text).unwrap();
    assert!(text.ends_with('\n') && text.lines().all(|l| serde_json::from_str::<serde_json::Value>(l).is_ok()));
}

#[test]
fn help_goes_to_stdout() {
    for words in [&["--help"][..], &["help"], &["help", "ps"], &["sample", "ps", "--help"], &["ps", "--help"], &["--version"]] {
        let run = memsh(words);
        assert_eq!((run.status, run.stderr.as_str()), (0, ""), "{words:?}");
        assert!(!run.stdout.is_empty(), "{words:?}");
    }
    assert!(memsh(&["--help"]).stdout.contains("modules"));
}

#[test]
fn scripts_come_from_stdin_c_and_files() {
    let script = "# what it is\nhash --json\n\nread --phys 0 -n 4 --json # bytes\n";
    let run = with_input(&["sample"], script);
    assert_eq!((run.status, run.stdout.lines().count()), (0, 2), "{}", run.stderr);
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), script).unwrap();
    assert_eq!(memsh(&["sample", "--script", file.path().to_str().unwrap()]).stdout, run.stdout);
    assert_eq!(sample(&["-c", "hash --json; read --phys 0 -n 4 --json"]).stdout, run.stdout);
    assert_eq!(sample(&["--json", "-c", "hash; read --phys 0 -n 4"]).stdout, run.stdout);
}

#[test]
fn a_failed_command_does_not_end_the_line_and_gives_its_status() {
    let run = sample(&["-c", "vtop 0x1234; hash"]);
    assert_eq!(run.status, 1);
    assert!(run.stdout.contains("sha256"));
    let run = sample(&["-c", "hash; exit; hash"]);
    assert_eq!((run.status, run.stdout.matches("sha256").count()), (0, 1));
}

#[test]
fn output_goes_through_pipes_and_into_files() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("out file");
    let line = format!("hash --json | tr a-z A-Z; hash --json > '{0}'; hash --json >> '{0}'", path.display());
    let run = sample(&["-c", &line]);
    assert_eq!(run.status, 0, "{}", run.stderr);
    assert!(run.stdout.contains("SHA256"));
    let text = std::fs::read_to_string(path).unwrap();
    assert_eq!(text.lines().count(), 2);
    assert_eq!(sample(&["-c", "strings --phys | head -1"]).status, 0);
    assert_eq!(sample(&["-c", "hash | nosuchcommand-at-all"]).status, 2);
}

#[cfg(unix)]
#[test]
fn a_failing_program_of_the_host_is_a_failure() {
    for (line, status) in [
        ("!true", 0),
        ("!false", 1),
        ("!exit 3", 1),
        ("!nosuchcommand-at-all", 2),
        ("hash | false", 1),
        ("hash | cat >/dev/null; exit", 0),
        ("hash | (cat >/dev/null; exit 3)", 1),
        ("hash | grep sha256", 0),
        ("hash | grep nothing-of-that-kind", 1),
        // Who has read enough has not failed, whoever else in the pipe notices.
        ("strings --phys | head -1", 0),
        ("strings --phys | cat | head -1", 0),
        ("strings --phys | (read x; exit 3)", 1),
        ("!kill -PIPE $$", 0),
        ("!kill -INT $$", 130),
        ("vtop 0x1234 | cat", 1),
    ] {
        let run = sample(&["-c", line]);
        assert_eq!(run.status, status, "{line}: {}", run.stderr);
        // A failure is told; the program's own words may be none.
        assert_eq!(run.stderr.contains("memsh: "), status == 1 || status == 2, "{line}: {}", run.stderr);
    }
    // What follows runs, as after any other failure.
    let run = sample(&["-c", "hash | false; hash"]);
    assert!(run.status == 1 && run.stdout.contains("sha256"), "{}", run.stderr);
}

#[cfg(unix)]
#[test]
fn a_script_is_redirected_with_all_that_is_in_it() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let script = "eval 7\n!echo from the host\neval 7 | sed s/0x7/piped/\neval 7\n";
    std::fs::write(at("inner.msh"), script).unwrap();
    std::fs::write(at("outer.msh"), format!("source {} | sed s/^/inner:/\neval 7\n", at("inner.msh"))).unwrap();
    let seven = sample(&["eval", "7"]).stdout;
    let seven = seven.trim();
    let number = seven.strip_prefix("0x7").unwrap();
    let lines = format!("{seven}\nfrom the host\npiped{number}\n{seven}\n");
    let run = sample(&["-c", &format!("source {} > {}", at("inner.msh"), at("out"))]);
    assert_eq!((run.status, run.stdout.as_str()), (0, ""), "{}", run.stderr);
    assert_eq!(std::fs::read_to_string(at("out")).unwrap(), lines);
    let run = sample(&["-c", &format!("source {} | tr a-z A-Z", at("inner.msh"))]);
    assert_eq!((run.status, run.stdout), (0, lines.to_uppercase()), "{}", run.stderr);
    // One in the other: each line goes where its own script says.
    let run = sample(&["-c", &format!("source {} >> {}; eval 7", at("outer.msh"), at("out"))]);
    assert_eq!((run.status, run.stdout), (0, format!("{seven}\n")), "{}", run.stderr);
    let inner: String = lines.lines().map(|l| format!("inner:{l}\n")).collect();
    assert_eq!(std::fs::read_to_string(at("out")).unwrap(), format!("{lines}{inner}{seven}\n"));
}

#[test]
fn a_transcript_says_where_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("case.txt").to_str().unwrap().to_owned();
    let script = format!("log status\nlog {path}\nlog status\n.logfile\nset log\nlog | head -1\nlog off\nset log\n");
    let run = cli::with_input(&["sample"], &script);
    assert_eq!(run.status, 0, "{}", run.stderr);
    let lines: Vec<&str> = run.stdout.lines().collect();
    assert!(lines[0].starts_with("there is no transcript"), "{lines:?}");
    assert_eq!(&lines[1..4], [&path, &path, &path]);
    assert!(lines[4].contains("MESSAGE") && lines[5] == "off", "{lines:?}");
    assert!(run.stderr.contains(&format!("the transcript goes to {path}")), "{}", run.stderr);
    assert_eq!(sample(&["-c", "set log x"]).status, 2);
    let help = sample(&["help", "log"]).stdout;
    assert!(help.contains("Keeps a transcript") && help.contains("log status") && help.contains("kmsg"), "{help}");
}

#[test]
fn the_image_is_never_written() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("memory.raw");
    assert_eq!(sample(&["dump", "phys", "-o", path.to_str().unwrap()]).status, 0);
    let before = std::fs::read(&path).unwrap();
    let image = path.to_str().unwrap();
    assert_eq!(memsh(&[image, "dump", "phys", "-o", image, "--force"]).status, 2);
    assert_eq!(memsh(&[image, "-c", &format!("hash > {image}")]).status, 2);
    assert!(std::fs::read(&path).unwrap() == before);
    assert_eq!(memsh(&[image, "dump", "phys", "-o", folder.path().join("memory.raw").to_str().unwrap()]).status, 2);
}

#[test]
fn a_symbol_file_of_another_kernel_is_told_once_and_not_with_quiet() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("other.json");
    // The banner, in base64: Linux version 5.0.0
    let isf = r#"{"metadata":{"format":"6.2.0","linux":{}},"base_types":{},"enums":{},"user_types":{},
        "symbols":{"linux_banner":{"address":18446744071596474368,"constant_data":"TGludXggdmVyc2lvbiA1LjAuMA=="},
        "init_task":{"address":18446744071600000000},"_text":{"address":18446744071578845184}}}"#;
    std::fs::write(&path, isf).unwrap();
    let path = path.to_str().unwrap();
    let run = memsh(&["sample", "--symbols", path, "-c", "ps; threads; ps"]);
    assert_eq!((run.status, run.stderr.matches("warning: ").count()), (0, 1), "{}", run.stderr);
    assert!(run.stderr.contains("is of another kernel"), "{}", run.stderr);
    assert_eq!(memsh(&["sample", "--symbols", path, "-q", "ps"]).stderr, "");
}
