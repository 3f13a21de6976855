//! kdump and diskdump, in all their forms.

use crate::builders;
use crate::builders::elf::{note, qemu_cpu};
use crate::builders::kdump::{Kdump, LAYOUTS, Layout, Page, flat, flattened, zlib};
use crate::builders::pattern;
use crate::cli;
use crate::opened::{image, ranges, warned};
use memsh::image::{CpuState, Image, KdumpFacts, OpenOptions, Summary, WriteFormat, open, open_bytes, write_image};
use memsh::{ErrorKind, PhysAddr, Result, umem};
use memsh_plugin::MemoryRange;
use std::io::Cursor;
use std::path::{Path, PathBuf};

/// The error's reason and hint in one text.
fn refused(bytes: Vec<u8>) -> String {
    let e = image(bytes).map(|i| panic!("opened as {}", i.facts.format)).unwrap_err();
    format!("{} | {}", e, e.hint_text().unwrap_or("-"))
}

/// The bytes at an address, none where they are not in the image.
fn read(image: &Image, at: u64, len: usize) -> Option<Vec<u8>> {
    let mut buf = vec![0xee; len];
    image.memory.read(PhysAddr::new(umem::from(at)), &mut buf).ok().map(|()| buf)
}

fn detail<'i>(image: &'i Image, name: &str) -> Option<&'i str> {
    image.facts.details.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str())
}

/// Bytes that can be packed: half of them a pattern.
fn page(n: u64) -> Vec<u8> {
    let mut data = pattern(4096, n + 1);
    data[1024..3072].fill(n as u8);
    data
}

/// Pages 0 to 7 packed in every way, 8 and 9 left out, 10 of zeros, and 700, beyond the first group of counted bits.
fn mixed() -> Kdump {
    let pages = [
        (0, Page::Raw(page(0))),
        (1, Page::Zlib(page(1))),
        (2, Page::Lzo(page(2))),
        (3, Page::Snappy(page(3))),
        (4, Page::Zstd(page(4))),
        (5, Page::Zero),
        (6, Page::Zlib(pattern(4096, 99))),
        (7, Page::Zlib(vec![0; 4096])),
        (10, Page::Zero),
        (700, Page::Lzo(page(44))),
    ];
    Kdump { left_out: vec![8, 9, 701], status: 1, ..Kdump::new(pages) }
}

fn check_mixed(i: &Image) {
    assert_eq!(i.facts.format, "kdump");
    assert_eq!(ranges(i), [(0, 0x8000), (0xa000, 0x1000), (700 * 4096, 0x1000)]);
    let mut all = Vec::new();
    for n in 0..5 {
        all.extend(page(n));
    }
    all.extend(vec![0; 4096]);
    all.extend(pattern(4096, 99));
    all.extend(vec![0; 4096]);
    assert_eq!(read(i, 0, 0x8000).unwrap(), all);
    for at in [0x10u64, 0xffe, 0x1ff0, 0x2fff, 0x3001, 0x4ffe] {
        assert_eq!(read(i, at, 100).unwrap(), all[at as usize..at as usize + 100], "{at:#x}");
    }
    // Left out is not zero.
    assert_eq!(read(i, 0x8000, 8), None);
    assert_eq!(read(i, 0x9ff8, 8), None);
    assert_eq!(read(i, 0xa000, 8), Some(vec![0; 8]));
    assert_eq!(read(i, 700 * 4096, 4096), Some(page(44)));
    assert_eq!(read(i, 701 * 4096, 1), None);
    assert_eq!(read(i, 702 * 4096, 1), None);
    assert_eq!(i.damage(), None);
}

#[test]
fn pages_of_every_kind_in_every_layout() {
    for layout in LAYOUTS {
        for big in [false, true] {
            for version in 0..=6 {
                let file = Kdump { layout, big, version, phys_base: 0, ..mixed() };
                let i = image(file.build()).unwrap_or_else(|e| panic!("{layout:?} {big} {version}: {e}"));
                check_mixed(&i);
                assert!(i.facts.warnings.is_empty(), "{layout:?} {big} {version}: {:?}", i.facts.warnings);
                let format = detail(&i, "dump_format").unwrap();
                assert!(format.starts_with(&format!("kdump version {version}, ")), "{format}");
                assert!(format.ends_with(if big { "big-endian" } else { "little-endian" }), "{format}");
                assert_eq!(detail(&i, "created"), Some("2025-11-21T14:20:39.250Z"));
            }
        }
    }
}

#[test]
fn the_headers_facts() {
    let file = Kdump {
        dump_level: 31,
        status: 1 | 0x10,
        erase: b"erase secret.key size 32\nerase a\x1b[2J\n".to_vec(),
        phys_base: 0x24_0000,
        ..mixed()
    };
    let i = image(file.build()).unwrap();
    for (name, value) in [
        ("system", "Linux host 6.1.0-test #1 SMP x86_64"),
        ("cpus_in_header", "2"),
        ("compression", "zlib, lzo, snappy, zstd"),
        ("block_size", "4096"),
        ("dump_level", "31 (left out: page cache, private page cache, user data, free pages; zero pages are stored once)"),
        ("pages_dumped", "10"),
        ("pages_left_out", "3"),
        ("vmemmap", "unused parts left out"),
        ("phys_base_in_header", "0x240000 (not used)"),
        ("erased", "data were wiped before the dump was written: erase secret.key size 32; erase a?[2J"),
    ] {
        assert_eq!(detail(&i, name), Some(value), "{name}");
    }
    assert_eq!(i.machine.as_deref(), Some("x86_64"));
}

