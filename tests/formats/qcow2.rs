//! The memory in qcow2 snapshots: right images and wrong ones.

use crate::builders::pattern;
use crate::builders::qcow2::{Cluster, Qcow2};
use crate::builders::qemu::{PAGE, simple};
use crate::cli;
use crate::opened::{image, read, refused, warnings};
use memsh::image::{Image, OpenOptions, open_bytes};
use memsh::{PhysAddr, Result};

fn named(bytes: Vec<u8>, name: &str) -> Result<Image> {
    let options = OpenOptions { format: Some(format!("qcow2:{name}")), ..OpenOptions::default() };
    open_bytes(bytes, "test", &options)
}

fn detail<'a>(image: &'a Image, name: &str) -> &'a str {
    image.facts.details.iter().find(|(n, _)| n == name).map_or("-", |(_, v)| v)
}

/// Sixty pages, every third of them zero, one with a hole of zeros in it.
fn pages(seed: u64) -> Vec<Option<Vec<u8>>> {
    (0..60)
        .map(|i| match i % 3 {
            0 => None,
            1 => {
                let mut page = pattern(PAGE, seed + i);
                page[100..4000].fill(0);
                Some(page)
            }
            _ => Some(pattern(PAGE, seed + i)),
        })
        .collect()
}

fn memory(seed: u64) -> Vec<u8> {
    pages(seed).into_iter().flat_map(|p| p.unwrap_or_else(|| vec![0; PAGE])).collect()
}

fn state(seed: u64) -> Vec<u8> {
    simple("pc-q35-9.0", "pc.ram", &pages(seed)).finish("")
}

fn right(image: &Image, seed: u64) {
    let want = memory(seed);
    assert_eq!(read(image, 0, want.len()), want);
    for at in (0..want.len() - 50).step_by(1999) {
        assert_eq!(read(image, at as u64, 50), want[at..at + 50]);
    }
    assert_eq!(image.damage(), None);
}

#[test]
fn clusters_of_every_kind_and_size() {
    for cluster_bits in [9, 12, 14, 16] {
        for version in [2, 3] {
            let ways: [fn(usize, bool) -> Cluster; 3] = [
                |_, _| Cluster::Plain,
                |i, zero| {
                    if zero {
                        Cluster::Absent
                    } else if i % 3 == 1 {
                        Cluster::Packed
                    } else {
                        Cluster::Plain
                    }
                },
                |_, zero| if zero { Cluster::Zero } else { Cluster::Packed },
            ];
            for (n, how) in ways.into_iter().enumerate() {
                // Version 2 has no mark for zeros.
                if version == 2 && n == 2 {
                    continue;
                }
                let q =
                    Qcow2 { version, cluster_bits, how, snapshots: vec![("one", 1_700_000_000, state(1))], ..Qcow2::default() };
                let i = image(q.build()).unwrap_or_else(|e| panic!("{cluster_bits} {version} {n}: {e}"));
                right(&i, 1);
                assert_eq!(warnings(&i), "", "{cluster_bits} {version} {n}");
                assert_eq!(i.memory.mapped().is_some(), n == 0, "{cluster_bits} {version} {n}");
            }
        }
    }
}

#[test]
fn zstd_and_extended_entries() {
    let one = vec![("one", 1, state(2))];
    let how: fn(usize, bool) -> Cluster = |i, _| if i % 2 == 0 { Cluster::Packed } else { Cluster::Plain };
    right(&image(Qcow2 { zstd: true, how, snapshots: one.clone(), ..Qcow2::default() }.build()).unwrap(), 2);
    let how: fn(usize, bool) -> Cluster = |i, zero| match (zero, i % 3) {
        (true, _) => Cluster::Zero,
        (_, 0) => Cluster::Packed,
        _ => Cluster::Parts,
    };
    for cluster_bits in [14, 16] {
        let q = Qcow2 { extended: true, cluster_bits, how, snapshots: one.clone(), ..Qcow2::default() };
        let i = image(q.build()).unwrap();
        right(&i, 2);
        assert_eq!(detail(&i, "extended_l2"), "yes");
    }
}

