//! An image as it lies in memory, read piece by piece: what is not resident is told apart from what is zero.
//!
//! Microsoft's "PE Format" gives the headers, winnt.h their names. Everything in them may be a lie: places beyond the image are not read,
//! and no count is believed.

use crate::engine::{ViewExt, index, to_umem};
use crate::os::lost::Lost;
use crate::{At, Error, ErrorKind, Layer, Result};
use memsh_plugin::{MemoryView, VirtAddr, umem};
use std::cell::RefCell;
use std::collections::HashMap;

const PAGE: u32 = 0x1000;
/// No image is larger, in bytes.
pub const LARGEST: u32 = 512 << 20;
/// The headers lie before this.
const HEADERS: u32 = 0x1_0000;
/// The loader takes no more sections.
const SECTIONS: u16 = 96;
/// Data directories that have a meaning (`IMAGE_NUMBEROF_DIRECTORY_ENTRIES`).
pub const DIRECTORIES: u32 = 16;
/// Bytes of a section's header.
pub const SECTION: u32 = 40;
/// Pages that are kept.
const KEPT: usize = 4096;

/// Data directories (`IMAGE_DIRECTORY_ENTRY_*`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "named as winnt.h names them")]
pub enum Directory {
    Export = 0,
    Import = 1,
    Security = 4,
    Debug = 6,
    BoundImport = 11,
    Iat = 12,
    DelayImport = 13,
}

/// A section, as the headers describe it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Section {
    /// Up to eight characters.
    pub name: String,
    /// Distance from the base, in bytes.
    pub rva: u32,
    /// Bytes in memory (`VirtualSize`).
    pub size: u32,
    /// Bytes in the file.
    pub raw_size: u32,
    /// Where they begin in the file.
    pub raw_at: u32,
    /// `Characteristics`.
    pub flags: u32,
}

/// `IMAGE_SCN_MEM_EXECUTE`, `IMAGE_SCN_MEM_READ`, `IMAGE_SCN_MEM_WRITE`.
const EXECUTE: u32 = 0x2000_0000;
const READ: u32 = 0x4000_0000;
const WRITE: u32 = 0x8000_0000;
/// `IMAGE_SCN_MEM_DISCARDABLE`: drivers lose it after their start.
const DISCARDABLE: u32 = 0x0200_0000;

impl Section {
    /// What may be done there: read, write, execute.
    pub fn rights(&self) -> (bool, bool, bool) {
        (self.flags & READ != 0, self.flags & WRITE != 0, self.flags & EXECUTE != 0)
    }

    /// Whether it is given back when the image has started.
    pub fn discardable(&self) -> bool {
        self.flags & DISCARDABLE != 0
    }

    /// Bytes that it takes in memory: where the header does not say, as many as in the file.
    pub fn extent(&self) -> u32 {
        if self.size == 0 { self.raw_size } else { self.size }
    }
}

/// What the headers say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Headers {
    /// Whether it is of the 64-bit form (PE32+).
    pub wide: bool,
    /// `Machine`.
    pub machine: u16,
    /// Bytes of the image: `SizeOfImage`, or what stands for it where that makes no sense.
    pub size: u32,
    /// `SizeOfHeaders`.
    pub headers: u32,
    /// `SectionAlignment`.
    pub section_alignment: u32,
    /// `FileAlignment`.
    pub file_alignment: u32,
    /// The sections, in the order of their headers.
    pub sections: Vec<Section>,
    /// Places and sizes of the data directories.
    pub directories: Vec<(u32, u32)>,
    /// Where the signature `PE`, the optional header and the table of sections lie.
    pub signature: u32,
    /// See `signature`.
    pub optional: u32,
    /// See `signature`.
    pub table: u32,
}

impl Headers {
    /// The section that holds an address.
    pub fn section(&self, rva: u32) -> Option<&Section> {
        self.sections.iter().find(|s| rva.checked_sub(s.rva).is_some_and(|o| o < s.extent()))
    }

    /// Where the data directories begin.
    pub fn directory_table(&self) -> u32 {
        self.optional + if self.wide { 112 } else { 96 }
    }
}

