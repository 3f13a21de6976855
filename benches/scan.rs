//! Searching physical memory, against what the same bytes cost otherwise.
//!
//! `cargo bench --bench scan`. `MEMSH_BENCH_SHORT=1` takes 16 MiB instead of 256. `MEMSH_BENCH_WRITE=FILE` writes the bytes to
//! a file and ends, for a comparison with other programs (`rg -c -a -F -j1 'memsh needle' FILE`).
#![allow(clippy::unwrap_used, reason = "a benchmark has nobody to report to")]

#[path = "common/ram.rs"]
mod ram;

use divan::counter::BytesCount;
use divan::{Bencher, black_box};
use memsh::engine::Memory;
use memsh::engine::search::{
    Charset, Needle, Needles, Number, NumberType, Options, RunSource, StringsOptions, VirtRun, Widths, search, strings,
};
use memsh_plugin::umem;
use ram::Ram;
use std::ops::ControlFlow;
use std::sync::LazyLock;
use std::sync::atomic::AtomicBool;

const PAGE: usize = 4096;
const NEEDLE: &str = "memsh needle";
static NEVER: AtomicBool = AtomicBool::new(false);

/// Pages as memory has them: two fifths empty, two fifths text-like, one fifth random. One needle in each 16 MiB.
fn content() -> Vec<u8> {
    let size: usize = if std::env::var_os("MEMSH_BENCH_SHORT").is_some() { 16 << 20 } else { 256 << 20 };
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut next = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    let words = ["the ", "struct ", "return ", "/usr/lib/", "0x1000 ", "error: ", "name=", "int ", "\0\0\0", "needless\n"];
    let mut bytes = vec![0; size];
    for page in bytes.chunks_mut(PAGE) {
        match next() % 5 {
            0 | 1 => {}
            2 | 3 => {
                let mut at = 0;
                while at < page.len() {
                    let word = words[(next() % words.len() as u64) as usize].as_bytes();
                    let n = word.len().min(page.len() - at);
                    page[at..at + n].copy_from_slice(&word[..n]);
                    at += n;
                }
            }
            _ => page.chunks_mut(8).for_each(|c| c.copy_from_slice(&next().to_le_bytes()[..c.len()])),
        }
    }
    for at in (5 << 20..size).step_by(16 << 20) {
        bytes[at..at + NEEDLE.len()].copy_from_slice(NEEDLE.as_bytes());
    }
    bytes
}

static MEMORY: LazyLock<Memory> = LazyLock::new(|| Memory::new(Ram(content())));

fn bytes() -> &'static [u8] {
    MEMORY.mapped().unwrap().slices().next().unwrap().1
}

fn main() {
    if let Some(path) = std::env::var_os("MEMSH_BENCH_WRITE") {
        std::fs::write(path, bytes()).unwrap();
        return;
    }
    divan::main();
}

fn scan(bencher: Bencher<'_, '_>, source: &RunSource<'_>, needle: &Needle, threads: usize) {
    let options = Options { threads, ..Options::new(&NEVER) };
    bencher.counter(BytesCount::of_slice(bytes())).bench_local(|| {
        let mut hits = 0;
        search(source, black_box(needle), &options, &mut |_| {
            hits += 1;
            ControlFlow::Continue(())
        });
        hits
    });
}

#[divan::bench(sample_count = 10)]
fn memcpy(bencher: Bencher<'_, '_>) {
    let mut to = vec![1_u8; bytes().len()];
    bencher.counter(BytesCount::of_slice(bytes())).bench_local(|| black_box(&mut to).copy_from_slice(black_box(bytes())));
}

#[divan::bench(sample_count = 10)]
fn memmem_one_slice(bencher: Bencher<'_, '_>) {
    let finder = memchr::memmem::Finder::new(NEEDLE);
    bencher.counter(BytesCount::of_slice(bytes())).bench_local(|| finder.find_iter(black_box(bytes())).count());
}

#[divan::bench(sample_count = 10, args = [1, 2])]
fn literal(bencher: Bencher<'_, '_>, threads: usize) {
    scan(bencher, &RunSource::physical(&MEMORY), &Needle::text(NEEDLE, Widths::Utf8, false).unwrap(), threads);
}

