//! Opening an image: which format it is, and what that format says of the machine.

use super::blocks::BlockMemory;
use super::detect::{self, Parsed};
use super::input::Input;
use super::map::Content;
use super::memory::{Claim, ImageMemory};
use super::process::ProcessImage;
use super::progress::Progress;
use super::split::{self, Joined};
use super::unpack::{self, Compression};
use super::windows::WindowsHints;
use super::zip;
use crate::engine::{Memory, Metrics, to_u64};
use crate::memo::Memo;
use crate::reading::Original;
use crate::{Error, ErrorKind, Layer, Result};
use memsh_plugin::{
    ConnectorInstanceBase, ConnectorInstanceBox, MemoryRange, PhysAddr, ProcessorInfo, VirtAddr, group_obj, umem,
};
use std::borrow::Cow;
use std::cell::RefCell;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// How to open an image.
#[derive(Clone, Debug, Default)]
pub struct OpenOptions {
    /// Skip detection: the name of a format (`raw`, `elf`, `lime`, `padded`).
    pub format: Option<String>,
    /// Where a raw image's first byte lies in physical memory.
    pub base: Option<PhysAddr>,
    /// Told how far the unpacking of a compressed file is, in bytes of the file.
    pub progress: Option<Progress>,
    /// How many bytes a compressed file may unpack to; 64 GiB if not set. Apart from this, the pages that are not zero must
    /// fit into the host's free memory.
    pub max_unpacked: Option<u64>,
    /// Files that belong to the image (`--sidecar`): the other parts of a split one, a VMware `.vmss` or `.vmem`. Where none are
    /// named, they are looked for by name beside the image.
    pub sidecars: Vec<PathBuf>,
    /// What an earlier start kept: the index of an image that has none of its own.
    pub memo: Option<Arc<Memo>>,
    /// Set when the user wants the work to end: what is fetched from elsewhere is no longer waited for.
    pub interrupt: Option<&'static AtomicBool>,
}

/// What is known of an image before anybody looks at the memory in it.
#[derive(Clone, Debug, Default)]
pub struct ImageFacts {
    /// The file.
    pub path: PathBuf,
    /// The format's short name: `raw`, `elf`, `lime`, `padded`.
    pub format: String,
    /// Size of the file in bytes.
    pub size: u64,
    /// Size of the memory in it, in bytes.
    pub memory_size: u64,
    /// Physical ranges it holds.
    pub ranges: Vec<MemoryRange>,
    /// How the file as a whole is compressed (`zstd`, `gzip`, `xz`, `bzip2`, `lz4`, `snappy`, `zip (deflate)`), if it is.
    pub compressed: Option<String>,
    /// What the analyst should know: a truncated segment, an assumption that was made.
    pub warnings: Vec<String>,
    /// Further facts of the header, in its own terms: name and value.
    pub details: Vec<(String, String)>,
}

impl ImageFacts {
    /// Of a target that is no file: what stands for its path, and what gives it.
    pub fn named(path: impl Into<PathBuf>, format: &str) -> Self {
        Self { path: path.into(), format: format.to_owned(), ..Self::default() }
    }

    /// Adds a fact.
    pub fn detail(&mut self, name: &str, value: impl ToString) {
        self.details.push((name.to_owned(), value.to_string()));
    }
}

/// What the image recorded of one processor.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CpuState {
    /// Page-table root as the register holds it (CR3, TTBR0_EL1, satp), where recorded.
    pub root: Option<u64>,
    /// Root of the upper half (TTBR1_EL1), where recorded.
    pub root_upper: Option<u64>,
    /// Control registers that name the paging mode, where recorded: CR0, CR4, EFER.
    pub cr0: Option<u64>,
    /// See `cr0`.
    pub cr4: Option<u64>,
    /// See `cr0`.
    pub efer: Option<u64>,
    /// Instruction pointer, where recorded.
    pub instruction_pointer: Option<VirtAddr>,
    /// General registers, where recorded, by the names of the kernel's `pt_regs` (`ip`, `sp`, `ax`, `r8`).
    pub registers: Vec<(&'static str, u64)>,
}

