//! The virtual address of a process that was found in physical memory.
//!
//! A list that is empty points to its own head, and the neighbours of a list's head point back to it: either tells where the head is
//! in the kernel's space. Whatever they tell is taken only where the page tables map that address to this very place: a copy of a
//! process elsewhere in memory does not pass, and neither do remains whose page is another's now.

use super::super::base::kernel::Kernel;
use super::super::base::offsets::Member;
use memsh_plugin::{PhysAddr, VirtAddr, umem};

/// Lists of a process, those first that are empty most of the time.
pub fn lists(kernel: &Kernel) -> [Option<umem>; 5] {
    let o = &kernel.offsets;
    let in_header = o.kprocess.header.zip(o.dispatcher.waiters).map(|(h, w)| h.offset + w.offset);
    let offset = |m: Option<Member>| m.map(|m| m.offset);
    [offset(o.kprocess.profiles), in_header, offset(o.kprocess.threads), offset(o.process.threads), offset(o.process.links)]
}

/// The pointer at a physical address.
fn pointer(kernel: &Kernel, at: PhysAddr) -> Option<VirtAddr> {
    let mut bytes = [0u8; 8];
    let part = bytes.get_mut(..if kernel.wide() { 8 } else { 4 })?;
    kernel.space.memory().read(at, part).ok()?;
    Some(VirtAddr::new(umem::from(u64::from_le_bytes(bytes))))
}

/// The address of the structure at `phys`, as its lists tell it.
pub fn locate(kernel: &Kernel, phys: PhysAddr) -> Option<VirtAddr> {
    let reader = kernel.reader();
    let width = reader.width();
    let is_here = |at: &VirtAddr| reader.plausible(*at) && kernel.space.translate_one(*at).is_ok_and(|t| t.phys == phys);
    lists(kernel).into_iter().flatten().find_map(|offset| {
        let next = pointer(kernel, phys.checked_add(offset)?).filter(|p| reader.plausible(*p))?;
        let own = next.wrapping_sub(offset);
        if is_here(&own) {
            return Some(own);
        }
        // Not empty: the first node points back to the head.
        Some(reader.ptr(next.wrapping_add(width))?.wrapping_sub(offset)).filter(is_here)
    })
}
