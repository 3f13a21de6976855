//! `foreach FILTER COMMAND`: the command once for each process; for each row, [`rows`].

pub mod rows;

use super::filter::{Choice, parse};
use super::host::Shell;
use super::line::{Line, Output};
use super::merged::Merged;
use super::render::{Format, Paint, escape};
use super::run::{Ended, Parsed};
use super::screen::worse;
use super::{builtin, docs, own};
use crate::commands::failure::{Failure, Result};
use crate::commands::{Context, Host, Shape, Sink, Spec};
use crate::session::is_process;
use crate::{Error, ErrorKind, Layer};
use clap::ArgMatches;
use memsh_plugin::ProcessInfo;
use serde_json::{Map, Value, json};
use std::collections::HashSet;
use std::io::Write;
use std::sync::atomic::Ordering;

const HINT: &str = "foreach user maps; filters: user, kernel, all, a name, pids as 1,2,3, or an expression over the rows of ps as in \
                    foreach 'uid == 0 and name ~ \"ssh\"' maps; `hit` is each hit of the last search, (COMMAND) each of its rows";

/// Runs a command for each process that a filter chooses, or for each row. The status is the worst of the commands'.
///
/// # Errors
/// When the filter or the command makes no sense, nobody reads any more, or Ctrl-C was pressed.
pub fn run(shell: &Shell, rest: &[String], out: &mut dyn Write, stdout: bool) -> Result<Ended> {
    let [filter, command @ ..] = rest else {
        return Err(Failure::Usage("foreach needs a filter and a command".to_owned(), Some(HINT.to_owned())));
    };
    if command.is_empty() {
        return Err(Failure::Usage("foreach: which command?".to_owned(), Some(HINT.to_owned())));
    }
    // An alias of the user's that is one command.
    let typed = Line { words: command.to_vec(), output: Output::Stdout, text: String::new() };
    let expanded = own::expand(&shell.own.borrow(), &typed)?;
    let command = match expanded.as_slice() {
        // By itself it is the list of typed lines, of which no process has its own.
        [one] if one.output == Output::Stdout && one.words == ["history"] => &["bash".to_owned()],
        [one] if one.output == Output::Stdout => one.words.as_slice(),
        _ => return Err(Failure::usage(format!("foreach takes one command; {} stands for more", own::joined(command)))),
    };
    if let Some(rows) = rows::source(shell, filter)? {
        return rows::run(shell, &rows, command, out, stdout);
    }
    let before = shell.current.borrow().clone();
    // What makes no sense at all must make none before the processes are looked for, and not for each of them.
    let parsed = if builtin::is(shell, command) { None } else { Some(shell.parse(command)?) };
    let outcome = match parsed {
        Some(Parsed::Text(text)) => out.write_all(text.as_bytes()).map_err(Failure::from).map(|()| Ended::WELL),
        Some(Parsed::Command(spec, matches)) => {
            chosen(shell, filter).and_then(|all| each(shell, &all, (spec, &matches), out, stdout))
        }
        None => chosen(shell, filter).and_then(|all| builtins(shell, &all, command, out, stdout)),
    };
    shell.current.replace(before);
    outcome
}

/// The processes that the filter chooses.
fn chosen(shell: &Shell, filter: &str) -> Result<Vec<ProcessInfo>> {
    let session = shell.session.as_ref().ok_or_else(|| Failure::usage("foreach: there is no target"))?;
    let nobody = |who: &str| {
        let e = Error::new(Layer::Os, ErrorKind::NotFound, format!("no process {}", escape::terminal(who)));
        Failure::from(e.hint("foreach takes user, kernel, all, a name, pids as 1,2,3 or an expression; `ps` lists the processes"))
    };
    // Letters that no name and no list of pids has.
    let expression = filter.contains(['=', '<', '>', '~', '"', '\'']) || filter.contains(" in ") || filter.starts_with("not ");
    let all = session.processes()?.items;
    let out: Vec<ProcessInfo> = if expression {
        let spec = crate::commands::find("ps").ok_or_else(|| nobody(filter))?;
        let expression = parse(filter, &docs::row_schema(spec)).map_err(|m| m.failure("foreach", filter))?;
        // The rows of ps, which are what the user sees. Options of the line are meant for the command.
        let kept = shell.output.take();
        let rows = shell.rows_of(spec);
        shell.output.replace(kept);
        let rows = rows?;
        // No two processes have one control block.
        let address = |r: &Value| r.get("address").and_then(Value::as_str).map(str::to_owned);
        let meant: HashSet<String> = rows.iter().filter(|r| expression.matches(r)).filter_map(address).collect();
        all.iter().filter(|p| meant.contains(&format!("{:#x}", p.address.value()))).cloned().collect()
    } else {
        let mut wanted: Vec<&str> = filter.split(',').map(str::trim).filter(|w| !w.is_empty()).collect();
        wanted.dedup();
        let is = |p: &ProcessInfo, w: &str| match w {
            "all" => true,
            "user" => !p.kernel_thread,
            "kernel" => p.kernel_thread,
            w => is_process(p, w),
        };
        for w in &wanted {
            if !all.iter().any(|p| is(p, w)) {
                return Err(nobody(w));
            }
        }
        all.iter().filter(|p| wanted.iter().any(|w| is(p, w))).cloned().collect()
    };
    if out.is_empty() {
        return Err(nobody(filter));
    }
    Ok(out)
}

