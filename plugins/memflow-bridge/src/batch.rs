//! Batches: memsh's operations as memflow's iterators, and each operation's outcome out of memflow's callbacks.
//!
//! memflow hands back the pieces that failed. Two things are made of that: operations that failed as a whole are asked again page by
//! page, so that what is there is read; and what was neither read nor said to have failed is found. memflow-native 0.2.6 does the
//! latter: a read that ends early counts as a whole one. So the end of each buffer is marked before it is asked for, and a mark that is
//! still there afterwards is asked for once more, alone and under another mark.

use memflow::prelude::v1 as mf;
use memsh_plugin::{CSliceMut, CSliceRef, Op, Status};

/// The pages by which failures are told apart.
const PAGE: u64 = 4096;
/// Marks of the first readings and of the last one; of a mark at most this many bytes.
const MARKS: [u8; 2] = [0xa7, 0x58];
const MARK_SIZE: usize = 8;

/// Part of an operation's buffer.
pub struct Piece<'b> {
    op: usize,
    /// Where its bytes come from.
    pub address: u64,
    /// Where they go.
    pub bytes: &'b mut [u8],
}

/// Pieces of buffers that failed: address in this process and length.
pub type Failures = Vec<(usize, usize)>;

/// Reads pieces through memflow and notes those that failed.
pub type Ask<'f> = dyn FnMut(&mut [Piece<'_>], &mut Failures) -> mf::Result<()> + 'f;

