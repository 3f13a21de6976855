//! Images over HTTP and S3, against a server of this test's own on the loopback.
#![cfg(all(feature = "http", feature = "cli"))]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::cast_possible_truncation, clippy::panic, reason = "tests")]

mod builders;
mod cli;
mod server;

use builders::elf::{Elf, load, note, notes, qemu_cpu};
use builders::kdump::{Kdump, Page, flattened};
use builders::lime::{header, lime};
use builders::{crashdump, pattern};
use memsh::image::{Image, OpenOptions, open, open_bytes, sample};
use memsh::{Error, ErrorKind, PhysAddr, Result, umem};
use server::{Habit, Server};
use std::path::Path;

fn options(format: Option<&str>) -> OpenOptions {
    OpenOptions { format: format.map(str::to_owned), ..OpenOptions::default() }
}

fn fetched(url: &str) -> Result<Image> {
    open(Path::new(url), &options(None))
}

/// The error's reason and hint in one text.
fn refused(url: &str) -> (ErrorKind, String) {
    let e: Error = fetched(url).map(|i| panic!("opened as {}", i.facts.format)).unwrap_err();
    (e.kind(), format!("{} | {}", e, e.hint_text().unwrap_or("-")))
}

/// All memory of an image, range by range, with what could not be read.
fn memory(image: &Image) -> Vec<(umem, Vec<u8>, usize)> {
    let read = |r: &memsh_plugin::MemoryRange| {
        let mut buf = vec![0; r.size as usize];
        let gaps = image.memory.read_gaps(r.start, &mut buf);
        (r.start.value(), buf, gaps.as_slice().len())
    };
    image.memory.ranges().iter().map(read).collect()
}

/// Opened from a server and from memory, a file is the same image: what the parser did not get would show.
fn same(what: &str, file: &[u8]) -> Image {
    let server = Server::start(file.to_vec());
    let (far, near) = (fetched(&server.url("mem.bin")).unwrap(), open_bytes(file.to_vec(), "mem.bin", &options(None)).unwrap());
    assert!(server.bytes() < file.len() as u64 / 2, "{what}: {} of {} bytes to open it", server.bytes(), file.len());
    let facts = |i: &Image| {
        let details: Vec<_> = i.facts.details.iter().filter(|(n, _)| n != "runs").cloned().collect();
        (i.facts.format.clone(), i.facts.size, i.facts.memory_size, i.facts.ranges.clone(), i.facts.warnings.clone(), details)
    };
    assert_eq!(facts(&far), facts(&near), "{what}");
    assert_eq!((&far.vmcoreinfo, &far.cpus, &far.machine), (&near.vmcoreinfo, &near.cpus, &near.machine), "{what}");
    assert_eq!(format!("{:?}", far.windows), format!("{:?}", near.windows), "{what}");
    assert!(memory(&far) == memory(&near), "{what}: memory differs");
    assert_eq!(far.damage(), near.damage(), "{what}");
    far
}

/// The same for a file that is refused.
fn both_refused(what: &str, file: &[u8]) {
    let server = Server::start(file.to_vec());
    let far = fetched(&server.url("mem.bin")).map(|i| panic!("{what}: opened as {}", i.facts.format)).unwrap_err();
    let near = open_bytes(file.to_vec(), "mem.bin", &options(None)).map(|_| panic!("{what}")).unwrap_err();
    assert_eq!(far.to_string(), near.to_string(), "{what}");
}

/// More than is fetched whole.
const MUCH: usize = 4 << 20;

fn core() -> Elf {
    let vmcoreinfo = note("VMCOREINFO", 0, b"OSRELEASE=6.1.0\nPAGESIZE=4096\n");
    let cpus = qemu_cpu(0xffff_ffff_8100_0000, 0x8005_0033, 0x1000, 0x6f0);
    // The notes behind the memory: far from the header.
    Elf::core(vec![load(0x1000, &pattern(MUCH, 1)), load(0x100_0000, &pattern(MUCH / 2 + 123, 2)), notes(&[vmcoreinfo, cpus])])
}

