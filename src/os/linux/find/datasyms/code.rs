//! Which data a function of the kernel refers to.

use super::super::image::KernelImage;
use super::arm;
use crate::arch::Arch;
use crate::engine::{index, to_u64, to_umem};
use crate::symbols::Symbols;
use iced_x86::{Decoder, DecoderOptions, OpKind, Register};
use memsh_plugin::VirtAddr;
use std::ops::Range;

/// What is looked at of one function, in bytes.
const LONGEST: u64 = 16 << 10;
/// Registers of AArch64 and of ARM.
const REGISTERS: usize = 32;

/// The kernel's code, and where its functions begin.
pub(super) struct Code<'a> {
    bytes: &'a [u8],
    start: u64,
    arch: Arch,
    /// Ascending.
    functions: Vec<u64>,
}

impl<'a> Code<'a> {
    pub(super) fn new(bytes: &'a [u8], image: &KernelImage, arch: Arch, symbols: &dyn Symbols) -> Option<Self> {
        let start = to_u64(image.virt.value())?;
        Some(Self { bytes, start, arch, functions: functions(symbols) })
    }

    /// The bytes of the function that begins at `address`, to where the next one begins.
    pub(super) fn body(&self, address: VirtAddr) -> Option<(u64, &'a [u8])> {
        let address = to_u64(address.value())?;
        let extent = extent(&self.functions, self.start, address)?;
        Some((address, self.bytes.get(extent.start..extent.end.min(self.bytes.len()))?))
    }

    /// Addresses inside the image that the function at `address` loads, stores to, or makes, in order, each once.
    pub(super) fn refers(&self, address: VirtAddr) -> Vec<u64> {
        let Some((at, body)) = self.body(address) else { return Vec::new() };
        let end = self.start.saturating_add(to_u64(to_umem(self.bytes.len())).unwrap_or(0));
        let mut out = Vec::new();
        let mut take = |to: u64| {
            if (self.start..end).contains(&to) && !out.contains(&to) {
                out.push(to);
            }
        };
        match self.arch {
            Arch::X86 | Arch::X86Pae => x86(32, at, body, &mut take),
            Arch::X86_64 => x86(64, at, body, &mut take),
            Arch::AArch64 => aarch64(at, body, &mut take),
            Arch::Arm => arm::refers(at, body, &mut take),
            _ => {}
        }
        out
    }
}

/// Where functions may begin, ascending.
pub(super) fn functions(symbols: &dyn Symbols) -> Vec<u64> {
    let mut functions: Vec<u64> = symbols.all().filter_map(|s| to_u64(s.address.value())).collect();
    functions.sort_unstable();
    functions.dedup();
    functions
}

/// What is looked at of the function at `address`, in bytes from `start` on: to where the next of `functions` begins.
pub(super) fn extent(functions: &[u64], start: u64, address: u64) -> Option<Range<usize>> {
    let next = functions.partition_point(|&f| f <= address);
    let end = functions.get(next).copied().unwrap_or(u64::MAX).min(address.saturating_add(LONGEST));
    let from = index(memsh_plugin::umem::from(address.checked_sub(start)?))?;
    let to = index(memsh_plugin::umem::from(end.checked_sub(start)?))?;
    Some(from..to)
}

fn x86(bits: u32, at: u64, body: &[u8], take: &mut impl FnMut(u64)) {
    for one in &mut Decoder::with_ip(bits, body, at, DecoderOptions::NONE) {
        if one.is_invalid() {
            return;
        }
        let narrow = |v: u64| if bits == 32 { v & 0xffff_ffff } else { v };
        for i in 0..one.op_count() {
            match one.op_kind(i) {
                OpKind::Memory if one.is_ip_rel_memory_operand() => take(one.ip_rel_memory_address()),
                // Per-CPU variables are relative to a segment.
                OpKind::Memory if !matches!(one.segment_prefix(), Register::FS | Register::GS) => {
                    take(narrow(one.memory_displacement64()));
                }
                OpKind::Immediate32 => take(u64::from(one.immediate32())),
                OpKind::Immediate32to64 => take(one.immediate32to64().cast_unsigned()),
                OpKind::Immediate64 => take(one.immediate64()),
                _ => {}
            }
        }
    }
}

/// An address that a register of AArch64 holds.
#[derive(Clone, Copy, Default)]
struct Held {
    /// What `adrp` made: the page of something.
    page: Option<u64>,
    /// A whole address.
    whole: Option<u64>,
    /// Whether something was added to it: then it may be an anchor, from which the compiler reaches variables near it.
    anchor: bool,
}

