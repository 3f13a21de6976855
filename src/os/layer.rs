//! An operating system that was found, and how.

use super::linux::Kernel;
use super::linux::facts::LinuxFacts;
use super::windows;
use crate::ErrorKind;
use crate::arch::{Arch, Paging};
use crate::engine::{AddressSpace, Memory, Software};
use crate::image::{CpuState, Image, WindowsHints};
use crate::memo::Memo;
use crate::symbols::{Symbols, Types};
use memsh_plugin::{Os, PhysAddr, ProcessInfo, VirtAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// What is known before the search begins.
#[derive(Clone, Debug, Default)]
pub struct Hints {
    /// `--arch`.
    pub arch: Option<Arch>,
    /// `--dtb`: the kernel's page-table root.
    pub dtb: Option<PhysAddr>,
    /// `--kernel-base`.
    pub kernel_base: Option<VirtAddr>,
    /// `--symbols`: files and folders.
    pub symbols: Vec<PathBuf>,
    /// Folders of symbol files that are there whether the user names them or not: what environment variables name, memsh's own.
    pub stores: Vec<PathBuf>,
    /// `--swap`: contents of swap areas, in the order of the areas that are on disks.
    pub swap: Vec<PathBuf>,
    /// `--pagefile`: contents of page files, in the order of their numbers.
    pub pagefile: Vec<PathBuf>,
    /// Text of the VMCOREINFO note that the image carries.
    pub vmcoreinfo: Option<Vec<u8>>,
    /// Processors that the image recorded.
    pub cpus: Vec<CpuState>,
    /// Machine as the image names it.
    pub machine: Option<String>,
    /// What the image says of the Windows in it.
    pub windows: Option<WindowsHints>,
    /// Why the image holds no physical memory, where its format has none.
    pub without_memory: Option<&'static str>,
    /// What an earlier start kept, and where this one may keep something.
    pub memo: Option<Arc<Memo>>,
    /// Whether the image does not say where its memory begins, so that whoever finds out may move it (a raw image without `--base`).
    pub movable: bool,
    /// Whether the user said where its memory begins (a raw image with `--base`), so that whoever finds another place tells it.
    pub placed: bool,
    /// Ends the search soon after it becomes true.
    pub interrupt: Option<&'static AtomicBool>,
}

impl Hints {
    /// These, and what `image` says of itself.
    #[must_use]
    pub fn of(mut self, image: &Image) -> Self {
        self.vmcoreinfo.clone_from(&image.vmcoreinfo);
        self.cpus.clone_from(&image.cpus);
        self.machine.clone_from(&image.machine);
        self.windows.clone_from(&image.windows);
        self.without_memory = image.without_memory;
        self
    }

    /// What of these holds for a system below the one that they speak of.
    #[must_use]
    pub fn below(&self) -> Self {
        Self { symbols: self.symbols.clone(), stores: self.stores.clone(), interrupt: self.interrupt, ..Self::default() }
    }

    /// What ends a search soon after it becomes true.
    pub fn until(&self) -> &'static AtomicBool {
        static NEVER: AtomicBool = AtomicBool::new(false);
        self.interrupt.unwrap_or(&NEVER)
    }

    /// Whether the search shall end.
    pub fn interrupted(&self) -> bool {
        self.until().load(Ordering::Relaxed)
    }
}

/// One thing that was tried.
#[derive(Clone, Debug)]
pub struct DetectionStep {
    /// What was looked for: `VMCOREINFO`, `page-table root`, `kallsyms`, `BTF`.
    pub step: String,
    /// How: `ELF note`, `scan of physical memory`.
    pub method: String,
    /// Whether it was found.
    pub found: bool,
    /// What was found, or why not.
    pub detail: String,
    /// How long it took.
    pub time: Duration,
}

/// Makes the address space of a process.
pub type ProcessSpaces = Arc<dyn Fn(&ProcessInfo) -> crate::Result<AddressSpace> + Send + Sync>;

