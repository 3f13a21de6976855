//! Loops over values of one width: each gives a byte that is 0 or 1, and 64 of these become a word of a bitmap.

/// 64 bytes that are 0 or 1, as bits.
#[inline(always)]
fn packed(lanes: &[u8; 64]) -> u64 {
    // The product brings the lowest bits of eight bytes together in the highest byte.
    let bits = |eight: &[u8; 8]| u64::from_le_bytes(*eight).wrapping_mul(0x0102_0408_1020_4080) >> 56;
    let (eights, _) = lanes.as_chunks::<8>();
    eights.iter().rev().fold(0, |word, eight| word << 8 | bits(eight))
}

/// Tests values that lie `stride` apart, where a value is a whole multiple of that.
#[inline(always)]
pub(super) fn one<const W: usize>(
    now: &[u8],
    stride: usize,
    words: &mut [u64],
    not: bool,
    test: impl Fn([u8; W]) -> bool + Copy,
) {
    phases::<W>(stride, words, |offset, word| {
        let mut lanes = [0u8; 64];
        let Some((values, _)) = now.get(offset..).map(<[u8]>::as_chunks::<W>) else { return 0 };
        if let Some(values) = values.get(word * 64..).and_then(<[_]>::first_chunk::<64>) {
            for (lane, value) in lanes.iter_mut().zip(values) {
                *lane = u8::from(test(*value) != not);
            }
        } else {
            for (lane, value) in lanes.iter_mut().zip(values.get(word * 64..).unwrap_or_default()) {
                *lane = u8::from(test(*value) != not);
            }
        }
        packed(&lanes)
    });
}

/// Tests values against earlier ones.
#[inline(always)]
pub(super) fn two<const W: usize>(
    now: &[u8],
    old: &[u8],
    stride: usize,
    words: &mut [u64],
    not: bool,
    test: impl Fn([u8; W], [u8; W]) -> bool + Copy,
) {
    phases::<W>(stride, words, |offset, word| {
        let mut lanes = [0u8; 64];
        let (Some(now), Some(old)) = (now.get(offset..), old.get(offset..)) else { return 0 };
        let (now, old) = (now.as_chunks::<W>().0, old.as_chunks::<W>().0);
        let (now, old) = (now.get(word * 64..).unwrap_or_default(), old.get(word * 64..).unwrap_or_default());
        if let (Some(now), Some(old)) = (now.first_chunk::<64>(), old.first_chunk::<64>()) {
            for ((lane, value), other) in lanes.iter_mut().zip(now).zip(old) {
                *lane = u8::from(test(*value, *other) != not);
            }
        } else {
            for ((lane, value), other) in lanes.iter_mut().zip(now).zip(old) {
                *lane = u8::from(test(*value, *other) != not);
            }
        }
        packed(&lanes)
    });
}

/// Runs `tested(offset, n)` (bits of the values 64n.. of those that begin at `offset` and follow on each other) for all words. Where values overlap,
/// those of one offset come together, and their bits are spread afterwards.
#[inline(always)]
fn phases<const W: usize>(stride: usize, words: &mut [u64], tested: impl Fn(usize, usize) -> u64) {
    let count = W / stride.max(1);
    if count <= 1 {
        for (n, word) in words.iter_mut().enumerate().filter(|(_, w)| **w != 0) {
            *word &= tested(0, n);
        }
        return;
    }
    for (n, group) in words.chunks_mut(count).enumerate() {
        if group.iter().all(|w| *w == 0) {
            continue;
        }
        let mut passed = [0u64; W];
        for phase in 0..count {
            let mut bits = tested(phase * stride, n);
            if bits == 0 {
                continue;
            }
            for word in passed.iter_mut().take(count) {
                *word |= spread(bits, count) << phase;
                bits = bits.checked_shr(64 / u32::try_from(count).unwrap_or(1)).unwrap_or(0);
            }
        }
        for (word, passed) in group.iter_mut().zip(passed) {
            *word &= passed;
        }
    }
}

/// The lowest bits, `gap` apart.
#[inline(always)]
fn spread(bits: u64, gap: usize) -> u64 {
    let step = |v: u64, shift: u32, mask: u64| (v | v << shift) & mask;
    match gap {
        2 => {
            let v = step(bits & 0xffff_ffff, 16, 0x0000_ffff_0000_ffff);
            let v = step(step(v, 8, 0x00ff_00ff_00ff_00ff), 4, 0x0f0f_0f0f_0f0f_0f0f);
            step(step(v, 2, 0x3333_3333_3333_3333), 1, 0x5555_5555_5555_5555)
        }
        4 => {
            let v = step(step(bits & 0xffff, 24, 0x0000_00ff_0000_00ff), 12, 0x000f_000f_000f_000f);
            step(step(v, 6, 0x0303_0303_0303_0303), 3, 0x1111_1111_1111_1111)
        }
        _ => {
            let v = step(step(bits & 0xff, 28, 0x0000_000f_0000_000f), 14, 0x0003_0003_0003_0003);
            step(v, 7, 0x0101_0101_0101_0101)
        }
    }
}
