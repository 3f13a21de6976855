//! Physical memory as the rest of the program holds it.

use super::cache::{FRAME, FRAMES, FrameCache};
use super::mapped::Mapped;
use super::num::{index, to_umem};
use super::read::{Gaps, find_gaps};
use super::runs::RunMap;
use crate::{At, Error, ErrorKind, Layer, Result};
use memsh_plugin::{
    CSliceMut, CVec, MappedRun, MemoryMetadata, MemoryRange, PhysAddr, PhysReadOp, PhysWriteOp, PhysicalMemory, Status,
    forward_reads, forward_writes, umem,
};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

/// Physical memory of one target. Cheap to clone; all clones are the same memory.
#[derive(Clone)]
pub struct Memory(Arc<Inner>);

struct Inner {
    source: Arc<dyn PhysicalMemory>,
    mapped: Option<Mapped>,
    ranges: Box<[MemoryRange]>,
    metadata: MemoryMetadata,
    epoch: Arc<Epoch>,
    /// Only over memory that costs per access.
    frames: Option<FrameCache>,
    habits: Habits,
    /// Tells which of `ranges` may hold something else than zeros, and to what multiples that is made wider; its answer.
    find_data: Option<(FindData, umem)>,
    data: OnceLock<Box<[MemoryRange]>>,
}

/// Which state of a live memory caches speak of: the same for the memory and for what was made of it ([`Memory::moved`]).
#[derive(Default)]
struct Epoch {
    number: AtomicU64,
    /// How long an epoch lasts at most, and when this one began.
    limit: Mutex<Option<(Duration, Instant)>>,
}

/// How a memory whose bytes do not lie in our own address space is to be read. Without effect on one that is mapped.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Habits {
    /// Bytes of pages that are kept: 64 MiB where nothing is said, 0 for none.
    pub cache: Option<u64>,
    /// How long what is kept of a live memory holds at most.
    pub ttl: Option<Duration>,
    /// How many calls may be under way at once. Where nothing is said: [`IN_FLIGHT`] for a live memory, and for any other as many
    /// as the host has processors.
    pub in_flight: Option<usize>,
}

/// How many calls to a live memory are under way at once where nothing is said: enough to hide most of a call's latency, few enough for
/// any target.
pub const IN_FLIGHT: usize = 8;

/// Tells which parts of a memory may hold something else than zeros, without reading them.
type FindData = Box<dyn Fn() -> Vec<MemoryRange> + Send + Sync>;

/// What is skipped as zeros begins and ends at multiples of this: tables are never larger.
const DATA_ALIGN: umem = 64 << 10;

/// An operation up to this size is answered from whole cached pages; a longer one is a bulk read and goes through.
const CACHED: usize = 8 * FRAME;

/// Reads that may be split are split here, so that a hole never costs more than its page.
const SPLIT: umem = 4096;

impl Memory {
    /// Whether both are the same memory.
    pub fn is(&self, other: &Memory) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// Takes a connector.
    pub fn new(source: impl PhysicalMemory + 'static) -> Self {
        Self::from_arc(Arc::new(source))
    }

    /// Takes a connector of which parts are known to be zeros: `find_data` names what remains, and may take its time; it is asked
    /// at most once, when [`data`](Self::data) is.
    pub fn with_data(
        source: impl PhysicalMemory + 'static,
        find_data: impl Fn() -> Vec<MemoryRange> + Send + Sync + 'static,
    ) -> Self {
        Self::build(Arc::new(source), Some((Box::new(find_data), DATA_ALIGN)), Habits::default(), Arc::default())
    }

    /// The same for a memory whose addresses are virtual: it holds no tables, so nothing is made wider than what `find_data` names.
    pub fn with_exact_data(
        source: impl PhysicalMemory + 'static,
        find_data: impl Fn() -> Vec<MemoryRange> + Send + Sync + 'static,
    ) -> Self {
        Self::build(Arc::new(source), Some((Box::new(find_data), 1)), Habits::default(), Arc::default())
    }

