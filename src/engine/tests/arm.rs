//! Tables of 32-bit ARM by hand. Bits: Arm ARM DDI 0406C, sections B3.5.1 (short descriptors) and B3.6.1 (long ones).

use super::support::{Hand, nowhere, page};
use crate::arch::Paging;
use crate::engine::FaultReason;

/// AP[2:0] of a small or large page.
const fn ap(bits: u64) -> u64 {
    (bits & 3) << 4 | (bits >> 2) << 9
}

/// Of a section.
const fn section_ap(bits: u64) -> u64 {
    (bits & 3) << 10 | (bits >> 2) << 15
}

#[test]
fn small_and_large_pages() {
    let mut h = Hand::new(Paging::ArmShort);
    // Two tables of the second level in one page, 1 KiB each.
    h.put(0x4000, 4, 0x8400 | 1);
    h.put(0x4004, 4, 0x8800 | 1);
    h.put(0x8400 + 4 * 5, 4, 0x1234_5000 | 2 | ap(0b011));
    for i in 0..16 {
        h.put(0x8800 + 4 * i, 4, 0x0abc_0000 | 1 | ap(0b111) | 1 << 15);
    }
    h.put(0x8800 + 4 * 16, 4, 0);
    let s = h.space(0x4000);
    assert_eq!(page(&s, 0x5678), (0x1234_5678, 4096, "rwxu".into()));
    assert_eq!(page(&s, 0x10_0123), (0x0abc_0123, 65536, "r--u".into()));
    assert_eq!(page(&s, 0x10_f123), (0x0abc_f123, 65536, "r--u".into()));
    assert_eq!(nowhere(&s, 0x11_0000), FaultReason::NotPresent);
    assert_eq!(nowhere(&s, 0x1_0000_0000), FaultReason::NonCanonical);
    // As runs it is one page, not sixteen times sixteen.
    let (runs, _) = super::walker::all(&s, 0, u64::MAX);
    let found: Vec<_> = runs.iter().map(|r| (r.virt.value(), r.phys.value(), r.size, r.page_size)).collect();
    assert_eq!(found, [(0x5000, 0x1234_5000, 0x1000, 0x1000), (0x10_0000, 0x0abc_0000, 0x1_0000, 0x1_0000)]);
}

#[test]
fn sections_and_supersections() {
    let mut h = Hand::new(Paging::ArmShort);
    h.put(0x4000 + 4 * 0xc00, 4, 0x4020_0000 | 2 | section_ap(0b001));
    h.put(0x4000 + 4 * 0xc01, 4, 0x4030_0000 | 2 | section_ap(0b101) | 1 << 4);
    // Address bits 35:32 in 23:20, 39:36 in 8:5.
    for i in 0..16 {
        h.put(0x4000 + 4 * (0xd00 + i), 4, 0x8100_0000 | 0x00a0_0000 | 0x3 << 5 | 1 << 18 | 2 | section_ap(0b001));
    }
    // Privileged code may not execute it (PXN).
    h.put(0x4000 + 4 * 0xe00, 4, 0x4040_0000 | 3 | section_ap(0b001));
    let s = h.space(0x4000);
    assert_eq!(page(&s, 0xc000_8000), (0x4020_8000, 1 << 20, "rwx-".into()));
    assert_eq!(page(&s, 0xc010_8000), (0x4030_8000, 1 << 20, "r---".into()));
    assert_eq!(page(&s, 0xd0fe_dcba), (0x3a_81fe_dcba, 1 << 24, "rwx-".into()));
    assert_eq!(page(&s, 0xd012_3456), (0x3a_8112_3456, 1 << 24, "rwx-".into()));
    assert_eq!(page(&s, 0xe000_0000).2, "rw--");
    let (runs, _) = super::walker::all(&s, 0xd000_0000, 0xd0ff_ffff);
    assert_eq!(runs.len(), 1);
    assert_eq!((runs[0].phys.value(), runs[0].size, runs[0].page_size), (0x3a_8100_0000, 1 << 24, 1 << 24));
}

