//! What a command may ask of its surroundings.

use super::cells::number;
use super::failure::{Failure, Result};
use super::similar::similar;
use crate::engine::Memory;
use crate::engine::search::Options;
use crate::os::linux::base::percpu;
use crate::plugins::registry::Registry;
use crate::session::{Session, Space, Target};
use crate::{Error, ErrorKind, Layer, PhysAddr, VirtAddr, umem};
use memsh_plugin::ProcessInfo;
use std::cell::{Cell, RefCell};
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Names and pointers, for expressions.
pub trait Names {
    /// The address of a symbol (`name`, `module!name`; `name:1` is the per-CPU variable of processor 1).
    fn symbol(&self, name: &str) -> Option<umem>;

    /// The pointer at an address.
    ///
    /// # Errors
    /// When it can't be read.
    fn pointer(&self, address: umem) -> crate::Result<umem>;

    /// The address of a process's control block (`task_struct`, `EPROCESS`): of this pid, or of the chosen process.
    ///
    /// # Errors
    /// When there is no such process.
    fn task(&self, pid: Option<umem>) -> crate::Result<umem> {
        let what = pid.map_or_else(|| "no process is chosen".to_owned(), |p| format!("no process {p}"));
        Err(Error::new(Layer::Os, ErrorKind::NotFound, what).hint("`ps` lists the processes; `proc PID` chooses one"))
    }

    /// Symbols with nearly this name.
    fn close_to(&self, _name: &str) -> Vec<String> {
        Vec::new()
    }
}

/// Shows how far something has come. Dropped when it ends.
pub trait Meter: Sync {
    /// So much of the total is done.
    fn at(&self, done: u64);

    /// Another total than was thought.
    fn total(&self, total: u64);
}

/// What the program around the commands offers them.
pub trait Host {
    /// The value of an expression.
    ///
    /// # Errors
    /// When it makes no sense, names something unknown, or reads what can't be read.
    fn evaluate(&self, text: &str, names: &dyn Names) -> Result<umem>;

    /// A meter for a task of `total` steps (bytes, mostly).
    fn meter(&self, task: &str, total: u64) -> Box<dyn Meter>;

    /// Set by Ctrl-C.
    fn interrupt(&self) -> &'static AtomicBool;

    /// A line for the user, on stderr.
    fn warn(&self, text: &str);

    /// The folder of symbol files that are the user's own, where there can be one.
    fn symbol_store(&self) -> Option<PathBuf>;

    /// The user's folder for what can be worked out again, where there can be one.
    fn cache_folder(&self) -> Option<PathBuf> {
        None
    }

    /// Whether a person sees stderr, in colours.
    fn colors_stderr(&self) -> bool {
        false
    }

    /// Folders in which plugins lie.
    fn plugin_folders(&self) -> Vec<PathBuf>;

    /// Every plugin that there is, as it was when the running command first asked.
    fn plugins(&self) -> Rc<Registry>;

    /// Opens another target, as the first one was opened, for reading.
    ///
    /// # Errors
    /// When it can't be read, or is nothing that memsh knows.
    fn open_other(&self, target: &Target) -> Result<Session>;

    /// A line of what was changed in the target: into the transcript, and for whoever asked for notes, on stderr.
    fn audit(&self, _text: &str) {}

    /// The folder that plugins are installed to, where there can be one.
    #[cfg(feature = "install")]
    fn plugin_store(&self) -> Option<PathBuf> {
        None
    }

    /// A file of the user's settings, whether it is there or not.
    #[cfg(feature = "install")]
    fn config_file(&self, _name: &str) -> Option<PathBuf> {
        None
    }

    /// Shows a text and asks a question that yes or no answers.
    ///
    /// # Errors
    /// When nobody is there to answer.
    #[cfg(feature = "install")]
    fn confirm(&self, _text: &str, question: &str) -> Result<bool> {
        Err(Failure::usage(format!("{question} nobody is here to say")))
    }

