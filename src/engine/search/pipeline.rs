//! Runs a scan over the units of a source, on one thread or several.

use super::queue::{Queue, Receiver, Sender};
use super::scan::{Hit, Out, Scan};
use super::source::Source;
use super::span::{Span, Unit};
use super::store::to_usize;
use crate::engine::work::share;
use crate::engine::{to_u64, to_umem};
use memsh_plugin::umem;
use std::num::NonZero;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// How a search is run.
#[derive(Clone, Copy)]
pub struct Options<'a> {
    /// Stop after so many hits.
    pub max_hits: Option<u64>,
    /// Threads that search; 0 takes as many as the host has processors.
    pub threads: usize,
    /// Ends the search soon after it becomes true.
    pub interrupt: &'a AtomicBool,
    /// Told bytes done and bytes in all, every few megabytes, by any thread.
    pub progress: &'a (dyn Fn(u64, u64) + Sync),
}

impl<'a> Options<'a> {
    /// All hits, all processors, no progress.
    pub fn new(interrupt: &'a AtomicBool) -> Self {
        Self { max_hits: None, threads: 0, interrupt, progress: &|_, _| () }
    }

    /// How many threads look at `source`: those asked for, else as many as it can serve at once, else one per processor.
    pub(crate) fn threads_for(&self, source: &dyn Source) -> usize {
        match self.threads {
            0 => source.readers().unwrap_or_else(|| std::thread::available_parallelism().map_or(1, NonZero::get)).max(1),
            n => n,
        }
    }
}

/// How a search went.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Bytes looked at.
    pub scanned_bytes: u64,
    /// Bytes that the space lists and that could not be read.
    pub missing_bytes: umem,
    /// Hits handed out.
    pub hits: u64,
    /// It was interrupted before its end.
    pub interrupted: bool,
    /// It stopped at [`Options::max_hits`]; there may be more.
    pub truncated_at_max: bool,
}

/// What a search tells as it goes on.
#[derive(Clone, Copy, Debug)]
pub enum Step<H> {
    /// Something was found.
    Found(H),
    /// Nothing was, for a while: what was held back for more to come can go out.
    Idle,
}

/// A step of a search, for whoever takes its hits.
pub(super) type Steps<'t> = dyn FnMut(Step<Hit<'_>>) -> ControlFlow<()> + 't;

/// After so long without a hit a search says that it is idle.
const IDLE: Duration = Duration::from_millis(100);
/// Pieces are taken in parts of this size, so that an interrupt is noticed.
const PART: usize = 1 << 20;
/// Bytes after which a thread adds to the common count.
const COUNT: u64 = 1 << 20;
/// Progress is told each time so many bytes (a power of two) are done.
const TELL: u32 = 22;
/// Units that may be worked on ahead of the one whose hits go out, per thread.
const AHEAD: usize = 4;

/// What all threads of one search share.
struct Shared<'a> {
    source: &'a dyn Source,
    options: Options<'a>,
    total: u64,
    /// Whether nothing is found among zeros.
    silent: bool,
    done: AtomicU64,
    scanned: AtomicU64,
    stop: AtomicBool,
}

