#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
use super::archive::{Packing, inside, unpack};
use super::fetch::Place;
use super::place::is_name;
use std::io::Write;
use std::path::Path;

fn gz(bytes: &[u8]) -> Vec<u8> {
    let mut out = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    out.write_all(bytes).unwrap();
    out.finish().unwrap()
}

/// A tar entry as it stands in a file, whatever its name.
fn entry(name: &str, kind: tar::EntryType, link: &str, data: &[u8]) -> Vec<u8> {
    let mut header = tar::Header::new_ustar();
    header.as_mut_bytes()[..name.len()].copy_from_slice(name.as_bytes());
    header.as_mut_bytes()[157..157 + link.len()].copy_from_slice(link.as_bytes());
    header.set_entry_type(kind);
    header.set_size(u64::try_from(data.len()).unwrap());
    header.set_mode(0o644);
    header.set_cksum();
    let mut out = header.as_bytes().to_vec();
    out.extend_from_slice(data);
    out.resize(out.len().next_multiple_of(512), 0);
    out
}

fn file(name: &str, data: &[u8]) -> Vec<u8> {
    entry(name, tar::EntryType::Regular, "", data)
}

fn end(mut bytes: Vec<u8>) -> Vec<u8> {
    bytes.resize(bytes.len() + 1024, 0);
    bytes
}

#[test]
fn archives_of_each_packing_are_unpacked() {
    let tar = end([file("top/a.txt", b"alpha"), file("./top/sub/b.txt", b"beta")].concat());
    let zst = zstd::bulk::compress(&tar, 1).unwrap();
    for bytes in [gz(&tar), zst] {
        let folder = tempfile::tempdir().unwrap();
        unpack(&bytes, Packing::of(&bytes).unwrap(), folder.path()).unwrap();
        assert_eq!(std::fs::read(folder.path().join("top/a.txt")).unwrap(), b"alpha");
        assert_eq!(std::fs::read(folder.path().join("top/sub/b.txt")).unwrap(), b"beta");
    }
    assert_eq!(Packing::of(b"\x7fELF"), None);
}

#[test]
fn nothing_in_an_archive_leads_out_of_its_folder() {
    let link = |kind, to| entry("link", kind, to, b"");
    for (what, why, tar) in [
        ("a parent", "leads out", file("../x", b"x")),
        ("a parent further on", "leads out", file("a/../../x", b"x")),
        ("a root", "leads out", file("/tmp/memsh-test-x", b"x")),
        ("another system's separator", "leads out", file("a\\..\\x", b"x")),
        ("a link", "only files and folders", link(tar::EntryType::Symlink, "/etc")),
        ("a hard link", "only files and folders", link(tar::EntryType::Link, "/etc/passwd")),
        ("a device", "only files and folders", link(tar::EntryType::Char, "")),
        ("a pipe", "only files and folders", link(tar::EntryType::Fifo, "")),
        ("a file twice", "can't write", [file("x", b"1"), file("x", b"2")].concat()),
        ("a file as a folder", "can't write", [file("x", b"1"), file("x/y", b"2")].concat()),
        ("a torn header", "can't be unpacked", vec![0xff; 512]),
    ] {
        let outer = tempfile::tempdir().unwrap();
        let folder = outer.path().join("in");
        std::fs::create_dir(&folder).unwrap();
        let e = unpack(&gz(&end(tar)), Packing::TarGz, &folder).unwrap_err();
        assert!(e.reason().contains(why), "{what}: {}", e.reason());
        assert_eq!(std::fs::read_dir(outer.path()).unwrap().count(), 1, "{what}");
    }
    for torn in [&gz(&end(file("a", b"x")))[..40], b"\x28\xb5\x2f\xfd", b"PK\x03\x04", b"\x1f\x8b"] {
        let folder = tempfile::tempdir().unwrap();
        assert!(unpack(torn, Packing::of(torn).unwrap(), folder.path()).is_err());
    }
}

