//! LKCD: the Linux Kernel Crash Dump format, versions 5 to 10 (and MCLX's and older ones, as far as they are the same).
//!
//! Layout as in libkdumpfile's `lkcd.c` and LKCD's `dump.h`: a header, and from 64 KiB on (version 9 and later: behind the dump buffer) pages,
//! each behind 16 bytes: address u64, size u32, flags u32. There is no index: one is made by a walk over the pages' headers, and kept.

use super::blocks::{Block, Blocks, LARGEST};
use super::detect::Parsed;
use super::fields::Fields;
use super::input::Input;
use super::map::Content;
use crate::codec::Codec;
use crate::memo::{self, Memo};
use crate::{At, Error, ErrorKind, Layer, Result};
use memsh_plugin::{MemoryRange, PhysAddr, umem};
use std::sync::Arc;

/// `DUMP_MAGIC_NUMBER`, as bytes in either order.
const LITTLE: [u8; 8] = [0xed, 0x23, 0x8f, 0x61, 0x73, 0x01, 0x19, 0xa8];
const BIG: [u8; 8] = [0xa8, 0x19, 0x01, 0x73, 0x61, 0x8f, 0x23, 0xed];
/// `LKCD_OFFSET_TO_FIRST_PAGE`.
const FIRST_PAGE: u64 = 65536;
/// Bits that MCLX added to the version.
const MCLX: u32 = 0xc000_0000;
const DUMP_RAW: u32 = 1;
const DUMP_COMPRESSED: u32 = 2;
const DUMP_END: u32 = 4;
/// Bytes of a page's header.
const HEADER: u64 = 16;
/// No machine that this format knows has addresses of more than 52 bits.
const HIGHEST: u64 = 1 << 52;
/// Length of each text of `new_utsname`.
const UTS: u64 = 65;
/// Pages between two reports of progress.
const REPORT: usize = 1 << 14;

/// Whether `data` begins with LKCD's magic.
pub(super) fn probe(data: &[u8]) -> bool {
    data.starts_with(&LITTLE) || data.starts_with(&BIG)
}

fn damaged(why: impl Into<String>, at: u64) -> Error {
    Error::new(Layer::Image, ErrorKind::Malformed, why)
        .at(At::File(at))
        .hint("the file is damaged or was cut short: copy it again")
}

/// How pages are compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Packing {
    None,
    Rle,
    Gzip,
    Unknown(u32),
}

/// A page: its address and where its header lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Page {
    start: u64,
    at: u64,
}

struct Dump {
    content: Arc<Content>,
    big: bool,
    page_size: u32,
    packing: Packing,
    /// Ascending by address.
    pages: Vec<Page>,
}

impl Dump {
    /// Address, size and flags of the page whose header lies at `at`.
    fn header(&self, at: u64) -> Option<(u64, u32, u32)> {
        page_header(&Fields::new(&self.content, self.big), at)
    }

    fn page(&self, block: &Block) -> Option<&Page> {
        self.pages.get(usize::try_from(block.key).ok()?)
    }
}

fn page_header(f: &Fields<'_>, at: u64) -> Option<(u64, u32, u32)> {
    Some((f.u64(at)?, f.u32(at.checked_add(8)?)?, f.u32(at.checked_add(12)?)?))
}

impl Blocks for Dump {
    fn ranges(&self) -> Vec<MemoryRange> {
        let mut ranges: Vec<MemoryRange> = Vec::new();
        let size = umem::from(self.page_size);
        for page in &self.pages {
            let start = PhysAddr::new(umem::from(page.start));
            match ranges.last_mut() {
                Some(r) if r.start.checked_add(r.size) == Some(start) => r.size += size,
                _ => ranges.push(MemoryRange { start, size }),
            }
        }
        ranges
    }

    fn find(&self, addr: u64) -> Option<Block> {
        let start = addr & !u64::from(self.page_size - 1);
        let key = self.pages.binary_search_by_key(&start, |p| p.start).ok()?;
        Some(Block { start, len: self.page_size, key: u64::try_from(key).ok()? })
    }

