//! Rows of what matched.

use crate::place::Place;
use serde_json::{Map, Value, json};
use yara_x::{MetaValue, Rule};

/// Bytes of a match that are shown.
const SHOWN: usize = 256;

/// Where a match lies.
pub struct Hit<'h> {
    /// Its string; none for a rule that matched without.
    pub string: Option<&'h str>,
    pub address: Option<u64>,
    pub len: usize,
    pub xor_key: Option<u8>,
    /// Its bytes, the first [`SHOWN`] of them.
    pub bytes: Vec<u8>,
    /// The image in which it was found, and where in that.
    pub image: Option<(&'h str, u64)>,
}

/// As many of these bytes as are shown.
pub fn shown(bytes: &[u8]) -> Vec<u8> {
    bytes.get(..SHOWN).unwrap_or(bytes).to_vec()
}

/// How many bytes of a match to ask for.
pub fn wanted(len: usize) -> usize {
    len.min(SHOWN)
}

/// What is said of a rule in each of its rows.
pub fn about(rule: &Rule<'_, '_>) -> Map<String, Value> {
    let mut meta = Map::new();
    for (name, value) in rule.metadata() {
        let value = match value {
            MetaValue::Integer(n) => json!(n),
            MetaValue::Float(n) => json!(n),
            MetaValue::Bool(b) => json!(b),
            MetaValue::String(s) => json!(s),
            MetaValue::Bytes(b) => json!(String::from_utf8_lossy(b)),
        };
        // A name may be given twice.
        match meta.get_mut(name) {
            Some(Value::Array(all)) => all.push(value),
            Some(one) => *one = json!([one.take(), value]),
            None => {
                meta.insert(name.to_owned(), value);
            }
        }
    }
    let tags: Vec<&str> = rule.tags().map(|t| t.identifier()).collect();
    let mut row = Map::new();
    row.insert("rule".to_owned(), json!(rule.identifier()));
    row.insert("namespace".to_owned(), json!(rule.namespace()));
    row.insert("tags".to_owned(), json!(tags));
    row.insert("meta".to_owned(), Value::Object(meta));
    row
}

/// The row of a hit.
pub fn row(about: &Map<String, Value>, place: &Place<'_>, hit: &Hit<'_>) -> Value {
    let mut row = about.clone();
    let region = hit.address.and_then(|a| place.region(a).map(|r| (r, a - r.start)));
    let hex = |bytes: &[u8]| bytes.iter().map(|b| format!("{b:02x}")).collect::<String>();
    let found = hit.string.is_some();
    let more = [
        ("string", json!(hit.string)),
        ("address", json!(hit.address.map(|a| format!("{a:#x}")))),
        ("space", json!(place.kind())),
        ("pid", json!(place.process().map(|p| p.pid))),
        ("process", json!(place.process().map(|p| &p.name))),
        ("region", json!(region.map(|(r, _)| &r.name))),
        ("offset", json!(region.map(|(_, o)| o))),
        ("length", json!(found.then_some(hit.len))),
        ("match", json!(found.then(|| hex(&hit.bytes)))),
        ("text", json!(text(&hit.bytes))),
        ("xor_key", json!(hit.xor_key)),
        ("image", json!(hit.image.map(|(name, _)| name))),
        ("image_offset", json!(hit.image.filter(|_| found).map(|(_, offset)| offset))),
    ];
    row.extend(more.into_iter().map(|(name, value)| (name.to_owned(), value)));
    Value::Object(row)
}

/// Bytes as text, where all of them are: UTF-8, or UTF-16 of characters below 256.
fn text(bytes: &[u8]) -> Option<String> {
    let readable = |s: &str| !s.is_empty() && !s.chars().any(|c| c.is_control() && !matches!(c, '\t' | '\n' | '\r'));
    if let Some(plain) = std::str::from_utf8(bytes).ok().filter(|s| readable(s)) {
        return Some(plain.to_owned());
    }
    let (pairs, []) = bytes.as_chunks::<2>() else { return None };
    let wide: String = pairs.iter().map(|[low, high]| (*high == 0).then(|| char::from(*low))).collect::<Option<_>>()?;
    Some(wide).filter(|s| readable(s))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_what_can_be_read() {
        assert_eq!(text(b"abc").as_deref(), Some("abc"));
        assert_eq!(text(b"a\0b\0").as_deref(), Some("ab"));
        for none in [&b""[..], b"\x7fELF", b"a\0b", b"\xff\xfe"] {
            assert_eq!(text(none), None, "{none:?}");
        }
    }
}
