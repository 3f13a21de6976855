//! EWF (`.E01`) with memory in it.

use crate::builders;
use crate::builders::ewf::Ewf;
use crate::builders::{lime, pattern};
use crate::cli;
use crate::opened::{all, image, refused};
use memsh::image::{Image, OpenOptions, open, open_bytes};
use memsh::{PhysAddr, umem};
use std::fs;
use std::path::PathBuf;

fn detail<'i>(image: &'i Image, name: &str) -> &'i str {
    image.facts.details.iter().find(|(n, _)| n == name).map_or("", |(_, v)| v)
}

fn memory(len: usize) -> Vec<u8> {
    let mut data = pattern(len, 5);
    data.chunks_mut(4096).step_by(3).for_each(|page| page.fill(0));
    data
}

fn write(files: &[Vec<u8>]) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    for (i, f) in files.iter().enumerate() {
        fs::write(folder.path().join(format!("mem.E{:02}", i + 1)), f).unwrap();
    }
    let first = folder.path().join("mem.E01");
    (folder, first)
}

#[test]
fn one_segment_compressed_and_not() {
    let data = memory(300_032);
    for mixed in [false, true] {
        let files = Ewf { mixed, ..Ewf::new(&data) }.build();
        let i = image(files[0].clone()).unwrap();
        assert_eq!((i.facts.format.as_str(), i.facts.memory_size), ("ewf", 300_032));
        assert_eq!(all(&i), data);
        assert_eq!(i.facts.warnings, [""; 0]);
        assert_eq!((detail(&i, "ewf_description"), detail(&i, "ewf_acquired")), ("memory of host", "2023-11-14T22:13:20Z"));
        assert_eq!((detail(&i, "ewf_media"), detail(&i, "ewf_md5")), ("memory", "abababababababababababababababab"));
        let mut part = [0; 100];
        i.memory.read(PhysAddr::new(32_700), &mut part).unwrap();
        assert_eq!(part, data[32_700..32_800]);
        let options = OpenOptions { base: Some(PhysAddr::new(0x4000_0000)), ..OpenOptions::default() };
        let i = open_bytes(files[0].clone(), "test", &options).unwrap();
        assert_eq!((i.facts.ranges[0].start.value(), all(&i)), (0x4000_0000, data.clone()));
    }
}

#[test]
fn segments_by_name_and_by_sidecar() {
    let data = memory(32_768 * 9 + 512);
    let files = Ewf { per_segment: 3, mixed: true, ..Ewf::new(&data) }.build();
    assert_eq!(files.len(), 4);
    let (folder, first) = write(&files);
    assert_eq!(all(&open(&first, &OpenOptions::default()).unwrap()), data);
    let text = refused(open(&folder.path().join("mem.E02"), &OpenOptions::default()));
    assert!(text.contains("file 1 of the EWF image is its segment 2"), "{text}");
    // The last one is not there.
    fs::rename(folder.path().join("mem.E04"), folder.path().join("other")).unwrap();
    let i = open(&first, &OpenOptions::default()).unwrap();
    assert_eq!((i.facts.memory_size, all(&i)), (32_768 * 9, data[..32_768 * 9].to_vec()));
    assert!(i.facts.warnings[0].contains("is not there"), "{:?}", i.facts.warnings);
    assert!(i.facts.warnings[1].contains("should hold 295424 bytes; there are chunks for 294912"), "{:?}", i.facts.warnings);
    let side: Vec<PathBuf> = ["mem.E02", "mem.E03", "other"].iter().map(|n| folder.path().join(n)).collect();
    let i = open(&first, &OpenOptions { sidecars: side.clone(), ..OpenOptions::default() }).unwrap();
    assert_eq!((all(&i), i.facts.warnings.len()), (data, 0));
    let wrong = OpenOptions { sidecars: side.into_iter().rev().collect(), ..OpenOptions::default() };
    assert!(refused(open(&first, &wrong)).contains("file 2 of the EWF image is its segment 4"));
}

#[test]
fn an_image_with_a_header_in_it_is_that_image() {
    let inner = lime::lime(&[(0x10_0000, &memory(100_320))]);
    let data = [&inner[..], &vec![0; 512 - inner.len() % 512]].concat();
    let i = image(Ewf::new(&data).build()[0].clone()).unwrap();
    assert_eq!((i.facts.format.as_str(), i.facts.ranges[0].start.value()), ("lime", 0x10_0000));
    assert_eq!(all(&i), memory(100_320));
    assert_eq!(detail(&i, "ewf_content"), "a lime image, unpacked into memory");
    let mut disk = memory(65_536);
    disk[510..512].copy_from_slice(&[0x55, 0xaa]);
    let text = refused(image(Ewf { media: 1, ..Ewf::new(&disk) }.build()[0].clone()));
    assert!(text.contains("a disk with a boot sector, not of memory"), "{text}");
    assert!(image(Ewf::new(&disk).build()[0].clone()).is_ok());
}

