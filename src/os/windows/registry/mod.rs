//! The registry in memory.
//!
//! - `hives`: which there are
//! - `storage`: where their cells lie
//! - `cells`: keys and values in them
//! - `data`: what values mean
//! - `accounts`: names of users
//! - `machine`: what it says of the system
//! - `path`: the tree that all hives make

pub mod accounts;
pub mod cells;
pub mod data;
pub mod hives;
pub mod machine;
pub mod path;
mod storage;
#[cfg(test)]
mod tests;

pub use cells::{Entry, Key, Value};
pub use data::Data;
pub use hives::Hive;
pub use path::{Place, Registry};
