//! The first scan, and the passes that narrow.

use super::block::{BLOCK, BLOCK_SIZE, Block, Grid, Slots, Values, ones};
use super::condition::Condition;
use super::kernel::{Base, Check, Test};
use super::packing::{first_is, kept, spread, values};
use super::set::{Owner, Part, STEPS, Set, Step, WIDEST_ALIGN};
use super::unit::{Scratch, Seen, UNIT, Work, read};
use super::value::{Type, wrong};
use crate::engine::search::{Options, Source, Span};
use crate::engine::work::each;
use crate::{Error, ErrorKind, Layer, Result};
use memsh_plugin::umem;
use std::mem::take;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::SystemTime;

/// A pass under way: spaces are gone through one after the other, and only at the end there is a set. Dropped before that, it leaves nothing.
pub struct Pass {
    set: Set,
    check: Check,
    step: Step,
    limit: u64,
    memory: AtomicU64,
}

/// Why work ended early.
enum Stop {
    Interrupted,
    TooLarge,
}

/// What is done with a block that was read, by its base and what is known of it: gives what remains of it, the places that were looked at, and
/// those of its candidates that are there.
type Look<'f, Of> = &'f (dyn Fn(&Pass, umem, Seen<'_>, &mut Work<'_>, &Of) -> (Option<Block>, u64, u64) + Sync);

/// What came of a unit.
#[derive(Default)]
struct Outcome {
    blocks: Vec<Block>,
    places: u64,
    seen: u64,
    bytes: u64,
}

impl Pass {
    /// A first scan for values of `kind` at multiples of `align`. `limit`: bytes of memory that the set may take.
    ///
    /// # Errors
    /// When the alignment can't be, or the condition compares with an earlier value.
    pub fn first(kind: Type, align: usize, condition: &Condition, text: &str, limit: u64) -> Result<Self> {
        if !align.is_power_of_two() || align > WIDEST_ALIGN {
            return Err(wrong(format!("values can't be aligned to {align} bytes"), "an alignment is 1, 2, 4, 8, ... 4096"));
        }
        if kind.width() == 0 {
            return Err(wrong(format!("type {} without a length", kind.name()), "say how many bytes: text8, bytes16"));
        }
        if condition.needs_earlier() {
            let hint = "`scan value ?` takes any value; `next` compares with it";
            return Err(wrong(format!("{text} compares with an earlier value, and there is none yet"), hint));
        }
        let check = Check::new(condition, kind, None, None);
        let common = check.constant();
        let set =
            Set { kind, align, target: String::new(), steps: Vec::new(), parts: Vec::new(), last: common.clone(), first: common };
        Ok(Self::new(set, check, text, limit))
    }

    /// A pass over the candidates of `before`. `limit`: bytes of memory that the new set may take, beside what both share.
    pub fn next(before: &Set, condition: &Condition, text: &str, limit: u64) -> Self {
        let check = Check::new(condition, before.kind, before.last.as_ref(), before.first.as_ref());
        let last = check.constant();
        let set = Set {
            kind: before.kind,
            align: before.align,
            target: before.target.clone(),
            steps: before.steps.clone(),
            parts: Vec::new(),
            last,
            first: before.first.clone(),
        };
        Self::new(set, check, text, limit)
    }

    fn new(set: Set, check: Check, text: &str, limit: u64) -> Self {
        let condition = text.to_owned();
        let step = Step { condition, before: 0, after: 0, lost: 0, bytes: 0, time: SystemTime::UNIX_EPOCH };
        Self { set, check, step, limit, memory: AtomicU64::new(0) }
    }

