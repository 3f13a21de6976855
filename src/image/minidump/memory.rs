//! The memory in the dump, by virtual address.

use super::header::{Dump, MEMORY_LIST, MEMORY64_LIST};
use crate::image::detect::Parsed;
use crate::image::fields::Fields;

/// `MINIDUMP_MEMORY_DESCRIPTOR` and `MINIDUMP_MEMORY_DESCRIPTOR64`.
const DESCRIPTOR: u64 = 16;
/// Bytes of overlapping ranges that are compared with each other.
const MOST_COMPARED: u64 = 64 << 20;
/// Nothing but the header lies below this; writers leave 0 where they wrote nothing.
const LEAST_RVA: u64 = 32;

/// Where the dumper put memory.
#[derive(Clone, Copy)]
pub(super) struct Range {
    pub(super) start: u64,
    pub(super) size: u64,
    pub(super) offset: u64,
}

/// Memory that the file has.
#[derive(Clone, Copy)]
pub(super) struct Piece<'a> {
    pub(super) start: u64,
    pub(super) bytes: Fields<'a>,
    offset: u64,
}

impl Piece<'_> {
    pub(super) fn last(&self) -> u64 {
        self.start.saturating_add(self.bytes.len().saturating_sub(1))
    }
}

/// All of it: ascending, without overlap.
pub(super) struct DumpMemory<'a> {
    pieces: Vec<Piece<'a>>,
    /// Whether pointers have 64 bits.
    pub(super) wide: bool,
    pub(super) big: bool,
}

/// An address as the process had it: writers extend those of 32-bit processes by their sign.
pub(super) const fn address(value: u64, wide: bool) -> u64 {
    if !wide && value >> 31 == 0x1_ffff_ffff { value & 0xffff_ffff } else { value }
}

/// What both lists of memory say.
pub(super) fn listed(dump: &Dump<'_>, parsed: &mut Parsed) -> Vec<Range> {
    let mut out = Vec::new();
    let warnings = &mut parsed.warnings;
    if let Some(s) = dump.stream(MEMORY64_LIST, warnings)
        && let (Some(said), Some(base)) = (s.f.u64(0), s.f.u64(8))
    {
        // The bytes of all ranges lie one after the other.
        let mut offset = Some(base);
        for at in s.rows(16, DESCRIPTOR, said, u64::MAX, warnings).offsets() {
            let (Some(start), Some(size)) = (s.f.u64(at), s.f.u64(at + 8)) else { break };
            let Some(from) = offset else {
                warnings.push(format!("{} (file offset {:#x}): the sizes of its ranges leave the file's offsets", s.name, s.at));
                break;
            };
            out.push(Range { start, size, offset: from });
            offset = from.checked_add(size);
        }
    }
    if let Some(s) = dump.stream(MEMORY_LIST, warnings)
        && let Some(rows) = s.counted(DESCRIPTOR, u64::MAX, warnings)
    {
        out.extend(rows.offsets().filter_map(|at| descriptor(&s.f, at)));
    }
    out
}

/// A `MINIDUMP_MEMORY_DESCRIPTOR`; none where it names no bytes.
pub(super) fn descriptor(f: &Fields<'_>, at: u64) -> Option<Range> {
    let (start, size, rva) = (f.u64(at)?, f.u32(at + 8)?, f.u32(at + 12)?);
    (size > 0 && u64::from(rva) >= LEAST_RVA).then_some(Range { start, size: size.into(), offset: rva.into() })
}

