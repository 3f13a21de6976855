//! The kernel's image and page tables on 32-bit x86, with PAE and without.
//!
//! The kernel lies in its linear map: virtual = physical + `PAGE_OFFSET`, from 0xc0000000 unless the kernel was built with another
//! split (`CONFIG_VMSPLIT_*`, arch/x86/Kconfig). KASLR moves both together. Which part of the map is the kernel's is told by
//! protection: its code and constants are read-only (mark_rodata_ro, arch/x86/mm/init_32.c).

use super::constants;
use super::image::{KernelImage, banner};
use super::machine::{Found, GROUPS, Machine, Search, phys, virt};
use super::sparse::Place;
use super::sparse::cr3::{self, Bits};
use super::trace::Trace;
use crate::arch::{Arch, Paging};
use crate::engine::{AddressSpace, Memory, RootGroup, Software, to_u64};
use crate::os::Hints;
use crate::symbols::{Symbols, VmcoreInfo};
use memsh_plugin::{Perm, PhysAddr, VirtAddr, umem};
use std::ops::ControlFlow;

/// `PAGE_OFFSET` of every split (arch/x86/Kconfig: VMSPLIT_3G, 3G_OPT, 2G, 2G_OPT, 1G).
const SPLITS: [u64; 5] = [0xc000_0000, 0xb000_0000, 0x8000_0000, 0x7800_0000, 0x4000_0000];
/// The fixed mappings and the persistent ones begin above this at the latest; the linear map never reaches it.
const LINEAR_END: u64 = 0xff80_0000;
/// Between the linear map and vmalloc's there is a hole of this size (`VMALLOC_OFFSET`); reserved memory leaves smaller ones.
const HOLE: umem = 8 << 20;
/// No machine that runs Linux 4 or later has less.
const SMALLEST_MAP: umem = 16 << 20;
/// Code and read-only data of no kernel are smaller.
const SMALLEST: umem = 2 << 20;
/// Writable data, `.bss` and the early heap behind the constants of no kernel are larger.
const DATA: umem = 48 << 20;
/// CR4.PAE.
const CR4_PAE: u64 = 1 << 5;
/// With PTI a process's user half of the tables lies one page above the kernel half (arch/x86/include/asm/pgtable.h,
/// kernel_to_user_pgdp).
const PTI_USER: u64 = 1 << 12;
/// The map has no more runs than pages, and those of one protection follow each other.
const RUNS: usize = 1 << 18;

/// So many instructions in a row are code: of 32-bit ones few are none.
const BEGINNING: usize = 200;
/// The code that starts a processor lies at the beginning of the image, or behind that of entries to the kernel.
const HEAD: u64 = 64 << 10;
/// No image is larger.
const IMAGE: u64 = 256 << 20;

const STEP: &str = "page-table root";

/// 32-bit x86.
pub(super) struct X86;

fn pagings(hints: &Hints, info: Option<&VmcoreInfo>) -> &'static [Paging] {
    let pae = match info {
        // Since 2.6.25 a kernel with PAE says so.
        Some(info) => Some(info.get("CONFIG_X86_PAE") == Some("y")),
        None => hints.cpus.iter().find_map(|c| c.cr4).map(|cr4| cr4 & CR4_PAE != 0),
    };
    let pae = pae.or(match hints.arch {
        Some(Arch::X86) => Some(false),
        Some(Arch::X86Pae) => Some(true),
        _ => None,
    });
    match pae {
        Some(true) => &[Paging::X86Pae],
        Some(false) => &[Paging::X86],
        None => &[Paging::X86Pae, Paging::X86],
    }
}

/// A 32-bit address of VMCOREINFO.
fn address(info: &VmcoreInfo, name: &str) -> Option<u64> {
    to_u64(info.symbol(name)?.value()).filter(|&a| u32::try_from(a).is_ok())
}

