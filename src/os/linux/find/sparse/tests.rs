#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::cast_possible_truncation, clippy::as_conversions)]
#![allow(clippy::useless_conversion, reason = "addresses may be wider than 64 bits")]

use super::super::far::FEW;
use super::super::machine::{MACHINES, Machine, phys, virt};
use super::super::survey::survey;
use super::super::sweep::sweep;
use super::*;
use crate::arch::Paging;
use crate::engine::Memory;
use crate::image::{OpenOptions, open_bytes};
use crate::os::Hints;
use proptest::prelude::*;

const MAP: u64 = 0xffff_ffff_8000_0000;
const MIB: u64 = 1 << 20;
/// Size of a memory, and where its kernel begins.
const SIZE: u64 = 64 * MIB;
const KERNEL: u64 = 18 * MIB;
/// Of the image: its size, where it is mapped, its root table, `phys_base`, and where its pointers and its banner are.
const IMAGE: u64 = 16 * MIB;
const TEXT: u64 = MAP + 30 * MIB;
const ROOT: u64 = 12 * MIB;
const BASE: u64 = 13 * MIB;
const POINTERS: u64 = 14 * MIB;
const BANNER: u64 = 14 * MIB + 0x1_0000;

/// Some instructions of different kinds, as the beginning of an image has them: no write of CR3.
#[rustfmt::skip]
const SOME_CODE: &[u8] = &[
    0x48, 0x8d, 0x3d, 0xf2, 0xff, 0xff, 0xff, 0xb9, 0x01, 0x01, 0x00, 0xc0, 0x48, 0x29, 0xd0, 0x48, 0x01, 0xf8, 0x48, 0x89, 0xc2,
    0x48, 0xc1, 0xea, 0x20, 0x0f, 0x30, 0x56, 0x5e, 0x6a, 0x10, 0x83, 0xe1, 0x40, 0x0f, 0xa2, 0x90,
];

struct Guest(Vec<u8>);

impl Guest {
    /// Memory with a kernel, of which the code that starts a processor lies `head` bytes into the image and writes `register`.
    fn new(head: u64, phys_base_first: bool) -> Self {
        let mut g = Self(vec![0; SIZE as usize]);
        for i in 0..8 {
            g.put(KERNEL + i * SOME_CODE.len() as u64, SOME_CODE);
        }
        // The image is mapped in pages of 2 MiB: root, third level, second level.
        let (root, third, second) = (KERNEL + ROOT, KERNEL + ROOT + 0x1000, KERNEL + ROOT + 0x2000);
        g.put(root + 511 * 8, &(third | 0x63).to_le_bytes());
        g.put(third + 510 * 8, &(second | 0x63).to_le_bytes());
        for i in 0..IMAGE / (2 * MIB) {
            let slot = (TEXT >> 21 & 511) + i;
            g.put(second + slot * 8, &((KERNEL + i * 2 * MIB) | 0x1e3).to_le_bytes());
        }
        let base = KERNEL.wrapping_sub(TEXT - MAP);
        g.put(KERNEL + BASE, &base.to_le_bytes());
        for i in 0..1200 {
            g.put(KERNEL + POINTERS + i * 8, &(TEXT + i * 64).to_le_bytes());
        }
        g.put(KERNEL + BANNER, b"Linux version 6.6.1-test (a@b) (gcc 13) #1 SMP 2026\n\0");
        // phys_base and the number, in either order.
        let number = (TEXT - MAP + ROOT) as u32;
        let at = head + if phys_base_first { 7 } else { 14 };
        let distance = (BASE - at) as u32;
        let [load, add]: [&[u8]; 2] =
            if phys_base_first { [&[0x48, 0x8b, 0x05], &[0x48, 0x05]] } else { [&[0x48, 0xc7, 0xc0], &[0x48, 0x03, 0x05]] };
        let words = if phys_base_first { [distance, number] } else { [number, distance] };
        let code = [load, &words[0].to_le_bytes(), add, &words[1].to_le_bytes(), &[0x0f, 0x22, 0xd8]].concat();
        g.put(KERNEL + head, &code);
        g
    }

