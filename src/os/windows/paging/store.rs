//! The store of compressed pages (Windows 10): pages of a page file that is none, in the memory of the process MemCompression.
//!
//! None of its structures is in public symbols, apart from where they begin (`SmGlobals`). Their places are those that FireEye published
//! (2019, win10_volatility) and MemProcFS uses since, for x86-64 from Windows 10 1709 on. Each step is checked, and a page counts only
//! where the data unpack to exactly one.
//!
//! A page's key (number of the page file, page) is looked for in a B+ tree of all keys, which tells the store, and in the tree of that
//! store, which tells the page's record: where its data begin in the regions of the store.

use super::super::base::kernel::{Kernel, Reader};
use super::super::processes;
use crate::codec::Codec;
use crate::engine::{PagePlace, Said, ViewExt};
use crate::os::lost::Lost;
use memsh_plugin::{VirtAddr, umem};

/// Windows 10 1709.
const OLDEST: u32 = 16299;
/// Windows 10 2004.
const MAY_2020: u32 = 19041;
/// Windows 11 22H2, since when the beginning is in an allocation of its own.
const APART: u32 = 22621;
/// Windows 11 24H2, which packs with LZ4.
const LZ4: u32 = 26100;
/// The newest whose structures are known.
const NEWEST: u32 = 26100;

/// In `_SMKM_STORE_MGR`: the tree of all keys. Before it, 32 pointers to 32 stores each.
const KEYS: umem = 0x1c0;
const METADATA: umem = 0x28;
/// In `_SMKM_STORE`: the tree of its keys, its records' chunks, sizes of regions.
const PAGES: umem = 0x50;
const CHUNKS: umem = PAGES + 0xc0;
const REGION_MASK: umem = PAGES + 0x328;
const REGION_SHIFT: umem = PAGES + 0x32c;
const ALGORITHM: umem = PAGES + 0x3e0;
/// `COMPRESSION_FORMAT_XPRESS`.
const XPRESS: u16 = 3;
/// Levels of a tree: even of 255 children each, four hold all keys.
const LEVELS: usize = 6;
/// No page's packed form is larger.
const PAGE: u32 = 4096;

/// The places that differ between builds.
struct Layout {
    /// The pointers to regions, and the process that owns the store.
    regions: umem,
    owner: umem,
}

fn layout(build: u32) -> Option<Layout> {
    match build {
        LZ4..=NEWEST => Some(Layout { regions: 0x1b70, owner: 0x1d08 }),
        MAY_2020..LZ4 => Some(Layout { regions: 0x1848, owner: 0x19b8 }),
        OLDEST..MAY_2020 => Some(Layout { regions: 0x1848, owner: 0x19a8 }),
        _ => None,
    }
}

/// Fills `page` with a compressed page.
///
/// # Errors
/// Why it can't be had.
pub(super) fn read(kernel: &Kernel, place: PagePlace, page: &mut [u8]) -> Result<Said, Said> {
    let (Some(file), Some(at)) = (place.file, place.page) else { return Err("its entry does not tell which page it is".into()) };
    let build = kernel.build.number;
    let layout =
        layout(build).filter(|_| kernel.wide()).ok_or("memsh does not know the store of compressed pages of this build")?;
    let key = u32::try_from(at).ok().filter(|at| at >> 28 == 0).ok_or("the store of compressed pages has no such key")?;
    let key = if build >= LZ4 { key } else { file << 28 | key };
    let base = manager(kernel)?;
    let found = Search { kernel, reader: kernel.reader(), layout, base, key }.find()?;
    let mut packed = vec![0; usize::try_from(found.size).unwrap_or(0)];
    let space = processes::dtb(kernel, found.owner).map(|root| kernel.process_space(root));
    let read = space.and_then(|space| space.read_exact(found.data, &mut packed).ok());
    read.ok_or("its packed form, in the process MemCompression, is not in memory")?;
    match found.size {
        0 => page.fill(0),
        PAGE => page.copy_from_slice(&packed),
        _ => {
            let codec = if build >= LZ4 { Codec::Lz4 } else { Codec::Xpress };
            let len = codec.unpack(&packed, page).map_err(|e| format!("it can't be unpacked: {e}"))?;
            if len != page.len() {
                return Err("what is unpacked is no page".into());
            }
        }
    }
    Ok("the store of compressed pages, in memory".into())
}

