//! memsh reads the memory of machines: images of it and running ones.
//!
//! The rooms, and who may know whom (downwards only):
//!
//! - `embed`: the program's commands inside other programs (feature `cli`)
//! - `shell` and `commands`: the program (feature `cli`); `built`: what it was built from
//! - [`session`]: one opened target, from its bytes to its operating system
//! - [`edits`]: what is written to a live target, and taken back
//! - [`compare`]: two memories side by side
//! - [`survey`]: what memory looks like, block by block
//! - [`carve`]: files and addresses in memory that nobody lists
//! - [`narrow`]: values that are followed from one moment to the next
//! - [`plugins`]: what memsh is made of, by name; chains of layers; the made-up target
//! - [`live`]: connectors to what is no image file
//! - [`pointers`]: pointer maps, paths of pointers, who refers to an address, signatures of code
//! - [`os`]: processes, modules, regions of Linux (and, by plugins, others)
//! - [`image`]: memory-image formats
//! - [`symbols`]: types and symbols, from wherever they come
//! - [`memo`]: what is kept of an image for the next start
//! - [`engine`]: addresses, physical memory, translation, views, search
//! - [`arch`]: page-table formats as constant data
//! - [`disasm`]: machine code as text
//! - [`codec`]: decompressors of single blocks
//! - [`memsh_plugin`]: the traits and types that all of them share

#![allow(
    rustdoc::private_intra_doc_links,
    reason = "a link that only --document-private-items can follow still tells where to look"
)]

pub mod arch;
#[cfg(feature = "cli")]
mod built;
pub mod carve;
pub mod codec;
#[cfg(feature = "cli")]
mod commands;
pub mod compare;
pub mod disasm;
pub mod edits;
#[cfg(feature = "cli")]
pub mod embed;
pub mod engine;
mod error;
pub mod image;
pub mod live;
pub mod memo;
pub mod narrow;
pub mod os;
pub mod plugins;
pub mod pointers;
mod reading;
pub mod session;
#[cfg(feature = "cli")]
mod shell;
pub mod survey;
pub mod symbols;

#[cfg(feature = "cli")]
pub use built::built_from;
pub use error::{At, Error, ErrorKind, Layer, Result};
pub use memsh_plugin::{PhysAddr, VirtAddr, umem};
#[cfg(feature = "cli")]
#[doc(hidden)]
pub use shell::fuzzing;
#[cfg(feature = "cli")]
pub use shell::main;
