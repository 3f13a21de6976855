//! Pointer maps: how fast one is built, beside reading the same bytes; how fast paths are found in it.
//!
//! `cargo bench --bench pointers`. `MEMSH_BENCH_SHORT=1` takes 16 MiB instead of 256.
#![allow(clippy::unwrap_used, reason = "a benchmark has nobody to report to")]

#[path = "common/ram.rs"]
mod ram;

use divan::counter::BytesCount;
use divan::{Bencher, black_box};
use memsh::disasm::Isa;
use memsh::engine::Memory;
use memsh::engine::search::{Options, RunSource, Span, VirtRun};
use memsh::pointers::{Base, Bases, Built, Limits, MAX_POINTERS, Ranges, Refer, Words, build, find, references};
use memsh_plugin::umem;
use ram::Ram;
use std::ops::ControlFlow;
use std::sync::LazyLock;
use std::sync::atomic::AtomicBool;

/// Where the memory lies in the made-up process.
const HEAP: u64 = 0x7f12_3400_0000;
const PAGE: usize = 4096;
static NEVER: AtomicBool = AtomicBool::new(false);

fn size() -> usize {
    if std::env::var_os("MEMSH_BENCH_SHORT").is_some() { 16 << 20 } else { 256 << 20 }
}

/// Pages as a process has them: half empty or text, a quarter numbers, a quarter objects in which every third word is a pointer.
fn content() -> Vec<u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut next = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    let mut bytes = vec![0; size()];
    let len = bytes.len() as u64;
    for page in bytes.chunks_mut(PAGE) {
        let kind = next() % 4;
        for (i, word) in page.chunks_mut(8).enumerate() {
            let value = match kind {
                0 => 0,
                1 => u64::from_le_bytes(*b"the text").rotate_left((i % 8) as u32 * 8),
                2 => next(),
                _ if i % 3 == 0 => HEAP + ((next() % len) & !7),
                _ => next() % 100_000,
            };
            word.copy_from_slice(&value.to_le_bytes());
        }
    }
    bytes
}

static MEMORY: LazyLock<Memory> = LazyLock::new(|| Memory::new(Ram(content())));

fn bytes() -> &'static [u8] {
    MEMORY.mapped().unwrap().slices().next().unwrap().1
}

fn source() -> RunSource<'static> {
    RunSource::new(&MEMORY, [VirtRun { virt: umem::from(HEAP), phys: 0, size: size() as umem }])
}

fn built(threads: usize, unaligned: bool) -> Built {
    let ranges = Ranges::new(Span::new(umem::from(HEAP), size() as umem), true);
    build(&source(), Words { wide: true, unaligned }, &ranges, MAX_POINTERS, &Options { threads, ..Options::new(&NEVER) })
}

static MAP: LazyLock<Built> = LazyLock::new(|| built(1, false));

fn main() {
    let map = &*MAP;
    println!("{} pointers in {} MiB", map.map.len(), size() >> 20);
    divan::main();
}

/// What reading costs: every word, added up.
#[divan::bench]
fn sum_of_words(bencher: Bencher) {
    let words = bytes().as_chunks::<8>().0;
    bencher
        .counter(BytesCount::new(size()))
        .bench_local(|| words.iter().fold(0u64, |sum, w| sum.wrapping_add(u64::from_le_bytes(*w))));
}

#[divan::bench(args = [1, 2])]
fn map(bencher: Bencher, threads: usize) {
    bencher.counter(BytesCount::new(size())).bench_local(|| built(threads, false));
}

/// The pass alone: nothing is found, so nothing is sorted.
#[divan::bench(args = [1, 2])]
fn pass(bencher: Bencher, threads: usize) {
    let ranges = Ranges::new([Span { first: 0x5555_0000_0000, last: 0x5555_0fff_ffff }], true);
    let kind = Words { wide: true, unaligned: false };
    let options = Options { threads, ..Options::new(&NEVER) };
    bencher.counter(BytesCount::new(size())).bench_local(|| build(&source(), kind, &ranges, MAX_POINTERS, &options));
}

#[divan::bench]
fn map_unaligned(bencher: Bencher) {
    bencher.counter(BytesCount::new(size())).bench_local(|| built(1, true));
}

/// Paths of five pointers from the first page, with everything within 64 bytes.
#[divan::bench(args = [64, 4096])]
fn find_at_depth_5(bencher: Bencher, behind: u32) {
    let bases = Bases::new(vec![Base { name: "program".to_owned(), start: HEAP, end: HEAP + 0x10_0000 }]);
    let target = HEAP + size() as u64 / 2;
    let limits = Limits { depth: 5, behind, before: 0, width: 16 << 20, longer: false, interrupt: &NEVER };
    bencher.bench_local(|| {
        let mut paths = 0;
        find(&MAP.map, &bases, black_box(target), &limits, &|_| None, &mut |_| {
            paths += 1;
            if paths < 100 { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        })
    });
}

/// References to an address, in data and in code: all of memory is both.
#[divan::bench(args = ["x86_64", "aarch64"])]
fn references_to(bencher: Bencher, name: &str) {
    let isa = *Isa::ALL.iter().find(|i| i.name() == name).unwrap();
    let source = source();
    let refer = Refer {
        first: HEAP + 0x1000,
        last: HEAP + 0x1000,
        data: &source,
        words: Words { wide: true, unaligned: false },
        code: Some((&source, isa)),
        beginning: &|_| None,
        read: &|at, buf| {
            let from = (at.wrapping_sub(HEAP)) as usize;
            let there = bytes().get(from..).map_or(&[][..], |b| &b[..buf.len().min(b.len())]);
            buf[..there.len()].copy_from_slice(there);
            there.len()
        },
        most: 1 << 20,
    };
    let options = Options { threads: 1, ..Options::new(&NEVER) };
    bencher.counter(BytesCount::new(size())).bench_local(|| references(&refer, &options).seen.len());
}