impl Machine for X86 {
    fn archs(&self) -> &'static [Arch] {
        &[Arch::X86, Arch::X86Pae]
    }

    fn wrote(&self, info: &VmcoreInfo) -> bool {
        // On ARM the root table lies below the kernel's code; here it is part of its data.
        match (address(info, "swapper_pg_dir"), address(info, "_stext")) {
            (Some(root), Some(text)) => root > text && info.number("phys_base").is_none(),
            _ => false,
        }
    }

    fn quick(&self, search: &Search<'_>, trace: &mut Trace) -> Option<Found> {
        let hints = search.hints;
        let pagings = pagings(hints, search.info);
        let try_all = |roots: &[PhysAddr], what: &str| first(search, pagings, roots, what);
        if let Some(dtb) = hints.dtb {
            return trace.attempt(STEP, "--dtb", || try_all(&[dtb], "the root given"));
        }
        if let Some(found) = search.remembered(self.archs(), trace) {
            return Some(found);
        }
        if let Some(info) = search.info
            && let Some(root) = address(info, "swapper_pg_dir")
            && let Some(text) = address(info, "_stext")
        {
            let roots: Vec<PhysAddr> =
                SPLITS.into_iter().filter(|&split| split <= text).map(|split| phys(root.wrapping_sub(split))).collect();
            let found = trace.attempt(STEP, "VMCOREINFO (swapper_pg_dir)", || try_all(&roots, "the root it names"));
            if found.is_some() {
                return found;
            }
        }
        let narrow = |r: u64| u32::try_from(r).is_ok();
        let registers: Vec<PhysAddr> =
            hints.cpus.iter().filter_map(|c| c.root).filter(|&r| narrow(r)).flat_map(|r| [r, r & !PTI_USER]).map(phys).collect();
        if registers.is_empty() {
            return None;
        }
        trace.attempt(STEP, "32-bit: CR3 of the recorded processors", || try_all(&registers, "what CR3 holds"))
    }

    fn at_place(&self, place: &Place<'_>, _: &mut Option<String>) -> Option<(Found, String)> {
        let at = to_u64(place.at.value())?;
        let mut sums = cr3::written(Bits::Narrow, place.page, at, place.effort);
        if sums.is_empty() && cr3::is_code(Bits::Narrow, place.page, BEGINNING) {
            place.effort.bytes(umem::from(HEAD));
            sums = cr3::written(Bits::Narrow, &place.bytes(0, usize::try_from(HEAD).ok()?), at, place.effort);
        }
        // The table is part of the image (`initial_page_table`), and has the kernel's own entries since it runs.
        let inside = |r: &u64| r.is_multiple_of(32) && r.checked_sub(at).is_some_and(|o| o < IMAGE);
        let numbers = sums.iter().filter(|s| s.loads.iter().all(Option::is_none)).map(|s| s.number);
        let roots: Vec<PhysAddr> = numbers.filter(inside).map(phys).collect();
        let roots: Vec<PhysAddr> = roots.into_iter().filter(|r| place.search.memory.contains(*r, 32)).collect();
        if roots.is_empty() || place.effort.is_over() {
            return None;
        }
        roots.iter().for_each(|_| place.effort.root());
        let pagings = pagings(place.search.hints, place.search.info);
        let mapped = |roots: &[PhysAddr]| -> Vec<(AddressSpace, KernelImage)> {
            let all = pagings.iter().flat_map(|paging| roots.iter().map(|root| (*paging, *root)));
            all.filter_map(|(paging, root)| mapped(place.search, paging, root)).filter(|(_, i)| place.is_in(i)).collect()
        };
        let mut found = mapped(&roots);
        // The kernel's own root follows it (`swapper_pg_dir`), and alone has the protection of large pages, which tells where the image is:
        // without it the image is all that is mapped.
        let root = found.first()?.0.root();
        let behind: Vec<PhysAddr> = (1..=4u64).map(|n| root.saturating_add(umem::from(n << 12))).collect();
        found.extend(mapped(&behind));
        found.sort_by_key(|(_, image)| image.size);
        found.into_iter().find_map(|(space, image)| {
            place.effort.bytes(image.size);
            if place.effort.is_over() { None } else { named(space, image) }
        })
    }

    fn thorough(&self, search: &Search<'_>, trace: &mut Trace) -> Option<Found> {
        if search.hints.dtb.is_some() {
            return None;
        }
        trace.attempt(STEP, "32-bit x86: pass over all of memory", || {
            let mut seen = 0;
            // Splits whose map begins in the same entry of a root have their tables in common.
            let mut passes: Vec<(Paging, u64, Vec<RootGroup>)> = Vec::new();
            for split in SPLITS {
                for &paging in pagings(search.hints, search.info) {
                    let entry = split >> if paging == Paging::X86 { 22 } else { 30 };
                    let known = passes.iter().position(|(p, e, _)| (*p, *e) == (paging, entry));
                    let pass = known.unwrap_or(passes.len());
                    if known.is_none() {
                        passes.push((paging, entry, search.groups(paging, virt(split))));
                    }
                    let groups = passes.get(pass).map_or(&[][..], |(.., groups)| groups);
                    let likely = groups.iter().filter(|g| maps_linearly(search.memory, paging, split, g));
                    let roots: Vec<PhysAddr> = likely.take(GROUPS).filter_map(|g| g.roots.first().copied()).collect();
                    seen += roots.len();
                    if let Ok(found) = first(search, &[paging], &roots, "") {
                        return Ok(found);
                    }
                }
            }
            Err(format!("none of {seen} groups of tables that could be roots maps a Linux kernel"))
        })
    }

    fn bounds(&self, found: &Found, symbols: &dyn Symbols) -> Vec<(&'static str, VirtAddr)> {
        bounds(found, symbols).unwrap_or_default()
    }

    fn own_root(&self, found: &mut Found, symbols: &dyn Symbols, info: Option<&VmcoreInfo>) -> Option<Result<String, String>> {
        // Where kallsyms has functions only, VMCOREINFO names it; a text of another kernel must not.
        let text = symbols.address("_stext");
        let info = info.filter(|i| text.is_none() || i.symbol("_stext") == text);
        let own = symbols.address("swapper_pg_dir").or_else(|| info?.symbol("swapper_pg_dir"))?;
        Some(found.with_own_root(own))
    }
}

