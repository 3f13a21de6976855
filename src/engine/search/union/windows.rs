//! Parts physical memory so that what is mapped in each part fits into memory.

use super::super::span::Span;
use super::Spaces;
use super::index::{Index, Next, joined};
use crate::engine::{Memory, index, to_umem};
use memsh_plugin::umem;
use std::ops::ControlFlow;

/// Places and seams that are kept at once: some 40 MB.
pub(super) const MOST: usize = 1 << 19;
/// Places are counted in parts of physical memory, at most so many of them,
const BUCKETS: usize = 1 << 16;
/// and none smaller than this.
const BUCKET: umem = 1 << 20;

/// Walks over all windows, one index after the other.
pub(super) struct Windows<'s> {
    spaces: &'s dyn Spaces,
    reach: umem,
    most: usize,
    /// Those that are still to come, the next one last, and the bytes that they are expected to have.
    left: Vec<(Span, umem)>,
    /// Where the index of the last of `left` goes on.
    next: Next,
    /// All of memory was tried at once.
    tried: bool,
    buckets: umem,
}

impl<'s> Windows<'s> {
    pub(super) fn new(memory: &Memory, spaces: &'s dyn Spaces, reach: umem, most: usize) -> Self {
        let end = memory.ranges().iter().map(|r| r.start.value().saturating_add(r.size)).max().unwrap_or(0);
        let buckets = (end / to_umem(BUCKETS)).checked_next_power_of_two().unwrap_or(BUCKET).max(BUCKET);
        let all = Span { first: 0, last: umem::MAX };
        Self { spaces, reach, most, left: vec![(all, 0)], next: Next::default(), tried: false, buckets }
    }

    /// The next index and the part of physical memory that it is about: the hits that begin there are its own. `None` at the end, or
    /// when `stopped` says so.
    pub(super) fn next(&mut self, stopped: &dyn Fn() -> bool) -> Option<(Span, Index)> {
        loop {
            let (window, _) = *self.left.last()?;
            let (index, next) = Index::build(self.spaces, window, self.reach, self.next, self.most, stopped)?;
            if next.is_some() && !self.tried {
                self.tried = true;
                drop(index);
                self.left = self.plan(stopped)?;
                continue;
            }
            self.tried = true;
            match next {
                // More is mapped here than is kept at once: the same window again, for the rest of the spaces.
                Some(next) => self.next = next,
                None => {
                    self.next = Next::default();
                    self.left.pop();
                }
            }
            return Some((window, index));
        }
    }

    /// Passes over windows that end before an address.
    pub(super) fn skip_to(&mut self, addr: umem) {
        while self.tried && self.left.last().is_some_and(|(window, _)| window.last < addr) {
            self.left.pop();
            self.next = Next::default();
        }
    }

    /// About how many bytes are in the windows to come.
    pub(super) fn ahead(&self) -> umem {
        self.left.iter().fold(0, |sum: umem, (_, bytes)| sum.saturating_add(*bytes))
    }

    /// Windows of about equal cost, the first one last.
    fn plan(&self, stopped: &dyn Fn() -> bool) -> Option<Vec<(Span, umem)>> {
        // Runs that begin and that end in each bucket.
        let mut counts = vec![(0usize, 0usize); BUCKETS];
        let bucket = |addr: umem| index(addr / self.buckets).unwrap_or(usize::MAX).min(BUCKETS - 1);
        for space in 0..self.spaces.count() {
            let flow = joined(self.spaces, space, 0, &mut |run| {
                if let Some((starts, _)) = counts.get_mut(bucket(run.phys)) {
                    *starts += 1;
                }
                if let Some((_, ends)) = counts.get_mut(bucket(run.phys + (run.size - 1))) {
                    *ends += 1;
                }
                if stopped() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
            });
            if flow.is_break() {
                return None;
            }
        }
        let mut windows: Vec<(Span, umem)> = Vec::new();
        // Runs that reach into the bucket from before it, the cost of the open window, its first bucket, and its bytes.
        let (mut reaching, mut cost, mut first, mut bytes) = (0usize, 0usize, 0usize, 0);
        let start = |n: usize| to_umem(n) * self.buckets;
        for (i, (starts, ends)) in counts.iter().enumerate() {
            let own = starts + ends;
            if cost > 0 && cost.saturating_add(own) > self.most {
                windows.push((Span { first: start(first), last: start(i) - 1 }, bytes));
                (cost, first, bytes) = (reaching, i, 0);
            }
            cost = cost.saturating_add(own);
            if own > 0 || reaching > 0 {
                bytes += self.buckets;
            }
            reaching = (reaching + starts).saturating_sub(*ends);
        }
        windows.push((Span { first: start(first), last: umem::MAX }, bytes));
        windows.reverse();
        Some(windows)
    }
}
