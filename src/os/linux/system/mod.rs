//! The system as a whole.
//!
//! - `sys`: its name, its version, when it was started
//! - `kmsg`: the kernel's log
//! - `timer`: timers of all processors, and what they will call
//! - `resource`: who claims which physical addresses
//! - `swap`: swap areas

pub mod kmsg;
pub mod resource;
pub mod swap;
pub(crate) mod sys;
pub mod timer;
