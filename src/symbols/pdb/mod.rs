//! Program databases (PDB), the symbol files of Windows.
//!
//! - `msf`: the container, streams in blocks
//! - `records`, `types`: types (stream 2, CodeView records)
//! - `publics`: names and their places
//! - `cursor`: numbers and names
//!
//! Formats: <https://llvm.org/docs/PDB/>, Microsoft's `cvinfo.h`. Read here, and not by a crate: of those that there are, `pdb2` ends
//! the program on files that are damaged, and `ms-pdb` brings thirty crates, a second zstd among them, to read what takes a few
//! hundred lines. Everything in such a file may be a lie: evidence folders hold PDB files, too.

#[cfg(test)]
#[path = "../../../tests/builders/pdb.rs"]
#[allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, clippy::cast_possible_truncation)]
pub(super) mod builder;
mod cursor;
mod msf;
mod publics;
mod records;
#[cfg(test)]
mod tests;
mod types;

use super::isf::Pdb as PdbId;
use super::store::TypeStore;
use super::table::SymbolTable;
use crate::{Error, ErrorKind, Layer, Result};
use cursor::Cursor;
use msf::Msf;

pub use msf::looks_like;

/// Streams at fixed places.
const INFO: u16 = 1;
const TYPES: u16 = 2;
const DEBUG: u16 = 3;

/// What was read.
pub struct Read {
    /// The types.
    pub types: TypeStore,
    /// The symbols, as distances from the image's base.
    pub symbols: SymbolTable,
    /// Which program it belongs to; the name is left to the file's.
    pub id: PdbId,
    /// What was left out and why.
    pub warnings: Vec<String>,
}

fn malformed(what: &str) -> Error {
    Error::new(Layer::Symbols, ErrorKind::Malformed, format!("the PDB file can't be read: {what}")).hint("is the file complete?")
}

/// GUID and age of the PDB file in `bytes`, with the name `database`; reads little of it.
///
/// # Errors
/// When it is no PDB file that can be read.
pub fn identity(bytes: &[u8], database: &str) -> Result<PdbId> {
    identity_of(&Msf::new(bytes)?, database).ok_or_else(|| malformed("its stream with GUID and age is missing"))
}

fn identity_of(msf: &Msf<'_>, database: &str) -> Option<PdbId> {
    // Version, signature, age, GUID (PDB Info Stream).
    let info = msf.beginning(INFO, 28)?;
    let mut at = Cursor::at(&info, 8)?;
    let written = at.u32()?;
    let (first, second, third) = (at.u32()?, at.u16()?, at.u16()?);
    let tail: String = at.take(8)?.iter().map(|b| format!("{b:02X}")).collect();
    // The linker writes the age of the debug stream into the image; the other counts every tool that touched the file.
    let linked = msf.beginning(DEBUG, 12).and_then(|d| Cursor::at(&d, 8)?.u32()).filter(|&a| a != 0);
    let guid = format!("{first:08X}{second:04X}{third:04X}{tail}");
    Some(PdbId { guid, age: linked.unwrap_or(written), database: database.to_owned() })
}

/// Reads a PDB file. `database` is its name, `origin` what its types say of where they come from.
///
/// # Errors
/// When it is no PDB file, one of a kind that is not read, or its types are damaged.
pub fn read(bytes: &[u8], database: &str, origin: String) -> Result<Read> {
    let msf = Msf::new(bytes)?;
    let id = identity_of(&msf, database).ok_or_else(|| malformed("its stream with GUID and age is missing"))?;
    let mut warnings = Vec::new();
    let publics = publics::read(&msf, &mut warnings);
    let types = match msf.stream(TYPES) {
        Some(stream) => types::read(&stream, origin, &publics.typedefs, &mut warnings)?,
        None => {
            warnings.push("it has no types".to_owned());
            TypeStore::new(origin)
        }
    };
    Ok(Read { types, symbols: publics.table, id, warnings })
}
