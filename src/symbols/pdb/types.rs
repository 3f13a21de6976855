//! From the records of types to the store.

use super::cursor::Cursor;
use super::malformed;
use super::records::{
    Compound, LF_ARRAY, LF_BITFIELD, LF_CLASS, LF_ENUM, LF_FIELDLIST, LF_INTERFACE, LF_MFUNCTION, LF_MODIFIER, LF_POINTER,
    LF_PROCEDURE, LF_STRUCTURE, LF_UNION, Part, Parts,
};
use crate::Result;
use crate::symbols::TypeId;
use crate::symbols::interner::Name;
use crate::symbols::isf::is_made_up;
use crate::symbols::store::{Declared, Member, Shape, TypeStore};
use std::collections::{HashMap, HashSet};

/// Indexes below are of simple types, which have no record.
const FIRST: u32 = 0x1000;
/// How many modifiers, or arrays in arrays, may follow each other.
const CHAIN: u32 = 32;
/// How many lists a field list may go on in: each but the last is 64 KiB long.
const LISTS: usize = 256;

#[derive(Clone, Copy)]
struct Record<'a> {
    kind: u16,
    data: &'a [u8],
}

/// Reads the stream of types. `typedefs` are other names for types by their indexes.
///
/// # Errors
/// When its header makes no sense.
pub fn read(stream: &[u8], origin: String, typedefs: &[(String, u32)], warnings: &mut Vec<String>) -> Result<TypeStore> {
    if stream.is_empty() {
        return Ok(TypeStore::new(origin));
    }
    let (first, records) = records(stream, warnings).ok_or_else(|| malformed("the header of its types makes no sense"))?;
    let mut builder = Builder {
        store: TypeStore::new(origin),
        first,
        ids: Vec::new(),
        records,
        defined: HashMap::new(),
        simple: HashMap::new(),
        members: HashMap::new(),
        constants: HashMap::new(),
        // Each member takes ten bytes, so a stream has no more; lists that many structures share are read once.
        budget: stream.len() / 8,
        lost: 0,
    };
    builder.name_all();
    builder.define_all();
    // Of each structure the stream of symbols has its own name, too.
    let taken: HashSet<Name> = builder.defined.keys().map(|&(_, name)| name).collect();
    for (name, of) in typedefs {
        builder.typedef(name, *of, &taken);
    }
    builder.store.finish();
    if builder.lost > 0 {
        warnings.push(format!("{} types or members that make no sense were left out", builder.lost));
    }
    Ok(builder.store)
}

/// The first index and the records.
fn records<'a>(stream: &'a [u8], warnings: &mut Vec<String>) -> Option<(u32, Vec<Record<'a>>)> {
    // Version, size of the header, first index, the one after the last, size of all records.
    let mut at = Cursor::at(stream, 4)?;
    let header = at.size()?;
    let (first, _end) = (at.u32()?, at.u32()?);
    let size = at.size()?;
    if first < FIRST {
        return None;
    }
    let mut at = Cursor::at(stream, header)?;
    if size <= at.0.len() {
        at = Cursor(at.take(size)?);
    } else {
        warnings.push("its stream of types is cut".to_owned());
    }
    let mut records = Vec::new();
    while let Some(len) = at.u16() {
        let Some(data) = at.take(usize::from(len)) else {
            warnings.push("its stream of types is cut".to_owned());
            break;
        };
        let mut inner = Cursor(data);
        // A record without a kind still takes a number.
        let kind = inner.u16().unwrap_or(0);
        records.push(Record { kind, data: inner.0 });
    }
    Some((first, records))
}

struct Builder<'a> {
    store: TypeStore,
    first: u32,
    records: Vec<Record<'a>>,
    /// The type of each record that is one.
    ids: Vec<Option<TypeId>>,
    /// Definitions by kind and name, or decorated name where the name is made up.
    defined: HashMap<(Declared, Name), (TypeId, u32)>,
    simple: HashMap<u32, Option<TypeId>>,
    /// Members of each field list that was read.
    members: HashMap<u32, (u32, u32)>,
    constants: HashMap<u32, (u32, u32)>,
    budget: usize,
    lost: u64,
}

impl<'a> Builder<'a> {
    fn position(&self, index: u32) -> Option<usize> {
        usize::try_from(index.checked_sub(self.first)?).ok()
    }

