//! Virtual memory: an address space that can be read.
#![allow(missing_docs, reason = "cglue writes the twin of each trait without its words")]

use crate::{PhysAddr, Status, TranslateOp, VirtReadOp, VirtWriteOp, umem};
use cglue::cglue_trait;
use cglue::slice::CSliceMut;
use core::fmt;

/// What may be done with a page.
#[repr(transparent)]
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Perm(pub u8);

impl Perm {
    /// Nothing is allowed.
    pub const NONE: Perm = Perm(0);
    /// The page can be read.
    pub const READ: Perm = Perm(1);
    /// The page can be written.
    pub const WRITE: Perm = Perm(2);
    /// The page can be executed.
    pub const EXECUTE: Perm = Perm(8);
    /// Unprivileged code can reach the page.
    pub const USER: Perm = Perm(4);

    /// From x86's entries: `allowed` is R/W and U/S (bits 1 and 2) ANDed over all levels, `no_execute` XD as 0 or 1.
    #[inline(always)]
    pub const fn from_x86(allowed: u64, no_execute: u64) -> Perm {
        // Written in full registers: a compiler that builds a byte bit by bit makes it twice as long.
        let bits = allowed | ((no_execute ^ 1) << 3) | 1;
        let [low, ..] = bits.to_le_bytes();
        Perm(low)
    }

    /// Whether all of `other` is allowed.
    #[inline]
    pub const fn has(self, other: Perm) -> bool {
        self.0 & other.0 == other.0
    }

    /// This and `other`, when `on`.
    #[inline]
    #[must_use]
    pub const fn with(self, other: Perm, on: bool) -> Perm {
        if on { Perm(self.0 | other.0) } else { self }
    }
}

impl fmt::Display for Perm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (bit, c) in [(Perm::READ, 'r'), (Perm::WRITE, 'w'), (Perm::EXECUTE, 'x'), (Perm::USER, 'u')] {
            fmt::Write::write_char(f, if self.has(bit) { c } else { '-' })?;
        }
        Ok(())
    }
}

impl fmt::Debug for Perm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Where a virtual address lies.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Translation {
    /// The physical address of the very byte.
    pub phys: PhysAddr,
    /// What the page tables allow, over all levels.
    pub perm: Perm,
    /// Log2 of the size in bytes of the page that maps it.
    pub page_shift: u8,
}

impl Translation {
    /// Nowhere.
    pub const NONE: Translation = Translation { phys: PhysAddr::NULL, perm: Perm::NONE, page_shift: 0 };

    /// Size in bytes of the page that maps it.
    #[inline]
    pub const fn page_size(&self) -> umem {
        1 << self.page_shift
    }
}

/// What an address space says of itself.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ViewMetadata {
    /// Bytes of a pointer: 4 or 8.
    pub pointer_size: u8,
    /// Byte order.
    pub little_endian: bool,
    /// Size in bytes of the smallest page.
    pub page_size: umem,
    /// The page-table root, or null where there is none (a process of the host, say).
    pub root: PhysAddr,
}

/// A virtual address space: the kernel's, or a process's.
#[cglue_trait]
pub trait MemoryView: Send + Sync {
    /// Pointer width, byte order, page size.
    fn view_metadata(&self) -> ViewMetadata;

    /// Reads a batch. Every operation's status is set; bytes that are not there are zero.
    fn read_virt(&self, ops: CSliceMut<VirtReadOp>);

    /// Writes a batch. The default says [`Status::READ_ONLY`] to each.
    fn write_virt(&self, ops: CSliceMut<VirtWriteOp>) {
        let mut ops = ops;
        for op in ops.iter_mut() {
            op.status = Status::READ_ONLY;
        }
    }

    /// Translates a batch. The default says [`Status::UNSUPPORTED`] to each.
    fn translate(&self, ops: CSliceMut<TranslateOp>) {
        let mut ops = ops;
        for op in ops.iter_mut() {
            op.status = Status::UNSUPPORTED;
        }
    }
}
