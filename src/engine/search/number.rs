//! Numbers as they lie in memory: their types, and how they are written.

use crate::{Error, ErrorKind, Layer, Result};
use std::cmp::Ordering;
use std::fmt;

/// What kind of number, and how wide.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum NumberKind {
    /// Signed, 1 byte.
    I8,
    /// Unsigned, 1 byte.
    U8,
    /// Signed, 2 bytes.
    I16,
    /// Unsigned, 2 bytes.
    U16,
    /// Signed, 4 bytes.
    I32,
    /// Unsigned, 4 bytes.
    U32,
    /// Signed, 8 bytes.
    I64,
    /// Unsigned, 8 bytes.
    U64,
    /// IEEE 754, 4 bytes.
    F32,
    /// IEEE 754, 8 bytes.
    F64,
}

/// The names of the kinds.
const NAMES: [(&str, NumberKind); 10] = [
    ("i8", NumberKind::I8),
    ("u8", NumberKind::U8),
    ("i16", NumberKind::I16),
    ("u16", NumberKind::U16),
    ("i32", NumberKind::I32),
    ("u32", NumberKind::U32),
    ("i64", NumberKind::I64),
    ("u64", NumberKind::U64),
    ("f32", NumberKind::F32),
    ("f64", NumberKind::F64),
];

/// A type of number, with its byte order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct NumberType {
    /// Kind and width.
    pub kind: NumberKind,
    /// Whether the high byte comes first.
    pub big_endian: bool,
}

/// A number's value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Number {
    /// Of a signed type.
    Signed(i64),
    /// Of an unsigned type.
    Unsigned(u64),
    /// Of `f32`.
    F32(f32),
    /// Of `f64`.
    F64(f64),
}

impl NumberKind {
    /// Bytes that it takes.
    pub const fn width(self) -> usize {
        match self {
            Self::I8 | Self::U8 => 1,
            Self::I16 | Self::U16 => 2,
            Self::I32 | Self::U32 | Self::F32 => 4,
            Self::I64 | Self::U64 | Self::F64 => 8,
        }
    }

    /// Whether it has a fraction.
    pub const fn is_float(self) -> bool {
        matches!(self, Self::F32 | Self::F64)
    }

    /// Whether it has a sign.
    pub const fn is_signed(self) -> bool {
        !matches!(self, Self::U8 | Self::U16 | Self::U32 | Self::U64)
    }
}

impl NumberType {
    /// The type with this name: `i8` `u8` `i16` `u16` `i32` `u32` `i64` `u64` `f32` `f64`, with `be` behind it for the high
    /// byte first (`u16be`; `le` is taken too), or `ptr`, an unsigned number of `pointer_size` bytes.
    ///
    /// # Errors
    /// [`ErrorKind::Invalid`] when there is no such type.
    pub fn parse(name: &str, pointer_size: u8) -> Result<Self> {
        let given = name.to_ascii_lowercase();
        let (bare, big_endian) = match given.strip_suffix("be") {
            Some(bare) => (bare, true),
            None => (given.strip_suffix("le").unwrap_or(&given), false),
        };
        let kind = match (bare, pointer_size) {
            ("ptr", 4) => Some(NumberKind::U32),
            ("ptr", 8) => Some(NumberKind::U64),
            _ => NAMES.iter().find(|n| n.0 == bare).map(|n| n.1),
        };
        kind.map(|kind| Self { kind, big_endian }).ok_or_else(|| {
            invalid(format!("there is no type of numbers named {name:?}"))
                .hint("types are i8 u8 i16 u16 i32 u32 i64 u64 f32 f64, with `be` behind for big-endian, and ptr")
        })
    }

    /// Bytes that it takes.
    pub const fn width(self) -> usize {
        self.kind.width()
    }

