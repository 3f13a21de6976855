//! XArrays and IDRs (`xarray`, and `radix_tree_root` before 4.20): include/linux/xarray.h.

use super::layout::{Extent, Member, Members, Shape, number, shapes};
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
    /// Finds the layout.
    pub fn find(types: &dyn Types) -> Self {
        let (array, node) = (XArrayShape::find(types), XaNodeShape::find(types));
        if array.head.is_some() {
            let (extent, inner) = (array.extent(), node.extent());
            return Self { head: array.head, extent, node: inner, shift: node.shift, slots: node.slots, mark: 2 };
        }
        let (array, node) = (RadixShape::find(types), RadixNodeShape::find(types));
        let (extent, inner) = (array.extent(), node.extent());
        Self { head: array.head, extent, node: inner, shift: node.shift, slots: node.slots, mark: 1 }
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
