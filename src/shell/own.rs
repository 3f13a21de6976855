//! Aliases of the user: `alias top='ps --sort -threads --limit $1'`.

use super::line::{self, Line, Output};
use crate::commands::failure::{Failure, Result};
use std::collections::BTreeMap;

/// Aliases that stand for aliases: so many in a row.
const DEPTH: usize = 16;
/// Commands that one line may come to, and aliases that may be replaced on the way: those that come to nothing take their time as well.
const MOST: usize = 1000;
/// Bytes of all texts of aliases that are filled in for one line: `$*` in aliases of aliases doubles and doubles again.
const LONGEST: usize = 1 << 20;

/// The user's aliases: a name, and the line that it stands for.
pub type Aliases = BTreeMap<String, String>;

/// A word as [`line::split`] takes it for one.
pub fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "_-./:,=+@%^*?[]{}!~&$\\`".contains(c);
    let special = word.starts_with(['!', '#']) || word.contains('\\');
    if !word.is_empty() && !special && word.chars().all(plain) {
        return word.to_owned();
    }
    if !word.contains('\'') {
        return format!("'{word}'");
    }
    format!("\"{}\"", word.replace('\\', "\\\\").replace('"', "\\\""))
}

/// The words as one line that splits into them again.
pub fn joined(words: &[String]) -> String {
    words.iter().map(|w| quoted(w)).collect::<Vec<_>>().join(" ")
}

/// The lines that `line` stands for, with every alias replaced.
///
/// # Errors
/// When an alias can't be what it stands for: a parameter is missing, its text makes no sense.
pub fn expand(aliases: &Aliases, line: &Line) -> Result<Vec<Line>> {
    let mut all = Expansion { replaced: 0, left: LONGEST, out: Vec::new() };
    go(aliases, line, &mut Vec::new(), &mut all)?;
    Ok(all.out)
}

/// What a line has come to so far.
struct Expansion {
    /// Aliases that were replaced.
    replaced: usize,
    /// Bytes that the texts of more of them may have.
    left: usize,
    out: Vec<Line>,
}

fn go(aliases: &Aliases, line: &Line, within: &mut Vec<String>, all: &mut Expansion) -> Result<()> {
    let name = line.words.first().map(String::as_str).unwrap_or_default();
    let too_many =
        |within: &[String]| Failure::usage(format!("alias {}: it comes to more than {MOST} commands", within.join(" > ")));
    // As in other shells an alias does not stand for itself: `alias ps='ps -u'`.
    let Some(body) = aliases.get(name).filter(|_| !within.iter().any(|n| n == name)) else {
        if all.out.len() >= MOST {
            return Err(too_many(within));
        }
        all.out.push(line.clone());
        return Ok(());
    };
    all.replaced += 1;
    if all.replaced > MOST {
        return Err(too_many(within));
    }
    if within.len() >= DEPTH {
        return Err(Failure::usage(format!("aliases stand for aliases more than {DEPTH} times: {}", within.join(" > "))));
    }
    let text = filled(name, body, line.words.get(1..).unwrap_or_default(), all.left)?;
    all.left = all.left.saturating_sub(text.len());
    let mut lines = line::split(&text).map_err(|why| Failure::usage(format!("alias {name}: {why}")))?;
    if let (true, Some(last)) = (line.output != Output::Stdout, lines.last_mut()) {
        last.output = match (&last.output, &line.output) {
            (Output::Stdout, output) => output.clone(),
            (Output::Pipe(first), Output::Pipe(then)) => Output::Pipe(format!("{first} | {then}")),
            _ => {
                let hint = format!("{name} stands for: {body}");
                return Err(Failure::Usage(format!("alias {name}: its answer goes elsewhere already"), Some(hint)));
            }
        };
    }
    within.push(name.to_owned());
    for line in &lines {
        go(aliases, line, within, all)?;
    }
    within.pop();
    Ok(())
}

