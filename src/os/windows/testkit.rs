//! A small made-up Windows for tests: structures as one of the carried tables has them, in memory without page tables.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]
#![allow(clippy::cast_possible_truncation, clippy::unnecessary_cast, reason = "umem has 64 bits or more")]

use super::Kernel;
use super::base::kernel::{Build, Image};
use super::base::offsets::{Member, Offsets};
use crate::arch::{Arch, Paging};
use crate::engine::{AddressSpace, Flat, Memory};
use crate::symbols::tables::family;
use crate::symbols::{SymbolTable, Types};
use memsh_plugin::*;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

const PAGE: u64 = 4096;
/// 2023, as Windows counts.
pub const CREATED: u64 = 133_379_749_810_000_000;
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

/// Where paged memory has its root table, and its frames behind all tables.
pub const ROOT: u64 = PAGE;
const FRAMES: u64 = 0x10_0000;

/// Writes the entry of `at` that maps `1 << shift` bytes, with the tables above it.
fn set_entry(phys: &mut [u8], tables: &mut u64, at: u64, shift: u32, entry: u64) {
    let mut table = ROOT;
    for level in [39, 30, 21, 12] {
        let slot = (table + (at >> level & 511) * 8) as usize;
        if level == shift {
            phys[slot..slot + 8].copy_from_slice(&entry.to_le_bytes());
            return;
        }
        let mut next = u64::from_le_bytes(phys[slot..slot + 8].try_into().unwrap());
        if next & 1 == 0 {
            *tables += PAGE;
            assert!(*tables < FRAMES, "too many tables");
            next = *tables | 7;
            phys[slot..slot + 8].copy_from_slice(&next.to_le_bytes());
        }
        table = next & !(PAGE - 1);
    }
}

/// Physical memory from 0 on.
struct Whole(Vec<u8>, bool);

impl PhysicalMemory for Whole {
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
    fn mapped_runs(&self) -> CVec<MappedRun<'_>> {
        let run = MappedRun { start: PhysAddr::NULL, data: self.0.as_slice().into() };
        if self.1 { vec![run].into() } else { Vec::new().into() }
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
    runs: BTreeSet<u64>,
}

impl Kit {
    /// With the table of the first release that begins so (`10.0.19041`).
    pub fn new(release: &str, wide: bool) -> Self {
        let family = family(if wide { "windows-x64" } else { "windows-x86" }).unwrap();
        let table = family.tables().into_iter().find(|t| t.facts.release.starts_with(release)).expect(release);
        let types: Arc<dyn Types> = Arc::new(table.read(String::new()).unwrap());
        let build = release.split('.').nth(2).unwrap().parse().unwrap();
        let (symbols, pages, runs) = Default::default();
        let mut kit = Self { o: Offsets::of(&*types), types, build, wide, symbols, pages, runs };
        kit.put(kit.image(), b"MZ");
        let head = kit.head();
        kit.ring(&[head]);
        kit
    }

