//! PDB files of modules other than the kernel: which they are, and what is in those that are there.
//!
//! Nothing is read before somebody names a module, or an address in one.

mod needed;
mod symbols;
#[cfg(test)]
mod tests;
mod types;

use super::base::kernel::{Kernel, Pdb};
use super::pe::PeImage;
use super::{drivers, modules, processes};
use crate::engine::AddressSpace;
use crate::os::lost::Lost;
use crate::symbols::library::{Found, Library};
use crate::symbols::{SymbolTable, Symbols, Types};
use memsh_plugin::{ModuleInfo, VirtAddr, umem};
use std::ops::Range;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, OnceLock};

pub use needed::{Needed, of_kernel, of_process};
pub use symbols::AllSymbols;
pub use types::AllTypes;

/// Processes whose memory is looked into for a module of the session (`win32k.sys`), which that of System does not have, or of a user.
const PROCESSES: usize = 64;
/// Modules whose types have ids of their own at a time.
const SLOTS: u32 = 254;
/// What the kernel is called in `NAME!SYMBOL`.
pub(super) const KERNEL: [&str; 5] = ["nt", "kernel", "vmlinux", "ntoskrnl", "ntkrnlmp"];

/// A module of the image.
pub(super) struct Module {
    /// Name, without `.sys` and the like.
    pub(super) stem: String,
    /// Where it lies.
    range: Range<umem>,
    /// Where its memory is read; none for a module of the kernel, until it is looked for.
    space: Option<AddressSpace>,
    pdb: OnceLock<Option<Pdb>>,
    loaded: OnceLock<Loaded>,
}

/// What the PDB of a module gave.
#[derive(Default)]
pub(super) struct Loaded {
    pub(super) types: Option<Arc<dyn Types>>,
    /// Number of the module in ids of types.
    pub(super) slot: u32,
    pub(super) symbols: Option<SymbolTable>,
}

/// The modules of an image, and where their files may be.
pub struct Pdbs {
    kernel: Kernel,
    library: Arc<Library>,
    modules: OnceLock<Vec<Module>>,
    /// Modules of processes, of which the types are asked for by name.
    users: OnceLock<Vec<Module>>,
    slots: AtomicU32,
}

/// A module's name without its extension, as it stands before `!`.
pub fn stem(name: &str) -> &str {
    name.rsplit_once('.').map_or(name, |(stem, _)| if stem.is_empty() { name } else { stem })
}

fn module(info: &ModuleInfo, space: Option<AddressSpace>) -> Module {
    let name = info.name.to_string_lossy();
    let base = info.base.value();
    Module {
        stem: stem(&name).to_owned(),
        range: base..base.saturating_add(info.size),
        space,
        pdb: OnceLock::new(),
        loaded: OnceLock::new(),
    }
}

impl Pdbs {
    /// Of this kernel's modules.
    pub fn new(kernel: Kernel, library: Arc<Library>) -> Self {
        let (modules, users) = (OnceLock::new(), OnceLock::new());
        Self { kernel, library, modules, users, slots: AtomicU32::new(1) }
    }

    /// Where the files may be.
    pub fn library(&self) -> &Library {
        &self.library
    }

    /// Modules of the kernel, but for the kernel itself.
    pub(super) fn modules(&self) -> &[Module] {
        self.modules.get_or_init(|| {
            let list = drivers::list(&self.kernel, &mut Lost::default()).unwrap_or_default();
            let other = list.iter().filter(|m| m.base != self.kernel.image.base);
            other.map(|m| module(m, None)).collect()
        })
    }

    /// Modules of processes, each name once, as the first process has it.
    fn users(&self) -> &[Module] {
        self.users.get_or_init(|| {
            let mut out: Vec<Module> = Vec::new();
            for process in processes::list(&self.kernel, &mut Lost::default()).iter().take(PROCESSES) {
                let Some(root) = process.dtb.get() else { continue };
                let space = self.kernel.process_space(root);
                for info in modules::list(&self.kernel, process.address, process.pid, &mut Lost::default()) {
                    let new = module(&info, Some(space.clone()));
                    if !out.iter().any(|m| m.stem.eq_ignore_ascii_case(&new.stem)) {
                        out.push(new);
                    }
                }
            }
            out
        })
    }

