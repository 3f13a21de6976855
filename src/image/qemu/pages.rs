//! Where each page of a RAM block is in the stream: a table of eight bytes per page.

use super::bytes::Bytes;
use crate::codec::Codec;

/// Where one page's content comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Entry {
    /// The stream has none.
    Absent,
    /// Every byte is this one.
    Filled(u8),
    /// It stands in the stream, at this offset.
    Plain(u64),
    /// zlib: four bytes of length at this offset, and the data.
    Zlib(u64),
    /// Changes to an older content: the number of a [`Delta`].
    Delta(u64),
}

/// Low bits of a table entry that say what it is.
const KINDS: u32 = 3;

impl Entry {
    const fn pack(self) -> u64 {
        match self {
            Entry::Absent => 0,
            Entry::Filled(byte) => (byte as u64) << KINDS | 1,
            Entry::Plain(at) => at << KINDS | 2,
            Entry::Zlib(at) => at << KINDS | 3,
            Entry::Delta(n) => n << KINDS | 4,
        }
    }

    fn unpack(packed: u64) -> Self {
        let value = packed >> KINDS;
        match packed & 7 {
            1 => Entry::Filled(value.to_le_bytes()[0]),
            2 => Entry::Plain(value),
            3 => Entry::Zlib(value),
            4 => Entry::Delta(value),
            _ => Entry::Absent,
        }
    }
}

/// XBZRLE: what changed since the page was sent before.
#[derive(Clone, Copy, Debug)]
pub(super) struct Delta {
    /// Its content before.
    pub base: u64,
    /// Offset and length of the encoded changes.
    pub at: u64,
    pub len: u16,
}

/// Pages per leaf of a table.
pub(super) const LEAF: u64 = 512;
/// Stands in a directory for a leaf all of whose pages are zeros. It takes no memory: a bitmap can claim more of them than there is.
const ZEROS: u32 = u32::MAX;

/// The table of one RAM block. Leaves come into being when a page in them is set.
#[derive(Default)]
pub(super) struct Table {
    /// Per leaf: its number + 1, or [`ZEROS`].
    directory: Vec<u32>,
    leaves: Vec<[u64; 512]>,
    pages: u64,
}

impl Table {
    /// A table of so many pages, all absent. The caller bounds the number.
    pub(super) fn new(pages: u64) -> Self {
        let leaves = usize::try_from(pages.div_ceil(LEAF)).unwrap_or(0);
        Self { directory: vec![0; leaves], leaves: Vec::new(), pages }
    }

    pub(super) const fn pages(&self) -> u64 {
        self.pages
    }

    /// How many pages there is room for at present.
    pub(super) fn room(&self) -> u64 {
        u64::try_from(self.leaves.len()).unwrap_or(u64::MAX).saturating_mul(LEAF)
    }

    fn slot(page: u64) -> Option<(usize, usize)> {
        Some((usize::try_from(page / LEAF).ok()?, usize::try_from(page % LEAF).ok()?))
    }

    pub(super) fn get(&self, page: u64) -> Entry {
        Entry::unpack(self.raw(page).unwrap_or(0))
    }

    fn raw(&self, page: u64) -> Option<u64> {
        let (leaf, slot) = Self::slot(page).filter(|_| page < self.pages)?;
        let number = *self.directory.get(leaf)?;
        if number == ZEROS {
            return Some(Entry::Filled(0).pack());
        }
        let number = usize::try_from(number).ok()?.checked_sub(1)?;
        self.leaves.get(number)?.get(slot).copied()
    }

    /// Sets a page; what was there before comes back. `None` where there is no such page.
    pub(super) fn set(&mut self, page: u64, entry: Entry) -> Option<Entry> {
        let (leaf, slot) = Self::slot(page).filter(|_| page < self.pages)?;
        let number = self.directory.get_mut(leaf)?;
        if *number == 0 || *number == ZEROS {
            let all = if *number == ZEROS { Entry::Filled(0) } else { Entry::Absent };
            self.leaves.push([all.pack(); 512]);
            *number = u32::try_from(self.leaves.len()).ok().filter(|n| *n < ZEROS)?;
        }
        let at = usize::try_from(*number).ok()?.checked_sub(1)?;
        let place = self.leaves.get_mut(at)?.get_mut(slot)?;
        Some(Entry::unpack(std::mem::replace(place, entry.pack())))
    }

    /// Whether the leaf of this page is there: setting one of its pages takes no more memory.
    pub(super) fn has_leaf(&self, page: u64) -> bool {
        let number = Self::slot(page).and_then(|(leaf, _)| self.directory.get(leaf));
        number.is_some_and(|n| *n != 0 && *n != ZEROS)
    }

