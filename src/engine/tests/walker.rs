//! The engine against the reference, over random tables of every format.

use super::reference::{self, Found};
use super::soup::{Soup, soup};
use crate::arch::{Arch, Canonical, Paging};
use crate::engine::{AddressSpace, Memory, PageRun, Software, Walked};
use crate::plugins::dummy::Random;
use memsh_plugin::*;
use std::ops::ControlFlow;

fn found(t: Translation) -> Found {
    Found {
        phys: t.phys.value() as u64,
        size: t.page_size() as u64,
        read: t.perm.has(Perm::READ),
        write: t.perm.has(Perm::WRITE),
        execute: t.perm.has(Perm::EXECUTE),
        user: t.perm.has(Perm::USER),
    }
}

fn va(n: u64) -> VirtAddr {
    VirtAddr::new(umem::from(n))
}

fn space(s: &Soup, memory: Memory, linux: bool) -> AddressSpace {
    let software = if linux { Software::Linux } else { Software::None };
    AddressSpace::new(memory, s.paging, PhysAddr::new(umem::from(s.roots.lower)))
        .with_upper_root(PhysAddr::new(umem::from(s.roots.upper)))
        .with_software(software)
}

fn batch(space: &AddressSpace, addrs: &[u64]) -> Vec<Option<Found>> {
    let mut ops: Vec<TranslateOp> = addrs.iter().map(|&a| TranslateOp::new(va(a))).collect();
    space.translate_batch(&mut ops);
    ops.iter()
        .map(|op| {
            assert_ne!(op.status, Status::PENDING);
            op.status.is_done().then(|| found(op.translation))
        })
        .collect()
}

pub fn all(space: &AddressSpace, first: u64, last: u64) -> (Vec<PageRun>, Walked) {
    let mut runs = Vec::new();
    let walked = space.runs(va(first), va(last), &mut |group| {
        runs.extend_from_slice(group);
        ControlFlow::Continue(())
    });
    (runs, walked)
}

/// Every way to ask gives the reference's answer.
fn check(s: &Soup, addrs: &[u64], linux: bool, seed: u64) {
    let word = |at, n| s.ram.word(at, n);
    let expected: Vec<Option<Found>> = addrs.iter().map(|&a| reference::walk(s.paging, &word, s.roots, a, linux)).collect();
    let ways = [
        ("mapped", space(s, super::support::Ram::new(s.ram.pieces.clone()).memory(), linux)),
        ("calls", space(s, s.ram.behind_calls(0).memory(), linux)),
        ("calls of 7", space(s, s.ram.behind_calls(7).memory(), linux)),
    ];
    for (way, space) in &ways {
        for (&a, want) in addrs.iter().zip(&expected) {
            let one = space.translate_one(va(a)).map_err(|fault| *fault);
            assert_eq!(one.ok().map(found), *want, "{:?} seed {seed} {way} one {a:#x}: {one:?}", s.paging);
            let explained = space.explain(va(a));
            assert_eq!(explained.outcome, one, "{:?} seed {seed} {way} explain {a:#x}", s.paging);
        }
        assert_eq!(batch(space, addrs), expected, "{:?} seed {seed} {way} batch", s.paging);
        let mut order: Vec<usize> = (0..addrs.len()).collect();
        order.sort_by_key(|&i| addrs[i]);
        let sorted: Vec<u64> = order.iter().map(|&i| addrs[i]).collect();
        let want: Vec<Option<Found>> = order.iter().map(|&i| expected[i]).collect();
        assert_eq!(batch(space, &sorted), want, "{:?} seed {seed} {way} sorted batch", s.paging);
    }
}