    /// The module of the kernel of this name, with or without `.sys`.
    pub(super) fn named(&self, name: &str) -> Option<&Module> {
        let is = |m: &&Module| m.stem.eq_ignore_ascii_case(name) || m.stem.eq_ignore_ascii_case(stem(name));
        self.modules().iter().find(is)
    }

    /// The same, or that of a process.
    pub(super) fn anywhere(&self, name: &str) -> Option<&Module> {
        let is = |m: &&Module| m.stem.eq_ignore_ascii_case(name) || m.stem.eq_ignore_ascii_case(stem(name));
        self.named(name).or_else(|| self.users().iter().find(is))
    }

    pub(super) fn holding(&self, address: VirtAddr) -> Option<&Module> {
        self.modules().iter().find(|m| m.range.contains(&address.value()))
    }

    /// Whether an address is the kernel's.
    pub(super) fn in_kernel(&self, address: VirtAddr) -> bool {
        self.kernel.image.holds(address)
    }

    /// The identity of a module's PDB.
    pub(super) fn pdb<'m>(&self, module: &'m Module) -> Option<&'m Pdb> {
        let base = VirtAddr::new(module.range.start);
        let found = || match &module.space {
            Some(space) => pdb_at(space, base),
            None => self.pdb_of(base),
        };
        module.pdb.get_or_init(found).as_ref()
    }

    /// Of the module of the kernel at `base`. The memory of a session is not in System's tables.
    fn pdb_of(&self, base: VirtAddr) -> Option<Pdb> {
        if PeImage::at(&self.kernel.space, base).is_some() {
            return pdb_at(&self.kernel.space, base);
        }
        let processes = processes::list(&self.kernel, &mut Lost::default());
        let roots = processes.iter().take(PROCESSES).filter_map(|p| p.dtb.get());
        roots.map(|root| self.kernel.process_space(root)).find_map(|space| pdb_at(&space, base))
    }

    /// Where a module's file is, if anywhere.
    pub(super) fn found(&self, module: &Module) -> Option<Found> {
        let pdb = self.pdb(module)?;
        self.library.find(&pdb.name, &pdb.id)
    }

    /// Reads a module's file, on the first call.
    pub(super) fn load<'m>(&self, module: &'m Module) -> &'m Loaded {
        module.loaded.get_or_init(|| self.read(module).unwrap_or_default())
    }

    fn read(&self, module: &Module) -> Option<Loaded> {
        let pdb = self.pdb(module)?;
        let file = self.library.load(&pdb.name, &pdb.id)?.ok()?;
        let slot = self.slots.fetch_add(1, Ordering::Relaxed);
        let mut symbols = SymbolTable::new();
        let own = symbols.add_module(&module.stem, Some(module.range.clone()));
        for symbol in file.symbols.iter().flat_map(Symbols::all) {
            let kind = u8::try_from(symbol.kind).unwrap_or(b'?');
            symbols.push(symbol.name, symbol.address.wrapping_add(module.range.start), kind, own);
        }
        symbols.finish();
        Some(Loaded { types: file.types.filter(|_| slot <= SLOTS), slot, symbols: Some(symbols) })
    }

    /// Sentences about PDB files that the user named for modules that are there and of another build.
    pub fn strangers(&self) -> Vec<String> {
        let mut out = Vec::new();
        for path in self.library.files() {
            let Some(of) = self.library.identity(path) else { continue };
            let Some(module) = self.named(stem(&of.database)) else { continue };
            let id = crate::symbols::library::id_of(&of.guid, of.age);
            if let Some(own) = self.pdb(module).filter(|own| !own.id.eq_ignore_ascii_case(&id)) {
                out.push(format!(
                    "{}: not used: it is {} {id}, and {} in the image is of {} {}",
                    path.display(),
                    of.database,
                    module.stem,
                    own.name,
                    own.id
                ));
            }
        }
        out
    }
}

fn pdb_at(space: &AddressSpace, base: VirtAddr) -> Option<Pdb> {
    PeImage::at(space, base)?.0.pdb(space)
}
