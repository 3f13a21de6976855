//! Full dumps (type 1): the descriptor's runs, whose pages follow the header one run after the other.

use super::header::Header;
use crate::image::detect::Parsed;
use crate::{At, Error, ErrorKind, Layer, Result};

pub(super) const PAGE: u64 = 4096;
/// `DMP_PHYSICAL_MEMORY_BLOCK_SIZE`: bytes that a header has for the descriptor.
const ROOM: u64 = 700;
/// No machine has a longer physical address.
const HIGHEST_PAGE: u64 = 1 << (52 - 12);

/// The runs of a header: first page and number of pages. Warnings say what of the descriptor makes no sense.
pub(super) fn read(header: &Header<'_>, warnings: &mut Vec<String>) -> Result<Vec<(u64, u64)>> {
    let at = header.layout.descriptor;
    // NumberOfRuns (padded to eight bytes in the wide form), NumberOfPages, and the runs.
    let (first, step) = if header.layout.wide { (at + 16, 16) } else { (at + 8, 8) };
    let most = (ROOM - (first - at)) / step;
    let malformed = |why: String| {
        Error::new(Layer::Image, ErrorKind::Malformed, format!("the descriptor of physical memory {why}"))
            .at(At::File(at))
            .hint("the header is damaged, or the tool that wrote the dump did not finish: take the image again")
    };
    let count = header.u32(at).map(u64::from).filter(|&n| n > 0).ok_or_else(|| malformed("is empty".to_owned()))?;
    if count > most {
        warnings.push(format!(
            "the descriptor of physical memory at file offset {at:#x} claims {count} runs; {most} fit into it and are used"
        ));
    }
    let mut runs = Vec::new();
    for i in 0..count.min(most) {
        let place = first + i * step;
        let (Some(base), Some(pages)) = (header.word(place), header.word(place + step / 2)) else {
            warnings.push(format!("run {i} of physical memory (file offset {place:#x}) is not set: the list ends there"));
            break;
        };
        if pages == 0 {
            continue;
        }
        if base.checked_add(pages).is_none_or(|end| end > HIGHEST_PAGE) {
            warnings.push(format!(
                "run {i} of physical memory (file offset {place:#x}) claims {pages:#x} pages from {base:#x} on, past the last \
                 physical address: the list ends there"
            ));
            break;
        }
        runs.push((base, pages));
    }
    if runs.is_empty() {
        return Err(malformed(format!("holds no run that makes sense (it claims {count})")));
    }
    let pages: u64 = runs.iter().map(|r| r.1).sum();
    let claimed = header.word(if header.layout.wide { at + 8 } else { at + 4 });
    if let Some(claimed) = claimed.filter(|&n| n != pages) {
        warnings.push(format!("the descriptor at file offset {at:#x} claims {claimed} pages, its runs have {pages}"));
    }
    let mut sorted = runs.clone();
    sorted.sort_unstable();
    if let Some(w) = sorted.windows(2).find(|w| matches!(w, [a, b] if a.0 + a.1 > b.0)) {
        let at = w.last().map_or(0, |b| b.0);
        warnings.push(format!("runs of physical memory overlap at page {at:#x}: the one that begins first is used"));
    }
    Ok(runs)
}

/// Claims the runs' bytes, which begin at `offset`.
pub(super) fn claim(parsed: &mut Parsed, runs: impl IntoIterator<Item = (u64, u64)>, offset: u64, file: u64) -> u64 {
    let (mut at, mut missing) = (offset, 0u64);
    for (base, pages) in runs {
        // Neither can overflow: pages are counted by 40 bits at most, and a file that has them is no longer than 64.
        let size = pages.saturating_mul(PAGE);
        let there = size.min(file.saturating_sub(at)) / PAGE * PAGE;
        if there > 0 {
            parsed.claim(base.saturating_mul(PAGE), there, at);
        }
        missing = missing.saturating_add((size - there) / PAGE);
        at = at.saturating_add(size);
    }
    missing
}

/// Warns of pages that the file should hold and does not.
pub(super) fn truncated(parsed: &mut Parsed, missing: u64, wanted: u64, file: u64) {
    if missing > 0 {
        parsed.warnings.push(format!(
            "the file ends at {file:#x}, before {missing} of its {wanted} pages ({} MiB): the dump or its copy was cut short; \
             those pages are unreadable",
            missing.div_ceil(256)
        ));
    }
}
