//! `PsLoadedModuleList` where nothing names it: kernels before Vista do not export it.

use super::super::base::kernel::{Image, Reader};
use super::super::base::offsets::Driver;
use super::words;
use crate::engine::AddressSpace;
use memsh_plugin::VirtAddr;
use std::ops::ControlFlow;

/// The head of a list in the kernel's image whose first node, or second, is the loader's entry of the kernel itself.
pub(super) fn head(space: &AddressSpace, image: &Image, o: &Driver) -> Option<VirtAddr> {
    let (links, base) = (o.links?.offset, o.base?.offset);
    let reader = Reader::new(space);
    let width = reader.width();
    let kernel = |node: VirtAddr| reader.ptr(node.wrapping_sub(links).wrapping_add(base)) == Some(image.base);
    let fits = |at: VirtAddr, next: VirtAddr, previous: VirtAddr| {
        let list = reader.ptr(next.wrapping_add(width)) == Some(at) && reader.ptr(previous) == Some(at);
        list && (kernel(next) || reader.ptr(next).is_some_and(kernel))
    };
    let mut found = None;
    words::pages(space, image, &mut |page, words| {
        let mut at = page;
        for pair in words.windows(2) {
            if let [next, previous] = *pair {
                let (next, previous) = (VirtAddr::new(next), VirtAddr::new(previous));
                if next != at && reader.plausible(next) && reader.plausible(previous) && fits(at, next, previous) {
                    found = Some(at);
                    return ControlFlow::Break(());
                }
            }
            at = at.wrapping_add(width);
        }
        ControlFlow::Continue(())
    });
    found
}
