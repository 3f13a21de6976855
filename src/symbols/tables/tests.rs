#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::regex_creation_in_loops)]
use super::*;
use crate::symbols::interner::Name;
use crate::symbols::store::{Member, Shape, TypeStore};
use crate::symbols::{TypeKind, Types, TypesExt};

const TEXT: &str = "memsh types 1
release 6.1.0
machine x86
pointer 4
source a package
types
b unsigned int 4 
b int 4 s
t atomic_t {s 4 
 counter 0 =int
.
s node 24
 next 0 *s:node
 refs 4 =atomic_t
 low 4.0:3 =unsigned int
 high 0.3:5 =unsigned int
  4 {u 12 
 names 0 [3]=row_t
 word 0 =int
.
.
t row_t [4]=int
e kind 4
 A
 B 7
 C
.
";

#[test]
fn a_table_is_read() {
    let tables = Table::all(TEXT);
    assert_eq!(tables.len(), 1);
    assert_eq!((tables[0].facts.release.as_str(), tables[0].facts.pointer), ("6.1.0", 4));
    let t = tables[0].read("test".to_owned()).unwrap();
    assert_eq!(t.size_of("struct node"), Some(24));
    assert_eq!(t.field("node", "refs.counter").unwrap().offset, 4);
    assert_eq!(t.field("node", "high").unwrap().bits, Some((3, 5)));
    assert_eq!(t.field("node", "word").unwrap().offset, 12);
    let names = t.field("node", "names").unwrap();
    assert_eq!((names.offset, names.size), (12, Some(48)));
    assert_eq!(t.field("node", "next").unwrap().size, Some(4));
    let (_, kind) = t.resolve(t.find("enum kind").unwrap()).unwrap();
    assert_eq!(kind.kind, TypeKind::Enum(vec![("A".into(), 0), ("B".into(), 7), ("C".into(), 8)]));
}

#[test]
fn what_is_no_table_is_told_with_its_line() {
    for (from, to) in
        [("b int 4 s", "b int"), (" next 0 *s:node", " next x *s:node"), ("[4]=int", "[4=int"), ("s node 24", "q node 24")]
    {
        let text = TEXT.replace(from, to);
        let error = Table::all(&text)[0].read(String::new()).err().unwrap();
        assert!(error.to_string().contains("line "), "{error}");
    }
    // Cut anywhere, it ends.
    for cut in 0..TEXT.len() {
        for table in Table::all(&TEXT[..cut]) {
            let _ = table.read(String::new());
        }
    }
}

#[test]
fn what_is_written_is_read_again() {
    let mut s = TypeStore::new("test");
    let int_name = s.intern("int");
    let int = s.add(int_name, Some(4), Shape::Int { signed: true, char: false, bool: false }).unwrap();
    let node_name = s.intern("node");
    let node = s.add(node_name, None, Shape::Void).unwrap();
    let pointer = s.add(Name::NONE, Some(4), Shape::Pointer(node)).unwrap();
    let other_name = s.intern("elsewhere");
    let beyond_name = s.intern("beyond");
    let beyond = s.add(beyond_name, Some(4), Shape::Struct(0, 0)).unwrap();
    let to_beyond = s.add(Name::NONE, Some(4), Shape::Pointer(beyond)).unwrap();
    let member = Member { name: s.intern("more"), bit_offset: 0, bits: 0, type_id: to_beyond };
    let (f, n) = s.add_members(&[member]);
    let other = s.add(other_name, Some(8), Shape::Struct(f, n)).unwrap();
    let to_other = s.add(Name::NONE, Some(4), Shape::Pointer(other)).unwrap();
    let inner =
        [("a", 0, 3u32), ("b", 3, 5)].map(|(n, at, bits)| Member { name: s.intern(n), bit_offset: at, bits, type_id: int });
    let (f, n) = s.add_members(&inner);
    let inner = s.add(Name::NONE, Some(4), Shape::Union(f, n)).unwrap();
    let array = s.add(Name::NONE, Some(8), Shape::Array(inner, 2)).unwrap();
    let members = [("next", 0, pointer), ("far", 32, to_other), ("", 64, inner), ("rows", 96, array)]
        .map(|(n, at, type_id)| Member { name: s.intern(n), bit_offset: at, bits: 0, type_id });
    let (f, n) = s.add_members(&members);
    s.set(node, node_name, Some(20), Shape::Struct(f, n));
    s.finish();

    let facts = Facts { release: "6.1.0".into(), machine: "x86".into(), pointer: 4, source: "test".into() };
    let text = write(&facts, &["node", "absent"], &[&s], Reach::Pointed);
    let tables = Table::all(&text);
    let again = tables[0].read("again".to_owned()).unwrap();
    assert_eq!(again.size_of("node"), Some(20));
    assert_eq!(
        again.field("node", "b").unwrap(),
        crate::symbols::FieldPath { type_id: again.field("node", "b").unwrap().type_id, ..s.field("node", "b").unwrap() }
    );
    assert_eq!(again.field("node", "rows").unwrap().offset, 12);
    // What is asked for leads to this, and that only to a name.
    assert_eq!(again.size_of("elsewhere"), Some(8));
    assert!(again.size_of("beyond").is_none());
    assert_eq!(write(&facts, &["node"], &[&again], Reach::Pointed), text);
    let narrow = write(&facts, &["node"], &[&again], Reach::Embedded);
    let narrow = Table::all(&narrow)[0].read("narrow".to_owned()).unwrap();
    assert_eq!((narrow.size_of("node"), narrow.size_of("elsewhere")), (Some(20), None));
}

/// The structures that the sources under `folder` ask for by name.
fn asked_for(folder: &std::path::Path, found: &mut std::collections::BTreeSet<String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            asked_for(&path, found);
            continue;
        }
        if path.extension().is_none_or(|e| e != "rs") || path.to_string_lossy().contains("test") {
            continue;
        }
        let text = std::fs::read_to_string(&path).unwrap();
        let shape = regex::Regex::new(r#"(?m)^\s+[A-Za-z0-9]+: "([^"]+)" \{"#).unwrap();
        let sized = regex::Regex::new(r#"size_of\("struct ([a-z0-9_]+)"\)"#).unwrap();
        for captures in shape.captures_iter(&text).chain(sized.captures_iter(&text)) {
            let name = &captures[1];
            found.insert(name.rsplit('!').next().unwrap().to_owned());
        }
    }
}

#[test]
fn the_tables_have_what_the_linux_layer_asks_for() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let wanted = std::fs::read_to_string(root.join("assets/types/wanted.txt")).unwrap();
    let wanted: std::collections::BTreeSet<&str> = wanted.lines().collect();
    let mut found = std::collections::BTreeSet::new();
    asked_for(&root.join("src/os/linux"), &mut found);
    assert!(found.len() > 150, "{} structures", found.len());
    // Of kernels that have types.
    let without = ["kernel_mapping"];
    let missing: Vec<&String> =
        found.iter().filter(|name| !wanted.contains(name.as_str()) && !without.contains(&name.as_str())).collect();
    assert!(missing.is_empty(), "to be added to assets/types/wanted.txt, and the tables made anew: {missing:?}");
}

#[test]
fn every_table_that_is_shipped_is_read() {
    let sizes: [(&str, u64, &[&str]); 4] = [
        ("x86", 4, &["5.10", "6.1", "6.12"]),
        ("arm", 4, &["5.10", "6.1", "6.12"]),
        ("x86_64", 8, &["5.10", "6.1", "6.12"]),
        ("aarch64", 8, &["5.10", "6.1", "6.12"]),
    ];
    for (machine, word, series) in sizes {
        let family = family(machine).unwrap();
        let tables = family.tables();
        for s in series {
            assert!(tables.iter().any(|t| t.facts.release.starts_with(&format!("{s}."))), "{machine} {s}");
        }
        for table in tables {
            let what = table.facts.release.clone();
            assert_eq!((table.facts.machine.as_str(), table.facts.pointer), (machine, word), "{what}");
            let types = table.read(String::new()).unwrap();
            assert_eq!(types.size_of("struct list_head"), Some(2 * word), "{what}");
            assert_eq!(types.field("struct list_head", "prev").unwrap().offset, word, "{what}");
            for (structure, member) in [
                ("task_struct", "comm"),
                ("mm_struct", "pgd"),
                ("module", "list"),
                ("mount", "mnt"),
                ("sock", "sk_receive_queue"),
            ] {
                let found = types.field(&format!("struct {structure}"), member);
                assert!(found.is_some_and(|f| f.size.is_some()), "{what}: {structure}.{member}");
            }
            assert_eq!(types.field("struct task_struct", "comm").unwrap().size, Some(16), "{what}");
        }
    }
    assert!(family("vax").is_none());
}

#[test]
fn debians_32_bit_kernels_have_what_keeps_compressed_pages() {
    for machine in ["x86", "arm"] {
        let family = family(machine).unwrap();
        let tables = family.tables();
        let debians: Vec<_> = tables.iter().filter(|t| t.facts.source.starts_with("Debian linux-image-")).collect();
        assert!(debians.len() >= 5, "{machine}");
        for table in debians {
            let what = &table.facts.release;
            let types = table.read(String::new()).unwrap();
            // 6.18 has one kind of pool.
            let driver = types.field("struct zpool", "driver").and(types.field("struct zpool_driver", "type"));
            assert!(driver.or_else(|| types.field("struct zswap_pool", "zs_pool")).is_some(), "{what}");
            for (structure, member) in [
                ("zswap_entry", "handle"),
                ("zswap_entry", "length"),
                ("zswap_pool", "tfm_name"),
                // Of modules, up to 6.1.
                ("zs_pool", "size_class"),
                ("size_class", "size"),
                ("zspage", "class"),
                ("zram", "mem_pool"),
            ] {
                assert!(types.field(&format!("struct {structure}"), member).is_some(), "{what}: {structure}.{member}");
            }
            // Debian's 6.12 has no z3fold.
            let newer = ["6.12.", "7."].iter().any(|series| what.starts_with(series));
            assert!(newer || types.field("struct z3fold_header", "first_num").is_some(), "{what}");
            assert!(newer || types.field("struct z3fold_buddy_slots", "slot").is_some(), "{what}");
            // A tree, or an array.
            let by_slot = types.field("struct zswap_tree", "rbroot").or_else(|| types.field("struct xarray", "xa_head"));
            assert!(by_slot.is_some(), "{what}");
            assert!(types.find("enum zram_pageflags").is_some(), "{what}");
        }
    }
}
