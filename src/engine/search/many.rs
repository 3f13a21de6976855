//! Thousands of patterns at once.
//!
//! Four bytes of a pattern, its key, are hashed into a bitmap that fits the first- or second-level cache. Four bytes of memory
//! whose bit is clear begin no key; where it is set, a hash table tells which patterns have the key, and each is compared. So a
//! bitmap that is too full costs time and never a hit.
//!
//! A pattern with seven bytes in a row that count gives four keys, one byte apart: of four neighbouring places in memory exactly
//! one is a multiple of four, so only those are looked at; with eleven bytes, every eighth place. Which of a pattern's bytes give
//! the keys is chosen by how rare they are in memory and among the patterns themselves, since a file of addresses or URLs has
//! thousands with one beginning.
//!
//! A few keys are found without a bitmap, by aho-corasick's vector code (Teddy), where the processor has what that needs.

use super::rank::rank;
use super::store::{Store, Stored, to_usize};
use crate::engine::to_umem;
use aho_corasick::packed;
use memsh_plugin::umem;
use std::ops::{ControlFlow, Range};
use std::sync::Arc;

/// Bytes of a key.
const KEY: usize = 4;
/// Keys are taken from this many places at the beginning of a pattern.
const PLACES: usize = 48;
/// Bytes looked at in one step.
const STEP: usize = 64;
/// Starts worked on before what was found is put in order.
const BLOCK: usize = 32 << 10;
/// Up to so many keys are found by vector code.
pub(super) const FEW: usize = 32;
/// Up to so many patterns have keys for the largest distance.
pub(super) const FAR: usize = 4096;
/// Distances between the places that are looked at, best first.
pub(super) const STRIDES: [usize; 4] = [8, 4, 2, 1];

/// A multiplicative hash (the golden ratio): its high bits are the good ones.
const fn hash(key: u32) -> u32 {
    key.wrapping_mul(0x9e37_79b1)
}

/// How places with a key are found.
#[derive(Clone)]
enum Keys {
    Few(Arc<packed::Searcher>),
    // Bits of keys that exist, of a size that the compiler knows: then a place in it needs no check.
    Small(Box<[u64; 1 << 11]>),
    Medium(Box<[u64; 1 << 15]>),
    Large(Box<[u64; 1 << 18]>),
}

fn words<const N: usize>(keys: impl Iterator<Item = u32>) -> Option<Box<[u64; N]>> {
    let mut words: Box<[u64; N]> = vec![0; N].into_boxed_slice().try_into().ok()?;
    for key in keys {
        let (word, bit) = place::<N>(key);
        if let Some(w) = words.get_mut(word) {
            *w |= 1 << bit;
        }
    }
    Some(words)
}

/// Word and bit of a key in a bitmap of `N` words (a power of two).
#[inline(always)]
fn place<const N: usize>(key: u32) -> (usize, u32) {
    let h = hash(key) >> (26 - N.trailing_zeros());
    (to_usize(h >> 6) % N, h & 63)
}

/// A key, the pattern that has it, and where.
#[derive(Clone, Copy, Default)]
struct Entry {
    key: u32,
    pattern: u32,
    at: u8,
}

/// Patterns, found together.
#[derive(Clone)]
pub(super) struct Many {
    store: Arc<Store>,
    keys: Keys,
    /// Entries by hash: those of bucket `b` are `buckets[b]..buckets[b + 1]`.
    entries: Box<[Entry]>,
    buckets: Box<[u32]>,
    shift: u32,
    /// Set in each byte whose bit 5 (what upper and lower case differ in) is not looked at.
    fold: u8,
    /// Keys of a pattern, one byte apart, and so the distance between the places that are looked at.
    stride: usize,
    /// The place of the last key in any pattern.
    last: usize,
    /// Bytes of the longest pattern.
    longest: usize,
}

/// What is needed of a pattern: how many bytes in a row count.
pub(super) const fn needed(stride: usize) -> usize {
    KEY + stride - 1
}

/// Whether a pattern has a place for `stride` keys.
pub(super) fn serves(pattern: &Stored<'_>, fold: u8, stride: usize) -> bool {
    places(pattern, fold, stride).next().is_some()
}

/// Where `stride` keys may begin.
fn places<'s>(pattern: &'s Stored<'_>, fold: u8, stride: usize) -> impl Iterator<Item = usize> + 's {
    let counts = move |i: usize| pattern.masks.get(i).is_none_or(|m| m | fold == 0xff);
    let end = (pattern.bytes.len() + 1).saturating_sub(needed(stride)).min(PLACES);
    let mut row = 0;
    let mut seen = 0;
    (0..end).filter(move |start| {
        // How many that count lie in a row, up to the last that is needed here.
        while seen < start + needed(stride) {
            row = if counts(seen) { row + 1 } else { 0 };
            seen += 1;
        }
        row >= needed(stride)
    })
}

