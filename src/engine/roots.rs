//! Page-table roots, found by one pass over all of physical memory.

use super::entry::{Entry, decode, entry_offset, half};
use super::memory::Memory;
use super::num::{index, to_u64, to_umem};
use super::space::AddressSpace;
use super::spans::word;
use crate::arch::{PageFormat, Paging};
use memsh_plugin::{PhysAddr, VirtAddr, umem};
use std::cmp::Reverse;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

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
    root_groups_until(memory, paging, va, &AtomicBool::new(false))
}

/// [`root_groups`] that ends soon after `stop` becomes true, with what it has until then.
pub fn root_groups_until(memory: &Memory, paging: Paging, va: VirtAddr, stop: &AtomicBool) -> Vec<RootGroup> {
    let Some(mut found) = Candidates::of(memory, paging, va).map(|c| c.find(memory, stop)) else { return Vec::new() };
    // Ascending by table and then by root.
    found.sort_unstable();
    let page = umem::from(paging.format().page_size());
    let mut out: Vec<RootGroup> = found
        .chunk_by(|(a, _), (b, _)| a == b)
        .filter_map(|group| {
            let next = PhysAddr::new(umem::from(group.first()?.0));
            let roots = || group.iter().map(|&(_, root)| PhysAddr::new(umem::from(root))).collect();
            memory.contains(next, page).then(|| RootGroup { next, roots: roots() })
        })
        .collect();
    // Stable: groups of one size stay ascending.
    out.sort_by_key(|g| Reverse(g.roots.len()));
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

/// The parts of a run of memory that may hold something else than zeros.
fn held<'b>(memory: &'b Memory, start: PhysAddr, bytes: &'b [u8]) -> impl Iterator<Item = (PhysAddr, &'b [u8])> {
    let end = start.value().saturating_add(to_umem(bytes.len()));
    let data = memory.data();
    let first = data.partition_point(|d| d.start.value().saturating_add(d.size) <= start.value());
    let inside = data.iter().skip(first).take_while(move |d| d.start.value() < end);
    inside.filter_map(move |d| {
        let (from, to) = (d.start.max(start), d.start.value().saturating_add(d.size).min(end));
        let skip = index(from.value() - start.value())?;
        Some((from, bytes.get(skip..index(to - start.value())?)?))
    })
}

/// What makes a piece of memory a possible root table.
struct Candidates {
    format: &'static PageFormat,
    /// A table may begin at every multiple of this.
    stride: usize,
    /// Where in the table the entry lies.
    offset: usize,
    /// Lowest and highest address that memory has: most of what isn't a table fails here.
    bounds: (u64, u64),
    /// The highest address that the register for the root holds: 32 bits on 32-bit x86 (Intel SDM, volume 3, "Control Registers").
    highest: u64,
}

impl Candidates {
    fn of(memory: &Memory, paging: Paging, va: VirtAddr) -> Option<Self> {
        let format = paging.format();
        let va = to_u64(va.value()).filter(|&v| half(format, v).is_some())?;
        let offset = index(umem::from(entry_offset(format, format.used_levels().first()?, va)))?;
        let (first, last) = (memory.ranges().first()?, memory.ranges().last()?);
        let end = last.start.value().saturating_add(last.size - 1);
        let bounds = (to_u64(first.start.value())?, to_u64(end).unwrap_or(u64::MAX));
        let highest = if matches!(paging, Paging::X86 | Paging::X86Pae) { u64::from(u32::MAX) } else { u64::MAX };
        Some(Self { format, stride: index(umem::from(alignment(format)))?, offset, bounds, highest })
    }

    /// The table that each candidate points to, and the candidate; in no order.
    fn find(&self, memory: &Memory, stop: &AtomicBool) -> Vec<(u64, u64)> {
        let Some(mapped) = memory.mapped() else { return self.find_by_reading(memory, stop) };
        let slices = mapped.slices().flat_map(|(start, s)| held(memory, start, s));
        let slices = slices.filter_map(|(start, s)| Some((to_u64(start.value())?, s)));
        let parts = slices.flat_map(|(start, s)| self.split(start, s)).filter(|(start, _)| *start <= self.highest);
        let parts: Vec<(u64, &[u8])> = parts.collect();
        let workers = std::thread::available_parallelism().map_or(1, std::num::NonZero::get).min(parts.len());
        let next = AtomicUsize::new(0);
        let work = || {
            let mut found = Vec::new();
            while let Some(&(start, part)) = parts.get(next.fetch_add(1, Ordering::Relaxed)) {
                if stop.load(Ordering::Relaxed) {
                    break;
                }
                self.pass(start, part, &mut found);
            }
            found
        };
        if workers <= 1 {
            return work();
        }
        std::thread::scope(|scope| {
            let others: Vec<_> = (1..workers).map(|_| scope.spawn(work)).collect();
            let mut found = work();
            found.extend(others.into_iter().flat_map(|h| h.join().unwrap_or_default()));
            found
        })
    }

