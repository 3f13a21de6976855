//! Memory that lies, uncompressed, in a file elsewhere.

use crate::engine::to_u64;
use crate::image::blocks::{Block, Blocks};
use crate::image::memory::ImageMemory;
use memsh_plugin::{MemoryRange, PhysAddr, PhysicalMemory, umem};

/// Blocks are pages: what else the memory is read in.
const PAGE: u64 = 4096;

/// The runs of an image, of which at least one file lies elsewhere.
pub(in crate::image) struct Claims(ImageMemory);

impl Claims {
    pub(in crate::image) fn new(runs: ImageMemory) -> Self {
        Self(runs)
    }
}

impl Blocks for Claims {
    fn ranges(&self) -> Vec<MemoryRange> {
        self.0.ranges().to_vec()
    }

    fn find(&self, addr: u64) -> Option<Block> {
        let (range, ..) = self.0.run(PhysAddr::new(umem::from(addr)))?;
        let first = to_u64(range.start.value())?;
        let last = to_u64(range.start.value().checked_add(range.size - 1)?)?;
        let start = first.max(addr & !(PAGE - 1));
        let end = last.min(addr | (PAGE - 1));
        Some(Block { start, len: u32::try_from(end - start + 1).ok()?, key: 0 })
    }

    fn load(&self, block: &Block, out: &mut [u8]) -> Result<(), String> {
        let (_, content, offset) = self.0.run(PhysAddr::new(umem::from(block.start))).ok_or("it is in no run")?;
        let Some(remote) = content.remote() else {
            let start = usize::try_from(offset).map_err(|e| e.to_string())?;
            let from = start.checked_add(out.len()).and_then(|end| content.get(start..end)).ok_or("it is not in the file")?;
            out.copy_from_slice(from);
            return Ok(());
        };
        remote.read(offset, out).map_err(|why| why.told())
    }

    fn prepare(&self, blocks: &mut dyn Iterator<Item = Block>) {
        let mut wanted: Vec<(u64, u64)> = Vec::new();
        let mut first = None;
        for block in blocks {
            let Some((_, content, offset)) = self.0.run(PhysAddr::new(umem::from(block.start))) else { continue };
            let Some(remote) = content.remote() else { continue };
            wanted.push((offset, block.len.into()));
            first.get_or_insert(remote);
        }
        // One file lies elsewhere, the one that was named; the others were given as files.
        if let Some(remote) = first {
            remote.want(wanted);
        }
    }
}
