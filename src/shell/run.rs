//! Running commands.

use super::args::{OutputArgs, parser};
use super::filter::{Choice, Sift};
use super::hits::Noted;
use super::host::Shell;
use super::line::Line;
use super::render::{Format, Renderer, Style, escape};
use super::{alias, builtin, docs, interrupt, line, own};
use crate::commands::failure::{Failure, Result, exit};
use crate::commands::similar::{or, similar};
use crate::commands::{ALL, Collect, Context, Host, Shape, Sink, Spec, find, plugins};
use clap::{ArgMatches, FromArgMatches};
use serde_json::Value;
use std::cell::RefCell;
use std::io::Write;

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

    /// The end with this status.
    pub fn with(status: u8) -> Self {
        Ended { status, quit: false }
    }

    fn stops(self) -> bool {
        self.quit || self.status == exit::INTERRUPTED
    }
}

impl Shell {
    /// Runs a line that was typed.
    pub fn line(&self, text: &str) -> Ended {
        interrupt::clear();
        self.text(text, None)
    }

    /// Runs a line; its answers go to `outer`, or to the screen.
    pub fn text(&self, text: &str, mut outer: Option<&mut dyn Write>) -> Ended {
        let lines = match line::split(text) {
            Ok(lines) => lines,
            Err(why) => {
                self.report(&Failure::usage(why));
                return Ended::with(exit::USAGE);
            }
        };
        let mut ended = Ended::WELL;
        for line in lines {
            ended = ended.then(self.command(&line, outer.as_mut().map(|o| &mut **o as &mut dyn Write)));
            if ended.stops() {
                break;
            }
        }
        ended
    }

    /// Runs one command, or those that an alias stands for, and reports how it failed.
    pub fn command(&self, line: &Line, mut outer: Option<&mut dyn Write>) -> Ended {
        self.log_begin(line);
        let expanded = own::expand(&self.own.borrow(), line);
        let mut ended = Ended::WELL;
        match expanded {
            Ok(lines) => {
                for line in &lines {
                    ended = ended.then(self.send(line, outer.as_mut().map(|o| &mut **o as &mut dyn Write)));
                    if ended.stops() {
                        break;
                    }
                }
            }
            Err(failure) => {
                self.report(&failure);
                ended = Ended::with(failure.status());
            }
        }
        self.log_end(ended.status);
        // Who copies a plugin into place between two commands has it in the second.
        self.plugins.take();
        ended
    }

    /// Runs the command that `words` are.
    ///
    /// # Errors
    /// As that command.
    pub fn words(&self, words: &[String], out: &mut dyn Write, stdout: bool) -> Result<Ended> {
        if let Some(fleet) = &self.fleet {
            return super::fleet::run(self, fleet, words, out, stdout);
        }
        let words = &self.meant(words)?;
        if let Some(done) = builtin::run(self, words, out, stdout) {
            return done;
        }
        match self.parse_own(words)? {
            Parsed::Command(spec, matches) => self.answered(spec, &matches, out, stdout),
            Parsed::Text(text) => {
                out.write_all(text.as_bytes())?;
                out.flush()?;
                Ok(Ended::WELL)
            }
        }
    }

    /// Runs a command of the registry and writes its answer.
    ///
    /// # Errors
    /// As that command.
    pub fn answered(&self, spec: &'static Spec, matches: &ArgMatches, out: &mut dyn Write, stdout: bool) -> Result<Ended> {
        self.answer_to((spec, matches), out, stdout, true)
    }

