//! Reading a table.

use super::{Facts, MAGIC};
use crate::symbols::TypeId;
use crate::symbols::interner::Name;
use crate::symbols::store::{Declared, Member, Shape, TypeStore};
use crate::{Error, ErrorKind, Layer, Result};
use std::collections::HashMap;

/// Definitions nest no deeper than the writer writes them.
const DEPTH: u32 = 32;

/// A table that was not read yet.
#[derive(Clone, Debug)]
pub struct Table<'t> {
    /// What it says of itself.
    pub facts: Facts,
    types: &'t str,
}

impl<'t> Table<'t> {
    /// The tables that stand in `text` one after the other.
    pub fn all(text: &'t str) -> Vec<Self> {
        text.split(MAGIC).filter_map(Self::one).collect()
    }

    fn one(text: &'t str) -> Option<Self> {
        let (head, types) = text.split_once("\ntypes\n")?;
        let mut facts = Facts::default();
        for line in head.lines() {
            match line.split_once(' ') {
                Some(("release", v)) => v.clone_into(&mut facts.release),
                Some(("machine", v)) => v.clone_into(&mut facts.machine),
                Some(("pointer", v)) => facts.pointer = v.parse().ok()?,
                Some(("source", v)) => v.clone_into(&mut facts.source),
                _ => {}
            }
        }
        Some(Self { facts, types })
    }

    /// Reads the types. `origin` is what [`crate::symbols::Types::origin`] will answer.
    ///
    /// # Errors
    /// When a line is none of the form; the reason names it.
    pub fn read(&self, origin: String) -> Result<TypeStore> {
        let mut reader = Reader {
            store: TypeStore::new(origin),
            named: HashMap::new(),
            pointers: HashMap::new(),
            arrays: Vec::new(),
            pointer: self.facts.pointer,
            line: 0,
        };
        let mut lines = self.types.lines();
        while let Some(line) = reader.next(&mut lines) {
            if !line.is_empty() && reader.definition(line, &mut lines).is_none() {
                return Err(Error::new(
                    Layer::Symbols,
                    ErrorKind::Malformed,
                    format!("line {} of the type table of {} can't be read: {line:?}", reader.line, self.facts.release),
                ));
            }
        }
        reader.close();
        let mut store = reader.store;
        store.finish();
        Ok(store)
    }
}

struct Reader<'t> {
    store: TypeStore,
    named: HashMap<(u8, &'t str), TypeId>,
    pointers: HashMap<TypeId, TypeId>,
    /// Arrays, whose sizes hang on definitions that may come later.
    arrays: Vec<(TypeId, TypeId, u64)>,
    /// Size of a pointer in bytes.
    pointer: u64,
    line: usize,
}

type Lines<'t> = std::str::Lines<'t>;

