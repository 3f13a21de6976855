//! Bytes as files of every kind, and as text with addresses in it.

use memsh::carve::features::features;
use memsh::carve::{Kind, View, identify};
use memsh::umem;

/// A file from the first byte on, in memory that ends with the bytes; `data`'s first two say where a hole begins.
pub fn carve(data: &[u8]) {
    let Some((head, bytes)) = data.split_first_chunk::<2>() else { return };
    let hole = usize::from(u16::from_le_bytes(*head)).min(bytes.len());
    for end in [bytes.len(), hole] {
        let read = |at: umem, buf: &mut [u8]| {
            let held = usize::try_from(at).ok().and_then(|at| bytes[..end].get(at..)).unwrap_or_default();
            let n = held.len().min(buf.len());
            buf[..n].copy_from_slice(&held[..n]);
            n
        };
        if let Some(file) = identify(&View::new(&read, 0), &Kind::ALL) {
            assert!(file.there <= file.size && file.there <= end as u64, "{file:?}");
        }
    }
    let text: String = bytes.iter().map(|b| char::from(b & 0x7f)).filter(|c| (' '..='~').contains(c)).collect();
    features(&text, &mut |_, value| assert!(!value.is_empty() && value.is_ascii()));
}
