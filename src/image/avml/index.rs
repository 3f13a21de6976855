//! Finding every range and frame of an AVML file.

use super::super::fields::Fields;
use super::super::input::Input;
use super::super::lime;
use super::frames::{self, Held};
use super::pieces::Piece;
use super::{HEADER, MAGIC, VERSION};
use crate::memo::{Reader, Writer};
use crate::{At, Error, ErrorKind, Layer, Result};
use memsh_plugin::{MemoryRange, PhysAddr, umem};
use std::time::{Duration, Instant};

/// Bytes of the file between two reports.
const REPORT: u64 = 32 << 20;
/// An index that took longer is kept for the next start.
const SLOW: Duration = Duration::from_millis(50);
/// Its name there.
const MEMO: &str = "avml-index";
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

    fn warn(&mut self, warning: impl FnOnce() -> String) {
        if self.warnings.len() < TOLD {
            self.warnings.push(warning());
        } else {
            self.more_warnings += 1;
        }
    }

    fn build(file: &Fields<'_>, input: &Input<'_>) -> Result<Self> {
        let mut index = Self::default();
        let mut at = 0u64;
        let mut reported = 0u64;
        while at < file.len() {
            if at - reported > REPORT {
                reported = at;
                if let Some(p) = &input.options.progress {
                    p.report(at, file.len())?;
                }
            }
            at = match header(file, at) {
                Ok(h) if h.packed => match index.packed(file, at, &h) {
                    Ok(next) => next,
                    Err(from) => index.next_block(file, from),
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
                    index.next_block(file, at)
                }
            };
        }
        if index.more_warnings > 0 {
            index.warnings.push(format!("{} more warnings of these kinds", index.more_warnings));
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

    /// A block of frames: where the next one begins; where it is damaged, from where on that must be looked for: from its last chunk on, whose
    /// length may be the wrong one. What lies before was gone through, and is not gone through again, however many headers a file hides in its chunks.
    fn packed(&mut self, file: &Fields<'_>, start: u64, h: &Header) -> Result<u64, u64> {
        self.packed_blocks += 1;
        let wanted = (h.last - h.first).saturating_add(1);
        let stream = start + HEADER;
        let mut at = stream;
        let mut last = stream;
        let mut done = 0u64;
        while done < wanted {
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
                    return Err(last);
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
        self.trailer(file, stream, last, at, h)
    }

    /// The length of the stream that began at `from` stands behind it: behind the chunk at `last`, at `at`. As [`packed`](Self::packed).
    fn trailer(&mut self, file: &Fields<'_>, from: u64, mut last: u64, mut at: u64, h: &Header) -> Result<u64, u64> {
        // Padding, or an empty chunk, may follow the last data.
        while file.u64(at).is_some_and(|n| n != at - from) {
            match frames::chunk(file, at) {
                Ok(chunk) if chunk.data.is_none_or(|d| d.3 == 0) => (last, at) = (at, chunk.next),
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
                if header(file, at + 8).is_ok() { Ok(at + 8) } else { Err(last) }
            }
            None => {
                self.warn(|| format!("the file ends after the data of the AVML block {:#x}-{:#x}", h.first, h.last));
                Ok(file.len())
            }
        }
    }

    /// After damage: the next place where an AVML block begins beyond doubt (header, and stream identifier behind it).
    fn next_block(&mut self, file: &Fields<'_>, from: u64) -> u64 {
        let end = file.len();
        let rest = file.bytes(from.min(end), end.saturating_sub(from)).unwrap_or(&[]);
        let mut needle = MAGIC.to_le_bytes().to_vec();
        needle.extend(VERSION.to_le_bytes());
        let least = self.pieces.last().map_or(0, |(r, _)| crate::engine::to_u64(r.start.value()).unwrap_or(u64::MAX));
        for found in memchr::memmem::find_iter(rest, &needle) {
            let at = from.saturating_add(u64::try_from(found).unwrap_or(u64::MAX));
            let sound = header(file, at).is_ok_and(|h| h.first >= least && h.first.is_multiple_of(4096))
                && file.bytes(at + HEADER, 10) == Some(frames::STREAM);
            if sound {
                self.warn(|| format!("{} bytes from file offset {from:#x} on are not used", at - from));
                return at;
            }
        }
        self.warn(|| format!("the last {} bytes of the file, from offset {from:#x} on, are not used", end.saturating_sub(from)));
        end
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
