//! The image is evidence: nothing that memsh writes may land on it.

use super::failure::{Failure, Result};
use crate::session::Session;
use std::fs::{File, Metadata};
use std::path::Path;

/// Refuses to write to `output` where that is the image or one of its files (parts, a sidecar, a swap or page file), by whatever name:
/// another path, a symbolic or a hard link.
///
/// # Errors
/// A usage error if so.
pub fn guard(session: Option<&Session>, output: &Path) -> Result<()> {
    let Some(session) = session else { return Ok(()) };
    let image = &session.facts().path;
    let same = matches!((image.canonicalize(), output.canonicalize()), (Ok(a), Ok(b)) if a == b)
        || output.metadata().is_ok_and(|meta| {
            session.image().lies_in(&meta) || is(image, &meta) || session.other_files().any(|other| is(other, &meta))
        });
    match same {
        true => {
            let message =
                format!("can't write to {}: the output is the image itself; an image is never written", output.display());
            Err(Failure::usage(message))
        }
        false => Ok(()),
    }
}

/// The file that a command writes an answer of its own to (`-o PATH`): a new one, or with `force` whatever is there.
///
/// # Errors
/// As [`guard`]; when it exists and may not be overwritten, or can't be written.
pub fn create(session: Option<&Session>, output: &Path, force: bool) -> Result<File> {
    guard(session, output)?;
    let mut options = File::options();
    options.write(true);
    if force {
        options.create(true).truncate(true)
    } else {
        options.create_new(true)
    };
    options.open(output).map_err(|e| match e.kind() {
        std::io::ErrorKind::AlreadyExists => {
            Failure::Usage(format!("{} exists", output.display()), Some("--force overwrites it".to_owned()))
        }
        _ => Failure::file(output, "write", e),
    })
}

/// Takes back a file that could not be written to its end: half of one is worse than none, nobody can tell it from a whole one.
/// A device (`--force -o /dev/full`) is not ours to remove.
pub fn take_back(file: File, output: &Path) {
    let regular = file.metadata().is_ok_and(|m| m.is_file());
    drop(file);
    if regular {
        let _ = std::fs::remove_file(output);
    }
}

#[cfg(unix)]
fn is(path: &Path, meta: &Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;
    path.metadata().is_ok_and(|own| (own.dev(), own.ino()) == (meta.dev(), meta.ino()))
}

#[cfg(not(unix))]
fn is(_: &Path, _: &Metadata) -> bool {
    false
}
