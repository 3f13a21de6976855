//! A block of a match set: which places of 64 KiB of addresses are candidates, and what values they had.
//!
//! Both are kept in the form that takes the least room. Candidates are a few numbers in place, a list, runs or a bitmap; values are nothing
//! (all have the same), packed one after the other, or the bytes of the whole block, which the first and the last values share as long
//! as they are the same.

use memsh_plugin::umem;
use std::sync::Arc;

/// Addresses that one block covers.
pub(super) const BLOCK: usize = 64 << 10;
/// The same, as a target's number.
pub(super) const BLOCK_SIZE: umem = 64 << 10;

/// How values lie in a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Grid {
    /// Bytes of a value.
    pub(super) width: usize,
    /// Distance of one place from the next.
    pub(super) stride: usize,
}

impl Grid {
    /// Places of a block.
    pub(super) fn slots(self) -> usize {
        BLOCK / self.stride
    }

    /// Words of a bitmap of a block.
    pub(super) fn words(self) -> usize {
        self.slots().div_ceil(64)
    }

    /// Bytes that a value can reach past the end of the block in which it begins.
    pub(super) fn beyond(self) -> usize {
        self.width.saturating_sub(self.stride)
    }

    /// Bytes that are read for a block.
    pub(super) fn bytes(self) -> usize {
        BLOCK + self.beyond()
    }
}

/// So many candidates of a block need no memory of their own.
const FEW: usize = 10;

/// Which places are candidates, ascending.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Slots {
    Few(u8, [u16; FEW]),
    List(Box<[u16]>),
    /// First and last places of runs.
    Runs(Box<[(u16, u16)]>),
    Bitmap(Box<[u64]>),
}

/// Gives each set bit of a bitmap to `f`, ascending.
#[inline(always)]
pub(super) fn for_bits(words: &[u64], mut f: impl FnMut(usize)) {
    for (n, word) in words.iter().enumerate() {
        let mut left = *word;
        while left != 0 {
            f(n * 64 + usize::try_from(left.trailing_zeros()).unwrap_or(0));
            left &= left - 1;
        }
    }
}

/// How many bits are set.
pub(super) fn ones(words: &[u64]) -> usize {
    words.iter().map(|w| usize::try_from(w.count_ones()).unwrap_or(0)).sum()
}

/// Sets the bits from `first` to before `end`.
pub(super) fn set_bits(words: &mut [u64], first: usize, end: usize) {
    let mut at = first;
    while at < end {
        let (word, from) = (at / 64, at % 64);
        let n = (64 - from).min(end - at);
        let mask = (u64::MAX >> (64 - n)) << from;
        if let Some(w) = words.get_mut(word) {
            *w |= mask;
        }
        at += n;
    }
}

fn narrow(slot: usize) -> u16 {
    u16::try_from(slot).unwrap_or(u16::MAX)
}

impl Slots {
    /// The set bits of `words`, of which there are `count`.
    pub(super) fn of_words(words: &[u64], count: usize) -> Self {
        if count <= FEW {
            return Self::of_list(words);
        }
        // A run begins at a set bit with none before it.
        let mut before = 0;
        let mut runs = 0;
        for word in words {
            runs += usize::try_from((word & !(word << 1 | before)).count_ones()).unwrap_or(0);
            before = word >> 63;
        }
        if 4 * runs <= (2 * count).min(8 * words.len()) {
            return Self::Runs(runs_of(words).into());
        }
        if 2 * count < 8 * words.len() { Self::of_list(words) } else { Self::Bitmap(words.into()) }
    }

    fn of_list(words: &[u64]) -> Self {
        let count = ones(words);
        if count > FEW {
            let mut list = Vec::with_capacity(count);
            for_bits(words, |slot| list.push(narrow(slot)));
            return Self::List(list.into());
        }
        let mut few = [0; FEW];
        let mut places = few.iter_mut();
        for_bits(words, |slot| {
            if let Some(place) = places.next() {
                *place = narrow(slot);
            }
        });
        Self::Few(u8::try_from(count).unwrap_or(0), few)
    }

    /// Gives each place to `f`, ascending.
    #[inline(always)]
    pub(super) fn for_each(&self, mut f: impl FnMut(usize)) {
        match self {
            Slots::Few(n, few) => few.iter().take(usize::from(*n)).for_each(|s| f(usize::from(*s))),
            Slots::List(list) => list.iter().for_each(|s| f(usize::from(*s))),
            Slots::Runs(runs) => runs.iter().for_each(|(a, b)| (*a..=*b).for_each(|s| f(usize::from(s)))),
            Slots::Bitmap(words) => for_bits(words, f),
        }
    }

    /// Sets the bits of `words`, which are all 0.
    pub(super) fn fill(&self, words: &mut [u64]) {
        match self {
            Slots::Bitmap(own) => words.copy_from_slice(own),
            Slots::Runs(runs) => runs.iter().for_each(|(a, b)| set_bits(words, usize::from(*a), usize::from(*b) + 1)),
            _ => self.for_each(|s| set_bits(words, s, s + 1)),
        }
    }

