//! The kernel's containers, with loops and wild pointers told.
//!
//! - `list`: linked lists
//! - `tree`: red-black trees
//! - `maple`: maple trees
//! - `xarray`: radix trees, XArrays and IDRs
//! - `walk`: any of them, for whoever asks by hand

pub(crate) mod list;
pub(crate) mod maple;
pub(crate) mod tree;
pub mod walk;
pub(crate) mod xarray;
