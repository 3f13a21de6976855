//! The Snappy framing format, as far as it must be understood to find the frames: `framing_format.txt` of Google's snappy.

use super::super::fields::Fields;

/// Every stream begins with it: type 0xff, length 6, `sNaPpY`.
pub(super) const STREAM: &[u8] = b"\xff\x06\x00\x00sNaPpY";
/// Bytes of a chunk's type and length.
const HEADER: u64 = 4;
/// Bytes of a data chunk's checksum.
pub(super) const SUM: u64 = 4;
const SUM_LEN: u32 = 4;
/// The most that a chunk may hold unpacked, section 4.2.
pub(super) const MOST: u32 = 65536;
/// The most that so many bytes can take packed: the length before them, and for each at worst a literal with the longest tag (five bytes;
/// `format_description.txt`). Snappy's own packer takes a quarter of it.
const LONGEST: u32 = SUM_LEN + 5 + 6 * MOST;

/// What a data chunk holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Held {
    Packed,
    Plain,
}

/// One chunk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Chunk {
    /// Data: what, where its body (checksum first) begins, the body's length, and its length unpacked. None of a chunk without data.
    pub data: Option<(Held, u64, u32, u32)>,
    /// Where the next chunk begins.
    pub next: u64,
}

/// The chunk at `at`, or what is wrong with it.
pub(super) fn chunk(file: &Fields<'_>, at: u64) -> Result<Chunk, String> {
    let head = file.u32(at).ok_or("is cut short")?;
    let [kind, ..] = head.to_le_bytes();
    let len = head >> 8;
    let body = at + HEADER;
    let next = body.checked_add(len.into()).filter(|&n| n <= file.len());
    let next = next.ok_or_else(|| format!("claims {len} bytes and the file ends before"))?;
    let data = match kind {
        0 | 1 => {
            if u64::from(len) < SUM {
                return Err(format!("has only {len} bytes, less than its checksum"));
            }
            if kind == 0 && len > LONGEST {
                return Err(format!("has {len} bytes, more than {MOST} bytes can take packed"));
            }
            let size = if kind == 1 { len - 4 } else { unpacked(file, body + SUM, next).ok_or("has no valid length")? };
            if size > MOST {
                return Err(format!("claims {size} bytes unpacked, more than {MOST}"));
            }
            Some((if kind == 1 { Held::Plain } else { Held::Packed }, body, len, size))
        }
        0xff if file.bytes(at, 10) == Some(STREAM) && len == 6 => None,
        0xff => return Err("is a damaged stream identifier".to_owned()),
        // Padding, and what readers are told to skip.
        0x80..=0xfe => None,
        other => return Err(format!("is of unknown type {other:#04x}")),
    };
    Ok(Chunk { data, next })
}

/// The varint that a block of Snappy begins with: its length unpacked. At most five bytes.
fn unpacked(file: &Fields<'_>, at: u64, end: u64) -> Option<u32> {
    let mut size = 0u64;
    for (i, &byte) in file.bytes(at, 5.min(end.checked_sub(at)?))?.iter().enumerate() {
        size |= u64::from(byte & 0x7f) << (7 * i);
        if byte & 0x80 == 0 {
            return u32::try_from(size).ok();
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at_zero(bytes: &[u8]) -> Result<Chunk, String> {
        chunk(&Fields::new(bytes, false), 0)
    }

    #[test]
    fn chunks_of_every_type() {
        assert_eq!(at_zero(STREAM), Ok(Chunk { data: None, next: 10 }));
        assert_eq!(at_zero(&[0xfe, 2, 0, 0, 7, 7]), Ok(Chunk { data: None, next: 6 }));
        assert_eq!(at_zero(&[1, 6, 0, 0, 9, 9, 9, 9, 1, 2]), Ok(Chunk { data: Some((Held::Plain, 4, 6, 2)), next: 10 }));
        // 0x80 0x80 0x04: 65536.
        let packed = [0, 7, 0, 0, 9, 9, 9, 9, 0x80, 0x80, 4];
        assert_eq!(at_zero(&packed), Ok(Chunk { data: Some((Held::Packed, 4, 7, 65536)), next: 11 }));
    }

    #[test]
    fn a_packed_chunk_longer_than_any_is_none() {
        for (len, sound) in [(LONGEST, true), (LONGEST + 1, false), (0xff_ffff, false)] {
            let [a, b, c, _] = len.to_le_bytes();
            let mut bytes = vec![0, a, b, c, 9, 9, 9, 9, 0x80, 0x80, 4];
            bytes.resize(4 + 0xff_ffff, 0);
            assert_eq!(at_zero(&bytes).is_ok(), sound, "{len}");
        }
    }

    #[test]
    fn what_is_no_chunk_is_told() {
        for (bytes, why) in [
            (&[0, 0, 0][..], "cut short"),
            (&[0, 9, 0, 0, 1], "the file ends before"),
            (&[1, 3, 0, 0, 1, 2, 3], "less than its checksum"),
            (&[0, 4, 0, 0, 1, 2, 3, 4], "no valid length"),
            (&[0, 9, 0, 0, 1, 2, 3, 4, 0xff, 0xff, 0xff, 0xff, 0xff], "no valid length"),
            (&[0, 7, 0, 0, 1, 2, 3, 4, 0x81, 0x80, 4], "more than 65536"),
            (&[0xff, 6, 0, 0, b's', b'n', b'a', b'p', b'p', b'y'], "damaged stream"),
            (&[2, 0, 0, 0], "unknown type 0x02"),
            (&[0x7f, 0, 0, 0], "unknown type 0x7f"),
        ] {
            let got = at_zero(bytes);
            assert!(got.as_ref().is_err_and(|e| e.contains(why)), "{bytes:?}: {got:?}");
        }
    }
}
