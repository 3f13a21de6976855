//! The keys that a row can have, from the JSON Schema of its command.

use crate::commands::failure::Failure;
use crate::commands::similar::{or, similar};
use serde_json::Value;

/// What a key holds, as far as the schema says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Yes or no.
    Flag,
    /// A number.
    Number,
    /// An address or a mask: a number as `"0x..."`.
    Hex,
    /// A moment.
    Time,
    /// Text.
    Text,
    /// A list.
    List,
    /// Keys of its own.
    Object,
    /// One of several, or not said.
    Any,
}

/// References to follow, and levels to go down.
const DEPTH: usize = 16;

/// The keys of a row.
#[derive(Clone, Debug, Default)]
pub struct Schema {
    command: String,
    row: Value,
    definitions: Value,
}

impl Schema {
    /// The keys of the rows of `command`; `row` is the schema of one, `definitions` what it refers to.
    pub fn new(command: &str, row: Value, definitions: Value) -> Self {
        Self { command: command.to_owned(), row, definitions }
    }

    /// The same rows with keys in front, where they do not have them.
    pub fn with(mut self, more: &[(&str, Value)]) -> Self {
        let before = self.row.get("properties").and_then(Value::as_object).cloned().unwrap_or_default();
        let new = more.iter().filter(|(k, _)| !before.contains_key(*k)).map(|(k, v)| ((*k).to_owned(), v.clone()));
        let all: serde_json::Map<String, Value> = new.chain(before.clone()).collect();
        if let Some(row) = self.row.as_object_mut() {
            row.insert("properties".to_owned(), Value::Object(all));
        }
        self
    }

    /// Name of the command.
    pub fn command(&self) -> &str {
        &self.command
    }

    /// The keys at the top.
    pub fn keys(&self) -> Vec<&str> {
        properties(&self.row).map(|p| p.keys().map(String::as_str).collect()).unwrap_or_default()
    }

    /// Keys as a person types them: with those inside objects, without the `_bytes` twins.
    pub fn paths(&self) -> Vec<String> {
        let mut out = Vec::new();
        for key in self.keys() {
            if key.ends_with("_bytes") {
                continue;
            }
            out.push(key.to_owned());
            let inner = properties(&self.row).and_then(|p| p.get(key)).and_then(|s| self.resolve(s)).and_then(properties);
            out.extend(inner.into_iter().flatten().map(|(k, _)| format!("{key}.{k}")));
        }
        out
    }

    /// Whether there are all of these columns.
    ///
    /// # Errors
    /// A usage error that names the one that there is not.
    pub fn check_columns(&self, columns: &[String]) -> Result<(), Failure> {
        for column in columns {
            if let Err((_, hint)) = self.kind(column) {
                return Err(Failure::Usage(format!("{} has no column {column}", self.command), Some(hint)));
            }
        }
        Ok(())
    }

    /// What the key `path` (names joined by dots) holds.
    ///
    /// # Errors
    /// What is wrong and what may be meant, where there is no such key.
    pub fn kind(&self, path: &str) -> Result<Kind, (String, String)> {
        let mut here = &self.row;
        let mut before = String::new();
        for part in path.split('.') {
            let Some(properties) = properties(here) else {
                // A list's elements and free-form values have no keys that the schema knows.
                return match self.kind_of(here) {
                    Kind::Any | Kind::Object => Ok(Kind::Any),
                    _ => Err((format!("{before} has no keys of its own"), format!("without .{part}"))),
                };
            };
            let Some(next) = properties.get(part) else {
                return Err(self.unknown(&before, part, properties));
            };
            before = if before.is_empty() { part.to_owned() } else { format!("{before}.{part}") };
            here = self.resolve(next).unwrap_or(next);
        }
        Ok(self.kind_of(here))
    }

    #[cfg(feature = "parquet")]
    /// Whether the key `path` holds whole numbers, and if so whether without sign.
    pub fn unsigned(&self, path: &str) -> Option<bool> {
        let here = path.split('.').try_fold(&self.row, |here, part| self.resolve(properties(here)?.get(part)?))?;
        let whole = match here.get("type")? {
            Value::String(t) => t == "integer",
            Value::Array(types) => types.iter().any(|t| t == "integer"),
            _ => false,
        };
        let format = here.get("format").and_then(Value::as_str).unwrap_or_default();
        whole.then(|| format.starts_with("uint"))
    }

    fn unknown(&self, before: &str, part: &str, properties: &serde_json::Map<String, Value>) -> (String, String) {
        let what = if before.is_empty() { self.command.as_str() } else { before };
        let close = similar(part, properties.keys().map(String::as_str));
        let hint = if close.is_empty() {
            let keys: Vec<&str> = properties.keys().map(String::as_str).filter(|k| !k.ends_with("_bytes")).collect();
            format!("there are {}", keys.join(", "))
        } else {
            format!("did you mean {}?", or(&close))
        };
        (format!("{what} has no key {part}"), hint)
    }

    /// Follows `$ref`, and takes the one alternative of several that is not null.
    fn resolve<'a>(&'a self, schema: &'a Value) -> Option<&'a Value> {
        let mut here = schema;
        for _ in 0..DEPTH {
            if let Some(name) = here.get("$ref").and_then(Value::as_str) {
                here = self.definitions.get(name.rsplit('/').next()?)?;
                continue;
            }
            let several = here.get("anyOf").or_else(|| here.get("oneOf")).and_then(Value::as_array);
            let Some(several) = several else { return Some(here) };
            let mut real = several.iter().filter(|s| s.get("type").and_then(Value::as_str) != Some("null"));
            match (real.next(), real.next()) {
                (Some(one), None) => here = one,
                _ => return Some(here),
            }
        }
        None
    }

    fn kind_of(&self, schema: &Value) -> Kind {
        let Some(schema) = self.resolve(schema) else { return Kind::Any };
        let mut types: Vec<&str> = match schema.get("type") {
            Some(Value::String(t)) => vec![t],
            Some(Value::Array(types)) => types.iter().filter_map(Value::as_str).collect(),
            _ => Vec::new(),
        };
        types.retain(|t| *t != "null");
        match types.as_slice() {
            ["boolean"] => Kind::Flag,
            ["integer" | "number"] => Kind::Number,
            ["string"] if schema.get("format").and_then(Value::as_str) == Some("date-time") => Kind::Time,
            ["string"] if schema.get("pattern").and_then(Value::as_str).is_some_and(|p| p.starts_with("^0x")) => Kind::Hex,
            ["string"] => Kind::Text,
            ["array"] => Kind::List,
            ["object"] => Kind::Object,
            _ => Kind::Any,
        }
    }
}

fn properties(schema: &Value) -> Option<&serde_json::Map<String, Value>> {
    schema.get("properties").and_then(Value::as_object)
}
