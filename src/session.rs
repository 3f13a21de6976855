//! One opened target: its bytes, its operating system, and the address spaces in it.
//!
//! Opening is cheap: the image is mapped and nothing else happens. The operating system is looked for when somebody first
//! asks for it, so that `hash` or a search of physical memory pays nothing for it and works on any image.

use crate::arch::Paging;
use crate::edits::Edits;
use crate::engine::{AddressSpace, Gaps, Memory, Place, ViewExt};
use crate::image::{self, Image, ImageFacts, OpenOptions};
use crate::memo::Memo;
use crate::narrow;
use crate::os::linux::facts::LinuxFacts;
use crate::os::{self, DetectionStep, Hints, OsLayer, linux};
use crate::plugins::chain::{self, Access, LayerSpec, Opened};
use crate::reading::Original;
use crate::symbols::{Symbols, Types};
use crate::{At, Error, ErrorKind, Layer, PhysAddr, Result, VirtAddr, umem};
use memsh_plugin::{Listing, ProcessInfo};
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

/// What to open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// A memory image: its file or its URL.
    File(PathBuf),
    /// The image inside the program.
    #[cfg(feature = "cli")]
    Sample,
    /// Connectors and OS layers on each other, perhaps on an image.
    Chain(Option<PathBuf>, Vec<LayerSpec>),
}

/// How to open it, and what the user knows better than detection.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// For the image.
    pub image: OpenOptions,
    /// For the operating system.
    pub hints: Hints,
    /// Paging mode of `--dtb`, where no operating system is found.
    pub paging: Option<Paging>,
    /// Whether a live target may be written to.
    pub write: bool,
    /// Whether at physical addresses, too.
    pub write_physical: bool,
    /// Folders of plugins.
    pub plugins: Vec<PathBuf>,
    /// The program that hosts connectors' plugins in processes of their own, and how long one batch may take; none to load them here.
    pub isolate: Option<(PathBuf, Duration)>,
    /// Folder in which to keep what is worked out about the image; none to neither read nor write there.
    pub cache: Option<PathBuf>,
}

impl Options {
    /// Whether all is left to detection.
    fn decides_nothing(&self) -> bool {
        let h = &self.hints;
        let target = h.arch.is_none() && h.dtb.is_none() && h.kernel_base.is_none() && h.symbols.is_empty();
        target && self.image.format.is_none() && self.image.base.is_none() && self.image.sidecars.is_empty()
    }
}

struct Detected {
    layer: Result<OsLayer>,
    steps: Vec<DetectionStep>,
    /// The image at the place where its memory was found to begin, where that is another than it was opened at.
    moved: Option<Image>,
}

/// One opened target.
pub struct Session {
    image: Image,
    name: String,
    #[cfg(feature = "cli")]
    embedded: bool,
    hints: Hints,
    /// Swap and page files as they were when the session began; none of one that is no file.
    beside: Vec<(PathBuf, Option<Arc<Original>>)>,
    paging: Option<Paging>,
    detected: OnceLock<Detected>,
    /// The process that the target consists of.
    only: OnceLock<Option<ProcessInfo>>,
    /// What may be written, and what was.
    pub(crate) edits: Edits,
    /// Values that are followed.
    scans: narrow::Kept,
}

impl Session {
    /// Opens a target.
    ///
    /// # Errors
    /// When it can't be read or is nothing that memsh knows.
    pub fn open(target: &Target, options: Options) -> Result<Self> {
        match target {
            Target::File(path) => {
                let name = image::name(path);
                let mut options = options;
                // What the user says of the image is worked out anew each time: it may be wrong.
                if options.decides_nothing() {
                    options.hints.memo = options.cache.as_deref().map(|folder| Arc::new(Memo::new(folder, path)));
                    options.image.memo.clone_from(&options.hints.memo);
                }
                let image = image::open(path, &options.image)?;
                Ok(Self::of_image(image, name, options))
            }
            #[cfg(feature = "cli")]
            Target::Sample => {
                let mut session = Self::of_image(image::sample(&options.image)?, "sample".to_owned(), options);
                session.embedded = true;
                Ok(session)
            }
            Target::Chain(path, layers) => Self::open_chain(path.as_deref(), layers, options),
        }
    }

