//! Which mapping of the process is a block of RAM.
//!
//! A block is mapped in one piece (`qemu_ram_mmap`, util/mmap-alloc.c) that has exactly its size, may be read and written and never run, and is
//! followed by a page that nobody may touch. What has another size is no candidate; where several have it, nobody but the machine itself can tell
//! which is meant.

use super::blocks::{Backing, Block};
use crate::engine::to_u64;
use crate::{Error, ErrorKind, Layer, Result};
use memsh_plugin::RegionInfo;

/// A mapping of the process.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Region {
    /// First address.
    pub start: u64,
    /// First address after it.
    pub end: u64,
    /// Whether it is RAM by what may be done there: read and write, not execute.
    pub data: bool,
    /// Whether writes are seen by others.
    pub shared: bool,
    /// Its file or its name.
    pub path: Option<String>,
    /// Position in the file.
    pub offset: u64,
    /// The file's device (major, minor) and inode number, where it is one.
    pub file: Option<(u32, u32, u64)>,
}

impl Region {
    /// From what a system says of it.
    pub(super) fn of(info: &RegionInfo) -> Option<Self> {
        Some(Self {
            start: to_u64(info.start.value())?,
            end: to_u64(info.end.value())?,
            data: info.read && info.write && !info.execute,
            shared: info.shared,
            path: info.path.as_ref().filter(|p| !p.is_empty()).map(|p| p.to_string_lossy().into_owned()),
            offset: info.offset.get().unwrap_or(0),
            file: info.device_major.get().zip(info.device_minor.get()).zip(info.inode.get()).map(|((a, b), i)| (a, b, i)),
        })
    }

    fn size(&self) -> u64 {
        self.end.saturating_sub(self.start)
    }

    /// Whether its pages have no file with a name of its own.
    fn nameless(&self) -> bool {
        let names = ["/memfd:", "memfd:", "/dev/zero", "/SYSV", "/dev/shm/", "[anon"];
        self.path.as_deref().is_none_or(|p| names.iter().any(|n| p.starts_with(n)))
    }

    fn is_memfd(&self) -> bool {
        self.path.as_deref().is_some_and(|p| p.trim_start_matches('/').starts_with("memfd:"))
    }

    /// Whether it may hold the block, its size apart.
    fn suits(&self, block: &Block) -> bool {
        if !self.data {
            return false;
        }
        match &block.backing {
            Backing::Private => !self.shared && self.path.as_deref().is_none_or(|p| p.starts_with("[anon")),
            Backing::Shared => self.shared && self.nameless(),
            Backing::Memfd { shared } => self.shared == *shared && self.is_memfd(),
            Backing::File { path, shared, offset } => {
                let here = self.path.as_deref().unwrap_or_default();
                let here = here.strip_suffix(" (deleted)").unwrap_or(here);
                // In a folder QEMU makes a file, and removes it again (`file_ram_open`, system/physmem.c).
                let made = here.strip_prefix(path.trim_end_matches('/')).is_some_and(|n| n.starts_with("/qemu_back_mem."));
                self.shared == *shared && ((here == path && self.offset == *offset) || made)
            }
        }
    }
}

/// Neighbours of one kind as one: what the system split, the block is still.
fn joined(regions: &[Region]) -> Vec<Region> {
    let mut out: Vec<Region> = Vec::new();
    for region in regions {
        match out.last_mut() {
            Some(last)
                if last.end == region.start
                    && last.data == region.data
                    && last.shared == region.shared
                    && last.path == region.path
                    && (region.path.is_none() || last.offset.checked_add(last.size()) == Some(region.offset)) =>
            {
                last.end = region.end;
            }
            _ => out.push(region.clone()),
        }
    }
    out
}

/// Sizes that the mapping of the block may have: pages of the host are 4, 16 or 64 KiB, huge ones larger.
fn fits(block: &Block, size: u64) -> bool {
    let huge = block.huge || matches!(block.backing, Backing::File { .. });
    let pages: &[u64] = if huge { &[1 << 12, 1 << 14, 1 << 16, 1 << 21, 1 << 25, 1 << 30] } else { &[1 << 12, 1 << 14, 1 << 16] };
    pages.iter().any(|page| block.size.checked_next_multiple_of(*page) == Some(size))
}

/// Bytes in the largest unit that has no remainder.
pub(super) fn bytes(n: u64) -> String {
    match n {
        n if n >= 1 << 30 && n % (1 << 30) == 0 => format!("{} GiB", n >> 30),
        n if n >= 1 << 20 && n % (1 << 20) == 0 => format!("{} MiB", n >> 20),
        n if n >= 1 << 10 && n % (1 << 10) == 0 => format!("{} KiB", n >> 10),
        n => format!("{n} bytes"),
    }
}

