//! The kernel's image and page tables on 64-bit RISC-V.
//!
//! Since 5.13 the image is mapped in the last 2 GiB of the address space, apart from the linear map (arch/riscv/include/asm/page.h,
//! `KERNEL_LINK_ADDR`; Documentation/arch/riscv/vm-layout.rst); KASLR moves it inside one gigabyte there. Before, it lay at the start
//! of the linear map. Where RAM begins is up to the board, and no raw image says it: VMCOREINFO does (`phys_ram_base`), or the
//! tables do, which name the same pages by their addresses that the file has at its offsets.

use super::machine::{Found, GROUPS, Machine, Search, phys, virt};
use super::rambase::{self, Shape};
use super::sparse::Place;
use super::sweep::sweep_in;
use super::told::Told;
use super::trace::Trace;
use crate::arch::{Arch, Paging};
use crate::engine::{to_u64, to_umem};
use crate::os::Hints;
use crate::symbols::{Symbols, VmcoreInfo};
use memsh_plugin::{PhysAddr, VirtAddr, umem};

/// `KERNEL_LINK_ADDR` (`ADDRESS_SPACE_END - SZ_2G + 1`).
const LINK: u64 = 0xffff_ffff_8000_0000;
/// `PAGE_OFFSET` of kernels before 5.13, which know Sv39 only; the image begins within the first megabytes.
const OLD_LINEAR: u64 = 0xffff_ffe0_0000_0000;
const OLD_LAST: u64 = OLD_LINEAR + (256 << 20) - 1;
/// The firmware takes the first 2 MiB, the kernel what follows.
const FIRMWARE: u64 = 2 << 20;
/// `satp.MODE` (Privileged Specification, "Supervisor Address Translation and Protection Register").
const MODE_SHIFT: u32 = 60;
/// Where boards have their RAM: QEMU's virt, SiFive and Microchip; StarFive JH7110 and Allwinner D1; T-Head and SpacemiT.
const BOARDS: [u64; 4] = [0x8000_0000, 0x4000_0000, 0x8020_0000, 0];

/// An image whose header does not say how large it is, and the largest.
const SIZE: u64 = 64 << 20;
const LARGEST: u64 = 256 << 20;
/// An image is looked through in parts of so many bytes.
const PART: u64 = 1 << 20;
/// So many tables of an image are looked into, with memory beginning at so many places of one roundness.
const TABLES: usize = 256;
const BASES: usize = 1 << 15;

const STEP: &str = "page-table root";

/// 64-bit RISC-V.
pub(super) struct RiscV;

/// The format that `satp` names; none where translation is off, or the value is just an address.
fn mode(satp: u64) -> Option<Paging> {
    match satp >> MODE_SHIFT {
        8 => Some(Paging::Sv39),
        9 => Some(Paging::Sv48),
        10 => Some(Paging::Sv57),
        _ => None,
    }
}

/// The formats to try, the likeliest first.
fn pagings(hints: &Hints, info: Option<&VmcoreInfo>) -> &'static [Paging] {
    let bits = info.and_then(|i| i.number("VA_BITS").or_else(|| i.number("va_bits")));
    let mode = || hints.cpus.iter().filter_map(|c| c.root).find_map(mode);
    match bits {
        Some(39) => &[Paging::Sv39],
        Some(48) => &[Paging::Sv48],
        Some(57) => &[Paging::Sv57],
        _ => match mode() {
            Some(Paging::Sv39) => &[Paging::Sv39],
            Some(Paging::Sv48) => &[Paging::Sv48],
            Some(Paging::Sv57) => &[Paging::Sv57],
            _ => &[Paging::Sv39, Paging::Sv48, Paging::Sv57],
        },
    }
}

/// Where the image may lie.
fn windows(paging: Paging) -> impl Iterator<Item = (VirtAddr, VirtAddr)> {
    let old = (paging == Paging::Sv39).then(|| (virt(OLD_LINEAR), virt(OLD_LAST)));
    std::iter::once((virt(LINK), virt(u64::MAX))).chain(old)
}

