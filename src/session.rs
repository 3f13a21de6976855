//! One opened target: its bytes, its operating system, and the address spaces in it.
//!
//! Opening is cheap: the image is mapped and nothing else happens. The operating system is looked for when a command first
//! asks for it, so that `hash` or a search of physical memory pays nothing for it and works on any image.

use crate::engine::{Gaps, Memory, View, ViewExt};
use crate::image::{self, ImageFacts, OpenOptions};
use crate::symbols::{Symbols, Types};
use crate::{At, Error, ErrorKind, Layer, PhysAddr, Result, VirtAddr, umem};
use memsh_plugin::{Listing, Os, ProcessInfo};
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

/// What the user knows better than detection.
#[derive(Clone, Debug, Default)]
pub struct Hints {
    /// Architecture by name.
    pub arch: Option<String>,
    /// Page-table root.
    pub dtb: Option<PhysAddr>,
    /// Where the kernel lies.
    pub kernel_base: Option<VirtAddr>,
    /// Files and folders with symbols.
    pub symbols: Vec<PathBuf>,
    /// Neither read nor write caches on disk.
    pub no_cache: bool,
}

/// An operating system and its kernel's address space.
pub struct OsLayer {
    /// Processes and modules.
    pub os: Box<dyn Os>,
    /// The kernel's address space.
    pub kernel: View,
    /// Symbols of the kernel.
    pub symbols: Arc<dyn Symbols>,
    /// Types of the kernel.
    pub types: Arc<dyn Types>,
}

/// What to open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// A memory image.
    File(PathBuf),
    /// The image inside the program.
    Sample,
    /// A connector by name, and its arguments.
    Connector(String, String),
}

/// One opened target.
pub struct Session {
    memory: Memory,
    image: Option<ImageFacts>,
    name: String,
    os: OnceLock<Result<OsLayer>>,
    #[allow(dead_code)]
    hints: Hints,
}

impl Session {
    /// Opens a target.
    ///
    /// # Errors
    /// When it can't be read or is nothing that memsh knows.
    pub fn open(target: &Target, options: &OpenOptions, hints: Hints) -> Result<Self> {
        match target {
            Target::File(path) => {
                let opened = image::open(path, options)?;
                let name = path.file_name().map_or_else(|| path.to_string_lossy(), |n| n.to_string_lossy()).into_owned();
                Ok(Self { memory: opened.memory, image: Some(opened.facts), name, os: OnceLock::new(), hints })
            }
            Target::Sample | Target::Connector(..) => {
                Err(Error::new(Layer::Connector, ErrorKind::Unsupported, "not supported yet"))
            }
        }
    }

    /// A short name, for the prompt.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Physical memory.
    pub fn memory(&self) -> &Memory {
        &self.memory
    }

    /// What is known of the image, where the target is one.
    pub fn image(&self) -> Option<&ImageFacts> {
        self.image.as_ref()
    }

    /// The operating system, looked for on the first call.
    ///
    /// # Errors
    /// When none was found; the error says what was tried.
    pub fn os(&self) -> Result<&OsLayer> {
        let found = self.os.get_or_init(|| Err(Error::new(Layer::Os, ErrorKind::NotFound, "no operating system was found")));
        found.as_ref().map_err(again)
    }

    /// Symbols of the kernel.
    ///
    /// # Errors
    /// As [`os`](Self::os).
    pub fn symbols(&self) -> Result<&dyn Symbols> {
        Ok(self.os()?.symbols.as_ref())
    }

    /// Types of the kernel.
    ///
    /// # Errors
    /// As [`os`](Self::os).
    pub fn types(&self) -> Result<&dyn Types> {
        Ok(self.os()?.types.as_ref())
    }

    /// All processes.
    ///
    /// # Errors
    /// As [`os`](Self::os), and when the list itself can't be found.
    pub fn processes(&self) -> Result<Listing<ProcessInfo>> {
        Ok(Result::from(self.os()?.os.processes())?)
    }

    /// The process with this id or, where only one has it, this name.
    ///
    /// # Errors
    /// When there is none, or several have the name.
    pub fn find_process(&self, which: &str) -> Result<ProcessInfo> {
        let all = self.processes()?;
        let missing = |hint: &str| {
            Error::new(Layer::Os, ErrorKind::NotFound, format!("no process {which}")).hint(hint.to_owned())
        };
        if let Ok(pid) = which.parse::<u32>() {
            return all.items.iter().find(|p| p.pid == pid).cloned().ok_or_else(|| missing("`ps` lists the processes"));
        }
        let named: Vec<&ProcessInfo> = all.items.iter().filter(|p| p.name.as_bytes() == which.as_bytes()).collect();
        match named.as_slice() {
            [] => Err(missing("`ps` lists the processes; names are matched exactly")),
            [one] => Ok((*one).clone()),
            several => {
                let pids = several.iter().take(12).map(|p| p.pid.to_string()).collect::<Vec<_>>().join(", ");
                let more = if several.len() > 12 { ", ..." } else { "" };
                Err(Error::new(Layer::Os, ErrorKind::Invalid, format!("{} processes are named {which}", several.len()))
                    .hint(format!("choose one by its pid: {pids}{more}")))
            }
        }
    }
}

/// The same error once more, for whoever asks again.
fn again(e: &Error) -> Error {
    let mut copy = Error::new(e.layer(), e.kind(), e.reason());
    if let Some(at) = e.location() {
        copy = copy.at(at);
    }
    match e.hint_text() {
        Some(h) => copy.hint(h),
        None => copy,
    }
}

/// Whose addresses are meant.
#[derive(Clone)]
pub enum Space {
    /// Physical memory.
    Physical(Memory),
    /// The kernel's address space.
    Kernel(View),
    /// A process's address space.
    Process(Box<ProcessInfo>, View),
}

impl Space {
    /// Fills `buf` from `address` as far as it is there, and says what is missing; missing bytes are zero.
    pub fn read_gaps(&self, address: umem, buf: &mut [u8]) -> Gaps {
        match self {
            Space::Physical(memory) => memory.read_gaps(PhysAddr::new(address), buf),
            Space::Kernel(view) | Space::Process(_, view) => view.read_gaps(VirtAddr::new(address), buf),
        }
    }

    /// The pointer at `address`.
    ///
    /// # Errors
    /// When a byte of it is missing.
    pub fn pointer(&self, address: umem) -> Result<umem> {
        match self {
            Space::Physical(memory) => {
                let mut b = [0u8; 8];
                memory.read(PhysAddr::new(address), &mut b)?;
                Ok(umem::from(u64::from_le_bytes(b)))
            }
            Space::Kernel(view) | Space::Process(_, view) => Ok(view.read_ptr(VirtAddr::new(address))?.value()),
        }
    }

    /// An address of this space, for errors.
    pub fn at(&self, address: umem) -> At {
        match self {
            Space::Physical(_) => At::Phys(PhysAddr::new(address)),
            _ => At::Virt(VirtAddr::new(address)),
        }
    }

    /// `phys`, `kernel` or `pid`.
    pub fn kind(&self) -> &'static str {
        match self {
            Space::Physical(_) => "phys",
            Space::Kernel(_) => "kernel",
            Space::Process(..) => "pid",
        }
    }

    /// The process, where it is a process's.
    pub fn process(&self) -> Option<&ProcessInfo> {
        match self {
            Space::Process(p, _) => Some(p),
            _ => None,
        }
    }
}
