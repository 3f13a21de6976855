//! One file of a dump: which pages it has, and where.
//!
//! A bit per page says whether it is in the dump. Behind the bitmaps stands a `struct page_desc` (`diskdump_mod.h`: offset, size,
//! flags, page_flags; 24 bytes) for each bit that is set, in their order. Which descriptor is a page's is the number of bits set before it:
//! that is counted once per 512 bits when the file is opened.

use super::super::fields::Fields;
use super::flat::View;
use super::header::{Header, INCOMPLETE, PACKED};
use std::ops::Range;

/// `sizeof(struct page_desc)`.
const DESCRIPTOR: u64 = 24;
/// Pages whose bits are counted together.
const GROUP: u64 = 512;
const GROUP_BYTES: usize = 64;
/// So many of the last pages are looked at to find out whether the file was cut short.
const LAST: u64 = 64;
/// More runs than this of a dump that is not packed are not worth a map.
const MOST_CLAIMS: usize = 1 << 20;

/// `struct page_desc`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Descriptor {
    /// Where it stands itself.
    pub at: u64,
    pub offset: u64,
    pub size: u64,
    pub flags: u32,
}

/// A bit per page.
enum Bits {
    /// Where they lie in the file.
    InFile(u64),
    Own(Vec<u8>),
}

/// One file.
pub(super) struct Part {
    pub view: View,
    pub header: Header,
    /// Its number among the files of the image.
    pub file: usize,
    /// Pages that it is responsible for.
    pub pages: Range<u64>,
    bits: Bits,
    bit_len: u64,
    /// Bits set before each group.
    ranks: Vec<u64>,
    /// Descriptors of pages before those of this file.
    skipped: u64,
    /// Pages that are really there, where some are not.
    present: Option<Vec<u8>>,
    /// How many pages the bitmap names, and how many of them are missing from the file.
    pub count: u64,
    pub missing: u64,
    pub warnings: Vec<String>,
}

fn number(n: usize) -> u64 {
    u64::try_from(n).unwrap_or(u64::MAX)
}

fn bit(bytes: &[u8], n: u64) -> bool {
    usize::try_from(n / 8).ok().and_then(|i| bytes.get(i)).is_some_and(|b| b >> (n % 8) & 1 == 1)
}

/// How many of the first `n` bits are set.
fn count(bytes: &[u8], n: u64) -> u64 {
    let whole = usize::try_from(n / 8).unwrap_or(usize::MAX).min(bytes.len());
    let (head, tail) = bytes.split_at(whole);
    let rest = tail.first().map_or(0, |b| (b & ((1 << (n % 8)) - 1)).count_ones());
    ones(head) + u64::from(rest)
}

fn ones(bytes: &[u8]) -> u64 {
    let mut words = bytes.chunks_exact(8);
    let sum: u64 = words.by_ref().filter_map(|w| w.try_into().ok()).map(|w| u64::from(u64::from_le_bytes(w).count_ones())).sum();
    sum + words.remainder().iter().map(|b| u64::from(b.count_ones())).sum::<u64>()
}

impl Part {
    pub(super) fn open(view: View, header: Header, file: usize) -> Self {
        let mut warnings = Vec::new();
        let (at, wanted) = (header.dump_bitmap(), header.bitmap_len().min(header.max_mapnr.div_ceil(8)));
        let there = view.present(at, wanted);
        if there < wanted {
            warnings.push(format!(
                "the file ends inside the bitmap of pages at offset {at:#x}: {there} of {wanted} bytes are there, pages from {:#x} on are not known",
                there.saturating_mul(8).saturating_mul(header.block_size).saturating_add(header.base())
            ));
        }
        let bits = match view.slice(at, there) {
            Some(_) if !view.is_flattened() => Bits::InFile(at),
            _ => Bits::Own(view.bytes(at, there).unwrap_or_default().into_owned()),
        };
        let pages = header.pages();
        let mut part = Self {
            view,
            header,
            file,
            pages,
            bits,
            bit_len: there,
            ranks: Vec::new(),
            skipped: 0,
            present: None,
            count: 0,
            missing: 0,
            warnings,
        };
        let known = there.saturating_mul(8);
        part.pages = part.pages.start.min(known)..part.pages.end.min(known);
        part.ranks = part
            .bits()
            .chunks(GROUP_BYTES)
            .scan(0, |sum, group| {
                let before = *sum;
                *sum += ones(group);
                Some(before)
            })
            .collect();
        part.skipped = part.rank(part.pages.start);
        part.count = part.rank(part.pages.end) - part.skipped;
        part.find_missing();
        part
    }

