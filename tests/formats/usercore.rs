//! Cores of user-mode processes: memory, threads, regions, modules, arguments, of several machines; and broken ones.

use crate::builders::elf::Segment;
use crate::builders::usercore::{DATA, LIBRARY, MARK, PROGRAM, STACK, STACK_SIZE, UserCore};
use crate::cli;
use memsh::engine::ViewExt;
use memsh::image::{OpenOptions, ProcessImage, open_bytes};
use memsh::session::{Options, Session, Space};
use memsh::{VirtAddr, umem};
use std::sync::Arc;

fn process(file: Vec<u8>) -> (Session, Arc<ProcessImage>) {
    let image = open_bytes(file, "core", &OpenOptions::default()).unwrap();
    let process = Arc::clone(image.process.as_ref().unwrap());
    (Session::of_image(image, "core".to_owned(), Options::default()), process)
}

/// Machines with their registers' number, and which of them are the instruction and the stack pointer.
const MACHINES: &[(&str, UserCore, u64, u64)] = &[
    ("x86_64", UserCore::X86_64, 16, 19),
    ("x86", UserCore { machine: 3, wide: false, registers: 17, ..UserCore::X86_64 }, 12, 15),
    ("aarch64", UserCore { machine: 183, registers: 34, ..UserCore::X86_64 }, 32, 31),
    ("arm", UserCore { machine: 40, wide: false, registers: 18, ..UserCore::X86_64 }, 15, 13),
    ("riscv64", UserCore { machine: 243, registers: 32, ..UserCore::X86_64 }, 0, 2),
    ("riscv32", UserCore { machine: 243, wide: false, registers: 32, ..UserCore::X86_64 }, 0, 2),
    ("s390x", UserCore { machine: 22, big: true, registers: 27, ..UserCore::X86_64 }, 1, 17),
    ("ppc64", UserCore { machine: 21, big: true, registers: 48, ..UserCore::X86_64 }, 32, 1),
    ("ppc", UserCore { machine: 20, wide: false, big: true, registers: 48, ..UserCore::X86_64 }, 32, 1),
    ("mips", UserCore { machine: 8, wide: false, big: true, registers: 45, ..UserCore::X86_64 }, 40, 35),
    ("loongarch", UserCore { machine: 258, registers: 45, ..UserCore::X86_64 }, 33, 3),
];

#[test]
fn every_machine_gives_its_process() {
    for (name, core, instruction, stack) in MACHINES {
        let (session, p) = process(core.build());
        assert_eq!(p.machine, *name);
        assert_eq!((p.pid, p.ppid, p.uid, p.gid), (Some(77), Some(5), Some(1000), Some(1001)), "{name}");
        assert_eq!(p.name, b"prog", "{name}");
        assert_eq!(p.arguments, [&b"prog"[..], b"--long argument"], "{name}");
        assert_eq!(p.environment, [&b"A=1"[..], b"PATH=/x=y"], "{name}");
        assert_eq!(p.path.as_deref(), Some(&b"/bin/prog"[..]), "{name}");
        assert_eq!(p.reason.as_deref(), Some("SIGSEGV at 0xdead0000"), "{name}");
        let threads: Vec<(u32, u64, u64)> =
            p.threads.iter().map(|t| (t.id, t.instruction.unwrap().value() as u64, t.stack.unwrap().value() as u64)).collect();
        assert_eq!(
            threads,
            [77u32, 78].map(|t| (t, 0x1000 * u64::from(t) + instruction, 0x1000 * u64::from(t) + stack)),
            "{name}"
        );
        let modules: Vec<(&[u8], umem, umem)> = p.modules.iter().map(|m| (m.name(), m.base.value(), m.size)).collect();
        let (program, library) = (umem::from(PROGRAM), umem::from(LIBRARY));
        assert_eq!(modules, [(&b"prog"[..], program, 0x3000), (&b"libc.so.6"[..], library, 0x1000)], "{name}");

        // Numbers are read in the process's own order and width.
        let Space::Process(_, space) = session.kernel_space().unwrap() else { panic!("{name}: not a process's space") };
        assert_eq!(space.read_ptr(VirtAddr::new(umem::from(DATA))).unwrap().value(), umem::from(MARK), "{name}");
        assert!(space.read_ptr(VirtAddr::new(umem::from(PROGRAM + 0x1000))).is_err(), "{name}: code is not in the core");
    }
}

#[test]
fn regions_are_segments_with_their_files() {
    let (_, p) = process(UserCore::X86_64.build());
    let rows: Vec<_> = p
        .regions
        .iter()
        .map(|r| {
            let perm: String =
                [(r.read, 'r'), (r.write, 'w'), (r.execute, 'x')].iter().map(|(on, c)| if *on { *c } else { '-' }).collect();
            (r.start.value() as u64, r.size as u64, perm, r.path.as_deref().map(String::from_utf8_lossy), r.offset)
        })
        .collect();
    let program = || Some("/bin/prog".into());
    assert_eq!(
        rows,
        [
            (PROGRAM, 0x1000, "r--".to_owned(), program(), Some(0)),
            (PROGRAM + 0x1000, 0x1000, "r-x".to_owned(), program(), Some(0x1000)),
            (DATA, 0x1000, "rw-".to_owned(), program(), Some(0x2000)),
            (LIBRARY, 0x1000, "r-x".to_owned(), Some("/lib/libc.so.6".into()), Some(0)),
            (STACK, STACK_SIZE, "rw-".to_owned(), None, None),
        ]
    );
}

