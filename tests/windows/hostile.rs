//! Memory that is torn, lies or lacks pieces: rows stay, what is doubtful is empty, and it is said what was lost.

use crate::builders::windows::layout::{Layout, counted, releases, words};
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

fn mode(wide: bool) -> Mode {
    if wide { Mode::X64 } else { Mode::Pae }
}

fn machine(wide: bool, release: &str) -> Machine {
    usual::machine(Layout::of(wide, release), Options::new(mode(wide)))
}

/// A machine of each family.
fn each(test: impl Fn(Machine, &str)) {
    for (wide, release) in FAMILIES {
        assert!(releases(wide).iter().any(|r| r == release), "{release}");
        test(machine(wide, release), &format!("{release} {}", if wide { "x64" } else { "x86" }));
    }
}

fn pids(listed: &[ProcessInfo]) -> Vec<u32> {
    listed.iter().map(|p| p.pid).collect()
}

/// Pids in the order of the list.
fn linked(m: &Machine) -> Vec<u32> {
    m.processes.iter().filter(|p| !p.spec.unlinked).map(|p| p.spec.pid).collect()
}

/// Where the list's node of a process is.
fn node(m: &Machine, name: &str) -> u64 {
    m.named(name).address + m.layout.at("_EPROCESS", "ActiveProcessLinks")
}

fn row<'a>(listed: &'a [ProcessInfo], m: &Machine, name: &str) -> &'a ProcessInfo {
    let address = m.named(name).address;
    listed.iter().find(|p| number(p.address) == address).unwrap()
}

fn listed(m: &Machine) -> (OsLayer, Vec<ProcessInfo>, Vec<String>) {
    let os = system(m);
    let (listed, lost) = processes(&os);
    (os, listed, lost)
}

