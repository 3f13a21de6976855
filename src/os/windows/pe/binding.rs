//! Where an import ought to lead, and where it leads.
//!
//! Nobody is accused on a guess: an import of a set of interfaces (`api-ms-win-...`), of a library that is not loaded under its name or
//! whose exports are not resident may lead to any module. It is hooked where its pointer leads to no module at all, or where the export
//! is known with all forwarders and lies in another module.

use super::exports::{Export, exports};
use super::imports::Import;
use super::loaded::Loaded;
use crate::os::lost::Lost;
use memsh_plugin::{MemoryView, VirtAddr, umem};
use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

/// Forwarders lead to forwarders; longer chains are circles.
const CHAIN: u8 = 8;
/// Modules that are asked for one import.
const STEPS: u32 = 64;
/// What lies further behind a name does not belong to it, in bytes.
const NEAR: u32 = 0x1000;

/// A module that an import may lead to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Module {
    /// Its name.
    pub name: String,
    /// Where it lies.
    pub base: VirtAddr,
    /// Bytes.
    pub size: umem,
}

/// What is known of an import.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bound {
    /// The module that it leads to.
    pub module: Option<String>,
    /// The export there, `name+0x10`.
    pub symbol: Option<String>,
    /// Whether it leads elsewhere than it ought to; none where that can't be told.
    pub hooked: Option<bool>,
    /// Why it is said to be hooked.
    pub reason: Option<String>,
}

/// Exports of a module, for questions.
#[derive(Default)]
struct Table {
    by_name: HashMap<String, usize>,
    by_ordinal: HashMap<u32, usize>,
    /// Distance from the base and name, ascending.
    by_place: Vec<(u32, String)>,
    all: Vec<Export>,
}

/// The modules of one space.
pub struct Modules<'v> {
    view: &'v dyn MemoryView,
    all: Vec<Module>,
    /// Whether these are all there are.
    whole: bool,
    tables: RefCell<HashMap<VirtAddr, Rc<Table>>>,
}

/// The name of a library without its extension, in small letters.
fn stem(name: &str) -> String {
    let name = name.to_lowercase();
    match name.rsplit_once('.') {
        Some((stem, "dll" | "exe" | "sys" | "drv" | "cpl" | "ocx")) => stem.to_owned(),
        _ => name,
    }
}

impl<'v> Modules<'v> {
    /// These modules; `whole` says whether there are no others.
    pub fn new(view: &'v dyn MemoryView, all: Vec<Module>, whole: bool) -> Self {
        Self { view, all, whole, tables: RefCell::default() }
    }

    /// The module that holds an address.
    pub fn of(&self, at: VirtAddr) -> Option<&Module> {
        self.all.iter().find(|m| at.offset_from(m.base).is_some_and(|o| o < m.size))
    }

    fn table(&self, module: &Module) -> Rc<Table> {
        if let Some(table) = self.tables.borrow().get(&module.base) {
            return Rc::clone(table);
        }
        // What of another module is not resident is no loss of this one.
        let nothing = &mut Lost::default();
        let image = Loaded::open(self.view, module.base, &module.name, Some(module.size), nothing).ok();
        let all = image.and_then(|i| exports(&i, nothing)).map(|e| e.all).unwrap_or_default();
        let mut table = Table::default();
        for (i, export) in all.iter().enumerate() {
            table.by_ordinal.entry(export.ordinal).or_insert(i);
            if let Some(name) = &export.name {
                table.by_name.entry(name.clone()).or_insert(i);
                if !export.forwarded {
                    table.by_place.push((export.rva, name.clone()));
                }
            }
        }
        table.by_place.sort_unstable();
        let table = Rc::new(Table { all, ..table });
        self.tables.borrow_mut().insert(module.base, Rc::clone(&table));
        table
    }

