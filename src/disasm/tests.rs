//! Instructions whose text another assembler gave (LLVM's), and bytes that are none.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, clippy::cast_possible_truncation)]

use super::*;
use proptest::prelude::*;

type Told = (String, Flow, Option<(u64, Reference)>);

fn all(isa: Isa, syntax: Syntax, address: u64, bytes: &[u8]) -> Vec<Told> {
    let mut d = Disassembler::new(isa, syntax);
    let (mut at, mut out) = (0, Vec::new());
    while at < bytes.len() {
        match d.decode(address + at as u64, &bytes[at..]) {
            Decoded::Instruction(i) => {
                at += i.len;
                out.push((i.text, i.flow, i.target));
            }
            Decoded::Bad(n) => {
                at += n;
                out.push(("(bad)".to_owned(), Flow::Next, None));
            }
            Decoded::Short => break,
        }
    }
    out
}

fn texts(isa: Isa, address: u64, bytes: &[u8]) -> Vec<String> {
    all(isa, Syntax::Intel, address, bytes).into_iter().map(|(text, ..)| text).collect()
}

fn words(words: &[u32]) -> Vec<u8> {
    words.iter().flat_map(|w| w.to_le_bytes()).collect()
}

#[test]
fn x86_in_both_syntaxes() {
    let code = [0x55, 0x48, 0x89, 0xe5, 0x48, 0x8b, 0x47, 0x08, 0xe8, 0x10, 0, 0, 0, 0xc3];
    assert_eq!(texts(Isa::X86_64, 0x1000, &code), ["push rbp", "mov rbp,rsp", "mov rax,[rdi+0x8]", "call 0x101d", "ret"]);
    let att: Vec<_> = all(Isa::X86_64, Syntax::Att, 0x1000, &code).into_iter().map(|(t, ..)| t).collect();
    assert_eq!(att, ["push %rbp", "mov %rsp,%rbp", "mov 0x8(%rdi),%rax", "call 0x101d", "ret"]);
}

#[test]
fn the_same_bytes_mean_other_things_in_other_modes() {
    let code = [0x48, 0x31, 0xc0];
    assert_eq!(texts(Isa::X86_64, 0, &code), ["xor rax,rax"]);
    assert_eq!(texts(Isa::X86, 0, &code), ["dec eax", "xor eax,eax"]);
    assert_eq!(texts(Isa::X86_16, 0, &code), ["dec ax", "xor ax,ax"]);
}

#[test]
fn what_x86_instructions_name() {
    let one = |bytes: &[u8]| all(Isa::X86_64, Syntax::Intel, 0x1000, bytes)[0].clone();
    assert_eq!(one(&[0xeb, 0xfe]).1, Flow::Jump);
    assert_eq!(one(&[0x74, 0x00]), ("je 0x1002".to_owned(), Flow::Branch, Some((0x1002, Reference::Code))));
    let relative = one(&[0x48, 0x8b, 0x05, 0x10, 0, 0, 0]);
    assert_eq!((relative.0.as_str(), relative.2), ("mov rax,[rip+0x10]", Some((0x1017, Reference::Data))));
    let per_cpu = one(&[0x65, 0x48, 0x8b, 0x1c, 0x25, 0x00, 0xac, 0x01, 0x00]);
    assert_eq!(per_cpu.2, Some((0x1ac00, Reference::Segment)));
    let number = one(&[0x48, 0xc7, 0xc7, 0x00, 0x00, 0x40, 0x82]);
    assert_eq!(number.2, Some((0xffff_ffff_8240_0000, Reference::Number)));
    assert_eq!(one(&[0x0f, 0x0b]).1, Flow::Stop);
    assert_eq!(one(&[0xff, 0xd0]), ("call rax".to_owned(), Flow::Call, None));
}

#[test]
fn bytes_that_are_no_x86_instruction_cost_one_row() {
    assert_eq!(texts(Isa::X86_64, 0, &[0x06, 0x90]), ["(bad)", "nop"]);
    assert_eq!(Disassembler::new(Isa::X86_64, Syntax::Intel).decode(0, &[0x48]), Decoded::Short);
    assert_eq!(Disassembler::new(Isa::X86_64, Syntax::Intel).decode(0, &[]), Decoded::Short);
    // Prefixes without end.
    assert_eq!(Disassembler::new(Isa::X86_64, Syntax::Intel).decode(0, &[0x66; 20]), Decoded::Bad(1));
}

