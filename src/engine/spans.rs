//! The walk over a whole address space: every mapping, neighbours merged into runs.

use super::entry::{Entry, Seen, decode, flags, rule};
use super::fault::FaultReason;
use super::mapped::Mapped;
use super::num::{index, to_umem};
use super::resolver::System;
use super::software::{Meaning, Software};
use super::walk::Page;
use crate::arch::typed::Format;
use crate::arch::{Canonical, Level, PageFormat, SplitRoots};
use memsh_plugin::{Perm, PhysAddr, VirtAddr, umem};
use std::ops::ControlFlow;

/// Virtually and physically contiguous pages of one size and one permission.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PageRun {
    /// First virtual address.
    pub virt: VirtAddr,
    /// Where it lies.
    pub phys: PhysAddr,
    /// Bytes.
    pub size: umem,
    /// Size in bytes of the pages that map it.
    pub page_size: umem,
    /// What the page tables allow.
    pub perm: Perm,
}

/// How a walk over an address space ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Walked {
    /// Page tables read.
    pub tables: u64,
    /// Page tables of which the image does not hold every entry that was looked for.
    pub missing_tables: u64,
    /// The walk was ended before its end: by its caller, or because there were more tables than memory can hold, which only
    /// tables that point to each other in circles can do.
    pub cut: bool,
}

/// Runs are handed over in groups, so that a call per run costs nothing.
const GROUP: usize = 256;

/// Collects pages into runs. The last run of the group is the one that may still grow.
pub(super) struct Merge<'a> {
    group: Vec<PageRun>,
    sink: &'a mut dyn FnMut(&[PageRun]) -> ControlFlow<()>,
    start: u64,
    last: u64,
    pub(super) stop: bool,
}

impl<'a> Merge<'a> {
    pub(super) fn new(start: u64, last: u64, sink: &'a mut dyn FnMut(&[PageRun]) -> ControlFlow<()>) -> Self {
        Self { group: Vec::with_capacity(GROUP), sink, start, last, stop: false }
    }

    /// A page that one entry maps, at its first address.
    #[inline(always)]
    pub(super) fn page(&mut self, va: u64, page: &Page) {
        self.piece(va, page.base, page.shift, page);
    }

    /// What an entry of a level maps: the page, or its own part of a page that several entries map together (Svnapot).
    #[inline(always)]
    pub(super) fn entry(&mut self, va: u64, level: &Level, page: &Page) {
        self.part(va, level.shift, page);
    }

    /// The part of a page, `1 << shift` bytes, that lies at `va`.
    #[inline(always)]
    pub(super) fn part(&mut self, va: u64, shift: u32, page: &Page) {
        if page.shift == shift {
            self.page(va, page);
        } else {
            self.piece(va, page.address(va), shift, page);
        }
    }

    #[inline(always)]
    fn piece(&mut self, va: u64, base: u64, shift: u32, page: &Page) {
        let size = 1u64 << shift;
        // Only a page at the very edge of the range is cut.
        let (va, phys, size) = if va < self.start || va.wrapping_add(size - 1) > self.last {
            let from = va.max(self.start);
            let to = va.saturating_add(size - 1).min(self.last);
            if from > to {
                return;
            }
            (from, base.wrapping_add(from - va), to - from + 1)
        } else {
            (va, base, size)
        };
        let (virt, phys, size, page_size) = (umem::from(va), umem::from(phys), umem::from(size), umem::from(1u64 << page.shift));
        if let Some(c) = self.group.last_mut()
            && c.phys.value().wrapping_add(c.size) == phys
            && c.virt.value().wrapping_add(c.size) == virt
            && c.perm == page.perm
            && c.page_size == page_size
        {
            c.size += size;
            return;
        }
        if self.group.len() == GROUP {
            self.flush();
        }
        self.group.push(PageRun { virt: VirtAddr::new(virt), phys: PhysAddr::new(phys), size, page_size, perm: page.perm });
    }

    /// Hands over all runs but the last, which may still grow.
    #[inline(never)]
    fn flush(&mut self) {
        let Some((last, done)) = self.group.split_last() else { return };
        if !self.stop && (self.sink)(done).is_break() {
            self.stop = true;
        }
        let last = *last;
        self.group.clear();
        self.group.push(last);
    }

    pub(super) fn finish(self) -> bool {
        self.stop || (!self.group.is_empty() && (self.sink)(&self.group).is_break())
    }
}

