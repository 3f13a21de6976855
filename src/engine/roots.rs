//! Page-table roots, found by one pass over all of physical memory.

use super::entry::{Entry, decode, entry_offset, half};
use super::memory::Memory;
use super::num::{index, to_u64, to_umem};
use super::space::AddressSpace;
use super::spans::word;
use crate::arch::{PageFormat, Paging};
use memsh_plugin::{PhysAddr, VirtAddr, umem};
use std::collections::HashMap;

/// Tables of the root level whose entry for one address points to the same next table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RootGroup {
    /// Physical address of the table that all of them point to.
    pub next: PhysAddr,
    /// The roots, ascending.
    pub roots: Vec<PhysAddr>,
}

/// Where a root table may begin: at every page, or, for a table smaller than that, at every multiple of its size.
fn alignment(f: &PageFormat) -> u64 {
    f.root_size().clamp(32, f.page_size())
}

/// All that could be root tables with a valid entry for `va` that points into memory, grouped by where it points to. The largest
/// group comes first: on most systems the roots of all processes share the kernel's tables.
///
/// One pass over memory, on all processors; one cache line of each page is looked at.
pub fn root_groups(memory: &Memory, paging: Paging, va: VirtAddr) -> Vec<RootGroup> {
    let f = paging.format();
    let Some(level) = f.used_levels().first() else { return Vec::new() };
    let Some(va) = to_u64(va.value()).filter(|&v| half(f, v).is_some()) else { return Vec::new() };
    let offset = entry_offset(f, level, va);
    let mut groups: HashMap<u64, Vec<PhysAddr>> = HashMap::new();
    for (root, entry) in entries(memory, f, offset) {
        if let Entry::Table(next) = decode(f, level, entry) {
            groups.entry(next).or_default().push(PhysAddr::new(umem::from(root)));
        }
    }
    let mut out: Vec<RootGroup> = groups
        .into_iter()
        .map(|(next, roots)| RootGroup { next: PhysAddr::new(umem::from(next)), roots })
        .filter(|g| memory.contains(g.next, umem::from(f.page_size())))
        .collect();
    out.sort_by(|a, b| b.roots.len().cmp(&a.roots.len()).then(a.next.cmp(&b.next)));
    for g in &mut out {
        g.roots.sort_unstable();
    }
    out
}

/// Every root that maps each address of `probes` to the physical address beside it, ascending.
pub fn find_roots(memory: &Memory, paging: Paging, probes: &[(VirtAddr, PhysAddr)]) -> Vec<PhysAddr> {
    let Some((first, _)) = probes.first() else { return Vec::new() };
    let mut out: Vec<PhysAddr> = root_groups(memory, paging, *first)
        .into_iter()
        .flat_map(|g| g.roots)
        .filter(|&root| {
            let space = AddressSpace::new(memory.clone(), paging, root);
            probes.iter().all(|(va, pa)| space.translate_one(*va).is_ok_and(|t| t.phys == *pa))
        })
        .collect();
    out.sort_unstable();
    out
}

/// The entry at `offset` of everything that could be a root table, where it is not zero and present.
fn entries(memory: &Memory, f: &PageFormat, offset: u64) -> Vec<(u64, u64)> {
    let step = alignment(f);
    let mut pieces: Vec<(u64, &[u8])> = Vec::new();
    let bytes;
    match memory.mapped() {
        Some(mapped) => pieces.extend(mapped.slices().filter_map(|(start, s)| Some((to_u64(start.value())?, s)))),
        None => {
            bytes = read_all(memory);
            pieces.extend(bytes.iter().map(|(start, b)| (*start, b.as_slice())));
        }
    }
    let parts: Vec<(u64, &[u8])> = pieces.into_iter().flat_map(|(start, s)| split(start, s, step)).collect();
    let workers = std::thread::available_parallelism().map_or(1, std::num::NonZero::get).min(parts.len().max(1));
    let next = std::sync::atomic::AtomicUsize::new(0);
    std::thread::scope(|scope| {
        let handles: Vec<_> = (0..workers)
            .map(|_| {
                scope.spawn(|| {
                    let mut found = Vec::new();
                    while let Some(&(start, part)) = parts.get(next.fetch_add(1, std::sync::atomic::Ordering::Relaxed)) {
                        pass(f, step, offset, start, part, &mut found);
                    }
                    found
                })
            })
            .collect();
        handles.into_iter().flat_map(|h| h.join().unwrap_or_default()).collect()
    })
}

/// 16 MiB: small enough to share evenly.
const PART: usize = 16 << 20;

fn split(start: u64, bytes: &[u8], step: u64) -> impl Iterator<Item = (u64, &[u8])> {
    // The first whole table.
    let skip = index(umem::from(start.next_multiple_of(step) - start)).unwrap_or(usize::MAX).min(bytes.len());
    let start = start.next_multiple_of(step);
    bytes.split_at(skip).1.chunks(PART).enumerate().map(move |(i, c)| (start + to_u64(to_umem(i * PART)).unwrap_or(0), c))
}

fn pass(f: &PageFormat, step: u64, offset: u64, start: u64, part: &[u8], found: &mut Vec<(u64, u64)>) {
    let (Some(stride), Some(at), size) = (index(umem::from(step)), index(umem::from(offset)), f.entry_size) else { return };
    let size = usize::try_from(size).unwrap_or(8);
    let mut root = start;
    for table in part.chunks(stride) {
        if let Some(entry) = table.get(at..at + size).map(word)
            && entry & f.present == f.present
        {
            found.push((root, entry));
        }
        root += step;
    }
}

/// Memory that is not mapped is read once, a piece of 4 MiB at a time, and only its page-table candidates could be kept; it is
/// simpler, and bounded, to keep nothing but one cache line's worth: here, whole pieces for at most 1 GiB.
fn read_all(memory: &Memory) -> Vec<(u64, Vec<u8>)> {
    const PIECE: umem = 4 << 20;
    const LIMIT: umem = 1 << 30;
    let mut out = Vec::new();
    let mut total: umem = 0;
    for r in memory.ranges() {
        let mut at: umem = 0;
        while at < r.size && total < LIMIT {
            let n = PIECE.min(r.size - at);
            let (Some(len), Some(start)) = (index(n), to_u64(r.start.value() + at)) else { break };
            let mut buf = vec![0; len];
            memory.read_gaps(r.start.saturating_add(at), &mut buf);
            out.push((start, buf));
            at += n;
            total += n;
        }
    }
    out
}
