//! What memsh is made of and what extends it: connectors and OS layers, each by its name.
//!
//! - [`chain`] puts layers on each other, in the order in which they are written
//! - [`systems`] are the OS layers that are part of memsh; `live` has the connectors
//! - [`dummy`] is a made-up machine in any page-table format

pub mod chain;
pub mod dummy;
pub mod systems;
