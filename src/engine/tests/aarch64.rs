//! AArch64 tables by hand. Bits: Arm ARM DDI 0487, D8.3 "Translation table descriptor formats" and D8.4 "Memory access control".

use super::support::{Hand, nowhere, page};
use crate::arch::Paging;
use crate::engine::FaultReason;
use memsh_plugin::PhysAddr;

/// Access flag.
const AF: u64 = 1 << 10;
const UXN: u64 = 1 << 54;
const PXN: u64 = 1 << 53;
const USER: u64 = 1 << 6;
const READ_ONLY: u64 = 1 << 7;

/// A page (or block) of each size of a format, at an address whose indices are all different.
fn sizes(paging: Paging, levels: &[(u32, u32)], blocks: &[u32], no_blocks: &[u32]) {
    let granule = 1u64 << levels.last().unwrap().0;
    // Index 1 at the top, 2 below, ...: shift and first table of each level.
    let va: u64 = levels.iter().enumerate().map(|(i, (shift, _))| (i as u64 + 1) << shift).sum();
    let table = |i: usize| 0x10_0000 + i as u64 * granule;
    for (depth, &(shift, _)) in levels.iter().enumerate() {
        let mut h = Hand::new(paging);
        for i in 0..depth {
            h.put(table(i) + 8 * (i as u64 + 1), 8, table(i + 1) | 3);
        }
        let last = depth + 1 == levels.len();
        // Bit 1 is clear in a block, set in a page; the address is page number 5.
        let oa = (5u64 << shift) & 0x0000_ffff_ffff_ffff;
        h.put(table(depth) + 8 * (depth as u64 + 1), 8, oa | AF | USER | if last { 3 } else { 1 });
        let s = h.space(table(0));
        if last || blocks.contains(&shift) {
            let expect = oa | (va & ((1 << shift) - 1)) | 0x21;
            assert_eq!(page(&s, va | 0x21), (expect, 1 << shift, "rwxu".into()), "{paging:?}, {shift}");
        } else {
            assert!(no_blocks.contains(&shift), "{paging:?}: {shift} is in neither list");
            assert_eq!(nowhere(&s, va), FaultReason::ReservedBits, "{paging:?}: no block of 1 << {shift}");
        }
    }
}

#[test]
fn granules_and_sizes() {
    // Table D8-11 and following: bits that each level resolves; where blocks are allowed.
    sizes(Paging::AArch64K4B39, &[(30, 9), (21, 9), (12, 9)], &[30, 21], &[]);
    sizes(Paging::AArch64K4B48, &[(39, 9), (30, 9), (21, 9), (12, 9)], &[30, 21], &[39]);
    sizes(Paging::AArch64K4B52, &[(48, 4), (39, 9), (30, 9), (21, 9), (12, 9)], &[39, 30, 21], &[48]);
    sizes(Paging::AArch64K16B36, &[(25, 11), (14, 11)], &[25], &[]);
    sizes(Paging::AArch64K16B47, &[(36, 11), (25, 11), (14, 11)], &[25], &[36]);
    sizes(Paging::AArch64K16B48, &[(47, 1), (36, 11), (25, 11), (14, 11)], &[25], &[47, 36]);
    sizes(Paging::AArch64K16B52, &[(47, 5), (36, 11), (25, 11), (14, 11)], &[36, 25], &[47]);
    sizes(Paging::AArch64K64B42, &[(29, 13), (16, 13)], &[29], &[]);
    sizes(Paging::AArch64K64B48, &[(42, 6), (29, 13), (16, 13)], &[29], &[42]);
    sizes(Paging::AArch64K64B52, &[(42, 10), (29, 13), (16, 13)], &[42, 29], &[]);
}

