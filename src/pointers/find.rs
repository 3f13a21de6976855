//! From an address back to static ones.
//!
//! Level by level: who points to the address, or shortly before it; who points to (shortly before) those pointers; and so on.
//! What lies in a module ends a path. All targets of a level are looked for in one walk over the pointers, in order, so each
//! pointer is looked at once per level however many targets it could lead to, and is taken to lead to the nearest.

use super::bases::Bases;
use super::map::PointerMap;
use super::path::Path;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering};

/// How far a search goes.
#[derive(Clone, Copy, Debug)]
pub struct Limits<'a> {
    /// Pointers on a path.
    pub depth: usize,
    /// A pointer leads to what lies at most so far behind what it points to.
    pub behind: u32,
    /// And at most so far before it: pointers to list heads point into what they mean.
    pub before: u32,
    /// Places of one level that are followed; those with the smallest offsets where there are more.
    pub width: usize,
    /// Paths through places that a shorter path has met, too. None goes in a circle.
    pub longer: bool,
    /// Ends the search soon after it becomes true.
    pub interrupt: &'a AtomicBool,
}

/// How a search ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// Paths given.
    pub paths: u64,
    /// Places looked at on all levels.
    pub places: u64,
    /// The first level that had more places than [`Limits::width`].
    pub cut: Option<usize>,
    /// It was interrupted.
    pub interrupted: bool,
    /// Whoever took the paths had enough.
    pub enough: bool,
}

/// A place on the way back.
#[derive(Clone, Copy)]
struct Node {
    place: u64,
    /// Its pointer plus this is the place of `parent` among those of the level before.
    offset: i64,
    parent: u32,
    /// Number of the pointer.
    number: u32,
}

/// Gives every path that leads to `target` to `each`, the shortest first, and ends early when that breaks. `symbol` names a static
/// address.
pub fn find(
    map: &PointerMap,
    bases: &Bases,
    target: u64,
    limits: &Limits<'_>,
    symbol: &dyn Fn(u64) -> Option<String>,
    each: &mut dyn FnMut(Path) -> ControlFlow<()>,
) -> Found {
    let mut found = Found::default();
    let mut search = Search { map, limits, seen: vec![0; map.len().div_ceil(64)] };
    let path = |place: u64, offsets: Vec<i64>| {
        let (base, module_offset) = bases.of(place)?;
        Some(Path { module: base.name.clone(), module_offset, symbol: symbol(place), offsets })
    };
    let mut give = |path: Option<Path>, found: &mut Found| {
        let Some(path) = path else { return ControlFlow::Continue(()) };
        found.paths += 1;
        let flow = each(path);
        found.enough |= flow.is_break();
        flow
    };
    if give(path(target, Vec::new()), &mut found).is_break() {
        return found;
    }
    let mut levels = vec![vec![Node { place: target, offset: 0, parent: 0, number: u32::MAX }]];
    for depth in 1..=limits.depth {
        let Some(mut level) = search.level(&levels) else {
            found.interrupted = true;
            return found;
        };
        found.places = found.places.saturating_add(u64::try_from(level.len()).unwrap_or(u64::MAX));
        let mut statics: Vec<Node> = level.iter().filter(|n| bases.of(n.place).is_some()).copied().collect();
        if !limits.longer {
            level.retain(|n| bases.of(n.place).is_none());
        }
        statics.sort_by_key(likely);
        for node in statics {
            if limits.interrupt.load(Ordering::Relaxed) {
                found.interrupted = true;
                return found;
            }
            if give(path(node.place, offsets(&levels, node)), &mut found).is_break() {
                return found;
            }
        }
        if level.len() > limits.width {
            found.cut.get_or_insert(depth);
            level.select_nth_unstable_by_key(limits.width, likely);
            level.truncate(limits.width);
        }
        if level.is_empty() {
            break;
        }
        level.sort_unstable_by_key(|n| n.place);
        levels.push(level);
    }
    found
}

/// What comes first of one level: objects and what is in them lie at multiples of four, and nearer things are likelier.
fn likely(n: &Node) -> (bool, u64, u64) {
    (n.offset % 4 != 0, n.offset.unsigned_abs(), n.place)
}

/// What a path adds to each pointer, from a place of the level after `levels` on.
fn offsets(levels: &[Vec<Node>], from: Node) -> Vec<i64> {
    let mut offsets = vec![from.offset];
    let mut node = from;
    for level in levels.iter().skip(1).rev() {
        let Some(next) = usize::try_from(node.parent).ok().and_then(|i| level.get(i)) else { break };
        node = *next;
        offsets.push(node.offset);
    }
    offsets
}

struct Search<'a> {
    map: &'a PointerMap,
    limits: &'a Limits<'a>,
    /// A bit for each pointer that was met.
    seen: Vec<u64>,
}

impl Search<'_> {
    /// Who points to the places of the last level; `None` when it was interrupted.
    fn level(&mut self, levels: &[Vec<Node>]) -> Option<Vec<Node>> {
        let targets = levels.last()?;
        let (behind, before) = (u64::from(self.limits.behind), u64::from(self.limits.before));
        let mut out = Vec::new();
        // Pointers below this number were looked at for a target before.
        let mut from = 0;
        for (i, target) in targets.iter().enumerate() {
            if i % 4096 == 0 && self.limits.interrupt.load(Ordering::Relaxed) {
                return None;
            }
            let range = self.map.into(target.place.saturating_sub(behind), target.place.saturating_add(before));
            for number in range.start.max(from)..range.end {
                let Some((value, place)) = self.map.get(number) else { break };
                let Some(parent) = nearest(targets, value, behind, before) else { continue };
                let Some(to) = targets.get(parent) else { continue };
                if !self.take(number) || self.limits.longer && circle(levels, parent, number) {
                    continue;
                }
                let offset = to.place.wrapping_sub(value).cast_signed();
                let (Ok(parent), Ok(number)) = (u32::try_from(parent), u32::try_from(number)) else { continue };
                out.push(Node { place, offset, parent, number });
            }
            from = from.max(range.end);
        }
        Some(out)
    }

    /// Whether a pointer is met for the first time, or may be met again.
    fn take(&mut self, number: usize) -> bool {
        let Some(word) = self.seen.get_mut(number / 64) else { return false };
        let bit = 1u64 << (number % 64);
        let new = *word & bit == 0;
        *word |= bit;
        new || self.limits.longer
    }
}

/// Of targets, ascending by place, the one that a pointer most likely means: the nearest that it reaches.
fn nearest(targets: &[Node], value: u64, behind: u64, before: u64) -> Option<usize> {
    let above = targets.partition_point(|t| t.place < value);
    let up = targets.get(above).map(|t| t.place - value).filter(|d| *d <= behind);
    let below = above.checked_sub(1);
    let down = below.and_then(|i| targets.get(i)).map(|t| value - t.place).filter(|d| *d <= before);
    match (up, down) {
        (Some(up), Some(down)) if down < up => below,
        (Some(_), _) => Some(above),
        (None, Some(_)) => below,
        (None, None) => None,
    }
}

/// Whether a path from `parent` on comes through the pointer of this number.
fn circle(levels: &[Vec<Node>], parent: usize, number: usize) -> bool {
    let mut at = parent;
    for level in levels.iter().rev() {
        let Some(node) = level.get(at) else { return false };
        if usize::try_from(node.number) == Ok(number) {
            return true;
        }
        at = usize::try_from(node.parent).unwrap_or(usize::MAX);
    }
    false
}
