//! Operating systems: what the bytes mean.
//!
//! An OS layer implements the plugin traits `Os`, `Process` and `MemoryView`; those built in do so exactly as a plugin would.
//! [`OsLayer`] is such a layer together with what only a built-in one can offer: the kernel's address space, its symbols and
//! its types.

pub mod finding;
pub mod foreign;
mod layer;
pub mod linux;
pub(crate) mod lost;
pub mod native;
pub mod sightings;
pub(crate) mod sweep;
pub(crate) mod symbolfiles;
mod trace;
pub mod user;
pub(crate) mod view;
pub mod windows;

pub use layer::{Detection, DetectionStep, Hints, OsLayer, ProcessSpaces, detect};
pub use lost::Lost;
