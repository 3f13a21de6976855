//! Functions of the kernel whose first instructions jump out of it.
//!
//! Only functions are looked at that drivers or programs call: exports in sections of code, and system calls. Where the jump ends in a
//! module that the system lists, it is shown and not accused: the kernel and the HAL hand calls to each other.

use super::{Collector, Slot, calls};
use crate::engine::{ViewExt, to_u64};
use crate::os::lost::Lost;
use crate::os::windows::base::kernel::Kernel;
use crate::os::windows::pe::loaded::{Loaded, Section};
use iced_x86::{Decoder, DecoderOptions, Instruction, Mnemonic, OpKind, Register};
use memsh_plugin::{VirtAddr, umem};
use std::collections::BTreeMap;

/// Instructions that are looked at in one place, bytes that these have at most, and jumps that are followed.
const INSTRUCTIONS: usize = 4;
const BYTES: usize = 64;
const JUMPS: usize = 4;

/// Where the instructions at `at` jump to, if that is all they do.
fn jump(kernel: &Kernel, at: VirtAddr) -> Option<VirtAddr> {
    let wide = kernel.wide();
    let mut code = [0u8; BYTES];
    // As far as they are there: a function may end its page.
    let len = 0x1000 - usize::try_from(at.value() & 0xfff).ok()?;
    let code = code.get_mut(..len.min(BYTES))?;
    kernel.space.read_exact(at, code).ok()?;
    let (mut register, mut pushed): (Option<(Register, u64)>, Option<u64>) = (None, None);
    for i in
        Decoder::with_ip(if wide { 64 } else { 32 }, code, to_u64(at.value())?, DecoderOptions::NONE).iter().take(INSTRUCTIONS)
    {
        let target = match i.mnemonic() {
            // What a function may begin with, or a compiler pads with.
            Mnemonic::Nop | Mnemonic::Endbr64 | Mnemonic::Endbr32 => continue,
            Mnemonic::Mov if is_register(&i, 0) && is_register(&i, 1) && i.op0_register() == i.op1_register() => continue,
            Mnemonic::Mov if is_register(&i, 0) && is_number(&i, 1) => {
                register = Some((i.op0_register(), i.immediate(1)));
                continue;
            }
            Mnemonic::Push if is_number(&i, 0) => {
                pushed = Some(i.immediate(0));
                continue;
            }
            // The upper half of what was pushed: mov dword ptr [rsp+4],...
            Mnemonic::Mov if wide && is_number(&i, 1) && i.memory_base() == Register::RSP && i.memory_displacement64() == 4 => {
                pushed = pushed.map(|low| low & 0xffff_ffff | i.immediate(1) << 32);
                continue;
            }
            Mnemonic::Ret => pushed?,
            Mnemonic::Jmp if i.near_branch_target() != 0 => i.near_branch_target(),
            Mnemonic::Jmp if is_register(&i, 0) => register.filter(|(r, _)| *r == i.op0_register())?.1,
            Mnemonic::Jmp if i.op0_kind() == OpKind::Memory => {
                let place = if wide && i.is_ip_rel_memory_operand() {
                    i.ip_rel_memory_address()
                } else if i.memory_base() == Register::None && i.memory_index() == Register::None {
                    i.memory_displacement64()
                } else {
                    return None;
                };
                return kernel.reader().ptr(VirtAddr::new(umem::from(place)));
            }
            _ => return None,
        };
        let target = if wide { target } else { target & 0xffff_ffff };
        return Some(VirtAddr::new(umem::from(target)));
    }
    None
}

fn is_register(i: &Instruction, op: u32) -> bool {
    op < i.op_count() && i.op_kind(op) == OpKind::Register
}

fn is_number(i: &Instruction, op: u32) -> bool {
    use OpKind::{Immediate32, Immediate32to64, Immediate64};
    op < i.op_count() && matches!(i.op_kind(op), Immediate32 | Immediate32to64 | Immediate64)
}

/// Where a function that begins at `at` goes outside of the kernel's image.
fn leaves(kernel: &Kernel, at: VirtAddr) -> Option<VirtAddr> {
    let mut at = at;
    for _ in 0..JUMPS {
        at = jump(kernel, at)?;
        if !kernel.image.holds(at) {
            // What is no mapped address of the kernel was no code.
            let reader = kernel.reader();
            let aligned = VirtAddr::new(at.value() & !(reader.width() - 1));
            return (reader.plausible(aligned) && kernel.space.translate_one(at).is_ok()).then_some(at);
        }
    }
    None
}

