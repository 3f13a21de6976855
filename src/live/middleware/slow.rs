//! `delay=1ms`: a memory that is far away.

use memsh_plugin::{CSliceMut, CVec, MemoryMetadata, MemoryRange, PhysReadOp, PhysWriteOp, PhysicalMemory};
use std::sync::Arc;
use std::time::Duration;

/// Waits in each call, however much the call asks for. Calls do not wait for each other.
pub struct Slow {
    source: Arc<dyn PhysicalMemory>,
    delay: Duration,
}

impl Slow {
    /// `source`, with this much more for each call.
    pub fn new(source: Arc<dyn PhysicalMemory>, delay: Duration) -> Self {
        Self { source, delay }
    }
}

impl PhysicalMemory for Slow {
    fn metadata(&self) -> MemoryMetadata {
        self.source.metadata()
    }

    fn ranges(&self) -> CVec<MemoryRange> {
        self.source.ranges()
    }

    fn read(&self, ops: CSliceMut<PhysReadOp>) {
        std::thread::sleep(self.delay);
        self.source.read(ops);
    }

    fn write(&self, ops: CSliceMut<PhysWriteOp>) {
        std::thread::sleep(self.delay);
        self.source.write(ops);
    }
}
