//! Swap partitions and files that the user has: each starts with a header page (`union swap_header`, include/linux/swap.h).

use crate::engine::Said;
use crate::reading::MappedFile;
use std::io::ErrorKind;
use std::path::Path;

/// What the header page ends with.
const SIGNATURE: &[u8] = b"SWAPSPACE2";
/// A system that sleeps on its disk has this in its place (`HIBERNATE_SIG`, kernel/power/swap.c).
const ASLEEP: &[u8] = b"S1SUSPEND\0";
/// `info.last_page`, behind 1024 bytes for a boot loader and the version.
const LAST_PAGE: std::ops::Range<usize> = 1028..1032;

/// A file with the contents of an area.
pub(super) struct SwapFile {
    pub(super) name: String,
    bytes: MappedFile,
    /// Slots, the header's with them.
    pub(super) slots: u64,
}

impl SwapFile {
    /// Opens it, for a system with pages of `page` bytes.
    pub(super) fn open(path: &Path, page: usize) -> Result<Self, String> {
        let name = path.to_string_lossy().into_owned();
        let bytes = MappedFile::open(path).map_err(|e| format!("can't read {name}: {e}"))?;
        if bytes.is_empty() {
            return Err(format!("{name} is empty; a device's content must be copied into a file first"));
        }
        let signature = |p: usize| bytes.get(p.checked_sub(SIGNATURE.len())?..p);
        let is_header = |p: usize| signature(p).is_some_and(|s| s == SIGNATURE || s == ASLEEP);
        if !is_header(page) {
            let other = [4096, 8192, 16384, 65536].into_iter().find(|p| is_header(*p));
            return Err(match other {
                Some(p) => format!("{name} is a swap area with pages of {p} bytes; this system has pages of {page}"),
                None => {
                    format!("{name} has no swap header (SWAPSPACE2): is it the partition or file itself, from its beginning?")
                }
            });
        }
        let last = bytes.get(LAST_PAGE).and_then(|b| b.try_into().ok()).map_or(0, u32::from_le_bytes);
        Ok(Self { name, slots: u64::from(last) + 1, bytes })
    }

    /// Whether it can be the content of an area with so many slots; none where that is not known.
    pub(super) fn fits(&self, max: Option<u64>) -> bool {
        // A page-table format with few bits for a slot limits the area (`generic_max_swapfile_size`, mm/swapfile.c).
        max.is_none_or(|max| self.slots == max || (self.slots > max && max >= 1 << 20 && max.is_power_of_two()))
    }

    /// Fills `page` with a slot, or says why not.
    pub(super) fn read(&self, slot: u64, page: &mut [u8]) -> Result<(), Said> {
        let from = u64::try_from(page.len()).ok().and_then(|size| slot.checked_mul(size));
        match from.ok_or(ErrorKind::UnexpectedEof.into()).and_then(|from| self.bytes.read_at(from, page)) {
            Ok(()) => Ok(()),
            Err(e) if e.kind() == ErrorKind::UnexpectedEof => Err(format!("{} ends before it", self.name).into()),
            Err(e) => Err(format!("{} can't be read: {e}", self.name).into()),
        }
    }
}
