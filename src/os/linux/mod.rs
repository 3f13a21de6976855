//! Linux, from its memory alone.
//!
//! `find` locates the kernel (page-table root, KASLR slide, symbols, types); everything else reads structures whose layout comes
//! from the types found there. No offset is a constant in this folder.
//!
//! - `kernel`: a found kernel, and [`Linux`], the OS layer over it
//! - `layout`, `shapes`: where the kernel keeps what; members by name, structures read in one piece
//! - `list`, `tree`, `maple`, `xarray`: the kernel's containers, with loops and wild pointers told
//! - `task`, `process`: processes and threads
//! - `mm`, `region`, `image`: address spaces, their regions, the programs in them
//! - `fdtable`, `percpu`: open descriptors of a task; per-CPU variables
//! - `finding`: what looks as it should not
//! - `path`: what a directory entry is called from the root of process 1
//! - `args`: arguments and environment
//! - `module`, `names`: kernel modules and their symbols
//! - `space`: the address space of a process, with page-table isolation or without
//! - `walk`: any list or tree, for whoever asks by hand
//! - `unwind`: stacks of tasks
//! - `sys`: the system as a whole
#![deny(
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_sign_loss,
    clippy::cast_lossless
)]

mod args;
mod fdtable;
mod find;
pub mod finding;
mod image;
mod kernel;
mod layout;
mod list;
mod lost;
mod maple;
mod mm;
mod module;
mod names;
mod path;
pub mod percpu;
mod process;
mod region;
mod shapes;
mod space;
mod sys;
mod task;
#[cfg(test)]
mod testkit;
#[cfg(test)]
mod tests;
mod tree;
pub mod unwind;
pub mod walk;
mod xarray;

pub use find::detect;
pub use kernel::{Kernel, Linux};
pub use module::module_symbols;
pub use process::LinuxProcess;
pub use space::process_space;
