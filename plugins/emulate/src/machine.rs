//! Facts of the machines: registers by name, and how functions are called.
//!
//! Sources: System V ABI for AMD64 (3.2.3), Microsoft's x64 calling convention, i386 psABI, Linux's `regparm(3)` of 32-bit kernels, AAPCS64 (6.8).

use crate::request::bad;
use memsh_plugin::ApiError;
use unicorn_engine::{RegisterARM64, RegisterX86};

/// A kind of machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    X86,
    X8664,
    AArch64,
}

impl Kind {
    pub fn named(name: &str) -> Result<Self, ApiError> {
        match name {
            "x86" | "i386" => Ok(Self::X86),
            "x86_64" | "amd64" => Ok(Self::X8664),
            "aarch64" | "arm64" => Ok(Self::AArch64),
            other => Err(bad(format!("code of {other} can't be run: x86, x86_64 and aarch64 can"))),
        }
    }

    /// Bytes of a pointer.
    pub const fn width(self) -> u64 {
        match self {
            Self::X86 => 4,
            Self::X8664 | Self::AArch64 => 8,
        }
    }

    /// A number as a register or a pointer holds it.
    pub const fn cut(self, value: u64) -> u64 {
        match self {
            Self::X86 => value & 0xffff_ffff,
            Self::X8664 | Self::AArch64 => value,
        }
    }

    /// What is shown after a run, in this order.
    pub fn registers(self) -> &'static [(&'static str, i32)] {
        match self {
            Self::X86 => X86,
            Self::X8664 => X86_64,
            Self::AArch64 => AARCH64,
        }
    }

    /// The register of this name.
    pub fn register(self, name: &str) -> Result<i32, ApiError> {
        let name = name.to_ascii_lowercase();
        let also: &[(&str, i32)] = match self {
            Self::X86 => &[],
            Self::X8664 => &[("fs_base", RegisterX86::FS_BASE as i32), ("gs_base", RegisterX86::GS_BASE as i32)],
            Self::AArch64 => &[
                ("fp", RegisterARM64::X29 as i32),
                ("lr", RegisterARM64::X30 as i32),
                ("tpidr_el0", RegisterARM64::TPIDR_EL0 as i32),
                ("tpidr_el1", RegisterARM64::TPIDR_EL1 as i32),
                ("sp_el0", RegisterARM64::SP_EL0 as i32),
            ],
        };
        let all = self.registers().iter().chain(also);
        let found = all.clone().find(|(n, _)| *n == name).map(|(_, id)| *id);
        found.ok_or_else(|| {
            let names: Vec<&str> = all.map(|(n, _)| *n).collect();
            bad(format!("there is no register {name}; there are {}", names.join(", ")))
        })
    }

    pub const fn stack_pointer(self) -> i32 {
        match self {
            Self::X86 => RegisterX86::ESP as i32,
            Self::X8664 => RegisterX86::RSP as i32,
            Self::AArch64 => RegisterARM64::SP as i32,
        }
    }

    pub const fn program_counter(self) -> i32 {
        match self {
            Self::X86 => RegisterX86::EIP as i32,
            Self::X8664 => RegisterX86::RIP as i32,
            Self::AArch64 => RegisterARM64::PC as i32,
        }
    }

    /// Where functions leave what they give.
    pub const fn result(self) -> i32 {
        match self {
            Self::X86 => RegisterX86::EAX as i32,
            Self::X8664 => RegisterX86::RAX as i32,
            Self::AArch64 => RegisterARM64::X0 as i32,
        }
    }

    /// Code that stands where functions return to. It is never run: the run ends before it.
    pub const fn trap(self) -> &'static [u8] {
        match self {
            // hlt
            Self::X86 | Self::X8664 => &[0xf4; 16],
            // brk #0
            Self::AArch64 => &[0x00, 0x00, 0x20, 0xd4],
        }
    }
}

/// How functions are called.
#[derive(Clone, Copy, Debug)]
pub struct Abi {
    pub name: &'static str,
    /// Registers of the first arguments.
    pub registers: &'static [i32],
    /// Bytes between the return address and the arguments on the stack, which belong to the callee.
    pub shadow: u64,
}

