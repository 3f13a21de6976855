//! Packets of the GDB remote serial protocol (the GDB manual, appendix E, "Overview" of "GDB Remote Serial Protocol").
//!
//! `$` data `#` two hex digits: the sum of the data's bytes modulo 256. In data `}` goes before a byte that was changed by 0x20, and
//! `*` behind a byte says how often it comes again: that many times as the next byte says, less 29.

/// What changes a byte behind [`ESCAPE`].
const FLIP: u8 = 0x20;
const ESCAPE: u8 = b'}';

/// The sum that stands behind a packet's data.
pub fn checksum(data: &[u8]) -> u8 {
    data.iter().fold(0u8, |sum, &b| sum.wrapping_add(b))
}

/// Puts `data` into `out` as a packet. What must not stand in a packet is escaped.
pub fn encode(data: &[u8], out: &mut Vec<u8>) {
    out.push(b'$');
    let from = out.len();
    for &b in data {
        // `*` only has a meaning in answers; escaping it does no harm.
        if matches!(b, b'$' | b'#' | b'}' | b'*') {
            out.extend([ESCAPE, b ^ FLIP]);
        } else {
            out.push(b);
        }
    }
    let sum = checksum(out.get(from..).unwrap_or_default());
    out.push(b'#');
    out.extend([digit(sum >> 4), digit(sum & 15)]);
}

const fn digit(n: u8) -> u8 {
    match n {
        0..=9 => b'0' + n,
        _ => b'a' + (n & 15) - 10,
    }
}

/// The value of a hex digit.
pub const fn nibble(c: u8) -> Option<u8> {
    match c {
        b'0'..=b'9' => Some(c - b'0'),
        b'a'..=b'f' => Some(c - b'a' + 10),
        b'A'..=b'F' => Some(c - b'A' + 10),
        _ => None,
    }
}

/// What the bytes that came in begin with.
#[derive(Debug, PartialEq, Eq)]
pub enum Piece {
    /// A packet: its data, and the bytes that it took.
    Packet(Vec<u8>, usize),
    /// A packet whose sum does not fit its data, and the bytes that it took.
    Damaged(usize),
    /// An acknowledgement: yes or no; one byte.
    Ack(bool),
    /// A notification, which nobody asked for, and the bytes that it took.
    Notice(usize),
    /// So many bytes are no part of a packet.
    Noise(usize),
    /// The rest has not come yet.
    More,
}

/// Reads the next piece of `bytes`. A packet that unpacks to more than `limit` bytes counts as damaged.
pub fn next(bytes: &[u8], limit: usize) -> Piece {
    match bytes.first() {
        None => Piece::More,
        Some(b'+') => Piece::Ack(true),
        Some(b'-') => Piece::Ack(false),
        Some(&kind @ (b'$' | b'%')) => {
            let Some(end) = memchr::memchr(b'#', bytes) else { return Piece::More };
            let Some([high, low]) = bytes.get(end + 1..end + 3) else { return Piece::More };
            let data = bytes.get(1..end).unwrap_or_default();
            if kind == b'%' {
                return Piece::Notice(end + 3);
            }
            let said = nibble(*high).zip(nibble(*low)).map(|(h, l)| h << 4 | l);
            match (said == Some(checksum(data))).then(|| expand(data, limit)).flatten() {
                Some(data) => Piece::Packet(data, end + 3),
                // A packet that was cut and begun anew.
                None if data.contains(&b'$') => Piece::Noise(memchr::memrchr(b'$', data).map_or(1, |again| again + 1)),
                None => Piece::Damaged(end + 3),
            }
        }
        Some(_) => Piece::Noise(bytes.iter().position(|b| matches!(b, b'+' | b'-' | b'$' | b'%')).unwrap_or(bytes.len())),
    }
}