/// `adr`, `adrp` with the `add`, load or store that follows, and what is added to the sum (C6.2, C4.1.94 of the Arm ARM, DDI 0487).
fn aarch64(at: u64, body: &[u8], take: &mut impl FnMut(u64)) {
    let mut held = [Held::default(); REGISTERS];
    let register = |word: u32, shift: u32| (word >> shift & 31) as usize;
    // What is given up without having been an anchor was meant itself.
    let leave = |h: &mut Held, take: &mut dyn FnMut(u64)| {
        if let Some(to) = h.whole.filter(|_| !h.anchor) {
            take(to);
        }
        *h = Held::default();
    };
    for (word, pc) in body.chunks_exact(4).zip((at..).step_by(4)) {
        let Some(word) = word.first_chunk().map(|b| u32::from_le_bytes(*b)) else { return };
        let (rd, rn) = (register(word, 0), register(word, 5));
        let mut next = Held::default();
        let base = held.get(rn).copied().unwrap_or_default();
        // What this instruction adds to the register, where that is known.
        let mut added = None;
        if word & 0x1f00_0000 == 0x1000_0000 {
            let field = i64::from((word >> 5 & 0x7_ffff).cast_signed()) << 2 | i64::from((word >> 29 & 3).cast_signed());
            let distance = field << 43 >> 43;
            if word >> 31 == 1 {
                next.page = Some((pc & !0xfff).wrapping_add((distance << 12).cast_unsigned()));
            } else {
                next.whole = Some(pc.wrapping_add(distance.cast_unsigned()));
            }
        } else if word & 0xff80_0000 == 0x9100_0000 {
            let offset = u64::from(word >> 10 & 0xfff);
            added = Some(if word >> 22 & 1 == 1 { offset << 12 } else { offset });
            next.whole = added.and_then(|offset| Some(base.page.or(base.whole)?.wrapping_add(offset)));
        } else if word & 0xff00_0000 == 0x8b00_0000 {
            // An index is added to an array's address, or to an anchor's: then what follows tells how far the array is from it. That is
            // certain where the elements are words; of larger ones, it may be a member's place.
            let words = if word >> 21 & 1 == 1 { word >> 10 & 7 == 3 } else { word >> 10 & 63 == 3 && word >> 22 & 3 == 0 };
            next.whole = base.whole;
            if let Some(h) = held.get_mut(rn) {
                h.anchor |= words;
            }
        } else if word & 0x3b20_0c00 == 0x3820_0800 {
            // A load or store with an index in another register: the array begins here.
            if let Some(to) = base.whole {
                take(to);
            }
        } else if word & 0x3b00_0000 == 0x3900_0000 {
            let wide = word >> 26 & 1 == 1 && word >> 23 & 1 == 1 && word >> 30 == 0;
            added = Some(u64::from(word >> 10 & 0xfff) << if wide { 4 } else { word >> 30 });
        } else if word & 0x3a00_0000 == 0x2800_0000 {
            // A pair, with a signed offset of seven bits in units of a register.
            let signed = i64::from((word >> 15 & 0x7f).cast_signed()) << 57 >> 57;
            added = Some((signed << if word >> 31 == 1 { 3 } else { 2 }).cast_unsigned());
        }
        if let Some(offset) = added {
            if next.whole.is_none()
                && let Some(to) = base.page.or(base.whole)
            {
                take(to.wrapping_add(offset));
            }
            if let Some(h) = held.get_mut(rn) {
                h.anchor |= offset != 0;
            }
        }
        // A call passes what the first registers hold.
        if word & 0xfc00_0000 == 0x9400_0000 {
            held.iter_mut().take(8).for_each(|h| leave(h, take));
        }
        // Whatever has a result has it in the lowest field; stores and branches have none there.
        let store = word & 0x0a00_0000 == 0x0800_0000 && word >> 22 & 3 == 0;
        let branch = word & 0x1c00_0000 == 0x1400_0000;
        if !store
            && !branch
            && let Some(h) = held.get_mut(rd)
        {
            leave(h, take);
            *h = next;
        }
    }
    held.iter_mut().for_each(|h| leave(h, take));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(words: &[u32]) -> Vec<u64> {
        let body: Vec<u8> = words.iter().flat_map(|w| w.to_le_bytes()).collect();
        let mut out = Vec::new();
        aarch64(0x1000_0000, &body, &mut |at| out.push(at));
        out.dedup();
        out
    }

    #[test]
    fn arrays_are_told_from_the_anchors_before_them() {
        // adrp x1, 0x10002000; add x1, x1, #0x10
        let (page, anchor) = (0xd000_0001, 0x9100_4021);
        // add x1, x1, x0, lsl #3; ldr x0, [x1, #8]
        assert_eq!(of(&[page, anchor, 0x8b00_0c21, 0xf940_0420]), [0x1000_2018]);
        // add x2, x1, #8; ldr x0, [x2, x0, lsl #3]
        assert_eq!(of(&[page, anchor, 0x9100_2022, 0xf860_7840]), [0x1000_2018]);
        // The same, and the register has something else later: add x2, x1, #8; str x5, [x2, x0, lsl #3]; add x8, x2, #0x98
        assert_eq!(of(&[page, anchor, 0x9100_2022, 0xf820_7845, 0x9102_6048]), [0x1000_2018, 0x1000_20b0]);
        // Of larger elements, a member: add x1, x1, x0, lsl #4; ldr x0, [x1, #8]
        assert_eq!(of(&[page, anchor, 0x8b00_1021, 0xf940_0420]), [0x1000_2010, 0x1000_2018]);
    }
}
