//! What structures hold, member by member: for `dt`, `list`, `tree` and `percpu`.

use super::cells::plain;
use super::context::Context;
use super::failure::Result;
use super::glob::Glob;
use super::similar::{or, similar};
use crate::engine::index;
use crate::session::Space;
use crate::symbols::{Field, FieldPath, Type, TypeId, TypeKind, Types, TypesExt};
use crate::{Error, ErrorKind, Layer, VirtAddr, umem};
use memsh_plugin::Text;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value};
use std::cell::{Cell, RefCell};
use std::collections::HashSet;

/// Structures in structures are followed so deep at most, whatever `-r` says.
pub const DEEPEST: u32 = 16;
/// Longest value that is read.
const LONGEST: u64 = 4096;
/// Longest text behind a pointer.
const TEXT: usize = 256;
/// Elements of an array that are shown.
const ELEMENTS: u64 = 64;
/// Structures of an array that are shown.
const STRUCTURES: u64 = 16;
/// Members in one answer: pointers lead from structure to structure through half the kernel.
const MEMBERS: u32 = 100_000;

/// A member.
#[derive(Serialize, JsonSchema)]
pub struct FieldRow {
    /// Its name; empty for an anonymous structure or union; `[0]` for an element of an array.
    pub name: String,
    /// Position in bytes.
    pub offset: u64,
    /// Size in bytes.
    pub size: Option<u64>,
    /// Its type.
    #[serde(rename = "type")]
    pub kind: String,
    /// What it holds: a number, a pointer in hex, text of a character array, the name of an enumeration's value, elements of
    /// an array, both pointers of a `list_head`, the one number of an `atomic_t` or another structure around a number; null
    /// without an address, for other structures, and where it can't be read.
    pub value: Value,
    /// For a pointer into the kernel or a module, the symbol there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub symbol: Option<String>,
    /// For a pointer to text, the text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// For a bit field: bits from the offset's first bit, and width.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bits: Option<[u32; 2]>,
    /// Members of a structure inside, with `-r`; of the structure that a pointer leads to, at an address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fields: Option<Vec<FieldRow>>,
}

/// The error for a type that there is not.
pub fn unknown(types: &dyn Types, name: &str) -> Error {
    if let Some((module, name)) = name.split_once('!') {
        let (homes, advice) = (types.modules(), types.advice(module));
        let hint = match homes.iter().any(|m| *m == module.replace('-', "_")) {
            true => {
                format!("that module has {} types of its own; the kernel's are named without it", types.names_in(module).len())
            }
            false if advice.is_some() => advice.unwrap_or_default(),
            false if homes.is_empty() => "no module in this image has types of its own".to_owned(),
            false => format!("modules with types: {}", homes.join(", ")),
        };
        return Error::new(Layer::Symbols, ErrorKind::NotFound, format!("no type {name} of a module {module}")).hint(hint);
    }
    let names = types.names();
    let mut close = similar(name, names.iter().map(String::as_str));
    if close.is_empty() {
        close = names.iter().map(String::as_str).filter(|n| n.contains(name)).take(200).collect();
        close.sort_by_key(|n| (n.len(), *n));
        close.truncate(5);
    }
    let hint = match close.as_slice() {
        [] => "names are those of the kernel's C source; `info` shows where types come from".to_owned(),
        some => format!("did you mean {}?", or(some)),
    };
    Error::new(Layer::Symbols, ErrorKind::NotFound, format!("no type {name} in {}", types.origin())).hint(hint)
}

/// Reads values of types in a space.
pub struct Place<'a> {
    types: &'a dyn Types,
    space: Option<&'a Space>,
    cx: &'a Context<'a>,
    /// Structures that pointers led to already.
    seen: RefCell<HashSet<(TypeId, umem)>>,
    left: Cell<u32>,
}

fn is_structure(t: &Type) -> bool {
    matches!(t.kind, TypeKind::Struct(_) | TypeKind::Union(_))
}

impl<'a> Place<'a> {
    /// For types, and the space that addresses are of; without one layouts only.
    pub fn new(cx: &'a Context<'a>, types: &'a dyn Types, space: Option<&'a Space>) -> Self {
        Self { types, space, cx, seen: RefCell::default(), left: Cell::new(MEMBERS) }
    }

