//! Where the cells of a hive lie in memory.
//!
//! A hive has two storages, stable and volatile (`_HHIVE.Storage`, each a `_DUAL`). A storage is cut into blocks of a page; a directory of
//! tables says where each lies (`_HMAP_DIRECTORY`, `_HMAP_TABLE`, `_HMAP_ENTRY`). Up to Windows 8.1 an entry has the block's address;
//! later that of its bin and how far the block lies in it, and since 1803 that may be an address of the process `Registry`. Where the
//! types do not say what an entry looks like, a block that begins with a bin's header does: no other form finds it.

use super::cells::{Bytes, VOLATILE};
use crate::engine::{AddressSpace, ViewExt, index};
use crate::os::windows::base::kernel::Kernel;
use memsh_plugin::{MemoryView, VirtAddr, umem};
use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Size of a block (`HBLOCK_SIZE`).
const BLOCK: u32 = 4096;
/// Of an index, the bits that count bytes in a block, blocks in a table, tables in a directory (hivedata.h).
const TABLE_SHIFT: u32 = 12;
const DIRECTORY_SHIFT: u32 = 21;
const IN_TABLE: u32 = 0x1ff;
const IN_DIRECTORY: u32 = 0x3ff;
/// The lowest bits of a bin's address are flags (`HMAP_BASE`).
const FLAGS: umem = 0xf;
/// A bin's header begins so.
const BIN: &[u8; 4] = b"hbin";

/// Windows 10: entries have offsets in bins. Windows 8: they name no view.
const OFFSETS: u32 = 10240;
const NO_VIEWS: u32 = 9200;

/// What an entry of a table looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Form {
    /// Its size in bytes.
    size: umem,
    /// Where the block's address lies, or the offset in the bin.
    block: umem,
    /// Where the bin's address lies, of an entry that has an offset.
    bin: Option<umem>,
}

impl Form {
    /// The forms that there are, the most likely first.
    pub fn all(kernel: &Kernel) -> Vec<Self> {
        let (o, width) = (&kernel.offsets.hive_map_entry, kernel.reader().width());
        if let (Some(size), Some(offset), Some(bin)) = (o.bytes, o.offset, o.permanent) {
            return vec![Self { size, block: offset.offset, bin: Some(bin.offset) }];
        }
        if let (Some(size), Some(block)) = (o.bytes, o.block) {
            return vec![Self { size, block: block.offset, bin: None }];
        }
        let offsets = Self { size: 3 * width, block: 0, bin: Some(width) };
        let plain = Self { size: 3 * width, block: 0, bin: None };
        // With the view of the file that the block is in.
        let views = Self { size: 4 * width, block: 0, bin: None };
        match kernel.build.number {
            OFFSETS.. => vec![offsets, plain, views],
            NO_VIEWS.. => vec![plain, offsets, views],
            _ => vec![views, plain, offsets],
        }
    }
}

/// One of a hive's two storages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Storage {
    /// Its size in bytes; none where it can't be read or is none.
    pub length: Option<u32>,
    /// The directory, and whether it is the one pointer that small storages have instead.
    map: Option<(VirtAddr, bool)>,
}

impl Storage {
    /// The `_DUAL` at `at`: its length, its directory, and the pointer to its table if that is its only one. So since NT 4.
    pub fn read(space: &AddressSpace, at: VirtAddr, width: umem) -> Self {
        let pointer = |slot: umem| space.read_ptr(at.wrapping_add(slot * width)).ok();
        let small = at.wrapping_add(2 * width);
        Self {
            // Half of all indexes.
            length: space.read_u32(at).ok().filter(|n| n & VOLATILE == 0),
            map: pointer(1).filter(|p| !p.is_null()).map(|map| (map, map == small)),
        }
    }

    /// Whether its blocks can be looked for at all.
    pub fn has_map(&self) -> bool {
        self.map.is_some()
    }

