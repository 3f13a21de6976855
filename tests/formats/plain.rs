//! Image formats end to end: right files read right, wrong files say what is wrong with them.

use crate::builders::elf::{Elf, Segment, load, note, notes, qemu_cpu};
use crate::builders::{lime, pattern};
use crate::opened::{image, ranges, read, refused};
use memsh::image::{ElfNotes, Image, OpenOptions, Progress, WriteFormat, open, open_bytes, write_image};
use memsh::{ErrorKind, PhysAddr, Result, umem};
use memsh_plugin::MemoryRange;
use std::io::{Cursor, Write};
use std::path::Path;

fn as_format(bytes: Vec<u8>, format: &str) -> Result<Image> {
    open_bytes(bytes, "test", &OpenOptions { format: Some(format.into()), ..OpenOptions::default() })
}

fn range(start: umem, size: umem) -> MemoryRange {
    MemoryRange { start: PhysAddr::new(start), size }
}

#[test]
fn raw_begins_where_it_is_told() {
    let data = pattern(8192, 1);
    let i = image(data.clone()).unwrap();
    assert_eq!(i.facts.format, "raw");
    assert_eq!(i.detection.last().unwrap(), "raw: no known header; treated as raw");
    assert_eq!(read(&i, 0x1004, 16), data[0x1004..0x1014]);

    let options = OpenOptions { base: Some(PhysAddr::new(0x4000_0000)), ..OpenOptions::default() };
    let mut i = open_bytes(data.clone(), "test", &options).unwrap();
    assert_eq!(ranges(&i), [(0x4000_0000, 8192)]);
    assert_eq!(read(&i, 0x4000_0000, 16), data[..16]);
    i = i.rebased(PhysAddr::new(0x8000_0000)).unwrap();
    assert_eq!(ranges(&i), [(0x8000_0000, 8192)]);
    assert_eq!(read(&i, 0x8000_0000, 16), data[..16]);
    assert!(i.memory.mapped().is_some());

    let options = OpenOptions { base: Some(PhysAddr::new(umem::MAX - 4096)), ..OpenOptions::default() };
    let text = refused(open_bytes(data, "test", &options));
    assert!(text.contains("run past the last physical address"), "{text}");
}

#[test]
fn only_raw_images_move() {
    let i = image(lime::lime(&[(0x1000, &pattern(64, 1))])).unwrap();
    let e = i.rebased(PhysAddr::new(0)).err().unwrap();
    assert_eq!(e.reason(), "a lime image has its own addresses and can't be moved");
}

#[test]
fn padded_is_a_name_for_raw() {
    let i = as_format(pattern(4096, 1), "padded").unwrap();
    assert_eq!((i.facts.format.as_str(), ranges(&i)), ("padded", vec![(0, 4096)]));
    let text = refused(as_format(pattern(4096, 1), "paddled"));
    assert!(text.starts_with("image: there is no format \"paddled\" | --format takes one of: elf, lime, "), "{text}");
    assert!(text.ends_with(", raw, padded"), "{text}");
}

#[test]
fn elf_of_both_classes_and_byte_orders() {
    let (a, b) = (pattern(300, 1), pattern(200, 2));
    for wide in [false, true] {
        for big in [false, true] {
            for sections in [false, true] {
                let core = Elf { wide, big, sections, ehsize: 8, ..Elf::core(vec![load(0x9000, &b), load(0x1000, &a)]) };
                let i = image(core.build()).unwrap();
                assert_eq!(i.facts.format, "elf");
                assert_eq!(ranges(&i), [(0x1000, 300), (0x9000, 200)], "{wide} {big} {sections}");
                assert_eq!(read(&i, 0x1000, 300), a);
                assert_eq!(read(&i, 0x9000, 200), b);
                assert_eq!(i.facts.warnings, [""; 0]);
            }
        }
    }
}

