//! Finding the kernel.
//!
//! 1. a page-table root (`roots`): named by the user, the dump's header or its processors; the block in low memory that
//!    processors are started with; any that maps `KUSER_SHARED_DATA`, by a pass over memory; any that maps itself (`selfmap`), by another
//! 2. the kernel's image in what it maps (`image`), with its exports and the identity of its symbols
//! 3. which build it is (`build`), from what the kernel exports and from `KUSER_SHARED_DATA` (`shared`)
//! 4. where its structures have their members (`layout`): a table of that build or of one like it, which the process System must confirm
//! 5. KDBG (`kdbg`), which names variables that neither exports nor lists of symbols do

mod build;
mod image;
mod kdbg;
mod layout;
mod modules;
mod roots;
mod selfmap;
pub(super) mod shared;
pub(super) mod symbols;
mod system;
mod words;

use super::base::kernel::{Image, Kernel, Reader};
use super::objects::Objects;
use super::paging::{self, Elsewhere, PageFiles, Shared};
use super::pdbs::{self, Pdbs};
use super::{given, layer};
use crate::engine::{AddressSpace, Memory, Pager, Software};
use crate::os::trace::Trace;
use crate::os::{Detection, Hints};
use crate::symbols::{SymbolTable, Symbols};
use crate::{Error, ErrorKind, Layer, Result};
use memsh_plugin::{VirtAddr, umem};
use roots::Root;
use std::sync::Arc;

const ROOT: &str = "page-table root";

/// How much may be spent on the search.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effort {
    /// What is named somewhere, and the first MiB.
    Quick,
    /// A pass over all of memory, too.
    Thorough,
}

/// Finds a Windows kernel in `memory`; the steps say what was tried even where none was found.
pub fn detect(memory: &Memory, hints: &Hints, effort: Effort) -> Detection {
    let mut trace = Trace::default();
    let layer = run(memory, hints, effort, &mut trace);
    Detection { layer, steps: trace.steps, base: None }
}

fn not_found(reason: impl Into<String>) -> Error {
    Error::new(Layer::Os, ErrorKind::NotFound, reason)
}

/// Root of page tables in CR3 (TTBR0).
pub(super) fn frame(cr3: u64, paging: crate::arch::Paging) -> memsh_plugin::PhysAddr {
    roots::frame(cr3, paging)
}

/// A root, the kernel that it maps, and the kernel's exports.
struct Found {
    root: Root,
    space: AddressSpace,
    image: Image,
    symbols: SymbolTable,
}

/// The first of `roots` that maps a kernel. Where nothing else says that this is Windows, it must map `KUSER_SHARED_DATA`: to look for
/// an image in a foreign kernel's half takes long.
fn first(memory: &Memory, hints: &Hints, roots: &[Root], none: &str) -> std::result::Result<(Found, String), String> {
    first_of(memory, roots, none, hints.windows.is_none())
}

/// The same, where the page must be mapped if `strict`.
fn first_of(memory: &Memory, roots: &[Root], none: &str, strict: bool) -> std::result::Result<(Found, String), String> {
    let mut why = none.to_owned();
    for root in roots {
        let space = root.space(memory);
        if strict && shared::read(&space, roots::shared_data(root.paging)).is_none() {
            why = format!("{}, root {}: KUSER_SHARED_DATA is not mapped", space.format().mode, root.root);
            continue;
        }
        match image::find(&space, root) {
            Ok((image, symbols, detail)) => {
                let detail = format!("{}, root {}: {detail}", space.format().mode, root.root);
                return Ok((Found { root: *root, space, image, symbols }, detail));
            }
            Err(e) => why = e,
        }
    }
    Err(why)
}