#[test]
fn elf_cores_are_the_same_from_far() {
    let image = same("64-bit", &core().build());
    assert_eq!(image.cpus.len(), 1);
    assert!(image.vmcoreinfo.is_some());
    same("program headers elsewhere, their number in a section", &Elf { sections: true, ..core() }.build());
    same(
        "32-bit, big-endian",
        &Elf { wide: false, big: true, machine: 8, segments: core().segments[..2].to_vec(), ..core() }.build(),
    );
    let mut cut = core().build();
    cut.truncate(MUCH + 5000);
    same("cut", &cut);
    same("more segments than are there", &Elf { count: Some(9), ..core() }.build());
    let mut lie = core();
    lie.segments[2].in_file = Some(1 << 40);
    same("notes past the end", &lie.build());
    lie.segments[2].offset = Some(u64::MAX - 8);
    same("notes at the end of the world", &lie.build());
    both_refused("a program", &Elf { kind: 2, ..core() }.build());
    both_refused("no segments of this size", &{
        let mut file = core().build();
        file[54] = 8;
        file
    });
}

#[test]
fn lime_is_the_same_from_far() {
    let ranges: Vec<(u64, Vec<u8>)> = (0..40).map(|i| (i * 0x10_0000, pattern(0x4_0000 + i as usize, i + 1))).collect();
    let file = lime(&ranges.iter().map(|(a, d)| (*a, &d[..])).collect::<Vec<_>>());
    same("40 ranges", &file);
    same("cut inside a range", &file[..file.len() - 9]);
    let mut bad = file.clone();
    let at = 20 * 0x4_0020 + (0..20).sum::<usize>();
    bad[at + 4] = 9;
    let image = same("a header of another version in the middle", &bad);
    assert!(image.facts.warnings[0].contains("version 9"), "{:?}", image.facts.warnings);
    let mut long = file;
    long.splice(at + 16..at + 24, u64::MAX.to_le_bytes());
    same("a range without an end", &long);
}

#[test]
fn crash_dumps_are_the_same_from_far() {
    for wide in [false, true] {
        same("full", &crashdump::full(wide, &[(1, 0x9e), (0x100, 0x400)]).build());
        let held: Vec<u64> = (0..2000u64).filter(|n| n % 7 != 3).collect();
        for kind in [2, 5, 6] {
            same("bitmap", &crashdump::bitmap(wide, kind, &held, 40_000).build());
        }
        same("the older bitmap", &crashdump::summary(wide, &held, 40_000).build());
    }
    // A bitmap that does not fit into what is fetched first.
    let spread: Vec<u64> = (0..2000u64).map(|n| n / 50 * 45_000 + n % 50).collect();
    let image = same("a long bitmap", &crashdump::bitmap(true, 5, &spread, 2_000_000).build());
    assert_eq!((image.facts.ranges.len(), image.facts.memory_size), (40, 2000 * 4096));
    for kind in [8, 9, 10] {
        same("ranges", &crashdump::ranges(kind, &[(1, 0x9e), (0x100, 0x400)]).build());
    }
}

fn page(n: u64) -> Vec<u8> {
    let mut data = pattern(4096, n + 1);
    data[1024..3072].fill(n as u8);
    data
}

fn kdump(pages: u64, packed: bool) -> Kdump {
    let one = |n: u64| if packed { Page::Zlib(page(n)) } else { Page::Raw(page(n)) };
    let numbers = (0..pages).map(|n| n + n / 50 * 30);
    Kdump {
        status: u32::from(packed),
        vmcoreinfo: b"OSRELEASE=6.1.0\nPAGESIZE=4096\n".to_vec(),
        notes: qemu_cpu(0xffff_ffff_8100_0000, 0x8005_0033, 0x1000, 0x6f0),
        ..Kdump::new(numbers.map(|n| (n, one(n))))
    }
}

