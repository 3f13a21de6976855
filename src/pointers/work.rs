//! A space in parts, taken by a few threads one after the other.

use crate::engine::search::{Options, Source, Span};
use crate::engine::to_u64;
use memsh_plugin::umem;
use std::ops::ControlFlow;
use std::panic::resume_unwind;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// Bytes of a part: enough to pay for a lock, few enough that threads end at nearly the same time. Tests have borders everywhere.
const UNIT: umem = if cfg!(test) { 1 << 9 } else { 4 << 20 };
/// Pieces are handed on in parts of this size, so that an interrupt is noticed and what is looked at twice is still in the cache.
const PART: usize = if cfg!(test) { 200 } else { 128 << 10 };

/// How a pass over a space went.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Scanned {
    /// Bytes read.
    pub bytes: u64,
    /// Bytes that the space lists and that could not be read.
    pub missing: u64,
    /// It was ended before its end, by [`Options::interrupt`].
    pub interrupted: bool,
}

/// Cuts spans into units, as they are asked for: a hostile space may list more units than memory can hold.
struct Cutter {
    spans: std::vec::IntoIter<Span>,
    rest: Option<Span>,
}

impl Iterator for Cutter {
    /// A unit, and how many bytes the space lists in it.
    type Item = (Span, umem);

    fn next(&mut self) -> Option<Self::Item> {
        let mut unit: Option<(Span, umem)> = None;
        while let Some(span) = self.rest.take().or_else(|| self.spans.next()) {
            let room = UNIT - unit.map_or(0, |u| u.1);
            let last = if span.last - span.first < room { span.last } else { span.first + (room - 1) };
            let (whole, bytes) = unit.get_or_insert((Span { first: span.first, last }, 0));
            whole.last = last;
            *bytes += last - span.first + 1;
            if last < span.last {
                self.rest = Some(Span { first: last + 1, last: span.last });
            }
            if *bytes >= UNIT {
                break;
            }
        }
        unit
    }
}

/// What a thread does with a piece: its state, the part, the piece's address and bytes.
type Work<'w, S> = dyn Fn(&mut S, Span, umem, &[u8]) -> ControlFlow<()> + Sync + 'w;

/// Runs `work` over every part of `source`: with the thread's own state, the part's addresses, and a piece of it with its address.
/// Pieces begin `around.0` bytes before the part, for what can't be understood without, and end `around.1` bytes behind it: what begins
/// in the part may end there. `begin` is called before the first piece of each part.
pub fn each_piece<S: Send>(
    source: &dyn Source,
    options: &Options<'_>,
    around: (umem, umem),
    make: &(dyn Fn() -> S + Sync),
    begin: &(dyn Fn(&mut S) + Sync),
    work: &Work<'_, S>,
) -> (Vec<S>, Scanned) {
    let spans: Vec<Span> = source.spans().collect();
    let total = spans.iter().fold(0u64, |sum, s| sum.saturating_add(to_u64(s.bytes()).unwrap_or(u64::MAX)));
    let units = Mutex::new(Cutter { spans: spans.into_iter(), rest: None });
    let (done, read, missing, stop) = (AtomicU64::new(0), AtomicU64::new(0), AtomicU64::new(0), AtomicBool::new(false));
    let one = || {
        let mut state = make();
        while let Some((span, bytes)) = units.lock().ok().and_then(|mut u| u.next()) {
            let listed = to_u64(bytes).unwrap_or(u64::MAX);
            let mut seen = 0u64;
            begin(&mut state);
            let wider = Span { first: span.first.saturating_sub(around.0), last: span.last.saturating_add(around.1) };
            let flow = source.for_each_piece(wider, &mut |at, piece| {
                let mut at = at;
                for part in piece.chunks(PART) {
                    if stop.load(Ordering::Relaxed) || options.interrupt.load(Ordering::Relaxed) {
                        return ControlFlow::Break(());
                    }
                    let len = crate::engine::to_umem(part.len());
                    let own = Span::new(at, len).and_then(|s| s.meet(span));
                    seen += own.and_then(|s| to_u64(s.bytes())).unwrap_or(0);
                    work(&mut state, span, at, part)?;
                    at = at.saturating_add(len);
                }
                ControlFlow::Continue(())
            });
            let seen = seen.min(listed);
            read.fetch_add(seen, Ordering::Relaxed);
            if flow.is_break() {
                stop.store(true, Ordering::Relaxed);
                break;
            }
            missing.fetch_add(listed - seen, Ordering::Relaxed);
            let now = done.fetch_add(listed, Ordering::Relaxed).saturating_add(listed);
            (options.progress)(now, total);
        }
        state
    };
    let states = std::thread::scope(|scope| {
        let started: Vec<_> =
            (1..options.threads_for(source)).filter_map(|_| std::thread::Builder::new().spawn_scoped(scope, one).ok()).collect();
        let mut states = vec![one()];
        states.extend(started.into_iter().map(|t| t.join().unwrap_or_else(|e| resume_unwind(e))));
        states
    });
    let interrupted = options.interrupt.load(Ordering::Relaxed) && stop.load(Ordering::Relaxed);
    (states, Scanned { bytes: read.into_inner(), missing: missing.into_inner(), interrupted })
}