/// Reads through a physical memory.
pub fn physical(memory: &mut impl mf::PhysicalMemory, pieces: &mut [Piece<'_>], failed: &mut Failures) -> mf::Result<()> {
    let asked = pieces.iter_mut().map(|p| {
        let at = mf::Address::from(p.address);
        mf::CTup3(mf::PhysicalAddress::from(at), at, mf::CSliceMut::from(&mut *p.bytes))
    });
    let note = &mut |mf::CTup2(_, bytes): mf::ReadData| {
        failed.push((bytes.as_ptr().addr(), bytes.len()));
        true
    };
    mf::MemOps::with_raw(asked, None, Some(&mut note.into()), |data| memory.phys_read_raw_iter(data))
}

/// Reads through an address space.
pub fn virtual_memory(view: &mut impl mf::MemoryView, pieces: &mut [Piece<'_>], failed: &mut Failures) -> mf::Result<()> {
    let asked = pieces.iter_mut().map(|p| {
        let at = mf::Address::from(p.address);
        mf::CTup3(at, at, mf::CSliceMut::from(&mut *p.bytes))
    });
    let note = &mut |mf::CTup2(_, bytes): mf::ReadData| {
        failed.push((bytes.as_ptr().addr(), bytes.len()));
        true
    };
    mf::MemOps::with_raw(asked, None, Some(&mut note.into()), |data| view.read_raw_iter(data))
}

/// What a reading came to: pieces that failed, each with the failing parts, and pieces of which nothing is known.
#[derive(Default)]
struct Round<'b> {
    failed: Vec<(Piece<'b>, Failures)>,
    doubtful: Vec<Piece<'b>>,
    error: bool,
}

fn mark_of(bytes: &mut [u8]) -> &mut [u8] {
    let from = bytes.len().saturating_sub(MARK_SIZE);
    bytes.split_at_mut(from).1
}

/// Asks for `pieces` in one call.
fn round<'b>(mut pieces: Vec<Piece<'b>>, mark: u8, ask: &mut Ask<'_>) -> Round<'b> {
    pieces.iter_mut().for_each(|p| mark_of(p.bytes).fill(mark));
    let mut failures = Failures::new();
    let error = ask(&mut pieces, &mut failures).is_err();
    let untouched = |p: &mut Piece<'_>| !p.bytes.is_empty() && mark_of(p.bytes).iter().all(|&b| b == mark);
    let mut out = Round { error, ..Round::default() };
    failures.sort_unstable();
    for mut piece in pieces {
        let start = piece.bytes.as_ptr().addr();
        let end = start.saturating_add(piece.bytes.len());
        let first = failures.partition_point(|&(at, length)| at.saturating_add(length) <= start);
        let inside = failures.iter().skip(first).take_while(|&&(at, _)| at < end);
        let parts: Failures = inside.map(|&(at, n)| (at.max(start), at.saturating_add(n).min(end))).collect();
        if !parts.is_empty() {
            let parts = parts.into_iter().map(|(from, to)| (from.saturating_sub(start), to.saturating_sub(from)));
            let parts = parts.collect();
            out.failed.push((piece, parts));
        } else if untouched(&mut piece) {
            out.doubtful.push(piece);
        }
    }
    out
}

/// A piece, cut where pages end.
fn pages(piece: Piece<'_>) -> Vec<Piece<'_>> {
    let Piece { op, mut address, bytes: mut left } = piece;
    let mut out = Vec::new();
    while !left.is_empty() {
        let to_end = usize::try_from(PAGE - address % PAGE).unwrap_or(usize::MAX).min(left.len());
        let (page, rest) = left.split_at_mut(to_end);
        out.push(Piece { op, address, bytes: page });
        address = address.wrapping_add(u64::try_from(to_end).unwrap_or(u64::MAX));
        left = rest;
    }
    out
}

/// Reads a batch. `place` gives an address as a number; `trusted` says that what is told to have failed has failed.
///
/// Bytes that are not there are zero; every status is set.
pub fn read<A: Copy>(ops: &mut [Op<A, CSliceMut<u8>>], place: impl Fn(A) -> u64, trusted: bool, ask: &mut Ask<'_>) {
    let mut asked: Vec<Piece<'_>> = Vec::with_capacity(ops.len());
    let mut lost = vec![];
    let mut broken = false;
    for (i, op) in ops.iter_mut().enumerate() {
        op.status = Status::DONE;
        asked.push(Piece { op: i, address: place(op.addr), bytes: &mut op.buf });
    }
    let [first, last] = MARKS;
    let alone = asked.len() == 1;
    let Round { failed, doubtful, error } = round(asked, first, ask);
    if failed.is_empty() && doubtful.is_empty() {
        return;
    }
    let small = |p: &Piece<'_>| p.address % PAGE + u64::try_from(p.bytes.len()).unwrap_or(PAGE) <= PAGE;
    let mut again = Vec::new();
    for (piece, parts) in failed {
        if small(&piece) && (trusted || alone) { lost.push((piece, parts)) } else { again.extend(pages(piece)) }
    }
    again.extend(doubtful.into_iter().flat_map(pages));
    let mut singles = Vec::new();
    if again.len() > 1 && !error {
        let Round { failed, doubtful, .. } = round(again, first, ask);
        for (piece, parts) in failed {
            if trusted { lost.push((piece, parts)) } else { singles.push(piece) }
        }
        singles.extend(doubtful);
    } else {
        singles = again;
    }
    for piece in singles {
        let Round { failed, doubtful, error } = round(vec![piece], last, ask);
        broken |= error && !doubtful.is_empty();
        lost.extend(failed);
        lost.extend(doubtful.into_iter().map(|p| {
            let all = vec![(0, p.bytes.len())];
            (p, all)
        }));
    }
    for run in zeroed(lost).chunk_by(|a, b| a.0 == b.0) {
        let bytes: usize = run.iter().map(|&(_, n)| n).sum();
        if let Some(op) = run.first().and_then(|&(i, _)| ops.get_mut(i)) {
            op.status = match bytes >= op.buf.len() {
                true if broken => Status::FAILED,
                true => Status::MISSING,
                false => Status::PARTIAL,
            };
        }
    }
}

/// Zeroes what was lost; gives operations and how many bytes of each that were, ascending.
fn zeroed(lost: Vec<(Piece<'_>, Failures)>) -> Vec<(usize, usize)> {
    let mut missing: Vec<(usize, usize)> = Vec::with_capacity(lost.len());
    for (piece, parts) in lost {
        for (from, length) in parts {
            if let Some(bytes) = piece.bytes.get_mut(from..from.saturating_add(length)) {
                bytes.fill(0);
                missing.push((piece.op, length));
            }
        }
    }
    missing.sort_unstable();
    missing
}

/// Writes a batch, a page of an operation at a time: what memflow says of a single page can be relied on. `write` gives whether
/// all bytes of one piece were written.
pub fn write<A: Copy>(ops: &mut [Op<A, CSliceRef<u8>>], place: impl Fn(A) -> u64, mut write: impl FnMut(u64, &[u8]) -> bool) {
    for op in ops {
        let (mut address, mut left) = (place(op.addr), &op.buf[..]);
        let (mut done, mut failed) = (0usize, 0usize);
        while !left.is_empty() {
            let to_end = usize::try_from(PAGE - address % PAGE).unwrap_or(usize::MAX).min(left.len());
            let (page, rest) = left.split_at(to_end);
            if write(address, page) {
                done += 1
            } else {
                failed += 1
            }
            address = address.wrapping_add(u64::try_from(to_end).unwrap_or(u64::MAX));
            left = rest;
        }
        op.status = match (done, failed) {
            (_, 0) => Status::DONE,
            (0, _) => Status::FAILED,
            _ => Status::PARTIAL,
        };
    }
}

#[cfg(test)]
mod tests;
