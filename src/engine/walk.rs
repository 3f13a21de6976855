//! The walk over memory that lies in our own address space.

use super::entry::{Entry, Seen, decode, entry_offset, rule};
use super::mapped::{Load, Mapped};
use crate::arch::PageFormat;
use memsh_plugin::{Perm, umem};

/// A page and what is allowed there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Page {
    /// Physical address of its first byte, or of the byte that was asked for: the walk adds the offset where the page's size is
    /// a constant.
    pub(super) base: u64,
    /// Log2 of its size.
    pub(super) shift: u32,
    pub(super) perm: Perm,
}

impl Page {
    /// Where `va` lies in it.
    #[inline(always)]
    pub(super) const fn address(&self, va: u64) -> u64 {
        self.base | (va & ((1 << self.shift) - 1))
    }
}

/// The last-level table that the previous address went through: its neighbours need one load instead of four.
#[derive(Clone, Copy)]
pub(super) struct Memo {
    key: u64,
    table: u64,
    seen: Seen,
}

impl Memo {
    pub(super) const EMPTY: Memo = Memo { key: u64::MAX, table: 0, seen: Seen::NOTHING };
}

#[inline(always)]
fn load(f: &PageFormat, m: impl Load, address: u64) -> Option<u64> {
    match f.entry_size {
        4 => m.word32(umem::from(address)).map(u64::from),
        _ => m.word64(umem::from(address)),
    }
}

/// The page of `va` below `root`. `None` for whatever reason: [`explain`](super::explain) finds out which.
#[inline(always)]
#[allow(unused_assignments, reason = "the last level has no next")]
pub(super) fn walk(f: &PageFormat, m: impl Load, root: u64, va: u64, memo: &mut Memo) -> Option<Page> {
    let mut table = root;
    let mut seen = Seen::NOTHING;
    // Written out, so that every level's shift and rules are constants.
    macro_rules! level {
        ($i:literal) => {
            if $i < f.depth
                && let Some(level) = f.levels.get($i)
            {
                if $i + 1 == f.depth {
                    *memo = Memo { key: va >> (level.shift + level.bits), table, seen };
                    return leaf(f, m, table, seen, va);
                }
                let entry = load(f, m, table.wrapping_add(entry_offset(f, level, va)))?;
                match decode(f, level, entry) {
                    Entry::Table(next) => {
                        table = next;
                        seen = seen.table(level, entry);
                    }
                    Entry::Page(base, shift) => return Some(found(base, shift, seen.page(rule(f, level, entry), entry), va)),
                    Entry::Absent | Entry::Reserved => return None,
                }
            }
        };
    }
    level!(0);
    level!(1);
    level!(2);
    level!(3);
    level!(4);
    None
}

/// The same, through the memo.
#[inline(always)]
pub(super) fn walk_memo(f: &PageFormat, m: impl Load, root: u64, va: u64, memo: &mut Memo) -> Option<Page> {
    if let Some(last) = f.depth.checked_sub(1).and_then(|i| f.levels.get(i))
        && va >> (last.shift + last.bits) == memo.key
    {
        return leaf(f, m, memo.table, memo.seen, va);
    }
    walk(f, m, root, va, memo)
}

#[inline(always)]
fn found(base: u64, shift: u32, perm: Perm, va: u64) -> Page {
    Page { base: base | (va & ((1 << shift) - 1)), shift, perm }
}

#[inline(always)]
fn leaf(f: &PageFormat, m: impl Load, table: u64, seen: Seen, va: u64) -> Option<Page> {
    let level = f.levels.get(f.depth.checked_sub(1)?)?;
    let entry = load(f, m, table.wrapping_add(entry_offset(f, level, va)))?;
    match decode(f, level, entry) {
        Entry::Page(base, shift) => Some(found(base, shift, seen.page(rule(f, level, entry), entry), va)),
        _ => None,
    }
}

/// The walk over a memory of several runs, for what the walk over the largest did not find.
#[cold]
#[inline(never)]
pub(super) fn walk_split(f: &PageFormat, m: &Mapped, root: u64, va: u64) -> Option<Page> {
    walk(f, m, root, va, &mut { Memo::EMPTY })
}
