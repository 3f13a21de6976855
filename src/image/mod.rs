//! Memory-image formats: one file per format, each giving runs (physical range -> bytes of the file).
//!
//! [`open`] finds the format by content and says on what evidence; nothing is silently treated as raw.

mod open;

pub use open::{CpuState, Image, ImageFacts, OpenOptions, open};
