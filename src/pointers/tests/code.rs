//! References of code, and signatures.

use super::*;
use crate::disasm::{Decoded, Disassembler, Flow, Isa, Reference, Syntax};

const CODE: u64 = 0xffff_ffff_8100_0000;
const DATA: u64 = 0xffff_ffff_8200_0000;

/// x86-64: a function that calls, jumps to, reads and names others; then bytes that look like a call and are part of a number.
fn x86(base: u64, data: u64) -> Vec<u8> {
    let mut out: Vec<u8> = Vec::new();
    let relative = |out: &mut Vec<u8>, opcode: &[u8], to: u64, behind: &[u8]| {
        let end = base + (out.len() + opcode.len() + 4 + behind.len()) as u64;
        out.extend(opcode);
        out.extend((to.wrapping_sub(end) as u32).to_le_bytes());
        out.extend(behind);
    };
    out.extend([0x55, 0x48, 0x89, 0xe5]);
    relative(&mut out, &[0xe8], base + 0x100, &[]); // call
    relative(&mut out, &[0x48, 0x8d, 0x3d], data + 0x10, &[]); // lea rdi
    relative(&mut out, &[0x83, 0x3d], data + 0x18, &[0x07]); // cmp dword, 7
    relative(&mut out, &[0x0f, 0x84], base + 0x100, &[]); // je
    out.extend([0x48, 0xc7, 0xc7]); // mov rdi, imm32
    out.extend((data as u32 + 0x20).to_le_bytes());
    out.extend([0x48, 0xb8]); // movabs rax
    out.extend((data + 0x28).to_le_bytes());
    relative(&mut out, &[0xe9], base + 0x100, &[]); // jmp
    out.resize(0x100 - 2, 0xcc);
    out.extend([0xeb, 0x00]); // jmp short to +0x100
    out.extend([0x31, 0xc0, 0xc3]);
    out.resize(0x140, 0xcc);
    out
}

fn space(code: u64, data: u64) -> Pieces {
    let mut words = vec![0u8; 0x80];
    words[0x40..0x48].copy_from_slice(&(code + 0x100).to_le_bytes());
    words[0x53..0x5b].copy_from_slice(&(code + 0x100).to_le_bytes());
    // In two pieces, so that fields cross a border.
    let bytes = x86(code, data);
    Pieces(vec![(code, bytes[..0x17].to_vec()), (code + 0x17, bytes[0x17..].to_vec()), (data, words)])
}

fn refer(space: &Pieces, first: u64, last: u64, isa: Isa, code: &Pieces, anchor: Option<u64>, unaligned: bool) -> Vec<Seen> {
    let words = Words { wide: isa.bits() == 64, unaligned };
    let refer = Refer {
        first,
        last,
        data: space,
        words,
        code: Some((code, isa)),
        beginning: &|_| anchor,
        read: &|at, buf| space.read(at, buf),
        most: 1000,
    };
    let found = references(&refer, &options(2));
    assert!(!found.cut);
    found.seen
}

fn code_of(space: &Pieces) -> Pieces {
    Pieces(space.0[..space.0.len() - 1].to_vec())
}

#[test]
fn every_way_to_name_an_address_is_found() {
    let space = space(CODE, DATA);
    let code = code_of(&space);
    let of = |first, last| {
        let seen = refer(&space, first, last, Isa::X86_64, &code, Some(CODE), false);
        assert!(seen.iter().all(|s| !s.probable));
        seen.iter().map(|s| (s.address, s.kind, s.target)).collect::<Vec<_>>()
    };
    let f = CODE + 0x100;
    let calls = [
        (CODE + 4, RefKind::Call, f),
        (CODE + 0x17, RefKind::Branch, f),
        (CODE + 0x2e, RefKind::Jump, f),
        (CODE + 0xfe, RefKind::Jump, f),
        (DATA + 0x40, RefKind::Pointer, f),
    ];
    assert_eq!(of(f, f), calls);
    let all = [
        (CODE + 9, RefKind::Address, DATA + 0x10),
        (CODE + 0x10, RefKind::Data, DATA + 0x18),
        (CODE + 0x1d, RefKind::Number, DATA + 0x20),
        (CODE + 0x24, RefKind::Number, DATA + 0x28),
    ];
    assert_eq!(of(DATA, DATA + 0x7f), all);
    let packed = refer(&space, f, f, Isa::X86_64, &code, Some(CODE), true);
    assert!(packed.iter().any(|s| s.address == DATA + 0x53 && s.kind == RefKind::Pointer));
    // Without a known beginning the same are found; what the bytes around do not decide is told as probable.
    let unsure = refer(&space, f, f, Isa::X86_64, &code, None, false);
    assert_eq!(unsure.iter().map(|s| (s.address, s.kind, s.target)).collect::<Vec<_>>(), calls);
    assert!(unsure[0].probable);
}