#[test]
fn aarch64() {
    let code = [
        0xd503_233f,
        0xa9bf_7bfd,
        0x9100_03fd,
        0x9400_0010,
        0x5400_0041,
        0xf940_0c00,
        0xd538_4100,
        0xd65f_03c0,
        0xb400_0060,
        0x3718_0060,
        0xd503_42df,
        0xd538_4242,
        0xd51b_d040,
        0xd420_0000,
        0xd518_2000,
        0xd53b_e040,
        0xffff_ffff,
    ];
    let expected = [
        "paciasp",
        "stp x29, x30, [sp, #-0x10]!",
        "mov x29, sp",
        "bl 0x104c",
        "b.ne 0x1018",
        "ldr x0, [x0, #0x18]",
        "mrs x0, sp_el0",
        "ret",
        "cbz x0, 0x102c",
        "tbnz w0, #0x3, 0x1030",
        "msr daifset, #0x2",
        "mrs x2, currentel",
        "msr tpidr_el0, x0",
        "brk #0x0",
        "msr ttbr0_el1, x0",
        "mrs x0, cntvct_el0",
        "(bad)",
    ];
    assert_eq!(texts(Isa::AArch64, 0x1000, &words(&code)), expected);
}

#[test]
fn what_aarch64_instructions_name() {
    // adrp x0, 0x21000; add x0, x0, #0x10; adrp x1, ..; nop; add x1, x1, #0x10; adrp x2, ..; ldr x3, [x2, #0x18]; bl; ret; br
    let code = [
        0x9000_0100,
        0x9100_4000,
        0x9000_0101,
        0xd503_201f,
        0x9100_4021,
        0x9000_0102,
        0xf940_0c43,
        0x9400_0010,
        0xd65f_03c0,
        0xd61f_0200,
        0xd63f_0200,
    ];
    let found = all(Isa::AArch64, Syntax::Intel, 0x1000, &words(&code));
    assert_eq!(found[0].2, Some((0x2_1000, Reference::Data)));
    assert_eq!(found[1].2, Some((0x2_1010, Reference::Data)), "both halves together");
    assert_eq!(found[4].2, None, "only the next instruction is known to add to it");
    assert_eq!(found[6].2, Some((0x2_1018, Reference::Data)));
    assert_eq!(found[7].2, Some((0x105c, Reference::Code)));
    let flows: Vec<Flow> = found[7..].iter().map(|f| f.1).collect();
    assert_eq!(flows, [Flow::Call, Flow::Return, Flow::Jump, Flow::Call]);
}

#[test]
fn riscv() {
    let code = [
        0x0000_0013,
        0x0005_0513,
        0xff01_0113,
        0x0000_0517,
        0x0005_3503,
        0x00a5_05b3,
        0x1800_2573,
        0x1040_9073,
        0x1200_0073,
        0x1020_0073,
        0x0330_000f,
        0x0aa5_a52f,
        0x0205_4533,
        0x00a5_05bb,
        0x0200_7553,
        0x02f5_7553,
        0x4010_7553,
        0xc225_7553,
        0x2aa5_5553,
        0xb00f_2573,
        0x6045_1513,
        0xfe05_0ee3,
        0x0000_8067,
        0xffff_ffff,
    ];
    let expected = [
        "nop",
        "mv a0, a0",
        "addi sp, sp, -16",
        "auipc a0, 0x0",
        "ld a0, 0(a0)",
        "add a1, a0, a0",
        "csrr a0, satp",
        "csrw sie, ra",
        "sfence.vma",
        "sret",
        "fence rw, rw",
        "amoswap.w.rl a0, a0, (a1)",
        "div a0, a0, zero",
        "addw a1, a0, a0",
        "fadd.d fa0, ft0, ft0",
        "fadd.d fa0, fa0, fa5",
        "fcvt.s.d fa0, ft0",
        "fcvt.l.d a0, fa0",
        "(bad)",
        "csrrs a0, 0xb00, t5",
        "sext.b a0, a0",
        "beqz a0, 0x1050",
        "ret",
        "(bad)",
        "(bad)",
    ];
    assert_eq!(texts(Isa::RiscV64, 0x1000, &words(&code)), expected);
}

#[test]
fn short_riscv_instructions_are_written_as_what_they_stand_for() {
    let halves: [u16; 12] = [0x1141, 0xe406, 0x60a2, 0x0141, 0x8082, 0x852e, 0x4501, 0x6705, 0x9002, 0xa001, 0x2505, 0x0000];
    let bytes: Vec<u8> = halves.iter().flat_map(|h| h.to_le_bytes()).collect();
    let expected = [
        "addi sp, sp, -16",
        "sd ra, 8(sp)",
        "ld ra, 8(sp)",
        "addi sp, sp, 16",
        "ret",
        "mv a0, a1",
        "li a0, 0",
        "lui a4, 0x1",
        "ebreak",
        "j 0x1012",
        "addiw a0, a0, 1",
        "(bad)",
    ];
    assert_eq!(texts(Isa::RiscV64, 0x1000, &bytes), expected);
    assert_eq!(texts(Isa::RiscV32, 0x1000, &0x2505u16.to_le_bytes()), ["jal 0x1620"], "another instruction with 32 bits");
}

