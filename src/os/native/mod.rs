//! This machine, through system calls: `-O native`.
//!
//! The layer stands on nothing and needs no kernel structures, types or page tables: what the running system tells of itself makes the
//! answers, and the system copies the memory of its processes. It implements the plugin traits `Os`, `Process` and `MemoryView`
//! as a loaded plugin would, and becomes an [`OsLayer`] through [`foreign`](super::foreign).
//!
//! - `linux` asks `/proc` and copies memory with `process_vm_readv`
//! - `portable` (Windows, macOS) asks the crates `sysinfo`, `proc-maps` and `read-process-memory`
//!
//! There is no control block whose address could be known. What stands for it is the process id (of a thread: its thread id): one
//! number per process that [`Os::process`](memsh_plugin::Os::process) takes back.
//!
//! Nothing here asks for privileges. What another user's process does not give is an error that says which capability or setting
//! is missing; a process that ends while it is looked at is no error and no row.
#![deny(
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_sign_loss,
    clippy::cast_lossless
)]

#[cfg(target_os = "linux")]
mod linux;
#[cfg(any(target_os = "windows", target_os = "macos", all(test, target_os = "linux")))]
mod portable;

use super::OsLayer;
use crate::Result;

#[cfg(target_os = "linux")]
use linux as system;
#[cfg(any(target_os = "windows", target_os = "macos"))]
use portable as system;

/// This machine, for reading.
///
/// # Errors
/// Where this machine can't be asked: no `/proc` is mounted, or memsh has no code for this system.
pub fn layer() -> Result<OsLayer> {
    layer_for(false)
}

/// This machine; with `write`, its processes' memory can be written to.
///
/// # Errors
/// As [`layer`].
pub fn layer_for(write: bool) -> Result<OsLayer> {
    #[cfg(any(target_os = "linux", target_os = "windows", target_os = "macos"))]
    return system::layer(write);
    #[cfg(not(any(target_os = "linux", target_os = "windows", target_os = "macos")))]
    {
        let _ = write;
        let what = format!("memsh can't ask {} for its processes", std::env::consts::OS);
        Err(crate::Error::new(crate::Layer::Os, crate::ErrorKind::Unsupported, what)
            .hint("the native layer knows Linux, Windows and macOS"))
    }
}
