//! A kernel's (or any program's) ELF file: sections, symbols, build id, banner.

use super::table::SymbolTable;
use crate::{At, Error, ErrorKind, Layer, Result};
use memsh_plugin::{VirtAddr, umem};
use object::elf::{FileHeader32, FileHeader64};
use object::read::elf::{ElfFile, FileHeader, SectionHeader, Sym};
use object::{
    CompressionFormat, Endianness, Object, ObjectKind, ObjectSection, ObjectSymbol, SectionKind, SymbolKind, SymbolSection,
};
use std::borrow::Cow;
use std::io::Read;

/// The largest section that is unpacked. A kernel's `.debug_info` takes 0.2 to 0.6 GB.
const UNPACKED: u64 = 4 << 30;
/// The banner of a Linux kernel is one line of some 200 bytes; `/proc/version` cuts it nowhere near this.
const BANNER: usize = 1024;

/// Named sections, unpacked.
pub trait Sections {
    /// The bytes of a section; `None` when the file has no such section, or has only its header.
    fn section(&self, name: &str) -> Result<Option<Cow<'_, [u8]>>>;

    /// Whether the target is big-endian.
    fn big_endian(&self) -> bool;
}

/// What an ELF file holds apart from types.
pub struct Facts {
    /// Symbols of `.symtab`, with the letters of `nm`.
    pub symbols: SymbolTable,
    /// How many symbols were left out: their names lie outside of the table of names, have no end, or are no text.
    pub lost: u64,
    /// GNU build id.
    pub build_id: Option<Vec<u8>>,
    /// `linux_banner`, where the file still has `.rodata`.
    pub banner: Option<String>,
    /// Whether it is a relocatable object: a kernel module.
    pub relocatable: bool,
}

/// An ELF file of either class.
pub enum Elf<'d> {
    /// 32-bit.
    Class32(ElfFile<'d, FileHeader32<Endianness>>),
    /// 64-bit.
    Class64(ElfFile<'d, FileHeader64<Endianness>>),
}

impl<'d> Elf<'d> {
    /// Opens an ELF file.
    ///
    /// # Errors
    /// When its headers make no sense.
    pub fn parse(data: &'d [u8]) -> Result<Self> {
        let failed = |e: object::read::Error| {
            Error::new(Layer::Symbols, ErrorKind::Malformed, format!("the ELF headers make no sense: {e}"))
                .at(At::File(0))
                .hint("is the file complete? compare its size with the package it came from")
        };
        // e_ident[EI_CLASS]: 1 is ELFCLASS32.
        if data.get(4) == Some(&1) {
            Ok(Elf::Class32(ElfFile::parse(data).map_err(failed)?))
        } else {
            Ok(Elf::Class64(ElfFile::parse(data).map_err(failed)?))
        }
    }

    /// Symbols, build id and banner.
    pub fn facts(&self) -> Facts {
        match self {
            Elf::Class32(f) => facts(f),
            Elf::Class64(f) => facts(f),
        }
    }
}

impl Sections for Elf<'_> {
    fn section(&self, name: &str) -> Result<Option<Cow<'_, [u8]>>> {
        match self {
            Elf::Class32(f) => section(f, name),
            Elf::Class64(f) => section(f, name),
        }
    }

    fn big_endian(&self) -> bool {
        match self {
            Elf::Class32(f) => f.endianness() == Endianness::Big,
            Elf::Class64(f) => f.endianness() == Endianness::Big,
        }
    }
}

