//! Minidumps: memory, threads, modules, regions of a process, of several machines and writers; and broken ones.
use crate::builders::minidump::*;
use crate::cli;
use memsh::engine::ViewExt;
use memsh::image::{Image, OpenOptions, ProcessImage, open_bytes};
use memsh::session::{Options, Session, Space};
use memsh::{VirtAddr, umem};
use std::sync::Arc;

fn image(file: Vec<u8>) -> Image {
    open_bytes(file, "prog.dmp", &OpenOptions::default()).unwrap()
}

fn process(file: Vec<u8>) -> (Session, Arc<ProcessImage>) {
    let image = image(file);
    let process = Arc::clone(image.process.as_ref().unwrap());
    (Session::of_image(image, "prog.dmp".to_owned(), Options::default()), process)
}

fn detail(session: &Session, name: &str) -> String {
    session.facts().details.iter().find(|(n, _)| n == name).map(|(_, v)| v.clone()).unwrap_or_default()
}

fn read(session: &Session, at: u64, len: usize) -> Option<Vec<u8>> {
    let Space::Process(_, space) = session.kernel_space().unwrap() else { panic!("not a process's space") };
    let mut out = vec![0; len];
    space.read_exact(VirtAddr::new(umem::from(at)), &mut out).ok().map(|()| out)
}

fn warned(session: &Session, words: &str) -> bool {
    session.facts().warnings.iter().any(|w| w.contains(words))
}

const MACHINES: &[(&str, u16, bool, fn(u64) -> Vec<u8>)] =
    &[("x86_64", 9, true, amd64), ("x86", 0, false, i386), ("aarch64", 12, true, arm64), ("arm", 5, false, arm)];

#[test]
fn every_machine_gives_its_process() {
    for (name, architecture, wide, context) in MACHINES {
        for full in [true, false] {
            let dump = MiniDump { full, ..MiniDump::windows(*architecture, *wide, *context) };
            let (session, p) = process(dump.build());
            assert_eq!(session.facts().warnings, Vec::<String>::new(), "{name}");
            assert_eq!((p.machine.as_str(), p.pointer_size), (*name, if *wide { 8 } else { 4 }));
            assert_eq!((p.system.as_str(), p.version.as_str()), ("windows", "10.0.19045"), "{name}");
            assert_eq!((p.pid, p.name.as_slice()), (Some(4242), &b"prog.exe"[..]), "{name}");
            assert_eq!(p.arguments, [COMMAND_LINE.as_bytes()], "{name}");
            assert_eq!(p.environment, [&b"A=1"[..], b"PATH=C:\\x=y"], "{name}");
            assert_eq!(p.path.as_deref(), Some(&b"C:\\Program Files\\prog.exe"[..]), "{name}");
            assert_eq!(p.started, Some((i64::from(TIME) - 60) * 1_000_000_000));
            let reason = "EXCEPTION_ACCESS_VIOLATION (0xc0000005) at 0x400109, writing 0xdead0000";
            assert_eq!(p.reason.as_deref(), Some(reason), "{name}");

            // The thread that raised the exception comes first, with the registers of that moment.
            let threads: Vec<_> = p.threads.iter().map(|t| (t.id, t.instruction.unwrap().value() as u64)).collect();
            assert_eq!(threads, [(THREADS[1], PROGRAM + 0x109), (THREADS[0], PROGRAM + 0x101)], "{name}");
            assert!(p.threads.iter().all(|t| t.stack.unwrap().value() as u64 == STACK + 0x800), "{name}");
            let first = &p.threads[0];
            assert_eq!((first.name.as_deref(), first.block), (Some(&b"worker"[..]), None), "{name}");
            assert_eq!(first.start.unwrap().value() as u64, LIBRARY + 0x42);
            assert_eq!(p.threads[0].state.as_deref(), Some("raised the exception"));
            assert_eq!(p.threads[1].state.as_deref(), Some("wrote the dump"));

            // Bytes are where the lists say, and nothing is anywhere else.
            for (start, bytes) in &dump.memory {
                assert_eq!(read(&session, *start, bytes.len()).as_ref(), Some(bytes), "{name} {start:#x}");
            }
            assert_eq!(session.facts().memory_size, dump.memory.iter().map(|m| m.1.len() as u64).sum::<u64>());
            assert_eq!(read(&session, LIBRARY, 1), None, "{name}");
            let Space::Process(_, space) = session.kernel_space().unwrap() else { panic!() };
            let own = if *wide { TEB + 0x30 } else { TEB + 0x18 };
            assert_eq!(space.read_ptr(VirtAddr::new(umem::from(own))).unwrap().value(), umem::from(TEB), "{name}");
        }
    }
}

