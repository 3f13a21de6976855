//! Which bytes of a block are printable, one bit for each, and runs of them.

/// A block's printable bytes.
#[derive(Default)]
pub(super) struct Marks {
    /// Bit `i % 64` of word `i / 64` is byte `i`. Bits behind the last byte are set, so that a run that touches the end
    /// counts as long enough.
    words: Vec<u64>,
    len: usize,
}

/// What a string may hold: ASCII from blank to tilde, and tab.
#[inline(always)]
pub(super) const fn printable(byte: u8) -> bool {
    byte.wrapping_sub(b' ') < 0x5f || byte == b'\t'
}

/// [`printable`] of eight bytes, as eight bits.
#[inline(always)]
const fn printable8(bytes: u64) -> u64 {
    /// This byte eight times.
    const fn all(byte: u8) -> u64 {
        u64::from_le_bytes([byte; 8])
    }
    // Each sum stays within its byte and sets its top bit where the comparison holds.
    let low = bytes & all(0x7f);
    let from_blank = low + all(0x80 - 0x20);
    let is_del = low + all(1);
    let not_tab = (low ^ all(b'\t')) + all(0x7f);
    let flags = (from_blank & !is_del | !not_tab) & !bytes & all(0x80);
    // Gathers bit 0 of each byte in the top byte: byte k's lands 56 + k bits up.
    (flags >> 7).wrapping_mul(0x0102_0408_1020_4080) >> 56
}

impl Marks {
    /// Marks `bytes`.
    pub(super) fn fill(&mut self, bytes: &[u8]) {
        self.words.clear();
        self.len = bytes.len();
        let (blocks, rest) = bytes.as_chunks::<64>();
        for block in blocks {
            let (eights, _) = block.as_chunks::<8>();
            self.words.push(eights.iter().rev().fold(0, |word, b| word << 8 | printable8(u64::from_le_bytes(*b))));
        }
        let tail = rest.iter().rev().fold(!0, |word: u64, b| word << 1 | u64::from(printable(*b)));
        self.words.extend([tail, !0]);
    }

    fn word(&self, i: usize) -> u64 {
        self.words.get(i).copied().unwrap_or(!0)
    }

    /// The first run from `i` of at least `min` bytes, or the one that touches the end: its start and its end.
    pub(super) fn run(&self, mut i: usize, min: usize) -> Option<(usize, usize)> {
        loop {
            let start = self.start(i, min.min(64))?;
            let end = self.end(start);
            if end - start >= min || end == self.len {
                return Some((start, end));
            }
            i = end;
        }
    }

    /// Where the first `min` (at most 64) marks in a row begin.
    fn start(&self, i: usize, min: usize) -> Option<usize> {
        let mut from = !0 << (i % 64);
        for w in i / 64.. {
            if w * 64 >= self.len {
                return None;
            }
            let here = self.word(w) & from;
            from = !0;
            if here == 0 {
                continue;
            }
            let mut row = u128::from(here) | u128::from(self.word(w + 1)) << 64;
            let mut have = 1;
            while have < min {
                let more = have.min(min - have);
                row &= row >> more;
                have += more;
            }
            // What begins in the next word is found there.
            let at = w * 64 + usize::try_from(row.trailing_zeros()).ok()?;
            if at < (w + 1) * 64 {
                return (at < self.len).then_some(at);
            }
        }
        None
    }

    /// The first byte from `i` without a mark, or the end.
    pub(super) fn end(&self, i: usize) -> usize {
        let mut from = !0 << (i % 64);
        for w in i / 64.. {
            let clear = !self.word(w) & from;
            from = !0;
            if clear != 0 {
                return usize::try_from(clear.trailing_zeros()).map_or(self.len, |n| w * 64 + n).min(self.len);
            }
            if w * 64 >= self.len {
                break;
            }
        }
        self.len
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn eight_at_once_are_eight_times_one() {
        for byte in 0..=255_u8 {
            for place in 0..8 {
                for others in [0, b'a', 0xff, 0x7f, 0x1f] {
                    let mut bytes = [others; 8];
                    bytes.iter_mut().skip(place).take(1).for_each(|b| *b = byte);
                    let want = bytes.iter().rev().fold(0, |bits, b| bits << 1 | u64::from(printable(*b)));
                    assert_eq!(printable8(u64::from_le_bytes(bytes)), want, "{bytes:x?}");
                }
            }
        }
    }

    #[test]
    fn runs_across_words_and_to_the_end() {
        let mut bytes = [0; 200];
        for i in (3..6).chain(60..70).chain(100..104).chain(128..199) {
            bytes.iter_mut().skip(i).take(1).for_each(|b| *b = b'x');
        }
        let mut marks = Marks::default();
        marks.fill(&bytes);
        assert_eq!(marks.run(0, 3), Some((3, 6)));
        assert_eq!(marks.run(0, 4), Some((60, 70)));
        assert_eq!(marks.run(62, 4), Some((62, 70)));
        assert_eq!(marks.run(70, 5), Some((128, 199)));
        assert_eq!(marks.run(0, 72), None);
        marks.fill(bytes.get(..199).unwrap());
        assert_eq!(marks.run(0, 72), Some((128, 199)));
        marks.fill(b"");
        assert_eq!(marks.run(0, 4), None);
    }
}
