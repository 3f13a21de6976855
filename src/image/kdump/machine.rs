//! Which machine a dump is of, for its notes differ by machine and the headers have no number for it.

use super::super::elf::{EM_386, EM_AARCH64, EM_ARM, EM_RISCV, EM_X86_64};
use super::super::fields::Fields;

/// memsh's name of a machine, its `e_machine` and whether its numbers have 8 bytes.
pub(super) type Machine = (&'static str, u16, bool);

/// By `utsname.machine`.
pub(super) fn by_name(name: &str) -> Option<Machine> {
    Some(match name {
        "x86_64" => ("x86_64", EM_X86_64, true),
        "i386" | "i486" | "i586" | "i686" => ("x86", EM_386, false),
        "aarch64" => ("aarch64", EM_AARCH64, true),
        n if n.starts_with("arm") => ("arm", EM_ARM, false),
        "riscv64" => ("riscv64", EM_RISCV, true),
        "riscv32" => ("riscv32", EM_RISCV, false),
        n if n.starts_with("ppc64") => ("ppc64", 21, true),
        "ppc" => ("ppc", 20, false),
        "s390x" => ("s390x", 22, true),
        n if n.starts_with("mips64") => ("mips", 8, true),
        "mips" => ("mips", 8, false),
        n if n.starts_with("loongarch") => ("loongarch", 258, true),
        _ => return None,
    })
}

/// By the size of the first NT_PRSTATUS (`struct elf_prstatus`), which is different on each: QEMU says nothing else.
pub(super) fn by_notes(notes: &[u8], big: bool) -> Option<Machine> {
    let f = Fields::new(notes, big);
    let mut at = 0u64;
    loop {
        let (name_len, desc_len, kind) = (u64::from(f.u32(at)?), u64::from(f.u32(at + 4)?), f.u32(at + 8)?);
        let name = f.bytes(at + 12, name_len)?;
        if kind == 1 && name.starts_with(b"CORE") {
            return match (desc_len, big) {
                (336, false) => by_name("x86_64"),
                (336, true) => by_name("s390x"),
                (144, false) => by_name("i386"),
                (148, _) => by_name("arm"),
                (392, false) => by_name("aarch64"),
                (376, false) => by_name("riscv64"),
                (504, _) => by_name("ppc64"),
                (268, true) => by_name("ppc"),
                _ => None,
            };
        }
        at += 12 + name_len.next_multiple_of(4) + desc_len.next_multiple_of(4);
    }
}
