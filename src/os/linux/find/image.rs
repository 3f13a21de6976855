//! The kernel's image in physical memory.

use crate::engine::{AddressSpace, FaultReason, Memory, index, to_u64};
use memsh_plugin::{MemoryRange, PhysAddr, VirtAddr, umem};
use std::borrow::Cow;
use std::collections::HashMap;
use std::ops::ControlFlow;

/// Where a kernel's code and static data lie: one piece, virtually and physically.
#[derive(Clone, Copy, Debug)]
pub(super) struct KernelImage {
    pub(super) virt: VirtAddr,
    pub(super) phys: PhysAddr,
    pub(super) size: umem,
}

/// No kernel is smaller.
const SMALLEST: umem = 2 << 20;
/// Pieces of the image further apart than this belong to something else.
pub(super) const LARGEST: umem = 256 << 20;
/// A kernel's own tables map its image in one piece, modules and a few single pages aside; a table that scatters the window over
/// more distances than this is none, and walking it to its end would take long.
const DISTANCES: usize = 1024;
/// The image has no more runs than pages, and those of one protection follow each other.
const RUNS: usize = 1 << 16;

impl KernelImage {
    /// The largest part of `first..=last` that `space` maps at one distance between virtual and physical addresses. Modules,
    /// mapped page by page, have another distance each.
    pub(super) fn find(space: &AddressSpace, first: VirtAddr, last: VirtAddr) -> Option<Self> {
        let mut by_distance: HashMap<umem, (umem, VirtAddr, VirtAddr)> = HashMap::new();
        let mut seen = 0usize;
        space.runs(first, last, &mut |runs| {
            for r in runs {
                seen += 1;
                if seen > RUNS || by_distance.len() > DISTANCES {
                    return ControlFlow::Break(());
                }
                let distance = r.phys.value().wrapping_sub(r.virt.value());
                let (bytes, _, end) = by_distance.entry(distance).or_insert((0, r.virt, r.virt));
                let run_end = r.virt.saturating_add(r.size);
                // A far piece at the same distance is a coincidence.
                if r.virt.value().saturating_sub(end.value()) < LARGEST {
                    *bytes += r.size;
                    *end = run_end;
                }
            }
            ControlFlow::Continue(())
        });
        if seen > RUNS || by_distance.len() > DISTANCES {
            return None;
        }
        let (distance, (_, virt, end)) =
            by_distance.into_iter().filter(|(_, (b, ..))| *b >= SMALLEST).max_by_key(|(_, (b, ..))| *b)?;
        Some(Self { virt, phys: PhysAddr::new(virt.value().wrapping_add(distance)), size: end.value() - virt.value() })
    }

    /// Where an address of the image lies.
    pub(super) fn phys_of(&self, virt: VirtAddr) -> PhysAddr {
        PhysAddr::new(virt.value().wrapping_sub(self.virt.value()).wrapping_add(self.phys.value()))
    }

    /// Whether the root of `space`, which the kernel calls `own`, is the kernel's: it maps itself. Where the table that would map it is not
    /// in the image, it must map the kernel's image; the text says so then.
    pub(super) fn proves(&self, space: &AddressSpace, own: VirtAddr) -> Option<String> {
        let tables = space.without_linear();
        match tables.translate_one(own) {
            Ok(t) => (t.phys == self.phys_of(own)).then(String::new),
            Err(fault) if fault.reason == FaultReason::NotInImage => {
                let maps = tables.translate_one(self.virt).is_ok_and(|t| t.phys == self.phys);
                maps.then(|| {
                    format!("; it maps the kernel, and itself by a table that is not in the image (level {})", fault.level)
                })
            }
            Err(_) => None,
        }
    }

    /// Whether the tables of `space` that would map it are missing.
    pub(super) fn is_unmapped(&self, space: &AddressSpace) -> bool {
        space.without_linear().translate_one(self.virt).is_err_and(|fault| fault.reason == FaultReason::NotInImage)
    }

    /// Bytes of it that are looked at.
    pub(super) fn len(&self) -> usize {
        index(self.size.min(LARGEST)).unwrap_or(0)
    }

    /// Its bytes, where they lie in one piece; without those for which there is no memory any more.
    pub(super) fn in_place<'m>(&self, memory: &'m Memory) -> Option<&'m [u8]> {
        let end = memory.ranges().last().map_or(0, |r| r.start.value().saturating_add(r.size));
        let left = index(end.checked_sub(self.phys.value())?).unwrap_or(usize::MAX);
        memory.mapped()?.slice(self.phys, self.len().min(left))
    }

    /// The image's bytes: in place where memory is mapped, else a copy. What is missing reads as zeros.
    pub(super) fn bytes<'m>(&self, memory: &'m Memory) -> Cow<'m, [u8]> {
        if let Some(slice) = self.in_place(memory) {
            return Cow::Borrowed(slice);
        }
        let mut buf = vec![0; self.len()];
        memory.read_gaps(self.phys, &mut buf);
        Cow::Owned(buf)
    }
}

impl KernelImage {
    /// The banner of a kernel that points into itself ([`banner`], [`points_into_itself`](Self::points_into_itself)).
    pub(super) fn evidence(&self, memory: &Memory, pointer_size: u8) -> (Option<String>, bool) {
        // A table that is none leads to places where nothing is; those are no part of an image.
        let pieces = self.pieces(memory);
        let banner = pieces.iter().find_map(|p| banner(p).filter(|b| numbered(b)));
        let banner = banner.or_else(|| pieces.iter().find_map(|p| self::banner(p)));
        let mut pointers = 0;
        let mut points = || {
            pieces.iter().any(|p| {
                pointers += self.pointers(p, pointer_size);
                pointers >= POINTERS
            })
        };
        let points = banner.is_some() && points();
        (banner, points)
    }

