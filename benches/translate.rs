//! Translation and virtual reads against a naive walk written by hand, over 512 MiB of shuffled 4 KiB pages.
//!
//! `cargo bench --bench translate`; `MEMSH_BENCH_SHORT=1` for a run of seconds over 16 MiB.
#![allow(missing_docs, clippy::unwrap_used, clippy::indexing_slicing, clippy::cast_possible_truncation)]

mod common;

use common::{Target, short, space};
use divan::counter::{BytesCount, ItemsCount};
use divan::{Bencher, black_box};
use memsh::engine::AddressSpace;
use memsh_plugin::{MemoryView, TranslateOp, VirtAddr, VirtReadOp, umem};
use std::ops::ControlFlow;
use std::sync::OnceLock;

fn main() {
    divan::main();
}

fn target() -> &'static Target {
    static T: OnceLock<Target> = OnceLock::new();
    T.get_or_init(|| Target::shuffled(if short() { 4096 } else { 131_072 }))
}

fn target_space() -> &'static AddressSpace {
    static S: OnceLock<AddressSpace> = OnceLock::new();
    S.get_or_init(|| space(target()))
}

const SINGLES: usize = 65536;

#[divan::bench]
fn single_random_naive(b: Bencher) {
    let (t, vas) = (target(), target().random(SINGLES));
    b.counter(ItemsCount::new(SINGLES)).bench(|| {
        for &va in &vas {
            black_box(t.naive(black_box(va)));
        }
    });
}

#[divan::bench]
fn single_random_memsh(b: Bencher) {
    let (s, vas) = (target_space(), target().random(SINGLES));
    b.counter(ItemsCount::new(SINGLES)).bench(|| {
        for &va in &vas {
            // The address alone, as the yardstick gives it.
            black_box(s.translate_one(VirtAddr::new(black_box(va) as umem)).ok().map(|t| t.phys));
        }
    });
}

fn list(n: usize, sorted: bool) -> Vec<u64> {
    let mut vas = target().random(n);
    if sorted {
        vas.sort_unstable();
    }
    vas
}

const LISTS: [(usize, bool); 5] = [(16, false), (4096, false), (4096, true), (65536, false), (65536, true)];

#[divan::bench(args = LISTS)]
fn list_naive(b: Bencher, (n, sorted): (usize, bool)) {
    let (t, vas) = (target(), list(n, sorted));
    let mut out = vec![None; n];
    b.counter(ItemsCount::new(n)).bench_local(|| {
        for (o, &va) in out.iter_mut().zip(&vas) {
            *o = t.naive(va);
        }
        black_box(&out);
    });
}

#[divan::bench(args = LISTS)]
fn list_memsh(b: Bencher, (n, sorted): (usize, bool)) {
    let (s, vas) = (target_space(), list(n, sorted));
    let mut ops: Vec<TranslateOp> = vas.iter().map(|&va| TranslateOp::new(VirtAddr::new(va as umem))).collect();
    b.counter(ItemsCount::new(n)).bench_local(|| {
        s.translate_batch(&mut ops);
        black_box(&ops);
    });
}

#[divan::bench]
fn whole_range_naive(b: Bencher) {
    let t = target();
    b.counter(ItemsCount::new(t.pages)).bench(|| {
        let mut sum = 0u64;
        for i in 0..t.pages as u64 {
            sum = sum.wrapping_add(t.naive(black_box(t.base) + (i << 12)).unwrap_or(0));
        }
        sum
    });
}

#[divan::bench]
fn whole_range_memsh(b: Bencher) {
    let (t, s) = (target(), target_space());
    b.counter(ItemsCount::new(t.pages)).bench(|| {
        let mut sum: umem = 0;
        s.runs(VirtAddr::new(t.base as umem), VirtAddr::new(t.last() as umem), &mut |runs| {
            for r in runs {
                sum = sum.wrapping_add(r.phys.value());
            }
            ControlFlow::Continue(())
        });
        sum
    });
}

/// One million mapped pages, the whole space.
#[divan::bench]
fn whole_space_million_pages(b: Bencher) {
    static T: OnceLock<Target> = OnceLock::new();
    let pages = if short() { 16384 } else { 1 << 20 };
    let t = T.get_or_init(|| Target::shuffled(pages));
    let s = space(t);
    b.counter(ItemsCount::new(pages)).bench(|| {
        let mut n: umem = 0;
        s.all_runs(&mut |runs| {
            n += runs.iter().map(|r| r.size).sum::<umem>();
            ControlFlow::Continue(())
        });
        assert_eq!(n, (pages * 4096) as umem);
    });
}

#[divan::bench]
fn read_8_random_naive(b: Bencher) {
    let (t, vas) = (target(), target().random(SINGLES));
    b.counter(ItemsCount::new(SINGLES)).bench(|| {
        let mut sum = 0u64;
        for &va in &vas {
            let at = t.naive(va).unwrap() as usize;
            sum = sum.wrapping_add(u64::from_le_bytes(t.bytes[at..at + 8].try_into().unwrap()));
        }
        sum
    });
}

#[divan::bench]
fn read_8_random_memsh(b: Bencher) {
    let (s, vas) = (target_space(), target().random(SINGLES));
    b.counter(ItemsCount::new(SINGLES)).bench(|| {
        let mut sum = 0u64;
        for &va in &vas {
            sum = sum.wrapping_add(s.read_u64(VirtAddr::new(va as umem)).unwrap());
        }
        sum
    });
}

#[divan::bench(args = [64usize << 10, 1 << 20])]
fn read_sequential_memcpy(b: Bencher, size: usize) {
    let t = target();
    let mut buf = vec![0u8; size];
    let total = t.pages * 4096;
    b.counter(BytesCount::new(total)).bench_local(|| {
        for from in t.bytes[..total].chunks_exact(size) {
            buf.copy_from_slice(from);
            black_box(&buf);
        }
    });
}

/// The same bytes in the order of the page tables, a page at a time: what any reader of shuffled frames has to do.
#[divan::bench(args = [64usize << 10, 1 << 20])]
fn read_sequential_naive(b: Bencher, size: usize) {
    let t = target();
    let mut buf = vec![0u8; size];
    b.counter(BytesCount::new(t.pages * 4096)).bench_local(|| {
        for start in (t.base..=t.last()).step_by(size) {
            for (i, page) in buf.chunks_exact_mut(4096).enumerate() {
                let at = t.naive(start + (i as u64) * 4096).unwrap() as usize;
                page.copy_from_slice(&t.bytes[at..at + 4096]);
            }
            black_box(&buf);
        }
    });
}

#[divan::bench(args = [64usize << 10, 1 << 20])]
fn read_sequential_memsh(b: Bencher, size: usize) {
    let (t, s) = (target(), target_space());
    let mut buf = vec![0u8; size];
    b.counter(BytesCount::new(t.pages * 4096)).bench_local(|| {
        for start in (t.base..=t.last()).step_by(size) {
            let mut ops = [VirtReadOp::new(VirtAddr::new(start as umem), &mut buf)];
            s.read_virt((&mut ops[..]).into());
            black_box(&ops[0].status);
        }
    });
}
