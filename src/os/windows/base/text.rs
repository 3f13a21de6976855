//! Counted strings.

use crate::engine::{ViewExt, index, to_u64};
use memsh_plugin::{MemoryView, Text, VirtAddr, umem};

/// `UNICODE_STRING` counts bytes with 16 bits.
const LONGEST: usize = 0xffff;

/// The `UNICODE_STRING` at `at`; none where it can't be read or makes no sense. `width` is that of its pointer, in bytes.
pub fn unicode_of(view: &dyn MemoryView, at: VirtAddr, width: umem) -> Option<String> {
    let len = usize::from(view.read_u16(at).ok()?);
    let most = usize::from(view.read_u16(at.wrapping_add(2)).ok()?);
    if len > most || !len.is_multiple_of(2) {
        return None;
    }
    if len == 0 {
        return Some(String::new());
    }
    // The pointer is aligned to its own size.
    let buffer = view.read_uint(at.wrapping_add(width), to_u64(width)?).ok()?;
    utf16(view, VirtAddr::new(umem::from(buffer)), len)
}

/// `len` bytes of UTF-16 at `at`.
pub fn utf16(view: &dyn MemoryView, at: VirtAddr, len: usize) -> Option<String> {
    let mut bytes = vec![0; len.min(LONGEST)];
    view.read_exact(at, &mut bytes).ok()?;
    let units: Vec<u16> = bytes.as_chunks::<2>().0.iter().map(|b| u16::from_le_bytes(*b)).collect();
    Some(String::from_utf16_lossy(&units))
}

/// The last part of a path.
pub fn base_name(path: &str) -> &str {
    path.rsplit(['\\', '/']).next().unwrap_or(path)
}

/// Bytes up to the first zero, as text.
pub fn zero_ended(bytes: &[u8]) -> Text {
    let end = bytes.iter().position(|&b| b == 0).unwrap_or(bytes.len());
    Text::from(bytes.get(..end).unwrap_or_default())
}

/// The strings of a block that ends with an empty one: an environment. `most` bytes at most.
pub fn block(view: &dyn MemoryView, at: VirtAddr, most: umem) -> Option<Vec<String>> {
    let mut out = Vec::new();
    let mut string = Vec::new();
    let mut page = [0u8; 512];
    let mut done: umem = 0;
    while done < most {
        let here = at.wrapping_add(done);
        // Up to the end of a page, behind which nothing may be.
        let len = index((512 - (here.value() & 511)).min(most - done))?;
        let bytes = page.get_mut(..len)?;
        if view.read_exact(here, bytes).is_err() {
            return if out.is_empty() { None } else { Some(out) };
        }
        for unit in bytes.as_chunks::<2>().0 {
            match u16::from_le_bytes(*unit) {
                0 if string.is_empty() => return Some(out),
                0 => out.push(String::from_utf16_lossy(&std::mem::take(&mut string))),
                unit => string.push(unit),
            }
        }
        done = done.checked_add(umem::from(u32::try_from(len).ok()?))?;
    }
    Some(out)
}