/// Puts the ranges in order and claims them; says what is not there.
pub(super) fn place<'a>(dump: &Dump<'a>, mut ranges: Vec<Range>, wide: bool, parsed: &mut Parsed) -> DumpMemory<'a> {
    for r in &mut ranges {
        r.start = address(r.start, wide);
    }
    // Of ranges that begin at one address the first in the file's order counts.
    ranges.sort_by_key(|r| r.start);
    let mut memory = DumpMemory { pieces: Vec::new(), wide, big: dump.big };
    let mut missing = 0u64;
    let (mut differ, mut budget) = (None, MOST_COMPARED);
    let (mut strange, mut unplaced) = (None, 0u64);
    for r in ranges.iter().filter(|r| r.size > 0) {
        let there = r.size.min(dump.f.len().saturating_sub(r.offset));
        missing = missing.saturating_add(r.size - there);
        if r.start.checked_add(r.size - 1).is_none() {
            strange = strange.or(Some(r.start));
            unplaced += 1;
            continue;
        }
        let Some(bytes) = dump.f.bytes(r.offset, there).filter(|b| !b.is_empty()) else { continue };
        let bytes = Fields::new(bytes, dump.big);
        let covered = match memory.pieces.last() {
            Some(l) if l.last() >= r.start => (l.last() - r.start).saturating_add(1),
            _ => 0,
        };
        let shared = covered.min(there);
        if shared > 0 && differ.is_none() {
            // Most often it is the same memory, listed twice.
            let look = shared.min(budget);
            budget -= look;
            differ = memory.differs(r.start, &bytes, look);
        }
        if covered >= there {
            continue;
        }
        let (Some(start), Some(rest)) = (r.start.checked_add(covered), bytes.bytes(covered, there - covered)) else { continue };
        memory.pieces.push(Piece { start, bytes: Fields::new(rest, dump.big), offset: r.offset + covered });
    }
    for p in &memory.pieces {
        parsed.claim(p.start, p.bytes.len(), p.offset);
    }
    if missing > 0 {
        let text = format!(
            "the file is truncated: {missing} bytes of the process's memory are missing (file of {} bytes)",
            dump.f.len()
        );
        parsed.warnings.insert(0, text);
    }
    if let Some(at) = strange {
        parsed
            .warnings
            .push(format!("{unplaced} ranges of memory run past the last address (the first begins at {at:#x}): left out"));
    }
    if let Some(at) = differ {
        parsed.warnings.push(format!(
            "ranges of memory overlap with different bytes (first at {at:#x}): the range that begins at the lower address counts"
        ));
    }
    memory
}

impl<'a> DumpMemory<'a> {
    pub(super) fn pieces(&self) -> &[Piece<'a>] {
        &self.pieces
    }

    fn find(&self, at: u64) -> Option<(&Piece<'a>, u64)> {
        let piece = self.pieces.get(self.pieces.partition_point(|p| p.start <= at).checked_sub(1)?)?;
        let skip = at - piece.start;
        (skip < piece.bytes.len()).then_some((piece, skip))
    }

    /// The first address at which memory has another byte than `other`, which begins at `start`.
    fn differs(&self, start: u64, other: &Fields<'_>, len: u64) -> Option<u64> {
        let mut done = 0;
        while done < len {
            let at = start.checked_add(done)?;
            let Some((piece, skip)) = self.find(at) else {
                // Not covered here: on to the next piece.
                let next = self.pieces.get(self.pieces.partition_point(|p| p.start <= at))?;
                done = next.start - start;
                continue;
            };
            let n = (piece.bytes.len() - skip).min(len - done);
            let (a, b) = (piece.bytes.bytes(skip, n)?, other.bytes(done, n)?);
            if a != b {
                let same = a.iter().zip(b).take_while(|(a, b)| a == b).count();
                return at.checked_add(u64::try_from(same).ok()?);
            }
            done += n;
        }
        None
    }

    /// `len` bytes at `at`, where one range has them all.
    pub(super) fn bytes(&self, at: u64, len: u64) -> Option<&'a [u8]> {
        let (piece, skip) = self.find(at)?;
        piece.bytes.bytes(skip, len)
    }

    /// All bytes from `at` to the end of its range, at most `most`.
    pub(super) fn upto(&self, at: u64, most: u64) -> Option<&'a [u8]> {
        let (piece, skip) = self.find(at)?;
        piece.bytes.bytes(skip, most.min(piece.bytes.len() - skip))
    }

    /// A pointer.
    pub(super) fn word(&self, at: u64) -> Option<u64> {
        let (piece, skip) = self.find(at)?;
        piece.bytes.word(skip, self.wide)
    }

    pub(super) fn u16(&self, at: u64) -> Option<u16> {
        let (piece, skip) = self.find(at)?;
        piece.bytes.u16(skip)
    }

    pub(super) fn u32(&self, at: u64) -> Option<u32> {
        let (piece, skip) = self.find(at)?;
        piece.bytes.u32(skip)
    }
}
