//! x86 tables by hand. Bits: Intel SDM volume 3A, chapter 4, tables 4-4 to 4-20.

use super::support::{Hand, nowhere, page};
use crate::arch::Paging;
use crate::engine::FaultReason;

#[test]
fn two_levels_4_kib_and_4_mib() {
    // 4.3: PDE index bits 31:22, PTE index bits 21:12.
    let mut h = Hand::new(Paging::X86);
    h.put(0x1000 + 4 * 1, 4, 0x2000 | 0b111); // PDE 1 -> table
    h.put(0x2000 + 4 * 2, 4, 0x9000 | 0b101); // PTE 2: user, read-only
    h.put(0x1000 + 4 * 3, 4, 0x0080_0000 | 1 << 7 | 0b011); // PDE 3: 4 MiB, kernel, writeable
    let s = h.space(0x1000);
    assert_eq!(page(&s, 0x0040_2abc), (0x9abc, 4096, "r-xu".into()));
    assert_eq!(page(&s, 0x00c1_2345), (0x0081_2345, 4 << 20, "rwx-".into()));
    assert_eq!(nowhere(&s, 0x0040_3000), FaultReason::NotPresent);
    assert_eq!(nowhere(&s, 1 << 32), FaultReason::NonCanonical);
}

#[test]
fn pse_36_has_forty_bits() {
    // Table 4-4: bits 20:13 are address bits 39:32, bit 12 is PAT, bit 21 is reserved.
    let mut h = Hand::new(Paging::X86);
    h.put(0x1000, 4, 0x0080_0000 | 1 << 13 | 1 << 12 | 1 << 7 | 0b011);
    h.put(0x1004, 4, 0xffc0_0000 | 0xff << 13 | 1 << 7 | 1);
    h.put(0x1008, 4, 1 << 21 | 1 << 7 | 1);
    let s = h.space(0x1000);
    assert_eq!(page(&s, 0x10).0, 0x1_0080_0010);
    assert_eq!(page(&s, 0x0040_0010).0, 0xff_ffc0_0010);
    assert_eq!(nowhere(&s, 0x0080_0000), FaultReason::ReservedBits);
}

#[test]
fn pae_addresses_have_52_bits() {
    // 4.4: PDPTE bits 31:30 at a 32-byte aligned table, PDE 29:21, PTE 20:12.
    let mut h = Hand::new(Paging::X86Pae);
    h.put(0x1020 + 8 * 3, 8, 0x2000 | 1);
    h.put(0x2000, 8, 0x3000 | 0b111);
    h.put(0x3000 + 8, 8, 0x000a_bcde_f012_3000 | 1 << 63 | 0b111);
    h.put(0x2008, 8, 0x000f_ffff_ffe0_0000 | 1 << 12 | 1 << 7 | 0b001);
    let s = h.space(0x1020);
    assert_eq!(page(&s, 0xc000_1004), (0x000a_bcde_f012_3004, 4096, "rw-u".into()));
    assert_eq!(page(&s, 0xc030_0000), (0x000f_ffff_fff0_0000, 2 << 20, "r-x-".into()));
}

#[test]
fn pae_reserved_bits() {
    // Tables 4-8 to 4-11: PDPTE bits 2:1, 8:5 (but for bit 5, which QEMU sets), 63:52; PDE and PTE bits 62:52.
    for bit in [1, 2, 6, 8, 52, 63] {
        let mut h = Hand::new(Paging::X86Pae);
        h.put(0x1020, 8, 0x2000 | 1 | 1 << bit);
        assert_eq!(nowhere(&h.space(0x1020), 0), FaultReason::ReservedBits, "PDPTE bit {bit}");
    }
    for bit in [52, 58, 62] {
        let mut h = Hand::new(Paging::X86Pae);
        h.put(0x1020, 8, 0x2000 | 1);
        h.put(0x2000, 8, 0x3000 | 1);
        h.put(0x3000, 8, 0x4000 | 1 | 1 << bit);
        h.put(0x2008, 8, 0x3000 | 1 | 1 << bit);
        h.put(0x2010, 8, 0x20_0000 | 1 << 7 | 1 | 1 << bit);
        let s = h.space(0x1020);
        for va in [0, 0x20_0000, 0x40_0000] {
            assert_eq!(nowhere(&s, va), FaultReason::ReservedBits, "bit {bit}, {va:#x}");
        }
    }
}

