//! File objects by scan: those of open files, and those that nobody has open but that memory is still mapped from, or was.
//!
//! The tag of the pool block says where one may be. Between the block's header and the object's lie the optional headers, which depend
//! on the object; so each place is tried, and that taken where a file object begins with its type and its size, as wdm.h has it.

use super::Objects;
use super::describe::Description;
use crate::engine::search::Options;
use crate::engine::{ViewExt, index};
use crate::os::lost::Lost;
use crate::os::windows::pool::{self, Block, header_bytes};
use memsh_plugin::{Listing, VirtAddr, umem};

/// `IO_TYPE_DEVICE` and `IO_TYPE_FILE` of wdm.h.
const DEVICE: u16 = 3;
const FILE: u16 = 5;
/// `CACHE_NTC_SHARED_CACHE_MAP`: what the cache manager's structure of a file begins with.
const CACHE_MAP: u16 = 0x2ff;
/// Its `FileSize`, in bytes from the beginning: 64 bits, behind a type, a size and a count. The same in every kernel since XP.
const CACHED_SIZE: umem = 8;
/// No object has more bytes of optional headers.
const OPTIONAL: umem = 0xa0;

/// A file object that was found in the pool.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundFile {
    /// Address of the `_FILE_OBJECT`.
    pub object: VirtAddr,
    /// What is known of it.
    pub file: Description,
    /// The path of its device.
    pub device: Option<String>,
    /// How many handles of it there are, as its header counts.
    pub handles: Option<u64>,
    /// Size of the file in bytes, as the cache manager knows it.
    pub size: Option<u64>,
    /// What of it is in memory: sections of `data` and `image`, and the `cache`.
    pub sections: Vec<&'static str>,
    /// Whether the block was given back: this is what remains.
    pub freed: bool,
}

impl Objects<'_> {
    /// Every file object in the pool, in the order of addresses. One pass over physical memory.
    pub fn found_files(&self, options: &Options<'_>) -> Listing<FoundFile> {
        let mut lost = Lost::default();
        let o = &self.kernel().offsets.file;
        if o.kind.is_none() || o.size.is_none() || o.bytes.is_none() || self.kernel().offsets.object_header.body.is_none() {
            lost.push("file objects can't be told: the type _FILE_OBJECT or _OBJECT_HEADER is not known");
            return lost.listing(Vec::new());
        }
        let blocks = pool::blocks(self.kernel(), &[*b"File"], options, &mut lost);
        let mut found: Vec<FoundFile> = blocks.iter().filter_map(|b| self.file_in(b)).collect();
        found.sort_by_key(|f| f.object);
        found.dedup_by_key(|f| f.object);
        lost.listing(found)
    }

    fn file_in(&self, block: &Block) -> Option<FoundFile> {
        let body = self.kernel().offsets.object_header.body?.offset;
        let step = header_bytes(self.kernel());
        for header in &block.places {
            for gap in (0..=OPTIONAL).step_by(index(step)?) {
                let object = header.wrapping_add(step + gap + body);
                if self.begins_as_file(object)
                    && let Some(found) = self.found(object, block.freed)
                {
                    return Some(found);
                }
            }
        }
        None
    }

    fn begins_as_file(&self, at: VirtAddr) -> bool {
        let (o, reader) = (&self.kernel().offsets.file, self.kernel().reader());
        reader.u16_at(at, o.kind) == Some(FILE) && reader.u16_at(at, o.size).map(umem::from) == o.bytes
    }

    fn found(&self, object: VirtAddr, freed: bool) -> Option<FoundFile> {
        let (o, reader) = (&self.kernel().offsets, self.kernel().reader());
        let device = reader.ptr_at(object, o.file.device).filter(|&p| reader.plausible(p));
        let has_device = device.is_some_and(|d| self.kernel().space.read_u16(d).is_ok_and(|kind| kind == DEVICE));
        let by_type = self.type_of(object).is_some_and(|t| &*t == "File");
        if !by_type && !has_device {
            return None;
        }
        let mut file = Description { kind: Some("File".into()), ..Description::default() };
        self.file(object, &mut file);
        if freed {
            // A name that is another's by now says nothing.
            let is_path = file.path.as_deref().is_some_and(|p| p.starts_with('\\') && !p.contains(is_odd));
            if !has_device || !is_path {
                return None;
            }
        }
        let (_, handles) = self.counts(object);
        let (size, sections) = self.sections_of(object);
        Some(FoundFile {
            object,
            file,
            device: self.device_of(object),
            handles: handles.filter(|_| by_type && !freed),
            size,
            sections,
            freed,
        })
    }

    /// `SECTION_OBJECT_POINTERS` of wdm.h: three pointers, to the sections of the file as data, to the cache, and as an image.
    fn sections_of(&self, object: VirtAddr) -> (Option<u64>, Vec<&'static str>) {
        let (kernel, reader) = (self.kernel(), self.kernel().reader());
        let all = reader.ptr_at(object, kernel.offsets.file.sections).filter(|&p| reader.plausible(p));
        let Some(all) = all else { return (None, Vec::new()) };
        let pointer = |n: umem| reader.ptr(all.wrapping_add(n * reader.width())).filter(|&p| reader.plausible(p));
        let [data, cache, image] = [pointer(0), pointer(1), pointer(2)];
        let cache = cache.filter(|&c| kernel.space.read_u16(c).is_ok_and(|kind| kind == CACHE_MAP));
        let size = cache.and_then(|c| kernel.space.read_u64(c.wrapping_add(CACHED_SIZE)).ok()).filter(|&n| n < 1 << 62);
        let named = [("data", data), ("image", image), ("cache", cache)];
        (size, named.into_iter().filter(|(_, p)| p.is_some()).map(|(name, _)| name).collect())
    }

    /// Who has handles of files: the object's address, the process's id and its handle. No more than `most` handles are kept.
    pub fn holders(&self, processes: &[(VirtAddr, u32)], most: usize) -> Vec<(VirtAddr, u32, u64)> {
        let mut out = Vec::new();
        for &(process, pid) in processes {
            let room = most.saturating_sub(out.len());
            out.extend(self.handles(process, pid).items.iter().take(room).map(|h| (h.object, pid, h.handle)));
        }
        out.sort_unstable();
        out
    }
}

/// Whether no name of a file has this character.
fn is_odd(c: char) -> bool {
    c.is_control() || ('\u{fff0}'..='\u{ffff}').contains(&c)
}
