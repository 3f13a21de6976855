//! Between the threads that find hits and the one that hands them out, in order.

use super::scan::{Hit, Kind, Out};
use memsh_plugin::umem;
use std::collections::VecDeque;
use std::ops::{ControlFlow, Range};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Hits on their way, in one piece of memory.
#[derive(Default)]
pub(super) struct Batch {
    items: Vec<Item>,
    bytes: Vec<u8>,
}

struct Item {
    addr: umem,
    len: umem,
    kind: Kind,
    needle: u32,
    part: u32,
    cut: bool,
    bytes: Range<usize>,
}

/// A batch is sent on when it has so many hits,
const BATCH_HITS: usize = 1024;
/// or so many bytes.
const BATCH_BYTES: usize = 64 << 10;
/// Batches of one unit that may wait.
const WAITING: usize = 24;

impl Batch {
    pub(super) fn get(&self, i: usize) -> Option<Hit<'_>> {
        let item = self.items.get(i)?;
        let bytes = self.bytes.get(item.bytes.clone())?;
        let Item { addr, len, kind, needle, part, cut, .. } = *item;
        Some(Hit { addr, len, kind, needle, part, bytes, cut })
    }
}

#[derive(Default)]
struct UnitQueue {
    batches: VecDeque<Batch>,
    done: bool,
}

struct State {
    /// Queues of the units `front..front + queues.len()`.
    queues: VecDeque<UnitQueue>,
    front: usize,
    units: usize,
    stop: bool,
}

/// Units are taken in order and worked on at the same time; their hits leave in order. The units that are ahead of the one
/// being handed out are few, and so are the batches that wait for each: when nobody takes hits, nobody looks for more.
pub(super) struct Queue {
    state: Mutex<State>,
    changed: Condvar,
    ahead: usize,
}

impl Queue {
    pub(super) fn new(units: usize, ahead: usize) -> Self {
        let state = State { queues: VecDeque::new(), front: 0, units, stop: false };
        Self { state: Mutex::new(state), changed: Condvar::new(), ahead }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until `ready` gives something.
    fn wait<T>(&self, mut ready: impl FnMut(&mut State) -> Option<T>) -> T {
        let mut state = self.lock();
        loop {
            if let Some(t) = ready(&mut state) {
                drop(state);
                self.changed.notify_all();
                return t;
            }
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// The next unit to work on.
    pub(super) fn take_unit(&self) -> Option<usize> {
        self.wait(|s| {
            let next = s.front + s.queues.len();
            if s.stop || next >= s.units {
                return Some(None);
            }
            (s.queues.len() < self.ahead).then(|| {
                s.queues.push_back(UnitQueue::default());
                Some(next)
            })
        })
    }

    fn push(&self, unit: usize, batch: &mut Batch) -> ControlFlow<()> {
        self.wait(|s| {
            let stop = s.stop;
            let Some(queue) = unit.checked_sub(s.front).and_then(|i| s.queues.get_mut(i)).filter(|_| !stop) else {
                return Some(ControlFlow::Break(()));
            };
            (queue.batches.len() < WAITING).then(|| {
                queue.batches.push_back(std::mem::take(batch));
                ControlFlow::Continue(())
            })
        })
    }

    /// The unit will send no more.
    pub(super) fn finish(&self, unit: usize) {
        let mut s = self.lock();
        if let Some(queue) = unit.checked_sub(s.front).and_then(|i| s.queues.get_mut(i)) {
            queue.done = true;
        }
        drop(s);
        self.changed.notify_all();
    }

    /// Nobody shall wait any longer.
    pub(super) fn stop(&self) {
        self.lock().stop = true;
        self.changed.notify_all();
    }

    /// Whether [`next_batch`](Self::next_batch) has an answer, or gets one within `patience`.
    fn ready(&self, patience: Duration) -> bool {
        let ready = |s: &State| s.stop || s.queues.front().is_some_and(|q| q.done || !q.batches.is_empty());
        let state = self.changed.wait_timeout_while(self.lock(), patience, |s| !ready(s));
        ready(&state.unwrap_or_else(PoisonError::into_inner).0)
    }

    /// The next batch of the first unit; `None` at its end (the following unit is then the first), or when all shall stop.
    pub(super) fn next_batch(&self) -> Option<Batch> {
        self.wait(|s| {
            if s.stop {
                return Some(None);
            }
            let queue = s.queues.front_mut()?;
            if let Some(batch) = queue.batches.pop_front() {
                return Some(Some(batch));
            }
            queue.done.then(|| {
                s.queues.pop_front();
                s.front += 1;
                None
            })
        })
    }
}

/// Collects the hits of one unit.
pub(super) struct Sender<'q> {
    queue: &'q Queue,
    unit: usize,
    batch: Batch,
}

impl<'q> Sender<'q> {
    pub(super) fn new(queue: &'q Queue, unit: usize) -> Self {
        Self { queue, unit, batch: Batch::default() }
    }

    pub(super) fn flush(&mut self) -> ControlFlow<()> {
        if self.batch.items.is_empty() { ControlFlow::Continue(()) } else { self.queue.push(self.unit, &mut self.batch) }
    }
}

impl Out for Sender<'_> {
    fn give(&mut self, hit: Hit<'_>) -> ControlFlow<()> {
        let start = self.batch.bytes.len();
        self.batch.bytes.extend_from_slice(hit.bytes);
        let bytes = start..self.batch.bytes.len();
        let Hit { addr, len, kind, needle, part, cut, .. } = hit;
        self.batch.items.push(Item { addr, len, kind, needle, part, cut, bytes });
        match self.batch.items.len() >= BATCH_HITS || self.batch.bytes.len() >= BATCH_BYTES {
            true => self.flush(),
            false => ControlFlow::Continue(()),
        }
    }
}

/// Reads the hits of the first unit.
pub(super) struct Receiver<'q> {
    queue: &'q Queue,
    batch: Batch,
    at: usize,
    ended: bool,
}

impl<'q> Receiver<'q> {
    pub(super) fn new(queue: &'q Queue) -> Self {
        Self { queue, batch: Batch::default(), at: 0, ended: false }
    }

    /// Waits until there is a next hit or none will come, and calls `idle` each time when that took as long as `patience`.
    pub(super) fn wait(&self, patience: Duration, idle: &mut dyn FnMut() -> ControlFlow<()>) -> ControlFlow<()> {
        while self.at >= self.batch.items.len() && !self.ended && !self.queue.ready(patience) {
            idle()?;
        }
        ControlFlow::Continue(())
    }

    /// The next hit, which stays the next until [`skip`](Self::skip).
    pub(super) fn peek(&mut self) -> Option<Hit<'_>> {
        while self.at >= self.batch.items.len() && !self.ended {
            self.at = 0;
            self.batch = self.queue.next_batch().unwrap_or_else(|| {
                self.ended = true;
                Batch::default()
            });
        }
        self.batch.get(self.at)
    }

    pub(super) fn skip(&mut self) {
        self.at += 1;
    }

    /// Drops all that follow.
    pub(super) fn skip_all(&mut self) {
        while self.peek().is_some() {
            self.skip();
        }
    }
}
