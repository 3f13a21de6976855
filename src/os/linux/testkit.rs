//! A small made-up kernel for tests: structures laid out by hand, in memory behind real page tables.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::cast_possible_truncation)]

use crate::arch::{Arch, Paging};
use crate::engine::{AddressSpace, Flat, Memory};
use crate::os::linux::base::kernel::Kernel;
use crate::symbols::{Field, SymbolTable, Type, TypeId, TypeKind, Types};
use memsh_plugin::*;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// What a member is.
#[derive(Clone, Debug)]
pub enum Ty {
    Uint(u64),
    Named(String),
    Array(u64, u64),
}

/// A number of so many bytes.
pub fn u(size: u64) -> Ty {
    Ty::Uint(size)
}

/// So many elements of so many bytes.
pub fn array(size: u64, count: u64) -> Ty {
    Ty::Array(size, count)
}

impl From<&str> for Ty {
    fn from(name: &str) -> Self {
        Ty::Named(name.to_owned())
    }
}

#[derive(Clone, Default)]
pub struct FakeTypes {
    names: HashMap<String, TypeId>,
    types: Vec<Type>,
}

impl FakeTypes {
    fn add(&mut self, t: Type) -> TypeId {
        self.types.push(t);
        TypeId(self.types.len() as u32 - 1)
    }

    fn named(&mut self, name: &str) -> TypeId {
        if let Some(&id) = self.names.get(name) {
            return id;
        }
        let id = self.add(Type { name: Some(name.to_owned()), size: None, kind: TypeKind::Forward });
        self.names.insert(name.to_owned(), id);
        id
    }

    fn ty(&mut self, ty: &Ty) -> TypeId {
        let int = TypeKind::Int { signed: false, char: false, bool: false };
        match ty {
            Ty::Named(name) => self.named(name),
            Ty::Uint(size) => self.add(Type { name: None, size: Some(*size), kind: int }),
            Ty::Array(size, count) => {
                let element = self.ty(&Ty::Uint(*size));
                self.add(Type { name: None, size: Some(size * count), kind: TypeKind::Array { element, count: *count } })
            }
        }
    }

    pub fn structure(&mut self, name: &str, size: u64, fields: &[(&str, u64, Ty)]) {
        let fields = fields
            .iter()
            .map(|(name, offset, ty)| Field {
                name: (*name).to_owned(),
                bit_offset: offset * 8,
                bit_size: None,
                type_id: self.ty(ty),
            })
            .collect();
        let id = self.named(name);
        self.types[id.0 as usize] = Type { name: Some(name.to_owned()), size: Some(size), kind: TypeKind::Struct(fields) };
    }

    /// An enumeration of 32 bits.
    pub fn enumeration(&mut self, name: &str, values: &[(&str, i128)]) {
        let values = values.iter().map(|(name, value)| ((*name).to_owned(), *value)).collect();
        let id = self.add(Type { name: Some(name.to_owned()), size: Some(4), kind: TypeKind::Enum(values) });
        self.names.insert(format!("enum {name}"), id);
    }
}

impl Types for FakeTypes {
    fn find(&self, name: &str) -> Option<TypeId> {
        self.names.get(name.strip_prefix("struct ").unwrap_or(name)).copied()
    }
    fn get(&self, id: TypeId) -> Option<Type> {
        self.types.get(id.0 as usize).cloned()
    }
    fn names(&self) -> Vec<String> {
        self.names.keys().cloned().collect()
    }
    fn origin(&self) -> String {
        "a test".into()
    }
}

struct Rom(Vec<u8>);

impl PhysicalMemory for Rom {
    fn metadata(&self) -> MemoryMetadata {
        MemoryMetadata::snapshot(self.0.len() as umem)
    }
    fn ranges(&self) -> CVec<MemoryRange> {
        vec![MemoryRange { start: PhysAddr::NULL, size: self.0.len() as umem }].into()
    }
    fn read(&self, mut ops: CSliceMut<PhysReadOp>) {
        for op in ops.iter_mut() {
            op.fill_from(PhysAddr::NULL, &self.0);
        }
    }
}

/// Pieces of memory, each where it is.
struct Pieces(Vec<(u64, Vec<u8>)>);

impl PhysicalMemory for Pieces {
    fn metadata(&self) -> MemoryMetadata {
        MemoryMetadata::snapshot(1 << 32)
    }
    fn ranges(&self) -> CVec<MemoryRange> {
        let range =
            |(at, bytes): &(u64, Vec<u8>)| MemoryRange { start: PhysAddr::new(umem::from(*at)), size: bytes.len() as umem };
        self.0.iter().map(range).collect::<Vec<_>>().into()
    }
    fn read(&self, mut ops: CSliceMut<PhysReadOp>) {
        for op in ops.iter_mut() {
            let holds = |(at, bytes): &&(u64, Vec<u8>)| {
                (umem::from(*at)..umem::from(*at) + bytes.len() as umem).contains(&op.addr.value())
            };
            if let Some((at, bytes)) = self.0.iter().find(holds) {
                op.fill_from(PhysAddr::new(umem::from(*at)), bytes);
            }
        }
    }
}

/// Memory, types and symbols in the making.
#[derive(Default)]
pub struct Kit {
    pub types: FakeTypes,
    /// A processor other than x86-64, of 32 bits and without page tables.
    narrow: Option<Arch>,
    symbols: Vec<(String, u64, u8)>,
    pages: BTreeMap<u64, Vec<u8>>,
    /// Entries of page tables that map nothing.
    entries: BTreeMap<u64, u64>,
}

