//! PE files that are mapped in the kernel's half and can run.
//!
//! Files lie there in other ways, too: in the cache of the file system as they lie on disk, in the firmware's memory, in somebody's
//! buffer. What counts has pages that can run, a header that ends in zeros up to its first section, as only mapping leaves it, and is
//! not the firmware's. Where page tables have no bit for what can't run, this way is not gone.

use super::Told;
use crate::engine::{PageRun, ViewExt, index, to_u64};
use crate::os::lost::Lost;
use crate::os::windows::base::kernel::Kernel;
use crate::os::windows::pe;
use crate::os::windows::pe::loaded::Loaded;
use memsh_plugin::{Perm, PhysAddr, VirtAddr, umem};
use std::ops::ControlFlow;

const PAGE: umem = 0x1000;
/// `IMAGE_SUBSYSTEM_EFI_APPLICATION` to `IMAGE_SUBSYSTEM_EFI_ROM`.
const FIRMWARE: std::ops::RangeInclusive<u16> = 10..=13;
/// Pages that are looked at, beyond those of memory: some are mapped twice.
const MORE: u64 = 1 << 20;
/// Images that are told.
const MOST: usize = 4096;

/// The parts of the kernel's half without the page tables themselves, which are mapped there, too.
fn parts(kernel: &Kernel) -> Vec<(u64, u64)> {
    if !kernel.wide() {
        // `PTE_BASE`, with and without PAE (WRK, i386/mi386.h).
        return vec![(0x8000_0000, 0xbfff_ffff), (0xc080_0000, 0xffff_ffff)];
    }
    let mut out = Vec::new();
    let root = kernel.space.root();
    let frame = to_u64(root.value() & !0xfff).unwrap_or(0);
    let mut table = [0u8; 4096];
    let known = kernel.space.memory().read(PhysAddr::new(root.value() & !0xfff), &mut table).is_ok();
    // With five levels, a slot of the root is larger.
    let five = matches!(kernel.space.paging(), crate::arch::Paging::X86_64La57);
    let (shift, first) = if five { (48, 0xff00_0000_0000_0000) } else { (39, 0xffff_8000_0000_0000) };
    for slot in 256u64..512 {
        let entry = index(umem::from(slot * 8)).and_then(|at| table.get(at..)?.first_chunk().map(|b| u64::from_le_bytes(*b)));
        let entry = entry.filter(|_| known).unwrap_or(1);
        let itself = known && entry & 0x000f_ffff_ffff_f000 == frame;
        if entry & 1 == 1 && !itself {
            let start = first + ((slot - 256) << shift);
            out.push((start, start + ((1 << shift) - 1)));
        }
    }
    out
}

/// The images; none where this can't be told.
pub(super) fn search(kernel: &Kernel, lost: &mut Lost) -> Option<Vec<Told>> {
    let pages = kernel.space.memory().ranges().iter().fold(0u64, |n, r| n.saturating_add(to_u64(r.size / PAGE).unwrap_or(0)));
    let mut left = pages.saturating_mul(2).saturating_add(MORE);
    let mut found: Vec<VirtAddr> = Vec::new();
    let mut no_execute = false;
    for (first, last) in parts(kernel) {
        let at = |n: u64| VirtAddr::new(umem::from(n));
        kernel.space.runs(at(first), at(last), &mut |group| {
            for run in group {
                // Pages without a valid entry have no rights at all.
                no_execute |= run.perm != Perm::NONE && !run.perm.has(Perm::EXECUTE);
                if !look(kernel, run, &mut left, &mut found) {
                    return ControlFlow::Break(());
                }
            }
            ControlFlow::Continue(())
        });
    }
    if left == 0 || found.len() >= MOST {
        lost.push("the search of the kernel's half for modules was cut short");
    }
    no_execute.then(|| found.into_iter().filter_map(|base| image(kernel, base)).collect())
}

/// Looks at the beginnings of the pages of a run; whether to go on.
fn look(kernel: &Kernel, run: &PageRun, left: &mut u64, found: &mut Vec<VirtAddr>) -> bool {
    for i in 0..to_u64(run.size / PAGE).unwrap_or(0) {
        if *left == 0 || found.len() >= MOST {
            return false;
        }
        *left -= 1;
        let by = umem::from(i) * PAGE;
        let mut start = [0u8; 2];
        if kernel.space.memory().read(run.phys.saturating_add(by), &mut start).is_ok() && start == *b"MZ" {
            found.push(run.virt.wrapping_add(by));
        }
    }
    true
}

/// What lies at `base`, where that is an image as it is loaded.
fn image(kernel: &Kernel, base: VirtAddr) -> Option<Told> {
    let mut page = [0u8; 0x1000];
    kernel.space.read_exact(base, &mut page).ok()?;
    let header = pe::header(&page)?;
    let lost = &mut Lost::default();
    let image = Loaded::open(&kernel.space, base, "", None, lost).ok()?;
    let h = &image.headers;
    let subsystem = image.u16(h.optional.checked_add(68)?)?;
    if FIRMWARE.contains(&subsystem) {
        return None;
    }
    // As the file lies on disk, the first section follows the headers at once.
    let end = index(umem::from(h.headers))?.min(page.len());
    if page.get(end..)?.iter().any(|b| *b != 0) {
        return None;
    }
    let mut code = h.sections.iter().filter(|s| s.rights().2 && s.extent() > 0);
    code.any(|s| super::can_run(kernel, image.at(s.rva), umem::from(s.extent()), &[])).then_some(())?;
    // A driver exports nothing, and then is nameless.
    let name = pe::exports::exports(&image, lost).and_then(|e| e.library);
    Some(Told { base, size: umem::from(header.size), name, path: None })
}
