//! Where a kernel's image may begin, by one page of it.
//!
//! Firmware and boot loaders put the image at a multiple of 2 MiB (Documentation/arch/arm64/booting.rst), the EFI stub of a kernel with
//! KASLR at one of 64 KiB (`EFI_KIMG_ALIGN`, arch/arm64/include/asm/efi.h). A kernel's code is larger than the distance of the places that
//! are looked at, so one of them lies in it, wherever it begins.

use super::super::machine::Search;
use super::super::sparse::{Place, pages_at};
use super::roots::Head;
use crate::engine::index;
use memsh_plugin::{PhysAddr, umem};

/// `TEXT_OFFSET` before 5.8.
const OLD_OFFSET: u64 = 512 << 10;
/// The code begins so far behind the image's beginning: header and code for starting take one segment (`SEGMENT_ALIGN`,
/// arch/arm64/kernel/vmlinux.lds.S). Since 5.11 that segment is given away.
pub(super) const BEFORE_TEXT: u64 = 64 << 10;
/// `EFI_KIMG_ALIGN`.
const STEP: umem = 64 << 10;
/// The image begins no further before the first place that lies in its code: one such may not look like code.
const BACK: umem = 4 << 20;
/// So far around a place of code most of memory is code, if it is a kernel's: pages of modules lie anywhere.
const AROUND: umem = 1 << 20;
/// Tables are looked for in parts of so many bytes.
const PART: umem = 1 << 20;
/// Code and tables for starting are no larger.
const START: umem = 4 << 20;
/// The end of the code is looked for at such steps, and found where so many in a row are none.
const CODE_STEP: umem = 256 << 10;
const NO_CODE: usize = 8;

/// The headers of images of which the place may be a part, and the memory that such an image takes.
pub(super) fn heads(place: &Place<'_>) -> Option<(Vec<Head>, (PhysAddr, umem))> {
    let one = |head: Head| {
        let extent = (head.at, head.extent());
        (vec![head], extent)
    };
    if let Some(head) = Head::of(place.at, place.page) {
        return Some(one(head));
    }
    if place.closely {
        let page = |offset| place.bytes(offset, 4096);
        let old = Head::of(place.address(OLD_OFFSET), &page(OLD_OFFSET));
        let by_code = || is_text(&page(BEFORE_TEXT), || page(BEFORE_TEXT + 4096)).then(|| Head::without_header(place.at));
        if let Some(head) = old.or_else(by_code) {
            return Some(one(head));
        }
    }
    // What is no place where images begin is looked at for want of a better one: copies of a kernel lie anywhere.
    if !place.first || !is_code(place.page) {
        return None;
    }
    let first = PhysAddr::new(place.at.value().saturating_sub(BACK));
    let around = steps(PhysAddr::new(place.at.value().saturating_sub(AROUND)), STEP, 2 * AROUND);
    let around = pages_at(place.search, around);
    let code = around.iter().filter(|(_, page)| is_code(page)).count();
    if code < 8 || code * 3 < around.len() {
        return None;
    }
    let before = pages_at(place.search, steps(first, STEP, BACK));
    // A header that is still there tells the most.
    if let Some(head) = before.iter().rev().find_map(|(at, page)| Head::of(*at, page)) {
        return Some(one(head));
    }
    let heads: Vec<Head> = steps(first, STEP, BACK + STEP).map(Head::without_header).collect();
    let extent = (first, heads.first()?.extent().saturating_add(BACK));
    if !place.thoroughly && !runs(place.search, extent) {
        place.again.set(true);
        return None;
    }
    Some((heads, extent))
}

/// Whether behind the code there are pointers, as a kernel has them that was moved when it started: in the file that it was loaded from
/// they are zeros (`--no-apply-dynamic-relocs`, arch/arm64/Makefile).
fn runs(search: &Search<'_>, (first, size): (PhysAddr, umem)) -> bool {
    /// So many pages are looked at, so far apart, and that many pointers among them are enough.
    const PAGES: umem = 64;
    const APART: umem = 64 << 10;
    const POINTERS: usize = 64;
    let end = PhysAddr::new(code_end(search, first, size));
    let pages = pages_at(search, steps(end, APART, PAGES * APART));
    let pointer = |word: &[u8; 8]| u64::from_le_bytes(*word) >> 47 == u64::MAX >> 47 && word[..4] != [0xff; 4];
    let found: usize = pages.iter().map(|(_, page)| page.as_chunks::<8>().0.iter().filter(|w| pointer(w)).count()).sum();
    found >= POINTERS
}

/// Addresses from `first` on.
fn steps(first: PhysAddr, step: umem, size: umem) -> impl Iterator<Item = PhysAddr> {
    (0..size).step_by(index(step).unwrap_or(usize::MAX)).map(move |offset| first.saturating_add(offset))
}

/// The memory that an image takes, in the order in which its tables are looked for: they follow its constants, and those its code
/// (arch/arm64/kernel/vmlinux.lds.S); so what lies behind the code comes first. Where the header says where the code for starting is, which
/// follows the tables, what lies before that is enough, unless all is asked for: many headers are those of copies.
pub(super) fn parts(place: &Place<'_>, heads: &[Head], (first, size): (PhysAddr, umem)) -> Vec<(PhysAddr, umem)> {
    let told = heads.first().and_then(|h| Some(umem::from(h.start_data?))).filter(|at| *at < size);
    let behind = match told {
        Some(at) => at.saturating_sub(START),
        None => code_end(place.search, first, size).saturating_sub(first.value()),
    };
    let behind = behind - behind % PART;
    let all = || (0..size.div_ceil(PART)).map(|n| n * PART);
    let order = all().filter(|at| *at >= behind).chain(all().filter(|at| *at < behind));
    let enough = told.filter(|_| !place.thoroughly && !place.closely);
    let order = order.take_while(|at| enough.is_none_or(|told| (behind..told).contains(at)));
    order.map(|at| (first.saturating_add(at), PART.min(size - at))).collect()
}

/// Where the code ends, about; where it begins, if nothing looks like code.
fn code_end(search: &Search<'_>, first: PhysAddr, size: umem) -> umem {
    let mut end = first.value();
    let mut none = 0;
    for (at, page) in pages_at(search, steps(first, CODE_STEP, size)) {
        match is_code(&page) {
            true => (end, none) = (at.value(), 0),
            // Its beginning need not look like code.
            false if end > first.value() => none += 1,
            false => {}
        }
        if none >= NO_CODE {
            break;
        }
    }
    end
}

const RET: u32 = 0xd65f_03c0;
/// `mrs xN, sp_el0`: the current task. Only a kernel may read SP_EL0, where Linux keeps it.
const CURRENT: u32 = 0xd538_4100;

fn count(page: &[u8], is: impl Fn(u32) -> bool) -> usize {
    page.as_chunks::<4>().0.iter().filter(|w| is(u32::from_le_bytes(**w))).count()
}

fn current(page: &[u8]) -> usize {
    count(page, |w| w & !0x1f == CURRENT)
}

/// Whether a page is one of a kernel's code, as most of them show: a function ends, and the current task is asked for.
fn is_code(page: &[u8]) -> bool {
    current(page) > 0 && count(page, |w| w == RET) > 0
}

/// Whether these are the first two pages of a kernel's code: functions that end, and early in it the vectors, which ask for the
/// current task.
pub(super) fn is_text<B: AsRef<[u8]>>(first: &[u8], second: impl FnOnce() -> B) -> bool {
    count(first, |w| w == RET) >= 2 && current(first) + current(second().as_ref()) >= 4
}
