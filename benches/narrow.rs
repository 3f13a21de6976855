//! Following values: a first scan, and passes over 100 million candidates, against a loop over every value.
//!
//! `cargo bench --bench narrow`. `MEMSH_BENCH_SHORT=1` takes 16 MiB instead of 400 MB. Beside the times it tells the memory that a set takes
//! for each candidate.
#![allow(clippy::unwrap_used, reason = "a benchmark has nobody to report to")]

#[path = "common/ram.rs"]
mod ram;

use divan::counter::{BytesCount, ItemsCount};
use divan::{Bencher, black_box};
use memsh::engine::Memory;
use memsh::engine::search::{Options, RunSource};
use memsh::narrow::{Condition, Owner, Pass, Set, Type};
use ram::Ram;
use std::sync::LazyLock;
use std::sync::atomic::AtomicBool;

static NEVER: AtomicBool = AtomicBool::new(false);

/// Values of 4 bytes: 100 million, or a few.
fn count() -> usize {
    if std::env::var_os("MEMSH_BENCH_SHORT").is_some() { 4 << 20 } else { 100_000_000 }
}

/// Numbers below a thousand, as counters are; later every `step`th has grown.
fn content(step: usize) -> Memory {
    let mut bytes = Vec::with_capacity(count() * 4);
    let mut state = 1u32;
    for i in 0..count() {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let grown = u32::from(step > 0 && i.is_multiple_of(step));
        bytes.extend_from_slice(&(state >> 16).wrapping_rem(1000).wrapping_add(grown).to_le_bytes());
    }
    Memory::new(Ram(bytes))
}

static NOW: LazyLock<Memory> = LazyLock::new(|| content(0));
/// One value in a thousand has grown: all blocks have changed, most values have not.
static LATER: LazyLock<Memory> = LazyLock::new(|| content(1000));

fn kind() -> Type {
    Type::parse("u32", 8, false).unwrap()
}

fn condition(text: &str) -> Condition {
    Condition::parse(text, kind(), None, &mut |_| Ok(0)).unwrap()
}

fn options(threads: usize) -> Options<'static> {
    Options { threads, ..Options::new(&NEVER) }
}

fn first(memory: &Memory, text: &str, align: usize, threads: usize) -> Set {
    let mut pass = Pass::first(kind(), align, &condition(text), text, u64::MAX).unwrap();
    pass.scan(Owner::Physical, &RunSource::physical(memory), false, &options(threads)).unwrap();
    pass.finish()
}

fn next(set: &Set, memory: &Memory, text: &str, threads: usize) -> Set {
    let mut pass = Pass::next(set, &condition(text), text, u64::MAX);
    pass.narrow(&set.parts[0], &RunSource::physical(memory), false, &options(threads)).unwrap();
    pass.finish()
}

/// 100 million candidates, their values remembered.
static ALL: LazyLock<Set> = LazyLock::new(|| told("? (every place)", first(&NOW, "?", 4, 0)));
/// A third of them, by a range.
static SOME: LazyLock<Set> = LazyLock::new(|| told("0..332 (a third)", first(&NOW, "0..332", 4, 0)));
/// A thousandth.
static FEW: LazyLock<Set> = LazyLock::new(|| told("7 (a thousandth)", first(&NOW, "7", 4, 0)));

fn told(what: &str, set: Set) -> Set {
    let each = set.memory() as f64 / set.count() as f64;
    eprintln!("# {what}: {} candidates, {} MiB, {each:.2} bytes each", set.count(), set.memory() >> 20);
    set
}

fn bytes(memory: &Memory) -> &[u8] {
    memory.mapped().unwrap().slices().next().unwrap().1
}

fn main() {
    divan::main();
}

/// What others do: every value loaded, compared, and its address pushed.
#[divan::bench(sample_count = 5)]
fn naive_first_scan(bencher: Bencher<'_, '_>) {
    bencher.counter(BytesCount::of_slice(bytes(&NOW))).bench_local(|| {
        let values = bytes(&NOW).chunks_exact(4).enumerate();
        let hits: Vec<u64> = values
            .filter(|(_, v)| u32::from_le_bytes((*v).try_into().unwrap()) == black_box(7))
            .map(|(i, _)| i as u64 * 4)
            .collect();
        hits
    });
}

