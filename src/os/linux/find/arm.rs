//! The kernel's image and page tables on 32-bit ARM.
//!
//! The image lies at the start of the linear map: virtual = physical - `PHYS_OFFSET` + `PAGE_OFFSET` (arch/arm/include/asm/memory.h,
//! Documentation/arch/arm/memory.rst). `PHYS_OFFSET` is where RAM begins, worked out when the kernel starts
//! (`CONFIG_ARM_PATCH_PHYS_VIRT`); the root table lies right before the image's text, 0x4000 bytes with short descriptors, 0x5000 with
//! long ones (`PG_DIR_SIZE`, arch/arm/kernel/head.S). A table for short descriptors maps the linear map in sections, one for long ones
//! in blocks of 2 MiB; both hold physical addresses, and so tell where a raw image begins.

use super::machine::{Found, GROUPS, Machine, Search, phys, virt};
use super::rambase::{self, each_page};
use super::sparse::Place;
use super::sweep::sweep;
use super::trace::Trace;
use crate::arch::{Arch, Paging};
use crate::engine::to_u64;
use crate::os::Hints;
use crate::symbols::{Symbols, VmcoreInfo};
use memsh_plugin::{PhysAddr, VirtAddr, umem};

/// `PAGE_OFFSET` of every split (arch/arm/Kconfig: VMSPLIT_3G, 2G, 3G_OPT, 1G).
const SPLITS: [u64; 4] = [0xc000_0000, 0x8000_0000, 0xb000_0000, 0x4000_0000];
/// The image lies within so many bytes of the start of the linear map.
const IMAGE: u64 = 64 << 20;
/// Where boards have their RAM: QEMU's virt and Allwinner; many from Samsung, TI, ST and Qualcomm; NXP; Versatile and Broadcom.
const BOARDS: [u64; 7] = [0x4000_0000, 0x8000_0000, 0x2000_0000, 0x1000_0000, 0x6000_0000, 0xc000_0000, 0];
/// So many sections or blocks in a row make a linear map.
const IN_A_ROW: usize = 4;
const SECTION: u64 = 1 << 20;
const BLOCK: u64 = 2 << 20;
/// Before the second-level tables of the kernel's own root lies its first level (long descriptors).
const FIRST_LEVEL: u64 = 0x1000;
/// Where the root table lies behind where `TEXT_OFFSET` counts from: `TEXT_OFFSET - PG_DIR_SIZE`.
const SHORT: u64 = 0x8000 - 0x4000;
const LONG: u64 = 0x8000 - 0x5000;
/// So many tables are looked into.
const MOST: usize = 1024;

const STEP: &str = "page-table root";

/// 32-bit ARM.
pub(super) struct Arm;

fn pagings(hints: &Hints, info: Option<&VmcoreInfo>) -> &'static [Paging] {
    // arch/arm/kernel/machine_kexec.c, arch_crash_save_vmcoreinfo
    match info.filter(|i| Arm.wrote(i)) {
        Some(info) if info.get("CONFIG_ARM_LPAE") == Some("y") => &[Paging::ArmLong],
        Some(_) => &[Paging::ArmShort],
        // TTBR0 with an ASID above bit 47 is one of long descriptors.
        None if hints.cpus.iter().filter_map(|c| c.root).any(|r| r >> 32 != 0) => &[Paging::ArmLong],
        None => &[Paging::ArmShort, Paging::ArmLong],
    }
}

/// A 32-bit address of VMCOREINFO.
fn address(info: &VmcoreInfo, name: &str) -> Option<u64> {
    to_u64(info.symbol(name)?.value()).filter(|&a| u32::try_from(a).is_ok())
}

fn window(split: u64) -> (VirtAddr, VirtAddr) {
    (virt(split), virt(split + IMAGE - 1))
}

/// The splits in which the kernel's root may have this address.
fn splits(root: u64) -> impl Iterator<Item = u64> {
    SPLITS.into_iter().filter(move |s| root.checked_sub(*s).is_some_and(|o| o < IMAGE))
}

/// The first of `roots` that maps a kernel, in a memory that begins at `base`.
fn at_base(
    search: &Search<'_>,
    pagings: &[Paging],
    splits: &[u64],
    roots: &[PhysAddr],
    base: u64,
    what: &str,
) -> Result<(Found, String), String> {
    let memory = rambase::at_base(search.memory, base);
    let placed = Search { memory: &memory, ..*search };
    let there: Vec<PhysAddr> = roots.iter().copied().filter(|&r| memory.contains(r, 8)).collect();
    if there.is_empty() {
        return Err(rambase::elsewhere(&placed, what, roots));
    }
    let mut why = String::new();
    for &paging in pagings {
        for &split in splits {
            match placed.first(&[paging], there.iter().copied(), window(split), what) {
                Ok((found, detail)) => return Ok((found.of_its_version(), detail)),
                Err(e) => why = e,
            }
        }
    }
    Err(why)
}

