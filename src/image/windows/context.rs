//! `CONTEXT`: the registers of a processor.

use crate::image::CpuState;
use crate::image::fields::Fields;
use memsh_plugin::{VirtAddr, umem};

/// Machines by PE's `IMAGE_FILE_MACHINE_*`.
pub(crate) const I386: u32 = 0x14c;
pub(crate) const AMD64: u32 = 0x8664;
pub(crate) const ARM64: u32 = 0xaa64;

/// Registers by the names that the rest of memsh has for them, their offset and size (`winnt.h`).
type Register = (&'static str, u64, u8);

const AMD64_REGISTERS: &[Register] = &[
    ("ax", 0x78, 8),
    ("cx", 0x80, 8),
    ("dx", 0x88, 8),
    ("bx", 0x90, 8),
    ("sp", 0x98, 8),
    ("bp", 0xa0, 8),
    ("si", 0xa8, 8),
    ("di", 0xb0, 8),
    ("r8", 0xb8, 8),
    ("r9", 0xc0, 8),
    ("r10", 0xc8, 8),
    ("r11", 0xd0, 8),
    ("r12", 0xd8, 8),
    ("r13", 0xe0, 8),
    ("r14", 0xe8, 8),
    ("r15", 0xf0, 8),
    ("ip", 0xf8, 8),
    ("flags", 0x44, 4),
    ("cs", 0x38, 2),
    ("ss", 0x42, 2),
];

const I386_REGISTERS: &[Register] = &[
    ("di", 0x9c, 4),
    ("si", 0xa0, 4),
    ("bx", 0xa4, 4),
    ("dx", 0xa8, 4),
    ("cx", 0xac, 4),
    ("ax", 0xb0, 4),
    ("bp", 0xb4, 4),
    ("ip", 0xb8, 4),
    ("cs", 0xbc, 4),
    ("flags", 0xc0, 4),
    ("sp", 0xc4, 4),
    ("ss", 0xc8, 4),
];

/// X0 to X28 follow one another from 8 on; X29 and X30 are Fp and Lr.
const ARM64_REGISTERS: &[Register] = &[
    ("x0", 0x08, 8),
    ("x1", 0x10, 8),
    ("x2", 0x18, 8),
    ("x3", 0x20, 8),
    ("x4", 0x28, 8),
    ("x5", 0x30, 8),
    ("x6", 0x38, 8),
    ("x7", 0x40, 8),
    ("x8", 0x48, 8),
    ("x9", 0x50, 8),
    ("x10", 0x58, 8),
    ("x11", 0x60, 8),
    ("x12", 0x68, 8),
    ("x13", 0x70, 8),
    ("x14", 0x78, 8),
    ("x15", 0x80, 8),
    ("x16", 0x88, 8),
    ("x17", 0x90, 8),
    ("x18", 0x98, 8),
    ("x19", 0xa0, 8),
    ("x20", 0xa8, 8),
    ("x21", 0xb0, 8),
    ("x22", 0xb8, 8),
    ("x23", 0xc0, 8),
    ("x24", 0xc8, 8),
    ("x25", 0xd0, 8),
    ("x26", 0xd8, 8),
    ("x27", 0xe0, 8),
    ("x28", 0xe8, 8),
    ("x29", 0xf0, 8),
    ("x30", 0xf8, 8),
    ("sp", 0x100, 8),
    ("ip", 0x108, 8),
    ("pstate", 0x04, 4),
];

/// How a machine's registers lie in the header's context record.
struct Form {
    machine: u32,
    /// Offset of `ContextFlags`, and the bit in it that says which machine the record is of.
    flags: (u64, u32),
    registers: &'static [Register],
}

const FORMS: &[Form] = &[
    Form { machine: AMD64, flags: (0x30, 0x10_0000), registers: AMD64_REGISTERS },
    Form { machine: I386, flags: (0, 0x1_0000), registers: I386_REGISTERS },
    Form { machine: ARM64, flags: (0, 0x40_0000), registers: ARM64_REGISTERS },
];

/// The registers of a `CONTEXT` at `base`; none where the record does not say that it is of this machine.
pub(crate) fn registers(file: &Fields<'_>, base: u64, machine: u32) -> Vec<(&'static str, u64)> {
    let Some(form) = FORMS.iter().find(|f| f.machine == machine) else { return Vec::new() };
    match file.u32(base + form.flags.0) {
        Some(flags) if flags & form.flags.1 != 0 => {}
        _ => return Vec::new(),
    }
    let read = |&(name, at, size): &Register| {
        let at = base + at;
        let value = match size {
            8 => file.u64(at)?,
            4 => u64::from(file.u32(at)?),
            _ => u64::from(file.u16(at)?),
        };
        Some((name, value))
    };
    form.registers.iter().filter_map(read).collect()
}

/// A processor: root of the page tables, and registers.
pub(crate) fn processor(root: Option<u64>, registers: Vec<(&'static str, u64)>) -> Option<CpuState> {
    if root.is_none() && registers.is_empty() {
        return None;
    }
    let pointer = registers.iter().find(|(name, _)| *name == "ip").map(|&(_, value)| VirtAddr::new(umem::from(value)));
    Some(CpuState { root, instruction_pointer: pointer, registers, ..CpuState::default() })
}