#[test]
fn kdump_is_the_same_from_far() {
    same("pages as they are", &kdump(1500, false).build());
    let file = kdump(1500, true).build();
    let image = same("packed pages", &file);
    assert!(image.vmcoreinfo.is_some());
    let image = same("cut", &file[..file.len() - 100_000]);
    assert!(image.facts.warnings.iter().any(|w| w.contains("cut short")), "{:?}", image.facts.warnings);
}

#[test]
fn raw_memory_is_the_same_from_far() {
    same("raw", &pattern(MUCH, 1));
    same("raw, not in whole pages", &pattern(MUCH + 77, 2));
    // What looks like a program by its first two bytes alone.
    let mut memory = pattern(MUCH, 3);
    memory[..2].copy_from_slice(b"MZ");
    memory[0x3c..0x40].copy_from_slice(&(MUCH as u32 / 2).to_le_bytes());
    same("raw that begins like a program", &memory);
    memory[MUCH / 2..MUCH / 2 + 4].copy_from_slice(b"PE\0\0");
    both_refused("a program", &memory);
    let server = Server::start(pattern(MUCH, 1));
    let far =
        |base: u64| open(Path::new(&server.url("a.raw")), &OpenOptions { base: Some(PhysAddr::new(base)), ..options(None) });
    let moved = far(0).unwrap().rebased(PhysAddr::new(0x8000_0000)).unwrap();
    assert!(memory_at(&moved, 0x8000_1000) == pattern(MUCH, 1)[0x1000..0x2000]);
    assert!(memory_at(&far(0x4000).unwrap(), 0x4000) == pattern(MUCH, 1)[..0x1000]);
}

fn memory_at(image: &Image, at: u64) -> Vec<u8> {
    let mut buf = vec![0; 4096];
    image.memory.read(PhysAddr::new(at), &mut buf).unwrap();
    buf
}

#[test]
fn a_small_file_of_any_format_is_fetched_whole() {
    let server = Server::start(flattened(&kdump(40, true).build(), 5000));
    let image = fetched(&server.url("small.flat")).unwrap();
    assert_eq!((image.facts.format.as_str(), image.facts.memory_size), ("kdump", 40 * 4096));
    let core = Elf::core(vec![load(0x1000, &pattern(8192, 1))]).build();
    let server = Server::start(core);
    assert_eq!(memory_at(&fetched(&server.url("small.elf")).unwrap(), 0x1000), pattern(8192, 1)[..4096]);
}

#[test]
fn what_must_be_there_as_a_whole_is_refused() {
    let mut packed = vec![0x1f, 0x8b, 8];
    packed.extend(pattern(MUCH, 1));
    let mut avml = header(0x4c4d_5641, 2, 0, MUCH as u64 - 1);
    avml.extend(pattern(MUCH, 1));
    let mut mixed = lime(&[(0, &pattern(MUCH, 1))]);
    mixed.extend(header(0x4c4d_5641, 2, 0x100_0000, 0x100_0fff));
    mixed.extend(pattern(5000, 1));
    let mut code = load(0, &pattern(MUCH, 1));
    code.virt = 0x40_0000;
    let process = Elf::core(vec![code, notes(&[note("CORE", 0x4649_4c45, &[0; 16])])]);
    for (what, file) in [
        ("compressed with gzip", packed),
        ("in the format avml", avml),
        ("in the format avml", mixed),
        ("a flattened dump", flattened(&kdump(1500, true).build(), 50_000)),
        ("core of a process", process.build()),
    ] {
        let server = Server::start(file);
        let (kind, text) = refused(&server.url("mem.bin"));
        assert!(kind == ErrorKind::Unsupported && text.contains(what) && text.contains("curl -O"), "{what}: {text}");
        assert!(server.bytes() < 1 << 20, "{what}: {} bytes for that", server.bytes());
    }
}

