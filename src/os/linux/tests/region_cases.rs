//! Regions of a kernel before 6.1: a list and a red-black tree.

use super::super::testkit::{Kit, u};
use crate::os::linux::base::lost::Lost;
use crate::os::linux::memory::mm::Mm;
use memsh_plugin::{VirtAddr, umem};

const MM: u64 = 0xffff_8880_0000_0000;
const VMAS: u64 = 0xffff_8880_0001_0000;

fn vma(n: u64) -> u64 {
    VMAS + n * 0x100
}

/// Four regions in a list, and the second as root of a tree of all of them.
fn kit() -> Kit {
    let mut kit = Kit::new();
    kit.types.structure("rb_root", 8, &[("rb_node", 0, u(8))]);
    kit.types.structure("rb_node", 24, &[("__rb_parent_color", 0, u(8)), ("rb_right", 8, u(8)), ("rb_left", 16, u(8))]);
    let mm = [("mmap", 0, u(8)), ("mm_rb", 8, "rb_root".into()), ("map_count", 16, u(4))];
    kit.types.structure("mm_struct", 0x40, &mm);
    let area = [
        ("vm_start", 0, u(8)),
        ("vm_end", 8, u(8)),
        ("vm_next", 16, u(8)),
        ("vm_rb", 32, "rb_node".into()),
        ("vm_mm", 56, u(8)),
        ("vm_flags", 64, u(8)),
    ];
    kit.types.structure("vm_area_struct", 0x80, &area);
    kit.put(MM, &[0; 0x40]);
    kit.word(MM, vma(0));
    kit.word(MM + 8, vma(1) + 32);
    kit.word(MM + 16, 4);
    for n in 0..4 {
        kit.put(vma(n), &[0; 0x80]);
        kit.word(vma(n), 0x1000 * (n + 1));
        kit.word(vma(n) + 8, 0x1000 * (n + 2));
        kit.word(vma(n) + 16, if n < 3 { vma(n + 1) } else { 0 });
        kit.word(vma(n) + 56, MM);
        kit.word(vma(n) + 64, 5);
    }
    // 1 is the root: 0 on its left, 2 on its right, 3 to the right of that.
    kit.word(vma(1) + 32 + 16, vma(0) + 32);
    kit.word(vma(1) + 32 + 8, vma(2) + 32);
    kit.word(vma(2) + 32 + 8, vma(3) + 32);
    kit
}

fn starts(kit: &Kit) -> (Vec<u64>, Lost) {
    let kernel = kit.kernel();
    let mut lost = Lost::default();
    let mm = Mm::read(&kernel, VirtAddr::new(umem::from(MM))).unwrap();
    (mm.regions(&kernel, &mut lost).iter().map(|v| v.start).collect(), lost)
}

#[test]
fn the_list_is_told_in_order() {
    let (found, lost) = starts(&kit());
    assert_eq!(found, [0x1000, 0x2000, 0x3000, 0x4000]);
    assert!(lost.is_empty());
}

#[test]
fn where_the_list_is_torn_the_tree_has_the_rest() {
    for wild in [0xffff_9999_0000_0000, vma(0), vma(1), 0x10] {
        let mut kit = kit();
        kit.word(vma(1) + 16, wild);
        let (found, lost) = starts(&kit);
        assert_eq!(found, [0x1000, 0x2000, 0x3000, 0x4000], "vm_next = {wild:#x}");
        assert!(!lost.is_empty());
    }
}

#[test]
fn a_circle_in_the_tree_ends_too() {
    let mut kit = kit();
    kit.word(vma(0) + 16, vma(0));
    kit.word(vma(3) + 32 + 8, vma(1) + 32);
    let (found, lost) = starts(&kit);
    assert_eq!(found, [0x1000, 0x2000, 0x3000, 0x4000]);
    assert!(lost.sentences().len() >= 2);
}

#[test]
fn what_is_no_region_is_no_row() {
    let mut kit = kit();
    // It ends before it begins; another's; not at a page.
    kit.word(vma(1) + 8, 0x1000);
    kit.word(vma(2) + 56, MM + 8);
    kit.word(vma(3), 0x4001);
    let (found, lost) = starts(&kit);
    assert_eq!(found, [0x1000]);
    assert!(lost.sentences().iter().any(|s| s.contains("1 of 4")));
}