/// Where the structures begin.
fn manager(kernel: &Kernel) -> Result<VirtAddr, Said> {
    let globals =
        kernel.address("SmGlobals").ok_or("the store of compressed pages is found by the symbol SmGlobals (--symbols)")?;
    let apart = match kernel.build.number {
        LZ4.. => Some((0x10, 0xc30)),
        APART.. => Some((8, 0x7a8)),
        _ => None,
    };
    let Some((pointer, inside)) = apart else { return Ok(globals) };
    let reader = kernel.reader();
    let at = reader.ptr(globals.wrapping_add(pointer)).filter(|&p| reader.plausible(p));
    Ok(at.ok_or("SmGlobals can't be read")?.wrapping_sub(inside))
}

/// Packed data of a page.
struct Packed {
    owner: VirtAddr,
    data: VirtAddr,
    size: u32,
}

struct Search<'k> {
    kernel: &'k Kernel,
    reader: Reader<'k>,
    layout: Layout,
    base: VirtAddr,
    key: u32,
}

impl Search<'_> {
    fn find(&self) -> Result<Packed, Said> {
        let keys = self.pointer(self.base.wrapping_add(KEYS)).ok_or("the tree of compressed pages can't be read")?;
        let which = self.tree(keys).ok_or("it is in no store of compressed pages")?;
        if which & 1 << 24 != 0 {
            return Err("its store of compressed pages is going away".into());
        }
        let store = self.store(umem::from(which & 0x3ff)).ok_or("its store of compressed pages can't be read")?;
        let owner = self.reader.ptr(store.wrapping_add(self.layout.owner));
        let ours = |at: &VirtAddr| processes::addresses(self.kernel, &mut Lost::default()).contains(at);
        let owner = owner.filter(ours).ok_or("its store of compressed pages belongs to no process")?;
        let algorithm = self.reader.view().read_u16(store.wrapping_add(ALGORITHM)).ok();
        if self.kernel.build.number < LZ4 && algorithm != Some(XPRESS) {
            return Err("its store of compressed pages packs in a way that memsh does not know".into());
        }
        let pages = self.pointer(store.wrapping_add(PAGES)).ok_or("the tree of its store can't be read")?;
        let record = self.tree(pages).ok_or("its store of compressed pages does not have it")?;
        let (data, size) = self.data(store, record).ok_or("its record in the store of compressed pages can't be read")?;
        Ok(Packed { owner, data, size })
    }

    fn u32(&self, at: VirtAddr) -> Option<u32> {
        self.reader.view().read_u32(at).ok()
    }

    fn pointer(&self, at: VirtAddr) -> Option<VirtAddr> {
        self.reader.ptr(at).filter(|&p| self.reader.plausible(p))
    }

    /// What a tree holds for the key. A node is a page: how many entries, level, whether it is a leaf, its leftmost child; then keys with
    /// values, or keys with children.
    fn tree(&self, root: VirtAddr) -> Option<u32> {
        let mut node = root;
        for _ in 0..LEVELS {
            let mut bytes = [0u8; 4096];
            self.reader.view().read_exact(node, &mut bytes).ok()?;
            let (words, _) = bytes.as_chunks::<4>();
            let word = |i: usize| words.get(i).map(|w| u32::from_le_bytes(*w));
            let [low, high, _, leaf, ..] = bytes;
            let count = usize::from(u16::from_le_bytes([low, high]));
            if leaf != 0 {
                // Two words each, behind a head of four.
                return (0..count.min(510)).find(|i| word(4 + 2 * i) == Some(self.key)).and_then(|i| word(5 + 2 * i));
            }
            let below = (0..count.min(255)).take_while(|i| word(4 + 4 * i).is_some_and(|k| k <= self.key)).last();
            let at = below.map_or(2, |i| 6 + 4 * i);
            let child = u64::from(word(at)?) | u64::from(word(at + 1)?) << 32;
            node = Some(VirtAddr::new(umem::from(child))).filter(|&c| self.reader.plausible(c))?;
        }
        None
    }

    fn store(&self, which: umem) -> Option<VirtAddr> {
        let metadata = self.pointer(self.base.wrapping_add((which >> 5) * 8))?;
        self.pointer(metadata.wrapping_add((which & 31) * METADATA)).filter(|s| s.value().is_multiple_of(0x1000))
    }

    /// Where the data of a record begin, and their size.
    fn data(&self, store: VirtAddr, record: u32) -> Option<(VirtAddr, u32)> {
        let chunks = store.wrapping_add(CHUNKS);
        let field = |offset: umem| self.u32(chunks.wrapping_add(0x100 + offset));
        let (shift, mask, size, head) = (field(8)?, field(12)?, field(16)?, field(24)?);
        let chunk = record.checked_shr(shift & 0xff)?;
        // The first array has one chunk, each further one as many as all before it and one more.
        let array = chunk.checked_ilog2()?;
        let within = umem::from(chunk ^ 1 << array);
        let chunk = self.pointer(chunks.wrapping_add(umem::from(array) * 8))?.checked_add(within.checked_mul(0x10)?)?;
        let records = self.pointer(chunk)?;
        let offset = umem::from(size).checked_mul(umem::from(record & mask))?.checked_add(umem::from(head))?;
        let record = records.checked_add(offset)?;
        let (key, packed) = (self.u32(record)?, self.u32(record.wrapping_add(4))?);
        if key == u32::MAX {
            return None;
        }
        let shift = self.u32(store.wrapping_add(REGION_SHIFT))? & 0xff;
        let regions = self.pointer(store.wrapping_add(self.layout.regions))?;
        let region = self.reader.ptr(regions.checked_add(umem::from(key.checked_shr(shift)?) * 8)?)?;
        // Regions are memory of the process's own.
        if region.is_null() || region.value() & 0xffff_8000_0000_ffff != 0 {
            return None;
        }
        let offset = umem::from(key & self.u32(store.wrapping_add(REGION_MASK))?) << 4;
        // Above the size may be more, but not in place of one.
        let size = match packed {
            0 | PAGE => packed,
            _ => Some(packed & (PAGE - 1)).filter(|&n| n != 0)?,
        };
        Some((region.checked_add(offset)?, size))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::os::windows::testkit::Kit;

    const KEY: u32 = 2 << 28 | 0x123;
    const RECORD: u32 = 0x45;
    const REGION: u64 = 0x1_2345_0000;
    /// 4096 times A: a literal, and a match of 4095 bytes one byte back.
    const PACKED: [u8; 11] = [0xff, 0xff, 0xff, 0x7f, 0x41, 7, 0, 15, 0xff, 0xfc, 15];

    /// A node of a tree; values are children where it is no leaf.
    fn node(kit: &mut Kit, at: u64, left: Option<u64>, entries: &[(u32, u64)]) {
        kit.put(at + 4095, &[0]);
        kit.put(at, &[entries.len().to_le_bytes()[0], 0, 0, u8::from(left.is_none())]);
        kit.word(at + 8, left.unwrap_or(0));
        for (i, (key, value)) in (0u64..).zip(entries) {
            match left {
                None => kit.word(at + 16 + i * 8, u64::from(*key) | value << 32),
                Some(_) => {
                    kit.word(at + 16 + i * 16, u64::from(*key));
                    kit.word(at + 24 + i * 16, *value);
                }
            }
        }
    }

    /// A store with one page, whose record is `record` (key, size).
    fn kit(record: (u32, u32), packed: &[u8]) -> Kit {
        let mut kit = Kit::new("10.0.19041", true);
        let [process, globals, keys, leaf, metadata, store, pages, chunk, records, regions] =
            [1u64, 2, 3, 4, 5, 0x10, 0x20, 0x21, 0x22, 0x23].map(|n| kit.at(n << 16));
        let o = kit.o;
        kit.set(process, o.kprocess.dtb, 0x1a_b000);
        kit.list(&[process]);
        kit.symbol("SmGlobals", globals);
        kit.word(globals + 8, metadata);
        kit.word(globals + 0x1c0, keys);
        // Store 35: the fourth of the second array. The tree of keys has two levels.
        let nowhere = kit.at(0x99 << 16);
        node(&mut kit, keys, Some(nowhere), &[(KEY - 0x20, leaf), (KEY + 1, nowhere)]);
        node(&mut kit, leaf, None, &[(KEY - 1, 0), (KEY, 35)]);
        kit.word(metadata + 3 * 0x28, store);
        kit.word(store + 0x50, pages);
        kit.word(store + 0x19b8, process);
        kit.put(store + 0x50 + 0x3e0, &[3, 0]);
        node(&mut kit, pages, None, &[(KEY, u64::from(RECORD))]);
        // Records of 16 bytes behind a head of 32, 16 to a chunk: chunk 4 is the first of the third array.
        kit.word(store + 0x110 + 2 * 8, chunk);
        kit.put(store + 0x110 + 0x108, &[4, 0, 0, 0, 15, 0, 0, 0, 16, 0, 0, 0, 0, 0, 0, 0, 32, 0, 0, 0]);
        kit.word(chunk, records);
        kit.word(records + 32 + 5 * 16, u64::from(record.0) | u64::from(record.1) << 32);
        // Regions of 64 KiB, in units of 16 bytes.
        kit.put(store + 0x50 + 0x328, &[0xff, 0x0f, 0, 0, 12, 0, 0, 0]);
        kit.word(store + 0x1848, regions);
        kit.word(regions + 2 * 8, REGION);
        kit.put(REGION + 0x340, packed);
        kit
    }

    fn page(kit: &Kit) -> Result<Vec<u8>, Said> {
        let mut page = vec![0xee; 4096];
        let place = PagePlace { file: Some(2), page: Some(0x123) };
        read(&kit.kernel(), place, &mut page).map(|_| page)
    }

    #[test]
    fn packed_and_plain_pages_and_zeros() {
        let size = PACKED.len().to_le_bytes()[0];
        assert_eq!(page(&kit((0x2034, size.into()), &PACKED)), Ok(vec![0x41; 4096]));
        assert_eq!(page(&kit((0x2034, 4096), &[0x42; 4096])), Ok(vec![0x42; 4096]));
        assert_eq!(page(&kit((0x2034, 0), &[0x42; 16])), Ok(vec![0; 4096]));
    }

    #[test]
    fn what_does_not_fit_is_no_page() {
        let size = u32::from(PACKED.len().to_le_bytes()[0]);
        let fails = |kit: &Kit| page(kit).unwrap_err().into_owned();
        let good = || kit((0x2034, size), &PACKED);
        assert!(fails(&kit((u32::MAX, size), &PACKED)).contains("record"));
        assert!(fails(&kit((0x5034, size), &PACKED)).contains("record"));
        assert!(fails(&kit((0x2034, size - 2), &PACKED)).contains("unpack"));
        assert!(fails(&kit((0x2fff, 4096), &PACKED)).contains("not in memory"));
        // Trees that are their own children, a store of nobody's, another packing, a key that is in no tree.
        let mut circle = good();
        let root = circle.at(3 << 16);
        node(&mut circle, root, Some(root), &[(1, root)]);
        assert!(fails(&circle).contains("in no store"));
        let mut other = good();
        other.word(other.at(0x10 << 16) + 0x19b8, other.at(0x77 << 16));
        assert!(fails(&other).contains("no process"));
        let mut lzms = good();
        lzms.put(lzms.at(0x10 << 16) + 0x430, &[5]);
        assert!(fails(&lzms).contains("does not know"));
        let mut page = [0; 4096];
        let place = |file, page| PagePlace { file, page };
        let kernel = good().kernel();
        assert!(read(&kernel, place(Some(2), Some(0x124)), &mut page).is_err());
        assert!(read(&kernel, place(Some(1), Some(0x123)), &mut page).is_err());
        assert!(read(&kernel, place(Some(2), Some(1 << 28)), &mut page).is_err());
        assert!(read(&kernel, place(Some(2), None), &mut page).is_err());
        assert!(read(&Kit::new("10.0.10240", true).kernel(), place(Some(2), Some(0x123)), &mut page).is_err());
    }
}
