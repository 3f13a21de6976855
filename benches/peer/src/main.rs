//! memsh beside memflow 0.2.4 and a walk written by hand, over the same memory in one program.
//!
//! The target is that of `benches/translate.rs`: a process of 512 MiB (`MEMSH_BENCH_SHORT=1`: 16 MiB, one repetition) whose 4 KiB
//! frames and page tables lie shuffled in one buffer. Every engine must first agree with the hand-written walk; then each
//! workload is run by all engines in turn, again and again, and the best of the repetitions counts. Times are CPU times of the
//! thread, so that other work on the machine costs less than it does on the clock; caches and memory bandwidth are still shared.

#[path = "../../common/mod.rs"]
mod common;
mod engines;
mod timing;

use common::{Target, short};
use engines::{Engine, Memflow, Memsh, Naive};
use std::hint::black_box;

/// Addresses of a single-address workload; a power of two.
const SINGLES: usize = 65536;
/// Length of the lists.
const LIST: usize = 4096;
/// Length of sequential reads, in bytes.
const PIECE: usize = 64 << 10;

#[derive(Clone, Copy)]
enum Unit {
    /// Nanoseconds each: less is better.
    Ns,
    /// Gigabytes (10^9) per second: more is better.
    Gbs,
}

struct Workload<'a> {
    name: &'static str,
    unit: Unit,
    /// Things done in one run: addresses, pages, reads or bytes.
    units: u64,
    /// Prepares an engine, untimed.
    prepare: &'a dyn Fn(&mut dyn Engine),
    run: &'a dyn Fn(&mut dyn Engine) -> u64,
}

fn main() {
    let pages = if short() { 4096 } else { 131_072 };
    let target: &'static Target = Box::leak(Box::new(Target::shuffled(pages)));
    let mut engines: Vec<Box<dyn Engine>> = vec![
        Box::new(Naive::new(target)),
        Box::new(Memsh::new(target)),
        Box::new(Memflow::direct(target)),
        Box::new(Memflow::cached(target)),
    ];
    let random = target.random(SINGLES);
    for e in &mut engines {
        for &va in random.iter().take(2000) {
            assert_eq!(e.one(va), target.naive(va), "{}: {va:#x}", e.name());
        }
    }
    let list: Vec<u64> = random.iter().copied().take(LIST).collect();
    let mut sorted = list.clone();
    sorted.sort_unstable();
    let (base, bytes) = (target.base, (pages * 4096) as u64);

    for e in &mut engines {
        for list in [&list, &sorted] {
            e.prepare(list);
            e.list();
            let expected = list.iter().fold(0u64, |s, &va| s.wrapping_add(target.naive(va).unwrap_or(0)));
            assert_eq!(e.list_sum(), expected, "{}: list", e.name());
        }
    }

    let nothing = |_: &mut dyn Engine| {};
    let singles =
        |e: &mut dyn Engine| random.iter().fold(0u64, |s, &va| s.wrapping_add(black_box(e.one(black_box(va))).unwrap_or(0)));
    let reads = |e: &mut dyn Engine| random.iter().fold(0u64, |s, &va| s.wrapping_add(e.read_u64(va)));
    let sequential = |e: &mut dyn Engine| (base..base + bytes).step_by(PIECE).fold(0, |s, va| s + u64::from(e.read(va, PIECE)));
    let translate = |e: &mut dyn Engine| {
        e.list();
        0
    };
    let workloads = [
        Workload { name: "one address, random", unit: Unit::Ns, units: SINGLES as u64, prepare: &nothing, run: &singles },
        Workload {
            name: "list of 4096, random",
            unit: Unit::Ns,
            units: LIST as u64,
            prepare: &|e| e.prepare(&list),
            run: &translate,
        },
        Workload {
            name: "list of 4096, sorted",
            unit: Unit::Ns,
            units: LIST as u64,
            prepare: &|e| e.prepare(&sorted),
            run: &translate,
        },
        Workload {
            name: "whole range, a page",
            unit: Unit::Ns,
            units: pages as u64,
            prepare: &nothing,
            run: &|e| e.range(base, bytes),
        },
        Workload { name: "8-byte reads, random", unit: Unit::Ns, units: SINGLES as u64, prepare: &nothing, run: &reads },
        Workload { name: "64 KiB reads, in order", unit: Unit::Gbs, units: bytes, prepare: &nothing, run: &sequential },
    ];

    let (repetitions, slot_ms) = if short() { (1, 1) } else { (9, 100) };
    println!("{} MiB, 4 KiB pages, frames and tables shuffled; CPU time of one thread, best of {repetitions}", bytes >> 20);
    print!("{:<24}", "");
    engines.iter().for_each(|e| print!("{:>15}", e.name()));
    println!("{:>15}{:>15}{:>15}", "memsh:naive", "direct:memsh", "cached:memsh");
    for w in &workloads {
        let mut best = vec![f64::MAX; engines.len()];
        let mut expected = None;
        for _ in 0..repetitions {
            for (e, best) in engines.iter_mut().zip(&mut best) {
                (w.prepare)(e.as_mut());
                let answer = (w.run)(e.as_mut());
                assert_eq!(*expected.get_or_insert(answer), answer, "{}: {}", w.name, e.name());
                *best = best.min(timing::ns_each(slot_ms, w.units, || {
                    black_box((w.run)(e.as_mut()));
                }));
            }
        }
        print!("{:<24}", w.name);
        for ns in &best {
            match w.unit {
                Unit::Ns => print!("{:>12.1} ns", ns),
                Unit::Gbs => print!("{:>10.1} GB/s", 1.0 / ns),
            }
        }
        if let [naive, memsh, direct, cached] = best[..] {
            print!("{:>15.2}{:>14.1}x{:>14.1}x", memsh / naive, direct / memsh, cached / memsh);
        }
        println!();
    }
    let mut to = vec![0u8; PIECE];
    let memcpy = (0..repetitions).map(|_| {
        timing::ns_each(slot_ms, bytes, || {
            for from in target.bytes[..bytes as usize].chunks_exact(PIECE) {
                to.copy_from_slice(from);
                black_box(&to);
            }
        })
    });
    println!("{:<24}{:>10.1} GB/s", "memcpy, 64 KiB, in order", 1.0 / memcpy.fold(f64::MAX, f64::min));
}
