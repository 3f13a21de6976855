//! Cells that lie, and hives in memory that has holes.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::cast_possible_truncation, reason = "tests")]
#![allow(clippy::unnecessary_cast, reason = "umem has 64 bits or more")]

#[path = "../../../../tests/builders/windows/hive.rs"]
#[allow(
    dead_code,
    clippy::panic,
    clippy::unwrap_used,
    clippy::cast_lossless,
    clippy::cast_possible_wrap,
    reason = "a builder of the tests"
)]
mod hive;

use super::cells::{Bytes, Cells, Key, NONE, VOLATILE};
use super::data::Data;
use super::hives::{Hive, hives};
use super::path::Registry;
use super::storage::{Blocks, Budget, Form};
use crate::engine::search::Options;
use crate::os::lost::Lost;
use crate::os::windows::testkit::Kit;
use hive::{Bins, Tree, wide};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

impl Bytes for Bins {
    fn fill(&self, at: u32, out: &mut [u8]) -> bool {
        let half = &self.halves[usize::from(at & VOLATILE != 0)];
        let from = (at & !VOLATILE) as usize;
        let Some(bytes) = half.get(from..from.saturating_add(out.len())) else { return false };
        out.copy_from_slice(bytes);
        true
    }
}

fn names(found: &super::cells::Entries<Key>) -> Vec<String> {
    found.all.iter().map(|e| e.found.as_ref().map_or("?".to_owned(), |k| k.name.clone())).collect()
}

/// Keys `0`, `1`, ... below a root.
fn many(count: usize) -> Tree {
    Tree::new("ROOT").below((0..count).map(|i| Tree::new(&i.to_string())))
}

#[test]
fn keys_and_values_of_every_kind() {
    let big: Vec<u8> = (0..40_000u32).map(|n| n as u8).collect();
    let tree = Tree::new("ROOT")
        .below([
            Tree::new("Ünï").text("Wert", "ä").number("n", 7),
            Tree::new("Ключ").value("байты", 3, &big).value("", 1, &wide("own")).value("none", 3, &[]),
            Tree::new("gone").volatile().number("v", 1),
        ])
        .number("x", 1);
    let bins = Bins::of(&tree, true);
    let cells = Cells(&bins);
    let root = cells.key(bins.root).unwrap();
    let found = cells.subkeys(&root);
    assert_eq!((names(&found), found.wrong), (vec!["Ünï".to_owned(), "Ключ".to_owned(), "gone".to_owned()], vec![]));
    assert_eq!((root.counts, root.value_count()), ([2, 1], 1));
    // 2024-05-01 12:00:00 UTC.
    assert_eq!(root.written, Some(1_714_564_800_000_000_000));
    let key = cells.child(&root, "ключ").unwrap();
    assert_eq!(key.parent, root.cell);
    let value = cells.value_named(&key, "БАЙТЫ").unwrap();
    assert_eq!((value.kind, value.size), (3, 40_000));
    assert_eq!(cells.data(&value).unwrap(), big);
    assert_eq!(cells.data(&cells.value_named(&key, "").unwrap()).unwrap(), wide("own"));
    assert_eq!(cells.data(&cells.value_named(&key, "none").unwrap()), Some(Vec::new()));
    let gone = cells.child(&root, "GONE").unwrap();
    assert!(gone.is_volatile() && !key.is_volatile());
    assert_eq!(cells.data(&cells.value_named(&gone, "v").unwrap()), Some(vec![1, 0, 0, 0]));
    assert!(cells.child(&root, "none").is_none() && cells.value_named(&root, "y").is_none());
}

