//! Running commands.

use super::args::{OutputArgs, parser};
use super::host::Shell;
use super::line::{Line, Output};
use super::render::{Renderer, escape};
use super::{alias, builtin, docs, interrupt, line};
use crate::commands::evidence::guard;
use crate::commands::failure::{Failure, Result, exit};
use crate::commands::similar::{or, similar};
use crate::commands::{ALL, Collect, Context, Host, Shape, Sink, Spec, find};
use clap::{ArgMatches, FromArgMatches};
use serde_json::Value;
use std::io::{BufWriter, Write};
use std::process::{Command as Process, Stdio};

/// How a line ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ended {
    /// Exit status: that of the first command that failed.
    pub status: u8,
    /// The shell is to end.
    pub quit: bool,
}

impl Ended {
    /// All is well.
    pub const WELL: Ended = Ended { status: exit::SUCCESS, quit: false };

    /// This, then `next`.
    pub fn then(self, next: Ended) -> Ended {
        Ended { status: if self.status == 0 { next.status } else { self.status }, quit: self.quit || next.quit }
    }

    fn with(status: u8) -> Self {
        Ended { status, quit: false }
    }
}

/// What one command came to.
enum Done {
    Well,
    Partial,
    Quit,
}

impl Shell {
    /// Runs a line.
    pub fn line(&self, text: &str) -> Ended {
        let lines = match line::split(text) {
            Ok(lines) => lines,
            Err(why) => {
                report(&Failure::usage(why));
                return Ended::with(exit::USAGE);
            }
        };
        let mut ended = Ended::WELL;
        for line in lines {
            interrupt::clear();
            ended = ended.then(self.command(&line));
            if ended.quit || ended.status == exit::INTERRUPTED {
                break;
            }
        }
        ended
    }

    /// Runs one command and reports how it failed.
    pub fn command(&self, line: &Line) -> Ended {
        self.output.replace(self.defaults.borrow().clone());
        let outcome = match &line.output {
            Output::Stdout => {
                let mut out = BufWriter::new(std::io::stdout().lock());
                self.words(&line.words, &mut out, true)
            }
            Output::Pipe(shell) => self.piped(line, shell),
            Output::File { path, append } => self.filed(line, path, *append),
        };
        match outcome {
            Ok(Done::Well) => Ended::WELL,
            Ok(Done::Partial) => Ended::with(exit::PARTIAL),
            Ok(Done::Quit) => Ended { status: exit::SUCCESS, quit: true },
            Err(failure) => {
                report(&failure);
                // Nobody reads any more: there is no point in the commands that follow.
                let closed = matches!(&failure, Failure::Output(_)) && line.output == Output::Stdout;
                Ended { status: failure.status(), quit: closed }
            }
        }
    }

    /// Runs one command of another (`foreach`): its answer goes where that one's goes.
    pub fn nested(&self, words: &[String], out: &mut dyn Write, stdout: bool) -> Result<Ended> {
        self.output.replace(self.defaults.borrow().clone());
        match self.words(words, out, stdout) {
            Ok(Done::Well) => Ok(Ended::WELL),
            Ok(Done::Partial) => Ok(Ended::with(exit::PARTIAL)),
            Ok(Done::Quit) => Ok(Ended { status: exit::SUCCESS, quit: true }),
            // Nobody reads any more, or nobody wants more.
            Err(failure @ (Failure::Output(_) | Failure::Interrupted)) => Err(failure),
            Err(failure) => {
                report(&failure);
                Ok(Ended::with(failure.status()))
            }
        }
    }

