//! VMware: checkpoints (`.vmss`, `.vmsn`) and the memory that belongs to them.

use crate::builders::pattern;
use crate::builders::vmware::{Tag, Value, block, checkpoint, regions, u32_tag, u64_tag};
use crate::cli;
use crate::opened::{image, ranges, read, refused};
use memsh::ErrorKind;
use memsh::image::{OpenOptions, open, open_bytes};
use std::fs::{self, File};
use std::path::{Path, PathBuf};

const MAGIC: [u8; 4] = [0xd2, 0xbe, 0xd2, 0xbe];

fn cpu() -> Vec<Tag> {
    vec![
        u32_tag("cpu:numVCPUs", &[], 2),
        u64_tag("CR64", &[0, 0], 0x8005_0033),
        u64_tag("CR64", &[0, 3], 0x3b8_0000),
        u64_tag("CR64", &[0, 4], 0x75_0ef0),
        u32_tag("CR", &[0, 3], 0x1111),
        u64_tag("rip", &[0], 0xffff_ffff_8123_4567),
        u64_tag("rsp", &[0], 0xffff_c900_0000_3e00),
        u64_tag("EFER", &[0], 0xd01),
        block("CR64", &[1], &(0..9u64).flat_map(|n| (n * 0x1000).to_le_bytes()).collect::<Vec<_>>(), 0),
        block("gpregs", &[1], &(0..16u64).flat_map(|n| (n + 100).to_le_bytes()).collect::<Vec<_>>(), 3),
    ]
}

/// Three pages, the third of them behind a hole.
fn layout() -> Vec<Tag> {
    regions(&[(0, 0, 2), (0x10_0000, 2, 1)])
}

fn pair(folder: &Path, names: (&str, &str), tags: Vec<Tag>) -> (PathBuf, PathBuf, Vec<u8>) {
    let data = pattern(0x3000, 4);
    let (vmem, vmss) = (folder.join(names.0), folder.join(names.1));
    fs::write(&vmem, &data).unwrap();
    fs::write(&vmss, checkpoint(MAGIC, &[("Checkpoint", vec![]), ("cpu", cpu()), ("memory", tags)])).unwrap();
    (vmem, vmss, data)
}

#[test]
fn either_file_may_be_named() {
    for names in [("vm.vmem", "vm.vmss"), ("vm-Snapshot1.vmem", "vm-Snapshot1.vmsn"), ("VM.VMEM", "VM.VMSS")] {
        let folder = tempfile::tempdir().unwrap();
        let (vmem, vmss, data) = pair(folder.path(), names, layout());
        for named in [vmem, vmss] {
            let i = open(&named, &OpenOptions::default()).unwrap();
            assert_eq!((i.facts.format.as_str(), ranges(&i)), ("vmware", vec![(0, 0x2000), (0x1_0000_0000, 0x1000)]));
            assert_eq!(read(&i, 0, 0x2000), data[..0x2000]);
            assert_eq!(read(&i, 0x1_0000_0000, 0x1000), data[0x2000..]);
            assert_eq!(i.facts.warnings, [""; 0]);
            assert!(i.memory.mapped().is_some());
            assert_eq!(i.cpus.len(), 2);
            let cpu = &i.cpus[0];
            assert_eq!(
                (cpu.cr0, cpu.root, cpu.cr4, cpu.efer),
                (Some(0x8005_0033), Some(0x3b8_0000), Some(0x75_0ef0), Some(0xd01))
            );
            assert_eq!(cpu.instruction_pointer.unwrap().value(), 0xffff_ffff_8123_4567);
            assert!(cpu.registers.contains(&("sp", 0xffff_c900_0000_3e00)));
            assert_eq!((i.cpus[1].root, i.cpus[1].cr4), (Some(0x3000), Some(0x4000)));
            assert!(i.cpus[1].registers.contains(&("ax", 100)) && i.cpus[1].registers.contains(&("r15", 115)));
            assert_eq!(i.machine.as_deref(), Some("x86_64"));
        }
    }
}

