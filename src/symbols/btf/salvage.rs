//! Types of a blob that is damaged.
//!
//! The type section is one chain: a type's length follows from its kind and its number of elements, and its id is its place in the
//! chain. One flipped bit in a length loses every type behind it, and one page of zeros makes all ids behind it wrong. So the chain
//! is taken up again where enough types in a row make sense. How many types lie in the gap is found from those that point over it: a
//! function points to a prototype, an array's index is an integer, an anonymous member is a structure. Only one number fits them all;
//! where none does, what comes after the gap stays unknown.

use super::blob::{Btf, Variables};
use super::kind::Kind;
use crate::Result;

/// So many types in a row that make sense are no chance.
const ROW: usize = 16;
/// After one that makes no sense, its length is believed where so many follow.
const SHORT_ROW: usize = 8;
/// A gap is no longer: what is cut out of memory are pages.
const GAP: usize = 64 << 10;
/// More gaps are no damage but another thing.
const GAPS: usize = 512;
/// How many references are asked about a gap.
const ASKED: usize = 4096;
/// In place of the offset of a type that is lost. No blob is that long.
pub(super) const LOST: u32 = u32::MAX;

/// Where chains were taken up again, and what was lost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Salvage {
    /// Places at which the chain was broken.
    pub gaps: usize,
    /// Types that are not known.
    pub lost: usize,
    /// Bytes at the end whose types have no ids.
    pub unknown: usize,
}

/// Types that follow each other without a gap.
struct Segment {
    offsets: Vec<u32>,
    /// Bytes before the first of them that belong to no type.
    gap: usize,
}

/// What a reference says of the type that it points to.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Wanted {
    Prototype,
    Integer,
    Aggregate,
    Variable,
    /// Something that a member or parameter can be.
    Data,
}

impl Wanted {
    fn fits(self, kind: Kind) -> bool {
        match self {
            Self::Prototype => kind == Kind::FUNC_PROTO,
            Self::Integer => kind == Kind::INT,
            Self::Aggregate => matches!(kind, Kind::STRUCT | Kind::UNION),
            Self::Variable => kind == Kind::VAR,
            Self::Data => !matches!(kind, Kind::FUNC_PROTO | Kind::FUNC | Kind::VAR | Kind::DATASEC | Kind::DECL_TAG | Kind::FWD),
        }
    }
}

impl Btf {
    /// What can be had of the blob of a kernel that [`parse`](Self::parse) refuses, or whose types contradict each other.
    ///
    /// # Errors
    /// As [`parse`](Self::parse), of the header and the sections.
    pub fn salvage(bytes: Vec<u8>) -> Result<(Self, Salvage)> {
        let mut btf = Self::bare(bytes, None)?;
        let segments = btf.segments();
        let refs = btf.references(&segments);
        let mut told = Salvage { gaps: segments.iter().filter(|s| s.gap > 0).count(), ..Salvage::default() };
        let mut offsets: Vec<u32> = Vec::new();
        for segment in &segments {
            if segment.gap > 0 {
                let Some(missing) = btf.missing(segment, offsets.len(), &refs) else {
                    let first = segment.offsets.first().and_then(|o| usize::try_from(*o).ok());
                    told.unknown = first.map_or(0, |from| btf.header.types.end.saturating_sub(from));
                    break;
                };
                told.lost = told.lost.saturating_add(missing);
                offsets.resize(offsets.len().saturating_add(missing), LOST);
            }
            offsets.extend(&segment.offsets);
        }
        let mut variables = Variables::default();
        let heads = offsets.iter().filter_map(|o| btf.head_at(usize::try_from(*o).ok()?));
        let mut knows_signs = false;
        for head in heads {
            knows_signs |= head.flag && matches!(head.kind, Kind::ENUM | Kind::ENUM64);
            if head.kind == Kind::VAR
                && let Some(name) = btf.string(head.name)
            {
                variables.add(name, head.value);
            }
        }
        (btf.offsets, btf.variables, btf.knows_signs, btf.salvaged) = (offsets, variables, knows_signs, Some(told));
        Ok((btf, told))
    }