#[test]
fn numbers_that_mean_something_else() {
    // Data that begin as a list of pieces does, in a cell of their own.
    let mut plain = b"db\x01\0".to_vec();
    plain.resize(20_000, 7);
    let mut bins = Bins::of(&Tree::new("ROOT").value("v", 3, &[1]), true);
    let (root, cell) = (bins.root, bins.add(false, &plain));
    let value = bins.get(bins.get(root, 0x28), 0);
    bins.put(value, 4, &20_000u32.to_le_bytes());
    bins.put(value, 8, &cell.to_le_bytes());
    // The volatile subkeys that there were once.
    bins.put(root, 0x18, &5u32.to_le_bytes());
    let cells = Cells(&bins);
    let key = cells.key(root).unwrap();
    assert_eq!(cells.data(&cells.value_named(&key, "v").unwrap()), Some(plain));
    assert_eq!(cells.subkeys(&key).wrong.len(), 0);
    // A key that stands for a part of the registry has its number where others count values.
    bins.put(root, 2, &[0x6c]);
    bins.put(root, 0x24, &0x8000_0060u32.to_le_bytes());
    let cells = Cells(&bins);
    let values = cells.values(&cells.key(root).unwrap());
    assert_eq!((values.all.len(), values.wrong.len()), (0, 0));
}

#[test]
fn lists_of_every_kind() {
    let all: Vec<String> = (0..20).map(|i| i.to_string()).collect();
    for kind in [*b"lf", *b"lh", *b"li"] {
        for leaf in [511, 3, 1] {
            let bins = Bins::with(&many(20), true, leaf, kind);
            let cells = Cells(&bins);
            let found = cells.subkeys(&cells.key(bins.root).unwrap());
            assert_eq!((names(&found), found.wrong.len()), (all.clone(), 0), "{kind:?} {leaf}");
        }
    }
}

#[test]
fn a_list_of_lists_of_lists_is_read_and_a_circle_ends() {
    let mut bins = Bins::with(&many(6), true, 2, *b"lh");
    let root = bins.root;
    let ri = bins.get(root, 0x1c);
    let outer = bins.add(false, &[&b"ri\x01\0"[..], &ri.to_le_bytes()].concat());
    bins.put(root, 0x1c, &outer.to_le_bytes());
    let cells = Cells(&bins);
    let found = cells.subkeys(&cells.key(root).unwrap());
    assert_eq!((found.all.len(), found.wrong.len()), (6, 0));
    // The inner list's second entry leads back to the outer list.
    bins.put(ri, 8, &outer.to_le_bytes());
    let cells = Cells(&bins);
    let found = cells.subkeys(&cells.key(root).unwrap());
    assert_eq!(names(&found), ["0", "1", "4", "5"]);
    assert!(found.wrong[0].contains("stands in itself"), "{:?}", found.wrong);
    // Deeper than lists ever are.
    let mut deep = ri;
    for _ in 0..8 {
        deep = bins.add(false, &[&b"ri\x01\0"[..], &deep.to_le_bytes()].concat());
    }
    bins.put(root, 0x1c, &deep.to_le_bytes());
    let cells = Cells(&bins);
    let found = cells.subkeys(&cells.key(root).unwrap());
    assert!(found.all.is_empty() && found.wrong[0].contains("too deep"), "{:?}", found.wrong);
}

