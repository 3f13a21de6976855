//! Programs and libraries in memory, as files again: the modules `pe` and `elf` of YARA know files, not what a loader made of them.
//!
//! Headers and sections are put where the file has them. What the loader or the program changed (relocations, the import table, data) stays
//! changed; pages that are missing are zeros.

use crate::place::{self, Place, Whose};
use crate::scan::Search;
use memsh_plugin::{ApiError, Status};
use yara_x::{ScanError, Scanner};

/// No image is larger.
const LARGEST: usize = 512 << 20;
/// Headers: what is read at first.
const HEAD: usize = 64 << 10;
const MANY: usize = 256;

/// A file made of memory.
pub struct Image {
    pub bytes: Vec<u8>,
    /// Offset in the file, size, and the address it came from.
    parts: Vec<(u64, u64, u64)>,
    pub missing: u64,
}

/// The modules of a space.
pub struct Images(Vec<(String, u64)>);

impl Images {
    /// Those that memsh lists.
    pub fn of(place: &Place<'_>) -> Result<Self, ApiError> {
        let line = match &place.whose {
            Whose::Process(p) => format!("modules {}", p.pid),
            Whose::Kernel => "modules".to_owned(),
            Whose::Physical => return Ok(Self(Vec::new())),
        };
        let rows = place.answer(&line)?;
        Ok(Self(rows.iter().filter_map(|r| Some((place::text(&r["name"]), place::number(&r["base"])?))).collect()))
    }

    pub fn scan(&self, search: &mut Search<'_>, place: &Place<'_>) -> Result<(), ApiError> {
        if matches!(place.whose, Whose::Physical) {
            return Err(ApiError::new(Status::INVALID, "--images needs a space that has modules: -p PID, -k or --all"));
        }
        let mut scanner = Scanner::new(search.rules);
        scanner.max_matches_per_pattern(search.request.matches);
        if let Some(timeout) = search.request.timeout {
            scanner.set_timeout(timeout);
        }
        let total = self.0.len() as u64;
        for (name, base) in &self.0 {
            if search.is_over() || search.late(place) {
                break;
            }
            let Some(image) = rebuilt(&|at, buf| place.read(at, buf).iter().map(|p| p.1).sum(), *base) else {
                search.lost(format!("{name} at {base:#x} of {}, which has no header of a PE or ELF file", place.title()));
                search.progress(place, 1, total);
                continue;
            };
            if image.missing > 0 {
                search.lost(format!("{} bytes of {name} of {}, zeros in its file", image.missing, place.title()));
            }
            let outcome = scanner.scan(&image.bytes);
            search.hand_out(place, 1, total, |search| match outcome {
                Ok(results) => {
                    for rule in results.matching_rules() {
                        let whence = |offset: u64| (name.clone(), image.address(offset));
                        search.matched_at(place, &rule, 0, &image.bytes, Some(&whence), &mut |_| true);
                    }
                    Ok(())
                }
                Err(ScanError::Timeout) => {
                    search.lost(format!("{name} of {}, which took too long", place.title()));
                    Ok(())
                }
                Err(e) => Err(ApiError::new(Status::FAILED, format!("YARA-X: {e}"))),
            })?;
        }
        Ok(())
    }
}

impl Image {
    fn new(size: u64) -> Option<Self> {
        let size = usize::try_from(size).ok().filter(|n| *n <= LARGEST)?;
        Some(Self { bytes: vec![0; size], parts: Vec::new(), missing: 0 })
    }

    /// Puts `size` bytes of memory at `from` to `offset` of the file.
    fn put(&mut self, read: &dyn Fn(u64, &mut [u8]) -> usize, offset: u64, size: u64, from: u64) {
        let Ok(at) = usize::try_from(offset) else { return };
        let end = usize::try_from(size).ok().and_then(|n| at.checked_add(n)).unwrap_or(usize::MAX).min(self.bytes.len());
        let Some(part) = self.bytes.get_mut(at..end).filter(|p| !p.is_empty()) else { return };
        let there = read(from, part);
        self.missing += (part.len() - there.min(part.len())) as u64;
        self.parts.push((offset, part.len() as u64, from));
    }

