//! LZO1X, as makedumpfile packs pages (liblzo2) and the kernel packs swapped ones (zram, zswap): `lzo` and `lzo-rle`.
//!
//! There is no specification; `Documentation/staging/lzo.rst` of the kernel describes what its decompressor takes. A stream is a row of
//! instructions: copy so many bytes of the stream ("literals"), or so many bytes from so far back in the output, with up to three literals
//! behind it. `state` is how many literals came last, which decides what an instruction below 16 means. A stream ends with
//! `11 00 00`. Version 1 of the stream (`lzo-rle`) begins with `11 01` and has one more instruction: a run of zeros.

/// The stream as it is eaten.
struct Input<'a> {
    data: &'a [u8],
    at: usize,
}

const SHORT: &str = "the data end inside an instruction";

impl Input<'_> {
    #[inline]
    fn byte(&mut self) -> Result<usize, String> {
        let b = *self.data.get(self.at).ok_or(SHORT)?;
        self.at += 1;
        Ok(usize::from(b))
    }

    #[inline]
    fn two(&mut self) -> Result<usize, String> {
        let low = self.byte()?;
        Ok(low | self.byte()? << 8)
    }

    /// A length that did not fit into its instruction: 255 for each zero, and then a last byte.
    #[inline]
    fn long(&mut self, bits: usize) -> Result<usize, String> {
        let mut len = bits;
        loop {
            // No overflow: each step of 255 takes a byte of the stream.
            match self.byte()? {
                0 => len += 255,
                n => return Ok(len + n),
            }
        }
    }
}

/// What has been unpacked.
struct Output<'a> {
    data: &'a mut [u8],
    at: usize,
}

impl Output<'_> {
    #[cold]
    fn full(&self) -> String {
        format!("more than the {} bytes of the block", self.data.len())
    }

    #[inline]
    fn literals(&mut self, input: &mut Input<'_>, len: usize) -> Result<(), String> {
        let from = input.data.get(input.at..).ok_or(SHORT)?;
        // Up to three bytes at a time are most of all literals: as a word, where a word can be read and written.
        if len <= 4 {
            let (word, room) = (from.get(..4), self.data.get_mut(self.at..).and_then(|d| d.get_mut(..4)));
            if let (Some(word), Some(room)) = (word, room) {
                room.copy_from_slice(word);
                input.at += len;
                self.at += len;
                return Ok(());
            }
        }
        let from = from.get(..len).ok_or(SHORT)?;
        let Some(to) = self.data.get_mut(self.at..).and_then(|d| d.get_mut(..len)) else { return Err(self.full()) };
        to.copy_from_slice(from);
        input.at += len;
        self.at += len;
        Ok(())
    }

    /// Repeats `len` bytes from `distance` back. Where the two overlap, the bytes repeat with that period.
    #[inline]
    fn repeat(&mut self, distance: usize, len: usize) -> Result<(), String> {
        let Some(from) = self.at.checked_sub(distance) else {
            return Err(format!("a copy from {distance} bytes back where only {} are unpacked", self.at));
        };
        let Some(end) = self.at.checked_add(len).filter(|&end| end <= self.data.len()) else { return Err(self.full()) };
        // In words, where what is written too far lies inside the block, and is written again later.
        if distance >= 8 && self.data.len() - end >= 8 {
            let (mut from, mut to) = (from, self.at);
            while to < end {
                let (before, after) = self.data.split_at_mut(to);
                let (Some(word), Some(room)) = (before.get(from..from + 8), after.get_mut(..8)) else { break };
                room.copy_from_slice(word);
                from += 8;
                to += 8;
            }
        } else {
            let (before, after) = self.data.split_at_mut(self.at);
            let period = before.get(from..).unwrap_or(&[]);
            let after = after.get_mut(..len).unwrap_or(&mut []);
            match period {
                [byte] => after.fill(*byte),
                _ => after.chunks_mut(period.len().max(1)).for_each(|to| {
                    if let Some(from) = period.get(..to.len()) {
                        to.copy_from_slice(from);
                    }
                }),
            }
        }
        self.at = end;
        Ok(())
    }

    fn zeros(&mut self, len: usize) -> Result<(), String> {
        let Some(to) = self.data.get_mut(self.at..).and_then(|d| d.get_mut(..len)) else { return Err(self.full()) };
        to.fill(0);
        self.at += len;
        Ok(())
    }
}