    /// The nearest export before an address of `module`, `name+0x10`.
    fn symbol(&self, module: &Module, at: VirtAddr) -> Option<String> {
        let rva = u32::try_from(at.offset_from(module.base)?).ok()?;
        let table = self.table(module);
        let behind = table.by_place.partition_point(|(r, _)| *r <= rva);
        let near = behind.checked_sub(1).and_then(|i| table.by_place.get(i)).filter(|(r, _)| rva - r < NEAR);
        Some(match near {
            Some((r, name)) => crate::symbols::with_distance(name, umem::from(rva - r)),
            None => crate::symbols::with_distance(&module.name, umem::from(rva)),
        })
    }

    /// Addresses at which the modules of this name have the export; none where one of them can't tell.
    ///
    /// `left`: forwarders that may be followed one after the other; `steps`: modules that may be asked in all, for many may have one name.
    fn places(
        &self,
        library: &str,
        name: Option<&str>,
        ordinal: Option<u32>,
        (left, steps): (u8, &mut u32),
    ) -> Option<Vec<VirtAddr>> {
        let left = left.checked_sub(1)?;
        let own = stem(library);
        // Two of the same name (side by side): either may be meant.
        let modules: Vec<&Module> = self.all.iter().filter(|m| stem(&m.name) == own).collect();
        let mut out = Vec::new();
        for module in &modules {
            *steps = steps.checked_sub(1)?;
            let table = self.table(module);
            let by_ordinal = || table.by_ordinal.get(&ordinal?);
            let export = table.all.get(*name.and_then(|n| table.by_name.get(n)).or_else(by_ordinal)?)?;
            match (&export.forwarder, export.forwarded) {
                (_, false) => out.push(module.base.wrapping_add(umem::from(export.rva))),
                (Some(text), true) => {
                    // The library may have dots in its name, a function has none.
                    let (library, function) = text.rsplit_once('.')?;
                    let number = function.strip_prefix('#').and_then(|n| n.parse().ok());
                    out.extend(self.places(library, Some(function).filter(|_| number.is_none()), number, (left, &mut *steps))?);
                }
                (None, true) => return None,
            }
        }
        (!out.is_empty()).then_some(out)
    }

    /// Where an import leads, and whether it ought to.
    pub fn judge(&self, import: &Import) -> Bound {
        let Some(target) = import.target else { return Bound::default() };
        let Some(module) = self.of(target) else {
            let reason = self.whole.then(|| "leads to no module".to_owned());
            return Bound { hooked: self.whole.then_some(true), reason, ..Bound::default() };
        };
        let known = Bound { module: Some(module.name.clone()), symbol: self.symbol(module, target), ..Bound::default() };
        // What is looked up late leads back into the image until then.
        let Some(library) = import.library.as_deref() else { return known };
        if import.delayed && self.of(import.slot).is_some_and(|own| own == module) {
            return Bound { hooked: Some(false), ..known };
        }
        let fine = || Bound { hooked: Some(false), ..known.clone() };
        if stem(&module.name) == stem(library) || self.is_here(module, import, target) {
            return fine();
        }
        match self.places(library, import.name.as_deref(), import.ordinal.map(u32::from), (CHAIN, &mut { STEPS })) {
            Some(places) if places.iter().any(|p| self.of(*p) == Some(module)) => fine(),
            Some(places) => {
                let ought = places.first().and_then(|p| self.of(*p)).map_or(library, |m| m.name.as_str());
                Bound { hooked: Some(true), reason: Some(format!("leads to {}, not to {ought}", module.name)), ..known }
            }
            None => known,
        }
    }

    /// Whether the module exports the very function there.
    fn is_here(&self, module: &Module, import: &Import, target: VirtAddr) -> bool {
        let table = self.table(module);
        let export = import.name.as_ref().and_then(|n| table.all.get(*table.by_name.get(n)?));
        export.is_some_and(|e| !e.forwarded && module.base.wrapping_add(umem::from(e.rva)) == target)
    }
}
