//! Pages that page tables alone do not find.
//!
//! An entry that is not valid names a prototype entry, or says that the descriptor of the region (VAD) knows it; so does an entry of
//! zeros in a region that maps a section. What the prototype entry holds counts for every process that maps the section.
//!
//! - `entries`: how this kernel writes entries that are not valid
//! - `regions`: which prototype entry a page of a region has
//! - `pagefile`: contents of page files that the user has (`--pagefile`)
//! - `store`: compressed pages

mod entries;
mod pagefile;
mod regions;
mod store;
#[cfg(test)]
mod tests;

pub(super) use entries::{describe, entries};
pub(super) use pagefile::PageFiles;

use super::base::kernel::{Kernel, Reader};
use super::processes;
use crate::arch::{Arch, PageFormat};
use crate::engine::{
    FaultReason, Link, OfEpoch, Pager, Prototype, Resolved, Resolver, Said, Software, Unmapped, Via, ViewExt, WindowsEntries,
    to_u64, to_umem,
};
use crate::os::lost::Lost;
use memsh_plugin::{PhysAddr, VirtAddr, umem};
use regions::Region;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// Reads pages that are in no frame.
pub(super) struct Elsewhere {
    files: Arc<PageFiles>,
    /// A kernel whose address space reads page files at most: compressed pages hold no part of their own store.
    kernel: Kernel,
}

impl Elsewhere {
    pub(super) fn new(files: Arc<PageFiles>, kernel: Kernel) -> Self {
        Self { files, kernel }
    }
}

impl Pager for Elsewhere {
    fn fill(&self, reason: FaultReason, page: &mut [u8]) -> Result<Said, Said> {
        match reason {
            FaultReason::Compressed(place) => store::read(&self.kernel, place, page),
            _ => self.files.fill(reason, page),
        }
    }
}

/// Bytes of prototype entries that are looked through at once: those of a page, which is there as a whole or not at all.
const PIECE: usize = 4096;

/// Processes never have addresses from here on; 32-bit ones can have three GiB.
const KERNEL_WIDE: umem = 0xffff_8000_0000_0000;
const KERNEL_NARROW: umem = 0xc000_0000;

/// The regions of processes.
type Regions = HashMap<VirtAddr, Arc<Vec<Region>>>;

/// Follows entries to prototype entries.
pub(super) struct Shared {
    /// A kernel whose address space has no resolver, so that nothing leads back here.
    kernel: Kernel,
    entries: WindowsEntries,
    arch: Arch,
    /// The processes by the roots of their page tables.
    processes: OfEpoch<Arc<HashMap<PhysAddr, VirtAddr>>>,
    /// Their regions, as they are asked for: those of one epoch.
    regions: OfEpoch<Arc<Mutex<Regions>>>,
}

impl Shared {
    /// For the processes of `kernel`, whose address space must not have a resolver.
    pub(super) fn new(kernel: Kernel) -> Self {
        let entries = match kernel.space.software() {
            Software::Windows(entries) => entries,
            _ => WindowsEntries::default(),
        };
        let arch = kernel.space.format().arch;
        Self { kernel, entries, arch, processes: OfEpoch::default(), regions: OfEpoch::default() }
    }

    fn reader(&self) -> Reader<'_> {
        self.kernel.reader()
    }

    /// Bytes in an entry.
    fn size(&self) -> umem {
        umem::from(self.kernel.space.format().entry_size_u64())
    }

    /// Whether prototype entries can lie there.
    fn plausible(&self, at: VirtAddr) -> bool {
        self.reader().plausible(at) && at.value().is_multiple_of(self.size())
    }

    /// The regions of the process with this root.
    fn regions(&self, root: PhysAddr) -> Option<Arc<Vec<Region>>> {
        let known = || {
            let all = processes::addresses(&self.kernel, &mut Lost::default());
            Arc::new(all.into_iter().flat_map(|p| processes::roots(&self.kernel, p).map(move |root| (root, p))).collect())
        };
        let epoch = self.kernel.space.memory().epoch();
        let process = *self.processes.get_or(epoch, known).get(&root)?;
        let kept = self.regions.get_or(epoch, Arc::default);
        if let Some(regions) = kept.lock().unwrap_or_else(PoisonError::into_inner).get(&process) {
            return Some(Arc::clone(regions));
        }
        // Not under the lock: it takes a while.
        let regions = Arc::new(regions::list(&self.kernel, process));
        kept.lock().unwrap_or_else(PoisonError::into_inner).insert(process, Arc::clone(&regions));
        Some(regions)
    }

    /// What the prototype entry at `at` says.
    fn look(&self, at: VirtAddr) -> Resolved {
        let nothing =
            |known| Resolved { via: Some(Via { at, place: None, entry: None }), outcome: Err(FaultReason::Prototype(known)) };
        // One in a process's half would be the process's own word.
        if !self.plausible(at) {
            return nothing(Prototype::Unknown);
        }
        let space = &self.kernel.space;
        let Some(entry) = to_u64(self.size()).and_then(|size| space.read_uint(at, size).ok()) else {
            return nothing(Prototype::Unreadable);
        };
        let place = space.translate_one(at).ok().map(|t| t.phys);
        let outcome = self.entries.shared(self.arch, entry).and_then(|(frame, used)| {
            let frame = PhysAddr::new(umem::from(frame));
            match used || space.memory().contains(frame, 0x1000) {
                true => Ok(frame),
                false => Err(FaultReason::Transition),
            }
        });
        Resolved { via: Some(Via { at, place, entry: Some(entry) }), outcome }
    }

    /// What the descriptor of the region says of a page; `empty`: the page's own entry says nothing at all.
    fn by_region(&self, root: PhysAddr, va: VirtAddr, empty: bool) -> Option<Resolved> {
        // The kernel's part has no descriptors.
        if va.value() >= if self.kernel.wide() { KERNEL_WIDE } else { KERNEL_NARROW } {
            return None;
        }
        let regions = self.regions(root)?;
        let region = regions::find(&regions, va)?;
        let own = |reason| Some(Resolved { via: None, outcome: Err(reason) });
        match (region.shared, region.committed) {
            (true, _) => match region.prototype(&self.kernel, va, self.size()) {
                Some(at) => Some(self.look(at)),
                None => own(FaultReason::Prototype(Prototype::Unknown)),
            },
            (false, Some(true)) if empty => own(FaultReason::DemandZero),
            _ => None,
        }
    }
}

