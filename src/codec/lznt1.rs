//! LZNT1, as `[MS-XCA]` section 2.5 describes it: NTFS, and several tools that pack dumps.

/// What a chunk holds unpacked, at most.
const CHUNK: usize = 4096;
/// Bit of a chunk's header: it is compressed.
const COMPRESSED: u16 = 0x8000;

/// Unpacks chunks until the data or `out` end, or a header of zeros does.
///
/// # Errors
/// What is wrong with the data. Data that end before `out` is full are no error: the number of bytes tells.
pub(super) fn unpack(data: &[u8], out: &mut [u8]) -> Result<usize, String> {
    let room = out.len();
    let (mut at, mut done) = (0usize, 0usize);
    while done < room {
        let Some(header) = data.get(at..).and_then(<[u8]>::first_chunk::<2>) else {
            match data.len() == at {
                true => break,
                false => return Err(format!("the data end inside a chunk's header, at {at:#x}")),
            }
        };
        let header = u16::from_le_bytes(*header);
        if header == 0 {
            break;
        }
        let body = at + 2;
        let end = body + usize::from(header & 0x0fff) + 1;
        let packed = data.get(body..end).ok_or_else(|| format!("the data end inside the chunk at {at:#x}"))?;
        let rest = out.get_mut(done..).unwrap_or_default();
        done += match header & COMPRESSED {
            0 => {
                let to = rest.get_mut(..packed.len()).ok_or_else(|| format!("more than the {room} bytes of the block"))?;
                to.copy_from_slice(packed);
                packed.len()
            }
            _ => {
                let most = rest.len().min(CHUNK);
                chunk(packed, rest.get_mut(..most).unwrap_or_default()).map_err(|e| format!("the chunk at {at:#x}: {e}"))?
            }
        };
        at = end;
    }
    Ok(done)
}

/// Unpacks one chunk. Matches reach no further back than its beginning.
fn chunk(data: &[u8], out: &mut [u8]) -> Result<usize, String> {
    let room = out.len();
    let (mut at, mut len) = (0, 0usize);
    while let Some(&flags) = data.get(at) {
        at += 1;
        for bit in 0..8 {
            if at >= data.len() {
                break;
            }
            if flags >> bit & 1 == 0 {
                let byte = data.get(at).copied().unwrap_or(0);
                *out.get_mut(len).ok_or_else(|| format!("more than {room} bytes"))? = byte;
                at += 1;
                len += 1;
                continue;
            }
            let token = data.get(at..).and_then(<[u8]>::first_chunk::<2>).ok_or("the data end inside a match")?;
            let token = usize::from(u16::from_le_bytes(*token));
            at += 2;
            // The more there is to reach back to, the more bits the distance has: 4 at first, 12 at the end.
            let distance_bits = (4..12).find(|bits| len <= 1 << bits).unwrap_or(12);
            let length_bits = 16 - distance_bits;
            let (distance, length) = ((token >> length_bits) + 1, (token & ((1 << length_bits) - 1)) + 3);
            if distance > len {
                return Err(format!("a match reaches {distance} bytes back at {len} bytes of output"));
            }
            if length > room - len {
                return Err(format!("more than {room} bytes"));
            }
            for _ in 0..length {
                let byte = out.get(len - distance).copied().unwrap_or(0);
                if let Some(to) = out.get_mut(len) {
                    *to = byte;
                }
                len += 1;
            }
        }
    }
    Ok(len)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use super::*;

    fn bytes(data: &[u8], room: usize) -> Result<Vec<u8>, String> {
        let mut out = vec![0; room];
        let n = unpack(data, &mut out)?;
        out.truncate(n);
        Ok(out)
    }

    /// The example of section 3.3.
    const EXAMPLE: &[u8] = &[
        0x38, 0xb0, 0x88, 0x46, 0x23, 0x20, 0x00, 0x20, 0x47, 0x20, 0x41, 0x00, 0x10, 0xa2, 0x47, 0x01, 0xa0, 0x45, 0x20, 0x44,
        0x00, 0x08, 0x45, 0x01, 0x50, 0x79, 0x00, 0xc0, 0x45, 0x20, 0x05, 0x24, 0x13, 0x88, 0x05, 0xb4, 0x02, 0x4a, 0x44, 0xef,
        0x03, 0x58, 0x02, 0x8c, 0x09, 0x16, 0x01, 0x48, 0x45, 0x00, 0xbe, 0x00, 0x9e, 0x00, 0x04, 0x01, 0x18, 0x90, 0x00,
    ];
    const TUNE: &[u8] = b"F# F# G A A G F# E D D E F# F# E E F# F# G A A G F# E D D E F# E D D E E F# D E F# G F# D E F# G \
                          F# E D E A F# F# G A A G F# E D D E F# E D D\0";

    #[test]
    fn the_specification_s_example() {
        assert_eq!(bytes(EXAMPLE, 4096).unwrap(), TUNE);
        assert_eq!(bytes(EXAMPLE, TUNE.len()).unwrap(), TUNE);
    }

    #[test]
    fn chunks_as_they_are_follow_packed_ones() {
        // Bits 12 to 14 of a header are always 3.
        let mut data = EXAMPLE.to_vec();
        data.extend([0x03, 0x30, b'a', b'b', b'c', b'd', 0, 0, 0xff]);
        assert_eq!(bytes(&data, 4096).unwrap(), [TUNE, b"abcd"].concat());
    }

    #[test]
    fn what_ends_early_or_says_too_much_is_an_error() {
        for cut in 1..EXAMPLE.len() {
            assert!(bytes(&EXAMPLE[..cut], 4096).is_err(), "{cut}");
        }
        assert!(bytes(EXAMPLE, TUNE.len() - 2).is_err());
        // A match with nothing before it.
        assert!(bytes(&[0x02, 0xb0, 0x01, 0x00, 0x00], 64).unwrap_err().contains("reaches 1 bytes back"));
        // A chunk holds no more than 4096 bytes, however much the buffer could take.
        let mut data = vec![0x03, 0xb0, 0x02, b'a', 0xfc, 0x0f];
        assert_eq!(bytes(&data, 8192).unwrap(), [b'a'; 4096]);
        data[4] = 0xfd;
        assert!(bytes(&data, 8192).is_err());
    }
}
