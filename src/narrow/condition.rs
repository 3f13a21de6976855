//! What is asked of values: `97`, `+5`, `changed`, `90..110`, `> 50`.

use super::value::{Kind, Type, Value, half_digit, integer, wrong};
use crate::Result;

/// What a candidate's value must be to remain one.
#[derive(Clone, Debug, PartialEq)]
pub enum Condition {
    /// Anything.
    Any,
    /// A number from the first to the second, both included (with `not`: one outside).
    Within {
        /// The lowest.
        low: Value,
        /// The highest.
        high: Value,
        /// The others.
        not: bool,
    },
    /// These bytes (with `not`: others).
    Is {
        /// The bytes, as many as the type has.
        bytes: Vec<u8>,
        /// The others.
        not: bool,
    },
    /// No number is this (`> 255` of a byte).
    Never,
    /// Other bytes than at the last pass.
    Changed,
    /// The same bytes as at the last pass.
    Unchanged,
    /// A greater number than at the last pass.
    More,
    /// A smaller number than at the last pass.
    Less,
    /// A whole number that is greater by these bits than at the last pass; as the type counts, so past its end too.
    By(u64),
    /// A floating-point number that differs from the last pass's by so much, more or less.
    ByAbout {
        /// The smallest difference.
        low: f64,
        /// The largest.
        high: f64,
    },
    /// The same bytes as at the first scan.
    SameAsFirst,
    /// Other bytes than at the first scan.
    ChangedSinceFirst,
}

const FORMS: &str = "a condition is VALUE, LOW..HIGH, > V, < V, >= V, <= V, != V, +, -, +N, -N (by exactly N), changed, unchanged, \
                     same-as-first, changed-since-first, or ? for any; = VALUE for a value that looks like one of these";

impl Condition {
    /// Reads a condition on values of `kind`.
    ///
    /// A floating-point number means what rounds to it with the digits that were typed, or what is no further than `tolerance`
    /// away. `evaluate` gives the value of what is no number, where that can be an expression.
    ///
    /// # Errors
    /// When it is none, or none that such values can have.
    pub fn parse(text: &str, kind: Type, tolerance: Option<f64>, evaluate: &mut dyn FnMut(&str) -> Result<u64>) -> Result<Self> {
        let mut parser = Parser { kind, tolerance, evaluate };
        parser.condition(text.trim())
    }

    /// Whether it compares with an earlier value.
    pub fn needs_earlier(&self) -> bool {
        !matches!(self, Self::Any | Self::Within { .. } | Self::Is { .. } | Self::Never)
    }
}

struct Parser<'a> {
    kind: Type,
    tolerance: Option<f64>,
    evaluate: &'a mut dyn FnMut(&str) -> Result<u64>,
}

