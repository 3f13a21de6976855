//! Types of values, as they are named (`i32`, `f64be`, `ptr`), read, written and shown.

use crate::{Error, ErrorKind, Layer, Result};

/// A value of text or bytes has so many bytes at most.
pub const LONGEST: usize = 64;

/// What a type's bytes mean; numbers in it are bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A number without a sign, of 1, 2, 4 or 8 bytes.
    Unsigned(u8),
    /// A number in two's complement, of 1, 2, 4 or 8 bytes.
    Signed(u8),
    /// IEEE 754, of 4 or 8 bytes.
    Float(u8),
    /// An address of the target, of 4 or 8 bytes.
    Pointer(u8),
    /// Text, of 1 to [`LONGEST`] bytes.
    Text(u8),
    /// Bytes, 1 to [`LONGEST`] of them.
    Bytes(u8),
}

/// A type of values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Type {
    /// What the bytes mean.
    pub kind: Kind,
    /// Whether a number's highest byte comes first.
    pub big: bool,
}

/// A value of some type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// The bits of a number, zeros above them.
    Number(u64),
    /// Text or bytes.
    Bytes(Vec<u8>),
}

/// A value to be shown.
#[derive(Clone, Debug, PartialEq)]
pub enum Shown {
    /// A number without a sign.
    Unsigned(u64),
    /// A number with a sign.
    Signed(i64),
    /// A finite number, with the digits that its type has.
    Float(f64),
    /// An address.
    Address(u64),
    /// Text, bytes in hex, and what is no finite number.
    Text(String),
}

impl std::fmt::Display for Shown {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Shown::Unsigned(v) => write!(f, "{v}"),
            Shown::Signed(v) => write!(f, "{v}"),
            Shown::Float(v) => write!(f, "{v}"),
            Shown::Address(v) => write!(f, "{v:#x}"),
            Shown::Text(v) => f.write_str(v),
        }
    }
}

pub(super) fn wrong(what: impl Into<String>, hint: &str) -> Error {
    Error::new(Layer::Command, ErrorKind::Invalid, what).hint(hint)
}

const TYPES: &str =
    "types are i8 u8 i16 u16 i32 u32 i64 u64 f32 f64 (le or be behind them), ptr, text and bytes (text8: of 8 bytes)";

impl Type {
    /// The type of a name. A name that does not say otherwise means the target's byte order (`big`) and its pointers (of `pointer` bytes).
    /// `text` and `bytes` without a length get one from the first value ([`of_length`](Self::of_length)); until then it is 0.
    ///
    /// # Errors
    /// When there is no such type.
    pub fn parse(name: &str, pointer: u8, big: bool) -> Result<Self> {
        let lower = name.to_ascii_lowercase();
        let (base, big) = match (lower.strip_suffix("be"), lower.strip_suffix("le")) {
            _ if lower == "double" => (lower.as_str(), big),
            (Some(base), _) => (base, true),
            (_, Some(base)) => (base, false),
            _ => (lower.as_str(), big),
        };
        let length = |digits: &str| match digits {
            "" => Some(0),
            _ => digits.parse::<u8>().ok().filter(|n| (1..=LONGEST).contains(&usize::from(*n))),
        };
        let kind = match base {
            "u8" | "byte" => Some(Kind::Unsigned(1)),
            "u16" => Some(Kind::Unsigned(2)),
            "u32" => Some(Kind::Unsigned(4)),
            "u64" => Some(Kind::Unsigned(8)),
            "i8" => Some(Kind::Signed(1)),
            "i16" => Some(Kind::Signed(2)),
            "i32" | "int" => Some(Kind::Signed(4)),
            "i64" | "long" => Some(Kind::Signed(8)),
            "f32" | "float" => Some(Kind::Float(4)),
            "f64" | "double" => Some(Kind::Float(8)),
            "ptr" => Some(Kind::Pointer(if pointer == 4 { 4 } else { 8 })),
            _ => match (base.strip_prefix("text"), base.strip_prefix("bytes")) {
                (Some(n), _) => length(n).map(Kind::Text),
                (_, Some(n)) => length(n).map(Kind::Bytes),
                _ => None,
            },
        };
        kind.map(|kind| Self { kind, big }).ok_or_else(|| wrong(format!("{name} is no type of values"), TYPES))
    }

