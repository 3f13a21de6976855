//! JSON values become columns of the types that the schema of the answer says, so that answers of many images have the same columns.
//! Where it says nothing, or a value does not fit, it is the narrowest type that holds every value exactly.
//!
//! | values | type |
//! | --- | --- |
//! | addresses and masks | `uint64` |
//! | moments | `timestamp[ns, UTC]`, where all fit; else text |
//! | sizes and counts of 64 bits | `uint64` |
//! | other whole numbers | `int64`, else `uint64`, else `decimal128(20, 0)` |
//! | numbers | `float64` |
//! | lists and objects | lists and structs of the same |
//! | anything mixed | text: strings as they are, the rest as JSON |

use crate::kinds::{self, Kind};
use serde_json::{Map, Value};

/// A buffer in the alignment that its numbers need.
pub enum Buffer {
    /// Bits and characters.
    Bytes(Vec<u8>),
    /// Numbers and offsets.
    Signed(Vec<i64>),
    /// Addresses.
    Unsigned(Vec<u64>),
    /// Numbers with fractions.
    Floats(Vec<f64>),
    /// Whole numbers of two signs beyond 63 bits.
    Wide(Vec<i128>),
}

impl Buffer {
    /// Where its first byte is; well aligned also where it is empty.
    pub fn start(&self) -> *const std::ffi::c_void {
        match self {
            Buffer::Bytes(v) => v.as_ptr().cast(),
            Buffer::Signed(v) => v.as_ptr().cast(),
            Buffer::Unsigned(v) => v.as_ptr().cast(),
            Buffer::Floats(v) => v.as_ptr().cast(),
            Buffer::Wide(v) => v.as_ptr().cast(),
        }
    }
}

/// One column.
pub struct Column {
    /// Its type, as the C data interface writes it.
    pub format: &'static str,
    /// Values.
    pub len: usize,
    /// Of these, so many are null.
    pub nulls: usize,
    /// A bit for each value that is there; none where all are.
    pub validity: Option<Vec<u8>>,
    /// What follows the validity.
    pub buffers: Vec<Buffer>,
    /// Columns below it, with their names.
    pub children: Vec<(String, Column)>,
}

/// Of rows: a struct with a field for each of `keys` and for what else the rows have.
pub fn table(rows: &[Value], kind: &Kind, keys: &[String]) -> Column {
    let cells: Vec<Option<&Value>> = rows.iter().map(Some).collect();
    structs(&cells, kind, keys)
}

fn column(cells: &[Option<&Value>], kind: &Kind) -> Column {
    match kind {
        Kind::Address => numbers(cells, "L", address, Buffer::Unsigned),
        Kind::Time => numbers(cells, "tsn:UTC", nanoseconds, Buffer::Signed),
        Kind::Unsigned => numbers(cells, "L", Value::as_u64, Buffer::Unsigned),
        Kind::Whole => numbers(cells, "l", Value::as_i64, Buffer::Signed),
        Kind::Real => numbers(cells, "g", real, Buffer::Floats),
        Kind::Flag => booleans(cells),
        Kind::Text => cells.iter().flatten().all(|v| v.is_string()).then(|| text(cells)),
        _ => None,
    }
    .or_else(|| plain(cells, kind))
    .unwrap_or_else(|| text(cells))
}

/// A column of what the values are, where they are all of one kind.
fn plain(cells: &[Option<&Value>], kind: &Kind) -> Option<Column> {
    let mut values = cells.iter().flatten();
    let Some(first) = values.next() else {
        // What the schema tells stands without values, too: answers of several images must be one table.
        return Some(match kind {
            Kind::List(_) => lists(cells, kind),
            Kind::Object(fields) => {
                let mut keys: Vec<String> = fields.keys().cloned().collect();
                keys.sort();
                structs(cells, kind, &keys)
            }
            _ => Column {
                format: "n",
                len: cells.len(),
                nulls: cells.len(),
                validity: None,
                buffers: Vec::new(),
                children: Vec::new(),
            },
        });
    };
    match first {
        Value::Bool(_) => booleans(cells),
        Value::Number(_) => numbers(cells, "l", Value::as_i64, Buffer::Signed)
            .or_else(|| numbers(cells, "L", Value::as_u64, Buffer::Unsigned))
            .or_else(|| numbers(cells, "d:20,0", whole, Buffer::Wide))
            .or_else(|| numbers(cells, "g", real, Buffer::Floats)),
        Value::Array(_) => values.all(|v| v.is_array()).then(|| lists(cells, kind)),
        Value::Object(_) => values.all(|v| v.is_object()).then(|| structs(cells, kind, &[])),
        _ => None,
    }
}