    /// [`answered`](Self::answered); `alone` where it is not one of many, most of which may well be empty.
    ///
    /// # Errors
    /// As that command.
    pub fn answer_to(
        &self,
        (spec, matches): (&'static Spec, &ArgMatches),
        out: &mut dyn Write,
        stdout: bool,
        alone: bool,
    ) -> Result<Ended> {
        let mut style = self.styled(spec, stdout)?;
        let choice = chosen(spec, matches, &self.output.borrow())?;
        style.flat = choice.reorders();
        let keys = if style.format == Format::Csv { docs::keys(spec) } else { Vec::new() };
        let cx = Context::new(self, self.session.as_ref(), self.current.borrow().clone());
        // What a plugin's rows hold, only the plugin knows.
        if let ("run", None) = (spec.name, &style.columns)
            && let Some(name) = matches.get_one::<String>("name")
        {
            style.columns = plugins::columns(&Host::plugins(self), name)
                .filter(|c| !c.is_empty() && !matches!(style.format, Format::Json | Format::JsonLines));
        }
        let mut renderer = Renderer::new(out, &style, (spec.name, spec.shape_of(matches)), &keys, self.interrupt());
        let outcome = self.sifted(spec, matches, &cx, choice, &mut renderer);
        let empty = renderer.rows() == 0
            && outcome.is_ok()
            && style.format == Format::Table
            && matches!(spec.shape_of(matches), Shape::List(_));
        let finished = renderer.finish(&outcome).map(|note| note.iter().for_each(|n| self.warn_once(n)));
        if empty && finished.is_ok() && (alone || cx.why_nothing().is_some()) {
            self.tell_empty(&cx);
        }
        self.tell_once();
        self.after(&cx, outcome.and(finished), None)
    }

    /// How the answer of this command looks.
    ///
    /// # Errors
    /// A usage error for bytes on a terminal.
    pub fn styled(&self, spec: &Spec, stdout: bool) -> Result<Style> {
        let mut style = self.style(stdout);
        #[cfg(feature = "parquet")]
        let wanted = style.format == Format::Parquet;
        #[cfg(not(feature = "parquet"))]
        let wanted = self.output.borrow().parquet;
        if wanted {
            parquet(&mut style, spec)?;
        }
        Ok(style)
    }

    /// A warning that is not repeated where a person has read it.
    fn warn_once(&self, text: &str) {
        if !self.interactive || self.told.borrow_mut().insert(text.to_owned()) {
            self.warn(text);
        }
    }

    /// Says why a list is empty, as far as that is known. A program sees by itself that there are no rows.
    fn tell_empty(&self, cx: &Context) {
        let why = match cx.why_nothing() {
            // Where something is missing, that may be all the reason there is: the `partial:` line tells it.
            _ if cx.partial().is_some() => return,
            Some(why) => why,
            None if !self.output.borrow().filter.is_empty() => "no row fulfils --where".to_owned(),
            None => "nothing found".to_owned(),
        };
        self.warn(&format!("(no rows: {why})"));
    }

    /// Says once what the analyst should know of the system that a command looked for, and of a file that changed meanwhile.
    fn tell_once(&self) {
        let Some(session) = &self.session else { return };
        let found = session.found().map(|layer| layer.warned()).unwrap_or_default();
        for warning in found.into_iter().chain(session.changed()).chain(session.image().damage()) {
            if self.told.borrow_mut().insert(warning.clone()) {
                self.warn(&format!("warning: {warning}"));
            }
        }
    }

    /// Runs a command for the rows that were asked for.
    ///
    /// # Errors
    /// As that command.
    pub fn sifted(&self, spec: &Spec, matches: &ArgMatches, cx: &Context, choice: Choice, sink: &mut dyn Sink) -> Result<()> {
        let mut witness = Witness { inner: sink, sha256: &self.sha256 };
        let sink: &mut dyn Sink = if spec.name == "hash" { &mut witness } else { witness.inner };
        let mut noted = Noted::new(spec, sink);
        let mut sift = Sift::new(choice, &mut noted, self.interrupt());
        let outcome = (spec.run)(matches, cx, &mut sift);
        let outcome = sift.ended(cx, outcome);
        if let Some(hits) = noted.hits() {
            self.hits.replace(Some(hits));
        }
        outcome
    }

    /// Tells what is missing (`whose`, where several are asked), and what that means for the exit status.
    ///
    /// # Errors
    /// Those of `outcome`.
    pub fn after(&self, cx: &Context, outcome: Result<()>, whose: Option<&str>) -> Result<Ended> {
        let strict = self.output.borrow().strict;
        if let Some(bytes) = self.session.as_ref().map(|s| s.image().unreadable()).filter(|n| *n > self.unreadable.get()) {
            cx.lost_many(
                bytes - self.unreadable.replace(bytes),
                "bytes of the image's file that can't be read any more, and were taken for zeros",
            );
        }
        let kernel = self.session.as_ref().and_then(|s| s.found()?.linux.as_ref());
        kernel.iter().flat_map(|k| k.cut_symbols()).for_each(|why| cx.lost(why.as_str()));
        let partial = cx.partial();
        if let Some(text) = &partial {
            // `--quiet` silences warnings, not the fact that an answer is incomplete.
            self.say(&whose.map_or_else(|| text.clone(), |w| format!("{w}: {text}")));
        }
        outcome.map(|()| if partial.is_some() && strict { Ended::with(exit::PARTIAL) } else { Ended::WELL })
    }

    /// Runs a command and keeps its rows.
    pub fn collect(&self, words: &[String]) -> Result<Value> {
        let (spec, matches) = match self.parse(words)? {
            Parsed::Command(spec, matches) => (spec, matches),
            Parsed::Text(_) => return Err(Failure::usage(format!("{} has no answer to keep", words.join(" ")))),
        };
        let cx = Context::new(self, self.session.as_ref(), self.current.borrow().clone());
        let choice = chosen(spec, &matches, &self.output.borrow())?;
        let mut rows = Collect::default();
        let outcome = self.sifted(spec, &matches, &cx, choice, &mut rows);
        rows.answer(spec.shape_of(&matches), outcome)
    }

    /// All rows of a command without arguments.
    ///
    /// # Errors
    /// As that command.
    pub fn rows_of(&self, spec: &'static Spec) -> Result<Vec<Value>> {
        let matches = parser(spec, false).try_get_matches_from([] as [&str; 0]).map_err(|e| usage(&e))?;
        let cx = Context::new(self, self.session.as_ref(), None);
        let mut rows = Collect::default();
        (spec.run)(&matches, &cx, &mut rows)?;
        Ok(rows.0)
    }

    /// Whether the words make sense as a command.
    ///
    /// # Errors
    /// A usage error if not.
    pub fn check(&self, words: &[String]) -> Result<()> {
        if builtin::is(self, words) {
            return Ok(());
        }
        if let Parsed::Command(spec, matches) = self.parse(words)? {
            chosen(spec, &matches, &self.output.borrow())?;
        }
        Ok(())
    }

    /// The line in memsh's own words; how doubtful words were read is said once.
    fn meant(&self, words: &[String]) -> Result<Vec<String>> {
        let meant = alias::translate(words).known()?;
        // The kernel's log, by crash's habit; whoever keeps a transcript may have meant that.
        let transcript = self.log.borrow().as_ref().map(|log| log.path().to_owned());
        if words == ["log"]
            && let Some(path) = transcript
        {
            let path = path.display();
            self.warn(&format!("note: log: the transcript goes to {path} (`log status`); this is the kernel's log, as in crash"));
            return Ok(meant.words);
        }
        for note in meant.notes {
            if self.told.borrow_mut().insert(note.clone()) {
                self.warn(&note);
            }
        }
        Ok(self.of_plugin(meant.words))
    }

    /// `run NAME ...` for the command of a plugin, where memsh has none of that name.
    pub(super) fn of_plugin(&self, words: Vec<String>) -> Vec<String> {
        let known = |name: &String| find(name).is_some() || builtin::is(self, &words);
        match words.first() {
            Some(name) if !known(name) && plugins::columns(&Host::plugins(self), name).is_some() => {
                std::iter::once("run".to_owned()).chain(words).collect()
            }
            _ => words,
        }
    }

    /// The command that `words` are, and its options.
    ///
    /// # Errors
    /// A usage error.
    pub fn parse(&self, words: &[String]) -> Result<Parsed> {
        self.parse_own(&self.meant(words)?)
    }

    /// [`parse`](Self::parse) of words that are memsh's own.
    fn parse_own(&self, words: &[String]) -> Result<Parsed> {
        let (parsed, output) = parsed(words, !self.interactive)?;
        if let Parsed::Command(..) = parsed {
            let output = output.or(&self.defaults.borrow());
            self.output.replace(output);
        }
        Ok(parsed)
    }
}

/// The command that memsh's own words are, with the options of its output; `target` says whether options of the target may stand among them.
///
/// # Errors
/// A usage error.
pub fn parsed(words: &[String], target: bool) -> Result<(Parsed, OutputArgs)> {
    let text = |text| Ok((Parsed::Text(text), OutputArgs::default()));
    let Some((name, arguments)) = words.split_first() else { return text(String::new()) };
    let spec = find(name).ok_or_else(|| unknown(name))?;
    if let Some(failure) = unquoted(arguments) {
        return Err(failure);
    }
    match parser(spec, target).try_get_matches_from(arguments) {
        Ok(matches) => {
            let output = OutputArgs::from_arg_matches(&matches).map_err(|e| Failure::usage(e.to_string()))?;
            Ok((Parsed::Command(spec, matches), output))
        }
        Err(e) if !e.use_stderr() => text(e.render().to_string()),
        Err(e) => Err(usage(&e)),
    }
}

/// What the output's options choose among the rows of a command and their keys.
///
/// # Errors
/// A usage error where they name a key that there is not.
pub fn chosen(spec: &'static Spec, matches: &ArgMatches, output: &OutputArgs) -> Result<Choice> {
    if !output.columns.is_empty() {
        docs::row_schema(spec).check_columns(&output.columns)?;
    }
    Choice::new(output, spec.shape_of(matches), || docs::row_schema(spec))
}

/// The usage error of an expression that was meant to be one word and is several.
pub fn unquoted(words: &[String]) -> Option<Failure> {
    const OPERATORS: &[&str] =
        &["and", "or", "&&", "==", "=", "!=", "<", "<=", ">=", "~", "!~", "=~", "in", "not", "contains", "is"];
    let at = words.iter().position(|w| w == "--where")?;
    let next = words.get(at + 2).filter(|w| OPERATORS.contains(&w.as_str()))?;
    let hint = "as in: --where 'uid == 0 and name ~ \"ssh\"'".to_owned();
    Some(Failure::Usage(format!("--where: the expression has to stand in quotes; it ends before {next}"), Some(hint)))
}

/// What a Parquet file needs to know before its first row.
#[cfg(feature = "parquet")]
fn parquet(style: &mut Style, spec: &Spec) -> Result<()> {
    if style.width.is_some() {
        let hint = format!("as in {} --parquet > FILE", spec.name);
        return Err(Failure::Usage("--parquet writes bytes, and stdout is a terminal".to_owned(), Some(hint)));
    }
    style.schema = Some(docs::row_schema(spec));
    Ok(())
}

#[cfg(not(feature = "parquet"))]
fn parquet(_: &mut Style, _: &Spec) -> Result<()> {
    let hint = "cargo build --release --features parquet makes one that can".to_owned();
    Err(Failure::Usage("this memsh is built without --parquet".to_owned(), Some(hint)))
}

/// What words turned out to be.
pub enum Parsed {
    /// A command and its arguments.
    Command(&'static Spec, ArgMatches),
    /// A text to show: the help.
    Text(String),
}

/// Remembers the hash of the image that passes by.
struct Witness<'a> {
    inner: &'a mut dyn Sink,
    sha256: &'a RefCell<Option<String>>,
}

impl Sink for Witness<'_> {
    fn row(&mut self, row: Value) -> Result<()> {
        if let Some(sha256) = row.get("sha256").and_then(Value::as_str) {
            self.sha256.replace(Some(sha256.to_owned()));
        }
        self.inner.row(row)
    }

