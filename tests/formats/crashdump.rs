//! Windows crash dumps end to end: every type, and what is wrong with them.

use crate::builders::crashdump::{Dump, bitmap, full, page, ranges, summary, triage};
use crate::cli;
use crate::opened::{image, warned};
use memsh::engine::to_u64;
use memsh::image::{Image, OpenOptions, open_bytes};
use memsh::{ErrorKind, PhysAddr, VirtAddr, umem};
use std::path::{Path, PathBuf};

fn opened(dump: &Dump) -> Image {
    image(dump.build()).unwrap()
}

fn refused(bytes: Vec<u8>) -> String {
    let e = image(bytes).map(|i| panic!("opened as {}", i.facts.format)).unwrap_err();
    assert_ne!(e.hint_text(), None, "{e}");
    e.to_string()
}

fn detail<'a>(image: &'a Image, name: &str) -> Option<&'a str> {
    image.facts.details.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str())
}

fn frames(image: &Image) -> Vec<(u64, u64)> {
    let number = |bytes| to_u64(bytes).unwrap() / 4096;
    image.facts.ranges.iter().map(|r| (number(r.start.value()), number(r.size))).collect()
}

/// Reads page by page and compares; what is held must be right, the rest missing.
fn holds(image: &Image, held: &[u64], up_to: u64) {
    for number in 0..up_to {
        let mut buf = vec![0; 4096];
        let there = image.memory.read(PhysAddr::new(umem::from(number * 4096)), &mut buf).is_ok();
        assert_eq!(there, held.contains(&number), "page {number:#x}");
        if there {
            assert_eq!(buf, page(number), "page {number:#x}");
        }
    }
}

const RUNS: &[(u64, u64)] = &[(1, 3), (0x10, 4), (0x2_0000, 2)];

fn pages_of(runs: &[(u64, u64)]) -> Vec<u64> {
    runs.iter().flat_map(|(a, n)| *a..a + n).collect()
}

#[test]
fn full_dumps_lie_run_after_run() {
    for wide in [false, true] {
        let image = opened(&full(wide, RUNS));
        assert_eq!(image.facts.format, "crashdump");
        assert_eq!(frames(&image), RUNS);
        holds(&image, &pages_of(RUNS), 0x20);
        let mut buf = vec![0; 0x2000];
        image.memory.read(PhysAddr::new(0x2000_0000), &mut buf).unwrap();
        assert_eq!(buf, [page(0x2_0000), page(0x2_0001)].concat());
        assert_eq!(image.facts.warnings, [""; 0]);
        assert!(image.memory.mapped().is_some(), "pages are read in place");
        assert_eq!(image.machine.as_deref(), Some(if wide { "x86_64" } else { "x86" }));
        assert_eq!(detail(&image, "dump_type"), Some("1: full"));
        assert_eq!(detail(&image, "pages"), Some("9"));
    }
}

#[test]
fn a_run_may_begin_anywhere_and_a_machine_be_an_arm64() {
    let mut dump = full(true, &[(0x8_0000, 3), (0x88_0000, 2)]);
    dump.machine(0xaa64).dtb(0x1_0000_8012_3000);
    let mut context = vec![0; 0x110];
    context[..4].copy_from_slice(&0x40_001fu32.to_le_bytes());
    context[8..16].copy_from_slice(&7u64.to_le_bytes());
    context[0x108..].copy_from_slice(&0xffff_f800_0012_3456u64.to_le_bytes());
    dump.put(0x348, &context);
    let image = opened(&dump);
    assert_eq!(frames(&image), [(0x8_0000, 3), (0x88_0000, 2)]);
    assert_eq!(image.machine.as_deref(), Some("aarch64"));
    // The ASID is no part of the address.
    assert_eq!(image.cpus[0].root, Some(0x8012_3000));
    assert_eq!(image.cpus[0].instruction_pointer, Some(VirtAddr::new(0xffff_f800_0012_3456)));
    assert!(image.cpus[0].registers.contains(&("x0", 7)));
}

