//! The part of DER (X.690) that certificates and keys are made of.

/// Tags.
pub const INTEGER: u8 = 0x02;
pub const BITS: u8 = 0x03;
pub const OCTETS: u8 = 0x04;
pub const OID: u8 = 0x06;
pub const SEQUENCE: u8 = 0x30;
pub const SET: u8 = 0x31;
pub const FIRST: u8 = 0xa0;

/// A value: its tag, its content, and what lies behind it.
pub struct Value<'b> {
    pub tag: u8,
    pub content: &'b [u8],
    pub rest: &'b [u8],
}

/// Length of a value's header and of its content, from its first bytes.
pub fn header(bytes: &[u8]) -> Option<(usize, usize)> {
    match *bytes {
        [_, n, ..] if n < 0x80 => Some((2, usize::from(n))),
        [_, 0x81, n, ..] if n >= 0x80 => Some((3, usize::from(n))),
        [_, 0x82, a, b, ..] if a > 0 => Some((4, usize::from(u16::from_be_bytes([a, b])))),
        _ => None,
    }
}

/// The first value of `bytes`, all of it there.
pub fn next(bytes: &[u8]) -> Option<Value<'_>> {
    let (head, length) = header(bytes)?;
    let content = bytes.get(head..head.checked_add(length)?)?;
    Some(Value { tag: *bytes.first()?, content, rest: bytes.get(head + length..)? })
}

/// The first value, if it has this tag: its content and what lies behind it.
pub fn expect(bytes: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    next(bytes).filter(|v| v.tag == tag).map(|v| (v.content, v.rest))
}