    /// Where the block with this byte begins. No bin lies in the first page.
    fn block(&self, space: &AddressSpace, width: umem, form: Form, at: u32) -> Option<VirtAddr> {
        let (map, small) = self.map?;
        let directory = at >> DIRECTORY_SHIFT & IN_DIRECTORY;
        if at & !VOLATILE >= self.length? || small && directory != 0 {
            return None;
        }
        let table = space.read_ptr(map.wrapping_add(umem::from(directory) * width)).ok().filter(|t| !t.is_null())?;
        let entry = table.wrapping_add(umem::from(at >> TABLE_SHIFT & IN_TABLE) * form.size);
        let word = |offset| space.read_ptr(entry.wrapping_add(offset)).ok().map(VirtAddr::value);
        let Some(bin) = form.bin else {
            return Some(word(form.block)? & !FLAGS).filter(|a| *a >= umem::from(BLOCK)).map(VirtAddr::new);
        };
        // Where the bin's address is 0, it is in no memory.
        let bin = Some(word(bin)? & !FLAGS).filter(|a| *a != 0);
        let offset = word(form.block)?;
        match bin {
            Some(bin) if offset < 1 << 31 => Some(VirtAddr::new(bin).wrapping_add(offset)),
            _ => None,
        }
    }
}

/// How much is read of cells, in bytes. Cells may lead to each other in any way, and whoever follows them would read forever.
#[derive(Debug)]
pub struct Budget(AtomicU64);

/// All keys and values of a large registry are read with less than half of it.
const WHOLE: u64 = 1 << 32;
/// What it costs to look for a piece, whatever its size is.
const PIECE: u64 = 128;

impl Default for Budget {
    fn default() -> Self {
        Self::of(WHOLE)
    }
}

impl Budget {
    /// One of so much.
    pub fn of(left: u64) -> Self {
        Self(AtomicU64::new(left))
    }

    /// Whether a piece of so many bytes may still be read.
    fn spend(&self, len: usize) -> bool {
        let cost = u64::try_from(len).ok().and_then(|len| len.checked_add(PIECE));
        let left = self.0.load(Ordering::Relaxed);
        let rest = cost.and_then(|cost| left.checked_sub(cost));
        self.0.store(rest.unwrap_or(0), Ordering::Relaxed);
        rest.is_some()
    }

    /// Whether nothing can be read any more.
    pub fn is_spent(&self) -> bool {
        self.0.load(Ordering::Relaxed) == 0
    }
}

/// Both storages of a hive, in the space where its bins are.
pub struct Blocks {
    space: AddressSpace,
    width: umem,
    form: Form,
    /// Stable and volatile.
    pub storages: [Storage; 2],
    known: RefCell<HashMap<u32, Option<VirtAddr>>>,
    /// That of all hives together.
    budget: Arc<Budget>,
}

impl Blocks {
    /// Of a hive.
    pub fn new(space: AddressSpace, form: Form, storages: [Storage; 2], budget: Arc<Budget>) -> Self {
        let width = umem::from(space.view_metadata().pointer_size);
        Self { space, width, form, storages, known: RefCell::default(), budget }
    }

    /// Whether so much was read that nothing is any more.
    pub fn is_spent(&self) -> bool {
        self.budget.is_spent()
    }

    /// Whether its first block begins as bins do.
    pub fn proves(&self) -> bool {
        [0, VOLATILE].into_iter().any(|at| {
            let mut head = [0; 8];
            // Its own place in the storage comes behind.
            self.fill(at, &mut head) && head.starts_with(BIN) && head.ends_with(&[0; 4])
        })
    }

    /// The address of a byte.
    pub fn address(&self, at: u32) -> Option<VirtAddr> {
        let [stable, volatile] = &self.storages;
        let storage = if at & VOLATILE == 0 { stable } else { volatile };
        let block = *self
            .known
            .borrow_mut()
            .entry(at >> TABLE_SHIFT)
            .or_insert_with(|| storage.block(&self.space, self.width, self.form, at));
        Some(block?.wrapping_add(umem::from(at % BLOCK)))
    }
}

impl Bytes for Blocks {
    fn fill(&self, at: u32, out: &mut [u8]) -> bool {
        let mut done = 0usize;
        while let Some(rest) = out.get_mut(done..).filter(|r| !r.is_empty()) {
            let Some(here) = u32::try_from(done).ok().and_then(|d| (at & !VOLATILE).checked_add(d)) else { return false };
            let room = index(umem::from(BLOCK - here % BLOCK)).unwrap_or(0);
            let len = rest.len().min(room);
            let Some(piece) = rest.get_mut(..len) else { return false };
            if !self.budget.spend(len) {
                return false;
            }
            let in_storage = here & VOLATILE == 0;
            let Some(address) = self.address(here | at & VOLATILE).filter(|_| in_storage) else { return false };
            if self.space.read_exact(address, piece).is_err() {
                return false;
            }
            done += len;
        }
        true
    }
}
