//! `dt`: what a structure looks like, and what it holds.

use super::cells::{Hex, plain};
use super::context::Context;
use super::failure::Result;
use super::similar::{or, similar};
use super::sink::Rows;
use super::spec::{Command, Shape};
use super::which::Whose;
use memsh::engine::index;
use memsh::session::Space;
use memsh::symbols::{Field, TypeId, TypeKind, Types, TypesExt};
use memsh::{Error, ErrorKind, Layer, umem};
use memsh_plugin::Text;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

/// Show the layout of a type and, at an address, its values
#[derive(clap::Args, Debug)]
pub struct Dt {
    /// Name of the type (`task_struct`, `struct task_struct`), or `TYPE.FIELD,FIELD` for some members
    #[arg(value_name = "TYPE", num_args = 1..=3, required = true)]
    words: Vec<String>,
    /// Show the structures inside structures; given twice, two levels of them
    #[arg(short = 'r', long, action = clap::ArgAction::Count)]
    recursive: u8,
    /// As many levels of them
    #[arg(long, value_name = "N", conflicts_with = "recursive")]
    depth: Option<u32>,
    #[command(flatten)]
    whose: Whose,
}

/// A type.
#[derive(Serialize, JsonSchema)]
pub struct DtRow {
    /// Its name.
    #[serde(rename = "type")]
    name: String,
    /// Its size in bytes.
    size: Option<u64>,
    /// Address at which it was read.
    address: Option<Hex>,
    /// Its members.
    fields: Vec<FieldRow>,
}

/// A member.
#[derive(Serialize, JsonSchema)]
struct FieldRow {
    /// Its name; empty for an anonymous structure or union.
    name: String,
    /// Position in bytes.
    offset: u64,
    /// Size in bytes.
    size: Option<u64>,
    /// Its type.
    #[serde(rename = "type")]
    kind: String,
    /// What it holds: a number, a pointer in hex, text of a character array, the name of an enumeration's value; null
    /// without an address, for structures, and where it can't be read.
    value: Value,
    /// For a bit field: bits from the offset's first bit, and width.
    #[serde(skip_serializing_if = "Option::is_none")]
    bits: Option<[u32; 2]>,
    /// Members of a structure inside, with `-r`.
    #[serde(skip_serializing_if = "Option::is_none")]
    fields: Option<Vec<FieldRow>>,
}

/// Structures in structures are followed so deep at most, whatever `-r` says.
const DEEPEST: u32 = 16;
/// Longest value that is read.
const LONGEST: u64 = 4096;

impl Command for Dt {
    type Row = DtRow;
    const NAME: &'static str = "dt";
    const ALIASES: &'static [&'static str] = &["struct", "union", "whatis", "ptype"];
    const SUMMARY: &'static str = "Show the layout of a type and, at an address, its values";
    const SHAPE: Shape = Shape::Object;
    const EXAMPLES: &'static [(&'static str, &'static str)] = &[
        ("dt list_head", "the layout"),
        ("dt task_struct init_task", "with values"),
        ("dt task_struct.pid,comm init_task", "some members"),
    ];

    fn run(self, cx: &Context, out: &mut Rows<'_, DtRow>) -> Result<()> {
        let session = cx.session()?;
        let types = session.types()?;
        // `struct task_struct` is one name in two words.
        let tag = self.words.first().is_some_and(|w| matches!(w.as_str(), "struct" | "union" | "enum")) && self.words.len() > 1;
        let (name, address) = match (tag, self.words.as_slice()) {
            (true, [tag, name, rest @ ..]) => (format!("{tag} {name}"), rest.first()),
            (_, [name, rest @ ..]) => (name.clone(), rest.first()),
            (_, []) => return Ok(()),
        };
        let name = name.strip_prefix("nt!").unwrap_or(&name).to_owned();
        let (name, member) = match name.split_once('.') {
            Some((n, m)) => (n.to_owned(), Some(m.to_owned())),
            None => (name, None),
        };
        let id = types.find(&name).ok_or_else(|| unknown(types, &name))?;
        let space = match address {
            Some(_) => Some(self.whose.space(cx)?),
            None => None,
        };
        let address = match (address, &space) {
            (Some(text), Some(space)) => Some(cx.evaluate(text, Some(space))?),
            _ => None,
        };
        let depth = self.depth.unwrap_or(u32::from(self.recursive)).min(DEEPEST);
        let place = Place { types, space: space.as_ref(), cx };
        let (_, whole) = types.resolve(id).ok_or_else(|| unknown(types, &name))?;
        let fields = match member {
            // crash's `task_struct.pid,comm` is several members.
            Some(paths) => {
                paths.split(',').map(|path| place.member(id, &name, path.trim(), address, depth)).collect::<Result<Vec<_>>>()?
            }
            None => place.fields(id, 0, address, depth),
        };
        let kind = describe(types, id, 0);
        let kind = if matches!(whole.kind, TypeKind::Struct(_) | TypeKind::Union(_)) { kind } else { name };
        out.push(&DtRow { name: kind, size: whole.size, address: address.map(Hex), fields })
    }
}