#[test]
fn sizes_and_counts_that_lie() {
    let tree = many(3).value("a", 3, &[1; 100]).value("b", 3, &vec![2; 20_000]);
    let whole = Bins::of(&tree, true);
    let (root, list) = (whole.root, whole.get(whole.root, 0x1c));
    let values = whole.get(root, 0x28);
    let (a, b) = (whole.get(values, 0), whole.get(values, 4));
    let read = |change: &dyn Fn(&mut Bins)| {
        let mut bins = whole.clone();
        change(&mut bins);
        let cells = Cells(&bins);
        let key = cells.key(root)?;
        let data: Vec<_> = cells.values(&key).all.iter().map(|v| v.found.as_ref().and_then(|v| cells.data(v))).collect();
        Some((cells.subkeys(&key), cells.values(&key).wrong, data))
    };
    let (subkeys, _, data) = read(&|_| ()).unwrap();
    assert_eq!((subkeys.wrong.len(), data[0].clone(), data[1].as_ref().unwrap().len()), (0, Some(vec![1; 100]), 20_000));
    // The key's own cell: free, of the least size, of 2^31 bytes, not aligned.
    for size in [96, 0, -4, -8, i32::MAX] {
        assert_eq!(read(&|bins| bins.resize(root, size)), None, "{size}");
    }
    assert!(read(&|bins| bins.resize(root, i32::MIN + 1)).is_some());
    assert!(Cells(&whole).key(root + 4).is_none() && Cells(&whole).key(NONE).is_none());
    // Counts of subkeys and values.
    let (subkeys, ..) = read(&|bins| bins.put(root, 0x14, &u32::MAX.to_le_bytes())).unwrap();
    assert_eq!((subkeys.all.len(), subkeys.wrong.len()), (3, 1));
    let (subkeys, ..) = read(&|bins| bins.put(root, 0x14, &1u32.to_le_bytes())).unwrap();
    assert_eq!((names(&subkeys), subkeys.wrong.len()), (vec!["0".to_owned(), "1".to_owned(), "2".to_owned()], 1));
    let (_, wrong, data) = read(&|bins| bins.put(root, 0x24, &u32::MAX.to_le_bytes())).unwrap();
    assert_eq!((wrong.len(), data.len()), (1, 0));
    // A list of more entries than it has room for, one that is none, one that is gone.
    for change in [&b"lh\xff\xff"[..], b"xx\x03\0"] {
        let (subkeys, ..) = read(&|bins| bins.put(list, 0, change)).unwrap();
        assert_eq!((subkeys.all.len(), subkeys.wrong.len()), (0, 1), "{change:?}");
    }
    let (subkeys, ..) = read(&|bins| bins.put(root, 0x1c, &0x7fff_fff8u32.to_le_bytes())).unwrap();
    assert_eq!((subkeys.all.len(), subkeys.wrong.len()), (0, 1));
    // An entry that leads nowhere stays.
    let (subkeys, ..) = read(&|bins| bins.put(list, 4, &0x10_0000u32.to_le_bytes())).unwrap();
    assert_eq!(names(&subkeys), ["?", "1", "2"]);
    // Sizes of data: more than the cell has, more than there is.
    for size in [101u32.next_multiple_of(8) + 8, 0x7fff_ffff, 17 << 20] {
        let (.., data) = read(&|bins| bins.put(a, 4, &size.to_le_bytes())).unwrap();
        assert_eq!(data[0], None, "{size}");
    }
    let (.., data) = read(&|bins| bins.put(b, 4, &0x7fff_ffffu32.to_le_bytes())).unwrap();
    assert_eq!(data[1], None);
    // Five bytes in place of the index.
    let (.., data) = read(&|bins| bins.put(a, 4, &0x8000_0005u32.to_le_bytes())).unwrap();
    assert_eq!(data[0], None);
    // Names longer than their cells.
    let (.., data) = read(&|bins| bins.put(a, 2, &[0xff, 0x7f])).unwrap();
    assert_eq!(data[0], None);
    assert_eq!(read(&|bins| bins.put(root, 0x48, &[0xff, 1])), None);
}

/// Where a hive of a kit lies.
const AT: u64 = 0x10_0000;

/// Puts a hive into a kit's memory, with a table of blocks and without a list. Entries have four words up to Windows 7.
fn put(kit: &mut Kit, at: u64, bins: &Bins, root_path: &str) {
    let o = kit.o;
    let width = kit.width();
    kit.put(at, &0xbee0_bee0u32.to_le_bytes());
    let base = at + 0x2000;
    kit.put(base, b"regf");
    kit.put(base + 0x24, &bins.root.to_le_bytes());
    kit.set(at, o.hive_head.base_block, base);
    let first = o.hive_head.storage.unwrap().offset as u64;
    let size = (o.hive_head.bytes.unwrap() as u64 - first) / 2;
    for (i, half) in bins.halves.iter().enumerate() {
        let dual = at + first + i as u64 * size;
        let (table, blocks) = (at + 0x3000 + i as u64 * 0x4000, at + 0x1_0000 + i as u64 * 0x8_0000);
        kit.put(dual, &(half.len() as u32).to_le_bytes());
        kit.word(dual + width, dual + 2 * width);
        kit.word(dual + 2 * width, table);
        for (n, block) in half.chunks(4096).enumerate() {
            // Neighbours in a hive are none in memory.
            let place = blocks + n as u64 * 0x2000;
            kit.put(place, block);
            kit.word(table + n as u64 * 4 * width, place);
            kit.word(table + n as u64 * 4 * width + width, blocks | 5);
        }
    }
    if let Some(path) = o.hive.root_path {
        kit.unicode(at + 0x2800, root_path);
        let string = [0u8; 16];
        kit.put(at + path.offset as u64, &string);
        let len = (root_path.len() as u16 * 2).to_le_bytes();
        kit.put(at + path.offset as u64, &[len[0], len[1], len[0], len[1]]);
        kit.word(at + path.offset as u64 + width, at + 0x2800 + 2 * width);
    }
}