const PAGE: u64 = 4096;

impl Kit {
    pub fn new() -> Self {
        let mut kit = Self::default();
        kit.types.structure("list_head", 16, &[("next", 0, u(8)), ("prev", 8, u(8))]);
        kit
    }

    /// The same of a 32-bit processor: pointers of four bytes, every address its own place.
    pub fn narrow(arch: Arch) -> Self {
        let mut kit = Self { narrow: Some(arch), ..Self::default() };
        kit.types.structure("list_head", 8, &[("next", 0, u(4)), ("prev", 4, u(4))]);
        kit
    }

    /// Puts bytes at a virtual address; what is never put is not there.
    pub fn put(&mut self, at: u64, bytes: &[u8]) {
        for (i, &b) in bytes.iter().enumerate() {
            let at = at + i as u64;
            self.pages.entry(at & !(PAGE - 1)).or_insert_with(|| vec![0; PAGE as usize])[(at % PAGE) as usize] = b;
        }
    }

    /// Puts a word of a pointer's size.
    pub fn word(&mut self, at: u64, value: u64) {
        let size = if self.narrow.is_some() { 4 } else { 8 };
        self.put(at, &value.to_le_bytes()[..size]);
    }

    /// The page at a virtual address is swapped out (arch/x86/include/asm/pgtable_64.h); what was put there is gone.
    pub fn swap_out(&mut self, at: u64, area: u64, slot: u64) {
        self.pages.remove(&(at & !(PAGE - 1)));
        self.entries.insert(at & !(PAGE - 1), !slot << 14 >> 5 | area << 59);
    }

    /// A ring of list nodes, the head first.
    pub fn ring(&mut self, nodes: &[u64]) {
        for (i, &node) in nodes.iter().enumerate() {
            let next = nodes[(i + 1) % nodes.len()];
            let prev = nodes[(i + nodes.len() - 1) % nodes.len()];
            self.word(node, next);
            self.word(node + if self.narrow.is_some() { 4 } else { 8 }, prev);
        }
    }

    pub fn symbol(&mut self, name: &str, at: u64) {
        self.symbols.push((name.to_owned(), at, b'd'));
    }

    /// A symbol of code.
    pub fn code(&mut self, name: &str, at: u64) {
        self.symbols.push((name.to_owned(), at, b't'));
    }

    /// The symbols so far are functions, not data.
    pub fn symbols_as_text(&mut self) {
        self.symbols.iter_mut().for_each(|s| s.2 = b't');
    }

    /// The kernel of all this.
    pub fn kernel(&self) -> Kernel {
        let mut symbols = SymbolTable::new();
        for (name, at, kind) in &self.symbols {
            symbols.push(name, VirtAddr::new(umem::from(*at)), *kind, None);
        }
        symbols.finish();
        let space = self.narrow.map_or_else(|| self.mapped(), |arch| self.flat(arch));
        Kernel::new(space, Arc::new(symbols), Arc::new(self.types.clone()), VirtAddr::NULL)
    }

    /// A space in which every address is its own place.
    fn flat(&self, arch: Arch) -> AddressSpace {
        let mut pieces: Vec<(u64, Vec<u8>)> = Vec::new();
        for (&at, bytes) in &self.pages {
            match pieces.last_mut() {
                Some((start, piece)) if *start + piece.len() as u64 == at => piece.extend(bytes),
                _ => pieces.push((at, bytes.clone())),
            }
        }
        let runs: Vec<_> = pieces
            .iter()
            .map(|(at, b)| (VirtAddr::new(umem::from(*at)), b.len() as umem, Perm::READ.with(Perm::WRITE, true)))
            .collect();
        AddressSpace::flat(Memory::new(Pieces(pieces)), arch, Flat::new(4, false, runs))
    }

    fn mapped(&self) -> AddressSpace {
        let mut phys = vec![0u8; 2 * PAGE as usize];
        for (&va, bytes) in &self.pages {
            let mut table = PAGE;
            for shift in [39, 30, 21] {
                table = self.entry(&mut phys, table + ((va >> shift) & 511) * 8, None);
            }
            self.entry(&mut phys, table + ((va >> 12) & 511) * 8, Some(bytes));
        }
        for (&va, entry) in &self.entries {
            let mut table = PAGE;
            for shift in [39, 30, 21] {
                table = self.entry(&mut phys, table + ((va >> shift) & 511) * 8, None);
            }
            let slot = (table + ((va >> 12) & 511) * 8) as usize;
            phys[slot..slot + 8].copy_from_slice(&entry.to_le_bytes());
        }
        AddressSpace::new(Memory::new(Rom(phys)), Paging::X86_64, PhysAddr::new(umem::from(PAGE)))
    }

    /// The table or page that the entry at `at` points to, made where there is none.
    fn entry(&self, phys: &mut Vec<u8>, at: u64, page: Option<&Vec<u8>>) -> u64 {
        let slot = at as usize..at as usize + 8;
        let old = u64::from_le_bytes(phys[slot.clone()].try_into().unwrap());
        if old != 0 {
            return old & !(PAGE - 1);
        }
        let new = phys.len() as u64;
        phys.extend(page.cloned().unwrap_or_else(|| vec![0; PAGE as usize]));
        phys[slot].copy_from_slice(&(new | 7).to_le_bytes());
        new
    }
}
