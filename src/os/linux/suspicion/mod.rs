//! What looks as it should not.
//!
//! - `finding`: one such thing
//! - `suspect`: what looks for it among processes, memory and modules
//! - `integrity`: through what a kernel is redirected, and whether its code is what it was

pub mod integrity;
pub mod suspect;

pub use crate::os::finding;