impl Parser<'_> {
    fn condition(&mut self, text: &str) -> Result<Condition> {
        // A sign that stands alone means what scanmem means by it.
        Ok(match text {
            "" => return Err(wrong("an empty condition", FORMS)),
            "?" | "any" => Condition::Any,
            "changed" | "!=" | "~" => Condition::Changed,
            "unchanged" | "same" | "=" => Condition::Unchanged,
            "+" | ">" | "increased" => self.ordered(Condition::More)?,
            "-" | "<" | "decreased" => self.ordered(Condition::Less)?,
            "same-as-first" => Condition::SameAsFirst,
            "changed-since-first" => Condition::ChangedSinceFirst,
            _ => return self.compared(text),
        })
    }

    fn ordered(&self, condition: Condition) -> Result<Condition> {
        if self.kind.is_number() {
            return Ok(condition);
        }
        let what = format!("values of type {} are neither greater nor smaller", self.kind.name());
        Err(wrong(what, "changed, unchanged, a value, or != a value"))
    }

    fn compared(&mut self, text: &str) -> Result<Condition> {
        if let Some(rest) = text.strip_prefix("!=") {
            return Ok(match self.is(rest.trim())? {
                Condition::Within { low, high, .. } => Condition::Within { low, high, not: true },
                Condition::Is { bytes, .. } => Condition::Is { bytes, not: true },
                other => other,
            });
        }
        if let Some(rest) = text.strip_prefix("==").or_else(|| text.strip_prefix('=')) {
            return self.is(rest.trim());
        }
        if !self.kind.is_number() {
            return self.is(text);
        }
        for (sign, low, strict) in [(">=", true, false), ("<=", false, false), (">", true, true), ("<", false, true)] {
            if let Some(rest) = text.strip_prefix(sign) {
                return self.beyond(rest.trim(), low, strict);
            }
        }
        if let Some((low, high)) = text.split_once("..") {
            return self.range(low.trim(), high.strip_prefix('=').unwrap_or(high).trim());
        }
        match (text.strip_prefix('+'), text.strip_prefix('-')) {
            (Some(rest), _) => self.by(rest.trim(), false),
            (_, Some(rest)) => self.by(rest.trim(), true),
            _ => self.is(text),
        }
    }

    fn number(&mut self, text: &str) -> Result<u64> {
        match self.kind.value(text) {
            Ok(Value::Number(bits)) => Ok(bits),
            Ok(Value::Bytes(_)) => Err(wrong(format!("{text:?} is no number"), FORMS)),
            Err(e) if matches!(self.kind.kind, Kind::Float(_)) || integer(text).is_some() => Err(e),
            Err(_) => {
                let value = (self.evaluate)(text)?;
                let fits = self.kind.fits(i128::from(value)).or_else(|| {
                    // An expression counts in 64 bits: a negative one is all ones above.
                    let all = value | self.kind.mask() == u64::MAX && value & self.kind.sign() != 0;
                    all.then_some(value & self.kind.mask())
                });
                fits.ok_or_else(|| wrong(format!("{text} is {value:#x}, which does not fit into {}", self.kind.name()), FORMS))
            }
        }
    }

    fn is(&mut self, text: &str) -> Result<Condition> {
        if !self.kind.is_number() {
            let Value::Bytes(bytes) = self.kind.value(text)? else { return Ok(Condition::Never) };
            return Ok(Condition::Is { bytes, not: false });
        }
        let bits = self.number(text)?;
        let (low, high) = match self.kind.kind {
            Kind::Float(_) => {
                let (value, about) = (self.kind.float(bits), self.about(text));
                let exact: f64 = text.replace('_', "").parse().unwrap_or(value);
                match about == 0.0 || !exact.is_finite() {
                    true => (bits, bits),
                    false => (self.kind.float_bits(exact - about), self.kind.float_bits(exact + about)),
                }
            }
            _ => (bits, bits),
        };
        Ok(Condition::Within { low: Value::Number(low), high: Value::Number(high), not: false })
    }

    fn about(&self, text: &str) -> f64 {
        self.tolerance.unwrap_or_else(|| half_digit(text))
    }

    fn lowest(&self) -> u64 {
        if matches!(self.kind.kind, Kind::Float(_)) { self.kind.float_bits(f64::NEG_INFINITY) } else { self.kind.sign() }
    }

    fn highest(&self) -> u64 {
        let float = matches!(self.kind.kind, Kind::Float(_));
        if float { self.kind.float_bits(f64::INFINITY) } else { self.kind.mask() ^ self.kind.sign() }
    }

    /// The next bits above (`up`) or below; none at the end.
    fn beside(&self, bits: u64, up: bool) -> Option<u64> {
        match self.kind.kind {
            Kind::Float(4) => {
                let value = f32::from_bits(u32::try_from(bits).unwrap_or(0));
                Some(u64::from(if up { value.next_up() } else { value.next_down() }.to_bits()))
            }
            Kind::Float(_) => {
                let value = f64::from_bits(bits);
                Some(if up { value.next_up() } else { value.next_down() }.to_bits())
            }
            _ if bits == if up { self.highest() } else { self.lowest() } => None,
            _ => Some(if up { bits.wrapping_add(1) } else { bits.wrapping_sub(1) } & self.kind.mask()),
        }
    }

    fn beyond(&mut self, text: &str, low: bool, strict: bool) -> Result<Condition> {
        let bits = self.number(text)?;
        let bound = if strict { self.beside(bits, low) } else { Some(bits) };
        let Some(bound) = bound else { return Ok(Condition::Never) };
        let (low, high) = if low { (bound, self.highest()) } else { (self.lowest(), bound) };
        Ok(Condition::Within { low: Value::Number(low), high: Value::Number(high), not: false })
    }

    fn range(&mut self, low: &str, high: &str) -> Result<Condition> {
        let from = if low.is_empty() { self.lowest() } else { self.number(low)? };
        let to = if high.is_empty() { self.highest() } else { self.number(high)? };
        let ordered = match self.kind.kind {
            Kind::Float(_) => self.kind.float(from) <= self.kind.float(to),
            _ => from ^ self.kind.sign() <= to ^ self.kind.sign(),
        };
        if !ordered || low.is_empty() && high.is_empty() {
            return Err(wrong(format!("{low}..{high} holds no number"), "a range is LOW..HIGH, with both in it"));
        }
        Ok(Condition::Within { low: Value::Number(from), high: Value::Number(to), not: false })
    }

    fn by(&mut self, text: &str, down: bool) -> Result<Condition> {
        if matches!(self.kind.kind, Kind::Float(_)) {
            let value: f64 = text.replace('_', "").parse().map_err(|_| wrong(format!("{text:?} is no number"), FORMS))?;
            let (value, about) = (if down { -value } else { value }, self.about(text));
            return Ok(Condition::ByAbout { low: value - about, high: value + about });
        }
        let bits = match integer(text).and_then(|v| u64::try_from(v).ok()) {
            Some(bits) => bits,
            None => self.number(text)?,
        };
        if bits > self.kind.mask() {
            return Err(wrong(format!("no {} changes by {text}", self.kind.name()), FORMS));
        }
        Ok(Condition::By(if down { bits.wrapping_neg() } else { bits } & self.kind.mask()))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn parse(kind: &str, text: &str) -> Option<Condition> {
        let kind = Type::parse(kind, 8, false).unwrap();
        Condition::parse(text, kind, None, &mut |t| if t == "jiffies" { Ok(0x1000) } else { Err(wrong("unknown", "")) }).ok()
    }

    fn within(low: u64, high: u64) -> Option<Condition> {
        Some(Condition::Within { low: Value::Number(low), high: Value::Number(high), not: false })
    }

    #[test]
    fn conditions_are_read() {
        assert_eq!(parse("i32", "97"), within(97, 97));
        assert_eq!(parse("i32", "= -5"), within(0xffff_fffb, 0xffff_fffb));
        assert_eq!(parse("i32", "-5"), Some(Condition::By(0xffff_fffb)));
        assert_eq!(parse("u8", "+5"), Some(Condition::By(5)));
        assert_eq!(parse("u8", "> 50"), within(51, 255));
        assert_eq!(parse("i8", "<-1"), within(0x80, 0xfe));
        assert_eq!(parse("u8", ">255"), Some(Condition::Never));
        assert_eq!(parse("i16", "-3..5"), within(0xfffd, 5));
        assert_eq!(parse("u8", "90..110"), within(90, 110));
        assert_eq!(parse("u8", "90.."), within(90, 255));
        assert_eq!(parse("u16", "!=7"), Some(Condition::Within { low: Value::Number(7), high: Value::Number(7), not: true }));
        assert_eq!((parse("u8", "+"), parse("u8", "<")), (Some(Condition::More), Some(Condition::Less)));
        assert_eq!((parse("u8", "changed"), parse("u8", "=")), (Some(Condition::Changed), Some(Condition::Unchanged)));
        assert_eq!(parse("ptr", "jiffies"), within(0x1000, 0x1000));
        assert_eq!(parse("text2", "=ab"), Some(Condition::Is { bytes: b"ab".to_vec(), not: false }));
        for (kind, none) in
            [("u8", "jiffies"), ("u8", "x"), ("u8", ""), ("u8", "5..3"), ("u8", ".."), ("text2", "+"), ("u8", "+256")]
        {
            assert_eq!(parse(kind, none), None, "{kind} {none}");
        }
    }

    #[test]
    fn a_float_is_what_rounds_to_it() {
        let Some(Condition::Within { low: Value::Number(low), high: Value::Number(high), .. }) = parse("f64", "100") else {
            unreachable!()
        };
        assert_eq!((f64::from_bits(low), f64::from_bits(high)), (99.5, 100.5));
        let kind = Type::parse("f32", 8, false).unwrap();
        let exact = Condition::parse("0.1", kind, Some(0.0), &mut |_| Ok(0)).unwrap();
        let bits = u64::from(0.1f32.to_bits());
        assert_eq!(Some(exact), within(bits, bits));
        let Some(Condition::Within { low: Value::Number(low), .. }) = parse("f32", "> 1") else { unreachable!() };
        assert_eq!(low, u64::from(1f32.next_up().to_bits()));
        assert_eq!(parse("f64", "-2"), Some(Condition::ByAbout { low: -2.5, high: -1.5 }));
    }
}