/// A table to visit: the addresses that its entry 0 would map begin at `base`, and entries `first..=last` count.
#[derive(Clone, Copy, Debug)]
pub(super) struct Visit {
    pub(super) table: u64,
    pub(super) base: u64,
    pub(super) first: u64,
    pub(super) last: u64,
    pub(super) seen: Seen,
}

/// The visits of the root tables that cover `start..=last`.
pub(super) fn root_visits(f: &PageFormat, roots: (u64, u64), start: u64, last: u64) -> Vec<Visit> {
    let Some(level) = f.used_levels().first() else { return Vec::new() };
    let entries = 1u64 << level.bits;
    let high = match f.va_bits {
        64.. => 0,
        n => u64::MAX << n,
    };
    let all = match (f.canonical, f.split) {
        (Canonical::Signed, split) => {
            let upper = if split == SplitRoots::Yes { roots.1 } else { roots.0 };
            vec![(roots.0, 0, 0, entries / 2 - 1), (upper, high, entries / 2, entries - 1)]
        }
        (Canonical::Below(bit), _) => {
            let border = 1u64 << (bit - level.shift);
            vec![(roots.0, 0, 0, border - 1), (roots.1, 0, border, entries - 1)]
        }
        (_, SplitRoots::Yes) => vec![(roots.0, 0, 0, entries - 1), (roots.1, high, 0, entries - 1)],
        _ => vec![(roots.0, 0, 0, entries - 1)],
    };
    all.into_iter()
        .filter_map(|(table, base, first, end)| {
            clip(level, Visit { table, base, first, last: end, seen: Seen::NOTHING }, start, last)
        })
        .collect()
}

/// The part of a visit that touches `start..=last`.
#[inline(always)]
pub(super) fn clip(level: &Level, v: Visit, start: u64, last: u64) -> Option<Visit> {
    let lowest = v.base + (v.first << level.shift);
    let highest = v.base + (v.last << level.shift) + ((1 << level.shift) - 1);
    if highest < start || lowest > last {
        return None;
    }
    let first = if start > lowest { (start - v.base) >> level.shift } else { v.first };
    let end = if last < highest { (last - v.base) >> level.shift } else { v.last };
    Some(Visit { first, last: end, ..v })
}

/// How many tables a walk may visit over a memory of `size` bytes. Tables are shared (the kernel's half, the shadow of a
/// sanitizer), hence the factor.
pub(super) fn budget(size: umem) -> u64 {
    super::num::to_u64(size >> 12).unwrap_or(u64::MAX).saturating_mul(4).saturating_add(1 << 16)
}

pub(super) struct Spans<'a, 'b> {
    pub(super) mapped: &'a Mapped,
    pub(super) system: System<'a>,
    pub(super) merge: Merge<'b>,
    pub(super) walked: Walked,
    pub(super) budget: u64,
}

impl Spans<'_, '_> {
    /// Visits a table of level number `depth` and everything below.
    #[inline(always)]
    pub(super) fn visit<F: Format>(&mut self, depth: usize, v: Visit) {
        let f = &F::F;
        let Some(level) = f.used_levels().get(depth) else { return };
        if self.merge.stop {
            return;
        }
        if self.walked.tables >= self.budget {
            self.walked.cut = true;
            return;
        }
        self.walked.tables += 1;
        let size = usize::try_from(f.entry_size).unwrap_or(8);
        let from = umem::from(v.table).wrapping_add(umem::from(v.first * f.entry_size_u64()));
        let Some(count) = index(umem::from(v.last - v.first + 1)) else { return };
        let mapped = self.mapped;
        let gathered;
        let entries = match mapped.slice(PhysAddr::new(from), count * size) {
            Some(entries) => entries,
            None => {
                gathered = self.gather(from, count, size);
                &gathered
            }
        };
        if depth + 1 == f.depth {
            self.leaves(f, level, &v, entries);
            return;
        }
        let mut at = v.base + (v.first << level.shift);
        for bytes in entries.chunks_exact(size) {
            self.entry::<F>(level, depth, &v, at, word(bytes));
            if self.merge.stop {
                return;
            }
            at = at.wrapping_add(1 << level.shift);
        }
    }

