//! Files of an overlay (fs/overlayfs): which inode below has the contents.
//!
//! overlayfs is mostly a module, and its types are in no kernel's BTF. But `struct ovl_inode` has the inode that everybody sees in
//! its middle, and what leads to the real one right behind that: the upper directory entry, then the lower inode (up to 5.19), the
//! lower path (6.0 to 6.4) or the `ovl_entry` with the stack of lower paths (6.5). Whatever is found there proves itself: it must
//! lead to an inode of another file system that has the same type, length, owner and time of modification, since overlayfs copies
//! these (`ovl_copyattr`).

use super::pagecache::InodeFactsShape;
use crate::engine::ViewExt;
use crate::os::linux::base::kernel::Kernel;
use crate::os::linux::base::layout::{Block, Shape};
use crate::symbols::{Types, TypesExt};
use memsh_plugin::{VirtAddr, umem};

/// So many words behind the inode are looked at; `struct ovl_inode` has five more members.
const WORDS: u64 = 6;
/// So many words of an `ovl_entry`: a count, flags, then pairs of layer and directory entry.
const ENTRY_WORDS: u64 = 5;

use crate::os::linux::base::layout::Found;

/// Size in bytes of `struct inode`.
struct InodeSize(Option<u64>);

impl Found for InodeSize {
    fn find(types: &dyn Types) -> Self {
        Self(types.size_of("struct inode").filter(|s| s.is_multiple_of(8) && *s <= 1 << 14))
    }
}

/// The inode with the contents of the overlay's inode `block`; none where nothing proves itself. `supers` are the kernel's file
/// systems.
pub fn backing(kernel: &Kernel, block: &Block, supers: &[VirtAddr]) -> Option<VirtAddr> {
    let behind = block.base().wrapping_add(umem::from(kernel.shape::<InodeSize>().0?));
    let word = umem::from(kernel.view().view_metadata().pointer_size);
    let pointers = |from: VirtAddr, count: u64| {
        (0..count)
            .filter_map(move |i| kernel.view().read_ptr(from.wrapping_add(umem::from(i) * word)).ok().filter(|p| !p.is_null()))
    };
    let here = |at: VirtAddr| as_inode(kernel, block, at, supers).or_else(|| as_dentry(kernel, block, at, supers));
    // In the order of the members: what is above covers what is below.
    pointers(behind, WORDS).find_map(|at| here(at).or_else(|| pointers(at, ENTRY_WORDS).find_map(here)))
}

fn as_dentry(kernel: &Kernel, overlay: &Block, at: VirtAddr, supers: &[VirtAddr]) -> Option<VirtAddr> {
    let l = &kernel.layouts.dentry;
    let dentry = l.read(kernel.view(), at);
    dentry.ptr(l.sb).filter(|sb| supers.contains(sb))?;
    as_inode(kernel, overlay, dentry.ptr(l.inode)?, supers)
}

/// `at`, where the real inode may lie there.
fn as_inode(kernel: &Kernel, overlay: &Block, at: VirtAddr, supers: &[VirtAddr]) -> Option<VirtAddr> {
    let shape = kernel.shape::<InodeFactsShape>();
    let real = shape.read(kernel.view(), at);
    let sb = real.ptr(shape.sb)?;
    if !supers.contains(&sb) || overlay.ptr(shape.sb) == Some(sb) {
        return None;
    }
    let same = [shape.mode, shape.size, shape.uid, shape.modified].into_iter().all(|m| real.uint(m) == overlay.uint(m));
    (same && real.uint(shape.mode).is_some()).then_some(at)
}
