//! An opened target.

use crate::answer::{Answer, Kept};
use crate::errors;
use crate::kinds::{self, Meaning};
use crate::space::Space;
use crate::stream::Stream;
use crate::wait::{Teller, let_go, work};
use memsh::embed::{self, Ended};
use pyo3::prelude::*;
use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock};

/// What all that belongs to one target shares.
pub struct Shared {
    target: RwLock<Option<Arc<embed::Target>>>,
}

impl Shared {
    /// The target.
    ///
    /// # Errors
    /// When it was closed.
    pub fn get(&self) -> PyResult<Arc<embed::Target>> {
        self.target.read().unwrap_or_else(PoisonError::into_inner).clone().ok_or_else(errors::closed)
    }
}

/// An opened target: an image, or something live.
#[pyclass(frozen, module = "memsh._memsh")]
pub struct Target {
    shared: Arc<Shared>,
}

/// The command that words mean.
pub(crate) fn meaning(words: &[String]) -> Arc<Meaning> {
    embed::command_of(words).map_or_else(Arc::default, |command| kinds::meaning(&command))
}

#[pymethods]
impl Target {
    /// Opens what `words` say: what stands before a command on memsh's command line.
    #[new]
    #[pyo3(signature = (words, progress=None))]
    fn new(py: Python<'_>, words: Vec<PathBuf>, progress: Option<Py<PyAny>>) -> PyResult<Self> {
        let teller = Teller::new(progress);
        let watch = teller.watch();
        let words: Vec<OsString> = words.into_iter().map(OsString::from).collect();
        // Nothing is there yet that could be stopped: opening is quick, but for what must be unpacked or fetched.
        let opened = let_go(py, &teller, move || embed::Target::open_watched(words, watch))?;
        let target = opened.map_err(|e| errors::of(py, &e))?;
        Ok(Self { shared: Arc::new(Shared { target: RwLock::new(Some(Arc::new(target))) }) })
    }

    /// Ends what runs on it, and lets go of it.
    fn close(&self, py: Python<'_>) {
        let target = self.shared.target.write().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(target) = target {
            target.stop();
            py.detach(|| drop(target));
        }
    }

    /// Whether it was closed.
    #[getter]
    fn closed(&self) -> bool {
        self.shared.get().is_err()
    }

    /// A short name.
    #[getter]
    fn name(&self) -> PyResult<String> {
        Ok(self.shared.get()?.session().name().to_owned())
    }

    /// Forgets what was read of a live target.
    fn refresh(&self) -> PyResult<()> {
        self.shared.get()?.session().refresh();
        Ok(())
    }

    /// Ends what runs on it, soon, whoever asked for it.
    fn stop(&self) -> PyResult<()> {
        self.shared.get()?.stop();
        Ok(())
    }

    /// Asks a command and waits for all of its answer. An error that ends it has what was answered before as `answer`.
    #[pyo3(signature = (words, progress=None))]
    fn ask(&self, py: Python<'_>, words: Vec<String>, progress: Option<Py<PyAny>>) -> PyResult<Answer> {
        let target = self.shared.get()?;
        let teller = Teller::new(progress);
        let watch = teller.watch();
        let (kept, ended) = work(py, &teller, &|| target.stop(), || {
            let mut kept = Kept::default();
            let ended = target.ask_watched(&words, watch, &mut kept);
            (kept, ended)
        })?;
        match ended {
            Ok(ended) => Ok(Answer::new(kept, meaning(&words), ended)),
            Err(failed) => {
                let error = errors::of(py, &failed);
                let before = Answer::new(kept, meaning(&words), Ended::default());
                let _ = error.value(py).setattr("answer", before);
                Err(error)
            }
        }
    }

    /// Asks a command; rows are taken from what it gives one by one, as they are found.
    #[pyo3(signature = (words, progress=None))]
    fn stream(&self, words: Vec<String>, progress: Option<Py<PyAny>>) -> PyResult<Stream> {
        Stream::start(self.shared.get()?, words, progress)
    }

    /// An address space: `physical`, `kernel`, or `=` and a process's id or name.
    #[pyo3(signature = (which, progress=None))]
    fn space(&self, py: Python<'_>, which: &str, progress: Option<Py<PyAny>>) -> PyResult<Space> {
        let target = self.shared.get()?;
        let teller = Teller::new(progress);
        let space = work(py, &teller, &|| target.stop(), || {
            target.with(|session| match (which.strip_prefix('='), which) {
                // What stands behind it is never a word of ours: a process may call itself anything.
                (Some(process), _) => session.process_space(&session.find_process(process)?),
                (None, "physical") => session.physical_space(),
                (None, _) => session.kernel_space(),
            })
        })?;
        let space = space.map_err(|e| errors::of_error(py, e))?;
        Ok(Space::new(Arc::clone(&self.shared), space))
    }
}