    /// The same type, of text or bytes, with this length where it has none.
    ///
    /// # Errors
    /// When the length is none that can be looked for.
    pub fn of_length(self, bytes: usize) -> Result<Self> {
        let hint = "text and bytes have 1 to 64 bytes; `scan` without `value` finds longer ones";
        let given = u8::try_from(bytes).ok().filter(|n| (1..=LONGEST).contains(&usize::from(*n)));
        let length = || given.ok_or_else(|| wrong(format!("a value of {bytes} bytes can't be followed"), hint));
        let kind = match self.kind {
            Kind::Text(0) => Kind::Text(length()?),
            Kind::Bytes(0) => Kind::Bytes(length()?),
            kind => kind,
        };
        Ok(Self { kind, big: self.big })
    }

    /// Its name, which [`parse`](Self::parse) understands.
    pub fn name(self) -> String {
        let order = if self.big && self.width() > 1 { "be" } else { "" };
        match self.kind {
            Kind::Unsigned(n) => format!("u{}{order}", u32::from(n) * 8),
            Kind::Signed(n) => format!("i{}{order}", u32::from(n) * 8),
            Kind::Float(n) => format!("f{}{order}", u32::from(n) * 8),
            Kind::Pointer(_) => format!("ptr{order}"),
            Kind::Text(n) => format!("text{n}"),
            Kind::Bytes(n) => format!("bytes{n}"),
        }
    }

    /// Bytes of a value.
    pub fn width(self) -> usize {
        let (Kind::Unsigned(n) | Kind::Signed(n) | Kind::Float(n) | Kind::Pointer(n) | Kind::Text(n) | Kind::Bytes(n)) =
            self.kind;
        usize::from(n)
    }

    /// Whether its values are numbers.
    pub fn is_number(self) -> bool {
        !matches!(self.kind, Kind::Text(_) | Kind::Bytes(_))
    }

    /// Addresses of values are multiples of this, where nobody says otherwise.
    pub fn natural_align(self) -> usize {
        if self.is_number() { self.width() } else { 1 }
    }

    /// The largest bits that a number has.
    pub(super) fn mask(self) -> u64 {
        u64::MAX.checked_shr(64 - 8 * u32::try_from(self.width().min(8)).unwrap_or(8)).unwrap_or(u64::MAX)
    }

    /// The bit of a number that is its sign; none for numbers without.
    pub(super) fn sign(self) -> u64 {
        if matches!(self.kind, Kind::Signed(_)) { self.mask() ^ (self.mask() >> 1) } else { 0 }
    }

    /// The value of the first [`width`](Self::width) bytes.
    pub fn load(self, bytes: &[u8]) -> Value {
        let bytes = bytes.get(..self.width()).unwrap_or(bytes);
        if !self.is_number() {
            return Value::Bytes(bytes.to_vec());
        }
        let add = |v: u64, b: &u8| v << 8 | u64::from(*b);
        Value::Number(if self.big { bytes.iter().fold(0, add) } else { bytes.iter().rev().fold(0, add) })
    }

    /// The bytes of a value.
    pub fn store(self, value: &Value) -> Vec<u8> {
        match value {
            Value::Bytes(bytes) => bytes.clone(),
            Value::Number(bits) => {
                let mut bytes = bits.to_le_bytes().to_vec();
                bytes.truncate(self.width());
                if self.big {
                    bytes.reverse();
                }
                bytes
            }
        }
    }

    /// A number's bits as a signed number.
    pub(super) fn signed(self, bits: u64) -> i64 {
        let bits = if bits & self.sign() != 0 { bits | !self.mask() } else { bits };
        i64::from_le_bytes(bits.to_le_bytes())
    }

    /// A floating-point number of these bits.
    pub(super) fn float(self, bits: u64) -> f64 {
        match self.kind {
            Kind::Float(4) => f64::from(f32::from_bits(u32::try_from(bits & self.mask()).unwrap_or(0))),
            _ => f64::from_bits(bits),
        }
    }