/// Where a table of short descriptors puts the start of the linear map.
fn short_start(table: &[u8], split: u64) -> Option<u64> {
    let first = usize::try_from(split >> 20).ok()?;
    let (entries, _) = table.as_chunks::<4>();
    let section = |slot: usize| {
        let e = u64::from(u32::from_le_bytes(*entries.get(first + slot)?));
        // A section, not a supersection, of no domain that Linux has not (0 to 3), which a program may not reach.
        let is = e & 2 != 0 && e & (1 << 18 | 1 << 9 | 1 << 11) == 0;
        is.then_some(e & 0xfff0_0000)?.checked_sub(to_u64(umem::try_from(slot).ok()?)? * SECTION)
    };
    // What the kernel keeps from itself is mapped in pages, or not at all.
    let slots = usize::try_from(IMAGE / SECTION).ok()?;
    (0..slots).find_map(|slot| {
        let start = section(slot)?;
        (1..IN_A_ROW).all(|i| section(slot + i) == Some(start)).then_some(start)
    })
}

/// Where a second-level table of long descriptors puts the first address that it maps, if that is the start of the linear map.
fn long_start(table: &[u8]) -> Option<u64> {
    let (entries, _) = table.as_chunks::<8>();
    let block = |slot: usize| {
        let e = u64::from_le_bytes(*entries.get(slot)?);
        let is = e & 3 == 1 && e >> 40 & 0x1fff == 0 && e & 1 << 6 == 0;
        is.then_some(e & 0x00ff_ffe0_0000)?.checked_sub(to_u64(umem::try_from(slot).ok()?)? * BLOCK)
    };
    let slots = usize::try_from(IMAGE / BLOCK).ok()?;
    (0..slots).find_map(|slot| {
        let start = block(slot)?;
        (1..IN_A_ROW).all(|i| block(slot + i) == Some(start)).then_some(start)
    })
}

/// Where memory begins if its first byte is that of the linear map: as the root that VMCOREINFO names says.
fn base_by_root(search: &Search<'_>, paging: Paging, root: u64, split: u64) -> Option<u64> {
    let place = rambase::begin(search.memory).checked_add(root - split)?;
    let long = paging == Paging::ArmLong;
    let table = if long { place.checked_add(FIRST_LEVEL + (split >> 30 << 12))? } else { place };
    let mut bytes = vec![0; if long { 0x1000 } else { 0x4000 }];
    search.memory.read(phys(table), &mut bytes).ok()?;
    if long { long_start(&bytes) } else { short_start(&bytes, split) }
}

/// A table of which it is likely that it maps the linear map.
struct Candidate {
    paging: Paging,
    split: u64,
    /// Of short descriptors the root: how far into memory it lies.
    offset: u64,
    /// Where the linear map begins.
    start: u64,
}

/// All such tables, one for each start of the linear map and split where it is one of long descriptors.
fn candidates(search: &Search<'_>) -> Vec<Candidate> {
    let pagings = pagings(search.hints, search.info);
    let parts = sweep(search, 0x4000, 0x4000, |chunk| {
        let mut out: Vec<Candidate> = Vec::new();
        each_page(search, chunk, 0x4000, &mut |offset, page, table| {
            if out.len() >= MOST {
                return;
            }
            if pagings.contains(&Paging::ArmShort) && offset.is_multiple_of(0x4000) && table.len() == 0x4000 {
                let found = SPLITS.into_iter().filter_map(|split| Some((split, short_start(table, split)?)));
                out.extend(found.map(|(split, start)| Candidate { paging: Paging::ArmShort, split, offset, start }));
            }
            if pagings.contains(&Paging::ArmLong)
                && let Some(start) = long_start(page)
                && !out.iter().any(|c| c.paging == Paging::ArmLong && c.start == start)
            {
                out.extend(SPLITS.map(|split| Candidate { paging: Paging::ArmLong, split, offset, start }));
            }
        });
        out
    });
    let mut out: Vec<Candidate> = Vec::new();
    for c in parts.into_iter().flatten() {
        let known = |o: &Candidate| o.paging == Paging::ArmLong && o.start == c.start && o.split == c.split;
        if out.len() < MOST && !(c.paging == Paging::ArmLong && out.iter().any(known)) {
            out.push(c);
        }
    }
    out
}

