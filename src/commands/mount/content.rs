//! What is in an opened file.
//!
//! Memory is read when it is asked for and never kept. A byte that can't be read is an error to whoever reads it, and never a zero: a
//! read ends in front of it, and one that begins with it fails.

use crate::commands::pages::walk;
use crate::engine::{index, to_u64, to_umem};
use crate::session::Space;
use crate::umem;
use rustix::io::Errno;
use std::fs::File;
use std::ops::ControlFlow;
use std::os::unix::fs::FileExt;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// No place in a file lies higher.
const LAST: u64 = i64::MAX as u64;
/// Page tables that are none can map anything; whoever asks for the next hole waits no longer.
const PATIENCE: Duration = Duration::from_secs(20);

/// What a file holds.
#[derive(Clone)]
pub enum Content {
    /// Bytes.
    Bytes(Arc<[u8]>),
    /// A file without a name that they were written to, and its size.
    Spooled(Arc<File>, u64),
    /// Memory of the target from an address on.
    Memory(View),
    /// Pieces of memory, put together to a file.
    Made(View, Arc<Layout>),
}

/// Memory of the target.
#[derive(Clone)]
pub struct View {
    /// Whose.
    pub space: Space,
    /// The address of the first byte.
    pub start: umem,
    /// Bytes of it.
    pub size: u64,
    /// Whether it changes while it is looked at.
    pub live: bool,
}

/// A piece of a file.
pub struct Piece {
    /// Where it begins in the file.
    pub at: u64,
    /// Its bytes.
    pub size: u64,
    /// Where they lie in memory.
    pub address: umem,
}

/// A file that is put together from memory. What no piece covers is zeros, because the file's format says so (what fills up to the
/// next multiple of an alignment).
#[derive(Default)]
pub struct Layout {
    /// Ascending, disjoint.
    pieces: Vec<Piece>,
    /// What stands in place of what memory has there, or where memory has nothing.
    patches: Vec<(u64, Vec<u8>)>,
    /// Bytes of the file.
    pub size: u64,
}

impl Layout {
    /// A file of these pieces; where two want the same place, the one that begins first has it.
    pub fn new(mut pieces: Vec<Piece>, patches: Vec<(u64, Vec<u8>)>, size: u64) -> Self {
        pieces.sort_by_key(|p| p.at);
        let mut end = 0;
        for p in &mut pieces {
            let cut = end.max(p.at).saturating_sub(p.at).min(p.size);
            (p.at, p.size, p.address) = (p.at + cut, p.size - cut, p.address.wrapping_add(umem::from(cut)));
            end = end.max(p.at.saturating_add(p.size));
        }
        pieces.retain(|p| p.size > 0);
        Self { pieces, patches, size: size.min(LAST) }
    }

    fn touching(&self, from: u64, to: u64) -> impl Iterator<Item = &Piece> {
        let first = self.pieces.partition_point(|p| p.at.saturating_add(p.size) <= from);
        self.pieces.iter().skip(first).take_while(move |p| p.at < to)
    }

    fn read(&self, view: &View, offset: u64, out: &mut [u8]) -> usize {
        let end = offset.saturating_add(length(out));
        let mut good = out.len();
        for p in self.touching(offset, end) {
            let (from, to) = (p.at.max(offset), p.at.saturating_add(p.size).min(end));
            let (Some(first), Some(last)) = (place(from - offset), place(to - offset)) else { break };
            let Some(part) = out.get_mut(first..last) else { break };
            let read = read_at(view, p.address.wrapping_add(umem::from(from - p.at)), part);
            if read < part.len() {
                good = first + read;
                break;
            }
        }
        for (at, patch) in &self.patches {
            let (from, to) = ((*at).max(offset), at.saturating_add(length(patch)).min(end));
            if from >= to {
                continue;
            }
            let own = out.get_mut(place(from - offset).unwrap_or(usize::MAX)..);
            let new = place(from - at).zip(place(to - at)).and_then(|(a, b)| patch.get(a..b));
            if let (Some(own), Some(new)) = (own, new) {
                own.iter_mut().zip(new).for_each(|(slot, byte)| *slot = *byte);
            }
        }
        good
    }