#[test]
fn pat_bit_of_large_pages_is_no_address() {
    // Tables 4-16 and 4-18: bit 12 of a 1 GiB or 2 MiB entry is PAT; bits 29:13 and 20:13 are reserved.
    let mut h = Hand::new(Paging::X86_64);
    h.put(0x1000, 8, 0x2000 | 0b111);
    h.put(0x2000, 8, 0x3000 | 0b111);
    h.put(0x3000 + 8 * 2, 8, 0x40_0000 | 1 << 12 | 1 << 7 | 0b11);
    h.put(0x3000 + 8 * 3, 8, 0x40_0000 | 1 << 13 | 1 << 7 | 0b11);
    h.put(0x2000 + 8, 8, 0x8000_0000 | 1 << 12 | 1 << 7 | 0b11);
    h.put(0x2000 + 16, 8, 0x8000_0000 | 1 << 29 | 1 << 7 | 0b11);
    let s = h.space(0x1000);
    assert_eq!(page(&s, 0x0040_0234), (0x0040_0234, 2 << 20, "rwx-".into()));
    assert_eq!(page(&s, 0x4000_1234), (0x8000_1234, 1 << 30, "rwx-".into()));
    assert_eq!(nowhere(&s, 0x60_0000), FaultReason::ReservedBits);
    assert_eq!(nowhere(&s, 0x8000_0000), FaultReason::ReservedBits);
}

#[test]
fn neighbours_with_equal_entries_are_all_there() {
    let mut h = Hand::new(Paging::X86_64);
    h.chain(0x1000, &[0x2000, 0x3000, 0x4000], 0b111);
    for i in 0..8 {
        h.put(0x4000 + 8 * i, 8, 0x9000 | 0b101);
    }
    let s = h.space(0x1000);
    let mut ops: Vec<_> =
        (0..8u64).map(|i| memsh_plugin::TranslateOp::new(memsh_plugin::VirtAddr::new((i * 0x1000 + 7).into()))).collect();
    s.translate_batch(&mut ops);
    assert!(ops.iter().all(|op| op.status.is_done() && op.translation.phys.value() == 0x9007));
    let (runs, _) = super::walker::all(&s, 0, u64::MAX);
    let pages: Vec<_> = runs.iter().map(|r| (r.virt.value(), r.phys.value(), r.size)).collect();
    assert_eq!(pages, (0..8).map(|i| (i * 0x1000, 0x9000, 0x1000)).collect::<Vec<_>>());
}

#[test]
fn permissions_are_those_of_all_levels_together() {
    // 4.6.1: writeable and user if every level says so; not executable if one says so.
    let allowed = |upper: [u64; 3], leaf: u64| {
        let mut h = Hand::new(Paging::X86_64);
        for (table, flags) in [0x1000u64, 0x2000, 0x3000].into_iter().zip(upper) {
            h.put(table, 8, (table + 0x1000) | flags);
        }
        h.put(0x4000, 8, 0x9000 | leaf);
        page(&h.space(0x1000), 0).2
    };
    const NX: u64 = 1 << 63;
    assert_eq!(allowed([7, 7, 7], 7), "rwxu");
    assert_eq!(allowed([7, 7, 7], 5), "r-xu", "a read-only leaf below writeable tables");
    assert_eq!(allowed([7, 5, 7], 7), "r-xu", "a writeable leaf below a read-only table");
    assert_eq!(allowed([3, 7, 7], 7), "rwx-", "a user page below a kernel table");
    assert_eq!(allowed([7, 7, 7], 3), "rwx-");
    assert_eq!(allowed([7 | NX, 7, 7], 7), "rw-u", "not executable by the topmost table");
    assert_eq!(allowed([7, 7, 7], 7 | NX), "rw-u");
    assert_eq!(allowed([7, 7, 5 | NX], 1), "r---");
}

#[test]
fn large_pages_take_the_permissions_above_them() {
    let mut h = Hand::new(Paging::X86_64);
    h.put(0x1000, 8, 0x2000 | 0b101);
    h.put(0x2000, 8, 0x4000_0000 | 1 << 7 | 0b111);
    assert_eq!(page(&h.space(0x1000), 0x123).2, "r-xu");
}

#[test]
fn five_levels() {
    // 4.5.4: PML5 index bits 56:48.
    let mut h = Hand::new(Paging::X86_64La57);
    h.put(0x1000 + 8 * 0x0ff, 8, 0x2000 | 7);
    h.put(0x1000 + 8 * 0x100, 8, 0x2000 | 7);
    h.chain(0x2000, &[0x3000, 0x4000, 0x5000], 7);
    h.put(0x5000 + 8, 8, 0x9000 | 7);
    let s = h.space(0x1000);
    assert_eq!(page(&s, 0x00ff_0000_0000_1008), (0x9008, 4096, "rwxu".into()));
    assert_eq!(page(&s, 0xff00_0000_0000_1008), (0x9008, 4096, "rwxu".into()));
    assert_eq!(nowhere(&s, 0x0100_0000_0000_1008), FaultReason::NonCanonical);
    assert_eq!(nowhere(&s, 0xfeff_ffff_ffff_ffff), FaultReason::NonCanonical);
    let (runs, _) = super::walker::all(&s, 0, u64::MAX);
    assert_eq!(runs.iter().map(|r| r.virt.value() as u64).collect::<Vec<_>>(), [0x00ff_0000_0000_1000, 0xff00_0000_0000_1000]);
}

