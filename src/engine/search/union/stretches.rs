//! Searches where what is found depends on all that is contiguous: stretches of the same frames are searched once.

use super::super::pipeline::{Options, Step, Steps, Summary};
use super::super::scan::Hit;
use super::super::source::{RunSource, Source, VirtRun};
use super::index::joined;
use super::{Found, Given, Spaces};
use crate::engine::{Memory, to_u64};
use memsh_plugin::umem;
use std::collections::HashSet;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::ops::{ControlFlow, Range};
use std::sync::atomic::Ordering;

/// A search of one source.
pub(super) type Search<'a> = dyn FnMut(&dyn Source, &Options<'_>, &mut Steps<'_>) -> Summary + 'a;

/// Stretches that are known at once, some 40 MB. Those beyond are searched in every space.
const MOST: usize = 1 << 19;

/// What a stretch consists of: a hash whose keys nobody knows beforehand, so long that no two are alike by chance.
type Key = u128;

/// Where a stretch begins.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Stretch {
    key: Key,
    space: usize,
    virt: umem,
}

/// Makes keys.
struct Keys([RandomState; 2]);

impl Keys {
    fn of(&self, runs: &[VirtRun]) -> Key {
        self.0.iter().fold(0, |key, state| {
            let mut hasher = state.build_hasher();
            for run in runs {
                hasher.write(&run.phys.to_le_bytes());
                hasher.write(&run.size.to_le_bytes());
            }
            key << 64 | Key::from(hasher.finish())
        })
    }
}

/// Hands each stretch of a space on, ascending.
fn each_stretch(spaces: &dyn Spaces, space: usize, each: &mut dyn FnMut(&[VirtRun])) -> ControlFlow<()> {
    let mut runs: Vec<VirtRun> = Vec::new();
    let flow = joined(spaces, space, 0, &mut |run| {
        if runs.last().is_some_and(|r| r.virt.checked_add(r.size) != Some(run.virt)) {
            each(&runs);
            runs.clear();
        }
        runs.push(run);
        ControlFlow::Continue(())
    });
    if !runs.is_empty() {
        each(&runs);
    }
    flow
}

/// Runs `search` over every stretch that is not the same as one before.
pub(super) fn search(
    memory: &Memory,
    spaces: &dyn Spaces,
    options: &Options<'_>,
    given: &mut Given<'_>,
    search: &mut Search<'_>,
) {
    if given.full() {
        return;
    }
    let stopped = || options.interrupt.load(Ordering::Relaxed);
    let keys = Keys([RandomState::new(), RandomState::new()]);
    let Some((known, total)) = survey(spaces, &keys, &stopped) else {
        given.summary.interrupted |= stopped();
        return;
    };
    // By the first stretch of a group: whether it was searched.
    let mut searched: HashSet<usize> = HashSet::new();
    let mut done = 0;
    for space in 0..spaces.count() {
        let mut runs: Vec<VirtRun> = Vec::new();
        // Where each stretch begins, and all that are the same.
        let mut begins: Vec<(umem, Range<usize>)> = Vec::new();
        let mut bytes: umem = 0;
        let flow = each_stretch(spaces, space, &mut |stretch| {
            let Some(virt) = stretch.first().map(|r| r.virt) else { return };
            let key = keys.of(stretch);
            let group = known.partition_point(|s| s.key < key)..known.partition_point(|s| s.key <= key);
            let own = known.get(group.clone()).is_some_and(|g| g.contains(&Stretch { key, space, virt }));
            // Of a live target a stretch may be new: nobody else gives its hits out.
            let group = if own { group } else { 0..0 };
            if own && !searched.insert(group.start) {
                return;
            }
            begins.push((virt, group));
            bytes = stretch.iter().fold(bytes, |sum, r| sum.saturating_add(r.size));
            runs.extend_from_slice(stretch);
        });
        if stopped() || flow.is_break() {
            given.summary.interrupted |= stopped();
            return;
        }
        let source = RunSource::new(memory, runs.iter().copied());
        let progress = |now: u64, own: u64| (options.progress)(now.saturating_add(done), total.max(own.saturating_add(done)));
        let part = Options { max_hits: None, progress: &progress, ..*options };
        let mut flow = ControlFlow::Continue(());
        let summary = search(&source, &part, &mut |step| {
            let Step::Found(hit) = step else { return given.idle() };
            let i = begins.partition_point(|(virt, _)| *virt <= hit.addr).checked_sub(1);
            let Some((virt, group)) = i.and_then(|i| begins.get(i)) else { return ControlFlow::Continue(()) };
            let phys = source.phys(hit.addr);
            let same = known.get(group.clone()).unwrap_or_default();
            if same.is_empty() {
                flow = given.give(Found { space, phys, hit });
            }
            for other in same {
                let addr = other.virt + (hit.addr - virt);
                flow = given.give(Found { space: other.space, phys, hit: Hit { addr, ..hit } });
                flow?;
            }
            flow
        });
        done = done.saturating_add(to_u64(bytes).unwrap_or(u64::MAX));
        given.add(&summary);
        if summary.interrupted || flow.is_break() {
            return;
        }
    }
}

/// All stretches, those that are the same beside each other, and how many bytes are to be searched. `None` when it was stopped.
fn survey(spaces: &dyn Spaces, keys: &Keys, stopped: &dyn Fn() -> bool) -> Option<(Vec<Stretch>, u64)> {
    let mut known: Vec<Stretch> = Vec::new();
    let mut distinct: HashSet<Key> = HashSet::new();
    let mut total: umem = 0;
    for space in 0..spaces.count() {
        let flow = each_stretch(spaces, space, &mut |stretch| {
            let key = keys.of(stretch);
            if known.len() < MOST {
                known.extend(stretch.first().map(|r| Stretch { key, space, virt: r.virt }));
                if !distinct.insert(key) {
                    return;
                }
            }
            total = stretch.iter().fold(total, |sum, r| sum.saturating_add(r.size));
        });
        if stopped() || flow.is_break() {
            return None;
        }
    }
    known.sort_unstable();
    Some((known, to_u64(total).unwrap_or(u64::MAX)))
}
