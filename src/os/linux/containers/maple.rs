//! Maple trees: include/linux/maple_tree.h, lib/maple_tree.c. Since 6.1 a process's regions are kept in one.
//!
//! A node is 256 bytes and aligned so; its address carries the node's type in bits 6:3 (`enum maple_type`). A node holds pivots,
//! each the last index of its slot, and slots, each an entry (leaf) or a node one level down.

use crate::os::linux::base::enums;
use crate::os::linux::base::layout::{Extent, Found, Member, Members, Shape, number, shapes};
use crate::os::linux::base::lost::Lost;
use crate::symbols::Types;
use memsh_plugin::{MemoryView, VirtAddr, umem};
use std::collections::HashSet;

/// `MAPLE_NODE_MASK`: the low bits of a node's address hold its type and flags.
const NODE_MASK: u64 = 255;
/// `MAPLE_NODE_TYPE_SHIFT` and `MAPLE_NODE_TYPE_MASK`.
const TYPE_SHIFT: u32 = 3;
const TYPE_MASK: u64 = 0x0f;
/// `MAPLE_HEIGHT_MAX` is 31; a tree of 2^64 entries needs fewer.
const DEEPEST: u32 = 31;
/// A process has 65530 regions by default (`vm.max_map_count`), and may be allowed more.
const LARGEST: usize = 1 << 22;
/// A node has at most 31 slots (`MAPLE_NODE_SLOTS`) on 64-bit and 63 on 32-bit kernels.
const SLOTS: u64 = 63;

shapes! {
    /// `maple_tree`.
    MapleTreeShape: "maple_tree" {
        root: ["ma_root"],
    }
    /// `maple_range_64`: leaves and inner nodes without gap tracking.
    RangeShape: "maple_range_64" {
        pivot: ["pivot"],
        slot: ["slot"],
    }
    /// `maple_arange_64`: inner nodes with gap tracking.
    ArangeShape: "maple_arange_64" {
        pivot: ["pivot"],
        slot: ["slot"],
    }
    /// `maple_node`, for dense nodes.
    DenseShape: "maple_node" {
        slot: ["slot"],
    }
}

/// How a tree's nodes are laid out.
#[derive(Clone, Debug)]
pub struct MapleShape {
    tree: MapleTreeShape,
    range: RangeShape,
    arange: ArangeShape,
    dense: DenseShape,
    /// Values of `enum maple_type`: dense, leaf_64, range_64, arange_64.
    kinds: [u64; 4],
}

/// Names of `enum maple_type` in the order of [`MapleShape::kinds`].
const KINDS: [&str; 4] = ["maple_dense", "maple_leaf_64", "maple_range_64", "maple_arange_64"];

impl MapleShape {
    /// Finds the layout; `None` for a kernel without maple trees.
    pub fn find(types: &dyn Types) -> Option<Self> {
        let tree = MapleTreeShape::find(types);
        tree.root?;
        let mut kinds = [0, 1, 2, 3];
        for (kind, name) in kinds.iter_mut().zip(KINDS) {
            *kind = enums::value(types, "maple_type", name).unwrap_or(*kind);
        }
        Some(Self {
            tree,
            range: RangeShape::find(types),
            arange: ArangeShape::find(types),
            dense: DenseShape::find(types),
            kinds,
        })
    }
}

/// An entry of a tree with the range of indices that it covers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MapleEntry {
    /// First index.
    pub first: u64,
    /// Last index.
    pub last: u64,
    /// The entry, usually a pointer.
    pub entry: VirtAddr,
}

/// The entries of the tree whose `maple_tree` lies at `tree`, ascending.
pub fn maple(view: &dyn MemoryView, shape: &MapleShape, tree: VirtAddr, what: &str, lost: &mut Lost) -> Vec<MapleEntry> {
    let mut walk = Walk { view, shape, what, lost, out: Vec::new(), seen: HashSet::new() };
    let block = shape.tree.read(view, tree);
    if block.is_missing() {
        walk.lost.push(format!("{what}: the tree at {tree} is not in the image"));
        return walk.out;
    }
    let top = if view.view_metadata().pointer_size == 4 { u64::from(u32::MAX) } else { u64::MAX };
    if let Some(root) = block.ptr(shape.tree.root) {
        match is_node(number(root)) {
            true => walk.node(number(root), 0, top, DEEPEST),
            // A tree of one entry at index 0 has no node.
            false => walk.entry(0, 0, number(root)),
        }
    }
    walk.out
}

/// `xa_is_node`: an internal entry (low bits 10) above all reserved values.
fn is_node(entry: u64) -> bool {
    entry & 3 == 2 && entry > 4096
}

struct Walk<'a> {
    view: &'a dyn MemoryView,
    shape: &'a MapleShape,
    what: &'a str,
    lost: &'a mut Lost,
    out: Vec<MapleEntry>,
    seen: HashSet<u64>,
}