impl From<&ProcessorInfo> for CpuState {
    fn from(p: &ProcessorInfo) -> Self {
        let ip = p.instruction_pointer.get().map(|ip| VirtAddr::new(umem::from(ip)));
        Self {
            root: p.root.get(),
            root_upper: p.root_upper.get(),
            cr0: p.cr0.get(),
            cr4: p.cr4.get(),
            efer: p.efer.get(),
            instruction_pointer: ip,
            registers: Vec::new(),
        }
    }
}

/// An opened image. Cheap to clone: clones share the bytes.
#[derive(Clone)]
pub struct Image {
    /// Its physical memory.
    pub memory: Memory,
    /// What is known of the file.
    pub facts: ImageFacts,
    /// Text of the VMCOREINFO note, where the format carries one.
    pub vmcoreinfo: Option<Vec<u8>>,
    /// Processors, where the format records them.
    pub cpus: Vec<CpuState>,
    /// Machine as the format names it (`x86_64`, `x86`, `aarch64`, `riscv64`), where it does.
    pub machine: Option<String>,
    /// The process, where the memory is one process's and not a machine's: its addresses are virtual then.
    pub process: Option<Arc<ProcessImage>>,
    /// What the format says of the Windows in it, where it is one.
    pub windows: Option<WindowsHints>,
    /// Why the image holds no physical memory, where its format has none.
    pub without_memory: Option<&'static str>,
    /// What was looked for and found, in order: for `info`.
    pub detection: Vec<String>,
    /// Tells what went wrong with where the bytes come from, since it was opened: a connection that broke, a process that died.
    pub trouble: Option<Trouble>,
    /// The connector behind `memory`.
    source: Source,
    /// The files that it was opened from; none for a memory that came from elsewhere.
    contents: Vec<Arc<Content>>,
    /// The file that was named, as it was opened, even where it was unpacked since; none of bytes that are no file here.
    file: Option<Arc<Original>>,
    /// The files that were opened beside it.
    others: Vec<Arc<Original>>,
    /// Whether something stands between the files and `memory` ([`through`](Self::through)).
    wrapped: bool,
    /// What is asked of its connector, where that is counted.
    pub metrics: Option<Arc<Metrics>>,
    /// The file elsewhere that it was opened from.
    #[cfg(feature = "http")]
    pub(super) remote: Option<Arc<super::remote::Remote>>,
}

/// Tells what went wrong, in a sentence, if something did.
pub type Trouble = Arc<dyn Fn() -> Option<String> + Send + Sync>;

/// Where an image's bytes come from.
#[derive(Clone)]
enum Source {
    /// The files as they are.
    Plain(ImageMemory),
    /// Blocks of the files, unpacked.
    Packed(BlockMemory),
    /// Elsewhere.
    Other,
}

impl Source {
    /// Memory that lies in `contents` as it is, and what is to be told of it.
    fn plain(contents: &[Arc<Content>], claims: Vec<Claim>) -> (Self, Option<String>) {
        let memory = ImageMemory::new(contents.to_vec(), claims);
        let told = memory.sharing();
        #[cfg(feature = "http")]
        if contents.iter().any(|c| c.is_far()) {
            return (Source::Packed(BlockMemory::new(Box::new(super::remote::Claims::new(memory)))), told);
        }
        (Source::Plain(memory), told)
    }

    fn memory(&self) -> Memory {
        match self {
            Source::Plain(m) => sparse(m),
            Source::Packed(m) => Memory::new(m.clone()),
            Source::Other => Memory::nothing(),
        }
    }
}

/// Opens the image at `path`: a file or, in a build with the feature `http`, an `http://`, `https://` or `s3://` URL.
///
/// # Errors
/// When the file can't be read, is empty, or is no memory image that memsh knows; the error names the evidence.
pub fn open(path: &Path, options: &OpenOptions) -> Result<Image> {
    #[cfg(feature = "http")]
    if let Some(image) = super::remote::open(path, options)? {
        return Ok(image);
    }
    #[cfg(not(feature = "http"))]
    super::url::refuse(path)?;
    match split::join(Content::map(path)?, path, options)? {
        Joined::No(content) => open_content(content, path.to_owned(), options),
        Joined::Yes { content, first, others, size } => {
            let mut image = open_content(content, path.to_owned(), options)?;
            let parts = others.len() + 1;
            image.file = first;
            image.others.extend(others);
            image.facts.warnings.insert(0, format!("{parts} files were taken for one image of {size} bytes, by their names"));
            image.facts.details.push(("parts".into(), parts.to_string()));
            Ok(image)
        }
    }
}

