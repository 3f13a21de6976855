//! Sorted, disjoint runs, built from whatever an image's header claims.

use memsh_plugin::{MemoryRange, PhysAddr, umem};

/// A map from physical ranges to something, sorted and without overlap.
///
/// Built from claims in any order: empty runs and runs that wrap around are dropped. Where two overlap, the one that begins
/// lower wins (of two that begin together the earlier claim) and the other is cut; a header that lists a range twice usually
/// means the same bytes.
#[derive(Clone, Debug)]
pub struct RunMap<T> {
    runs: Vec<(MemoryRange, T)>,
}

impl<T> Default for RunMap<T> {
    fn default() -> Self {
        Self { runs: Vec::new() }
    }
}

impl<T: Clone> RunMap<T> {
    /// Sorts `claims`; `cut(payload, n)` gives the payload of the same run `n` bytes further on.
    pub fn build(claims: impl IntoIterator<Item = (MemoryRange, T)>, cut: impl Fn(&T, umem) -> T) -> Self {
        let mut all: Vec<(usize, MemoryRange, T)> = claims
            .into_iter()
            .enumerate()
            .filter(|(_, (r, _))| r.size > 0 && r.start.checked_add(r.size - 1).is_some())
            .map(|(i, (r, t))| (i, r, t))
            .collect();
        all.sort_by_key(|(i, r, _)| (r.start, *i));
        let mut runs: Vec<(MemoryRange, T)> = Vec::with_capacity(all.len());
        // Where the covered part ends: the last address taken.
        let mut last: Option<PhysAddr> = None;
        for (_, range, payload) in all {
            let range_last = range.start.saturating_add(range.size - 1);
            let (start, payload) = match last {
                Some(l) if range_last <= l => continue,
                Some(l) if range.start <= l => {
                    let skip = l.value() - range.start.value() + 1;
                    (range.start.saturating_add(skip), cut(&payload, skip))
                }
                _ => (range.start, payload),
            };
            runs.push((MemoryRange { start, size: range_last.value() - start.value() + 1 }, payload));
            last = Some(range_last);
        }
        Self { runs }
    }

    /// The run that holds `addr`, and how far into it the address is.
    #[inline]
    pub fn find(&self, addr: PhysAddr) -> Option<(&MemoryRange, &T, umem)> {
        let i = self.runs.partition_point(|(r, _)| r.start <= addr).checked_sub(1)?;
        let (range, payload) = self.runs.get(i)?;
        let offset = addr.value() - range.start.value();
        (offset < range.size).then_some((range, payload, offset))
    }

    /// The first run that begins at or after `addr`.
    pub fn next_from(&self, addr: PhysAddr) -> Option<&MemoryRange> {
        let i = self.runs.partition_point(|(r, _)| r.start < addr);
        self.runs.get(i).map(|(r, _)| r)
    }

    /// All runs, ascending.
    pub fn iter(&self) -> impl Iterator<Item = &(MemoryRange, T)> {
        self.runs.iter()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.runs.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.runs.is_empty()
    }

    /// The last address of all; null where there is none.
    pub fn last(&self) -> PhysAddr {
        self.runs.last().map_or(PhysAddr::NULL, |(r, _)| r.start.saturating_add(r.size - 1))
    }

    /// What is covered, neighbours as one range, whatever they hold.
    pub fn joined(&self) -> Vec<MemoryRange> {
        let mut ranges: Vec<MemoryRange> = Vec::new();
        for (range, _) in &self.runs {
            match ranges.last_mut() {
                Some(r) if r.start.checked_add(r.size) == Some(range.start) => r.size += range.size,
                _ => ranges.push(*range),
            }
        }
        ranges
    }

    /// Bytes covered.
    pub fn bytes(&self) -> umem {
        self.runs.iter().fold(0, |n: umem, (r, _)| n.saturating_add(r.size))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(claims: &[(umem, umem, umem)]) -> Vec<(umem, umem, umem)> {
        let m =
            RunMap::build(claims.iter().map(|&(s, n, o)| (MemoryRange { start: PhysAddr::new(s), size: n }, o)), |o, n| o + n);
        m.iter().map(|(r, o)| (r.start.value(), r.size, *o)).collect()
    }

    #[test]
    fn overlapping_claims_are_cut_not_lost() {
        assert_eq!(map(&[(0x1000, 0x2000, 0), (0x2000, 0x2000, 0x100)]), [(0x1000, 0x2000, 0), (0x3000, 0x1000, 0x1100)]);
    }

    #[test]
    fn empty_wrapping_and_covered_claims_vanish() {
        assert_eq!(map(&[(5, 0, 0), (umem::MAX, 2, 0), (0, 0x100, 7), (0x10, 0x10, 8)]), [(0, 0x100, 7)]);
        assert_eq!(map(&[]), []);
    }

    #[test]
    fn a_run_may_end_at_the_very_top() {
        assert_eq!(map(&[(umem::MAX, 1, 3)]), [(umem::MAX, 1, 3)]);
    }

    #[test]
    fn find_respects_holes() {
        let m = RunMap::build([(MemoryRange { start: PhysAddr::new(0x1000), size: 0x1000 }, ())], |(), _| ());
        assert!(m.find(PhysAddr::new(0xfff)).is_none());
        assert!(m.find(PhysAddr::new(0x2000)).is_none());
        assert_eq!(m.find(PhysAddr::new(0x1fff)).map(|f| f.2), Some(0xfff));
    }
}