    fn piped(&self, line: &Line, shell: &str) -> Result<Done> {
        let spawn = Process::new("sh").arg("-c").arg(shell).stdin(Stdio::piped()).spawn();
        let mut child = spawn.map_err(|e| Failure::file(std::path::Path::new("sh"), "run", e))?;
        let mut words = line.words.clone();
        if self.for_jq(&words, shell) {
            words.push("--json".to_owned());
        }
        let outcome = match child.stdin.take() {
            Some(stdin) => self.words(&words, &mut BufWriter::new(stdin), false),
            None => Ok(Done::Well),
        };
        let status = child.wait().map_err(Failure::Output)?;
        match outcome {
            // 127 is the shell's "command not found".
            Ok(_) | Err(Failure::Output(_)) if status.code() == Some(127) => {
                Err(Failure::usage(format!("the shell can't run {shell:?}")))
            }
            // The reader had enough (`| head`).
            Err(Failure::Output(e)) if e.kind() == std::io::ErrorKind::BrokenPipe => Ok(Done::Well),
            other => other,
        }
    }

    /// Whether the answer goes to jq, which can read nothing but JSON, and no format was asked for.
    fn for_jq(&self, words: &[String], shell: &str) -> bool {
        let o = self.defaults.borrow();
        let asked = o.json || o.jsonl || o.csv || o.table;
        let asked = asked || words.iter().any(|w| matches!(w.as_str(), "--json" | "--jsonl" | "--csv" | "--table" | "--raw"));
        let command = alias::expand(words).first().is_some_and(|name| find(name).is_some());
        !asked && command && shell.split_whitespace().next() == Some("jq")
    }

    fn filed(&self, line: &Line, path: &str, append: bool) -> Result<Done> {
        let path = std::path::Path::new(path);
        guard(self.session.as_ref(), path)?;
        let mut options = std::fs::File::options();
        options.create(true).write(true).append(append).truncate(!append);
        let file = options.open(path).map_err(|e| Failure::file(path, "write", e))?;
        self.words(&line.words, &mut BufWriter::new(file), false)
    }

    /// Runs the command that `words` are.
    fn words(&self, words: &[String], out: &mut dyn Write, stdout: bool) -> Result<Done> {
        if let Some(done) = builtin::run(self, words, out, stdout) {
            return done.map(|quit| if quit { Done::Quit } else { Done::Well });
        }
        let (spec, matches) = match self.parse(words)? {
            Parsed::Command(spec, matches) => (spec, matches),
            Parsed::Text(text) => {
                out.write_all(text.as_bytes())?;
                out.flush()?;
                return Ok(Done::Well);
            }
        };
        let style = self.style(stdout);
        let keys = match style.columns.is_some() || style.format == super::render::Format::Csv {
            true => docs::keys(spec),
            false => Vec::new(),
        };
        for column in style.columns.iter().flatten() {
            let key = column.split('.').next().unwrap_or(column);
            if !keys.iter().any(|k| k == key) {
                let close = similar(key, keys.iter().map(String::as_str));
                let hint = if close.is_empty() {
                    format!("there are {}", keys.join(", "))
                } else {
                    format!("did you mean {}?", or(&close))
                };
                return Err(Failure::Usage(format!("{} has no column {column}", spec.name), Some(hint)));
            }
        }
        let cx = Context::new(self, self.session.as_ref(), self.current.borrow().clone());
        let mut renderer = Renderer::new(out, &style, (spec.name, spec.shape_of(&matches)), &keys, self.interrupt());
        let outcome = (spec.run)(&matches, &cx, &mut renderer);
        let finished = renderer.finish(outcome.is_ok()).map(|note| note.iter().for_each(|n| self.warn(n)));
        self.tell_once();
        self.after(&cx, outcome.and(finished))
    }

    /// Says once what the analyst should know of the system that a command looked for, and of a file that changed meanwhile.
    fn tell_once(&self) {
        let Some(session) = &self.session else { return };
        let found = session.found().map(|layer| layer.warnings.clone()).unwrap_or_default();
        for warning in found.into_iter().chain(session.image().changed()) {
            if self.told.borrow_mut().insert(warning.clone()) {
                self.warn(&format!("warning: {warning}"));
            }
        }
    }

