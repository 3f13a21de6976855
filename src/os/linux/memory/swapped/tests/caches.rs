//! The swap cache, and marks of zeros.

use super::*;

const SPACES: u64 = K + 0x4000;
const NODE: u64 = K + 0x5000;
const LOWER: u64 = K + 0x6000;
/// A folio of four pages.
const FOLIO: u64 = K + 0x10_000;
const FLAGS: u64 = 1 << 10 | 1 << 3;

/// An area with a file, and an empty swap cache.
fn rig() -> Rig {
    let mut rig = Rig::new();
    rig.area("vda1", 0, 40_000);
    rig.file(&partition(40_000, 20, 100));
    let kit = &mut rig.kit;
    kit.types.structure("address_space", 32, &[("i_pages", 8, "xarray".into())]);
    kit.types.structure("xarray", 16, &[("xa_lock", 0, u(4)), ("xa_head", 8, u(8))]);
    kit.types.structure("xa_node", 0x240, &[("shift", 0, u(1)), ("slots", 0x28, array(8, 64))]);
    kit.symbol("swapper_spaces", K + 0x900);
    kit.word(K + 0x900, SPACES);
    for at in [SPACES, NODE, LOWER] {
        kit.put(at, &[0; PAGE]);
    }
    for n in 0..4 {
        kit.put(FOLIO + n * 0x1000, &page(900 + n));
    }
    rig
}

/// The `xa_head` of an array.
fn head(space: u64) -> u64 {
    SPACES + space * 32 + 8 + 8
}

fn node(rig: &mut Rig, at: u64, shift: u8, slots: &[(u64, u64)]) {
    rig.kit.put(at, &[shift]);
    for (slot, entry) in slots {
        rig.kit.word(at + 0x28 + slot * 8, *entry);
    }
}

/// The page at `FOLIO` in the cache, for this `swp_entry_t`.
fn cached(rig: &mut Rig, entry: u64, flags: u64) -> u64 {
    let at = rig.page_of(FOLIO);
    rig.kit.word(at, flags);
    rig.kit.word(at + 40, entry);
    at
}

#[test]
fn a_page_in_the_cache_is_read_before_the_file() {
    let mut rig = rig();
    let at = cached(&mut rig, 7, FLAGS);
    rig.kit.word(head(0), NODE | 2);
    node(&mut rig, NODE, 0, &[(7, at), (8, 0x33)]);
    assert_eq!(rig.get(0, 7).unwrap(), (page(900), "the swap cache, in memory".to_owned()));
    assert_eq!(rig.has(8), page(108), "a number is the shadow of a page that has gone");
    assert_eq!(rig.has(9), page(109));
    // Without any file as well.
    rig.files.clear();
    assert_eq!(rig.has(7), page(900));
    assert!(rig.refuses(8).contains("--swap"));
}

#[test]
fn each_64_mib_have_an_array_by_slot_or_since_6_11_by_slot_in_it() {
    for key in [20_000u64, 20_000 - 16_384] {
        let mut rig = rig();
        let at = cached(&mut rig, 20_000, FLAGS);
        rig.kit.word(head(1), NODE | 2);
        node(&mut rig, NODE, 6, &[(key >> 6 & 63, LOWER | 2)]);
        if key >> 12 > 0 {
            // One level more.
            let upper = K + 0x7000;
            rig.kit.put(upper, &[0; PAGE]);
            // What is put later moves frames.
            let at = cached(&mut rig, 20_000, FLAGS);
            rig.kit.word(head(1), upper | 2);
            node(&mut rig, upper, 12, &[(key >> 12, NODE | 2)]);
            node(&mut rig, LOWER, 0, &[(key & 63, at)]);
        } else {
            node(&mut rig, LOWER, 0, &[(key & 63, at)]);
        }
        assert_eq!(rig.has(20_000), page(900), "{key}");
    }
}

#[test]
fn each_slot_of_a_folio_has_its_page() {
    let mut rig = rig();
    let at = cached(&mut rig, 8, FLAGS | 1 << 6);
    rig.kit.word(at + 64, 2);
    rig.kit.word(head(0), NODE | 2);
    // One entry in four slots; the later ones name the first.
    node(&mut rig, NODE, 0, &[(8, at), (9, 8 << 2 | 2), (10, 8 << 2 | 2), (11, 8 << 2 | 2), (12, at)]);
    for n in 0..4 {
        assert_eq!(rig.has(8 + n), page(900 + n));
    }
    assert!(rig.refuses(12).contains("another slot"), "the folio ends before");
}