#[test]
fn bitmaps_of_every_age_and_width() {
    // Runs, single pages, whole words and bytes, the last bit.
    let held: Vec<u64> = (3..5).chain([9]).chain(64..256).chain(260..268).chain([300, 419]).collect();
    for (dump, name) in [
        (bitmap(true, 5, &held, 420), "5: full (bitmap)"),
        (bitmap(false, 5, &held, 420), "5: full (bitmap)"),
        (bitmap(true, 6, &held, 420), "6: kernel or active memory (bitmap)"),
        (bitmap(true, 7, &held, 420), "7: automatic (bitmap)"),
        (bitmap(true, 2, &held, 420), "2: kernel (summary)"),
        (summary(true, &held, 420), "2: kernel (summary)"),
        (summary(false, &held, 420), "2: kernel (summary)"),
    ] {
        let image = opened(&dump);
        assert_eq!(detail(&image, "dump_type"), Some(name));
        assert_eq!(image.facts.warnings, [""; 0], "{name}");
        holds(&image, &held, 430);
        assert_eq!(detail(&image, "pages"), Some(held.len().to_string().as_str()));
    }
}

#[test]
fn bits_past_the_last_page_count_for_nothing() {
    let mut dump = bitmap(true, 5, &[1, 8], 9);
    dump.put(0x2038 + 1, &[0xff]);
    let image = opened(&dump);
    assert_eq!(frames(&image), [(1, 1), (8, 1)]);
    assert_eq!(image.facts.warnings, [""; 0]);
}

#[test]
fn ranges_of_windows_11() {
    for kind in 8..=10 {
        let image = opened(&ranges(kind, RUNS));
        assert_eq!(frames(&image), RUNS);
        holds(&image, &pages_of(RUNS), 0x20);
        assert_eq!(image.facts.warnings, [""; 0]);
    }
}

#[test]
fn a_triage_dump_says_what_it_has_and_that_memory_is_none_of_it() {
    let drivers = [("ntoskrnl.exe", 0xffff_f800_1000_0000, 0x104_6000), ("hal.dll", 0xffff_f800_2000_0000, 0x6000)];
    for wide in [true, false] {
        let drivers: Vec<_> =
            drivers.iter().map(|d| (d.0, if wide { d.1 } else { d.1 & 0xffff_f000 | 0x8000_0000 }, d.2)).collect();
        let mut dump = triage(wide, &drivers);
        dump.addresses([0, 0, if wide { 0xffff_f800_1000_2000 } else { 0x8000_2000 }, 0]);
        let image = opened(&dump);
        assert_eq!(image.facts.memory_size, 0);
        assert!(image.without_memory.unwrap().contains("holds no physical memory"));
        assert!(warned(&image, "holds no physical memory"));
        assert_eq!(image.facts.warnings.len(), 1, "{:?}", image.facts.warnings);
        assert_eq!(detail(&image, "drivers"), Some("2"));
        let first = format!("driver_{:#x}", drivers[0].1);
        assert_eq!(detail(&image, &first), Some("ntoskrnl.exe (0x1046000 bytes)"));
        assert_eq!(detail(&image, "driver_at_fault"), Some("ntoskrnl.exe"));
        assert_eq!(detail(&image, "kernel_base"), Some("0xfffff80010000000"));
        let hints = image.windows.as_ref().unwrap();
        assert_eq!(hints.kernel_base, Some(VirtAddr::new(0xffff_f800_1000_0000)));
        // The stack, KDBG and the one block; each with its bytes in the file.
        let sizes: Vec<u32> = hints.virtual_blocks.iter().map(|b| b.2).collect();
        assert_eq!(sizes, [64, 0x340, 32]);
        let (address, offset, _) = hints.virtual_blocks[2];
        assert_eq!((address.value(), dump.build()[offset as usize]), (0xffff_9000_0000_1000, 0x77));
    }
}

#[test]
fn a_damaged_triage_dump_still_shows_its_header() {
    let whole = triage(true, &[("ntoskrnl.exe", 0xffff_f800_1000_0000, 0x1000)]).build();
    for cut in (0x2000..whole.len()).step_by(16) {
        let image = image(whole[..cut].to_vec()).unwrap();
        assert!(warned(&image, "TRGD"), "{cut:#x}");
        assert!(detail(&image, "bug_check").unwrap().starts_with("0xe2 MANUALLY_INITIATED_CRASH"));
    }
    // Counts of everything there is.
    let mut wild = triage(true, &[("a.sys", 0xffff_f800_1000_0000, 0x1000)]);
    for field in (0..0x80).step_by(4).filter(|f| *f != 8) {
        wild.u32(0x2000 + field, u32::MAX);
    }
    let image = opened(&wild);
    assert!(warned(&image, "past the end of the file"));
    assert!(warned(&image, "drivers"));
}

