use super::*;
use crate::symbols::{TypeKind, TypesExt};
use memsh_plugin::VirtAddr;
use std::fs;
use std::io::Write;

const MAP: &[u8] = b"0000000000000000 D __per_cpu_start\nffffffff81000000 T _text\nffffffff82000000 D init_task\n";
const ISF: &str = r#"{"metadata": {"format": "6.2.0"}, "user_types": {"a": {"kind": "struct", "size": 4, "fields": {}}}, "symbols": {"s": {"address": 4096}}}"#;

fn file(name: &str, bytes: &[u8]) -> (tempfile::TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join(name);
    fs::write(&path, bytes).unwrap();
    (dir, path)
}

fn one(name: &str, bytes: &[u8]) -> Result<SymbolFile> {
    let (_dir, path) = file(name, bytes);
    load(&path).map(|mut l| l.files.remove(0))
}

fn error(name: &str, bytes: &[u8]) -> (String, String) {
    let e = one(name, bytes).err().unwrap();
    (e.to_string(), e.hint_text().unwrap_or_default().to_owned())
}

fn xz(bytes: &[u8]) -> Vec<u8> {
    let mut w = liblzma::write::XzEncoder::new(Vec::new(), 1);
    w.write_all(bytes).unwrap();
    w.finish().unwrap()
}

/// BTF with one type, `int` (include/uapi/linux/btf.h).
fn btf() -> Vec<u8> {
    let words = [24, 0, 16, 16, 5, 1, 1 << 24, 4, 1 << 24 | 32];
    let mut bytes = b"\x9f\xeb\x01\x00".to_vec();
    bytes.extend(words.iter().flat_map(|w: &u32| w.to_le_bytes()));
    bytes.extend(b"\0int\0");
    bytes
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut w = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    w.write_all(bytes).unwrap();
    w.finish().unwrap()
}

const DWARF5: &[u8] = include_bytes!("../../../tests/samples/dwarf/dwarf5.elf");
const ELFS: [(&str, &[u8]); 6] = [
    ("dwarf2", include_bytes!("../../../tests/samples/dwarf/dwarf2.elf")),
    ("dwarf4", include_bytes!("../../../tests/samples/dwarf/dwarf4.elf")),
    ("dwarf5", DWARF5),
    ("zlib", include_bytes!("../../../tests/samples/dwarf/dwarf5-zlib.elf")),
    ("zstd", include_bytes!("../../../tests/samples/dwarf/dwarf5-zstd.elf")),
    ("32-bit", include_bytes!("../../../tests/samples/dwarf/dwarf5-32.elf")),
];

#[test]
fn dwarf_of_every_version_gives_the_same_types() {
    for (name, bytes) in ELFS {
        let f = one(name, bytes).unwrap();
        let t = f.types.as_ref().unwrap();
        let wide = name != "32-bit";
        let word = if wide { 8 } else { 4 };
        let at = |path: &str| t.field("task", path).map(|f| (f.offset, f.size)).unwrap_or_else(|| panic!("{name}: {path}"));
        let bits = |path: &str| t.field("task", path).map(|f| (f.offset, f.bits)).unwrap();
        assert_eq!(at("tasks.prev"), (word, Some(word)), "{name}");
        assert_eq!(at("state"), (2 * word, Some(4)), "{name}");
        assert_eq!(at("whole"), (2 * word + 4, Some(4)), "{name}");
        assert_eq!(at("high"), (2 * word + 6, Some(2)), "{name}: a structure in a union, both without a name");
        assert_eq!(bits("a"), (2 * word + 8, Some((0, 3))), "{name}");
        assert_eq!(bits("b"), (2 * word + 8, Some((3, 5))), "{name}");
        assert_eq!(bits("flags"), (if wide { 25 } else { 17 }, Some((0, 17))), "{name}");
        let comm = if wide { 28 } else { 20 };
        assert_eq!(at("comm"), (comm, Some(16)), "{name}");
        assert_eq!(at("table"), (comm + 16, Some(12)), "{name}");
        assert_eq!(at("dead"), (comm + 28, Some(1)), "{name}");
        assert_eq!(at("usage.counter").1, Some(4), "{name}");
        assert_eq!(at("tail").1, Some(0), "{name}: an array without length");
        assert_eq!(t.size_of("task"), Some(at("tail").0.next_multiple_of(word)), "{name}");
        assert_eq!(t.size_of("u32"), Some(4), "{name}");

        let pointed = |path: &str| match t.resolve(t.field("task", path).unwrap().type_id).unwrap().1.kind {
            TypeKind::Pointer(to) => to,
            other => panic!("{name}: {path} is {other:?}"),
        };
        assert_eq!(t.resolve(pointed("call")).unwrap().1.kind, TypeKind::Function, "{name}");
        assert_eq!(t.resolve(pointed("data")).unwrap().1.kind, TypeKind::Void, "{name}");
        assert_eq!(
            t.field_of(pointed("other"), "value").map(|f| f.offset),
            Some(2 * word),
            "{name}: declared in one unit, defined in the other"
        );
        let table = t.get(t.field("task", "table").unwrap().type_id).unwrap();
        let TypeKind::Array { element, count: 3 } = table.kind else { panic!("{name}: {table:?}") };
        assert!(matches!(t.get(element).unwrap().kind, TypeKind::Array { count: 2, .. }), "{name}");
        let TypeKind::Enum(values) = t.get(t.find("enum state").unwrap()).unwrap().kind else { panic!() };
        assert_eq!(values, [("RUNNING".into(), 0), ("SLEEPING".into(), 5), ("DEAD".into(), -1)], "{name}");
        assert_eq!(t.find("local"), None, "{name}: local to a function");
        assert_eq!(t.names().iter().filter(|n| *n == "list").count(), 1, "{name}");

        assert_eq!(f.banner.as_deref(), Some("Linux version 6.1.0-test (memsh@example.org)"), "{name}");
        assert_eq!(f.build_id.as_ref().map(Vec::len), Some(20), "{name}");
        assert!(f.symbols.as_ref().unwrap().address("main").is_some(), "{name}");
        assert_eq!(f.warnings, Vec::<String>::new(), "{name}");
    }
}

