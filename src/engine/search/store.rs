//! Many masked patterns in little memory.

use super::hex::Masked;
use super::scan::Kind;

/// Patterns one behind the other.
#[derive(Clone, Default)]
pub(super) struct Store {
    bytes: Vec<u8>,
    /// Which bits count, for each byte; empty as long as all of all do.
    masks: Vec<u8>,
    items: Vec<Item>,
    kinds: Vec<Kind>,
}

/// Where a pattern ends, and whose it is.
#[derive(Clone, Copy)]
struct Item {
    end: u32,
    needle: u32,
    kind: u8,
    align: u8,
}

/// A pattern of a store.
#[derive(Clone, Copy)]
pub(super) struct Stored<'s> {
    pub(super) bytes: &'s [u8],
    /// Empty where all bits count.
    pub(super) masks: &'s [u8],
    pub(super) needle: u32,
    pub(super) kind: Kind,
    /// It counts only at addresses that are a multiple of this.
    pub(super) align: u8,
}

impl Stored<'_> {
    /// Whether it stands at the beginning of `hay`.
    pub(super) fn begins(&self, hay: &[u8]) -> bool {
        let Some(hay) = hay.get(..self.bytes.len()) else { return false };
        if self.masks.is_empty() {
            return hay == self.bytes;
        }
        hay.iter().zip(self.masks).zip(self.bytes).all(|((h, mask), value)| h & mask == *value)
    }

    /// Its bytes and which of their bits count.
    pub(super) fn masked(&self) -> Vec<Masked> {
        (0..self.bytes.len()).map(|i| self.at(i)).collect()
    }

    fn at(&self, i: usize) -> Masked {
        (self.bytes.get(i).copied().unwrap_or(0), self.masks.get(i).copied().unwrap_or(0xff))
    }
}

impl Store {
    pub(super) fn len(&self) -> usize {
        self.items.len()
    }

    /// Bytes of all patterns.
    pub(super) fn size(&self) -> usize {
        self.bytes.len()
    }

    /// Adds a pattern; `false` when there is no room.
    pub(super) fn push(&mut self, pattern: &[Masked], needle: u32, kind: Kind, align: u8) -> bool {
        let place = self.kinds.iter().position(|k| *k == kind).unwrap_or_else(|| {
            self.kinds.push(kind);
            self.kinds.len() - 1
        });
        let (Ok(end), Ok(kind)) = (u32::try_from(self.bytes.len() + pattern.len()), u8::try_from(place)) else {
            return false;
        };
        let exact = pattern.iter().all(|b| b.1 == 0xff);
        if !exact && self.masks.is_empty() {
            self.masks.resize(self.bytes.len(), 0xff);
        }
        if !exact || !self.masks.is_empty() {
            self.masks.extend(pattern.iter().map(|b| b.1));
        }
        self.bytes.extend(pattern.iter().map(|b| b.0));
        self.items.push(Item { end, needle, kind, align });
        true
    }

    /// A pattern.
    pub(super) fn get(&self, i: usize) -> Option<Stored<'_>> {
        let item = self.items.get(i)?;
        let start = match i.checked_sub(1) {
            Some(before) => to_usize(self.items.get(before)?.end),
            None => 0,
        };
        let range = start..to_usize(item.end);
        Some(Stored {
            bytes: self.bytes.get(range.clone())?,
            masks: self.masks.get(range).unwrap_or_default(),
            needle: item.needle,
            kind: *self.kinds.get(usize::from(item.kind))?,
            align: item.align,
        })
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = Stored<'_>> {
        (0..self.len()).filter_map(|i| self.get(i))
    }

    /// Forgets what room was kept for more.
    pub(super) fn shrink(&mut self) {
        self.bytes.shrink_to_fit();
        self.masks.shrink_to_fit();
        self.items.shrink_to_fit();
    }
}

pub(super) fn to_usize(n: u32) -> usize {
    usize::try_from(n).unwrap_or(usize::MAX)
}
