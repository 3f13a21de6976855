//! The files that the user has: what they are, by content, and what is in them.

use super::btf::Btf;
use super::elf::{Elf, Sections};
use super::table::SymbolTable;
use super::unpack::{self, Packing};
use super::{Symbols, Types, dwarf, isf, pdb, system_map};
use crate::reading::MappedFile;
use crate::{At, Error, ErrorKind, Layer, Result};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

pub use super::isf::Pdb as PdbId;

/// How deep `--symbols FOLDER` looks below the folder.
const DEPTH: u32 = 4;
/// Most files of one folder that are looked at.
const FILES: usize = 20_000;
/// Largest ISF document, unpacked. Those of full kernels take 30 to 60 MB.
const ISF_BYTES: u64 = 512 << 20;
/// Largest other file, unpacked.
const PLAIN_BYTES: u64 = 2 << 30;
/// How much of a file detection looks at.
const HEAD: usize = 4096;

/// What a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileKind {
    /// Volatility 3's symbol format.
    Isf,
    /// ELF: an unstripped kernel or its debug file.
    Elf,
    /// `System.map` or a copy of `/proc/kallsyms`.
    SystemMap,
    /// BTF outside an ELF file.
    Btf,
    /// A program database, the symbol file of Windows.
    Pdb,
}

/// What one file gives.
pub struct SymbolFile {
    /// The file.
    pub path: PathBuf,
    /// What it is.
    pub kind: FileKind,
    /// In words, for `info`: `DWARF of vmlinux-6.1`, `BTF of vmlinux`, `symbols of vmlinux` when types are lacking.
    pub origin: String,
    /// Types: from ISF, BTF, or DWARF where there is no BTF.
    pub types: Option<Arc<dyn Types>>,
    /// Raw BTF, where the file is one or has a `.BTF` section.
    pub btf: Option<Vec<u8>>,
    /// Symbols at the addresses of the link; [`SymbolTable::with_slide`] moves them to where the kernel ran.
    pub symbols: Option<SymbolTable>,
    /// GNU build id.
    pub build_id: Option<Vec<u8>>,
    /// The kernel's banner, `Linux version ...`: the test of whether the file belongs to an image.
    pub banner: Option<String>,
    /// The program database it was made from, for Windows.
    pub pdb: Option<PdbId>,
    /// What could not be read and why.
    pub warnings: Vec<String>,
}

impl SymbolFile {
    fn new(path: &Path, kind: FileKind, what: &str) -> Self {
        Self {
            path: path.to_owned(),
            kind,
            origin: origin(path, what),
            types: None,
            btf: None,
            symbols: None,
            build_id: None,
            banner: None,
            pdb: None,
            warnings: Vec::new(),
        }
    }
}

/// What a path gave.
#[derive(Default)]
pub struct Loaded {
    /// Files that were read.
    pub files: Vec<SymbolFile>,
    /// Files of a folder that are no symbol files.
    pub skipped: u64,
    /// Files of a folder that are symbol files and could not be read.
    pub failed: Vec<(PathBuf, Error)>,
    /// The folder holds more files or levels than are looked at.
    pub incomplete: bool,
}

/// Reads a file, or all symbol files in a folder.
///
/// # Errors
/// When the path can't be read, is a file that is no symbol file, or a folder without any.
pub fn load(path: &Path) -> Result<Loaded> {
    let meta = std::fs::metadata(path).map_err(|e| io(path, e))?;
    if !meta.is_dir() {
        return Ok(Loaded { files: vec![load_file(path)?], ..Loaded::default() });
    }
    let mut loaded = Loaded::default();
    let mut files = Vec::new();
    collect(path, DEPTH, &mut files, &mut loaded.incomplete).map_err(|e| io(path, e))?;
    for file in files {
        match load_file(&file) {
            Ok(f) => loaded.files.push(f),
            Err(e) if e.kind() == ErrorKind::Unsupported => loaded.skipped += 1,
            Err(e) => loaded.failed.push((file, e)),
        }
    }
    if loaded.files.is_empty() {
        let mut reason = format!("{} holds no symbol file ({} other files", path.display(), loaded.skipped);
        match loaded.failed.first() {
            Some((p, e)) => {
                reason.push_str(&format!(", {} damaged; the first: {}: {})", loaded.failed.len(), p.display(), e.reason()))
            }
            None => reason.push(')'),
        }
        return Err(Error::new(Layer::Symbols, ErrorKind::NotFound, reason).hint(ACCEPTED));
    }
    Ok(loaded)
}

