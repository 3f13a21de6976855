//! The words in which a page-table format is written down.

use super::Arch;

/// No format has more levels.
pub const MAX_DEPTH: usize = 5;

/// When an entry of a level maps memory rather than pointing to another table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Leaf {
    /// It never maps: it points to a table.
    Never {
        /// Bits without which the entry is invalid (AArch64's descriptor type where a level has no blocks).
        require: u64,
    },
    /// It always maps; `require` are bits that must all be set (AArch64's descriptor type at the last level).
    Always {
        /// Bits without which the entry is invalid.
        require: u64,
    },
    /// It maps when one of these bits is set (x86's PS; RISC-V's R, W, X).
    IfAny(u64),
    /// It maps when one of these bits is set, and is invalid otherwise (RISC-V's last level).
    OnlyIfAny(u64),
    /// It maps when these bits are clear (AArch64's block descriptors).
    IfClear(u64),
}

/// Address bits that an entry keeps away from the others: `(entry & mask) << shift`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Extra {
    /// Bits of the entry.
    pub mask: u64,
    /// How far they move up.
    pub shift: u32,
}

impl Extra {
    /// No such bits.
    pub const NONE: Extra = Extra { mask: 0, shift: 0 };
}

/// Pages that take several entries of a level, each of which holds the whole page (ARM's large pages and supersections).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Large {
    /// Which bits of an entry tell one; 0 where the level has none.
    pub mask: u64,
    /// What they are then.
    pub value: u64,
    /// Log2 of its size.
    pub shift: u32,
    /// Address bits that it keeps elsewhere.
    pub extra: [Extra; 2],
    /// Its permissions, where they are not those of the level.
    pub perm: Option<PermRule>,
}

impl Large {
    /// No such pages.
    pub const NONE: Large = Large { mask: 0, value: 0, shift: 0, extra: [Extra::NONE; 2], perm: None };
}

/// One level of a page-table format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Level {
    /// The manual's name of a table of this level.
    pub name: &'static str,
    /// Lowest bit of the virtual address that indexes this level; a leaf here maps `1 << shift` bytes.
    pub shift: u32,
    /// Number of address bits that index it.
    pub bits: u32,
    /// When an entry maps memory.
    pub leaf: Leaf,
    /// Bits of a leaf entry that must be zero.
    pub leaf_reserved: u64,
    /// Bits of a pointing entry that must be zero.
    pub table_reserved: u64,
    /// Address bits that a leaf keeps elsewhere.
    pub leaf_extra: Extra,
    /// Whether entries of this level take part in permissions (PAE's first level does not).
    pub permits: bool,
    /// Larger pages among its leaves.
    pub large: Large,
    /// What its leaves allow, where that is not the format's rule.
    pub perm: Option<PermRule>,
}

impl Level {
    /// Unused.
    pub const NONE: Level = Level {
        name: "",
        shift: 0,
        bits: 0,
        leaf: Leaf::Never { require: 0 },
        leaf_reserved: 0,
        table_reserved: 0,
        leaf_extra: Extra::NONE,
        permits: true,
        large: Large::NONE,
        perm: None,
    };
}

/// What the bits of entries allow. A mask of 0 takes no part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PermRule {
    /// Writeable only if set in every level.
    pub all_write: u64,
    /// Reachable for user code only if set in every level.
    pub all_user: u64,
    /// Not executable if set in any level.
    pub any_nx: u64,
    /// Read-only if set in any table entry.
    pub table_read_only: u64,
    /// Not for user code if set in any table entry.
    pub table_no_user: u64,
    /// Not executable by user code if set in any table entry.
    pub table_uxn: u64,
    /// Not executable by the kernel if set in any table entry.
    pub table_pxn: u64,
    /// Readable only if set in the leaf.
    pub leaf_read: u64,
    /// Readable only if one of these is set in the leaf.
    pub leaf_read_any: u64,
    /// Writeable only if set in the leaf.
    pub leaf_write: u64,
    /// Executable only if set in the leaf.
    pub leaf_execute: u64,
    /// Reachable for user code only if set in the leaf.
    pub leaf_user: u64,
    /// Read-only if set in the leaf.
    pub leaf_read_only: u64,
    /// Not executable by user code if set in the leaf.
    pub leaf_uxn: u64,
    /// Not executable by the kernel if set in the leaf.
    pub leaf_pxn: u64,
}

impl PermRule {
    /// Everything is allowed.
    pub const OPEN: PermRule = PermRule {
        all_write: 0,
        all_user: 0,
        any_nx: 0,
        table_read_only: 0,
        table_no_user: 0,
        table_uxn: 0,
        table_pxn: 0,
        leaf_read: 0,
        leaf_read_any: 0,
        leaf_write: 0,
        leaf_execute: 0,
        leaf_user: 0,
        leaf_read_only: 0,
        leaf_uxn: 0,
        leaf_pxn: 0,
    };
}

impl PermRule {
    /// Whether this is exactly the rule of x86 with 64-bit entries: R/W and U/S in all levels, XD in any.
    #[inline(always)]
    pub(crate) const fn is_x86(&self) -> bool {
        let open = PermRule { all_write: 0, all_user: 0, any_nx: 0, ..*self };
        self.all_write == 1 << 1 && self.all_user == 1 << 2 && self.any_nx == 1 << 63 && open.is_open()
    }

