//! The comparisons themselves: many values against a test, in loops that the compiler turns into vector instructions.
//!
//! What is asked is decided once per block; inside a loop there are only loads of a fixed width, one comparison and a byte that is 0 or 1.
//! 64 of these bytes become a word of a bitmap. Nothing here depends on the instruction set: with the vectors of every x86-64 a loop is
//! as fast as memory.

use super::condition::Condition;
use super::lanes::{one, two};
use super::value::{Kind, Type, Value};
use std::cmp::Ordering;

/// A condition as the loops need it. All numbers are bits of the type's width.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Test {
    All,
    Nothing,
    /// These bits.
    Equal(u64),
    /// No more than `span` above `low`, as numbers without a sign count.
    Within {
        low: u64,
        span: u64,
    },
    /// A float between these.
    Floats {
        low: f64,
        high: f64,
    },
    /// The same bytes as the earlier value.
    Same,
    /// Greater than the earlier value; `sign` makes numbers without a sign of those with one.
    More {
        sign: u64,
    },
    Less {
        sign: u64,
    },
    MoreFloat,
    LessFloat,
    /// Greater by these bits.
    By(u64),
    ByAbout {
        low: f64,
        high: f64,
    },
    /// These bytes.
    Is(Vec<u8>),
}

/// With which earlier value a test compares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Base {
    None,
    Last,
    First,
}

/// A test of values of one type.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Check {
    pub(super) kind: Type,
    pub(super) test: Test,
    pub(super) not: bool,
    pub(super) base: Base,
}

impl Check {
    /// The test for a condition. `last` and `first` are the earlier values where all candidates have the same.
    pub(super) fn new(condition: &Condition, kind: Type, last: Option<&Value>, first: Option<&Value>) -> Self {
        let float = matches!(kind.kind, Kind::Float(_));
        let check = |test, not, base| Self { kind, test, not, base };
        let sign = kind.sign();
        match condition {
            Condition::Any => check(Test::All, false, Base::None),
            Condition::Never => check(Test::Nothing, false, Base::None),
            Condition::Is { bytes, not } => check(Test::Is(bytes.clone()), *not, Base::None),
            Condition::Within { low: Value::Number(low), high: Value::Number(high), not } => {
                let test = match float {
                    true => Test::Floats { low: kind.float(*low), high: kind.float(*high) },
                    false if low == high => Test::Equal(*low),
                    false => Test::Within { low: *low, span: high.wrapping_sub(*low) & kind.mask() },
                };
                check(test, *not, Base::None)
            }
            Condition::Within { .. } => check(Test::Nothing, false, Base::None),
            Condition::Changed | Condition::Unchanged => {
                let not = *condition == Condition::Changed;
                match last {
                    Some(value) => check(constant(value), not, Base::None),
                    None => check(Test::Same, not, Base::Last),
                }
            }
            Condition::SameAsFirst | Condition::ChangedSinceFirst => {
                let not = *condition == Condition::ChangedSinceFirst;
                match first {
                    Some(value) => check(constant(value), not, Base::None),
                    None => check(Test::Same, not, Base::First),
                }
            }
            Condition::More | Condition::Less => {
                let more = *condition == Condition::More;
                match (last, float) {
                    (Some(Value::Number(bits)), false) => {
                        // Neighbours in the order of the type, with the sign's bit turned.
                        let (turned, top) = (bits ^ sign, kind.mask());
                        let test = match (more, turned) {
                            (true, t) if t == top => Test::Nothing,
                            (false, 0) => Test::Nothing,
                            (true, t) => Test::Within { low: (t + 1) ^ sign, span: top - (t + 1) },
                            (false, t) => Test::Within { low: sign, span: t - 1 },
                        };
                        check(test, false, Base::None)
                    }
                    (_, true) if more => check(Test::MoreFloat, false, Base::Last),
                    (_, true) => check(Test::LessFloat, false, Base::Last),
                    _ if more => check(Test::More { sign }, false, Base::Last),
                    _ => check(Test::Less { sign }, false, Base::Last),
                }
            }
            Condition::By(by) => match last {
                Some(Value::Number(bits)) => check(Test::Equal(bits.wrapping_add(*by) & kind.mask()), false, Base::None),
                _ => check(Test::By(*by), false, Base::Last),
            },
            Condition::ByAbout { low, high } => check(Test::ByAbout { low: *low, high: *high }, false, Base::Last),
        }
    }

