//! What an operating system writes into entries that the processor ignores.

mod arm;
mod riscv;
mod windows;

pub use windows::{FileNumber, Link, WindowsEntries};

use super::entry::leaf_address;
use super::fault::FaultReason;
use super::walk::Page;
use crate::arch::{Arch, Leaf, PageFormat};
use memsh_plugin::Perm;

/// How the system that owns the page tables uses entries that are not valid.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Software {
    /// Unknown: an invalid entry says nothing.
    #[default]
    None,
    /// Linux, as of today.
    Linux,
    /// Windows.
    Windows(WindowsEntries),
    /// Linux on AArch64, whose swap entries changed over time.
    LinuxAArch64(SwapEntry),
    /// Linux of this version, where the meaning of a bit depends on it (RISC-V, ARM).
    LinuxOf {
        /// The first number.
        major: u16,
        /// The second.
        minor: u16,
    },
}

/// Where a swap entry of Linux on AArch64 keeps area and slot (arch/arm64/include/asm/pgtable.h).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SwapEntry {
    /// Before 5.19: the area in bits 7:2, the slot in 57:8.
    Area2,
    /// 5.19 to 6.9: the area in bits 7:3 (bit 2 says that the page is nobody else's), the slot in 57:8.
    Area3,
    /// Since 6.10: the area in bits 10:6, the slot in 61:12.
    Area6,
}

/// What an invalid entry means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    /// The page is resident at this physical address and this size (log2), only made inaccessible.
    Resident(u64, u32),
    /// The page is resident and accessible; only the processor must ask the system first (not yet young).
    Idle(Page),
    /// It is a page table, resident at this physical address.
    Table(u64),
    /// It is not resident.
    Gone(FaultReason),
}

impl Meaning {
    /// The page, where it is resident.
    pub(super) fn page(self) -> Result<Page, FaultReason> {
        match self {
            Meaning::Resident(base, shift) => Ok(Page { base, shift, perm: Perm::NONE }),
            Meaning::Idle(page) => Ok(page),
            Meaning::Table(_) => Err(FaultReason::NotPresent),
            Meaning::Gone(reason) => Err(reason),
        }
    }
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
    /// The version of Linux; the highest where none is told.
    fn version(self) -> (u16, u16) {
        match self {
            Software::LinuxOf { major, minor } => (major, minor),
            _ => (u16::MAX, 0),
        }
    }

    /// How many bytes before the processor's entry the system keeps one of its own, where it does: the processor's is zero for all that
    /// the processor may not use right now. `shift` is that of the level.
    #[inline(always)]
    pub(super) const fn apart(self, f: &PageFormat, shift: u32) -> Option<u64> {
        match (self, f.arch) {
            (Software::Linux | Software::LinuxOf { .. }, Arch::Arm) if f.entry_size == 4 && shift == 12 => Some(arm::APART),
            _ => None,
        }
    }

    /// The meaning of an invalid, non-zero `entry` (or of the system's own, where that is [`apart`](Self::apart)) that would map `1 << shift` bytes.
    pub(super) fn meaning(self, f: &PageFormat, entry: u64, shift: u32) -> Meaning {
        match (self, f.arch) {
            (Software::None, _) => Meaning::Gone(FaultReason::NotPresent),
            (Software::Windows(entries), arch) if WindowsEntries::knows(arch) => entries.meaning(arch, entry, shift),
            (Software::Windows(_), _) => Meaning::Gone(FaultReason::NotPresent),
            (_, Arch::X86_64) => linux_x86_64(entry, shift),
            (_, Arch::X86Pae) => linux_x86_pae(entry, shift),
            (_, Arch::X86) => linux_x86(entry, shift),
            (Software::LinuxAArch64(swap), Arch::AArch64) => linux_aarch64(f, swap, entry, shift),
            (_, Arch::Arm) => arm::meaning(f, entry, shift, self.version()),
            (_, Arch::RiscV64) => riscv::meaning(f, entry, shift, self.version()),
            _ => Meaning::Gone(FaultReason::NotPresent),
        }
    }
}

/// Swap area and slot, where they can be ones.
fn area_and_slot(area: u64, slot: u64) -> Meaning {
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
    area_and_slot(entry >> 1 & 31, entry >> 9)
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
        return area_and_slot(upper & 31, upper >> 5);
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
    area_and_slot(entry >> 59, (!entry << 5) >> 14)
}

/// AArch64: the valid bit, and the one that tells a table or page from a block.
const ARM_VALID: u64 = 1;
const ARM_TABLE: u64 = 1 << 1;
/// Not global: since 6.10 it marks an entry that is present without being valid (`PTE_PRESENT_INVALID`).
const ARM_NG: u64 = 1 << 11;
/// Execution barred for the kernel and for user code, as in every entry without access (`PAGE_NONE`).
const ARM_PXN_UXN: u64 = 3 << 53;
/// `PTE_PROT_NONE` before 6.10.
const ARM_PROT_NONE: u64 = 1 << 58;
/// `PMD_PRESENT_INVALID` before 6.10: a huge page that is just being split or moved.
const ARM_HUGE_INVALID: u64 = 1 << 59;

