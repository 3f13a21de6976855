//! What users typed: the history that bash and other programs with GNU readline keep in their memory.
//!
//! readline keeps an array of pointers to `HIST_ENTRY` (line, timestamp, data: three pointers), in the order of the commands. A
//! timestamp is a text: one character (`history_comment_char`: `#` in bash, NUL where the program sets none) and the seconds since
//! 1970. Entries are found by their timestamps, the array by its entries. Entries that no array leads to any more were removed
//! (`history -d`, `history -c`).

use super::task::Task;
use crate::engine::{AddressSpace, ViewExt, index, to_u64};
use crate::os::linux::base::kernel::{Kernel, failed};
use crate::os::linux::base::lost::Lost;
use crate::os::linux::memory::mm::Vma;
use memsh_plugin::{ApiError, Listing, Status, UnixNanos, VirtAddr, umem};
use std::collections::{BTreeMap, HashSet};
use std::ops::ControlFlow;

/// Memory is looked through in pieces of so many bytes.
const PIECE: u64 = 1 << 20;
/// More timestamps are no history: HISTSIZE is 500 unless somebody raises it.
const MOST: usize = 1 << 20;
/// A line longer than this is cut.
const LINE: usize = 1 << 16;
/// Digits of seconds since 1970: from 1973 to 5138.
const DIGITS: std::ops::RangeInclusive<usize> = 9..=11;
/// include/linux/mm.h: `VM_WRITE`, `VM_SHARED`, `VM_IO`, `VM_PFNMAP`.
const WRITE: u64 = 2;
const FOREIGN: u64 = 0x8 | 0x4000 | 0x400;

/// A command that somebody entered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its place in the program's list, from 1; none for one that is in no list any more.
    pub position: Option<u64>,
    /// When; none where the entry has no timestamp or it can't be read.
    pub time: Option<UnixNanos>,
    /// The line; none where it is not in the image.
    pub line: Option<Vec<u8>>,
    /// Where the entry lies.
    pub address: VirtAddr,
}

/// The history of the process whose `task_struct` lies at `task`: its list in order, then what was removed from it by time.
/// `go_on` is asked now and then; when it says no, nothing is found.
///
/// # Errors
/// When no task can be read there.
pub fn history(kernel: &Kernel, task: VirtAddr, go_on: &dyn Fn() -> bool) -> Result<Listing<Entry>, ApiError> {
    let mut lost = Lost::default();
    let task = Task::read(kernel, task, &mut lost)
        .ok_or_else(|| failed(Status::MISSING, format!("can't read a task_struct at {task}: not in the image, or no task")))?;
    let Some(mm) = task.mm(kernel, &mut lost) else { return Ok(lost.listing(Vec::new())) };
    let word = if mm.is_ia32(kernel) { 4 } else { u64::from(kernel.view().view_metadata().pointer_size) };
    let space = task.space(kernel);
    let regions = mm.regions(kernel, &mut lost);
    let search = Search { space: &space, word, parts: parts(&space, &regions), go_on };
    let items = search.entries(&format!("history of process {}", task.tgid(kernel).unwrap_or(0)), &mut lost);
    Ok(lost.listing(items))
}

/// The parts of private writable regions that are there, as first and last address.
fn parts(space: &AddressSpace, regions: &[Vma]) -> Vec<(u64, u64)> {
    let mut out: Vec<(u64, u64)> = Vec::new();
    for r in regions.iter().filter(|r| r.flags & WRITE != 0 && r.flags & FOREIGN == 0) {
        let at = |n: u64| VirtAddr::new(umem::from(n));
        space.runs(at(r.start), at(r.end - 1), &mut |runs| {
            for run in runs {
                let (Some(start), Some(size)) = (to_u64(run.virt.value()), to_u64(run.size)) else { continue };
                let (start, end) = (start.max(r.start), start.saturating_add(size).min(r.end));
                match out.last_mut() {
                    _ if start >= end => {}
                    Some(last) if last.1 == start => last.1 = end,
                    _ => out.push((start, end)),
                }
            }
            ControlFlow::Continue(())
        });
    }
    out
}

struct Search<'a> {
    space: &'a AddressSpace,
    word: u64,
    parts: Vec<(u64, u64)>,
    go_on: &'a dyn Fn() -> bool,
}