    /// The bitmap.
    fn bits(&self) -> &[u8] {
        match &self.bits {
            Bits::Own(bytes) => bytes,
            Bits::InFile(at) => self.view.slice(*at, self.bit_len).unwrap_or(&[]),
        }
    }

    pub(super) fn same_bitmap(&self, other: &Self) -> bool {
        self.bits() == other.bits()
    }

    /// How many pages of the machine's there are, in the dump or not, where the file says so.
    pub(super) fn memory_pages(&self) -> Option<u64> {
        let h = &self.header;
        let len = h.max_mapnr.div_ceil(8);
        let bytes = self.view.bytes(h.memory_bitmap(), len).filter(|_| h.has_two_bitmaps())?;
        Some(count(&bytes, h.max_mapnr))
    }

    /// Pages before `page` that are in the dump.
    fn rank(&self, page: u64) -> u64 {
        let group = page / GROUP;
        let Ok(i) = usize::try_from(group) else { return 0 };
        let bits = self.bits();
        match self.ranks.get(i) {
            Some(before) => before + bits.get(i * GROUP_BYTES..).map_or(0, |rest| count(rest, page % GROUP)),
            // At the very end.
            None => ones(bits),
        }
    }

    /// Which descriptor a page has, if the page is here.
    pub(super) fn index(&self, page: u64) -> Option<u64> {
        if !self.pages.contains(&page) || !bit(self.present.as_deref().unwrap_or(self.bits()), page) {
            return None;
        }
        self.rank(page).checked_sub(self.skipped)
    }

    /// Where descriptor `index` stands: offset and bytes.
    #[inline]
    pub(super) fn descriptor_place(&self, index: u64) -> Option<(u64, u64)> {
        Some((self.header.descriptors().checked_add(index.checked_mul(DESCRIPTOR)?)?, DESCRIPTOR))
    }

    /// Descriptor `index`.
    #[inline]
    pub(super) fn descriptor(&self, index: u64) -> Option<Descriptor> {
        let (at, _) = self.descriptor_place(index)?;
        let read = |bytes: &[u8]| {
            let f = Fields::new(bytes, self.header.big);
            Some(Descriptor { at, offset: f.u64(0)?, size: f.u32(8)?.into(), flags: f.u32(12)? })
        };
        match self.view.slice(at, DESCRIPTOR) {
            Some(bytes) => read(bytes),
            None => read(&self.view.bytes(at, DESCRIPTOR)?),
        }
    }

