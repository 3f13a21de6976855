//! Memories to test with.

use crate::arch::Paging;
use crate::engine::{AddressSpace, FaultReason, Memory};
use memsh_plugin::*;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, RwLock};

/// What a backend has seen.
#[derive(Default)]
pub struct Seen {
    pub calls: AtomicUsize,
    pub largest: AtomicUsize,
    pub bytes: AtomicUsize,
}

impl Seen {
    pub fn calls(&self) -> usize {
        self.calls.load(Ordering::Relaxed)
    }

    pub fn reset(&self) {
        self.calls.store(0, Ordering::Relaxed);
        self.largest.store(0, Ordering::Relaxed);
        self.bytes.store(0, Ordering::Relaxed);
    }
}

/// Memory made of pieces: in place, or behind calls that are counted.
pub struct Ram {
    pub pieces: Vec<(u64, Vec<u8>)>,
    pub mapped: bool,
    pub ideal_batch: u32,
    pub seen: Arc<Seen>,
}

impl Ram {
    pub fn new(pieces: Vec<(u64, Vec<u8>)>) -> Ram {
        Ram { pieces, mapped: true, ideal_batch: 0, seen: Arc::default() }
    }

    /// The same bytes behind calls.
    pub fn behind_calls(&self, ideal_batch: u32) -> Ram {
        Ram { pieces: self.pieces.clone(), mapped: false, ideal_batch, seen: Arc::default() }
    }

    pub fn byte(&self, at: u64) -> Option<u8> {
        self.pieces.iter().find_map(|(start, data)| data.get(usize::try_from(at.checked_sub(*start)?).ok()?).copied())
    }

    /// A little-endian number of `n` bytes.
    pub fn word(&self, at: u64, n: u64) -> Option<u64> {
        let whole = self.pieces.iter().find_map(|(start, data)| {
            let o = usize::try_from(at.checked_sub(*start)?).ok()?;
            data.get(o..o.checked_add(n as usize)?)
        });
        if let Some(bytes) = whole {
            return Some(bytes.iter().rev().fold(0, |w, &b| w << 8 | u64::from(b)));
        }
        (0..n).rev().try_fold(0u64, |w, i| Some(w << 8 | u64::from(self.byte(at.checked_add(i)?)?)))
    }

    pub fn memory(self) -> Memory {
        Memory::new(self)
    }
}

pub fn answer(pieces: &[(u64, Vec<u8>)], op: &mut PhysReadOp) {
    let mut found = 0;
    let addr = op.addr;
    let len = op.buf.len();
    op.buf.fill(0);
    for (start, data) in pieces {
        let (start, end) = (umem::from(*start), umem::from(*start) + data.len() as umem);
        let from = addr.value().max(start);
        let to = addr.value().saturating_add(len as umem).min(end);
        if from < to {
            let n = (to - from) as usize;
            let at = (from - addr.value()) as usize;
            let source = (from - start) as usize;
            op.buf[at..at + n].copy_from_slice(&data[source..source + n]);
            found += n;
        }
    }
    op.status = match found {
        n if n == len => Status::DONE,
        0 => Status::MISSING,
        _ => Status::PARTIAL,
    };
}

impl PhysicalMemory for Ram {
    fn metadata(&self) -> MemoryMetadata {
        let size = self.pieces.iter().map(|(_, d)| d.len() as umem).sum();
        MemoryMetadata { ideal_batch: self.ideal_batch, ..MemoryMetadata::snapshot(size) }
    }

    fn ranges(&self) -> CVec<MemoryRange> {
        let range = |(s, d): &(u64, Vec<u8>)| MemoryRange { start: PhysAddr::new(umem::from(*s)), size: d.len() as umem };
        self.pieces.iter().map(range).collect::<Vec<_>>().into()
    }

    fn read(&self, mut ops: CSliceMut<PhysReadOp>) {
        assert!(!self.mapped, "mapped memory is read in place");
        self.seen.calls.fetch_add(1, Ordering::Relaxed);
        self.seen.largest.fetch_max(ops.len(), Ordering::Relaxed);
        for op in ops.iter_mut() {
            self.seen.bytes.fetch_add(op.buf.len(), Ordering::Relaxed);
            answer(&self.pieces, op);
        }
    }