    /// The members of a type at an address.
    pub fn fields(&self, id: TypeId, base: u64, address: Option<umem>, depth: u32) -> Vec<FieldRow> {
        let Some((_, t)) = self.types.resolve(id) else { return Vec::new() };
        match t.kind {
            TypeKind::Struct(fields) | TypeKind::Union(fields) => {
                fields.iter().filter(|_| self.go_on()).map(|f| self.field(f, base, address, depth)).collect()
            }
            TypeKind::Enum(values) => values
                .into_iter()
                .map(|(name, value)| FieldRow { kind: "value".to_owned(), value: integer(value), name, ..FieldRow::at(0, None) })
                .collect(),
            _ => {
                let mut row = FieldRow::at(base, t.size);
                row.kind = describe(self.types, id, 0);
                row.value = self.value(id, t.size, address, None);
                self.behind(&mut row, id);
                row.fields = self.inside(id, base, address, &row.value, depth);
                vec![row]
            }
        }
    }

    /// What a pointer leads to: text, or a symbol. Text has none of its own.
    fn behind(&self, row: &mut FieldRow, id: TypeId) {
        row.text = self.text(id, &row.value);
        row.symbol = self.symbol(id, &row.value).filter(|_| row.text.is_none());
    }

    fn go_on(&self) -> bool {
        match self.left.get().checked_sub(1) {
            Some(left) => {
                self.left.set(left);
                true
            }
            None => {
                self.cx.lost(format!("what comes after {MEMBERS} members: fewer levels show less"));
                false
            }
        }
    }

    fn field(&self, f: &Field, base: u64, address: Option<umem>, depth: u32) -> FieldRow {
        let inner = f.bit_offset / 8;
        let at = address.map(|a| a.wrapping_add(umem::from(inner)));
        let resolved = self.types.resolve(f.type_id);
        let size = resolved.as_ref().and_then(|(_, t)| t.size);
        let nested = resolved.as_ref().is_some_and(|(_, t)| is_structure(t));
        let mut row = FieldRow::at(base.saturating_add(inner), size);
        row.name.clone_from(&f.name);
        row.kind = describe(self.types, f.type_id, 0);
        row.bits = f.bit_size.map(|w| [u32::try_from(f.bit_offset % 8).unwrap_or(0), w]);
        row.value = self.value(f.type_id, size, at, row.bits);
        self.behind(&mut row, f.type_id);
        // Members of an anonymous structure are the outer's own: shown without being asked for.
        row.fields = match nested && f.name.is_empty() {
            true => Some(self.fields(f.type_id, row.offset, at, depth)),
            false => self.inside(f.type_id, row.offset, at, &row.value, depth),
        };
        row
    }

    /// What is inside a member, or behind it: of a structure, a pointer to one, an array of them.
    fn inside(&self, id: TypeId, base: u64, address: Option<umem>, value: &Value, depth: u32) -> Option<Vec<FieldRow>> {
        let depth = depth.checked_sub(1)?;
        let (_, t) = self.types.resolve(id)?;
        match t.kind {
            TypeKind::Struct(_) | TypeKind::Union(_) => Some(self.fields(id, base, address, depth)),
            TypeKind::Pointer(to) => {
                let (to, pointed) = self.types.resolve(to)?;
                let at = value.as_str()?.strip_prefix("0x").and_then(|v| umem::from_str_radix(v, 16).ok())?;
                // Once is enough, and a circle has no end.
                let wanted = at != 0 && is_structure(&pointed) && self.seen.borrow_mut().insert((to, at));
                wanted.then(|| self.fields(to, 0, Some(at), depth))
            }
            TypeKind::Array { element, count } => {
                let (_, one) = self.types.resolve(element)?;
                let size = one.size.filter(|s| *s > 0 && is_structure(&one))?;
                let each = (0..count.min(STRUCTURES)).map(|i| {
                    let offset = base.saturating_add(i.saturating_mul(size));
                    let at = address.map(|a| a.wrapping_add(umem::from(i.saturating_mul(size))));
                    let mut row = FieldRow::at(offset, one.size);
                    row.name = format!("[{i}]");
                    row.kind = describe(self.types, element, 0);
                    row.fields = Some(self.fields(element, offset, at, depth));
                    row
                });
                Some(each.collect())
            }
            _ => None,
        }
    }

