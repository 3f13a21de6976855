//! Long work: it runs on a thread of its own, while the one that asked waits without the GIL, looks after signals and tells of progress.

use crate::errors;
use memsh::embed::Watch;
use pyo3::prelude::*;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// Signals are looked at, and progress is told, no more often than this.
pub const TICK: Duration = Duration::from_millis(50);
/// Of a thread that works: as large as that of a program's first thread.
pub const STACK: usize = 8 << 20;

/// A task, how much of it is done, and of how much.
type Step = (String, u64, u64);

/// How far work has come: where it is written, and whom it is told.
#[derive(Default)]
pub struct Progress {
    last: Mutex<Option<Step>>,
}

impl Watch for Progress {
    fn at(&self, task: &str, done: u64, total: u64) {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        match &mut *last {
            Some((known, at, of)) if known == task => (*at, *of) = (done, total),
            other => *other = Some((task.to_owned(), done, total)),
        }
    }
}

/// Tells a Python callback of progress.
pub struct Teller {
    progress: Arc<Progress>,
    callback: Option<Py<PyAny>>,
    told: Mutex<(Instant, Option<Step>)>,
}

impl Teller {
    /// For `callback(task, done, total)`, where there is one.
    pub fn new(callback: Option<Py<PyAny>>) -> Self {
        Self { progress: Arc::default(), callback, told: Mutex::new((Instant::now(), None)) }
    }

    /// Where work writes how far it is.
    pub fn watch(&self) -> Arc<dyn Watch> {
        Arc::<Progress>::clone(&self.progress)
    }

    /// Tells what is new, if the last time was long enough ago or this one is the `last`.
    ///
    /// # Errors
    /// What the callback raises.
    pub fn tell(&self, py: Python<'_>, last: bool) -> PyResult<()> {
        let Some(callback) = &self.callback else { return Ok(()) };
        let new = {
            let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
            let now = self.progress.last.lock().unwrap_or_else(PoisonError::into_inner).clone();
            if now == told.1 || (!last && told.0.elapsed() < TICK) {
                return Ok(());
            }
            *told = (Instant::now(), now.clone());
            now
        };
        match new {
            Some((task, done, total)) => callback.call1(py, (task, done, total)).map(|_| ()),
            None => Ok(()),
        }
    }

    /// Looks after signals (Ctrl-C) and tells of progress.
    ///
    /// # Errors
    /// What a signal's handler or the callback raises.
    pub fn tick(&self, py: Python<'_>) -> PyResult<()> {
        py.check_signals()?;
        self.tell(py, false)
    }
}

/// Does `job` on a thread of its own. When a signal's handler or the progress callback raises, `stop` is called, the rest of the
/// work is waited for, and the exception is the outcome.
///
/// # Errors
/// As said, and when no thread can be had or the work panics.
pub fn work<T: Send>(py: Python<'_>, teller: &Teller, stop: &dyn Fn(), job: impl FnOnce() -> T + Send) -> PyResult<T> {
    thread::scope(|scope| {
        let (done, mut outcome) = mpsc::sync_channel(1);
        let worker = thread::Builder::new().name("memsh".to_owned()).stack_size(STACK);
        let worker = worker.spawn_scoped(scope, move || drop(done.send(job())))?;
        let mut raised = None;
        loop {
            let outcome = &mut outcome;
            let got = py.detach(move || outcome.recv_timeout(TICK));
            match got {
                Ok(value) => {
                    raised = raised.or_else(|| teller.tell(py, true).err());
                    return raised.map_or(Ok(value), Err);
                }
                Err(RecvTimeoutError::Timeout) => {
                    if let Err(e) = teller.tick(py) {
                        stop();
                        raised.get_or_insert(e);
                    }
                }
                Err(RecvTimeoutError::Disconnected) => {
                    let _ = worker.join();
                    return Err(errors::panicked());
                }
            }
        }
    })
}

/// [`work`] that nothing can stop: when a signal's handler or the progress callback raises, that is the outcome at once, and what the job
/// comes to is dropped when it has.
///
/// # Errors
/// As [`work`].
pub fn let_go<T: Send + 'static>(py: Python<'_>, teller: &Teller, job: impl FnOnce() -> T + Send + 'static) -> PyResult<T> {
    let (done, mut outcome) = mpsc::sync_channel(1);
    thread::Builder::new().name("memsh".to_owned()).stack_size(STACK).spawn(move || drop(done.send(job())))?;
    loop {
        let outcome = &mut outcome;
        match py.detach(move || outcome.recv_timeout(TICK)) {
            Ok(value) => return teller.tell(py, true).map(|()| value),
            Err(RecvTimeoutError::Timeout) => teller.tick(py)?,
            Err(RecvTimeoutError::Disconnected) => return Err(errors::panicked()),
        }
    }
}
