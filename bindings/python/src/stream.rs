//! An answer row by row, as it is found.

use crate::kinds::Meaning;
use crate::target::meaning;
use crate::wait::{STACK, TICK, Teller};
use crate::{errors, values};
use memsh::embed::{self, Ended, Failed};
use pyo3::prelude::*;
use serde_json::Value;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

/// Rows that may wait to be taken: with more, the command waits.
const AHEAD: usize = 1024;

enum Item {
    Row(Value),
    End(Result<Ended, Failed>),
}

/// Hands rows to the one who takes them.
struct Hand {
    rows: SyncSender<Item>,
    stop: Arc<AtomicBool>,
}

impl embed::Answer for Hand {
    fn row(&mut self, row: Value) -> ControlFlow<()> {
        match self.idle().is_continue() && self.rows.send(Item::Row(row)).is_ok() {
            true => ControlFlow::Continue(()),
            false => ControlFlow::Break(()),
        }
    }

    fn idle(&mut self) -> ControlFlow<()> {
        match self.stop.load(Ordering::Relaxed) {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        }
    }
}

/// An answer row by row.
#[pyclass(frozen, module = "memsh._memsh")]
pub struct Stream {
    rows: Mutex<Option<Receiver<Item>>>,
    ended: Mutex<Option<Ended>>,
    stop: Arc<AtomicBool>,
    teller: Teller,
    meaning: Arc<Meaning>,
}

impl Stream {
    /// Starts a command.
    ///
    /// # Errors
    /// When no thread can be had.
    pub fn start(target: Arc<embed::Target>, words: Vec<String>, progress: Option<Py<PyAny>>) -> PyResult<Self> {
        let meaning = meaning(&words);
        let (rows, taken) = sync_channel(AHEAD);
        let (stop, teller) = (Arc::<AtomicBool>::default(), Teller::new(progress));
        let watch = teller.watch();
        let mut hand = Hand { rows, stop: Arc::clone(&stop) };
        let run = move || {
            let ended = target.ask_watched(&words, watch, &mut hand);
            // Let go of the target before the end is told: who closes it then finds nobody in it.
            drop(target);
            let _ = hand.rows.send(Item::End(ended));
        };
        thread::Builder::new().name("memsh".to_owned()).stack_size(STACK).spawn(run)?;
        Ok(Self { rows: Mutex::new(Some(taken)), ended: Mutex::default(), stop, teller, meaning })
    }

    /// The next item, if one comes within a tick. One thread takes at a time; the others wait their turn, and find the end where it was
    /// taken before.
    fn take(&self, py: Python<'_>) -> Result<Item, RecvTimeoutError> {
        py.detach(|| {
            let mut rows = self.rows.lock().unwrap_or_else(PoisonError::into_inner);
            let item = rows.as_ref().ok_or(RecvTimeoutError::Disconnected)?.recv_timeout(TICK)?;
            if let Item::End(ended) = &item {
                *self.ended.lock().unwrap_or_else(PoisonError::into_inner) =
                    Some(ended.as_ref().ok().cloned().unwrap_or_default());
                *rows = None;
            }
            Ok(item)
        })
    }
}

#[pymethods]
impl Stream {
    fn __iter__(slf: PyRef<'_, Self>) -> PyRef<'_, Self> {
        slf
    }

    fn __next__<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        loop {
            match self.take(py) {
                Ok(Item::Row(row)) => {
                    if let Err(e) = self.teller.tell(py, false) {
                        self.close(py);
                        return Err(e);
                    }
                    return values::python(py, &row, &self.meaning.row).map(Some);
                }
                Ok(Item::End(ended)) => {
                    self.teller.tell(py, true)?;
                    return ended.map(|_| None).map_err(|e| errors::of(py, &e));
                }
                Err(RecvTimeoutError::Timeout) => {
                    if let Err(e) = self.teller.tick(py) {
                        self.close(py);
                        return Err(e);
                    }
                }
                Err(RecvTimeoutError::Disconnected) => {
                    let ended = self.ended.lock().unwrap_or_else(PoisonError::into_inner).is_some();
                    return if ended || self.stop.load(Ordering::Relaxed) { Ok(None) } else { Err(errors::panicked()) };
                }
            }
        }
    }

    /// Ends the command, soon; what was found and not taken is dropped.
    fn close(&self, py: Python<'_>) {
        self.stop.store(true, Ordering::Relaxed);
        py.detach(|| self.rows.lock().unwrap_or_else(PoisonError::into_inner).take());
    }

    /// Whether all rows were taken.
    #[getter]
    fn finished(&self) -> bool {
        self.ended.lock().unwrap_or_else(PoisonError::into_inner).is_some()
    }

    /// What is missing from the answer; known at its end.
    #[getter]
    fn partial(&self) -> Option<String> {
        self.ended.lock().unwrap_or_else(PoisonError::into_inner).as_ref()?.partial.clone()
    }

    /// What the analyst should know besides; known at the end.
    #[getter]
    fn warnings(&self) -> Vec<String> {
        let ended = self.ended.lock().unwrap_or_else(PoisonError::into_inner);
        ended.as_ref().map(|e| e.warnings.clone()).unwrap_or_default()
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}
