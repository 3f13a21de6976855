//! What `info registers -a` prints of the processors (`x86_cpu_dump_state`, target/i386/cpu-dump.c; `riscv_cpu_dump_state`;
//! `aarch64_cpu_dump_state`).

use crate::image::CpuState;
use crate::{VirtAddr, umem};

/// Names as QEMU prints them, and as `pt_regs` has them.
const X86_64: &[(&str, &str)] = &[
    ("RIP", "ip"),
    ("RFL", "flags"),
    ("RSP", "sp"),
    ("RBP", "bp"),
    ("RAX", "ax"),
    ("RBX", "bx"),
    ("RCX", "cx"),
    ("RDX", "dx"),
    ("RSI", "si"),
    ("RDI", "di"),
    ("R8", "r8"),
    ("R9", "r9"),
    ("R10", "r10"),
    ("R11", "r11"),
    ("R12", "r12"),
    ("R13", "r13"),
    ("R14", "r14"),
    ("R15", "r15"),
];
const X86: &[(&str, &str)] = &[
    ("EIP", "ip"),
    ("EFL", "flags"),
    ("ESP", "sp"),
    ("EBP", "bp"),
    ("EAX", "ax"),
    ("EBX", "bx"),
    ("ECX", "cx"),
    ("EDX", "dx"),
    ("ESI", "si"),
    ("EDI", "di"),
];
const ARM: &[(&str, &str)] = &[
    ("PC", "pc"),
    ("SP", "sp"),
    ("PSTATE", "pstate"),
    ("X00", "x0"),
    ("X01", "x1"),
    ("X02", "x2"),
    ("X03", "x3"),
    ("X04", "x4"),
    ("X05", "x5"),
    ("X06", "x6"),
    ("X07", "x7"),
    ("X08", "x8"),
    ("X09", "x9"),
    ("X10", "x10"),
    ("X11", "x11"),
    ("X12", "x12"),
    ("X13", "x13"),
    ("X14", "x14"),
    ("X15", "x15"),
    ("X16", "x16"),
    ("X17", "x17"),
    ("X18", "x18"),
    ("X19", "x19"),
    ("X20", "x20"),
    ("X21", "x21"),
    ("X22", "x22"),
    ("X23", "x23"),
    ("X24", "x24"),
    ("X25", "x25"),
    ("X26", "x26"),
    ("X27", "x27"),
    ("X28", "x28"),
    ("X29", "x29"),
    ("X30", "x30"),
];
const RISCV: &[(&str, &str)] = &[
    ("pc", "pc"),
    ("x1/ra", "ra"),
    ("x2/sp", "sp"),
    ("x3/gp", "gp"),
    ("x4/tp", "tp"),
    ("x8/s0", "s0"),
    ("x10/a0", "a0"),
    ("x11/a1", "a1"),
];

/// More processors than any machine has.
const MOST: usize = 4096;

/// The processors, in their order.
pub(super) fn processors(text: &str) -> Vec<CpuState> {
    let mut parts: Vec<Vec<(&str, &str)>> = Vec::new();
    for line in text.lines() {
        if line.trim_start().starts_with("CPU#") {
            if parts.len() == MOST {
                break;
            }
            parts.push(Vec::new());
            continue;
        }
        // Older versions print one processor, without a heading.
        if parts.is_empty() && !line.trim().is_empty() {
            parts.push(Vec::new());
        }
        if let Some(part) = parts.last_mut() {
            part.extend(words(line));
        }
    }
    parts.iter().filter(|p| !p.is_empty()).map(|p| processor(p)).collect()
}

/// `NAME=value`, `NAME =value`, and ` NAME   value` of RISC-V.
fn words(line: &str) -> Vec<(&str, &str)> {
    let mut out = Vec::new();
    if !line.contains('=') {
        let mut words = line.split_whitespace();
        while let (Some(name), Some(value)) = (words.next(), words.next()) {
            out.push((name, value));
        }
        return out;
    }
    let mut name = "";
    for word in line.split_whitespace() {
        match word.split_once('=') {
            Some(("", value)) if !name.is_empty() => out.push((name, value)),
            Some((name, value)) => out.push((name, value)),
            None => {}
        }
        name = word;
    }
    out
}

