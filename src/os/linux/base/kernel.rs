//! A found kernel, and the system that it runs.

use super::layout::Found;
use super::lost::Lost;
use super::shapes::Layouts;
use crate::engine::{AddressSpace, OfEpoch};
use crate::os::linux::code::modsyms::{self, Bounds, ModuleTable};
use crate::os::linux::code::module;
use crate::os::linux::files::path::PathRef;
use crate::os::linux::memory::linear::KernelMap;
use crate::os::linux::system::sys;
use crate::os::linux::tasks::process::LinuxProcess;
use crate::os::linux::tasks::task;
use crate::os::view::read_through_the_space;
use crate::symbols::{SymbolTable, Symbols, Types, VmcoreInfo};
use memsh_plugin::*;
use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::hash::{Hash, Hasher};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

/// A Linux kernel in memory: what is needed to read its structures.
pub struct Kernel {
    /// Its address space.
    pub space: AddressSpace,
    /// Its symbols.
    pub symbols: Arc<dyn Symbols>,
    /// Its types.
    pub types: Arc<dyn Types>,
    /// Where its image begins (`_text`).
    pub base: VirtAddr,
    /// Size of its image in bytes, where known.
    pub size: Option<umem>,
    /// How far it was moved from its link address, where known.
    pub slide: Option<umem>,
    /// VMCOREINFO, where it was found.
    pub vmcoreinfo: Option<VmcoreInfo>,
    /// What it maps in one piece, where page tables are not in the image.
    pub linear: Option<Arc<KernelMap>>,
    /// Ends what looks through all of memory soon after it becomes true.
    pub interrupt: &'static AtomicBool,
    /// Where it keeps what.
    pub layouts: Layouts,
    shapes: Mutex<HashMap<TypeId, Arc<dyn Any + Send + Sync>>>,
    root: OfEpoch<Option<PathRef>>,
    boot: OfEpoch<Option<UnixNanos>>,
    /// What tells one set of loaded modules from another.
    loaded: OfEpoch<u64>,
    module_symbols: OnceLock<Box<ModuleSymbols>>,
    /// Held while they are read.
    reading: Mutex<()>,
    /// Somebody asked for modules' symbols of which some were cut or left out, and was not told yet.
    asked: AtomicBool,
}

impl Kernel {
    /// A kernel that was found. Looks up the layouts in `types`.
    pub fn new(space: AddressSpace, symbols: Arc<dyn Symbols>, types: Arc<dyn Types>, base: VirtAddr) -> Self {
        static NEVER: AtomicBool = AtomicBool::new(false);
        let layouts = Layouts::find(&*types);
        Self {
            space,
            symbols,
            types,
            base,
            size: None,
            slide: None,
            vmcoreinfo: None,
            linear: None,
            interrupt: &NEVER,
            layouts,
            shapes: Mutex::default(),
            root: OfEpoch::default(),
            boot: OfEpoch::default(),
            loaded: OfEpoch::default(),
            module_symbols: OnceLock::new(),
            reading: Mutex::default(),
            asked: AtomicBool::new(false),
        }
    }

    /// The address of a symbol: from the symbols, or from VMCOREINFO, which names a few.
    pub fn address(&self, name: &str) -> Option<VirtAddr> {
        self.symbols.address(name).or_else(|| self.vmcoreinfo.as_ref()?.symbol(name))
    }

    /// The symbols of its modules, read when they are first asked for; none where the modules can't be listed, and, until they are
    /// asked for again, where Ctrl-C came while they were read. Of a live target they are read again when other modules are loaded.
    pub fn module_symbols(&self) -> &SymbolTable {
        static NONE: OnceLock<SymbolTable> = OnceLock::new();
        let Some(known) = self.modules_read() else { return NONE.get_or_init(SymbolTable::new) };
        if !known.cut.is_empty() {
            self.asked.store(true, Ordering::Relaxed);
        }
        &known.table
    }

    fn modules_read(&self) -> Option<&ModuleSymbols> {
        let loaded = match self.space.memory().metadata().live {
            true => self.loaded.get_or(self.epoch(), || self.fingerprint()),
            false => 0,
        };
        let mut slot = &self.module_symbols;
        loop {
            let known = match slot.get() {
                Some(known) => known,
                None => {
                    let _one = self.reading.lock().unwrap_or_else(PoisonError::into_inner);
                    if slot.get().is_none() {
                        let read = modsyms::read(self, Bounds::USUAL).unwrap_or_else(|_| Some(ModuleTable::default()));
                        let ModuleTable { table, cut, .. } = read?;
                        slot.get_or_init(|| Box::new(ModuleSymbols { loaded, table, cut, next: OnceLock::new() }));
                    }
                    slot.get()?
                }
            };
            if known.loaded == loaded {
                return Some(known);
            }
            slot = &known.next;
        }
    }

