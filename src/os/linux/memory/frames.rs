//! Page frames: between `struct page` (or `struct folio`, which begins with one), page frame numbers, physical addresses and the
//! kernel's direct map of physical memory; and what a `struct page` says of its frame (include/linux/mm_types.h).
//!
//! Where the array of `struct page` begins is told by the kernel (`vmemmap_base`, VMCOREINFO) or follows from a page of a mapped
//! file, whose `struct page` the page cache names and whose frame the page tables name. Whatever is used proves itself: the frames
//! of some known objects of the kernel must be slabs of a cache that has a name.

mod base;
#[cfg(test)]
mod tests;

use crate::engine::{ViewExt, to_u64};
use crate::os::linux::base::enums;
use crate::os::linux::base::kernel::Kernel;
use crate::os::linux::base::layout::{Block, Extent, Found, Member, Members, Shape, shapes};
use crate::symbols::{Types, TypesExt};
use memsh_plugin::{PhysAddr, VirtAddr, umem};
use std::sync::OnceLock;

/// The largest order of a page that any kernel has (`MAX_FOLIO_ORDER`, 16 GiB pages of 4 KiB; include/linux/mmzone.h).
const LARGEST_ORDER: u64 = 22;

shapes! {
    /// `page`.
    PageShape: "page" {
        // 6.18: `memdesc_flags_t`.
        flags: ["flags.f", "flags"],
        // 7.1 renamed it.
        head: ["compound_head", "compound_info"],
        mapping: ["mapping"],
        index: ["index", "__folio_index"],
        // Before 5.17; then `struct slab` lies over it.
        slab_cache: ["slab_cache"],
        // Before 6.0, in the second page.
        order: ["compound_order"],
        kind: ["page_type"],
        count: ["_refcount"],
        mapcount: ["_mapcount"],
        private: ["private"],
    }
    /// `slab`, over a `page` since 5.17.
    SlabShape: "slab" {
        cache: ["slab_cache"],
    }
    /// `folio`: the second `struct page` of a large one.
    FolioShape: "folio" {
        // 6.0 to 6.5.
        order: ["_folio_order"],
        // 6.6: the order is in the lowest byte.
        flags1: ["_flags_1.f", "_flags_1"],
    }
    /// `kmem_cache`, for its name.
    CacheNameShape: "kmem_cache" {
        name: ["name"],
    }
    /// `file`, for its mapping.
    FileMappingShape: "file" {
        mapping: ["f_mapping"],
    }
    /// `address_space`, for its pages.
    MappingShape: "address_space" {
        // 4.17 renamed it.
        pages: ["i_pages", "page_tree"],
    }
}

/// The bits of `flags` and the kinds of page that this kernel has (include/linux/page-flags.h): from its enumerations, since they
/// move with every version and configuration.
#[derive(Clone, Debug, Default)]
pub struct PageBits {
    /// `PG_slab`, a bit of the flags up to 6.9.
    slab: Option<u64>,
    /// `PGTY_slab` in the highest byte of `page_type` (6.12), or the bit that is clear in it for slabs (6.10, 6.11).
    slab_type: Option<u64>,
    slab_clear: Option<u64>,
    head: Option<u64>,
    /// Names and bits of all flags, by bit.
    names: Vec<(u32, String)>,
    /// Size in bytes of `struct page`.
    size: Option<u64>,
}

impl Found for PageBits {
    fn find(types: &dyn Types) -> Self {
        let bit = |name: &str| enums::value(types, "pageflags", name).filter(|&b| b < 64);
        let mask = |name: &str| bit(name).map(|b| 1u64 << b);
        let base = enums::value(types, "pagetype", "PAGE_TYPE_BASE");
        let mut names: Vec<(u32, String)> = Vec::new();
        for (name, value) in enums::values(types, "pageflags") {
            let (Ok(value), Some(name)) = (u32::try_from(value), name.strip_prefix("PG_")) else { continue };
            // The first name of a bit is its general one; later ones are what special pages use it for.
            if value < 64 && !names.iter().any(|(v, _)| *v == value) {
                names.push((value, name.to_owned()));
            }
        }
        names.sort_unstable();
        let slab_clear = match enums::value(types, "pagetype", "PG_slab") {
            Some(bit) => Some((base.unwrap_or(0x8000_0000), bit)),
            // 6.10 has neither the flag nor an enumeration: `PAGE_TYPE_BASE` and `PG_slab` are macros.
            None if bit("PG_locked").is_some() && bit("PG_slab").is_none() && types.find("enum pagetype").is_none() => {
                Some((0xf000_0000, 0x1000))
            }
            None => None,
        };
        Self {
            slab: mask("PG_slab"),
            slab_type: enums::value(types, "pagetype", "PGTY_slab"),
            slab_clear: slab_clear.map(|(base, bit)| base << 32 | bit),
            head: mask("PG_head"),
            names,
            size: types.size_of("struct page").filter(|s| (32..=256).contains(s) && s.is_multiple_of(4)),
        }
    }
}

