//! Code of files that was changed in memory.
//!
//! A page of a file's code is shared with the page cache until somebody writes to it: the debugger's way (`ptrace`,
//! `/proc/PID/mem`), or `mprotect` and a write. Then the process has an anonymous copy of its own.

use super::pages::{addresses, present};
use super::subject::Subject;
use super::{SHOWN, hex};
use crate::engine::{index, to_u64};
use crate::os::linux::base::kernel::Kernel;
use crate::os::linux::base::layout::Shape;
use crate::os::linux::base::lost::Lost;
use crate::os::linux::files::cachedpages::{CachedPages, pages_in};
use crate::os::linux::memory::frames::{FileMappingShape, Frames};
use crate::os::linux::memory::mm::Vma;
use crate::os::linux::suspicion::finding::Finding;
use memsh_plugin::{PhysAddr, RegionInfo, VirtAddr, umem};

/// So many pages of a process's code are looked at.
const LOOKED_AT: usize = 1 << 18;

/// Pages of code of a file, which nobody may write, that are the process's own.
pub fn changed(kernel: &Kernel, s: &Subject, _: &mut Lost) -> Vec<Finding> {
    let Some(frames) = Frames::find(kernel) else { return Vec::new() };
    let mut out = Vec::new();
    for (vma, row) in s.regions.iter().filter(|(v, r)| v.file.is_some() && r.execute && !r.write && !r.shared) {
        out.extend(region(kernel, &frames, s, vma, row));
    }
    out
}

/// One finding for all changed pages of a region.
fn region(kernel: &Kernel, frames: &Frames, s: &Subject, vma: &Vma, row: &RegionInfo) -> Option<Finding> {
    let mut own: Vec<(VirtAddr, Option<Change>)> = Vec::new();
    let mut cache: Option<CachedPages> = None;
    let page_size = to_u64(kernel.space_page_size())?;
    for (at, phys) in addresses(kernel, &present(s, vma), LOOKED_AT) {
        let page = frames.page_of(to_u64(phys)? >> frames.page_shift());
        if !page.and_then(|p| frames.facts(kernel, p)).is_some_and(|f| f.anonymous) {
            continue;
        }
        let cache = cache.get_or_insert_with(|| cached(kernel, frames, vma));
        let offset = vma.page_offset?.checked_mul(page_size)?.checked_add(to_u64(at.value())?.checked_sub(vma.start)?)?;
        match cache.find(offset, page_size) {
            Some(original) => {
                let change = compare(kernel, original, PhysAddr::new(phys))?;
                // A copy that says what the file says: a breakpoint that was taken out again.
                own.extend(change.map(|c| (at, Some(c))));
            }
            None => own.push((at, None)),
        }
    }
    let (first, change) = own.first()?;
    let pages = if own.len() == 1 { "1 page is".to_owned() } else { format!("{} pages are", own.len()) };
    let evidence = match own.iter().find_map(|(at, c)| Some((at, c.as_ref()?))).filter(|_| change.is_some() || own.len() > 1) {
        Some((at, c)) => {
            let at = at.wrapping_add(c.offset);
            format!("{pages} not the file's; at {at}: {} was {}, {} bytes differ", hex(&c.now), hex(&c.before), c.bytes)
        }
        None => format!("{pages} the process's own copy; the file's page is not in memory to compare with"),
    };
    Some(Finding { address: Some(*first), ..s.in_region(row, "code", "code of a file changed in memory", evidence) })
}

/// How two pages differ.
struct Change {
    offset: umem,
    now: Vec<u8>,
    before: Vec<u8>,
    bytes: usize,
}

/// The outer `None` where one of them is not in the image.
fn compare(kernel: &Kernel, original: PhysAddr, copy: PhysAddr) -> Option<Option<Change>> {
    let size = index(kernel.space_page_size())?;
    let (mut before, mut now) = (vec![0u8; size], vec![0u8; size]);
    kernel.space.memory().read(original, &mut before).ok()?;
    kernel.space.memory().read(copy, &mut now).ok()?;
    let mut differ = before.iter().zip(&now).enumerate().filter(|(_, (a, b))| a != b).map(|(i, _)| i);
    let Some(first) = differ.next() else { return Some(None) };
    let piece = |b: &[u8]| b.get(first..).unwrap_or_default().iter().copied().take(SHOWN).collect();
    Some(Some(Change {
        offset: crate::engine::to_umem(first),
        now: piece(&now),
        before: piece(&before),
        bytes: differ.count() + 1,
    }))
}

/// The cached pages of a mapped file.
fn cached(kernel: &Kernel, frames: &Frames, vma: &Vma) -> CachedPages {
    let shape = kernel.shape::<FileMappingShape>();
    let mapping = vma.file.and_then(|at| shape.read(kernel.view(), at).ptr(shape.mapping));
    // What a torn cache lacks is compared with nothing, and said so.
    mapping.map_or_else(CachedPages::default, |at| pages_in(kernel, frames, at, &mut Lost::default()))
}
