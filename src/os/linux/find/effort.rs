//! What a search may cost: memory that is full of what could be tables must not be tried for ever. Counted in work, not in time, so that
//! a busy machine finds no less.

use memsh_plugin::umem;
use std::cell::Cell;

/// Bytes of images that are looked through for a banner, or for tables.
const MOST_BYTES: umem = 6 << 30;
/// Page tables that are walked, each of some hundred entries.
const MOST_TABLES: u64 = 1 << 19;
/// Roots that are tried. A kernel's own lies in its image, and is among the first.
const MOST_ROOTS: u32 = 1024;
/// Page tables that the kernel's part of one address space has at most: each maps 2 MiB or more.
const TABLES_OF_ONE: u64 = 1 << 15;

/// What is left to be spent.
pub(super) struct Effort {
    bytes: Cell<umem>,
    tables: Cell<u64>,
    roots: Cell<u32>,
}

impl Effort {
    pub(super) fn new() -> Self {
        Self { bytes: Cell::new(MOST_BYTES), tables: Cell::new(MOST_TABLES), roots: Cell::new(MOST_ROOTS) }
    }

    /// A part of it, for tests.
    #[cfg(test)]
    pub(super) fn part(share: u32) -> Self {
        Self {
            bytes: Cell::new(MOST_BYTES / umem::from(share)),
            tables: Cell::new(MOST_TABLES / u64::from(share)),
            roots: Cell::new(MOST_ROOTS),
        }
    }

    /// Tells of bytes that are looked through.
    pub(super) fn bytes(&self, count: umem) {
        self.bytes.set(self.bytes.get().saturating_sub(count));
    }

    /// Tells of page tables that were walked.
    pub(super) fn tables(&self, count: u64) {
        self.tables.set(self.tables.get().saturating_sub(count));
    }

    /// Tells of a root that is tried.
    pub(super) fn root(&self) {
        self.roots.set(self.roots.get().saturating_sub(1));
    }

    /// How many tables the next walk may visit.
    pub(super) fn tables_of_one(&self) -> u64 {
        self.tables.get().min(TABLES_OF_ONE)
    }

    pub(super) fn is_over(&self) -> bool {
        self.bytes.get() == 0 || self.tables.get() == 0 || self.roots.get() == 0
    }
}
