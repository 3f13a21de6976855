//! The chain of steps.

use super::files::Source;
use super::machine::{Found, MACHINES, Machine, Search};
use super::survey::{Survey, survey};
use super::trace::Trace;
use super::{datasyms, files, machine, names, sparse, told, types, typetables};
use crate::engine::{Memory, Pager, ViewExt};
use crate::os::linux::base::kernel::{Kernel, Linux};
use crate::os::linux::code::modtypes;
use crate::os::linux::code::names::AllSymbols;
use crate::os::linux::memory::swapped::SwapPager;
use crate::os::{Detection, Hints, OsLayer};
use crate::symbols::{KernelTypes, SymbolTable, Symbols, Types, VmcoreInfo};
use crate::{Error, ErrorKind, Layer, Result};
use memsh_plugin::{PhysAddr, VirtAddr, umem};
use std::cell::OnceCell;
use std::sync::Arc;

/// Finds a Linux kernel in `memory`. The steps say what was tried even where none was found.
pub fn detect(memory: &Memory, hints: &Hints) -> Detection {
    let mut trace = Trace::default();
    let mut base = None;
    let layer = run(memory, hints, &mut trace, &mut base);
    Detection { layer, steps: trace.steps, base: base.filter(|_| hints.movable) }
}

/// As an address difference, which may be wider than 64 bits.
fn wide(value: u64) -> umem {
    umem::from(value)
}

fn not_found(reason: &str) -> Error {
    Error::new(Layer::Os, ErrorKind::NotFound, reason)
}

/// The kernel's structures are known from nowhere.
fn no_types(banner: &str) -> Error {
    not_found(&format!("the kernel ({banner}) carries no BTF, and none of memsh's own type tables fits it")).hint(
        "give its vmlinux with DWARF (Debian: package linux-image-RELEASE-dbg; else a kernel built with CONFIG_DEBUG_INFO from the same \
         source and configuration), an ISF file made of it (dwarf2json linux --elf vmlinux), or a BTF file (pahole -J) with --symbols",
    )
}

/// The machines that the hints leave.
fn candidates(hints: &Hints, info: Option<&VmcoreInfo>) -> Vec<&'static dyn Machine> {
    let allowed = || MACHINES.iter().copied().filter(|m| machine::possible(*m, hints));
    // A kernel's own words count for more than the header that a dumper wrote.
    match info {
        Some(info) if allowed().any(|m| m.wrote(info)) => allowed().filter(|m| m.wrote(info)).collect(),
        _ => allowed().collect(),
    }
}

/// What one pass over memory tells, made at most once.
#[derive(Default)]
struct Surveyed(OnceCell<Survey>);

impl Surveyed {
    /// VMCOREINFO texts in raw memory, of different kernels where there are several.
    fn texts(&self, search: &Search<'_>, trace: &mut Trace) -> Vec<VmcoreInfo> {
        let found = trace.attempt("VMCOREINFO", "its text in physical memory", || {
            let found = self.0.get_or_init(|| survey(search)).texts.clone();
            match found.first() {
                Some(first) => {
                    let more = if found.len() > 1 { format!(" and {} more", found.len() - 1) } else { String::new() };
                    let detail = format!("Linux {}{more}", first.osrelease().unwrap_or_default());
                    Ok((found, detail))
                }
                None => Err("no text that begins with OSRELEASE= is in memory".to_owned()),
            }
        });
        found.unwrap_or_default()
    }

    /// Whether further passes over memory can find anything.
    fn banner(&self, search: &Search<'_>, trace: &mut Trace) -> bool {
        let found = self.0.get_or_init(|| survey(search)).banner;
        if !found {
            trace.attempt("page-table root", "pass over all of memory", || {
                Err::<((), String), _>("no banner of Linux is anywhere in memory, so no table in it leads to a kernel".to_owned())
            });
        }
        found
    }
}

