//! The kernel's image and page tables on x86-64.
//!
//! The image is mapped from `__START_KERNEL_map` up, at most 1 GiB (arch/x86/include/asm/page_64_types.h); KASLR moves it inside
//! that window, and its physical place independently.

use super::machine::{Found, GROUPS, Machine, Search, phys, virt};
use super::rambase;
use super::sparse::Place;
use super::sparse::cr3::{self, Bits};
use super::told::Told;
use super::trace::Trace;
use crate::arch::{Arch, Paging};
use crate::engine::{index, to_u64};
use crate::os::Hints;
use crate::symbols::{Symbols, VmcoreInfo};
use memsh_plugin::{PhysAddr, VirtAddr, umem};

/// `__START_KERNEL_map`.
const MAP: u64 = 0xffff_ffff_8000_0000;
/// The last address of the window, `KERNEL_IMAGE_SIZE` with KASLR. Modules follow.
const MAP_LAST: u64 = 0xffff_ffff_bfff_ffff;
/// CR4.LA57.
const CR4_LA57: u64 = 1 << 12;
/// The real-mode trampoline and its page table lie below 1 MiB (arch/x86/realmode/init.c).
const LOW: u64 = 1 << 20;
/// With PTI a process's user half of the tables lies one page above the kernel half (arch/x86/mm/pti.c).
const PTI_USER: u64 = 1 << 12;

/// So many instructions in a row are code.
const BEGINNING: usize = 48;
/// The code that starts a processor lies at the beginning of the image (before 6.12), or behind the code of entries to the kernel, each
/// of which takes whole large pages (`ALIGN_ENTRY_TEXT_BEGIN`, arch/x86/kernel/vmlinux.lds.S).
const HEAD: u64 = 8 << 20;
/// Its beginning, which of memory that is far away is looked at first: programs' code looks like a beginning, too.
const FIRST: u64 = 256 << 10;

const STEP: &str = "page-table root";

/// 64-bit x86.
pub(super) struct X86_64;

fn pagings(hints: &Hints, info: Option<&VmcoreInfo>) -> &'static [Paging] {
    let five = match info.and_then(|i| i.number("pgtable_l5_enabled")) {
        Some(n) => Some(n != 0),
        None => hints.cpus.iter().find_map(|c| c.cr4).map(|cr4| cr4 & CR4_LA57 != 0),
    };
    match five {
        Some(true) => &[Paging::X86_64La57],
        Some(false) => &[Paging::X86_64],
        None => &[Paging::X86_64, Paging::X86_64La57],
    }
}

