//! A32 and T32, by yaxpeax-arm. Where an instruction goes and what it reads relative to itself is worked out here (Arm ARM DDI 0406C,
//! chapters A5, A6 and A8).

use super::{Decoded, Flow, Instruction, Reference, signed, word};
use std::fmt::Write;
use yaxpeax_arch::{Decoder, U8Reader};
use yaxpeax_arm::armv7::{InstDecoder, Opcode};

/// What an instruction does to the flow, and the address that it names.
type Effect = (Flow, Option<(u64, Reference)>);

const NEXT: Effect = (Flow::Next, None);
/// The condition "always".
const ALWAYS: u32 = 14;

/// An instruction of A32.
pub fn decode(address: u64, bytes: &[u8]) -> Decoded {
    match word(bytes) {
        // The crate leaves out what is undefined for good: where a kernel has its BUG.
        Some(word) if word & 0xfff0_00f0 == 0xe7f0_00f0 => {
            let number = (word >> 4 & 0xfff0) | word & 15;
            Decoded::Instruction(Instruction { len: 4, text: format!("udf {number:#x}"), flow: Flow::Stop, target: None })
        }
        Some(word) => text(false, &word.to_le_bytes(), effect(address, word)),
        None => Decoded::Short,
    }
}

/// An instruction of T32: one halfword, or two.
pub fn decode_thumb(address: u64, bytes: &[u8]) -> Decoded {
    let Some(first) = bytes.first_chunk::<2>() else { return Decoded::Short };
    let half = u32::from(u16::from_le_bytes(*first));
    if half >> 11 < 0b11101 {
        return text(true, first, thumb_effect(address, half));
    }
    let Some(both) = bytes.first_chunk::<4>() else { return Decoded::Short };
    let [_, _, c, d] = *both;
    text(true, both, wide_effect(address, half << 16 | u32::from(u16::from_le_bytes([c, d]))))
}

fn text(thumb: bool, raw: &[u8], (flow, target): Effect) -> Decoded {
    let len = raw.len();
    let decoder = InstDecoder::armv7().with_thumb_mode(thumb);
    let Ok(one) = decoder.decode(&mut U8Reader::new(raw)) else { return Decoded::Bad(len) };
    if one.opcode == Opcode::Invalid {
        return Decoded::Bad(len);
    }
    let mut text = String::new();
    if write!(text, "{one}").is_err() {
        return Decoded::Bad(len);
    }
    // A branch is written with its distance.
    if let (Some((to, Reference::Code)), Some(at)) = (target, text.find('$')) {
        text.truncate(at);
        let _ = write!(text, "{to:#x}");
    }
    Decoded::Instruction(Instruction { len, text, flow, target })
}

/// The address that an instruction of A32 names by its distance, and whether it is a branch; ADR too.
pub fn named(address: u64, w: u32) -> Option<(u64, bool)> {
    // ADD and SUB of the program counter and a constant, which is rotated (A5.2.4).
    if matches!(w & 0x0fff_0000, 0x028f_0000 | 0x024f_0000) && w >> 28 != 15 {
        let n = i64::from((w & 0xff).rotate_right(w >> 7 & 30));
        return Some((go(address.wrapping_add(8) & !3, if w >> 23 & 1 == 1 { n } else { -n }), false));
    }
    let (to, how) = effect(address, w).1?;
    Some((to, how == Reference::Code))
}

/// The same of one halfword of T32.
pub fn named_half(address: u64, half: u32) -> Option<u64> {
    Some(thumb_effect(address, half).1?.0)
}

/// The same of two halfwords of T32, the first in the upper half.
pub fn named_wide(address: u64, word: u32) -> Option<u64> {
    Some(wide_effect(address, word).1?.0)
}

/// `from + distance` in 32 bits.
fn go(from: u64, distance: i64) -> u64 {
    from.wrapping_add_signed(distance) & 0xffff_ffff
}

fn either(always: bool, flow: Flow) -> Flow {
    match flow {
        Flow::Next => Flow::Next,
        _ if always => flow,
        _ => Flow::Branch,
    }
}

fn effect(address: u64, w: u32) -> Effect {
    let pc = address.wrapping_add(8);
    let condition = w >> 28;
    let always = condition >= ALWAYS;
    let code = |to| Some((to, Reference::Code));
    if w & 0x0e00_0000 == 0x0a00_0000 {
        let distance = signed(w & 0x00ff_ffff, 24) << 2;
        return match condition {
            // BLX: to T32, where an instruction may begin at a halfword.
            15 => (Flow::Call, code(go(pc, distance | i64::from(w >> 24 & 1) << 1))),
            _ if w >> 24 & 1 == 1 => (Flow::Call, code(go(pc, distance))),
            _ => (either(always, Flow::Jump), code(go(pc, distance))),
        };
    }
    if condition == 15 {
        return NEXT;
    }
    // LDR (literal)
    if w & 0x0f7f_0000 == 0x051f_0000 {
        let offset = i64::from(w & 0xfff);
        let to = go(pc, if w >> 23 & 1 == 1 { offset } else { -offset });
        let flow = if w >> 12 & 15 == 15 { either(always, Flow::Jump) } else { Flow::Next };
        return (flow, Some((to, Reference::Data)));
    }
    let flow = match w {
        // BX, BLX (register)
        w if w & 0x0fff_fff0 == 0x012f_ff10 => {
            if w & 15 == 14 {
                Flow::Return
            } else {
                Flow::Jump
            }
        }
        w if w & 0x0fff_fff0 == 0x012f_ff30 => Flow::Call,
        // MOV PC, LR and other registers
        w if w & 0x0fff_fff0 == 0x01a0_f000 => {
            if w & 15 == 14 {
                Flow::Return
            } else {
                Flow::Jump
            }
        }
        // LDM and POP with PC; of a stack or a frame it is a return.
        w if w & 0x0e10_8000 == 0x0810_8000 => Flow::Return,
        // LDR PC: POP {PC} is one from the stack.
        w if w & 0x0c50_f000 == 0x0410_f000 => {
            if w >> 16 & 15 == 13 {
                Flow::Return
            } else {
                Flow::Jump
            }
        }
        _ => Flow::Next,
    };
    (either(always, flow), None)
}

