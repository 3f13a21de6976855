//! The connector of every image: runs of physical memory in the bytes of a file.
#![allow(clippy::undocumented_unsafe_blocks, missing_docs, reason = "cglue's macro writes the group's tables here")]

use super::map::Content;
use crate::engine::{RunMap, index, to_u64, to_umem};
use memsh_plugin::{CSliceMut, CVec, MappedRun, MemoryMetadata, MemoryRange, PhysAddr, PhysReadOp, PhysicalMemory, Status, umem};
#[allow(unused_imports, reason = "the macro's expansion looks for them")]
use memsh_plugin::{ConnectorInstance, ConnectorInstanceVtableFiller, ConnectorInstanceVtables, cglue, cglue_impl_group};
use std::sync::Arc;

/// Physical memory whose bytes lie, uncompressed, in mapped files or in memory of our own.
///
/// Cheap to clone; clones share the bytes.
#[derive(Clone)]
pub struct ImageMemory {
    contents: Arc<[Arc<Content>]>,
    /// Physical range -> its place in `contents`; every run lies inside one of them.
    runs: RunMap<Place>,
}

/// Where a format says that bytes of memory are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    /// Which of the image's files; 0 is the one that was named.
    pub file: usize,
    /// Offset in it.
    pub offset: u64,
}

/// A physical range and the place of its bytes.
pub(super) type Claim = (MemoryRange, Place);

cglue_impl_group!(ImageMemory, ConnectorInstance, {});

/// So many pieces of a sparse file are told apart; what lies behind them counts as held.
const MOST_EXTENTS: usize = 1 << 16;

impl ImageMemory {
    /// The memory that `claims` (physical range, offset of its bytes) describe. Claims that leave the content are cut; of
    /// claims that overlap the one that begins first counts; neighbours in both spaces become one run.
    pub(super) fn new(contents: Vec<Arc<Content>>, claims: impl IntoIterator<Item = Claim>) -> Self {
        let lengths: Vec<u64> = contents.iter().map(|c| u64::try_from(c.len()).unwrap_or(u64::MAX)).collect();
        let inside = claims.into_iter().map(|(range, place)| {
            let len = lengths.get(place.file).copied().unwrap_or(0);
            let size = range.size.min(umem::from(len.saturating_sub(place.offset)));
            (MemoryRange { start: range.start, size }, place)
        });
        let cut = |place: &Place, skip: umem| {
            // A claim is never longer than its content, whose length is a u64: neither step can fail.
            let offset = crate::engine::to_u64(skip).and_then(|s| place.offset.checked_add(s)).unwrap_or(u64::MAX);
            Place { file: place.file, offset }
        };
        let runs = RunMap::build(inside, cut);
        let mut merged: Vec<Claim> = Vec::new();
        for (range, place) in runs.iter() {
            match merged.last_mut() {
                Some((r, p))
                    if r.start.checked_add(r.size) == Some(range.start)
                        && p.file == place.file
                        && umem::from(p.offset).checked_add(r.size) == Some(umem::from(place.offset)) =>
                {
                    r.size += range.size;
                }
                _ => merged.push((*range, *place)),
            }
        }
        let runs = if merged.len() < runs.len() { RunMap::build(merged, cut) } else { runs };
        Self { contents: contents.into(), runs }
    }

    /// A sentence on ranges that share bytes of the files, where there is more memory than the files have bytes. Two ranges of one place
    /// are legal; a small file that stands for all of memory is what somebody made to be searched for long, or a damaged table.
    pub(super) fn sharing(&self) -> Option<String> {
        let files = self.contents.iter().fold(0, |sum: umem, c| sum.saturating_add(to_umem(c.len())));
        if self.bytes() <= files {
            return None;
        }
        let mut runs: Vec<(Place, u64, PhysAddr)> =
            self.runs.iter().filter_map(|(r, p)| Some((*p, p.offset.checked_add(to_u64(r.size)?)?, r.start))).collect();
        runs.sort_unstable_by_key(|(place, end, start)| (place.file, place.offset, *end, *start));
        let mut held: umem = 0;
        // Of what was gone through of a file, the run that reaches farthest; and the largest piece that two runs share.
        let mut far: Option<(usize, u64, PhysAddr)> = None;
        let mut most: Option<(u64, u64, PhysAddr, PhysAddr)> = None;
        for (place, end, start) in runs {
            let (known, other) = match far.filter(|(file, ..)| *file == place.file) {
                Some((_, known, other)) => (known, Some(other)),
                None => (0, None),
            };
            let shared = known.min(end).saturating_sub(place.offset);
            held = held.saturating_add(umem::from(end.saturating_sub(place.offset.max(known))));
            if let Some(other) = other.filter(|_| shared > most.map_or(0, |m| m.0)) {
                most = Some((shared, place.offset, other, start));
            }
            if end > known {
                far = Some((place.file, end, start));
            }
        }
        let (shared, offset, first, second) = most?;
        Some(format!(
            "ranges of memory share bytes of the file: {} bytes of memory lie in {held} of its {files} bytes ({first} and {second} share \
             {shared} bytes at offset {offset:#x}); what is found in one is found in each",
            self.bytes()
        ))
    }