/// Opens an image that the caller has in memory, compressed or not; `name` stands for its path.
///
/// # Errors
/// As [`open`].
pub fn open_bytes(bytes: impl Into<Cow<'static, [u8]>>, name: &str, options: &OpenOptions) -> Result<Image> {
    let bytes = bytes.into();
    if bytes.is_empty() {
        return Err(Error::new(Layer::Image, ErrorKind::Malformed, format!("{name} is empty (0 bytes)")));
    }
    open_content(Content::Given(bytes), PathBuf::from(name), options)
}

/// The memory of an image whose files may have holes.
fn sparse(source: &ImageMemory) -> Memory {
    let files = source.clone();
    Memory::with_data(source.clone(), move || files.data_ranges())
}

pub(super) fn open_content(file: Content, path: PathBuf, options: &OpenOptions) -> Result<Image> {
    let mut facts = ImageFacts { path, size: u64::try_from(file.len()).unwrap_or(u64::MAX), ..ImageFacts::default() };
    let mut detection = Vec::new();
    let original = file.original().cloned();
    let content = match Compression::of(&file) {
        None if zip::probe(&file) && options.format.is_none() && detect::known(&file).is_none() => {
            let begins = detect::first_bytes(&file);
            let opened = zip::open(file, options)?;
            let size = opened.content.len();
            detection.push(format!("archive: {} (begins with {begins}), {} in it, {size} bytes", opened.packing, opened.member));
            facts.warnings.extend(opened.warnings);
            facts.details.push(("archive_member".into(), opened.member));
            facts.details.push(("unpacked_size".into(), size.to_string()));
            if let Some(stored) = opened.stored {
                facts.details.push(("unpacked_in_memory".into(), stored.to_string()));
            }
            let inner = Compression::of(&opened.content).map(Compression::name).or(zip::probe(&opened.content).then_some("zip"));
            twice(inner, &opened.packing)?;
            facts.compressed = Some(opened.packing);
            opened.content
        }
        None => {
            detection.push(format!("compression: none known (begins with {})", detect::first_bytes(&file)));
            file
        }
        Some(compression) => {
            let unpacked = unpack::unpack(&file, compression, options)?;
            facts.compressed = Some(compression.name().to_owned());
            facts.warnings.extend(unpacked.warnings);
            let (size, stored) = (unpacked.bytes.len(), unpacked.bytes.stored());
            detection.push(format!(
                "compression: {} (begins with {}), {} bytes unpacked to {size}",
                compression.name(),
                detect::first_bytes(&file),
                facts.size
            ));
            facts.details.push(("unpacked_size".into(), size.to_string()));
            facts.details.push(("unpacked_in_memory".into(), stored.to_string()));
            if size == 0 {
                return Err(Error::new(
                    Layer::Image,
                    ErrorKind::Malformed,
                    format!("the {} data unpack to nothing", compression.name()),
                )
                .hint("the acquisition or the copy failed: make it again"));
            }
            twice(Compression::of(&unpacked.bytes).map(Compression::name), compression.name())?;
            Content::Unpacked(unpacked.bytes)
        }
    };
    let subject = match &facts.compressed {
        Some(compression) => Cow::from(format!("the file, unpacked from {compression},")),
        None => Cow::from("the file"),
    };
    let content = Arc::new(content);
    let opened = RefCell::default();
    let input = Input { content: &content, path: &facts.path, options, opened: &opened };
    let parsed = detect::detect(&input, &subject, &mut detection)?;
    Ok(Image { file: original, others: opened.take(), ..Image::build(content, parsed, facts, detection)? })
}

/// Refuses a file in which another packed one lies.
fn twice(inner: Option<&str>, outer: &str) -> Result<()> {
    inner.map_or(Ok(()), |inner| {
        let what = format!("the file is compressed twice ({inner} in {outer})");
        Err(Error::new(Layer::Image, ErrorKind::Unsupported, what).hint("unpack the outer layer first"))
    })
}