const ACCEPTED: &str = "--symbols takes an ISF file (.json, also packed with xz, gz, bz2, zst), a PDB file, a vmlinux with \
                        DWARF or BTF, a System.map, a copy of /proc/kallsyms, a BTF file, or a folder of these";

/// Files below a folder in the order of their names. Links to folders are not followed, so there is no circle.
fn collect(folder: &Path, depth: u32, files: &mut Vec<PathBuf>, incomplete: &mut bool) -> std::io::Result<()> {
    let mut entries: Vec<PathBuf> = std::fs::read_dir(folder)?.take(FILES).filter_map(|e| Some(e.ok()?.path())).collect();
    entries.sort();
    for path in entries {
        if files.len() >= FILES {
            *incomplete = true;
            return Ok(());
        }
        let Ok(link) = std::fs::symlink_metadata(&path) else { continue };
        if link.is_dir() {
            if depth == 0 {
                *incomplete = true;
            } else if collect(&path, depth - 1, files, incomplete).is_err() {
                // A folder that may not be read is as good as a deeper one: not looked at.
                *incomplete = true;
            }
        } else if std::fs::metadata(&path).is_ok_and(|m| m.is_file()) {
            // Only regular files: opening a pipe would wait for ever.
            files.push(path);
        }
    }
    Ok(())
}

/// The bytes of a file, in place.
pub(super) fn mapped(path: &Path) -> Result<MappedFile> {
    MappedFile::open(path).map_err(|e| unreadable(path, e))
}

pub(super) fn unreadable(path: &Path, e: std::io::Error) -> Error {
    Error::new(Layer::Symbols, ErrorKind::Io, format!("can't read {}: {e}", path.display())).caused_by(e)
}

/// Reads one file.
pub(super) fn load_file(path: &Path) -> Result<SymbolFile> {
    let map = mapped(path)?;
    let loaded = load_bytes(path, &map);
    // What was made of zeros in place of what is gone is nothing to rely on, be it an error.
    map.intact().map_err(|e| unreadable(path, e))?;
    loaded
}

fn load_bytes(path: &Path, map: &[u8]) -> Result<SymbolFile> {
    let packing = Packing::of(map);
    let mut head = Vec::new();
    if packing == Packing::None {
        head.extend_from_slice(map.get(..map.len().min(HEAD)).unwrap_or_default());
    } else {
        let mut start = unpack::reader(packing, map, PLAIN_BYTES)?.take(u64::try_from(HEAD).unwrap_or(0));
        // An error after some bytes shows again, with its reason, when the whole file is read.
        if let Err(e) = start.read_to_end(&mut head)
            && head.is_empty()
        {
            return Err(damaged(path, packing, e));
        }
    }
    match detect(&head) {
        Some(FileKind::Isf) => {
            let origin = origin(path, "ISF");
            let read = if packing == Packing::None {
                isf::from_slice(map, origin)
            } else {
                let reader = unpack::reader(packing, map, ISF_BYTES)?;
                isf::from_reader(std::io::BufReader::with_capacity(1 << 16, reader), origin)
            };
            Ok(from_isf(path, read.map_err(|e| name(path, e))?))
        }
        Some(kind) => {
            let unpacked;
            let bytes: &[u8] = if packing == Packing::None {
                map
            } else {
                let mut all = Vec::new();
                unpack::reader(packing, map, PLAIN_BYTES)?.read_to_end(&mut all).map_err(|e| damaged(path, packing, e))?;
                unpacked = all;
                &unpacked
            };
            match kind {
                FileKind::Elf => from_elf(path, bytes).map_err(|e| name(path, e)),
                FileKind::Btf => from_btf(path, bytes.to_vec()).map_err(|e| name(path, e)),
                FileKind::Pdb => from_pdb(path, bytes).map_err(|e| name(path, e)),
                _ => from_system_map(path, bytes),
            }
        }
        None => Err(unknown(path, packing, &head)),
    }
}

