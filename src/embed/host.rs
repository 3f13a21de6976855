//! What commands find around them when no shell is there.

use super::target::{Target, Watch};
use crate::commands::context::{Host, Meter, Names};
use crate::commands::failure::{Failure, Result};
use crate::commands::{Collect, Context};
use crate::plugins::registry::Registry;
use crate::session::{Session, Target as Opened};
use crate::shell::{expr, folders, line};
use crate::umem;
use serde_json::Value;
use std::cell::RefCell;
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// The surroundings of one command.
pub(super) struct Guest<'a> {
    pub target: &'a Target,
    pub watch: Arc<dyn Watch>,
    registry: RefCell<Option<Rc<Registry>>>,
    /// What is to be told with the answer, each once.
    pub told: RefCell<Vec<String>>,
}

impl<'a> Guest<'a> {
    pub fn new(target: &'a Target, watch: Arc<dyn Watch>) -> Self {
        Self { target, watch, registry: RefCell::default(), told: RefCell::default() }
    }
}

impl Host for Guest<'_> {
    fn evaluate(&self, text: &str, names: &dyn Names) -> Result<umem> {
        expr::evaluate(text, names)
    }

    fn meter(&self, task: &str, total: u64) -> Box<dyn Meter> {
        Box::new(Gauge { watch: Arc::clone(&self.watch), task: task.to_owned(), total: AtomicU64::new(total) })
    }

    fn interrupt(&self) -> &'static AtomicBool {
        self.target.interrupt()
    }

    fn warn(&self, text: &str) {
        let mut told = self.told.borrow_mut();
        if !told.iter().any(|t| t == text) {
            told.push(text.to_owned());
        }
    }

    fn symbol_store(&self) -> Option<PathBuf> {
        folders::symbols()
    }

    fn cache_folder(&self) -> Option<PathBuf> {
        self.target.options().cache.clone()
    }

    fn plugin_folders(&self) -> Vec<PathBuf> {
        folders::plugins()
    }

    fn plugins(&self) -> Rc<Registry> {
        let scan = || Rc::new(Registry::scan(&self.plugin_folders()));
        Rc::clone(self.registry.borrow_mut().get_or_insert_with(scan))
    }

    fn open_other(&self, target: &Opened) -> Result<Session> {
        crate::shell::opened_other(target, self.target.options())
    }

    #[cfg(feature = "install")]
    fn plugin_store(&self) -> Option<PathBuf> {
        folders::own_plugins()
    }

    #[cfg(feature = "install")]
    fn config_file(&self, name: &str) -> Option<PathBuf> {
        Some(folders::config()?.join(name))
    }

    fn answer(&self, line: &str) -> Result<Value> {
        let lines = line::split(line).map_err(Failure::usage)?;
        let [one] = lines.as_slice() else { return Err(Failure::usage(format!("{line:?} is not one command"))) };
        let asked = super::target::asked(self, &one.words)?;
        let cx = Context::new(self, Some(self.target.session()), None);
        let mut rows = Collect::default();
        let outcome = asked.run(&cx, &mut rows);
        rows.answer(asked.shape(), outcome)
    }
}

/// A meter whose reader is the other program.
struct Gauge {
    watch: Arc<dyn Watch>,
    task: String,
    total: AtomicU64,
}

impl Meter for Gauge {
    fn at(&self, done: u64) {
        self.watch.at(&self.task, done, self.total.load(Ordering::Relaxed));
    }

    fn total(&self, total: u64) {
        self.total.store(total, Ordering::Relaxed);
    }
}