#[test]
fn a_sidecar_may_have_any_name() {
    let folder = tempfile::tempdir().unwrap();
    let (vmem, vmss, data) = pair(folder.path(), ("564d.vmem", "vm-5a.vmss"), layout());
    let text = refused(open(&vmss, &OpenOptions::default()));
    assert!(text.contains("without the memory") && text.contains("--sidecar"), "{text}");
    for (named, side) in [(&vmem, &vmss), (&vmss, &vmem)] {
        let i = open(named, &OpenOptions { sidecars: vec![side.clone()], ..OpenOptions::default() }).unwrap();
        assert_eq!(read(&i, 0x1_0000_0000, 0x1000), data[0x2000..]);
    }
    let text = refused(open(&vmss, &OpenOptions { sidecars: vec![vmss.clone()], ..OpenOptions::default() }));
    assert!(text.contains("is a VMware checkpoint too"), "{text}");
}

#[test]
fn memory_inside_the_checkpoint() {
    let data = pattern(0x3000, 4);
    for magic in [MAGIC, [0xd0, 0xbe, 0xd2, 0xbe], [0xd0, 0xbe, 0xd0, 0xbe], [0xd1, 0xba, 0xd1, 0xba], [0xd3, 0xbe, 0xd3, 0xbe]] {
        let mut tags = layout();
        tags.insert(0, block("Memory", &[0, 0], &data, 0x1f));
        let i = image(checkpoint(magic, &[("cpu", cpu()), ("memory", tags)])).unwrap();
        assert_eq!(ranges(&i), [(0, 0x2000), (0x1_0000_0000, 0x1000)], "{magic:x?}");
        assert_eq!(read(&i, 0x1_0000_0000, 0x1000), data[0x2000..]);
        let i =
            image(checkpoint(magic, &[("memory", vec![block("Memory", &[0, 0], &data, 0), u32_tag("regionsCount", &[], 0)])]))
                .unwrap();
        assert_eq!((ranges(&i), read(&i, 0, 0x3000)), (vec![(0, 0x3000)], data.clone()));
        assert!(i.facts.warnings.iter().any(|w| w.contains("there is no group \"cpu\"")), "{:?}", i.facts.warnings);
    }
    let compressed = Value::Block { data, size: None, padding: 0, compressed: true };
    let text = refused(image(checkpoint(MAGIC, &[("memory", vec![("Memory".into(), vec![0, 0], compressed)])])));
    assert!(text.contains("memory is compressed"), "{text}");
}

#[test]
fn a_large_vmem_alone_is_placed_as_vmware_does_and_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("vm.vmem");
    File::create(&path).unwrap().set_len((3 << 30) + 0x5000).unwrap();
    let i = open(&path, &OpenOptions::default()).unwrap();
    assert_eq!(ranges(&i), [(0, 3 << 30), (4 << 30, 0x5000)]);
    assert!(i.facts.warnings[0].contains("ASSUMED") && i.facts.warnings[0].contains("--sidecar"), "{:?}", i.facts.warnings);
    let asked = |name: &str| open(&path, &OpenOptions { format: Some(name.into()), ..OpenOptions::default() });
    assert_eq!(ranges(&asked("raw").unwrap()), [(0, (3 << 30) + 0x5000)]);
    assert_eq!(ranges(&asked("raw-2g").unwrap()), [(0, 2 << 30), (4 << 30, (1 << 30) + 0x5000)]);
    assert_eq!(ranges(&asked("raw-3.5g").unwrap()), [(0, (3 << 30) + 0x5000)]);
    assert!(refused(asked("raw-9g")).contains("there is no format"));
    // A small one needs no layout.
    let path = folder.path().join("small.vmem");
    fs::write(&path, pattern(0x2000, 1)).unwrap();
    let i = open(&path, &OpenOptions::default()).unwrap();
    assert_eq!((i.facts.format.as_str(), i.facts.warnings.len()), ("raw", 0));
}

