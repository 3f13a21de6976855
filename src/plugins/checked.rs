//! A plugin's memory, with what it says held against what can be.

use crate::{Error, ErrorKind, Layer, Result};
use memsh_plugin::{
    CSliceMut, CVec, MachineInfo, MappedRun, MemoryMetadata, MemoryRange, PhysReadOp, PhysWriteOp, PhysicalMemory, Status, umem,
};

/// Most ranges that a memory may have: an address space of pages that lie apart stays below.
const MAX_RANGES: usize = 1 << 24;

/// A memory whose ranges were looked at once, and whose answers are looked at each time.
pub struct Checked<M> {
    inner: M,
    metadata: MemoryMetadata,
    ranges: Vec<MemoryRange>,
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
        Ok(Self { inner, metadata, ranges })
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
        self.inner.read(lent.into());
        for op in ops.iter_mut() {
            match op.status {
                Status::DONE | Status::PARTIAL | Status::MISSING | Status::FAILED | Status::UNSUPPORTED => {}
                // Not answered, or in words of its own: nothing of it can be believed.
                _ => {
                    op.buf.fill(0);
                    op.status = Status::FAILED;
                }
            }
        }
    }

    fn write(&self, ops: CSliceMut<PhysWriteOp>) {
        let mut ops = ops;
        let lent: &mut [PhysWriteOp] = &mut ops;
        self.inner.write(lent.into());
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
        if runs.iter().all(inside) { runs } else { Vec::new().into() }
    }
}
