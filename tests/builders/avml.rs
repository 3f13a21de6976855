//! AVML version 2 files.

use super::lime::header;
use std::io::Write;

pub const AVML: u32 = 0x4C4D_5641;
/// The Snappy framing format's stream identifier.
pub const STREAM: &[u8] = b"\xff\x06\x00\x00sNaPpY";

/// A chunk of the framing format with whatever body.
pub fn chunk(kind: u8, body: &[u8]) -> Vec<u8> {
    let [a, b, c, _] = (body.len() as u32).to_le_bytes();
    [&[kind, a, b, c], body].concat()
}

/// What avml itself writes: `data` as frames.
pub fn frames(data: &[u8]) -> Vec<u8> {
    let mut encoder = snap::write::FrameEncoder::new(Vec::new());
    encoder.write_all(data).unwrap();
    encoder.into_inner().unwrap()
}

/// A block of `len` bytes at `first` with a stream of any content, and its length behind it.
pub fn block_of(first: u64, len: u64, stream: &[u8]) -> Vec<u8> {
    let mut out = header(AVML, 2, first, first + (len - 1));
    out.extend(stream);
    out.extend((stream.len() as u64).to_le_bytes());
    out
}

/// A right block.
pub fn block(first: u64, data: &[u8]) -> Vec<u8> {
    block_of(first, data.len() as u64, &frames(data))
}
