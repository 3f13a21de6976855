//! Patterns whose parts may lie at more than one distance: jumps and alternatives.

use super::hex::Masked;
use super::pattern::Pattern;
use super::rank::rank;
use std::ops::{ControlFlow, Range};

/// One step of a pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Element {
    /// A byte.
    Byte(Masked),
    /// So many bytes, whatever they are.
    Gap {
        /// At least.
        min: usize,
        /// At most.
        max: usize,
    },
    /// One of these, each of them at least one byte.
    Any(Vec<Vec<Masked>>),
}

impl Element {
    /// Bytes that it takes, at least and at most.
    fn len(&self) -> (usize, usize) {
        match self {
            Self::Byte(_) => (1, 1),
            Self::Gap { min, max } => (*min, *max),
            Self::Any(given) => {
                let lens = given.iter().map(Vec::len);
                (lens.clone().min().unwrap_or(0), lens.max().unwrap_or(0))
            }
        }
    }
}

/// Adds what the elements take, at least and at most.
pub(super) fn lengths(elements: &[Element]) -> (usize, usize) {
    elements.iter().map(Element::len).fold((0, 0), |sum, l| (sum.0.saturating_add(l.0), sum.1.saturating_add(l.1)))
}

/// Elements as plain bytes, where each stands at one place.
pub(super) fn plain(elements: &[Element]) -> Option<Vec<Masked>> {
    let mut bytes = Vec::with_capacity(elements.len());
    for element in elements {
        match element {
            Element::Byte(b) => bytes.push(*b),
            Element::Gap { min, max } if min == max => bytes.resize(bytes.len() + min, (0, 0)),
            _ => return None,
        }
    }
    Some(bytes)
}

/// Ways that a sequence is written out into.
const MOST_WAYS: usize = 256;

/// All that a sequence of bytes and alternatives may be; of two that begin alike, the shorter. `None` when there are too many.
pub(super) fn written_out(elements: &[Element]) -> Option<Vec<Vec<Masked>>> {
    let mut ways: Vec<Vec<Masked>> = vec![Vec::new()];
    for element in elements {
        ways = match element {
            Element::Byte(b) => ways.into_iter().map(|w| [w.as_slice(), &[*b]].concat()).collect(),
            Element::Any(given) if ways.len() * given.len() <= MOST_WAYS => {
                ways.iter().flat_map(|w| given.iter().map(|g| [w.as_slice(), g].concat())).collect()
            }
            _ => return None,
        };
    }
    let covers = |short: &Vec<Masked>, long: &Vec<Masked>| {
        short.len() <= long.len() && short.iter().zip(long).all(|(s, l)| l.1 & s.1 == s.1 && l.0 & s.1 == s.0)
    };
    ways.sort_unstable_by_key(Vec::len);
    let mut kept: Vec<Vec<Masked>> = Vec::with_capacity(ways.len());
    for way in ways {
        if !kept.iter().any(|k| covers(k, &way)) {
            kept.push(way);
        }
    }
    Some(kept)
}

/// A pattern of elements, and the part of it that is looked for first.
#[derive(Clone)]
pub(super) struct Sequence {
    elements: Box<[Element]>,
    /// At most so many bytes match.
    most: usize,
    anchor: Pattern,
    /// How far behind the start of a match its anchor begins, at least and at most.
    behind: (usize, usize),
}

/// A stretch of a sequence in which each byte has one place.
struct Stretch {
    behind: (usize, usize),
    bytes: Vec<Masked>,
}

impl Stretch {
    /// How seldom it can be expected: the higher, the better an anchor.
    fn worth(&self) -> u32 {
        let bits = |b: &Masked| (256 - u32::from(rank(b.0))) * b.1.count_ones();
        let sum: u32 = self.bytes.iter().map(bits).fold(0, u32::saturating_add);
        // Each place where a match may begin is tried.
        let places = self.behind.1 - self.behind.0;
        sum / (1 + u32::try_from(places / 64).unwrap_or(u32::MAX).min(64))
    }
}

impl Sequence {
    /// A sequence; `None` when there is nothing that all its matches have.
    pub(super) fn new(elements: &[Element]) -> Option<Self> {
        let best = stretches(elements).into_iter().max_by_key(Stretch::worth)?;
        let (_, most) = lengths(elements);
        Some(Self { elements: elements.into(), most, anchor: Pattern::new(best.bytes)?, behind: best.behind })
    }

