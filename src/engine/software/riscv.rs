//! Linux on RISC-V (arch/riscv/include/asm/pgtable-bits.h, pgtable.h).

use super::{Meaning, area_and_slot};
use crate::arch::PageFormat;
use crate::engine::FaultReason;

/// Set in an inaccessible page beside whatever bit says PROT_NONE (GLOBAL today, READ itself before); never in a swapped one.
const READ: u64 = 1 << 1;

pub(super) fn meaning(f: &PageFormat, entry: u64, shift: u32, version: (u16, u16)) -> Meaning {
    let gone = Meaning::Gone(FaultReason::NotPresent);
    if !matches!(shift, 12 | 21 | 30) {
        return gone;
    }
    if entry & READ != 0 {
        let base = (entry & f.address_mask) << f.address_shift;
        return Meaning::Resident(base & !((1 << shift) - 1), shift);
    }
    if shift > 12 {
        return gone;
    }
    // The type moved up when PROT_NONE became the bit for global pages, and again by one for the marker of exclusive pages (6.3).
    let low = match version {
        (6, 3..) | (7.., _) => 7,
        (5, 19..) | (6, _) => 6,
        (0..=4, _) | (5, 0..=15) => 2,
        // Between, which of two it is can't be told from the version.
        _ => return gone,
    };
    area_and_slot(entry >> low & 0x1f, entry >> (low + 5))
}

#[cfg(test)]
mod tests {
    use crate::arch::riscv::SV39;
    use crate::engine::FaultReason;
    use crate::engine::software::{Meaning, Software};

    #[test]
    fn inaccessible_and_swapped_pages() {
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