    /// Whether they are few enough to be looked at one by one.
    pub(super) fn is_list(&self) -> bool {
        matches!(self, Slots::Few(..) | Slots::List(_))
    }

    /// Bytes of memory, beside the block's own.
    pub(super) fn memory(&self) -> usize {
        match self {
            Slots::Few(..) => 0,
            Slots::List(list) => 2 * list.len(),
            Slots::Runs(runs) => 4 * runs.len(),
            Slots::Bitmap(words) => 8 * words.len(),
        }
    }
}

/// First and last places of the runs of set bits.
fn runs_of(words: &[u64]) -> Vec<(u16, u16)> {
    let mut runs: Vec<(u16, u16)> = Vec::new();
    for (n, word) in words.iter().enumerate() {
        let mut left = *word;
        while left != 0 {
            let from = usize::try_from(left.trailing_zeros()).unwrap_or(0);
            let len = usize::try_from((left >> from).trailing_ones()).unwrap_or(64);
            let (first, last) = (narrow(n * 64 + from), narrow(n * 64 + from + len - 1));
            match runs.last_mut() {
                Some((_, end)) if end.checked_add(1) == Some(first) => *end = last,
                _ => runs.push((first, last)),
            }
            left = if from + len == 64 { 0 } else { left & (u64::MAX << (from + len)) };
        }
    }
    runs
}

/// The values that candidates had.
#[derive(Clone, Debug)]
pub(super) enum Values {
    /// The set knows: all the same.
    Common,
    /// All bytes of the block are 0.
    Zero,
    /// The bytes of the block.
    Whole(Arc<[u8]>),
    /// The values, in the candidates' order.
    Packed(Arc<[u8]>),
}

/// A block in which there is a candidate.
#[derive(Clone, Debug)]
pub(super) struct Block {
    /// Its first address, a multiple of [`BLOCK_SIZE`].
    pub(super) base: umem,
    /// How many candidates it has; at least one.
    pub(super) count: u32,
    pub(super) slots: Slots,
    /// What they were at the last pass.
    pub(super) last: Values,
    /// What they were at the first scan.
    pub(super) first: Values,
}

impl Values {
    /// Whether both are kept in the same bytes.
    pub(super) fn shares(&self, other: &Values) -> bool {
        match (self, other) {
            (Values::Whole(a), Values::Whole(b)) | (Values::Packed(a), Values::Packed(b)) => Arc::ptr_eq(a, b),
            _ => false,
        }
    }

    /// The value of the candidate at `slot`, the `rank`th of its block; `None` where the set knows.
    pub(super) fn get(&self, grid: Grid, slot: usize, rank: usize) -> Option<Vec<u8>> {
        let part = |bytes: &[u8], at: usize| bytes.get(at..at + grid.width).map(<[u8]>::to_vec);
        match self {
            Values::Common => None,
            Values::Zero => Some(vec![0; grid.width]),
            Values::Whole(bytes) => part(bytes, slot * grid.stride),
            Values::Packed(bytes) => part(bytes, rank * grid.width),
        }
    }

    /// Bytes of memory, beside the block's own.
    pub(super) fn memory(&self) -> usize {
        match self {
            Values::Common | Values::Zero => 0,
            Values::Whole(bytes) | Values::Packed(bytes) => bytes.len() + 16,
        }
    }
}

impl Block {
    /// Bytes of memory that it takes.
    pub(super) fn memory(&self) -> usize {
        let first = if self.first.shares(&self.last) { 0 } else { self.first.memory() };
        size_of::<Self>() + self.slots.memory() + self.last.memory() + first
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_form_gives_back_the_same_places() {
        let grid = Grid { width: 4, stride: 4 };
        let sets: [Vec<usize>; 7] = [
            vec![],
            vec![3],
            vec![0, 63, 64, 16383],
            (0..16384).collect(),
            (60..70).chain(100..16000).collect(),
            (0..16384).step_by(2).collect(),
            (0..16384).step_by(37).collect(),
        ];
        let mut forms = std::collections::BTreeSet::new();
        for set in sets {
            let mut words = vec![0; grid.words()];
            set.iter().for_each(|s| set_bits(&mut words, *s, s + 1));
            assert_eq!(ones(&words), set.len());
            let slots = Slots::of_words(&words, set.len());
            forms.insert(match slots {
                Slots::Few(..) => 0,
                Slots::List(_) => 1,
                Slots::Runs(_) => 2,
                Slots::Bitmap(_) => 3,
            });
            let mut back = Vec::new();
            slots.for_each(|s| back.push(s));
            assert_eq!(back, set);
            let mut filled = vec![0; grid.words()];
            slots.fill(&mut filled);
            assert_eq!(filled, words);
        }
        assert_eq!(forms.len(), 4, "every form is tried");
    }
}
