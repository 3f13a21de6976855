//! On made-up memory.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::cast_possible_truncation, clippy::unnecessary_cast)]

use super::Objects;
use super::handles;
use super::header::name_info;
use crate::os::lost::Lost;
use crate::os::windows::testkit::Kit;
use memsh_plugin::{VirtAddr, umem};

/// A header of 0x100 bytes before each object.
const ROOM: u64 = 0x100;

fn at(address: u64) -> VirtAddr {
    VirtAddr::new(umem::from(address))
}

fn off(member: Option<crate::os::windows::base::offsets::Member>) -> u64 {
    member.unwrap().offset as u64
}

/// Where the header of an object lies.
fn header(kit: &Kit, object: u64) -> u64 {
    object - off(kit.o.object_header.body)
}

/// An entry of a table of handles, as this kernel writes it.
fn entry(kit: &Kit, pointer: u64, access: u32) -> Vec<u8> {
    let o = &kit.o.handle_entry;
    let mut out = vec![0; if kit.wide { 16 } else { 8 }];
    let width = kit.width() as usize;
    let (word, place) = match o.object_bits {
        None => (pointer | 1, off(o.access)),
        Some(bits) if kit.wide => ((pointer >> 4) << (bits.offset as u32 * 8 + bits.bits.unwrap().0) | 1, off(o.access_bits)),
        Some(_) => (pointer | 1, off(o.access_bits)),
    };
    out[..width].copy_from_slice(&word.to_le_bytes()[..width]);
    out[place as usize..place as usize + 4].copy_from_slice(&access.to_le_bytes());
    out
}

fn put_entry(kit: &mut Kit, page: u64, slot: u64, object: u64, access: u32) {
    let bytes = entry(kit, header(kit, object), access);
    kit.put(page + slot * bytes.len() as u64, &bytes);
}

/// A process whose table of handles has this code; and the table.
fn with_table(kit: &mut Kit, code: u64) -> (u64, u64) {
    let (process, table) = (kit.at(0x1_0000), kit.at(0x2_0000));
    kit.set(process, kit.o.process.object_table, table);
    kit.set(table, kit.o.handle_table.code, code);
    kit.put(table + off(kit.o.handle_table.next), &[0xfc, 0xff, 0xff, 0xff]);
    (process, table)
}

fn found(kit: &Kit, process: u64) -> (Vec<(u64, u64, u32)>, Lost) {
    let mut lost = Lost::default();
    let all = handles::of_process(&kit.kernel(), at(process), 4, &mut lost);
    (all.iter().map(|h| (h.handle, h.object.value() as u64, h.granted_access.unwrap())).collect(), lost)
}

/// XP to 11: every form of an entry.
const RELEASES: [(&str, bool); 8] = [
    ("5.1.2600", false),
    ("5.2.3790", true),
    ("6.1.7601", true),
    ("6.1.7601", false),
    ("6.2.9200", true),
    ("6.3.9600", true),
    ("10.0.19041", false),
    ("10.0.26100", true),
];

#[test]
fn tables_of_three_levels() {
    for (release, wide) in RELEASES {
        let mut kit = Kit::new(release, wide);
        let (leaf, other, middle, top) = (kit.at(0x3_0000), kit.at(0x4_0000), kit.at(0x5_0000), kit.at(0x6_0000));
        let objects = [0x8_0100, 0x8_0200, 0x8_0300].map(|o| kit.at(o));
        kit.put(leaf, &[0; 4096]);
        kit.put(other, &[0; 4096]);
        // The first slot is the page's own, whatever it holds.
        put_entry(&mut kit, leaf, 0, objects[0], 7);
        put_entry(&mut kit, leaf, 1, objects[0], 0x001f_ffff);
        put_entry(&mut kit, leaf, 3, objects[1], 0x20019);
        put_entry(&mut kit, other, 1, objects[2], 0x102a);
        kit.put(middle, &[0; 4096]);
        kit.put(top, &[0; 4096]);
        kit.word(middle, leaf);
        let width = kit.width();
        kit.word(middle + width, other);
        kit.word(top, middle);
        let per_page = if wide { 256 } else { 512 };
        let low = vec![(4, objects[0], 0x001f_ffff), (12, objects[1], 0x20019)];
        let both = [low.clone(), vec![((per_page + 1) * 4, objects[2], 0x102a)]].concat();
        for (code, want) in [(leaf, &low), (middle | 1, &both), (top | 2, &both)] {
            let (process, _) = with_table(&mut kit, code);
            let (got, lost) = found(&kit, process);
            assert_eq!(&got, want, "{release} {code:#x}");
            assert!(lost.is_empty(), "{release}: {:?}", lost.sentences());
        }
        // A table without a second page keeps what it has.
        kit.word(middle + width, kit.at(0x7000_0000 & if wide { u64::MAX } else { 0xff_f000 }));
        let (process, _) = with_table(&mut kit, middle | 1);
        let (got, lost) = found(&kit, process);
        assert_eq!(got, low, "{release}");
        assert_eq!(lost.sentences().len(), 1, "{release}");
    }
}