    fn open_chain(path: Option<&Path>, layers: &[LayerSpec], options: Options) -> Result<Self> {
        let first = path.map(|path| open_first(path, &options.image)).transpose()?;
        let access = Access {
            write: options.write,
            plugins: options.plugins.clone(),
            isolate: options.isolate.clone(),
            interrupt: options.hints.interrupt,
        };
        let Opened { image, system } = chain::open(first, layers, &options.hints, &access)?;
        let name = layers.last().map_or_else(String::new, |l| l.name.clone());
        let session = Self::of_image(image, name, options);
        if let Some((layer, steps)) = system {
            let _ = session.detected.set(Detected { layer: Ok(layer), steps, moved: None });
        }
        Ok(session)
    }

    /// A session on an image that is open already.
    pub fn of_image(image: Image, name: String, options: Options) -> Self {
        let mut hints = options.hints.of(&image);
        hints.movable = image.facts.format == "raw" && options.image.base.is_none();
        hints.placed = image.facts.format == "raw" && options.image.base.is_some();
        let beside = |path: &PathBuf| (path.clone(), Original::open(path).ok().map(Arc::new));
        let beside = hints.swap.iter().chain(&hints.pagefile).map(beside).collect();
        Self {
            image,
            name,
            #[cfg(feature = "cli")]
            embedded: false,
            hints,
            beside,
            paging: options.paging,
            detected: OnceLock::new(),
            only: OnceLock::new(),
            edits: Edits::new(options.write, options.write_physical),
            scans: narrow::Kept::default(),
        }
    }

    /// Files that belong to the image beside the one that was named: further parts, a sidecar, swap and page files.
    pub fn other_files(&self) -> impl Iterator<Item = &Path> {
        self.image.other_files().chain(self.beside.iter().map(|(path, _)| path.as_path()))
    }

    /// The same files as they were opened; none of one that could not be.
    #[cfg(feature = "cli")]
    pub(crate) fn other_originals(&self) -> impl Iterator<Item = (&Path, Option<&Original>)> {
        let parts = self.image.other_originals().iter().map(|o| (o.path(), Some(&**o)));
        parts.chain(self.beside.iter().map(|(path, original)| (path.as_path(), original.as_deref())))
    }

    /// What happened to a file of the image, or to a swap or page file, since it was opened: see [`Image::changed`]. Of a live target that
    /// is no news.
    pub fn changed(&self) -> Option<String> {
        if self.image.memory.metadata().live {
            return None;
        }
        let told = |(path, original): &(PathBuf, Option<Arc<Original>>)| {
            original.as_ref()?.changed().map(|why| format!("{}: {why}", path.display()))
        };
        self.image.changed().or_else(|| self.beside.iter().find_map(told))
    }

    /// Whether the file of which `meta` tells is one of the image's, a swap or a page file, by whatever name and wherever that leads by now.
    /// See [`Image::lies_in`].
    pub fn lies_in(&self, meta: &std::fs::Metadata) -> bool {
        self.image.lies_in(meta) || self.beside.iter().any(|(_, original)| original.as_ref().is_some_and(|o| o.is(meta)))
    }

    /// The match sets of scans for values.
    pub fn scans(&self) -> &narrow::Kept {
        &self.scans
    }

    /// Whether the target changes while it is looked at.
    pub fn is_live(&self) -> bool {
        let live = |memory: &Memory| memory.metadata().live;
        // A system that stands on no memory (`native`) is asked as it runs.
        let asked = |memory: &Memory| memory.ranges().is_empty();
        live(&self.image.memory) || self.found().is_some_and(|layer| live(layer.kernel.memory()) || asked(&self.image.memory))
    }

