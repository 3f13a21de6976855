//! Windows 8 and later: restoration sets, one for the boot loader and one for the kernel, each a chain of compression sets.
//!
//! A compression set (Sylve, Marziale and Richard, "Modern Windows hibernation file analysis", 2016): 32 bits of which the
//! lowest 8 count the page descriptors, 22 give the number of packed bytes and the upper 2 the method; the descriptors, of 4 or 8
//! bytes, whose lowest 4 bits are the number of pages less 1 and whose others the first page; and the packed bytes. As many packed as
//! unpacked bytes mean that they were not packed. A set holds 16 pages at most, and the next one follows at once.

use super::index::{HIGHEST_PAGE, Index, Method, PAGE, Set};
use super::walk::Walk;
use crate::Result;

/// Pages in a set.
pub(super) const MOST_PAGES: u64 = 16;

/// Follows a chain from `at` on, until it gave `pages` pages (or, where they are not known, until it ends).
pub(super) fn read(walk: &mut Walk<'_>, index: &mut Index, name: &str, at: u64, wide: bool, pages: Option<u64>) -> Result<()> {
    let (mut at, mut done) = (at, 0u64);
    while pages.is_none_or(|n| done < n) {
        walk.report(at)?;
        match compression_set(walk, at, wide) {
            Ok((set, runs, next)) => {
                done += runs.iter().map(|r| r.1).sum::<u64>();
                index.add(set, &runs);
                at = next;
            }
            Err(why) => {
                if let Some(pages) = pages {
                    index.warnings.push(format!(
                        "the {name} restoration set ends after {done} of {pages} pages: the compression set at file offset {at:#x} {why}"
                    ));
                }
                break;
            }
        }
    }
    Ok(())
}

type Read = (Set, Vec<(u64, u64)>, u64);

/// The set at `at`: its place, its runs, and where the next one begins; or what is wrong with it.
fn compression_set(walk: &Walk<'_>, at: u64, wide: bool) -> Result<Read, String> {
    let file = &walk.file;
    let head = file.u32(at).ok_or("lies past the end of the file")?;
    let (descriptors, packed, method) = (u64::from(head & 0xff), head >> 8 & 0x3f_ffff, head >> 30);
    if head == 0 {
        return Err("is cleared (zeros)".to_owned());
    }
    if descriptors == 0 || packed == 0 {
        return Err(format!("makes no sense (its head is {head:#x})"));
    }
    let size = if wide { 8 } else { 4 };
    let mut runs = Vec::new();
    let mut pages = 0;
    for i in 0..descriptors {
        let descriptor = file.word(at + 4 + i * size, wide).ok_or("is cut short by the end of the file")?;
        let (start, count) = (descriptor >> 4, (descriptor & 15) + 1);
        if start + count > HIGHEST_PAGE {
            return Err(format!("names page {start:#x}, past the last physical address"));
        }
        pages += count;
        runs.push((start, count));
    }
    if pages > MOST_PAGES || u64::from(packed) > pages * PAGE {
        return Err(format!("claims {pages} pages in {packed} bytes, which can't be"));
    }
    let offset = at + 4 + descriptors * size;
    let next = offset + u64::from(packed);
    if next > file.len() {
        return Err(format!("is cut short by the end of the file ({} of its {packed} bytes are missing)", next - file.len()));
    }
    let method = match method {
        _ if u64::from(packed) == pages * PAGE => Method::Stored,
        // Fast and best, of which only the writer makes a difference.
        0 | 1 => Method::Xpress,
        _ => Method::Huffman,
    };
    Ok((Set { offset, packed, pages: u8::try_from(pages).unwrap_or(u8::MAX), method }, runs, next))
}
