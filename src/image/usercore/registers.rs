//! General registers of NT_PRSTATUS, by machine: `elf_gregset_t` of each architecture's `asm/elf.h` and `asm/ptrace.h`.

use crate::image::elf::{EM_386, EM_AARCH64, EM_ARM, EM_RISCV, EM_X86_64};

/// Names of the registers in their order, and which are the instruction and the stack pointer.
pub(in crate::image) struct Set {
    pub(in crate::image) names: &'static [&'static str],
    pub(in crate::image) instruction: usize,
    pub(in crate::image) stack: usize,
}

const X86_64: Set = Set {
    names: &[
        "r15", "r14", "r13", "r12", "bp", "bx", "r11", "r10", "r9", "r8", "ax", "cx", "dx", "si", "di", "orig_ax", "ip", "cs",
        "flags", "sp", "ss", "fs_base", "gs_base", "ds", "es", "fs", "gs",
    ],
    instruction: 16,
    stack: 19,
};

const I386: Set = Set {
    names: &["bx", "cx", "dx", "si", "di", "bp", "ax", "ds", "es", "fs", "gs", "orig_ax", "ip", "cs", "flags", "sp", "ss"],
    instruction: 12,
    stack: 15,
};

const AARCH64: Set = Set {
    names: &[
        "x0", "x1", "x2", "x3", "x4", "x5", "x6", "x7", "x8", "x9", "x10", "x11", "x12", "x13", "x14", "x15", "x16", "x17",
        "x18", "x19", "x20", "x21", "x22", "x23", "x24", "x25", "x26", "x27", "x28", "x29", "x30", "sp", "pc", "pstate",
    ],
    instruction: 32,
    stack: 31,
};

const ARM: Set = Set {
    names: &["r0", "r1", "r2", "r3", "r4", "r5", "r6", "r7", "r8", "r9", "r10", "fp", "ip", "sp", "lr", "pc", "cpsr", "orig_r0"],
    instruction: 15,
    stack: 13,
};

const RISCV: Set = Set {
    names: &[
        "pc", "ra", "sp", "gp", "tp", "t0", "t1", "t2", "s0", "s1", "a0", "a1", "a2", "a3", "a4", "a5", "a6", "a7", "s2", "s3",
        "s4", "s5", "s6", "s7", "s8", "s9", "s10", "s11", "t3", "t4", "t5", "t6",
    ],
    instruction: 0,
    stack: 2,
};

/// PowerPC: 32 general registers, then nip.
const PPC: Set = Set {
    names: &[
        "r0", "r1", "r2", "r3", "r4", "r5", "r6", "r7", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15", "r16", "r17",
        "r18", "r19", "r20", "r21", "r22", "r23", "r24", "r25", "r26", "r27", "r28", "r29", "r30", "r31", "nip", "msr",
        "orig_r3", "ctr", "link", "xer", "ccr",
    ],
    instruction: 32,
    stack: 1,
};

const S390: Set = Set {
    names: &[
        "psw_mask", "psw_addr", "r0", "r1", "r2", "r3", "r4", "r5", "r6", "r7", "r8", "r9", "r10", "r11", "r12", "r13", "r14",
        "r15",
    ],
    instruction: 1,
    stack: 17,
};

const LOONGARCH: Set = Set {
    names: &[
        "r0", "r1", "r2", "r3", "r4", "r5", "r6", "r7", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15", "r16", "r17",
        "r18", "r19", "r20", "r21", "r22", "r23", "r24", "r25", "r26", "r27", "r28", "r29", "r30", "r31", "orig_a0", "era",
        "badv",
    ],
    instruction: 33,
    stack: 3,
};

/// MIPS with 64-bit registers (arch/mips/include/uapi/asm/reg.h, `MIPS64_EF_*`).
const MIPS64: Set = Set {
    names: &[
        "r0", "r1", "r2", "r3", "r4", "r5", "r6", "r7", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15", "r16", "r17",
        "r18", "r19", "r20", "r21", "r22", "r23", "r24", "r25", "r26", "r27", "gp", "sp", "s8", "ra", "lo", "hi", "epc",
        "badvaddr", "status", "cause",
    ],
    instruction: 34,
    stack: 29,
};

/// MIPS with 32-bit registers: six words of arguments come first (`MIPS32_EF_*`).
const MIPS32: Set = Set {
    names: &[
        "pad0", "pad1", "pad2", "pad3", "pad4", "pad5", "r0", "r1", "r2", "r3", "r4", "r5", "r6", "r7", "r8", "r9", "r10", "r11",
        "r12", "r13", "r14", "r15", "r16", "r17", "r18", "r19", "r20", "r21", "r22", "r23", "r24", "r25", "r26", "r27", "gp",
        "sp", "s8", "ra", "lo", "hi", "epc", "badvaddr", "status", "cause",
    ],
    instruction: 40,
    stack: 35,
};

pub(in crate::image) const EM_MIPS: u16 = 8;
pub(in crate::image) const EM_PPC: u16 = 20;
pub(in crate::image) const EM_PPC64: u16 = 21;
const EM_S390: u16 = 22;
const EM_LOONGARCH: u16 = 258;

/// The registers of a machine; none where memsh does not know their order.
pub(in crate::image) const fn set(machine: u16, wide: bool) -> Option<&'static Set> {
    Some(match (machine, wide) {
        (EM_X86_64, true) => &X86_64,
        (EM_386, false) => &I386,
        (EM_AARCH64, true) => &AARCH64,
        (EM_ARM, false) => &ARM,
        (EM_RISCV, _) => &RISCV,
        (EM_PPC, false) | (EM_PPC64, true) => &PPC,
        (EM_S390, true) => &S390,
        (EM_LOONGARCH, _) => &LOONGARCH,
        (EM_MIPS, true) => &MIPS64,
        (EM_MIPS, false) => &MIPS32,
        _ => return None,
    })
}
