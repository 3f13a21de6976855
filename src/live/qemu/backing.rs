//! Files behind shared memory of a process of this machine, reached through `/proc`.
//!
//! RAM that is a file (a memory backend with `share=on`, a memfd) is read from the file itself: in place where it is mapped, by `pread`
//! otherwise. A hole of a file in `tmpfs` gets a page when somebody looks at it through a mapping, and none by `pread`; so a sparse one is not mapped
//! unless the user wants it: looking at a machine must not take the memory that the machine has not used yet.

use super::regions::Region;
use crate::engine::index;
use crate::image::held;
use crate::reading::{MappedFile, read_exact_at};
use memsh_plugin::{MemoryRange, PhysAddr, umem};
use std::fs::File;
use std::ops::Range;
use std::path::PathBuf;

/// Whether files are mapped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mapping {
    /// Where that takes no memory of the host.
    Harmless,
    /// Wherever it can be done.
    Always,
    /// Nowhere.
    Never,
}

/// The file of one mapping of the process.
pub(super) struct SharedFile {
    bytes: Bytes,
    /// Where the process has it.
    region: Region,
}

enum Bytes {
    /// All of it in our address space.
    Mapped(MappedFile),
    Read(File),
}

/// File systems by their magic numbers (include/uapi/linux/magic.h): `TMPFS_MAGIC`, of memfds also, and `HUGETLBFS_MAGIC`.
#[cfg(target_os = "linux")]
const TMPFS: u64 = 0x0102_1994;
#[cfg(target_os = "linux")]
const HUGETLBFS: u64 = 0x9584_58f6;

/// So many pieces of a sparse file are told apart.
const MOST_EXTENTS: usize = 1 << 16;

impl SharedFile {
    /// The file behind a shared region of the process `pid`; none where it can't be had.
    #[cfg(target_os = "linux")]
    pub(super) fn open(pid: u32, region: &Region, mapping: Mapping) -> Option<Self> {
        use std::os::unix::fs::MetadataExt;
        let wanted = region.file.filter(|_| region.shared)?;
        let is_it = |path: &PathBuf| {
            // Never opens a device: only what it is is asked here.
            let Ok(meta) = std::fs::metadata(path) else { return false };
            let device = (rustix::fs::major(meta.dev()), rustix::fs::minor(meta.dev()));
            meta.is_file() && (device.0, device.1, meta.ino()) == wanted
        };
        let descriptors = std::fs::read_dir(format!("/proc/{pid}/fd")).into_iter().flatten().flatten().map(|e| e.path());
        let whole = std::iter::once(PathBuf::from(format!("/proc/{pid}/map_files/{:x}-{:x}", region.start, region.end)));
        let named = region.path.as_ref().map(|p| PathBuf::from(format!("/proc/{pid}/root{p}")));
        let path = whole.chain(named).chain(descriptors).find(is_it)?;
        let file = File::open(path).ok()?;
        let system = rustix::fs::fstatfs(&file).ok().and_then(|s| u64::try_from(s.f_type).ok());
        let meta = file.metadata().ok()?;
        let sparse = meta.blocks().saturating_mul(512) < meta.len();
        let map = match (mapping, system) {
            (Mapping::Never, _) | (_, Some(HUGETLBFS)) | (_, None) => false,
            (Mapping::Harmless, Some(TMPFS)) => !sparse,
            (Mapping::Harmless | Mapping::Always, _) => true,
        };
        // What of huge pages can't be had ends a reader of the mapping; the process itself is asked instead.
        if system == Some(HUGETLBFS) {
            return None;
        }
        let len = index(umem::from(region.end.checked_sub(region.start)?))?;
        let file = if map { MappedFile::shared(file, region.offset, len) } else { Err(file) };
        Some(Self { bytes: file.map_or_else(Bytes::Read, Bytes::Mapped), region: region.clone() })
    }

    /// Nowhere else can a process's files be reached.
    #[cfg(not(target_os = "linux"))]
    pub(super) fn open(_: u32, _: &Region, _: Mapping) -> Option<Self> {
        None
    }

    /// How far into the file's part `len` bytes at an address of the process lie, where they all do.
    pub(super) fn within(&self, address: u64, len: u64) -> Option<u64> {
        let skip = address.checked_sub(self.region.start)?;
        (address.checked_add(len)? <= self.region.end).then_some(skip)
    }

    /// Whether it is in our address space.
    pub(super) fn is_mapped(&self) -> bool {
        matches!(self.bytes, Bytes::Mapped(_))
    }

    /// What was taken for zeros, in a sentence: the file was cut while the machine runs on, or is gone with it.
    pub(super) fn trouble(&self) -> Option<String> {
        let Bytes::Mapped(map) = &self.bytes else { return None };
        map.intact().err().map(|e| format!("{}, the machine's memory: {e}; what is gone was taken for zeros", self.name()))
    }

    fn file(&self) -> &File {
        match &self.bytes {
            Bytes::Mapped(map) => map.file(),
            Bytes::Read(file) => file,
        }
    }

    /// Its name, for people.
    pub(super) fn name(&self) -> &str {
        self.region.path.as_deref().unwrap_or("shared memory")
    }

    /// Bytes in place, from `skip` on.
    pub(super) fn slice(&self, skip: u64, len: umem) -> Option<&[u8]> {
        let Bytes::Mapped(map) = &self.bytes else { return None };
        let from = index(umem::from(skip))?;
        map.get(from..from.checked_add(index(len)?)?)
    }

    /// Fills `buf` from `skip` on; whether all of it was there.
    pub(super) fn read(&self, skip: u64, buf: &mut [u8]) -> bool {
        match &self.bytes {
            Bytes::Mapped(map) => map.read_at(skip, buf).is_ok(),
            Bytes::Read(file) => self.region.offset.checked_add(skip).is_some_and(|at| read_exact_at(file, buf, at).is_ok()),
        }
    }

    /// What the file holds of `size` bytes from `skip` on, as addresses of which the first is `guest`.
    pub(super) fn held(&self, guest: umem, skip: u64, size: u64) -> Vec<MemoryRange> {
        let Some(from) = self.region.offset.checked_add(skip) else { return Vec::new() };
        let at = |r: Range<u64>| MemoryRange {
            start: PhysAddr::new(guest.saturating_add(umem::from(r.start.saturating_sub(from)))),
            size: umem::from(r.end.saturating_sub(r.start)),
        };
        held(self.file(), from..from.saturating_add(size), MOST_EXTENTS).into_iter().map(at).collect()
    }
}
