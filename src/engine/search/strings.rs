//! Printable text, whatever it says.

use super::marks::{Marks, printable};
use super::scan::{Hit, Kind, Out, Scan};
use super::span::Span;
use crate::engine::to_umem;
use memsh_plugin::umem;
use std::ops::{ControlFlow, Range};

/// Which strings are wanted.
#[derive(Clone, Copy, Debug)]
pub struct StringsOptions {
    /// Shortest string, in characters. Below 2 counts as 2.
    pub min_chars: usize,
    /// Longest string, in characters. A longer one is given in parts, all but the last marked as cut.
    pub max_chars: usize,
    /// One byte per character.
    pub ascii: bool,
    /// UTF-16, low byte first, ASCII characters only.
    pub utf16: bool,
}

impl Default for StringsOptions {
    fn default() -> Self {
        Self { min_chars: 4, max_chars: 4096, ascii: true, utf16: true }
    }
}

/// Bytes worked on at once: both encodings go over them while they are in the cache.
const BLOCK: usize = 64 << 10;
/// Bytes asked for when a string runs out of its unit.
const MORE: umem = 64 << 10;

/// A run of characters that is still going on.
struct Run {
    /// Where all of it began: says to which unit it belongs.
    start: umem,
    /// Where this part of it began.
    addr: umem,
    text: Vec<u8>,
    open: bool,
}

/// A finished string; its text lies in [`Found::text`].
struct Item {
    addr: umem,
    len: umem,
    kind: Kind,
    cut: bool,
    text: Range<usize>,
}

#[derive(Default)]
struct Found {
    items: Vec<Item>,
    text: Vec<u8>,
}

impl Found {
    fn push(&mut self, addr: umem, kind: Kind, text: &[u8], width: usize, cut: bool) {
        let start = self.text.len();
        self.text.extend_from_slice(text);
        self.items.push(Item { addr, len: to_umem(text.len() * width), kind, cut, text: start..self.text.len() });
    }
}

/// One encoding's view of the bytes.
struct Reader {
    kind: Kind,
    min: usize,
    max: usize,
    run: Run,
    /// UTF-16: the last byte fed may be the first half of a character.
    half: Option<u8>,
    /// ASCII: which bytes of the block are printable.
    marks: Marks,
}

/// Looks for strings.
pub(super) struct StringScan {
    readers: Vec<Reader>,
    found: Found,
    unit: Span,
    next: Option<umem>,
}

impl StringScan {
    pub(super) fn new(options: &StringsOptions) -> Self {
        let min = options.min_chars.max(2);
        let reader = |kind| Reader {
            kind,
            min,
            max: options.max_chars.max(min),
            run: Run { start: 0, addr: 0, text: Vec::new(), open: false },
            half: None,
            marks: Marks::default(),
        };
        let readers = [(options.ascii, Kind::Text), (options.utf16, Kind::Utf16)];
        Self {
            readers: readers.into_iter().filter(|r| r.0).map(|r| reader(r.1)).collect(),
            found: Found::default(),
            unit: Span { first: 0, last: 0 },
            next: None,
        }
    }

    fn close(&mut self) {
        for reader in &mut self.readers {
            reader.half = None;
            reader.close(self.unit, &mut self.found);
        }
    }

    /// Gives out what nothing that is still open can precede.
    fn give(&mut self, out: &mut dyn Out) -> ControlFlow<()> {
        if self.found.items.is_empty() {
            return ControlFlow::Continue(());
        }
        let open = self.readers.iter().filter(|r| r.run.open).map(|r| r.run.addr).min();
        self.found.items.sort_by_key(|i| i.addr);
        let ready = open.map_or(self.found.items.len(), |open| self.found.items.partition_point(|i| i.addr < open));
        for item in self.found.items.drain(..ready) {
            let bytes = self.found.text.get(item.text).unwrap_or_default();
            let Item { addr, len, kind, cut, .. } = item;
            out.give(Hit { addr, len, kind, needle: 0, part: 0, bytes, cut })?;
        }
        let mut text = Vec::new();
        for item in &mut self.found.items {
            let start = text.len();
            text.extend_from_slice(self.found.text.get(item.text.clone()).unwrap_or_default());
            item.text = start..text.len();
        }
        if text.is_empty() {
            self.found.text.clear();
        } else {
            self.found.text = text;
        }
        ControlFlow::Continue(())
    }
}

impl Scan for StringScan {
    fn context(&self) -> umem {
        // One character: whether a string goes on here or begins.
        2
    }

    fn reach(&self) -> umem {
        // The second byte of its first character.
        1
    }

    fn begin(&mut self, unit: Span, _resume: &[umem]) {
        self.unit = unit;
        self.next = None;
        self.found = Found::default();
        for reader in &mut self.readers {
            reader.run.open = false;
            reader.half = None;
        }
    }

    fn feed(&mut self, addr: umem, bytes: &[u8], out: &mut dyn Out) -> ControlFlow<()> {
        if self.next != Some(addr) {
            self.close();
        }
        self.next = addr.checked_add(to_umem(bytes.len()));
        let mut at = addr;
        for block in bytes.chunks(BLOCK) {
            for reader in &mut self.readers {
                match reader.kind {
                    Kind::Utf16 => reader.feed_utf16(at, block, self.unit, &mut self.found),
                    _ => reader.feed_ascii(at, block, self.unit, &mut self.found),
                }
            }
            self.give(out)?;
            at = at.wrapping_add(to_umem(block.len()));
        }
        ControlFlow::Continue(())
    }