proptest! {
    #[test]
    fn references_of_code_are_those_of_a_plain_reading(
        pieces in prop::collection::vec((0usize..9, any::<u32>(), 0u64..0x800), 1..160), cut in 1usize..600, target in 0u64..0x800, width in 0u64..64,
    ) {
        let mut bytes: Vec<u8> = Vec::new();
        for (form, random, to) in pieces {
            let opcode: &[u8] = [&[0x90][..], &[0xe8], &[0xe9], &[0x0f, 0x85], &[0x48, 0x8b, 0x05], &[0x48, 0x8d, 0x0d], &[0xeb], &[0x66, 0x0f, 0x1f, 0x44, 0, 0], &[0x48, 0xb8]][form];
            bytes.extend(opcode);
            let end = CODE + bytes.len() as u64 + 4;
            match form {
                1..=5 => bytes.extend(((CODE + to).wrapping_sub(end) as u32).to_le_bytes()),
                6 => bytes.push(random as u8),
                8 => bytes.extend((u64::from(random) << 16 | 0xe8).to_le_bytes()),
                _ => {}
            }
        }
        bytes.extend([0x90; 16]);
        let (first, last) = (CODE + target, CODE + target + width);
        let mut want = Vec::new();
        let mut disassembler = Disassembler::new(Isa::X86_64, Syntax::Intel);
        let mut at = 0;
        while let Decoded::Instruction(i) = disassembler.decode(CODE + at as u64, &bytes[at..]) {
            if let Some((to, how)) = i.target && (first..=last).contains(&to) && (how != Reference::Number || i.flow == Flow::Next) {
                want.push((CODE + at as u64, to));
            }
            at += i.len;
        }
        let cut = cut % bytes.len();
        let (a, b) = bytes.split_at(cut);
        let space = Pieces([(CODE, a.to_vec()), (CODE + cut as u64, b.to_vec())].into_iter().filter(|p| !p.1.is_empty()).collect());
        let seen = refer(&space, first, last, Isa::X86_64, &space, Some(CODE), false);
        let got: Vec<_> = seen.iter().filter(|s| s.kind != RefKind::Pointer).map(|s| (s.address, s.target)).collect();
        prop_assert_eq!(got, want);
    }
}

#[test]
fn instructions_of_one_length_are_found_in_halves() {
    let at = 0xffff_8000_0801_0000u64;
    let data = 0xffff_8000_0900_0000u64;
    let page = (((data >> 12) - (at >> 12)) as u32, data);
    let adrp = 0x9000_0000 | (page.0 & 3) << 29 | (page.0 >> 2 & 0x7_ffff) << 5;
    let words: [u32; 7] = [
        adrp,                           // adrp x0, data
        0xd503_201f,                    // nop
        0x9100_0000 | 0x34 << 10,       // add x0, x0, #0x34
        0x9400_0000 | 5,                // bl .+20
        adrp,                           // adrp x0, data
        0xb940_0001 | (0x38 / 4) << 10, // ldr w1, [x0, #0x38]
        0xd65f_03c0,                    // ret
    ];
    let bytes: Vec<u8> = words.iter().flat_map(|w| w.to_le_bytes()).collect();
    let space = Pieces(vec![(at, bytes)]);
    let of = |first| {
        let seen = refer(&space, first, first, Isa::AArch64, &space, None, false);
        seen.into_iter().map(|s| (s.address - at, s.kind, s.probable)).collect::<Vec<_>>()
    };
    assert_eq!(of(data + 0x34), [(8, RefKind::Address, true)]);
    assert_eq!(of(data + 0x38), [(20, RefKind::Data, false)]);
    assert_eq!(of(at + 12 + 20), [(12, RefKind::Call, false)]);
    // RISC-V: auipc and addi, and a compressed jump between them.
    let bytes = [0x17u32.wrapping_add(0x1 << 12 | 10 << 7).to_le_bytes(), 0x0345_0513u32.to_le_bytes()].concat();
    let space = Pieces(vec![(0x1000, [&bytes[..], &[0x01, 0xa0]].concat())]);
    let seen = refer(&space, 0x2034, 0x2034, Isa::RiscV64, &space, Some(0x1000), false);
    assert_eq!(seen.iter().map(|s| (s.address, s.kind)).collect::<Vec<_>>(), [(0x1004, RefKind::Address)]);
    let seen = refer(&space, 0x1008, 0x1008, Isa::RiscV64, &space, Some(0x1000), false);
    assert_eq!(seen.iter().map(|s| (s.address, s.kind)).collect::<Vec<_>>(), [(0x1008, RefKind::Jump)]);
}