    /// A memory without a byte.
    pub fn nothing() -> Self {
        Self::new(Nothing)
    }

    /// Takes a shared connector.
    pub fn from_arc(source: Arc<dyn PhysicalMemory>) -> Self {
        Self::build(source, None, Habits::default(), Arc::default())
    }

    /// The same bytes by another way: `wrap` is given the connector and gives another one of the same addresses, which is read by
    /// these habits.
    #[must_use]
    pub fn through(&self, habits: Habits, wrap: impl FnOnce(Arc<dyn PhysicalMemory>) -> Arc<dyn PhysicalMemory>) -> Self {
        let here = self.clone();
        let find_data = self.0.find_data.as_ref().map(|(_, align)| (Box::new(move || here.data().to_vec()) as FindData, *align));
        let memory = Self::build(wrap(Arc::clone(&self.0.source)), find_data, habits, Arc::default());
        memory.set_time_limit(habits.ttl);
        memory
    }

    fn build(source: Arc<dyn PhysicalMemory>, find_data: Option<(FindData, umem)>, habits: Habits, epoch: Arc<Epoch>) -> Self {
        // What the connector claims is not yet ascending, disjoint and free of empty ranges.
        let claims = RunMap::build(source.ranges().iter().map(|r| (*r, ())), |(), _| ());
        let ranges: Box<[MemoryRange]> = claims.iter().map(|(r, ())| *r).collect();
        let mapped = Mapped::of(&source, &ranges);
        let metadata = source.metadata();
        let kept = match habits.cache {
            Some(bytes) => usize::try_from(bytes).unwrap_or(usize::MAX) / FRAME,
            None => FRAMES,
        };
        let frames = (mapped.is_none() && kept > 0).then(|| FrameCache::new(kept));
        Self(Arc::new(Inner { source, mapped, ranges, metadata, epoch, frames, habits, find_data, data: OnceLock::new() }))
    }

    /// The same bytes with the first of them at `base`: for a raw image that does not say where its memory begins.
    #[must_use]
    pub fn moved(&self, base: PhysAddr) -> Self {
        let first = self.0.ranges.first().map_or(PhysAddr::NULL, |r| r.start);
        let by = base.value().wrapping_sub(first.value());
        let moved = Arc::new(Moved { source: Arc::clone(&self.0.source), by });
        let here = self.clone();
        let shifted = move |r: &MemoryRange| MemoryRange { start: r.start.wrapping_add(by), size: r.size };
        let find_data = self
            .0
            .find_data
            .as_ref()
            .map(|(_, align)| (Box::new(move || here.data().iter().map(&shifted).collect()) as FindData, *align));
        Self::build(moved, find_data, self.0.habits, Arc::clone(&self.0.epoch))
    }

    /// How often pages were found among those that are kept, and how often not; none where nothing is kept.
    pub fn cache_hits(&self) -> Option<(u64, u64)> {
        self.0.frames.as_ref().map(FrameCache::hits)
    }

    /// Whether each access takes its time: that of a call to another machine or process, not that of unpacking.
    pub(super) fn is_far(&self) -> bool {
        self.0.mapped.is_none() && (self.0.metadata.live || self.0.habits.in_flight.is_some())
    }

    /// How many threads are to read it where reading, not the processor, is what takes time.
    pub fn readers(&self) -> Option<usize> {
        self.is_far().then(|| self.in_flight())
    }

    /// Whether pages that were read are kept.
    pub(super) fn keeps_pages(&self) -> bool {
        self.0.frames.is_some()
    }

    /// How many calls may be under way at once: 1 where the bytes lie in our own address space, or where nothing is gained otherwise.
    pub fn in_flight(&self) -> usize {
        if self.0.mapped.is_some() {
            return 1;
        }
        let processors = || std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        match self.0.habits.in_flight {
            Some(n) => n.max(1),
            None if self.0.metadata.live => IN_FLIGHT.max(processors()),
            None => processors(),
        }
    }