#[test]
fn modules_have_version_and_symbols() {
    let (session, p) = process(MiniDump::x64().build());
    let m = &p.modules[0];
    assert_eq!((m.name(), m.base.value() as u64, m.size as u64), (&b"prog.exe"[..], PROGRAM, 0x3000));
    assert_eq!((m.version.as_deref(), m.timestamp), (Some("1.2.3.4"), Some(0x5f00_0000)));
    assert_eq!(m.debug_file.as_deref(), Some(&b"C:\\build\\prog.pdb"[..]));
    assert_eq!(m.debug_id.as_deref(), Some("123456789ABCDEF001020304050607082"));
    // Absent from memory, and listed all the same.
    let m = &p.modules[1];
    assert_eq!((m.name(), m.version.as_deref(), m.debug_id.as_deref()), (&b"ntdll.dll"[..], Some("10.0.19041.1"), None));
    let gone: Vec<_> = p.unloaded.iter().map(|m| (m.path.as_slice(), m.base.value() as u64, m.size as u64)).collect();
    assert_eq!(gone, [(&b"gone.dll"[..], LIBRARY + 0x100_0000, 0x5000)]);
    assert_eq!((detail(&session, "modules"), detail(&session, "unloaded_modules")), ("2".to_owned(), "1".to_owned()));
}

#[test]
fn other_records_name_the_build_too() {
    let record = |debug: &[u8]| {
        let mut dump = MiniDump::x64();
        dump.modules[0].debug = debug.to_vec();
        let m = process(dump.build()).1.modules[0].clone();
        (m.debug_file.map(|f| String::from_utf8(f).unwrap()), m.debug_id)
    };
    let nb10 = [&b"NB10\0\0\0\0\x78\x56\x34\x12\x0a\0\0\0old.pdb"[..], b"\0"].concat();
    assert_eq!(record(&nb10), (Some("old.pdb".to_owned()), Some("12345678A".to_owned())));
    assert_eq!(record(b"LEpB\x01\xab\xff"), (None, Some("01abff".to_owned())));
    assert_eq!(record(b"RSDS\x01\x02"), (None, None));
    assert_eq!(record(b"????????????????????????????????"), (None, None));
}

#[test]
fn regions_are_what_the_list_says() {
    let (_, p) = process(MiniDump::x64().build());
    let rows: Vec<_> = p
        .regions
        .iter()
        .map(|r| {
            let perm: String =
                [(r.read, 'r'), (r.write, 'w'), (r.execute, 'x')].iter().map(|(on, c)| if *on { *c } else { '-' }).collect();
            let name = r.path.as_deref().map(|p| String::from_utf8_lossy(p).into_owned()).unwrap_or_default();
            (r.start.value() as u64, r.size as u64, perm, r.kind.clone(), name)
        })
        .collect();
    let row = |start, size, perm: &str, kind: &str, path: &str| (start, size, perm.to_owned(), kind.to_owned(), path.to_owned());
    let (prog, ntdll) = ("C:\\Program Files\\prog.exe", "C:\\Windows\\System32\\ntdll.dll");
    assert_eq!(
        rows,
        [
            row(STACK - 0x2000, 0x1000, "---", "reserved", ""),
            row(STACK - 0x1000, 0x1000, "---", "guard", ""),
            row(STACK, 0x1000, "rw-", "stack", ""),
            row(TEB, 0x2000, "rw-", "teb", ""),
            row(PEB, 0x1000, "rw-", "peb", ""),
            row(HEAP, 0x2000, "rw-", "heap", ""),
            row(PROGRAM, 0x1000, "r--", "image", prog),
            row(PROGRAM + 0x1000, 0x1000, "r-x", "image", prog),
            row(PROGRAM + 0x2000, 0x1000, "rw-", "image", prog),
            row(LIBRARY, 0x10000, "rwx", "image", ntdll),
        ]
    );
}

