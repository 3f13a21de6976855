//! Memory that is torn, lies or lacks pieces: rows stay, what is doubtful is empty, and it is said what was lost.

use crate::builders::windows::layout::{Layout, counted, releases};
use crate::builders::windows::memory::{Mode, PAGE};
use crate::builders::windows::{EXPORTS, Machine, Options, usual};
use crate::system::*;
use memsh::os::OsLayer;
use memsh_plugin::{Process as _, ProcessInfo};

/// One release of each family of layouts: 64 bits, then 32.
const FAMILIES: [(bool, &str); 9] = [
    (true, "5.2.3790.3959"),
    (true, "6.1.7601.17514"),
    (true, "6.2.9200.16384"),
    (true, "6.3.9600.17415"),
    (true, "10.0.19041.264"),
    (true, "10.0.26100.1742"),
    (false, "5.1.2600.5512"),
    (false, "6.1.7601.17514"),
    (false, "10.0.19041.264"),
];

pub fn mode(wide: bool) -> Mode {
    if wide { Mode::X64 } else { Mode::Pae }
}

pub fn machine(wide: bool, release: &str) -> Machine {
    usual::machine(Layout::of(wide, release), Options::new(mode(wide)))
}

/// A machine of each family.
pub fn each(test: impl Fn(Machine, &str)) {
    for (wide, release) in FAMILIES {
        assert!(releases(wide).iter().any(|r| r == release), "{release}");
        test(machine(wide, release), &format!("{release} {}", if wide { "x64" } else { "x86" }));
    }
}

pub fn pids(listed: &[ProcessInfo]) -> Vec<u32> {
    listed.iter().map(|p| p.pid).collect()
}

/// Pids in the order of the list.
pub fn linked(m: &Machine) -> Vec<u32> {
    m.processes.iter().filter(|p| !p.spec.unlinked).map(|p| p.spec.pid).collect()
}

/// Where the list's node of a process is.
pub fn node(m: &Machine, name: &str) -> u64 {
    m.named(name).address + m.layout.at("_EPROCESS", "ActiveProcessLinks")
}

pub fn row<'a>(listed: &'a [ProcessInfo], m: &Machine, name: &str) -> &'a ProcessInfo {
    let address = m.named(name).address;
    listed.iter().find(|p| number(p.address) == address).unwrap()
}

pub fn listed(m: &Machine) -> (OsLayer, Vec<ProcessInfo>, Vec<String>) {
    let os = system(m);
    let (listed, lost) = processes(&os);
    (os, listed, lost)
}

#[test]
fn a_torn_list_is_read_from_both_ends() {
    each(|mut m, what| {
        let at = node(&m, "explorer.exe");
        for wild in [0, 0x10, m.kernel + 0x3000, !7, m.pool.root, at] {
            m.put_word(at, wild);
            let (_, rows, lost) = listed(&m);
            let mut found = pids(&rows);
            let mut all = linked(&m);
            found.sort_unstable();
            all.sort_unstable();
            assert_eq!(found, all, "{what} {wild:#x}");
            assert_eq!(lost.len(), 1, "{what} {wild:#x}: {lost:?}");
            assert!(lost[0].starts_with("PsActiveProcessHead: the list"), "{what}: {lost:?}");
        }
    });
}

#[test]
fn a_list_in_a_circle_ends() {
    each(|mut m, what| {
        // Back to the second, both ways round: the last is its own neighbour's neighbour.
        let (second, fourth) = (node(&m, "smss.exe"), node(&m, "explorer.exe"));
        m.put_word(fourth, second);
        let w = m.layout.word();
        m.put_word(second + w, fourth);
        let (_, rows, lost) = listed(&m);
        let found = pids(&rows);
        // The links in the circle do not agree with those that come into it.
        for pid in linked(&m) {
            assert_eq!(found.iter().filter(|p| **p == pid).count(), 1, "{what}: {found:?}");
        }
        assert!(!lost.is_empty(), "{what}");
    });
}

#[test]
fn two_versions_of_a_list() {
    each(|mut m, what| {
        // A process was unlinked while the image was taken: those before it know, those behind it do not, and it still points on.
        let (before, at, after) = (node(&m, "smss.exe"), node(&m, "a-service-with-a-long-name.exe"), node(&m, "explorer.exe"));
        m.put_word(before, after);
        let (_, rows, lost) = listed(&m);
        let (mut found, mut all) = (pids(&rows), linked(&m));
        found.sort_unstable();
        all.sort_unstable();
        // Nobody is lost, and that something was torn is said.
        assert_eq!(found, all, "{what}: {at:#x}");
        assert_eq!(lost.len(), 1, "{what}: {lost:?}");
    });
}