    /// The value that all have that pass, where it is one.
    pub(super) fn constant(&self) -> Option<Value> {
        match (&self.test, self.not) {
            (Test::Equal(bits), false) => Some(Value::Number(*bits)),
            (Test::Is(bytes), false) => Some(Value::Bytes(bytes.clone())),
            _ => None,
        }
    }

    /// Clears in `words` the bits of values that do not pass. Value i begins at byte `i * stride` of `now`, its earlier value at the same
    /// byte of `old`; values that are not wholly in these bytes are not looked at. Words that are 0 are passed over.
    pub(super) fn apply(&self, now: &[u8], old: &[u8], stride: usize, words: &mut [u64]) {
        match (&self.test, self.not) {
            (Test::All, false) | (Test::Nothing, true) => return,
            (Test::Nothing, false) | (Test::All, true) => return words.fill(0),
            _ => {}
        }
        if stride > self.kind.width() || !self.kind.is_number() {
            // Rare shapes are put side by side first.
            return self.apart(now, old, stride, words);
        }
        match self.kind.width() {
            1 => self.width::<1, u8>(now, old, stride, words),
            2 => self.width::<2, u16>(now, old, stride, words),
            4 => self.width::<4, u32>(now, old, stride, words),
            _ => self.width::<8, u64>(now, old, stride, words),
        }
    }

    fn apart(&self, now: &[u8], old: &[u8], stride: usize, words: &mut [u64]) {
        let width = self.kind.width();
        if self.kind.is_number() {
            let gather = |bytes: &[u8]| -> Vec<u8> {
                let each = bytes.chunks(stride).filter_map(|c| c.get(..width));
                each.flatten().copied().collect()
            };
            let old = if self.base == Base::None { Vec::new() } else { gather(old) };
            return self.apply(&gather(now), &old, width, words);
        }
        let wanted: Option<&[u8]> = if let Test::Is(bytes) = &self.test { Some(bytes) } else { None };
        // Where most places are still candidates, the few that hold the bytes are found faster than each is asked.
        if let Some(wanted) = wanted.filter(|_| !self.not && super::block::ones(words) > words.len()) {
            let finder = memchr::memmem::Finder::new(wanted);
            let mut found = vec![0; words.len()];
            let mut at = 0;
            while let Some(n) = now.get(at..).and_then(|rest| finder.find(rest)) {
                if (at + n).is_multiple_of(stride) {
                    super::block::set_bits(&mut found, (at + n) / stride, (at + n) / stride + 1);
                }
                at += n + 1;
            }
            return words.iter_mut().zip(found).for_each(|(word, found)| *word &= found);
        }
        for (w, word) in words.iter_mut().enumerate() {
            let mut left = *word;
            while left != 0 {
                let bit = left.trailing_zeros();
                left &= left - 1;
                let at = (w * 64 + usize::try_from(bit).unwrap_or(0)) * stride;
                let value = now.get(at..at + width);
                let other = wanted.or_else(|| old.get(at..at + width));
                if (value.is_some() && value == other) == self.not {
                    *word &= !(1 << bit);
                }
            }
        }
    }

    fn width<const W: usize, T: Lane<W>>(&self, now: &[u8], old: &[u8], stride: usize, words: &mut [u64]) {
        if self.kind.big && W > 1 {
            self.ordered::<W, T>(now, old, stride, words, T::big);
        } else {
            self.ordered::<W, T>(now, old, stride, words, T::little);
        }
    }