#[test]
fn elf_with_more_segments_than_e_phnum_can_say() {
    let mut segments: Vec<Segment> = (0..70_000u64).map(|i| load(i * 16, &i.to_le_bytes())).collect();
    // As QEMU's paging=true: the same bytes again, and again.
    segments.extend((0..70_000u64).map(|i| Segment { offset: Some(192 + 56 * 140_000 + i * 8), ..load(i * 16, &[0; 8]) }));
    let i = image(Elf { sections: true, ..Elf::core(segments) }.build()).unwrap();
    assert_eq!(i.facts.ranges.len(), 70_000);
    assert_eq!(read(&i, 69_999 * 16, 8), 69_999u64.to_le_bytes());
}

#[test]
fn segments_that_overlap_and_repeat_become_few_runs() {
    let data = pattern(0x4000, 3);
    let at = |offset: u64, phys: u64, len: usize| Segment {
        offset: Some(64 + 56 * 4 + offset),
        in_file: Some(len as u64),
        ..load(phys, &[])
    };
    let all = Segment { ..load(0, &data) };
    let i =
        image(Elf::core(vec![at(0x1000, 0x1000, 0x1000), at(0x1800, 0x1800, 0x2000), at(0, 0, 0x1200), all]).build()).unwrap();
    assert_eq!(ranges(&i), [(0, 0x4000)]);
    assert_eq!(read(&i, 0, 0x4000), data);
    assert!(i.facts.details.contains(&("runs".into(), "1".into())), "{:?}", i.facts.details);
}

#[test]
fn notes_give_processors_and_vmcoreinfo() {
    let mut status = vec![0; 336];
    status[240..248].copy_from_slice(&0xffff_ffff_8100_0000u64.to_le_bytes());
    let core = Elf::core(vec![
        notes(&[
            note("CORE", 1, &status),
            note("CORE", 1, &status),
            qemu_cpu(0xffff_ffff_8123_4567, 0x8005_0033, 0x3b8_0000, 0x75_0ef0),
            note("VMCOREINFO", 0, b"OSRELEASE=6.1.0\nPAGESIZE=4096\n\0\0"),
        ]),
        load(0, &pattern(4096, 4)),
    ]);
    let i = image(core.build()).unwrap();
    assert_eq!(i.machine.as_deref(), Some("x86_64"));
    assert_eq!(i.vmcoreinfo.as_deref(), Some(&b"OSRELEASE=6.1.0\nPAGESIZE=4096\n"[..]));
    assert_eq!(i.cpus.len(), 2);
    assert_eq!((i.cpus[0].root, i.cpus[0].cr0, i.cpus[0].cr4), (Some(0x3b8_0000), Some(0x8005_0033), Some(0x75_0ef0)));
    assert_eq!(i.cpus[0].instruction_pointer.unwrap().value(), 0xffff_ffff_8123_4567);
    assert_eq!(i.cpus[1].root, None);
    assert_eq!(i.cpus[1].instruction_pointer.unwrap().value(), 0xffff_ffff_8100_0000);
}

#[test]
fn elf_cut_anywhere_opens_or_says_why() {
    let whole = Elf {
        sections: true,
        ..Elf::core(vec![notes(&[note("CORE", 1, &[0; 336])]), load(0x1000, &pattern(256, 5)), load(0x2000, &pattern(256, 6))])
    };
    let whole = whole.build();
    for len in 1..whole.len() {
        match as_format(whole[..len].to_vec(), "elf") {
            Ok(i) => assert!(!i.facts.warnings.is_empty(), "{len}"),
            Err(e) => assert_eq!(e.kind(), ErrorKind::Malformed, "{len}: {e}"),
        }
    }
    let i = image(whole[..whole.len() - 300].to_vec()).unwrap();
    assert_eq!(i.facts.warnings, ["the file is truncated: 2 of 2 segments reach beyond its end, 300 bytes are missing"]);
    assert_eq!(ranges(&i), [(0x1000, 212)]);
    let text = refused(image(whole[..40].to_vec()));
    assert!(text.contains("the file ends inside the ELF header (40 bytes) (at file offset 0x0)"), "{text}");
}

