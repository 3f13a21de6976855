//! Linux, from its memory alone.
//!
//! `find` locates the kernel (page-table root, KASLR slide, symbols, types); everything else reads structures whose layout comes
//! from the types found there. No offset is a constant in this folder.
//!
//! - `base`: what everything else stands on: a found kernel, the layouts of its structures, what was lost on the way
//! - `containers`: lists, trees, arrays
//! - `tasks`: processes and threads
//! - `memory`: address spaces and page frames
//! - `files`: open files, cached files, mounts
//! - `net`: sockets
//! - `code`: modules, eBPF, whose code an address is
//! - `system`: its name, its log, timers, resources, swap
//! - `suspicion`: what looks as it should not
//! - `facts`: what a Linux can be asked, whether its memory is read or it answers itself
#![deny(
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_sign_loss,
    clippy::cast_lossless
)]

pub mod base;
pub mod code;
pub mod containers;
pub mod facts;
pub mod files;
mod find;
pub mod memory;
pub mod net;
pub mod suspicion;
pub mod system;
pub mod tasks;
#[cfg(test)]
mod testkit;
#[cfg(test)]
mod tests;

pub use base::kernel::{Kernel, Linux};
pub use code::modsyms::module_symbols;
pub use find::detect;
pub use memory::space::process_space;
pub use tasks::process::LinuxProcess;