pub(super) fn collect(all: &mut Collector<'_>) {
    let kernel = all.kernel;
    if kernel.arch() == "aarch64" {
        all.lost.push("the beginnings of functions were not looked at: jumps of ARM64 are not known here");
        return;
    }
    let image = Loaded::open(&kernel.space, kernel.image.base, &kernel.image.name, Some(kernel.image.size), &mut Lost::default());
    let Ok(image) = image else {
        all.lost.push("the beginnings of functions were not looked at: the headers of the kernel are not in memory");
        return;
    };
    let code: Vec<&Section> = image.headers.sections.iter().filter(|s| s.rights().2).collect();
    let is_code = |at: VirtAddr| {
        let rva = at.offset_from(kernel.image.base).and_then(|o| u32::try_from(o).ok());
        rva.is_some_and(|rva| code.iter().any(|s| rva.checked_sub(s.rva).is_some_and(|o| o < s.extent())))
    };
    let mut functions: BTreeMap<VirtAddr, String> = BTreeMap::new();
    if let Some((table, count)) = calls::table(kernel) {
        for index in 0..count {
            if let Some((_, at)) = calls::target(kernel, &kernel.space, table, index) {
                functions.entry(at).or_insert_with(|| format!("system call {index:#x}"));
            }
        }
    }
    for symbol in kernel.symbols.all().filter(|s| s.module.is_none()) {
        functions.insert(symbol.address, symbol.name.to_owned());
    }
    for (at, name) in functions.into_iter().filter(|(at, _)| kernel.image.holds(*at) && is_code(*at)) {
        if let Some(target) = leaves(kernel, at) {
            let detail = Some("the function begins with a jump".to_owned());
            all.push(Slot { table: "inline", index: None, name, slot: Some(at), detail }, target);
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use super::*;
    use crate::os::windows::testkit::Kit;

    fn far(from: u64, to: u64) -> [u8; 4] {
        u32::try_from(to.wrapping_sub(from) & 0xffff_ffff).unwrap().to_le_bytes()
    }

    #[test]
    fn jumps_in_every_form_lead_out_and_code_does_not() {
        for (release, wide) in [("10.0.19041", true), ("6.1.7601", false)] {
            let mut kit = Kit::new(release, wide);
            let base = kit.head() & !0xfff;
            let (alien, at) = (kit.at(0x9000), base + 0x4000);
            kit.put(alien, &[0x90; 16]);
            kit.put(at, &[0xcc; 0x200]);
            let pointer = at + 0x180;
            kit.word(pointer, alien);
            let low = alien.to_le_bytes();
            let mut forms: Vec<Vec<u8>> = Vec::new();
            if wide {
                forms.push([&[0x48, 0xb8][..], &low, &[0xff, 0xe0]].concat());
                forms.push([&[0xff, 0x25][..], &far(at + 6, pointer)].concat());
                // push low; mov dword ptr [rsp+4],high; ret
                forms.push([&[0x68][..], &low[..4], &[0xc7, 0x44, 0x24, 4], &low[4..], &[0xc3]].concat());
            } else {
                forms.push([&[0xb8][..], &low[..4], &[0xff, 0xe0]].concat());
                forms.push([&[0xff, 0x25][..], &pointer.to_le_bytes()[..4]].concat());
                forms.push([&[0x68][..], &low[..4], &[0xc3]].concat());
                forms.push([&[0x8b, 0xff, 0xe9][..], &far(at + 7, alien)].concat());
            }
            for form in &forms {
                kit.put(at, &[0xcc; 0x20]);
                kit.put(at, form);
                let found = leaves(&kit.kernel(), VirtAddr::new(umem::from(at)));
                assert_eq!(found, Some(VirtAddr::new(umem::from(alien))), "{release} {form:02x?}");
            }
            // A short jump back to a long one, as patches that need no restart have it.
            kit.put(at, &[0xeb, 0xf9]);
            kit.put(at - 5, &[0xe9]);
            kit.put(at - 4, &far(at, base + 0x5000));
            kit.put(base + 0x5000, &forms[0]);
            assert_eq!(leaves(&kit.kernel(), VirtAddr::new(umem::from(at))), Some(VirtAddr::new(umem::from(alien))));
            // In a circle, into nothing, into the user's half, and a function that does something first.
            for form in
                [&[0xeb, 0xfe][..], &[0xe9, 0, 0, 0x70, 0x70], &[0x68, 0, 0, 1, 0, 0xc3], &[0x50, 0x58, 0xe9, 1, 0, 0, 0x60]]
            {
                kit.put(at, &[0xcc; 0x20]);
                kit.put(at, form);
                assert_eq!(leaves(&kit.kernel(), VirtAddr::new(umem::from(at))), None, "{release} {form:02x?}");
            }
        }
    }
}
