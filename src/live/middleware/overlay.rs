//! A memory that can be changed, over one that must not be: written pages are kept here, all others are read from below.

use crate::engine::{index, to_umem};
use memsh_plugin::{
    CSliceMut, CVec, MemoryMetadata, MemoryRange, PhysAddr, PhysReadOp, PhysWriteOp, PhysicalMemory, Status, umem,
};
use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

/// Bytes of a kept page.
const PAGE: usize = 4096;

type Pages = BTreeMap<umem, Box<[u8; PAGE]>>;

/// The memory. It says of itself that it is live: whoever reads it twice may see two things.
pub struct Overlay {
    below: Arc<dyn PhysicalMemory>,
    ranges: Vec<MemoryRange>,
    /// By page number.
    pages: RwLock<Pages>,
}

impl Overlay {
    /// Nothing changed yet over `below`.
    pub fn new(below: Arc<dyn PhysicalMemory>) -> Self {
        let ranges = below.ranges().to_vec();
        Self { below, ranges, pages: RwLock::default() }
    }

    /// Whether all of the range is memory, perhaps of several ranges that touch.
    fn holds(&self, addr: PhysAddr, len: umem) -> bool {
        let Some(end) = addr.value().checked_add(len) else { return false };
        let mut at = addr.value();
        for r in &self.ranges {
            let behind = r.start.value().saturating_add(r.size);
            if r.start.value() <= at && at < behind {
                at = behind;
            }
        }
        at >= end
    }

    /// The page with this number as it lies below.
    fn fetch(&self, number: umem) -> Box<[u8; PAGE]> {
        let mut page = Box::new([0; PAGE]);
        let mut ops = [PhysReadOp::new(PhysAddr::new(number * to_umem(PAGE)), &mut page[..])];
        // Where a range ends within the page the rest stays zero, and nobody can read it.
        self.below.read((&mut ops[..]).into());
        let [_] = ops;
        page
    }

    fn write_op(&self, pages: &mut Pages, op: &mut PhysWriteOp) {
        let bytes: &[u8] = &op.buf;
        op.status = Status::MISSING;
        if !self.holds(op.addr, to_umem(bytes.len())) {
            return;
        }
        let mut rest = bytes;
        let mut at = op.addr.value();
        while !rest.is_empty() {
            let from = index(at % to_umem(PAGE)).unwrap_or(0);
            let (piece, tail) = rest.split_at((PAGE - from).min(rest.len()));
            let number = at / to_umem(PAGE);
            let page = pages.entry(number).or_insert_with(|| self.fetch(number));
            if let Some(place) = page.get_mut(from..from + piece.len()) {
                place.copy_from_slice(piece);
            }
            at = at.wrapping_add(to_umem(piece.len()));
            rest = tail;
        }
        op.status = Status::DONE;
    }
}

/// Puts what `pages` have of the range at `addr` into `buf`.
fn patch(pages: &Pages, addr: PhysAddr, buf: &mut [u8]) {
    let size = to_umem(PAGE);
    let last = addr.value().saturating_add(to_umem(buf.len()).saturating_sub(1));
    for (number, page) in pages.range(addr.value() / size..=last / size) {
        let start = number * size;
        // The page begins before the buffer, or in it.
        let (from, to) = match start.checked_sub(addr.value()) {
            Some(to) => (0, index(to).unwrap_or(buf.len())),
            None => (index(addr.value() - start).unwrap_or(PAGE), 0),
        };
        let n = PAGE.saturating_sub(from).min(buf.len().saturating_sub(to));
        if let (Some(place), Some(bytes)) = (buf.get_mut(to..to + n), page.get(from..from + n)) {
            place.copy_from_slice(bytes);
        }
    }
}

impl PhysicalMemory for Overlay {
    fn metadata(&self) -> MemoryMetadata {
        MemoryMetadata { read_only: false, live: true, ..self.below.metadata() }
    }

    fn ranges(&self) -> CVec<MemoryRange> {
        self.ranges.clone().into()
    }

    fn read(&self, ops: CSliceMut<PhysReadOp>) {
        let mut ops = ops;
        let pages = self.pages.read().unwrap_or_else(PoisonError::into_inner);
        self.below.read((&mut *ops).into());
        if pages.is_empty() {
            return;
        }
        for op in ops.iter_mut().filter(|op| matches!(op.status, Status::DONE | Status::PARTIAL) && !op.buf.is_empty()) {
            patch(&pages, op.addr, &mut op.buf);
        }
    }

    fn write(&self, ops: CSliceMut<PhysWriteOp>) {
        let mut ops = ops;
        let mut pages = self.pages.write().unwrap_or_else(PoisonError::into_inner);
        ops.iter_mut().for_each(|op| self.write_op(&mut pages, op));
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use super::*;
    use crate::engine::Memory;
    use crate::plugins::dummy::DummyMemory;
    use proptest::prelude::*;

    const SIZE: usize = 3 * PAGE + 100;
    const BASE: u64 = 0x1_0800;

    fn memory() -> Memory {
        Memory::new(Overlay::new(Arc::new(DummyMemory::new(BASE, (0..SIZE).map(|i| (i % 251).to_le_bytes()[0]).collect()))))
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(writes in prop::collection::vec((0..SIZE, prop::collection::vec(any::<u8>(), 0..9000)), 0..8)) {
            let memory = memory();
            let mut wanted: Vec<u8> = (0..SIZE).map(|i| (i % 251).to_le_bytes()[0]).collect();
            for (at, bytes) in writes {
                let addr = PhysAddr::new(umem::from(BASE) + to_umem(at));
                let done = memory.write(addr, &bytes);
                if let Some(place) = wanted.get_mut(at..at + bytes.len()) {
                    prop_assert!(done.is_ok());
                    place.copy_from_slice(&bytes);
                } else {
                    prop_assert!(done.is_err());
                }
                let mut all = vec![0; SIZE];
                memory.read(PhysAddr::new(umem::from(BASE)), &mut all).unwrap();
                prop_assert!(all == wanted);
                // Small reads come from the cache of pages, which must not know the old bytes.
                let mut one = [0; 16];
                let at = at.min(SIZE - 16);
                memory.read(PhysAddr::new(umem::from(BASE) + to_umem(at)), &mut one).unwrap();
                prop_assert_eq!(&one[..], &wanted[at..at + 16]);
            }
        }
    }

    #[test]
    fn nothing_is_written_beyond_memory() {
        let memory = memory();
        let end = PhysAddr::new(umem::from(BASE) + to_umem(SIZE) - 2);
        assert!(memory.write(end, &[1, 2, 3]).unwrap_err().reason().contains("nothing was written"));
        let mut two = [9; 2];
        memory.read(end, &mut two).unwrap();
        assert_ne!(two, [1, 2]);
        memory.write(end, &[1, 2]).unwrap();
        memory.read(end, &mut two).unwrap();
        assert_eq!(two, [1, 2]);
    }
}
