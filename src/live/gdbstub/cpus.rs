//! Processors: a stub's threads, their registers, and what of those names the page tables.

use super::client::{Client, Lost};
use super::description::{Description, Register};
use super::packet;
use crate::image::CpuState;
use memsh_plugin::{VirtAddr, umem};

/// More processors than a stub has ever shown.
const MOST: usize = 4096;

/// General registers by the description's name, and by the kernel's (`pt_regs`).
const X86: &[(&str, &str)] = &[
    ("rax", "ax"),
    ("rbx", "bx"),
    ("rcx", "cx"),
    ("rdx", "dx"),
    ("rsi", "si"),
    ("rdi", "di"),
    ("rbp", "bp"),
    ("rsp", "sp"),
    ("r8", "r8"),
    ("r9", "r9"),
    ("r10", "r10"),
    ("r11", "r11"),
    ("r12", "r12"),
    ("r13", "r13"),
    ("r14", "r14"),
    ("r15", "r15"),
    ("rip", "ip"),
    ("eflags", "flags"),
    ("cs", "cs"),
    ("ss", "ss"),
    ("eax", "ax"),
    ("ebx", "bx"),
    ("ecx", "cx"),
    ("edx", "dx"),
    ("esi", "si"),
    ("edi", "di"),
    ("ebp", "bp"),
    ("esp", "sp"),
    ("eip", "ip"),
];

const AARCH64: &[&str] = &[
    "x0", "x1", "x2", "x3", "x4", "x5", "x6", "x7", "x8", "x9", "x10", "x11", "x12", "x13", "x14", "x15", "x16", "x17", "x18",
    "x19", "x20", "x21", "x22", "x23", "x24", "x25", "x26", "x27", "x28", "x29", "x30", "sp", "pc",
];

const ARM: &[&str] = &["r0", "r1", "r2", "r3", "r4", "r5", "r6", "r7", "r8", "r9", "r10", "r11", "r12", "sp", "lr", "pc", "cpsr"];

/// Names of the stub's threads: of its processors, where it is a machine's.
///
/// # Errors
/// When the link fails.
pub fn threads(client: &mut Client) -> Result<Vec<String>, Lost> {
    let mut out: Vec<String> = Vec::new();
    let mut request: &[u8] = b"qfThreadInfo";
    while out.len() < MOST {
        let answer = client.ask(request)?;
        let Some((b'm', list)) = answer.split_first() else { break };
        let names = String::from_utf8_lossy(list);
        let before = out.len();
        for name in
            names.split(',').filter(|n| !n.is_empty() && n.bytes().all(|b| packet::nibble(b).is_some() || b == b'p' || b == b'.'))
        {
            if !out.iter().any(|o| o == name) {
                out.push(name.to_owned());
            }
        }
        // A stub that begins anew would never end.
        if out.len() == before {
            break;
        }
        request = b"qsThreadInfo";
    }
    out.truncate(MOST);
    Ok(out)
}

/// The state of each of `threads`; the first is the chosen one afterwards.
///
/// # Errors
/// When the link fails.
pub fn states(client: &mut Client, threads: &[String], description: &Description) -> Result<Vec<CpuState>, Lost> {
    let mut out = Vec::new();
    for thread in threads {
        if client.ask(format!("Hg{thread}").as_bytes())? != b"OK" {
            continue;
        }
        let all = bytes(&client.ask(b"g")?);
        out.push(state(client, description, &all)?);
    }
    if let Some(first) = threads.first() {
        client.ask(format!("Hg{first}").as_bytes())?;
    }
    Ok(out)
}

/// Registers in hex digits; those that are not available (`x`) are none.
fn bytes(digits: &[u8]) -> Vec<Option<u8>> {
    let (pairs, _) = digits.as_chunks::<2>();
    pairs.iter().map(|[high, low]| Some(packet::nibble(*high)? << 4 | packet::nibble(*low)?)).collect()
}

/// Up to 8 bytes, least significant first.
fn value(bytes: &[Option<u8>]) -> Option<u64> {
    bytes.iter().take(8).rev().try_fold(0u64, |n, b| Some(n << 8 | u64::from((*b)?)))
}

/// A register: out of all, or, where it lies beyond them, asked for by its number.
fn one(client: &mut Client, register: &Register, all: &[Option<u8>]) -> Result<Option<u64>, Lost> {
    if let Some(there) = register.offset.checked_add(register.size).and_then(|end| all.get(register.offset..end)) {
        return Ok(value(there));
    }
    let answer = client.ask(format!("p{:x}", register.number).as_bytes())?;
    let there = bytes(&answer);
    Ok(value(&there).filter(|_| there.len() == register.size && !there.is_empty()))
}

fn state(client: &mut Client, description: &Description, all: &[Option<u8>]) -> Result<CpuState, Lost> {
    let mut get = |name: &str| description.register(name).map_or(Ok(None), |r| one(client, r, all));
    let mut cpu = CpuState::default();
    let names: Vec<(&str, &'static str)> = match description.machine() {
        Some("x86_64" | "x86") => {
            cpu.cr0 = get("cr0")?;
            cpu.cr4 = get("cr4")?;
            cpu.efer = get("efer")?;
            // Before paging is on the register says nothing.
            cpu.root = get("cr3")?.filter(|_| cpu.cr0.is_none_or(|cr0| cr0 >> 31 & 1 == 1));
            X86.to_vec()
        }
        Some("aarch64") => {
            cpu.root = get("TTBR0_EL1")?.filter(|&r| r != 0);
            cpu.root_upper = get("TTBR1_EL1")?.filter(|&r| r != 0);
            AARCH64.iter().map(|n| (*n, *n)).collect()
        }
        Some("arm") => ARM.iter().map(|n| (*n, *n)).collect(),
        Some("riscv64") => {
            cpu.root = get("satp")?.filter(|&r| r != 0);
            Vec::new()
        }
        _ => Vec::new(),
    };
    for (theirs, ours) in names {
        if let Some(value) = get(theirs)? {
            cpu.registers.push((ours, value));
        }
    }
    let pc = cpu.registers.iter().find(|(n, _)| matches!(*n, "ip" | "pc")).map(|r| r.1);
    let pc = match pc {
        None => get("pc")?,
        pc => pc,
    };
    cpu.instruction_pointer = pc.map(|pc| VirtAddr::new(umem::from(pc)));
    Ok(cpu)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn registers_that_are_not_available_are_none() {
        let all = bytes(b"78563412xxxxxxxx0100000000000000");
        assert_eq!(value(all.get(0..4).unwrap_or_default()), Some(0x1234_5678));
        assert_eq!(value(all.get(4..8).unwrap_or_default()), None);
        assert_eq!(value(all.get(8..16).unwrap_or_default()), Some(1));
    }
}