    /// Memory that is not mapped is read once, a piece at a time, and at most the first gigabyte of it.
    fn find_by_reading(&self, memory: &Memory, stop: &AtomicBool) -> Vec<(u64, u64)> {
        const LIMIT: umem = 1 << 30;
        let mut found = Vec::new();
        let mut buf = vec![0; PART];
        let mut left = LIMIT;
        for range in memory.ranges() {
            let mut at = range.start;
            let mut size = range.size.min(left);
            left -= size;
            while size > 0 && !stop.load(Ordering::Relaxed) {
                let len = index(size).unwrap_or(PART).min(PART);
                let Some(piece) = buf.get_mut(..len) else { break };
                memory.read_gaps(at, piece);
                for (start, part) in to_u64(at.value()).into_iter().flat_map(|start| self.split(start, piece)) {
                    self.pass(start, part, &mut found);
                }
                at = at.saturating_add(to_umem(len));
                size -= to_umem(len);
            }
        }
        found
    }

    /// Whole tables, [`PART`] bytes at a time.
    fn split<'b>(&self, start: u64, bytes: &'b [u8]) -> impl Iterator<Item = (u64, &'b [u8])> + use<'b> {
        let first = to_u64(to_umem(self.stride)).and_then(|stride| start.checked_next_multiple_of(stride));
        let skip = first.and_then(|f| index(umem::from(f - start))).unwrap_or(usize::MAX).min(bytes.len());
        let (_, tables) = bytes.split_at(skip);
        let at = move |i: usize| first?.checked_add(to_u64(to_umem(i * PART))?);
        tables.chunks(PART).enumerate().filter_map(move |(i, part)| Some((at(i)?, part)))
    }

    fn pass(&self, start: u64, part: &[u8], found: &mut Vec<(u64, u64)>) {
        if self.format.entry_size == 8 {
            self.pass_sized::<8>(start, part, found);
        } else {
            self.pass_sized::<4>(start, part, found);
        }
    }

    /// Entries are first gathered and then looked at: between the loads of one block lies no branch, so that the processor waits
    /// for all of them at once.
    fn pass_sized<const SIZE: usize>(&self, start: u64, part: &[u8], found: &mut Vec<(u64, u64)>) {
        const BLOCK: usize = 64;
        let Some(level) = self.format.used_levels().first() else { return };
        let present = self.format.present;
        let mut root = start;
        for tables in part.chunks(BLOCK * self.stride) {
            let mut entries = [0; BLOCK];
            for (entry, table) in entries.iter_mut().zip(tables.chunks(self.stride)) {
                // A last piece that is no whole table has no entry there, or one that counts.
                *entry = table.get(self.offset..).and_then(|b| b.first_chunk::<SIZE>()).map_or(0, |b| word(b));
            }
            for (&entry, at) in entries.iter().zip((0..).step_by(self.stride)) {
                if entry & present == present
                    && let Entry::Table(next) = decode(self.format, level, entry)
                    && (self.bounds.0..=self.bounds.1).contains(&next)
                {
                    found.push((next, root.saturating_add(at)));
                }
            }
            root = root.saturating_add(to_u64(to_umem(BLOCK * self.stride)).unwrap_or(u64::MAX));
        }
    }
}

/// 16 MiB: small enough to share evenly.
const PART: usize = 16 << 20;