#[test]
fn the_upper_half_has_a_root_of_its_own() {
    let mut h = Hand::new(Paging::AArch64K4B48);
    for (root, frame) in [(0x1000u64, 0x8_0000u64), (0x5000, 0x9_0000)] {
        h.chain(root, &[root + 0x1000, root + 0x2000, root + 0x3000], 3);
        h.put(root + 0x3000 + 8, 8, frame | AF | 3);
    }
    let s = h.space(0x1000).with_upper_root(PhysAddr::new(0x5000));
    assert_eq!(page(&s, 0x1008).0, 0x8_0008);
    assert_eq!(page(&s, 0xffff_0000_0000_1008).0, 0x9_0008);
    // Bit 47 is an ordinary address bit of both halves.
    assert_eq!(nowhere(&s, 0x8000_0000_0000), FaultReason::NotPresent);
    assert_eq!(nowhere(&s, 0xffff_8000_0000_0000), FaultReason::NotPresent);
    assert_eq!(nowhere(&s, 0x0001_0000_0000_0000), FaultReason::NonCanonical);
    assert_eq!(nowhere(&s, 0xfffe_ffff_ffff_ffff), FaultReason::NonCanonical);
    // A kernel with memory tagging has its tags in bits 59:56.
    assert_eq!(page(&s, 0xf4ff_0000_0000_1008).0, 0x9_0008);
    assert_eq!(nowhere(&s, 0xf4fe_0000_0000_1008), FaultReason::NonCanonical);
    assert_eq!(nowhere(&s, 0x00ff_0000_0000_1008), FaultReason::NonCanonical);
    // D8.9 "Address tagging": the top byte of the lower half is ignored.
    assert_eq!(page(&s, 0xb400_0000_0000_1008).0, 0x8_0008);
    assert_eq!(nowhere(&s, 0xb401_0000_0000_1008), FaultReason::NonCanonical);
    // Another process keeps the kernel's root.
    let other = s.with_root(PhysAddr::new(0x7000));
    assert_eq!(page(&other, 0xffff_0000_0000_1008).0, 0x9_0008);
    let (runs, _) = super::walker::all(&s, 0, u64::MAX);
    assert_eq!(runs.iter().map(|r| r.virt.value() as u64).collect::<Vec<_>>(), [0x1000, 0xffff_0000_0000_1000]);
}

#[test]
fn signatures_and_tags_are_taken_off() {
    let plain = |paging: Paging, address| paging.format().plain(address);
    assert_eq!(plain(Paging::AArch64K4B48, 0x1234_8000_1000_0000 | 1 << 55), 0xffff_8000_1000_0000);
    assert_eq!(plain(Paging::AArch64K4B39, 0xc5bf_ffc0_0821_0000), 0xffff_ffc0_0821_0000);
    assert_eq!(plain(Paging::AArch64K4B52, 0xae8f_ae0f_e361_0008), 0xffff_ae0f_e361_0008);
    assert_eq!(plain(Paging::AArch64K4B48, 0xb46a_0000_0040_1000), 0x40_1000);
    assert_eq!(plain(Paging::AArch64K4B48, 0xffff_8000_1000_0000), 0xffff_8000_1000_0000);
    assert_eq!(plain(Paging::X86_64, 0xb46a_0000_0040_1000), 0xb46a_0000_0040_1000);
}

#[test]
fn tables_take_permissions_away() {
    // D8.4: APTable[1] (62) no writes, APTable[0] (61) no EL0, UXNTable (60), PXNTable (59).
    let allowed = |table: u64, leaf: u64| {
        let mut h = Hand::new(Paging::AArch64K4B48);
        h.put(0x1000, 8, 0x2000 | 3);
        h.put(0x2000, 8, 0x3000 | 3 | table);
        h.put(0x3000, 8, 0x4000 | 3);
        h.put(0x4000, 8, 0x9000 | AF | 3 | leaf);
        page(&h.space(0x1000), 0).2
    };
    assert_eq!(allowed(0, USER), "rwxu");
    assert_eq!(allowed(0, USER | READ_ONLY), "r-xu");
    assert_eq!(allowed(0, USER | UXN), "rw-u");
    assert_eq!(allowed(0, USER | PXN), "rwxu", "PXN bars the kernel, and this is a page of the user's");
    assert_eq!(allowed(0, PXN | UXN), "rw--");
    assert_eq!(allowed(0, UXN), "rwx-", "code of the kernel");
    assert_eq!(allowed(1 << 62, USER), "r-xu");
    assert_eq!(allowed(1 << 61, USER), "rwx-");
    assert_eq!(allowed(1 << 60, USER), "rw-u");
    assert_eq!(allowed(1 << 59, USER), "rwxu");
    assert_eq!(allowed(1 << 59, UXN), "rw--");
}