#[test]
fn without_a_list_regions_follow_from_modules_and_memory() {
    let mut dump = MiniDump { infos: false, ..MiniDump::x64() };
    // Beside the program's end, and two that touch.
    dump.memory.push((PROGRAM + 0x2800, vec![1; 0x1000]));
    dump.memory.push((PROGRAM + 0x3800, vec![2; 0x100]));
    let (session, p) = process(dump.build());
    let rows: Vec<_> = p.regions.iter().map(|r| (r.start.value() as u64, r.size as u64, r.kind.as_str())).collect();
    let want = [
        (STACK, 0x1000, "stack"),
        (TEB, 0x1000, "teb"),
        (PEB, 0x1000, "peb"),
        (HEAP, 0x2000, "heap"),
        (PROGRAM, 0x3000, "image"),
        (PROGRAM + 0x3000, 0x800, "unknown"),
        (PROGRAM + 0x3800, 0x100, "unknown"),
        (LIBRARY, 0x10000, "image"),
    ];
    assert_eq!(rows, want);
    assert!(p.regions.iter().all(|r| r.read && !r.write && !r.execute));
    assert!(detail(&session, "regions").contains("protection is not known"));
    // Selected memory comes in pieces that are no regions.
    let p = process(MiniDump { full: false, ..dump }.build()).1;
    let last = &p.regions[p.regions.len() - 2];
    assert_eq!((last.start.value() as u64, last.size as u64), (PROGRAM + 0x3000, 0x900));
}

#[test]
fn the_header_is_told() {
    let (session, _) = process(MiniDump::x64().build());
    for (name, value) in [
        ("memory", "full (Memory64List)"),
        ("time", "2023-11-14T22:13:20Z"),
        ("version", "0xa793, of the writer 0x1234"),
        ("flags", "0x1806 (full memory, handle data, full memory info, thread info)"),
        ("system", "Windows 10.0.19045 (Windows 10 version 22H2), workstation"),
        ("service_pack", "Service Pack 9"),
        ("processors", "4"),
        ("process_started", "2023-11-14T22:12:20Z"),
        ("user_time", "1:01:01"),
        ("kernel_time", "0:00:05"),
        ("integrity", "high (0x3000)"),
        ("system_build", "19041.vb_release"),
        ("comment", "what the analyst said"),
        ("handles", "3 (2 Event, 1 File)"),
        ("current_directory", "C:\\Users\\"),
        ("threads", "2"),
        ("memory_ranges", "5"),
    ] {
        assert_eq!(detail(&session, name), value, "{name}");
    }
    assert!(detail(&session, "exception").ends_with("in thread 546"));
    assert!(detail(&session, "streams").starts_with("SystemInfo, MiscInfo, Exception, ModuleList"));
}

/// A dump as Breakpad writes it on Linux.
fn linux() -> MiniDump {
    let maps = "00400000-00403000 r-xp 00001000 08:01 77 /bin/a prog\n\
                00300000-00302000 rw-p 00000000 00:00 0 [heap]\n\
                00100000-00101000 rw-p 00000000 00:00 0 \n\
                bad line\n\
                77000000-77010000 r--s 00000000 08:01 78 /lib/libc.so.6";
    let auxv: Vec<u8> = [9, PROGRAM + 0x100, 0, 0].iter().flat_map(|n| n.to_le_bytes()).collect();
    let mut dump = MiniDump {
        platform: 0x8201,
        full: false,
        exception: Some((11, 1, 0xdead_0000, Vec::new())),
        more: vec![
            (
                0x4767_0004,
                b"Name:\tprog\nState:\tt (tracing stop)\nTgid:\t77\nPid:\t77\nPPid:\t5\nUid:\t1000\t0\t0\t0\nGid:\t1001\n"
                    .to_vec(),
            ),
            (0x4767_0005, b"NAME=\"X\"\nPRETTY_NAME=\"Debian 13\"\n".to_vec()),
            (0x4767_0006, b"prog\0--long argument\0".to_vec()),
            (0x4767_0007, b"A=1\0PATH=/x=y\0".to_vec()),
            (0x4767_0008, auxv),
            (0x4767_0009, maps.as_bytes().to_vec()),
            (0x4767_0001, [3u32, THREADS[0], THREADS[1]].iter().flat_map(|n| n.to_le_bytes()).collect()),
        ],
        ..MiniDump::x64()
    };
    dump.modules.swap(0, 1);
    dump.modules[0].path = "/lib/libc.so.6";
    dump.modules[1].path = "/bin/a prog";
    dump
}