fn thumb_effect(address: u64, h: u32) -> Effect {
    let pc = address.wrapping_add(4);
    let code = |flow, distance| (flow, Some((go(pc, distance), Reference::Code)));
    match h {
        // UDF and SVC have the place of two conditions.
        _ if h & 0xff00 == 0xde00 => (Flow::Stop, None),
        _ if h & 0xff00 == 0xdf00 => NEXT,
        _ if h & 0xf000 == 0xd000 => code(Flow::Branch, signed(h & 0xff, 8) << 1),
        _ if h & 0xf800 == 0xe000 => code(Flow::Jump, signed(h & 0x7ff, 11) << 1),
        // CBZ, CBNZ
        _ if h & 0xf500 == 0xb100 => code(Flow::Branch, i64::from((h >> 9 & 1) << 6 | (h >> 3 & 31) << 1)),
        // LDR (literal), ADR
        _ if h & 0xf800 == 0x4800 || h & 0xf800 == 0xa000 => {
            (Flow::Next, Some((go(pc & !3, i64::from(h & 0xff) << 2), Reference::Data)))
        }
        // BX, BLX, MOV PC
        _ if h & 0xff87 == 0x4700 => (if h >> 3 & 15 == 14 { Flow::Return } else { Flow::Jump }, None),
        _ if h & 0xff87 == 0x4780 => (Flow::Call, None),
        _ if h & 0xff87 == 0x4687 => (if h >> 3 & 15 == 14 { Flow::Return } else { Flow::Jump }, None),
        // POP with PC
        _ if h & 0xff00 == 0xbd00 => (Flow::Return, None),
        _ => NEXT,
    }
}

/// Two halfwords, the first in the upper half.
fn wide_effect(address: u64, w: u32) -> Effect {
    let pc = address.wrapping_add(4);
    let code = |flow, from, distance| (flow, Some((go(from, distance), Reference::Code)));
    let sign = w >> 26 & 1;
    if w & 0xf800_8000 == 0xf000_8000 {
        let (j1, j2) = (w >> 13 & 1, w >> 11 & 1);
        let low = (w & 0x7ff) << 1;
        // B.W with a condition: the two conditions that are none have other instructions.
        if w & 0x5000 == 0 {
            if w >> 23 & 7 == 7 {
                return NEXT;
            }
            let distance = sign << 20 | j2 << 19 | j1 << 18 | (w >> 16 & 0x3f) << 12 | low;
            return code(Flow::Branch, pc, signed(distance, 21));
        }
        let (i1, i2) = (1 ^ j1 ^ sign, 1 ^ j2 ^ sign);
        let distance = signed(sign << 24 | i1 << 23 | i2 << 22 | (w >> 16 & 0x3ff) << 12 | low, 25);
        return match w & 0x5000 {
            0x5000 => code(Flow::Call, pc, distance),
            // BLX: to A32
            0x4000 => code(Flow::Call, pc & !3, distance & !3),
            _ => code(Flow::Jump, pc, distance),
        };
    }
    // LDR.W (literal)
    if w & 0xff7f_0000 == 0xf85f_0000 {
        let offset = i64::from(w & 0xfff);
        let flow = if w >> 12 & 15 == 15 { Flow::Jump } else { Flow::Next };
        return (flow, Some((go(pc & !3, if w >> 23 & 1 == 1 { offset } else { -offset }), Reference::Data)));
    }
    let flow = match w {
        // LDM and POP with PC; LDR PC from the stack
        w if w & 0xfe50_8000 == 0xe810_8000 => Flow::Return,
        w if w & 0xffff_f000 == 0xf85d_f000 => Flow::Return,
        // LDR PC; TBB, TBH
        w if w & 0xfff0_f000 == 0xf850_f000 || w & 0xfff0_f000 == 0xf8d0_f000 => Flow::Jump,
        w if w & 0xfff0_ffe0 == 0xe8d0_f000 => Flow::Jump,
        // UDF.W
        w if w & 0xfff0_f000 == 0xf7f0_a000 => Flow::Stop,
        _ => Flow::Next,
    };
    (flow, None)
}