    /// Makes all pages of a leaf zeros, from its first one `page` on.
    pub(super) fn set_zeros(&mut self, page: u64) {
        let Some(number) = Self::slot(page).and_then(|(leaf, _)| self.directory.get_mut(leaf)) else { return };
        if *number == 0 {
            *number = ZEROS;
        } else if *number != ZEROS {
            let at = usize::try_from(*number).ok().and_then(|n| n.checked_sub(1));
            if let Some(leaf) = at.and_then(|at| self.leaves.get_mut(at)) {
                leaf.fill(Entry::Filled(0).pack());
            }
        }
    }

    /// How many pages from `page` on are zeros without a look at each; 0 where that must be looked at.
    pub(super) fn zeros_from(&self, page: u64) -> u64 {
        let Some((leaf, _)) = Self::slot(page).filter(|_| page < self.pages) else { return 0 };
        let leaves = self.directory.get(leaf..).unwrap_or_default().iter().take_while(|n| **n == ZEROS).count();
        let end = (page / LEAF).saturating_add(u64::try_from(leaves).unwrap_or(0)).saturating_mul(LEAF).min(self.pages);
        if leaves == 0 { 0 } else { end.saturating_sub(page) }
    }

    /// Runs of pages of which the stream has something: first page and number.
    pub(super) fn present(&self) -> Vec<(u64, u64)> {
        let mut runs: Vec<(u64, u64)> = Vec::new();
        let mut page = 0;
        while page < self.pages {
            let leaf = usize::try_from(page / LEAF).ok().and_then(|l| self.directory.get(l)).copied().unwrap_or(0);
            if leaf == 0 {
                page = (page / LEAF + 1) * LEAF;
                continue;
            }
            let zeros = self.zeros_from(page);
            let there = if zeros > 0 { zeros } else { u64::from(self.raw(page).unwrap_or(0) != 0) };
            if there > 0 {
                match runs.last_mut() {
                    Some((first, n)) if *first + *n == page => *n += there,
                    _ => runs.push((page, there)),
                }
            }
            page += there.max(1);
        }
        runs
    }
}

impl Entry {
    pub(super) const fn raw(self) -> u64 {
        self.pack()
    }

    pub(super) fn of_raw(raw: u64) -> Self {
        Self::unpack(raw)
    }
}

/// More changes to one page than this are not followed: QEMU sends a page anew long before.
const MOST_DELTAS: usize = 1 << 16;

/// Puts the content of a page into `out`.
///
/// # Errors
/// What is wrong with it.
pub(super) fn load(bytes: &dyn Bytes, deltas: &[Delta], entry: Entry, out: &mut [u8]) -> Result<(), String> {
    let mut changes = Vec::new();
    let mut entry = entry;
    loop {
        match entry {
            Entry::Absent if changes.is_empty() => return Err("the stream has no such page".to_owned()),
            Entry::Absent => return Err("the page is a change to one that the stream does not have".to_owned()),
            Entry::Filled(byte) => out.fill(byte),
            Entry::Plain(at) => bytes.read(at, out)?,
            Entry::Zlib(at) => zlib(bytes, at, out)?,
            Entry::Delta(n) => {
                let delta = usize::try_from(n).ok().and_then(|n| deltas.get(n)).ok_or("no such change")?;
                if changes.len() == MOST_DELTAS {
                    return Err(format!("more than {MOST_DELTAS} changes to one page"));
                }
                changes.push(*delta);
                entry = Entry::unpack(delta.base);
                continue;
            }
        }
        break;
    }
    for delta in changes.iter().rev() {
        let mut packed = vec![0; usize::from(delta.len)];
        bytes.read(delta.at, &mut packed)?;
        apply(&packed, out).ok_or_else(|| format!("the changes (XBZRLE) at offset {:#x} of the stream are damaged", delta.at))?;
    }
    Ok(())
}

fn zlib(bytes: &dyn Bytes, at: u64, out: &mut [u8]) -> Result<(), String> {
    let mut len = [0; 4];
    bytes.read(at, &mut len)?;
    let len = u32::from_be_bytes(len);
    // zlib's compressBound: nothing that QEMU wrote is longer.
    let most = out.len() + (out.len() >> 12) + (out.len() >> 14) + (out.len() >> 25) + 13;
    let len = usize::try_from(len).ok().filter(|n| *n <= most);
    let len = len.ok_or_else(|| format!("the compressed page at offset {at:#x} of the stream claims too many bytes"))?;
    let mut packed = vec![0; len];
    bytes.read(at + 4, &mut packed)?;
    match Codec::Zlib.unpack(&packed, out) {
        Ok(n) if n == out.len() => Ok(()),
        Ok(n) => Err(format!("the compressed page at offset {at:#x} of the stream gave {n} bytes")),
        Err(e) => Err(format!("the compressed page at offset {at:#x} of the stream: {e}")),
    }
}