#[test]
fn vmcoreinfo_and_processors_by_version_and_layout() {
    let mut prstatus = vec![0; 336];
    prstatus[112 + 128..112 + 136].copy_from_slice(&0xffff_ffff_8100_0042u64.to_le_bytes());
    let notes = [
        note("CORE", 1, &prstatus),
        qemu_cpu(0xffff_ffff_8100_0040, 0x8005_0033, 0x0a41_0000, 0x6f0),
        note("VMCOREINFO", 0, b"OSRELEASE=from-note\n"),
    ]
    .concat();
    for layout in LAYOUTS {
        for version in 2..=6 {
            let file = Kdump {
                layout,
                version,
                vmcoreinfo: b"OSRELEASE=6.1\nNUMBER(phys_base)=144703488\n\0\0".to_vec(),
                notes: notes.clone(),
                ..mixed()
            };
            let i = image(file.build()).unwrap();
            let text = i.vmcoreinfo.as_deref();
            match version {
                2 => assert_eq!(text, None),
                _ => assert_eq!(text, Some(&b"OSRELEASE=6.1\nNUMBER(phys_base)=144703488\n"[..]), "{layout:?} {version}"),
            }
            assert_eq!(i.cpus.len(), usize::from(version >= 4), "{layout:?} {version}");
            if version >= 4 {
                assert_eq!(i.cpus[0].root, Some(0x0a41_0000));
                assert_eq!(i.cpus[0].instruction_pointer.map(|p| p.value()), Some(0xffff_ffff_8100_0040));
            }
        }
    }
    // Without the sub-header's own text, that of the note.
    let i = image(Kdump { notes, ..mixed() }.build()).unwrap();
    assert_eq!(i.vmcoreinfo.as_deref(), Some(&b"OSRELEASE=from-note\n"[..]));
}

/// QEMU's: no names, a wrong phys_base, a bitmap of 4 GiB for little memory, and the machine known by its notes alone.
#[test]
fn qemu_dumps() {
    for (size, name, ip_at) in
        [(336, "x86_64", 240), (144, "x86", 120), (392, "aarch64", 368), (376, "riscv64", 112), (148, "arm", 132)]
    {
        let mut prstatus = vec![0; size];
        prstatus[ip_at..ip_at + 4].copy_from_slice(&0xc012_3456u32.to_le_bytes());
        let file = Kdump {
            utsname: [""; 6],
            time: (0, 0),
            phys_base: 0x1_4470_3488,
            left_out: vec![0xf_ffff],
            notes: note("CORE", 1, &prstatus),
            ..mixed()
        };
        let i = image(file.build()).unwrap();
        check_mixed(&i);
        assert_eq!(i.machine.as_deref(), Some(name));
        assert_eq!(i.cpus[0].instruction_pointer.map(|p| p.value()), Some(0xc012_3456), "{name}");
        assert_eq!((detail(&i, "created"), detail(&i, "system")), (None, None));
        assert_eq!(detail(&i, "phys_base_in_header"), Some("0x144703488 (not used)"));
    }
}

#[test]
fn blocks_larger_than_a_page() {
    let block = |n: u64| [page(n), page(n + 1), vec![0; 4096 * 14]].concat();
    let pages = [(0x4000, Page::Zlib(block(1))), (0x4001, Page::Raw(pattern(65536, 5))), (0x4003, Page::Zero)];
    let i = image(Kdump { block_size: 65536, utsname: [""; 6], phys_base: 0x4000_0000, status: 1, ..Kdump::new(pages) }.build())
        .unwrap();
    assert_eq!(ranges(&i), [(0x4000_0000, 0x2_0000), (0x4003_0000, 0x1_0000)]);
    assert_eq!(read(&i, 0x4000_1000, 4096), Some(page(2)));
    assert_eq!(read(&i, 0x4000_fff8, 16).unwrap()[8..], pattern(65536, 5)[..8]);
}

/// makedumpfile on 32-bit ARM counts pages from where RAM begins.
#[test]
fn pages_of_arm_are_counted_from_phys_base() {
    let file = |utsname| Kdump {
        layout: Layout::Arm,
        utsname,
        phys_base: 0x6000_0000,
        ..Kdump::new([(0, Page::Zlib(page(1))), (2, Page::Zlib(page(2)))])
    };
    let i = image(file(["Linux", "h", "6.1", "#1", "armv7l", "(none)"]).build()).unwrap();
    assert_eq!(ranges(&i), [(0x6000_0000, 0x1000), (0x6000_2000, 0x1000)]);
    assert_eq!(read(&i, 0x6000_2000, 4096), Some(page(2)));
    assert_eq!(detail(&i, "first_page_at"), Some("0x60000000"));
    // QEMU does not, and leaves the system's name empty.
    let i = image(file(["", "", "", "", "armv7l", ""]).build()).unwrap();
    assert_eq!(ranges(&i), [(0, 0x1000), (0x2000, 0x1000)]);
}