/// Takes back escapes and runs; `None` for a run of nothing, an escape of nothing, or more than `limit` bytes.
fn expand(data: &[u8], limit: usize) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(data.len());
    let mut rest = data.iter();
    while let Some(&b) = rest.next() {
        match b {
            ESCAPE => out.push(rest.next()? ^ FLIP),
            b'*' => {
                let again = rest.next()?.checked_sub(29).filter(|n| *n >= 3)?;
                let last = *out.last()?;
                out.resize(out.len() + usize::from(again), last);
            }
            b => out.push(b),
        }
        if out.len() > limit {
            return None;
        }
    }
    Some(out)
}

/// Bytes as hex digits.
pub fn to_hex(bytes: &[u8], out: &mut Vec<u8>) {
    for b in bytes {
        out.extend([digit(b >> 4), digit(b & 15)]);
    }
}

/// Hex digits as bytes, into the front of `out`; how many. `None` where a digit is none, or there are more than `out` holds.
pub fn from_hex(digits: &[u8], out: &mut [u8]) -> Option<usize> {
    let (pairs, odd) = digits.as_chunks::<2>();
    if !odd.is_empty() || pairs.len() > out.len() {
        return None;
    }
    for ([high, low], to) in pairs.iter().zip(out.iter_mut()) {
        *to = nibble(*high)? << 4 | nibble(*low)?;
    }
    Some(pairs.len())
}

/// A number in hex digits.
pub fn number(digits: &[u8]) -> Option<u64> {
    u64::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use super::*;
    use proptest::prelude::*;

    fn packet(data: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        encode(data, &mut out);
        out
    }

    #[test]
    fn the_manuals_examples() {
        assert_eq!(packet(b"OK"), b"$OK#9a");
        // "0* " is "0000": the space is 32, less 29.
        assert_eq!(next(b"$0* #7a", 99), Piece::Packet(b"0000".to_vec(), 7));
        assert_eq!(next(b"$#00", 99), Piece::Packet(Vec::new(), 4));
    }

    #[test]
    fn damage_is_seen() {
        assert_eq!(next(b"$OK#9b", 99), Piece::Damaged(6));
        assert_eq!(next(b"$OK#zz", 99), Piece::Damaged(6));
        assert_eq!(next(b"$OK#9", 99), Piece::More);
        assert_eq!(next(b"xyz$OK#9a", 99), Piece::Noise(3));
        assert_eq!(next(b"$OK$OK#9a", 99), Piece::Noise(3));
        assert_eq!(next(b"%Stop:T05#00", 99), Piece::Notice(12));
        // A run of nothing, and one too short to be written as a run.
        assert_eq!(next(b"$* #4a", 99), Piece::Damaged(6));
        assert_eq!(next(b"$0*\x1f#79", 99), Piece::Damaged(7));
        // A run that would be longer than anything asked for.
        assert_eq!(next(b"$0*~#d8", 50), Piece::Damaged(7));
    }

    #[test]
    fn hex_of_odd_length_or_beyond_the_buffer_is_none() {
        let mut out = [0; 2];
        assert_eq!(from_hex(b"0aF0", &mut out), Some(2));
        assert_eq!(out, [10, 0xf0]);
        assert_eq!(from_hex(b"0a0", &mut out), None);
        assert_eq!(from_hex(b"0a0b0c", &mut out), None);
        assert_eq!(from_hex(b"xx", &mut out), None);
    }

    proptest! {
        #[test]
        fn what_goes_out_comes_in(data in prop::collection::vec(any::<u8>(), 0..200)) {
            let bytes = packet(&data);
            prop_assert_eq!(next(&bytes, 200), Piece::Packet(data, bytes.len()));
        }

        #[test]
        fn any_bytes_are_read_to_an_end(data in prop::collection::vec(any::<u8>(), 0..200)) {
            let mut rest = &data[..];
            loop {
                let taken = match next(rest, 4096) {
                    Piece::Packet(d, n) => { prop_assert!(d.len() <= 4096); n }
                    Piece::Damaged(n) | Piece::Notice(n) | Piece::Noise(n) => n,
                    Piece::Ack(_) => 1,
                    Piece::More => break,
                };
                prop_assert!(taken > 0);
                rest = &rest[taken..];
            }
        }
    }
}
