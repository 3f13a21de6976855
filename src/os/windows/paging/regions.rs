//! Which prototype entry a page of a region has.

use super::super::base::kernel::Kernel;
use super::super::vad::{self, Prototypes, Vad};
use memsh_plugin::{VirtAddr, umem};

/// No section has more parts.
const SUBSECTIONS: usize = 1 << 14;

/// A region of a process: what its descriptor says of its pages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Region {
    pub(super) start: VirtAddr,
    pub(super) end: VirtAddr,
    /// Whether it maps a section: an entry of zeros is the section's to explain.
    pub(super) shared: bool,
    /// Whether it is private memory all of which was committed.
    pub(super) committed: Option<bool>,
    /// Whether it is private memory that comes from nothing but zeros: no device's, no pages by hand.
    pub(super) zeros: bool,
    prototypes: Option<Prototypes>,
}

impl From<Vad> for Region {
    fn from(vad: Vad) -> Self {
        let shared = !vad.private && vad.prototypes.is_some();
        let zeros = vad.private && matches!(vad.kind, None | Some(0));
        Region { start: vad.start, end: vad.end, shared, committed: vad.committed, zeros, prototypes: vad.prototypes }
    }
}

/// The regions of a process, ascending. Regions do not overlap; where hostile ones do, the first has the address.
pub(super) fn list(kernel: &Kernel, process: VirtAddr) -> Vec<Region> {
    let mut out: Vec<Region> = vad::descriptors(kernel, process).into_iter().map(Region::from).collect();
    let mut end = VirtAddr::NULL;
    out.retain(|r| {
        let fits = r.start >= end;
        end = end.max(r.end);
        fits
    });
    out
}

/// The region that holds an address.
pub(super) fn find(regions: &[Region], va: VirtAddr) -> Option<&Region> {
    let i = regions.partition_point(|r| r.start <= va).checked_sub(1)?;
    regions.get(i).filter(|r| va < r.end)
}

impl Region {
    /// Where the prototype entry of a page lies.
    pub(super) fn prototype(&self, kernel: &Kernel, va: VirtAddr, size: umem) -> Option<VirtAddr> {
        self.run(kernel, va, size).map(|(at, _)| at)
    }

    /// The same, and how many entries follow each other from there on.
    pub(super) fn run(&self, kernel: &Kernel, va: VirtAddr, size: umem) -> Option<(VirtAddr, umem)> {
        let known = self.prototypes?;
        let index = va.offset_from(self.start)? / 0x1000;
        let pages = self.end.offset_from(va)?.div_ceil(0x1000);
        let at = known.first.checked_add(index.checked_mul(size)?)?;
        if at <= known.last {
            let contiguous = known.last.offset_from(at)? / size + 1;
            return Some((at, contiguous.min(pages)));
        }
        // Through the parts of the section, from the one that has the first entry.
        let (o, reader) = (&kernel.offsets.subsection, kernel.reader());
        let mut part = known.subsection;
        let mut left: Option<umem> = None;
        for _ in 0..SUBSECTIONS {
            let here = part.filter(|&p| reader.plausible(p))?;
            let base = reader.ptr_at(here, o.base).unwrap_or(VirtAddr::NULL);
            let entries = umem::from(reader.u32_at(here, o.entries)?);
            let to_find = match left {
                Some(n) => Some(n),
                // The first entry need not be the first of its part.
                None => known.first.offset_from(base).map(|d| d / size).filter(|&d| d < entries).map(|d| d + index),
            };
            match to_find {
                Some(n) if n < entries => {
                    return base.checked_add(n.checked_mul(size)?).map(|at| (at, (entries - n).min(pages)));
                }
                Some(n) => left = Some(n - entries),
                None => {}
            }
            part = reader.ptr_at(here, o.next);
        }
        None
    }
}
