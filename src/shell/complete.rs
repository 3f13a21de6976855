//! Completion: commands, options, pids and names of processes, symbols, types, files.

use super::args::parser;
use super::host::Shell;
use super::offers::plain;
use super::pieces::{Kind, Piece, last_command};
use super::{alias, builtin, settings};
use crate::commands::{ALL, find};
use crate::plugins::inspect::PluginKind;
use rustyline::Context;
use rustyline::completion::{Completer, FilenameCompleter, Pair};

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
            let own = self.shell.own.borrow();
            let mut all = plain(names.chain(builtin::NAMES.iter().copied()).chain(own.keys().map(String::as_str)), word);
            if !word.is_empty() {
                all.extend(self.shell.offered_plugins(&[PluginKind::Command], word));
            }
            return all;
        };
        let previous = before.last().copied().unwrap_or_default();
        match *command {
            "help" | "schema" => return plain(ALL.iter().map(|s| s.name), word),
            "proc" | ".process" if before.is_empty() => return self.shell.offered_processes(word),
            "foreach" => match before {
                [] => {
                    let mut all = plain(["user", "kernel", "all", "hit"].into_iter(), word);
                    all.extend(self.shell.offered_processes(word));
                    return all;
                }
                [_, rest @ ..] => return self.candidates(rest, word),
            },
            "set" => {
                return match before {
                    [] => plain(settings::NAMES.iter().map(|(n, _)| *n), word),
                    [name] => {
                        let can = settings::NAMES.iter().find(|(n, _)| n == name).map_or("", |(_, can)| *can);
                        plain(can.split(", ").filter(|c| !c.contains(' ')), word)
                    }
                    _ => Vec::new(),
                };
            }
            "plugins" | "plugin" => {
                const CONNECTOR: &[PluginKind] = &[PluginKind::Connector];
                const ANY: &[PluginKind] = &[PluginKind::Command, PluginKind::Connector, PluginKind::Os];
                return match before {
                    [] => plain(alias::seconds("plugins").iter().copied(), word),
                    ["info" | "remove" | "upgrade"] => self.shell.offered_plugins(ANY, word),
                    ["targets"] => self.shell.offered_plugins(CONNECTOR, word),
                    _ => Vec::new(),
                };
            }
            "run" if before.is_empty() => return self.shell.offered_plugins(&[PluginKind::Command], word),
            "run" => return self.shell.offered_arguments(before.first().copied().unwrap_or_default(), word),
            "unalias" => return plain(self.shell.own.borrow().keys().cloned(), word),
            _ => {}
        }
        let expanded = super::alias::expand(&[(*command).to_owned()]);
        let Some(spec) = expanded.first().and_then(|c| find(c)) else { return self.shell.offered_arguments(command, word) };
        if matches!(previous, "-p" | "--pid") {
            return self.shell.offered_processes(word);
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
            if !values.is_empty() {
                return plain(values.iter().map(|v| v.get_name().to_owned()), word);
            }
            return self.meant(&names(option), word);
        }
        let positional: String = parser.get_positionals().map(names).collect::<Vec<_>>().join("|");
        match spec.name {
            // A structure and then where it lies.
            "dt" | "list" | "tree" if before.is_empty() => self.shell.offered_types(word),
            "dt" | "dump" | "read" | "symbols" => self.shell.offered_symbols(word),
            "modules" if !word.is_empty() && !word.starts_with(|c: char| c.is_ascii_digit()) => self.shell.offered_modules(word),
            "files" if word.starts_with('/') => self.shell.offered_files(word),
            _ => self.meant(&positional, word),
        }
    }

    /// What an argument of this name in the usage (`PID|NAME`) can be.
    fn meant(&self, name: &str, word: &str) -> Vec<Pair> {
        let parts: Vec<&str> = name.split('|').collect();
        let mut out = Vec::new();
        if parts.contains(&"PID") {
            out.extend(self.shell.offered_processes(word));
        }
        if parts.contains(&"PATH") {
            out.extend(self.shell.offered_files(word));
        }
        if parts.iter().any(|p| matches!(*p, "ADDR" | "START")) {
            out.extend(self.shell.offered_symbols(word));
        }
        out
    }
}

/// The names of an argument's values in the usage.
fn names(argument: &clap::Arg) -> String {
    argument.get_value_names().map(|n| n.iter().map(|n| n.as_str()).collect::<Vec<_>>().join("|")).unwrap_or_default()
}