#[cfg(test)]
mod tests {
    #![allow(clippy::useless_conversion, reason = "addresses may be wider than 64 bits")]
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::cast_possible_truncation)]
    use super::*;
    use memsh_plugin::{CSliceMut, CVec, MappedRun, MemoryMetadata, MemoryRange, PhysReadOp, PhysicalMemory};

    const KERNEL: u64 = 0xffff_ffff_8000_0000;

    /// `pages` pages of noise at `start`, read in place or by calls.
    struct Ram {
        start: u64,
        bytes: Vec<u8>,
        mapped: bool,
    }

    impl Ram {
        fn noise(start: u64, pages: usize, mapped: bool) -> Self {
            let mut state = 0x9e37_79b9_7f4a_7c15_u64;
            let words = std::iter::repeat_with(|| {
                state ^= state << 13;
                state ^= state >> 7;
                state ^= state << 17;
                state
            });
            Self { start, bytes: words.take(pages * 512).flat_map(u64::to_le_bytes).collect(), mapped }
        }

        fn put(&mut self, table: u64, slot: u64, entry: u64) {
            let at = (table - self.start + slot * 8) as usize;
            self.bytes[at..at + 8].copy_from_slice(&entry.to_le_bytes());
        }

        fn memory(self) -> Memory {
            Memory::new(self)
        }
    }

    impl PhysicalMemory for Ram {
        fn metadata(&self) -> MemoryMetadata {
            MemoryMetadata::snapshot(umem::from(self.start) + to_umem(self.bytes.len()))
        }
        fn ranges(&self) -> CVec<MemoryRange> {
            vec![MemoryRange { start: PhysAddr::new(self.start.into()), size: to_umem(self.bytes.len()) }].into()
        }
        fn read(&self, mut ops: CSliceMut<PhysReadOp>) {
            for op in ops.iter_mut() {
                op.fill_from(PhysAddr::new(self.start.into()), &self.bytes);
            }
        }
        fn mapped_runs(&self) -> CVec<MappedRun<'_>> {
            if !self.mapped {
                return CVec::default();
            }
            vec![MappedRun { start: PhysAddr::new(self.start.into()), data: self.bytes.as_slice().into() }].into()
        }
    }

    fn phys(at: u64) -> PhysAddr {
        PhysAddr::new(at.into())
    }

    fn kernel() -> VirtAddr {
        VirtAddr::new(KERNEL.into())
    }

    /// Three roots that share one kernel half, and one with a half of its own. `start` is where memory begins.
    fn kernels(start: u64, mapped: bool) -> (Memory, [u64; 4]) {
        let mut ram = Ram::noise(start, 1024, mapped);
        let page = |n: u64| ((start + 0xfff) & !0xfff) + n * 4096;
        let roots = [page(0), page(77), page(1000), page(500)];
        for (root, upper) in roots.into_iter().zip([page(9), page(9), page(9), page(600)]) {
            ram.put(root, 511, upper | 3);
            ram.put(upper, 510, page(10) | 3);
        }
        // A large page of 2 MiB at the start of the kernel; its frame lies outside memory, which is no matter.
        ram.put(page(10), 0, 0x4000_0000 | 0x83);
        (ram.memory(), roots)
    }

    fn check(start: u64, mapped: bool) {
        let (memory, [a, b, c, own]) = kernels(start, mapped);
        let groups = root_groups(&memory, Paging::X86_64, kernel());
        assert_eq!(groups[0].roots, [phys(a), phys(b), phys(c)]);
        assert!(groups.iter().any(|g| g.roots.contains(&phys(own))));
        assert!(groups.len() < 8, "noise that points nowhere is no group: {}", groups.len());
        let found = find_roots(&memory, Paging::X86_64, &[(kernel(), phys(0x4000_0000))]);
        assert_eq!(found, [phys(a), phys(b), phys(own), phys(c)]);
        assert!(find_roots(&memory, Paging::X86_64, &[(kernel(), phys(0x4000_1000))]).is_empty());
    }

    #[test]
    fn roots_in_noise() {
        check(0, true);
        check(0x10_0000, true);
    }

    #[test]
    fn roots_of_memory_that_is_read_by_calls() {
        check(0, false);
    }

    /// Tables lie at multiples of their size, not of anything counted from where the image begins.
    #[test]
    fn memory_that_begins_inside_a_page() {
        check(0x800, true);
        check(0x1_0208, false);
    }

    #[test]
    fn entries_that_are_absent_or_point_outside_memory_do_not_count() {
        let mut ram = Ram { start: 0, bytes: vec![0; 16 * 4096], mapped: true };
        ram.put(0x1000, 511, 0x3000); // not present
        ram.put(0x2000, 511, 0x10_0003); // outside
        ram.put(0x4000, 511, 0x3083); // a large page, which this level does not have
        ram.put(0x5000, 511, 0x3003);
        let groups = root_groups(&ram.memory(), Paging::X86_64, kernel());
        assert_eq!(groups, [RootGroup { next: phys(0x3000), roots: vec![phys(0x5000)] }]);
    }

    #[test]
    fn a_root_at_the_end_of_a_part_and_a_piece_of_a_table() {
        let mut ram = Ram { start: 0, bytes: vec![0; PART + 2 * 4096 + 100], mapped: true };
        let last = PART as u64 - 4096;
        for root in [last, last + 4096, last + 8192] {
            ram.put(root, 511, 0x3003);
        }
        let groups = root_groups(&ram.memory(), Paging::X86_64, kernel());
        assert_eq!(groups[0].roots, [phys(last), phys(last + 4096), phys(last + 8192)]);
    }

    #[test]
    fn small_tables_and_small_entries() {
        // PAE: four entries of 8 bytes, at any multiple of 32.
        let mut ram = Ram { start: 0, bytes: vec![0; 8 * 4096], mapped: true };
        ram.put(0x1020, 3, 0x2001);
        let groups = root_groups(&ram.memory(), Paging::X86Pae, VirtAddr::new(0xc000_0000u32.into()));
        assert_eq!(groups[0].roots, [phys(0x1020)]);
        // Without PAE: 1024 entries of 4 bytes.
        let mut ram = Ram { start: 0, bytes: vec![0; 8 * 4096], mapped: true };
        ram.put(0x1000, 384, 0x2003);
        let groups = root_groups(&ram.memory(), Paging::X86, VirtAddr::new(0xc000_0000u32.into()));
        assert_eq!(groups[0].roots, [phys(0x1000)]);
    }

    #[test]
    fn an_address_that_cannot_be_and_no_memory() {
        let (memory, _) = kernels(0, true);
        assert!(root_groups(&memory, Paging::X86_64, VirtAddr::new(0x8000_0000_0000_0000u64.into())).is_empty());
        let none = Ram { start: 0, bytes: Vec::new(), mapped: true }.memory();
        assert!(root_groups(&none, Paging::X86_64, kernel()).is_empty());
    }
}
