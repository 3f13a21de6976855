//! The program on tiny machines: tables, JSON, exit status, what goes to stderr.

use crate::builders::windows::layout::Layout;
use crate::builders::windows::memory::Mode;
use crate::builders::windows::{Machine, Options, usual};
use crate::cli::{Run, memsh};
use crate::system::dump;
use serde_json::Value;
use std::io::Write;
use tempfile::NamedTempFile;

pub struct File(NamedTempFile);

impl File {
    pub fn new(bytes: &[u8]) -> Self {
        let mut file = NamedTempFile::new().unwrap();
        file.write_all(bytes).unwrap();
        Self(file)
    }

    pub fn run(&self, words: &[&str]) -> Run {
        let path = self.0.path().to_str().unwrap();
        memsh(&[&[path, "--no-cache"], words].concat())
    }

    /// The JSON answer of a command that must go well and lose nothing.
    pub fn whole(&self, words: &[&str]) -> Value {
        let run = self.run(&[words, &["--json"]].concat());
        assert_eq!((run.status, run.stderr.as_str()), (0, ""), "{words:?}");
        serde_json::from_str(&run.stdout).unwrap()
    }
}

fn machine(wide: bool, release: &str, mode: Mode) -> Machine {
    usual::machine(Layout::of(wide, release), Options::new(mode))
}

/// Three that differ most: raw with a block for processors, raw without, a dump.
fn files() -> Vec<(Machine, File)> {
    let ten = machine(true, "10.0.22631.2428", Mode::La57);
    let xp = machine(false, "5.1.2600.5512", Mode::X86);
    let seven = machine(false, "6.1.7601.17514", Mode::Pae);
    let files = [File::new(&ten.raw()), File::new(&xp.raw()), File::new(&dump(&seven))];
    [ten, xp, seven].into_iter().zip(files).collect()
}

pub fn column<'a>(rows: &'a Value, name: &str) -> Vec<&'a Value> {
    rows.as_array().unwrap().iter().map(|r| &r[name]).collect()
}

#[test]
fn a_system_is_told() {
    for ((m, file), arch) in files().iter().zip(["x86_64", "x86", "x86_pae"]) {
        let info = file.whole(&["info"]);
        assert_eq!(info["arch"], arch);
        assert_eq!(info["os"]["kind"], "windows");
        assert_eq!(info["os"]["build"], m.layout.build.to_string());
        assert_eq!(info["os"]["kernel_base"], format!("{:#x}", m.kernel));
        assert_eq!(info["os"]["kernel_size"], crate::builders::windows::KERNEL_SIZE);
        let found = info["detection"].as_array().unwrap().iter().filter(|s| s["found"] == true).count();
        assert!(found >= 3, "{info:#}");
    }
}

#[test]
fn processes_as_json_and_as_a_table() {
    for (m, file) in files() {
        let rows = file.whole(&["ps"]);
        let linked: Vec<_> = m.processes.iter().filter(|p| !p.spec.unlinked).collect();
        assert_eq!(rows.as_array().unwrap().len(), linked.len());
        for (row, p) in rows.as_array().unwrap().iter().zip(&linked) {
            let what = p.spec.name;
            assert_eq!((&row["pid"], &row["ppid"]), (&p.spec.pid.into(), &p.spec.ppid.into()), "{what}");
            assert_eq!((&row["name"], &row["sid"]), (&what.into(), &p.spec.sid.into()), "{what}");
            assert_eq!(row["address"], format!("{:#x}", p.address), "{what}");
            assert_eq!(row["dtb"], format!("{:#x}", p.root), "{what}");
            assert_eq!(row["exit_time"].is_null(), !p.spec.exited, "{what}");
            // Linux' columns.
            assert!(row["uid"].is_null() && row["gid"].is_null(), "{what}");
            let user = p.user.as_ref().filter(|_| !p.spec.paged_out);
            assert_eq!(row["command_line"], user.map_or(Value::Null, |u| u.command_line.clone().into()), "{what}");
        }
        let started = &rows[3]["start_time"];
        assert_eq!(started, "2024-05-01T12:36:48Z", "{rows:#}");
        let table = file.run(&["ps"]);
        assert_eq!((table.status, table.stderr.as_str()), (0, ""));
        assert_eq!(table.stdout.lines().count(), linked.len() + 1, "{}", table.stdout);
        assert!(table.stdout.contains("отчёт 日本.exe"), "{}", table.stdout);
        assert!(!table.stdout.contains("hidden.exe"), "{}", table.stdout);
    }
}