#[test]
fn facts_of_the_snapshot() {
    let q = Qcow2 { snapshots: vec![("before update", 1_700_000_000, state(1))], ..Qcow2::default() };
    let i = image(q.build()).unwrap();
    assert_eq!(i.facts.format, "qcow2");
    assert_eq!(detail(&i, "snapshot"), "before update");
    assert!(detail(&i, "snapshot_time").starts_with("2023-11-14T22:13:20"), "{}", detail(&i, "snapshot_time"));
    assert_eq!((detail(&i, "vm_clock"), detail(&i, "machine")), ("7.000000001 s", "pc-q35-9.0"));
}

#[test]
fn the_newest_with_memory_is_chosen_and_others_by_name() {
    let q = Qcow2 {
        snapshots: vec![("a", 10, state(1)), ("newest", 30, state(2)), ("disk only", 40, Vec::new()), ("c", 20, state(3))],
        ..Qcow2::default()
    };
    let file = q.build();
    let i = image(file.clone()).unwrap();
    right(&i, 2);
    assert!(warnings(&i).contains("3 snapshots hold memory") && warnings(&i).contains("\"newest\""), "{}", warnings(&i));
    for (name, seed) in [("a", 1), ("c", 3), ("newest", 2), ("4", 3)] {
        let i = named(file.clone(), name).unwrap();
        right(&i, seed);
        assert_eq!(warnings(&i), "");
    }
    let text = refused(named(file.clone(), "nobody"));
    assert!(text.contains("no snapshot \"nobody\"") && text.contains("\"newest\" (id 2)"), "{text}");
    let text = refused(named(file, "disk only"));
    assert!(text.contains("the disk only, no memory"), "{text}");
}

#[test]
fn a_disk_image_is_a_disk_image() {
    let text = refused(image(Qcow2::default().build()));
    assert!(text.contains("a qcow2 disk image, not a memory image: it has no snapshots"), "{text}");
    let text = refused(image(Qcow2 { snapshots: vec![("x", 1, Vec::new())], ..Qcow2::default() }.build()));
    assert!(text.contains("none of its 1 snapshots holds memory"), "{text}");
}

#[test]
fn what_is_needed_and_missing_is_told() {
    let one = vec![("one", 1, state(1))];
    let q = Qcow2 { snapshots: one, ..Qcow2::default() };
    for (q, why) in [
        (Qcow2 { encryption: 2, ..q.clone() }, "encrypted"),
        (Qcow2 { features: 4, ..q.clone() }, "external data file"),
        (Qcow2 { features: 1 << 40, ..q.clone() }, "does not know (0x10000000000)"),
        (Qcow2 { version: 4, ..q.clone() }, "version 4"),
    ] {
        let text = refused(image(q.build()));
        assert!(text.contains(why), "{text}");
    }
    let i = image(Qcow2 { backing: "base.qcow2", features: 3, ..q }.build()).unwrap();
    right(&i, 1);
    assert_eq!(detail(&i, "backing_file"), "base.qcow2 (not needed for the memory)");
    assert!(warnings(&i).contains("corrupt") && warnings(&i).contains("dirty"), "{}", warnings(&i));
}

#[test]
fn every_cut_says_what_is_missing() {
    let q = Qcow2 { snapshots: vec![("one", 1, state(1))], ..Qcow2::default() };
    let whole = q.build();
    let table = u64::from_be_bytes(whole[64..72].try_into().unwrap()) as usize;
    for cut in (4..table).step_by(4099).chain(4..120).chain(table..table + 64) {
        match image(whole[..cut].to_vec()) {
            Ok(_) => panic!("opened without its table of snapshots, which lies last: {cut}"),
            Err(e) => {
                let text = e.to_string();
                assert!(
                    text.contains("qcow2 header") || text.contains("makes no sense") || text.contains("text file"),
                    "{cut}: {text}"
                );
            }
        }
    }
}