#[test]
fn the_same_definition_in_two_units_is_kept_once() {
    let f = one("v", DWARF5).unwrap();
    let t = f.types.unwrap();
    let ids: Vec<_> = ["task", "declared"]
        .iter()
        .map(|s| {
            let TypeKind::Struct(fields) = t.get(t.find(s).unwrap()).unwrap().kind else { panic!() };
            fields[0].type_id
        })
        .collect();
    assert_eq!(ids[0], ids[1]);
}

#[test]
fn an_elf_without_types_names_the_package() {
    let f = one("vmlinux", include_bytes!("../../../tests/samples/dwarf/symbols.elf")).unwrap();
    assert!(f.types.is_none() && f.symbols.is_some());
    assert!(f.warnings[0].contains("linux-image-6.1.0-test-dbg (Debian)"), "{:?}", f.warnings);
    let (reason, hint) = error("vmlinux", include_bytes!("../../../tests/samples/dwarf/stripped.elf"));
    assert!(reason.contains("stripped") && hint.contains("kernel-debuginfo"), "{reason} {hint}");
}

/// Where a section's bytes lie in a sample.
fn section(bytes: &[u8], wanted: &str) -> std::ops::Range<usize> {
    let Elf::Class64(elf) = Elf::parse(bytes).unwrap() else { panic!() };
    use object::{Object, ObjectSection};
    let (start, size) = elf.section_by_name(wanted).unwrap().file_range().unwrap();
    usize::try_from(start).unwrap()..usize::try_from(start + size).unwrap()
}

#[test]
fn damaged_dwarf_gives_what_is_whole_and_says_so() {
    // The second unit's length runs over the section's end.
    let mut bytes = DWARF5.to_vec();
    let info = section(&bytes, ".debug_info");
    let first = u32::from_le_bytes(bytes[info.start..info.start + 4].try_into().unwrap());
    let second = info.start + 4 + usize::try_from(first).unwrap();
    bytes[second..second + 4].copy_from_slice(&0x7fff_ffff_u32.to_le_bytes());
    let f = one("v", &bytes).unwrap();
    assert!(f.types.unwrap().find("task").is_some());
    assert!(f.warnings[0].contains("were not read"), "{:?}", f.warnings);

    // No unit at all: an error unless symbols are of use.
    let mut bytes = DWARF5.to_vec();
    bytes[info.start..info.start + 4].copy_from_slice(&0x7fff_ffff_u32.to_le_bytes());
    let f = one("v", &bytes).unwrap();
    assert!(f.types.is_none() && f.symbols.is_some());
    assert!(f.warnings[0].contains("can't read the DWARF"), "{:?}", f.warnings);
}

#[test]
fn truncated_elf() {
    for len in [4, 20, 64, 100, 1000, DWARF5.len() - 1] {
        let _ = one("v", &DWARF5[..len]);
    }
    assert!(error("v", &DWARF5[..40]).0.contains("ELF headers"));
}

#[test]
fn isf_packed_or_not() {
    let zstd = zstd::stream::encode_all(ISF.as_bytes(), 1).unwrap();
    let mut bz = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::fast());
    bz.write_all(ISF.as_bytes()).unwrap();
    for bytes in [ISF.as_bytes().to_vec(), xz(ISF.as_bytes()), gzip(ISF.as_bytes()), zstd, bz.finish().unwrap()] {
        let f = one("k.isf.json.xz", &bytes).unwrap();
        assert_eq!(f.kind, FileKind::Isf);
        assert_eq!(f.types.unwrap().size_of("a"), Some(4));
        assert_eq!(f.symbols.unwrap().address("s"), Some(VirtAddr::new(4096)));
        assert_eq!(f.origin, "ISF of k.isf.json.xz, schema 6.2.0");
    }
}