#[test]
fn elf_numbers_that_lie() {
    let good = load(0x1000, &pattern(64, 7));
    for n in [0, 1, 0xffff_ffff, u64::MAX, u64::MAX - 1, 1 << 63] {
        for bad in [
            Segment { offset: Some(n), ..good.clone() },
            Segment { in_file: Some(n), ..good.clone() },
            Segment { phys: n, ..good.clone() },
            Segment { in_memory: Some(n), ..good.clone() },
            Segment { kind: 4, in_file: Some(n), ..good.clone() },
            Segment { kind: 4, offset: Some(n), ..good.clone() },
        ] {
            for wide in [true, false] {
                let core = Elf { wide, ..Elf::core(vec![bad.clone(), load(0x9000, &pattern(64, 8))]) };
                let i = image(core.build()).unwrap();
                assert_eq!(read(&i, 0x9000, 64), pattern(64, 8), "{n:#x}");
            }
        }
    }
    let core = Elf { count: Some(u32::MAX), sections: true, ..Elf::core(vec![good.clone()]) };
    let i = image(core.build()).unwrap();
    assert_eq!(i.facts.warnings.len(), 1, "{:?}", i.facts.warnings);
    assert!(i.facts.warnings[0].contains("of 4294967295 ELF program headers"), "{:?}", i.facts.warnings);
    let notes_lie = Segment { data: vec![0xff; 64], ..notes(&[]) };
    assert!(image(Elf::core(vec![notes_lie, good]).build()).is_ok());
}

#[test]
fn what_was_not_dumped_is_missing_and_not_zero() {
    let i = image(Elf::core(vec![Segment { in_memory: Some(0x3000), ..load(0x1000, &pattern(0x1000, 9)) }]).build()).unwrap();
    assert_eq!(ranges(&i), [(0x1000, 0x1000)]);
    assert!(i.memory.read(PhysAddr::new(0x2000), &mut [0]).is_err());
    assert!(i.facts.details.iter().any(|(n, v)| n == "not_dumped" && v.starts_with("8192 bytes")));
}

#[test]
fn elf_that_is_no_memory_says_what_it_is() {
    let with = |kind| refused(image(Elf { kind, ..Elf::core(vec![load(0, &[0; 64])]) }.build()));
    assert!(with(2).contains("not a core: it is an executable (ET_EXEC) (at file offset 0x10) | name the memory image instead; if this is its kernel's vmlinux"));
    assert!(with(3).contains("it is a shared object or position-independent executable (ET_DYN)"));
    assert!(with(1).contains("it is a relocatable object (ET_REL), for example a kernel module file"));
    assert!(with(0xfe00).contains("it is of an unknown type"));

    let virtual_only = vec![Segment { virt: 0x40_0000, ..load(0, &[1; 64]) }, Segment { virt: 0x60_0000, ..load(0, &[2; 64]) }];
    let text = refused(image(Elf::core(virtual_only).build()));
    assert!(text.contains("an ELF core whose 2 segments carry no physical addresses"), "{text}");

    let text = refused(image(Elf::core(vec![]).build()));
    assert!(text.contains("an ELF core with no segments: there is no memory in it"), "{text}");
    let text = refused(image(Elf::core(vec![notes(&[note("Xen", 0x100_0001, &[0; 8])])]).build()));
    assert!(text.contains("1 segments, none of them PT_LOAD"), "{text}");
    let text = refused(as_format(pattern(4096, 1), "elf"));
    assert!(text.contains("no ELF header (7f 45 4c 46) at the beginning of the file"), "{text}");
}

#[test]
fn segments_without_a_physical_address_are_left_out() {
    let kcore = vec![
        Segment { phys: u64::MAX, virt: 0xffff_ffff_c000_0000, ..load(0, &[1; 64]) },
        Segment { virt: 0xffff_8880_0000_1000, ..load(0x1000, &[2; 64]) },
    ];
    let i = image(Elf::core(kcore).build()).unwrap();
    assert_eq!(ranges(&i), [(0x1000, 64)]);
    assert!(i.facts.details.iter().any(|(n, _)| n == "virtual_only"));
}