fn find(memory: &Memory, hints: &Hints, effort: Effort, trace: &mut Trace) -> Result<Found> {
    let named = roots::named(hints);
    if !named.is_empty()
        && let Some(found) =
            trace.attempt(ROOT, "named by --dtb, the dump's header or its processors", || first(memory, hints, &named, ""))
    {
        return Ok(found);
    }
    if let Some(found) = trace.attempt(ROOT, "PROCESSOR_START_BLOCK in the first MiB", || {
        first(memory, hints, &roots::low_stub(memory), "no page is one")
    }) {
        return Ok(found);
    }
    if effort == Effort::Thorough
        && let Some(found) = trace.attempt(ROOT, "tables that map KUSER_SHARED_DATA, by a pass over all of memory", || {
            first(memory, hints, &roots::sharing(memory, hints), "no table in memory maps it")
        })
    {
        return Ok(found);
    }
    if effort == Effort::Thorough
        && !hints.interrupted()
        && let Some(found) = trace.attempt(ROOT, "tables that map themselves, by another pass", || {
            first_of(memory, &selfmap::mapping_themselves(memory, hints), "no table in memory maps itself", false)
        })
    {
        return Ok(found);
    }
    if hints.interrupted() {
        return Err(Error::new(Layer::Os, ErrorKind::Interrupted, "the search for an operating system was interrupted"));
    }
    let physical = "physical memory can be read all the same (read --phys, scan, strings, dump phys)";
    Err(match &hints.windows {
        Some(w) => not_found(format!("this {} is of {}, but no page-table root in it maps its kernel", w.source, w.describe()))
            .hint(format!("{physical}; `info` lists what was tried; --dtb ADDR names a page-table root")),
        None => not_found("no Windows kernel was found in this memory: no page-table root maps one")
            .hint("`info` lists what was tried; --dtb ADDR names a page-table root"),
    })
}

fn run(memory: &Memory, hints: &Hints, effort: Effort, trace: &mut Trace) -> Result<crate::os::OsLayer> {
    let Found { root, space, image, mut symbols } = find(memory, hints, effort, trace)?;
    let mut warnings = Vec::new();
    let known = image.pdb.as_ref().map(symbols::of).unwrap_or_default();
    if !known.is_empty() {
        trace.attempt("symbols", "memsh's list of builds, by the PDB's identity", || {
            for (name, rva) in &known {
                if symbols.address(name).is_none() {
                    symbols.push(name, image.base.wrapping_add(umem::from(*rva)), b'D', None);
                }
            }
            symbols.finish();
            Ok(((), format!("{} names", known.len())))
        });
    }
    let given = given::read(hints, image.pdb.as_ref(), trace, &mut warnings);
    if let Some(own) = &given.symbols {
        for symbol in own.all() {
            let at = image.base.wrapping_add(symbol.address.value());
            if symbols.address(symbol.name).is_none() {
                // A source that does not say what a symbol is names data for the most part.
                let kind = u8::try_from(symbol.kind).ok().filter(|&k| k != b'?').unwrap_or(b'D');
                symbols.push(symbol.name, at, kind, None);
            }
        }
        symbols.finish();
    }
    let shared_data = roots::shared_data(root.paging);
    let build = trace
        .attempt("build", "NtBuildNumber and KUSER_SHARED_DATA", || build::read(&space, &symbols, shared_data, hints))
        .ok_or_else(|| {
            not_found(format!("the kernel at {} does not say which build it is", image.base))
                .hint("physical memory can be read all the same: read --phys, scan, strings, dump phys")
        })?;
    let chosen = layout::choose(&space, &image, &symbols, build.number, given.types, hints, trace).ok_or_else(|| {
        not_found(format!("the structures of Windows build {} are not known: no table fits it", build.number))
            .hint("give an ISF file of this kernel with --symbols")
    })?;
    if !chosen.same_build {
        warnings.push(format!(
            "memsh has no table of Windows build {}: that of {} is used, which the process System confirms",
            build.number, chosen.release
        ));
    }
    let entries = paging::entries(&space, &symbols, &*chosen.types, build.number, chosen.same_build);
    trace.attempt("entries that are not valid", "the types, MiState.Hardware.InvalidPteMask", || {
        Ok(((), paging::describe(entries)))
    });
    let files = Arc::new(PageFiles::open(&hints.pagefile, build.number >= 10240 && entries.store.is_none(), &mut warnings));
    let own =
        space.with_root(chosen.dtb).with_software(Software::Windows(entries)).with_pager(Arc::clone(&files) as Arc<dyn Pager>);
    if chosen.offsets.vad.first.is_none() {
        warnings
            .push(format!("of Windows build {} memsh knows a few structures only: what it does not know is empty", build.number));
    }
    trace.attempt("kernel's root", "the directory table of System", || Ok(((), format!("{}", chosen.dtb))));
    let reader = Reader::new(&own);
    kdbg::find(&reader, &image, &mut symbols, hints, trace);
    let processes = head(&reader, &image, &symbols, &chosen, hints)
        .ok_or_else(|| not_found("the list of processes, PsActiveProcessHead, was not found"))?;
    if symbols.address("KdDebuggerDataBlock").is_none() && build.number >= kdbg::ENCODED && reader.width() == 8 {
        kdbg::derive(&reader, &image, processes, &mut symbols, trace);
    }
    let modules = symbols
        .address("PsLoadedModuleList")
        .or_else(|| hints.windows.as_ref()?.ps_loaded_module_list)
        .filter(|&at| is_node(&reader, at))
        .or_else(|| {
            trace.attempt("drivers", "the list in the kernel's image that begins with the kernel itself", || {
                let at = modules::head(&own, &image, &chosen.offsets.driver).ok_or("there is none")?;
                Ok((at, format!("{at}")))
            })
        });
    let symbols: Arc<dyn Symbols> = Arc::new(symbols);
    let kernel = Kernel {
        space: own,
        image,
        build,
        offsets: chosen.offsets,
        types: chosen.types,
        symbols,
        processes,
        modules,
        system: chosen.system,
        shared_data,
        pdbs: None,
    };
    trace.attempt("object types", "ObTypeIndexTable, ObHeaderCookie, the types themselves", || {
        Ok(((), Objects::new(&kernel).evidence().to_owned()))
    });
    let space = kernel.space.clone().with_pager(Arc::new(Elsewhere::new(files, kernel.clone())));
    let shared = Shared::new(Kernel { space: space.clone(), ..kernel.clone() });
    let space = space.with_resolver(Arc::new(shared));
    let kernel = Kernel { space, ..kernel };
    let pdbs = Arc::new(Pdbs::new(kernel.clone(), given.library));
    warnings.extend(pdbs.strangers());
    let symbols = Arc::new(pdbs::AllSymbols::new(Arc::clone(&kernel.symbols), Arc::clone(&pdbs)));
    let types = Arc::new(pdbs::AllTypes::new(Arc::clone(&kernel.types), Arc::clone(&pdbs)));
    Ok(layer::layer(Kernel { symbols, types, pdbs: Some(pdbs), ..kernel }, warnings))
}

