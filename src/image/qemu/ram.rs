//! The section `ram`: QEMU's `migration/ram.c`, version 4.
//!
//! It begins with the list of RAM blocks, and goes on in as many parts as it takes: pages, each behind its offset in the block with
//! flags in the low bits. A page of a running machine may come again and again: the last time counts.

use super::super::map::is_zero;
use super::bytes::Bytes;
use super::cursor::{Cursor, Result};
use super::pages::{Delta, Entry, LEAF, Table};
use std::ops::Range;

// RAM_SAVE_FLAG_*.
const ZERO: u64 = 0x02;
const MEM_SIZE: u64 = 0x04;
const PAGE: u64 = 0x08;
const EOS: u64 = 0x10;
const CONTINUE: u64 = 0x20;
const XBZRLE: u64 = 0x40;
const HOOK: u64 = 0x80;
const COMPRESS_PAGE: u64 = 0x100;
const MULTIFD_FLUSH: u64 = 0x200;

/// `ENCODING_FLAG_XBZRLE`.
const ENCODED: u8 = 1;
/// The only version of the section since QEMU 0.14.
pub(super) const VERSION: u32 = 4;
/// `MAPPED_RAM_HDR_VERSION`.
const MAPPED_VERSION: u32 = 1;
/// More bytes of RAM than any machine of QEMU's has.
const MOST_RAM: u64 = 1 << 46;
const MOST_BLOCKS: usize = 4096;

/// Where a mapped-ram stream keeps a block: offsets in the stream.
#[derive(Clone, Copy, Debug)]
pub(super) struct Mapped {
    bitmap: u64,
    pages: u64,
}

/// One RAM block.
pub(super) struct RamBlock {
    pub name: String,
    /// Bytes.
    pub len: u64,
    pub table: Table,
    mapped: Option<Mapped>,
}

/// What was counted.
#[derive(Clone, Copy, Default)]
pub(super) struct Counts {
    pub normal: u64,
    pub zero: u64,
    pub zlib: u64,
    pub xbzrle: u64,
    /// Pages that came more than once.
    pub again: u64,
}

/// All of RAM.
#[derive(Default)]
pub(super) struct Ram {
    pub blocks: Vec<RamBlock>,
    pub deltas: Vec<Delta>,
    pub counts: Counts,
    /// Bytes of a target page are 1 << this.
    pub page_bits: u32,
    pub mapped_ram: bool,
    pub ignore_shared: bool,
    pub multifd: bool,
    pub warnings: Vec<String>,
    /// The block that the last page with a name belonged to.
    last: Option<usize>,
    /// How many table entries the stream can account for.
    room: u64,
}

impl Ram {
    /// RAM of which nothing is known yet; pages of 4 KiB, until the stream says otherwise.
    pub(super) fn new() -> Self {
        Self { page_bits: 12, ..Self::default() }
    }

    pub(super) fn page_size(&self) -> u64 {
        1 << self.page_bits.min(16)
    }

    /// Reads one part, up to its end mark.
    pub(super) fn part(&mut self, c: &mut Cursor<'_>, tick: &mut dyn FnMut(u64) -> bool) -> Result<()> {
        let low = self.page_size() - 1;
        let mut ticks = 0u32;
        loop {
            ticks = ticks.wrapping_add(1);
            if ticks.is_multiple_of(4096) && !tick(c.at()) {
                return Err(c.stop("interrupted"));
            }
            let at = c.at();
            let header = c.u64()?;
            let (flags, addr) = (header & low, header & !low);
            match flags & !CONTINUE {
                EOS => return Ok(()),
                MEM_SIZE => self.list(c, addr)?,
                MULTIFD_FLUSH => self.multifd = true,
                ZERO => {
                    let block = self.block(c, flags)?;
                    let fill = c.u8()?;
                    self.set(c, block, addr, Entry::Filled(fill))?;
                    self.counts.zero += 1;
                }
                PAGE => {
                    let block = self.block(c, flags)?;
                    let data = c.at();
                    c.skip(low + 1)?;
                    self.set(c, block, addr, Entry::Plain(data))?;
                    self.counts.normal += 1;
                }
                COMPRESS_PAGE => {
                    let block = self.block(c, flags)?;
                    let data = c.at();
                    let len = c.u32()?;
                    c.skip(len.into())?;
                    self.set(c, block, addr, Entry::Zlib(data))?;
                    self.counts.zlib += 1;
                }
                XBZRLE => {
                    let block = self.block(c, flags)?;
                    self.delta(c, block, addr)?;
                    self.counts.xbzrle += 1;
                }
                HOOK => {
                    c.seek(at);
                    return Err(c.stop("RAM_SAVE_FLAG_HOOK (migration over RDMA), which memsh does not read"));
                }
                other => {
                    c.seek(at);
                    return Err(c.stop(format!("a page has the unknown flags {other:#x}")));
                }
            }
        }
    }