    fn seek(&self, offset: u64, data: bool) -> u64 {
        let covers = |at: u64| {
            let piece = self.touching(at, at.saturating_add(1)).map(|p| p.at.saturating_add(p.size)).next();
            let patches = self.patches.iter().filter(|(p, b)| *p <= at && at - *p < length(b));
            patches.map(|(p, b)| p.saturating_add(length(b))).chain(piece).max()
        };
        if !data {
            let mut at = offset;
            while let Some(end) = covers(at).filter(|_| at < self.size) {
                at = end;
            }
            return at.min(self.size);
        }
        if covers(offset).is_some() {
            return offset;
        }
        let piece = self.touching(offset, u64::MAX).map(|p| p.at).next();
        let patch = self.patches.iter().map(|(at, _)| *at).filter(|at| *at >= offset);
        patch.chain(piece).min().unwrap_or(u64::MAX)
    }
}

fn length(bytes: &[u8]) -> u64 {
    to_u64(to_umem(bytes.len())).unwrap_or(u64::MAX)
}

fn place(offset: u64) -> Option<usize> {
    index(umem::from(offset))
}

/// Fills `out` from an address on, as far as it can be read without a gap.
fn read_at(view: &View, address: umem, out: &mut [u8]) -> usize {
    let gaps = view.space.read_gaps(address, out);
    gaps.as_slice().first().map_or(out.len(), |gap| index(gap.start.wrapping_sub(address)).unwrap_or(0).min(out.len()))
}

impl View {
    /// The first byte from `address` on that is mapped (or the first that is not), up to `last`.
    fn seek(&self, address: umem, last: umem, data: bool) -> Option<umem> {
        let began = Instant::now();
        let mut at = address;
        let mut found = None;
        let mut look = |start: umem, size: umem| {
            if data {
                found = Some(start.max(address));
                return ControlFlow::Break(());
            }
            if start > at || began.elapsed() > PATIENCE {
                return ControlFlow::Break(());
            }
            at = at.max(start.saturating_add(size));
            ControlFlow::Continue(())
        };
        match self.space.tables() {
            Some(tables) => {
                let user_only = self.space.process().is_some_and(|p| !p.kernel_thread);
                walk(tables, address, last, user_only, &mut |r| look(r.virt.value(), r.size));
            }
            None => {
                let ranges = self.space.memory().ranges().iter().map(|r| (r.start.value(), r.size));
                let _ = ranges.filter(|(start, size)| start.saturating_add(*size) > address).try_for_each(|(s, n)| look(s, n));
            }
        }
        if data { found } else { Some(at) }
    }
}

impl Content {
    /// Bytes that are there already.
    pub fn bytes(bytes: impl Into<Arc<[u8]>>) -> Self {
        Content::Bytes(bytes.into())
    }

    /// Bytes of it.
    pub fn size(&self) -> u64 {
        match self {
            Content::Bytes(b) => length(b),
            Content::Spooled(_, size) => *size,
            Content::Memory(view) => view.size.min(LAST),
            Content::Made(_, layout) => layout.size,
        }
    }

    /// Bytes of this program's memory that it takes.
    pub fn weight(&self) -> u64 {
        match self {
            Content::Bytes(b) => length(b),
            Content::Made(_, layout) => {
                layout.patches.iter().map(|(_, b)| length(b)).sum::<u64>() + 24 * (layout.pieces.len() as u64)
            }
            Content::Spooled(..) | Content::Memory(_) => 0,
        }
    }

    /// Up to `size` bytes from `offset` on: fewer at the end, and in front of a byte that can't be read.
    ///
    /// # Errors
    /// `EIO` when the first byte can't be read.
    pub fn read(&self, offset: u64, size: u32) -> Result<Vec<u8>, Errno> {
        let left = self.size().saturating_sub(offset).min(u64::from(size));
        let mut out = vec![0; place(left).ok_or(Errno::INVAL)?];
        if out.is_empty() {
            return Ok(out);
        }
        let good = match self {
            Content::Bytes(b) => {
                let part = place(offset).and_then(|at| b.get(at..)?.get(..out.len())).ok_or(Errno::INVAL)?;
                out.copy_from_slice(part);
                out.len()
            }
            Content::Spooled(file, _) => file.read_at(&mut out, offset).map_err(|_| Errno::IO)?,
            Content::Memory(view) => {
                view.fresh();
                read_at(view, view.start.wrapping_add(umem::from(offset)), &mut out)
            }
            Content::Made(view, layout) => {
                view.fresh();
                layout.read(view, offset, &mut out)
            }
        };
        if good == 0 {
            return Err(Errno::IO);
        }
        out.truncate(good);
        Ok(out)
    }

