//! Where callbacks are kept by a kernel whose symbols are not known: the exported function that registers one refers to the place.
//!
//! Its code and that of the functions it calls is looked through for addresses in the kernel's image. Of those the first counts that
//! looks like what is searched for and holds at least one callback into a known module: an empty one can't be told from anything else.

use super::Collector;
use crate::engine::{ViewExt, to_u64};
use crate::os::windows::base::kernel::Kernel;
use iced_x86::{Decoder, DecoderOptions, Instruction, Mnemonic, OpKind};
use memsh_plugin::{VirtAddr, umem};
use std::collections::HashSet;

/// Functions that are looked into, and how far calls are followed.
const FUNCTIONS: usize = 48;
const DEEPEST: u8 = 3;
/// Bytes of a function that are looked through.
const BYTES: usize = 0x400;
/// Addresses that are tried.
const REFERENCES: usize = 256;

/// An address in the kernel's image that an instruction names as data.
fn named(instruction: &Instruction, wide: bool) -> Vec<u64> {
    if wide {
        let lea = instruction.mnemonic() == Mnemonic::Lea && instruction.is_ip_rel_memory_operand();
        return if lea { vec![instruction.ip_rel_memory_address()] } else { Vec::new() };
    }
    (0..instruction.op_count())
        .filter_map(|op| match instruction.op_kind(op) {
            OpKind::Immediate32 => Some(u64::from(instruction.immediate32())),
            OpKind::Memory => Some(instruction.memory_displacement64()),
            _ => None,
        })
        .collect()
}

/// Addresses in the image that the code from `entry` on names, in the order in which they stand.
fn references(kernel: &Kernel, entry: VirtAddr) -> Vec<VirtAddr> {
    let mut out = Vec::new();
    // Only x86's code is read here.
    if kernel.arch() == "aarch64" {
        return out;
    }
    let mut seen = HashSet::new();
    let mut open = vec![(entry, 0u8)];
    while let Some((start, depth)) = open.pop() {
        if !kernel.image.holds(start) || !seen.insert(start) || seen.len() > FUNCTIONS || out.len() > REFERENCES {
            continue;
        }
        let mut code = [0u8; BYTES];
        kernel.space.read_gaps(start, &mut code);
        let bits = if kernel.wide() { 64 } else { 32 };
        let Some(ip) = to_u64(start.value()) else { continue };
        let mut calls = Vec::new();
        for instruction in Decoder::with_ip(bits, &code, ip, DecoderOptions::NONE) {
            let data = named(&instruction, kernel.wide()).into_iter().map(|a| VirtAddr::new(umem::from(a)));
            out.extend(data.filter(|a| kernel.image.holds(*a) && a.value().is_multiple_of(kernel.reader().width())));
            // The target of an indirect one is 0.
            let target = instruction.near_branch_target();
            let within = target.checked_sub(ip).is_some_and(|o| o < 0x400);
            if depth < DEEPEST && target != 0 && !within && matches!(instruction.mnemonic(), Mnemonic::Call | Mnemonic::Jmp) {
                calls.push((VirtAddr::new(umem::from(target)), depth + 1));
            }
            // Padding between functions, and what is no code.
            if instruction.is_invalid() || instruction.mnemonic() == Mnemonic::Int3 {
                break;
            }
        }
        // The first call first.
        open.extend(calls.into_iter().rev());
    }
    out
}

/// The array of callbacks that the exported function `by` fills: `slots` references to blocks whose second word is the routine.
pub(super) fn array(all: &Collector<'_>, by: &str, slots: u8) -> Option<VirtAddr> {
    let kernel = all.kernel;
    let reader = kernel.reader();
    let mask = if kernel.wide() { 15 } else { 7 };
    let fits = |at: &VirtAddr| {
        let mut known = 0;
        for index in 0..slots {
            let Some(word) = reader.ptr(at.wrapping_add(reader.width() * umem::from(index))) else { return false };
            if word.is_null() {
                continue;
            }
            let block = VirtAddr::new(word.value() & !mask);
            // A block is in a pool, never in the image.
            if !reader.plausible(block) || kernel.image.holds(block) {
                return false;
            }
            let Some(routine) = reader.ptr(block.wrapping_add(reader.width())) else { return false };
            known += u32::from(all.owners.of(kernel, routine).module.is_some());
        }
        known > 0
    };
    references(kernel, kernel.address(by)?).into_iter().find(fits)
}

/// The head of the list to which the exported function `by` adds, whose nodes have their routine so many bytes in.
pub(super) fn head(all: &Collector<'_>, by: &str, routine: umem) -> Option<VirtAddr> {
    let kernel = all.kernel;
    let reader = kernel.reader();
    let fits = |at: &VirtAddr| {
        let Some(node) = reader.ptr(*at).filter(|&n| reader.plausible(n) && !kernel.image.holds(n)) else { return false };
        reader.ptr(node.wrapping_add(reader.width())) == Some(*at)
            && reader.ptr(node.wrapping_add(routine)).is_some_and(|r| all.owners.of(kernel, r).module.is_some())
    };
    references(kernel, kernel.address(by)?).into_iter().find(fits)
}
