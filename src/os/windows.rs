//! Windows: what an image says of it. There is no layer for it yet.

use super::{DetectionStep, OsLayer};
use crate::image::WindowsHints;
use crate::{Error, ErrorKind, Layer, Result};
use std::time::Duration;

/// The answer for an image that names Windows itself, so that nobody waits for a search for another system in it.
pub(super) fn refuse(hints: &WindowsHints, without_memory: Option<&'static str>) -> (Result<OsLayer>, Vec<DetectionStep>) {
    let system = hints.describe();
    let step = DetectionStep {
        step: "Windows".to_owned(),
        method: hints.source.to_owned(),
        found: true,
        detail: format!("{system}; Windows is not read yet"),
        time: Duration::ZERO,
    };
    let error = Error::new(
        Layer::Os,
        ErrorKind::Unsupported,
        format!("no Linux kernel: this {} is of {system}, and Windows is not read yet", hints.source),
    );
    let error = match (without_memory, hints.dtb) {
        (Some(why), _) => error.hint(format!("{why}; `info` shows what is in it")),
        (None, Some(root)) => error.hint(format!(
            "physical memory can be read all the same (read --phys, scan, strings, dump phys), and virtual memory through \
             --dtb {root}"
        )),
        (None, None) => error.hint("physical memory can be read all the same: read --phys, scan, strings, dump phys"),
    };
    (Err(error), vec![step])
}