#[test]
fn a_header_s_facts() {
    let mut dump = full(true, &[(1, 1)]);
    dump.dtb(0x1a_d002).addresses([0xffff_f800_0001_0000, 0xffff_f800_0002_0000, 0xffff_f800_0003_0000, 0xffff_fa80_0000_0000]);
    dump.bug_check(0xd1, [0x28, 2, 0, 0xffff_f800_1234_5678]).times(132_539_328_000_000_000, 36_610_000_000);
    dump.comment(b"taken \x1b[31mby hand").u32(0x1040, 3).u32(0x1044, 0x112).u32(0x103c, 0xc000_0001).attributes(0x10);
    dump.put(0x60, b"patch level\0");
    dump.u32(0xf00, 0xc000_0005).u64(0xf10, 0xffff_f800_1234_5678);
    let mut context = vec![0; 0x100];
    context[0x30..0x34].copy_from_slice(&0x10_001fu32.to_le_bytes());
    context[0x98..0xa0].copy_from_slice(&0xffff_f800_0000_9000u64.to_le_bytes());
    context[0xf8..].copy_from_slice(&0xffff_f800_1234_5678u64.to_le_bytes());
    dump.put(0x348, &context);
    let image = opened(&dump);
    for (name, value) in [
        ("build", "19041 (Windows 10 version 2004, free)"),
        ("machine", "x86_64"),
        ("processors", "1"),
        ("directory_table_base", "0x1ad000 (written as 0x1ad002)"),
        ("ps_loaded_module_list", "0xfffff80000010000"),
        ("ps_active_process_head", "0xfffff80000020000"),
        ("kd_debugger_data_block", "0xfffff80000030000"),
        ("pfn_database", "0xfffffa8000000000"),
        ("bug_check", "0xd1 DRIVER_IRQL_NOT_LESS_OR_EQUAL (0x28, 0x2, 0x0, 0xfffff80012345678)"),
        ("system_time", "2021-01-01T00:00:00Z"),
        ("uptime", "1:01:01"),
        ("comment", "taken .[31mby hand"),
        ("version_user", "patch level"),
        ("product_type", "3 (server)"),
        ("suite_mask", "0x112: enterprise, terminal services, single user terminal services"),
        ("secondary_data_state", "0xc0000001"),
        ("attributes", "0x10: live dump"),
        ("exception", "0xc0000005 STATUS_ACCESS_VIOLATION at 0xfffff80012345678"),
    ] {
        assert_eq!(detail(&image, name), Some(value), "{name}");
    }
    let hints = image.windows.as_ref().unwrap();
    assert_eq!(hints.dtb, Some(PhysAddr::new(0x1a_d000)));
    assert_eq!(hints.ps_active_process_head, Some(VirtAddr::new(0xffff_f800_0002_0000)));
    assert_eq!(hints.bug_check.unwrap().parameters[3], 0xffff_f800_1234_5678);
    assert_eq!(image.cpus[0].root, Some(0x1a_d000));
    assert!(image.cpus[0].registers.contains(&("sp", 0xffff_f800_0000_9000)));
}

#[test]
fn what_nobody_set_is_not_shown() {
    for wide in [false, true] {
        let mut dump = Dump::new(wide);
        dump.kind(1).descriptor(1, 1, &[(1, 1)]).then(&page(1));
        let image = opened(&dump);
        for (name, value) in &image.facts.details {
            assert!(["dump_type", "pages", "runs"].contains(&name.as_str()), "{name}: {value}");
        }
        assert!(image.cpus.is_empty());
        assert_eq!(image.machine, None);
    }
}

