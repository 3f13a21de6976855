//! Files: open ones, cached ones, and the mounts they lie on.
//!
//! - `fdtable`, `openfile`: open descriptors of a task, and the files behind them
//! - `filekind`, `filedetail`, `filewords`, `openflags`, `sockname`: what an open file is, and what is known of each kind
//! - `holders`: which process holds which open file
//! - `path`, `lookup`: what a directory entry is called from the root of process 1, and which one a path leads to
//! - `mount`, `mountopts`, `overlayopts`: mounts of every mount namespace, and their options
//! - `pagecache`, `cachedpages`, `overlay`: files in memory, their cached pages, what lies below an overlay

pub mod cachedpages;
pub(crate) mod fdtable;
pub(crate) mod filedetail;
pub(crate) mod filekind;
pub(crate) mod filewords;
pub(crate) mod holders;
pub(crate) mod lookup;
pub mod mount;
pub(crate) mod mountopts;
pub mod openfile;
#[cfg(any(feature = "cli", test))]
pub(crate) mod openflags;
pub(crate) mod overlay;
mod overlayopts;
pub mod pagecache;
pub(crate) mod path;
pub(crate) mod sockname;
