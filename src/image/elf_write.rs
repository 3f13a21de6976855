//! The head of an ELF core that we write: header, segments, notes. 64-bit, little-endian.

use super::elf::{EM_386, EM_AARCH64, EM_ARM, EM_RISCV, EM_X86_64};
use super::write::ElfNotes;

/// Where the bytes of segments begin: a page, so that they can be mapped.
pub(super) const SEGMENT_ALIGN: u64 = 4096;

const EHDR: u64 = 64;
const PHDR: u64 = 56;
const SHDR: u64 = 64;

fn machine(name: Option<&str>) -> u16 {
    match name {
        Some("x86") => EM_386,
        Some("x86_64") => EM_X86_64,
        Some("aarch64") => EM_AARCH64,
        Some("arm") => EM_ARM,
        Some("riscv64" | "riscv32") => EM_RISCV,
        _ => 0,
    }
}

/// A note in little-endian order.
pub(super) fn note(name: &[u8], kind: u32, desc: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    out.extend(u32::try_from(name.len()).ok()?.to_le_bytes());
    out.extend(u32::try_from(desc.len()).ok()?.to_le_bytes());
    out.extend(kind.to_le_bytes());
    for part in [name, desc] {
        out.extend(part);
        out.resize(out.len().next_multiple_of(4), 0);
    }
    Some(out)
}

fn segment(kind: u32, offset: u64, addr: u64, size: u64) -> Vec<u8> {
    let mut out = Vec::new();
    out.extend(kind.to_le_bytes());
    // PF_R | PF_W for memory; notes have no rights.
    out.extend(if kind == 1 { 6u32 } else { 0 }.to_le_bytes());
    // p_vaddr as p_paddr: the memory is not seen through page tables (QEMU does the same).
    for n in [offset, addr, addr, size, size, if kind == 1 { SEGMENT_ALIGN } else { 4 }] {
        out.extend(n.to_le_bytes());
    }
    out
}

/// Everything before the first segment's bytes, for `ranges` (start, size) whose bytes follow in order, each at the next
/// multiple of [`SEGMENT_ALIGN`]. `None` when the file would be too large.
pub(super) fn write_head(ranges: &[(u64, u64)], notes: &ElfNotes) -> Option<Vec<u8>> {
    let note = match &notes.vmcoreinfo {
        Some(text) => note(b"VMCOREINFO\0", 0, text)?,
        None => Vec::new(),
    };
    let count = u64::try_from(ranges.len()).ok()?.checked_add(u64::from(!note.is_empty()))?;
    // From 0xffff segments on their number stands in section header 0 (PN_XNUM).
    let small = u16::try_from(count).ok().filter(|&n| n != 0xffff);
    let shoff = if small.is_some() { 0 } else { EHDR };
    let phoff = EHDR + if small.is_some() { 0 } else { SHDR };
    let note_at = count.checked_mul(PHDR)?.checked_add(phoff)?;
    let note_len = u64::try_from(note.len()).ok()?;

    let mut out = Vec::new();
    out.extend(b"\x7fELF\x02\x01\x01");
    out.resize(16, 0);
    // ET_CORE, machine, version, entry, phoff, shoff, flags, ehsize.
    out.extend(4u16.to_le_bytes());
    out.extend(machine(notes.machine.as_deref()).to_le_bytes());
    out.extend(1u32.to_le_bytes());
    for n in [0, phoff, shoff] {
        out.extend(n.to_le_bytes());
    }
    out.extend(0u32.to_le_bytes());
    let sections = u16::from(small.is_none());
    for n in [64, 56, small.unwrap_or(0xffff), 64, sections, 0] {
        out.extend(u16::to_le_bytes(n));
    }
    if small.is_none() {
        let mut section = [0u8; 64];
        section.get_mut(44..48)?.copy_from_slice(&u32::try_from(count).ok()?.to_le_bytes());
        out.extend(section);
    }
    if !note.is_empty() {
        out.extend(segment(4, note_at, 0, note_len));
    }
    let mut offset = note_at.checked_add(note_len)?;
    for &(start, size) in ranges {
        offset = offset.checked_next_multiple_of(SEGMENT_ALIGN)?;
        out.extend(segment(1, offset, start, size));
        offset = offset.checked_add(size)?;
    }
    out.extend(note);
    Some(out)
}
