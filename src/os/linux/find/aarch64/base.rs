//! Where RAM begins, for an image that does not say: page tables hold physical addresses, and only at the right place do they
//! lead to each other.

use super::super::effort::Effort;
use super::super::image::KernelImage;
use super::super::machine::{Search, phys};
use super::kernel;
use super::roots::{self, Candidate, Head};
use crate::arch::{Leaf, PageFormat, Paging};
use crate::engine::{AddressSpace, Software, SwapEntry, to_u64};
use memsh_plugin::{PhysAddr, VirtAddr, umem};

/// Code may begin so far behind the image's header (`SEGMENT_ALIGN` is at most 64 KiB, and the header takes one such piece).
const BEFORE_CODE: u64 = 128 << 10;
/// RAM mostly begins at a multiple of one of these: looked at in this order.
const ALIGNMENTS: &[u64] = &[1 << 30, 1 << 29, 1 << 28, 1 << 27, 1 << 26, 1 << 25, 1 << 24, 1 << 23, 1 << 22, 1 << 21];
/// The first so many of them are tried for all tables before the others are for any: each try looks at another page of memory, and memory
/// may be far away.
const LIKELY: usize = 3;

/// Which beginnings to try.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Beginnings {
    /// Multiples of 256 MiB, where most boards have it.
    Likely,
    /// All others.
    Others,
}

/// So many beginnings are tried for one table.
const TRIES: usize = 1 << 15;

/// What does not look like a table mostly says so in its first entries, in bytes.
const LOOK: umem = 1024;

/// A root whose physical address is known.
#[derive(Clone, Copy)]
pub(super) struct Place {
    pub(super) root: PhysAddr,
    /// The virtual address at which it maps its own table.
    pub(super) itself: Option<VirtAddr>,
}

/// The beginning at which the root at a known address maps a kernel.
pub(super) fn of_root(
    search: &Search<'_>,
    paging: Paging,
    place: Place,
    windows: &[(VirtAddr, VirtAddr)],
) -> Option<super::Based> {
    let f = paging.format();
    let size = extent(search)?;
    let root = to_u64(place.root.value())?;
    let page = f.page_size();
    // Likely ones first, then each place in the image where the table could be.
    let first = root.saturating_add(page).saturating_sub(size).next_multiple_of(page);
    let likely = (0..=root >> 30).rev().take(1 << 12).map(|n| n << 30).chain([0]).filter(|b| *b >= first);
    let offset = root % page;
    let all = (first..=root - offset).step_by(usize::try_from(page).ok()?);
    let known = |base: &u64| match place.itself {
        Some(at) => points_inside(search, f, root - base, (*base, size), at),
        None => table_at(search, f, root - base, (*base, size)),
    };
    let effort = Effort::new();
    for base in likely.chain(all).filter(known) {
        if search.hints.interrupted() || effort.is_over() {
            return None;
        }
        let moved = search.memory.moved(phys(base));
        if let Some(at) = place.itself {
            let space =
                AddressSpace::new(moved.clone(), paging, place.root).with_software(Software::LinuxAArch64(SwapEntry::Area6));
            let table = place.root.align_down(umem::from(page));
            if !space.translate_one(at).is_ok_and(|t| t.phys == table) {
                continue;
            }
        }
        if let Ok(found) = kernel(&moved, paging, place.root, windows, &effort, &|_| true) {
            return Some((phys(base), found));
        }
    }
    None
}

/// Size of memory from its first byte to its last.
fn extent(search: &Search<'_>) -> Option<u64> {
    let last = search.memory.ranges().last()?;
    to_u64(last.start.value().checked_add(last.size)?.checked_sub(roots::start(search).value())?)
}

