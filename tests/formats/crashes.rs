//! Dumps of Xen guests, LKCD's, VirtualBox's notes, and what is only known by name.

use crate::builders::elf::{Elf, load, note, notes};
use crate::builders::ewf::Ewf;
use crate::builders::lkcd::{Lkcd, Page, gzip, raw, rle};
use crate::builders::pattern;
use crate::builders::xen::Xen;
use crate::builders::{vmware, zip};
use crate::opened::{image, ranges, read, refused};
use memsh::image::{Image, OpenOptions, open, open_bytes};
use memsh::memo::Memo;
use memsh::{ErrorKind, PhysAddr};
use std::fs;
use std::sync::Arc;

fn detail<'i>(image: &'i Image, name: &str) -> &'i str {
    image.facts.details.iter().find(|(n, _)| n == name).map_or("", |(_, v)| v)
}

fn memory() -> Vec<u8> {
    let mut data = pattern(0x5000, 9);
    data[0x1000..0x1800].fill(0);
    data[0x2000..0x3000].fill(0x41);
    data
}

#[test]
fn xen_guests_whose_addresses_xen_translates() {
    let data = pattern(0x5000, 2);
    for wide in [true, false] {
        let xen = Xen {
            wide,
            cpus: vec![[0x8005_003b, 0x1234_5000, 0xffff_ffff_8100_0000]],
            ..Xen::new(&[0, 1, 0x100, u64::MAX, 2], &data)
        };
        let i = image(xen.build()).unwrap();
        assert_eq!((i.facts.format.as_str(), ranges(&i)), ("elf", vec![(0, 0x3000), (0x10_0000, 0x1000)]));
        assert_eq!((read(&i, 0, 0x2000), read(&i, 0x2000, 0x1000)), (data[..0x2000].to_vec(), data[0x4000..].to_vec()));
        assert_eq!(read(&i, 0x10_0000, 0x1000), data[0x2000..0x3000]);
        assert_eq!(i.facts.warnings, [""; 0]);
        assert_eq!((detail(&i, "xen_guest"), detail(&i, "xen_version")), ("HVM or PVH", "4.17"));
        if wide {
            assert_eq!((i.cpus[0].root, i.cpus[0].cr0), (Some(0x1234_5000), Some(0x8005_003b)));
            assert_eq!(i.cpus[0].instruction_pointer.unwrap().value(), 0xffff_ffff_8100_0000);
        }
    }
}

#[test]
fn paravirtual_xen_guests_have_machine_addresses() {
    let data = pattern(0x3000, 2);
    let xen = Xen { mfns: Some(vec![0x777, 0x778, 0x500]), ..Xen::new(&[0, 1, 2], &data) };
    let i = image(xen.build()).unwrap();
    assert_eq!(ranges(&i), [(0x50_0000, 0x1000), (0x77_7000, 0x2000)]);
    assert_eq!((read(&i, 0x77_7000, 0x2000), read(&i, 0x50_0000, 0x1000)), (data[..0x2000].to_vec(), data[0x2000..].to_vec()));
    assert!(i.facts.warnings[0].contains("machine addresses"), "{:?}", i.facts.warnings);
}

#[test]
fn xen_cores_that_lie() {
    let data = pattern(0x3000, 2);
    let good = Xen::new(&[0, 1, 2], &data);
    for name in [".xen_pfn", ".xen_pages"] {
        let text = refused(image(Xen { without: Some(name), ..good.clone() }.build()));
        assert!(text.contains("section") || text.contains("no segments"), "{text}");
    }
    let warned = |xen: Xen, what: &str| {
        let i = image(xen.build()).unwrap();
        assert!(i.facts.warnings.iter().any(|w| w.contains(what)), "{:?}", i.facts.warnings);
    };
    warned(Xen { without: Some(".note.Xen"), ..good.clone() }, "4096 were assumed");
    warned(Xen { page_size: u64::MAX, ..good.clone() }, "pages of 18446744073709551615 bytes");
    warned(Xen { count: Some(u64::MAX), ..good.clone() }, "says 18446744073709551615 pages, its list has 3");
    warned(Xen { pfns: vec![0, u64::MAX - 1, 1], ..good.clone() }, "1 pages of the Xen core have numbers beyond");
    warned(Xen { pfns: vec![0, 1, 2, 3, 4], ..good.clone() }, "lists 5 pages; 3 have room");
    let whole = good.build();
    for len in 4..whole.len() {
        match open_bytes(whole[..len].to_vec(), "test", &OpenOptions { format: Some("elf".into()), ..OpenOptions::default() }) {
            Ok(i) => assert!(!i.facts.warnings.is_empty() || len > 0x3000, "{len}"),
            Err(e) => assert_eq!(e.kind(), ErrorKind::Malformed, "{len}: {e}"),
        }
    }
}