    fn record(&self, index: u32) -> Option<Record<'a>> {
        self.records.get(self.position(index)?).copied()
    }

    /// What joins a declaration with its definition.
    fn key(&mut self, c: &Compound<'_>) -> Option<(Declared, Name)> {
        let name = match (made_up(&c.name), &c.unique) {
            (false, _) => &c.name,
            (true, Some(unique)) if !made_up(unique) => unique,
            (true, _) => return None,
        };
        Some((c.kind, self.store.intern(name)))
    }

    /// Gives each record that is a type its id, and notes the definitions.
    fn name_all(&mut self) {
        let mut index = self.first;
        for position in 0..self.records.len() {
            let Some(&Record { kind, data }) = self.records.get(position) else { break };
            let id = match kind {
                LF_STRUCTURE | LF_CLASS | LF_INTERFACE | LF_UNION | LF_ENUM => match Compound::read(kind, data) {
                    Some(c) => {
                        let name = if made_up(&c.name) { Name::NONE } else { self.store.intern(&c.name) };
                        let id = self.store.add(name, None, Shape::Forward(c.kind));
                        if let (Some(id), false) = (id, c.forward)
                            && let Some(key) = self.key(&c)
                        {
                            self.defined.entry(key).or_insert((id, index));
                        }
                        id
                    }
                    None => {
                        self.lost += 1;
                        None
                    }
                },
                LF_POINTER | LF_ARRAY | LF_PROCEDURE | LF_MFUNCTION => self.store.add(Name::NONE, None, Shape::Function),
                _ => None,
            };
            self.ids.push(id);
            index = index.saturating_add(1);
        }
    }

    fn define_all(&mut self) {
        for position in 0..self.records.len() {
            let (Some(&record), Some(&Some(id))) = (self.records.get(position), self.ids.get(position)) else { continue };
            if self.define(id, record).is_none() {
                self.lost += 1;
            }
        }
    }

    fn define(&mut self, id: TypeId, Record { kind, data }: Record<'a>) -> Option<()> {
        let mut at = Cursor(data);
        match kind {
            LF_POINTER => {
                let to = at.u32()?;
                let attributes = at.u32()?;
                // `CV_ptrtype_e` in the lowest bits, the size in bytes from bit 13 on; old compilers leave that out.
                let size = match ((attributes >> 13) & 0x3f, attributes & 0x1f) {
                    (0, 0x0a) => 4,
                    (0, 0x0c) => 8,
                    (size, _) => size,
                };
                let to = self.reference(to)?;
                self.store.set(id, Name::NONE, (size != 0).then_some(u64::from(size)), Shape::Pointer(to));
            }
            LF_ARRAY => {
                let element = at.u32()?;
                at.u32()?;
                let size = at.unsigned()?;
                // Without the size of an element, as of a structure that is only declared, the number is not known.
                let each = self.size(element, CHAIN).filter(|&s| s > 0);
                let count = each.map_or(0, |each| size / each);
                let element = self.reference(element)?;
                self.store.set(id, Name::NONE, Some(size), Shape::Array(element, count));
            }
            LF_STRUCTURE | LF_CLASS | LF_INTERFACE | LF_UNION | LF_ENUM => {
                let c = Compound::read(kind, data)?;
                if c.forward {
                    return Some(());
                }
                let name = if made_up(&c.name) { Name::NONE } else { self.store.intern(&c.name) };
                let (size, shape) = match (c.kind, c.holder) {
                    (_, Some(holder)) => {
                        let size = self.size(holder, CHAIN);
                        let signed = self
                            .reference(holder)
                            .and_then(|id| self.store.shape(id))
                            .is_some_and(|(shape, _)| matches!(shape, Shape::Int { signed: true, .. }));
                        let (first, count) = self.constants(c.fields, size.filter(|_| signed));
                        (size, Shape::Enum(first, count))
                    }
                    (Declared::Union, None) => {
                        let (first, count) = self.members(c.fields);
                        (c.size, Shape::Union(first, count))
                    }
                    (_, None) => {
                        let (first, count) = self.members(c.fields);
                        (c.size, Shape::Struct(first, count))
                    }
                };
                self.store.set(id, name, size, shape);
            }
            _ => {}
        }
        Some(())
    }

    /// The parts of a field list and of those that it goes on in.
    fn parts(&mut self, list: u32) -> Vec<Part<'a>> {
        let mut all = Vec::new();
        let mut next = Some(list);
        let mut seen = Vec::new();
        while let Some(index) = next.take().filter(|index| seen.len() < LISTS && !seen.contains(index)) {
            seen.push(index);
            let Some(record) = self.record(index).filter(|r| r.kind == LF_FIELDLIST) else { break };
            let mut parts = Parts::new(record.data);
            for part in parts.by_ref() {
                let Some(left) = self.budget.checked_sub(1) else {
                    self.lost += 1;
                    return all;
                };
                self.budget = left;
                match part {
                    Part::Continued(index) => next = Some(index),
                    part => all.push(part),
                }
            }
            self.lost += u64::from(parts.damaged);
        }
        all
    }

    fn members(&mut self, list: u32) -> (u32, u32) {
        // Zero for a structure without members.
        if list == 0 {
            return (0, 0);
        }
        if let Some(&known) = self.members.get(&list) {
            return known;
        }
        let mut members = Vec::new();
        for part in self.parts(list) {
            let Part::Member { name, of, offset } = part else { continue };
            match self.member(&name, of, offset) {
                Some(member) => members.push(member),
                None => self.lost += 1,
            }
        }
        let stretch = self.store.add_members(&members);
        self.members.insert(list, stretch);
        stretch
    }

    fn member(&mut self, name: &str, of: u32, offset: u64) -> Option<Member> {
        let start = offset.checked_mul(8)?;
        let name = self.store.intern(name);
        let (bit_offset, bits, of) = match self.record(of) {
            Some(Record { kind: LF_BITFIELD, data }) => {
                let mut at = Cursor(data);
                let of = at.u32()?;
                let bits = at.u8().filter(|&b| b > 0)?;
                (start.checked_add(u64::from(at.u8()?))?, u32::from(bits), of)
            }
            _ => (start, 0, of),
        };
        Some(Member { name, bit_offset, bits, type_id: self.reference(of)? })
    }

    /// The constants of an enumeration; `signed` is the size of what holds them, where that has a sign.
    fn constants(&mut self, list: u32, signed: Option<u64>) -> (u32, u32) {
        if let Some(&known) = self.constants.get(&list) {
            return known;
        }
        let mut constants = Vec::new();
        for part in self.parts(list) {
            if let Part::Constant { name, value } = part {
                constants.push((self.store.intern(&name), signed.map_or(value, |size| with_sign(value, size))));
            }
        }
        let stretch = self.store.add_constants(&constants);
        self.constants.insert(list, stretch);
        stretch
    }

    /// What a modifier (`const`, `volatile`) stands around, and the definition behind a declaration.
    fn behind(&mut self, index: u32) -> Option<u32> {
        let mut index = index;
        for _ in 0..CHAIN {
            if index < FIRST {
                return Some(index);
            }
            let Record { kind, data } = self.record(index)?;
            match kind {
                LF_MODIFIER => index = Cursor(data).u32()?,
                LF_STRUCTURE | LF_CLASS | LF_INTERFACE | LF_UNION | LF_ENUM => {
                    let compound = Compound::read(kind, data)?;
                    let key = if compound.forward { self.key(&compound) } else { None };
                    return Some(key.and_then(|k| self.defined.get(&k)).map_or(index, |&(_, index)| index));
                }
                _ => return Some(index),
            }
        }
        None
    }

    fn reference(&mut self, index: u32) -> Option<TypeId> {
        let index = self.behind(index)?;
        if index < FIRST {
            return self.simple(index);
        }
        *self.ids.get(self.position(index)?)?
    }

    /// Size in bytes, where a record says it.
    fn size(&mut self, index: u32, chain: u32) -> Option<u64> {
        let chain = chain.checked_sub(1)?;
        let index = self.behind(index)?;
        if index < FIRST {
            return self.simple(index).and_then(|id| self.store.shape(id)?.1);
        }
        let Record { kind, data } = self.record(index)?;
        match kind {
            LF_POINTER => {
                let attributes = Cursor::at(data, 4)?.u32()?;
                match ((attributes >> 13) & 0x3f, attributes & 0x1f) {
                    (0, 0x0a) => Some(4),
                    (0, 0x0c) => Some(8),
                    (size, _) => Some(u64::from(size)),
                }
            }
            LF_ARRAY => Cursor::at(data, 8)?.unsigned(),
            _ => {
                let compound = Compound::read(kind, data).filter(|c| !c.forward)?;
                match compound.holder {
                    Some(holder) => self.size(holder, chain),
                    None => compound.size,
                }
            }
        }
    }

    fn typedef(&mut self, name: &str, of: u32, taken: &HashSet<Name>) {
        let Some(to) = self.reference(of) else { return };
        let name = self.store.intern(name);
        if name != Name::NONE && !taken.contains(&name) {
            self.store.add(name, None, Shape::Typedef(to));
        }
    }

    /// A simple type: what it is in the lowest byte, whether a pointer to that in the next (`TYPE_ENUM_e`, cvinfo.h).
    fn simple(&mut self, index: u32) -> Option<TypeId> {
        if let Some(&known) = self.simple.get(&index) {
            return known;
        }
        let pointer = match (index >> 8) & 7 {
            0 => None,
            1 => Some(2),
            4 => Some(4),
            6 => Some(8),
            7 => Some(16),
            _ => Some(4),
        };
        let id = match pointer {
            Some(size) => self.simple(index & 0xff).and_then(|to| self.store.add(Name::NONE, Some(size), Shape::Pointer(to))),
            None => {
                let (name, size, shape) = simple(index & 0xff);
                let name = self.store.intern(name);
                self.store.add(name, size, shape)
            }
        };
        self.simple.insert(index, id);
        id
    }
}

