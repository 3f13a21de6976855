//! The notes of a kdump file that memsh writes.

use super::super::elf_write::note;
use super::super::open::CpuState;
use super::write::KdumpFacts;

/// `struct elf_prstatus` of x86-64: 112 bytes, `struct user_regs_struct` of 27 numbers, and whether there are floating-point registers.
const PRSTATUS: usize = 336;
const REGISTERS: usize = 112;
/// `struct user_regs_struct` (arch/x86/include/asm/user_64.h) up to the stack's segment.
const NAMES: [&str; 21] = [
    "r15", "r14", "r13", "r12", "bp", "bx", "r11", "r10", "r9", "r8", "ax", "cx", "dx", "si", "di", "orig_ax", "ip", "cs",
    "flags", "sp", "ss",
];
const NT_PRSTATUS: u32 = 1;

fn prstatus(cpu: &CpuState) -> Option<Vec<u8>> {
    let value = |name: &str| cpu.registers.iter().find(|(n, _)| *n == name).map(|(_, v)| *v);
    // Without a place and a stack it would help nobody.
    value("ip")?;
    value("sp")?;
    let mut out = vec![0; REGISTERS];
    out.extend(NAMES.iter().flat_map(|name| value(name).unwrap_or(0).to_le_bytes()));
    out.resize(PRSTATUS, 0);
    note(b"CORE\0", NT_PRSTATUS, &out)
}

/// All notes, and where in them the text of VMCOREINFO begins.
pub(super) fn notes(facts: &KdumpFacts) -> (Vec<u8>, Option<u64>) {
    let mut out = Vec::new();
    if facts.machine.as_deref() == Some("x86_64") {
        // All or none: a reader takes the number of a note for that of its processor.
        let all: Option<Vec<_>> = facts.cpus.iter().map(prstatus).collect();
        out.extend(all.into_iter().flatten().flatten());
    }
    let Some(text) = facts.vmcoreinfo.as_deref().filter(|t| !t.is_empty()) else { return (out, None) };
    let Some(note) = note(b"VMCOREINFO\0", 0, text) else { return (out, None) };
    // Header and name, padded.
    let at = u64::try_from(out.len()).ok().map(|n| n + 12 + 12);
    out.extend(note);
    (out, at)
}
