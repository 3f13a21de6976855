//! The types of which rows are made: addresses, times and text as the JSON contract wants them.

use crate::umem;
use memsh_plugin::{Maybe, PhysAddr, Text, VirtAddr};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Serialize, Serializer};
use std::borrow::Cow;

/// An address, a page-table entry or a mask: `"0x"` and lower-case hex without padding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Hex(pub umem);

impl Serialize for Hex {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(&format_args!("{:#x}", self.0))
    }
}

impl JsonSchema for Hex {
    fn schema_name() -> Cow<'static, str> {
        "Hex".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "pattern": "^0x(0|[1-9a-f][0-9a-f]*)$" })
    }

    fn inline_schema() -> bool {
        true
    }
}

impl From<VirtAddr> for Hex {
    fn from(a: VirtAddr) -> Self {
        Hex(a.value())
    }
}

impl From<PhysAddr> for Hex {
    fn from(a: PhysAddr) -> Self {
        Hex(a.value())
    }
}

/// A moment: RFC 3339 in UTC, with as many digits as it has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Time(pub i64);

const NANOS: i64 = 1_000_000_000;
const DAY: i64 = 86_400;

impl std::fmt::Display for Time {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (seconds, nanos) = (self.0.div_euclid(NANOS), self.0.rem_euclid(NANOS));
        let (days, of_day) = (seconds.div_euclid(DAY), seconds.rem_euclid(DAY));
        // Howard Hinnant's civil_from_days: years that begin in March make leap days come last.
        let shifted = days + 719_468;
        let (era, day_of_era) = (shifted.div_euclid(146_097), shifted.rem_euclid(146_097));
        let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let march_month = (5 * day_of_year + 2) / 153;
        let day = day_of_year - (153 * march_month + 2) / 5 + 1;
        let month = if march_month < 10 { march_month + 3 } else { march_month - 9 };
        let year = year_of_era + era * 400 + i64::from(month <= 2);
        write!(f, "{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}", of_day / 3600, of_day / 60 % 60, of_day % 60)?;
        match nanos {
            0 => {}
            n if n % 1_000_000 == 0 => write!(f, ".{:03}", n / 1_000_000)?,
            n if n % 1000 == 0 => write!(f, ".{:06}", n / 1000)?,
            n => write!(f, ".{n:09}")?,
        }
        f.write_str("Z")
    }
}

impl Serialize for Time {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

impl JsonSchema for Time {
    fn schema_name() -> Cow<'static, str> {
        "Time".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "format": "date-time" })
    }

    fn inline_schema() -> bool {
        true
    }
}

/// Text of the target for the plain field of a row: lossy where it is not UTF-8.
pub fn plain(text: &Text) -> String {
    text.to_string_lossy().into_owned()
}

/// The exact bytes in hex, for the field's `_bytes` twin, where the text is not UTF-8.
pub fn exact(text: &Text) -> Option<String> {
    std::str::from_utf8(text.as_bytes()).is_err().then(|| hex(text.as_bytes()))
}

/// [`plain`] of text that may be missing; empty counts as missing.
pub fn plain_maybe(text: &Maybe<Text>) -> Option<String> {
    text.as_ref().filter(|t| !t.is_empty()).map(plain)
}

/// [`exact`] of text that may be missing.
pub fn exact_maybe(text: &Maybe<Text>) -> Option<String> {
    text.as_ref().and_then(exact)
}

/// Whether a terminal would do something else with it than show it in its place.
pub fn is_unsafe(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{061c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}'
            // Nothing is seen of these: joiners, fillers, selectors of variants, tags. They hide text, or make two names look alike.
            | '\u{ad}' | '\u{34f}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}' | '\u{3164}'
            | '\u{fe00}'..='\u{fe0f}' | '\u{ffa0}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

/// Bytes as lower-case hex digits.
pub fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut out = String::with_capacity(bytes.len() * 2);
    for b in bytes {
        out.push(char::from(DIGITS[usize::from(b >> 4)]));
        out.push(char::from(DIGITS[usize::from(b & 15)]));
    }
    out
}

/// The bytes that hex digits stand for; `None` for an odd number of digits or anything else.
pub fn unhex(digits: &str) -> Option<Vec<u8>> {
    let digits = digits.as_bytes();
    if !digits.len().is_multiple_of(2) {
        return None;
    }
    let digit = |b: u8| char::from(b).to_digit(16).and_then(|d| u8::try_from(d).ok());
    digits.chunks_exact(2).map(|pair| Some(digit(*pair.first()?)? << 4 | digit(*pair.get(1)?)?)).collect()
}

/// A 64-bit number as a target number.
#[allow(clippy::useless_conversion, reason = "the same type unless addresses are wide")]
pub fn wide(value: u64) -> umem {
    umem::from(value)
}

/// A target length for a JSON number; one beyond 64 bits (wide addresses only) stops at the largest.
pub fn number(value: umem) -> u64 {
    crate::engine::to_u64(value).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn moments_read_as_rfc_3339_with_the_digits_they_have() {
        assert_eq!(Time(0).to_string(), "1970-01-01T00:00:00Z");
        assert_eq!(Time(951_782_400 * NANOS + 500_000_000).to_string(), "2000-02-29T00:00:00.500Z");
        assert_eq!(Time(1_709_251_199 * NANOS + 123_456_000).to_string(), "2024-02-29T23:59:59.123456Z");
        assert_eq!(Time(-1).to_string(), "1969-12-31T23:59:59.999999999Z");
    }

    #[test]
    fn text_that_is_not_utf8_keeps_its_bytes() {
        let t = Text::from(&b"a\xff"[..]);
        assert_eq!((plain(&t).as_str(), exact(&t).as_deref()), ("a\u{fffd}", Some("61ff")));
        assert_eq!(exact(&Text::from("plain")), None);
    }

    proptest! {
        #[test]
        fn hex_and_back(bytes: Vec<u8>) {
            prop_assert_eq!(unhex(&hex(&bytes)), Some(bytes));
        }

        #[test]
        fn every_moment_can_be_written(nanos: i64) {
            let text = Time(nanos).to_string();
            prop_assert!(text.ends_with('Z') && text.contains('T'));
        }
    }
}
