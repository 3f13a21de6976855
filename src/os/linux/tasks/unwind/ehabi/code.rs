//! Unwind instructions (Exception Handling ABI for the Arm Architecture, IHI 0038, section "Frame unwinding instructions").
//!
//! They are the end of a function, run backwards on made-up registers: the caller's are what is in them afterwards.

/// Register numbers.
pub const FP: usize = 11;
/// The stack pointer.
pub const SP: usize = 13;
/// The link register.
pub const LR: usize = 14;
/// The program counter.
pub const PC: usize = 15;

/// r0 to r15 of a frame: those that are known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Virtual([Option<u32>; 16]);

impl Virtual {
    /// What is in a register.
    pub fn get(&self, register: usize) -> Option<u32> {
        self.0.get(register).copied().flatten()
    }

    /// Puts something there.
    pub fn set(&mut self, register: usize, value: Option<u32>) {
        if let Some(place) = self.0.get_mut(register) {
            *place = value;
        }
    }

    /// All of them, by number.
    pub fn all(&self) -> impl Iterator<Item = (usize, Option<u32>)> + '_ {
        self.0.iter().copied().enumerate()
    }
}

/// The caller of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Caller {
    /// Its registers, PC among them.
    pub registers: Virtual,
    /// Where its address was on the stack; none where it was in the link register.
    pub slot: Option<u32>,
    /// Whether the stack pointer and the program counter were popped: what is there was interrupted, and called nobody.
    pub interrupted: bool,
}

/// Runs `code` on the registers of a frame. `word` reads the stack.
///
/// # Errors
/// Why it can't be run: an instruction that says so, or that no kernel's code has, a register that is not known, a stack that is not
/// there.
pub fn run(code: &[u8], frame: Virtual, word: &mut dyn FnMut(u32) -> Result<u32, String>) -> Result<Caller, String> {
    let sp = frame.get(SP).ok_or("the stack pointer is not known")?;
    // The link register is what the frame was entered with only as long as it called nobody: whoever asks has seen to that.
    let mut m = Machine { registers: frame, sp, popped: 0, slot: None, word };
    m.registers.set(PC, None);
    let mut bytes = code.iter().copied();
    // The last instruction may be left out: a list that ends is finished.
    while let Some(byte) = bytes.next() {
        if !m.step(byte, &mut bytes)? {
            break;
        }
    }
    if m.popped >> PC & 1 == 0 {
        m.registers.set(PC, m.registers.get(LR));
    }
    m.registers.set(SP, Some(m.sp));
    m.registers.get(PC).ok_or("the return address was not saved")?;
    let interrupted = m.popped >> PC & 1 == 1 && m.popped >> SP & 1 == 1;
    Ok(Caller { registers: m.registers, slot: m.slot, interrupted })
}

struct Machine<'w> {
    registers: Virtual,
    sp: u32,
    /// Which registers were popped.
    popped: u32,
    slot: Option<u32>,
    word: &'w mut dyn FnMut(u32) -> Result<u32, String>,
}

