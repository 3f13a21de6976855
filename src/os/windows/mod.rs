//! Windows.
//!
//! - `find`: the kernel in memory
//! - `base`: what every part stands on: the kernel, its structures' offsets, strings, lists, times
//! - `processes`, `process`, `threads`, `token`, `peb`, `modules`, `vad`: processes and what is in them
//! - `paging`: pages that page tables alone do not find
//! - `hooks`: tables through which the kernel calls code
//! - `objects`: the object manager, handles
//! - `wellknown`: names that Windows gives to numbers
//! - `drivers`: modules of the kernel
//! - `pe`: PE images in memory
//! - `given`, `pdbs`: types and symbols from files, of the kernel and of modules
//! - `pool`: blocks of the pool by their tags
//! - `net`: network endpoints
//! - `keyboard`: keys that are down
//! - `console`: commands typed into consoles
//! - `registry`: hives, keys and values
//! - `services`: what the service control manager runs
//! - `census`: processes by every way that leads to one
//! - `session`: memory of the kernel that each session has for itself
//! - `suspicion`: what looks as it should not
#![deny(
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_sign_loss,
    clippy::cast_lossless
)]

pub mod base;
pub mod census;
pub mod console;
pub mod cpus;
pub mod drivers;
mod find;
mod given;
pub mod hooks;
pub mod keyboard;
mod layer;
mod modules;
pub mod net;
pub mod objects;
mod paging;
pub mod pdbs;
pub mod pe;
mod peb;
mod pool;
mod process;
mod processes;
pub mod registry;
pub mod services;
pub mod session;
pub mod suspicion;
#[cfg(test)]
mod testkit;
mod threads;
pub mod token;
pub mod vad;
pub mod wellknown;

pub use base::kernel::Kernel;
pub use find::{Effort, detect};
pub use layer::Windows;
pub use process::WindowsProcess;

use super::Hints;
use crate::{Error, ErrorKind, Layer};

/// The answer for a dump of Windows that holds no physical memory.
pub(super) fn without_memory(hints: &Hints, why: &str) -> Error {
    let (system, source) = hints.windows.as_ref().map_or_else(|| ("Windows".to_owned(), "dump"), |w| (w.describe(), w.source));
    Error::new(
        Layer::Os,
        ErrorKind::Unsupported,
        format!("this {source} is of {system}, and holds too little for an operating system"),
    )
    .hint(format!("{why}; `info` shows what is in it"))
}
