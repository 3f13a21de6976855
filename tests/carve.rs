//! The commands `carve` and `features`.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod cli;

use serde_json::{Value, json};
use std::fs;
use std::io::Write;
use tempfile::TempDir;

fn gzip(text: &[u8]) -> Vec<u8> {
    let mut packer = flate2::GzBuilder::new().filename("made.txt").write(Vec::new(), flate2::Compression::default());
    packer.write_all(text).unwrap();
    packer.finish().unwrap()
}

fn png() -> Vec<u8> {
    let chunk = |kind: &[u8], data: &[u8]| {
        let typed = [kind, data].concat();
        let mut crc = flate2::Crc::new();
        crc.update(&typed);
        [&u32::try_from(data.len()).unwrap().to_be_bytes()[..], &typed, &crc.sum().to_be_bytes()].concat()
    };
    let header = [&20u32.to_be_bytes()[..], &10u32.to_be_bytes(), &[8, 2, 0, 0, 0]].concat();
    [&b"\x89PNG\r\n\x1a\n"[..], &chunk(b"IHDR", &header), &chunk(b"IDAT", &[7; 9000]), &chunk(b"IEND", &[])].concat()
}

/// An image in which files lie at odd places, and what they are.
struct Lab {
    dir: TempDir,
    image: String,
    files: Vec<(u64, &'static str, Vec<u8>)>,
}

impl Lab {
    fn new() -> Self {
        let text: Vec<u8> = (0..20_000u32).map(|n| n.wrapping_mul(2_654_435_761).to_le_bytes()[2]).collect();
        let files = vec![(0x1fff, "png", png()), (0x5123, "gzip", gzip(&text)), (0x40_0001, "png", png())];
        let mut memory = vec![0u8; 6 << 20];
        for (at, _, bytes) in &files {
            let at = usize::try_from(*at).unwrap();
            memory[at..at + bytes.len()].copy_from_slice(bytes);
        }
        // One that somebody wrote over.
        memory[0x30_0000..0x30_0000 + 5000].copy_from_slice(&png()[..5000]);
        let text = b"\0write to root@example.org or http://example.org/x from 10.1.2.3\0";
        memory[0x50_0000..0x50_0000 + text.len()].copy_from_slice(text);
        let wide: Vec<u8> = "\0www.example.org at 10.1.2.3\0".encode_utf16().flat_map(u16::to_le_bytes).collect();
        memory[0x50_0ffc..0x50_0ffc + wide.len()].copy_from_slice(&wide);
        let dir = tempfile::tempdir().unwrap();
        let image = dir.path().join("memory.raw");
        fs::write(&image, &memory).unwrap();
        Self { image: image.to_str().unwrap().to_owned(), dir, files }
    }

    fn run(&self, words: &[&str]) -> cli::Run {
        cli::memsh(&[&[self.image.as_str(), "--format", "raw"], words].concat())
    }

