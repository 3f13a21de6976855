//! What helps while a line is typed: colours, and hints in dim letters behind the cursor.

use super::complete::Complete;
use super::host::Shell;
use super::pieces::{Kind, last_command, pieces};
use super::render::Paint;
use super::{builtin, docs};
use crate::commands::{ALL, find};
use rustyline::completion::{Completer, Pair};
use rustyline::highlight::{CmdKind, Highlighter};
use rustyline::hint::{Hint, Hinter, HistoryHinter};
use rustyline::validate::Validator;
use rustyline::{Context, Helper};
use std::borrow::Cow;
use std::fmt::Write;

/// A usage longer than this is cut: the line that is typed matters more.
const LONGEST: usize = 70;

/// Completion, hints and colours for the line editor.
pub struct Assistant<'a> {
    shell: &'a Shell,
    complete: Complete<'a>,
    history: HistoryHinter,
    /// Without it nothing is shown that was not typed.
    pub color: bool,
}

impl<'a> Assistant<'a> {
    /// For this shell.
    pub fn new(shell: &'a Shell) -> Self {
        Self { shell, complete: Complete::new(shell), history: HistoryHinter::new(), color: false }
    }
}

impl Helper for Assistant<'_> {}
impl Validator for Assistant<'_> {}

impl Completer for Assistant<'_> {
    type Candidate = Pair;

    fn complete(&self, line: &str, pos: usize, cx: &Context<'_>) -> rustyline::Result<(usize, Vec<Pair>)> {
        self.complete.complete(line, pos, cx)
    }
}

/// Dim text behind the cursor.
pub struct Dim {
    text: String,
    /// Whether the right arrow takes it into the line.
    takes: bool,
}

impl Hint for Dim {
    fn display(&self) -> &str {
        &self.text
    }

    fn completion(&self) -> Option<&str> {
        self.takes.then_some(&*self.text)
    }
}

impl Hinter for Assistant<'_> {
    type Hint = Dim;

    fn hint(&self, line: &str, pos: usize, cx: &Context<'_>) -> Option<Dim> {
        // Without colours a hint could not be told from what was typed.
        if !self.color || line.trim().is_empty() || pos < line.len() {
            return None;
        }
        if let Some(text) = self.history.hint(line, pos, cx) {
            return Some(Dim { text, takes: true });
        }
        usage(self.shell, line).map(|text| Dim { text, takes: false })
    }
}

/// What can stand next, where the line ends with a command's name or an option and a space.
fn usage(shell: &Shell, line: &str) -> Option<String> {
    if !line.ends_with(' ') {
        return None;
    }
    let command = last_command(line);
    let text = |i: usize| command.get(i).and_then(|p| line.get(p.start..p.end));
    let name = command.first().filter(|p| p.kind == Kind::Command).and_then(|_| text(0))?;
    let last = command.last()?;
    let expanded = super::alias::expand(&[name.to_owned()]);
    let spec = expanded.first().and_then(|n| find(n));
    if command.len() == 1 {
        if let Some(own) = shell.own.borrow().get(name) {
            return Some(format!("= {}", cut(own)));
        }
        return match spec {
            Some(spec) => Some(cut(&arguments(spec))),
            None => docs::builtin_usage(name).map(cut),
        };
    }
    if last.kind != Kind::Option {
        return None;
    }
    let option = line.get(last.start..last.end)?;
    match option {
        "--where" => Some("'KEY OPERATOR VALUE': uid == 0 and name ~ \"ssh\"".to_owned()),
        "--sort" => Some("KEY or -KEY, ...".to_owned()),
        _ => {
            let parser = super::args::parser(spec?, false);
            let arg = parser.get_arguments().find(|a| {
                a.get_long().is_some_and(|l| option.strip_prefix("--") == Some(l))
                    || a.get_short().is_some_and(|s| option == format!("-{s}"))
            })?;
            arg.get_action().takes_values().then(|| {
                let names = arg.get_value_names().unwrap_or_default();
                names.iter().map(|n| n.as_str()).collect::<Vec<_>>().join(" ")
            })
        }
    }
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(LONGEST) {
        Some((at, _)) => format!("{}...", text.get(..at).unwrap_or_default().trim_end()),
        None => text.to_owned(),
    }
}

