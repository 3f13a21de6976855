//! Where each page lies: sets of up to 16 pages that were packed together, and the runs of memory in them.

use super::sets::MOST_PAGES;
use crate::memo::{Reader, Writer};
use memsh_plugin::{MemoryRange, PhysAddr, umem};

pub(super) const PAGE: u64 = 4096;
/// No machine has a longer physical address.
pub(super) const HIGHEST_PAGE: u64 = 1 << (52 - 12);

/// How a set is packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Method {
    Stored,
    Xpress,
    Huffman,
}

/// Pages that were packed together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Set {
    /// Where its bytes begin in the file, and how many there are.
    pub offset: u64,
    pub packed: u32,
    /// Pages in it: 1 to 16.
    pub pages: u8,
    pub method: Method,
}

/// Where a run of memory lies: which set, and from which of its pages on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Slot {
    pub set: u32,
    pub page: u8,
}

/// What a file holds.
#[derive(Default)]
pub(super) struct Index {
    pub sets: Vec<Set>,
    pub runs: Vec<(MemoryRange, Slot)>,
    pub pages: u64,
    pub warnings: Vec<String>,
    /// How many bytes of the file the sets take.
    pub packed: u64,
}

impl Index {
    /// Adds a set and the runs in it: first page and number of pages each.
    pub(super) fn add(&mut self, set: Set, runs: &[(u64, u64)]) {
        let Ok(number) = u32::try_from(self.sets.len()) else { return };
        let mut page = 0u64;
        for &(start, count) in runs {
            let range = MemoryRange { start: PhysAddr::new(umem::from(start * PAGE)), size: umem::from(count * PAGE) };
            if let Ok(first) = u8::try_from(page) {
                self.runs.push((range, Slot { set: number, page: first }));
            }
            page += count;
        }
        self.pages += page;
        self.packed += u64::from(set.packed);
        self.sets.push(set);
    }

    /// How many sets are packed how.
    pub(super) fn methods(&self) -> String {
        let count = |m: Method| self.sets.iter().filter(|s| s.method == m).count();
        let all = [(Method::Xpress, "xpress"), (Method::Huffman, "xpress-huffman"), (Method::Stored, "stored")];
        let named: Vec<String> = all
            .into_iter()
            .map(|(m, name)| (count(m), name))
            .filter(|c| c.0 > 0)
            .map(|(n, name)| format!("{n} {name}"))
            .collect();
        format!("{} ({})", self.sets.len(), named.join(", "))
    }

    /// For the memo.
    pub(super) fn encode(&self) -> Vec<u8> {
        let mut out = Writer::default();
        out.u64(u64::try_from(self.sets.len()).unwrap_or(0));
        for s in &self.sets {
            out.u64(s.offset);
            out.u32(s.packed);
            let method = match s.method {
                Method::Stored => 0,
                Method::Xpress => 1,
                Method::Huffman => 2,
            };
            out.u32(u32::from(s.pages) << 8 | method);
        }
        for (range, slot) in &self.runs {
            out.umem(range.start.value() / umem::from(PAGE));
            out.u32(slot.set);
            let pages = crate::engine::to_u64(range.size / umem::from(PAGE)).and_then(|n| u32::try_from(n).ok()).unwrap_or(0);
            out.u32(pages << 8 | u32::from(slot.page));
        }
        out.done()
    }

    /// From the memo. It was made from this very file; what does not fit into it is not believed all the same.
    pub(super) fn decode(bytes: &[u8], file: u64) -> Option<Self> {
        let mut r = Reader(bytes);
        let mut index = Self::default();
        for _ in 0..r.u64()? {
            let (offset, packed, rest) = (r.u64()?, r.u32()?, r.u32()?);
            let [method, pages, ..] = rest.to_le_bytes();
            let method = match method {
                0 => Method::Stored,
                1 => Method::Xpress,
                2 => Method::Huffman,
                _ => return None,
            };
            if offset.checked_add(u64::from(packed))? > file || u64::from(pages) > MOST_PAGES {
                return None;
            }
            index.packed += u64::from(packed);
            index.sets.push(Set { offset, packed, pages, method });
        }
        while !r.0.is_empty() {
            let (start, set, rest) = (r.u64()?, r.u32()?, r.u32()?);
            let [page, pages, ..] = rest.to_le_bytes();
            let of = index.sets.get(usize::try_from(set).ok()?)?;
            if u64::from(page) + u64::from(pages) > u64::from(of.pages) || start >= HIGHEST_PAGE || pages == 0 {
                return None;
            }
            let range = MemoryRange { start: PhysAddr::new(umem::from(start * PAGE)), size: umem::from(u64::from(pages) * PAGE) };
            index.pages += u64::from(pages);
            index.runs.push((range, Slot { set, page }));
        }
        Some(index)
    }
}
