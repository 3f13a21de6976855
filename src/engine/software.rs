//! What an operating system writes into entries that the processor ignores.

use super::fault::FaultReason;
use crate::arch::{Arch, PageFormat};

/// How the system that owns the page tables uses entries that are not valid.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Software {
    /// Unknown: an invalid entry says nothing.
    #[default]
    None,
    /// Linux, as of today.
    Linux,
    /// Linux of this version, where the meaning of a bit depends on it.
    LinuxOf {
        /// The first number.
        major: u16,
        /// The second.
        minor: u16,
    },
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
    /// Whether it is Linux, of whatever version.
    pub fn is_linux(self) -> bool {
        matches!(self, Software::Linux | Software::LinuxOf { .. })
    }

    /// The version; the highest where none is told.
    fn version(self) -> (u16, u16) {
        match self {
            Software::LinuxOf { major, minor } => (major, minor),
            _ => (u16::MAX, 0),
        }
    }

    /// The meaning of an invalid, non-zero `entry` that would map `1 << shift` bytes.
    pub(super) fn meaning(self, f: &PageFormat, entry: u64, shift: u32) -> Meaning {
        if !self.is_linux() {
            return Meaning::Gone(FaultReason::NotPresent);
        }
        match f.arch {
            Arch::X86_64 => linux_x86_64(entry, shift),
            Arch::RiscV64 => linux_riscv(f, entry, shift, self.version()),
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
    swapped(area, slot)
}

/// A swap area and a slot in it, where both make sense.
fn swapped(area: u64, slot: u64) -> Meaning {
    match u32::try_from(area) {
        Ok(a) if area < SWAP_AREAS && slot > 0 => Meaning::Gone(FaultReason::Swapped { area: a, slot }),
        _ => Meaning::Gone(FaultReason::NotPresent),
    }
}

/// Linux on RISC-V (arch/riscv/include/asm/pgtable-bits.h, pgtable.h). An inaccessible page has READ set beside whatever bit says
/// PROT_NONE (GLOBAL today, READ itself before), a swapped one neither.
fn linux_riscv(f: &PageFormat, entry: u64, shift: u32, version: (u16, u16)) -> Meaning {
    const READ: u64 = 1 << 1;
    if !matches!(shift, 12 | 21 | 30) {
        return Meaning::Gone(FaultReason::NotPresent);
    }
    if entry & READ != 0 {
        let base = (entry & f.address_mask) << f.address_shift;
        return Meaning::Resident(base & !((1 << shift) - 1), shift);
    }
    if shift > 12 {
        return Meaning::Gone(FaultReason::NotPresent);
    }
    // The type moved up when PROT_NONE became the bit for global pages, and again by one for the marker of exclusive pages (6.3).
    let low = match version {
        (6, 3..) | (7.., _) => 7,
        (5, 19..) | (6, _) => 6,
        (0..=4, _) | (5, 0..=15) => 2,
        // Between, which of two it is can't be told from the version.
        _ => return Meaning::Gone(FaultReason::NotPresent),
    };
    swapped(entry >> low & 0x1f, entry >> (low + 5))
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

    #[test]
    fn riscv_prot_none_and_swap() {
        use crate::arch::riscv::SV39;
        // PROT_NONE | READ | ACCESSED of frame 0x80123.
        let entry = 0x80123 << 10 | 0x62;
        assert_eq!(Software::Linux.meaning(&SV39, entry, 12), Meaning::Resident(0x8012_3000, 12));
        // Before PROT_NONE was the global bit.
        let old = Software::LinuxOf { major: 5, minor: 10 };
        assert_eq!(old.meaning(&SV39, 0x80123 << 10 | 0x42, 12), Meaning::Resident(0x8012_3000, 12));
        let gone = |area, slot| Meaning::Gone(FaultReason::Swapped { area, slot });
        // Area 1, slot 77; exclusive.
        assert_eq!(Software::Linux.meaning(&SV39, 77 << 12 | 1 << 7 | 1 << 6, 12), gone(1, 77));
        let v61 = Software::LinuxOf { major: 6, minor: 1 };
        assert_eq!(v61.meaning(&SV39, 77 << 11 | 1 << 6, 12), gone(1, 77));
        assert_eq!(old.meaning(&SV39, 77 << 7 | 1 << 2, 12), gone(1, 77));
        let unsure = Software::LinuxOf { major: 5, minor: 17 };
        assert_eq!(unsure.meaning(&SV39, 77 << 7 | 1 << 2, 12), Meaning::Gone(FaultReason::NotPresent));
        assert_eq!(Software::None.meaning(&SV39, entry, 12), Meaning::Gone(FaultReason::NotPresent));
    }
}
