#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]
#![allow(clippy::cast_possible_truncation, clippy::unnecessary_cast, reason = "umem has 64 bits or more")]

use super::*;
use crate::engine::search::Options;
use crate::os::windows::census::census;
use crate::os::windows::testkit::{CREATED, Kit};
use std::sync::atomic::AtomicBool;

const RWX: u64 = 6;
const RW: u64 = 4;

fn everybody(kit: &Kit) -> Vec<Seen> {
    let stop = AtomicBool::new(false);
    census(&kit.kernel(), &Options::new(&stop)).items.iter().cloned().collect()
}

/// What is found in the process of this id.
fn found(kit: &Kit, pid: u32) -> Vec<(&'static str, Option<u64>, String)> {
    let kernel = kit.kernel();
    let all = everybody(kit);
    let seen = all.iter().find(|s| s.info.pid == pid).unwrap();
    let (_, listing) = subject(&kernel, seen);
    let tell = |f: &Finding| (f.reason, f.address.map(|a| a.value() as u64), f.evidence.clone());
    let own = of_processes(&kernel, &all);
    own.iter().filter(|f| f.pid == Some(pid)).chain(listing.items.iter()).map(tell).collect()
}

fn two() -> (Kit, u64) {
    let mut kit = Kit::new("10.0.19041", true);
    let (system, other) = (kit.at(0), kit.at(0x4040));
    kit.process(system, 4, "System");
    kit.process(other, 0x1a4, "other.exe");
    kit.list(&[system, other]);
    (kit, other)
}

/// A small PE file's header.
fn pe() -> Vec<u8> {
    let mut page = vec![0u8; 0x200];
    for (at, bytes) in [(0, &b"MZ"[..]), (0x3c, &[0x80]), (0x80, b"PE\0\0\x64\x86"), (0x98, &[0x0b, 0x02]), (0xd0, &[0, 0x60])] {
        page[at..at + bytes.len()].copy_from_slice(bytes);
    }
    page
}

#[test]
fn private_memory_that_can_run_is_told_where_something_is_in_it() {
    let (mut kit, other) = two();
    let vads = [(0x100, 2, RW), (0x200, 4, RWX), (0x300, 1, RWX), (0x400, 1, RWX), (0x500, 2, RWX), (0x600, 1, RW)];
    kit.vads(other, kit.at(0x30_0000), &vads);
    kit.put(0x10_0000, b"data");
    // A PE file in the second page.
    kit.put(0x20_1000, &pe());
    kit.can_run(0x20_1000);
    // Code; nothing but zeros; nothing at all; and a page of writable memory that was made executable.
    kit.put(0x30_0010, b"\xfc\x48\x83\xe4");
    kit.can_run(0x30_0000);
    kit.put(0x40_0000, &[0; 16]);
    kit.can_run(0x40_0000);
    kit.put(0x60_0000, b"\x48\x89\x5c\x24");
    kit.can_run(0x60_0000);
    let found = found(&kit, 0x1a4);
    let places: Vec<_> = found.iter().map(|f| (f.0, f.1.unwrap())).collect();
    let rwx = "writable and executable private memory";
    assert_eq!(places, [("PE file in private memory", 0x20_0000), (rwx, 0x30_0000), (rwx, 0x60_0000)], "{found:?}");
    assert!(found[0].2.contains("at 0x201000 PE file for x86-64, 24 KiB"), "{found:?}");
    assert!(found[1].2.contains("at 0x300010 fc 48 83 e4"), "{found:?}");
}

#[test]
fn a_file_whose_header_was_wiped_is_told() {
    let (mut kit, other) = two();
    kit.vads(other, kit.at(0x30_0000), &[(0x200, 4, RWX), (0x300, 4, RWX), (0x400, 2, RWX)]);
    // Without its first letters; without anything but what its imports are called.
    let mut head = pe();
    for (at, byte) in [(0, 0), (1, 0), (0x86, 4), (0x94, 0xf0), (0x98 + 33, 0x10)] {
        head[at] = byte;
    }
    kit.put(0x20_0000, &head);
    kit.put(0x20_1000, b"\x48\x89\x5c\x24");
    kit.put(0x30_0000, &[0; 16]);
    kit.put(0x30_1000, b"\x48\x89\x5c\x24");
    kit.put(0x30_2000, b"\0\0KERNEL32.dll\0\0WS2_32.dll\0");
    // What a compiler at run time leaves.
    kit.put(0x40_0000, &[0; 16]);
    kit.put(0x40_1000, b"\x48\x89\x5c\x24\0KERNEL32.dll\0");
    for page in [0x20_1000, 0x30_1000, 0x40_1000] {
        kit.can_run(page);
    }
    let found = found(&kit, 0x1a4);
    let places: Vec<_> = found.iter().map(|f| (f.0, f.1.unwrap())).collect();
    let (wiped, rwx) = ("PE file without its header in private memory", "writable and executable private memory");
    assert_eq!(places, [(wiped, 0x20_0000), (wiped, 0x30_0000), (rwx, 0x40_0000)], "{found:?}");
    assert!(found[0].2.contains("x86-64, 24 KiB, 4 sections, of which MZ is wiped"), "{found:?}");
    assert!(found[1].2.contains("kernel32.dll, ws2_32.dll"), "{found:?}");
}