fn unknown(types: &dyn Types, name: &str) -> Error {
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

struct Place<'a> {
    types: &'a dyn Types,
    space: Option<&'a Space>,
    cx: &'a Context<'a>,
}

impl Place<'_> {
    fn fields(&self, id: TypeId, base: u64, address: Option<umem>, depth: u32) -> Vec<FieldRow> {
        let Some((_, t)) = self.types.resolve(id) else { return Vec::new() };
        match t.kind {
            TypeKind::Struct(fields) | TypeKind::Union(fields) => {
                fields.iter().map(|f| self.field(f, base, address, depth)).collect()
            }
            TypeKind::Enum(values) => values
                .into_iter()
                .map(|(name, value)| FieldRow {
                    name,
                    offset: 0,
                    size: None,
                    kind: "value".to_owned(),
                    value: integer(value),
                    bits: None,
                    fields: None,
                })
                .collect(),
            _ => {
                let kind = describe(self.types, id, 0);
                let value = self.value(id, t.size, address, None);
                vec![FieldRow { name: String::new(), offset: base, size: t.size, kind, value, bits: None, fields: None }]
            }
        }
    }

    fn field(&self, f: &Field, base: u64, address: Option<umem>, depth: u32) -> FieldRow {
        let inner = f.bit_offset / 8;
        let at = address.map(|a| a.wrapping_add(umem::from(inner)));
        let resolved = self.types.resolve(f.type_id);
        let size = resolved.as_ref().and_then(|(_, t)| t.size);
        let nested = matches!(&resolved, Some((_, t)) if matches!(t.kind, TypeKind::Struct(_) | TypeKind::Union(_)));
        let bits = f.bit_size.map(|w| [u32::try_from(f.bit_offset % 8).unwrap_or(0), w]);
        // Members of an anonymous structure are the outer's own: shown without being asked for.
        let fields = (nested && (depth > 0 || f.name.is_empty()))
            .then(|| self.fields(f.type_id, base.saturating_add(inner), at, depth.saturating_sub(u32::from(!f.name.is_empty()))));
        FieldRow {
            name: f.name.clone(),
            offset: base.saturating_add(inner),
            size,
            kind: describe(self.types, f.type_id, 0),
            value: if nested { Value::Null } else { self.value(f.type_id, size, at, bits) },
            bits,
            fields,
        }
    }

    fn member(&self, id: TypeId, name: &str, path: &str, address: Option<umem>, depth: u32) -> Result<FieldRow> {
        let found = self.types.field_of(id, path).ok_or_else(|| {
            let e = Error::new(Layer::Symbols, ErrorKind::NotFound, format!("{name} has no member {path}"));
            e.hint(format!("`dt {name}` lists its members"))
        })?;
        let at = address.map(|a| a.wrapping_add(umem::from(found.offset)));
        let nested = matches!(self.types.resolve(found.type_id), Some((_, t)) if matches!(t.kind, TypeKind::Struct(_) | TypeKind::Union(_)));
        let bits = found.bits.map(|(start, width)| [start, width]);
        Ok(FieldRow {
            name: path.to_owned(),
            offset: found.offset,
            size: found.size,
            kind: describe(self.types, found.type_id, 0),
            value: if nested { Value::Null } else { self.value(found.type_id, found.size, at, bits) },
            bits,
            fields: nested.then(|| self.fields(found.type_id, found.offset, at, depth)),
        })
    }

    fn value(&self, id: TypeId, size: Option<u64>, address: Option<umem>, bits: Option<[u32; 2]>) -> Value {
        let (Some(space), Some(address), Some(size)) = (self.space, address, size) else { return Value::Null };
        if size == 0 || size > LONGEST {
            return Value::Null;
        }
        let mut data = vec![0; index(umem::from(size)).unwrap_or(0)];
        if !space.read_gaps(address, &mut data).is_empty() {
            self.cx.lost("values that are not mapped or not in the image");
            return Value::Null;
        }
        self.decode(id, &data, bits, 0)
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
        match one.filter(|_| count <= 64) {
            Some(one) => data.chunks_exact(one).map(|d| self.decode(element, d, None, depth + 1)).collect(),
            None => Value::Null,
        }
    }

    fn is_char(&self, id: TypeId) -> bool {
        self.types.resolve(id).and_then(|(_, t)| t.name).is_some_and(|n| n == "char")
    }
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

fn integer(value: i128) -> Value {
    match (u64::try_from(value), i64::try_from(value)) {
        (Ok(v), _) => v.into(),
        (_, Ok(v)) => v.into(),
        _ => Value::String(value.to_string()),
    }
}

/// A type as C writes it, near enough to read: `struct list_head *`, `char [16]`.
fn describe(types: &dyn Types, id: TypeId, depth: u32) -> String {
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
