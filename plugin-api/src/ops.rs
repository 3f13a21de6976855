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

/// Has reads answered by somebody else, where they lie at other addresses: `place` says where each does, `ask` reads all of them into
/// the same buffers. The outcomes come back.
pub fn forward_reads<A: Copy, B>(ops: &mut [ReadOp<'_, A>], place: impl Fn(A) -> B, ask: impl FnOnce(&mut [ReadOp<'_, B>])) {
    let mut asked: Vec<ReadOp<'_, B>> = ops.iter_mut().map(|op| ReadOp::new(place(op.addr), &mut op.buf)).collect();
    ask(&mut asked);
    let outcomes: Vec<Status> = asked.iter().map(|op| op.status).collect();
    drop(asked);
    for (op, outcome) in ops.iter_mut().zip(outcomes) {
        op.status = outcome;
    }
}

/// [`forward_reads`] for writes.
pub fn forward_writes<A: Copy, B>(ops: &mut [WriteOp<'_, A>], place: impl Fn(A) -> B, ask: impl FnOnce(&mut [WriteOp<'_, B>])) {
    let mut asked: Vec<WriteOp<'_, B>> = ops.iter().map(|op| WriteOp::new(place(op.addr), &op.buf)).collect();
    ask(&mut asked);
    let outcomes: Vec<Status> = asked.iter().map(|op| op.status).collect();
    drop(asked);
    for (op, outcome) in ops.iter_mut().zip(outcomes) {
        op.status = outcome;
    }
}

impl PhysReadOp<'_> {
    /// Fills what `data`, which begins at `start` in physical memory, holds of this operation, zeroes the rest and sets the
    /// status. A helper for connectors that have one contiguous piece.
    pub fn fill_from(&mut self, start: PhysAddr, data: &[u8]) {
        let count = |n: Option<umem>| n.map_or(0, |n| usize::try_from(n).unwrap_or(usize::MAX));
        // How much of the buffer lies before the data, or of the data before the buffer.
        let (before, skipped) = (count(start.offset_from(self.addr)), count(self.addr.offset_from(start)));
        let held = data.get(skipped..).unwrap_or_default();
        let before = before.min(self.buf.len());
        let (zeros, rest) = self.buf.split_at_mut(before);
        let (copied, behind) = rest.split_at_mut(held.len().min(rest.len()));
        zeros.fill(0);
        copied.copy_from_slice(held.get(..copied.len()).unwrap_or_default());
        behind.fill(0);
        self.status = match copied.len() {
            n if n == zeros.len() + n + behind.len() => Status::DONE,
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn what_a_piece_holds_is_copied_and_the_rest_zero() {
        let data = [1, 2, 3, 4];
        for (addr, length, want, status) in [
            (100, 4, &[1, 2, 3, 4][..], Status::DONE),
            (101, 2, &[2, 3], Status::DONE),
            (98, 4, &[0, 0, 1, 2], Status::PARTIAL),
            (98, 8, &[0, 0, 1, 2, 3, 4, 0, 0], Status::PARTIAL),
            (103, 3, &[4, 0, 0], Status::PARTIAL),
            (104, 2, &[0, 0], Status::MISSING),
            (90, 10, &[0; 10], Status::MISSING),
            (0, 3, &[0; 3], Status::MISSING),
            (umem::MAX, 2, &[0; 2], Status::MISSING),
            (100, 0, &[], Status::DONE),
        ] {
            let mut buffer = vec![9; length];
            let mut op = PhysReadOp::new(PhysAddr::new(addr), &mut buffer);
            op.fill_from(PhysAddr::new(100), &data);
            assert_eq!(op.status, status, "{addr} {length}");
            assert_eq!(buffer, want, "{addr} {length}");
        }
    }
}
