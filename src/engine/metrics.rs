//! What is asked of a connector, and how long it takes to answer.

use super::memory::Memory;
use memsh_plugin::{CSliceMut, CVec, MemoryMetadata, MemoryRange, PhysReadOp, PhysWriteOp, PhysicalMemory};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// Counts of a connector's calls.
#[derive(Default)]
pub struct Metrics {
    calls: AtomicU64,
    writes: AtomicU64,
    operations: AtomicU64,
    bytes: AtomicU64,
    nanos: AtomicU64,
    slowest: AtomicU64,
    under_way: AtomicU64,
    most: AtomicU64,
}

/// The counts at one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Calls that read, and calls that write.
    pub calls: u64,
    /// Calls that write.
    pub writes: u64,
    /// Operations in all of them.
    pub operations: u64,
    /// Bytes asked for.
    pub bytes: u64,
    /// Time that calls took, added up: those that were under way together count each.
    pub time: Duration,
    /// The longest call.
    pub slowest: Duration,
    /// The most calls that were under way at once.
    pub at_once: u64,
}

impl Metrics {
    /// The counts now.
    pub fn counts(&self) -> Counts {
        let get = |n: &AtomicU64| n.load(Ordering::Relaxed);
        Counts {
            calls: get(&self.calls),
            writes: get(&self.writes),
            operations: get(&self.operations),
            bytes: get(&self.bytes),
            time: Duration::from_nanos(get(&self.nanos)),
            slowest: Duration::from_nanos(get(&self.slowest)),
            at_once: get(&self.most),
        }
    }

    fn during(&self, (operations, bytes): (u64, u64), call: impl FnOnce()) {
        let now = self.under_way.fetch_add(1, Ordering::Relaxed).saturating_add(1);
        self.most.fetch_max(now, Ordering::Relaxed);
        let began = Instant::now();
        call();
        let nanos = u64::try_from(began.elapsed().as_nanos()).unwrap_or(u64::MAX);
        self.under_way.fetch_sub(1, Ordering::Relaxed);
        self.calls.fetch_add(1, Ordering::Relaxed);
        self.operations.fetch_add(operations, Ordering::Relaxed);
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
        self.nanos.fetch_add(nanos, Ordering::Relaxed);
        self.slowest.fetch_max(nanos, Ordering::Relaxed);
    }
}

impl Metrics {
    /// The counts in words, name and value, with those of the pages that `memory` keeps.
    pub fn words(&self, memory: &Memory) -> Vec<(String, String)> {
        let c = self.counts();
        let mean = c.time.checked_div(u32::try_from(c.calls).unwrap_or(u32::MAX)).unwrap_or_default();
        let ms = |d: Duration| format!("{:.3} ms", d.as_secs_f64() * 1000.0);
        let mut out = vec![
            ("calls".to_owned(), format!("{} ({} of them writes), at most {} at once", c.calls, c.writes, c.at_once)),
            ("operations".to_owned(), c.operations.to_string()),
            ("bytes".to_owned(), c.bytes.to_string()),
            ("latency".to_owned(), format!("{} on average, {} at most", ms(mean), ms(c.slowest))),
        ];
        if let Some((hits, misses)) = memory.cache_hits() {
            out.push(("cache".to_owned(), format!("{hits} hits, {misses} misses")));
        }
        out
    }
}

/// A memory that counts.
pub struct Metered {
    source: Arc<dyn PhysicalMemory>,
    metrics: Arc<Metrics>,
}

impl Metered {
    /// `source`, counted. Its bytes are no longer read in place, where nobody could count.
    pub fn new(source: Arc<dyn PhysicalMemory>) -> Self {
        Self { source, metrics: Arc::default() }
    }

    /// The counts, which go on.
    pub fn metrics(&self) -> Arc<Metrics> {
        Arc::clone(&self.metrics)
    }
}

fn sum(lengths: impl Iterator<Item = usize>) -> (u64, u64) {
    lengths.fold((0, 0), |(n, bytes), len| (n + 1, u64::try_from(len).unwrap_or(u64::MAX).saturating_add(bytes)))
}

impl PhysicalMemory for Metered {
    fn metadata(&self) -> MemoryMetadata {
        self.source.metadata()
    }

    fn ranges(&self) -> CVec<MemoryRange> {
        self.source.ranges()
    }

    fn read(&self, ops: CSliceMut<PhysReadOp>) {
        self.metrics.during(sum(ops.iter().map(|op| op.buf.len())), || self.source.read(ops));
    }

    fn write(&self, ops: CSliceMut<PhysWriteOp>) {
        self.metrics.writes.fetch_add(1, Ordering::Relaxed);
        self.metrics.during(sum(ops.iter().map(|op| op.buf.len())), || self.source.write(ops));
    }
}