#[test]
fn attributes_of_handles() {
    for (release, wide) in RELEASES {
        let mut kit = Kit::new(release, wide);
        let (leaf, object) = (kit.at(0x3_0000), kit.at(0x8_0100));
        kit.put(leaf, &[0; 4096]);
        let shifted = wide && kit.o.handle_entry.object_bits.is_some();
        for bits in 0..8u64 {
            let (protected, inherited, audited) = (bits & 1 != 0, bits & 2 != 0, bits & 4 != 0);
            // In the access, or with the others below the pointer.
            let access = 0x1234 | if protected && !shifted { 0x0200_0000 } else { 0 };
            let mut entry = entry(&kit, header(&kit, object), access);
            match kit.o.handle_entry.object_bits {
                Some(b) if shifted => {
                    let at = b.offset as u32 * 8 + b.bits.unwrap().0 - 3;
                    let word = u64::from_le_bytes(entry[..8].try_into().unwrap()) | bits << at;
                    entry[..8].copy_from_slice(&word.to_le_bytes());
                }
                _ => entry[0] |= (bits & 6) as u8,
            }
            kit.put(leaf + entry.len() as u64, &entry);
            let (process, _) = with_table(&mut kit, leaf);
            let mut lost = Lost::default();
            let all = handles::of_process(&kit.kernel(), at(process), 4, &mut lost);
            let want = handles::Attributes { protected, inherited, audited };
            assert_eq!(all.len(), 1, "{release} {bits}");
            assert_eq!((all[0].attributes, all[0].object), (Some(want), at(object)), "{release} {bits}");
            assert_eq!(all[0].granted_access, Some(0x1234), "{release} {bits}");
        }
    }
    let all = handles::Attributes { protected: true, inherited: true, audited: true };
    assert_eq!(all.names(), ["inherit", "protect_from_close", "audit"]);
}

#[test]
fn tables_that_lie() {
    let mut kit = Kit::new("6.1.7601", true);
    let page = kit.at(0x3_0000);
    kit.put(page, &[0; 4096]);
    // A page of pages that holds nothing but itself.
    for slot in 0..512 {
        kit.word(page + slot * 8, page);
    }
    let (process, table) = with_table(&mut kit, page | 2);
    let (got, lost) = found(&kit, process);
    assert!(got.is_empty() && !lost.is_empty());
    // A code that there is not, and an object nowhere.
    let (process, _) = with_table(&mut kit, page | 3);
    assert!(found(&kit, process).1.sentences()[0].contains("code"));
    kit.put(page, &[0; 4096]);
    kit.put(page + 16, &entry(&kit, 0x1000, 1));
    let (process, _) = with_table(&mut kit, page);
    let (got, lost) = found(&kit, process);
    assert!(got.is_empty() && lost.sentences()[0].contains("no address"));
    // A count that can't be is no reason for a complaint of two thousand million; one that can be is.
    kit.put(page, &[0; 4096]);
    kit.put(table + off(kit.o.handle_table.count), &[0xff; 4]);
    assert!(found(&kit, process).1.is_empty());
    kit.put(table + off(kit.o.handle_table.count), &[5, 0, 0, 0]);
    assert!(found(&kit, process).1.sentences()[0].contains("5 handles"));
}

