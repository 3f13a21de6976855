//! The cached pages of a file: which of its pages lies in which frame (`address_space.i_pages`, mm/filemap.c).

use super::pagecache::{CachedFile, page_size};
use crate::os::linux::base::enums;
use crate::os::linux::base::kernel::Kernel;
use crate::os::linux::base::layout::{Extent, Found, Member, Members, Shape, shapes};
use crate::os::linux::base::lost::Lost;
use crate::os::linux::containers::xarray::{Span, spans};
use crate::os::linux::memory::frames::{Frames, MappingShape, PageShape};
use crate::symbols::Types;
use memsh_plugin::{Listing, PhysAddr, VirtAddr, umem};

/// Pages that lie in one piece in the file and in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CachedRun {
    /// Position in the file in bytes.
    pub offset: u64,
    /// Bytes: whole pages, or blocks of a page that is not there as a whole.
    pub bytes: u64,
    /// Where they lie.
    pub phys: PhysAddr,
}

/// The cached pages of a file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CachedPages {
    /// What is there, ascending and without overlap.
    pub runs: Vec<CachedRun>,
    /// Parts of the file that were evicted or swapped out, ascending: position and bytes. Pages of a file on a disk are merely on
    /// that disk; those of a file in memory (tmpfs) are in swap.
    pub evicted: Vec<(u64, u64)>,
}

shapes! {
    /// `buffer_head`: a block of a page, where blocks are smaller than pages.
    BufferShape: "buffer_head" {
        state: ["b_state"],
        next: ["b_this_page"],
        // 5.19 put a folio in its place.
        page: ["b_page", "b_folio"],
        size: ["b_size"],
    }
}

/// What the flags of a page and the state of a buffer say of its contents.
struct UpToDate {
    /// `PG_uptodate`: the page has its contents.
    page: Option<u64>,
    /// `PG_private`: its `private` says more of it, mostly a `buffer_head`.
    private: Option<u64>,
    /// `BH_Uptodate`.
    buffer: Option<u64>,
}

impl Found for UpToDate {
    fn find(types: &dyn Types) -> Self {
        let bit = |enumeration, name| enums::value(types, enumeration, name).filter(|b| *b < 64).map(|b| 1 << b);
        Self {
            page: bit("pageflags", "PG_uptodate"),
            private: bit("pageflags", "PG_private"),
            buffer: bit("bh_state_bits", "BH_Uptodate"),
        }
    }
}

impl CachedPages {
    /// Where the `bytes` bytes at `offset` in the file lie; none where they are not there in one piece.
    pub fn find(&self, offset: u64, bytes: u64) -> Option<PhysAddr> {
        let run = self.runs.get(self.runs.partition_point(|r| r.offset <= offset).checked_sub(1)?)?;
        let within = offset - run.offset;
        (within.checked_add(bytes)? <= run.bytes).then(|| run.phys.wrapping_add(umem::from(within)))
    }
}

/// The cached pages of `file`: one item.
pub fn pages_of(kernel: &Kernel, frames: &Frames, file: &CachedFile) -> Listing<CachedPages> {
    let mut lost = Lost::default();
    let what = format!("pages of the inode at {}", file.inode);
    let huge = file.fstype.as_deref() == Some(b"hugetlbfs");
    let found = file.mapping.map(|mapping| pages(kernel, frames, mapping, huge, &what, &mut lost));
    lost.listing(vec![found.unwrap_or_default()])
}

/// The cached pages of the file whose `address_space` lies at `mapping`, for those who have nothing else of it (and know that it is
/// none of hugetlbfs).
pub fn pages_in(kernel: &Kernel, frames: &Frames, mapping: VirtAddr, lost: &mut Lost) -> CachedPages {
    pages(kernel, frames, mapping, false, &format!("pages in the address_space at {mapping}"), lost)
}