    /// Where in memory an offset of the file came from.
    pub fn address(&self, offset: u64) -> Option<u64> {
        let (start, _, from) = self.parts.iter().find(|(start, size, _)| offset >= *start && offset - start < *size)?;
        from.checked_add(offset - start)
    }
}

/// The file of the image at `base`. `read` says how many bytes were there.
pub fn rebuilt(read: &dyn Fn(u64, &mut [u8]) -> usize, base: u64) -> Option<Image> {
    let mut head = vec![0; HEAD];
    if read(base, &mut head) < 64 {
        return None;
    }
    match head.get(..4)? {
        [b'M', b'Z', ..] => pe(read, base, &head),
        b"\x7fELF" => elf(read, base, &head),
        _ => None,
    }
}

fn le(head: &[u8], at: usize, n: usize) -> Option<u64> {
    Some(head.get(at..at.checked_add(n)?)?.iter().rev().fold(0, |v, b| v << 8 | u64::from(*b)))
}

/// Winnt.h: IMAGE_NT_HEADERS and IMAGE_SECTION_HEADER.
fn pe(read: &dyn Fn(u64, &mut [u8]) -> usize, base: u64, head: &[u8]) -> Option<Image> {
    let nt = usize::try_from(le(head, 0x3c, 4)?).ok()?;
    if head.get(nt..nt.checked_add(4)?)? != b"PE\0\0" {
        return None;
    }
    let count = usize::try_from(le(head, nt + 6, 2)?).ok()?.min(MANY);
    let optional = nt + 24;
    let headers = le(head, optional + 60, 4)?.min(HEAD as u64);
    let table = optional + usize::try_from(le(head, nt + 20, 2)?).ok()?;
    let sections: Vec<(u64, u64, u64)> = (0..count)
        .map_while(|i| {
            let at = table + i * 40;
            let (virt, rva, raw, offset) =
                (le(head, at + 8, 4)?, le(head, at + 12, 4)?, le(head, at + 16, 4)?, le(head, at + 20, 4)?);
            Some((offset, if virt == 0 { raw } else { raw.min(virt.next_multiple_of(0x1000)) }, rva))
        })
        .filter(|(offset, size, _)| *offset > 0 && *size > 0)
        .collect();
    let end = sections.iter().map(|(offset, size, _)| offset + size).max().unwrap_or(0).max(headers);
    let mut image = Image::new(end)?;
    image.put(read, 0, headers, base);
    for (offset, size, rva) in sections {
        image.put(read, offset, size, base.checked_add(rva)?);
    }
    Some(image)
}