#[test]
fn a_dump_of_a_xen_host_opens_and_says_so() {
    let core = Elf::core(vec![notes(&[note("Xen", 0x100_0001, &[0; 80])]), load(0x1000, &pattern(0x1000, 3))]);
    let i = image(core.build()).unwrap();
    assert_eq!(detail(&i, "note_xen"), "yes");
    assert!(i.facts.warnings[0].contains("a dump of a Xen host"), "{:?}", i.facts.warnings);
}

#[test]
fn virtualbox_tells_of_itself_and_its_processors() {
    let mut cpu = vec![0; 1000];
    let put = |cpu: &mut Vec<u8>, at: usize, n: u64| cpu[at..at + 8].copy_from_slice(&n.to_le_bytes());
    // ax, ip, sp; cs; CR0, CR3, CR4; EFER.
    for (at, n) in
        [(0, 7), (112, 0xffff_ffff_8100_1234), (120, 0x55), (160, 0x10), (288, 0x8005_0033), (304, 0xabc_d000), (312, 0x6f0)]
    {
        put(&mut cpu, at, n);
    }
    put(&mut cpu, 488, 0xd01);
    let mut core = Vec::new();
    for n in [0xc01a_c0de_u32, 0x0001_0006, 24, 0x0700_000e, 161_095, 1] {
        core.extend(n.to_le_bytes());
    }
    let build = |core: &[u8], cpu: &[u8]| {
        image(
            Elf::core(vec![notes(&[note("VBCORE", 0xb00, core), note("VBCPU", 0xb01, cpu)]), load(0, &pattern(0x1000, 3))])
                .build(),
        )
        .unwrap()
    };
    let i = build(&core, &cpu);
    assert_eq!((detail(&i, "virtualbox_version"), detail(&i, "virtualbox_revision")), ("7.0.14", "161095"));
    let c = &i.cpus[0];
    assert_eq!((c.cr0, c.root, c.cr4, c.efer), (Some(0x8005_0033), Some(0xabc_d000), Some(0x6f0), Some(0xd01)));
    assert_eq!(c.instruction_pointer.unwrap().value(), 0xffff_ffff_8100_1234);
    for register in [("ax", 7), ("sp", 0x55), ("cs", 0x10)] {
        assert!(c.registers.contains(&register), "{register:?}");
    }
    assert_eq!(i.facts.warnings, [""; 0]);
    core[20] = 9;
    assert!(build(&core, &cpu).facts.warnings[0].contains("claims 9 processors, and describes 1"));
    let i = build(&[0; 24], &cpu[..300]);
    assert!(i.facts.warnings[0].contains("VBCORE note does not begin") && i.facts.warnings[1].contains("too short"));
    assert!(i.cpus.is_empty());
}

#[test]
fn lkcd_of_every_version_order_and_packing() {
    let data = memory();
    let starts = [0x3000u64, 0, 0x10_0000, 0x1000, 0x10_1000];
    for version in [5, 7, 8, 9, 10] {
        for big in [false, true] {
            for wide in [false, true] {
                for (compress, name) in [(0, "none"), (1, "rle"), (2, "gzip")] {
                    let page = |(i, &at): (usize, &u64)| {
                        let bytes = &data[i * 0x1000..(i + 1) * 0x1000];
                        match compress {
                            0 => raw(at, bytes),
                            _ if i == 4 => raw(at, bytes),
                            1 => rle(at, bytes),
                            _ => gzip(at, bytes),
                        }
                    };
                    let first = if version >= 9 { 0x4_0000 } else { 65536 };
                    let pages: Vec<Page> = starts.iter().enumerate().map(page).collect();
                    let i = image(Lkcd { big, wide, first, ..Lkcd::new(version, compress, pages) }.build()).unwrap();
                    assert_eq!((i.facts.format.as_str(), i.facts.warnings.len()), ("lkcd", 0), "{:?}", i.facts.warnings);
                    assert_eq!(ranges(&i), [(0, 0x2000), (0x3000, 0x1000), (0x10_0000, 0x2000)]);
                    for (n, at) in starts.iter().enumerate() {
                        assert_eq!(
                            read(&i, *at, 0x1000),
                            data[n * 0x1000..(n + 1) * 0x1000],
                            "{version} {big} {wide} {name} {at:#x}"
                        );
                    }
                    assert_eq!(read(&i, 0x10_0ff0, 0x20), [&data[0x2ff0..0x3000], &data[0x4000..0x4010]].concat());
                    assert_eq!((detail(&i, "compression"), detail(&i, "kernel_release")), (name, "2.6.5-7.97-smp"));
                    assert_eq!((detail(&i, "time"), detail(&i, "panic")), ("2004-11-09T11:33:20Z", "Oops"));
                    assert_eq!(i.machine.as_deref(), Some(if wide { "x86_64" } else { "x86" }));
                }
            }
        }
    }
}