#[test]
fn damage_is_counted_and_told() {
    let data = memory(32_768 * 4);
    let whole = Ewf { mixed: true, ..Ewf::new(&data) }.build().remove(0);
    // In the second chunk, which is stored.
    let at = whole.windows(64).position(|w| w == &data[40_960 + 4096..40_960 + 4160]).unwrap();
    let mut bad = whole.clone();
    bad[at] ^= 1;
    let i = image(bad).unwrap();
    let mut buf = vec![0; 4096];
    assert!(i.memory.read(PhysAddr::new(32_768), &mut buf).is_err());
    assert!(i.memory.read(PhysAddr::new(0), &mut buf).is_ok());
    let text = i.damage().unwrap();
    assert!(text.contains("the checksum of chunk 1 at file offset 0x"), "{text}");
    // A table with a wrong checksum has a copy, or not.
    let i = image(Ewf { bad_table: true, ..Ewf::new(&data) }.build().remove(0)).unwrap();
    assert_eq!(all(&i), data);
    assert!(i.facts.warnings[0].contains("its copy is used"), "{:?}", i.facts.warnings);
    let text = refused(image(Ewf { bad_table: true, no_copy: true, ..Ewf::new(&data) }.build().remove(0)));
    assert!(text.contains("its entries' checksum is wrong"), "{text}");
}

#[test]
fn numbers_that_lie() {
    let data = memory(32_768 * 2);
    for (sectors, bytes) in [(0, 512), (64, 0), (u32::MAX, u32::MAX), (1 << 20, 512)] {
        let e = Ewf { sectors_per_chunk: 64, ..Ewf::new(&data) };
        let mut file = e.build().remove(0);
        // The volume's numbers, behind the header's section.
        let at = file.windows(6).position(|w| w == b"volume").unwrap() + 76;
        file[at + 8..at + 12].copy_from_slice(&u32::to_le_bytes(sectors));
        file[at + 12..at + 16].copy_from_slice(&u32::to_le_bytes(bytes));
        let sum = builders::ewf::adler32(&file[at..at + 1048]);
        file[at + 1048..at + 1052].copy_from_slice(&sum.to_le_bytes());
        let text = refused(image(file));
        assert!(text.contains("an EWF image with chunks of"), "{text}");
    }
    let i = image(Ewf { sectors: Some(u64::MAX), ..Ewf::new(&data) }.build().remove(0)).unwrap();
    assert_eq!(i.facts.memory_size, 65_536);
    assert!(i.facts.warnings[0].contains("should hold"), "{:?}", i.facts.warnings);
    let i = image(Ewf { sectors: Some(0), ..Ewf::new(&data) }.build().remove(0)).unwrap();
    assert_eq!((all(&i), i.facts.warnings.len()), (data.clone(), 0));
    // Offsets of sections and chunks that lead elsewhere are caught by their checksums; those without by their sense.
    let whole = Ewf::new(&data).build().remove(0);
    for len in 13..whole.len() {
        match image(whole[..len].to_vec()) {
            Ok(i) => assert!(!i.facts.warnings.is_empty(), "{len}"),
            Err(e) => assert!(!e.reason().is_empty(), "{len}"),
        }
    }
    for at in 13..whole.len().min(4000) {
        let mut bad = whole.clone();
        bad[at] = 0xff;
        if let Ok(i) = image(bad) {
            assert!(i.facts.memory_size <= 65_536, "{at}");
        }
    }
}

#[test]
fn the_program_reads_it() {
    let data = memory(32_768 * 3);
    let (_folder, first) = write(&Ewf { per_segment: 2, ..Ewf::new(&data) }.build());
    let run = cli::memsh(&[first.to_str().unwrap(), "read", "--phys", "0x11000", "-n", "16", "--raw"]);
    assert_eq!((run.status, run.stdout), (0, String::from_utf8_lossy(&data[0x11000..0x11010]).into_owned()), "{}", run.stderr);
}

#[test]
#[ignore = "needs EWF_IMAGE (made by ewfacquirestream) and EWF_TRUTH (the raw bytes)"]
fn a_real_one_holds_its_bytes() {
    let i = open(std::env::var("EWF_IMAGE").unwrap().as_ref(), &OpenOptions::default()).unwrap();
    let truth = fs::read(std::env::var("EWF_TRUTH").unwrap()).unwrap();
    assert_eq!(i.facts.memory_size, truth.len() as umem);
    let mut buf = vec![0; 1 << 20];
    for (n, want) in truth.chunks(1 << 20).enumerate() {
        i.memory.read(PhysAddr::new(umem::from((n as u64) << 20)), &mut buf[..want.len()]).unwrap();
        assert!(buf[..want.len()] == *want, "MiB {n}");
    }
    println!("{:?}\n{:?}", i.facts.details, i.facts.warnings);
}