    /// Forgets what was read of a live target, so that whoever asks next sees it as it is then. Without effect on an image.
    pub fn refresh(&self) {
        self.image.memory.refresh();
        self.image().memory.refresh();
        if let Some(layer) = self.found() {
            layer.kernel.memory().refresh();
        }
    }

    /// A session on an operating system that is known already.
    pub fn with_os(image: Image, name: String, layer: OsLayer) -> Self {
        let session = Self::of_image(image, name, Options::default());
        let _ = session.detected.set(Detected { layer: Ok(layer), steps: Vec::new(), moved: None });
        session
    }

    /// A short name, for the prompt.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Physical memory. Of a raw image it is not known where it begins until its system was looked for; so that is done first.
    pub fn memory(&self) -> &Memory {
        if self.hints.movable {
            let _ = self.detected();
        }
        &self.image().memory
    }

    /// What the user knew better than detection.
    pub fn hints(&self) -> &Hints {
        &self.hints
    }

    /// The image.
    pub fn image(&self) -> &Image {
        self.detected.get().and_then(|d| d.moved.as_ref()).unwrap_or(&self.image)
    }

    /// The bytes of the image's file, where it is the one inside the program.
    pub fn embedded(&self) -> Option<&'static [u8]> {
        #[cfg(feature = "cli")]
        if self.embedded {
            return Some(image::SAMPLE);
        }
        None
    }

    /// What is known of the image's file.
    pub fn facts(&self) -> &ImageFacts {
        &self.image().facts
    }

    fn detected(&self) -> Result<&Detected> {
        if let Some(detected) = self.detected.get() {
            return Ok(detected);
        }
        let os::Detection { layer, steps, base } = match &self.image.process {
            Some(process) => os::user::detect(&self.image.memory, process),
            None => os::detect(&self.image.memory, &self.hints),
        };
        match layer {
            // Ctrl-C says nothing of the image: whoever asks again gets another search.
            Err(e) if e.kind() == ErrorKind::Interrupted => Err(e),
            layer => {
                if let Some(memo) = &self.hints.memo {
                    // Where nothing can be kept, the next start takes as long as this one.
                    let _ = memo.save();
                }
                let moved = base.and_then(|base| self.image.rebased(base).ok());
                Ok(self.detected.get_or_init(|| Detected { layer, steps, moved }))
            }
        }
    }

    /// The operating system, looked for on the first call.
    ///
    /// # Errors
    /// When none was found; the error says what was tried.
    pub fn os(&self) -> Result<&OsLayer> {
        self.detected()?.layer.as_ref().map_err(again)
    }

    /// The operating system, where it was looked for and found; looks for nothing.
    pub fn found(&self) -> Option<&OsLayer> {
        self.detected.get()?.layer.as_ref().ok()
    }

    /// What was tried to find the operating system.
    pub fn detection(&self) -> &[DetectionStep] {
        self.detected().map_or(&[], |d| &d.steps)
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

    /// The Linux of the target, whether its memory is read or it answers itself, for `what` only Linux has (for the error).
    ///
    /// # Errors
    /// As [`linux`](Self::linux).
    pub fn linux_facts(&self, what: &str) -> Result<&dyn LinuxFacts> {
        match &self.os()?.told {
            Some(told) => Ok(told.as_ref()),
            None => Ok(self.linux(what)?.as_ref()),
        }
    }

    /// The Linux kernel in the target's memory, for `what` only that has (`hooks`, for the error).
    ///
    /// # Errors
    /// As [`os`](Self::os), and when the system is another one.
    pub fn linux(&self, what: &str) -> Result<&Arc<linux::Kernel>> {
        let layer = self.os()?;
        layer.linux.as_ref().ok_or_else(|| {
            let here = match &self.image.process {
                Some(_) => "is the dump of one process".to_owned(),
                None if layer.speaks_for_itself() => {
                    format!("({}) answers for itself, and its kernel's structures are not read", self.name)
                }
                None => format!("runs {}", layer.os.os_info().kind.to_string_lossy()),
            };
            Error::new(
                Layer::Os,
                ErrorKind::Unsupported,
                format!("{what}: only the memory of a Linux machine has this; the target {here}"),
            )
            .hint("`help` lists the commands; `ps`, `modules`, `maps`, `read` and `scan` work on every target")
        })
    }

    /// `symbol+0x10` for an address of the kernel, where a symbol is near; a signed or tagged one is taken without that.
    pub fn name_of(&self, address: VirtAddr) -> Option<String> {
        let layer = self.os().ok()?;
        let (symbol, distance) = layer.symbols.near(layer.kernel.plain(address))?;
        Some(symbol.with_distance(distance))
    }

    /// All processes.
    ///
    /// # Errors
    /// As [`os`](Self::os), and when the list itself can't be found.
    pub fn processes(&self) -> Result<Listing<ProcessInfo>> {
        Ok(std::result::Result::from(self.os()?.os.processes())?)
    }

    /// The process that the target consists of, where it is the dump of one process.
    pub fn only_process(&self) -> Option<&ProcessInfo> {
        let first = || self.image.process.as_ref().and_then(|_| self.processes().ok()?.items.first().cloned());
        self.only.get_or_init(first).as_ref()
    }

    /// The process with this id or, where only one has it, this name.
    ///
    /// # Errors
    /// When there is none, or several have the name.
    pub fn find_process(&self, which: &str) -> Result<ProcessInfo> {
        let all = self.processes()?;
        let missing =
            |hint: &str| Error::new(Layer::Os, ErrorKind::NotFound, format!("no process {which}")).hint(hint.to_owned());
        if let Ok(pid) = which.parse::<u32>() {
            return all.items.iter().find(|p| p.pid == pid).cloned().ok_or_else(|| missing("`ps` lists the processes"));
        }
        let named: Vec<&ProcessInfo> = all.items.iter().filter(|p| is_process(p, which)).collect();
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

    /// Physical memory.
    ///
    /// # Errors
    /// When the target is one process, of which only virtual addresses are known, or a system that gives no way to it.
    pub fn physical_space(&self) -> Result<Space> {
        if self.only_process().is_some() {
            let what = "the target is one process: its dump knows virtual addresses only, and nothing of physical memory";
            return Err(Error::new(Layer::Physical, ErrorKind::Unsupported, what).hint("leave --phys away"));
        }
        if self.found().is_some_and(OsLayer::speaks_for_itself) && self.memory().ranges().is_empty() {
            let what = format!("{}: no physical memory can be reached through it", self.name);
            let e = Error::new(Layer::Physical, ErrorKind::Unsupported, what);
            return Err(e.hint("name a process with `-p PID`; `scan` and `strings` take `--all` for every process"));
        }
        Ok(Space::Physical(self.memory().clone()))
    }

    /// The kernel's address space: the system's own, or the one that `--dtb` and the paging mode name.
    ///
    /// # Errors
    /// As [`os`](Self::os).
    pub fn kernel_space(&self) -> Result<Space> {
        match (self.os(), self.hints.dtb, self.paging) {
            (Ok(layer), ..) if layer.has_no_kernel_memory() => {
                let what = format!("{}: nothing of the kernel's memory can be reached through it", self.name);
                Err(Error::new(Layer::Virtual, ErrorKind::Unsupported, what).hint("addresses of a process need `-p PID`"))
            }
            (Ok(layer), _, _) => Ok(match self.only_process() {
                Some(process) => Space::Process(Box::new(process.clone()), layer.kernel.clone()),
                None => Space::Kernel(layer.kernel.clone()),
            }),
            (Err(_), Some(root), Some(paging)) => Ok(Space::Kernel(AddressSpace::new(self.image.memory.clone(), paging, root))),
            (Err(e), ..) => Err(e),
        }
    }

    /// A process's address space. A thread of the kernel has the kernel's.
    ///
    /// # Errors
    /// As [`os`](Self::os).
    pub fn process_space(&self, process: &ProcessInfo) -> Result<Space> {
        let layer = self.os()?;
        let space = layer.process_space(process)?;
        Ok(Space::Process(Box::new(process.clone()), space))
    }
}

/// The image that a chain of layers stands on: a file, or the one inside the program.
fn open_first(path: &Path, options: &OpenOptions) -> Result<Image> {
    #[cfg(feature = "cli")]
    if path.as_os_str() == "sample" && !path.exists() {
        return image::sample(options);
    }
    image::open(path, options)
}

/// Whether `which` means this process: its id, its name, or the address of its control block in hex.
pub fn is_process(process: &ProcessInfo, which: &str) -> bool {
    if let Ok(pid) = which.parse::<u32>() {
        return process.pid == pid;
    }
    process.name.as_bytes() == which.as_bytes() || hex_address(which) == Some(process.address.value())
}

/// The address that a word is, with `0x` or without: five hex digits and more.
pub fn hex_address(word: &str) -> Option<umem> {
    let hex = word.strip_prefix("0x").unwrap_or(word);
    (hex.len() > 4 && !hex.starts_with('+')).then(|| umem::from_str_radix(hex, 16).ok())?
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
    Kernel(AddressSpace),
    /// A process's address space.
    Process(Box<ProcessInfo>, AddressSpace),
}

impl Space {
    /// The page tables, where it has some.
    pub fn tables(&self) -> Option<&AddressSpace> {
        match self {
            Space::Physical(_) => None,
            Space::Kernel(space) | Space::Process(_, space) => Some(space),
        }
    }

    /// The address without a tag or a signature, where the processor has those ([`AddressSpace::plain`]).
    pub fn plain(&self, address: umem) -> umem {
        self.tables().map_or(address, |t| t.plain(VirtAddr::new(address)).value())
    }

    /// Fills `buf` from `address` as far as it is there, and says what is missing; missing bytes are zero.
    pub fn read_gaps(&self, address: umem, buf: &mut [u8]) -> Gaps {
        match self {
            Space::Physical(memory) => memory.read_gaps(PhysAddr::new(address), buf),
            Space::Kernel(view) | Space::Process(_, view) => view.read_gaps(VirtAddr::new(address), buf),
        }
    }

    /// Its memory: physical memory, or what stands for it where there are no page tables.
    pub fn memory(&self) -> &Memory {
        match self {
            Space::Physical(memory) => memory,
            Space::Kernel(view) | Space::Process(_, view) => view.memory(),
        }
    }

    /// Where each byte of a range lies in physical memory.
    ///
    /// # Errors
    /// When one of them has no place; the error names the first such address.
    pub fn places(&self, address: umem, size: umem) -> Result<Vec<Place>> {
        match self {
            Space::Physical(memory) => {
                let phys = PhysAddr::new(address);
                if !memory.contains(phys, size) {
                    let what = format!("{size} bytes are not (all) memory of the target");
                    return Err(Error::new(Layer::Physical, ErrorKind::Unreadable, what).at(At::Phys(phys)));
                }
                Ok(vec![Place { virt: VirtAddr::new(address), phys, size }])
            }
            Space::Kernel(view) | Space::Process(_, view) => view.places(VirtAddr::new(address), size),
        }
    }

    /// Writes `bytes` at `address`; asks nobody whether that is allowed ([`Session::write`] does).
    ///
    /// # Errors
    /// As [`AddressSpace::write`].
    pub fn write(&self, address: umem, bytes: &[u8]) -> Result<()> {
        match self {
            Space::Physical(memory) => memory.write(PhysAddr::new(address), bytes),
            Space::Kernel(view) | Space::Process(_, view) => view.write(VirtAddr::new(address), bytes),
        }
    }

    /// The pointer at `address` (64 bits in physical memory).
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

    /// Bytes of a pointer.
    pub fn pointer_size(&self) -> u8 {
        self.tables().map_or(8, |t| t.format().pointer_size())
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
