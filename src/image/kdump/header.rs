//! The headers of a diskdump or kdump file.
//!
//! `struct disk_dump_header` and `struct kdump_sub_header` of makedumpfile's `diskdump_mod.h`, written by C programs as they had
//! them in memory: their layout depends on the width of `long` and `time_t` and on how wide numbers are aligned, and nothing in the
//! file says so. It is found by what makes sense. QEMU (`dump/dump.c`) writes the 64-bit layout for 32-bit guests, too.

use super::super::fields::Fields;
use super::flat::View;
use crate::{At, Error, ErrorKind, Layer, Result};

/// `KDUMP_SIGNATURE` and `DISK_DUMP_SIGNATURE`.
pub(super) const KDUMP: &[u8; 8] = b"KDUMP   ";
pub(super) const DISKDUMP: &[u8; 8] = b"DISKDUMP";

/// Page flags and, together, status flags of the header (`DUMP_DH_*`).
pub(super) const ZLIB: u32 = 0x1;
pub(super) const LZO: u32 = 0x2;
pub(super) const SNAPPY: u32 = 0x4;
pub(super) const INCOMPLETE: u32 = 0x8;
pub(super) const EXCLUDED_VMEMMAP: u32 = 0x10;
pub(super) const ZSTD: u32 = 0x20;
pub(super) const PACKED: u32 = ZLIB | LZO | SNAPPY | ZSTD;

/// The header up to `nr_cpus`, in its widest layout.
const HEADER: u64 = 464;
/// `struct new_utsname`: six names of 65 bytes behind signature and version.
const UTSNAME: u64 = 12;
const NAME: u64 = 65;

/// Blocks are pages: 4 KiB to 64 KiB on the architectures that there are, with some room. With 1 MiB the byte order would not be
/// certain.
const BLOCK_SIZES: std::ops::RangeInclusive<u32> = 4096..=1 << 18;
/// Headers of a later version would be taken for version 6 as long as they are not absurd.
const MOST_VERSION: u32 = 64;
/// The newest version that there is.
const NEWEST: u32 = 6;

/// Where `struct timeval` begins and how long it is: what follows moves with it.
const TIMES: [(u64, u64); 3] = [
    // 32-bit.
    (404, 8),
    // 64-bit; and 32-bit with 64-bit time where wide numbers are aligned to 8 bytes (ARM).
    (408, 16),
    // 32-bit with 64-bit time, aligned to 4 bytes (i386).
    (404, 16),
];

/// How the sub-header is laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Layout {
    /// `long` of 8 bytes.
    Wide,
    /// `long` of 4 bytes, wide numbers aligned to 4 (i386).
    Packed,
    /// `long` of 4 bytes, wide numbers aligned to 8 (ARM).
    Padded,
}

/// A part of the file: offset and length.
pub(super) type Part = (u64, u64);

/// `struct kdump_sub_header`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Sub {
    pub phys_base: u64,
    pub dump_level: u32,
    pub split: bool,
    pub start_pfn: u64,
    pub end_pfn: u64,
    pub vmcoreinfo: Part,
    pub notes: Part,
    pub erase: Part,
    max_mapnr: Option<u64>,
}

/// Both headers.
#[derive(Clone, Debug)]
pub(super) struct Header {
    pub kdump: bool,
    pub version: u32,
    pub big: bool,
    /// In words, for `info`.
    pub width: &'static str,
    /// sysname, nodename, release, version, machine, domainname; fit to be printed.
    pub utsname: [String; 6],
    /// Seconds and microseconds since 1970.
    pub time: (u64, u64),
    pub status: u32,
    pub block_size: u64,
    sub_blocks: u64,
    bitmap_blocks: u64,
    pub max_mapnr: u64,
    pub nr_cpus: u32,
    pub sub: Sub,
}