fn sign(space: &Pieces, address: u64, len: usize, isa: Isa) -> crate::Result<Made> {
    let mut code = vec![0; len];
    let there = space.read(address, &mut code);
    let mapped = Ranges::new(space.spans(), true);
    let wanted = Wanted { isa, address, code: &code[..there], mapped: &mapped };
    signature(&wanted, space, &|at, buf| space.read(at, buf), &options(1))
}

#[test]
fn a_signature_finds_the_same_code_elsewhere_and_is_as_short_as_can_be() {
    let here = space(CODE, DATA);
    let made = sign(&here, CODE, 64, Isa::X86_64).unwrap();
    assert_eq!((made.hits, made.pattern.hex().as_str()), (1, "55 48 89 e5"));
    // From the call on all but opcodes is open.
    let made = sign(&here, CODE + 4, 64, Isa::X86_64).unwrap();
    assert_eq!(made.pattern.hex(), "e8 ?? ?? ?? ?? 48 8d 3d");
    assert_eq!(made.pattern.ida(), "E8 ? ? ? ? 48 8D 3D");
    assert_eq!(made.pattern.code(), r"\xe8\x00\x00\x00\x00\x48\x8d\x3d");
    assert_eq!(made.pattern.mask(), "x????xxx");
    // Numbers that are addresses are open, others are not.
    let all = Masked::of(&Wanted {
        isa: Isa::X86_64,
        address: CODE,
        code: &x86(CODE, DATA)[..0x33],
        mapped: &Ranges::new(here.spans(), true),
    });
    let far = space(0xffff_ffff_a300_0000, 0xffff_ffff_a700_0000);
    let elsewhere = Masked::of(&Wanted {
        isa: Isa::X86_64,
        address: 0xffff_ffff_a300_0000,
        code: &x86(0xffff_ffff_a300_0000, 0xffff_ffff_a700_0000)[..0x33],
        mapped: &Ranges::new(far.spans(), true),
    });
    assert_eq!(all.hex(), elsewhere.hex());
    assert!(
        all.hex().contains("3d ?? ?? ?? ?? 07") && all.hex().contains("48 c7 c7 ?? ?? ?? ?? 48 b8 ?? ?? ?? ?? ?? ?? ?? ?? e9")
    );
}

#[test]
fn code_that_stands_twice_has_no_signature_until_it_differs() {
    let block = |tail: u8| [&[0x31, 0xc0, 0x48, 0xff, 0xc0, 0x48, 0x89, 0xc7, 0x90, 0x90][..], &[tail, 0xc3]].concat();
    let mut bytes = block(0x50);
    bytes.extend(block(0x51));
    let space = Pieces(vec![(0x1000, bytes)]);
    let made = sign(&space, 0x1000, 12, Isa::X86_64).unwrap();
    assert_eq!((made.hits, made.pattern.len()), (1, 11));
    let made = sign(&space, 0x1000, 10, Isa::X86_64).unwrap();
    assert_eq!((made.hits, made.others, made.pattern.len()), (2, vec![0x100c], 10));
    assert!(sign(&space, 0x1000, 3, Isa::X86_64).unwrap_err().to_string().contains("fewer than 4"));
}

