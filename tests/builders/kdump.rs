//! kdump and diskdump files.

use super::lzo;
use std::collections::BTreeMap;
use std::io::Write;

/// What the machine that wrote the headers was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// `long` of 8 bytes.
    Wide,
    /// `long` and `time_t` of 4 bytes, nothing aligned to more.
    I386,
    /// `long` and `time_t` of 4 bytes, wide numbers aligned to 8.
    Arm,
    /// As `I386`, with `time_t` of 8 bytes.
    I386Time64,
    /// As `Arm`, with `time_t` of 8 bytes.
    ArmTime64,
}

pub const LAYOUTS: [Layout; 5] = [Layout::Wide, Layout::I386, Layout::Arm, Layout::I386Time64, Layout::ArmTime64];

/// How a page is in the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Page {
    Raw(Vec<u8>),
    Zlib(Vec<u8>),
    Lzo(Vec<u8>),
    Snappy(Vec<u8>),
    Zstd(Vec<u8>),
    /// The page of zeros that all share.
    Zero,
    /// A descriptor of these numbers (offset, size, flags) and no bytes.
    Wrong(u64, u32, u32),
    /// These bytes with these flags.
    Packed(Vec<u8>, u32),
}

pub fn zlib(data: &[u8]) -> Vec<u8> {
    let mut w = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
    w.write_all(data).unwrap();
    w.finish().unwrap()
}

/// Bytes, which flags they have, or the descriptor as it is.
fn packed(page: &Page) -> Result<(Vec<u8>, u32), (u64, u32, u32)> {
    let (data, bytes, flags) = match page {
        Page::Raw(d) => return Ok((d.clone(), 0)),
        Page::Zlib(d) => (d, zlib(d), 1),
        Page::Lzo(d) => (d, lzo::pack(d), 2),
        Page::Snappy(d) => (d, snap::raw::Encoder::new().compress_vec(d).unwrap(), 4),
        Page::Zstd(d) => (d, zstd::bulk::compress(d, 1).unwrap(), 0x20),
        Page::Packed(d, flags) => return Ok((d.clone(), *flags)),
        Page::Wrong(offset, size, flags) => return Err((*offset, *size, *flags)),
        Page::Zero => return Ok((Vec::new(), 0)),
    };
    // A page that does not shrink is stored as it is.
    Ok(if bytes.len() < data.len() { (bytes, flags) } else { (data.clone(), 0) })
}

/// A file to be.
#[derive(Clone)]
pub struct Kdump {
    pub signature: [u8; 8],
    pub version: u32,
    pub big: bool,
    pub layout: Layout,
    pub utsname: [&'static str; 6],
    pub time: (u64, u32),
    pub status: u32,
    pub block_size: u32,
    pub nr_cpus: u32,
    pub phys_base: u64,
    pub dump_level: u32,
    pub split: Option<(u64, u64)>,
    pub vmcoreinfo: Vec<u8>,
    pub notes: Vec<u8>,
    pub erase: Vec<u8>,
    /// By their numbers.
    pub pages: BTreeMap<u64, Page>,
    /// Numbers of pages that the machine has and the dump has not.
    pub left_out: Vec<u64>,
    pub two_bitmaps: bool,
    /// What the headers say instead of the truth.
    pub max_mapnr: Option<u32>,
    pub max_mapnr_64: Option<u64>,
    pub sub_blocks: Option<u32>,
    pub bitmap_blocks: Option<u32>,
}

impl Kdump {
    /// Version 6, 64-bit, little-endian.
    pub fn new(pages: impl IntoIterator<Item = (u64, Page)>) -> Self {
        Self {
            signature: *b"KDUMP   ",
            version: 6,
            big: false,
            layout: Layout::Wide,
            utsname: ["Linux", "host", "6.1.0-test", "#1 SMP", "x86_64", "(none)"],
            time: (1_763_734_839, 250_000),
            status: 0,
            block_size: 4096,
            nr_cpus: 2,
            phys_base: 0,
            dump_level: 1,
            split: None,
            vmcoreinfo: Vec::new(),
            notes: Vec::new(),
            erase: Vec::new(),
            pages: pages.into_iter().collect(),
            left_out: Vec::new(),
            two_bitmaps: true,
            max_mapnr: None,
            max_mapnr_64: None,
            sub_blocks: None,
            bitmap_blocks: None,
        }
    }

    fn u32(&self, n: u32) -> [u8; 4] {
        if self.big { n.to_be_bytes() } else { n.to_le_bytes() }
    }

    fn u64(&self, n: u64) -> [u8; 8] {
        if self.big { n.to_be_bytes() } else { n.to_le_bytes() }
    }

    fn long(&self, n: u64, wide: bool) -> Vec<u8> {
        if wide { self.u64(n).to_vec() } else { self.u32(n as u32).to_vec() }
    }

    /// One past the last page.
    pub fn end(&self) -> u64 {
        self.pages.keys().chain(&self.left_out).max().map_or(1, |n| n + 1)
    }

