//! Who maps what lies in a window of physical memory.

use super::super::source::VirtRun;
use super::super::span::Span;
use super::Spaces;
use memsh_plugin::umem;
use std::collections::VecDeque;
use std::ops::{ControlFlow, Range};

/// A run of a space that lies in the window, all of it or in part. Neighbours in both memories are one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) phys: umem,
    pub(super) virt: umem,
    pub(super) size: umem,
    pub(super) space: usize,
}

impl Place {
    /// Address of its last byte.
    pub(super) fn last(&self) -> umem {
        self.phys + (self.size - 1)
    }
}

/// Bytes at a seam that lie in one run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Piece {
    pub(super) phys: umem,
    pub(super) len: umem,
}

/// The end of a run whose space goes on elsewhere.
#[derive(Clone, Debug)]
pub(super) struct Seam {
    /// Which of [`Index::pieces`]: the end of the run, then what follows in the space.
    pieces: Range<u32>,
    /// Virtual address of the first byte behind the run.
    pub(super) virt: umem,
    pub(super) space: usize,
}

/// Where a space goes on that did not fit into an index any more.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Next {
    pub(super) space: usize,
    pub(super) virt: umem,
}

/// Places by physical address, and seams by their pieces.
#[derive(Default)]
pub(super) struct Index {
    pub(super) places: Vec<Place>,
    pub(super) seams: Vec<Seam>,
    pieces: Vec<Piece>,
}

impl Index {
    /// What `spaces` map in `window`, from `next` on, at most about `most` places and seams; and where it goes on after that. A
    /// hit reaches `reach` bytes; with 1 there are no seams. A seam is in the window where the last byte before it is.
    ///
    /// Nothing when `stopped` says so.
    pub(super) fn build(
        spaces: &dyn Spaces,
        window: Span,
        reach: umem,
        next: Next,
        most: usize,
        stopped: &dyn Fn() -> bool,
    ) -> Option<(Self, Option<Next>)> {
        let mut builder =
            Builder { index: Self::default(), window, reach, most, space: 0, open: VecDeque::new(), end: None, full: None };
        let mut from = next.virt;
        for space in next.space..spaces.count() {
            builder.space = space;
            let flow = joined(spaces, space, from, &mut |run| {
                if stopped() {
                    return ControlFlow::Break(());
                }
                builder.run(run)
            });
            builder.close();
            if stopped() {
                return None;
            }
            // Broken off, or the seams that were open ended with the space.
            if let Some(virt) = builder.full {
                return Some((builder.index.sorted(), Some(Next { space, virt })));
            }
            if flow.is_break() {
                return None;
            }
            from = 0;
        }
        Some((builder.index.sorted(), None))
    }

    fn sorted(mut self) -> Self {
        self.places.sort_unstable_by_key(|p| (p.phys, p.space, p.virt));
        let pieces = &self.pieces;
        let mut seams = std::mem::take(&mut self.seams);
        seams.sort_unstable_by(|a, b| {
            let own = |s: &Seam| pieces_of(pieces, s);
            own(a).cmp(own(b)).then_with(|| (a.space, a.virt).cmp(&(b.space, b.virt)))
        });
        self.seams = seams;
        self
    }

    /// The pieces of a seam, ascending in its space.
    pub(super) fn pieces(&self, seam: &Seam) -> &[Piece] {
        pieces_of(&self.pieces, seam)
    }

    /// What the places have of physical memory, ascending, neighbours as one.
    pub(super) fn union(&self) -> Vec<Span> {
        let mut out: Vec<Span> = Vec::new();
        for place in &self.places {
            match out.last_mut() {
                Some(span) if place.phys <= span.last.saturating_add(1) => span.last = span.last.max(place.last()),
                _ => out.push(Span { first: place.phys, last: place.last() }),
            }
        }
        out
    }
}

