//! Which format a file has, and on what evidence.

use super::avml;
use super::blocks::Blocks;
use super::crashdump;
use super::elf;
use super::ewf;
use super::hiberfil;
use super::hyperv;
use super::input::Input;
use super::kdump;
use super::lime;
use super::lkcd;
use super::magic;
use super::map::Content;
use super::memory::{Claim, Place};
use super::minidump;
use super::open::{CpuState, OpenOptions};
use super::process::ProcessImage;
use super::qcow2;
use super::qemu;
use super::split;
use super::vmware;
use super::windows::WindowsHints;
use crate::{At, Error, ErrorKind, Layer, Result};
use memsh_plugin::{MemoryRange, PhysAddr, umem};
use std::sync::Arc;

/// What a format makes of a file.
#[derive(Default)]
pub(super) struct Parsed {
    pub format: &'static str,
    /// Physical ranges and where in the files their bytes are.
    pub claims: Vec<Claim>,
    /// The files that a claim may name beside the one that was opened: number 1 and so on.
    pub files: Vec<Arc<Content>>,
    /// In place of claims: memory that must be unpacked.
    pub blocks: Option<Box<dyn Blocks>>,
    pub warnings: Vec<String>,
    pub details: Vec<(String, String)>,
    pub vmcoreinfo: Option<Vec<u8>>,
    pub cpus: Vec<CpuState>,
    pub machine: Option<String>,
    /// What is known of the Windows in it.
    pub windows: Option<WindowsHints>,
    /// Why the image rightly holds no physical memory at all, where it does not.
    pub without_memory: Option<&'static str>,
    /// Set where the memory is one process's, by virtual address.
    pub process: Option<ProcessImage>,
}

impl Parsed {
    pub(super) fn new(format: &'static str) -> Self {
        Self { format, ..Self::default() }
    }

    /// Says that `size` bytes of memory from `start` on lie in the file, at `offset`.
    pub(super) fn claim(&mut self, start: u64, size: u64, offset: u64) {
        self.claim_in(0, start, size, offset);
    }

    /// As [`claim`](Self::claim), in one of the image's files.
    pub(super) fn claim_in(&mut self, file: usize, start: u64, size: u64, offset: u64) {
        let range = MemoryRange { start: PhysAddr::new(umem::from(start)), size: umem::from(size) };
        self.claims.push((range, Place { file, offset }));
    }

    /// A fact of the header, for `info`.
    pub(super) fn detail(&mut self, name: &str, value: impl ToString) {
        self.details.push((name.to_owned(), value.to_string()));
    }
}

/// A format with a header.
struct Format {
    name: &'static str,
    /// What a file of this format begins with, in words.
    signature: &'static str,
    probe: fn(&[u8]) -> bool,
    parse: fn(&Input<'_>) -> Result<Parsed>,
}

/// The formats that memsh reads, in the order in which they are tried. Raw and padded come last: they have no header.
const FORMATS: &[Format] = &[
    Format { name: "elf", signature: "7f 45 4c 46", probe: elf::probe, parse: elf::parse },
    Format { name: "lime", signature: "45 4d 69 4c (LiME)", probe: lime::probe, parse: lime::parse },
    Format { name: "lkcd", signature: "ed 23 8f 61 73 01 19 a8 (LKCD)", probe: lkcd::probe, parse: lkcd::parse },
    Format { name: "ewf", signature: "45 56 46 09 (EVF)", probe: ewf::probe, parse: ewf::parse },
    Format { name: "kdump", signature: "KDUMP, DISKDUMP or makedumpfile", probe: kdump::probe, parse: kdump::parse },
    Format { name: "avml", signature: "41 56 4d 4c (AVML)", probe: avml::probe, parse: avml::parse },
    Format { name: "qemu", signature: "51 45 56 4d (QEVM)", probe: qemu::probe, parse: qemu::parse },
    Format { name: "libvirt", signature: "LibvirtQemudSave", probe: qemu::probe_libvirt, parse: qemu::parse_libvirt },
    Format { name: "qcow2", signature: "51 46 49 fb (QFI)", probe: qcow2::probe, parse: qcow2::parse },
    Format { name: "crashdump", signature: "PAGEDU64 or PAGEDUMP", probe: crashdump::probe, parse: crashdump::parse },
    Format { name: "hiberfil", signature: "HIBR, WAKE or RSTR", probe: hiberfil::probe, parse: hiberfil::parse },
    Format {
        name: "minidump",
        signature: "4d 44 4d 50 (MDMP), or a minidump's directory",
        probe: minidump::probe,
        parse: minidump::parse,
    },
    Format { name: "vmware", signature: "d2 be d2 be (VMware checkpoint)", probe: vmware::probe, parse: vmware::parse },
];

/// Smaller files are no memory image without a header: no machine has less than a page.
const LEAST_RAW: usize = 4096;

/// Names that `--format` takes.
fn names() -> String {
    FORMATS.iter().map(|f| f.name).chain(["raw", "padded"]).collect::<Vec<_>>().join(", ")
}

/// The first bytes, for a message.
pub(super) fn first_bytes(data: &[u8]) -> String {
    data.iter().take(8).map(|b| format!("{b:02x}")).collect::<Vec<_>>().join(" ")
}

/// The name of the format with a header that `data` begins with.
pub(super) fn known(data: &[u8]) -> Option<&'static str> {
    FORMATS.iter().find(|f| (f.probe)(data)).map(|f| f.name)
}

