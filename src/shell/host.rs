//! The shell as the commands see it: settings, the target, the chosen process.

use super::args::{OutputArgs, When};
use super::fleet::Fleet;
use super::hits::Hits;
use super::log::Log;
use super::own::Aliases;
use super::pager::Setting;
use super::progress::Bar;
use super::render::{Format, Style};
use super::send::Outlet;
use super::{expr, interrupt};
use crate::commands::context::{Host, Meter, Names};
use crate::commands::failure::{Failure, Result};
use crate::os::Hints;
use crate::plugins::registry::Registry;
use crate::session::{Options, Session, Target};
use crate::umem;
use memsh_plugin::ProcessInfo;
use serde_json::Value;
use std::cell::{Cell, RefCell};
use std::collections::HashSet;
use std::io::IsTerminal;
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::atomic::AtomicBool;

/// A shell on a target, or without one.
pub struct Shell {
    /// The target.
    pub session: Option<Session>,
    /// Options that hold until a command says otherwise.
    pub defaults: RefCell<OutputArgs>,
    /// Process set by `proc`.
    pub current: RefCell<Option<ProcessInfo>>,
    /// Whether a person types.
    pub interactive: bool,
    /// Options of the command that is running.
    pub output: RefCell<OutputArgs>,
    /// Warnings that were given: once is enough.
    pub told: RefCell<HashSet<String>>,
    /// The pager that was chosen.
    pub pager: RefCell<Setting>,
    /// Whether long answers may go through a pager at all: not those of a script, which nobody watches.
    pub pages: Cell<bool>,
    /// Whether an answer is in a pager right now.
    pub paged: Cell<bool>,
    /// Lines for stderr that wait for the pager.
    pub late: RefCell<Vec<String>>,
    /// The transcript.
    pub log: RefCell<Option<Log>>,
    /// Aliases of the user.
    pub own: RefCell<Aliases>,
    /// Lines that were typed, the oldest first.
    pub history: RefCell<Vec<String>>,
    /// Scripts that run, the outermost first.
    pub sources: RefCell<Vec<PathBuf>>,
    /// SHA-256 of the image, once `hash` has found it.
    pub sha256: RefCell<Option<String>>,
    /// The form that the reader of the running command's answer needs, unless another is asked for.
    pub implied: Cell<Option<Format>>,
    /// The plugins there are, from when the running command first asked until it ends: to look for them is to read their files.
    pub plugins: RefCell<Option<Rc<Registry>>>,
    /// How other targets are opened (`diff`).
    pub others: RefCell<Options>,
    /// Where the answer of the line that is running goes, if not to the screen: programs within it write there too.
    pub outlet: RefCell<Option<Outlet>>,
    /// The hits of the last search.
    pub hits: RefCell<Option<Hits>>,
    /// The images, where there are several.
    pub fleet: Option<Fleet>,
    /// How many bytes of the image's file could not be read, as far as it was told.
    pub unreadable: Cell<u64>,
    /// Rows on their way into a command behind a `|`.
    pub feeding: RefCell<Option<Vec<Value>>>,
}

impl Shell {
    /// A shell.
    pub fn new(session: Option<Session>, defaults: OutputArgs, interactive: bool) -> Self {
        let output = RefCell::new(defaults.clone());
        Self {
            session,
            defaults: RefCell::new(defaults),
            current: RefCell::new(None),
            interactive,
            output,
            told: RefCell::default(),
            pager: RefCell::default(),
            pages: Cell::new(true),
            paged: Cell::new(false),
            late: RefCell::default(),
            log: RefCell::default(),
            own: RefCell::default(),
            history: RefCell::default(),
            sources: RefCell::default(),
            sha256: RefCell::default(),
            implied: Cell::new(None),
            outlet: RefCell::default(),
            fleet: None,
            hits: RefCell::default(),
            unreadable: Cell::default(),
            feeding: RefCell::default(),
            others: RefCell::default(),
            plugins: RefCell::default(),
        }
    }

    /// How the running command's answer looks; `stdout` says that it goes there, not into a pipe or file.
    pub fn style(&self, stdout: bool) -> Style {
        let o = self.output.borrow();
        let terminal = stdout && std::io::stdout().is_terminal();
        let color = match o.color.unwrap_or_default() {
            When::Always => true,
            When::Never => false,
            When::Auto => terminal && std::env::var_os("NO_COLOR").is_none_or(|v| v.is_empty()) && !dumb(),
        };
        let format = match (o.json, o.jsonl, o.csv) {
            #[cfg(feature = "parquet")]
            _ if o.parquet => Format::Parquet,
            (true, ..) => Format::Json,
            (_, true, _) => Format::JsonLines,
            (.., true) => Format::Csv,
            _ if o.table => Format::Table,
            _ => self.implied.get().unwrap_or_default(),
        };
        let width = terminal.then(|| terminal_size::terminal_size().map_or(80, |(w, _)| w.0));
        let columns = (!o.columns.is_empty()).then(|| o.columns.clone());
        Style { format, columns, spare: false, no_header: o.no_header, color, width, schema: None, flat: false }
    }

