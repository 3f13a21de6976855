//! Long work tells how far it is, and may be stopped.

use crate::{Error, ErrorKind, Layer, Result};
use std::fmt;
use std::sync::Arc;

/// Called now and then during long work with (bytes done, bytes in all); returning `false` stops the work.
#[derive(Clone)]
pub struct Progress(Arc<dyn Fn(u64, u64) -> bool + Send + Sync>);

impl Progress {
    /// A progress that calls `report`.
    pub fn new(report: impl Fn(u64, u64) -> bool + Send + Sync + 'static) -> Self {
        Self(Arc::new(report))
    }

    /// Reports, and turns a wish to stop into an error.
    ///
    /// # Errors
    /// [`ErrorKind::Interrupted`] when the callback said stop.
    pub fn report(&self, done: u64, total: u64) -> Result<()> {
        if (self.0)(done, total) {
            return Ok(());
        }
        Err(Error::new(Layer::Image, ErrorKind::Interrupted, format!("interrupted after {done} of {total} bytes")))
    }
}

impl fmt::Debug for Progress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Progress")
    }
}
