//! Numbers in a range, in loops that the compiler makes vector code of.

use super::number::{Number, NumberKind, NumberType};
use crate::engine::{index, to_umem};
use memsh_plugin::umem;
use std::ops::{ControlFlow, Range};

/// A type and the values of it that count.
#[derive(Clone, Copy)]
pub(super) struct Values {
    of: NumberType,
    test: Test,
    /// Only at addresses that are a multiple of this.
    align: usize,
}

/// The lowest value, and how far above it the highest is, as bits. So signed and unsigned numbers are one case, and one
/// comparison tells.
#[derive(Clone, Copy)]
enum Test {
    B1(u8, u8),
    B2(u16, u16),
    B4(u32, u32),
    B8(u64, u64),
    F4(f32, f32),
    F8(f64, f64),
}

/// Numbers tested in one step.
const STEP: usize = 64;

type Give<'g> = &'g mut dyn FnMut(usize, usize) -> ControlFlow<()>;

impl Values {
    /// `low..=high`; `None` when these are not of the type.
    pub(super) fn new(of: NumberType, low: Number, high: Number, aligned: bool) -> Option<Self> {
        let plain = NumberType { big_endian: false, ..of };
        let (l, h) = (plain.store(low)?, plain.store(high)?);
        macro_rules! bits {
            ($t:ty) => {{
                let low = <$t>::from_le_bytes(*l.first_chunk()?);
                (low, <$t>::from_le_bytes(*h.first_chunk()?).wrapping_sub(low))
            }};
        }
        let test = match (of.kind, low, high) {
            (NumberKind::F32, Number::F32(low), Number::F32(high)) => Test::F4(low, high),
            (NumberKind::F64, Number::F64(low), Number::F64(high)) => Test::F8(low, high),
            (NumberKind::I8 | NumberKind::U8, ..) => {
                let (low, span) = bits!(u8);
                Test::B1(low, span)
            }
            (NumberKind::I16 | NumberKind::U16, ..) => {
                let (low, span) = bits!(u16);
                Test::B2(low, span)
            }
            (NumberKind::I32 | NumberKind::U32, ..) => {
                let (low, span) = bits!(u32);
                Test::B4(low, span)
            }
            (NumberKind::I64 | NumberKind::U64, ..) => {
                let (low, span) = bits!(u64);
                Test::B8(low, span)
            }
            _ => return None,
        };
        Some(Self { of, test, align: if aligned { of.width() } else { 1 } })
    }

    pub(super) fn width(&self) -> usize {
        self.of.width()
    }

    /// Gives each of `starts` at which a number counts, ascending. `addr` is the address of the first byte of `hay`.
    pub(super) fn each(&self, hay: &[u8], addr: umem, starts: Range<usize>, give: Give<'_>) -> ControlFlow<()> {
        macro_rules! int {
            ($t:ty, $low:expr, $span:expr) => {{
                let (low, span) = ($low, $span);
                match self.of.big_endian {
                    false => self.walk(hay, addr, starts, |b| <$t>::from_le_bytes(*b).wrapping_sub(low) <= span, give),
                    true => self.walk(hay, addr, starts, |b| <$t>::from_be_bytes(*b).wrapping_sub(low) <= span, give),
                }
            }};
        }
        macro_rules! float {
            ($t:ty, $low:expr, $high:expr) => {{
                let (low, high) = ($low, $high);
                let inside = move |v: $t| (v >= low) & (v <= high);
                match self.of.big_endian {
                    false => self.walk(hay, addr, starts, |b| inside(<$t>::from_le_bytes(*b)), give),
                    true => self.walk(hay, addr, starts, |b| inside(<$t>::from_be_bytes(*b)), give),
                }
            }};
        }
        match self.test {
            Test::B1(low, span) => int!(u8, low, span),
            Test::B2(low, span) => int!(u16, low, span),
            Test::B4(low, span) => int!(u32, low, span),
            Test::B8(low, span) => int!(u64, low, span),
            Test::F4(low, high) => float!(f32, low, high),
            Test::F8(low, high) => float!(f64, low, high),
        }
    }

    #[inline(always)]
    fn walk<const W: usize>(
        &self,
        hay: &[u8],
        addr: umem,
        starts: Range<usize>,
        test: impl Fn(&[u8; W]) -> bool,
        give: Give<'_>,
    ) -> ControlFlow<()> {
        // Starts that leave room for a number.
        let end = starts.end.min((hay.len() + 1).saturating_sub(W));
        if self.align == 1 && W > 1 {
            return every(hay, starts.start..end, test, give);
        }
        let past = index((addr + to_umem(starts.start)) % to_umem(W)).unwrap_or(0);
        let start = starts.start + (W - past) % W;
        let Some(bytes) = hay.get(start..(end + W).saturating_sub(1).max(start)) else { return ControlFlow::Continue(()) };
        let (numbers, _) = bytes.as_chunks::<W>();
        let (steps, rest) = numbers.as_chunks::<STEP>();
        let mut at = start;
        for step in steps {
            if any(step, &test) {
                some(step, at, &test, give)?;
            }
            at += STEP * W;
        }
        some(rest, at, &test, give)
    }
}

/// Whether one of these counts. Without a way out, so that it becomes vector code.
#[inline(always)]
fn any<const W: usize>(step: &[[u8; W]; STEP], test: impl Fn(&[u8; W]) -> bool) -> bool {
    let mut any = false;
    for number in step {
        any |= test(number);
    }
    any
}

fn some<const W: usize>(numbers: &[[u8; W]], at: usize, test: impl Fn(&[u8; W]) -> bool, give: Give<'_>) -> ControlFlow<()> {
    for (i, _) in numbers.iter().enumerate().filter(|(_, n)| test(n)) {
        give(at + i * W, W)?;
    }
    ControlFlow::Continue(())
}

/// At every start, aligned or not.
#[inline(always)]
fn every<const W: usize>(hay: &[u8], starts: Range<usize>, test: impl Fn(&[u8; W]) -> bool, give: Give<'_>) -> ControlFlow<()> {
    let mut at = starts.start;
    while at < starts.end {
        let next = starts.end.min(at + STEP * W);
        let hits = (0..W).any(|phase| {
            let bytes = hay.get(at + phase..(at + phase + STEP * W).min(hay.len())).unwrap_or_default();
            let (numbers, _) = bytes.as_chunks::<W>();
            match numbers.as_chunks::<STEP>().0.first() {
                Some(step) => any(step, &test),
                None => numbers.iter().any(&test),
            }
        });
        if hits {
            for start in at..next {
                if hay.get(start..).and_then(|h| h.first_chunk()).is_some_and(&test) {
                    give(start, W)?;
                }
            }
        }
        at = next;
    }
    ControlFlow::Continue(())
}