/// Finds the format of `data` and reads its header; what was tried is added to `log`. Messages call the data `subject`.
pub(super) fn detect(input: &Input<'_>, subject: &str, log: &mut Vec<String>) -> Result<Parsed> {
    let (data, options) = (input.data(), input.options);
    if let Some(name) = options.format.as_deref() {
        return forced(input, name, log);
    }
    for format in FORMATS {
        if (format.probe)(data) {
            log.push(format!("{}: yes, the file begins with {}", format.name, format.signature));
            let mut parsed = (format.parse)(input)?;
            unused_sidecars(&mut parsed, options);
            // The bytes in an EWF file may be raw memory.
            if options.base.is_some() && parsed.format != "ewf" {
                parsed.warnings.push(format!(
                    "--base is for raw images; this {} image has its own addresses, so it was not used",
                    format.name
                ));
            }
            return Ok(parsed);
        }
        log.push(format!("{}: no, the file begins with {}", format.name, first_bytes(data)));
    }
    refuse_known(data, subject)?;
    hiberfil::refuse_cleared(input)?;
    log.push(format!("other known files: none of {} signatures, no program, no text", magic::MAGICS.len()));
    if data.len() < LEAST_RAW {
        return Err(Error::new(
            Layer::Image,
            ErrorKind::Unsupported,
            format!("{subject} is too small for a memory image: {} bytes (it begins with {})", data.len(), first_bytes(data)),
        )
        .hint("is this the right file? --format raw opens it all the same"));
    }
    if let Some(parsed) = vmware::by_name(input)? {
        log.push("vmware: yes, by its name or its sidecar's".to_owned());
        return Ok(parsed);
    }
    hyperv::refuse_old(input)?;
    if let Some(parsed) = split::raw(input)? {
        log.push("raw: no known header; treated as the first part of split raw memory".to_owned());
        return Ok(parsed);
    }
    log.push("raw: no known header; treated as raw".to_owned());
    let mut parsed = raw(data, "raw", options)?;
    unused_sidecars(&mut parsed, options);
    Ok(parsed)
}

/// An image in a container: what `inner` says of `content`, with what was told of the container before it.
pub(super) fn nested(mut outer: Parsed, content: Arc<Content>, mut inner: Parsed) -> Parsed {
    // File 0 is the container's: the content comes behind its files.
    let first = outer.files.len() + 1;
    for (_, place) in &mut inner.claims {
        place.file += first;
    }
    outer.details.append(&mut inner.details);
    outer.warnings.append(&mut inner.warnings);
    outer.files.push(content);
    outer.files.append(&mut inner.files);
    Parsed { details: outer.details, warnings: outer.warnings, files: outer.files, ..inner }
}

/// Says where a file was named that the format has no use for.
fn unused_sidecars(parsed: &mut Parsed, options: &OpenOptions) {
    if !options.sidecars.is_empty() && parsed.files.is_empty() {
        parsed.warnings.push(format!("--sidecar was not used: a {} image has no use for it", parsed.format));
    }
}

