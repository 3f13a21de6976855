//! The target of the translation benchmarks: one process whose page tables and data lie, shuffled, in one buffer; and the
//! yardstick, a walk written by hand over that buffer.
#![allow(dead_code, clippy::unwrap_used, clippy::indexing_slicing, missing_docs)]

use memsh::arch::Paging;
use memsh::engine::{AddressSpace, Memory};
use memsh_plugin::{CSliceMut, CVec, MappedRun, MemoryMetadata, MemoryRange, PhysAddr, PhysReadOp, PhysicalMemory};

const PRESENT_RW_USER: u64 = 7;

/// Whether to run over little memory, as CI does.
pub fn short() -> bool {
    std::env::var_os("MEMSH_BENCH_SHORT").is_some()
}

/// xorshift64*.
pub struct Rng(pub u64);

impl Rng {
    pub fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for i in (1..items.len()).rev() {
            items.swap(i, (self.next() % (i as u64 + 1)) as usize);
        }
    }
}

/// Physical memory in one buffer, with a 4-level process in it.
pub struct Target {
    pub bytes: Vec<u8>,
    pub root: u64,
    pub base: u64,
    pub pages: usize,
}

impl Target {
    /// `pages` pages of 4 KiB from virtual address `base`, frames and tables shuffled.
    pub fn shuffled(pages: usize) -> Target {
        let base = 0x7f00_0000_0000u64;
        let tables = pages.div_ceil(512) + pages.div_ceil(512 * 512) + 4;
        let total = pages + tables;
        let mut frames: Vec<u64> = (1..=total as u64).collect();
        let mut rng = Rng(0x9e37_79b9_7f4a_7c15);
        rng.shuffle(&mut frames);
        let mut bytes = vec![0u8; (total + 1) * 4096];
        let root = frames.pop().unwrap() << 12;
        for i in 0..pages as u64 {
            let va = base + (i << 12);
            let mut table = root;
            for shift in [39, 30, 21] {
                let at = (table + ((va >> shift & 511) << 3)) as usize;
                let entry = u64::from_le_bytes(bytes[at..at + 8].try_into().unwrap());
                table = if entry & 1 == 1 {
                    entry & 0x000f_ffff_ffff_f000
                } else {
                    let frame = frames.pop().unwrap() << 12;
                    bytes[at..at + 8].copy_from_slice(&(frame | PRESENT_RW_USER).to_le_bytes());
                    frame
                };
            }
            let frame = frames.pop().unwrap() << 12;
            let at = (table + ((va >> 12 & 511) << 3)) as usize;
            bytes[at..at + 8].copy_from_slice(&(frame | PRESENT_RW_USER).to_le_bytes());
            bytes[frame as usize..frame as usize + 8].copy_from_slice(&va.to_le_bytes());
        }
        Target { bytes, root, base, pages }
    }

    /// The yardstick: four loads, a bounds check each, no more.
    #[inline(always)]
    pub fn naive(&self, va: u64) -> Option<u64> {
        let mut table = self.root;
        for shift in [39u32, 30, 21] {
            let at = (table + ((va >> shift & 511) << 3)) as usize;
            let entry = u64::from_le_bytes(self.bytes.get(at..at + 8)?.try_into().ok()?);
            if entry & 1 == 0 {
                return None;
            }
            if shift != 39 && entry & 0x80 != 0 {
                let mask = (1u64 << shift) - 1;
                return Some(entry & 0x000f_ffff_ffff_f000 & !mask | va & mask);
            }
            table = entry & 0x000f_ffff_ffff_f000;
        }
        let at = (table + ((va >> 12 & 511) << 3)) as usize;
        let entry = u64::from_le_bytes(self.bytes.get(at..at + 8)?.try_into().ok()?);
        (entry & 1 == 1).then_some(entry & 0x000f_ffff_ffff_f000 | va & 0xfff)
    }

    /// `n` random addresses inside the process.
    pub fn random(&self, n: usize) -> Vec<u64> {
        let mut rng = Rng(42);
        (0..n).map(|_| self.base + rng.next() % (self.pages as u64 * 4096 - 8) / 8 * 8).collect()
    }

    pub fn last(&self) -> u64 {
        self.base + self.pages as u64 * 4096 - 1
    }
}

/// The buffer as a connector that is mapped.
pub struct Buffer(pub &'static Target);

impl PhysicalMemory for Buffer {
    fn metadata(&self) -> MemoryMetadata {
        MemoryMetadata::snapshot(self.0.bytes.len() as _)
    }
    fn ranges(&self) -> CVec<MemoryRange> {
        vec![MemoryRange { start: PhysAddr::NULL, size: self.0.bytes.len() as _ }].into()
    }
    fn read(&self, mut ops: CSliceMut<PhysReadOp>) {
        for op in ops.iter_mut() {
            op.fill_from(PhysAddr::NULL, &self.0.bytes);
        }
    }
    fn mapped_runs(&self) -> CVec<MappedRun<'_>> {
        vec![MappedRun { start: PhysAddr::NULL, data: self.0.bytes.as_slice().into() }].into()
    }
}

pub fn space(target: &'static Target) -> AddressSpace {
    AddressSpace::new(Memory::new(Buffer(target)), Paging::X86_64, PhysAddr::new(target.root as _))
}