#[test]
fn lime_ranges() {
    let (a, b) = (pattern(0x400, 1), pattern(0x1000, 2));
    let i = image(lime::lime(&[(0x1000, &a), (0x10_0000, &b)])).unwrap();
    assert_eq!((i.facts.format.as_str(), ranges(&i)), ("lime", vec![(0x1000, 0x400), (0x10_0000, 0x1000)]));
    assert_eq!(read(&i, 0x10_0ff0, 16), b[0xff0..]);
    assert_eq!(read(&i, 0x1000, 0x400), a);
}

#[test]
fn lime_cut_anywhere_keeps_what_was_before() {
    let whole = lime::lime(&[(0x1000, &pattern(64, 1)), (0x2000, &pattern(64, 2))]);
    for len in 1..whole.len() {
        match as_format(whole[..len].to_vec(), "lime") {
            // One range whole and nothing behind it is a right file.
            Ok(i) => assert!(len == 96 || !i.facts.warnings.is_empty(), "{len}"),
            Err(e) => assert!(len <= 32, "{len}: {e}"),
        }
    }
    let i = image(whole[..100].to_vec()).unwrap();
    assert_eq!(
        i.facts.warnings,
        ["LiME header 2 at file offset 0x60 is cut short (4 of 32 bytes): the last 4 bytes of the file are not used"]
    );
    let i = image(whole[..150].to_vec()).unwrap();
    assert_eq!(i.facts.warnings, ["the file ends inside the range 0x2000-0x203f: 42 of its 64 bytes are missing"]);
    assert_eq!(ranges(&i), [(0x1000, 64), (0x2000, 22)]);
    assert!(refused(image(whole[..20].to_vec())).contains("the first LiME header is cut short (20 of 32 bytes)"));
    assert!(refused(image(whole[..32].to_vec())).contains("the lime image holds no memory: the file ends inside the range"));
}

#[test]
fn lime_headers_that_lie() {
    let good = lime::lime(&[(0x1000, &pattern(64, 1))]);
    for (bad, why) in [
        (lime::header(0x4C69_4D46, 1, 0, 63), "has magic 0x4c694d46"),
        (lime::header(0x4C4D_5641, 2, 0, 63), "is no stream identifier (sNaPpY)"),
        (lime::header(0x4C69_4D45, 7, 0, 63), "has version 7"),
        (lime::header(0x4C69_4D45, 1, 0x2000, 0x1fff), "ends (0x1fff) before it begins (0x2000)"),
        (lime::header(0x4C69_4D45, 1, 0, u64::MAX), "the file ends inside the range 0x0-0xffffffffffffffff"),
        (lime::header(0x4C69_4D45, 1, u64::MAX, u64::MAX), ""),
        (lime::header(0x4C69_4D45, 1, 0x1000, 0xffff_ffff), "the file ends inside the range 0x1000-0xffffffff"),
    ] {
        let i = image([good.clone(), bad, vec![9; 64]].concat()).unwrap();
        assert_eq!(read(&i, 0x1000, 64), pattern(64, 1));
        let warnings = i.facts.warnings.join("\n");
        assert!(warnings.contains(why), "{warnings}");
    }
}

