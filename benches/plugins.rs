//! What it costs to read through a plugin: the connector `rom` of examples/plugins/rust, called for every batch, against the same code
//! linked in; and memflow's coredump connector through the bridge against the built-in reader, on the same crash dump.
//!
//! `cargo bench --bench plugins`; `MEMSH_BENCH_SHORT=1` takes 8 MiB instead of 256. The example plugin is built here. memflow's part
//! needs the folder that `plugins/memflow-bridge/test` fills, in `MEMSH_MEMFLOW` (built with `PROFILE=release`), and is left out without.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    clippy::panic,
    clippy::useless_conversion,
    dead_code,
    missing_docs,
    reason = "a benchmark has nobody to report to"
)]

#[path = "../tests/builders/mod.rs"]
mod builders;
mod common;
// Its `connector!` exports a descriptor of this program, which nobody looks for.
#[path = "../examples/plugins/rust/src/rom.rs"]
mod rom;

use common::{Rng, short};
use divan::counter::BytesCount;
use divan::{Bencher, black_box};
use memsh::engine::Memory;
use memsh::os::Hints;
use memsh::plugins::chain::{self, Access, Kind, LayerSpec};
use memsh_plugin::{PhysAddr, PhysReadOp};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;

const PAGE: u64 = 4096;
/// A batch: how many operations, and bytes of each.
const BATCHES: [(usize, usize); 4] = [(1, 65536), (16, 4096), (256, 8), (1, 8)];

fn size() -> u64 {
    if short() { 8 << 20 } else { 256 << 20 }
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("plugins")
}

fn open(spec: &str, plugins: Vec<PathBuf>) -> Memory {
    let layers = [LayerSpec::new(Kind::Connector, spec)];
    chain::open(None, &layers, &Hints::default(), &Access { plugins, ..Access::default() }).unwrap().image.memory
}

/// The readers that are compared, by name.
static READERS: LazyLock<Vec<(&'static str, Memory)>> = LazyLock::new(|| {
    let target = folder();
    // A look whether all of it runs needs no fast plugin.
    let (profile, place) = if short() { ("dev", "debug") } else { ("release", "release") };
    let built = Command::new(env!("CARGO"))
        .args(["build", "--profile", profile, "--manifest-path", "examples/plugins/rust/Cargo.toml", "--target-dir"])
        .arg(&target)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .status()
        .unwrap();
    assert!(built.success());
    let bytes = builders::pattern(size() as usize, 1);
    let raw = target.join("memory.raw");
    std::fs::write(&raw, &bytes).unwrap();
    let dump = target.join("memory.dmp");
    let mut header = builders::crashdump::Dump::of(true, 1);
    header.descriptor(1, size() / PAGE, &[(0, size() / PAGE)]);
    std::fs::write(&dump, [header.build(), bytes.clone()].concat()).unwrap();
    let rom = rom::Rom { base: PhysAddr::NULL, bytes, mapped: false };
    let mut readers = vec![
        ("rom, linked in", Memory::new(rom)),
        ("rom, a plugin", open(&format!("rom:{},mapped=no", raw.display()), vec![target.join(place)])),
        ("crash dump, built in", open(&format!("file:{}", dump.display()), Vec::new())),
    ];
    if let Some(memflow) = std::env::var_os("MEMSH_MEMFLOW") {
        let bridge = Path::new(&memflow).join("bridge");
        readers.push(("crash dump, memflow", open(&format!("memflow:coredump:{}", dump.display()), vec![bridge])));
    }
    readers
});

fn names() -> Vec<(&'static str, (usize, usize))> {
    BATCHES.iter().flat_map(|&batch| READERS.iter().map(move |(name, _)| (*name, batch))).collect()
}

/// The arguments as they are shown.
struct Case(&'static str, (usize, usize));

impl std::fmt::Display for Case {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (count, length) = self.1;
        write!(f, "{count} x {length} B, {}", self.0)
    }
}

fn cases() -> Vec<Case> {
    names().into_iter().map(|(name, batch)| Case(name, batch)).collect()
}

#[divan::bench(args = cases())]
fn read(b: Bencher, case: &Case) {
    let memory = &READERS.iter().find(|(name, _)| *name == case.0).unwrap().1;
    let (count, length) = case.1;
    let mut buffers = vec![vec![0u8; length]; count];
    // Few enough places to stay in the processor's cache: what is compared is the way, not the memory behind it.
    let mut rng = Rng(0x9e37_79b9_7f4a_7c15);
    let places: Vec<u64> = (0..count).map(|_| rng.next() % (1 << 20) / 8 * 8).collect();
    let mut ops: Vec<PhysReadOp> =
        places.iter().zip(&mut buffers).map(|(&at, b)| PhysReadOp::new(PhysAddr::new(at), b)).collect();
    b.counter(BytesCount::new(count * length)).bench_local(|| memory.read_ops(black_box(&mut ops)));
    assert!(ops.iter().all(|op| op.status.is_done()));
}

fn main() {
    divan::main();
}