fn pieces_of<'p>(pieces: &'p [Piece], seam: &Seam) -> &'p [Piece] {
    let at = |n: u32| usize::try_from(n).unwrap_or(usize::MAX);
    pieces.get(at(seam.pieces.start)..at(seam.pieces.end)).unwrap_or_default()
}

/// A seam whose bytes are not all there yet.
struct Open {
    pieces: Vec<Piece>,
    virt: umem,
    /// Bytes behind the run that are still to come.
    left: umem,
}

struct Builder {
    index: Index,
    window: Span,
    reach: umem,
    most: usize,
    space: usize,
    /// Those that began first end first.
    open: VecDeque<Open>,
    /// Where the run before ends.
    end: Option<umem>,
    /// Virtual address of the first run for which there was no room.
    full: Option<umem>,
}

impl Builder {
    fn run(&mut self, run: VirtRun) -> ControlFlow<()> {
        if self.end != Some(run.virt) {
            self.close();
        }
        self.end = run.virt.checked_add(run.size);
        for open in &mut self.open {
            let len = open.left.min(run.size);
            open.pieces.push(Piece { phys: run.phys, len });
            open.left -= len;
        }
        while self.open.front().is_some_and(|o| o.left == 0) {
            if let Some(open) = self.open.pop_front() {
                self.keep(open);
            }
        }
        if self.full.is_none() && self.index.places.len() + self.index.seams.len() >= self.most {
            self.full = Some(run.virt);
        }
        if self.full.is_some() {
            // Seams that began before still need what follows.
            return if self.open.is_empty() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) };
        }
        let place = Place { phys: run.phys, virt: run.virt, size: run.size, space: self.space };
        let last = place.last();
        if place.phys <= self.window.last && last >= self.window.first {
            self.index.places.push(place);
        }
        if let (true, true, Some(virt)) = (self.reach > 1, self.window.holds(last), self.end) {
            let len = run.size.min(self.reach - 1);
            let pieces = vec![Piece { phys: last - (len - 1), len }];
            self.open.push_back(Open { pieces, virt, left: self.reach - 1 });
        }
        ControlFlow::Continue(())
    }

    /// Nothing follows on what was fed.
    fn close(&mut self) {
        while let Some(open) = self.open.pop_front() {
            self.keep(open);
        }
        self.end = None;
    }

    fn keep(&mut self, open: Open) {
        // The end of a stretch is no seam.
        if open.pieces.len() < 2 {
            return;
        }
        let at = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        let start = at(self.index.pieces.len());
        self.index.pieces.extend(open.pieces);
        let pieces = start..at(self.index.pieces.len());
        self.index.seams.push(Seam { pieces, virt: open.virt, space: self.space });
    }
}

/// The runs of a space, neighbours in both memories as one. What is empty, runs past the top or was claimed by a run before is
/// left out.
pub(super) fn joined(
    spaces: &dyn Spaces,
    space: usize,
    first: umem,
    each: &mut dyn FnMut(VirtRun) -> ControlFlow<()>,
) -> ControlFlow<()> {
    let mut open: Option<VirtRun> = None;
    spaces.runs(space, first, &mut |mut run| {
        if Span::new(run.virt, run.size).is_none() || Span::new(run.phys, run.size).is_none() {
            return ControlFlow::Continue(());
        }
        if let Some(before) = &mut open {
            let Some(distance) = run.virt.checked_sub(before.virt) else { return ControlFlow::Continue(()) };
            let covered = (before.size - 1).checked_sub(distance).map_or(0, |n| n.saturating_add(1));
            if covered >= run.size {
                return ControlFlow::Continue(());
            }
            run = VirtRun { virt: run.virt + covered, phys: run.phys + covered, size: run.size - covered };
            if run.virt - before.virt == before.size && run.phys.checked_sub(before.phys) == Some(before.size) {
                before.size += run.size;
                return ControlFlow::Continue(());
            }
            each(*before)?;
        }
        open = Some(run);
        ControlFlow::Continue(())
    })?;
    open.map_or(ControlFlow::Continue(()), each)
}