    /// Tells what is missing, and what that means for the exit status.
    fn after(&self, cx: &Context, outcome: Result<()>) -> Result<Done> {
        let strict = self.output.borrow().strict;
        let partial = cx.partial();
        if let Some(text) = &partial {
            // `--quiet` silences warnings, not the fact that an answer is incomplete.
            eprintln!("{}", escape::terminal(text));
        }
        outcome.map(|()| if partial.is_some() && strict { Done::Partial } else { Done::Well })
    }

    /// Runs a command and keeps its rows.
    pub fn collect(&self, words: &[String]) -> Result<Value> {
        let (spec, matches) = match self.parse(words)? {
            Parsed::Command(spec, matches) => (spec, matches),
            Parsed::Text(_) => return Err(Failure::usage(format!("{} has no answer to keep", words.join(" ")))),
        };
        let cx = Context::new(self, self.session.as_ref(), self.current.borrow().clone());
        let mut rows = Collect::default();
        let outcome = (spec.run)(&matches, &cx, &mut rows as &mut dyn Sink);
        // An answer that says why there is none is still the answer (`vtop` of an unmapped address).
        let object = spec.shape_of(&matches) == Shape::Object && !rows.0.is_empty();
        match outcome {
            Ok(()) => {}
            Err(Failure::Error(_)) if object => {}
            Err(e) => return Err(e),
        }
        Ok(if object { rows.0.remove(0) } else { Value::Array(rows.0) })
    }

    fn parse(&self, words: &[String]) -> Result<Parsed> {
        let words = alias::expand(words);
        let Some((name, arguments)) = words.split_first() else { return Ok(Parsed::Text(String::new())) };
        let spec = find(name).ok_or_else(|| unknown(name))?;
        match parser(spec, !self.interactive).try_get_matches_from(arguments) {
            Ok(matches) => {
                let output = OutputArgs::from_arg_matches(&matches).map_err(|e| Failure::usage(e.to_string()))?;
                let output = output.or(&self.defaults.borrow());
                self.output.replace(output);
                Ok(Parsed::Command(spec, matches))
            }
            Err(e) if !e.use_stderr() => Ok(Parsed::Text(e.render().to_string())),
            Err(e) => Err(usage(&e)),
        }
    }
}

enum Parsed {
    Command(&'static Spec, ArgMatches),
    Text(String),
}

/// clap's complaint as a usage error.
pub fn usage(e: &clap::Error) -> Failure {
    let text = e.render().to_string();
    Failure::usage(text.strip_prefix("error: ").unwrap_or(&text).trim_end().to_owned())
}

/// What people rightly expect and memsh does not do yet: better said than a guess at another command.
const LATER: &[&str] = &[
    "bash", "dmesg", "ea", "eb", "ed", "eq", "eu", "ew", "files", "handles", "history", "kmsg", "log", "lsof", "malfind",
    "mount", "mounts", "net", "netscan", "netstat", "psscan", "sockstat", "write",
];

/// The usage error for a command that does not exist.
pub fn unknown(name: &str) -> Failure {
    if LATER.contains(&name) {
        let hint = "`help` lists the commands that there are".to_owned();
        return Failure::Usage(format!("{name} is not in this version of memsh"), Some(hint));
    }
    let names = ALL.iter().flat_map(|s| std::iter::once(s.name).chain(s.aliases.iter().copied()));
    let close = similar(name, names.chain(builtin::NAMES.iter().copied()));
    let hint = match close.as_slice() {
        [] => "`help` lists the commands".to_owned(),
        close => format!("did you mean {}?", or(close)),
    };
    Failure::Usage(format!("there is no command {}", escape::terminal(name)), Some(hint))
}

/// Says on stderr how a command failed.
pub fn report(failure: &Failure) {
    report_lines(&failure.lines());
}

/// Writes lines to stderr.
pub fn report_lines(lines: &[String]) {
    for line in lines {
        // A usage message of clap has several lines of its own; whatever the target's text holds stays harmless.
        for part in line.split('\n') {
            eprintln!("{}", escape::terminal(part));
        }
    }
}