/// The first of `roots` that maps a kernel, in a memory that begins at the first of `bases` where it does.
fn first(
    search: &Search<'_>,
    pagings: &[Paging],
    roots: &[PhysAddr],
    bases: &[u64],
    what: &str,
    advice: &mut Option<String>,
) -> Result<(Found, String), String> {
    let mut why = None;
    for &base in bases {
        let memory = rambase::at_base(search.memory, base);
        let placed = Search { memory: &memory, ..*search };
        let there: Vec<PhysAddr> = roots.iter().copied().filter(|&r| memory.contains(r, 8)).collect();
        if there.is_empty() {
            continue;
        }
        for &paging in pagings {
            for window in windows(paging) {
                match placed.first(&[paging], there.iter().copied(), window, what) {
                    Ok((found, detail)) => return rambase::settled(search, base, (found.of_its_version(), detail), advice),
                    Err(e) => why = why.or(Some(e)),
                }
            }
        }
    }
    Err(why.unwrap_or_else(|| rambase::elsewhere(search, what, roots)))
}

/// Where memory may begin: as it was opened where its format says so; else as the kernel says, as opened, as boards have it.
fn bases(search: &Search<'_>) -> Vec<u64> {
    let opened = rambase::begin(search.memory);
    let hints = search.hints;
    let mut out = if hints.movable { Vec::new() } else { vec![opened] };
    if hints.movable || hints.placed {
        for base in search.info.and_then(ram_base).into_iter().chain([opened]).chain(BOARDS) {
            if !out.contains(&base) {
                out.push(base);
            }
        }
    }
    out
}

/// `phys_ram_base`: where RAM begins as the kernel knows it.
fn ram_base(info: &VmcoreInfo) -> Option<u64> {
    unsigned(info, "phys_ram_base")
}

fn unsigned(info: &VmcoreInfo, name: &str) -> Option<u64> {
    let n = info.number(name)?;
    u64::try_from(n).ok().or_else(|| i64::try_from(n).ok().map(i64::cast_unsigned))
}

/// Where `swapper_pg_dir` may lie. `va_kernel_pa_offset` is there since 6.5; before, the image is where firmware loads it.
fn roots(info: &VmcoreInfo) -> Vec<PhysAddr> {
    let Some(root) = info.symbol("swapper_pg_dir").and_then(|r| to_u64(r.value())) else { return Vec::new() };
    if let Some(offset) = unsigned(info, "va_kernel_pa_offset") {
        return vec![phys(root.wrapping_sub(offset))];
    }
    let slide = info.kernel_offset().unwrap_or(0);
    let starts = unsigned(info, "KERNEL_LINK_ADDR").into_iter().chain([LINK, OLD_LINEAR]);
    let distance = starts.map(|s| root.wrapping_sub(s).wrapping_sub(slide)).find(|d| *d < 1 << 30);
    let bases = ram_base(info).into_iter().chain(BOARDS);
    distance.into_iter().flat_map(|d| bases.clone().flat_map(move |b| [b + FIRMWARE + d, b + d])).map(phys).collect()
}

