//! LiME files.

/// One header with whatever numbers.
pub fn header(magic: u32, version: u32, first: u64, last: u64) -> Vec<u8> {
    let mut out = Vec::new();
    out.extend(magic.to_le_bytes());
    out.extend(version.to_le_bytes());
    out.extend(first.to_le_bytes());
    out.extend(last.to_le_bytes());
    out.extend([0; 8]);
    out
}

/// A right file of ranges (first address, bytes).
pub fn lime(ranges: &[(u64, &[u8])]) -> Vec<u8> {
    let mut out = Vec::new();
    for (first, data) in ranges {
        out.extend(header(0x4C69_4D45, 1, *first, first + data.len() as u64 - 1));
        out.extend(*data);
    }
    out
}