    /// The members that a path or a pattern names.
    ///
    /// # Errors
    /// When there is none.
    pub fn members(&self, id: TypeId, name: &str, path: &str, address: Option<umem>, depth: u32) -> Result<Vec<FieldRow>> {
        if path.contains(['*', '?']) {
            let glob = Glob::new(path)?;
            let rows: Vec<FieldRow> =
                self.matching(id, &glob).iter().map(|p| self.member(p.0.clone(), &p.1, address, depth)).collect();
            if !rows.is_empty() {
                return Ok(rows);
            }
        } else if let Some(found) = self.types.field_of(id, path) {
            return Ok(vec![self.member(path.to_owned(), &found, address, depth)]);
        }
        let e = Error::new(Layer::Symbols, ErrorKind::NotFound, format!("{name} has no member {path}"));
        Err(e.hint(format!("`dt {name}` lists its members")).into())
    }

    /// The members whose names match, in the order of their positions.
    fn matching(&self, id: TypeId, glob: &Glob) -> Vec<(String, FieldPath)> {
        let mut found = Vec::new();
        self.types.members(id, |at, f| {
            if glob.matches(&f.name) {
                found.push((at, f));
            }
            None::<()>
        });
        found.sort_by_key(|&(at, _)| at);
        let named = found.into_iter().map(|(at, f)| {
            let bits = f.bit_size.map(|w| (u32::try_from(at % 8).unwrap_or(0), w));
            let size = self.types.resolve(f.type_id).and_then(|(_, t)| t.size);
            (f.name, FieldPath { offset: at / 8, size, bits, type_id: f.type_id })
        });
        named.collect()
    }

    fn member(&self, name: String, found: &FieldPath, address: Option<umem>, depth: u32) -> FieldRow {
        let at = address.map(|a| a.wrapping_add(umem::from(found.offset)));
        let mut row = FieldRow::at(found.offset, found.size);
        row.name = name;
        row.kind = describe(self.types, found.type_id, 0);
        row.bits = found.bits.map(|(start, width)| [start, width]);
        row.value = self.value(found.type_id, found.size, at, row.bits);
        self.behind(&mut row, found.type_id);
        // A structure that was asked for by name is wanted with what is in it.
        let nested = self.types.resolve(found.type_id).is_some_and(|(_, t)| is_structure(&t));
        row.fields = match nested && (row.value.is_null() || depth > 0) {
            true => Some(self.fields(found.type_id, found.offset, at, depth)),
            false => self.inside(found.type_id, found.offset, at, &row.value, depth),
        };
        row
    }

    /// Paths of members, and their values at an address: what `list` and `tree` show of each structure. Of a pointer to text
    /// that is the text.
    pub fn some(&self, chosen: &[(String, FieldPath)], address: umem) -> Map<String, Value> {
        let value = |p: &FieldPath| {
            let at = address.wrapping_add(umem::from(p.offset));
            let bits = p.bits.map(|(start, width)| [start, width]);
            let value = self.value(p.type_id, p.size, Some(at), bits);
            self.text(p.type_id, &value).map_or(value, Value::String)
        };
        chosen.iter().map(|(name, p)| (name.clone(), value(p))).collect()
    }

    /// What a type holds at an address.
    pub fn value(&self, id: TypeId, size: Option<u64>, address: Option<umem>, bits: Option<[u32; 2]>) -> Value {
        let (Some(space), Some(address), Some(size)) = (self.space, address, size) else { return Value::Null };
        // Of a structure only one around a number has a value of its own.
        let structure = self.types.resolve(id).is_some_and(|(_, t)| is_structure(&t));
        if size == 0 || size > LONGEST || (structure && (size > 16 || !self.has_value(id, 0))) {
            return Value::Null;
        }
        let mut data = vec![0; index(umem::from(size)).unwrap_or(0)];
        if !space.read_gaps(address, &mut data).is_empty() {
            self.cx.lost("values that are not mapped or not in the image");
            return Value::Null;
        }
        self.decode(id, &data, bits, 0)
    }

