//! Every pointer of a space, sorted by what it points to.

use super::words::{Ranges, Words, words};
use super::work::Scanned;
use crate::engine::search::{Options, Source};
use std::ops::{ControlFlow, Range};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

/// A map has no more pointers than this: the index by place counts in 32 bits.
pub const MAX_POINTERS: usize = 1 << 30;

/// The pointers of a space: words that point to something mapped. 16 bytes each, and 4 more once they are asked for by place.
#[derive(Debug, Default)]
pub struct PointerMap {
    /// Ascending.
    values: Vec<u64>,
    /// Where each lies; ascending among equal values.
    places: Vec<u64>,
    by_place: OnceLock<Vec<u32>>,
}

/// A map, and how it came about.
#[derive(Debug, Default)]
pub struct Built {
    /// The map; of what was read where it was interrupted.
    pub map: PointerMap,
    /// How the pass over the space went.
    pub scanned: Scanned,
    /// There were more pointers than `most`; the map has some of them.
    pub cut: bool,
}

/// More threads than ever build a map.
const MANY_THREADS: usize = 256;

/// The pointers of `source` into `ranges`: what the space maps, mostly. No more than `most` (and [`MAX_POINTERS`]) are kept.
pub fn build(source: &dyn Source, kind: Words, ranges: &Ranges, most: usize, options: &Options<'_>) -> Built {
    let most = most.min(MAX_POINTERS);
    let kept = AtomicUsize::new(0);
    // Counted in lots, so that threads do not wait for each other.
    const LOT: usize = 4096;
    // A thread that gets no lot ends the work of all, whose lots may be unfilled: what they lack must not be what is missing.
    let granted = most.next_multiple_of(LOT).saturating_add(MANY_THREADS * LOT);
    let (mut parts, scanned) = words(source, kind, ranges, options, &Vec::new, &|part: &mut Vec<(u64, u64)>, place, value| {
        if part.len().is_multiple_of(LOT) && kept.fetch_add(LOT, Ordering::Relaxed).saturating_add(LOT) > granted {
            return ControlFlow::Break(());
        }
        part.push((value, place));
        ControlFlow::Continue(())
    });
    let total = parts.iter().map(Vec::len).sum::<usize>();
    let cut = kept.into_inner() > granted || total > most;
    std::thread::scope(|scope| {
        for part in &mut parts {
            let sort = || part.sort_unstable();
            // A thread that can't be started leaves its part to the merge, which sorts it.
            if std::thread::Builder::new().spawn_scoped(scope, sort).is_err() {
                break;
            }
        }
    });
    let mut map = PointerMap::merged(parts);
    map.values.truncate(most);
    map.places.truncate(most);
    Built { map, scanned, cut }
}

impl PointerMap {
    /// A map of `(value, place)` pairs in any order.
    pub fn of(mut pairs: Vec<(u64, u64)>) -> Self {
        pairs.sort_unstable();
        Self::merged(vec![pairs])
    }

    /// A map from arrays that are in order already.
    ///
    /// `None` where they are not: of different lengths, or not ascending.
    pub fn sorted(values: Vec<u64>, places: Vec<u64>) -> Option<Self> {
        let even = values.len() == places.len() && values.len() <= MAX_POINTERS;
        (even && values.is_sorted()).then(|| Self { values, places, by_place: OnceLock::new() })
    }

    fn merged(mut parts: Vec<Vec<(u64, u64)>>) -> Self {
        let total = parts.iter().map(Vec::len).sum();
        let (mut values, mut places) = (Vec::with_capacity(total), Vec::with_capacity(total));
        for part in parts.iter_mut().filter(|p| !p.is_sorted()) {
            part.sort_unstable();
        }
        let mut heads: Vec<std::vec::IntoIter<(u64, u64)>> = parts.into_iter().map(Vec::into_iter).collect();
        while heads.len() > 1 {
            heads.retain(|h| !h.as_slice().is_empty());
            // The part with the least pair gives all that come before the least of the others.
            let least = heads.iter().enumerate().filter_map(|(i, h)| Some((*h.as_slice().first()?, i))).min();
            let Some((_, i)) = least else { break };
            let others =
                heads.iter().enumerate().filter(|(j, _)| *j != i).filter_map(|(_, h)| h.as_slice().first()).min().copied();
            let Some(head) = heads.get_mut(i) else { break };
            while let Some(&(value, place)) = head.as_slice().first().filter(|p| others.is_none_or(|o| **p <= o)) {
                values.push(value);
                places.push(place);
                head.next();
            }
        }
        for (value, place) in heads.into_iter().flatten() {
            values.push(value);
            places.push(place);
        }
        Self { values, places, by_place: OnceLock::new() }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.values.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// What they point to, ascending.
    pub fn values(&self) -> &[u64] {
        &self.values
    }

    /// Where each lies, in the order of [`values`](Self::values).
    pub fn places(&self) -> &[u64] {
        &self.places
    }

    /// The numbers of those that point into `first..=last`.
    pub fn into(&self, first: u64, last: u64) -> Range<usize> {
        let from = self.values.partition_point(|v| *v < first);
        let to = self.values.partition_point(|v| *v <= last);
        from..to.max(from)
    }

    /// The value and the place of one, by its number.
    pub fn get(&self, number: usize) -> Option<(u64, u64)> {
        Some((*self.values.get(number)?, *self.places.get(number)?))
    }

    /// The value of the pointer at `place`, where there is one.
    pub fn at(&self, place: u64) -> Option<u64> {
        let order = self.by_place.get_or_init(|| {
            let mut order: Vec<u32> = (0..self.places.len()).filter_map(|i| u32::try_from(i).ok()).collect();
            order.sort_unstable_by_key(|i| self.place(*i));
            order
        });
        let i = order.binary_search_by_key(&place, |i| self.place(*i)).ok()?;
        self.values.get(usize::try_from(*order.get(i)?).ok()?).copied()
    }

    fn place(&self, i: u32) -> u64 {
        usize::try_from(i).ok().and_then(|i| self.places.get(i)).copied().unwrap_or(u64::MAX)
    }
}
