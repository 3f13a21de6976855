//! Translation over memory where each access costs a call: level by level, whole tables at a time, equal tables once.

use super::entry::{Entry, Seen, decode, entry_offset, half, rule};
use super::fault::FaultReason;
use super::memory::Memory;
use super::num::{index, to_u64, to_umem};
use super::resolver::System;
use super::software::Meaning;
use super::spans::{Merge, Visit, Walked, clip, root_visits, word};
use super::walk::Page;
use crate::arch::{Level, PageFormat};
use memsh_plugin::{PhysAddr, PhysReadOp, Status, umem};
use std::collections::HashMap;

/// Bytes of tables read at once: 4096 tables of 4 KiB. Memory stays bounded, and a call never carries little.
const TABLE_BYTES: usize = 16 << 20;

/// Tables of one level, read in one batch.
struct Tables {
    size: usize,
    position: HashMap<u64, usize>,
    bytes: Vec<u8>,
    status: Vec<Status>,
}

impl Tables {
    /// Reads the tables at `wanted` (each once) of a level.
    fn read(f: &PageFormat, memory: &Memory, level: &Level, wanted: impl Iterator<Item = u64>) -> Tables {
        let size = table_bytes(f, level.bits).max(1);
        let mut position = HashMap::new();
        let mut order = Vec::new();
        for t in wanted {
            position.entry(t).or_insert_with(|| {
                order.push(t);
                order.len() - 1
            });
        }
        let mut bytes = vec![0u8; order.len() * size];
        // What lies in no range is not there: no call is needed to learn that. Pages that are no tables lead anywhere.
        let there: Vec<bool> = order.iter().map(|&t| memory.touches(PhysAddr::new(umem::from(t)), to_umem(size))).collect();
        let mut ops: Vec<PhysReadOp> = order
            .iter()
            .zip(bytes.chunks_exact_mut(size))
            .zip(&there)
            .filter(|(_, there)| **there)
            .map(|((&t, buf), _)| PhysReadOp::new(PhysAddr::new(umem::from(t)), buf))
            .collect();
        memory.read_ops(&mut ops);
        let mut answers = ops.iter().map(|op| op.status);
        let status: Vec<Status> =
            there.iter().map(|there| if *there { answers.next().unwrap_or_default() } else { Status::MISSING }).collect();
        drop(ops);
        // Of a table that is there in part, every entry by itself: half an entry is none.
        let mut ops = Vec::new();
        let partial = order.iter().zip(bytes.chunks_exact_mut(size)).zip(&status).filter(|(_, s)| **s == Status::PARTIAL);
        for ((&table, buf), _) in partial {
            let mut at = PhysAddr::new(umem::from(table));
            for entry in buf.chunks_exact_mut(entry_bytes(f)) {
                let next = at.wrapping_add(to_umem(entry.len()));
                ops.push(PhysReadOp::new(at, entry));
                at = next;
            }
        }
        memory.read_ops(&mut ops);
        for op in ops.iter_mut().filter(|op| !op.status.is_done()) {
            op.buf.fill(0);
        }
        drop(ops);
        Tables { size, position, bytes, status }
    }

    fn status(&self, address: u64) -> Status {
        self.position.get(&address).and_then(|&i| self.status.get(i)).copied().unwrap_or_default()
    }

    fn table(&self, address: u64) -> Option<&[u8]> {
        let i = *self.position.get(&address)?;
        if !matches!(self.status.get(i), Some(&(Status::DONE | Status::PARTIAL))) {
            return None;
        }
        self.bytes.get(i * self.size..(i + 1) * self.size)
    }
}

fn table_bytes(f: &PageFormat, bits: u32) -> usize {
    index(umem::from(f.entry_size_u64() << bits)).unwrap_or(0)
}

fn entry_bytes(f: &PageFormat) -> usize {
    index(umem::from(f.entry_size_u64())).unwrap_or(8)
}

/// One address on its way down.
struct Traveller {
    which: usize,
    va: u64,
    table: u64,
    seen: Seen,
}