#[test]
fn access_permissions_of_short_descriptors() {
    let of = |bits: u64, flags: u64| {
        let mut h = Hand::new(Paging::ArmShort);
        h.put(0x4000, 4, 0x8400 | 1);
        h.put(0x8400, 4, 0x9000 | 2 | flags | ap(bits));
        page(&h.space(0x4000), 0).2
    };
    // Table B3-8.
    let told =
        [(0b000, "--x-"), (0b001, "rwx-"), (0b010, "r-xu"), (0b011, "rwxu"), (0b101, "r-x-"), (0b110, "r-xu"), (0b111, "r-xu")];
    for (bits, text) in told {
        assert_eq!(of(bits, 0), text, "{bits:03b}");
    }
    assert_eq!(of(0b011, 1), "rw-u");
    // PXN of a table.
    let mut h = Hand::new(Paging::ArmShort);
    h.put(0x4000, 4, 0x8400 | 1 | 1 << 2);
    h.put(0x8400, 4, 0x9000 | 2 | ap(0b001));
    assert_eq!(page(&h.space(0x4000), 0).2, "rw--");
}

#[test]
fn the_upper_half_may_have_a_root_of_its_own() {
    let mut h = Hand::new(Paging::ArmShortSplit);
    h.put(0x2000, 4, 0x0010_0000 | 2 | section_ap(0b011));
    h.put(0x4000 + 4 * 0x800, 4, 0x0020_0000 | 2 | section_ap(0b001));
    let s = h.space(0x2000).with_upper_root(memsh_plugin::PhysAddr::new(0x4000));
    assert_eq!(page(&s, 0x123).0, 0x10_0123);
    assert_eq!(page(&s, 0x8000_0123).0, 0x20_0123);
    assert_eq!(nowhere(&s, 0x7fff_ffff), FaultReason::NotPresent);
    let (runs, _) = super::walker::all(&s, 0, u64::MAX);
    let found: Vec<_> = runs.iter().map(|r| (r.virt.value(), r.phys.value())).collect();
    assert_eq!(found, [(0, 0x10_0000), (0x8000_0000, 0x20_0000)]);
}

#[test]
fn long_descriptors() {
    let mut h = Hand::new(Paging::ArmLong);
    // The root: four entries, at a multiple of 32.
    h.put(0x1040 + 8 * 3, 8, 0x2000 | 3);
    h.put(0x1040, 8, 0x40_0000_0000 | 1 | 1 << 10);
    h.put(0x2000, 8, 0x3000 | 3);
    h.put(0x2008, 8, 0xff_ffe0_0000 | 1 | 1 << 10 | 1 << 54);
    h.put(0x3000, 8, 0xff_ffff_f000 | 3 | 1 << 6 | 1 << 10);
    h.put(0x3008, 8, 0x9000 | 1);
    h.put(0x3010, 8, 0x9000 | 3 | 1 << 7 | 1 << 53);
    let s = h.space(0x1040);
    assert_eq!(page(&s, 0xc000_0abc), (0xff_ffff_fabc, 4096, "rwxu".into()));
    assert_eq!(page(&s, 0xc020_0abc), (0xff_ffe0_0abc, 2 << 20, "rw--".into()));
    assert_eq!(page(&s, 0x2000_0abc), (0x40_2000_0abc, 1 << 30, "rwx-".into()));
    assert_eq!(page(&s, 0xc000_2000).2, "r---");
    assert_eq!(nowhere(&s, 0xc000_1000), FaultReason::ReservedBits, "no page without bit 1");
    assert_eq!(nowhere(&s, 0x8000_0000), FaultReason::NotPresent);
    assert_eq!(Paging::ArmLong.format().root_of_register(0x009f_0000_4320_6240), 0x4320_6240);
    assert_eq!(Paging::ArmShort.format().root_of_register(0x42a3_806a), 0x42a3_8000);
}