    fn rows(&self, words: &[&str]) -> Vec<Value> {
        let run = self.run(&[words, &["--json"]].concat());
        assert_eq!(run.status, 0, "{words:?}: {}", run.stderr);
        serde_json::from_str(&run.stdout).unwrap()
    }
}

fn address(row: &Value) -> u64 {
    u64::from_str_radix(&row["address"].as_str().unwrap()[2..], 16).unwrap()
}

#[test]
fn files_come_out_as_they_went_in() {
    let lab = Lab::new();
    let out = lab.dir.path().join("out/files");
    let rows = lab.rows(&["carve", "-o", out.to_str().unwrap()]);
    assert_eq!(rows.len(), lab.files.len() + 1, "{rows:?}");
    for (at, kind, bytes) in &lab.files {
        let row = rows.iter().find(|r| address(r) == *at).unwrap();
        assert_eq!((&row["kind"], &row["size"], &row["state"]), (&json!(kind), &json!(bytes.len()), &json!("complete")));
        assert_eq!(&fs::read(row["path"].as_str().unwrap()).unwrap(), bytes);
        assert_eq!(row["sha256"], cli::sha256(bytes));
        assert_eq!((&row["space"], &row["pid"]), (&json!("phys"), &Value::Null));
    }
    let torn = rows.iter().find(|r| address(r) == 0x30_0000).unwrap();
    assert_eq!((&torn["state"], &torn["detail"]), (&json!("header only"), &json!("20x10, 8 bits")));
    // What is there stays, and that is told.
    let before: Vec<_> = fs::read_dir(&out).unwrap().map(|e| e.unwrap().metadata().unwrap().modified().unwrap()).collect();
    let again = lab.run(&["carve", "-o", out.to_str().unwrap(), "--json"]);
    assert!(again.status == 0 && again.stderr.contains("is not overwritten"), "{}", again.stderr);
    assert!(serde_json::from_str::<Vec<Value>>(&again.stdout).unwrap().iter().all(|r| r["path"].is_null()));
    let after: Vec<_> = fs::read_dir(&out).unwrap().map(|e| e.unwrap().metadata().unwrap().modified().unwrap()).collect();
    assert_eq!(before, after);
}

#[test]
fn kinds_numbers_and_ranges_are_chosen() {
    let lab = Lab::new();
    let all = lab.rows(&["carve", "--kind", "gzip,pe"]);
    assert_eq!(all.iter().map(|r| r["kind"].as_str().unwrap()).collect::<Vec<_>>(), ["gzip"]);
    assert_eq!(lab.rows(&["carve", "--max", "2"]).len(), 2);
    let range = lab.rows(&["carve", "--range", "0x400000", "0x500000"]);
    assert_eq!(range.iter().map(address).collect::<Vec<_>>(), [0x40_0001]);
    assert_eq!(lab.run(&["carve", "--kind", "nonsense"]).status, 2);
    assert_eq!(lab.rows(&["carve", "--where", "state == \"complete\""]).len(), lab.files.len());
}

#[test]
fn what_cant_be_written_costs_the_file_and_nothing_else() {
    let lab = Lab::new();
    // What can't be written: there is a folder of that name.
    let out = lab.dir.path().join("out");
    fs::create_dir(&out).unwrap();
    fs::create_dir(out.join("phys-0x5123.gz")).unwrap();
    let run = lab.run(&["carve", "-o", out.to_str().unwrap(), "--json"]);
    let rows: Vec<Value> = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(rows.len(), lab.files.len() + 1);
    assert_eq!(rows.iter().filter(|r| r["path"].is_null()).count(), 1);
    assert!(run.stderr.contains("phys-0x5123.gz"), "{}", run.stderr);
}

#[test]
fn a_process_has_its_program_in_one_piece() {
    let dir = tempfile::tempdir().unwrap();
    let words = ["carve", "-p", "1", "--kind", "elf", "--json", "-o", dir.path().to_str().unwrap()];
    let run = cli::sample(&words);
    assert_eq!(run.status, 0, "{}", run.stderr);
    let rows: Vec<Value> = serde_json::from_str(&run.stdout).unwrap();
    let program = rows.iter().find(|r| r["address"] == "0x400000").unwrap();
    assert_eq!((&program["pid"], &program["process"], &program["region"]), (&json!(1), &json!("lab"), &json!("/lab/lab")));
    assert!(program["detail"].as_str().unwrap().starts_with("program, x86_64"));
    let bytes = fs::read(program["path"].as_str().unwrap()).unwrap();
    let parsed = object::read::elf::ElfFile64::<object::Endianness>::parse(&*bytes);
    assert!(bytes.starts_with(b"\x7fELF") && (parsed.is_ok() || program["state"] != "complete"));
}

#[test]
fn features_are_counted() {
    let lab = Lab::new();
    let rows = lab.rows(&["features", "--range", "0x500000", "0x600000"]);
    let of = |kind: &str| -> Vec<(String, u64, u64)> {
        let rows = rows.iter().filter(|r| r["kind"] == kind);
        rows.map(|r| (r["value"].as_str().unwrap().to_owned(), r["count"].as_u64().unwrap(), r["utf16"].as_u64().unwrap()))
            .collect()
    };
    let one = |value: &str, count, utf16| (value.to_owned(), count, utf16);
    assert_eq!(of("email"), [one("root@example.org", 1, 0)]);
    assert_eq!(of("url"), [one("http://example.org/x", 1, 0)]);
    assert_eq!(of("domain"), [one("example.org", 2, 0), one("www.example.org", 1, 1)]);
    assert_eq!(of("ipv4"), [one("10.1.2.3", 2, 1)]);
    assert_eq!(rows.iter().find(|r| r["kind"] == "email").unwrap()["first"], "0x500001");
    assert_eq!(lab.rows(&["features", "--kind", "domain", "--top", "1"]).len(), 1);
    let few = lab.run(&["features", "--most", "2", "--json"]);
    assert!(few.stderr.contains("values beyond 2 different ones"), "{}", few.stderr);
    assert_eq!(serde_json::from_str::<Vec<Value>>(&few.stdout).unwrap().len(), 2);
}

#[test]
fn memory_full_of_beginnings_comes_to_an_end() {
    let dir = tempfile::tempdir().unwrap();
    let image = dir.path().join("hostile.raw");
    // Entries of an archive that never ends: to look for the end of each would take hours.
    let entry = [&b"PK\x03\x04\x14\0\x08\0\0\0"[..], &[0; 16], &[4, 0, 0, 0], b"name"].concat();
    fs::write(&image, entry.repeat((8 << 20) / entry.len())).unwrap();
    let run = cli::memsh(&[image.to_str().unwrap(), "--format", "raw", "carve", "--kind", "zip", "--max", "100000", "--jsonl"]);
    assert_eq!(run.status, 0, "{}", run.stderr);
    assert!(run.stderr.contains("which were not looked into"), "{}", run.stderr);
    assert!(run.stdout.lines().count() > 10);
}

#[test]
fn streams_that_unpack_to_very_much_come_to_an_end_and_all_else_is_found() {
    let dir = tempfile::tempdir().unwrap();
    let image = dir.path().join("hostile.raw");
    // Beginnings whose extra fields all lead to one stream of 64 MiB: some GiB to unpack. Behind them lies a picture.
    let packed = gzip(&vec![0; 64 << 20]);
    let stream = &packed[10 + "made.txt\0".len()..packed.len() - 8];
    let (count, size) = (100u16, 12);
    let beginnings: Vec<u8> = (0..count)
        .flat_map(|i| [&[0x1f, 0x8b, 8, 4, 0, 0, 0, 0, 0, 3][..], &((count - 1 - i) * size).to_le_bytes()].concat())
        .collect();
    fs::write(&image, [&[0; 4096][..], &beginnings, stream, &[0; 5000], &png(), &[0; 4096]].concat()).unwrap();
    let run = cli::memsh(&[image.to_str().unwrap(), "--format", "raw", "carve", "--jsonl"]);
    assert_eq!(run.status, 0, "{}", run.stderr);
    assert!(run.stderr.contains("places where a gzip stream may begin, which were not looked into"), "{}", run.stderr);
    let rows: Vec<Value> = run.stdout.lines().map(|l| serde_json::from_str(l).unwrap()).collect();
    let of = |kind: &str| rows.iter().filter(|r| r["kind"] == kind).count();
    assert!((16..30).contains(&of("gzip")), "{}", of("gzip"));
    assert_eq!(of("png"), 1);
}
