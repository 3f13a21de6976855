//! AArch64 stage 1 translation tables (Arm ARM DDI 0487, sections D8.2 and D8.3).

use super::{Arch, Canonical, Extra, Leaf, Level, MAX_DEPTH, PageFormat, PermRule, SplitRoots};

const VALID: u64 = 1;
/// Descriptor bit 1: table or page; clear in a block descriptor.
const TABLE: u64 = 1 << 1;

const PERM: PermRule = PermRule {
    // APTable[1:0] at 62:61, UXNTable (60), PXNTable (59) of table descriptors.
    table_read_only: 1 << 62,
    table_no_user: 1 << 61,
    table_uxn: 1 << 60,
    table_pxn: 1 << 59,
    // AP[2:1] at 7:6, UXN (54), PXN (53) of block and page descriptors.
    leaf_user: 1 << 6,
    leaf_read_only: 1 << 7,
    leaf_uxn: 1 << 54,
    leaf_pxn: 1 << 53,
    ..PermRule::OPEN
};

/// Table 0 of each granule has a name of its own in the manual: the level's number.
const NAMES: [&str; 5] = ["L-1", "L0", "L1", "L2", "L3"];

/// Cuts `va_bits` into levels of a granule of `1 << page` bytes; block mappings from level number `first_block` on.
#[allow(
    clippy::indexing_slicing,
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    reason = "const fn, evaluated at compile time"
)]
const fn format(mode: &'static str, page: u32, va_bits: u32, first_block: usize, wide: Extra) -> PageFormat {
    let stride = page - 3;
    let depth = (va_bits - page).div_ceil(stride) as usize;
    let mut levels = [Level::NONE; MAX_DEPTH];
    let mut i = 0;
    while i < depth {
        let shift = page + stride * (depth - 1 - i) as u32;
        // The manual counts from -1; level 3 is always the last. One is added here.
        let number = 5 - depth + i;
        let bits = if i == 0 { va_bits - shift } else { stride };
        levels[i] = Level {
            name: NAMES[number],
            shift,
            bits,
            leaf: if number == 4 {
                Leaf::Always { require: TABLE }
            } else if number > first_block {
                Leaf::IfClear(TABLE)
            } else {
                Leaf::Never { require: TABLE }
            },
            // From above nT (16) up to the block's first address bit.
            leaf_reserved: if number == 4 { 0 } else { (1 << shift) - (1 << 17) },
            ..Level::NONE
        };
        i += 1;
    }
    PageFormat {
        mode,
        arch: Arch::AArch64,
        entry_size: 8,
        va_bits,
        canonical: Canonical::Split,
        split: SplitRoots::Yes,
        depth,
        levels,
        present: VALID,
        present_any: 0,
        // Bits 47:page, or 49:page with LPA2, whose bits 51:50 are elsewhere.
        address_mask: (if wide.shift == 42 { 0x0004_0000_0000_0000 } else { 0x0001_0000_0000_0000 }) - (1 << page),
        address_shift: 0,
        extra: wide,
        forbidden: (0, 0),
        napot: 0,
        root_mask: root_mask(va_bits - (page + stride * (depth - 1) as u32), wide.mask != 0),
        perm: PERM,
    }
}

/// A root table is aligned to its size, to 64 bytes at least with 52-bit physical addresses. Without them bits 63:48 of a
/// root register are an ASID, not address.
const fn root_mask(bits: u32, wide: bool) -> u64 {
    let size = 8 << bits;
    if wide { 0x0010_0000_0000_0000 - if size < 64 { 64 } else { size } } else { 0x0001_0000_0000_0000 - size }
}

/// 64 KiB granule with 52-bit physical addresses (FEAT_LPA): entry bits 15:12 are address bits 51:48, whatever the width of virtual
/// addresses. They are zero where the processor has 48 bits.
const LPA: Extra = Extra { mask: 0xf000, shift: 36 };
/// 4 KiB and 16 KiB granules with 52-bit addresses (FEAT_LPA2, TCR.DS): entry bits 9:8 are address bits 51:50.
const LPA2: Extra = Extra { mask: 0x300, shift: 42 };

/// 4 KiB granule, 39-bit addresses (three levels).
pub const K4_39: PageFormat = format("4K 39-bit", 12, 39, 1, Extra::NONE);
/// 4 KiB granule, 48-bit addresses.
pub const K4_48: PageFormat = format("4K 48-bit", 12, 48, 1, Extra::NONE);
/// 4 KiB granule, 48-bit addresses, one page for both halves: Windows has TTBR0 at its start and TTBR1 at its middle, each of 47 bits.
pub const K4_48_WHOLE: PageFormat =
    PageFormat { mode: "4K 48-bit, one root", canonical: Canonical::Signed, split: SplitRoots::No, ..K4_48 };
/// 4 KiB granule, 52-bit addresses (five levels).
pub const K4_52: PageFormat = format("4K 52-bit", 12, 52, 0, LPA2);
/// 16 KiB granule, 36-bit addresses.
pub const K16_36: PageFormat = format("16K 36-bit", 14, 36, 2, Extra::NONE);
/// 16 KiB granule, 47-bit addresses.
pub const K16_47: PageFormat = format("16K 47-bit", 14, 47, 2, Extra::NONE);
/// 16 KiB granule, 48-bit addresses.
pub const K16_48: PageFormat = format("16K 48-bit", 14, 48, 2, Extra::NONE);
/// 16 KiB granule, 52-bit addresses.
pub const K16_52: PageFormat = format("16K 52-bit", 14, 52, 1, LPA2);
/// 64 KiB granule, 42-bit addresses.
pub const K64_42: PageFormat = format("64K 42-bit", 16, 42, 2, LPA);
/// 64 KiB granule, 48-bit addresses.
pub const K64_48: PageFormat = format("64K 48-bit", 16, 48, 2, LPA);
/// 64 KiB granule, 52-bit addresses.
pub const K64_52: PageFormat = format("64K 52-bit", 16, 52, 1, LPA);
