//! What memsh is made of and what extends it: connectors, OS layers and commands, each by its name.
//!
//! - [`chain`] puts layers on each other, in the order in which they are written
//! - [`registry`] knows every name: [`systems`] are the OS layers that are part of memsh, `live` has the connectors, files in plugin
//!   folders hold the rest
//! - [`inspect`] reads what a file says of itself without loading it (`manifest`: its text); [`library`] loads it and makes what it gives
//! - `dynamic` are layers that plugins make
//! - `checked` and `patience` hold what plugins say and how long they take against what can be; `ctable` speaks to plugins in C;
//!   [`handed`] is what memsh gives to plugins
//! - `isolate` runs a connector's plugin in a process of its own
//! - `install` (with the feature of that name) brings plugins into the user's folder, and takes them away
//! - [`dummy`] is a made-up machine in any page-table format

pub mod chain;
mod checked;
mod ctable;
pub mod dummy;
mod dynamic;
pub mod handed;
pub mod inspect;
#[cfg(feature = "install")]
pub mod install;
#[cfg(target_os = "linux")]
pub mod isolate;
pub mod library;
mod manifest;
mod patience;
pub mod registry;
pub mod systems;
mod waiting;

pub use manifest::Manifest;
pub use patience::set_patience;
pub use waiting::on_waiting;