    fn bytes(&mut self, data: &[u8]) -> Result<()> {
        self.inner.bytes(data)
    }

    fn idle(&mut self) -> Result<()> {
        self.inner.idle()
    }
}

/// clap's complaint as a usage error.
pub fn usage(e: &clap::Error) -> Failure {
    let text = e.render().to_string();
    Failure::usage(text.strip_prefix("error: ").unwrap_or(&text).trim_end().to_owned())
}

/// The usage error for a command that does not exist.
pub fn unknown(name: &str) -> Failure {
    let names = ALL.iter().flat_map(|s| std::iter::once(s.name).chain(s.aliases.iter().copied()));
    let all = names.chain(builtin::NAMES.iter().copied()).chain(alias::names());
    // A word that means something only with others behind it is no help.
    let close = similar(name, all.filter(|n| *n != name));
    let hint = match close.as_slice() {
        // crash shows a structure when its name is typed.
        [] if name.contains('_') => format!("`help` lists the commands; `dt {name}` shows a structure of the kernel"),
        [] => "`help` lists the commands".to_owned(),
        close => format!("did you mean {}?", or(close)),
    };
    Failure::Usage(format!("there is no command {}", escape::terminal(name)), Some(hint))
}

/// Writes lines to stderr.
pub fn report_lines(lines: &[String]) {
    for line in lines {
        // A usage message of clap has several lines of its own; whatever the target's text holds stays harmless.
        for part in line.split('\n') {
            super::screen::told(super::screen::folded(&escape::terminal(part)));
        }
    }
}