/// Linux on AArch64 (arch/arm64/include/asm/pgtable-prot.h, pgtable.h).
///
/// A page without access needs no version to be known by. Bit 58 is never set in an old swap entry. In a new one, which may not have
/// bit 11, it would be bit 46 of a slot: no swap area has so many. An old swap entry with bits 11, 53 and 54 would have a slot
/// beyond 2^45.
fn linux_aarch64(f: &PageFormat, swap: SwapEntry, entry: u64, shift: u32) -> Meaning {
    let gone = Meaning::Gone(FaultReason::NotPresent);
    let levels = f.used_levels();
    let Some(level) = levels.iter().find(|l| l.shift == shift) else { return gone };
    let last = levels.last().is_some_and(|l| l.shift == shift);
    if entry & ARM_VALID != 0 {
        return gone;
    }
    let barred = entry & ARM_PXN_UXN == ARM_PXN_UXN;
    let newer = entry & ARM_NG != 0 && barred;
    let older = entry & (ARM_PROT_NONE | ARM_HUGE_INVALID) != 0 && (entry & ARM_NG != 0 || barred);
    if newer || older {
        // Above the last level a block's form: what has bit 1 would be a table.
        let block = matches!(level.leaf, Leaf::IfClear(_)) && entry & ARM_TABLE == 0;
        if !last && !block {
            return gone;
        }
        return Meaning::Resident(leaf_address(f, level, entry), shift);
    }
    if !last || entry & (ARM_VALID | ARM_TABLE) != 0 {
        return gone;
    }
    let (area, slot) = match swap {
        SwapEntry::Area2 => (entry >> 2 & 0x3f, entry >> 8 & ((1 << 50) - 1)),
        SwapEntry::Area3 => (entry >> 3 & 0x1f, entry >> 8 & ((1 << 50) - 1)),
        SwapEntry::Area6 => (entry >> 6 & 0x1f, entry >> 12 & ((1 << 50) - 1)),
    };
    area_and_slot(area, slot)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::arch::aarch64::{K4_48, K4_52};
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
    fn aarch64_prot_none_of_every_age() {
        let age = |swap| Software::LinuxAArch64(swap);
        let resident = Meaning::Resident(0x4321_5000, 12);
        // 6.1: PROT_NONE | SHARED | AF | nG | PXN | UXN | MT_NORMAL, bit 1 set or not.
        for old in [0x0468_0000_4321_5f40u64, 0x0468_0000_4321_5fc2] {
            assert_eq!(age(SwapEntry::Area3).meaning(&K4_48, old, 12), resident, "{old:#x}");
        }
        // 6.12: nG with PXN and UXN, the valid bit clear.
        assert_eq!(age(SwapEntry::Area6).meaning(&K4_48, 0x0060_0000_4321_5f42, 12), resident);
        // A huge page, and what could not be one.
        let huge = 0x0460_0000_4320_0f40;
        assert_eq!(age(SwapEntry::Area3).meaning(&K4_48, huge, 21), Meaning::Resident(0x4320_0000, 21));
        assert_eq!(age(SwapEntry::Area3).meaning(&K4_48, huge, 39), Meaning::Gone(FaultReason::NotPresent));
        // Address bits that LPA2 keeps in bits 9:8.
        let wide = 0x0060_0000_4321_5842 | 1 << 9;
        assert_eq!(age(SwapEntry::Area6).meaning(&K4_52, wide, 12), Meaning::Resident(0x0008_0000_4321_5000, 12));
    }

    #[test]
    fn aarch64_swap_entries_of_every_age() {
        let swapped = |area, slot| Meaning::Gone(FaultReason::Swapped { area, slot });
        let meaning = |swap, entry| Software::LinuxAArch64(swap).meaning(&K4_48, entry, 12);
        assert_eq!(meaning(SwapEntry::Area2, 3 << 2 | 123 << 8), swapped(3, 123));
        assert_eq!(meaning(SwapEntry::Area3, 3 << 3 | 1 << 2 | 123 << 8), swapped(3, 123));
        assert_eq!(meaning(SwapEntry::Area6, 3 << 6 | 1 << 2 | 1 << 3 | 123 << 12), swapped(3, 123));
        // A migration entry's type is none of an area; slot 0 is the area's header.
        assert_eq!(meaning(SwapEntry::Area3, 30 << 3 | 123 << 8), Meaning::Gone(FaultReason::NotPresent));
        assert_eq!(meaning(SwapEntry::Area6, 3 << 6), Meaning::Gone(FaultReason::NotPresent));
        // Of a level above the last it would be a table.
        assert_eq!(
            Software::LinuxAArch64(SwapEntry::Area6).meaning(&K4_48, 123 << 12, 21),
            Meaning::Gone(FaultReason::NotPresent)
        );
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