    /// At most so many bytes match.
    pub(super) fn reach(&self) -> usize {
        self.most
    }

    /// Gives the start and the length of the shortest match at each of `starts`, ascending.
    pub(super) fn each(
        &self,
        hay: &[u8],
        starts: Range<usize>,
        give: &mut dyn FnMut(usize, usize) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        let (low, high) = self.behind;
        // No further than the last start may reach.
        let hay = hay.get(..starts.end.saturating_add(self.most)).unwrap_or(hay);
        let mut ends = Ends::default();
        let mut next = starts.start;
        let mut from = starts.start.saturating_add(low);
        while let Some(at) = self.anchor.find(hay, from) {
            // Whatever matches begins so far before an anchor; what was tried need not be tried again.
            let first = at.saturating_sub(high).max(next);
            next = (at - low + 1).min(starts.end);
            for start in first..next {
                if let Some(len) = ends.shortest(&self.elements, hay.get(start..).unwrap_or_default()) {
                    give(start, len)?;
                }
            }
            if at >= starts.end.saturating_add(high) {
                break;
            }
            from = at + 1;
        }
        ControlFlow::Continue(())
    }
}

/// Cuts a sequence where distances begin to differ. What can not be told exactly of alternatives is left open.
fn stretches(elements: &[Element]) -> Vec<Stretch> {
    let mut done = Vec::new();
    let mut behind = (0, 0);
    let mut open = Stretch { behind, bytes: Vec::new() };
    for element in elements {
        let (min, max) = element.len();
        behind = (behind.0 + min, behind.1 + max);
        match element {
            Element::Byte(b) => open.bytes.push(*b),
            _ if min != max => {
                done.push(std::mem::replace(&mut open, Stretch { behind, bytes: Vec::new() }));
            }
            Element::Gap { .. } => open.bytes.resize(open.bytes.len() + min, (0, 0)),
            Element::Any(given) => open.bytes.extend(common(given)),
        }
    }
    done.push(open);
    for stretch in &mut done {
        // Bytes that do not count make an anchor no better.
        let skip = stretch.bytes.iter().take_while(|b| b.1 == 0).count();
        stretch.bytes.drain(..skip);
        stretch.behind = (stretch.behind.0 + skip, stretch.behind.1 + skip);
        while stretch.bytes.last().is_some_and(|b| b.1 == 0) {
            stretch.bytes.pop();
        }
    }
    done.retain(|s| !s.bytes.is_empty());
    done
}

/// The bits that alternatives of one length have in common.
pub(super) fn common(given: &[Vec<Masked>]) -> Vec<Masked> {
    let mut all = given.iter();
    let Some(first) = all.next() else { return Vec::new() };
    all.fold(first.clone(), |mut sum, next| {
        for (s, n) in sum.iter_mut().zip(next) {
            let mask = s.1 & n.1 & !(s.0 ^ n.0);
            *s = (s.0 & mask, mask);
        }
        sum
    })
}

/// Where a match may have come so far.
#[derive(Default)]
struct Ends {
    now: Vec<usize>,
    then: Vec<usize>,
}

impl Ends {
    /// The length of the shortest match of `elements` at the beginning of `hay`.
    fn shortest(&mut self, elements: &[Element], hay: &[u8]) -> Option<usize> {
        let fits = |at: usize, bytes: &[Masked]| {
            hay.get(at..at + bytes.len()).is_some_and(|h| h.iter().zip(bytes).all(|(h, (value, mask))| h & mask == *value))
        };
        self.now.clear();
        self.now.push(0);
        for element in elements {
            self.then.clear();
            for &at in &self.now {
                match element {
                    Element::Byte(b) => self.then.extend(fits(at, std::slice::from_ref(b)).then_some(at + 1)),
                    Element::Gap { min, max } => {
                        // Those below were there before: positions ascend.
                        let seen = self.then.last().map_or(0, |l| l + 1);
                        let last = (at + max).min(hay.len());
                        self.then.extend((at + min).max(seen)..=last);
                    }
                    Element::Any(given) => {
                        self.then.extend(given.iter().filter(|g| fits(at, g)).map(|g| at + g.len()));
                    }
                }
            }
            if matches!(element, Element::Any(_)) {
                self.then.sort_unstable();
                self.then.dedup();
            }
            if self.then.is_empty() {
                return None;
            }
            std::mem::swap(&mut self.now, &mut self.then);
        }
        self.now.first().copied()
    }
}