    /// A value as it is written: decimal, `0x`, `0o` or `0b`, with `_` between digits; for floats as Rust reads them. A number
    /// in hex or binary may have all the bits of a signed type: `0xffffffff` is the `i32` -1.
    ///
    /// # Errors
    /// [`ErrorKind::Invalid`] when it is no number or does not fit.
    pub fn value(self, text: &str) -> Result<Number> {
        let clean: String = text.trim().chars().filter(|c| *c != '_').collect();
        let unread = || {
            invalid(format!("{text:?} is no {self}")).hint(match self.kind.is_float() {
                true => "write it like 1.5 or 1e-3",
                false => "write it in decimal, or with 0x, 0o or 0b",
            })
        };
        match self.kind {
            NumberKind::F32 => clean.parse().map(Number::F32).map_err(|_| unread()),
            NumberKind::F64 => clean.parse().map(Number::F64).map_err(|_| unread()),
            _ => {
                let (negative, digits) = match clean.strip_prefix('-') {
                    Some(rest) => (true, rest),
                    None => (false, clean.strip_prefix('+').unwrap_or(&clean)),
                };
                let (digits, radix) = match digits.get(..2) {
                    Some("0x" | "0X") => (digits.get(2..), 16),
                    Some("0o" | "0O") => (digits.get(2..), 8),
                    Some("0b" | "0B") => (digits.get(2..), 2),
                    _ => (Some(digits), 10),
                };
                // A sign here would be a second one.
                let digits = digits.filter(|d| !d.starts_with(['+', '-'])).ok_or_else(unread)?;
                let magnitude = u128::from_str_radix(digits, radix).map_err(|_| unread())?;
                self.fit(negative, magnitude, radix != 10).ok_or_else(|| {
                    let (low, high) = self.limits();
                    invalid(format!("{text} does not fit into {self}")).hint(format!("it holds {low} to {high}"))
                })
            }
        }
    }

    /// An integer of this type; with `bits` a pattern of bits is one too.
    fn fit(self, negative: bool, magnitude: u128, bits: bool) -> Option<Number> {
        let width = u32::try_from(self.width()).ok()?.checked_mul(8)?;
        if !self.kind.is_signed() {
            let fits = (!negative || magnitude == 0) && magnitude >> width == 0;
            return u64::try_from(magnitude).ok().filter(|_| fits).map(Number::Unsigned);
        }
        let half = 1_u128 << (width - 1);
        let value = i128::try_from(magnitude).ok()?;
        let value = match negative {
            true if magnitude <= half => -value,
            false if magnitude < half => value,
            false if bits && magnitude >> width == 0 => value - (1_i128 << width),
            _ => return None,
        };
        i64::try_from(value).ok().map(Number::Signed)
    }

    /// `LOW..HIGH`, both of them in it; an end that is left out is the lowest or the highest value. A single value is a range of
    /// one.
    ///
    /// # Errors
    /// [`ErrorKind::Invalid`] when an end can't be read, or nothing lies between them.
    pub fn range(self, text: &str) -> Result<(Number, Number)> {
        let (low, high) = text.split_once("..").unwrap_or((text, text));
        let (least, most) = self.limits();
        let end = |text: &str, open| if text.trim().is_empty() { Ok(open) } else { self.value(text) };
        let range = (end(low, least)?, end(high.strip_prefix('=').unwrap_or(high), most)?);
        match range.0.partial_cmp(&range.1) {
            Some(Ordering::Less | Ordering::Equal) => Ok(range),
            None => Err(invalid(format!("{text:?}: NaN is equal to nothing, not even itself"))
                .hint("its bytes can be searched for in hex: 00 00 c0 7f is one of them as f32")),
            Some(Ordering::Greater) => {
                Err(invalid(format!("nothing lies in {text:?}: it ends before it begins")).hint("write LOW..HIGH"))
            }
        }
    }