/// Name, size in bytes and shape of a simple type.
fn simple(kind: u32) -> (&'static str, Option<u64>, Shape) {
    let int = |name, size, signed| (name, Some(size), Shape::Int { signed, char: false, bool: false });
    let char = |name, size, signed| (name, Some(size), Shape::Int { signed, char: true, bool: false });
    let bool = |size| ("bool", Some(size), Shape::Int { signed: false, char: false, bool: true });
    match kind {
        0x08 => int("HRESULT", 4, true),
        0x10 | 0x70 => char("char", 1, true),
        0x20 => char("unsigned char", 1, false),
        0x7c => char("char8_t", 1, false),
        0x71 => char("wchar_t", 2, false),
        0x7a => char("char16_t", 2, false),
        0x7b => char("char32_t", 4, false),
        0x68 => int("int8_t", 1, true),
        0x69 => int("uint8_t", 1, false),
        0x11 | 0x72 => int("short", 2, true),
        0x21 | 0x73 => int("unsigned short", 2, false),
        0x12 => int("long", 4, true),
        0x22 => int("unsigned long", 4, false),
        0x74 => int("int", 4, true),
        0x75 => int("unsigned int", 4, false),
        0x13 | 0x76 => int("long long", 8, true),
        0x23 | 0x77 => int("unsigned long long", 8, false),
        0x14 | 0x78 => int("__int128", 16, true),
        0x24 | 0x79 => int("unsigned __int128", 16, false),
        0x30 => bool(1),
        0x31 => bool(2),
        0x32 => bool(4),
        0x33 => bool(8),
        0x46 => ("_Float16", Some(2), Shape::Float),
        0x40 | 0x45 => ("float", Some(4), Shape::Float),
        0x41 => ("double", Some(8), Shape::Float),
        0x42 => ("long double", Some(10), Shape::Float),
        0x43 => ("__float128", Some(16), Shape::Float),
        _ => ("void", None, Shape::Void),
    }
}

/// A number that some compilers write without its sign.
fn with_sign(value: i128, bytes: u64) -> i128 {
    let bits = u32::try_from(bytes.saturating_mul(8)).ok().filter(|b| (8..=64).contains(b));
    match bits.map(|b| 1_i128 << b) {
        Some(all) if value >= all / 2 && value < all => value - all,
        _ => value,
    }
}

/// Whether a compiler made the name up for a structure that has none; it may stand behind those of the structures around it.
fn made_up(name: &str) -> bool {
    is_made_up(name.rsplit("::").next().unwrap_or(name))
}
