//! Looking for a needle in one unit.

use super::charset::Charset;
use super::needle::{Form, Needle};
use super::number::NumberType;
use super::span::Span;
use super::stitch::{Stitch, Window};
use super::store::to_usize;
use crate::engine::{index, to_umem};
use memsh_plugin::umem;
use std::fmt;
use std::ops::{ControlFlow, Range};

/// How what was found is written in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Text, one byte per ASCII character.
    Text,
    /// UTF-16, low byte first.
    Utf16,
    /// UTF-16, high byte first.
    Utf16Be,
    /// Text in another encoding.
    Encoded(Charset),
    /// A number.
    Number(NumberType),
    /// A word that points to what was asked for.
    Pointer,
    /// A GUID's bytes.
    Guid,
    /// Given bytes.
    Bytes,
    /// What a regex matches.
    Regex,
}

impl Kind {
    /// The encoding of what is text.
    pub fn charset(self) -> Option<Charset> {
        match self {
            Self::Text => Some(Charset::Utf8),
            Self::Utf16 => Some(Charset::Utf16),
            Self::Utf16Be => Some(Charset::Utf16Be),
            Self::Encoded(charset) => Some(charset),
            _ => None,
        }
    }
}

impl From<Charset> for Kind {
    fn from(charset: Charset) -> Self {
        match charset {
            Charset::Utf8 => Self::Text,
            Charset::Utf16 => Self::Utf16,
            Charset::Utf16Be => Self::Utf16Be,
            other => Self::Encoded(other),
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bytes => f.write_str("bytes"),
            Self::Regex => f.write_str("regex"),
            Self::Pointer => f.write_str("pointer"),
            Self::Guid => f.write_str("guid"),
            Self::Number(of) => of.fmt(f),
            text => text.charset().map_or(Ok(()), |c| c.fmt(f)),
        }
    }
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
    /// Which needle, in the order in which they were given, from 0.
    pub needle: u32,
    /// Which part of the needle's.
    pub(super) part: u32,
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
    /// How many bytes behind its first may decide whether a hit begins at a place.
    fn reach(&self) -> umem;
    /// Begins a unit: what is found in `unit` is given out, of a part (by its number) not before its `resume`.
    fn begin(&mut self, unit: Span, resume: &[umem]);
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
    /// A regex goes on here, and what it found ahead of there in this window.
    regexes: Vec<Ahead>,
    /// What was found in a block, and room for [`Form::Many`].
    found: Vec<Found>,
    room: Vec<(usize, u32)>,
}

/// How far a part that hides what begins in its hits has come.
#[derive(Clone, Copy, Default)]
struct Ahead {
    /// It goes on here.
    resume: umem,
    /// In this window it was looked for up to this match, which was not given out yet.
    next: Option<(usize, usize)>,
}

/// Ordered as hits are.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Found {
    start: usize,
    part: u32,
    item: u32,
    len: usize,
}

/// Starts looked at by one part before the next looks at them, where there are several: so the bytes come from the cache.
const BLOCK: usize = 64 << 10;

impl NeedleScan {
    pub(super) fn new(needle: &Needle) -> Self {
        // A clone of a regex has scratch space of its own: threads that share one wait for each other.
        let regexes = vec![Ahead::default(); needle.parts.len()];
        let unit = Span { first: 0, last: 0 };
        let seek = Seek { needle: needle.clone(), unit, regexes, found: Vec::new(), room: Vec::new() };
        Self { stitch: Stitch::new(needle.reach() - 1, needle.context()), seek }
    }
}

impl Scan for NeedleScan {
    fn context(&self) -> umem {
        to_umem(self.seek.needle.context())
    }

    fn reach(&self) -> umem {
        to_umem(self.seek.needle.reach() - 1)
    }

    fn begin(&mut self, unit: Span, resume: &[umem]) {
        self.stitch.reset();
        self.seek.unit = unit;
        let all = resume.iter().copied().chain(std::iter::repeat(0));
        self.seek.regexes.iter_mut().zip(all).for_each(|(r, resume)| *r = Ahead { resume, next: None });
    }

    fn feed(&mut self, addr: umem, bytes: &[u8], out: &mut dyn Out) -> ControlFlow<()> {
        let seek = &mut self.seek;
        self.stitch.feed(addr, bytes, &mut |w| seek.window(w, out))
    }

    fn wants(&self, beyond: umem) -> umem {
        self.reach().saturating_sub(beyond)
    }

    fn end(&mut self, out: &mut dyn Out) -> ControlFlow<()> {
        let seek = &mut self.seek;
        self.stitch.flush(&mut |w| seek.window(w, out))
    }
}