    fn entry<F: Format>(&mut self, level: &Level, depth: usize, v: &Visit, at: u64, entry: u64) {
        let f = &F::F;
        match decode(f, level, entry) {
            Entry::Table(next) => self.below::<F>(depth, at, next, v.seen.table(level, entry)),
            Entry::Page(base, shift) => {
                let perm = v.seen.page(rule(f, level, entry), entry);
                self.merge.entry(at, level, &Page { base, shift, perm });
            }
            Entry::Absent if entry != 0 => {
                match self.system.meaning(f, entry, level.shift, at) {
                    // What is below such a table is not valid either, so that permissions don't matter.
                    Meaning::Table(next) => self.below::<F>(depth, at, next, v.seen),
                    Meaning::Gone(FaultReason::PageFile(_) | FaultReason::Compressed(_) | FaultReason::Transition) => {
                        self.walked.missing_tables += 1;
                    }
                    meaning => {
                        if let Ok(page) = meaning.page() {
                            self.merge.page(at, &page);
                        }
                    }
                }
            }
            Entry::Absent | Entry::Reserved => {}
        }
    }

    /// Visits the table at `table`, which is below one of level number `depth` and begins to map at `base`.
    fn below<F: Format>(&mut self, depth: usize, base: u64, table: u64, seen: Seen) {
        let Some(level) = F::F.used_levels().get(depth + 1) else { return };
        let child = Visit { table, base, first: 0, last: (1 << level.bits) - 1, seen };
        if let Some(child) = clip(level, child, self.merge.start, self.merge.last) {
            self.visit_outlined::<F>(depth + 1, child);
        }
    }

    /// A table that does not lie in one piece, entry by entry; what is missing of it is zero.
    #[cold]
    #[inline(never)]
    fn gather(&mut self, from: umem, count: usize, size: usize) -> Vec<u8> {
        let mut missing = true;
        let mut bytes = Vec::new();
        if self.mapped.touches(from, to_umem(count * size)) {
            bytes.resize(count * size, 0);
            missing = false;
            let mut at = PhysAddr::new(from);
            for entry in bytes.chunks_exact_mut(size) {
                if !self.mapped.read(at, entry) {
                    // Half an entry is none.
                    entry.fill(0);
                    missing = true;
                }
                at = at.wrapping_add(to_umem(size));
            }
        }
        self.walked.missing_tables += u64::from(missing);
        bytes
    }

    // Recursion must not be inlined into itself.
    #[inline(never)]
    fn visit_outlined<F: Format>(&mut self, depth: usize, v: Visit) {
        self.visit::<F>(depth, v);
    }

    #[inline(always)]
    fn leaves(&mut self, f: &PageFormat, level: &Level, v: &Visit, entries: &[u8]) {
        let size = usize::try_from(f.entry_size).unwrap_or(8);
        let mut at = v.base + (v.first << level.shift);
        let apart = self.system.software.apart(f, level.shift);
        // Neighbours mostly have equal flags, and then equal permissions.
        let (mut last, mut perm) = (u64::MAX, Perm::NONE);
        for bytes in entries.chunks_exact(size) {
            let entry = word(bytes);
            match decode(f, level, entry) {
                Entry::Page(base, shift) => {
                    if flags(f, level, entry) != last {
                        last = flags(f, level, entry);
                        perm = v.seen.page(rule(f, level, entry), entry);
                    }
                    self.merge.entry(at, level, &Page { base, shift, perm });
                }
                Entry::Absent if apart.is_some() => {
                    let index = (at - v.base) >> level.shift;
                    if let Some(page) = self.own(f, level, at, v.table + index * f.entry_size_u64(), apart) {
                        self.merge.page(at, &page);
                    }
                }
                Entry::Absent if entry != 0 && self.system.software != Software::None => {
                    if let Ok(page) = self.system.meaning(f, entry, level.shift, at).page() {
                        self.merge.page(at, &page);
                    }
                }
                _ => {}
            }
            at = at.wrapping_add(1 << level.shift);
        }
    }
}

impl Spans<'_, '_> {
    /// What the system's own entry maps, which lies before the processor's at `place`.
    #[cold]
    fn own(&self, f: &PageFormat, level: &Level, va: u64, place: u64, apart: Option<u64>) -> Option<Page> {
        let mut bytes = [0u8; 4];
        let at = PhysAddr::new(umem::from(place.checked_sub(apart?)?));
        let entry = u64::from(self.mapped.read(at, &mut bytes).then(|| u32::from_le_bytes(bytes))?);
        if entry == 0 { None } else { self.system.meaning(f, entry, level.shift, va).page().ok() }
    }
}

/// A little-endian entry of 4 or 8 bytes.
#[inline(always)]
pub(super) fn word(bytes: &[u8]) -> u64 {
    match *bytes {
        [a, b, c, d, e, f, g, h] => u64::from_le_bytes([a, b, c, d, e, f, g, h]),
        [a, b, c, d] => u64::from(u32::from_le_bytes([a, b, c, d])),
        _ => 0,
    }
}
