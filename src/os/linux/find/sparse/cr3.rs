//! What x86 code loads into CR3: instructions are decoded and their meaning followed, over a few registers and a few instructions.
//!
//! The code that starts a processor adds the link-time address of the kernel's root table to where the kernel was loaded
//! (`init_top_pgt - __START_KERNEL_map` and `phys_base`; arch/x86/kernel/head_64.S), or has the sum as a number
//! (`$pa(initial_page_table)`, arch/x86/kernel/head_32.S). In what order, with which registers, and what else is added (the bit of
//! encrypted memory, `sme_me_mask`), differs among versions.

use super::super::effort::Effort;
use crate::engine::{to_u64, to_umem};
use iced_x86::{Decoder, DecoderOptions, Instruction, Mnemonic, OpKind, Register};
use memsh_plugin::umem;
use std::collections::HashSet;

/// Bytes of code that are followed before CR3 is written.
const BEFORE: usize = 160;
/// Decoding begins at so many places: it soon falls into step, whatever it begins with.
const BEGINNINGS: usize = 8;
/// So many writes of CR3 are looked at in one place; a kernel has some ten.
const MOST_SITES: usize = 128;
/// Looking at one costs as much as looking through so many bytes.
const SITE_COST: umem = 128 << 10;
/// `mov %cr3` to be: opcode and the register field of its ModRM byte (Intel SDM, volume 2, "MOV - Move to/from Control Registers").
const MOV_TO_CONTROL: [u8; 2] = [0x0f, 0x22];

/// 64-bit code, or 32-bit.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum Bits {
    Long,
    Narrow,
}

impl Bits {
    const fn number(self) -> u32 {
        match self {
            Bits::Long => 64,
            Bits::Narrow => 32,
        }
    }
}

/// A word of memory that code reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(in super::super) enum Load {
    /// At this distance from the code: a physical address where the code's is one.
    Here(u64),
    /// At this virtual address.
    Virtual(u64),
}

/// A number plus words of memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub(in super::super) struct Sum {
    pub(in super::super) number: u64,
    pub(in super::super) loads: [Option<Load>; 3],
}

impl Sum {
    const fn number(number: u64) -> Self {
        Self { number, loads: [None; 3] }
    }

    fn plus(mut self, other: Self) -> Option<Self> {
        self.number = self.number.wrapping_add(other.number);
        for load in other.loads.into_iter().flatten() {
            *self.loads.iter_mut().find(|l| l.is_none())? = Some(load);
        }
        Some(self)
    }
}

/// What the sixteen registers hold, as far as it is known.
#[derive(Default)]
struct Registers([Option<Sum>; 16]);

impl Registers {
    /// The register that this one is a part of.
    fn slot(register: Register) -> Option<usize> {
        // Registers of 8 bits: the first four, the second bytes of those, and the others from SPL on.
        let bytes = (0u32..).zip(0usize..).take(20).find(|(n, _)| Register::AL + *n == register);
        let bytes = bytes.map(|(_, i)| if i < 4 { i } else { i - 4 });
        let wider = [Register::AX, Register::EAX, Register::RAX];
        let wider = wider.iter().find_map(|first| (0u32..16).zip(0usize..).find(|(n, _)| *first + *n == register));
        bytes.or(wider.map(|(_, i)| i))
    }

    fn get(&self, register: Register) -> Option<Sum> {
        self.0.get(Self::slot(register)?).copied().flatten()
    }

    fn set(&mut self, register: Register, value: Option<Sum>) {
        if let Some(place) = Self::slot(register).and_then(|i| self.0.get_mut(i)) {
            *place = value;
        }
    }

    /// What an operand is worth.
    fn operand(&self, i: &Instruction, n: u32) -> Option<Sum> {
        match i.op_kind(n) {
            OpKind::Register if whole(i.op_register(n)) => self.get(i.op_register(n)),
            OpKind::Immediate32to64 | OpKind::Immediate8to64 | OpKind::Immediate64 | OpKind::Immediate32 => {
                Some(Sum::number(i.immediate(n)))
            }
            OpKind::Immediate8to32 => Some(Sum::number(i.immediate(n) & u64::from(u32::MAX))),
            OpKind::Memory => Some(Sum { number: 0, loads: [Some(load(i)?), None, None] }),
            _ => None,
        }
    }