#[test]
fn what_is_not_packed_is_mapped() {
    let pages = (0..100).map(|n| (n, if n % 7 == 3 { Page::Zero } else { Page::Raw(page(n)) }));
    let file = Kdump::new(pages).build();
    for i in [image(file.clone()).unwrap(), image(flattened(&file, 5000)).unwrap()] {
        assert!(i.memory.mapped().is_some());
        for n in 0..100 {
            assert_eq!(read(&i, n * 4096, 4096), Some(if n % 7 == 3 { vec![0; 4096] } else { page(n) }));
        }
        assert_eq!(detail(&i, "compression"), Some("none"));
    }
}

#[test]
fn diskdump_has_another_sub_header() {
    let mut file = Kdump { signature: *b"DISKDUMP", version: 3, status: 8, ..mixed() }.build();
    // Registers stand where kdump has its own numbers.
    file[4096..4096 + 104].fill(0xa5);
    let i = image(file).unwrap();
    check_mixed(&i);
    assert!(i.facts.warnings.is_empty(), "{:?}", i.facts.warnings);
    assert_eq!(detail(&i, "dump_format"), Some("diskdump version 3, 64-bit little-endian"));
    assert_eq!(detail(&i, "incomplete"), None);
    // With one bitmap, every page of the machine's is in it.
    let i = image(Kdump { signature: *b"DISKDUMP", left_out: vec![], two_bitmaps: false, ..mixed() }.build()).unwrap();
    check_mixed(&i);
}

#[test]
fn flattened_in_any_order_and_over_itself() {
    let file = mixed().build();
    for size in [1 << 20, 65536, 4096, 1000, 37] {
        let i = image(flattened(&file, size)).unwrap();
        check_mixed(&i);
        assert!(detail(&i, "dump_format").unwrap().ends_with("little-endian, flattened"));
        assert!(i.facts.warnings.is_empty(), "{:?}", i.facts.warnings);
    }
    // Backwards, and with rubbish under it that is written over.
    let rubbish = vec![0xee; file.len()];
    let mut pieces: Vec<(u64, &[u8])> = vec![(0, &rubbish), (100, &rubbish[..5000])];
    pieces.extend(file.chunks(777).enumerate().map(|(i, p)| (i as u64 * 777, p)).collect::<Vec<_>>().into_iter().rev());
    check_mixed(&image(flat(&pieces)).unwrap());
    // A header that is written again at the end counts as it is there.
    let old = Kdump { dump_level: 0, ..mixed() }.build();
    let i = image(flat(&[(0, &old), (4096, &file[4096..4300])])).unwrap();
    assert_eq!(detail(&i, "dump_level"), Some("1 (zero pages are stored once)"));
}

#[test]
fn flattened_and_cut_short() {
    let file = mixed().build();
    let whole = flattened(&file, 4096);
    let i = image(whole[..whole.len() - 16].to_vec()).unwrap();
    check_mixed(&i);
    assert!(warned(&i, "ends without its end mark"), "{:?}", i.facts.warnings);
    let i = image(whole[..whole.len() - 3000].to_vec()).unwrap();
    assert!(warned(&i, "ends inside its piece"), "{:?}", i.facts.warnings);
    assert_eq!(read(&i, 0, 4096), Some(page(0)));
    assert_eq!(read(&i, 700 * 4096, 1), None);
    assert!(refused(flat(&[])).contains("the flattened file holds no kdump header"), "{}", refused(flat(&[])));
    let text = refused(flat(&[(0, b"PAGEDU64")]));
    assert!(text.contains("it begins with 50 41 47 45 44 55 36 34"), "{text}");
}

/// Flattened files of other formats: makedumpfile -E -F.
#[test]
fn a_flattened_elf_core() {
    let core =
        builders::elf::Elf::core(vec![builders::elf::load(0x1000, &page(1)), builders::elf::load(0x8000, &page(2))]).build();
    let i = image(flattened(&core, 999)).unwrap();
    assert_eq!(i.facts.format, "elf");
    assert_eq!(ranges(&i), [(0x1000, 0x1000), (0x8000, 0x1000)]);
    assert_eq!(read(&i, 0x8000, 4096), Some(page(2)));
    assert!(i.memory.mapped().is_some());
    assert!(detail(&i, "flattened_pieces").is_some());
}