#[divan::bench(sample_count = 5)]
fn memcpy(bencher: Bencher<'_, '_>) {
    let mut to = vec![1_u8; bytes(&NOW).len()];
    bencher.counter(BytesCount::of_slice(bytes(&NOW))).bench_local(|| black_box(&mut to).copy_from_slice(black_box(bytes(&NOW))));
}

#[divan::bench(sample_count = 10, args = [1, 2])]
fn first_scan_exact(bencher: Bencher<'_, '_>, threads: usize) {
    bencher.counter(BytesCount::of_slice(bytes(&NOW))).bench_local(|| first(&NOW, "7", 4, threads));
}

#[divan::bench(sample_count = 10, args = [1, 2])]
fn first_scan_rare(bencher: Bencher<'_, '_>, threads: usize) {
    bencher.counter(BytesCount::of_slice(bytes(&NOW))).bench_local(|| first(&NOW, "123456789", 4, threads));
}

#[divan::bench(sample_count = 5, args = [1, 2])]
fn first_scan_unaligned(bencher: Bencher<'_, '_>, threads: usize) {
    bencher.counter(BytesCount::of_slice(bytes(&NOW))).bench_local(|| first(&NOW, "123456789", 1, threads));
}

#[divan::bench(sample_count = 5, args = [1, 2])]
fn first_scan_range(bencher: Bencher<'_, '_>, threads: usize) {
    bencher.counter(BytesCount::of_slice(bytes(&NOW))).bench_local(|| first(&NOW, "0..332", 4, threads));
}

#[divan::bench(sample_count = 5, args = [1, 2])]
fn first_scan_any(bencher: Bencher<'_, '_>, threads: usize) {
    bencher.counter(BytesCount::of_slice(bytes(&NOW))).bench_local(|| first(&NOW, "?", 4, threads));
}

fn pass(bencher: Bencher<'_, '_>, set: &Set, text: &str, threads: usize) {
    let memory = &*LATER;
    bencher.counter(ItemsCount::new(set.count())).bench_local(|| next(set, memory, text, threads));
}

/// A list of addresses and values, as others keep it.
#[divan::bench(sample_count = 5)]
fn naive_narrow_all(bencher: Bencher<'_, '_>) {
    let list: Vec<(u64, u32)> =
        bytes(&NOW).chunks_exact(4).enumerate().map(|(i, v)| (i as u64 * 4, u32::from_le_bytes(v.try_into().unwrap()))).collect();
    let later = bytes(&LATER);
    bencher.counter(ItemsCount::new(list.len())).bench_local(|| {
        let now = |at: u64| u32::from_le_bytes(later[at as usize..at as usize + 4].try_into().unwrap());
        let kept: Vec<(u64, u32)> = list
            .iter()
            .map(|(at, old)| (*at, *old, now(*at)))
            .filter(|(_, old, new)| new > old)
            .map(|(at, _, new)| (at, new))
            .collect();
        kept
    });
}

#[divan::bench(sample_count = 10, args = [1, 2])]
fn narrow_all_changed(bencher: Bencher<'_, '_>, threads: usize) {
    pass(bencher, &ALL, "changed", threads);
}

#[divan::bench(sample_count = 10, args = [1, 2])]
fn narrow_all_more(bencher: Bencher<'_, '_>, threads: usize) {
    pass(bencher, &ALL, "+", threads);
}

#[divan::bench(sample_count = 10, args = [1, 2])]
fn narrow_all_exact(bencher: Bencher<'_, '_>, threads: usize) {
    pass(bencher, &ALL, "7", threads);
}

/// The worst: nearly all remain, all blocks have changed.
#[divan::bench(sample_count = 10, args = [1, 2])]
fn narrow_all_unchanged(bencher: Bencher<'_, '_>, threads: usize) {
    pass(bencher, &ALL, "unchanged", threads);
}

#[divan::bench(sample_count = 10, args = [1, 2])]
fn narrow_some_changed(bencher: Bencher<'_, '_>, threads: usize) {
    pass(bencher, &SOME, "changed", threads);
}

#[divan::bench(sample_count = 10, args = [1, 2])]
fn narrow_some_unchanged(bencher: Bencher<'_, '_>, threads: usize) {
    pass(bencher, &SOME, "unchanged", threads);
}

#[divan::bench(sample_count = 10, args = [1, 2])]
fn narrow_few_unchanged(bencher: Bencher<'_, '_>, threads: usize) {
    pass(bencher, &FEW, "unchanged", threads);
}
