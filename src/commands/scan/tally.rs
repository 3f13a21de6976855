//! What is counted rather than listed.

use super::rows::{CountRow, HitRow};
use crate::commands::cells::plain;
use crate::commands::searched::Searched;
use crate::engine::search::Hit;
use std::collections::hash_map::{Entry, HashMap};
use std::collections::{BTreeMap, HashSet};
use std::hash::{BuildHasher, RandomState};

/// Matches that `--count` tells apart, in all spaces together: some 40 MB.
const DISTINCT: usize = 1 << 20;
/// Matches that `--unique` keeps, with the row of the first hit each.
const UNIQUE: usize = 1 << 16;

/// Counts of the spaces in which something was found.
#[derive(Default)]
pub struct Counts {
    /// By space, then by needle.
    spaces: BTreeMap<(usize, u32), CountRow>,
    seen: HashSet<(usize, u32, u64)>,
    keys: RandomState,
    /// There were too many matches to tell them apart.
    over: bool,
}

impl Counts {
    /// A space is counted, even where nothing is found in it; `needle` is which of several, as it was written.
    pub fn space(&mut self, searched: &Searched, number: u32, needle: impl FnOnce() -> Option<String>) -> &mut CountRow {
        self.spaces.entry((searched.order, number)).or_insert_with(|| {
            let process = searched.space.process();
            CountRow {
                space: searched.space.kind().to_owned(),
                pid: process.map(|p| p.pid),
                process: process.map(|p| plain(&p.name)),
                needle: needle(),
                hits: 0,
                distinct: Some(0),
            }
        })
    }

    /// One more.
    pub fn hit(&mut self, searched: &Searched, hit: &Hit<'_>, needle: impl FnOnce() -> Option<String>) {
        // Of a long match only the beginning is at hand.
        let key = (searched.order, hit.needle, self.keys.hash_one((hit.bytes, hit.len)));
        let full = self.seen.len() >= DISTINCT && !self.seen.contains(&key);
        self.over |= full;
        let new = !full && self.seen.insert(key);
        let row = self.space(searched, hit.needle, needle);
        row.hits += 1;
        row.distinct = row.distinct.map(|n| n + u64::from(new));
    }

    /// Whether there is no space.
    pub fn is_empty(&self) -> bool {
        self.spaces.is_empty()
    }

    /// A row for each space, and in it for each needle that was found.
    pub fn rows(self) -> impl Iterator<Item = CountRow> {
        let over = self.over;
        self.spaces.into_values().map(move |row| CountRow { distinct: row.distinct.filter(|_| !over), ..row })
    }
}

/// Each match once.
#[derive(Default)]
pub struct Uniques {
    /// Which of `rows`, by bytes and length.
    places: HashMap<(Vec<u8>, u64), usize>,
    rows: Vec<HitRow>,
    /// Hits for which there was no room.
    pub left_out: u64,
}

impl Uniques {
    /// One more; `row` is made for the first of its kind.
    pub fn hit(&mut self, bytes: &[u8], len: u64, row: impl FnOnce() -> HitRow) {
        let room = self.rows.len() < UNIQUE;
        match self.places.entry((bytes.to_vec(), len)) {
            Entry::Occupied(at) => {
                if let Some(row) = self.rows.get_mut(*at.get()) {
                    row.count = row.count.map(|n| n.saturating_add(1));
                }
            }
            Entry::Vacant(place) if room => {
                place.insert(self.rows.len());
                self.rows.push(HitRow { count: Some(1), ..row() });
            }
            Entry::Vacant(_) => self.left_out += 1,
        }
    }

    /// The matches, in the order in which they were found first.
    pub fn rows(self) -> Vec<HitRow> {
        self.rows
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::VirtAddr;

    #[test]
    fn no_more_matches_are_kept_than_there_is_room_for() {
        let mut all = Uniques::default();
        let row = || super::super::rows::tests::empty(VirtAddr::new(0));
        for i in 0..UNIQUE + 5 {
            all.hit(&i.to_le_bytes(), 8, row);
        }
        all.hit(&0usize.to_le_bytes(), 8, row);
        assert_eq!(all.left_out, 5);
        let rows = all.rows();
        assert_eq!((rows.len(), rows.first().unwrap().count, rows.last().unwrap().count), (UNIQUE, Some(2), Some(1)));
    }
}