#[test]
fn lkcd_that_lies() {
    let data = memory();
    let pages = vec![raw(0, &data[..0x1000]), gzip(0x1000, &data[0x1000..0x2000]), raw(0x2000, &data[0x2000..0x3000])];
    let good = Lkcd::new(8, 2, pages.clone());
    let with = |p: Page| Lkcd { pages: vec![pages[0].clone(), p, pages[2].clone()], ..good.clone() };
    // Headers that are none end the list.
    for p in [
        Page { size: Some(u32::MAX), ..pages[1].clone() },
        Page { flags: 0, ..pages[1].clone() },
        Page { size: Some(0x2001), ..pages[1].clone() },
    ] {
        let i = image(with(p).build()).unwrap();
        assert!(i.facts.warnings[0].contains("after 1 pages, neither a page nor the end mark"), "{:?}", i.facts.warnings);
        assert_eq!(ranges(&i), [(0, 0x1000)]);
    }
    // Pages that can't be unpacked are missing, and counted.
    for (p, why) in [
        (Page { data: vec![1; 50], ..pages[1].clone() }, "the page at file offset 0x11010"),
        (gzip(0x1000, &data[..0x800]), "unpacks to 2048 bytes, not 4096"),
        (gzip(0x1000, &data[..0x3000]), "more than the 4096 bytes"),
        (raw(0x1000, &data[..0x800]), "unpacks to 2048 bytes, not 4096"),
        (Page { flags: 3, ..pages[1].clone() }, "has the flags 0x3"),
    ] {
        let i = image(with(p).build()).unwrap();
        assert!(i.memory.read(PhysAddr::new(0x1000), &mut [0; 4096]).is_err());
        assert!(i.damage().unwrap().contains(why), "{why}: {:?}", i.damage());
        assert_eq!(read(&i, 0x2000, 0x1000), data[0x2000..0x3000]);
    }
    let i = image(with(raw(0, &data[0x3000..0x4000])).build()).unwrap();
    assert!(i.facts.warnings[0].contains("1 pages stand in the dump more than once"), "{:?}", i.facts.warnings);
    assert_eq!(read(&i, 0, 0x1000), data[..0x1000]);
    let i = image(with(raw(u64::MAX - 0x10, &data[..0x1000])).build()).unwrap();
    assert!(i.facts.warnings[0].contains("1 pages lie beyond any physical address"), "{:?}", i.facts.warnings);
    assert_eq!(ranges(&i), [(0, 0x1000), (0x2000, 0x1000)]);
    assert!(refused(image(Lkcd { version: 11, ..good.clone() }.build())).contains("an LKCD dump of version 11"));
    for page_size in [0, 1, 3, 4097, u32::MAX] {
        assert!(refused(image(Lkcd { page_size, ..good.clone() }.build())).contains("pages of"));
    }
    let unknown = image(Lkcd { compress: 9, ..good.clone() }.build()).unwrap();
    assert!(unknown.facts.warnings[0].contains("compressed by method 9"), "{:?}", unknown.facts.warnings);
    let far = Lkcd { version: 9, first: 0x4_0000, ..good.clone() }.build();
    let mut lying = far.clone();
    lying[734..742].copy_from_slice(&u64::MAX.to_le_bytes());
    assert!(refused(image(lying)).contains("holds no memory"));
    let whole = good.build();
    for len in (8..65536).step_by(97).chain(65536..whole.len()) {
        match image(whole[..len].to_vec()) {
            Ok(i) => assert!(i.facts.warnings[0].contains("damaged or cut short"), "{len}"),
            Err(e) => assert_eq!(e.kind(), ErrorKind::Malformed, "{len}: {e}"),
        }
    }
}