#[test]
fn truncated_packed_files() {
    let long = ISF.repeat(50);
    for packed in [xz(long.as_bytes()), gzip(long.as_bytes())] {
        let (text, _) = error("k.json.xz", &packed[..packed.len() / 2]);
        assert!(text.contains("k.json.xz") && text.contains("unpack"), "{text}");
    }
    assert!(error("k.json.xz", &xz(ISF.as_bytes())[..12]).0.contains("can't unpack"));
}

#[test]
fn what_unpacks_without_end_is_refused() {
    let packed = gzip(&vec![b' '; 1 << 20]);
    let mut out = Vec::new();
    let e = unpack::reader(Packing::Gzip, &packed, 1000).unwrap().read_to_end(&mut out).unwrap_err();
    assert!(e.to_string().contains("more than 1000 bytes"));
}

#[test]
fn system_map_and_btf() {
    let f = one("System.map-6.1", MAP).unwrap();
    assert_eq!(f.symbols.unwrap().count(), 3);
    let f = one("anything", &gzip(MAP)).unwrap();
    assert_eq!(f.kind, FileKind::SystemMap);
    let f = one("vmlinux.btf", &btf()).unwrap();
    assert_eq!(f.types.unwrap().size_of("int"), Some(4));
    assert_eq!(f.btf.unwrap(), btf());
    assert!(error("vmlinux.btf", &btf()[..30]).0.contains("vmlinux.btf: BTF"));

    let f = one("System.map", &[MAP, b"garbage\nmore garbage here\n"].concat()).unwrap();
    assert_eq!(f.symbols.unwrap().count(), 3);
    assert_eq!(f.warnings, ["2 lines are no symbol and were left out; the first is line 4: \"garbage\""]);
    let (text, hint) = error("kallsyms", b"0000000000000000 T _text\n0000000000000000 T x\n");
    assert!(text.contains("without privilege") && hint.contains("kptr_restrict"), "{text}");
}

#[test]
fn unknown_files_are_shown() {
    let (text, hint) = error("x", b"\x01\x02hello");
    assert!(text.contains("01 02 68 65 6c 6c 6f") && hint.contains("System.map"), "{text}");
    assert!(error("x", b"").0.contains("empty"));
    let mut boot = vec![0; 0x210];
    boot[0x202..0x206].copy_from_slice(b"HdrS");
    assert!(error("vmlinuz", &boot).0.contains("boot image"));
    assert!(load(Path::new("/nonexistent/x")).is_err());
}

#[test]
fn folder() {
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir(dir.path().join("deeper")).unwrap();
    fs::write(dir.path().join("deeper/System.map"), MAP).unwrap();
    fs::write(dir.path().join("a.json"), ISF).unwrap();
    fs::write(dir.path().join("b.json"), &ISF[..40]).unwrap();
    fs::write(dir.path().join("notes.txt"), "hello").unwrap();
    let l = load(dir.path()).unwrap();
    assert_eq!((l.files.len(), l.skipped, l.failed.len(), l.incomplete), (2, 1, 1, false));
    assert!(l.failed[0].1.to_string().contains("b.json"));

    let empty = tempfile::tempdir().unwrap();
    fs::write(empty.path().join("notes.txt"), "hello").unwrap();
    let e = load(empty.path()).err().unwrap();
    assert!(e.to_string().contains("holds no symbol file (1 other files)"), "{e}");
}

proptest::proptest! {
    #![proptest_config(proptest::test_runner::Config::with_cases(300))]

    /// Any bytes over the sections that types are read from: an answer or an error, never a panic or a hang.
    #[test]
    fn dwarf_with_changed_bytes(changes in proptest::collection::vec((0..1usize << 16, proptest::num::u8::ANY), 1..8), abbrev: bool) {
        let mut bytes = DWARF5.to_vec();
        let range = section(&bytes, if abbrev { ".debug_abbrev" } else { ".debug_info" });
        for (at, byte) in changes {
            let at = range.start + at % range.len();
            bytes[at] = byte;
        }
        if let Ok(f) = from_elf(Path::new("v"), &bytes) && let Some(t) = f.types {
            for name in t.names() {
                let _ = (t.size_of(&name), t.field(&name, "tasks.next"), t.field(&name, "high"));
            }
        }
    }

    #[test]
    fn elf_with_changed_bytes(at in 0..DWARF5.len(), byte: u8) {
        let mut bytes = DWARF5.to_vec();
        bytes[at] = byte;
        let _ = from_elf(Path::new("v"), &bytes);
    }
}