#[test]
fn the_server_must_know_ranges_and_stay_where_it_is() {
    for (habit, kind, says) in [
        (Habit::NoRanges, ErrorKind::Io, "it knows no ranges"),
        (Habit::Redirect, ErrorKind::Io, "redirects to http://127.0.0.1:1/elsewhere (302 Found): name that URL"),
        (Habit::Status("404 Not Found"), ErrorKind::NotFound, "answers 404 Not Found"),
        (Habit::Status("403 Forbidden"), ErrorKind::Io, "answers 403 Forbidden: AccessDenied: no | https://USER:PASSWORD"),
        (Habit::Status("503 Slow Down"), ErrorKind::Io, "answers 503"),
        (Habit::TooLong, ErrorKind::Io, "more than the 65536 bytes"),
        (Habit::OtherRange, ErrorKind::Io, "Requested 0..65536, got 1..65537"),
        (Habit::Short, ErrorKind::Io, "after"),
    ] {
        let server = Server::start(pattern(MUCH, 1)).with(habit.clone());
        let (was, text) = refused(&format!("{}?X-Amz-Signature=secret", server.url("a.raw")));
        assert!(was == kind && text.contains(says), "{habit:?}: {was:?} {text}");
        assert!(!text.contains("secret"), "{text}");
    }
    let empty = Server::start(Vec::new());
    assert!(refused(&empty.url("a.raw")).1.contains("is empty (0 bytes)"));
    let absurd = Server::start(pattern(MUCH, 1)).with(Habit::Size(u64::MAX - 1));
    let (_, text) = refused(&absurd.url("a.raw"));
    assert!(text.contains("says that the file has 18446744073709551614 bytes"), "{text}");
}

#[test]
fn a_file_that_changes_is_not_read_on() {
    for habit in [Habit::OtherTag, Habit::Precondition, Habit::Size(MUCH as u64 + 4096)] {
        let server = Server::start(pattern(MUCH, 1));
        let image = fetched(&server.url("a.raw")).unwrap();
        memory_at(&image, 0x10_0000);
        assert_eq!((image.changed(), image.damage()), (None, None));
        let server = server.with(habit.clone());
        let mut buf = [0; 4096];
        assert!(image.memory.read(PhysAddr::new(0x20_0000), &mut buf).is_err(), "{habit:?}");
        assert!(image.changed().unwrap().contains("changed since it was opened"), "{habit:?}");
        // It does not help that it is itself again: nobody knows what it was meanwhile.
        let server = server.with(Habit::Right);
        assert!(image.memory.read(PhysAddr::new(0x30_0000), &mut buf).is_err(), "{habit:?}");
        assert_eq!(memory_at(&image, 0x10_0000), pattern(MUCH, 1)[0x10_0000..0x10_1000], "what was read before stands");
        drop(server);
    }
}

#[test]
fn what_can_t_be_fetched_is_missing_and_told_and_may_come_back() {
    let server = Server::start(pattern(MUCH, 1));
    let image = fetched(&server.url("a.raw")).unwrap();
    let server = server.with(Habit::Status("500 Internal Server Error"));
    let mut buf = [7; 4096];
    let begun = std::time::Instant::now();
    for i in 0..100u64 {
        assert!(image.memory.read(PhysAddr::new(0x20_0000 + i * 0x1000), &mut buf).is_err());
    }
    assert!(begun.elapsed().as_secs() < 20, "a server that fails is not asked for each page");
    let damage = image.damage().unwrap();
    assert!(damage.contains("0x200000") && damage.contains("answers 500 Internal Server Error"), "{damage}");
    assert_eq!(image.changed(), None);
    let _server = server.with(Habit::Right);
    std::thread::sleep(std::time::Duration::from_secs(3));
    assert_eq!(memory_at(&image, 0x20_0000), pattern(MUCH, 1)[0x20_0000..0x20_1000]);
}

#[test]
fn an_answer_that_breaks_off_is_asked_for_again() {
    let server = Server::start(pattern(MUCH, 1)).with(Habit::BreakOff);
    let image = fetched(&server.url("a.raw")).unwrap();
    let mut all = vec![0; MUCH];
    image.memory.read(PhysAddr::NULL, &mut all).unwrap();
    assert!(all == pattern(MUCH, 1));
    assert_eq!(image.damage(), None);
}

