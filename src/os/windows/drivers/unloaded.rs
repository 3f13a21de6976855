//! Drivers that were unloaded: `MmUnloadedDrivers`.

use crate::os::lost::Lost;
use crate::os::windows::base::kernel::Kernel;
use crate::os::windows::base::time::from_filetime;
use memsh_plugin::{Listing, UnixNanos, VirtAddr, umem};

/// `MI_UNLOADED_DRIVERS` (WRK): the kernel remembers so many.
const REMEMBERED: u8 = 50;

/// A driver that was unloaded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unloaded {
    /// Name of its file.
    pub name: Option<String>,
    /// Where it lay.
    pub base: VirtAddr,
    /// Its size in bytes.
    pub size: umem,
    /// When it was unloaded.
    pub time: Option<UnixNanos>,
}

/// Those that the kernel remembers, in the order in which they went.
pub fn unloaded(kernel: &Kernel) -> Listing<Unloaded> {
    let mut lost = Lost::default();
    let items = list(kernel, &mut lost);
    lost.listing(items)
}

/// Those that the kernel remembers. An entry is a name, the first and the last address and a time (WRK, `UNLOADED_DRIVERS`).
fn list(kernel: &Kernel, lost: &mut Lost) -> Vec<Unloaded> {
    let reader = kernel.reader();
    let Some(table) = kernel.address("MmUnloadedDrivers").and_then(|at| reader.ptr(at)) else {
        lost.push("drivers that were unloaded: MmUnloadedDrivers is not known");
        return Vec::new();
    };
    // None was unloaded yet.
    if table.is_null() {
        return Vec::new();
    }
    let width = reader.width();
    let mut out = Vec::new();
    for index in 0..REMEMBERED {
        let at = table.wrapping_add(umem::from(index) * (4 * width + 8));
        let words = [2, 3].map(|word| reader.ptr(at.wrapping_add(word * width)));
        let [Some(base), Some(end)] = words else {
            lost.push(format!("drivers that were unloaded: entry {index} at {at} can't be read"));
            continue;
        };
        if base.is_null() {
            continue;
        }
        let time = kernel.space.read_u64(at.wrapping_add(4 * width)).ok().and_then(from_filetime);
        let name = reader.unicode(at).filter(|n| !n.is_empty());
        out.push(Unloaded { name, base, size: end.offset_from(base).unwrap_or(0), time });
    }
    out.sort_by_key(|u| u.time);
    out
}