    /// `SEEK_DATA` or `SEEK_HOLE`: the next place from `offset` on that has bytes, or none.
    ///
    /// # Errors
    /// `ENXIO` where there is none.
    pub fn seek(&self, offset: u64, data: bool) -> Result<u64, Errno> {
        let size = self.size();
        if offset >= size {
            return Err(Errno::NXIO);
        }
        let at = match self {
            Content::Bytes(_) | Content::Spooled(..) => Some(if data { offset } else { size }),
            Content::Made(_, layout) => Some(layout.seek(offset, data)),
            Content::Memory(view) => {
                let last = view.start.saturating_add(umem::from(size - 1));
                view.seek(view.start.wrapping_add(umem::from(offset)), last, data)
                    .and_then(|at| to_u64(at.wrapping_sub(view.start)))
            }
        };
        match at {
            // The end counts as a hole.
            Some(at) if !data => Ok(at.min(size)),
            Some(at) if at < size => Ok(at),
            _ => Err(Errno::NXIO),
        }
    }
}

impl View {
    /// Forgets what was read of a live target before.
    fn fresh(&self) {
        if self.live {
            self.space.memory().refresh();
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use super::*;
    use crate::engine::Memory;
    use crate::plugins::dummy::DummyMemory;

    fn view() -> View {
        let bytes: Vec<u8> = (0..0x2000u32).map(|i| (i % 251) as u8).collect();
        // Two pages from 0x1000 on; nothing before and after.
        let space = Space::Physical(Memory::new(DummyMemory::new(0x1000, bytes)));
        View { space, start: 0, size: 0x10_0000, live: false }
    }

    #[test]
    fn what_is_not_there_is_an_error_and_no_zeros() {
        let content = Content::Memory(view());
        assert_eq!(content.read(0, 16), Err(Errno::IO));
        assert_eq!(content.read(0x1001, 3).unwrap(), [1, 2, 3]);
        // Short in front of the gap, and an error in it.
        assert_eq!(content.read(0x2ff0, 64).unwrap().len(), 16);
        assert_eq!(content.read(0x3000, 64), Err(Errno::IO));
        assert!(content.read(0x10_0000, 64).unwrap().is_empty());
    }

    #[test]
    fn holes_are_told() {
        let content = Content::Memory(view());
        assert_eq!((content.seek(0, true), content.seek(0, false)), (Ok(0x1000), Ok(0)));
        assert_eq!((content.seek(0x1800, true), content.seek(0x1800, false)), (Ok(0x1800), Ok(0x3000)));
        assert_eq!((content.seek(0x3000, true), content.seek(0x3000, false)), (Err(Errno::NXIO), Ok(0x3000)));
        assert_eq!(content.seek(0x10_0000, false), Err(Errno::NXIO));
        let bytes = Content::bytes(*b"abc");
        assert_eq!((bytes.seek(1, true), bytes.seek(1, false), bytes.seek(3, true)), (Ok(1), Ok(3), Err(Errno::NXIO)));
    }

    #[test]
    fn files_are_put_together() {
        let piece = |at, size, address| Piece { at, size, address };
        let pieces = vec![piece(0x100, 8, 0x1010), piece(4, 8, 0x1000), piece(8, 8, 0x1020), piece(0x200, 8, 0x2ffc)];
        let content = Content::Made(view(), Arc::new(Layout::new(pieces, vec![(0, vec![0x7f; 6])], 0x208)));
        let head = content.read(0, 18).unwrap();
        assert_eq!(head, [0x7f, 0x7f, 0x7f, 0x7f, 0x7f, 0x7f, 2, 3, 4, 5, 6, 7, 36, 37, 38, 39, 0, 0]);
        assert_eq!((content.seek(0, false), content.seek(16, true)), (Ok(16), Ok(0x100)));
        // The last piece goes beyond memory.
        assert_eq!(content.read(0x1fc, 64).unwrap().len(), 8);
        assert_eq!(content.read(0x204, 4), Err(Errno::IO));
    }
}
