//! Writing kdump files: version 6, the 64-bit layout, pages packed with zlib, as makedumpfile and QEMU write them.
//!
//! One pass over the memory. How many pages there are at most is known before, so that places can be given to all parts; pages that can't
//! be read have no bit and no descriptor, which leaves some room unused.

use super::super::map::is_zero;
use super::super::open::CpuState;
use super::super::progress::Progress;
use super::super::write::Summary;
use super::header::{KDUMP, ZLIB};
use super::notes::notes;
use crate::engine::{Memory, index, to_u64, to_umem};
use crate::symbols::VmcoreInfo;
use crate::{Error, ErrorKind, Layer, Result};
use flate2::{Compress, Compression, FlushCompress, Status};
use memsh_plugin::{PhysAddr, umem};
use std::io::{Seek, SeekFrom, Write};
use std::ops::Range;
use std::time::{SystemTime, UNIX_EPOCH};

/// What a kdump file says beside the memory.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KdumpFacts {
    /// The machine, named as [`Image::machine`](crate::image::Image::machine).
    pub machine: Option<String>,
    /// Text of VMCOREINFO.
    pub vmcoreinfo: Option<Vec<u8>>,
    /// The machine's name in the network.
    pub hostname: Option<String>,
    /// The kernel's build (`#1 SMP ...`).
    pub build: Option<String>,
    /// Processors; those of x86-64 whose registers are known get an NT_PRSTATUS.
    pub cpus: Vec<CpuState>,
    /// When the dump was made.
    pub time: Option<SystemTime>,
}

/// Bytes that are read, packed and written together.
const STEP: u64 = 4 << 20;
/// A bitmap is kept in memory: 1 GiB of it is 32 TiB of pages.
const LARGEST_BITMAP: u64 = 1 << 30;
/// `sizeof(struct page_desc)`.
const DESCRIPTOR: u64 = 24;
/// `sizeof(struct kdump_sub_header)`, with 64-bit numbers.
const SUB_HEADER: u64 = 104;

fn failed(e: std::io::Error) -> Error {
    Error::new(Layer::Command, ErrorKind::Io, format!("can't write the image: {e}")).hint("is there room on the disk?")
}

fn too_large() -> Error {
    Error::new(Layer::Command, ErrorKind::Invalid, "these addresses are too high for the bitmap of a kdump file")
        .hint("write it as ELF core or LiME")
}

fn number(n: usize) -> u64 {
    to_u64(to_umem(n)).unwrap_or(u64::MAX)
}

/// A page, packed.
enum Packed {
    Missing,
    Zero,
    Zlib(Vec<u8>),
    /// It does not shrink.
    Raw,
}

/// Where the parts of the file lie.
struct Plan {
    block: u64,
    /// Address of page 0.
    base: u64,
    /// Runs of pages, ascending.
    pages: Vec<Range<u64>>,
    /// Bytes of one bitmap, in whole blocks.
    bitmap_len: u64,
    sub_blocks: u64,
    descriptors: u64,
    data: u64,
    end: u64,
}

impl Plan {
    fn new(ranges: &[(u64, u64)], facts: &KdumpFacts, extra: u64) -> Option<Self> {
        let info = facts.info();
        // As large as the kernel's pages, which readers expect.
        let block = info.page_size().filter(|n| [0x1000, 0x4000, 0x1_0000].contains(n)).unwrap_or(0x1000);
        let first = ranges.first().map_or(0, |(start, _)| start - start % block);
        // See `Header::base`.
        let base = if facts.machine.as_deref() == Some("arm") { first } else { 0 };
        let mut pages: Vec<Range<u64>> = Vec::new();
        for &(start, size) in ranges {
            let run = (start - base) / block..(start - base).checked_add(size)?.div_ceil(block);
            match pages.last_mut() {
                Some(last) if run.start <= last.end => last.end = last.end.max(run.end),
                _ => pages.push(run),
            }
        }
        let end = pages.last()?.end;
        let bitmap_len = end.div_ceil(8).next_multiple_of(block);
        let sub_blocks = (SUB_HEADER + extra).div_ceil(block);
        let descriptors = (1 + sub_blocks).checked_mul(block)?.checked_add(bitmap_len.checked_mul(2)?)?;
        let count: u64 = pages.iter().map(|r| r.end - r.start).sum();
        let data = descriptors.checked_add(count.checked_mul(DESCRIPTOR)?)?;
        (bitmap_len <= LARGEST_BITMAP).then_some(Self { block, base, pages, bitmap_len, sub_blocks, descriptors, data, end })
    }
}

impl KdumpFacts {
    fn info(&self) -> VmcoreInfo {
        VmcoreInfo::parse(self.vmcoreinfo.as_deref().unwrap_or(&[]))
    }

