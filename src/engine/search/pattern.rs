//! One pattern of masked bytes, and the quickest way to find it.

use super::hex::Masked;
use super::rank::{MemoryRank, rank};
use memchr::memmem;

/// Bytes of which some bits may not count.
#[derive(Clone)]
pub(super) struct Pattern {
    bytes: Box<[Masked]>,
    find: Find,
}

#[derive(Clone)]
enum Find {
    /// All bits of all bytes count.
    Exact(memmem::Finder<'static>),
    /// A stretch of exact bytes, `at` bytes into the pattern, is looked for first.
    Part { finder: memmem::Finder<'static>, at: usize, len: usize },
    /// Two bytes of the pattern are looked for together.
    Pair([(usize, Masked); 2]),
}

/// Bytes looked at in one step of [`Find::Pair`]: the compiler makes vector code of a loop over a fixed number.
const STEP: usize = 64;

impl Pattern {
    /// A pattern; `None` when nothing in it counts.
    pub(super) fn new(bytes: Vec<Masked>) -> Option<Self> {
        let finder = |part: &[Masked]| {
            let exact: Vec<u8> = part.iter().map(|b| b.0).collect();
            memmem::FinderBuilder::new().build_forward_with_ranker(MemoryRank, &exact).into_owned()
        };
        let find = if !bytes.is_empty() && bytes.iter().all(|b| b.1 == 0xff) {
            Find::Exact(finder(&bytes))
        } else if let Some((at, part)) = best_part(&bytes) {
            Find::Part { finder: finder(part), at, len: part.len() }
        } else {
            Find::Pair(best_pair(&bytes)?)
        };
        Some(Self { bytes: bytes.into(), find })
    }

    /// Bytes of a match.
    pub(super) fn len(&self) -> usize {
        self.bytes.len()
    }

    /// The first match in `hay` that begins at `from` or after.
    pub(super) fn find(&self, hay: &[u8], from: usize) -> Option<usize> {
        match &self.find {
            Find::Exact(finder) => finder.find(hay.get(from..)?).map(|p| from + p),
            Find::Part { finder, at, len } => {
                // Cut the end so that the rest of the pattern has room after its part.
                let hay_end = hay.len().checked_sub(self.len() - at - len)?;
                let parts = hay.get(..hay_end)?;
                let mut next = from + at;
                loop {
                    let part = next + finder.find(parts.get(next..)?)?;
                    if self.matches(hay, part - at) {
                        return Some(part - at);
                    }
                    next = part + 1;
                }
            }
            Find::Pair(pair) => self.find_pair(pair, hay, from),
        }
    }

    fn matches(&self, hay: &[u8], at: usize) -> bool {
        hay.get(at..at + self.len()).is_some_and(|h| h.iter().zip(&self.bytes).all(|(b, (value, mask))| b & mask == *value))
    }

    fn find_pair(&self, pair: &[(usize, Masked); 2], hay: &[u8], from: usize) -> Option<usize> {
        let [(i, (iv, im)), (j, (jv, jm))] = *pair;
        // Starts that leave room for the whole pattern.
        let ends = hay.len().checked_sub(self.len())? + 1;
        let a = hay.get(from.checked_add(i)?..ends + i)?;
        let b = hay.get(from + j..ends + j)?;
        let (a_steps, a_rest) = a.as_chunks::<STEP>();
        let (b_steps, b_rest) = b.as_chunks::<STEP>();
        let first = |at: usize, a: &[u8], b: &[u8]| {
            let maybe = a.iter().zip(b).enumerate().filter(|(_, (x, y))| **x & im == iv && **y & jm == jv);
            maybe.map(|(k, _)| at + k).find(|&s| self.matches(hay, s))
        };
        for (n, (a, b)) in a_steps.iter().zip(b_steps).enumerate() {
            let mut any = false;
            for (x, y) in a.iter().zip(b) {
                any |= (x & im == iv) & (y & jm == jv);
            }
            if any && let Some(s) = first(from + n * STEP, a, b) {
                return Some(s);
            }
        }
        first(from + a_steps.len() * STEP, a_rest, b_rest)
    }
}

/// The stretch of at least two exact bytes whose two rarest are the rarest, and its place.
fn best_part(bytes: &[Masked]) -> Option<(usize, &[Masked])> {
    let mut best: Option<(u16, usize, &[Masked])> = None;
    let mut at = 0;
    for part in bytes.chunk_by(|x, y| (x.1 == 0xff) == (y.1 == 0xff)) {
        if part.len() > 1 && part.iter().all(|b| b.1 == 0xff) {
            let mut ranks: Vec<u8> = part.iter().map(|b| rank(b.0)).collect();
            ranks.sort_unstable();
            let score = ranks.iter().take(2).map(|r| u16::from(*r)).sum();
            if best.is_none_or(|b| score < b.0) {
                best = Some((score, at, part));
            }
        }
        at += part.len();
    }
    best.map(|(_, at, part)| (at, part))
}

/// The two rarest places of a pattern; twice the same where only one counts.
fn best_pair(bytes: &[Masked]) -> Option<[(usize, Masked); 2]> {
    let mut places: Vec<(u32, usize, Masked)> = bytes
        .iter()
        .enumerate()
        .filter(|(_, b)| b.1 != 0)
        // Each bit that does not count doubles the bytes that fit.
        .map(|(i, b)| (u32::from(rank(b.0)) << b.1.count_zeros(), i, *b))
        .collect();
    places.sort_unstable();
    let first = places.first().map(|p| (p.1, p.2))?;
    Some([first, places.get(1).map_or(first, |p| (p.1, p.2))])
}
