//! `memsh serve` and `-C remote` on this machine's loopback, with the sample behind them, and peers that break the rules.
#![cfg(feature = "remote")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod cli;

use cli::memsh;
use memsh::PhysAddr;
use memsh::image::Image;
use memsh::plugins::chain::{self, Access, Kind, LayerSpec};
use memsh_plugin::{PhysReadOp, PhysWriteOp, Status};
use serde_json::Value;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

const TOKEN: &str = "a token that is long enough";

/// A running `memsh .. serve`.
struct Server {
    child: Child,
    folder: tempfile::TempDir,
    address: String,
    fingerprint: String,
    said: Arc<std::sync::Mutex<String>>,
}

impl Server {
    fn start(target: &[&str], more: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let token = folder.path().join("token");
        std::fs::write(&token, format!("{TOKEN}\n")).unwrap();
        let mut child = Command::new(assert_cmd::cargo::cargo_bin("memsh"))
            .env("XDG_CACHE_HOME", "/dev/null")
            .args(target)
            .args(["serve", "--listen", "127.0.0.1:0", "--token-file", token.to_str().unwrap()])
            .args(more)
            .stdin(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let (mut address, mut fingerprint) = (String::new(), String::new());
        for line in lines.by_ref() {
            let line = line.unwrap();
            if let Some(at) = line.strip_prefix("listening on ") {
                at.clone_into(&mut address);
            } else if let Some(print) = line.strip_prefix("fingerprint ") {
                print.clone_into(&mut fingerprint);
            } else if line.starts_with("serving ") {
                break;
            }
        }
        assert_eq!(fingerprint.len(), 64, "{address}");
        let said = Arc::new(std::sync::Mutex::new(String::new()));
        let hears = Arc::clone(&said);
        std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                hears.lock().unwrap().push_str(&format!("{line}\n"));
            }
        });
        Self { child, folder, address, fingerprint, said }
    }

    fn token(&self) -> PathBuf {
        self.folder.path().join("token")
    }

    fn target_at(&self, address: &str) -> String {
        format!("remote:{address},token-file={},fingerprint={},timeout=5s", self.token().display(), self.fingerprint)
    }

    fn target(&self) -> String {
        self.target_at(&self.address)
    }

    fn heard(&self, what: &str) {
        let end = Instant::now() + Duration::from_secs(10);
        while !self.said.lock().unwrap().contains(what) {
            assert!(Instant::now() < end, "{what}: {}", self.said.lock().unwrap());
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Server {
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

fn opened(target: &str, write: bool) -> memsh::Result<Image> {
    let layers = [LayerSpec::new(Kind::Connector, target)];
    let access = Access { write, ..Access::default() };
    Ok(chain::open(None, &layers, &memsh::os::Hints::default(), &access)?.image)
}

fn read(image: &Image, at: u64, len: usize) -> (Vec<u8>, Status) {
    let mut buf = vec![0xee; len];
    let mut ops = [PhysReadOp::new(PhysAddr::new(at), &mut buf)];
    image.memory.source().read((&mut ops[..]).into());
    let status = ops[0].status;
    (buf, status)
}

/// What the library says where it refuses, with its hint.
fn refused(target: &str) -> String {
    let e = opened(target, false).map(|_| ()).unwrap_err();
    format!("{e} | {}", e.hint_text().unwrap_or("-"))
}

#[test]
fn the_sample_from_afar_answers_as_the_sample_does() {
    let server = Server::start(&["sample"], &[]);
    let target = server.target();
    let begun = Instant::now();
    assert_eq!(json(&["-C", &target, "ps"]), json(&["sample", "ps"]));
    eprintln!("ps from afar and here: {:?}", begun.elapsed());
    let info = json(&["-C", &target, "info"]);
    assert_eq!((info["image"]["format"].as_str(), info["image"]["memory_size"].as_u64()), (Some("remote"), Some(48 << 20)));
    server.heard("gone");
}

#[test]
fn two_clients_at_once() {
    let server = Server::start(&["sample"], &[]);
    let target = server.target();
    let here = json(&["sample", "maps", "-p", "victim-a"]);
    std::thread::scope(|scope| {
        let two = [0; 2].map(|_| scope.spawn(|| json(&["-C", &target, "maps", "-p", "victim-a"])));
        for client in two {
            assert_eq!(client.join().unwrap(), here);
        }
    });
}

#[test]
fn strangers_are_sent_away() {
    let server = Server::start(&["sample"], &[]);
    let wrong = server.folder.path().join("wrong");
    std::fs::write(&wrong, "another token of some length").unwrap();
    let (at, print) = (&server.address, &server.fingerprint);
    let said = refused(&format!("remote:{at},fingerprint={print},token-file={}", wrong.display()));
    assert!(said.contains("the server refused: the token is wrong"), "{said}");
    server.heard("the token is wrong");
    let other = format!("{:064x}", 7);
    let said = refused(&format!("remote:{at},fingerprint={other},token-file={}", server.token().display()));
    assert!(said.contains("another server answers") && said.contains(print) && said.contains("in between"), "{said}");
    let said = refused(&format!("remote:{at},token-file={}", server.token().display()));
    assert!(said.contains("fingerprint= is missing") && said.contains(print), "{said}");
    let said = refused(&format!("remote:{at},fingerprint={print}"));
    assert!(said.contains("token-file= is missing"), "{said}");
    std::fs::write(&wrong, "short").unwrap();
    let said = refused(&format!("remote:{at},fingerprint={print},token-file={}", wrong.display()));
    assert!(said.contains("it has 5 bytes"), "{said}");
    // After all of them it still serves.
    assert!(opened(&server.target(), false).is_ok());
}

#[test]
fn garbage_before_tls_harms_nobody() {
    let server = Server::start(&["sample"], &[]);
    for bytes in [&b"GET / HTTP/1.0\r\n\r\n"[..], &[0; 4096], &[0x16, 3, 1, 0xff, 0xff], &[0xff; 70000]] {
        let mut stream = TcpStream::connect(&server.address).unwrap();
        let _ = stream.write_all(bytes);
        let _ = stream.shutdown(Shutdown::Write);
        let mut rest = Vec::new();
        let _ = stream.read_to_end(&mut rest);
        assert!(rest.len() < 100, "{}", rest.len());
    }
    server.heard("TLS: ");
    assert!(opened(&server.target(), false).is_ok());
    // And the other way round: what is no server of ours.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let at = listener.local_addr().unwrap().to_string();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let _ = (&stream).write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n");
            std::thread::sleep(Duration::from_millis(200));
        }
    });
    let said = refused(&server.target_at(&at));
    assert!(said.contains("is no memsh serve"), "{said}");
    let said = refused(&server.target_at("127.0.0.1:1"));
    assert!(said.contains("connecting to 127.0.0.1:1 failed"), "{said}");
}