fn processor(part: &[(&str, &str)]) -> CpuState {
    let number = |name: &str| {
        let (_, value) = part.iter().find(|(n, _)| *n == name)?;
        u64::from_str_radix(value, 16).ok()
    };
    let set = [X86_64, X86, ARM, RISCV].into_iter().find(|set| set.first().is_some_and(|(pc, _)| number(pc).is_some()));
    let registers: Vec<(&'static str, u64)> =
        set.unwrap_or_default().iter().filter_map(|(printed, name)| Some((*name, number(printed)?))).collect();
    let at = |wanted: &str| registers.iter().find(|(n, _)| *n == wanted).map(|(_, v)| *v);
    // CR0.PG (Intel SDM, volume 3, 2.5).
    let paging = number("CR0").is_some_and(|cr0| cr0 & (1 << 31) != 0);
    CpuState {
        // A processor without paging has no root, whatever the register holds.
        root: match number("CR0") {
            Some(_) => number("CR3").filter(|_| paging),
            None => number("satp").filter(|s| *s != 0),
        },
        root_upper: None,
        cr0: number("CR0"),
        // Nor does it say anything of the mode that others use.
        cr4: number("CR4").filter(|_| paging),
        efer: number("EFER").filter(|_| paging),
        instruction_pointer: at("ip").or_else(|| at("pc")).map(|ip| VirtAddr::new(umem::from(ip))),
        registers,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use super::*;

    /// QEMU 10.0 with two processors; shortened.
    const TWO: &str = "
CPU#0
RAX=ffffffffa4c0b7b0 RBX=0000000000000000 RCX=0000000000000001 RDX=0000000000000000
RSI=0000000000000083 RDI=00000000000123ac RBP=0000000000000000 RSP=ffffffffa5e03e90
R8 =0000000000000001 R9 =00000000000123ac R10=0000000000000000 R11=0000000000000000
RIP=ffffffffa4c0b7bf RFL=00000246 [---Z-P-] CPL=0 II=0 A20=1 SMM=0 HLT=1
CS =0010 0000000000000000 ffffffff 00af9b00 DPL=0 CS64 [-RA]
GDT=     fffffe0000001000 0000007f
CR0=80050033 CR2=00007f0f1c2d3000 CR3=0000000004a2a000 CR4=000006f0
EFER=0000000000000d01
XMM00=0000000000000000 0000000000000000 XMM01=0000000000000000 0000000000000000

CPU#1
RAX=0000000000000000 RBX=0000000000000000
RIP=000000000000fff0 RFL=00000002 [-------] CPL=0
CR0=60000010 CR2=00000000 CR3=00001000 CR4=00000000
EFER=0000000000000000
";

    #[test]
    fn x86() {
        let cpus = processors(TWO);
        let [a, b] = &cpus[..] else { panic!("{cpus:?}") };
        assert_eq!((a.root, a.cr0, a.cr4, a.efer), (Some(0x4a2_a000), Some(0x8005_0033), Some(0x6f0), Some(0xd01)));
        assert_eq!(a.instruction_pointer, Some(VirtAddr::new(0xffff_ffff_a4c0_b7bf)));
        assert!(a.registers.contains(&("r9", 0x1_23ac)) && a.registers.contains(&("sp", 0xffff_ffff_a5e0_3e90)));
        assert_eq!((b.root, b.cr0, b.cr4), (None, Some(0x6000_0010), None));
    }

    #[test]
    fn others() {
        let riscv = " pc       ffffffff80c2e6a4\n mhartid  0000000000000000\n satp     a00000000008123f\n x0/zero  0000000000000000 x1/ra    ffffffff80c2e6a0 x2/sp    ffffffff81a03e60 x3/gp    ffffffff81c3a4f8\n";
        let cpus = processors(&format!("\nCPU#0\n V      =   0\n{riscv}"));
        assert_eq!((cpus[0].root, cpus[0].registers.len()), (Some(0xa000_0000_0008_123f), 4));
        let arm = "\nCPU#0\n PC=ffffd5c4a6a1b2c8 X00=0000000000000000 X01=ffffd5c4a7b1c000\nX29=ffff800080003f00 X30=ffffd5c4a6a1b2c4  SP=ffff800080003f00\nPSTATE=60400005 -ZC- EL1h\n";
        let cpus = processors(arm);
        assert_eq!(cpus[0].instruction_pointer, Some(VirtAddr::new(0xffff_d5c4_a6a1_b2c8)));
        assert_eq!((cpus[0].root, cpus[0].registers.len()), (None, 7));
    }

    #[test]
    fn nonsense_is_nothing() {
        assert_eq!(processors(""), []);
        let cpus = processors("unknown command: 'info registers'\n=== = =x\nRIP=zz");
        assert!(cpus.iter().all(|c| c.root.is_none() && c.registers.is_empty()));
    }
}