/// Runs are ascending, disjoint, merged, and say of each page what the reference says.
fn check_runs(s: &Soup, first: u64, last: u64, linux: bool, seed: u64) {
    let word = |at, n| s.ram.word(at, n);
    let mapped = space(s, super::support::Ram::new(s.ram.pieces.clone()).memory(), linux);
    let (runs, walked) = all(&mapped, first, last);
    assert!(!walked.cut);
    for batch in [0, 5] {
        let remote = space(s, s.ram.behind_calls(batch).memory(), linux);
        assert_eq!(all(&remote, first, last).0, runs, "{:?} seed {seed}: two ways, {first:#x}..={last:#x}", s.paging);
    }
    for pair in runs.windows(2) {
        let (a, b) = (pair[0], pair[1]);
        assert!(a.virt.value() + (a.size - 1) < b.virt.value(), "{:?} seed {seed}: {a:?} {b:?}", s.paging);
        let joined = a.virt.value() + a.size == b.virt.value() && a.phys.wrapping_add(a.size) == b.phys;
        assert!(
            !(joined && a.perm == b.perm && a.page_size == b.page_size),
            "{:?} seed {seed}: not merged {a:?} {b:?}",
            s.paging
        );
    }
    // Every smallest page of the range, by the runs and by the reference.
    let page = s.paging.format().page_size();
    let mut at = first;
    let mut i = 0;
    loop {
        while runs.get(i).is_some_and(|r| (r.virt.value() + (r.size - 1)) < umem::from(at)) {
            i += 1;
        }
        let by_runs = runs.get(i).filter(|r| r.virt.value() <= umem::from(at)).map(|r| {
            found(Translation {
                phys: r.phys.wrapping_add(umem::from(at) - r.virt.value()),
                page_shift: r.page_size.trailing_zeros() as u8,
                perm: r.perm,
            })
        });
        // Runs name an address of AArch64's lower half once, without a tag.
        let tagged = s.paging.format().canonical == Canonical::Split && at >> 55 & 1 == 0 && at >> 56 != 0;
        let want = reference::walk(s.paging, &word, s.roots, at, linux).filter(|_| !tagged);
        assert_eq!(by_runs, want, "{:?} seed {seed}: runs at {at:#x}", s.paging);
        match (at & !(page - 1)).checked_add(page) {
            Some(next) if next <= last => at = next,
            _ => break,
        }
    }
}

/// Rounds for a format; `MEMSH_ROUNDS=40` takes minutes and looks further.
fn rounds() -> u64 {
    std::env::var("MEMSH_ROUNDS").ok().and_then(|n| n.parse().ok()).unwrap_or(2)
}

fn each(test: impl Fn(Paging, &mut Random, u64)) {
    for seed in 0..rounds() {
        for &paging in Paging::ALL {
            test(paging, &mut Random::new(seed << 8 | paging as u64), seed);
        }
    }
}

fn linux_too(paging: Paging) -> &'static [bool] {
    match paging.format().arch {
        Arch::X86_64 => &[false, true],
        _ => &[false],
    }
}

#[test]
fn every_way_to_translate_agrees_with_the_reference() {
    each(|paging, random, seed| {
        let s = soup(paging, random, 24, 3);
        let mut addrs: Vec<u64> = (0..120).map(|_| s.address(random)).collect();
        addrs.extend(s.borders());
        addrs.extend((0..8).map(|_| random.next()));
        // Neighbours, and some again.
        let more: Vec<u64> = addrs.iter().take(40).flat_map(|a| [a.wrapping_add(paging.format().page_size()), *a]).collect();
        addrs.extend(more);
        for &linux in linux_too(paging) {
            check(&s, &addrs, linux, seed);
        }
    });
}

#[test]
fn runs_agree_with_the_reference_page_by_page() {
    each(|paging, random, seed| {
        let s = soup(paging, random, 24, 3);
        let page = paging.format().page_size();
        for i in 0..6 {
            let first = s.address(random);
            let length = random.below(1500) * page + random.below(page);
            let last = first.saturating_add(length);
            check_runs(&s, first, last, linux_too(paging)[i % linux_too(paging).len()], seed);
        }
        // One page, one byte, and across the borders of what exists.
        let a = s.address(random);
        check_runs(&s, a, a, false, seed);
        for edge in s.borders() {
            check_runs(&s, edge.saturating_sub(page * 3), edge.saturating_add(page * 3), false, seed);
        }
    });
}

