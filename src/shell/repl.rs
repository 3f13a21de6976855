//! The line editor.

use super::complete::Complete;
use super::host::Shell;
use super::render::{Paint, escape};
use super::run::{Ended, report};
use crate::commands::failure::Failure;
use rustyline::completion::{Completer, Pair};
use rustyline::error::ReadlineError;
use rustyline::highlight::Highlighter;
use rustyline::hint::{Hinter, HistoryHinter};
use rustyline::history::DefaultHistory;
use rustyline::validate::Validator;
use rustyline::{CompletionType, Config, Context, Editor, Helper};
use std::borrow::Cow;
use std::io::IsTerminal;
use std::path::PathBuf;

struct Assistant<'a> {
    complete: Complete<'a>,
    hinter: HistoryHinter,
    color: bool,
}

impl Helper for Assistant<'_> {}
impl Validator for Assistant<'_> {}

impl Completer for Assistant<'_> {
    type Candidate = Pair;

    fn complete(&self, line: &str, pos: usize, cx: &Context<'_>) -> rustyline::Result<(usize, Vec<Pair>)> {
        self.complete.complete(line, pos, cx)
    }
}

impl Hinter for Assistant<'_> {
    type Hint = String;

    fn hint(&self, line: &str, pos: usize, cx: &Context<'_>) -> Option<String> {
        if line.is_empty() { None } else { self.hinter.hint(line, pos, cx) }
    }
}

impl Highlighter for Assistant<'_> {
    fn highlight_hint<'h>(&self, hint: &'h str) -> Cow<'h, str> {
        Cow::Owned(Paint(self.color).dim(hint))
    }
}

/// Reads and runs lines until Ctrl-D or `exit`.
pub fn run(shell: &Shell) -> Ended {
    match lines(shell) {
        Ok(()) => Ended::WELL,
        Err(e) => {
            let failure = match e {
                ReadlineError::Io(e) => Failure::Output(e),
                e => Failure::usage(format!("the line editor failed: {e}")),
            };
            report(&failure);
            Ended { status: failure.status(), quit: true }
        }
    }
}

fn lines(shell: &Shell) -> rustyline::Result<()> {
    let config = Config::builder()
        .max_history_size(10_000)?
        .history_ignore_dups(true)?
        .history_ignore_space(true)
        .completion_type(CompletionType::List)
        .build();
    let mut editor: Editor<Assistant<'_>, DefaultHistory> = Editor::with_config(config)?;
    let color = shell.style(true).color;
    editor.set_helper(Some(Assistant { complete: Complete::new(shell), hinter: HistoryHinter::new(), color }));
    let history = history();
    if let Some(path) = &history {
        // The first session has none.
        let _ = editor.load_history(path);
    }
    if std::io::stdout().is_terminal() && !shell.defaults.borrow().quiet {
        eprintln!("memsh {}: `help` lists the commands, Tab completes, Ctrl-D ends.", env!("CARGO_PKG_VERSION"));
    }
    loop {
        let plain = prompt(shell);
        let painted = if color { Paint(true).strong(&plain) } else { plain.clone() };
        match editor.readline(&(plain, painted)) {
            Ok(line) => {
                if line.trim().is_empty() {
                    continue;
                }
                editor.add_history_entry(line.as_str())?;
                if let Some(path) = &history {
                    // A history that can't be kept is no reason to stop working.
                    let _ = editor.append_history(path);
                }
                if shell.line(&line).quit {
                    return Ok(());
                }
            }
            Err(ReadlineError::Interrupted) => {}
            Err(ReadlineError::Eof) => return Ok(()),
            Err(e) => return Err(e),
        }
    }
}

/// `memsh IMAGE> `, or `memsh IMAGE[name/pid]> ` with a process chosen.
fn prompt(shell: &Shell) -> String {
    let name = shell.session.as_ref().map(|s| s.name()).unwrap_or_default();
    let process = match shell.current.borrow().as_ref() {
        Some(p) => format!("[{}/{}]", p.name.to_string_lossy(), p.pid),
        None => String::new(),
    };
    // Both come from elsewhere: a file's name, a process's name.
    format!("memsh {}{}> ", escape::terminal(name), escape::terminal(&process))
}

/// Where the history is kept: the user's state folder, never beside the image.
fn history() -> Option<PathBuf> {
    let home = || std::env::var_os("HOME").filter(|h| !h.is_empty()).map(PathBuf::from);
    let state = std::env::var_os("XDG_STATE_HOME").filter(|s| !s.is_empty()).map(PathBuf::from);
    let windows = std::env::var_os("LOCALAPPDATA").filter(|_| cfg!(windows)).map(PathBuf::from);
    let folder = state.or(windows).or_else(|| Some(home()?.join(".local/state")))?.join("memsh");
    std::fs::create_dir_all(&folder).ok()?;
    Some(folder.join("history"))
}
