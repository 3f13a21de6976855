//! A symbol file in our address space: this folder's only room with `unsafe`.

use crate::{Error, ErrorKind, Layer, Result};
use std::ops::Deref;
use std::path::Path;

/// The bytes of a file, mapped read-only. An empty file gives no bytes.
pub struct MappedFile(Option<memmap2::Mmap>);

impl MappedFile {
    /// Maps the file at `path`.
    ///
    /// # Errors
    /// When it can't be opened or mapped.
    pub fn open(path: &Path) -> Result<Self> {
        let failed = |e: std::io::Error| {
            Error::new(Layer::Symbols, ErrorKind::Io, format!("can't read {}: {e}", path.display())).caused_by(e)
        };
        // Swap files are evidence, too.
        let file = crate::reading::open(path).map_err(failed)?;
        if file.metadata().map_err(failed)?.len() == 0 {
            return Ok(Self(None));
        }
        // SAFETY: the mapping is private and read-only, and every parser of these bytes takes them as they come. A file that
        // somebody shortens while we read it can end the program with SIGBUS, as with every mapped file; a file that changes
        // gives wrong contents and no more, since nothing here relies on two reads being equal.
        let map = unsafe { memmap2::Mmap::map(&file) }.map_err(failed)?;
        Ok(Self(Some(map)))
    }
}

impl Deref for MappedFile {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        self.0.as_deref().unwrap_or_default()
    }
}
