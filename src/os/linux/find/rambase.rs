//! Where a raw image begins, as the page tables in it say: they name pages by their addresses, the file has them at its offsets.

use super::machine::{Found, Search, phys};
use super::sweep::{Chunk, sweep};
use crate::engine::{Memory, to_u64, to_umem};
use memsh_plugin::PhysAddr;
use std::collections::BTreeMap;

/// Of the table that maps a kernel's image in large pages, and of the tables above it.
pub(super) struct Shape {
    /// Bytes of an entry.
    pub(super) entry_size: usize,
    /// The address in an entry.
    pub(super) address: fn(u64) -> u64,
    /// Log2 of a large page.
    pub(super) page_shift: u32,
    pub(super) is_page: fn(u64) -> bool,
    pub(super) is_table: fn(u64) -> bool,
}

/// Tables are pages.
const PAGE: usize = 4096;
/// The image is larger than so many large pages.
const IN_A_ROW: usize = 4;
/// No more tables than this are compared: an image full of them must not take for ever.
const MOST: usize = 4096;
const MOST_ABOVE: usize = 1 << 16;
/// So many places are worth a try.
const TRIES: usize = 8;
/// RAM begins at a multiple of this.
const BEGIN_ALIGN: u64 = 1 << 20;

/// Where the first byte of `memory` lies.
pub(super) fn begin(memory: &Memory) -> u64 {
    memory.ranges().first().and_then(|r| to_u64(r.start.value())).unwrap_or(0)
}

/// The memory as it would be with its first byte at `base`.
pub(super) fn at_base(memory: &Memory, base: u64) -> Memory {
    if base == begin(memory) { memory.clone() } else { memory.moved(phys(base)) }
}

/// What to make of a kernel that was found in a memory that begins at `base`: it is taken where that may be so; where the user said
/// otherwise it is told in `advice`.
pub(super) fn settled(
    search: &Search<'_>,
    base: u64,
    (mut found, detail): (Found, String),
    advice: &mut Option<String>,
) -> Result<(Found, String), String> {
    if base == begin(search.memory) {
        return Ok((found, detail));
    }
    let base = phys(base);
    if search.hints.movable {
        found.moved = Some(base);
        return Ok((found, format!("{detail}; memory begins at {base}")));
    }
    *advice = Some(format!("there is a kernel in this image if it begins at {base}: --base {base}"));
    Err(format!("a kernel is there if memory begins at {base}, which is not what --base says"))
}

/// Why none of `roots` could be looked at: none is in the image.
pub(super) fn elsewhere(search: &Search<'_>, what: &str, roots: &[PhysAddr]) -> String {
    let Some(root) = roots.first() else { return format!("{what} is not told") };
    let ranges = search.memory.ranges();
    match ranges.first().zip(ranges.last()) {
        Some((first, last)) => format!(
            "{what} ({root}) is not in the image, which spans {} to {}; is --base right?",
            first.start,
            last.start.saturating_add(last.size - 1)
        ),
        None => format!("{what} ({root}) is not in the image, which is empty"),
    }
}

/// Where memory may begin, most votes first: a table above points to the table of a kernel's image by its address, and that lies at
/// some offset in the file. `slots`: where the entry in the table above may stand.
pub(super) fn bases(search: &Search<'_>, shape: &Shape, slots: &[usize]) -> Vec<u64> {
    let memory = search.memory;
    let first = begin(memory);
    // Offsets of tables with large pages in a row, with the address of the first; addresses in tables above, and how often.
    let mut images: Vec<(u64, u64)> = Vec::new();
    let mut above: BTreeMap<u64, usize> = BTreeMap::new();
    let parts = sweep(search, 4096, 0, |chunk| {
        let (mut images, mut above) = (Vec::new(), Vec::new());
        each_page(search, chunk, PAGE, &mut |offset, page, _| {
            if images.len() < MOST
                && let Some(start) = in_a_row(shape, page)
            {
                images.push((offset, start));
            }
            let entries = slots.iter().map(|slot| entry(shape, page, *slot));
            above.extend(entries.filter(|e| (shape.is_table)(*e)).map(shape.address));
        });
        (images, above)
    });
    for (more, addresses) in parts {
        images.extend(more);
        images.truncate(MOST);
        for address in addresses {
            if above.len() < MOST_ABOVE || above.contains_key(&address) {
                *above.entry(address).or_default() += 1;
            }
        }
    }
    let end = memory.ranges().last().and_then(|r| to_u64(r.start.value().checked_add(r.size)?)).unwrap_or(0);
    let size = end.saturating_sub(first);
    let mut votes: BTreeMap<u64, usize> = BTreeMap::new();
    for (address, count) in above {
        for &(offset, start) in &images {
            let Some(base) = address.checked_sub(offset).filter(|b| b.is_multiple_of(BEGIN_ALIGN)) else { continue };
            // The image lies in the same memory.
            if start.checked_sub(base).is_some_and(|at| at < size) {
                *votes.entry(base).or_default() += count;
            }
        }
    }
    let mut votes: Vec<(u64, usize)> = votes.into_iter().collect();
    votes.sort_by_key(|&(base, count)| (std::cmp::Reverse(count), base));
    votes.into_iter().take(TRIES).map(|(base, _)| base).collect()
}

/// Each whole page of `chunk` with its offset from where memory begins, and with as many bytes from its start on as a table has, where
/// they are in one piece.
#[allow(clippy::type_complexity, reason = "a visitor of one page")]
pub(super) fn each_page(search: &Search<'_>, chunk: &Chunk<'_>, table: usize, visit: &mut dyn FnMut(u64, &[u8], &[u8])) {
    let first = begin(search.memory);
    let Some(start) = to_u64(chunk.at.value()).and_then(|a| a.checked_sub(first)) else { return };
    for (from, page) in (0..chunk.len).step_by(PAGE).filter_map(|from| Some((from, chunk.bytes.get(from..)?.get(..PAGE)?))) {
        let end = from.saturating_add(table).min(chunk.bytes.len());
        let Some(offset) = to_u64(to_umem(from)).and_then(|from| start.checked_add(from)) else { return };
        visit(offset, page, chunk.bytes.get(from..end).unwrap_or(page));
    }
}

pub(super) fn entry(shape: &Shape, page: &[u8], slot: usize) -> u64 {
    let at = slot.saturating_mul(shape.entry_size);
    let mut word = [0u8; 8];
    if let Some(bytes) = page.get(at..at.saturating_add(shape.entry_size))
        && let Some(to) = word.get_mut(..shape.entry_size)
    {
        to.copy_from_slice(bytes);
    }
    u64::from_le_bytes(word)
}

/// The address of the first of the first large pages that follow each other in `page`.
pub(super) fn in_a_row(shape: &Shape, page: &[u8]) -> Option<u64> {
    // Some of those that follow each other stand at every so manieth place: most pages are none, and told by few of their words.
    if !(IN_A_ROW - 1..PAGE / shape.entry_size).step_by(IN_A_ROW).any(|slot| (shape.is_page)(entry(shape, page, slot))) {
        return None;
    }
    let mut run = 0;
    let mut start = 0;
    let mut last = None;
    for slot in 0..PAGE / shape.entry_size {
        let e = entry(shape, page, slot);
        if !(shape.is_page)(e) {
            (run, last) = (0, None);
            continue;
        }
        let address = (shape.address)(e);
        match last {
            Some(previous) if address == u64::saturating_add(previous, 1 << shape.page_shift) => run += 1,
            _ => (run, start) = (1, address),
        }
        if run >= IN_A_ROW {
            return Some(start);
        }
        last = Some(address);
    }
    None
}
