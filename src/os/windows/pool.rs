//! Blocks of the kernel's pool, found by their tags in physical memory.
//!
//! Every block of less than a page has a header before it (`_POOL_HEADER`, which the symbols of every kernel have): 8 bytes on x86, 16 on
//! x86-64, as much as blocks are aligned. In it a tag of four characters says what the block is for. The header lies in physical
//! memory; at which address the kernel sees it, its page tables say: what they do not map is nothing of the kernel's any more.

use super::base::kernel::Kernel;
use crate::engine::search::{Options, RunSource};
use crate::os::lost::Lost;
use crate::os::sweep::words;
use memsh_plugin::{VirtAddr, umem};
use std::ops::ControlFlow;

/// Until Windows 8 the highest bit of a tag says that only whoever knows it may free the block (`PROTECTED_POOL`).
const PROTECTED: u32 = 0x8000_0000;
/// Memory that drivers share is mapped a few times; more addresses of one block are not looked at.
const MOST_PLACES: usize = 8;
/// Where the kernel's half begins at the lowest.
const LOWEST: [umem; 2] = [0x8000_0000, 0xffff_8000_0000_0000];

/// A block with one of the tags that were looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    /// Its tag, without the bit that protects it.
    pub tag: [u8; 4],
    /// The addresses at which the kernel sees its header, ascending; one, nearly always.
    pub places: Vec<VirtAddr>,
    /// Bytes behind its header, where the header has a size.
    pub size: Option<umem>,
    /// Whether it was given back to the pool: what is in it is a remnant.
    pub freed: bool,
}

/// Size of a block's header in bytes, which is what blocks are aligned to.
pub fn header_bytes(kernel: &Kernel) -> umem {
    if kernel.wide() { 16 } else { 8 }
}

/// The blocks of these tags that the kernel's page tables map, in the order of physical memory. One pass over it.
pub fn blocks(kernel: &Kernel, tags: &[[u8; 4]], options: &Options<'_>, lost: &mut Lost) -> Vec<Block> {
    let wanted: Vec<u32> = tags.iter().map(|t| u32::from_le_bytes(*t)).collect();
    let source = RunSource::data(kernel.space.memory());
    let is_tag = |_, word: u64| u32::try_from(word >> 32).is_ok_and(|tag| wanted.contains(&(tag & !PROTECTED)));
    let swept = words(&source, header_bytes(kernel), 0, options, is_tag);
    if swept.cut {
        lost.push("the search of memory for blocks of the pool was cut short");
    }
    let places = places(kernel, &swept.at);
    places.into_iter().filter(|p| !p.is_empty()).filter_map(|places| block(kernel, places)).collect()
}

/// The block whose header is at these addresses.
fn block(kernel: &Kernel, places: Vec<VirtAddr>) -> Option<Block> {
    let word = kernel.space.read_u64(*places.first()?).ok()?;
    let [_, _, low, high, a, b, c, d] = word.to_le_bytes();
    // `BlockSize` in units of the header's size, and `PoolType`, which is zero of blocks that nobody uses: a byte each on x86-64; on
    // x86 the lower nine and the upper seven bits of sixteen.
    let both = u16::from_le_bytes([low, high]);
    let (units, kind) = if kernel.wide() { (both & 0xff, both >> 8) } else { (both & 0x1ff, both >> 9) };
    let size = umem::from(units).checked_sub(1).map(|units| units * header_bytes(kernel));
    let tag = (u32::from_le_bytes([a, b, c, d]) & !PROTECTED).to_le_bytes();
    Some(Block { tag, places, size, freed: kind == 0 })
}

/// At which addresses of its half the kernel sees each of these places of physical memory, which are in ascending order.
fn places(kernel: &Kernel, phys: &[umem]) -> Vec<Vec<VirtAddr>> {
    let mut out = vec![Vec::new(); phys.len()];
    if phys.is_empty() {
        return out;
    }
    let [narrow, wide] = LOWEST;
    let lowest = VirtAddr::new(if kernel.wide() { wide } else { narrow });
    let last = VirtAddr::new(umem::from(if kernel.wide() { u64::MAX } else { u64::from(u32::MAX) }));
    kernel.space.runs(lowest, last, &mut |group| {
        for run in group {
            let from = run.phys.value();
            let first = phys.partition_point(|&p| p < from);
            let (of, places) = (phys.get(first..).unwrap_or_default(), out.get_mut(first..).unwrap_or_default());
            for (at, places) in of.iter().zip(places) {
                let inside = at.wrapping_sub(from);
                if inside >= run.size {
                    break;
                }
                if places.len() < MOST_PLACES {
                    places.push(run.virt.wrapping_add(inside));
                }
            }
        }
        ControlFlow::Continue(())
    });
    out
}