/// Whether the root table `offset` bytes into the image has an entry for `at` that points into memory.
fn points_inside(search: &Search<'_>, f: &PageFormat, offset: u64, (base, size): (u64, u64), at: VirtAddr) -> bool {
    let Some((level, va)) = f.used_levels().first().zip(to_u64(at.value())) else { return false };
    let slot = (va >> level.shift & ((1 << level.bits) - 1)) * 8;
    let mut entry = [0; 8];
    let place = roots::start(search).saturating_add(umem::from(offset)).saturating_add(umem::from(slot));
    if search.memory.read(place, &mut entry).is_err() {
        return false;
    }
    let entry = u64::from_le_bytes(entry);
    match entry & 3 {
        3 => roots::table_of(f, entry).checked_sub(base).is_some_and(|o| o < size),
        1 => matches!(level.leaf, Leaf::IfClear(_)),
        _ => false,
    }
}

/// Whether the table `offset` bytes into the image points into memory only.
fn table_at(search: &Search<'_>, f: &PageFormat, offset: u64, (base, size): (u64, u64)) -> bool {
    let Ok(len) = usize::try_from(f.root_size()) else { return false };
    let mut table = vec![0; len];
    if search.memory.read(roots::start(search).saturating_add(umem::from(offset)), &mut table).is_err() {
        return false;
    }
    let (words, _) = table.as_chunks::<8>();
    let mut some = false;
    words.iter().map(|w| u64::from_le_bytes(*w)).filter(|e| *e != 0).all(|e| {
        some = true;
        e & 3 == 1 || e & 3 == 3 && roots::table_of(f, e).checked_sub(base).is_some_and(|o| o < size)
    }) && some
}

/// Whether an image begins at this header, in a memory that was opened at the first of `begin` and really begins at the second.
pub(super) fn begins(head: &Head, image: &KernelImage, begin: (u64, u64)) -> bool {
    let header = to_u64(head.at.value()).and_then(|at| at.checked_sub(begin.0)?.checked_add(begin.1));
    header.zip(to_u64(image.phys.value())).and_then(|(h, i)| i.checked_sub(h)).is_some_and(|d| d <= BEFORE_CODE)
}

/// The beginning at which a table that could be a root maps a kernel.
pub(super) fn of_table(
    search: &Search<'_>,
    paging: Paging,
    (candidate, which): (&Candidate, Beginnings),
    heads: &[Head],
    windows: &[(VirtAddr, VirtAddr)],
    effort: &Effort,
) -> Option<super::Based> {
    let f = paging.format();
    let start = to_u64(roots::start(search).value())?;
    let offset = to_u64(candidate.root.value())?.checked_sub(start)?;
    // All tables that it points to lie in memory.
    let first = candidate.high.saturating_add(f.page_size()).saturating_sub(extent(search)?);
    let tried = ALIGNMENTS.iter().enumerate().filter(|(i, _)| (*i < LIKELY) == (which == Beginnings::Likely));
    let bases = tried.flat_map(|(i, &align)| {
        let coarser = i.checked_sub(1).and_then(|i| ALIGNMENTS.get(i));
        let from = first.next_multiple_of(align);
        let step = usize::try_from(align).unwrap_or(usize::MAX);
        (from..=candidate.low).step_by(step).filter(move |b| coarser.is_none_or(|c| !b.is_multiple_of(*c)))
    });
    let leads_to_tables = |base: &u64| {
        let place = |table: &u64| Some(phys(start.checked_add(table.checked_sub(*base)?)?));
        candidate.tables.iter().all(|t| {
            effort.bytes(LOOK);
            !effort.is_over() && place(t).is_some_and(|at| roots::is_table(search, f, at))
        })
    };
    for base in bases.take(TRIES).filter(leads_to_tables) {
        if search.hints.interrupted() || effort.is_over() {
            return None;
        }
        // The image's header, where there is one, must lie where the tables say that the image begins.
        let fits = |image: &KernelImage| heads.is_empty() || heads.iter().any(|h| begins(h, image, (start, base)));
        let moved = search.memory.moved(phys(base));
        if let Ok(found) = kernel(&moved, paging, phys(base.checked_add(offset)?), windows, effort, &fits) {
            return Some((phys(base), found));
        }
    }
    None
}
