//! Physical memory that lies in our own address space: the one room of the engine with `unsafe`.
//!
//! Translation and search over an image must not pay a virtual call per page-table entry. A [`Mapped`] keeps the host
//! addresses of a memory's mapped runs next to the object that owns the mapping, so that an entry costs a range check and
//! a load.

use super::num::{index, to_umem};
use memsh_plugin::{PhysAddr, PhysicalMemory, umem};
use std::sync::Arc;

struct Run {
    start: umem,
    size: umem,
    data: *const u8,
}

/// The mapped runs of a memory, ready to be read without a call.
pub struct Mapped {
    /// The first run, and in how many places of it a 64-bit word can begin: images have one to three runs, and trying the first
    /// before searching is what makes a walk cheap.
    first: umem,
    words: umem,
    data: *const u8,
    runs: Box<[Run]>,
    // Keeps the mapping alive; dropped after `runs`, which own nothing.
    _owner: Arc<dyn PhysicalMemory>,
}

// SAFETY: the pointers are only read through, the bytes behind them belong to `_owner`, which is Send + Sync itself.
unsafe impl Send for Mapped {}
// SAFETY: as above; no interior mutability.
unsafe impl Sync for Mapped {}

impl Mapped {
    /// The mapped runs of `owner`, or `None` where it has none or they do not cover all its ranges.
    pub fn of(owner: &Arc<dyn PhysicalMemory>) -> Option<Self> {
        let given = owner.mapped_runs();
        let mut runs: Vec<Run> = Vec::with_capacity(given.len());
        for run in given.iter() {
            let data: &[u8] = &run.data;
            let (start, size) = (run.start.value(), to_umem(data.len()));
            // Out of order, overlapping or wrapping: not what the trait promises, so not to be trusted with pointers.
            if start.checked_add(size).is_none() || runs.last().is_some_and(|l| l.start + l.size > start) {
                return None;
            }
            match runs.last_mut() {
                // Neighbours in both spaces are one run.
                Some(l) if l.start + l.size == start && l.data.wrapping_add(index(l.size)?) == data.as_ptr() => l.size += size,
                _ if size > 0 => runs.push(Run { start, size, data: data.as_ptr() }),
                _ => {}
            }
        }
        let covered: umem = runs.iter().map(|r| r.size).sum();
        let wanted: umem = owner.ranges().iter().map(|r| r.size).sum();
        let first = runs.first().filter(|_| covered == wanted && covered > 0)?;
        let (start, words, data) = (first.start, first.size.saturating_sub(7), first.data);
        Some(Mapped { first: start, words, data, runs: runs.into(), _owner: Arc::clone(owner) })
    }