#[test]
fn lkcd_keeps_its_index_and_proves_it() {
    let data = memory();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("dump");
    fs::write(&path, Lkcd::new(8, 0, vec![raw(0x1000, &data[..0x1000]), raw(0, &data[0x1000..0x2000])]).build()).unwrap();
    let options = || {
        let memo = Arc::new(Memo::new(&folder.path().join("cache"), &path));
        OpenOptions { memo: Some(memo), ..OpenOptions::default() }
    };
    let first = options();
    open(&path, &first).unwrap();
    first.memo.unwrap().save().unwrap();
    let i = open(&path, &options()).unwrap();
    assert_eq!((read(&i, 0x1000, 0x1000), read(&i, 0, 0x1000)), (data[..0x1000].to_vec(), data[0x1000..0x2000].to_vec()));
    assert_eq!(i.facts.warnings, [""; 0]);
}

#[test]
fn what_is_not_read_is_named() {
    let file = |magic: &[u8]| [magic, &pattern(8192, 1)].concat();
    for (magic, name) in [
        (&b"sadump\0\0"[..], "sadump"),
        (&[0xa8, 0x19, 0x01, 0x73, 0x61, 0x8f, 0x23, 0xfd], "s390 stand-alone dump"),
        (&[0x14, 0x20, 0x28, 0x01], "Hyper-V saved state"),
        (b"EVF2\x0d\x0a\x81\x00", "EWF2"),
        (b"\x7fVirtualBox SavedState", "VirtualBox saved state"),
    ] {
        let text = refused(image(file(magic)));
        assert!(text.contains(name) && text.contains("does not read yet") && !text.ends_with("| -"), "{text}");
    }
    // The memory of an old Hyper-V state looks like raw.
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("A.bin"), pattern(8192, 1)).unwrap();
    fs::write(folder.path().join("A.vsv"), pattern(100, 1)).unwrap();
    let text = refused(open(&folder.path().join("A.bin"), &OpenOptions::default()));
    assert!(text.contains("old Hyper-V saved state"), "{text}");
}

/// Writes what the builders make, for other tools to read.
#[test]
#[ignore = "needs MADE, a folder"]
fn files_for_other_tools() {
    let folder = std::path::PathBuf::from(std::env::var("MADE").unwrap());
    let data = memory();
    fs::write(folder.join("memory"), &data).unwrap();
    let pages = |f: &dyn Fn(u64, &[u8]) -> Page| -> Vec<Page> {
        (0..5).map(|i| f(i * 0x1000, &data[i as usize * 0x1000..(i as usize + 1) * 0x1000])).collect()
    };
    for version in [7, 8, 9, 10] {
        fs::write(folder.join(format!("lkcd{version}-raw")), Lkcd::new(version, 0, pages(&raw)).build()).unwrap();
        fs::write(folder.join(format!("lkcd{version}-rle")), Lkcd::new(version, 1, pages(&rle)).build()).unwrap();
        fs::write(folder.join(format!("lkcd{version}-gzip")), Lkcd::new(version, 2, pages(&gzip)).build()).unwrap();
    }
    let xen = Xen::new(&[0, 1, 2, 3, 4], &data);
    fs::write(folder.join("xen-hvm"), xen.build()).unwrap();
    fs::write(folder.join("xen-pv"), Xen { mfns: Some(vec![9, 8, 7, 6, 5]), ..xen }.build()).unwrap();
    // Seeds for the fuzzers: small, and whole.
    let small = &data[0x1000..0x1400];
    let dump = Lkcd { first: 768, ..Lkcd::new(9, 2, vec![gzip(0, &data[0x2000..0x3000]), rle(0x1000, &data[0x2000..0x3000])]) };
    let ewf = Ewf { sectors_per_chunk: 1, mixed: true, ..Ewf::new(small) };
    let tags = [vmware::regions(&[(0, 0, 1)]), vec![vmware::block("Memory", &[0, 0], small, 5)]].concat();
    let cpu = vec![vmware::u32_tag("cpu:numVCPUs", &[], 1), vmware::u64_tag("CR64", &[0, 3], 0x1000)];
    for (name, bytes) in [
        ("lkcd", dump.build()),
        ("ewf", ewf.build().remove(0)),
        ("vmware", vmware::checkpoint([0xd2, 0xbe, 0xd2, 0xbe], &[("memory", tags), ("cpu", cpu)])),
        // Its target puts the first bytes before it.
        ("zip", zip::zip(&[zip::member("a.txt", 0, b"x"), zip::member("m", 8, &data[0x2000..0x3000])])[4..].to_vec()),
    ] {
        fs::create_dir_all(folder.join("seeds").join(name)).unwrap();
        fs::write(folder.join("seeds").join(name).join("whole"), bytes).unwrap();
    }
}