/// The kernel in memory, the architecture that it was found by, and its VMCOREINFO where that was needed.
fn find(
    memory: &Memory,
    hints: &Hints,
    info: &mut Option<VmcoreInfo>,
    surveyed: &Surveyed,
    trace: &mut Trace,
) -> Result<(Found, &'static dyn Machine)> {
    let go_on = || match hints.interrupted() {
        true => Err(Error::new(Layer::Os, ErrorKind::Interrupted, "the search for an operating system was interrupted")),
        false => Ok(()),
    };
    let machines = candidates(hints, info.as_ref());
    if machines.is_empty() {
        let arch = hints.arch.map(|a| a.name().to_owned()).or_else(|| hints.machine.clone()).unwrap_or_default();
        return Err(not_found(&format!("Linux on {arch} is not read yet"))
            .hint("physical memory can be read all the same: read --phys, scan, strings, dump phys"));
    }
    let search = Search { memory, hints, info: info.as_ref() };
    for machine in &machines {
        if let Some(found) = machine.quick(&search, trace) {
            return Ok((found, *machine));
        }
        go_on()?;
    }
    let mut begun = sparse::find(&search, &machines, trace);
    go_on()?;
    if begun.len() == 1
        && let Some(found) = begun.pop()
    {
        return Ok(found);
    }
    if info.is_none() && hints.dtb.is_none() {
        for text in surveyed.texts(&search, trace) {
            let search = Search { memory, hints, info: Some(&text) };
            for machine in candidates(hints, Some(&text)) {
                if let Some(found) = machine.quick(&search, trace).or_else(|| told::find(&search, machine, trace)) {
                    *info = Some(text);
                    return Ok((found, machine));
                }
                go_on()?;
            }
        }
    }
    if let Some(found) = machines.iter().find_map(|m| Some((told::find(&search, *m, trace)?, *m))) {
        return Ok(found);
    }
    let search = Search { memory, hints, info: info.as_ref() };
    go_on()?;
    if hints.dtb.is_none() && surveyed.banner(&search, trace) {
        for machine in &machines {
            if let Some(found) = machine.thorough(&search, trace) {
                return Ok((found, *machine));
            }
            go_on()?;
        }
    }
    go_on()?;
    if let Some(found) = begun.into_iter().next() {
        return Ok(found);
    }
    let kinds: Vec<&str> = machines.iter().flat_map(|m| m.archs()).map(|a| a.name()).collect();
    Err(not_found(&format!(
        "no Linux kernel was found in this memory: no page-table root maps one (looked for: {})",
        kinds.join(", ")
    ))
    .hint(trace.advice.clone().unwrap_or_else(|| {
        "is it a memory image, and of a Linux system? `info` lists what was tried; --dtb ADDR names a page-table root, \
             --base ADDR where a raw image begins"
            .to_owned()
    })))
}

/// Where the kernel's own heap ended when it had one: right behind its image (`setup_initial_init_mm`).
fn heap(kernel: &Kernel) -> Option<VirtAddr> {
    let brk = kernel.layouts.mm.brk?;
    kernel.space.read_ptr(kernel.address("init_mm")?.wrapping_add(umem::from(brk.offset))).ok()
}