/// What makes no sense is told, as lost of `what`. `huge`: the file is one of hugetlbfs.
fn pages(kernel: &Kernel, frames: &Frames, mapping: VirtAddr, huge: bool, what: &str, lost: &mut Lost) -> CachedPages {
    let mut out = CachedPages::default();
    let shape = kernel.shape::<MappingShape>();
    let (Some(array), Some(array_shape)) = (shape.read(kernel.view(), mapping).at(shape.pages), kernel.layouts.array.as_ref())
    else {
        return out;
    };
    let (mut foreign, mut stale) = (0u64, 0u64);
    for span in spans(kernel.view(), array_shape, array, what, lost) {
        let page = page_size(kernel);
        let bytes = |pages: u64| pages.checked_mul(page);
        let Some(page_struct) = span.pointer() else {
            if let (Some(offset), Some(n)) = (bytes(span.first), bytes(span.count)) {
                out.evicted.push((offset, n));
            }
            continue;
        };
        let Some(found) = frames.pfn_of(page_struct).and_then(|pfn| Some((pfn, frames.facts(kernel, page_struct)?))) else {
            foreign += 1;
            continue;
        };
        let (pfn, facts) = found;
        // A page knows its file: a wild pointer rarely does.
        if facts.mapping != Some(mapping) || facts.anonymous {
            foreign += 1;
            continue;
        }
        let known = kernel.shape::<UpToDate>();
        if known.page.is_some_and(|bit| facts.flags & bit == 0) {
            let blocks =
                if known.private.is_some_and(|bit| facts.flags & bit != 0) { blocks(kernel, page_struct, page) } else { None };
            match (blocks, bytes(span.first)) {
                (Some(blocks), Some(offset)) => {
                    let base = frames.phys(pfn).value();
                    for (at, bytes) in blocks {
                        push(&mut out.runs, CachedRun { offset: offset + at, bytes, phys: PhysAddr::new(base + umem::from(at)) });
                    }
                }
                _ => stale += 1,
            }
            continue;
        }
        let order = facts.order.unwrap_or(0).min(22);
        let placed = match facts.index {
            // Before 6.7 hugetlbfs counts in huge pages.
            Some(index) if huge && span.count == 1 && index == span.first => {
                bytes(span.first).and_then(|b| b.checked_shl(order)).map(|offset| (offset, 1u64 << order, pfn))
            }
            index => place(&span, pfn, index, order, facts.head == page_struct)
                .and_then(|(count, pfn)| Some((bytes(span.first)?, count, pfn))),
        };
        match placed.and_then(|(offset, count, pfn)| Some(CachedRun { offset, bytes: bytes(count)?, phys: frames.phys(pfn) })) {
            Some(run) if run.offset.checked_add(run.bytes).is_some() => push(&mut out.runs, run),
            _ => foreign += 1,
        }
    }
    out.runs.sort_by_key(|r| r.offset);
    // Entries ascend by themselves; where a torn array says a place twice, the first counts.
    let mut end = 0;
    out.runs.retain(|r| {
        let keep = r.offset >= end;
        if keep {
            end = r.offset + r.bytes;
        } else {
            foreign += 1;
        }
        keep
    });
    if foreign > 0 {
        lost.push(format!("{what}: {foreign} entries are no pages of it"));
    }
    if stale > 0 {
        lost.push(format!("{what}: {stale} pages were being read and have no contents yet"));
    }
    out
}

/// The blocks of a page that have their contents, position and bytes: a page is read and written block by block where blocks are
/// smaller. None where its buffers make no sense.
fn blocks(kernel: &Kernel, page: VirtAddr, page_size: u64) -> Option<Vec<(u64, u64)>> {
    let (shape, bit) = (kernel.shape::<BufferShape>(), kernel.shape::<UpToDate>().buffer?);
    let private = kernel.shape::<PageShape>();
    let first = private.read(kernel.view(), page).ptr(private.private)?;
    let (mut next, mut at, mut out) = (first, 0u64, Vec::new());
    // In a ring, in the order of their places; the smallest block has 512 bytes.
    while at < page_size {
        let buffer = shape.read(kernel.view(), next);
        let size = buffer.uint(shape.size).filter(|s| s.is_power_of_two() && (512..=page_size).contains(s))?;
        if buffer.ptr(shape.page) != Some(page) {
            return None;
        }
        if buffer.uint(shape.state)? & bit != 0 {
            out.push((at, size));
        }
        at += size;
        next = buffer.ptr(shape.next)?;
    }
    (next == first && at == page_size).then_some(out)
}

/// How many pages an entry stands for, and the frame of the first of them. An entry of a large page names its first page, whatever
/// part of it the entry stands for (5.2 to 5.16: one entry for each part).
fn place(span: &Span, pfn: u64, index: Option<u64>, order: u32, is_head: bool) -> Option<(u64, u64)> {
    if !is_head || order == 0 {
        return Some((1, pfn)).filter(|_| span.count == 1 || !is_head);
    }
    let within = span.first.checked_sub(index?)?;
    let count = span.count.min((1u64 << order).checked_sub(within)?);
    (count > 0).then_some((count, pfn.checked_add(within)?))
}

fn push(runs: &mut Vec<CachedRun>, run: CachedRun) {
    match runs.last_mut() {
        Some(last)
            if last.offset + last.bytes == run.offset
                && last.phys.value().checked_add(umem::from(last.bytes)) == Some(run.phys.value()) =>
        {
            last.bytes += run.bytes;
        }
        _ => runs.push(run),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(first: u64, count: u64) -> Span {
        Span { first, count, entry: 0x1000 }
    }

    #[test]
    fn a_large_page_is_placed_by_its_first_page() {
        assert_eq!(place(&span(8, 8), 100, Some(8), 3, true), Some((8, 100)));
        // One entry for each part.
        assert_eq!(place(&span(10, 1), 100, Some(8), 3, true), Some((1, 102)));
        // Part of a page that claims to be elsewhere.
        assert_eq!(place(&span(16, 1), 100, Some(8), 3, true), None);
        assert_eq!(place(&span(4, 1), 100, Some(8), 3, true), None);
    }

    #[test]
    fn a_page_of_its_own_stands_for_one() {
        assert_eq!(place(&span(7, 1), 100, Some(7), 0, true), Some((1, 100)));
        assert_eq!(place(&span(7, 64), 100, Some(7), 0, true), None);
    }

    #[test]
    fn neighbours_in_file_and_memory_merge() {
        let run = |offset, phys: u64| CachedRun { offset, bytes: 0x1000, phys: PhysAddr::new(umem::from(phys)) };
        let mut runs = Vec::new();
        for r in [run(0, 0x8000), run(0x1000, 0x9000), run(0x2000, 0x5000), run(0x4000, 0x6000)] {
            push(&mut runs, r);
        }
        assert_eq!(
            runs.iter().map(|r| (r.offset, r.bytes)).collect::<Vec<_>>(),
            [(0, 0x2000), (0x2000, 0x1000), (0x4000, 0x1000)]
        );
    }
}