/// An image in memory.
pub struct Loaded<'v> {
    view: &'v dyn MemoryView,
    base: VirtAddr,
    /// What it is called, for sentences about it.
    pub name: String,
    /// Its headers.
    pub headers: Headers,
    pages: RefCell<HashMap<u32, Option<Box<[u8]>>>>,
}

impl<'v> Loaded<'v> {
    /// The image at `base`. `listed` is its size where a list of modules says it.
    ///
    /// # Errors
    /// When the first page is not resident, or holds no headers of a PE file.
    pub fn open(view: &'v dyn MemoryView, base: VirtAddr, name: &str, listed: Option<umem>, lost: &mut Lost) -> Result<Self> {
        // Until the size is known, no more than headers is read.
        let headers = Headers { size: HEADERS, ..Headers::default() };
        let mut image = Self { view, base, name: name.to_owned(), headers, pages: RefCell::default() };
        let mut start = [0u8; 2];
        if image.read(0, &mut start).is_none() {
            let what = format!("{name}: its headers at {base} are not in memory");
            return Err(Error::new(Layer::Os, ErrorKind::Unreadable, what)
                .at(At::Virt(base))
                .hint("`vtop` tells where the page is; `--pagefile` brings in what was paged out"));
        }
        image.headers = image.parse(listed, lost).filter(|_| start == *b"MZ").ok_or_else(|| {
            let what = format!("{name}: no PE file begins at {base}");
            let hint = "its header may have been wiped; `read` shows what is there, `dump START..END` writes it";
            Error::new(Layer::Os, ErrorKind::Invalid, what).at(At::Virt(base)).hint(hint)
        })?;
        Ok(image)
    }

    fn parse(&self, listed: Option<umem>, lost: &mut Lost) -> Option<Headers> {
        let signature = self.u32(0x3c).filter(|at| (4..HEADERS).contains(at))?;
        let optional = signature.checked_add(24)?;
        let magic = self.u16(optional)?;
        if self.u32(signature)? != 0x4550 || !matches!(magic, 0x10b | 0x20b) {
            return None;
        }
        let name = &self.name;
        let listed = listed.and_then(|n| u32::try_from(n).ok()).filter(|n| (PAGE..=LARGEST).contains(n));
        let said = self.u32(optional + 56)?;
        let size = match (said, listed) {
            (PAGE..=LARGEST, None) => said,
            (PAGE..=LARGEST, Some(listed)) => {
                // The list counts whole pages.
                if said.next_multiple_of(PAGE) != listed.next_multiple_of(PAGE) {
                    lost.push(format!("{name}: its header says that it has {said:#x} bytes, the list of modules {listed:#x}"));
                }
                said.max(listed)
            }
            (_, listed) => {
                let taken = listed.unwrap_or(LARGEST);
                lost.push(format!(
                    "{name}: its header says that it has {said:#x} bytes, which no image has; {taken:#x} are taken"
                ));
                taken
            }
        };
        let wide = magic == 0x20b;
        let mut out = Headers {
            wide,
            machine: self.u16(signature + 4)?,
            size,
            headers: self.u32(optional + 60)?,
            section_alignment: self.u32(optional + 32)?,
            file_alignment: self.u32(optional + 36)?,
            signature,
            optional,
            table: optional.checked_add(u32::from(self.u16(signature + 20)?))?,
            ..Headers::default()
        };
        let directories = out.directory_table();
        for i in 0..self.u32(directories - 4)?.min(DIRECTORIES) {
            let at = directories + 8 * i;
            out.directories.push((self.u32(at)?, self.u32(at + 4)?));
        }
        let count = self.u16(signature + 6)?;
        if count > SECTIONS {
            lost.push(format!("{name}: its header counts {count} sections; more than {SECTIONS} no image has"));
        }
        for i in 0..u32::from(count.min(SECTIONS)) {
            match self.section_at(out.table + SECTION * i) {
                Some(section) => out.sections.push(section),
                None => {
                    lost.push(format!("{name}: the headers of its sections are not in memory from number {i} on"));
                    break;
                }
            }
        }
        Some(out)
    }