/// The page of every address; `None` where there is none. `missed` gets the places in `vas` of those that led to a table that can't be read.
pub(super) fn translate(
    f: &PageFormat,
    system: &System<'_>,
    roots: (u64, u64),
    vas: &[u64],
    missed: &mut Vec<usize>,
) -> Vec<Option<Page>> {
    let mut out = vec![None; vas.len()];
    let mut going: Vec<Traveller> = vas
        .iter()
        .enumerate()
        .filter_map(|(which, &va)| {
            let table = if half(f, va)? { roots.1 } else { roots.0 };
            Some(Traveller { which, va, table, seen: Seen::NOTHING })
        })
        .collect();
    for level in f.used_levels() {
        let limit = TABLE_BYTES / table_bytes(f, level.bits).max(1);
        let mut next = Vec::with_capacity(going.len());
        // Sorted by table, so that a group has all the addresses of its tables.
        going.sort_by_key(|t| t.table);
        let mut rest = going.as_slice();
        while !rest.is_empty() {
            let (group, tail) = rest.split_at(group_end(rest, limit, |t| t.table));
            rest = tail;
            let apart = system.software.apart(f, level.shift);
            let own = |t: &Traveller| apart.and_then(|distance| t.table.checked_sub(distance));
            let wanted = group.iter().flat_map(|t| [Some(t.table), own(t)]).flatten();
            let tables = Tables::read(f, system.memory, level, wanted);
            for t in group {
                let offset = index(umem::from(entry_offset(f, level, t.va))).unwrap_or(0);
                let entry_of = |table| tables.table(table).and_then(|b| b.get(offset..offset + entry_bytes(f))).map(word);
                let Some(entry) = entry_of(t.table) else {
                    missed.push(t.which);
                    continue;
                };
                let page = match decode(f, level, entry) {
                    Entry::Table(table) => {
                        next.push(Traveller { table, seen: t.seen.table(level, entry), ..*t });
                        None
                    }
                    Entry::Page(base, shift) => Some(Page { base, shift, perm: t.seen.page(rule(f, level, entry), entry) }),
                    Entry::Absent => {
                        let kept = if apart.is_some() { own(t).and_then(entry_of).unwrap_or(0) } else { entry };
                        let meaning = if kept == 0 { NOTHING } else { system.meaning(f, kept, level.shift, t.va) };
                        if let Meaning::Table(table) = meaning {
                            next.push(Traveller { table, ..*t });
                        }
                        meaning.page().ok()
                    }
                    Entry::Reserved => None,
                };
                if let (Some(page), Some(slot)) = (page, out.get_mut(t.which)) {
                    *slot = Some(page);
                }
            }
        }
        going = next;
    }
    out
}

/// How many leading elements have at most `limit` different tables; equal tables stand together.
fn group_end<T>(items: &[T], limit: usize, table: impl Fn(&T) -> u64) -> usize {
    let mut distinct = 0;
    let mut last = None;
    for (i, item) in items.iter().enumerate() {
        let t = table(item);
        if last != Some(t) {
            distinct += 1;
            last = Some(t);
        }
        if distinct > limit.max(1) {
            return i;
        }
    }
    items.len()
}

/// A piece of the address space, in order: a page that is known, or a table to look into.
enum Item {
    /// An address, the page, and log2 of the part of it that one entry maps.
    Page(u64, Page, u32),
    Table(Visit),
}

/// Every mapping of `start..=last`, from `budget` tables at most.
pub(super) fn spans(
    f: &PageFormat,
    system: System<'_>,
    roots: (u64, u64),
    ((start, last), budget): ((u64, u64), u64),
    merge: Merge<'_>,
) -> Walked {
    let mut walk = Spans { f, system, start, last, merge, walked: Walked::default(), budget };
    let items = root_visits(f, roots, start, last).into_iter().map(Item::Table).collect();
    walk.expand(0, items);
    let stopped = walk.merge.finish();
    Walked { cut: walk.walked.cut || stopped, ..walk.walked }
}

struct Spans<'a, 'b> {
    f: &'a PageFormat,
    system: System<'a>,
    start: u64,
    last: u64,
    merge: Merge<'b>,
    walked: Walked,
    budget: u64,
}

impl Spans<'_, '_> {
    /// Looks into the tables of level number `depth` among `items`, a bounded group at a time, and everything below.
    fn expand(&mut self, depth: usize, items: Vec<Item>) {
        let limit = self.f.used_levels().get(depth).map_or(1, |l| TABLE_BYTES / table_bytes(self.f, l.bits).max(1)).max(1);
        let mut items = items.into_iter().peekable();
        while items.peek().is_some() && !self.merge.stop {
            let mut group = Vec::new();
            let mut tables = 0;
            while let Some(item) = items.next_if(|i| matches!(i, Item::Page(..)) || tables < limit) {
                tables += usize::from(matches!(item, Item::Table(_)));
                group.push(item);
            }
            if tables == 0 {
                for item in group {
                    if let Item::Page(at, page, part) = item {
                        self.merge.part(at, part, &page);
                    }
                }
                continue;
            }
            let below = self.look(depth, group);
            self.expand(depth + 1, below);
        }
    }