/// A piece far behind the others takes neither memory nor time: the core in order is longer than most hosts' memory.
#[test]
#[cfg(target_pointer_width = "64")]
fn a_flattened_elf_core_with_a_gap() {
    let core = builders::elf::Elf::core(vec![builders::elf::load(0x1000, &page(1))]).build();
    let i = image(flat(&[(0, &core), (60 << 30, b"x")])).unwrap();
    assert_eq!((ranges(&i), read(&i, 0x1000, 4096)), (vec![(0x1000, 0x1000)], Some(page(1))));
    // More than any host has.
    for at in [1u64 << 46, (1 << 63) - 2] {
        let text = refused(flat(&[(0, &core), (at, b"x")]));
        assert!(text.contains("put it in order"), "{at:#x}: {text}");
    }
    let little = OpenOptions { max_unpacked: Some(1 << 30), ..OpenOptions::default() };
    let e = open_bytes(flat(&[(0, &core), (1 << 30, b"x")]), "test", &little).err().unwrap();
    assert!(e.to_string().contains("put it in order"), "{e}");
}

/// Three parts, of which the middle one is flattened.
fn parts() -> [Vec<u8>; 3] {
    let part = |start, end| {
        Kdump { split: Some((start, end)), max_mapnr: Some(703), max_mapnr_64: Some(703), left_out: vec![8, 9, 702], ..mixed() }
            .build()
    };
    [part(0, 3), flattened(&part(3, 650), 5000), part(650, 703)]
}

fn write(folder: &Path, names: [&str; 3]) -> Vec<PathBuf> {
    let write = |(name, bytes): (&str, Vec<u8>)| {
        let path = folder.join(name);
        std::fs::write(&path, bytes).unwrap();
        path
    };
    names.into_iter().zip(parts()).map(write).collect()
}

#[test]
fn split_dumps_are_one_image() {
    for names in [["dumpfile1", "dumpfile2", "dumpfile3"], ["vmcore_0", "vmcore_1", "vmcore_2"], ["x.1", "x.2", "x.10"]] {
        let folder = tempfile::tempdir().unwrap();
        let paths = write(folder.path(), names);
        // Neighbours that have nothing to do with it.
        std::fs::write(folder.path().join("dumpfile4"), b"no dump").unwrap();
        std::fs::write(folder.path().join("vmcore_3"), mixed().build()).unwrap();
        for path in &paths {
            let i = open(path, &OpenOptions::default()).unwrap();
            check_mixed(&i);
            assert!(i.facts.warnings.is_empty(), "{:?}", i.facts.warnings);
            assert!(
                detail(&i, "split").unwrap().starts_with("3 files: 0x0-0x3000, 0x3000-0x28a000"),
                "{:?}",
                detail(&i, "split")
            );
            assert_eq!(detail(&i, "pages_dumped"), Some("10"));
        }
    }
}

#[test]
fn parts_with_other_names_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let paths = write(folder.path(), ["first", "second", "third"]);
    let sidecars = |paths: &[PathBuf]| OpenOptions { sidecars: paths.to_vec(), ..OpenOptions::default() };
    let i = open(&paths[2], &sidecars(&paths)).unwrap();
    check_mixed(&i);
    assert!(i.facts.warnings.is_empty(), "{:?}", i.facts.warnings);

    // Without one of them, what it has is not there, and that is said.
    let i = open(&paths[0], &sidecars(&paths[2..])).unwrap();
    assert_eq!(read(&i, 0x2000, 4096), Some(page(2)));
    assert_eq!(read(&i, 0x3000, 1), None);
    assert_eq!(read(&i, 700 * 4096, 4096), Some(page(44)));
    let warnings = i.facts.warnings.join("\n");
    assert!(warnings.contains("PARTS OF THIS SPLIT DUMP ARE MISSING: 6 pages between 0x3000 and 0x28a000"), "{warnings}");
    let i = open(&paths[1], &OpenOptions::default()).unwrap();
    assert_eq!(i.facts.warnings.len(), 2, "{:?}", i.facts.warnings);
    assert!(warned(&i, "3 pages between 0x0 and 0x3000") && warned(&i, "1 pages between 0x28a000 and 0x2bf000"));

    // Something else is no part.
    let other = folder.path().join("other");
    std::fs::write(&other, Kdump { split: Some((3, 650)), block_size: 8192, ..mixed() }.build()).unwrap();
    let e = open(&paths[0], &sidecars(&[other])).err().unwrap();
    assert!(e.reason().contains("is no part of this dump: their headers differ"), "{e}");
    let text = folder.path().join("text");
    std::fs::write(&text, b"text").unwrap();
    let e = open(&paths[0], &sidecars(&[text])).err().unwrap();
    assert!(e.reason().contains("it is no kdump file"), "{e}");
}

#[test]
fn ranges_of_parts_that_make_no_sense() {
    for split in [(5, 5), (9, 2), (0, u64::MAX), (u64::MAX, u64::MAX), (700, u64::MAX)] {
        let file = Kdump { split: Some((split.0.min(702), split.1)), ..mixed() };
        let mut bytes = file.build();
        let at = 4096 + 80;
        bytes[at..at + 8].copy_from_slice(&split.0.to_le_bytes());
        match image(bytes) {
            Ok(i) if split == (0, u64::MAX) => check_mixed(&i),
            Ok(i) => assert_eq!(read(&i, 700 * 4096, 4096), Some(page(44))),
            Err(e) => assert!(e.to_string().contains("holds no memory"), "{e}"),
        }
    }
}