/// Where the constants begin and end: behind the code, at the next page, and where memory can be written again (RO_DATA in
/// include/asm-generic/vmlinux.lds.h, mark_rodata_ro in arch/x86/mm/init_32.c).
fn bounds(found: &Found, symbols: &dyn Symbols) -> Option<Vec<(&'static str, VirtAddr)>> {
    let page = umem::from(found.space.format().page_size());
    let (text, code_end) = (symbols.address("_stext")?, symbols.address("_etext")?);
    let last = found.image.virt.saturating_add(found.image.size.checked_sub(1)?);
    let mut end = text;
    found.space.runs(text, last, &mut |runs| {
        for r in runs {
            if r.virt != end || r.perm.has(Perm::WRITE) {
                return ControlFlow::Break(());
            }
            end = end.saturating_add(r.size);
        }
        ControlFlow::Continue(())
    });
    let start = VirtAddr::new(code_end.value().checked_next_multiple_of(page)?);
    (start < end).then(|| vec![("__start_rodata", start), ("__end_rodata", end)])
}

/// The space of `root`, and what in it may be a kernel's image.
fn mapped(search: &Search<'_>, paging: Paging, root: PhysAddr) -> Option<(AddressSpace, KernelImage)> {
    let text = search.info.and_then(|i| i.symbol("_stext"));
    let space = AddressSpace::new(search.memory.clone(), paging, root).with_software(Software::Linux);
    let image = image(&space, search.hints.kernel_base.or(text))?;
    Some((space, image))
}

/// The kernel whose image this is, if a banner says so; and what to say of it.
fn named(space: AddressSpace, image: KernelImage) -> Option<(Found, String)> {
    let memory = space.memory();
    // Of what does not lie in one piece the constants may do.
    let constant = image.in_place(memory).is_none().then(|| constants::banner(&space, &image)).flatten();
    let banner = constant.or_else(|| banner(&image.bytes(memory)))?;
    let root = space.root();
    let detail = format!("{}, root {root}: a kernel at {}, physical {}", space.format().mode, image.virt, image.phys);
    Some((Found { space, image, banner, moved: None }, detail))
}

/// The first of `roots` that maps a kernel.
fn first(search: &Search<'_>, pagings: &[Paging], roots: &[PhysAddr], what: &str) -> Result<(Found, String), String> {
    let mut unnamed = 0;
    for &paging in pagings {
        for &root in roots {
            if search.hints.interrupted() {
                return Err("interrupted".to_owned());
            }
            let Some((space, image)) = mapped(search, paging, root) else { continue };
            match named(space, image) {
                Some(found) => return Ok(found),
                None => unnamed += 1,
            }
        }
    }
    Err(match unnamed {
        0 => format!("{what} does not map a kernel image"),
        n => format!("{what} maps something like a kernel image ({n} times), without a Linux banner"),
    })
}

/// Mapped addresses that follow each other.
#[derive(Clone, Copy)]
struct Piece {
    start: umem,
    end: umem,
}

impl Piece {
    /// Takes in what follows after less than `gap` bytes.
    fn join(pieces: &mut Vec<Piece>, next: Piece, gap: umem) {
        match pieces.last_mut() {
            Some(last) if next.start.saturating_sub(last.end) < gap => last.end = next.end,
            _ => pieces.push(next),
        }
    }

    fn size(&self) -> umem {
        self.end.saturating_sub(self.start)
    }
}

/// The kernel in the linear map of `space`; `text` is where its code begins, where that is known.
fn image(space: &AddressSpace, text: Option<VirtAddr>) -> Option<KernelImage> {
    SPLITS.into_iter().find_map(|split| image_at(space, split, text))
}