    /// How many contiguous pieces it has.
    pub fn run_count(&self) -> usize {
        self.runs.len()
    }

    /// The run that holds `addr`: its range, and the file and offset of the address.
    #[cfg(feature = "http")]
    pub(super) fn run(&self, addr: PhysAddr) -> Option<(&MemoryRange, &Arc<Content>, u64)> {
        let (range, place, skip) = self.runs.find(addr)?;
        let offset = place.offset.checked_add(crate::engine::to_u64(skip)?)?;
        Some((range, self.contents.get(place.file)?, offset))
    }

    /// How many bytes it holds.
    pub fn bytes(&self) -> umem {
        self.runs.bytes()
    }

    /// What the files hold: their holes, which read as zeros, are left out. Ascending.
    pub(super) fn data_ranges(&self) -> Vec<MemoryRange> {
        let mut left = MOST_EXTENTS;
        let mut out = Vec::new();
        for (range, place) in self.runs.iter() {
            let end = to_u64(range.size).and_then(|size| place.offset.checked_add(size));
            let Some((content, end)) = self.contents.get(place.file).zip(end).filter(|_| left > 0) else {
                out.push(*range);
                continue;
            };
            let pieces = content.data_in(place.offset..end, left);
            left = left.saturating_sub(pieces.len());
            out.extend(pieces.into_iter().map(|p| MemoryRange {
                start: range.start.saturating_add(umem::from(p.start - place.offset)),
                size: umem::from(p.end - p.start),
            }));
        }
        out
    }

    /// Bytes of a run from `skip` on.
    fn data(&self, place: Place, skip: umem, len: umem) -> Option<&[u8]> {
        let start = index(umem::from(place.offset).checked_add(skip)?)?;
        self.contents.get(place.file)?.get(start..start.checked_add(index(len)?)?)
    }

    /// Fills `buf` with what is there from `addr`; how many bytes that were.
    fn copy(&self, addr: PhysAddr, buf: &mut [u8]) -> usize {
        let mut found = 0;
        let mut at = addr;
        let mut rest = buf;
        while !rest.is_empty() {
            let want = to_umem(rest.len());
            let (len, source) = match self.runs.find(at) {
                Some((range, place, skip)) => {
                    let len = (range.size - skip).min(want);
                    (len, self.data(*place, skip, len))
                }
                None => {
                    let gap = self.runs.next_from(at).map_or(want, |r| r.start.value() - at.value());
                    (gap.min(want), None)
                }
            };
            let Some((piece, tail)) = index(len).and_then(|n| rest.split_at_mut_checked(n)) else { break };
            match source {
                Some(s) if s.len() == piece.len() => {
                    piece.copy_from_slice(s);
                    found += s.len();
                }
                _ => piece.fill(0),
            }
            rest = tail;
            match at.checked_add(len) {
                Some(next) => at = next,
                // The address space ends here; what is left of the buffer lies past its end.
                None => {
                    rest.fill(0);
                    break;
                }
            }
        }
        found
    }
}

impl PhysicalMemory for ImageMemory {
    fn metadata(&self) -> MemoryMetadata {
        MemoryMetadata { size: self.bytes(), max_address: self.runs.last(), read_only: true, live: false, ideal_batch: 0 }
    }

    fn ranges(&self) -> CVec<MemoryRange> {
        // Neighbours in memory are one range, however far apart in the file.
        self.runs.joined().into()
    }

    fn read(&self, ops: CSliceMut<PhysReadOp>) {
        let mut ops = ops;
        for op in ops.iter_mut() {
            let (addr, len) = (op.addr, op.buf.len());
            op.status = match self.copy(addr, op.bytes()) {
                n if n == len => Status::DONE,
                0 => Status::MISSING,
                _ => Status::PARTIAL,
            };
        }
    }

