//! Constants of the kernel: every table that is written once, when the kernel is built or boots.
//!
//! What is there points into the kernel itself. So one pass over all of it finds a pointer that was replaced, whichever table it
//! is in. Constants of modules are not looked at: they keep pointers to their own initialization code, whose place another module
//! may have taken since.

use super::Reader;
use crate::engine::{ViewExt, index};
use crate::os::linux::base::layout::number;
use crate::os::linux::code::owner::OwnerKind;
use memsh_plugin::{Perm, VirtAddr, umem};
use std::collections::HashSet;
use std::ops::Range;

/// The constants of a kernel take some ten MiB; bounds that claim more are wrong.
const LARGEST: u64 = 256 << 20;
const CHUNK: u64 = 1 << 16;
const WORD: u64 = 8;

pub(super) fn read(reader: &mut Reader<'_, '_>) {
    let owners = reader.owners;
    let kernel = owners.kernel();
    if kernel.view().view_metadata().pointer_size != 8 {
        return;
    }
    let known: HashSet<VirtAddr> = reader.out.iter().filter_map(|h| h.slot).collect();
    let range = |from: &str, to: &str| match (kernel.symbols.address(from), kernel.symbols.address(to)) {
        (Some(from), Some(to)) => number(from)..number(to),
        _ => 0..0,
    };
    let range_of = range("__start_rodata", "__end_rodata");
    if range_of.is_empty() {
        reader.lost.push("constants of the kernel were not looked at: no symbols __start_rodata and __end_rodata");
    }
    // Written while the kernel boots: bounds of memory areas stand here too, which may be executable by now.
    let late = range("__start_ro_after_init", "__end_ro_after_init");
    scan(reader, &range_of, &late, &known);
}

fn scan(reader: &mut Reader<'_, '_>, range: &Range<u64>, late: &Range<u64>, known: &HashSet<VirtAddr>) {
    if range.end.saturating_sub(range.start) > LARGEST {
        reader.lost.push(format!("constants at {:#x} claim to be larger than {LARGEST} bytes: not looked at", range.start));
        return;
    }
    let owners = reader.owners;
    let (image, little) = (owners.image(), owners.kernel().view().view_metadata().little_endian);
    let mut at = range.start.next_multiple_of(WORD);
    let mut bytes = vec![0u8; index(umem::from(CHUNK)).unwrap_or(0)];
    while at < range.end {
        let size = CHUNK.min(range.end - at);
        let Some(buf) = index(umem::from(size)).and_then(|n| bytes.get_mut(..n)) else { return };
        // What is not there reads as zeros, and zeros point nowhere.
        owners.kernel().view().read_gaps(VirtAddr::new(umem::from(at)), buf);
        for (i, word) in (0u64..).zip(buf.as_chunks::<8>().0) {
            let target = if little { u64::from_le_bytes(*word) } else { u64::from_be_bytes(*word) };
            // Most words are no addresses of the kernel's half, or of the kernel itself.
            if !(1 << 63..=u64::MAX - 4096).contains(&target) || image.contains(&target) {
                continue;
            }
            let slot = VirtAddr::new(umem::from(at + i * WORD));
            if !known.contains(&slot) {
                judge(reader, slot, VirtAddr::new(umem::from(target)), late.contains(&(at + i * WORD)));
            }
        }
        at += CHUNK;
    }
}

/// Whether a variable of this name holds a bound of the area of modules: before there was a description of such areas, AArch64 had
/// numbers (arch/arm64/kernel/module.c).
fn is_bound(name: &str) -> bool {
    name.starts_with("execmem_info") || matches!(name, "module_plt_base" | "module_direct_base" | "module_alloc_base")
}

fn judge(reader: &mut Reader<'_, '_>, slot: VirtAddr, target: VirtAddr, late: bool) {
    let code = match reader.owners.kind(target) {
        // Bounds of areas, one of which begins where the first module does (mm/execmem.c).
        OwnerKind::Module => !(late && is_bound(&reader.owners.place(slot))),
        OwnerKind::Vmalloc | OwnerKind::Direct | OwnerKind::Other if !late => {
            let space = &reader.owners.kernel().space;
            space.translate_one(target).is_ok_and(|t| t.perm.has(Perm::EXECUTE))
        }
        _ => false,
    };
    if code {
        let hook = reader.fixed("constant", reader.owners.place(slot), Some(slot), target);
        reader.out.push(hook);
    }
}