#[test]
fn the_whole_space_is_walked_and_nothing_else() {
    each(|paging, random, seed| {
        // Few entries per table, so that tables which point to each other end.
        let entries = paging.format().page_size() / u64::from(paging.format().entry_size);
        let s = soup(paging, random, 6, entries / 2);
        let word = |at, n| s.ram.word(at, n);
        let mapped = space(&s, super::support::Ram::new(s.ram.pieces.clone()).memory(), false);
        let (runs, walked) = all(&mapped, 0, u64::MAX);
        let remote = space(&s, s.ram.behind_calls(3).memory(), false);
        assert_eq!(walked.cut, all(&remote, 0, u64::MAX).1.cut);
        if walked.cut {
            return;
        }
        assert_eq!(all(&remote, 0, u64::MAX).0, runs, "{paging:?} seed {seed}");
        for r in runs.iter().take(400) {
            for at in [r.virt.value(), r.virt.value() + (r.size - 1)] {
                let want = reference::walk(paging, &word, s.roots, at as u64, false).unwrap();
                assert_eq!(umem::from(want.phys), r.phys.value() + (at - r.virt.value()), "{paging:?} seed {seed} {at:#x}");
            }
        }
        for _ in 0..400 {
            let a = s.address(random);
            let i = runs.partition_point(|r| r.virt.value() <= umem::from(a));
            let inside = i.checked_sub(1).is_some_and(|i| umem::from(a) - runs[i].virt.value() < runs[i].size);
            assert_eq!(inside, reference::walk(paging, &word, s.roots, a, false).is_some(), "{paging:?} seed {seed} {a:#x}");
        }
    });
}

#[test]
fn a_range_that_ends_before_it_begins_is_empty() {
    let s = soup(Paging::X86_64, &mut Random::new(1), 8, 1);
    for memory in [super::support::Ram::new(s.ram.pieces.clone()).memory(), s.ram.behind_calls(0).memory()] {
        assert_eq!(all(&space(&s, memory, false), 0x5000, 0x1000), (Vec::new(), Walked::default()));
    }
}

#[test]
fn tables_in_circles_end_and_what_was_found_is_kept() {
    // Every entry of the only table points to itself and is a page at the last level.
    let table: Vec<u8> = (0..512).flat_map(|_| 0x40_0007u64.to_le_bytes()).collect();
    let ram = super::support::Ram::new(vec![(0x40_0000, table)]);
    let roots = crate::plugins::dummy::tables::Roots { lower: 0x40_0000, upper: 0x40_0000 };
    let s = Soup { paging: Paging::X86_64, ram, roots };
    for memory in [super::support::Ram::new(s.ram.pieces.clone()).memory(), s.ram.behind_calls(0).memory()] {
        let mut pages = 0;
        let walked = space(&s, memory, false).all_runs(&mut |group| {
            pages += group.len();
            ControlFlow::Continue(())
        });
        assert!(walked.cut);
        assert!(pages > 1_000_000, "{pages}");
    }
}

#[test]
fn a_sink_that_has_enough_ends_the_walk() {
    let s = soup(Paging::X86_64, &mut Random::new(3), 24, 3);
    let a = s.address(&mut Random::new(9)) & !0x3fff_ffff;
    for memory in [super::support::Ram::new(s.ram.pieces.clone()).memory(), s.ram.behind_calls(0).memory()] {
        let mut groups = 0;
        let walked = space(&s, memory, false).runs(va(a), va(a | 0x7f_ffff_ffff), &mut |_| {
            groups += 1;
            ControlFlow::Break(())
        });
        assert!(groups <= 1);
        assert_eq!(walked.cut, groups == 1);
    }
}
