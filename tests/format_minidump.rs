//! Minidumps: memory, threads, modules, regions of a process, of several machines and writers; and broken ones.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    clippy::unnecessary_cast,
    clippy::panic,
    clippy::type_complexity,
    reason = "tests"
)]

mod builders;
mod cli;

use builders::minidump::*;
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
        (PROGRAM + 0x3000, 0x900, "unknown"),
        (LIBRARY, 0x10000, "image"),
    ];
    assert_eq!(rows, want);
    assert!(p.regions.iter().all(|r| r.read && !r.write && !r.execute));
    assert!(detail(&session, "regions").contains("protection is not known"));
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
        ("handles", "3"),
        ("current_directory", "C:\\Users\\"),
        ("threads", "2"),
        ("memory_ranges", "5"),
    ] {
        assert_eq!(detail(&session, name), value, "{name}");
    }
    assert!(detail(&session, "exception").ends_with("in thread 546"));
    assert!(detail(&session, "streams").starts_with("SystemInfo, MiscInfo, Exception, ModuleList"));
}
