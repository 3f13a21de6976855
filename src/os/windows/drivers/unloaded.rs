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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::os::windows::testkit::Kit;

    #[test]
    fn entries_that_are_empty_or_torn_are_no_drivers() {
        for (release, wide) in [("5.1.2600", false), ("10.0.19041", true)] {
            let mut kit = Kit::new(release, wide);
            let width = kit.width();
            let (pointer, table) = (kit.at(0x1000), kit.at(0x2f00));
            kit.symbol("MmUnloadedDrivers", pointer);
            kit.word(pointer, table);
            // The table ends with its page: later entries can't be read.
            kit.put(table, &[0; 0x100]);
            let first = table + 4 * width + 8;
            let base = kit.at(0x5_0000);
            kit.word(first + 2 * width, base);
            kit.word(first + 3 * width, base + 0x8000);
            kit.put(first + 4 * width, &133_379_749_810_000_000u64.to_le_bytes());
            let mut lost = Lost::default();
            let found = list(&kit.kernel(), &mut lost);
            let seen: Vec<_> = found.iter().map(|u| (u.size, u.name.is_none(), u.time.is_some())).collect();
            assert_eq!(seen, [(0x8000, true, true)], "{release}");
            assert!(!lost.is_empty(), "{release}");
        }
    }
}