fn system() -> Tree {
    Tree::new("ROOT").below([
        Tree::new("Select").number("Current", 2),
        Tree::new("ControlSet002").below([Tree::new("Services").text("big", &"x".repeat(5000)).below([Tree::new("Dhcp")])]),
    ])
}

fn linked(kit: &mut Kit, hives: &[u64]) {
    let links = kit.o.hive.links.unwrap().offset as u64;
    let head = kit.head() + 0x1000;
    let nodes: Vec<u64> = std::iter::once(head).chain(hives.iter().map(|h| h + links)).collect();
    kit.ring(&nodes);
}

fn found(kit: &Kit) -> (Vec<Hive>, Lost) {
    let mut lost = Lost::default();
    let all = hives(&kit.kernel(), None, &mut lost);
    (all, lost)
}

#[test]
fn hives_are_found_by_their_list_in_the_image_and_read() {
    for wide in [true, false] {
        let mut kit = Kit::new("6.1.7601", wide);
        let (one, two) = (kit.at(AT), kit.at(2 * AT));
        let bins = Bins::of(&system(), wide);
        put(&mut kit, one, &bins, "\\REGISTRY\\MACHINE\\SYSTEM");
        put(&mut kit, two, &Bins::of(&many(2), wide), "\\REGISTRY\\USER\\S-1-5-21-1-2-3-1001");
        linked(&mut kit, &[one, two]);
        let (all, lost) = found(&kit);
        assert_eq!((all.len(), lost.sentences()), (2, &[][..]), "{wide}");
        assert_eq!(all[0].sizes(), [Some(bins.halves[0].len() as u32), Some(0)]);
        let registry = Registry { hives: all, lost: Vec::new() };
        // The set that the system runs with, without a link; a text in more than one block.
        let services = registry.whole("HKLM:\\system\\CURRENTCONTROLSET\\services").unwrap();
        let place = registry.open(&services).unwrap();
        assert_eq!(place.path, "\\REGISTRY\\MACHINE\\SYSTEM\\ControlSet002\\Services");
        assert_eq!(registry.text(&services, "BIG"), Some("x".repeat(5000)));
        assert_eq!(registry.data("\\registry\\machine\\system\\select", "current"), Some(Data::Number(2)));
        assert_eq!(registry.whole("HKCU/1").unwrap(), "\\REGISTRY\\USER\\S-1-5-21-1-2-3-1001\\1");
        assert!(registry.open("\\REGISTRY\\USER\\S-1-5-21-1-2-3-1001\\1").is_some());
        assert!(registry.open("\\REGISTRY\\MACHINE\\SYSTEM\\nothing").is_none());
        assert!(registry.open("\\REGISTRY\\MACHINE").is_none());
        let top: Vec<String> = registry.mounted_below("\\REGISTRY").into_iter().map(|(n, _)| n).collect();
        assert_eq!(top, ["MACHINE", "USER"]);
        let dhcp = registry.open(&format!("{services}\\Dhcp")).unwrap();
        assert_eq!(place.hive.path_of(&dhcp.key).unwrap(), dhcp.path);
    }
}

