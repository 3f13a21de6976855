//! Files that are put together from memory: cores of processes, programs and libraries.

use super::content::{Layout, Piece, View};
use crate::commands::pages::mapped_ranges;
use crate::commands::searched::within;
use crate::engine::search::VirtRun;
use crate::engine::{to_u64, to_umem};
use crate::image::{ElfNotes, elf_core};
use crate::os::lost::Lost;
use crate::os::windows::pe::loaded::Loaded;
use crate::os::windows::pe::rebuild::rebuild;
use crate::session::{Session, Space};
use crate::{Error, ErrorKind, Layer, PhysAddr, Result, VirtAddr, umem};
use memsh_plugin::{MemoryRange, ModuleInfo};
use std::sync::atomic::{AtomicBool, Ordering};

/// Runs of pages in one core; more are the tables of nobody.
const RUNS: usize = 1 << 20;
/// Bytes of an ELF header, 64-bit; the 32-bit one is shorter.
const HEADER: usize = 64;
/// Program headers that are read.
const SEGMENTS: u16 = 256;
/// Bytes of one segment, and of a whole program: more is no program.
const LARGEST: u64 = 1 << 36;

/// What of a process's memory is there, run by run. Of a process that runs on this machine or another system's word, what is mapped and
/// was never touched is left out: there is nothing in it.
///
/// # Errors
/// When Ctrl-C was pressed.
pub fn resident(space: &Space, interrupt: &AtomicBool, lost: &mut Lost) -> Result<Vec<MemoryRange>> {
    let ranges = mapped(space, interrupt, lost)?;
    let Some(flat) = space.tables().filter(|t| t.is_flat()) else { return Ok(ranges) };
    let runs: Vec<VirtRun> =
        ranges.iter().map(|r| VirtRun { virt: r.start.value(), phys: r.start.value(), size: r.size }).collect();
    let there = within(&runs, flat.memory().data());
    Ok(there.iter().map(|r| MemoryRange { start: PhysAddr::new(r.virt), size: r.size }).collect())
}

/// What a process maps, run by run.
///
/// # Errors
/// When Ctrl-C was pressed.
fn mapped(space: &Space, interrupt: &AtomicBool, lost: &mut Lost) -> Result<Vec<MemoryRange>> {
    let tables = space.tables().ok_or_else(|| Error::new(Layer::Virtual, ErrorKind::Unsupported, "no address space"))?;
    let mut count = 0;
    let (ranges, missing) = mapped_ranges(tables, &mut || {
        count += 1;
        count <= RUNS && !interrupt.load(Ordering::Relaxed)
    });
    if interrupt.load(Ordering::Relaxed) {
        return Err(Error::new(Layer::Command, ErrorKind::Interrupted, "interrupted"));
    }
    if count > RUNS {
        lost.push(format!("only the first {RUNS} runs of pages are shown"));
    }
    if missing > 0 {
        lost.push(format!("{missing} page tables are not in the image"));
    }
    Ok(ranges)
}

/// What a process maps as an ELF core, as `dump PID` writes it.
///
/// # Errors
/// When it maps nothing, or Ctrl-C was pressed.
pub fn core(session: &Session, space: &Space, interrupt: &AtomicBool, lost: &mut Lost) -> Result<Layout> {
    let ranges = mapped(space, interrupt, lost)?;
    let kernel = session.os().ok().map(|l| &l.kernel);
    let machine = kernel.map(|k| k.format().arch.name().to_owned()).or(session.image().machine.clone());
    let made = elf_core(&ranges, &ElfNotes { machine, vmcoreinfo: None })?;
    let pieces = made.segments.iter().map(|s| Piece { at: s.offset, size: s.size, address: umem::from(s.start) }).collect();
    Ok(Layout::new(pieces, vec![(0, made.head)], made.bytes))
}

/// A program or library as a file: of Windows as `dump NAME` writes it; of others by its ELF headers; what has none of these as it lies
/// in memory.
pub fn module(view: &View, module: &ModuleInfo, windows: bool, lost: &mut Lost) -> Layout {
    let rebuilt = match (windows, view.space.tables()) {
        (true, Some(tables)) => {
            let name = module.name.to_string_lossy();
            match Loaded::open(tables, module.base, &name, Some(module.size), lost) {
                Ok(image) => Some(portable(&image, lost)),
                Err(e) => {
                    lost.push(format!("{name}: {e}; the file is the module as it lies in memory"));
                    None
                }
            }
        }
        _ => elf(view, module.base),
    };
    rebuilt.unwrap_or_else(|| {
        let size = to_u64(module.size).unwrap_or(u64::MAX).min(LARGEST);
        Layout::new(vec![Piece { at: 0, size, address: module.base.value() }], Vec::new(), size)
    })
}

fn portable(image: &Loaded<'_>, lost: &mut Lost) -> Layout {
    let rebuilt = rebuild(image, lost);
    let pieces =
        rebuilt.pieces().map(|(at, size, rva)| Piece { at: at.into(), size: size.into(), address: image.at(rva).value() });
    let patches = rebuilt.patches().iter().map(|(at, bytes)| (u64::from(*at), bytes.clone())).collect();
    Layout::new(pieces.collect(), patches, rebuilt.bytes.into())
}

/// Numbers of a header, in the order of its file.
struct Fields<'b> {
    bytes: &'b [u8],
    big: bool,
}

