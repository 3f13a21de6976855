//! What is missing from a read.

use super::num::{index, to_umem};
use memsh_plugin::{PhysAddr, ReadOp, Status, VirtAddr, umem};

/// A hole in what was read: `start..end` as addresses of the space that was read. `end` is exclusive; a hole that reaches the
/// highest address has that address as its end, because the one after it is no number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gap {
    /// First missing address.
    pub start: umem,
    /// First address after the hole.
    pub end: umem,
}

impl Gap {
    /// How many bytes are missing.
    pub fn size(&self) -> umem {
        (self.end - self.start).saturating_add(umem::from(self.end == umem::MAX))
    }
}

/// The holes of one read in the order of its bytes (ascending, unless the read wrapped around), neighbours merged.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Gaps(Vec<Gap>);

impl Gaps {
    /// No hole.
    pub const fn none() -> Self {
        Self(Vec::new())
    }

    /// Whether everything was read.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Adds a hole at or after the last one.
    pub fn push(&mut self, start: umem, end: umem) {
        // The highest address by itself ends where it begins.
        if start >= end && start != umem::MAX {
            return;
        }
        match self.0.last_mut() {
            Some(last) if last.start <= start && start <= last.end => last.end = last.end.max(end),
            _ => self.0.push(Gap { start, end }),
        }
    }

    /// The holes.
    pub fn as_slice(&self) -> &[Gap] {
        &self.0
    }

    /// How many bytes are missing.
    pub fn bytes(&self) -> umem {
        self.0.iter().fold(0, |n: umem, g| n.saturating_add(g.size()))
    }
}

/// An address that a read can go on from.
pub(super) trait Address: Copy {
    fn number(self) -> umem;
    fn after(self, bytes: usize) -> Self;
}

impl Address for PhysAddr {
    fn number(self) -> umem {
        self.value()
    }
    fn after(self, bytes: usize) -> Self {
        self.wrapping_add(to_umem(bytes))
    }
}

impl Address for VirtAddr {
    fn number(self) -> umem {
        self.value()
    }
    fn after(self, bytes: usize) -> Self {
        self.wrapping_add(to_umem(bytes))
    }
}

/// Reads `buf` from `start` in blocks of `block` bytes (a power of two) and says what is missing. Blocks of which a part is there are
/// halved until it is known which: one batch per halving.
pub(super) fn find_gaps<A: Address>(start: A, buf: &mut [u8], block: umem, read: &mut dyn FnMut(&mut [ReadOp<A>])) -> Gaps {
    let mut missing: Vec<(usize, usize)> = Vec::new();
    // Positions in `buf`, ascending and disjoint.
    let mut open: Vec<(usize, usize)> = Vec::new();
    let mut at = 0;
    while at < buf.len() {
        let left = block - (start.after(at).number() & block.wrapping_sub(1));
        let n = index(left).unwrap_or(usize::MAX).clamp(1, buf.len() - at);
        open.push((at, n));
        at += n;
    }
    while !open.is_empty() {
        let mut ops = Vec::with_capacity(open.len());
        let mut rest = &mut *buf;
        let mut done = 0;
        for &(at, n) in &open {
            let (_, tail) = std::mem::take(&mut rest).split_at_mut(at - done);
            let (piece, tail) = tail.split_at_mut(n);
            ops.push(ReadOp::new(start.after(at), piece));
            (rest, done) = (tail, at + n);
        }
        read(&mut ops);
        let mut halves = Vec::new();
        for (op, &(at, n)) in ops.iter_mut().zip(&open) {
            match op.status {
                Status::DONE => {}
                Status::PARTIAL if n > 1 => halves.extend([(at, n / 2), (at + n / 2, n - n / 2)]),
                _ => {
                    op.buf.fill(0);
                    missing.push((at, n));
                }
            }
        }
        open = halves;
    }
    missing.sort_unstable();
    let mut gaps = Gaps::none();
    for (at, n) in missing {
        let from = start.after(at).number();
        gaps.push(from, from.saturating_add(to_umem(n)));
    }
    gaps
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_merge() {
        let mut g = Gaps::none();
        g.push(0, 0x1000);
        g.push(0x1000, 0x2000);
        g.push(0x3000, 0x3001);
        assert_eq!(g.as_slice(), [Gap { start: 0, end: 0x2000 }, Gap { start: 0x3000, end: 0x3001 }]);
        assert_eq!(g.bytes(), 0x2001);
    }

    #[test]
    fn the_highest_address_is_no_less_missing() {
        let nothing = &mut |ops: &mut [ReadOp<PhysAddr>]| ops.iter_mut().for_each(|op| op.status = Status::MISSING);
        for n in [1, 2, 8, 4096] {
            let mut buf = vec![7; n];
            let start = umem::MAX - to_umem(n - 1);
            let gaps = find_gaps(PhysAddr::new(start), &mut buf, 4096, nothing);
            assert_eq!(gaps.as_slice(), [Gap { start, end: umem::MAX }]);
            assert_eq!((gaps.bytes(), buf), (to_umem(n), vec![0; n]));
        }
    }
}
