//! Windows 7 and before: tables of page ranges, each in a page of its own, with the packed pages of its ranges behind it.
//!
//! A table names the page of the next one. Behind it stand blocks of 16 pages: `\x81\x81xpress`, 32 bits whose lowest 10 are the
//! number of pages less 1 and whose others the number of packed bytes less 1, 20 bytes that don't matter, and the packed bytes, filled up to a
//! multiple of 8. As many packed as unpacked bytes mean that they were not packed. Windows 2000 packs nothing: its entries name the page of
//! the file where their pages lie. (Suiche, "Sandman"; Hibr2Bin; Volatility 2; libhibr.)

use super::index::{HIGHEST_PAGE, Index, Method, PAGE, Set};
use super::layout::Form;
use super::sets::MOST_PAGES;
use super::walk::Walk;
use crate::Result;
use std::collections::HashSet;

const MAGIC: &[u8] = b"\x81\x81xpress";
const HEADER: u64 = 32;
/// How far a block may be from where it should begin: behind a table that stands between.
const FAR: u64 = 0x2800;

/// A table: its ranges as first page, number of pages and page in the file, and the page of the next table.
struct Table {
    ranges: Vec<(u64, u64, u64)>,
    next: u64,
}

/// A block: where its bytes begin, how many there are, its pages, and where the next block begins.
struct Block {
    set: Set,
    next: u64,
}

fn table(walk: &Walk<'_>, form: &Form, page: u64) -> Result<Table, String> {
    let at = page.checked_mul(PAGE).filter(|&at| at < walk.file.len()).ok_or("lies past the end of the file")?;
    let cut = || "is cut short by the end of the file".to_owned();
    let word = |at: u64| walk.file.word(at, form.wide).ok_or_else(cut);
    let next = word(at + form.next)?;
    let count = u64::from(walk.file.u32(at + form.count).ok_or_else(cut)?);
    let most = (PAGE - form.entries) / form.entry;
    if count == 0 || count > most {
        return Err(format!("claims {count} entries; it has room for {most}"));
    }
    if next.checked_mul(PAGE).is_none_or(|at| at >= walk.file.len()) {
        return Err(format!("names page {next:#x} as the next one, past the end of the file"));
    }
    let mut ranges = Vec::new();
    for i in 0..count {
        let entry = at + form.entries + i * form.entry;
        let (start, end) = (word(entry + form.start)?, word(entry + form.end)?);
        if start >= end || end > HIGHEST_PAGE {
            return Err(format!("has a range from page {start:#x} to {end:#x} (entry {i})"));
        }
        let place = form.place.map_or(Ok(0), |at| word(entry + at))?;
        ranges.push((start, end - start, place));
    }
    Ok(Table { ranges, next })
}

/// The block at `at` or a little behind it.
fn block(walk: &Walk<'_>, at: u64) -> Result<Block, String> {
    let file = &walk.file;
    let near = file.bytes(at, FAR.min(file.len().saturating_sub(at))).unwrap_or_default();
    let skip = memchr::memmem::find(near, MAGIC).ok_or("is not there (no \\x81\\x81xpress)")?;
    let at = at + u64::try_from(skip).map_err(|e| e.to_string())?;
    let info = file.u32(at + 8).ok_or("is cut short by the end of the file")?;
    let (pages, packed) = (u64::from(info & 0x3ff) + 1, (info >> 10) + 1);
    let filled = u64::from(packed).next_multiple_of(8);
    if pages > MOST_PAGES || filled > pages * PAGE {
        return Err(format!("claims {pages} pages in {packed} bytes, which can't be"));
    }
    let (offset, next) = (at + HEADER, at + HEADER + filled);
    if offset + u64::from(packed) > file.len() {
        return Err(format!("is cut short by the end of the file ({} bytes are missing)", next - file.len()));
    }
    let method = if filled == pages * PAGE { Method::Stored } else { Method::Xpress };
    Ok(Block { set: Set { offset, packed, pages: u8::try_from(pages).unwrap_or(u8::MAX), method }, next })
}

/// Whether page `page` holds a table of this form: its ranges must need just the blocks that follow it.
pub(super) fn proves(walk: &Walk<'_>, form: &Form, page: u64) -> bool {
    let Ok(table) = table(walk, form, page) else { return false };
    if plain(walk, form, page, &table) {
        return true;
    }
    let (mut at, mut left) = ((page + 1) * PAGE, table.ranges.iter().map(|r| r.1).sum::<u64>());
    while left > 0 {
        let Ok(block) = block(walk, at) else { return false };
        left = left.saturating_sub(u64::from(block.set.pages));
        at = block.next;
    }
    let more = walk.file.bytes(at, 8) == Some(MAGIC);
    // Behind the last block of a table there is the next table, or nothing.
    !more && (table.next == 0 || table.next.checked_sub(at / PAGE).is_some_and(|pages| pages <= 2))
}

