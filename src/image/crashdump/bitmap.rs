//! Bitmap dumps (types 2, 5, 6 and 7): a bit per page frame, and the pages whose bits are set, one after the other.
//!
//! Two headers stand behind the dump header under the same signatures. Windows 8 and later (`BITMAP_DUMP`): `SDMP` or `FDMP`,
//! `DUMP`, at 0x20 the offset of the first page, at 0x28 the number of pages, at 0x30 the number of bits, and bits from 0x38
//! on. Before (`SUMMARY_DUMP32`, `SUMMARY_DUMP64`; kernel dumps only): offset, bits and pages as 32-bit numbers from 0x0c on,
//! bits at 0x20 or 0x28.

use super::header::Header;
use super::runs::{self, PAGE};
use crate::image::detect::{Parsed, first_bytes};
use crate::{At, Error, ErrorKind, Layer, Result};

/// What either header says.
struct Bitmap {
    /// Offset of the first page in the file.
    pages_at: u64,
    /// Pages that the dump holds.
    pages: u64,
    /// Bits in the bitmap, and where they begin.
    bits: u64,
    bits_at: u64,
    form: &'static str,
}

impl Bitmap {
    /// `BITMAP_DUMP` at `at`.
    fn modern(header: &Header<'_>, at: u64) -> Option<Self> {
        let f = &header.file;
        let (pages_at, pages, bits) = (f.u64(at + 0x20)?, f.u64(at + 0x28)?, f.u64(at + 0x30)?);
        Some(Self { pages_at, pages, bits, bits_at: at + 0x38, form: "Windows 8 and later" })
    }

    /// `SUMMARY_DUMP32` or `SUMMARY_DUMP64` at `at`.
    fn summary(header: &Header<'_>, at: u64) -> Option<Self> {
        let number = |at: u64| header.file.u32(at).map(u64::from);
        let bits_at = at + if header.layout.wide { 0x28 } else { 0x20 };
        let (pages_at, bits, pages) = (number(at + 0xc)?, number(at + 0x10)?, number(at + 0x14)?);
        Some(Self { pages_at, pages, bits, bits_at, form: "before Windows 8" })
    }

    /// The form that the numbers fit. Only kernel dumps have the older one; numbers that fit neither are told by what the type lets expect.
    fn choose(header: &Header<'_>, kind: u32) -> Option<Self> {
        let at = header.layout.size;
        let (modern, summary) = (Self::modern(header, at), Self::summary(header, at));
        let [first, second] = if kind == 2 { [summary, modern] } else { [modern, summary] };
        match (first, second) {
            (Some(first), Some(second)) => Some(if first.fits() || !second.fits() { first } else { second }),
            (first, second) => first.or(second),
        }
    }

    /// Whether the pages begin behind the bitmap, and the numbers agree with each other.
    fn fits(&self) -> bool {
        let bitmap_end = self.bits_at.checked_add(self.bits.div_ceil(8));
        self.bits > 0 && self.pages <= self.bits && bitmap_end.is_some_and(|end| end <= self.pages_at)
    }
}

/// Bytes of the longer of both headers.
#[cfg(feature = "http")]
pub(super) const HEADER: u64 = 0x38;

/// Where the bits are that [`parse`] looks at: offset and bytes.
#[cfg(feature = "http")]
pub(super) fn bits(header: &Header<'_>) -> Option<(u64, u64)> {
    let bitmap = Bitmap::choose(header, header.dump_type()?)?;
    Some((bitmap.bits_at, bitmap.bits.div_ceil(8).min(bitmap.pages_at.saturating_sub(bitmap.bits_at))))
}

