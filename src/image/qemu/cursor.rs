//! Reading a stream from its beginning to its end. Its numbers are big-endian.

use super::bytes::{Bytes, Piece};

/// Why reading stopped, and where in the stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Stop {
    pub at: u64,
    pub why: String,
}

pub(super) type Result<T> = std::result::Result<T, Stop>;

/// A place in a stream.
pub(super) struct Cursor<'a> {
    bytes: &'a dyn Bytes,
    at: u64,
    /// Bytes that lie together around `at`, and where they begin: nearly every read is served by them.
    window: &'a [u8],
    window_at: u64,
}

impl<'a> Cursor<'a> {
    pub(super) fn new(bytes: &'a dyn Bytes) -> Self {
        Self { bytes, at: 0, window: &[], window_at: 0 }
    }

    pub(super) const fn at(&self) -> u64 {
        self.at
    }

    pub(super) fn left(&self) -> u64 {
        self.bytes.len().saturating_sub(self.at)
    }

    /// [`Bytes::held`].
    pub(super) fn held(&self) -> u64 {
        self.bytes.held()
    }

    pub(super) fn stop(&self, why: impl Into<String>) -> Stop {
        Stop { at: self.at, why: why.into() }
    }

    pub(super) fn seek(&mut self, at: u64) {
        self.at = at;
    }

    /// Passes over `n` bytes that must be there.
    pub(super) fn skip(&mut self, n: u64) -> Result<()> {
        if n > self.left() {
            return Err(self.stop(format!("the stream ends: {} of {n} bytes are there", self.left())));
        }
        self.at += n;
        Ok(())
    }

    fn within(&self, len: usize) -> Option<&'a [u8]> {
        let from = usize::try_from(self.at.checked_sub(self.window_at)?).ok()?;
        self.window.get(from..from.checked_add(len)?)
    }

    /// The next `N` bytes.
    pub(super) fn take<const N: usize>(&mut self) -> Result<[u8; N]> {
        let bytes = self.peek::<N>()?;
        self.at += u64::try_from(N).unwrap_or(0);
        Ok(bytes)
    }

    /// As [`take`](Self::take), and they are still the next ones afterwards.
    pub(super) fn peek<const N: usize>(&mut self) -> Result<[u8; N]> {
        if let Some(found) = self.within(N).and_then(|b| b.try_into().ok()) {
            return Ok(found);
        }
        if self.left() < u64::try_from(N).unwrap_or(u64::MAX) {
            return Err(self.stop(format!("the stream ends: {} of {N} bytes are there", self.left())));
        }
        let mut out = [0; N];
        self.bytes.read(self.at, &mut out).map_err(|why| self.stop(why))?;
        if let Ok(Piece::Here(window)) = self.bytes.piece(self.at) {
            self.window = window;
            self.window_at = self.at;
        }
        Ok(out)
    }

    pub(super) fn u8(&mut self) -> Result<u8> {
        self.take().map(|[b]| b)
    }

    pub(super) fn u16(&mut self) -> Result<u16> {
        self.take().map(u16::from_be_bytes)
    }

    pub(super) fn u32(&mut self) -> Result<u32> {
        self.take().map(u32::from_be_bytes)
    }

    pub(super) fn u64(&mut self) -> Result<u64> {
        self.take().map(u64::from_be_bytes)
    }

    /// The next `len` bytes; the caller has bounded `len`.
    pub(super) fn vec(&mut self, len: u64) -> Result<Vec<u8>> {
        if len > self.left() {
            return Err(self.stop(format!("the stream ends: {} of {len} bytes are there", self.left())));
        }
        let mut out = vec![0; usize::try_from(len).map_err(|e| self.stop(e.to_string()))?];
        self.bytes.read(self.at, &mut out).map_err(|why| self.stop(why))?;
        self.at += len;
        Ok(out)
    }

    /// A name, one byte of length before it.
    pub(super) fn name(&mut self) -> Result<String> {
        let len = self.u8()?;
        let bytes = self.vec(len.into())?;
        printable(&bytes).ok_or_else(|| self.stop("a name should stand here, and has bytes that no name has"))
    }

    /// Goes to where `accept` likes what it finds: from each place on at which `needle` stands, behind it. `false` at the end.
    pub(super) fn find(&mut self, needle: &[u8], mut accept: impl FnMut(&mut Self) -> bool) -> bool {
        const STEP: u64 = 64 << 10;
        let needle_len = u64::try_from(needle.len()).unwrap_or(u64::MAX);
        let mut from = self.at;
        while self.bytes.len().saturating_sub(from) >= needle_len {
            let len = self.bytes.len().saturating_sub(from).min(STEP);
            let mut part = vec![0; usize::try_from(len).unwrap_or(0)];
            if self.bytes.read(from, &mut part).is_err() {
                return false;
            }
            for found in memchr::memmem::find_iter(&part, needle) {
                self.at = from + u64::try_from(found).unwrap_or(0) + needle_len;
                let here = self.at;
                let good = accept(self);
                self.at = here;
                if good {
                    return true;
                }
            }
            if len < STEP {
                break;
            }
            from += len - needle_len + 1;
        }
        self.at = self.bytes.len();
        false
    }
}

/// Text of a name: printable, not empty.
pub(super) fn printable(bytes: &[u8]) -> Option<String> {
    let good = !bytes.is_empty() && bytes.iter().all(|b| (0x20..0x7f).contains(b));
    good.then(|| String::from_utf8_lossy(bytes).into_owned())
}
