//! EWF, the format of EnCase and FTK (`.E01 .E02 ...`), with memory in it.
//!
//! The media's bytes are taken for raw memory, or for a memory image in a format with a header, which is then unpacked first. Chunks of
//! usually 32 KiB, compressed by zlib or stored with an Adler-32 behind; each is checked when it is read.

mod facts;
mod sections;

use super::blocks::{Block, Blocks, LARGEST};
use super::detect::{self, Parsed};
use super::input::Input;
use super::map::Content;
use super::{magic, unpack};
use crate::codec::Codec;
use crate::{At, Error, ErrorKind, Layer, Result};
use memsh_plugin::{MemoryRange, PhysAddr, umem};
use sections::{DESCRIPTOR, Volume, adler32};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Segment files: `.E01` to `.E99`, `.EAA` to `.ZZZ`.
const MOST_SEGMENTS: u32 = 99 + 22 * 26 * 26;
/// Bytes of the media that are looked at to find out what it holds.
const HEAD: u64 = 64 << 10;

/// Whether `data` begins with the signature of an EWF segment file.
pub(super) fn probe(data: &[u8]) -> bool {
    data.starts_with(sections::SIGNATURE)
}

fn damaged(why: impl Into<String>, at: u64) -> Error {
    Error::new(Layer::Image, ErrorKind::Malformed, why)
        .at(At::File(at))
        .hint("the file is damaged or was cut short: copy it again; ewfverify checks the whole image")
}

/// A chunk's place.
#[derive(Clone, Copy, Debug)]
struct Chunk {
    offset: u64,
    /// Bytes there, at most; the highest bit for a compressed one.
    len: u32,
    file: u32,
}

const COMPRESSED: u32 = 1 << 31;

/// The media.
struct Media {
    files: Vec<Arc<Content>>,
    chunks: Vec<Chunk>,
    chunk: u32,
    /// Bytes of the media, as far as there are chunks.
    size: u64,
    base: u64,
}

impl Media {
    fn chunk_len(&self, key: u64) -> u32 {
        let start = key.saturating_mul(self.chunk.into());
        u32::try_from(self.size.saturating_sub(start).min(self.chunk.into())).unwrap_or(0)
    }

    fn chunk_at(&self, key: u64) -> Option<(&Chunk, &Content)> {
        let chunk = self.chunks.get(usize::try_from(key).ok()?)?;
        Some((chunk, self.files.get(usize::try_from(chunk.file).ok()?)?))
    }
}

impl Blocks for Media {
    fn ranges(&self) -> Vec<MemoryRange> {
        vec![MemoryRange { start: PhysAddr::new(umem::from(self.base)), size: umem::from(self.size) }]
    }

    fn find(&self, addr: u64) -> Option<Block> {
        let at = addr.checked_sub(self.base).filter(|a| *a < self.size)?;
        let key = at / u64::from(self.chunk);
        Some(Block { start: self.base + key * u64::from(self.chunk), len: self.chunk_len(key), key })
    }

    fn load(&self, block: &Block, out: &mut [u8]) -> std::result::Result<(), String> {
        let (chunk, file) = self.chunk_at(block.key).ok_or("no such chunk")?;
        let place = || format!("chunk {} at file offset {:#x} of segment {}", block.key, chunk.offset, chunk.file + 1);
        let len = u64::from(chunk.len & !COMPRESSED);
        let host = |n: u64| usize::try_from(n).unwrap_or(usize::MAX);
        let rest = file.get(host(chunk.offset)..).unwrap_or(&[]);
        let data = rest.get(..host(len).min(rest.len())).unwrap_or(&[]);
        if chunk.len & COMPRESSED != 0 {
            // The last chunk may hold a whole one's bytes, of which the media has fewer.
            let mut whole = Vec::new();
            let target = match out.len() == host(self.chunk.into()) {
                true => &mut *out,
                false => {
                    whole.resize(host(self.chunk.into()), 0);
                    &mut whole[..]
                }
            };
            let got = Codec::Zlib.unpack(data, target).map_err(|e| format!("{}: {e}", place()))?;
            if got < out.len() {
                return Err(format!("{} gives {got} bytes, not {}", place(), out.len()));
            }
            if let Some(part) = whole.get(..out.len()) {
                out.copy_from_slice(part);
            }
            return Ok(());
        }
        let (Some(bytes), Some(sum)) = (data.get(..out.len()), data.get(out.len()..).and_then(|d| d.first_chunk::<4>())) else {
            return Err(format!("{} has {} bytes, not {} and their checksum", place(), data.len(), out.len()));
        };
        if adler32(bytes) != u32::from_le_bytes(*sum) {
            return Err(format!("the checksum of {} is wrong", place()));
        }
        out.copy_from_slice(bytes);
        Ok(())
    }
}

