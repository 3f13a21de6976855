#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::cast_possible_truncation)]
use super::*;
use crate::arch::Paging;
use crate::engine::{FaultReason, Memory};
use crate::os::linux::testkit::{FakeTypes, u};
use crate::symbols::SymbolTable;
use memsh_plugin::*;

/// The kernel's image: eight pages.
const IMAGE_AT: u64 = 0xffff_ffff_8100_0000;
const IMAGE_PHYS: u64 = 0x1_0000;
/// Where KASLR put the direct map: not where it is without.
const BASE: u64 = 0xffff_9f50_c000_0000;
/// A table that is not in the image.
const GONE: u64 = 0x20_0000;
/// A piece of memory behind a hole.
const FAR: u64 = 0x40_0000;
const HEAD: u64 = IMAGE_AT + 0x100;
/// A node of the list, in the far piece.
const NODE: u64 = FAR + 0x1060;

/// Two pieces of memory: tables and the image, and what the direct map's missing table would map.
struct Ram(Vec<u8>, Vec<u8>);

impl PhysicalMemory for Ram {
    fn metadata(&self) -> MemoryMetadata {
        MemoryMetadata::snapshot(1 << 23)
    }
    fn ranges(&self) -> CVec<MemoryRange> {
        let range =
            |start: u64, bytes: &Vec<u8>| MemoryRange { start: PhysAddr::new(umem::from(start)), size: bytes.len() as umem };
        vec![range(0, &self.0), range(FAR, &self.1)].into()
    }
    fn read(&self, mut ops: CSliceMut<PhysReadOp>) {
        for op in ops.iter_mut() {
            let (start, bytes) = if op.addr.value() < umem::from(FAR) { (0, &self.0) } else { (FAR, &self.1) };
            op.fill_from(PhysAddr::new(umem::from(start)), bytes);
        }
    }
}

struct Machine {
    ram: Ram,
    symbols: Vec<(&'static str, u64)>,
}

impl Machine {
    /// A kernel whose image is mapped, and whose direct map has lost all its tables but the root.
    fn new() -> Self {
        let mut m = Self { ram: Ram(vec![0; 0x2_0000], vec![0; 0x2000]), symbols: Vec::new() };
        m.put(0x1000 + 511 * 8, 0x2000 | 3);
        m.put(0x2000 + 510 * 8, 0x3000 | 3);
        m.put(0x3000 + 8 * 8, 0x4000 | 3);
        (0..8).for_each(|i| m.put(0x4000 + i * 8, (IMAGE_PHYS + i * 0x1000) | 3));
        m.put(0x1000 + 318 * 8, GONE | 3);
        m.variable("page_offset_base", IMAGE_AT, BASE);
        m.symbols.push(("slab_caches", HEAD));
        m.put(IMAGE_PHYS + 0x100, BASE + NODE);
        m.put(IMAGE_PHYS + 0x108, BASE + NODE);
        m.put(NODE, HEAD);
        m.put(NODE + 8, HEAD);
        m
    }

    fn put(&mut self, at: u64, value: u64) {
        let (start, bytes) = if at < FAR { (0, &mut self.ram.0) } else { (FAR, &mut self.ram.1) };
        let at = (at - start) as usize;
        bytes[at..at + 8].copy_from_slice(&value.to_le_bytes());
    }

    fn variable(&mut self, name: &'static str, at: u64, value: u64) {
        self.symbols.retain(|s| s.0 != name);
        self.symbols.push((name, at));
        self.put(at - IMAGE_AT + IMAGE_PHYS, value);
    }

    /// Tables of the direct map that are left: one for its first 2 MiB, whose page 3 lies at `phys`.
    fn left(&mut self, phys: u64) {
        self.put(0x1000 + 318 * 8, 0x5000 | 3);
        self.put(0x5000 + 323 * 8, 0x6000 | 3);
        self.put(0x6000, 0x7000 | 3);
        (0..0x20).for_each(|i| self.put(0x7000 + i * 8, (i << 12) | 3));
        self.put(0x7000 + 3 * 8, phys | 3);
        self.put(0x6000 + 2 * 8, GONE | 3);
    }

