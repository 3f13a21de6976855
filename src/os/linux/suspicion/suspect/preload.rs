//! `/etc/ld.so.preload`: libraries that every dynamically linked program loads first (ld.so(8)). Hardly any system has it.

use super::code::{Where, pages_of};
use super::shown;
use crate::engine::{ViewExt, index};
use crate::os::linux::base::kernel::Kernel;
use crate::os::linux::base::layout::{Extent, Found, Member, Members, Shape, container_of, shapes};
use crate::os::linux::base::lost::Lost;
use crate::os::linux::containers::list::{chain, list};
use crate::os::linux::suspicion::finding::Finding;
use crate::symbols::Types;
use memsh_plugin::{VirtAddr, umem};

/// What the loader reads.
const PATH: [&[u8]; 2] = [b"etc", b"ld.so.preload"];
/// So much of its content is shown.
const SHOWN: usize = 256;
/// `NAME_MAX`.
const NAME: u64 = 255;

shapes! {
    /// `dentry`, for its children.
    FolderShape: "dentry" {
        // 6.8 made it a list without an end, with `d_sib` as its link; before, a doubly linked one.
        chain: ["d_children"],
        link: ["d_sib"],
        list: ["d_subdirs"],
        child: ["d_child"],
        name: ["d_name.name", "__d_name.name"],
        length: ["d_name.len", "__d_name.len"],
        inode: ["d_inode"],
    }
    /// `inode`.
    ContentShape: "inode" {
        size: ["i_size"],
        mapping: ["i_mapping"],
    }
}

/// The file, where the kernel has it among the names that it remembers.
pub fn preload_file(kernel: &Kernel, lost: &mut Lost) -> Vec<Finding> {
    let (folder, content) = (kernel.shape::<FolderShape>(), kernel.shape::<ContentShape>());
    let Some(root) = kernel.root() else { return Vec::new() };
    let mut at = root.dentry;
    for name in PATH {
        match child(kernel, &folder, at, name, lost) {
            Some(found) => at = found,
            None => return Vec::new(),
        }
    }
    // A name without an inode is one that was asked for and is not there.
    let Some(inode) = folder.read(kernel.view(), at).ptr(folder.inode) else { return Vec::new() };
    let block = content.read(kernel.view(), inode);
    let size = block.uint(content.size);
    if size == Some(0) {
        return Vec::new();
    }
    let text = block.ptr(content.mapping).and_then(|mapping| first(kernel, mapping, size));
    let evidence = match (size, text) {
        (Some(size), Some(text)) => format!("{size} bytes: {}", shown(text.trim_ascii())),
        (Some(size), None) => format!("{size} bytes, not in memory"),
        _ => "it is there; its size can't be read".to_owned(),
    };
    vec![Finding {
        kind: "file",
        address: Some(inode),
        size,
        region: Some("/etc/ld.so.preload".into()),
        reason: "library loaded into every program",
        evidence,
        ..Finding::default()
    }]
}

/// The entry of this name in a folder, as far as the kernel remembers it.
fn child(kernel: &Kernel, shape: &FolderShape, folder: VirtAddr, name: &[u8], lost: &mut Lost) -> Option<VirtAddr> {
    let block = shape.read(kernel.view(), folder);
    let (nodes, link) = match (block.at(shape.chain), block.at(shape.list)) {
        (Some(head), _) => (chain(kernel.view(), head, "names in a folder", lost), shape.link),
        (None, Some(head)) => (list(kernel.view(), head, "names in a folder", lost), shape.child),
        _ => return None,
    };
    let named = |at: &VirtAddr| {
        let block = shape.read(kernel.view(), *at);
        let length = block.uint(shape.length).filter(|n| *n <= NAME).and_then(|n| index(umem::from(n)));
        let mut text = vec![0u8; length.unwrap_or(0)];
        block.ptr(shape.name).is_some_and(|at| kernel.view().read_exact(at, &mut text).is_ok()) && text == name
    };
    nodes.into_iter().filter_map(|n| container_of(n, link)).find(named)
}

/// The first bytes of a file, from its page cache.
fn first(kernel: &Kernel, mapping: VirtAddr, size: Option<u64>) -> Option<Vec<u8>> {
    let place = kernel.shape::<Where>();
    let frames = place.frames(kernel)?;
    let phys = *pages_of(kernel, frames, mapping).get(&0)?;
    let length = size.and_then(|s| index(umem::from(s))).unwrap_or(SHOWN).min(SHOWN);
    let mut text = vec![0u8; length];
    kernel.space.memory().read(phys, &mut text).ok()?;
    Some(text)
}
