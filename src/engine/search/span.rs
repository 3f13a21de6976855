//! Address ranges, and how a space is cut into units of work.

use memsh_plugin::umem;

/// Addresses `first..=last`. Never empty, and able to reach the very top of the address space.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// Address of the first byte.
    pub first: umem,
    /// Address of the last byte; not below `first`.
    pub last: umem,
}

impl Span {
    /// `size` bytes from `start`; `None` when that is empty or runs past the top.
    pub fn new(start: umem, size: umem) -> Option<Self> {
        Some(Self { first: start, last: start.checked_add(size.checked_sub(1)?)? })
    }

    /// Number of bytes (one too few for the whole address space).
    pub fn bytes(self) -> umem {
        (self.last - self.first).saturating_add(1)
    }

    /// Whether the address lies inside.
    pub fn holds(self, addr: umem) -> bool {
        (self.first..=self.last).contains(&addr)
    }

    /// What both have.
    pub fn meet(self, other: Span) -> Option<Span> {
        let both = Span { first: self.first.max(other.first), last: self.last.min(other.last) };
        (both.first <= both.last).then_some(both)
    }
}

/// One unit of work: the hits that begin in `span` are its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Unit {
    pub(super) span: Span,
    /// Bytes that the source lists in `span`; what lies between them is no memory.
    pub(super) bytes: umem,
}

/// Units are not smaller than this: taking one up costs a lock and a search for its first piece.
const MIN_UNIT: umem = 1 << 20;
/// At most about this many units, whatever size a hostile image claims.
const MAX_UNITS: umem = 1 << 16;

/// The unit size for `total` bytes, at most `most` unless there would be too many. Never depends on the number of threads, so that neither do the results.
pub(super) fn unit_size(total: umem, most: umem) -> umem {
    (total / 64).min(most).max(MIN_UNIT).max(total / MAX_UNITS)
}

/// Cuts ascending, disjoint `spans` into units of `size` bytes: long spans are cut, short ones gathered.
pub(super) fn plan(spans: impl Iterator<Item = Span>, size: umem) -> Vec<Unit> {
    let size = size.max(1);
    let mut units = Vec::new();
    let mut open: Option<Unit> = None;
    for span in spans {
        let mut first = span.first;
        loop {
            let room = size - open.map_or(0, |u| u.bytes);
            // Counted without the last byte, so that a span up to the top does not overflow.
            let more = span.last - first;
            let last = if more < room { span.last } else { first + (room - 1) };
            let unit = open.get_or_insert(Unit { span: Span { first, last }, bytes: 0 });
            unit.span.last = last;
            unit.bytes += last - first + 1;
            if unit.bytes >= size {
                units.extend(open.take());
            }
            if last == span.last {
                break;
            }
            first = last + 1;
        }
    }
    units.extend(open);
    units
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(first: umem, last: umem) -> Span {
        Span { first, last }
    }

    #[test]
    fn long_spans_are_cut_and_short_ones_gathered() {
        let units = plan([span(0, 24), span(100, 101), span(200, 203)].into_iter(), 10);
        let got: Vec<_> = units.iter().map(|u| (u.span.first, u.span.last, u.bytes)).collect();
        assert_eq!(got, [(0, 9, 10), (10, 19, 10), (20, 202, 10), (203, 203, 1)]);
    }

    #[test]
    fn the_top_of_the_address_space_is_an_address() {
        let units = plan([span(umem::MAX - 4, umem::MAX)].into_iter(), 3);
        assert_eq!(units.last().map(|u| u.span.last), Some(umem::MAX));
        assert_eq!(units.iter().map(|u| u.bytes).sum::<umem>(), 5);
        assert_eq!(Span::new(umem::MAX, 1), Some(span(umem::MAX, umem::MAX)));
        assert_eq!(Span::new(umem::MAX, 2), None);
        assert_eq!(Span::new(7, 0), None);
    }

    #[test]
    fn a_lying_size_does_not_make_endless_units() {
        let total = umem::MAX / 2;
        assert!(plan([span(0, total)].into_iter(), unit_size(total, 1 << 24)).len() <= 1 << 17);
    }
}
