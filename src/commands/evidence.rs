//! The image is evidence: nothing that memsh writes may land on it.

use super::failure::{Failure, Result};
use memsh::session::Session;
use std::path::Path;

/// Refuses to write to `output` where that is the image, by whatever name: another path, a symbolic or a hard link.
///
/// # Errors
/// A usage error if so.
pub fn guard(session: Option<&Session>, output: &Path) -> Result<()> {
    let Some(session) = session else { return Ok(()) };
    let image = &session.facts().path;
    let same = match (image.canonicalize(), output.canonicalize()) {
        (Ok(a), Ok(b)) => a == b || same_file(&a, &b),
        _ => false,
    };
    match same {
        true => {
            let message =
                format!("can't write to {}: the output is the image itself; an image is never written", output.display());
            Err(Failure::usage(message))
        }
        false => Ok(()),
    }
}

#[cfg(unix)]
fn same_file(a: &Path, b: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    matches!((a.metadata(), b.metadata()), (Ok(a), Ok(b)) if (a.dev(), a.ino()) == (b.dev(), b.ino()))
}

#[cfg(not(unix))]
fn same_file(_: &Path, _: &Path) -> bool {
    false
}