impl Machine for X86_64 {
    fn archs(&self) -> &'static [Arch] {
        &[Arch::X86_64]
    }

    fn wrote(&self, info: &VmcoreInfo) -> bool {
        // Of all architectures only this one names these (arch/x86/kernel/machine_kexec_64.c, arch_crash_save_vmcoreinfo).
        info.number("pgtable_l5_enabled").is_some() || info.symbol("init_top_pgt").is_some()
    }

    fn quick(&self, search: &Search<'_>, trace: &mut Trace) -> Option<Found> {
        let hints = search.hints;
        let pagings = pagings(hints, search.info);
        let first = |roots: &[PhysAddr], what: &str| search.first(pagings, roots.iter().copied(), window(), what);
        if let Some(dtb) = hints.dtb {
            // The user said so: nothing else is tried.
            return trace.attempt(STEP, "--dtb", || first(&[dtb], "the root given"));
        }
        if let Some(found) = search.remembered(self.archs(), trace) {
            return Some(found);
        }
        if let Some(root) = search.info.and_then(root_of)
            && let Some(found) =
                trace.attempt(STEP, "VMCOREINFO (phys_base, init_top_pgt)", || first(&[root], "the root it names"))
        {
            return Some(found);
        }
        let registers: Vec<PhysAddr> =
            hints.cpus.iter().filter_map(|c| c.root).flat_map(|r| [r, r & !PTI_USER]).map(phys).collect();
        if !registers.is_empty()
            && let Some(found) = trace.attempt(STEP, "CR3 of the recorded processors", || first(&registers, "what CR3 holds"))
        {
            return Some(found);
        }
        let low: Vec<PhysAddr> = (0..LOW).step_by(4096).map(phys).filter(|&p| search.memory.contains(p, 4096)).collect();
        if low.is_empty() {
            return None;
        }
        search.memory.read_ahead_at(&low, 4096);
        trace.attempt(STEP, "boot trampoline below 1 MiB", || first(&low, "any page below 1 MiB"))
    }

    fn at_place(&self, place: &Place<'_>, _: &mut Option<String>) -> Option<(Found, String)> {
        if !cr3::is_code(Bits::Long, place.page, BEGINNING) {
            return None;
        }
        let head = umem::from(if place.closely { HEAD } else { FIRST });
        place.effort.bytes(head);
        let code = place.bytes(0, index(head)?);
        let mut sums = cr3::written(Bits::Long, &code, to_u64(place.at.value())?, place.effort);
        // Where the kernel was loaded is added, and lies in memory.
        sums.retain(|s| s.loads.iter().any(Option::is_some));
        let read = |at: u64| {
            let mut word = [0; 8];
            place.search.memory.read(phys(at), &mut word).ok().map(|()| u64::from_le_bytes(word))
        };
        let tables = cr3::roots(&sums, MAP, &read).into_iter().filter(|r| r.is_multiple_of(4096)).map(phys);
        let roots: Vec<PhysAddr> = tables.filter(|r| place.search.memory.contains(*r, 4096)).collect();
        let found = place.kernel(pagings(place.search.hints, place.search.info), &roots, window());
        place.again.set(place.again.get() || !place.closely && found.is_none());
        found
    }

    fn thorough(&self, search: &Search<'_>, trace: &mut Trace) -> Option<Found> {
        if search.hints.dtb.is_some() {
            return None;
        }
        trace.attempt(STEP, "x86-64: pass over all of memory", || {
            let mut seen = 0;
            for &paging in pagings(search.hints, search.info) {
                let groups = search.groups(paging, virt(MAP));
                seen += groups.len();
                let roots = groups.iter().take(GROUPS).filter_map(|g| g.roots.first().copied());
                if let Ok(found) = search.first(&[paging], roots, window(), "") {
                    return Ok(found);
                }
            }
            Err(format!("none of {seen} groups of tables that could be roots maps a Linux kernel"))
        })
    }

    fn own_root(&self, found: &mut Found, symbols: &dyn Symbols, info: Option<&VmcoreInfo>) -> Option<Result<String, String>> {
        let names = ["init_top_pgt", "swapper_pg_dir", "init_level4_pgt"];
        let own = names.iter().find_map(|n| symbols.address(n)).or_else(|| info?.symbol("init_top_pgt"))?;
        Some(found.with_own_root(own))
    }

    fn told(&self, search: &Search<'_>) -> Option<Told> {
        let info = search.info?;
        let distance = umem::from(info.phys_base()?.wrapping_sub(MAP));
        let pagings = pagings(search.hints, search.info).to_vec();
        Some(Told { root: root_of(info)?, pagings, distance, bases: vec![rambase::begin(search.memory)] })
    }
}

/// Where the image may lie.
fn window() -> (VirtAddr, VirtAddr) {
    (virt(MAP), virt(MAP_LAST))
}

fn root_of(info: &VmcoreInfo) -> Option<PhysAddr> {
    let base = info.phys_base()?;
    // swapper_pg_dir is the name before Linux 4.13 and the alias since.
    let root = info.symbol("init_top_pgt").or_else(|| info.symbol("swapper_pg_dir"))?;
    Some(phys(to_u64(root.value())?.wrapping_sub(MAP).wrapping_add(base)))
}