#[test]
fn the_borders_of_what_is_canonical() {
    let s = Hand::new(Paging::X86_64).space(0x1000);
    for va in [0x8000_0000_0000, 0xffff_7fff_ffff_ffff, 1 << 63] {
        assert_eq!(nowhere(&s, va), FaultReason::NonCanonical, "{va:#x}");
    }
    for va in [0, 0x7fff_ffff_ffff, 0xffff_8000_0000_0000, u64::MAX] {
        assert_eq!(nowhere(&s, va), FaultReason::NotPresent, "{va:#x}");
    }
}

#[test]
fn reserved_bit_7_of_a_top_entry_and_junk_in_the_root() {
    let mut h = Hand::new(Paging::X86_64);
    h.put(0x1000, 8, 0x2000 | 1 << 7 | 7);
    assert_eq!(nowhere(&h.space(0x1000), 0), FaultReason::ReservedBits);
    // CR3 with a PCID and bit 63: both are not part of the address.
    h.put(0x1000, 8, 0x2000 | 7);
    h.put(0x2000, 8, 0x4000_0000 | 1 << 7 | 7);
    assert_eq!(page(&h.space(1 << 63 | 0x1000 | 0xabc), 0x10).0, 0x4000_0010);
}

#[test]
fn linux_entries_that_are_not_present() {
    use crate::engine::Software;
    let mut h = Hand::new(Paging::X86_64);
    let frame = |f: u64| !f & 0x000f_ffff_ffff_f000;
    h.put(0x1000, 8, 0x2000 | 7);
    h.put(0x2000, 8, 0x3000 | 7);
    h.put(0x3000, 8, 0x4000 | 7);
    h.put(0x4000, 8, frame(0x9000) | 1 << 8); // PROT_NONE
    h.put(0x4008, 8, !7u64 << 14 >> 5 | 2 << 59); // swapped: area 2, slot 7
    h.put(0x4010, 8, 30 << 59 | 0x200); // a migration entry
    h.put(0x3008, 8, frame(0x20_0000) | 1 << 8 | 1 << 7); // PROT_NONE, 2 MiB
    h.put(0x1008, 8, frame(0x20_0000) | 1 << 8 | 1 << 7); // no page is that large
    let s = h.space(0x1000).with_software(Software::Linux);
    assert_eq!(page(&s, 0x123), (0x9123, 4096, "----".into()));
    assert_eq!(page(&s, 0x0020_0123), (0x0020_0123, 2 << 20, "----".into()));
    assert_eq!(nowhere(&s, 0x1000), FaultReason::Swapped { area: 2, slot: 7 });
    assert_eq!(nowhere(&s, 0x2000), FaultReason::NotPresent);
    assert_eq!(nowhere(&s, 1 << 39), FaultReason::NotPresent);
    assert_eq!(nowhere(&h.space(0x1000), 0x123), FaultReason::NotPresent, "another system's bits");
}

#[test]
fn the_last_entry_of_memory() {
    // A table in the very last page, alone in its run: nothing behind it may be read, and nothing in it missed.
    for (paging, size) in [(Paging::X86, 4u64), (Paging::X86_64, 8)] {
        let mut bytes = vec![0u8; 0x2000];
        let (root, leaf) = (0x1000usize, 0x2000usize);
        let count = 4096 / size as usize;
        let mut h = Hand::empty(paging);
        if size == 4 {
            bytes[0..4].copy_from_slice(&(leaf as u32 | 7).to_le_bytes());
            bytes[0x2000 - 4..].copy_from_slice(&0x9007u32.to_le_bytes());
        } else {
            // One table on all levels.
            bytes[0x1000..0x1008].copy_from_slice(&0x2007u64.to_le_bytes());
            bytes[0..8].copy_from_slice(&0x2007u64.to_le_bytes());
            bytes[0x2000 - 8..].copy_from_slice(&0x9007u64.to_le_bytes());
        }
        h.piece(root as u64, bytes);
        let va = (count as u64 - 1) << 12;
        assert_eq!(page(&h.space(root as u64), va | 0x10).0, 0x9010, "{paging:?}");
    }
}
