#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, clippy::cast_possible_truncation)]

use super::*;
use crate::symbols::pdb::builder;

const ID: &str = "00112233445566778899AABBCCDDEEFF2A";
const OTHER: &str = "00112233445566778899AABBCCDDEEFF2B";

fn put(folder: &Path, path: &str, bytes: &[u8]) -> PathBuf {
    let path = folder.join(path);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(&path, bytes).unwrap();
    path
}

fn pdb(id: &str) -> Vec<u8> {
    let mut pdb = builder::Pdb::new(id);
    pdb.structure("_EPROCESS", 16, &[("Pid", builder::POINTER, 8)]);
    pdb.bytes()
}

fn found(folder: &Path, store: bool) -> Option<Found> {
    let path = [folder.to_owned()];
    let library = if store { Library::new(&[], &path) } else { Library::new(&path, &[]) };
    library.find("nt.pdb", ID)
}

#[test]
fn every_layout_of_a_store() {
    let places = [
        format!("nt.pdb/{ID}/nt.pdb"),
        format!("NT.PDB/{}/Nt.pdb", ID.to_ascii_lowercase()),
        format!("symbols/nt.pdb/{ID}/nt.pdb"),
        "nt.pdb".to_owned(),
        "exe/nt.pdb".to_owned(),
    ];
    for place in places {
        let folder = tempfile::tempdir().unwrap();
        let path = put(folder.path(), &place, &pdb(ID));
        assert_eq!(found(folder.path(), true), Some(Found::File(path)), "{place}");
        // Another version in the same place is none.
        put(folder.path(), &place, &pdb(OTHER));
        assert_eq!(found(folder.path(), true), None, "{place}");
    }
    let folder = tempfile::tempdir().unwrap();
    let path = put(folder.path(), &format!("nt/nt.pdb/{ID}/nt.pdb"), &pdb(ID));
    assert_eq!(found(folder.path(), true), None, "of two tiers only where index2.txt says so");
    put(folder.path(), "index2.txt", b"");
    assert_eq!(found(folder.path(), true), Some(Found::File(path)));
}

#[test]
fn documents_are_known_by_their_names() {
    let folder = tempfile::tempdir().unwrap();
    let path = put(folder.path(), "windows/nt.pdb/00112233445566778899AABBCCDDEEFF-42.json.xz", b"");
    assert_eq!(found(folder.path(), true), Some(Found::File(path.clone())));
    assert_eq!(named(&path).map(|id| (id.database, id.age)), Some(("nt.pdb".to_owned(), 42)));
    assert_eq!(named(Path::new("nt.pdb/0011-42.json")), None);
}

#[test]
fn a_folder_that_the_user_names_is_looked_through() {
    let folder = tempfile::tempdir().unwrap();
    put(folder.path(), "some/where/old.pdb", &pdb(OTHER));
    let path = put(folder.path(), "some/where/renamed.bin", &pdb(ID));
    assert_eq!(found(folder.path(), true), None, "a store is asked by name only");
    assert_eq!(found(folder.path(), false), Some(Found::File(path)));
}

#[test]
fn what_lies_in_the_place_and_is_of_no_use_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let why = |folder: &Path| match found(folder, true) {
        Some(Found::Unusable(path, why)) => format!("{} {why}", path.file_name().unwrap().to_string_lossy()),
        other => panic!("{other:?}"),
    };
    let pointer = format!("nt.pdb/{ID}/file.ptr");
    put(folder.path(), &pointer, b"PATH:\\\\server\\share\\nt.pdb");
    assert!(why(folder.path()).contains("another machine"));
    put(folder.path(), &pointer, b"MSG: none");
    assert!(why(folder.path()).contains("leads nowhere"));
    let real = put(folder.path(), "elsewhere/nt.pdb", &pdb(ID));
    put(folder.path(), &pointer, format!("PATH:{}\r\n", real.display()).as_bytes());
    assert_eq!(found(folder.path(), true), Some(Found::File(real)));
    std::fs::remove_file(folder.path().join(&pointer)).unwrap();
    put(folder.path(), &format!("nt.pdb/{ID}/nt.pd_"), b"MSCF");
    assert!(why(folder.path()).starts_with("nt.pd_ a cabinet"), "{}", why(folder.path()));
}

