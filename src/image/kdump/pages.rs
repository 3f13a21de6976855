//! The pages of a dump as blocks that are unpacked when they are read.

use super::super::blocks::{Block, Blocks};
use super::header::{LZO, SNAPPY, ZLIB, ZSTD};
use super::part::{Descriptor, Part};
use crate::codec::Codec;
use memsh_plugin::{MemoryRange, PhysAddr, umem};

/// A block's key holds the number of its file above this bit, and that of its descriptor below.
const FILE_SHIFT: u32 = 48;

/// How a page is packed, by the flags of its descriptor; none where it lies as it is. An unknown flag is an error.
pub(super) fn codec(flags: u32) -> Result<Option<Codec>, String> {
    Ok(Some(match flags {
        0 => return Ok(None),
        f if f & ZLIB != 0 => Codec::Zlib,
        f if f & LZO != 0 => Codec::Lzo,
        f if f & SNAPPY != 0 => Codec::Snappy,
        f if f & ZSTD != 0 => Codec::Zstd,
        f => return Err(format!("unknown flags {f:#x}")),
    }))
}

pub(super) struct Pages {
    parts: Vec<Part>,
    block_size: u64,
    shift: u32,
    base: u64,
}

impl Pages {
    /// Of parts in ascending order of their pages, all of one block size.
    pub(super) fn new(parts: Vec<Part>) -> Self {
        let (block_size, base) = parts.first().map_or((4096, 0), |p| (p.header.block_size, p.header.base()));
        Self { parts, block_size, shift: block_size.trailing_zeros(), base }
    }

    fn at(&self, block: &Block) -> Option<(&Part, Descriptor)> {
        let part = usize::try_from(block.key >> FILE_SHIFT).ok().and_then(|i| self.parts.get(i))?;
        Some((part, part.descriptor(block.key & ((1 << FILE_SHIFT) - 1))?))
    }
}

/// Physical addresses of a run of pages; less where it runs past the last address.
fn range(base: u64, block_size: u64, first: u64, pages: u64) -> Option<MemoryRange> {
    let start = first.checked_mul(block_size)?.checked_add(base)?;
    let size = pages.checked_mul(block_size)?.min(u64::MAX - start);
    Some(MemoryRange { start: PhysAddr::new(umem::from(start)), size: umem::from(size) })
}

impl Blocks for Pages {
    fn ranges(&self) -> Vec<MemoryRange> {
        let mut out: Vec<MemoryRange> = Vec::new();
        for run in self.parts.iter().flat_map(Part::runs) {
            let Some(range) = range(self.base, self.block_size, run.start, run.end - run.start) else { continue };
            match out.last_mut() {
                // Where one file ends and the next begins.
                Some(r) if r.start.checked_add(r.size) == Some(range.start) => r.size += range.size,
                _ => out.push(range),
            }
        }
        out
    }

    #[inline]
    fn find(&self, addr: u64) -> Option<Block> {
        let page = addr.checked_sub(self.base)? >> self.shift;
        let (i, index) = self.parts.iter().enumerate().find_map(|(i, p)| Some((i, p.index(page)?)))?;
        let key = u64::try_from(i).ok()? << FILE_SHIFT | index;
        Some(Block { start: self.base + (page << self.shift), len: u32::try_from(self.block_size).ok()?, key })
    }

    fn load(&self, block: &Block, out: &mut [u8]) -> Result<(), String> {
        let (part, d) = self.at(block).ok_or("its descriptor can't be read")?;
        let file = if part.file == 0 { String::new() } else { format!(" of file {}", part.file + 1) };
        let told = |why: String| format!("the page whose descriptor is at offset {:#x}{file}: {why}", d.at);
        let codec = codec(d.flags).map_err(told)?;
        // A page that does not shrink is stored as it is.
        if d.size > self.block_size || codec.is_none() && d.size != self.block_size {
            return Err(told(format!("its size is {} bytes, of a page of {}", d.size, self.block_size)));
        }
        let data = part.view.bytes(d.offset, d.size).ok_or_else(|| match part.view.lack(d.offset, d.size) {
            // The user did not want to wait for it.
            why if why.is_empty() => why,
            why => told(why),
        })?;
        let Some(codec) = codec else {
            if out.len() != data.len() {
                return Err(told("its size is wrong".to_owned()));
            }
            out.copy_from_slice(&data);
            return Ok(());
        };
        let at = d.offset;
        match codec.unpack(&data, out) {
            Ok(n) if n == out.len() => Ok(()),
            Ok(n) => Err(told(format!("its {} data at offset {at:#x} give {n} of {} bytes", codec.name(), out.len()))),
            Err(why) => Err(told(format!("its {} data at offset {at:#x}: {why}", codec.name()))),
        }
    }

    fn prepare(&self, blocks: &mut dyn Iterator<Item = Block>) {
        if !self.parts.iter().any(|p| p.view.is_far()) {
            return;
        }
        let blocks: Vec<Block> = blocks.collect();
        for (i, part) in (0u64..).zip(&self.parts).filter(|(_, p)| p.view.is_far()) {
            let own = || blocks.iter().filter(|b| b.key >> FILE_SHIFT == i).map(|b| b.key & ((1 << FILE_SHIFT) - 1));
            part.view.prepare(own().filter_map(|index| part.descriptor_place(index)));
            part.view.prepare(own().filter_map(|index| part.descriptor(index)).map(|d| (d.offset, d.size.min(self.block_size))));
        }
    }

    fn in_place(&self, block: &Block) -> Option<&[u8]> {
        let (part, d) = self.at(block)?;
        if d.flags != 0 || d.size != self.block_size {
            return None;
        }
        part.view.slice(d.offset, d.size)
    }
}