#[test]
fn breakpad_tells_of_linux() {
    let (session, p) = process(linux().build());
    assert_eq!(session.facts().warnings, Vec::<String>::new());
    assert_eq!((p.system.as_str(), p.name.as_slice()), ("linux", &b"prog"[..]));
    // MiscInfo's pid is the file's own; proc's is what is left where there is none.
    assert_eq!((p.pid, p.ppid, p.uid, p.gid), (Some(4242), Some(5), Some(1000), Some(1001)));
    assert_eq!(p.arguments, [&b"prog"[..], b"--long argument"]);
    assert_eq!(p.environment, [&b"A=1"[..], b"PATH=/x=y"]);
    // An ELF library's version fills four words.
    assert_eq!(p.modules[1].version.as_deref(), Some("65538.196612.3.4"));
    // The program is the module that holds its entry, not the first.
    assert_eq!(p.path.as_deref(), Some(&b"/bin/a prog"[..]));
    assert_eq!(p.reason.as_deref(), Some("SIGSEGV (si_code 1) at 0xdead0000"));
    let rows: Vec<_> = p
        .regions
        .iter()
        .map(|r| (r.start.value() as u64, r.kind.as_str(), r.path.as_deref().map(String::from_utf8_lossy), r.offset, r.shared))
        .collect();
    let want = [
        (STACK, "stack", None, None, false),
        (TEB, "unknown", None, None, false),
        (PEB, "unknown", None, None, false),
        (HEAP, "heap", Some("[heap]".into()), None, false),
        (PROGRAM, "file", Some("/bin/a prog".into()), Some(0x1000), false),
        (LIBRARY, "file", Some("/lib/libc.so.6".into()), Some(0), true),
    ];
    assert_eq!(rows, want);
    assert_eq!((detail(&session, "distribution"), detail(&session, "requesting_thread")), ("Debian 13".into(), "546".into()));
}

#[test]
fn a_kernel_says_its_release_in_two_places() {
    let of = |text: &'static str, numbers: [u32; 3]| {
        let p = process(MiniDump { pack: text, numbers, ..linux() }.build()).1;
        (p.version.clone(), p.build.clone().unwrap_or_default())
    };
    let pair = |a: &str, b: &str| (a.to_owned(), b.to_owned());
    assert_eq!(of("Linux 6.1.0-50-amd64 #1 SMP x86_64", [0; 3]), pair("6.1.0-50-amd64", "#1 SMP x86_64"));
    assert_eq!(of("-50-amd64 #1 SMP x86_64", [6, 1, 0]), pair("6.1.0-50-amd64", "#1 SMP x86_64"));
    assert_eq!(of("something else", [6, 1, 0]), pair("6.1.0", "something else"));
    assert_eq!(of("", [6, 1, 0]), pair("6.1.0", ""));
}

#[test]
fn a_dump_that_was_asked_for_has_no_reason() {
    for (platform, code) in [(0x8201, u32::MAX), (2, 0x0517_a7ed), (0x8101, 0x0517_a7ed)] {
        let (session, p) = process(MiniDump { platform, exception: Some((code, 0, 0, Vec::new())), ..MiniDump::x64() }.build());
        assert_eq!(p.reason, None);
        assert!(detail(&session, "exception").contains("asked for"), "{platform:#x}");
    }
    let p = process(MiniDump { exception: None, ..MiniDump::x64() }.build()).1;
    assert_eq!((p.reason.clone(), p.threads[0].id, p.threads[0].state.as_deref()), (None, THREADS[0], Some("wrote the dump")));
    assert_eq!(p.threads[1].instruction.unwrap().value() as u64, PROGRAM + 0x102);
}

#[test]
fn exceptions_are_named() {
    let reason = |platform, code, parameters: &[u64]| {
        let exception = Some((code, 1, 0x1000, parameters.to_vec()));
        process(MiniDump { platform, exception, ..MiniDump::x64() }.build()).1.reason.clone().unwrap()
    };
    assert_eq!(reason(2, 0xc000_0005, &[8, 0x10]), "EXCEPTION_ACCESS_VIOLATION (0xc0000005) at 0x1000, executing 0x10");
    assert_eq!(reason(2, 0xc000_0005, &[]), "EXCEPTION_ACCESS_VIOLATION (0xc0000005) at 0x1000");
    assert_eq!(reason(2, 0xc000_0006, &[0, 0x10, 1]), "EXCEPTION_IN_PAGE_ERROR (0xc0000006) at 0x1000, reading 0x10");
    assert_eq!(reason(2, 0xc000_0409, &[7]), "STATUS_STACK_BUFFER_OVERRUN (0xc0000409) at 0x1000, fast fail 7");
    assert_eq!(reason(2, 0x1234_5678, &[]), "exception 0x12345678 at 0x1000");
    assert_eq!(reason(0x8101, 1, &[]), "EXC_BAD_ACCESS (code 0x1) at 0x1000");
    assert_eq!(reason(0x8203, 6, &[]), "SIGABRT (si_code 1) at 0x1000");
}