    /// The parts of the image that memory has.
    fn pieces<'m>(&self, memory: &'m Memory) -> Vec<Cow<'m, [u8]>> {
        let end = self.phys.value().saturating_add(self.size.min(LARGEST));
        let ranges = memory.ranges();
        let first = ranges.partition_point(|r| r.start.value().saturating_add(r.size) <= self.phys.value());
        let inside = ranges.iter().skip(first).take_while(|r| r.start.value() < end);
        let piece = |r: &MemoryRange| {
            let (from, to) = (r.start.max(self.phys), r.start.value().saturating_add(r.size).min(end));
            let len = index(to.checked_sub(from.value())?)?;
            Some(memory.mapped().and_then(|m| m.slice(from, len)).map_or_else(
                || {
                    let mut buf = vec![0; len];
                    memory.read_gaps(from, &mut buf);
                    Cow::Owned(buf)
                },
                Cow::Borrowed,
            ))
        };
        inside.filter_map(piece).collect()
    }
}

/// So many pointers of a kernel's tables are enough to know it by; there are some hundred thousand.
pub(super) const POINTERS: usize = 1000;

impl KernelImage {
    /// Whether `bytes`, those of the image, point into it where it is said to be mapped: tables of functions, lists and names do. A
    /// table of something else that leads to the same memory maps it elsewhere.
    #[cfg(test)]
    fn points_into_itself(&self, bytes: &[u8], pointer_size: u8) -> bool {
        self.pointers(bytes, pointer_size) == POINTERS
    }

    /// How many words of `bytes` point into the image, up to [`POINTERS`].
    pub(super) fn pointers(&self, bytes: &[u8], pointer_size: u8) -> usize {
        let (Some(first), Some(size)) = (to_u64(self.virt.value()), to_u64(self.size)) else { return 0 };
        // No further than an image can reach: above the kernel's addresses small negative numbers lie.
        let size = size.min(to_u64(LARGEST).unwrap_or(u64::MAX));
        let inside = |word: u64| word.checked_sub(first).is_some_and(|o| o < size);
        match pointer_size {
            4 => bytes.as_chunks::<4>().0.iter().filter(|w| inside(u32::from_le_bytes(**w).into())).take(POINTERS).count(),
            _ => bytes.as_chunks::<8>().0.iter().filter(|w| inside(u64::from_le_bytes(**w))).take(POINTERS).count(),
        }
    }
}

/// No banner is longer, in bytes.
const LONGEST_BANNER: usize = 512;

/// The kernel's banner, `Linux version 6.1.0 (...) #1 ...`, where `bytes` hold it. The copy with a `%s` is a format string; the one
/// without a build number behind the `#` is what the last link replaces (init/version.c since 6.1), and taken only for want
/// of the other.
pub(super) fn banner(bytes: &[u8]) -> Option<String> {
    const START: &[u8] = b"Linux version ";
    /// Copies of a kernel's banner stand in its log too; a few are looked at.
    const COPIES: usize = 8;
    let mut found = memchr::memmem::find_iter(bytes, START).filter_map(|at| {
        let text = bytes.get(at..)?;
        let text = text.get(..LONGEST_BANNER).unwrap_or(text);
        let end = text.iter().position(|b| !(b' '..0x7f).contains(b))?;
        let text = std::str::from_utf8(text.get(..end)?).ok()?;
        let version = text.get(START.len()..)?;
        let plausible = version.starts_with(|c: char| c.is_ascii_digit()) && version.contains('.') && version.contains(" (");
        plausible.then(|| text.to_owned())
    });
    let first = found.next()?;
    if numbered(&first) {
        return Some(first);
    }
    Some(found.take(COPIES).find(|b| numbered(b)).unwrap_or(first))
}

/// Whether a banner has a build number.
pub(super) fn numbered(banner: &str) -> bool {
    banner.split_once(" #").is_some_and(|(_, rest)| rest.starts_with(|c: char| c.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::cast_possible_truncation)]
    use super::*;

    #[test]
    fn a_kernel_points_into_itself_where_it_is_mapped() {
        let image =
            |virt: u64| KernelImage { virt: VirtAddr::new(umem::from(virt)), phys: PhysAddr::new(0x8020_0000), size: 2 << 20 };
        let bytes: Vec<u8> = (0..2000u64).flat_map(|i| (0xffff_ffff_8000_0000 + i * 16).to_le_bytes()).collect();
        assert!(image(0xffff_ffff_8000_0000).points_into_itself(&bytes, 8));
        assert!(!image(0xffff_ffff_c000_0000).points_into_itself(&bytes, 8));
        assert!(!image(0xffff_ffff_8000_0000).points_into_itself(&bytes[..7000], 8), "too few");
        let narrow: Vec<u8> = (0..2000u32).flat_map(|i| (0xc030_0000 + i * 16).to_le_bytes()).collect();
        assert!(image(0xc030_0000).points_into_itself(&narrow, 4));
        assert!(!image(0xc030_0000).points_into_itself(&narrow, 8));
    }

    #[test]
    fn the_banner_with_a_build_number_is_the_kernels() {
        let memory =
            b"..Linux version %s (%s)\0Linux version 6.1.0 (a@b) (gcc) # SMP x\0..Linux version 6.1.0 (a@b) (gcc) #1 SMP x\0";
        assert_eq!(banner(memory).as_deref(), Some("Linux version 6.1.0 (a@b) (gcc) #1 SMP x"));
        assert_eq!(banner(&memory[..70]).as_deref(), Some("Linux version 6.1.0 (a@b) (gcc) # SMP x"));
        assert_eq!(banner(b"Linux version of a text"), None);
    }
}
