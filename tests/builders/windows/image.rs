//! Modules of one's own: code, exports, imports with the pointers that stand in their tables.

use super::pe::{OPTIONAL, Pe};

/// Where a module has its parts.
pub const CODE: u32 = 0x1000;
const EXPORTS: u32 = 0x2000;
const IMPORTS: usize = 0x2800;
pub const SLOTS: u32 = 0x3000;
/// Pages that are written; the image may be larger.
pub const BYTES: u64 = 0x4000;

/// The pages of a module of `size` bytes. Imports: the library, and of each function the name and where it leads.
pub fn module(wide: bool, name: &str, size: u32, exports: &[(&str, u32)], imports: &[(&str, &[(&str, u64)])]) -> Vec<u8> {
    let head = Pe {
        wide,
        machine: if wide { 0x8664 } else { 0x14c },
        name,
        size,
        sections: &[
            (".text", CODE, 0x1000, 0x6000_0020),
            (".rdata", EXPORTS, 0x1000, 0x4000_0040),
            (".data", SLOTS, 0x1000, 0xc000_0040),
        ],
        exports,
        export_at: EXPORTS,
        pdb: None,
        debug_at: 0,
        timestamp: 0x6632_1234,
    };
    let mut out = vec![0u8; BYTES as usize];
    let mut put = |at: usize, bytes: &[u8]| out[at..at + bytes.len()].copy_from_slice(bytes);
    for (at, bytes) in head.pieces() {
        put(at as usize, &bytes);
    }
    put(CODE as usize, &[0xc3; 0x1000]);
    if imports.is_empty() {
        return out;
    }
    put(OPTIONAL + if wide { 112 } else { 96 } + 8, &[(IMPORTS as u32).to_le_bytes(), 40u32.to_le_bytes()].concat());
    let width = if wide { 8 } else { 4 };
    // Descriptors, tables of names, texts, each in a part of its own.
    let (mut names, mut text, mut slots) = (IMPORTS + 0x100, IMPORTS + 0x300, SLOTS as usize);
    for (i, (library, functions)) in imports.iter().enumerate() {
        let at = IMPORTS + 20 * i;
        for (offset, value) in [(0, names), (12, text), (16, slots)] {
            put(at + offset, &(value as u32).to_le_bytes());
        }
        put(text, library.as_bytes());
        text += library.len() + 1;
        for (name, target) in *functions {
            put(names, &(text as u64).to_le_bytes()[..width]);
            put(slots, &target.to_le_bytes()[..width]);
            put(text + 2, name.as_bytes());
            text += name.len() + 3;
            (names, slots) = (names + width, slots + width);
        }
        (names, slots) = (names + width, slots + width);
    }
    out
}
