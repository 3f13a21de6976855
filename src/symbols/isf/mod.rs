//! Volatility 3's Intermediate Symbol Format (JSON; schemas 4 to 6).
//!
//! The document is taken in one pass: each structure goes to the compact store as soon as it is complete ([`build`]), so a
//! document of 40 MB never stands in memory as a tree. Addresses are those of the link (Linux) or relative to the module
//! (Windows); the caller moves them with [`SymbolTable::with_slide`](super::SymbolTable::with_slide).

mod build;
mod items;

use super::store::TypeStore;
use super::table::SymbolTable;
use crate::{Error, ErrorKind, Layer, Result};
use build::{Builder, Document};
use serde::de::DeserializeSeed;
use std::io::Read as IoRead;

pub use build::is_made_up;
pub use items::Pdb;

/// What was read.
pub struct Read {
    /// The types.
    pub types: TypeStore,
    /// The symbols.
    pub symbols: SymbolTable,
    /// Version of the schema, as the file names it.
    pub format: Option<String>,
    /// `linux_banner`, as the kernel prints it.
    pub banner: Option<String>,
    /// The program database that the file was made from.
    pub pdb: Option<Pdb>,
    /// What was left out and why.
    pub warnings: Vec<String>,
}

/// Reads a document from a stream.
///
/// # Errors
/// When the stream fails, or is no complete ISF document.
pub fn from_reader(reader: impl IoRead, origin: String) -> Result<Read> {
    read(serde_json::Deserializer::from_reader(reader), origin)
}

/// Reads a document that lies in memory.
///
/// # Errors
/// When the bytes are no complete ISF document.
pub fn from_slice(bytes: &[u8], origin: String) -> Result<Read> {
    read(serde_json::Deserializer::from_slice(bytes), origin)
}

fn read<'de, R: serde_json::de::Read<'de>>(mut json: serde_json::Deserializer<R>, origin: String) -> Result<Read> {
    let mut builder = Builder::new(origin);
    Document(&mut builder).deserialize(&mut json).and_then(|()| json.end()).map_err(|e| {
        let what = if e.is_io() {
            format!("can't unpack the ISF file: {e}")
        } else if e.is_eof() {
            format!("the ISF document ends too early: {e}")
        } else {
            format!("this is no ISF document: {e}")
        };
        let kind = if e.is_io() { ErrorKind::Io } else { ErrorKind::Malformed };
        Error::new(Layer::Symbols, kind, what)
            .hint("is the file complete? dwarf2json and Volatility 3 make such files")
            .caused_by(e)
    })?;
    builder.finish()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]
mod tests;