#[test]
fn halves_of_addresses_are_open_on_every_architecture() {
    let masked = |isa, words: &[u32]| {
        let code: Vec<u8> = words.iter().flat_map(|w| w.to_le_bytes()).collect();
        let mapped = Ranges::new([Span::new(0x12_3000, 0x1000).unwrap()], true);
        Masked::of(&Wanted { isa, address: 0x1_0000, code: &code, mapped: &mapped }).hex()
    };
    // adrp x0; add x0, x0, #0x34; bl; ldr x1, [x2, #8]: the last is no half.
    assert_eq!(
        masked(Isa::AArch64, &[0x9000_0020, 0x9100_d000, 0x9400_0005, 0xf940_0441]),
        "?0 ?? ?? ?0 00 ?? ?? 91 ?? ?? ?? 9? 41 04 40 f9"
    );
    // auipc a0; addi a0, a0, 0x34; jal ra; beq
    assert_eq!(
        masked(Isa::RiscV64, &[0x0000_1517, 0x0345_0513, 0x0100_00ef, 0x00b5_0463]),
        "17 ?5 ?? ?? 13 05 ?5 ?? ef ?0 ?? ?? ?3 0? b5 ??"
    );
    // movw r0, #0x3000; movt r0, #0x12; bl; ldr r1, [pc, #8]
    assert_eq!(
        masked(Isa::Arm, &[0xe303_0000, 0xe340_0012, 0xeb00_0004, 0xe59f_1008]),
        "?? 0? 0? e3 ?? 0? 4? e3 ?? ?? ?? eb ?? 1? ?f e5"
    );
}

proptest! {
    /// Where the disassembler sees a branch to an address, so do the fields; and other bits in the field make the same branch to
    /// another place.
    #[test]
    fn fields_of_branches_are_the_bits_that_say_where_to(raw: [u8; 8], other: u64, form in 0usize..24) {
        use crate::disasm::{Fields, length};
        let isas = [Isa::X86_64, Isa::X86, Isa::AArch64, Isa::Arm, Isa::Thumb, Isa::RiscV64, Isa::RiscV32];
        let isa = isas[form % isas.len()];
        // Branches are seldom among random bytes.
        let mut bytes = [raw.as_slice(), &[0x90; 16]].concat();
        match (isa, form / isas.len()) {
            (Isa::X86_64 | Isa::X86, 0) => bytes[0] = 0xe8,
            (Isa::X86_64 | Isa::X86, 1) => bytes[..2].copy_from_slice(&[0x0f, 0x85]),
            (Isa::AArch64, 0) => bytes[3] = 0x97,
            (Isa::AArch64, 1) => bytes[3] = 0x54,
            (Isa::AArch64, 2) => bytes[3] = 0x36,
            (Isa::Arm, _) => bytes[3] = 0xeb,
            (Isa::Thumb, 0) => { bytes[1] = 0xf0 | raw[1] & 7; bytes[3] = 0xd0 | raw[3] & 0x2f; }
            (Isa::Thumb, 1) => bytes[1] = 0xd0 | raw[1] & 0xb,
            (Isa::RiscV64 | Isa::RiscV32, 0) => bytes[0] = 0xef,
            (Isa::RiscV64 | Isa::RiscV32, 1) => bytes[0] = 0x63 | raw[0] & 0x80,
            (Isa::RiscV64 | Isa::RiscV32, 2) => { bytes[0] = raw[0] & 0xfc | 1; bytes[1] = 0xa0 | raw[1] & 0x1f; }
            _ => {}
        }
        let address = 0x40_0000u64;
        let decode = |bytes: &[u8]| match Disassembler::new(isa, Syntax::Intel).decode(address, bytes) {
            Decoded::Instruction(i) => Some(i),
            _ => None,
        };
        let Some(one) = decode(&bytes) else { return Ok(()) };
        prop_assert_eq!(length(isa, address, &bytes), Some(one.len));
        let Some((to, Reference::Code)) = one.target else { return Ok(()) };
        let of = |bytes: &[u8], len| Fields::new(isa).of(address, len, bytes);
        let fields = of(&bytes, one.len);
        prop_assert!(fields.iter().any(|f| f.relative && f.target == to), "{}: {:?}", one.text, fields);
        let bits = fields[0].bits;
        prop_assert!(bits >> (one.len * 8) == 0 && fields.len() == 1);
        let mut changed = bytes.clone();
        for (i, b) in changed.iter_mut().enumerate().take(one.len) {
            let mask = (bits >> (8 * i)) as u8;
            *b = *b & !mask | (other >> (8 * (i % 8))) as u8 & mask;
        }
        let again = decode(&changed);
        // A compressed jump and some others have no form with every distance.
        if let Some(again) = again {
            prop_assert_eq!((again.len, again.flow), (one.len, one.flow), "{} / {}", one.text, again.text);
            prop_assert!(of(&changed, one.len).iter().any(|f| f.bits == bits));
        }
    }
}
