//! `watch COMMAND`: the same question again and again, each time on the target as it is then, with what has changed marked.

use super::host::Shell;
use super::line::{Line, Output};
use super::render::{Format, Paint, Renderer, Since, escape};
use super::run::{Ended, Parsed, chosen};
use super::{builtin, docs, interrupt, own};
use crate::commands::failure::{Failure, Result, exit};
use crate::commands::{Collect, Context, Shape, Spec};
use clap::ArgMatches;
use serde_json::{Value, json};
use std::collections::{HashMap, HashSet};
use std::io::{self, IsTerminal, Write};
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

const HINT: &str = "watch [-n SECONDS] [--count N] COMMAND, as in: watch -n 1 ps -u";

/// How often, and what.
struct Wanted<'w> {
    every: Duration,
    count: Option<u64>,
    command: &'w [String],
}

/// An answer, or why there is none.
struct Answer {
    rows: Vec<Value>,
    /// What is said beside it.
    notes: Vec<String>,
    status: u8,
    time: String,
}

/// Repeats a command until Ctrl-C, or as often as was asked for.
///
/// # Errors
/// When the command makes no sense, or nobody reads any more.
pub fn run(shell: &Shell, rest: &[String], out: &mut dyn Write, stdout: bool) -> Result<Ended> {
    let wanted = wanted(rest)?;
    let typed = Line { words: wanted.command.to_vec(), output: Output::Stdout, text: String::new() };
    let expanded = own::expand(&shell.own.borrow(), &typed)?;
    let words = match expanded.as_slice() {
        [one] if one.output == Output::Stdout => one.words.as_slice(),
        _ => return Err(Failure::usage(format!("watch takes one command; {} stands for more", own::joined(wanted.command)))),
    };
    if builtin::is(shell, words) {
        let what = format!("watch: {} is the shell's own and asks the target nothing", own::joined(words));
        return Err(Failure::Usage(what, Some(HINT.to_owned())));
    }
    let (spec, matches) = match shell.parse(words)? {
        Parsed::Command(spec, matches) => (spec, matches),
        Parsed::Text(text) => return out.write_all(text.as_bytes()).map_err(Failure::from).map(|()| Ended::WELL),
    };
    chosen(spec, &matches, &shell.output.borrow())?;
    shell.session.as_ref().ok_or_else(|| Failure::usage("watch: there is no target"))?;
    let one = Watch { shell, spec, matches: &matches, title: own::joined(words) };
    let (asked, format) = {
        let o = shell.output.borrow();
        (o.table || o.csv, shell.style(stdout).format)
    };
    let ended = match (stdout && io::stdout().is_terminal(), format) {
        (true, Format::Table) => one.on_screen(&wanted, out),
        (_, Format::Table | Format::Csv) if asked => one.as_text(&wanted, out),
        _ => one.as_lines(&wanted, out),
    };
    // Whoever presses Ctrl-C has seen enough: what stands behind on the line goes on.
    interrupt::clear();
    ended
}