#[test]
fn addresses_of_32_bits_may_be_extended_by_their_sign() {
    let mut dump = MiniDump::x86();
    dump.memory.push((0xffff_ffff_8000_0000, vec![0x77; 0x1000]));
    dump.modules[1].base = 0xffff_ffff_9000_0000;
    let (session, p) = process(dump.build());
    assert_eq!(read(&session, 0x8000_0000, 4), Some(vec![0x77; 4]));
    assert_eq!(p.modules[1].base.value() as u64, 0x9000_0000);
    // A 64-bit process has such addresses for itself.
    let mut dump = MiniDump::x64();
    dump.memory.push((0xffff_ffff_8000_0000, vec![0x77; 0x1000]));
    let (session, _) = process(dump.build());
    assert_eq!((read(&session, 0x8000_0000, 4), read(&session, 0xffff_ffff_8000_0000, 4)), (None, Some(vec![0x77; 4])));
}

#[test]
fn big_endian_dumps_are_read() {
    let dump = MiniDump {
        big: true,
        architecture: 3,
        platform: 0x8101,
        wide: false,
        context: ppc,
        exception: Some((1, 2, PROGRAM, Vec::new())),
        ..MiniDump::x64()
    };
    for full in [true, false] {
        let (session, p) = process(MiniDump { full, ..dump.clone() }.build());
        assert_eq!((p.machine.as_str(), p.big_endian, p.pointer_size, p.system.as_str()), ("ppc", true, 4, "macos"));
        assert_eq!(p.name, b"prog.exe");
        assert_eq!(p.threads[0].instruction.unwrap().value() as u64, PROGRAM + 0x109);
        assert_eq!(p.threads[0].stack.unwrap().value() as u64, STACK + 0x800);
        assert_eq!(read(&session, PROGRAM + 0x100, 6), Some(b"needle".to_vec()));
        assert_eq!(detail(&session, "service_pack"), "");
    }
}

#[test]
fn lists_may_be_aligned_to_eight() {
    let dump = MiniDump { full: false, ..MiniDump::x64() };
    let mut file = dump.build();
    for kind in [3, 4, 5] {
        let (at, size) = stream(&file, kind);
        let padded = [&file[at..at + 4], &[0; 4], &file[at + 4..at + size]].concat();
        let (entry, end) = (entry(&file, kind), file.len() as u32);
        file[entry + 4..entry + 8].copy_from_slice(&(padded.len() as u32).to_le_bytes());
        file[entry + 8..entry + 12].copy_from_slice(&end.to_le_bytes());
        file.extend(padded);
    }
    let (session, p) = process(file);
    assert_eq!((p.threads.len(), p.modules.len(), p.modules[1].name()), (2, 2, &b"ntdll.dll"[..]));
    assert_eq!(read(&session, PROGRAM + 0x100, 6), Some(b"needle".to_vec()));
}

#[test]
fn without_memory_there_are_still_lists() {
    let dump = MiniDump { memory: Vec::new(), full: false, ..MiniDump::x64() };
    let (session, p) = process(dump.build());
    assert!(warned(&session, "holds no memory"));
    assert_eq!((p.pid, p.modules.len(), p.threads.len(), p.arguments.len()), (Some(4242), 2, 2, 0));
    assert_eq!(session.processes().unwrap().items.len(), 1);
}

#[test]
fn streams_that_are_missing_are_missed() {
    for (kind, words) in [(7u32, "no SystemInfo"), (4, "no ModuleList"), (3, "no threads")] {
        let mut file = MiniDump::x64().build();
        let at = entry(&file, kind);
        file[at..at + 4].copy_from_slice(&0xabcdu32.to_le_bytes());
        let (session, p) = process(file);
        assert!(warned(&session, words), "{kind}: {:?}", session.facts().warnings);
        assert!(read(&session, PROGRAM, 4).is_some());
        assert_eq!(p.modules.is_empty(), kind == 4);
    }
    // Two of a kind.
    let mut file = MiniDump::x64().build();
    let (at, from) = (entry(&file, 14), entry(&file, 4));
    file.copy_within(from..from + 12, at);
    let (session, p) = process(file);
    assert!(warned(&session, "more than one ModuleList"));
    assert_eq!((p.modules.len(), p.unloaded.len()), (2, 0));
}

#[test]
fn overlaps_that_disagree_are_told() {
    let mut dump = MiniDump::x64();
    // The same again, listed twice as dumpers do, is fine.
    dump.memory.push((PROGRAM + 0x800, dump.memory[4].1[0x800..].to_vec()));
    let (session, _) = process(dump.build());
    assert_eq!(session.facts().warnings, Vec::<String>::new());
    let mut other = vec![0; 0x1000];
    other[0x10] = 1;
    dump.memory.push((PROGRAM + 0x800, other));
    let (session, _) = process(dump.build());
    assert!(warned(&session, "different bytes (first at 0x400810)"), "{:?}", session.facts().warnings);
    // What begins first counts, and what goes beyond it is there.
    assert_eq!(read(&session, PROGRAM + 0x810, 1), Some(vec![0]));
    assert!(read(&session, PROGRAM + 0x17ff, 1).is_some());
    assert_eq!(session.facts().memory_size, 0x6800);
}