impl Walk<'_> {
    fn entry(&mut self, first: u64, last: u64, entry: u64) {
        // Reserved values (XA_ZERO_ENTRY and the like) stand for nothing.
        if entry & 3 != 2 {
            self.out.push(MapleEntry { first, last, entry: VirtAddr::new(umem::from(entry)) });
        }
    }

    fn node(&mut self, node: u64, first: u64, last: u64, depth: u32) {
        let (what, address) = (self.what, VirtAddr::new(umem::from(node & !NODE_MASK)));
        let kind = (node >> TYPE_SHIFT) & TYPE_MASK;
        let Some(depth) = depth.checked_sub(1) else {
            return self.lost.push(format!("{what}: the tree is deeper than any can be at {address}"));
        };
        if !self.seen.insert(node & !NODE_MASK) {
            return self.lost.push(format!("{what}: the tree runs in a circle at {address}"));
        }
        if self.seen.len() > LARGEST || self.out.len() > LARGEST {
            return self.lost.push(format!("{what}: the tree does not end after {LARGEST} entries"));
        }
        let [dense, leaf, range, arange] = self.shape.kinds;
        let (block, pivots, slots) = match kind {
            k if k == dense => (self.shape.dense.read(self.view, address), None, self.shape.dense.slot),
            k if k == leaf || k == range => {
                (self.shape.range.read(self.view, address), self.shape.range.pivot, self.shape.range.slot)
            }
            k if k == arange => (self.shape.arange.read(self.view, address), self.shape.arange.pivot, self.shape.arange.slot),
            _ => return self.lost.push(format!("{what}: the node at {address} has the unknown type {kind}")),
        };
        if block.is_missing() {
            return self.lost.push(format!("{what}: the node at {address} is not in the image: {first:#x}-{last:#x} is unknown"));
        }
        let Some(slots) = slots else {
            return self.lost.push(format!("{what}: the types do not describe the node at {address}"));
        };
        let word = u64::from(self.view.view_metadata().pointer_size.max(1));
        let count = (slots.size / word).min(SLOTS);
        let pivot_count = pivots.map_or(0, |p| (p.size / word).min(SLOTS));
        let mut low = first;
        for i in 0..count {
            let high = match pivots {
                None => low,
                Some(p) if i < pivot_count => match block.word(p.offset + i * word) {
                    // A pivot of zero after the first slot ends the node: the slot reaches to the node's own end.
                    Some(0) if i > 0 => last,
                    Some(pivot) => pivot.min(last),
                    None => return self.lost.push(format!("{what}: a part of the node at {address} is not in the image")),
                },
                Some(_) => last,
            };
            if high < low {
                return self.lost.push(format!("{what}: the node at {address} is not in order"));
            }
            match block.word(slots.offset + i * word) {
                None => return self.lost.push(format!("{what}: a part of the node at {address} is not in the image")),
                Some(0) => {}
                Some(entry) if kind == leaf || kind == dense => self.entry(low, high, entry),
                Some(entry) => self.node(entry, low, high, depth),
            }
            match high.checked_add(1) {
                Some(next) if high < last => low = next,
                _ => return,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::os::linux::testkit::{Kit, array, u};

    const TREE: u64 = 0xffff_8880_0000_0000;
    const NODES: u64 = 0xffff_8880_0010_0000;
    const LEAF: u64 = 1;
    const RANGE: u64 = 2;
    const ARANGE: u64 = 3;

    fn kit() -> Kit {
        let mut kit = Kit::new();
        kit.types.structure("maple_tree", 16, &[("ma_lock", 0, u(4)), ("ma_flags", 4, u(4)), ("ma_root", 8, u(8))]);
        kit.types.structure(
            "maple_range_64",
            256,
            &[("parent", 0, u(8)), ("pivot", 8, array(8, 15)), ("slot", 128, array(8, 16))],
        );
        let fields = [("parent", 0, u(8)), ("pivot", 8, array(8, 9)), ("slot", 80, array(8, 10)), ("gap", 160, array(8, 10))];
        kit.types.structure("maple_arange_64", 256, &fields);
        kit.types.structure("maple_node", 256, &[("parent", 0, u(8)), ("slot", 8, array(8, 31))]);
        kit
    }

    /// A node's address with its type, as a slot holds it (bit 2 is `MAPLE_ENODE_NULL`).
    fn node(number: u64, kind: u64) -> u64 {
        (NODES + number * 256) | kind << 3 | 4
    }

    fn fill(kit: &mut Kit, at: u64, pivots: u64, slots: u64, rows: &[(u64, u64)]) {
        kit.put(at & !255, &[0; 256]);
        for (i, &(pivot, slot)) in (0u64..).zip(rows) {
            if i < (slots - pivots) / 8 {
                kit.word((at & !255) + pivots + i * 8, pivot);
            }
            kit.word((at & !255) + slots + i * 8, slot);
        }
    }

    fn root(kit: &mut Kit, entry: u64) {
        kit.word(TREE + 8, entry);
    }

    fn walk(kit: &Kit) -> (Vec<(u64, u64, u64)>, Lost) {
        let kernel = kit.kernel();
        let shape = MapleShape::find(&*kernel.types).unwrap();
        let mut lost = Lost::default();
        let found = maple(kernel.view(), &shape, VirtAddr::new(umem::from(TREE)), "tree", &mut lost);
        (found.iter().map(|e| (e.first, e.last, number(e.entry))).collect(), lost)
    }

    #[test]
    fn every_kind_of_node() {
        let mut kit = kit();
        root(&mut kit, node(0, ARANGE) & !4 | 2);
        fill(&mut kit, node(0, ARANGE), 8, 80, &[(0xffff, node(1, RANGE)), (u64::MAX, node(2, LEAF))]);
        fill(&mut kit, node(1, RANGE), 8, 128, &[(0xfff, node(3, LEAF)), (0xffff, node(4, LEAF))]);
        fill(&mut kit, node(3, LEAF), 8, 128, &[(0xff, 0), (0x1ff, 0x1000), (0xfff, 0)]);
        fill(&mut kit, node(4, LEAF), 8, 128, &[(0x1fff, 0x2000), (0xffff, 0x3000)]);
        // The last pivot may be left out: zero ends the node.
        fill(&mut kit, node(2, LEAF), 8, 128, &[(0x1_ffff, 0x4000), (0, 0x5000)]);
        let (found, lost) = walk(&kit);
        assert_eq!(
            found,
            [
                (0x100, 0x1ff, 0x1000),
                (0x1000, 0x1fff, 0x2000),
                (0x2000, 0xffff, 0x3000),
                (0x1_0000, 0x1_ffff, 0x4000),
                (0x2_0000, u64::MAX, 0x5000),
            ]
        );
        assert!(lost.is_empty());
    }

    #[test]
    fn a_full_leaf_has_one_slot_more_than_pivots() {
        let mut kit = kit();
        root(&mut kit, node(0, LEAF) & !4 | 2);
        let rows: Vec<(u64, u64)> = (0..16).map(|i| (i * 16 + 15, 0x1000 + i * 0x100)).collect();
        fill(&mut kit, node(0, LEAF), 8, 128, &rows);
        let (found, lost) = walk(&kit);
        assert_eq!(found.len(), 16);
        assert_eq!(found.last().copied(), Some((240, u64::MAX, 0x1f00)));
        assert!(lost.is_empty());
    }

    #[test]
    fn empty_and_single_entry_trees() {
        let mut kit = kit();
        root(&mut kit, 0);
        assert!(walk(&kit).0.is_empty());
        root(&mut kit, 0x7000);
        assert_eq!(walk(&kit).0, [(0, 0, 0x7000)]);
        // A dense node numbers its slots.
        root(&mut kit, node(0, 0) & !4 | 2);
        fill(&mut kit, node(0, 0), 8, 8, &[(0, 0x10), (0, 0), (0, 0x20)]);
        assert_eq!(walk(&kit).0, [(0, 0, 0x10), (2, 2, 0x20)]);
    }

    #[test]
    fn a_missing_node_costs_its_range_only() {
        let mut kit = kit();
        root(&mut kit, node(0, ARANGE) & !4 | 2);
        fill(&mut kit, node(0, ARANGE), 8, 80, &[(0xff, node(100, LEAF)), (u64::MAX, node(2, LEAF))]);
        fill(&mut kit, node(2, LEAF), 8, 128, &[(0x1ff, 0x4000), (u64::MAX, 0)]);
        let (found, lost) = walk(&kit);
        assert_eq!(found, [(0x100, 0x1ff, 0x4000)]);
        assert_eq!(lost.sentences().len(), 1);
    }

    #[test]
    fn a_node_that_holds_itself_ends() {
        let mut kit = kit();
        root(&mut kit, node(0, RANGE) & !4 | 2);
        fill(&mut kit, node(0, RANGE), 8, 128, &[(0xff, node(0, RANGE)), (u64::MAX, node(0, RANGE))]);
        let (found, lost) = walk(&kit);
        assert!(found.is_empty() && !lost.is_empty());
    }

    #[test]
    fn an_unknown_kind_and_a_wrong_order_are_told() {
        let mut kit = kit();
        root(&mut kit, node(0, 9) & !4 | 2);
        fill(&mut kit, node(0, 9), 8, 128, &[(0xff, 0x1000)]);
        assert!(!walk(&kit).1.is_empty());
        root(&mut kit, node(1, LEAF) & !4 | 2);
        fill(&mut kit, node(1, LEAF), 8, 128, &[(0xff, 0x1000), (0x10, 0x2000)]);
        let (found, lost) = walk(&kit);
        assert_eq!(found, [(0, 0xff, 0x1000)]);
        assert!(!lost.is_empty());
    }
}
