//! BTF, the compact type information that a kernel carries in its own memory.
//!
//! `header` says where the sections are, [`find_btf`] finds headers in raw memory, `blob` walks the type section once and
//! notes where each type begins, `types` decodes one type when it is asked for, `names` finds types by name, `salvage` what is left of a damaged blob, and `all` makes one
//! of a kernel's types and its modules'.
//!
//! Format: Documentation/bpf/btf.rst and include/uapi/linux/btf.h of the Linux kernel.
#![deny(
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_sign_loss,
    clippy::cast_lossless
)]

mod all;
#[cfg(test)]
mod all_tests;
mod blob;
#[cfg(test)]
pub mod build;
mod header;
mod kind;
mod names;
mod salvage;
#[cfg(test)]
mod tests;
mod types;

pub use all::{AllTypes, KernelTypes, ModuleBlob, ModuleBlobs};
pub use blob::Btf;
pub use header::{BtfCandidate, find_btf};
#[cfg(test)]
pub use salvage::Salvage;
