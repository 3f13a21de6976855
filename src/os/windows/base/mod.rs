//! What every part of the layer stands on.

pub mod kernel;
pub mod list;
pub mod offsets;
pub mod text;
pub mod time;