#[test]
fn cut_anywhere_it_opens_or_says_why() {
    for full in [true, false] {
        let whole = MiniDump { full, ..MiniDump::x64() }.build();
        let mut opened = 0;
        let ends = (0..whole.len()).step_by(41).chain([31, 32, 44, whole.len() - 1]);
        for len in ends {
            match open_bytes(whole[..len].to_vec(), "prog.dmp", &OpenOptions::default()) {
                Ok(image) => {
                    opened += 1;
                    assert!(!image.facts.warnings.is_empty(), "{len}: a cut file needs a warning");
                }
                Err(e) => assert!(!e.to_string().is_empty()),
            }
        }
        assert!(opened > 100, "{full}: {opened}");
    }
    // What is there is there, and what is missing is counted.
    let whole = MiniDump::x64().build();
    let (session, _) = process(whole[..whole.len() - 0x800].to_vec());
    assert!(warned(&session, "2048 bytes of the process's memory are missing"), "{:?}", session.facts().warnings);
    assert!(read(&session, PROGRAM + 0x7ff, 1).is_some() && read(&session, PROGRAM + 0x800, 1).is_none());
}

#[test]
fn headers_that_are_wrong_are_said() {
    let whole = MiniDump::x64().build();
    let error = |file: Vec<u8>| open_bytes(file, "x", &OpenOptions::default()).map(|_| ()).unwrap_err().to_string();
    assert!(error(whole[..20].to_vec()).contains("ends inside the minidump header"));
    let mut none = whole.clone();
    none[8..12].fill(0);
    assert!(error(none).contains("directory of streams"));
    let mut far = whole.clone();
    far[12..16].fill(0xff);
    assert!(error(far).contains("directory of streams"));
    let mut version = whole.clone();
    version[4] = 0;
    let (session, _) = process(version);
    assert!(warned(&session, "version is 0xa700"));
    let forced = OpenOptions { format: Some("minidump".to_owned()), ..OpenOptions::default() };
    assert!(open_bytes(vec![0; 4096], "x", &forced).map(|_| ()).unwrap_err().to_string().contains("no minidump header"));
    // Many streams are said, few are there.
    let mut many = whole;
    many[8..12].fill(0xff);
    many[12..16].copy_from_slice(&32u32.to_le_bytes());
    let (session, p) = process(many);
    assert!(warned(&session, "says 4294967295 streams"));
    assert_eq!(p.threads.len(), 2);
}

#[test]
fn numbers_that_lie_do_no_harm() {
    for dump in [MiniDump::x64(), linux()] {
        let whole = dump.build();
        let lists = whole.len().min(0x4000);
        let memory = stream(&whole, if dump.full { 9 } else { 5 });
        // Every word of the header, the directory and the streams.
        for at in (4..lists).step_by(4).filter(|at| *at < memory.0 + memory.1 || !dump.full) {
            for lie in [0x8000_0000, u32::MAX] {
                let mut file = whole.clone();
                file[at..at + 4].copy_from_slice(&lie.to_le_bytes());
                if at % 8 == 0 && lie == u32::MAX {
                    file[at + 4..at + 8].fill(0xff);
                }
                if let Ok(image) = open_bytes(file, "x", &OpenOptions::default()) {
                    let p = Arc::clone(image.process.as_ref().unwrap());
                    assert!(
                        p.regions.windows(2).all(|r| r[0].start.value() + (r[0].size - 1) < r[1].start.value()),
                        "{at:#x} {lie:#x}"
                    );
                    let session = Session::of_image(image, "x".to_owned(), Options::default());
                    assert_eq!(session.processes().unwrap().items.len(), 1);
                }
            }
        }
    }
}