#[test]
fn a_file_is_read_when_it_is_what_its_place_says() {
    let folder = tempfile::tempdir().unwrap();
    put(folder.path(), &format!("nt.pdb/{ID}/nt.pdb"), &pdb(ID));
    let library = Library::new(&[], &[folder.path().to_owned()]);
    let file = library.load("nt.pdb", ID).unwrap().unwrap();
    assert!(file.types.unwrap().find("_EPROCESS").is_some());
    assert!(library.load("nt.pdb", OTHER).is_none());
    // A document whose name says one thing, and it another.
    put(
        folder.path(),
        "windows/nt.pdb/00112233445566778899AABBCCDDEEFF-43.json",
        br#"{"base_types": {}, "metadata": {"format": "6.0.0", "windows": {"pdb": {"GUID": "AA", "age": 1, "database": "x.pdb"}}}}"#,
    );
    let library = Library::new(&[], &[folder.path().to_owned()]);
    let e = library.load("nt.pdb", OTHER).unwrap().err().unwrap().to_string();
    assert!(e.contains("x.pdb AA1, and not nt.pdb"), "{e}");
}

#[test]
fn places_in_memshs_own_store() {
    let (guid, age) = parts_of(ID).unwrap();
    let id = PdbId { guid: guid.to_owned(), age, database: "nt.pdb".to_owned() };
    assert_eq!(place(&id, FileKind::Pdb, "").unwrap(), Path::new("nt.pdb").join(ID).join("nt.pdb"));
    let document = Path::new("windows/nt.pdb/00112233445566778899AABBCCDDEEFF-42.json.xz");
    assert_eq!(place(&id, FileKind::Isf, ".xz").unwrap(), document);
    let climbing = PdbId { database: "../../etc/nt.pdb".to_owned(), ..id };
    assert_eq!(place(&climbing, FileKind::Pdb, "").unwrap(), Path::new("nt.pdb").join(ID).join("nt.pdb"));
    let nothing = PdbId { database: "..".to_owned(), ..climbing.clone() };
    assert_eq!(place(&nothing, FileKind::Pdb, ""), None);
    assert_eq!(place(&PdbId { guid: "../..".to_owned(), ..climbing }, FileKind::Pdb, ""), None);
}

#[test]
fn one_file_of_a_folder_does_not_end_the_import_of_the_others() {
    let (from, store) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let long = "x".repeat(300);
    let document = format!(
        r#"{{"base_types": {{}}, "metadata": {{"format": "6.0.0", "windows": {{"pdb": {{"GUID": "00112233445566778899AABBCCDDEEFF", "age": 1, "database": "{long}.pdb"}}}}}}}}"#
    );
    put(from.path(), "a.json", document.as_bytes());
    put(from.path(), "nt.pdb", &pdb(ID));
    let mut all = Vec::new();
    import::import(from.path(), store.path(), &|_| None, &mut |i| {
        all.push(i.outcome);
        Ok(())
    })
    .unwrap();
    assert!(matches!(all.as_slice(), [import::Outcome::Left(_), import::Outcome::Taken(_)]), "{all:?}");
}

#[test]
fn a_file_that_was_damaged_in_the_store_is_replaced() {
    let (from, store) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let good = pdb(ID);
    let file = put(from.path(), "nt.pdb", &good);
    let once = || {
        let mut all = Vec::new();
        import::import(&file, store.path(), &|_| None, &mut |i| {
            all.push(i.outcome);
            Ok(())
        })
        .unwrap();
        all.remove(0)
    };
    let import::Outcome::Taken(place) = once() else { panic!() };
    assert!(matches!(once(), import::Outcome::Present(_)));
    let mut bad = good.clone();
    bad[good.len() - 1] ^= 1;
    std::fs::write(&place, bad).unwrap();
    assert!(matches!(once(), import::Outcome::Taken(_)));
    assert_eq!(std::fs::read(place).unwrap(), good);
}
