//! Names and their places: public symbols and global data.

use super::DEBUG;
use super::cursor::Cursor;
use super::msf::Msf;
use crate::symbols::table::SymbolTable;
use memsh_plugin::{VirtAddr, umem};
use std::collections::HashSet;

/// Records of symbols (`SYM_ENUM_e`, cvinfo.h).
const S_UDT: u16 = 0x1108;
const S_LDATA32: u16 = 0x110c;
const S_GDATA32: u16 = 0x110d;
const S_PUB32: u16 = 0x110e;
/// Flags of a public symbol: code, a function.
const CODE: u32 = 1 | 2;
/// The debug stream has no such stream.
const NO_STREAM: u16 = u16::MAX;
/// `IMAGE_FILE_MACHINE_I386`.
const X86: u16 = 0x14c;
/// Size of `IMAGE_SECTION_HEADER`.
const SECTION: usize = 40;

/// What the stream of symbols gave.
#[derive(Default)]
pub struct Publics {
    /// Names and distances from the image's base.
    pub table: SymbolTable,
    /// Other names for types: name and index of the type.
    pub typedefs: Vec<(String, u32)>,
}

/// Where sections lie, and how the image was rearranged after it was linked.
#[derive(Default)]
struct Places {
    /// First address and size of each section.
    sections: Vec<(u32, u32)>,
    /// Places of the linked image, ascending, and what they became; zero for what was left out (`OMAP`).
    moved: Vec<(u32, u32)>,
}

impl Places {
    fn rva(&self, segment: u16, offset: u32) -> Option<u32> {
        // Counted from 1; the number after the last is for absolute values.
        let &(start, size) = self.sections.get(usize::from(segment).checked_sub(1)?)?;
        let linked = start.checked_add(offset).filter(|_| offset <= size)?;
        if self.moved.is_empty() {
            return Some(linked);
        }
        let &(from, to) = self.moved.get(self.moved.partition_point(|&(from, _)| from <= linked).checked_sub(1)?)?;
        if to == 0 { None } else { to.checked_add(linked - from) }
    }
}

/// Numbers of the streams that the debug stream (DBI) names.
struct Streams {
    records: u16,
    machine: u16,
    sections: u16,
    /// Sections before the image was rearranged, and the map from those.
    linked: u16,
    moved: u16,
}

fn streams(debug: &[u8]) -> Option<Streams> {
    // The header (NewDBIHdr): the number of the symbols' stream at 20, sizes of seven parts from 24 on, the machine at 58.
    let records = Cursor::at(debug, 20)?.u16()?;
    let machine = Cursor::at(debug, 58)?.u16()?;
    let mut sizes = Cursor::at(debug, 24)?;
    let mut end = 64usize;
    for _ in 0..5 {
        end = end.checked_add(sizes.size()?)?;
    }
    sizes.u32()?;
    let optional = sizes.size()?;
    // The optional part lies behind the part for edit-and-continue.
    end = end.checked_add(sizes.size()?)?;
    let mut numbers = Cursor(Cursor::at(debug, end)?.take(optional)?);
    let mut list = [NO_STREAM; 11];
    for number in &mut list {
        *number = numbers.u16().unwrap_or(NO_STREAM);
    }
    let [_, _, _, _, moved, sections, _, _, _, _, linked] = list;
    Some(Streams { records, machine, sections, linked, moved })
}

fn places(msf: &Msf<'_>, streams: &Streams, warnings: &mut Vec<String>) -> Places {
    let read = |number: u16| (number != NO_STREAM).then(|| msf.stream(number)).flatten();
    let sections = |number: u16| -> Option<Vec<(u32, u32)>> {
        let bytes = read(number)?;
        let section = |header: &[u8]| {
            let mut at = Cursor::at(header, 8)?;
            let size = at.u32()?;
            Some((at.u32()?, size))
        };
        Some(bytes.chunks_exact(SECTION).filter_map(section).collect())
    };
    let mut places = Places::default();
    if let (Some(linked), Some(moved)) = (sections(streams.linked), read(streams.moved)) {
        places.sections = linked;
        let mut at = Cursor(&moved);
        while let (Some(from), Some(to)) = (at.u32(), at.u32()) {
            places.moved.push((from, to));
        }
        places.moved.sort_by_key(|&(from, _)| from);
    } else if let Some(sections) = sections(streams.sections) {
        places.sections = sections;
    }
    if places.sections.is_empty() {
        warnings.push("it does not say where the sections of its image are: symbols have no places".to_owned());
    }
    places
}