#[test]
fn threads_that_start_in_private_memory_that_can_run() {
    let (mut kit, other) = two();
    let thread = (other & !0xfff) + 0x1000;
    kit.vads(other, kit.at(0x30_0000), &[(0x100, 1, RW), (0x200, 1, RW)]);
    kit.put(0x10_0000, b"data");
    kit.put(0x20_0000, b"\0");
    kit.set(thread, kit.o.thread.win32_start, 0x10_0004);
    assert!(found(&kit, 0x1a4).is_empty(), "it can't run");
    kit.can_run(0x10_0000);
    kit.set(thread, kit.o.thread.win32_start, 0x10_0000);
    let all = found(&kit, 0x1a4);
    assert!(all.iter().any(|f| f.0 == "thread that starts in no image" && f.1 == Some(0x10_0000)), "{all:?}");
    kit.set(thread, kit.o.thread.win32_start, 0x7000_0000);
    assert!(found(&kit, 0x1a4).iter().any(|f| f.0 == "thread that starts where nothing is mapped"));
    // The tree is torn: what is mapped there can't be told.
    kit.word(kit.at(0x30_0000) + 8, 0x10);
    assert!(!found(&kit, 0x1a4).iter().any(|f| f.0 == "thread that starts where nothing is mapped"));
}

#[test]
fn system_programs_lie_in_their_folder_and_have_their_parents() {
    let mut kit = Kit::new("10.0.19041", true);
    let all: Vec<u64> = (0..6).map(|i| kit.at(0x4000 * i + 0x40)).collect();
    let names = ["System", "services.exe", "svchost.exe", "svchost.exe", "svch0st.exe", "services.exe"];
    for (i, (at, name)) in all.iter().zip(names).enumerate() {
        kit.process(*at, 4 * (i as u64 + 1), name);
    }
    kit.list(&all);
    for (at, ppid) in all.iter().zip([0, 0x100, 8, 0x200, 8, 0x100]) {
        kit.set(*at, kit.o.process.parent, ppid);
    }
    for at in [all[1], all[2], all[5]] {
        let name = if at == all[2] { "svchost.exe" } else { "services.exe" };
        kit.path(at, &format!("\\Device\\HarddiskVolume3\\Windows\\System32\\{name}"));
    }
    kit.path(all[3], "\\Device\\HarddiskVolume3\\Users\\Public\\svchost.exe");
    let reasons = |pid| found(&kit, pid).into_iter().map(|f| f.0).collect::<Vec<_>>();
    assert!(reasons(8).is_empty() && reasons(12).is_empty(), "{:?} {:?}", found(&kit, 8), found(&kit, 12));
    assert_eq!(reasons(16), ["system program outside of its folder", "parent that does not start such a program"]);
    assert_eq!(reasons(20), ["name like that of a system program"]);
    assert_eq!(reasons(24), ["second process of a program that runs once"]);
}

#[test]
fn hidden_ones_are_told_and_those_that_ended_are_not() {
    let (mut kit, _) = two();
    let hidden = kit.at(0x8040);
    kit.process(hidden, 0x300, "hidden.exe");
    let all = found(&kit, 0x300);
    assert_eq!(all.len(), 1);
    assert_eq!((all[0].0, all[0].1), ("process hidden from the process list", Some(hidden)));
    assert!(all[0].2.starts_with("found by signature; not in list"), "{all:?}");
    kit.exit(hidden, CREATED + 1_000_000);
    assert!(found(&kit, 0x300).is_empty(), "it has ended");
}