/// The kernel that a table of `candidates` maps, in a memory that begins at `base`.
fn everywhere(search: &Search<'_>, candidates: &[Candidate], base: u64) -> Option<(Found, String)> {
    let memory = rambase::at_base(search.memory, base);
    let placed = Search { memory: &memory, ..*search };
    let mut grouped = Vec::new();
    for c in candidates {
        let roots: Vec<PhysAddr> = match c.paging {
            Paging::ArmShort => vec![phys(base.checked_add(c.offset)?)],
            // Every process points to a table of its own for the kernel's part, which has the same entries.
            _ if grouped.contains(&c.split) => continue,
            paging => {
                grouped.push(c.split);
                let groups = placed.groups(paging, virt(c.split));
                groups.iter().take(GROUPS).filter_map(|g| g.roots.first().copied()).collect()
            }
        };
        if let Ok(found) = at_base(search, &[c.paging], &[c.split], &roots, base, "") {
            return Some(found);
        }
    }
    None
}

impl Machine for Arm {
    fn archs(&self) -> &'static [Arch] {
        &[Arch::Arm]
    }

    fn wrote(&self, info: &VmcoreInfo) -> bool {
        // The root table lies before the kernel's text; on 32-bit x86 it is part of the data behind.
        match (address(info, "swapper_pg_dir"), address(info, "_stext")) {
            (Some(root), Some(text)) => root < text && splits(root).next().is_some(),
            _ => info.get("CONFIG_ARM_LPAE").is_some(),
        }
    }

    fn quick(&self, search: &Search<'_>, trace: &mut Trace) -> Option<Found> {
        let hints = search.hints;
        let pagings = pagings(hints, search.info);
        let opened = rambase::begin(search.memory);
        let movable = hints.movable || hints.placed;
        if let Some(dtb) = hints.dtb {
            // The user said so: nothing else is tried. TTBR1 of a kernel with long descriptors is a second-level table of its root.
            let roots: Vec<PhysAddr> =
                [Some(dtb), dtb.value().checked_sub(0x4000).map(PhysAddr::new)].into_iter().flatten().collect();
            return trace.attempt(STEP, "ARM: --dtb", || {
                let mut why = String::new();
                for base in std::iter::once(opened).chain(BOARDS.into_iter().filter(|b| hints.movable && *b != opened)) {
                    match at_base(search, pagings, &SPLITS, &roots, base, "the root given") {
                        Ok(found) => return rambase::settled(search, base, found, &mut None),
                        Err(e) if why.is_empty() => why = e,
                        Err(_) => {}
                    }
                }
                Err(why)
            });
        }
        if let Some(found) = search.remembered(self.archs(), trace) {
            return Some(found.of_its_version());
        }
        if let Some(root) = search.info.filter(|i| self.wrote(i)).and_then(|i| address(i, "swapper_pg_dir")) {
            let mut advice = None;
            let found = trace.attempt(STEP, "ARM: VMCOREINFO (swapper_pg_dir)", || {
                let mut why = "the root it names is in no part of memory that could be the linear map's".to_owned();
                for split in splits(root) {
                    let mut starts: Vec<u64> =
                        search.memory.ranges().iter().filter_map(|r| to_u64(r.start.value())).map(|s| s & !(BLOCK - 1)).collect();
                    starts.dedup();
                    let roots: Vec<PhysAddr> = starts.iter().map(|start| phys(start + (root - split))).collect();
                    let moved = pagings.iter().filter(|_| movable).filter_map(|p| base_by_root(search, *p, root, split));
                    for base in std::iter::once(opened).chain(moved) {
                        let roots = if base == opened { &roots[..] } else { &[phys(base + (root - split))] };
                        match at_base(search, pagings, &[split], roots, base, "the root it names") {
                            Ok(found) => return rambase::settled(search, base, found, &mut advice),
                            Err(e) => why = e,
                        }
                    }
                }
                Err(why)
            });
            trace.advice = advice.or(trace.advice.take());
            if found.is_some() {
                return found;
            }
        }
        let registers: Vec<PhysAddr> = hints
            .cpus
            .iter()
            .flat_map(|c| [c.root, c.root_upper, c.root_upper.and_then(|r| r.checked_sub(0x4000))])
            .flatten()
            .flat_map(|r| pagings.iter().map(move |p| phys(p.format().root_of_register(r))))
            .collect();
        if registers.is_empty() {
            return None;
        }
        trace.attempt(STEP, "ARM: TTBR of the recorded processors", || {
            at_base(search, pagings, &SPLITS, &registers, opened, "what TTBR0 and TTBR1 hold")
        })
    }

    fn at_place(&self, place: &Place<'_>, advice: &mut Option<String>) -> Option<(Found, String)> {
        let search = place.search;
        let opened = rambase::begin(search.memory);
        // The image lies where RAM begins, give or take what is kept from the kernel, and its tables before its code.
        let offset = to_u64(place.at.value())?.checked_sub(opened).filter(|o| *o < IMAGE)?;
        let mut tried = Vec::new();
        for &paging in pagings(search.hints, search.info) {
            for split in SPLITS {
                let (root, start) = match paging {
                    Paging::ArmLong => (LONG, long_start(&place.bytes(LONG + FIRST_LEVEL + (split >> 30 << 12), 0x1000))),
                    _ => (SHORT, short_start(&place.bytes(SHORT, 0x4000), split)),
                };
                let Some(start) = start else { continue };
                let movable = search.hints.movable || search.hints.placed;
                for base in std::iter::once(opened).chain(Some(start).filter(|s| movable && *s != opened)) {
                    place.effort.root();
                    if place.effort.is_over() || tried.contains(&(paging, split, base)) {
                        continue;
                    }
                    tried.push((paging, split, base));
                    let roots = [phys(base.checked_add(offset)?.checked_add(root)?)];
                    if let Ok(found) = at_base(search, &[paging], &[split], &roots, base, "") {
                        return rambase::settled(search, base, found, advice).ok();
                    }
                }
            }
        }
        None
    }

    fn thorough(&self, search: &Search<'_>, trace: &mut Trace) -> Option<Found> {
        let hints = search.hints;
        if hints.dtb.is_some() {
            return None;
        }
        let opened = rambase::begin(search.memory);
        let mut advice = None;
        let found = trace.attempt(STEP, "ARM: pass over all of memory", || {
            let candidates = candidates(search);
            if let Some(found) = everywhere(search, &candidates, opened) {
                return Ok(found);
            }
            if hints.movable || hints.placed {
                let mut bases: Vec<u64> = Vec::new();
                for base in candidates.iter().map(|c| c.start).chain(BOARDS) {
                    if base != opened && !bases.contains(&base) && bases.len() < 16 && !candidates.is_empty() {
                        bases.push(base);
                    }
                }
                for base in bases {
                    if let Some(found) = everywhere(search, &candidates, base) {
                        return rambase::settled(search, base, found, &mut advice);
                    }
                }
            }
            Err(format!("none of {} tables that could map the start of memory maps a Linux kernel", candidates.len()))
        });
        trace.advice = advice.or(trace.advice.take());
        found
    }

    fn own_root(&self, found: &mut Found, symbols: &dyn Symbols, info: Option<&VmcoreInfo>) -> Option<Result<String, String>> {
        // Where kallsyms has functions only, VMCOREINFO names it; a text of another kernel must not.
        let text = symbols.address("_stext");
        let info = info.filter(|i| text.is_none() || i.symbol("_stext") == text);
        let own = symbols.address("swapper_pg_dir").or_else(|| info?.symbol("swapper_pg_dir"))?;
        Some(found.with_own_root(own))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::cast_possible_truncation)]
    use super::*;

    #[test]
    fn vmcoreinfo_of_arm_is_told_from_that_of_x86() {
        let arm = VmcoreInfo::parse(b"OSRELEASE=6.1.0\nSYMBOL(swapper_pg_dir)=c0204000\nSYMBOL(_stext)=c0300000\n");
        let x86 = VmcoreInfo::parse(b"OSRELEASE=6.1.0\nSYMBOL(swapper_pg_dir)=c1a6c000\nSYMBOL(_stext)=c1000000\n");
        let lpae =
            VmcoreInfo::parse(b"OSRELEASE=6.1.0\nSYMBOL(swapper_pg_dir)=c0203000\nSYMBOL(_stext)=c0400000\nCONFIG_ARM_LPAE=y\n");
        assert!(Arm.wrote(&arm) && Arm.wrote(&lpae) && !Arm.wrote(&x86));
        assert_eq!(pagings(&Hints::default(), Some(&arm)), [Paging::ArmShort]);
        assert_eq!(pagings(&Hints::default(), Some(&lpae)), [Paging::ArmLong]);
    }

    #[test]
    fn tables_tell_where_the_linear_map_begins() {
        let mut table = vec![0u8; 0x4000];
        for i in 3..40usize {
            let entry = (0x4000_0000 + (i as u32) * 0x10_0000) | 0x1040e;
            table[(0xc00 + i) * 4..][..4].copy_from_slice(&entry.to_le_bytes());
        }
        assert_eq!(short_start(&table, 0xc000_0000), Some(0x4000_0000));
        assert_eq!(short_start(&table, 0x8000_0000), None);
        let mut long = vec![0u8; 0x1000];
        for i in 2..40usize {
            let entry = (0x8000_0000 + (i as u64) * 0x20_0000) | 0x70d;
            long[i * 8..][..8].copy_from_slice(&entry.to_le_bytes());
        }
        assert_eq!(long_start(&long), Some(0x8000_0000));
        assert_eq!(long_start(&[0xff; 0x1000]), None);
    }
}