impl Resolver for Shared {
    fn resolve(&self, asked: &Unmapped) -> Option<Resolved> {
        if asked.entry == 0 {
            return self.by_region(asked.root, asked.addr, true);
        }
        match self.entries.link(self.arch, asked.entry) {
            Link::At(at) => Some(self.look(at)),
            Link::Region | Link::Unknown => self.by_region(asked.root, asked.addr, false),
        }
    }

    /// Private memory is committed where an entry says anything at all, and where the descriptor says it for the whole region.
    fn zeros(&self, asked: &Unmapped) -> bool {
        let user = asked.addr.value() < if self.kernel.wide() { KERNEL_WIDE } else { KERNEL_NARROW };
        let regions = if user { self.regions(asked.root) } else { None };
        let region = regions.as_ref().and_then(|r| regions::find(r, asked.addr));
        region.is_some_and(|r| r.zeros && (asked.entry != 0 || r.committed == Some(true)))
    }

    fn next(&self, root: PhysAddr, from: VirtAddr, last: VirtAddr, work: &mut u64) -> Option<VirtAddr> {
        let regions = self.regions(root)?;
        let behind = regions.partition_point(|r| r.end <= from);
        for region in regions.iter().skip(behind).filter(|r| r.shared) {
            let mut at = from.max(region.start);
            while at < region.end {
                if at > last || *work == 0 {
                    return None;
                }
                *work -= 1;
                match self.scan(region, at) {
                    Found::Page(va) => return Some(va).filter(|va| *va <= last),
                    Found::NothingBefore(next) if next > at => at = next,
                    Found::NothingBefore(_) => break,
                }
            }
        }
        None
    }
}

/// Bytes of addresses that an empty entry leaves without pages, `level` levels above them.
fn reach(format: &PageFormat, level: usize) -> umem {
    let above = format.used_levels().iter().rev().nth(level.saturating_sub(1));
    above.map_or(to_umem(PIECE), |l| umem::from(1u64 << l.shift))
}

/// What a look at a piece of prototype entries gave.
enum Found {
    /// The first page that is resident.
    Page(VirtAddr),
    /// No page is resident before this address.
    NothingBefore(VirtAddr),
}

impl Shared {
    /// Looks through the prototype entries of a region from that of `va` to the end of the page in which it lies.
    fn scan(&self, region: &Region, va: VirtAddr) -> Found {
        let step = |pages: umem| VirtAddr::new((va.value() & !0xfff).saturating_add(pages.saturating_mul(0x1000)));
        let size = self.size();
        let Some((at, run)) = region.run(&self.kernel, va, size) else { return Found::NothingBefore(region.end) };
        if !self.plausible(at) {
            return Found::NothingBefore(step(run.max(1)));
        }
        let space = &self.kernel.space;
        // Where tables of the kernel itself are missing, many pages of prototype entries are.
        let page = match space.translate_one(at) {
            Ok(_) => to_umem(PIECE),
            Err(fault) => reach(space.format(), fault.level),
        };
        let here = ((page - (at.value() & (page - 1))) / size).min(run).max(1);
        let mut bytes = [0u8; PIECE];
        let len = crate::engine::index(here.saturating_mul(size)).unwrap_or(PIECE).min(PIECE);
        let piece = bytes.get_mut(..len).unwrap_or_default();
        if space.read_exact(at, piece).is_err() {
            return Found::NothingBefore(step(here));
        }
        let entry = |bytes: &[u8]| bytes.iter().rev().fold(0u64, |n, b| n << 8 | u64::from(*b));
        let resident = |e: u64| self.entries.shared(self.arch, e).is_ok();
        match piece.chunks(crate::engine::index(size).unwrap_or(8)).position(|b| resident(entry(b))) {
            Some(index) => Found::Page(VirtAddr::new(va.value()).max(step(to_umem(index)))),
            None => Found::NothingBefore(step(here)),
        }
    }
}
