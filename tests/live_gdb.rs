//! Machines behind GDB stubs: a real QEMU with the sample in its RAM, and stubs of this file's own that break the protocol.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod cli;

use cli::memsh;
use memsh::PhysAddr;
use memsh::plugins::chain::{self, Access, Kind, LayerSpec};
use memsh_plugin::{PhysReadOp, PhysWriteOp, Status};
use serde_json::Value;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// A stopped or running QEMU with the sample's memory in it.
struct Qemu {
    child: Child,
    folder: tempfile::TempDir,
}

impl Qemu {
    /// None where there is no QEMU; a failure where there must be one.
    fn start(more: &[&str]) -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let raw = folder.path().join("sample.raw");
        let run = memsh(&["sample", "dump", "phys", "-o", raw.to_str().unwrap(), "--format", "raw"]);
        assert_eq!(run.status, 0, "{}", run.stderr);
        let child = Command::new("qemu-system-x86_64")
            .args(["-accel", "tcg", "-display", "none", "-nodefaults", "-m", "48"])
            .args(more)
            .args(["-device", &format!("loader,file={},addr=0,force-raw=on", raw.display())])
            .args(["-gdb", &format!("unix:{}/gdb,server=on,wait=off", folder.path().display())])
            .args(["-qmp", &format!("unix:{}/qmp,server=on,wait=off", folder.path().display())])
            .stdin(Stdio::null())
            .spawn();
        let child = match child {
            Ok(child) => child,
            Err(e) if std::env::var_os("MEMSH_REQUIRE_LIVE").is_some() => panic!("qemu-system-x86_64: {e}"),
            Err(e) => {
                eprintln!("skipped: qemu-system-x86_64: {e}");
                return None;
            }
        };
        let qemu = Self { child, folder };
        let end = Instant::now() + Duration::from_secs(60);
        while UnixStream::connect(qemu.path("qmp")).is_err() || !qemu.path("gdb").exists() {
            assert!(Instant::now() < end, "QEMU does not start");
            std::thread::sleep(Duration::from_millis(50));
        }
        Some(qemu)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn target(&self) -> String {
        format!("gdbstub:unix:{}", self.path("gdb").display())
    }

    /// The machine's state as QEMU's own protocol tells it: `running`, `paused`, `prelaunch`.
    fn state(&self) -> String {
        let mut qmp = UnixStream::connect(self.path("qmp")).unwrap();
        qmp.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        qmp.write_all(b"{\"execute\":\"qmp_capabilities\"}{\"execute\":\"query-status\"}").unwrap();
        let mut said = String::new();
        let mut buf = [0; 4096];
        loop {
            let n = qmp.read(&mut buf).unwrap();
            said.push_str(&String::from_utf8_lossy(&buf[..n]));
            if let Some((_, rest)) = said.split_once("\"status\": \"") {
                return rest.split('"').next().unwrap().to_owned();
            }
        }
    }
}