/// elf(5).
fn elf(read: &dyn Fn(u64, &mut [u8]) -> usize, base: u64, head: &[u8]) -> Option<Image> {
    let wide = *head.get(4)? == 2;
    let big = *head.get(5)? == 2;
    let field = |at: usize, n: usize| {
        let bytes = head.get(at..at.checked_add(n)?)?;
        let push = |v: u64, b: &u8| v << 8 | u64::from(*b);
        Some(if big { bytes.iter().fold(0, push) } else { bytes.iter().rev().fold(0, push) })
    };
    let word = if wide { 8 } else { 4 };
    let table = usize::try_from(field(if wide { 32 } else { 28 }, word)?).ok()?;
    let (size, count) = if wide { (54, 56) } else { (42, 44) };
    let size = usize::try_from(field(size, 2)?).ok()?;
    let count = usize::try_from(field(count, 2)?).ok()?.min(MANY);
    // Offset, address, size in the file of what is loaded.
    let loaded: Vec<(u64, u64, u64)> = (0..count)
        .map_while(|i| {
            let at = table.checked_add(i.checked_mul(size)?)?;
            let (offset, virt, filesz) = if wide { (8, 16, 32) } else { (4, 8, 16) };
            let loads = field(at, 4)? == 1;
            Some((loads, (field(at + offset, word)?, field(at + virt, word)?, field(at + filesz, word)?)))
        })
        .filter_map(|(loads, part)| loads.then_some(part))
        .collect();
    // The part that begins with the header lies at the base.
    let first = loaded.iter().find(|(offset, ..)| *offset == 0).or(loaded.first())?;
    let slide = base.wrapping_sub(first.1.wrapping_sub(first.0));
    let end = loaded.iter().filter_map(|(offset, _, size)| offset.checked_add(*size)).max()?;
    let mut image = Image::new(end)?;
    for (offset, virt, size) in loaded {
        image.put(read, offset, size, virt.wrapping_add(slide));
    }
    (image.bytes.get(..4)? == b"\x7fELF").then_some(image)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    /// Memory at 0x10000.
    fn rebuilt_of(memory: &[u8]) -> Option<Image> {
        let read = |at: u64, buf: &mut [u8]| {
            let from = usize::try_from(at.wrapping_sub(0x10000)).unwrap_or(usize::MAX);
            let held = memory.get(from..).unwrap_or_default();
            let n = held.len().min(buf.len());
            buf[..n].copy_from_slice(&held[..n]);
            n
        };
        rebuilt(&read, 0x10000)
    }

    #[test]
    fn an_elf_goes_back_to_its_file() {
        let mut memory = vec![0u8; 0x4000];
        memory[..6].copy_from_slice(b"\x7fELF\x02\x01");
        memory[32] = 64;
        memory[54] = 56;
        memory[56] = 2;
        for (i, (offset, virt, size)) in [(0u64, 0x40_0000u64, 0x200u64), (0x200, 0x40_2200, 0x80)].into_iter().enumerate() {
            let at = 64 + i * 56;
            memory[at] = 1;
            for (field, value) in [(8, offset), (16, virt), (32, size)] {
                memory[at + field..at + field + 8].copy_from_slice(&value.to_le_bytes());
            }
        }
        memory[0x2200..0x2204].copy_from_slice(b"data");
        let image = rebuilt_of(&memory).unwrap();
        assert_eq!((image.bytes.len(), &image.bytes[0x200..0x204], image.missing), (0x280, &b"data"[..], 0));
        assert_eq!((image.address(0x201), image.address(0x10), image.address(0x280)), (Some(0x12201), Some(0x10010), None));
    }

    #[test]
    fn a_pe_goes_back_to_its_file() {
        let mut memory = vec![0u8; 0x3000];
        memory[..2].copy_from_slice(b"MZ");
        memory[0x3c] = 0x40;
        memory[0x40..0x44].copy_from_slice(b"PE\0\0");
        memory[0x46] = 2;
        memory[0x54] = 0xf0;
        let optional = 0x40 + 24;
        memory[optional + 60..optional + 64].copy_from_slice(&0x400u32.to_le_bytes());
        for (i, (virt, rva, raw, offset)) in
            [(0x10u32, 0x1000u32, 0x200u32, 0x400u32), (0x100, 0x5000, 0x200, 0x600)].iter().enumerate()
        {
            let at = optional + 0xf0 + i * 40;
            for (field, value) in [(8, virt), (12, rva), (16, raw), (20, offset)] {
                memory[at + field..at + field + 4].copy_from_slice(&value.to_le_bytes());
            }
        }
        memory[0x1000..0x1004].copy_from_slice(b"code");
        let image = rebuilt_of(&memory).unwrap();
        assert_eq!((image.bytes.len(), &image.bytes[0x400..0x404], image.missing), (0x800, &b"code"[..], 0x200));
    }

    #[test]
    fn headers_of_nonsense_are_none() {
        assert!(rebuilt_of(&[]).is_none());
        assert!(rebuilt_of(&[b'M', b'Z', 0, 0].repeat(100)).is_none());
        let all = [&b"\x7fELF\x02\x01"[..], &[0xff; 0x1000]].concat();
        assert!(rebuilt_of(&all).is_none());
        let pe = [&b"MZ"[..], &[0xff; 0x1000]].concat();
        assert!(rebuilt_of(&pe).is_none());
    }
}
