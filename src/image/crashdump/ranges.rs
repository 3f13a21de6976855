//! Dumps that WinDbg and Task Manager write since Windows 11 (types 8, 9 and 10): a list of page ranges, and their pages.
//!
//! `RDMP` header as kdmp-parser reads it: 0x40, `RDMP`, `DUMP`, at 0x10 the size of the list with its header, at 0x18 the offset
//! of the first page, in complete dumps at 0x28 the number of pages, and from 0x30 on ranges of first page and number of pages.
//! The list ends with a range of zeros, with that number of pages, or where the pages begin.

use super::header::Header;
use super::runs;
use crate::image::detect::{Parsed, first_bytes};
use crate::{At, Error, ErrorKind, Layer, Result};

pub(super) const HEADER: u64 = 0x30;
const RANGE: u64 = 16;
/// No machine has a longer physical address.
const HIGHEST_PAGE: u64 = 1 << (52 - 12);
/// The type whose header counts its pages.
const COMPLETE: u32 = 10;

/// Where the list ends at the latest: where the pages begin.
#[cfg(feature = "http")]
pub(super) fn end(header: &Header<'_>) -> Option<u64> {
    header.file.u64(header.layout.size + 0x18)
}

pub(super) fn parse(header: &Header<'_>, kind: u32, parsed: &mut Parsed) -> Result<()> {
    let (file, at) = (&header.file, header.layout.size);
    let malformed = |why: String| {
        Error::new(Layer::Image, ErrorKind::Malformed, why)
            .at(At::File(at))
            .hint("the header is damaged, or the file was cut short: copy the dump again")
    };
    let signature = file.bytes(at + 4, 8).unwrap_or_default();
    if signature != b"RDMPDUMP" {
        return Err(malformed(format!(
            "the header of the page ranges should hold RDMPDUMP; there is {}",
            match signature {
                [] => "the end of the file".to_owned(),
                bytes => first_bytes(bytes),
            }
        )));
    }
    let (Some(pages_at), Some(total)) = (file.u64(at + 0x18), file.u64(at + 0x28)) else {
        return Err(malformed("the header of the page ranges is cut short".to_owned()));
    };
    let end = pages_at.min(file.len());
    let mut list = Vec::new();
    let (mut place, mut pages) = (at + HEADER, 0u64);
    while place.saturating_add(RANGE) <= end && !(kind == COMPLETE && pages >= total) {
        let (Some(base), Some(count)) = (file.u64(place), file.u64(place + 8)) else { break };
        if base == 0 || count == 0 {
            break;
        }
        if base.checked_add(count).is_none_or(|end| end > HIGHEST_PAGE) {
            parsed.warnings.push(format!(
                "the page range at file offset {place:#x} claims {count:#x} pages from {base:#x} on, past the last physical \
                 address: the list ends there"
            ));
            break;
        }
        list.push((base, count));
        pages = pages.saturating_add(count);
        place += RANGE;
    }
    if list.is_empty() {
        return Err(malformed(format!("the list of page ranges is empty (pages begin at {pages_at:#x})")));
    }
    if kind == COMPLETE && pages != total {
        parsed.warnings.push(format!("the header at file offset {at:#x} claims {total} pages, its ranges have {pages}"));
    }
    parsed.detail("page_ranges", list.len());
    parsed.detail("pages", pages);
    let missing = runs::claim(parsed, list, pages_at, file.len());
    runs::truncated(parsed, missing, pages, file.len());
    Ok(())
}