    /// The list of blocks, which have `total` bytes together.
    fn list(&mut self, c: &mut Cursor<'_>, total: u64) -> Result<()> {
        if !self.blocks.is_empty() {
            return Err(c.stop("a second list of RAM blocks"));
        }
        if total > MOST_RAM {
            return Err(c.stop(format!("the list of RAM blocks claims {total} bytes of RAM")));
        }
        // The shortest record of a page has nine bytes. As much again, and some, for blocks that are not full.
        self.room = c.left().min(c.held()) / 9 * 2 + (1 << 20);
        let mut left = total;
        while left > 0 {
            let name = c.name()?;
            let len = c.u64()?;
            if len > left || self.blocks.len() == MOST_BLOCKS {
                return Err(c.stop(format!("the RAM block {name} claims {len} bytes, and only {left} are left of all RAM")));
            }
            left -= len;
            self.page_size_of(c)?;
            if self.ignore_shared {
                c.skip(8)?;
            }
            let mapped = match self.mapped_ram {
                true => Some(self.mapped(c, len)?),
                false => None,
            };
            self.blocks.push(RamBlock { name, len, table: Table::new(len.div_ceil(self.page_size())), mapped });
        }
        Ok(())
    }

    /// With postcopy the size of a block's pages follows where it is not the usual one. Nothing announces it; what follows otherwise
    /// begins with the length of a name, which is not 0, or is a mark, which has low bits set.
    fn page_size_of(&self, c: &mut Cursor<'_>) -> Result<()> {
        let next = c.peek::<8>().map(u64::from_be_bytes);
        if !self.ignore_shared && !self.mapped_ram && next.is_ok_and(|n| n.is_power_of_two() && (0x2000..=1 << 40).contains(&n)) {
            c.skip(8)?;
        }
        Ok(())
    }

    /// `MappedRamHeader`, and on to where the list goes on: behind the block's pages.
    fn mapped(&self, c: &mut Cursor<'_>, len: u64) -> Result<Mapped> {
        let version = c.u32()?;
        if version != MAPPED_VERSION {
            return Err(c.stop(format!("a mapped-ram header of version {version}; memsh knows version {MAPPED_VERSION}")));
        }
        let (page_size, bitmap, pages) = (c.u64()?, c.u64()?, c.u64()?);
        if page_size != self.page_size() {
            return Err(
                c.stop(format!("a mapped-ram header for pages of {page_size} bytes, in a stream of {}", self.page_size()))
            );
        }
        if (bitmap, pages) == (0, 0) {
            // Memory that is shared with the host and was not sent.
            return Ok(Mapped { bitmap: u64::MAX, pages: u64::MAX });
        }
        // The bitmap comes right behind the header; offsets are those of the file that QEMU wrote, which may have begun earlier.
        let before = bitmap.checked_sub(c.at());
        let place = |offset: u64| before.and_then(|b| offset.checked_sub(b));
        match (place(bitmap), place(pages)) {
            (Some(bitmap), Some(pages)) if pages >= bitmap => {
                c.seek(pages.saturating_add(len));
                Ok(Mapped { bitmap, pages })
            }
            _ => Err(c.stop(format!("a mapped-ram header with its bitmap at {bitmap:#x} and its pages at {pages:#x}"))),
        }
    }

    /// The block of a page.
    fn block(&mut self, c: &mut Cursor<'_>, flags: u64) -> Result<usize> {
        if flags & CONTINUE == 0 {
            let name = c.name()?;
            let found = self.blocks.iter().position(|b| b.name == name);
            self.last = Some(found.ok_or_else(|| c.stop(format!("a page of the RAM block {name:?}, which is not in the list")))?);
        }
        self.last.ok_or_else(|| c.stop("a page without the name of its RAM block"))
    }

    fn set(&mut self, c: &Cursor<'_>, block: usize, addr: u64, entry: Entry) -> Result<Entry> {
        let page = addr >> self.page_bits;
        let Some(b) = self.blocks.get_mut(block) else { return Err(c.stop("no such RAM block")) };
        let before = b.table.room();
        let old = b.table.set(page, entry);
        let (now, name, len) = (b.table.room(), &b.name, b.len);
        let old = old.ok_or_else(|| c.stop(format!("a page at {addr:#x} of the RAM block {name}, which has {len:#x} bytes")))?;
        if now > before {
            let Some(room) = self.room.checked_sub(now - before) else {
                return Err(c.stop("its pages lie too far apart for a stream of this size"));
            };
            self.room = room;
        }
        if old != Entry::Absent {
            self.counts.again += 1;
        }
        Ok(old)
    }