impl Shared<'_> {
    fn stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed) || self.options.interrupt.load(Ordering::Relaxed)
    }

    /// Adds to what all threads count. Not to be called for every page: threads that count the same thing wait for each other.
    fn count(&self, scanned: &mut u64) {
        self.scanned.fetch_add(*scanned, Ordering::Relaxed);
        self.advance(*scanned);
        *scanned = 0;
    }

    fn advance(&self, bytes: u64) {
        let before = self.done.fetch_add(bytes, Ordering::Relaxed);
        let now = before.saturating_add(bytes);
        if before >> TELL != now >> TELL {
            (self.options.progress)(now, self.total);
        }
    }

    /// Works on one unit.
    fn unit(&self, unit: &Unit, resume: &[umem], scan: &mut dyn Scan, out: &mut dyn Out) -> ControlFlow<()> {
        let span = unit.span;
        if self.silent && !self.stopped() {
            let around = Span { first: span.first.saturating_sub(scan.context()), last: span.last.saturating_add(scan.reach()) };
            if self.source.zeros(around) {
                self.count(&mut to_u64(unit.bytes).unwrap_or(u64::MAX));
                return ControlFlow::Continue(());
            }
        }
        let mut out = Checked { shared: self, out };
        scan.begin(span, resume);
        let (mut own, mut uncounted) = (0, 0);
        let from = Span { first: span.first.saturating_sub(scan.context()), last: span.last };
        let flow = self.source.for_each_piece(from, &mut |addr, bytes| {
            let mut at = addr;
            for part in bytes.chunks(PART) {
                if self.stopped() {
                    return ControlFlow::Break(());
                }
                scan.feed(at, part, &mut out)?;
                let len = to_umem(part.len());
                let count = to_u64(len.saturating_sub(span.first.saturating_sub(at))).unwrap_or(0);
                own += count;
                uncounted += count;
                if uncounted >= COUNT {
                    self.count(&mut uncounted);
                }
                at = at.wrapping_add(len);
            }
            ControlFlow::Continue(())
        });
        self.count(&mut uncounted);
        flow?;
        self.beyond(span, scan, &mut out)?;
        scan.end(&mut out)?;
        self.advance(to_u64(unit.bytes).unwrap_or(u64::MAX).saturating_sub(own));
        ControlFlow::Continue(())
    }

    /// What lies behind the unit, as far as the scan needs it.
    fn beyond(&self, span: Span, scan: &mut dyn Scan, out: &mut dyn Out) -> ControlFlow<()> {
        let mut last = span.last;
        loop {
            let more = last.checked_add(1).and_then(|first| {
                let want = scan.wants(last - span.last).checked_sub(1)?;
                Some(Span { first, last: first.saturating_add(want) })
            });
            let Some(more) = more else { return ControlFlow::Continue(()) };
            let mut next = Some(more.first);
            let mut hole = false;
            let flow = self.source.for_each_piece(more, &mut |addr, bytes| {
                if next != Some(addr) || self.stopped() {
                    hole = true;
                    return ControlFlow::Break(());
                }
                next = addr.checked_add(to_umem(bytes.len()));
                scan.feed(addr, bytes, out)
            });
            if hole || next != more.last.checked_add(1) {
                return if self.stopped() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) };
            }
            flow?;
            last = more.last;
        }
    }
}

/// Starts that are tried for [`silent`]: hits begin at multiples of no larger number.
const ALIGN: umem = 64;
/// Scans that look so far around a place are not tried.
const FAR: umem = 16 << 20;

/// Whether `scan` finds nothing among zeros. What begins at a place depends on the bytes that it sees around it, and on the place's
/// alignment.
fn silent(scan: &mut dyn Scan) -> bool {
    struct Any(bool);
    impl Out for Any {
        fn give(&mut self, _: Hit<'_>) -> ControlFlow<()> {
            self.0 = true;
            ControlFlow::Break(())
        }
    }
    let first = scan.context().next_multiple_of(ALIGN);
    let size = first.saturating_add(ALIGN).saturating_add(scan.reach());
    let Some(zeros) = crate::engine::index(size).filter(|_| size <= FAR).map(|n| vec![0; n]) else { return false };
    let mut any = Any(false);
    scan.begin(Span { first, last: first + (ALIGN - 1) }, &[]);
    let flow = scan.feed(0, &zeros, &mut any);
    flow.is_continue() && scan.end(&mut any).is_continue() && !any.0
}

/// Notices an interrupt at every hit too: where each byte is one, a part takes long.
struct Checked<'a, 'b> {
    shared: &'a Shared<'b>,
    out: &'a mut dyn Out,
}

impl Out for Checked<'_, '_> {
    fn give(&mut self, hit: Hit<'_>) -> ControlFlow<()> {
        if self.shared.stopped() {
            return ControlFlow::Break(());
        }
        self.out.give(hit)
    }
}

/// The end of the line: counts, and knows where the last hit ends.
struct Deliver<'a> {
    to: &'a mut Steps<'a>,
    hits: u64,
    max: Option<u64>,
    /// For each part of the needle the end of its last hit, where no other of it may begin before it; otherwise 0.
    resume: Vec<umem>,
    exclusive: &'a [bool],
}

