//! Writing physical memory as an image.

use super::kdump::{self, KdumpFacts};
use super::map::is_zero;
use super::progress::Progress;
use crate::engine::{Memory, RunMap, to_u64, to_umem};
use crate::{Error, ErrorKind, Layer, Result};
use memsh_plugin::{MemoryRange, PhysAddr, umem};
use std::io::{Seek, SeekFrom, Write};

/// The format to write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WriteFormat {
    /// Byte for byte from the first range's first byte on; what lies between ranges is a hole in the file.
    Raw,
    /// As raw, but from address 0: offset in the file = physical address.
    Padded,
    /// An ELF core with one segment per range.
    ElfCore(ElfNotes),
    /// LiME version 1.
    Lime,
    /// AVML version 2: compressed, blocks of zeros left out.
    Avml,
    /// kdump version 6, as makedumpfile and QEMU write it: pages packed with zlib; those that can't be read are left out.
    Kdump(KdumpFacts),
}

/// What an ELF core says beside the memory.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ElfNotes {
    /// The machine, named as [`Image::machine`](super::Image::machine); unknown names give machine 0 (EM_NONE).
    pub machine: Option<String>,
    /// Text of VMCOREINFO, to be written as a note.
    pub vmcoreinfo: Option<Vec<u8>>,
}

/// What was written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Size of what was written, headers and holes included.
    pub bytes: u64,
    /// Bytes of the ranges that could not be read; they were written as zeros, or left out where the format can say so.
    pub unreadable: u64,
    /// Physical address of a raw image's first byte: where it is not 0, opening it needs that as base.
    pub base: PhysAddr,
}

/// A piece of memory in an ELF core.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CoreSegment {
    /// Its address.
    pub start: u64,
    /// Its bytes.
    pub size: u64,
    /// Where they begin in the file.
    pub offset: u64,
}

/// An ELF core without the memory in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CorePlan {
    /// What stands before the first piece.
    pub head: Vec<u8>,
    /// The pieces, ascending.
    pub segments: Vec<CoreSegment>,
    /// Bytes of the file.
    pub bytes: u64,
}

/// Where what lies in the file that [`write_image`] makes of `ranges` as [`WriteFormat::ElfCore`], for whoever reads parts of one that
/// is written nowhere.
///
/// # Errors
/// When the ranges hold nothing, or more than a file can.
pub fn elf_core(ranges: &[MemoryRange], notes: &ElfNotes) -> Result<CorePlan> {
    let ranges = disjoint(ranges)?;
    let head = super::elf_write::write_head(&ranges, notes).ok_or_else(too_large)?;
    let mut bytes = number(head.len());
    let mut segments = Vec::with_capacity(ranges.len());
    for (start, size) in ranges {
        let offset = bytes.checked_next_multiple_of(super::elf_write::SEGMENT_ALIGN).ok_or_else(too_large)?;
        segments.push(CoreSegment { start, size, offset });
        bytes = offset.checked_add(size).filter(|&at| i64::try_from(at).is_ok()).ok_or_else(too_large)?;
    }
    Ok(CorePlan { head, segments, bytes })
}

/// Start and size of what `ranges` cover, ascending and each byte once.
fn disjoint(ranges: &[MemoryRange]) -> Result<Vec<(u64, u64)>> {
    let runs = RunMap::build(ranges.iter().map(|r| (*r, ())), |(), _| ());
    let pairs: Vec<(u64, u64)> = runs.iter().filter_map(|(r, ())| Some((to_u64(r.start.value())?, to_u64(r.size)?))).collect();
    if pairs.is_empty() || pairs.len() != runs.len() {
        let what = "there is no memory to write in the ranges that were asked for";
        return Err(Error::new(Layer::Command, ErrorKind::Invalid, what));
    }
    Ok(pairs)
}

fn too_large() -> Error {
    Error::new(Layer::Command, ErrorKind::Invalid, "the image would be larger than any file")
        .hint("a range at a very high address: write it as raw, LiME or ELF core, not as padded")
}

/// Bytes per read.
const STEP: usize = 1 << 20;
const PAGE: usize = 4096;

fn failed(e: std::io::Error) -> Error {
    Error::new(Layer::Command, ErrorKind::Io, format!("can't write the image: {e}")).hint("is there room on the disk?")
}

/// Writes `ranges` of `memory` to `out` from its beginning on. `out` must be empty: pages of zeros are skipped, so that they
/// become holes where the file system knows them. Ranges may come in any order; what they have in common is written once.
/// `progress` is told bytes of memory.
///
/// # Errors
/// When `out` fails, `progress` says stop, or the ranges hold nothing or more than a file can.
pub fn write_image(
    memory: &Memory,
    ranges: &[MemoryRange],
    format: &WriteFormat,
    out: &mut (impl Write + Seek),
    progress: Option<&Progress>,
) -> Result<Summary> {
    let ranges = disjoint(ranges)?;
    let first = ranges.first().map_or(0, |r| r.0);
    let total = ranges.iter().fold(0u64, |sum, r| sum.saturating_add(r.1));
    if let WriteFormat::Kdump(facts) = format {
        return kdump::write(memory, &ranges, facts, out, progress);
    }
    let mut writer = Writer { memory, out, at: 0, end: 0, done: 0, total, unreadable: 0, progress };
    let mut base = PhysAddr::NULL;
    match format {
        WriteFormat::Raw => {
            base = PhysAddr::new(umem::from(first));
            writer.flat(&ranges, first)?;
        }
        WriteFormat::Padded => writer.flat(&ranges, 0)?,
        WriteFormat::Lime => writer.lime(&ranges)?,
        WriteFormat::Avml => writer.avml(&ranges)?,
        WriteFormat::Kdump(_) => {}
        WriteFormat::ElfCore(notes) => writer.elf(&ranges, notes)?,
    }
    let (bytes, unreadable) = writer.finish()?;
    Ok(Summary { bytes, unreadable, base })
}