#[test]
fn numbers_of_any_size() {
    let q = Qcow2 { snapshots: vec![("one", 1, state(1))], ..Qcow2::default() };
    let whole = q.build();
    let with = |at: usize, bytes: &[u8]| {
        let mut file = whole.clone();
        file[at..at + bytes.len()].copy_from_slice(bytes);
        image(file)
    };
    for bits in [0, 8, 22, 63, 64, u32::MAX] {
        assert!(refused(with(20, &bits.to_be_bytes())).contains("clusters have 2^"), "{bits}");
    }
    // More snapshots than there are: those that make sense are used.
    let i = with(60, &u32::MAX.to_be_bytes()).unwrap();
    assert!(warnings(&i).contains("makes no sense"), "{}", warnings(&i));
    right(&i, 1);
    for at in [u64::MAX, 1 << 63, whole.len() as u64] {
        assert!(refused(with(64, &at.to_be_bytes())).contains("makes no sense"), "{at}");
    }
    let table = u64::from_be_bytes(whole[64..72].try_into().unwrap()) as usize;
    // The state's size, the disk's size, the L1 table's place and size, the size of the extra data.
    for (at, bytes) in [
        (table + 40, u64::MAX.to_be_bytes().to_vec()),
        (table + 40, (1u64 << 62).to_be_bytes().to_vec()),
        (table + 48, u64::MAX.to_be_bytes().to_vec()),
        (table + 48, (1u64 << 62).to_be_bytes().to_vec()),
        (table, u64::MAX.to_be_bytes().to_vec()),
        (table, 0u64.to_be_bytes().to_vec()),
        (table + 8, 0u32.to_be_bytes().to_vec()),
        (table + 36, u32::MAX.to_be_bytes().to_vec()),
    ] {
        match with(at, &bytes) {
            Ok(i) => {
                right(&i, 1);
                assert!(warnings(&i).contains("is cut after"), "{}", warnings(&i));
            }
            Err(e) => assert!(!e.reason().is_empty()),
        }
    }
    // All L2 entries are the same cluster: a loop of a stream.
    let l1_at = u64::from_be_bytes(whole[table..table + 8].try_into().unwrap()) as usize;
    let l1_len = u32::from_be_bytes(whole[table + 8..table + 12].try_into().unwrap()) as usize;
    let l2_at = (u64::from_be_bytes(whole[l1_at + 8 * (l1_len - 1)..][..8].try_into().unwrap()) & 0xff_ffff_ffff_fe00) as usize;
    let mut file = whole.clone();
    for i in 1..512 {
        file.copy_within(l2_at..l2_at + 8, l2_at + 8 * i);
    }
    file[table + 40..table + 48].copy_from_slice(&(2u64 << 20).to_be_bytes());
    match image(file) {
        Ok(i) => assert!(warnings(&i).contains("more clusters than the file has"), "{}", warnings(&i)),
        Err(e) => assert!(!e.reason().is_empty()),
    }
}

#[test]
fn a_damaged_cluster_stops_the_stream_with_its_place() {
    let how: fn(usize, bool) -> Cluster = |_, _| Cluster::Packed;
    let q = Qcow2 { how, snapshots: vec![("one", 1, state(1))], ..Qcow2::default() };
    let mut file = q.build();
    // The eleventh cluster's data: each takes two clusters here at most; find its first bytes behind the filling.
    let filling = [0xee; 100];
    let starts: Vec<usize> = memchr::memmem::find_iter(&file, &filling).collect();
    let at = starts[starts.len() / 2] + 100;
    file[at..at + 40].fill(0xff);
    let i = image(file).unwrap();
    let missing = i.memory.read_gaps(PhysAddr::new(0), &mut vec![0; 60 * PAGE]).bytes();
    assert!(missing > 0 && missing < 60 * 4096, "{missing}");
    let text = format!("{} {}", warnings(&i), i.damage().unwrap_or_default());
    assert!(text.contains("compressed cluster at file offset"), "{text}");
}

#[test]
fn the_program_takes_a_snapshot_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("vm.qcow2");
    let q = Qcow2 { snapshots: vec![("a", 1, state(1)), ("b", 2, state(2))], ..Qcow2::default() };
    std::fs::write(&path, q.build()).unwrap();
    let path = path.to_string_lossy();
    for (name, seed) in [("a", 1), ("b", 2)] {
        let run = cli::memsh(&[&path, "--format", &format!("qcow2:{name}"), "read", "--phys", "0x2000", "-n", "16", "--json"]);
        assert_eq!(run.status, 0, "{}", run.stderr);
        let hex: String = memory(seed)[0x2000..0x2010].iter().map(|b| format!("{b:02x}")).collect();
        assert!(run.stdout.contains(&hex), "{}", run.stdout);
    }
}
