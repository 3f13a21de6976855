//! Two memories side by side: which pages are in one only, and which differ.
//!
//! Bytes are compared where they lie, where both memories are mapped; else they are read in pieces, several at once. What is known to be
//! zeros in both (holes of sparse files) is not looked at.
#![deny(
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_sign_loss,
    clippy::cast_lossless
)]

use crate::engine::{Memory, index, to_u64, to_umem};
use crate::session::Space;
use crate::{PhysAddr, VirtAddr, umem};
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

/// Bytes of what is compared as one.
pub const PAGE: u64 = 4096;
/// What one thread takes at a time; no unit crosses a multiple of it.
const UNIT: umem = 4 << 20;
/// What is read at once.
const PIECE: usize = 1 << 20;

/// How a page differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Difference {
    /// It is in the second memory only.
    Added,
    /// It is in the first memory only.
    Removed,
    /// It is in both, with other bytes.
    Changed,
}

/// Neighbouring pages that differ alike. At the edge of a memory a page may be a part of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Run {
    /// First address.
    pub start: umem,
    /// Bytes.
    pub size: umem,
    /// How.
    pub how: Difference,
}

/// What a comparison gave.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Compared {
    /// What differs, ascending.
    pub runs: Vec<Run>,
    /// Bytes that are in both.
    pub common: u64,
    /// Whether it came to its end.
    pub whole: bool,
}

/// A stretch of addresses, its last one included.
type Stretch = (umem, umem);

/// Compares two spaces of the same kind: physical memories, or virtual spaces (of these only the half of user programs).
/// `progress` is told bytes done and in all; `interrupt` ends the work soon after it becomes true.
pub fn compare(a: &Space, b: &Space, interrupt: &AtomicBool, progress: &(dyn Fn(u64, u64) + Sync)) -> Compared {
    let (held_a, held_b) = (held(a), held(b));
    let both = meet(&held_a, &held_b);
    let mut runs: Vec<Run> = Vec::new();
    runs.extend(without(&held_a, &both).into_iter().map(|s| run(s, Difference::Removed)));
    runs.extend(without(&held_b, &both).into_iter().map(|s| run(s, Difference::Added)));
    let units: Vec<Stretch> = meet(&both, &join(&filled(a), &filled(b))).into_iter().flat_map(cut).collect();
    let size = |s: &Stretch| to_u64(s.1 - s.0).unwrap_or(u64::MAX).saturating_add(1);
    let total: u64 = units.iter().map(size).fold(0, u64::saturating_add);
    let (next, done) = (AtomicUsize::new(0), AtomicU64::new(0));
    let found: Mutex<Vec<Run>> = Mutex::default();
    let work = || {
        let mut pieces = Pieces { a, b, buffers: (Vec::new(), Vec::new()), out: Vec::new() };
        while let Some(unit) = units.get(next.fetch_add(1, Ordering::Relaxed)) {
            if interrupt.load(Ordering::Relaxed) {
                break;
            }
            pieces.unit(*unit);
            progress(done.fetch_add(size(unit), Ordering::Relaxed).saturating_add(size(unit)), total);
        }
        found.lock().unwrap_or_else(PoisonError::into_inner).append(&mut pieces.out);
    };
    let processors = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let threads = [a, b].iter().filter_map(|s| s.memory().readers()).max().unwrap_or(processors);
    std::thread::scope(|scope| {
        for _ in 1..threads.min(units.len()) {
            // Whatever does not start, this thread does.
            let _ = std::thread::Builder::new().spawn_scoped(scope, work);
        }
        work();
    });
    runs.append(&mut found.into_inner().unwrap_or_else(PoisonError::into_inner));
    let common = both.iter().map(size).fold(0, u64::saturating_add);
    Compared { runs: merged(runs), common, whole: !interrupt.load(Ordering::Relaxed) }
}

fn run((first, last): Stretch, how: Difference) -> Run {
    Run { start: first, size: (last - first).saturating_add(1), how }
}

/// What a space holds, ascending, without overlap.
fn held(space: &Space) -> Vec<Stretch> {
    match space {
        Space::Physical(memory) => stretches(memory.ranges().iter().map(|r| (r.start.value(), r.size))),
        Space::Kernel(view) | Space::Process(_, view) => {
            let mut all = Vec::new();
            // The half of user programs; the kernel's half is the same for all of them.
            let last = VirtAddr::new(umem::from(u64::MAX >> 8));
            view.runs(VirtAddr::NULL, last, &mut |group| {
                all.extend(group.iter().map(|r| (r.virt.value(), r.size)));
                ControlFlow::Continue(())
            });
            stretches(all.into_iter())
        }
    }
}

