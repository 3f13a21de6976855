use super::*;
use crate::symbols::{Symbols, TypeKind, Types, TypesExt};
use memsh_plugin::VirtAddr;

fn parse(text: &str) -> Result<Read> {
    from_slice(text.as_bytes(), "test".into())
}

/// As dwarf2json writes it: user types before the enumerations they use, anonymous members named by position.
const LINUX: &str = r#"{
  "metadata": {"linux": {"symbols": [{"kind": "dwarf", "name": "vmlinux"}]}, "producer": {"name": "dwarf2json", "version": "0.8.0"}, "format": "6.2.0"},
  "user_types": {
    "list_head": {"size": 16, "kind": "struct", "fields": {
      "prev": {"type": {"kind": "pointer", "subtype": {"kind": "struct", "name": "list_head"}}, "offset": 8},
      "next": {"type": {"kind": "pointer", "subtype": {"kind": "struct", "name": "list_head"}}, "offset": 0}}},
    "unnamed_0123456789abcdef": {"size": 8, "kind": "union", "fields": {
      "a": {"type": {"kind": "base", "name": "int"}, "offset": 0},
      "b": {"type": {"kind": "base", "name": "long unsigned int"}, "offset": 0}}},
    "task": {"size": 64, "kind": "struct", "fields": {
      "unnamed_field_10": {"type": {"kind": "union", "name": "unnamed_0123456789abcdef"}, "offset": 16, "anonymous": true},
      "tasks": {"type": {"kind": "struct", "name": "list_head"}, "offset": 0},
      "state": {"type": {"kind": "enum", "name": "state"}, "offset": 24},
      "flag": {"type": {"kind": "bitfield", "bit_position": 3, "bit_length": 2, "type": {"kind": "base", "name": "int"}}, "offset": 28},
      "comm": {"type": {"kind": "array", "count": 16, "subtype": {"kind": "base", "name": "char"}}, "offset": 32},
      "pairs": {"type": {"kind": "array", "count": 3, "subtype": {"kind": "array", "count": 2, "subtype": {"kind": "struct", "name": "list_head"}}}, "offset": 48},
      "call": {"type": {"kind": "pointer", "subtype": {"kind": "function"}}, "offset": 56}}}
  },
  "enums": {"state": {"size": 4, "base": "int", "constants": {"RUN": 0, "DEAD": -1, "BIG": 18446744073709551615}}},
  "base_types": {"int": {"kind": "int", "size": 4, "signed": true, "endian": "little"},
    "char": {"kind": "char", "size": 1, "signed": true, "endian": "little"},
    "long unsigned int": {"kind": "int", "size": 8, "signed": false, "endian": "little"},
    "pointer": {"kind": "int", "size": 8, "signed": false, "endian": "little"},
    "void": {"kind": "void", "size": 0, "signed": false, "endian": "little"}},
  "symbols": {
    "linux_banner": {"type": {"kind": "array", "count": 9, "subtype": {"kind": "base", "name": "char"}}, "address": 18446744071587803136, "constant_data": "TGludXggdmVyc2lvbiA2LjEKAA=="},
    "init_task": {"address": 18446744071587803392},
    "unknown": {"address": 0},
    "__per_cpu_start": {"address": 0}}
}"#;

#[test]
fn linux_document() {
    let r = parse(LINUX).unwrap();
    let t = &r.types;
    let at = |path: &str| t.field("task", path).map(|f| (f.offset, f.size));
    assert_eq!(at("tasks.prev"), Some((8, Some(8))));
    assert_eq!(at("b"), Some((16, Some(8))), "members of an anonymous union count as the outer's");
    assert_eq!(at("comm"), Some((32, Some(16))));
    assert_eq!(at("pairs"), Some((48, Some(96))), "the element's size came earlier than the array, the base types later");
    assert_eq!(at("call"), Some((56, Some(8))));
    let flag = t.field("struct task", "flag").unwrap();
    assert_eq!((flag.offset, flag.bits), (28, Some((3, 2))));
    let TypeKind::Enum(values) = t.get(t.find("state").unwrap()).unwrap().kind else { panic!() };
    assert_eq!(values[0], ("DEAD".into(), -1));
    assert_eq!(values[2], ("BIG".into(), i128::from(u64::MAX)));
    assert_eq!(t.find("unnamed_0123456789abcdef"), None, "a made-up name is no name");

    assert_eq!(r.banner.as_deref(), Some("Linux version 6.1"));
    assert_eq!(r.format.as_deref(), Some("6.2.0"));
    assert_eq!(r.symbols.address("init_task"), Some(VirtAddr::new(18_446_744_071_587_803_392)));
    assert_eq!(r.symbols.address("unknown"), None, "address zero is dwarf2json's word for don't know");
    assert_eq!(r.symbols.address("__per_cpu_start"), Some(VirtAddr::NULL));
    assert_eq!(r.warnings, ["1 symbols without an address were left out"]);
}

