//! Types for a kernel that carries none: the tables that memsh has, believed only once the image confirmed them.
//!
//! Tables are tried in the order of how near they are to the kernel's release. What each says of `task_struct` is held against
//! tasks that were found without any type (`witness`), member by member (`anchors`); then VMCOREINFO's own sizes and offsets
//! against all of it. The table with the fewest differences is taken. Where it differs, members are moved to where they were
//! found, with those between two neighbours that moved by the same distance; what lies between others is unknown, and costs a
//! column.

mod adjust;
mod anchors;
mod choice;
mod others;
mod regions;
mod tasks;
mod witness;

pub(super) use choice::{Kernel, choose};