fn damaged(why: impl Into<String>, at: u64) -> Error {
    Error::new(Layer::Image, ErrorKind::Malformed, why)
        .at(At::File(at))
        .hint("the file is damaged or was cut short: copy it again")
}

/// A text of the header, fit to be printed.
pub(super) fn text(bytes: &[u8]) -> String {
    bytes.iter().take_while(|&&b| b != 0).map(|&b| if b.is_ascii_graphic() || b == b' ' { char::from(b) } else { '?' }).collect()
}

/// The numbers behind the time.
struct Numbers {
    status: u32,
    block_size: u32,
    sub_blocks: u32,
    bitmap_blocks: u32,
    max_mapnr: u32,
    nr_cpus: u32,
}

impl Numbers {
    fn read(f: &Fields<'_>, at: u64) -> Option<Self> {
        Some(Self {
            status: f.u32(at)?,
            block_size: f.u32(at + 4)?,
            sub_blocks: f.u32(at + 8)?,
            bitmap_blocks: f.u32(at + 12)?,
            max_mapnr: f.u32(at + 16)?,
            nr_cpus: f.u32(at + 36)?,
        })
    }

    fn make_sense(&self, version: u32, kdump: bool) -> bool {
        let covered = u64::from(self.bitmap_blocks).saturating_mul(u64::from(self.block_size)).saturating_mul(8);
        version <= MOST_VERSION
            && BLOCK_SIZES.contains(&self.block_size)
            && self.block_size.is_power_of_two()
            && (self.sub_blocks > 0 || !kdump)
            // One bit for a page, at least in one bitmap.
            && self.bitmap_blocks > 0
            && covered >= u64::from(self.max_mapnr)
    }
}

impl Header {
    pub(super) fn read(view: &View) -> Result<Self> {
        let there = view.present(0, HEADER);
        let head = view.bytes(0, there).unwrap_or_default();
        let kdump = head.starts_with(KDUMP);
        if !kdump && !head.starts_with(DISKDUMP) {
            let what = if view.is_flattened() { "the flattened file holds no kdump header" } else { "no kdump header" };
            return Err(Error::new(
                Layer::Image,
                ErrorKind::Malformed,
                format!(
                    "{what} (KDUMP or DISKDUMP) at its beginning; it begins with {}",
                    super::super::detect::first_bytes(&head)
                ),
            )
            .at(At::File(0))
            .hint("leave --format away to let memsh find the format"));
        }
        let candidates = TIMES.iter().flat_map(|&time| [(time, false), (time, true)]);
        let mut tried = Vec::new();
        for ((time_at, time_len), big) in candidates {
            let f = Fields::new(&head, big);
            let (Some(version), Some(n)) = (f.u32(8), Numbers::read(&f, time_at + time_len)) else { continue };
            if n.make_sense(version, kdump) {
                return Self::of(view, &f, n, version, kdump, big, (time_at, time_len));
            }
            tried.push(format!(
                "{time_at}+{time_len} {}: version {version}, block size {}, {} sub-header and {} bitmap blocks",
                if big { "big" } else { "little" },
                n.block_size,
                n.sub_blocks,
                n.bitmap_blocks
            ));
        }
        if tried.is_empty() {
            return Err(damaged(format!("the file ends inside the dump header ({there} of {HEADER} bytes)"), there));
        }
        Err(damaged(format!("the dump header makes no sense in any layout ({})", tried.join("; ")), 404))
    }