#[test]
fn incomplete_dumps() {
    let mut file = Kdump { status: 1 | 8, ..mixed() };
    for n in [7, 10, 700] {
        file.pages.insert(n, Page::Wrong(0, 0, 0));
    }
    for bytes in [file.build(), Kdump { status: 1, ..file.clone() }.build()] {
        let i = image(bytes).unwrap();
        assert_eq!(ranges(&i), [(0, 0x7000)]);
        assert_eq!(read(&i, 0x6000, 4096), Some(pattern(4096, 99)));
        assert!(warned(&i, "3 of the dump's 10 pages are not in the file"), "{:?}", i.facts.warnings);
        assert_eq!(detail(&i, "pages_missing"), Some("3"));
    }
    let i = image(file.build()).unwrap();
    assert!(warned(&i, "its writer ran out of space before it got to them"));
    assert_eq!(detail(&i, "incomplete"), Some("yes (its writer ran out of space)"));
}

#[test]
fn cut_at_every_border() {
    let file = mixed();
    let bytes = file.build();
    let cut = |at: usize| image(bytes[..at].to_vec());
    for at in [0, 7, 8, 11, 12, 403, 404, 407, 420, 451, 463] {
        assert!(cut(at).is_err(), "{at}");
    }
    for at in [464, 4096, 4100, 4190] {
        let e = cut(at).err().unwrap().to_string();
        assert!(e.contains("the file ends inside the kdump sub-header"), "{at}: {e}");
    }
    for at in [4096 + 104, 8192, 12288, 12289] {
        let e = cut(at).err().unwrap();
        assert!(e.reason().contains("holds no memory: the file ends inside the bitmap of pages at offset 0x3000"), "{at}: {e}");
    }
    let descriptors = file.descriptors();
    for n in 0..=10 {
        for at in [descriptors + n * 24, descriptors + n * 24 + 5] {
            match cut(at) {
                // Descriptors alone hold no memory.
                Err(e) => assert!(e.reason().contains("pages are not in the file"), "{at}: {e}"),
                Ok(_) => panic!("{at}"),
            }
        }
    }
    // Data are cut: what is there is read, and the rest is counted.
    let mut seen = std::collections::BTreeSet::new();
    for at in (descriptors + 241..bytes.len()).step_by(501) {
        let Ok(i) = cut(at) else { continue };
        let there = i.facts.memory_size / 4096;
        seen.insert(there);
        assert!(warned(&i, &format!("{} of the dump's 10 pages are not in the file", 10 - there)), "{:?}", i.facts.warnings);
        assert!(warned(&i, &format!("beyond its end at {at} bytes")), "{:?}", i.facts.warnings);
        for n in 0..8 {
            if let Some(got) = read(&i, n * 4096, 4096) {
                assert_eq!(Some(got), read(&image(bytes.clone()).unwrap(), n * 4096, 4096));
            }
        }
        assert_eq!(read(&i, 700 * 4096, 1), None);
    }
    assert!(seen.len() > 4, "{seen:?}");
}

#[test]
fn numbers_that_lie() {
    let put = |at: usize, bytes: &[u8]| {
        let mut file = mixed().build();
        file[at..at + bytes.len()].copy_from_slice(bytes);
        image(file)
    };
    let reason = |r: Result<Image>| r.map(|i| panic!("opened: {:?}", ranges(&i))).unwrap_err().to_string();
    // Block size, sub-header's blocks, bitmap's blocks.
    for (at, wrong) in [(428, 0u32), (428, 4095), (428, 0x8000_0000), (428, u32::MAX), (432, 0), (436, 0), (8, 0x7fff_ffff)] {
        let e = reason(put(at, &wrong.to_le_bytes()));
        assert!(e.contains("the dump header makes no sense in any layout"), "{at} {wrong:#x}: {e}");
    }
    for (at, wrong) in [(432, u32::MAX), (436, u32::MAX), (432, 3), (428, 8192)] {
        // Elsewhere in the file, or beyond it, is something else or nothing: never what was there.
        match put(at, &wrong.to_le_bytes()) {
            Err(e) => assert!(!e.reason().is_empty()),
            Ok(i) => assert!(!i.facts.warnings.is_empty() || i.facts.memory_size > 0),
        }
    }
    // A newer version is read, and told.
    let i = put(8, &7u32.to_le_bytes()).unwrap();
    check_mixed(&i);
    assert!(warned(&i, "kdump version 7 is newer than memsh knows"));
    // The number of pages: more than bitmaps have, or none.
    for wrong in [u64::MAX, 1 << 32, 1 << 63] {
        check_mixed(&put(4096 + 96, &wrong.to_le_bytes()).unwrap());
    }
    // Notes and VMCOREINFO that lie elsewhere.
    for part in [32, 48, 64] {
        for (offset, len) in [(u64::MAX, u64::MAX), (u64::MAX, 1), (5000, u64::MAX), (1 << 40, 100), (0, u64::MAX)] {
            let mut value = offset.to_le_bytes().to_vec();
            value.extend(u64::to_le_bytes(len));
            check_mixed(&put(4096 + part, &value).unwrap());
        }
    }
    let i = put(4096 + 48, &[(1u64 << 40).to_le_bytes(), 100u64.to_le_bytes()].concat()).unwrap();
    assert!(warned(&i, "the notes at offset 0x10000000000: 0 of 100 bytes were read"), "{:?}", i.facts.warnings);
}