    #[inline(always)]
    fn ordered<const W: usize, T: Lane<W>>(
        &self,
        now: &[u8],
        old: &[u8],
        stride: usize,
        words: &mut [u64],
        load: impl Fn([u8; W]) -> T + Copy,
    ) {
        let not = self.not;
        // One loop per test: a choice inside would be made for every value.
        match &self.test {
            Test::Equal(bits) => {
                let wanted = T::of(*bits);
                one(now, stride, words, not, |v| load(v) == wanted);
            }
            Test::Within { low, span } => {
                let (low, span) = (T::of(*low), T::of(*span));
                one(now, stride, words, not, |v| load(v).minus(low) <= span);
            }
            Test::Floats { low, high } => {
                let (low, high) = (T::narrow(*low), T::narrow(*high));
                one(now, stride, words, not, |v| load(v).within(low, high));
            }
            Test::Same => two(now, old, stride, words, not, |v, o| T::little(v) == T::little(o)),
            Test::More { sign } => {
                let sign = T::of(*sign);
                two(now, old, stride, words, not, |v, o| load(v).turned(sign) > load(o).turned(sign));
            }
            Test::Less { sign } => {
                let sign = T::of(*sign);
                two(now, old, stride, words, not, |v, o| load(v).turned(sign) < load(o).turned(sign));
            }
            Test::MoreFloat => {
                two(now, old, stride, words, not, |v, o| load(v).compared(load(o)) == Some(Ordering::Greater));
            }
            Test::LessFloat => {
                two(now, old, stride, words, not, |v, o| load(v).compared(load(o)) == Some(Ordering::Less));
            }
            Test::By(by) => {
                let by = T::of(*by);
                two(now, old, stride, words, not, |v, o| load(v).minus(load(o)) == by);
            }
            Test::ByAbout { low, high } => two(now, old, stride, words, not, |v, o| {
                let difference = load(v).float() - load(o).float();
                *low <= difference && difference <= *high
            }),
            Test::All | Test::Nothing | Test::Is(_) => {}
        }
    }
}

fn constant(value: &Value) -> Test {
    match value {
        Value::Number(bits) => Test::Equal(*bits),
        Value::Bytes(bytes) => Test::Is(bytes.clone()),
    }
}

/// A number of `W` bytes as the processor has it.
trait Lane<const W: usize>: Copy + Ord {
    fn of(bits: u64) -> Self;
    fn little(bytes: [u8; W]) -> Self;
    fn big(bytes: [u8; W]) -> Self;
    fn minus(self, other: Self) -> Self;
    fn turned(self, sign: Self) -> Self;
    /// As a floating-point number; for widths that have none, whatever.
    fn float(self) -> f64;
    /// The bits of the nearest floating-point number of this width.
    fn narrow(value: f64) -> Self;
    /// Whether it is a floating-point number from `low` to `high`.
    fn within(self, low: Self, high: Self) -> bool;
    fn compared(self, other: Self) -> Option<Ordering>;
}

macro_rules! lane {
    ($t:ty, $w:literal, $float:ty, $bits:expr, $value:expr) => {
        impl Lane<$w> for $t {
            #[inline(always)]
            fn of(bits: u64) -> Self {
                #[allow(
                    clippy::cast_possible_truncation,
                    clippy::as_conversions,
                    trivial_numeric_casts,
                    reason = "bits of the type's width"
                )]
                let bits = bits as $t;
                bits
            }
            #[inline(always)]
            fn little(bytes: [u8; $w]) -> Self {
                Self::from_le_bytes(bytes)
            }
            #[inline(always)]
            fn big(bytes: [u8; $w]) -> Self {
                Self::from_be_bytes(bytes)
            }
            #[inline(always)]
            fn minus(self, other: Self) -> Self {
                self.wrapping_sub(other)
            }
            #[inline(always)]
            fn turned(self, sign: Self) -> Self {
                self ^ sign
            }
            #[inline(always)]
            fn float(self) -> f64 {
                f64::from($value(self))
            }
            #[inline(always)]
            fn narrow(value: f64) -> Self {
                $bits(value)
            }
            #[inline(always)]
            fn within(self, low: Self, high: Self) -> bool {
                let value: $float = $value(self);
                ($value(low) <= value) & (value <= $value(high))
            }
            #[inline(always)]
            fn compared(self, other: Self) -> Option<Ordering> {
                $value(self).partial_cmp(&$value(other))
            }
        }
    };
}

#[allow(clippy::cast_possible_truncation, clippy::as_conversions, reason = "rounds to the nearest, which is meant")]
#[inline(always)]
fn bits32(value: f64) -> u32 {
    (value as f32).to_bits()
}

lane!(u8, 1, f32, |_: f64| 0, f32::from);
lane!(u16, 2, f32, |_: f64| 0, f32::from);
lane!(u32, 4, f32, bits32, f32::from_bits);
lane!(u64, 8, f64, f64::to_bits, f64::from_bits);