/// The name of segment `number` (from 1 on) of the image whose first is `path`.
fn segment_path(path: &Path, number: u32) -> Option<PathBuf> {
    let ext = path.extension()?.to_str()?;
    let (&[first, ..], "01") = (ext.as_bytes().first_chunk::<1>()?, ext.get(1..)?) else { return None };
    if number < 100 {
        return Some(path.with_extension(format!("{}{number:02}", char::from(first))));
    }
    let rest = number - 100;
    let last = if first.is_ascii_lowercase() { b'z' } else { b'Z' };
    let a = if first.is_ascii_lowercase() { b'a' } else { b'A' };
    let letter = |from: u8, n: u32| u8::try_from(n).ok().and_then(|n| from.checked_add(n)).filter(|c| *c <= last).map(char::from);
    let name: Option<String> = [letter(first, rest / 676), letter(a, rest / 26 % 26), letter(a, rest % 26)].into_iter().collect();
    Some(path.with_extension(name?))
}

/// The further segment files: the sidecars, or those beside the first that are named like it.
fn further(input: &Input<'_>) -> Result<Vec<Arc<Content>>> {
    if !input.options.sidecars.is_empty() {
        return input.options.sidecars.iter().map(|p| input.open(p)).collect();
    }
    (2..MOST_SEGMENTS).map_while(|n| segment_path(input.path, n).filter(|p| p.is_file())).map(|p| input.open(&p)).collect()
}

/// What the segments say, before it is judged.
#[derive(Default)]
struct Read {
    volume: Option<Volume>,
    chunks: Vec<Chunk>,
    last: Option<bool>,
}

/// Reads one segment file's sections.
fn segment(data: &[u8], index: usize, read: &mut Read, parsed: &mut Parsed) -> Result<()> {
    let name = index + 1;
    let segment = sections::walk(data);
    if usize::from(segment.number) != name {
        return Err(Error::new(
            Layer::Image,
            ErrorKind::Invalid,
            format!("file {name} of the EWF image is its segment {}", segment.number),
        )
        .at(At::File(9))
        .hint("name the first segment (.E01); --sidecar takes the others in their order"));
    }
    if let Some(problem) = segment.problem {
        parsed.warnings.push(format!("segment {name} of the EWF image: {problem}; what follows in it is not used"));
    }
    read.last = segment.last;
    let mut sectors_end = None;
    let mut bad: Option<String> = None;
    for (i, section) in segment.sections.iter().enumerate() {
        match section.kind.as_str() {
            "volume" | "disk" | "data" => read.volume = read.volume.or_else(|| sections::volume(data, section)),
            "sectors" => sectors_end = section.data.checked_add(section.len),
            "table" | "table2" => {
                // The second is a copy: read where the first is damaged or absent.
                let copy = section.kind == "table2";
                if copy && bad.is_none() {
                    continue;
                }
                match sections::table(data, section) {
                    Ok(entries) => {
                        bad = None;
                        let end = sectors_end.unwrap_or(section.at);
                        add(&entries, end, index, &mut read.chunks)?;
                    }
                    Err(why) if copy || segment.sections.get(i + 1).is_none_or(|s| s.kind != "table2") => {
                        return Err(damaged(format!("segment {name} of the EWF image: {why}"), section.at));
                    }
                    Err(why) => bad = Some(why),
                }
            }
            kind => facts::read(kind, data, section, parsed),
        }
        if section.kind == "table" && bad.is_some() {
            parsed.warnings.push(format!("segment {name} of the EWF image: {}; its copy is used", bad.as_deref().unwrap_or("")));
        }
    }
    Ok(())
}

