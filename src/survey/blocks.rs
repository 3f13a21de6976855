//! All blocks of a space.

use super::block::{Block, Class, Counter};
use crate::engine::search::{Options, Source, Span, Summary};
use crate::engine::work::each;
use crate::engine::{index, to_u64, to_umem};
use memsh_plugin::umem;
use std::convert::Infallible;
use std::ops::ControlFlow;
use std::sync::atomic::Ordering;

/// Size in bytes of the smallest block: in fewer, bytes can't differ enough to tell dense from plain.
pub const SMALLEST: umem = 1 << 10;
/// Size in bytes of the largest block.
pub const LARGEST: umem = 1 << 28;

/// Bytes that one thread measures at a time, at least one block.
const CHUNK: umem = 4 << 20;
/// Chunks that are measured before the first is handed out.
const AHEAD: usize = 16;

/// Measures `source` in blocks of `size` bytes, which is made a power of two from [`SMALLEST`] to [`LARGEST`], and gives them to `give` in
/// ascending order until that breaks. Blocks of which nothing is there are left out. Of `options`, `max_hits` is not looked at;
/// [`Summary::hits`] are the blocks given.
pub fn survey(
    source: &dyn Source,
    size: umem,
    options: &Options<'_>,
    give: &mut dyn FnMut(&Block) -> ControlFlow<()>,
) -> Summary {
    let size = size.clamp(SMALLEST, LARGEST).next_power_of_two();
    let total = source.spans().fold(0, |sum: umem, s| sum.saturating_add(s.bytes()));
    let total = to_u64(total).unwrap_or(u64::MAX);
    let mut summary = Summary::default();
    let mut done = 0u64;
    let mut chunks = chunks(source, size).peekable();
    while chunks.peek().is_some() {
        let batch: Vec<Span> = chunks.by_ref().take(AHEAD).collect();
        for (span, blocks) in batch.iter().zip(measure(source, &batch, size, options)) {
            let Some(blocks) = blocks else {
                summary.interrupted = true;
                return summary;
            };
            for block in &blocks {
                summary.hits += 1;
                summary.scanned_bytes = summary.scanned_bytes.saturating_add(u64::from(block.present));
                if give(block).is_break() {
                    return summary;
                }
            }
            let there = blocks.iter().fold(0, |sum: umem, b| sum.saturating_add(umem::from(b.present)));
            summary.missing_bytes = summary.missing_bytes.saturating_add(span.bytes().saturating_sub(there));
            done = done.saturating_add(to_u64(span.bytes()).unwrap_or(u64::MAX));
            (options.progress)(done, total);
        }
    }
    summary
}

/// The spans of a source, cut at multiples of a whole number of blocks.
fn chunks(source: &dyn Source, size: umem) -> impl Iterator<Item = Span> {
    let most = CHUNK.max(size);
    joined(source.spans()).flat_map(move |span| {
        let mut next = Some(span.first);
        std::iter::from_fn(move || {
            let first = next?;
            let last = (first | (most - 1)).min(span.last);
            next = last.checked_add(1).filter(|n| *n <= span.last);
            Some(Span { first, last })
        })
    })
}

/// Spans that touch as one: pages next to each other lie in one block, wherever their frames are.
fn joined<'s>(spans: impl Iterator<Item = Span> + 's) -> impl Iterator<Item = Span> + 's {
    let mut spans = spans.peekable();
    std::iter::from_fn(move || {
        let mut span = spans.next()?;
        while let Some(next) = spans.next_if(|n| span.last.checked_add(1) == Some(n.first)) {
            span.last = next.last;
        }
        Some(span)
    })
}

/// The blocks of every span of `batch`; none for those that an interrupt came before.
fn measure(source: &dyn Source, batch: &[Span], size: umem, options: &Options<'_>) -> Vec<Option<Vec<Block>>> {
    let threads = options.threads_for(source).min(batch.len());
    let work = |counter: &mut Counter, span: &Span| Ok::<_, Infallible>(one(source, *span, size, counter, options));
    let Ok(found) = each(threads, batch.iter(), Counter::new, work);
    found
}

/// The blocks of a span of which all bytes are there and zero.
fn zeros(span: Span, size: umem) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut next = Some(span.first);
    while let Some(start) = next {
        let last = (start | (size - 1)).min(span.last);
        let bytes = Span { first: start, last }.bytes();
        let present = u32::try_from(bytes).unwrap_or(u32::MAX);
        blocks.push(Block { start, size: bytes, present, zeros: present, entropy: 0.0, class: Class::Zero });
        next = last.checked_add(1).filter(|n| *n <= span.last);
    }
    blocks
}

/// The blocks of one span; none when it was interrupted.
fn one(source: &dyn Source, span: Span, size: umem, counter: &mut Counter, options: &Options<'_>) -> Option<Vec<Block>> {
    let mut blocks = Vec::new();
    // The block that is being counted, by its first address.
    let mut open = span.first;
    let end_of = |open: umem| (open | (size - 1)).min(span.last);
    if source.zeros(span) && !options.interrupt.load(Ordering::Relaxed) {
        return Some(zeros(span, size));
    }
    let flow = source.for_each_piece(span, &mut |addr, bytes| {
        let (mut at, mut rest) = (addr, bytes);
        while !rest.is_empty() {
            if at > end_of(open) {
                blocks.extend(counter.take(open, end_of(open) - open + 1));
                open = at & !(size - 1);
                open = open.max(span.first);
                if options.interrupt.load(Ordering::Relaxed) {
                    return ControlFlow::Break(());
                }
            }
            let room = index((end_of(open) - at).saturating_add(1)).unwrap_or(usize::MAX);
            let Some((own, behind)) = rest.split_at_checked(room.min(rest.len())) else { break };
            counter.feed(own);
            at = at.wrapping_add(to_umem(own.len()));
            rest = behind;
        }
        ControlFlow::Continue(())
    });
    if flow.is_break() {
        return None;
    }
    blocks.extend(counter.take(open, end_of(open) - open + 1));
    Some(blocks)
}