/// Files below a folder, and why these are not all of them, if they are not.
pub(super) fn below(folder: &Path) -> (Vec<PathBuf>, Option<String>) {
    let (mut files, mut incomplete) = (Vec::new(), false);
    let why = match collect(folder, DEPTH, &mut files, &mut incomplete) {
        Err(e) => Some(format!("the folder can't be listed: {e}")),
        Ok(()) => incomplete.then(|| {
            format!("not all of it was looked at: folders {DEPTH} deep, {FILES} files at most, and those that may be listed")
        }),
    };
    (files, why)
}

/// Which program a file is of, where it says so without being read whole: a PDB file, an ISF document whose name says it.
pub(super) fn identify(path: &Path) -> Option<PdbId> {
    if let Some(id) = super::library::named(path) {
        return Some(id);
    }
    let map = mapped(path).ok()?;
    let packing = Packing::of(&map);
    if packing == Packing::None {
        return pdb::identity(&map, &database(path)).ok().filter(|_| map.intact().is_ok());
    }
    // Streams lie anywhere in the file: one that is packed must be unpacked.
    path.file_name()?.to_str()?.to_ascii_lowercase().find(".pdb")?;
    let mut all = Vec::new();
    unpack::reader(packing, &map, PLAIN_BYTES).ok()?.read_to_end(&mut all).ok()?;
    pdb::identity(&all, &database(path)).ok().filter(|_| map.intact().is_ok())
}

/// Which program the file `bytes` is of, what it is, and what its packing adds to a name.
///
/// # Errors
/// When it is none of Windows, or can't be read.
pub(super) fn whose(path: &Path, bytes: &[u8]) -> Result<(FileKind, &'static str, PdbId)> {
    let packing = Packing::of(bytes);
    let unpacked;
    let plain: &[u8] = if packing == Packing::None {
        bytes
    } else {
        let mut all = Vec::new();
        unpack::reader(packing, bytes, ISF_BYTES)?.read_to_end(&mut all).map_err(|e| damaged(path, packing, e))?;
        unpacked = all;
        &unpacked
    };
    let end = match packing {
        Packing::None => "",
        Packing::Xz => ".xz",
        Packing::Gzip => ".gz",
        Packing::Bzip2 => ".bz2",
        Packing::Zstd => ".zst",
    };
    let none = |what: &str| Err(Error::new(Layer::Symbols, ErrorKind::Unsupported, what.to_owned()));
    match detect(plain) {
        Some(FileKind::Pdb) => Ok((FileKind::Pdb, end, pdb::identity(plain, &database(path))?)),
        Some(FileKind::Isf) => match isf::from_slice(plain, String::new())?.pdb {
            Some(id) => Ok((FileKind::Isf, end, id)),
            None => none("an ISF document that names no PDB: it is not of Windows, and --symbols takes it where it is"),
        },
        Some(_) => none("symbols of Linux: --symbols takes them where they are"),
        None if plain.starts_with(b"MSCF") => none("a cabinet: unpack it with `cabextract` or `expand`"),
        None => none("no symbol file"),
    }
}

/// What a file is by its first (unpacked) bytes.
fn detect(head: &[u8]) -> Option<FileKind> {
    // BTF_MAGIC 0xeb9f in either byte order, then version 1 (include/uapi/linux/btf.h).
    if head.starts_with(b"\x9f\xeb\x01") || head.starts_with(b"\xeb\x9f\x01") {
        return Some(FileKind::Btf);
    }
    if head.starts_with(b"\x7fELF") {
        return Some(FileKind::Elf);
    }
    if pdb::looks_like(head) {
        return Some(FileKind::Pdb);
    }
    let text = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head);
    if text.iter().find(|b| !b.is_ascii_whitespace()) == Some(&b'{') {
        return Some(FileKind::Isf);
    }
    system_map::looks_like(head).then_some(FileKind::SystemMap)
}

