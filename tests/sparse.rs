//! A large file with little in it is looked through in no time, and found to be none or what it is.
#![allow(clippy::panic, clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

mod cli;
mod torn;

use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};
use std::time::{Duration, Instant};
use torn::{limited, text};

const GIB: u64 = 1 << 30;

#[test]
#[cfg(target_os = "linux")]
fn a_file_of_holes_is_not_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("memory.raw");
    let mut file = File::create(&path).unwrap();
    file.set_len(256 * GIB).unwrap();
    file.seek(SeekFrom::Start(100 * GIB + 5)).unwrap();
    file.write_all(b"Linux version 6.6.1-test (a@b) (gcc 13) #1 SMP 2026\n\0").unwrap();
    drop(file);
    let start = Instant::now();
    let info = limited(&[text(&path), "--no-cache", "info"]);
    assert!(info.stderr.contains("no Linux kernel was found"), "{}", info.stderr);
    // The banner is seen, and so all that a kernel could be found by is tried.
    assert!(info.stdout.contains("RISC-V: pass over all of memory"), "{}", info.stdout);
    assert!(start.elapsed() < Duration::from_secs(30), "{:?}", start.elapsed());
}

#[test]
fn the_sample_in_a_large_file_is_found() {
    let folder = tempfile::tempdir().unwrap();
    let sample = limited(&["sample", "dump", "phys", "-o", text(&folder.path().join("sample.raw"))]);
    assert_eq!(sample.status, 0, "{}", sample.stderr);
    let mut bytes = Vec::new();
    File::open(folder.path().join("sample.raw")).unwrap().read_to_end(&mut bytes).unwrap();
    let path = folder.path().join("large.raw");
    let mut file = File::create(&path).unwrap();
    file.write_all(&bytes).unwrap();
    // Without the boot trampoline nothing but the code where its image begins leads to the kernel soon.
    file.seek(SeekFrom::Start(0)).unwrap();
    file.write_all(&vec![0; 1 << 20]).unwrap();
    file.set_len(16 * GIB).unwrap();
    drop(file);
    let info = limited(&[text(&path), "--no-cache", "info"]);
    assert_eq!(info.status, 0, "{}\n{}", info.stdout, info.stderr);
    assert!(info.stdout.contains("+ page-table root, beginnings of kernel images"), "{}", info.stdout);
}
