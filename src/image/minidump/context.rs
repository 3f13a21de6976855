//! Registers of a thread: Windows' `CONTEXT` and Breakpad's `MDRawContext*` for machines that Windows does not know.

use crate::image::elf::{EM_AARCH64, EM_ARM, EM_RISCV};
use crate::image::fields::Fields;
use crate::image::usercore::registers::{EM_MIPS, EM_PPC, EM_PPC64, set};
use crate::image::windows::{AMD64, ARM64, I386, registers};
use memsh_plugin::{VirtAddr, umem};

/// What a context says.
#[derive(Default)]
pub(super) struct Context {
    pub(super) instruction: Option<VirtAddr>,
    pub(super) stack: Option<VirtAddr>,
    pub(super) registers: Vec<(&'static str, u64)>,
}

/// Registers that follow each other, in the order of the same machine's ELF cores.
struct Plain {
    machine: u16,
    wide: bool,
    /// Offset of the first, their size and number.
    at: u64,
    size: u64,
    count: usize,
    /// Offset of the instruction pointer, where it is not one of them, and its name.
    instruction: Option<(&'static str, u64)>,
}

/// By `ProcessorArchitecture`.
const fn plain(architecture: u16) -> Option<Plain> {
    Some(match architecture {
        // Flags, r0 to r15, CPSR: Windows' and Breakpad's begin alike.
        5 | 13 => Plain { machine: EM_ARM, wide: false, at: 4, size: 4, count: 17, instruction: None },
        // Breakpad's older form has eight bytes of flags; then as ever.
        0x8003 => Plain { machine: EM_AARCH64, wide: true, at: 8, size: 8, count: 33, instruction: None },
        1 | 0x8004 => Plain { machine: EM_MIPS, wide: true, at: 8, size: 8, count: 32, instruction: Some(("epc", 312)) },
        3 => Plain { machine: EM_PPC, wide: false, at: 12, size: 4, count: 32, instruction: Some(("nip", 4)) },
        0x8002 => Plain { machine: EM_PPC64, wide: true, at: 24, size: 8, count: 32, instruction: Some(("nip", 8)) },
        0x8005 => Plain { machine: EM_RISCV, wide: false, at: 8, size: 4, count: 32, instruction: None },
        0x8006 => Plain { machine: EM_RISCV, wide: true, at: 8, size: 8, count: 32, instruction: None },
        _ => return None,
    })
}

fn pointer(value: u64) -> VirtAddr {
    VirtAddr::new(umem::from(value))
}

/// The context in `f`.
pub(super) fn read(f: &Fields<'_>, architecture: Option<u16>) -> Context {
    let Some(architecture) = architecture else { return Context::default() };
    let windows = match architecture {
        0 | 10 | 14 => Some(I386),
        9 => Some(AMD64),
        12 => Some(ARM64),
        _ => None,
    };
    if let Some(machine) = windows {
        let registers = registers(f, 0, machine);
        let named = |name: &str| registers.iter().find(|(n, _)| *n == name).map(|&(_, v)| pointer(v));
        return Context { instruction: named("ip"), stack: named("sp"), registers };
    }
    let Some(form) = plain(architecture) else { return Context::default() };
    let Some(set) = set(form.machine, form.wide) else { return Context::default() };
    // Breakpad's first form of RISC-V had no version behind the flags; the other's is 1.
    let first = if form.machine == EM_RISCV && f.u32(4) != Some(1) { 4 } else { form.at };
    let offsets = (0u64..).map(|i| first + i * form.size);
    let one = |(name, at): (&&'static str, u64)| Some((*name, f.word(at, form.size == 8)?));
    let mut registers: Vec<(&'static str, u64)> = set.names.iter().zip(offsets).take(form.count).map_while(one).collect();
    let value = |i: usize| registers.get(i).map(|&(_, v)| pointer(v));
    let (mut instruction, stack) = (value(set.instruction), value(set.stack));
    if let Some((name, at)) = form.instruction {
        let found = f.word(at, form.size == 8);
        instruction = found.map(pointer);
        registers.extend(found.map(|v| (name, v)));
    }
    Context { instruction, stack, registers }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use super::*;

    /// Architecture, and where Breakpad has the instruction and the stack pointer: offsets and size.
    const FORMS: &[(u16, u64, u64, usize)] = &[
        (5, 0x40, 0x38, 4),
        (0x8003, 0x108, 0x100, 8),
        (1, 312, 8 + 29 * 8, 8),
        (0x8004, 312, 8 + 29 * 8, 8),
        (3, 4, 12 + 4, 4),
        (0x8002, 8, 24 + 8, 8),
        (0x8005, 8, 16, 4),
        (0x8006, 8, 24, 8),
    ];

    fn context(len: usize, values: &[(u64, u64, usize)]) -> Vec<u8> {
        let mut c = vec![0; len];
        for &(at, value, size) in values {
            let at = usize::try_from(at).unwrap();
            c[at..at + size].copy_from_slice(&value.to_le_bytes()[..size]);
        }
        c
    }

    #[test]
    fn every_machine_has_its_two_pointers() {
        for &(architecture, instruction, stack, size) in FORMS {
            let mut values = vec![(instruction, 0x1111, size), (stack, 0x2222, size)];
            if architecture >= 0x8005 {
                values.push((4, 1, 4));
            }
            let bytes = context(600, &values);
            let c = read(&Fields::new(&bytes, false), Some(architecture));
            assert_eq!((c.instruction, c.stack), (Some(pointer(0x1111)), Some(pointer(0x2222))), "{architecture:#x}");
            assert_eq!(c.registers.iter().filter(|r| r.1 == 0x1111).count(), 1, "{architecture:#x}");
            // Cut, it says what is there, and nothing else.
            for len in 0..bytes.len() {
                let cut = read(&Fields::new(&bytes[..len], false), Some(architecture));
                assert!(cut.registers.iter().all(|r| c.registers.contains(r)), "{architecture:#x} {len}");
            }
        }
        let old = context(600, &[(4, 0x1111, 8), (20, 0x2222, 8)]);
        let c = read(&Fields::new(&old, false), Some(0x8006));
        assert_eq!((c.instruction, c.stack), (Some(pointer(0x1111)), Some(pointer(0x2222))));
    }

    #[test]
    fn what_is_not_known_has_no_registers() {
        for architecture in [None, Some(2), Some(6), Some(0xffff)] {
            assert!(read(&Fields::new(&[0xff; 1300], false), architecture).registers.is_empty());
        }
        // A record that says it is of another machine.
        for architecture in [0, 9, 12] {
            assert!(read(&Fields::new(&[0; 1300], false), Some(architecture)).registers.is_empty());
        }
    }
}
