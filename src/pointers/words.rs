//! The words of a space whose value lies in given ranges.
//!
//! Most words are no pointers, so what decides is how fast they are passed over: a block of words is held against at most four
//! hulls of the ranges, on 32 bits of each word and without a branch, which compilers turn into vector instructions. Only words of a
//! block that has a candidate are looked up among the ranges.

use super::work::{Scanned, each_piece};
use crate::engine::search::{Options, Source, Span};
use crate::engine::to_u64;
use std::ops::ControlFlow;

/// Which words are looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Words {
    /// Bytes of a word: 8, or 4.
    pub wide: bool,
    /// Those at any address; without it those at a multiple of their size.
    pub unaligned: bool,
}

impl Words {
    /// Aligned words of the size of a pointer of `bytes` bytes.
    pub fn of_size(bytes: u8) -> Self {
        Self { wide: bytes > 4, unaligned: false }
    }

    /// Bytes of a word.
    pub fn size(self) -> usize {
        if self.wide { 8 } else { 4 }
    }
}

/// Hulls that words are held against first.
const HULLS: usize = 4;
/// Words of a block.
const BLOCK: u8 = 32;

/// Ranges of values, ready to be asked for.
#[derive(Clone, Debug)]
pub struct Ranges {
    starts: Vec<u64>,
    lasts: Vec<u64>,
    hulls: [(u32, u32); HULLS],
}

/// The part of a word that is held against hulls: of a wide one, the bits that tell 64 KiB from 64 KiB below 48 bits.
#[inline(always)]
fn key(value: u64, wide: bool) -> u32 {
    let part = if wide { value >> 16 } else { value };
    u32::try_from(part & 0xffff_ffff).unwrap_or(0)
}

impl Ranges {
    /// The ranges that `spans` cover together, for words of this size.
    pub fn new(spans: impl IntoIterator<Item = Span>, wide: bool) -> Self {
        let clip = |s: Span| Some((to_u64(s.first)?, to_u64(s.last).unwrap_or(u64::MAX)));
        let mut given: Vec<(u64, u64)> = spans.into_iter().filter_map(clip).collect();
        given.sort_unstable();
        let mut merged: Vec<(u64, u64)> = Vec::with_capacity(given.len());
        for (first, last) in given {
            match merged.last_mut() {
                Some(before) if first <= before.1.saturating_add(1) => before.1 = before.1.max(last),
                _ => merged.push((first, last)),
            }
        }
        let hulls = hulls(&merged, wide);
        let (starts, lasts) = merged.into_iter().unzip();
        Self { starts, lasts, hulls }
    }

    /// Whether a value lies in one of them.
    #[inline]
    pub fn hold(&self, value: u64) -> bool {
        let after = self.starts.partition_point(|s| *s <= value);
        after.checked_sub(1).and_then(|i| self.lasts.get(i)).is_some_and(|last| value <= *last)
    }

    /// Whether a value may lie in one of them.
    #[inline(always)]
    fn near(&self, value: u64, wide: bool) -> bool {
        let key = key(value, wide);
        self.hulls.iter().fold(false, |any, (first, length)| any | (key.wrapping_sub(*first) <= *length))
    }
}

/// At most [`HULLS`] ranges of keys, as first key and distance to the last, that cover everything.
fn hulls(ranges: &[(u64, u64)], wide: bool) -> [(u32, u32); HULLS] {
    let mut keys: Vec<(u32, u32)> = Vec::new();
    for (first, last) in ranges {
        let (a, b) = (key(*first, wide), key(*last, wide));
        // Above 48 bits keys repeat.
        let around = wide && last - first >= 1 << 47 || b < a;
        let (a, b) = if around { (0, u32::MAX) } else { (a, b) };
        keys.push((a, b));
    }
    keys.sort_unstable();
    let mut merged: Vec<(u32, u32)> = Vec::new();
    for (a, b) in keys {
        match merged.last_mut() {
            Some(before) if a <= before.1.saturating_add(1) => before.1 = before.1.max(b),
            _ => merged.push((a, b)),
        }
    }
    // The widest gaps stay gaps.
    let mut gaps: Vec<(u32, usize)> =
        merged.windows(2).enumerate().filter_map(|(i, w)| Some((w.get(1)?.0 - w.first()?.1, i))).collect();
    gaps.sort_unstable_by(|a, b| b.cmp(a));
    gaps.truncate(HULLS - 1);
    let mut cuts: Vec<usize> = gaps.into_iter().map(|g| g.1).collect();
    cuts.sort_unstable();
    cuts.push(merged.len().saturating_sub(1));
    let mut from = 0;
    let mut out = Vec::new();
    for cut in cuts {
        if let (Some(a), Some(b)) = (merged.get(from), merged.get(cut)) {
            out.push((a.0, b.1 - a.0));
        }
        from = cut + 1;
    }
    // A hull that no key of anything mapped lies in is as good as none.
    let spare = out.first().copied().unwrap_or((u32::MAX, 0));
    std::array::from_fn(|i| out.get(i).copied().unwrap_or(spare))
}