fn show(region: &Region) -> String {
    let kind = if region.shared { "shared" } else { "private" };
    let name = region.path.as_deref().map(|p| format!(" {}", p.escape_debug())).unwrap_or_default();
    format!("{:#x} ({}, {kind}{name})", region.start, bytes(region.size()))
}

/// So many mappings an error lists.
const SHOWN: usize = 8;

fn list<'a>(regions: impl Iterator<Item = &'a Region>) -> String {
    regions.take(SHOWN).map(show).collect::<Vec<_>>().join(", ")
}

/// Whether all of `size` bytes at an address are mapped.
pub(super) fn covers(regions: &[Region], address: u64, size: u64) -> bool {
    let Some(end) = address.checked_add(size) else { return false };
    let mut at = address;
    for region in regions {
        if at >= end || region.start > at {
            break;
        }
        at = at.max(region.end);
    }
    at >= end
}

/// Where each block is mapped: its first address. `regions` come ascending.
///
/// # Errors
/// [`ErrorKind::NotFound`] where nothing has a block's size, [`ErrorKind::Invalid`] where more has it than one block can be; both list what there is.
pub(super) fn find(blocks: &[Block], regions: &[Region]) -> Result<Vec<u64>> {
    let joined = joined(regions);
    let mut found: Vec<u64> = Vec::new();
    for block in blocks {
        let mut candidates: Vec<&Region> = Vec::new();
        // Of what is one mapping before what only lies side by side.
        for of in [regions, &joined] {
            candidates = of.iter().filter(|r| r.suits(block) && fits(block, r.size())).collect();
            if !candidates.is_empty() {
                break;
            }
        }
        // Two mappings of one shared file are the same bytes.
        if let (Some(first), Backing::File { shared: true, .. }) = (candidates.first().copied(), &block.backing)
            && candidates.iter().all(|c| c.path == first.path && c.offset == first.offset)
        {
            candidates.truncate(1);
        }
        // The name that QEMU gives a file in a folder holds the block's.
        if candidates.len() > 1 {
            let own = [format!("/qemu_back_mem.{}.", block.id), format!("/qemu_back_mem._objects_{}.", block.id)];
            let named = |r: &&Region| r.path.as_deref().is_some_and(|p| own.iter().any(|o| p.contains(o.as_str())));
            if candidates.iter().filter(|r| named(r)).count() == 1 {
                candidates.retain(named);
            }
        }
        match candidates.as_slice() {
            [one] if !found.contains(&one.start) => found.push(one.start),
            [] => return Err(none(block, regions)),
            several => {
                let what = format!(
                    "{} mappings of the process have the kind and size of its memory {} ({}): {}",
                    several.len().max(2),
                    block.id,
                    bytes(block.size),
                    list(several.iter().copied())
                );
                return Err(Error::new(Layer::Connector, ErrorKind::Invalid, what).hint(
                    "qmp=PATH asks the machine itself; ram=ADDRESS names the mapping (several: ram=A+B, in the order of memory backends)",
                ));
            }
        }
    }
    Ok(found)
}