impl Image {
    /// An image of a memory that comes from elsewhere: a test, a live connector. What `facts` say of its ranges and its size is
    /// taken from the memory.
    pub fn of_memory(memory: Memory, facts: ImageFacts) -> Self {
        let ranges = memory.ranges().to_vec();
        let memory_size = ranges.iter().filter_map(|r| to_u64(r.size)).fold(0, u64::saturating_add);
        let facts = ImageFacts { ranges, memory_size, ..facts };
        Self {
            memory,
            facts,
            vmcoreinfo: None,
            cpus: Vec::new(),
            machine: None,
            process: None,
            windows: None,
            without_memory: None,
            detection: Vec::new(),
            trouble: None,
            source: Source::Other,
            contents: Vec::new(),
            file: None,
            others: Vec::new(),
            wrapped: false,
            metrics: None,
            #[cfg(feature = "http")]
            remote: None,
        }
    }

    fn build(content: Arc<Content>, parsed: Parsed, mut facts: ImageFacts, detection: Vec<String>) -> Result<Self> {
        let contents: Vec<Arc<Content>> = std::iter::once(content).chain(parsed.files).collect();
        let (source, told) = match parsed.blocks {
            Some(blocks) => (Source::Packed(BlockMemory::new(blocks)), None),
            None => Source::plain(&contents, parsed.claims),
        };
        let bytes = match &source {
            Source::Plain(m) => m.bytes(),
            Source::Packed(m) => m.bytes(),
            Source::Other => 0,
        };
        facts.warnings.extend(parsed.warnings);
        facts.warnings.extend(told);
        if let Some(why) = parsed.without_memory {
            facts.warnings.push(why.to_owned());
        } else if bytes == 0 {
            let more = facts.warnings.first().map(|w| format!(": {w}")).unwrap_or_default();
            return Err(Error::new(
                Layer::Image,
                ErrorKind::Malformed,
                format!("the {} image holds no memory{more}", parsed.format),
            )
            .hint("the acquisition or the copy failed: make it again"));
        }
        facts.details.extend(parsed.details);
        if let Source::Plain(m) = &source
            && m.run_count() > 0
        {
            facts.details.push(("runs".into(), m.run_count().to_string()));
        }
        let memory = source.memory();
        facts.format = parsed.format.to_owned();
        facts.memory_size = to_u64(bytes).unwrap_or(u64::MAX);
        facts.ranges = memory.ranges().to_vec();
        Ok(Self {
            memory,
            facts,
            vmcoreinfo: parsed.vmcoreinfo,
            cpus: parsed.cpus,
            machine: parsed.machine,
            process: parsed.process.map(Arc::new),
            windows: parsed.windows,
            without_memory: parsed.without_memory,
            detection,
            trouble: None,
            source,
            contents,
            file: None,
            others: Vec::new(),
            wrapped: false,
            metrics: None,
            #[cfg(feature = "http")]
            remote: None,
        })
    }

    /// The same with `memory` in front of its own: a cache, a delay, an overlay. `metrics` are its counts, where it counts.
    #[must_use]
    pub fn through(self, memory: Memory, metrics: Option<Arc<Metrics>>) -> Self {
        Self { memory, wrapped: true, metrics: metrics.or(self.metrics), ..self }
    }

    /// The same, found in the system that stands on `below` (a machine in a machine): files of that one are no less evidence.
    #[must_use]
    pub(crate) fn within(mut self, below: Option<&Self>) -> Self {
        self.others.extend(below.into_iter().flat_map(|image| image.file.iter().chain(&image.others)).cloned());
        self
    }

    /// The same raw image with its first byte at `base` instead, for whoever finds out where RAM begins.
    ///
    /// # Errors
    /// [`ErrorKind::Invalid`] for an image whose format has its own addresses, or where `base` leaves no room.
    pub fn rebased(&self, base: PhysAddr) -> Result<Self> {
        if matches!(self.source, Source::Other) || self.facts.format != "raw" {
            return Err(Error::new(
                Layer::Image,
                ErrorKind::Invalid,
                format!("a {} image has its own addresses and can't be moved", self.facts.format),
            ));
        }
        let claims = detect::raw_claims(&self.contents, base)?;
        let (source, _) = Source::plain(&self.contents, claims);
        let mut moved = self.clone();
        // What stands in between holds for the moved memory as well.
        moved.memory = if self.wrapped { self.memory.moved(base) } else { source.memory() };
        moved.source = source;
        moved.facts.ranges = moved.memory.ranges().to_vec();
        for (name, value) in &mut moved.facts.details {
            if name == "base" {
                *value = base.to_string();
            }
        }
        moved.detection.push(format!("raw: moved to begin at {base}"));
        Ok(moved)
    }

