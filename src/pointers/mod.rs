//! Pointers of a space: which there are, which lead where, and how to find the same place again in another run.
//!
//! - [`words`](mod@words): the words of a space that lie in some ranges, found at nearly the rate at which memory is read
//! - [`PointerMap`]: every word that points to something mapped, sorted by what it points to; kept in a file with [`save`] and [`load`]
//! - [`Bases`]: what lies at the same distance from its module's base in every run: modules of a process, images of a kernel
//! - [`find`]: from an address back to a static one, level by level: [`Path`]s, the shortest first; a path is walked forward again
//!   with [`Path::resolve`], in this image or in another
//! - [`references`]: who names an address, in data and in code
//! - [`signature`]: the shortest pattern that finds a piece of code again, wherever it was loaded
//!
//! A space is a [`Source`](crate::engine::search::Source), as for a search. Every architecture that memsh reads is little-endian.
#![deny(
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_sign_loss,
    clippy::cast_lossless
)]

mod bases;
mod file;
mod find;
mod map;
mod path;
mod references;
mod signature;
mod words;
mod work;

pub use bases::{Base, Bases, elf_extent};
pub use file::{Saved, load, save};
pub use find::{Found, Limits, find};
pub use map::{Built, MAX_POINTERS, PointerMap, build};
pub use path::{Broken, Path};
pub use references::{RefKind, Refer, References, Seen, references};
pub use signature::{Made, Masked, Wanted, signature};
pub use words::{Ranges, Words, words};
pub use work::Scanned;

#[cfg(test)]
mod tests;