#[test]
fn what_is_no_image_says_what_it_is() {
    let begins = |bytes: &[u8]| {
        let mut file = bytes.to_vec();
        file.resize(8192, 0xa5);
        refused(image(file))
    };
    for (bytes, text) in [
        (
            &b"sadump\0\0"[..],
            "a Fujitsu sadump dump (partition header), which memsh does not read yet (at file offset 0x0) | makedumpfile",
        ),
        (b"conectix", "a Hyper-V disk (VHD), not a memory image (at file offset 0x0) | memsh reads memory, not disks"),
        (b"PK\x05\x06", "an empty zip archive, not a memory image"),
        (b"%PDF-1.7", "a PDF document, not a memory image"),
    ] {
        assert!(begins(bytes).contains(text), "{}", begins(bytes));
    }
    let text = refused(image(b"processes=1\n".repeat(1000)));
    assert!(text.starts_with("image: the file is a text file, not a memory image"), "{text}");
    let text = refused(image(vec![0xa5; 4095]));
    assert!(
        text.starts_with("image: the file is too small for a memory image: 4095 bytes (it begins with a5 a5 a5 a5 a5 a5 a5 a5)"),
        "{text}"
    );
    assert!(refused(image(Vec::new())).contains("empty (0 bytes)"));
    assert!(as_format(b"KDUMP   ".to_vec(), "raw").unwrap().facts.warnings.iter().any(|w| w.contains("like a kdump image")));
}

#[test]
fn files_that_can_not_be_opened() {
    let dir = tempfile::tempdir().unwrap();
    let at = |p: &Path| refused(open(p, &OpenOptions::default()));
    assert!(at(dir.path()).contains("is a directory | name the image file in it"));
    assert!(at(&dir.path().join("none")).contains("No such file or directory"));
    let empty = dir.path().join("empty");
    std::fs::write(&empty, b"").unwrap();
    assert!(at(&empty).contains("is empty (0 bytes)"));
    #[cfg(unix)]
    assert!(at(Path::new("/dev/null")).contains("is a device, pipe or socket, and can't be mapped into memory"));
}

#[test]
fn a_file_that_changes_while_it_is_open_is_noticed() {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(&pattern(8192, 1)).unwrap();
    let i = open(file.path(), &OpenOptions::default()).unwrap();
    assert_eq!(i.changed(), None);
    assert_eq!(read(&i, 4096, 64), pattern(8192, 1)[4096..4160]);
    file.as_file().set_len(4096).unwrap();
    assert_eq!(i.changed().as_deref(), Some("the file was cut from 8192 to 4096 bytes since it was opened"));
}

fn gzip(data: &[u8]) -> Vec<u8> {
    let mut e = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    e.write_all(data).unwrap();
    e.finish().unwrap()
}

fn xz(data: &[u8]) -> Vec<u8> {
    let mut e = liblzma::write::XzEncoder::new(Vec::new(), 1);
    e.write_all(data).unwrap();
    e.finish().unwrap()
}

fn zst(data: &[u8]) -> Vec<u8> {
    let mut e = zstd::stream::write::Encoder::new(Vec::new(), 1).unwrap();
    e.include_checksum(true).unwrap();
    e.write_all(data).unwrap();
    e.finish().unwrap()
}

fn bz2(data: &[u8]) -> Vec<u8> {
    let mut e = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::fast());
    e.write_all(data).unwrap();
    e.finish().unwrap()
}

type Pack = fn(&[u8]) -> Vec<u8>;
const PACKERS: [(&str, Pack); 4] = [("gzip", gzip), ("xz", xz), ("zstd", zst), ("bzip2", bz2)];

/// Zero pages between pages that are not.
fn sparse() -> Vec<u8> {
    [vec![0; 0x3000], pattern(0x1800, 1), vec![0; 0x9800], pattern(0x4_0000, 2), vec![0; 0x1000]].concat()
}

