//! The image is evidence: nothing that memsh writes may land on it.

use super::failure::{Failure, Result};
use crate::session::Session;
use std::fs::{File, Metadata};
use std::path::Path;

/// Refuses to write to `output` where that is the image or one of its files (parts, a sidecar, a swap or page file), by whatever name:
/// another path, a symbolic or a hard link, the name that somebody gave it since it was opened; and where it is a file of symbols that
/// the user named.
///
/// # Errors
/// A usage error if so.
pub fn guard(session: Option<&Session>, output: &Path) -> Result<()> {
    let Some(session) = session else { return Ok(()) };
    // What is not there yet is nobody's.
    let Ok(meta) = output.metadata() else { return Ok(()) };
    let image = session.facts().path.as_path();
    let files = || std::iter::once(image).chain(session.other_files());
    if session.lies_in(&meta) || one_name(image, output) || files().any(|file| is(file, output, &meta)) {
        let message = format!("can't write to {}: the output is the image itself; an image is never written", output.display());
        return Err(Failure::usage(message));
    }
    if meta.is_file() && session.hints().symbols.iter().any(|file| is(file, output, &meta)) {
        let message = format!("can't write to {}: it is the file of symbols that this session reads", output.display());
        return Err(Failure::usage(message));
    }
    Ok(())
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

/// Makes room for a file that memsh itself names, in a folder: takes away what has that name. It must not be written through, for it may
/// be a link, symbolic or hard, to anything.
///
/// # Errors
/// As [`guard`]; when it is a folder, or can't be taken away.
pub fn vacate(session: Option<&Session>, output: &Path) -> Result<()> {
    guard(session, output)?;
    match std::fs::remove_file(output) {
        Err(e) if e.kind() != std::io::ErrorKind::NotFound => Err(Failure::file(output, "replace", e)),
        _ => Ok(()),
    }
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

/// Whether `path` leads to the file at `output`, of which `meta` tells.
#[cfg(unix)]
fn is(path: &Path, _: &Path, meta: &Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;
    path.metadata().is_ok_and(|own| (own.dev(), own.ino()) == (meta.dev(), meta.ino()))
}

#[cfg(not(unix))]
fn is(path: &Path, output: &Path, _: &Metadata) -> bool {
    one_name(path, output)
}

fn one_name(a: &Path, b: &Path) -> bool {
    matches!((a.canonicalize(), b.canonicalize()), (Ok(a), Ok(b)) if a == b)
}
