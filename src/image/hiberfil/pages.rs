//! Pages of a hibernation file: sets are unpacked as a whole, and kept a while, for their pages lie in several places.

use super::index::{Index, Method, PAGE, Set, Slot};
use crate::codec::Codec;
use crate::engine::{RunMap, to_u64};
use crate::image::blocks::{Block, Blocks};
use crate::image::map::Content;
use memsh_plugin::{MemoryRange, PhysAddr, umem};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// Parts of the cache, each with its lock.
const SHARDS: usize = 16;
/// Unpacked sets that a part keeps: twice this many, of 64 KiB at most.
const KEPT: usize = 32;

/// Unpacked sets by number. When the young ones are many, they become the old ones.
#[derive(Default)]
struct Kept {
    young: HashMap<u32, Arc<[u8]>>,
    old: HashMap<u32, Arc<[u8]>>,
}

pub(super) struct Pages {
    content: Arc<Content>,
    sets: Vec<Set>,
    runs: RunMap<Slot>,
    kept: [Mutex<Kept>; SHARDS],
}

impl Pages {
    pub(super) fn new(content: Arc<Content>, index: Index) -> Self {
        let cut = |slot: &Slot, skip: umem| {
            let pages = u8::try_from(skip / umem::from(PAGE)).unwrap_or(u8::MAX);
            Slot { page: slot.page.saturating_add(pages), ..*slot }
        };
        Self { content, sets: index.sets, runs: RunMap::build(index.runs, cut), kept: Default::default() }
    }

    /// How many bytes of memory it has.
    pub(super) fn bytes(&self) -> umem {
        self.runs.bytes()
    }

    fn packed(&self, set: &Set) -> Option<&[u8]> {
        let start = usize::try_from(set.offset).ok()?;
        self.content.get(start..start.checked_add(usize::try_from(set.packed).ok()?)?)
    }

    /// Unpacks a whole set; `out` has its length.
    fn unpack(&self, set: &Set, out: &mut [u8]) -> Result<(), String> {
        let wrong = |why: String| format!("the compression set at file offset {:#x} ({} pages): {why}", set.offset, set.pages);
        let data = self.packed(set).ok_or_else(|| wrong("the file ends before".to_owned()))?;
        let codec = match set.method {
            Method::Huffman => Codec::XpressHuffman,
            Method::Xpress | Method::Stored => Codec::Xpress,
        };
        let (n, wanted) = (codec.unpack(data, out).map_err(|e| wrong(format!("{}: {e}", codec.name())))?, out.len());
        match n == wanted {
            true => Ok(()),
            false => Err(wrong(format!("{}: it holds {n} bytes instead of {wanted}", codec.name()))),
        }
    }

    fn shard(&self, number: u32) -> Option<&Mutex<Kept>> {
        self.kept.get(usize::try_from(number).ok()? % SHARDS)
    }

    /// An unpacked set, from the cache or anew.
    fn whole(&self, number: u32, set: &Set) -> Result<Arc<[u8]>, String> {
        let lock = |m: &'_ Mutex<Kept>| -> Option<Arc<[u8]>> {
            let mut kept = m.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(bytes) = kept.young.get(&number) {
                return Some(Arc::clone(bytes));
            }
            let bytes = kept.old.remove(&number)?;
            kept.young.insert(number, Arc::clone(&bytes));
            Some(bytes)
        };
        let shard = self.shard(number);
        if let Some(bytes) = shard.and_then(lock) {
            return Ok(bytes);
        }
        let mut bytes = vec![0; usize::from(set.pages) * 4096];
        self.unpack(set, &mut bytes)?;
        let bytes: Arc<[u8]> = bytes.into();
        if let Some(shard) = shard {
            let mut kept = shard.lock().unwrap_or_else(PoisonError::into_inner);
            if kept.young.len() >= KEPT {
                kept.old = std::mem::take(&mut kept.young);
            }
            kept.young.insert(number, Arc::clone(&bytes));
        }
        Ok(bytes)
    }

    /// Which set a block is of, and where in it the block begins.
    fn place(&self, block: &Block) -> Option<(u32, &Set, usize)> {
        let number = u32::try_from(block.key >> 8).ok()?;
        let set = self.sets.get(usize::try_from(number).ok()?)?;
        Some((number, set, usize::try_from(block.key & 0xff).ok()? * 4096))
    }
}

impl Blocks for Pages {
    fn ranges(&self) -> Vec<MemoryRange> {
        self.runs.iter().map(|(range, _)| *range).collect()
    }

    fn find(&self, addr: u64) -> Option<Block> {
        let (range, slot, _) = self.runs.find(PhysAddr::new(umem::from(addr)))?;
        Some(Block {
            start: to_u64(range.start.value())?,
            len: u32::try_from(range.size).ok()?,
            key: u64::from(slot.set) << 8 | u64::from(slot.page),
        })
    }

    fn load(&self, block: &Block, out: &mut [u8]) -> Result<(), String> {
        let (number, set, from) = self.place(block).ok_or("there is no such set")?;
        if from == 0 && out.len() == usize::from(set.pages) * 4096 {
            return self.unpack(set, out);
        }
        let whole = self.whole(number, set)?;
        let part = from.checked_add(out.len()).and_then(|end| whole.get(from..end)).ok_or("it lies past the end of its set")?;
        out.copy_from_slice(part);
        Ok(())
    }

    fn in_place(&self, block: &Block) -> Option<&[u8]> {
        let (_, set, from) = self.place(block)?;
        let data = (set.method == Method::Stored).then(|| self.packed(set))??;
        data.get(from..from.checked_add(usize::try_from(block.len).ok()?)?)
    }
}