/// What is left of a piece that a word may begin in and not end in.
#[derive(Default)]
struct Seam {
    end: u64,
    tail: Vec<u8>,
}

/// A thread's state.
struct Worker<T> {
    seam: Seam,
    kept: T,
}

/// Gives every word of `source` that lies in `ranges` to `each`, with the state of the thread that found it, its address and its
/// value. Of one thread, those of aligned words come in ascending order within some megabytes; no more than that is promised.
pub fn words<T: Send>(
    source: &dyn Source,
    kind: Words,
    ranges: &Ranges,
    options: &Options<'_>,
    make: &(dyn Fn() -> T + Sync),
    each: &(impl Fn(&mut T, u64, u64) -> ControlFlow<()> + Sync),
) -> (Vec<T>, Scanned) {
    let beyond = crate::engine::to_umem(kind.size() - 1);
    let make = || Worker { seam: Seam::default(), kept: make() };
    let begin = |w: &mut Worker<T>| w.seam.tail.clear();
    let (workers, scanned) = each_piece(source, options, (0, beyond), &make, &begin, &|worker, span, at, bytes| {
        let (Some(at), Some(last)) = (to_u64(at), to_u64(span.last).or(Some(u64::MAX))) else { return ControlFlow::Continue(()) };
        let Worker { seam, kept } = worker;
        let mut give = |place: u64, value: u64| if place <= last { each(kept, place, value) } else { ControlFlow::Continue(()) };
        seam.across(kind, ranges, at, bytes, &mut give)?;
        let step = if kind.unaligned { kind.size() } else { 1 };
        for shift in 0..step {
            let from = if kind.unaligned { shift } else { to_aligned(at, kind.size()) };
            let Some(part) = bytes.get(from..) else { break };
            let first = at.wrapping_add(u64::try_from(from).unwrap_or(0));
            match kind.wide {
                true => blocks::<8>(part, first, ranges, &mut give)?,
                false => blocks::<4>(part, first, ranges, &mut give)?,
            }
        }
        seam.keep(kind.size() - 1, at, bytes);
        ControlFlow::Continue(())
    });
    (workers.into_iter().map(|w| w.kept).collect(), scanned)
}

/// Bytes from `at` to the next multiple of `size`, a power of two.
fn to_aligned(at: u64, size: usize) -> usize {
    let low = usize::try_from(at & 7).unwrap_or(0) & (size - 1);
    (size - low) & (size - 1)
}

#[inline(always)]
fn value<const N: usize>(word: &[u8; N]) -> u64 {
    let mut wide = [0; 8];
    for (to, from) in wide.iter_mut().zip(word) {
        *to = *from;
    }
    u64::from_le_bytes(wide)
}

/// The words of `bytes`, whose first lies at `first`.
#[inline(always)]
fn blocks<const N: usize>(
    bytes: &[u8],
    first: u64,
    ranges: &Ranges,
    give: &mut impl FnMut(u64, u64) -> ControlFlow<()>,
) -> ControlFlow<()> {
    let (words, _) = bytes.as_chunks::<N>();
    let wide = N == 8;
    let mut at = first;
    for block in words.chunks(usize::from(BLOCK)) {
        let any = block.iter().fold(0u32, |any, w| any | u32::from(ranges.near(value(w), wide)));
        if any != 0 {
            let mut place = at;
            for word in block {
                let value = value(word);
                if ranges.near(value, wide) && ranges.hold(value) {
                    give(place, value)?;
                }
                place = place.wrapping_add(if wide { 8 } else { 4 });
            }
        }
        at = at.wrapping_add(if wide { 8 } else { 4 } * u64::from(BLOCK));
    }
    ControlFlow::Continue(())
}

impl Seam {
    /// Words that begin in the piece before and end in this one.
    fn across(
        &self,
        kind: Words,
        ranges: &Ranges,
        at: u64,
        bytes: &[u8],
        give: &mut dyn FnMut(u64, u64) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        if self.tail.is_empty() || self.end != at {
            return ControlFlow::Continue(());
        }
        let size = kind.size();
        let mut both = self.tail.clone();
        both.extend(bytes.iter().take(size - 1));
        let start = at.wrapping_sub(u64::try_from(self.tail.len()).unwrap_or(0));
        for (place, word) in (start..at).zip(both.windows(size)) {
            if !kind.unaligned && to_aligned(place, size) != 0 {
                continue;
            }
            let value = word.iter().rev().fold(0u64, |v, b| v << 8 | u64::from(*b));
            if ranges.hold(value) {
                give(place, value)?;
            }
        }
        ControlFlow::Continue(())
    }

    /// Keeps the last `most` bytes before the end of this piece.
    fn keep(&mut self, most: usize, at: u64, bytes: &[u8]) {
        if self.end != at {
            self.tail.clear();
        }
        self.tail.extend(bytes.get(bytes.len().saturating_sub(most)..).unwrap_or_default());
        let surplus = self.tail.len().saturating_sub(most);
        self.tail.drain(..surplus);
        self.end = at.wrapping_add(u64::try_from(bytes.len()).unwrap_or(0));
    }
}
