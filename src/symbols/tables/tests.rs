#![allow(clippy::unwrap_used, clippy::indexing_slicing)]
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
    let other = s.add(other_name, Some(8), Shape::Struct(0, 0)).unwrap();
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
    let text = write(&facts, &["node", "absent"], &[&s]);
    let tables = Table::all(&text);
    let again = tables[0].read("again".to_owned()).unwrap();
    assert_eq!(again.size_of("node"), Some(20));
    assert_eq!(
        again.field("node", "b").unwrap(),
        crate::symbols::FieldPath { type_id: again.field("node", "b").unwrap().type_id, ..s.field("node", "b").unwrap() }
    );
    assert_eq!(again.field("node", "rows").unwrap().offset, 12);
    // What is only pointed to is a name.
    assert!(again.size_of("elsewhere").is_none());
    assert_eq!(write(&facts, &["node"], &[&again]), text);
}