#[test]
fn pages_that_lie() {
    let broken = |p: Page, says: &str| {
        let mut file = mixed();
        file.pages.insert(3, p);
        let i = image(file.build()).unwrap();
        assert_eq!(read(&i, 0x3000, 1), None, "{says}");
        assert_eq!(read(&i, 0x2000, 4096), Some(page(2)));
        assert_eq!(read(&i, 0x4000, 4096), Some(page(4)));
        let damage = i.damage().unwrap();
        assert!(
            damage.contains("the block at 0x3000 (4096 bytes) can't be read and counts as missing") && damage.contains(says),
            "{damage}"
        );
    };
    let bomb = zlib(&vec![0; 1 << 17]);
    broken(Page::Packed(bomb, 1), "more than the 4096 bytes of the block");
    broken(Page::Packed(zlib(&[7; 4095]), 1), "give 4095 of 4096 bytes");
    broken(Page::Packed(vec![1, 2, 3], 1), "its zlib data at offset");
    broken(Page::Packed(vec![0; 4000], 2), "its lzo data at offset");
    broken(Page::Packed(vec![0xff; 100], 4), "its snappy data at offset");
    broken(Page::Packed(vec![0; 100], 0x20), "its zstd data at offset");
    broken(Page::Packed(vec![1; 4097], 1), "its size is 4097 bytes");
    broken(Page::Packed(vec![1; 100], 0), "its size is 100 bytes");
    broken(Page::Packed(vec![1; 4096], 0x40), "unknown flags 0x40");
    broken(Page::Packed(Vec::new(), 1), "its zlib data at offset");
    broken(Page::Packed(Vec::new(), 0x20), "no data");
    // Twice read is still one page.
    let mut file = mixed();
    file.pages.insert(1, Page::Packed(vec![9; 9], 1));
    let i = image(file.build()).unwrap();
    assert_eq!((read(&i, 0x1000, 1), read(&i, 0x1000, 4096)), (None, None));
}

/// Where one page of many names bytes that are not there, the others count on.
#[test]
fn one_descriptor_beyond_the_file() {
    for (offset, size) in [(u64::MAX, 4096), (1 << 40, 100), (u64::MAX - 10, u32::MAX), (0, 0), (100, u32::MAX)] {
        let mut file = mixed();
        file.pages.insert(3, Page::Wrong(offset, size, 1));
        let i = image(file.build()).unwrap();
        assert_eq!(ranges(&i)[..2], [(0, 0x3000), (0x4000, 0x4000)], "{offset:#x}");
        assert_eq!((read(&i, 0x3000, 1), read(&i, 0x4000, 4096)), (None, Some(page(4))));
        assert!(warned(&i, "1 of the dump's 10 pages are not in the file"), "{:?}", i.facts.warnings);
    }
}

#[test]
fn the_program_shows_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("dump");
    std::fs::write(&path, Kdump { dump_level: 17, ..mixed() }.build()).unwrap();
    let path = path.to_str().unwrap();
    let run = cli::memsh(&[path, "--json", "info"]);
    for text in ["\"format\":\"kdump\"", "17 (left out: free pages; zero pages are stored once)", "2025-11-21T14:20:39.250Z"] {
        assert!(run.stdout.contains(text), "{text}: {}\n{}", run.stdout, run.stderr);
    }
    let run = cli::memsh(&[path, "read", "--phys", "0x1000", "-n", "4096", "--json"]);
    let hex: String = page(1).iter().map(|b| format!("{b:02x}")).collect();
    assert!(run.stdout.contains(&hex), "{}", run.stderr);
    let run = cli::memsh(&[path, "read", "--phys", "0x8000", "-n", "16"]);
    assert!(run.stdout.contains("??"), "{} {}", run.stdout, run.stderr);
}

/// `source`'s memory as a kdump file.
fn written(source: &Image, ranges: &[(u64, u64)], facts: KdumpFacts) -> Result<(Vec<u8>, Summary)> {
    let mut out = Cursor::new(Vec::new());
    let range = |&(start, size): &(u64, u64)| MemoryRange { start: PhysAddr::new(umem::from(start)), size: umem::from(size) };
    let ranges: Vec<MemoryRange> = ranges.iter().map(range).collect();
    let summary = write_image(&source.memory, &ranges, &WriteFormat::Kdump(facts), &mut out, None)?;
    Ok((out.into_inner(), summary))
}

