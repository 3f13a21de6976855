//! zram, and zsmalloc under it.

use super::*;

const ZRAM: u64 = K + 0x4000;
const TABLE: u64 = K + 0x5000;
const ZS: u64 = K + 0x6000;
/// Words that handles point to.
const HANDLES: u64 = K + 0x7000;
const ZSPAGE: u64 = K + 0x8000;
/// Two pages of a chain, not next to each other.
const ONE: u64 = K + 0x10_000;
const TWO: u64 = K + 0x12_000;
const SAME: u64 = 1 << 14;
const WRITTEN: u64 = 1 << 15;
/// Bits of an object's number in its place.
const NUMBER: u32 = 23;
/// A class's objects: seven of them in two pages, the fourth across both.
const SIZE: u64 = 1168;

/// A system that swaps to a zram disk of 32 pages.
fn rig() -> Rig {
    let mut rig = Rig::new();
    let kit = &mut rig.kit;
    let word = || u(8);
    let members = [("table", 0, word()), ("mem_pool", 8, word()), ("comp_algs", 16, array(8, 4)), ("disksize", 48, word())];
    kit.types.structure("zram", 128, &members);
    kit.types.structure("zram_table_entry", 16, &[("handle", 0, word()), ("flags", 8, word())]);
    let flags = [("ZRAM_LOCK", 13), ("ZRAM_SAME", 14), ("ZRAM_WB", 15), ("ZRAM_COMP_PRIORITY_BIT1", 20)];
    kit.types.enumeration("zram_pageflags", &flags);
    kit.types.structure("zs_pool", 2048, &[("name", 0, word()), ("size_class", 8, array(8, 255))]);
    kit.types.structure("size_class", 64, &[("size", 0, u(4))]);
    kit.types.structure("zspage", 64, &[("class", 0, u(2)), ("first_page", 8, word())]);
    for at in [ZRAM, TABLE, ZS, HANDLES, ZSPAGE, ONE, TWO] {
        kit.put(at, &[0; PAGE]);
    }
    kit.word(ZRAM, TABLE);
    kit.word(ZRAM + 8, ZS);
    kit.word(ZRAM + 16, ZRAM + 0x200);
    kit.put(ZRAM + 0x200, b"lz4");
    kit.word(ZRAM + 48, 32 * PAGE as u64);
    // Class 3 has objects of SIZE bytes, class 4 of whole pages.
    kit.word(ZS + 8 + 3 * 8, ZS + 0x900);
    kit.put(ZS + 0x900, &(SIZE as u32).to_le_bytes());
    kit.word(ZS + 8 + 4 * 8, ZS + 0x940);
    kit.put(ZS + 0x940, &4096u32.to_le_bytes());
    kit.put(ZSPAGE, &3u16.to_le_bytes());
    rig.area("zram0", ZRAM, 32);
    let (one, two) = (rig.page_of(ONE), rig.page_of(TWO));
    for at in [one, two] {
        rig.kit.word(at + 40, ZSPAGE);
    }
    rig.kit.word(one + 32, two);
    rig
}

/// An object: what its handle's word says, and its bytes where it is.
fn object(rig: &mut Rig, n: u64, number: u64, bytes: &[u8]) -> u64 {
    let handle = HANDLES + n * 8;
    let at = number * SIZE;
    let base = if at < PAGE as u64 { ONE } else { TWO };
    rig.kit.word(handle, (rig.frame(base) << NUMBER | number) << 1);
    let stored = [&(handle | 1).to_le_bytes()[..], bytes].concat();
    for (i, b) in (at..).zip(stored) {
        let place = if i < PAGE as u64 { ONE + i } else { TWO + i - PAGE as u64 };
        rig.kit.put(place, &[b]);
    }
    handle
}

fn slot(rig: &mut Rig, slot: u64, handle: u64, flags: u64) {
    rig.kit.word(TABLE + slot * 16, handle);
    rig.kit.word(TABLE + slot * 16 + 8, flags);
}

/// A page that gets a good deal smaller, but not too much.
fn page(seed: u64) -> Vec<u8> {
    let mut page = super::page(seed);
    let mut word = seed | 1;
    for piece in page[..900].chunks_mut(4) {
        word = word.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        piece.copy_from_slice(&(word >> 33).to_le_bytes()[..4]);
    }
    page
}

/// Lz4 that fills an object to its end, so that the fourth crosses into the next page.
fn packed(seed: u64) -> Vec<u8> {
    let bytes = lz4_flex::block::compress(&page(seed));
    assert!(bytes.len() as u64 > 100 && bytes.len() as u64 <= SIZE - 8, "{}", bytes.len());
    bytes
}

