//! Fields of instructions that hold addresses, or distances to them: what a linker or a loader fills in, so that the same code has
//! other bits there in another place.
//!
//! By the encodings: Arm ARM (DDI 0487) C4.1 for A64, Arm ARM (DDI 0406C) A5 and A6 for A32 and T32, RISC-V Unprivileged
//! Specification, chapters "RV32/64G Instruction Set Listings" and "C"; of x86 by what iced-x86 says of operands.

use super::riscv::Word;
use super::{Isa, arm, riscv_compressed, signed};
use iced_x86::{Decoder, DecoderOptions, OpKind};

/// A field, and the address that it stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Field {
    /// Its bits in the instruction, byte 0 in the lowest eight.
    pub bits: u128,
    /// The address.
    pub target: u64,
    /// It holds a distance, which is another wherever the code or the target lies elsewhere; else the address itself, or a number
    /// that may be one.
    pub relative: bool,
}

/// Reads the fields of instructions that follow each other.
#[derive(Clone, Debug)]
pub struct Fields {
    isa: Isa,
    /// What registers hold that an instruction before put a part of an address into.
    upper: [Option<(u64, bool)>; 32],
}

impl Fields {
    /// For an instruction set.
    pub fn new(isa: Isa) -> Self {
        Self { isa, upper: [None; 32] }
    }

    /// The fields of the instruction of `len` bytes that `bytes` begins with. What follows it in `bytes` is looked at where an
    /// address is made by two instructions.
    pub fn of(&mut self, address: u64, len: usize, bytes: &[u8]) -> Vec<Field> {
        let half = |at: usize| bytes.get(at..at + 2).and_then(|b| b.first_chunk()).map(|b| u32::from(u16::from_le_bytes(*b)));
        let word = |at: usize| Some(half(at)? | half(at + 2)? << 16);
        match self.isa {
            Isa::X86_16 | Isa::X86 | Isa::X86_64 => x86(self.isa, address, bytes),
            Isa::AArch64 => word(0).map_or_else(Vec::new, |w| self.a64(address, w)),
            Isa::Arm => word(0).map_or_else(Vec::new, |w| self.a32(address, w, [word(4), word(8), word(12)])),
            Isa::Thumb if len == 2 => half(0).map_or_else(Vec::new, |h| t16(address, h)),
            Isa::Thumb => {
                let wide = |at: usize| Some(half(at)? << 16 | half(at + 2)?);
                wide(0).map_or_else(Vec::new, |w| self.t32(address, w, [wide(4), wide(6), wide(8)]))
            }
            Isa::RiscV32 | Isa::RiscV64 => {
                let wide = self.isa == Isa::RiscV64;
                match (len, half(0)) {
                    (2, Some(h)) => self.compressed(wide, address, h),
                    _ => word(0).map_or_else(Vec::new, |w| self.riscv(wide, address, w)),
                }
            }
        }
    }

    fn upper(&self, register: u32) -> Option<(u64, bool)> {
        usize::try_from(register & 31).ok().and_then(|r| self.upper.get(r)).copied().flatten()
    }

    fn set(&mut self, register: u32, value: Option<(u64, bool)>) {
        if let Some(slot) = usize::try_from(register & 31).ok().and_then(|r| self.upper.get_mut(r)) {
            *slot = value;
        }
    }

    fn a64(&mut self, address: u64, w: u32) -> Vec<Field> {
        let (d, n) = (w & 31, w >> 5 & 31);
        if w & 0x9f00_0000 == 0x9000_0000 {
            let page = near_a64(address, w).unwrap_or(0);
            self.set(d, Some((page, true)));
            return vec![relative(0x60ff_ffe0, page)];
        }
        if let Some(target) = near_a64(address, w) {
            let bits = match w {
                w if w & 0x7c00_0000 == 0x1400_0000 => {
                    // What a call leaves in registers is its own.
                    self.upper = [None; 32];
                    0x03ff_ffff
                }
                w if w & 0x7e00_0000 == 0x3600_0000 => 0x0007_ffe0,
                w if w & 0x9f00_0000 == 0x1000_0000 => 0x60ff_ffe0,
                _ => 0x00ff_ffe0,
            };
            return vec![relative(bits, target)];
        }
        let mut out = Vec::new();
        if let Some((page, relative)) = self.upper(n)
            && let Some(target) = low_a64(w, page)
        {
            out.push(Field { bits: 0x003f_fc00, target, relative });
        }
        // ADD keeps the whole address in its register, to which nothing is added any more.
        self.set(d, None);
        out
    }