    /// The type that an untyped number is meant to have: 4 bytes where it fits (both ends, of a range), else 8; unsigned unless
    /// there is a sign. A number with a point or an exponent may be either float.
    pub fn guess(text: &str) -> Vec<Self> {
        let of = |kind| Self { kind, big_endian: false };
        let ends = text.split("..").map(|t| t.trim().trim_start_matches('='));
        let float = |t: &str| !t.contains(['x', 'X']) && (t.contains(['.', 'e', 'E']) || t.ends_with("inf"));
        if ends.clone().any(float) {
            return vec![of(NumberKind::F32), of(NumberKind::F64)];
        }
        let kinds = [NumberKind::U32, NumberKind::I32, NumberKind::U64, NumberKind::I64].map(of);
        let fits = |t: &&Self| t.range(text).is_ok() && ends.clone().all(|e| e.is_empty() || t.value(e).is_ok());
        vec![kinds.iter().find(fits).copied().unwrap_or(of(NumberKind::U64))]
    }

    /// The values that are no further than `tolerance` from `value`, both ends in it; integers stop at their limits.
    ///
    /// # Errors
    /// [`ErrorKind::Invalid`] when the tolerance is no number of this type, or negative.
    pub fn near(self, value: Number, tolerance: &str) -> Result<(Number, Number)> {
        let bad =
            || invalid(format!("{tolerance:?} is no tolerance for {self}")).hint("it is how far a value may lie away, 0 or more");
        let unsigned = |t: Number| match t {
            Number::Unsigned(t) => Some(t),
            Number::Signed(t) => u64::try_from(t).ok(),
            _ => None,
        };
        let by = self.value(tolerance)?;
        let (low, high) = match (value, by) {
            (Number::F32(v), Number::F32(t)) if t >= 0.0 => (Number::F32(v - t), Number::F32(v + t)),
            (Number::F64(v), Number::F64(t)) if t >= 0.0 => (Number::F64(v - t), Number::F64(v + t)),
            (Number::Unsigned(v), t) => {
                let t = unsigned(t).ok_or_else(bad)?;
                (Number::Unsigned(v.saturating_sub(t)), Number::Unsigned(v.saturating_add(t)))
            }
            (Number::Signed(v), t) => {
                let t = unsigned(t).ok_or_else(bad)?;
                (Number::Signed(v.saturating_sub_unsigned(t)), Number::Signed(v.saturating_add_unsigned(t)))
            }
            _ => return Err(bad()),
        };
        let (least, most) = self.limits();
        Ok((if low < least { least } else { low }, if high > most { most } else { high }))
    }

    /// The lowest and the highest value.
    pub fn limits(self) -> (Number, Number) {
        match self.kind {
            NumberKind::I8 => (Number::Signed(i8::MIN.into()), Number::Signed(i8::MAX.into())),
            NumberKind::I16 => (Number::Signed(i16::MIN.into()), Number::Signed(i16::MAX.into())),
            NumberKind::I32 => (Number::Signed(i32::MIN.into()), Number::Signed(i32::MAX.into())),
            NumberKind::I64 => (Number::Signed(i64::MIN), Number::Signed(i64::MAX)),
            NumberKind::U8 => (Number::Unsigned(0), Number::Unsigned(u8::MAX.into())),
            NumberKind::U16 => (Number::Unsigned(0), Number::Unsigned(u16::MAX.into())),
            NumberKind::U32 => (Number::Unsigned(0), Number::Unsigned(u32::MAX.into())),
            NumberKind::U64 => (Number::Unsigned(0), Number::Unsigned(u64::MAX)),
            NumberKind::F32 => (Number::F32(f32::NEG_INFINITY), Number::F32(f32::INFINITY)),
            NumberKind::F64 => (Number::F64(f64::NEG_INFINITY), Number::F64(f64::INFINITY)),
        }
    }

