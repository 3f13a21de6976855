//! Batches: a plain slice of operations, each with its own address, buffer and outcome.
//!
//! One failed operation never fails its neighbours.

use crate::{PhysAddr, Status, Translation, VirtAddr, umem};
use cglue::slice::{CSliceMut, CSliceRef};

/// One operation of a batch: an address, a host buffer, and how it ended.
#[repr(C)]
pub struct Op<A, B> {
    /// Address of the first byte in the target.
    pub addr: A,
    /// The host's buffer; its length is the length of the operation.
    pub buf: B,
    /// How it ended; [`Status::PENDING`] before.
    pub status: Status,
}

/// Read target memory into a host buffer.
pub type ReadOp<'a, A> = Op<A, CSliceMut<'a, u8>>;
/// Write a host buffer into target memory.
pub type WriteOp<'a, A> = Op<A, CSliceRef<'a, u8>>;
/// Read at a physical address.
pub type PhysReadOp<'a> = ReadOp<'a, PhysAddr>;
/// Write at a physical address.
pub type PhysWriteOp<'a> = WriteOp<'a, PhysAddr>;
/// Read at a virtual address.
pub type VirtReadOp<'a> = ReadOp<'a, VirtAddr>;
/// Write at a virtual address.
pub type VirtWriteOp<'a> = WriteOp<'a, VirtAddr>;

impl<'a, A> ReadOp<'a, A> {
    /// A read of `buf.len()` bytes at `addr`.
    #[inline]
    pub fn new(addr: A, buf: &'a mut [u8]) -> Self {
        Op { addr, buf: buf.into(), status: Status::PENDING }
    }

    /// The buffer.
    #[inline]
    pub fn bytes(&mut self) -> &mut [u8] {
        &mut self.buf
    }
}

impl<'a, A> WriteOp<'a, A> {
    /// A write of `buf` at `addr`.
    #[inline]
    pub fn new(addr: A, buf: &'a [u8]) -> Self {
        Op { addr, buf: buf.into(), status: Status::PENDING }
    }
}

impl PhysReadOp<'_> {
    /// Fills what `data`, which begins at `start` in physical memory, holds of this operation, zeroes the rest and sets the
    /// status. A helper for connectors that have one contiguous piece.
    pub fn fill_from(&mut self, start: PhysAddr, data: &[u8]) {
        let mut copied = 0usize;
        let addr = self.addr;
        for (i, byte) in self.buf.iter_mut().enumerate() {
            let source = addr
                .checked_add(i as umem)
                .and_then(|a| a.offset_from(start))
                .and_then(|o| usize::try_from(o).ok())
                .and_then(|o| data.get(o));
            *byte = source.copied().unwrap_or(0);
            copied += usize::from(source.is_some());
        }
        self.status = match copied {
            n if n == self.buf.len() => Status::DONE,
            0 => Status::MISSING,
            _ => Status::PARTIAL,
        };
    }
}

/// Translate one virtual address.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct TranslateOp {
    /// The address to translate.
    pub addr: VirtAddr,
    /// Where it lies, when `status` is [`Status::DONE`].
    pub translation: Translation,
    /// How it ended.
    pub status: Status,
}

impl TranslateOp {
    /// A translation of `addr`, not done yet.
    #[inline]
    pub const fn new(addr: VirtAddr) -> Self {
        Self { addr, translation: Translation::NONE, status: Status::PENDING }
    }
}