const ABIS: &[(Kind, Abi)] = &[
    (
        Kind::X8664,
        Abi {
            name: "sysv",
            registers: &[
                RegisterX86::RDI as i32,
                RegisterX86::RSI as i32,
                RegisterX86::RDX as i32,
                RegisterX86::RCX as i32,
                RegisterX86::R8 as i32,
                RegisterX86::R9 as i32,
            ],
            shadow: 0,
        },
    ),
    (
        Kind::X8664,
        Abi {
            name: "win64",
            registers: &[RegisterX86::RCX as i32, RegisterX86::RDX as i32, RegisterX86::R8 as i32, RegisterX86::R9 as i32],
            shadow: 32,
        },
    ),
    // Who takes the arguments off the stack is the callee's affair, so that these two are one here.
    (Kind::X86, Abi { name: "cdecl", registers: &[], shadow: 0 }),
    (Kind::X86, Abi { name: "stdcall", registers: &[], shadow: 0 }),
    (Kind::X86, Abi { name: "fastcall", registers: &[RegisterX86::ECX as i32, RegisterX86::EDX as i32], shadow: 0 }),
    (Kind::X86, Abi { name: "thiscall", registers: &[RegisterX86::ECX as i32], shadow: 0 }),
    (
        Kind::X86,
        Abi {
            name: "regparm",
            registers: &[RegisterX86::EAX as i32, RegisterX86::EDX as i32, RegisterX86::ECX as i32],
            shadow: 0,
        },
    ),
    (
        Kind::AArch64,
        Abi {
            name: "aapcs64",
            registers: &[
                RegisterARM64::X0 as i32,
                RegisterARM64::X1 as i32,
                RegisterARM64::X2 as i32,
                RegisterARM64::X3 as i32,
                RegisterARM64::X4 as i32,
                RegisterARM64::X5 as i32,
                RegisterARM64::X6 as i32,
                RegisterARM64::X7 as i32,
            ],
            shadow: 0,
        },
    ),
];

impl Abi {
    pub fn named(kind: Kind, name: &str) -> Result<Self, ApiError> {
        let of_kind = || ABIS.iter().filter(|(k, _)| *k == kind).map(|(_, a)| a);
        of_kind().find(|a| a.name == name).copied().ok_or_else(|| {
            let names: Vec<&str> = of_kind().map(|a| a.name).collect();
            bad(format!("{name} is no way of calling functions on this machine; there are {}", names.join(", ")))
        })
    }

    /// What most of a machine's programs use.
    pub fn usual(kind: Kind) -> Self {
        let of_kind = ABIS.iter().find(|(k, _)| *k == kind);
        of_kind.map_or(Self { name: "", registers: &[], shadow: 0 }, |(_, a)| *a)
    }
}

const X86: &[(&str, i32)] = &[
    ("eax", RegisterX86::EAX as i32),
    ("ebx", RegisterX86::EBX as i32),
    ("ecx", RegisterX86::ECX as i32),
    ("edx", RegisterX86::EDX as i32),
    ("esi", RegisterX86::ESI as i32),
    ("edi", RegisterX86::EDI as i32),
    ("ebp", RegisterX86::EBP as i32),
    ("esp", RegisterX86::ESP as i32),
    ("eip", RegisterX86::EIP as i32),
    ("eflags", RegisterX86::EFLAGS as i32),
];

const X86_64: &[(&str, i32)] = &[
    ("rax", RegisterX86::RAX as i32),
    ("rbx", RegisterX86::RBX as i32),
    ("rcx", RegisterX86::RCX as i32),
    ("rdx", RegisterX86::RDX as i32),
    ("rsi", RegisterX86::RSI as i32),
    ("rdi", RegisterX86::RDI as i32),
    ("rbp", RegisterX86::RBP as i32),
    ("rsp", RegisterX86::RSP as i32),
    ("r8", RegisterX86::R8 as i32),
    ("r9", RegisterX86::R9 as i32),
    ("r10", RegisterX86::R10 as i32),
    ("r11", RegisterX86::R11 as i32),
    ("r12", RegisterX86::R12 as i32),
    ("r13", RegisterX86::R13 as i32),
    ("r14", RegisterX86::R14 as i32),
    ("r15", RegisterX86::R15 as i32),
    ("rip", RegisterX86::RIP as i32),
    ("eflags", RegisterX86::EFLAGS as i32),
];

macro_rules! aarch64 {
    ($($name:literal $register:ident),+ $(,)?) => { &[$(($name, RegisterARM64::$register as i32)),+] };
}

const AARCH64: &[(&str, i32)] = aarch64![
    "x0" X0, "x1" X1, "x2" X2, "x3" X3, "x4" X4, "x5" X5, "x6" X6, "x7" X7, "x8" X8, "x9" X9, "x10" X10, "x11" X11, "x12" X12,
    "x13" X13, "x14" X14, "x15" X15, "x16" X16, "x17" X17, "x18" X18, "x19" X19, "x20" X20, "x21" X21, "x22" X22, "x23" X23,
    "x24" X24, "x25" X25, "x26" X26, "x27" X27, "x28" X28, "x29" X29, "x30" X30, "sp" SP, "pc" PC, "nzcv" NZCV,
];
