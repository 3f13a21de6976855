//! An image in memory as a PE file again, which tools open.
//!
//! Each section goes to a place of its own at the file's alignment, with all the bytes that it has in memory; the headers say so. What
//! is not resident is zeros. What the file had and memory has not (symbols, certificates) is taken out of the headers.

use super::loaded::{Directory, Loaded, SECTION};
use crate::engine::{ViewExt, index, to_u64, to_umem};
use crate::os::lost::Lost;
use memsh_plugin::umem;
use std::io;

/// Alignments of files (`FileAlignment`: a power of two from 512 to 64K).
const ALIGNMENTS: std::ops::RangeInclusive<u32> = 0x200..=0x1_0000;
const PAGE: u32 = 0x1000;
/// Entries of a debug directory.
const DEBUG: u32 = 28;
const DEBUGS: u32 = 32;

/// A piece of memory that becomes a piece of the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Piece {
    rva: u32,
    file: u32,
    /// Bytes of memory; up to the next piece follow zeros.
    len: u32,
}

/// The file in the making.
#[derive(Debug)]
pub struct Rebuilt {
    pieces: Vec<Piece>,
    /// What stands at places of the file in place of what memory has there.
    patches: Vec<(u32, Vec<u8>)>,
    /// Bytes of the file.
    pub bytes: u32,
}

/// How the image becomes a file.
pub fn rebuild(image: &Loaded<'_>, lost: &mut Lost) -> Rebuilt {
    let h = &image.headers;
    let own = h.file_alignment.is_power_of_two() && ALIGNMENTS.contains(&h.file_alignment);
    let alignment = if own { h.file_alignment } else { 0x200 };
    // An image whose sections are closer than pages is mapped as its file is.
    let flat = h.section_alignment < PAGE;
    let up = |n: u32| n.checked_next_multiple_of(alignment).unwrap_or(n);
    let table_end = h.table.saturating_add(SECTION * u32::try_from(h.sections.len()).unwrap_or(0));
    let first = h.sections.iter().map(|s| s.rva).filter(|r| *r >= table_end).min().unwrap_or(h.size).min(h.size);
    let headers = h.headers.max(table_end).min(first);
    let mut out = Rebuilt { pieces: vec![Piece { rva: 0, file: 0, len: headers }], patches: Vec::new(), bytes: up(headers) };
    if flat {
        out.pieces = vec![Piece { rva: 0, file: 0, len: h.size }];
        out.bytes = h.size;
    }
    let mut end = headers;
    for (i, section) in (0u32..).zip(&h.sections) {
        let at = h.table + SECTION * i;
        let behind = h.sections.iter().map(|s| s.rva).filter(|r| *r > section.rva).min().unwrap_or(h.size).min(h.size);
        // Not into the next one, and not beyond the image.
        let room = behind.saturating_sub(section.rva);
        let len = section.extent().min(room);
        let name = if section.name.is_empty() { format!("number {i}") } else { section.name.clone() };
        if len < section.extent() {
            lost.push(format!(
                "{}: section {name} is said to have {:#x} bytes; there is room for {len:#x}",
                image.name,
                section.extent()
            ));
        }
        let twice = h.sections.iter().take(index(umem::from(i)).unwrap_or(0)).any(|s| s.rva == section.rva);
        if twice {
            lost.push(format!("{}: section {name} lies where another does, and is left empty", image.name));
        }
        let (file, raw) = match () {
            () if twice || len == 0 => (0, 0),
            () if flat => (section.rva, len),
            () => {
                let file = out.bytes;
                out.pieces.push(Piece { rva: section.rva, file, len });
                out.bytes = file.saturating_add(up(len));
                (file, up(len))
            }
        };
        end = end.max(section.rva.saturating_add(len));
        // VirtualSize, VirtualAddress, SizeOfRawData, PointerToRawData, and nothing behind: relocations and line numbers.
        let fields = [section.extent().min(room.max(section.size.min(room))), section.rva, raw, file, 0, 0, 0];
        out.patch(at + 8, &fields.into_iter().flat_map(u32::to_le_bytes).collect::<Vec<_>>());
        out.patch(at + 36, &section.flags.to_le_bytes());
    }
    out.headers(image, alignment, headers, end);
    out.debug(image);
    out
}

impl Rebuilt {
    /// The pieces of memory: place in the file, bytes, distance from the image's base. What none of them covers is zeros.
    pub fn pieces(&self) -> impl Iterator<Item = (u32, u32, u32)> {
        self.pieces.iter().map(|p| (p.file, p.len, p.rva))
    }

    /// What stands at places of the file in place of what memory has there.
    pub fn patches(&self) -> &[(u32, Vec<u8>)] {
        &self.patches
    }

