//! What the tests of every format ask of an image.

use memsh::image::{Image, OpenOptions, open_bytes};
use memsh::{PhysAddr, Result, umem};

/// Opens bytes as whatever they are.
pub fn image(bytes: Vec<u8>) -> Result<Image> {
    open_bytes(bytes, "test", &OpenOptions::default())
}

/// The error's reason and hint in one text.
pub fn refused(result: Result<Image>) -> String {
    let e = result.map(|i| panic!("opened as {}", i.facts.format)).unwrap_err();
    format!("{} | {}", e, e.hint_text().unwrap_or("-"))
}

/// Bytes that must be there.
pub fn read(image: &Image, at: u64, len: usize) -> Vec<u8> {
    let mut buf = vec![0xee; len];
    image.memory.read(PhysAddr::new(umem::from(at)), &mut buf).unwrap();
    buf
}

/// All memory, one range after the other.
pub fn all(image: &Image) -> Vec<u8> {
    let mut out = Vec::new();
    for r in &image.facts.ranges {
        let mut buf = vec![0; r.size as usize];
        image.memory.read(r.start, &mut buf).unwrap();
        out.extend(buf);
    }
    out
}

/// What memory there is: first address and size.
pub fn ranges(image: &Image) -> Vec<(umem, umem)> {
    image.facts.ranges.iter().map(|r| (r.start.value(), r.size)).collect()
}

/// Whether a warning says this.
pub fn warned(image: &Image, part: &str) -> bool {
    image.facts.warnings.iter().any(|w| w.contains(part))
}

/// All warnings.
pub fn warnings(image: &Image) -> String {
    image.facts.warnings.join("\n")
}