fn from_isf(path: &Path, read: isf::Read) -> SymbolFile {
    let mut file = SymbolFile::new(path, FileKind::Isf, "ISF");
    if let Some(format) = read.format {
        file.origin.push_str(&format!(", schema {format}"));
    }
    file.types = (!read.types.is_empty()).then(|| Arc::new(read.types) as Arc<dyn Types>);
    file.symbols = (read.symbols.count() > 0).then_some(read.symbols);
    file.banner = read.banner;
    file.pdb = read.pdb;
    file.warnings = read.warnings;
    file
}

fn from_pdb(path: &Path, bytes: &[u8]) -> Result<SymbolFile> {
    let mut file = SymbolFile::new(path, FileKind::Pdb, "PDB");
    let read = pdb::read(bytes, &database(path), file.origin.clone())?;
    file.types = (!read.types.is_empty()).then(|| Arc::new(read.types) as Arc<dyn Types>);
    file.symbols = (read.symbols.count() > 0).then_some(read.symbols);
    file.pdb = Some(read.id);
    file.warnings = read.warnings;
    Ok(file)
}

/// The name of a PDB file: of one that is packed, without what packing added.
fn database(path: &Path) -> String {
    let name = path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
    let end = name.to_ascii_lowercase().find(".pdb").map_or(name.len(), |at| at + 4);
    name.get(..end).unwrap_or(&name).to_owned()
}

fn from_system_map(path: &Path, bytes: &[u8]) -> Result<SymbolFile> {
    let mut file = SymbolFile::new(path, FileKind::SystemMap, "System.map");
    let read = system_map::parse(bytes);
    if read.restricted {
        let reason = format!("every address in {} is zero: /proc/kallsyms was read without privilege", path.display());
        return Err(Error::new(Layer::Symbols, ErrorKind::Malformed, reason)
            .hint("read it as root, or with kernel.kptr_restrict=0; a System.map does as well"));
    }
    if let Some((number, text)) = read.first_skipped {
        file.warnings
            .push(format!("{} lines are no symbol and were left out; the first is line {number}: {text:?}", read.skipped));
    }
    file.symbols = Some(read.symbols);
    Ok(file)
}

fn from_btf(path: &Path, bytes: Vec<u8>) -> Result<SymbolFile> {
    let mut file = SymbolFile::new(path, FileKind::Btf, "BTF");
    let btf = Btf::parse(bytes.clone())?;
    file.warnings.extend(damaged_names(&btf));
    file.types = Some(Arc::new(btf));
    file.btf = Some(bytes);
    Ok(file)
}

/// A sentence on types of BTF whose names are damaged, where there are some.
fn damaged_names(btf: &Btf) -> Option<String> {
    let lost = btf.lost_names();
    (lost > 0).then(|| format!("names of {lost} of its {} types are damaged; these are not found", btf.count()))
}

