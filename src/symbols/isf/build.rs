//! From the pieces of a document to store and table.

use super::super::interner::Name;
use super::super::store::{Declared, Member, Shape, TypeStore};
use super::super::table::SymbolTable;
use super::super::{Symbols, TypeId};
use super::Read;
use super::items::{BaseType, EnumType, FieldItem, Kind, Metadata, Pdb, SymbolItem, TypeItem, UserType};
use crate::{Error, ErrorKind, Layer, Result};
use memsh_plugin::{VirtAddr, umem};
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, Visitor};
use std::collections::HashMap;
use std::fmt;

/// Symbols that do lie at address zero; dwarf2json writes 0 for others when it does not know the address.
/// The first three start the per-CPU area (arch/x86/kernel/vmlinux.lds.S), the last is the image itself.
const AT_ZERO: [&str; 4] = ["__per_cpu_start", "fixed_percpu_data", "irq_stack_union", "__ImageBase"];

/// Fills store and table.
pub struct Builder {
    store: TypeStore,
    symbols: SymbolTable,
    /// Types by kind and name; used before they are defined, so each starts as a declaration.
    named: HashMap<(Declared, Name), TypeId>,
    pointers: HashMap<(TypeId, Name), TypeId>,
    arrays: HashMap<(TypeId, u64), TypeId>,
    /// Arrays in the order they were made: elements before what holds them.
    array_order: Vec<(TypeId, TypeId, u64)>,
    void: Option<TypeId>,
    function: Option<TypeId>,
    format: Option<String>,
    pdb: Option<Pdb>,
    banner: Option<String>,
    known_sections: u32,
    bad_fields: u64,
    bad_symbols: u64,
    zero_symbols: u64,
}

impl Builder {
    pub fn new(origin: String) -> Self {
        Self {
            store: TypeStore::new(origin),
            symbols: SymbolTable::new(),
            named: HashMap::new(),
            pointers: HashMap::new(),
            arrays: HashMap::new(),
            array_order: Vec::new(),
            void: None,
            function: None,
            format: None,
            pdb: None,
            banner: None,
            known_sections: 0,
            bad_fields: 0,
            bad_symbols: 0,
            zero_symbols: 0,
        }
    }

    fn named(&mut self, kind: Declared, name: &str) -> Option<TypeId> {
        let name = self.store.intern(name);
        if let Some(&id) = self.named.get(&(kind, name)) {
            return Some(id);
        }
        let id = self.store.add(name, None, Shape::Forward(kind))?;
        self.named.insert((kind, name), id);
        Some(id)
    }

    fn base(&mut self, name: &str, t: &BaseType) {
        let shape = match t.kind.as_str() {
            "void" => Shape::Void,
            "float" => Shape::Float,
            kind => Shape::Int { signed: t.signed, char: kind == "char", bool: kind == "bool" },
        };
        let size = if shape == Shape::Void { None } else { t.size.and_then(|n| n.unsigned()) };
        self.define(Declared::Other, name, size, shape);
    }

    fn define(&mut self, kind: Declared, name: &str, size: Option<u64>, shape: Shape) {
        if let Some(id) = self.named(kind, name) {
            let shown = if is_made_up(name) { Name::NONE } else { self.store.intern(name) };
            self.store.set(id, shown, size, shape);
        }
    }

    fn user(&mut self, name: &str, t: &UserType) {
        let mut members = Vec::with_capacity(t.fields.0.len().min(4096));
        for (field, item) in &t.fields.0 {
            match self.member(field, item) {
                Some(m) => members.push(m),
                None => self.bad_fields += 1,
            }
        }
        // Writers sort by name; people read by position. The order of members in one place stays.
        members.sort_by_key(|m| m.bit_offset);
        let (first, n) = self.store.add_members(&members);
        let size = t.size.and_then(|n| n.unsigned());
        if t.kind == "union" {
            self.define(Declared::Union, name, size, Shape::Union(first, n));
        } else {
            self.define(Declared::Struct, name, size, Shape::Struct(first, n));
        }
    }