    /// The bits of the floating-point number of this type that is nearest.
    pub(super) fn float_bits(self, value: f64) -> u64 {
        #[allow(clippy::cast_possible_truncation, clippy::as_conversions, reason = "rounds to the nearest, which is meant")]
        match self.kind {
            Kind::Float(4) => u64::from((value as f32).to_bits()),
            _ => value.to_bits(),
        }
    }

    /// How a value is shown.
    pub fn show(self, value: &Value) -> Shown {
        match (self.kind, value) {
            (Kind::Text(_), Value::Bytes(b)) => Shown::Text(String::from_utf8_lossy(b).into_owned()),
            (_, Value::Bytes(b)) => Shown::Text(b.iter().map(|b| format!("{b:02x}")).collect()),
            (Kind::Signed(_), Value::Number(v)) => Shown::Signed(self.signed(*v)),
            (Kind::Pointer(_), Value::Number(v)) => Shown::Address(*v),
            (Kind::Float(_), Value::Number(v)) => {
                let value = self.float(*v);
                // The digits of the narrow type: 0.1, and not what it is as a wider one.
                let digits = match self.kind {
                    Kind::Float(4) => f32::from_bits(u32::try_from(*v & self.mask()).unwrap_or(0)).to_string().parse().ok(),
                    _ => None,
                };
                if value.is_finite() { Shown::Float(digits.unwrap_or(value)) } else { Shown::Text(value.to_string()) }
            }
            (_, Value::Number(v)) => Shown::Unsigned(*v),
        }
    }

    /// The value of a text: a number in decimal (`-5`, `1_000`, `1.5e3`), hex (`0xff`) or binary (`0b101`); text as it is; bytes in hex.
    ///
    /// # Errors
    /// When it is no value of this type.
    pub fn value(self, text: &str) -> Result<Value> {
        let hint = format!("a value of type {} is wanted", self.name());
        let no = |what: &str| wrong(format!("{text:?} {what}"), &hint);
        match self.kind {
            Kind::Text(_) => Ok(Value::Bytes(self.fitting(text.as_bytes(), text)?)),
            Kind::Bytes(_) => {
                let digits: Vec<u8> = text.bytes().filter(|b| !b.is_ascii_whitespace()).collect();
                let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
                let even = digits.len().is_multiple_of(2) && digits.iter().all(u8::is_ascii_hexdigit);
                let bytes: Option<Vec<u8>> = digits.chunks(2).map(byte).collect();
                let bytes = bytes.filter(|_| even).ok_or_else(|| no("is no bytes in hex"))?;
                Ok(Value::Bytes(self.fitting(&bytes, text)?))
            }
            Kind::Float(_) => {
                let value: f64 = text.replace('_', "").parse().map_err(|_| no("is no number"))?;
                Ok(Value::Number(self.float_bits(value)))
            }
            _ => {
                let value = integer(text).ok_or_else(|| no("is no whole number"))?;
                self.fits(value).map(Value::Number).ok_or_else(|| no(&format!("does not fit into {}", self.name())))
            }
        }
    }

    fn fitting(self, bytes: &[u8], text: &str) -> Result<Vec<u8>> {
        if bytes.len() == self.width() {
            return Ok(bytes.to_vec());
        }
        let what = format!("{text:?} has {} bytes, and the values that are followed have {}", bytes.len(), self.width());
        Err(wrong(what, "values of one scan have one length"))
    }

    /// The bits of a whole number, where the type has it. What has no sign in the type may be written with all its bits: -1 is not, 0xff is i8's.
    pub(super) fn fits(self, value: i128) -> Option<u64> {
        let (mask, sign) = (i128::from(self.mask()), i128::from(self.sign()));
        let lowest = -sign;
        if value < lowest || value > mask {
            return None;
        }
        u64::try_from(value & mask).ok()
    }
}

