//! A64, by yaxpeax-arm. What it leaves to the reader is written out here: branch targets as addresses, system registers and
//! the fields of PSTATE by name.

use super::{Decoded, Flow, Instruction, Reference, sysreg, word};
use std::fmt::Write;
use yaxpeax_arch::{Decoder, U8Reader};
use yaxpeax_arm::armv8::a64::{InstDecoder, Opcode, Operand};

/// One instruction. `upper` is what `adrp` just put into a register; `next` takes what this one puts there.
pub fn decode(address: u64, bytes: &[u8], upper: Option<(u32, u64)>, next: &mut Option<(u32, u64)>) -> Decoded {
    let Some(word) = word(bytes) else { return Decoded::Short };
    let raw = word.to_le_bytes();
    let Ok(one) = InstDecoder::default().decode(&mut U8Reader::new(&raw)) else { return Decoded::Bad(4) };
    if one.opcode == Opcode::Invalid {
        return Decoded::Bad(4);
    }
    let mut text = String::new();
    // The crate's text of an instruction that it has decoded can fail only where the writer does; a string does not.
    if write!(text, "{one}").is_err() {
        return Decoded::Bad(4);
    }
    let flow = flow(word);
    let mut target = None;
    for operand in &one.operands {
        match operand {
            Operand::PCOffset(distance) => {
                let page = one.opcode == Opcode::ADRP;
                let from = if page { address & !0xfff } else { address };
                let to = from.wrapping_add(distance.cast_unsigned());
                if let Some(at) = text.find("$") {
                    text.truncate(at);
                    let _ = write!(text, "{to:#x}");
                }
                let how = if matches!(flow, Flow::Next) { Reference::Data } else { Reference::Code };
                target = Some((to, how));
                if page {
                    // Half an address: what it points to is known with the instruction that adds the other half.
                    *next = Some((word & 31, to));
                }
            }
            Operand::SystemReg(_) => named(&mut text, "s", sysreg::name(word)),
            Operand::PstateField(_) => named(&mut text, "pstate.", sysreg::field(word)),
            _ => {}
        }
    }
    if target.is_none() {
        target = upper.and_then(|u| whole(word, u)).map(|to| (to, Reference::Data));
    }
    Decoded::Instruction(Instruction { len: 4, text, flow, target })
}

/// Puts a register's name where the crate wrote its numbers (`s3_0_c4_c1_0`, `pstate.0x1e`).
fn named(text: &mut String, begins: &str, name: Option<&'static str>) {
    let Some(name) = name else { return };
    let is_number = |w: &str| w.strip_prefix(begins).is_some_and(|r| r.starts_with(|c: char| c.is_ascii_digit()));
    let Some(old) = text.split([' ', ',']).find(|w| is_number(w)).map(str::to_owned) else { return };
    *text = text.replacen(&old, name, 1);
}

/// The address that `adrp` and this instruction make together: `add`, and loads and stores with an unsigned offset.
pub fn whole(word: u32, (register, page): (u32, u64)) -> Option<u64> {
    if word >> 5 & 31 != register {
        return None;
    }
    let offset = u64::from(word >> 10 & 0xfff);
    // ADD (immediate), 64-bit: C6.2.4.
    if word & 0xff80_0000 == 0x9100_0000 {
        let shift = if word >> 22 & 1 == 1 { 12 } else { 0 };
        return page.checked_add(offset << shift);
    }
    // Load/store register (unsigned immediate): C4.1.94. The size scales the offset; SIMD registers of 16 bytes have one more.
    if word & 0x3b00_0000 == 0x3900_0000 {
        let wide = word >> 26 & 1 == 1 && word >> 23 & 1 == 1 && word >> 30 == 0;
        let scale = if wide { 4 } else { word >> 30 };
        return page.checked_add(offset << scale);
    }
    None
}

/// What comes after: C4.1.91 of the Arm ARM (DDI 0487), branches, exceptions and system instructions.
fn flow(word: u32) -> Flow {
    match word {
        // B, BL
        w if w & 0xfc00_0000 == 0x1400_0000 => Flow::Jump,
        w if w & 0xfc00_0000 == 0x9400_0000 => Flow::Call,
        // B.cond, BC.cond; CBZ, CBNZ; TBZ, TBNZ
        w if w & 0xff00_0000 == 0x5400_0000 => Flow::Branch,
        w if w & 0x7e00_0000 == 0x3400_0000 || w & 0x7e00_0000 == 0x3600_0000 => Flow::Branch,
        // Branches to a register: BR, BLR, RET, ERET and those with pointer authentication.
        w if w & 0xfe00_0000 == 0xd600_0000 => match w >> 21 & 0xf {
            0 | 8 => Flow::Jump,
            1 | 9 => Flow::Call,
            2 | 4 => Flow::Return,
            _ => Flow::Next,
        },
        // UDF; BRK is where a kernel has its BUG and its WARN, and a warning comes back.
        w if w & 0xffff_0000 == 0 => Flow::Stop,
        _ => Flow::Next,
    }
}
