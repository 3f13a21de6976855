//! Bytes in this process as physical memory from 0 on, in place.

use memsh_plugin::{CSliceMut, CVec, MappedRun, MemoryMetadata, MemoryRange, PhysAddr, PhysReadOp, PhysicalMemory, umem};

/// The memory.
pub struct Ram(pub Vec<u8>);

impl PhysicalMemory for Ram {
    fn metadata(&self) -> MemoryMetadata {
        MemoryMetadata::snapshot(self.0.len() as umem)
    }
    fn ranges(&self) -> CVec<MemoryRange> {
        vec![MemoryRange { start: PhysAddr::new(0), size: self.0.len() as umem }].into()
    }
    fn read(&self, mut ops: CSliceMut<PhysReadOp>) {
        for op in ops.iter_mut() {
            op.fill_from(PhysAddr::new(0), &self.0);
        }
    }
    fn mapped_runs(&self) -> CVec<MappedRun<'_>> {
        vec![MappedRun { start: PhysAddr::new(0), data: self.0[..].into() }].into()
    }
}
