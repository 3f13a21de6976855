//! Which format a file has, and on what evidence.

use super::avml;
use super::blocks::Blocks;
use super::crashdump;
use super::elf;
use super::input::Input;
use super::kdump;
use super::lime;
use super::magic;
use super::map::Content;
use super::memory::{Claim, Place};
use super::open::{CpuState, OpenOptions};
use super::process::ProcessImage;
use super::qemu;
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
    Format { name: "kdump", signature: "KDUMP, DISKDUMP or makedumpfile", probe: kdump::probe, parse: kdump::parse },
    Format { name: "avml", signature: "41 56 4d 4c (AVML)", probe: avml::probe, parse: avml::parse },
    Format { name: "qemu", signature: "51 45 56 4d (QEVM)", probe: qemu::probe, parse: qemu::parse },
    Format { name: "libvirt", signature: "LibvirtQemudSave", probe: qemu::probe_libvirt, parse: qemu::parse_libvirt },
    Format { name: "crashdump", signature: "PAGEDU64 or PAGEDUMP", probe: crashdump::probe, parse: crashdump::parse },
    Format { name: "avml", signature: "41 56 4d 4c (AVML)", probe: avml::probe, parse: avml::parse },
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
            if options.base.is_some() {
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
    log.push(format!("other known files: none of {} signatures, no program, no text", magic::MAGICS.len()));
    if data.len() < LEAST_RAW {
        return Err(Error::new(
            Layer::Image,
            ErrorKind::Unsupported,
            format!("{subject} is too small for a memory image: {} bytes (it begins with {})", data.len(), first_bytes(data)),
        )
        .hint("is this the right file? --format raw opens it all the same"));
    }
    log.push("raw: no known header; treated as raw".to_owned());
    raw(data, "raw", options)
}

/// `--format NAME`.
fn forced(input: &Input<'_>, name: &str, log: &mut Vec<String>) -> Result<Parsed> {
    let (data, options) = (input.data(), input.options);
    log.push(format!("{name}: asked for with --format, the file begins with {}", first_bytes(data)));
    if let Some(format) = FORMATS.iter().find(|f| f.name == name) {
        return (format.parse)(input);
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