#[test]
fn regions_that_lie_are_told() {
    let open_with = |tags: Vec<Tag>| {
        let folder = tempfile::tempdir().unwrap();
        let (vmem, _, _) = pair(folder.path(), ("vm.vmem", "vm.vmss"), tags);
        open(&vmem, &OpenOptions::default())
    };
    let warned = |tags: Vec<Tag>, what: &str| {
        let i = open_with(tags).unwrap();
        assert!(i.facts.warnings.iter().any(|w| w.contains(what)), "{what}: {:?}", i.facts.warnings);
        i
    };
    let i = warned(
        regions(&[(0, 0, 2), (0x10_0000, 2, 9)]),
        "region 1 of the memory (36864 bytes at 0x100000000) ends at byte 45056",
    );
    assert_eq!(ranges(&i), [(0, 0x2000), (0x1_0000_0000, 0x1000)]);
    warned(regions(&[(0, 0, 2), (1, 2, 1)]), "regions of the memory overlap in the machine, at 0x1000");
    warned(regions(&[(0, 0, 2), (0x10_0000, 1, 2)]), "share bytes of the file");
    warned(regions(&[(0, 0, 2)]), "use 8192 of 12288 bytes");
    warned(regions(&[(0, 0, u32::MAX), (0, 0, 3)]), "of which 12288 are there");
    let mut more = regions(&[(0, 0, 3)]);
    more[0] = u32_tag("regionsCount", &[], u32::MAX);
    warned(more, "claims 4294967295 regions of memory, and describes 1");
    let mut none = regions(&[(0, 0, 3)]);
    none.truncate(2);
    let text = refused(open_with(none));
    assert!(text.contains("claims 1 regions of memory, and describes none"), "{text}");
    let wide = vec![
        u32_tag("regionsCount", &[], 1),
        u64_tag("regionPPN", &[0], u64::MAX),
        u64_tag("regionPageNum", &[0], 0),
        u64_tag("regionSize", &[0], u64::MAX),
    ];
    let text = refused(open_with(wide));
    assert!(text.contains("past the last address"), "{text}");
}

#[test]
fn cut_anywhere_it_opens_with_a_warning_or_says_why() {
    let data = pattern(0x2000, 4);
    let mut tags = regions(&[(0, 0, 2)]);
    tags.push(block("Memory", &[0, 0], &data, 5));
    let whole = checkpoint(MAGIC, &[("memory", tags), ("cpu", cpu())]);
    for len in 4..whole.len() - 1 {
        match open_bytes(whole[..len].to_vec(), "test", &OpenOptions { format: Some("vmware".into()), ..OpenOptions::default() })
        {
            Ok(i) => assert!(!i.facts.warnings.is_empty(), "{len}"),
            Err(e) => assert!(matches!(e.kind(), ErrorKind::Malformed | ErrorKind::NotFound), "{len}: {e}"),
        }
    }
    for n in [0u64, 1, 0x1fff, 0xffff_ffff, u64::MAX] {
        let lying = Value::Block { data: data.clone(), size: Some(n), padding: 0, compressed: false };
        let mut tags = regions(&[(0, 0, 2)]);
        tags.push(("Memory".into(), vec![0, 0], lying));
        // Whatever it is, it is no more than what is there.
        if let Ok(i) = image(checkpoint(MAGIC, &[("memory", tags)])) {
            assert!(i.facts.memory_size <= 0x2000, "{n:#x}");
            assert!(!i.facts.warnings.is_empty());
        }
    }
    // A table of groups, and groups, that are not there.
    let mut groups = whole.clone();
    groups[8..12].copy_from_slice(&u32::MAX.to_le_bytes());
    assert!(image(groups).unwrap().facts.warnings[0].contains("claims 4294967295 groups"));
    let mut astray = whole;
    astray[12 + 64..12 + 72].copy_from_slice(&u64::MAX.to_le_bytes());
    assert!(refused(image(astray)).contains("without the memory"));
}

#[test]
fn the_program_reads_above_the_hole() {
    let folder = tempfile::tempdir().unwrap();
    let (vmem, _, data) = pair(folder.path(), ("vm.vmem", "vm.vmss"), layout());
    let run = cli::memsh(&[vmem.to_str().unwrap(), "read", "--phys", "0x100000010", "-n", "8", "--raw"]);
    assert_eq!((run.status, run.stdout), (0, String::from_utf8_lossy(&data[0x2010..0x2018]).into_owned()), "{}", run.stderr);
}
