//! A space without page tables: every address is its own place in memory. The core of a user-mode process is such a one: its file
//! says what lies at which virtual address, and nothing of physical memory.

use super::explain::Explanation;
use super::fault::{Fault, FaultReason};
use super::spans::{PageRun, Walked};
use super::walk::Page;
use crate::arch::{Arch, Paging};
use memsh_plugin::{Perm, PhysAddr, VirtAddr, umem};
use std::ops::ControlFlow;
use std::sync::Arc;

/// Pages of a space without page tables are counted in these.
const SHIFT: u32 = 12;

/// What a space without page tables knows of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flat {
    /// Bytes of a pointer.
    pub pointer_size: u8,
    /// Whether numbers in it are big-endian.
    pub big_endian: bool,
    /// What is there and what is allowed there: ascending, without overlap, each where it is (`phys` equals `virt`).
    runs: Arc<[PageRun]>,
}

impl Flat {
    /// A space of these pieces: first address, bytes, what is allowed. Sorted; of pieces that overlap the one that begins first counts.
    pub fn new(pointer_size: u8, big_endian: bool, pieces: impl IntoIterator<Item = (VirtAddr, umem, Perm)>) -> Self {
        let mut pieces: Vec<_> = pieces.into_iter().filter(|p| p.1 > 0 && p.0.checked_add(p.1 - 1).is_some()).collect();
        pieces.sort_by_key(|p| p.0);
        let mut runs: Vec<PageRun> = Vec::with_capacity(pieces.len());
        for (start, size, perm) in pieces {
            let covered = runs.last().map_or(0, |l| l.virt.value().saturating_add(l.size).saturating_sub(start.value()));
            if covered >= size {
                continue;
            }
            let virt = start.saturating_add(covered);
            let phys = PhysAddr::new(virt.value());
            runs.push(PageRun { virt, phys, size: size - covered, page_size: 1 << SHIFT, perm });
        }
        Self { pointer_size, big_endian, runs: runs.into() }
    }

    /// A page-table format of the architecture, which stands for it where no tables are: never that of the walk which is written out
    /// in place.
    pub(super) const fn stand_in(arch: Arch) -> Paging {
        match arch {
            Arch::X86 => Paging::X86,
            Arch::X86Pae => Paging::X86Pae,
            Arch::X86_64 => Paging::X86_64Split,
            Arch::AArch64 => Paging::AArch64K4B48,
            Arch::Arm => Paging::ArmShort,
            Arch::RiscV64 => Paging::Sv48,
            Arch::RiscV32 => Paging::Sv32,
        }
    }

    fn run(&self, va: u64) -> Option<&PageRun> {
        let va = VirtAddr::new(umem::from(va));
        let i = self.runs.partition_point(|r| r.virt <= va).checked_sub(1)?;
        self.runs.get(i).filter(|r| va.value() - r.virt.value() < r.size)
    }

    /// The page of `va`.
    pub(super) fn page(&self, va: u64) -> Option<Page> {
        let run = self.run(va)?;
        Some(Page { base: va & !((1 << SHIFT) - 1), shift: SHIFT, perm: run.perm })
    }

    pub(super) fn explain(&self, addr: VirtAddr) -> Explanation {
        let va = crate::engine::to_u64(addr.value());
        let page = va.and_then(|va| Some((va, self.page(va)?)));
        let fault = Fault { level: 0, reason: FaultReason::NotInImage, entry: None, entry_address: None, via: None };
        let outcome = page.map(|(va, p)| super::explain::translation(&p, va)).ok_or(fault);
        Explanation { addr, steps: Vec::new(), via: None, computed: None, outcome }
    }

    /// The pieces that touch `start..=last`, cut to that range.
    pub(super) fn runs(&self, start: VirtAddr, last: VirtAddr, sink: &mut dyn FnMut(&[PageRun]) -> ControlFlow<()>) -> Walked {
        let inside = self.runs.iter().filter_map(|r| {
            let from = r.virt.max(start);
            let to = r.virt.saturating_add(r.size - 1).min(last);
            let size = to.value().checked_sub(from.value())?.checked_add(1)?;
            Some(PageRun { virt: from, phys: PhysAddr::new(from.value()), size, ..*r })
        });
        let inside: Vec<PageRun> = inside.collect();
        Walked { cut: sink(&inside).is_break(), ..Walked::default() }
    }
}