#[test]
fn the_access_flag_is_not_needed() {
    // A system that ages pages clears it; the page is there all the same.
    let mut h = Hand::new(Paging::AArch64K4B39);
    h.chain(0x1000, &[0x2000, 0x3000], 3);
    h.put(0x3000, 8, 0x9000 | 3);
    assert_eq!(page(&h.space(0x1000), 0).0, 0x9000);
}

#[test]
fn high_address_bits_with_lpa() {
    // 64 KiB granule, FEAT_LPA: descriptor bits 15:12 are address bits 51:48, in tables too.
    let mut h = Hand::new(Paging::AArch64K64B52);
    h.put(0x000f_0000_0001_0000, 8, 0x2_0000 | 0xf000 | 3);
    h.put(0x000f_0000_0002_0000, 8, 0x3_0000 | 0xf000 | 3);
    h.put(0x000f_0000_0003_0000, 8, 0x0000_1234_5678_0000 | 0xa000 | AF | 3);
    h.put(0x000f_0000_0003_0008, 8, 0x0000_1234_5678_0000 | AF | 3);
    let s = h.space(0x000f_0000_0001_0000);
    assert_eq!(page(&s, 0x42).0, 0x000a_1234_5678_0042);
    assert_eq!(page(&s, 0x1_0042).0, 0x0000_1234_5678_0042);
    // BADDR's top bits are bits 5:2 of TTBR.
    let f = Paging::AArch64K64B52.format();
    assert_eq!(f.root_of_register(0x00ab_0000_0001_003d), 0x000f_0000_0001_0000);
}

#[test]
fn high_address_bits_with_lpa2() {
    // 4 and 16 KiB granules, TCR.DS: bits 49:12 in place, bits 51:50 are descriptor bits 9:8.
    let mut h = Hand::new(Paging::AArch64K4B52);
    h.put(0x1000, 8, 0x2000 | 3);
    h.put(0x2000, 8, 0x3000 | 0x100 | 3); // -> 0x0004_0000_0000_3000
    h.put(0x0004_0000_0000_3000, 8, 0x4000 | 3);
    h.chain(0x4000, &[0x5000], 3);
    h.put(0x5000, 8, 0x0003_ffff_ffff_f000 | 0x300 | AF | 3);
    assert_eq!(page(&h.space(0x1000), 0x42).0, 0x000f_ffff_ffff_f042);
    // Without DS bits 9:8 are shareability.
    let mut h = Hand::new(Paging::AArch64K4B39);
    h.chain(0x1000, &[0x2000, 0x3000], 3);
    h.put(0x3000, 8, 0x9000 | 0x300 | AF | 3);
    assert_eq!(page(&h.space(0x1000), 0).0, 0x9000);
}

#[test]
fn a_root_register_holds_an_asid() {
    let f = Paging::AArch64K4B48.format();
    assert_eq!(f.root_of_register(0xabcd_0000_4010_0001), 0x4010_0000);
    let mut h = Hand::new(Paging::AArch64K4B39);
    h.put(0x1000, 8, 0x4000_0000 | AF | 1);
    assert_eq!(page(&h.space(0x000d_0000_0000_1001), 0x10), (0x4000_0010, 1 << 30, "rwx-".into()));
}

#[test]
fn reserved_descriptors() {
    // Level 3 with bit 1 clear.
    let mut h = Hand::new(Paging::AArch64K4B39);
    h.chain(0x1000, &[0x2000, 0x3000], 3);
    h.put(0x3000, 8, 0x9000 | AF | 1);
    h.put(0x3008, 8, 0x9000 | AF | 2);
    let s = h.space(0x1000);
    assert_eq!(nowhere(&s, 0), FaultReason::ReservedBits);
    assert_eq!(nowhere(&s, 0x1000), FaultReason::NotPresent);
}