    /// What was cut or left out of the modules' symbols, if they were asked for since this was.
    pub fn cut_symbols(&self) -> &[String] {
        match self.asked.swap(false, Ordering::Relaxed) {
            true => self.modules_read().map_or(&[], |m| &m.cut),
            false => &[],
        }
    }

    fn fingerprint(&self) -> u64 {
        let mut hasher = std::hash::DefaultHasher::new();
        for m in module::modules(self, &mut Lost::default()).unwrap_or_default() {
            (m.name.as_bytes(), m.base.value(), m.size).hash(&mut hasher);
        }
        hasher.finish()
    }

    /// Which state of the target what is kept speaks of.
    fn epoch(&self) -> u64 {
        self.space.memory().epoch()
    }

    /// A structure's layout, looked up when it is first asked for. What every listing of processes needs stands in
    /// [`layouts`](Self::layouts); each other concern has its own.
    pub fn shape<S: Found>(&self) -> Arc<S> {
        // The lock is held only to look and to keep: finding a shape may take a millisecond.
        let known = self.shapes.lock().unwrap_or_else(PoisonError::into_inner).get(&TypeId::of::<S>()).cloned();
        if let Some(shape) = known.and_then(|s| s.downcast().ok()) {
            return shape;
        }
        let shape = Arc::new(S::find(&*self.types));
        let kept = Arc::clone(&shape) as Arc<dyn Any + Send + Sync>;
        self.shapes.lock().unwrap_or_else(PoisonError::into_inner).insert(TypeId::of::<S>(), kept);
        shape
    }

    /// When the system was started.
    pub fn boot_time(&self) -> Option<UnixNanos> {
        self.boot.get_or(self.epoch(), || sys::boot_time(self))
    }

    /// The root directory that paths are told from: that of process 1, as a reader of `/proc` there would see it.
    pub(crate) fn root(&self) -> Option<PathRef> {
        self.root.get_or(self.epoch(), || task::init_root(self))
    }

    /// The `task_struct`s that the kernel's table of process ids leads to: what a process hidden from the list of tasks is still
    /// found by. In the order of their ids; empty where the table can't be read.
    pub fn processes_by_id(&self) -> Vec<VirtAddr> {
        task::by_id(self, &mut Lost::default())
    }

    /// Size in bytes of the kernel's pages.
    pub fn space_page_size(&self) -> umem {
        umem::from(self.space.format().page_size())
    }

    /// Its address space, to be read.
    pub fn view(&self) -> &dyn MemoryView {
        &self.space
    }
}

/// The symbols of a set of modules, and those of the set that was found loaded after it: whoever holds the old ones keeps them.
struct ModuleSymbols {
    loaded: u64,
    table: SymbolTable,
    /// What was cut or left out.
    cut: Vec<String>,
    next: OnceLock<Box<ModuleSymbols>>,
}

/// An error that says what was tried on the system.
pub(crate) fn failed(status: Status, message: impl Into<String>) -> ApiError {
    ApiError::new(status, message)
}

/// A Linux system.
#[derive(Clone)]
pub struct Linux(pub Arc<Kernel>);

impl Linux {
    /// The system that `kernel` runs.
    pub fn new(kernel: Kernel) -> Self {
        Self(Arc::new(kernel))
    }
}

impl Os for Linux {
    fn os_info(&self) -> OsInfo {
        sys::os_info(&self.0)
    }

    fn processes(&self) -> CResult<Listing<ProcessInfo>, ApiError> {
        task::processes(&self.0).into()
    }

    fn process(&self, address: VirtAddr) -> CResult<ProcessInstanceBox<'static>, ApiError> {
        match LinuxProcess::new(Arc::clone(&self.0), address) {
            Ok(process) => CResult::Ok(group_obj!(process as ProcessInstance)),
            Err(e) => CResult::Err(e),
        }
    }

    fn kernel_modules(&self) -> CResult<Listing<ModuleInfo>, ApiError> {
        let mut lost = Lost::default();
        module::modules(&self.0, &mut lost).map(|items| lost.listing(items)).into()
    }
}

read_through_the_space!(Linux, self => self.0.space);

cglue_impl_group!(Linux, OsInstance, {});
