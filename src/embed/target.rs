//! A target that is asked by another program.

use super::failed::{Failed, Sort};
use super::host::Guest;
use crate::commands::failure::{Failure, Result as Done};
use crate::commands::{Context, Host, Shape, Sink, Spec, plugins};
use crate::session::{Options, Session};
use crate::shell::args::{OutputArgs, Root};
use crate::shell::filter::{Choice, Sift};
use crate::shell::{Parsed, alias, chosen, opened, parsed, planned, root};
use clap::ArgMatches;
use serde_json::Value;
use std::cell::RefCell;
use std::ffi::OsString;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

/// Takes an answer as it comes.
pub trait Answer {
    /// A row; for an answer that is one object, that object. `Break` ends the command: enough was seen.
    fn row(&mut self, row: Value) -> ControlFlow<()>;

    /// Bytes that are no row (`read --raw`).
    fn bytes(&mut self, _data: &[u8]) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }

    /// No row came for a while.
    fn idle(&mut self) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }
}

/// Is told how far long work has come. Called from any thread, at any rate.
pub trait Watch: Send + Sync {
    /// `done` of `total` steps (bytes, mostly) of `task`; a total of 0 is not known.
    fn at(&self, task: &str, done: u64, total: u64);
}

/// Nobody wants to know.
pub(crate) struct Nobody;

impl Watch for Nobody {
    fn at(&self, _: &str, _: u64, _: u64) {}
}

/// How an answer ended.
#[derive(Clone, Debug, Default)]
pub struct Ended {
    /// What is missing from the answer, where something is.
    pub partial: Option<String>,
    /// What the analyst should know besides.
    pub warnings: Vec<String>,
    /// Whether the answer was one object.
    pub object: bool,
    /// Whether the reader broke it off.
    pub broken_off: bool,
}

/// A whole answer.
#[derive(Clone, Debug, Default)]
pub struct Rows {
    /// The rows, or the one object.
    pub rows: Vec<Value>,
    /// How it ended.
    pub ended: Ended,
}

/// A target that is asked by another program.
pub struct Target {
    session: Session,
    options: Options,
    output: OutputArgs,
    interrupt: &'static AtomicBool,
    /// Whether nobody else sets and clears it, and the words of commands were seen by nobody else.
    own: bool,
    /// Commands that run now.
    running: Mutex<usize>,
    /// None runs any more.
    quiet: Condvar,
}

impl Target {
    /// Opens a target; `words` are what would stand before a command on memsh's command line.
    ///
    /// # Errors
    /// When the words make no sense, or the target can't be read or is nothing that memsh knows.
    pub fn open<W: Into<OsString>>(words: impl IntoIterator<Item = W>) -> Result<Self, Failed> {
        Self::open_watched(words, Arc::new(Nobody))
    }

