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
//! - `frames`: page frames, `struct page` and the direct map
//! - `finding`: what looks as it should not
//! - `owner`: who uses a page frame
//! - `path`: what a directory entry is called from the root of process 1
//! - `pagecache`, `cachedpages`, `overlay`: files in memory, their cached pages, what lies below an overlay
//! - `args`: arguments and environment
//! - `history`: what users typed into shells
//! - `kmsg`: the kernel's log
//! - `module`, `names`: kernel modules and their symbols
//! - `space`: the address space of a process, with page-table isolation or without
//! - `sys`: the system as a whole
#![deny(
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_sign_loss,
    clippy::cast_lossless
)]

mod args;
pub mod cachedpages;
mod fdtable;
mod find;
pub mod finding;
pub mod frames;
pub mod history;
mod image;
mod kernel;
pub mod kmsg;
mod layout;
mod list;
mod lost;
mod maple;
mod mm;
mod module;
mod names;
mod overlay;
pub mod owner;
pub mod pagecache;
mod path;
mod percpu;
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
mod xarray;

pub use find::detect;
pub use kernel::{Kernel, Linux};
pub use module::module_symbols;
pub use process::LinuxProcess;
pub use space::process_space;
