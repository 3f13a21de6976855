//! Dumps that QEMU itself writes of a machine with the sample in its memory: every page of every format is held against the machine's memory.
#![cfg(all(feature = "cli", target_os = "linux"))]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::cast_possible_truncation, clippy::panic, reason = "tests")]

mod vm;

use memsh::PhysAddr;
use memsh::image::{OpenOptions, open};
use memsh::session::{Options, Session, Target};
use serde_json::json;
use std::collections::BTreeSet;
use std::path::Path;
use std::time::{Duration, Instant};
use vm::{Vm, has};

const PAGE: usize = 4096;
/// The machine's memory in bytes.
const MEMORY: usize = 48 << 20;

/// The part of the first MiB where firmware lies over memory.
const SHADOWED: std::ops::Range<usize> = 0xa0000..0x10_0000;

/// Numbers of the pages that the dump has, all of which must be those of `memory`, apart from those in `hidden`.
fn pages(path: &Path, memory: &[u8], hidden: &std::ops::Range<usize>) -> BTreeSet<usize> {
    let image = open(path, &OpenOptions::default()).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let mut seen = BTreeSet::new();
    let mut page = [0; PAGE];
    for range in image.memory.ranges() {
        let start = range.start.value() as usize;
        for at in (start..start + range.size as usize).step_by(PAGE) {
            // What a machine has beside its memory (firmware below 4 GiB) is in some dumps.
            let Some(expected) = memory.get(at..at + PAGE) else { continue };
            if image.memory.read_gaps(PhysAddr::new(at as u64), &mut page).is_empty() {
                assert!(page == *expected || hidden.contains(&at), "{}: page {at:#x}", path.display());
                seen.insert(at / PAGE);
            }
        }
    }
    seen
}

fn names(path: &Path) -> Vec<String> {
    let session = Session::open(&Target::File(path.to_owned()), Options::default()).unwrap();
    session.processes().unwrap().items.iter().map(|p| p.name.to_string_lossy().into_owned()).collect()
}

/// Makes a dump and holds it against the memory.
fn dumped(
    vm: &mut Vm,
    name: &str,
    (memory, hidden): (&[u8], std::ops::Range<usize>),
    make: impl FnOnce(&mut Vm, &Path),
) -> BTreeSet<usize> {
    let path = vm.path(name);
    make(vm, &path);
    let seen = pages(&path, memory, &hidden);
    // All but the holes for devices below 1 MiB.
    assert!(seen.len() >= (MEMORY - (1 << 20)) / PAGE, "{name}: {} pages", seen.len());
    let processes = names(&path);
    assert!(processes.iter().any(|n| n == "kthreadd") && processes.len() > 20, "{name}: {processes:?}");
    std::fs::remove_file(path).unwrap();
    seen
}

#[test]
fn every_page_of_every_format() {
    if !has("qemu-system-x86_64") {
        return;
    }
    let mut vm = Vm::with_sample(&["-m", "48M", "-accel", "tcg"]);
    let raw = vm.path("memory.raw");
    vm.qmp().ask("pmemsave", json!({ "val": 0, "size": MEMORY, "filename": raw }));
    let memory = std::fs::read(&raw).unwrap();
    assert_eq!(memory.len(), MEMORY);

    let formats = vm.qmp().ask("query-dump-guest-memory-capability", json!({}))["formats"].clone();
    let formats: Vec<String> = formats.as_array().unwrap().iter().map(|f| f.as_str().unwrap().to_owned()).collect();
    let mut all = Vec::new();
    // One for Windows needs a guest that says so.
    for format in formats.iter().filter(|f| *f != "win-dmp") {
        all.push(dumped(&mut vm, format, (&memory, 0..0), |vm, path| {
            let protocol = format!("file:{}", path.display());
            vm.qmp().ask("dump-guest-memory", json!({ "paging": false, "protocol": protocol, "format": format }));
        }));
    }
    assert!(all.len() >= 2, "{formats:?}");
    assert!(all.windows(2).all(|two| two[0] == two[1]), "the formats hold the same pages");

    // The stream that a machine is saved to, which ends it. It has the memory below the firmware, which no processor sees.
    dumped(&mut vm, "saved.state", (&memory, SHADOWED), |vm, path| {
        vm.qmp().ask("migrate", json!({ "uri": format!("exec:cat > '{}'", path.display()) }));
        let begun = Instant::now();
        loop {
            let status = vm.qmp().ask("query-migrate", json!({}))["status"].as_str().unwrap_or_default().to_owned();
            assert!(status != "failed" && begun.elapsed() < Duration::from_secs(60), "{status}");
            if status == "completed" {
                break;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    });
}