    fn member(&mut self, name: &str, item: &FieldItem) -> Option<Member> {
        let start = item.offset.unsigned()?.checked_mul(8)?;
        let (bit_offset, bits, of) = if item.of.kind == Kind::Bitfield {
            let position = item.of.bit_position?.unsigned()?;
            let bits = u32::try_from(item.of.bit_length?.unsigned()?).ok().filter(|&b| b > 0)?;
            (start.checked_add(position)?, bits, item.of.of.as_deref()?)
        } else {
            (start, 0, &item.of)
        };
        let type_id = self.reference(of)?;
        let name = if item.anonymous { Name::NONE } else { self.store.intern(name) };
        Some(Member { name, bit_offset, bits, type_id })
    }

    fn reference(&mut self, t: &TypeItem) -> Option<TypeId> {
        let name = t.name.as_deref();
        match t.kind {
            Kind::Base => match name? {
                "void" => self.void(),
                name => self.named(Declared::Other, name),
            },
            Kind::Void => self.void(),
            Kind::Struct | Kind::Class => self.named(Declared::Struct, name?),
            Kind::Union => self.named(Declared::Union, name?),
            Kind::Enum => self.named(Declared::Enum, name?),
            Kind::Function => {
                if self.function.is_none() {
                    self.function = self.store.add(Name::NONE, None, Shape::Function);
                }
                self.function
            }
            Kind::Pointer => {
                let to = match t.subtype.as_deref() {
                    Some(s) => self.reference(s)?,
                    None => self.void()?,
                };
                let base = self.store.intern(t.base.as_deref().unwrap_or("pointer"));
                if let Some(&id) = self.pointers.get(&(to, base)) {
                    return Some(id);
                }
                let id = self.store.add(Name::NONE, None, Shape::Pointer(to))?;
                self.pointers.insert((to, base), id);
                Some(id)
            }
            Kind::Array => {
                let element = self.reference(t.subtype.as_deref()?)?;
                let count = t.count?.unsigned()?;
                if let Some(&id) = self.arrays.get(&(element, count)) {
                    return Some(id);
                }
                let id = self.store.add(Name::NONE, None, Shape::Array(element, count))?;
                self.arrays.insert((element, count), id);
                self.array_order.push((id, element, count));
                Some(id)
            }
            Kind::Bitfield => self.reference(t.of.as_deref()?),
            Kind::Other => None,
        }
    }

    fn void(&mut self) -> Option<TypeId> {
        if self.void.is_none() {
            self.void = self.named(Declared::Other, "void");
            self.define(Declared::Other, "void", None, Shape::Void);
        }
        self.void
    }

    fn enumeration(&mut self, name: &str, t: &EnumType) {
        let mut constants: Vec<(Name, i128)> = t.constants.0.iter().map(|(n, v)| (self.store.intern(n), v.0)).collect();
        constants.sort_by_key(|c| c.1);
        let (first, n) = self.store.add_constants(&constants);
        self.define(Declared::Enum, name, t.size.and_then(|n| n.unsigned()), Shape::Enum(first, n));
    }

    fn symbol(&mut self, name: &str, s: &SymbolItem) {
        if name == "linux_banner" {
            self.banner = s.constant_data.as_deref().and_then(decode).map(|b| {
                let text = b.split(|&c| c == 0 || c == b'\n').next().unwrap_or_default();
                String::from_utf8_lossy(text).into_owned()
            });
        }
        match s.address.address() {
            Some(0) if !AT_ZERO.contains(&name) => self.zero_symbols += 1,
            Some(address) if self.symbols.push(name, VirtAddr::new(umem::from(address)), b'?', None) => {}
            _ => self.bad_symbols += 1,
        }
    }

    /// Closes the sizes that depend on later parts of the document.
    pub fn finish(mut self) -> Result<Read> {
        if self.known_sections == 0 {
            return Err(Error::new(
                Layer::Symbols,
                ErrorKind::Malformed,
                "this JSON is no ISF document: it has none of base_types, user_types, enums, symbols",
            )
            .hint("dwarf2json and Volatility 3 make such files"));
        }
        let pointers: Vec<((TypeId, Name), TypeId)> = self.pointers.iter().map(|(&k, &v)| (k, v)).collect();
        for ((to, base), id) in pointers {
            let base = self.named.get(&(Declared::Other, base)).copied();
            let size = base.and_then(|b| self.store.shape(b)?.1);
            self.store.set(id, Name::NONE, size, Shape::Pointer(to));
        }
        for (id, element, count) in std::mem::take(&mut self.array_order) {
            let size = self.store.shape(element).and_then(|(_, s)| s?.checked_mul(count));
            self.store.set(id, Name::NONE, size, Shape::Array(element, count));
        }
        self.store.finish();
        self.symbols.finish();
        let warnings = self.warnings();
        Ok(Read { types: self.store, symbols: self.symbols, format: self.format, banner: self.banner, pdb: self.pdb, warnings })
    }