impl Machine<'_> {
    /// One instruction; false for the last.
    fn step(&mut self, byte: u8, rest: &mut dyn Iterator<Item = u8>) -> Result<bool, String> {
        let short = "the unwind instructions end in the middle of one";
        let low = u32::from(byte);
        match byte {
            // 00xxxxxx, 01xxxxxx
            0x00..=0x3f => self.sp = self.sp.wrapping_add(((low & 0x3f) << 2) + 4),
            0x40..=0x7f => self.sp = self.sp.wrapping_sub(((low & 0x3f) << 2) + 4),
            // 1000iiii iiiiiiii: r4 to r15 by a mask
            0x80..=0x8f => {
                let mask = (low & 0xf) << 8 | u32::from(rest.next().ok_or(short)?);
                if mask == 0 {
                    return Err("the unwind tables refuse".to_owned());
                }
                self.pop(mask << 4)?;
            }
            0x9d | 0x9f => return Err(spare(byte)),
            // 1001nnnn
            0x90..=0x9f => {
                let n = usize::from(byte & 0xf);
                self.sp = self.registers.get(n).ok_or_else(|| format!("the way goes by register r{n}, which was not saved"))?;
            }
            // 10100nnn, 10101nnn: r4 to r4+n, and r14
            0xa0..=0xaf => {
                let range = ((2u32 << (low & 7)) - 1) << 4;
                self.pop(range | if byte & 8 != 0 { 1 << LR } else { 0 })?;
            }
            0xb0 => return Ok(false),
            // 10110001 0000iiii: r0 to r3 by a mask
            0xb1 => match rest.next().ok_or(short)? {
                mask @ 0x01..=0x0f => self.pop(u32::from(mask))?,
                _ => return Err(spare(byte)),
            },
            // 10110010 uleb128
            0xb2 => {
                let more = uleb128(rest).ok_or("the unwind tables move the stack pointer too far")?;
                self.sp = self.sp.wrapping_add(0x204).wrapping_add(more << 2);
            }
            // 10110011 sssscccc, 10111nnn: doubles as FSTMFDX has them, with a word behind
            0xb3 => self.skip(8 * (u32::from(rest.next().ok_or(short)? & 0xf) + 1) + 4),
            0xb8..=0xbf => self.skip(8 * ((low & 7) + 1) + 4),
            // 11000110 sssscccc, 11000111 0000iiii, 11000nnn: wireless MMX
            0xc6 => self.skip(8 * (u32::from(rest.next().ok_or(short)? & 0xf) + 1)),
            0xc7 => match rest.next().ok_or(short)? {
                mask @ 0x01..=0x0f => self.skip(4 * mask.count_ones()),
                _ => return Err(spare(byte)),
            },
            0xc0..=0xc5 => self.skip(8 * ((low & 7) + 1)),
            // 11001000 sssscccc, 11001001 sssscccc, 11010nnn: doubles as VPUSH has them
            0xc8 | 0xc9 => self.skip(8 * (u32::from(rest.next().ok_or(short)? & 0xf) + 1)),
            0xd0..=0xd7 => self.skip(8 * ((low & 7) + 1)),
            // B4 and B5 are of processors that no Linux with tables runs on (return addresses with signatures, M profile).
            0xb4..=0xb7 | 0xca..=0xcf | 0xd8..=0xff => return Err(spare(byte)),
        }
        Ok(true)
    }

    /// Registers that are not needed.
    fn skip(&mut self, bytes: u32) {
        self.sp = self.sp.wrapping_add(bytes);
    }

    /// Pops the registers of a mask, the lowest first.
    fn pop(&mut self, mask: u32) -> Result<(), String> {
        let mut at = self.sp;
        for register in (0..16usize).filter(|r| mask >> r & 1 == 1) {
            let value = (self.word)(at)?;
            self.registers.set(register, Some(value));
            if register == PC || register == LR && self.popped >> PC & 1 == 0 {
                self.slot = Some(at);
            }
            at = at.wrapping_add(4);
        }
        self.popped |= mask;
        self.sp = match mask >> SP & 1 {
            1 => self.registers.get(SP).unwrap_or(at),
            _ => at,
        };
        Ok(())
    }
}

fn spare(byte: u8) -> String {
    format!("the unwind instruction {byte:#04x} is none that memsh knows")
}

