//! Finding every range and frame of an AVML file.

use super::super::Progress;
use super::super::fields::Fields;
use super::super::input::Input;
use super::super::lime;
use super::frames::{self, Held};
use super::pieces::{Frames, Piece};
use super::{HEADER, MAGIC, VERSION};
use crate::memo::{Reader, Writer};
use crate::{At, Error, ErrorKind, Layer, Result};
use memsh_plugin::{MemoryRange, PhysAddr, umem};
use std::time::{Duration, Instant};

/// Bytes of the file between two reports.
const REPORT: u64 = 32 << 20;
/// Chunks of a block between two reports.
const STEPS: u64 = 1 << 16;
/// An index that took longer is kept for the next start.
const SLOW: Duration = Duration::from_millis(50);
/// Its name there.
const MEMO: &str = "avml-index";
/// Bytes of the file per chunk that may be gone through again after damage, and so many chunks of any file. Real chunks have some
/// thousands of bytes: that is each of them many times.
const AGAIN: u64 = 64;
const AGAIN_ANY: u64 = 1 << 16;
/// Warnings of one kind that are spelled out.
const TOLD: usize = 8;

/// What an AVML file holds and where.
#[derive(Default)]
pub(super) struct Index {
    pub pieces: Vec<(MemoryRange, Piece)>,
    /// Blocks of frames.
    pub packed_blocks: u64,
    /// Blocks with a LiME header.
    pub plain_blocks: u64,
    pub frames: u64,
    pub packed_bytes: u64,
    pub unpacked_bytes: u64,
    pub warnings: Vec<String>,
    more_warnings: u64,
    /// How many more chunks may be gone through again.
    again: u64,
    /// From where in the file on that is used up.
    passed_over: Option<u64>,
    progress: Option<Progress>,
    /// Somebody wants it to stop.
    halt: Option<Error>,
}

/// Where a block can't be followed any more (`at`), and from where on the next one is looked for.
struct Damage {
    from: u64,
    at: u64,
}

/// A header that makes sense.
struct Header {
    packed: bool,
    first: u64,
    last: u64,
}

fn header(file: &Fields<'_>, at: u64) -> Result<Header, String> {
    let (Some(magic), Some(version), Some(first), Some(last), Some(_)) =
        (file.u32(at), file.u32(at + 4), file.u64(at + 8), file.u64(at + 16), file.u64(at + 24))
    else {
        return Err(format!("is cut short ({} of {HEADER} bytes)", file.len().saturating_sub(at)));
    };
    let packed = match (magic, version) {
        (MAGIC, VERSION) => true,
        (lime::MAGIC, 1) => false,
        (MAGIC, v) => return Err(format!("has AVML version {v}; memsh knows version {VERSION}")),
        (lime::MAGIC, v) => return Err(format!("has LiME version {v}; memsh knows version 1")),
        (m, _) => return Err(format!("has magic {m:#x}, neither AVML's {MAGIC:#x} nor LiME's {:#x}", lime::MAGIC)),
    };
    if last < first {
        return Err(format!("ends ({last:#x}) before it begins ({first:#x})"));
    }
    Ok(Header { packed, first, last })
}

impl Index {
    /// The index of a file: from the memo, or made.
    pub(super) fn of(input: &Input<'_>) -> Result<Self> {
        let memo = input.options.memo.as_deref();
        let file = Fields::new(input.data(), false);
        if let Some(index) = memo.and_then(|m| m.get(MEMO, file.len())).and_then(|bytes| Self::decode(&bytes, file.len())) {
            return Ok(index);
        }
        let started = Instant::now();
        let index = Self::build(&file, input)?;
        if let Some(memo) = memo.filter(|_| started.elapsed() > SLOW && index.warnings.is_empty()) {
            memo.put(MEMO, file.len(), index.encode());
        }
        Ok(index)
    }

