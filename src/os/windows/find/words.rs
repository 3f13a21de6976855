//! The words of the kernel's image, where it is resident.

use super::super::base::kernel::Image;
use crate::engine::{AddressSpace, index};
use memsh_plugin::{VirtAddr, umem};
use std::ops::ControlFlow;

/// More of an image is not looked through.
const MOST: umem = 64 << 20;
const PAGE: usize = 4096;

/// Calls `look` with the address of each page of the image that is there, and the words in it: numbers of a pointer's size.
pub(super) fn pages(space: &AddressSpace, image: &Image, look: &mut dyn FnMut(VirtAddr, &[umem]) -> ControlFlow<()>) {
    let Some(width) = index(umem::from(space.format().pointer_size())).filter(|&w| w > 0) else { return };
    let last = image.base.saturating_add(image.size.clamp(1, MOST) - 1);
    let mut page = [0u8; PAGE];
    let mut words: Vec<umem> = Vec::with_capacity(PAGE / width);
    space.runs(image.base, last, &mut |runs| {
        for run in runs {
            for at in (0..run.size).step_by(PAGE) {
                if space.memory().read(run.phys.saturating_add(at), &mut page).is_err() {
                    continue;
                }
                words.clear();
                words.extend(page.chunks_exact(width).map(|w| w.iter().rev().fold(0, |n, b| n << 8 | umem::from(*b))));
                look(run.virt.saturating_add(at), &words)?;
            }
        }
        ControlFlow::Continue(())
    });
}