#[test]
fn without_notes_there_is_still_memory() {
    let mut core = UserCore::X86_64;
    core.files = false;
    let mut elf = core.elf();
    elf.segments[0] = Segment { data: core.note("CORE", 6, &core.words(&[0, 0])), ..elf.segments[0].clone() };
    let (session, p) = process(elf.build());
    assert!(p.threads.is_empty() && p.modules.is_empty() && p.arguments.is_empty());
    assert!(session.facts().warnings.iter().any(|w| w.contains("no NT_PRSTATUS")));
    assert_eq!(session.processes().unwrap().items.len(), 1);
}

#[test]
fn cut_anywhere_it_opens_or_says_why() {
    let whole = UserCore::X86_64.build();
    let mut opened = 0;
    for len in (0..whole.len()).step_by(61) {
        match open_bytes(whole[..len].to_vec(), "core", &OpenOptions::default()) {
            Ok(image) => {
                opened += 1;
                assert!(!image.facts.warnings.is_empty(), "{len}: a cut file needs a warning");
            }
            Err(e) => assert!(!e.to_string().is_empty()),
        }
    }
    assert!(opened > 10);
}

#[test]
fn numbers_that_lie_do_no_harm() {
    let core = UserCore::X86_64;
    for lie in [u64::MAX, u64::from(u32::MAX), 1 << 40] {
        let elf = core.elf();
        let note = |kind, values: &[u64]| core.note("CORE", kind, &core.words(values));
        let bad = [
            note(0x4649_4c45, &[lie, 4096, 1, 2, 3]),
            note(0x4649_4c45, &[1, lie, PROGRAM, PROGRAM + 0x1000, lie]),
            note(6, &[3, lie, 4, lie, 5, lie, 25, lie, 31, lie]),
            note(6, &[25, STACK + 0x1100, 3, PROGRAM, 4, lie, 5, lie]),
        ];
        for one in bad {
            let mut elf = elf.clone();
            elf.segments[0].data = [core.status(1, 6), one].concat();
            let (session, p) = process(elf.build());
            assert_eq!(p.threads.len(), 1);
            assert!(session.processes().unwrap().items[0].pid == 1);
        }
        for at in 1..elf.segments.len() {
            let mut elf = elf.clone();
            elf.segments[at].virt = lie;
            elf.segments[at].in_memory = Some(lie);
            process(elf.build());
        }
    }
}

/// Thousands of segments that name the same notes.
#[test]
fn notes_that_segments_share_are_read_as_often_as_the_file_could_hold_them() {
    const SEGMENTS: u16 = 20_000;
    let mut file = UserCore::X86_64.build();
    let number = |at: usize| u64::from_le_bytes(file[at..at + 8].try_into().unwrap()) as usize;
    let (table, count) = (number(32), usize::from(file[56]));
    let headers: Vec<Vec<u8>> = file[table..table + count * 56].chunks(56).map(<[u8]>::to_vec).collect();
    let notes = headers.iter().find(|h| h[..4] == [4, 0, 0, 0]).unwrap().clone();
    let end = file.len() as u64;
    file.extend(headers.concat());
    (0..SEGMENTS).for_each(|_| file.extend(&notes));
    file[32..40].copy_from_slice(&end.to_le_bytes());
    file[56..58].copy_from_slice(&(SEGMENTS + count as u16).to_le_bytes());
    let image = open_bytes(file, "core", &OpenOptions::default()).unwrap();
    let threads = image.process.as_ref().unwrap().threads.len();
    assert!((2..usize::from(SEGMENTS)).contains(&threads), "{threads}");
    assert!(image.facts.warnings.iter().any(|w| w.contains("segments of notes are left out")), "{:?}", image.facts.warnings);
}

#[test]
fn commands_mean_the_process_of_themselves() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("core.77");
    std::fs::write(&path, UserCore::X86_64.build()).unwrap();
    let path = path.to_str().unwrap();
    let json = |words: &[&str]| -> serde_json::Value {
        let run = cli::memsh(&[&[path], words, &["--json"]].concat());
        assert_eq!(run.status, 0, "{words:?}: {}", run.stderr);
        serde_json::from_str(&run.stdout).unwrap()
    };
    assert_eq!(json(&["ps"])[0]["command_line"], "prog --long argument");
    assert_eq!(json(&["modules"])[1]["name"], "libc.so.6");
    assert_eq!(json(&["maps"]).as_array().unwrap().len(), 5);
    assert_eq!(json(&["threads"])[1]["tid"], 78);
    assert_eq!(json(&["read", "0x402000", "-n", "4"])["data"], "44332211");
    let hits = json(&["scan", "--hex", "44 33 22 11 00 00 00 00"]);
    assert_eq!((&hits[0]["address"], &hits[0]["pid"]), (&"0x402000".into(), &77.into()));
    let info = json(&["info"]);
    assert_eq!((&info["arch"], &info["paging"]), (&"x86_64".into(), &serde_json::Value::Null));
    assert_eq!(info["os"]["kind"], "linux");

    for words in [&["vtop", "0x402000"][..], &["read", "--phys", "0"], &["mounts"], &["pages"]] {
        let run = cli::memsh(&[&[path], words].concat());
        assert_eq!(run.status, 1, "{words:?}");
        assert!(run.stderr.contains("one process"), "{words:?}: {}", run.stderr);
    }
}
