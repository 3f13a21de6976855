//! From a path to its directory entry, as far as the kernel remembers names (its dcache, fs/dcache.c).

use super::path::Paths;
use crate::os::linux::base::kernel::Kernel;
use crate::os::linux::base::layout::{Extent, Found, Member, Members, Shape, container_of, shapes};
use crate::os::linux::base::lost::Lost;
use crate::os::linux::containers::list::{chain, list};
use crate::symbols::Types;
use memsh_plugin::VirtAddr;

shapes! {
    /// `dentry`, for its children.
    FolderShape: "dentry" {
        // 6.8 made it a list without an end, with `d_sib` as its link; before, a doubly linked one.
        chain: ["d_children"],
        link: ["d_sib"],
        list: ["d_subdirs"],
        child: ["d_child"],
    }
}

/// The directory entry at the path with these parts, below the directory entry `root`. Mounts on the way are not entered.
pub fn lookup(kernel: &Kernel, root: VirtAddr, parts: &[&[u8]], lost: &mut Lost) -> Option<VirtAddr> {
    let paths = Paths::new(kernel);
    parts.iter().try_fold(root, |folder, name| child(kernel, &paths, folder, name, lost))
}

fn child(kernel: &Kernel, paths: &Paths, folder: VirtAddr, name: &[u8], lost: &mut Lost) -> Option<VirtAddr> {
    let shape = kernel.shape::<FolderShape>();
    let block = shape.read(kernel.view(), folder);
    let (nodes, link) = match (block.at(shape.chain), block.at(shape.list)) {
        (Some(head), _) => (chain(kernel.view(), head, "names in a folder", lost), shape.link),
        (None, Some(head)) => (list(kernel.view(), head, "names in a folder", lost), shape.child),
        _ => return None,
    };
    nodes.into_iter().filter_map(|n| container_of(n, link)).find(|at| paths.name(*at).is_some_and(|n| n == name))
}
