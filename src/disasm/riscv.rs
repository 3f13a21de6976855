//! RISC-V: RV32 and RV64 with G and C, the privileged instructions, Zba, Zbb and Zbs, written as their pseudo-instructions
//! where they have one.

use super::riscv_compressed::expand;
use super::riscv_table::{Form, Row, TABLE};
use super::{Decoded, Flow, Instruction, Reference, signed};

const REGISTERS: [&str; 32] = [
    "zero", "ra", "sp", "gp", "tp", "t0", "t1", "t2", "s0", "s1", "a0", "a1", "a2", "a3", "a4", "a5", "a6", "a7", "s2", "s3",
    "s4", "s5", "s6", "s7", "s8", "s9", "s10", "s11", "t3", "t4", "t5", "t6",
];
const FLOATS: [&str; 32] = [
    "ft0", "ft1", "ft2", "ft3", "ft4", "ft5", "ft6", "ft7", "fs0", "fs1", "fa0", "fa1", "fa2", "fa3", "fa4", "fa5", "fa6", "fa7",
    "fs2", "fs3", "fs4", "fs5", "fs6", "fs7", "fs8", "fs9", "fs10", "fs11", "ft8", "ft9", "ft10", "ft11",
];
/// Control and status registers that an operating system or a program uses: numbers of the Privileged Specification, chapter 2.2.
const CSRS: &[(u32, &str)] = &[
    (0x001, "fflags"),
    (0x002, "frm"),
    (0x003, "fcsr"),
    (0x100, "sstatus"),
    (0x104, "sie"),
    (0x105, "stvec"),
    (0x106, "scounteren"),
    (0x10a, "senvcfg"),
    (0x140, "sscratch"),
    (0x141, "sepc"),
    (0x142, "scause"),
    (0x143, "stval"),
    (0x144, "sip"),
    (0x14d, "stimecmp"),
    (0x180, "satp"),
    (0x200, "vsstatus"),
    (0x204, "vsie"),
    (0x205, "vstvec"),
    (0x240, "vsscratch"),
    (0x241, "vsepc"),
    (0x242, "vscause"),
    (0x243, "vstval"),
    (0x280, "vsatp"),
    (0x300, "mstatus"),
    (0x301, "misa"),
    (0x302, "medeleg"),
    (0x303, "mideleg"),
    (0x304, "mie"),
    (0x305, "mtvec"),
    (0x340, "mscratch"),
    (0x341, "mepc"),
    (0x342, "mcause"),
    (0x343, "mtval"),
    (0x344, "mip"),
    (0x600, "hstatus"),
    (0x602, "hedeleg"),
    (0x603, "hideleg"),
    (0x680, "hgatp"),
    (0xc00, "cycle"),
    (0xc01, "time"),
    (0xc02, "instret"),
    (0xf11, "mvendorid"),
    (0xf12, "marchid"),
    (0xf13, "mimpid"),
    (0xf14, "mhartid"),
];

fn register(n: u32) -> &'static str {
    usize::try_from(n & 31).ok().and_then(|n| REGISTERS.get(n)).copied().unwrap_or("?")
}

fn float(n: u32) -> &'static str {
    usize::try_from(n & 31).ok().and_then(|n| FLOATS.get(n)).copied().unwrap_or("?")
}

/// One instruction. `upper` is what `auipc` just put into a register; `next` takes what this one puts there.
pub fn decode(wide: bool, address: u64, bytes: &[u8], upper: Option<(u32, u64)>, next: &mut Option<(u32, u64)>) -> Decoded {
    let Some(half) = bytes.first_chunk::<2>().map(|b| u16::from_le_bytes(*b)) else { return Decoded::Short };
    let (word, len) = match half & 3 {
        3 if half & 0x1c == 0x1c => return Decoded::Bad(2),
        3 => match super::word(bytes) {
            Some(word) => (word, 4),
            None => return Decoded::Short,
        },
        _ => match expand(half, wide) {
            Some(word) => (word, 2),
            None => return Decoded::Bad(2),
        },
    };
    let Some(row) = TABLE.iter().find(|r| word & r.mask == r.bits && (wide || !r.wide)) else { return Decoded::Bad(len) };
    let w = Word::new(wide, address, word);
    // A shift by more bits than a register has; an encoding that is reserved.
    if row.form == Form::Shift && !wide && w.shamt() > 31 || !w.rounds(row) {
        return Decoded::Bad(len);
    }
    if row.name == "auipc" {
        *next = Some((w.rd(), w.masked(address.wrapping_add(w.upper().cast_unsigned()))));
    }
    let target = match row.form {
        Form::Branch => Some((w.branch(), Reference::Code)),
        Form::Jump => Some((w.jump(), Reference::Code)),
        _ => upper
            .filter(|(r, _)| *r == w.rs1() && *r != 0)
            .and_then(|(_, at)| w.lower(row.form).map(|(low, how)| (w.masked(at.wrapping_add(low.cast_unsigned())), how)))
            .filter(|_| row.form != Form::I || row.name == "addi"),
    };
    let text = w.text(row);
    Decoded::Instruction(Instruction { len, text, flow: w.flow(row), target })
}

