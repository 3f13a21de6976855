//! The whole program on the memory of a Windows machine: a new process for each run, with nothing kept from the run before.
//!
//! `cargo bench --bench windows`; `MEMSH_BENCH_IMAGE=FILE` takes an image of your own. Without it the image is a small made-up Windows 10, followed
//! by noise up to 1 GiB (`MEMSH_BENCH_SHORT=1`: 16 MiB, one run), in target/tmp/windows.raw, where `windows-peers.py` can be run on it, too.
//!
//! What only reads lists shall not depend on the size of memory; what passes over all of it is given in GB/s.
#![allow(missing_docs, clippy::unwrap_used, clippy::cast_precision_loss, reason = "a benchmark has nobody to report to")]

#[path = "../tests/builders/mod.rs"]
mod builders;
mod common;

use builders::windows::layout::Layout;
use builders::windows::memory::Mode;
use builders::windows::{Options, usual};
use common::{Rng, short};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const SIZE: usize = 1 << 30;
const RUNS: usize = 10;

/// What is run, and whether it passes over all of memory.
const TASKS: &[(&[&str], bool)] = &[
    (&["ps"], false),
    (&["threads"], false),
    (&["modules"], false),
    (&["files"], false),
    (&["ps", "--scan"], true),
    (&["malfind"], true),
];

fn write(path: &Path) {
    let machine = usual::machine(Layout::of(true, "10.0.19045.2965"), Options::new(Mode::X64));
    let memory = machine.raw();
    let mut out = BufWriter::with_capacity(1 << 20, std::fs::File::create(path).unwrap());
    out.write_all(&memory).unwrap();
    let mut rng = Rng(0x2545_f491_4f6c_dd1d);
    let size = if short() { 16 << 20 } else { SIZE };
    for _ in (memory.len()..size).step_by(8) {
        out.write_all(&rng.next().to_le_bytes()).unwrap();
    }
    out.flush().unwrap();
}

fn run(image: &Path, words: &[&str]) -> Duration {
    let start = Instant::now();
    let mut command = Command::new(env!("CARGO_BIN_EXE_memsh"));
    let done = command.arg(image).args(words).args(["--json", "--no-cache", "-q"]).stdin(Stdio::null()).output().unwrap();
    let time = start.elapsed();
    assert!(done.status.success(), "{words:?}: {}", String::from_utf8_lossy(&done.stderr));
    assert!(done.stdout.starts_with(b"["), "{words:?}");
    time
}

fn main() {
    let image = std::env::var_os("MEMSH_BENCH_IMAGE").map_or_else(
        || {
            let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("windows.raw");
            write(&path);
            path
        },
        PathBuf::from,
    );
    let size = std::fs::metadata(&image).unwrap().len() as f64;
    for (words, passes) in TASKS {
        let mut times: Vec<Duration> = (0..if short() { 1 } else { RUNS }).map(|_| run(&image, words)).collect();
        times.sort_unstable();
        let (best, median) = (times[0].as_secs_f64(), times[times.len() / 2].as_secs_f64());
        let speed = if *passes { format!(", {:.1} GB/s", size / best / 1e9) } else { String::new() };
        println!("memsh IMAGE {:<12} best {:.1} ms, median {:.1} ms{speed}", words.join(" "), best * 1e3, median * 1e3);
    }
}
