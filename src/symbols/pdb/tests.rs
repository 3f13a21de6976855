#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, clippy::cast_possible_truncation)]

use super::*;
use crate::symbols::{Symbols, TypeKind, Types, TypesExt};
use memsh_plugin::VirtAddr;

use crate::symbols::pdb_builder as builder;

/// Made from the `small.c` beside it by clang 14 and lld 14, so by nothing that knows this reader:
/// `clang -target x86_64-pc-windows-msvc -g -gcodeview -O1 -c small.c && lld-link /debug /nodefaultlib /dll /noentry /Brepro small.obj`.
fn small() -> Vec<u8> {
    let packed: &[u8] = include_bytes!("../../../tests/samples/pdb/small.pdb.xz");
    let mut bytes = Vec::new();
    std::io::Read::read_to_end(&mut liblzma::read::XzDecoder::new(packed), &mut bytes).unwrap();
    bytes
}

fn parse(bytes: &[u8]) -> Result<Read> {
    read(bytes, "small.pdb", "test".to_owned())
}

#[test]
fn types_of_a_linkers_file() {
    let r = parse(&small()).unwrap();
    let t = &r.types;
    let at = |path: &str| t.field("_SAMPLE", path).map(|f| (f.offset, f.size, f.bits));
    assert_eq!(t.size_of("_SAMPLE"), Some(128));
    assert_eq!(at("Links.Blink"), Some((8, Some(8), None)));
    assert_eq!(at("Flags"), Some((16, Some(4), None)));
    assert_eq!(at("Three"), Some((16, Some(4), Some((1, 3)))), "a bit field of an anonymous structure");
    assert_eq!(at("Rest"), Some((16, Some(4), Some((4, 28)))));
    assert_eq!(at("u.High"), Some((28, Some(4), None)), "a structure without a name");
    assert_eq!(at("Count"), Some((32, Some(4), None)), "volatile");
    assert_eq!(at("Wide"), Some((64, Some(32), None)));
    assert_eq!(at("Ratio"), Some((112, Some(8), None)));
    assert_eq!(at("Small"), Some((121, Some(1), None)));
    let kind = |path: &str| t.resolve(t.field("_SAMPLE", path).unwrap().type_id).unwrap().1.kind;
    assert!(matches!(kind("Wide"), TypeKind::Array { count: 16, .. }), "{:?}", kind("Wide"));
    let TypeKind::Pointer(large) = kind("Large") else { panic!() };
    let fields = t.field_of(large, "Matrix").unwrap();
    assert_eq!((fields.offset, fields.size), (0x18000, Some(24)));
    let TypeKind::Array { element, count: 2 } = t.get(fields.type_id).unwrap().kind else { panic!() };
    assert!(matches!(t.get(element).unwrap().kind, TypeKind::Array { count: 3, .. }));
    let TypeKind::Pointer(opaque) = kind("Opaque") else { panic!() };
    assert_eq!(t.get(opaque).unwrap().kind, TypeKind::Forward);
    let TypeKind::Pointer(call) = kind("Call") else { panic!() };
    assert_eq!(t.resolve(call).unwrap().1.kind, TypeKind::Function);
    let TypeKind::Enum(values) = kind("Kind") else { panic!() };
    assert_eq!(values, [("KindLast".into(), -1), ("KindNone".into(), 0), ("KindBig".into(), 0x7fff_ffff)]);
    // Linked lists point to themselves through a declaration.
    let TypeKind::Pointer(next) = t.get(t.field("_LIST_ENTRY", "Flink").unwrap().type_id).unwrap().kind else { panic!() };
    assert_eq!(t.field_of(next, "Blink").unwrap().offset, 8);
    assert!(!t.names().iter().any(|n| n.contains("unnamed")), "{:?}", t.names());
    assert_eq!(t.size_of("ULONGLONG"), Some(8), "a typedef");
    assert!(r.warnings.is_empty(), "{:?}", r.warnings);
}

#[test]
fn symbols_of_a_linkers_file() {
    let r = parse(&small()).unwrap();
    let at = |name: &str| r.symbols.address(name).map(VirtAddr::value);
    assert_eq!((at("Visible"), at("Start")), (Some(0x1000), Some(0x1010)));
    assert_eq!((at("Constant"), at("ListHead"), at("Sample")), (Some(0x2000), Some(0x3000), Some(0x3010)));
    assert_eq!(r.symbols.near(VirtAddr::new(0x1012)).map(|(s, d)| (s.name, s.kind, d)), Some(("Start", 'T', 2)));
    assert_eq!(r.id, identity(&small(), "small.pdb").unwrap());
    assert_eq!((r.id.guid.as_str(), r.id.age), ("60F1DEB15592D3F24C4C44205044422E", 1));
}

/// A file with a structure, a symbol and all that is in one.
fn built() -> builder::Pdb {
    let mut pdb = builder::Pdb::new("00112233445566778899AABBCCDDEEFF2A");
    pdb.structure("_EPROCESS", 0x9000, &[("Pid", builder::POINTER, 8), ("Flags", builder::ULONG, 0x8ff8)]);
    pdb.public("PsActiveProcessHead", 0x1234);
    pdb
}

