//! What was typed into consoles.

use crate::builders::windows::layout::{Layout, utf16};
use crate::builders::windows::memory::Mode;
use crate::builders::windows::{Machine, Options, Region, Spec, usual};
use crate::cli::memsh;
use serde_json::Value;
use std::io::Write;

const HEAP: u64 = 0x2_0000;

/// A machine with a console whose heap is there.
fn machine(wide: bool, release: &str, mode: Mode) -> Machine {
    let mut m = Machine::empty(Layout::of(wide, release), Options::new(mode));
    let specs = usual::specs(&m.layout);
    for spec in specs.into_iter().take(3) {
        m.process(spec);
    }
    let heap = Region { start: HEAP, end: HEAP + 0x1_0000, protection: 4, kind: "private", file: None };
    m.process(Spec {
        pid: 2208,
        ppid: 372,
        name: "conhost.exe",
        session: Some(1),
        sid: usual::ANNA,
        threads: vec![(2212, None)],
        regions: vec![heap],
        ..Spec::default()
    });
    let root = m.named("conhost.exe").root;
    m.memory.map_new(root, HEAP, 0x1_0000);
    m.finish()
}

fn put(m: &mut Machine, at: u64, bytes: &[u8]) {
    let root = m.named("conhost.exe").root;
    m.put_user(root, at, bytes);
}

fn word(m: &mut Machine, at: u64, value: u64) {
    let width = m.layout.word() as usize;
    put(m, at, &value.to_le_bytes()[..width]);
}

/// Two nodes of a list that point at each other.
fn ring(m: &mut Machine, at: u64, other: u64) {
    let width = m.layout.word();
    for (node, to) in [(at, other), (other, at)] {
        word(m, node, to);
        word(m, node + width, to);
    }
}

/// `struct _COMMAND_HISTORY` with these lines.
fn structure(m: &mut Machine, lines: &[&str]) {
    let (at, text) = (HEAP + 0xfe0, HEAP + 0x4000);
    let [flags, name, counts, popups, commands] =
        if m.layout.wide { [0x10, 0x18, 0x20, 0x38, 0x48] } else { [0x08, 0x0c, 0x10, 0x20, 0x28] };
    put(m, at + flags, &[1]);
    word(m, at + name, text);
    put(m, text, &utf16("cmd.exe"));
    for (i, n) in [lines.len() as u16, 0, 0, 0, 50].into_iter().enumerate() {
        put(m, at + counts + 2 * i as u64, &n.to_le_bytes());
    }
    for (i, line) in (1u64..).zip(lines) {
        let bytes = utf16(line);
        put(m, text + i * 0x100, &(bytes.len() as u16 - 2).to_le_bytes());
        put(m, text + i * 0x100 + 2, &bytes);
        let slot = at + commands + (i - 1) * m.layout.word();
        word(m, slot, text + i * 0x100);
    }
    ring(m, at + popups, HEAP + 0x2000);
    ring(m, at, HEAP + 0x2100);
}

fn string(m: &mut Machine, at: u64, text: &str, buffer: u64) {
    let (units, width) = (text.encode_utf16().count() as u64, m.layout.word());
    let to = if units > 7 { buffer } else { at };
    if units > 7 {
        word(m, at, buffer);
    }
    let bytes = utf16(text);
    put(m, to, &bytes[..bytes.len() - 2]);
    word(m, at + 16, units);
    word(m, at + 16 + width, units.max(7));
}

/// `class CommandHistory` with these lines.
fn class(m: &mut Machine, lines: &[&str]) {
    let (at, vector, text) = (HEAP + 0x1008, HEAP + 0x4000, HEAP + 0x5000);
    let entry = 16 + 2 * m.layout.word();
    for (i, line) in (0u64..).zip(lines) {
        string(m, vector + i * entry, line, text + i * 0x100);
    }
    let end = vector + lines.len() as u64 * entry;
    for (i, to) in [vector, end, end].into_iter().enumerate() {
        word(m, at + 0x10 + 8 * i as u64, to);
    }
    put(m, at + 0x28, &[50, 0]);
    string(m, at + 0x30, "cmd.exe", 0);
    ring(m, at, HEAP + 0x2000);
}

#[test]
fn commands_of_consoles_of_three_releases() {
    let lines = ["whoami /all", "net user eve P@ssw0rd /add", "dir"];
    for (wide, release, mode) in
        [(false, "6.1.7601.17514", Mode::Pae), (true, "6.2.9200.16384", Mode::X64), (true, "10.0.19041.264", Mode::X64)]
    {
        let mut m = machine(wide, release, mode);
        if m.layout.build < 17763 {
            structure(&mut m, &lines)
        } else {
            class(&mut m, &lines)
        }
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(&m.raw()).unwrap();
        let run = |words: &[&str]| memsh(&[&[file.path().to_str().unwrap(), "--no-cache"], words].concat());
        for words in [&["history", "--json"][..], &["windows.cmdscan", "--json"], &["cmdscan", "-p", "conhost.exe", "--json"]] {
            let run = run(words);
            assert_eq!((run.status, run.stderr.as_str()), (0, ""), "{release} {words:?}");
            let rows: Vec<Value> = serde_json::from_str(&run.stdout).unwrap();
            let commands: Vec<&str> = rows.iter().map(|r| r["command"].as_str().unwrap()).collect();
            assert_eq!(commands, lines, "{release} {words:?}");
            for (row, position) in rows.iter().zip(1..) {
                assert_eq!(row["position"], position);
                assert_eq!(
                    (&row["application"], &row["name"], &row["pid"]),
                    (&"cmd.exe".into(), &"conhost.exe".into(), &2208.into())
                );
                assert!(row["time"].is_null());
            }
        }
        let none = run(&["history", "-p", "smss.exe"]);
        assert!(none.status == 0 && none.stderr.contains("keep no commands of a console"), "{}", none.stderr);
    }
}

#[test]
fn what_is_not_read_is_said() {
    let m = usual::machine(Layout::of(false, "5.1.2600.5512"), Options::new(Mode::X86));
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(&m.raw()).unwrap();
    let run = memsh(&[file.path().to_str().unwrap(), "--no-cache", "history"]);
    assert!(run.status == 0 && run.stderr.contains("before Windows 7"), "{}", run.stderr);
}
