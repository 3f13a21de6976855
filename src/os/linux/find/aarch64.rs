//! The kernel's image and page tables on AArch64.
//!
//! The upper half has a root of its own, `swapper_pg_dir`. Below it lie the direct map and, in the other half of the addresses that are
//! translated, modules, the image and `vmalloc` (Documentation/arch/arm64/memory.rst). KASLR moves the image among them and its
//! physical place independently, so the image is known by being code in one piece, with a banner in it.
//!
//! RAM begins at another address on every board. The tables hold physical addresses, so they tell where a raw image begins.

mod base;
mod begin;
mod roots;

use super::effort::Effort;
use super::image::KernelImage;
use super::machine::{Found, Machine, Missing, Search, phys, virt, with_image};
use super::rambase;
use super::sparse::Place;
use super::told::Told;
use super::trace::Trace;
use crate::arch::{Arch, Paging};
use crate::engine::{AddressSpace, Memory, PageRun, Software, SwapEntry, to_u64};
use crate::os::Hints;
use crate::symbols::{Symbols, Types, VmcoreInfo};
use base::Beginnings;
use memsh_plugin::{Perm, PhysAddr, VirtAddr, umem};
use roots::{Candidate, Head};
use std::ops::ControlFlow;

const STEP: &str = "page-table root";
/// The code of a kernel is one mapping and larger than this; that of a module or a BPF program is smaller.
const CODE: umem = 1 << 20;
/// No image is larger.
const LARGEST: umem = 256 << 20;
/// So many mappings of code that size are looked into.
const TRIES: usize = 16;
/// What a kernel maps beside the direct map, page by page, are no more runs than this.
const RUNS: usize = 1 << 21;
/// A kernel for 52 bits on a processor with 48 uses the end of its root table, which is made for 52: 64 KiB pages, `TTBR1_BADDR_4852_OFFSET`
/// (arch/arm64/include/asm/pgtable-hwdef.h).
const END_OF_52: u64 = (1024 - 64) * 8;

/// 64-bit ARM.
pub(super) struct AArch64;

/// Every format: size of a page, bits of an address. The most frequent first.
const FORMATS: &[(u64, u64, Paging)] = &[
    (4 << 10, 48, Paging::AArch64K4B48),
    (4 << 10, 39, Paging::AArch64K4B39),
    (4 << 10, 52, Paging::AArch64K4B52),
    (64 << 10, 48, Paging::AArch64K64B48),
    (64 << 10, 52, Paging::AArch64K64B52),
    (64 << 10, 42, Paging::AArch64K64B42),
    (16 << 10, 47, Paging::AArch64K16B47),
    (16 << 10, 48, Paging::AArch64K16B48),
    (16 << 10, 52, Paging::AArch64K16B52),
    (16 << 10, 36, Paging::AArch64K16B36),
];

/// The formats that VMCOREINFO leaves (arch/arm64/kernel/vmcore_info.c). `VA_BITS` is what the kernel was built for, `TCR_EL1_T1SZ` (5.9)
/// what it uses.
fn pagings(info: Option<&VmcoreInfo>) -> Vec<Paging> {
    let number = |name: &str| info.and_then(|i| i.number(name)).and_then(|n| u64::try_from(n).ok());
    let page = info.and_then(VmcoreInfo::page_size);
    let used = number("TCR_EL1_T1SZ").and_then(|n| 64u64.checked_sub(n));
    let built = number("VA_BITS");
    let fits = |&&(size, bits, _): &&(u64, u64, Paging)| {
        let by_bits = match (used, built) {
            (Some(used), _) => used == bits,
            // A processor may have less than the kernel was built for.
            (None, Some(52)) => matches!(bits, 52 | 48 | 47),
            (None, Some(built)) => built == bits,
            (None, None) => true,
        };
        by_bits && page.is_none_or(|p| p == size)
    };
    FORMATS.iter().filter(fits).map(|&(.., paging)| paging).collect()
}

