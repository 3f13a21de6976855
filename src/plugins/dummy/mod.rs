//! A made-up target, for docs, tests and benchmarks.
//!
//! - `tables` writes page tables of every format
//! - `random` makes the same random numbers everywhere
#![deny(
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_sign_loss,
    clippy::cast_lossless
)]

mod random;
pub mod tables;

pub use random::Random;
