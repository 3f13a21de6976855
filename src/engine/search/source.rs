//! Where the bytes come from, piece by piece.

use super::span::Span;
use crate::engine::{Memory, PageRun, index, to_umem};
use memsh_plugin::{MemoryRange, PhysAddr, PhysReadOp, Status, umem};
use std::cell::Cell;
use std::ops::ControlFlow;

/// A space that can be searched.
pub trait Source: Sync {
    /// What the space holds, ascending and without overlap. Bytes in it may still turn out to be missing.
    fn spans(&self) -> Box<dyn Iterator<Item = Span> + '_>;

    /// Hands the bytes of `span` to `piece`, with the address of their first, ascending. What is missing is left out. Two
    /// pieces belong together where the second begins at the address at which the first ends.
    ///
    /// Breaks when `piece` does.
    fn for_each_piece(&self, span: Span, piece: &mut dyn FnMut(umem, &[u8]) -> ControlFlow<()>) -> ControlFlow<()>;

    /// Whether all that the space holds of `span` is known to be zeros, without a look at it: the holes of a sparse file.
    fn zeros(&self, _span: Span) -> bool {
        false
    }

    /// How many threads are to read it, where that is no question of processors: the calls that may be under way at once.
    fn readers(&self) -> Option<usize> {
        None
    }
}

/// A stretch of virtual memory that lies in one stretch of physical memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VirtRun {
    /// First virtual address.
    pub virt: umem,
    /// Where it lies in physical memory.
    pub phys: umem,
    /// Bytes.
    pub size: umem,
}

impl From<PageRun> for VirtRun {
    fn from(run: PageRun) -> Self {
        Self { virt: run.virt.value(), phys: run.phys.value(), size: run.size }
    }
}

/// The parts of `runs` that lie in `spans`. Both are ascending.
pub fn clipped(runs: &[VirtRun], spans: &[Span]) -> Vec<VirtRun> {
    let mut out = Vec::new();
    let mut spans = spans.iter().copied().peekable();
    for run in runs {
        let Some(whole) = Span::new(run.virt, run.size) else { continue };
        while let Some(span) = spans.peek() {
            if let Some(part) = span.meet(whole) {
                out.push(VirtRun { virt: part.first, phys: run.phys.wrapping_add(part.first - run.virt), size: part.bytes() });
            }
            // The rest of a span may lie in the next run.
            if span.last > whole.last {
                break;
            }
            spans.next();
        }
    }
    out
}

/// One batch of a memory whose calls go somewhere else: enough to pay for the call, little enough to stop soon after Ctrl-C.
const FAR_BATCH: usize = 1 << 20;
/// One batch of a memory that unpacks or copies here: what was just written is still in the processor's cache when it is looked at.
const BATCH: usize = 128 << 10;

std::thread_local! {
    /// What a thread read its last batch into: new pages from the system for each unit cost as much as searching them.
    static BUFFER: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}
/// Size of one read in a batch.
const READ: umem = 64 << 10;
/// Size of a read that is tried again, so that a hole costs no more than its page.
const RETRY: usize = 4096;

/// A space given as runs over a physical memory: all of physical memory, or what page tables map.
pub struct RunSource<'m> {
    memory: &'m Memory,
    runs: Vec<VirtRun>,
    /// The memory in place, ascending.
    slices: Option<Vec<(umem, &'m [u8])>>,
}

impl<'m> RunSource<'m> {
    /// All of physical memory.
    pub fn physical(memory: &'m Memory) -> Self {
        Self::of(memory, memory.ranges())
    }

    /// Of physical memory what may hold something else than zeros.
    pub fn data(memory: &'m Memory) -> Self {
        Self::of(memory, if memory.metadata().live { memory.ranges() } else { memory.data() })
    }

    fn of(memory: &'m Memory, ranges: &[MemoryRange]) -> Self {
        Self::new(memory, ranges.iter().map(|r| VirtRun { virt: r.start.value(), phys: r.start.value(), size: r.size }))
    }