    /// Follows one instruction; what it writes into CR3, if it does.
    fn step(&mut self, i: &Instruction) -> Option<Sum> {
        match i.mnemonic() {
            Mnemonic::Call => {
                // Code in between may check the value, and hands it through: it comes back as the result.
                let first = self.get(Register::RDI);
                self.set(Register::RAX, first);
                return None;
            }
            // What follows is reached from elsewhere.
            Mnemonic::Jmp | Mnemonic::Ret | Mnemonic::Retf | Mnemonic::Iretq | Mnemonic::Hlt | Mnemonic::INVALID => {
                *self = Self::default();
                return None;
            }
            _ => {}
        }
        if i.op_count() == 0 || i.op_kind(0) != OpKind::Register {
            return None;
        }
        let to = i.op_register(0);
        if i.mnemonic() == Mnemonic::Mov && to == Register::CR3 {
            return self.operand(i, 1);
        }
        let value = match i.mnemonic() {
            Mnemonic::Cmp | Mnemonic::Test | Mnemonic::Bt | Mnemonic::Push => return None,
            Mnemonic::Mov => self.operand(i, 1),
            Mnemonic::Add => self.get(to).zip(self.operand(i, 1)).and_then(|(a, b)| a.plus(b)),
            Mnemonic::Lea if i.is_ip_rel_memory_operand() => Some(Sum::number(i.ip_rel_memory_address())),
            Mnemonic::Xor | Mnemonic::Sub if i.op_kind(1) == OpKind::Register && i.op_register(1) == to => Some(Sum::number(0)),
            _ => None,
        };
        self.set(to, value.filter(|_| whole(to)));
        None
    }
}

/// Whether writing this register leaves nothing of what was in it.
fn whole(register: Register) -> bool {
    (Register::EAX..=Register::R15).contains(&register)
}

/// The word that an instruction reads, where its address is a number.
fn load(i: &Instruction) -> Option<Load> {
    if i.is_ip_rel_memory_operand() {
        return Some(Load::Here(i.ip_rel_memory_address()));
    }
    let plain = i.memory_base() == Register::None && i.memory_index() == Register::None;
    let segment = matches!(i.segment_prefix(), Register::FS | Register::GS);
    (plain && !segment).then(|| Load::Virtual(i.memory_displacement64()))
}

/// All that `code`, which lies at `at`, may write into CR3.
pub(in super::super) fn written(bits: Bits, code: &[u8], at: u64, effort: &Effort) -> Vec<Sum> {
    let mut out: Vec<Sum> = Vec::new();
    let sites = memchr::memmem::find_iter(code, &MOV_TO_CONTROL).filter(|&site| {
        let register = site.checked_add(MOV_TO_CONTROL.len()).and_then(|modrm| code.get(modrm));
        register.is_some_and(|modrm| modrm & 0b1111_1000 == 0b1101_1000)
    });
    for site in sites.take(MOST_SITES) {
        effort.bytes(SITE_COST);
        if effort.is_over() {
            break;
        }
        for start in (site.saturating_sub(BEFORE)..site).take(BEGINNINGS).chain([0]) {
            if start == 0 && site > 2 * BEFORE {
                continue;
            }
            let Some(bytes) = code.get(start..site.saturating_add(3)) else { continue };
            let Some(ip) = to_u64(to_umem(start)).and_then(|start| at.checked_add(start)) else { continue };
            let mut registers = Registers::default();
            for i in &mut Decoder::with_ip(bits.number(), bytes, ip, DecoderOptions::NONE) {
                if let Some(sum) = registers.step(&i)
                    && !out.contains(&sum)
                {
                    out.push(sum);
                }
            }
        }
    }
    out
}

