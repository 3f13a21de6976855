//! The slabs that `task_struct`s are allocated from (mm/slub.c): those in use and those that were freed.

use super::signature::whole;
use super::ways::{Sightings, Way};
use super::{Extent, Found, Member, Members, Shape, Types, shapes};
use crate::engine::search::{Options, RunSource};
use crate::engine::{ViewExt, to_u64};
use crate::os::linux::base::kernel::Kernel;
use crate::os::linux::base::layout::{Member as Place, number};
use crate::os::linux::base::lost::Lost;
use crate::os::linux::memory::frames::{Frames, PageShape, SlabShape};
use crate::os::sweep::words;
use memsh_plugin::{PhysAddr, VirtAddr, umem};
use std::collections::HashSet;
use std::ops::ControlFlow;

/// The largest slab that any kernel makes (`MAX_PAGE_ORDER` and more).
const LARGEST_ORDER: u32 = 12;

shapes! {
    /// `kmem_cache`.
    CacheShape: "kmem_cache" {
        size: ["size"],
        // With debugging, a red zone stands before each object.
        pad: ["red_left_pad"],
    }
}

/// Looks at every object of every slab of tasks. Where the kernel keeps its pages is needed for it; without, nothing is said.
pub fn slabs(kernel: &Kernel, options: &Options<'_>, sightings: &mut Sightings, lost: &mut Lost) {
    let Some(cache) = kernel.address("task_struct_cachep").and_then(|at| kernel.view().read_ptr(at).ok()) else { return };
    let (shape, pages, slab) = (kernel.shape::<CacheShape>(), kernel.shape::<PageShape>(), kernel.shape::<SlabShape>());
    let member: Option<Place> = slab.cache.or(pages.slab_cache);
    let (Some(member), Some(frames)) = (member, Frames::find(kernel)) else { return };
    let block = shape.read(kernel.view(), cache);
    let Some(size) = block.uint(shape.size).filter(|&s| s >= 64) else { return };
    let pad = block.uint(shape.pad).unwrap_or(0);
    let known: HashSet<VirtAddr> = sightings.all().iter().copied().collect();
    let mut seen = HashSet::new();
    for page in pages_of(kernel, &frames, cache, member, options, lost) {
        let Some(facts) = frames.facts(kernel, page).filter(|f| f.slab && f.slab_cache == Some(cache)) else { continue };
        let (Some(first), Some(order)) = (frames.phys_of(facts.head), facts.order) else { continue };
        if !seen.insert(facts.head) || order > LARGEST_ORDER {
            continue;
        }
        sightings.open(Way::Slab);
        let bytes = 1u64 << (order + frames.page_shift());
        for i in 0..bytes / size {
            let physical = first.value().wrapping_add(umem::from(i * size + pad));
            let Some(at) = frames.virt_of(PhysAddr::new(physical)) else { continue };
            if known.contains(&at) || whole(kernel, at) {
                sightings.add(at, Way::Slab);
            }
        }
    }
}

/// The `struct page`s that name this cache as theirs.
fn pages_of(
    kernel: &Kernel,
    frames: &Frames,
    cache: VirtAddr,
    member: Place,
    options: &Options<'_>,
    lost: &mut Lost,
) -> Vec<VirtAddr> {
    let size = frames.page_struct_size();
    let last = number(frames.base()).wrapping_add(frames.end().saturating_mul(size)).wrapping_sub(1);
    let mut runs = Vec::new();
    kernel.space.runs(frames.base(), VirtAddr::new(umem::from(last)), &mut |group| {
        runs.extend_from_slice(group);
        if options.interrupt.load(std::sync::atomic::Ordering::Relaxed) {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    });
    // A `struct page` is 64 bytes wherever nothing was added to it; else each of its words is looked at.
    let step: umem = if size.is_power_of_two() { umem::from(size) } else { 8 };
    let base = umem::from(number(frames.base())).wrapping_add(umem::from(member.offset));
    let quiet = Options { progress: &|_, _| (), ..*options };
    let source = RunSource::new(kernel.space.memory(), runs);
    let wanted = number(cache);
    let swept = words(&source, step, base & (step - 1), &quiet, |_, word| word == wanted);
    if swept.cut {
        lost.push("the search of the kernel's pages for slabs of tasks was cut short");
    }
    let page = |at: umem| {
        let distance = to_u64(at.wrapping_sub(base))?;
        distance.is_multiple_of(size).then(|| VirtAddr::new(at.wrapping_sub(umem::from(member.offset))))
    };
    swept.at.into_iter().filter_map(page).collect()
}
