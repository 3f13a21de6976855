//! RISC-V page tables (Privileged Specification, "Sv32" to "Sv57"; Svnapot).

use super::{Arch, Canonical, Extra, Leaf, Level, MAX_DEPTH, PageFormat, PermRule, SplitRoots};

const VALID: u64 = 1;
const READ: u64 = 1 << 1;
const WRITE: u64 = 1 << 2;
const EXECUTE: u64 = 1 << 3;
const USER: u64 = 1 << 4;
const RWX: u64 = READ | WRITE | EXECUTE;
/// Bits 53:10: the physical page number.
const PPN: u64 = 0x003f_ffff_ffff_fc00;

const PERM: PermRule = PermRule { leaf_read: READ, leaf_write: WRITE, leaf_execute: EXECUTE, leaf_user: USER, ..PermRule::OPEN };

/// The manual numbers levels from the leaf up.
const NAMES: [&str; 5] = ["L0", "L1", "L2", "L3", "L4"];

/// `depth` levels of 9 bits.
#[allow(
    clippy::indexing_slicing,
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    reason = "const fn, evaluated at compile time"
)]
const fn format(mode: &'static str, depth: usize) -> PageFormat {
    let mut levels = [Level::NONE; MAX_DEPTH];
    let mut i = 0;
    while i < depth {
        let up = depth - 1 - i;
        let shift = 12 + 9 * up as u32;
        levels[i] = Level {
            name: NAMES[up],
            shift,
            bits: 9,
            leaf: if up == 0 { Leaf::OnlyIfAny(RWX) } else { Leaf::IfAny(RWX) },
            // A misaligned superpage (low page-number bits set) faults, as do bits 58:54. Bits 60:59 are for software (Svrsw60t59b),
            // and for T-Head's memory types, as are 62:61.
            leaf_reserved: ((1 << (shift - 2)) - (1 << 10)) | 0x07c0_0000_0000_0000,
            // D, A, U (7, 6, 4) and bits 63:54 are reserved in a pointing entry.
            table_reserved: 0xffc0_0000_0000_00d0,
            ..Level::NONE
        };
        i += 1;
    }
    PageFormat {
        mode,
        arch: Arch::RiscV64,
        entry_size: 8,
        va_bits: 12 + 9 * depth as u32,
        canonical: Canonical::Signed,
        split: SplitRoots::No,
        depth,
        levels,
        present: VALID,
        present_any: 0,
        address_mask: PPN,
        address_shift: 2,
        extra: Extra::NONE,
        // W without R is reserved at every level.
        forbidden: (READ | WRITE, WRITE),
        napot: 1 << 63,
        root_mask: 0x00ff_ffff_ffff_f000,
        perm: PERM,
    }
}

/// Sv39: 39-bit addresses, three levels.
pub const SV39: PageFormat = format("Sv39", 3);
/// Sv48: four levels.
pub const SV48: PageFormat = format("Sv48", 4);
/// Sv57: five levels.
pub const SV57: PageFormat = format("Sv57", 5);

/// Sv32 of RV32: two levels of 10 bits, 34-bit physical addresses.
pub const SV32: PageFormat = PageFormat {
    mode: "Sv32",
    arch: Arch::RiscV32,
    entry_size: 4,
    va_bits: 32,
    canonical: Canonical::Zero,
    depth: 2,
    levels: [
        Level {
            name: "L1",
            shift: 22,
            bits: 10,
            leaf: Leaf::IfAny(RWX),
            leaf_reserved: 0xf_fc00,
            table_reserved: 0xd0,
            ..Level::NONE
        },
        Level { name: "L0", shift: 12, bits: 10, leaf: Leaf::OnlyIfAny(RWX), ..Level::NONE },
        Level::NONE,
        Level::NONE,
        Level::NONE,
    ],
    address_mask: 0xffff_fc00,
    napot: 0,
    root_mask: 0x3_ffff_f000,
    ..SV39
};
