//! x86 page tables (Intel SDM volume 3A, chapter 4, tables 4-4 to 4-20).

use super::{Arch, Canonical, Extra, Leaf, Level, PageFormat, PermRule, SplitRoots};

const PRESENT: u64 = 1;
const WRITE: u64 = 1 << 1;
const USER: u64 = 1 << 2;
const PAGE_SIZE: u64 = 1 << 7;
const NX: u64 = 1 << 63;

/// Bits 51:12, the widest physical address that the format can hold.
const ADDRESS: u64 = 0x000f_ffff_ffff_f000;

const PERM: PermRule = PermRule { all_write: WRITE, all_user: USER, any_nx: NX, ..PermRule::OPEN };

const fn level(name: &'static str, shift: u32, bits: u32, leaf: Leaf) -> Level {
    Level { name, shift, bits, leaf, ..Level::NONE }
}

/// Between the PAT bit (12) and the page's first address bit, a large page's entry must be zero.
const fn large(name: &'static str, shift: u32) -> Level {
    Level { leaf_reserved: (1 << shift) - (1 << 13), ..level(name, shift, 9, Leaf::IfAny(PAGE_SIZE)) }
}

/// Bit 7 of a PML4 or PML5 entry must be zero.
const fn pointing(name: &'static str, shift: u32) -> Level {
    Level { table_reserved: PAGE_SIZE, ..level(name, shift, 9, Leaf::Never { require: 0 }) }
}

const PT: Level = level("PT", 12, 9, Leaf::Always { require: 0 });

/// With PAE bits 62:52 must be zero in every PDE and PTE (tables 4-9 to 4-11); 4-level paging leaves them to software.
const fn pae(l: Level) -> Level {
    const HIGH: u64 = 0x7ff0_0000_0000_0000;
    Level { leaf_reserved: l.leaf_reserved | HIGH, table_reserved: l.table_reserved | HIGH, ..l }
}

/// 32-bit paging: 4 KiB pages, and 4 MiB pages whose address may have 40 bits (PSE-36).
pub const X86: PageFormat = PageFormat {
    mode: "2-level",
    arch: Arch::X86,
    entry_size: 4,
    va_bits: 32,
    canonical: Canonical::Zero,
    split: SplitRoots::No,
    depth: 2,
    levels: [
        Level {
            // Bits 20:13 are address bits 39:32, bit 21 must be zero.
            leaf_extra: Extra { mask: 0x1f_e000, shift: 19 },
            leaf_reserved: 1 << 21,
            ..level("PD", 22, 10, Leaf::IfAny(PAGE_SIZE))
        },
        level("PT", 12, 10, Leaf::Always { require: 0 }),
        Level::NONE,
        Level::NONE,
        Level::NONE,
    ],
    present: PRESENT,
    present_any: 0,
    address_mask: 0xffff_f000,
    address_shift: 0,
    extra: Extra::NONE,
    forbidden: (0, 0),
    napot: 0,
    root_mask: 0xffff_f000,
    perm: PermRule { any_nx: 0, ..PERM },
};

/// PAE paging: three levels, the first of four entries without permission bits.
pub const X86_PAE: PageFormat = PageFormat {
    mode: "PAE",
    arch: Arch::X86Pae,
    entry_size: 8,
    va_bits: 32,
    canonical: Canonical::Zero,
    split: SplitRoots::No,
    depth: 3,
    levels: [
        Level {
            // Bits 2:1, 8:5 and 63:52 of a PDPTE must be zero; but QEMU's own processor marks bit 5, accessed, as in any entry.
            table_reserved: 0xfff0_0000_0000_01c6,
            permits: false,
            ..level("PDPT", 30, 2, Leaf::Never { require: 0 })
        },
        pae(large("PD", 21)),
        pae(PT),
        Level::NONE,
        Level::NONE,
    ],
    present: PRESENT,
    present_any: 0,
    address_mask: ADDRESS,
    address_shift: 0,
    extra: Extra::NONE,
    forbidden: (0, 0),
    napot: 0,
    root_mask: 0xffff_ffe0,
    perm: PERM,
};

/// 4-level paging: 48-bit addresses; 4 KiB, 2 MiB and 1 GiB pages.
pub const X86_64: PageFormat = PageFormat {
    mode: "4-level",
    arch: Arch::X86_64,
    entry_size: 8,
    va_bits: 48,
    canonical: Canonical::Signed,
    split: SplitRoots::No,
    depth: 4,
    levels: [pointing("PML4", 39), large("PDPT", 30), large("PD", 21), PT, Level::NONE],
    present: PRESENT,
    present_any: 0,
    address_mask: ADDRESS,
    address_shift: 0,
    extra: Extra::NONE,
    forbidden: (0, 0),
    napot: 0,
    root_mask: ADDRESS,
    perm: PERM,
};

/// 5-level paging (LA57): 57-bit addresses.
pub const X86_64_LA57: PageFormat = PageFormat {
    mode: "5-level",
    va_bits: 57,
    depth: 5,
    levels: [pointing("PML5", 48), pointing("PML4", 39), large("PDPT", 30), large("PD", 21), PT],
    ..X86_64
};

/// 4-level paging of a kernel that keeps its own half of the address space below another root while user code runs (Linux's page
/// table isolation, Windows' KVA shadow): the lower half from the user's root, the upper from the kernel's.
pub const X86_64_SPLIT: PageFormat = PageFormat { split: SplitRoots::Yes, ..X86_64 };

/// The same with 5 levels.
pub const X86_64_LA57_SPLIT: PageFormat = PageFormat { split: SplitRoots::Yes, ..X86_64_LA57 };