impl Machine for RiscV {
    fn archs(&self) -> &'static [Arch] {
        &[Arch::RiscV64]
    }

    fn wrote(&self, info: &VmcoreInfo) -> bool {
        // arch/riscv/kernel/vmcore_info.c (before 6.9 crash_core.c) alone names these.
        ["phys_ram_base", "va_kernel_pa_offset"].iter().any(|n| info.number(n).is_some())
    }

    fn quick(&self, search: &Search<'_>, trace: &mut Trace) -> Option<Found> {
        let hints = search.hints;
        let pagings = pagings(hints, search.info);
        let bases = bases(search);
        let mut advice = None;
        let mut attempt = |trace: &mut Trace, method: &str, of: &[(&[Paging], Vec<PhysAddr>)], what: &str| {
            let found = trace.attempt(STEP, method, || {
                let mut why = format!("{what} is not told");
                for (pagings, roots) in of {
                    match first(search, pagings, roots, &bases, what, &mut advice) {
                        Ok(found) => return Ok(found),
                        Err(e) => why = e,
                    }
                }
                Err(why)
            });
            trace.advice = advice.take().or(trace.advice.take());
            found
        };
        if let Some(dtb) = hints.dtb {
            // The user said so: nothing else is tried. A whole satp is as good as an address.
            let value = to_u64(dtb.value()).unwrap_or(u64::MAX);
            return match mode(value) {
                Some(p) => {
                    attempt(trace, "RISC-V: --dtb", &[(&[p], vec![phys(p.format().root_of_register(value))])], "the satp given")
                }
                None => attempt(trace, "RISC-V: --dtb", &[(pagings, vec![dtb])], "the root given"),
            };
        }
        if let Some(found) = search.remembered(self.archs(), trace) {
            return Some(found.of_its_version());
        }
        if let Some(info) = search.info.filter(|i| self.wrote(i) || hints.arch == Some(Arch::RiscV64)) {
            let method = "RISC-V: VMCOREINFO (swapper_pg_dir, va_kernel_pa_offset)";
            if let Some(found) = attempt(trace, method, &[(pagings, roots(info))], "the root it names") {
                return Some(found);
            }
        }
        let satp: Vec<(Paging, u64)> = hints.cpus.iter().filter_map(|c| c.root).filter_map(|r| Some((mode(r)?, r))).collect();
        if satp.is_empty() {
            return None;
        }
        let modes: Vec<([Paging; 1], PhysAddr)> =
            satp.iter().map(|(p, satp)| ([*p], phys(p.format().root_of_register(*satp)))).collect();
        let of: Vec<(&[Paging], Vec<PhysAddr>)> = modes.iter().map(|(p, root)| (&p[..], vec![*root])).collect();
        attempt(trace, "RISC-V: satp of the recorded processors", &of, "what satp holds")
    }

    fn at_place(&self, place: &Place<'_>, advice: &mut Option<String>) -> Option<(Found, String)> {
        let size = header(place.page)?;
        let search = place.search;
        let opened = rambase::begin(search.memory);
        let offset = to_u64(place.at.value())?.checked_sub(opened)?;
        place.effort.bytes(umem::from(size));
        // Its root is part of it, and of what is zero when it starts (`__page_aligned_bss`): near its end.
        let mut roots: Vec<u64> = Vec::new();
        let all = || pagings(search.hints, search.info).iter().flat_map(|p| windows(*p).map(move |w| (*p, w)));
        let mut kernel = |roots: &[u64], steps: &[u32]| {
            all().find_map(|(paging, window)| {
                roots.iter().find_map(|&root| {
                    let base = base_of(place, paging, (window.0, root), steps)?;
                    let memory = rambase::at_base(search.memory, base);
                    let moved = Search { memory: &memory, ..*search };
                    let at = phys(base.checked_add(offset)?);
                    let there = Place { search: &moved, at, ..*place };
                    let (found, detail) = there.kernel(&[paging], &[phys(base.checked_add(root)?)], window)?;
                    Some(rambase::settled(search, base, (found.of_its_version(), detail), advice).ok())
                })
            })
        };
        for from in (0..size.div_ceil(PART)).rev().map(|n| n * PART) {
            let begun = roots.len();
            let part = (place.address(from), umem::from((size - from).min(PART)));
            roots.extend(tables(search, part).into_iter().take(TABLES.saturating_sub(begun)));
            if let Some(found) = kernel(roots.get(begun..)?, LIKELY) {
                return found;
            }
        }
        if !place.thoroughly {
            place.again.set(true);
            return None;
        }
        kernel(&roots, OTHERS)?
    }

    fn thorough(&self, search: &Search<'_>, trace: &mut Trace) -> Option<Found> {
        let hints = search.hints;
        if hints.dtb.is_some() {
            return None;
        }
        let opened = rambase::begin(search.memory);
        let here = trace.attempt(STEP, "RISC-V: pass over all of memory", || {
            let mut seen = 0;
            match everywhere(search, opened, &mut seen) {
                Some(found) => Ok(found),
                None => Err(format!("none of {seen} groups of tables that could be roots maps a Linux kernel")),
            }
        });
        if here.is_some() || !(hints.movable || hints.placed) {
            return here;
        }
        let mut advice = None;
        let found = trace.attempt("where memory begins", "RISC-V: its page tables, which hold physical addresses", || {
            // The image's own table: large pages, one behind the other.
            let slots = [index_of(LINK, 30), index_of(OLD_LINEAR, 30)];
            let bases = rambase::bases(search, &SHAPE, &slots);
            for &base in &bases {
                if let Some(found) = everywhere(search, base, &mut 0) {
                    return rambase::settled(search, base, found, &mut advice);
                }
            }
            Err(format!("no place that they speak of fits ({} tried)", bases.len()))
        });
        trace.advice = advice.or(trace.advice.take());
        found
    }

    fn own_root(&self, found: &mut Found, symbols: &dyn Symbols, info: Option<&VmcoreInfo>) -> Option<Result<String, String>> {
        let own = symbols.address("swapper_pg_dir").or_else(|| info?.symbol("swapper_pg_dir"))?;
        Some(found.with_own_root(own))
    }

    fn told(&self, search: &Search<'_>) -> Option<Told> {
        let info = search.info?;
        let distance = umem::from(unsigned(info, "va_kernel_pa_offset")?.wrapping_neg());
        let pagings = pagings(search.hints, search.info).to_vec();
        Some(Told { root: *roots(info).first()?, pagings, distance, bases: bases(search) })
    }

    fn settle(&self, found: Found) -> Found {
        found.of_its_version()
    }
}