    fn patch(&mut self, at: u32, bytes: &[u8]) {
        self.patches.push((at, bytes.to_vec()));
    }

    fn headers(&mut self, image: &Loaded<'_>, alignment: u32, headers: u32, end: u32) {
        let h = &image.headers;
        // PointerToSymbolTable and NumberOfSymbols.
        self.patch(h.signature + 12, &[0; 8]);
        self.patch(h.signature + 6, &u16::try_from(h.sections.len()).unwrap_or(0).to_le_bytes());
        let base = to_u64(image.base().value()).unwrap_or(0).to_le_bytes();
        match h.wide {
            true => self.patch(h.optional + 24, &base),
            false => self.patch(h.optional + 28, base.get(..4).unwrap_or_default()),
        }
        if h.section_alignment >= PAGE {
            self.patch(h.optional + 36, &alignment.to_le_bytes());
            let section_alignment = if h.section_alignment.is_power_of_two() { h.section_alignment } else { PAGE };
            self.patch(h.optional + 32, &section_alignment.to_le_bytes());
            let size = end.checked_next_multiple_of(section_alignment).unwrap_or(end);
            self.patch(h.optional + 56, &size.to_le_bytes());
            self.patch(h.optional + 60, &headers.next_multiple_of(alignment).to_le_bytes());
        }
        // The sum is not that of this file.
        self.patch(h.optional + 64, &[0; 4]);
        let count = u32::try_from(h.directories.len()).unwrap_or(0);
        self.patch(h.directory_table() - 4, &count.to_le_bytes());
        // Certificates lie behind what is mapped; old bindings are of another start.
        for which in [Directory::Security, Directory::BoundImport] {
            if (which as u32) < count {
                self.patch(h.directory_table() + 8 * which as u32, &[0; 8]);
            }
        }
    }

    /// Entries of the debug directory say where in the file their data is.
    fn debug(&mut self, image: &Loaded<'_>) {
        let Some((at, size)) = image.directory(Directory::Debug) else { return };
        for i in 0..(size / DEBUG).min(DEBUGS) {
            let Some(entry) = at.checked_add(DEBUG * i) else { return };
            let data = entry.checked_add(20).and_then(|at| image.u32(at)).filter(|&at| at != 0);
            let Some(place) = entry.checked_add(24).and_then(|at| self.in_file(at)) else { continue };
            let file = data.and_then(|at| self.in_file(at)).unwrap_or(0);
            self.patch(place, &file.to_le_bytes());
        }
    }

    /// Where in the file a place of the image is.
    fn in_file(&self, rva: u32) -> Option<u32> {
        self.pieces.iter().find_map(|p| rva.checked_sub(p.rva).filter(|o| *o < p.len)?.checked_add(p.file))
    }

    /// Writes the file; how many bytes of it were not resident. `go_on` is asked from time to time.
    ///
    /// # Errors
    /// When it can't be written, or `go_on` says no.
    pub fn write(
        &self,
        image: &Loaded<'_>,
        out: &mut dyn io::Write,
        go_on: &mut dyn FnMut(u64) -> io::Result<()>,
    ) -> io::Result<u64> {
        const BLOCK: u32 = 1 << 20;
        let mut block = vec![0u8; 1 << 20];
        let mut missing = 0u64;
        let mut at = 0u32;
        let ends = self.pieces.iter().skip(1).map(|p| p.file).chain([self.bytes]);
        for (piece, end) in self.pieces.iter().zip(ends) {
            while at < end {
                go_on(u64::from(at))?;
                let n = (end - at).min(BLOCK);
                let bytes = block.get_mut(..index(umem::from(n)).unwrap_or(0)).unwrap_or_default();
                bytes.fill(0);
                let from = at - piece.file;
                let there = index(umem::from(piece.len.saturating_sub(from).min(n))).unwrap_or(0);
                if let Some(part) = bytes.get_mut(..there).filter(|p| !p.is_empty()) {
                    let gaps = image.view().read_gaps(image.at(piece.rva.saturating_add(from)), part);
                    missing = missing.saturating_add(to_u64(gaps.bytes()).unwrap_or(0));
                }
                for (place, patch) in &self.patches {
                    apply(at, bytes, *place, patch);
                }
                out.write_all(bytes)?;
                at += n;
            }
        }
        Ok(missing)
    }
}

/// Puts the part of `patch`, which stands at `place`, that falls into `bytes`, which stand at `at`.
fn apply(at: u32, bytes: &mut [u8], place: u32, patch: &[u8]) {
    let (at, place) = (umem::from(at), umem::from(place));
    for (i, byte) in patch.iter().enumerate() {
        let slot = (place + to_umem(i)).checked_sub(at).and_then(index).and_then(|i| bytes.get_mut(i));
        if let Some(slot) = slot {
            *slot = *byte;
        }
    }
}