    fn header(&self, sub_blocks: u32, bitmap_blocks: u32) -> Vec<u8> {
        let mut out = self.signature.to_vec();
        out.extend(self.u32(self.version));
        for name in self.utsname {
            let at = out.len();
            out.extend(name.as_bytes());
            out.resize(at + 65, 0);
        }
        let (align, wide) = match self.layout {
            Layout::Wide | Layout::ArmTime64 => (8, true),
            Layout::I386 | Layout::Arm => (4, false),
            Layout::I386Time64 => (4, true),
        };
        out.resize(out.len().next_multiple_of(align), 0);
        out.extend(self.long(self.time.0, wide));
        out.extend(self.long(self.time.1.into(), wide));
        let end = self.max_mapnr.unwrap_or(self.end() as u32);
        let ram = self.pages.len() as u32;
        for n in [self.status, self.block_size, sub_blocks, bitmap_blocks, end, ram, 0, ram, 0, self.nr_cpus] {
            out.extend(self.u32(n));
        }
        out
    }

    fn sub_header(&self, parts: [(u64, u64); 3]) -> Vec<u8> {
        let wide = self.layout == Layout::Wide;
        let align = if matches!(self.layout, Layout::I386 | Layout::I386Time64) { 4 } else { 8 };
        let mut out = self.long(self.phys_base, wide);
        let (start, end) = self.split.unwrap_or_default();
        if self.version >= 1 {
            out.extend(self.u32(self.dump_level));
        }
        if self.version >= 2 {
            out.extend(self.u32(self.split.is_some().into()));
            out.extend(self.long(start, wide));
            out.extend(self.long(end, wide));
        }
        for (i, (at, len)) in parts.into_iter().enumerate() {
            if self.version >= 3 + i as u32 {
                out.resize(out.len().next_multiple_of(align), 0);
                out.extend(self.u64(at));
                out.extend(self.long(len, wide));
            }
        }
        if self.version >= 6 {
            out.resize(out.len().next_multiple_of(align), 0);
            for n in [start, end, self.max_mapnr_64.unwrap_or(self.end())] {
                out.extend(self.u64(n));
            }
        }
        out
    }

    /// Where the descriptors begin.
    pub fn descriptors(&self) -> usize {
        let (sub, bitmap) = self.blocks();
        (1 + sub + bitmap) as usize * self.block_size as usize
    }

    /// Blocks of the sub-header and of the bitmaps.
    fn blocks(&self) -> (u32, u32) {
        let extra = self.vmcoreinfo.len() + self.notes.len() + self.erase.len() + 128;
        let bitmap = (self.end() as u32).div_ceil(8).div_ceil(self.block_size) * if self.two_bitmaps { 2 } else { 1 };
        ((extra as u32).div_ceil(self.block_size), bitmap)
    }

    pub fn build(&self) -> Vec<u8> {
        let size = self.block_size as usize;
        let (sub_blocks, bitmap_blocks) = self.blocks();
        let mut out = self.header(self.sub_blocks.unwrap_or(sub_blocks), self.bitmap_blocks.unwrap_or(bitmap_blocks));
        out.resize(size + 128, 0);
        let parts = [&self.vmcoreinfo, &self.notes, &self.erase].map(|part| {
            let at = out.len();
            out.extend(part);
            if part.is_empty() { (0, 0) } else { (at as u64, part.len() as u64) }
        });
        let sub = self.sub_header(parts);
        out[size..size + sub.len()].copy_from_slice(&sub);
        out.resize(size * (1 + sub_blocks as usize), 0);
        let one = bitmap_blocks as usize * size / if self.two_bitmaps { 2 } else { 1 };
        let mut bitmaps = vec![0; bitmap_blocks as usize * size];
        for n in self.pages.keys().chain(&self.left_out) {
            bitmaps[*n as usize / 8] |= 1 << (n % 8);
        }
        if self.two_bitmaps {
            for n in self.pages.keys() {
                bitmaps[one + *n as usize / 8] |= 1 << (n % 8);
            }
        }
        out.extend(bitmaps);
        let (start, end) = self.split.unwrap_or((0, u64::MAX));
        let here: Vec<&Page> = self.pages.range(start..end.max(start)).map(|(_, p)| p).collect();
        let zero = out.len() + 24 * here.len();
        let mut data: Vec<u8> = vec![0; size];
        for page in here {
            let (offset, len, flags) = match packed(page) {
                Err(wrong) => wrong,
                Ok(_) if *page == Page::Zero => (zero as u64, size as u32, 0),
                Ok((bytes, flags)) => {
                    let at = zero + data.len();
                    data.extend(&bytes);
                    (at as u64, bytes.len() as u32, flags)
                }
            };
            out.extend(self.u64(offset));
            out.extend(self.u32(len));
            out.extend(self.u32(flags));
            out.extend([0; 8]);
        }
        out.extend(data);
        out
    }
}

/// A flattened file of these pieces (where they belong, bytes), with its end mark.
pub fn flat(pieces: &[(u64, &[u8])]) -> Vec<u8> {
    let mut out = b"makedumpfile\0\0\0\0".to_vec();
    for n in [1u64, 1] {
        out.extend(n.to_be_bytes());
    }
    out.resize(4096, 0);
    for (at, bytes) in pieces {
        out.extend(at.to_be_bytes());
        out.extend((bytes.len() as u64).to_be_bytes());
        out.extend(*bytes);
    }
    out.extend([0xff; 16]);
    out
}

/// A whole file flattened, in pieces of `size` bytes.
pub fn flattened(file: &[u8], size: usize) -> Vec<u8> {
    let pieces: Vec<(u64, &[u8])> = file.chunks(size).enumerate().map(|(i, p)| ((i * size) as u64, p)).collect();
    flat(&pieces)
}