#[test]
fn links_are_followed_and_circles_of_links_end() {
    let mut kit = Kit::new("6.1.7601", true);
    let link = |name: &str, to: &str| {
        let mut link = Tree::new(name).value("SymbolicLinkValue", 6, &wide(to)).volatile();
        link.link = true;
        link
    };
    let tree = system().below([
        link("CurrentControlSet", "\\Registry\\Machine\\System\\ControlSet002"),
        link("circle", "\\Registry\\Machine\\System\\circle"),
    ]);
    let one = kit.at(AT);
    put(&mut kit, one, &Bins::of(&tree, true), "\\REGISTRY\\MACHINE\\SYSTEM");
    linked(&mut kit, &[one]);
    let registry = Registry { hives: found(&kit).0, lost: Vec::new() };
    let place = registry.open("\\REGISTRY\\MACHINE\\SYSTEM\\CurrentControlSet\\Services").unwrap();
    assert_eq!(place.path, "\\REGISTRY\\MACHINE\\SYSTEM\\ControlSet002\\Services");
    assert!(registry.open("\\REGISTRY\\MACHINE\\SYSTEM\\circle").is_none());
}

#[test]
fn maps_that_lie_lose_keys_and_nothing_else() {
    let bins = Bins::of(&many(600), true);
    let blocks = bins.halves[0].len() / 4096;
    assert!(blocks > 8);
    let mut kit = Kit::new("6.1.7601", true);
    let one = kit.at(AT);
    put(&mut kit, one, &bins, "\\REGISTRY\\MACHINE\\SYSTEM");
    linked(&mut kit, &[one]);
    let entry = |n: u64| one + 0x3000 + n * 32;
    // The fourth block is nowhere, the fifth where no memory is, the sixth is the fourth table's own page.
    kit.word(entry(3), 0);
    kit.word(entry(4), 0xffff_f000_0000_0000);
    kit.word(entry(5), one + 0x3000);
    let (all, _) = found(&kit);
    let root = all[0].root_key().unwrap();
    let subkeys = all[0].cells().subkeys(&root);
    let known = subkeys.all.iter().filter(|e| e.found.is_some()).count();
    assert_eq!(subkeys.all.len(), 600);
    assert!((300..600).contains(&known), "{known}");
    // A length of 2^32-1, a directory that is not one, a table that is none.
    let dual = one + kit.o.hive_head.storage.unwrap().offset as u64;
    kit.put(dual, &u32::MAX.to_le_bytes());
    assert!(found(&kit).0[0].root_key().is_none());
    assert_eq!(found(&kit).0[0].sizes()[0], None);
    kit.put(dual, &0x7fff_ffffu32.to_le_bytes());
    assert!(found(&kit).0[0].root_key().is_some());
    kit.word(dual + 8, 0x1234);
    assert!(found(&kit).0[0].root_key().is_none());
}

#[test]
fn a_hive_out_of_the_list_is_found_in_memory() {
    let mut kit = Kit::new("10.0.15063", true);
    let (one, two) = (kit.at(AT), kit.at(2 * AT));
    for (at, name) in [(one, "\\REGISTRY\\MACHINE\\SAM"), (two, "\\REGISTRY\\A\\hidden")] {
        kit.put(at, &0xbee0_bee0u32.to_le_bytes());
        let first = kit.o.hive_head.storage.unwrap().offset as u64;
        kit.word(at + first + 8, at + first + 16);
        let path = at + kit.o.hive.root_path.unwrap().offset as u64;
        kit.unicode(path, name);
    }
    linked(&mut kit, &[one]);
    let kernel = kit.paged(&[], false);
    let mut lost = Lost::default();
    assert_eq!(hives(&kernel, None, &mut lost).len(), 1);
    let never = AtomicBool::new(false);
    let options = Options { max_hits: None, threads: 1, interrupt: &never, progress: &|_, _| () };
    let all = hives(&kernel, Some(&options), &mut lost);
    let listed: Vec<_> = all.iter().map(|h| (h.path.as_deref(), h.listed)).collect();
    assert_eq!(listed, [(Some("\\REGISTRY\\MACHINE\\SAM"), Some(true)), (Some("\\REGISTRY\\A\\hidden"), Some(false))]);
    // Nothing is in them.
    assert!(all.iter().all(|h| h.root_key().is_none()));
}