    /// The number that `bytes` begin with; `None` when they are too few.
    pub fn load(self, bytes: &[u8]) -> Option<Number> {
        macro_rules! load {
            ($t:ty) => {{
                let b = *bytes.first_chunk()?;
                if self.big_endian { <$t>::from_be_bytes(b) } else { <$t>::from_le_bytes(b) }
            }};
        }
        Some(match self.kind {
            NumberKind::I8 => Number::Signed(load!(i8).into()),
            NumberKind::I16 => Number::Signed(load!(i16).into()),
            NumberKind::I32 => Number::Signed(load!(i32).into()),
            NumberKind::I64 => Number::Signed(load!(i64)),
            NumberKind::U8 => Number::Unsigned(load!(u8).into()),
            NumberKind::U16 => Number::Unsigned(load!(u16).into()),
            NumberKind::U32 => Number::Unsigned(load!(u32).into()),
            NumberKind::U64 => Number::Unsigned(load!(u64)),
            NumberKind::F32 => Number::F32(load!(f32)),
            NumberKind::F64 => Number::F64(load!(f64)),
        })
    }

    /// The bytes of a number; `None` when it is none of this type.
    pub fn store(self, number: Number) -> Option<Vec<u8>> {
        let wide = match (number, self.kind.is_float(), self.kind.is_signed()) {
            (Number::Signed(n), false, true) => n.to_le_bytes(),
            (Number::Unsigned(n), false, false) => n.to_le_bytes(),
            (Number::F64(n), ..) if self.kind == NumberKind::F64 => n.to_le_bytes(),
            (Number::F32(n), ..) if self.kind == NumberKind::F32 => u64::from(n.to_bits()).to_le_bytes(),
            _ => return None,
        };
        let mut bytes = wide.get(..self.width())?.to_vec();
        // What does not fit reads back as something else.
        (Self { big_endian: false, ..self }.load(&bytes).is_some_and(|n| n == number || n.is_nan())).then(|| {
            if self.big_endian {
                bytes.reverse();
            }
            bytes
        })
    }
}

impl fmt::Display for NumberType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = NAMES.iter().find(|n| n.1 == self.kind).map_or("", |n| n.0);
        write!(f, "{name}{}", if self.big_endian { "be" } else { "" })
    }
}

impl Number {
    /// Whether it is not a number.
    pub fn is_nan(self) -> bool {
        match self {
            Self::F32(n) => n.is_nan(),
            Self::F64(n) => n.is_nan(),
            _ => false,
        }
    }
}

/// Numbers of one type compare as numbers; of different types, not at all.
impl PartialOrd for Number {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        match (self, other) {
            (Self::Signed(a), Self::Signed(b)) => Some(a.cmp(b)),
            (Self::Unsigned(a), Self::Unsigned(b)) => Some(a.cmp(b)),
            (Self::F32(a), Self::F32(b)) => a.partial_cmp(b),
            (Self::F64(a), Self::F64(b)) => a.partial_cmp(b),
            _ => None,
        }
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Signed(n) => n.fmt(f),
            Self::Unsigned(n) => n.fmt(f),
            Self::F32(n) => n.fmt(f),
            Self::F64(n) => n.fmt(f),
        }
    }
}

