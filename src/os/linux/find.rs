//! Finding the kernel.

use crate::engine::Memory;
use crate::os::{DetectionStep, Hints, OsLayer};
use crate::{Error, ErrorKind, Layer, Result};

/// Finds a Linux kernel in `memory`.
pub fn detect(memory: &Memory, hints: &Hints) -> (Result<OsLayer>, Vec<DetectionStep>) {
    let _ = (memory, hints);
    (Err(Error::new(Layer::Os, ErrorKind::NotFound, "no Linux kernel was found")), Vec::new())
}