    /// The number that readers of other architectures take from the sub-header and not from VMCOREINFO.
    fn phys_base(&self, base: u64) -> u64 {
        let info = self.info();
        let key = match self.machine.as_deref() {
            Some("x86_64") => "NUMBER(phys_base)",
            Some("aarch64") => "NUMBER(PHYS_OFFSET)",
            Some("riscv64") => "NUMBER(phys_ram_base)",
            _ => return base,
        };
        let text = info.get(key).unwrap_or("0");
        match text.strip_prefix("0x") {
            Some(hex) => u64::from_str_radix(hex, 16).unwrap_or(0),
            None => text.parse::<i64>().map_or(0, i64::cast_unsigned),
        }
    }

    fn header(&self, plan: &Plan) -> Vec<u8> {
        let info = self.info();
        let system = if info.osrelease().is_some() { "Linux" } else { "" };
        let machine = match self.machine.as_deref() {
            Some("x86") => "i686",
            Some("arm") => "armv7l",
            other => other.unwrap_or(""),
        };
        let mut out = KDUMP.to_vec();
        out.extend(6u32.to_le_bytes());
        let (host, build) = (self.hostname.as_deref().unwrap_or(""), self.build.as_deref().unwrap_or(""));
        for name in [system, host, info.osrelease().unwrap_or(""), build, machine, "(none)"] {
            // Of 65 bytes the last is 0.
            out.extend(name.bytes().chain(std::iter::repeat(0)).take(64).chain([0]));
        }
        out.resize(408, 0);
        let time = self.time.and_then(|t| t.duration_since(UNIX_EPOCH).ok()).unwrap_or_default();
        out.extend(time.as_secs().to_le_bytes());
        out.extend(u64::from(time.subsec_micros()).to_le_bytes());
        let count: u64 = plan.pages.iter().map(|r| r.end - r.start).sum();
        let bitmap_blocks = plan.bitmap_len / plan.block * 2;
        let cpus = number(self.cpus.len()).max(1);
        for n in [u64::from(ZLIB), plan.block, plan.sub_blocks, bitmap_blocks, plan.end, count, 0, 0, 0, cpus] {
            out.extend(u32::try_from(n).unwrap_or(u32::MAX).to_le_bytes());
        }
        out.resize(index(umem::from(plan.block)).unwrap_or(0), 0);

        let (notes, text_at) = notes(self);
        let notes_at = plan.block + SUB_HEADER;
        let text = text_at.map_or((0, 0), |at| (notes_at + at, number(self.vmcoreinfo.as_ref().map_or(0, Vec::len))));
        out.extend(self.phys_base(plan.base).to_le_bytes());
        // Pages of zeros are stored once.
        out.extend(1u32.to_le_bytes());
        out.extend(0u32.to_le_bytes());
        let notes_part = if notes.is_empty() { (0, 0) } else { (notes_at, number(notes.len())) };
        for n in [0, 0, text.0, text.1, notes_part.0, notes_part.1, 0, 0, 0, 0, plan.end] {
            out.extend(n.to_le_bytes());
        }
        out.extend(notes);
        out
    }
}