#[test]
fn what_is_written_is_read_again() {
    let source = image(mixed().build()).unwrap();
    let (bytes, summary) = written(&source, &[(700 * 4096, 4096), (0, 0x9000), (0xa000, 0x1000)], KdumpFacts::default()).unwrap();
    assert_eq!(summary.bytes, bytes.len() as u64);
    // Page 8 is not in the source, and not in the file.
    assert_eq!(summary.unreadable, 4096);
    let i = image(bytes).unwrap();
    check_mixed(&i);
    assert!(i.facts.warnings.is_empty(), "{:?}", i.facts.warnings);
    assert_eq!((detail(&i, "pages_dumped"), detail(&i, "pages_left_out")), (Some("10"), Some("1")));
    assert_eq!((detail(&i, "system"), i.vmcoreinfo.as_ref()), (None, None));
}

#[test]
fn what_is_known_of_the_machine_is_written() {
    let names = ["r15", "r14", "bp", "ax", "orig_ax", "ip", "cs", "flags", "sp", "ss"];
    let cpu = |n: u64| CpuState { registers: names.iter().zip(n..).map(|(name, v)| (*name, v)).collect(), ..CpuState::default() };
    let text = b"OSRELEASE=6.1.0-test\nPAGESIZE=4096\nNUMBER(phys_base)=-4096\n".to_vec();
    let facts = KdumpFacts {
        machine: Some("x86_64".into()),
        vmcoreinfo: Some(text.clone()),
        hostname: Some("a name of more than sixty-four bytes, which is what the field has room for".into()),
        build: Some("#1 SMP".into()),
        cpus: vec![cpu(1 << 40), cpu(100)],
        time: Some(std::time::UNIX_EPOCH + std::time::Duration::from_millis(1_763_734_839_250)),
    };
    let source = image(mixed().build()).unwrap();
    let i = image(written(&source, &[(0, 0x8000)], facts.clone()).unwrap().0).unwrap();
    assert_eq!(i.vmcoreinfo, Some(text.clone()));
    assert_eq!(i.machine.as_deref(), Some("x86_64"));
    assert_eq!(i.cpus.len(), 2);
    for (cpu, from) in i.cpus.iter().zip([1u64 << 40, 100]) {
        assert_eq!(cpu.instruction_pointer.map(|p| p.value()), Some(umem::from(from + 5)));
        for (name, want) in names.iter().zip(from..) {
            assert!(cpu.registers.contains(&(name, want)), "{name}: {:?}", cpu.registers);
        }
    }
    assert_eq!(detail(&i, "created"), Some("2025-11-21T14:20:39.250Z"));
    assert_eq!(detail(&i, "cpus_in_header"), Some("2"));
    assert_eq!(detail(&i, "phys_base_in_header"), Some("0xfffffffffffff000 (not used)"));
    let system = detail(&i, "system").unwrap();
    assert_eq!(system, "Linux a name of more than sixty-four bytes, which is what the field ha 6.1.0-test #1 SMP x86_64");

    // Registers of one processor of two would be taken for those of the other.
    let some = KdumpFacts { cpus: vec![CpuState::default(), cpu(1)], ..facts.clone() };
    assert!(image(written(&source, &[(0, 0x8000)], some).unwrap().0).unwrap().cpus.is_empty());

    // Blocks are as large as the kernel's pages; ARM counts them from where RAM begins.
    let source = image(Kdump { block_size: 65536, ..Kdump::new([(0x6000, Page::Raw(pattern(65536, 3)))]) }.build()).unwrap();
    for (machine, page_size, base) in [("aarch64", "65536", 0), ("arm", "4096", 0x6000_0000)] {
        let vmcoreinfo = Some(format!("OSRELEASE=6.1\nPAGESIZE={page_size}\n").into_bytes());
        let facts = KdumpFacts { machine: Some(machine.into()), vmcoreinfo, ..KdumpFacts::default() };
        let bytes = written(&source, &[(0x6000_0000, 65536)], facts).unwrap().0;
        let i = image(bytes.clone()).unwrap();
        assert_eq!((ranges(&i), read(&i, 0x6000_0000, 65536)), (vec![(0x6000_0000, 65536)], Some(pattern(65536, 3))));
        assert_eq!(detail(&i, "block_size"), Some(page_size));
        assert_eq!(detail(&i, "first_page_at").is_some(), base != 0);
        assert_eq!(i.machine.as_deref(), Some(machine));
    }
}