    /// [`open`](Self::open); `watch` is told how far unpacking or indexing has come.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn open_watched<W: Into<OsString>>(words: impl IntoIterator<Item = W>, watch: Arc<dyn Watch>) -> Result<Self, Failed> {
        let root = root(words.into_iter().map(Into::into)).map_err(|e| Failed::usage(e.to_string(), None))?;
        // What commands ask for lives as long as the program: a byte for each target that was ever opened.
        let mut target = Self::of_root(&root, watch, Box::leak(Box::new(AtomicBool::new(false))))?;
        target.own = true;
        Ok(target)
    }

    /// The target that a command line means; who sets `interrupt` ends what runs on it, and clears it again.
    pub(crate) fn of_root(root: &Root, watch: Arc<dyn Watch>, interrupt: &'static AtomicBool) -> Result<Self, Failed> {
        if root.target.isolate.is_some() {
            let hint = "the program memsh hosts plugins in a process of its own; here they are loaded into this one";
            return Err(Failed::usage("--isolate is not for targets inside another program", Some(hint)));
        }
        let progress = move |done, total| watch.at("opening", done, total);
        let (target, options) = planned(root, interrupt, progress).map_err(|e| Failed::of(&e))?;
        let session = opened(&target, options.clone())?;
        let output = OutputArgs { quiet: true, ..root.output.clone() };
        Ok(Self { session, options, output, interrupt, own: false, running: Mutex::new(0), quiet: Condvar::new() })
    }

    /// Memory, processes, address spaces and symbols, without any command.
    pub fn session(&self) -> &Session {
        &self.session
    }

    pub(super) fn options(&self) -> &Options {
        &self.options
    }

    pub(super) fn interrupt(&self) -> &'static AtomicBool {
        self.interrupt
    }

    /// Works on the session as a command would: [`stop`](Self::stop) ends the search for its system.
    pub fn with<T>(&self, work: impl FnOnce(&Session) -> T) -> T {
        let _running = Running::begin(self);
        self.session.refresh();
        work(&self.session)
    }

    /// Ends what runs on this target, soon: every command that any thread asked it for. What is asked afterwards runs.
    pub fn stop(&self) {
        let running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        if *running > 0 {
            self.interrupt.store(true, Ordering::SeqCst);
        }
    }

    /// Asks a command: its words, as on memsh's command line, with `--where`, `--sort` and `--limit` where rows are to be chosen.
    ///
    /// # Errors
    /// As that command. Rows that came before are part of the answer.
    pub fn ask<W: AsRef<str>>(&self, words: impl IntoIterator<Item = W>, answer: &mut dyn Answer) -> Result<Ended, Failed> {
        self.ask_watched(words, Arc::new(Nobody), answer)
    }

    /// [`ask`](Self::ask); `watch` is told how far it is.
    ///
    /// # Errors
    /// As [`ask`](Self::ask).
    pub fn ask_watched<W: AsRef<str>>(
        &self,
        words: impl IntoIterator<Item = W>,
        watch: Arc<dyn Watch>,
        answer: &mut dyn Answer,
    ) -> Result<Ended, Failed> {
        let words: Vec<String> = words.into_iter().map(|w| w.as_ref().to_owned()).collect();
        let _running = Running::begin(self);
        // Each command sees a live target as it is then.
        self.session.refresh();
        let guest = Guest::new(self, watch);
        let asked = asked(&guest, &words)?;
        let cx = Context::new(&guest, Some(&self.session), None);
        let mut sink = Handed { answer, broken_off: false };
        let outcome = asked.run(&cx, &mut sink);
        let broken_off = sink.broken_off;
        let session = &self.session;
        let found = session.found().map(|layer| layer.warned()).unwrap_or_default();
        let told = found.into_iter().chain(session.facts().warnings.clone());
        told.chain(session.changed()).chain(session.image().damage()).for_each(|w| guest.warn(&w));
        if !broken_off {
            outcome?;
        }
        let object = asked.shape() == Shape::Object;
        Ok(Ended { partial: cx.partial(), warnings: guest.told.take(), object, broken_off })
    }

    /// The whole answer of a command.
    ///
    /// # Errors
    /// As [`ask`](Self::ask).
    pub fn rows<W: AsRef<str>>(&self, words: impl IntoIterator<Item = W>) -> Result<Rows, Failed> {
        let mut kept = Kept(Vec::new());
        let ended = self.ask(words, &mut kept)?;
        Ok(Rows { rows: kept.0, ended })
    }
}

struct Kept(Vec<Value>);

impl Answer for Kept {
    fn row(&mut self, row: Value) -> ControlFlow<()> {
        self.0.push(row);
        ControlFlow::Continue(())
    }
}

/// So long a command waits for what was stopped before it. A taker of rows that hands the next question to another thread, and waits for it, would
/// wait for itself.
const PATIENCE: Duration = Duration::from_secs(10);

/// A command that runs on a target, as long as this lives.
struct Running<'a>(&'a Target);

thread_local! {
    /// The targets on which this thread runs commands, by their places: a row's taker may ask on.
    static OURS: RefCell<Vec<usize>> = const { RefCell::new(Vec::new()) };
}