/// An object with a name in a directory (0: none), of the type with this index, or with its address where headers have that.
fn object(kit: &mut Kit, place: u64, kind: u64, cookie: u8, name: &str, directory: u64) {
    let o = kit.o;
    let head = header(kit, place);
    kit.put(head, &[0; 16]);
    match o.object_header.type_index {
        Some(member) => {
            let raw = kind as u8 ^ cookie ^ if cookie == 0 { 0 } else { (head >> 8) as u8 };
            kit.put(head + member.offset as u64, &[raw]);
            // Creator, name and handle headers.
            kit.put(head + off(o.object_header.info_mask), &[7]);
        }
        None => {
            kit.set(head, o.object_header.kind, kind);
            kit.put(head + off(o.object_header.name_info), &[0x40]);
        }
    }
    let creator = if kit.wide { 32 } else { 16 };
    let back = if o.object_header.type_index.is_some() { creator + o.name_info.bytes.unwrap() as u64 } else { 0x40 };
    let info = head - back;
    kit.set(info, o.name_info.directory, directory);
    string(kit, info + off(o.name_info.name), place + ROOM * 8, name);
}

/// A `UNICODE_STRING` whose text lies elsewhere.
fn string(kit: &mut Kit, string: u64, text: u64, name: &str) {
    let bytes: Vec<u8> = name.encode_utf16().flat_map(u16::to_le_bytes).collect();
    kit.put(text, &bytes);
    let len = (bytes.len() as u16).to_le_bytes();
    kit.put(string, &[len[0], len[1], len[0], len[1]]);
    kit.word(string + kit.width(), text);
}

/// Puts objects into a directory, all into one chain.
fn fill(kit: &mut Kit, directory: u64, entries: u64, objects: &[u64]) {
    let o = kit.o;
    kit.put(directory, &[0; 37 * 8]);
    kit.word(directory + 5 * kit.width(), entries);
    for (i, object) in objects.iter().enumerate() {
        let entry = entries + i as u64 * 0x20;
        kit.put(entry, &[0; 0x20]);
        kit.set(entry, o.directory_entry.object, *object);
        if i + 1 < objects.len() {
            kit.set(entry, o.directory_entry.next, entry + 0x20);
        }
    }
}

/// Types Type (2), Directory (3), Process (7), Event (12) in `\ObjectTypes`, no symbol but what is exported; and System.
fn system(release: &str, wide: bool, cookie: u8) -> (Kit, u64, u64) {
    let mut kit = Kit::new(release, wide);
    let by_pointer = kit.o.object_header.type_index.is_none();
    let place = |kit: &Kit, i: u64| kit.at(0x10_0000 + 0x4000 * i + 0x1000);
    let (root, directory) = (place(&kit, 1), place(&kit, 2));
    let types: Vec<(u64, &str, u64)> =
        [(2, "Type"), (3, "Directory"), (7, "Process"), (12, "Event")].map(|(i, n)| (i, n, place(&kit, 2 + i))).into();
    let of = |index: u64| if by_pointer { types.iter().find(|t| t.0 == index).unwrap().2 } else { index };
    object(&mut kit, root, of(3), cookie, "\\", 0);
    object(&mut kit, directory, of(3), cookie, "ObjectTypes", root);
    for (index, name, place) in &types {
        object(&mut kit, *place, of(2), cookie, name, directory);
        kit.put(*place, &[0; 0x100]);
        kit.put(place + off(kit.o.object_type.index), &[*index as u8]);
        let member = off(kit.o.object_type.name);
        string(&mut kit, place + member, place + ROOM * 9, name);
    }
    let all: Vec<u64> = types.iter().map(|t| t.2).collect();
    let entries = kit.at(0x8_0000);
    fill(&mut kit, directory, entries, &all);
    let event = place(&kit, 30);
    object(&mut kit, event, of(12), cookie, "Lab", root);
    let entries = kit.at(0x8_1000);
    fill(&mut kit, root, entries, &[directory, event]);
    let pointer = kit.head() + 0x800;
    kit.word(pointer, all[2]);
    kit.symbol("PsProcessType", pointer);
    let process = kit.at(0);
    // The header of System lies in the page before.
    object(&mut kit, process, of(7), cookie, "", 0);
    kit.set(process, kit.o.process.pid, 4);
    kit.put(process + off(kit.o.process.name), b"System\0");
    kit.list(&[process]);
    (kit, root, event)
}