    /// Tells how far the work is; false where it shall stop.
    fn tick(&mut self, at: u64, total: u64) -> bool {
        self.halt = self.halt.take().or_else(|| self.progress.as_ref()?.report(at, total).err());
        self.halt.is_none()
    }

    fn warn(&mut self, warning: impl FnOnce() -> String) {
        if self.warnings.len() < TOLD {
            self.warnings.push(warning());
        } else {
            self.more_warnings += 1;
        }
    }

    fn build(file: &Fields<'_>, input: &Input<'_>) -> Result<Self> {
        let again = file.len() / AGAIN + AGAIN_ANY;
        let mut index = Self { again, progress: input.options.progress.clone(), ..Self::default() };
        let mut at = 0u64;
        let mut reported = 0u64;
        while at < file.len() {
            if at - reported > REPORT {
                reported = at;
                index.tick(at, file.len());
            }
            if let Some(halt) = index.halt.take() {
                return Err(halt);
            }
            let before = index.pieces.len();
            at = match header(file, at) {
                Ok(h) if h.packed => match index.packed(file, at, &h) {
                    Ok(next) => next,
                    Err(damage) => index.next_block(file, damage, before),
                },
                Ok(h) => index.plain(file, at, &h),
                Err(why) if at == 0 => {
                    return Err(Error::new(Layer::Image, ErrorKind::Malformed, format!("the first AVML header {why}"))
                        .at(At::File(0))
                        .hint("the file is damaged or was cut short: copy it again"));
                }
                Err(why) => {
                    let n = index.packed_blocks + index.plain_blocks + 1;
                    index.warn(|| format!("AVML header {n} at file offset {at:#x} {why}"));
                    index.next_block(file, Damage { from: at, at }, before)
                }
            };
        }
        if let Some(halt) = index.halt.take() {
            return Err(halt);
        }
        if index.more_warnings > 0 {
            index.warnings.push(format!("{} more warnings of these kinds", index.more_warnings));
        }
        if let Some(from) = index.passed_over {
            index.warnings.push(format!(
                "so much of the file is damaged that from file offset {from:#x} on blocks are not looked for in what damaged ones passed over"
            ));
        }
        Ok(index)
    }

    /// A block whose bytes lie there as they are.
    fn plain(&mut self, file: &Fields<'_>, at: u64, h: &Header) -> u64 {
        self.plain_blocks += 1;
        let offset = at + HEADER;
        let wanted = (h.last - h.first).saturating_add(1);
        let there = wanted.min(file.len().saturating_sub(offset));
        self.add(h.first, there, Piece::Plain(offset));
        if there < wanted {
            let missing = wanted - there;
            self.warn(|| {
                format!(
                    "the file ends inside the range {:#x}-{:#x}: {missing} of its {wanted} bytes are missing",
                    h.first, h.last
                )
            });
        }
        offset.saturating_add(there)
    }

    /// A block of frames: where the next one begins; where it is damaged, from where on that must be looked for ([`resume`](Self::resume)).
    fn packed(&mut self, file: &Fields<'_>, start: u64, h: &Header) -> Result<u64, Damage> {
        self.packed_blocks += 1;
        let wanted = (h.last - h.first).saturating_add(1);
        let stream = start + HEADER;
        let mut at = stream;
        let mut last = stream;
        let (mut done, mut chunks) = (0u64, 0u64);
        while done < wanted {
            chunks += 1;
            if chunks.is_multiple_of(STEPS) && !self.tick(at, file.len()) {
                return Ok(file.len());
            }
            let chunk = match at == stream && file.bytes(at, 10) != Some(frames::STREAM) {
                true => Err("is no stream identifier (sNaPpY)".to_owned()),
                false => frames::chunk(file, at),
            };
            let chunk = match chunk {
                Ok(chunk) => chunk,
                Err(why) => {
                    self.warn(|| {
                        format!(
                            "the AVML block {:#x}-{:#x}: the Snappy chunk at file offset {at:#x} {why}; {} of {wanted} bytes are \
                             missing",
                            h.first,
                            h.last,
                            wanted - done
                        )
                    });
                    return Err(Damage { from: self.resume(stream, last, chunks), at });
                }
            };
            if let Some((held, offset, len, size)) = chunk.data {
                let part = u64::from(size).min(wanted - done);
                if part < u64::from(size) {
                    self.warn(|| {
                        format!("the AVML block {:#x}-{:#x}: its frames hold more than its {wanted} bytes", h.first, h.last)
                    });
                }
                self.frames += 1;
                self.packed_bytes = self.packed_bytes.saturating_add(len.into());
                self.unpacked_bytes = self.unpacked_bytes.saturating_add(part);
                self.add(h.first + done, part, Piece::Frame { held, offset, len, size, skip: 0 });
                done += part;
            }
            last = at;
            at = chunk.next;
        }
        self.trailer(file, stream, (last, chunks), at, h)
    }