    /// What happened to a file of the image since it was opened (cut, written to, renamed), if something did: worth a warning, for every
    /// address may now read differently, and what was cut off reads as zeros (see [`unreadable`](Self::unreadable)).
    pub fn changed(&self) -> Option<String> {
        // Of a live target that is no news.
        if self.memory.metadata().live {
            return None;
        }
        let named = self.file.iter().find_map(|file| file.changed());
        let other = || self.others.iter().find_map(|f| f.changed().map(|why| format!("{}: {why}", f.path().display())));
        named.or_else(other).or_else(|| self.contents.iter().find_map(|c| c.changed()))
    }

    /// Bytes of the image's files that could not be read when they were needed, and were taken for zeros: a file was cut short
    /// while it was looked at, or its disk fails. Only what was looked at is counted.
    pub fn unreadable(&self) -> u64 {
        self.contents.iter().fold(0, |sum, c| sum.saturating_add(c.unreadable()))
    }

    /// What of the image could not be unpacked until now, or what went wrong with where it comes from, in a sentence.
    pub fn damage(&self) -> Option<String> {
        if let Some(trouble) = self.trouble.as_ref().and_then(|t| t()) {
            return Some(trouble);
        }
        match &self.source {
            Source::Packed(m) => m.damage(),
            Source::Plain(_) | Source::Other => None,
        }
    }

    /// Files that were opened beside the one that was named: further parts, a sidecar.
    pub fn other_files(&self) -> impl Iterator<Item = &Path> {
        self.others.iter().map(|o| o.path())
    }

    /// The file that was named, as it was opened; none of bytes that are no file here.
    #[cfg(feature = "cli")]
    pub(crate) fn original(&self) -> Option<&Arc<Original>> {
        self.file.as_ref()
    }

    /// The files that were opened beside it.
    #[cfg(feature = "cli")]
    pub(crate) fn other_originals(&self) -> &[Arc<Original>] {
        &self.others
    }

    /// The bytes that the caller had ([`open_bytes`]), as they were given; none where they were packed.
    #[cfg(feature = "cli")]
    pub(crate) fn given(&self) -> Option<&[u8]> {
        match self.contents.first().map(|c| &**c) {
            Some(Content::Given(bytes)) if self.file.is_none() => Some(bytes),
            _ => None,
        }
    }

    /// Whether one of the image's files is the one of which `meta` tells, by whatever name and wherever that leads by now, and whether it
    /// was unpacked or not. None is known where files have no numbers.
    pub fn lies_in(&self, meta: &std::fs::Metadata) -> bool {
        self.file.iter().chain(&self.others).any(|file| file.is(meta))
    }

    /// Whether the image was opened from a file.
    pub fn has_file(&self) -> bool {
        !self.contents.is_empty()
    }

    /// The bytes of the image's file as it lies, where that is elsewhere: all of it is fetched by whoever reads on.
    pub fn far_file(&self) -> Option<Box<dyn std::io::Read + '_>> {
        #[cfg(feature = "http")]
        if let Some(remote) = &self.remote {
            return Some(Box::new(super::remote::Reader::new(remote)));
        }
        None
    }

    /// The connector behind [`memory`](Self::memory), to be handed to a plugin; `None` for a memory that came from elsewhere.
    pub fn connector(&self) -> Option<ConnectorInstanceBox<'static>> {
        match &self.source {
            Source::Plain(m) => {
                let memory = m.clone();
                Some(group_obj!(memory as ConnectorInstance))
            }
            Source::Packed(m) => {
                let memory = m.clone();
                Some(group_obj!(memory as ConnectorInstance))
            }
            Source::Other => None,
        }
    }
}