    /// Whether types are what those that point to them say. Where a length is wrong by whole types, every id behind it is, too.
    pub fn is_consistent(&self) -> bool {
        let step = (self.offsets.len() / 1024).max(1);
        let heads = self.offsets.iter().step_by(step).filter_map(|o| self.head_at(usize::try_from(*o).ok()?));
        let (mut right, mut wrong) = (0u32, 0u32);
        for head in heads.filter(|h| h.kind == Kind::FUNC) {
            match self.head(head.value).is_some_and(|(_, h)| h.kind == Kind::FUNC_PROTO) {
                true => right += 1,
                false => wrong += 1,
            }
        }
        wrong < 8 || wrong < right / 8
    }

    /// Walks the type section over its gaps.
    fn segments(&mut self) -> Vec<Segment> {
        let end = self.header.types.end;
        let mut out = vec![Segment { offsets: Vec::new(), gap: 0 }];
        let mut at = self.header.types.start;
        while at < end {
            let next = self.sound(at).or_else(|| self.mended(at));
            if let (Some(next), Ok(offset), Some(last)) = (next, u32::try_from(at), out.last_mut()) {
                last.offsets.push(offset);
                at = next;
                continue;
            }
            // The one before may be what is wrong: the chain may go on within it.
            let before = out.last_mut().and_then(|s| s.offsets.pop());
            let Some(from) = before.map_or(Some(at), |o| usize::try_from(o).ok()) else { break };
            let limit = from.saturating_add(GAP).min(end);
            let found = (from.saturating_add(12)..limit).step_by(4).find(|&p| self.row(p, ROW));
            let (Some(found), true) = (found, out.len() < GAPS) else {
                // Nothing makes sense any more; the one before was as good as any.
                if let (Some(before), Some(last)) = (before, out.last_mut()) {
                    last.offsets.push(before);
                }
                out.push(Segment { offsets: u32::try_from(at).into_iter().collect(), gap: usize::MAX });
                break;
            };
            let mut gap = found - from;
            if let Some(before) = before.filter(|_| self.lengthened(from, found) || found > at)
                && let Some(last) = out.last_mut()
            {
                last.offsets.push(before);
                gap = if self.sound(from) == Some(found) { 0 } else { found.saturating_sub(at) };
            }
            if gap > 0 {
                out.push(Segment { offsets: Vec::new(), gap });
            }
            at = found;
        }
        out
    }

    /// Whether `count` types in a row make sense from `at` on, or all up to the end.
    fn row(&self, at: usize, count: usize) -> bool {
        let mut at = at;
        for _ in 0..count {
            if at == self.header.types.end {
                return true;
            }
            match self.sound(at) {
                Some(next) => at = next,
                None => return false,
            }
        }
        true
    }

    /// The end of a type that makes no sense in itself, where the chain goes on behind it all the same. Where types were swallowed as
    /// elements by a wrong number, that is put right.
    fn mended(&mut self, at: usize) -> Option<usize> {
        let head = self.head_at(at)?;
        if let Some((once, each)) = head.kind.extra().filter(|e| e.1 > 0) {
            let good = (0..head.vlen).take_while(|i| self.element_is_sound(at, *i) == Some(true)).count();
            let elements = head.rest.checked_add(usize::from(once))?;
            let end = elements.checked_add(good.checked_mul(usize::from(each))?)?;
            if u32::try_from(good).is_ok_and(|g| g < head.vlen) && self.row(end, ROW) {
                self.set_count(at, u32::try_from(good).ok()?)?;
                return Some(end);
            }
        }
        let next = self.end_of(at)?;
        self.row(next, SHORT_ROW).then_some(next)
    }

