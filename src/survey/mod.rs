//! What memory looks like, block by block: how much of it is zeros, and how disordered the rest is.
//!
//! A space (an [`engine::search`](crate::engine::search) source) is cut into blocks at multiples of their size; [`survey`] measures each
//! on all processors and hands them out in ascending order. What is missing from a block is left out of its numbers. A [`Layout`] puts a space with its
//! holes left out into the cells of a picture.
#![deny(
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_sign_loss,
    clippy::cast_lossless
)]

mod block;
mod blocks;
mod layout;
#[cfg(test)]
mod tests;

pub use block::{Block, Class};
pub use blocks::{LARGEST, SMALLEST, survey};
pub use layout::Layout;

use memsh_plugin::umem;

/// Bytes of a frame of physical memory, as far as pictures are concerned: the smallest page of every architecture.
pub const FRAME: umem = 4096;