    /// A line for whoever asked for notes (`-v`), on stderr.
    fn remark(&self, _text: &str) {}

    /// Runs another command line and collects its rows.
    ///
    /// # Errors
    /// As that command.
    fn answer(&self, line: &str) -> Result<serde_json::Value>;
}

/// What a command may ask of its surroundings.
pub struct Context<'a> {
    host: &'a dyn Host,
    session: Option<&'a Session>,
    /// Process set by `proc` in the shell.
    current: Option<ProcessInfo>,
    lost: Cell<u64>,
    reasons: RefCell<Vec<String>>,
    nothing: RefCell<Option<String>>,
}

/// How many reasons a `partial:` line quotes.
const REASONS: usize = 3;

impl<'a> Context<'a> {
    /// A context for one command.
    pub fn new(host: &'a dyn Host, session: Option<&'a Session>, current: Option<ProcessInfo>) -> Self {
        Self { host, session, current, lost: Cell::new(0), reasons: RefCell::new(Vec::new()), nothing: RefCell::new(None) }
    }

    /// The opened target.
    ///
    /// # Errors
    /// When there is none.
    pub fn session(&self) -> Result<&'a Session> {
        self.session.ok_or_else(|| {
            Failure::Usage(
                "this command needs an image".to_owned(),
                Some("give one: memsh IMAGE COMMAND; or try the built-in sample: memsh sample COMMAND".to_owned()),
            )
        })
    }

    /// The process that `proc` chose, or the one that the target consists of.
    pub fn current(&self) -> Option<&ProcessInfo> {
        self.current.as_ref().or_else(|| self.session.as_ref()?.only_process())
    }

    /// The surroundings.
    pub fn host(&self) -> &'a dyn Host {
        self.host
    }

    /// Whether Ctrl-C was pressed: long work ends soon.
    ///
    /// # Errors
    /// [`Failure::Interrupted`] if so.
    pub fn go_on(&self) -> Result<()> {
        if self.host.interrupt().load(Ordering::Relaxed) { Err(Failure::Interrupted) } else { Ok(()) }
    }

    /// Runs a pass over `total` bytes that ends on Ctrl-C, and shows how far it is.
    pub fn metered<T>(&self, task: &str, total: u64, run: impl FnOnce(&Options<'_>) -> T) -> T {
        let meter = self.host.meter(task, total);
        let progress = |done: u64, _: u64| meter.at(done);
        run(&Options { progress: &progress, ..Options::new(self.host.interrupt()) })
    }

    /// [`metered`](Self::metered), over all of a physical memory.
    pub fn over_memory<T>(&self, task: &str, memory: &Memory, run: impl FnOnce(&Options<'_>) -> T) -> T {
        let total = memory.ranges().iter().fold(0u64, |sum, r| sum.saturating_add(number(r.size)));
        self.metered(task, total, run)
    }

    /// Does what is left to do when Ctrl-C was pressed: what was counted until then goes out. A further Ctrl-C ends that too.
    pub fn after_all<T>(&self, rest: impl FnOnce() -> T) -> T {
        let interrupt = self.host.interrupt();
        let pressed = interrupt.swap(false, Ordering::Relaxed);
        let done = rest();
        interrupt.fetch_or(pressed, Ordering::Relaxed);
        done
    }

    /// Notes that something is missing from the answer.
    pub fn lost(&self, reason: impl Into<String>) {
        self.lost_many(1, reason);
    }

    /// Notes that `count` things are missing from the answer for one reason.
    pub fn lost_many(&self, count: u64, reason: impl Into<String>) {
        if count == 0 {
            return;
        }
        self.lost.set(self.lost.get().saturating_add(count));
        let mut reasons = self.reasons.borrow_mut();
        if reasons.len() <= REASONS {
            let reason = reason.into();
            if !reasons.contains(&reason) {
                reasons.push(reason);
            }
        }
    }

    /// Says why an answer has no rows, for one that has none: an empty list alone could mean anything.
    pub fn nothing(&self, why: impl Into<String>) {
        self.nothing.replace(Some(why.into()));
    }

    /// Why the answer has no rows, where the command knows.
    pub fn why_nothing(&self) -> Option<String> {
        self.nothing.borrow().clone()
    }

    /// Takes a listing's items and notes what it lost.
    pub fn take<T: Clone>(&self, listing: &memsh_plugin::Listing<T>) -> Vec<T> {
        for reason in listing.lost.iter() {
            self.lost(reason.to_string_lossy());
        }
        listing.items.to_vec()
    }

    /// The `partial:` line, when something is missing.
    pub fn partial(&self) -> Option<String> {
        let n = self.lost.get();
        let reasons = self.reasons.borrow();
        let shown = reasons.iter().take(REASONS).map(String::as_str).collect::<Vec<_>>().join("; ");
        let more = if reasons.len() > REASONS { "; ..." } else { "" };
        (n > 0).then(|| format!("partial: {n} missing: {shown}{more}"))
    }

    /// The value of an expression that may read pointers of `space` and name symbols.
    ///
    /// # Errors
    /// As [`Host::evaluate`].
    pub fn evaluate(&self, text: &str, space: Option<&Space>) -> Result<umem> {
        self.host.evaluate(text, &Scope { session: self.session, space, current: self.current.as_ref() })
    }

    /// A count or a size, which names nothing in the target.
    ///
    /// # Errors
    /// As [`Host::evaluate`].
    pub fn count(&self, text: &str) -> Result<u64> {
        let value = self.host.evaluate(text, &Scope { session: None, space: None, current: None })?;
        crate::engine::to_u64(value).ok_or_else(|| Failure::usage(format!("{text} is too large")))
    }
}

/// Nothing has a name.
struct NoNames;

impl Names for NoNames {
    fn symbol(&self, _: &str) -> Option<umem> {
        None
    }

    fn pointer(&self, address: umem) -> crate::Result<umem> {
        let here = crate::At::Phys(PhysAddr::new(address));
        Err(Error::new(Layer::Command, ErrorKind::Invalid, "no memory to read a pointer from").at(here))
    }
}

struct Scope<'a> {
    session: Option<&'a Session>,
    space: Option<&'a Space>,
    current: Option<&'a ProcessInfo>,
}

