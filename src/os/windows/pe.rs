//! PE images as they lie in memory.
//!
//! pelite reads them from one slice. Of an image of many MiB only the parts that are asked for are copied; the rest of the slice stays
//! zeros that cost nothing.
//!
//! - `loaded`: an image of which anything may be missing, or a lie
//! - `exports`, `imports`: what it gives to others and takes from them
//! - `binding`: where imports lead
//! - `rebuild`: the image as a file again

pub mod binding;
pub mod exports;
pub mod imports;
pub mod loaded;
pub mod rebuild;
#[cfg(test)]
pub(super) mod tests;

use super::base::kernel::Pdb;
use crate::engine::{ViewExt, index, to_umem};
use memsh_plugin::{MemoryView, VirtAddr, umem};
use pelite::PeView;

/// Headers lie in the first page.
const HEAD: usize = 0x1000;
/// No image is larger.
const LARGEST: u32 = 512 << 20;
/// No directory that is read whole is larger: the exports of a kernel take some hundred KiB.
const DIRECTORY: u32 = 8 << 20;
/// pelite wants its slice aligned.
const ALIGN: usize = 16;

/// Data directories (`IMAGE_DIRECTORY_ENTRY_*`, winnt.h).
const EXPORT: usize = 0;
const DEBUG: usize = 6;

/// A PE image, of which some parts are copied.
pub struct PeImage {
    bytes: Vec<u8>,
    /// Where the aligned slice begins.
    from: usize,
    base: VirtAddr,
}

/// What its headers say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// `Machine` (0x8664, 0x14c, 0xaa64).
    pub machine: u16,
    /// `TimeDateStamp`.
    pub timestamp: u32,
    /// `SizeOfImage`, in bytes.
    pub size: u32,
}

/// The headers in the first page of an image; none where it is none. Cheap: nothing is copied.
pub fn header(page: &[u8]) -> Option<Header> {
    if page.get(..2)? != b"MZ" {
        return None;
    }
    let u16_at = |at: usize| page.get(at..)?.first_chunk().map(|b| u16::from_le_bytes(*b));
    let u32_at = |at: usize| page.get(at..)?.first_chunk().map(|b| u32::from_le_bytes(*b));
    let pe = index(umem::from(u32_at(0x3c)?)).filter(|at| (0x40..HEAD).contains(at))?;
    if page.get(pe..)?.first_chunk()? != b"PE\0\0" || !matches!(u16_at(pe + 24)?, 0x10b | 0x20b) {
        return None;
    }
    // `SizeOfImage` has one place in both forms of the optional header.
    let size = u32_at(pe + 24 + 56)?;
    Some(Header { machine: u16_at(pe + 4)?, timestamp: u32_at(pe + 8)?, size }).filter(|h| h.size >= 0x1000 && h.size <= LARGEST)
}

/// Whether the headers in the first page are those of a .NET assembly: they have a place for its own header
/// (`IMAGE_DIRECTORY_ENTRY_COM_DESCRIPTOR`, winnt.h).
pub fn is_managed(page: &[u8]) -> bool {
    const DIRECTORY: usize = 14;
    let u32_at = |at: usize| page.get(at..)?.first_chunk().map(|b| u32::from_le_bytes(*b));
    let place = || {
        header(page)?;
        let optional = index(umem::from(u32_at(0x3c)?))?.checked_add(24)?;
        // Behind 96 bytes of the 32-bit form, 112 of the 64-bit one.
        let directories = optional.checked_add(if u32_at(optional)? & 0xffff == 0x10b { 96 } else { 112 })?;
        let count = u32_at(directories.checked_sub(4)?)?;
        u32_at(directories.checked_add(DIRECTORY * 8)?).filter(|_| count > 14)
    };
    place().is_some_and(|at| at != 0)
}

