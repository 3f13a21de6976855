//! QEMU's option syntax: `-name guest=vm1,debug-threads=on`, `-object '{"qom-type":"memory-backend-ram",...}'`.
//!
//! A value holds a comma as two of them (util/keyval.c, util/qemu-option.c); a word without `=` is the option's implied key where it
//! stands first, a switch elsewhere. Since 6.0 some options take JSON in its place.

use serde_json::Value;

/// Keys and values of one option, in the order in which they were written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Properties(Vec<(String, String)>);

impl Properties {
    /// Reads an option's value. `implied` is the key of a first word that has none.
    pub(super) fn parse(text: &str, implied: &str) -> Self {
        if text.trim_start().starts_with('{')
            && let Ok(Value::Object(map)) = serde_json::from_str::<Value>(text)
        {
            let mut out = Vec::new();
            flatten("", &Value::Object(map), &mut out);
            return Self(out);
        }
        let mut out = Vec::new();
        for (i, part) in parts(text).into_iter().enumerate() {
            match part.split_once('=') {
                Some((key, value)) => out.push((key.to_owned(), value.to_owned())),
                None if i == 0 && !implied.is_empty() => out.push((implied.to_owned(), part)),
                // The form of before 6.0: `server,nowait`.
                None => match part.strip_prefix("no") {
                    Some(key) if !key.is_empty() && part != "node" => out.push((key.to_owned(), "off".to_owned())),
                    _ => out.push((part, "on".to_owned())),
                },
            }
        }
        Self(out)
    }

    /// The value of a key: the last one that was given.
    pub(super) fn get(&self, key: &str) -> Option<&str> {
        self.0.iter().rev().find(|(k, _)| k == key).map(|(_, v)| v.as_str())
    }

    /// Whether a switch is on.
    pub(super) fn on(&self, key: &str) -> bool {
        matches!(self.get(key), Some("on" | "yes" | "true" | "y"))
    }

    /// The value of a key as a size; a number without a unit counts `unit` bytes.
    pub(super) fn size(&self, key: &str, unit: u64) -> Option<u64> {
        size(self.get(key)?, unit)
    }

    /// Adds what a further option of the same name says.
    pub(super) fn extend(&mut self, other: Self) {
        self.0.extend(other.0);
    }
}

/// An object's members, those of objects in it as `outer.inner`.
fn flatten(prefix: &str, value: &Value, out: &mut Vec<(String, String)>) {
    match value {
        Value::Object(map) => {
            for (key, value) in map {
                let key = if prefix.is_empty() { key.clone() } else { format!("{prefix}.{key}") };
                flatten(&key, value, out);
            }
        }
        Value::Bool(on) => out.push((prefix.to_owned(), if *on { "on" } else { "off" }.to_owned())),
        Value::String(text) => out.push((prefix.to_owned(), text.clone())),
        Value::Array(items) => {
            for (i, item) in items.iter().enumerate() {
                flatten(&format!("{prefix}.{i}"), item, out);
            }
        }
        Value::Number(n) => out.push((prefix.to_owned(), n.to_string())),
        Value::Null => {}
    }
}

/// The parts between single commas.
fn parts(text: &str) -> Vec<String> {
    let (mut parts, mut part) = (Vec::new(), String::new());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            ',' if chars.next_if_eq(&',').is_some() => part.push(','),
            ',' => parts.push(std::mem::take(&mut part)),
            c => part.push(c),
        }
    }
    parts.push(part);
    parts.retain(|p| !p.is_empty());
    parts
}

/// A size as QEMU reads it (`qemu_strtosz`, util/cutils.c): decimal with a fraction, or hexadecimal; units of 1024.
pub(super) fn size(text: &str, unit: u64) -> Option<u64> {
    let text = text.trim();
    if let Some(hex) = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        return u64::from_str_radix(hex, 16).ok()?.checked_mul(unit);
    }
    let at = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (digits, suffix) = text.split_at(at);
    let unit = match suffix.trim().to_ascii_lowercase().as_str() {
        "" => unit,
        "b" => 1,
        "k" | "kb" | "kib" => 1 << 10,
        "m" | "mb" | "mib" => 1 << 20,
        "g" | "gb" | "gib" => 1 << 30,
        "t" | "tb" | "tib" => 1 << 40,
        "p" => 1 << 50,
        _ => return None,
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let whole: u64 = if whole.is_empty() { 0 } else { whole.parse().ok()? };
    let mut bytes = u128::from(whole) * u128::from(unit);
    if !fraction.is_empty() {
        let places = u32::try_from(fraction.len()).ok().filter(|n| *n <= 18)?;
        bytes += u128::from(fraction.parse::<u64>().ok()?) * u128::from(unit) / 10u128.pow(places);
    }
    u64::try_from(bytes).ok()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn keys_values_and_switches() {
        let p = Properties::parse("guest=a,,b,debug-threads=on", "guest");
        assert_eq!((p.get("guest"), p.on("debug-threads")), (Some("a,b"), true));
        let p = Properties::parse("socket,id=mon,path=/run/q.sock,server,nowait", "backend");
        assert_eq!((p.get("backend"), p.on("server"), p.get("wait")), (Some("socket"), true, Some("off")));
        let p = Properties::parse("node,memdev=ram0", "type");
        assert_eq!((p.get("type"), p.get("memdev")), (Some("node"), Some("ram0")));
    }

    #[test]
    fn json_is_read_as_options_are() {
        let p =
            Properties::parse(r#"{"qom-type":"memory-backend-file","id":"m0","share":true,"size":1073741824,"a":{"b":[1]}}"#, "");
        assert_eq!((p.get("id"), p.on("share"), p.size("size", 1)), (Some("m0"), true, Some(1 << 30)));
        assert_eq!(p.get("a.b.0"), Some("1"));
        // Text that only looks like it.
        assert_eq!(Properties::parse("{nothing", "x").get("x"), Some("{nothing"));
    }

    #[test]
    fn sizes() {
        for (text, bytes) in [
            ("512", Some(512 << 20)),
            ("512M", Some(512 << 20)),
            ("2G", Some(2 << 30)),
            ("1.5g", Some(3 << 29)),
            ("0x100", Some(256 << 20)),
            ("2097152k", Some(2 << 30)),
            ("1024b", Some(1024)),
            ("", Some(0)),
            ("many", None),
            ("1.5.5", None),
            ("99999999999999999999", None),
            ("18446744073709551615T", None),
        ] {
            assert_eq!(size(text, 1 << 20), bytes, "{text}");
        }
    }
}