impl Names for Scope<'_> {
    fn symbol(&self, name: &str) -> Option<umem> {
        let session = self.session?;
        let symbols = session.symbols().ok()?;
        if let Some(address) = symbols.address(name) {
            return Some(address.value());
        }
        // crash's `runqueues:1`: the copy of a per-CPU variable that one processor has.
        let (variable, cpu) = name.rsplit_once(':')?;
        let kernel = session.linux("per-CPU variables").ok()?;
        // Of processors that there are not the table of offsets holds something else.
        let cpu = cpu.parse().ok().filter(|cpu| percpu::cpus(kernel).contains(cpu))?;
        percpu::per_cpu(kernel, symbols.address(variable)?, cpu).map(VirtAddr::value)
    }

    fn task(&self, pid: Option<umem>) -> crate::Result<umem> {
        match (pid, self.session, self.current) {
            (Some(pid), Some(session), _) => Ok(session.find_process(&pid.to_string())?.address.value()),
            (None, _, Some(current)) => Ok(current.address.value()),
            (pid, ..) => NoNames.task(pid),
        }
    }

    fn close_to(&self, name: &str) -> Vec<String> {
        let Some(symbols) = self.session.and_then(|s| s.symbols().ok()) else { return Vec::new() };
        similar(name, symbols.all().map(|s| s.name)).into_iter().map(str::to_owned).collect()
    }

    fn pointer(&self, address: umem) -> crate::Result<umem> {
        match self.space {
            Some(space) => space.pointer(address),
            None => NoNames.pointer(address),
        }
    }
}
