//! Windows on x86 and x86-64: `_MMPTE_TRANSITION`, `_MMPTE_PROTOTYPE`, `_MMPTE_SOFTWARE`.

use super::Meaning;
use crate::engine::fault::FaultReason;

/// `Prototype`, in every form of an entry that is not valid.
const PROTOTYPE: u64 = 1 << 10;
/// `Transition`.
const TRANSITION: u64 = 1 << 11;
/// Frame numbers of x86-64 and PAE in an entry in transition.
const WIDE_FRAME: u64 = 0x0000_ffff_ffff_f000;
const NARROW_FRAME: u64 = 0xffff_f000;

/// The meaning of an invalid, non-zero entry that would map `1 << shift` bytes; `wide` entries have eight bytes.
///
/// Only the last level says where a page is. One level up it is a page table that is in transition or in a page file.
pub(super) fn meaning(entry: u64, shift: u32, wide: bool) -> Meaning {
    if shift != 12 {
        return Meaning::Gone(FaultReason::NotPresent);
    }
    if entry & PROTOTYPE != 0 {
        return Meaning::Gone(FaultReason::Prototype);
    }
    if entry & TRANSITION != 0 {
        return Meaning::Resident(entry & if wide { WIDE_FRAME } else { NARROW_FRAME }, shift);
    }
    // `PageFileHigh` counts pages; on x86 without PAE it has bits 31:12.
    let place = if wide { entry >> 32 } else { entry >> 12 };
    Meaning::Gone(if place == 0 { FaultReason::DemandZero } else { FaultReason::PageFile })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_that_are_not_valid() {
        let gone = |entry, wide| match meaning(entry, 12, wide) {
            Meaning::Gone(reason) => Some(reason),
            _ => None,
        };
        assert_eq!(meaning(0x1_2345_6880, 12, true), Meaning::Resident(0x1_2345_6000, 12));
        assert_eq!(meaning(0x8234_5880, 12, false), Meaning::Resident(0x8234_5000, 12));
        assert_eq!(gone(0x0000_0000_0000_0080, true), Some(FaultReason::DemandZero));
        assert_eq!(gone(0x0000_1234_0000_0080, true), Some(FaultReason::PageFile));
        assert_eq!(gone(0x1234_5080, false), Some(FaultReason::PageFile));
        assert_eq!(gone(0xffff_8000_1234_0400, true), Some(FaultReason::Prototype));
        assert_eq!(meaning(0x1_2345_6880, 21, true), Meaning::Gone(FaultReason::NotPresent));
    }
}