struct Writer<'a, W> {
    memory: &'a Memory,
    out: &'a mut W,
    /// Where the next byte goes.
    at: u64,
    /// Where the last byte that was really written ends.
    end: u64,
    done: u64,
    total: u64,
    unreadable: u64,
    progress: Option<&'a Progress>,
}

fn number(n: usize) -> u64 {
    to_u64(to_umem(n)).unwrap_or(u64::MAX)
}

impl<W: Write + Seek> Writer<'_, W> {
    fn put(&mut self, bytes: &[u8]) -> Result<()> {
        if self.at != self.end {
            self.out.seek(SeekFrom::Start(self.at)).map_err(failed)?;
        }
        self.out.write_all(bytes).map_err(failed)?;
        self.skip(number(bytes.len()))?;
        self.end = self.at;
        Ok(())
    }

    fn skip(&mut self, bytes: u64) -> Result<()> {
        // A file's offsets are signed.
        self.at = self.at.checked_add(bytes).filter(|&at| i64::try_from(at).is_ok()).ok_or_else(too_large)?;
        Ok(())
    }

    /// The bytes of one range.
    fn range(&mut self, start: u64, size: u64) -> Result<()> {
        let mut buffer = vec![0; STEP];
        let mut done = 0;
        while done < size {
            let n = usize::try_from(size - done).unwrap_or(STEP).min(STEP);
            let Some(buf) = buffer.get_mut(..n) else { break };
            let addr = PhysAddr::new(umem::from(start) + umem::from(done));
            let gaps = self.memory.read_gaps(addr, buf);
            self.unreadable = self.unreadable.saturating_add(to_u64(gaps.bytes()).unwrap_or(u64::MAX));
            self.sparse(buf)?;
            done += number(n);
            self.done = self.done.saturating_add(number(n));
            if let Some(p) = self.progress {
                p.report(self.done, self.total)?;
            }
        }
        Ok(())
    }

    /// Writes neighbouring pages that are not zero together and skips the others.
    fn sparse(&mut self, bytes: &[u8]) -> Result<()> {
        let mut rest = bytes;
        while !rest.is_empty() {
            let pages = |zero: bool, from: &[u8]| {
                let n = from.chunks(PAGE).take_while(|p| is_zero(p) == zero).map(<[u8]>::len).sum::<usize>();
                n.min(from.len())
            };
            let (zeros, more) = rest.split_at(pages(true, rest));
            self.skip(number(zeros.len()))?;
            let (data, more) = more.split_at(pages(false, more));
            if !data.is_empty() {
                self.put(data)?;
            }
            rest = more;
        }
        Ok(())
    }

    fn flat(&mut self, ranges: &[(u64, u64)], base: u64) -> Result<()> {
        for &(start, size) in ranges {
            self.at = 0;
            self.skip(start - base)?;
            self.range(start, size)?;
        }
        Ok(())
    }

    fn lime(&mut self, ranges: &[(u64, u64)]) -> Result<()> {
        for &(start, size) in ranges {
            let mut header = Vec::with_capacity(32);
            header.extend(super::lime::MAGIC.to_le_bytes());
            header.extend(1u32.to_le_bytes());
            header.extend(start.to_le_bytes());
            header.extend((start + (size - 1)).to_le_bytes());
            header.extend([0; 8]);
            self.put(&header)?;
            self.range(start, size)?;
        }
        Ok(())
    }

    fn avml(&mut self, ranges: &[(u64, u64)]) -> Result<()> {
        let mut buffer = vec![0; usize::try_from(super::avml::BLOCK).unwrap_or(STEP)];
        for &(start, size) in ranges {
            let mut done = 0;
            while done < size {
                let n = usize::try_from(size - done).unwrap_or(buffer.len()).min(buffer.len());
                let Some(block) = buffer.get_mut(..n) else { break };
                for (i, buf) in block.chunks_mut(STEP).enumerate() {
                    let at = start + done + number(i) * number(STEP);
                    let gaps = self.memory.read_gaps(PhysAddr::new(umem::from(at)), buf);
                    self.unreadable = self.unreadable.saturating_add(to_u64(gaps.bytes()).unwrap_or(u64::MAX));
                    self.done = self.done.saturating_add(number(buf.len()));
                    if let Some(p) = self.progress {
                        p.report(self.done, self.total)?;
                    }
                }
                if let Some(packed) = super::avml::pack(start + done, block).map_err(failed)? {
                    self.put(&packed)?;
                }
                done += number(n);
            }
        }
        Ok(())
    }

    fn elf(&mut self, ranges: &[(u64, u64)], notes: &ElfNotes) -> Result<()> {
        let head = super::elf_write::write_head(ranges, notes).ok_or_else(too_large)?;
        self.put(&head)?;
        for &(start, size) in ranges {
            // Segments begin on page boundaries of the file, as `write_head` said.
            self.at = self.at.next_multiple_of(super::elf_write::SEGMENT_ALIGN);
            self.range(start, size)?;
        }
        Ok(())
    }

    /// Gives the file its length where it ends with a hole.
    fn finish(mut self) -> Result<(u64, u64)> {
        let size = self.at;
        if self.end < size {
            self.at = size - 1;
            self.put(&[0])?;
        }
        self.out.flush().map_err(failed)?;
        Ok((size, self.unreadable))
    }
}