/// Whether a table's pages lie in the file as they are.
fn plain(walk: &Walk<'_>, form: &Form, page: u64, table: &Table) -> bool {
    let near = walk.file.bytes((page + 1) * PAGE, 8);
    let inside = |&(_, count, place): &(u64, u64, u64)| {
        place > page && place.checked_add(count).and_then(|end| end.checked_mul(PAGE)).is_some_and(|end| end <= walk.file.len())
    };
    form.place.is_some() && near != Some(MAGIC) && table.ranges.iter().all(inside)
}

/// Follows the tables from page `first` on.
pub(super) fn read(walk: &mut Walk<'_>, index: &mut Index, form: &Form, first: u64) -> Result<()> {
    let mut page = first;
    let mut seen = HashSet::new();
    while page != 0 {
        if !seen.insert(page) {
            index.warnings.push(format!("the tables of page ranges run in a circle at page {page:#x} of the file"));
            break;
        }
        walk.report(page.saturating_mul(PAGE))?;
        let table = match table(walk, form, page) {
            Ok(table) => table,
            Err(why) => {
                index.warnings.push(format!(
                    "the table of page ranges at file offset {:#x} {why}: what follows it is lost",
                    page.saturating_mul(PAGE)
                ));
                break;
            }
        };
        let whole = if plain(walk, form, page, &table) {
            stored(walk, index, &table)?
        } else {
            packed(walk, index, &table, (page + 1) * PAGE)?
        };
        if !whole {
            index.warnings.push(format!(
                "the tables of page ranges name more than the file has room for: what the one at file offset {:#x} still names is lost, and \
                 what follows it",
                page.saturating_mul(PAGE)
            ));
            break;
        }
        page = table.next;
    }
    Ok(())
}

/// Pages as they are, in sets like the others. False where the file can't hold them all.
fn stored(walk: &mut Walk<'_>, index: &mut Index, table: &Table) -> Result<bool> {
    for &(start, count, place) in &table.ranges {
        let mut done = 0;
        while done < count {
            let pages = (count - done).min(MOST_PAGES);
            walk.report((place + done) * PAGE)?;
            if !walk.take(pages * PAGE) {
                return Ok(false);
            }
            let set = Set {
                offset: (place + done) * PAGE,
                packed: u32::try_from(pages * PAGE).unwrap_or(0),
                pages: u8::try_from(pages).unwrap_or(u8::MAX),
                method: Method::Stored,
            };
            index.add(set, &[(start + done, pages)]);
            done += pages;
        }
    }
    Ok(true)
}

/// Deals the pages of the blocks from `at` on to a table's ranges. False where the tables before took the same blocks, as often as they
/// fit into the file.
fn packed(walk: &mut Walk<'_>, index: &mut Index, table: &Table, at: u64) -> Result<bool> {
    let mut at = at;
    let mut ranges = table.ranges.iter().map(|&(start, count, _)| (start, count)).peekable();
    while ranges.peek().is_some() {
        walk.report(at)?;
        let block = match block(walk, at) {
            Ok(block) => block,
            Err(why) => {
                let left: u64 = ranges.map(|r| r.1).sum();
                index.warnings.push(format!("the block of packed pages at file offset {at:#x} {why}: {left} pages are lost"));
                break;
            }
        };
        if !walk.take(HEADER + u64::from(block.set.packed)) {
            return Ok(false);
        }
        let mut room = u64::from(block.set.pages);
        let mut runs = Vec::new();
        while let Some(range) = ranges.peek_mut().filter(|_| room > 0) {
            let pages = range.1.min(room);
            runs.push((range.0, pages));
            room -= pages;
            *range = (range.0 + pages, range.1 - pages);
            if range.1 == 0 {
                ranges.next();
            }
        }
        index.add(block.set, &runs);
        at = block.next;
    }
    Ok(true)
}

/// Pages that may hold the first table, in a file whose header does not tell: those before a block of packed pages.
pub(super) fn search(walk: &Walk<'_>) -> Vec<u64> {
    (1..64u64).filter(|page| walk.file.bytes((page + 1) * PAGE, 8) == Some(MAGIC)).collect()
}