#[test]
fn a_torn_list_says_so() {
    let mut kit = Kit::new("10.0.15063", true);
    let (one, two) = (kit.at(AT), kit.at(2 * AT));
    for at in [one, two] {
        kit.put(at, &0xbee0_bee0u32.to_le_bytes());
    }
    linked(&mut kit, &[one, two]);
    let links = kit.o.hive.links.unwrap().offset as u64;
    kit.word(one + links, 0x1234);
    let (all, lost) = found(&kit);
    assert_eq!(all.len(), 2);
    assert!(lost.sentences()[0].contains("CmpHiveListHead"), "{:?}", lost.sentences());
    // Not a hive in the whole list.
    kit.put(one, &[0; 4]);
    let (all, lost) = found(&kit);
    assert!(all.is_empty() && lost.sentences().iter().any(|l| l.contains("not found")), "{:?}", lost.sentences());
}

#[test]
fn a_hive_above_all_that_leads_back_to_itself_ends() {
    let mut kit = Kit::new("6.1.7601", true);
    let mut tree = many(100);
    tree.name = "REGISTRY".to_owned();
    let mut bins = Bins::of(&tree, true);
    // Each of its subkeys is itself.
    let (root, list) = (bins.root, bins.get(bins.root, 0x1c));
    for i in 0..100 {
        bins.put(list, 4 + 8 * i, &root.to_le_bytes());
    }
    let one = kit.at(AT);
    put(&mut kit, one, &bins, "\\REGISTRY");
    linked(&mut kit, &[one]);
    let (all, lost) = found(&kit);
    assert_eq!((all.len(), lost.sentences()), (1, &[][..]));
    let registry = Registry { hives: all, lost: Vec::new() };
    assert_eq!(registry.exhausted(), None);
    // Down the circle as deep as anyone may ask.
    assert!(registry.open("\\REGISTRY\\REGISTRY\\REGISTRY").is_some());
}

#[test]
fn what_is_read_of_cells_has_an_end() {
    let budget = Budget::of(1000);
    assert!(!budget.is_spent());
    let mut kit = Kit::new("6.1.7601", true);
    let one = kit.at(AT);
    put(&mut kit, one, &Bins::of(&system(), true), "\\REGISTRY\\MACHINE\\SYSTEM");
    linked(&mut kit, &[one]);
    let kernel = kit.kernel();
    let mut hive = hives(&kernel, None, &mut Lost::default()).remove(0);
    let (form, storages) = (Form::all(&kernel)[0], hive.blocks.storages);
    hive.blocks = Blocks::new(kernel.space.clone(), form, storages, Arc::new(budget));
    let reads = (0..100).take_while(|_| hive.root_key().is_some()).count();
    assert!((1..10).contains(&reads), "{reads}");
    let registry = Registry { hives: vec![hive], lost: Vec::new() };
    assert!(registry.exhausted().is_some() && registry.open("\\REGISTRY\\MACHINE\\SYSTEM").is_none());
}

#[test]
fn a_link_whose_target_is_not_known_is_no_key() {
    let mut kit = Kit::new("6.1.7601", true);
    let link = |name: &str| {
        let mut link = Tree::new(name).below([Tree::new("below")]).volatile();
        link.link = true;
        link
    };
    let tree = system().below([link("CurrentControlSet"), link("other")]);
    let one = kit.at(AT);
    put(&mut kit, one, &Bins::of(&tree, true), "\\REGISTRY\\MACHINE\\SYSTEM");
    linked(&mut kit, &[one]);
    let registry = Registry { hives: found(&kit).0, lost: Vec::new() };
    let place = registry.open("\\REGISTRY\\MACHINE\\SYSTEM\\CurrentControlSet\\Services").unwrap();
    assert_eq!(place.path, "\\REGISTRY\\MACHINE\\SYSTEM\\ControlSet002\\Services");
    assert!(registry.open("\\REGISTRY\\MACHINE\\SYSTEM\\other").is_none());
    assert!(registry.open("\\REGISTRY\\MACHINE\\SYSTEM\\other\\below").is_none());
}
