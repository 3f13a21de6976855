//! Places in code that may name an address, found without asking where instructions begin.

use super::Refer;
use crate::disasm::{Fields, Isa, length};
use crate::engine::search::{Options, Source};
use crate::engine::to_u64;
use crate::pointers::work::{Scanned, each_piece};
use memsh_plugin::umem;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering};

/// A place: of x86 the first byte of the field, else the instruction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    pub at: u64,
    /// What a field of an instruction of fixed form names; of x86 nothing yet.
    pub target: Option<u64>,
}

/// Bytes of the longest instruction, without one.
const LONG: usize = 15;
/// Bytes before a part from which on instructions are read, so that at its beginning they are in step.
const AHEAD: umem = 64;
/// Targets this many bytes apart and less have short jumps searched around them.
const SHORT: u64 = 1 << 20;

/// What is looked for.
#[derive(Clone, Copy)]
struct Target {
    first: u64,
    last: u64,
}

/// A thread's state.
#[derive(Default)]
struct State {
    places: Vec<Place>,
    /// Where the last piece ended, and its last bytes.
    end: u64,
    tail: Vec<u8>,
    fields: Option<Fields>,
}

/// Every candidate in `source`, ascending; and whether there were too many.
pub fn places(refer: &Refer<'_>, source: &dyn Source, isa: Isa, options: &Options<'_>) -> (Vec<Place>, Scanned, bool) {
    let x86 = matches!(isa, Isa::X86_16 | Isa::X86 | Isa::X86_64);
    let cut = AtomicBool::new(false);
    let begin = |state: &mut State| {
        state.tail.clear();
        state.fields = None;
    };
    let around = if x86 { (0, crate::engine::to_umem(LONG)) } else { (AHEAD, 3) };
    let target = Target { first: refer.first, last: refer.last };
    let most = refer.most;
    let (states, scanned) = each_piece(source, options, around, &State::default, &begin, &|state, _, at, bytes| {
        let Some(at) = to_u64(at) else { return ControlFlow::Continue(()) };
        if state.end != at {
            state.tail.clear();
            state.fields = None;
        }
        match x86 {
            true => x86_piece(target, isa, state, at, bytes),
            false => fixed_piece(target, isa, state, at, bytes),
        }
        state.end = at.wrapping_add(u64::try_from(bytes.len()).unwrap_or(0));
        if state.places.len() > most {
            cut.store(true, Ordering::Relaxed);
            return ControlFlow::Break(());
        }
        ControlFlow::Continue(())
    });
    let mut all: Vec<Place> = states.into_iter().flat_map(|s| s.places).collect();
    if x86 {
        short_jumps(refer, &mut all);
    }
    all.sort_unstable();
    all.dedup();
    (all, scanned, cut.into_inner())
}

/// The 32-bit fields of a piece, at any address, that as a distance or as a number lead to what is looked for.
fn x86_piece(target: Target, isa: Isa, state: &mut State, at: u64, bytes: &[u8]) {
    let tail = u64::try_from(state.tail.len()).unwrap_or(0);
    if tail > 0 {
        let mut both = std::mem::take(&mut state.tail);
        both.extend(bytes.iter().take(3));
        let start = at.wrapping_sub(tail);
        let from = state.places.len();
        fields_of(target, isa, start, &both, &mut state.places);
        // Fields that end in the piece before were found in it.
        let fresh: Vec<Place> = state.places.drain(from..).filter(|p| p.at.wrapping_add(4) > at).collect();
        state.places.extend(fresh);
    }
    for shift in 0..4usize {
        let Some(part) = bytes.get(shift..) else { break };
        fields_of_step(target, isa, at.wrapping_add(u64::try_from(shift).unwrap_or(0)), part, &mut state.places);
    }
    state.tail = bytes.get(bytes.len().saturating_sub(3)..).unwrap_or_default().to_vec();
}

fn fields_of(target: Target, isa: Isa, at: u64, bytes: &[u8], out: &mut Vec<Place>) {
    for shift in 0..4usize {
        let Some(part) = bytes.get(shift..) else { break };
        fields_of_step(target, isa, at.wrapping_add(u64::try_from(shift).unwrap_or(0)), part, out);
    }
}