fn image_at(space: &AddressSpace, split: u64, text: Option<VirtAddr>) -> Option<KernelImage> {
    let split = umem::from(split);
    let mut map: Vec<Piece> = Vec::new();
    let mut constant: Vec<Piece> = Vec::new();
    let mut seen = 0usize;
    space.runs(VirtAddr::new(split), virt(LINEAR_END), &mut |runs| {
        for r in runs {
            seen += 1;
            let end = map.last().map_or(split, |m| m.end);
            // The map begins with the first page of memory, and ends before a hole.
            if seen > RUNS || r.virt.value().saturating_sub(end) >= HOLE {
                return ControlFlow::Break(());
            }
            if r.perm.has(Perm::USER) || r.phys.value().wrapping_add(split) != r.virt.value() {
                continue;
            }
            let piece = Piece { start: r.virt.value(), end: r.virt.value().saturating_add(r.size) };
            Piece::join(&mut map, piece, HOLE);
            if !r.perm.has(Perm::WRITE) {
                Piece::join(&mut constant, piece, 1);
            }
        }
        ControlFlow::Continue(())
    });
    let map = map.first().copied().filter(|m| m.size() >= SMALLEST_MAP && m.start.saturating_sub(split) < HOLE)?;
    let largest = constant.into_iter().max_by_key(Piece::size).filter(|c| c.size() >= SMALLEST);
    let known = text.map(VirtAddr::value).filter(|t| (map.start..map.end).contains(t));
    let (start, end) = match (known, largest) {
        (Some(text), Some(c)) if (c.start..c.end).contains(&text) => (c.start, c.end.saturating_add(DATA)),
        // Nothing is protected yet, or never: the kernel is somewhere behind where its code begins, or anywhere.
        (Some(text), _) => (text, text.saturating_add(2 * DATA)),
        (None, Some(c)) => (c.start, c.end.saturating_add(DATA)),
        (None, None) => (map.start, map.end),
    };
    let size = end.min(map.end).saturating_sub(start);
    Some(KernelImage { virt: VirtAddr::new(start), phys: PhysAddr::new(start.wrapping_sub(split)), size })
}