#[test]
fn a_page_of_another_slot_or_area_is_not_taken() {
    for (entry, flags) in [(6, FLAGS), (1 << 58 | 7, FLAGS), (7, 1 << 3)] {
        let mut rig = rig();
        let at = cached(&mut rig, entry, flags);
        rig.kit.word(head(0), NODE | 2);
        node(&mut rig, NODE, 0, &[(7, at)]);
        assert!(rig.refuses(7).contains("another slot"), "{entry:#x}");
    }
}

#[test]
fn a_page_that_is_being_read_in_is_still_where_it_was() {
    let mut rig = rig();
    let at = cached(&mut rig, 7, 1 << 10 | 1);
    rig.kit.word(head(0), NODE | 2);
    node(&mut rig, NODE, 0, &[(7, at)]);
    assert_eq!(rig.has(7), page(107));
}

#[test]
fn a_cache_that_is_not_whole_is_told_and_the_file_not_read() {
    let mut rig = rig();
    rig.kit.word(head(0), (K + 0x80_000) | 2);
    assert!(rig.refuses(7).contains("not in the image"));
    // The page's description is beyond memory.
    rig.kit.word(head(0), NODE | 2);
    node(&mut rig, NODE, 0, &[(7, MAP + 0x200 * 64)]);
    assert!(rig.refuses(7).contains("description"), "{}", rig.refuses(7));
    // In a circle.
    node(&mut rig, NODE, 0, &[(7, NODE | 2)]);
    assert!(rig.refuses(7).contains("not in the image"));
}

#[test]
fn zeros_are_marked_and_never_written() {
    let mut rig = rig();
    rig.info_with(&[("zeromap", 40)]);
    rig.kit.word(INFO + 40, LOWER + 0x800);
    rig.kit.put(LOWER + 0x800, &[0, 0b10]);
    assert_eq!(rig.get(0, 9).unwrap(), (vec![0; PAGE], "a mark of swap that it is all zeros".to_owned()));
    assert_eq!(rig.has(8), page(108));
    rig.kit.word(INFO + 40, K + 0x90_000);
    assert!(rig.refuses(9).contains("zeros"), "{}", rig.refuses(9));
}

/// A kernel with tables of clusters of four slots.
fn tables(zeromap: bool) -> Rig {
    let mut rig = rig();
    rig.info_with(if zeromap { &[("cluster_info", 48), ("zeromap", 40)] } else { &[("cluster_info", 48)] });
    rig.kit.types.structure("swap_cluster_info", 32, &[("table", 8, u(8))]);
    rig.kit.types.structure("swap_table", 32, &[("entries", 0, array(8, 4))]);
    rig.kit.word(INFO + 48, NODE);
    // Cluster 2: slots 8 to 11.
    rig.kit.word(NODE + 2 * 32 + 8, LOWER);
    rig
}

#[test]
fn since_6_18_clusters_have_tables_with_pages() {
    let mut rig = tables(true);
    let at = cached(&mut rig, 9, FLAGS);
    rig.kit.word(LOWER, 0x35);
    rig.kit.word(LOWER + 8, at);
    rig.kit.word(LOWER + 16, (1 << 59) | 0x35);
    assert_eq!(rig.has(9), page(900));
    assert_eq!(rig.has(8), page(108));
    assert_eq!(rig.has(10), page(110), "with a map of zeros the flags are a count");
    assert_eq!(rig.has(2), page(102), "a cluster without a table");
}

#[test]
fn later_tables_have_frames_and_marks_of_zeros() {
    let mut rig = tables(false);
    let frame = rig.frame(FOLIO);
    cached(&mut rig, 9, FLAGS);
    rig.kit.word(LOWER, 1 << 59 | 0x35);
    rig.kit.word(LOWER + 8, 5 << 60 | frame << 2 | 2);
    rig.kit.word(LOWER + 16, 2 << 60 | 0x35);
    rig.kit.word(LOWER + 24, !0 << 3);
    assert_eq!([rig.has(8), rig.has(9), rig.has(10), rig.has(11)], [vec![0; PAGE], page(900), page(110), page(111)]);
    rig.kit.word(NODE + 2 * 32 + 8, K + 0x90_000);
    assert!(rig.refuses(8).contains("cluster"), "{}", rig.refuses(8));
}