    fn delta(&mut self, c: &mut Cursor<'_>, block: usize, addr: u64) -> Result<()> {
        let kind = c.u8()?;
        let len = c.u16()?;
        if kind != ENCODED || u64::from(len) > self.page_size() {
            return Err(c.stop(format!("an XBZRLE page of kind {kind} with {len} bytes")));
        }
        let at = c.at();
        c.skip(len.into())?;
        let number = u64::try_from(self.deltas.len()).unwrap_or(u64::MAX);
        // The shortest of them has eleven bytes.
        if number > c.held() / 11 {
            return Err(c.stop("it has more XBZRLE pages than a stream of this size can hold"));
        }
        let base = self.set(c, block, addr, Entry::Delta(number))?.raw();
        self.deltas.push(Delta { base, at, len });
        Ok(())
    }

    /// Reads the bitmaps of a mapped-ram stream: what they leave out is zero.
    pub(super) fn map(&mut self, bytes: &dyn Bytes, tick: &mut dyn FnMut(u64) -> bool) {
        let mut map = Map {
            bytes,
            page_bits: self.page_bits,
            // Each page that is no zero lies in the stream; no two of them need be near each other.
            room: (bytes.held() >> self.page_bits).saturating_mul(LEAF).saturating_add(1 << 20),
            cut: 0,
            apart: 0,
        };
        for b in &mut self.blocks {
            let Some(mapped) = b.mapped.filter(|m| m.pages != u64::MAX) else { continue };
            if !map.block(mapped, &mut b.table, &mut self.counts, tick) {
                return;
            }
        }
        if map.cut > 0 {
            self.warnings.push(format!("{} pages of the mapped-ram stream are not in the file: it was cut short", map.cut));
        }
        if map.apart > 0 {
            self.warnings.push(format!(
                "{} pages of the mapped-ram stream are left out: its bitmaps name more pages than a stream of this size can hold",
                map.apart
            ));
        }
    }
}

/// Reading the bitmaps of a mapped-ram stream.
struct Map<'a> {
    bytes: &'a dyn Bytes,
    page_bits: u32,
    /// How many more table entries the stream can account for.
    room: u64,
    /// Pages behind the stream's end, and pages for which there was no room.
    cut: u64,
    apart: u64,
}

impl Map<'_> {
    /// One block's bitmap; false where somebody wants to stop.
    fn block(&mut self, mapped: Mapped, table: &mut Table, counts: &mut Counts, tick: &mut dyn FnMut(u64) -> bool) -> bool {
        let pages = table.pages();
        let mut piece = vec![0u8; 4096];
        let mut page = 0u64;
        while page < pages {
            let at = mapped.bitmap.saturating_add(page / 8);
            if !tick(at) {
                return false;
            }
            // The bitmap is one of 64-bit words in the order of the host, which memsh takes to be little-endian.
            let left = (pages - page).div_ceil(64) * 8;
            let n = usize::try_from(left).unwrap_or(usize::MAX).min(piece.len());
            let Some(part) = piece.get_mut(..n) else { break };
            if self.bytes.read(at, part).is_err() {
                self.cut = self.cut.saturating_add(pages - page);
                break;
            }
            // A leaf's bits at a time.
            for bits in part.chunks(64) {
                let end = pages.min(page + LEAF);
                if is_zero(bits) {
                    table.set_zeros(page);
                    counts.zero += end - page;
                } else {
                    self.leaf(mapped, page..end, bits, table, counts);
                }
                page = end;
            }
        }
        true
    }

    /// Pages of one leaf of which not all are zeros.
    fn leaf(&mut self, mapped: Mapped, pages: Range<u64>, bits: &[u8], table: &mut Table, counts: &mut Counts) {
        if !table.has_leaf(pages.start) {
            let Some(room) = self.room.checked_sub(LEAF) else {
                self.apart += pages.end - pages.start;
                return;
            };
            self.room = room;
        }
        let bits = bits.iter().flat_map(|byte| (0..8).map(move |bit| byte >> bit & 1 == 1));
        for (page, there) in pages.zip(bits) {
            let at = mapped.pages.saturating_add(page << self.page_bits);
            if !there {
                table.set(page, Entry::Filled(0));
                counts.zero += 1;
            } else if at.checked_add(1 << self.page_bits).is_some_and(|end| end <= self.bytes.len()) {
                table.set(page, Entry::Plain(at));
                counts.normal += 1;
            } else {
                self.cut += 1;
            }
        }
    }
}