/// XBZRLE: a number of bytes that stay, a number of bytes that change, these bytes, and again. Numbers are ULEB128 of at most two
/// bytes: QEMU's docs/devel/migration, "XBZRLE", and `xbzrle_decode_buffer`.
fn apply(packed: &[u8], page: &mut [u8]) -> Option<()> {
    let number = |rest: &mut &[u8]| -> Option<usize> {
        let (&low, tail) = rest.split_first()?;
        if low & 0x80 == 0 {
            *rest = tail;
            return Some(usize::from(low));
        }
        let (&high, tail) = tail.split_first()?;
        *rest = tail;
        (high & 0x80 == 0).then_some(usize::from(low & 0x7f) | usize::from(high) << 7)
    };
    let mut rest = packed;
    let mut at = 0usize;
    while !rest.is_empty() {
        at = at.checked_add(number(&mut rest)?)?;
        if at > page.len() {
            return None;
        }
        // What stays up to the page's end stands alone.
        if rest.is_empty() {
            break;
        }
        let n = number(&mut rest)?;
        let (new, tail) = rest.split_at_checked(n).filter(|_| n > 0)?;
        page.get_mut(at..at.checked_add(n)?)?.copy_from_slice(new);
        at += n;
        rest = tail;
    }
    Some(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn entries_come_back_as_they_went() {
        for e in [Entry::Absent, Entry::Filled(0), Entry::Filled(0xff), Entry::Plain(0), Entry::Plain(1 << 60), Entry::Zlib(7)] {
            assert_eq!(Entry::of_raw(e.raw()), e);
        }
        let mut t = Table::new(1000);
        assert_eq!(t.get(5), Entry::Absent);
        assert_eq!(t.set(5, Entry::Plain(0)), Some(Entry::Absent));
        assert_eq!(t.set(5, Entry::Filled(1)), Some(Entry::Plain(0)));
        assert_eq!(t.set(999, Entry::Zlib(3)), Some(Entry::Absent));
        assert_eq!(t.set(1000, Entry::Filled(0)), None);
        assert_eq!(
            (t.get(5), t.get(999), t.get(1000), t.get(u64::MAX)),
            (Entry::Filled(1), Entry::Zlib(3), Entry::Absent, Entry::Absent)
        );
        assert_eq!(t.present(), [(5, 1), (999, 1)]);
        assert_eq!(t.room(), 1024);
    }

    #[test]
    fn leaves_of_zeros_take_no_room() {
        let mut t = Table::new(5 * 512 + 7);
        for leaf in [0, 1, 5] {
            t.set_zeros(leaf * 512);
        }
        assert_eq!(t.room(), 0);
        assert_eq!((t.get(0), t.get(1023), t.get(1024)), (Entry::Filled(0), Entry::Filled(0), Entry::Absent));
        assert_eq!((t.get(5 * 512 + 6), t.get(5 * 512 + 7)), (Entry::Filled(0), Entry::Absent));
        assert_eq!((t.zeros_from(3), t.zeros_from(1024), t.zeros_from(5 * 512 + 1), t.zeros_from(u64::MAX)), (1021, 0, 6, 0));
        assert_eq!(t.present(), [(0, 1024), (5 * 512, 7)]);
        // One page of them is set: the others stay zeros.
        assert!(!t.has_leaf(600));
        assert_eq!(t.set(600, Entry::Plain(9)), Some(Entry::Filled(0)));
        assert_eq!((t.get(599), t.get(600), t.get(601), t.room()), (Entry::Filled(0), Entry::Plain(9), Entry::Filled(0), 512));
        assert!(t.has_leaf(600) && !t.has_leaf(0));
        assert_eq!(t.present(), [(0, 1024), (5 * 512, 7)]);
        // A leaf that is there becomes zeros.
        t.set_zeros(512);
        assert_eq!((t.get(600), t.room()), (Entry::Filled(0), 512));
    }

    #[test]
    fn changes_are_laid_over_the_page() {
        let mut page = [0u8; 300];
        // 2 stay, 3 change; 200 (0xc8 0x01) stay, 1 changes; the rest stays.
        apply(&[2, 3, 7, 8, 9, 0xc8, 1, 1, 5, 94], &mut page).unwrap();
        assert_eq!((page[1], page[2], page[4], page[5], page[205], page[206]), (0, 7, 9, 0, 5, 0));
        for broken in [&[2u8, 3, 7][..], &[2, 0], &[0xff, 0xff, 1, 1], &[0x80], &[0xff, 0x02, 1, 1], &[0xac, 2, 1, 1]] {
            assert!(apply(broken, &mut page).is_none(), "{broken:?}");
        }
    }
}