    /// Size, limits and habits.
    pub fn metadata(&self) -> MemoryMetadata {
        self.0.metadata
    }

    /// What can be read, ascending and without overlap.
    pub fn ranges(&self) -> &[MemoryRange] {
        &self.0.ranges
    }

    /// What may hold something else than zeros, ascending and without overlap: for a pass over all of memory, which would read a
    /// sparse file's holes page by page.
    pub fn data(&self) -> &[MemoryRange] {
        let Some((find, align)) = &self.0.find_data else { return &self.0.ranges };
        self.0.data.get_or_init(|| clipped(&self.0.ranges, &find(), *align))
    }

    /// The memory in place, where all of it is mapped.
    #[inline(always)]
    pub fn mapped(&self) -> Option<&Mapped> {
        self.0.mapped.as_ref()
    }

    /// The connector.
    pub fn source(&self) -> &Arc<dyn PhysicalMemory> {
        &self.0.source
    }

    /// Which state of the target caches may speak of. It never changes for an image; [`refresh`](Self::refresh) advances it.
    pub fn epoch(&self) -> u64 {
        let epoch = &self.0.epoch;
        if self.0.metadata.live
            && let Some((limit, began)) = epoch.limit.lock().unwrap_or_else(PoisonError::into_inner).as_mut()
            && began.elapsed() >= *limit
        {
            *began = Instant::now();
            self.refresh();
        }
        epoch.number.load(Ordering::Acquire)
    }

    /// Lets caches over a live memory speak for at most `limit`; `None` (as at first) until [`refresh`](Self::refresh). Without
    /// effect on an image.
    pub fn set_time_limit(&self, limit: Option<Duration>) {
        *self.0.epoch.limit.lock().unwrap_or_else(PoisonError::into_inner) = limit.map(|l| (l, Instant::now()));
    }

    /// Tells every cache over this memory that the target has moved on. Without effect on an image.
    pub fn refresh(&self) {
        if self.0.metadata.live {
            self.0.epoch.number.fetch_add(1, Ordering::AcqRel);
        }
    }

    /// Reads a batch. Split by the connector's ideal batch, every operation answered on its own.
    pub fn read_ops(&self, ops: &mut [PhysReadOp]) {
        if let Some(mapped) = self.mapped() {
            for op in ops {
                let whole = mapped.read(op.addr, &mut op.buf);
                op.status = match whole {
                    true => Status::DONE,
                    false if mapped.touches(op.addr.value(), to_umem(op.buf.len())) => Status::PARTIAL,
                    false => Status::MISSING,
                };
            }
            return;
        }
        match &self.0.frames {
            Some(cache) => self.read_cached(cache, ops),
            None => self.read_source(ops),
        }
    }

    fn read_source(&self, ops: &mut [PhysReadOp]) {
        let limit = match usize::try_from(self.0.metadata.ideal_batch) {
            Ok(0) | Err(_) => usize::MAX,
            Ok(n) => n,
        };
        for chunk in ops.chunks_mut(limit) {
            self.0.source.read(chunk.into());
        }
    }