/// Every page on its own, as a process sees memory whose frames lie anywhere.
#[divan::bench(sample_count = 10, args = [1, 2])]
fn literal_scattered_pages(bencher: Bencher<'_, '_>, threads: usize) {
    let pages = (bytes().len() / PAGE) as umem;
    // An odd factor visits every frame once (the number of pages is a power of two), neighbours far apart.
    let run = |i: umem| VirtRun {
        virt: 0x5555_0000_0000 + i * PAGE as umem,
        phys: i.wrapping_mul(0x9e37) % pages * PAGE as umem,
        size: PAGE as umem,
    };
    let source = RunSource::new(&MEMORY, (0..pages).map(run));
    scan(bencher, &source, &Needle::text(NEEDLE, Widths::Utf8, false).unwrap(), threads);
}

#[divan::bench(sample_count = 10, args = [1, 2])]
fn both_widths(bencher: Bencher<'_, '_>, threads: usize) {
    scan(bencher, &RunSource::physical(&MEMORY), &Needle::text(NEEDLE, Widths::Both, false).unwrap(), threads);
}

#[divan::bench(sample_count = 10, args = [1, 2])]
fn ignore_case(bencher: Bencher<'_, '_>, threads: usize) {
    scan(bencher, &RunSource::physical(&MEMORY), &Needle::text(NEEDLE, Widths::Utf8, true).unwrap(), threads);
}

#[divan::bench(sample_count = 10, args = [1, 2])]
fn hex_wildcards(bencher: Bencher<'_, '_>, threads: usize) {
    scan(bencher, &RunSource::physical(&MEMORY), &Needle::hex("6d 65 6d 73 68 ?? 6e 65 65 64").unwrap(), threads);
}

#[divan::bench(sample_count = 10, args = [1, 2])]
fn hex_nibbles(bencher: Bencher<'_, '_>, threads: usize) {
    scan(bencher, &RunSource::physical(&MEMORY), &Needle::hex("6d ?? 6? ?? 68 ?? 6? 65").unwrap(), threads);
}

#[divan::bench(sample_count = 10, args = [1, 2])]
fn regex(bencher: Bencher<'_, '_>, threads: usize) {
    scan(bencher, &RunSource::physical(&MEMORY), &Needle::regex(r"mem[a-z]+ n\w{5}", false).unwrap(), threads);
}

/// What ripgrep does with a file that it maps: its regex crate over one slice.
#[divan::bench(sample_count = 10)]
fn regex_crate_one_slice(bencher: Bencher<'_, '_>) {
    let regex = regex::bytes::RegexBuilder::new(r"mem[a-z]+ n\w{5}").unicode(false).build().unwrap();
    bencher.counter(BytesCount::of_slice(bytes())).bench_local(|| regex.find_iter(black_box(bytes())).count());
}

#[divan::bench(sample_count = 10, args = [1, 2])]
fn regex_utf16(bencher: Bencher<'_, '_>, threads: usize) {
    let mut needles = Needles::new();
    needles.regex(r"mem[a-z]+ n\w{5}", &[Charset::Utf16], false).unwrap();
    scan(bencher, &RunSource::physical(&MEMORY), &needles.build().unwrap(), threads);
}

#[divan::bench(sample_count = 10, args = [1, 2])]
fn regex_without_literal(bencher: Bencher<'_, '_>, threads: usize) {
    scan(bencher, &RunSource::physical(&MEMORY), &Needle::regex(r"[0-9]{3}-[0-9]{4}", false).unwrap(), threads);
}

#[divan::bench(sample_count = 10, args = [1, 2])]
fn hex_jumps(bencher: Bencher<'_, '_>, threads: usize) {
    scan(bencher, &RunSource::physical(&MEMORY), &Needle::hex("6d 65 6d [2-6] 6e 65 65 64 6c").unwrap(), threads);
}

/// Twelve letters each, made up; few or none of them are there.
fn words(count: usize) -> Vec<String> {
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let word = |_| {
        let letter = |_| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            char::from(b'a' + (state % 26) as u8)
        };
        (0..12).map(letter).collect()
    };
    (0..count).map(word).chain([NEEDLE.to_owned()]).collect()
}

