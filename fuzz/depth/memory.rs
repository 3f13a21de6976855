//! Two memories: one that notes what is read of it, and one with words overwritten and pages taken out.

use memsh::{PhysAddr, umem};
use memsh_plugin::{CSliceMut, CSliceRef, CVec, MappedRun, MemoryMetadata, MemoryRange, PhysReadOp, PhysicalMemory, Status};
use std::collections::{BTreeSet, HashSet};
use std::sync::{Arc, Mutex};

pub const PAGE: usize = 4096;
/// Of longer reads (code, tables, a sweep over all memory) only the first words are noted.
const NOTED: usize = 2048;

/// Positions of words, each a multiple of 8.
pub type Words = Arc<Mutex<BTreeSet<usize>>>;

/// Notes which words are read.
pub struct Noting {
    bytes: Arc<Vec<u8>>,
    words: Words,
    refused: Mutex<HashSet<u64>>,
}

impl Noting {
    pub fn new(bytes: Arc<Vec<u8>>) -> (Self, Words) {
        let words = Words::default();
        (Self { bytes, words: Arc::clone(&words), refused: Mutex::default() }, words)
    }
}

impl PhysicalMemory for Noting {
    fn metadata(&self) -> MemoryMetadata {
        MemoryMetadata::snapshot(self.bytes.len() as umem)
    }

    fn ranges(&self) -> CVec<MemoryRange> {
        vec![MemoryRange { start: PhysAddr::NULL, size: self.bytes.len() as umem }].into()
    }

    fn read(&self, mut ops: CSliceMut<PhysReadOp>) {
        let mut refused = self.refused.lock().expect("one thread");
        for op in ops.iter_mut() {
            let (at, len) = (u64::try_from(op.addr.value()).expect("64 bits"), op.buf.len());
            let page = at / PAGE as u64;
            // Whole pages are what memsh's cache asks for first. Without one it asks for what it was asked for.
            if at % PAGE as u64 == 0 && len == PAGE && refused.insert(page) {
                op.status = Status::MISSING;
                continue;
            }
            refused.remove(&page);
            op.fill_from(PhysAddr::NULL, &self.bytes);
            let from = usize::try_from(at).expect("it is small") / 8;
            let mut words = self.words.lock().expect("one thread");
            words.extend((from..from + len.min(NOTED).div_ceil(8)).map(|w| w * 8));
        }
    }
}

/// The sample with holes.
pub struct Holed {
    bytes: Arc<Vec<u8>>,
    runs: Vec<(usize, usize)>,
}

impl Holed {
    /// `bytes` without the pages in `holes`.
    pub fn new(bytes: Arc<Vec<u8>>, holes: &BTreeSet<usize>) -> Self {
        let mut runs = Vec::new();
        let mut from = 0;
        for hole in holes.iter().map(|h| h * PAGE).filter(|h| *h < bytes.len()).chain([bytes.len()]) {
            if hole > from {
                runs.push((from, hole));
            }
            from = hole + PAGE;
        }
        Self { bytes, runs }
    }
}

impl PhysicalMemory for Holed {
    fn metadata(&self) -> MemoryMetadata {
        MemoryMetadata::snapshot(self.bytes.len() as umem)
    }

    fn ranges(&self) -> CVec<MemoryRange> {
        let range = |r: &(usize, usize)| MemoryRange { start: PhysAddr::new(r.0 as umem), size: (r.1 - r.0) as umem };
        self.runs.iter().map(range).collect::<Vec<_>>().into()
    }

    fn read(&self, mut ops: CSliceMut<PhysReadOp>) {
        for op in ops.iter_mut() {
            let within = self.runs.iter().find(|r| (r.0 as umem..r.1 as umem).contains(&op.addr.value()));
            match within {
                Some(r) => op.fill_from(PhysAddr::new(r.0 as umem), &self.bytes[r.0..r.1]),
                None => op.status = Status::MISSING,
            }
        }
    }

    fn mapped_runs(&self) -> CVec<MappedRun<'_>> {
        let run =
            |r: &(usize, usize)| MappedRun { start: PhysAddr::new(r.0 as umem), data: CSliceRef::from(&self.bytes[r.0..r.1]) };
        self.runs.iter().map(run).collect::<Vec<_>>().into()
    }
}
