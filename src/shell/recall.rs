//! Lines that were typed before: `history`, `!!`, `!12`, `!-2`, `!ps`.

use super::alias::is_debugger_extension;
use super::host::Shell;
use crate::commands::failure::{Failure, Result};
use std::fmt::Write;

/// `history` shows so many on a screen; all of them in a pipe or a file.
const SHOWN: usize = 100;

/// What a typed line that begins with `!` stands for; `None` for a line that stands for itself.
///
/// # Errors
/// A usage error where no line fits.
pub fn recalled(shell: &Shell, typed: &str) -> Result<Option<String>> {
    let Some(body) = typed.trim().strip_prefix('!') else { return Ok(None) };
    let lines = shell.history.borrow();
    let missing = |what: &str| {
        Failure::Usage(format!("there is no {what} in the history"), Some("`history` lists the lines that were typed".to_owned()))
    };
    // `!! | grep x`: what stands behind the recalled line goes on.
    let (event, rest) = match body.strip_prefix('!') {
        Some(rest) => ("!", rest),
        None => body.split_at(body.find(char::is_whitespace).unwrap_or(body.len())),
    };
    let found = match event {
        "!" => lines.last().ok_or_else(|| missing("line"))?,
        number if is_number(number) => {
            let n: i64 = number.parse().map_err(|_| missing(&format!("line {number}")))?;
            let back = usize::try_from(n.unsigned_abs()).unwrap_or(usize::MAX);
            let at = if n < 0 { lines.len().checked_sub(back) } else { back.checked_sub(1) };
            at.and_then(|at| lines.get(at)).ok_or_else(|| missing(&format!("line {number}")))?
        }
        // `!ls` is the host's unless the last line that begins so is a command of memsh; `!sh ls` is always the host's.
        word if rest.trim().is_empty() && !word.is_empty() && !is_debugger_extension(word) => {
            let is_ours = |line: &&String| {
                let first = line.split_whitespace().next().unwrap_or_default();
                line.starts_with(word) && super::assist::is_command(shell, first)
            };
            match lines.iter().rev().find(is_ours) {
                Some(line) => line,
                None => return Ok(None),
            }
        }
        _ => return Ok(None),
    };
    Ok(Some(format!("{found}{rest}")))
}

fn is_number(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit())
}

/// The lines with their numbers.
pub fn list(shell: &Shell, stdout: bool) -> String {
    let lines = shell.history.borrow();
    let skipped = if stdout { lines.len().saturating_sub(SHOWN) } else { 0 };
    let mut out = String::new();
    for (i, line) in lines.iter().enumerate().skip(skipped) {
        let _ = writeln!(out, "{:>5}  {}", i + 1, super::render::escape::terminal(line));
    }
    out
}
