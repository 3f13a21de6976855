//! Windows on x86 and x86-64: `_MMPTE_TRANSITION`, `_MMPTE_PROTOTYPE`, `_MMPTE_SUBSECTION`, `_MMPTE_SOFTWARE`.

use super::Meaning;
use crate::arch::Arch;
use crate::engine::fault::{FaultReason, PagePlace, Prototype};
use memsh_plugin::{VirtAddr, umem};

const VALID: u64 = 1;
/// `SwizzleBit`, of systems that mask entries.
const SWIZZLE: u64 = 1 << 4;
/// `Prototype`, in every form of an entry that is not valid.
const PROTOTYPE: u64 = 1 << 10;
/// `Transition`.
const TRANSITION: u64 = 1 << 11;
/// `Protection` (bits 9:5) of a page that was decommitted (`MM_DECOMMIT`, WRK mi.h).
const DECOMMITTED: u64 = 0x10;
/// Frame numbers in an entry in transition: 36 bits on x86-64, 26 with PAE, 20 without.
const LONG_FRAME: u64 = 0x0000_ffff_ffff_f000;
const PAE_FRAME: u64 = 0x0000_003f_ffff_f000;
const NARROW_FRAME: u64 = 0xffff_f000;
/// In a valid entry of eight bytes.
const HARDWARE_FRAME: u64 = 0x000f_ffff_ffff_f000;

/// Where an entry keeps the number of its page file (`PageFileLow`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FileNumber {
    /// Not known.
    #[default]
    Unknown,
    /// Bits 4:1, until Windows 10 1803.
    Low,
    /// Bits 9:6, on ARM64.
    Middle,
    /// Bits 15:12.
    High,
}

/// How a Windows kernel writes entries that are not valid.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WindowsEntries {
    /// Where the number of the page file is.
    pub file: FileNumber,
    /// Bits that are set in entries whose swizzle bit is clear, and mean nothing (`MiState.Hardware.InvalidPteMask`): against processors
    /// that guess from entries that are not valid (L1TF). 0: none are. None: not known.
    pub mask: Option<u64>,
    /// Number of the page file that is no file but the store of compressed pages, where known.
    pub store: Option<u32>,
    /// Whether prototype entries of 32-bit systems without PAE are named as since Windows Vista. Before, the name counts from a place
    /// that only the kernel knows.
    pub vista: bool,
}

/// Which prototype entry an entry names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Link {
    /// The one at this address.
    At(VirtAddr),
    /// The one that the process's descriptor of the region names (`MI_PTE_LOOKUP_NEEDED`).
    Region,
    /// It can't be told.
    Unknown,
}

impl WindowsEntries {
    /// The entry without the mask, and whether that is certain.
    fn plain(self, arch: Arch, entry: u64) -> (u64, bool) {
        match self.mask {
            _ if matches!(arch, Arch::X86 | Arch::AArch64) || entry & SWIZZLE != 0 => (entry, true),
            Some(mask) => (entry & !mask, true),
            None => (entry, false),
        }
    }

    /// The meaning of an invalid, non-zero entry that would map `1 << shift` bytes.
    pub(super) fn meaning(self, arch: Arch, entry: u64, shift: u32) -> Meaning {
        let meaning = self.page(arch, entry);
        if shift == 12 {
            return meaning;
        }
        // A page table that is on its way out like any page.
        match meaning {
            Meaning::Resident(table, _) => Meaning::Table(table),
            Meaning::Gone(FaultReason::Prototype(_) | FaultReason::DemandZero) => Meaning::Gone(FaultReason::NotPresent),
            other => other,
        }
    }

    fn page(self, arch: Arch, entry: u64) -> Meaning {
        let (plain, certain) = self.plain(arch, entry);
        if plain & PROTOTYPE != 0 {
            return Meaning::Gone(FaultReason::Prototype(Prototype::Unknown));
        }
        if plain & TRANSITION != 0 {
            // A frame number with the mask in it is beyond all memory, and will not be found there.
            return Meaning::Resident(plain & frame(arch), 12);
        }
        Meaning::Gone(self.elsewhere(arch, plain, certain))
    }

