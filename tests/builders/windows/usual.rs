//! A machine with a little of everything.

use super::layout::Layout;
use super::memory::{Mode, PAGE};
use super::{Machine, Options, Region, Spec};

pub const SYSTEM: &str = "S-1-5-18";
pub const ANNA: &str = "S-1-5-21-1004336348-1177238915-682003330-1001";

/// Ranges of a program, ascending: its heap, a range that may do everything, the program, a mapped file, a section without a file,
/// a library.
fn regions(l: &Layout) -> Vec<Region> {
    let region = |start, end, protection, kind, file| Region { start, end, protection, kind, file };
    let (program, library) = l.bases();
    let mut all = vec![
        region(0x2_0000, 0x6_0000, 4, "private", None),
        region(0x10_0000, 0x10_1000, 6, "private", None),
        region(program, program + 0x8000, 7, "image", Some("\\Windows\\System32\\program.exe")),
        region(0x60_0000, 0x64_3000, 1, "file", Some("\\Windows\\System32\\locale.nls")),
        region(0x70_0000, 0x70_2000, 4, "section", None),
        region(library, library + 0x1f_0000, 7, "image", Some("\\Windows\\System32\\ntdll.dll")),
    ];
    all.sort_by_key(|r| r.start);
    all
}

/// The processes: System, and one of each kind that reads differently.
pub fn specs(l: &Layout) -> Vec<Spec> {
    let user = |pid: u32, name, session, sid| Spec {
        pid,
        ppid: 372,
        name,
        session: Some(session),
        sid,
        threads: vec![(pid + 8, None), (pid + 12, Some("Главный поток"))],
        environment: vec![
            ("ComSpec", "C:\\Windows\\cmd.exe"),
            ("=C:", "C:\\Users\\Anna"),
            ("NAME", "Ärger, 日本, 🙂"),
            ("EMPTY", ""),
        ],
        regions: regions(l),
        ..Spec::default()
    };
    // It was the second process once, and then the eighth.
    let first = match l.build {
        ..2000 => 2,
        ..2300 => 8,
        _ => 4,
    };
    let system =
        Spec { pid: first, name: "System", sid: SYSTEM, minimal: true, threads: vec![(8, None), (12, None)], ..Spec::default() };
    let mut all = vec![
        system,
        Spec { ppid: first, ..user(372, "smss.exe", 0, SYSTEM) },
        user(1044, "a-service-with-a-long-name.exe", 0, "S-1-5-19"),
        user(2208, "explorer.exe", 1, ANNA),
        user(2860, "отчёт 日本.exe", 1, ANNA),
        Spec { exited: true, ..user(3004, "WerFault.exe", 1, ANNA) },
        Spec { unlinked: true, ..user(3340, "hidden.exe", 1, SYSTEM) },
        Spec { paged_out: true, ..user(3712, "ctfmon.exe", 1, ANNA) },
    ];
    if l.wide {
        all.push(Spec { wow64: true, ..user(4020, "setup32.exe", 1, ANNA) });
    }
    all
}

/// The machine.
pub fn machine(layout: Layout, options: Options) -> Machine {
    let wide = layout.wide;
    let mut m = Machine::empty(layout, options);
    for spec in specs(&m.layout) {
        m.process(spec);
    }
    let kernel = m.kernel;
    m.driver("ntoskrnl.exe", kernel, super::KERNEL_SIZE);
    m.driver("hal.dll", kernel - 0x6_0000, 0x5_0000);
    let high = if wide { 0xffff_f804_1230_0000 } else { 0x8b00_0000 };
    m.driver("Ntfs.sys", high, 0x1f_2000);
    m.driver("драйвер.sys", high + 0x40_0000, 0x9000);
    soft(&mut m);
    m.finish()
}

/// Pages of explorer.exe that are not valid: in transition, demand zero, in a page file, prototypes.
pub const TRANSITION: u64 = 0x40_0000 - 0x10 * PAGE;

fn soft(m: &mut Machine) {
    let root = m.named("explorer.exe").root;
    let frame = m.memory.frame();
    m.memory.put_phys(frame, b"in transition");
    // Bit 11 is `Transition`, bit 10 `Prototype`; protection 4 is at bit 5.
    let entries = match m.memory.mode {
        Mode::X86 => [frame | 0x880, 0x80, 0x0001_2080, 0x8123_4400],
        Mode::Pae => [frame | 0x880, 0x80, 0x12_0000_0080, 0x8123_4000_0000_0400],
        _ => [frame | 0x880, 0x80, 0x12_0000_0080, 0xffff_8000_1234_0400],
    };
    for (i, entry) in entries.into_iter().enumerate() {
        m.memory.set_entry(root, TRANSITION + i as u64 * PAGE, entry);
    }
}

/// A mode that goes with a release.
pub fn modes(wide: bool, build: u32) -> Vec<Mode> {
    match (wide, build) {
        (true, 22000..) => vec![Mode::X64, Mode::La57],
        (true, _) => vec![Mode::X64],
        // Windows 8 does without the oldest form.
        (false, 9200..) => vec![Mode::Pae],
        (false, _) => vec![Mode::X86, Mode::Pae],
    }
}