/// Lets so many bytes of a server's through to each client, then cuts the connection.
fn cutting(to: String, bytes: usize) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let at = listener.local_addr().unwrap().to_string();
    std::thread::spawn(move || {
        for client in listener.incoming().flatten() {
            let server = TcpStream::connect(&to).unwrap();
            let (up, down) = ((client.try_clone().unwrap(), server.try_clone().unwrap()), (server, client));
            std::thread::spawn(move || std::io::copy(&mut &up.0, &mut &up.1));
            std::thread::spawn(move || {
                let _ = std::io::copy(&mut (&down.0).take(bytes as u64), &mut &down.1);
                let _ = down.0.shutdown(Shutdown::Both);
                let _ = down.1.shutdown(Shutdown::Both);
            });
        }
    });
    at
}

#[test]
fn a_connection_that_is_cut_leaves_what_came_and_says_so() {
    let server = Server::start(&["sample"], &[]);
    let image = opened(&server.target(), false).unwrap();
    let (whole, status) = read(&image, 0x100_0000, 4 << 20);
    assert_eq!(status, Status::DONE);
    let image = opened(&server.target_at(&cutting(server.address.clone(), 300_000)), false).unwrap();
    let mut bufs = vec![vec![0u8; 64 << 10]; 64];
    let mut ops: Vec<PhysReadOp> = bufs
        .iter_mut()
        .enumerate()
        .map(|(i, buf)| PhysReadOp::new(PhysAddr::new(0x100_0000 + ((i as u64) << 16)), buf))
        .collect();
    image.memory.source().read((&mut ops[..]).into());
    let statuses: Vec<Status> = ops.iter().map(|op| op.status).collect();
    drop(ops);
    let done = statuses.iter().take_while(|s| s.is_done()).count();
    assert!(done > 0 && done < 64, "{done}");
    assert!(statuses[done..].iter().all(|s| *s == Status::FAILED), "{statuses:?}");
    assert_eq!(bufs[..done].concat(), whole[..done << 16]);
    assert!(image.damage().unwrap().contains("closed the connection"), "{:?}", image.damage());
    // What comes after it fails at once.
    let begun = Instant::now();
    assert_eq!(read(&image, 0, 16).1, Status::FAILED);
    assert!(begun.elapsed() < Duration::from_secs(1));
    let run = memsh(&["-C", &server.target_at(&cutting(server.address.clone(), 300_000)), "ps"]);
    assert!(run.stderr.contains("the other side closed the connection"), "{}", run.stderr);
    assert!(!run.stderr.contains("panicked"), "{}", run.stderr);
}

