//! zswap of 32-bit kernels: words, headers and entries of four bytes, handles that are split in other places.

use super::*;
use crate::arch::Arch;

/// Every address is its own place, so that frame numbers are addresses of pages.
const INFO: u64 = 0x1_0000;
const TREES: u64 = 0x1_1000;
const ENTRY: u64 = 0x1_2000;
const POOL: u64 = 0x1_3000;
const BUDDIES: u64 = 0x1_4000;
const HANDLES: u64 = 0x1_5000;
const ZSPAGE: u64 = 0x1_6000;
const OBJECTS: u64 = 0x1_7000;
const MAP: u64 = 0x2_0000;
/// The second area, so that its number stands in every `swp_entry_t`: above 26 bits of slot (`SWP_TYPE_SHIFT`).
const AREA: u64 = 1;
const ENTRY_SHIFT: u32 = 26;
/// Bytes of the objects of the only class.
const SIZE: u64 = 2048;

/// 6.1 as Debian builds it for 686-pae and armmp-lpae: two areas on disks, zswap with nothing in it.
fn rig(arch: Arch, kind: &str) -> Kit {
    let mut kit = Kit::narrow(arch);
    let word = || u(4);
    let t = &mut kit.types;
    let info = [
        ("flags", 0, word()),
        ("prio", 4, u(2)),
        ("type", 8, u(1)),
        ("max", 12, u(4)),
        ("pages", 16, u(4)),
        ("bdev", 20, word()),
    ];
    t.structure("swap_info_struct", 64, &info);
    t.structure("block_device", 64, &[("bd_disk", 0, word())]);
    t.structure("gendisk", 64, &[("disk_name", 0, array(1, 32)), ("private_data", 32, word())]);
    let page = [
        ("flags", 0, word()),
        ("compound_head", 4, word()),
        ("mapping", 12, word()),
        ("index", 16, word()),
        ("private", 20, word()),
    ];
    t.structure("page", 64, &page);
    t.structure("rb_node", 12, &[("__rb_parent_color", 0, word()), ("rb_right", 4, word()), ("rb_left", 8, word())]);
    t.structure("xarray", 12, &[("xa_lock", 0, u(4)), ("xa_head", 8, word())]);
    t.structure("xa_node", 0x130, &[("shift", 0, u(1)), ("slots", 20, array(4, 64))]);
    let entry = [
        ("rbnode", 0, "rb_node".into()),
        ("offset", 12, word()),
        ("length", 20, u(4)),
        ("pool", 24, word()),
        ("handle", 28, word()),
        ("value", 28, word()),
    ];
    t.structure("zswap_entry", 36, &entry);
    t.structure("zswap_tree", 8, &[("rbroot", 0, word()), ("lock", 4, u(4))]);
    t.structure("zswap_header", 4, &[("swpentry", 0, word())]);
    t.structure("zswap_pool", 188, &[("zpool", 0, word()), ("tfm_name", 60, array(1, 128))]);
    t.structure("zpool", 16, &[("driver", 0, word()), ("pool", 4, word())]);
    t.structure("zpool_driver", 48, &[("type", 0, word())]);
    t.structure("zs_pool", 1076, &[("name", 0, word()), ("size_class", 4, array(4, 249))]);
    t.structure("size_class", 72, &[("size", 32, u(4))]);
    t.structure("zspage", 36, &[("class", 0, u(2)), ("first_page", 12, word())]);
    for at in [INFO, TREES, ENTRY, POOL, BUDDIES, HANDLES, ZSPAGE, OBJECTS, MAP] {
        kit.put(at, &[0; PAGE]);
    }
    kit.symbol("swap_info", INFO);
    kit.symbol("nr_swapfiles", INFO + 0x80);
    kit.put(INFO + 0x80, &[2, 0, 0, 0]);
    for n in 0..2 {
        let at = INFO + 0x100 + n * 0x40;
        kit.word(INFO + n * 4, at);
        kit.word(at, 3);
        kit.put(at + 8, &[n as u8]);
        kit.put(at + 12, &40_000u32.to_le_bytes());
        kit.put(at + 16, &39_999u32.to_le_bytes());
    }
    kit.symbol("swapper_spaces", INFO + 0x800);
    kit.symbol("zswap_trees", INFO + 0xa00);
    kit.word(INFO + 0xa00 + AREA * 4, TREES);
    kit.word(POOL, POOL + 0x200);
    kit.put(POOL + 60, b"lz4");
    kit.word(POOL + 0x200, POOL + 0x300);
    kit.word(POOL + 0x204, POOL + 0x500);
    kit.word(POOL + 0x300, POOL + 0x400);
    kit.put(POOL + 0x400, kind.as_bytes());
    // The pool of zsmalloc: class 3.
    kit.word(POOL + 0x500 + 4 + 3 * 4, ZSPAGE + 0x100);
    kit.put(ZSPAGE + 0x100 + 32, &(SIZE as u32).to_le_bytes());
    kit.put(ZSPAGE, &3u16.to_le_bytes());
    kit
}