#[test]
fn a_process_whose_structure_is_gone() {
    each(|mut m, what| {
        // Its page and all on it: neighbours on the page go, too, and all others stay.
        let address = m.named("explorer.exe").address;
        let root = m.root;
        let page = node(&m, "explorer.exe") & !(PAGE - 1);
        m.memory.set_entry(root, page, 0);
        let os = system(&m);
        let (rows, lost) = processes(&os);
        assert!(!lost.is_empty(), "{what}");
        let gone = |p: &crate::builders::windows::Process| {
            let at = p.address + m.layout.at("_EPROCESS", "ActiveProcessLinks");
            at & !(PAGE - 1) == page || (at + 15) & !(PAGE - 1) == page
        };
        for p in m.processes.iter().filter(|p| !p.spec.unlinked && !gone(p)) {
            assert!(rows.iter().any(|r| number(r.address) == p.address), "{what}: {}", p.spec.name);
        }
        // Asked for itself, it says what it can.
        let _ = os.os.process(virt(address));
    });
}

#[test]
fn an_unlinked_process_is_not_in_the_list_and_reads_all_the_same() {
    each(|m, what| {
        let (os, rows, _) = listed(&m);
        let hidden = m.named("hidden.exe");
        assert!(!pids(&rows).contains(&hidden.spec.pid), "{what}");
        let info = process(&os, hidden.address).process_info();
        assert_eq!((info.pid, plain(&info.name)), (hidden.spec.pid, "hidden.exe".to_owned()), "{what}");
    });
}

#[test]
fn drivers_that_lie() {
    each(|mut m, what| {
        let structure = if m.layout.knows("_KLDR_DATA_TABLE_ENTRY") { "_KLDR_DATA_TABLE_ENTRY" } else { "_LDR_DATA_TABLE_ENTRY" };
        let third = m.driver_entries[2];
        let name = third + m.layout.at(structure, "BaseDllName");
        let lie = counted(m.layout.wide, 0xfffe, 0xffff, m.kernel);
        m.put(name, &lie);
        let (drivers, lost) = rows(system(&m).os.kernel_modules());
        assert_eq!((drivers.len(), lost.len()), (4, 0), "{what}: {lost:?}");
        assert_eq!(plain(&drivers[2].name), "", "{what}");
        m.put_word(third, m.driver_entries[0]);
        let (drivers, lost) = rows(system(&m).os.kernel_modules());
        assert_eq!((drivers.len(), lost.len()), (4, 1), "{what}: {lost:?}");
    });
}

#[test]
fn a_kernel_whose_header_lies() {
    each(|mut m, what| {
        let size = m.kernel + crate::builders::windows::pe::OPTIONAL as u64 + 56;
        let normal = m.memory.get(m.root, size, 4);
        // Sizes that cannot be: no kernel. What can be is taken, and nothing is read that is not there.
        for lie in [0u32, 0x1000, u32::MAX, 0x7fff_ffff] {
            m.put(size, &lie.to_le_bytes());
            let error = search(m.raw()).layer.err().unwrap();
            assert!(!error.to_string().is_empty(), "{what} {lie:#x}");
        }
        m.put(size, &(400u32 << 20).to_le_bytes());
        assert_eq!(pids(&listed(&m).1), linked(&m), "{what}");
        m.put(size, &normal);
        // Where the headers say they are.
        for lie in [0u32, 0x3f, 0xfff, 0x1000, 0x81, u32::MAX] {
            m.put(m.kernel + 0x3c, &lie.to_le_bytes());
            assert!(search(m.raw()).layer.is_err(), "{what} {lie:#x}");
        }
        m.put(m.kernel + 0x3c, &0x80u32.to_le_bytes());
        assert_eq!(pids(&listed(&m).1), linked(&m), "{what}");
    });
}

