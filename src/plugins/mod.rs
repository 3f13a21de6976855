//! What extends memsh.
//!
//! - [`dummy`]: a made-up target (physical memory, page tables, a small operating system) for docs, tests and benchmarks. It
//!   implements the traits of [`memsh_plugin`] exactly as a plugin would.

pub mod dummy;
