//! zsmalloc: objects of any size packed into pages without holes between (mm/zsmalloc.c).
//!
//! A handle points to a word that holds the object's place: a page frame number and the object's number in its chain of pages. How
//! many bits each has depends on version and architecture, and no type says it. But every object begins with its own handle (a huge
//! one has it in its page's structure): so each split is tried, and the one that leads back to the handle is right.

use crate::engine::ViewExt;
use crate::os::linux::base::kernel::Kernel;
use crate::os::linux::base::layout::{Extent, Found, Member, Members, Shape, shapes};
use crate::os::linux::memory::frames::Frames;
use crate::symbols::Types;
use memsh_plugin::{VirtAddr, umem};

shapes! {
    /// `zs_pool`.
    PoolShape: "zsmalloc!zs_pool" {
        classes: ["size_class"],
    }
    /// `size_class`.
    ClassShape: "zsmalloc!size_class" {
        size: ["size"],
    }
    /// `zspage`.
    ZspageShape: "zsmalloc!zspage" {
        class: ["class"],
        first: ["first_page", "first_zpdesc"],
    }
    /// `page`, as zsmalloc uses it: `private` leads to the zspage, `index` to the next page of the chain.
    ZsPage: "page" {
        private: ["private"],
        next: ["index", "__folio_index"],
    }
}

/// Widths of a page frame number: MAX_PHYSMEM_BITS (or MAX_POSSIBLE_PHYSMEM_BITS) less the page's 12. The last three are of 32-bit
/// processors: x86 with PAE, Arm with LPAE, and both without.
const FRAME_BITS: [u32; 11] = [40, 36, 34, 32, 39, 38, 44, 41, 24, 28, 20];
/// An allocated object's head has this bit beside its handle (`OBJ_ALLOCATED_TAG`).
const ALLOCATED: u64 = 1;
/// No chain is longer (ZS_MAX_PAGES_PER_ZSPAGE is at most 16).
const MOST_PAGES: u64 = 16;

/// A pool.
pub(super) struct Pool {
    classes: VirtAddr,
    frames: Frames,
}

impl Pool {
    /// The pool whose `struct zs_pool` lies at `at`.
    pub(super) fn open(kernel: &Kernel, at: VirtAddr) -> Option<Self> {
        let shape = kernel.shape::<PoolShape>();
        let classes = at.checked_add(umem::from(shape.classes?.offset))?;
        Some(Self { classes, frames: Frames::find(kernel)? })
    }

    /// The first `size` bytes of the object that `handle` stands for.
    pub(super) fn object(&self, kernel: &Kernel, handle: u64, size: usize) -> Option<Vec<u8>> {
        let word_bits = u32::from(kernel.view().view_metadata().pointer_size) * 8;
        let place = kernel.space.read_ptr(VirtAddr::new(umem::from(handle))).ok()?;
        let place = crate::engine::to_u64(place.value())?;
        // The tag bit was part of the object's place until 6.?, and is not any more: both are tried.
        let splits = [1u32, 0].into_iter().flat_map(|tag| FRAME_BITS.iter().map(move |bits| (tag, *bits)));
        for (tag, frame_bits) in splits {
            let Some(index_bits) = word_bits.checked_sub(frame_bits + tag).filter(|b| (1..63).contains(b)) else { continue };
            let place = place >> tag;
            let (frame, number) = (place >> index_bits, place & ((1 << index_bits) - 1));
            if let Some(bytes) = self.at(kernel, frame, number, handle, size) {
                return Some(bytes);
            }
        }
        None
    }

    /// Object `number` of the chain that frame `frame` begins the object's part of, if it is that of `handle`.
    fn at(&self, kernel: &Kernel, frame: u64, number: u64, handle: u64, size: usize) -> Option<Vec<u8>> {
        let (pages, zspages, classes) = (kernel.shape::<ZsPage>(), kernel.shape::<ZspageShape>(), kernel.shape::<ClassShape>());
        let word = u64::from(kernel.view().view_metadata().pointer_size);
        let page = pages.read(kernel.view(), self.frames.page_of(frame)?);
        let zspage = zspages.read(kernel.view(), page.ptr(pages.private)?);
        let class = zspage.uint(zspages.class).filter(|c| *c < 1024)?;
        let slot = self.classes.checked_add(umem::from(class.checked_mul(word)?))?;
        let class = classes.read(kernel.view(), kernel.space.read_ptr(slot).ok()?);
        let object = class.uint(classes.size).filter(|s| (16..=1 << 16).contains(s))?;
        let page_size = crate::engine::to_u64(kernel.space_page_size())?;
        if number.checked_mul(object)? > MOST_PAGES * page_size {
            return None;
        }
        let skip = number.checked_mul(object)? % page_size;
        // Alone in its page, it has no room for a head: the page keeps the handle, since 5.18 with the tag of an object.
        if page.uint(pages.next).is_some_and(|n| n & !ALLOCATED == handle & !ALLOCATED) {
            return self.bytes(kernel, frame, 0, size);
        }
        let head = self.bytes(kernel, frame, skip, usize::try_from(word).ok()?)?;
        let head = head.iter().rev().fold(0u64, |n, b| n << 8 | u64::from(*b));
        if head != handle | ALLOCATED || u64::try_from(size).ok()? > object.checked_sub(word)? {
            return None;
        }
        self.bytes(kernel, frame, skip.checked_add(word)?, size)
    }

    /// Bytes of the chain from `skip` bytes into frame `frame` on.
    fn bytes(&self, kernel: &Kernel, frame: u64, skip: u64, size: usize) -> Option<Vec<u8>> {
        let pages = kernel.shape::<ZsPage>();
        let page_size = crate::engine::to_u64(kernel.space_page_size())?;
        let (mut frame, mut skip) = (frame, skip);
        let mut out = vec![0; size];
        let mut rest: &mut [u8] = &mut out;
        for _ in 0..=MOST_PAGES {
            if skip >= page_size {
                skip -= page_size;
            } else {
                let here = usize::try_from(page_size - skip).ok()?.min(rest.len());
                let (piece, tail) = rest.split_at_mut_checked(here)?;
                let at = self.frames.phys(frame).checked_add(umem::from(skip))?;
                kernel.space.memory().read(at, piece).ok()?;
                rest = tail;
                skip = 0;
            }
            if rest.is_empty() {
                return Some(out);
            }
            let next = pages.read(kernel.view(), self.frames.page_of(frame)?).ptr(pages.next)?;
            frame = self.frames.pfn_of(next)?;
        }
        None
    }
}