#[test]
fn the_age_is_the_one_that_was_linked() {
    let id = identity(&built().bytes(), "nt.pdb").unwrap();
    assert_eq!((id.guid.as_str(), id.age), ("00112233445566778899AABBCCDDEEFF", 0x2a));
}

#[test]
fn blocks_of_a_stream_lie_in_any_order() {
    let mut pdb = built();
    for i in 0..2000 {
        pdb.structure(&format!("_S{i}"), i + 1, &[("A", builder::ULONG, i)]);
    }
    let r = parse(&pdb.bytes()).unwrap();
    assert_eq!(r.types.size_of("_S1999"), Some(2000));
    assert_eq!(r.types.field("_S777", "A").unwrap().offset, 777);
    assert_eq!(r.types.field("_EPROCESS", "Flags").unwrap().offset, 0x8ff8);
    assert_eq!(r.symbols.address("PsActiveProcessHead"), Some(VirtAddr::new(0x1234)));
}

#[test]
fn what_refers_to_itself_ends() {
    let mut pdb = built();
    let next = |pdb: &builder::Pdb| (0x1000 + pdb.types.len() as u32).to_le_bytes();
    // A modifier around itself, an array of itself, a field list that goes on in itself.
    let modifier = next(&pdb);
    pdb.types.push((0x1001, [&modifier[..], &[1, 0]].concat()));
    let array = next(&pdb);
    pdb.types.push((0x1503, [&array[..], &array, &[8, 0, 0]].concat()));
    let list = next(&pdb);
    pdb.types.push((0x1203, [&[4, 0x14, 0, 0], &list[..]].concat()));
    pdb.types.push((0x1505, [&[0, 0, 0, 0], &list[..], &[0; 8], &[8, 0], b"_LOOP\0"].concat()));
    let n = |b: [u8; 4]| u32::from_le_bytes(b);
    pdb.structure("_HOLDS", 8, &[("M", n(modifier), 0), ("A", n(array), 0), ("None", 0xffff_ffff, 0), ("Good", 0x22, 4)]);
    let r = parse(&pdb.bytes()).unwrap();
    assert_eq!(r.types.size_of("_LOOP"), Some(8));
    assert_eq!(r.types.field("_HOLDS", "Good").unwrap().offset, 4);
    assert_eq!(r.types.field("_HOLDS", "M"), None);
    assert_eq!(r.types.field("_HOLDS", "None"), None);
    assert!(r.warnings.iter().any(|w| w.contains("make no sense")), "{:?}", r.warnings);
}

#[test]
fn symbols_outside_of_the_image_are_left_out() {
    let mut pdb = built();
    pdb.sections = vec![(0x1000, 0x100)];
    let r = parse(&pdb.bytes()).unwrap();
    assert_eq!(r.symbols.count(), 0);
    assert_eq!(r.warnings, ["1 symbols without a place in the image were left out"]);
    pdb.sections.clear();
    let warnings = parse(&{
        let mut p = built();
        p.sections.clear();
        p.bytes()
    })
    .unwrap()
    .warnings;
    assert!(warnings[0].contains("symbols have no places"), "{warnings:?}");
}

#[test]
fn other_kinds_are_named() {
    let text = |bytes: &[u8]| parse(bytes).err().unwrap().to_string();
    assert!(text(b"Microsoft MSFZ Container\r\n").contains("MSFZ"));
    assert!(text(b"Microsoft C/C++ program database 2.00\r\n").contains("2.00"));
    assert!(text(b"BSJB").contains("managed"));
    assert!(text(b"MZ").contains("does not begin"));
}

#[test]
fn a_file_that_claims_more_than_it_has() {
    let good = built().bytes();
    for (at, value) in [(32, 0), (32, 3), (32, u32::MAX), (44, u32::MAX), (44, 0), (52, u32::MAX)] {
        let mut bytes = good.clone();
        bytes[at..at + 4].copy_from_slice(&u32::to_le_bytes(value));
        assert!(parse(&bytes).is_err(), "{value:#x} at {at}");
    }
}

proptest::proptest! {
    #[test]
    fn any_bytes_changed(changes in proptest::collection::vec((0usize..1 << 20, proptest::prelude::any::<u8>()), 1..8)) {
        for file in [small(), built().bytes()] {
            // What is zero is mostly padding.
            let live: Vec<usize> = (0..file.len()).filter(|&i| file[i] != 0).collect();
            let mut bytes = file.clone();
            for (at, value) in &changes {
                bytes[live[at % live.len()]] = *value;
            }
            if let Ok(r) = parse(&bytes) {
                for name in r.types.names() {
                    let _ = r.types.field(&name, "Links.Flink");
                }
                let _ = r.symbols.near(VirtAddr::new(0x1012));
            }
        }
    }

    #[test]
    fn a_file_cut_anywhere(at in 0usize..1 << 16) {
        let bytes = small();
        let _ = parse(&bytes[..at.min(bytes.len())]);
    }
}
