//! How many calls a backend that costs per call sees, and what caches may remember.

use super::support::{Moving, Ram};
use crate::arch::Paging;
use crate::engine::{AddressSpace, Memory, ViewExt};
use crate::plugins::dummy::Random;
use crate::plugins::dummy::tables::TableBuilder;
use memsh_plugin::*;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, RwLock};
use std::time::Duration;

const PAGES: u64 = 131_072;
const START: u64 = 0x7f00_0000_0000;

fn va(n: u64) -> VirtAddr {
    VirtAddr::new(umem::from(n))
}

fn pa(n: u64) -> PhysAddr {
    PhysAddr::new(umem::from(n))
}

/// 512 MiB of shuffled 4 KiB pages. Only the tables have memory behind them: 2 MiB.
fn half_a_gigabyte() -> (Ram, u64, Vec<u64>) {
    let mut t = TableBuilder::new(Paging::X86_64, 0x100_0000, 2 << 20).unwrap();
    let mut random = Random::new(5);
    t.shuffle(&mut random);
    let roots = t.roots().unwrap();
    let mut frames: Vec<u64> = (0..PAGES).map(|i| 0x1_0000_0000 + i * 4096).collect();
    random.shuffle(&mut frames);
    for (i, frame) in (0..).zip(&frames) {
        t.map(roots, START + i * 4096, *frame, 4096, Perm(0b1011)).unwrap();
    }
    let (base, bytes) = t.finish();
    (Ram::new(vec![(base, bytes)]).behind_calls(0), roots.lower, frames)
}

#[test]
fn half_a_gigabyte_in_a_call_per_level() {
    let (ram, root, frames) = half_a_gigabyte();
    let seen = Arc::clone(&ram.seen);
    let pieces = ram.pieces.clone();
    let space = AddressSpace::new(ram.memory(), Paging::X86_64, pa(root));
    assert_eq!(seen.calls(), 0, "opening reads nothing");

    let mut at = START;
    let mut found = Vec::new();
    let walked = space.runs(va(START), va(START + PAGES * 4096 - 1), &mut |runs| {
        for r in runs {
            assert_eq!(r.virt, va(at));
            (0..(r.size as u64 / 4096)).for_each(|i| found.push(r.phys.value() as u64 + i * 4096));
            at += r.size as u64;
        }
        ControlFlow::Continue(())
    });
    assert_eq!(found, frames);
    assert_eq!((walked.tables, walked.missing_tables, walked.cut), (1 + 1 + 1 + 256, 0, false));
    assert!(seen.calls() <= 4, "{} calls for the runs", seen.calls());

    // Anew, as one batch in a random order.
    let ram = Ram::new(pieces).behind_calls(0);
    let seen = Arc::clone(&ram.seen);
    let space = AddressSpace::new(ram.memory(), Paging::X86_64, pa(root));
    let mut order: Vec<u64> = (0..PAGES).collect();
    Random::new(9).shuffle(&mut order);
    let mut ops: Vec<TranslateOp> = order.iter().map(|i| TranslateOp::new(va(START + i * 4096 + 5))).collect();
    space.translate_batch(&mut ops);
    for (op, i) in ops.iter().zip(&order) {
        assert_eq!(op.translation.phys, pa(frames[*i as usize] + 5));
    }
    assert!(seen.calls() <= 4, "{} calls for the batch", seen.calls());
    assert_eq!(seen.bytes.load(Ordering::Relaxed), (1 + 1 + 1 + 256) * 4096, "every table once");
}

#[test]
fn addresses_that_are_not_mapped_cost_no_calls_of_their_own() {
    let (ram, root, _) = half_a_gigabyte();
    let seen = Arc::clone(&ram.seen);
    let space = AddressSpace::new(ram.memory(), Paging::X86_64, pa(root)).with_software(crate::engine::Software::Linux);
    let mut ops: Vec<TranslateOp> = (0..50_000).map(|i| TranslateOp::new(va(START + (i << 30)))).collect();
    space.translate_batch(&mut ops);
    assert!(seen.calls() <= 4, "{}", seen.calls());
    assert_eq!(ops.iter().filter(|op| op.status.is_done()).count(), 1);
}

#[test]
fn a_batch_is_never_larger_than_the_connector_likes() {
    let (ram, root, frames) = half_a_gigabyte();
    let ram = ram.behind_calls(64);
    let seen = Arc::clone(&ram.seen);
    let space = AddressSpace::new(ram.memory(), Paging::X86_64, pa(root));
    let mut ops: Vec<TranslateOp> = (0..PAGES).map(|i| TranslateOp::new(va(START + i * 4096))).collect();
    space.translate_batch(&mut ops);
    assert!(ops.iter().zip(&frames).all(|(op, f)| op.translation.phys == pa(*f)));
    assert_eq!(seen.largest.load(Ordering::Relaxed), 64);
    assert_eq!(seen.calls(), 3 + 256 / 64);
}