    /// The memory for a walk, with what a load needs in registers.
    #[inline(always)]
    pub(super) fn window(&self) -> Window<'_> {
        Window { first: self.first, words: self.words, data: self.data, all: self }
    }

    /// Host address of `len` bytes at `addr`, where one run holds them all.
    #[inline(always)]
    fn host(&self, addr: umem, len: umem) -> Option<*const u8> {
        let run = match self.runs.first() {
            Some(r) if addr.wrapping_sub(r.start) < r.size => r,
            _ => self.find(addr)?,
        };
        let offset = addr - run.start;
        if run.size - offset < len {
            return None;
        }
        // SAFETY: offset + len <= size, and `data` points to `size` readable bytes (CSliceRef of a live owner).
        Some(unsafe { run.data.add(index(offset)?) })
    }

    #[inline(never)]
    fn find(&self, addr: umem) -> Option<&Run> {
        let i = self.runs.partition_point(|r| r.start <= addr).checked_sub(1)?;
        self.runs.get(i).filter(|r| addr - r.start < r.size)
    }

    /// A little-endian 64-bit word.
    #[inline(never)]
    fn word64(&self, addr: umem) -> Option<u64> {
        let p = self.host(addr, 8)?;
        // SAFETY: 8 readable bytes; the read is unaligned.
        Some(u64::from_le(unsafe { p.cast::<u64>().read_unaligned() }))
    }

    /// A little-endian 32-bit word.
    #[inline(never)]
    fn word32(&self, addr: umem) -> Option<u32> {
        let p = self.host(addr, 4)?;
        // SAFETY: 4 readable bytes; the read is unaligned.
        Some(u32::from_le(unsafe { p.cast::<u32>().read_unaligned() }))
    }

    /// `len` bytes at `addr` in place, where one run holds them all.
    #[inline]
    pub fn slice(&self, addr: PhysAddr, len: usize) -> Option<&[u8]> {
        let p = self.host(addr.value(), to_umem(len))?;
        // SAFETY: `len` readable bytes that live as long as `_owner`, hence as `self`.
        Some(unsafe { std::slice::from_raw_parts(p, len) })
    }

    /// Copies what is there to `buf` and says whether that was all; missing bytes are zeroed.
    #[inline]
    pub fn read(&self, addr: PhysAddr, buf: &mut [u8]) -> bool {
        // A pointer: by far the most frequent read, and a copy of unknown length costs more than all the rest of it.
        if let Ok(word) = <&mut [u8; 8]>::try_from(&mut *buf)
            && let Some(value) = self.window().word64(addr.value())
        {
            *word = value.to_le_bytes();
            return true;
        }
        if let Some(from) = self.slice(addr, buf.len()) {
            buf.copy_from_slice(from);
            return true;
        }
        self.read_pieces(addr, buf)
    }

    #[cold]
    fn read_pieces(&self, addr: PhysAddr, buf: &mut [u8]) -> bool {
        let mut at = addr.value();
        let mut rest = buf;
        let mut whole = true;
        while !rest.is_empty() {
            let want = to_umem(rest.len());
            let (n, source) = match self.find(at) {
                Some(r) => {
                    let n = (r.size - (at - r.start)).min(want);
                    (n, index(n).and_then(|n| self.slice(PhysAddr::new(at), n)))
                }
                None => {
                    let i = self.runs.partition_point(|r| r.start <= at);
                    let next = self.runs.get(i).map_or(umem::MAX, |r| r.start);
                    ((next - at).min(want), None)
                }
            };
            let Some((piece, tail)) = index(n.max(1)).and_then(|n| rest.split_at_mut_checked(n)) else {
                break;
            };
            match source {
                Some(s) if s.len() == piece.len() => piece.copy_from_slice(s),
                _ => {
                    piece.fill(0);
                    whole = false;
                }
            }
            at = at.wrapping_add(n.max(1));
            rest = tail;
        }
        whole
    }

    /// Every run as a slice with its physical start, ascending.
    pub fn slices(&self) -> impl Iterator<Item = (PhysAddr, &[u8])> {
        self.runs.iter().filter_map(|r| {
            let start = PhysAddr::new(r.start);
            Some((start, self.slice(start, index(r.size)?)?))
        })
    }
}

/// A memory as a walk holds it: the first run's place by value, the others by reference.
#[derive(Clone, Copy)]
pub(super) struct Window<'a> {
    first: umem,
    words: umem,
    data: *const u8,
    all: &'a Mapped,
}

impl Window<'_> {
    /// A little-endian 64-bit word.
    #[inline(always)]
    pub(super) fn word64(self, addr: umem) -> Option<u64> {
        let offset = addr.wrapping_sub(self.first);
        if offset >= self.words {
            return self.all.word64(addr);
        }
        // SAFETY: `words` is the first run's size less 7, so that 8 bytes at `offset` are inside; the read is unaligned.
        Some(u64::from_le(unsafe { self.data.add(index(offset)?).cast::<u64>().read_unaligned() }))
    }

    /// A little-endian 32-bit word.
    #[inline(always)]
    pub(super) fn word32(self, addr: umem) -> Option<u32> {
        let offset = addr.wrapping_sub(self.first);
        if offset >= self.words {
            return self.all.word32(addr);
        }
        // SAFETY: as above, and 4 bytes are fewer.
        Some(u32::from_le(unsafe { self.data.add(index(offset)?).cast::<u32>().read_unaligned() }))
    }
}
