//! The table of other tools' spellings, as `alias --builtin` and `help aliases` print it.

use super::{TOOLS, translate};
use std::fmt::Write;

/// Every spelling with what it means, by tool.
pub fn table() -> String {
    let mut out = names();
    for tool in TOOLS {
        let _ = writeln!(out, "\n{}", tool.name);
        let lines = tool.words.iter().chain(tool.forms);
        let width = lines.clone().map(|(typed, _)| typed.chars().count()).filter(|n| *n < 44).max().unwrap_or(0);
        for (typed, meant) in lines {
            let _ = writeln!(out, "  {typed:<width$}  {meant}");
        }
        for (typed, instead) in tool.absent {
            let _ = writeln!(out, "  {typed:<width$}  (not here: {instead})");
        }
    }
    out
}

/// Whether a word is memsh's own, whatever it is with other arguments.
pub fn own(words: &[String]) -> bool {
    let first: Vec<String> = words.iter().take(1).cloned().collect();
    let meant = translate(&first);
    meant.absent.is_none() && meant.words == first
}

/// The second names of the commands.
fn names() -> String {
    let mut out = String::new();
    for s in crate::commands::ALL.iter().filter(|s| !s.aliases.is_empty()) {
        let _ = writeln!(out, "{:<12} {}", s.name, s.aliases.join(" "));
    }
    out
}

/// The second names of the commands, and where the others are.
pub fn short() -> String {
    let tools: Vec<&str> = TOOLS.iter().map(|t| t.name).collect();
    format!("{}\n`alias --builtin` lists what {} users type, and what it means here.\n", names(), tools.join(", "))
}

/// What a spelling means, for `help`; `None` where it means what it says.
pub fn explain(words: &[String]) -> Option<String> {
    let first = words.first()?;
    let mut out = String::new();
    for tool in TOOLS {
        let is = |line: &str| line.split(' ').next() == Some(first.as_str());
        for (typed, meant) in tool.words.iter().chain(tool.forms).filter(|(typed, _)| is(typed)) {
            let _ = writeln!(out, "{}: `{typed}` is `{meant}` here.", tool.name);
        }
        for (_, instead) in tool.absent.iter().filter(|(typed, _)| is(typed)) {
            let _ = writeln!(out, "{}: memsh does not do what `{first}` does there: {instead}.", tool.name);
        }
    }
    if out.is_empty() && !own(words) {
        let meant = translate(words);
        if let Some(absent) = meant.absent {
            let _ = writeln!(out, "{}: {}.", absent.what, absent.instead);
        } else if meant.words != words {
            let _ = writeln!(out, "`{}` is `{}` here.", words.join(" "), meant.words.join(" "));
        }
    }
    (!out.is_empty()).then_some(out)
}