/// A memory with tables and data: 16 MiB, of which 4 MiB are mapped from `START` on.
fn machine() -> (Vec<u8>, u64) {
    let mut t = TableBuilder::new(Paging::X86_64, 0, 16 << 20).unwrap();
    t.shuffle(&mut Random::new(2));
    let roots = t.roots().unwrap();
    for i in 0..1024 {
        let frame = t.page().unwrap();
        t.write(frame, &vec![(i % 251) as u8; 4096]).unwrap();
        t.map(roots, START + i * 4096, frame, 4096, Perm::READ).unwrap();
    }
    (t.finish().1, roots.lower)
}

#[test]
fn a_mebibyte_is_read_in_five_calls_and_what_was_read_in_none() {
    let (bytes, root) = machine();
    let ram = Ram::new(vec![(0, bytes)]).behind_calls(0);
    let seen = Arc::clone(&ram.seen);
    let space = AddressSpace::new(ram.memory(), Paging::X86_64, pa(root));
    let mut buf = vec![0; 1 << 20];
    space.read_exact(va(START + 0x10), &mut buf).unwrap();
    assert!((0..1 << 20).all(|i| buf[i] == (((i + 0x10) / 4096) % 251) as u8));
    // One for each level, one for the data.
    assert_eq!(seen.calls(), 5);
    seen.reset();
    space.read_exact(va(START + 0x10), &mut buf).unwrap();
    assert_eq!(seen.calls(), 0, "an image does not change");
    // A structure's fields: nothing but what is new.
    assert_eq!(space.read_u64(va(START + 0x18_0000)).unwrap(), 0x8585_8585_8585_8585);
    assert_eq!(seen.calls(), 1);
    assert!(space.read_u8(va(START + (8 << 20))).is_err());
}

#[test]
fn many_small_reads_are_not_blown_up_to_pages() {
    let (bytes, _) = machine();
    let ram = Ram::new(vec![(0, bytes.repeat(4))]).behind_calls(0);
    let seen = Arc::clone(&ram.seen);
    let memory = ram.memory();
    let mut bufs = vec![[0u8; 8]; 12_000];
    let mut ops: Vec<PhysReadOp> = (0u64..).zip(&mut bufs).map(|(i, b)| PhysReadOp::new(pa(i * 4096), b)).collect();
    memory.read_ops(&mut ops);
    assert!(ops.iter().all(|op| op.status.is_done()));
    assert_eq!((seen.calls(), seen.bytes.load(Ordering::Relaxed)), (1, 12_000 * 8));
}

fn moving(live: bool) -> (Moving, u64, u64) {
    let (bytes, root) = machine();
    let m = Moving {
        bytes: Arc::new(RwLock::new(bytes)),
        live,
        calls: Arc::new(AtomicUsize::new(0)),
        broken: Arc::new(AtomicBool::new(false)),
    };
    (m, root, START)
}

/// Changes the first data page's content and maps the second page where the third is.
fn change(bytes: &RwLock<Vec<u8>>, first: u64, leaf_table: u64) {
    let mut b = bytes.write().unwrap();
    b[first as usize] = 0xee;
    let third: Vec<u8> = b[leaf_table as usize + 16..leaf_table as usize + 24].to_vec();
    b[leaf_table as usize + 8..leaf_table as usize + 16].copy_from_slice(&third);
}

#[test]
fn what_changes_is_seen_after_a_refresh_or_the_time_limit_and_an_image_never_changes() {
    for live in [true, false] {
        let (m, root, start) = moving(live);
        let bytes = Arc::clone(&m.bytes);
        let space = AddressSpace::new(Memory::new(m), Paging::X86_64, pa(root));
        let first = space.translate_one(va(start)).unwrap().phys.value() as u64;
        let leaf_table = space.explain(va(start)).steps[3].table;
        let ask = || (space.read_u8(va(start)).unwrap(), space.read_u8(va(start + 4096)).unwrap());
        assert_eq!(ask(), (0, 1));
        change(&bytes, first, leaf_table);
        assert_eq!(ask(), (0, 1), "nothing is asked for again");
        space.memory().refresh();
        assert_eq!(ask(), if live { (0xee, 2) } else { (0, 1) }, "live: {live}");

        bytes.write().unwrap()[first as usize] = 0xdd;
        space.memory().set_time_limit(Some(Duration::from_millis(20)));
        std::thread::sleep(Duration::from_millis(40));
        assert_eq!(ask().0, if live { 0xdd } else { 0 }, "live: {live}");
    }
}

#[test]
fn a_broken_link_is_not_remembered() {
    let (m, root, start) = moving(false);
    let broken = Arc::clone(&m.broken);
    let space = AddressSpace::new(Memory::new(m), Paging::X86_64, pa(root));
    broken.store(true, Ordering::Relaxed);
    assert!(space.read_u8(va(start)).is_err());
    broken.store(false, Ordering::Relaxed);
    assert_eq!(space.read_u8(va(start)).unwrap(), 0);
}