    /// From where on the block behind a damaged one is looked for. Each of its chunks may be the one whose length is wrong and led past
    /// blocks, so that is from its first one, at `stream`, on. But a file can hide a block in each chunk, and their chunks would be gone
    /// through again and again: when too many were, from the last one that was understood, at `last`.
    fn resume(&mut self, stream: u64, last: u64, chunks: u64) -> u64 {
        match self.again.checked_sub(chunks) {
            Some(left) => {
                self.again = left;
                stream
            }
            None => {
                self.passed_over.get_or_insert(stream);
                last
            }
        }
    }

    /// The length of the stream that began at `from` stands behind it: behind the last chunk (its offset, and which it is), at `at`. As
    /// [`packed`](Self::packed).
    fn trailer(
        &mut self,
        file: &Fields<'_>,
        from: u64,
        (mut last, mut chunks): (u64, u64),
        mut at: u64,
        h: &Header,
    ) -> Result<u64, Damage> {
        // Padding, or an empty chunk, may follow the last data.
        while file.u64(at).is_some_and(|n| n != at - from) {
            match frames::chunk(file, at) {
                Ok(chunk) if chunk.data.is_none_or(|d| d.3 == 0) => (last, at, chunks) = (at, chunk.next, chunks + 1),
                _ => break,
            }
        }
        match file.u64(at) {
            Some(n) if n == at - from => Ok(at + 8),
            // A writer without trailers.
            _ if header(file, at).is_ok() => Ok(at),
            Some(n) => {
                self.warn(|| {
                    format!(
                        "the AVML block {:#x}-{:#x}: at file offset {at:#x} its length should stand ({}), not {n}",
                        h.first,
                        h.last,
                        at - from
                    )
                });
                match header(file, at + 8) {
                    Ok(_) => Ok(at + 8),
                    Err(_) => Err(Damage { from: self.resume(from, last, chunks), at }),
                }
            }
            None => {
                self.warn(|| format!("the file ends after the data of the AVML block {:#x}-{:#x}", h.first, h.last));
                Ok(file.len())
            }
        }
    }

