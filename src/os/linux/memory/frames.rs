//! Page frames: between `struct page` (or `struct folio`, which begins with one), page frame numbers, physical addresses and the
//! kernel's direct map of physical memory; and what a `struct page` says of its frame (include/linux/mm_types.h).
//!
//! Where the array of `struct page` begins is told by the kernel (`vmemmap_base`, VMCOREINFO) or follows from a page of a mapped
//! file, whose `struct page` the page cache names and whose frame the page tables name. Whatever is used proves itself: the frames
//! of some known objects of the kernel must be slabs of a cache that has a name.

use crate::arch::Arch;
use crate::engine::{ViewExt, to_u64};
use crate::os::linux::base::kernel::Kernel;
use crate::os::linux::base::layout::{Block, Extent, Found, Member, Members, Shape, shapes};
use crate::os::linux::base::lost::Lost;
use crate::os::linux::containers::xarray::spans;
use crate::os::linux::tasks::task::Task;
use crate::symbols::{TypeKind, Types, TypesExt};
use memsh_plugin::{PhysAddr, VirtAddr, umem};

/// So many known objects are asked for the direct map and the proof.
const WITNESSES: usize = 8;
/// So many pages of mapped files are looked at for the base of the array.
const SAMPLES: usize = 64;
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
    /// `kmem_cache`, for the proof.
    CacheNameShape: "kmem_cache" {
        name: ["name"],
        size: ["object_size"],
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

/// The value of a constant of an enumeration of the kernel.
pub fn constant(types: &dyn Types, enumeration: &str, name: &str) -> Option<u64> {
    let (_, t) = types.resolve(types.find(&format!("enum {enumeration}"))?)?;
    let TypeKind::Enum(values) = t.kind else { return None };
    values.iter().find(|(n, _)| n == name).and_then(|(_, v)| u64::try_from(*v).ok())
}

impl Found for PageBits {
    fn find(types: &dyn Types) -> Self {
        let bit = |name: &str| constant(types, "pageflags", name).filter(|&b| b < 64);
        let mask = |name: &str| bit(name).map(|b| 1u64 << b);
        let base = constant(types, "pagetype", "PAGE_TYPE_BASE");
        let mut names: Vec<(u32, String)> = Vec::new();
        if let Some((_, t)) = types.find("enum pageflags").and_then(|id| types.resolve(id))
            && let TypeKind::Enum(values) = t.kind
        {
            for (name, value) in values {
                let (Ok(value), Some(name)) = (u32::try_from(value), name.strip_prefix("PG_")) else { continue };
                // The first name of a bit is its general one; later ones are what special pages use it for.
                if value < 64 && !names.iter().any(|(v, _)| *v == value) {
                    names.push((value, name.to_owned()));
                }
            }
        }
        names.sort_unstable();
        let slab_clear = match constant(types, "pagetype", "PG_slab") {
            Some(bit) => Some((base.unwrap_or(0x8000_0000), bit)),
            // 6.10 has neither the flag nor an enumeration: `PAGE_TYPE_BASE` and `PG_slab` are macros.
            None if bit("PG_locked").is_some() && bit("PG_slab").is_none() && types.find("enum pagetype").is_none() => {
                Some((0xf000_0000, 0x1000))
            }
            None => None,
        };
        Self {
            slab: mask("PG_slab"),
            slab_type: constant(types, "pagetype", "PGTY_slab"),
            slab_clear: slab_clear.map(|(base, bit)| base << 32 | bit),
            head: mask("PG_head"),
            names,
            size: types.size_of("struct page").filter(|s| (32..=256).contains(s) && s.is_multiple_of(8)),
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

impl Frames {
    /// Finds them. None where nothing that was tried proves itself.
    pub fn find(kernel: &Kernel) -> Option<Self> {
        let shift = kernel.space.format().page_size().checked_ilog2()?;
        let size = kernel.shape::<PageBits>().size?;
        let last = kernel.space.memory().ranges().iter().filter_map(|r| to_u64(r.start.value().checked_add(r.size)?)).max()?;
        let end = last >> shift;
        let objects = witnesses(kernel);
        for direct in direct_maps(kernel, &objects) {
            let make = |base, origin| Self { shift, size, base, direct, end, origin };
            let told = told(kernel, shift, size).into_iter().map(|(base, origin)| make(base, origin));
            if let Some(found) = told.into_iter().find(|f| f.proved(kernel, &objects)) {
                return Some(found);
            }
            let derived = derived(kernel, shift, size).map(|base| make(base, "a page of a mapped file"));
            if let Some(found) = derived.filter(|f| f.proved(kernel, &objects)) {
                return Some(found);
            }
        }
        None
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

    /// Whether known objects of the kernel lie in slabs that have a named cache.
    fn proved(&self, kernel: &Kernel, objects: &[(u64, u64)]) -> bool {
        let named = objects.iter().filter(|(virt, phys)| {
            let back = self.virt_of(PhysAddr::new(umem::from(*phys)));
            back == Some(VirtAddr::new(umem::from(*virt))) && self.in_named_slab(kernel, phys >> self.shift).is_some()
        });
        // A few frames may be missing from the image; a wrong base gives none.
        named.count() * 2 > objects.len()
    }

    fn in_named_slab(&self, kernel: &Kernel, pfn: u64) -> Option<()> {
        let facts = self.facts(kernel, self.page_of(pfn)?)?;
        let shape = kernel.shape::<CacheNameShape>();
        let cache = shape.read(kernel.view(), facts.slab_cache?);
        let name = kernel.view().read_cstr(cache.ptr(shape.name)?, 128).ok()?;
        let size = cache.uint(shape.size)?;
        (!name.is_empty() && name.iter().all(u8::is_ascii_graphic) && (1..=1 << 22).contains(&size)).then_some(())
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

/// Virtual and physical addresses of objects that every kernel allocates from slabs: processes, and the root directory's entry.
fn witnesses(kernel: &Kernel) -> Vec<(u64, u64)> {
    let image = kernel.address("init_task");
    let tasks = kernel.processes_by_id().into_iter().filter(|at| Some(*at) != image).take(WITNESSES);
    let root = kernel.root().map(|r| r.dentry);
    let place = |at: VirtAddr| Some((to_u64(at.value())?, to_u64(kernel.space.translate_one(at).ok()?.phys.value())?));
    tasks.chain(root).filter_map(place).collect()
}

/// Where the direct map may begin: as the kernel says, then as the known objects say, the most frequent first.
fn direct_maps(kernel: &Kernel, objects: &[(u64, u64)]) -> Vec<u64> {
    let mut out: Vec<u64> = pointer(kernel, "page_offset_base").into_iter().collect();
    let mut seen: Vec<(usize, u64)> = Vec::new();
    for (virt, phys) in objects {
        let base = virt.wrapping_sub(*phys);
        match seen.iter_mut().find(|(_, b)| *b == base) {
            Some((n, _)) => *n += 1,
            None => seen.push((1, base)),
        }
    }
    seen.sort_unstable_by(|a, b| b.cmp(a));
    for (_, base) in seen.into_iter().take(2) {
        if !out.contains(&base) {
            out.push(base);
        }
    }
    out
}

/// Where the kernel says that the `struct page` of frame 0 lies.
fn told(kernel: &Kernel, shift: u32, size: u64) -> Vec<(u64, &'static str)> {
    let mut out = Vec::new();
    out.extend(pointer(kernel, "vmemmap_base").map(|base| (base, "vmemmap_base")));
    if kernel.space.format().arch == Arch::X86_64 {
        // `__VMEMMAP_BASE_L4` and `_L5` (arch/x86/include/asm/pgtable_64_types.h), where KASLR does not move it.
        out.push((0xffff_ea00_0000_0000, "__VMEMMAP_BASE_L4"));
        out.push((0xffd4_0000_0000_0000, "__VMEMMAP_BASE_L5"));
    }
    let first = kernel.space.memory().ranges().first().and_then(|r| to_u64(r.start.value())).unwrap_or(0);
    let info = kernel.vmcoreinfo.as_ref();
    let number = |name| info.and_then(|i| i.number(name)).and_then(|n| u64::try_from(n).ok());
    // arch/arm64/kernel/vmcore_info.c and arch/riscv/kernel/vmcore_info.c: the array begins with the first frame of memory.
    let starts = number("PHYS_OFFSET").into_iter().chain([first, 0]);
    if let Some(start) = number("VMEMMAP_START") {
        out.extend(starts.map(|first| (start.wrapping_sub((first >> shift).wrapping_mul(size)), "NUMBER(VMEMMAP_START)")));
    }
    // Without a sparse memory model (CONFIG_FLATMEM).
    if let Some(map) = pointer(kernel, "mem_map") {
        out.extend([first, 0].map(|first| (map.wrapping_sub((first >> shift).wrapping_mul(size)), "mem_map")));
    }
    out
}

fn pointer(kernel: &Kernel, symbol: &str) -> Option<u64> {
    let at = kernel.address(symbol)?;
    kernel.view().read_ptr(at).ok().and_then(|p| to_u64(p.value())).filter(|p| *p != 0)
}

/// The base as pages of mapped files say: the page cache knows the `struct page`, the page tables of a process the frame.
fn derived(kernel: &Kernel, shift: u32, size: u64) -> Option<u64> {
    /// `VM_WRITE` (include/linux/mm.h): a private page may be a copy.
    const WRITE: u64 = 2;
    let (file_shape, map_shape) = (kernel.shape::<FileMappingShape>(), kernel.shape::<MappingShape>());
    let array_shape = kernel.layouts.array.as_ref()?;
    let mut lost = Lost::default();
    let mut votes: Vec<(usize, u64)> = Vec::new();
    let mut samples = 0;
    for task in kernel.processes_by_id().into_iter().take(SAMPLES) {
        let Some(task) = Task::read(kernel, task, &mut lost) else { continue };
        let Some(mm) = task.mm(kernel, &mut lost) else { continue };
        let space = task.space(kernel);
        for vma in mm.regions(kernel, &mut lost) {
            let (Some(file), Some(first)) = (vma.file, vma.page_offset) else { continue };
            if vma.flags & WRITE != 0 {
                continue;
            }
            let Some(mapping) = file_shape.read(kernel.view(), file).ptr(file_shape.mapping) else { continue };
            let Some(pages) = map_shape.read(kernel.view(), mapping).at(map_shape.pages) else { continue };
            for span in spans(kernel.view(), array_shape, pages, "mapped file", &mut lost).into_iter().take(SAMPLES) {
                let Some(page) = span.pointer().and_then(|p| to_u64(p.value())) else { continue };
                let Some(at) = span.first.checked_sub(first).and_then(|n| vma.start.checked_add(n.checked_shl(shift)?)) else {
                    continue;
                };
                if at >= vma.end {
                    continue;
                }
                let Ok(here) = space.translate_one(VirtAddr::new(umem::from(at))) else { continue };
                let Some(pfn) = to_u64(here.phys.value()).map(|p| p >> shift) else { continue };
                let base = page.wrapping_sub(pfn.wrapping_mul(size));
                match votes.iter_mut().find(|(_, b)| *b == base) {
                    Some((n, _)) => *n += 1,
                    None => votes.push((1, base)),
                }
                samples += 1;
            }
            if samples > SAMPLES {
                break;
            }
        }
        if samples > SAMPLES {
            break;
        }
    }
    let (n, base) = votes.into_iter().max()?;
    (n > 1).then_some(base)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::os::linux::testkit::{Kit, u};

    const MAP: u64 = 0xffff_ea00_0000_0000;
    const TEXT: u64 = 0xffff_ffff_8100_0000;

    fn frames() -> Frames {
        Frames::test(MAP)
    }

    fn at(n: u64) -> VirtAddr {
        VirtAddr::new(umem::from(n))
    }

    fn kit() -> Kit {
        let mut kit = Kit::new();
        let members = [
            ("flags", 0, u(8)),
            ("compound_head", 8, u(8)),
            ("mapping", 24, u(8)),
            ("index", 32, u(8)),
            ("page_type", 48, u(4)),
            ("_refcount", 52, u(4)),
        ];
        kit.types.structure("page", 64, &members);
        kit.types.enumeration("pageflags", &[("PG_locked", 0), ("PG_head", 6)]);
        kit.types.enumeration("pagetype", &[("PGTY_slab", 245)]);
        kit.types.structure("slab", 64, &[("slab_cache", 8, u(8))]);
        kit
    }

    #[test]
    fn there_and_back() {
        let f = frames();
        assert_eq!(f.pfn_of(f.page_of(7).unwrap()), Some(7));
        assert_eq!(f.phys_of(at(MAP + 64)).map(PhysAddr::value), Some(umem::from(0x1000u64)));
        assert_eq!(f.virt_of(PhysAddr::new(0x2010)), Some(at(0xffff_8880_0000_2010)));
    }

    #[test]
    fn what_is_no_frame_has_no_number() {
        let f = frames();
        assert_eq!([f.pfn_of(at(MAP + 1)), f.pfn_of(at(MAP - 64)), f.pfn_of(at(MAP + 0x100 * 64)), f.pfn_of(at(0))], [None; 4]);
        assert_eq!((f.page_of(0x100), f.virt_of(PhysAddr::new(0x10_0000))), (None, None));
    }

    #[test]
    fn a_tail_speaks_for_its_compound_page() {
        let mut kit = kit();
        kit.word(MAP + 4 * 64, 1 << 6);
        kit.word(MAP + 4 * 64 + 24, 0xffff_8880_0000_5000);
        kit.word(MAP + 4 * 64 + 32, 9);
        kit.word(MAP + 5 * 64 + 8, (MAP + 4 * 64) | 1);
        let facts = frames().facts(&kit.kernel(), at(MAP + 5 * 64)).unwrap();
        assert_eq!((facts.head, facts.mapping, facts.index), (at(MAP + 4 * 64), Some(at(0xffff_8880_0000_5000)), Some(9)));
    }

    #[test]
    fn a_mask_in_place_of_the_head_leads_to_it() {
        let mut kit = kit();
        kit.word(MAP + 4 * 64, 1 << 6);
        kit.word(MAP + 4 * 64 + 32, 9);
        // Four pages of 64 bytes.
        kit.word(MAP + 6 * 64 + 8, !0xffu64 | 1);
        let facts = frames().facts(&kit.kernel(), at(MAP + 6 * 64)).unwrap();
        assert_eq!((facts.head, facts.index), (at(MAP + 4 * 64), Some(9)));
    }

    #[test]
    fn a_wild_head_leads_nowhere() {
        let mut kit = kit();
        kit.word(MAP + 5 * 64 + 8, 0x4141_4141_4141_4141);
        let facts = frames().facts(&kit.kernel(), at(MAP + 5 * 64)).unwrap();
        assert_eq!(facts.head, at(MAP + 5 * 64));
    }

    #[test]
    fn slabs_are_known_by_their_kind() {
        let mut kit = kit();
        kit.word(MAP + 8, 0xffff_8880_0000_6000);
        kit.put(MAP + 48, &(245u32 << 24).to_le_bytes());
        let facts = frames().facts(&kit.kernel(), at(MAP)).unwrap();
        assert_eq!((facts.slab, facts.slab_cache, facts.mapping), (true, Some(at(0xffff_8880_0000_6000)), None));
    }

    #[test]
    fn anonymous_pages_belong_to_no_file() {
        let mut kit = kit();
        kit.word(MAP + 24, 0xffff_8880_0000_5001);
        let facts = frames().facts(&kit.kernel(), at(MAP)).unwrap();
        assert!(facts.anonymous && !facts.slab);
    }

    #[test]
    fn nothing_is_found_where_nothing_proves_itself() {
        let mut kit = kit();
        kit.symbol("vmemmap_base", TEXT);
        kit.word(TEXT, MAP);
        assert_eq!(Frames::find(&kit.kernel()), None);
    }
}
