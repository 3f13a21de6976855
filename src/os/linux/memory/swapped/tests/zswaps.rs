//! zswap: trees and entries.

use super::*;

pub const TREES: u64 = K + 0x4000;
pub const ENTRY: u64 = K + 0x5000;
pub const POOL: u64 = K + 0x6000;
/// A page of zbud or z3fold.
pub const BUDDIES: u64 = K + 0x7000;

/// Of which version.
#[derive(Clone, Copy, PartialEq)]
pub enum Age {
    /// A red-black tree, a header before the bytes.
    Old,
    /// XArrays.
    New,
}

/// An area with a file, and zswap with nothing in it.
pub fn rig(age: Age, kind: &str, compressor: &str) -> Rig {
    let mut rig = Rig::new();
    rig.area("vda1", 0, 40_000);
    rig.file(&partition(40_000, 20, 100));
    let kit = &mut rig.kit;
    let word = || u(8);
    kit.types.structure("rb_node", 24, &[("__rb_parent_color", 0, word()), ("rb_right", 8, word()), ("rb_left", 16, word())]);
    kit.types.structure("xarray", 16, &[("xa_lock", 0, u(4)), ("xa_head", 8, word())]);
    kit.types.structure("xa_node", 0x240, &[("shift", 0, u(1)), ("slots", 0x28, array(8, 64))]);
    let common = [("length", 32, u(4)), ("pool", 40, word()), ("handle", 48, word())];
    let mut members = common.to_vec();
    match age {
        Age::Old => {
            members.extend([("rbnode", 0, "rb_node".into()), ("offset", 24, word()), ("value", 48, word())]);
            kit.types.structure("zswap_tree", 16, &[("rbroot", 0, word()), ("lock", 8, u(4))]);
            kit.types.structure("zswap_header", 8, &[("swpentry", 0, word())]);
        }
        Age::New => members.push(("swpentry", 0, word())),
    }
    kit.types.structure("zswap_entry", 64, &members);
    kit.types.structure("zswap_pool", 256, &[("zpool", 0, word()), ("tfm_name", 64, array(1, 128))]);
    kit.types.structure("zpool", 16, &[("driver", 0, word()), ("pool", 8, word())]);
    kit.types.structure("zpool_driver", 64, &[("type", 0, word())]);
    kit.symbol("zswap_trees", K + 0xa00);
    kit.word(K + 0xa00, TREES);
    // An area without pages in the swap cache.
    kit.symbol("swapper_spaces", K + 0xc00);
    for at in [TREES, ENTRY, POOL, BUDDIES] {
        kit.put(at, &[0; PAGE]);
    }
    kit.word(POOL, POOL + 0x200);
    kit.put(POOL + 64, compressor.as_bytes());
    kit.word(POOL + 0x200, POOL + 0x300);
    kit.word(POOL + 0x300, POOL + 0x400);
    kit.put(POOL + 0x400, kind.as_bytes());
    rig
}

/// Entry `n`, for a slot: `length` bytes behind this handle.
pub fn entry(rig: &mut Rig, n: u64, slot: u64, length: u64, handle: u64) -> u64 {
    let at = ENTRY + n * 64;
    rig.kit.put(at + 32, &(length as u32).to_le_bytes());
    rig.kit.word(at + 40, POOL);
    rig.kit.word(at + 48, handle);
    rig.kit.word(at, slot);
    at
}

/// The only entry of an old tree.
pub fn only(rig: &mut Rig, slot: u64, length: u64, handle: u64) {
    let at = entry(rig, 0, slot, length, handle);
    rig.kit.word(at, 1);
    rig.kit.word(at + 24, slot);
    rig.kit.word(TREES, at);
}

/// Compressed bytes with the header of a slot.
pub fn headed(slot: u64, seed: u64) -> Vec<u8> {
    [&slot.to_le_bytes()[..], &lz4_flex::block::compress(&page(seed))].concat()
}

#[test]
fn what_zswap_has_is_read_before_the_file() {
    let mut rig = rig(Age::Old, "zbud", "lz4");
    let bytes = headed(5, 700);
    rig.kit.put(BUDDIES + 64, &bytes);
    only(&mut rig, 5, bytes.len() as u64 - 8, BUDDIES + 64);
    assert_eq!(rig.get(0, 5).unwrap(), (page(700), "zswap, in memory".to_owned()));
    assert_eq!([rig.has(4), rig.has(6)], [page(104), page(106)], "to the left and to the right of it is nothing");
    rig.files.clear();
    assert_eq!(rig.has(5), page(700));
}

#[test]
fn both_sides_of_the_tree_are_found() {
    let mut rig = rig(Age::Old, "zbud", "lz4");
    for (n, slot) in [(0u64, 5u64), (1, 3), (2, 9)] {
        let bytes = headed(slot, 700 + slot);
        let at = BUDDIES + 0x100 + n * 0x400;
        rig.kit.put(at, &bytes);
        let e = entry(&mut rig, n, slot, bytes.len() as u64 - 8, at);
        rig.kit.word(e, 1);
        rig.kit.word(e + 24, slot);
    }
    rig.kit.word(TREES, ENTRY);
    rig.kit.word(ENTRY + 16, ENTRY + 64);
    rig.kit.word(ENTRY + 8, ENTRY + 128);
    assert_eq!([rig.has(3), rig.has(5), rig.has(9), rig.has(4)], [page(703), page(705), page(709), page(104)]);
    // A circle ends.
    rig.kit.word(ENTRY + 64 + 8, ENTRY + 64);
    assert!(rig.refuses(4).contains("tree"), "{}", rig.refuses(4));
}