#[test]
fn roots_of_every_form_of_page_tables() {
    let root = |dump: &Dump| opened(dump).cpus[0].root;
    let mut dump = full(false, &[(1, 1)]);
    // PAE: 32 bytes.
    assert_eq!(root(dump.dtb(0x1234_5660)), Some(0x1234_5660));
    assert_eq!(root(dump.dtb(0x1234_567f)), Some(0x1234_5660));
    assert_eq!(opened(&dump).windows.unwrap().pae, Some(true));
    assert_eq!(root(dump.put(0x5c, &[0])), Some(0x1234_5000));
    assert_eq!(detail(&opened(&dump), "pae"), Some("no"));
    let mut dump = full(true, &[(1, 1)]);
    assert_eq!(root(dump.dtb(0x8000_0001_2345_6001)), Some(0x1_2345_6000));
}

#[test]
fn what_tools_write_is_told_from_what_windows_writes() {
    // DumpIt's text, in the code or in a parameter, either way round.
    for code in [*b"MATT", *b"TTAM", *b"SOLS"] {
        let mut dump = full(true, &[(1, 1)]);
        let image = opened(dump.bug_check(u32::from_le_bytes(code), [1, 2, 3, 4]));
        assert!(detail(&image, "written_by").unwrap().starts_with("DumpIt"), "{code:?}");
        assert_eq!(detail(&image, "bug_check"), None);
        assert_eq!(image.windows.unwrap().bug_check, None);
    }
    let mut dump = full(true, &[(1, 1)]);
    let image = opened(dump.bug_check(0, [u64::from(u32::from_le_bytes(*b"MOON")), 0, 0, 0]));
    assert!(detail(&image, "written_by").unwrap().contains("MOON"));
    let mut dump = full(true, &[(1, 1)]);
    let image = opened(dump.u32(0xc, 9200).comment(b"LiveKD live system view"));
    assert!(detail(&image, "written_by").unwrap().starts_with("LiveKD"));
    assert!(warned(&image, "not the system's"));
    let mut dump = full(true, &[(1, 1)]);
    assert!(detail(&opened(dump.bug_check(0, [0; 4])), "bug_check").unwrap().starts_with("none"));
    let mut dump = full(true, &[(1, 1)]);
    assert!(warned(&opened(dump.attributes(0x100)), "encrypted"));
}

#[test]
fn a_dump_cut_short_at_any_place_keeps_what_it_has() {
    let held: Vec<u64> = (1..4).chain(0x10..0x14).collect();
    let runs = [(1, 3), (0x10, 4)];
    for dump in
        [full(true, &runs), full(false, &runs), bitmap(true, 5, &held, 0x20), summary(false, &held, 0x20), ranges(10, &runs)]
    {
        let whole = dump.build();
        let first = whole.len() - 7 * 4096;
        for pages in 1..7 {
            let image = image(whole[..first + pages * 4096 + 100].to_vec()).unwrap();
            holds(&image, &held[..pages], 0x20);
            assert!(warned(&image, &format!("before {} of its 7 pages", 7 - pages)), "{:?}", image.facts.warnings);
        }
        for cut in (8..=first).step_by(8).chain([first + 100]) {
            let text = refused(whole[..cut].to_vec());
            assert!(text.contains("dump") || text.contains("bitmap") || text.contains("ranges"), "{cut:#x}: {text}");
            assert!(cut >= first - 0x1000 || text.contains("offset"), "{cut:#x}: {text}");
        }
    }
}

#[test]
fn required_space_beyond_the_file_is_told() {
    let mut dump = full(true, &[(1, 1)]);
    let size = dump.build().len() as u64;
    assert_eq!(opened(dump.required(size)).facts.warnings, [""; 0]);
    assert_eq!(opened(dump.required(size + 4096)).facts.warnings, [""; 0]);
    assert!(warned(&opened(dump.required(size + 0x10_0000)), "was cut short"));
    // An unset field is no size.
    assert_eq!(opened(dump.put(0xfa0, b"PAGEPAGE")).facts.warnings, [""; 0]);
}

