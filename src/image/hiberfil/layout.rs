//! `PO_MEMORY_IMAGE`: the header, which changed with nearly every version of Windows. Its own length tells which one it is.
//!
//! Before Windows 8: libhibr's documentation of the format. Since: Vergilius' listings of the structure by build, and
//! LeechCore's and Volatility 3's tables, which agree.

use crate::image::fields::Fields;

/// Where a header keeps what leads to the memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// Windows 7 and before: the first table of ranges, by offset of its page number.
    Tables { first: u64, forms: &'static [Form] },
    /// Windows 8 and later: restoration sets.
    Sets {
        /// `NumPagesForLoader` and `FirstBootRestorePage`.
        boot: (u64, u64),
        /// `KernelPagesProcessed` and `FirstKernelRestorePage`.
        kernel: (u64, u64),
        /// `FirstSecureRestorePage`, where there is one: pages that virtualization-based security encrypted.
        secure: Option<u64>,
        /// `HighestPhysicalPage`.
        highest: Option<u64>,
    },
}

/// A header's version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Layout {
    /// `LengthSelf`.
    pub length: u32,
    pub wide: bool,
    /// `PageSize`, `SystemTime`.
    pub page_size: u64,
    pub time: u64,
    pub way: Way,
    /// Which Windows writes it.
    pub windows: &'static str,
}

/// How a table of ranges is laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Form {
    pub wide: bool,
    /// In its head: number of the next table's page, number of entries, and where these begin.
    pub next: u64,
    pub count: u64,
    pub entries: u64,
    /// Of an entry: its size, first page, last page + 1, and where the pages lie in the file as they are, where it says.
    pub entry: u64,
    pub start: u64,
    pub end: u64,
    pub place: Option<u64>,
}

/// NT 5.0, 5.1, 5.2 and 6.0, 32-bit.
pub(super) const NARROW_OLD: Form =
    Form { wide: false, next: 4, count: 12, entries: 16, entry: 16, start: 4, end: 8, place: Some(0) };
/// NT 6.1, 32-bit.
pub(super) const NARROW_7: Form = Form { wide: false, next: 0, count: 4, entries: 8, entry: 8, start: 0, end: 4, place: None };
/// NT 5.2, 64-bit.
pub(super) const WIDE_XP: Form =
    Form { wide: true, next: 8, count: 20, entries: 32, entry: 32, start: 8, end: 16, place: Some(0) };
/// NT 6.0, 64-bit.
pub(super) const WIDE_VISTA: Form =
    Form { wide: true, next: 8, count: 16, entries: 24, entry: 16, start: 0, end: 8, place: None };
/// NT 6.1, 64-bit.
pub(super) const WIDE_7: Form = Form { wide: true, next: 0, count: 8, entries: 16, entry: 16, start: 0, end: 8, place: None };
/// Every form, for a file whose header is gone.
pub(super) const FORMS: &[Form] = &[WIDE_7, WIDE_VISTA, NARROW_7, NARROW_OLD, WIDE_XP];

const fn old(length: u32, wide: bool, time: u64, first: u64, forms: &'static [Form], windows: &'static str) -> Layout {
    Layout { length, wide, page_size: if wide { 0x18 } else { 0x14 }, time, way: Way::Tables { first, forms }, windows }
}

const fn narrow(length: u32, kernel_pages: u64, highest: u64, windows: &'static str) -> Layout {
    let way = Way::Sets { boot: (0x48, 0x50), kernel: (kernel_pages, 0x54), secure: None, highest: Some(highest) };
    Layout { length, wide: false, page_size: 0x14, time: 0x18, way, windows }
}

/// Windows 8 and 8.1.
const fn eight(length: u32, windows: &'static str) -> Layout {
    let way = Way::Sets { boot: (0x58, 0x60), kernel: (0x1c8, 0x68), secure: None, highest: Some(0x330) };
    Layout { length, wide: true, page_size: 0x18, time: 0x20, way, windows }
}

