//! XArrays and IDRs (`xarray`, and `radix_tree_root` before 4.20): include/linux/xarray.h.

use super::layout::{Extent, Found, Member, Members, Shape, number, shapes};
use super::lost::Lost;
use crate::symbols::Types;
use memsh_plugin::{MemoryView, VirtAddr, umem};
use std::collections::HashSet;

/// No array that memsh walks has more entries.
const LARGEST: usize = 1 << 22;
/// `XA_CHUNK_SHIFT` is 6, or 4 with CONFIG_BASE_SMALL.
const SLOTS: u64 = 64;
/// 64 bits of index, at least 4 for each level.
const DEEPEST: u32 = 16;

shapes! {
    /// `xarray`, or the radix tree that it replaced.
    XArrayShape: "xarray" {
        head: ["xa_head"],
    }
    /// `radix_tree_root`, before 4.20.
    RadixShape: "radix_tree_root" {
        head: ["rnode", "xa_head"],
    }
    /// `xa_node`.
    XaNodeShape: "xa_node" {
        shift: ["shift"],
        slots: ["slots"],
    }
    /// `radix_tree_node`, before 4.20.
    RadixNodeShape: "radix_tree_node" {
        shift: ["shift"],
        slots: ["slots"],
    }
}

/// How an array's nodes are laid out.
#[derive(Clone, Debug)]
pub struct ArrayShape {
    head: Option<Member>,
    extent: Extent,
    node: Extent,
    shift: Option<Member>,
    slots: Option<Member>,
    /// What marks a pointer to a node: low bits 10 (`xa_is_node`), or 01 (`RADIX_TREE_INTERNAL_NODE`, before 4.20).
    mark: u64,
}

impl ArrayShape {
    /// Finds the layout; `None` where the types have neither.
    pub fn find(types: &dyn Types) -> Option<Self> {
        let (array, node) = (XArrayShape::find(types), XaNodeShape::find(types));
        if array.head.is_some() {
            let (extent, inner) = (array.extent(), node.extent());
            return Some(Self { head: array.head, extent, node: inner, shift: node.shift, slots: node.slots, mark: 2 });
        }
        let (array, node) = (RadixShape::find(types), RadixNodeShape::find(types));
        array.head?;
        let (extent, inner) = (array.extent(), node.extent());
        Some(Self { head: array.head, extent, node: inner, shift: node.shift, slots: node.slots, mark: 1 })
    }
}

/// The entries of the array at `array` with their indices, ascending.
pub fn array(view: &dyn MemoryView, shape: &ArrayShape, array: VirtAddr, what: &str, lost: &mut Lost) -> Vec<(u64, VirtAddr)> {
    let mut walk = Walk { view, shape, what, lost, out: Vec::new(), seen: HashSet::new() };
    let block = shape.extent.read(view, array);
    if block.is_missing() {
        walk.lost.push(format!("{what}: the array at {array} is not in the image"));
    }
    if let Some(head) = block.ptr(shape.head) {
        walk.entry(number(head), 0, DEEPEST);
    }
    walk.out
}

struct Walk<'a> {
    view: &'a dyn MemoryView,
    shape: &'a ArrayShape,
    what: &'a str,
    lost: &'a mut Lost,
    out: Vec<(u64, VirtAddr)>,
    seen: HashSet<u64>,
}

impl Walk<'_> {
    fn entry(&mut self, entry: u64, first: u64, depth: u32) {
        let what = self.what;
        if entry & 3 != self.shape.mark {
            if entry & 3 == 0 && entry != 0 {
                self.out.push((first, VirtAddr::new(umem::from(entry))));
            }
            return;
        }
        // Small internal values are siblings, retries and the like.
        if entry < 4096 {
            return;
        }
        let address = VirtAddr::new(umem::from(entry & !3));
        let Some(depth) = depth.checked_sub(1) else {
            return self.lost.push(format!("{what}: the array is deeper than any can be at {address}"));
        };
        if !self.seen.insert(entry) || self.out.len() > LARGEST || self.seen.len() > LARGEST {
            return self.lost.push(format!("{what}: the array runs in a circle at {address}"));
        }
        let block = self.shape.node.read(self.view, address);
        let (Some(shift), Some(slots)) = (block.uint(self.shape.shift), self.shape.slots) else {
            return self.lost.push(format!("{what}: the node at {address} is not in the image"));
        };
        let word = u64::from(self.view.view_metadata().pointer_size.max(1));
        for i in 0..(slots.size / word).min(SLOTS) {
            let step = u32::try_from(shift).ok().and_then(|s| i.checked_shl(s)).unwrap_or(u64::MAX);
            match (block.word(slots.offset + i * word), first.checked_add(step)) {
                (Some(0), _) => {}
                (Some(inner), Some(at)) => self.entry(inner, at, depth),
                _ => self.lost.push(format!("{what}: slot {i} of the node at {address} can't be read")),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::super::testkit::{Kit, array as words, u};
    use super::*;

    const HEAD: u64 = 0xffff_8880_0000_0000;
    const UPPER: u64 = HEAD + 0x1000;
    const LOWER: u64 = HEAD + 0x2000;

    fn kit() -> Kit {
        let mut kit = Kit::new();
        kit.types.structure("xarray", 16, &[("xa_lock", 0, u(4)), ("xa_head", 8, u(8))]);
        kit.types.structure("xa_node", 0x240, &[("shift", 0, u(1)), ("slots", 0x28, words(8, 64))]);
        kit.put(UPPER, &[0; 0x240]);
        kit.put(LOWER, &[0; 0x240]);
        kit.word(HEAD + 8, UPPER | 2);
        kit.put(UPPER, &[6]);
        kit.word(UPPER + 0x28 + 8, LOWER | 2);
        kit.word(LOWER + 0x28 + 3 * 8, 0x5000);
        kit
    }

    fn walk(kit: &Kit) -> (Vec<(u64, u64)>, Lost) {
        let kernel = kit.kernel();
        let shape = ArrayShape::find(&*kernel.types).unwrap();
        let mut lost = Lost::default();
        let found = array(kernel.view(), &shape, VirtAddr::new(umem::from(HEAD)), "array", &mut lost);
        (found.iter().map(|(i, e)| (*i, number(*e))).collect(), lost)
    }

    #[test]
    fn indices_follow_from_the_way_down() {
        let (found, lost) = walk(&kit());
        assert_eq!(found, [(64 + 3, 0x5000)]);
        assert!(lost.is_empty());
    }

    #[test]
    fn circles_and_missing_nodes_are_told() {
        let mut kit = kit();
        kit.word(LOWER + 0x28, UPPER | 2);
        kit.word(LOWER + 0x28 + 8, (HEAD + 0x10_0000) | 2);
        let (found, lost) = walk(&kit);
        assert_eq!(found, [(64 + 3, 0x5000)]);
        assert_eq!(lost.sentences().len(), 2);
    }
}