/// Whether the entries of a root beside the first one of the linear map say what a linear map says: large pages, each at its own place.
/// Noise that happens to have one valid entry fails here, before anything is walked.
fn maps_linearly(memory: &Memory, paging: Paging, split: u64, group: &RootGroup) -> bool {
    let Some(&root) = group.roots.first() else { return false };
    let space = AddressSpace::new(memory.clone(), paging, root);
    // Megabytes 4 and up: the first pages have smaller ones on purpose.
    let probes = (4u64..16).step_by(4);
    let right = |mib: u64| {
        let at = mib << 20;
        space.translate_one(virt(split + at)).is_ok_and(|t| t.phys == phys(at))
    };
    probes.into_iter().all(right)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::cast_possible_truncation)]
    use super::*;
    use crate::os::linux::find::machine::phys;
    use memsh_plugin::{CSliceMut, CVec, MappedRun, MemoryMetadata, MemoryRange, PhysReadOp, PhysicalMemory};

    /// 48 MiB of memory that holds page tables, and a kernel with nothing but a banner.
    struct Ram(Vec<u8>);

    impl PhysicalMemory for Ram {
        fn metadata(&self) -> MemoryMetadata {
            MemoryMetadata::snapshot(self.0.len() as umem)
        }
        fn ranges(&self) -> CVec<MemoryRange> {
            vec![MemoryRange { start: PhysAddr::NULL, size: self.0.len() as umem }].into()
        }
        fn read(&self, mut ops: CSliceMut<PhysReadOp>) {
            for op in ops.iter_mut() {
                op.fill_from(PhysAddr::NULL, &self.0);
            }
        }
        fn mapped_runs(&self) -> CVec<MappedRun<'_>> {
            vec![MappedRun { start: PhysAddr::NULL, data: self.0.as_slice().into() }].into()
        }
    }

    const SIZE: usize = 48 << 20;
    const KERNEL: usize = 16 << 20;
    /// Where the tables are: far from the kernel.
    const ROOT: u64 = 40 << 20;

    impl Ram {
        fn new() -> Self {
            let mut ram = vec![0; SIZE];
            let text = b"Linux version 6.1.0 (a@b) (gcc) #1 SMP\0";
            ram[KERNEL + 0x10_0000..][..text.len()].copy_from_slice(text);
            Self(ram)
        }

        fn put<const N: usize>(&mut self, at: u64, bytes: [u8; N]) {
            self.0[at as usize..][..N].copy_from_slice(&bytes);
        }

        /// Without PAE: 4 KiB pages for the first 4 MiB, large ones after; the kernel's 4 MiB are read-only.
        fn two_levels(split: u64) -> Memory {
            let mut ram = Self::new();
            let table = ROOT + 4096;
            let slot = split >> 22;
            ram.put(ROOT + slot * 4, (table as u32 | 3).to_le_bytes());
            for i in 0..1024u32 {
                ram.put(table + u64::from(i) * 4, ((i << 12) | 0x103).to_le_bytes());
            }
            for i in 1..(SIZE >> 22) as u64 {
                let writable = u32::from(i != (KERNEL >> 22) as u64) << 1;
                ram.put(ROOT + (slot + i) * 4, ((i as u32) << 22 | 0x181 | writable).to_le_bytes());
            }
            Memory::new(ram)
        }

        /// With PAE, at a root that begins no page.
        fn three_levels(split: u64, root: u64) -> Memory {
            let mut ram = Self::new();
            let (directory, table) = (ROOT + 4096, ROOT + 8192);
            ram.put(root + (split >> 30) * 8, (directory | 1).to_le_bytes());
            let slot = split >> 21 & 511;
            ram.put(directory + slot * 8, (table | 3).to_le_bytes());
            for i in 0..512u64 {
                ram.put(table + i * 8, ((i << 12) | 0x103).to_le_bytes());
            }
            for i in 1..(SIZE >> 21) as u64 {
                let writable = u64::from(i >> 1 != (KERNEL >> 22) as u64) << 1;
                ram.put(directory + (slot + i) * 8, (i << 21 | 0x181 | writable).to_le_bytes());
            }
            Memory::new(ram)
        }
    }

    fn found(memory: &Memory, hints: &Hints, info: Option<&VmcoreInfo>) -> Option<Found> {
        let search = Search { memory, hints, info };
        let mut trace = Trace::default();
        X86.quick(&search, &mut trace).or_else(|| X86.thorough(&search, &mut trace))
    }

    fn check(memory: &Memory, paging: Paging, root: u64, split: u64) {
        let kernel = virt(split + KERNEL as u64);
        let cr3 = crate::image::CpuState { root: Some(root), ..Default::default() };
        let text = format!(
            "OSRELEASE=6.1.0\nPAGESIZE=4096\nSYMBOL(swapper_pg_dir)={:x}\nSYMBOL(_stext)={:x}\n{}",
            split + root,
            split + KERNEL as u64,
            if paging == Paging::X86Pae { "CONFIG_X86_PAE=y\n" } else { "" },
        );
        let info = VmcoreInfo::parse(text.as_bytes());
        let by_cr3 = Hints { cpus: vec![cr3], ..Hints::default() };
        for (hints, info) in [(Hints::default(), None), (by_cr3, None), (Hints::default(), Some(&info))] {
            let found = found(memory, &hints, info).unwrap();
            assert_eq!((found.space.paging(), found.space.root()), (paging, phys(root)));
            assert_eq!((found.image.virt, found.image.phys), (kernel, phys(KERNEL as u64)));
            assert!(found.banner.starts_with("Linux version 6.1.0"));
        }
        assert_eq!(X86.wrote(&info), root > KERNEL as u64);
    }

    #[test]
    fn kernels_without_pae_at_every_split() {
        for split in SPLITS {
            check(&Ram::two_levels(split), Paging::X86, ROOT, split);
        }
    }

    #[test]
    fn kernels_with_pae_whose_root_is_a_piece_of_a_page() {
        // A PAE root covers whole gigabytes; the linear map may begin inside one.
        for split in SPLITS {
            check(&Ram::three_levels(split, ROOT + 0x260), Paging::X86Pae, ROOT + 0x260, split);
        }
    }

    #[test]
    fn nothing_is_found_where_nothing_is() {
        let mut ram = Ram::new();
        // One entry alone is no linear map.
        ram.put(ROOT + 768 * 4, (0x20_0000u32 | 3).to_le_bytes());
        assert!(found(&Memory::new(ram), &Hints::default(), None).is_none());
    }

    #[test]
    fn an_arm_kernels_words_are_not_ours() {
        let arm = b"OSRELEASE=6.1.0\nPAGESIZE=4096\nSYMBOL(swapper_pg_dir)=c0204000\nSYMBOL(_stext)=c0300000\n";
        assert!(!X86.wrote(&VmcoreInfo::parse(arm)));
        let wide = b"SYMBOL(swapper_pg_dir)=ffffffff82000000\nSYMBOL(_stext)=ffffffff81000000\n";
        assert!(!X86.wrote(&VmcoreInfo::parse(wide)));
    }
}