    /// Small operations are answered from whole pages, fetched once per epoch; whatever that leaves unanswered is asked for as
    /// it stands. Two batches at most.
    fn read_cached(&self, cache: &FrameCache, ops: &mut [PhysReadOp]) {
        let epoch = self.epoch();
        let mut wanted = Vec::new();
        for op in ops.iter_mut() {
            op.status = Status::PENDING;
            // An operation past the highest address is the connector's to answer: frames do not begin anew there.
            let wraps = op.addr.checked_add(to_umem(op.buf.len())).is_none();
            if op.buf.len() > CACHED || wraps {
                continue;
            }
            match copy_cached(cache, epoch, op) {
                Ok(()) => op.status = Status::DONE,
                Err(missing) => wanted.extend(missing),
            }
        }
        wanted.sort_unstable();
        wanted.dedup();
        // Small operations all over memory: whole pages would be many times what was asked for.
        if wanted.len() > cache.limit() / 2 {
            wanted.clear();
        }
        // What another thread is fetching is not asked for twice.
        let some = !wanted.is_empty();
        let (fetching, others) = cache.fetching(epoch, wanted);
        let wanted = &fetching.frames;
        let mut pages = vec![[0u8; FRAME]; wanted.len()];
        let mut fetch: Vec<PhysReadOp> = wanted
            .iter()
            .zip(pages.iter_mut())
            .map(|(&frame, page)| PhysReadOp::new(PhysAddr::new(frame * to_umem(FRAME)), page))
            .collect();
        if !fetch.is_empty() {
            self.read_source(&mut fetch);
        }
        let good: Vec<bool> = fetch.iter().map(|op| op.status.is_done()).collect();
        drop(fetch);
        for ((frame, page), _) in wanted.iter().zip(&pages).zip(good).filter(|(_, good)| *good) {
            cache.put(epoch, *frame, page);
        }
        drop(fetching);
        cache.wait(epoch, &others);
        let mut open: Vec<usize> = Vec::new();
        for (i, op) in ops.iter_mut().enumerate().filter(|(_, op)| op.status == Status::PENDING) {
            let wraps = op.addr.checked_add(to_umem(op.buf.len())).is_none();
            if op.buf.len() <= CACHED && !wraps && some && copy_cached(cache, epoch, op).is_ok() {
                op.status = Status::DONE;
            } else {
                open.push(i);
            }
        }
        if open.is_empty() {
            return;
        }
        let mut open = open.into_iter().peekable();
        let mut rest: Vec<PhysReadOp> = Vec::new();
        for (_, op) in ops.iter_mut().enumerate().filter(|(i, _)| open.next_if_eq(i).is_some()) {
            rest.push(PhysReadOp::new(op.addr, &mut op.buf));
        }
        self.read_source(&mut rest);
        let mut answers = rest.iter().map(|op| op.status).collect::<Vec<_>>().into_iter();
        drop(rest);
        for op in ops.iter_mut().filter(|op| op.status == Status::PENDING) {
            op.status = answers.next().unwrap_or(Status::FAILED);
        }
    }

    /// Whether all of the range is there.
    pub fn contains(&self, addr: PhysAddr, len: umem) -> bool {
        let mut at = addr.value();
        let Some(end) = at.checked_add(len) else { return false };
        let first = self.0.ranges.partition_point(|r| r.start <= addr).saturating_sub(1);
        for r in self.0.ranges.iter().skip(first) {
            if at >= end || r.start.value() > at {
                break;
            }
            at = at.max(r.start.value().saturating_add(r.size));
        }
        at >= end
    }

    /// Reads `size` bytes at each of `places` in one batch: the bytes one behind the other, and whether each piece is whole; of one that is
    /// not, nothing counts. Over a target that is far each call would cost.
    pub fn read_each(&self, places: &[PhysAddr], size: usize) -> (Vec<u8>, Vec<bool>) {
        let mut bytes = vec![0; places.len().saturating_mul(size)];
        let mut ops: Vec<PhysReadOp> =
            places.iter().zip(bytes.chunks_exact_mut(size.max(1))).map(|(at, buf)| PhysReadOp::new(*at, buf)).collect();
        self.read_ops(&mut ops);
        let whole = ops.iter().map(|op| op.status.is_done()).collect();
        drop(ops);
        (bytes, whole)
    }

    /// Whether any byte of the range is there.
    pub(super) fn touches(&self, addr: PhysAddr, len: umem) -> bool {
        let Some(last) = len.checked_sub(1).map(|n| addr.value().saturating_add(n)) else { return false };
        let next = self.0.ranges.partition_point(|r| r.start.value() <= last);
        let before = next.checked_sub(1).and_then(|i| self.0.ranges.get(i));
        before.is_some_and(|r| r.start.value().saturating_add(r.size) > addr.value())
    }

