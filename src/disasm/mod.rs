//! Machine code as text: x86 (16, 32 and 64 bits), AArch64, 32-bit ARM, RISC-V.
//!
//! Knows of bytes and addresses only; who names what lies at an address is the caller's concern. Every byte sequence has an
//! answer: what is no instruction is [`Decoded::Bad`], and the caller goes on behind it.
//!
//! - `x86`: by iced-x86
//! - `aarch64`: by yaxpeax-arm, with the names of the system registers that kernels use
//! - `arm`: A32 and T32, by yaxpeax-arm, which leaves out what SIMD and floating point have
//! - `riscv`: RV32 and RV64 with the extensions G and C, the privileged instructions, Zba, Zbb, Zbs
#![deny(
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_sign_loss,
    clippy::cast_lossless
)]

mod aarch64;
mod arm;
mod fields;
mod riscv;
mod riscv_compressed;
mod riscv_table;
mod sysreg;
mod x86;

use crate::arch::Arch;

pub use fields::{Field, Fields, length};

/// An instruction set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Isa {
    /// x86 in real mode and 16-bit segments.
    X86_16,
    /// 32-bit x86.
    X86,
    /// 64-bit x86.
    X86_64,
    /// A64, the instructions of AArch64.
    AArch64,
    /// A32, the instructions of 32-bit ARM that are words.
    Arm,
    /// T32, those that are halfwords and pairs of them (Thumb).
    Thumb,
    /// 32-bit RISC-V.
    RiscV32,
    /// 64-bit RISC-V.
    RiscV64,
}

impl Isa {
    /// Every one, for lists of choices.
    pub const ALL: &'static [Isa] =
        &[Isa::X86_16, Isa::X86, Isa::X86_64, Isa::AArch64, Isa::Arm, Isa::Thumb, Isa::RiscV32, Isa::RiscV64];

    /// Its name: `x86_16`, `x86`, `x86_64`, `aarch64`, `arm`, `thumb`, `riscv32`, `riscv64`.
    pub const fn name(self) -> &'static str {
        match self {
            Isa::X86_16 => "x86_16",
            Isa::X86 => "x86",
            Isa::X86_64 => "x86_64",
            Isa::AArch64 => "aarch64",
            Isa::Arm => "arm",
            Isa::Thumb => "thumb",
            Isa::RiscV32 => "riscv32",
            Isa::RiscV64 => "riscv64",
        }
    }

    /// Bytes of the longest instruction.
    pub const fn longest(self) -> usize {
        match self {
            Isa::X86_16 | Isa::X86 | Isa::X86_64 => 15,
            _ => 4,
        }
    }

    /// Bytes to go on by where no instruction was found.
    pub const fn step(self) -> usize {
        match self {
            Isa::X86_16 | Isa::X86 | Isa::X86_64 => 1,
            Isa::AArch64 | Isa::Arm => 4,
            Isa::Thumb | Isa::RiscV32 | Isa::RiscV64 => 2,
        }
    }

    /// Bits of an address.
    pub const fn bits(self) -> u32 {
        match self {
            Isa::X86_16 => 16,
            Isa::X86 | Isa::Arm | Isa::Thumb | Isa::RiscV32 => 32,
            Isa::X86_64 | Isa::AArch64 | Isa::RiscV64 => 64,
        }
    }
}

impl From<Arch> for Isa {
    fn from(arch: Arch) -> Self {
        match arch {
            Arch::X86 | Arch::X86Pae => Isa::X86,
            Arch::X86_64 => Isa::X86_64,
            Arch::AArch64 => Isa::AArch64,
            Arch::Arm => Isa::Arm,
            Arch::RiscV64 => Isa::RiscV64,
            Arch::RiscV32 => Isa::RiscV32,
        }
    }
}

/// How x86 is written. Other instruction sets have one way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Syntax {
    /// `mov rax,[rdi+8]`
    #[default]
    Intel,
    /// `movq 8(%rdi),%rax`
    Att,
}

/// What comes after an instruction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flow {
    /// The next one.
    Next,
    /// The next one, or another.
    Branch,
    /// Another one.
    Jump,
    /// A call, which comes back.
    Call,
    /// A return.
    Return,
    /// Nothing: an instruction that traps.
    Stop,
}

/// How an instruction names an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reference {
    /// Goes there.
    Code,
    /// Reads or writes there, or computes the address.
    Data,
    /// Reads or writes there through a segment of its own (`gs:`, `fs:`): an offset, not an address.
    Segment,
    /// Holds it as a number, which may be an address.
    Number,
}

/// An instruction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Instruction {
    /// Its length in bytes.
    pub len: usize,
    /// As an assembler would take it.
    pub text: String,
    /// What comes after it.
    pub flow: Flow,
    /// The address that it names, and how.
    pub target: Option<(u64, Reference)>,
}

/// What some bytes are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decoded {
    /// An instruction.
    Instruction(Instruction),
    /// No instruction; go on so many bytes later.
    Bad(usize),
    /// An instruction may begin here, but the bytes end within it.
    Short,
}

/// Reads instructions one after another.
pub struct Disassembler {
    isa: Isa,
    x86: Option<x86::Formatters>,
    /// A register that the instruction before set to (part of) an address, and that address: `adrp x0`, `auipc a0`.
    upper: Option<(u32, u64)>,
}

impl Disassembler {
    /// For an instruction set.
    pub fn new(isa: Isa, syntax: Syntax) -> Self {
        let x86 = matches!(isa, Isa::X86_16 | Isa::X86 | Isa::X86_64).then(|| x86::Formatters::new(syntax));
        Self { isa, x86, upper: None }
    }

    /// The instruction set.
    pub fn isa(&self) -> Isa {
        self.isa
    }

    /// The instruction whose first byte is that of `bytes` and lies at `address`. Give at least [`Isa::longest`] bytes where
    /// there are so many.
    pub fn decode(&mut self, address: u64, bytes: &[u8]) -> Decoded {
        let upper = self.upper.take();
        match (self.isa, &mut self.x86) {
            (Isa::AArch64, _) => aarch64::decode(address, bytes, upper, &mut self.upper),
            (Isa::Arm, _) => arm::decode(address, bytes),
            (Isa::Thumb, _) => arm::decode_thumb(address, bytes),
            (Isa::RiscV32, _) => riscv::decode(false, address, bytes, upper, &mut self.upper),
            (Isa::RiscV64, _) => riscv::decode(true, address, bytes, upper, &mut self.upper),
            (isa, Some(formatters)) => x86::decode(isa, formatters, address, bytes),
            (_, None) => Decoded::Bad(1),
        }
    }
}

/// The words of an instruction set whose instructions are halfwords and words: the first two or four bytes.
fn word(bytes: &[u8]) -> Option<u32> {
    bytes.first_chunk::<4>().map(|b| u32::from_le_bytes(*b))
}

/// A value of `bits` bits with its sign.
fn signed(value: u32, bits: u32) -> i64 {
    let spare = 64u32.saturating_sub(bits);
    (u64::from(value).wrapping_shl(spare)).cast_signed() >> spare
}

#[cfg(test)]
mod tests;