/// `MIN_ZERO_RUN_LENGTH` of the kernel's lib/lzo/lzodefs.h.
const SHORTEST_RUN: usize = 4;

/// Unpacks `data` into `out`, and says how many bytes that gave. With `rle`, streams of version 1 are taken, too.
pub(super) fn unpack(data: &[u8], out: &mut [u8], rle: bool) -> Result<usize, String> {
    let mut input = Input { data, at: 0 };
    let mut out = Output { data: out, at: 0 };
    let mut state = 0;
    let mut version = 0;
    // 17 can't begin a stream otherwise, but for that of nothing, which is shorter.
    if let (true, [17, v, _, _, _, ..]) = (rle, data) {
        version = *v;
        input.at = 2;
        if version > 1 {
            return Err(format!("version {version} of the LZO stream, which is unknown"));
        }
    }
    if let Some(first) = data.get(input.at).filter(|&&b| b > 17) {
        let len = usize::from(*first) - 17;
        input.at += 1;
        out.literals(&mut input, len)?;
        state = len.min(4);
    }
    loop {
        let op = input.byte()?;
        let (distance, len, literals) = match op {
            0..16 if state == 0 => {
                let len = if op == 0 { input.long(15)? } else { op };
                out.literals(&mut input, len + 3)?;
                state = 4;
                continue;
            }
            0..16 => {
                let high = input.byte()? << 2;
                let (distance, len) = if state == 4 { (2049, 3) } else { (1, 2) };
                (distance + high + (op >> 2), len, op & 3)
            }
            16..32 => {
                let next =
                    usize::from(*data.get(input.at).ok_or(SHORT)?) | usize::from(*data.get(input.at + 1).ok_or(SHORT)?) << 8;
                if version == 1 && next & 0xfffc == 0xfffc && op & 0xf8 == 0x18 {
                    input.at += 2;
                    let len = (op & 7 | input.byte()? << 3) + SHORTEST_RUN;
                    out.zeros(len)?;
                    state = next & 3;
                    out.literals(&mut input, state)?;
                    continue;
                }
                let len = if op & 7 == 0 { input.long(7)? } else { op & 7 } + 2;
                let low = input.two()?;
                let distance = (op & 8) << 11 | low >> 2;
                if distance == 0 {
                    return end(&input, &out, len);
                }
                (distance + 0x4000, len, low & 3)
            }
            32..64 => {
                let len = if op & 31 == 0 { input.long(31)? } else { op & 31 } + 2;
                let low = input.two()?;
                ((low >> 2) + 1, len, low & 3)
            }
            _ => {
                let high = input.byte()? << 3;
                (high + (op >> 2 & 7) + 1, (op >> 5) + 1, op & 3)
            }
        };
        out.repeat(distance, len)?;
        state = literals;
        if state > 0 {
            out.literals(&mut input, state)?;
        }
    }
}

