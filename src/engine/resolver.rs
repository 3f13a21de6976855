//! Pages whose entry says only that somebody else knows where they are.

use super::fault::FaultReason;
use super::linear::LinearMap;
use super::memory::Memory;
use super::num::to_u64;
use super::software::{Meaning, Software};
use crate::arch::PageFormat;
use memsh_plugin::{PhysAddr, VirtAddr, umem};

/// An entry that does not say where its page is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unmapped {
    /// Root of the page tables (of the lower half, where there are two).
    pub root: PhysAddr,
    /// The address that was asked for.
    pub addr: VirtAddr,
    /// The entry; 0 where there is none.
    pub entry: u64,
}

/// The entry elsewhere that counts for a page: the prototype entry of a section.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Via {
    /// Where it lies in the kernel's address space.
    pub at: VirtAddr,
    /// Where that is in physical memory, if anywhere.
    pub place: Option<PhysAddr>,
    /// What it holds, where it can be read.
    pub entry: Option<u64>,
}

/// What is known of a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Resolved {
    /// The entry that says so, where it is not the process's own.
    pub via: Option<Via>,
    /// First byte of its frame, which is of the smallest size; or why it has none.
    pub outcome: Result<PhysAddr, FaultReason>,
}

/// Knows the structures of the system that page tables lean on. It is asked when page tables alone have no answer, never before.
pub trait Resolver: Send + Sync {
    /// What is known of a page; none where page tables say all there is.
    ///
    /// It must not ask an address space that has it as its own resolver: that would not end.
    fn resolve(&self, asked: &Unmapped) -> Option<Resolved>;

    /// The next page in `from..=last` that may be resident though its entry is empty; none behind the last. Each step of the search takes
    /// one from `work`, and without any left there is none.
    fn next(&self, root: PhysAddr, from: VirtAddr, last: VirtAddr, work: &mut u64) -> Option<VirtAddr>;

    /// Whether a page of which its entry says that it is made of zeros when touched ([`FaultReason::DemandZero`]) is the process's own,
    /// so that whoever reads it reads zeros. Without a structure that says so it is not.
    fn zeros(&self, _: &Unmapped) -> bool {
        false
    }
}

/// The system that owns page tables: what it means by entries that the processor does not take.
#[derive(Clone, Copy)]
pub(super) struct System<'a> {
    pub(super) software: Software,
    pub(super) memory: &'a Memory,
    pub(super) resolver: Option<&'a dyn Resolver>,
    pub(super) linear: Option<&'a dyn LinearMap>,
    /// Root of the tables, of the lower half where there are two.
    pub(super) root: u64,
}

impl System<'_> {
    /// The meaning of an invalid, non-zero entry for `va` that would map `1 << shift` bytes.
    #[cold]
    pub(super) fn meaning(&self, f: &PageFormat, entry: u64, shift: u32, va: u64) -> Meaning {
        match self.own(f, entry, shift) {
            Meaning::Gone(FaultReason::Prototype(known)) => match self.ask(va, entry) {
                Some(Resolved { outcome: Ok(base), .. }) => match to_u64(base.value()) {
                    Some(base) => Meaning::Resident(base, shift),
                    None => Meaning::Gone(FaultReason::Prototype(known)),
                },
                Some(Resolved { outcome: Err(reason), .. }) => Meaning::Gone(reason),
                None => Meaning::Gone(FaultReason::Prototype(known)),
            },
            meaning => meaning,
        }
    }

    /// The same as far as the entry itself tells.
    pub(super) fn own(&self, f: &PageFormat, entry: u64, shift: u32) -> Meaning {
        match (self.software, self.software.meaning(f, entry, shift)) {
            // The frame of a page on its way out may be gone, and a damaged entry names any.
            (Software::Windows(_), Meaning::Resident(base, _) | Meaning::Table(base)) if !self.holds(base) => {
                Meaning::Gone(FaultReason::Transition)
            }
            (_, meaning) => meaning,
        }
    }

    /// Whether the frame at `base` is in the image.
    fn holds(&self, base: u64) -> bool {
        self.memory.contains(PhysAddr::new(umem::from(base)), 4096)
    }

    /// What the system's structures say.
    pub(super) fn ask(&self, va: u64, entry: u64) -> Option<Resolved> {
        let (root, addr) = (PhysAddr::new(umem::from(self.root)), VirtAddr::new(umem::from(va)));
        self.resolver?.resolve(&Unmapped { root, addr, entry })
    }
}
