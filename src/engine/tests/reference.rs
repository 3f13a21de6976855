//! A plain walk, one function per architecture family, written from the manuals. It shares no constant with `arch`.

use crate::arch::Paging;
use crate::plugins::dummy::tables::Roots;

/// Where an address lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Found {
    pub phys: u64,
    pub size: u64,
    pub read: bool,
    pub write: bool,
    pub execute: bool,
    pub user: bool,
}

/// Reads a little-endian word of so many bytes.
pub type Word<'a> = &'a dyn Fn(u64, u64) -> Option<u64>;

pub fn walk(paging: Paging, word: Word, roots: Roots, va: u64, linux: bool) -> Option<Found> {
    let (lower, upper) = (roots.lower, roots.upper);
    match paging {
        Paging::X86 => x86_32(word, lower, va),
        Paging::X86Pae => x86_pae(word, lower, va),
        Paging::X86_64 => x86_long(word, lower, va, 4, linux),
        Paging::X86_64La57 => x86_long(word, lower, va, 5, linux),
        Paging::X86_64Split => x86_long(word, if bit(va, 63) { upper } else { lower }, va, 4, linux),
        Paging::X86_64La57Split => x86_long(word, if bit(va, 63) { upper } else { lower }, va, 5, linux),
        Paging::AArch64K4B39 => arm(word, lower, upper, va, 4, 39),
        Paging::AArch64K4B48 => arm(word, lower, upper, va, 4, 48),
        Paging::AArch64K4B52 => arm(word, lower, upper, va, 4, 52),
        Paging::AArch64K16B36 => arm(word, lower, upper, va, 16, 36),
        Paging::AArch64K16B47 => arm(word, lower, upper, va, 16, 47),
        Paging::AArch64K16B48 => arm(word, lower, upper, va, 16, 48),
        Paging::AArch64K16B52 => arm(word, lower, upper, va, 16, 52),
        Paging::AArch64K64B42 => arm(word, lower, upper, va, 64, 42),
        Paging::AArch64K64B48 => arm(word, lower, upper, va, 64, 48),
        Paging::AArch64K64B52 => arm(word, lower, upper, va, 64, 52),
        Paging::ArmShort => arm_short(word, lower & 0xffff_c000, va),
        Paging::ArmShortSplit => arm_short(word, if bit(va, 31) { upper } else { lower } & 0xffff_e000, va),
        Paging::ArmLong => arm_long(word, lower, va),
        Paging::Sv32 => riscv32(word, lower, va),
        Paging::Sv39 => riscv64(word, lower, va, 3),
        Paging::Sv48 => riscv64(word, lower, va, 4),
        Paging::Sv57 => riscv64(word, lower, va, 5),
        // Windows: both halves of one page, and no tags.
        Paging::AArch64K4B48Whole if va >> 47 != 0 && va >> 47 != 0x1_ffff => None,
        Paging::AArch64K4B48Whole => arm(word, lower, lower, va, 4, 48),
    }
}

/// Bits `high..=low` of a number.
fn bits(x: u64, high: u32, low: u32) -> u64 {
    (x >> low) % (1u64 << (high - low + 1))
}

fn bit(x: u64, n: u32) -> bool {
    x >> n & 1 == 1
}

/// SDM 3A 4.3, "32-Bit Paging", tables 4-4 to 4-6.
fn x86_32(word: Word, cr3: u64, va: u64) -> Option<Found> {
    if va > 0xffff_ffff {
        return None;
    }
    let pde = word(bits(cr3, 31, 12) * 4096 + bits(va, 31, 22) * 4, 4)?;
    if !bit(pde, 0) {
        return None;
    }
    if bit(pde, 7) {
        if bit(pde, 21) {
            return None;
        }
        let phys = bits(pde, 20, 13) * (1 << 32) + bits(pde, 31, 22) * (1 << 22) + bits(va, 21, 0);
        return Some(Found { phys, size: 4 << 20, read: true, write: bit(pde, 1), execute: true, user: bit(pde, 2) });
    }
    let pte = word(bits(pde, 31, 12) * 4096 + bits(va, 21, 12) * 4, 4)?;
    if !bit(pte, 0) {
        return None;
    }
    Some(Found {
        phys: bits(pte, 31, 12) * 4096 + bits(va, 11, 0),
        size: 4096,
        read: true,
        write: bit(pde, 1) && bit(pte, 1),
        execute: true,
        user: bit(pde, 2) && bit(pte, 2),
    })
}