/// The last instruction has one form only, and nothing stands behind it.
fn end(input: &Input<'_>, out: &Output<'_>, len: usize) -> Result<usize, String> {
    match input.data.len() - input.at {
        _ if len != 3 => Err("a wrong mark for the end of the data".to_owned()),
        0 => Ok(out.at),
        left => Err(format!("{left} bytes behind the end of the data")),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::cast_possible_truncation)]
    use super::*;
    use proptest::prelude::*;

    fn unpacked(data: &[u8], room: usize, rle: bool) -> Result<Vec<u8>, String> {
        let mut out = vec![0xee; room];
        let n = unpack(data, &mut out, rle)?;
        out.truncate(n);
        Ok(out)
    }

    #[test]
    fn what_liblzo2_packed() {
        // lzo1x_1_compress of liblzo2 2.10.
        let cases: &[(&[u8], Vec<u8>)] = &[
            (&[0x11, 0, 0], vec![]),
            (&[0x14, b'a', b'b', b'c', 0x11, 0, 0], b"abc".to_vec()),
            (
                &[
                    0x02, 0x00, 0x00, 0x00, 0x00, 0x00, 0x20, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
                    0x00, 0x00, 0x00, 0x00, 0xda, 0x10, 0x00, 0x0c, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
                    0x00, 0x00, 0x00, 0x00, 0x00, 0x11, 0x00, 0x00,
                ],
                vec![0; 4096],
            ),
            (
                &[
                    0x03, 0x6d, 0x65, 0x6d, 0x73, 0x68, 0x20, 0x20, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
                    0x00, 0x00, 0x00, 0x00, 0x00, 0xda, 0x14, 0x00, 0x0b, 0x6d, 0x73, 0x68, 0x20, 0x6d, 0x65, 0x6d, 0x73, 0x68,
                    0x20, 0x6d, 0x65, 0x6d, 0x73, 0x11, 0x00, 0x00,
                ],
                b"memsh ".iter().copied().cycle().take(4096).collect(),
            ),
            (
                &[
                    0x02, 0x00, 0x00, 0x00, 0x00, 0x00, 0xb0, 0x00, 0x00, 0x1e, 0x10, 0x10, 0x10, 0x10, 0x20, 0x20, 0x20, 0x20,
                    0x30, 0x30, 0x30, 0x40, 0x40, 0x50, 0x50, 0x60, 0x60, 0x70, 0x70, 0x80, 0x80, 0x90, 0x90, 0xa0, 0xa0, 0xb0,
                    0xc0, 0xc0, 0xd0, 0xe0, 0xf0, 0xf0, 0x00, 0x10, 0x20, 0x20, 0x30, 0x40, 0x50, 0x60, 0x70, 0x80, 0x90, 0xa0,
                    0xb0, 0xc0, 0xd0, 0xe0, 0x60, 0x02, 0x7c, 0x01, 0x01, 0x80, 0x90, 0xa0, 0xb0, 0x74, 0x01, 0x00, 0x1b, 0x20,
                    0x30, 0x40, 0x60, 0x70, 0x90, 0xa0, 0xc0, 0xd0, 0xf0, 0x00, 0x20, 0x30, 0x50, 0x60, 0x80, 0x90, 0xb0, 0xd0,
                    0xe0, 0x00, 0x20, 0x40, 0x50, 0x70, 0x90, 0xb0, 0xc0, 0xe0, 0x00, 0x20, 0x40, 0x60, 0x80, 0xa0, 0xc0, 0xe0,
                    0x00, 0x20, 0x40, 0x60, 0x80, 0xa0, 0xc0, 0xe0, 0x11, 0x00, 0x00,
                ],
                (0..120u32).map(|i| ((i * i / 7) & 0xf0) as u8).collect(),
            ),
        ];
        for (packed, plain) in cases {
            assert_eq!(unpacked(packed, plain.len(), false).as_ref(), Ok(plain), "{packed:02x?}");
            assert_eq!(unpacked(packed, plain.len() + 100, true).as_ref(), Ok(plain), "{packed:02x?}");
            for cut in 0..packed.len() {
                assert!(unpacked(&packed[..cut], 5000, true).is_err(), "{cut} of {packed:02x?}");
            }
            if !plain.is_empty() {
                assert!(unpacked(packed, plain.len() - 1, true).unwrap_err().contains("more than"));
            }
            let longer = [packed, &[0u8][..]].concat();
            assert_eq!(unpacked(&longer, 5000, true), Err("1 bytes behind the end of the data".to_owned()));
        }
    }

    /// One stream per instruction, by hand.
    #[test]
    fn every_instruction() {
        // Four literals at first, a copy of 3 from 2 (64..127) with one literal, then of 2 from 4 (0..15 in state 1).
        let mut data = vec![21, 1, 2, 3, 4, 64 | 1 << 2 | 1, 0, 9, 3 << 2, 0];
        let mut plain = vec![1, 2, 3, 4, 3, 4, 3, 9];
        plain.extend_from_within(4..6);
        // State 0: 20 literals (0, long form), so that state is 4; then a far copy must have 2049 bytes before it: refused.
        data.extend([0, 2]);
        data.extend(50..70u8);
        plain.extend(50..70u8);
        let mut far = data.clone();
        far.extend([0, 0]);
        assert!(unpacked(&far, 4096, false).unwrap_err().contains("2049 bytes back"));
        // 32..63, long form: 31 + 255 + 5 + 2 bytes from 30 back; they overlap. One literal.
        data.extend([32, 0, 5, (29 << 2 | 1u8), 0, 0x77]);
        for _ in 0..293 {
            plain.push(plain[plain.len() - 30]);
        }
        plain.push(0x77);
        // A period of one.
        data.extend([32 | 31, 0, 0]);
        plain.extend([0x77; 33]);
        // Five to eight bytes from up to 2 KiB.
        data.extend([0x80 | 3 << 5 | 7 << 2, 5]);
        let from = plain.len() - 48;
        plain.extend_from_within(from..from + 8);
        data.extend([0x11, 0, 0]);
        assert_eq!(unpacked(&data, 4096, false), Ok(plain.clone()));
        assert_eq!(unpacked(&data, plain.len(), false), Ok(plain));
    }

    #[test]
    fn copies_from_beyond_16_and_32_kib() {
        let noise: Vec<u8> = (0..40_000u32).map(|i| (i.wrapping_mul(0x9e37_79b9) >> 24) as u8).collect();
        let mut data = vec![0; 1];
        let rest = noise.len() - 18;
        data.extend(std::iter::repeat_n(0, rest / 255 - usize::from(rest.is_multiple_of(255))));
        data.push(if rest.is_multiple_of(255) { 255 } else { (rest % 255) as u8 });
        data.extend(&noise);
        // State 4: three bytes from 2049 + 1.
        data.extend([1 << 2, 0]);
        // 17 KiB and 33 KiB back.
        data.extend([16 | 4, 0, 16]);
        data.extend([16 | 8 | 5, 0, 4, 0x11, 0, 0]);
        let mut plain = noise;
        for (distance, len) in [(2050, 3), (0x4000 + 1024, 6), (0x8000 + 256, 7)] {
            let from = plain.len() - distance;
            plain.extend_from_within(from..from + len);
        }
        assert_eq!(unpacked(&data, plain.len(), false), Ok(plain));
    }

    #[test]
    fn runs_of_zeros_are_of_version_1_alone() {
        // Version 1; three literals; a run of 4 + (2 | 5 << 3) zeros with two literals; the end.
        let data = [17, 1, 20, 7, 8, 9, 0x18 | 2, 0xfe, 0xff, 5, 1, 2, 0x11, 0, 0];
        let mut plain = vec![7, 8, 9];
        plain.extend([0; 46]);
        plain.extend([1, 2]);
        assert_eq!(unpacked(&data, 4096, true), Ok(plain.clone()));
        assert_eq!(unpacked(&data, 50, true), Err("more than the 50 bytes of the block".to_owned()));
        assert!(unpacked(&data, 4096, false).is_err());
        // In a stream of version 0 the same instruction is a copy from far back.
        assert!(unpacked(&data[2..], 4096, true).unwrap_err().contains("bytes back"));
        let mut other = data;
        other[1] = 2;
        assert!(unpacked(&other, 4096, true).unwrap_err().contains("version 2"));
    }

    proptest! {
        #[test]
        fn nothing_panics(data in proptest::collection::vec(any::<u8>(), 0..300), room in 0usize..600, rle in any::<bool>()) {
            let _ = unpacked(&data, room, rle);
        }

        /// Streams of valid instructions, against copying byte by byte.
        #[test]
        fn copies_are_those_of_single_bytes(ops in proptest::collection::vec((1usize..300, 2usize..80, 0usize..4), 1..60), room in 0usize..20) {
            let mut plain: Vec<u8> = (1..=200u8).collect();
            let mut data = vec![17 + 200u8];
            data.extend(&plain);
            for (distance, len, literals) in ops {
                let distance = distance.min(plain.len());
                let low = (distance - 1) << 2 | literals;
                match len - 2 {
                    l @ 1..=31 => data.push(32 | l as u8),
                    0 => continue,
                    l => data.extend([32, (l - 31) as u8]),
                }
                data.extend([low as u8, (low >> 8) as u8]);
                for _ in 0..len {
                    plain.push(plain[plain.len() - distance]);
                }
                data.extend(std::iter::repeat_n(literals as u8, literals));
                plain.extend(std::iter::repeat_n(literals as u8, literals));
            }
            data.extend([0x11, 0, 0]);
            prop_assert_eq!(unpacked(&data, plain.len() + room, true), Ok(plain));
        }
    }
}
