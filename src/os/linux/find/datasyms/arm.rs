//! Which addresses a function in A32 makes (Arm ARM DDI 0406C, chapter A8): with `movw` and `movt`, or from the words that stand behind
//! it. What is added to such an address, or is an offset of a load or store, counts too: the compiler reaches several variables from
//! one anchor.

/// What a register holds.
#[derive(Clone, Copy, Default)]
enum Held {
    #[default]
    Unknown,
    /// The lower half of an address, by `movw`.
    Low(u64),
    /// An address, and whether others were reached from it.
    Whole(u64, bool),
}

/// The registers, and where addresses go.
struct Registers<'t> {
    held: [Held; 16],
    take: &'t mut dyn FnMut(u64),
}

impl Registers<'_> {
    fn get(&self, r: u32) -> Held {
        usize::try_from(r & 15).ok().and_then(|r| self.held.get(r)).copied().unwrap_or_default()
    }

    /// The register's new value; the old one was meant itself if nothing was reached from it.
    fn set(&mut self, r: u32, value: Held) {
        let Some(place) = usize::try_from(r & 15).ok().and_then(|r| self.held.get_mut(r)) else { return };
        if let Held::Whole(at, false) = *place {
            (self.take)(at);
        }
        *place = value;
    }

    /// What a register holds is an anchor.
    fn anchor(&mut self, r: u32) {
        if let Some(Held::Whole(_, anchor)) = usize::try_from(r & 15).ok().and_then(|r| self.held.get_mut(r)) {
            *anchor = true;
        }
    }

    /// The address `offset` from the one in a register, if it has one.
    fn reach(&mut self, r: u32, offset: i64) -> Option<u64> {
        let place = usize::try_from(r & 15).ok().and_then(|r| self.held.get_mut(r))?;
        let Held::Whole(at, anchor) = place else { return None };
        *anchor |= offset != 0;
        Some(at.wrapping_add_signed(offset) & 0xffff_ffff)
    }
}

/// A constant as data processing has it: eight bits, rotated.
fn constant(w: u32) -> i64 {
    i64::from((w & 0xff).rotate_right((w >> 8 & 15) * 2))
}

/// The word of `body`, which begins at `at`, that a load relative to the instruction at `pc` reads.
fn literal(at: u64, body: &[u8], pc: u64, w: u32) -> Option<u64> {
    let offset = i64::from(w & 0xfff);
    let from = (pc + 8).checked_add_signed(if w >> 23 & 1 == 1 { offset } else { -offset })?.checked_sub(at)?;
    let bytes = body.get(usize::try_from(from).ok()?..)?.first_chunk()?;
    Some(u64::from(u32::from_le_bytes(*bytes)))
}

