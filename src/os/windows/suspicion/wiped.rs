//! A PE file in private memory whose header was wiped so that nobody finds it: what a loader needs no more once everything is mapped.

use super::super::vad::Vad;
use super::memory::pages;
use super::subject::Subject;
use crate::engine::{PageRun, ViewExt};
use memsh_plugin::VirtAddr;
use std::collections::BTreeSet;

/// Pages of a region that are looked through for names of libraries.
const LOOKED_AT: usize = 1024;
/// So many names are no chance.
const NAMES: usize = 2;
/// Longest name of a library.
const LONGEST: usize = 64;
/// What linkers put before the header proper.
const STUB: &[u8] = b"This program cannot be run in DOS mode";

/// What tells of a file in the region, and where.
pub fn find(s: &Subject, vad: &Vad, runs: &[PageRun]) -> Option<(VirtAddr, String)> {
    let mut page = [0u8; 4096];
    s.space.read_exact(vad.start, &mut page).ok()?;
    if let Some(what) = rest(&page) {
        return Some((vad.start, what));
    }
    // Nothing of the header is left: an empty first page, and behind it names of libraries as tables of imports have them.
    if page.iter().any(|b| *b != 0) {
        return None;
    }
    let mut names = BTreeSet::new();
    for at in pages(runs).take(LOOKED_AT) {
        if s.space.read_exact(at, &mut page).is_ok() {
            libraries(&page, &mut names);
        }
        if names.len() >= 2 * NAMES {
            break;
        }
    }
    let shown: Vec<&str> = names.iter().take(3).map(String::as_str).collect();
    (names.len() >= NAMES)
        .then(|| (vad.start, format!("its first page is empty, behind it are names of libraries: {}", shown.join(", "))))
}

/// What is left of a header of which at least a signature is gone.
fn rest(page: &[u8]) -> Option<String> {
    let u16_at = |at: usize| page.get(at..)?.first_chunk().map(|b| u16::from_le_bytes(*b));
    let u32_at = |at: usize| page.get(at..)?.first_chunk().map(|b| u32::from_le_bytes(*b));
    // Machine, number of sections, size of the optional header, its magic, alignment of sections: of a header as the linker made it.
    let header = |at: usize| {
        let machine = match (u16_at(at + 4)?, u16_at(at + 20)?, u16_at(at + 24)?) {
            (0x8664, 0xf0, 0x20b) => "x86-64",
            (0x14c, 0xe0, 0x10b) => "x86",
            (0xaa64, 0xf0, 0x20b) => "ARM64",
            _ => return None,
        };
        let sections = u16_at(at + 6)?;
        let (alignment, size) = (u32_at(at + 24 + 32)?, u32_at(at + 24 + 56)?);
        let sane = (1..=96).contains(&sections) && alignment == 0x1000 && size.is_multiple_of(0x1000) && size > 0;
        sane.then_some((machine, sections, size))
    };
    let found = (0x40..0xf00).step_by(4).find_map(|at| header(at).map(|h| (at, h)));
    let (mz, stub) = (page.starts_with(b"MZ"), page.windows(STUB.len()).any(|w| w == STUB));
    match found {
        Some((at, (machine, sections, size))) => {
            let pe = page.get(at..at + 4) == Some(b"PE\0\0".as_slice());
            let gone = match (mz, pe) {
                (false, false) => "MZ and PE are",
                (false, true) => "MZ is",
                (true, false) => "PE is",
                (true, true) => "the place of the header is",
            };
            Some(format!("header of a PE file for {machine}, {} KiB, {sections} sections, of which {gone} wiped", size / 1024))
        }
        None => stub.then(|| "the stub of a PE file, and no header".to_owned()),
    }
}

/// Names that end in `.dll`, as they stand in tables: between zeros.
fn libraries(page: &[u8], names: &mut BTreeSet<String>) {
    for word in page.split(|b| *b == 0).filter(|w| (5..=LONGEST).contains(&w.len())) {
        // Names of functions stand in the same place; a number of two bytes may stand before a name.
        let Some(start) = word.len().checked_sub(4).filter(|at| word.get(*at..).is_some_and(|e| e.eq_ignore_ascii_case(b".dll")))
        else {
            continue;
        };
        let name = word.get(..start).unwrap_or_default();
        if name.iter().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.')) {
            names.insert(String::from_utf8_lossy(word).to_lowercase());
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::indexing_slicing, clippy::unwrap_used)]
    use super::*;

    fn header(wide: bool) -> Vec<u8> {
        let mut page = vec![0u8; 4096];
        let (machine, optional, magic) = if wide { (0x8664u16, 0xf0u16, 0x20bu16) } else { (0x14c, 0xe0, 0x10b) };
        page[..2].copy_from_slice(b"MZ");
        page[0x80..0x84].copy_from_slice(b"PE\0\0");
        page[0x84..0x86].copy_from_slice(&machine.to_le_bytes());
        page[0x86] = 4;
        page[0x94..0x96].copy_from_slice(&optional.to_le_bytes());
        page[0x98..0x9a].copy_from_slice(&magic.to_le_bytes());
        page[0x98 + 33] = 0x10;
        page[0x98 + 57] = 0x60;
        page
    }

    #[test]
    fn what_is_left_of_a_header_tells() {
        for wide in [true, false] {
            let mut page = header(wide);
            page[..2].fill(0);
            assert!(rest(&page).unwrap().contains("MZ is"));
            page[0x80..0x84].fill(0);
            assert!(rest(&page).unwrap().contains("MZ and PE are"));
            // No number of sections.
            page[0x86] = 0;
            assert_eq!(rest(&page), None);
            page[0x50..0x50 + STUB.len()].copy_from_slice(STUB);
            assert!(rest(&page).unwrap().contains("stub"));
        }
        assert_eq!(rest(&[0; 4096]), None);
        assert_eq!(rest(&[0xff; 4096]), None);
        assert_eq!(rest(b"MZ"), None);
    }

    #[test]
    fn names_of_libraries_stand_between_zeros() {
        let mut names = BTreeSet::new();
        libraries(b"\0KERNEL32.dll\0\x12\x00LoadLibraryA\0user32.DLL\0see foo bar.dll\0.dll\0", &mut names);
        assert_eq!(names.into_iter().collect::<Vec<_>>(), ["kernel32.dll", "user32.dll"]);
    }
}