#[divan::bench(sample_count = 10, args = [(10, 1), (10, 2), (100, 1), (10_000, 1), (10_000, 2), (100_000, 1), (499_000, 1)])]
fn needles(bencher: Bencher<'_, '_>, (count, threads): (usize, usize)) {
    let mut needles = Needles::new();
    words(count).iter().for_each(|w| needles.text(w, &[Charset::Utf8], false).unwrap());
    scan(bencher, &RunSource::physical(&MEMORY), &needles.build().unwrap(), threads);
}

#[divan::bench(sample_count = 10, args = [(10_000, 1), (10_000, 2)])]
fn needles_any_case_both_widths(bencher: Bencher<'_, '_>, (count, threads): (usize, usize)) {
    let mut needles = Needles::new();
    words(count).iter().for_each(|w| needles.text(w, &[Charset::Utf8, Charset::Utf16], true).unwrap());
    scan(bencher, &RunSource::physical(&MEMORY), &needles.build().unwrap(), threads);
}

/// Five bytes each: too short to be looked for at every fourth place only.
#[divan::bench(sample_count = 10, args = [(10_000, 1)])]
fn needles_short(bencher: Bencher<'_, '_>, (count, threads): (usize, usize)) {
    let mut needles = Needles::new();
    words(count).iter().for_each(|w| needles.bytes(&w.as_bytes()[..5]).unwrap());
    scan(bencher, &RunSource::physical(&MEMORY), &needles.build().unwrap(), threads);
}

/// The peer: all needles in the automaton that ripgrep and others use for literals.
#[divan::bench(sample_count = 3, args = [10, 10_000])]
fn aho_corasick_one_slice(bencher: Bencher<'_, '_>, count: usize) {
    let all = aho_corasick::AhoCorasick::new(words(count)).unwrap();
    bencher.counter(BytesCount::of_slice(bytes())).bench_local(|| all.find_iter(black_box(bytes())).count());
}

fn number(bencher: Bencher<'_, '_>, of: &str, low: &str, high: &str, aligned: bool, threads: usize) {
    let of = NumberType::parse(of, 8).unwrap();
    let value = |text: &str| -> Number { of.value(text).unwrap() };
    let mut needles = Needles::new();
    needles.range(of, value(low), value(high), aligned).unwrap();
    scan(bencher, &RunSource::physical(&MEMORY), &needles.build().unwrap(), threads);
}

#[divan::bench(sample_count = 10, args = [1, 2])]
fn number_i32(bencher: Bencher<'_, '_>, threads: usize) {
    number(bencher, "i32", "-123456", "-123456", true, threads);
}

#[divan::bench(sample_count = 10, args = [1, 2])]
fn number_i32_range(bencher: Bencher<'_, '_>, threads: usize) {
    number(bencher, "i32", "-123999", "-123456", true, threads);
}

#[divan::bench(sample_count = 10, args = ["u16", "u16be", "u32", "u32be", "u64", "u64be", "i64", "f32", "f64", "f32be"])]
fn number_range(bencher: Bencher<'_, '_>, of: &str) {
    let (low, high) = if of.contains("16") { ("61000", "61001") } else { ("123456001", "123456789") };
    number(bencher, of, low, high, true, 1);
}

#[divan::bench(sample_count = 10)]
fn number_i32_range_anywhere(bencher: Bencher<'_, '_>) {
    number(bencher, "i32", "-123999", "-123456", false, 1);
}

#[divan::bench(sample_count = 10, args = [1, 2])]
fn pointers(bencher: Bencher<'_, '_>, threads: usize) {
    let mut needles = Needles::new();
    needles.pointer_to(0xffff_ffff_8100_0000, 0xffff_ffff_811f_ffff, 8).unwrap();
    scan(bencher, &RunSource::physical(&MEMORY), &needles.build().unwrap(), threads);
}

#[divan::bench(sample_count = 10, args = [1, 2])]
fn text_strings(bencher: Bencher<'_, '_>, threads: usize) {
    let source = RunSource::physical(&MEMORY);
    let options = Options { threads, ..Options::new(&NEVER) };
    bencher.counter(BytesCount::of_slice(bytes())).bench_local(|| {
        let mut hits = 0;
        strings(&source, &StringsOptions::default(), &options, &mut |_| {
            hits += 1;
            ControlFlow::Continue(())
        });
        hits
    });
}
