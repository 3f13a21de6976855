//! What is compared.

use crate::common::{Target, space};
use memflow::architecture::x86::{X86VirtualTranslate, x64};
use memflow::cglue::CTup2;
use memflow::connector::MappedPhysicalMemory;
use memflow::mem::virt_translate::{CachedVirtualTranslate, DirectTranslate, VirtualTranslate2, VirtualTranslation};
use memflow::mem::{MemoryMap, MemoryView, VirtualDma, VirtualTranslate};
use memflow::types::{Address, DefaultCacheValidator};
use memsh::engine::AddressSpace;
use memsh_plugin::{MemoryView as _, TranslateOp, VirtAddr, VirtReadOp};
use std::hint::black_box;
use std::ops::ControlFlow;

/// One implementation. Buffers that a caller would keep are kept.
pub trait Engine {
    fn name(&self) -> &'static str;
    /// Translates one address.
    fn one(&mut self, va: u64) -> Option<u64>;
    /// Takes the list for [`list`](Self::list), in whatever form the engine wants it.
    fn prepare(&mut self, vas: &[u64]);
    /// Translates the list.
    fn list(&mut self);
    /// The sum of the addresses that [`list`](Self::list) found last.
    fn list_sum(&self) -> u64;
    /// Translates a range; the number of bytes that are mapped.
    fn range(&mut self, va: u64, len: u64) -> u64;
    fn read_u64(&mut self, va: u64) -> u64;
    /// Reads into the engine's buffer; whether all of it could be read.
    fn read(&mut self, va: u64, len: usize) -> bool;
}

/// The walk written by hand.
pub struct Naive {
    target: &'static Target,
    list: Vec<u64>,
    answers: Vec<Option<u64>>,
    buf: Vec<u8>,
}

impl Naive {
    pub fn new(target: &'static Target) -> Self {
        Self { target, list: Vec::new(), answers: Vec::new(), buf: vec![0; 1 << 20] }
    }
}

impl Engine for Naive {
    fn name(&self) -> &'static str {
        "naive"
    }
    fn one(&mut self, va: u64) -> Option<u64> {
        self.target.naive(va)
    }
    fn prepare(&mut self, vas: &[u64]) {
        self.list = vas.to_vec();
        self.answers = vec![None; vas.len()];
    }
    fn list(&mut self) {
        for (answer, &va) in self.answers.iter_mut().zip(&self.list) {
            *answer = self.target.naive(va);
        }
        black_box(&self.answers);
    }
    fn list_sum(&self) -> u64 {
        self.answers.iter().flatten().fold(0, |s, a| s.wrapping_add(*a))
    }
    fn range(&mut self, va: u64, len: u64) -> u64 {
        (va..va + len).step_by(4096).filter(|&va| black_box(self.target.naive(va)).is_some()).count() as u64 * 4096
    }
    fn read_u64(&mut self, va: u64) -> u64 {
        let at = self.target.naive(va).unwrap() as usize;
        u64::from_le_bytes(self.target.bytes[at..at + 8].try_into().unwrap())
    }
    fn read(&mut self, va: u64, len: usize) -> bool {
        for (i, page) in self.buf[..len].chunks_exact_mut(4096).enumerate() {
            let Some(at) = self.target.naive(va + i as u64 * 4096) else { return false };
            page.copy_from_slice(&self.target.bytes[at as usize..at as usize + 4096]);
        }
        black_box(&self.buf);
        true
    }
}

pub struct Memsh {
    space: AddressSpace,
    ops: Vec<TranslateOp>,
    buf: Vec<u8>,
}

impl Memsh {
    pub fn new(target: &'static Target) -> Self {
        Self { space: space(target), ops: Vec::new(), buf: vec![0; 1 << 20] }
    }
}

