//! RISC-V instructions of 16 bits (extension C): each is short for one of 32 bits.

/// The instruction of 32 bits that `half` is short for; `None` where it is none. `wide` says RV64.
pub fn expand(half: u16, wide: bool) -> Option<u32> {
    let h = u32::from(half);
    let rd = h >> 7 & 31;
    let rs2 = h >> 2 & 31;
    // Registers of three bits are x8 to x15.
    let (short_d, short_1) = (8 + (h >> 2 & 7), 8 + (h >> 7 & 7));
    let imm6 = bits(h, &[(12, 5), (6, 4), (5, 3), (4, 2), (3, 1), (2, 0)]);
    let signed6 = extend(imm6, 6);
    let words = bits(h, &[(12, 5), (11, 4), (10, 3), (6, 2), (5, 6)]);
    let doubles = bits(h, &[(12, 5), (11, 4), (10, 3), (6, 7), (5, 6)]);
    Some(match (h & 3, h >> 13) {
        (0, 0) => match bits(h, &[(12, 5), (11, 4), (10, 9), (9, 8), (8, 7), (7, 6), (6, 2), (5, 3)]) {
            0 => return None,
            n => i(0x13, 0, short_d, 2, n),
        },
        (0, 1) => i(0x07, 3, short_d, short_1, doubles),
        (0, 2) => i(0x03, 2, short_d, short_1, words),
        (0, 3) if wide => i(0x03, 3, short_d, short_1, doubles),
        (0, 3) => i(0x07, 2, short_d, short_1, words),
        (0, 5) => s(0x27, 3, short_1, short_d, doubles),
        (0, 6) => s(0x23, 2, short_1, short_d, words),
        (0, 7) if wide => s(0x23, 3, short_1, short_d, doubles),
        (0, 7) => s(0x27, 2, short_1, short_d, words),
        (1, 0) => i(0x13, 0, rd, rd, signed6),
        (1, 1) if wide => match rd {
            0 => return None,
            _ => i(0x1b, 0, rd, rd, signed6),
        },
        (1, 1) => j(1, jump(h)),
        (1, 2) => i(0x13, 0, rd, 0, signed6),
        (1, 3) if rd == 2 => match bits(h, &[(12, 9), (6, 4), (5, 6), (4, 8), (3, 7), (2, 5)]) {
            0 => return None,
            n => i(0x13, 0, 2, 2, extend(n, 10)),
        },
        (1, 3) => match signed6 {
            0 => return None,
            n => (n & 0xf_ffff) << 12 | rd << 7 | 0x37,
        },
        (1, 4) => arithmetic(h, short_1, short_d, imm6, wide)?,
        (1, 5) => j(0, jump(h)),
        (1, 6) => b(0, short_1, branch(h)),
        (1, 7) => b(1, short_1, branch(h)),
        (2, 0) if wide || imm6 < 32 => i(0x13, 1, rd, rd, imm6),
        (2, 1) => i(0x07, 3, rd, 2, bits(h, &[(12, 5), (6, 4), (5, 3), (4, 8), (3, 7), (2, 6)])),
        (2, 2) if rd != 0 => i(0x03, 2, rd, 2, bits(h, &[(12, 5), (6, 4), (5, 3), (4, 2), (3, 7), (2, 6)])),
        (2, 3) if !wide => i(0x07, 2, rd, 2, bits(h, &[(12, 5), (6, 4), (5, 3), (4, 2), (3, 7), (2, 6)])),
        (2, 3) if rd != 0 => i(0x03, 3, rd, 2, bits(h, &[(12, 5), (6, 4), (5, 3), (4, 8), (3, 7), (2, 6)])),
        (2, 4) => match (h >> 12 & 1, rd, rs2) {
            (0, 0, 0) => return None,
            (0, _, 0) => i(0x67, 0, 0, rd, 0),
            (0, ..) => r(0x33, 0, 0, rd, 0, rs2),
            (_, 0, 0) => 0x0010_0073,
            (_, _, 0) => i(0x67, 0, 1, rd, 0),
            _ => r(0x33, 0, 0, rd, rd, rs2),
        },
        (2, 5) => s(0x27, 3, 2, rs2, bits(h, &[(12, 5), (11, 4), (10, 3), (9, 8), (8, 7), (7, 6)])),
        (2, 6) => s(0x23, 2, 2, rs2, bits(h, &[(12, 5), (11, 4), (10, 3), (9, 2), (8, 7), (7, 6)])),
        (2, 7) if wide => s(0x23, 3, 2, rs2, bits(h, &[(12, 5), (11, 4), (10, 3), (9, 8), (8, 7), (7, 6)])),
        (2, 7) => s(0x27, 2, 2, rs2, bits(h, &[(12, 5), (11, 4), (10, 3), (9, 2), (8, 7), (7, 6)])),
        _ => return None,
    })
}

