//! System calls of the graphics part: the second entry of `KeServiceDescriptorTableShadow`, which lists win32k's functions.
//!
//! An entry of either table is a pointer to the functions, a pointer to counters, the number of functions, a pointer to the sizes of
//! their arguments. The first entry of the shadow is that of the ordinary table; by that and by a second one that leads into win32k it
//! is known where no symbol names it. win32k's memory is that of sessions.

use super::calls::{self, target};
use super::{Collector, Slot};
use crate::engine::{ViewExt, to_u64};
use crate::os::windows::base::kernel::Kernel;
use crate::os::windows::session;
use memsh_plugin::{VirtAddr, umem};

/// Calls of win32k have numbers from here on.
const FIRST: u64 = 0x1000;
/// win32k has no fewer calls, and no more.
const CALLS: std::ops::Range<u64> = 200..4096;
/// Words of two entries.
const WORDS: usize = 8;
const PAGE: usize = 0x1000;
/// No image is searched further, in bytes.
const LARGEST: u64 = 64 << 20;

fn number(bytes: &[u8]) -> u64 {
    bytes.iter().rev().fold(0, |n, b| n << 8 | u64::from(*b))
}

/// The second of two entries that `words` may be: its table and number of calls.
fn second(all: &Collector<'_>, words: &[u64]) -> Option<(VirtAddr, u32)> {
    let &[_, _, _, _, table, _, count, _] = words else { return None };
    let count = u32::try_from(count & 0xffff_ffff).ok().filter(|n| CALLS.contains(&u64::from(*n)))?;
    let table = VirtAddr::new(umem::from(table));
    let owner = all.owners.of(all.kernel, table);
    (owner.listed && super::owners_of_graphics(&owner)).then_some((table, count))
}

/// The table of win32k's functions, and how many there are.
fn table(all: &Collector<'_>, first: (VirtAddr, u32)) -> Option<(VirtAddr, u32)> {
    let kernel = all.kernel;
    let width = if kernel.wide() { 8 } else { 4 };
    let words = |bytes: &[u8]| bytes.chunks_exact(width).map(number).collect::<Vec<u64>>();
    if let Some(at) = kernel.address("KeServiceDescriptorTableShadow") {
        let mut bytes = [0u8; WORDS * 8];
        let part = bytes.get_mut(..WORDS * width)?;
        kernel.space.read_exact(at, part).ok()?;
        return second(all, &words(part));
    }
    let (known, count) = (to_u64(first.0.value())?, u64::from(first.1));
    let mut page = [0u8; PAGE + WORDS * 8];
    for offset in (0..to_u64(kernel.image.size)?.min(LARGEST)).step_by(PAGE) {
        let at = kernel.image.base.wrapping_add(umem::from(offset));
        // Behind the last page may be nothing.
        let whole = kernel.space.read_exact(at, &mut page).is_ok();
        if !whole && kernel.space.read_exact(at, page.get_mut(..PAGE)?).is_err() {
            continue;
        }
        let words = words(if whole { &page } else { page.get(..PAGE)? });
        let fits = |w: &&[u64]| matches!(**w, [t, _, n, ..] if t == known && n & 0xffff_ffff == count);
        if let Some(found) = words.windows(WORDS).filter(fits).find_map(|w| second(all, w)) {
            return Some(found);
        }
    }
    None
}

pub(super) fn collect(all: &mut Collector<'_>, kernel: &Kernel) {
    let Some(first) = calls::table(kernel) else { return };
    let Some((table, count)) = table(all, first) else {
        if all.owners.names().any(|n| n.to_lowercase().starts_with("win32k")) {
            all.lost.push("the table of win32k's system calls was not found");
        }
        return;
    };
    let space = session::space(kernel, table);
    let mut missing = 0u32;
    for index in 0..count {
        match target(kernel, &space, table, index) {
            Some((slot, target)) => {
                let name = String::new();
                let slot = Slot { table: "syscall", index: Some(FIRST + u64::from(index)), name, slot: Some(slot), detail: None };
                all.push(slot, target);
            }
            None => missing += 1,
        }
    }
    if missing > 0 {
        all.lost.push(format!("{missing} of win32k's system calls can't be read"));
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::super::list;
    use crate::os::windows::Kernel;
    use crate::os::windows::testkit::Kit;
    use memsh_plugin::{VirtAddr, umem};

    fn member(m: Option<crate::os::windows::base::offsets::Member>) -> u64 {
        crate::engine::to_u64(m.unwrap().offset).unwrap()
    }

    /// An entry of a table at `table` for a function at `target`.
    fn entry(wide: bool, table: u64, target: u64) -> [u8; 4] {
        let number = if wide { target.wrapping_sub(table) << 4 } else { target };
        u32::try_from(number & 0xffff_ffff).unwrap().to_le_bytes()
    }

    #[test]
    fn win32ks_calls_by_symbol_and_by_shape() {
        for (release, wide) in [("10.0.19041", true), ("6.1.7601", false)] {
            let mut kit = Kit::new(release, wide);
            let (base, width) = (kit.head() & !0xfff, kit.width());
            let (driver, node, head) = (base + 0x20_0000, kit.at(0x5_0000), kit.at(0x6_0000));
            kit.put(node, &[0; 0x200]);
            kit.ring(&[head, node + member(kit.o.driver.links)]);
            kit.set(node, kit.o.driver.base, driver);
            kit.put(node + member(kit.o.driver.size), &0x1_0000u32.to_le_bytes());
            kit.unicode(node + member(kit.o.driver.name), "win32k.sys");
            let (first, second) = (base + 0x2000, driver + 0x1000);
            for i in 0..300 {
                kit.put(first + 4 * i, &entry(wide, first, base + 0x3000));
                let alien = if i == 7 { base + 0x40_0000 } else { driver + 0x3000 };
                kit.put(second + 4 * i, &entry(wide, second, alien));
            }
            // Close to the end of a page, and over it.
            let descriptors = base + 0x5000 - 5 * width;
            for (i, word) in [first, 0, 300, base + 0x100, second, 0, 300, driver + 0x100].into_iter().enumerate() {
                kit.word(descriptors + u64::try_from(i).unwrap() * width, word);
            }
            kit.put(base + 0x4000, &[0; 16]);
            kit.symbol("KiServiceTable", first);
            kit.symbol("KiServiceLimit", base + 0x6000);
            kit.put(base + 0x6000, &300u32.to_le_bytes());
            let kernel = |kit: &Kit| Kernel { modules: Some(VirtAddr::new(umem::from(head))), ..kit.kernel() };
            let told = |kit: &Kit| {
                let found = list(&kernel(kit), &["syscall"]);
                let wrong: Vec<_> = found.items.iter().filter(|h| h.reason.is_some()).map(|h| h.index).collect();
                let lost = found.lost.iter().any(|l| l.to_string_lossy().contains("win32k"));
                (found.items.len(), wrong, lost)
            };
            assert_eq!(told(&kit), (600, vec![Some(0x1007)], false), "{release}");
            kit.symbol("KeServiceDescriptorTableShadow", descriptors);
            assert_eq!(told(&kit).0, 600, "{release}");
            // A count that no table has: it is said that it was not found.
            kit.word(descriptors + 6 * width, 0xffff_ffff);
            assert_eq!(told(&kit), (300, vec![], true), "{release}");
        }
    }
}