/// An instruction's bits, and where it lies.
pub struct Word {
    word: u32,
    address: u64,
    mask: u64,
}

impl Word {
    /// The instruction `word` of RV64 (`wide`) or RV32 at an address.
    pub fn new(wide: bool, address: u64, word: u32) -> Self {
        Self { word, address, mask: if wide { u64::MAX } else { u64::from(u32::MAX) } }
    }

    /// What AUIPC (`relative`) or LUI puts into its register.
    pub fn high(&self, relative: bool) -> u64 {
        self.masked((if relative { self.address } else { 0 }).wrapping_add_signed(self.upper()))
    }

    fn rd(&self) -> u32 {
        self.word >> 7 & 31
    }

    fn rs1(&self) -> u32 {
        self.word >> 15 & 31
    }

    fn rs2(&self) -> u32 {
        self.word >> 20 & 31
    }

    fn shamt(&self) -> u32 {
        self.word >> 20 & 63
    }

    fn imm(&self) -> i64 {
        signed(self.word >> 20, 12)
    }

    fn store(&self) -> i64 {
        signed(self.word >> 25 << 5 | self.rd(), 12)
    }

    fn upper(&self) -> i64 {
        signed(self.word >> 12, 20) << 12
    }

    /// An address with as many bits as there are.
    pub fn masked(&self, address: u64) -> u64 {
        address & self.mask
    }

    /// Where a conditional branch goes.
    pub fn branch(&self) -> u64 {
        let w = self.word;
        let imm = (w >> 31) << 12 | (w >> 7 & 1) << 11 | (w >> 25 & 0x3f) << 5 | (w >> 8 & 15) << 1;
        self.masked(self.address.wrapping_add(signed(imm, 13).cast_unsigned()))
    }

    /// Where JAL goes.
    pub fn jump(&self) -> u64 {
        let w = self.word;
        let imm = (w >> 31) << 20 | (w >> 12 & 0xff) << 12 | (w >> 20 & 1) << 11 | (w >> 21 & 0x3ff) << 1;
        self.masked(self.address.wrapping_add(signed(imm, 21).cast_unsigned()))
    }

    /// The lower part of an address that begins with `auipc`.
    fn lower(&self, form: Form) -> Option<(i64, Reference)> {
        match form {
            Form::I | Form::Load | Form::FloatLoad => Some((self.imm(), Reference::Data)),
            Form::JumpRegister => Some((self.imm(), Reference::Code)),
            Form::Store | Form::FloatStore => Some((self.store(), Reference::Data)),
            _ => None,
        }
    }

    /// Rounding modes 5 and 6 are reserved.
    fn rounds(&self, row: &Row) -> bool {
        let has = matches!(row.form, Form::FRound | Form::F2Round | Form::F4 | Form::FToIntRound | Form::IntToFRound);
        !has || !matches!(self.word >> 12 & 7, 5 | 6)
    }