/// `c.srli`, `c.srai`, `c.andi` and those on two registers.
fn arithmetic(h: u32, rd: u32, rs2: u32, imm: u32, wide: bool) -> Option<u32> {
    Some(match (h >> 10 & 3, h >> 12 & 1, h >> 5 & 3) {
        (0, ..) if wide || imm < 32 => i(0x13, 5, rd, rd, imm),
        (1, ..) if wide || imm < 32 => i(0x13, 5, rd, rd, imm | 0x400),
        (2, ..) => i(0x13, 7, rd, rd, extend(imm, 6)),
        (3, 0, 0) => r(0x33, 0, 0x20, rd, rd, rs2),
        (3, 0, 1) => r(0x33, 4, 0, rd, rd, rs2),
        (3, 0, 2) => r(0x33, 6, 0, rd, rd, rs2),
        (3, 0, _) => r(0x33, 7, 0, rd, rd, rs2),
        (3, _, 0) if wide => r(0x3b, 0, 0x20, rd, rd, rs2),
        (3, _, 1) if wide => r(0x3b, 0, 0, rd, rd, rs2),
        _ => return None,
    })
}

/// Bits of `from` put elsewhere: pairs of where each stands and where it goes.
fn bits(from: u32, places: &[(u32, u32)]) -> u32 {
    places.iter().fold(0, |value, (at, to)| value | (from >> at & 1) << to)
}

/// A value of `width` bits with its sign, in 32 bits.
fn extend(value: u32, width: u32) -> u32 {
    let spare = 32 - width;
    ((value << spare).cast_signed() >> spare).cast_unsigned()
}

fn jump(h: u32) -> u32 {
    extend(bits(h, &[(12, 11), (11, 4), (10, 9), (9, 8), (8, 10), (7, 6), (6, 7), (5, 3), (4, 2), (3, 1), (2, 5)]), 12)
}

fn branch(h: u32) -> u32 {
    extend(bits(h, &[(12, 8), (11, 4), (10, 3), (6, 7), (5, 6), (4, 2), (3, 1), (2, 5)]), 9)
}

fn r(op: u32, f3: u32, f7: u32, rd: u32, rs1: u32, rs2: u32) -> u32 {
    f7 << 25 | rs2 << 20 | rs1 << 15 | f3 << 12 | rd << 7 | op
}

fn i(op: u32, f3: u32, rd: u32, rs1: u32, imm: u32) -> u32 {
    (imm & 0xfff) << 20 | rs1 << 15 | f3 << 12 | rd << 7 | op
}

fn s(op: u32, f3: u32, rs1: u32, rs2: u32, imm: u32) -> u32 {
    (imm >> 5 & 0x7f) << 25 | rs2 << 20 | rs1 << 15 | f3 << 12 | (imm & 31) << 7 | op
}

fn b(f3: u32, rs1: u32, imm: u32) -> u32 {
    (imm >> 12 & 1) << 31 | (imm >> 5 & 0x3f) << 25 | rs1 << 15 | f3 << 12 | (imm >> 1 & 15) << 8 | (imm >> 11 & 1) << 7 | 0x63
}

fn j(rd: u32, imm: u32) -> u32 {
    (imm >> 20 & 1) << 31 | (imm >> 1 & 0x3ff) << 21 | (imm >> 11 & 1) << 20 | (imm >> 12 & 0xff) << 12 | rd << 7 | 0x6f
}