/// Gives `take` every address that the function whose `body` begins at `at` makes.
pub(super) fn refers(at: u64, body: &[u8], take: &mut dyn FnMut(u64)) {
    let mut regs = Registers { held: [Held::default(); 16], take };
    let signed = |w: u32, offset: u32| if w >> 23 & 1 == 1 { i64::from(offset) } else { -i64::from(offset) };
    for (word, pc) in body.as_chunks::<4>().0.iter().zip((at..).step_by(4)) {
        let w = u32::from_le_bytes(*word);
        let (rd, rn) = (w >> 12 & 15, w >> 16 & 15);
        let half = u64::from(w >> 4 & 0xf000 | w & 0xfff);
        match w {
            _ if w >> 28 == 15 => {}
            // MOVW, MOVT
            _ if w & 0x0ff0_0000 == 0x0300_0000 => regs.set(rd, Held::Low(half)),
            _ if w & 0x0ff0_0000 == 0x0340_0000 => {
                let whole = match regs.get(rd) {
                    Held::Low(low) => Held::Whole(half << 16 | low, false),
                    _ => Held::Unknown,
                };
                regs.set(rd, whole);
            }
            // LDR (literal)
            _ if w & 0x0f7f_0000 == 0x051f_0000 => {
                let value = literal(at, body, pc, w).map_or(Held::Unknown, |v| Held::Whole(v, false));
                regs.set(rd, value);
            }
            // LDR, STR, LDRB, STRB (immediate); one that is added afterwards is no part of the address.
            _ if w & 0x0e00_0000 == 0x0400_0000 => {
                let offset = if w >> 24 & 1 == 1 { signed(w, w & 0xfff) } else { 0 };
                if let Some(to) = regs.reach(rn, offset) {
                    (regs.take)(to);
                }
                if w >> 20 & 1 == 1 {
                    regs.set(rd, Held::Unknown);
                }
            }
            // LDRH, LDRD and their like (immediate)
            _ if w & 0x0e40_0090 == 0x0040_0090 && w & 0x60 != 0 => {
                let offset = if w >> 24 & 1 == 1 { signed(w, w >> 4 & 0xf0 | w & 15) } else { 0 };
                if let Some(to) = regs.reach(rn, offset) {
                    (regs.take)(to);
                }
                let loads = w >> 20 & 1 == 1 || w & 0xf0 == 0xd0;
                if loads {
                    regs.set(rd, Held::Unknown);
                }
            }
            // LDM, STM
            _ if w & 0x0e00_0000 == 0x0800_0000 => {
                if let Some(to) = regs.reach(rn, 0) {
                    (regs.take)(to);
                }
                if w >> 20 & 1 == 1 {
                    (0..16).filter(|r| w >> r & 1 == 1).for_each(|r| regs.set(r, Held::Unknown));
                }
            }
            // BL, BLX: the first registers are passed, and hold something else afterwards.
            _ if w & 0x0f00_0000 == 0x0b00_0000 || w & 0x0fff_fff0 == 0x012f_ff30 => {
                [0, 1, 2, 3, 12, 14].into_iter().for_each(|r| regs.set(r, Held::Unknown));
            }
            // ADD, SUB (immediate)
            _ if w & 0x0fe0_0000 == 0x0280_0000 || w & 0x0fe0_0000 == 0x0240_0000 => {
                let offset = if w & 0x0080_0000 != 0 { constant(w) } else { -constant(w) };
                let sum = regs.reach(rn, offset).map_or(Held::Unknown, |to| Held::Whole(to, false));
                regs.set(rd, sum);
            }
            // ADD (register): an index is added to an array's address, or to an anchor's: then what follows tells how far the array is
            // from it. That is certain where the elements are words; of larger ones, it may be a member's place.
            _ if w & 0x0fe0_0010 == 0x0080_0000 => {
                let sum = match regs.get(rn) {
                    Held::Whole(at, _) => Held::Whole(at, false),
                    _ => Held::Unknown,
                };
                if w >> 5 & 0x7f == 2 << 2 {
                    regs.anchor(rn);
                }
                regs.set(rd, sum);
            }
            // MOV (register)
            _ if w & 0x0fff_0ff0 == 0x01a0_0000 => {
                let value = match regs.reach(w & 15, 0) {
                    Some(to) => Held::Whole(to, false),
                    None => Held::Unknown,
                };
                regs.set(rd, value);
            }
            // Other data processing; TST, TEQ, CMP and CMN have no result.
            _ if w & 0x0c00_0000 == 0 && w & 0x0180_0000 != 0x0100_0000 => regs.set(rd, Held::Unknown),
            _ => {}
        }
    }
    (0..16).for_each(|r| regs.set(r, Held::Unknown));
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::cast_possible_truncation)]
    use super::*;

    fn of(words: &[u32]) -> Vec<u64> {
        let body: Vec<u8> = words.iter().flat_map(|w| w.to_le_bytes()).collect();
        let mut out = Vec::new();
        refers(0xc030_0000, &body, &mut |at| out.push(at));
        out
    }

    #[test]
    fn halves_and_literals_make_addresses() {
        // movw r3, #0x3ecc; movt r3, #0xc14b; ldr r0, [r3]
        assert_eq!(of(&[0xe303_3ecc, 0xe344_3000 | 0x4b | 0xc << 16, 0xe593_0000])[0], 0xc04b_3ecc);
        // ldr r0, [pc, #0]; bx lr; .word
        assert_eq!(of(&[0xe59f_0000, 0xe12f_ff1e, 0xc100_2004]), [0xc100_2004]);
    }

    #[test]
    fn what_is_reached_from_an_anchor_counts_and_not_the_anchor() {
        // movw r2, #0x1000; movt r2, #0xc14b; ldr r0, [r2, #16]; str r0, [r2, #32]; add r1, r2, #0x100
        let found = of(&[0xe301_2000, 0xe34c_214b, 0xe592_0010, 0xe582_0020, 0xe282_1c01]);
        assert_eq!(found, [0xc14b_1010, 0xc14b_1020, 0xc14b_1100]);
        // movw r3, #0x1000; movt r3, #0xc14b; add r3, r3, r0, lsl #2; ldr r0, [r3, #4]
        assert_eq!(of(&[0xe301_3000, 0xe34c_314b, 0xe083_3100, 0xe593_0004]), [0xc14b_1004]);
        // The same with elements of two words, or without a displacement.
        assert_eq!(of(&[0xe301_3000, 0xe34c_314b, 0xe083_3180, 0xe593_0004]), [0xc14b_1000, 0xc14b_1004]);
        assert_eq!(of(&[0xe301_3000, 0xe34c_314b, 0xe083_3100, 0xe593_0000])[..], [0xc14b_1000; 2]);
        // A call passes an address that nothing was reached from.
        assert_eq!(of(&[0xe301_0000, 0xe34c_014b, 0xebff_fffe]), [0xc14b_1000]);
    }
}