#[test]
fn user_and_password_are_sent_and_not_shown() {
    let server = Server::start(pattern(MUCH, 1));
    let url = server.url("a.raw").replace("http://", "http://me:secret@");
    let image = fetched(&url).unwrap();
    assert!(server.heads().iter().all(|h| h.contains("authorization: Basic bWU6c2VjcmV0")), "{:?}", server.heads());
    assert!(!format!("{:?}", image.facts).contains("secret"));
}

/// 1 GiB with the sample's memory at its beginning, as a raw file.
fn gibibyte() -> Server {
    let image = sample(&OpenOptions::default()).unwrap();
    let mut memory = vec![0; image.facts.memory_size as usize];
    image.memory.read(PhysAddr::NULL, &mut memory).unwrap();
    Server::padded(memory, 1 << 30)
}

#[test]
fn info_and_ps_of_a_gibibyte_fetch_a_twentieth_of_it() {
    let server = gibibyte();
    let expected = cli::sample(&["ps"]).stdout;
    for command in ["info", "ps"] {
        let before = server.bytes();
        let run = cli::memsh(&[&server.url("case/mem.raw"), command]);
        assert_eq!((run.status, run.stderr.as_str()), (0, ""), "{command}");
        let bytes = server.bytes() - before;
        assert!(bytes < (1 << 30) / 20, "{command}: {bytes} bytes");
        match command {
            "ps" => assert_eq!(run.stdout, expected),
            _ => assert!(run.stdout.contains("1G in the file") && run.stdout.contains("6.1.192-lab-tiny"), "{}", run.stdout),
        }
    }
    assert!(server.heads().iter().all(|h| h.starts_with("GET /case/mem.raw HTTP/1.1")), "no other request");
}

#[test]
fn no_proxy_of_the_environment_is_used() {
    let server = Server::start(pattern(MUCH, 1));
    let other = Server::start(pattern(MUCH, 1));
    let proxy = other.url("");
    let names = ["http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"];
    let run = cli::with_environment(&[&server.url("a.raw"), "hash", "--json"], &names.map(|n| (n, proxy.as_str())));
    assert_eq!(run.stderr, "");
    assert_eq!(other.heads().len(), 0);
    // The whole file's hash, at that.
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), pattern(MUCH, 1)).unwrap();
    let near = cli::memsh(&[file.path().to_str().unwrap(), "hash", "--json"]);
    let sum = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap()["sha256"].clone();
    assert!(sum(&run.stdout).is_string());
    assert_eq!(sum(&run.stdout), sum(&near.stdout));
}

#[test]
fn a_bucket_is_read_with_keys_or_without() {
    let server = Server::start(pattern(MUCH, 1));
    let endpoint = server.url("");
    let endpoint = endpoint.trim_end_matches('/');
    let words = ["s3://evidence/case 7/mem.raw", "read", "--phys", "0x1000", "16", "--raw"];
    // A name that nothing answers: were it asked for keys, this would take long and fail.
    let base = [("AWS_ENDPOINT_URL", endpoint), ("AWS_REGION", "eu-central-1"), ("AWS_METADATA_ENDPOINT", "http://127.0.0.1:1")];
    let run = cli::with_environment(&words, &base);
    assert_eq!(run.stderr, "");
    let heads = server.heads();
    assert!(!heads.is_empty() && heads.iter().all(|h| h.starts_with("GET /evidence/case%207/mem.raw HTTP/1.1")), "{heads:?}");
    assert!(heads.iter().all(|h| !h.contains("authorization")), "{heads:?}");
    let keys = [("AWS_ACCESS_KEY_ID", "me"), ("AWS_SECRET_ACCESS_KEY", "secret"), ("AWS_SESSION_TOKEN", "token")];
    let run = cli::with_environment(&words, &[&base[..], &keys[..]].concat());
    assert_eq!(run.stderr, "");
    let signed = &server.heads()[heads.len()..];
    let parts =
        ["authorization: AWS4-HMAC-SHA256 Credential=me/", "/eu-central-1/s3/aws4_request", "x-amz-security-token: token"];
    assert!(!signed.is_empty() && signed.iter().all(|h| parts.iter().all(|p| h.contains(p))), "{signed:?}");
    let run = cli::with_environment(&words, &[&base[..], &keys[..1]].concat());
    assert!(run.status != 0 && run.stderr.contains("AWS_SECRET_ACCESS_KEY is not"), "{}", run.stderr);
}