/// An entry as it lies there.
#[derive(Clone, Copy, Debug)]
struct Raw {
    line: u64,
    stamp: u64,
}

impl Search<'_> {
    fn entries(&self, what: &str, lost: &mut Lost) -> Vec<Entry> {
        let stamps = self.stamps();
        if stamps.is_empty() {
            return Vec::new();
        }
        let found = self.pointing_to(&stamps.keys().copied().collect());
        // The timestamp is the second of three pointers.
        let candidates: HashSet<u64> = found.iter().filter_map(|(at, _)| at.checked_sub(self.word)).collect();
        let entries: HashSet<u64> =
            candidates.into_iter().filter(|at| self.entry(*at).is_some_and(|raw| self.is_text(raw.line))).collect();
        if entries.is_empty() {
            return Vec::new();
        }
        let list = self.list(&self.pointing_to(&entries), &entries);
        let mut out = Vec::new();
        let mut missing = 0u64;
        for (position, at) in (1u64..).zip(&list) {
            let entry = self.told(*at, Some(position), &stamps);
            missing += u64::from(entry.line.is_none());
            out.push(entry);
        }
        if missing > 0 {
            lost.push(format!("{what}: {missing} lines are not in the image"));
        }
        let listed: HashSet<u64> = list.into_iter().collect();
        // What was removed may have been given to something else since: then its line begins with a pointer of `malloc`.
        let whole = |e: &Entry| e.line.as_ref().is_some_and(|l| std::str::from_utf8(l).is_ok());
        let mut removed: Vec<Entry> = entries.difference(&listed).map(|at| self.told(*at, None, &stamps)).filter(whole).collect();
        removed.sort_by_key(|e| (e.time, e.address));
        out.extend(removed);
        out
    }

    fn told(&self, at: u64, position: Option<u64>, stamps: &BTreeMap<u64, u64>) -> Entry {
        let raw = self.entry(at);
        let seconds = raw.and_then(|r| stamps.get(&r.stamp).copied());
        Entry {
            position,
            time: seconds.and_then(|s| i64::try_from(s).ok()?.checked_mul(1_000_000_000)),
            line: raw.and_then(|r| self.space.read_cstr(address(r.line), LINE).ok()),
            address: address(at),
        }
    }

    /// The entry at `at`, where one may be.
    fn entry(&self, at: u64) -> Option<Raw> {
        let mut bytes = [0u8; 16];
        let bytes = bytes.get_mut(..index(umem::from(2 * self.word))?)?;
        self.space.read_exact(address(at), bytes).ok()?;
        let mut words = bytes.chunks_exact(index(umem::from(self.word))?).map(little);
        let raw = Raw { line: words.next()?, stamp: words.next()? };
        // Both are texts of their own, in memory that `malloc` gave.
        (raw.line > 0xffff && raw.line != raw.stamp).then_some(raw)
    }

    /// Whether a line of text lies at `at`: in memory that the program writes to, printable, and not empty.
    fn is_text(&self, at: u64) -> bool {
        let after = self.parts.partition_point(|(start, _)| *start <= at);
        if after.checked_sub(1).and_then(|i| self.parts.get(i)).is_none_or(|(_, end)| at >= *end) {
            return false;
        }
        let Ok(line) = self.space.read_cstr(address(at), LINE) else { return false };
        let odd = |b: &u8| *b < 0x20 && !matches!(*b, b'\t' | b'\n' | b'\r' | 0x1b) || *b == 0x7f;
        !line.is_empty() && !line.iter().any(odd)
    }

    /// The addresses of texts that look like timestamps, with their seconds.
    fn stamps(&self) -> BTreeMap<u64, u64> {
        let mut out = BTreeMap::new();
        let step = index(umem::from(self.word)).unwrap_or(8);
        self.pieces(16, &mut |at, bytes| {
            for (i, text) in (0u64..).zip(bytes.windows(16).step_by(step)) {
                let Some(digits) = text.get(1..13) else { continue };
                // Most memory is no digit.
                if !digits.first().is_some_and(u8::is_ascii_digit) {
                    continue;
                }
                let n = digits.iter().take_while(|b| b.is_ascii_digit()).count();
                if DIGITS.contains(&n) && digits.get(n) == Some(&0) && out.len() < MOST {
                    let seconds = digits.iter().take(n).fold(0u64, |v, d| v * 10 + u64::from(d - b'0'));
                    out.insert(at + i * self.word, seconds);
                }
            }
        });
        out
    }

    /// The words that hold one of `targets`, with what they hold; ascending.
    fn pointing_to(&self, targets: &HashSet<u64>) -> Vec<(u64, u64)> {
        let (low, high) = (targets.iter().min().copied().unwrap_or(1), targets.iter().max().copied().unwrap_or(0));
        let mut out = Vec::new();
        let step = index(umem::from(self.word)).unwrap_or(8);
        self.pieces(0, &mut |at, bytes| {
            for (i, w) in (0u64..).zip(bytes.chunks_exact(step)) {
                let value = little(w);
                if (low..=high).contains(&value) && targets.contains(&value) && out.len() < 4 * MOST {
                    out.push((at + i * self.word, value));
                }
            }
        });
        out
    }

    /// The program's list: the longest row of pointers to entries. Old copies of it lie in memory that was given back when it grew;
    /// they are shorter. A pointer whose entry is not in the image stands in the row where others follow it.
    fn list(&self, pointers: &[(u64, u64)], entries: &HashSet<u64>) -> Vec<u64> {
        let mut best: Vec<u64> = Vec::new();
        let mut row: Vec<u64> = Vec::new();
        let mut next = 0u64;
        for &(at, entry) in pointers {
            if !row.is_empty() && at != next {
                match self.between(next, at, entries) {
                    Some(more) => row.extend(more),
                    None => {
                        if row.len() > best.len() {
                            best.clone_from(&row);
                        }
                        row.clear();
                    }
                }
            }
            if row.contains(&entry) && row.len() < 64 {
                // A list has no entry twice; other structures point to one again and again.
                row.clear();
            }
            row.push(entry);
            next = at + self.word;
        }
        if row.len() > best.len() {
            best = row;
        }
        let mut seen = HashSet::new();
        best.retain(|e| seen.insert(*e));
        best
    }

    /// The pointers from `from` up to `to` where all of them may be entries that can't be read, or that have no timestamp.
    fn between(&self, from: u64, to: u64, entries: &HashSet<u64>) -> Option<Vec<u64>> {
        /// So many at once are no gap in a list.
        const WIDEST: u64 = 256;
        let count = (to.checked_sub(from)? / self.word).min(WIDEST + 1);
        if count > WIDEST {
            return None;
        }
        let (low, high) = (entries.iter().min()?, entries.iter().max()?);
        let reach = (high - low).max(PIECE);
        let mut out = Vec::new();
        for i in 0..count {
            let at = self.space.read_uint(address(from + i * self.word), self.word).ok()?;
            let near = at.is_multiple_of(self.word) && at >= low.saturating_sub(reach) && at <= high.saturating_add(reach);
            let possible = match self.entry(at) {
                Some(raw) => raw.stamp == 0 && self.is_text(raw.line),
                None => self.space.read_u8(address(at)).is_err(),
            };
            if !near || !possible {
                return None;
            }
            out.push(at);
        }
        Some(out)
    }

    /// Hands out memory in pieces, each with `overlap` bytes of what follows it.
    fn pieces(&self, overlap: u64, sink: &mut dyn FnMut(u64, &[u8])) {
        let mut bytes = Vec::new();
        for &(start, end) in &self.parts {
            let mut at = start;
            while at < end {
                if !(self.go_on)() {
                    return;
                }
                let n = PIECE.min(end - at);
                // What follows the last piece of a part is not there: zeros.
                bytes.clear();
                bytes.resize(index(umem::from(n + overlap)).unwrap_or(0), 0);
                let there = (n + overlap).min(end - at);
                if let Some(into) = index(umem::from(there)).and_then(|n| bytes.get_mut(..n)) {
                    // Missing bytes are zeros, in which nothing is found.
                    self.space.read_gaps(address(at), into);
                }
                sink(at, &bytes);
                at += n;
            }
        }
    }
}