fn wanted(rest: &[String]) -> Result<Wanted<'_>> {
    let usage = |what: String| Failure::Usage(format!("watch: {what}"), Some(HINT.to_owned()));
    let mut wanted = Wanted { every: Duration::from_secs(2), count: None, command: &[] };
    let mut words = rest;
    while let Some((first, tail)) = words.split_first().filter(|(w, _)| w.starts_with('-')) {
        // `-n1`, `-n 1`, `--interval=1`
        let (option, own) = match first.split_once('=') {
            Some((option, value)) => (option, Some(value)),
            None if first.starts_with("-n") && first.len() > 2 => ("-n", first.get(2..)),
            None => (first.as_str(), None),
        };
        if matches!(option, "-d" | "--differences") {
            // What watch(1) has to be asked for.
            words = tail;
            continue;
        }
        let (value, after) = match own {
            Some(value) => (Some(value), tail),
            None => (tail.first().map(String::as_str), tail.get(1..).unwrap_or_default()),
        };
        let value = value.ok_or_else(|| usage(format!("{option} needs a number")))?;
        match option {
            "-n" | "--interval" => {
                let seconds: f64 = value
                    .parse()
                    .ok()
                    .filter(|s| (0.0..=86_400.0).contains(s))
                    .ok_or_else(|| usage(format!("{} is no number of seconds", escape::terminal(value))))?;
                wanted.every = Duration::from_secs_f64(seconds.max(0.05));
            }
            "--count" | "-c" => {
                let n = value.parse().ok().filter(|n| *n > 0);
                wanted.count = Some(n.ok_or_else(|| usage(format!("{} is no count", escape::terminal(value))))?);
            }
            other => return Err(usage(format!("there is no option {}", escape::terminal(other)))),
        }
        words = after;
    }
    if words.is_empty() {
        return Err(usage("which command?".to_owned()));
    }
    wanted.command = words;
    Ok(wanted)
}

/// Waits for the next turn; false when it is not to come.
fn wait(until: Instant) -> bool {
    const TICK: Duration = Duration::from_millis(40);
    loop {
        if interrupt::FLAG.load(Ordering::Relaxed) {
            return false;
        }
        match until.checked_duration_since(Instant::now()) {
            None | Some(Duration::ZERO) => return true,
            Some(left) => std::thread::sleep(left.min(TICK)),
        }
    }
}

/// What is watched.
struct Watch<'a> {
    shell: &'a Shell,
    spec: &'static Spec,
    matches: &'a ArgMatches,
    title: String,
}