fn address(value: &Value) -> Option<u64> {
    kinds::address(value.as_str()?)
}

fn nanoseconds(value: &Value) -> Option<i64> {
    kinds::nanoseconds(value.as_str()?)
}

fn whole(value: &Value) -> Option<i128> {
    value.as_i64().map(i128::from).or_else(|| value.as_u64().map(i128::from))
}

/// A number that a double holds exactly.
fn real(value: &Value) -> Option<f64> {
    /// Doubles hold whole numbers up to here.
    const EXACT: u64 = 1 << 53;
    let exact = value.is_f64() || value.as_i64().is_some_and(|n| n.unsigned_abs() <= EXACT);
    if exact { value.as_f64() } else { None }
}

/// The validity of `cells`, and how many are null.
fn validity(cells: &[Option<&Value>]) -> (usize, Option<Vec<u8>>) {
    let nulls = cells.iter().filter(|c| c.is_none()).count();
    (nulls, (nulls > 0).then(|| bits(cells.iter().map(Option::is_some), cells.len())))
}

fn bits(values: impl Iterator<Item = bool>, len: usize) -> Vec<u8> {
    let mut out = vec![0u8; len.div_ceil(8)];
    for (i, _) in values.enumerate().filter(|(_, set)| *set) {
        if let Some(byte) = out.get_mut(i / 8) {
            *byte |= 1 << (i % 8);
        }
    }
    out
}

fn of(format: &'static str, cells: &[Option<&Value>], buffers: Vec<Buffer>, children: Vec<(String, Column)>) -> Column {
    let (nulls, validity) = validity(cells);
    Column { format, len: cells.len(), nulls, validity, buffers, children }
}

/// Values of one width, where `read` understands all of them.
fn numbers<T: Default>(
    cells: &[Option<&Value>],
    format: &'static str,
    read: fn(&Value) -> Option<T>,
    buffer: fn(Vec<T>) -> Buffer,
) -> Option<Column> {
    let values: Option<Vec<T>> = cells.iter().map(|c| c.map_or_else(|| Some(T::default()), read)).collect();
    values.map(|values| of(format, cells, vec![buffer(values)], Vec::new()))
}

fn booleans(cells: &[Option<&Value>]) -> Option<Column> {
    let set = |c: &Option<&Value>| c.and_then(Value::as_bool);
    let all = cells.iter().all(|c| c.is_none() || set(c).is_some());
    let values = || bits(cells.iter().map(|c| set(c).unwrap_or(false)), cells.len());
    all.then(|| of("b", cells, vec![Buffer::Bytes(values())], Vec::new()))
}

fn length(n: usize) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

fn text(cells: &[Option<&Value>]) -> Column {
    let mut offsets = vec![0i64];
    let mut data = Vec::new();
    for cell in cells {
        match cell {
            Some(Value::String(s)) => data.extend_from_slice(s.as_bytes()),
            Some(other) => data.extend_from_slice(other.to_string().as_bytes()),
            None => {}
        }
        offsets.push(length(data.len()));
    }
    of("U", cells, vec![Buffer::Signed(offsets), Buffer::Bytes(data)], Vec::new())
}

fn present(value: &Value) -> Option<&Value> {
    (!value.is_null()).then_some(value)
}

fn lists(cells: &[Option<&Value>], kind: &Kind) -> Column {
    let mut offsets = vec![0i64];
    let mut items: Vec<Option<&Value>> = Vec::new();
    for cell in cells {
        items.extend(cell.and_then(Value::as_array).into_iter().flatten().map(present));
        offsets.push(length(items.len()));
    }
    let items = column(&items, kind.items());
    of("+L", cells, vec![Buffer::Signed(offsets)], vec![("item".to_owned(), items)])
}

fn structs(cells: &[Option<&Value>], kind: &Kind, keys: &[String]) -> Column {
    let mut names: Vec<&str> = Vec::new();
    let mut known = std::collections::HashSet::new();
    let found = cells.iter().flatten().filter_map(|v| v.as_object()).flat_map(Map::keys);
    for name in keys.iter().chain(found) {
        if known.insert(name.as_str()) {
            names.push(name);
        }
    }
    let field = |name: &str| -> Column {
        let cells: Vec<Option<&Value>> =
            cells.iter().map(|c| c.and_then(Value::as_object).and_then(|o| o.get(name)).and_then(present)).collect();
        column(&cells, kind.field(name))
    };
    let children = names.into_iter().map(|name| (name.to_owned(), field(name))).collect();
    of("+s", cells, Vec::new(), children)
}