/// Whether `bytes` begin like code: so many instructions in a row, of several kinds. Text and numbers soon are none.
pub(in super::super) fn is_code(bits: Bits, bytes: &[u8], instructions: usize) -> bool {
    const KINDS: usize = 8;
    let mut kinds = HashSet::new();
    let mut seen = 0;
    for i in Decoder::new(bits.number(), bytes, DecoderOptions::NONE).into_iter().take(instructions) {
        if i.is_invalid() {
            return false;
        }
        seen += 1;
        kinds.insert(i.mnemonic());
    }
    seen >= instructions && kinds.len() >= KINDS
}

/// The roots that `sums` name. `read` answers for words at physical addresses; `map` is the virtual address at which a kernel that was
/// not moved has physical address 0 (`__START_KERNEL_map`).
pub(in super::super) fn roots(sums: &[Sum], map: u64, read: &dyn Fn(u64) -> Option<u64>) -> Vec<u64> {
    /// The bit of encrypted memory is one of those above (AMD APM, volume 2, "Secure Memory Encryption").
    const BELOW_MASK: u64 = (1 << 47) - 1;
    let mut out = Vec::new();
    for sum in sums {
        // What lies beside the code says where the kernel was loaded, and so where virtual addresses are.
        let loads = || sum.loads.iter().flatten();
        let base = loads().find_map(|l| if let Load::Here(at) = l { read(*at) } else { None });
        let mut words = loads().map(|load| match load {
            Load::Here(at) => read(*at),
            // A word that cannot be read adds nothing: what comes of it must prove itself.
            Load::Virtual(at) => Some(base.and_then(|b| read(at.wrapping_sub(map).wrapping_add(b))).unwrap_or(0)),
        });
        let value = words.try_fold(sum.number, |v, word| Some(v.wrapping_add(word?)));
        for root in value.into_iter().flat_map(|v| [v, v & BELOW_MASK]) {
            if !out.contains(&root) {
                out.push(root);
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::cast_possible_truncation)]
    use super::*;
    use proptest::prelude::*;

    fn of(bits: Bits, code: &[u8], at: u64) -> Vec<Sum> {
        written(bits, code, at, &Effort::new())
    }

    const MAP: u64 = 0xffff_ffff_8000_0000;

    /// Linux 6.1: the number last, the bit of encrypted memory at a virtual address, a check in between.
    #[rustfmt::skip]
    pub(in super::super) const OF_6_1: &[u8] = &[
        0xe8, 0xeb, 0x00, 0x00, 0x00,                         // call verify_cpu
        0x48, 0x8b, 0x04, 0x25, 0xf8, 0xc8, 0x84, 0x89,       // mov 0xffffffff8984c8f8, %rax
        0x48, 0x05, 0x00, 0x00, 0x81, 0x09,                   // add $0x9810000, %rax
        0x0f, 0x20, 0xe1,                                     // mov %cr4, %rcx
        0x83, 0xe1, 0x40,                                     // and $0x40, %ecx
        0x74, 0x06,                                           // je
        0x81, 0xc9, 0x00, 0x10, 0x00, 0x00,                   // or $0x1000, %ecx
        0x0f, 0x22, 0xe1,                                     // mov %rcx, %cr4
        0x48, 0x03, 0x05, 0x00, 0x01, 0x00, 0x00,             // add 0x100(%rip), %rax
        0x56,                                                 // push %rsi
        0x48, 0x89, 0xc7,                                     // mov %rax, %rdi
        0xe8, 0xac, 0x01, 0x00, 0x00,                         // call sev_verify_cbit
        0x5e,                                                 // pop %rsi
        0x0f, 0x22, 0xd8,                                     // mov %rax, %cr3
    ];

    /// Where the instruction behind the load of `phys_base` lies in it.
    const AFTER_LOAD: u64 = 43;

    #[test]
    fn a_sum_over_calls_and_branches() {
        let sums = of(Bits::Long, OF_6_1, 0x100_0000);
        let base = 0x100_0000 + AFTER_LOAD + 0x100;
        let want = Sum { number: 0x981_0000, loads: [Some(Load::Virtual(0xffff_ffff_8984_c8f8)), Some(Load::Here(base)), None] };
        assert!(sums.contains(&want), "{sums:x?}");
        let read = |at: u64| match at {
            at if at == base => Some(0xc0_0000),
            at if at == 0x984_c8f8 + 0xc0_0000 => Some(0),
            _ => None,
        };
        assert!(roots(&[want], MAP, &read).contains(&0xa41_0000));
    }

    #[test]
    fn number_and_load_in_another_order() {
        // Linux 6.12
        #[rustfmt::skip]
        let code = [
            0x48, 0x8b, 0x05, 0x20, 0x00, 0x00, 0x00,         // mov 0x20(%rip), %rax
            0x48, 0x05, 0x00, 0x20, 0x42, 0x36,               // add $0x36422000, %rax
            0x48, 0x03, 0x05, 0x40, 0x00, 0x00, 0x00,         // add 0x40(%rip), %rax
            0x0f, 0x22, 0xd8,                                 // mov %rax, %cr3
        ];
        let sums = of(Bits::Long, &code, 0x560_0000);
        // 0xcee00000 below, and memory encrypted with bit 51.
        let read = |at: u64| match at {
            0x560_0027 => Some(0xffff_ffff_d0e0_0000),
            0x560_0054 => Some(1 << 51),
            _ => None,
        };
        let roots = roots(&sums, MAP, &read);
        assert!(roots.contains(&0x722_2000), "{roots:x?}");
    }

    #[test]
    fn a_register_beyond_the_first_eight_and_a_table_beside_the_code() {
        #[rustfmt::skip]
        let code = [
            0x4c, 0x8d, 0x0d, 0xf9, 0x0f, 0x00, 0x00,         // lea 0xff9(%rip), %r9
            0x41, 0x0f, 0x22, 0xd9,                           // mov %r9, %cr3
        ];
        assert_eq!(of(Bits::Long, &code, 0x20_0000), [Sum::number(0x20_1000)]);
    }

    #[test]
    fn narrow_code_has_the_number() {
        let code = [0xb8, 0x00, 0x60, 0xc5, 0x08, 0x0f, 0x22, 0xd8];
        assert_eq!(of(Bits::Narrow, &code, 0x800_0000), [Sum::number(0x8c5_6000)]);
        // Another number between them, and a jump to elsewhere: nothing is known.
        assert_eq!(of(Bits::Narrow, &[0xb8, 0, 0x60, 0xc5, 8, 0x8b, 0x03, 0x0f, 0x22, 0xd8], 0), []);
        assert_eq!(of(Bits::Narrow, &[0xb8, 0, 0x60, 0xc5, 8, 0xeb, 0x10, 0x0f, 0x22, 0xd8], 0), []);
    }

    #[test]
    fn code_is_told_from_text_numbers_and_nothing() {
        assert!(is_code(Bits::Long, OF_6_1, 14));
        assert!(!is_code(Bits::Long, &[0; 4096], 32));
        assert!(!is_code(Bits::Long, &[0x90; 4096], 32));
        assert!(!is_code(Bits::Long, "a text about a kernel that is no code at all ".repeat(20).as_bytes(), 32));
    }

    proptest! {
        #[test]
        fn any_bytes_are_harmless(bytes in prop::collection::vec(any::<u8>(), 0..600), at in any::<u64>()) {
            for bits in [Bits::Long, Bits::Narrow] {
                let sums = of(bits, &bytes, at);
                let _ = roots(&sums, MAP, &|at| Some(at.rotate_left(7)));
                let _ = is_code(bits, &bytes, 32);
            }
        }

        #[test]
        fn writes_of_cr3_among_any_bytes_are_harmless(
            bytes in prop::collection::vec(prop::sample::select(vec![0x0fu8, 0x22, 0xd8, 0x48, 0x03, 0x05, 0xe8, 0x8b, 0xff]), 0..400),
        ) {
            let sums = of(Bits::Long, &bytes, u64::MAX - 100);
            let _ = roots(&sums, MAP, &|_| None);
        }
    }
}