#[test]
fn halves_of_riscv_addresses_are_put_together() {
    // auipc ra, 0x1; jalr 16(ra); auipc a0, 0xfffff; ld a1, -8(a0)
    let code = [0x0000_1097, 0x0100_80e7, 0xffff_f517, 0xff85_3583];
    let found = all(Isa::RiscV64, Syntax::Intel, 0x1000, &words(&code));
    assert_eq!((found[1].1, found[1].2), (Flow::Call, Some((0x2010, Reference::Code))));
    assert_eq!(found[3].2, Some((0x1008 - 0x1000 - 8, Reference::Data)));
}

proptest! {
    #[test]
    fn every_byte_sequence_has_an_answer_within_its_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..32), at: u64) {
        for &isa in Isa::ALL {
            for syntax in [Syntax::Intel, Syntax::Att] {
                match Disassembler::new(isa, syntax).decode(at, &bytes) {
                    Decoded::Instruction(i) => {
                        prop_assert!(i.len > 0 && i.len <= bytes.len().min(isa.longest()));
                        prop_assert!(!i.text.is_empty());
                    }
                    Decoded::Bad(n) => prop_assert!(n > 0),
                    Decoded::Short => prop_assert!(bytes.len() < isa.longest()),
                }
            }
        }
    }
}

#[test]
fn arm_and_where_it_goes() {
    let one = |word: u32| all(Isa::Arm, Syntax::Intel, 0xc030_0000, &words(&[word]))[0].clone();
    assert_eq!((one(0xe92d_4010).0.as_str(), one(0xe92d_4010).1), ("push {r4, lr}", Flow::Next));
    assert_eq!((one(0xe8bd_8010).0.as_str(), one(0xe8bd_8010).1), ("pop {r4, pc}", Flow::Return));
    // bl .+8+0x100, beq .+8-8, b to itself
    assert_eq!(one(0xeb00_0040), ("bl 0xc0300108".to_owned(), Flow::Call, Some((0xc030_0108, Reference::Code))));
    assert_eq!(one(0x0aff_fffc), ("beq 0xc02ffff8".to_owned(), Flow::Branch, Some((0xc02f_fff8, Reference::Code))));
    assert_eq!((one(0xeaff_fffe).1, one(0xeaff_fffe).2), (Flow::Jump, Some((0xc030_0000, Reference::Code))));
    assert_eq!((one(0xe12f_ff1e).1, one(0xe1a0_f00e).1, one(0x112f_ff1e).1), (Flow::Return, Flow::Return, Flow::Branch));
    // ldr r0, [pc, #16]
    assert_eq!(one(0xe59f_0010).2, Some((0xc030_0018, Reference::Data)));
    assert_eq!((one(0xe7f0_01f2).0.as_str(), one(0xe7f0_01f2).1), ("udf 0x12", Flow::Stop));
}

#[test]
fn thumb_and_where_it_goes() {
    let all = |bytes: &[u8]| all(Isa::Thumb, Syntax::Intel, 0x1000, bytes);
    let one = |bytes: &[u8]| all(bytes)[0].clone();
    assert_eq!((one(&[0x10, 0xb5]).0.as_str(), one(&[0x10, 0xbd]).1), ("push {r4, lr}", Flow::Return));
    // beq .+4+4, b .+4-4, cbz r0 .+4+2, bx lr
    assert_eq!(one(&[0x02, 0xd0]), ("beq 0x1008".to_owned(), Flow::Branch, Some((0x1008, Reference::Code))));
    assert_eq!(one(&[0xfe, 0xe7]).2, Some((0x1000, Reference::Code)));
    assert_eq!((one(&[0x08, 0xb1]).1, one(&[0x08, 0xb1]).2), (Flow::Branch, Some((0x1006, Reference::Code))));
    assert_eq!(one(&[0x70, 0x47]).1, Flow::Return);
    // bl .+4+0x1000, blx to A32, b.w, beq.w
    assert_eq!(one(&[0x01, 0xf0, 0x00, 0xf8]).2, Some((0x2004, Reference::Code)));
    assert_eq!(
        (one(&[0x01, 0xf0, 0x00, 0xe8]).1, one(&[0x01, 0xf0, 0x00, 0xe8]).2),
        (Flow::Call, Some((0x2004, Reference::Code)))
    );
    assert_eq!(
        (one(&[0xff, 0xf7, 0xfe, 0xbf]).1, one(&[0xff, 0xf7, 0xfe, 0xbf]).2),
        (Flow::Jump, Some((0x1000, Reference::Code)))
    );
    assert_eq!(
        (one(&[0x00, 0xf0, 0x02, 0x80]).1, one(&[0x00, 0xf0, 0x02, 0x80]).2),
        (Flow::Branch, Some((0x1008, Reference::Code)))
    );
    // A halfword, and two.
    assert_eq!(all(&[0x00, 0xbf, 0xaf, 0xf3, 0x00, 0x80]).len(), 2);
    assert_eq!(Disassembler::new(Isa::Thumb, Syntax::Intel).decode(0, &[0xaf, 0xf3]), Decoded::Short);
}
