//! Physical memory that lies in our own address space: the one room of the engine with `unsafe`.
//!
//! Translation and search over an image must not pay a virtual call per page-table entry. A [`Mapped`] keeps the host
//! addresses of a memory's mapped runs next to the object that owns the mapping, so that an entry costs a range check and
//! a load.

use super::num::{index, to_umem};
use memsh_plugin::{MemoryRange, PhysAddr, PhysicalMemory, umem};
use std::marker::PhantomData;
use std::sync::Arc;

struct Run {
    start: umem,
    size: umem,
    data: *const u8,
}

/// The mapped runs of a memory, ready to be read without a call.
pub struct Mapped {
    /// The largest run, and in how many places of it a 64-bit word can begin. Images have one to three runs; a walk that tries
    /// this one alone, and leaves the others to a second try, keeps all it needs in registers.
    largest: umem,
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

/// First and last address of ascending pieces, neighbours as one.
fn merged(pieces: impl Iterator<Item = (umem, umem)>) -> Vec<(umem, umem)> {
    let mut out: Vec<(umem, umem)> = Vec::new();
    for (start, size) in pieces.filter(|(_, size)| *size > 0) {
        let last = start.saturating_add(size - 1);
        match out.last_mut() {
            Some(l) if l.1.checked_add(1) == Some(start) => l.1 = last,
            _ => out.push((start, last)),
        }
    }
    out
}

impl Mapped {
    /// The mapped runs of `owner`, or `None` where it has none or they are not exactly what `ranges` (ascending, disjoint) says.
    pub fn of(owner: &Arc<dyn PhysicalMemory>, ranges: &[MemoryRange]) -> Option<Self> {
        let given = owner.mapped_runs();
        let mut runs: Vec<Run> = Vec::with_capacity(given.len());
        for run in given.iter() {
            let data: &[u8] = &run.data;
            let (start, size) = (run.start.value(), to_umem(data.len()));
            if size == 0 {
                continue;
            }
            // Out of order, overlapping or wrapping: not what the trait promises, so not to be trusted with pointers.
            if start.checked_add(size - 1).is_none() || runs.last().is_some_and(|l| l.start + (l.size - 1) >= start) {
                return None;
            }
            // Neighbours stay apart: that their bytes are neighbours too does not make one object of two.
            runs.push(Run { start, size, data: data.as_ptr() });
        }
        let covered = merged(runs.iter().map(|r| (r.start, r.size)));
        let wanted = merged(ranges.iter().map(|r| (r.start.value(), r.size)));
        let largest = runs.iter().max_by_key(|r| r.size).filter(|_| covered == wanted)?;
        let (start, words, data) = (largest.start, largest.size.saturating_sub(7), largest.data);
        Some(Mapped { largest: start, words, data, runs: runs.into(), _owner: Arc::clone(owner) })
    }

    /// The largest run alone, with what a load needs in registers.
    #[inline(always)]
    pub(super) fn window(&self) -> Window<'_> {
        Window { start: self.largest, words: self.words, data: self.data, _memory: PhantomData }
    }

    /// Whether there is memory beside the largest run.
    #[inline(always)]
    pub(super) fn is_split(&self) -> bool {
        self.runs.len() > 1
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

    /// Whether any byte of the range is there.
    pub fn touches(&self, addr: umem, len: umem) -> bool {
        let last = addr.saturating_add(len.saturating_sub(1));
        let i = self.runs.partition_point(|r| r.start <= last);
        i.checked_sub(1).and_then(|i| self.runs.get(i)).is_some_and(|r| len > 0 && r.start + (r.size - 1) >= addr)
    }

    /// A word that lies in two runs.
    #[cold]
    fn split_word<const N: usize>(&self, addr: umem) -> Option<[u8; N]> {
        let mut bytes = [0; N];
        self.read_pieces(PhysAddr::new(addr), &mut bytes).then_some(bytes)
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

    /// Asks for the cache line at `addr`, so that it is on its way when the copy comes.
    #[inline]
    pub(super) fn touch(&self, addr: umem) {
        if let Some(p) = self.host(addr, 1) {
            // SAFETY: one readable byte.
            unsafe { p.read_volatile() };
        }
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
            rest = tail;
            at = match at.checked_add(n.max(1)) {
                Some(next) => next,
                // Nothing lies above the highest address; physical memory does not begin anew there.
                None => {
                    whole &= rest.is_empty();
                    rest.fill(0);
                    break;
                }
            };
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

/// Where a walk gets its entries from.
pub(super) trait Load: Copy {
    /// A little-endian 64-bit word.
    fn word64(self, addr: umem) -> Option<u64>;

    /// A little-endian 32-bit word.
    fn word32(self, addr: umem) -> Option<u32>;
}

/// The largest run of a memory; `None` for an address outside does not mean that nothing is there.
#[derive(Clone, Copy)]
pub(super) struct Window<'a> {
    start: umem,
    words: umem,
    data: *const u8,
    _memory: PhantomData<&'a Mapped>,
}

impl Load for Window<'_> {
    #[inline(always)]
    fn word64(self, addr: umem) -> Option<u64> {
        let offset = addr.wrapping_sub(self.start);
        if offset >= self.words {
            return None;
        }
        // SAFETY: `words` is the run's size less 7, so that 8 bytes at `offset` are inside; the read is unaligned.
        Some(u64::from_le(unsafe { self.data.add(index(offset)?).cast::<u64>().read_unaligned() }))
    }

    #[inline(always)]
    fn word32(self, addr: umem) -> Option<u32> {
        let offset = addr.wrapping_sub(self.start);
        // A 32-bit word can begin in 4 places more.
        if self.words == 0 || offset >= self.words + 4 {
            return None;
        }
        // SAFETY: the run's size is `words` + 7, so that 4 bytes at `offset` are inside.
        Some(u32::from_le(unsafe { self.data.add(index(offset)?).cast::<u32>().read_unaligned() }))
    }
}

impl Load for &Mapped {
    fn word64(self, addr: umem) -> Option<u64> {
        match self.host(addr, 8) {
            // SAFETY: 8 readable bytes; the read is unaligned.
            Some(p) => Some(u64::from_le(unsafe { p.cast::<u64>().read_unaligned() })),
            None => self.split_word(addr).map(u64::from_le_bytes),
        }
    }

    fn word32(self, addr: umem) -> Option<u32> {
        match self.host(addr, 4) {
            // SAFETY: 4 readable bytes; the read is unaligned.
            Some(p) => Some(u32::from_le(unsafe { p.cast::<u32>().read_unaligned() })),
            None => self.split_word(addr).map(u32::from_le_bytes),
        }
    }
}
