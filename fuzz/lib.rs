//! What the targets do with their bytes. The image targets are here, the others in their modules.

pub mod carve;
pub mod code;
pub mod depth;
pub mod kdump;
pub mod mutated;
pub mod names;
pub mod narrow;
pub mod pdb;
pub mod system;
pub mod tables;
pub mod types;
pub mod windows;
#[cfg(feature = "words")]
pub mod words;

use memsh::PhysAddr;
use memsh::image::{OpenOptions, open_bytes};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

/// Processor time of all threads, which a busy machine does not change; by the clock where there is no `/proc`.
pub fn spent() -> Duration {
    static BEGUN: OnceLock<Instant> = OnceLock::new();
    // proc_pid_stat(5): utime and stime are fields 14 and 15, in hundredths of a second on every architecture (USER_HZ); the
    // second field is a name in parentheses.
    let of_proc = || {
        let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
        let mut fields = stat.rsplit_once(')')?.1.split_whitespace().skip(11);
        let mut ticks = || fields.next()?.parse::<u64>().ok();
        Some(Duration::from_millis((ticks()? + ticks()?) * 10))
    };
    of_proc().unwrap_or_else(|| BEGUN.get_or_init(Instant::now).elapsed())
}

/// Opens `data` as `format` (or as whatever it is) and reads at the borders of every range.
pub fn image(data: &[u8], format: Option<&str>) {
    let options = OpenOptions {
        format: format.map(str::to_owned),
        // A decompression bomb ends here.
        max_unpacked: Some(1 << 20),
        ..OpenOptions::default()
    };
    let image = match open_bytes(data.to_vec(), "fuzz", &options) {
        Ok(image) => image,
        Err(e) => {
            assert!(!e.reason().is_empty());
            return;
        }
    };
    let total: u128 = image.memory.ranges().iter().map(|r| u128::from(r.size)).sum();
    assert_eq!(total, u128::from(image.facts.memory_size));
    assert!(total > 0 || image.without_memory.is_some());
    let mut buf = [0; 64];
    for range in image.memory.ranges().iter().take(64) {
        let last = PhysAddr::new(range.start.value() + (range.size - 1));
        for at in [range.start, last] {
            // What must be unpacked may turn out to be damaged; then it is said.
            assert!(image.memory.read(at, &mut buf[..1]).is_ok() || image.damage().is_some());
        }
        for at in [range.start.wrapping_sub(32), last.wrapping_sub(32)] {
            let _ = image.memory.read_gaps(at, &mut buf);
        }
    }
}

/// Opens `data` as a dump of one process: its regions must be in order, and what it lists must be able to be listed.
pub fn process(data: &[u8], format: &str) {
    image(data, Some(format));
    let options = OpenOptions { format: Some(format.to_owned()), ..OpenOptions::default() };
    let Ok(image) = open_bytes(data.to_vec(), "fuzz", &options) else { return };
    if let Some(process) = &image.process {
        assert!(process.regions.windows(2).all(|r| r[0].start.value() + (r[0].size - 1) < r[1].start.value()));
    }
    let session = memsh::session::Session::of_image(image, "fuzz".to_owned(), memsh::session::Options::default());
    let listed = session.processes().map(|l| l.items.len());
    assert_eq!(listed.ok(), Some(1));
    let _ = session.kernel_space();
}
