//! The bytes of a file in our address space: with `holes`, the one place where files are mapped, and so a place with `unsafe`.
//!
//! A file is mapped, never copied, and only for reading. If somebody cuts the file short while it is mapped, or its disk fails, the
//! kernel sends SIGBUS to the reader of a lost page; no check before the access can close that race. On Linux such a page is replaced
//! by zeros and counted, so that whoever reads goes on, asks [`MappedFile::lost`] and tells; elsewhere it is the end.

use super::holes::Guard;
use memmap2::{Mmap, MmapOptions};
use std::fs::File;
use std::io;
use std::ops::Deref;
use std::path::Path;
use std::sync::Arc;

/// A file, or a part of one, mapped for reading.
pub(crate) struct MappedFile {
    // In this order they must go.
    guard: Guard,
    /// None of an empty file.
    map: Option<Mmap>,
    file: Arc<File>,
    offset: u64,
}

impl MappedFile {
    /// Maps all of the file at `path`. An empty file gives no bytes.
    ///
    /// # Errors
    /// When it can't be opened or mapped.
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        let file = Arc::new(super::open(path)?);
        let len = usize::try_from(file.metadata()?.len()).map_err(|_| io::ErrorKind::FileTooLarge)?;
        Self::of(file, len)
    }

    /// Maps the first `len` bytes of `file`, whatever others do with it.
    ///
    /// # Errors
    /// When it can't be mapped.
    pub(crate) fn of(file: Arc<File>, len: usize) -> io::Result<Self> {
        // SAFETY: the mapping is private and read-only, so nothing of ours writes through it, and only `&[u8]` that do not outlive it
        // are handed out. That another process may change the file meanwhile can't be excluded; all parsers treat the bytes as hostile
        // and read each number once, and none relies on two reads of a byte being equal.
        let map = (len > 0).then(|| unsafe { MmapOptions::new().len(len).map_copy_read_only(&*file) }).transpose()?;
        Ok(Self::guarded(map, file, 0))
    }

    /// Maps `len` bytes at `offset`, which is a multiple of the host's page, of a file that others write to, as they see it: the memory
    /// of a running machine.
    ///
    /// # Errors
    /// When the file is shorter or can't be mapped; with it the file.
    pub(crate) fn shared(file: File, offset: u64, len: usize) -> Result<Self, File> {
        let end = u64::try_from(len).ok().and_then(|l| offset.checked_add(l));
        if end.is_none_or(|end| file.metadata().map_or(0, |m| m.len()) < end) {
            return Err(file);
        }
        // SAFETY: as above. That its owner writes to it is the point.
        match unsafe { MmapOptions::new().offset(offset).len(len).map(&file) } {
            Ok(map) => Ok(Self::guarded(Some(map), Arc::new(file), offset)),
            Err(_) => Err(file),
        }
    }

    fn guarded(map: Option<Mmap>, file: Arc<File>, offset: u64) -> Self {
        Self { guard: Guard::new(map.as_deref().unwrap_or_default(), &file, offset), map, file, offset }
    }

    /// The file, open for reading.
    pub(crate) fn file(&self) -> &File {
        &self.file
    }

    /// Bytes that could not be read when they were needed, and were taken for zeros.
    pub(crate) fn lost(&self) -> u64 {
        self.guard.lost()
    }

    /// Why not to believe what was read, if anything of it was lost.
    ///
    /// # Errors
    /// Where bytes were lost.
    pub(crate) fn intact(&self) -> io::Result<()> {
        match self.lost() {
            0 => Ok(()),
            n => Err(io::Error::new(
                io::ErrorKind::UnexpectedEof,
                format!("{n} bytes were gone when they were read: the file was cut short meanwhile, or its disk fails"),
            )),
        }
    }

    /// Copies the bytes at `at`; those that are gone are an error, not zeros.
    ///
    /// # Errors
    /// Where the file ends before, or can't be read.
    pub(crate) fn read_at(&self, at: u64, buf: &mut [u8]) -> io::Result<()> {
        let from = usize::try_from(at).ok();
        let bytes = from.and_then(|from| self.get(from..from.checked_add(buf.len())?)).ok_or(io::ErrorKind::UnexpectedEof)?;
        buf.copy_from_slice(bytes);
        if self.lost() == 0 {
            return Ok(());
        }
        // Some page is gone, this one or another: the file itself says.
        read_exact_at(&self.file, buf, at.saturating_add(self.offset))
    }
}

impl Deref for MappedFile {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        self.map.as_deref().unwrap_or_default()
    }
}

#[cfg(unix)]
pub(crate) fn read_exact_at(file: &File, buf: &mut [u8], at: u64) -> io::Result<()> {
    std::os::unix::fs::FileExt::read_exact_at(file, buf, at)
}

/// Only what is reached through `/proc` is read like this.
#[cfg(not(unix))]
pub(crate) fn read_exact_at(_: &File, _: &mut [u8], _: u64) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn an_empty_file_has_no_bytes() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let map = MappedFile::open(file.path()).unwrap();
        assert!(map.is_empty() && map.intact().is_ok());
        assert!(map.read_at(0, &mut [0]).is_err());
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn what_was_cut_off_is_told_and_never_given_for_zeros() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), [7; 0x1_0000]).unwrap();
        let part = MappedFile::shared(File::open(file.path()).unwrap(), 0x2000, 0x8000).ok().unwrap();
        let whole = MappedFile::open(file.path()).unwrap();
        file.as_file().set_len(0x4000).unwrap();
        // Before anybody has touched a lost page, and after.
        for _ in 0..2 {
            for map in [&whole, &part] {
                let mut page = [0; 0x1000];
                assert!(map.read_at(0x1000, &mut page).is_ok());
                assert!(page.iter().all(|b| *b == 7));
                assert!(map.read_at(0x5000, &mut page).is_err());
            }
        }
        assert_eq!((part.get(0x1fff), part.get(0x2000)), (Some(&7), Some(&0)));
        // Each byte is counted once, as far as they were looked at.
        assert_eq!((whole.lost(), part.lost()), (0xb000, 0x6000));
        assert!(whole.intact().unwrap_err().to_string().contains("45056 bytes"));
        assert!(MappedFile::shared(File::open(file.path()).unwrap(), 0x2000, 0x8000).is_err());
    }
}
