//! z3fold.

use super::zswaps::{Age, BUDDIES, entry, headed, only, rig};
use super::*;

const SLOTS: u64 = K + 0x8000;

fn z3fold(known: bool) -> Rig {
    let mut rig = rig(Age::Old, "z3fold", "lz4");
    if known {
        let members = [("start_middle", 60, u(2)), ("last_chunks", 62, u(2)), ("first_num", 64, u(2))];
        rig.kit.types.structure("z3fold_header", 72, &members);
        rig.kit.types.structure("z3fold_buddy_slots", 40, &[("slot", 0, array(8, 4))]);
    }
    rig.kit.put(SLOTS, &[0; PAGE]);
    rig
}

/// Object `buddy` of the page, through slot 1: its place has this in its low bits.
fn place(rig: &mut Rig, low: u64) -> u64 {
    rig.kit.word(SLOTS + 8, BUDDIES | low);
    SLOTS + 8
}

#[test]
fn objects_of_a_page_are_first_in_the_middle_and_last() {
    let bytes = headed(5, 700);
    let length = bytes.len() as u64 - 8;
    // Where the object is, first_num, start_middle, what the slot has in its low bits.
    for (at, first, middle, low) in
        [(128, 0u16, 0u16, 1), (128, 3, 0, 0), (20 * 64, 0, 20, 2), (20 * 64, 1, 20, 3), (4096 - 30 * 64, 0, 0, 30 << 2 | 3)]
    {
        let mut rig = z3fold(true);
        rig.kit.put(BUDDIES + 60, &middle.to_le_bytes());
        rig.kit.put(BUDDIES + 64, &first.to_le_bytes());
        rig.kit.put(BUDDIES + at, &bytes);
        let handle = place(&mut rig, low);
        only(&mut rig, 5, length, handle);
        assert_eq!(rig.has(5), page(700), "{at}");
    }
}

#[test]
fn an_object_may_have_the_whole_page() {
    let mut rig = z3fold(true);
    let bytes = headed(5, 700);
    rig.kit.put(BUDDIES, &bytes);
    only(&mut rig, 5, bytes.len() as u64 - 8, BUDDIES | 1);
    assert_eq!(rig.has(5), page(700));
}

#[test]
fn handles_that_make_no_sense_are_told() {
    for handle in [SLOTS + 4, K + 0x90_000, 0, u64::MAX] {
        let mut rig = z3fold(true);
        only(&mut rig, 5, 100, handle);
        assert!(rig.refuses(5).contains("zswap"), "{handle:#x}");
    }
    // No object is headless without its mark.
    let mut rig = z3fold(true);
    let handle = place(&mut rig, 0);
    only(&mut rig, 5, 100, handle);
    assert!(rig.refuses(5).contains("no sense"));
}

#[test]
fn without_types_the_header_tells_the_object() {
    let mut rig = z3fold(false);
    let bytes = headed(5, 700);
    rig.kit.put(BUDDIES + 20 * 64, &bytes);
    let handle = place(&mut rig, 2);
    only(&mut rig, 5, bytes.len() as u64 - 8, handle);
    assert_eq!(rig.has(5), page(700));
    // Another slot's.
    rig.kit.word(BUDDIES + 20 * 64, 6);
    assert!(rig.refuses(5).contains("types"), "{}", rig.refuses(5));
}

#[test]
fn newer_kernels_have_no_header() {
    let mut rig = rig(Age::New, "z3fold", "lz4");
    rig.kit.types.structure(
        "z3fold_header",
        72,
        &[("start_middle", 60, u(2)), ("last_chunks", 62, u(2)), ("first_num", 64, u(2))],
    );
    rig.kit.types.structure("z3fold_buddy_slots", 40, &[("slot", 0, array(8, 4))]);
    rig.kit.put(SLOTS, &[0; PAGE]);
    let bytes = lz4_flex::block::compress(&page(700));
    rig.kit.put(BUDDIES + 128, &bytes);
    let handle = place(&mut rig, 1);
    let at = entry(&mut rig, 0, 0, bytes.len() as u64, handle);
    rig.kit.word(super::zswaps::TREES + 8, at);
    assert_eq!(rig.has(0), page(700));
}