#[test]
fn one_process_by_its_number_and_by_its_name() {
    for (m, file) in files() {
        let p = m.named("explorer.exe");
        let pid = p.spec.pid.to_string();
        for which in [pid.as_str(), "explorer.exe"] {
            let threads = file.whole(&["threads", "-p", which]);
            assert_eq!(
                column(&threads, "tid"),
                p.spec.threads.iter().map(|t| Value::from(t.0)).collect::<Vec<_>>().iter().collect::<Vec<_>>()
            );
            let modules = file.whole(&["modules", "-p", which]);
            assert_eq!(column(&modules, "name"), ["explorer.exe", "ntdll.dll", "KERNEL32.DLL"]);
            let maps = file.whole(&["maps", "-p", which]);
            assert_eq!(maps.as_array().unwrap().len(), p.spec.regions.len());
            assert_eq!(
                (&maps[1]["perm"], &maps[1]["kind"], &maps[1]["size"]),
                (&"rwxp".into(), &"private".into(), &0x1000.into())
            );
            let env = file.whole(&["env", "-p", which]);
            assert_eq!(column(&env, "key"), ["ComSpec", "=C:", "NAME", "EMPTY"]);
            assert_eq!(env[2]["value"], "Ärger, 日本, 🙂");
        }
        // Its memory: the program's own header is not there, its parameters are.
        let user = p.user.as_ref().unwrap();
        let at = format!("{:#x}", user.environment);
        let read = file.whole(&["read", &at, "-n", "14", "-p", &pid]);
        assert_eq!(read["data"], "43006f006d005300700065006300");
    }
}

#[test]
fn pages_that_are_not_valid() {
    for (m, file) in files() {
        let pid = m.named("explorer.exe").spec.pid.to_string();
        let at = |page: u64| format!("{:#x}", usual::TRANSITION + page * 0x1000);
        let read = file.whole(&["read", &at(0), "-n", "13", "-p", &pid]);
        assert_eq!(read["data"], "696e207472616e736974696f6e");
        for (page, reason) in [(1, "demand_zero"), (2, "pagefile"), (3, "prototype"), (4, "not_present")] {
            let run = file.run(&["vtop", &at(page), "-p", &pid, "--json"]);
            let answer: Value = serde_json::from_str(&run.stdout).unwrap();
            assert_eq!((run.status, &answer["fault"]["reason"]), (1, &reason.into()), "{}", run.stdout);
            assert!(answer["physical"].is_null());
        }
    }
}

#[test]
fn what_is_paged_out_is_said() {
    for (m, file) in files() {
        let pid = m.named("ctfmon.exe").spec.pid.to_string();
        let run = file.run(&["modules", "-p", &pid]);
        assert_eq!(run.status, 0);
        assert!(run.stderr.contains("partial:"), "{}", run.stderr);
        let run = file.run(&["modules", "-p", &pid, "--strict"]);
        assert_eq!(run.status, 4, "{}", run.stderr);
        let block = format!("{:#x}", m.named("ctfmon.exe").user.as_ref().unwrap().peb);
        let run = file.run(&["vtop", &block, "-p", &pid, "--json"]);
        let answer: Value = serde_json::from_str(&run.stdout).unwrap();
        assert_eq!((run.status, &answer["fault"]["reason"]), (1, &"pagefile".into()));
    }
}

