//! Reading the bytes of blocks, some at a time.

use super::block::{BLOCK_SIZE, Grid, set_bits};
use crate::engine::search::{Source, Span};
use crate::engine::{index, to_umem};
use memsh_plugin::umem;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering};

/// Blocks that one thread takes at once: enough to pay for a call, little enough to stop soon after Ctrl-C.
pub(super) const UNIT: usize = 16;

/// What a thread needs again and again.
pub(super) struct Scratch {
    grid: Grid,
    buffer: Vec<u8>,
    parts: Vec<Vec<(usize, usize)>>,
    pub(super) zeros: Vec<u8>,
    pub(super) words: Vec<u64>,
    pub(super) there: Vec<u64>,
    pub(super) old: Vec<u8>,
}

impl Scratch {
    pub(super) fn new(grid: Grid) -> Self {
        Self {
            grid,
            buffer: Vec::new(),
            parts: vec![Vec::new(); UNIT],
            zeros: vec![0; grid.bytes()],
            words: vec![0; grid.words()],
            there: vec![0; grid.words()],
            old: vec![0; grid.bytes()],
        }
    }
}

/// The bytes of a block. What is missing is 0.
pub(super) struct Seen<'a> {
    pub(super) bytes: &'a [u8],
    /// First and end of what is there, ascending; `None` where nothing is missing.
    pub(super) parts: Option<&'a [(usize, usize)]>,
}

impl Seen<'_> {
    /// Sets the bits of the places whose values are wholly there, clears all others.
    pub(super) fn places(&self, grid: Grid, words: &mut [u64]) {
        words.fill(0);
        let all = [(0, grid.bytes())];
        for (first, end) in self.parts.unwrap_or(&all) {
            let Some(last) = end.checked_sub(grid.width).map(|n| (n / grid.stride).min(grid.slots() - 1)) else { continue };
            set_bits(words, first.div_ceil(grid.stride), last + 1);
        }
    }

    /// Bytes that are there and lie in the block itself.
    pub(super) fn present(&self) -> u64 {
        let block = index(BLOCK_SIZE).unwrap_or(usize::MAX);
        let of = |n: usize| u64::try_from(n).unwrap_or(u64::MAX);
        match self.parts {
            None => of(block),
            Some(parts) => parts.iter().map(|(a, b)| of((*b).min(block).saturating_sub(*a))).sum(),
        }
    }
}

/// Reads the blocks at `bases` (ascending, [`UNIT`] at most) and gives each of which something is there to `seen`, with its place in `bases`; in
/// no certain order. With `steady` no bytes are given in place: the memory may change while they are looked at.
///
/// Breaks when interrupted.
pub(super) fn read(
    source: &dyn Source,
    bases: &[umem],
    steady: bool,
    scratch: &mut Scratch,
    interrupt: &AtomicBool,
    seen: &mut dyn FnMut(usize, Seen<'_>, &mut Work<'_>),
) -> ControlFlow<()> {
    let grid = scratch.grid;
    let size = grid.bytes();
    let Scratch { buffer, parts, zeros, words, there, old, .. } = scratch;
    let mut work = Work { zeros, words, there, old };
    parts.iter_mut().for_each(Vec::clear);
    let (Some(first), Some(last)) = (bases.first(), bases.last()) else { return ControlFlow::Continue(()) };
    let whole = Span { first: *first, last: last.saturating_add(to_umem(size) - 1) };
    // A block that was seen in place has no parts here.
    source.for_each_piece(whole, &mut |addr, bytes| {
        if interrupt.load(Ordering::Relaxed) {
            return ControlFlow::Break(());
        }
        // Last addresses, and not ends: the top of the address space has none.
        let Some(more) = bytes.len().checked_sub(1) else { return ControlFlow::Continue(()) };
        let last = addr.saturating_add(to_umem(more));
        let reach = to_umem(size) - 1;
        let from = bases.partition_point(|b| b.saturating_add(reach) < addr);
        for (i, base) in bases.iter().enumerate().skip(from) {
            if *base > last {
                break;
            }
            let start = addr.max(*base);
            let (skip, at) = (index(start - addr), index(start - base));
            let (Some(skip), Some(at), Some(more)) = (skip, at, index(last.min(base.saturating_add(reach)) - start)) else {
                continue;
            };
            let len = more + 1;
            let Some(bytes) = bytes.get(skip..skip + len) else { continue };
            let Some(list) = parts.get_mut(i) else { continue };
            if len == size && !steady && list.is_empty() {
                seen(i, Seen { bytes, parts: None }, &mut work);
                continue;
            }
            if buffer.is_empty() {
                buffer.resize(UNIT * size, 0);
            }
            if let Some(place) = buffer.get_mut(i * size + at..i * size + at + len) {
                place.copy_from_slice(bytes);
            }
            match list.last_mut() {
                Some((_, end)) if *end == at => *end = at + len,
                _ => list.push((at, at + len)),
            }
        }
        ControlFlow::Continue(())
    })?;
    for (i, list) in parts.iter().enumerate().take(bases.len()) {
        if list.is_empty() {
            continue;
        }
        let Some(bytes) = buffer.get_mut(i * size..(i + 1) * size) else { continue };
        let whole = list.as_slice() == [(0, size)];
        let mut done = 0;
        for (first, end) in list.iter().copied().chain([(size, size)]) {
            if let Some(gap) = bytes.get_mut(done..first) {
                gap.fill(0);
            }
            done = end;
        }
        seen(i, Seen { bytes, parts: (!whole).then_some(list) }, &mut work);
    }
    ControlFlow::Continue(())
}

/// The part of [`Scratch`] that is free while blocks are looked at.
pub(super) struct Work<'a> {
    pub(super) zeros: &'a [u8],
    pub(super) words: &'a mut Vec<u64>,
    pub(super) there: &'a mut Vec<u64>,
    pub(super) old: &'a mut Vec<u8>,
}
