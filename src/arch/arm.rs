//! Translation tables of 32-bit ARM (Arm ARM DDI 0406C, sections B3.5 and B3.6; DDI 0487, chapter G5).
//!
//! Short descriptors: what an entry is stands in its two lowest bits. Domains (DACR) are left out, and SCTLR.AFE is taken for 0, as
//! Linux has it. A page that only the kernel may write and programs may read counts as read-only: permissions are those of who may
//! reach it at all.

use super::{Arch, Canonical, Extra, Large, Leaf, Level, PageFormat, PermRule, SplitRoots};

/// Access permissions of a section: AP[1:0] at 11:10, AP[2] at 15; XN (4), PXN (0).
const SECTION: PermRule = PermRule {
    leaf_read_any: 3 << 10,
    leaf_write: 1 << 10,
    leaf_user: 1 << 11,
    leaf_read_only: 1 << 15,
    leaf_uxn: 1 << 4,
    leaf_pxn: 1 << 4 | 1,
    ..PermRule::OPEN
};

/// Of a small page: AP[1:0] at 5:4, AP[2] at 9, XN (0). PXN is bit 2 of the entry that points to its table.
const SMALL: PermRule = PermRule {
    leaf_read_any: 3 << 4,
    leaf_write: 1 << 4,
    leaf_user: 1 << 5,
    leaf_read_only: 1 << 9,
    leaf_uxn: 1,
    leaf_pxn: 1,
    table_pxn: 1 << 2,
    ..PermRule::OPEN
};

/// Of a large page: the same, but for XN (15).
const LARGE: PermRule = PermRule { leaf_uxn: 1 << 15, leaf_pxn: 1 << 15, ..SMALL };

/// Short descriptors, one root (TTBCR.N is 0, as with Linux).
pub const SHORT: PageFormat = PageFormat {
    mode: "short descriptors",
    arch: Arch::Arm,
    entry_size: 4,
    va_bits: 32,
    canonical: Canonical::Zero,
    split: SplitRoots::No,
    depth: 2,
    levels: [
        Level {
            name: "L1",
            shift: 20,
            bits: 12,
            // 01 points to a table, 10 maps a section, 11 one that privileged code may not execute.
            leaf: Leaf::IfAny(1 << 1),
            perm: Some(SECTION),
            // A supersection: bits 23:20 are address bits 35:32, bits 8:5 address bits 39:36.
            large: Large {
                mask: 1 << 18,
                value: 1 << 18,
                shift: 24,
                extra: [Extra { mask: 0x00f0_0000, shift: 12 }, Extra { mask: 0x1e0, shift: 31 }],
                perm: None,
            },
            ..Level::NONE
        },
        Level {
            name: "L2",
            shift: 12,
            bits: 8,
            // 01 maps a large page, 10 a small one, 11 one that nobody may execute.
            leaf: Leaf::Always { require: 0 },
            large: Large { mask: 0b11, value: 0b01, shift: 16, extra: [Extra::NONE; 2], perm: Some(LARGE) },
            ..Level::NONE
        },
        Level::NONE,
        Level::NONE,
        Level::NONE,
    ],
    present: 0,
    present_any: 0b11,
    // A table of the second level is 1 KiB.
    address_mask: 0xffff_fc00,
    address_shift: 0,
    extra: Extra::NONE,
    forbidden: (0, 0),
    napot: 0,
    root_mask: 0xffff_c000,
    perm: SMALL,
};

/// Short descriptors, TTBCR.N is 1: addresses from 0x80000000 on are below TTBR1, and TTBR0's table has half the size.
pub const SHORT_SPLIT: PageFormat = PageFormat {
    mode: "short descriptors, split at 2G",
    canonical: Canonical::Below(31),
    split: SplitRoots::Yes,
    root_mask: 0xffff_e000,
    ..SHORT
};

const VALID: u64 = 1;
/// Bit 1: table or page; clear in a block.
const TABLE: u64 = 1 << 1;

const fn long(name: &'static str, shift: u32, bits: u32, leaf: Leaf) -> Level {
    Level { name, shift, bits, leaf, ..Level::NONE }
}

/// Long descriptors (LPAE): three levels, the first of four entries; 40-bit physical addresses. TTBCR.T0SZ and T1SZ are 0, or what
/// they split is below one root all the same, as Linux does it.
pub const LONG: PageFormat = PageFormat {
    mode: "long descriptors",
    arch: Arch::Arm,
    entry_size: 8,
    va_bits: 32,
    canonical: Canonical::Zero,
    split: SplitRoots::No,
    depth: 3,
    levels: [
        long("L1", 30, 2, Leaf::IfClear(TABLE)),
        long("L2", 21, 9, Leaf::IfClear(TABLE)),
        long("L3", 12, 9, Leaf::Always { require: TABLE }),
        Level::NONE,
        Level::NONE,
    ],
    present: VALID,
    present_any: 0,
    address_mask: 0x00ff_ffff_f000,
    address_shift: 0,
    extra: Extra::NONE,
    forbidden: (0, 0),
    napot: 0,
    root_mask: 0x00ff_ffff_ffe0,
    perm: PermRule {
        // APTable[1:0] at 62:61, XNTable (60), PXNTable (59) of table descriptors.
        table_read_only: 1 << 62,
        table_no_user: 1 << 61,
        table_uxn: 1 << 60,
        table_pxn: 1 << 60 | 1 << 59,
        // AP[2:1] at 7:6, XN (54), PXN (53). XN holds for privileged code too.
        leaf_user: 1 << 6,
        leaf_read_only: 1 << 7,
        leaf_uxn: 1 << 54,
        leaf_pxn: 1 << 54 | 1 << 53,
        ..PermRule::OPEN
    },
};