#[test]
fn drivers_and_a_torn_list() {
    let mut m = machine(true, "10.0.19041.264", Mode::X64);
    let names: Vec<String> = m.drivers.iter().map(|d| d.0.clone()).collect();
    let whole = File::new(&m.raw());
    assert_eq!(
        column(&whole.whole(&["modules"]), "name"),
        names.iter().map(|n| Value::from(n.as_str())).collect::<Vec<_>>().iter().collect::<Vec<_>>()
    );
    let at = m.named("explorer.exe").address + m.layout.at("_EPROCESS", "ActiveProcessLinks");
    m.put_word(at, 0x1234);
    let torn = File::new(&m.raw());
    let run = torn.run(&["ps"]);
    assert_eq!(run.status, 0);
    assert_eq!(run.stdout.lines().count(), 1 + 8, "{}", run.stdout);
    assert!(run.stderr.contains("partial:") && run.stderr.contains("PsActiveProcessHead"), "{}", run.stderr);
    assert_eq!(torn.run(&["ps", "--strict"]).status, 4);
}

#[test]
fn a_process_of_32_bits_in_one_of_64() {
    let m = machine(true, "10.0.19041.264", Mode::X64);
    let file = File::new(&m.raw());
    let modules = file.whole(&["modules", "-p", "setup32.exe"]);
    let rows: Vec<_> = column(&modules, "arch").into_iter().zip(column(&modules, "name")).collect();
    let all = ["setup32.exe", "ntdll.dll", "KERNEL32.DLL", "ntdll.dll", "kernel32.dll"].map(Value::from);
    assert_eq!(rows.iter().map(|r| r.1).collect::<Vec<_>>(), all.iter().collect::<Vec<_>>());
    assert_eq!(rows.iter().filter(|r| r.0 == "x86").count(), 2);
    let rows = file.whole(&["ps"]);
    assert_eq!(column(&rows, "wow64").iter().filter(|w| **w == true).count(), 1);
}

#[test]
fn arm64() {
    let m = usual::machine(Layout::arm64("10.0.26100.1742"), Options::new(Mode::Arm64));
    let file = File::new(&m.raw());
    let info = file.whole(&["info"]);
    assert_eq!((&info["arch"], &info["paging"]["mode"]), (&"aarch64".into(), &"4K 48-bit, one root".into()));
    assert_eq!(info["os"]["build"], "26100");
    let rows = file.whole(&["ps"]);
    let arch = |name: &str| rows.as_array().unwrap().iter().find(|r| r["name"] == name).unwrap()["arch"].clone();
    assert_eq!((arch("explorer.exe"), arch("setup32.exe")), ("aarch64".into(), "x86".into()));
    // Transition, demand zero, a page file (bits 9:6 have its number), a prototype entry.
    let block = |i: u64| format!("{:#x}", usual::TRANSITION + i * 0x1000);
    let read = file.run(&["read", &block(0), "-n", "13", "-p", "explorer.exe", "--raw"]);
    assert_eq!(read.stdout, "in transition");
    for (i, reason) in [(1, "demand_zero"), (2, "pagefile"), (3, "prototype")] {
        let run = file.run(&["vtop", &block(i), "-p", "explorer.exe", "--json"]);
        let answer: Value = serde_json::from_str(&run.stdout).unwrap();
        assert_eq!((run.status, &answer["fault"]["reason"]), (1, &reason.into()), "{answer}");
    }
}

#[test]
fn a_windows_of_which_no_table_knows() {
    let mut m = machine(true, "10.0.19041.264", Mode::X64);
    // System is called otherwise.
    let name = m.named("System").address + m.layout.at("_EPROCESS", "ImageFileName");
    m.put(name, b"Other!\0");
    let run = File::new(&m.raw()).run(&["ps"]);
    assert_eq!((run.status, run.stdout.as_str()), (1, ""));
    assert!(run.stderr.contains("build 19041") && run.stderr.contains("--symbols"), "{}", run.stderr);
}
