//! Numbers and alignment in bytes of the target.

/// The 32-bit number at `at`.
pub(super) fn u32_at(bytes: &[u8], at: usize, little_endian: bool) -> Option<u32> {
    let b: [u8; 4] = bytes.get(at..at.checked_add(4)?)?.try_into().ok()?;
    Some(if little_endian { u32::from_le_bytes(b) } else { u32::from_be_bytes(b) })
}

/// The 64-bit number at `at`.
fn u64_at(bytes: &[u8], at: usize, little_endian: bool) -> Option<u64> {
    let b: [u8; 8] = bytes.get(at..at.checked_add(8)?)?.try_into().ok()?;
    Some(if little_endian { u64::from_le_bytes(b) } else { u64::from_be_bytes(b) })
}

/// The number of `size` bytes (8; else 4) at `at`.
pub(super) fn uint_at(bytes: &[u8], at: usize, size: usize, little_endian: bool) -> Option<u64> {
    match size {
        8 => u64_at(bytes, at, little_endian),
        _ => u32_at(bytes, at, little_endian).map(u64::from),
    }
}

/// Whether an address can be a kernel's. 64 bits: the upper half. 32 bits: above the lowest split that Linux offers
/// (CONFIG_VMSPLIT_1G: 0x40000000).
pub(super) fn is_kernel(address: u64, pointer_size: u8) -> bool {
    match pointer_size {
        4 => (0x4000_0000..=0xffff_ffff).contains(&address),
        _ => address >> 63 != 0,
    }
}