    fn put(&mut self, at: u64, bytes: &[u8]) {
        self.0[at as usize..][..bytes.len()].copy_from_slice(bytes);
    }

    fn memory(&self) -> Memory {
        memory(self.0.clone())
    }
}

fn memory(bytes: Vec<u8>) -> Memory {
    let options = OpenOptions { format: Some("raw".to_owned()), ..OpenOptions::default() };
    open_bytes(bytes, "test", &options).unwrap().memory
}

fn found(memory: &Memory) -> (Vec<(Found, &'static dyn Machine)>, Trace) {
    let hints = Hints { movable: true, ..Hints::default() };
    let (search, mut trace) = (Search { memory, hints: &hints, info: None }, Trace::default());
    (find(&search, MACHINES, &mut trace), trace)
}

#[test]
fn code_of_an_x86_kernel_leads_to_its_root() {
    for (head, phys_base_first) in [(0x200, false), (0x200, true), (0x3_e1e0, true), (6 * MIB + 0x345, false)] {
        let (all, trace) = found(&Guest::new(head, phys_base_first).memory());
        assert_eq!(all.len(), 1, "{head:#x}: {:?}", trace.steps);
        let f = &all[0].0;
        assert_eq!((f.space.paging(), f.space.root()), (Paging::X86_64, phys(KERNEL + ROOT)));
        assert_eq!((f.image.virt, f.image.phys, f.moved), (virt(TEXT), phys(KERNEL), None));
        assert!(trace.steps[0].found && trace.steps[0].detail.contains("0x1200000"), "{:?}", trace.steps);
    }
}

/// What is found in a gibibyte that begins with `bytes`, and how much of it is read for that.
fn found_far(bytes: Vec<u8>) -> (Found, u64) {
    let (memory, read) = super::super::far::gibibyte(0, 0, bytes);
    let (mut all, trace) = found(&memory);
    assert_eq!(all.len(), 1, "{:?}", trace.steps);
    (all.pop().unwrap().0, read.bytes())
}

#[test]
fn in_a_large_memory_few_pages_lead_to_the_root() {
    let (f, read) = found_far(Guest::new(0x200, true).0);
    assert_eq!((f.space.paging(), f.space.root()), (Paging::X86_64, phys(KERNEL + ROOT)));
    assert!(read < 2 * FEW, "x86-64: {read} bytes");
    for wide in [false, true] {
        let (f, read) = found_far(narrow(wide));
        let paging = if wide { Paging::X86Pae } else { Paging::X86 };
        assert_eq!(
            (f.space.paging(), f.image.virt, f.image.phys),
            (paging, virt(0xc000_0000 + KERNEL - 2 * MIB), phys(KERNEL - 2 * MIB))
        );
        assert!(read < FEW, "x86 {paging:?}: {read} bytes");
    }
    let (f, read) = found_far(riscv());
    assert_eq!((f.space.paging(), f.image.phys, f.moved), (Paging::Sv39, phys(0x8020_0000), Some(phys(0x8000_0000))));
    assert!(read < FEW, "RISC-V: {read} bytes");
    let (f, read) = found_far(arm());
    assert_eq!((f.space.paging(), f.space.root(), f.moved), (Paging::ArmShort, phys(0x4020_4000), Some(phys(0x4000_0000))));
    assert!(read < FEW, "ARM: {read} bytes");
}

/// Pointers and a banner, as a kernel's constants have them at `at`, for one that is mapped at `text`.
fn constants(bytes: &mut [u8], at: u64, text: u64, width: usize) {
    for i in 0..1200u64 {
        bytes[at as usize + 4096 + i as usize * width..][..width].copy_from_slice(&(text + i * 64).to_le_bytes()[..width]);
    }
    let banner = b"Linux version 6.6.1-test (a@b) (gcc 13) #1 SMP 2026\n\0";
    bytes[at as usize..][..banner.len()].copy_from_slice(banner);
}

/// A kernel for 32-bit x86 at 16 MiB, whose constants alone can't be written: 40 MiB are mapped.
fn narrow(wide: bool) -> Vec<u8> {
    let (kernel, root, second) = (KERNEL - 2 * MIB, KERNEL + 12 * MIB, KERNEL + 12 * MIB + 0x1000);
    let mut bytes = vec![0; 64 << 20];
    // mov $root, %eax; mov %eax, %cr3
    let code = [&[0xb8][..], &(root as u32).to_le_bytes(), &[0x0f, 0x22, 0xd8]].concat();
    bytes[kernel as usize..][..code.len()].copy_from_slice(&code);
    constants(&mut bytes, kernel + MIB, 0xc000_0000 + kernel, 4);
    let mut put =
        |at: u64, value: u64, width: usize| bytes[at as usize..][..width].copy_from_slice(&value.to_le_bytes()[..width]);
    let writable = |at: u64| if (kernel..kernel + 4 * MIB).contains(&at) { 0 } else { 2 };
    if wide {
        put(root + 3 * 8, second | 1, 8);
        (0..20).for_each(|i| put(second + i * 8, (i * 2 * MIB) | 0x181 | writable(i * 2 * MIB), 8));
    } else {
        (0..10).for_each(|i| put(root + (768 + i) * 4, (i * 4 * MIB) | 0x181 | writable(i * 4 * MIB), 4));
    }
    bytes
}

/// A kernel for RISC-V 2 MiB into RAM, which begins at 2 GiB: its root is one of the last pages of the image.
fn riscv() -> Vec<u8> {
    const RAM: u64 = 0x8000_0000;
    let (kernel, size) = (2 * MIB, 30 * MIB);
    let (root, table) = (kernel + size - 0x3000, kernel + size - 0x2000);
    let mut bytes = vec![0; 64 << 20];
    constants(&mut bytes, kernel + 20 * MIB, MAP, 8);
    let mut put = |at: u64, value: u64| bytes[at as usize..][..8].copy_from_slice(&value.to_le_bytes());
    put(kernel + 16, size);
    put(kernel + 48, u64::from_le_bytes(*b"RISCV\0\0\0"));
    put(kernel + 56, 0x0543_5352);
    put(root + 510 * 8, (RAM + table) >> 2 | 1);
    for i in 0..size / (2 * MIB) {
        // The constants can neither be written nor executed.
        let allowed = if i == 10 { 0b0010 } else { 0b1110 };
        put(table + i * 8, (RAM + kernel + i * 2 * MIB) >> 2 | 0xe1 | allowed);
    }
    bytes
}

/// A kernel for 32-bit ARM 2 MiB into RAM, which begins at 1 GiB: its root lies right before it.
fn arm() -> Vec<u8> {
    const RAM: u32 = 0x4000_0000;
    let mut bytes = vec![0; 64 << 20];
    constants(&mut bytes, 16 * MIB, 0xc030_0000, 4);
    for i in 0..48u32 {
        // Sections of normal memory, which programs can't reach; those of the constants can't be written or executed.
        let constant = if (16..20).contains(&i) { 0x8010 } else { 0 };
        let entry = (RAM + (i << 20)) | 0x1140e | constant;
        bytes[0x20_4000 + (0xc00 + i as usize) * 4..][..4].copy_from_slice(&entry.to_le_bytes());
    }
    bytes
}

#[test]
fn without_a_banner_or_pointers_code_proves_nothing() {
    for (at, len) in [(KERNEL + BANNER, 32), (KERNEL + POINTERS, 0x4000), (KERNEL + BASE, 8), (KERNEL + ROOT, 0x1000)] {
        let mut g = Guest::new(0x200, true);
        g.put(at, &vec![0; len]);
        let (all, trace) = found(&g.memory());
        assert!(all.is_empty() && !trace.steps[0].found, "{at:#x}");
    }
}

#[test]
fn of_two_kernels_none_is_taken_at_once() {
    // The same kernel at half the memory again: its tables lead to the first, so it is no second one.
    let g = Guest::new(0x200, true);
    let mut twice = [g.0.clone(), g.0.clone()].concat();
    assert_eq!(found(&memory(twice.clone())).0.len(), 1);
    // With tables of its own it is.
    let second = SIZE + KERNEL;
    let (third_at, second_at) = (second + ROOT + 0x1000, second + ROOT + 0x2000);
    let mut put = |at: u64, value: u64| twice[at as usize..][..8].copy_from_slice(&value.to_le_bytes());
    put(second + ROOT + 511 * 8, third_at | 0x63);
    put(third_at + 510 * 8, second_at | 0x63);
    for i in 0..IMAGE / (2 * MIB) {
        put(second_at + ((TEXT >> 21 & 511) + i) * 8, (second + i * 2 * MIB) | 0x1e3);
    }
    put(second + BASE, second.wrapping_sub(TEXT - MAP));
    let (all, trace) = found(&memory(twice));
    assert_eq!(all.len(), 2);
    assert!(!trace.steps[0].found && trace.steps[0].detail.starts_with("2 kernels"), "{:?}", trace.steps);
}

#[test]
fn a_pass_sees_what_lies_over_the_borders_of_its_parts() {
    let text = b"Linux version 6.6.1-test (a@b) (gcc 13) #1 SMP 2026\n\0";
    for at in [0, (4 << 20) - 20, (8 << 20) - 1, (20 << 20) - text.len()] {
        let mut bytes = vec![0u8; 20 << 20];
        bytes[at..at + text.len()].copy_from_slice(text);
        let (m, hints) = (memory(bytes), Hints::default());
        assert!(survey(&Search { memory: &m, hints: &hints, info: None }).banner, "{at:#x}");
    }
    let (m, hints) = (memory(vec![0; 9 << 20]), Hints::default());
    let search = Search { memory: &m, hints: &hints, info: None };
    let s = survey(&search);
    assert!(!s.banner && s.texts.is_empty());
    let parts = sweep(&search, 4096, 100, |c| (c.at, c.len, c.bytes.len()));
    let full = |at: u64| (phys(at), 4 << 20, (4 << 20) + 100);
    assert_eq!(parts, [full(0), full(4 << 20), (phys(8 << 20), 1 << 20, 1 << 20)]);
}

#[test]
fn every_place_full_of_code_does_not_take_for_ever() {
    // Each page of each place writes CR3 many times, from words of memory: all of it forged.
    let one = [&[0x48, 0x8b, 0x05, 0, 0, 0, 0, 0x48, 0x05, 0, 0x10, 0, 0, 0x0f, 0x22, 0xd8], SOME_CODE].concat();
    let m = memory(one.iter().copied().cycle().take(48 << 20).collect());
    let (hints, effort, mut trace) = (Hints::default(), Effort::part(100), Trace::default());
    let search = Search { memory: &m, hints: &hints, info: None };
    assert!(find_with(&search, MACHINES, &effort, &mut trace).is_empty());
    assert!(effort.is_over());
    assert!(trace.steps[0].detail.starts_with("too much looks like one"), "{:?}", trace.steps);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn any_beginning_is_harmless(
        head in prop::collection::vec(any::<u8>(), 0..200),
        magic in prop::sample::select(vec![&b""[..], b"ARM\x64", b"RISCV\0\0\0RSC\x05"]),
        size in any::<u64>(),
    ) {
        let mut bytes = vec![0u8; 4 << 20];
        bytes[2 << 20..][..head.len()].copy_from_slice(&head);
        let at = (2 << 20) + if magic.len() == 4 { 56 } else { 48 };
        bytes[at..at + magic.len()].copy_from_slice(magic);
        bytes[(2 << 20) + 16..][..8].copy_from_slice(&size.to_le_bytes());
        for (i, b) in head.iter().cycle().take(1 << 16).enumerate() {
            bytes[(3 << 20) + i * 7] = *b;
        }
        prop_assert!(found(&memory(bytes)).0.is_empty());
    }
}
