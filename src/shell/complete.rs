//! Completion: commands, options, pids and names of processes, symbols, types, files.

use super::args::parser;
use super::builtin;
use super::host::Shell;
use crate::commands::{ALL, find};
use memsh_plugin::ProcessInfo;
use rustyline::Context;
use rustyline::completion::{Completer, FilenameCompleter, Pair};

/// So many candidates are offered; more of them help nobody.
const MOST: usize = 200;
/// Symbols are offered for words of at least so many letters.
const SYMBOL: usize = 2;

/// Completes lines of a shell.
pub struct Complete<'a> {
    shell: &'a Shell,
    files: FilenameCompleter,
}

impl<'a> Complete<'a> {
    /// A completer for this shell.
    pub fn new(shell: &'a Shell) -> Self {
        Self { shell, files: FilenameCompleter::new() }
    }

    /// The candidates for the last of `words`, which begins with `word`.
    fn candidates(&self, words: &[&str], word: &str) -> Vec<Pair> {
        let Some((command, before)) = words.split_first() else {
            let names = ALL.iter().flat_map(|s| std::iter::once(s.name).chain(s.aliases.iter().copied()));
            return plain(names.chain(builtin::NAMES.iter().copied()), word);
        };
        let previous = before.last().copied().unwrap_or_default();
        match *command {
            "help" | "schema" => return plain(ALL.iter().map(|s| s.name), word),
            "proc" | ".process" | "foreach" if before.is_empty() => return self.processes(word),
            "set" if before.is_empty() => {
                return plain(["format", "header", "color", "progress", "quiet", "strict", "verbose"].into_iter(), word);
            }
            _ => {}
        }
        let expanded = super::alias::expand(&[(*command).to_owned()]);
        let Some(spec) = expanded.first().and_then(|c| find(c)) else { return Vec::new() };
        if matches!(previous, "-p" | "--pid") {
            return self.processes(word);
        }
        let parser = parser(spec, false);
        if word.starts_with('-') {
            let longs = parser.get_arguments().filter(|a| !a.is_hide_set()).filter_map(|a| a.get_long());
            return plain(longs.map(|l| format!("--{l}")), word);
        }
        let of_option = parser.get_arguments().find(|a| {
            a.get_long().is_some_and(|l| previous == format!("--{l}"))
                || a.get_short().is_some_and(|s| previous == format!("-{s}"))
        });
        if let Some(option) = of_option.filter(|a| a.get_action().takes_values()) {
            let values = option.get_possible_values();
            return plain(values.iter().map(|v| v.get_name().to_owned()), word);
        }
        match spec.name {
            "dt" if before.is_empty() => self.types(word),
            "ps" | "threads" | "cmdline" | "env" => self.processes(word),
            "read" | "vtop" | "near" | "symbols" | "dt" | "dump" => self.symbols(word),
            _ => Vec::new(),
        }
    }

    fn processes(&self, word: &str) -> Vec<Pair> {
        let Some(all) = self.shell.session.as_ref().and_then(|s| s.processes().ok()) else { return Vec::new() };
        let pair = |p: &ProcessInfo| {
            let name = super::render::escape::terminal(&p.name.to_string_lossy()).into_owned();
            // The pid is what goes into the line: several processes may have the name.
            let hit = p.pid.to_string().starts_with(word) || (!word.is_empty() && name.starts_with(word));
            hit.then(|| Pair { display: format!("{} {name}", p.pid), replacement: p.pid.to_string() })
        };
        all.items.iter().filter(|p| !p.kernel_thread || !word.is_empty()).filter_map(pair).take(MOST).collect()
    }

    fn symbols(&self, word: &str) -> Vec<Pair> {
        let start = word.rfind(|c: char| "+-*/&|()~".contains(c)).map_or(0, |i| i + 1);
        let (kept, name) = word.split_at(start);
        let Some(symbols) = self.shell.session.as_ref().and_then(|s| s.symbols().ok()).filter(|_| name.len() >= SYMBOL) else {
            return Vec::new();
        };
        let found = symbols.all().filter(|s| s.name.starts_with(name)).take(MOST);
        let mut names: Vec<String> = found.map(|s| s.name.to_owned()).collect();
        names.sort_unstable();
        names.dedup();
        names.into_iter().map(|n| Pair { replacement: format!("{kept}{n}"), display: n }).collect()
    }

    fn types(&self, word: &str) -> Vec<Pair> {
        let types = self.shell.session.as_ref().and_then(|s| s.types().ok());
        let Some(types) = types.filter(|_| word.len() >= SYMBOL) else { return Vec::new() };
        let mut names = types.names();
        names.retain(|n| n.starts_with(word));
        names.sort_unstable();
        names.dedup();
        names.truncate(MOST);
        plain(names.into_iter(), word)
    }
}

fn plain(names: impl Iterator<Item = impl Into<String>>, word: &str) -> Vec<Pair> {
    let mut names: Vec<String> = names.map(Into::into).filter(|n: &String| n.starts_with(word)).collect();
    names.sort_unstable();
    names.dedup();
    names.into_iter().map(|n| Pair { display: n.clone(), replacement: n }).collect()
}

impl Completer for Complete<'_> {
    type Candidate = Pair;

    fn complete(&self, line: &str, pos: usize, cx: &Context<'_>) -> rustyline::Result<(usize, Vec<Pair>)> {
        let typed = line.get(..pos).unwrap_or(line);
        let begin = typed.rfind(';').map_or(0, |i| i + 1);
        let here = typed.get(begin..).unwrap_or_default();
        let start = begin + here.rfind(char::is_whitespace).map_or(0, |i| i + 1);
        let word = typed.get(start..).unwrap_or_default();
        let words: Vec<&str> = typed.get(begin..start).unwrap_or_default().split_whitespace().collect();
        let files =
            here.contains(['|', '>']) || words.last().is_some_and(|w| matches!(*w, "-o" | "--output" | "--batch" | "check"));
        if files {
            return self.files.complete(line, pos, cx);
        }
        Ok((start, self.candidates(&words, word)))
    }
}