/// SDM 3A 4.4, "PAE Paging", tables 4-8 to 4-11.
fn x86_pae(word: Word, cr3: u64, va: u64) -> Option<Found> {
    if va > 0xffff_ffff {
        return None;
    }
    let pdpte = word(bits(cr3, 31, 5) * 32 + bits(va, 31, 30) * 8, 8)?;
    if !bit(pdpte, 0) || bits(pdpte, 2, 1) != 0 || bits(pdpte, 8, 5) != 0 || bits(pdpte, 63, 52) != 0 {
        return None;
    }
    let pde = word(bits(pdpte, 51, 12) * 4096 + bits(va, 29, 21) * 8, 8)?;
    if !bit(pde, 0) || bits(pde, 62, 52) != 0 {
        return None;
    }
    if bit(pde, 7) {
        if bits(pde, 20, 13) != 0 {
            return None;
        }
        let phys = bits(pde, 51, 21) * (2 << 20) + bits(va, 20, 0);
        return Some(Found { phys, size: 2 << 20, read: true, write: bit(pde, 1), execute: !bit(pde, 63), user: bit(pde, 2) });
    }
    let pte = word(bits(pde, 51, 12) * 4096 + bits(va, 20, 12) * 8, 8)?;
    if !bit(pte, 0) || bits(pte, 62, 52) != 0 {
        return None;
    }
    Some(Found {
        phys: bits(pte, 51, 12) * 4096 + bits(va, 11, 0),
        size: 4096,
        read: true,
        write: bit(pde, 1) && bit(pte, 1),
        execute: !bit(pde, 63) && !bit(pte, 63),
        user: bit(pde, 2) && bit(pte, 2),
    })
}

/// SDM 3A 4.5, "4-Level Paging and 5-Level Paging", tables 4-14 to 4-20. With `linux`, entries that are not present but PROT_NONE
/// lead to the inverted frame, and nobody may do anything there.
fn x86_long(word: Word, cr3: u64, va: u64, levels: u32, linux: bool) -> Option<Found> {
    let top = 12 + 9 * levels - 1;
    let sign = va >> top;
    if sign != 0 && sign != u64::MAX >> top {
        return None;
    }
    let mut table = bits(cr3, 51, 12) * 4096;
    let (mut write, mut user, mut execute) = (true, true, true);
    for left in (1..=levels).rev() {
        let shift = 12 + 9 * (left - 1);
        let entry = word(table + bits(va, shift + 8, shift) * 8, 8)?;
        let size = 1u64 << shift;
        if !bit(entry, 0) {
            let none = linux && entry != 0 && left <= 3 && bit(entry, 8) && (left == 1 || bit(entry, 7));
            // Before 4.18 the frame was not inverted: no memory lies so high that bit 51 of its address is set.
            let frame = bits(if bits(entry, 51, 51) == 1 { !entry } else { entry }, 51, 12) * 4096;
            let phys = frame - frame % size + va % size;
            return none.then_some(Found { phys, size, read: false, write: false, execute: false, user: false });
        }
        write &= bit(entry, 1);
        user &= bit(entry, 2);
        execute &= !bit(entry, 63);
        let maps = left == 1 || bit(entry, 7);
        if !maps {
            table = bits(entry, 51, 12) * 4096;
            continue;
        }
        if left > 3 || (left > 1 && bits(entry, shift - 1, 13) != 0) {
            return None;
        }
        let phys = bits(entry, 51, shift) * size + va % size;
        return Some(Found { phys, size, read: true, write, execute, user });
    }
    None
}