/// `ADDR [-p PID|NAME] [-k]`: a command's own arguments, those that it must have first.
fn arguments(spec: &crate::commands::Spec) -> String {
    let command = (spec.arguments)(clap::Command::new(spec.name));
    let mut out = String::new();
    let all: Vec<_> = command.get_arguments().filter(|a| !a.is_hide_set()).collect();
    for positional in all.iter().filter(|a| a.is_positional()) {
        let names = positional.get_value_names().unwrap_or_default();
        let name = names.iter().map(|n| n.as_str()).collect::<Vec<_>>().join(" ");
        let many = if positional.get_num_args().is_some_and(|n| n.max_values() > 1) { "..." } else { "" };
        let _ = match positional.is_required_set() {
            true => write!(out, "{name}{many} "),
            false => write!(out, "[{name}{many}] "),
        };
    }
    for option in all.iter().filter(|a| !a.is_positional()) {
        let name = match (option.get_short(), option.get_long()) {
            (Some(short), _) => format!("-{short}"),
            (None, Some(long)) => format!("--{long}"),
            (None, None) => continue,
        };
        let values = option.get_value_names().filter(|_| option.get_action().takes_values()).unwrap_or_default();
        let values: String = values.iter().map(|n| format!(" {n}")).collect();
        let _ = match option.is_required_set() {
            true => write!(out, "{name}{values} "),
            false => write!(out, "[{name}{values}] "),
        };
    }
    out.trim_end().to_owned()
}

/// Whether a word is the name of a command.
pub fn is_command(shell: &Shell, word: &str) -> bool {
    let words = [word.to_owned()];
    shell.own.borrow().contains_key(word)
        || builtin::is(shell, &words)
        || super::alias::expand(&words).first().is_some_and(|n| find(n).is_some())
}

/// Whether more letters could make it one.
fn may_become_command(shell: &Shell, word: &str) -> bool {
    let names = ALL.iter().flat_map(|s| std::iter::once(s.name).chain(s.aliases.iter().copied()));
    names.chain(builtin::NAMES.iter().copied()).any(|n| n.starts_with(word))
        || shell.own.borrow().keys().any(|n| n.starts_with(word))
        || word.contains(['.', '/'])
}

impl Highlighter for Assistant<'_> {
    fn highlight<'l>(&self, line: &'l str, _pos: usize) -> Cow<'l, str> {
        // A control character takes more than its own place; rustyline shows it as it likes.
        if !self.color || line.chars().any(|c| c.is_control() && c != '\n') {
            return Cow::Borrowed(line);
        }
        let paint = Paint(true);
        let mut out = String::with_capacity(line.len() * 2);
        for p in pieces(line) {
            let text = line.get(p.start..p.end).unwrap_or_default();
            match p.kind {
                Kind::Command if is_command(self.shell, text) => out.push_str(&paint.command(text)),
                Kind::Command if may_become_command(self.shell, text) => out.push_str(text),
                Kind::Command => out.push_str(&paint.bad(text)),
                Kind::Option => out.push_str(&paint.label(text)),
                Kind::Quoted => out.push_str(&paint.quoted(text)),
                Kind::Number => out.push_str(&paint.number(text)),
                Kind::Redirect | Kind::End => out.push_str(&paint.strong(text)),
                Kind::Comment => out.push_str(&paint.dim(text)),
                Kind::Word | Kind::Host | Kind::File | Kind::Space => out.push_str(text),
            }
        }
        Cow::Owned(out)
    }

    fn highlight_hint<'h>(&self, hint: &'h str) -> Cow<'h, str> {
        Cow::Owned(Paint(self.color).dim(hint))
    }

    fn highlight_char(&self, _line: &str, _pos: usize, kind: CmdKind) -> bool {
        self.color && kind != CmdKind::MoveCursor
    }
}