    fn section_at(&self, at: u32) -> Option<Section> {
        let mut name = [0u8; 8];
        self.read(at, &mut name)?;
        let name = name.split(|b| *b == 0).next().unwrap_or_default();
        let [size, rva, raw_size, raw_at] = [8, 12, 16, 20].map(|o| self.u32(at + o));
        Some(Section {
            name: String::from_utf8_lossy(name).into_owned(),
            rva: rva?,
            size: size?,
            raw_size: raw_size?,
            raw_at: raw_at?,
            flags: self.u32(at + 36)?,
        })
    }

    /// Where it lies.
    pub fn base(&self) -> VirtAddr {
        self.base
    }

    /// The memory it lies in.
    pub fn view(&self) -> &'v dyn MemoryView {
        self.view
    }

    /// An address in it.
    pub fn at(&self, rva: u32) -> VirtAddr {
        self.base.wrapping_add(umem::from(rva))
    }

    /// Place and size of a data directory; none where the image has none.
    pub fn directory(&self, which: Directory) -> Option<(u32, u32)> {
        let which = which as usize;
        self.headers.directories.get(which).copied().filter(|&(at, size)| at != 0 && size != 0)
    }

    /// Fills `buf` with what lies at `rva`; none where a byte is not resident or beyond the image.
    pub fn read(&self, rva: u32, buf: &mut [u8]) -> Option<()> {
        let end = rva.checked_add(u32::try_from(buf.len()).ok()?)?;
        if end > self.headers.size {
            return None;
        }
        let mut at = rva;
        let mut rest = buf;
        while !rest.is_empty() {
            let within = index(umem::from(at % PAGE))?;
            let n = (index(umem::from(PAGE))? - within).min(rest.len());
            let (piece, tail) = rest.split_at_mut(n);
            self.page(at - at % PAGE, &mut |page| piece.copy_from_slice(page.get(within..within + n).unwrap_or_default()))?;
            at = at.wrapping_add(u32::try_from(n).ok()?);
            rest = tail;
        }
        Some(())
    }

    fn page(&self, rva: u32, take: &mut dyn FnMut(&[u8])) -> Option<()> {
        let mut pages = self.pages.borrow_mut();
        if pages.len() > KEPT {
            pages.clear();
        }
        let page = pages.entry(rva).or_insert_with(|| {
            let mut bytes = vec![0; index(umem::from(PAGE))?];
            self.view.read_exact(self.at(rva), &mut bytes).ok()?;
            Some(bytes.into_boxed_slice())
        });
        take(page.as_deref()?);
        Some(())
    }

    fn array<const N: usize>(&self, rva: u32) -> Option<[u8; N]> {
        let mut bytes = [0; N];
        self.read(rva, &mut bytes)?;
        Some(bytes)
    }

    /// 16 bits.
    pub fn u16(&self, rva: u32) -> Option<u16> {
        self.array(rva).map(u16::from_le_bytes)
    }

    /// 32 bits.
    pub fn u32(&self, rva: u32) -> Option<u32> {
        self.array(rva).map(u32::from_le_bytes)
    }

    /// A number of a pointer's size.
    pub fn word(&self, rva: u32) -> Option<u64> {
        if self.headers.wide { self.array(rva).map(u64::from_le_bytes) } else { self.u32(rva).map(u64::from) }
    }

    /// Text up to the first zero, which has to come.
    pub fn text(&self, rva: u32) -> Option<String> {
        /// Names of C++ functions can be long; no more than this.
        const LONGEST: usize = 1024;
        let mut out = Vec::new();
        let mut at = rva;
        while out.len() < LONGEST {
            let room = PAGE - at % PAGE;
            let room = index(umem::from(room.min(64).min(self.headers.size.checked_sub(at)?)))?;
            let mut piece = [0u8; 64];
            let piece = piece.get_mut(..room).filter(|p| !p.is_empty())?;
            self.read(at, piece)?;
            match piece.iter().position(|b| *b == 0) {
                Some(end) => {
                    out.extend(piece.iter().take(end));
                    return Some(String::from_utf8_lossy(&out).into_owned());
                }
                None => out.extend_from_slice(piece),
            }
            at = at.checked_add(u32::try_from(room).ok()?)?;
        }
        None
    }

    /// How far the image reaches.
    pub fn end(&self) -> VirtAddr {
        self.base.wrapping_add(to_umem(index(umem::from(self.headers.size)).unwrap_or(0)))
    }
}