    /// Fills `buf` from `addr`, or fails.
    ///
    /// # Errors
    /// [`ErrorKind::Unreadable`] when a byte is missing; `buf` then holds what could be read, and zeros.
    pub fn read(&self, addr: PhysAddr, buf: &mut [u8]) -> Result<()> {
        let len = buf.len();
        let done = match self.mapped() {
            Some(m) => m.read(addr, buf),
            None => {
                let mut ops = [PhysReadOp::new(addr, buf)];
                self.read_ops(&mut ops);
                let [op] = &ops;
                op.status.is_done()
            }
        };
        if done {
            return Ok(());
        }
        Err(Error::new(Layer::Physical, ErrorKind::Unreadable, format!("{len} bytes are not (all) in the image"))
            .at(At::Phys(addr)))
    }

    /// Fills `buf` from `addr` as far as it is there, and says what is missing; missing bytes are zero.
    pub fn read_gaps(&self, addr: PhysAddr, buf: &mut [u8]) -> Gaps {
        if self.read(addr, buf).is_ok() {
            return Gaps::none();
        }
        find_gaps(addr, buf, SPLIT, &mut |ops| self.read_ops(ops))
    }
}

/// The parts of `ranges` (ascending, disjoint) that touch `data` (ascending), made wider to multiples of `align`.
fn clipped(ranges: &[MemoryRange], data: &[MemoryRange], align: umem) -> Box<[MemoryRange]> {
    let mut out: Vec<MemoryRange> = Vec::new();
    let mut rest = ranges.iter().filter(|r| r.size > 0).peekable();
    for d in data.iter().filter(|d| d.size > 0) {
        let from = d.start.align_down(align).value();
        let last = d.start.value().saturating_add(d.size - 1) | (align - 1);
        while let Some(r) = rest.peek() {
            let (first, end) = (r.start.value(), r.start.value().saturating_add(r.size - 1));
            let (a, b) = (from.max(first), last.min(end));
            if a <= b {
                match out.last_mut() {
                    // What was made wider touches its neighbour.
                    Some(o) if o.start.value() >= first && o.start.value().saturating_add(o.size) >= a => {
                        o.size = o.size.max(b - o.start.value() + 1);
                    }
                    _ => out.push(MemoryRange { start: PhysAddr::new(a), size: b - a + 1 }),
                }
            }
            if end > last {
                break;
            }
            rest.next();
        }
    }
    out.into()
}

/// No memory at all.
struct Nothing;

impl PhysicalMemory for Nothing {
    fn metadata(&self) -> MemoryMetadata {
        MemoryMetadata::snapshot(0)
    }

    fn ranges(&self) -> CVec<MemoryRange> {
        Vec::new().into()
    }

    fn read(&self, ops: CSliceMut<PhysReadOp>) {
        let mut ops = ops;
        for op in ops.iter_mut() {
            op.buf.fill(0);
            op.status = Status::MISSING;
        }
    }
}

/// A memory that lies elsewhere than its source says.
struct Moved {
    source: Arc<dyn PhysicalMemory>,
    /// Added to each address of the source.
    by: umem,
}

impl PhysicalMemory for Moved {
    fn metadata(&self) -> MemoryMetadata {
        let source = self.source.metadata();
        MemoryMetadata { max_address: source.max_address.wrapping_add(self.by), ..source }
    }

    fn ranges(&self) -> CVec<MemoryRange> {
        let moved = |r: &MemoryRange| MemoryRange { start: r.start.wrapping_add(self.by), size: r.size };
        self.source.ranges().iter().map(moved).collect::<Vec<_>>().into()
    }

    fn read(&self, ops: CSliceMut<PhysReadOp>) {
        let mut ops = ops;
        forward_reads(&mut ops, |at| at.wrapping_sub(self.by), |asked| self.source.read(asked.into()));
    }

    fn write(&self, ops: CSliceMut<PhysWriteOp>) {
        let mut ops = ops;
        forward_writes(&mut ops, |at| at.wrapping_sub(self.by), |asked| self.source.write(asked.into()));
    }

