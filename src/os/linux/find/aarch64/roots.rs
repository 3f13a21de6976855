//! What could be the kernel's image or its root table, where nothing says where they are: one pass over memory each.

use super::super::machine::{Search, phys};
use crate::arch::{Leaf, PageFormat, Paging};
use crate::engine::{index, to_u64, to_umem};
use memsh_plugin::{PhysAddr, umem};

/// Read at once.
const CHUNK: usize = 4 << 20;
/// A kernel's image begins with this at byte 56 (Documentation/arch/arm64/booting.rst).
const MAGIC: &[u8; 4] = b"ARM\x64";
/// More kernels than lie in any memory.
const MOST_HEADS: usize = 64;
/// More tables than are worth a look.
const MOST_TABLES: usize = 512;

/// The header of a kernel's image.
pub(super) struct Head {
    /// Where it lies.
    pub(super) at: PhysAddr,
    /// Size of the image in bytes with what it needs behind it; 0 before 3.17.
    size: u64,
    /// Size of a page in bytes, where it says so.
    pub(super) page_size: Option<u64>,
}

/// A table that could be the kernel's root.
pub(super) struct Candidate {
    pub(super) root: PhysAddr,
    /// Lowest and highest address of the tables that it points to.
    pub(super) low: u64,
    pub(super) high: u64,
    /// Those tables, a few of them.
    pub(super) tables: Vec<u64>,
}

/// Calls `each` with every whole page of memory.
fn pages(search: &Search<'_>, size: u64, each: &mut dyn FnMut(PhysAddr, &[u8])) {
    let (Some(page), step) = (index(umem::from(size)), umem::from(size)) else { return };
    let mut buf = vec![0; CHUNK];
    for range in search.memory.ranges() {
        let Some(end) = range.start.checked_add(range.size) else { continue };
        let Some(mut at) = range.start.value().checked_next_multiple_of(step).map(PhysAddr::new) else { continue };
        while at.value().saturating_add(step) <= end.value() && !search.hints.interrupted() {
            let len = index((end.value() - at.value()).min(to_umem(CHUNK))).unwrap_or(CHUNK) / page * page;
            let Some(chunk) = buf.get_mut(..len) else { return };
            search.memory.read_gaps(at, chunk);
            for (bytes, i) in chunk.chunks_exact(page).zip(0..) {
                each(at.saturating_add(to_umem(page) * i), bytes);
            }
            at = at.saturating_add(to_umem(len));
        }
    }
}

/// The images of kernels in memory.
pub(super) fn heads(search: &Search<'_>) -> Vec<Head> {
    let mut out = Vec::new();
    let word = |page: &[u8], at: usize| page.get(at..at + 8).and_then(|b| b.try_into().ok()).map_or(0, u64::from_le_bytes);
    pages(search, 4096, &mut |at, page| {
        if page.get(56..60) == Some(MAGIC.as_slice()) && out.len() < MOST_HEADS {
            // Bits 2:1 of the flags, 3.17.
            let page_size = [None, Some(4 << 10), Some(16 << 10), Some(64 << 10)];
            let page_size = usize::try_from(word(page, 24) >> 1 & 3).ok().and_then(|i| page_size.get(i).copied().flatten());
            out.push(Head { at, size: word(page, 16), page_size });
        }
    });
    out
}

/// The tables in memory that could be the kernel's root in this format; those inside a kernel's image first.
pub(super) fn candidates(search: &Search<'_>, paging: Paging, heads: &[Head]) -> Vec<Candidate> {
    let f = paging.format();
    let all = search.memory.ranges();
    let extent = all.first().zip(all.last()).and_then(|(a, b)| b.start.value().checked_add(b.size)?.checked_sub(a.start.value()));
    let Some(extent) = extent.and_then(to_u64) else { return Vec::new() };
    let mut inside = Vec::new();
    let mut outside = Vec::new();
    pages(search, f.page_size(), &mut |at, page| {
        for (skip, root) in
            super::parts(PhysAddr::NULL, paging).filter_map(|p| Some((index(p.value())?, at.saturating_add(p.value()))))
        {
            let Some(size) = index(umem::from(f.root_size())) else { continue };
            let table = skip.checked_add(size).and_then(|end| page.get(skip..end));
            let Some(found) = table.and_then(|t| candidate(f, root, t, extent)) else { continue };
            let within = |h: &&Head| at >= h.at && at < h.at.saturating_add(umem::from(h.size));
            let list = if heads.iter().any(|h| within(&h)) { &mut inside } else { &mut outside };
            if list.len() < MOST_TABLES {
                list.push(found);
            }
        }
    });
    inside.extend(outside);
    inside
}

/// A root of so many entries is never full: half of the address space would be more memory than there is.
const SPARSE: usize = 64;

/// A root is sparse: the direct map, the kernel and its devices. All that is in it are entries of its level.
fn candidate(f: &'static PageFormat, root: PhysAddr, table: &[u8], extent: u64) -> Option<Candidate> {
    let level = f.used_levels().first()?;
    let blocks = matches!(level.leaf, Leaf::IfClear(_));
    let (words, _) = table.as_chunks::<8>();
    let mut found = Candidate { root, low: u64::MAX, high: 0, tables: Vec::new() };
    let mut upper = false;
    // Memory that is the same all over would be full of tables full of entries. Small roots may well be full.
    let same = words.len() > 1 && words.iter().all(|w| Some(w) == words.first());
    if same || words.len() >= SPARSE && words.iter().filter(|w| **w != [0; 8]).count() > words.len() / 2 {
        return None;
    }
    for (entry, i) in words.iter().map(|w| u64::from_le_bytes(*w)).zip(0usize..) {
        match entry & 3 {
            0 if entry == 0 => continue,
            3 => {
                let table = table_of(f, entry);
                (found.low, found.high) = (found.low.min(table), found.high.max(table));
                if found.tables.len() < 16 {
                    found.tables.push(table);
                }
            }
            1 if blocks => {}
            _ => return None,
        }
        upper |= i >= words.len() / 2;
        if found.high.saturating_sub(found.low) >= extent {
            return None;
        }
    }
    (upper && !found.tables.is_empty() && found.low != 0).then_some(found)
}

/// The address of the table that an entry points to.
pub(super) fn table_of(f: &PageFormat, entry: u64) -> u64 {
    entry & f.address_mask | (entry & f.extra.mask) << f.extra.shift
}

/// Whether what lies at `at` could be a table: all that is in it are valid entries, and there is one.
pub(super) fn is_table(search: &Search<'_>, f: &PageFormat, at: PhysAddr) -> bool {
    let mut buf = vec![0; index(umem::from(f.page_size())).unwrap_or(0)];
    if search.memory.read(at, &mut buf).is_err() {
        return false;
    }
    let (words, _) = buf.as_chunks::<8>();
    let mut some = false;
    words.iter().map(|w| u64::from_le_bytes(*w)).filter(|e| *e != 0).all(|e| {
        some = true;
        e & 1 != 0
    }) && some
}

/// Where memory begins, as it was opened.
pub(super) fn start(search: &Search<'_>) -> PhysAddr {
    search.memory.ranges().first().map_or(phys(0), |r| r.start)
}