/// `--format NAME`.
fn forced(input: &Input<'_>, name: &str, log: &mut Vec<String>) -> Result<Parsed> {
    let (data, options) = (input.data(), input.options);
    log.push(format!("{name}: asked for with --format, the file begins with {}", first_bytes(data)));
    // `qcow2:NAME` names a snapshot in it, too.
    let kind = name.split_once(':').map_or(name, |(kind, _)| if kind == "qcow2" { kind } else { name });
    if let Some(format) = FORMATS.iter().find(|f| f.name == kind) {
        return (format.parse)(input);
    }
    if let Some(parsed) = vmware::with_hole(input, name) {
        return parsed;
    }
    if name == "raw"
        && let Some(parsed) = split::raw(input)?
    {
        return Ok(parsed);
    }
    let format = match name {
        "raw" => "raw",
        "padded" => "padded",
        _ => {
            return Err(Error::new(Layer::Image, ErrorKind::Invalid, format!("there is no format {name:?}"))
                .hint(format!("--format takes one of: {}", names())));
        }
    };
    let mut parsed = raw(data, format, options)?;
    if let Some(other) = FORMATS.iter().find(|f| (f.probe)(data)) {
        parsed.warnings.push(format!("the file begins like a {} image, but was opened as {name} as asked", other.name));
    } else if let Some(known) = magic::find(data) {
        parsed.warnings.push(format!("the file begins like {}, but was opened as {name} as asked", known.name));
    }
    Ok(parsed)
}

/// Physical memory byte for byte from one address on. Padded is the same with zeros where the machine has no memory, so that
/// every offset is an address: only the person who took it can know which of the two a file is.
pub(super) fn raw(data: &[u8], format: &'static str, options: &OpenOptions) -> Result<Parsed> {
    let base = match format {
        "raw" => options.base.unwrap_or(PhysAddr::NULL),
        _ => PhysAddr::NULL,
    };
    let size = crate::engine::to_umem(data.len());
    if size > 0 && base.checked_add(size - 1).is_none() {
        return Err(Error::new(
            Layer::Image,
            ErrorKind::Invalid,
            format!("{size} bytes from {base} on run past the last physical address"),
        )
        .at(At::Phys(base))
        .hint("--base is where the file's first byte lies in physical memory"));
    }
    let mut parsed = Parsed::new(format);
    parsed.claims.push((MemoryRange { start: base, size }, Place { file: 0, offset: 0 }));
    if !size.is_multiple_of(4096) {
        parsed
            .warnings
            .push(format!("{size} bytes are not a whole number of pages: the file may be cut short, or not be raw memory"));
    }
    if format == "padded" && options.base.is_some_and(|b| !b.is_null()) {
        parsed.warnings.push("--base was not used: a padded image begins at address 0".to_owned());
    }
    parsed.details.push(("base".into(), base.to_string()));
    Ok(parsed)
}

/// Raw memory in files that follow each other, from `base` on.
///
/// # Errors
/// When they run past the last physical address.
pub(super) fn raw_claims(files: &[Arc<Content>], base: PhysAddr) -> Result<Vec<Claim>> {
    let mut start = Some(base);
    let mut claims = Vec::new();
    for (file, content) in files.iter().enumerate() {
        let size = crate::engine::to_umem(content.len());
        let Some(at) = start.filter(|s| size == 0 || s.checked_add(size - 1).is_some()) else {
            let total = files.iter().fold(0u64, |n, c| n.saturating_add(u64::try_from(c.len()).unwrap_or(u64::MAX)));
            return Err(Error::new(
                Layer::Image,
                ErrorKind::Invalid,
                format!("{total} bytes from {base} on run past the last physical address"),
            )
            .at(At::Phys(base))
            .hint("--base is where the file's first byte lies in physical memory"));
        };
        claims.push((MemoryRange { start: at, size }, Place { file, offset: 0 }));
        start = at.checked_add(size);
    }
    Ok(claims)
}

/// An error for what is known and no image that memsh reads.
fn refuse_known(data: &[u8], subject: &str) -> Result<()> {
    let (name, advice) = if let Some(m) = magic::find(data) {
        let general = match m.sort {
            magic::Sort::Memory => "this version reads raw, padded, ELF core and LiME images: convert it to one of them",
            magic::Sort::Disk => "memsh reads memory, not disks; is there a memory image beside it?",
            magic::Sort::Archive => "unpack it, and open the memory image in it (memsh unpacks .gz, .xz, .zst and .bz2 itself)",
            magic::Sort::Other => "name a memory image instead",
        };
        (m.name, m.advice.unwrap_or(general))
    } else if magic::is_program(data) {
        ("a Windows or UEFI program (PE)", "name a memory image instead")
    } else if magic::is_text(data) {
        ("a text file", "name a memory image instead; --script runs a file of memsh commands")
    } else {
        return Ok(());
    };
    let what = match magic::find(data).map(|m| m.sort) {
        Some(magic::Sort::Memory) => format!("{subject} is {name}, which memsh does not read yet"),
        _ => format!("{subject} is {name}, not a memory image"),
    };
    Err(Error::new(Layer::Image, ErrorKind::Unsupported, what).at(At::File(0)).hint(advice))
}