/// A number that counts words on a stack: no more than 28 bits of it make sense.
fn uleb128(bytes: &mut dyn Iterator<Item = u8>) -> Option<u32> {
    let mut value = 0u32;
    for shift in (0..28).step_by(7) {
        let byte = bytes.next()?;
        value |= u32::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    /// A stack whose words are their own places, with one added, so that no two are alike.
    fn stack(at: u32) -> Result<u32, String> {
        if (0x1000..0x2000).contains(&at) { Ok(at + 1) } else { Err("out".to_owned()) }
    }

    fn frame() -> Virtual {
        let mut v = Virtual::default();
        v.set(SP, Some(0x1000));
        v.set(FP, Some(0x1100));
        v.set(LR, Some(0x77));
        v
    }

    fn caller(code: &[u8]) -> Caller {
        run(code, frame(), &mut stack).unwrap()
    }

    fn why(code: &[u8]) -> String {
        run(code, frame(), &mut stack).unwrap_err()
    }

    #[test]
    fn every_instruction_does_what_the_abi_says() {
        // What the code does to the stack pointer, and where the return address then was.
        let cases: [(&[u8], u32, Option<u32>); 19] = [
            (&[0xb0], 0x1000, None),
            (&[], 0x1000, None),
            (&[0x00], 0x1004, None),
            (&[0x3f], 0x1100, None),
            (&[0x3f, 0x7f], 0x1000, None),
            (&[0x84, 0x00], 0x1004, Some(0x1000)),
            (&[0x88, 0x01], 0x1008, Some(0x1004)),
            (&[0xa0], 0x1004, None),
            (&[0xa8], 0x1008, Some(0x1004)),
            (&[0xaf], 0x1024, Some(0x1020)),
            (&[0xa7], 0x1020, None),
            (&[0x9b, 0x84, 0x80], 0x1108, Some(0x1104)),
            (&[0xb1, 0x0f], 0x1010, None),
            (&[0xb2, 0x01], 0x1208, None),
            (&[0xb2, 0x80, 0x01], 0x1404, None),
            (&[0xb3, 0x81], 0x1014, None),
            (&[0xb9, 0xc1, 0xc6, 0x00, 0xc7, 0x05], 0x1000 + 20 + 16 + 8 + 8, None),
            (&[0xc8, 0x01, 0xc9, 0x80], 0x1018, None),
            (&[0xd7, 0xb0, 0x3f], 0x1040, None),
        ];
        for (code, sp, slot) in cases {
            let found = caller(code);
            assert_eq!((found.registers.get(SP), found.slot), (Some(sp), slot), "{code:x?}");
            assert_eq!(found.registers.get(PC), Some(slot.map_or(0x77, |s| s + 1)), "{code:x?}");
            assert!(!found.interrupted);
        }
    }

    #[test]
    fn popped_registers_are_in_their_order() {
        let found = caller(&[0x02, 0x8c, 0x83]);
        // r4, r5, r11, r14, r15 from 0x100c on.
        let at = [4, 5, 11, 14, 15].map(|r| found.registers.get(r).unwrap());
        assert_eq!(at, [0x100d, 0x1011, 0x1015, 0x1019, 0x101d]);
        assert_eq!((found.slot, found.registers.get(SP)), (Some(0x101c), Some(0x1020)));
    }

    #[test]
    fn an_interrupted_frame_gives_all_registers_back() {
        // What `.save {r0 - pc}` of entry-armv.S becomes.
        let found = caller(&[0xb1, 0x0f, 0x8f, 0xff]);
        assert!(found.interrupted);
        assert_eq!(found.registers.get(0), Some(0x1001));
        assert_eq!(found.registers.get(SP), Some(0x1035));
        assert_eq!(found.registers.get(PC), Some(0x103d));
    }

    #[test]
    fn what_can_t_be_run_says_why() {
        assert!(why(&[0x80, 0x00]).contains("refuse"));
        assert!(why(&[0x97]).contains("r7"));
        assert!(why(&[0x80]).contains("middle"));
        assert!(why(&[0xb2, 0xff, 0xff, 0xff, 0xff, 0xff]).contains("too far"));
        for byte in [0x9d, 0x9f, 0xb4, 0xb5, 0xb7, 0xca, 0xd8, 0xff] {
            assert!(why(&[byte, 0]).contains("none that memsh knows"), "{byte:x}");
        }
        assert!(why(&[0xb1, 0x10]).contains("none that"));
        assert_eq!(why(&[0x7f, 0xa8]), "out");
        let mut bare = frame();
        bare.set(LR, None);
        assert!(run(&[0x00], bare, &mut stack).unwrap_err().contains("return address"));
    }

    proptest::proptest! {
        #[test]
        fn no_code_hangs(code in proptest::collection::vec(0u8.., 0..256)) {
            let mut reads = 0;
            let mut count = |at: u32| { reads += 1; Ok(at) };
            let _ = run(&code, frame(), &mut count);
            proptest::prop_assert!(reads <= 16 * code.len());
        }
    }
}