    fn rounding(&self) -> &'static str {
        match self.word >> 12 & 7 {
            0 => ", rne",
            1 => ", rtz",
            2 => ", rdn",
            3 => ", rup",
            4 => ", rmm",
            _ => "",
        }
    }

    fn csr(&self) -> String {
        let number = self.word >> 20;
        let numbered = |name: &str, first: u32| format!("{name}{}", number - first);
        match number {
            0x323..=0x33f => return numbered("mhpmevent", 0x320),
            0x3a0..=0x3af => return numbered("pmpcfg", 0x3a0),
            0x3b0..=0x3ef => return numbered("pmpaddr", 0x3b0),
            0xb03..=0xb1f => return numbered("mhpmcounter", 0xb00),
            0xc03..=0xc1f => return numbered("hpmcounter", 0xc00),
            _ => {}
        }
        CSRS.iter().find(|(n, _)| *n == number).map_or_else(|| format!("{number:#x}"), |(_, name)| (*name).to_owned())
    }

    fn order(&self) -> &'static str {
        match self.word >> 25 & 3 {
            1 => ".rl",
            2 => ".aq",
            3 => ".aqrl",
            _ => "",
        }
    }

    fn flow(&self, row: &Row) -> Flow {
        match row.form {
            Form::Branch => Flow::Branch,
            // A jump that keeps the way back in `ra` or `t0` is a call (table 2.1 of the Unprivileged Specification).
            Form::Jump if matches!(self.rd(), 1 | 5) => Flow::Call,
            Form::Jump => Flow::Jump,
            Form::JumpRegister if matches!(self.rd(), 1 | 5) => Flow::Call,
            Form::JumpRegister if matches!(self.rs1(), 1 | 5) => Flow::Return,
            Form::JumpRegister => Flow::Jump,
            Form::Bare if matches!(row.name, "sret" | "mret") => Flow::Return,
            _ => Flow::Next,
        }
    }

    fn text(&self, row: &Row) -> String {
        if let Some(short) = self.pseudo(row) {
            return short;
        }
        let (rd, rs1, rs2) = (register(self.rd()), register(self.rs1()), register(self.rs2()));
        let (fd, fs1, fs2) = (float(self.rd()), float(self.rs1()), float(self.rs2()));
        let (name, round) = (row.name, self.rounding());
        match row.form {
            Form::Bare => name.to_owned(),
            Form::R => format!("{name} {rd}, {rs1}, {rs2}"),
            Form::R2 => format!("{name} {rd}, {rs1}"),
            Form::I => format!("{name} {rd}, {rs1}, {}", self.imm()),
            Form::Shift => format!("{name} {rd}, {rs1}, {}", self.shamt()),
            Form::ShiftW => format!("{name} {rd}, {rs1}, {}", self.rs2()),
            Form::Load => format!("{name} {rd}, {}({rs1})", self.imm()),
            Form::Store => format!("{name} {rs2}, {}({rs1})", self.store()),
            Form::Branch => format!("{name} {rs1}, {rs2}, {:#x}", self.branch()),
            Form::Upper => format!("{name} {rd}, {:#x}", self.word >> 12),
            Form::Jump => format!("{name} {rd}, {:#x}", self.jump()),
            Form::JumpRegister => format!("{name} {rd}, {}({rs1})", self.imm()),
            Form::Csr => format!("{name} {rd}, {}, {rs1}", self.csr()),
            Form::CsrImmediate => format!("{name} {rd}, {}, {}", self.csr(), self.rs1()),
            Form::Amo => format!("{name}{} {rd}, {rs2}, ({rs1})", self.order()),
            Form::Reserved => format!("{name}{} {rd}, ({rs1})", self.order()),
            Form::Fence => format!("{name} {}, {}", fence(self.word >> 24), fence(self.word >> 20)),
            Form::Two => format!("{name} {rs1}, {rs2}"),
            Form::FloatLoad => format!("{name} {fd}, {}({rs1})", self.imm()),
            Form::FloatStore => format!("{name} {fs2}, {}({rs1})", self.store()),
            Form::F => format!("{name} {fd}, {fs1}, {fs2}"),
            Form::FRound => format!("{name} {fd}, {fs1}, {fs2}{round}"),
            // Exact conversions do not round.
            Form::F2Round if name == "fcvt.d.s" => format!("{name} {fd}, {fs1}"),
            Form::F2Round => format!("{name} {fd}, {fs1}{round}"),
            Form::F4 => format!("{name} {fd}, {fs1}, {fs2}, {}{round}", float(self.word >> 27)),
            Form::FCompare => format!("{name} {rd}, {fs1}, {fs2}"),
            Form::FToInt => format!("{name} {rd}, {fs1}"),
            Form::FToIntRound => format!("{name} {rd}, {fs1}{round}"),
            Form::IntToF => format!("{name} {fd}, {rs1}"),
            Form::IntToFRound => format!("{name} {fd}, {rs1}{round}"),
        }
    }

    /// The assembler's short form (Unprivileged Specification, "RISC-V Assembly Programmer's Handbook").
    fn pseudo(&self, row: &Row) -> Option<String> {
        let (d, s1, s2) = (self.rd(), self.rs1(), self.rs2());
        let (rd, rs1, rs2) = (register(d), register(s1), register(s2));
        let (fd, fs1) = (float(d), float(s1));
        let same = s1 == s2;
        Some(match row.name {
            "addi" if self.word == 0x13 => "nop".to_owned(),
            "addi" if s1 == 0 => format!("li {rd}, {}", self.imm()),
            "addi" if self.imm() == 0 => format!("mv {rd}, {rs1}"),
            "addiw" if self.imm() == 0 => format!("sext.w {rd}, {rs1}"),
            "xori" if self.imm() == -1 => format!("not {rd}, {rs1}"),
            "andi" if self.imm() == 255 => format!("zext.b {rd}, {rs1}"),
            "sltiu" if self.imm() == 1 => format!("seqz {rd}, {rs1}"),
            "add" if s1 == 0 => format!("mv {rd}, {rs2}"),
            "sub" if s1 == 0 => format!("neg {rd}, {rs2}"),
            "subw" if s1 == 0 => format!("negw {rd}, {rs2}"),
            "sltu" if s1 == 0 => format!("snez {rd}, {rs2}"),
            "slt" if s2 == 0 => format!("sltz {rd}, {rs1}"),
            "slt" if s1 == 0 => format!("sgtz {rd}, {rs2}"),
            "beq" if s2 == 0 => format!("beqz {rs1}, {:#x}", self.branch()),
            "bne" if s2 == 0 => format!("bnez {rs1}, {:#x}", self.branch()),
            "bge" if s1 == 0 => format!("blez {rs2}, {:#x}", self.branch()),
            "bge" if s2 == 0 => format!("bgez {rs1}, {:#x}", self.branch()),
            "blt" if s2 == 0 => format!("bltz {rs1}, {:#x}", self.branch()),
            "blt" if s1 == 0 => format!("bgtz {rs2}, {:#x}", self.branch()),
            "jal" if d == 0 => format!("j {:#x}", self.jump()),
            "jal" if d == 1 => format!("jal {:#x}", self.jump()),
            "jalr" if d == 0 && s1 == 1 && self.imm() == 0 => "ret".to_owned(),
            "jalr" if d == 0 && self.imm() == 0 => format!("jr {rs1}"),
            "jalr" if d == 0 => format!("jr {}({rs1})", self.imm()),
            "jalr" if d == 1 && self.imm() == 0 => format!("jalr {rs1}"),
            "jalr" if d == 1 => format!("jalr {}({rs1})", self.imm()),
            "jalr" if self.imm() == 0 => format!("jalr {rd}, {rs1}"),
            "csrrs" if s1 == 0 => match self.word >> 20 {
                0xc00..=0xc02 => format!("rd{} {rd}", self.csr()),
                1 => format!("frflags {rd}"),
                2 => format!("frrm {rd}"),
                3 => format!("frcsr {rd}"),
                _ => format!("csrr {rd}, {}", self.csr()),
            },
            "csrrw" if d == 0 => match self.word >> 20 {
                1 => format!("fsflags {rs1}"),
                2 => format!("fsrm {rs1}"),
                3 => format!("fscsr {rs1}"),
                _ => format!("csrw {}, {rs1}", self.csr()),
            },
            "csrrs" if d == 0 => format!("csrs {}, {rs1}", self.csr()),
            "csrrc" if d == 0 => format!("csrc {}, {rs1}", self.csr()),
            "csrrwi" if d == 0 => format!("csrwi {}, {s1}", self.csr()),
            "csrrsi" if d == 0 => format!("csrsi {}, {s1}", self.csr()),
            "csrrci" if d == 0 => format!("csrci {}, {s1}", self.csr()),
            "fence" if self.word == 0x0ff0_000f => "fence".to_owned(),
            "fence" if self.word == 0x0100_000f => "pause".to_owned(),
            "sfence.vma" if s1 == 0 && s2 == 0 => "sfence.vma".to_owned(),
            "sfence.vma" if s2 == 0 => format!("sfence.vma {rs1}"),
            "fsgnj.s" if same => format!("fmv.s {fd}, {fs1}"),
            "fsgnj.d" if same => format!("fmv.d {fd}, {fs1}"),
            "fsgnjn.s" if same => format!("fneg.s {fd}, {fs1}"),
            "fsgnjn.d" if same => format!("fneg.d {fd}, {fs1}"),
            "fsgnjx.s" if same => format!("fabs.s {fd}, {fs1}"),
            "fsgnjx.d" if same => format!("fabs.d {fd}, {fs1}"),
            "add.uw" if s2 == 0 => format!("zext.w {rd}, {rs1}"),
            _ => return None,
        })
    }
}

fn fence(set: u32) -> String {
    let letters = [(8, 'i'), (4, 'o'), (2, 'r'), (1, 'w')];
    let text: String = letters.iter().filter(|(bit, _)| set & bit != 0).map(|(_, c)| c).collect();
    if text.is_empty() { "0".to_owned() } else { text }
}