pub(super) fn parse(header: &Header<'_>, kind: u32, parsed: &mut Parsed) -> Result<()> {
    let (file, at) = (&header.file, header.layout.size);
    let malformed = |why: String, at: u64| {
        Error::new(Layer::Image, ErrorKind::Malformed, why)
            .at(At::File(at))
            .hint("the header is damaged, or the file was cut short: copy the dump again")
    };
    let signature = file.bytes(at, 8).unwrap_or_default();
    if !matches!(signature, b"SDMPDUMP" | b"FDMPDUMP") {
        return Err(malformed(
            format!(
                "the header of the page bitmap should begin with SDMPDUMP or FDMPDUMP; there is {}",
                match signature {
                    [] => "the end of the file".to_owned(),
                    bytes => first_bytes(bytes),
                }
            ),
            at,
        ));
    }
    let Some(bitmap) = Bitmap::choose(header, kind) else {
        return Err(malformed("the header of the page bitmap is cut short".to_owned(), at));
    };
    if bitmap.bits == 0 {
        return Err(malformed("the page bitmap is empty (0 bits)".to_owned(), at));
    }
    let wanted = bitmap.bits.div_ceil(8);
    let room = bitmap.pages_at.min(file.len()).saturating_sub(bitmap.bits_at);
    if wanted > room {
        if room == 0 {
            return Err(malformed(
                format!(
                    "the page bitmap ({} bits at {:#x}) lies past its end: pages begin at {:#x}, the file has {:#x} bytes",
                    bitmap.bits,
                    bitmap.bits_at,
                    bitmap.pages_at,
                    file.len()
                ),
                at,
            ));
        }
        parsed.warnings.push(format!(
            "the page bitmap at file offset {:#x} claims {} bits; only {room} of its {wanted} bytes lie before {:#x}, where pages \
             begin or the file ends: the pages behind them are lost",
            bitmap.bits_at,
            bitmap.bits,
            bitmap.pages_at.min(file.len())
        ));
    }
    let bytes = file.bytes(bitmap.bits_at, wanted.min(room)).unwrap_or_default();
    let mut scan = Scan { next: bitmap.pages_at, file: file.len(), ..Scan::default() };
    scan.walk(bytes, bitmap.bits, parsed);
    if scan.set != bitmap.pages {
        parsed.warnings.push(format!(
            "the header of the page bitmap at file offset {at:#x} claims {} pages, the bitmap has {}",
            bitmap.pages, scan.set
        ));
    }
    runs::truncated(parsed, scan.missing, scan.set, file.len());
    parsed.detail("bitmap", format!("{} ({}, {} bits)", String::from_utf8_lossy(signature), bitmap.form, bitmap.bits));
    parsed.detail("pages", scan.set);
    Ok(())
}

/// One pass over the bits.
#[derive(Default)]
struct Scan {
    /// Offset of the next page in the file.
    next: u64,
    file: u64,
    set: u64,
    missing: u64,
    /// First page of the run under way.
    run: Option<u64>,
}

impl Scan {
    fn walk(&mut self, bytes: &[u8], bits: u64, parsed: &mut Parsed) {
        let mut base = 0;
        for chunk in bytes.chunks(8) {
            let mut word = [0; 8];
            word.iter_mut().zip(chunk).for_each(|(to, from)| *to = *from);
            let mut word = u64::from_le_bytes(word);
            let valid = bits.saturating_sub(base).min(64);
            if valid < 64 {
                word &= (1 << valid) - 1;
            }
            match word {
                0 => self.end(base, parsed),
                u64::MAX => self.run = self.run.or(Some(base)),
                _ => self.mixed(word, base, parsed),
            }
            base += 64;
        }
        self.end(base, parsed);
    }

    fn mixed(&mut self, word: u64, base: u64, parsed: &mut Parsed) {
        for bit in 0..64 {
            match word >> bit & 1 {
                1 => self.run = self.run.or(Some(base + bit)),
                _ => self.end(base + bit, parsed),
            }
        }
    }

    /// The run under way ends before page `end`.
    fn end(&mut self, end: u64, parsed: &mut Parsed) {
        let Some(start) = self.run.take() else { return };
        let pages = end - start;
        self.set += pages;
        self.missing += runs::claim(parsed, [(start, pages)], self.next, self.file);
        self.next = self.next.saturating_add(pages * PAGE);
    }
}