impl Watch<'_> {
    /// Asks as often as wanted, and hands each answer and the one before it to `show`. The status is that of the last answer.
    fn repeat(&self, wanted: &Wanted<'_>, mut show: impl FnMut(&Answer, Option<&Answer>) -> Result<()>) -> Result<Ended> {
        let mut before: Option<Answer> = None;
        let mut done = 0;
        loop {
            let next = Instant::now() + wanted.every;
            let Some(answer) = self.ask()? else { return Ok(Ended::WELL) };
            show(&answer, before.as_ref())?;
            done += 1;
            let status = answer.status;
            before = Some(answer);
            if wanted.count.is_some_and(|n| done >= n) {
                return Ok(Ended::with(status));
            }
            if !wait(next) {
                return Ok(Ended::WELL);
            }
        }
    }

    /// The answer now; none after Ctrl-C.
    fn ask(&self) -> Result<Option<Answer>> {
        if let Some(session) = &self.shell.session {
            session.refresh();
        }
        let cx = Context::new(self.shell, self.shell.session.as_ref(), self.shell.current.borrow().clone());
        let choice = chosen(self.spec, self.matches, &self.shell.output.borrow())?;
        let mut rows = Collect::default();
        let outcome = self.shell.sifted(self.spec, self.matches, &cx, choice, &mut rows);
        let mut notes: Vec<String> = cx.partial().into_iter().collect();
        let partial = !notes.is_empty() && self.shell.output.borrow().strict;
        let status = match outcome {
            Ok(()) if partial => exit::PARTIAL,
            Ok(()) => exit::SUCCESS,
            Err(Failure::Interrupted) => return Ok(None),
            Err(failure) if failure.status() == exit::INTERRUPTED => return Ok(None),
            // What makes no sense makes none the next time either.
            Err(failure @ (Failure::Usage(..) | Failure::Output(_))) => return Err(failure),
            Err(failure) => {
                notes.extend(failure.lines());
                failure.status()
            }
        };
        Ok(Some(Answer { rows: rows.0, notes, status, time: super::log::now() }))
    }

    /// The answer as JSON has it.
    fn value(&self, answer: &Answer) -> Value {
        match self.spec.shape_of(self.matches) {
            Shape::Object => answer.rows.first().cloned().unwrap_or(Value::Null),
            Shape::List(_) => Value::Array(answer.rows.clone()),
        }
    }

    /// For programs: a line for each answer.
    fn as_lines(&self, wanted: &Wanted<'_>, out: &mut dyn Write) -> Result<Ended> {
        self.repeat(wanted, |answer, _| {
            for note in &answer.notes {
                self.shell.say(note);
            }
            let line = json!({"time": answer.time, "status": answer.status, "answer": self.value(answer)});
            writeln!(out, "{line}")?;
            Ok(out.flush()?)
        })
    }

    /// For files: each answer as it stands, below its time.
    fn as_text(&self, wanted: &Wanted<'_>, out: &mut dyn Write) -> Result<Ended> {
        self.repeat(wanted, |answer, _| {
            for note in &answer.notes {
                self.shell.say(note);
            }
            writeln!(out, "# {}  {}", answer.time, escape::terminal(&self.title))?;
            out.write_all(&self.rendered(answer, None, false)?)?;
            Ok(out.flush()?)
        })
    }

    /// For people: the screen is drawn anew, and what is new stands out.
    fn on_screen(&self, wanted: &Wanted<'_>, out: &mut dyn Write) -> Result<Ended> {
        let mut last = Vec::new();
        let ended = {
            let _screen = Alternate::enter()?;
            self.repeat(wanted, |answer, before| {
                last = self.rendered(answer, before, true)?;
                self.draw(wanted.every, answer, &last)
            })
        };
        // Of so many answers the last one stays to be read, as any other answer would.
        if wanted.count.is_some() {
            self.shell.output.borrow_mut().no_pager = true;
            out.write_all(&last)?;
            out.flush()?;
        }
        ended
    }

    /// The answer as it stands on a terminal; with the one `before` it, with what differs marked.
    fn rendered(&self, answer: &Answer, before: Option<&Answer>, screen: bool) -> Result<Vec<u8>> {
        let style = self.shell.style(screen);
        let shape = self.spec.shape_of(self.matches);
        let mut text = Vec::new();
        let keys = if style.format == Format::Csv { docs::keys(self.spec) } else { Vec::new() };
        let render = |rows: &[(Value, Since<'_>)], style: &_, text: &mut Vec<u8>| {
            let mut renderer = Renderer::new(text, style, (self.spec.name, shape), &keys, &NEVER);
            rows.iter().try_for_each(|(row, since)| renderer.row_since(row.clone(), *since))?;
            renderer.finish(&Ok(())).map(drop)
        };
        match (shape, before) {
            (Shape::List(_), Some(before)) if style.color => {
                render(&marked(&answer.rows, &before.rows), &style, &mut text)?;
            }
            (Shape::Object, Some(before)) if style.color => {
                // Letters that differ, wherever they stand.
                let plain = super::render::Style { color: false, ..style.clone() };
                let same = |rows: &[Value]| rows.iter().map(|r| (r.clone(), Since::Same)).collect::<Vec<_>>();
                let (mut now, mut then) = (Vec::new(), Vec::new());
                render(&same(&answer.rows), &plain, &mut now)?;
                render(&same(&before.rows), &plain, &mut then)?;
                text = letters(&String::from_utf8_lossy(&then), &String::from_utf8_lossy(&now)).into_bytes();
            }
            _ => {
                let rows: Vec<_> = answer.rows.iter().map(|r| (r.clone(), Since::Same)).collect();
                render(&rows, &style, &mut text)?;
            }
        }
        Ok(text)
    }

    fn draw(&self, every: Duration, answer: &Answer, text: &[u8]) -> Result<()> {
        let (width, height) = terminal_size::terminal_size().map_or((80, 24), |(w, h)| (usize::from(w.0), usize::from(h.0)));
        let paint = Paint(self.shell.style(true).color);
        let name = self.shell.session.as_ref().map_or("", |s| s.name());
        let left = format!("Every {:.1} s: {}", every.as_secs_f64(), escape::terminal(&self.title));
        let right = format!("{}  {}", escape::terminal(name), answer.time);
        let gap = width.saturating_sub(left.chars().count() + right.chars().count()).max(1);
        let title: String = format!("{left}{}{right}", " ".repeat(gap)).chars().take(width).collect();
        let mut frame = format!("\x1b[H{}\x1b[K\n\x1b[K\n", paint.strong(title));
        let notes = answer.notes.iter().map(|n| paint.bad(escape::terminal(n)));
        let body = String::from_utf8_lossy(text);
        let lines: Vec<String> = notes.chain(body.lines().map(str::to_owned)).collect();
        let room = height.saturating_sub(3).max(1);
        let shown = if lines.len() > room { room - 1 } else { lines.len() };
        for line in lines.iter().take(shown) {
            frame.push_str(&cut(line, width));
            frame.push_str("\x1b[0m\x1b[K\n");
        }
        if lines.len() > shown {
            let more = format!("... {} more lines (--limit, --where and --sort choose among them)", lines.len() - shown);
            frame.push_str(&cut(&paint.dim(more), width));
            frame.push_str("\x1b[0m\x1b[K");
        }
        frame.push_str("\x1b[J");
        let mut stdout = io::stdout().lock();
        stdout.write_all(frame.as_bytes())?;
        Ok(stdout.flush()?)
    }
}