    fn load(&self, block: &Block, out: &mut [u8]) -> Result<(), String> {
        let at = self.page(block).map(|p| p.at).ok_or("no such page")?;
        let (start, size, flags) = self.header(at).ok_or("the file ends there")?;
        if start & !u64::from(self.page_size - 1) != block.start {
            return Err(format!(
                "the page header at file offset {at:#x} is that of another page ({start:#x}): the file was changed"
            ));
        }
        let f = Fields::new(&self.content, self.big);
        let data =
            f.bytes(at + HEADER, size.into()).ok_or_else(|| format!("its {size} bytes at {:#x} leave the file", at + HEADER))?;
        let wrong = |n: usize| format!("the page at file offset {at:#x} unpacks to {n} bytes, not {}", self.page_size);
        let got = match (flags & (DUMP_RAW | DUMP_COMPRESSED), self.packing) {
            (DUMP_RAW, _) if data.len() == out.len() => {
                out.copy_from_slice(data);
                return Ok(());
            }
            (DUMP_RAW, _) => return Err(wrong(data.len())),
            (DUMP_COMPRESSED, Packing::Gzip) => {
                Codec::Zlib.unpack(data, out).map_err(|e| format!("the page at file offset {at:#x}: {e}"))?
            }
            (DUMP_COMPRESSED, Packing::Rle) => rle(data, out).map_err(|e| format!("the page at file offset {at:#x}: {e}"))?,
            (DUMP_COMPRESSED, packing) => return Err(format!("the page at file offset {at:#x} is compressed by {packing:?}")),
            (_, _) => return Err(format!("the page header at file offset {at:#x} has the flags {flags:#x}")),
        };
        if got == out.len() { Ok(()) } else { Err(wrong(got)) }
    }

    fn in_place(&self, block: &Block) -> Option<&[u8]> {
        let at = self.page(block)?.at;
        let (start, size, flags) = self.header(at)?;
        let plain = flags & (DUMP_RAW | DUMP_COMPRESSED) == DUMP_RAW && size == self.page_size && start == block.start;
        let from = usize::try_from(at + HEADER).ok().filter(|_| plain)?;
        self.content.get(from..from.checked_add(usize::try_from(size).ok()?)?)
    }
}

/// LKCD's run-length code: a zero byte, a count and a value; a zero and a count of zero stand for one zero.
fn rle(data: &[u8], out: &mut [u8]) -> Result<usize, String> {
    let short = || "its run-length code ends early".to_owned();
    let (mut from, mut len) = (data.iter(), 0usize);
    while let Some(&byte) = from.next() {
        let (count, value) = match byte {
            0 => match *from.next().ok_or_else(short)? {
                0 => (1, 0),
                count => (usize::from(count), *from.next().ok_or_else(short)?),
            },
            byte => (1, byte),
        };
        let room = out.get_mut(len..len + count).ok_or("its run-length code gives more than a page")?;
        room.fill(value);
        len += count;
    }
    Ok(len)
}

/// What the header says.
struct Header {
    page_size: u32,
    packing: Packing,
    first: u64,
}

/// A text of the image, fit to be shown.
fn text(f: &Fields<'_>, at: u64, len: u64) -> Option<String> {
    let bytes = f.bytes(at, len)?.split(|&b| b == 0).next()?;
    let text: String = String::from_utf8_lossy(bytes).chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    Some(text.trim().to_owned()).filter(|t| !t.is_empty())
}

