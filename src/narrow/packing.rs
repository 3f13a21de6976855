//! In which form the values of a block are kept, and back.

use super::block::{BLOCK, Block, Grid, Slots, Values, for_bits};
use std::sync::Arc;

/// Whether both are packed and say the same, so that one will do.
pub(super) fn first_is(first: &Values, last: &Values) -> bool {
    matches!((first, last), (Values::Packed(a), Values::Packed(b)) if a == b)
}

/// Values that take more than half of a block are kept as the block.
fn pack(grid: Grid, count: usize) -> bool {
    count * grid.width * 2 <= BLOCK
}

/// The values of the candidates `words` of a block, one after the other.
fn packed(grid: Grid, bytes: &[u8], words: &[u64], count: usize) -> Values {
    match grid.width {
        1 => packed_as::<1>(grid, bytes, words, count),
        2 => packed_as::<2>(grid, bytes, words, count),
        4 => packed_as::<4>(grid, bytes, words, count),
        8 => packed_as::<8>(grid, bytes, words, count),
        _ => {
            let mut out = Vec::with_capacity(count * grid.width);
            for_bits(words, |slot| {
                let at = slot * grid.stride;
                out.extend_from_slice(bytes.get(at..at + grid.width).unwrap_or_default());
            });
            Values::Packed(out.into())
        }
    }
}

/// The same for one width: each value is a load and a store.
fn packed_as<const W: usize>(grid: Grid, bytes: &[u8], words: &[u64], count: usize) -> Values {
    let mut out = vec![0; count * W];
    let mut places = out.as_chunks_mut::<W>().0.iter_mut();
    for_bits(words, |slot| {
        let value = bytes.get(slot * grid.stride..).and_then(<[u8]>::first_chunk::<W>);
        if let (Some(place), Some(value)) = (places.next(), value) {
            *place = *value;
        }
    });
    Values::Packed(out.into())
}

/// The values of the candidates `words` in `bytes`.
pub(super) fn values(grid: Grid, bytes: &[u8], words: &[u64], count: usize, zeros: &[u8]) -> Values {
    if pack(grid, count) {
        return packed(grid, bytes, words, count);
    }
    if bytes == zeros { Values::Zero } else { Values::Whole(Arc::from(bytes)) }
}

/// Earlier values of the candidates of `before`, for those that remain.
pub(super) fn kept(grid: Grid, values: &Values, before: &Block, words: &[u64], count: usize) -> Values {
    match values {
        Values::Whole(bytes) if pack(grid, count) => packed(grid, bytes, words, count),
        Values::Packed(bytes) if u32::try_from(count) != Ok(before.count) => match grid.width {
            1 => kept_as::<1>(bytes, &before.slots, words, count),
            2 => kept_as::<2>(bytes, &before.slots, words, count),
            4 => kept_as::<4>(bytes, &before.slots, words, count),
            8 => kept_as::<8>(bytes, &before.slots, words, count),
            width => {
                let mut out = Vec::with_capacity(count * width);
                let mut values = bytes.chunks_exact(width);
                before.slots.for_each(|slot| {
                    let value = values.next().unwrap_or_default();
                    if remains(words, slot) {
                        out.extend_from_slice(value);
                    }
                });
                Values::Packed(out.into())
            }
        },
        other => other.clone(),
    }
}

/// The same for packed values of one width.
fn kept_as<const W: usize>(bytes: &[u8], before: &Slots, words: &[u64], count: usize) -> Values {
    let mut out = vec![0; count * W];
    let mut places = out.as_chunks_mut::<W>().0.iter_mut();
    let mut values = bytes.as_chunks::<W>().0.iter();
    before.for_each(|slot| {
        let value = values.next();
        if remains(words, slot)
            && let (Some(place), Some(value)) = (places.next(), value)
        {
            *place = *value;
        }
    });
    Values::Packed(out.into())
}

fn remains(words: &[u64], slot: usize) -> bool {
    words.get(slot / 64).is_some_and(|w| w >> (slot % 64) & 1 == 1)
}

/// Puts packed values where they were in their block.
pub(super) fn spread(grid: Grid, slots: &Slots, packed: &[u8], block: &mut [u8]) {
    match grid.width {
        1 => spread_as::<1>(grid, slots, packed, block),
        2 => spread_as::<2>(grid, slots, packed, block),
        4 => spread_as::<4>(grid, slots, packed, block),
        8 => spread_as::<8>(grid, slots, packed, block),
        width => {
            let mut values = packed.chunks_exact(width);
            slots.for_each(|slot| {
                let at = slot * grid.stride;
                if let (Some(place), Some(value)) = (block.get_mut(at..at + width), values.next()) {
                    place.copy_from_slice(value);
                }
            });
        }
    }
}

/// The same for one width.
fn spread_as<const W: usize>(grid: Grid, slots: &Slots, packed: &[u8], block: &mut [u8]) {
    let mut values = packed.as_chunks::<W>().0.iter();
    slots.for_each(|slot| {
        let place = block.get_mut(slot * grid.stride..).and_then(<[u8]>::first_chunk_mut::<W>);
        if let (Some(place), Some(value)) = (place, values.next()) {
            *place = *value;
        }
    });
}
