//! How common a byte is in memory.

use memchr::arch::all::packedpair::HeuristicFrequencyRank;

/// Ranks bytes by how common they are in memory images. memchr's own table was made from source text, where NUL is rare; in
/// memory it is the most common byte by far, and a search that waits for it stops at every step.
pub(super) struct MemoryRank;

impl HeuristicFrequencyRank for MemoryRank {
    fn rank(&self, byte: u8) -> u8 {
        rank(byte)
    }
}

/// The rank of a byte: 255 is the most common.
pub(super) const fn rank(byte: u8) -> u8 {
    match byte {
        0x00 => 255,
        0xff => 250,
        // Space, and the letters that English and identifiers use most.
        b' ' => 240,
        b'e' | b't' | b'a' | b'i' | b'n' | b'o' | b'r' | b's' => 230,
        // x86-64: REX.W, mov, call, and the fillers of code.
        0x48 | 0x8b | 0x89 | 0xe8 | 0x90 | 0xcc => 220,
        0x01..=0x04 | 0x08 | 0x10 | 0x40 | 0x80 => 210,
        b'_' | b'.' | b'/' | b'-' | b'd' | b'l' | b'c' | b'm' | b'p' | b'u' => 200,
        b'a'..=b'z' => 170,
        b'0'..=b'9' => 160,
        b'A'..=b'Z' => 140,
        b'!'..=b'~' => 120,
        0x05..=0x1f => 110,
        _ => 90,
    }
}