/// DDI 0487 D8.2 (translation process) and D8.3 (descriptor formats), stage 1; granule in KiB. 52 bits mean FEAT_LPA2 for 4 and
/// 16 KiB, FEAT_LPA for 64 KiB.
fn arm(word: Word, ttbr0: u64, ttbr1: u64, va: u64, granule: u64, va_bits: u32) -> Option<Found> {
    let wide = va_bits == 52;
    let upper = bit(va, 55);
    // Tags of the upper half: those of memory tagging, from 0xf0 on.
    let unused = match upper {
        true => bits(va, 63, 60) == 0xf && bits(va, 55, va_bits) == (1 << (56 - va_bits)) - 1,
        false => bits(va, 55, va_bits) == 0,
    };
    if !unused {
        return None;
    }
    // Lowest address bit that each level resolves, level 3 first.
    let shifts: &[u32] = match granule {
        4 => &[12, 21, 30, 39, 48],
        16 => &[14, 25, 36, 47],
        _ => &[16, 29, 42],
    };
    let index_bits = match granule {
        4 => 9,
        16 => 11,
        _ => 13,
    };
    let used: Vec<(usize, u32)> = shifts.iter().copied().enumerate().filter(|(_, s)| *s < va_bits).collect();
    let mut table = if upper { ttbr1 } else { ttbr0 };
    let (mut ap_table0, mut ap_table1, mut uxn_table, mut pxn_table) = (false, false, false, false);
    for (above, shift) in used.into_iter().rev() {
        let top = (shift + index_bits - 1).min(va_bits - 1);
        let d = word(table.checked_add(bits(va, top, shift) * 8)?, 8)?;
        let oa_low = |from: u32| match (wide, granule) {
            // FEAT_LPA goes with any width of virtual addresses.
            (_, 64) => bits(d, 47, from) << from | bits(d, 15, 12) << 48,
            (false, _) => bits(d, 47, from) << from,
            (true, _) => bits(d, 49, from) << from | bits(d, 9, 8) << 50,
        };
        if !bit(d, 0) {
            return None;
        }
        let level3 = above == 0;
        if !level3 && bit(d, 1) {
            ap_table0 |= bit(d, 61);
            ap_table1 |= bit(d, 62);
            uxn_table |= bit(d, 60);
            pxn_table |= bit(d, 59);
            table = oa_low(shifts[0]);
            continue;
        }
        if level3 {
            // 0b01 is reserved at level 3.
            if !bit(d, 1) {
                return None;
            }
        } else {
            let blocks_up_to = match (granule, wide) {
                (4, true) => 3,
                (4, false) => 2,
                (_, true) => 2,
                (_, false) => 1,
            };
            // RES0 between nT and the address: not what anybody writes.
            if above > blocks_up_to || bits(d, shift - 1, 17) != 0 {
                return None;
            }
        }
        let user = bit(d, 6) && !ap_table0;
        let execute = if user { !bit(d, 54) && !uxn_table } else { !bit(d, 53) && !pxn_table };
        return Some(Found {
            phys: oa_low(shift) + va % (1 << shift),
            size: 1 << shift,
            read: true,
            write: !bit(d, 7) && !ap_table1,
            execute,
            user,
        });
    }
    None
}

/// Privileged specification, "Virtual Address Translation Process" for Sv39, Sv48, Sv57, and Svnapot.
fn riscv64(word: Word, root: u64, va: u64, levels: u32) -> Option<Found> {
    let top = 12 + 9 * levels - 1;
    let sign = va >> top;
    if sign != 0 && sign != u64::MAX >> top {
        return None;
    }
    let mut a = root;
    for i in (0..levels).rev() {
        let shift = 12 + 9 * i;
        let pte = word(a + bits(va, shift + 8, shift) * 8, 8)?;
        let (v, r, w, x, u) = (bit(pte, 0), bit(pte, 1), bit(pte, 2), bit(pte, 3), bit(pte, 4));
        if !v || (w && !r) {
            return None;
        }
        let ppn = bits(pte, 53, 10);
        if !r && !x {
            // A pointer: D, A, U, PBMT, N and the reserved bits are zero; none at the last level.
            if i == 0 || u || bits(pte, 7, 6) != 0 || bits(pte, 63, 54) != 0 {
                return None;
            }
            a = ppn * 4096;
            continue;
        }
        if bits(pte, 58, 54) != 0 {
            return None;
        }
        let mut size = 1u64 << shift;
        if i > 0 && !ppn.is_multiple_of(size / 4096) {
            return None;
        }
        let mut base = ppn * 4096;
        if bit(pte, 63) {
            if i != 0 || ppn % 16 != 8 {
                return None;
            }
            size = 65536;
            base -= base % size;
        }
        return Some(Found { phys: base + va % size, size, read: r, write: w, execute: x, user: u });
    }
    None
}

