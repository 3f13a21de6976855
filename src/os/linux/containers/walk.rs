//! The kernel's containers for whoever asks by hand: any list, chain or tree, given where it begins.
//!
//! Every walk ends: circles, wild pointers and what is not in the image are told, and what was found before them is kept.

use super::list::{chain, list};
use super::maple::maple;
use super::tree::tree;
use super::xarray::array;
use crate::engine::ViewExt;
use crate::os::linux::base::kernel::{Kernel, failed};
use crate::os::linux::base::layout::number;
use crate::os::linux::base::lost::Lost;
use memsh_plugin::{ApiError, Listing, Status, VirtAddr, umem};
use std::collections::{HashMap, HashSet};

/// No list that is walked by a plain pointer is longer.
const LONGEST: usize = 1 << 22;

/// An entry of a tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TreeEntry {
    /// The first index that leads to it; of a red-black tree its place in the order.
    pub first: u64,
    /// The last index.
    pub last: u64,
    /// How far it is below the root, where the tree's own nodes are the entries.
    pub depth: Option<u32>,
    /// The entry; of a red-black tree its `rb_node`.
    pub entry: VirtAddr,
}

/// The nodes of the ring whose head (`list_head`) lies at `head`, without the head.
pub fn ring(kernel: &Kernel, head: VirtAddr) -> Listing<VirtAddr> {
    let mut lost = Lost::default();
    let nodes = list(kernel.view(), head, "list", &mut lost);
    lost.listing(nodes)
}

/// The nodes of the chain that the pointer at `head` (`hlist_head`, `hlist_nulls_head`, `llist_head`) begins. Links come first in
/// each node.
pub fn hash_chain(kernel: &Kernel, head: VirtAddr) -> Listing<VirtAddr> {
    let mut lost = Lost::default();
    let nodes = chain(kernel.view(), head, "chain", &mut lost);
    lost.listing(nodes)
}

/// The structures from `first` on, each of which has a pointer to the next at `offset`. Ends at null and where it comes back to
/// the first.
pub fn linked(kernel: &Kernel, first: VirtAddr, offset: u64) -> Listing<VirtAddr> {
    let mut lost = Lost::default();
    let (mut out, mut seen) = (Vec::new(), HashSet::new());
    let mut at = first;
    while !at.is_null() {
        if !seen.insert(at) {
            if at != first {
                lost.push(format!("list: it runs in a circle, back to {at}"));
            }
            break;
        }
        if seen.len() > LONGEST {
            lost.push(format!("list: it does not end after {LONGEST} entries"));
            break;
        }
        let Ok(next) = kernel.space.read_ptr(at.wrapping_add(umem::from(offset))) else {
            lost.push(format!("list: the entry at {at} is not in the image"));
            break;
        };
        out.push(at);
        at = next;
    }
    lost.listing(out)
}

/// The nodes of the red-black tree whose `rb_root` lies at `root`, in order, with their depth.
pub fn red_black(kernel: &Kernel, root: VirtAddr) -> Listing<TreeEntry> {
    let mut lost = Lost::default();
    let nodes = tree(kernel.view(), &kernel.layouts.rb_node, root, "tree", &mut lost);
    let depths = depths(kernel, root, &nodes);
    let entries = (0..).zip(nodes);
    let out = entries.map(|(i, entry)| TreeEntry { first: i, last: i, depth: depths.get(&entry).copied(), entry }).collect();
    lost.listing(out)
}

/// How far each node is below the root, from the links to its children.
fn depths(kernel: &Kernel, root: VirtAddr, nodes: &[VirtAddr]) -> HashMap<VirtAddr, u32> {
    use crate::os::linux::base::layout::Shape;
    let shape = &kernel.layouts.rb_node;
    let known: HashSet<VirtAddr> = nodes.iter().copied().collect();
    let mut out = HashMap::new();
    let mut open: Vec<(VirtAddr, u32)> = kernel.space.read_ptr(root).ok().map(|at| (at, 0)).into_iter().collect();
    while let Some((at, depth)) = open.pop() {
        if !known.contains(&at) || out.contains_key(&at) {
            continue;
        }
        out.insert(at, depth);
        let block = shape.read(kernel.view(), at);
        open.extend([block.ptr(shape.left), block.ptr(shape.right)].into_iter().flatten().map(|c| (c, depth.saturating_add(1))));
    }
    out
}

