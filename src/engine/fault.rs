//! Why a virtual address has no physical one.

use memsh_plugin::VirtAddr;
use std::fmt;

/// A page of a page file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PagePlace {
    /// Number of the file, where the entry's form is known.
    pub file: Option<u32>,
    /// Which page of it; none where the entry can't be understood.
    pub page: Option<u64>,
}

/// What is known of a shared page that is in no frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Prototype {
    /// Its prototype entry is not known.
    Unknown,
    /// Its prototype entry can't be read.
    Unreadable,
    /// Its prototype entry is empty: no page was made.
    Empty,
    /// It is in the file that is mapped, and not in memory.
    InFile,
}

/// Why a translation ended without a physical address. The names are those of the JSON contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FaultReason {
    /// The entry is not valid and says nothing more.
    NotPresent,
    /// A page that the system would make of zeros when touched.
    DemandZero,
    /// A page on its way out whose frame is gone.
    Transition,
    /// The mapping is shared, and its master entry has no page in memory.
    Prototype(Prototype),
    /// In a page file.
    PageFile(PagePlace),
    /// In the system's store of compressed memory.
    Compressed(PagePlace),
    /// In a swap area.
    Swapped {
        /// Which area, in the order in which they were added.
        area: u32,
        /// Which page of it.
        slot: u64,
    },
    /// The page is resident but made inaccessible, and its frame is not in the image.
    ProtNone,
    /// The processor does not translate such an address.
    NonCanonical,
    /// A page table is not in the image.
    NotInImage,
    /// An entry has bits set that must be zero: not a page table, or a damaged one.
    ReservedBits,
}

impl FaultReason {
    /// The name in JSON.
    pub const fn name(self) -> &'static str {
        match self {
            FaultReason::NotPresent => "not_present",
            FaultReason::DemandZero => "demand_zero",
            FaultReason::Transition => "transition",
            FaultReason::Prototype(_) => "prototype",
            FaultReason::PageFile(_) => "pagefile",
            FaultReason::Compressed(_) => "compressed",
            FaultReason::Swapped { .. } => "swapped",
            FaultReason::ProtNone => "prot_none",
            FaultReason::NonCanonical => "non_canonical",
            FaultReason::NotInImage => "not_in_image",
            FaultReason::ReservedBits => "reserved_bits",
        }
    }
}

/// A translation that failed: at which level, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Levels left to walk when it failed: the root's level is the format's depth, the last is 1.
    pub level: usize,
    /// Why.
    pub reason: FaultReason,
    /// The entry that said so, where one was read.
    pub entry: Option<u64>,
    /// Where that entry lies in physical memory, where it was looked for.
    pub entry_address: Option<u64>,
    /// Where the entry lies in the kernel's address space that was looked at in place of that one (a prototype entry).
    pub via: Option<VirtAddr>,
}

impl fmt::Display for PagePlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.file {
            Some(number) => write!(f, "in page file {number}")?,
            None => f.write_str("in a page file")?,
        }
        match self.page {
            Some(page) => write!(f, ", page {page:#x}"),
            None => f.write_str(", at a place that the entry does not tell"),
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.reason {
            FaultReason::NotPresent => match self.entry {
                Some(0) | None => f.write_str("the entry is empty")?,
                Some(e) => write!(f, "the entry {e:#x} is not valid")?,
            },
            FaultReason::DemandZero => f.write_str("a page of zeros, not made yet")?,
            FaultReason::Transition => f.write_str("in transition, and the frame is not in the image")?,
            FaultReason::Prototype(known) => f.write_str(match known {
                Prototype::Unknown => "shared, and its prototype entry is not known",
                Prototype::Unreadable => "shared, and its prototype entry is not in memory",
                Prototype::Empty => "shared, and its prototype entry is empty",
                Prototype::InFile => "shared, and in the file that is mapped, not in memory",
            })?,
            FaultReason::PageFile(place) => place.fmt(f)?,
            FaultReason::Compressed(_) => f.write_str("in compressed memory")?,
            FaultReason::Swapped { area, slot } => write!(f, "swapped out: area {area}, slot {slot}")?,
            FaultReason::ProtNone => f.write_str("resident without access (PROT_NONE), and its frame is not in the image")?,
            FaultReason::NonCanonical => f.write_str("not a canonical address of this paging mode")?,
            FaultReason::NotInImage => f.write_str("a page table on the way is not in the image")?,
            FaultReason::ReservedBits => match self.entry {
                Some(e) => write!(f, "the entry {e:#x} has reserved bits set")?,
                None => f.write_str("reserved bits are set")?,
            },
        }
        match (self.entry_address, self.via) {
            (Some(a), None) => write!(f, " (level {}, entry at {a:#x})", self.level),
            (Some(a), Some(via)) => write!(f, " (level {}, entry at {a:#x}, prototype entry at {via})", self.level),
            (None, _) => Ok(()),
        }
    }
}

impl std::error::Error for Fault {}
