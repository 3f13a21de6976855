//! What the strings of an answer mean, by the JSON Schema of the command: addresses are numbers, moments are moments.
//!
//! Nothing is guessed by how a string looks: a process may be named `0x41`.

use memsh::embed::CommandInfo;
use serde_json::{Map, Value};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

/// What a value means.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Kind {
    /// What it is in JSON.
    #[default]
    Plain,
    /// An address, a mask, a page-table entry: a number that is written in hex.
    Address,
    /// A moment.
    Time,
    /// Other text.
    Text,
    /// A whole number below 2^63, and above -2^63.
    Whole,
    /// A whole number of 64 bits, without a sign.
    Unsigned,
    /// A number.
    Real,
    /// Yes or no.
    Flag,
    /// A list of such.
    List(Box<Kind>),
    /// An object with fields that mean something. Fields that do not stand here are plain.
    Object(HashMap<String, Kind>),
}

static PLAIN: Kind = Kind::Plain;

/// References are followed no deeper: a schema may refer to itself (trees of processes).
const DEEPEST: u32 = 8;

impl Kind {
    /// Of the items of a list.
    pub fn items(&self) -> &Kind {
        match self {
            Kind::List(items) => items,
            _ => &PLAIN,
        }
    }

    /// Of a field of an object.
    pub fn field(&self, name: &str) -> &Kind {
        match self {
            Kind::Object(fields) => fields.get(name).unwrap_or(&PLAIN),
            _ => &PLAIN,
        }
    }

    fn of(schema: &Value, definitions: &Map<String, Value>, depth: u32) -> Kind {
        let Some(schema) = schema.as_object().filter(|_| depth > 0) else { return Kind::Plain };
        if let Some(name) = schema.get("$ref").and_then(Value::as_str).and_then(|r| r.rsplit('/').next()) {
            return definitions.get(name).map_or(Kind::Plain, |s| Kind::of(s, definitions, depth - 1));
        }
        let parts = ["anyOf", "oneOf", "allOf"].iter().filter_map(|k| schema.get(*k)?.as_array()).flatten();
        let of_parts = parts.map(|part| Kind::of(part, definitions, depth)).fold(Kind::Plain, Kind::with);
        let own = if schema.get("pattern").and_then(Value::as_str).is_some_and(|p| p.starts_with("^0x")) {
            Kind::Address
        } else if schema.get("format").and_then(Value::as_str) == Some("date-time") {
            Kind::Time
        } else if let Some(items) = schema.get("items") {
            match Kind::of(items, definitions, depth - 1) {
                Kind::Plain => Kind::Plain,
                kind => Kind::List(Box::new(kind)),
            }
        } else if let Some(fields) = schema.get("properties").and_then(Value::as_object) {
            let of = |(name, s): (&String, &Value)| (name.clone(), Kind::of(s, definitions, depth - 1));
            Kind::Object(fields.iter().map(of).filter(|(_, kind)| *kind != Kind::Plain).collect())
        } else {
            of_type(schema)
        };
        own.with(of_parts)
    }

    /// What a value means that is of either kind: of objects, the fields of both.
    fn with(self, other: Kind) -> Kind {
        match (self, other) {
            (Kind::Plain, kind) | (kind, Kind::Plain) => kind,
            (Kind::Object(mut fields), Kind::Object(others)) => {
                for (name, kind) in others {
                    let before = fields.remove(&name).unwrap_or_default();
                    fields.insert(name, before.with(kind));
                }
                Kind::Object(fields)
            }
            (Kind::List(items), Kind::List(others)) => Kind::List(Box::new(items.with(*others))),
            (kind, other) if kind == other => kind,
            // Now this, now that: nothing that can be said of all.
            _ => Kind::Plain,
        }
    }
}

/// What a type of JSON Schema says, alone or beside `null`.
fn of_type(schema: &Map<String, Value>) -> Kind {
    let name = match schema.get("type") {
        Some(Value::String(name)) => Some(name.as_str()),
        Some(Value::Array(names)) => {
            let mut names = names.iter().filter_map(Value::as_str).filter(|n| *n != "null");
            names.next().filter(|_| names.next().is_none())
        }
        _ => None,
    };
    let wide = schema.get("format").and_then(Value::as_str).is_some_and(|f| matches!(f, "uint64" | "uint" | "uint128"));
    match name {
        Some("string") => Kind::Text,
        Some("integer") if wide => Kind::Unsigned,
        Some("integer") => Kind::Whole,
        Some("number") => Kind::Real,
        Some("boolean") => Kind::Flag,
        _ => Kind::Plain,
    }
}

/// What the rows of a command mean, and their keys in order.
#[derive(Debug, Default)]
pub struct Meaning {
    /// Of one row.
    pub row: Kind,
    /// Keys that the schema names.
    pub keys: Vec<String>,
}

/// Of the rows that a command answers with; worked out once per command.
pub fn meaning(command: &CommandInfo) -> Arc<Meaning> {
    static KNOWN: OnceLock<Mutex<HashMap<&'static str, Arc<Meaning>>>> = OnceLock::new();
    let mut known = KNOWN.get_or_init(Mutex::default).lock().unwrap_or_else(PoisonError::into_inner);
    let make = || {
        let schema = command.schema();
        let none = Map::new();
        let definitions = schema.get("$defs").and_then(Value::as_object).unwrap_or(&none);
        let row = match Kind::of(&schema, definitions, DEEPEST) {
            Kind::List(row) => *row,
            kind => kind,
        };
        Arc::new(Meaning { row, keys: command.keys() })
    };
    Arc::clone(known.entry(command.name()).or_insert_with(make))
}

/// The number that is written in hex.
pub fn address(text: &str) -> Option<u64> {
    u64::from_str_radix(text.strip_prefix("0x")?, 16).ok()
}

/// Nanoseconds since 1970 of a moment in RFC 3339 and UTC, as memsh writes it; none where they do not fit (1677 to 2262).
pub fn nanoseconds(text: &str) -> Option<i64> {
    let (date, time) = text.strip_suffix('Z')?.split_once('T')?;
    let number = |s: &str| s.parse::<i64>().ok().filter(|n| *n >= 0);
    let mut parts = date.splitn(3, '-');
    let (year, month, day) = (number(parts.next()?)?, number(parts.next()?)?, number(parts.next()?)?);
    let (clock, fraction) = time.split_once('.').unwrap_or((time, "0"));
    let mut parts = clock.splitn(3, ':');
    let (hour, minute, second) = (number(parts.next()?)?, number(parts.next()?)?, number(parts.next()?)?);
    let nanos = number(&format!("{fraction:0<9}")).filter(|_| fraction.len() <= 9)?;
    // Howard Hinnant's days_from_civil.
    let year = year - i64::from(month <= 2);
    let era = year.div_euclid(400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let of_era = year.rem_euclid(400) * 365 + year.rem_euclid(400) / 4 - year.rem_euclid(400) / 100 + of_year;
    let days = era.checked_mul(146_097)?.checked_add(of_era)?.checked_sub(719_468)?;
    let seconds = days.checked_mul(86_400)?.checked_add(hour * 3600 + minute * 60 + second)?;
    seconds.checked_mul(1_000_000_000)?.checked_add(nanos)
}