    fn a32(&mut self, address: u64, w: u32, next: [Option<u32>; 3]) -> Vec<Field> {
        let d = w >> 12 & 15;
        if w >> 28 != 15 {
            let half = |w: u32| w >> 4 & 0xf000 | w & 0xfff;
            if w & 0x0ff0_0000 == 0x0300_0000 {
                let top = next.into_iter().flatten().find(|t| t & 0x0ff0_0000 == 0x0340_0000 && t >> 12 & 15 == d);
                self.set(d, Some((u64::from(half(w)), false)));
                return top.map(|t| absolute(0x000f_0fff, half(t) << 16 | half(w))).into_iter().collect();
            }
            if w & 0x0ff0_0000 == 0x0340_0000 {
                let low = self.upper(d).and_then(|(low, _)| u32::try_from(low).ok());
                self.set(d, None);
                return low.map(|low| absolute(0x000f_0fff, half(w) << 16 | low)).into_iter().collect();
            }
        }
        let Some((target, branch)) = arm::named(address, w) else { return Vec::new() };
        vec![relative(if branch { 0x00ff_ffff } else { 0x0080_0fff }, target)]
    }

    /// `w` has the first halfword in its upper half.
    fn t32(&mut self, address: u64, w: u32, next: [Option<u32>; 3]) -> Vec<Field> {
        let swapped = |bits: u32| bits.rotate_left(16);
        let d = w >> 8 & 15;
        let half = |w: u32| w >> 4 & 0xf000 | w >> 15 & 0x800 | w >> 4 & 0x700 | w & 0xff;
        const HALF: u32 = 0x040f_70ff;
        if w & 0xfbf0_8000 == 0xf240_0000 {
            let top = next.into_iter().flatten().find(|t| t & 0xfbf0_8000 == 0xf2c0_0000 && t >> 8 & 15 == d);
            self.set(d, Some((u64::from(half(w)), false)));
            return top.map(|t| absolute(swapped(HALF), half(t) << 16 | half(w))).into_iter().collect();
        }
        if w & 0xfbf0_8000 == 0xf2c0_0000 {
            let low = self.upper(d).and_then(|(low, _)| u32::try_from(low).ok());
            self.set(d, None);
            return low.map(|low| absolute(swapped(HALF), half(w) << 16 | low)).into_iter().collect();
        }
        let Some(target) = arm::named_wide(address, w) else { return Vec::new() };
        let bits = match w {
            w if w & 0xff7f_0000 == 0xf85f_0000 => 0x0080_0fff,
            w if w & 0x5000 == 0 => 0x043f_2fff,
            _ => 0x07ff_2fff,
        };
        vec![relative(swapped(bits), target)]
    }

    fn riscv(&mut self, wide: bool, address: u64, w: u32) -> Vec<Field> {
        let word = Word::new(wide, address, w);
        let (d, n) = (w >> 7 & 31, w >> 15 & 31);
        match w & 0x7f {
            // AUIPC, LUI
            0x17 | 0x37 => {
                let relative = w & 0x7f == 0x17;
                let target = word.high(relative);
                self.set(d, (d != 0).then_some((target, relative)));
                return vec![Field { bits: 0xffff_f000, target, relative }];
            }
            0x6f => return vec![relative(0xffff_f000, word.jump())],
            0x63 => return vec![relative(0xfe00_0f80, word.branch())],
            _ => {}
        }
        let upper = self.upper(n);
        let (bits, low) = match w & 0x7f {
            // Loads, JALR, and ADDI and ADDIW
            0x03 | 0x07 | 0x67 => (0xfff0_0000, signed(w >> 20, 12)),
            0x13 | 0x1b if w >> 12 & 7 == 0 => (0xfff0_0000, signed(w >> 20, 12)),
            0x23 | 0x27 => (0xfe00_0f80, signed(w >> 25 << 5 | d, 12)),
            _ => (0, 0),
        };
        if !matches!(w & 0x7f, 0x23 | 0x27) {
            self.set(d, None);
        }
        match upper {
            Some((high, relative)) if bits != 0 => {
                let target = word.masked(high.wrapping_add_signed(low));
                vec![Field { bits, target, relative }]
            }
            _ => Vec::new(),
        }
    }

    fn compressed(&mut self, wide: bool, address: u64, h: u32) -> Vec<Field> {
        let Some(w) = u16::try_from(h).ok().and_then(|h| riscv_compressed::expand(h, wide)) else { return Vec::new() };
        let word = Word::new(wide, address, w);
        match w & 0x7f {
            0x6f => vec![relative(0x1ffc, word.jump())],
            0x63 => vec![relative(0x1c7c, word.branch())],
            _ => {
                if !matches!(w & 0x7f, 0x23 | 0x27) {
                    self.set(w >> 7 & 31, None);
                }
                Vec::new()
            }
        }
    }
}

fn relative(bits: u32, target: u64) -> Field {
    Field { bits: bits.into(), target, relative: true }
}

