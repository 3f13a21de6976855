//! RISC-V tables by hand. Bits: Privileged Specification, "Sv32" to "Sv57", "Svnapot".

use super::support::{Hand, nowhere, page};
use crate::arch::Paging;
use crate::engine::FaultReason;

/// V, R, W, X, U.
const V: u64 = 1;
const R: u64 = 2;
const W: u64 = 4;
const X: u64 = 8;
const U: u64 = 16;

/// A page number where an entry keeps it.
const fn ppn(pa: u64) -> u64 {
    pa >> 12 << 10
}

#[test]
fn sv32_has_34_bits() {
    let mut h = Hand::new(Paging::Sv32);
    h.put(0x1000 + 4, 4, ppn(0x2000) | V);
    h.put(0x2000 + 8, 4, 0xffff_fc00 | V | R | W | U);
    h.put(0x1000 + 8, 4, ppn(0x3_0040_0000) | V | R | X);
    h.put(0x1000 + 12, 4, ppn(0x3_0040_1000) | V | R | X);
    let s = h.space(0x1000);
    assert_eq!(page(&s, 0x0040_2abc), (0x3_ffff_fabc, 4096, "rw-u".into()));
    assert_eq!(page(&s, 0x0081_2345), (0x3_0041_2345, 4 << 20, "r-x-".into()));
    assert_eq!(nowhere(&s, 0x00c0_0000), FaultReason::ReservedBits, "a misaligned superpage");
    assert_eq!(Paging::Sv32.format().root_of_register(0x8000_0000 | 0x1ff << 22 | 0x3f_0001), 0x3_f000_1000);
}

/// Pages of every size of a 64-bit format: levels 2, 3, ... up.
fn sizes(paging: Paging, levels: u32) {
    for leaf in 0..levels {
        let mut h = Hand::new(paging);
        let va: u64 = (0..levels).map(|i| u64::from(i + 1) << (12 + 9 * i)).sum();
        let table = |i: u32| 0x1000 * u64::from(i + 1);
        for i in (leaf + 1..levels).rev() {
            h.put(table(i) + 8 * u64::from(i + 1), 8, ppn(table(i - 1)) | V);
        }
        let shift = 12 + 9 * leaf;
        let pa = 3u64 << shift;
        h.put(table(leaf) + 8 * u64::from(leaf + 1), 8, ppn(pa) | V | R | X | U | 0xc0);
        let s = h.space(table(levels - 1));
        let expect = pa | (va & ((1 << shift) - 1)) | 0x12;
        assert_eq!(page(&s, va | 0x12), (expect, 1 << shift, "r-xu".into()), "{paging:?}, level {leaf}");
    }
}

#[test]
fn sv39_sv48_sv57_and_their_superpages() {
    sizes(Paging::Sv39, 3);
    sizes(Paging::Sv48, 4);
    sizes(Paging::Sv57, 5);
}

fn sv39(entry: u64) -> crate::engine::AddressSpace {
    let mut h = Hand::new(Paging::Sv39);
    h.put(0x1000, 8, ppn(0x2000) | V);
    h.put(0x2000, 8, ppn(0x3000) | V);
    h.put(0x3000, 8, entry);
    h.space(0x1000)
}

#[test]
fn permissions_are_the_leaf_s() {
    for (bits, text) in [(R, "r---"), (R | W, "rw--"), (X, "--x-"), (R | X | U, "r-xu"), (R | W | X | U, "rwxu")] {
        assert_eq!(page(&sv39(ppn(0x9000) | V | bits), 0).2, text);
    }
}