/// Reads the header; facts go to `parsed`.
fn read_header(f: &Fields<'_>, parsed: &mut Parsed) -> Result<Header> {
    let read = || Some((f.u32(8)?, f.u32(20)?, f.u64(24)?, f.u32(48)?, f.u64(746 - 4)?));
    let (raw_version, page_size, memory, pages, _) =
        read().ok_or_else(|| damaged("the file ends inside the LKCD header", f.len()))?;
    let version = raw_version & !MCLX;
    if !(1..=10).contains(&version) {
        return Err(Error::new(
            Layer::Image,
            ErrorKind::Unsupported,
            format!("an LKCD dump of version {version}; memsh reads 1 to 10"),
        )
        .at(At::File(8)));
    }
    if !page_size.is_power_of_two() || !(4096..=65536).contains(&page_size) || page_size > LARGEST {
        return Err(damaged(format!("an LKCD dump with pages of {page_size} bytes"), 20));
    }
    // Where utsname stands: versions before 8 depend on the width of a long, and 1 has two registers more.
    let shift = if version == 1 { 8 } else { 0 };
    let sane = |at: u64| text(f, at, UTS).as_deref() == Some("Linux");
    let (time, uts, packing_at) = match version {
        8.. => (308, 324, 722),
        _ if !sane(316 + shift) && sane(328 + shift) => (312 + shift, 328 + shift, 728),
        _ => (308 + shift, 316 + shift, 712),
    };
    let packing = match version {
        1..=4 => Packing::Rle,
        _ => match f.u32(packing_at) {
            Some(0) => Packing::None,
            Some(1) => Packing::Rle,
            Some(2) => Packing::Gzip,
            n => Packing::Unknown(n.unwrap_or(u32::MAX)),
        },
    };
    let first = if version >= 9 { f.u64(734).unwrap_or(0) } else { FIRST_PAGE };
    parsed.detail("lkcd_version", version);
    parsed.detail("page_size", page_size);
    parsed.detail("compression", format!("{packing:?}").to_lowercase());
    parsed.detail("pages_in_header", pages);
    parsed.detail("memory_of_machine", memory);
    let long = if uts == 328 + shift || version >= 8 { f.u64(time) } else { f.u32(time).map(u64::from) };
    if let Some(time) = long.and_then(super::calendar::rfc3339) {
        parsed.detail("time", time);
    }
    for (name, at, len) in [
        ("panic", 52 + shift, 256),
        ("kernel", uts, UTS),
        ("hostname", uts + UTS, UTS),
        ("kernel_release", uts + 2 * UTS, UTS),
        ("kernel_version", uts + 3 * UTS, UTS),
        ("machine", uts + 4 * UTS, UTS),
    ] {
        if let Some(value) = text(f, at, len) {
            if name == "machine" {
                parsed.machine = machine(&value).map(str::to_owned);
            }
            parsed.detail(name, value);
        }
    }
    Ok(Header { page_size, packing, first })
}

/// What memsh calls the machine that utsname names.
fn machine(uts: &str) -> Option<&'static str> {
    Some(match uts {
        "x86_64" => "x86_64",
        "i386" | "i486" | "i586" | "i686" => "x86",
        "ppc64" => "ppc64",
        "s390x" => "s390x",
        "aarch64" => "aarch64",
        _ => return None,
    })
}

/// What a walk over the pages found.
struct Walk {
    pages: Vec<Page>,
    /// Where it ended, and whether the end mark stood there.
    end: u64,
    marked: bool,
    repeated: u64,
    wrong: u64,
}

fn walk(f: &Fields<'_>, header: &Header, input: &Input<'_>) -> Result<Walk> {
    let mut walk = Walk { pages: Vec::new(), end: header.first, marked: false, repeated: 0, wrong: 0 };
    let mask = u64::from(header.page_size - 1);
    while let Some((start, size, flags)) = page_header(f, walk.end) {
        if flags & DUMP_END != 0 {
            walk.marked = true;
            break;
        }
        // A page never takes more than itself and some bytes of the code; what claims more is no header.
        let next = walk.end.saturating_add(HEADER).saturating_add(size.into());
        if flags & (DUMP_RAW | DUMP_COMPRESSED) == 0 || u64::from(size) > 2 * u64::from(header.page_size) || next > f.len() {
            break;
        }
        match start < HIGHEST {
            true => walk.pages.push(Page { start: start & !mask, at: walk.end }),
            false => walk.wrong += 1,
        }
        walk.end = next;
        if walk.pages.len().is_multiple_of(REPORT)
            && let Some(p) = &input.options.progress
        {
            p.report(walk.end, f.len())?;
        }
    }
    // Stable: of two headers of one page the first counts.
    walk.pages.sort_by_key(|p| p.start);
    let before = walk.pages.len();
    walk.pages.dedup_by_key(|p| p.start);
    walk.repeated = u64::try_from(before - walk.pages.len()).unwrap_or(0);
    Ok(walk)
}

const MEMO: &str = "lkcd-pages";