impl<'a> Running<'a> {
    /// What was stopped ends first: one flag stands for all, and whoever asks later is not meant.
    fn begin(target: &'a Target) -> Self {
        let place = std::ptr::from_ref(target).addr();
        let nested = OURS.with_borrow(|ours| ours.contains(&place));
        let mut running = target.running.lock().unwrap_or_else(PoisonError::into_inner);
        if target.own && !nested {
            let stopped = |running: &mut usize| *running > 0 && target.interrupt.load(Ordering::SeqCst);
            let waited = target.quiet.wait_timeout_while(running, PATIENCE, stopped);
            running = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        if *running == 0 && target.own {
            target.interrupt.store(false, Ordering::SeqCst);
        }
        *running += 1;
        OURS.with_borrow_mut(|ours| ours.push(place));
        Running(target)
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        OURS.with_borrow_mut(|ours| ours.pop());
        let mut running = self.0.running.lock().unwrap_or_else(PoisonError::into_inner);
        *running = running.saturating_sub(1);
        if *running == 0 {
            self.0.quiet.notify_all();
        }
    }
}

/// A command and its arguments, ready to run.
pub(super) struct Asked {
    spec: &'static Spec,
    matches: ArgMatches,
    choice: Choice,
    interrupt: &'static AtomicBool,
}

impl Asked {
    pub fn shape(&self) -> Shape {
        self.spec.shape_of(&self.matches)
    }

    /// Runs it, for the rows that were asked for.
    pub fn run(&self, cx: &Context, sink: &mut dyn Sink) -> Done<()> {
        let mut sift = Sift::new(self.choice.clone(), sink, self.interrupt);
        let outcome = (self.spec.run)(&self.matches, cx, &mut sift);
        sift.ended(cx, outcome)
    }
}

/// The command that `words` are.
pub(super) fn asked(guest: &Guest<'_>, words: &[String]) -> Done<Asked> {
    let meant = alias::translate(words).known()?;
    meant.notes.iter().for_each(|note| guest.warn(note));
    let mut words = meant.words;
    let own = words.first().is_some_and(|name| crate::commands::find(name).is_some());
    if !own && words.first().is_some_and(|name| plugins::columns(&guest.plugins(), name).is_some()) {
        words.insert(0, "run".to_owned());
    }
    let own = guest.target.own;
    match parsed(&words, !own)? {
        (Parsed::Command(spec, matches), output) => {
            // The shell took options of the target from the same words, and chooses among the rows of several targets itself.
            let output = output.or(&guest.target.output);
            let choice = if own { chosen(spec, &matches, &output)? } else { Choice::default() };
            Ok(Asked { spec, matches, choice, interrupt: guest.target.interrupt })
        }
        (Parsed::Text(_), _) => Err(Failure::usage(format!("{} has no rows", words.join(" ")))),
    }
}

/// Hands rows to the other program.
struct Handed<'a> {
    answer: &'a mut dyn Answer,
    broken_off: bool,
}

impl Handed<'_> {
    fn after(&mut self, flow: ControlFlow<()>) -> Done<()> {
        match flow {
            ControlFlow::Continue(()) => Ok(()),
            ControlFlow::Break(()) => {
                self.broken_off = true;
                Err(Failure::Enough)
            }
        }
    }
}

impl Sink for Handed<'_> {
    fn row(&mut self, row: Value) -> Done<()> {
        let flow = self.answer.row(row);
        self.after(flow)
    }

    fn bytes(&mut self, data: &[u8]) -> Done<()> {
        let flow = self.answer.bytes(data);
        self.after(flow)
    }

    fn idle(&mut self) -> Done<()> {
        let flow = self.answer.idle();
        self.after(flow)
    }
}

impl std::fmt::Debug for Target {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Target").field("name", &self.session.name()).finish_non_exhaustive()
    }
}

/// The failure of a command that was stopped, told from others.
impl Failed {
    /// Whether someone stopped it.
    pub fn is_stopped(&self) -> bool {
        self.sort == Sort::Stopped
    }
}