#[test]
fn counts_beyond_the_file_are_told() {
    let whole = MiniDump::x64().build();
    let lie = |kind: u32, at: usize, bytes: &[u8]| {
        let mut file = whole.clone();
        let start = stream(&file, kind).0 + at;
        file[start..start + bytes.len()].copy_from_slice(bytes);
        process(file)
    };
    for (kind, at, name) in [(3, 0, "ThreadList"), (4, 0, "ModuleList"), (14, 8, "UnloadedModuleList"), (17, 8, "ThreadInfoList")]
    {
        let (session, p) = lie(kind, at, &[0xff; 4]);
        assert!(warned(&session, &format!("{name} (file offset")), "{:?}", session.facts().warnings);
        assert!(warned(&session, "says 4294967295 entries"));
        assert_eq!((p.threads.len(), p.modules.len()), (2, 2));
    }
    for (kind, at, name) in [(9, 0, "Memory64List"), (16, 8, "MemoryInfoList")] {
        let (session, p) = lie(kind, at, &[0xff; 8]);
        assert!(warned(&session, &format!("{name} (file offset")) && warned(&session, "18446744073709551615"), "{name}");
        assert_eq!(p.pid, Some(4242));
    }
    // Entries of no size.
    let (session, p) = lie(16, 4, &[0; 4]);
    assert!(warned(&session, "too few") && p.regions.len() == 6);
    // The bytes begin past the end of the file, or of all files.
    for base in [1u64 << 40, u64::MAX - 0x1000] {
        let (session, p) = lie(9, 8, &base.to_le_bytes());
        assert!(warned(&session, "missing"), "{:?}", session.facts().warnings);
        assert_eq!(p.modules.len(), 2);
    }
    // A range that runs past the last address.
    let (session, _) = lie(9, 16, &(u64::MAX - 0x10).to_le_bytes());
    assert!(warned(&session, "past the last address"));
}

#[test]
fn one_long_name_for_everybody_is_no_bomb() {
    let mut dump = MiniDump::x64();
    let module = dump.modules[0].clone();
    dump.modules = vec![module; 2000];
    let mut file = dump.build();
    let (at, _) = stream(&file, 4);
    let name = file.len() as u32;
    for i in 0..2000 {
        file[at + 4 + i * 108 + 20..][..4].copy_from_slice(&name.to_le_bytes());
    }
    file.extend(0x10000u32.to_le_bytes());
    file.extend(utf16(&"x".repeat(0x8000), false));
    let (session, p) = process(file);
    assert!(warned(&session, "names in the dump"));
    assert_eq!(p.modules.len(), 2000);
    assert!(p.modules.iter().map(|m| m.path.len()).sum::<usize>() <= 16 << 20);
}

#[test]
fn commands_mean_the_process_of_themselves() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("prog.dmp");
    let mut dump = MiniDump::x86();
    dump.more.push((11, utf16("a\u{1b}[31mred\u{7}", false)));
    std::fs::write(&path, dump.build()).unwrap();
    let path = path.to_str().unwrap();
    let json = |words: &[&str]| -> serde_json::Value {
        let run = cli::memsh(&[&[path], words, &["--json"]].concat());
        assert_eq!(run.status, 0, "{words:?}: {}", run.stderr);
        serde_json::from_str(&run.stdout).unwrap()
    };
    let ps = json(&["ps"]);
    assert_eq!((ps.as_array().unwrap().len(), &ps[0]["pid"]), (1, &4242.into()));
    assert_eq!(ps[0]["command_line"], COMMAND_LINE);
    assert_eq!((&ps[0]["arch"], &ps[0]["start_time"]), (&"x86".into(), &"2023-11-14T22:12:20Z".into()));
    let modules = json(&["modules"]);
    let rows: Vec<_> = modules.as_array().unwrap().iter().map(|m| (m["name"].as_str().unwrap(), m["version"].as_str())).collect();
    assert_eq!(rows, [("prog.exe", Some("1.2.3.4")), ("ntdll.dll", Some("10.0.19041.1")), ("gone.dll", None)]);
    assert_eq!(
        (&modules[0]["debug_id"], &modules[2]["state"]),
        (&"123456789ABCDEF001020304050607082".into(), &"unloaded".into())
    );
    let threads = json(&["threads"]);
    assert_eq!((&threads[0]["tid"], &threads[0]["name"]), (&THREADS[1].into(), &"worker".into()));
    assert_eq!((&threads[0]["instruction_pointer"], &threads[0]["registers"]["sp"]), (&"0x400109".into(), &"0x100800".into()));
    assert_eq!((&threads[1]["address"], &threads[1]["stack_pointer"]), (&"0x200000".into(), &"0x100800".into()));
    assert_eq!(json(&["maps"]).as_array().unwrap().len(), 10);
    assert_eq!(json(&["env"]).as_array().unwrap().len(), 2);
    assert_eq!(json(&["read", "0x400100", "-n", "6"])["data"], "6e6565646c65");
    let hits = json(&["scan", "needle"]);
    assert_eq!((&hits[0]["address"], &hits[0]["pid"]), (&"0x400100".into(), &4242.into()));
    let out = dir.path().join("prog.bin");
    let dumped = json(&["dump", "0x400000..0x401000", "-o", out.to_str().unwrap()]);
    assert_eq!((&dumped["bytes"], std::fs::read(&out).unwrap()), (&4096.into(), dump.memory[4].1.clone()));
    let info = json(&["info"]);
    assert_eq!((&info["arch"], &info["image"]["format"]), (&"x86".into(), &"minidump".into()));
    assert_eq!((&info["os"]["kind"], &info["os"]["version"]), (&"windows".into(), &"10.0.19045".into()));
    assert_eq!(info["image"]["details"]["integrity"], "high (0x3000)");
    // Text of the dump does nothing to the terminal.
    let run = cli::memsh(&[path, "info"]);
    assert!(run.stdout.contains("EXCEPTION_ACCESS_VIOLATION") && !run.stdout.contains('\u{1b}'), "{}", run.stdout);

    for words in [&["vtop", "0x400000"][..], &["read", "--phys", "0"], &["mounts"]] {
        let run = cli::memsh(&[&[path], words].concat());
        assert_eq!(run.status, 1, "{words:?}");
        assert!(run.stderr.contains("one process"), "{words:?}: {}", run.stderr);
    }
    // Damage is said with the offset.
    std::fs::write(path, &dump.build()[..100]).unwrap();
    let run = cli::memsh(&[path, "info"]);
    assert!(run.stderr.contains("file offset") || run.stdout.contains("file offset"), "{} {}", run.stdout, run.stderr);
}