    /// A virtual space. Empty runs and runs past the top are dropped, and neighbours in both spaces become one; where two claim
    /// an address, the lower run keeps it.
    pub fn new(memory: &'m Memory, runs: impl IntoIterator<Item = impl Into<VirtRun>>) -> Self {
        let wraps = |r: &VirtRun| Span::new(r.virt, r.size).is_none() || Span::new(r.phys, r.size).is_none();
        let mut given: Vec<VirtRun> = runs.into_iter().map(Into::into).filter(|r| !wraps(r)).collect();
        given.sort_by_key(|r| r.virt);
        let mut runs: Vec<VirtRun> = Vec::with_capacity(given.len());
        for mut run in given {
            if let Some(before) = runs.last_mut() {
                // How far the run before reaches past the start of this one.
                let covered = (before.size - 1).checked_sub(run.virt - before.virt).map_or(0, |n| n.saturating_add(1));
                if covered >= run.size {
                    continue;
                }
                run = VirtRun { virt: run.virt + covered, phys: run.phys + covered, size: run.size - covered };
                if run.virt - before.virt == before.size && run.phys.checked_sub(before.phys) == Some(before.size) {
                    before.size += run.size;
                    continue;
                }
            }
            runs.push(run);
        }
        let slices = memory.mapped().map(|m| m.slices().map(|(a, s)| (a.value(), s)).collect());
        Self { memory, runs, slices }
    }

    /// Where an address lies in physical memory.
    pub(super) fn phys(&self, addr: umem) -> Option<umem> {
        let run = self.clipped(Span { first: addr, last: addr }).next()?;
        Some(run.phys)
    }

    /// The parts of runs that lie in `span`.
    fn clipped(&self, span: Span) -> impl Iterator<Item = VirtRun> {
        let from = self.runs.partition_point(|r| r.virt + (r.size - 1) < span.first);
        let runs = self.runs.get(from..).unwrap_or_default();
        runs.iter().map_while(move |r| {
            let part = Span { first: r.virt, last: r.virt + (r.size - 1) }.meet(span)?;
            Some(VirtRun { virt: part.first, phys: r.phys + (part.first - r.virt), size: part.bytes() })
        })
    }

    /// The batched path.
    fn read_pieces(&self, span: Span, piece: &mut dyn FnMut(umem, &[u8]) -> ControlFlow<()>) -> ControlFlow<()> {
        // A search inside a search finds none, and makes its own.
        let mut buf = BUFFER.take();
        buf.resize(if self.memory.readers().is_some() { FAR_BATCH } else { BATCH }, 0);
        let flow = self.read_batches(span, &mut buf, piece);
        BUFFER.set(buf);
        flow
    }

    /// Reads as much at a time as `buf` holds, over as many runs as that takes.
    fn read_batches(&self, span: Span, buf: &mut [u8], piece: &mut dyn FnMut(umem, &[u8]) -> ControlFlow<()>) -> ControlFlow<()> {
        let mut batch: Vec<Read> = Vec::new();
        let mut used = 0;
        for run in self.clipped(span) {
            let mut done = 0;
            while done < run.size {
                let room = to_umem(buf.len() - used);
                let n = (run.size - done).min(READ).min(room);
                let Some(len) = index(n) else { break };
                batch.push(Read { virt: run.virt + done, phys: run.phys + done, offset: used, len });
                used += len;
                done += n;
                if used == buf.len() {
                    self.read_batch(&batch, buf, piece)?;
                    batch.clear();
                    used = 0;
                }
            }
        }
        self.read_batch(&batch, buf, piece)
    }

    /// Reads `batch` into `buf` and hands out what is there, neighbours in one piece.
    fn read_batch(
        &self,
        batch: &[Read],
        buf: &mut [u8],
        piece: &mut dyn FnMut(umem, &[u8]) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        let mut there: Vec<Read> = Vec::with_capacity(batch.len());
        let mut again: Vec<Read> = Vec::new();
        for (read, status) in batch.iter().zip(self.read(batch, buf)) {
            match status {
                Status::DONE => there.push(*read),
                _ if read.len > 1 => again.extend(read.split(RETRY)),
                _ => {}
            }
        }
        if !again.is_empty() {
            let status = self.read(&again, buf);
            there.extend(again.iter().zip(status).filter(|(_, s)| *s == Status::DONE).map(|(r, _)| *r));
            there.sort_by_key(|r| r.offset);
        }
        let mut at = there.iter().peekable();
        while let Some(first) = at.next() {
            let mut len = first.len;
            while let Some(r) = at.next_if(|r| r.offset == first.offset + len && r.virt == first.virt + to_umem(len)) {
                len += r.len;
            }
            if let Some(bytes) = buf.get(first.offset..first.offset + len) {
                piece(first.virt, bytes)?;
            }
        }
        ControlFlow::Continue(())
    }