impl Engine for Memsh {
    fn name(&self) -> &'static str {
        "memsh"
    }
    fn one(&mut self, va: u64) -> Option<u64> {
        self.space.translate_one(VirtAddr::new(va)).ok().map(|t| t.phys.value())
    }
    fn prepare(&mut self, vas: &[u64]) {
        self.ops = vas.iter().map(|&va| TranslateOp::new(VirtAddr::new(va))).collect();
    }
    fn list(&mut self) {
        self.space.translate_batch(&mut self.ops);
        black_box(&self.ops);
    }
    fn list_sum(&self) -> u64 {
        let found = self.ops.iter().filter(|op| op.status.is_done());
        found.fold(0, |s, op| s.wrapping_add(op.translation.phys.value()))
    }
    fn range(&mut self, va: u64, len: u64) -> u64 {
        let mut bytes = 0;
        self.space.runs(VirtAddr::new(va), VirtAddr::new(va + len - 1), &mut |runs| {
            bytes += black_box(runs).iter().map(|r| r.size).sum::<u64>();
            ControlFlow::Continue(())
        });
        bytes
    }
    fn read_u64(&mut self, va: u64) -> u64 {
        self.space.read_u64(VirtAddr::new(va)).unwrap()
    }
    fn read(&mut self, va: u64, len: usize) -> bool {
        let mut ops = [VirtReadOp::new(VirtAddr::new(va), &mut self.buf[..len])];
        self.space.read_virt((&mut ops[..]).into());
        black_box(&ops[0]).status.is_done()
    }
}

type Buffer = MappedPhysicalMemory<&'static [u8], MemoryMap<&'static [u8]>>;

/// memflow over the same buffer.
pub struct Memflow<V> {
    name: &'static str,
    dma: VirtualDma<Buffer, V, X86VirtualTranslate>,
    list: Vec<CTup2<Address, u64>>,
    sum: u64,
    buf: Vec<u8>,
}

fn buffer(target: &'static Target) -> Buffer {
    let mut map = MemoryMap::new();
    map.push(0u64.into(), target.bytes.as_slice());
    MappedPhysicalMemory::with_info(map)
}

impl Memflow<DirectTranslate> {
    /// As `VirtualDma::new` makes it: every translation walks the tables.
    pub fn direct(target: &'static Target) -> Self {
        let dma = VirtualDma::new(buffer(target), x64::ARCH, x64::new_translator(target.root.into()));
        Self { name: "memflow direct", dma, list: Vec::new(), sum: 0, buf: vec![0; 1 << 20] }
    }
}

impl Memflow<CachedVirtualTranslate<DirectTranslate, DefaultCacheValidator>> {
    /// With its translation cache at the size that its operating-system layers get by default (2048 entries).
    pub fn cached(target: &'static Target) -> Self {
        let vat = CachedVirtualTranslate::builder(DirectTranslate::new()).arch(x64::ARCH).build().unwrap();
        let dma = VirtualDma::with_vat(buffer(target), x64::ARCH, x64::new_translator(target.root.into()), vat);
        Self { name: "memflow cached", dma, list: Vec::new(), sum: 0, buf: vec![0; 1 << 20] }
    }
}

impl<V: VirtualTranslate2> Engine for Memflow<V> {
    fn name(&self) -> &'static str {
        self.name
    }
    fn one(&mut self, va: u64) -> Option<u64> {
        self.dma.virt_to_phys(va.into()).ok().map(|p| p.address().to_umem())
    }
    fn prepare(&mut self, vas: &[u64]) {
        self.list = vas.iter().map(|&va| CTup2(va.into(), 1)).collect();
    }
    fn list(&mut self) {
        let mut sum = 0u64;
        let mut found = |t: VirtualTranslation| {
            sum = sum.wrapping_add(t.out_physical.address().to_umem());
            true
        };
        self.dma.virt_to_phys_list(&self.list, (&mut found).into(), (&mut |_| true).into());
        self.sum = sum;
    }
    fn list_sum(&self) -> u64 {
        self.sum
    }
    fn range(&mut self, va: u64, len: u64) -> u64 {
        let mut bytes = 0;
        let mut found = |t: VirtualTranslation| {
            bytes += black_box(t).size;
            true
        };
        self.dma.virt_to_phys_range(va.into(), (va + len).into(), (&mut found).into());
        bytes
    }
    fn read_u64(&mut self, va: u64) -> u64 {
        self.dma.read(va.into()).unwrap()
    }
    fn read(&mut self, va: u64, len: usize) -> bool {
        self.dma.read_raw_into(va.into(), &mut self.buf[..len]).is_ok()
    }
}