/// Where something else than zeros may be.
fn filled(space: &Space) -> Vec<Stretch> {
    match space {
        Space::Physical(memory) => stretches(memory.data().iter().map(|r| (r.start.value(), r.size))),
        _ => held(space),
    }
}

fn stretches(pieces: impl Iterator<Item = (umem, umem)>) -> Vec<Stretch> {
    let mut all: Vec<Stretch> =
        pieces.filter(|(_, size)| *size > 0).map(|(start, size)| (start, start.saturating_add(size - 1))).collect();
    all.sort_unstable();
    let mut out: Vec<Stretch> = Vec::with_capacity(all.len());
    for s in all {
        match out.last_mut() {
            Some(l) if l.1.checked_add(1).is_none_or(|next| next >= s.0) => l.1 = l.1.max(s.1),
            _ => out.push(s),
        }
    }
    out
}

fn join(a: &[Stretch], b: &[Stretch]) -> Vec<Stretch> {
    stretches(a.iter().chain(b).map(|s| (s.0, (s.1 - s.0).saturating_add(1))))
}

fn meet(a: &[Stretch], b: &[Stretch]) -> Vec<Stretch> {
    let mut out = Vec::new();
    let (mut i, mut j) = (0, 0);
    while let (Some(x), Some(y)) = (a.get(i), b.get(j)) {
        let (first, last) = (x.0.max(y.0), x.1.min(y.1));
        if first <= last {
            out.push((first, last));
        }
        if x.1 < y.1 { i += 1 } else { j += 1 }
    }
    out
}

/// What of `a` is not in `b`.
fn without(a: &[Stretch], b: &[Stretch]) -> Vec<Stretch> {
    let mut out = Vec::new();
    for s in a {
        let mut first = Some(s.0);
        for hole in b.iter().filter(|h| h.1 >= s.0 && h.0 <= s.1) {
            if let Some(from) = first.filter(|f| *f < hole.0) {
                out.push((from, hole.0 - 1));
            }
            first = hole.1.checked_add(1);
        }
        if let Some(from) = first.filter(|f| *f <= s.1) {
            out.push((from, s.1));
        }
    }
    out
}

/// Units of a stretch.
fn cut(s: Stretch) -> impl Iterator<Item = Stretch> {
    let mut next = Some(s.0);
    std::iter::from_fn(move || {
        let first = next.filter(|f| *f <= s.1)?;
        let last = (first | (UNIT - 1)).min(s.1);
        next = last.checked_add(1);
        Some((first, last))
    })
}

/// Neighbours that differ alike as one, in order.
fn merged(mut runs: Vec<Run>) -> Vec<Run> {
    runs.sort_unstable_by_key(|r| (r.start, r.how));
    let mut out: Vec<Run> = Vec::with_capacity(runs.len());
    for r in runs {
        match out.last_mut() {
            Some(l) if l.how == r.how && l.start.checked_add(l.size) == Some(r.start) => l.size += r.size,
            _ => out.push(r),
        }
    }
    out
}

/// One thread's work.
struct Pieces<'a> {
    a: &'a Space,
    b: &'a Space,
    buffers: (Vec<u8>, Vec<u8>),
    out: Vec<Run>,
}

impl Pieces<'_> {
    fn unit(&mut self, (first, last): Stretch) {
        let mut at = first;
        loop {
            let end = (at | (to_umem(PIECE) - 1)).min(last);
            self.piece(at, index(end - at).unwrap_or(0).saturating_add(1));
            match end.checked_add(1) {
                Some(next) if end < last => at = next,
                _ => return,
            }
        }
    }

    fn piece(&mut self, at: umem, len: usize) {
        if let (Some(x), Some(y)) = (in_place(self.a, at, len), in_place(self.b, at, len)) {
            if x != y {
                pages(at, x, y, &|_| (true, true), &mut self.out);
            }
            return;
        }
        let (x, y) = (&mut self.buffers.0, &mut self.buffers.1);
        x.resize(len, 0);
        y.resize(len, 0);
        let (holes_a, holes_b) = (self.a.read_gaps(at, x), self.b.read_gaps(at, y));
        if x == y && holes_a == holes_b {
            return;
        }
        let there = |holes: &crate::engine::Gaps, page: umem| {
            let last = page.saturating_add(umem::from(PAGE) - 1);
            !holes.as_slice().iter().any(|g| g.start <= last && g.end > page)
        };
        pages(at, x, y, &|page| (there(&holes_a, page), there(&holes_b, page)), &mut self.out);
    }
}

