//! The kernel's constants, for an image that does not lie in one piece.
//!
//! Its banner, its tables of pointers, kallsyms and BTF lie in pages that can neither be written nor executed: a third of the image. Of what
//! must be fetched, unpacked or put together only these are read, and of the rest what is asked for.

use super::image::{self, KernelImage};
use crate::engine::{AddressSpace, PageRun, index, to_umem};
use crate::symbols::find_btf;
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
/// More than one BTF is a copy, or a module's.
const BLOBS: usize = 4;

/// What can be done with a page of the image.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Constant,
    Code,
    Data,
}

/// The pieces of `image` that `space` maps as what `kind` says: first address and bytes, ascending. Where all of it can be executed, because
/// entries have no bit against that, code counts as constant.
fn mapped_as(space: &AddressSpace, image: &KernelImage, kind: Kind) -> Vec<(VirtAddr, umem)> {
    let mut own: Vec<PageRun> = Vec::new();
    let last = image.virt.saturating_add(image.size.saturating_sub(1));
    let mut seen = 0usize;
    space.runs(image.virt, last, &mut |runs| {
        seen += runs.len();
        own.extend(runs.iter().filter(|r| image.phys_of(r.virt) == r.phys));
        if seen > RUNS { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    let told = own.iter().any(|r| !r.perm.has(Perm::EXECUTE));
    let mut pieces: Vec<(VirtAddr, umem)> = Vec::new();
    for r in own {
        let of_run = match (r.perm.has(Perm::EXECUTE) && told, r.perm.has(Perm::WRITE)) {
            (true, _) => Kind::Code,
            (false, true) => Kind::Data,
            (false, false) => Kind::Constant,
        };
        if of_run != kind {
            continue;
        }
        match pieces.last_mut() {
            Some((start, size)) if start.checked_add(*size) == Some(r.virt) => *size = size.saturating_add(r.size),
            _ => pieces.push((r.virt, r.size)),
        }
    }
    pieces
}

/// The pieces of `image` that `space` lets nobody write or, where it can say so, execute: first address and bytes; the largest first.
fn pieces(space: &AddressSpace, image: &KernelImage) -> Vec<(VirtAddr, umem)> {
    let mut pieces = mapped_as(space, image, Kind::Constant);
    pieces.retain(|(_, size)| *size <= LARGEST);
    pieces.sort_by_key(|(start, size)| (umem::MAX - size, *start));
    pieces.truncate(PIECES);
    pieces
}

/// Gives `look` the bytes of a piece of the image, a part at a time with where it begins and the beginning of what follows, until it has
/// what it looks for. What is missing reads as zeros.
fn each_part<T>(
    space: &AddressSpace,
    image: &KernelImage,
    (start, size): (VirtAddr, umem),
    look: &mut dyn FnMut(VirtAddr, &[u8]) -> Option<T>,
) -> Option<T> {
    let size = index(size)?;
    let mut buf = vec![0; (CHUNK + OVERLAP).min(size)];
    (0..size).step_by(CHUNK).find_map(|at| {
        let part = buf.get_mut(..(CHUNK + OVERLAP).min(size - at))?;
        let first = start.saturating_add(to_umem(at));
        space.memory().read_gaps(image.phys_of(first), part);
        look(first, part)
    })
}

/// The banner of a kernel that points into itself, where its constants prove both.
pub(super) fn evidence(space: &AddressSpace, image: &KernelImage) -> Option<String> {
    let pointer_size = space.format().pointer_size();
    let (mut pointers, mut banner) = (0, None);
    pieces(space, image).into_iter().find_map(|piece| {
        each_part(space, image, piece, &mut |_, part| {
            pointers += image.pointers(part, pointer_size);
            banner = banner.take().or_else(|| numbered(part));
            banner.take_if(|_| pointers >= image::POINTERS)
        })
    })
}

fn numbered(part: &[u8]) -> Option<String> {
    image::banner(part).filter(|b| image::numbered(b))
}

/// The banner, where the constants have it.
pub(super) fn banner(space: &AddressSpace, image: &KernelImage) -> Option<String> {
    pieces(space, image).into_iter().find_map(|piece| each_part(space, image, piece, &mut |_, part| numbered(part)))
}

/// The first thing that `look` finds in what can be written but not executed, which begins with the kernel's own data; then in the rest of
/// the image.
pub(super) fn in_data_first<T>(
    space: &AddressSpace,
    image: &KernelImage,
    look: &mut dyn FnMut(VirtAddr, &[u8]) -> Option<T>,
) -> Option<T> {
    // What lies behind the constants is the kernel's; what lies before the code may be anything.
    let constants = pieces(space, image).first().map_or(image.virt, |(start, _)| *start);
    let mut all: Vec<(u8, (VirtAddr, umem))> = Vec::new();
    for (rank, kind) in [(1, Kind::Data), (2, Kind::Constant), (3, Kind::Code)] {
        let own = |piece: &(VirtAddr, umem)| if kind == Kind::Data && piece.0 > constants { 0 } else { rank };
        all.extend(mapped_as(space, image, kind).into_iter().map(|piece| (own(&piece), piece)));
    }
    all.sort_unstable();
    let found = all.into_iter().find_map(|(_, piece)| each_part(space, image, piece, look));
    found.or_else(|| look(image.virt, &image.bytes(space.memory())))
}

/// The image's bytes of which only the constants were read; zeros stand for the rest. None for an image that has none with a banner in
/// them: then nobody knows what they are.
pub(super) fn alone(space: &AddressSpace, image: &KernelImage) -> Option<Vec<u8>> {
    banner(space, image)?;
    let mut bytes = vec![0; image.len()];
    for (start, size) in pieces(space, image) {
        let from = index(start.offset_from(image.virt)?)?;
        let to = from.checked_add(index(size)?)?.min(bytes.len());
        if let Some(part) = bytes.get_mut(from..to) {
            space.memory().read_gaps(image.phys_of(start), part);
        }
    }
    Some(bytes)
}

/// What could be BTF in the constants, which it is a part of (`RO_DATA`, include/asm-generic/vmlinux.lds.h); none for an image whose
/// constants are not known by a banner in them.
pub(super) fn btf(space: &AddressSpace, image: &KernelImage) -> Option<Vec<Vec<u8>>> {
    banner(space, image)?;
    let mut found = Vec::new();
    for (start, size) in pieces(space, image) {
        let mut bytes = vec![0; index(size)?];
        space.memory().read_gaps(image.phys_of(start), &mut bytes);
        let blobs = find_btf(&bytes).filter_map(|c| bytes.get(c.offset..c.offset.checked_add(c.len)?));
        found.extend(blobs.take(BLOBS).map(<[u8]>::to_vec));
    }
    Some(found)
}

/// Where kallsyms lies, where that can be found in the constants.
pub(super) fn kallsyms(space: &AddressSpace, image: &KernelImage, pointer_size: u8) -> Option<Layout> {
    pieces(space, image).into_iter().find_map(|(start, size)| {
        let mut bytes = vec![0; index(size)?];
        space.memory().read_gaps(image.phys_of(start), &mut bytes);
        kallsyms::discover(&bytes, start, pointer_size, None).ok()
    })
}