fn none(block: &Block, regions: &[Region]) -> Error {
    let mut large: Vec<&Region> = regions.iter().filter(|r| r.data).collect();
    large.sort_by_key(|r| std::cmp::Reverse(r.size()));
    let kind = match &block.backing {
        Backing::Private => "private memory",
        Backing::Shared => "shared memory",
        Backing::Memfd { .. } => "a memfd",
        Backing::File { path, .. } => path,
    };
    let what = format!(
        "no mapping of the process is its memory {}: {} of {kind}; the largest are {}",
        block.id,
        bytes(block.size),
        list(large.into_iter())
    );
    Error::new(Layer::Connector, ErrorKind::NotFound, what)
        .hint("qmp=PATH asks the machine itself; ram=ADDRESS names the mapping; without the right to see a process's mappings there are none")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const MIB: u64 = 1 << 20;

    fn block(size: u64, backing: Backing) -> Block {
        Block { id: "ram0".into(), size, backing, huge: false }
    }

    /// Lines of /proc/PID/maps.
    fn maps(text: &str) -> Vec<Region> {
        let line = |l: &str| {
            let mut words = l.split_ascii_whitespace();
            let (start, end) = words.next()?.split_once('-')?;
            let flags = words.next()?;
            let offset = words.next()?;
            let path = words.nth(2).map(|first| words.fold(first.to_owned(), |all, w| format!("{all} {w}")));
            Some(Region {
                start: u64::from_str_radix(start, 16).ok()?,
                end: u64::from_str_radix(end, 16).ok()?,
                data: flags.starts_with("rw-"),
                shared: flags.ends_with('s'),
                path,
                offset: u64::from_str_radix(offset, 16).ok()?,
                file: None,
            })
        };
        text.lines().filter_map(|l| line(l.trim())).collect()
    }

    /// A QEMU 10 with 256 MiB, translated code of the same size, and stacks.
    const ORDINARY: &str = "555555554000-555555a00000 r-xp 00000000 fe:00 12 /usr/bin/qemu-system-x86_64
        555556a00000-555557a00000 rw-p 00000000 00:00 0 [heap]
        7fb71be00000-7fb72be00000 rwxp 00000000 00:00 0
        7fb72be00000-7fb73be00000 rw-p 00000000 00:00 0
        7fb73be00000-7fb73be01000 ---p 00000000 00:00 0
        7fb740000000-7fb740021000 rw-p 00000000 00:00 0
        7fb740021000-7fb744000000 ---p 00000000 00:00 0";

    #[test]
    fn the_size_decides() {
        let regions = maps(ORDINARY);
        assert_eq!(find(&[block(256 * MIB, Backing::Private)], &regions).unwrap(), [0x7fb7_2be0_0000]);
        let e = find(&[block(512 * MIB, Backing::Private)], &regions).unwrap_err();
        assert!(
            e.reason().contains("512 MiB of private memory") && e.reason().contains("0x7fb72be00000 (256 MiB, private)"),
            "{e}"
        );
        assert_eq!(e.kind(), ErrorKind::NotFound);
    }

    #[test]
    fn two_of_a_size_are_nobodys_guess() {
        let regions = maps("10000000-20000000 rw-p 0 0:0 0\n30000000-40000000 rw-p 0 0:0 0");
        let e = find(&[block(256 * MIB, Backing::Private)], &regions).unwrap_err();
        assert!(e.reason().contains("2 mappings") && e.reason().contains("0x30000000"), "{e}");
        // Nor are two blocks of one size.
        let two = [block(256 * MIB, Backing::Private), block(256 * MIB, Backing::Private)];
        assert!(find(&two, &regions).is_err());
        let one = maps("10000000-20000000 rw-p 0 0:0 0");
        assert!(find(&two, &one).is_err());
        assert_eq!(
            find(
                &[block(256 * MIB, Backing::Private), block(MIB, Backing::Shared)],
                &maps("10000000-20000000 rw-p 0 0:0 0\n30000000-30100000 rw-s 0 0:1 7 /dev/zero (deleted)")
            )
            .unwrap(),
            [0x1000_0000, 0x3000_0000]
        );
    }

    #[test]
    fn what_was_split_is_joined() {
        let regions = maps("10000000-18000000 rw-p 0 0:0 0\n18000000-20000000 rw-p 0 0:0 0\n20000000-20001000 ---p 0 0:0 0");
        assert_eq!(find(&[block(256 * MIB, Backing::Private)], &regions).unwrap(), [0x1000_0000]);
    }

    #[test]
    fn files_are_known_by_their_names() {
        let file = |path: &str, shared, offset| Backing::File { path: path.into(), shared, offset };
        let regions = maps(
            "10000000-20000000 rw-s 0 0:1 5 /dev/shm/a
             20001000-30001000 rw-s 0 0:1 6 /dev/shm/b
             40000000-50000000 rw-p 0 0:2 7 /dev/hugepages/qemu_back_mem.ram0.Xa3fgh (deleted)
             50200000-60200000 rw-p 0 0:2 8 /dev/hugepages/qemu_back_mem._objects_ram1.Xa3fgh (deleted)
             70000000-80000000 rw-s 10000000 0:1 5 /dev/shm/a
             80001000-90001000 rw-s 0 0:1 9 /memfd:memory-backend-memfd (deleted)",
        );
        let one = |backing| find(&[block(256 * MIB, backing)], &regions).map(|f| f.first().copied().unwrap());
        assert_eq!(one(file("/dev/shm/a", true, 0)).unwrap(), 0x1000_0000);
        assert_eq!(one(file("/dev/shm/a", true, 0x1000_0000)).unwrap(), 0x7000_0000);
        assert_eq!(one(file("/dev/hugepages/", false, 0)).unwrap(), 0x4000_0000);
        assert_eq!(one(Backing::Memfd { shared: true }).unwrap(), 0x8000_1000);
        assert!(one(file("/dev/shm/a", false, 0)).is_err());
        assert!(one(Backing::Memfd { shared: false }).is_err());
        // A page of 2 MiB holds the end.
        let end = Block { size: 256 * MIB - 8192, ..block(0, file("/dev/hugepages", false, 0)) };
        assert_eq!(find(&[end], &regions).unwrap(), [0x4000_0000]);
    }
}