impl Drop for Qemu {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn json(words: &[&str]) -> Value {
    let all: Vec<&str> = words.iter().copied().chain(["--json"]).collect();
    let run = memsh(&all);
    assert_eq!(run.status, 0, "{words:?}: {}", run.stderr);
    serde_json::from_str(&run.stdout).unwrap()
}

#[test]
fn the_sample_in_qemu_answers_as_the_sample_does() {
    let Some(qemu) = Qemu::start(&["-S"]) else { return };
    let target = qemu.target();
    let begun = Instant::now();
    let there = json(&["-C", &target, "ps"]);
    eprintln!("ps over the stub: {:?}", begun.elapsed());
    assert_eq!(there, json(&["sample", "ps"]));
    let info = json(&["-C", &target, "info"]);
    assert_eq!(info["image"]["format"], "gdbstub");
    assert_eq!(info["image"]["memory_size"], 48 << 20);
    // It had not begun to run, and it has not now.
    assert_eq!(qemu.state(), "prelaunch");
    let maps = ["maps", "-p", "victim-a"];
    assert_eq!(json(&[&["-C", &target][..], &maps].concat()), json(&[&["sample"][..], &maps].concat()));
}

#[test]
fn a_machine_that_ran_runs_again() {
    let Some(qemu) = Qemu::start(&[]) else { return };
    assert_eq!(qemu.state(), "running");
    let run = memsh(&["-C", &qemu.target(), "read", "--phys", "0x1000", "-n", "16"]);
    assert_eq!(run.status, 0, "{}", run.stderr);
    assert!(run.stderr.contains("it goes on when memsh ends"), "{}", run.stderr);
    assert_eq!(qemu.state(), "running");
    let run = memsh(&["-C", &format!("{},pause", qemu.target()), "read", "--phys", "0x1000", "-n", "16"]);
    assert_eq!(run.status, 0, "{}", run.stderr);
    assert_eq!(qemu.state(), "paused");
}

fn opened(target: &str, write: bool) -> memsh::Result<memsh::image::Image> {
    let layers = [LayerSpec::new(Kind::Connector, target)];
    let access = Access { write, ..Access::default() };
    Ok(chain::open(None, &layers, &memsh::os::Hints::default(), &access)?.image)
}

fn write(image: &memsh::image::Image, at: u64, bytes: &[u8]) -> Status {
    let mut ops = [PhysWriteOp::new(PhysAddr::new(at), bytes)];
    image.memory.source().write((&mut ops[..]).into());
    ops[0].status
}

fn read(image: &memsh::image::Image, at: u64, len: usize) -> (Vec<u8>, Status) {
    let mut buf = vec![0xee; len];
    let mut ops = [PhysReadOp::new(PhysAddr::new(at), &mut buf)];
    image.memory.source().read((&mut ops[..]).into());
    let status = ops[0].status;
    (buf, status)
}

#[test]
fn writes_reach_the_machine_only_when_asked_for() {
    let Some(qemu) = Qemu::start(&["-S"]) else { return };
    let image = opened(&qemu.target(), false).unwrap();
    assert_eq!(write(&image, 0x20_0000, b"no"), Status::READ_ONLY);
    drop(image);
    let image = opened(&qemu.target(), true).unwrap();
    let bytes: Vec<u8> = (0..9000u32).map(|n| n.to_le_bytes()[0] ^ n.to_le_bytes()[1]).collect();
    assert_eq!(write(&image, 0x20_0ff3, &bytes), Status::DONE);
    assert_eq!(read(&image, 0x20_0ff3, 9000), (bytes, Status::DONE));
    // Beyond its end there is nothing to write to.
    assert_eq!(write(&image, (48 << 20) - 1, b"xx"), Status::MISSING);
    let (_, status) = read(&image, (48 << 20) - 8, 16);
    assert_eq!(status, Status::PARTIAL);
}

#[test]
fn registers_of_every_processor() {
    let Some(qemu) = Qemu::start(&["-S", "-smp", "3"]) else { return };
    let image = opened(&qemu.target(), false).unwrap();
    assert_eq!(image.cpus.len(), 3);
    assert_eq!(image.machine.as_deref(), Some("x86_64"));
    // A processor before its first instruction (Intel SDM volume 3, table 11-1): CR0 is 0x60000010, and there are no page tables.
    assert_eq!((image.cpus[0].cr0, image.cpus[0].root, image.cpus[0].efer), (Some(0x6000_0010), None, Some(0)));
    assert_eq!(image.cpus[0].instruction_pointer.unwrap().value(), 0xfff0);
}

// Stubs of this file's own.

fn packet(data: &[u8]) -> Vec<u8> {
    let sum = data.iter().fold(0u8, |s, b| s.wrapping_add(*b));
    [b"$", data, format!("#{sum:02x}").as_bytes()].concat()
}

/// What a stub does with a request.
type Answer = Box<dyn FnMut(&str, &mut TcpStream) -> bool + Send>;

/// A stub on a port of this machine; `answer` writes what goes back, and says whether to go on.
fn stub(mut answer: Answer) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        let Ok((mut stream, _)) = listener.accept() else { return };
        let (mut come, mut buf) = (Vec::new(), [0; 4096]);
        loop {
            while let Some(from) = come.iter().position(|b| matches!(b, b'$' | b'-')) {
                if come[from] == b'-' {
                    come.drain(..=from);
                    if !answer("-", &mut stream) {
                        return;
                    }
                    continue;
                }
                let Some(end) = come.iter().position(|b| *b == b'#').filter(|end| come.len() >= end + 3) else { break };
                let request = String::from_utf8_lossy(&come[from + 1..end]).into_owned();
                come.drain(..end + 3);
                if stream.write_all(b"+").is_err() || !answer(&request, &mut stream) {
                    return;
                }
            }
            match stream.read(&mut buf) {
                Ok(n) if n > 0 => come.extend(&buf[..n]),
                _ => return,
            }
        }
    });
    format!("127.0.0.1:{port}")
}