/// A whole number as it is typed.
pub(super) fn integer(text: &str) -> Option<i128> {
    let text = text.trim().replace('_', "");
    let (negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text.strip_prefix('+').unwrap_or(&text)),
    };
    let lower = digits.to_ascii_lowercase();
    let (digits, radix) = match (lower.strip_prefix("0x"), lower.strip_prefix("0b")) {
        (Some(hex), _) => (hex, 16),
        (_, Some(binary)) => (binary, 2),
        _ => (lower.as_str(), 10),
    };
    if !digits.starts_with(|c: char| c.is_ascii_hexdigit()) {
        return None;
    }
    let value = i128::from_str_radix(digits, radix).ok()?;
    Some(if negative { -value } else { value })
}

/// Half of the last digit of a number as it is typed: `100` means 99.5 to 100.5, `1.25` means 1.245 to 1.255.
pub(super) fn half_digit(text: &str) -> f64 {
    let lower = text.to_ascii_lowercase();
    let (digits, exponent) = lower.split_once('e').unwrap_or((&lower, "0"));
    let decimals = digits.split_once('.').map_or(0, |(_, d)| d.len());
    let exponent: i32 = exponent.parse().unwrap_or(0);
    0.5 * 10f64.powi(exponent.saturating_sub(i32::try_from(decimals).unwrap_or(i32::MAX)))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn kind(name: &str) -> Type {
        Type::parse(name, 8, false).unwrap()
    }

    #[test]
    fn names_of_types_come_back() {
        for name in ["u8", "i8", "u16", "i16be", "u32", "i32", "u64be", "i64", "f32", "f64be", "ptr", "text5", "bytes64"] {
            assert_eq!(kind(name).name(), name);
        }
        assert_eq!((kind("double"), kind("I32LE").big, kind("ptr").width()), (kind("f64"), false, 8));
        assert_eq!(Type::parse("i32", 8, true).unwrap().name(), "i32be");
        assert_eq!(Type::parse("ptr", 4, false).unwrap().width(), 4);
        for none in ["", "i33", "text0", "text65", "bytes999", "f16", "be"] {
            assert!(Type::parse(none, 8, false).is_err(), "{none}");
        }
        assert_eq!(kind("text").of_length(5).unwrap().name(), "text5");
        assert!(kind("text").of_length(65).is_err() && kind("bytes").of_length(0).is_err());
    }

    #[test]
    fn values_are_read_as_they_are_typed() {
        let of = |name: &str, text: &str| kind(name).value(text).ok().map(|v| kind(name).show(&v).to_string());
        for (name, text, shown) in [
            ("i32", "-5", "-5"),
            ("i32", "0xffffffff", "-1"),
            ("u8", "255", "255"),
            ("i8", "-128", "-128"),
            ("u64", "18_446_744_073_709_551_615", "18446744073709551615"),
            ("i64", "-9223372036854775808", "-9223372036854775808"),
            ("u16", "0b101", "5"),
            ("f32", "0.1", "0.1"),
            ("f64", "-1.5e3", "-1500"),
            ("f32", "inf", "inf"),
            ("ptr", "0x7fff0000", "0x7fff0000"),
            ("text2", "ab", "ab"),
            ("bytes2", "de AD", "dead"),
        ] {
            assert_eq!(of(name, text).as_deref(), Some(shown), "{name} {text}");
        }
        for (name, text) in [
            ("u8", "256"),
            ("u8", "-1"),
            ("i8", "-129"),
            ("i32", "1.5"),
            ("i32", ""),
            ("f32", "x"),
            ("text2", "abc"),
            ("bytes2", "abc"),
        ] {
            assert_eq!(of(name, text), None, "{name} {text}");
        }
    }

    #[test]
    fn bytes_are_in_the_types_order() {
        let v = Value::Number(0x0102);
        assert_eq!((kind("u32").store(&v), kind("u32be").store(&v)), (vec![2, 1, 0, 0], vec![0, 0, 1, 2]));
        assert_eq!((kind("u32").load(&[2, 1, 0, 0, 9]), kind("u32be").load(&[0, 0, 1, 2])), (v.clone(), v));
    }

    #[test]
    fn half_of_the_last_digit() {
        for (text, half) in [("100", 0.5), ("1.25", 0.005), ("1e3", 500.0), ("1.5e3", 50.0), ("-0.1", 0.05)] {
            assert!((half_digit(text) - half).abs() < 1e-12, "{text}");
        }
    }
}
