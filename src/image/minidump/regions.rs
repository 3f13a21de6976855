//! The address space: what the dumper's list says of it, or what follows from modules and memory.

use super::header::{Dump, MEMORY_INFO_LIST, Stream};
use super::memory::{self, DumpMemory};
use super::virt;
use crate::engine::to_u64;
use crate::image::detect::Parsed;
use crate::image::process::{ModuleImage, RegionImage};
use memsh_plugin::umem;

/// No process has more; what a hostile file claims beyond is not kept.
const MOST: u64 = 1 << 20;
/// Bytes of modules' names in all regions: many small regions may lie in one module with a long name.
const MOST_NAMES: usize = 16 << 20;
/// `MINIDUMP_MEMORY_INFO`.
const INFO: u64 = 48;

const MEM_COMMIT: u32 = 0x1000;
const MEM_FREE: u32 = 0x1_0000;
const MEM_PRIVATE: u32 = 0x2_0000;
const MEM_MAPPED: u32 = 0x4_0000;
const MEM_IMAGE: u32 = 0x100_0000;
const PAGE_GUARD: u32 = 0x100;

/// An address that says what the region is in which it lies.
pub(super) struct Landmark {
    pub(super) at: u64,
    pub(super) kind: &'static str,
}

fn start(r: &RegionImage) -> u64 {
    to_u64(r.start.value()).unwrap_or(u64::MAX)
}

fn last(r: &RegionImage) -> u64 {
    to_u64(r.start.saturating_add(r.size.saturating_sub(1)).value()).unwrap_or(u64::MAX)
}

/// `MemoryInfoList`: every region but the free ones.
pub(super) fn listed(dump: &Dump<'_>, wide: bool, parsed: &mut Parsed) -> Option<Vec<RegionImage>> {
    let s = dump.stream(MEMORY_INFO_LIST, &mut parsed.warnings)?;
    let rows = s.sized(INFO, true, MOST, &mut parsed.warnings)?;
    Some(rows.offsets().filter_map(|at| region(&s, at, wide)).collect())
}

fn region(s: &Stream<'_>, at: u64, wide: bool) -> Option<RegionImage> {
    let (start, size) = (memory::address(s.f.u64(at)?, wide), s.f.u64(at + 24)?);
    let (state, protect, kind) = (s.f.u32(at + 32)?, s.f.u32(at + 36)?, s.f.u32(at + 40)?);
    if state & MEM_FREE != 0 || size == 0 {
        return None;
    }
    // A reserved region, and a guard page, let nobody in.
    let access = if state & MEM_COMMIT == 0 || protect & PAGE_GUARD != 0 { 0 } else { protect & 0xff };
    // PAGE_READONLY, READWRITE, WRITECOPY; from 0x10 on the same with execution, and PAGE_EXECUTE alone.
    let kind = match kind {
        _ if state & MEM_COMMIT == 0 => "reserved",
        _ if protect & PAGE_GUARD != 0 => "guard",
        MEM_IMAGE => "image",
        MEM_MAPPED => "mapped",
        MEM_PRIVATE => "private",
        _ => "unknown",
    };
    Some(RegionImage {
        start: virt(start),
        size: umem::from(size.min((u64::MAX - start).saturating_add(1))),
        read: access & 0xee != 0,
        write: access & 0xcc != 0,
        execute: access & 0xf0 != 0,
        kind: kind.to_owned(),
        ..RegionImage::default()
    })
}

/// Regions in order and without overlap, with what is known of each beside the list.
pub(super) fn complete(
    listed: Option<Vec<RegionImage>>,
    modules: &[ModuleImage],
    memory: &DumpMemory<'_>,
    landmarks: &[Landmark],
    full: bool,
    parsed: &mut Parsed,
) -> Vec<RegionImage> {
    let told = listed.is_some();
    let mut regions = listed.unwrap_or_default();
    // Without a list, a module is there as a whole: which of its parts may be written to is not known.
    if !told {
        regions.extend(modules.iter().filter(|m| m.size > 0).map(|m| RegionImage {
            start: m.base,
            size: m.size,
            read: true,
            kind: "image".to_owned(),
            ..RegionImage::default()
        }));
        parsed.detail("regions", "by modules and memory: the dump has no list of regions, so protection is not known");
    }
    let overlaps = in_order(&mut regions);
    if overlaps > 0 {
        let of = if told { "regions" } else { "modules" };
        parsed.warnings.push(format!("{overlaps} {of} overlap with others: of each two, the one that begins first counts"));
    }
    let gaps = gaps(&regions, memory, full);
    regions.extend(gaps);
    regions.sort_by_key(|r| r.start);

    let mut sorted: Vec<&ModuleImage> = modules.iter().collect();
    sorted.sort_by_key(|m| m.base);
    let module = |at: u64| {
        let m = sorted.get(sorted.partition_point(|m| m.base <= virt(at)).checked_sub(1)?)?;
        (virt(at).value() - m.base.value() < m.size).then_some(*m)
    };
    let mut names = MOST_NAMES;
    for r in &mut regions {
        if r.path.is_none() && matches!(r.kind.as_str(), "image" | "unknown" | "mapped" | "reserved") {
            r.path = module(start(r)).map(|m| m.path.clone()).filter(|p| !p.is_empty() && p.len() <= names);
            names -= r.path.as_ref().map_or(0, Vec::len);
        }
    }
    for l in landmarks {
        let i = regions.partition_point(|r| start(r) <= l.at);
        if let Some(r) = i.checked_sub(1).and_then(|i| regions.get_mut(i)).filter(|r| last(r) >= l.at)
            && matches!(r.kind.as_str(), "private" | "unknown" | "anonymous")
        {
            r.kind = l.kind.to_owned();
        }
    }
    regions
}

/// Sorts, and cuts what a region before has already; how many were cut.
fn in_order(regions: &mut Vec<RegionImage>) -> usize {
    regions.sort_by_key(|r| r.start);
    let (mut cut, mut end) = (0, None::<u64>);
    regions.retain_mut(|r| {
        if let Some(covered) = end.filter(|&e| start(r) <= e) {
            cut += 1;
            if last(r) <= covered {
                return false;
            }
            let skip = umem::from(covered - start(r)) + 1;
            r.start = r.start.saturating_add(skip);
            r.size -= skip;
        }
        end = Some(last(r));
        true
    });
    cut
}

/// Memory that no region has.
fn gaps(regions: &[RegionImage], memory: &DumpMemory<'_>, full: bool) -> Vec<RegionImage> {
    let mut out: Vec<RegionImage> = Vec::new();
    let mut add = |from: u64, to: u64| {
        // The list of selected memory may have one region in pieces; that of all memory has a range for each region.
        match out.last_mut() {
            Some(l) if !full && last(l).checked_add(1) == Some(from) => l.size += umem::from(to - from) + 1,
            _ => out.push(RegionImage {
                start: virt(from),
                size: umem::from(to - from) + 1,
                read: true,
                kind: "unknown".to_owned(),
                ..RegionImage::default()
            }),
        }
    };
    for p in memory.pieces() {
        let mut at = Some(p.start);
        let from = regions.partition_point(|r| last(r) < p.start);
        for r in regions.iter().skip(from).take_while(|r| start(r) <= p.last()) {
            if let Some(a) = at.filter(|&a| a < start(r)) {
                add(a, start(r) - 1);
            }
            at = last(r).checked_add(1);
        }
        if let Some(a) = at.filter(|&a| a <= p.last()) {
            add(a, p.last());
        }
    }
    out
}
