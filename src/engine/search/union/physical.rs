//! The union of what spaces map, searched once, and the seams.

use super::super::needle::Needle;
use super::super::pipeline::{Options, Step, Summary};
use super::super::run::{self, NEEDLE_UNIT, needle_steps};
use super::super::scan::Hit;
use super::super::source::{RunSource, VirtRun};
use super::super::span::{Span, plan, unit_size};
use super::index::{Index, Seam};
use super::sweep::Sweep;
use super::windows::Windows;
use super::{Found, Given, Spaces};
use crate::engine::{Memory, index, to_u64, to_umem};
use memsh_plugin::umem;
use std::ops::ControlFlow;
use std::sync::atomic::Ordering;

/// Seams that are searched at once.
const SEAMS: usize = 1 << 16;
/// Virtual and physical addresses agree modulo this at least: the smallest page.
const PAGE: umem = 4096;

/// Looks for a needle that is found at every position, with at most about `most` runs and seams at hand.
pub(super) fn search(
    memory: &Memory,
    spaces: &dyn Spaces,
    needle: &Needle,
    options: &Options<'_>,
    given: &mut Given<'_>,
    most: usize,
) {
    if given.full() {
        return;
    }
    let stopped = || options.interrupt.load(Ordering::Relaxed);
    let mut windows = Windows::new(memory, spaces, to_umem(needle.reach()), most);
    let mut done = 0;
    while let Some((window, index)) = windows.next(&stopped) {
        let whole = Whole { memory, needle, options, window, index: &index };
        let ahead = to_u64(windows.ahead()).unwrap_or(u64::MAX);
        if whole.union(given, &mut done, ahead).is_break() || whole.seams(given).is_break() {
            return;
        }
    }
    given.summary.interrupted |= stopped();
}

/// One window.
struct Whole<'a> {
    memory: &'a Memory,
    needle: &'a Needle,
    options: &'a Options<'a>,
    window: Span,
    index: &'a Index,
}

impl Whole<'_> {
    /// Hits that lie in one run. `done` bytes were looked at before, about `ahead` follow after.
    fn union(&self, given: &mut Given<'_>, done: &mut u64, ahead: u64) -> ControlFlow<()> {
        let union = self.index.union();
        let runs = union.iter().map(|s| VirtRun { virt: s.first, phys: s.first, size: s.bytes() });
        let source = RunSource::new(self.memory, runs);
        // Hits that begin in another window are that one's.
        let own = || union.iter().filter_map(|s| s.meet(self.window));
        let bytes = own().fold(0, |sum: umem, s| sum.saturating_add(s.bytes()));
        let units = plan(own(), unit_size(bytes, NEEDLE_UNIT));
        let before = *done;
        let progress = |now: u64, total: u64| {
            (self.options.progress)(before.saturating_add(now), before.saturating_add(total).saturating_add(ahead));
        };
        let options = Options { max_hits: None, progress: &progress, ..*self.options };
        let mut sweep = Sweep::default();
        let mut holders = Vec::new();
        let mut flow = ControlFlow::Continue(());
        let summary = needle_steps(&source, &units, self.needle, &options, &mut |step| {
            let Step::Found(hit) = step else { return given.idle() };
            sweep.holders(&self.index.places, hit.addr, hit.len, &mut holders);
            for &(space, addr) in &holders {
                flow = given.give(Found { space, phys: Some(hit.addr), hit: Hit { addr, ..hit } });
                flow?;
            }
            ControlFlow::Continue(())
        });
        *done = done.saturating_add(to_u64(bytes).unwrap_or(u64::MAX));
        given.add(&summary);
        if summary.interrupted { ControlFlow::Break(()) } else { flow }
    }

    /// Hits that begin in one run and end in another.
    fn seams(&self, given: &mut Given<'_>) -> ControlFlow<()> {
        // Seams of the same bytes are neighbours.
        let mut groups = self.index.seams.chunk_by(|a, b| self.index.pieces(a) == self.index.pieces(b));
        loop {
            let chunk: Vec<&[Seam]> = groups.by_ref().take(SEAMS).collect();
            if chunk.is_empty() {
                return ControlFlow::Continue(());
            }
            self.some_seams(&chunk, given)?;
        }
    }

    /// Searches seams as if each lay in a space of its own, all of them in one: each at a multiple of `room`, with nothing between.
    fn some_seams(&self, groups: &[&[Seam]], given: &mut Given<'_>) -> ControlFlow<()> {
        let room = (to_umem(self.needle.reach()).saturating_mul(2) + PAGE).next_multiple_of(PAGE);
        let first = |i: usize| groups.get(i).and_then(|g| g.first());
        let runs = (0..groups.len()).flat_map(|i| {
            let pieces = first(i).map(|s| self.index.pieces(s)).unwrap_or_default();
            // What is found at multiples of some number of bytes only is so here too.
            let mut at = to_umem(i) * room + pieces.first().map_or(0, |p| p.phys % PAGE);
            pieces.iter().map(move |p| {
                let run = VirtRun { virt: at, phys: p.phys, size: p.len };
                at += p.len;
                run
            })
        });
        let source = RunSource::new(self.memory, runs);
        let options = Options { max_hits: None, progress: &|_, _| (), ..*self.options };
        let mut flow = ControlFlow::Continue(());
        let summary: Summary = run::search_steps(&source, self.needle, &options, &mut |step| {
            let Step::Found(hit) = step else { return given.idle() };
            let (Some(i), at) = (index(hit.addr / room), hit.addr % room) else { return ControlFlow::Continue(()) };
            let Some(before) = first(i).and_then(|s| self.index.pieces(s).first()) else { return ControlFlow::Continue(()) };
            let Some(at) = at.checked_sub(before.phys % PAGE) else { return ControlFlow::Continue(()) };
            // What lies in the first run alone was found in the union; what begins behind it crosses a later seam or none.
            if at >= before.len || at.saturating_add(hit.len) <= before.len {
                return ControlFlow::Continue(());
            }
            for seam in groups.get(i).copied().unwrap_or_default() {
                let addr = seam.virt - (before.len - at);
                flow = given.give(Found { space: seam.space, phys: Some(before.phys + at), hit: Hit { addr, ..hit } });
                flow?;
            }
            ControlFlow::Continue(())
        });
        given.summary.interrupted |= summary.interrupted;
        if summary.interrupted { ControlFlow::Break(()) } else { flow }
    }
}