fn from_elf(path: &Path, bytes: &[u8]) -> Result<SymbolFile> {
    let elf = Elf::parse(bytes)?;
    let facts = elf.facts();
    let mut file = SymbolFile::new(path, FileKind::Elf, "DWARF");
    file.btf = elf.section(".BTF")?.map(std::borrow::Cow::into_owned);
    let mut stripped = false;
    if let Some(bytes) = &file.btf {
        match Btf::parse(bytes.clone()) {
            Ok(btf) => {
                file.warnings.extend(damaged_names(&btf));
                file.types = Some(Arc::new(btf));
            }
            Err(e) => file.warnings.push(format!("its .BTF section was not read: {}", e.reason())),
        }
    }
    if file.types.is_some() {
        // pahole makes .BTF from this file's own DWARF: the same layouts, read in milliseconds and not in seconds.
        file.origin = origin(path, "BTF");
    } else if facts.relocatable {
        file.origin = origin(path, "symbols");
        file.warnings.push("a relocatable object (a kernel module): its DWARF needs relocation and was not read".into());
    } else {
        match dwarf::read(&elf, origin(path, "DWARF")) {
            Ok(Some(read)) => {
                file.types = Some(Arc::new(read.types));
                file.warnings.extend(read.warnings);
            }
            Ok(None) => {
                stripped = true;
                file.origin = origin(path, "symbols");
            }
            // Symbols are of use without the types.
            Err(e) if facts.symbols.count() > 0 => {
                file.origin = origin(path, "symbols");
                file.warnings.push(e.reason().to_owned());
            }
            Err(e) => return Err(e),
        }
    }
    if facts.lost > 0 {
        file.warnings.push(format!("{} symbols were left out: their names are damaged", facts.lost));
    }
    file.banner = facts.banner;
    file.build_id = facts.build_id;
    if facts.symbols.count() > 0 {
        file.symbols = Some(facts.symbols);
    }
    if stripped {
        let (reason, hint) = no_types(file.banner.as_deref());
        if file.symbols.is_none() {
            return Err(Error::new(Layer::Symbols, ErrorKind::NotFound, reason).hint(hint));
        }
        file.warnings.push(format!("{reason}; {hint}"));
    }
    Ok(file)
}

/// Why an ELF file has no types, and which package has the one that does.
fn no_types(banner: Option<&str>) -> (String, String) {
    let release = banner.and_then(|b| b.strip_prefix("Linux version ")?.split(' ').next()).unwrap_or("RELEASE");
    (
        "the ELF file has neither .debug_info (DWARF) nor .BTF: it was stripped".to_owned(),
        format!(
            "the distribution's debug package has the full vmlinux: linux-image-{release}-dbg (Debian), \
             linux-image-{release}-dbgsym (Ubuntu), kernel-debuginfo (Fedora, RHEL), kernel-default-debuginfo (SUSE)"
        ),
    )
}

fn unknown(path: &Path, packing: Packing, head: &[u8]) -> Error {
    let shown: Vec<String> = head.iter().take(16).map(|b| format!("{b:02x}")).collect();
    let shown = if shown.is_empty() { "nothing: the file is empty".to_owned() } else { shown.join(" ") };
    let unpacked = if packing == Packing::None { "" } else { " (unpacked)" };
    // A kernel as the boot loader takes it: "HdrS" at 0x202 (Documentation/arch/x86/boot.rst).
    let what = if head.get(0x202..0x206) == Some(b"HdrS") {
        " is a boot image (vmlinuz), which has no types;"
    } else if head.starts_with(b"MSCF") {
        " is a cabinet, as symbol servers keep files packed; `cabextract` or `expand` unpacks it;"
    } else {
        " is no symbol file;"
    };
    let reason = format!("{}{what} it starts with{unpacked} {shown}", path.display());
    Error::new(Layer::Symbols, ErrorKind::Unsupported, reason).at(At::File(0)).hint(ACCEPTED)
}

fn origin(path: &Path, what: &str) -> String {
    let name = path.file_name().map_or_else(|| path.to_string_lossy(), |n| n.to_string_lossy());
    format!("{what} of {name}")
}

fn damaged(path: &Path, packing: Packing, e: std::io::Error) -> Error {
    let reason = format!("can't unpack {} ({}): {e}", path.display(), packing.name());
    Error::new(Layer::Symbols, ErrorKind::Malformed, reason).hint("is the file complete?").caused_by(e)
}

/// Puts the file's name before the reason.
fn name(path: &Path, e: Error) -> Error {
    let mut named = Error::new(e.layer(), e.kind(), format!("{}: {}", path.display(), e.reason()));
    if let Some(at) = e.location() {
        named = named.at(at);
    }
    if let Some(hint) = e.hint_text() {
        named = named.hint(hint);
    }
    named
}

fn io(path: &Path, e: std::io::Error) -> Error {
    Error::new(Layer::Symbols, ErrorKind::Io, format!("can't read {}: {e}", path.display())).caused_by(e)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]
mod tests;
