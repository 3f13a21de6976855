//! Red-black trees (`rb_root`): include/linux/rbtree.h.

use crate::engine::ViewExt;
use crate::os::linux::base::layout::{Extent, Member, Members};
use crate::os::linux::base::layout::{Found, Shape, shapes};
use crate::os::linux::base::lost::Lost;
use crate::symbols::Types;
use memsh_plugin::{MemoryView, VirtAddr};
use std::collections::HashSet;

/// No tree that memsh walks has more nodes.
const LARGEST: usize = 1 << 22;

shapes! {
    /// `rb_node`.
    RbNodeShape: "rb_node" {
        left: ["rb_left"],
        right: ["rb_right"],
    }
}

/// The nodes of the tree whose `rb_root` (its first member is the root pointer) lies at `root`, in order.
pub fn tree(view: &dyn MemoryView, shape: &RbNodeShape, root: VirtAddr, what: &str, lost: &mut Lost) -> Vec<VirtAddr> {
    let mut out = Vec::new();
    let mut seen = HashSet::new();
    let mut path: Vec<(VirtAddr, Option<VirtAddr>)> = Vec::new();
    let mut at = match view.read_ptr(root) {
        Ok(at) => Some(at).filter(|at| !at.is_null()),
        Err(_) => {
            lost.push(format!("{what}: the tree's root at {root} is not in the image"));
            return out;
        }
    };
    loop {
        while let Some(node) = at {
            if !seen.insert(node) || seen.len() > LARGEST {
                lost.push(format!("{what}: the tree runs in a circle at {node}"));
                break;
            }
            let block = shape.read(view, node);
            if block.is_missing() {
                lost.push(format!("{what}: the tree's node at {node} is not in the image"));
                break;
            }
            path.push((node, block.ptr(shape.right)));
            at = block.ptr(shape.left);
        }
        let Some((node, right)) = path.pop() else { return out };
        out.push(node);
        at = right;
    }
}
