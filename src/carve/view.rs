//! Bytes from an address on.

use crate::engine::{index, to_umem};
use memsh_plugin::umem;
use std::cell::{Cell, RefCell};

/// Bytes kept of the last read.
const PAGE: usize = 4096;
/// Bytes asked for at once where many are.
const PIECE: usize = 1 << 20;

/// Bytes asked for first where something is looked for.
const FIRST: u64 = 256;

/// Reads at an address of the space, and says how many bytes from the first on were there.
pub type Read<'a> = &'a dyn Fn(umem, &mut [u8]) -> usize;

/// What lies behind an address, by offsets from it.
pub struct View<'a> {
    read: Read<'a>,
    at: umem,
    /// The page that was read last, and its offset.
    page: RefCell<Option<(u64, Vec<u8>)>>,
    unpacked: Cell<u64>,
}

impl<'a> View<'a> {
    /// A view from `at` on.
    pub fn new(read: Read<'a>, at: umem) -> Self {
        Self { read, at, page: RefCell::new(None), unpacked: Cell::new(0) }
    }

    /// How many bytes were unpacked from what lies here: work that the bytes that were read do not tell.
    pub fn unpacked(&self) -> u64 {
        self.unpacked.get()
    }

    /// Counts bytes that were unpacked.
    pub(super) fn count_unpacked(&self, bytes: u64) {
        self.unpacked.set(self.unpacked.get().saturating_add(bytes));
    }

    /// As many of `len` bytes at `offset` as are there.
    pub fn upto(&self, offset: u64, len: usize) -> Vec<u8> {
        let page = offset - offset % (PAGE as u64);
        let skipped = index(umem::from(offset - page)).unwrap_or(0);
        if skipped + len <= PAGE {
            let mut kept = self.page.borrow_mut();
            if kept.as_ref().is_none_or(|(of, _)| *of != page) {
                *kept = Some((page, self.fetch(page, PAGE)));
            }
            let bytes = kept.as_ref().map_or(&[][..], |(_, bytes)| bytes.as_slice());
            let behind = bytes.get(skipped..).unwrap_or_default();
            return behind.get(..len).unwrap_or(behind).to_vec();
        }
        self.fetch(offset, len)
    }

    fn fetch(&self, offset: u64, len: usize) -> Vec<u8> {
        let Some(at) = self.at.checked_add(umem::from(offset)) else { return Vec::new() };
        // Nothing reaches over the top.
        let room = index(umem::MAX - at).unwrap_or(usize::MAX);
        let mut bytes = vec![0; len.min(room)];
        let there = (self.read)(at, &mut bytes);
        bytes.truncate(there);
        bytes
    }

    /// `len` bytes at `offset`, if they are all there.
    pub fn get(&self, offset: u64, len: usize) -> Option<Vec<u8>> {
        Some(self.upto(offset, len)).filter(|bytes| bytes.len() == len)
    }

    /// `N` bytes.
    pub fn array<const N: usize>(&self, offset: u64) -> Option<[u8; N]> {
        self.get(offset, N)?.try_into().ok()
    }

    /// The first bytes, as many as are there.
    pub fn head(&self, len: usize) -> Vec<u8> {
        self.upto(0, len)
    }

    /// How many of the first `size` bytes are there, without a hole.
    pub fn available(&self, size: u64) -> u64 {
        let mut done = 0;
        while done < size {
            let wanted = (size - done).min(PIECE as u64);
            let Some(len) = index(umem::from(wanted)) else { break };
            let there = self.fetch(done, len).len();
            done += there as u64;
            if there < len {
                break;
            }
        }
        done
    }

    /// Where `needle` first stands at or behind `from`, before `end` and before memory ends.
    pub fn find(&self, needle: &[u8], from: u64, end: u64) -> Option<u64> {
        let finder = memchr::memmem::Finder::new(needle);
        let mut at = from;
        // Whoever looks for one behind another would read much of the same again and again, were the first piece large.
        let mut piece = FIRST;
        while at < end {
            let wanted = (end - at).min(piece).max(needle.len() as u64);
            piece = piece.saturating_mul(4).min(PIECE as u64);
            let bytes = self.upto(at, index(umem::from(wanted))?);
            if let Some(found) = finder.find(&bytes) {
                return Some(at + found as u64).filter(|f| *f < end);
            }
            let short = (bytes.len() as u64) < wanted;
            // What begins in this piece may end in the next.
            at += (bytes.len().saturating_sub(needle.len() - 1)).max(1) as u64;
            if short {
                return None;
            }
        }
        None
    }

    /// A number of two bytes, low byte first; `be` takes the high one first.
    pub fn u16(&self, offset: u64, be: bool) -> Option<u16> {
        let bytes = self.array(offset)?;
        Some(if be { u16::from_be_bytes(bytes) } else { u16::from_le_bytes(bytes) })
    }

    /// Of four bytes.
    pub fn u32(&self, offset: u64, be: bool) -> Option<u32> {
        let bytes = self.array(offset)?;
        Some(if be { u32::from_be_bytes(bytes) } else { u32::from_le_bytes(bytes) })
    }

    /// Of eight bytes.
    pub fn u64(&self, offset: u64, be: bool) -> Option<u64> {
        let bytes = self.array(offset)?;
        Some(if be { u64::from_be_bytes(bytes) } else { u64::from_le_bytes(bytes) })
    }

    /// Printable ASCII at `offset` up to a zero, `1..=max` characters.
    pub fn text(&self, offset: u64, max: usize) -> Option<String> {
        let bytes = self.upto(offset, max + 1);
        let end = bytes.iter().position(|b| *b == 0).filter(|n| *n > 0)?;
        let text = bytes.get(..end)?;
        text.iter().all(|b| b.is_ascii_graphic() || *b == b' ').then(|| String::from_utf8_lossy(text).into_owned())
    }

    /// The bytes from the first on, piece by piece, `size` of them: what a file is written from. Gives how many there were.
    ///
    /// # Errors
    /// Those of `each`, with which it ends.
    pub fn copy<E>(&self, size: u64, each: &mut dyn FnMut(&[u8]) -> Result<(), E>) -> Result<u64, E> {
        let mut done = 0u64;
        while done < size {
            let wanted = to_umem(PIECE).min(umem::from(size - done));
            let bytes = self.fetch(done, index(wanted).unwrap_or(PIECE));
            if bytes.is_empty() {
                break;
            }
            each(&bytes)?;
            done += bytes.len() as u64;
        }
        Ok(done)
    }
}
