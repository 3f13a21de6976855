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
/// The highest of them.
const X86_INVERTED: u64 = 1 << 51;
/// No system has more swap areas: `MAX_SWAPFILES` is below 32; types above are migration and poison markers (include/linux/swap.h).
const SWAP_AREAS: u64 = 23;

impl Software {
    /// The meaning of an invalid, non-zero `entry` that would map `1 << shift` bytes.
    pub(super) fn meaning(self, f: &PageFormat, entry: u64, shift: u32) -> Meaning {
        match (self, f.arch) {
            (Software::Linux, Arch::X86_64) => linux_x86_64(entry, shift),
            (Software::Linux, Arch::X86Pae) => linux_x86_pae(entry, shift),
            (Software::Linux, Arch::X86) => linux_x86(entry, shift),
            _ => Meaning::Gone(FaultReason::NotPresent),
        }
    }
}

/// Swap area and slot, where they can be ones.
fn swapped(area: u64, slot: u64) -> Meaning {
    match u32::try_from(area) {
        Ok(a) if area < SWAP_AREAS && slot > 0 => Meaning::Gone(FaultReason::Swapped { area: a, slot }),
        _ => Meaning::Gone(FaultReason::NotPresent),
    }
}

/// Linux on 32-bit x86 without PAE (arch/x86/include/asm/pgtable-2level.h): frames are not inverted, and only 4 KiB pages are
/// made inaccessible.
fn linux_x86(entry: u64, shift: u32) -> Meaning {
    if shift != 12 {
        return Meaning::Gone(FaultReason::NotPresent);
    }
    if entry & X86_PROT_NONE != 0 {
        return Meaning::Resident(entry & 0xffff_f000, shift);
    }
    // Type in bits 5:1, offset in bits 31:9.
    swapped(entry >> 1 & 31, entry >> 9)
}

/// Linux on 32-bit x86 with PAE (arch/x86/include/asm/pgtable-3level.h): since the L1TF fix of 4.18 as on x86-64; swap entries before
/// that had all in the upper word.
fn linux_x86_pae(entry: u64, shift: u32) -> Meaning {
    // The first level has no pages.
    if shift > 21 {
        return Meaning::Gone(FaultReason::NotPresent);
    }
    let upper = entry >> 32;
    if shift == 12 && entry & 0xffff_ffff == 0 {
        // An inverted slot with 23 zeros at its end would be one of 32 GiB and more.
        return swapped(upper & 31, upper >> 5);
    }
    linux_x86_64(entry, shift)
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
        // Before 4.18 it was not inverted; no memory lies so high that this bit of its address is set.
        let frame = if entry & X86_INVERTED != 0 { !entry } else { entry };
        return Meaning::Resident(frame & X86_PFN & !((1 << shift) - 1), shift);
    }
    if large {
        return Meaning::Gone(FaultReason::NotPresent);
    }
    // Type in bits 63:59, inverted offset in bits 58:9.
    swapped(entry >> 59, (!entry << 5) >> 14)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::arch::x86::{X86, X86_64, X86_PAE};

    #[test]
    fn entries_of_two_levels_are_not_inverted() {
        let meaning = |entry, shift| Software::Linux.meaning(&X86, entry, shift);
        assert_eq!(meaning(0x0123_4120, 12), Meaning::Resident(0x0123_4000, 12));
        assert_eq!(meaning(123 << 9 | 1 << 1, 12), Meaning::Gone(FaultReason::Swapped { area: 1, slot: 123 }));
        // Migration entries have types that no area has; level 2 has no swapped pages.
        assert_eq!(meaning(123 << 9 | 30 << 1, 12), Meaning::Gone(FaultReason::NotPresent));
        assert_eq!(meaning(123 << 9 | 1 << 1, 22), Meaning::Gone(FaultReason::NotPresent));
    }

    #[test]
    fn pae_entries_are_those_of_x86_64_and_before_4_18_of_their_own() {
        let meaning = |entry, shift| Software::Linux.meaning(&X86_PAE, entry, shift);
        let entry = (!(0x1234u64 << 12) & X86_PFN) | X86_PROT_NONE | 0x20;
        assert_eq!(meaning(entry, 12), Meaning::Resident(0x0123_4000, 12));
        assert_eq!(meaning(0x0123_4120, 12), Meaning::Resident(0x0123_4000, 12));
        assert_eq!(meaning(((!123u64) << 14 >> 5) | 1 << 59, 12), Meaning::Gone(FaultReason::Swapped { area: 1, slot: 123 }));
        assert_eq!(meaning((123 << 5 | 1) << 32, 12), Meaning::Gone(FaultReason::Swapped { area: 1, slot: 123 }));
        assert_eq!(meaning(0x8000_0000_0000_0020, 30), Meaning::Gone(FaultReason::NotPresent));
    }

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
