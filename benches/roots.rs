//! All page-table roots of 1 GiB, by one pass over it.
//!
//! `cargo bench --bench roots`; `MEMSH_BENCH_SHORT=1` takes 32 MiB. The yardstick beside it loads one word of each page, on one
//! thread, and does nothing with it.
#![allow(missing_docs, clippy::unwrap_used, clippy::indexing_slicing, clippy::cast_possible_truncation)]

mod common;

use common::{Rng, short};
use divan::counter::ItemsCount;
use divan::{Bencher, black_box};
use memsh::arch::Paging;
use memsh::engine::{Memory, find_roots, root_groups};
use memsh_plugin::{
    CSliceMut, CVec, MappedRun, MemoryMetadata, MemoryRange, PhysAddr, PhysReadOp, PhysicalMemory, VirtAddr, umem,
};
use std::sync::LazyLock;

/// Where the made-up kernel begins, virtually and physically.
const KERNEL: u64 = 0xffff_ffff_8000_0000;
const KERNEL_AT: u64 = 0x100_0000;
/// Processes, each with a root.
const ROOTS: usize = 400;

struct Ram(Vec<u8>);

impl PhysicalMemory for Ram {
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
        vec![MappedRun { start: PhysAddr::NULL, data: self.0[..].into() }].into()
    }
}

/// Half the pages empty, a quarter noise, a quarter small numbers and pointers; in it the roots, and the tables that they share.
fn content() -> Vec<u8> {
    let pages = if short() { 8192 } else { 262_144u64 };
    let mut rng = Rng(0x5851_f42d_4c95_7f2d);
    let mut bytes = vec![0u8; pages as usize * 4096];
    for page in bytes.chunks_mut(4096) {
        let kind = rng.next() % 4;
        for word in page.chunks_mut(8) {
            let value = match kind {
                0 | 1 => break,
                2 => rng.next(),
                _ if rng.next().is_multiple_of(2) => rng.next() % 4096,
                _ => 0xffff_8880_0000_0000 | (rng.next() % (pages * 4096)),
            };
            word.copy_from_slice(&value.to_le_bytes());
        }
    }
    let mut frames: Vec<u64> = (1..pages).map(|f| f << 12).collect();
    rng.shuffle(&mut frames);
    let mut put = |table: u64, slot: u64, entry: u64| {
        let at = (table + slot * 8) as usize;
        bytes[at..at + 8].copy_from_slice(&entry.to_le_bytes());
    };
    let (upper, middle) = (frames[0], frames[1]);
    put(upper, 510, middle | 0x63);
    put(middle, 0, KERNEL_AT | 0xe3);
    for &root in &frames[2..2 + ROOTS] {
        put(root, 511, upper | 0x63);
    }
    bytes
}

static MEMORY: LazyLock<Memory> = LazyLock::new(|| Memory::new(Ram(content())));

fn pages() -> usize {
    MEMORY.mapped().unwrap().slices().next().unwrap().1.len() / 4096
}

fn main() {
    divan::main();
}

#[divan::bench(sample_count = 20)]
fn one_word_of_each_page(b: Bencher) {
    let bytes = MEMORY.mapped().unwrap().slices().next().unwrap().1;
    b.counter(ItemsCount::new(pages())).bench(|| {
        let words = black_box(bytes).chunks_exact(4096).map(|p| u64::from_le_bytes(p[4088..].try_into().unwrap()));
        words.fold(0, u64::wrapping_add)
    });
}

#[divan::bench(sample_count = 20)]
fn groups(b: Bencher) {
    b.counter(ItemsCount::new(pages())).bench(|| {
        let groups = root_groups(&MEMORY, Paging::X86_64, VirtAddr::new(KERNEL as umem));
        // Pages of small odd numbers "point" to a table at 0 and are a group too.
        assert!(groups.iter().any(|g| g.roots.len() == ROOTS));
    });
}

#[divan::bench(sample_count = 20)]
fn proven_roots(b: Bencher) {
    let probe = (VirtAddr::new(KERNEL as umem), PhysAddr::new(KERNEL_AT as umem));
    b.counter(ItemsCount::new(pages())).bench(|| {
        assert_eq!(find_roots(&MEMORY, Paging::X86_64, &[probe]).len(), ROOTS);
    });
}
