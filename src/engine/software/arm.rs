//! Linux on 32-bit ARM (arch/arm/include/asm/pgtable.h, pgtable-2level.h, pgtable-3level.h).
//!
//! With short descriptors a page of tables holds two tables of 256 entries for the processor, and before them the same two with Linux's
//! own entries. The processor's entry is zero for what is not young, inaccessible or swapped: only the other one tells.

use super::{Meaning, area_and_slot};
use crate::arch::PageFormat;
use crate::engine::FaultReason;
use crate::engine::walk::Page;
use memsh_plugin::Perm;

/// `PTE_HWTABLE_OFF`: so far before the processor's tables Linux's begin.
pub(super) const APART: u64 = 2048;

/// Short descriptors, Linux's own entries: `L_PTE_PRESENT`, `_RDONLY`, `_USER`, `_XN`, `_NONE`.
const PRESENT: u64 = 1;
const READ_ONLY: u64 = 1 << 7;
const USER: u64 = 1 << 8;
const NEVER: u64 = 1 << 9;
const NONE: u64 = 1 << 11;
/// Long descriptors: of an inaccessible page's entry only bit 0 is clear (`L_PTE_NONE` clears `L_PTE_VALID`, mm/proc-v7-3level.S).
const LONG_PRESENT: u64 = 3;
const LONG_ADDRESS: u64 = 0x00ff_ffff_f000;

pub(super) fn meaning(f: &PageFormat, entry: u64, shift: u32, version: (u16, u16)) -> Meaning {
    let gone = Meaning::Gone(FaultReason::NotPresent);
    if f.entry_size == 4 {
        if shift != 12 {
            return gone;
        }
        if entry & PRESENT != 0 {
            return short(entry);
        }
    } else if entry & LONG_PRESENT == 2 {
        // A block of the second level is one of 2 MiB; above there are none.
        return match shift {
            12 | 21 => Meaning::Resident(entry & LONG_ADDRESS & !((1 << shift) - 1), shift),
            _ => gone,
        };
    }
    if shift != 12 || entry & 3 != 0 {
        return gone;
    }
    // Bits 6:2 the area since 4.1, above it the slot; 6.3 put the marker of exclusive pages between.
    let (low, high) = match version {
        (6, 3..) | (7.., _) => (2, 8),
        (0..=3, _) | (4, 0) => (3, 8),
        _ => (2, 7),
    };
    area_and_slot(entry >> low & 0x1f, entry >> high)
}

/// A page that Linux counts as present.
fn short(entry: u64) -> Meaning {
    let (base, shift) = (entry & 0xffff_f000, 12);
    if entry & NONE != 0 {
        return Meaning::Resident(base, shift);
    }
    let perm = Perm::READ
        .with(Perm::WRITE, entry & READ_ONLY == 0)
        .with(Perm::EXECUTE, entry & NEVER == 0)
        .with(Perm::USER, entry & USER != 0);
    Meaning::Idle(Page { base, shift, perm })
}

#[cfg(test)]
mod tests {
    use crate::arch::arm::{LONG, SHORT};
    use crate::engine::FaultReason;
    use crate::engine::software::{Meaning, Software};

    #[test]
    fn entries_of_linux_beside_short_descriptors() {
        let linux = Software::LinuxOf { major: 6, minor: 1 };
        assert_eq!((linux.apart(&SHORT, 12), linux.apart(&SHORT, 20), linux.apart(&LONG, 12)), (Some(2048), None, None));
        assert_eq!(Software::None.apart(&SHORT, 12), None);
        let idle = |entry| linux.meaning(&SHORT, entry, 12).page().map(|p| (p.base, p.perm.to_string()));
        // PRESENT | USER | XN, MT_DEV_CACHED; not young.
        assert_eq!(idle(0x4123_4000 | 1 | 0b1011 << 2 | 1 << 8 | 1 << 9), Ok((0x4123_4000, "rw-u".to_owned())));
        assert_eq!(idle(0x4123_4000 | 1 | 1 << 7 | 1 << 8), Ok((0x4123_4000, "r-xu".to_owned())));
        assert_eq!(linux.meaning(&SHORT, 0x4123_4000 | 3 | 1 << 11, 12), Meaning::Resident(0x4123_4000, 12));
        let swapped = |area, slot| Meaning::Gone(FaultReason::Swapped { area, slot });
        assert_eq!(linux.meaning(&SHORT, 77 << 7 | 3 << 2, 12), swapped(3, 77));
        assert_eq!(Software::Linux.meaning(&SHORT, 77 << 8 | 1 << 7 | 3 << 2, 12), swapped(3, 77));
        assert_eq!(Software::LinuxOf { major: 3, minor: 16 }.meaning(&SHORT, 77 << 8 | 3 << 3, 12), swapped(3, 77));
        assert_eq!(linux.meaning(&SHORT, 0x4120_0000, 20), Meaning::Gone(FaultReason::NotPresent));
    }

    #[test]
    fn long_descriptors() {
        let linux = Software::LinuxOf { major: 6, minor: 1 };
        assert_eq!(linux.meaning(&LONG, 0x0240_0001_4123_4f42, 12), Meaning::Resident(0x01_4123_4000, 12));
        assert_eq!(linux.meaning(&LONG, 0x0240_0000_4120_0f42, 21), Meaning::Resident(0x4120_0000, 21));
        assert_eq!(linux.meaning(&LONG, 77 << 7 | 3 << 2, 12), Meaning::Gone(FaultReason::Swapped { area: 3, slot: 77 }));
        assert_eq!(linux.meaning(&LONG, 77 << 7 | 3 << 2, 21), Meaning::Gone(FaultReason::NotPresent));
    }
}