/// The only entry of the tree.
fn only(kit: &mut Kit, slot: u64, length: usize, handle: u64) {
    kit.word(TREES, ENTRY);
    kit.word(ENTRY, 1);
    kit.word(ENTRY + 12, slot);
    kit.word(ENTRY + 20, length as u64);
    kit.word(ENTRY + 24, POOL);
    kit.word(ENTRY + 28, handle);
}

/// What the pager has of a slot of the second area.
fn get(kit: &Kit, slot: u64) -> Got {
    let pager = SwapPager::new(&[]);
    let bare = kit.kernel();
    let space = bare.space.clone().with_software(Software::Linux);
    let kernel = Arc::new(Kernel::new(space, Arc::clone(&bare.symbols), Arc::clone(&bare.types), VirtAddr::NULL));
    Frames::test(MAP).preset(&kernel);
    pager.attach(&kernel);
    let mut page = vec![0xee; PAGE];
    let said = pager.fill(FaultReason::Swapped { area: AREA as u32, slot }, &mut page).map_err(|why| why.into_owned())?;
    Ok((page, said.into_owned()))
}

#[test]
fn headers_and_entries_have_four_bytes() {
    for arch in [Arch::X86, Arch::X86Pae, Arch::Arm] {
        let made = |entry: u64| {
            let mut rig = rig(arch, "zbud");
            let bytes = lz4_flex::block::compress(&page(700));
            rig.word(BUDDIES + 64, entry);
            rig.put(BUDDIES + 68, &bytes);
            only(&mut rig, 5, bytes.len(), BUDDIES + 64);
            rig
        };
        let own = made(AREA << ENTRY_SHIFT | 5);
        assert_eq!(get(&own, 5).unwrap(), (page(700), "zswap, in memory".to_owned()), "{arch:?}");
        for other in [5, AREA << ENTRY_SHIFT | 6] {
            let why = get(&made(other), 5).unwrap_err();
            assert!(why.contains("lz4"), "{arch:?}: of another area, or another slot: {why}");
        }
    }
}

#[test]
fn a_page_of_one_word_repeats_four_bytes() {
    let mut rig = rig(Arch::Arm, "zbud");
    only(&mut rig, 5, 0, 0x0102_0304);
    assert!(get(&rig, 5).unwrap().0.chunks(4).all(|w| w == 0x0102_0304u32.to_le_bytes()));
}

#[test]
fn handles_of_zsmalloc_are_split_as_each_processor_has_it() {
    // Bits of a frame number: MAX_POSSIBLE_PHYSMEM_BITS less 12; one bit of the rest is a tag.
    for (arch, frame_bits) in [(Arch::X86, 20), (Arch::X86Pae, 24), (Arch::Arm, 20), (Arch::Arm, 28)] {
        for number in [0, 1] {
            let mut rig = rig(arch, "zsmalloc");
            let bytes = lz4_flex::block::compress(&page(700));
            rig.word(HANDLES, (OBJECTS >> 12 << (32 - frame_bits - 1) | number) << 1);
            rig.word(MAP + (OBJECTS >> 12) * 64 + 20, ZSPAGE);
            rig.word(OBJECTS + number * SIZE, HANDLES | 1);
            rig.put(OBJECTS + number * SIZE + 4, &bytes);
            only(&mut rig, 5, bytes.len(), HANDLES);
            assert_eq!(get(&rig, 5).unwrap().0, page(700), "{arch:?}, {frame_bits} bits, object {number}");
            // Another handle's object.
            rig.word(OBJECTS + number * SIZE, (HANDLES + 4) | 1);
            let why = get(&rig, 5).unwrap_err();
            assert!(why.contains("handle"), "{why}");
        }
    }
}