/// Adds a table's chunks; each ends where the next one begins, the last one where the sectors do.
fn add(entries: &[sections::Entry], end: u64, file: usize, chunks: &mut Vec<Chunk>) -> Result<()> {
    for (i, entry) in entries.iter().enumerate() {
        let next = entries.get(i + 1).map_or(end, |e| e.offset);
        let len = next.checked_sub(entry.offset).and_then(|n| u32::try_from(n).ok()).filter(|n| *n < COMPRESSED);
        let Some(len) = len else {
            return Err(damaged(
                format!("chunk {} of the EWF image lies at {:#x}, the next one at {next:#x}", chunks.len(), entry.offset),
                entry.offset,
            ));
        };
        let len = if entry.compressed { len | COMPRESSED } else { len };
        chunks.push(Chunk { offset: entry.offset, len, file: u32::try_from(file).unwrap_or(u32::MAX) });
    }
    Ok(())
}

/// Reads the segments' sections.
pub(super) fn parse(input: &Input<'_>) -> Result<Parsed> {
    let data = input.data();
    if !probe(data) {
        return Err(damaged("no EWF signature (EVF) at the beginning of the file", 0)
            .hint("leave --format away to let memsh find the format"));
    }
    let mut parsed = Parsed::new("ewf");
    let files: Vec<Arc<Content>> = std::iter::once(Arc::clone(input.content)).chain(further(input)?).collect();
    let mut read = Read::default();
    for (i, file) in files.iter().enumerate() {
        segment(file, i, &mut read, &mut parsed)?;
    }
    let volume = read
        .volume
        .ok_or_else(|| damaged("an EWF image without a sound section \"volume\", which says how large its chunks are", 13))?;
    let chunk = volume.sectors_per_chunk.checked_mul(volume.bytes_per_sector).filter(|n| *n > 0 && *n <= LARGEST);
    let Some(chunk) = chunk else {
        return Err(damaged(
            format!("an EWF image with chunks of {} sectors of {} bytes", volume.sectors_per_chunk, volume.bytes_per_sector),
            13 + DESCRIPTOR,
        ));
    };
    let count = u64::try_from(read.chunks.len()).unwrap_or(u64::MAX);
    let claimed = volume.sectors.saturating_mul(volume.bytes_per_sector.into());
    // Some writers leave the number of sectors out; the chunks then tell.
    let there = count.saturating_mul(chunk.into());
    let size = if claimed == 0 { there } else { claimed.min(there) };
    if read.last != Some(true) {
        parsed.warnings.push(format!(
            "segments of the EWF image are missing or damaged: after {} the last one (with the section \"done\") is not there",
            files.len()
        ));
    }
    if claimed > there {
        parsed
            .warnings
            .push(format!("the EWF image should hold {claimed} bytes; there are chunks for {there}: the others are missing"));
    }
    let base = input.options.base.and_then(|b| crate::engine::to_u64(b.value())).unwrap_or(0);
    if base.checked_add(size).is_none() {
        return Err(Error::new(
            Layer::Image,
            ErrorKind::Invalid,
            format!("{size} bytes from {base:#x} on run past the last physical address"),
        ));
    }
    parsed.detail("ewf_segments", files.len());
    parsed.detail("ewf_chunks", count);
    parsed.detail("ewf_chunk_size", chunk);
    parsed.detail("ewf_media", facts::media(volume.media));
    let media = Media { files: files.clone(), chunks: read.chunks, chunk, size, base };
    parsed.files = files.into_iter().skip(1).collect();
    inside(media, volume.media, parsed, input)
}

