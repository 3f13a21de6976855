//! Plugins end to end: real ones are built by cargo, cc and c++, found, inspected, loaded and asked by the real program.
//!
//! - [`built`] builds each crate once and runs memsh on folders of plugins
//! - [`c`] connectors in C and C++;
//!   [`example`] what examples/plugins/rust gives; [`refused`] files that are not to be used, and why; [`robust`] plugins that misbehave
//! - [`install`] and [`new`] what `plugins install` and `plugins new` do
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::undocumented_unsafe_blocks)]

#[path = "../cli/mod.rs"]
mod cli;
#[path = "../schema/mod.rs"]
mod schema;

mod built;
mod c;
mod example;
#[cfg(feature = "install")]
mod install;
#[cfg(feature = "install")]
mod new;
mod refused;
mod robust;