impl Completer for Complete<'_> {
    type Candidate = Pair;

    fn complete(&self, line: &str, pos: usize, cx: &Context<'_>) -> rustyline::Result<(usize, Vec<Pair>)> {
        let typed = line.get(..pos).unwrap_or(line);
        let command = last_command(typed);
        let text = |p: &Piece| typed.get(p.start..p.end).unwrap_or_default();
        // The word under the cursor, unless white space stands before it.
        let (before, last) = match command.split_last() {
            Some((last, before)) if last.end == typed.len() => (before, Some(*last)),
            _ => (command.as_slice(), None),
        };
        let (start, word) = last.as_ref().map_or((typed.len(), ""), |p| (p.start, text(p)));
        let of_host = command.iter().any(|p| matches!(p.kind, Kind::Host | Kind::Redirect));
        let words: Vec<&str> = before.iter().map(text).collect();
        let previous = words.last().copied().unwrap_or_default();
        let file =
            matches!(previous, "-o" | "--output" | "--batch" | "--log" | "check" | "source" | "." | "$<" | "log" | ".logopen");
        if of_host || file {
            return self.files.complete(line, pos, cx);
        }
        if let Some(found) = self.keys(&words, word, start) {
            return Ok(found);
        }
        Ok((start, self.candidates(&words, word)))
    }
}

impl Complete<'_> {
    /// Keys of rows, for `--columns`, `--sort` and expressions: where the word to complete begins, and what it can be.
    fn keys(&self, words: &[&str], word: &str, start: usize) -> Option<(usize, Vec<Pair>)> {
        let (option, value) = match word.split_once('=') {
            Some((option @ ("--columns" | "--sort" | "--where"), value)) => (option, value),
            _ => (words.last().copied().unwrap_or_default(), word),
        };
        let command = match words {
            // `foreach FILTER COMMAND ...`.
            ["foreach", _, command, ..] => command,
            ["foreach"] if word.starts_with(['"', '\'']) => "ps",
            [command, ..] => command,
            [] => return None,
        };
        let expression = option == "--where" || words == ["foreach"];
        if !expression && !matches!(option, "--columns" | "--sort") {
            return None;
        }
        if words == ["foreach"] && !word.starts_with(['"', '\'']) {
            return None;
        }
        let expanded = super::alias::expand(&[command.to_owned()]);
        let spec = expanded.first().and_then(|c| find(c))?;
        let part = match expression {
            true => value.rfind(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '.'))).map_or(0, |i| i + 1),
            false => value.rfind(',').map_or(0, |i| i + 1),
        };
        let mut from = start + word.len() - value.len() + part;
        let mut begun = value.get(part..).unwrap_or_default();
        // `--sort -pid`.
        if let Some(rest) = begun.strip_prefix(['-', '+']).filter(|_| option == "--sort") {
            from += 1;
            begun = rest;
        }
        Some((from, plain(super::docs::row_schema(spec).paths().into_iter(), begun)))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use rustyline::history::DefaultHistory;

    fn completed(line: &str) -> Vec<String> {
        let shell = Shell::new(None, crate::shell::args::OutputArgs::default(), true);
        shell.own.borrow_mut().insert("mytop".to_owned(), "ps".to_owned());
        let history = DefaultHistory::new();
        let (start, all) = Complete::new(&shell).complete(line, line.len(), &Context::new(&history)).unwrap();
        all.into_iter().map(|p| format!("{}{}", &line[..start], p.replacement)).collect()
    }

    #[test]
    fn keys_are_completed_where_keys_stand() {
        assert_eq!(completed("ps --columns pid,ppi"), ["ps --columns pid,ppid"]);
        assert_eq!(completed("ps --columns=nam"), ["ps --columns=name"]);
        assert_eq!(completed("ps --sort -start"), ["ps --sort -start_time"]);
        assert_eq!(completed("maps --where 'size > 4k and ino"), ["maps --where 'size > 4k and inode"]);
        assert_eq!(completed("ps; maps --where ino"), ["ps; maps --where inode"]);
        assert_eq!(completed("foreach 'kernel_t"), ["foreach 'kernel_thread"]);
        assert_eq!(completed("foreach user maps --sort ino"), ["foreach user maps --sort inode"]);
    }

    #[test]
    fn commands_options_and_settings_are_completed() {
        assert_eq!(completed("modu"), ["modules"]);
        assert_eq!(completed("myt"), ["mytop"]);
        assert_eq!(completed("ps --whe"), ["ps --where"]);
        assert_eq!(completed("set pag"), ["set pager"]);
        assert_eq!(completed("set color nev"), ["set color never"]);
        assert_eq!(completed("foreach us"), ["foreach user"]);
        assert_eq!(completed("foreach user modu"), ["foreach user modules"]);
        assert_eq!(completed("ps --color al"), ["ps --color always"]);
    }
}
