//! One pass over physical memory, for what lies where a process could.
//!
//! Two things are looked for at once. The tag of the pool block: its owner can wipe it, and large blocks have none. And the header that
//! a process begins with, of which the kernel needs each bit as long as somebody may wait for the process, with two lists behind it.

use super::super::base::kernel::Kernel;
use super::look::{LOCK, PROCESS};
use super::place::locate;
use super::ways::{Sightings, Way};
use crate::engine::search::{Options, RunSource};
use crate::engine::{index, to_u64};
use crate::os::lost::Lost;
use crate::os::sweep::records;
use memsh_plugin::{PhysAddr, umem};

/// `Proc`. Until Windows 8 the highest bit says that only whoever knows the tag may free the block (`PROTECTED_POOL`).
const TAG: u64 = u64::from_le_bytes(*b"Proc\0\0\0\0");
const PROTECTED: u64 = 0x8000_0000;
/// Between a block's header and the object's lie the headers that are optional; no object has more of them, in bytes.
const OPTIONAL: umem = 0xa0;

/// What a process begins with, as this kernel has it.
struct Shape {
    wide: bool,
    /// What the byte behind the type may be: the size of the structure in units of four bytes, as the processes known have it.
    sizes: Vec<u8>,
    /// Where the list of profiles lies, and the directory table's address.
    profiles: usize,
    dtb: usize,
    /// No table lies behind this.
    end: u64,
}

impl Shape {
    fn of(kernel: &Kernel, sightings: &Sightings) -> Option<Self> {
        let (o, reader) = (&kernel.offsets, kernel.reader());
        let size = o.dispatcher.size?;
        let known = sightings.all().iter().filter_map(|at| reader.u8_at(*at, Some(size)));
        let computed = o.kprocess.bytes.and_then(to_u64).map(|n| [(n / 4).to_le_bytes()[0]]);
        let mut sizes: Vec<u8> = known.chain(computed.into_iter().flatten()).collect();
        sizes.sort_unstable();
        sizes.dedup();
        // More than a few are no facts of this kernel.
        sizes.truncate(8);
        let end = kernel.space.memory().ranges().iter().filter_map(|r| to_u64(r.start.value().saturating_add(r.size))).max()?;
        Some(Self {
            wide: kernel.wide(),
            sizes,
            profiles: index(o.kprocess.profiles?.offset)?,
            dtb: index(o.kprocess.dtb?.offset)?,
            end,
        })
    }

    fn pointer(&self, bytes: &[u8], at: usize) -> Option<u64> {
        let bytes = bytes.get(at..)?;
        match self.wide {
            true => bytes.first_chunk().map(|b| u64::from_le_bytes(*b)),
            false => bytes.first_chunk().map(|b| u64::from(u32::from_le_bytes(*b))),
        }
    }

    fn in_kernel(&self, at: u64) -> bool {
        if self.wide {
            at >= 0xffff_8000_0000_0000 && at.trailing_zeros() >= 3
        } else {
            at >= 0x8000_0000 && at.trailing_zeros() >= 2
        }
    }

    /// Whether `bytes` begin as a process does.
    fn fits(&self, word: u64, bytes: &[u8]) -> bool {
        let [kind, _, size, ..] = word.to_le_bytes();
        kind & !LOCK == PROCESS && self.sizes.contains(&size) && self.goes_on(bytes) == Some(true)
    }

    #[cold]
    fn goes_on(&self, bytes: &[u8]) -> Option<bool> {
        let width = if self.wide { 8 } else { 4 };
        let next = self.pointer(bytes, self.profiles)?;
        let last = self.pointer(bytes, self.profiles + width)?;
        let root = self.pointer(bytes, self.dtb)?;
        // What is in the lowest bits are flags; a process that ended may have none.
        Some(self.in_kernel(next) && self.in_kernel(last) && root & !0xfff < self.end)
    }
}

/// Looks through all of physical memory.
pub fn sweep(kernel: &Kernel, options: &Options<'_>, sightings: &mut Sightings, lost: &mut Lost) {
    let Some(shape) = Shape::of(kernel, sightings) else {
        return lost.push("processes can't be told by their look: the type of their header is not known");
    };
    // Blocks of the pool are aligned to their headers' size.
    let step: umem = if kernel.wide() { 16 } else { 8 };
    // Behind four bytes of sizes.
    let is_tag = |word: u64| word >> 32 & !PROTECTED == TAG;
    let source = RunSource::data(kernel.space.memory());
    let swept = records(&source, step, 0, options, |_, word, bytes| is_tag(word) || shape.fits(word, bytes));
    if swept.cut {
        lost.push("the search of memory for processes was cut short");
    }
    sightings.open(Way::PoolTag);
    sightings.open(Way::Signature);
    for at in swept.at {
        let phys = PhysAddr::new(at);
        let mut word = [0; 8];
        if kernel.space.memory().read(phys, &mut word).is_ok() && is_tag(u64::from_le_bytes(word)) {
            tagged(kernel, phys, step, sightings);
        } else if let Some(at) = locate(kernel, phys).filter(|at| super::look::at(kernel, *at).is_some()) {
            sightings.add(at, Way::Signature);
        }
    }
}

/// The process in the pool block whose header lies at `block`.
fn tagged(kernel: &Kernel, block: PhysAddr, step: umem, sightings: &mut Sightings) {
    let o = &kernel.offsets;
    // The header of a block is as large as blocks are aligned (`POOL_BLOCK_SIZE`).
    let first = step + o.object_header.body.map_or(0, |m| m.offset);
    for gap in (0..=OPTIONAL).step_by(index(step).unwrap_or(16)) {
        let mut kind = [0u8];
        let phys = block.saturating_add(first + gap);
        if kernel.space.memory().read(phys, &mut kind).is_err() || kind.iter().any(|k| k & !LOCK != PROCESS) {
            continue;
        }
        if let Some(at) = locate(kernel, phys).filter(|at| super::look::at(kernel, *at).is_some()) {
            sightings.add(at, Way::PoolTag);
            return;
        }
    }
}