/// An operating system, ready to be asked.
pub struct OsLayer {
    /// The system.
    pub os: Arc<dyn Os>,
    /// The kernel's address space.
    pub kernel: AddressSpace,
    /// Its page-table format.
    pub paging: Paging,
    /// Its symbols.
    pub symbols: Arc<dyn Symbols>,
    /// Its types.
    pub types: Arc<dyn Types>,
    /// The Linux kernel, where it is one that memsh itself reads: for what only Linux has.
    pub linux: Option<Arc<Kernel>>,
    /// A Linux that answers without its memory being read, in the rows of one whose memory is.
    pub told: Option<Arc<dyn LinuxFacts>>,
    /// The Windows kernel, likewise.
    pub windows: Option<Arc<windows::Kernel>>,
    /// How processes are seen, where not through page tables below their roots.
    pub spaces: Option<ProcessSpaces>,
    /// What the analyst should know: a source of symbols that did not fit, an assumption that was made.
    pub warnings: Vec<String>,
}

impl OsLayer {
    /// What the analyst should know by now: what was known when it was found, and of page tables that were missed since.
    pub fn warned(&self) -> Vec<String> {
        let missed = self.kernel.linear().map(|map| map.told()).unwrap_or_default();
        self.warnings.iter().cloned().chain(missed).collect()
    }
}

impl OsLayer {
    /// Whether the system is known only by what it says of itself (this machine's, a plugin's): no page tables and no structures of
    /// its kernel are read.
    pub fn speaks_for_itself(&self) -> bool {
        self.spaces.is_some() && self.linux.is_none() && self.windows.is_none()
    }

    /// Whether nothing of its kernel's memory can be reached.
    pub fn has_no_kernel_memory(&self) -> bool {
        self.speaks_for_itself() && self.kernel.is_flat() && self.kernel.memory().ranges().is_empty()
    }

    /// A process's address space, as the process sees it. A thread of the kernel has the kernel's.
    ///
    /// # Errors
    /// When the system finds its spaces itself and the process is gone.
    pub fn process_space(&self, process: &ProcessInfo) -> crate::Result<AddressSpace> {
        match (&self.spaces, process.dtb.get()) {
            (Some(spaces), _) => spaces(process),
            (None, Some(root)) => Ok(match self.kernel.software() {
                Software::None => self.kernel.with_root(root),
                _ => super::linux::process_space(&self.kernel, root),
            }),
            (None, None) => Ok(self.kernel.clone()),
        }
    }
}

/// What a search for an operating system gave.
pub struct Detection {
    /// The system, or why there is none.
    pub layer: crate::Result<OsLayer>,
    /// What was tried, even where nothing was found.
    pub steps: Vec<DetectionStep>,
    /// Where the memory begins, when it had to be moved to be read right ([`Hints::movable`]): the layer stands on the moved memory.
    pub base: Option<PhysAddr>,
}

/// Finds the operating system in `memory`.
///
/// What costs little comes first; then, for each system, what passes over all of memory.
pub fn detect(memory: &Memory, hints: &Hints) -> Detection {
    if let Some(why) = hints.without_memory {
        return Detection { layer: Err(windows::without_memory(hints, why)), steps: Vec::new(), base: None };
    }
    if hints.windows.is_some() {
        return windows::detect(memory, hints, windows::Effort::Thorough);
    }
    // A note of Linux says whose memory it is.
    if hints.vmcoreinfo.is_none() {
        let quick = windows::detect(memory, hints, windows::Effort::Quick);
        if quick.layer.is_ok() {
            return quick;
        }
    }
    let linux = super::linux::detect(memory, hints);
    match &linux.layer {
        Err(e) if e.kind() == ErrorKind::NotFound => {}
        _ => return linux,
    }
    let thorough = windows::detect(memory, hints, windows::Effort::Thorough);
    // Part of a Windows that was found says more than that there is no Linux.
    let some = thorough.steps.iter().any(|s| s.found);
    let mut steps = linux.steps;
    steps.extend(thorough.steps);
    match thorough.layer {
        Ok(layer) => Detection { layer: Ok(layer), steps, base: None },
        Err(e) if some => Detection { layer: Err(e), steps, base: None },
        Err(_) => Detection { layer: linux.layer, steps, base: linux.base },
    }
}