    /// One call for all of `batch`, whose places in `buf` ascend.
    fn read(&self, batch: &[Read], buf: &mut [u8]) -> Vec<Status> {
        let mut ops = Vec::with_capacity(batch.len());
        let mut rest = buf;
        let mut at = 0;
        for r in batch {
            let Some((_, tail)) = rest.split_at_mut_checked(r.offset - at) else { break };
            let Some((place, tail)) = tail.split_at_mut_checked(r.len) else { break };
            ops.push(PhysReadOp::new(PhysAddr::new(r.phys), place));
            rest = tail;
            at = r.offset + r.len;
        }
        self.memory.read_ops(&mut ops);
        ops.iter().map(|op| op.status).collect()
    }
}

/// One read of a batch: what, and where it goes.
#[derive(Clone, Copy)]
struct Read {
    virt: umem,
    phys: umem,
    offset: usize,
    len: usize,
}

impl Read {
    /// The same bytes as reads that cross no multiple of `size`.
    fn split(self, size: usize) -> impl Iterator<Item = Read> {
        let mut done = 0;
        std::iter::from_fn(move || {
            let left = self.len.checked_sub(done).filter(|&n| n > 0)?;
            let phys = self.phys + to_umem(done);
            let to_border = index(to_umem(size) - phys % to_umem(size)).unwrap_or(size);
            let len = left.min(to_border);
            let read = Read { virt: self.virt + to_umem(done), phys, offset: self.offset + done, len };
            done += len;
            Some(read)
        })
    }
}

impl Source for RunSource<'_> {
    fn zeros(&self, span: Span) -> bool {
        // The first of the ranges that ends behind an address.
        let after = |ranges: &'_ [MemoryRange], at| {
            let next = ranges.partition_point(|r| r.start.value().saturating_add(r.size) <= at);
            ranges.get(next).and_then(|r| Span::new(r.start.value(), r.size))
        };
        // What was a hole of a live target's file may be none any more.
        !self.memory.metadata().live
            && self.clipped(span).all(|run| {
                let Some(phys) = Span::new(run.phys, run.size) else { return false };
                let there = after(self.memory.ranges(), phys.first).is_some_and(|r| r.meet(phys) == Some(phys));
                there && after(self.memory.data(), phys.first).is_none_or(|d| d.first > phys.last)
            })
    }

    fn readers(&self) -> Option<usize> {
        self.memory.readers()
    }

    fn spans(&self) -> Box<dyn Iterator<Item = Span> + '_> {
        Box::new(self.runs.iter().filter_map(|r| Span::new(r.virt, r.size)))
    }

    fn for_each_piece(&self, span: Span, piece: &mut dyn FnMut(umem, &[u8]) -> ControlFlow<()>) -> ControlFlow<()> {
        let Some(slices) = &self.slices else { return self.read_pieces(span, piece) };
        for run in self.clipped(span) {
            let phys = Span { first: run.phys, last: run.phys + (run.size - 1) };
            let from = slices.partition_point(|(start, _)| *start <= phys.first).saturating_sub(1);
            for (start, bytes) in slices.iter().skip(from) {
                if *start > phys.last {
                    break;
                }
                let Some(part) = Span::new(*start, to_umem(bytes.len())).and_then(|s| s.meet(phys)) else { continue };
                let (Some(at), Some(len)) = (index(part.first - start), index(part.bytes())) else { continue };
                if let Some(bytes) = bytes.get(at..at + len) {
                    piece(run.virt + (part.first - run.phys), bytes)?;
                }
            }
        }
        ControlFlow::Continue(())
    }
}