    /// Goes through the space of `owner`, all of `source`. `steady`: its bytes may change while they are looked at.
    /// Gives the bytes that the space lists and that could not be read.
    ///
    /// # Errors
    /// When interrupted, and when the set takes more memory than allowed.
    pub fn scan(&mut self, owner: Owner, source: &dyn Source, steady: bool, options: &Options<'_>) -> Result<u64> {
        let spans: Vec<Span> = source.spans().collect();
        let total = spans.iter().fold(0, |sum: umem, s| sum.saturating_add(s.bytes()));
        let units = Units { spans: &spans, at: None };
        let outcome =
            self.run(source, units, total, steady, options, &|pass, base, seen, work, _: &()| pass.fresh(base, &seen, work))?;
        self.step.before = self.step.before.saturating_add(outcome.places);
        self.set.parts.push(Part { owner, blocks: outcome.blocks });
        Ok(crate::engine::to_u64(total).unwrap_or(u64::MAX).saturating_sub(outcome.bytes))
    }

    /// Narrows the candidates of a part of the set that is narrowed. `source` holds what of [`Part::wanted`] is there now.
    ///
    /// # Errors
    /// As [`scan`](Self::scan).
    pub fn narrow(&mut self, part: &Part, source: &dyn Source, steady: bool, options: &Options<'_>) -> Result<()> {
        let total = BLOCK_SIZE.saturating_mul(crate::engine::to_umem(part.blocks.len()));
        let units = part.blocks.chunks(UNIT).map(|blocks| (blocks.iter().map(|b| b.base).collect::<Vec<_>>(), blocks));
        let units = units.map(|(bases, blocks)| Unit { bases, wanted: 0, about: blocks });
        let outcome = self
            .run(source, units, total, steady, options, &|pass, _, seen, work, block: &Block| pass.again(&seen, work, block))?;
        let before = part.count();
        self.step.before = self.step.before.saturating_add(before);
        self.step.lost = self.step.lost.saturating_add(before.saturating_sub(outcome.seen));
        self.set.parts.push(Part { owner: part.owner.clone(), blocks: outcome.blocks });
        Ok(())
    }

    /// Ends the pass: the new set. Its last step says how it went.
    pub fn finish(mut self) -> Set {
        // An empty set still says where it was searched.
        if self.set.count() > 0 {
            self.set.parts.retain(|p| !p.blocks.is_empty());
        }
        let step = Step { after: self.set.count(), time: SystemTime::now(), ..self.step };
        if self.set.steps.len() >= STEPS {
            // The first stays: it says how the set began.
            self.set.steps.remove(1);
        }
        self.set.steps.push(step);
        self.set
    }