#[test]
fn types_and_names_without_symbols() {
    for (release, wide, cookie) in [
        ("5.1.2600", false, 0),
        ("6.1.7601", true, 0),
        ("6.1.7601", false, 0),
        ("10.0.19041", true, 0x5b),
        ("10.0.26100", true, 0xa3),
    ] {
        let (kit, root, event) = system(release, wide, cookie);
        let kernel = kit.kernel();
        let objects = Objects::new(&kernel);
        assert_eq!(objects.type_of(at(event)).as_deref(), Some("Event"), "{release}: {}", objects.evidence());
        assert_eq!(objects.describe(kernel.system).name.as_deref(), Some("System (pid 4)"), "{release}");
        assert_eq!(objects.path(at(event)).as_deref(), Some("\\Lab"), "{release}");
        assert_eq!(objects.root(), Some(at(root)), "{release}");
        let named = objects.named();
        let tree: Vec<_> = named.items.iter().map(|n| (n.path.as_str(), n.kind.as_deref().unwrap_or("?"))).collect();
        let want = [
            ("\\", "Directory"),
            ("\\Lab", "Event"),
            ("\\ObjectTypes", "Directory"),
            ("\\ObjectTypes\\Directory", "Type"),
            ("\\ObjectTypes\\Event", "Type"),
            ("\\ObjectTypes\\Process", "Type"),
            ("\\ObjectTypes\\Type", "Type"),
        ];
        assert_eq!(tree, want, "{release}");
        assert!(named.lost.is_empty());
        // What no type has is no answer.
        assert_eq!(objects.type_of(at(kit.at(0x4000_0000))), None);
    }
}

#[test]
fn directories_in_circles() {
    let (mut kit, root, event) = system("10.0.19041", true, 0x5b);
    // A directory within itself, and a chain that leads back to its own beginning.
    let chain = kit.at(0x8_1000);
    kit.set(chain + 0x20, kit.o.directory_entry.next, chain);
    let info = name_info(&kit.kernel(), at(root)).unwrap();
    kit.word(info.value() as u64 + off(kit.o.name_info.directory), root);
    let kernel = kit.kernel();
    let objects = Objects::new(&kernel);
    assert_eq!(objects.type_of(at(event)).as_deref(), Some("Event"));
    let path = objects.path(at(event)).unwrap();
    assert!(path.ends_with("Lab") && path.len() < 200, "{path}");
    let named = objects.named();
    assert!(named.items.len() <= 7);
}

#[test]
fn paths_of_keys_where_no_type_says_how() {
    for (release, wide) in [("5.1.2600", false), ("10.0.19041", true)] {
        let mut kit = Kit::new(release, wide);
        let width = kit.width();
        let (key, blocks, names) = (kit.at(0x1_0000), kit.at(0x2_0000), kit.at(0x3_0000));
        kit.put(key, &0x6b79_3032u32.to_le_bytes());
        kit.word(key + width, blocks);
        for (i, name) in ["Run", "SOFTWARE", "REGISTRY"].iter().enumerate() {
            let (block, text) = (blocks + i as u64 * 0x200, names + i as u64 * 0x100);
            kit.put(block, &[0; 0x200]);
            // A pointer that looks like a parent, to another structure.
            kit.word(block + 3 * width, names);
            kit.word(block + 9 * width, if i < 2 { block + 0x200 } else { 0 });
            kit.word(block + 10 * width, text);
            kit.put(text, &[1, 0, 0, 0]);
            kit.put(text + 3 * width, &[name.len() as u8, 0]);
            kit.put(text + 3 * width + 2, name.as_bytes());
        }
        let path = |kit: &Kit| {
            let kernel = kit.kernel();
            Objects::new(&kernel).key_path(at(key))
        };
        assert_eq!(path(&kit).as_deref(), Some("\\REGISTRY\\SOFTWARE\\Run"), "{release}");
        // A parent that is its own: no place is the right one.
        kit.word(blocks + 0x200 + 9 * width, blocks + 0x200);
        assert_eq!(path(&kit), None, "{release}");
    }
}
