//! Numbers out of a header, each of which may be missing.

/// Bytes read as numbers of one byte order. Every read is `None` when it would leave the bytes.
#[derive(Clone, Copy)]
pub(super) struct Fields<'a> {
    data: &'a [u8],
    big_endian: bool,
}

impl<'a> Fields<'a> {
    pub(super) const fn new(data: &'a [u8], big_endian: bool) -> Self {
        Self { data, big_endian }
    }

    pub(super) fn len(&self) -> u64 {
        crate::engine::to_u64(crate::engine::to_umem(self.data.len())).unwrap_or(u64::MAX)
    }

    /// `len` bytes at `at`.
    pub(super) fn bytes(&self, at: u64, len: u64) -> Option<&'a [u8]> {
        let start = usize::try_from(at).ok()?;
        self.data.get(start..start.checked_add(usize::try_from(len).ok()?)?)
    }

    fn array<const N: usize>(&self, at: u64) -> Option<[u8; N]> {
        let start = usize::try_from(at).ok()?;
        self.data.get(start..start.checked_add(N)?)?.try_into().ok()
    }

    pub(super) fn u16(&self, at: u64) -> Option<u16> {
        let b = self.array(at)?;
        Some(if self.big_endian { u16::from_be_bytes(b) } else { u16::from_le_bytes(b) })
    }

    pub(super) fn u32(&self, at: u64) -> Option<u32> {
        let b = self.array(at)?;
        Some(if self.big_endian { u32::from_be_bytes(b) } else { u32::from_le_bytes(b) })
    }

    pub(super) fn u64(&self, at: u64) -> Option<u64> {
        let b = self.array(at)?;
        Some(if self.big_endian { u64::from_be_bytes(b) } else { u64::from_le_bytes(b) })
    }

    /// A number as wide as an ELF class's address: 8 bytes where `wide`, else 4.
    pub(super) fn word(&self, at: u64, wide: bool) -> Option<u64> {
        if wide { self.u64(at) } else { self.u32(at).map(u64::from) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_read_leaves_the_bytes() {
        let f = Fields::new(&[1, 2, 3, 4, 5], false);
        assert_eq!(f.u32(1), Some(0x0504_0302));
        assert_eq!(f.u32(2), None);
        assert_eq!(f.u16(u64::MAX), None);
        assert_eq!(f.bytes(2, u64::MAX), None);
        assert_eq!(Fields::new(&[1, 2], true).u16(0), Some(0x0102));
    }
}
