//! What an operating system writes into entries that the processor ignores.

use super::fault::FaultReason;
use crate::arch::{Arch, PageFormat};

/// How the system that owns the page tables uses entries that are not valid.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Software {
    /// Unknown: an invalid entry says nothing.
    #[default]
    None,
    /// Linux.
    Linux,
}

/// What an invalid entry means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    /// The page is resident at this physical address and this size (log2), only made inaccessible.
    Resident(u64, u32),
    /// It is not resident.
    Gone(FaultReason),
}

/// x86: `_PAGE_PROTNONE` is the global bit (arch/x86/include/asm/pgtable_types.h).
const X86_PROT_NONE: u64 = 1 << 8;
const X86_PSE: u64 = 1 << 7;
/// x86-64: bits 51:12 of an entry, `PTE_PFN_MASK`.
const X86_PFN: u64 = 0x000f_ffff_ffff_f000;
/// No system has more swap areas: `MAX_SWAPFILES` is below 32; types above are migration and poison markers (include/linux/swap.h).
const SWAP_AREAS: u64 = 23;

impl Software {
    /// The meaning of an invalid, non-zero `entry` that would map `1 << shift` bytes.
    pub(super) fn meaning(self, f: &PageFormat, entry: u64, shift: u32) -> Meaning {
        match (self, f.arch) {
            (Software::Linux, Arch::X86_64) => linux_x86_64(entry, shift),
            _ => Meaning::Gone(FaultReason::NotPresent),
        }
    }
}

/// Linux on x86-64 (arch/x86/include/asm/pgtable-invert.h, pgtable_64.h): since the L1TF fix of 4.18 the frame number of every
/// invalid entry is stored inverted.
fn linux_x86_64(entry: u64, shift: u32) -> Meaning {
    // PTE, PMD and PUD entries; those above can't map a page, whatever their bits.
    if !matches!(shift, 12 | 21 | 30) {
        return Meaning::Gone(FaultReason::NotPresent);
    }
    let large = shift > 12;
    if entry & X86_PROT_NONE != 0 && (!large || entry & X86_PSE != 0) {
        return Meaning::Resident(!entry & X86_PFN & !((1 << shift) - 1), shift);
    }
    if large {
        return Meaning::Gone(FaultReason::NotPresent);
    }
    // Type in bits 63:59, inverted offset in bits 58:9.
    let area = entry >> 59;
    let slot = (!entry << 5) >> 14;
    match u32::try_from(area) {
        Ok(a) if area < SWAP_AREAS && slot > 0 => Meaning::Gone(FaultReason::Swapped { area: a, slot }),
        _ => Meaning::Gone(FaultReason::NotPresent),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::arch::x86::X86_64;

    #[test]
    fn prot_none_keeps_its_frame_inverted() {
        // pte_mkprotnone of frame 0x1234: flags ACCESSED | PROTNONE, frame bits inverted.
        let entry = (!(0x1234u64 << 12) & X86_PFN) | X86_PROT_NONE | 0x20;
        assert_eq!(Software::Linux.meaning(&X86_64, entry, 12), Meaning::Resident(0x0123_4000, 12));
        assert_eq!(Software::None.meaning(&X86_64, entry, 12), Meaning::Gone(FaultReason::NotPresent));
    }

    #[test]
    fn swap_entries_name_area_and_slot() {
        // __swp_entry(type 1, offset 123): (~offset << 14 >> 5) | type << 59
        let entry = ((!123u64) << 14 >> 5) | 1 << 59;
        assert_eq!(Software::Linux.meaning(&X86_64, entry, 12), Meaning::Gone(FaultReason::Swapped { area: 1, slot: 123 }));
    }
}
