//! `foreach (COMMAND) COMMAND`, `foreach hit COMMAND`, `COMMAND | COMMAND`: a command once for each row of another one.

use super::{headed, over};
use crate::commands::failure::{Failure, Result};
use crate::commands::{Context, Host, Shape, Sink, Spec};
use crate::shell::filter::{Choice, Sift};
use crate::shell::host::Shell;
use crate::shell::line::{self, Output};
use crate::shell::merged::{Merged, stamped};
use crate::shell::render::{Format, field};
use crate::shell::run::{Ended, Parsed};
use crate::shell::screen::worse;
use crate::shell::{builtin, docs, own};
use clap::ArgMatches;
use memsh_plugin::ProcessInfo;
use serde_json::{Value, json};
use std::io::Write;

/// Rows that a command can be run for at once.
const MOST: usize = 1 << 16;
/// Fields that say where something is, the first that a row has.
const PLACES: &[&str] = &["address", "virtual", "start", "base"];
/// Failures that are told one by one.
const FAILURES: usize = 10;
const HINT: &str =
    "foreach hit read {address} -n 64; {KEY} stands for a field of the row; without any its address is the first argument";

/// Commands that take rows behind a `|`: they are memsh's own there, whatever programs the host has.
const PIPED: &[&str] = &["foreach", "near", "read", "dis", "tele", "vtop", "ptov"];

/// The commands behind a `|`, where they are memsh's own.
pub fn piped(text: &str) -> Option<line::Line> {
    let first = text.split_whitespace().next()?;
    if !PIPED.contains(&first) {
        return None;
    }
    // One command: what a `;` parts was parted before.
    let mut lines = line::split(text).ok()?;
    let mut line = lines.pop().filter(|_| lines.is_empty())?;
    if first == "foreach" {
        line.words.remove(0);
    }
    line.words.splice(0..0, ["foreach".to_owned(), "|".to_owned()]);
    Some(line)
}

/// The rows that the first word behind `foreach` means, where it means rows and not processes.
///
/// # Errors
/// As the command whose rows they are; when there was no search before.
pub fn source(shell: &Shell, word: &str) -> Result<Option<Vec<Value>>> {
    match word {
        "|" => Ok(shell.feeding.take()),
        "hit" | "hits" => {
            let hits = shell.hits.borrow();
            let hits = hits.as_ref().ok_or_else(|| {
                let hint = "scan first; `foreach (scan TEXT) COMMAND` does both".to_owned();
                Failure::Usage("foreach hit: nothing was searched for yet".to_owned(), Some(hint))
            })?;
            if hits.more() > 0 {
                shell.warn(&format!("foreach hit: {} hits more were found than are kept", hits.more()));
            }
            Ok(Some(hits.rows()))
        }
        inner => {
            let Some(text) = inner.strip_prefix('(').and_then(|t| t.strip_suffix(')')) else { return Ok(None) };
            let lines = line::split(text).map_err(Failure::usage)?;
            let [typed] = lines.as_slice() else {
                return Err(Failure::usage(format!("foreach: in the parentheses stands one command, not {}", lines.len())));
            };
            let expanded = own::expand(&shell.own.borrow(), typed)?;
            match expanded.as_slice() {
                [one] if one.output == Output::Stdout => shell.some_rows(&one.words).map(Some),
                _ => Err(Failure::usage(format!("foreach: {text:?} is not one command whose answer stays here"))),
            }
        }
    }
}

/// One row, and what is to be done for it.
struct Each {
    words: Vec<String>,
    process: Option<ProcessInfo>,
    /// Where it is, as other commands take it: `142:0x7ffe12340000`.
    place: String,
}

impl Each {
    fn whose(&self) -> (Option<ProcessInfo>, String) {
        (self.process.clone(), self.place.clone())
    }
}

/// Runs `command` for each row. The status is the worst of theirs.
///
/// # Errors
/// When the command makes no sense or a row has no such field, nobody reads any more, or Ctrl-C was pressed.
pub fn run(shell: &Shell, rows: &[Value], command: &[String], out: &mut dyn Write, stdout: bool) -> Result<Ended> {
    let before = shell.current.borrow().clone();
    let outcome = all(shell, rows, command, out, stdout);
    shell.current.replace(before);
    outcome
}