/// What the index depends on: the header, the file's size, its first page and its end.
fn input_hash(data: &[u8], first: u64) -> u64 {
    let at = usize::try_from(first).unwrap_or(0);
    let part = |from: usize, len: usize| data.get(from.min(data.len())..from.saturating_add(len).min(data.len())).unwrap_or(&[]);
    let hashes = [
        memo::hash(part(0, 4096)),
        memo::hash(part(at, 4096)),
        memo::hash(part(data.len().saturating_sub(4096), 4096)),
        u64::try_from(data.len()).unwrap_or(0),
    ];
    memo::hash(&hashes.iter().flat_map(|h| h.to_le_bytes()).collect::<Vec<u8>>())
}

/// The index of an earlier start. Each page is held against its own header again when it is read.
fn kept(memo: &Memo, hash: u64) -> Option<Walk> {
    let bytes = memo.get(MEMO, hash)?;
    let mut words = bytes.chunks_exact(8).map(|b| b.iter().rev().fold(0, |n, &b| n << 8 | u64::from(b)));
    let (end, marked, repeated, wrong) = (words.next()?, words.next()? != 0, words.next()?, words.next()?);
    let mut pages = Vec::new();
    while let (Some(start), Some(at)) = (words.next(), words.next()) {
        pages.push(Page { start, at });
    }
    let ascending = pages.windows(2).all(|w| matches!(w, [a, b] if a.start < b.start));
    ascending.then_some(Walk { pages, end, marked, repeated, wrong })
}

fn keep(memo: &Memo, hash: u64, walk: &Walk) {
    let head = [walk.end, u64::from(walk.marked), walk.repeated, walk.wrong];
    let words = head.into_iter().chain(walk.pages.iter().flat_map(|p| [p.start, p.at]));
    memo.put(MEMO, hash, words.flat_map(u64::to_le_bytes).collect());
}

/// Reads header and pages.
pub(super) fn parse(input: &Input<'_>) -> Result<Parsed> {
    let data = input.data();
    if !probe(data) {
        return Err(
            damaged("no LKCD magic at the beginning of the file", 0).hint("leave --format away to let memsh find the format")
        );
    }
    let big = data.starts_with(&BIG);
    let f = Fields::new(data, big);
    let mut parsed = Parsed::new("lkcd");
    let header = read_header(&f, &mut parsed)?;
    let hash = input_hash(data, header.first);
    let memo = input.options.memo.as_deref();
    let walk = match memo.and_then(|m| kept(m, hash)) {
        Some(walk) => walk,
        None => {
            let walk = walk(&f, &header, input)?;
            if let Some(m) = memo {
                keep(m, hash, &walk);
            }
            walk
        }
    };
    if !walk.marked {
        parsed.warnings.push(format!(
            "the LKCD dump is damaged or cut short: at file offset {:#x}, after {} pages, neither a page nor the end mark stands",
            walk.end,
            walk.pages.len()
        ));
    }
    if walk.repeated > 0 {
        parsed.warnings.push(format!("{} pages stand in the dump more than once; the first counts", walk.repeated));
    }
    if walk.wrong > 0 {
        parsed.warnings.push(format!("{} pages lie beyond any physical address and were left out", walk.wrong));
    }
    if let Packing::Unknown(n) = header.packing {
        parsed
            .warnings
            .push(format!("pages are compressed by method {n}, which memsh does not know: only uncompressed ones can be read"));
    }
    parsed.detail("pages", walk.pages.len());
    parsed.blocks = Some(Box::new(Dump {
        content: Arc::clone(input.content),
        big,
        page_size: header.page_size,
        packing: header.packing,
        pages: walk.pages,
    }));
    Ok(parsed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_and_single_zeros() {
        let mut out = [9; 8];
        assert_eq!(rle(&[1, 0, 3, 7, 0, 0, 2], &mut out), Ok(6));
        assert_eq!(out[..6], [1, 7, 7, 7, 0, 2]);
        assert!(rle(&[0], &mut out).is_err());
        assert!(rle(&[0, 3], &mut out).is_err());
        assert!(rle(&[0, 9, 1], &mut out).is_err());
        assert_eq!(rle(&[0, 8, 1], &mut out), Ok(8));
    }
}
