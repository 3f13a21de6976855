//! The messages: numbers are little-endian.
//!
//! - `HELLO`: version (u32), whether it wants to write (u8), the token
//! - `ABOUT`: JSON; `REFUSED`: why, in words
//! - `READ`, `WRITE`: number (u32), count (u32), address (u64) and length (u32) of each; then, of a write, the bytes of all
//! - `ANSWER`: number (u32), packing (u8: 0 none, 1 zstd), status (i8) of each; then the bytes of each operation that is done or partly
//!   done, packed together

use memsh_plugin::Status;

pub const HELLO: u8 = 1;
pub const ABOUT: u8 = 2;
pub const REFUSED: u8 = 3;
pub const READ: u8 = 4;
pub const WRITE: u8 = 5;
pub const ANSWER: u8 = 6;

/// No frame is longer, in bytes.
pub const MOST_FRAME: usize = 4 << 20;
/// No first message of a client is longer: it comes from somebody unknown.
pub const MOST_HELLO: usize = 2048;
/// A message asks for no more than so many bytes.
pub const MOST_DATA: usize = 1 << 20;
/// And in no more operations.
pub const MOST_OPS: usize = 4096;

/// The first message.
pub fn hello(version: u32, write: bool, token: &[u8]) -> Vec<u8> {
    let mut out = version.to_le_bytes().to_vec();
    out.push(u8::from(write));
    out.extend(token);
    out
}

/// What is in a first message: version, whether to write, token.
pub fn read_hello(body: &[u8]) -> Option<(u32, bool, &[u8])> {
    let (version, rest) = body.split_first_chunk::<4>()?;
    let (write, token) = rest.split_first()?;
    Some((u32::from_le_bytes(*version), *write == 1, token))
}

/// A request: its number, and address and length of each operation.
pub fn request(number: u32, ops: &[(u64, u32)]) -> Vec<u8> {
    let mut out = number.to_le_bytes().to_vec();
    out.extend(u32::try_from(ops.len()).unwrap_or(u32::MAX).to_le_bytes());
    for (address, len) in ops {
        out.extend(address.to_le_bytes());
        out.extend(len.to_le_bytes());
    }
    out
}

/// A request that was read.
pub struct Asked<'a> {
    /// Its number.
    pub number: u32,
    /// Address and length of each operation.
    pub ops: Vec<(u64, usize)>,
    /// Sum of the lengths.
    pub bytes: usize,
    /// What stands behind them.
    pub data: &'a [u8],
}

/// Reads a request; none where it is not whole, or asks for more than it may.
pub fn read_request(body: &[u8]) -> Option<Asked<'_>> {
    let (number, rest) = body.split_first_chunk::<4>()?;
    let (count, rest) = rest.split_first_chunk::<4>()?;
    let count = usize::try_from(u32::from_le_bytes(*count)).ok().filter(|n| *n <= MOST_OPS)?;
    let (table, data) = rest.split_at_checked(count * 12)?;
    let mut ops = Vec::with_capacity(count);
    let mut bytes = 0usize;
    for entry in table.chunks_exact(12) {
        let (address, len) = entry.split_first_chunk::<8>()?;
        let len = usize::try_from(u32::from_le_bytes(len.try_into().ok()?)).ok()?;
        bytes = bytes.checked_add(len).filter(|n| *n <= MOST_DATA)?;
        ops.push((u64::from_le_bytes(*address), len));
    }
    Some(Asked { number: u32::from_le_bytes(*number), ops, bytes, data })
}

/// Whether an operation's bytes are in the answer.
pub const fn carried(status: Status) -> bool {
    status.0 == Status::DONE.0 || status.0 == Status::PARTIAL.0
}

/// An answer; `data` holds the bytes of what is [`carried`].
pub fn answer(number: u32, statuses: &[Status], data: &[u8]) -> Vec<u8> {
    let mut out = number.to_le_bytes().to_vec();
    // Level 1: a link of a gigabit is not faster than it.
    let packed =
        Some(data).filter(|d| d.len() > 64).and_then(|d| zstd::bulk::compress(d, 1).ok()).filter(|p| p.len() < data.len());
    out.push(u8::from(packed.is_some()));
    out.extend(statuses.iter().flat_map(|s| i8::try_from(s.0).unwrap_or(-3).to_le_bytes()));
    out.extend(packed.as_deref().unwrap_or(data));
    out
}

/// Reads the answer to a request of `lengths` with this number: a status each, and the bytes of what is carried.
pub fn read_answer(body: &[u8], number: u32, lengths: &[usize], carries: bool) -> Option<(Vec<Status>, Vec<u8>)> {
    let (said, rest) = body.split_first_chunk::<4>()?;
    let (packing, rest) = rest.split_first()?;
    let (statuses, data) = rest.split_at_checked(lengths.len())?;
    let statuses: Vec<Status> = statuses.iter().map(|b| Status(i32::from(i8::from_le_bytes([*b])))).collect();
    let whole = lengths.iter().zip(&statuses).filter(|(_, s)| carries && carried(**s)).map(|(n, _)| *n).sum();
    let data = match packing {
        0 => data.to_vec(),
        1 => zstd::bulk::decompress(data, whole).ok()?,
        _ => return None,
    };
    (u32::from_le_bytes(*said) == number && data.len() == whole).then_some((statuses, data))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn requests_come_back() {
        let mut body = request(7, &[(0x1000, 16), (u64::MAX, 0)]);
        body.extend(b"data");
        let asked = read_request(&body).unwrap();
        assert_eq!((asked.number, asked.bytes, asked.data), (7, 16, &b"data"[..]));
        assert_eq!(asked.ops, [(0x1000, 16), (u64::MAX, 0)]);
        let most = u32::try_from(MOST_DATA).unwrap();
        assert!(read_request(&request(1, &[(0, most), (0, 1)])).is_none());
        assert!(read_request(&request(1, &vec![(0, 1); MOST_OPS + 1])).is_none());
        assert!(read_request(&body[..10]).is_none());
    }

    #[test]
    fn answers_come_back_and_lies_do_not() {
        let statuses = [Status::DONE, Status::MISSING, Status::PARTIAL];
        let (lengths, data) = ([4000, 9, 2], vec![7; 4002]);
        let body = answer(3, &statuses, &data);
        assert!(body.len() < 200, "{}", body.len());
        assert_eq!(read_answer(&body, 3, &lengths, true).unwrap(), (statuses.to_vec(), data));
        assert!(read_answer(&body, 4, &lengths, true).is_none());
        // Less is unpacked than the lengths promise, and more.
        assert!(read_answer(&body, 3, &[4001, 9, 2], true).is_none());
        assert!(read_answer(&body, 3, &[3999, 9, 2], true).is_none());
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_to_an_end(bytes in prop::collection::vec(any::<u8>(), 0..100)) {
            let _ = (read_hello(&bytes), read_request(&bytes).is_some(), read_answer(&bytes, 0, &[4, 4], true));
        }
    }
}