    fn of(view: &View, f: &Fields<'_>, n: Numbers, version: u32, kdump: bool, big: bool, time: (u64, u64)) -> Result<Self> {
        let (time_at, time_len) = time;
        let name = |i: u64| text(f.bytes(UTSNAME + i * NAME, NAME).unwrap_or(&[]));
        let word = |at| if time_len == 16 { f.u64(at) } else { f.u32(at).map(u64::from) };
        let mut header = Self {
            kdump,
            version,
            big,
            width: "",
            utsname: [name(0), name(1), name(2), name(3), name(4), name(5)],
            time: (word(time_at).unwrap_or(0), word(time_at + time_len / 2).unwrap_or(0)),
            status: n.status,
            block_size: n.block_size.into(),
            sub_blocks: n.sub_blocks.into(),
            bitmap_blocks: n.bitmap_blocks.into(),
            max_mapnr: n.max_mapnr.into(),
            nr_cpus: n.nr_cpus,
            sub: Sub::default(),
        };
        let (sub, layout) = header.sub_header(view, time)?;
        header.width = match (layout, time_len) {
            (Layout::Wide, _) => "64-bit",
            (_, 16) => "32-bit with 64-bit time",
            _ => "32-bit",
        };
        // The wider number, unless it names pages that no bitmap has.
        let covered = header.bitmap_len().saturating_mul(8);
        if let Some(wide) = sub.max_mapnr.filter(|&n| n > 0 && n <= covered) {
            header.max_mapnr = wide;
        }
        header.sub = sub;
        Ok(header)
    }

    /// The sub-header, in the layout that makes most sense. That of diskdump holds registers only.
    fn sub_header(&self, view: &View, time: (u64, u64)) -> Result<(Sub, Layout)> {
        let layouts: &[Layout] = match time {
            (408, _) => &[Layout::Wide, Layout::Padded],
            (_, 8) => &[Layout::Packed, Layout::Padded],
            _ => &[Layout::Packed],
        };
        let first = layouts.first().copied().unwrap_or(Layout::Wide);
        if !self.kdump {
            return Ok((Sub::default(), first));
        }
        let there = view.present(self.block_size, 104);
        let bytes = view.bytes(self.block_size, there).unwrap_or_default();
        let f = Fields::new(&bytes, self.big);
        let mut best: Option<(i32, Sub, Layout)> = None;
        for &layout in layouts {
            let Some(sub) = Sub::read(&f, layout, self.version) else { continue };
            let sense = self.sense(&sub, layout, view.len());
            if best.as_ref().is_none_or(|(most, ..)| sense > *most) {
                best = Some((sense, sub, layout));
            }
        }
        best.map(|(_, sub, layout)| (sub, layout)).ok_or_else(|| {
            damaged(format!("the file ends inside the kdump sub-header ({there} bytes of it)"), self.block_size + there)
        })
    }

    /// How much sense a sub-header makes: parts that lie in the file, the same number of pages in both headers.
    fn sense(&self, sub: &Sub, layout: Layout, len: u64) -> i32 {
        let part = |(at, size): Part| match (at, size) {
            (0, 0) => 0,
            _ if at >= self.block_size && size > 0 && at.checked_add(size).is_some_and(|end| end <= len) => 2,
            _ => -2,
        };
        let pages = sub.max_mapnr.map_or(0, |wide| {
            let same = wide & 0xffff_ffff == self.max_mapnr || self.max_mapnr == 0xffff_ffff && wide > self.max_mapnr;
            if same { 3 } else { -3 }
        });
        let arm = i32::from(layout == Layout::Padded && self.machine().starts_with("arm"));
        part(sub.vmcoreinfo) + part(sub.notes) + part(sub.erase) + pages + arm
    }

    /// The machine by its own account; QEMU leaves it empty.
    pub(super) fn machine(&self) -> &str {
        &self.utsname[4]
    }

    /// Whether the writer knows no newer version, so that later ones may mean something else.
    pub(super) fn is_newer(&self) -> bool {
        self.kdump && self.version > NEWEST
    }

    /// Whether there are two bitmaps: pages that the machine has, and pages of these that are in the dump.
    pub(super) fn has_two_bitmaps(&self) -> bool {
        let blocks = self.max_mapnr.div_ceil(8).div_ceil(self.block_size);
        self.bitmap_blocks >= blocks.saturating_mul(2)
    }