fn absolute(bits: u32, target: u32) -> Field {
    Field { bits: bits.into(), target: target.into(), relative: false }
}

/// The address that an A64 instruction names by its distance; of `adrp`, the page.
fn near_a64(address: u64, w: u32) -> Option<u64> {
    let distance = match w {
        // B, BL
        w if w & 0x7c00_0000 == 0x1400_0000 => signed(w & 0x03ff_ffff, 26) << 2,
        // B.cond; CBZ, CBNZ; LDR (literal)
        w if w & 0xff00_0000 == 0x5400_0000 || w & 0x7e00_0000 == 0x3400_0000 || w & 0x3b00_0000 == 0x1800_0000 => {
            signed(w >> 5 & 0x7_ffff, 19) << 2
        }
        // TBZ, TBNZ
        w if w & 0x7e00_0000 == 0x3600_0000 => signed(w >> 5 & 0x3fff, 14) << 2,
        // ADR, ADRP
        w if w & 0x1f00_0000 == 0x1000_0000 => {
            let distance = signed(w >> 3 & 0x1f_fffc | w >> 29 & 3, 21);
            if w >> 31 == 1 {
                return Some((address & !0xfff).wrapping_add_signed(distance << 12));
            }
            distance
        }
        _ => return None,
    };
    Some(address.wrapping_add_signed(distance))
}

/// The address that an A64 instruction makes of a page in its base register: ADD (immediate), loads and stores.
fn low_a64(w: u32, page: u64) -> Option<u64> {
    super::aarch64::whole(w, (w >> 5 & 31, page))
}

fn t16(address: u64, h: u32) -> Vec<Field> {
    let Some(target) = arm::named_half(address, h) else { return Vec::new() };
    let bits = match h {
        h if h & 0xf800 == 0xe000 => 0x7ff,
        h if h & 0xf500 == 0xb100 => 0x2f8,
        _ => 0xff,
    };
    vec![relative(bits, target)]
}

fn x86(isa: Isa, address: u64, bytes: &[u8]) -> Vec<Field> {
    let bytes = bytes.get(..bytes.len().min(isa.longest())).unwrap_or_default();
    let mut decoder = Decoder::with_ip(isa.bits(), bytes, address, DecoderOptions::NONE);
    let one = decoder.decode();
    if one.is_invalid() {
        return Vec::new();
    }
    let at = decoder.get_constant_offsets(&one);
    let bits =
        |offset: usize, size: usize| (offset + size <= 16 && size > 0).then(|| (u128::MAX >> (128 - 8 * size)) << (8 * offset));
    let top = if isa == Isa::X86_64 { u64::MAX } else { 0xffff_ffff };
    let mut out = Vec::new();
    for i in 0..one.op_count() {
        let field = match one.op_kind(i) {
            OpKind::NearBranch16 | OpKind::NearBranch32 | OpKind::NearBranch64 => {
                bits(at.immediate_offset(), at.immediate_size()).map(|b| (b, one.near_branch_target(), true))
            }
            OpKind::Memory if one.is_ip_rel_memory_operand() => {
                bits(at.displacement_offset(), at.displacement_size()).map(|b| (b, one.ip_rel_memory_address(), true))
            }
            // In a segment of its own it is an offset, which can be an address all the same: of i386's per-CPU variables.
            OpKind::Memory if at.displacement_size() >= 4 => {
                let target = one.memory_displacement64() & top;
                bits(at.displacement_offset(), at.displacement_size()).map(|b| (b, target, false))
            }
            OpKind::Immediate32 | OpKind::Immediate64 | OpKind::Immediate32to64 if at.immediate_size() >= 4 => {
                bits(at.immediate_offset(), at.immediate_size()).map(|b| (b, one.immediate(i) & top, false))
            }
            _ => None,
        };
        out.extend(field.map(|(bits, target, relative)| Field { bits, target, relative }));
    }
    out
}

/// Bytes of the instruction that `bytes` begins with, without a look at what it does; `None` where it is none or cut off.
pub fn length(isa: Isa, address: u64, bytes: &[u8]) -> Option<usize> {
    let len = match isa {
        Isa::X86_16 | Isa::X86 | Isa::X86_64 => {
            let bytes = bytes.get(..bytes.len().min(isa.longest()))?;
            let one = Decoder::with_ip(isa.bits(), bytes, address, DecoderOptions::NONE).decode();
            if one.is_invalid() {
                return None;
            }
            one.len()
        }
        Isa::AArch64 | Isa::Arm => 4,
        Isa::Thumb => match bytes.get(1)? >> 3 {
            0b11101.. => 4,
            _ => 2,
        },
        Isa::RiscV32 | Isa::RiscV64 => match bytes.first()? & 3 {
            3 => 4,
            _ => 2,
        },
    };
    (len <= bytes.len()).then_some(len)
}
