//! For tests: a large memory that costs per access and counts what is read of it. All but a part of it is zeros.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::cast_possible_truncation, clippy::as_conversions)]

use super::machine::phys;
use crate::engine::{Memory, to_umem};
use memsh_plugin::{CSliceMut, CVec, MemoryMetadata, MemoryRange, PhysReadOp, PhysicalMemory, umem};
use std::collections::HashSet;
use std::sync::{Arc, Mutex};

/// Pages that were read.
#[derive(Clone, Default)]
pub(super) struct Read(Arc<Mutex<HashSet<umem>>>);

impl Read {
    /// Bytes of different pages that were read.
    pub(super) fn bytes(&self) -> u64 {
        self.0.lock().unwrap().len() as u64 * 4096
    }
}

struct Far {
    start: u64,
    size: u64,
    at: u64,
    bytes: Vec<u8>,
    read: Read,
}

impl PhysicalMemory for Far {
    fn metadata(&self) -> MemoryMetadata {
        MemoryMetadata::snapshot(umem::from(self.size))
    }
    fn ranges(&self) -> CVec<MemoryRange> {
        vec![MemoryRange { start: phys(self.start), size: umem::from(self.size) }].into()
    }
    fn read(&self, mut ops: CSliceMut<PhysReadOp>) {
        let mut read = self.read.0.lock().unwrap();
        for op in ops.iter_mut() {
            let (first, end) = (op.addr.value(), op.addr.value() + to_umem(op.buf.len()));
            read.extend(first / 4096..end.div_ceil(4096));
            op.fill_from(phys(self.start + self.at), &self.bytes);
            let inside = first >= umem::from(self.start) && end <= umem::from(self.start + self.size);
            op.status = if inside { memsh_plugin::Status::DONE } else { memsh_plugin::Status::MISSING };
        }
    }
}

/// 1 GiB of memory from `start` on with `bytes` in it, `at` bytes from its beginning.
pub(super) fn gibibyte(start: u64, at: u64, bytes: Vec<u8>) -> (Memory, Read) {
    let read = Read::default();
    (Memory::new(Far { start, size: 1 << 30, at, bytes, read: read.clone() }), read)
}

/// What the search for the kernel's root may read of it: a fiftieth, so that as much again is left for its symbols and types.
pub(super) const FEW: u64 = (1 << 30) / 50;
