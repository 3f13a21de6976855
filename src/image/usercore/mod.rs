//! Core dumps of user-mode processes (core(5)): memory by virtual address, threads, mapped files.
//!
//! Layouts: `struct elf_prstatus` and `struct elf_prpsinfo` of include/uapi/linux/elfcore.h, NT_FILE of fs/binfmt_elf.c
//! (`fill_files_note`), NT_AUXV as the kernel put it on the stack (`create_elf_tables`).

mod memory;
mod modules;
mod notes;
pub(in crate::image) mod registers;
mod stack;

use super::detect::Parsed;
use super::elf::{self, Header};
use super::fields::Fields;
use super::process::{ProcessImage, RegionImage};
use memory::CoreMemory;
use memsh_plugin::{VirtAddr, umem};
pub(super) use notes::signal_name;
use notes::{Mapping, UserNotes};

const PF_X: u32 = 1;
const PF_W: u32 = 2;
const PF_R: u32 = 4;

/// Auxiliary vector entries (include/uapi/linux/auxvec.h).
const AT_PHDR: u64 = 3;
const AT_ENTRY: u64 = 9;
const AT_SYSINFO_EHDR: u64 = 33;

fn virt(value: u64) -> VirtAddr {
    VirtAddr::new(umem::from(value))
}

/// Makes a process of the core whose header was read.
pub(super) fn parse(header: &Header, f: &Fields<'_>) -> Parsed {
    let mut parsed = Parsed::new("elf");
    let mut notes = UserNotes::default();
    let mut memory = CoreMemory::new(header);
    let mut cut = 0u64;
    // Bytes of notes that the file can hold: segments of a real core share none.
    let (mut room, mut shared) = (f.len(), 0u64);
    for segment in header.segments(f) {
        match segment.kind {
            elf::PT_LOAD => {
                let there = segment.in_file.min(f.len().saturating_sub(segment.offset));
                cut = cut.saturating_add(segment.in_file - there);
                if there > 0 && segment.virt.checked_add(there - 1).is_some() {
                    parsed.claim(segment.virt, there, segment.offset);
                }
                memory.add(f, &segment, there);
            }
            elf::PT_NOTE => {
                let there = segment.in_file.min(f.len().saturating_sub(segment.offset));
                match room.checked_sub(there) {
                    Some(left) => room = left,
                    None => {
                        shared += 1;
                        continue;
                    }
                }
                if let Some(bytes) = f.bytes(segment.offset, there) {
                    notes.add(bytes, header);
                }
            }
            _ => {}
        }
    }
    let absent = memory.segments().map(|s| s.size.saturating_sub(s.bytes.len())).fold(0u64, u64::saturating_add);
    parsed.detail("core_of", "one process (addresses are virtual)");
    parsed.detail("elf_segments", memory.segments().count());
    parsed.detail("threads", notes.threads.len());
    if absent > 0 {
        parsed
            .detail("not_dumped", format!("{absent} bytes (mapped, without bytes in the file: mostly code, which its file has)"));
    }
    if cut > 0 {
        parsed.warnings.push(format!("the file is truncated: {cut} bytes of the process's memory are missing"));
    }
    if shared > 0 {
        parsed
            .warnings
            .push(format!("{shared} segments of notes are left out: with those before they name more bytes than the file has"));
    }
    if notes.threads.is_empty() {
        parsed.warnings.push("the core has no NT_PRSTATUS note: threads and registers are not known".to_owned());
    }
    parsed.process = Some(process(header, &notes, &memory));
    parsed
}

fn process(header: &Header, notes: &UserNotes, memory: &CoreMemory<'_>) -> ProcessImage {
    let machine = elf::machine_name(header.machine, header.wide).map_or_else(|n| format!("elf-{n}"), str::to_owned);
    let (arguments, environment) = stack::arguments(memory, &notes.auxv).unwrap_or_default();
    let program = notes.aux(AT_PHDR).or_else(|| notes.aux(AT_ENTRY)).and_then(|at| notes.mapping(at));
    let path = program.map(|m| m.path.clone()).or_else(|| stack::executable(memory, notes));
    let mut modules = modules::modules(memory, notes, path.as_deref());
    modules.sort_by_key(|m| m.base);
    let arguments = if arguments.is_empty() { notes.psargs.iter().cloned().collect() } else { arguments };
    ProcessImage {
        system: notes.system.clone(),
        machine,
        pointer_size: if header.wide { 8 } else { 4 },
        big_endian: header.big,
        pid: notes.pid,
        ppid: notes.ppid,
        uid: notes.uid,
        gid: notes.gid,
        name: notes.name.clone(),
        path,
        arguments,
        environment,
        reason: notes.reason(),
        started: None,
        threads: notes.threads.clone(),
        regions: regions(memory, notes),
        modules,
        ..ProcessImage::default()
    }
}

/// Every segment, and every file that is mapped where no segment is.
fn regions(memory: &CoreMemory<'_>, notes: &UserNotes) -> Vec<RegionImage> {
    let stack = notes.threads.iter().filter_map(|t| t.stack).next();
    let vdso = notes.aux(AT_SYSINFO_EHDR);
    let mut out: Vec<RegionImage> = memory
        .segments()
        .map(|s| {
            let mapping = notes.mapping(s.virt);
            let end = s.virt.saturating_add(s.size.saturating_sub(1));
            let inside = |at: u64| (s.virt..=end).contains(&at);
            let is_stack = stack.and_then(|sp| crate::engine::to_u64(sp.value())).is_some_and(inside);
            let (path, kind) = match mapping {
                Some(m) => (Some(m.path.clone()), "file"),
                None if vdso.is_some_and(inside) => (Some(b"[vdso]".to_vec()), "special"),
                None if is_stack => (Some(b"[stack]".to_vec()), "stack"),
                None => (None, "anonymous"),
            };
            RegionImage {
                start: virt(s.virt),
                size: umem::from(s.size),
                read: s.flags & PF_R != 0,
                write: s.flags & PF_W != 0,
                execute: s.flags & PF_X != 0,
                shared: false,
                path,
                offset: mapping.map(|m| m.offset_of(s.virt)),
                kind: kind.to_owned(),
            }
        })
        .collect();
    let without = |m: &&Mapping| !memory.segments().any(|s| s.virt < m.end && m.start < s.virt.saturating_add(s.size));
    out.extend(notes.mappings.iter().filter(without).map(|m| RegionImage {
        start: virt(m.start),
        size: umem::from(m.end - m.start),
        path: Some(m.path.clone()),
        offset: Some(m.offset),
        kind: "file".to_owned(),
        ..RegionImage::default()
    }));
    out.sort_by_key(|r| r.start);
    out
}