#[test]
fn an_archive_is_unpacked_within_bounds() {
    let folder = tempfile::tempdir().unwrap();
    // 600 MiB of zeros in less than one.
    let mut header = tar::Header::new_ustar();
    header.set_path("zeros").unwrap();
    header.set_size(600 << 20);
    header.set_cksum();
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all(header.as_bytes()).unwrap();
    for _ in 0..600 {
        packed.write_all(&vec![0; 1 << 20]).unwrap();
    }
    let bytes = packed.finish().unwrap();
    assert!(unpack(&bytes, Packing::TarGz, folder.path()).is_err());
    let many: Vec<u8> = (0..20_001).flat_map(|i| entry(&format!("d{i}"), tar::EntryType::Directory, "", b"")).collect();
    let folder = tempfile::tempdir().unwrap();
    let e = unpack(&gz(&end(many)), Packing::TarGz, folder.path()).unwrap_err();
    assert!(e.reason().contains("more than 20000 files"), "{}", e.reason());
}

#[test]
fn names_and_paths_stay_where_they_belong() {
    for name in ["rom", "memory-x", "a.b_c"] {
        assert!(is_name(name), "{name}");
    }
    for name in ["", ".", "..", ".hidden", "-x", "a/b", "a b", "é", &"x".repeat(65)] {
        assert!(!is_name(name), "{name}");
    }
    assert_eq!(inside(Path::new("./a/./b")).unwrap(), Path::new("a/b"));
    assert!(inside(Path::new(&"a/".repeat(40))).is_err());
}

#[test]
fn what_an_index_names_lies_beside_it() {
    let at = |text: &str| Place::parse(text);
    assert_eq!(at("file:///a%20b/index.json"), Place::File("/a b/index.json".into()));
    assert_eq!(at("file://localhost/a"), Place::File("/a".into()));
    assert_eq!(at("/x/index.json").beside("sub/f.so").unwrap(), at("/x/sub/f.so"));
    assert_eq!(at("https://h/p/index.json?a=b/c").beside("f.so").unwrap(), at("https://h/p/f.so"));
    assert_eq!(at("https://h/p/index.json").beside("https://g/f.so").unwrap(), at("https://g/f.so"));
    for (index, name) in [
        ("/x/index.json", "../f.so"),
        ("/x/index.json", "/etc/passwd"),
        ("/x/index.json", "https://h/f.so"),
        ("/x/index.json", "file:///etc/passwd"),
        ("https://h/p/index.json", "../f.so"),
        ("https://h/p/index.json", "file:///etc/passwd"),
    ] {
        assert!(at(index).beside(name).is_err(), "{index} {name}");
    }
    #[cfg(not(feature = "http"))]
    assert!(at("https://h/p/index.json").read(10).unwrap_err().reason().contains("without the feature `http`"));
}

/// A server on the loopback that answers by path, as many times as there are `answers`; its address.
#[cfg(feature = "http")]
fn server(answers: Vec<(&'static str, &'static str, Vec<u8>)>) -> String {
    use std::io::{BufRead, BufReader, Write};
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut lines = BufReader::new(stream.try_clone().unwrap()).lines().map_while(std::result::Result::ok);
            let first = lines.next().unwrap_or_default();
            lines.take_while(|l| !l.is_empty()).for_each(drop);
            let path = first.split(' ').nth(1).unwrap_or_default().to_owned();
            let (_, status, body) = answers.iter().find(|a| a.0 == path).cloned().unwrap_or(("", "404 Not Found", Vec::new()));
            let head = format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", body.len());
            let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(&body));
        }
    });
    address
}

#[cfg(feature = "http")]
#[test]
fn an_index_and_its_files_come_from_a_server() {
    let index = br#"{"memsh_index":1,"plugins":[]}"#.to_vec();
    let address = server(vec![
        ("/p/index.json", "200 OK", index.clone()),
        ("/p/files/demo", "200 OK", vec![7; 1000]),
        ("/p/moved", "302 Found\r\nLocation: /p/index.json", Vec::new()),
    ]);
    let at = Place::parse(&format!("{address}/p/index.json"));
    assert_eq!(at.read(1000).unwrap(), index);
    let file = at.beside("files/demo").unwrap();
    assert_eq!(file.read(1000).unwrap(), vec![7; 1000]);
    assert!(file.read(999).unwrap_err().reason().contains("is larger than 999 bytes"));
    let e = at.beside("moved").unwrap().read(1000).unwrap_err();
    assert!(e.reason().contains("302") && e.hint_text().is_some_and(|h| h.contains("redirections are not followed")), "{e}");
    assert!(at.beside("absent").unwrap().read(1000).unwrap_err().reason().contains("404"));
    assert!(
        Place::parse("http://127.0.0.1:1/index.json").read(10).unwrap_err().reason().contains("can't read http://127.0.0.1:1")
    );
}
