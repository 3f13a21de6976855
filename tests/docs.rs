//! What the documentation shows runs, and answers what it says. Lines that ask the sample are run: `memsh sample ...` as the host's
//! shell would run them, `memsh> ...` and `cargo run --release -- sample ...` in memsh's own. What stands below a line with `$ ` is its answer, which may end in `...`.
//! What needs a terminal or another image is written otherwise. `MEMSH_BLESS=1` writes the answers of today.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod cli;

use cli::repository;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Longer lines of an answer are cut.
const WIDTH: usize = 118;

/// A line that is run.
struct Example {
    /// Its place among the lines of the page, from 0.
    line: usize,
    command: String,
    /// In memsh's shell, not in the host's.
    own: bool,
    /// What the page says that it answers; nothing where it says nothing.
    shown: Vec<String>,
}

fn pages() -> Vec<PathBuf> {
    let docs = fs::read_dir(repository("docs")).unwrap().map(|f| f.unwrap().path());
    let mut all: Vec<_> = docs.filter(|f| f.extension().is_some_and(|e| e == "md")).collect();
    all.push(repository("README.md"));
    all
}

fn examples(page: &str) -> Vec<Example> {
    let mut all: Vec<Example> = Vec::new();
    let (mut fenced, mut answers) = (false, false);
    for (line, text) in page.lines().enumerate() {
        if text.starts_with("```") {
            (fenced, answers) = (!fenced, false);
            continue;
        }
        let asked = text.strip_prefix("$ ");
        let code = if fenced { Some(asked.unwrap_or(text)) } else { text.strip_prefix("    ") };
        let command = code.and_then(|c| match c.strip_prefix("memsh> ") {
            Some(own) => Some((own, true)),
            None if c.starts_with("memsh sample ") => Some((c, false)),
            None => c.split_once("cargo run --release -- sample ").map(|(_, words)| (words, true)),
        });
        match command {
            Some((command, own)) => {
                all.push(Example { line, command: command.trim().to_owned(), own, shown: Vec::new() });
                answers = fenced && asked.is_some();
            }
            None if answers && asked.is_none() => all.last_mut().unwrap().shown.push(text.to_owned()),
            None => answers = false,
        }
    }
    all
}

/// What a line answers; else how it failed.
fn run(folder: &Path, example: &Example) -> Result<Vec<String>, String> {
    let program = assert_cmd::cargo::cargo_bin!("memsh");
    let mut command = if example.own { Command::new(program) } else { Command::new("sh") };
    match example.own {
        true => command.args(["sample", "-c", &example.command]),
        false => command.arg("-c").arg(format!("memsh() {{ '{}' \"$@\"; }}; {}", program.display(), example.command)),
    };
    let path = format!("{}:{}", folder.join("bin").display(), std::env::var("PATH").unwrap());
    command.current_dir(folder).env("PATH", path).env("XDG_CACHE_HOME", "/dev/null").stdin(Stdio::null());
    let output = command.output().unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    if !output.status.success() || stderr.contains("panicked") {
        return Err(format!("{}: {stderr}", output.status));
    }
    Ok(String::from_utf8(output.stdout).unwrap().lines().map(cut).collect())
}

fn cut(line: &str) -> String {
    match line.chars().count() > WIDTH {
        true => line.chars().take(WIDTH - 3).chain("...".chars()).collect(),
        false => line.trim_end().to_owned(),
    }
}

/// The answer, as long as the page shows it.
fn excerpt(answer: &[String], shown: &[String]) -> Vec<String> {
    let more = shown.last().is_some_and(|l| l == "...");
    let lines = if more { shown.len() - 1 } else { answer.len() };
    let mut out: Vec<String> = answer.iter().take(lines).cloned().collect();
    if lines < answer.len() {
        out.push("...".to_owned());
    }
    out
}

/// A folder to write into, with a stand-in for a program that not every host has.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("bin")).unwrap();
    let jq = folder.path().join("bin/jq");
    fs::write(&jq, "#!/bin/sh\ncat >/dev/null\n").unwrap();
    fs::set_permissions(&jq, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    folder
}

fn wrong(page: &Path) -> Vec<String> {
    let folder = folder();
    let text = fs::read_to_string(page).unwrap();
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let mut wrong = Vec::new();
    let bless = std::env::var_os("MEMSH_BLESS").is_some();
    // From the end, so that places stay what they are.
    let results: Vec<_> = examples(&text).into_iter().map(|e| (run(folder.path(), &e), e)).collect();
    for (answer, example) in results.into_iter().rev() {
        let place = format!("{}:{}: {}", page.display(), example.line + 1, example.command);
        match answer {
            Err(why) => wrong.push(format!("{place}\n{why}")),
            Ok(_) if example.shown.is_empty() => {}
            Ok(answer) => {
                let now = excerpt(&answer, &example.shown);
                let first = example.line + 1;
                match bless {
                    true => drop(lines.splice(first..first + example.shown.len(), now)),
                    false if now == example.shown => {}
                    false => wrong.push(format!("{place}\n{}\nand not\n{}", now.join("\n"), example.shown.join("\n"))),
                }
            }
        }
    }
    let blessed = lines.join("\n") + "\n";
    if bless && blessed != text {
        fs::write(page, blessed).unwrap();
    }
    wrong
}

#[test]
fn what_the_documentation_shows_runs_and_answers_so() {
    let pages = pages();
    let wrong: Vec<String> = std::thread::scope(|scope| {
        let each: Vec<_> = pages.iter().map(|page| scope.spawn(|| wrong(page))).collect();
        each.into_iter().flat_map(|t| t.join().unwrap()).collect()
    });
    assert!(wrong.is_empty(), "MEMSH_BLESS=1 writes the answers of today\n\n{}", wrong.join("\n\n"));
}

#[test]
fn the_documentation_has_examples() {
    for (page, least, answered) in [("README.md", 3, 1), ("docs/linux.md", 20, 20), ("docs/shell.md", 20, 0)] {
        let all = examples(&fs::read_to_string(repository(page)).unwrap());
        let shown = all.iter().filter(|e| !e.shown.is_empty()).count();
        assert!(all.len() >= least && shown >= answered, "{page}: {} examples, {shown} with an answer", all.len());
    }
}

#[test]
fn examples_are_what_stands_in_code() {
    let page = "memsh sample a\n\n    memsh sample b   # c\n    memsh> d\n```\n$ memsh sample e\nrow\n...\n$ memsh IMAGE f\nrow\n```\n`memsh sample g`\n";
    let found: Vec<_> = examples(page).into_iter().map(|e| (e.line, e.command, e.own, e.shown)).collect();
    let text = |t: &str| t.to_owned();
    let expected = [
        (2, text("memsh sample b   # c"), false, vec![]),
        (3, text("d"), true, vec![]),
        (5, text("memsh sample e"), false, vec![text("row"), text("...")]),
    ];
    assert_eq!(found, expected);
    let lines = |t: &str| -> Vec<String> { t.split(' ').map(text).collect() };
    assert_eq!(excerpt(&lines("a b c"), &lines("x ...")), lines("a ..."));
    assert_eq!(excerpt(&lines("a b c"), &lines("x y")), lines("a b c"));
    assert_eq!(excerpt(&lines("a"), &lines("x ...")), lines("a"));
}