/// Writes `ranges` (first address, bytes; ascending, disjoint) of `memory` to `out`, from its beginning on. Whole pages are written, of
/// ranges that begin or end inside one, too.
pub(in super::super) fn write(
    memory: &Memory,
    ranges: &[(u64, u64)],
    facts: &KdumpFacts,
    out: &mut (impl Write + Seek),
    progress: Option<&Progress>,
) -> Result<Summary> {
    let extra = number(notes(facts).0.len());
    let plan = Plan::new(ranges, facts, extra).ok_or_else(too_large)?;
    let total = ranges.iter().fold(0u64, |sum, (_, size)| sum.saturating_add(*size));
    let bitmap = || index(umem::from(plan.bitmap_len)).map(|n| vec![0u8; n]).ok_or_else(too_large);
    let (mut machine, mut dumped) = (bitmap()?, bitmap()?);
    let set = |bits: &mut [u8], page: u64| {
        if let Some(byte) = usize::try_from(page / 8).ok().and_then(|i| bits.get_mut(i)) {
            *byte |= 1 << (page % 8);
        }
    };
    let block = index(umem::from(plan.block)).ok_or_else(too_large)?;
    // The page of zeros comes first.
    let (mut next_descriptor, mut next_data) = (plan.descriptors, plan.data);
    let mut data = vec![0; block];
    let mut descriptors = Vec::new();
    let (mut unreadable, mut done) = (0u64, 0u64);
    let mut buffer = Vec::new();
    for run in &plan.pages {
        for first in run.clone().step_by(usize::try_from(STEP / plan.block).unwrap_or(1)) {
            let count = (run.end - first).min(STEP / plan.block);
            let start = first * plan.block + plan.base;
            buffer.resize(usize::try_from(count).unwrap_or(0).saturating_mul(block), 0);
            let gaps = memory.read_gaps(PhysAddr::new(umem::from(start)), &mut buffer);
            let gaps: Vec<Range<u64>> = gaps.as_slice().iter().filter_map(|g| Some(to_u64(g.start)?..to_u64(g.end)?)).collect();
            let wanted = overlap(ranges, &(start..start.saturating_add(count * plan.block)));
            unreadable += gaps.iter().map(|g| overlap(ranges, g)).sum::<u64>();
            for (page, packed) in (first..).zip(pack(&buffer, block, start, &gaps)) {
                set(&mut machine, page);
                let (offset, size, flags) = match &packed {
                    Packed::Missing => continue,
                    Packed::Zero => (plan.data, plan.block, 0),
                    Packed::Zlib(bytes) => (next_data + number(data.len()), number(bytes.len()), ZLIB),
                    Packed::Raw => (next_data + number(data.len()), plan.block, 0),
                };
                set(&mut dumped, page);
                descriptors.extend(offset.to_le_bytes());
                descriptors.extend(u32::try_from(size).unwrap_or(u32::MAX).to_le_bytes());
                descriptors.extend(flags.to_le_bytes());
                descriptors.extend([0; 8]);
                match packed {
                    Packed::Zlib(bytes) => data.extend(bytes),
                    Packed::Raw => {
                        let at = usize::try_from(page - first).unwrap_or(0).saturating_mul(block);
                        data.extend(buffer.get(at..).and_then(|b| b.get(..block)).unwrap_or(&[]));
                    }
                    Packed::Missing | Packed::Zero => {}
                }
            }
            put(out, &mut next_data, &mut data)?;
            put(out, &mut next_descriptor, &mut descriptors)?;
            done = done.saturating_add(wanted);
            if let Some(p) = progress {
                p.report(done, total)?;
            }
        }
    }
    let mut at = 0;
    put(out, &mut at, &mut facts.header(&plan))?;
    at = (1 + plan.sub_blocks) * plan.block;
    put(out, &mut at, &mut machine)?;
    put(out, &mut at, &mut dumped)?;
    out.flush().map_err(failed)?;
    Ok(Summary { bytes: next_data, unreadable, base: PhysAddr::NULL })
}

/// Writes all of `bytes` at an offset, which moves behind them.
fn put(out: &mut (impl Write + Seek), at: &mut u64, bytes: &mut Vec<u8>) -> Result<()> {
    out.seek(SeekFrom::Start(*at)).map_err(failed)?;
    out.write_all(bytes).map_err(failed)?;
    *at += number(bytes.len());
    bytes.clear();
    Ok(())
}

/// How many addresses of `part` lie in `ranges`.
fn overlap(ranges: &[(u64, u64)], part: &Range<u64>) -> u64 {
    let from = ranges.partition_point(|(start, size)| start.saturating_add(*size) <= part.start);
    let inside = ranges.get(from..).unwrap_or(&[]).iter().take_while(|(start, _)| *start < part.end);
    inside.map(|(start, size)| start.saturating_add(*size).min(part.end) - (*start).max(part.start)).sum()
}

/// Packs all pages of `buffer`, on as many threads as there are processors.
fn pack(buffer: &[u8], block: usize, start: u64, gaps: &[Range<u64>]) -> Vec<Packed> {
    let pages = buffer.len() / block.max(1);
    let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get).min(pages.div_ceil(64)).max(1);
    let share = pages.div_ceil(threads).max(1);
    let mut out: Vec<Packed> = std::iter::repeat_with(|| Packed::Missing).take(pages).collect();
    std::thread::scope(|scope| {
        let mut at = start;
        for (from, to) in buffer.chunks(share * block).zip(out.chunks_mut(share)) {
            let here = at;
            at = at.saturating_add(number(from.len()));
            scope.spawn(move || pack_some(from, block, here, gaps, to));
        }
    });
    out
}

fn pack_some(buffer: &[u8], block: usize, start: u64, gaps: &[Range<u64>], out: &mut [Packed]) {
    let mut deflate = Compress::new(Compression::fast(), true);
    let mut at = start;
    for (page, out) in buffer.chunks_exact(block.max(1)).zip(out) {
        let range = at..at.saturating_add(number(block));
        at = range.end;
        *out = if gaps.iter().any(|g| g.start <= range.start && range.end <= g.end) {
            Packed::Missing
        } else if is_zero(page) {
            Packed::Zero
        } else {
            deflate.reset();
            // One byte less than the page: what does not shrink is stored as it is.
            let mut packed = Vec::with_capacity(block - 1);
            match deflate.compress_vec(page, &mut packed, FlushCompress::Finish) {
                Ok(Status::StreamEnd) if packed.len() < block => Packed::Zlib(packed),
                _ => Packed::Raw,
            }
        };
    }
}