fn all(shell: &Shell, rows: &[Value], command: &[String], out: &mut dyn Write, stdout: bool) -> Result<Ended> {
    if builtin::is(shell, command) {
        let what = format!("foreach: {} is no command over the target", own::joined(command));
        return Err(Failure::Usage(what, Some(HINT.to_owned())));
    }
    if command.first().is_some_and(|name| name.contains('{')) {
        return Err(Failure::Usage("foreach: the name of the command can't come from a row".to_owned(), Some(HINT.to_owned())));
    }
    let mut items = Items { shell, rows: rows.iter(), command, without: 0, options: 0 };
    let Some(first) = items.next().transpose()? else {
        shell.warn(if rows.is_empty() { "(no rows to run it for)" } else { "(no row has all the fields that are asked for)" });
        items.warn_of_options();
        return Ok(Ended::WELL);
    };
    let (spec, matches) = match shell.parse(&first.words)? {
        Parsed::Command(spec, matches) => (spec, matches),
        Parsed::Text(text) => {
            out.write_all(text.as_bytes())?;
            return Ok(Ended::WELL);
        }
    };
    let shape = spec.shape_of(&matches);
    let mut items = Items { shell, rows: rows.iter(), command, without: 0, options: 0 };
    let ended = match shell.style(stdout).format == Format::Table && shape == Shape::Object {
        true => headed(shell, &mut items, (out, stdout), Each::whose, over, |each, out| match shell.parse(&each.words)? {
            Parsed::Command(spec, matches) => shell.answer_to((spec, &matches), out, stdout, false),
            Parsed::Text(_) => Ok(Ended::WELL),
        }),
        false => merged(shell, &mut items, (spec, shape), out, stdout),
    };
    if items.without > 0 {
        shell.warn(&format!("({} rows do not have all the fields that are asked for)", items.without));
    }
    items.warn_of_options();
    ended
}

/// What is to be done, row by row.
struct Items<'r> {
    shell: &'r Shell,
    rows: std::slice::Iter<'r, Value>,
    command: &'r [String],
    /// Rows that lack something.
    without: usize,
    /// Rows that would have made an option of what they hold.
    options: usize,
}

impl Items<'_> {
    fn warn_of_options(&self) {
        if self.options > 0 {
            let what = "hold what begins with - and would be an option: write -- before {KEY}";
            self.shell.warn(&format!("({} rows {what})", self.options));
        }
    }
}

impl Iterator for Items<'_> {
    type Item = Result<Each>;

    fn next(&mut self) -> Option<Result<Each>> {
        loop {
            match filled(self.shell, self.command, self.rows.next()?) {
                Ok(Filled::Each(each)) => return Some(Ok(*each)),
                Ok(Filled::Without) => self.without += 1,
                Ok(Filled::Option) => self.options += 1,
                Err(e) => return Some(Err(e)),
            }
        }
    }
}