    /// Whether the type at `at` reaches to `end` once its number of elements is put right, and has only elements that make sense.
    fn lengthened(&mut self, at: usize, end: usize) -> bool {
        let fit = || {
            let head = self.head_at(at)?;
            let (once, each) = head.kind.extra().filter(|e| e.1 > 0)?;
            let bytes = end.checked_sub(head.rest.checked_add(usize::from(once))?)?;
            let count = u32::try_from(bytes / usize::from(each)).ok().filter(|_| bytes.is_multiple_of(usize::from(each)))?;
            ((count ^ head.vlen).count_ones() == 1).then_some((count, head.vlen))
        };
        let Some((count, before)) = fit() else { return false };
        if self.set_count(at, count).is_some() && self.sound(at) == Some(end) {
            return true;
        }
        self.set_count(at, before);
        false
    }

    /// Writes another number of elements into our copy of the blob.
    fn set_count(&mut self, at: usize, count: u32) -> Option<()> {
        let info = self.word(at.checked_add(4)?)?;
        let info = info & 0xff00_0000 | count & 0xff_ffff;
        let bytes = if self.header.little_endian { info.to_le_bytes() } else { info.to_be_bytes() };
        self.bytes.get_mut(at.checked_add(4)?..at.checked_add(8)?)?.copy_from_slice(&bytes);
        Some(())
    }

    /// Where the type at `at` ends, if its kind is known and it lies in the section.
    fn end_of(&self, at: usize) -> Option<usize> {
        let head = self.head_at(at).filter(|h| h.kind.is_known())?;
        let (once, each) = head.kind.extra()?;
        let elements = usize::try_from(head.vlen).ok()?.checked_mul(usize::from(each))?;
        let end = head.rest.checked_add(usize::from(once))?.checked_add(elements)?;
        (end <= self.header.types.end).then_some(end)
    }

    /// Where the type at `at` ends, if all of it makes sense.
    fn sound(&self, at: usize) -> Option<usize> {
        let next = self.end_of(at)?;
        let head = self.head_at(at)?;
        let info = self.word(at.checked_add(4)?)?;
        // Bits that every kernel leaves empty; numbers of elements and kinds are far from their limits.
        let named = head.name != 0;
        let elements =
            matches!(head.kind, Kind::STRUCT | Kind::UNION | Kind::ENUM | Kind::ENUM64 | Kind::FUNC_PROTO | Kind::DATASEC);
        let fits = match head.kind {
            Kind::PTR | Kind::CONST | Kind::VOLATILE | Kind::RESTRICT | Kind::FUNC_PROTO => !named && self.is_id(head.value),
            Kind::TYPEDEF | Kind::FUNC | Kind::VAR | Kind::DECL_TAG | Kind::TYPE_TAG => named && self.is_id(head.value),
            Kind::ARRAY => !named && head.value == 0,
            Kind::INT | Kind::FLOAT => named && matches!(head.value, 1 | 2 | 4 | 8 | 10 | 12 | 16),
            Kind::FWD => named && head.value == 0,
            Kind::ENUM | Kind::ENUM64 => matches!(head.value, 1 | 2 | 4 | 8),
            Kind::STRUCT | Kind::UNION | Kind::DATASEC => head.value < 1 << 28,
            _ => true,
        };
        // A function says in its number whether it is static or global.
        let count = elements || head.vlen == 0 || head.kind == Kind::FUNC && head.vlen < 3;
        let all = || (0..head.vlen).all(|i| self.element_is_sound(at, i) != Some(false));
        (info & 0x60ff_0000 == 0 && fits && count && self.is_name(head.name) && (!elements || all())).then_some(next)
    }

    /// Whether the `i`th element of the type at `at` makes sense; none where its kind has none.
    fn element_is_sound(&self, at: usize, i: u32) -> Option<bool> {
        let head = self.head_at(at)?;
        let (_, each) = head.kind.extra().filter(|e| e.1 > 0)?;
        let from = head.rest.checked_add(usize::try_from(i).ok()?.checked_mul(usize::from(each))?)?;
        let (first, second) = (self.word(from)?, self.word(from.checked_add(4)?)?);
        Some(match head.kind {
            Kind::STRUCT | Kind::UNION => {
                let bits = self.word(from.checked_add(8)?)?;
                let bits = if head.flag { bits & 0xff_ffff } else { bits };
                self.is_name(first) && self.is_id(second) && second != 0 && u64::from(bits) <= u64::from(head.value) * 8
            }
            Kind::ENUM | Kind::ENUM64 => first != 0 && self.is_name(first),
            Kind::FUNC_PROTO => self.is_name(first) && self.is_id(second),
            Kind::DATASEC => self.is_id(first),
            _ => true,
        })
    }