fn byte(at: u64) -> u8 {
    (at ^ (at >> 8) ^ (at >> 16)).to_le_bytes()[0]
}

/// What an honest stub with memory at `ranges` answers.
fn honest(request: &str, ranges: &[(u64, u64)]) -> Vec<u8> {
    if request.starts_with("qSupported") {
        return b"PacketSize=400".to_vec();
    }
    match request {
        "?" => b"T05thread:01;".to_vec(),
        "qqemu.PhyMemMode" => b"0".to_vec(),
        "Qqemu.PhyMemMode:1" | "Qqemu.PhyMemMode:0" | "D" => b"OK".to_vec(),
        _ => match request.strip_prefix('m').and_then(|r| r.split_once(',')) {
            Some((at, len)) => {
                let (at, len) = (u64::from_str_radix(at, 16).unwrap(), u64::from_str_radix(len, 16).unwrap());
                assert!(len <= 0x200, "{len:#x} bytes do not fit a packet");
                if ranges.iter().any(|(s, e)| at >= *s && at + len <= *e) {
                    (at..at + len).flat_map(|a| format!("{:02x}", byte(a)).into_bytes()).collect()
                } else {
                    b"E14".to_vec()
                }
            }
            None => Vec::new(),
        },
    }
}

const RANGES: &[(u64, u64)] = &[(0, 0x9_f000), (0x10_0000, 0x30_0000)];

fn to_all(bytes: Vec<u8>) -> Answer {
    Box::new(move |_, s| s.write_all(&bytes).is_ok())
}

/// As an honest stub, but what `other` gives for some requests.
fn but(mut other: impl FnMut(&str) -> Option<Vec<u8>> + Send + 'static) -> Answer {
    Box::new(move |request, s| {
        let bytes = other(request).unwrap_or_else(|| packet(&honest(request, RANGES)));
        s.write_all(&bytes).is_ok()
    })
}

fn failure(answer: Answer) -> String {
    let begun = Instant::now();
    let run = memsh(&["-C", &format!("gdbstub:{},timeout=700ms", stub(answer)), "read", "--phys", "0", "-n", "4"]);
    assert_ne!(run.status, 0, "{}", run.stdout);
    assert!(begun.elapsed() < Duration::from_secs(15), "{:?}", begun.elapsed());
    assert!(!run.stderr.contains("panicked"), "{}", run.stderr);
    run.stderr
}

#[test]
fn memory_is_found_by_reading_where_the_stub_does_not_tell() {
    let image = opened(&format!("gdbstub:{}", stub(but(|_| None))), false).unwrap();
    let found: Vec<(u64, u64)> = image.memory.ranges().iter().map(|r| (r.start.value(), r.start.value() + r.size)).collect();
    assert_eq!(found, RANGES);
    let (bytes, status) = read(&image, 0x9_eff0, 0x20);
    assert_eq!(status, Status::PARTIAL);
    assert!(bytes.iter().zip(0x9_eff0u64..).all(|(b, at)| *b == if at < 0x9_f000 { byte(at) } else { 0 }));
    let (bytes, status) = read(&image, 0x10_0003, 0x1_2345);
    assert_eq!(status, Status::DONE);
    assert!(bytes.iter().zip(0x10_0003..).all(|(b, at)| *b == byte(at)));
}

