//! Addresses whose place follows from a rule of the system, for page tables that are not in the image.
//!
//! A kernel maps all of memory, and its own image, at one distance between virtual and physical addresses. The tables that say so are
//! redundant as long as that distance is known, and of an image that was cut off they are often what is missing. The rule is asked only
//! where a table's memory is not in the image: an entry that was read and says "not present" is the truth.

use super::memory::Memory;
use super::num::to_u64;
use memsh_plugin::{PhysAddr, VirtAddr, umem};
use std::fmt;

/// Addresses that lie at one distance from their places.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Linear {
    /// What they are, in words: `direct map`, `kernel's image`.
    pub name: &'static str,
    /// The first of them.
    pub first: u64,
    /// The last of them.
    pub last: u64,
    /// What is added to an address to get its place, modulo 2^64.
    pub distance: u64,
}

impl Linear {
    /// `size` bytes from `virt` on, the first of which lies at `phys`. None where there are none, or the range runs over the last address.
    pub fn new(name: &'static str, virt: VirtAddr, phys: PhysAddr, size: umem) -> Option<Self> {
        let (first, phys) = (to_u64(virt.value())?, to_u64(phys.value())?);
        let last = first.checked_add(to_u64(size)?.checked_sub(1)?)?;
        Some(Self { name, first, last, distance: phys.wrapping_sub(first) })
    }

    /// Whether the address is one of them.
    pub const fn holds(&self, va: u64) -> bool {
        self.first <= va && va <= self.last
    }

    /// Where an address of them lies, whether or not it is in an image.
    pub const fn place(&self, va: u64) -> u64 {
        va.wrapping_add(self.distance)
    }
}

/// Why a translation was computed in place of read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Computed {
    /// By which rule.
    pub rule: Linear,
    /// The table that would have told it, and is not in the image.
    pub table: PhysAddr,
}

impl fmt::Display for Computed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Computed { rule: Linear { name, first, last, .. }, table } = self;
        write!(
            f,
            "the table at {table} is not in the image; computed: the kernel maps {first:#x} to {last:#x} ({name}) in one piece"
        )
    }
}

/// What a system maps in one piece, proven in this image.
pub trait LinearMap: Send + Sync {
    /// The piece that `va` lies in, if it lies in one.
    ///
    /// It is asked on the way of a translation that found a table missing, and must not ask an address space that has it itself for an
    /// address that it has no answer to yet.
    fn piece(&self, va: u64) -> Option<Linear>;

    /// Takes note of a table that was missing for an address of `piece`, for what is told of it.
    fn missed(&self, computed: &Computed);

    /// What the analyst should know of the tables that were missed so far. The text of each does not change.
    fn told(&self) -> Vec<String>;
}

/// Where `va` lies by a rule, in an image that lacks the table that holds its entry at `entry_address`. None where the entry's memory is
/// there after all (it failed to be read), or the frame is not in the image.
pub(super) fn computed(
    map: &dyn LinearMap,
    memory: &Memory,
    (table, entry_address, entry_size): (u64, u64, u64),
    (va, page_size): (u64, u64),
) -> Option<(u64, Computed)> {
    let phys = |at: u64| PhysAddr::new(umem::from(at));
    if memory.contains(phys(entry_address), umem::from(entry_size)) {
        return None;
    }
    let rule = map.piece(va).filter(|rule| rule.holds(va))?;
    let frame = rule.place(va & !(page_size - 1));
    // Frames that are not in the image have nothing to show, and nothing says that the kernel maps them.
    if !frame.is_multiple_of(page_size) || !memory.contains(phys(frame), umem::from(page_size)) {
        return None;
    }
    let computed = Computed { rule, table: phys(table) };
    map.missed(&computed);
    Some((frame, computed))
}
