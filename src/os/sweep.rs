//! One pass over a space, on all processors, for words that may be part of something: what a search for structures begins with.

use crate::engine::search::{Options, Source, Span};
use crate::engine::{index, to_u64, to_umem};
use memsh_plugin::umem;
use std::num::NonZero;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

/// What one thread takes at a time.
const UNIT: umem = 8 << 20;
/// Pieces are looked at in parts of this size (a multiple of every step), so that Ctrl-C is noticed.
const PART: usize = 1 << 20;
/// More places than this are no structures but a pattern; they would fill our own memory.
const MOST: usize = 1 << 20;

/// Where a sweep found something.
#[derive(Debug, Default)]
pub struct Swept {
    /// The addresses, ascending.
    pub at: Vec<umem>,
    /// It was interrupted, or found too much: there may be more.
    pub cut: bool,
}

/// The addresses `a` with `a % step == phase` of which `wanted(a, the little-endian word there)` holds. `step` is a power of two
/// from 8 to 4096, `phase` a multiple of 8 below it.
pub fn words<F>(source: &dyn Source, step: umem, phase: umem, options: &Options<'_>, wanted: F) -> Swept
where
    F: Fn(umem, u64) -> bool + Sync,
{
    records(source, step, phase, options, |at, word, _| wanted(at, word))
}

/// The same for what takes more than a word to tell: `wanted` is given the bytes from there on, too, as far as they lie in one piece
/// of memory: at least up to the end of the page.
pub fn records<F>(source: &dyn Source, step: umem, phase: umem, options: &Options<'_>, wanted: F) -> Swept
where
    F: Fn(umem, u64, &[u8]) -> bool + Sync,
{
    let step = step.clamp(8, 4096).next_power_of_two();
    let units = cut(source);
    let total = units.iter().fold(0u64, |sum, u| sum.saturating_add(to_u64(u.bytes()).unwrap_or(u64::MAX)));
    let (next, done) = (AtomicUsize::new(0), AtomicU64::new(0));
    let found: Mutex<Swept> = Mutex::default();
    let work = || {
        while let Some(unit) = units.get(next.fetch_add(1, Ordering::Relaxed)) {
            let mut own = Vec::new();
            let flow = source.for_each_piece(*unit, &mut |address, bytes| {
                let mut at = address;
                let mut rest = bytes;
                for part in bytes.chunks(PART) {
                    if options.interrupt.load(Ordering::Relaxed) || own.len() > MOST {
                        return ControlFlow::Break(());
                    }
                    look(at, (part, rest), (step, phase), &wanted, &mut own);
                    at = at.wrapping_add(to_umem(part.len()));
                    rest = rest.get(part.len()..).unwrap_or_default();
                }
                ControlFlow::Continue(())
            });
            let bytes = to_u64(unit.bytes()).unwrap_or(0);
            (options.progress)(done.fetch_add(bytes, Ordering::Relaxed).saturating_add(bytes), total);
            let mut all = found.lock().unwrap_or_else(PoisonError::into_inner);
            all.at.append(&mut own);
            all.cut |= flow.is_break() || all.at.len() > MOST;
            if all.cut {
                break;
            }
        }
    };
    let threads = match options.threads {
        0 => source.readers().unwrap_or_else(|| std::thread::available_parallelism().map_or(1, NonZero::get)),
        n => n,
    };
    std::thread::scope(|scope| {
        for _ in 1..threads.min(units.len()) {
            // Whatever does not start, this thread does.
            let _ = std::thread::Builder::new().spawn_scoped(scope, work);
        }
        work();
    });
    let mut found = found.into_inner().unwrap_or_else(PoisonError::into_inner);
    found.at.sort_unstable();
    found
}

/// The source's spans, cut into units.
fn cut(source: &dyn Source) -> Vec<Span> {
    let mut units = Vec::new();
    for span in source.spans() {
        let mut first = span.first;
        loop {
            // Borders of units are multiples of their size, so that no word lies across one.
            let last = (first | (UNIT - 1)).min(span.last);
            units.push(Span { first, last });
            match last.checked_add(1) {
                Some(next) if last < span.last => first = next,
                _ => break,
            }
        }
    }
    units
}

/// Looks at `part`, the first byte of which lies at `address`; `rest` begins there, too, and goes on behind.
#[inline]
fn look(
    address: umem,
    (part, rest): (&[u8], &[u8]),
    (step, phase): (umem, umem),
    wanted: &impl Fn(umem, u64, &[u8]) -> bool,
    out: &mut Vec<umem>,
) {
    let skip = phase.wrapping_sub(address) & (step - 1);
    let (Some(from), Some(stride)) = (index(skip), index(step)) else { return };
    let Some(bytes) = part.get(from..) else { return };
    let mut at = address.wrapping_add(skip);
    let mut place = from;
    for chunk in bytes.chunks(stride) {
        if let Some(word) = chunk.first_chunk::<8>()
            && wanted(at, u64::from_le_bytes(*word), rest.get(place..).unwrap_or_default())
        {
            out.push(at);
        }
        at = at.wrapping_add(step);
        place += stride;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::AtomicBool;

    struct Pieces(Vec<(umem, Vec<u8>)>);

    impl Source for Pieces {
        fn spans(&self) -> Box<dyn Iterator<Item = Span> + '_> {
            Box::new(self.0.iter().filter_map(|(at, bytes)| Span::new(*at, to_umem(bytes.len()))))
        }

        fn for_each_piece(&self, span: Span, piece: &mut dyn FnMut(umem, &[u8]) -> ControlFlow<()>) -> ControlFlow<()> {
            for (at, bytes) in &self.0 {
                let Some(part) = Span::new(*at, to_umem(bytes.len())).and_then(|s| s.meet(span)) else { continue };
                let (Some(from), Some(len)) = (index(part.first - at), index(part.bytes())) else { continue };
                if let Some(bytes) = bytes.get(from..from + len) {
                    piece(part.first, bytes)?;
                }
            }
            ControlFlow::Continue(())
        }
    }

    fn memory(at: umem, len: usize, marks: &[usize]) -> (umem, Vec<u8>) {
        let mut bytes = vec![0; len];
        for mark in marks {
            if let Some(place) = bytes.get_mut(*mark..*mark + 8) {
                place.copy_from_slice(&7u64.to_le_bytes());
            }
        }
        (at, bytes)
    }

    fn sweep(pieces: Vec<(umem, Vec<u8>)>, step: umem, phase: umem, stop: bool) -> Swept {
        let stop = AtomicBool::new(stop);
        words(&Pieces(pieces), step, phase, &Options::new(&stop), |_, word| word == 7)
    }

    #[test]
    fn only_what_is_aligned_so_is_found_and_all_of_it() {
        let far = 3 * (8 << 20);
        let pieces = vec![memory(0x1000, 0x100, &[0x08, 0x10, 0x48, 0x88]), memory(0x5008, far, &[0, 0x40, far - 64, far - 8])];
        let found = sweep(pieces, 64, 8, false);
        assert_eq!(found.at, [0x1008, 0x1048, 0x1088, 0x5008, 0x5048, 0x5008 + to_umem(far) - 64].map(umem::from));
        assert!(!found.cut);
    }

    #[test]
    fn what_ends_within_a_word_has_none() {
        assert!(sweep(vec![memory(0x1000, 12, &[]), (0x2000, vec![7, 0, 0, 0])], 8, 0, false).at.is_empty());
    }

    #[test]
    fn an_interrupt_ends_it() {
        let found = sweep(vec![memory(0, 4096, &[0])], 8, 0, true);
        assert!(found.cut && found.at.is_empty());
    }
}