/// One command of the registry for all of them.
fn each(
    shell: &Shell,
    all: &[ProcessInfo],
    (spec, matches): (&'static Spec, &ArgMatches),
    out: &mut dyn Write,
    stdout: bool,
) -> Result<Ended> {
    let style = shell.styled(spec, stdout)?;
    let shape = spec.shape_of(matches);
    let front = [("pid", json!({"type": "integer"})), ("name", json!({"type": "string"}))];
    let list = matches!(shape, Shape::List(_));
    let choice = Choice::new(&shell.output.borrow(), shape, || docs::row_schema(spec).with(&front))?;
    // A table for each process is easiest to read, and one for all where rows are chosen among all of them.
    // `ps` lists all processes whichever was chosen.
    let merged = style.format != Format::Table || spec.name == "ps" || (list && (!choice.is_all() || style.columns.is_some()));
    let answer = Merged::new(shell, (spec, shape), &front, choice, style)?;
    if !merged {
        return tables(shell, all, (spec, matches), out, stdout);
    }
    answer.run(out, |sift| {
        let mut status = 0;
        for p in all {
            shell.current.replace(Some(p.clone()));
            let cx = Context::new(shell, shell.session.as_ref(), Some(p.clone()));
            cx.go_on()?;
            let done = (spec.run)(matches, &cx, &mut Stamp { inner: sift, process: p });
            let whose = format!("{}/{}", p.name.to_string_lossy(), p.pid);
            status = worse(status, shell.after(&cx, Ok(()), Some(&whose))?.status);
            match done {
                Ok(()) => {}
                Err(Failure::Enough) => break,
                Err(failure) if over(&failure) => return Err(failure),
                Err(failure) => {
                    shell.say(&format!("memsh: {whose}:"));
                    shell.report(&failure);
                    status = worse(status, failure.status());
                }
            }
        }
        Ok(Ended::with(status))
    })
}

/// A table, or words, under a heading for each process.
fn tables(
    shell: &Shell,
    all: &[ProcessInfo],
    command: (&'static Spec, &ArgMatches),
    out: &mut dyn Write,
    stdout: bool,
) -> Result<Ended> {
    headed(shell, all.iter().map(Ok), (out, stdout), named, over, |_, out| shell.answer_to(command, out, stdout, false))
}

/// One of the shell's own commands (`set`).
fn builtins(shell: &Shell, all: &[ProcessInfo], command: &[String], out: &mut dyn Write, stdout: bool) -> Result<Ended> {
    // What makes no sense to the shell makes none for the next process either.
    let over = |f: &Failure| over(f) || matches!(f, Failure::Usage(..));
    headed(shell, all.iter().map(Ok), (out, stdout), named, over, |_, out| shell.words(command, out, stdout))
}

/// Whether nobody reads any more, or wants more.
fn over(failure: &Failure) -> bool {
    matches!(failure, Failure::Output(_) | Failure::Interrupted)
}

/// Answers one after the other, each below a heading, up to a failure after which it is `over`. `whose` tells the process of an item and
/// what stands above its answer. The status is the worst of theirs.
fn headed<T>(
    shell: &Shell,
    all: impl Iterator<Item = Result<T>>,
    (out, stdout): (&mut dyn Write, bool),
    whose: impl Fn(&T) -> (Option<ProcessInfo>, String),
    over: impl Fn(&Failure) -> bool,
    mut answer: impl FnMut(&T, &mut dyn Write) -> Result<Ended>,
) -> Result<Ended> {
    let mut status = 0;
    for item in all {
        let item = item?;
        if shell.interrupt().load(Ordering::Relaxed) {
            return Err(Failure::Interrupted);
        }
        let (process, heading) = whose(&item);
        shell.current.replace(process);
        tell_heading(shell, &heading, out, stdout)?;
        match answer(&item, out) {
            Ok(ended) if ended.quit => break,
            Ok(ended) => status = worse(status, ended.status),
            Err(failure) if over(&failure) => return Err(failure),
            Err(failure) => {
                // In its place among the answers.
                out.flush()?;
                shell.report(&failure);
                status = worse(status, failure.status());
            }
        }
    }
    Ok(Ended { status, quit: false })
}

/// A process, and its name for where a person reads: not every table says itself whose its rows are.
fn named(p: &&ProcessInfo) -> (Option<ProcessInfo>, String) {
    (Some((*p).clone()), format!("{}/{}", escape::terminal(&p.name.to_string_lossy()), p.pid))
}

fn tell_heading(shell: &Shell, text: &str, out: &mut dyn Write, stdout: bool) -> Result<()> {
    if shell.output.borrow().no_header || shell.style(stdout).format != Format::Table {
        return Ok(());
    }
    heading(text, shell.style(stdout).color, out)
}

/// A line above an answer that says whose it is.
pub fn heading(text: &str, color: bool, out: &mut dyn Write) -> Result<()> {
    Ok(writeln!(out, "{}", Paint(color).strong(format!("-- {text} --")))?)
}

/// Puts the process in front of rows that do not say whose they are.
struct Stamp<'a> {
    inner: &'a mut dyn Sink,
    process: &'a ProcessInfo,
}

impl Sink for Stamp<'_> {
    fn row(&mut self, row: Value) -> Result<()> {
        let Value::Object(mut fields) = row else { return self.inner.row(row) };
        // A list that does not look at the chosen process still says whose its rows are.
        let other = fields.get("pid").and_then(Value::as_u64).is_some_and(|pid| pid != u64::from(self.process.pid));
        if other {
            return Ok(());
        }
        let mut out = Map::new();
        if !fields.contains_key("pid") {
            out.insert("pid".to_owned(), self.process.pid.into());
        }
        if !fields.contains_key("name") {
            out.insert("name".to_owned(), self.process.name.to_string_lossy().into_owned().into());
        }
        out.append(&mut fields);
        self.inner.row(Value::Object(out))
    }

    fn bytes(&mut self, data: &[u8]) -> Result<()> {
        self.inner.bytes(data)
    }

    fn idle(&mut self) -> Result<()> {
        self.inner.idle()
    }
}
