//! Symbols of data, for kernels whose kallsyms has functions only (without `CONFIG_KALLSYMS_ALL`).
//!
//! Each comes from a place that the kernel itself keeps, and none is taken without a proof: no answer is better than a wrong one.
//!
//! - `exports`: what the kernel exports to its modules, proved by the functions among them
//! - VMCOREINFO, where its `_stext` is that of kallsyms
//! - the kernel's code: what functions of known names refer to, where it looks like what it must be (`rules`)

mod arm;
mod calls;
mod code;
mod exports;
mod proof;
mod rule;
mod rules;
#[cfg(test)]
mod tests;

use super::image::KernelImage;
use super::names;
use super::trace::Trace;
use crate::engine::AddressSpace;
use crate::symbols::{SymbolTable, Symbols, VmcoreInfo};
use memsh_plugin::{MemoryView, VirtAddr, umem};
use std::borrow::Cow;

const STEP: &str = "data symbols";
/// The variable that leads to VMCOREINFO's text.
const TEXT: &str = "vmcoreinfo_data";
/// What `nm` calls data.
const DATA: u8 = b'D';

/// Adds what the kernel says of its data to `symbols`, which has functions only. Where `info` is not of this kernel, it is replaced by the
/// kernel's own, or by what `elsewhere` finds.
pub(super) fn fill(
    space: &AddressSpace,
    image: &KernelImage,
    mut symbols: SymbolTable,
    info: &mut Option<VmcoreInfo>,
    trace: &mut Trace,
    elsewhere: &dyn Fn(&mut Trace) -> Vec<VmcoreInfo>,
) -> SymbolTable {
    let memory = space.memory();
    let pointer_size = space.view_metadata().pointer_size;
    let bytes = match image.in_place(memory) {
        Some(bytes) => Cow::Borrowed(bytes),
        // Of what does not lie in one piece a part may do.
        None => rule::needed(space, image, &symbols)
            .filter(|bytes| exports::exports(bytes, image, pointer_size, &symbols).is_ok())
            .map_or_else(|| image.bytes(memory), Cow::Owned),
    };
    // The table of system calls is constant, but of old kernels.
    let calls = |symbols: &SymbolTable| {
        let found = calls::table(&bytes, image, pointer_size, symbols);
        let elsewhere = || image.in_place(memory).is_none() && symbols.address(calls::NAME).is_none();
        found.or_else(|| elsewhere().then(|| calls::table(&image.bytes(memory), image, pointer_size, symbols)).flatten())
    };
    let exported = trace.attempt(STEP, "the kernel's export tables", || {
        let all = exports::exports(&bytes, image, pointer_size, &symbols)?;
        let new: Vec<Named> =
            all.iter().filter(|e| symbols.address(e.name).is_none()).map(|e| (e.name.to_owned(), e.address)).collect();
        let detail = format!("{} of {} exported symbols are not in kallsyms", new.len(), all.len());
        Ok((new, detail))
    });
    add(&mut symbols, exported.unwrap_or_default());
    if info.as_ref().is_none_or(|i| !fits(i, &symbols)) {
        // Its text is where a variable says; that costs less than to look for it in all of memory.
        let place = rule::Finder::new(space, &bytes, image, &symbols).map(|f| f.run(&[TEXT]));
        add(&mut symbols, place.unwrap_or_default());
        let own = names::vmcoreinfo(space, &symbols, trace).filter(|i| fits(i, &symbols));
        let own = own.or_else(|| elsewhere(trace).into_iter().find(|i| fits(i, &symbols)));
        *info = own.or(info.take());
    }
    let noted = info.as_ref().and_then(|info| trace.attempt(STEP, "VMCOREINFO", || noted(info, image, &symbols)));
    add(&mut symbols, noted.unwrap_or_default());
    let derived = trace.attempt(STEP, "the functions that refer to it", || {
        let finder = rule::Finder::new(space, &bytes, image, &symbols).ok_or("the kernel's addresses are wider than 64 bits")?;
        let mut found = finder.run(&[]);
        found.extend(calls(&symbols));
        let detail = format!("{} symbols", found.len());
        Ok((found, detail))
    });
    add(&mut symbols, derived.unwrap_or_default());
    symbols
}

/// Adds what is not known yet.
fn add(symbols: &mut SymbolTable, new: Vec<Named>) {
    for (name, address) in &new {
        symbols.push(name, *address, DATA, None);
    }
    if !new.is_empty() {
        symbols.finish();
    }
}

/// Adds bounds of the kernel's image that the architecture knows.
pub(super) fn bounded(mut symbols: SymbolTable, bounds: Vec<(&'static str, VirtAddr)>) -> SymbolTable {
    let new = bounds.into_iter().filter(|(name, _)| symbols.address(name).is_none());
    let new: Vec<Named> = new.map(|(name, at)| (name.to_owned(), at)).collect();
    add(&mut symbols, new);
    symbols
}

/// Whether VMCOREINFO is of the kernel that has these symbols.
fn fits(info: &VmcoreInfo, symbols: &dyn Symbols) -> bool {
    let (said, known) = (info.symbol("_stext"), symbols.address("_stext").or_else(|| symbols.address("_text")));
    said.is_some() && said == known
}

/// A symbol's name and address.
type Named = (String, VirtAddr);

/// The symbols of VMCOREINFO that are new.
fn noted(info: &VmcoreInfo, image: &KernelImage, symbols: &dyn Symbols) -> Result<(Vec<Named>, String), String> {
    if !fits(info, symbols) {
        return Err("its _stext is not that of kallsyms: it is of another kernel".to_owned());
    }
    let end: umem = image.virt.value().saturating_add(image.size);
    let inside = |a: VirtAddr| (image.virt.value()..end).contains(&a.value());
    let all = info.symbols().filter(|(name, address)| inside(*address) && symbols.address(name).is_none());
    let new: Vec<Named> = all.map(|(name, address)| (name.to_owned(), address)).collect();
    let detail = format!("{} symbols", new.len());
    Ok((new, detail))
}
