//! Structures that no healthy machine has: each case built by hand, with the answer that must come of it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

mod argument_cases;
mod cache_cases;
mod module_cases;
mod path_cases;
mod process_cases;
mod region_cases;
mod vfs_cases;
