//! What a page frame is used for: a file, a process's anonymous memory, a slab of the kernel's allocator.

use super::frames::{Frames, cache_name};
use crate::engine::to_u64;
use crate::os::linux::base::kernel::Kernel;
use crate::os::linux::base::layout::{Extent, Found, Member, Members, Shape, shapes};
use crate::os::linux::files::pagecache::{CachedFile, file_at};
use crate::symbols::Types;
use memsh_plugin::PhysAddr;

shapes! {
    /// `address_space`, for its inode.
    HostShape: "address_space" {
        host: ["host"],
    }
}

/// What a frame is used for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FrameUse {
    /// The cache of a file, and which of its bytes lies there.
    File(Box<CachedFile>, u64),
    /// Anonymous memory of processes.
    Anonymous,
    /// Objects of the kernel; the name of their cache.
    Slab(Vec<u8>),
}

/// What the frame is used for that `phys` lies in; none where that is nobody, something else, or unknown.
pub fn frame_use(kernel: &Kernel, frames: &Frames, phys: PhysAddr) -> Option<FrameUse> {
    let at = to_u64(phys.value())?;
    let (pfn, within) = (at >> frames.page_shift(), at & ((1 << frames.page_shift()) - 1));
    let facts = frames.facts(kernel, frames.page_of(pfn)?)?;
    if facts.slab {
        return cache_name(kernel, facts.slab_cache?).map(FrameUse::Slab);
    }
    let mapping = facts.mapping?;
    if facts.anonymous {
        return Some(FrameUse::Anonymous);
    }
    let shape = kernel.shape::<HostShape>();
    let host = shape.read(kernel.view(), mapping).ptr(shape.host)?;
    let file = file_at(kernel, host).ok()?.items.first().cloned().filter(|f| f.mapping == Some(mapping))?;
    // The index counts at the first page of a compound page.
    let part = pfn.checked_sub(frames.pfn_of(facts.head)?)?;
    let offset = facts.index?.checked_add(part)?.checked_shl(frames.page_shift())?.checked_add(within)?;
    Some(FrameUse::File(Box::new(file), offset))
}
