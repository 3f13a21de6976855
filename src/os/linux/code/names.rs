//! The kernel's symbols and those of its modules, as one table.

use crate::os::linux::base::kernel::Kernel;
use crate::symbols::{Symbol, SymbolTable, Symbols};
use memsh_plugin::{VirtAddr, umem};
use std::sync::Arc;

/// The symbols of a kernel and, read when somebody asks for what the kernel's own table does not answer, of its modules.
pub(crate) struct AllSymbols {
    kernel: Arc<Kernel>,
}

impl AllSymbols {
    pub(crate) fn new(kernel: Arc<Kernel>) -> Self {
        Self { kernel }
    }

    fn modules(&self) -> &SymbolTable {
        self.kernel.module_symbols()
    }
}

impl Symbols for AllSymbols {
    fn address(&self, name: &str) -> Option<VirtAddr> {
        self.kernel.symbols.address(name).or_else(|| self.modules().address(name))
    }

    fn near(&self, address: VirtAddr) -> Option<(Symbol<'_>, umem)> {
        // Modules know where they end, the kernel's last symbol does not.
        self.modules().near(address).or_else(|| self.kernel.symbols.near(address))
    }

    fn is_missing(&self, address: VirtAddr) -> bool {
        self.kernel.symbols.is_missing(address)
    }

    fn all(&self) -> Box<dyn Iterator<Item = Symbol<'_>> + '_> {
        Box::new(self.kernel.symbols.all().chain(self.modules().all()))
    }

    fn count(&self) -> usize {
        self.kernel.symbols.count() + self.modules().count()
    }
}
