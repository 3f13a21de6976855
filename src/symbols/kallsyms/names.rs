//! Walking the compressed names.

use std::ops::Range;

/// Names between two markers.
pub(super) const BLOCK: usize = 256;

/// How the length before a name is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lengths {
    /// One byte, up to 255 (before Linux 6.1).
    Byte,
    /// One byte up to 127, else two: the low seven bits with the top bit set, then the rest (since 6.1).
    Uleb,
}

/// The bytes of the name at `at`; none past the end, and for a length of zero, which no name has.
#[inline]
pub(super) fn name_at(names: &[u8], at: usize, lengths: Lengths) -> Option<Range<usize>> {
    let first = usize::from(*names.get(at)?);
    let (len, start) = match lengths {
        Lengths::Uleb if first & 0x80 != 0 => (usize::from(*names.get(at + 1)?) << 7 | (first & 0x7f), at + 2),
        _ => (first, at + 1),
    };
    let end = start.checked_add(len)?;
    (len != 0 && end <= names.len()).then_some(start..end)
}

/// Where `count` names that begin at `at` end; none when they don't.
pub(super) fn skip(names: &[u8], at: usize, count: usize, lengths: Lengths) -> Option<usize> {
    (0..count).try_fold(at, |at, _| Some(name_at(names, at, lengths)?.end))
}

/// How many blocks end exactly where the next one begins, of how many that have a next one.
pub(super) fn proof(names: &[u8], markers: &[usize], lengths: Lengths) -> (usize, usize) {
    let good = markers.windows(2).filter(|w| match w {
        [from, to] => skip(names, *from, BLOCK, lengths) == Some(*to),
        _ => false,
    });
    (good.count(), markers.len().saturating_sub(1))
}

/// The coding of lengths under which more blocks prove right. Equal where no name is long; then it does not matter.
pub(super) fn choose(names: &[u8], markers: &[usize]) -> Lengths {
    let (uleb, byte) = (proof(names, markers, Lengths::Uleb).0, proof(names, markers, Lengths::Byte).0);
    if byte > uleb { Lengths::Byte } else { Lengths::Uleb }
}

/// Whether numbers can be markers: the first is 0, and 256 names of at least one byte (and their length) lie between two.
pub(super) fn are_markers(markers: &[usize]) -> bool {
    markers.first() == Some(&0) && markers.windows(2).all(|w| matches!(w, [a, b] if step(*a, *b)))
}

/// Whether a marker `b` can follow `a`.
pub(super) fn step(a: usize, b: usize) -> bool {
    b.checked_sub(a).is_some_and(|d| (2 * BLOCK..=BLOCK * 0x4001).contains(&d))
}