#[test]
fn windows_identity() {
    let r = parse(
        r#"{"base_types": {}, "metadata": {"format": "4.0.0", "windows": {"pdb": {"GUID": "A7DD", "age": 2, "database": "ntkrnlmp.pdb", "machine_type": 34404}}}}"#,
    )
    .unwrap();
    assert_eq!(r.pdb, Some(Pdb { guid: "A7DD".into(), age: 2, database: "ntkrnlmp.pdb".into() }));
    assert!(r.warnings.is_empty());
}

#[test]
fn a_structure_inside_itself_ends() {
    let r = parse(
        r#"{"user_types": {"a": {"kind": "struct", "size": 8, "fields": {"": {"offset": 0, "type": {"kind": "struct", "name": "a"}, "anonymous": true}}}}}"#,
    )
    .unwrap();
    assert_eq!(r.types.field("a", "x"), None);
    assert_eq!(r.types.size_of("a"), Some(8));
}

#[test]
fn what_makes_no_sense_is_left_out_and_said() {
    let r = parse(
        r#"{"metadata": {"format": "9.1.0"}, "user_types": {"a": {"kind": "struct", "size": -1, "fields": {
          "minus": {"offset": -8, "type": {"kind": "base", "name": "int"}},
          "odd": {"offset": 0, "type": {"kind": "teapot"}},
          "huge": {"offset": 18446744073709551615, "type": {"kind": "base", "name": "int"}},
          "many": {"offset": 0, "type": {"kind": "array", "count": 18446744073709551615, "subtype": {"kind": "base", "name": "int"}}},
          "good": {"offset": 4, "type": {"kind": "base", "name": "int"}}}}}}"#,
    )
    .unwrap();
    assert_eq!(r.types.field("a", "good").unwrap().offset, 4);
    assert_eq!(r.types.field("a", "many").unwrap().size, None);
    assert_eq!(r.types.size_of("a"), None);
    assert_eq!(r.warnings.len(), 2, "{:?}", r.warnings);
}

#[test]
fn no_isf() {
    let text = |t: &str| parse(t).err().unwrap().to_string();
    assert!(text("{}").contains("no ISF document"), "{}", text("{}"));
    assert!(text("[1]").contains("no ISF document"));
    assert!(text(&LINUX[..900]).contains("ends too early"));
    let deep = format!(
        r#"{{"user_types": {{"a": {{"kind": "struct", "size": 1, "fields": {{"f": {{"offset": 0, "type": {}}}}}}}}}}}"#,
        r#"{"kind": "pointer", "subtype": "#.repeat(100_000)
    );
    assert!(text(&deep).contains("recursion limit"), "{}", text(&deep));
}

proptest::proptest! {
    #[test]
    fn a_document_with_any_byte_changed(at in 0..LINUX.len(), byte: u8) {
        let mut bytes = LINUX.as_bytes().to_vec();
        bytes[at] = byte;
        if let Ok(r) = from_slice(&bytes, String::new()) {
            for name in r.types.names() {
                let _ = r.types.field(&name, "tasks.next");
                let _ = r.types.size_of(&name);
            }
        }
    }

    #[test]
    fn a_document_cut_anywhere(at in 0..LINUX.len()) {
        proptest::prop_assert!(from_slice(&LINUX.as_bytes()[..at], String::new()).is_err());
    }
}