/// What a `struct page` says of its frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PageFacts {
    /// Where the `struct page` lies.
    pub page: VirtAddr,
    /// The first page of the compound page that it belongs to; itself where it is none.
    pub head: VirtAddr,
    /// Its flags (`PG_*`), with zone, node and section in the upper bits.
    pub flags: u64,
    /// Log2 of how many pages its compound page has; 0 for a page of its own, none where that can't be read.
    pub order: Option<u32>,
    /// Whether the compound page is a slab.
    pub slab: bool,
    /// The `kmem_cache` of a slab.
    pub slab_cache: Option<VirtAddr>,
    /// The `address_space` of a page of a file, or the `anon_vma` of an anonymous one; none for others.
    pub mapping: Option<VirtAddr>,
    /// Whether it is anonymous memory of a process.
    pub anonymous: bool,
    /// Its position in the file or region in pages, counted at the compound page's first page; none for a slab.
    pub index: Option<u64>,
    /// References.
    pub count: Option<i64>,
}

/// Where `struct page`s and the direct map of physical memory lie.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frames {
    shift: u32,
    size: u64,
    /// The `struct page` of frame 0, whether or not there is one.
    base: u64,
    /// The direct map's address of physical address 0, whether or not there is one.
    direct: u64,
    /// One past the last frame of the image.
    end: u64,
    /// How the base was found.
    origin: &'static str,
}

/// The longest name of a cache that is read.
const CACHE_NAME: usize = 128;

/// The name of the cache of kernel objects whose `kmem_cache` lies at `cache`.
pub fn cache_name(kernel: &Kernel, cache: VirtAddr) -> Option<Vec<u8>> {
    let shape = kernel.shape::<CacheNameShape>();
    kernel.view().read_cstr(shape.read(kernel.view(), cache).ptr(shape.name)?, CACHE_NAME).ok()
}

/// What was found for a kernel.
#[derive(Default)]
struct Kept(OnceLock<Option<Frames>>);

impl Found for Kept {
    fn find(_: &dyn Types) -> Self {
        Self::default()
    }
}

impl Frames {
    /// Finds them, once for a kernel. None where nothing that was tried proves itself.
    pub fn find(kernel: &Kernel) -> Option<Self> {
        kernel.shape::<Kept>().0.get_or_init(|| base::find(kernel)).clone()
    }

    /// Log2 of a page's size in bytes.
    pub fn page_shift(&self) -> u32 {
        self.shift
    }

    /// Size in bytes of a `struct page`.
    pub fn page_struct_size(&self) -> u64 {
        self.size
    }

    /// One past the last frame of the image: the frames are `0..end`, with holes where there is no memory.
    pub fn end(&self) -> u64 {
        self.end
    }