#[test]
fn files_compressed_whole() {
    let data = sparse();
    for (name, pack) in PACKERS {
        let i = image(pack(&data)).unwrap();
        assert_eq!(i.facts.compressed.as_deref(), Some(name));
        assert_eq!((i.facts.format.as_str(), i.facts.memory_size), ("raw", data.len() as u64));
        assert_eq!(read(&i, 0, data.len()), data, "{name}");
        assert!(i.memory.mapped().is_some());
        assert!(i.detection[0].starts_with(&format!("compression: {name} (begins with ")), "{:?}", i.detection);
        let stored: u64 = i.facts.details.iter().find(|d| d.0 == "unpacked_in_memory").unwrap().1.parse().unwrap();
        assert!(stored <= 0x4_3000, "{stored}");

        // In pieces, with padding between them and rubbish behind.
        let (a, b) = data.split_at(0x5123);
        let i = image([pack(a), vec![0; 8], pack(b), vec![0; 512], vec![7; 5]].concat()).unwrap();
        assert_eq!(read(&i, 0, data.len()), data, "{name}");
        assert!(i.facts.warnings[0].starts_with(&format!("5 bytes after the end of the {name} data")), "{:?}", i.facts.warnings);

        // An image with a header inside.
        let i = image(pack(&lime::lime(&[(0x1000, &pattern(64, 1))]))).unwrap();
        assert_eq!((i.facts.format.as_str(), ranges(&i)), ("lime", vec![(0x1000, 64)]));
    }
}

#[test]
fn compressed_files_that_are_cut_or_damaged() {
    let data = sparse();
    for (name, pack) in PACKERS {
        let whole = pack(&data);
        for len in [20, whole.len() / 2, whole.len() - 1] {
            let text = refused(image(whole[..len].to_vec()));
            assert!(text.contains(&format!("the {name} data end early: after {len} bytes")), "{name} {len}: {text}");
            assert!(text.contains("bytes of the image, more should follow"), "{text}");
        }
        let mut bad = whole.clone();
        let middle = bad.len() / 2;
        bad[middle..middle + 64].fill(0x55);
        let text = refused(image(bad));
        assert!(text.contains(&format!("the {name} data ")) && text.contains("bytes of the image"), "{name}: {text}");

        assert!(refused(image(pack(&whole))).contains("the file is compressed twice"), "{name}");
        let text = refused(image(pack(&[])));
        assert!(text.contains(&format!("the {name} data unpack to nothing")), "{text}");
        let text = refused(image(pack(&b"text ".repeat(2000))));
        assert!(text.contains(&format!("the file, unpacked from {name}, is a text file")), "{text}");
    }
}

#[test]
fn unpacking_has_a_limit_and_can_be_stopped() {
    let packed = zst(&vec![0; 64 << 20]);
    let limit = OpenOptions { max_unpacked: Some(1 << 20), ..OpenOptions::default() };
    let text = refused(open_bytes(packed.clone(), "test", &limit));
    assert!(
        text.contains(
            "needs more than 1048576 bytes unpacked, the limit that was set | unpack the file on disk and open the result"
        ),
        "{text}"
    );

    let stop = OpenOptions { progress: Some(Progress::new(|_, total| total == 0)), ..OpenOptions::default() };
    let e = open_bytes(packed.clone(), "test", &stop).map(|_| ()).unwrap_err();
    assert_eq!(e.kind(), ErrorKind::Interrupted);

    let seen = std::sync::Arc::new(std::sync::atomic::AtomicU64::new(0));
    let last = std::sync::Arc::clone(&seen);
    let watch = Progress::new(move |done, _| {
        last.store(done, std::sync::atomic::Ordering::Relaxed);
        true
    });
    let total = packed.len() as u64;
    open_bytes(packed, "test", &OpenOptions { progress: Some(watch), ..OpenOptions::default() }).unwrap();
    assert_eq!(seen.load(std::sync::atomic::Ordering::Relaxed), total);
}

#[test]
fn zstd_with_a_long_window() {
    let data = pattern(1 << 16, 3).repeat(20);
    let mut e = zstd::stream::write::Encoder::new(Vec::new(), 1).unwrap();
    e.long_distance_matching(true).unwrap();
    e.window_log(28).unwrap();
    e.write_all(&data).unwrap();
    let i = image(e.finish().unwrap()).unwrap();
    assert_eq!(read(&i, 0, data.len()), data);
}

