//! The kernel's image and page tables on x86-64.
//!
//! The image is mapped from `__START_KERNEL_map` up, at most 1 GiB (arch/x86/include/asm/page_64_types.h); KASLR moves it inside
//! that window, and its physical place independently.

use super::image::{KernelImage, banner};
use super::trace::Trace;
use crate::arch::{Arch, Paging};
use crate::engine::{AddressSpace, Memory, RootGroup, Software, root_groups, root_groups_until, to_u64};
use crate::memo::{Memo, Reader, Writer};
use crate::os::Hints;
use crate::symbols::VmcoreInfo;
use memsh_plugin::{PhysAddr, VirtAddr, umem};

/// `__START_KERNEL_map`.
const MAP: u64 = 0xffff_ffff_8000_0000;
/// The last address of the window, `KERNEL_IMAGE_SIZE` with KASLR. Modules follow.
const MAP_LAST: u64 = 0xffff_ffff_bfff_ffff;
/// CR4.LA57.
const CR4_LA57: u64 = 1 << 12;
/// The real-mode trampoline and its page table lie below 1 MiB (arch/x86/realmode/init.c).
const LOW: u64 = 1 << 20;
/// Tables of this many groups are looked into when all of memory was searched; a real system has one group, an image with stale
/// kernels in it a few.
const GROUPS: usize = 256;
/// With PTI a process's user half of the tables lies one page above the kernel half (arch/x86/mm/pti.c).
const PTI_USER: u64 = 1 << 12;

/// A kernel image and an address space that maps it.
pub(super) struct Found {
    pub(super) space: AddressSpace,
    pub(super) image: KernelImage,
    pub(super) banner: String,
}

/// Whether the hints allow this architecture.
pub(super) fn possible(hints: &Hints) -> bool {
    let named = hints.machine.as_deref().is_none_or(|m| m == "x86_64");
    hints.arch.map_or(named, |a| a == Arch::X86_64)
}

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

/// Finds a kernel.
pub(super) fn find(memory: &Memory, hints: &Hints, info: Option<&VmcoreInfo>, trace: &mut Trace) -> Option<Found> {
    const STEP: &str = "page-table root";
    let pagings = pagings(hints, info);
    if let Some(dtb) = hints.dtb {
        // The user said so: nothing else is tried.
        return trace.attempt(STEP, "--dtb", || first(memory, hints, pagings, [dtb], "the root given"));
    }
    if let Some((paging, root)) = hints.memo.as_deref().and_then(remembered)
        && let Some(found) =
            trace.attempt(STEP, "cache of an earlier start", || first(memory, hints, &[paging], [root], "the root that it had"))
    {
        return Some(found);
    }
    if let Some(info) = info
        && let Some(root) = root_of(info)
        && let Some(found) = trace
            .attempt(STEP, "VMCOREINFO (phys_base, init_top_pgt)", || first(memory, hints, pagings, [root], "the root it names"))
    {
        return Some(found);
    }
    let registers: Vec<PhysAddr> = hints.cpus.iter().filter_map(|c| c.root).flat_map(|r| [r, r & !PTI_USER]).map(phys).collect();
    if !registers.is_empty()
        && let Some(found) = trace.attempt(STEP, "CR3 of the recorded processors", || {
            first(memory, hints, pagings, registers.iter().copied(), "what CR3 holds")
        })
    {
        return Some(found);
    }
    let low: Vec<PhysAddr> = (0..LOW).step_by(4096).map(phys).filter(|&p| memory.contains(p, 4096)).collect();
    if !low.is_empty()
        && let Some(found) = trace.attempt(STEP, "boot trampoline below 1 MiB", || {
            first(memory, hints, pagings, low.iter().copied(), "any page below 1 MiB")
        })
    {
        return Some(found);
    }
    trace.attempt(STEP, "pass over all of memory", || {
        let mut seen = 0;
        for &paging in pagings {
            let groups: Vec<RootGroup> = match hints.interrupt {
                Some(stop) => root_groups_until(memory, paging, VirtAddr::new(umem::from(MAP)), stop),
                None => root_groups(memory, paging, VirtAddr::new(umem::from(MAP))),
            };
            seen += groups.len();
            let roots = groups.iter().take(GROUPS).filter_map(|g| g.roots.first().copied());
            if let Ok(found) = first(memory, hints, &[paging], roots, "") {
                return Ok(found);
            }
        }
        Err(format!("none of {seen} groups of tables that could be roots maps a Linux kernel"))
    })
}

/// Under what name the memo keeps the root.
const ROOT: &str = "root";

fn remembered(memo: &Memo) -> Option<(Paging, PhysAddr)> {
    let kept = memo.get(ROOT, 0)?;
    let mut kept = Reader(&kept);
    let paging = match kept.u64()? {
        4 => Paging::X86_64,
        5 => Paging::X86_64La57,
        _ => return None,
    };
    Some((paging, phys(kept.u64()?)))
}

fn phys(value: u64) -> PhysAddr {
    PhysAddr::new(umem::from(value))
}

fn root_of(info: &VmcoreInfo) -> Option<PhysAddr> {
    let base = info.phys_base()?;
    // swapper_pg_dir is the name before Linux 4.13 and the alias since.
    let root = info.symbol("init_top_pgt").or_else(|| info.symbol("swapper_pg_dir"))?;
    Some(phys(to_u64(root.value())?.wrapping_sub(MAP).wrapping_add(base)))
}

/// The first of `roots` that maps a kernel with a banner.
fn first(
    memory: &Memory,
    hints: &Hints,
    pagings: &[Paging],
    roots: impl IntoIterator<Item = PhysAddr> + Clone,
    what: &str,
) -> Result<(Found, String), String> {
    let mut unnamed = 0;
    for &paging in pagings {
        for root in roots.clone() {
            if hints.interrupted() {
                return Err("interrupted".to_owned());
            }
            let space = AddressSpace::new(memory.clone(), paging, root).with_software(Software::Linux);
            let from = hints.kernel_base.unwrap_or(VirtAddr::new(umem::from(MAP)));
            let Some(image) = KernelImage::find(&space, from, VirtAddr::new(umem::from(MAP_LAST))) else { continue };
            let Some(banner) = banner(&image.bytes(memory)) else {
                unnamed += 1;
                continue;
            };
            let detail =
                format!("{}, root {}: a kernel at {}, physical {}", paging.format().mode, space.root(), image.virt, image.phys);
            return Ok((Found { space, image, banner }, detail));
        }
    }
    Err(match unnamed {
        0 => format!("{what} does not map a kernel image"),
        n => format!("{what} maps something like a kernel image ({n} times), without a Linux banner"),
    })
}

impl Found {
    /// Keeps the root for the next start, which will prove it again.
    pub(super) fn remember(&self, memo: &Memo) {
        let levels = if self.space.paging() == Paging::X86_64La57 { 5 } else { 4 };
        let mut kept = Writer::default();
        kept.u64(levels);
        kept.umem(self.space.root().value());
        memo.put(ROOT, 0, kept.done());
    }

    /// The same with the kernel's own root, once its address is known: it must map itself to where it is.
    pub(super) fn with_own_root(&mut self, own: VirtAddr) -> bool {
        let root = self.image.phys_of(own);
        let space = self.space.with_root(root);
        let proven = space.translate_one(own).is_ok_and(|t| t.phys == root);
        if proven {
            self.space = space;
        }
        proven
    }
}