/// The rows of all in one answer, each with `hit` in front: the row that it was asked for.
fn merged(
    shell: &Shell,
    items: &mut Items<'_>,
    (spec, shape): (&'static Spec, Shape),
    out: &mut dyn Write,
    stdout: bool,
) -> Result<Ended> {
    let front = [("hit", json!({"type": "string"}))];
    let choice = Choice::new(&shell.output.borrow(), shape, || docs::row_schema(spec).with(&front))?;
    let answer = Merged::new(shell, (spec, shape), &front, choice, shell.styled(spec, stdout)?)?;
    let mut failed = 0;
    let outcome = answer.run(out, |sift| {
        let mut status = 0;
        for item in items {
            match item.and_then(|item| one(shell, item, sift, &mut failed)) {
                Ok(ended) => status = worse(status, ended),
                Err(Failure::Enough) => break,
                Err(failure) => return Err(failure),
            }
        }
        Ok(Ended::with(status))
    });
    if failed > FAILURES {
        shell.say(&format!("memsh: foreach: it failed for {} rows more", failed - FAILURES));
    }
    outcome
}

/// Runs the command for one row; what fails is told, and the next row has its turn.
fn one(shell: &Shell, item: Each, sift: &mut Sift<'_>, failed: &mut usize) -> Result<u8> {
    let mut told = |failure: &Failure| {
        *failed += 1;
        if *failed <= FAILURES {
            // What can be done about it is the same for every row.
            let lines = failure.lines();
            let lines = if *failed == 1 { lines.as_slice() } else { lines.get(..1).unwrap_or_default() };
            shell.say(&format!("memsh: {}:", item.place));
            lines.iter().for_each(|line| shell.say(line));
        }
        failure.status()
    };
    shell.current.replace(item.process.clone());
    let kept = shell.output.borrow().clone();
    let parsed = shell.parse(&item.words);
    shell.output.replace(kept);
    let (spec, matches): (&Spec, ArgMatches) = match parsed {
        Ok(Parsed::Command(spec, matches)) => (spec, matches),
        Ok(Parsed::Text(_)) => return Ok(0),
        Err(failure) => return Ok(told(&failure)),
    };
    let cx = Context::new(shell, shell.session.as_ref(), item.process.clone());
    cx.go_on()?;
    let done = (spec.run)(&matches, &cx, &mut Stamp { inner: sift, place: &item.place });
    let mut status = shell.after(&cx, Ok(()), Some(&item.place))?.status;
    match done {
        Ok(()) => {}
        Err(failure @ (Failure::Output(_) | Failure::Interrupted | Failure::Enough)) => return Err(failure),
        Err(failure) => status = worse(status, told(&failure)),
    }
    Ok(status)
}

/// Puts in front of rows where the row is that they were asked for.
struct Stamp<'a, 's> {
    inner: &'a mut Sift<'s>,
    place: &'a str,
}

impl Sink for Stamp<'_, '_> {
    fn row(&mut self, row: Value) -> Result<()> {
        self.inner.row(stamped("hit", self.place, row))
    }

    fn bytes(&mut self, data: &[u8]) -> Result<()> {
        self.inner.bytes(data)
    }

    fn idle(&mut self) -> Result<()> {
        self.inner.idle()
    }
}

/// What became of the command for a row.
enum Filled {
    Each(Box<Each>),
    /// A field is null.
    Without,
    /// What the row holds would be an option that nobody typed.
    Option,
}

/// Whether a word that was filled in is an option where none was typed: names in an image are its owner's, and must not choose what a
/// command does. A number below zero is none.
fn is_smuggled(typed: &str, word: &str) -> bool {
    let option = word.strip_prefix('-').is_some_and(|w| !w.is_empty() && !w.starts_with(|c: char| c.is_ascii_digit()));
    option && !typed.starts_with('-')
}

/// The command for a row: its fields in place of `{KEY}`, or its address as the first argument.
fn filled(shell: &Shell, command: &[String], row: &Value) -> Result<Filled> {
    let text = |key: &str| PLACES.contains(&key).then(|| shown(row.get(key)?)).flatten();
    let space = row.get("space").and_then(Value::as_str);
    let pid = row.get("pid").and_then(Value::as_u64);
    let address = PLACES.iter().find_map(|key| text(key));
    let place = match (&address, space, pid) {
        (Some(a), Some("phys"), _) => format!("p:{a}"),
        (Some(a), Some("kernel"), _) => format!("k:{a}"),
        // Without `space` it may be the address of what a process is to the kernel.
        (Some(a), Some(_), Some(pid)) => format!("{pid}:{a}"),
        (Some(a), ..) => a.clone(),
        (None, ..) => row.as_object().and_then(|o| o.values().find_map(shown)).unwrap_or_default(),
    };
    let mut named = false;
    let mut words = Vec::with_capacity(command.len() + 1);
    for typed in command {
        let Some(word) = substituted(typed, row, &mut named)? else { return Ok(Filled::Without) };
        if is_smuggled(typed, &word) && !words.iter().any(|w| w == "--") {
            return Ok(Filled::Option);
        }
        words.push(word);
    }
    if !named {
        let Some(address) = address else {
            let keys = row.as_object().map(|o| o.keys().cloned().collect::<Vec<_>>().join(", ")).unwrap_or_default();
            let hint = format!("name a field as in {{KEY}}: {keys}");
            return Err(Failure::Usage("foreach: the rows have no address".to_owned(), Some(hint)));
        };
        // Whose the address is, is said by the chosen process; of physical ones it must stand there.
        let own = command.iter().any(|w| w == "--phys" || w == "-k" || w == "--kernel" || w == "-p" || w == "--pid");
        words.insert(
            1,
            if space == Some("phys") && !own && command.first().is_none_or(|c| c != "ptov") { place.clone() } else { address },
        );
    }
    let session = shell.session.as_ref();
    let process = pid.and_then(|pid| session?.find_process(&pid.to_string()).ok());
    let current = || shell.current.borrow().clone().filter(|_| space.is_none());
    Ok(Filled::Each(Box::new(Each { words, process: process.or_else(current), place })))
}

/// A value as a word; nothing for null, lists and objects.
fn shown(value: &Value) -> Option<String> {
    match value {
        Value::String(s) => Some(s.clone()),
        Value::Number(n) => Some(n.to_string()),
        Value::Bool(b) => Some(b.to_string()),
        _ => None,
    }
}

/// A word with fields of the row in place of `{KEY}`; `named` tells whether there were some. `None` where one is null.
pub fn substituted(word: &str, row: &Value, named: &mut bool) -> Result<Option<String>> {
    let mut out = String::new();
    let mut rest = word;
    while let Some((before, behind)) = rest.split_once('{') {
        let key = behind
            .split_once('}')
            .filter(|(key, _)| !key.is_empty() && key.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '.'));
        out.push_str(before);
        let Some((key, tail)) = key else {
            out.push('{');
            rest = behind;
            continue;
        };
        *named = true;
        let Some(value) = field(row, key) else {
            let keys = row.as_object().map(|o| o.keys().cloned().collect::<Vec<_>>().join(", ")).unwrap_or_default();
            return Err(Failure::Usage(format!("foreach: the row has no {key}"), Some(format!("it has {keys}"))));
        };
        let Some(text) = shown(value) else { return Ok(None) };
        out.push_str(&text);
        rest = tail;
    }
    out.push_str(rest);
    Ok(Some(out))
}

