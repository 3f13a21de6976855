//! The line editor.

use super::assist::Assistant;
use super::host::Shell;
use super::render::Paint;
use super::run::Ended;
use super::{recall, source};
use crate::commands::failure::Failure;
use rustyline::error::ReadlineError;
use rustyline::history::{DefaultHistory, History, SearchDirection};
use rustyline::{CompletionType, Config, Editor};
use std::io::IsTerminal;
use std::path::PathBuf;

/// Reads and runs lines until Ctrl-D or `exit`.
pub fn run(shell: &Shell, config_file: bool) -> Ended {
    match lines(shell, config_file) {
        Ok(()) => Ended::WELL,
        Err(e) => {
            let failure = match e {
                ReadlineError::Io(e) => Failure::Output(e),
                e => Failure::usage(format!("the line editor failed: {e}")),
            };
            shell.report(&failure);
            Ended { status: failure.status(), quit: true }
        }
    }
}

fn lines(shell: &Shell, config_file: bool) -> rustyline::Result<()> {
    if config_file {
        source::config(shell);
    }
    let config = Config::builder()
        .max_history_size(10_000)?
        .history_ignore_dups(true)?
        .history_ignore_space(true)
        .completion_type(CompletionType::List)
        .build();
    let mut editor: Editor<Assistant<'_>, DefaultHistory> = Editor::with_config(config)?;
    editor.set_helper(Some(Assistant::new(shell)));
    let history = history();
    if let Some(path) = &history {
        // The first session has none.
        let _ = editor.load_history(path);
    }
    if std::io::stdout().is_terminal() && !shell.defaults.borrow().quiet {
        let sample = shell.session.as_ref().is_some_and(|s| s.embedded().is_some());
        let first = if sample { "`tutorial` shows how it goes" } else { "`info` says what this is" };
        eprintln!("memsh {}: {first}, `help` lists the commands, Tab completes.", env!("CARGO_PKG_VERSION"));
    }
    let before = editor.history();
    let known = (0..before.len()).filter_map(|i| before.get(i, SearchDirection::Forward).ok().flatten());
    shell.history.replace(known.map(|found| found.entry.into_owned()).collect());
    loop {
        // The last command's own options are over; `set color` holds.
        shell.output.replace(shell.defaults.borrow().clone());
        let color = shell.style(true).color;
        if let Some(assistant) = editor.helper_mut() {
            assistant.color = color;
        }
        let plain = shell.prompt();
        let painted = if color { Paint(true).strong(&plain) } else { plain.clone() };
        match editor.readline(&(plain, painted)) {
            Ok(line) => {
                if line.trim().is_empty() {
                    continue;
                }
                let line = match recall::recalled(shell, &line) {
                    Ok(None) => line,
                    // What is run is shown first.
                    Ok(Some(recalled)) => {
                        eprintln!("{}", super::render::escape::terminal(&recalled));
                        recalled
                    }
                    Err(failure) => {
                        shell.report(&failure);
                        continue;
                    }
                };
                if editor.add_history_entry(line.as_str())? {
                    shell.history.borrow_mut().push(line.clone());
                }
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

/// Where the history is kept: the user's state folder, never beside the image.
fn history() -> Option<PathBuf> {
    let folder = super::folders::state()?;
    std::fs::create_dir_all(&folder).ok()?;
    Some(folder.join("history"))
}