/// The bytes where they lie.
fn in_place(space: &Space, at: umem, len: usize) -> Option<&[u8]> {
    match space {
        Space::Physical(memory) => Memory::mapped(memory)?.slice(PhysAddr::new(at), len),
        _ => None,
    }
}

/// Compares page by page; `there` says in which of the two a page can be read.
fn pages(at: umem, x: &[u8], y: &[u8], there: &dyn Fn(umem) -> (bool, bool), out: &mut Vec<Run>) {
    let page = umem::from(PAGE);
    let mut from = at;
    let (mut x, mut y) = (x, y);
    while !x.is_empty() {
        let n = index(page - from % page).unwrap_or(x.len()).min(x.len()).min(y.len());
        let ((p, more_x), (q, more_y)) = (x.split_at(n), y.split_at(n));
        let how = match there(from) {
            (true, true) if p != q => Some(Difference::Changed),
            (true, false) => Some(Difference::Removed),
            (false, true) => Some(Difference::Added),
            _ => None,
        };
        out.extend(how.map(|how| Run { start: from, size: to_umem(n), how }));
        from = from.wrapping_add(to_umem(n));
        (x, y) = (more_x, more_y);
        if n == 0 {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use super::*;
    use crate::engine::Habits;
    use crate::plugins::dummy::DummyMemory;
    use proptest::prelude::*;

    fn physical(base: u64, bytes: Vec<u8>) -> Space {
        Space::Physical(Memory::new(DummyMemory::new(base, bytes)))
    }

    fn far(space: &Space) -> Space {
        struct Calls(std::sync::Arc<dyn memsh_plugin::PhysicalMemory>);
        impl memsh_plugin::PhysicalMemory for Calls {
            fn metadata(&self) -> memsh_plugin::MemoryMetadata {
                self.0.metadata()
            }
            fn ranges(&self) -> memsh_plugin::CVec<memsh_plugin::MemoryRange> {
                self.0.ranges()
            }
            fn read(&self, ops: memsh_plugin::CSliceMut<memsh_plugin::PhysReadOp>) {
                self.0.read(ops);
            }
        }
        let habits = Habits { in_flight: Some(3), ..Habits::default() };
        Space::Physical(space.memory().through(habits, |s| std::sync::Arc::new(Calls(s))))
    }

    fn compared(a: &Space, b: &Space) -> Compared {
        compare(a, b, &AtomicBool::new(false), &|_, _| ())
    }

    #[test]
    fn edges_that_are_no_pages() {
        let a = physical(0x800, vec![1; 0x3000]);
        let b = physical(0x1800, vec![1; 0x3000]);
        let runs = compared(&a, &b).runs;
        let want = [(0x800, 0x1000, Difference::Removed), (0x3800, 0x1000, Difference::Added)];
        assert_eq!(runs, want.map(|(start, size, how)| Run { start, size, how }));
    }

    proptest! {
        #[test]
        fn every_changed_page_is_told(
            base in 0u64..0x3000,
            size in 1usize..0x9000,
            changes in prop::collection::vec(0usize..0x9000, 0..6),
        ) {
            let bytes: Vec<u8> = (0..size).map(|i| (i / 7).to_le_bytes()[0]).collect();
            let mut other = bytes.clone();
            for c in &changes {
                if let Some(b) = other.get_mut(*c) {
                    *b ^= 0x55;
                }
            }
            let page = |i: usize| (umem::from(base) + to_umem(i)) / umem::from(PAGE);
            let mut want: Vec<umem> = (0..size).filter(|&i| bytes[i] != other[i]).map(page).collect();
            want.dedup();
            let (a, b) = (physical(base, bytes), physical(base, other));
            let by_place = compared(&a, &b);
            let got: Vec<umem> = by_place.runs.iter().flat_map(|r| {
                r.start / umem::from(PAGE)..=(r.start + r.size - 1) / umem::from(PAGE)
            }).collect();
            prop_assert_eq!(got, want);
            prop_assert_eq!(&compared(&far(&a), &b), &by_place);
            prop_assert_eq!(by_place.common, size as u64);
        }
    }
}
