//! Names of the kernel, and of modules whose PDB file is there.

use super::{KERNEL, Module, Pdbs};
use crate::symbols::{Symbol, Symbols};
use memsh_plugin::{VirtAddr, umem};
use std::sync::Arc;

/// Names of the kernel, and as `MODULE!NAME` those of its modules.
pub struct AllSymbols {
    kernel: Arc<dyn Symbols>,
    pdbs: Arc<Pdbs>,
}

impl AllSymbols {
    /// Of the kernel and of modules.
    pub fn new(kernel: Arc<dyn Symbols>, pdbs: Arc<Pdbs>) -> Self {
        Self { kernel, pdbs }
    }

    /// What was read already.
    fn read(&self) -> impl Iterator<Item = &dyn Symbols> {
        let modules = self.pdbs.modules.get().map(Vec::as_slice).unwrap_or_default();
        let tables = modules.iter().filter_map(|m: &Module| m.loaded.get()?.symbols.as_ref());
        tables.map(|t| t as &dyn Symbols)
    }
}

impl Symbols for AllSymbols {
    /// A name without a module is the kernel's: what a module calls so depends on which files there are.
    fn address(&self, name: &str) -> Option<VirtAddr> {
        let Some((module, bare)) = name.split_once('!') else { return self.kernel.address(name) };
        if KERNEL.iter().any(|k| module.eq_ignore_ascii_case(k)) {
            return self.kernel.address(bare);
        }
        self.pdbs.load(self.pdbs.named(module)?).symbols.as_ref()?.address(bare)
    }

    fn near(&self, address: VirtAddr) -> Option<(Symbol<'_>, umem)> {
        if self.pdbs.in_kernel(address) {
            return self.kernel.near(address);
        }
        match self.pdbs.holding(address) {
            Some(module) => self.pdbs.load(module).symbols.as_ref()?.near(address),
            None => self.kernel.near(address),
        }
    }

    fn all(&self) -> Box<dyn Iterator<Item = Symbol<'_>> + '_> {
        let mut tables = self.read().peekable();
        if tables.peek().is_none() {
            return self.kernel.all();
        }
        let mut all: Vec<Symbol<'_>> = self.kernel.all().chain(tables.flat_map(Symbols::all)).collect();
        all.sort_by_key(|s| s.address);
        Box::new(all.into_iter())
    }

    fn count(&self) -> usize {
        self.kernel.count() + self.read().map(Symbols::count).sum::<usize>()
    }

    fn load(&self, wanted: &dyn Fn(&str) -> bool) {
        for module in self.pdbs.modules().iter().filter(|m| wanted(&m.stem)) {
            self.pdbs.load(module);
        }
    }
}