    /// Numbers of the pages that are here, ascending, as runs.
    pub(super) fn runs(&self) -> Runs<'_> {
        let bits = self.present.as_deref().unwrap_or(self.bits());
        Runs { bits, at: self.pages.start, end: self.pages.end }
    }

    /// How many of `pages` the dump has, in whichever file they are.
    pub(super) fn named(&self, pages: Range<u64>) -> u64 {
        self.rank(pages.end).saturating_sub(self.rank(pages.start))
    }

    fn is_there(&self, d: &Descriptor) -> bool {
        d.offset != 0 && self.view.present(d.offset, d.size) == d.size
    }

    /// Finds out which pages the bitmap names and the file does not have, where there is a sign that there are such: the header
    /// says so, or the last pages are not there.
    fn find_missing(&mut self) {
        let incomplete = self.header.status & INCOMPLETE != 0 && self.header.kdump;
        let last = self.count.saturating_sub(LAST)..self.count;
        let cut = last.into_iter().any(|i| self.descriptor(i).is_none_or(|d| !self.is_there(&d)));
        if !cut && !incomplete {
            return;
        }
        let mut present = self.bits().to_vec();
        let (mut missing, mut unwritten) = (0u64, 0u64);
        let mut index = 0;
        for run in self.runs() {
            for page in run {
                let d = self.descriptor(index);
                index += 1;
                if d.is_some_and(|d| self.is_there(&d)) {
                    continue;
                }
                missing += 1;
                unwritten += u64::from(d.is_some_and(|d| d.offset == 0));
                if let Some(byte) = usize::try_from(page / 8).ok().and_then(|i| present.get_mut(i)) {
                    *byte &= !(1 << (page % 8));
                }
            }
        }
        if missing > 0 {
            self.missing = missing;
            self.present = Some(present);
            let cause = match (incomplete, unwritten == missing) {
                (true, true) => "its writer ran out of space before it got to them".to_owned(),
                (true, false) => format!("its writer ran out of space, and the file was cut short at {} bytes", self.view.len()),
                (false, true) => "their descriptors are empty".to_owned(),
                (false, false) => {
                    format!("they or their descriptors lie beyond its end at {} bytes: it was cut short", self.view.len())
                }
            };
            self.warnings.push(format!("{missing} of the dump's {} pages are not in the file: {cause}", self.count));
        }
    }

    /// Where the pages lie in the file, as (offset from page 0, bytes, offset in the file), when every one of them lies there as it is.
    pub(super) fn claims(&self) -> Option<Vec<(u64, u64, u64)>> {
        if self.header.status & PACKED != 0 || self.missing > 0 {
            return None;
        }
        let size = self.header.block_size;
        let mut out: Vec<(u64, u64, u64)> = Vec::new();
        for (index, page) in (0u64..).zip(self.runs().flatten()) {
            let d = self.descriptor(index).filter(|d| d.flags == 0 && d.size == size && self.is_there(d))?;
            let start = page.checked_mul(size)?;
            // In a flattened file a page may be cut.
            let mut done = 0;
            while done < size {
                let (there, stored) = self.view.stretch(d.offset + done)?;
                let there = there.min(size - done);
                match out.last_mut() {
                    Some((at, len, from)) if *at + *len == start + done && *from + *len == stored => *len += there,
                    _ => out.push((start + done, there, stored)),
                }
                done += there;
            }
            if out.len() > MOST_CLAIMS {
                return None;
            }
        }
        Some(out)
    }

    /// How the pages are packed that `among` so many, spread over the file, show.
    pub(super) fn sample_flags(&self, among: u64) -> u32 {
        let step = (self.count / among).max(1);
        let indices = (0..among).map(|i| i.saturating_mul(step)).take_while(|&i| i < self.count);
        indices.filter_map(|i| self.descriptor(i)).fold(0, |all, d| all | d.flags)
    }
}

/// Runs of set bits.
pub(super) struct Runs<'a> {
    bits: &'a [u8],
    at: u64,
    end: u64,
}

impl Runs<'_> {
    /// The first bit from `at` on that is set, or clear.
    fn next_bit(&self, mut at: u64, set: bool) -> u64 {
        let plain = if set { 0 } else { 0xff };
        while at < self.end {
            let Some(byte) = usize::try_from(at / 8).ok().and_then(|i| self.bits.get(i)) else { return self.end };
            if *byte == plain {
                at = (at / 8 + 1) * 8;
                continue;
            }
            if (byte >> (at % 8) & 1 == 1) == set {
                return at;
            }
            at += 1;
        }
        self.end
    }
}

impl Iterator for Runs<'_> {
    type Item = Range<u64>;

    fn next(&mut self) -> Option<Range<u64>> {
        // Bits beyond the bitmap are not there.
        self.end = self.end.min(number(self.bits.len()).saturating_mul(8));
        let start = self.next_bit(self.at, true);
        let end = self.next_bit(start, false);
        self.at = end;
        (start < end).then_some(start..end)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::cast_possible_truncation)]
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn runs_and_counts_are_those_of_single_bits(bits in proptest::collection::vec(prop_oneof![Just(0u8), Just(0xff), any::<u8>()], 0..200), start in 0u64..900, len in 0u64..900) {
            let set: Vec<u64> = (start..start + len).filter(|&n| bit(&bits, n)).collect();
            let runs: Vec<Range<u64>> = Runs { bits: &bits, at: start, end: start + len }.collect();
            prop_assert_eq!(runs.iter().cloned().flatten().collect::<Vec<_>>(), set.clone());
            prop_assert!(runs.windows(2).all(|w| w[0].end < w[1].start));
            prop_assert_eq!(count(&bits, start + len) - count(&bits, start), number(set.len()));
        }
    }
}