fn section<'a, O: Object<'a>>(file: &O, name: &str) -> Result<Option<Cow<'a, [u8]>>> {
    let Some(section) = file.section_by_name(name) else { return Ok(None) };
    let failed = |what: String| Error::new(Layer::Symbols, ErrorKind::Malformed, format!("can't read section {name}: {what}"));
    let at = section.file_range().map_or(0, |r| r.0);
    let packed = section.compressed_data().map_err(|e| failed(e.to_string()).at(At::File(at)))?;
    if packed.format == CompressionFormat::None {
        return Ok((!packed.data.is_empty()).then_some(Cow::Borrowed(packed.data)));
    }
    if packed.uncompressed_size > UNPACKED {
        return Err(
            failed(format!("it claims {} bytes unpacked; the limit is {UNPACKED}", packed.uncompressed_size)).at(At::File(at))
        );
    }
    // The claimed size is only a limit here: memory grows with what the stream really gives.
    let limit = packed.uncompressed_size;
    let mut out = Vec::new();
    let result = match packed.format {
        CompressionFormat::Zlib => flate2::read::ZlibDecoder::new(packed.data).take(limit).read_to_end(&mut out),
        CompressionFormat::Zstandard => {
            zstd::stream::read::Decoder::new(packed.data).and_then(|d| d.take(limit).read_to_end(&mut out))
        }
        other => return Err(failed(format!("its compression ({other:?}) is not known")).at(At::File(at))),
    };
    match result {
        Ok(n) if u64::try_from(n).ok() == Some(limit) => Ok(Some(Cow::Owned(out))),
        Ok(n) => Err(failed(format!("it unpacks to {n} bytes of the {limit} it claims")).at(At::File(at))),
        Err(e) => Err(failed(format!("unpacking failed: {e}")).at(At::File(at)).caused_by(e)),
    }
}

/// Bytes of all names of a file's symbols. Those of a kernel take 10 MiB, those of the largest programs 300 MiB.
const NAMES: usize = 1 << 30;
/// Bytes of a name: no table takes longer ones.
const NAME: usize = 0xffff;

/// The name at an offset in the table of names, `left` bytes at the most: all names together have a bound, since nothing keeps them from
/// lying within each other.
fn name_at(strings: &[u8], at: u32, left: usize) -> Option<&str> {
    let text = strings.get(usize::try_from(at).ok()?..)?;
    let near = text.get(..=NAME.min(left)).unwrap_or(text);
    std::str::from_utf8(near.get(..memchr::memchr(0, near)?)?).ok()
}

fn facts<'d, F: FileHeader<Endian = Endianness>>(file: &ElfFile<'d, F>) -> Facts {
    let mut table = SymbolTable::new();
    let mut banner = None;
    let endian = file.endian();
    let strings = file.elf_section_table().section(file.elf_symbol_table().string_section());
    let strings: &[u8] = strings.and_then(|s| s.data(endian, file.data())).unwrap_or_default();
    let (mut lost, mut left) = (0, NAMES);
    for s in file.symbols() {
        if s.is_undefined() || matches!(s.kind(), SymbolKind::File | SymbolKind::Section) {
            continue;
        }
        let at: u32 = s.elf_symbol().st_name(endian);
        let Some(name) = name_at(strings, at, left) else {
            // What was looked at in vain counts as well.
            left = left.saturating_sub(NAME);
            lost += 1;
            continue;
        };
        left = left.saturating_sub(name.len());
        if !is_named(name) {
            continue;
        }
        let section = match s.section() {
            SymbolSection::Section(i) => file.section_by_index(i).ok(),
            _ => None,
        };
        let kind = letter(section.as_ref().map(ObjectSection::kind), s.is_weak(), s.is_global());
        table.push(name, VirtAddr::new(umem::from(s.address())), kind, None);
        if name == "linux_banner"
            && banner.is_none()
            && let Some(section) = &section
        {
            banner = text_at(section, s.address());
        }
    }
    table.finish();
    Facts {
        symbols: table,
        lost,
        build_id: file.build_id().ok().flatten().map(<[u8]>::to_vec),
        banner,
        relocatable: file.kind() == ObjectKind::Relocatable,
    }
}

/// Mapping symbols of ARM and RISC-V (`$x`, `$d`, `$t.12`) and the compiler's local labels name nothing.
fn is_named(name: &str) -> bool {
    !name.is_empty() && !name.starts_with(".L") && !name.strip_prefix('$').is_some_and(|r| r.starts_with(['a', 'd', 't', 'x']))
}