    /// After damage: the next place where an AVML block begins beyond doubt (header, and stream identifier behind it, and not in a frame whose
    /// checksum is right). Where the damaged block, whose pieces begin with number `before`, passed over it, what it took from behind that
    /// is other blocks' memory, and is given back.
    fn next_block(&mut self, file: &Fields<'_>, damage: Damage, before: usize) -> u64 {
        let end = file.len();
        let from = damage.from;
        let rest = file.bytes(from.min(end), end.saturating_sub(from)).unwrap_or(&[]);
        let mut needle = MAGIC.to_le_bytes().to_vec();
        needle.extend(VERSION.to_le_bytes());
        // Addresses ascend: it begins neither before the damaged block nor before what came before that.
        let least = self.pieces.get(before).or_else(|| self.pieces.get(..before).and_then(<[_]>::last));
        let least = least.map_or(0, |(r, _)| crate::engine::to_u64(r.start.value()).unwrap_or(u64::MAX));
        let mut frames = Frames::default();
        if !self.tick(from, end) {
            return end;
        }
        for found in memchr::memmem::find_iter(rest, &needle) {
            let at = from.saturating_add(u64::try_from(found).unwrap_or(u64::MAX));
            let sound = header(file, at).is_ok_and(|h| h.first >= least && h.first.is_multiple_of(4096))
                && file.bytes(at + HEADER, 10) == Some(frames::STREAM);
            if sound && !self.tick(at, end) {
                return end;
            }
            if sound && !frames.hold(file, self.pieces.get(before..).unwrap_or_default(), at) {
                self.give_back(before, at);
                match at.checked_sub(damage.at) {
                    Some(unused) => self.warn(|| format!("{unused} bytes from file offset {:#x} on are not used", damage.at)),
                    None => self.warn(|| {
                        format!(
                            "the damaged AVML block led past the one at file offset {at:#x}: what it held behind that is not used"
                        )
                    }),
                }
                return at;
            }
        }
        let at = damage.at;
        self.warn(|| format!("the last {} bytes of the file, from offset {at:#x} on, are not used", end.saturating_sub(at)));
        end
    }

    /// Gives back the pieces from number `before` on that lie behind `at` in the file.
    fn give_back(&mut self, before: usize, at: u64) {
        while let Some((range, Piece::Frame { offset, len, .. })) = self.pieces.last()
            && self.pieces.len() > before
            && *offset > at
        {
            self.frames = self.frames.saturating_sub(1);
            self.packed_bytes = self.packed_bytes.saturating_sub((*len).into());
            self.unpacked_bytes = self.unpacked_bytes.saturating_sub(crate::engine::to_u64(range.size).unwrap_or(0));
            self.pieces.pop();
        }
    }

    fn add(&mut self, start: u64, size: u64, piece: Piece) {
        if size > 0 {
            self.pieces.push((MemoryRange { start: PhysAddr::new(umem::from(start)), size: umem::from(size) }, piece));
        }
    }

    /// For the memo: counts, and the pieces.
    fn encode(&self) -> Vec<u8> {
        let mut out = Writer::default();
        for n in [self.packed_blocks, self.plain_blocks, self.frames, self.packed_bytes, self.unpacked_bytes] {
            out.u64(n);
        }
        for (range, piece) in &self.pieces {
            out.umem(range.start.value());
            out.umem(range.size);
            let (offset, len, kind) = match *piece {
                Piece::Plain(offset) => (offset, 0, 0),
                Piece::Frame { held: Held::Plain, offset, len, .. } => (offset, len, 1),
                Piece::Frame { held: Held::Packed, offset, len, .. } => (offset, len, 2),
            };
            out.u64(offset);
            out.u32(len);
            out.u32(kind);
        }
        out.done()
    }

    /// From the memo. It was made from this very file; what does not fit into it is not believed all the same.
    fn decode(bytes: &[u8], file: u64) -> Option<Self> {
        let mut r = Reader(bytes);
        let mut index = Self {
            packed_blocks: r.u64()?,
            plain_blocks: r.u64()?,
            frames: r.u64()?,
            packed_bytes: r.u64()?,
            unpacked_bytes: r.u64()?,
            ..Self::default()
        };
        while !r.0.is_empty() {
            let (start, size, offset, len, kind) = (r.u64()?, r.u64()?, r.u64()?, r.u32()?, r.u32()?);
            let (piece, in_file) = match kind {
                0 => (Piece::Plain(offset), size),
                1 | 2 => {
                    let held = if kind == 1 { Held::Plain } else { Held::Packed };
                    let size = u32::try_from(size).ok().filter(|s| *s <= frames::MOST)?;
                    (Piece::Frame { held, offset, len, size, skip: 0 }, len.into())
                }
                _ => return None,
            };
            if offset.checked_add(in_file)? > file || start.checked_add(size.checked_sub(1)?).is_none() {
                return None;
            }
            index.add(start, size, piece);
        }
        Some(index)
    }
}