/// Privileged specification, "Sv32".
fn riscv32(word: Word, root: u64, va: u64) -> Option<Found> {
    if va > 0xffff_ffff {
        return None;
    }
    let one = word(root + bits(va, 31, 22) * 4, 4)?;
    let bad = |pte: u64| !bit(pte, 0) || (bit(pte, 2) && !bit(pte, 1));
    let maps = |pte: u64| bit(pte, 1) || bit(pte, 3);
    let found = |pte: u64, phys: u64, size: u64| {
        Some(Found { phys, size, read: bit(pte, 1), write: bit(pte, 2), execute: bit(pte, 3), user: bit(pte, 4) })
    };
    if bad(one) {
        return None;
    }
    if maps(one) {
        if bits(one, 19, 10) != 0 {
            return None;
        }
        return found(one, bits(one, 31, 20) * (4 << 20) + bits(va, 21, 0), 4 << 20);
    }
    if bit(one, 4) || bit(one, 6) || bit(one, 7) {
        return None;
    }
    let two = word(bits(one, 31, 10) * 4096 + bits(va, 21, 12) * 4, 4)?;
    if bad(two) || !maps(two) {
        return None;
    }
    found(two, bits(two, 31, 10) * 4096 + bits(va, 11, 0), 4096)
}

/// DDI 0406C, figures B3-4 and B3-5, table B3-8 (SCTLR.AFE is 0). A page counts as its user has it, where it has one.
fn arm_short(word: Word, ttbr: u64, va: u64) -> Option<Found> {
    if va >> 32 != 0 {
        return None;
    }
    let first = word(ttbr + bits(va, 31, 20) * 4, 4)?;
    let found = |base: u64, size: u64, ap: u64, xn: bool, pxn: bool| {
        let user = matches!(ap, 2 | 3 | 6 | 7);
        Found {
            phys: base + va % size,
            size,
            read: ap & 3 != 0,
            write: matches!(ap, 1 | 3),
            execute: !(xn || pxn && !user),
            user,
        }
    };
    let ap = |e: u64, low: u32, high: u32| bits(e, low + 1, low) | bits(e, high, high) << 2;
    match bits(first, 1, 0) {
        0 => None,
        1 => {
            let second = word(bits(first, 31, 10) * 1024 + bits(va, 19, 12) * 4, 4)?;
            let (ap, pxn) = (ap(second, 4, 9), bit(first, 2));
            match bits(second, 1, 0) {
                0 => None,
                1 => Some(found(bits(second, 31, 16) << 16, 1 << 16, ap, bit(second, 15), pxn)),
                _ => Some(found(bits(second, 31, 12) << 12, 1 << 12, ap, bit(second, 0), pxn)),
            }
        }
        _ => {
            let (ap, xn, pxn) = (ap(first, 10, 15), bit(first, 4), bit(first, 0));
            if bit(first, 18) {
                let base = bits(first, 31, 24) << 24 | bits(first, 23, 20) << 32 | bits(first, 8, 5) << 36;
                return Some(found(base, 1 << 24, ap, xn, pxn));
            }
            Some(found(bits(first, 31, 20) << 20, 1 << 20, ap, xn, pxn))
        }
    }
}

/// DDI 0406C, figures B3-14 and B3-15.
fn arm_long(word: Word, ttbr: u64, va: u64) -> Option<Found> {
    if va >> 32 != 0 {
        return None;
    }
    let mut table = bits(ttbr, 39, 5) << 5;
    let (mut read_only, mut no_user, mut xn, mut pxn) = (false, false, false, false);
    for (level, (high, low)) in [(31, 30), (29, 21), (20, 12)].into_iter().enumerate() {
        let d = word(table + bits(va, high, low) * 8, 8)?;
        let (valid, kind) = (bit(d, 0), bit(d, 1));
        if !valid || level == 2 && !kind {
            return None;
        }
        if kind && level < 2 {
            table = bits(d, 39, 12) << 12;
            (read_only, no_user) = (read_only || bit(d, 62), no_user || bit(d, 61));
            (xn, pxn) = (xn || bit(d, 60), pxn || bit(d, 59));
            continue;
        }
        let user = bit(d, 6) && !no_user;
        let never = xn || bit(d, 54) || !user && (pxn || bit(d, 53));
        return Some(Found {
            phys: (bits(d, 39, low) << low) + va % (1 << low),
            size: 1 << low,
            read: true,
            write: !(read_only || bit(d, 7)),
            execute: !never,
            user,
        });
    }
    None
}
