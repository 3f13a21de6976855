//! The kernel's index of unwind tables, by what it looks like: kernels whose symbols are functions only do not name it.

use super::{CANNOT, ENTRY, prel31};
use crate::engine::{ViewExt, index as small, to_u64};
use crate::os::linux::base::kernel::Kernel;
use crate::os::linux::base::layout::number;
use memsh_plugin::{VirtAddr, umem};

/// A kernel's image is no larger.
const LARGEST: u64 = 128 << 20;
/// A kernel has more functions than this, and nothing else looks like an index for so long.
const FEWEST: u64 = 1024;
/// So many functions are looked up among the symbols.
const ASKED: u64 = 256;
/// So many stretches are tried.
const TRIED: usize = 16;

/// Address and number of entries of the kernel's index: the longest stretch of its image that is pairs of words, of which the first names
/// functions of the kernel, ascending, and the second is what one can be. Most of the functions must be symbols of code.
pub(super) fn index(kernel: &Kernel) -> Option<(u64, u64)> {
    let base = number(kernel.base);
    let len = to_u64(kernel.size?)?.min(LARGEST);
    let mut bytes = vec![0u8; small(umem::from(len))?];
    // What is missing reads as zeros, and those end an index.
    let _ = kernel.view().read_gaps(kernel.base, &mut bytes);
    stretches(base, &bytes).into_iter().take(TRIED).find_map(|(at, count)| proved(kernel, base, &bytes, at, count))
}

/// The stretch of `count` entries at `at`, without what only looks like entries before it, if its functions are the kernel's.
fn proved(kernel: &Kernel, base: u64, bytes: &[u8], at: u64, count: u64) -> Option<(u64, u64)> {
    let is_function = |i: u64| {
        let place = at.saturating_add(i.saturating_mul(ENTRY));
        let word = usize::try_from(place.checked_sub(base)?).ok().and_then(|from| bytes.get(from..)?.first_chunk());
        let function = prel31(place, u32::from_le_bytes(*word?))?;
        let (symbol, distance) = kernel.symbols.near(VirtAddr::new(umem::from(function)))?;
        (distance == 0 && symbol.is_code()).then_some(())
    };
    // The first function of a kernel is a symbol.
    let before = (0..count.min(ASKED)).find(|i| is_function(*i).is_some())?;
    let step = usize::try_from(((count - before) / ASKED).max(1)).ok()?;
    let asked = (before..count).step_by(step);
    let (all, known) = asked.fold((0, 0), |(all, known), i| (all + 1, known + u64::from(is_function(i).is_some())));
    // Static functions of assembly have no symbols.
    (known * 2 > all).then_some((at + before * ENTRY, count - before))
}

/// Stretches of the bytes of an image that begins at `base` which look like an index, the longest first: where each begins, and its
/// entries.
pub(super) fn stretches(base: u64, bytes: &[u8]) -> Vec<(u64, u64)> {
    let end = base.saturating_add(u64::try_from(bytes.len()).unwrap_or(0));
    let mut out = Vec::new();
    for phase in [0u8, 4] {
        // Where the stretch began, how long it is, and its last function.
        let (mut start, mut count, mut last) = (0, 0u64, 0);
        let (pairs, _) = bytes.get(usize::from(phase)..).unwrap_or_default().as_chunks::<8>();
        let mut ended = |start, count| {
            if count >= FEWEST {
                out.push((start, count))
            }
        };
        for (at, pair) in (base + u64::from(phase)..).step_by(8).zip(pairs) {
            let [a, b, c, d, e, f, g, h] = *pair;
            let (first, second) = (u32::from_le_bytes([a, b, c, d]), u32::from_le_bytes([e, f, g, h]));
            let function = entry(at, first, second, base, end);
            if count > 0 && function.is_none_or(|f| f <= last) {
                ended(start, count);
                count = 0;
            }
            if let Some(f) = function {
                start = if count == 0 { at } else { start };
                (count, last) = (count + 1, f);
            }
        }
        ended(start, count);
    }
    out.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    out
}

/// The function of what may be an entry at `at`, of an image from `base` to `end`. Nothing names itself.
fn entry(at: u64, first: u32, second: u32, base: u64, end: u64) -> Option<u64> {
    let function = prel31(at, first).filter(|f| first != 0 && (base..end).contains(f))?;
    can_be(at + 4, second, base, end).then_some(function)
}

/// Whether the second word of an entry, at `at`, can be one: that the function can't be unwound, three instructions, or the place of more
/// in the image.
fn can_be(at: u64, word: u32, base: u64, end: u64) -> bool {
    match word >> 24 {
        0x80 => true,
        0..0x80 if word == CANNOT => true,
        0..0x80 => word != 0 && prel31(at, word).is_some_and(|to| (base..end).contains(&to) && to.is_multiple_of(4)),
        _ => false,
    }
}