#[test]
fn descriptors_that_lie() {
    let with = |count, pages, runs: &[(u64, u64)], data: usize| {
        let mut dump = Dump::of(true, 1);
        dump.descriptor(count, pages, runs).then(&page(1).repeat(data));
        dump.build()
    };
    assert!(refused(with(0, 0, &[], 1)).contains("is empty"));
    assert!(refused(with(u32::from_le_bytes(*b"PAGE"), 0, &[], 1)).contains("is empty"));
    assert!(refused(with(1, 1, &[(u64::MAX, u64::MAX)], 1)).contains("no run that makes sense"));
    assert!(refused(with(2, 1, &[(0, 0), (0, 0)], 1)).contains("no run that makes sense"));
    let i = image(with(u32::MAX, 1, &[(1, 1)], 1)).unwrap();
    assert!(warned(&i, "claims 4294967295 runs; 42 fit"), "{:?}", i.facts.warnings);
    assert_eq!(frames(&i), [(1, 1)]);
    let i = image(with(2, 2, &[(1, 1), (u64::MAX, 1)], 1)).unwrap();
    assert!(warned(&i, "past the last physical address") && warned(&i, "claims 2 pages, its runs have 1"));
    // A run of half a petabyte in a file of one page.
    let i = image(with(1, 1 << 39, &[(1, 1 << 39)], 1)).unwrap();
    assert_eq!(frames(&i), [(1, 1)]);
    assert!(warned(&i, "before 549755813887 of its"));
    // Reversed, and overlapping.
    let i = image(with(2, 3, &[(5, 1), (1, 2)], 3)).unwrap();
    assert_eq!(frames(&i), [(1, 2), (5, 1)]);
    assert_eq!(i.facts.warnings, [""; 0]);
    let i = image(with(2, 4, &[(1, 2), (2, 2)], 4)).unwrap();
    assert!(warned(&i, "overlap at page 0x2"));
    assert_eq!(frames(&i), [(1, 3)]);
}

#[test]
fn bitmaps_that_lie() {
    let good = || bitmap(true, 5, &[1, 3], 64);
    assert!(refused(good().put(0x2000, b"XDMP").build()).contains("SDMPDUMP or FDMPDUMP; there is 58 44 4d 50"));
    assert!(refused(good().put(0x2004, b"DU64").build()).contains("SDMPDUMP or FDMPDUMP"));
    assert!(refused(good().u64(0x2030, 0).build()).contains("empty"));
    // More bits than the file has bytes, with as many pages.
    for bits in [u64::MAX, u64::from(u32::MAX), 1 << 40] {
        let i = opened(good().u64(0x2030, bits));
        assert!(warned(&i, &format!("claims {bits} bits; only")), "{:?}", i.facts.warnings);
        assert_eq!(frames(&i), [(1, 1), (3, 1)]);
    }
    // Pages that begin inside the bitmap or past the end.
    assert!(refused(good().u64(0x2020, 0x2000).build()).contains("lies past its end"));
    assert!(refused(good().u64(0x2020, u64::MAX).build()).contains("holds no memory"));
    let i = opened(good().u64(0x2028, u64::MAX));
    assert!(warned(&i, "claims 18446744073709551615 pages, the bitmap has 2"));
    assert_eq!(frames(&i), [(1, 1), (3, 1)]);
}

#[test]
fn ranges_that_lie() {
    let good = || ranges(8, &[(1, 2), (8, 1)]);
    assert!(refused(good().put(0x2004, b"SDMP").build()).contains("RDMPDUMP"));
    assert!(refused(good().u64(0x2030, 0).build()).contains("empty"));
    let i = opened(good().u64(0x2048, u64::MAX));
    assert!(warned(&i, "past the last physical address"));
    assert_eq!(frames(&i), [(1, 2)]);
    let i = opened(ranges(10, &[(1, 2), (8, 1)]).u64(0x2028, 9));
    assert!(warned(&i, "claims 9 pages, its ranges have 3"));
    assert!(refused(good().u64(0x2018, u64::MAX).build()).contains("no memory"));
}

#[test]
fn types_without_memory_and_types_that_are_none() {
    let image = opened(&Dump::of(true, 3));
    assert!(image.without_memory.unwrap().contains("header only"));
    assert!(refused(full(true, &[(1, 1)]).kind(99).build()).contains("unknown type 99"));
    // Windows NT wrote no type.
    let image = opened(full(false, &[(1, 1)]).put(0xf88, b"PAGE"));
    assert!(warned(&image, "does not say its type"));
    assert_eq!(frames(&image), [(1, 1)]);
    for wide in [true, false] {
        let bytes = Dump::of(wide, 1).build();
        assert!(refused(bytes[..8].to_vec()).contains("ends inside the dump header"));
        assert!(refused(bytes[..bytes.len() - 1].to_vec()).contains("ends inside the dump header"));
    }
    let options = OpenOptions { format: Some("crashdump".into()), ..OpenOptions::default() };
    let e = open_bytes(vec![1; 8192], "test", &options).map(|_| ()).unwrap_err();
    assert_eq!(e.kind(), ErrorKind::Malformed);
}

