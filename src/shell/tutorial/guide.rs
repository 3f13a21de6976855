//! The tour with a person: each step waits until its command was run.

use super::Step;
use crate::commands::failure::{Failure, Result};
use crate::shell::assist::Assistant;
use crate::shell::host::Shell;
use crate::shell::render::Paint;
use crate::shell::run::Ended;
use crate::shell::{alias, line};
use rustyline::error::ReadlineError;
use rustyline::history::DefaultHistory;
use rustyline::{CompletionType, Config, Editor};

/// What was typed.
#[derive(Debug, PartialEq, Eq)]
enum Typed {
    /// The step's own command, in whatever spelling.
    It,
    /// Another one.
    Other,
    Next,
    Back,
    Leave,
}

fn understood(text: &str, step: &Step) -> Typed {
    match text.trim() {
        "" => return Typed::It,
        "n" | "next" | "skip" => return Typed::Next,
        "b" | "back" => return Typed::Back,
        "q" | "quit" | "exit" | "leave" => return Typed::Leave,
        _ => {}
    }
    let meaning = |text: &str| {
        let lines = line::split(text).ok()?;
        let [one] = lines.as_slice() else { return None };
        Some(alias::expand(&one.words))
    };
    match (meaning(text), meaning(&step.command)) {
        (Some(typed), Some(wanted)) if typed == wanted => Typed::It,
        _ => Typed::Other,
    }
}

/// Goes through the steps, beginning with number `from`.
///
/// # Errors
/// When the terminal fails.
pub fn walk(shell: &Shell, steps: &[Step], from: usize) -> Result<Ended> {
    let failed = |e: ReadlineError| match e {
        ReadlineError::Io(e) => Failure::Output(e),
        e => Failure::usage(format!("the line editor failed: {e}")),
    };
    let color = shell.style(true).color;
    let paint = Paint(color);
    let config = Config::builder().completion_type(CompletionType::List).build();
    let mut editor: Editor<Assistant<'_>, DefaultHistory> = Editor::with_config(config).map_err(failed)?;
    let mut assistant = Assistant::new(shell);
    assistant.color = color;
    editor.set_helper(Some(assistant));
    let mut at = from.saturating_sub(1);
    if at == 0 {
        // The tour begins with the whole target.
        shell.current.replace(None);
    }
    shell.say(
        "Type the command of each step, or press Enter to have it run. n: next, b: back, q: leave; anything else is run as ever.",
    );
    while let Some(step) = steps.get(at) {
        let number = at + 1;
        let title = format!("{number}/{} {}", steps.len(), step.title);
        // `say` takes away whatever could speak to the terminal: the colour of a title is ours.
        eprintln!("\n{}", paint.strong(&title));
        step.before.lines().for_each(|l| shell.say(l));
        eprintln!("\n    {}\n", paint.strong(&step.command));
        loop {
            let prompt = format!("{number}/{} {}", steps.len(), shell.prompt());
            let text = match editor.readline(&prompt) {
                Ok(text) => text,
                Err(ReadlineError::Interrupted) => continue,
                Err(ReadlineError::Eof) => return Ok(left(shell, number)),
                Err(e) => return Err(failed(e)),
            };
            let typed = understood(&text, step);
            match typed {
                Typed::Next => {
                    at += 1;
                    break;
                }
                Typed::Back => {
                    at = at.saturating_sub(1);
                    break;
                }
                Typed::Leave => return Ok(left(shell, number)),
                Typed::It | Typed::Other => {}
            }
            let run = match text.trim() {
                "" => {
                    shell.say(&step.command);
                    step.command.clone()
                }
                other => other.to_owned(),
            };
            editor.add_history_entry(run.as_str()).map_err(failed)?;
            let ended = shell.line(&run);
            if ended.quit {
                return Ok(ended);
            }
            if typed == Typed::It && ended.status == 0 {
                eprintln!();
                step.behind.lines().for_each(|l| shell.say(l));
                at += 1;
                break;
            }
            shell.say(&match typed {
                Typed::It => format!("That did not work here; try again, or n for the next step: {}", step.command),
                _ => format!("This step is still: {}   (Enter runs it, n goes on)", step.command),
            });
        }
    }
    Ok(Ended::WELL)
}

fn left(shell: &Shell, number: usize) -> Ended {
    shell.say(&format!("`tutorial {number}` goes on here."));
    Ended::WELL
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_is_done_in_any_spelling() {
        let step = |command: &str| Step { command: command.to_owned(), ..Step::default() };
        for (typed, command, wanted) in [
            ("", "ps -u", Typed::It),
            ("ps -u", "ps -u", Typed::It),
            ("  ps   -u ", "ps -u", Typed::It),
            ("read --as b 0x1000 L40", "db 0x1000 L40", Typed::It),
            ("db 1000 L40", "db 0x1000 L40", Typed::It),
            ("ps -u | head", "ps -u", Typed::It),
            ("scan --hex \"7f 45\"", "scan --hex '7f 45'", Typed::It),
            ("ps", "ps -u", Typed::Other),
            ("ps -u; ps -u", "ps -u", Typed::Other),
            ("'", "ps -u", Typed::Other),
            ("n", "ps -u", Typed::Next),
            ("back", "ps -u", Typed::Back),
            ("q", "ps -u", Typed::Leave),
        ] {
            assert_eq!(understood(typed, &step(command)), wanted, "{typed}");
        }
    }
}