impl Deliver<'_> {
    fn full(&self) -> bool {
        self.max.is_some_and(|m| self.hits >= m)
    }

    fn idle(&mut self) -> ControlFlow<()> {
        (self.to)(Step::Idle)
    }

    /// Where the next hit of a part may begin.
    fn resume(&self, part: u32) -> umem {
        self.resume.get(to_usize(part)).copied().unwrap_or(0)
    }
}

impl Out for Deliver<'_> {
    fn give(&mut self, hit: Hit<'_>) -> ControlFlow<()> {
        let part = to_usize(hit.part);
        if self.exclusive.get(part) == Some(&true)
            && let Some(resume) = self.resume.get_mut(part)
        {
            *resume = hit.addr.saturating_add(hit.len);
        }
        self.hits += 1;
        (self.to)(Step::Found(hit))?;
        if self.full() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }
}

/// Runs scans made by `make` over `units` and gives their hits to `to`. `exclusive`: of these parts, no hit begins inside another
/// of the same part.
pub(super) fn run(
    source: &dyn Source,
    units: &[Unit],
    make: &(dyn Fn() -> Box<dyn Scan> + Sync),
    exclusive: &[bool],
    options: &Options<'_>,
    to: &mut Steps<'_>,
) -> Summary {
    let total = units.iter().fold(0, |sum: umem, u| sum.saturating_add(u.bytes));
    let shared = Shared {
        source,
        options: *options,
        total: to_u64(total).unwrap_or(u64::MAX),
        silent: silent(&mut *make()),
        done: AtomicU64::new(0),
        scanned: AtomicU64::new(0),
        stop: AtomicBool::new(false),
    };
    let mut deliver = Deliver { to, hits: 0, max: options.max_hits, resume: vec![0; exclusive.len()], exclusive };
    let flow = match options.threads_for(source).min(units.len()) {
        _ if deliver.full() => ControlFlow::Break(()),
        0 | 1 => alone(&shared, units, make, &mut deliver),
        n => together(&shared, units, make, n, &mut deliver),
    };
    let scanned_bytes = shared.scanned.load(Ordering::Relaxed);
    // `done` also counts what finished units could not read.
    let missing = shared.done.load(Ordering::Relaxed) - scanned_bytes;
    let truncated_at_max = flow.is_break() && deliver.full();
    if flow.is_continue() {
        (options.progress)(shared.total, shared.total);
    }
    Summary {
        scanned_bytes,
        missing_bytes: umem::from(missing),
        hits: deliver.hits,
        interrupted: flow.is_break() && !truncated_at_max && options.interrupt.load(Ordering::Relaxed),
        truncated_at_max,
    }
}

fn alone(
    shared: &Shared<'_>,
    units: &[Unit],
    make: &(dyn Fn() -> Box<dyn Scan> + Sync),
    deliver: &mut Deliver<'_>,
) -> ControlFlow<()> {
    let mut scan = make();
    for unit in units {
        shared.unit(unit, &deliver.resume.clone(), &mut *scan, deliver)?;
        deliver.idle()?;
    }
    ControlFlow::Continue(())
}

/// Ends all waiting when a thread ends, be it by a panic.
struct StopOnDrop<'a>(&'a Shared<'a>, &'a Queue, bool);

impl Drop for StopOnDrop<'_> {
    fn drop(&mut self) {
        if self.2 {
            self.0.stop.store(true, Ordering::Relaxed);
            self.1.stop();
        }
    }
}

