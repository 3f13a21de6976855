//! A small made-up Windows for tests: structures as one of the carried tables has them, in memory without page tables.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    clippy::unnecessary_cast
)]

use super::Kernel;
use super::base::kernel::{Build, Image};
use super::base::offsets::{Member, Offsets};
use crate::arch::Arch;
use crate::engine::{AddressSpace, Flat, Memory};
use crate::symbols::tables::family;
use crate::symbols::{SymbolTable, Types};
use memsh_plugin::*;
use std::collections::BTreeMap;
use std::sync::Arc;

const PAGE: u64 = 4096;
/// `KUSER_SHARED_DATA` in the kernel's half.
const SHARED: [u64; 2] = [0xffdf_0000, 0xffff_f780_0000_0000];

struct Sparse(BTreeMap<u64, Vec<u8>>);

impl PhysicalMemory for Sparse {
    fn metadata(&self) -> MemoryMetadata {
        MemoryMetadata::snapshot(umem::from(u64::MAX))
    }
    fn ranges(&self) -> CVec<MemoryRange> {
        let range = |at: &u64| MemoryRange { start: PhysAddr::new(umem::from(*at)), size: umem::from(PAGE) };
        self.0.keys().map(range).collect::<Vec<_>>().into()
    }
    fn read(&self, mut ops: CSliceMut<PhysReadOp>) {
        for op in ops.iter_mut() {
            let at = op.addr.value() as u64;
            let mut whole = true;
            for (i, byte) in op.buf.iter_mut().enumerate() {
                let at = at + i as u64;
                let found = self.0.get(&(at & !(PAGE - 1))).map(|p| p[(at % PAGE) as usize]);
                whole &= found.is_some();
                *byte = found.unwrap_or(0);
            }
            op.status = if whole { Status::DONE } else { Status::MISSING };
        }
    }
}

/// Lowest bit of a bit field, counted from the structure's start, and width.
pub fn bits(member: Option<Member>) -> (u32, u32) {
    let (low, width) = member.unwrap().bits.unwrap();
    (low + 8 * member.unwrap().offset as u32, width)
}

/// Memory and symbols in the making.
pub struct Kit {
    pub o: Offsets,
    types: Arc<dyn Types>,
    build: u32,
    pub wide: bool,
    symbols: Vec<(String, u64)>,
    pages: BTreeMap<u64, Vec<u8>>,
}

impl Kit {
    /// With the table of the first release that begins so (`10.0.19041`).
    pub fn new(release: &str, wide: bool) -> Self {
        let family = family(if wide { "windows-x64" } else { "windows-x86" }).unwrap();
        let table = family.tables().into_iter().find(|t| t.facts.release.starts_with(release)).expect(release);
        let types: Arc<dyn Types> = Arc::new(table.read(String::new()).unwrap());
        let build = release.split('.').nth(2).unwrap().parse().unwrap();
        let (symbols, pages) = Default::default();
        let mut kit = Self { o: Offsets::of(&*types), types, build, wide, symbols, pages };
        kit.put(kit.image(), b"MZ");
        let head = kit.head();
        kit.ring(&[head]);
        kit
    }

    /// An address of the kernel's half.
    pub fn at(&self, offset: u64) -> u64 {
        offset + if self.wide { 0xffff_9000_0000_0000 } else { 0x8400_0000 }
    }

    fn image(&self) -> u64 {
        if self.wide { 0xffff_f800_0000_0000 } else { 0x8200_0000 }
    }

    /// `PsActiveProcessHead`.
    pub fn head(&self) -> u64 {
        self.image() + 0x100
    }

    pub fn width(&self) -> u64 {
        if self.wide { 8 } else { 4 }
    }

    /// Puts bytes at an address; what is never put is not there.
    pub fn put(&mut self, at: u64, bytes: &[u8]) {
        for (i, &b) in bytes.iter().enumerate() {
            let at = at + i as u64;
            self.pages.entry(at & !(PAGE - 1)).or_insert_with(|| vec![0; PAGE as usize])[(at % PAGE) as usize] = b;
        }
    }

    /// A number of a pointer's size.
    pub fn word(&mut self, at: u64, value: u64) {
        let width = self.width() as usize;
        self.put(at, &value.to_le_bytes()[..width]);
    }

    /// The same in a member.
    pub fn set(&mut self, base: u64, member: Option<Member>, value: u64) {
        self.word(base + member.unwrap().offset as u64, value);
    }

    pub fn symbol(&mut self, name: &str, at: u64) {
        self.symbols.push((name.to_owned(), at));
    }

    /// A ring of list nodes, the head first.
    pub fn ring(&mut self, nodes: &[u64]) {
        let width = self.width();
        for (i, &node) in nodes.iter().enumerate() {
            self.word(node, nodes[(i + 1) % nodes.len()]);
            self.word(node + width, nodes[(i + nodes.len() - 1) % nodes.len()]);
        }
    }

    /// The list node of a process.
    pub fn links(&self, process: u64) -> u64 {
        process + self.o.process.links.unwrap().offset as u64
    }

    /// Puts these processes on the list.
    pub fn list(&mut self, processes: &[u64]) {
        let nodes: Vec<u64> = std::iter::once(self.head()).chain(processes.iter().map(|p| self.links(*p))).collect();
        self.ring(&nodes);
    }

    /// The kernel of all this.
    pub fn kernel(&self) -> Kernel {
        let address = |at: u64| VirtAddr::new(umem::from(at));
        let pieces = self.pages.keys().map(|at| (address(*at), umem::from(PAGE), Perm::READ));
        let flat = Flat::new(self.width() as u8, false, pieces);
        let arch = if self.wide { Arch::X86_64 } else { Arch::X86 };
        let mut symbols = SymbolTable::new();
        for (name, at) in &self.symbols {
            symbols.push(name, address(*at), b'D', None);
        }
        symbols.finish();
        Kernel {
            space: AddressSpace::flat(Memory::new(Sparse(self.pages.clone())), arch, flat),
            image: Image { base: address(self.image()), size: 0x10_0000, ..Image::default() },
            build: Build { number: self.build, ..Build::default() },
            offsets: self.o,
            types: Arc::clone(&self.types),
            symbols: Arc::new(symbols),
            processes: address(self.head()),
            modules: None,
            system: address(self.at(0)),
            shared_data: address(SHARED[usize::from(self.wide)]),
        }
    }
}
