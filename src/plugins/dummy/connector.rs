//! The made-up target's physical memory.
#![allow(clippy::undocumented_unsafe_blocks, missing_docs, reason = "cglue's macro writes the group's tables here")]

use crate::engine::to_umem;
use memsh_plugin::{CSliceMut, CVec, MappedRun, MemoryMetadata, MemoryRange, PhysAddr, PhysReadOp, PhysicalMemory, umem};
#[allow(unused_imports, reason = "the macro's expansion looks for them")]
use memsh_plugin::{ConnectorInstance, ConnectorInstanceVtableFiller, ConnectorInstanceVtables, cglue, cglue_impl_group};
use std::sync::Arc;

/// Bytes at a physical address, shared by all clones.
#[derive(Clone)]
pub struct DummyMemory {
    base: u64,
    bytes: Arc<[u8]>,
}

cglue_impl_group!(DummyMemory, ConnectorInstance, {});

impl DummyMemory {
    /// `bytes` at physical address `base`.
    pub fn new(base: u64, bytes: Vec<u8>) -> Self {
        Self { base, bytes: bytes.into() }
    }

    fn start(&self) -> PhysAddr {
        PhysAddr::new(umem::from(self.base))
    }
}

impl PhysicalMemory for DummyMemory {
    fn metadata(&self) -> MemoryMetadata {
        let size = to_umem(self.bytes.len());
        MemoryMetadata { max_address: self.start().saturating_add(size.saturating_sub(1)), ..MemoryMetadata::snapshot(size) }
    }

    fn ranges(&self) -> CVec<MemoryRange> {
        vec![MemoryRange { start: self.start(), size: to_umem(self.bytes.len()) }].into()
    }

    fn read(&self, ops: CSliceMut<PhysReadOp>) {
        let mut ops = ops;
        for op in ops.iter_mut() {
            op.fill_from(self.start(), &self.bytes);
        }
    }

    fn mapped_runs(&self) -> CVec<MappedRun<'_>> {
        vec![MappedRun { start: self.start(), data: (&*self.bytes).into() }].into()
    }
}