#[test]
fn an_unknown_machine_is_said() {
    let image = opened(full(true, &[(1, 1)]).machine(0x200));
    assert!(warned(&image, "the machine 0x200"));
    assert_eq!(image.machine, None);
    assert!(image.cpus[0].registers.is_empty());
}

fn written(name: &str, dump: &Dump) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    std::fs::write(&path, dump.build()).unwrap();
    (folder, path)
}

fn run(path: &Path, words: &[&str]) -> cli::Run {
    let all: Vec<&str> = std::iter::once(path.to_str().unwrap()).chain(words.iter().copied()).collect();
    cli::memsh(&all)
}

#[test]
fn the_program_says_at_once_that_this_is_windows() {
    let (_folder, path) = written("memory.dmp", full(true, RUNS).bug_check(0x3b, [1, 2, 3, 4]));
    let info = run(&path, &["info"]);
    assert!(info.stdout.contains("bug_check: 0x3b SYSTEM_SERVICE_EXCEPTION (0x1, 0x2, 0x3, 0x4)"), "{}", info.stdout);
    assert!(
        info.stderr.contains("of Windows build 19041 (Windows 10 version 2004), but no page-table root in it maps its kernel"),
        "{}",
        info.stderr
    );
    let ps = run(&path, &["ps"]);
    assert_ne!(ps.status, 0);
    assert!(ps.stderr.contains("OS layer: this crash dump is of Windows build 19041"), "{}", ps.stderr);
    let read = run(&path, &["read", "--phys", "0x2000", "16", "--json"]);
    assert_eq!(read.status, 0, "{}", read.stderr);
    assert_eq!(run(&path, &["hash"]).status, 0);
}

#[test]
fn the_program_opens_a_triage_dump() {
    let (_folder, path) = written("mini.dmp", &triage(true, &[("ntoskrnl.exe", 0xffff_f800_1000_0000, 0x1000)]));
    let info = run(&path, &["info"]);
    assert!(info.stdout.contains("driver_0xfffff80010000000: ntoskrnl.exe (0x1000 bytes)"), "{}", info.stdout);
    assert!(info.stderr.contains("holds no physical memory"), "{}", info.stderr);
    assert_eq!(run(&path, &["hash"]).status, 0);
    let read = run(&path, &["read", "--phys", "0x1000", "16"]);
    assert_ne!(read.status, 0);
}

/// Folders with `phys.raw`, a machine's memory from address 0, and dumps (`*.dmp`) of the same memory.
#[test]
#[ignore = "needs images: MEMSH_WINDOWS_IMAGES names a folder of folders"]
fn every_page_of_every_dump_is_the_machine_s() {
    let folder = std::env::var("MEMSH_WINDOWS_IMAGES").unwrap();
    let mut dumps = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap().path();
        let Ok(raw) = std::fs::read(entry.join("phys.raw")) else { continue };
        for dump in std::fs::read_dir(&entry).unwrap() {
            let dump = dump.unwrap().path();
            if !["dmp", "sys"].iter().any(|e| dump.extension().is_some_and(|x| x == *e)) {
                continue;
            }
            let image = memsh::image::open(&dump, &OpenOptions::default()).unwrap();
            assert_eq!(image.facts.warnings, [""; 0], "{}", dump.display());
            let mut pages = 0;
            for range in &image.facts.ranges {
                for at in (range.start.value()..range.start.value() + range.size).step_by(4096) {
                    let mut buf = vec![0; 4096];
                    image.memory.read(PhysAddr::new(at), &mut buf).unwrap();
                    assert!(buf == raw[at as usize..at as usize + 4096], "{}: {at:#x}", dump.display());
                    pages += 1;
                }
            }
            println!("{}: {pages} pages are right", dump.display());
            dumps += 1;
        }
    }
    assert!(dumps > 0);
}