    /// Bytes of one bitmap.
    pub(super) fn bitmap_len(&self) -> u64 {
        // 2^32 blocks of 2^18 bytes: no product here overflows.
        let blocks = if self.has_two_bitmaps() { self.bitmap_blocks / 2 } else { self.bitmap_blocks };
        blocks * self.block_size
    }

    /// Where the bitmap of the machine's pages begins.
    pub(super) fn memory_bitmap(&self) -> u64 {
        (1 + self.sub_blocks) * self.block_size
    }

    /// Where the bitmap of the dump's pages begins.
    pub(super) fn dump_bitmap(&self) -> u64 {
        self.memory_bitmap() + if self.has_two_bitmaps() { self.bitmap_len() } else { 0 }
    }

    /// Where the descriptors of pages begin.
    pub(super) fn descriptors(&self) -> u64 {
        self.memory_bitmap() + self.bitmap_blocks * self.block_size
    }

    /// The pages of this file: all, or those of one part of a split dump.
    pub(super) fn pages(&self) -> std::ops::Range<u64> {
        let start = self.sub.start_pfn.min(self.max_mapnr);
        match self.sub.split {
            true => start..self.sub.end_pfn.clamp(start, self.max_mapnr),
            false => 0..self.max_mapnr,
        }
    }

    /// Address of page 0. makedumpfile on 32-bit ARM counts pages from the beginning of RAM (`ARCH_PFN_OFFSET` in its
    /// `makedumpfile.h`), which it has in `phys_base`; QEMU, whose header has no system name, counts from 0 everywhere.
    pub(super) fn base(&self) -> u64 {
        let counted_from_ram = self.machine().starts_with("arm") && !self.utsname[0].is_empty();
        if counted_from_ram { self.sub.phys_base & !(self.block_size - 1) } else { 0 }
    }

    /// Whether this and another file are parts of one dump.
    pub(super) fn belongs_with(&self, other: &Self) -> bool {
        let facts = |h: &Self| (h.kdump, h.version, h.big, h.width, h.block_size, h.bitmap_blocks, h.max_mapnr);
        facts(self) == facts(other) && self.utsname == other.utsname && self.sub.split && other.sub.split
    }
}

impl Sub {
    /// `None` where the file ends inside.
    fn read(f: &Fields<'_>, layout: Layout, version: u32) -> Option<Self> {
        let wide = layout == Layout::Wide;
        // Offsets: dump_level, split, start_pfn, end_pfn; vmcoreinfo, notes, erase info (each offset and size); 64-bit numbers.
        let ([level, split, start, end], parts, long) = match layout {
            Layout::Wide => ([8, 12, 16, 24], [(32, 40), (48, 56), (64, 72)], 80),
            Layout::Packed => ([4, 8, 12, 16], [(20, 28), (32, 40), (44, 52)], 56),
            Layout::Padded => ([4, 8, 12, 16], [(24, 32), (40, 48), (56, 64)], 72),
        };
        let [vmcoreinfo, notes, erase] = parts;
        let part = |(at, size)| Some((f.u64(at)?, f.word(size, wide)?));
        let mut sub = Self { phys_base: f.word(0, wide)?, ..Self::default() };
        if version >= 1 {
            sub.dump_level = f.u32(level)?;
        }
        if version >= 2 {
            sub.split = f.u32(split)? != 0;
            (sub.start_pfn, sub.end_pfn) = (f.word(start, wide)?, f.word(end, wide)?);
        }
        if version >= 3 {
            sub.vmcoreinfo = part(vmcoreinfo)?;
        }
        if version >= 4 {
            sub.notes = part(notes)?;
        }
        if version >= 5 {
            sub.erase = part(erase)?;
        }
        if version >= 6 {
            (sub.start_pfn, sub.end_pfn) = (f.u64(long)?, f.u64(long + 8)?);
            sub.max_mapnr = Some(f.u64(long + 16)?);
        }
        Some(sub)
    }
}