    /// An address of the kernel's half, which begins here with the 44 bits of Windows 8.
    pub fn at(&self, offset: u64) -> u64 {
        offset + if self.wide { 0xffff_fa80_0000_0000 } else { 0x8400_0000 }
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

    /// The number of a pointer's size that was put there.
    pub fn pages_word(&self, at: u64) -> u64 {
        let page = &self.pages[&(at & !(PAGE - 1))];
        let bytes = &page[(at % PAGE) as usize..][..self.width() as usize];
        bytes.iter().rev().fold(0, |n, b| n << 8 | u64::from(*b))
    }

    /// The same in a member.
    pub fn set(&mut self, base: u64, member: Option<Member>, value: u64) {
        self.word(base + member.unwrap().offset as u64, value);
    }

    /// 64 bits in a member.
    pub fn set64(&mut self, base: u64, member: Option<Member>, value: u64) {
        self.put(base + member.unwrap().offset as u64, &value.to_le_bytes());
    }

    /// A copy of a page at another address.
    pub fn copy_page(&mut self, from: u64, to: u64) {
        let page = self.pages[&(from & !(PAGE - 1))].clone();
        self.pages.insert(to & !(PAGE - 1), page);
    }

    /// That the page of an address can run.
    pub fn can_run(&mut self, at: u64) {
        self.runs.insert(at & !(PAGE - 1));
    }

    /// That every page that was put so far can run, as where page tables have no bit against it.
    pub fn everything_runs(&mut self) {
        self.runs = self.pages.keys().copied().collect();
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

    /// A process with one thread, in no list. The thread lies in the page behind.
    pub fn process(&mut self, at: u64, pid: u64, name: &str) {
        let o = self.o;
        let size = (o.kprocess.bytes.unwrap() as u64 / 4).to_le_bytes()[0];
        self.put(at, &[3, 0, size, 0]);
        for head in [o.kprocess.profiles, o.kprocess.threads].map(|m| at + m.unwrap().offset as u64) {
            self.ring(&[head]);
        }
        self.ring(&[at + (o.kprocess.header.unwrap().offset + o.dispatcher.waiters.unwrap().offset) as u64]);
        self.set(at, o.kprocess.dtb, 0x1a_b000);
        self.set(at, o.process.pid, pid);
        self.set(at, o.process.parent, 0);
        self.set64(at, o.process.created, CREATED + pid);
        self.put(at + o.process.name.unwrap().offset as u64, name.as_bytes());
        let thread = (at & !(PAGE - 1)) + PAGE;
        self.put(thread, &[6]);
        let head = at + o.process.threads.unwrap().offset as u64;
        self.ring(&[head, thread + o.thread.links.unwrap().offset as u64]);
        match (o.kthread.process, o.thread.process) {
            (Some(m), _) | (None, Some(m)) => self.set(thread, Some(m), at),
            (None, None) => {}
        }
    }

    /// Takes its thread away, and says when it ended.
    pub fn exit(&mut self, at: u64, when: u64) {
        let o = self.o;
        self.ring(&[at + o.process.threads.unwrap().offset as u64]);
        self.set64(at, o.process.exited, when);
    }

    /// Puts these processes on the list.
    pub fn list(&mut self, processes: &[u64]) {
        let nodes: Vec<u64> = std::iter::once(self.head()).chain(processes.iter().map(|p| self.links(*p))).collect();
        self.ring(&nodes);
    }

    /// A `UNICODE_STRING` at `at`, with its text behind it.
    pub fn unicode(&mut self, at: u64, text: &str) {
        let bytes: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let len = (bytes.len() as u16).to_le_bytes();
        self.put(at, &[len[0], len[1], len[0], len[1]]);
        self.word(at + self.width(), at + 2 * self.width());
        self.put(at + 2 * self.width(), &bytes);
    }

    /// The path that the kernel wrote down for a process.
    pub fn path(&mut self, process: u64, path: &str) {
        let audit = process + self.o.process.audit.unwrap().offset as u64;
        let at = (process & !(PAGE - 1)) + PAGE + 0xc00;
        self.set(audit, self.o.audit.image, at);
        self.unicode(at, path);
    }

    /// Descriptors of private memory for a process of Windows 8.1 or later: first page, pages, protection. Each is the right child of
    /// the one before.
    pub fn vads(&mut self, process: u64, at: u64, vads: &[(u64, u64, u64)]) {
        let o = self.o;
        self.set(process, o.process.vad_root, at);
        for (i, (first, pages, protection)) in vads.iter().enumerate() {
            let node = at + i as u64 * 0x100;
            self.word(node + self.width(), if i + 1 < vads.len() { node + 0x100 } else { 0 });
            self.put(node + o.vad.first.unwrap().offset as u64, &(*first as u32).to_le_bytes());
            self.put(node + o.vad.last.unwrap().offset as u64, &((first + pages - 1) as u32).to_le_bytes());
            let (protected, _) = bits(o.vad_flags.protection);
            let (private, _) = bits(o.vad_flags.private);
            let flags = (protection << protected | 1 << private) as u32;
            self.put(node + o.vad.flags.unwrap().offset as u64, &flags.to_le_bytes());
        }
    }

    /// The frame of an address in [`paged`](Self::paged) memory; what is put later moves it.
    pub fn frame(&self, at: u64) -> u64 {
        let page = at & !(PAGE - 1);
        FRAMES + self.pages.keys().position(|p| *p == page).expect("nothing was put there") as u64 * PAGE + at % PAGE
    }

    /// The kernel of all this behind page tables of x86-64, whose root is at [`ROOT`]. `entries` are written over what the tables hold:
    /// address, log2 of what the entry maps, entry. Where `mapped` the memory lies in one piece in our own.
    pub fn paged(&self, entries: &[(u64, u32, u64)], mapped: bool) -> Kernel {
        let mut phys = vec![0u8; (FRAMES + self.pages.len() as u64 * PAGE) as usize];
        let mut tables = ROOT;
        for (at, page) in &self.pages {
            let frame = self.frame(*at);
            phys[frame as usize..(frame + PAGE) as usize].copy_from_slice(page);
            set_entry(&mut phys, &mut tables, *at, 12, frame | 7);
        }
        for (at, shift, entry) in entries {
            set_entry(&mut phys, &mut tables, *at, *shift, *entry);
        }
        let memory = Memory::new(Whole(phys, mapped));
        let kernel = self.kernel();
        let space = AddressSpace::new(memory, Paging::X86_64, PhysAddr::new(umem::from(ROOT)));
        Kernel { space, ..kernel }
    }

    /// The kernel of all this.
    pub fn kernel(&self) -> Kernel {
        let rights = |at: &u64| Perm::READ.with(Perm::WRITE, true).with(Perm::EXECUTE, self.runs.contains(at));
        let address = |at: u64| VirtAddr::new(umem::from(at));
        let pieces = self.pages.keys().map(|at| (address(*at), umem::from(PAGE), rights(at)));
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
            pdbs: None,
        }
    }
}