/// An answer that was given is shown whole.
static NEVER: std::sync::atomic::AtomicBool = std::sync::atomic::AtomicBool::new(false);

/// What tells one row from another, where it has that.
const KEYS: &[&str] =
    &["pid", "tid", "fd", "address", "base", "start", "virtual", "index", "number", "interface", "key", "encoding"];

/// What a row is known by: its ids and addresses, or all of it where it has none.
fn identity(row: &Value) -> String {
    let ids: Vec<String> = KEYS.iter().filter_map(|k| row.get(*k).filter(|v| !v.is_null()).map(|v| format!("{k}={v}"))).collect();
    if ids.is_empty() { row.to_string() } else { ids.join(" ") }
}

/// Rows with their identities, of which several that are equal are told apart by their order.
fn known(rows: &[Value]) -> Vec<(String, &Value)> {
    let mut seen: HashMap<String, u32> = HashMap::new();
    let name = |row| {
        let identity = identity(row);
        let n = seen.entry(identity.clone()).or_default();
        *n += 1;
        (format!("{identity} {n}"), row)
    };
    rows.iter().map(name).collect()
}

/// The rows of now, with what they were before, and those that are gone where they stood.
fn marked<'b>(now: &[Value], before: &'b [Value]) -> Vec<(Value, Since<'b>)> {
    let (now, before) = (known(now), known(before));
    let old: HashMap<&str, &'b Value> = before.iter().map(|(k, v)| (k.as_str(), *v)).collect();
    let new: HashSet<&str> = now.iter().map(|(k, _)| k.as_str()).collect();
    let mut out = Vec::with_capacity(now.len());
    let mut rest = before.iter().peekable();
    let mut gone = |until: Option<&str>, out: &mut Vec<(Value, Since<'b>)>| {
        // What is gone stands before the next row that is still there.
        while let Some((key, row)) = rest.peek() {
            if new.contains(key.as_str()) {
                if until == Some(key.as_str()) {
                    rest.next();
                }
                if until.is_some() {
                    return;
                }
                rest.next();
                continue;
            }
            out.push(((*row).clone(), Since::Gone));
            rest.next();
        }
    };
    for (key, row) in &now {
        match old.get(key.as_str()) {
            Some(before) => {
                gone(Some(key), &mut out);
                out.push(((*row).clone(), Since::Before(before)));
            }
            None => out.push(((*row).clone(), Since::New)),
        }
    }
    gone(None, &mut out);
    out
}