/// What the media holds: raw memory, an image in a format with a header, or something else.
fn inside(media: Media, kind: u8, mut parsed: Parsed, input: &Input<'_>) -> Result<Parsed> {
    let head = read_part(&media, media.size.min(HEAD));
    if let Some(format) = detect::known(&head) {
        let bytes = whole(&media, input)?;
        let content = Arc::new(Content::Unpacked(bytes));
        let options = super::open::OpenOptions { sidecars: Vec::new(), format: None, ..input.options.clone() };
        let inner = detect::detect(
            &Input { content: &content, options: &options, ..*input },
            "the image in the EWF file",
            &mut Vec::new(),
        )?;
        parsed.detail("ewf_content", format!("a {format} image, unpacked into memory"));
        return Ok(detect::nested(parsed, content, inner));
    }
    let disk = magic::find(&head).filter(|m| m.sort != magic::Sort::Other).map(|m| m.name);
    // A boot sector, on what says of itself that it is a disk.
    let boot = (kind == 1 && head.get(510..512) == Some(&[0x55, 0xaa])).then_some("a disk with a boot sector");
    if let Some(what) = disk.or(boot) {
        return Err(Error::new(Layer::Image, ErrorKind::Unsupported, format!("an EWF image of {what}, not of memory"))
            .at(At::File(0))
            .hint("memsh reads memory, not disks; --format ewf does not change that: ewfexport -f raw, then --format raw, opens it all the same"));
    }
    parsed.blocks = Some(Box::new(media));
    Ok(parsed)
}

/// The first `len` bytes, as far as they can be read.
fn read_part(media: &Media, len: u64) -> Vec<u8> {
    let mut out = Vec::new();
    while u64::try_from(out.len()).is_ok_and(|n| n < len) {
        let Some(block) = media.find(media.base.saturating_add(u64::try_from(out.len()).unwrap_or(0))) else { break };
        let mut bytes = vec![0; usize::try_from(block.len).unwrap_or(0)];
        if media.load(&block, &mut bytes).is_err() {
            break;
        }
        out.extend(bytes);
    }
    out
}

/// All bytes, in memory.
fn whole(media: &Media, input: &Input<'_>) -> Result<super::map::Unpacked> {
    let mut sink = unpack::Sink::new(input.options)?;
    let total = usize::try_from(media.size).unwrap_or(usize::MAX);
    let at = std::cell::Cell::new(0);
    for key in 0..media.size.div_ceil(media.chunk.into()) {
        let block = Block { start: 0, len: media.chunk_len(key), key };
        let mut bytes = vec![0; usize::try_from(block.len).unwrap_or(0)];
        media.load(&block, &mut bytes).map_err(|e| damaged(format!("the image in the EWF file can't be unpacked: {e}"), 0))?;
        at.set(at.get() + bytes.len());
        sink.pour(&mut &bytes[..], &at, total, |_| ()).map_err(|s| match s {
            unpack::Stopped::Other(e) => e,
            unpack::Stopped::Source(e) => Error::new(Layer::Image, ErrorKind::Io, e.to_string()),
        })?;
    }
    Ok(sink.out.finish())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn segments_have_names() {
        let name = |n| segment_path(Path::new("a.b.E01"), n).map(|p| p.to_str().unwrap().to_owned());
        assert_eq!(name(2).as_deref(), Some("a.b.E02"));
        assert_eq!(name(99).as_deref(), Some("a.b.E99"));
        assert_eq!(name(100).as_deref(), Some("a.b.EAA"));
        assert_eq!(name(100 + 26).as_deref(), Some("a.b.EBA"));
        assert_eq!(name(100 + 676).as_deref(), Some("a.b.FAA"));
        assert_eq!(name(MOST_SEGMENTS + 1), None);
        assert_eq!(segment_path(Path::new("x.e01"), 100).unwrap(), Path::new("x.eaa"));
        assert_eq!(segment_path(Path::new("x.raw"), 2), None);
    }

    #[test]
    fn adler_of_the_rfc() {
        assert_eq!(adler32(b"Wikipedia"), 0x11e6_0398);
        assert_eq!(adler32(b""), 1);
    }
}