    /// Whether a structure is a pair of list pointers, or has one member, and that a number or another such structure.
    fn has_value(&self, id: TypeId, depth: u32) -> bool {
        let Some((_, t)) = self.types.resolve(id).filter(|_| depth < 4) else { return false };
        match t.kind {
            TypeKind::Struct(_) if is_pair(&t) => true,
            TypeKind::Struct(fields) => match fields.as_slice() {
                [one] => one.bit_offset == 0 && one.bit_size.is_none() && self.has_value(one.type_id, depth + 1),
                _ => false,
            },
            TypeKind::Int { .. } | TypeKind::Pointer(_) | TypeKind::Enum(_) => true,
            _ => false,
        }
    }

    fn decode(&self, id: TypeId, data: &[u8], bits: Option<[u32; 2]>, depth: u32) -> Value {
        let Some((_, t)) = self.types.resolve(id).filter(|_| depth < DEEPEST) else { return Value::Null };
        match t.kind {
            TypeKind::Int { bool: true, .. } if bits.is_none() => Value::Bool(data.iter().any(|b| *b != 0)),
            TypeKind::Int { signed, .. } => integer(number(data, bits, signed)),
            TypeKind::Pointer(_) => Value::String(format!("{:#x}", number(data, None, false))),
            TypeKind::Enum(names) => {
                let value = number(data, bits, true);
                let unsigned = number(data, bits, false);
                let name = names.iter().find(|(_, v)| *v == value || *v == unsigned).map(|(n, _)| n.clone());
                name.map_or_else(|| integer(value), Value::String)
            }
            TypeKind::Array { element, count } => self.array(element, count, data, depth),
            TypeKind::Struct(_) if is_pair(&t) => {
                let (low, high) = data.split_at(data.len() / 2);
                [low, high].iter().map(|d| Value::String(format!("{:#x}", number(d, None, false)))).collect()
            }
            TypeKind::Struct(fields) if self.has_value(id, 0) => {
                fields.first().map_or(Value::Null, |f| self.decode(f.type_id, data, None, depth + 1))
            }
            _ => Value::Null,
        }
    }

    fn array(&self, element: TypeId, count: u64, data: &[u8], depth: u32) -> Value {
        let Some((_, t)) = self.types.resolve(element) else { return Value::Null };
        let one = t.size.and_then(|s| usize::try_from(s).ok()).filter(|s| *s > 0);
        if matches!(t.kind, TypeKind::Int { char: true, .. }) || (one == Some(1) && self.is_char(element)) {
            let end = data.iter().position(|b| *b == 0).unwrap_or(data.len());
            return Value::String(plain(&Text::from(data.get(..end).unwrap_or_default())));
        }
        if is_structure(&t) && !self.has_value(element, 0) {
            return Value::Null;
        }
        match one.filter(|_| count <= ELEMENTS) {
            Some(one) => data.chunks_exact(one).map(|d| self.decode(element, d, None, depth + 1)).collect(),
            None => Value::Null,
        }
    }

    fn is_char(&self, id: TypeId) -> bool {
        self.types.resolve(id).and_then(|(_, t)| t.name).is_some_and(|n| n == "char")
    }

    /// The text that a `char *` leads to, where it is text: printable, and ended.
    fn text(&self, id: TypeId, value: &Value) -> Option<String> {
        let (_, t) = self.types.resolve(id)?;
        let TypeKind::Pointer(to) = t.kind else { return None };
        let at = umem::from_str_radix(value.as_str()?.strip_prefix("0x")?, 16).ok().filter(|at| *at != 0 && self.is_char(to))?;
        let mut data = [0u8; TEXT];
        let gaps = self.space?.read_gaps(at, &mut data);
        let end = data.iter().position(|b| *b == 0)?;
        let whole =
            gaps.as_slice().first().is_none_or(|g| g.start.wrapping_sub(at) > umem::from(u32::try_from(end).unwrap_or(0)));
        let text = std::str::from_utf8(data.get(..end)?).ok()?;
        (whole && !text.is_empty() && !text.contains(char::is_control)).then(|| text.to_owned())
    }