impl Fields<'_> {
    fn number(&self, at: usize, size: usize) -> Option<u64> {
        let part = self.bytes.get(at..at.checked_add(size)?)?;
        let join = |n: u64, b: &u8| n << 8 | u64::from(*b);
        Some(if self.big { part.iter().fold(0, join) } else { part.iter().rev().fold(0, join) })
    }
}

fn read(view: &View, address: umem, size: usize) -> Option<Vec<u8>> {
    let mut bytes = vec![0; size];
    view.space.read_gaps(address, &mut bytes).is_empty().then_some(bytes)
}

/// A loaded ELF file, by its program headers ("Tool Interface Standard ELF" and elf.h have their fields). Each segment goes where it
/// was in the file; the table of sections, which is not loaded, is taken out of the header.
fn elf(view: &View, base: VirtAddr) -> Option<Layout> {
    let base = base.value();
    let bytes = read(view, base, HEADER)?;
    if !bytes.starts_with(b"\x7fELF") {
        return None;
    }
    let wide = *bytes.get(4)? == 2;
    let big = *bytes.get(5)? == 2;
    let word = if wide { 8 } else { 4 };
    let header = Fields { bytes: &bytes, big };
    // e_phoff; e_shoff; e_phentsize, e_phnum; e_shnum, e_shstrndx.
    let (phoff, shoff, sizes, sections) = if wide { (32, 40, 54, 60) } else { (28, 32, 42, 48) };
    let table = header.number(phoff, word)?;
    let entry = header.number(sizes, 2)?;
    let count = header.number(sizes + 2, 2)?.min(SEGMENTS.into());
    let entry = usize::try_from(entry).ok().filter(|n| *n >= if wide { 56 } else { 32 })?;
    let table = read(view, base.checked_add(umem::from(table))?, entry.checked_mul(usize::try_from(count).ok()?)?)?;
    let mut segments = Vec::new();
    let mut dynamic = None;
    for header in table.chunks_exact(entry) {
        let f = Fields { bytes: header, big };
        // p_offset, p_vaddr, p_filesz.
        let (offset, address, size) = if wide { (8, 16, 32) } else { (4, 8, 16) };
        let segment = (f.number(offset, word)?, f.number(address, word)?, f.number(size, word)?);
        // PT_LOAD, PT_DYNAMIC.
        match f.number(0, 4)? {
            1 => segments.push(segment),
            2 => dynamic = Some(segment),
            _ => {}
        }
    }
    // The first one holds the header, so it says where the file's address 0 is.
    let (offset, address, _) = segments.iter().copied().min_by_key(|s| s.1)?;
    let bias = base.wrapping_sub(umem::from(address.checked_sub(offset)?));
    let fits = |s: &(u64, u64, u64)| s.0.checked_add(s.2).is_some_and(|end| end <= LARGEST);
    let pieces: Vec<Piece> = segments
        .iter()
        .filter(|s| fits(s))
        .map(|(at, address, size)| Piece { at: *at, size: *size, address: bias.wrapping_add(umem::from(*address)) })
        .collect();
    let size = pieces.iter().map(|p| p.at + p.size).max().filter(|n| *n >= to_u64(to_umem(HEADER)).unwrap_or(0))?;
    let zeros = |at: usize, n: usize| (to_u64(to_umem(at)).unwrap_or(0), vec![0; n]);
    let mut patches = vec![zeros(shoff, word), zeros(sections, 4)];
    if let Some(segment) = dynamic.filter(|s| s.2 <= DYNAMIC) {
        patches.extend(relative(view, segment, bias, size, (word, big)).unwrap_or_default());
    }
    Some(Layout::new(pieces, patches, size))
}

/// Tags of the dynamic section whose values are addresses (DT_PLTGOT to DT_SYMTAB, DT_RELA, DT_REL, DT_JMPREL, DT_GNU_HASH, DT_VERSYM,
/// DT_VERDEF, DT_VERNEED of elf.h): the loader of the C library writes there where they are, in place of where they would be.
const ADDRESSES: &[u64] = &[3, 4, 5, 6, 7, 17, 23, 0x6fff_fef5, 0x6fff_fff0, 0x6fff_fffc, 0x6fff_fffe];
/// Bytes of a dynamic section.
const DYNAMIC: u64 = 1 << 16;

/// The entries of a dynamic section that the loader moved, as the file had them.
fn relative(view: &View, section: (u64, u64, u64), bias: umem, size: u64, form: (usize, bool)) -> Option<Vec<(u64, Vec<u8>)>> {
    let (word, big) = form;
    let bytes = read(view, bias.wrapping_add(umem::from(section.1)), usize::try_from(section.2).ok()?)?;
    let mut patches = Vec::new();
    for (i, entry) in (0u64..).zip(bytes.chunks_exact(2 * word)) {
        let f = Fields { bytes: entry, big };
        let (tag, value) = (f.number(0, word)?, f.number(word, word)?);
        let moved = umem::from(value).checked_sub(bias).and_then(to_u64).filter(|at| bias != 0 && *at < size.saturating_mul(4));
        if let Some(at) = moved.filter(|_| ADDRESSES.contains(&tag)) {
            let word = to_u64(to_umem(word))?;
            let own = if big { at.to_be_bytes().get(8 - form.0..)?.to_vec() } else { at.to_le_bytes().get(..form.0)?.to_vec() };
            patches.push((section.0.checked_add(i * 2 * word + word)?, own));
        }
    }
    Some(patches)
}