    fn mapped_runs(&self) -> CVec<MappedRun<'_>> {
        let runs: Vec<MappedRun<'_>> = self
            .runs
            .iter()
            .filter_map(|(range, place)| Some(MappedRun { start: range.start, data: self.data(*place, 0, range.size)?.into() }))
            .collect();
        runs.into()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::cast_possible_truncation)]
    use super::*;
    use proptest::prelude::*;

    fn memory(bytes: Vec<u8>, claims: &[(umem, umem, u64)]) -> ImageMemory {
        let claims =
            claims.iter().map(|&(s, n, o)| (MemoryRange { start: PhysAddr::new(s), size: n }, Place { file: 0, offset: o }));
        ImageMemory::new(vec![Arc::new(Content::Given(bytes.into()))], claims)
    }

    fn read(m: &ImageMemory, at: umem, len: usize) -> (Vec<u8>, Status) {
        let mut buf = vec![0xee; len];
        let mut ops = [PhysReadOp::new(PhysAddr::new(at), &mut buf)];
        m.read((&mut ops[..]).into());
        let status = ops[0].status;
        (buf, status)
    }

    #[test]
    fn a_read_over_a_hole_is_partial_and_zero_there() {
        let m = memory((1..=8).collect(), &[(0x10, 4, 0), (0x16, 4, 4)]);
        assert_eq!(read(&m, 0x12, 6), (vec![3, 4, 0, 0, 5, 6], Status::PARTIAL));
        assert_eq!(read(&m, 0x10, 4), (vec![1, 2, 3, 4], Status::DONE));
        assert_eq!(read(&m, 0x14, 2), (vec![0, 0], Status::MISSING));
        assert_eq!(read(&m, umem::MAX, 3), (vec![0, 0, 0], Status::MISSING));
    }

    #[test]
    fn claims_past_the_end_are_cut() {
        let m = memory(vec![9; 8], &[(0, umem::MAX, 4), (0x100, 4, 8), (0x200, 4, u64::MAX)]);
        assert_eq!(m.bytes(), 4);
        assert_eq!(m.run_count(), 1);
    }

    #[test]
    fn more_memory_than_bytes_is_told() {
        let sharing = |claims: &[(umem, umem, u64)]| memory(vec![0; 100], claims).sharing();
        // What the bytes suffice for is ordinary, even where two ranges have the same ones.
        assert_eq!(sharing(&[(0, 60, 0), (100, 40, 60)]), None);
        assert_eq!(sharing(&[(0, 40, 0), (100, 40, 0)]), None);
        let told = sharing(&[(0, 90, 10), (1000, 60, 20), (2000, 10, 0), (3000, 5, 95)]).unwrap();
        assert!(
            told.contains("165 bytes of memory lie in 100 of its 100 bytes (0x0 and 0x3e8 share 60 bytes at offset 0x14)"),
            "{told}"
        );
        let many: Vec<_> = (0..60_000).map(|i| (umem::from(i * 100u64), 50, i % 30)).collect();
        let told = sharing(&many).unwrap();
        assert!(told.contains("3000000 bytes of memory lie in 79 of its 100 bytes"), "{told}");
    }

    #[test]
    fn neighbours_in_memory_and_file_are_one_run() {
        let m = memory(vec![0; 64], &[(16, 16, 16), (0, 16, 0), (32, 16, 48)]);
        assert_eq!(m.run_count(), 2);
        assert_eq!(m.ranges().len(), 1);
    }

    proptest! {
        #[test]
        fn reads_what_a_plain_table_holds(
            claims in prop::collection::vec((0u64..200, 0u64..60, 0u64..120), 0..8),
            at in 0u64..260, len in 0usize..80,
        ) {
            let bytes: Vec<u8> = (0..100).collect();
            // The reference: a table of every byte; of two claims the one that begins first counts, then the earlier.
            let mut sorted: Vec<_> = claims.iter().enumerate().collect();
            sorted.sort_by_key(|(i, c)| (c.0, *i));
            let mut table = vec![None; 400];
            for (_, &(start, size, offset)) in sorted {
                for i in 0..size {
                    let (slot, byte) = ((start + i) as usize, bytes.get((offset + i) as usize));
                    if table[slot].is_none() { table[slot] = byte.copied(); }
                }
            }
            let claims: Vec<_> = claims.iter().map(|&(s, n, o)| (umem::from(s), umem::from(n), o)).collect();
            let m = memory(bytes, &claims);
            let want = &table[at as usize..at as usize + len];
            let (got, status) = read(&m, umem::from(at), len);
            prop_assert_eq!(got, want.iter().map(|b| b.unwrap_or(0)).collect::<Vec<_>>());
            let there = want.iter().flatten().count();
            let expected = if there == len { Status::DONE } else if there == 0 { Status::MISSING } else { Status::PARTIAL };
            prop_assert_eq!(status, expected);
            prop_assert_eq!(m.bytes(), table.iter().flatten().count() as umem);
        }
    }
}
