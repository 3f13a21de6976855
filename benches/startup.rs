//! The whole program: `memsh IMAGE ps` on a raw image of 1 GiB that lies in the page cache, a new process each time.
//!
//! `cargo bench --bench startup`; `MEMSH_BENCH_SHORT=1` takes the sample as it is and runs once. `MEMSH_BENCH_IMAGE=FILE` takes an
//! image of your own. Without it the image is the embedded sample, followed by noise up to 1 GiB, in a temporary file.
//! Once without a cache, once with what an earlier start kept.
//!
//! Beside the wall time stands the most memory that the process had resident while it ran, split as /proc/PID/status splits
//! it: pages of files, of which the mapped image is all but a few MiB, and everything else, which is what memsh needs for itself.
//! It is sampled every half millisecond, so a shorter peak may be missed; the peak of both together (`VmHWM`) is the kernel's.
#![allow(missing_docs, clippy::unwrap_used, clippy::cast_possible_truncation)]

mod common;

use common::{Rng, short};
use std::io::{BufWriter, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

const SIZE: u64 = 1 << 30;
const RUNS: usize = 30;

/// Memory in KiB.
#[derive(Clone, Copy, Default)]
struct Peak {
    own: u64,
    files: u64,
    both: u64,
}

fn padded(path: &Path) {
    let mut out = BufWriter::with_capacity(1 << 20, std::fs::File::create(path).unwrap());
    let packed = std::fs::File::open(concat!(env!("CARGO_MANIFEST_DIR"), "/assets/sample.raw.zst")).unwrap();
    let written = std::io::copy(&mut zstd::stream::read::Decoder::new(packed).unwrap(), &mut out).unwrap();
    let mut rng = Rng(0x2545_f491_4f6c_dd1d);
    let size = if short() { written } else { SIZE };
    for _ in (written..size).step_by(8) {
        out.write_all(&rng.next().to_le_bytes()).unwrap();
    }
    out.flush().unwrap();
}

fn sample(pid: u32, peak: &mut Peak) {
    let Ok(status) = std::fs::read_to_string(format!("/proc/{pid}/status")) else { return };
    let kib = |key: &str| -> u64 {
        let line = status.lines().find_map(|l| l.strip_prefix(key)).unwrap_or_default();
        line.split_whitespace().next().and_then(|n| n.parse().ok()).unwrap_or(0)
    };
    peak.own = peak.own.max(kib("RssAnon:") + kib("RssShmem:"));
    peak.files = peak.files.max(kib("RssFile:"));
    peak.both = peak.both.max(kib("VmHWM:"));
}

fn start(image: &Path, cache: Option<&Path>) -> Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_memsh"));
    command.arg(image).arg("ps");
    match cache {
        Some(folder) => command.env("XDG_CACHE_HOME", folder),
        None => command.arg("--no-cache"),
    };
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::inherit());
    command.spawn().unwrap()
}

fn end(status: ExitStatus) {
    assert!(status.success(), "memsh failed: {status}");
}

fn times(what: &str, image: &Path, cache: Option<&Path>, runs: usize) {
    let mut times: Vec<Duration> = (0..runs)
        .map(|_| {
            let began = Instant::now();
            end(start(image, cache).wait().unwrap());
            began.elapsed()
        })
        .collect();
    times.sort_unstable();
    let ms = |t: Option<&Duration>| t.map_or(0.0, |t| t.as_secs_f64() * 1e3);
    println!(
        "memsh IMAGE ps, {what}, {runs} runs: best {:.1} ms, median {:.1} ms, worst {:.1} ms",
        ms(times.first()),
        ms(times.get(runs / 2)),
        ms(times.last())
    );
}

fn main() {
    // `cargo test --benches` only wants to know whether it starts.
    if std::env::args().any(|a| a == "--test" || a == "--list") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let image = std::env::var_os("MEMSH_BENCH_IMAGE").map_or_else(
        || {
            let path = folder.path().join("padded.raw");
            padded(&path);
            path
        },
        PathBuf::from,
    );
    // Into the page cache.
    let mut file = std::fs::File::open(&image).unwrap();
    let mut buf = vec![0; 1 << 20];
    while file.read(&mut buf).unwrap() > 0 {}

    let runs = if short() { 1 } else { RUNS };
    println!("{}: {} MiB", image.display(), file.metadata().unwrap().len() >> 20);
    times("without a cache", &image, None, runs);
    end(start(&image, Some(folder.path())).wait().unwrap());
    times("second start", &image, Some(folder.path()), runs);

    // Runs of their own: looking costs time.
    let mut peak = Peak::default();
    for _ in 0..runs.min(10) {
        let mut child = start(&image, None);
        loop {
            sample(child.id(), &mut peak);
            if let Some(status) = child.try_wait().unwrap() {
                end(status);
                break;
            }
            std::thread::sleep(Duration::from_micros(500));
        }
    }
    let mib = |kib: u64| kib as f64 / 1024.0;
    println!(
        "resident at most: {:.1} MiB of its own, {:.1} MiB of files (the mapped image), {:.1} MiB in all",
        mib(peak.own),
        mib(peak.files),
        mib(peak.both)
    );
}