    const fn is_open(&self) -> bool {
        self.all_write
            | self.all_user
            | self.any_nx
            | self.table_read_only
            | self.table_no_user
            | self.table_uxn
            | self.table_pxn
            | self.leaf_read
            | self.leaf_read_any
            | self.leaf_write
            | self.leaf_execute
            | self.leaf_user
            | self.leaf_read_only
            | self.leaf_uxn
            | self.leaf_pxn
            == 0
    }
}

/// Which virtual addresses exist.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Canonical {
    /// Bits above `va_bits` must be zero.
    Zero,
    /// Bits above `va_bits` must repeat the highest used bit.
    Signed,
    /// Bits above `va_bits` must be zero; addresses with any bit set from this one on are below the upper root (ARM's TTBCR.N).
    Below(u32),
    /// Bits above `va_bits` must be all zero (lower half, its own root) or all one (upper half); the lower half's top byte is a
    /// tag that the processor ignores; the upper half's may be one from 0xf0 on.
    Split,
}

/// Whether one table serves the whole address space.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SplitRoots {
    /// One root.
    No,
    /// The upper half has a root of its own (TTBR1).
    Yes,
}

/// A page-table format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PageFormat {
    /// For people: `4-level`, `Sv39`, `4K 48-bit`.
    pub mode: &'static str,
    /// The architecture it belongs to.
    pub arch: Arch,
    /// Bytes of an entry: 4 or 8.
    pub entry_size: u32,
    /// Number of address bits that are translated.
    pub va_bits: u32,
    /// Which addresses exist.
    pub canonical: Canonical,
    /// One root or two.
    pub split: SplitRoots,
    /// Number of levels in use.
    pub depth: usize,
    /// The levels, the root's first.
    pub levels: [Level; MAX_DEPTH],
    /// Bits of which all must be set for an entry to be valid.
    pub present: u64,
    /// Bits of which one must be set for that (ARM's descriptor type); 0 asks for nothing.
    pub present_any: u64,
    /// Bits of an entry that hold an address...
    pub address_mask: u64,
    /// ...and how far they must move up to be one (RISC-V: 2).
    pub address_shift: u32,
    /// Address bits that every entry keeps elsewhere.
    pub extra: Extra,
    /// Combinations that no entry may have: where `entry & mask` is this value (RISC-V: writeable and not readable). A mask of 0
    /// forbids nothing.
    pub forbidden: (u64, u64),
    /// Of a last-level entry: when set, the page is 16 times as large (RISC-V's Svnapot).
    pub napot: u64,
    /// Bits of a root that hold its physical address; what a register keeps below is not part of it.
    pub root_mask: u64,
    /// Permissions.
    pub perm: PermRule,
}

impl PageFormat {
    /// Bytes of the smallest page.
    pub const fn page_size(&self) -> u64 {
        1 << self.page_shift()
    }

    /// Log2 of the smallest page.
    pub const fn page_shift(&self) -> u32 {
        let mut shift = u32::MAX;
        let mut i = 0;
        while i < self.depth && i < MAX_DEPTH {
            #[allow(clippy::indexing_slicing, reason = "const fn: i < MAX_DEPTH, the array's length")]
            let l = self.levels[i];
            if l.shift < shift {
                shift = l.shift;
            }
            i += 1;
        }
        shift
    }

    /// The levels in use, the root's first.
    pub fn used_levels(&self) -> &[Level] {
        self.levels.get(..self.depth).unwrap_or(&[])
    }

    /// Bytes of a table of the root level.
    pub fn root_size(&self) -> u64 {
        self.used_levels().first().map_or(0, |l| u64::from(self.entry_size) << l.bits)
    }

    /// Bytes of a pointer.
    pub const fn pointer_size(&self) -> u8 {
        if self.va_bits <= 32 { 4 } else { 8 }
    }
}

impl PageFormat {
    /// Bytes of an entry, as a 64-bit number.
    #[inline(always)]
    pub(crate) const fn entry_size_u64(&self) -> u64 {
        if self.entry_size == 4 { 4 } else { 8 }
    }

    /// An address without what AArch64 keeps in the bits that are not translated: a tag (TBI, MTE), or the signature of pointer
    /// authentication. Bit 55 says what these bits are in the address itself.
    pub fn plain(&self, address: u64) -> u64 {
        if self.canonical != Canonical::Split {
            return address;
        }
        let unused = u64::MAX << self.va_bits.min(55);
        if address >> 55 & 1 == 1 { address | unused } else { address & !unused }
    }

    /// The physical address of the root table in a root register (CR3, TTBRn_EL1, satp).
    pub fn root_of_register(&self, register: u64) -> u64 {
        match self.arch {
            Arch::X86 | Arch::X86Pae | Arch::X86_64 => register & self.root_mask,
            // With 52-bit addresses BADDR's top four bits are bits 5:2 of the register.
            Arch::AArch64 if self.extra.mask != 0 => register & 0x0000_ffff_ffff_ffc0 | (register & 0x3c) << 46,
            Arch::AArch64 => register & 0x0000_ffff_ffff_fffe,
            // Below lie attributes of the walk; of a long descriptor's register an ASID above.
            Arch::Arm => register & self.root_mask,
            Arch::RiscV64 => (register & 0x0fff_ffff_ffff) << 12,
            Arch::RiscV32 => (register & 0x3f_ffff) << 12,
        }
    }
}