    fn run<'u, A: About + ?Sized + 'u>(
        &mut self,
        source: &dyn Source,
        units: impl Iterator<Item = Unit<'u, A>> + Send,
        total: umem,
        steady: bool,
        options: &Options<'_>,
        look: Look<'_, A::Of>,
    ) -> Result<Outcome> {
        let grid = self.set.grid();
        let count = options.threads_for(source);
        let total = crate::engine::to_u64(total).unwrap_or(u64::MAX);
        let done = AtomicU64::new(0);
        let this = &*self;
        let work = |scratch: &mut Scratch, unit: Unit<'u, A>| {
            let mut out = Outcome::default();
            let flow = read(source, &unit.bases, steady, scratch, options.interrupt, &mut |i, seen, work| {
                let bytes = seen.present();
                let (Some(about), Some(base)) = (unit.about.of(i), unit.bases.get(i)) else { return };
                let (block, places, there) = look(this, *base, seen, work, about);
                out.bytes += bytes;
                out.places += places;
                out.seen += there;
                out.blocks.extend(block);
            });
            let size = if unit.wanted > 0 { unit.wanted } else { u64::try_from(unit.bases.len() * BLOCK).unwrap_or(0) };
            let so_far = done.fetch_add(size, Ordering::Relaxed) + size;
            (options.progress)(so_far.min(total), total);
            if flow.is_break() || options.interrupt.load(Ordering::Relaxed) {
                return Err((Stop::Interrupted, so_far));
            }
            if this.memory.load(Ordering::Relaxed) > this.limit {
                return Err((Stop::TooLarge, so_far));
            }
            out.blocks.sort_unstable_by_key(|b| b.base);
            Ok(out)
        };
        let outcomes = each(count, units, || Scratch::new(grid), work).map_err(|(stop, so_far)| match stop {
            Stop::Interrupted => Error::new(Layer::Command, ErrorKind::Interrupted, "interrupted"),
            Stop::TooLarge => self.too_large(so_far, total),
        })?;
        let mut all = Outcome::default();
        all.blocks.reserve_exact(outcomes.iter().map(|o| o.blocks.len()).sum());
        for mut one in outcomes {
            all.blocks.append(&mut one.blocks);
            all.places = all.places.saturating_add(one.places);
            all.seen += one.seen;
            all.bytes = all.bytes.saturating_add(one.bytes);
        }
        self.step.bytes = self.step.bytes.saturating_add(all.bytes);
        Ok(all)
    }

    fn too_large(&self, done: u64, total: u64) -> Error {
        let taken = self.memory.load(Ordering::Relaxed);
        let mib = |n: u64| n.div_ceil(1 << 20);
        let per_mille = u128::from(done) * 1000 / u128::from(total.max(1));
        let about = u64::try_from(u128::from(taken) * 1000 / per_mille.max(1)).unwrap_or(u64::MAX);
        let what = format!(
            "the candidates take more than {} MiB: {}.{} % of {} MiB are done, so all of it takes about {} MiB",
            mib(self.limit),
            per_mille / 10,
            per_mille % 10,
            mib(total),
            mib(about)
        );
        let hint = "--max-memory allows more; a value, a range or a wider type takes less than `?`, and so does -p or --range";
        Error::new(Layer::Command, ErrorKind::Invalid, what).hint(hint)
    }

    pub(super) fn no_room(limit: u64) -> Error {
        let what = format!("the candidates take more than {} MiB", limit.div_ceil(1 << 20));
        Error::new(Layer::Command, ErrorKind::Invalid, what).hint("--max-memory allows more")
    }

    fn grid(&self) -> Grid {
        self.set.grid()
    }

    /// A block of a first scan: it, the places of it that are there, twice.
    fn fresh(&self, base: umem, seen: &Seen<'_>, work: &mut Work<'_>) -> (Option<Block>, u64, u64) {
        let grid = self.grid();
        seen.places(grid, work.words);
        let places = u64::try_from(ones(work.words)).unwrap_or(0);
        self.check.apply(seen.bytes, &[], grid.stride, work.words);
        let count = ones(work.words);
        if count == 0 {
            return (None, places, places);
        }
        let values = match self.set.last.is_some() {
            true => Values::Common,
            false => values(grid, seen.bytes, work.words, count, work.zeros),
        };
        let slots = Slots::of_words(work.words, count);
        let count = u32::try_from(count).unwrap_or(u32::MAX);
        let block = Block { base, count, slots, last: values.clone(), first: values };
        self.add(&block, None);
        (Some(block), places, places)
    }

    /// A block of a pass: what remains of it, and how many of its candidates are there.
    fn again(&self, seen: &Seen<'_>, work: &mut Work<'_>, block: &Block) -> (Option<Block>, u64, u64) {
        let grid = self.grid();
        work.words.fill(0);
        block.slots.fill(work.words);
        let mut there = u64::from(block.count);
        if seen.parts.is_some() {
            seen.places(grid, work.there);
            work.words.iter_mut().zip(work.there.iter()).for_each(|(w, t)| *w &= t);
            there = u64::try_from(ones(work.words)).unwrap_or(0);
        }
        // Most of memory is what it was: to see that is cheaper than to compare value by value.
        let same = match &block.last {
            Values::Whole(bytes) => **bytes == *seen.bytes,
            Values::Zero => *work.zeros == *seen.bytes,
            _ => false,
        };
        match (&self.check.test, self.check.base, same) {
            (Test::Same, Base::Last, true) if !self.check.not => {}
            (Test::Same | Test::More { .. } | Test::Less { .. } | Test::MoreFloat | Test::LessFloat, Base::Last, true) => {
                work.words.fill(0)
            }
            (_, base, _) => {
                let values = match base {
                    Base::None => &Values::Common,
                    Base::Last => &block.last,
                    Base::First => &block.first,
                };
                match values {
                    Values::Common => self.check.apply(seen.bytes, &[], grid.stride, work.words),
                    Values::Zero => self.check.apply(seen.bytes, work.zeros, grid.stride, work.words),
                    Values::Whole(old) => self.check.apply(seen.bytes, old, grid.stride, work.words),
                    Values::Packed(packed) => {
                        spread(grid, &block.slots, packed, work.old);
                        self.check.apply(seen.bytes, work.old, grid.stride, work.words);
                    }
                }
            }
        }
        let count = ones(work.words);
        if count == 0 {
            return (None, 0, there);
        }
        // What has not changed need not be kept once more: of the others nobody asks.
        let unchanged = same || self.check.test == Test::Same && self.check.base == Base::Last && !self.check.not;
        let last = match (self.set.last.is_some(), unchanged) {
            (true, _) => Values::Common,
            (false, true) => kept(grid, &block.last, block, work.words, count),
            (false, false) => values(grid, seen.bytes, work.words, count, work.zeros),
        };
        let first = match unchanged && self.set.last.is_none() && block.first.shares(&block.last) {
            true => last.clone(),
            false => kept(grid, &block.first, block, work.words, count),
        };
        let first = if first_is(&first, &last) { last.clone() } else { first };
        let all = count == usize::try_from(block.count).unwrap_or(usize::MAX);
        let slots = if all { block.slots.clone() } else { Slots::of_words(work.words, count) };
        let count = u32::try_from(count).unwrap_or(u32::MAX);
        let new = Block { base: block.base, count, slots, last, first };
        self.add(&new, Some(block));
        (Some(new), 0, there)
    }

    fn add(&self, block: &Block, before: Option<&Block>) {
        let shared = |v: &Values| before.is_some_and(|b| v.shares(&b.last) || v.shares(&b.first));
        let mut size = block.memory();
        if shared(&block.last) {
            size = size.saturating_sub(block.last.memory());
        }
        if shared(&block.first) && !block.first.shares(&block.last) {
            size = size.saturating_sub(block.first.memory());
        }
        self.memory.fetch_add(u64::try_from(size).unwrap_or(u64::MAX), Ordering::Relaxed);
    }
}