/// Where the image may lie: since 5.4 above the direct map, before below it.
fn windows(paging: Paging, hints: &Hints, info: Option<&VmcoreInfo>) -> Vec<(VirtAddr, VirtAddr)> {
    let last = virt(u64::MAX);
    if let Some(base) = hints.kernel_base {
        return vec![(base, last)];
    }
    if let Some(text) = info.and_then(|i| i.symbol("_stext")) {
        return vec![(text.align_down(2 << 20), text.saturating_add(LARGEST))];
    }
    let bits = paging.format().va_bits;
    // The half in which modules, image and vmalloc lie is that of the smallest size that the kernel can fall back to (VA_BITS_MIN).
    let least = if paging == Paging::AArch64K16B52 { 47 } else { bits.min(48) };
    let newer = virt(u64::MAX << (least - 1));
    let older = (virt(u64::MAX << bits), virt((u64::MAX << (bits - 1)) - 1));
    vec![(newer, last), older]
}

/// The kernel's image: the pieces at one distance around a large mapping of the kernel's code.
fn image(space: &AddressSpace, (first, last): (VirtAddr, VirtAddr), effort: &Effort) -> Vec<KernelImage> {
    let mut code: Vec<PageRun> = Vec::new();
    let mut seen = 0usize;
    let runs = &mut |runs: &[PageRun]| {
        seen = seen.saturating_add(runs.len());
        code.extend(runs.iter().filter(|r| r.size >= CODE && r.perm.has(Perm::EXECUTE) && !r.perm.has(Perm::USER)));
        if code.len() >= TRIES || seen > RUNS { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    effort.tables(space.runs_within(effort.tables_of_one(), first, last, runs).tables);
    code.sort_by_key(|r| std::cmp::Reverse(r.size));
    let mut out: Vec<KernelImage> = Vec::new();
    for r in &code {
        // Several pieces of code may be one image's.
        if out.iter().any(|i| i.phys_of(r.virt) == r.phys && r.virt.value().wrapping_sub(i.virt.value()) < i.size) {
            continue;
        }
        let distance = r.phys.value().wrapping_sub(r.virt.value());
        let (mut from, mut end) = (r.virt, r.virt.saturating_add(r.size));
        let near = (VirtAddr::new(from.value().saturating_sub(LARGEST)), end.saturating_add(LARGEST));
        let sink = &mut |runs: &[PageRun]| {
            for r in runs.iter().filter(|r| r.phys.value().wrapping_sub(r.virt.value()) == distance) {
                (from, end) = (from.min(r.virt), end.max(r.virt.saturating_add(r.size)));
            }
            ControlFlow::Continue(())
        };
        effort.tables(space.runs_within(effort.tables_of_one(), near.0, near.1, sink).tables);
        let phys = PhysAddr::new(from.value().wrapping_add(distance));
        out.push(KernelImage { virt: from, phys, size: end.value() - from.value() });
    }
    out
}

/// The kernel that the table at `root` maps in one of `windows`, where its image may be one such (`fits`).
fn kernel(
    memory: &Memory,
    paging: Paging,
    root: PhysAddr,
    windows: &[(VirtAddr, VirtAddr)],
    effort: &Effort,
    fits: &dyn Fn(&KernelImage) -> bool,
) -> Result<(Found, String), Missing> {
    let space = AddressSpace::new(memory.clone(), paging, root).with_software(Software::LinuxAArch64(SwapEntry::Area6));
    let mut missing = Missing::Image;
    effort.root();
    for window in windows {
        for image in image(&space, *window, effort).into_iter().filter(fits) {
            if effort.is_over() {
                return Err(missing);
            }
            effort.bytes(image.size.min(LARGEST));
            match with_image(space.clone(), image) {
                Ok((mut found, detail)) => {
                    let empty = empty_table(&found);
                    found.space = found.space.with_root(empty.unwrap_or(root));
                    return Ok((found, detail));
                }
                Err(why) => missing = why,
            }
        }
    }
    Err(missing)
}

/// The table that the kernel itself has for the lower half: one without an entry, `reserved_pg_dir` (before, `empty_zero_page`), beside its
/// own. Any page of zeros in the image is as good.
fn empty_table(found: &Found) -> Option<PhysAddr> {
    /// So many pages on either side of the root are looked at before all of the image is.
    const NEAR: u64 = 8;
    let (memory, page) = (found.space.memory(), found.space.format().page_size());
    let first = to_u64(found.image.phys.value())?.next_multiple_of(page);
    let end = to_u64(found.image.phys.value())?.checked_add(to_u64(found.image.size.min(LARGEST))?)?;
    let own = to_u64(found.space.upper_root().value())? / page;
    let near = (1..=NEAR).flat_map(|n| [own.checked_sub(n), own.checked_add(n)]).flatten().filter_map(|n| n.checked_mul(page));
    let all = (first..end).step_by(usize::try_from(page).ok()?);
    let mut table = vec![0; usize::try_from(page).ok()?];
    let mut empty = |at: &u64| {
        let inside = *at >= first && at.saturating_add(page) <= end;
        // What is missing from the image is no page of zeros.
        inside && memory.read(phys(*at), &mut table).is_ok() && table.iter().all(|&b| b == 0)
    };
    near.into_iter().chain(all).find(|at| empty(at)).map(phys)
}

/// Where boards have memory.
const BOARDS: [u64; 3] = [0x4000_0000, 0x8000_0000, 0];

/// `swapper_pg_dir`: its virtual and its physical address, as VMCOREINFO has them.
fn swapper(info: &VmcoreInfo) -> Option<(VirtAddr, PhysAddr)> {
    let at = info.symbol("swapper_pg_dir")?;
    let offset = u64::try_from(info.number("kimage_voffset")?).ok()?;
    Some((at, phys(to_u64(at.value())?.wrapping_sub(offset))))
}

/// The root itself, and where the part for 48 bits of a root for 52 would begin.
fn parts(root: PhysAddr, paging: Paging) -> impl Iterator<Item = PhysAddr> {
    let end = (paging == Paging::AArch64K64B48).then(|| root.saturating_add(umem::from(END_OF_52)));
    std::iter::once(root).chain(end)
}

impl AArch64 {
    /// The first of `roots` that maps a kernel; with where memory begins, if it must be moved for that.
    fn first(search: &Search<'_>, roots: &[PhysAddr], what: &str) -> Result<(Found, String), String> {
        let mut unnamed = 0;
        let effort = Effort::new();
        for paging in pagings(search.info) {
            let windows = windows(paging, search.hints, search.info);
            for root in roots.iter().flat_map(|r| parts(*r, paging)) {
                if search.hints.interrupted() {
                    return Err("interrupted".to_owned());
                }
                match kernel(search.memory, paging, root, &windows, &effort, &|_| true) {
                    Ok(found) => return Ok(found),
                    Err(Missing::Image) => {}
                    Err(Missing::Banner) => unnamed += 1,
                }
            }
        }
        Err(match unnamed {
            0 => format!("{what} does not map a kernel image"),
            n => format!("{what} maps something like a kernel image ({n} times), without a Linux banner"),
        })
    }

    /// The same where it is not known, or not sure, where memory begins.
    fn first_moved(search: &Search<'_>, roots: &[PhysAddr], trace: &mut Trace) -> Option<Found> {
        let hints = search.hints;
        if !hints.movable && !hints.placed {
            return None;
        }
        let mut advice = None;
        let found = trace.attempt("where memory begins", "its page tables, which hold physical addresses", || {
            let at = search.info.and_then(swapper).map(|(at, _)| at);
            for &root in roots {
                for paging in pagings(search.info) {
                    let windows = windows(paging, hints, search.info);
                    for root in parts(root, paging) {
                        let place = base::Place { root, itself: at };
                        if let Some((base, found)) = base::of_root(search, paging, place, &windows) {
                            return settled(search, base, found, &mut advice);
                        }
                    }
                }
            }
            Err("nowhere does it map a kernel".to_owned())
        });
        trace.advice = advice.or(trace.advice.take());
        found
    }
}

/// What to make of a kernel that is found when memory begins at `base`: it is taken where that may be so, else it is told.
fn settled(
    search: &Search<'_>,
    base: PhysAddr,
    (mut found, detail): (Found, String),
    advice: &mut Option<String>,
) -> Result<(Found, String), String> {
    if base == roots::start(search) {
        return Ok((found, detail));
    }
    if search.hints.movable {
        found.moved = Some(base);
        return Ok((found, format!("{base}; {detail}")));
    }
    *advice = Some(format!("the kernel's page tables say that this image begins at {base}: --base {base}"));
    Err(format!("at {base}, which is not what --base says"))
}

/// Where memory begins, and the kernel that is in it then, with what to say of it.
type Based = (PhysAddr, (Found, String));

/// The kernel that one of the tables in memory maps, or of those in `parts` of it where they are given, one part after the other, and then
/// the kernel's image begins at one of `heads`; those inside of the images of `heads` first. With where memory begins then, of which
/// likely places are tried or `all`.
fn by_tables(
    search: &Search<'_>,
    heads: &[Head],
    parts: &[(PhysAddr, umem)],
    (effort, all): (&Effort, bool),
) -> Result<Option<Based>, String> {
    let opened = to_u64(roots::start(search).value()).unwrap_or(0);
    // A table below the root looks like the root of a smaller format: larger ones first.
    let mut larger_first = pagings(search.info);
    larger_first.sort_by_key(|p| std::cmp::Reverse(p.format().va_bits));
    let sized = |page: u64| heads.iter().any(|h| h.page_size == Some(page));
    let told = heads.iter().any(|h| h.page_size.is_some());
    larger_first.retain(|p| !told || sized(p.format().page_size()));
    let formats: Vec<_> = larger_first.into_iter().map(|p| (p, windows(p, search.hints, None))).collect();
    let here = |i: &KernelImage| parts.is_empty() || heads.iter().any(|h| base::begins(h, i, (opened, opened)));
    let kernel_of = |candidate: &Candidate, (paging, windows): &(Paging, Vec<_>), which| {
        // Where it lies now, it must point into memory.
        if which == Beginnings::Likely
            && search.memory.contains(phys(candidate.low), 8)
            && search.memory.contains(phys(candidate.high), 8)
            && let Ok(found) = kernel(search.memory, *paging, candidate.root, windows, effort, &here)
        {
            return Some((roots::start(search), found));
        }
        if !(search.hints.movable || search.hints.placed) {
            return None;
        }
        base::of_table(search, *paging, (candidate, which), heads, windows, effort)
    };
    let first_kernel = |seen: &[(usize, Vec<Candidate>)], which| {
        for (n, candidates) in seen {
            let Some(format) = formats.get(*n) else { continue };
            for candidate in candidates {
                if search.hints.interrupted() {
                    return Err("interrupted".to_owned());
                }
                if effort.is_over() {
                    return Ok(None);
                }
                if let Some(found) = kernel_of(candidate, format, which) {
                    return Ok(Some(found));
                }
            }
        }
        Ok(None)
    };
    let mut seen: Vec<(usize, Vec<Candidate>)> = Vec::new();
    let whole = [None];
    let parts = parts.iter().copied().map(Some).chain(whole.into_iter().filter(|_| parts.is_empty()));
    for part in parts {
        let before = seen.len();
        for (n, format) in formats.iter().enumerate() {
            effort.bytes(part.map_or(0, |p| p.1));
            seen.push((n, roots::candidates(search, format.0, heads, part)));
        }
        let found = first_kernel(seen.get(before..).unwrap_or_default(), Beginnings::Likely)?;
        if found.is_some() || effort.is_over() {
            return Ok(found);
        }
    }
    if !all {
        return Ok(None);
    }
    // The others by format again.
    seen.sort_by_key(|(n, _)| *n);
    first_kernel(&seen, Beginnings::Others)
}

impl Machine for AArch64 {
    fn archs(&self) -> &'static [Arch] {
        &[Arch::AArch64]
    }

    fn wrote(&self, info: &VmcoreInfo) -> bool {
        // Of all architectures only this one names it (arch/arm64/kernel/vmcore_info.c).
        info.number("kimage_voffset").is_some()
    }

    fn quick(&self, search: &Search<'_>, trace: &mut Trace) -> Option<Found> {
        let hints = search.hints;
        if let Some(dtb) = hints.dtb {
            // The user said so: nothing else is tried.
            let here = trace.attempt(STEP, "--dtb", || Self::first(search, &[dtb], "the root given"));
            return here.or_else(|| Self::first_moved(search, &[dtb], trace));
        }
        if let Some(found) = search.remembered(self.archs(), trace) {
            return Some(found);
        }
        if let Some((_, root)) = search.info.and_then(swapper) {
            let how = "VMCOREINFO (kimage_voffset, swapper_pg_dir)";
            let here = trace.attempt(STEP, how, || match search.memory.contains(root, 64) {
                true => Self::first(search, &[root], "the root it names"),
                false => Err(format!("the root it names, {root}, is not in the image")),
            });
            if let Some(found) = here.or_else(|| Self::first_moved(search, &[root], trace)) {
                return Some(found);
            }
        }
        let recorded = hints.cpus.iter().filter_map(|c| c.root_upper);
        let mut registers: Vec<PhysAddr> =
            recorded.flat_map(|r| pagings(search.info).into_iter().map(move |p| phys(p.format().root_of_register(r)))).collect();
        registers.sort_unstable();
        registers.dedup();
        if registers.is_empty() {
            return None;
        }
        let here =
            trace.attempt(STEP, "TTBR1 of the recorded processors", || Self::first(search, &registers, "what TTBR1 holds"));
        here.or_else(|| Self::first_moved(search, &registers, trace))
    }

    fn at_place(&self, place: &Place<'_>, advice: &mut Option<String>) -> Option<(Found, String)> {
        let (heads, extent) = begin::heads(place)?;
        let parts = begin::parts(place, &heads, extent);
        let found = by_tables(place.search, &heads, &parts, (place.effort, place.thoroughly)).ok()?;
        place.again.set(place.again.get() || !place.thoroughly && found.is_none());
        let (base, found) = found?;
        settled(place.search, base, found, advice).ok()
    }

    fn thorough(&self, search: &Search<'_>, trace: &mut Trace) -> Option<Found> {
        if search.hints.dtb.is_some() {
            return None;
        }
        let mut advice = None;
        let found = trace.attempt(STEP, "AArch64: pass over all of memory", || {
            let heads = roots::heads(search);
            // A kernel's image begins with the header, though some kernels free that memory (6.1); without one only who knows better has
            // tables tried.
            if heads.is_empty() && search.hints.arch.is_none() && search.hints.machine.is_none() {
                return Err(
                    "no image with the header ARM\\x64 is in memory; --arch aarch64 tries what could be tables".to_owned()
                );
            }
            let effort = Effort::new();
            if let Some((base, found)) = by_tables(search, &heads, &[], (&effort, true))? {
                return settled(search, base, found, &mut advice);
            }
            if effort.is_over() {
                return Err("too many tables in it could be a root; none of those that were tried maps a Linux kernel".to_owned());
            }
            Err("no table in it maps a Linux kernel".to_owned())
        });
        trace.advice = advice.or(trace.advice.take());
        found
    }

    fn own_root(&self, found: &mut Found, symbols: &dyn Symbols, info: Option<&VmcoreInfo>) -> Option<Result<String, String>> {
        let own = symbols.address("swapper_pg_dir").or_else(|| info?.symbol("swapper_pg_dir"))?;
        let table = found.image.phys_of(own);
        // A table below the root looks like the root of a smaller format: only the own root tells which it is.
        let size = found.space.format().page_size();
        let others = FORMATS.iter().filter(|f| f.0 == size && f.2 != found.space.paging()).map(|f| f.2);
        for paging in std::iter::once(found.space.paging()).chain(others) {
            for root in parts(table, paging) {
                let space = found.space.with_roots(paging, found.space.root(), root);
                if let Some(how) = found.image.proves(&space, own) {
                    found.space = space;
                    return Some(Ok(format!("{root}{how}")));
                }
            }
        }
        if found.space.upper_root() == table && found.image.is_unmapped(&found.space) {
            return Some(Ok(format!("{table}, as it was found; the tables that would prove it are not in the image")));
        }
        Some(Err(format!("the table at {own} does not map itself")))
    }

    fn told(&self, search: &Search<'_>) -> Option<Told> {
        let info = search.info?;
        let (at, root) = swapper(info)?;
        let distance = root.value().wrapping_sub(at.value());
        let mut bases = vec![rambase::begin(search.memory)];
        if search.hints.movable || search.hints.placed {
            // Memory begins where the direct map does, but for KASLR, which may begin that below.
            let start = info.number("PHYS_OFFSET").and_then(|n| u64::try_from(n).ok());
            bases.extend(start.into_iter().chain(BOARDS));
        }
        Some(Told { root, pagings: pagings(search.info), distance, bases })
    }

    fn settle(&self, mut found: Found) -> Found {
        found.space = found.space.with_software(Software::LinuxAArch64(SwapEntry::Area6));
        if let Some(empty) = empty_table(&found) {
            found.space = found.space.with_root(empty);
        }
        found
    }

    fn bounds(&self, found: &Found, symbols: &dyn Symbols) -> Vec<(&'static str, VirtAddr)> {
        bounds(found, symbols).unwrap_or_default()
    }

    fn software(&self, found: &Found, symbols: &dyn Symbols, types: &dyn Types) -> Option<Software> {
        Some(Software::LinuxAArch64(swap_entry(found, symbols, types)))
    }
}

/// Where the image begins and ends, and its code, as the tables say: that is one mapping, from `_stext` to `_etext` (arch/arm64/mm/mmu.c).
///
/// The image begins at a multiple of 2 MiB with, until 5.8, `TEXT_OFFSET` added to it; its header takes a page or a segment of 64 KiB
/// before the code (arch/arm64/kernel/vmlinux.lds.S). The header itself may be overwritten, because 6.1 and others free that memory.
fn bounds(found: &Found, symbols: &dyn Symbols) -> Option<Vec<(&'static str, VirtAddr)>> {
    const ALIGN: umem = 2 << 20;
    let stext = symbols.address("_stext")?;
    let mut out = Vec::new();
    let mut code = None;
    found.space.runs(stext, stext.saturating_add(LARGEST), &mut |runs| {
        code = runs.first().filter(|r| r.virt == stext && r.perm.has(Perm::EXECUTE)).map(|r| r.virt.saturating_add(r.size));
        ControlFlow::Break(())
    });
    out.extend(code.map(|end| ("_etext", end)));
    let header: Option<umem> = match stext.offset_in(ALIGN) {
        0x1000 | 0x8_1000 => Some(0x1000),
        0x1_0000 | 0x9_0000 => Some(0x1_0000),
        _ => None,
    };
    out.extend(header.and_then(|size| stext.checked_sub(size)).map(|text| ("_text", text)));
    out.push(("_end", found.image.virt.saturating_add(found.image.size)));
    Some(out)
}

/// How this kernel writes swap entries. What it would write for a page without access tells old from new; where its data have no symbols,
/// the version does. The bit for exclusive pages came with the flag of that name.
fn swap_entry(found: &Found, symbols: &dyn Symbols, types: &dyn Types) -> SwapEntry {
    /// `PTE_PROT_NONE` before 6.10.
    const PROT_NONE: u64 = 1 << 58;
    let none = symbols.address("protection_map").and_then(|at| found.space.read_u64(at).ok()).filter(|e| *e != 0);
    let newer = match none {
        Some(entry) => entry & PROT_NONE == 0,
        None => version(&found.banner).is_none_or(|v| v >= (6, 10)),
    };
    let exclusive = crate::os::linux::base::enums::has(types, "pageflags", "PG_anon_exclusive");
    match (newer, exclusive) {
        (true, _) => SwapEntry::Area6,
        (false, Some(true)) => SwapEntry::Area3,
        (false, Some(false)) => SwapEntry::Area2,
        (false, None) if version(&found.banner).is_none_or(|v| v >= (5, 19)) => SwapEntry::Area3,
        (false, None) => SwapEntry::Area2,
    }
}

/// Major and minor number of the kernel with this banner.
fn version(banner: &str) -> Option<(u32, u32)> {
    let release = banner.strip_prefix("Linux version ")?;
    let mut numbers = release.split(|c: char| !c.is_ascii_digit()).map(str::parse::<u32>);
    Some((numbers.next()?.ok()?, numbers.next()?.ok()?))
}

#[cfg(test)]
mod tests;