    fn kernel(self) -> Arc<Kernel> {
        let mut types = FakeTypes::default();
        types.structure("list_head", 16, &[("next", 0, u(8)), ("prev", 8, u(8))]);
        let mut symbols = SymbolTable::new();
        for (name, at) in &self.symbols {
            symbols.push(name, VirtAddr::new(umem::from(*at)), b'd', None);
        }
        symbols.finish();
        let virt = VirtAddr::new(umem::from(IMAGE_AT));
        let map = Arc::new(KernelMap::new(virt, PhysAddr::new(umem::from(IMAGE_PHYS)), 0x8000));
        let space = AddressSpace::new(Memory::new(self.ram), Paging::X86_64, PhysAddr::new(0x1000));
        let space = space.with_linear(Arc::clone(&map) as Arc<dyn LinearMap>);
        let mut kernel = Kernel::new(space, Arc::new(symbols), Arc::new(types), virt);
        kernel.linear = Some(Arc::clone(&map));
        let kernel = Arc::new(kernel);
        map.attach(&kernel);
        kernel
    }
}

fn read(kernel: &Kernel, at: u64) -> Option<u64> {
    kernel.space.read_u64(VirtAddr::new(umem::from(at))).ok()
}

fn told(kernel: &Kernel) -> String {
    kernel.linear.as_ref().unwrap().told().join("\n")
}

#[test]
fn the_direct_map_is_proven_by_a_list() {
    let kernel = Machine::new().kernel();
    assert_eq!(told(&kernel), "", "nothing was missed yet");
    assert_eq!(read(&kernel, BASE + NODE), Some(HEAD));
    let told = told(&kernel);
    assert!(told.contains("direct map") && told.contains("0x200000") && told.contains("page_offset_base"), "{told}");
    assert!(told.contains("0 addresses in tables that are left and 2 list entries agree"), "{told}");
    // A process does not have it.
    assert_eq!(read(&kernel, NODE), None);
}

#[test]
fn a_list_that_does_not_lead_back_proves_nothing() {
    let mut m = Machine::new();
    m.put(NODE, HEAD + 8);
    m.put(NODE + 8, HEAD + 8);
    let kernel = m.kernel();
    assert_eq!(read(&kernel, BASE + NODE), None);
    assert!(told(&kernel).contains("could not be computed: that it begins at 0xffff9f50c0000000"), "{}", told(&kernel));
}

#[test]
fn tables_that_are_left_prove_it_or_contradict() {
    let mut m = Machine::new();
    m.left(3 << 12);
    // No list leads there.
    m.put(IMAGE_PHYS + 0x100, 0);
    m.put(IMAGE_PHYS + 0x108, 0);
    let kernel = m.kernel();
    assert_eq!(read(&kernel, BASE + NODE), Some(HEAD));
    assert!(told(&kernel).contains("and 0 list entries agree"), "{}", told(&kernel));

    let mut m = Machine::new();
    // One address is elsewhere: lists do not outweigh it.
    m.left(9 << 12);
    (0..0x20).for_each(|i| m.put(0x7000 + i * 8, (i + 1) << 12 | 3));
    let kernel = m.kernel();
    assert_eq!(read(&kernel, BASE + NODE), None);
    assert!(told(&kernel).contains("contradict"), "{}", told(&kernel));
    // What the tables have stays what it is.
    let found = kernel.space.translate_one(VirtAddr::new(umem::from(BASE + 0x4000))).unwrap();
    assert_eq!(found.phys, PhysAddr::new(0x5000));
}

#[test]
fn without_kaslr_its_place_is_known() {
    for base in [0xffff_8880_0000_0000u64, 0xffff_8800_0000_0000] {
        let mut m = Machine::new();
        m.symbols.retain(|s| s.0 != "page_offset_base");
        m.put(0x1000 + ((base >> 39) & 511) * 8, GONE | 3);
        m.put(IMAGE_PHYS + 0x100, base + NODE);
        m.put(IMAGE_PHYS + 0x108, base + NODE);
        let kernel = m.kernel();
        assert_eq!(read(&kernel, base + NODE), Some(HEAD), "{base:#x}");
        assert!(told(&kernel).contains("__PAGE_OFFSET_BASE"), "{}", told(&kernel));
    }
}

#[test]
fn it_ends_where_vmalloc_or_memory_begins_and_ends() {
    let mut m = Machine::new();
    m.variable("vmalloc_base", IMAGE_AT + 8, BASE + FAR + 0x1000 + 0x1000);
    m.put(FAR + 8, 7);
    let kernel = m.kernel();
    assert_eq!(read(&kernel, BASE + FAR + 8), Some(7));

    let mut m = Machine::new();
    m.put(FAR + 8, 7);
    m.variable("vmalloc_base", IMAGE_AT + 8, BASE + FAR);
    let kernel = m.kernel();
    assert_eq!(read(&kernel, BASE + FAR + 8), None, "vmalloc's addresses are never computed");

    let mut m = Machine::new();
    m.put(FAR + 8, 7);
    m.variable("max_pfn", IMAGE_AT + 16, (FAR >> 12) + 1);
    let kernel = m.kernel();
    assert_eq!(read(&kernel, BASE + FAR + 8), None, "the list's node lies behind the last frame, so that nothing proves it");
}

#[test]
fn the_image_itself_is_computed() {
    let mut m = Machine::new();
    m.put(0x3000 + 8 * 8, GONE | 3);
    let kernel = m.kernel();
    assert_eq!(read(&kernel, IMAGE_AT), Some(BASE));
    assert!(told(&kernel).contains("kernel's own image") && told(&kernel).contains("0x200000"), "{}", told(&kernel));
    let behind = kernel.space.translate_one(VirtAddr::new(umem::from(IMAGE_AT + 0x8000))).unwrap_err();
    assert_eq!(behind.reason, FaultReason::NotInImage, "behind the image");
}

#[test]
fn looking_finds_tables_that_are_missing() {
    let kernel = Machine::new().kernel();
    kernel.linear.as_ref().unwrap().look(&kernel);
    assert!(told(&kernel).contains("direct map"), "{}", told(&kernel));
}