#[test]
fn what_is_given_is_not_looked_for_and_its_holes_fail() {
    let target = format!("gdbstub:{},ranges=0-0x2fffff", stub(but(|_| None)));
    let image = opened(&target, false).unwrap();
    let (bytes, status) = read(&image, 0x9_e000, 0x2000);
    assert_eq!(status, Status::PARTIAL);
    assert!(bytes.iter().zip(0x9_e000..).all(|(b, at)| *b == if at < 0x9_f000 { byte(at) } else { 0 }));
    assert_eq!(read(&image, 0xa_0000, 0x1000).1, Status::MISSING);
}

#[test]
fn short_answers_runs_and_late_stops_are_understood() {
    let mut n = 0;
    let odd = move |request: &str| {
        let plain = honest(request, RANGES);
        n += 1;
        let data = match request.as_bytes()[0] {
            // A stop that comes late, before the answer.
            b'm' if n % 7 == 0 => return Some([packet(b"T02thread:01;"), packet(&plain)].concat()),
            // Half of what was asked for.
            b'm' if n % 3 == 0 && plain.len() > 64 => plain[..64].to_vec(),
            // A run: the last digit five times.
            b'm' if plain.len() == 8 => b"0* 00".to_vec(),
            _ => return None,
        };
        Some(packet(&data))
    };
    let image = opened(&format!("gdbstub:{},size=0x9f000,inflight=8", stub(but(odd))), false).unwrap();
    for at in (0x2000..0x2400).step_by(0x100) {
        let (bytes, status) = read(&image, at, 0x100);
        assert_eq!(status, Status::DONE, "{at:#x}");
        assert!(bytes.iter().zip(at..).all(|(b, at)| *b == byte(at)), "{at:#x}");
    }
    // Six digits of a run of zeros are one byte short of what was asked for: the last is asked for by itself.
    assert_eq!(read(&image, 0x3000, 4).1, Status::DONE);
}

#[test]
fn damaged_answers_are_asked_for_again() {
    let mut n = 0;
    let mut last = Vec::new();
    let listener_answer: Answer = Box::new(move |request, s| {
        n += 1;
        if request != "-" {
            last = packet(&honest(request, RANGES));
        }
        let mut bytes = last.clone();
        if n % 5 == 0 && request.starts_with('m') {
            *bytes.last_mut().unwrap() ^= 1;
        }
        s.write_all(&bytes).is_ok()
    });
    let image = opened(&format!("gdbstub:{},size=0x9f000,inflight=4", stub(listener_answer)), false).unwrap();
    let (bytes, status) = read(&image, 0x4000, 0x4000);
    assert_eq!(status, Status::DONE);
    assert!(bytes.iter().zip(0x4000..).all(|(b, at)| *b == byte(at)));
}

#[test]
fn what_is_no_stub_is_told_as_such() {
    let said = failure(to_all(b"HTTP/1.1 400 Bad Request\r\n\r\n".repeat(4000)));
    assert!(said.contains("does not speak the GDB protocol"), "{said}");
    let said = failure(to_all(Vec::new()));
    assert!(said.contains("did not answer within 0.7 s"), "{said}");
    let said = failure(Box::new(|_, _| false));
    assert!(said.contains("closed the connection"), "{said}");
    let said = failure(to_all(b"$OK#00".to_vec()));
    assert!(said.contains("damaged") || said.contains("did not answer"), "{said}");
    // Acknowledgements and nothing else.
    let said = failure(Box::new(|_, s| {
        while s.write_all(&[b'+'; 65536]).is_ok() {}
        false
    }));
    assert!(said.contains("did not answer within"), "{said}");
    // A packet without an end.
    let said = failure(Box::new(|_, s| {
        s.write_all(b"$").unwrap();
        while s.write_all(&[b'0'; 65536]).is_ok() {}
        false
    }));
    assert!(said.contains("a packet of more than"), "{said}");
    let said = memsh(&["-C", "gdbstub:127.0.0.1:1,timeout=1s", "ps"]).stderr;
    assert!(said.contains("connecting to 127.0.0.1:1 failed") && said.contains("refused"), "{said}");
    let said = memsh(&["-C", "gdbstub:unix:/nonexistent/gdb", "ps"]).stderr;
    assert!(said.contains("unix:/nonexistent/gdb"), "{said}");
}