impl PeImage {
    /// The image at `base`; none where its headers can't be read or are none.
    pub fn at(view: &dyn MemoryView, base: VirtAddr) -> Option<(Self, Header)> {
        let mut page = vec![0; HEAD];
        view.read_exact(base, &mut page).ok()?;
        let header = header(&page)?;
        let size = index(umem::from(header.size))?;
        let bytes = vec![0; size.checked_add(ALIGN)?];
        let from = bytes.as_ptr().align_offset(ALIGN).min(ALIGN);
        let mut image = Self { bytes, from, base };
        image.part(0)?.get_mut(..HEAD)?.copy_from_slice(&page);
        Some((image, header))
    }

    fn part(&mut self, rva: usize) -> Option<&mut [u8]> {
        self.bytes.get_mut(self.from.checked_add(rva)?..)
    }

    /// Copies `size` bytes at `rva`, as far as they are there.
    fn fetch(&mut self, view: &dyn MemoryView, rva: u32, size: u32) {
        let base = self.base.wrapping_add(umem::from(rva));
        let Some(part) = index(umem::from(rva)).and_then(|rva| self.part(rva)) else { return };
        let len = index(umem::from(size.min(DIRECTORY))).unwrap_or(0).min(part.len());
        if let Some(part) = part.get_mut(..len) {
            view.read_gaps(base, part);
        }
    }

    fn view(&self) -> Option<PeView<'_>> {
        let end = self.bytes.len().checked_sub(ALIGN - self.from)?;
        PeView::from_bytes(self.bytes.get(self.from..end)?).ok()
    }

    /// Place and size of a data directory; none where the image has none.
    fn directory(&self, which: usize) -> Option<(u32, u32)> {
        let entry = self.view()?.data_directory().get(which)?;
        Some((entry.VirtualAddress, entry.Size)).filter(|&(at, size)| at != 0 && size != 0)
    }

    /// The name that the export directory gives the image, and the exports: names and distances from the base. Forwarders are left out.
    pub fn exports(&mut self, view: &dyn MemoryView) -> Option<(String, Vec<(String, u32)>)> {
        let (at, size) = self.directory(EXPORT)?;
        self.fetch(view, at, size);
        let pe = self.view()?;
        let exports = pe.exports().ok()?;
        let name = exports.dll_name().map(ToString::to_string).unwrap_or_default();
        let mut out = Vec::new();
        if let Ok(by) = exports.by() {
            for (name, export) in by.iter_names() {
                if let (Ok(name), Ok(export)) = (name, export)
                    && let Some(rva) = export.symbol()
                {
                    out.push((name.to_string(), rva));
                }
            }
        }
        Some((name, out))
    }

    /// Which file has its symbols.
    pub fn pdb(&mut self, view: &dyn MemoryView) -> Option<Pdb> {
        let (at, size) = self.directory(DEBUG)?;
        self.fetch(view, at, size);
        let entries: Vec<(u32, u32)> =
            self.view()?.debug().ok()?.image().iter().map(|e| (e.AddressOfRawData, e.SizeOfData)).collect();
        for (at, size) in entries.iter().take(16) {
            self.fetch(view, *at, (*size).min(0x1000));
        }
        let pe = self.view()?;
        let debug = pe.debug().ok()?;
        debug.into_iter().find_map(|entry| {
            let view = entry.entry().ok()?.as_code_view()?;
            let pelite::pe64::debug::CodeView::Cv70 { image, pdb_file_name } = view else { return None };
            let g = &image.Signature;
            let tail: String = g.Data4.iter().map(|b| format!("{b:02X}")).collect();
            let id = format!("{:08X}{:04X}{:04X}{tail}{:X}", g.Data1, g.Data2, g.Data3, image.Age);
            let path = pdb_file_name.to_string();
            Some(Pdb { name: super::base::text::base_name(&path).to_owned(), id })
        })
    }

    /// How far the image reaches.
    pub fn size(&self) -> umem {
        to_umem(self.bytes.len().saturating_sub(ALIGN))
    }
}
