//! Physical memory: where bytes come from.
#![allow(missing_docs, reason = "cglue writes the twin of each trait without its words")]

use crate::{PhysAddr, PhysReadOp, PhysWriteOp, Status, umem};
use cglue::cglue_trait;
use cglue::slice::{CSliceMut, CSliceRef};
use cglue::vec::CVec;

/// What a physical memory says of itself.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MemoryMetadata {
    /// Number of bytes that can be read, over all ranges.
    pub size: umem,
    /// The last address that can be read; meaningless when `size` is 0.
    pub max_address: PhysAddr,
    /// Whether [`PhysicalMemory::write`] never works.
    pub read_only: bool,
    /// Whether the content changes while it is read. Caches of a live memory have an end of life.
    pub live: bool,
    /// How many operations one call should hold at most; 0 means no limit.
    pub ideal_batch: u32,
}

impl MemoryMetadata {
    /// An unchanging, read-only memory of `size` bytes from address 0.
    pub const fn snapshot(size: umem) -> Self {
        Self { size, max_address: PhysAddr::new(size.saturating_sub(1)), read_only: true, live: false, ideal_batch: 0 }
    }
}

/// A contiguous piece of physical memory that can be read.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MemoryRange {
    /// Address of the first byte.
    pub start: PhysAddr,
    /// Length in bytes.
    pub size: umem,
}

/// A contiguous piece of physical memory that lies, unchanged and uncompressed, in the host's own address space.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct MappedRun<'a> {
    /// Physical address of the first byte.
    pub start: PhysAddr,
    /// The bytes. They stay where they are as long as the memory that handed them out exists.
    pub data: CSliceRef<'a, u8>,
}

/// Physical memory of a machine: an image of it, or a running one.
///
/// Shared: every method takes `&self` and may be called from many threads at once.
#[cglue_trait]
pub trait PhysicalMemory: Send + Sync {
    /// Size, limits and habits of this memory.
    fn metadata(&self) -> MemoryMetadata;

    /// What can be read, ascending and without overlap.
    fn ranges(&self) -> CVec<MemoryRange>;

    /// Reads a batch. Every operation's status is set; bytes that are not there are zero.
    fn read(&self, ops: CSliceMut<PhysReadOp>);

    /// Writes a batch. The default says [`Status::READ_ONLY`] to each.
    fn write(&self, ops: CSliceMut<PhysWriteOp>) {
        let mut ops = ops;
        for op in ops.iter_mut() {
            op.status = Status::READ_ONLY;
        }
    }

    /// The pieces that lie in the host's address space, ascending and without overlap. Where they cover
    /// [`ranges`](Self::ranges) entirely, translation and search read them in place, without a call per page.
    fn mapped_runs(&self) -> CVec<MappedRun<'_>> {
        CVec::from(Vec::new())
    }
}
