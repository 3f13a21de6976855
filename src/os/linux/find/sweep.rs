//! Passes over memory, on all processors.

use super::machine::Search;
use super::sparse::piece;
use crate::engine::{index, to_umem};
use memsh_plugin::{PhysAddr, umem};
use std::sync::atomic::{AtomicUsize, Ordering};

/// Looked at in one go, in bytes: a multiple of every table's size, and small enough to share evenly.
const CHUNK: usize = 4 << 20;

/// A part of memory, for a pass over it.
pub(super) struct Chunk<'a> {
    /// Where it begins.
    pub(super) at: PhysAddr,
    /// What is in it, and as much as was asked for of what follows, as far as that lies in one piece.
    pub(super) bytes: &'a [u8],
    /// Bytes of it without what follows.
    pub(super) len: usize,
}

impl Chunk<'_> {
    /// Its parts of `size` bytes, with where each lies. A part that goes beyond the end of memory is left out.
    pub(super) fn parts(&self, size: usize) -> impl Iterator<Item = (PhysAddr, &[u8])> {
        (0..self.len).step_by(size.max(1)).filter_map(move |from| {
            let part = self.bytes.get(from..from.checked_add(size)?)?;
            Some((self.at.saturating_add(to_umem(from)), part))
        })
    }
}

/// What `work` makes of each part of memory that may hold something else than zeros, ascending; parts begin at multiples of `align` (a
/// power of two of 64 KiB or less), and have `follow` bytes of what lies behind them. An interrupt ends it early.
pub(super) fn sweep<T: Send>(search: &Search<'_>, align: umem, follow: usize, work: impl Fn(&Chunk<'_>) -> T + Sync) -> Vec<T> {
    sweep_in(search, (PhysAddr::NULL, umem::MAX), align, follow, work)
}

/// The same for the part of memory that begins at `within.0` and has `within.1` bytes.
pub(super) fn sweep_in<T: Send>(
    search: &Search<'_>,
    within: (PhysAddr, umem),
    align: umem,
    follow: usize,
    work: impl Fn(&Chunk<'_>) -> T + Sync,
) -> Vec<T> {
    let memory = search.memory;
    let last = within.0.value().saturating_add(within.1);
    let mut chunks: Vec<(PhysAddr, usize)> = Vec::new();
    for range in memory.data() {
        let end = range.start.value().saturating_add(range.size).min(last);
        let Some(mut at) = range.start.max(within.0).value().checked_next_multiple_of(align.max(1)) else { continue };
        while at < end {
            let len = index((end - at).min(to_umem(CHUNK))).unwrap_or(CHUNK);
            chunks.push((PhysAddr::new(at), len));
            at = at.saturating_add(to_umem(CHUNK));
        }
    }
    // What must be unpacked is unpacked by many already; what is far away is waited for by many at once.
    let processors = || std::thread::available_parallelism().map_or(1, usize::from);
    let workers = match memory.readers() {
        Some(readers) => readers,
        None if memory.mapped().is_some() => processors(),
        None => 1,
    };
    let workers = workers.min(chunks.len().div_ceil(4));
    let next = AtomicUsize::new(0);
    let run = || {
        let mut done = Vec::new();
        loop {
            let i = next.fetch_add(1, Ordering::Relaxed);
            let Some(&(at, len)) = chunks.get(i).filter(|_| !search.hints.interrupted()) else { return done };
            let bytes = piece(search, at, len.saturating_add(follow));
            done.push((i, work(&Chunk { at, bytes: &bytes, len: len.min(bytes.len()) })));
        }
    };
    let mut done = if workers <= 1 {
        run()
    } else {
        std::thread::scope(|scope| {
            let others: Vec<_> = (1..workers).map(|_| scope.spawn(run)).collect();
            let mut done = run();
            done.extend(others.into_iter().flat_map(|h| h.join().unwrap_or_default()));
            done
        })
    };
    done.sort_unstable_by_key(|(i, _)| *i);
    done.into_iter().map(|(_, t)| t).collect()
}