/// The letter that `nm` prints.
fn letter(section: Option<SectionKind>, weak: bool, global: bool) -> u8 {
    let letter = match section {
        None => b'A',
        Some(SectionKind::Text) if weak => b'W',
        Some(_) if weak => b'V',
        Some(SectionKind::Text) => b'T',
        Some(SectionKind::ReadOnlyData | SectionKind::ReadOnlyString | SectionKind::ReadOnlyDataWithRel) => b'R',
        Some(SectionKind::UninitializedData | SectionKind::UninitializedTls) => b'B',
        Some(_) => b'D',
    };
    if global || weak { letter } else { letter.to_ascii_lowercase() }
}

fn text_at<'d>(section: &impl ObjectSection<'d>, address: u64) -> Option<String> {
    let data = section.data().ok()?;
    let start = usize::try_from(address.checked_sub(section.address())?).ok()?;
    let rest = data.get(start..)?;
    let rest = rest.get(..rest.len().min(BANNER))?;
    let text = rest.split(|&b| b == 0 || b == b'\n').next()?;
    (!text.is_empty()).then(|| String::from_utf8_lossy(text).into_owned())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::symbols::Symbols;

    /// A file of symbols (offset of the name, address) and the table of their names, and nothing else.
    fn file(symbols: &[(u32, u64)], names: &[u8]) -> Vec<u8> {
        let size = u64::try_from(symbols.len() * 24).unwrap();
        let (at, names_at) = (64u64, 64 + size);
        let end = names_at + u64::try_from(names.len()).unwrap();
        let mut out = b"\x7fELF\x02\x01\x01".to_vec();
        out.resize(16, 0);
        out.extend([2, 0, 62, 0, 1, 0, 0, 0]);
        for word in [0u64, 0, end] {
            out.extend(word.to_le_bytes());
        }
        // Flags; sizes of the header and of program headers, of which there are none; three sections, of which the last has their names.
        for half in [0u16, 0, 64, 56, 0, 64, 3, 2] {
            out.extend(half.to_le_bytes());
        }
        for (name, address) in symbols {
            out.extend(name.to_le_bytes());
            // A global function at an absolute address.
            out.extend([0x12, 0, 0xf1, 0xff]);
            out.extend(address.to_le_bytes());
            out.extend([0; 8]);
        }
        out.extend(names);
        out.extend([0; 64]);
        for (kind, from, size, link, each) in [(2u32, at, size, 2u32, 24u64), (3, names_at, end - names_at, 0, 0)] {
            out.extend(0u32.to_le_bytes());
            out.extend(kind.to_le_bytes());
            for word in [0, 0, from, size] {
                out.extend(word.to_le_bytes());
            }
            out.extend(link.to_le_bytes());
            out.extend(0u32.to_le_bytes());
            for word in [1, each] {
                out.extend(word.to_le_bytes());
            }
        }
        out
    }

    #[test]
    fn names_may_lie_within_each_other_and_what_is_none_is_counted() {
        let facts =
            Elf::parse(&file(&[(0, 0), (1, 0x10), (4, 0x20), (9, 0x30), (99, 0x40)], b"\0do_it\0\xff\0end")).unwrap().facts();
        let named: Vec<_> = facts.symbols.all().map(|s| (s.name, s.address)).collect();
        assert_eq!(named, [("do_it", VirtAddr::new(0x10)), ("it", VirtAddr::new(0x20))]);
        assert_eq!(facts.lost, 2);
    }

    #[test]
    fn names_without_an_end_are_not_followed() {
        // 2^17 names in 16 MiB: 2^40 bytes, where each is followed to the end of the table. The first symbol of a file is none.
        let symbols: Vec<(u32, u64)> = (1..1 << 17).map(|i| (i, u64::from(i))).collect();
        let facts = Elf::parse(&file(&symbols, &vec![b'a'; 16 << 20])).unwrap().facts();
        assert_eq!((facts.symbols.count(), facts.lost), (0, (1 << 17) - 2));
    }
}
