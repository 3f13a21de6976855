//! Files with some bytes changed: whatever is in them, they are read or refused, without a panic and without end. The fuzz targets do
//! the same for longer; this is what every run of the tests gets.
use memsh::image::{OpenOptions, open_bytes};
use memsh::{PhysAddr, umem};
use std::path::Path;
use std::time::{Duration, Instant};

/// Values that break things.
const NUMBERS: [u64; 10] = [0, 1, 0x7f, 0x80, 0xff, 0xffff, 0x8000_0000, 0xffff_ffff, 1 << 63, u64::MAX];

fn seed(path: &str) -> Vec<u8> {
    std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds").join(path)).unwrap()
}

fn open(bytes: Vec<u8>, format: &str) -> bool {
    let options = OpenOptions { format: Some(format.to_owned()), max_unpacked: Some(1 << 20), ..OpenOptions::default() };
    match open_bytes(bytes, "mutated", &options) {
        Ok(image) => {
            let total: u128 = image.memory.ranges().iter().map(|r| u128::from(r.size)).sum();
            assert_eq!(total, u128::from(image.facts.memory_size));
            for range in image.memory.ranges().iter().take(16) {
                let last = PhysAddr::new(range.start.value() + (range.size - 1));
                for at in [range.start, last] {
                    assert!(image.memory.read(at, &mut [0]).is_ok() || image.damage().is_some());
                    let _ = image.memory.read_gaps(at.wrapping_sub(umem::from(32u8)), &mut [0; 64]);
                }
            }
            true
        }
        Err(e) => {
            assert!(!e.reason().is_empty());
            false
        }
    }
}

/// Opens `file` with one to four changes, again and again.
fn mutate(file: &[u8], format: &str) {
    assert!(open(file.to_vec(), format), "the seed itself");
    let mut state = 0x9e37_79b9_7f4a_7c15u64;
    let mut random = |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 16) as usize % below
    };
    let begun = Instant::now();
    for _ in 0..6000 {
        let mut bytes = file.to_vec();
        for _ in 0..=random(4) {
            let at = random(bytes.len());
            match random(6) {
                0 => bytes[at] ^= 1 << random(8),
                1 => bytes[at] = random(256) as u8,
                2 => bytes.truncate(at.max(16)),
                n => {
                    let number = NUMBERS[random(NUMBERS.len())];
                    let number = if n == 3 { number.to_be_bytes() } else { number.to_le_bytes() };
                    let width = 1 << random(4);
                    let part = if n == 3 { &number[8 - width..] } else { &number[..width] };
                    let end = (at + width).min(bytes.len());
                    bytes[at..end].copy_from_slice(&part[..end - at]);
                }
            }
        }
        open(bytes, format);
    }
    assert!(begun.elapsed() < Duration::from_secs(300), "{:?}", begun.elapsed());
}

#[test]
fn avml() {
    mutate(&seed("avml/mixed"), "avml");
}

#[test]
fn qemu() {
    mutate(&seed("qemu_stream/pages"), "qemu");
}

#[test]
fn qcow2() {
    mutate(&seed("qcow2/snapshot"), "qcow2");
}
