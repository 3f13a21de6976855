//! Instructions of x86 that the emulator takes for others.
//!
//! Unicorn's QEMU (5.0) knows no AVX: of an instruction with a VEX prefix it drops the prefix and runs the one of SSE with two operands, so that
//! `vpxor xmm0, xmm1, xmm2` becomes another one. Such code is found before it runs. What it does know with this prefix is BMI.
//! Encodings: Intel SDM 2, 2.3.5 (VEX), table 2-13 of BMI's opcodes; AMD APM 6 for XOP.

use crate::machine::Kind;
use std::collections::HashSet;

/// Legacy prefixes.
const PREFIXES: &[u8] = &[0x26, 0x2e, 0x36, 0x3e, 0x64, 0x65, 0x66, 0x67, 0xf0, 0xf2, 0xf3];

/// Whether the emulator would run something else.
pub fn is_foreign(kind: Kind, code: &[u8]) -> bool {
    if kind == Kind::AArch64 {
        return false;
    }
    let mut rest = code.iter().copied().skip_while(|b| PREFIXES.contains(b));
    let (Some(first), Some(second)) = (rest.next(), rest.next()) else { return false };
    // In 32-bit code these two are `les` and `lds`, unless what follows names two registers.
    let is_vex = kind == Kind::X8664 || second >= 0xc0;
    match first {
        0xc5 => is_vex,
        0xc4 if is_vex => {
            let opcode = rest.nth(1);
            let known = match second & 0x1f {
                // andn, blsr/blsmsk/blsi, bzhi/pext/pdep, mulx, bextr/shlx/shrx/sarx
                2 => matches!(opcode, Some(0xf2 | 0xf3 | 0xf5 | 0xf6 | 0xf7)),
                // rorx
                3 => opcode == Some(0xf0),
                _ => false,
            };
            !known
        }
        // `pop` has 0 there; everything else is XOP.
        0x8f => second & 0x38 != 0,
        _ => false,
    }
}

/// Addresses whose code was looked at.
#[derive(Debug, Default)]
pub struct Vetted {
    addresses: HashSet<u64>,
    pages: HashSet<u64>,
}

/// So many are kept; then it begins anew.
const KEPT: usize = 1 << 18;

impl Vetted {
    pub fn has(&self, address: u64) -> bool {
        self.addresses.contains(&address)
    }

    pub fn put(&mut self, address: u64) {
        if self.addresses.len() >= KEPT {
            self.addresses.clear();
            self.pages.clear();
        }
        self.addresses.insert(address);
        // An instruction has up to 15 bytes.
        self.pages.extend([address >> 12, address.wrapping_add(14) >> 12]);
    }

    /// Bytes are written: what was code there is looked at again.
    pub fn written(&mut self, address: u64, len: u64) {
        if self.pages.contains(&(address >> 12)) || self.pages.contains(&(address.wrapping_add(len) >> 12)) {
            self.addresses.clear();
            self.pages.clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn avx_is_told_from_what_looks_like_it() {
        let foreign: &[&[u8]] =
            &[&[0xc5, 0xf9, 0xef, 0xc1], &[0xc5, 0xf8, 0x77], &[0xc4, 0xe2, 0x79, 0x58, 0x07], &[0x8f, 0xe9, 0x78, 0xe1]];
        for code in foreign {
            assert!(is_foreign(Kind::X8664, code), "{code:02x?}");
        }
        // mulx, rorx, pop, mov; a prefix alone
        let own: &[&[u8]] = &[
            &[0xc4, 0xe2, 0xfb, 0xf6, 0xc1],
            &[0xc4, 0xe3, 0xfb, 0xf0, 0xc0, 0x10],
            &[0x8f, 0xc0],
            &[0x48, 0x89, 0xf8],
            &[0xf3],
            &[],
        ];
        for code in own {
            assert!(!is_foreign(Kind::X8664, code), "{code:02x?}");
        }
        // les eax, [edi]; vpxor
        assert!(!is_foreign(Kind::X86, &[0xc4, 0x07]) && is_foreign(Kind::X86, &[0xc5, 0xf9, 0xef, 0xc1]));
        assert!(!is_foreign(Kind::AArch64, &[0xc5, 0xf9, 0xef, 0xc1]));
    }

    #[test]
    fn written_code_is_looked_at_again() {
        let mut vetted = Vetted::default();
        vetted.put(0x1ffa);
        assert!(vetted.has(0x1ffa) && !vetted.has(0x1ffb));
        vetted.written(0x5000, 8);
        assert!(vetted.has(0x1ffa));
        vetted.written(0x2000, 1);
        assert!(!vetted.has(0x1ffa));
    }
}
