//! Types from the DWARF of an unstripped kernel (or of any program).
//!
//! A kernel repeats the same few thousand structures in each of its compilation units. Each unit is read on its own
//! ([`unit`]), and what is new in it goes to the one store of types ([`merge`]), so memory follows the number of different
//! types, not the size of the file.
//!
//! Read: DWARF 2 to 5, also across units, in compressed sections and in type units of DWARF 5. Not read: types that are local
//! to a function, split DWARF (`.dwo`), supplementary files (`dwz -m`), type units of DWARF 4 (`.debug_types`).

mod merge;
mod unit;

use super::elf::Sections;
use super::store::TypeStore;
use crate::{At, Error, ErrorKind, Layer, Result};
use gimli::{EndianSlice, RunTimeEndian, SectionId};
use merge::Merge;
use std::borrow::Cow;
use std::collections::HashMap;
use unit::Units;

type Slice<'a> = EndianSlice<'a, RunTimeEndian>;

/// What was read.
pub struct Read {
    /// The types.
    pub types: TypeStore,
    /// How many units could not be read to their end, and why the first of them could not.
    pub warnings: Vec<String>,
}

/// The sections that types need; the others (lines, ranges, locations) stay untouched on disk.
const NEEDED: [SectionId; 5] =
    [SectionId::DebugInfo, SectionId::DebugAbbrev, SectionId::DebugStr, SectionId::DebugLineStr, SectionId::DebugStrOffsets];

/// Reads all types. `Ok(None)` when the file holds no `.debug_info`.
///
/// # Errors
/// When a section can't be unpacked, or nothing at all can be read of `.debug_info`.
pub fn read(sections: &dyn Sections, origin: String) -> Result<Option<Read>> {
    let mut data: HashMap<&str, Cow<'_, [u8]>> = HashMap::new();
    for id in NEEDED {
        if let Some(bytes) = sections.section(id.name())? {
            data.insert(id.name(), bytes);
        }
    }
    if data.get(SectionId::DebugInfo.name()).is_none_or(|d| d.is_empty()) {
        return Ok(None);
    }
    let endian = if sections.big_endian() { RunTimeEndian::Big } else { RunTimeEndian::Little };
    let load = |id: SectionId| -> Result<Slice<'_>, gimli::Error> {
        Ok(EndianSlice::new(data.get(id.name()).map_or(&[][..], |d| d), endian))
    };
    let dwarf = gimli::Dwarf::load(load).map_err(|e| malformed(&e, 0))?;

    let mut units = Units::new(&dwarf, sections.big_endian());
    let mut merge = Merge::new(origin);
    let mut bad = 0_usize;
    let mut first_bad = None;
    for i in 0..units.count() {
        units.forget_others();
        let complete = units.load(i, merge.store());
        if let Err((e, at)) = complete {
            bad += 1;
            first_bad.get_or_insert((e, at));
        }
        merge.unit(&mut units, i);
    }
    let mut types = merge.finish();
    if types.is_empty() {
        let (e, at) = first_bad.or(units.stopped()).unwrap_or((gimli::Error::MissingUnitDie, 0));
        return Err(malformed(&e, at));
    }
    types.finish();
    let mut warnings = Vec::new();
    if let Some((e, at)) = first_bad {
        warnings.push(format!(
            "{bad} of {} DWARF units are damaged and were read in part; the first at .debug_info+{at:#x}: {e}",
            units.count()
        ));
    }
    if let Some((e, at)) = units.stopped() {
        warnings.push(format!("DWARF units after .debug_info+{at:#x} were not read: {e}"));
    }
    if units.dangling() > 0 {
        warnings.push(format!("{} DWARF references lead nowhere; what they name is taken as void", units.dangling()));
    }
    Ok(Some(Read { types, warnings }))
}

fn malformed(e: &gimli::Error, at: u64) -> Error {
    Error::new(Layer::Symbols, ErrorKind::Malformed, format!("can't read the DWARF at .debug_info+{at:#x}: {e}"))
        .at(At::File(at))
        .hint("is the file complete? compare its size with the package it came from")
}
