//! Minidumps (`MDMP`): one process, by virtual address, with lists of its threads, modules and regions.
//!
//! Windows' `MiniDumpWriteDump` writes them, and so do Breakpad and Crashpad on other systems. Layouts: Microsoft's `minidumpapiset.h`; what is beyond
//! Windows, Breakpad's `minidump_format.h` and Crashpad's `minidump_extensions.h`.
//!
//! A header points to a directory of streams (`header`); memory is a list of ranges (`memory`), read in place.

mod context;
mod exception;
mod facts;
mod header;
mod linux;
mod memory;
mod modules;
mod peb;
mod regions;
mod system;
mod threads;

use super::detect::Parsed;
use super::input::Input;
use super::process::{ModuleImage, ProcessImage};
use crate::engine::to_u64;
use crate::{At, Error, ErrorKind, Layer, Result};
use header::Dump;
use linux::Linux;
use memory::DumpMemory;
use memsh_plugin::{VirtAddr, umem};
use peb::Peb;
use regions::Landmark;
use system::{Family, Misc, System};
use threads::Threads;

/// Whether `data` begins like a minidump.
pub(super) fn probe(data: &[u8]) -> bool {
    header::beginning(data).is_some()
}

fn virt(value: u64) -> VirtAddr {
    VirtAddr::new(umem::from(value))
}

pub(super) fn parse(input: &Input<'_>) -> Result<Parsed> {
    let mut parsed = Parsed::new("minidump");
    let dump = Dump::read(input.data(), &mut parsed.warnings).map_err(|(why, at)| {
        Error::new(Layer::Image, ErrorKind::Malformed, why).at(At::File(at)).hint(
            "the file was cut short or is no minidump: copy the dump again, or leave --format away to let memsh find the format",
        )
    })?;
    facts::header(&dump, &mut parsed);
    let system = system::read(&dump, &mut parsed);
    let misc = system::misc(&dump, &mut parsed);
    let exception = exception::read(&dump, &system, &mut parsed);
    let threads = threads::read(&dump, &system, exception.as_ref(), &mut parsed);
    let modules = modules::loaded(&dump, &system, &mut parsed);
    let unloaded = modules::unloaded(&dump, system.wide, &mut parsed);
    parsed.detail("modules", modules.len());
    if !unloaded.is_empty() {
        parsed.detail("unloaded_modules", unloaded.len());
    }

    let mut ranges = memory::listed(&dump, &mut parsed);
    parsed.detail("memory_ranges", ranges.len());
    ranges.extend(&threads.stacks);
    let memory = memory::place(&dump, ranges, system.wide, &mut parsed);
    if parsed.claims.is_empty() {
        parsed.without_memory =
            Some("the dump holds no memory: threads, modules and what the system knew of the process are all there is");
    }
    let mut linux = linux::read(&dump, system.wide, &mut parsed);
    let blocks = threads.threads.iter().filter_map(|t| to_u64(t.block?.value()));
    let peb = if system.family == Family::Windows { peb::read(&memory, blocks) } else { Peb::default() };
    facts::process(&dump, &peb, &modules, &mut parsed);

    let listed = linux.regions.take().or_else(|| regions::listed(&dump, system.wide, &mut parsed));
    // Linux' own list names the files.
    let landmarks = landmarks(&threads, &peb, system.family);
    let regions = regions::complete(listed, &modules, &memory, &landmarks, dump.is_full(), &mut parsed);
    if dump.too_wordy() {
        parsed.warnings.push("the names in the dump take more than 16 MiB: some are left out".to_owned());
    }
    let reason = exception.and_then(|e| e.reason);
    let process = ProcessImage { reason, regions, unloaded, ..process(&system, &misc, linux, peb, modules, threads, &memory) };
    parsed.machine = Some(process.machine.clone());
    parsed.process = Some(process);
    Ok(parsed)
}

fn process(
    system: &System,
    misc: &Misc,
    linux: Linux,
    peb: Peb,
    modules: Vec<ModuleImage>,
    threads: Threads,
    memory: &DumpMemory<'_>,
) -> ProcessImage {
    // The program: where the PEB or the auxiliary vector says, else the first of the list.
    let at = peb.image.or(linux.entry).map(virt);
    let holds = |m: &&ModuleImage| at.is_some_and(|a| a.value().checked_sub(m.base.value()).is_some_and(|n| n < m.size));
    let program = modules.iter().find(holds).or_else(|| modules.first());
    let path = peb.path.or_else(|| program.map(|m| m.path.clone())).filter(|p| !p.is_empty());
    let name = program.map(|m| m.name().to_vec()).unwrap_or_default();
    let mut arguments = linux.arguments;
    if arguments.is_empty() {
        // Windows' command line is one text.
        arguments.extend(peb.line);
    }
    ProcessImage {
        system: system.name.to_owned(),
        version: system.version.clone(),
        build: system.build.clone(),
        machine: system.machine.to_owned(),
        pointer_size: if memory.wide { 8 } else { 4 },
        big_endian: memory.big,
        pid: misc.pid.or(linux.pid).or(peb.pid),
        ppid: linux.ppid,
        uid: linux.uid,
        gid: linux.gid,
        name: if linux.name.is_empty() { name } else { linux.name },
        path,
        arguments,
        environment: if linux.environment.is_empty() { peb.environment } else { linux.environment },
        started: misc.started.map(|t| i64::from(t) * 1_000_000_000),
        threads: threads.threads,
        modules,
        ..ProcessImage::default()
    }
}

/// Addresses by which regions are told from each other. What comes later counts.
fn landmarks(threads: &Threads, peb: &Peb, family: Family) -> Vec<Landmark> {
    let heaps = peb.heaps.iter().map(|&at| Landmark { at, kind: "heap" });
    // On Linux, Crashpad says there where the thread's own variables lie.
    let of_windows = threads.threads.iter().filter(|_| family == Family::Windows);
    let blocks = of_windows.filter_map(|t| to_u64(t.block?.value())).map(|at| Landmark { at, kind: "teb" });
    let pointers = threads.threads.iter().filter_map(|t| to_u64(t.stack?.value()));
    let stacks = pointers.chain(threads.stack_starts.iter().copied()).map(|at| Landmark { at, kind: "stack" });
    stacks.chain(heaps).chain(blocks).chain(peb.address.map(|at| Landmark { at, kind: "peb" })).collect()
}
