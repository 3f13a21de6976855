//! Writing AVML, as avml 0.21 does: blocks of at most 16 MiB, those that hold only zeros left out.

use super::{MAGIC, VERSION};
use std::io::Write;

/// Bytes of a block: `MAX_BLOCK_SIZE` of avml's `image.rs`.
pub(in super::super) const BLOCK: u64 = 16 << 20;

/// A block: header, frames, and the length of the frames. Nothing where all of it is zero.
pub(in super::super) fn pack(start: u64, data: &[u8]) -> std::io::Result<Option<Vec<u8>>> {
    let Some(last) = u64::try_from(data.len()).ok().and_then(|n| start.checked_add(n.checked_sub(1)?)) else {
        return Ok(None);
    };
    if data.chunks(super::super::map::PAGE).all(super::super::map::is_zero) {
        return Ok(None);
    }
    let mut out = Vec::with_capacity(data.len() / 2);
    out.extend(MAGIC.to_le_bytes());
    out.extend(VERSION.to_le_bytes());
    out.extend(start.to_le_bytes());
    out.extend(last.to_le_bytes());
    out.extend([0; 8]);
    let head = out.len();
    let mut frames = snap::write::FrameEncoder::new(out);
    frames.write_all(data)?;
    let mut out = frames.into_inner().map_err(snap::write::IntoInnerError::into_error)?;
    let len = u64::try_from(out.len() - head).map_err(std::io::Error::other)?;
    out.extend(len.to_le_bytes());
    Ok(Some(out))
}
