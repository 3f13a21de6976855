//! The interrupt descriptor table (arch/x86/kernel/idt.c): what runs on an exception or an interrupt.

use super::{Reader, own};
use crate::os::linux::base::layout::{Extent, Found, Member, Members, Shape, shapes};
use crate::symbols::{Types, TypesExt};
use memsh_plugin::{VirtAddr, umem};

shapes! {
    /// `gate_struct`: a descriptor.
    GateShape: "gate_struct" {
        low: ["offset_low"],
        middle: ["offset_middle"],
        high: ["offset_high"],
        segment: ["segment"],
        level: ["bits.dpl"],
        present: ["bits.p"],
    }
}

/// `IDT_ENTRIES`.
const GATES: u64 = 256;
/// `__KERNEL_CS` of 64-bit and of 32-bit kernels (arch/x86/include/asm/segment.h).
const KERNEL_CS: [u64; 2] = [0x10, 0x60];
/// Programs may raise a breakpoint, an overflow and, on kernels with 32-bit programs, system call 0x80.
const OPEN: [u64; 3] = [3, 4, 0x80];

/// The processor's own exceptions (arch/x86/include/asm/trapnr.h), by their mnemonics.
const EXCEPTIONS: [&str; 32] = [
    "#DE", "#DB", "NMI", "#BP", "#OF", "#BR", "#UD", "#NM", "#DF", "", "#TS", "#NP", "#SS", "#GP", "#PF", "", "#MF", "#AC",
    "#MC", "#XF", "#VE", "#CP", "", "", "", "", "", "", "#HV", "#VC", "", "",
];

pub(super) fn read(reader: &mut Reader<'_, '_>) {
    let kernel = reader.owners.kernel();
    let Some(table) = kernel.symbols.address("idt_table") else { return };
    let shape = kernel.shape::<GateShape>();
    let Some(step) = kernel.types.size_of("struct gate_struct").filter(|&s| s > 0 && s <= 64) else {
        reader.lost.push("the interrupt table can't be read: no type gate_struct");
        return;
    };
    let entry = kernel.symbols.address("__entry_text_start").zip(kernel.symbols.address("__entry_text_end"));
    let mut missing = 0u64;
    for i in 0..GATES {
        let at = table.wrapping_add(umem::from(i * step));
        let block = shape.read(kernel.view(), at);
        let (Some(low), Some(middle)) = (block.uint(shape.low), block.uint(shape.middle)) else {
            missing += 1;
            continue;
        };
        // 32-bit kernels have no third part.
        let high = block.uint(shape.high).unwrap_or(0);
        let target = low | middle << 16 | high << 32;
        if target == 0 || block.uint(shape.present) == Some(0) {
            continue;
        }
        let target = VirtAddr::new(umem::from(target));
        let mut hook = reader.fixed("idt", name(i), Some(at), target);
        hook.index = Some(i);
        if hook.reason.is_none() && own(&hook) {
            let name = hook.owner.as_ref().and_then(|o| o.base_name()).unwrap_or_default();
            let outside = entry.is_some_and(|(from, to)| target < from || target >= to);
            // Early in a boot, handlers lie in init text; those for Xen lie elsewhere.
            if outside && hook.is(super::OwnerKind::Kernel) && !name.starts_with("xen_") {
                hook.reason = Some("a gate leads outside of the kernel's entry code");
            }
        }
        if hook.reason.is_none() && block.uint(shape.level).is_some_and(|l| l != 0) && !OPEN.contains(&i) {
            hook.reason = Some("a gate is open to user mode");
        }
        if hook.reason.is_none() && block.uint(shape.segment).is_some_and(|s| !KERNEL_CS.contains(&s)) {
            hook.reason = Some("a gate has another code segment");
        }
        reader.out.push(hook);
    }
    if missing > 0 {
        reader.lost.push(format!("the interrupt table at {table}: {missing} of {GATES} gates are not in the image"));
    }
}

/// What a vector is called.
fn name(vector: u64) -> String {
    let known = usize::try_from(vector).ok().and_then(|i| EXCEPTIONS.get(i)).filter(|n| !n.is_empty());
    match known {
        Some(name) => (*name).to_owned(),
        None if vector == 0x80 => "int 0x80".to_owned(),
        None => format!("vector {vector:#x}"),
    }
}
