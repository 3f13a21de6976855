//! A file within a file: the stream of a virtual machine's state may lie in an image file as it is, behind a header, or scattered
//! over the clusters of a disk image.

use super::super::map::Content;
use super::super::memory::Place;
use std::sync::Arc;

/// What stands at one place of such a file, as far as it lies together.
pub(in super::super) enum Piece<'a> {
    /// These bytes.
    Here(&'a [u8]),
    /// So many zeros.
    Zeros(u64),
    /// Bytes that had to be unpacked, from an index on.
    Made(Arc<[u8]>, usize),
}

/// The bytes of a file that is read through something.
pub(in super::super) trait Bytes: Send + Sync {
    /// How many there are.
    fn len(&self) -> u64;

    /// How many of them the image's files account for: bytes in holes are none of these, and bytes that are stored once count once, however
    /// often they are named. What is kept of a stream is bounded by this.
    fn held(&self) -> u64 {
        self.len()
    }

    /// What is at `at`: at least one byte.
    ///
    /// # Errors
    /// Why there is nothing: `at` is behind the end, or what holds it is damaged.
    fn piece(&self, at: u64) -> Result<Piece<'_>, String>;

    /// Where in the image's files the bytes at `at` lie as they are, and how many do.
    fn place(&self, at: u64) -> Option<(Place, u64)>;

    /// Fills `out` with what is at `at` and behind it.
    ///
    /// # Errors
    /// As [`piece`](Self::piece).
    fn read(&self, at: u64, out: &mut [u8]) -> Result<(), String> {
        let mut at = at;
        let mut rest = out;
        while !rest.is_empty() {
            let piece = self.piece(at)?;
            let there = match &piece {
                Piece::Here(bytes) => bytes.len(),
                Piece::Zeros(n) => usize::try_from(*n).unwrap_or(usize::MAX),
                Piece::Made(bytes, from) => bytes.len().saturating_sub(*from),
            };
            let n = there.min(rest.len());
            let Some((now, later)) = rest.split_at_mut_checked(n).filter(|_| n > 0) else {
                return Err(format!("there is nothing at offset {at:#x} of the stream"));
            };
            match &piece {
                Piece::Here(bytes) => now.copy_from_slice(bytes.get(..n).unwrap_or_default()),
                Piece::Zeros(_) => now.fill(0),
                Piece::Made(bytes, from) => now.copy_from_slice(bytes.get(*from..from.saturating_add(n)).unwrap_or_default()),
            }
            at = at.saturating_add(u64::try_from(n).unwrap_or(u64::MAX));
            rest = later;
        }
        Ok(())
    }

    /// The bytes at `at`, where `len` of them lie together.
    fn slice(&self, at: u64, len: usize) -> Option<&[u8]> {
        match self.piece(at).ok()? {
            Piece::Here(bytes) => bytes.get(..len),
            Piece::Zeros(_) | Piece::Made(..) => None,
        }
    }
}

/// The plain case: the rest of a file from an offset on.
pub(in super::super) struct Stretch {
    content: Arc<Content>,
    /// Its number among the image's files.
    file: usize,
    start: u64,
}

impl Stretch {
    pub(in super::super) fn new(content: Arc<Content>, file: usize, start: u64) -> Self {
        Self { content, file, start }
    }

    fn rest(&self, at: u64) -> Option<&[u8]> {
        let from = usize::try_from(self.start.checked_add(at)?).ok()?;
        self.content.get(from..).filter(|r| !r.is_empty())
    }
}

impl Bytes for Stretch {
    fn len(&self) -> u64 {
        u64::try_from(self.content.len()).unwrap_or(u64::MAX).saturating_sub(self.start)
    }

    fn piece(&self, at: u64) -> Result<Piece<'_>, String> {
        self.rest(at).map(Piece::Here).ok_or_else(|| "the file ends".to_owned())
    }

    fn place(&self, at: u64) -> Option<(Place, u64)> {
        let there = u64::try_from(self.rest(at)?.len()).ok()?;
        Some((Place { file: self.file, offset: self.start.checked_add(at)? }, there))
    }
}
