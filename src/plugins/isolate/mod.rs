//! A connector plugin in a process of its own (`--isolate`): when it crashes or hangs, its calls fail and the session goes on.
//!
//! - `parent` starts the process and is the memory that the session reads
//! - `child` is what runs in that process: it loads the plugin and answers
//! - `wire` are the messages between them, on a socket; the bytes that are read and written lie in memory that both have mapped
//!   (`shared`)

mod child;
mod parent;
mod shared;
mod wire;

pub use child::serve;
pub use parent::{Hosted, Isolated, start};

/// The argument by which the program is told to be the other process; two more name the plugin's file and symbol.
pub const ARGUMENT: &str = "--plugin-host";
