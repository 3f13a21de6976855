//! A kernel by its own word alone, where the tables that map its image are not in the image any more.
//!
//! VMCOREINFO says where the image lies, virtually and physically, and where its root is. Where that root leads to tables that are missing
//! (AArch64 and RISC-V map the kernel through tables from the end of memory, which an image that was cut off has lost), the image is
//! taken at its word, if it is there: its own name must stand at the very place.

use super::image::KernelImage;
use super::machine::{Found, Machine, Search, with_image};
use super::rambase;
use super::trace::Trace;
use crate::arch::Paging;
use crate::engine::{AddressSpace, FaultReason, LinearMap, Software};
use crate::os::linux::memory::linear::KernelMap;
use crate::symbols::VmcoreInfo;
use memsh_plugin::{PhysAddr, umem};
use std::sync::Arc;

/// What VMCOREINFO says of where the kernel is.
pub(super) struct Told {
    /// The kernel's root.
    pub(super) root: PhysAddr,
    /// In which formats.
    pub(super) pagings: Vec<Paging>,
    /// What is added to an address of the image to get its place.
    pub(super) distance: umem,
    /// Where memory may begin.
    pub(super) bases: Vec<u64>,
}

/// No image is larger; how large this one is its symbols tell later.
const SIZE: umem = 128 << 20;
/// `new_utsname` has strings of so many bytes: sysname, nodename, release, ... (include/uapi/linux/utsname.h).
const STRING: umem = 65;

/// The kernel that `search.info` tells of.
pub(super) fn find(search: &Search<'_>, machine: &dyn Machine, trace: &mut Trace) -> Option<Found> {
    let info = search.info?;
    let told = machine.told(search)?;
    let text = info.symbol("_stext")?;
    let mut advice = None;
    let found = trace.attempt("kernel's image", "VMCOREINFO, without the tables that map it", || {
        let mut missing = false;
        for &base in &told.bases {
            let memory = rambase::at_base(search.memory, base);
            for &paging in &told.pagings {
                let space = AddressSpace::new(memory.clone(), paging, told.root).with_upper_root(told.root);
                // Tables that are there count, whatever they say.
                let gone = space.translate_one(text).is_err_and(|fault| fault.reason == FaultReason::NotInImage);
                missing |= gone;
                let at = PhysAddr::new(text.value().wrapping_add(told.distance));
                if !gone || !named(info, &space, told.distance) {
                    continue;
                }
                let map: Arc<dyn LinearMap> = Arc::new(KernelMap::new(text, at, SIZE));
                let space = space.with_software(Software::Linux).with_linear(map);
                if let Ok((found, detail)) = with_image(space, KernelImage { virt: text, phys: at, size: SIZE }) {
                    let detail = format!("{detail}; the tables that map it are not in the image");
                    return rambase::settled(search, base, (machine.settle(found), detail), &mut advice);
                }
            }
        }
        Err(if missing { "it is not where it should be" } else { "no table is missing on the way to it" }.to_owned())
    });
    trace.advice = advice.or(trace.advice.take());
    found
}

/// Whether the kernel's name and release stand where VMCOREINFO has them (`init_uts_ns`).
fn named(info: &VmcoreInfo, space: &AddressSpace, distance: umem) -> bool {
    let (Some(at), Some(release)) = (info.symbol("init_uts_ns"), info.osrelease()) else { return false };
    // Before 5.11 a count of references came first, and VMCOREINFO did not say where the name is.
    let offsets = info.offset("uts_namespace.name").map_or_else(|| vec![0, 4], |offset| vec![offset]);
    let holds = |offset: u64, behind: umem, text: &str| {
        let mut bytes = vec![0; text.len() + 1];
        let place = PhysAddr::new(at.value().wrapping_add(distance).wrapping_add(umem::from(offset)).wrapping_add(behind));
        space.memory().read(place, &mut bytes).is_ok() && bytes.split_last() == Some((&0, text.as_bytes()))
    };
    offsets.into_iter().any(|offset| holds(offset, 0, "Linux") && holds(offset, 2 * STRING, release))
}