    /// Whether a string can begin there.
    fn is_name(&self, offset: u32) -> bool {
        let Ok(at) = usize::try_from(offset) else { return false };
        let strings = self.bytes.get(self.header.strings.clone()).unwrap_or_default();
        at == 0 || at < strings.len() && at.checked_sub(1).and_then(|b| strings.get(b)) == Some(&0)
    }

    /// Whether there can be a type of that number: each takes three words at least.
    fn is_id(&self, id: u32) -> bool {
        usize::try_from(id).is_ok_and(|id| id <= self.header.types.len() / 12)
    }

    /// What types say of others, by the number of the other.
    fn references(&self, segments: &[Segment]) -> Vec<(u32, Wanted)> {
        let mut out = Vec::new();
        for &offset in segments.iter().flat_map(|s| &s.offsets) {
            let Some(head) = usize::try_from(offset).ok().and_then(|at| self.head_at(at)) else { continue };
            let element = |i: u32, size: usize, word: usize| {
                self.word(head.rest.checked_add(usize::try_from(i).ok()?.checked_mul(size)?)?.checked_add(word)?)
            };
            match head.kind {
                Kind::FUNC => out.push((head.value, Wanted::Prototype)),
                Kind::ARRAY => {
                    out.extend(element(0, 12, 4).map(|id| (id, Wanted::Integer)));
                    out.extend(element(0, 12, 0).map(|id| (id, Wanted::Data)));
                }
                Kind::STRUCT | Kind::UNION => out.extend((0..head.vlen).filter_map(|i| {
                    let wanted = if element(i, 12, 0)? == 0 { Wanted::Aggregate } else { Wanted::Data };
                    Some((element(i, 12, 4)?, wanted))
                })),
                Kind::FUNC_PROTO => {
                    out.extend((0..head.vlen).filter_map(|i| Some((element(i, 8, 4)?, Wanted::Data))));
                }
                Kind::DATASEC => out.extend((0..head.vlen).filter_map(|i| Some((element(i, 12, 0)?, Wanted::Variable)))),
                Kind::VAR => out.push((head.value, Wanted::Data)),
                _ => {}
            }
        }
        // void is nobody's.
        out.retain(|r| r.0 != 0);
        out.sort_unstable_by_key(|r| r.0);
        // What is pointed to a thousand times says no more than once.
        out.dedup();
        out
    }

    /// How many types lie in the gap before a segment that follows on `known` types; none where that can't be told.
    fn missing(&self, segment: &Segment, known: usize, refs: &[(u32, Wanted)]) -> Option<usize> {
        if segment.gap > GAP {
            return None;
        }
        let kinds: Vec<Kind> =
            segment.offsets.iter().filter_map(|o| Some(self.head_at(usize::try_from(*o).ok()?)?.kind)).collect();
        // References are asked from the gap on: near it the wrong ones begin.
        let first = known.checked_add(1)?;
        let from = refs.partition_point(|r| usize::try_from(r.0).is_ok_and(|id| id < first));
        let near = refs.get(from..from.saturating_add(ASKED).min(refs.len()))?;
        let against = |missing: usize| {
            let base = first + missing;
            let place = |id: u32| usize::try_from(id).ok()?.checked_sub(base);
            near.iter().filter(|(id, w)| place(*id).and_then(|i| kinds.get(i)).is_some_and(|k| !w.fits(*k))).count()
        };
        let mut scores: Vec<(usize, usize)> = (1..=segment.gap / 12 + 1).map(|n| (against(n), n)).collect();
        scores.sort_unstable();
        let (&(best, missing), second) = (scores.first()?, scores.get(1).map_or(usize::MAX, |s| s.0));
        (best.saturating_mul(4).saturating_add(4) < second).then_some(missing)
    }
}