#[test]
fn what_is_written_opens_again() {
    let (a, b) = (pattern(0x3000, 1), [pattern(0x1000, 2), vec![0; 0x4000], pattern(0x801, 3), vec![0; 0x1000]].concat());
    let source = image(lime::lime(&[(0x2000, &a), (0x1_0000, &b)])).unwrap();
    let notes = ElfNotes { machine: Some("aarch64".into()), vmcoreinfo: Some(b"OSRELEASE=6.1\n".to_vec()) };
    for (format, opened_as) in [
        (WriteFormat::Raw, "raw"),
        (WriteFormat::Padded, "padded"),
        (WriteFormat::Lime, "lime"),
        (WriteFormat::ElfCore(notes), "elf"),
    ] {
        let mut out = Cursor::new(Vec::new());
        // Backwards, overlapping, and with a hole at 0x5000 that the ranges leave out.
        let wanted = [range(0x1_0000, b.len() as umem), range(0x2000, 0x3000), range(0x2800, 0x100)];
        let summary = write_image(&source.memory, &wanted, &format, &mut out, None).unwrap();
        let bytes = out.into_inner();
        assert_eq!((summary.bytes, summary.unreadable), (bytes.len() as u64, 0), "{opened_as}");
        let options = OpenOptions {
            format: Some(opened_as.into()),
            base: (opened_as == "raw").then_some(summary.base),
            ..OpenOptions::default()
        };
        let i = open_bytes(bytes, "test", &options).unwrap();
        assert_eq!(read(&i, 0x2000, 0x3000), a, "{opened_as}");
        assert_eq!(read(&i, 0x1_0000, b.len()), b, "{opened_as}");
        match opened_as {
            "raw" => assert_eq!(ranges(&i), [(0x2000, 0xe000 + b.len() as umem)]),
            "padded" => assert_eq!(ranges(&i), [(0, 0x1_0000 + b.len() as umem)]),
            _ => assert_eq!(ranges(&i), [(0x2000, 0x3000), (0x1_0000, b.len() as umem)]),
        }
        if opened_as == "elf" {
            assert_eq!(i.machine.as_deref(), Some("aarch64"));
            assert_eq!(i.vmcoreinfo.as_deref(), Some(&b"OSRELEASE=6.1\n"[..]));
        }
    }
}

#[test]
fn what_can_not_be_read_is_written_as_zeros_and_counted() {
    let source = image(lime::lime(&[(0x1000, &pattern(0x1000, 1))])).unwrap();
    let mut out = Cursor::new(Vec::new());
    let summary = write_image(&source.memory, &[range(0, 0x3000)], &WriteFormat::Raw, &mut out, None).unwrap();
    assert_eq!((summary.bytes, summary.unreadable), (0x3000, 0x2000));
    let e = write_image(&source.memory, &[], &WriteFormat::Raw, &mut out, None).unwrap_err();
    assert!(e.reason().contains("no memory to write"));
    let high = [range(umem::from(u64::MAX - 0xfff), 0x1000)];
    let e = write_image(&source.memory, &high, &WriteFormat::Padded, &mut out, None).unwrap_err();
    assert!(e.reason().contains("larger than any file"), "{e}");
}

#[test]
fn a_core_of_many_ranges_is_written_and_read() {
    let data = pattern(70_000, 1);
    let source = image(data).unwrap();
    let wanted: Vec<_> = (0..66_000).step_by(1).map(|i| range(i, 1)).filter(|r| r.start.value() % 2 == 0).collect();
    // 33,000 fit into e_phnum; twice as many, made by a lie about the memory, do not.
    let many: Vec<_> = (0..66_000).map(|i| range(i * 2, 1)).collect();
    for ranges in [wanted, many] {
        let mut out = SeekSink::default();
        let summary = write_image(&source.memory, &ranges, &WriteFormat::ElfCore(ElfNotes::default()), &mut out, None).unwrap();
        assert_eq!(summary.bytes, out.len);
        let core = Elf::core(Vec::new()).build().len();
        assert!(out.head.len() > core);
        let header = image({
            // The head alone is a truncated core with the right number of headers.
            let mut head = out.head.clone();
            head.resize(head.len() + 4096 * 2, 1);
            head
        })
        .unwrap();
        assert!(header.facts.details.contains(&("elf_segments".into(), ranges.len().to_string())), "{:?}", header.facts.details);
    }
}