fn key_at(bytes: &[u8], at: usize, fold: u8) -> u32 {
    let four = bytes.get(at..).and_then(|b| b.first_chunk()).copied().unwrap_or_default();
    u32::from_le_bytes(four) | u32::from_le_bytes([fold; KEY])
}

/// How many keys fall on each of some counters.
struct Sketch(Vec<u16>);

impl Sketch {
    const BITS: u32 = 18;

    fn slot(key: u32) -> usize {
        to_usize(hash(key) >> (32 - Self::BITS))
    }

    fn add(&mut self, key: u32) {
        if let Some(n) = self.0.get_mut(Self::slot(key)) {
            *n = n.saturating_add(1);
        }
    }

    /// What comparing at places with this key costs, as sixteenths of a binary logarithm.
    fn cost(&self, key: u32) -> u32 {
        let common: u32 = key.to_le_bytes().iter().map(|b| u32::from(rank(*b))).sum();
        let patterns = u32::from(self.0.get(Self::slot(key)).copied().unwrap_or(0)) + 1;
        common + 16 * patterns.ilog2()
    }
}

impl Many {
    /// The patterns of `store` that `which` lists, each of which [`serves`].
    pub(super) fn new(store: &Arc<Store>, which: &[u32], fold: u8, stride: usize) -> Option<Self> {
        let get = |i: u32| store.get(to_usize(i));
        let mut sketch = Sketch(vec![0; 1 << Sketch::BITS]);
        for pattern in which.iter().filter_map(|i| get(*i)) {
            for place in places(&pattern, fold, stride) {
                sketch.add(key_at(pattern.bytes, place, fold));
            }
        }
        let mut entries = Vec::with_capacity(which.len() * stride);
        let (mut last, mut longest) = (0, 0);
        for &i in which {
            let pattern = get(i)?;
            longest = longest.max(pattern.bytes.len());
            let worst = |place: usize| (place..place + stride).map(|p| sketch.cost(key_at(pattern.bytes, p, fold))).max();
            let best = places(&pattern, fold, stride).min_by_key(|p| worst(*p))?;
            for at in best..best + stride {
                entries.push(Entry { key: key_at(pattern.bytes, at, fold), pattern: i, at: u8::try_from(at).ok()? });
            }
            last = last.max(best + stride - 1);
        }
        drop(sketch);
        let keys = || entries.iter().map(|e| e.key);
        let few = if fold == 0 && stride == 1 { few(keys()) } else { None };
        let keys = match few {
            Some(few) => few,
            None if entries.len() <= 2048 => Keys::Small(words(keys())?),
            None if entries.len() <= 128 << 10 => Keys::Medium(words(keys())?),
            None => Keys::Large(words(keys())?),
        };
        let bits = (2 * entries.len()).next_power_of_two().max(2).trailing_zeros().min(24);
        let shift = 32 - bits;
        entries.sort_unstable_by_key(|e| (hash(e.key) >> shift, e.key, e.pattern));
        let mut buckets = vec![0_u32; (1 << bits) + 1];
        for e in &entries {
            if let Some(n) = buckets.get_mut(to_usize(hash(e.key) >> shift) + 1) {
                *n += 1;
            }
        }
        let mut sum = 0;
        for b in &mut buckets {
            sum += *b;
            *b = sum;
        }
        let (entries, buckets) = (entries.into(), buckets.into());
        Some(Self { store: Arc::clone(store), keys, entries, buckets, shift, fold, stride, last, longest })
    }

    pub(super) fn store(&self) -> &Store {
        &self.store
    }

    /// The most bytes that a hit needs.
    pub(super) fn reach(&self) -> usize {
        self.longest
    }

    /// Gives each of `starts` at which a pattern stands, ascending, with its length and its number in the store. `addr` is the
    /// address of the first byte of `hay`.
    pub(super) fn each(
        &self,
        hay: &[u8],
        addr: umem,
        starts: Range<usize>,
        found: &mut Vec<(usize, u32)>,
        give: &mut dyn FnMut(usize, usize, u32) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        let mut from = starts.start;
        while from < starts.end {
            let block = from..starts.end.min(from + BLOCK);
            found.clear();
            match &self.keys {
                Keys::Few(packed) => self.few(packed, hay, addr, &block, found),
                Keys::Small(words) => self.block(words, hay, addr, &block, found),
                Keys::Medium(words) => self.block(words, hay, addr, &block, found),
                Keys::Large(words) => self.block(words, hay, addr, &block, found),
            }
            found.sort_unstable();
            for &(start, pattern) in found.iter() {
                let len = self.store.get(to_usize(pattern)).map_or(0, |p| p.bytes.len());
                give(start, len, pattern)?;
            }
            from = block.end;
        }
        ControlFlow::Continue(())
    }