fn run(memory: &Memory, hints: &Hints, trace: &mut Trace, base: &mut Option<PhysAddr>) -> Result<OsLayer> {
    let mut warnings = Vec::new();
    let mut info = hints.vmcoreinfo.as_deref().and_then(|text| {
        trace.attempt("VMCOREINFO", "note in the image", || {
            let info = VmcoreInfo::parse(text);
            match info.osrelease().map(str::to_owned) {
                Some(release) => Ok((info, format!("Linux {release}"))),
                None => Err("the note has no OSRELEASE".to_owned()),
            }
        })
    });
    let go_on = || match hints.interrupted() {
        true => Err(Error::new(Layer::Os, ErrorKind::Interrupted, "the search for an operating system was interrupted")),
        false => Ok(()),
    };
    let surveyed = Surveyed::default();
    let (mut found, machine) = find(memory, hints, &mut info, &surveyed, trace)?;
    *base = found.moved;
    found.with_linear(None);
    let own = names::kallsyms(&found.space, &found.image, info.as_ref(), hints.memo.as_deref(), trace, &mut warnings);
    go_on()?;
    let given = match hints.symbols.is_empty() {
        true => files::FromFiles::default(),
        false => files::read(&hints.symbols, &found.image, &found.banner, trace, &mut warnings),
    };
    go_on()?;
    let mut symbols: SymbolTable = own.or(given.symbols).ok_or_else(|| {
        not_found(&format!("the kernel at {} ({}) has no symbols that can be read", found.image.virt, found.banner))
            .hint("give its System.map, its vmlinux with DWARF, or an ISF file with --symbols")
    })?;
    // What every kernel has; where it is not among the symbols, they are functions only.
    let functions_only = symbols.address("init_task").is_none();
    if functions_only {
        let elsewhere = |trace: &mut Trace| surveyed.texts(&Search { memory, hints, info: None }, trace);
        symbols = datasyms::fill(&found.space, &found.image, symbols, &mut info, trace, &elsewhere);
        go_on()?;
    }
    if let Some(own) = machine.own_root(&mut found, &symbols, info.as_ref()) {
        let told = |own: std::result::Result<String, String>| own.map(|detail| ((), detail));
        if trace.attempt("kernel's root", "its symbol, which must map itself", || told(own)).is_none() {
            warnings
                .push("the kernel's own page-table root does not prove itself; the one that was found first is used".to_owned());
        }
    }
    let linear = found.with_linear(Some(&symbols));
    if let Some(memo) = &hints.memo {
        found.remember(memo);
    }
    if functions_only {
        let bounds = machine.bounds(&found, &symbols);
        symbols = datasyms::bounded(symbols, bounds);
    }
    if info.is_none() {
        info = names::vmcoreinfo(&found.space, &symbols, trace);
    }
    let own = types::btf(&found.space, &found.image, &symbols, hints.memo.as_deref(), trace).map(Source::Btf);
    if let Some(Source::Btf(btf)) = &own
        && let Some(told) = btf.salvaged
    {
        warnings.push(format!(
            "the kernel's types are damaged at {} places: {} of {} are lost, and columns that need them are empty",
            told.gaps,
            told.lost,
            btf.count()
        ));
    }
    if let Some(Source::Btf(btf)) = &own
        && btf.lost_names() > 0
    {
        warnings.push(format!(
            "the names of {} of the kernel's {} types are damaged (they have no end, or lie outside of the strings): these are not found, \
             and columns that need them are empty",
            btf.lost_names(),
            btf.count()
        ));
    }
    let mut symbols = symbols;
    let source = match own.or(given.types) {
        Some(source) => source,
        None => {
            let known = typetables::Kernel {
                space: &found.space,
                image: &found.image,
                banner: &found.banner,
                info: info.as_ref(),
                symbols: &symbols,
            };
            let chosen = typetables::choose(&known, trace, &mut warnings).ok_or_else(|| no_types(&found.banner))?;
            if symbols.address("init_task").is_none() && symbols.push("init_task", chosen.init_task, b'D', None) {
                symbols.finish();
            }
            Source::Other(chosen.types)
        }
    };
    go_on()?;

    let software = match &source {
        Source::Btf(btf) => machine.software(&found, &symbols, &**btf),
        Source::Other(types) => machine.software(&found, &symbols, &**types),
    };
    if let Some(software) = software {
        found.space = found.space.with_software(software);
    }
    let base = symbols.address("_text").or_else(|| symbols.address("_stext")).unwrap_or(found.image.virt);
    let size = symbols.address("_end").and_then(|end| end.offset_from(base));
    let (space, paging) = (found.space.clone(), found.space.paging());
    let symbols: Arc<dyn Symbols> = Arc::new(symbols);
    // Whoever asks by hand may mean a module's type; what memsh itself reads is the kernel's unless it names a module.
    let (types, own_types): (Arc<dyn Types>, Arc<dyn Types>) = match source {
        Source::Btf(btf) => {
            let all = Arc::new(modtypes::with_modules(btf, space.clone(), Arc::clone(&symbols)));
            (Arc::clone(&all) as Arc<dyn Types>, Arc::new(KernelTypes(all)))
        }
        Source::Other(types) => (Arc::clone(&types), types),
    };
    let pager = Arc::new(SwapPager::new(&hints.swap));
    let space = space.with_pager(Arc::clone(&pager) as Arc<dyn Pager>);
    let mut kernel = Kernel::new(space.clone(), symbols, own_types, base);
    // Where no table maps it, its size is not that of what is mapped.
    let mapped = (!found.image.is_unmapped(&found.space)).then_some(found.image.size);
    kernel.size = size.or_else(|| heap(&kernel)?.offset_from(base)).filter(|&s| s <= found.image.size).or(mapped);
    kernel.slide = info.as_ref().and_then(VmcoreInfo::kernel_offset).map(wide);
    kernel.vmcoreinfo = info;
    kernel.linear = Some(Arc::clone(&linear));
    kernel.interrupt = hints.until();
    let system = Linux::new(kernel);
    pager.attach(&system.0);
    linear.attach(&system.0);
    warnings.extend(pager.check(&system.0));
    let symbols = Arc::new(AllSymbols::new(Arc::clone(&system.0)));
    let linux = Some(Arc::clone(&system.0));
    Ok(OsLayer {
        os: Arc::new(system),
        kernel: space,
        paging,
        symbols,
        types,
        linux,
        told: None,
        windows: None,
        spaces: None,
        warnings,
    })
}
