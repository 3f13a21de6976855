//! AVML version 2 (called LiME version 2, too): ranges of memory, each compressed as a stream of Snappy frames.
//!
//! A header of 32 bytes as in LiME (magic `AVML`, version 2, first and last address, eight zero bytes), a stream in the Snappy
//! framing format, and the length of that stream in eight bytes: `image.rs` and `io/snappy.rs` of Microsoft's avml. A range has at
//! most 16 MiB. Blocks that hold only zeros are left out. Blocks with a LiME version 1 header, whose bytes lie there as they are,
//! may stand between the others, and a file may begin with one: some writers store what does not shrink like that.
//!
//! There is no index. It is built by going from frame to frame (`frames`); nothing is unpacked for it.

mod frames;
mod index;
mod pieces;
mod write;

pub(super) use write::{BLOCK, pack};

use super::detect::Parsed;
use super::input::Input;
use crate::{At, Error, ErrorKind, Layer, Result};
use index::Index;
use pieces::Pieces;
use std::sync::Arc;

/// `AVML` in bytes.
pub(super) const MAGIC: u32 = 0x4C4D_5641;
/// The only version that has been seen.
pub(super) const VERSION: u32 = 2;
/// Bytes of a header, LiME's or AVML's.
pub(super) const HEADER: u64 = 32;

/// Whether `data` begins with an AVML header.
pub(super) fn probe(data: &[u8]) -> bool {
    data.starts_with(&MAGIC.to_le_bytes())
}

/// Reads all headers and frames. What makes no sense is left out, and a warning says so.
pub(super) fn parse(input: &Input<'_>) -> Result<Parsed> {
    let data = input.data();
    if !probe(data) && !super::lime::probe(data) {
        return Err(Error::new(Layer::Image, ErrorKind::Malformed, "no AVML header (41 56 4d 4c) at the beginning of the file")
            .at(At::File(0))
            .hint("leave --format away to let memsh find the format"));
    }
    let index = Index::of(input)?;
    let mut parsed = Parsed::new("avml");
    parsed.detail("avml_blocks", index.packed_blocks);
    parsed.detail("lime_blocks", index.plain_blocks);
    parsed.detail("snappy_frames", index.frames);
    parsed.detail("compression", "snappy");
    parsed.detail("packed_bytes", index.packed_bytes);
    parsed.detail("unpacked_bytes", index.unpacked_bytes);
    parsed.warnings.extend(index.warnings.iter().cloned());
    let pieces = Pieces::new(Arc::clone(input.content), index.pieces);
    parsed.blocks = Some(Box::new(pieces));
    Ok(parsed)
}