impl Seek {
    /// The starts of `window` that belong to the unit.
    fn own(&self, window: &Window<'_>) -> Option<Range<usize>> {
        let skip = index(self.unit.first.saturating_sub(window.addr))?;
        let stop = index(self.unit.last.checked_sub(window.addr)?).map_or(usize::MAX, |n| n.saturating_add(1));
        let own = window.starts.start.max(skip)..window.starts.end.min(stop);
        (own.start < own.end).then_some(own)
    }

    fn window(&mut self, window: Window<'_>, out: &mut dyn Out) -> ControlFlow<()> {
        let Some(own) = self.own(&window) else { return ControlFlow::Continue(()) };
        let parts = &self.needle.parts;
        let mut give = |found: &Found| {
            let bytes = window.hay.get(found.start..found.start + found.len.min(HIT_BYTES)).unwrap_or_default();
            let part = parts.get(to_usize(found.part));
            let (kind, needle) = match part.map(|p| (&p.form, p.needle)) {
                Some((Form::Many(many), _)) => {
                    many.store().get(to_usize(found.item)).map_or((Kind::Bytes, 0), |p| (p.kind, p.needle))
                }
                Some((
                    Form::Pattern(kind, _) | Form::Sequence(kind, _) | Form::Values(kind, _) | Form::Regex(kind, _),
                    needle,
                )) => (*kind, needle),
                None => (Kind::Bytes, 0),
            };
            let (addr, len) = (window.addr + to_umem(found.start), to_umem(found.len));
            out.give(Hit { addr, len, kind, needle, part: found.part, bytes, cut: false })
        };
        self.regexes.iter_mut().for_each(|r| r.next = None);
        // One part is the usual case, and a window may be as short as the border of two pages.
        if let ([part], [ahead]) = (parts.as_slice(), self.regexes.as_mut_slice()) {
            return each(&part.form, ahead, &window, own, &mut self.room, &mut |start, len, item| {
                give(&Found { start, part: 0, item, len })
            });
        }
        // The more there is to find at each place, the fewer places, so that what waits stays little.
        let block = (8 * BLOCK / parts.len().max(8)).max(1024);
        let mut from = own.start;
        while from < own.end {
            let starts = from..own.end.min(from + block);
            self.found.clear();
            for ((part, number), ahead) in parts.iter().zip(0_u32..).zip(&mut self.regexes) {
                let found = &mut self.found;
                // Nothing breaks here.
                let _ = each(&part.form, ahead, &window, starts.clone(), &mut self.room, &mut |start, len, item| {
                    found.push(Found { start, part: number, item, len });
                    ControlFlow::Continue(())
                });
            }
            self.found.sort_unstable();
            self.found.iter().try_for_each(&mut give)?;
            from = starts.end;
        }
        ControlFlow::Continue(())
    }
}

/// Gives what of a part begins at one of `starts`, ascending: where, how long, and which of several patterns.
fn each(
    form: &Form,
    ahead: &mut Ahead,
    window: &Window<'_>,
    starts: Range<usize>,
    room: &mut Vec<(usize, u32)>,
    give: &mut dyn FnMut(usize, usize, u32) -> ControlFlow<()>,
) -> ControlFlow<()> {
    match form {
        Form::Pattern(_, pattern) => {
            // No further than the last start may reach.
            let hay = window.hay.get(..starts.end + pattern.len() - 1).unwrap_or(window.hay);
            let mut at = starts.start;
            while let Some(start) = pattern.find(hay, at) {
                give(start, pattern.len(), 0)?;
                at = start + 1;
            }
            ControlFlow::Continue(())
        }
        Form::Sequence(_, sequence) => sequence.each(window.hay, starts, &mut |start, len| give(start, len, 0)),
        Form::Values(_, values) => values.each(window.hay, window.addr, starts, &mut |start, len| give(start, len, 0)),
        Form::Many(many) => many.each(window.hay, window.addr, starts, room, give),
        Form::Regex(_, regex) => {
            let resume = index(ahead.resume.saturating_sub(window.addr)).unwrap_or(usize::MAX);
            let mut at = starts.start.max(resume);
            while at < starts.end {
                let next = match ahead.next.take() {
                    Some(next) => next,
                    // Nothing to the end is a match that no start reaches.
                    None => regex.find_at(window.hay, at).map_or((usize::MAX, 0), |m| (m.start(), m.len())),
                };
                let (start, len) = next;
                if start >= starts.end {
                    ahead.next = Some(next);
                    break;
                }
                if len == 0 {
                    at = start + 1;
                    continue;
                }
                at = start + len;
                ahead.resume = (window.addr + to_umem(start)).saturating_add(to_umem(len));
                give(start, len, 0)?;
            }
            ControlFlow::Continue(())
        }
    }
}