/// The tables in a part of memory that could be roots: how far into memory each lies.
fn tables(search: &Search<'_>, part: (PhysAddr, umem)) -> Vec<u64> {
    let parts = sweep_in(search, part, 4096, 0, |chunk| {
        let mut roots = Vec::new();
        rambase::each_page(search, chunk, 4096, &mut |at, page, _| {
            let mut slots = [30, 39, 48].map(|shift| index_of(LINK, shift)).into_iter().chain([index_of(OLD_LINEAR, 30)]);
            roots.extend(slots.any(|slot| is_table(rambase::entry(&SHAPE, page, slot))).then_some(at));
        });
        roots
    });
    parts.into_iter().flatten().collect()
}

/// The kernel that any table maps which could be a root, in a memory that begins at `base`.
fn everywhere(search: &Search<'_>, base: u64, seen: &mut usize) -> Option<(Found, String)> {
    let memory = rambase::at_base(search.memory, base);
    let placed = Search { memory: &memory, ..*search };
    for &paging in pagings(search.hints, search.info) {
        for window in windows(paging) {
            let groups = placed.groups(paging, window.0);
            *seen += groups.len();
            let roots = groups.iter().take(GROUPS).filter_map(|g| g.roots.first().copied());
            if let Ok((found, detail)) = placed.first(&[paging], roots, window, "") {
                return Some((found.of_its_version(), detail));
            }
        }
    }
    None
}

const SHAPE: Shape = Shape { entry_size: 8, address: |e| (e & 0x003f_ffff_ffff_fc00) << 2, page_shift: 21, is_page, is_table };

/// The size in bytes that the header at the beginning of a kernel's image gives, if there is one
/// (Documentation/arch/riscv/boot-image-header.rst).
fn header(page: &[u8]) -> Option<u64> {
    let is = |at: usize, magic: &[u8]| page.get(at..at + magic.len()) == Some(magic);
    let size = u64::from_le_bytes(page.get(16..24)?.try_into().ok()?);
    (is(48, b"RISCV\0\0\0") || is(56, b"RSC\x05")).then_some(if size == 0 { SIZE } else { size.min(LARGEST) })
}

/// What the beginning of memory is a multiple of (log2): the first are tried for all tables before the others are for any, as each try looks
/// at another page of memory, and memory may be far away.
const LIKELY: &[u32] = &[30, 28];
const OTHERS: &[u32] = &[26, 24, 21];