    fn wants(&self, _beyond: umem) -> umem {
        // The last byte of the unit may begin a character of which only the first half was seen.
        let own = |r: &Reader| r.half.is_some() && !r.run.open || r.run.open && self.unit.holds(r.run.start);
        let last = self.next.is_none_or(|n| n - 1 <= self.unit.last);
        match self.readers.iter().any(|r| own(r) && (last || r.run.open)) {
            true => MORE,
            false => 0,
        }
    }

    fn end(&mut self, out: &mut dyn Out) -> ControlFlow<()> {
        self.close();
        self.give(out)
    }
}

impl Reader {
    const fn width(&self) -> usize {
        match self.kind {
            Kind::Utf16 => 2,
            _ => 1,
        }
    }

    fn open(&mut self, addr: umem) {
        self.run.start = addr;
        self.run.addr = addr;
        self.run.text.clear();
        self.run.open = true;
    }

    /// Adds characters to the open run, giving out each part that is full.
    fn extend(&mut self, mut text: &[u8], unit: Span, found: &mut Found) {
        while !text.is_empty() {
            if self.run.text.len() >= self.max {
                self.emit(true, unit, found);
                self.run.addr = self.run.addr.wrapping_add(to_umem(self.max * self.width()));
                self.run.text.clear();
            }
            let (now, later) = text.split_at_checked(self.max - self.run.text.len()).unwrap_or((text, &[]));
            self.run.text.extend_from_slice(now);
            text = later;
        }
    }

    fn close(&mut self, unit: Span, found: &mut Found) {
        let continued = self.run.addr != self.run.start;
        if self.run.open && (continued || self.run.text.len() >= self.min) {
            self.emit(false, unit, found);
        }
        self.run.open = false;
    }

    fn emit(&mut self, cut: bool, unit: Span, found: &mut Found) {
        if !unit.holds(self.run.start) {
            return;
        }
        found.push(self.run.addr, self.kind, &self.run.text, self.width(), cut);
    }

    fn feed_ascii(&mut self, addr: umem, bytes: &[u8], unit: Span, found: &mut Found) {
        self.marks.fill(bytes);
        let mut i = 0;
        if self.run.open {
            i = self.marks.end(0);
            self.extend(bytes.get(..i).unwrap_or_default(), unit, found);
            if i >= bytes.len() {
                return;
            }
            self.close(unit, found);
        }
        while let Some((start, end)) = self.marks.run(i, self.min) {
            let text = bytes.get(start..end).unwrap_or_default();
            let at = addr.wrapping_add(to_umem(start));
            i = end;
            if end < bytes.len() && text.len() <= self.max {
                // All of it lies in this block: no need to collect it first.
                if unit.holds(at) {
                    found.push(at, self.kind, text, 1, false);
                }
                continue;
            }
            self.open(at);
            self.extend(text, unit, found);
            if end >= bytes.len() {
                return;
            }
            self.close(unit, found);
        }
    }

    fn feed_utf16(&mut self, addr: umem, bytes: &[u8], unit: Span, found: &mut Found) {
        let mut i = 0;
        if let Some(half) = self.half.take() {
            if bytes.first() == Some(&0) {
                if !self.run.open {
                    self.open(addr.wrapping_sub(1));
                }
                self.extend(&[half], unit, found);
                i = 1;
            } else {
                self.close(unit, found);
            }
        }
        loop {
            if self.run.open {
                while char_at(bytes, i) {
                    self.extend(bytes.get(i..i + 1).unwrap_or_default(), unit, found);
                    i += 2;
                }
                match bytes.get(i..) {
                    None | Some([]) => return,
                    Some(&[last]) if printable(last) => {
                        self.half = Some(last);
                        return;
                    }
                    _ => self.close(unit, found),
                }
            }
            match next_utf16(bytes, i, self.min) {
                Some(start) => {
                    self.open(addr.wrapping_add(to_umem(start)));
                    i = start;
                }
                None => {
                    self.half = bytes.get(i..).and_then(<[u8]>::last).copied().filter(|b| printable(*b));
                    return;
                }
            }
        }
    }
}

fn print_at(bytes: &[u8], i: usize) -> bool {
    bytes.get(i).is_some_and(|b| printable(*b))
}

fn char_at(bytes: &[u8], i: usize) -> bool {
    matches!(bytes.get(i..), Some([b, 0, ..]) if printable(*b))
}

/// The first run from `i` of at least `min` characters, or the one that touches the end (with whole characters). A run takes
/// `2 * min` bytes, any two neighbours of which are a character's or its mirror image: looking at one pair in `2 * min - 1`
/// misses none.
fn next_utf16(bytes: &[u8], i: usize, min: usize) -> Option<usize> {
    let mut floor = i;
    let mut probe = i + 2 * min - 2;
    while let Some(&[a, b]) = bytes.get(probe..probe + 2) {
        let first = match (a, b) {
            (p, 0) if printable(p) => probe,
            (0, p) if printable(p) && probe > floor && print_at(bytes, probe - 1) => probe - 1,
            (0, p) if printable(p) => probe + 1,
            _ => {
                probe += 2 * min - 1;
                continue;
            }
        };
        let mut start = first;
        while start >= floor + 2 && char_at(bytes, start - 2) {
            start -= 2;
        }
        let mut end = first;
        while (end - start) / 2 < min && char_at(bytes, end) {
            end += 2;
        }
        let touches = end >= bytes.len() || end + 1 == bytes.len() && print_at(bytes, end);
        if (end - start) / 2 >= min || touches && end > start {
            return Some(start);
        }
        floor = end;
        probe = (end + 2 * min - 2).max(probe + 1);
    }
    let tail = bytes.len() - usize::from(bytes.len() > floor && print_at(bytes, bytes.len() - 1));
    let mut start = tail;
    while start >= floor + 2 && char_at(bytes, start - 2) {
        start -= 2;
    }
    (start < tail).then_some(start)
}