#[test]
fn each_operation_has_its_own_end() {
    let server = Server::start(&["sample"], &[]);
    let image = opened(&server.target(), false).unwrap();
    let mut bufs = vec![vec![0xee_u8; 16]; 3];
    let mut ops: Vec<PhysReadOp> = bufs
        .iter_mut()
        .zip([0x1000u64, 1 << 40, (48 << 20) - 8])
        .map(|(buf, at)| PhysReadOp::new(PhysAddr::new(at), buf))
        .collect();
    image.memory.source().read((&mut ops[..]).into());
    let statuses: Vec<Status> = ops.iter().map(|op| op.status).collect();
    assert_eq!(statuses, [Status::DONE, Status::MISSING, Status::PARTIAL]);
    drop(ops);
    assert_eq!((bufs[1].as_slice(), &bufs[2][8..]), (&[0; 16][..], &[0; 8][..]));
    // Longer than any message, and over the end.
    let (bytes, status) = read(&image, 40 << 20, 16 << 20);
    assert_eq!((status, bytes.len()), (Status::PARTIAL, 16 << 20));
    assert!(bytes[8 << 20..].iter().all(|b| *b == 0));
    // An image is never written to.
    let e = opened(&server.target(), true).map(|_| ()).unwrap_err();
    assert!(e.reason().contains("for reading only"), "{e}");
}

/// A device file in place of a machine's memory.
#[test]
fn writes_go_through_only_where_both_sides_want_them() {
    let folder = tempfile::tempdir().unwrap();
    let mem = folder.path().join("mem");
    std::fs::write(&mem, vec![1u8; 4 << 20]).unwrap();
    let target = format!("devmem:{},ranges=2m+1m", mem.display());
    let write = |image: &Image, bytes: &[u8]| {
        let mut ops = [PhysWriteOp::new(PhysAddr::new(0x20_0010), bytes)];
        image.memory.source().write((&mut ops[..]).into());
        ops[0].status
    };
    let server = Server::start(&["-C", &target], &[]);
    assert!(opened(&server.target(), true).map(|_| ()).unwrap_err().reason().contains("for reading only"));
    assert_eq!(write(&opened(&server.target(), false).unwrap(), b"no"), Status::READ_ONLY);
    drop(server);
    let server = Server::start(&["-C", &target], &["--write"]);
    assert_eq!(write(&opened(&server.target(), false).unwrap(), b"no"), Status::READ_ONLY);
    let image = opened(&server.target(), true).unwrap();
    assert_eq!(write(&image, b"yes"), Status::DONE);
    assert_eq!(read(&image, 0x20_000f, 5), (b"\x01yes\x01".to_vec(), Status::DONE));
    assert_eq!(&std::fs::read(&mem).unwrap()[0x20_0010..0x20_0013], b"yes");
    assert!(image.memory.metadata().live);
}

#[test]
fn many_who_say_nothing_do_not_keep_others_out_for_ever() {
    let server = Server::start(&["sample"], &[]);
    let silent: Vec<TcpStream> = (0..15).map(|_| TcpStream::connect(&server.address).unwrap()).collect();
    assert!(opened(&server.target(), false).is_ok());
    drop(silent);
    let refused_ones = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| refused_ones.fetch_add(usize::from(opened(&server.target(), false).is_err()), Ordering::Relaxed));
        }
    });
    assert_eq!(refused_ones.into_inner(), 0);
}

#[test]
fn serve_says_what_is_wrong_with_its_words() {
    let run = memsh(&["serve"]);
    assert!(run.status == 2 && run.stderr.contains("which image?"), "{}", run.stderr);
    let run = memsh(&["sample", "serve", "--listen", "here"]);
    assert!(run.status != 0 && run.stderr.contains("listen"), "{}", run.stderr);
    let run = memsh(&["sample", "serve", "--token-file", "/nonexistent/token"]);
    assert!(run.status != 0 && run.stderr.contains("/nonexistent/token"), "{}", run.stderr);
    let run = memsh(&["sample", "serve", "--help"]);
    assert!(run.status == 0 && run.stdout.contains("--token-file"), "{}", run.stdout);
}
