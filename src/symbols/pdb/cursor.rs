//! Numbers and names, one after the other.

use std::borrow::Cow;

/// What is left to read. Whatever reaches beyond it is none.
#[derive(Clone, Copy, Debug)]
pub struct Cursor<'a>(pub &'a [u8]);

/// Leaves that announce a number which is none of 0 to 0x7fff (`LF_NUMERIC`, cvinfo.h).
const LF_NUMERIC: u16 = 0x8000;
const LF_CHAR: u16 = 0x8000;
const LF_SHORT: u16 = 0x8001;
const LF_USHORT: u16 = 0x8002;
const LF_LONG: u16 = 0x8003;
const LF_ULONG: u16 = 0x8004;
const LF_QUADWORD: u16 = 0x8009;
const LF_UQUADWORD: u16 = 0x800a;
const LF_OCTWORD: u16 = 0x8017;
const LF_UOCTWORD: u16 = 0x8018;

impl<'a> Cursor<'a> {
    /// From `at` on.
    pub fn at(bytes: &'a [u8], at: usize) -> Option<Self> {
        bytes.get(at..).map(Self)
    }

    /// The next `len` bytes.
    pub fn take(&mut self, len: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(len)?;
        self.0 = rest;
        Some(taken)
    }

    fn chunk<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (taken, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*taken)
    }

    /// 8 bits.
    pub fn u8(&mut self) -> Option<u8> {
        self.chunk().map(u8::from_le_bytes)
    }

    /// 16 bits.
    pub fn u16(&mut self) -> Option<u16> {
        self.chunk().map(u16::from_le_bytes)
    }

    /// 32 bits.
    pub fn u32(&mut self) -> Option<u32> {
        self.chunk().map(u32::from_le_bytes)
    }

    /// 32 bits as a length or an index.
    pub fn size(&mut self) -> Option<usize> {
        usize::try_from(self.u32()?).ok()
    }

    /// A number of whatever width its leaf says; none for those that are no whole numbers.
    pub fn number(&mut self) -> Option<i128> {
        let first = self.u16()?;
        if first < LF_NUMERIC {
            return Some(i128::from(first));
        }
        Some(match first {
            LF_CHAR => i128::from(i8::from_le_bytes(self.chunk()?)),
            LF_SHORT => i128::from(i16::from_le_bytes(self.chunk()?)),
            LF_USHORT => i128::from(self.u16()?),
            LF_LONG => i128::from(i32::from_le_bytes(self.chunk()?)),
            LF_ULONG => i128::from(self.u32()?),
            LF_QUADWORD => i128::from(i64::from_le_bytes(self.chunk()?)),
            LF_UQUADWORD => i128::from(u64::from_le_bytes(self.chunk()?)),
            LF_OCTWORD => i128::from_le_bytes(self.chunk()?),
            LF_UOCTWORD => i128::try_from(u128::from_le_bytes(self.chunk()?)).ok()?,
            _ => return None,
        })
    }

    /// The same where it is a size or an offset.
    pub fn unsigned(&mut self) -> Option<u64> {
        u64::try_from(self.number()?).ok()
    }

    /// A name, which ends with a zero.
    pub fn name(&mut self) -> Option<Cow<'a, str>> {
        let len = memchr::memchr(0, self.0)?;
        let name = self.take(len)?;
        self.u8()?;
        Some(String::from_utf8_lossy(name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_every_width() {
        let read = |bytes: &[u8]| Cursor(bytes).number();
        assert_eq!(read(&[0xff, 0x7f]), Some(0x7fff));
        assert_eq!(read(&[0, 0x80, 0xff]), Some(-1));
        assert_eq!(read(&[1, 0x80, 0, 0x80]), Some(-0x8000));
        assert_eq!(read(&[2, 0x80, 0, 0x80]), Some(0x8000));
        assert_eq!(read(&[3, 0x80, 0xfe, 0xff, 0xff, 0xff]), Some(-2));
        assert_eq!(read(&[4, 0x80, 0xfe, 0xff, 0xff, 0xff]), Some(0xffff_fffe));
        assert_eq!(read(&[9, 0x80, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]), Some(-1));
        assert_eq!(read(&[10, 0x80, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]), Some(i128::from(u64::MAX)));
        // A float, and numbers that are cut.
        assert_eq!(read(&[5, 0x80, 0, 0, 0, 0]), None);
        assert_eq!(read(&[4, 0x80, 0, 0, 0]), None);
        assert_eq!(read(&[1]), None);
    }

    #[test]
    fn a_name_needs_its_end() {
        let mut at = Cursor(b"ab\0c");
        assert_eq!(at.name().as_deref(), Some("ab"));
        assert_eq!(at.name(), None);
    }
}