/// Whether a neighbour in a list points back: one is enough, for the list may be torn at the other.
fn is_node(reader: &Reader<'_>, at: VirtAddr) -> bool {
    let next = || reader.ptr(reader.ptr(at)?.wrapping_add(reader.width()));
    let previous = || reader.ptr(reader.ptr(at.wrapping_add(reader.width()))?);
    next() == Some(at) || previous() == Some(at)
}

/// `PsActiveProcessHead`: by its name, by the dump's header, or as the node of the list that lies in the kernel's image.
fn head(reader: &Reader<'_>, image: &Image, symbols: &dyn Symbols, chosen: &layout::Chosen, hints: &Hints) -> Option<VirtAddr> {
    let links = chosen.system.wrapping_add(chosen.offsets.process.links?.offset);
    // System is the first process: its list node is the head's follower, or near it.
    let fits = |at: &VirtAddr| is_node(reader, *at);
    let named = symbols.address("PsActiveProcessHead").or_else(|| hints.windows.as_ref()?.ps_active_process_head);
    if let Some(at) = named.filter(fits) {
        return Some(at);
    }
    let mut reached = Vec::new();
    for way in [reader.width(), 0] {
        let mut at = links;
        for _ in 0..1 << 16 {
            let Some(next) = reader.ptr(at.wrapping_add(way)).filter(|&n| reader.plausible(n) && n != links) else { break };
            if image.holds(next) {
                reached.push(next);
                break;
            }
            at = next;
        }
    }
    // A node of the list leads there, whatever it holds itself.
    reached.iter().copied().find(fits).or_else(|| reached.first().copied())
}
