//! Processes that lie about themselves: their rows stay, and what is doubtful in them is empty.

use crate::builders::windows::layout::{counted, words};
use crate::hostile::{each, listed, row};
use crate::system::*;
use memsh_plugin::Process as _;

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
