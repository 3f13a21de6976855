//! Tiny image files for tests: right ones, and wrong ones made from them.
#![allow(dead_code, reason = "no test uses all of it")]
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, clippy::cast_possible_truncation)]

pub mod avml;
pub mod crashdump;
pub mod elf;
pub mod ewf;
pub mod hiberfil;
pub mod kcore;
pub mod kdump;
pub mod lime;
pub mod lkcd;
pub mod lzo;
pub mod minidump;
pub mod qcow2;
pub mod qemu;
pub mod usercore;
pub mod vmware;
pub mod windows;
pub mod xen;
pub mod xpress;
pub mod zip;

/// Bytes that differ from page to page and byte to byte.
pub fn pattern(len: usize, seed: u64) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()[3] | 1
    };
    std::iter::repeat_with(next).take(len).collect()
}