    /// The table at `table`, which is below one of level number `depth` and begins to map at `base`.
    fn below(&self, depth: usize, base: u64, table: u64, seen: Seen) -> Option<Item> {
        let level = self.f.used_levels().get(depth + 1)?;
        let child = Visit { table, base, first: 0, last: (1 << level.bits) - 1, seen };
        clip(level, child, self.start, self.last).map(Item::Table)
    }

    fn look(&mut self, depth: usize, group: Vec<Item>) -> Vec<Item> {
        let f = self.f;
        let Some(level) = f.used_levels().get(depth) else { return Vec::new() };
        let wanted = group.iter().filter_map(|i| match i {
            Item::Table(v) => Some(v.table),
            Item::Page(..) => None,
        });
        let apart = self.system.software.apart(f, level.shift);
        let own = |table: u64| apart.and_then(|distance| table.checked_sub(distance));
        let tables = Tables::read(f, self.system.memory, level, wanted.flat_map(|t| [Some(t), own(t)]).flatten());
        let entry_size = entry_bytes(f);
        // Below the last level nothing follows: its pages need not be kept.
        let last_level = depth + 1 == f.depth;
        let mut out = Vec::new();
        for item in group {
            let v = match item {
                Item::Page(at, page, part) if last_level => {
                    self.merge.part(at, part, &page);
                    continue;
                }
                Item::Page(..) => {
                    out.push(item);
                    continue;
                }
                Item::Table(v) => v,
            };
            if self.walked.tables >= self.budget {
                self.walked.cut = true;
                continue;
            }
            self.walked.tables += 1;
            self.walked.missing_tables += u64::from(tables.status(v.table) != Status::DONE);
            let range =
                to_usize(v.first).saturating_mul(entry_size)..to_usize(v.last).saturating_add(1).saturating_mul(entry_size);
            let Some(entries) = tables.table(v.table).and_then(|t| t.get(range.clone())) else {
                continue;
            };
            let own = own(v.table).and_then(|t| tables.table(t)).and_then(|t| t.get(range)).unwrap_or(&[]);
            let mut own = own.chunks_exact(entry_size).map(word);
            let mut at = v.base + (v.first << level.shift);
            for entry in entries.chunks_exact(entry_size).map(word) {
                let kept = if apart.is_some() { own.next().unwrap_or(0) } else { entry };
                match decode(f, level, entry) {
                    Entry::Table(next) => {
                        out.extend(self.below(depth, at, next, v.seen.table(level, entry)));
                    }
                    Entry::Page(base, shift) => {
                        let page = Page { base, shift, perm: v.seen.page(rule(f, level, entry), entry) };
                        if last_level {
                            self.merge.entry(at, level, &page);
                        } else {
                            out.push(Item::Page(at, page, level.shift));
                        }
                    }
                    Entry::Absent if kept != 0 => {
                        let meaning = self.system.meaning(f, kept, level.shift, at);
                        match (meaning, meaning.page()) {
                            (Meaning::Table(next), _) => out.extend(self.below(depth, at, next, v.seen)),
                            (_, Ok(page)) if last_level => self.merge.page(at, &page),
                            (_, Ok(page)) => out.push(Item::Page(at, page, page.shift)),
                            (_, Err(FaultReason::PageFile(_) | FaultReason::Compressed(_) | FaultReason::Transition))
                                if !last_level =>
                            {
                                self.walked.missing_tables += 1;
                            }
                            _ => {}
                        }
                    }
                    Entry::Absent | Entry::Reserved => {}
                }
                at = at.wrapping_add(1 << level.shift);
            }
        }
        out
    }
}

/// What an entry of zeros means.
const NOTHING: Meaning = Meaning::Gone(FaultReason::NotPresent);

fn to_usize(value: u64) -> usize {
    index(umem::from(value)).unwrap_or(usize::MAX)
}

/// Not canonical in any format: bit 63 alone is not the sign of 48 or 57 bits, and bit 54 is above AArch64's lower half, whose
/// top byte would be a tag.
pub(super) const NOWHERE: u64 = 1 << 63 | 1 << 54;

/// The number of a virtual address, where it has 64 bits.
pub(super) fn number(addr: memsh_plugin::VirtAddr) -> u64 {
    // Canonical in no format: such an address fails by itself.
    to_u64(addr.value()).unwrap_or(NOWHERE)
}
