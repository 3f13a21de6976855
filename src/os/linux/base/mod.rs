//! What everything else about Linux stands on: a found kernel and how its structures are read.
//!
//! - `kernel`: a found kernel, and [`Linux`](kernel::Linux), the OS layer over it
//! - `layout`, `shapes`: where the kernel keeps what; members by name, structures read in one piece
//! - `lost`: what could not be read, told once
//! - `enums`: names of numbers
//! - `percpu`: per-CPU variables

pub(crate) mod enums;
pub mod kernel;
pub(crate) mod layout;
pub(crate) use crate::os::lost;
pub mod percpu;
pub(crate) mod shapes;
