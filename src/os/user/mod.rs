//! A target that is one process: a core dump or a minidump.
//!
//! It has no kernel and no physical memory. Its address space has no page tables ([`crate::engine::Flat`]); what the dump says of threads, modules
//! and regions is handed out as any other system's is.
#![deny(
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_sign_loss,
    clippy::cast_lossless
)]

mod layer;
mod process;

pub use layer::detect;
pub use process::{UserOs, UserProcess};