#[test]
fn an_export_directory_that_lies() {
    each(|mut m, what| {
        let (root, at) = (m.root, m.kernel + u64::from(EXPORTS));
        // Counts and places, each 2^32 - 1.
        for field in [12u64, 16, 20, 24, 28, 32, 36] {
            let normal = m.memory.get(root, at + field, 4);
            m.put(at + field, &u32::MAX.to_le_bytes());
            match search(m.raw()).layer {
                Ok(os) => assert_eq!(pids(&processes(&os).0), linked(&m), "{what} {field}"),
                Err(e) => assert!(!e.to_string().is_empty(), "{what} {field}"),
            }
            m.put(at + field, &normal);
        }
        // The page is not there: nothing names PsInitialSystemProcess. The header of a dump names the lists; in raw memory every pointer
        // of the kernel's data is tried, where KUSER_SHARED_DATA says which build it is.
        m.memory.set_entry(root, at, 0);
        let os = found(search(dump(&m)));
        assert_eq!(pids(&processes(&os).0), linked(&m), "{what}");
        assert_eq!(rows(os.os.kernel_modules()).0.len(), m.drivers.len(), "{what}");
        match search(m.raw()).layer {
            Ok(os) => {
                assert_eq!(pids(&processes(&os).0), linked(&m), "{what}");
                assert_eq!(number(os.windows.as_ref().unwrap().processes), m.process_head, "{what}");
                assert_eq!(rows(os.os.kernel_modules()).0.len(), m.drivers.len(), "{what}");
            }
            Err(e) => {
                // There are two builds of 6.1.
                assert_eq!(m.layout.version, (6, 1), "{what}: {e}");
                assert!(e.to_string().contains("does not say which build"), "{what}: {e}");
            }
        }
    });
}

#[test]
fn a_list_whose_name_leads_elsewhere() {
    for (wide, release) in FAMILIES {
        let options = Options { names_head: true, ..Options::new(mode(wide)) };
        let mut m = usual::machine(Layout::of(wide, release), options);
        assert_eq!(number(system(&m).windows.unwrap().processes), m.process_head, "{release}");
        // What the name leads to is no list any more: neither neighbour of the head knows of it. The processes are those of System's list.
        let (head, w) = (m.process_head, m.layout.word());
        for (at, value) in [(head, m.kernel + 8), (head + w, m.kernel + 16)] {
            m.put_word(at, value);
        }
        let (os, rows, lost) = listed(&m);
        assert_eq!(number(os.windows.unwrap().processes), m.process_head, "{release}");
        assert_eq!(pids(&rows), linked(&m), "{release}: {lost:?}");
        assert!(!lost.is_empty(), "{release}");
    }
}

#[test]
fn where_the_shared_page_is_missing() {
    each(|mut m, what| {
        let (root, shared) = (m.root, m.shared());
        m.memory.set_entry(root, shared, 0);
        // The kernel says which build it is, the header where it is.
        let os = found(search(dump(&m)));
        assert_eq!(pids(&processes(&os).0), linked(&m), "{what}");
        let (major, minor) = m.layout.version;
        assert_eq!(plain(&os.os.os_info().version), format!("{major}.{minor}.{}", m.layout.build), "{what}");
    });
}

#[test]
fn where_neither_the_shared_page_nor_low_memory_is_there() {
    each(|mut m, what| {
        let (root, shared, version) = (m.root, m.shared(), m.layout.version);
        m.memory.set_entry(root, shared, 0);
        m.memory.bytes[..0x10_0000].fill(0);
        // PAE's roots do not map themselves.
        if m.memory.mode == Mode::Pae {
            return;
        }
        let os = system(&m);
        assert_eq!(pids(&processes(&os).0), linked(&m), "{what}");
        assert_eq!(plain(&os.os.os_info().version), format!("{}.{}.{}", version.0, version.1, m.layout.build), "{what}");
    });
}

#[test]
fn where_low_memory_is_missing() {
    each(|mut m, what| {
        // No block that processors are started with: by the page that every system maps.
        m.memory.bytes[..0x10_0000].fill(0);
        let os = system(&m);
        assert_eq!(pids(&processes(&os).0), linked(&m), "{what}");
        // A dump that has nothing of the first MiB, by its header.
        let os = found(search(dump(&m)));
        assert_eq!(pids(&processes(&os).0), linked(&m), "{what}");
        assert_eq!(number(os.windows.unwrap().processes), m.process_head, "{what}");
    });
}

#[test]
fn cut_anywhere() {
    each(|m, what| {
        let bytes = m.raw();
        for end in (0x10_0000..bytes.len()).step_by(0x1f000) {
            match search(bytes[..end].to_vec()).layer {
                Ok(os) => {
                    let (listed, _) = processes(&os);
                    let all = linked(&m);
                    assert!(pids(&listed).iter().all(|p| all.contains(p)), "{what} {end:#x}: {:?}", pids(&listed));
                    for p in &listed {
                        if let Ok(process) = Result::from(os.os.process(p.address)) {
                            let _ = (process.modules(), process.environment(), process.regions(), process.threads());
                        }
                    }
                }
                Err(e) => assert!(!e.to_string().is_empty()),
            }
        }
    });
}
