//! `source FILE`, and the file that every interactive shell begins with.

use super::host::Shell;
use super::run::Ended;
use super::screen::worse;
use super::{builtin, line};
use crate::commands::failure::{Failure, Result, exit};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

/// Scripts that run scripts: so many in a row.
const DEPTH: usize = 16;
/// Nobody writes longer ones; an image, named by mistake, is longer.
const LONGEST: u64 = 16 << 20;

/// The text of a script.
///
/// # Errors
/// When it can't be read, is no text, or too long for a script.
pub fn text_of(path: &Path) -> Result<String> {
    let failed = |e| Failure::file(path, "read", e);
    let file = std::fs::File::open(path).map_err(failed)?;
    let mut text = String::new();
    file.take(LONGEST + 1).read_to_string(&mut text).map_err(|e| match e.kind() {
        std::io::ErrorKind::InvalidData => Failure::usage(format!("{} is not UTF-8 text", path.display())),
        _ => failed(e),
    })?;
    match u64::try_from(text.len()) {
        Ok(n) if n <= LONGEST => Ok(text),
        _ => Err(Failure::usage(format!("{} is too long for a script", path.display()))),
    }
}

/// Runs the commands in a file. The status is the worst of theirs.
///
/// # Errors
/// When the file can't be read, or scripts run each other in a circle.
pub fn run(shell: &Shell, rest: &[String], mut out: Option<&mut dyn Write>) -> Result<Ended> {
    let [path] = rest else {
        return Err(Failure::usage("source takes one file"));
    };
    let path = PathBuf::from(path);
    let text = text_of(&path)?;
    let whole = path.canonicalize().unwrap_or_else(|_| path.clone());
    {
        let mut running = shell.sources.borrow_mut();
        if running.contains(&whole) {
            return Err(Failure::usage(format!("source: {} would run itself again", path.display())));
        }
        if running.len() >= DEPTH {
            return Err(Failure::usage(format!("source: scripts run scripts more than {DEPTH} times")));
        }
        running.push(whole);
    }
    let mut all = Ended::WELL;
    for (text, number) in text.lines().zip(1u32..) {
        let ended = shell.text(text, out.as_mut().map(|o| &mut **o as &mut dyn Write));
        if ended.status != exit::SUCCESS && ended.status != exit::INTERRUPTED {
            shell.say(&format!("  in {}, line {number}: {}", path.display(), text.trim()));
        }
        all = Ended { status: worse(all.status, ended.status), quit: ended.quit };
        if all.quit || all.status == exit::INTERRUPTED {
            break;
        }
    }
    shell.sources.borrow_mut().pop();
    // `exit` in a script ends the script, not the shell.
    Ok(Ended { status: all.status, quit: false })
}

/// Runs the `set` and `alias` lines of the user's file, where there is one. Anything else in it is told and left out.
pub fn config(shell: &Shell) {
    let Some(path) = path().filter(|p| p.exists()) else { return };
    let text = match text_of(&path) {
        Ok(text) => text,
        Err(e) => return shell.report(&e),
    };
    for (text, number) in text.lines().zip(1u32..) {
        let at = |why: &str| shell.say(&format!("memsh: {}, line {number}: {why}", path.display()));
        let lines = match line::split(text) {
            Ok(lines) => lines,
            Err(why) => {
                at(&why);
                continue;
            }
        };
        for line in lines {
            let allowed = line.words.first().is_some_and(|w| matches!(w.as_str(), "set" | "alias" | "unalias"));
            if !allowed || line.output != line::Output::Stdout || line.words.len() < 2 {
                at("only set NAME VALUE, alias NAME=COMMAND and unalias NAME stand here");
                continue;
            }
            if let Some(Err(failure)) = builtin::run(shell, &line.words, &mut std::io::sink(), false) {
                at(failure.lines().first().map_or("", |l| l.trim_start_matches("memsh: ")));
            }
        }
    }
}

/// `~/.config/memsh/config`.
pub fn path() -> Option<PathBuf> {
    Some(super::folders::config()?.join("config"))
}