/// Fields every four bytes. Held against the targets in 32 bits and without a branch, block by block; [`settle`](super::settle) is exact.
fn fields_of_step(target: Target, isa: Isa, at: u64, bytes: &[u8], out: &mut Vec<Place>) {
    /// An immediate may stand between a distance and the end of its instruction, from where it counts.
    const BEHIND: u32 = 4;
    const BLOCK: usize = 32;
    let low = |n: u64| u32::try_from(n & 0xffff_ffff).unwrap_or(0);
    let width = u32::try_from(target.last - target.first).unwrap_or(u32::MAX);
    let (first, far) = (low(target.first), width.saturating_add(BEHIND));
    let before = first.wrapping_sub(BEHIND);
    let near = |word: &[u8; 4], place: u32| {
        let field = u32::from_le_bytes(*word);
        let to = field.wrapping_add(place).wrapping_add(4);
        (to.wrapping_sub(before) <= far) | (field.wrapping_sub(first) <= width)
    };
    let (words, _) = bytes.as_chunks::<4>();
    let mut block_at = at;
    for block in words.chunks(BLOCK) {
        let mut place = low(block_at);
        let mut any = 0u32;
        for word in block {
            any |= u32::from(near(word, place));
            place = place.wrapping_add(4);
        }
        if any != 0 {
            let mut place = block_at;
            for word in block {
                if near(word, low(place)) && (isa != Isa::X86_64 || exact(target, u32::from_le_bytes(*word), place)) {
                    out.push(Place { at: place, target: None });
                }
                place = place.wrapping_add(4);
            }
        }
        block_at = block_at.wrapping_add(128);
    }
}

/// The same with 64 bits.
fn exact(target: Target, field: u32, place: u64) -> bool {
    let signed = i64::from(field.cast_signed());
    let to = place.wrapping_add(4).wrapping_add_signed(signed);
    let within = |value: u64| (target.first..=target.last).contains(&value);
    let relative = (0..=4).any(|behind| within(to.wrapping_add(behind)));
    // A number of 64 bits begins with the same 32; which of them it is, its instruction says.
    let low = |n: u64| n & 0xffff_ffff;
    relative
        || within(signed.cast_unsigned())
        || low(u64::from(field).wrapping_sub(low(target.first))) <= target.last - target.first
}

/// Jumps of 8 bits, which only the neighbourhood has.
fn short_jumps(refer: &Refer<'_>, out: &mut Vec<Place>) {
    if refer.last - refer.first > SHORT {
        return;
    }
    let reach = 128 + 16;
    let start = refer.first.saturating_sub(reach);
    let end = refer.last.saturating_add(reach);
    let mut at = start;
    while at < end {
        let mut window = [0; 4096];
        let room = usize::try_from((end - at).min(4096)).unwrap_or(4096);
        let there = window.get_mut(..room).map_or(0, |w| (refer.read)(at, w));
        for (place, byte) in (at..).zip(window.iter().take(there)) {
            let to = place.wrapping_add(1).wrapping_add_signed(i64::from(byte.cast_signed()));
            if (refer.first..=refer.last).contains(&to) {
                out.push(Place { at: place, target: None });
            }
        }
        at = at.saturating_add(u64::try_from(there).unwrap_or(0).max(1));
    }
}

/// The instructions of a piece, one after the other.
fn fixed_piece(target: Target, isa: Isa, state: &mut State, at: u64, bytes: &[u8]) {
    let mut fields = state.fields.take().unwrap_or_else(|| Fields::new(isa));
    let mut done = 0;
    if !state.tail.is_empty() {
        // An instruction that begins in the piece before.
        let mut both = std::mem::take(&mut state.tail);
        let before = both.len();
        both.extend(bytes.iter().take(16));
        let start = at.wrapping_sub(u64::try_from(before).unwrap_or(0));
        done = one(target, isa, &mut fields, start, &both, &mut state.places).unwrap_or(before).saturating_sub(before);
    } else if let Some(rest) = to_step(isa, at).filter(|n| *n > 0) {
        done = rest;
    }
    while let Some(rest) = bytes.get(done..).filter(|r| !r.is_empty()) {
        let place = at.wrapping_add(u64::try_from(done).unwrap_or(0));
        match one(target, isa, &mut fields, place, rest, &mut state.places) {
            Some(len) => done += len,
            None => {
                state.tail = rest.to_vec();
                break;
            }
        }
    }
    state.fields = Some(fields);
}

/// Bytes from `at` to where an instruction may begin.
fn to_step(isa: Isa, at: u64) -> Option<usize> {
    let step = u64::try_from(isa.step()).ok()?;
    usize::try_from(at.next_multiple_of(step) - at).ok()
}

/// Looks at one instruction; `None` where it is cut off.
fn one(target: Target, isa: Isa, fields: &mut Fields, at: u64, bytes: &[u8], out: &mut Vec<Place>) -> Option<usize> {
    let len = length(isa, at, bytes)?;
    for field in fields.of(at, len, bytes) {
        if (target.first..=target.last).contains(&field.target) {
            out.push(Place { at, target: Some(field.target) });
        }
    }
    Some(len)
}