#[test]
fn arrays_are_one_for_each_64_mib() {
    let mut rig = rig(Age::New, "zbud", "lz4");
    let bytes = lz4_flex::block::compress(&page(700));
    rig.kit.put(BUDDIES + 64, &bytes);
    let at = entry(&mut rig, 0, 16_384, bytes.len() as u64, BUDDIES + 64);
    // By slot within the array; a single entry at 0 needs no node.
    rig.kit.word(TREES + 16 + 8, at);
    assert_eq!(rig.has(16_384), page(700));
    assert!(rig.refuses(16_385).contains("ends before"), "from the file, which is short");
    assert_eq!(rig.has(5), page(105));
    // An entry of another slot is not taken.
    rig.kit.word(at, 16_390);
    assert!(rig.refuses(16_384).contains("ends before"));
}

#[test]
fn a_page_of_one_word_is_in_its_entry() {
    let mut rig = rig(Age::Old, "zbud", "lz4");
    only(&mut rig, 5, 0, 0x0102_0304_0506_0708);
    let got = rig.has(5);
    assert!(got.chunks(8).all(|w| w == 0x0102_0304_0506_0708u64.to_le_bytes()));
    only(&mut rig, 5, 0, 0);
    assert_eq!(rig.has(5), vec![0; PAGE]);
}

#[test]
fn what_did_not_get_smaller_is_kept_as_it_is() {
    let mut rig = rig(Age::New, "zbud", "lz4");
    rig.kit.put(BUDDIES, &page(700));
    let at = entry(&mut rig, 0, 5, PAGE as u64, BUDDIES);
    rig.kit.put(ENTRY + 0x800, &[0]);
    rig.kit.word(ENTRY + 0x800 + 0x28 + 5 * 8, at);
    rig.kit.word(TREES + 8, (ENTRY + 0x800) | 2);
    assert_eq!(rig.has(5), page(700));
    // Nothing longer, and no length of nothing where no word is kept.
    for length in [PAGE as u64 + 1, 0] {
        entry(&mut rig, 0, 5, length, BUDDIES);
        assert!(rig.refuses(5).contains("length"), "{}", rig.refuses(5));
    }
}

#[test]
fn what_can_not_be_read_is_never_the_file() {
    let bytes = headed(5, 700);
    let made = |compressor: &str, kind: &str, handle: u64| {
        let mut rig = rig(Age::Old, kind, compressor);
        rig.kit.put(BUDDIES + 64, &bytes);
        only(&mut rig, 5, bytes.len() as u64 - 8, handle);
        rig.refuses(5)
    };
    assert!(made("842", "zbud", BUDDIES + 64).contains("842"));
    assert!(made("zstd", "zbud", BUDDIES + 64).contains("zstd"));
    assert!(made("lz4", "new\x1bpool", BUDDIES + 64).contains("kind"));
    assert!(made("lz4", "zbud", K + 0x90_000).contains("not in the image"));
    assert!(made("lz4", "zbud", BUDDIES + 4090).contains("no sense"), "no object crosses a page");
    assert!(made("lz4", "zbud", BUDDIES + 128).contains("lz4"), "other bytes do not unpack");
    assert!(made("lz4", "zsmalloc", BUDDIES + 64).contains("zsmalloc"));
}

#[test]
fn a_tree_that_is_not_there_is_told() {
    let mut rig = rig(Age::Old, "zbud", "lz4");
    only(&mut rig, 5, 9, BUDDIES);
    rig.kit.word(TREES, K + 0x90_000);
    assert!(rig.refuses(5).contains("tree"));
    rig.kit.word(K + 0xa00, K + 0x90_000);
    assert!(rig.refuses(5).contains("tree"));
    // An area that zswap does not know.
    rig.kit.word(K + 0xa00, 0);
    assert_eq!(rig.has(5), page(105));
}

#[test]
fn without_types_or_symbols_nothing_is_guessed() {
    let plain = |symbol: Option<u64>, function: bool| {
        let mut rig = Rig::new();
        rig.area("vda1", 0, 9);
        rig.file(&partition(9, 9, 100));
        rig.kit.put(TREES, &[0; PAGE]);
        if let Some(word) = symbol {
            rig.kit.symbol("zswap_trees", K + 0xa00);
            rig.kit.word(K + 0xa00, TREES);
            rig.kit.word(TREES, word);
        }
        if function {
            rig.kit.code("zswap_frontswap_load", K + 0xb00);
        }
        rig.get(0, 5)
    };
    assert_eq!(plain(None, false).unwrap().0, page(105), "a kernel without zswap");
    assert!(plain(None, true).unwrap_err().contains("zswap_trees"));
    assert_eq!(plain(Some(0), true).unwrap().0, page(105), "an empty tree needs no types");
    assert!(plain(Some(ENTRY), true).unwrap_err().contains("types"));
}

#[test]
fn zswap_without_the_swap_cache_may_have_given_it_back() {
    let mut rig = rig(Age::Old, "zbud", "lz4");
    only(&mut rig, 5, 9, BUDDIES);
    assert_eq!(rig.has(6), page(106));
    rig.kit.types.structure("address_space", 8, &[]);
    rig.kit.word(K + 0xc00, ENTRY);
    assert!(rig.refuses(6).contains("swap cache"), "{}", rig.refuses(6));
}