#[test]
fn a_wiped_signature_hides_nothing() {
    for full in [true, false] {
        let mut file = MiniDump { full, ..MiniDump::x64() }.build();
        file[..8].copy_from_slice(b"\x9a\x03\x11\xfe\x01\x02\x03\x04");
        let (session, p) = process(file.clone());
        assert!(warned(&session, "signature was wiped"));
        assert_eq!((p.pid, p.modules.len()), (Some(4242), 2));
        assert_eq!(read(&session, PROGRAM + 0x100, 6), Some(b"needle".to_vec()));
        // With a directory that is not one, it is nothing of the kind.
        for (at, word) in [(8, 65u32), (8, 1), (12, 36), (32, 0xabcd), (32, 8), (36, 55), (40, 16), (40, u32::MAX)] {
            let mut bad = file.clone();
            bad[at..at + 4].copy_from_slice(&word.to_le_bytes());
            let name = open_bytes(bad, "x", &OpenOptions::default()).map(|i| i.facts.format);
            assert_ne!(name.ok().as_deref(), Some("minidump"), "{at} {word:#x}");
        }
    }
}

#[test]
fn many_regions_in_a_module_with_a_long_name_are_no_bomb() {
    let mut dump = MiniDump { infos: false, exception: None, ..MiniDump::x64() };
    dump.modules[1].path = Box::leak("x".repeat(0x7000).into_boxed_str());
    let mut list: Vec<u8> = [16u32, 48, 1000, 0].iter().flat_map(|n| n.to_le_bytes()).collect();
    for i in 0..1000u64 {
        let at = LIBRARY + i * 16;
        for n in [at, at, 2, 16, 2 << 32 | 0x1000, 0x100_0000] {
            list.extend(n.to_le_bytes());
        }
    }
    dump.more.push((16, list));
    let (_, p) = process(dump.build());
    let inside: Vec<_> = p.regions.iter().filter(|r| r.start.value() as u64 >= LIBRARY).collect();
    assert_eq!(inside.len(), 1000);
    let names: usize = inside.iter().filter_map(|r| r.path.as_ref()).map(Vec::len).sum();
    assert!((15 << 20..=16 << 20).contains(&names), "{names}");
}

#[test]
fn a_stream_beyond_the_file_is_cut_not_missing() {
    let mut file = MiniDump::x64().build();
    for kind in [7, 4] {
        let at = entry(&file, kind) + 8;
        file[at..at + 4].copy_from_slice(&0x7fff_0000u32.to_le_bytes());
    }
    let (session, p) = process(file);
    assert!(warned(&session, "SystemInfo (file offset 0x7fff0000) has 0 of 56 bytes"), "{:?}", session.facts().warnings);
    assert!(warned(&session, "SystemInfo can't be read") && warned(&session, "ModuleList (file offset 0x7fff0000)"));
    assert!(!warned(&session, "the dump has no"));
    assert_eq!((p.machine.as_str(), p.pid, p.modules.len()), ("unknown", Some(4242), 0));
}
