//! The kernel's constants, for an image that does not lie in one piece.
//!
//! Its banner, its tables of pointers, kallsyms and BTF lie in pages that can neither be written nor executed: a third of the image. Of what
//! must be fetched, unpacked or put together the rest is not touched.

use super::image::{self, KernelImage};
use crate::engine::{AddressSpace, index, to_umem};
use crate::symbols::kallsyms::{self, Layout};
use memsh_plugin::{Perm, VirtAddr, umem};
use std::ops::ControlFlow;

/// Constants are one piece or a few: kernels keep those of their start apart.
const PIECES: usize = 8;
/// No kernel's constants are larger.
const LARGEST: umem = 128 << 20;
/// Runs of the image that are looked at.
const RUNS: usize = 1 << 14;
/// What is read at once while the banner is looked for, and how much of it once more with what follows.
const CHUNK: usize = 256 << 10;
const OVERLAP: usize = 1 << 10;

/// The pieces of `image` that `space` lets nobody write or execute: first address and bytes; the largest first.
fn pieces(space: &AddressSpace, image: &KernelImage) -> Vec<(VirtAddr, umem)> {
    let mut pieces: Vec<(VirtAddr, umem)> = Vec::new();
    let last = image.virt.saturating_add(image.size.saturating_sub(1));
    let mut seen = 0usize;
    space.runs(image.virt, last, &mut |runs| {
        for r in runs {
            seen += 1;
            if seen > RUNS {
                return ControlFlow::Break(());
            }
            if r.perm.has(Perm::WRITE) || r.perm.has(Perm::EXECUTE) || image.phys_of(r.virt) != r.phys {
                continue;
            }
            match pieces.last_mut() {
                Some((start, size)) if start.checked_add(*size) == Some(r.virt) => *size = size.saturating_add(r.size),
                _ => pieces.push((r.virt, r.size)),
            }
        }
        ControlFlow::Continue(())
    });
    pieces.retain(|(_, size)| *size <= LARGEST);
    pieces.sort_by_key(|(start, size)| (umem::MAX - size, *start));
    pieces.truncate(PIECES);
    pieces
}

/// The banner of a kernel that points into itself, where its constants prove both.
pub(super) fn evidence(space: &AddressSpace, image: &KernelImage) -> Option<String> {
    let pointer_size = space.format().pointer_size();
    let mut buf = vec![0; CHUNK + OVERLAP];
    let (mut pointers, mut banner) = (0, None);
    for (start, size) in pieces(space, image) {
        let size = index(size)?;
        for at in (0..size).step_by(CHUNK) {
            let chunk = buf.get_mut(..(CHUNK + OVERLAP).min(size - at))?;
            space.memory().read_gaps(image.phys_of(start.saturating_add(to_umem(at))), chunk);
            pointers += image.pointers(chunk, pointer_size);
            banner = banner.or_else(|| image::banner(chunk).filter(|b| image::numbered(b)));
            if pointers >= image::POINTERS && banner.is_some() {
                return banner;
            }
        }
    }
    None
}

/// Where kallsyms lies, where that can be found in the constants.
pub(super) fn kallsyms(space: &AddressSpace, image: &KernelImage, pointer_size: u8) -> Option<Layout> {
    pieces(space, image).into_iter().find_map(|(start, size)| {
        let mut bytes = vec![0; index(size)?];
        space.memory().read_gaps(image.phys_of(start), &mut bytes);
        kallsyms::discover(&bytes, start, pointer_size, None).ok()
    })
}
