//! Looking for a needle in one unit.

use super::needle::{Form, Needle};
use super::span::Span;
use super::stitch::{Stitch, Window};
use crate::engine::{index, to_umem};
use memsh_plugin::umem;
use std::ops::{ControlFlow, Range};

/// How what was found is written in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Text, one byte per ASCII character.
    Text,
    /// UTF-16, low byte first.
    Utf16,
    /// Given bytes.
    Bytes,
    /// What a regex matches.
    Regex,
}

/// Something found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hit<'a> {
    /// Address of its first byte.
    pub addr: umem,
    /// Bytes that it takes in the target.
    pub len: umem,
    /// How it is written.
    pub kind: Kind,
    /// For a needle: the matching bytes, the first 256 at most. For a string: its characters, all of them ASCII.
    pub bytes: &'a [u8],
    /// For a string: it goes on behind, and the next hit has the continuation.
    pub cut: bool,
}

/// Bytes of a match that a hit carries.
const HIT_BYTES: usize = 256;

/// Where hits go.
pub(super) trait Out {
    fn give(&mut self, hit: Hit<'_>) -> ControlFlow<()>;
}

/// What is done to the pieces of a unit.
pub(super) trait Scan {
    /// Bytes before the unit that it must see.
    fn context(&self) -> umem;
    /// Begins a unit: what is found in `unit`, and not before `resume`, is given out.
    fn begin(&mut self, unit: Span, resume: umem);
    /// The next bytes. Where `addr` does not follow on the bytes before, there is a hole between.
    fn feed(&mut self, addr: umem, bytes: &[u8], out: &mut dyn Out) -> ControlFlow<()>;
    /// How many more bytes it must see, having seen `beyond` bytes behind the unit.
    fn wants(&self, beyond: umem) -> umem;
    /// Ends the unit.
    fn end(&mut self, out: &mut dyn Out) -> ControlFlow<()>;
}

/// Looks for a needle.
pub(super) struct NeedleScan {
    stitch: Stitch,
    seek: Seek,
}

struct Seek {
    needle: Needle,
    unit: Span,
    /// A regex goes on here.
    resume: umem,
}

impl NeedleScan {
    pub(super) fn new(needle: &Needle) -> Self {
        // A clone of a regex has scratch space of its own: threads that share one wait for each other.
        let seek = Seek { needle: needle.clone(), unit: Span { first: 0, last: 0 }, resume: 0 };
        Self { stitch: Stitch::new(needle.reach() - 1, needle.context()), seek }
    }
}

impl Scan for NeedleScan {
    fn context(&self) -> umem {
        to_umem(self.seek.needle.context())
    }

    fn begin(&mut self, unit: Span, resume: umem) {
        self.stitch.reset();
        self.seek.unit = unit;
        self.seek.resume = resume;
    }

    fn feed(&mut self, addr: umem, bytes: &[u8], out: &mut dyn Out) -> ControlFlow<()> {
        let seek = &mut self.seek;
        self.stitch.feed(addr, bytes, &mut |w| seek.window(w, out))
    }

    fn wants(&self, beyond: umem) -> umem {
        to_umem(self.seek.needle.reach() - 1).saturating_sub(beyond)
    }

    fn end(&mut self, out: &mut dyn Out) -> ControlFlow<()> {
        let seek = &mut self.seek;
        self.stitch.flush(&mut |w| seek.window(w, out))
    }
}

impl Seek {
    /// The starts of `window` that belong to the unit and are not behind us.
    fn own(&self, window: &Window<'_>) -> Option<Range<usize>> {
        let first = self.unit.first.max(self.resume);
        let skip = index(first.saturating_sub(window.addr))?;
        let stop = index(self.unit.last.checked_sub(window.addr)?).map_or(usize::MAX, |n| n.saturating_add(1));
        let own = window.starts.start.max(skip)..window.starts.end.min(stop);
        (own.start < own.end).then_some(own)
    }

    fn window(&mut self, window: Window<'_>, out: &mut dyn Out) -> ControlFlow<()> {
        let Some(own) = self.own(&window) else { return ControlFlow::Continue(()) };
        let mut give = |kind, at: Range<usize>| {
            let bytes = window.hay.get(at.start..at.end.min(at.start + HIT_BYTES)).unwrap_or_default();
            out.give(Hit { addr: window.addr + to_umem(at.start), len: to_umem(at.len()), kind, bytes, cut: false })
        };
        match &self.needle.0 {
            Form::Patterns(patterns) => {
                // One pattern is the usual case, and a window may be as short as the border of two pages.
                if let [(kind, pattern)] = patterns.as_slice() {
                    let hay = window.hay.get(..own.end + pattern.len() - 1).unwrap_or(window.hay);
                    let mut at = own.start;
                    while let Some(start) = pattern.find(hay, at) {
                        give(*kind, start..start + pattern.len())?;
                        at = start + 1;
                    }
                    return ControlFlow::Continue(());
                }
                let mut nexts: Vec<_> = patterns
                    .iter()
                    .filter_map(|(kind, pattern)| {
                        // No further than the last start may reach.
                        let hay = window.hay.get(..window.hay.len().min(own.end + pattern.len() - 1))?;
                        Some((pattern.find(hay, own.start)?, *kind, pattern, hay))
                    })
                    .collect();
                while let Some(i) = nexts.iter().enumerate().min_by_key(|(_, n)| n.0).map(|(i, _)| i) {
                    let Some(next) = nexts.get_mut(i) else { break };
                    give(next.1, next.0..next.0 + next.2.len())?;
                    match next.2.find(next.3, next.0 + 1) {
                        Some(at) => next.0 = at,
                        None => drop(nexts.swap_remove(i)),
                    }
                }
            }
            Form::Regex(regex) => {
                let mut at = own.start;
                while at < own.end {
                    let Some(m) = regex.find_at(window.hay, at).filter(|m| m.start() < own.end) else { break };
                    if m.is_empty() {
                        at = m.end() + 1;
                        continue;
                    }
                    at = m.end();
                    self.resume = (window.addr + to_umem(m.start())).saturating_add(to_umem(m.len()));
                    give(Kind::Regex, m.range())?;
                }
            }
        }
        ControlFlow::Continue(())
    }
}