    /// How the array of `struct page` was found: a symbol, a part of VMCOREINFO, or `a page of a mapped file`.
    pub fn origin(&self) -> &'static str {
        self.origin
    }

    /// The `struct page` of frame 0, whether or not there is one (`vmemmap`).
    pub fn base(&self) -> VirtAddr {
        VirtAddr::new(umem::from(self.base))
    }

    /// The frame number of the `struct page` at `page`; none where there is none at that address.
    pub fn pfn_of(&self, page: VirtAddr) -> Option<u64> {
        let distance = to_u64(page.value())?.wrapping_sub(self.base);
        let pfn = distance / self.size;
        (distance.is_multiple_of(self.size) && pfn < self.end).then_some(pfn)
    }

    /// The `struct page` of a frame; none beyond the end of memory.
    pub fn page_of(&self, pfn: u64) -> Option<VirtAddr> {
        let at = self.base.wrapping_add(pfn.checked_mul(self.size)?);
        (pfn < self.end).then(|| VirtAddr::new(umem::from(at)))
    }

    /// The physical address of the frame whose `struct page` lies at `page`.
    pub fn phys_of(&self, page: VirtAddr) -> Option<PhysAddr> {
        Some(self.phys(self.pfn_of(page)?))
    }

    /// The physical address of a frame.
    pub fn phys(&self, pfn: u64) -> PhysAddr {
        PhysAddr::new(umem::from(pfn << self.shift))
    }

    /// Where the kernel's direct map has a physical address; none beyond the end of memory.
    pub fn virt_of(&self, phys: PhysAddr) -> Option<VirtAddr> {
        let phys = to_u64(phys.value())?;
        (phys >> self.shift < self.end).then(|| VirtAddr::new(umem::from(self.direct.wrapping_add(phys))))
    }

    /// What the `struct page` at `page` says; none where it is not in the image.
    pub fn facts(&self, kernel: &Kernel, page: VirtAddr) -> Option<PageFacts> {
        let (shape, bits) = (kernel.shape::<PageShape>(), kernel.shape::<PageBits>());
        let own = shape.read(kernel.view(), page);
        let head = self.head(&own, shape.head);
        let lead = if head == page { own } else { shape.read(kernel.view(), head) };
        let flags = lead.uint(shape.flags)?;
        let slab = bits.is_slab(flags, lead.uint(shape.kind));
        let cache = || {
            let over = kernel.shape::<SlabShape>();
            if over.cache.is_some() { over.read(kernel.view(), head).ptr(over.cache) } else { lead.ptr(shape.slab_cache) }
        };
        // The low bits of `mapping` say what it points to (`PAGE_MAPPING_FLAGS`, include/linux/page-flags.h): 0 a file's
        // `address_space`, 1 an `anon_vma`, 2 and 3 what is neither.
        let word = if slab { None } else { shape.mapping.and_then(|m| lead.word(m.offset)) };
        let mapping = word.filter(|w| *w > 0xfff && w & 2 == 0).map(|w| VirtAddr::new(umem::from(w & !3)));
        Some(PageFacts {
            page,
            head,
            flags,
            order: self.order(kernel, &bits, &shape, head, flags),
            slab,
            slab_cache: if slab { cache() } else { None },
            mapping,
            anonymous: word.is_some_and(|w| w & 3 == 1),
            index: if slab { None } else { lead.uint(shape.index) },
            count: lead.int(shape.count),
        })
    }

    /// The names of the flags that are set, without `PG_`.
    pub fn flag_names(&self, kernel: &Kernel, flags: u64) -> Vec<String> {
        let bits = kernel.shape::<PageBits>();
        bits.names.iter().filter(|(bit, _)| flags >> bit & 1 == 1).map(|(_, name)| name.clone()).collect()
    }

    /// The first page of a compound page: `compound_head`, whose lowest bit marks the others.
    fn head(&self, block: &Block, member: Option<Member>) -> VirtAddr {
        let Some(word) = member.and_then(|m| block.word(m.offset)).filter(|w| w & 1 == 1) else { return block.base() };
        // 7.1 keeps a mask in its place where the size of `struct page` is a power of two.
        let own = to_u64(block.base().value()).unwrap_or(0);
        let (mask, pointer) = (word & !1, word & !1);
        let head = if (!mask).wrapping_add(1).is_power_of_two()
            && (!mask >> 48) == 0
            && mask != 0
            && self.inside(own & mask)
            && !self.inside(pointer)
        {
            own & mask
        } else {
            pointer
        };
        if self.inside(head) && head <= own { VirtAddr::new(umem::from(head)) } else { block.base() }
    }

    /// Frames of a test, with the array of `struct page` at `base`.
    #[cfg(test)]
    pub fn test(base: u64) -> Self {
        Self { shift: 12, size: 64, base, direct: 0xffff_8880_0000_0000, end: 0x100, origin: "a test" }
    }

    /// Makes these the frames of a test's kernel.
    #[cfg(test)]
    pub fn preset(self, kernel: &Kernel) {
        let _ = kernel.shape::<Kept>().0.set(Some(self));
    }

    fn inside(&self, page: u64) -> bool {
        self.pfn_of(VirtAddr::new(umem::from(page))).is_some()
    }

    fn order(&self, kernel: &Kernel, bits: &PageBits, shape: &PageShape, head: VirtAddr, flags: u64) -> Option<u32> {
        if flags & bits.head? == 0 {
            return Some(0);
        }
        let folio = kernel.shape::<FolioShape>();
        let order = match (folio.order, folio.flags1) {
            (Some(m), _) => folio.read(kernel.view(), head).uint(Some(m)),
            _ if shape.order.is_some() => shape.read(kernel.view(), head.wrapping_add(umem::from(self.size))).uint(shape.order),
            (None, Some(m)) => folio.read(kernel.view(), head).uint(Some(m)).map(|f| f & 0xff),
            (None, None) => None,
        };
        order.filter(|&o| o <= LARGEST_ORDER).and_then(|o| u32::try_from(o).ok())
    }
}

impl PageBits {
    fn is_slab(&self, flags: u64, kind: Option<u64>) -> bool {
        if let Some(bit) = self.slab {
            return flags & bit != 0;
        }
        let Some(kind) = kind else { return false };
        match (self.slab_type, self.slab_clear) {
            (Some(number), _) => kind >> 24 == number,
            (None, Some(packed)) => {
                let (base, bit) = (packed >> 32, packed & 0xffff_ffff);
                kind & (base | bit) == base
            }
            (None, None) => false,
        }
    }
}
