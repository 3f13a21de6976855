//! The chain of steps.

use super::files::Source;
use super::trace::Trace;
use super::{files, names, types, x86_64};
use crate::engine::Memory;
use crate::os::linux::base::kernel::{Kernel, Linux};
use crate::os::linux::code::modtypes;
use crate::os::linux::code::names::AllSymbols;
use crate::os::{DetectionStep, Hints, OsLayer};
use crate::symbols::{KernelTypes, SymbolTable, Symbols, Types, VmcoreInfo};
use crate::{Error, ErrorKind, Layer, Result};
use memsh_plugin::umem;
use std::sync::Arc;

/// Finds a Linux kernel in `memory`. The steps say what was tried even where none was found.
pub fn detect(memory: &Memory, hints: &Hints) -> (Result<OsLayer>, Vec<DetectionStep>) {
    let mut trace = Trace::default();
    let result = run(memory, hints, &mut trace);
    (result, trace.steps)
}

/// As an address difference, which may be wider than 64 bits.
fn wide(value: u64) -> umem {
    umem::from(value)
}

fn not_found(reason: &str) -> Error {
    Error::new(Layer::Os, ErrorKind::NotFound, reason)
}

fn run(memory: &Memory, hints: &Hints, trace: &mut Trace) -> Result<OsLayer> {
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
    if !x86_64::possible(hints) {
        let arch = hints.arch.map(|a| a.name().to_owned()).or_else(|| hints.machine.clone()).unwrap_or_default();
        return Err(not_found(&format!("Linux on {arch} is not read yet"))
            .hint("physical memory can be read all the same: read --phys, scan, strings, dump phys"));
    }
    let go_on = || match hints.interrupted() {
        true => Err(Error::new(Layer::Os, ErrorKind::Interrupted, "the search for an operating system was interrupted")),
        false => Ok(()),
    };
    let found = x86_64::find(memory, hints, info.as_ref(), trace);
    go_on()?;
    let mut found = found.ok_or_else(|| {
        not_found("no Linux kernel was found in this memory: no page-table root maps one").hint(
            "is it a memory image, and of an x86-64 Linux? `info` lists what was tried; --dtb ADDR names a page-table root, \
             --base ADDR where a raw image begins",
        )
    })?;
    let own = names::kallsyms(&found.space, &found.image, info.as_ref(), hints.memo.as_deref(), trace, &mut warnings);
    go_on()?;
    let given = match hints.symbols.is_empty() {
        true => files::FromFiles::default(),
        false => files::read(&hints.symbols, &found.image, &found.banner, trace, &mut warnings),
    };
    go_on()?;
    let symbols: SymbolTable = own.or(given.symbols).ok_or_else(|| {
        not_found(&format!("the kernel at {} ({}) has no symbols that can be read", found.image.virt, found.banner))
            .hint("give its System.map, its vmlinux with DWARF, or an ISF file with --symbols")
    })?;
    let own_root = ["init_top_pgt", "swapper_pg_dir", "init_level4_pgt"].iter().find_map(|n| symbols.address(n));
    if let Some(root) = own_root.or_else(|| info.as_ref()?.symbol("init_top_pgt")) {
        let proven = trace.attempt("kernel's root", "its symbol, which must map itself", || match found.with_own_root(root) {
            true => Ok(((), format!("{}", found.space.root()))),
            false => Err(format!("the table at {root} does not map itself")),
        });
        if proven.is_none() {
            warnings
                .push("the kernel's own page-table root does not prove itself; the one that was found first is used".to_owned());
        }
    }
    if let Some(memo) = &hints.memo {
        found.remember(memo);
    }
    if info.is_none() {
        info = names::vmcoreinfo(&found.space, &symbols, trace);
    }
    let own = types::btf(&found.space, &found.image, &symbols, hints.memo.as_deref(), trace).map(Source::Btf);
    let source = own.or(given.types).ok_or_else(|| {
        not_found(&format!("the kernel ({}) carries no BTF, so its structures are unknown", found.banner))
            .hint("give an ISF file, its vmlinux with DWARF, or a BTF file with --symbols")
    })?;

    let base = symbols.address("_text").or_else(|| symbols.address("_stext")).unwrap_or(found.image.virt);
    let size = symbols.address("_end").and_then(|end| end.offset_from(base)).unwrap_or(found.image.size);
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
    let mut kernel = Kernel::new(space.clone(), symbols, own_types, base);
    kernel.size = Some(size);
    kernel.slide = info.as_ref().and_then(VmcoreInfo::kernel_offset).map(wide);
    kernel.vmcoreinfo = info;
    let system = Linux::new(kernel);
    let symbols = Arc::new(AllSymbols::new(Arc::clone(&system.0)));
    let linux = Some(Arc::clone(&system.0));
    Ok(OsLayer { os: Arc::new(system), kernel: space, paging, symbols, types, linux, warnings })
}