    fn mapped_runs(&self) -> CVec<MappedRun<'_>> {
        if !self.mapped {
            return Vec::new().into();
        }
        self.pieces
            .iter()
            .map(|(s, d)| MappedRun { start: PhysAddr::new(umem::from(*s)), data: d.as_slice().into() })
            .collect::<Vec<_>>()
            .into()
    }
}

/// A memory whose content changes.
pub struct Moving {
    pub bytes: Arc<RwLock<Vec<u8>>>,
    pub live: bool,
    pub calls: Arc<AtomicUsize>,
    pub broken: Arc<AtomicBool>,
}

impl PhysicalMemory for Moving {
    fn metadata(&self) -> MemoryMetadata {
        MemoryMetadata { live: self.live, ..MemoryMetadata::snapshot(self.bytes.read().unwrap().len() as umem) }
    }

    fn ranges(&self) -> CVec<MemoryRange> {
        vec![MemoryRange { start: PhysAddr::NULL, size: self.bytes.read().unwrap().len() as umem }].into()
    }

    fn read(&self, mut ops: CSliceMut<PhysReadOp>) {
        self.calls.fetch_add(1, Ordering::Relaxed);
        for op in ops.iter_mut() {
            if self.broken.load(Ordering::Relaxed) {
                op.buf.fill(0);
                op.status = Status::FAILED;
            } else {
                op.fill_from(PhysAddr::NULL, &self.bytes.read().unwrap());
            }
        }
    }
}

/// Tables written entry by entry. What is not written is zero; every page that was written to exists.
pub struct Hand {
    paging: Paging,
    pages: BTreeMap<u64, Vec<u8>>,
}

impl Hand {
    pub fn new(paging: Paging) -> Hand {
        let mut hand = Hand::empty(paging);
        // A root of zeros, and the tables that most tests use.
        for table in 1..=9 {
            hand.put(table << 12, 8, 0);
        }
        hand
    }

    /// No page at all.
    pub fn empty(paging: Paging) -> Hand {
        Hand { paging, pages: BTreeMap::new() }
    }

    /// Memory as it is.
    pub fn piece(&mut self, at: u64, bytes: Vec<u8>) {
        self.pages.insert(at, bytes);
    }

    /// An entry of `n` bytes.
    pub fn put(&mut self, at: u64, n: usize, entry: u64) {
        let size = self.paging.format().page_size().max(0x1_0000);
        let page = self.pages.entry(at & !(size - 1)).or_insert_with(|| vec![0; size as usize]);
        let o = (at & (size - 1)) as usize;
        page[o..o + n].copy_from_slice(&entry.to_le_bytes()[..n]);
    }

    /// Entry 0 of `table` points to the first of `next`, whose entry 0 points to the second, and so on.
    pub fn chain(&mut self, table: u64, next: &[u64], flags: u64) {
        let mut table = table;
        for &n in next {
            self.put(table, 8, n | flags);
            table = n;
        }
    }

    pub fn space(&self, root: u64) -> AddressSpace {
        let memory = Ram::new(self.pages.clone().into_iter().collect()).memory();
        assert!(memory.mapped().is_some());
        AddressSpace::new(memory, self.paging, PhysAddr::new(umem::from(root)))
    }
}

/// The physical address, page size and permission of `va`, which must be mapped; one at a time and in a batch.
pub fn page(space: &AddressSpace, va: u64) -> (u64, u64, String) {
    let at = VirtAddr::new(umem::from(va));
    let t = space.translate_one(at).unwrap_or_else(|fault| panic!("{va:#x}: {fault}"));
    let mut ops = [TranslateOp::new(at)];
    space.translate_batch(&mut ops);
    assert_eq!((ops[0].status, ops[0].translation), (Status::DONE, t));
    (t.phys.value() as u64, t.page_size() as u64, t.perm.to_string())
}

/// Why `va` is not mapped.
pub fn nowhere(space: &AddressSpace, va: u64) -> FaultReason {
    match space.translate_one(VirtAddr::new(umem::from(va))) {
        Ok(t) => panic!("{va:#x} is mapped: {t:?}"),
        Err(fault) => fault.reason,
    }
}
