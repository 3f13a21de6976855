//! The keyboard, in the window manager's drivers.

use crate::builders::windows::layout::Layout;
use crate::builders::windows::memory::Mode;
use crate::builders::windows::pe::Pe;
use crate::builders::windows::{Machine, Options, usual};
use crate::cli::{Run, memsh};
use serde_json::Value;
use std::io::Write;

const BASE: u64 = 0xffff_f90a_1100_0000;
const STATES: u64 = 0xffff_f90a_1200_0000;

fn machine(wide: bool, release: &str, mode: Mode) -> Machine {
    usual::machine(Layout::of(wide, release), Options::new(mode))
}

/// A driver in memory, all of it resident.
fn driver(m: &mut Machine, name: &'static str, base: u64, exports: &[(&str, u32)]) {
    let size = 0x8000;
    m.driver(name, base, size);
    m.memory.map_new(m.root, base, size.into());
    let sections = &[(".text", 0x1000, 0x3000, 0x6800_0020), (".data", 0x4000, 0x2000, 0xc800_0040)];
    let (pdb, debug_at, export_at) = (None, 0x7000, 0x6000);
    let image = Pe { wide: true, machine: 0x8664, name, size, sections, exports, export_at, pdb, debug_at, timestamp: 1 };
    for (at, bytes) in image.pieces() {
        m.put(base + u64::from(at), &bytes);
    }
}

fn run(m: &mut Machine, words: &[&str]) -> Run {
    // What was mapped behind the others' backs.
    for root in m.processes.iter().skip(1).map(|p| p.root).collect::<Vec<_>>() {
        m.memory.share(m.root, root);
    }
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(&m.raw()).unwrap();
    memsh(&[&[file.path().to_str().unwrap(), "--no-cache"], words].concat())
}

/// Session, key, down, toggled.
fn rows(run: &Run) -> Vec<(u64, u64, bool, bool)> {
    assert_eq!((run.status, run.stderr.as_str()), (0, ""));
    let all: Vec<Value> = serde_json::from_str(&run.stdout).unwrap();
    let row = |r: &Value| Some((r["session"].as_u64()?, r["key"].as_u64()?, r["down"].as_bool()?, r["toggled"].as_bool()?));
    all.iter().map(|r| row(r).unwrap()).collect()
}

/// SHIFT and A down, B toggled, CAPITAL on.
fn press(m: &mut Machine, at: u64) {
    let mut bits = [0u8; 64];
    for (key, both) in [(0x10u8, 1u8), (0x41, 1), (0x42, 2), (0x14, 2)] {
        bits[usize::from(key >> 2)] |= both << ((key & 3) * 2);
    }
    m.put(at, &bits);
}

#[test]
fn keys_that_win32kbase_exports() {
    let mut m = machine(true, "10.0.19041.264", Mode::X64);
    driver(&mut m, "win32kbase.sys", BASE, &[("gafAsyncKeyState", 0x4100), ("other", 0x1000)]);
    press(&mut m, BASE + 0x4100);
    let down = |session| [(session, 0x10, true, false), (session, 0x14, false, true), (session, 0x41, true, false)];
    // The sessions of this machine share their memory.
    assert_eq!(rows(&run(&mut m, &["keyboard", "--json"])), [down(0), down(1)].concat());
    assert_eq!(rows(&run(&mut m, &["keyboard", "--all", "--json"])).len(), 8);
    let table = run(&mut m, &["keyboard"]).stdout;
    assert!(table.contains("CAPITAL") && table.contains("SHIFT"), "{table}");
    m.put(BASE + 0x4100, &[0; 64]);
    let none = run(&mut m, &["keyboard"]);
    assert!(none.status == 0 && none.stderr.contains("no key is down"), "{}", none.stderr);
}

#[test]
fn keys_in_the_state_of_a_session() {
    let mut m = machine(true, "10.0.22631.2428", Mode::X64);
    driver(&mut m, "win32kbase.sys", BASE, &[("other", 0x1000)]);
    driver(&mut m, "win32ksgd.sys", STATES, &[]);
    // `mov rax, [rip + 0x2f00]; mov rax, [rax + rcx*8]` and `mov ecx, 0xffff8000; and sil, [r14 + rax + 0x36a8]`, across two pages.
    m.put(STATES + 0x1ff9, &[0x48, 0x8b, 5, 0, 0x2f, 0, 0, 0x48, 0x8b, 4, 0xc8]);
    m.put(BASE + 0x1ff9, &[0xb9, 0, 0x80, 0xff, 0xff, 0x41, 0x22, 0xb4, 6, 0xa8, 0x36, 0, 0]);
    let [table, entry, state] = [64, 16, 0x4000].map(|n| m.take(n));
    m.put_word(STATES + 0x1ff9 + 7 + 0x2f00, table);
    m.put_word(table, entry);
    m.put_word(entry, state);
    press(&mut m, state + 0x36a8);
    let expected = [(1, 0x10, true, false), (1, 0x14, false, true), (1, 0x41, true, false)];
    assert_eq!(rows(&run(&mut m, &["keyboard", "--json"])), expected);
    // A pointer that leads nowhere: not known, and no rows.
    m.put_word(entry, 0xffff_f90a_7700_0000);
    let gone = run(&mut m, &["keyboard", "--json"]);
    assert!(gone.status == 1 && gone.stdout.is_empty() && gone.stderr.contains("not in the image"), "{}", gone.stderr);
    // Two places that say different things.
    m.put_word(entry, state);
    m.put(BASE + 0x2800, &[0xb9, 0, 0x80, 0xff, 0xff, 0x41, 0x22, 0xb4, 6, 0xa8, 0x37, 0, 0]);
    let other = run(&mut m, &["keyboard"]);
    assert!(other.status == 1 && other.stderr.contains("the code that tests a key"), "{}", other.stderr);
}

#[test]
fn where_it_is_not_known_it_is_said_what_would_help() {
    for (wide, release, mode, said) in [
        (false, "6.1.7601.17514", Mode::Pae, "win32k.sys keeps the state of keys"),
        (true, "6.2.9200.16384", Mode::X64, "needs its symbols"),
        (true, "10.0.19041.264", Mode::X64, "win32kbase.sys, which knows the state of keys, is not among the drivers"),
    ] {
        let run = run(&mut machine(wide, release, mode), &["keyboard"]);
        assert!(run.status == 1 && run.stderr.contains(said), "{}", run.stderr);
    }
}