/// `now`, with the letters in reverse that `before` does not have in their places.
fn letters(before: &str, now: &str) -> String {
    let mut out = String::with_capacity(now.len());
    let mut old = before.lines();
    for line in now.lines() {
        let mut then = old.next().unwrap_or_default().chars();
        let mut on = false;
        for c in line.chars() {
            let differs = then.next() != Some(c);
            if differs != on {
                out.push_str(if differs { "\x1b[7m" } else { "\x1b[0m" });
                on = differs;
            }
            out.push(c);
        }
        if on {
            out.push_str("\x1b[0m");
        }
        out.push('\n');
    }
    out
}

/// As much of a line as the screen is wide; codes of colours take no room.
fn cut(line: &str, width: usize) -> String {
    let mut out = String::with_capacity(line.len());
    let mut used = 0;
    let mut code = false;
    for c in line.chars() {
        match c {
            '\x1b' => code = true,
            c if code => code = !c.is_ascii_alphabetic(),
            _ => used += 1,
        }
        if used > width {
            break;
        }
        out.push(c);
    }
    out
}

/// The screen beside the one with the lines that were typed, which comes back at the end.
struct Alternate(());

impl Alternate {
    fn enter() -> io::Result<Self> {
        let mut out = io::stdout().lock();
        out.write_all(b"\x1b[?1049h\x1b[?25l\x1b[2J")?;
        out.flush()?;
        Ok(Self(()))
    }
}

impl Drop for Alternate {
    fn drop(&mut self) {
        let mut out = io::stdout().lock();
        // Where nobody reads any more, there is nothing to put back.
        let _ = out.write_all(b"\x1b[?25h\x1b[?1049l").and_then(|()| out.flush());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<String> {
        text.split(' ').map(str::to_owned).collect()
    }

    #[test]
    fn options_as_watch_has_them() {
        for (text, seconds, count, command) in [
            ("ps", 2.0, None, "ps"),
            ("-n 1 ps -u", 1.0, None, "ps -u"),
            ("-n0.5 --count 3 -d ps", 0.5, Some(3), "ps"),
            ("--interval=0 --count=1 maps -p 1", 0.05, Some(1), "maps -p 1"),
        ] {
            let words = words(text);
            let w = wanted(&words).ok();
            let got = w.map(|w| (w.every.as_secs_f64(), w.count, w.command.join(" ")));
            assert_eq!(got, Some((seconds, count, command.to_owned())), "{text}");
        }
        for text in ["-n", "-n x ps", "-n -1 ps", "--count 0 ps", "--what 1 ps", "-n 1"] {
            assert!(wanted(&words(text)).is_err(), "{text}");
        }
    }

    #[test]
    fn rows_are_known_by_their_ids() {
        let row = |pid: u32, name: &str| json!({"pid": pid, "name": name});
        let before = [row(1, "init"), row(2, "old"), row(3, "sh"), row(9, "last")];
        let now = [row(1, "init"), row(3, "bash"), row(4, "new")];
        let kinds: Vec<(u64, &str)> = marked(&now, &before)
            .iter()
            .map(|(r, since)| {
                let kind = match since {
                    Since::Same => "same",
                    Since::Before(b) if *b == r => "equal",
                    Since::Before(_) => "changed",
                    Since::New => "new",
                    Since::Gone => "gone",
                };
                (r["pid"].as_u64().unwrap_or(0), kind)
            })
            .collect();
        assert_eq!(kinds, [(1, "equal"), (2, "gone"), (3, "changed"), (4, "new"), (9, "gone")]);
        // In another order nobody is lost.
        let turned = [row(9, "last"), row(1, "init")];
        assert_eq!(marked(&turned, &before).len(), 4);
    }

    #[test]
    fn letters_that_differ_are_marked() {
        assert_eq!(letters("abc\nx\n", "abd\nx\ny\n"), "ab\x1b[7md\x1b[0m\nx\n\x1b[7my\x1b[0m\n");
        assert_eq!(cut("\x1b[1mabc\x1b[0mdef", 4), "\x1b[1mabc\x1b[0md");
    }
}