#[test]
fn objects_are_unpacked_wherever_they_begin_and_end() {
    let mut rig = rig();
    for n in 0..7 {
        let bytes = packed(700 + n);
        let handle = object(&mut rig, n, n, &bytes);
        slot(&mut rig, 1 + n, handle, bytes.len() as u64);
    }
    for n in 0..7 {
        assert_eq!(rig.get(0, 1 + n).unwrap(), (page(700 + n), "zram, in memory".to_owned()), "{n}");
    }
}

#[test]
fn an_object_across_two_pages_needs_both() {
    let mut rig = rig();
    let bytes = packed(700);
    assert!(3 * SIZE + 8 + bytes.len() as u64 > PAGE as u64, "it crosses");
    let handle = object(&mut rig, 0, 3, &bytes);
    slot(&mut rig, 1, handle, bytes.len() as u64);
    assert_eq!(rig.has(1), page(700));
    let one = rig.page_of(ONE);
    rig.kit.word(one + 32, 0);
    assert!(rig.refuses(1).contains("zram"), "{}", rig.refuses(1));
}

#[test]
fn a_huge_object_has_its_page_for_itself() {
    let mut rig = rig();
    rig.kit.put(ONE, &page(700));
    rig.kit.put(ZSPAGE, &4u16.to_le_bytes());
    rig.kit.word(HANDLES, rig.frame(ONE) << NUMBER << 1);
    let one = rig.page_of(ONE);
    slot(&mut rig, 1, HANDLES, PAGE as u64);
    // Since 5.18 with the tag of an object.
    for tag in [0, 1] {
        rig.kit.word(one + 32, HANDLES | tag);
        assert_eq!(rig.has(1), page(700));
    }
    rig.kit.word(one + 32, HANDLES + 8);
    assert!(rig.refuses(1).contains("handle"), "it is another handle's");
}

#[test]
fn one_word_is_in_the_table_and_nothing_is_zeros() {
    let mut rig = rig();
    slot(&mut rig, 1, 0x1122_3344_5566_7788, SAME);
    slot(&mut rig, 2, 0, SAME);
    slot(&mut rig, 3, 0, 0);
    assert!(rig.has(1).chunks(8).all(|w| w == 0x1122_3344_5566_7788u64.to_le_bytes()));
    assert_eq!([rig.has(2), rig.has(3)], [vec![0; PAGE], vec![0; PAGE]]);
}

#[test]
fn each_compressor_of_a_disk_has_a_number() {
    let mut rig = rig();
    rig.kit.word(ZRAM + 16 + 16, ZRAM + 0x220);
    rig.kit.put(ZRAM + 0x220, b"zstd");
    let bytes = zstd::bulk::compress(&page(700), 3).unwrap();
    let handle = object(&mut rig, 0, 0, &bytes);
    slot(&mut rig, 1, handle, bytes.len() as u64 | 2 << 20);
    slot(&mut rig, 2, handle, bytes.len() as u64 | 1 << 20);
    slot(&mut rig, 3, handle, bytes.len() as u64);
    assert_eq!(rig.has(1), page(700));
    assert!(rig.refuses(2).contains("name"), "{}", rig.refuses(2));
    assert!(rig.refuses(3).contains("lz4"), "{}", rig.refuses(3));
}

#[test]
fn what_zram_can_not_give_is_told() {
    let mut rig = rig();
    let bytes = packed(700);
    let handle = object(&mut rig, 0, 0, &bytes);
    slot(&mut rig, 1, handle, bytes.len() as u64 | WRITTEN);
    slot(&mut rig, 2, handle, 0);
    slot(&mut rig, 3, handle, PAGE as u64 + 1);
    slot(&mut rig, 4, K + 0x90_000, 100);
    // Less than a page.
    let short = lz4_flex::block::compress(&[7; 100]);
    let other = object(&mut rig, 1, 1, &short);
    slot(&mut rig, 5, other, short.len() as u64);
    let says = |slot, what: &str| assert!(rig.refuses(slot).contains(what), "{slot}: {}", rig.refuses(slot));
    says(1, "backing device");
    says(2, "length");
    says(3, "length");
    says(4, "handle");
    says(5, "less than a page");
    says(32, "32 slots only");
    rig.kit.word(ZRAM + 48, 3 * PAGE as u64);
    assert!(rig.refuses(4).contains("3 pages only"));
    rig.kit.word(ZRAM + 8, 0);
    assert!(rig.refuses(4).contains("not whole"), "{}", rig.refuses(4));
}
