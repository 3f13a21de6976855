//! The program and its libraries: from the mapped files, or by the dynamic linker's own list where the core names no files.

use super::memory::CoreMemory;
use super::notes::UserNotes;
use super::{AT_PHDR, AT_SYSINFO_EHDR, virt};
use crate::image::process::ModuleImage;
use memsh_plugin::umem;
use std::collections::BTreeMap;

const PT_LOAD: u32 = 1;
const PT_DYNAMIC: u32 = 2;
const PT_PHDR: u32 = 6;
/// The linker's `struct r_debug` (elf/link.h of the C library).
const DT_DEBUG: u64 = 21;
/// No program has more.
const MOST: usize = 1 << 16;
const MOST_HEADERS: u64 = 256;
const MOST_DYNAMIC: u64 = 4096;
const LONGEST_PATH: u64 = 4096;

/// Modules in any order.
pub(super) fn modules(memory: &CoreMemory<'_>, notes: &UserNotes, program: Option<&[u8]>) -> Vec<ModuleImage> {
    let mut out = mapped(memory, notes);
    if out.is_empty() {
        out = linked(memory, notes, program);
    }
    if let Some(vdso) = notes.aux(AT_SYSINFO_EHDR)
        && let Some((piece, 0)) = memory.find(vdso)
    {
        out.push(ModuleImage {
            path: b"[vdso]".to_vec(),
            base: virt(vdso),
            size: umem::from(piece.size),
            ..ModuleImage::default()
        });
    }
    out
}

/// Files that are mapped from their beginning and have code: the kernel says nothing else of what a module is.
fn mapped(memory: &CoreMemory<'_>, notes: &UserNotes) -> Vec<ModuleImage> {
    let mut extents: BTreeMap<&[u8], (u64, u64, bool)> = BTreeMap::new();
    for m in &notes.mappings {
        let header = m.offset == 0 && memory.bytes(m.start, 4).is_none_or(|b| b == b"\x7fELF");
        let code = memory.segments().any(|s| s.virt >= m.start && s.virt < m.end && s.flags & super::PF_X != 0);
        let e = extents.entry(&m.path).or_insert((m.start, m.end, false));
        // Below its beginning there is none of it: a second mapping of the same file stands apart.
        *e = (e.0.min(m.start), e.1.max(m.end), e.2 || header || code);
    }
    let is_module = |(path, (start, _, likely)): &(&[u8], (u64, u64, bool))| {
        let elf = memory.bytes(*start, 4).map(|b| b == b"\x7fELF");
        elf.unwrap_or(*likely && (path.windows(3).any(|w| w == b".so")))
    };
    let module = |(path, (start, end, _)): (&[u8], (u64, u64, bool))| ModuleImage {
        path: path.to_vec(),
        base: virt(start),
        size: umem::from(end - start),
        ..ModuleImage::default()
    };
    extents.into_iter().filter(is_module).map(module).take(MOST).collect()
}

/// Program headers at `at`: type, address and size in memory of each.
fn headers(memory: &CoreMemory<'_>, at: u64, count: u64, size: u64) -> Vec<(u32, u64, u64)> {
    let wide = memory.word_size() == 8;
    let (address, in_memory) = if wide { (16, 40) } else { (8, 20) };
    let one = |i: u64| {
        let p = at.checked_add(i.checked_mul(size)?)?;
        Some((memory.u32(p)?, memory.word(p.checked_add(address)?)?, memory.word(p.checked_add(in_memory)?)?))
    };
    (0..count.min(MOST_HEADERS)).map_while(one).collect()
}

/// The linker's list.
fn linked(memory: &CoreMemory<'_>, notes: &UserNotes, program: Option<&[u8]>) -> Vec<ModuleImage> {
    const AT_PHENT: u64 = 4;
    const AT_PHNUM: u64 = 5;
    let word = memory.word_size();
    let walk = || {
        let at = notes.aux(AT_PHDR)?;
        let headers = headers(memory, at, notes.aux(AT_PHNUM)?, notes.aux(AT_PHENT)?);
        // How far the program was moved: its headers say where they should be.
        let bias = headers.iter().find(|h| h.0 == PT_PHDR).map_or(0, |h| at.wrapping_sub(h.1));
        let dynamic = bias.wrapping_add(headers.iter().find(|h| h.0 == PT_DYNAMIC)?.1);
        let entry = |i: u64| {
            let p = dynamic.checked_add(i.checked_mul(2 * word)?)?;
            Some((memory.word(p)?, memory.word(p.checked_add(word)?)?))
        };
        let debug = (0..MOST_DYNAMIC).map_while(entry).find(|(tag, _)| *tag == DT_DEBUG)?.1;
        // r_version (padded), r_map
        let mut link = memory.word(debug.checked_add(word)?)?;
        let mut out = Vec::new();
        let mut seen = std::collections::HashSet::new();
        while link != 0 && out.len() < MOST && seen.insert(link) {
            // l_addr, l_name, l_ld, l_next
            let field = |i: u64| memory.word(link.checked_add(i * word)?);
            let (Some(bias), Some(name), Some(next)) = (field(0), field(1), field(3)) else { break };
            let name = memory.text(name, LONGEST_PATH).unwrap_or_default();
            let path = if out.is_empty() && name.is_empty() { program.map(<[u8]>::to_vec).unwrap_or_default() } else { name };
            let (base, size) = extent(memory, bias, if out.is_empty() { Some(&headers) } else { None });
            out.push(ModuleImage { path, base: virt(base), size: umem::from(size), ..ModuleImage::default() });
            link = next;
        }
        out.retain(|m| !m.path.is_empty());
        Some(out)
    };
    walk().unwrap_or_default()
}

/// First address and size of a module that was moved by `bias`, by its program headers.
fn extent(memory: &CoreMemory<'_>, bias: u64, known: Option<&Vec<(u32, u64, u64)>>) -> (u64, u64) {
    let own = || {
        let wide = memory.word_size() == 8;
        let f = crate::image::fields::Fields::new(memory.bytes(bias, if wide { 64 } else { 52 })?, memory.is_big());
        let (at, entry, count) =
            if wide { (f.u64(32)?, f.u16(54)?, f.u16(56)?) } else { (f.u32(28)?.into(), f.u16(42)?, f.u16(44)?) };
        Some(headers(memory, bias.checked_add(at)?, count.into(), entry.into()))
    };
    let headers = known.cloned().or_else(own).unwrap_or_default();
    let loads = headers.iter().filter(|h| h.0 == PT_LOAD);
    let first = loads.clone().map(|h| h.1).min().unwrap_or(0);
    let end = loads.map(|h| h.1.saturating_add(h.2)).max().unwrap_or(0);
    (bias.wrapping_add(first), end.saturating_sub(first))
}
