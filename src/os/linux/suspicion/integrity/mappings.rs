//! What the kernel's page tables let run: since 4.11 no page of a kernel is both writable and executable, and of the direct map of
//! physical memory nothing is executable but the code that starts processors, in the first megabyte.

use super::code::Patch;
use crate::os::linux::code::owner::{OwnerKind, Owners};
use memsh_plugin::{Perm, PhysAddr, VirtAddr, umem};
use std::ops::ControlFlow;

/// Real mode reaches no farther; the code that starts processors lies below.
const LOW: u64 = 1 << 20;
/// A hostile page table may map as many pieces as it likes.
const MOST: usize = 10_000;

pub(super) fn patches(owners: &Owners<'_>) -> Vec<Patch> {
    let mut out = Vec::new();
    let half = VirtAddr::new(umem::from(1u64 << 63));
    let last = VirtAddr::new(umem::from(u64::MAX));
    owners.kernel().space.runs(half, last, &mut |runs| {
        for run in runs.iter().filter(|r| r.perm.has(Perm::EXECUTE)) {
            if out.len() >= MOST {
                return ControlFlow::Break(());
            }
            let place = owners.of(run.virt);
            let low = run.phys < PhysAddr::new(umem::from(LOW));
            let reason = if run.perm.has(Perm::WRITE) {
                Some("memory that is writable and executable")
            } else if run.perm.has(Perm::USER) {
                Some("kernel memory that programs may execute")
            } else if place.kind == OwnerKind::Direct && !low {
                Some("data that is executable")
            } else {
                None
            };
            out.push(Patch {
                what: "mapping",
                address: run.virt,
                place,
                size: crate::engine::to_u64(run.size).unwrap_or(u64::MAX),
                bytes: Vec::new(),
                target: None,
                owner: None,
                reason,
            });
        }
        ControlFlow::Continue(())
    });
    out
}
