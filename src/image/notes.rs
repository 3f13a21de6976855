//! ELF notes of core files: processors and VMCOREINFO.

use super::fields::Fields;
use super::open::CpuState;
use super::vbox::Vbox;
use memsh_plugin::{VirtAddr, umem};

/// `NT_PRSTATUS` and `NT_PRPSINFO` of the kernel's `include/uapi/linux/elf.h`, under the name `CORE`.
const NT_PRSTATUS: u32 = 1;
const NT_PRPSINFO: u32 = 3;
const NT_AUXV: u32 = 6;
const NT_FILE: u32 = 0x4649_4c45;

/// Notes are small; a file that claims more than this is not read further.
const MOST_BYTES: u64 = 64 << 20;
/// More processors than any machine has.
const MOST_CPUS: usize = 1 << 16;
/// The kernel's VMCOREINFO is one page; QEMU takes up to a few.
const MOST_VMCOREINFO: u64 = 1 << 20;

/// What the notes of a core file say.
#[derive(Default)]
pub(super) struct Notes {
    /// Text of VMCOREINFO.
    pub vmcoreinfo: Option<Vec<u8>>,
    /// Instruction pointers of NT_PRSTATUS, one per processor.
    pub pointers: Vec<Option<u64>>,
    /// General registers of NT_PRSTATUS, one set per processor.
    pub registers: Vec<Vec<(&'static str, u64)>>,
    /// QEMU's processor states.
    pub qemu: Vec<CpuState>,
    /// The program's name, where there is an NT_PRPSINFO (as in a user-mode core).
    pub program: Option<String>,
    /// A note that only cores of user-mode processes have was seen.
    pub process: bool,
    /// A note of Xen's or VirtualBox's was seen.
    pub xen: bool,
    pub virtualbox: bool,
    /// VirtualBox's account of the core and its processors.
    pub vbox: Vbox,
    read: u64,
}

impl Notes {
    /// Reads one PT_NOTE segment of machine `machine` (e_machine).
    pub(super) fn add(&mut self, segment: &[u8], big: bool, wide: bool, machine: u16) {
        let f = Fields::new(segment, big);
        let mut at = 0u64;
        while self.read < MOST_BYTES {
            let (Some(name_len), Some(desc_len), Some(kind)) = (f.u32(at), f.u32(at + 4), f.u32(at + 8)) else { return };
            let name_at = at + 12;
            let desc_at = name_at + u64::from(name_len).next_multiple_of(4);
            let next = desc_at + u64::from(desc_len).next_multiple_of(4);
            self.read += next - at;
            let Some(name) = f.bytes(name_at, name_len.into()) else { return };
            let Some(desc) = f.bytes(desc_at, desc_len.into()) else { return };
            self.one(name.split(|&b| b == 0).next().unwrap_or(name), kind, Fields::new(desc, big), wide, machine);
            at = next;
        }
    }

    fn one(&mut self, name: &[u8], kind: u32, desc: Fields<'_>, wide: bool, machine: u16) {
        match (name, kind) {
            (b"CORE", NT_PRSTATUS) if self.pointers.len() < MOST_CPUS => {
                self.pointers.push(pointer_at(machine, wide).and_then(|at| desc.word(at, wide)));
                self.registers.push(registers(desc, machine, wide));
            }
            (b"CORE", NT_PRPSINFO) => self.program = Some(program(desc, wide)),
            (b"CORE", NT_AUXV | NT_FILE) | (b"FreeBSD" | b"OpenBSD" | b"NetBSD-CORE", _) => self.process = true,
            (b"QEMU", 0) if self.qemu.len() < MOST_CPUS => self.qemu.extend(qemu(desc)),
            (b"VMCOREINFO", _) if self.vmcoreinfo.is_none() => {
                let text = desc.bytes(0, desc.len().min(MOST_VMCOREINFO)).unwrap_or(&[]);
                let end = text.iter().rposition(|&b| b != 0).map_or(0, |i| i + 1);
                self.vmcoreinfo = text.get(..end).filter(|t| !t.is_empty()).map(<[u8]>::to_vec);
            }
            (b"Xen", _) => self.xen = true,
            (b"VBCORE", _) => {
                self.virtualbox = true;
                self.vbox.core(desc);
            }
            (b"VBCPU", _) => {
                self.virtualbox = true;
                if self.vbox.cpus.len() < MOST_CPUS {
                    self.vbox.cpu(desc);
                }
            }
            _ => {}
        }
    }