/// Ranges that begin and end inside pages, and files that do not hold whole pages.
#[test]
fn pages_are_written_whole() {
    let data = pattern(0x3000, 1);
    let source = image(builders::lime::lime(&[(0x1400, &data[..0x1800]), (0x5c00, &data[..0x400])])).unwrap();
    let (bytes, summary) = written(&source, &[(0x1400, 0x1800), (0x5c00, 0x400)], KdumpFacts::default()).unwrap();
    assert_eq!(summary.unreadable, 0);
    let i = image(bytes).unwrap();
    assert_eq!(ranges(&i), [(0x1000, 0x2000), (0x5000, 0x1000)]);
    assert_eq!(read(&i, 0x1400, 0x1800).unwrap(), data[..0x1800]);
    assert_eq!(read(&i, 0x5c00, 0x400).unwrap(), data[..0x400]);
    // Two ranges in one page are one page.
    let (bytes, summary) = written(&source, &[(0x1400, 0x100), (0x1600, 0x100), (0x2ff0, 0x20)], KdumpFacts::default()).unwrap();
    assert_eq!(ranges(&image(bytes).unwrap()), [(0x1000, 0x2000)]);
    assert_eq!(summary.unreadable, 0x20);
    // Nothing that can be read is no memory.
    let (bytes, summary) = written(&source, &[(0x9_0000, 0x2000)], KdumpFacts::default()).unwrap();
    assert_eq!(summary.unreadable, 0x2000);
    assert!(refused(bytes).contains("the kdump image holds no memory"));
    let e = written(&source, &[(1 << 60, 4096)], KdumpFacts::default()).unwrap_err();
    assert_eq!(e.kind(), ErrorKind::Invalid);
    assert!(e.reason().contains("too high for the bitmap"), "{e}");
    for high in [(u64::MAX - 4095, 4096), (u64::MAX, 1), (0, u64::MAX)] {
        assert!(written(&source, &[high], KdumpFacts::default()).is_err(), "{high:x?}");
    }
}

#[test]
fn the_sample_as_kdump() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("sample.kdump");
    let path = path.to_str().unwrap();
    let run = cli::sample(&["dump", "phys", "--format", "kdump", "-o", path]);
    assert_eq!(run.status, 0, "{}", run.stderr);
    let ps = |words: &[&str]| {
        let run = cli::memsh(words);
        assert_eq!(run.status, 0, "{}", run.stderr);
        run.stdout
    };
    assert_eq!(ps(&[path, "ps", "--json"]), cli::sample(&["ps", "--json"]).stdout);
    let info = ps(&[path, "info", "--json"]);
    assert!(info.contains("\"machine\"") || info.contains("x86_64"), "{info}");
    let run = cli::sample(&["dump", "1", "--format", "kdump", "-o", folder.path().join("x").to_str().unwrap()]);
    assert_eq!(run.status, 2, "{}", run.stderr);
    assert!(run.stderr.contains("a kdump file holds physical memory"), "{}", run.stderr);
}

/// Every page that the dumps of a folder hold is that of `phys.raw` beside them. `MEMSH_LAB` names folders, divided by `:`; pages above
/// what a machine has (QEMU's firmware) count for nothing.
#[test]
#[ignore = "needs images of real machines"]
fn real_dumps_agree_with_raw_memory() {
    let Some(folders) = std::env::var_os("MEMSH_LAB") else { return };
    for folder in std::env::split_paths(&folders) {
        let truth: serde_json::Value = serde_json::from_slice(&std::fs::read(folder.join("truth.json")).unwrap()).unwrap();
        let number = |v: &serde_json::Value| u64::from_str_radix(v.as_str().unwrap().trim_start_matches("0x"), 16).unwrap();
        let map = truth["ram_map"].as_array().unwrap();
        let gpa = number(&map[0]["gpa"]);
        let raw = open(
            &folder.join("phys.raw"),
            &OpenOptions { base: Some(PhysAddr::new(umem::from(gpa))), format: Some("raw".into()), ..OpenOptions::default() },
        )
        .unwrap();
        let mut files: Vec<PathBuf> = std::fs::read_dir(&folder).unwrap().map(|e| e.unwrap().path()).collect();
        files.sort();
        for file in files {
            let name = file.file_name().unwrap().to_str().unwrap().to_owned();
            if !(name.contains("kdump") || name.ends_with(".flat")) {
                continue;
            }
            let began = std::time::Instant::now();
            let i = open(&file, &OpenOptions::default()).unwrap();
            let opened = began.elapsed();
            let (mut pages, mut bad, mut outside) = (0u64, 0u64, 0u64);
            let (mut a, mut b) = (vec![0; 1 << 20], vec![0; 1 << 20]);
            for r in &i.facts.ranges {
                for at in (r.start.value()..r.start.value() + r.size).step_by(1 << 20) {
                    let n = (r.start.value() + r.size - at).min(1 << 20) as usize;
                    if !map.iter().any(|m| (number(&m["gpa"])..number(&m["end"])).contains(&(at as u64))) {
                        outside += n as u64 / 4096;
                        continue;
                    }
                    i.memory.read(PhysAddr::new(at), &mut a[..n]).unwrap();
                    raw.memory.read(PhysAddr::new(at), &mut b[..n]).unwrap();
                    pages += n as u64 / 4096;
                    bad += a[..n].chunks(4096).zip(b[..n].chunks(4096)).filter(|(a, b)| a != b).count() as u64;
                }
            }
            println!(
                "{}: {pages} pages agree but for {bad}, {outside} outside, opened in {opened:?}, {:?}",
                file.display(),
                i.facts.warnings
            );
            assert_eq!(bad, 0);
            assert_eq!(i.damage(), None);
        }
    }
}