fn invalid(reason: String) -> Error {
    Error::new(Layer::Search, ErrorKind::Invalid, reason)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn bytes(kind: &str, value: &str) -> Vec<u8> {
        let t = NumberType::parse(kind, 8).unwrap();
        t.store(t.value(value).unwrap()).unwrap()
    }

    #[test]
    fn numbers_lie_in_memory_as_their_type_says() {
        for (kind, value, want) in [
            ("u8", "255", &[255][..]),
            ("i8", "-1", &[255]),
            ("u16", "0x1234", &[0x34, 0x12]),
            ("u16be", "0x1234", &[0x12, 0x34]),
            ("i32", "-2", &[254, 255, 255, 255]),
            ("i32", "0xffff_ffff", &[255; 4]),
            ("U32LE", "0b101", &[5, 0, 0, 0]),
            ("i64", "-9223372036854775808", &[0, 0, 0, 0, 0, 0, 0, 0x80]),
            ("u64be", "1", &[0, 0, 0, 0, 0, 0, 0, 1]),
            ("ptr", "0o17", &[15, 0, 0, 0, 0, 0, 0, 0]),
            ("f32", "1.5", &[0, 0, 0xc0, 0x3f]),
            ("f64be", "-2", &[0xc0, 0, 0, 0, 0, 0, 0, 0]),
        ] {
            assert_eq!(bytes(kind, value), want, "{kind} {value}");
            let t = NumberType::parse(kind, 8).unwrap();
            assert_eq!(t.load(want), Some(t.value(value).unwrap()), "{kind} {value}");
            assert_eq!(NumberType::parse(&t.to_string(), 8).unwrap(), t);
        }
        assert_eq!(NumberType::parse("ptr", 4).unwrap().width(), 4);
    }

    #[test]
    fn what_does_not_fit_or_is_no_number_is_told() {
        for (kind, value, says) in [
            ("u8", "256", "does not fit into u8"),
            ("u8", "-1", "does not fit"),
            ("i8", "128", "does not fit"),
            ("i8", "-129", "does not fit"),
            ("i8", "0x100", "does not fit"),
            ("u64", "0x1_0000_0000_0000_0000", "does not fit"),
            ("u32", "--1", "is no u32"),
            ("u32", "0x", "is no u32"),
            ("u32", "1.5", "is no u32"),
            ("u32", "", "is no u32"),
            ("f32", "0x10", "is no f32"),
            ("f64", "many", "is no f64"),
        ] {
            let e = NumberType::parse(kind, 8).unwrap().value(value).unwrap_err();
            assert!(e.to_string().contains(says), "{kind} {value}: {e}");
        }
        for name in ["", "u24", "be", "f16", "i32b"] {
            assert!(NumberType::parse(name, 8).is_err(), "{name}");
        }
        assert_eq!(NumberType::parse("u8", 8).unwrap().store(Number::Unsigned(256)), None);
        assert_eq!(NumberType::parse("u8", 8).unwrap().store(Number::Signed(1)), None);
    }

    #[test]
    fn an_untyped_number_has_the_type_that_it_fits() {
        for (text, want) in [
            ("1", "u32"),
            ("-1", "i32"),
            ("0xffffffff", "u32"),
            ("0x1_0000_0000", "u64"),
            ("-3_000_000_000", "i64"),
            ("-5..7", "i32"),
            ("5..0xffff888000000000", "u64"),
            ("5..", "u32"),
            ("1.5", "f32 f64"),
            ("1e9..2e9", "f32 f64"),
            ("0x1e", "u32"),
        ] {
            let types: Vec<String> = NumberType::guess(text).iter().map(ToString::to_string).collect();
            assert_eq!(types.join(" "), want, "{text}");
        }
    }

    #[test]
    fn near_stops_at_the_limits() {
        let near = |kind, value, by| {
            let t = NumberType::parse(kind, 8).unwrap();
            t.near(t.value(value).unwrap(), by)
        };
        assert_eq!(near("u8", "250", "10").unwrap(), (Number::Unsigned(240), Number::Unsigned(255)));
        assert_eq!(near("i8", "-120", "10").unwrap(), (Number::Signed(-128), Number::Signed(-110)));
        assert_eq!(near("u64", "5", "6").unwrap(), (Number::Unsigned(0), Number::Unsigned(11)));
        assert_eq!(near("f32", "1.5", "0.5").unwrap(), (Number::F32(1.0), Number::F32(2.0)));
        assert!(near("f64", "1", "-1").is_err());
        assert!(near("i32", "1", "-1").is_err());
    }

    #[test]
    fn ranges_have_both_their_ends() {
        let t = NumberType::parse("i16", 8).unwrap();
        assert_eq!(t.range("-5..7").unwrap(), (Number::Signed(-5), Number::Signed(7)));
        assert_eq!(t.range("..=7").unwrap(), (Number::Signed(-32768), Number::Signed(7)));
        assert_eq!(t.range("9").unwrap(), (Number::Signed(9), Number::Signed(9)));
        assert!(t.range("7..5").unwrap_err().to_string().contains("ends before it begins"));
        assert!(NumberType::parse("f32", 8).unwrap().range("nan").unwrap_err().to_string().contains("NaN"));
    }
}