    /// A page that is in no frame: in a page file, or not made yet.
    fn elsewhere(self, arch: Arch, plain: u64, certain: bool) -> FaultReason {
        // `PageFileHigh`: bits 63:32; 31:12 without PAE.
        let page = if arch == Arch::X86 { plain >> 12 } else { plain >> 32 };
        // With PAE nothing uses these bits of a page of zeros.
        let unclear = arch == Arch::X86Pae && page == 0 && plain & 0xffff_8000 != 0;
        if page == 0 && !unclear {
            // A page that was given back while its neighbours were kept.
            let gone = plain >> 5 & 31 == DECOMMITTED;
            return if gone { FaultReason::NotPresent } else { FaultReason::DemandZero };
        }
        let file = match (self.file, arch) {
            (FileNumber::Middle, _) => u32::try_from(plain >> 6 & 15).ok(),
            (FileNumber::Low, _) | (_, Arch::X86) => u32::try_from(plain >> 1 & 15).ok(),
            (FileNumber::High, _) => u32::try_from(plain >> 12 & 15).ok(),
            (FileNumber::Unknown, _) => None,
        };
        let place = PagePlace { file, page: Some(page).filter(|_| certain && !unclear) };
        match file {
            Some(_) if file == self.store => FaultReason::Compressed(place),
            _ => FaultReason::PageFile(place),
        }
    }

    /// The prototype entry that an entry with the prototype bit names.
    pub fn link(self, arch: Arch, entry: u64) -> Link {
        let (plain, certain) = self.plain(arch, entry);
        let address = |number: u64| Link::At(VirtAddr::new(umem::from(number)));
        match arch {
            // With the mask in it or not: it is the region's.
            Arch::X86_64 | Arch::AArch64 | Arch::X86Pae if plain >> 32 == 0xffff_ffff => Link::Region,
            Arch::X86 if plain >> 12 == 0xf_ffff => Link::Region,
            Arch::X86_64 | Arch::X86Pae if !certain => Link::Unknown,
            // 48 bits with their sign; all of them are the kernel's.
            Arch::X86_64 | Arch::AArch64 => address(plain >> 16 | if plain >> 63 == 1 { 0xffff << 48 } else { 0 }),
            Arch::X86Pae => address(plain >> 32),
            // Eight bits and 21 of an address of the upper half that is a multiple of four.
            Arch::X86 if self.vista => address(0x8000_0000 | plain >> 1 & 0x7fff_fc00 | plain << 1 & 0x3fc),
            _ => Link::Unknown,
        }
    }

    /// Whether entries that are not valid can be understood in this format.
    pub fn knows(arch: Arch) -> bool {
        matches!(arch, Arch::X86_64 | Arch::X86Pae | Arch::X86 | Arch::AArch64)
    }

    /// Where the page of a prototype entry is: its frame's first byte, and whether the frame is in use (or on its way out).
    ///
    /// # Errors
    /// Why it has no frame.
    pub fn shared(self, arch: Arch, entry: u64) -> Result<(u64, bool), FaultReason> {
        if entry == 0 {
            return Err(FaultReason::Prototype(Prototype::Empty));
        }
        if entry & VALID != 0 {
            return Ok((entry & hardware(arch), true));
        }
        // An address of a subsection and nothing else (Windows 11): frames and page files have no such numbers.
        if matches!(arch, Arch::X86_64 | Arch::AArch64) && entry >> 47 == 0x1_ffff && entry & 15 == 0 {
            return Err(FaultReason::Prototype(Prototype::InFile));
        }
        match self.page(arch, entry) {
            Meaning::Resident(frame, _) => Ok((frame, false)),
            // In a prototype entry the bit says that the page is where its subsection has it: in the file.
            Meaning::Gone(FaultReason::Prototype(_)) => Err(FaultReason::Prototype(Prototype::InFile)),
            Meaning::Gone(reason) => Err(reason),
            _ => Err(FaultReason::Prototype(Prototype::Unknown)),
        }
    }
}

/// The frame in a valid entry.
const fn hardware(arch: Arch) -> u64 {
    match arch {
        Arch::X86 => NARROW_FRAME,
        Arch::AArch64 => LONG_FRAME,
        _ => HARDWARE_FRAME,
    }
}

