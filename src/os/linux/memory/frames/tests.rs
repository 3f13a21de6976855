//! Page frames of small made-up kernels.

#![allow(clippy::unwrap_used)]
use super::*;
use crate::os::linux::testkit::{Kit, u};

const MAP: u64 = 0xffff_ea00_0000_0000;
const TEXT: u64 = 0xffff_ffff_8100_0000;

fn frames() -> Frames {
    Frames::test(MAP)
}

fn at(n: u64) -> VirtAddr {
    VirtAddr::new(umem::from(n))
}

fn kit() -> Kit {
    let mut kit = Kit::new();
    let members = [
        ("flags", 0, u(8)),
        ("compound_head", 8, u(8)),
        ("mapping", 24, u(8)),
        ("index", 32, u(8)),
        ("page_type", 48, u(4)),
        ("_refcount", 52, u(4)),
    ];
    kit.types.structure("page", 64, &members);
    kit.types.enumeration("pageflags", &[("PG_locked", 0), ("PG_head", 6)]);
    kit.types.enumeration("pagetype", &[("PGTY_slab", 245)]);
    kit.types.structure("slab", 64, &[("slab_cache", 8, u(8))]);
    kit
}

#[test]
fn there_and_back() {
    let f = frames();
    assert_eq!(f.pfn_of(f.page_of(7).unwrap()), Some(7));
    assert_eq!(f.phys_of(at(MAP + 64)).map(PhysAddr::value), Some(umem::from(0x1000u64)));
    assert_eq!(f.virt_of(PhysAddr::new(0x2010)), Some(at(0xffff_8880_0000_2010)));
}

#[test]
fn what_is_no_frame_has_no_number() {
    let f = frames();
    assert_eq!([f.pfn_of(at(MAP + 1)), f.pfn_of(at(MAP - 64)), f.pfn_of(at(MAP + 0x100 * 64)), f.pfn_of(at(0))], [None; 4]);
    assert_eq!((f.page_of(0x100), f.virt_of(PhysAddr::new(0x10_0000))), (None, None));
}

#[test]
fn a_tail_speaks_for_its_compound_page() {
    let mut kit = kit();
    kit.word(MAP + 4 * 64, 1 << 6);
    kit.word(MAP + 4 * 64 + 24, 0xffff_8880_0000_5000);
    kit.word(MAP + 4 * 64 + 32, 9);
    kit.word(MAP + 5 * 64 + 8, (MAP + 4 * 64) | 1);
    let facts = frames().facts(&kit.kernel(), at(MAP + 5 * 64)).unwrap();
    assert_eq!((facts.head, facts.mapping, facts.index), (at(MAP + 4 * 64), Some(at(0xffff_8880_0000_5000)), Some(9)));
}

#[test]
fn a_mask_in_place_of_the_head_leads_to_it() {
    let mut kit = kit();
    kit.word(MAP + 4 * 64, 1 << 6);
    kit.word(MAP + 4 * 64 + 32, 9);
    // Four pages of 64 bytes.
    kit.word(MAP + 6 * 64 + 8, !0xffu64 | 1);
    let facts = frames().facts(&kit.kernel(), at(MAP + 6 * 64)).unwrap();
    assert_eq!((facts.head, facts.index), (at(MAP + 4 * 64), Some(9)));
}

#[test]
fn a_wild_head_leads_nowhere() {
    let mut kit = kit();
    kit.word(MAP + 5 * 64 + 8, 0x4141_4141_4141_4141);
    let facts = frames().facts(&kit.kernel(), at(MAP + 5 * 64)).unwrap();
    assert_eq!(facts.head, at(MAP + 5 * 64));
}

#[test]
fn slabs_are_known_by_their_kind() {
    let mut kit = kit();
    kit.word(MAP + 8, 0xffff_8880_0000_6000);
    kit.put(MAP + 48, &(245u32 << 24).to_le_bytes());
    let facts = frames().facts(&kit.kernel(), at(MAP)).unwrap();
    assert_eq!((facts.slab, facts.slab_cache, facts.mapping), (true, Some(at(0xffff_8880_0000_6000)), None));
}

#[test]
fn anonymous_pages_belong_to_no_file() {
    let mut kit = kit();
    kit.word(MAP + 24, 0xffff_8880_0000_5001);
    let facts = frames().facts(&kit.kernel(), at(MAP)).unwrap();
    assert!(facts.anonymous && !facts.slab);
}

#[test]
fn nothing_is_found_where_nothing_proves_itself() {
    let mut kit = kit();
    kit.symbol("vmemmap_base", TEXT);
    kit.word(TEXT, MAP);
    assert_eq!(Frames::find(&kit.kernel()), None);
}