    /// The symbol that a pointer leads to.
    pub fn symbol(&self, id: TypeId, value: &Value) -> Option<String> {
        let (_, t) = self.types.resolve(id)?;
        let TypeKind::Pointer(_) = t.kind else { return None };
        let at = umem::from_str_radix(value.as_str()?.strip_prefix("0x")?, 16).ok()?;
        // Small numbers are per-CPU offsets to the symbols, and no pointers.
        (at >> 63 == 1).then(|| self.cx.session().ok()?.name_of(VirtAddr::new(at)))?
    }
}

impl FieldRow {
    fn at(offset: u64, size: Option<u64>) -> Self {
        let (name, kind) = (String::new(), String::new());
        Self { name, offset, size, kind, value: Value::Null, symbol: None, text: None, bits: None, fields: None }
    }
}

/// Whether a structure is the two pointers of a list.
fn is_pair(t: &Type) -> bool {
    t.size == Some(16) && t.name.as_deref().is_some_and(|n| matches!(n, "list_head" | "hlist_node" | "hlist_nulls_node"))
}

/// The members that `names` (joined by commas) choose of a type.
///
/// # Errors
/// When the type lacks one.
pub fn chosen(types: &dyn Types, id: TypeId, name: &str, names: &[String]) -> Result<Vec<(String, FieldPath)>> {
    let path = |path: &String| {
        types.field_of(id, path).map(|found| (path.clone(), found)).ok_or_else(|| {
            let e = Error::new(Layer::Symbols, ErrorKind::NotFound, format!("{name} has no member {path}"));
            e.hint(format!("`dt {name}` lists its members")).into()
        })
    };
    names.iter().map(path).collect()
}

/// A little-endian number, or the bits of one.
fn number(data: &[u8], bits: Option<[u32; 2]>, signed: bool) -> i128 {
    let raw = data.iter().take(16).rev().fold(0u128, |v, b| v << 8 | u128::from(*b));
    let [start, width] = bits.unwrap_or([0, u32::try_from(data.len().min(16) * 8).unwrap_or(128)]);
    let width = width.clamp(1, 127);
    let value = (raw >> start.min(127)) & ((1 << width) - 1);
    let value = i128::try_from(value).unwrap_or(i128::MAX);
    if signed && value >> (width - 1) & 1 == 1 { value - (1 << width) } else { value }
}

pub fn integer(value: i128) -> Value {
    match (u64::try_from(value), i64::try_from(value)) {
        (Ok(v), _) => v.into(),
        (_, Ok(v)) => v.into(),
        _ => Value::String(value.to_string()),
    }
}

/// A type as C writes it, near enough to read: `struct list_head *`, `char [16]`.
pub fn describe(types: &dyn Types, id: TypeId, depth: u32) -> String {
    let Some(t) = types.get(id).filter(|_| depth < DEEPEST) else { return "?".to_owned() };
    let named = |tag: &str| match &t.name {
        Some(n) if !n.is_empty() => format!("{tag} {n}"),
        _ => format!("{tag} {{...}}"),
    };
    match t.kind {
        TypeKind::Void => "void".to_owned(),
        TypeKind::Pointer(to) => {
            let to = describe(types, to, depth + 1);
            if to.ends_with('*') { format!("{to}*") } else { format!("{to} *") }
        }
        TypeKind::Array { element, count } => format!("{} [{count}]", describe(types, element, depth + 1)),
        TypeKind::Struct(_) => named("struct"),
        TypeKind::Union(_) => named("union"),
        TypeKind::Forward => named("struct"),
        TypeKind::Enum(_) => named("enum"),
        TypeKind::Function => "function".to_owned(),
        TypeKind::Qualified(to) => describe(types, to, depth + 1),
        TypeKind::Typedef(to) => t.name.unwrap_or_else(|| describe(types, to, depth + 1)),
        TypeKind::Int { .. } | TypeKind::Float => t.name.unwrap_or_else(|| "int".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_their_sign_and_their_bits() {
        assert_eq!(number(&[0xff, 0xff], None, true), -1);
        assert_eq!(number(&[0xff, 0xff], None, false), 0xffff);
        assert_eq!(number(&[0b1010_0000], Some([5, 3]), false), 0b101);
        assert_eq!(number(&[0b1010_0000], Some([5, 3]), true), -3);
        assert_eq!(integer(-1), Value::from(-1));
        assert_eq!(integer(i128::from(u64::MAX)), Value::from(u64::MAX));
    }
}