/// The frame in an entry in transition.
const fn frame(arch: Arch) -> u64 {
    match arch {
        Arch::X86_64 | Arch::AArch64 => LONG_FRAME,
        Arch::X86Pae => PAE_FRAME,
        _ => NARROW_FRAME,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OLD: WindowsEntries = WindowsEntries { file: FileNumber::Low, mask: Some(0), store: None, vista: true };
    const NEW: WindowsEntries = WindowsEntries { file: FileNumber::High, mask: Some(1 << 45), store: Some(2), vista: true };

    fn in_file(file: u32, page: Option<u64>) -> Meaning {
        Meaning::Gone(FaultReason::PageFile(PagePlace { file: Some(file), page }))
    }

    #[test]
    fn entries_that_are_not_valid() {
        let gone = |reason| Meaning::Gone(reason);
        assert_eq!(OLD.meaning(Arch::X86_64, 0x1_2345_6880, 12), Meaning::Resident(0x1_2345_6000, 12));
        assert_eq!(OLD.meaning(Arch::X86, 0x8234_5880, 12), Meaning::Resident(0x8234_5000, 12));
        assert_eq!(OLD.meaning(Arch::X86Pae, 0xffff_ffc1_2345_6880, 12), Meaning::Resident(0x1_2345_6000, 12));
        assert_eq!(OLD.meaning(Arch::X86_64, 0x80, 12), gone(FaultReason::DemandZero));
        assert_eq!(OLD.meaning(Arch::X86_64, 0x200, 12), gone(FaultReason::NotPresent));
        // A guard page that nobody touched.
        assert_eq!(OLD.meaning(Arch::X86, 0x280, 12), gone(FaultReason::DemandZero));
        assert_eq!(OLD.meaning(Arch::X86_64, 0x1d18_0000_0082, 12), in_file(1, Some(0x1d18)));
        assert_eq!(OLD.meaning(Arch::X86, 0x1234_5086, 12), in_file(3, Some(0x1_2345)));
        assert_eq!(OLD.meaning(Arch::X86Pae, 0x1d18_0000_0080, 12), in_file(0, Some(0x1d18)));
        // What no system writes is in a page file without a place that could be read.
        assert_eq!(OLD.meaning(Arch::X86Pae, 0x1d1_8080, 12), in_file(0, None));
        let prototype = gone(FaultReason::Prototype(Prototype::Unknown));
        assert_eq!(OLD.meaning(Arch::X86_64, 0xffff_8000_1234_0400, 12), prototype);
    }

    #[test]
    fn entries_of_arm64() {
        let arm = WindowsEntries { file: FileNumber::Middle, mask: Some(0), store: None, vista: true };
        assert_eq!(arm.meaning(Arch::AArch64, 0x1_2345_6880, 12), Meaning::Resident(0x1_2345_6000, 12));
        assert_eq!(arm.meaning(Arch::AArch64, 0x80, 12), Meaning::Gone(FaultReason::DemandZero));
        assert_eq!(arm.meaning(Arch::AArch64, 0x1d18_0000_00c4, 12), in_file(3, Some(0x1d18)));
        let at = Link::At(VirtAddr::new(umem::from(0xffff_8a01_2345_6780u64)));
        assert_eq!(arm.link(Arch::AArch64, 0x8a01_2345_6780_0480), at);
        // `Writable`, bits for execution and the like are above the frame.
        assert_eq!(arm.shared(Arch::AArch64, 0x00e0_0000_1234_5743), Ok((0x1234_5000, true)));
    }

    #[test]
    fn page_tables_are_pages_too() {
        assert_eq!(OLD.meaning(Arch::X86_64, 0x1_2345_6880, 21), Meaning::Table(0x1_2345_6000));
        assert_eq!(OLD.meaning(Arch::X86_64, 0x1_2345_6880, 39), Meaning::Table(0x1_2345_6000));
        assert_eq!(OLD.meaning(Arch::X86_64, 0x1d18_0000_0082, 21), in_file(1, Some(0x1d18)));
        assert_eq!(OLD.meaning(Arch::X86_64, 0xffff_8000_1234_0400, 21), Meaning::Gone(FaultReason::NotPresent));
        assert_eq!(OLD.meaning(Arch::X86_64, 0x80, 21), Meaning::Gone(FaultReason::NotPresent));
    }

    #[test]
    fn the_mask_is_taken_off_where_the_swizzle_bit_is_clear() {
        let masked = 0x2000_0000_0000;
        assert_eq!(NEW.meaning(Arch::X86_64, masked | 0x1234_5880, 12), Meaning::Resident(0x1234_5000, 12));
        assert_eq!(NEW.meaning(Arch::X86_64, masked | 0x1234_5890, 12), Meaning::Resident(masked | 0x1234_5000, 12));
        assert_eq!(NEW.meaning(Arch::X86_64, masked | 0x1d18_0000_1084, 12), in_file(1, Some(0x1d18)));
        assert_eq!(NEW.meaning(Arch::X86_64, masked | 0x1d18_0000_1094, 12), in_file(1, Some(0x3d18)));
        let store = PagePlace { file: Some(2), page: Some(7) };
        assert_eq!(NEW.meaning(Arch::X86_64, 0x7_0000_2094, 12), Meaning::Gone(FaultReason::Compressed(store)));
        // Not known: the place is not told, where it could be wrong.
        let unknown = WindowsEntries { mask: None, ..NEW };
        assert_eq!(unknown.meaning(Arch::X86_64, masked | 0x1d18_0000_1084, 12), in_file(1, None));
        assert_eq!(unknown.meaning(Arch::X86_64, masked | 0x1d18_0000_1094, 12), in_file(1, Some(0x3d18)));
        assert_eq!(unknown.link(Arch::X86_64, 0x8a01_2345_6780_0480), Link::Unknown);
    }

    #[test]
    fn links_to_prototype_entries() {
        let at = |number: u64| Link::At(VirtAddr::new(umem::from(number)));
        assert_eq!(OLD.link(Arch::X86_64, 0x8a01_2345_6780_0480), at(0xffff_8a01_2345_6780));
        assert_eq!(OLD.link(Arch::X86_64, 0xffff_ffff_0000_0480), Link::Region);
        // One that leads to the user's half is told as it is: whoever follows it looks where it leads.
        assert_eq!(OLD.link(Arch::X86_64, 0x0001_2345_6780_0480), at(0x0000_0001_2345_6780));
        assert_eq!(OLD.link(Arch::X86Pae, 0x9123_4568_0000_0400), at(0x9123_4568));
        assert_eq!(OLD.link(Arch::X86Pae, 0xffff_ffff_0000_0480), Link::Region);
        // 0x8123_4564: bits 30:10 in 31:11, bits 9:2 in 8:1.
        let low = (0x8123_4564 & 0x3fc) >> 1 | (0x0123_4564 & 0x7fff_fc00) << 1;
        assert_eq!(OLD.link(Arch::X86, low | 0x400), at(0x8123_4564));
        assert_eq!(WindowsEntries { vista: false, ..OLD }.link(Arch::X86, low | 0x400), Link::Unknown);
        assert_eq!(OLD.link(Arch::X86, 0xffff_f480), Link::Region);
        // A masked one.
        assert_eq!(NEW.link(Arch::X86_64, 0x8a01_2345_6780_0480 | 1 << 45), at(0xffff_8a01_0345_6780));
    }

    #[test]
    fn prototype_entries() {
        assert_eq!(OLD.shared(Arch::X86_64, 0x8000_0000_1234_5121), Ok((0x1234_5000, true)));
        assert_eq!(OLD.shared(Arch::X86_64, 0x1234_5880), Ok((0x1234_5000, false)));
        let prototype = |p| Err(FaultReason::Prototype(p));
        assert_eq!(OLD.shared(Arch::X86_64, 0), prototype(Prototype::Empty));
        assert_eq!(OLD.shared(Arch::X86_64, 0x8a01_2345_6780_0480), prototype(Prototype::InFile));
        // The address of a subsection as it is, whatever its bits.
        assert_eq!(OLD.shared(Arch::X86_64, 0xffff_8a01_2345_6880), prototype(Prototype::InFile));
        assert_eq!(OLD.shared(Arch::X86_64, 0x80), Err(FaultReason::DemandZero));
        let place = PagePlace { file: Some(0), page: Some(0x1d18) };
        assert_eq!(OLD.shared(Arch::X86_64, 0x1d18_0000_0080), Err(FaultReason::PageFile(place)));
    }
}