/// The entries of the XArray or radix tree (`xarray`, `radix_tree_root`) at `root`, ascending.
///
/// # Errors
/// When the kernel's types have neither.
pub fn indexed(kernel: &Kernel, root: VirtAddr) -> Result<Listing<TreeEntry>, ApiError> {
    let shape = kernel.layouts.array.as_ref();
    let shape =
        shape.ok_or_else(|| failed(Status::UNSUPPORTED, "no type xarray and no radix_tree_root among the kernel's types"))?;
    let mut lost = Lost::default();
    let found = array(kernel.view(), shape, root, "array", &mut lost);
    let out = found.into_iter().map(|(i, entry)| TreeEntry { first: i, last: i, depth: None, entry }).collect();
    Ok(lost.listing(out))
}

/// The entries of the maple tree (`maple_tree`) at `root`, ascending; empty ranges are left out.
///
/// # Errors
/// When the kernel is older than 6.1 and has no maple trees.
pub fn ranges(kernel: &Kernel, root: VirtAddr) -> Result<Listing<TreeEntry>, ApiError> {
    let shape = kernel.layouts.maple.as_ref();
    let shape =
        shape.ok_or_else(|| failed(Status::UNSUPPORTED, "no type maple_tree among the kernel's types: 6.1 brought it"))?;
    let mut lost = Lost::default();
    let found = maple(kernel.view(), shape, root, "tree", &mut lost);
    let out = found.into_iter().filter(|e| number(e.entry) != 0);
    let out = out.map(|e| TreeEntry { first: e.first, last: e.last, depth: None, entry: e.entry }).collect();
    Ok(lost.listing(out))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::os::linux::testkit::Kit;

    const AT: u64 = 0xffff_8880_0000_1000;

    fn at(i: u64) -> VirtAddr {
        VirtAddr::new(umem::from(AT + i * 0x100))
    }

    #[test]
    fn plain_pointers_end_at_null_at_the_first_and_in_circles() {
        let mut kit = Kit::new();
        kit.word(AT + 8, AT + 0x100);
        kit.word(AT + 0x108, AT + 0x200);
        kit.word(AT + 0x208, 0);
        let found = linked(&kit.kernel(), at(0), 8);
        assert_eq!((found.items.len(), found.lost.len()), (3, 0));
        kit.word(AT + 0x208, AT);
        let found = linked(&kit.kernel(), at(0), 8);
        assert_eq!((found.items.len(), found.lost.len()), (3, 0), "back to the first is a whole ring");
        kit.word(AT + 0x208, AT + 0x100);
        let found = linked(&kit.kernel(), at(0), 8);
        assert_eq!((found.items.len(), found.lost.len()), (3, 1));
        kit.word(AT + 0x208, 0x4141_4141_4141_4141);
        let found = linked(&kit.kernel(), at(0), 8);
        assert_eq!((found.items.len(), found.lost.len()), (3, 1), "what was found before a wild pointer is kept");
    }

    #[test]
    fn nodes_of_a_tree_have_their_depth() {
        let mut kit = Kit::new();
        let word = crate::os::linux::testkit::u(8);
        let fields = [("__rb_parent_color", 0, word.clone()), ("rb_right", 8, word.clone()), ("rb_left", 16, word)];
        kit.types.structure("rb_node", 24, &fields);
        // 1 above 0 and 2; 3 right of 2.
        kit.word(AT + 0x1000, AT + 0x100);
        for (node, right, left) in [(0, 0, 0), (1, AT + 0x200, AT), (2, AT + 0x300, 0), (3, 0, 0)] {
            kit.word(AT + node * 0x100, 1);
            kit.word(AT + node * 0x100 + 8, right);
            kit.word(AT + node * 0x100 + 16, left);
        }
        let root = VirtAddr::new(umem::from(AT + 0x1000));
        let found = red_black(&kit.kernel(), root);
        let told: Vec<_> = found.items.iter().map(|e| (e.entry, e.depth)).collect();
        assert_eq!(told, [(at(0), Some(1)), (at(1), Some(0)), (at(2), Some(1)), (at(3), Some(2))]);
        // A circle among the nodes ends, and is told.
        kit.word(AT + 0x308, AT + 0x100);
        assert!(!red_black(&kit.kernel(), root).lost.is_empty());
    }
}
