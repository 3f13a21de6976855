//! The loader's entries by the tag of their pool block: they outlive being taken off the list.

use super::Told;
use crate::engine::search::{Options, RunSource};
use crate::engine::index;
use crate::os::lost::Lost;
use crate::os::sweep::words;
use crate::os::windows::base::kernel::Kernel;
use crate::os::windows::base::offsets::Member;
use crate::os::windows::base::text;
use memsh_plugin::{PhysAddr, VirtAddr, umem};

/// `MmLd` (pooltag.txt: the load module database). Until Windows 8 the highest bit says that only whoever knows the tag may free the
/// block (`PROTECTED_POOL`).
const TAG: u64 = u64::from_le_bytes(*b"MmLd\0\0\0\0");
const PROTECTED: u64 = 0x8000_0000;
/// An entry has no more bytes.
const ENTRY: usize = 0x200;

/// Entries of the loader anywhere in physical memory; none where it is not known how they look.
pub(super) fn search(kernel: &Kernel, options: &Options<'_>, lost: &mut Lost) -> Option<Vec<Told>> {
    kernel.offsets.driver.base?;
    // Blocks of the pool are aligned to their headers' size, and so large are these.
    let step: umem = if kernel.wide() { 16 } else { 8 };
    let source = RunSource::physical(kernel.space.memory());
    // Behind four bytes of sizes.
    let swept = words(&source, step, 0, options, |_, word| word >> 32 & !PROTECTED == TAG);
    if swept.cut {
        lost.push("the search of memory for modules was cut short");
    }
    Some(swept.at.into_iter().filter_map(|at| entry(kernel, PhysAddr::new(at).saturating_add(step))).collect())
}

/// The entry at a physical address. A block never lies across pages.
fn entry(kernel: &Kernel, at: PhysAddr) -> Option<Told> {
    let mut bytes = [0u8; ENTRY];
    let room = index(0x1000 - (at.value() & 0xfff))?.min(ENTRY);
    kernel.space.memory().read(at, bytes.get_mut(..room)?).ok()?;
    let reader = kernel.reader();
    let number = |offset: umem, len: usize| {
        let mut word = [0u8; 8];
        let from = index(offset)?;
        word.get_mut(..len)?.copy_from_slice(bytes.get(from..from.checked_add(len)?)?);
        Some(u64::from_le_bytes(word))
    };
    let width = index(reader.width())?;
    let member = |m: Option<Member>, len| number(m?.offset, len);
    let o = &kernel.offsets.driver;
    let base = VirtAddr::new(umem::from(member(o.base, width)?));
    let size = umem::from(member(o.size, 4)?);
    // Blocks with this tag hold other things, too.
    if !reader.plausible(base) || !super::sane(base, size) {
        return None;
    }
    let string = |m: Option<Member>| {
        let at = m?.offset;
        let (len, most) = (number(at, 2)?, number(at + 2, 2)?);
        let buffer = VirtAddr::new(umem::from(number(at + reader.width(), width)?));
        let sane = len > 0 && len <= most && len.is_multiple_of(2);
        text::utf16(&kernel.space, Some(buffer).filter(|_| sane)?, index(umem::from(len))?)
    };
    // An entry without a name that could be read is no more than numbers that fit.
    let (name, path) = (string(o.name), string(o.path));
    let text = |t: &Option<String>| t.as_ref().is_some_and(|t| !t.is_empty() && t.chars().all(|c| !c.is_control()));
    (text(&name) || text(&path)).then_some(())?;
    Some(Told { base, size, name: name.filter(|n| !n.is_empty()), path })
}