impl<'t> Reader<'t> {
    fn next(&mut self, lines: &mut Lines<'t>) -> Option<&'t str> {
        self.line += 1;
        lines.next()
    }

    fn definition(&mut self, line: &'t str, lines: &mut Lines<'t>) -> Option<()> {
        let (kind, rest) = line.split_once(' ')?;
        let kind = *kind.as_bytes().first()?;
        match kind {
            b's' | b'u' | b'e' => {
                let (name, size) = rest.rsplit_once(' ')?;
                let id = self.name(kind, name)?;
                let shape = self.body(kind, lines, DEPTH)?;
                let (name, size) = (self.store.intern(name), size.parse().ok()?);
                self.store.set(id, name, Some(size), shape);
            }
            b't' => {
                let (name, to) = rest.split_once(' ')?;
                let id = self.name(b'=', name)?;
                let to = self.reference(to, lines, DEPTH)?;
                let name = self.store.intern(name);
                self.store.set(id, name, None, Shape::Typedef(to));
            }
            b'b' => {
                let (rest, letters) = rest.rsplit_once(' ')?;
                let (name, size) = rest.rsplit_once(' ')?;
                let id = self.name(b'=', name)?;
                let has = |c| letters.contains(c);
                let shape = match has('f') {
                    true => Shape::Float,
                    false => Shape::Int { signed: has('s'), char: has('c'), bool: has('o') },
                };
                let name = self.store.intern(name);
                self.store.set(id, name, Some(size.parse().ok()?), shape);
            }
            _ => return None,
        }
        Some(())
    }

    /// The type of this name, defined or not yet.
    fn name(&mut self, kind: u8, name: &'t str) -> Option<TypeId> {
        if let Some(&id) = self.named.get(&(kind, name)) {
            return Some(id);
        }
        let declared = match kind {
            b's' => Declared::Struct,
            b'u' => Declared::Union,
            b'e' => Declared::Enum,
            _ => Declared::Other,
        };
        let text = self.store.intern(name);
        let id = self.store.add(text, None, Shape::Forward(declared))?;
        self.named.insert((kind, name), id);
        Some(id)
    }

    fn body(&mut self, kind: u8, lines: &mut Lines<'t>, depth: u32) -> Option<Shape> {
        let depth = depth.checked_sub(1)?;
        if kind == b'e' {
            let mut values = Vec::new();
            let mut next = 0i128;
            loop {
                let line = self.next(lines)?;
                if line == "." {
                    break;
                }
                let mut words = line.strip_prefix(' ')?.split(' ');
                let name = self.store.intern(words.next()?);
                let value = words.next().map_or(Some(next), |w| w.parse().ok())?;
                values.push((name, value));
                next = value.checked_add(1)?;
            }
            let (first, count) = self.store.add_constants(&values);
            return Some(Shape::Enum(first, count));
        }
        let mut members = Vec::new();
        let mut before = 0u64;
        loop {
            let line = self.next(lines)?;
            if line == "." {
                break;
            }
            let mut words = line.strip_prefix(' ')?.splitn(3, ' ');
            let (name, place, to) = (words.next()?, words.next()?, words.next()?);
            let (distance, bits) = match place.split_once('.') {
                Some((distance, bits)) => (distance, Some(bits.split_once(':')?)),
                None => (place, None),
            };
            before = match distance.strip_prefix('-') {
                Some(back) => before.checked_sub(back.parse().ok()?)?,
                None => before.checked_add(distance.parse().ok()?)?,
            };
            let (bit, width): (u64, u32) = match bits {
                Some((bit, width)) => (bit.parse().ok()?, width.parse().ok()?),
                None => (0, 0),
            };
            let type_id = self.reference(to, lines, depth)?;
            let bit_offset = before.checked_mul(8)?.checked_add(bit)?;
            members.push(Member { name: self.store.intern(name), bit_offset, bits: width, type_id });
        }
        let (first, count) = self.store.add_members(&members);
        Some(if kind == b's' { Shape::Struct(first, count) } else { Shape::Union(first, count) })
    }

    fn reference(&mut self, text: &'t str, lines: &mut Lines<'t>, depth: u32) -> Option<TypeId> {
        let depth = depth.checked_sub(1)?;
        let rest = text.get(1..)?;
        match *text.as_bytes().first()? {
            b'v' => self.plain(b'v', Shape::Void),
            b'f' => self.plain(b'f', Shape::Function),
            b'=' => self.name(b'=', rest),
            kind @ (b's' | b'u' | b'e') => self.name(kind, rest.strip_prefix(':')?),
            b'*' => {
                let to = self.reference(rest, lines, depth)?;
                if let Some(&id) = self.pointers.get(&to) {
                    return Some(id);
                }
                let id = self.store.add(Name::NONE, Some(self.pointer), Shape::Pointer(to))?;
                self.pointers.insert(to, id);
                Some(id)
            }
            b'[' => {
                let (count, element) = rest.split_once(']')?;
                let element = self.reference(element, lines, depth)?;
                let count = count.parse().ok()?;
                let id = self.store.add(Name::NONE, None, Shape::Array(element, count))?;
                self.arrays.push((id, element, count));
                Some(id)
            }
            b'{' => {
                let mut words = rest.splitn(3, ' ');
                let (kind, size, name) = (words.next()?, words.next()?, words.next()?);
                let shape = self.body(*kind.as_bytes().first()?, lines, depth)?;
                let name = self.store.intern(name);
                self.store.add(name, Some(size.parse().ok()?), shape)
            }
            _ => None,
        }
    }

    /// Gives arrays their sizes.
    fn close(&mut self) {
        /// Arrays of typedefs of arrays nest no deeper.
        const PASSES: u32 = 8;
        for _ in 0..PASSES {
            let mut open = false;
            for &(id, element, count) in &self.arrays {
                match self.store.size_of_id(element).and_then(|s| s.checked_mul(count)) {
                    Some(size) => self.store.set(id, Name::NONE, Some(size), Shape::Array(element, count)),
                    None => open = true,
                }
            }
            if !open {
                break;
            }
        }
    }

    fn plain(&mut self, kind: u8, shape: Shape) -> Option<TypeId> {
        if let Some(&id) = self.named.get(&(kind, "")) {
            return Some(id);
        }
        let id = self.store.add(Name::NONE, None, shape)?;
        self.named.insert((kind, ""), id);
        Some(id)
    }
}