fn address(at: u64) -> VirtAddr {
    VirtAddr::new(umem::from(at))
}

/// A pointer of the systems that run bash here: little-endian.
fn little(bytes: &[u8]) -> u64 {
    bytes.iter().rev().fold(0, |value, b| value << 8 | u64::from(*b))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::os::linux::testkit::Kit;

    const HEAP: u64 = 0x5555_0000_0000;
    const ROW: u64 = HEAP + 0x4000;

    fn entry(kit: &mut Kit, n: u64, stamp: &[u8], line: &str) -> u64 {
        let at = HEAP + n * 0x100;
        kit.word(at, at + 0x40);
        kit.word(at + 8, at + 0x20);
        kit.word(at + 16, 0);
        kit.put(at + 0x20, stamp);
        kit.put(at + 0x40, line.as_bytes());
        at
    }

    fn kit() -> Kit {
        let mut kit = Kit::new();
        let first = entry(&mut kit, 1, b"\x001700000000\0", "first");
        let second = entry(&mut kit, 2, b"#1700000005\0", "second");
        let third = entry(&mut kit, 3, b"#1700000009\0", "third");
        entry(&mut kit, 4, b"#1700000007\0", "removed");
        for (i, at) in [third, first, second].into_iter().enumerate() {
            kit.word(ROW + 8 * i as u64, at);
        }
        // An old copy, and a pointer to the last entry.
        kit.word(ROW + 0x800, third);
        kit.word(ROW + 0x808, first);
        kit.word(ROW + 0x900, second);
        kit
    }

    type Row = (Option<u64>, Option<i64>, Option<String>);

    fn found(kit: &Kit) -> (Vec<Row>, usize) {
        let kernel = kit.kernel();
        let search = Search { space: &kernel.space, word: 8, parts: vec![(HEAP, HEAP + 0x6000)], go_on: &|| true };
        let mut lost = Lost::default();
        let rows = search.entries("history", &mut lost);
        let told = rows
            .into_iter()
            .map(|e| (e.position, e.time.map(|t| t / 1_000_000_000), e.line.map(|l| String::from_utf8_lossy(&l).into_owned())));
        (told.collect(), lost.sentences().len())
    }

    fn row(position: Option<u64>, seconds: i64, line: &str) -> Row {
        (position, Some(seconds), Some(line.to_owned()))
    }

    #[test]
    fn the_list_has_its_order_and_removed_entries_follow() {
        let (rows, lost) = found(&kit());
        let expected = [
            row(Some(1), 1_700_000_009, "third"),
            row(Some(2), 1_700_000_000, "first"),
            row(Some(3), 1_700_000_005, "second"),
            row(None, 1_700_000_007, "removed"),
        ];
        assert_eq!((rows, lost), (expected.to_vec(), 0));
    }

    #[test]
    fn an_entry_that_is_not_there_keeps_its_place() {
        let mut kit = kit();
        kit.word(ROW + 8, HEAP + 0x7000);
        let (rows, lost) = found(&kit);
        assert_eq!(
            rows.iter().map(|r| r.2.as_deref()).collect::<Vec<_>>(),
            [Some("third"), None, Some("second"), Some("first"), Some("removed")]
        );
        assert_eq!(lost, 1);
    }

    #[test]
    fn an_entry_without_a_timestamp_keeps_its_place() {
        let mut kit = kit();
        kit.word(HEAP + 0x108, 0);
        let (rows, lost) = found(&kit);
        assert_eq!(rows.get(1), Some(&(Some(2), None, Some("first".to_owned()))));
        assert_eq!(lost, 0);
    }

    #[test]
    fn what_lies_in_code_is_no_line() {
        let mut kit = kit();
        // A return address beside a pointer to a timestamp, as on a stack.
        kit.put(HEAP + 0x10_0000, b"H\x8b\x94$\xa8\0");
        kit.word(HEAP + 0x1000, HEAP + 0x10_0000);
        kit.word(HEAP + 0x1008, HEAP + 0x120);
        assert_eq!(found(&kit).0.len(), 4);
    }

    #[test]
    fn numbers_that_nobody_points_to_are_no_history() {
        let mut kit = Kit::new();
        kit.put(HEAP, b"#1700000000\0");
        kit.word(HEAP + 0x100, HEAP);
        assert!(found(&kit).0.is_empty());
    }

    #[test]
    fn a_list_that_repeats_itself_ends() {
        let mut kit = kit();
        for i in 0..400 {
            kit.word(ROW + 0xa00 + 8 * i, HEAP + 0x100 + 0x100 * (i % 3));
        }
        assert!(found(&kit).0.len() <= 4);
    }
}
