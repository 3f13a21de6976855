//! Many processes searched together, against one after the other and against physical memory alone.
//!
//! `cargo bench --bench union`. `MEMSH_BENCH_SHORT=1` takes a sixteenth of the memory. A made-up machine: 40 processes that share a
//! quarter of memory as scattered pages, with pages of their own beside. Rates are of the bytes that some process maps, each once.
#![allow(clippy::unwrap_used, reason = "a benchmark has nobody to report to")]

#[path = "common/ram.rs"]
mod ram;

use divan::counter::BytesCount;
use divan::{Bencher, black_box};
use memsh::engine::Memory;
use memsh::engine::search::{Needle, Options, RunSource, Spaces, VirtRun, Widths, search, search_spaces};
use memsh_plugin::umem;
use ram::Ram;
use std::ops::ControlFlow;
use std::sync::LazyLock;
use std::sync::atomic::AtomicBool;

const PAGE: umem = 4096;
const PROCESSES: usize = 40;
static NEVER: AtomicBool = AtomicBool::new(false);

/// Runs by process.
struct Machine {
    memory: Memory,
    processes: Vec<Vec<VirtRun>>,
    /// Bytes that are mapped, each once.
    union: usize,
}

impl Spaces for Machine {
    fn count(&self) -> usize {
        self.processes.len()
    }
    fn runs(&self, space: usize, first: umem, run: &mut dyn FnMut(VirtRun) -> ControlFlow<()>) -> ControlFlow<()> {
        let runs = &self.processes[space];
        runs[runs.partition_point(|r| r.virt < first)..].iter().try_for_each(|r| run(*r))
    }
}

static MACHINE: LazyLock<Machine> = LazyLock::new(|| {
    let pages: usize = if std::env::var_os("MEMSH_BENCH_SHORT").is_some() { 4 << 10 } else { 64 << 10 };
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut bytes = vec![0_u8; pages * PAGE as usize];
    for word in bytes.chunks_mut(8).step_by(3) {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        word.copy_from_slice(&state.to_le_bytes());
    }
    for at in (1 << 20..bytes.len()).step_by(2 << 20) {
        bytes[at..at + 12].copy_from_slice(b"memsh needle");
    }
    // An odd factor visits every frame once, neighbours far apart.
    let frame = |i: usize| (i as umem).wrapping_mul(0x9e37) % pages as umem * PAGE;
    let run = |virt: umem, i: usize| VirtRun { virt, phys: frame(i), size: PAGE };
    let (shared, own) = (pages / 4, pages / 2 / PROCESSES);
    let process = |p: usize| -> Vec<VirtRun> {
        let data = (0..own).map(|i| run(0x40_0000 + i as umem * PAGE, shared + p * own + i));
        let library = (0..shared).map(|i| run(0x7f00_0000_0000 + (p as umem * 0x1234 + i as umem) * PAGE, i));
        data.chain(library).collect()
    };
    let processes = (0..PROCESSES).map(process).collect();
    Machine { memory: Memory::new(Ram(bytes)), processes, union: (shared + own * PROCESSES) * PAGE as usize }
});

fn main() {
    divan::main();
}

fn needle() -> Needle {
    Needle::text("memsh needle", Widths::Utf8, false).unwrap()
}

#[divan::bench(sample_count = 10, args = [1, 2])]
fn physical_memory(bencher: Bencher<'_, '_>, threads: usize) {
    let options = Options { threads, ..Options::new(&NEVER) };
    let source = RunSource::physical(&MACHINE.memory);
    bencher
        .counter(BytesCount::new(MACHINE.memory.ranges()[0].size))
        .bench_local(|| search(&source, black_box(&needle()), &options, &mut |_| ControlFlow::Continue(())).hits);
}

#[divan::bench(sample_count = 10, args = [1, 2])]
fn together(bencher: Bencher<'_, '_>, threads: usize) {
    let options = Options { threads, ..Options::new(&NEVER) };
    bencher.counter(BytesCount::new(MACHINE.union)).bench_local(|| {
        search_spaces(&MACHINE.memory, &*MACHINE, black_box(&needle()), &options, &mut |_| ControlFlow::Continue(())).hits
    });
}

#[divan::bench(sample_count = 10, args = [1, 2])]
fn one_after_the_other(bencher: Bencher<'_, '_>, threads: usize) {
    let options = Options { threads, ..Options::new(&NEVER) };
    bencher.counter(BytesCount::new(MACHINE.union)).bench_local(|| {
        let of = |runs: &Vec<VirtRun>| {
            let source = RunSource::new(&MACHINE.memory, runs.iter().copied());
            search(&source, black_box(&needle()), &options, &mut |_| ControlFlow::Continue(())).hits
        };
        MACHINE.processes.iter().map(of).sum::<u64>()
    });
}

/// A regex: stretches that are the same are searched once.
#[divan::bench(sample_count = 10, args = [1, 2])]
fn regex_together(bencher: Bencher<'_, '_>, threads: usize) {
    let options = Options { threads, ..Options::new(&NEVER) };
    let needle = Needle::regex("memsh n[a-z]+", false).unwrap();
    bencher.counter(BytesCount::new(MACHINE.union)).bench_local(|| {
        search_spaces(&MACHINE.memory, &*MACHINE, black_box(&needle), &options, &mut |_| ControlFlow::Continue(())).hits
    });
}