    /// A note for whoever asked for notes (`-v`).
    pub fn note(&self, level: u8, text: &str) {
        if self.output.borrow().verbose >= level {
            self.say(&format!("memsh: {text}"));
        }
    }
}

fn dumb() -> bool {
    std::env::var_os("TERM").is_some_and(|t| t == "dumb")
}

/// Whether progress is shown.
pub fn progress_allowed(output: &OutputArgs) -> bool {
    match output.progress.unwrap_or_default() {
        When::Always => true,
        When::Never => false,
        When::Auto => !output.quiet && std::io::stderr().is_terminal(),
    }
}

/// Opens another target as the first one was opened with `options`, for reading.
///
/// # Errors
/// As [`opened`](super::start::opened).
pub fn opened_other(target: &Target, options: &Options) -> Result<Session> {
    let mut options = options.clone();
    // What the user knew of the first target holds for that one alone.
    options.image.format = None;
    options.image.base = None;
    options.image.sidecars.clear();
    options.hints = Hints {
        symbols: options.hints.symbols.clone(),
        stores: options.hints.stores.clone(),
        interrupt: options.hints.interrupt,
        ..Hints::default()
    };
    (options.write, options.write_physical) = (false, false);
    super::start::opened(target, options)
}

impl Host for Shell {
    fn remark(&self, text: &str) {
        self.note(1, text);
    }

    fn open_other(&self, target: &Target) -> Result<Session> {
        opened_other(target, &self.others.borrow())
    }

    fn audit(&self, text: &str) {
        let text = super::render::escape::terminal(text).into_owned();
        if let Some(log) = self.log.borrow_mut().as_mut() {
            log.note(&text);
        }
        if self.output.borrow().verbose >= 1 {
            super::screen::told(format_args!("memsh: {text}"));
        }
    }

    fn evaluate(&self, text: &str, names: &dyn Names) -> Result<umem> {
        expr::evaluate(text, names)
    }

    fn meter(&self, task: &str, total: u64) -> Box<dyn Meter> {
        Box::new(Bar::new(task, total, progress_allowed(&self.output.borrow())))
    }

    fn interrupt(&self) -> &'static AtomicBool {
        &interrupt::FLAG
    }

    fn warn(&self, text: &str) {
        if !self.output.borrow().quiet {
            self.say(text);
        }
    }

    fn symbol_store(&self) -> Option<PathBuf> {
        super::folders::symbols()
    }

    fn cache_folder(&self) -> Option<PathBuf> {
        // None with --no-cache.
        self.others.borrow().cache.clone()
    }

    fn colors_stderr(&self) -> bool {
        match self.output.borrow().color.unwrap_or_default() {
            When::Never => false,
            // The plugin asks again whether it is a terminal: an error must not get lost.
            _ => std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|v| v.is_empty()) && !dumb(),
        }
    }

    #[cfg(feature = "install")]
    fn plugin_store(&self) -> Option<PathBuf> {
        super::folders::own_plugins()
    }

    #[cfg(feature = "install")]
    fn config_file(&self, name: &str) -> Option<PathBuf> {
        Some(super::folders::config()?.join(name))
    }

    #[cfg(feature = "install")]
    fn confirm(&self, text: &str, question: &str) -> Result<bool> {
        // Even where warnings are not wanted: what is agreed to must have been seen.
        text.lines().for_each(|line| self.say(line));
        if !std::io::stdin().is_terminal() {
            let hint = "--yes agrees in advance, for scripts".to_owned();
            return Err(Failure::Usage(format!("{question} Nobody is here to answer: stdin is no terminal"), Some(hint)));
        }
        self.say(&format!("{question} [y/N]"));
        let mut answer = String::new();
        std::io::stdin().read_line(&mut answer)?;
        Ok(matches!(answer.trim().to_lowercase().as_str(), "y" | "yes"))
    }

    fn plugin_folders(&self) -> Vec<std::path::PathBuf> {
        super::folders::plugins()
    }

    fn plugins(&self) -> Rc<Registry> {
        let scan = || Rc::new(Registry::scan(&self.plugin_folders()));
        Rc::clone(self.plugins.borrow_mut().get_or_insert_with(scan))
    }

    fn answer(&self, line: &str) -> Result<Value> {
        let lines = super::line::split(line).map_err(Failure::usage)?;
        match lines.as_slice() {
            [one] if one.output == super::line::Output::Stdout => {
                // Which rows and columns are wanted was said of the command that asks.
                let (own, defaults) = (self.output.borrow().clone(), self.defaults.borrow().clone());
                let all = |o: &OutputArgs| OutputArgs {
                    columns: Vec::new(),
                    filter: Vec::new(),
                    sort: Vec::new(),
                    limit: None,
                    ..o.clone()
                };
                self.defaults.replace(all(&defaults));
                let answer = self.collect(&one.words);
                self.defaults.replace(defaults);
                self.output.replace(own);
                answer
            }
            _ => Err(Failure::usage(format!("{line:?} is not one command"))),
        }
    }
}