fn together(
    shared: &Shared<'_>,
    units: &[Unit],
    make: &(dyn Fn() -> Box<dyn Scan> + Sync),
    threads: usize,
    deliver: &mut Deliver<'_>,
) -> ControlFlow<()> {
    let queue = Queue::new(units.len(), threads * AHEAD);
    let work = || {
        let mut guard = StopOnDrop(shared, &queue, true);
        let mut scan = make();
        while let Some(i) = queue.take_unit() {
            let Some(unit) = units.get(i) else { break };
            let mut sender = Sender::new(&queue, i);
            // A break ends everything: interrupted, or nobody takes hits any more.
            if shared.unit(unit, &[], &mut *scan, &mut sender).is_break() || sender.flush().is_break() {
                return;
            }
            queue.finish(i);
        }
        guard.2 = false;
    };
    std::thread::scope(|scope| {
        let guard = StopOnDrop(shared, &queue, true);
        let started = (0..threads).filter(|_| std::thread::Builder::new().spawn_scoped(scope, || share(work)).is_ok()).count();
        if started == 0 {
            return alone(shared, units, make, deliver);
        }
        let mut told = Instant::now();
        for unit in units {
            let mut hits = Receiver::new(&queue);
            hand_out(shared, unit, make, &mut hits, deliver)?;
            // Units that take less than that each are not waited for.
            if told.elapsed() >= IDLE {
                deliver.idle()?;
                told = Instant::now();
            }
            if shared.stopped() {
                return ControlFlow::Break(());
            }
        }
        drop(guard);
        ControlFlow::Continue(())
    })
}

/// Hands out the hits of one unit.
///
/// The unit was searched from its beginning, as if no hit of the unit before reached into it. Where one does, hits of the same
/// part that begin in it are dropped; where one of these reaches out of it, the search is done again from there: until both
/// agree, where there is one part, else to the end of the unit.
fn hand_out(
    shared: &Shared<'_>,
    unit: &Unit,
    make: &(dyn Fn() -> Box<dyn Scan> + Sync),
    hits: &mut Receiver<'_>,
    deliver: &mut Deliver<'_>,
) -> ControlFlow<()> {
    loop {
        hits.wait(IDLE, &mut || deliver.idle())?;
        let Some(hit) = hits.peek() else { break };
        if shared.stopped() {
            return ControlFlow::Break(());
        }
        let (addr, part, resume) = (hit.addr, hit.part, deliver.resume(hit.part));
        if addr >= resume {
            deliver.give(hit)?;
            hits.skip();
        } else if addr.saturating_add(hit.len) <= resume || resume > unit.span.last {
            hits.skip();
        } else {
            let quiet = Shared {
                options: Options { progress: &|_, _| (), ..shared.options },
                done: AtomicU64::new(0),
                scanned: AtomicU64::new(0),
                stop: AtomicBool::new(false),
                ..*shared
            };
            let all = deliver.resume.clone();
            if all.len() > 1 {
                let rest = Unit { span: Span { first: addr, ..unit.span }, bytes: 0 };
                quiet.unit(&rest, &all, &mut *make(), &mut Behind { deliver, addr, part })?;
                hits.skip_all();
                break;
            }
            let rest = Unit { span: Span { first: resume, ..unit.span }, bytes: 0 };
            let mut again = Again { hits, deliver, agreed: false };
            let flow = quiet.unit(&rest, &all, &mut *make(), &mut again);
            if !again.agreed {
                flow?;
                hits.skip_all();
            }
        }
    }
    ControlFlow::Continue(())
}

/// Takes the hits of a search done again that come behind one at which the first went wrong.
struct Behind<'a, 'd> {
    deliver: &'a mut Deliver<'d>,
    addr: umem,
    part: u32,
}

impl Out for Behind<'_, '_> {
    fn give(&mut self, hit: Hit<'_>) -> ControlFlow<()> {
        match (hit.addr, hit.part) <= (self.addr, self.part) {
            true => ControlFlow::Continue(()),
            false => self.deliver.give(hit),
        }
    }
}

/// Takes the hits of a search done again, until one is what the first search found too.
struct Again<'a, 'q, 'd> {
    hits: &'a mut Receiver<'q>,
    deliver: &'a mut Deliver<'d>,
    agreed: bool,
}

impl Out for Again<'_, '_, '_> {
    fn give(&mut self, hit: Hit<'_>) -> ControlFlow<()> {
        while self.hits.peek().is_some_and(|h| h.addr < hit.addr) {
            self.hits.skip();
        }
        if self.hits.peek().is_some_and(|h| (h.addr, h.len) == (hit.addr, hit.len)) {
            self.agreed = true;
            return ControlFlow::Break(());
        }
        self.deliver.give(hit)
    }
}