/// Windows 10 and later.
const fn ten(length: u32, kernel_pages: u64, highest: Option<u64>, windows: &'static str) -> Layout {
    let way = Way::Sets { boot: (0x58, 0x68), kernel: (kernel_pages, 0x70), secure: Some(0x60), highest };
    Layout { length, wide: true, page_size: 0x18, time: 0x20, way, windows }
}

const LAYOUTS: &[Layout] = &[
    old(0x60, false, 0x20, 0x58, &[NARROW_OLD], "Windows 2000, 32-bit"),
    old(0xa8, false, 0x20, 0x58, &[NARROW_OLD], "Windows XP or Server 2003, 32-bit"),
    old(0xc0, true, 0x20, 0x68, &[WIDE_XP], "Windows XP x64 or Server 2003, 64-bit"),
    old(0xe0, false, 0x18, 0x50, &[NARROW_7, NARROW_OLD], "Windows 7 or Vista, 32-bit"),
    old(0xf0, false, 0x18, 0x50, &[NARROW_OLD], "Windows Vista SP1 or SP2, 32-bit"),
    old(0x128, true, 0x20, 0x68, &[WIDE_7, WIDE_VISTA], "Windows 7 or Vista, 64-bit"),
    old(0x138, true, 0x20, 0x68, &[WIDE_VISTA], "Windows Vista SP2, 64-bit"),
    old(0x140, true, 0x20, 0x68, &[WIDE_VISTA], "Windows Vista SP1, 64-bit"),
    narrow(0x2c8, 0x1b0, 0x2b0, "Windows 8 or 8.1, 32-bit"),
    narrow(0x310, 0x1f8, 0x2f8, "Windows 10 version 1507 or 1511, 32-bit"),
    narrow(0x328, 0x200, 0x300, "Windows 10 version 1607, 32-bit"),
    narrow(0x338, 0x210, 0x310, "Windows 10 version 1703 to 1803, 32-bit"),
    narrow(0x340, 0x210, 0x310, "Windows 10 version 1809 to 22H2, 32-bit"),
    eight(0x360, "Windows 8 or 8.1, 64-bit"),
    ten(0x3b0, 0x218, Some(0x380), "Windows 10 version 1507 or 1511, 64-bit"),
    ten(0x3c8, 0x220, Some(0x388), "Windows 10 version 1607, 64-bit"),
    ten(0x3d8, 0x230, Some(0x398), "Windows 10 version 1703 to 1803, 64-bit"),
    ten(0x3e0, 0x230, Some(0x398), "Windows 10 version 1809 to 22H2, 64-bit"),
    ten(0x448, 0x230, Some(0x400), "Windows Server 2022 or Windows 11 version 21H2 to 23H2, 64-bit"),
    ten(0x4d8, 0x230, Some(0x498), "Windows 11 version 24H2, 64-bit"),
];

/// What a length that is in no list is read as: the latest forms, for Windows only ever adds at the end.
const LATER: Layout = ten(0, 0x230, None, "an unknown version of Windows, 64-bit");

/// Longer headers would not fit into their page.
pub(super) const LONGEST: u32 = 4096;

/// The layout of a header of this length. The second part is false where none is known, and the layout of the latest ones stands for it.
pub(super) fn of(file: &Fields<'_>) -> Option<(Layout, bool)> {
    let length = file.u32(0xc)?;
    if let Some(known) = LAYOUTS.iter().find(|l| l.length == length) {
        return Some((*known, true));
    }
    let later = length > 0x3e0 && length <= LONGEST && file.u32(LATER.page_size) == Some(4096);
    later.then_some((Layout { length, ..LATER }, false))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_length_stands_for_two_versions() {
        for (i, a) in LAYOUTS.iter().enumerate() {
            assert!(LAYOUTS.iter().skip(i + 1).all(|b| a.length != b.length), "{a:?}");
            assert!(a.length <= LONGEST && a.time + 8 <= u64::from(a.length));
        }
    }
}
