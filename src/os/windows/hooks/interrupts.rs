//! Interrupt tables: one for each processor, of 256 gates (Intel SDM volume 3, 6.11 and 6.14.1).

use super::{Collector, Slot};
use crate::engine::ViewExt;
use crate::os::windows::base::kernel::Kernel;
use crate::os::windows::cpus;
use memsh_plugin::{VirtAddr, umem};
use std::collections::HashSet;

const GATES: u16 = 256;
/// Processors whose tables are looked at; those of one system are alike.
const MOST: usize = 64;
/// `KOBJECTS::InterruptObject` (ntddk.h): the type in a `_KINTERRUPT`.
const INTERRUPT: u16 = 22;
/// No `_KINTERRUPT` is larger, in bytes.
const LARGEST: u16 = 0x300;

/// A gate: the address of its code.
fn gate(bytes: &[u8]) -> Option<(u64, u8)> {
    let half = |at: usize| Some(u64::from(u16::from_le_bytes(*bytes.get(at..)?.first_chunk::<2>()?)));
    let flags = *bytes.get(5)?;
    if flags & 0x80 == 0 {
        return None;
    }
    let mut target = half(0)? | half(6)? << 16;
    if bytes.len() == 16 {
        target |= u64::from(u32::from_le_bytes(*bytes.get(8..)?.first_chunk::<4>()?)) << 32;
    }
    Some((target, flags & 0x1f))
}

/// Names of the vectors that the processor itself raises.
const EXCEPTIONS: [&str; 20] = [
    "divide error",
    "debug",
    "non-maskable interrupt",
    "breakpoint",
    "overflow",
    "bound range",
    "invalid opcode",
    "no coprocessor",
    "double fault",
    "coprocessor overrun",
    "invalid TSS",
    "segment not present",
    "stack fault",
    "general protection",
    "page fault",
    "",
    "floating point",
    "alignment check",
    "machine check",
    "SIMD floating point",
];

/// Up to Windows 8.1 the gate of a device leads to a piece of code within its `_KINTERRUPT`, which is in no module: the object and the
/// routine that it calls.
fn interrupt_object(kernel: &Kernel, code: VirtAddr) -> Option<(VirtAddr, VirtAddr)> {
    let reader = kernel.reader();
    for back in (0..LARGEST).step_by(4) {
        let at = code.wrapping_sub(umem::from(back));
        let (kind, size) = (kernel.space.read_u16(at).ok()?, kernel.space.read_u16(at.wrapping_add(2)).ok()?);
        // Its code is its end. Behind type and size: a list entry, then the routine.
        if kind == INTERRUPT && size > back && size <= LARGEST && reader.plausible(at) {
            let routine = reader.ptr(at.wrapping_add(3 * reader.width())).filter(|p| !p.is_null())?;
            return Some((at, routine));
        }
    }
    None
}

pub(super) fn collect(all: &mut Collector<'_>) {
    let kernel = all.kernel;
    let bytes: u16 = if kernel.wide() { 16 } else { 8 };
    let tables: Vec<_> = cpus::list(kernel).into_iter().filter_map(|p| Some((p.number, p.idt?))).take(MOST).collect();
    if tables.is_empty() {
        all.lost.push("no processor's interrupt table was found");
    }
    let mut seen = HashSet::new();
    for (cpu, table) in tables {
        for vector in 0..GATES {
            let at = table.wrapping_add(umem::from(vector * bytes));
            let mut gate_bytes = [0u8; 16];
            let piece = gate_bytes.get_mut(..usize::from(bytes)).unwrap_or_default();
            if kernel.space.read_exact(at, piece).is_err() {
                all.lost.push(format!(
                    "interrupts of processor {cpu}: the table at {table} can't be read from vector {vector:#x} on"
                ));
                break;
            }
            let Some((target, kind)) = gate(piece) else { continue };
            let name = EXCEPTIONS.get(usize::from(vector)).copied().unwrap_or_default().to_owned();
            let mut detail = (cpu > 0).then(|| format!("processor {cpu}"));
            // A task gate has no address; a double fault of 32 bits has one.
            if kind == 5 {
                continue;
            }
            let mut target = VirtAddr::new(umem::from(target));
            if all.owners.of(kernel, target).module.is_none()
                && let Some((object, routine)) = interrupt_object(kernel, target)
            {
                let what = format!("interrupt object {object}");
                detail = Some(detail.map_or(what.clone(), |d| format!("{d}, {what}")));
                target = routine;
            }
            // The same code on every processor is said once.
            if seen.insert((vector, target)) {
                all.push(Slot { table: "idt", index: Some(u64::from(vector)), name, slot: Some(at), detail }, target);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gates() {
        let wide = [0x34, 0x12, 0x10, 0, 0, 0x8e, 0x78, 0x56, 0x03, 0xf8, 0xff, 0xff, 0, 0, 0, 0];
        assert_eq!(gate(&wide), Some((0xffff_f803_5678_1234, 0xe)));
        assert_eq!(gate(&[0x34, 0x12, 8, 0, 0, 0x8e, 0x78, 0x82]), Some((0x8278_1234, 0xe)));
        // Not present.
        assert_eq!(gate(&[0x34, 0x12, 8, 0, 0, 0x0e, 0x78, 0x82]), None);
        assert_eq!(gate(&[]), None);
    }
}