/// Keeps what is written first and counts the rest: a file with a page per range would be large.
#[derive(Default)]
struct SeekSink {
    head: Vec<u8>,
    at: u64,
    len: u64,
}

impl Write for SeekSink {
    fn write(&mut self, buf: &[u8]) -> std::io::Result<usize> {
        if self.at == 0 {
            self.head = buf.to_vec();
        }
        self.at += buf.len() as u64;
        self.len = self.len.max(self.at);
        Ok(buf.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl std::io::Seek for SeekSink {
    fn seek(&mut self, pos: std::io::SeekFrom) -> std::io::Result<u64> {
        if let std::io::SeekFrom::Start(at) = pos {
            self.at = at;
        }
        Ok(self.at)
    }
}

#[test]
fn a_connector_goes_through_a_c_table_and_back() {
    use memsh_plugin::{PhysReadOp, PhysicalMemory, Status};
    let data = pattern(0x2000, 1);
    let i = image(lime::lime(&[(0x1000, &data[..0x1000]), (0x5000, &data[0x1000..])])).unwrap();
    let object = i.connector().unwrap();
    // Only the table of C functions is left to call through.
    let mut buf = [0; 0x20];
    let mut ops = [PhysReadOp::new(PhysAddr::new(0x1ff0), &mut buf)];
    object.read((&mut ops[..]).into());
    assert_eq!(ops[0].status, Status::PARTIAL);
    assert_eq!(buf[..0x10], data[0xff0..0x1000]);
    assert_eq!(object.ranges().len(), 2);
    assert_eq!(object.metadata().size, 0x2000);
    assert_eq!(object.mapped_runs().len(), 2);

    // And back: the object is a connector like any other.
    let memory = memsh::engine::Memory::new(object);
    assert!(memory.mapped().is_some());
    let mut buf = [0; 16];
    memory.read(PhysAddr::new(0x5000), &mut buf).unwrap();
    assert_eq!(buf, data[0x1000..0x1010]);
}

#[cfg(feature = "cli")]
#[test]
fn the_sample_opens() {
    let i = memsh::image::sample(&OpenOptions::default()).unwrap();
    assert_eq!((i.facts.format.as_str(), i.facts.memory_size), ("raw", 48 << 20));
    let mapped = i.memory.mapped().unwrap();
    let (_, all) = mapped.slices().next().unwrap();
    assert!(memchr::memmem::find(all, b"Linux version 6.1.").is_some());
}

/// Writes the fuzzers' first inputs: `cargo test --test image_formats -- --ignored fuzz_seeds`.
#[test]
#[ignore = "writes files into fuzz/seeds"]
fn fuzz_seeds() {
    let core = Elf::core(vec![
        notes(&[note("CORE", 1, &[1; 336]), qemu_cpu(1, 2, 3, 4), note("VMCOREINFO", 0, b"A=1\n")]),
        load(0x1000, &pattern(32, 1)),
        load(0x1010, &pattern(32, 2)),
    ]);
    let elf64 = core.build();
    let elf32 = Elf { wide: false, big: true, sections: true, ..core }.build();
    let lime = lime::lime(&[(0x1000, &pattern(32, 1)), (0x2000, &pattern(32, 2))]);
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds");
    let mut seeds: Vec<(&str, &str, Vec<u8>)> =
        vec![("elf", "elf64", elf64.clone()), ("elf", "elf32", elf32), ("lime", "two", lime.clone())];
    seeds.extend([("detect", "elf64", elf64.clone()), ("detect", "lime", lime.clone())]);
    for (name, pack) in PACKERS {
        seeds.push(("detect", name, pack(&lime)));
    }
    for (target, name, bytes) in seeds {
        std::fs::create_dir_all(dir.join(target)).unwrap();
        std::fs::write(dir.join(target).join(name), bytes).unwrap();
    }
}