    /// The places in which keys of these starts may lie, and where the last of them ends.
    fn places<'h>(&self, hay: &'h [u8], starts: &Range<usize>) -> &'h [u8] {
        hay.get(starts.start..hay.len().min(starts.end + self.last + KEY - 1)).unwrap_or_default()
    }

    fn few(&self, packed: &packed::Searcher, hay: &[u8], addr: umem, starts: &Range<usize>, found: &mut Vec<(usize, u32)>) {
        let bytes = self.places(hay, starts);
        let mut from = 0;
        while let Some(key) = packed.find_in(bytes, aho_corasick::Span { start: from, end: bytes.len() }) {
            self.compare(hay, addr, starts.start + key.start(), starts, found);
            from = key.start() + 1;
        }
    }

    fn block<const N: usize>(
        &self,
        words: &[u64; N],
        hay: &[u8],
        addr: umem,
        starts: &Range<usize>,
        found: &mut Vec<(usize, u32)>,
    ) {
        let bytes = self.places(hay, starts);
        for phase in (0..KEY).step_by(self.stride) {
            let bytes = bytes.get(phase..).unwrap_or_default();
            let at = starts.start + phase;
            match self.stride {
                8 => self.walk::<N, 8>(words, hay, addr, bytes, at, starts, found),
                _ => self.walk::<N, KEY>(words, hay, addr, bytes, at, starts, found),
            }
        }
    }

    /// Looks at every place of `bytes`, which begin at `at`, that is a multiple of `S`.
    #[inline(always)]
    #[allow(clippy::too_many_arguments, reason = "the innermost loop")]
    fn walk<const N: usize, const S: usize>(
        &self,
        words: &[u64; N],
        hay: &[u8],
        addr: umem,
        bytes: &[u8],
        mut at: usize,
        starts: &Range<usize>,
        found: &mut Vec<(usize, u32)>,
    ) {
        let fold = u32::from_le_bytes([self.fold; KEY]);
        let (steps, rest) = bytes.as_chunks::<STEP>();
        for step in steps {
            let mut maybe = mask::<N, S>(words, step, fold);
            while maybe != 0 {
                let i = to_usize(maybe.trailing_zeros());
                self.compare(hay, addr, at + i * S, starts, found);
                maybe &= maybe - 1;
            }
            at += STEP;
        }
        for i in (0..(rest.len() + 1).saturating_sub(KEY)).step_by(S) {
            self.compare(hay, addr, at + i, starts, found);
        }
    }

    /// Compares the patterns that have the key at `at`.
    #[inline(never)]
    fn compare(&self, hay: &[u8], addr: umem, at: usize, starts: &Range<usize>, found: &mut Vec<(usize, u32)>) {
        let key = key_at(hay, at, self.fold);
        let bucket = to_usize(hash(key) >> self.shift);
        let (Some(&from), Some(&to)) = (self.buckets.get(bucket), self.buckets.get(bucket + 1)) else { return };
        for entry in self.entries.get(to_usize(from)..to_usize(to)).unwrap_or_default() {
            if entry.key != key {
                continue;
            }
            let Some(start) = at.checked_sub(usize::from(entry.at)).filter(|s| starts.contains(s)) else { continue };
            let Some(pattern) = self.store.get(to_usize(entry.pattern)) else { continue };
            let fits = pattern.align < 2 || (addr + to_umem(start)).is_multiple_of(umem::from(pattern.align));
            if fits && pattern.begins(hay.get(start..).unwrap_or_default()) {
                found.push((start, entry.pattern));
            }
        }
    }
}

/// Which of the keys in a step, `S` bytes apart, may exist, a bit each.
#[inline(always)]
fn mask<const N: usize, const S: usize>(words: &[u64; N], step: &[u8; STEP], fold: u32) -> u32 {
    let (places, _) = step.as_chunks::<S>();
    let mut maybe = 0;
    for (i, place_) in (0_u32..).zip(places) {
        let key = place_.first_chunk().copied().map_or(0, u32::from_le_bytes);
        let (word, bit) = place::<N>(key | fold);
        let set = words.get(word).map_or(0, |w| w >> bit & 1);
        maybe |= u32::from(set != 0) << i;
    }
    maybe
}

/// Finds a few keys; `None` when there are too many, or the processor can't.
fn few(keys: impl Iterator<Item = u32>) -> Option<Keys> {
    let mut keys: Vec<[u8; KEY]> = keys.take(8 * FEW).map(u32::to_le_bytes).collect();
    keys.sort_unstable();
    keys.dedup();
    if keys.len() > FEW {
        return None;
    }
    Some(Keys::Few(Arc::new(packed::Config::new().builder().extend(keys).build()?)))
}
