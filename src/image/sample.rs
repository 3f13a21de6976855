//! The image that comes with memsh.

use super::open::{Image, OpenOptions, open_bytes};
use crate::Result;

/// Memory of a small Linux guest, compressed as a file would be; see `assets/README.md`.
pub static SAMPLE: &[u8] = include_bytes!("../../assets/sample.raw.zst");

/// Opens the embedded sample.
///
/// # Errors
/// When the host has no memory to unpack it into.
pub fn sample(options: &OpenOptions) -> Result<Image> {
    open_bytes(SAMPLE, "sample", options)
}
