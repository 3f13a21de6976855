//! Which instruction a place in code belongs to, if any.

use super::scan::Place;
use super::{RefKind, Refer, Seen};
use crate::disasm::{Decoded, Disassembler, Fields, Flow, Isa, Reference, Syntax, length};
use crate::engine::search::Options;
use std::ops::RangeInclusive;
use std::sync::atomic::Ordering;

/// Bytes of the longest instruction.
const LONGEST: u64 = 15;
/// Bytes before a place from which instructions are read, where no beginning is known: by then they are in step mostly.
const SYNC: u64 = 80;
/// Beginnings that are tried there.
const TRIED: u64 = 16;
/// A known beginning farther away says nothing: data may lie between.
const FAR: u64 = 1 << 16;

/// The references that `places` are. Of those that can't be instructions nothing is left.
pub fn settle(refer: &Refer<'_>, isa: Isa, places: Vec<Place>, options: &Options<'_>) -> Vec<Seen> {
    let mut out: Vec<Seen> = Vec::new();
    let mut steps = Steps { refer, isa, from: u64::MAX, at: 0, ends: Vec::new(), whole: false };
    for place in places {
        if options.interrupt.load(Ordering::Relaxed) {
            break;
        }
        let seen = match isa {
            Isa::X86_16 | Isa::X86 | Isa::X86_64 => steps.x86(place.at),
            _ => steps.fixed(place),
        };
        // One instruction may hold two candidates.
        out.extend(seen.filter(|s| out.last().is_none_or(|l| (l.address, l.target) != (s.address, s.target))));
    }
    out.sort_by_key(|s| s.address);
    out.dedup_by_key(|s| (s.address, s.target));
    out
}

/// Instructions one after the other from a known beginning, kept for the next place.
struct Steps<'r, 'a> {
    refer: &'r Refer<'a>,
    isa: Isa,
    from: u64,
    at: u64,
    ends: Vec<u64>,
    /// Everything up to `at` was an instruction.
    whole: bool,
}

/// What is known of where instructions begin around a place.
enum Known {
    /// One begins exactly at these addresses.
    Exactly(Vec<u64>),
    /// Whatever one begins with, these come out, the likeliest first; the flag says that all agree.
    Likely(Vec<u64>, bool),
}

impl Steps<'_, '_> {
    fn fixed(&mut self, place: Place) -> Option<Seen> {
        let target = place.target?;
        let mut seen = self.seen(place.at, target)?;
        let words = matches!(self.isa, Isa::AArch64 | Isa::Arm);
        seen.probable |= !words
            && match self.known(place.at) {
                Known::Exactly(starts) => match starts.contains(&place.at) {
                    true => false,
                    false => return None,
                },
                Known::Likely(starts, agreed) => !(agreed && starts.contains(&place.at)),
            };
        Some(seen)
    }

    fn x86(&mut self, field: u64) -> Option<Seen> {
        let range = self.refer.first..=self.refer.last;
        // Beginnings from which an instruction has this very field.
        let possible: Vec<(u64, u64)> = (1..LONGEST)
            .filter_map(|back| {
                let start = field.checked_sub(back)?;
                Some((start, self.names(start, field, &range)?))
            })
            .collect();
        if possible.is_empty() {
            return None;
        }
        let ((start, target), probable) = match self.known(field) {
            Known::Exactly(starts) => (possible.iter().find(|p| starts.contains(&p.0)).copied()?, false),
            Known::Likely(starts, agreed) => {
                let likely = starts.iter().find_map(|s| possible.iter().find(|p| p.0 == *s).copied());
                // The longest reading has all its prefixes.
                (likely.or_else(|| possible.last().copied())?, !(agreed && likely.is_some()))
            }
        };
        let mut seen = self.seen(start, target)?;
        seen.probable = probable;
        Some(seen)
    }

    /// The address that the instruction at `start` names in a field that begins at `field`.
    fn names(&self, start: u64, field: u64, range: &RangeInclusive<u64>) -> Option<u64> {
        let bytes = self.bytes(start);
        let len = length(self.isa, start, &bytes)?;
        let shift = u32::try_from((field - start) * 8).ok()?;
        let begins = |bits: u128| bits.trailing_zeros() == shift;
        Fields::new(self.isa)
            .of(start, len, &bytes)
            .into_iter()
            .find(|f| begins(f.bits) && range.contains(&f.target))
            .map(|f| f.target)
    }

    fn bytes(&self, at: u64) -> Vec<u8> {
        let mut bytes = vec![0; 16];
        let there = (self.refer.read)(at, &mut bytes);
        bytes.truncate(there);
        bytes
    }