#[test]
fn a_torn_list_is_read_from_both_ends() {
    each(|mut m, what| {
        let at = node(&m, "explorer.exe");
        for wild in [0, 0x10, m.kernel + 0x3000, u64::MAX & !7, m.pool.root, at] {
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
fn environment_blocks_that_lie() {
    each(|mut m, what| {
        let (address, root) = (m.named("explorer.exe").address, m.named("explorer.exe").root);
        let peb = m.layout.at("_EPROCESS", "Peb");
        let normal = m.word(address + peb);
        for wild in [0, 8, 0x7ff0_0000, u64::MAX, m.kernel, normal + 1] {
            m.put_word(address + peb, wild);
            let (os, rows, _) = listed(&m);
            let info = row(&rows, &m, "explorer.exe");
            assert_eq!(plain(&info.name), "explorer.exe", "{what} {wild:#x}");
            assert_eq!(text(info.command_line.as_ref()), None, "{what} {wild:#x}");
            let process = process(&os, address);
            assert!(crate::system::rows(process.modules()).0.is_empty(), "{what} {wild:#x}");
            assert!(crate::system::rows(process.environment()).0.is_empty(), "{what} {wild:#x}");
        }
        m.put_word(address + peb, normal);
        // A directory table that is none.
        let cr3 = address + m.layout.at("_KPROCESS", "DirectoryTableBase");
        for wild in [0, 0xfff, 0x7fff_f000, 0x1000, root ^ 0x1000] {
            m.put_word(cr3, wild);
            let (os, rows, _) = listed(&m);
            let info = row(&rows, &m, "explorer.exe");
            assert_eq!(plain(&info.name), "explorer.exe", "{what} {wild:#x}");
            if let Ok(process) = Result::from(os.os.process(virt(address))) {
                let _ = (process.modules(), process.environment(), process.regions(), process.threads());
            }
        }
    });
}

#[test]
fn strings_that_lie() {
    each(|mut m, what| {
        let p = m.named("explorer.exe").clone();
        let user = p.user.clone().unwrap();
        let wide = m.layout.wide;
        let at = user.parameters + m.layout.at("_RTL_USER_PROCESS_PARAMETERS", "CommandLine");
        let buffer = user.parameters;
        for (len, most, buffer) in [
            (40, 20, buffer),
            (41, 60, buffer),
            (40, 60, 0),
            (40, 60, 0x7ffe_0000_0000 & if wide { u64::MAX } else { 0xffff_ffff }),
            (0xfffe, 0xffff, buffer),
            (0xffff, 0xffff, buffer),
            (40, 60, u64::MAX),
        ] {
            m.put_user(p.root, at, &counted(wide, len, most, buffer));
            let (_, rows, _) = listed(&m);
            let info = row(&rows, &m, "explorer.exe");
            assert_eq!(text(info.command_line.as_ref()), None, "{what} {len} {most} {buffer:#x}");
            assert_eq!(text(info.image_path.as_ref()).as_deref(), Some("C:\\Windows\\System32\\explorer.exe"), "{what}");
        }
        // Nothing is no text.
        m.put_user(p.root, at, &counted(wide, 0, 0, 0));
        let (_, rows, _) = listed(&m);
        assert_eq!(text(row(&rows, &m, "explorer.exe").command_line.as_ref()), None, "{what}");
        // Half of a pair of surrogates is told as such, not left out.
        m.put_user(p.root, buffer, &[0x3d, 0xd8, b'a', 0]);
        m.put_user(p.root, at, &counted(wide, 4, 4, buffer));
        let (_, rows, _) = listed(&m);
        assert_eq!(text(row(&rows, &m, "explorer.exe").command_line.as_ref()).as_deref(), Some("\u{fffd}a"), "{what}");
    });
}

#[test]
fn identities_that_lie() {
    each(|mut m, what| {
        let p = m.named("explorer.exe").clone();
        for (i, bytes) in [[1u8, 255], [1, 16], [0, 2], [2, 2], [255, 0]].into_iter().enumerate() {
            m.put(p.sid, &bytes);
            let (_, rows, _) = listed(&m);
            assert_eq!(text(row(&rows, &m, "explorer.exe").sid.as_ref()), None, "{what} {i}");
        }
        m.put(p.sid, &[1, 5]);
        let count = p.token + m.layout.at("_TOKEN", "UserAndGroupCount");
        let users = p.token + m.layout.at("_TOKEN", "UserAndGroups");
        let first = m.word(users);
        // None at all; a count that cannot be says nothing of the first.
        m.put(count, &0u32.to_le_bytes());
        assert_eq!(text(row(&listed(&m).1, &m, "explorer.exe").sid.as_ref()), None, "{what}");
        m.put(count, &u32::MAX.to_le_bytes());
        let _ = listed(&m);
        m.put(count, &2u32.to_le_bytes());
        for wild in [0, 16, first + 0x7fff_0000, u64::MAX] {
            m.put_word(users, wild);
            assert_eq!(text(row(&listed(&m).1, &m, "explorer.exe").sid.as_ref()), None, "{what} {wild:#x}");
        }
    });
}

#[test]
fn threads_that_lie() {
    each(|mut m, what| {
        let p = m.named("explorer.exe").clone();
        let first = p.threads[0];
        let count = p.address + m.layout.at("_EPROCESS", "ActiveThreads");
        m.put(count, &u32::MAX.to_le_bytes());
        if let Some(name) = m.layout.find("_ETHREAD", "ThreadName") {
            m.put_word(first + name, m.kernel + 0x7777_0000);
        }
        let state = first + m.layout.at("_KTHREAD", "State");
        m.put(state, &[200]);
        let (os, listed, _) = listed(&m);
        assert_eq!(row(&listed, &m, "explorer.exe").threads.get(), None, "{what}");
        let (threads, lost) = rows(process(&os, p.address).threads());
        assert!(lost.is_empty(), "{what}: {lost:?}");
        assert_eq!(threads.iter().map(|t| t.tid).collect::<Vec<_>>(), p.spec.threads.iter().map(|t| t.0).collect::<Vec<_>>());
        assert_eq!((text(threads[0].state.as_ref()), plain(&threads[0].name)), (None, String::new()), "{what}");
        // The list leads nowhere from the first on: the second is found from behind.
        let links = first + m.layout.at("_ETHREAD", "ThreadListEntry");
        m.put_word(links, 0x1234);
        let (threads, lost) = rows(process(&system(&m), p.address).threads());
        assert_eq!((threads.len(), lost.len()), (2, 1), "{what}: {lost:?}");
    });
}

#[test]
fn trees_that_lie() {
    each(|mut m, what| {
        let p = m.named("explorer.exe").clone();
        let nodes = p.tree.nodes.clone();
        let (left, right) = p.tree.children;
        let top = m.word(p.tree.root);
        let outer = *nodes.last().unwrap();
        // A cycle: the last node's child is the root.
        m.put_word(outer + right, top);
        let (regions, lost) = rows(process(&system(&m), p.address).regions());
        assert_eq!((regions.len(), lost.len()), (nodes.len(), 1), "{what}: {lost:?}");
        // A child that is none.
        for wild in [8, m.kernel + 0x7000_0000, u64::MAX] {
            m.put_word(outer + right, wild);
            let (regions, lost) = rows(process(&system(&m), p.address).regions());
            assert_eq!((regions.len(), lost.len()), (nodes.len(), 1), "{what} {wild:#x}: {lost:?}");
        }
        m.put_word(outer + right, 0);
        // Ends before it begins, and beyond all addresses.
        let ending = top + m.layout.at("_MMVAD_SHORT", "EndingVpn");
        let starting = top + m.layout.at("_MMVAD_SHORT", "StartingVpn");
        let good = m.memory.get(m.root, ending, 4);
        m.put(ending, &[0; 4]);
        let (regions, lost) = rows(process(&system(&m), p.address).regions());
        // What lies below a node that makes no sense is read all the same.
        assert_eq!((regions.len(), lost.len()), (nodes.len() - 1, 1), "{what}: {lost:?}");
        m.put(ending, &good);
        m.put(starting, &[0xff; 4]);
        m.put(ending, &[0xff; 4]);
        let (regions, _) = rows(process(&system(&m), p.address).regions());
        assert!(regions.len() >= nodes.len() - 1, "{what}");
        // The root itself.
        for wild in [0, 0x1000, u64::MAX] {
            m.put_word(p.tree.root, wild);
            assert!(rows(process(&system(&m), p.address).regions()).0.is_empty(), "{what}");
        }
        let _ = left;
    });
}

#[test]
fn files_of_sections_that_lie() {
    each(|mut m, what| {
        let p = m.named("explorer.exe").clone();
        let image = p.spec.regions.iter().position(|r| r.kind == "image").unwrap();
        let at = p.tree.nodes[image];
        for member in ["Subsection", "ControlArea"] {
            if let Some(member) = m.layout.find("_MMVAD", member) {
                m.put_word(at + member, u64::MAX - 0xfff);
            }
        }
        let (regions, lost) = rows(process(&system(&m), p.address).regions());
        assert!(lost.is_empty(), "{what}");
        assert_eq!(regions.len(), p.tree.nodes.len(), "{what}");
        assert_eq!((plain(&regions[image].kind), text(regions[image].path.as_ref())), ("image".to_owned(), None), "{what}");
    });
}

#[test]
fn modules_that_lie() {
    each(|mut m, what| {
        let p = m.named("explorer.exe").clone();
        let user = p.user.clone().unwrap();
        let (wide, w) = (m.layout.wide, m.layout.word());
        let second = user.entries[1];
        // The second points to itself.
        m.put_user(p.root, second, &words(wide, &[second]));
        let (modules, lost) = rows(process(&system(&m), p.address).modules());
        assert_eq!((modules.len(), lost.len()), (3, 1), "{what}: {lost:?}");
        m.put_user(p.root, second, &words(wide, &[user.entries[2]]));
        // A name that can't be read, a size beyond sense.
        let name = second + m.layout.at("_LDR_DATA_TABLE_ENTRY", "BaseDllName");
        m.put_user(p.root, name, &counted(wide, 8, 8, 0x11_0000_0000 & if wide { u64::MAX } else { 0 }));
        let size = second + m.layout.at("_LDR_DATA_TABLE_ENTRY", "SizeOfImage");
        m.put_user(p.root, size, &u32::MAX.to_le_bytes());
        let (modules, lost) = rows(process(&system(&m), p.address).modules());
        assert_eq!((modules.len(), lost.len()), (3, 0), "{what}: {lost:?}");
        assert_eq!(plain(&modules[1].name), "", "{what}");
        let _ = w;
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
