//! Which pages of a region are in memory.

use super::subject::Subject;
use crate::engine::{FaultReason, PageRun, to_u64};
use crate::os::linux::base::kernel::Kernel;
use crate::os::linux::memory::mm::Vma;
use memsh_plugin::{VirtAddr, umem};
use std::ops::ControlFlow;

/// So many pages of a region are asked for swapped ones.
const ASKED: u64 = 4096;

/// The runs of a region that page tables map.
pub fn present(s: &Subject, vma: &Vma) -> Vec<PageRun> {
    let mut runs = Vec::new();
    let (first, last) = (VirtAddr::new(umem::from(vma.start)), VirtAddr::new(umem::from(vma.end - 1)));
    s.space.runs(first, last, &mut |group| {
        runs.extend_from_slice(group);
        ControlFlow::Continue(())
    });
    runs
}

/// Bytes of all runs.
pub fn bytes(runs: &[PageRun]) -> u64 {
    runs.iter().fold(0u64, |sum, r| sum.saturating_add(to_u64(r.size).unwrap_or(u64::MAX)))
}

/// Addresses of the pages in `runs`, at most so many.
pub fn addresses(kernel: &Kernel, runs: &[PageRun], most: usize) -> Vec<(VirtAddr, umem)> {
    let page = kernel.space_page_size();
    let of = |r: &PageRun| {
        let (virt, phys) = (r.virt, r.phys.value());
        let count = to_u64(r.size / page).unwrap_or(0);
        (0..count).map(move |i| (virt.wrapping_add(umem::from(i) * page), phys.wrapping_add(umem::from(i) * page)))
    };
    runs.iter().flat_map(of).take(most).collect()
}

/// Whether some page of a region was put into a swap area.
pub fn swapped(kernel: &Kernel, s: &Subject, vma: &Vma) -> bool {
    let page = to_u64(kernel.space_page_size()).unwrap_or(4096).max(1);
    let count = ((vma.end - vma.start) / page).min(ASKED);
    (0..count).any(|i| {
        let at = VirtAddr::new(umem::from(vma.start + i * page));
        s.space.translate_one(at).is_err_and(|f| matches!(f.reason, FaultReason::Swapped { .. }))
    })
}
