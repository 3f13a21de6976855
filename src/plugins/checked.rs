//! A plugin's memory, with what it says held against what can be.

use super::waiting::Calls;
use crate::{Error, ErrorKind, Layer, Result};
use memsh_plugin::{
    CSliceMut, CVec, MachineInfo, MappedRun, MemoryMetadata, MemoryRange, PhysReadOp, PhysWriteOp, PhysicalMemory, Status, umem,
};
use std::sync::Arc;

/// Most ranges that a memory may have: an address space of pages that lie apart stays below.
const MAX_RANGES: usize = 1 << 24;

/// A memory whose ranges were looked at once, and whose answers are looked at each time.
pub struct Checked<M> {
    inner: M,
    metadata: MemoryMetadata,
    ranges: Vec<MemoryRange>,
    /// First and last addresses of what the ranges cover, those that touch as one.
    covered: Vec<(umem, umem)>,
    calls: Arc<Calls>,
}

/// The parts of memory that ranges, which ascend and do not overlap, cover.
fn covered(ranges: &[MemoryRange]) -> Vec<(umem, umem)> {
    let mut out: Vec<(umem, umem)> = Vec::new();
    for r in ranges {
        let (first, last) = (r.start.value(), r.start.value().saturating_add(r.size.saturating_sub(1)));
        match out.last_mut() {
            Some((_, end)) if end.checked_add(1) == Some(first) => *end = last,
            _ => out.push((first, last)),
        }
    }
    out
}

impl<M: PhysicalMemory> Checked<M> {
    /// What the plugin made.
    pub fn inner(&self) -> &M {
        &self.inner
    }

    /// Takes what the plugin `name` made.
    ///
    /// # Errors
    /// When its ranges are more than there can be, wrap around, overlap or do not ascend: reading by them would give wrong answers.
    pub fn new(name: &str, inner: M) -> Result<Self> {
        let lies = |what: String| {
            Error::new(Layer::Connector, ErrorKind::Malformed, format!("the plugin {name} {what}"))
                .hint("this is a mistake in the plugin: tell its author; `memsh plugins info` names them both")
        };
        let said = inner.ranges();
        if said.len() > MAX_RANGES {
            return Err(lies(format!("says that its memory has {} ranges", said.len())));
        }
        let ranges = said.to_vec();
        if ranges.is_empty() {
            return Err(lies(
                "gives no memory: it has no ranges, more than there can be, or panicked when it was asked for them".to_owned(),
            ));
        }
        let mut end: umem = 0;
        for (i, r) in ranges.iter().enumerate() {
            let last = r.size.checked_sub(1).map(|n| r.start.checked_add(n));
            match last {
                None => return Err(lies(format!("gives an empty range at {}", r.start))),
                Some(None) => {
                    return Err(lies(format!("gives a range at {} of {:#x} bytes, which wraps around", r.start, r.size)));
                }
                Some(Some(last)) if i > 0 && r.start.value() < end => {
                    return Err(lies(format!("gives ranges that overlap or do not ascend, at {} to {last}", r.start)));
                }
                Some(Some(last)) => end = last.value().saturating_add(1),
            }
        }
        let said = inner.metadata();
        let metadata = MemoryMetadata {
            size: ranges.iter().fold(0, |sum: umem, r| sum.saturating_add(r.size)),
            max_address: ranges.last().map_or(said.max_address, |r| r.start.saturating_add(r.size.saturating_sub(1))),
            ..said
        };
        let covered = covered(&ranges);
        Ok(Self { inner, metadata, ranges, covered, calls: Calls::of(name) })
    }

    /// Takes back what an operation says of addresses that the memory, by its own ranges, does not have.
    fn cut(&self, op: &mut PhysReadOp) {
        let Some(last) = umem::try_from(op.buf.len()).ok().and_then(|n| n.checked_sub(1)) else { return };
        let first = op.addr.value();
        let part = self.covered.partition_point(|(_, end)| *end < first);
        let last = first.saturating_add(last);
        if self.covered.get(part).is_some_and(|(start, end)| *start <= first && last <= *end) {
            return;
        }
        // Byte by byte: this is the edge of a memory.
        let there = |at: umem| {
            let part = self.covered.partition_point(|(_, end)| *end < at);
            self.covered.get(part).is_some_and(|(start, _)| *start <= at)
        };
        let (mut some, mut at) = (false, Some(first));
        for byte in op.buf.iter_mut() {
            let inside = at.is_some_and(there);
            some |= inside;
            if !inside {
                *byte = 0;
            }
            at = at.and_then(|a| a.checked_add(1));
        }
        if matches!(op.status, Status::DONE | Status::PARTIAL) {
            op.status = if some { Status::PARTIAL } else { Status::MISSING };
        }
    }
}

impl<M: PhysicalMemory> PhysicalMemory for Checked<M> {
    fn metadata(&self) -> MemoryMetadata {
        self.metadata
    }

    fn ranges(&self) -> CVec<MemoryRange> {
        self.ranges.clone().into()
    }

    fn read(&self, ops: CSliceMut<PhysReadOp>) {
        let mut ops = ops;
        let lent: &mut [PhysReadOp] = &mut ops;
        self.calls.during(|| self.inner.read(lent.into()));
        for op in ops.iter_mut() {
            match op.status {
                Status::DONE | Status::PARTIAL | Status::MISSING | Status::FAILED | Status::UNSUPPORTED => {}
                // Not answered, or in words of its own: nothing of it can be believed.
                _ => {
                    op.buf.fill(0);
                    op.status = Status::FAILED;
                }
            }
            self.cut(op);
        }
    }

    fn write(&self, ops: CSliceMut<PhysWriteOp>) {
        let mut ops = ops;
        let lent: &mut [PhysWriteOp] = &mut ops;
        self.calls.during(|| self.inner.write(lent.into()));
        for op in ops.iter_mut().filter(|op| op.status == Status::PENDING || op.status.0 > Status::DONE.0) {
            op.status = Status::FAILED;
        }
    }

    fn machine(&self) -> MachineInfo {
        self.inner.machine()
    }

    fn mapped_runs(&self) -> CVec<MappedRun<'_>> {
        // A run outside of what the plugin says it has would be read as if it were there.
        let inside = |run: &MappedRun| {
            let i = self.ranges.partition_point(|r| r.start <= run.start);
            let range = i.checked_sub(1).and_then(|i| self.ranges.get(i));
            range.is_some_and(|r| {
                let from = run.start.value().saturating_sub(r.start.value());
                let length = umem::try_from(run.data.len()).unwrap_or(umem::MAX);
                from.checked_add(length).is_some_and(|end| end <= r.size)
            })
        };
        let runs = self.inner.mapped_runs();
        let apart = |pair: &[MappedRun]| match pair {
            [a, b] => b.start.value().checked_sub(a.start.value()).is_some_and(|gap| {
                let length = umem::try_from(a.data.len()).unwrap_or(umem::MAX);
                gap >= length
            }),
            _ => true,
        };
        let believed = runs.iter().all(inside) && runs.windows(2).all(apart);
        if believed { runs } else { Vec::new().into() }
    }
}