#[test]
fn a_stub_that_lies_about_lengths_is_not_believed() {
    let long = |request: &str| request.starts_with('m').then(|| packet(&[b'4'; 2048]));
    let image = opened(&format!("gdbstub:{},size=64k", stub(but(long))), false).unwrap();
    let (bytes, status) = read(&image, 0, 16);
    assert_eq!((bytes, status), (vec![0; 16], Status::FAILED));
    // An answer everywhere, also where no memory can be.
    let said = failure(but(|request| request.starts_with('m').then(|| packet(b"00"))));
    assert!(said.contains("where no memory can be") && said.contains("size="), "{said}");
    // No answer anywhere.
    let said = failure(but(|request| request.starts_with('m').then(|| packet(b"E01"))));
    assert!(said.contains("reads nothing at any address"), "{said}");
}

#[test]
fn a_description_without_end_ends() {
    let endless = move |request: &str| {
        if request.starts_with("qSupported") {
            return Some(packet(b"PacketSize=4000;qXfer:features:read+"));
        }
        let file = request.strip_prefix("qXfer:features:read:")?;
        // Each file includes two more.
        let name = file.split(':').next().unwrap();
        Some(packet(format!("l<xi:include href=\"{name}a\"/><xi:include href=\"{name}b\"/>").as_bytes()))
    };
    let image = opened(&format!("gdbstub:{},size=64k", stub(but(endless))), false).unwrap();
    assert!(image.cpus.is_empty());
}

#[test]
fn a_connection_that_breaks_leaves_what_was_read() {
    let mut reads = 0;
    let cut: Answer = Box::new(move |request, s| {
        reads += u32::from(request.starts_with('m'));
        reads < 20 && s.write_all(&packet(&honest(request, RANGES))).is_ok()
    });
    let target = format!("gdbstub:{},size=0x9f000,inflight=1", stub(cut));
    let run = memsh(&["-C", &target, "read", "--phys", "0x1000", "-n", "64k"]);
    assert!(run.stderr.contains("the stub closed the connection"), "{}", run.stderr);
    assert_eq!(run.status, 0, "{}", run.stderr);
    assert!(run.stderr.contains("partial"), "{}", run.stderr);
    assert!(run.stdout.starts_with("0x1000") || run.stdout.contains("1000"), "{}", run.stdout);
}

#[test]
fn a_stub_without_physical_memory_says_what_is_possible() {
    let virtual_only = |request: &str| request.starts_with("qqemu").then(|| packet(b""));
    let said = failure(but(virtual_only));
    assert!(said.contains("virtual addresses") && said.contains("direct=ADDRESS"), "{said}");
    // The kernel's map of all memory at 0x1000: physical 0x2000 is at 0x3000.
    let image = opened(&format!("gdbstub:{},direct=0x1000,size=64k", stub(but(virtual_only))), false).unwrap();
    let (bytes, status) = read(&image, 0x2000, 16);
    assert_eq!(status, Status::DONE);
    assert!(bytes.iter().zip(0x3000..).all(|(b, at)| *b == byte(at)));
    let target = format!("gdbstub:{},space=virtual,ranges=0x100000+1m", stub(but(virtual_only)));
    let run = memsh(&["-C", &target, "read", "0x100010", "-n", "4", "--raw"]);
    assert_eq!(run.status, 0, "{}", run.stderr);
    let image =
        opened(&target.replace(target.split(',').next().unwrap(), &format!("gdbstub:{}", stub(but(virtual_only)))), false);
    let (bytes, status) = read(&image.unwrap(), 0x10_0010, 4);
    assert_eq!((bytes, status), ((0x10_0010..0x10_0014).map(byte).collect(), Status::DONE));
    let run = memsh(&["-C", "gdbstub::1,space=virtual", "ps"]);
    assert!(run.stderr.contains("space=virtual needs ranges="), "{}", run.stderr);
}

/// Only to be sure that a path can be one of a socket beside a file.
#[test]
fn an_ordinary_file_is_no_socket() {
    let run =
        memsh(&["-C", &format!("gdbstub:unix:{}", Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml").display()), "ps"]);
    assert_ne!(run.status, 0);
    assert!(run.stderr.contains("connecting to unix:"), "{}", run.stderr);
}