/// Blocks that one thread takes at once.
struct Unit<'u, A: ?Sized> {
    bases: Vec<umem>,
    /// Bytes of it that the space lists; 0 where that is not known.
    wanted: u64,
    about: &'u A,
}

/// What is known of the blocks of a unit.
trait About: Sync {
    type Of;
    fn of(&self, i: usize) -> Option<&Self::Of>;
}

impl About for () {
    type Of = ();
    fn of(&self, _: usize) -> Option<&()> {
        Some(&())
    }
}

impl About for [Block] {
    type Of = Block;
    fn of(&self, i: usize) -> Option<&Block> {
        self.get(i)
    }
}

/// The blocks of spans, some at a time, without a list of them all: a hostile space is as large as it says.
struct Units<'a> {
    spans: &'a [Span],
    /// The next address.
    at: Option<umem>,
}

impl Iterator for Units<'_> {
    type Item = Unit<'static, ()>;

    fn next(&mut self) -> Option<Self::Item> {
        let mut unit = Unit { bases: Vec::with_capacity(UNIT), wanted: 0, about: &() };
        while let Some(span) = self.spans.first() {
            let at = self.at.unwrap_or(span.first).max(span.first);
            let base = at / BLOCK_SIZE * BLOCK_SIZE;
            if unit.bases.last() != Some(&base) {
                if unit.bases.len() == UNIT {
                    break;
                }
                unit.bases.push(base);
            }
            let end = base.checked_add(BLOCK_SIZE).filter(|end| *end <= span.last);
            let here = end.map_or(span.last, |e| e - 1) - at + 1;
            unit.wanted = unit.wanted.saturating_add(crate::engine::to_u64(here).unwrap_or(0));
            self.at = end;
            if end.is_none() {
                self.spans = take(&mut self.spans).get(1..).unwrap_or_default();
            }
        }
        (!unit.bases.is_empty()).then_some(unit)
    }
}