#[test]
fn encodings_that_are_reserved() {
    for entry in [V | W, V | W | X, V | R | 1 << 54, V | R | 1 << 58] {
        assert_eq!(nowhere(&sv39(ppn(0x9000) | entry), 0), FaultReason::ReservedBits, "{entry:#x}");
    }
    assert_eq!(nowhere(&sv39(ppn(0x9000) | V), 0), FaultReason::ReservedBits, "a pointer at the last level");
    assert_eq!(nowhere(&sv39(ppn(0x9000) | R), 0), FaultReason::NotPresent);
    // Neither PBMT (62:61) nor what is left to software (60:59, Svrsw60t59b) is address.
    for bit in 59..=62 {
        assert_eq!(page(&sv39(ppn(0x9000) | V | R | 1 << bit), 0).0, 0x9000);
    }
    for bit in [4, 6, 7, 54, 61, 63] {
        let mut h = Hand::new(Paging::Sv39);
        h.put(0x1000, 8, ppn(0x2000) | V | 1 << bit);
        h.put(0x1008, 8, ppn(0x8000_0000) | V | W);
        h.put(0x1010, 8, ppn(0x8000_1000) | V | R);
        let s = h.space(0x1000);
        assert_eq!(nowhere(&s, 0), FaultReason::ReservedBits, "pointer with bit {bit}");
        assert_eq!(nowhere(&s, 1 << 30), FaultReason::ReservedBits, "W without R above the last level");
        assert_eq!(nowhere(&s, 2 << 30), FaultReason::ReservedBits, "misaligned superpage");
    }
}

#[test]
fn svnapot_64_kib() {
    const N: u64 = 1 << 63;
    // Page number bits 3:0 are 1000: 16 entries map one page of 64 KiB.
    let mut h = Hand::new(Paging::Sv39);
    h.put(0x1000, 8, ppn(0x2000) | V);
    h.put(0x2000, 8, ppn(0x3000) | V);
    for i in 16..32 {
        h.put(0x3000 + 8 * i, 8, ppn(0x12_0000 | 8 << 12) | N | V | R | W);
    }
    h.put(0x3000, 8, ppn(0x12_0000 | 4 << 12) | N | V | R);
    h.put(0x3008, 8, ppn(0x12_8000) | N | V | R | 1 << 55);
    h.put(0x2008, 8, ppn(0x20_0000) | N | V | R);
    let s = h.space(0x1000);
    assert_eq!(page(&s, 0x1_0000), (0x12_0000, 65536, "rw--".into()));
    assert_eq!(page(&s, 0x1_fabc), (0x12_fabc, 65536, "rw--".into()));
    assert_eq!(nowhere(&s, 0), FaultReason::ReservedBits, "another size");
    assert_eq!(nowhere(&s, 0x1000), FaultReason::ReservedBits, "a reserved bit");
    assert_eq!(nowhere(&s, 0x20_0000), FaultReason::ReservedBits, "above the last level");
    // As runs it is one page, not sixteen times sixteen.
    let (runs, _) = super::walker::all(&s, 0, u64::MAX);
    let found: Vec<_> = runs.iter().map(|r| (r.virt.value(), r.phys.value(), r.size, r.page_size)).collect();
    assert_eq!(found, [(0x1_0000, 0x12_0000, 0x1_0000, 0x1_0000)]);
    let (part, _) = super::walker::all(&s, 0x1_2345, 0x1_4000);
    assert_eq!((part[0].phys.value(), part[0].size), (0x12_2345, 0x1cbc));
}

#[test]
fn the_borders_of_what_is_canonical() {
    for (paging, bits) in [(Paging::Sv39, 39), (Paging::Sv48, 48), (Paging::Sv57, 57)] {
        let s = Hand::new(paging).space(0x1000);
        let half = 1u64 << (bits - 1);
        for va in [half, !half, 1 << 63, half << 1] {
            assert_eq!(nowhere(&s, va), FaultReason::NonCanonical, "{paging:?} {va:#x}");
        }
        for va in [0, half - 1, !(half - 1), u64::MAX] {
            assert_eq!(nowhere(&s, va), FaultReason::NotPresent, "{paging:?} {va:#x}");
        }
    }
    assert_eq!(Paging::Sv39.format().root_of_register(8 << 60 | 0xffff << 44 | 0x8_0000), 0x8000_0000);
}