    /// The processors: QEMU's account, with the instruction pointer of NT_PRSTATUS where QEMU says nothing.
    pub(super) fn cpus(&self) -> Vec<CpuState> {
        if self.qemu.is_empty() && !self.vbox.cpus.is_empty() {
            return self.vbox.cpus.clone();
        }
        (0..self.qemu.len().max(self.pointers.len()))
            .map(|i| {
                let mut cpu = self.qemu.get(i).cloned().unwrap_or_default();
                let pointer = self.pointers.get(i).copied().flatten().map(|p| VirtAddr::new(umem::from(p)));
                cpu.instruction_pointer = cpu.instruction_pointer.or(pointer);
                if cpu.registers.is_empty() {
                    cpu.registers = self.registers.get(i).cloned().unwrap_or_default();
                }
                cpu
            })
            .collect()
    }
}

/// Where `struct elf_prstatus` keeps the instruction pointer: its registers begin at 112 (64-bit) or 72 (32-bit); which of
/// them it is says each architecture's `struct user_regs_struct` (`elf_gregset_t`).
fn pointer_at(machine: u16, wide: bool) -> Option<u64> {
    match (machine, wide) {
        (super::elf::EM_X86_64, true) => Some(112 + 16 * 8),
        (super::elf::EM_386, false) => Some(72 + 12 * 4),
        (super::elf::EM_AARCH64, true) => Some(112 + 32 * 8),
        (super::elf::EM_ARM, false) => Some(72 + 15 * 4),
        (super::elf::EM_RISCV, true) => Some(112),
        (super::elf::EM_RISCV, false) => Some(72),
        _ => None,
    }
}

/// `elf_gregset_t`, behind 112 bytes of `struct elf_prstatus` (72 where a word has four): of x86-64 it is `struct user_regs_struct`
/// (arch/x86/include/asm/user_64.h), of AArch64 `struct user_pt_regs` (arch/arm64/include/uapi/asm/ptrace.h), of 32-bit ARM
/// `struct pt_regs` (arch/arm/include/uapi/asm/ptrace.h).
fn registers(desc: Fields<'_>, machine: u16, wide: bool) -> Vec<(&'static str, u64)> {
    const NAMES: [&str; 21] = [
        "r15", "r14", "r13", "r12", "bp", "bx", "r11", "r10", "r9", "r8", "ax", "cx", "dx", "si", "di", "orig_ax", "ip", "cs",
        "flags", "sp", "ss",
    ];
    const AARCH64: [&str; 34] = [
        "x0", "x1", "x2", "x3", "x4", "x5", "x6", "x7", "x8", "x9", "x10", "x11", "x12", "x13", "x14", "x15", "x16", "x17",
        "x18", "x19", "x20", "x21", "x22", "x23", "x24", "x25", "x26", "x27", "x28", "x29", "x30", "sp", "pc", "pstate",
    ];
    // What follows is `ORIG_r0`, which a processor has not.
    const ARM: [&str; 17] =
        ["r0", "r1", "r2", "r3", "r4", "r5", "r6", "r7", "r8", "r9", "r10", "r11", "r12", "sp", "lr", "pc", "cpsr"];
    let names: &[&'static str] = match (machine, wide) {
        (super::elf::EM_X86_64, true) => &NAMES,
        (super::elf::EM_AARCH64, true) => &AARCH64,
        (super::elf::EM_ARM, false) => {
            return (72..).step_by(4).zip(ARM).filter_map(|(at, name)| Some((name, desc.u32(at)?.into()))).collect();
        }
        _ => return Vec::new(),
    };
    (112..).step_by(8).zip(names).filter_map(|(at, name)| Some((*name, desc.u64(at)?))).collect()
}

/// `pr_fname` of `struct elf_prpsinfo`, fit to be printed.
fn program(desc: Fields<'_>, wide: bool) -> String {
    let name = desc.bytes(if wide { 40 } else { 28 }, 16).unwrap_or(&[]);
    name.iter().take_while(|&&b| b != 0).map(|&b| if b.is_ascii_graphic() { char::from(b) } else { '?' }).collect()
}

/// `QEMUCPUState` of QEMU's `target/i386/arch_dump.c`: version and size, 18 registers of 8 bytes (the last two are rip and
/// rflags), ten segments of 24, and CR0 to CR4 of 8. The same for 32-bit guests. EFER is not in it.
fn qemu(desc: Fields<'_>) -> Option<CpuState> {
    const RIP: u64 = 8 + 16 * 8;
    const CR: u64 = 8 + 18 * 8 + 10 * 24;
    // Version 1 is the only one so far; a state that is too short would be something else.
    if desc.u32(0)? != 1 {
        return None;
    }
    Some(CpuState {
        root: Some(desc.u64(CR + 3 * 8)?),
        cr0: desc.u64(CR),
        cr4: Some(desc.u64(CR + 4 * 8)?),
        instruction_pointer: desc.u64(RIP).map(|p| VirtAddr::new(umem::from(p))),
        registers: qemu_registers(desc),
        ..CpuState::default()
    })
}

fn qemu_registers(desc: Fields<'_>) -> Vec<(&'static str, u64)> {
    const NAMES: [&str; 18] =
        ["ax", "bx", "cx", "dx", "si", "di", "sp", "bp", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15", "ip", "flags"];
    let general = (8..).step_by(8).zip(NAMES).filter_map(|(at, name)| Some((name, desc.u64(at)?)));
    // Selectors of CS and SS: the first and the sixth segment, each of selector, limit, flags and padding, and base.
    let segment = |i: u64| desc.u32(8 + 18 * 8 + i * 24).map(u64::from);
    general.chain(segment(0).map(|cs| ("cs", cs))).chain(segment(5).map(|ss| ("ss", ss))).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn note(name: &[u8], kind: u32, desc: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        for n in [name.len(), desc.len()] {
            out.extend(u32::try_from(n).unwrap().to_le_bytes());
        }
        out.extend(kind.to_le_bytes());
        for part in [name, desc] {
            out.extend(part);
            out.resize(out.len().next_multiple_of(4), 0);
        }
        out
    }

    #[test]
    fn lengths_that_lie_end_the_list() {
        let mut notes = Notes::default();
        let mut bytes = note(b"VMCOREINFO\0", 0, b"OSRELEASE=6.1\n\0\0");
        bytes.extend([0xff; 12]);
        notes.add(&bytes, false, true, 62);
        assert_eq!(notes.vmcoreinfo.as_deref(), Some(&b"OSRELEASE=6.1\n"[..]));
        assert!(notes.cpus().is_empty());
    }

    #[test]
    fn empty_notes_of_absent_processors_are_passed_over() {
        let mut notes = Notes::default();
        let mut bytes = note(b"", 0, b"");
        bytes.extend(note(b"CORE\0", NT_PRSTATUS, &[0x11; 336]));
        notes.add(&bytes, false, true, super::super::elf::EM_X86_64);
        assert_eq!(notes.cpus().len(), 1);
    }

    #[test]
    fn registers_of_32_bit_arm_are_words() {
        let mut notes = Notes::default();
        let words = (0..18u32).flat_map(|i| (0xc000_0000 + i).to_le_bytes());
        let desc: Vec<u8> = std::iter::repeat_n(0, 72).chain(words).chain([0; 4]).collect();
        notes.add(&note(b"CORE\0", NT_PRSTATUS, &desc), false, false, super::super::elf::EM_ARM);
        let cpus = notes.cpus();
        let cpu = cpus.first().unwrap();
        assert_eq!(cpu.instruction_pointer, Some(VirtAddr::new(0xc000_000f)));
        assert_eq!(cpu.registers.len(), 17);
        for named in [("r11", 0xc000_000b), ("sp", 0xc000_000d), ("pc", 0xc000_000f), ("cpsr", 0xc000_0010)] {
            assert!(cpu.registers.contains(&named), "{named:?}");
        }
    }

    #[test]
    fn a_short_qemu_state_is_none() {
        let mut notes = Notes::default();
        notes.add(&note(b"QEMU\0", 0, &[1, 0, 0, 0, 9]), false, true, 62);
        assert!(notes.qemu.is_empty());
    }
}