/// Public symbols and global data. What can't be read is left out, and said.
pub fn read(msf: &Msf<'_>, warnings: &mut Vec<String>) -> Publics {
    let mut out = Publics::default();
    let Some(debug) = msf.stream(DEBUG).filter(|d| !d.is_empty()) else {
        warnings.push("it has types only, no symbols".to_owned());
        return out;
    };
    let Some(streams) = streams(&debug) else {
        warnings.push("its list of symbols' streams (DBI) is damaged: it gives no symbols".to_owned());
        return out;
    };
    let Some(records) = msf.stream(streams.records) else {
        warnings.push("its stream of symbols is missing".to_owned());
        return out;
    };
    let places = places(msf, &streams, warnings);
    let mut seen = HashSet::new();
    let mut at = Cursor(&records);
    let mut lost = 0u64;
    // A length, which counts the kind and not itself, and the kind.
    while let Some(len) = at.u16() {
        let Some(record) = at.take(usize::from(len)) else {
            warnings.push("its stream of symbols is cut".to_owned());
            break;
        };
        match symbol(record, &places) {
            Some(Kept::Typedef(name, of)) => out.typedefs.push((name, of)),
            Some(Kept::Place(name, rva, kind)) => {
                let name = if streams.machine == X86 { undecorated(&name) } else { &name };
                let new = seen.insert((rva, name.to_owned()));
                if new && !out.table.push(name, VirtAddr::new(umem::from(rva)), kind, None) {
                    lost += 1;
                }
            }
            Some(Kept::Nothing) => {}
            None => lost += 1,
        }
    }
    out.table.finish();
    if lost > 0 && !places.sections.is_empty() {
        warnings.push(format!("{lost} symbols without a place in the image were left out"));
    }
    out
}

enum Kept {
    Place(String, u32, u8),
    Typedef(String, u32),
    Nothing,
}

/// What a record says; none for a symbol that can't be placed.
fn symbol(record: &[u8], places: &Places) -> Option<Kept> {
    let mut at = Cursor(record);
    let kind = at.u16()?;
    match kind {
        S_PUB32 | S_GDATA32 | S_LDATA32 => {
            // Flags of a public symbol, the type of a datum.
            let flags = at.u32()?;
            let (offset, segment) = (at.u32()?, at.u16()?);
            let name = at.name().filter(|n| !n.is_empty())?.into_owned();
            let kind = match kind {
                S_PUB32 if flags & CODE != 0 => b'T',
                S_LDATA32 => b'd',
                _ => b'D',
            };
            Some(Kept::Place(name, places.rva(segment, offset)?, kind))
        }
        S_UDT => {
            let of = at.u32()?;
            Some(at.name().map_or(Kept::Nothing, |name| Kept::Typedef(name.into_owned(), of)))
        }
        _ => Some(Kept::Nothing),
    }
}

/// The name as the source has it. On x86, compilers put an underscore before a name, and `@` and the size of the arguments behind that of
/// a function which removes them itself; for arguments in registers `@` stands in front, too. C++ names stay as they are.
fn undecorated(name: &str) -> &str {
    let Some(bare) = name.strip_prefix(['_', '@']) else { return name };
    match bare.rsplit_once('@') {
        Some((stem, size)) if !stem.is_empty() && !size.is_empty() && size.bytes().all(|b| b.is_ascii_digit()) => stem,
        Some(_) => name,
        None if name.starts_with('_') && !bare.is_empty() => bare,
        None => name,
    }
}

#[cfg(test)]
mod unit {
    use super::*;

    #[test]
    fn names_of_x86() {
        let cases = [
            ("_PsActiveProcessHead", "PsActiveProcessHead"),
            ("_NtClose@4", "NtClose"),
            ("@ObfDereferenceObject@4", "ObfDereferenceObject"),
            ("?Method@Class@@QAEXXZ", "?Method@Class@@QAEXXZ"),
            ("__imp__Foo@8", "_imp__Foo"),
            ("plain", "plain"),
            ("_odd@name", "_odd@name"),
            ("@", "@"),
            ("_", "_"),
        ];
        for (name, bare) in cases {
            assert_eq!(undecorated(name), bare);
        }
    }

    #[test]
    fn places_in_an_image_that_was_rearranged() {
        let mut places = Places { sections: vec![(0x1000, 0x800), (0x2000, 0x10)], moved: Vec::new() };
        assert_eq!(places.rva(1, 0x10), Some(0x1010));
        assert_eq!(places.rva(2, 0x11), None, "beyond its section");
        assert_eq!((places.rva(0, 0), places.rva(3, 0)), (None, None));
        places.moved = vec![(0x1000, 0x5000), (0x1100, 0), (0x1200, 0x4000)];
        assert_eq!(places.rva(1, 0xff), Some(0x50ff));
        assert_eq!(places.rva(1, 0x100), None, "left out of the image");
        assert_eq!(places.rva(1, 0x204), Some(0x4004));
    }
}
