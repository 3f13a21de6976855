//! What a processor defines: page-table formats, as constant data.
//!
//! A [`PageFormat`] says how a virtual address is cut into indices, where an entry keeps the next address, and which bits
//! allow what. The walker in [`engine`](crate::engine) is generic over it; nothing here moves a byte.
//!
//! - [`x86`]: 32-bit, PAE, 4-level, 5-level (Intel SDM volume 3A, chapter 4; AMD APM volume 2, chapter 5)
//! - [`aarch64`]: 4 KiB, 16 KiB and 64 KiB granules, 36 to 52 bits (Arm ARM DDI 0487, chapter D8)
//! - [`arm`]: 32-bit ARM, short and long descriptors (Arm ARM DDI 0406, chapter B3)
//! - [`riscv`]: Sv32, Sv39, Sv48, Sv57 (RISC-V Privileged Specification, Supervisor-Level ISA)
#![deny(
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_sign_loss,
    clippy::cast_lossless
)]

pub mod aarch64;
pub mod arm;
mod format;
mod paging;
pub mod riscv;
pub mod x86;

pub use format::{Canonical, Extra, Large, Leaf, Level, MAX_DEPTH, PageFormat, PermRule, SplitRoots};
pub use paging::{Arch, Paging};
pub(crate) use paging::{typed, with_format};
