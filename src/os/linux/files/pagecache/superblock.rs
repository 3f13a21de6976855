//! The kernel's file systems (`super_blocks`, fs/super.c), and where each is mounted.

use super::{MountOfShape, Walk};
use crate::os::linux::base::kernel::{Kernel, failed};
use crate::os::linux::base::layout::{Block, Extent, Found, Member, Members, Shape, container_of, offset_of, shapes};
use crate::os::linux::base::lost::Lost;
use crate::os::linux::containers::list::list;
use crate::symbols::Types;
use memsh_plugin::{ApiError, Status, VirtAddr};

/// Mounts of one file system that are looked at.
const MOST_MOUNTS: usize = 1 << 16;

shapes! {
    /// `super_block`, for its inodes and mounts.
    SuperListShape: "super_block" {
        list: ["s_list"],
        device: ["s_dev"],
        root: ["s_root"],
        inodes: ["s_inodes"],
        // 7.0: a pointer to the first; before, the head of a list.
        mounts: ["s_mounts"],
    }
}

/// The kernel's file systems.
pub(super) fn superblocks(kernel: &Kernel, lost: &mut Lost) -> Result<Vec<VirtAddr>, ApiError> {
    let head = kernel.address("super_blocks").ok_or_else(|| {
        failed(Status::UNSUPPORTED, "can't list cached files: no symbol super_blocks; give symbols with --symbols")
    })?;
    let at = offset_of(kernel.shape::<SuperListShape>().list)
        .ok_or_else(|| failed(Status::UNSUPPORTED, "can't list cached files: no type super_block; give types with --symbols"))?;
    let nodes = list(kernel.view(), head, "file systems", lost);
    Ok(nodes.into_iter().map(|n| n.wrapping_sub(at)).collect())
}

/// What is told of a file system with each of its files.
pub(super) struct SuperFacts {
    pub(super) at: VirtAddr,
    pub(super) device: Option<u64>,
    pub(super) fstype: Option<Vec<u8>>,
    /// Its mounts and their roots, the best first.
    pub(super) mounts: Vec<(VirtAddr, VirtAddr)>,
    pub(super) root: Option<VirtAddr>,
}

impl Walk<'_> {
    /// What is told of the file system whose `super_block` lies at `at`.
    pub(super) fn superblock(&self, at: VirtAddr, lost: &mut Lost) -> SuperFacts {
        let (kernel, shape) = (self.kernel, self.kernel.shape::<SuperListShape>());
        let block = shape.read(kernel.view(), at);
        let fstype = self.paths.filesystem_whole(at).filter(|t| !t.is_empty());
        let root = block.ptr(shape.root);
        SuperFacts { at, device: block.uint(shape.device), fstype, mounts: self.mounts(&block, at, root, lost), root }
    }

    /// The mounts of a file system: those that process 1 sees first, and of them those that show all of it.
    fn mounts(&self, block: &Block, sb: VirtAddr, root: Option<VirtAddr>, lost: &mut Lost) -> Vec<(VirtAddr, VirtAddr)> {
        let (view, shape) = (self.kernel.view(), self.kernel.shape::<MountOfShape>());
        let head = self.kernel.shape::<SuperListShape>().mounts;
        let mut all: Vec<VirtAddr> = Vec::new();
        match (shape.instance, shape.next, block.at(head)) {
            (Some(instance), _, Some(at)) => {
                let nodes = list(view, at, "mounts of a file system", lost);
                all.extend(nodes.into_iter().filter_map(|n| container_of(n, Some(instance))));
            }
            (None, Some(_), Some(_)) => {
                let mut next = block.ptr(head);
                while let Some(mount) = next.filter(|m| !all.contains(m) && all.len() < MOST_MOUNTS) {
                    all.push(mount);
                    next = shape.read(view, mount).ptr(shape.next);
                }
            }
            _ => {}
        }
        let mut ranked: Vec<(u8, usize, VirtAddr, VirtAddr)> = Vec::new();
        for (i, mount) in all.into_iter().enumerate().take(MOST_MOUNTS) {
            let m = shape.read(view, mount);
            let (Some(mnt), Some(top)) = (m.at(shape.mnt), m.ptr(shape.root)) else { continue };
            if m.ptr(shape.sb) != Some(sb) {
                continue;
            }
            let seen = match m.ptr(shape.namespace) {
                ns if ns.is_some() && ns == self.namespace => 0,
                Some(_) => 2,
                // Unmounted, or the kernel's own.
                None => 4,
            };
            ranked.push((seen + u8::from(Some(top) != root), i, mnt, top));
        }
        ranked.sort_unstable_by_key(|r| (r.0, r.1));
        ranked.into_iter().map(|(_, _, mnt, top)| (mnt, top)).collect()
    }
}