/// The text of an alias with `$1` and `$*` filled in, `longest` bytes at most; without any the arguments stand behind it.
fn filled(name: &str, body: &str, arguments: &[String], longest: usize) -> Result<String> {
    let mut out = String::new();
    let mut taken = false;
    let mut rest = body;
    let long = |out: &str| {
        let most = LONGEST >> 20;
        let why = || Failure::usage(format!("alias {name}: the line comes to more than {most} MiB"));
        (out.len() <= longest).then_some(()).ok_or_else(why)
    };
    while let Some((before, behind)) = rest.split_once('$') {
        long(&out)?;
        out.push_str(before);
        let digits = behind.bytes().take_while(u8::is_ascii_digit).count();
        let (number, tail) = behind.split_at(digits);
        rest = tail;
        match number.parse::<usize>() {
            Ok(n) if n > 0 => {
                let argument = arguments.get(n - 1).ok_or_else(|| {
                    let hint = format!("{name} stands for: {body}");
                    Failure::Usage(format!("alias {name}: argument {n} is missing"), Some(hint))
                })?;
                out.push_str(&quoted(argument));
                taken = true;
            }
            _ if behind.starts_with(['*', '@']) => {
                out.push_str(&joined(arguments));
                rest = behind.get(1..).unwrap_or_default();
                taken = true;
            }
            _ => {
                out.push('$');
                out.push_str(number);
            }
        }
    }
    out.push_str(rest);
    if !taken && !arguments.is_empty() {
        out.push(' ');
        out.push_str(&joined(arguments));
    }
    long(&out)?;
    Ok(out)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;

    fn run(aliases: &[(&str, &str)], text: &str) -> std::result::Result<Vec<String>, String> {
        let aliases = aliases.iter().map(|(n, t)| ((*n).to_owned(), (*t).to_owned())).collect();
        let line = line::split(text).unwrap().remove(0);
        let lines = expand(&aliases, &line).map_err(|e| e.lines().join("\n"))?;
        Ok(lines
            .iter()
            .map(|l| match &l.output {
                Output::Pipe(p) => format!("{} | {p}", l.words.join("·")),
                Output::File { path, .. } => format!("{} > {path}", l.words.join("·")),
                Output::Stdout => l.words.join("·"),
            })
            .collect())
    }

    #[test]
    fn arguments_go_where_the_alias_wants_them() {
        let top = [("top", "ps --sort -threads --limit $1")];
        assert_eq!(run(&top, "top 3").unwrap(), ["ps·--sort·-threads·--limit·3"]);
        assert!(run(&top, "top").unwrap_err().contains("argument 1 is missing"));
        assert_eq!(run(&[("m", "maps -p $1; threads -p $1")], "m 'a b'").unwrap(), ["maps·-p·a b", "threads·-p·a b"]);
        assert_eq!(run(&[("s", "scan --hex $*")], "s 41 42").unwrap(), ["scan·--hex·41·42"]);
        assert_eq!(run(&[("u", "ps -u")], "u sshd").unwrap(), ["ps·-u·sshd"]);
        assert_eq!(run(&[("u", "scan $x $")], "u").unwrap(), ["scan·$x·$"]);
    }

    #[test]
    fn output_is_the_last_commands() {
        let two = [("two", "ps | head"), ("one", "ps")];
        assert_eq!(run(&two, "two | wc -l").unwrap(), ["ps | head | wc -l"]);
        assert_eq!(run(&two, "one > x").unwrap(), ["ps > x"]);
        assert!(run(&two, "two > x").unwrap_err().contains("goes elsewhere"));
    }

    #[test]
    fn aliases_of_aliases_end() {
        assert_eq!(run(&[("ps", "ps -u")], "ps 1").unwrap(), ["ps·-u·1"]);
        assert_eq!(run(&[("a", "b 1"), ("b", "a 2")], "a").unwrap(), ["a·2·1"]);
        let bomb: Vec<(String, String)> =
            (0..9).map(|i| (format!("a{i}"), format!("a{0};a{0};a{0};a{0};a{0};a{0};a{0};a{0}", i + 1))).collect();
        let bomb: Vec<(&str, &str)> = bomb.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
        assert!(run(&bomb, "a0").unwrap_err().contains("more than"));
        // Aliases that come to nothing, or to ever more arguments, end as soon.
        let eight = |last: &str, body: fn(usize) -> String| {
            let mut all: Vec<(String, String)> = (0..15).map(|i| (format!("a{i}"), body(i + 1))).collect();
            all.push(("a15".to_owned(), last.to_owned()));
            let all: Vec<(&str, &str)> = all.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
            run(&all, "a0 1").unwrap_err()
        };
        assert!(eight("# nothing", |i| format!("a{i};").repeat(8)).contains("more than 1000 commands"));
        assert!(eight("scan $*", |i| format!("a{i} {}", "$* ".repeat(8))).contains("more than 1 MiB"));
    }

    proptest! {
        #[test]
        fn quoted_words_come_back(words in proptest::collection::vec("\\PC{0,12}", 1..5)) {
            let mut words = words;
            words.insert(0, "scan".to_owned());
            let lines = line::split(&joined(&words)).unwrap();
            prop_assert_eq!(lines.len(), 1);
            prop_assert_eq!(&lines[0].words, &words);
        }
    }
}