#[test]
fn what_lacks_a_part_is_no_url() {
    for (url, what) in [("http://", "host"), ("http:///x", "host"), ("s3://", "bucket"), ("s3://b", "key"), ("s3://b/", "key")] {
        let (kind, text) = refused(url);
        assert!(kind == ErrorKind::Invalid && text.contains(&format!("names no {what}")), "{url}: {text}");
    }
}

#[test]
fn a_part_of_a_split_file_is_told() {
    let server = Server::start(pattern(MUCH, 1));
    let image = fetched(&server.url("mem.raw.001")).unwrap();
    assert!(image.facts.warnings.iter().any(|w| w.contains("one part of a split file")), "{:?}", image.facts.warnings);
}

/// Headers with wrong numbers: what the parser says of the file it says of the skeleton too, or the file is refused.
#[test]
fn broken_headers_are_the_same_from_far() {
    let held: Vec<u64> = (0..1000u64).filter(|n| n % 7 != 3).collect();
    let ranges: Vec<(u64, Vec<u8>)> = (0..8).map(|i| (i * 0x10_0000, pattern(0x8_0000, i + 1))).collect();
    let files: [(Vec<u8>, &[std::ops::Range<usize>]); 5] = [
        (core().build(), &[4..24, 32..64, 64..64 + 3 * 56]),
        (lime(&ranges.iter().map(|(a, d)| (*a, &d[..])).collect::<Vec<_>>()), &[4..24, 0x8_0020..0x8_0020 + 24]),
        (crashdump::bitmap(true, 5, &held, 40_000).build(), &[0xf98..0xf9c, 0x2000..0x2040]),
        (crashdump::ranges(10, &[(1, 0x9e), (0x100, 0x400)]).build(), &[0xf98..0xf9c, 0x2000..0x2050]),
        (kdump(1500, true).build(), &[8..12, 400..464, 4096..4200]),
    ];
    for (n, (file, places)) in files.into_iter().enumerate() {
        let noise = pattern(400, n as u64 + 1);
        for (i, pair) in noise.chunks_exact(2).take(60).enumerate() {
            let mut bad = file.clone();
            let place = places[i % places.len()].clone();
            let at = place.start + usize::from(pair[0]) % place.len();
            bad[at] = match i % 4 {
                0 => 0xff,
                1 => 0,
                2 => bad[at].wrapping_add(1),
                _ => pair[1],
            };
            let server = Server::start(bad.clone());
            let (far, near) = (fetched(&server.url("mem.bin")), open_bytes(bad, "mem.bin", &options(None)));
            let what = format!("file {n}, byte {at:#x}");
            match (far, near) {
                (Ok(far), Ok(near)) => {
                    assert_eq!(far.facts.ranges, near.facts.ranges, "{what}");
                    assert_eq!(far.facts.warnings, near.facts.warnings, "{what}");
                    assert_eq!((&far.vmcoreinfo, &far.cpus), (&near.vmcoreinfo, &near.cpus), "{what}");
                }
                (Err(far), near) => {
                    let own = far.kind() == ErrorKind::Unsupported
                        && ["piece by piece", "would have to be fetched"].iter().any(|t| far.reason().contains(t));
                    assert!(own || near.err().map(|e| e.to_string()) == Some(far.to_string()), "{what}: {far}");
                }
                (Ok(_), Err(near)) => panic!("{what}: opened, but {near}"),
            }
        }
    }
}