    fn mapped_runs(&self) -> CVec<MappedRun<'_>> {
        let runs = self.source.mapped_runs();
        let moved = runs.iter().map(|r| MappedRun { start: r.start.wrapping_add(self.by), data: r.data });
        moved.collect::<Vec<_>>().into()
    }
}

/// Fills an operation from cached frames, or says which frames it lacks.
fn copy_cached(cache: &FrameCache, epoch: u64, op: &mut PhysReadOp) -> Result<(), Vec<umem>> {
    let frame_size = to_umem(FRAME);
    let mut at = op.addr;
    let mut missing = Vec::new();
    let mut rest: &mut [u8] = &mut op.buf;
    while !rest.is_empty() {
        let offset = index(at.offset_in(frame_size)).unwrap_or(0);
        let n = (FRAME - offset).min(rest.len());
        let (piece, tail) = rest.split_at_mut(n);
        let frame = at.value() / frame_size;
        if !cache.get(epoch, frame, offset, piece) {
            missing.push(frame);
        }
        at = at.wrapping_add(to_umem(n));
        rest = tail;
    }
    if missing.is_empty() { Ok(()) } else { Err(missing) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn ranges(of: &[(umem, umem)]) -> Vec<MemoryRange> {
        of.iter().map(|&(start, size)| MemoryRange { start: PhysAddr::new(start), size }).collect()
    }

    fn parts(of: &[(umem, umem)], data: &[(umem, umem)]) -> Vec<(umem, umem)> {
        clipped(&ranges(of), &ranges(data), DATA_ALIGN).iter().map(|r| (r.start.value(), r.size)).collect()
    }

    #[test]
    fn data_is_made_wider_and_stays_in_memory() {
        assert_eq!(parts(&[(0x1000, 0x10_0000)], &[(0x2_1000, 0x1000)]), [(0x2_0000, 0x1_0000)]);
        assert_eq!(
            parts(&[(0x1000, 0x10_0000)], &[(0x1000, 1), (0x1_2000, 1), (0xf_f000, 0x2000)]),
            [(0x1000, 0x1_f000), (0xf_0000, 0x1_1000)]
        );
        assert_eq!(parts(&[(0, 0x1_0000), (0x4_0000, 0x1_0000)], &[(0, 0x8_0000)]), [(0, 0x1_0000), (0x4_0000, 0x1_0000)]);
        assert_eq!(parts(&[(0, 0x1_0000)], &[]), []);
        assert_eq!(parts(&[(umem::MAX - 0xffff, 0x1_0000)], &[(umem::MAX - 5, 5)]), [(umem::MAX - 0xffff, 0x1_0000)]);
    }

    proptest! {
        #[test]
        fn data_covers_what_it_was_made_of(
            gaps in prop::collection::vec((1u64..0x5_0000, 1u64..0x5_0000), 0..6),
            held in prop::collection::vec((1u64..0x5_0000, 1u64..0x5_0000), 0..8),
        ) {
            let laid = |pieces: &[(u64, u64)]| {
                let mut at = 0;
                let place = |&(gap, size): &(u64, u64)| {
                    let start = at + gap;
                    at = start + size;
                    (umem::from(start), umem::from(size))
                };
                pieces.iter().map(place).collect::<Vec<_>>()
            };
            let (of, data) = (laid(&gaps), laid(&held));
            let got = parts(&of, &data);
            for w in got.windows(2) {
                if let [(a, size), (b, _)] = w {
                    prop_assert!(a + size <= *b);
                }
            }
            let inside = |list: &[(umem, umem)], at: umem| list.iter().any(|&(s, n)| at >= s && at < s + n);
            for at in (0..0x40_0000).step_by(0x700) {
                if inside(&of, at) && inside(&data, at) {
                    prop_assert!(inside(&got, at), "{at:#x} of {got:x?}");
                }
                if inside(&got, at) {
                    prop_assert!(inside(&of, at));
                }
            }
        }
    }
}
