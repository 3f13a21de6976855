//! The memory in a stream: as plain runs where it lies there as it is, else page by page.

use super::super::blocks::{Block, Blocks};
use super::super::memory::{Claim, Place};
use super::bytes::Bytes;
use super::pages::{self, Delta, Entry, Table};
use super::place::Region;
use memsh_plugin::{MemoryRange, PhysAddr, umem};
use std::sync::Arc;

/// No target page is larger.
static ZEROS: [u8; 1 << 16] = [0; 1 << 16];
/// How long the file of zeros is to which pages of zeros point.
pub(super) const ZERO_RUN: u64 = 2 << 20;

/// RAM, page by page.
pub(super) struct Pages {
    pub bytes: Arc<dyn Bytes>,
    /// Ascending, without overlap.
    pub regions: Vec<Region>,
    /// One per RAM block.
    pub tables: Vec<Table>,
    pub deltas: Vec<Delta>,
    pub page_bits: u32,
}

fn range(start: u64, size: u64) -> MemoryRange {
    MemoryRange { start: PhysAddr::new(umem::from(start)), size: umem::from(size) }
}

impl Pages {
    const fn page_size(&self) -> u64 {
        1 << self.page_bits
    }

    fn entry(&self, region: &Region, page: u64) -> Entry {
        self.tables.get(region.block).map_or(Entry::Absent, |t| t.get(page))
    }

    /// The region of an address, the page of its block, and where that page begins in physical memory.
    fn locate(&self, addr: u64) -> Option<(&Region, u64, u64)> {
        let i = self.regions.partition_point(|r| r.start <= addr).checked_sub(1)?;
        let region = self.regions.get(i)?;
        let inside = addr - region.start;
        if inside >= region.len {
            return None;
        }
        let page = region.offset.checked_add(inside)? >> self.page_bits;
        // Regions begin on page boundaries of their block.
        let start = region.start.checked_add((page << self.page_bits).checked_sub(region.offset)?)?;
        Some((region, page, start))
    }

    /// Runs of pages of a region that the stream has.
    fn present(&self, region: &Region) -> Vec<(u64, u64)> {
        let Some(table) = self.tables.get(region.block) else { return Vec::new() };
        let bits = self.page_bits;
        let (first, end) = (region.offset, region.offset.saturating_add(region.len));
        table
            .present()
            .into_iter()
            .filter_map(|(page, n)| {
                let from = (page << bits).max(first);
                let to = ((page + n) << bits).min(end);
                (from < to).then(|| (region.start + (from - first), to - from))
            })
            .collect()
    }

    /// The same as claims: `None` where pages must be unpacked, or where it would be more than `most`. Pages of zeros are in file
    /// number `zeros`.
    pub(super) fn claims(&self, most: usize, zeros: usize) -> Option<Vec<Claim>> {
        let mut claims: Vec<(u64, u64, Place)> = Vec::new();
        for region in &self.regions {
            for (start, len) in self.present(region) {
                let mut at = start;
                while at < start + len {
                    let (_, page, page_start) = self.locate(at)?;
                    let blank = self.tables.get(region.block).map_or(0, |t| t.zeros_from(page));
                    if blank > 0 {
                        let end = page_start.saturating_add(blank.saturating_mul(self.page_size())).min(start + len);
                        push_zeros(&mut claims, (at, end), self.page_size(), zeros, most);
                        if claims.len() > most {
                            return None;
                        }
                        at = end;
                        continue;
                    }
                    let n = (page_start + self.page_size()).min(start + len) - at;
                    match self.entry(region, page) {
                        Entry::Filled(0) => push(&mut claims, at, n, Place { file: zeros, offset: 0 }, zeros),
                        Entry::Plain(offset) => {
                            let mut done = 0;
                            while done < n {
                                let (place, there) = self.bytes.place(offset + (at - page_start) + done)?;
                                let part = there.min(n - done);
                                push(&mut claims, at + done, part, place, zeros);
                                done += part.max(1);
                            }
                        }
                        _ => return None,
                    }
                    if claims.len() > most {
                        return None;
                    }
                    at += n;
                }
            }
        }
        Some(claims.into_iter().map(|(start, size, place)| (range(start, size), place)).collect())
    }
}

/// Adds a run of zeros as if it came page by page, up to more than `most` claims.
fn push_zeros(claims: &mut Vec<(u64, u64, Place)>, (mut at, end): (u64, u64), page_size: u64, zeros: usize, most: usize) {
    while at < end && claims.len() <= most {
        let goes_on = claims.last().filter(|(s, l, p)| s + l == at && p.file == zeros);
        let room = goes_on.map_or(0, |(_, len, _)| ZERO_RUN.saturating_sub(*len)) / page_size * page_size;
        let n = if room == 0 { ZERO_RUN } else { room }.min(end - at);
        push(claims, at, n, Place { file: zeros, offset: 0 }, zeros);
        at += n;
    }
}

/// Adds to the last claim what goes on where it ends.
fn push(claims: &mut Vec<(u64, u64, Place)>, start: u64, len: u64, place: Place, zeros: usize) {
    if let Some((s, l, p)) = claims.last_mut().filter(|(s, l, p)| s + l == start && p.file == place.file) {
        let goes_on = if p.file == zeros { *l + len <= ZERO_RUN } else { p.offset + *l == place.offset };
        if goes_on {
            let _ = s;
            *l += len;
            return;
        }
    }
    claims.push((start, len, place));
}

impl Blocks for Pages {
    fn ranges(&self) -> Vec<MemoryRange> {
        self.regions.iter().flat_map(|r| self.present(r)).map(|(start, len)| range(start, len)).collect()
    }

    fn find(&self, addr: u64) -> Option<Block> {
        let (region, page, start) = self.locate(addr)?;
        let entry = self.entry(region, page);
        // A region may end inside its last page.
        let len = self.page_size().min(region.start.checked_add(region.len)?.checked_sub(start)?);
        (entry != Entry::Absent).then_some(Block { start, len: u32::try_from(len).ok()?, key: entry.raw() })
    }

    fn load(&self, block: &Block, out: &mut [u8]) -> Result<(), String> {
        let size = usize::try_from(self.page_size()).map_err(|e| e.to_string())?;
        if out.len() == size {
            return pages::load(self.bytes.as_ref(), &self.deltas, Entry::of_raw(block.key), out);
        }
        let mut page = vec![0; size];
        pages::load(self.bytes.as_ref(), &self.deltas, Entry::of_raw(block.key), &mut page)?;
        out.copy_from_slice(page.get(..out.len()).ok_or("the block is larger than a page")?);
        Ok(())
    }

    fn in_place(&self, block: &Block) -> Option<&[u8]> {
        let len = usize::try_from(block.len).ok()?;
        match Entry::of_raw(block.key) {
            Entry::Filled(0) => ZEROS.get(..len),
            Entry::Plain(at) => self.bytes.slice(at, len),
            _ => None,
        }
    }
}