    fn warnings(&self) -> Vec<String> {
        let mut warnings = Vec::new();
        let major = self.format.as_deref().and_then(|f| f.split('.').next()?.parse::<u32>().ok());
        if !major.is_some_and(|m| (4..=6).contains(&m)) {
            let format = self.format.as_deref().unwrap_or("not named");
            warnings.push(format!("ISF schema {format:?} is none that memsh was tested with (4 to 6)"));
        }
        if self.bad_fields > 0 {
            warnings.push(format!("{} members with a type or position that makes no sense were left out", self.bad_fields));
        }
        if self.bad_symbols > 0 {
            warnings.push(format!("{} symbols that can't be stored were left out", self.bad_symbols));
        }
        if self.zero_symbols > 0 && self.symbols.count() > 0 {
            warnings.push(format!("{} symbols without an address were left out", self.zero_symbols));
        }
        warnings
    }
}

/// Names that ISF writers give to structures that have none: dwarf2json `unnamed_` and a hash, the PDB itself
/// `__unnamed`, `<unnamed-...>`, `<anonymous-...>`.
pub fn is_made_up(name: &str) -> bool {
    let hex = |rest: &str| rest.len() >= 8 && rest.bytes().all(|b| b.is_ascii_hexdigit());
    name.strip_prefix("unnamed_").is_some_and(hex)
        || name.starts_with("__unnamed")
        || name.starts_with("<unnamed-")
        || name.starts_with("<anonymous-")
}

/// Base64 (RFC 4648, section 4).
fn decode(text: &str) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    let (mut bits, mut have) = (0_u32, 0_u32);
    for b in text.bytes().filter(|b| !b.is_ascii_whitespace()) {
        let v = match b {
            b'A'..=b'Z' => b - b'A',
            b'a'..=b'z' => b - b'a' + 26,
            b'0'..=b'9' => b - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            b'=' => break,
            _ => return None,
        };
        bits = ((bits << 6) | u32::from(v)) & 0xffff;
        have += 6;
        if have >= 8 {
            have -= 8;
            out.push(u8::try_from((bits >> have) & 0xff).ok()?);
        }
    }
    Some(out)
}

/// The whole document.
pub struct Document<'a>(pub &'a mut Builder);

impl<'de> DeserializeSeed<'de> for Document<'_> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, d: D) -> Result<(), D::Error> {
        d.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Document<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an ISF document (a JSON object)")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let b = self.0;
        while let Some(key) = map.next_key::<String>()? {
            b.known_sections += 1;
            match key.as_str() {
                "base_types" => map.next_value_seed(Each(b, Builder::base))?,
                "user_types" => map.next_value_seed(Each(b, Builder::user))?,
                "enums" => map.next_value_seed(Each(b, Builder::enumeration))?,
                "symbols" => map.next_value_seed(Each(b, Builder::symbol))?,
                "metadata" => {
                    b.known_sections -= 1;
                    let m: Metadata = map.next_value()?;
                    b.format = m.format;
                    b.pdb = m.windows.and_then(|w| w.pdb);
                }
                _ => {
                    b.known_sections -= 1;
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(())
    }
}

/// An object whose members go to the builder one by one.
struct Each<'a, T>(&'a mut Builder, fn(&mut Builder, &str, &T));

impl<'de, T: serde::Deserialize<'de>> DeserializeSeed<'de> for Each<'_, T> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, d: D) -> Result<(), D::Error> {
        d.deserialize_map(self)
    }
}

impl<'de, T: serde::Deserialize<'de>> Visitor<'de> for Each<'_, T> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(name) = map.next_key::<String>()? {
            let item: T = map.next_value()?;
            (self.1)(self.0, &name, &item);
        }
        Ok(())
    }
}
