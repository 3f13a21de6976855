//! The addresses, and how they are coded.

use super::bytes::{is_kernel, u32_at, uint_at};

/// How a symbol's address is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// 32 bits, counted from the base; but a positive number is an absolute (per-CPU) value, and a negative one counts from
    /// the base less one, downwards (CONFIG_KALLSYMS_ABSOLUTE_PERCPU: x86-64 up to Linux 6.14).
    BasePercpu,
    /// 32 bits without sign, counted from the base (up to 6.19).
    Base,
    /// The address itself, as wide as a pointer (CONFIG_KALLSYMS_BASE_RELATIVE off; 32-bit kernels that are not relocatable
    /// since 7.0).
    Absolute,
    /// 32 bits with sign, counted from where the number itself lies (since 7.0).
    Place,
}

/// In order of preference where two fit equally well. A table of bases may also pass for one of places, not the reverse.
pub(super) const ENCODINGS: [Encoding; 4] = [Encoding::BasePercpu, Encoding::Base, Encoding::Absolute, Encoding::Place];

/// A table of addresses under one reading.
#[derive(Clone, Copy)]
pub(super) struct Values<'a> {
    pub bytes: &'a [u8],
    /// Address of its first byte.
    pub start: u64,
    pub encoding: Encoding,
    pub base: u64,
    pub pointer_size: u8,
    pub little_endian: bool,
}

/// Bytes of an entry.
pub(super) fn entry_size(encoding: Encoding, pointer_size: u8) -> usize {
    match encoding {
        Encoding::Absolute => usize::from(pointer_size),
        _ => 4,
    }
}

impl Values<'_> {
    /// The address of symbol `i`.
    #[inline]
    pub fn get(&self, i: usize) -> Option<u64> {
        let size = entry_size(self.encoding, self.pointer_size);
        let at = i.checked_mul(size)?;
        if self.encoding == Encoding::Absolute {
            return uint_at(self.bytes, at, size, self.little_endian);
        }
        let raw = u32_at(self.bytes, at, self.little_endian)?;
        let signed = i64::from(raw.cast_signed());
        let address = match self.encoding {
            Encoding::BasePercpu if signed >= 0 => u64::from(raw),
            Encoding::BasePercpu => self.base.wrapping_sub(1).wrapping_sub(signed.cast_unsigned()),
            Encoding::Base | Encoding::Absolute => self.base.wrapping_add(raw.into()),
            Encoding::Place => self.start.wrapping_add(u64::try_from(at).ok()?).wrapping_add(signed.cast_unsigned()),
        };
        Some(if self.pointer_size == 4 { address & 0xffff_ffff } else { address })
    }

    /// How many of `count` addresses are lower than the one before, those left out that are `missing`; none when this reading
    /// makes no sense. Symbols are sorted by address, so the right reading has none, or few where memory is damaged.
    pub fn descents(&self, count: usize, missing: impl Fn(usize) -> bool) -> Option<usize> {
        let based = matches!(self.encoding, Encoding::Base | Encoding::BasePercpu);
        if based && !is_kernel(self.base, self.pointer_size) {
            return None;
        }
        // One in 32 may be wrong: damage comes in pages of 1024 numbers, of some 100 pages.
        let limit = count / 32;
        let (mut before, mut up, mut down, mut kernel, mut seen) = (0u64, 0usize, 0usize, 0usize, 0usize);
        for i in (0..count).filter(|&i| !missing(i)) {
            let address = self.get(i)?;
            seen += 1;
            up += usize::from(address > before);
            down += usize::from(address < before);
            kernel += usize::from(is_kernel(address, self.pointer_size) && (!based || address >= self.base));
            before = address;
            if down > limit {
                return None;
            }
        }
        // Most symbols have an address of their own, and most are the kernel's and not per-CPU. Where tables count from their
        // place, that place may be a physical address as far as we know.
        let sensible = seen > 0 && up >= seen / 4 && (kernel >= seen / 2 || self.encoding == Encoding::Place);
        sensible.then_some(down)
    }
}
