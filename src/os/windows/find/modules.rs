//! `PsLoadedModuleList` where nothing names it: kernels before Vista do not export it.

use super::super::base::kernel::{Image, Reader};
use super::super::base::offsets::Driver;
use crate::engine::{ViewExt, index};
use memsh_plugin::{VirtAddr, umem};

const PAGE: umem = 0x1000;
/// No kernel that needs this is larger.
const MOST: umem = 64 << 20;

/// The head of a list in the kernel's image whose first node, or second, is the loader's entry of the kernel itself.
pub(super) fn head(reader: &Reader<'_>, image: &Image, o: &Driver) -> Option<VirtAddr> {
    let (links, base) = (o.links?.offset, o.base?.offset);
    let width = reader.width();
    let kernel = |node: VirtAddr| reader.ptr(node.wrapping_sub(links).wrapping_add(base)) == Some(image.base);
    let fits = |at: VirtAddr, next: VirtAddr, previous: VirtAddr| {
        let list = reader.ptr(next.wrapping_add(width)) == Some(at) && reader.ptr(previous) == Some(at);
        list && (kernel(next) || reader.ptr(next).is_some_and(kernel))
    };
    let step = index(width)?;
    let mut page = [0u8; 4096];
    for from in (0..image.size.min(MOST)).step_by(4096) {
        let here = image.base.wrapping_add(from);
        if reader.view().read_exact(here, &mut page).is_err() {
            continue;
        }
        let words: Vec<umem> = page.chunks_exact(step).map(|w| w.iter().rev().fold(0, |n, b| n << 8 | umem::from(*b))).collect();
        let mut at = here;
        for pair in words.windows(2) {
            if let [next, previous] = *pair {
                let (next, previous) = (VirtAddr::new(next), VirtAddr::new(previous));
                if next != at && reader.plausible(next) && reader.plausible(previous) && fits(at, next, previous) {
                    return Some(at);
                }
            }
            at = at.wrapping_add(width);
        }
        debug_assert!(at.value().wrapping_sub(here.value()) < PAGE);
    }
    None
}