impl Shell {
    /// The rows of a command, for another one; so many at most.
    ///
    /// # Errors
    /// As that command.
    pub fn some_rows(&self, words: &[String]) -> Result<Vec<Value>> {
        let (spec, matches) = match self.parse(words)? {
            Parsed::Command(spec, matches) => (spec, matches),
            Parsed::Text(_) => return Err(Failure::usage(format!("{} has no rows", own::joined(words)))),
        };
        let cx = Context::new(self, self.session.as_ref(), self.current.borrow().clone());
        let choice = crate::shell::run::chosen(spec, &matches, &self.output.borrow())?;
        let mut rows = Bounded::default();
        let outcome = self.sifted(spec, &matches, &cx, choice, &mut rows);
        self.after(&cx, outcome, None)?;
        if rows.full {
            self.warn(&format!("(only the first {MOST} rows are passed on)"));
        }
        Ok(rows.rows)
    }
}

/// Keeps rows as long as there is room.
#[derive(Default)]
struct Bounded {
    rows: Vec<Value>,
    full: bool,
}

impl Sink for Bounded {
    fn row(&mut self, row: Value) -> Result<()> {
        if self.rows.len() >= MOST {
            self.full = true;
            return Err(Failure::Enough);
        }
        self.rows.push(row);
        Ok(())
    }

    fn bytes(&mut self, _: &[u8]) -> Result<()> {
        Ok(())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn fields_take_the_place_of_their_names() {
        let row = json!({"address": "0x10", "pid": 7, "name": null, "perm": {"write": true}});
        let with = |word: &str| {
            let mut named = false;
            substituted(word, &row, &mut named).map(|w| (w, named)).map_err(|e| e.to_string())
        };
        assert_eq!(with("{address}+{pid}").unwrap(), (Some("0x10+7".to_owned()), true));
        assert_eq!(with("{perm.write}").unwrap(), (Some("true".to_owned()), true));
        assert_eq!(with("a{2,3}{").unwrap(), (Some("a{2,3}{".to_owned()), false));
        assert_eq!(with("{name}").unwrap(), (None, true));
        assert!(with("{perm}").unwrap().0.is_none());
        assert!(with("{nothing}").unwrap_err().contains("no nothing"));
    }

    #[test]
    fn what_a_row_holds_is_no_option() {
        for (typed, word, is) in [
            ("{name}", "--extract=/root", true),
            ("{name}", "-o/tmp/x", true),
            ("{a}{name}", "-x", true),
            ("{offset}", "-8", false),
            ("{name}", "-", false),
            ("{name}", "sshd -D", false),
            ("-p{pid}", "-p7", false),
            ("--path={path}", "--path=-x", false),
        ] {
            assert_eq!(is_smuggled(typed, word), is, "{typed} {word}");
        }
    }

    #[test]
    fn what_is_memshs_own_behind_a_bar() {
        let words = |text: &str| piped(text).map(|l| (l.words.join(" "), l.output));
        assert_eq!(words("near").unwrap().0, "foreach | near");
        let (line, output) = words("foreach read {address} -n 8 | grep x").unwrap();
        assert_eq!((line.as_str(), output), ("foreach | read {address} -n 8", Output::Pipe("grep x".to_owned())));
        assert!(
            words("grep near").is_none() && words("/bin/read").is_none() && words("").is_none() && words("strings").is_none()
        );
    }
}
