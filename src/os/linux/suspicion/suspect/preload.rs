//! `/etc/ld.so.preload`: libraries that every dynamically linked program loads first (ld.so(8)). Hardly any system has it.

use super::shown;
use crate::engine::index;
use crate::os::linux::base::kernel::Kernel;
use crate::os::linux::base::layout::{Extent, Found, Member, Members, Shape, shapes};
use crate::os::linux::base::lost::Lost;
use crate::os::linux::files::cachedpages::pages_in;
use crate::os::linux::files::lookup::lookup;
use crate::os::linux::memory::frames::Frames;
use crate::os::linux::suspicion::finding::Finding;
use crate::symbols::Types;
use memsh_plugin::{VirtAddr, umem};

/// What the loader reads.
const PATH: [&[u8]; 2] = [b"etc", b"ld.so.preload"];
/// So much of its content is shown.
const SHOWN: u64 = 256;

shapes! {
    /// `inode`.
    ContentShape: "inode" {
        size: ["i_size"],
        mapping: ["i_mapping"],
    }
}

/// The file, where the kernel has it among the names that it remembers.
pub fn preload_file(kernel: &Kernel, lost: &mut Lost) -> Vec<Finding> {
    let (dentry, content) = (&kernel.layouts.dentry, kernel.shape::<ContentShape>());
    let Some(at) = kernel.root().and_then(|root| lookup(kernel, root.dentry, &PATH, lost)) else { return Vec::new() };
    // A name without an inode is one that was asked for and is not there.
    let Some(inode) = dentry.read(kernel.view(), at).ptr(dentry.inode) else { return Vec::new() };
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

/// The first bytes of a file, from its page cache.
fn first(kernel: &Kernel, mapping: VirtAddr, size: Option<u64>) -> Option<Vec<u8>> {
    let length = size.map_or(SHOWN, |s| s.min(SHOWN));
    let phys = pages_in(kernel, &Frames::find(kernel)?, mapping, &mut Lost::default()).find(0, length)?;
    let mut text = vec![0u8; index(umem::from(length))?];
    kernel.space.memory().read(phys, &mut text).ok()?;
    Some(text)
}
