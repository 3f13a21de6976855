//! System calls: `KeServiceDescriptorTable` and the table it points to.
//!
//! On 64-bit systems an entry is a distance from the table, shifted left by four (Server 2003: with four bits of other meaning); on
//! 32-bit ones an address. What a call is named is read from the kernel's own exports: `ZwClose` puts the number of `NtClose` into a
//! register and enters the kernel again.

use super::{Collector, Slot};
use crate::engine::{AddressSpace, ViewExt, to_u64};
use crate::os::windows::base::kernel::{Kernel, Reader};
use memsh_plugin::{VirtAddr, umem};
use std::collections::HashMap;

/// A kernel has no fewer calls (Windows 2000 has 248), and no more.
const CALLS: std::ops::Range<u32> = 200..1024;
/// No image is searched further, in bytes.
const LARGEST: u64 = 64 << 20;
/// The first build whose 64-bit entries are shifted.
const VISTA: u32 = 6000;

/// The table and how many entries it has.
pub(super) fn table(kernel: &Kernel) -> Option<(VirtAddr, u32)> {
    let reader = kernel.reader();
    let limit = |at: VirtAddr| kernel.space.read_u32(at).ok().filter(|n| CALLS.contains(n));
    if let (Some(table), Some(count)) = (kernel.address("KiServiceTable"), kernel.address("KiServiceLimit").and_then(limit)) {
        return Some((table, count));
    }
    if let Some(at) = kernel.address("KeServiceDescriptorTable") {
        let count = limit(at.wrapping_add(2 * reader.width()));
        if let Some(found) = reader.ptr(at).filter(|&t| reader.plausible(t) || kernel.image.holds(t)).zip(count) {
            return Some(found);
        }
    }
    searched(kernel, &reader)
}

/// The descriptor in the image: pointer to the table, no counters, number of calls, pointer to the table of their arguments. Most of
/// its entries lead into the kernel.
fn searched(kernel: &Kernel, reader: &Reader<'_>) -> Option<(VirtAddr, u32)> {
    let width = if reader.width() == 8 { 8 } else { 4 };
    let mut page = [0u8; 0x1000];
    let size = to_u64(kernel.image.size)?.min(LARGEST);
    for offset in (0..size).step_by(page.len()) {
        if kernel.space.read_exact(kernel.image.base.wrapping_add(umem::from(offset)), &mut page).is_err() {
            continue;
        }
        let words: Vec<u64> = page
            .chunks_exact(width)
            .filter_map(|w| {
                let mut word = [0; 8];
                word.get_mut(..width)?.copy_from_slice(w);
                Some(u64::from_le_bytes(word))
            })
            .collect();
        let inside = |word: u64| kernel.image.holds(VirtAddr::new(umem::from(word)));
        for window in words.windows(4) {
            let &[table, counters, count, arguments] = window else { continue };
            let Some(count) = u32::try_from(count).ok().filter(|n| CALLS.contains(n)) else { continue };
            if counters != 0 || !inside(table) || !inside(arguments) {
                continue;
            }
            let table = VirtAddr::new(umem::from(table));
            let own = (0..count)
                .filter(|&i| target(kernel, &kernel.space, table, i).is_some_and(|(_, t)| kernel.image.holds(t)))
                .count();
            if own * 10 > usize::try_from(count).unwrap_or(usize::MAX) * 9 {
                return Some((table, count));
            }
        }
    }
    None
}

/// The slot and the target of call `index` of a table in `space`.
pub(super) fn target(kernel: &Kernel, space: &AddressSpace, table: VirtAddr, index: u32) -> Option<(VirtAddr, VirtAddr)> {
    let slot = table.wrapping_add(4 * umem::from(index));
    let entry = ViewExt::read_u32(space, slot).ok()?;
    if !kernel.wide() {
        return Some((slot, VirtAddr::new(umem::from(entry))));
    }
    let distance = match kernel.build.number >= VISTA {
        true => entry.cast_signed() >> 4,
        false => (entry & !15).cast_signed(),
    };
    let distance = i64::from(distance);
    let size = umem::from(distance.unsigned_abs());
    Some((slot, if distance < 0 { table.wrapping_sub(size) } else { table.wrapping_add(size) }))
}

/// Numbers of calls, by the code of `Zw` exports.
fn names(kernel: &Kernel) -> HashMap<u32, String> {
    let mut out = HashMap::new();
    for symbol in kernel.symbols.all().filter(|s| s.module.is_none()) {
        let Some(rest) = symbol.name.strip_prefix("Zw") else { continue };
        let mut code = [0u8; 25];
        if kernel.space.read_exact(symbol.address, &mut code).is_ok()
            && let Some(number) = number(&code, kernel.wide())
        {
            out.entry(number).or_insert_with(|| format!("Nt{rest}"));
        }
    }
    out
}

/// The number that the code of a `Zw` function loads.
fn number(code: &[u8], wide: bool) -> Option<u32> {
    // mov rax,rsp; cli; sub rsp,16; push rax; pushfq; push 16; lea rax,[...]; push rax; mov eax,NUMBER
    let at = if wide {
        let first = [0x48, 0x8b, 0xc4, 0xfa, 0x48, 0x83, 0xec, 0x10, 0x50, 0x9c, 0x6a, 0x10, 0x48, 0x8d, 0x05];
        (code.starts_with(&first) && code.get(19..21)? == [0x50, 0xb8]).then_some(21)?
    } else {
        // mov eax,NUMBER; lea edx,[esp+4]
        (code.first()? == &0xb8 && code.get(5..9)? == [0x8d, 0x54, 0x24, 0x04]).then_some(1)?
    };
    Some(u32::from_le_bytes(*code.get(at..)?.first_chunk::<4>()?)).filter(|&n| n < CALLS.end)
}

pub(super) fn collect(all: &mut Collector<'_>) {
    let kernel = all.kernel;
    let Some((table, count)) = table(kernel) else {
        all.lost.push("the table of system calls was not found");
        return;
    };
    let names = names(kernel);
    for index in 0..count {
        let Some((slot, target)) = target(kernel, &kernel.space, table, index) else {
            all.lost.push(format!("system call {index:#x} can't be read"));
            continue;
        };
        let own = || kernel.symbols.near(target).filter(|(_, distance)| *distance == 0).map(|(s, _)| s.name.to_owned());
        let name = names.get(&index).cloned().or_else(own).unwrap_or_default();
        let slot = Slot { table: "syscall", index: Some(u64::from(index)), name, slot: Some(slot), detail: None };
        all.push(slot, target);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_calls_are_read_from_code() {
        let wide = [
            0x48, 0x8b, 0xc4, 0xfa, 0x48, 0x83, 0xec, 0x10, 0x50, 0x9c, 0x6a, 0x10, 0x48, 0x8d, 0x05, 1, 2, 3, 4, 0x50, 0xb8,
            0x0f, 0, 0, 0,
        ];
        assert_eq!(number(&wide, true), Some(0xf));
        assert_eq!(number(&wide, false), None);
        let narrow = [0xb8, 0x19, 0, 0, 0, 0x8d, 0x54, 0x24, 0x04, 0x9c];
        assert_eq!(number(&narrow, false), Some(0x19));
        assert_eq!(number(&narrow, true), None);
        assert_eq!(number(&[], true), None);
        // No kernel has so many calls.
        assert_eq!(number(&[0xb8, 0xff, 0xff, 0xff, 0xff, 0x8d, 0x54, 0x24, 0x04], false), None);
    }
}
