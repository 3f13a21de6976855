//! The processors of a VMware checkpoint: the group `cpu`.
//!
//! Names of tags and order of the registers in blocks as in crash's `vmware_vmss.c`; `CR` of 32-bit guests as in Volatility's.

use super::tags::{Checkpoint, Tag};
use crate::image::fields::Fields;
use crate::image::open::CpuState;
use memsh_plugin::{VirtAddr, umem};
use std::collections::BTreeMap;

/// More processors than a VMware guest can have.
const MOST: u32 = 4096;

/// Tags of single registers, and what `pt_regs` calls them.
const REGISTERS: [(&[u8], &str); 20] = [
    (b"rax", "ax"),
    (b"rcx", "cx"),
    (b"rdx", "dx"),
    (b"rbx", "bx"),
    (b"rbp", "bp"),
    (b"rsp", "sp"),
    (b"rsi", "si"),
    (b"rdi", "di"),
    (b"r8", "r8"),
    (b"r9", "r9"),
    (b"r10", "r10"),
    (b"r11", "r11"),
    (b"r12", "r12"),
    (b"r13", "r13"),
    (b"r14", "r14"),
    (b"r15", "r15"),
    (b"rip", "ip"),
    (b"eip", "ip"),
    (b"eflags", "flags"),
    (b"EFLAGS", "flags"),
];
/// Registers of the block `gpregs`: the first 16 above, in that order.
const GPREGS: usize = 16;

#[derive(Default)]
struct Cpu {
    registers: BTreeMap<&'static str, u64>,
    control: [Option<u64>; 9],
    efer: Option<u64>,
}

/// The processors, and how many the file says there are.
pub(super) fn read(checkpoint: &Checkpoint<'_>, warnings: &mut Vec<String>) -> (Vec<CpuState>, Option<u64>) {
    let mut cpus: BTreeMap<u32, Cpu> = BTreeMap::new();
    let mut number = None;
    let result = checkpoint.tags(b"cpu", |tag| {
        if tag.name == b"cpu:numVCPUs" {
            number = tag.value.number();
        } else if let Some(index) = tag.indices[0].filter(|i| *i < MOST) {
            one(checkpoint, tag, index, &mut cpus);
        }
    });
    if let Err(why) = result {
        warnings.push(format!("the processors' state is not all there: {why}"));
    }
    (cpus.into_values().map(Cpu::state).collect(), number)
}

fn one(checkpoint: &Checkpoint<'_>, tag: &Tag<'_>, index: u32, cpus: &mut BTreeMap<u32, Cpu>) {
    let numbers = || {
        let f = Fields::new(checkpoint.bytes(tag.value).unwrap_or(&[]), false);
        (0..).step_by(8).map_while(|at| f.u64(at)).collect::<Vec<u64>>()
    };
    let known = |name: &[u8]| REGISTERS.iter().find(|(n, _)| *n == name).map(|(_, register)| *register);
    if !matches!(tag.name, b"CR64" | b"CR" | b"gpregs" | b"EFER" | b"efer") && known(tag.name).is_none() {
        return;
    }
    let cpu = cpus.entry(index).or_default();
    match (tag.name, tag.value.number()) {
        (b"CR64" | b"CR", Some(value)) => {
            let slot = tag.indices[1].and_then(|i| usize::try_from(i).ok());
            if let Some(control) = slot.and_then(|i| cpu.control.get_mut(i)) {
                // `CR64` is the whole of a register of which `CR` may have the lower half only.
                if tag.name == b"CR64" || control.is_none() {
                    *control = Some(value);
                }
            }
        }
        (b"CR64", None) => cpu.control.iter_mut().zip(numbers()).for_each(|(c, n)| *c = Some(n)),
        (b"gpregs", None) => {
            let names = REGISTERS.iter().take(GPREGS).map(|(_, name)| *name);
            cpu.registers.extend(names.zip(numbers()));
        }
        (b"EFER" | b"efer", Some(value)) => cpu.efer = Some(value),
        (name, Some(value)) => {
            if let Some(register) = known(name) {
                cpu.registers.insert(register, value);
            }
        }
        _ => {}
    }
}

impl Cpu {
    fn state(self) -> CpuState {
        let control = |i: usize| self.control.get(i).copied().flatten();
        CpuState {
            root: control(3),
            cr0: control(0),
            cr4: control(4),
            efer: self.efer,
            instruction_pointer: self.registers.get("ip").map(|p| VirtAddr::new(umem::from(*p))),
            registers: self.registers.into_iter().collect(),
            ..CpuState::default()
        }
    }
}