/// Where memory begins, if the table `root` bytes into it leads from `va` on to the image that begins at `place`.
fn base_of(place: &Place<'_>, paging: Paging, (va, root): (VirtAddr, u64), steps: &[u32]) -> Option<u64> {
    let (memory, va) = (place.search.memory, to_u64(va.value())?);
    let opened = rambase::begin(memory);
    let offset = to_u64(place.at.value())?.checked_sub(opened)?;
    let last = memory.ranges().last()?;
    let size = to_u64(last.start.value().checked_add(last.size)?)?.checked_sub(opened)?;
    // Levels down to the table whose entries are large pages of 2 MiB.
    let levels = || paging.format().used_levels().iter().map(|l| l.shift).filter(|shift| *shift >= 30);
    let next = |table: u64, shift: u32| {
        let mut entry = [0; 8];
        let at = opened.checked_add(table)?.checked_add(to_u64(to_umem(index_of(va, shift) * 8))?)?;
        memory.read(phys(at), &mut entry).ok()?;
        let entry = u64::from_le_bytes(entry);
        is_table(entry).then(|| (SHAPE.address)(entry))
    };
    let leads = |base: u64| {
        let table = levels().try_fold(root, |table, shift| next(table, shift)?.checked_sub(base).filter(|o| *o < size))?;
        let mut page = [0; 4096];
        memory.read(phys(opened.checked_add(table)?), &mut page).ok()?;
        (rambase::in_a_row(&SHAPE, &page)? == base.checked_add(offset)?).then_some(base)
    };
    if let Some(base) = leads(opened) {
        return Some(base);
    }
    if !(place.search.hints.movable || place.search.hints.placed) {
        return None;
    }
    // The table that it leads to lies in memory: that leaves few places for the beginning, of which boards have the roundest.
    let table = next(root, levels().next()?)?;
    let first = table.saturating_add(4096).saturating_sub(size);
    let bases = steps.iter().map(|shift| 1u64 << shift).flat_map(|step| {
        let step_by = usize::try_from(step).unwrap_or(usize::MAX);
        (first.next_multiple_of(step)..=table).step_by(step_by).take(BASES)
    });
    let boards = BOARDS.into_iter().filter(|_| steps == LIKELY);
    boards.chain(bases).find_map(|base| {
        place.effort.bytes(1024);
        if place.effort.is_over() { None } else { leads(base) }
    })
}

fn index_of(va: u64, shift: u32) -> usize {
    usize::try_from(va >> shift & 511).unwrap_or(0)
}

const VALID: u64 = 1;
const RWX: u64 = 0b1110;

/// A large page of 2 MiB.
fn is_page(entry: u64) -> bool {
    entry & VALID != 0 && entry & RWX != 0 && entry & 0x7_fc00 == 0 && entry >> 54 == 0
}

fn is_table(entry: u64) -> bool {
    entry & (VALID | RWX | 0xd0) == VALID && entry >> 54 == 0
}

#[cfg(test)]
mod tests {
    #![allow(clippy::useless_conversion, reason = "addresses may be wider than 64 bits")]
    use super::*;

    #[test]
    fn satp_names_its_format() {
        assert_eq!(mode(0xa00a_1000_0008_435e), Some(Paging::Sv57));
        assert_eq!(mode(0x900a_0000_0008_4311), Some(Paging::Sv48));
        assert_eq!(mode(0x800a_3000_0008_4316), Some(Paging::Sv39));
        assert_eq!(mode(0x8432_6000), None);
        assert_eq!(Paging::Sv57.format().root_of_register(0xa00a_1000_0008_435e), 0x8435_e000);
    }

    #[test]
    fn vmcoreinfo_tells_root_and_base() {
        let info = VmcoreInfo::parse(
            b"OSRELEASE=6.12.1\nPAGESIZE=4096\nSYMBOL(swapper_pg_dir)=ffffffff81dca000\nNUMBER(phys_ram_base)=2147483648\n\
              NUMBER(VA_BITS)=57\nNUMBER(KERNEL_LINK_ADDR)=0xffffffff80000000\nNUMBER(va_kernel_pa_offset)=0xfffffffeffe00000\n",
        );
        assert!(RiscV.wrote(&info));
        assert_eq!(roots(&info), [phys(0x81fc_a000)]);
        assert_eq!(ram_base(&info), Some(0x8000_0000));
        assert_eq!(pagings(&Hints::default(), Some(&info)), [Paging::Sv57]);
    }

    #[test]
    fn older_vmcoreinfo_leaves_the_place_to_firmware() {
        let info = VmcoreInfo::parse(
            b"OSRELEASE=6.1.0\nSYMBOL(swapper_pg_dir)=ffffffff8199f000\nNUMBER(VA_BITS)=48\nNUMBER(phys_ram_base)=2147483648\n\
              NUMBER(KERNEL_LINK_ADDR)=0xffffffff80000000\n",
        );
        assert_eq!(roots(&info).first(), Some(&phys(0x8000_0000 + 0x20_0000 + 0x199_f000)));
    }

    #[test]
    fn entries_of_the_images_own_table() {
        // 0x80200000, V R X G A D
        assert!(is_page(0x80200000 >> 2 | 0xeb));
        assert!(!is_page(0x80201000 >> 2 | 0xeb), "not on a boundary of 2 MiB");
        assert!(is_table(0x8fff_f000 >> 2 | 1));
        assert!(!is_table(0x8fff_f000 >> 2 | 0xeb));
    }
}
