//! What the engine must get right, over every page-table format.
//!
//! - `support`: memories to test with
//! - `reference`: a plain walk, written from the manuals and from nothing else
//! - `soup`: random tables
//! - `walker`: the engine against the reference
//! - `x86`, `aarch64`, `riscv`: tables computed by hand
//! - `calls`: how many calls a backend sees; caches
//! - `linear`: addresses whose page tables are not in the image
//! - `pager`: pages that are in no frame
//! - `reads`: reads over gaps, strings, odd memory maps
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_sign_loss,
    clippy::cast_lossless,
    clippy::as_conversions,
    clippy::unnecessary_cast,
    clippy::identity_op,
    clippy::useless_conversion,
    clippy::type_complexity,
    clippy::unusual_byte_groupings,
    reason = "tests; a target number is a u64 or a u128"
)]

mod aarch64;
mod arm;
mod calls;
mod linear;
mod pager;
mod reads;
mod reference;
mod riscv;
mod soup;
mod support;
mod walker;
mod x86;