    /// What is known of where instructions begin around a place: from the last known beginning before it, where it is near enough.
    fn known(&mut self, place: u64) -> Known {
        if let Some(from) = (self.refer.beginning)(place).filter(|b| place.wrapping_sub(*b) < FAR) {
            if from != self.from || self.at > place {
                (self.from, self.at, self.whole) = (from, from, true);
                self.ends.clear();
            }
            self.walk(place);
            if self.whole {
                return Known::Exactly(self.ends.iter().rev().copied().filter(|s| *s <= place).take(8).collect());
            }
        }
        self.likely(place)
    }

    /// Goes on to `place`, by windows.
    fn walk(&mut self, place: u64) {
        while self.at <= place && self.whole {
            let mut window = [0; 512];
            let there = (self.refer.read)(self.at, &mut window);
            let mut rest = window.get(..there).unwrap_or_default();
            let short = there < window.len();
            while self.at <= place && (rest.len() >= 16 || short && !rest.is_empty()) {
                let Some(len) = length(self.isa, self.at, rest) else {
                    self.whole = false;
                    return;
                };
                self.ends.push(self.at);
                self.at = self.at.saturating_add(u64::try_from(len).unwrap_or(1));
                rest = rest.get(len..).unwrap_or_default();
            }
            if short && self.at <= place {
                self.whole = false;
            }
        }
    }

    /// The same where no beginning is known: from several ones shortly before it.
    fn likely(&self, place: u64) -> Known {
        let step = u64::try_from(self.isa.step()).unwrap_or(1);
        let from = place.saturating_sub(SYNC) / step * step;
        let mut window = [0; 128];
        let there = (self.refer.read)(from, &mut window);
        let mut votes: Vec<(u64, u64)> = Vec::new();
        let mut streams = 0;
        for i in 0..TRIED {
            let mut at = from + i * step;
            let mut hit = None;
            while at <= place {
                let begin = usize::try_from(at - from).unwrap_or(usize::MAX);
                let Some(rest) = window.get(begin..there) else { break };
                let Some(len) = length(self.isa, at, rest) else { break };
                let end = at + u64::try_from(len).unwrap_or(1);
                if end > place {
                    hit = Some(at);
                    break;
                }
                at = end;
            }
            if let Some(start) = hit {
                streams += 1;
                match votes.iter_mut().find(|v| v.0 == start) {
                    Some(v) => v.1 += 1,
                    None => votes.push((start, 1)),
                }
            }
        }
        votes.sort_by_key(|v| std::cmp::Reverse(v.1));
        let agreed = votes.len() == 1 && streams >= TRIED / 2;
        Known::Likely(votes.into_iter().map(|v| v.0).collect(), agreed)
    }

    /// The instruction at `start`, which names `target`.
    fn seen(&self, start: u64, target: u64) -> Option<Seen> {
        let mut disassembler = Disassembler::new(self.isa, Syntax::Intel);
        let mut probable = false;
        // Half an address may come from the instruction before.
        let halves = matches!(self.isa, Isa::AArch64 | Isa::RiscV32 | Isa::RiscV64);
        if halves && let Some(before) = start.checked_sub(4) {
            disassembler.decode(before, &self.bytes(before));
        }
        let Decoded::Instruction(one) = disassembler.decode(start, &self.bytes(start)) else { return None };
        let named = one.target.filter(|t| t.0 == target);
        if named.is_none() && !matches!(self.isa, Isa::X86_16 | Isa::X86 | Isa::X86_64) {
            probable = true;
        }
        let first = one.text.split([' ', '\t']).next().unwrap_or_default();
        let computes = match self.isa {
            Isa::X86_16 | Isa::X86 | Isa::X86_64 => first == "lea",
            _ => matches!(first, "adr" | "adrp" | "add" | "addi" | "addiw" | "mv" | "auipc" | "lui" | "movw" | "movt"),
        };
        let kind = match (one.flow, named.map(|t| t.1)) {
            (Flow::Call, Some(Reference::Code) | None) => RefKind::Call,
            (Flow::Jump, Some(Reference::Code) | None) => RefKind::Jump,
            (Flow::Branch, Some(Reference::Code) | None) => RefKind::Branch,
            _ if computes => RefKind::Address,
            (_, Some(Reference::Number)) => RefKind::Number,
            (_, Some(_)) => RefKind::Data,
            (_, None) => RefKind::Number,
        };
        Some(Seen { address: start, kind, target, text: Some(one.text), len: one.len, probable })
    }
}
