//! LZ4 files: the frame format and the older legacy frames.
//!
//! From lz4's `doc/lz4_Frame_format.md` (1.6.4). Written here over the block decoder and not taken from a crate: a file that was cut
//! between two blocks must be told from a whole one, and lz4_flex takes it for the end.

use super::unpack::Input;
use std::hash::Hasher;
use std::io::{self, Error, ErrorKind, Read};
use twox_hash::XxHash32;

const MAGIC: u32 = 0x184d_2204;
const LEGACY: u32 = 0x184c_2102;
/// Unpacked size of each block of a legacy frame but the last.
const LEGACY_BLOCK: usize = 8 << 20;
/// How far back a block that depends on its predecessors may look.
const WINDOW: usize = 64 << 10;
/// Highest bit of a block's size: its data are not compressed.
const STORED: u32 = 1 << 31;

/// What a frame's descriptor says.
struct Frame {
    legacy: bool,
    independent: bool,
    block_checksum: bool,
    content_checksum: bool,
    content_size: Option<u64>,
    largest: usize,
}

/// Unpacks one frame.
pub(super) struct Decoder<'a> {
    input: Input<'a>,
    frame: Option<Frame>,
    done: bool,
    /// The last block; before it up to [`WINDOW`] bytes of what was before.
    block: Vec<u8>,
    at: usize,
    total: u64,
    hash: XxHash32,
}

fn bad(why: impl Into<String>) -> Error {
    Error::new(ErrorKind::InvalidData, why.into())
}

impl<'a> Decoder<'a> {
    pub(super) fn new(input: Input<'a>) -> Self {
        Self { input, frame: None, done: false, block: Vec::new(), at: 0, total: 0, hash: XxHash32::with_seed(0) }
    }

    /// The next bytes of the file.
    fn take(&mut self, len: usize) -> io::Result<&'a [u8]> {
        let bytes = self.input.rest().get(..len).ok_or(ErrorKind::UnexpectedEof)?;
        self.input.at.set(self.input.at.get().saturating_add(len));
        Ok(bytes)
    }

    fn number(&mut self) -> io::Result<u32> {
        let bytes = self.take(4)?;
        Ok(bytes.iter().rev().fold(0, |n, &b| n << 8 | u32::from(b)))
    }

    fn header(&mut self) -> io::Result<Frame> {
        match self.number()? {
            LEGACY => {
                return Ok(Frame {
                    legacy: true,
                    independent: true,
                    block_checksum: false,
                    content_checksum: false,
                    content_size: None,
                    largest: LEGACY_BLOCK,
                });
            }
            MAGIC => {}
            other => return Err(bad(format!("the magic {other:#x} is not that of an LZ4 frame"))),
        }
        let start = self.input.rest();
        let (Some(&flags), Some(&sizes)) = (start.first(), start.get(1)) else { return Err(ErrorKind::UnexpectedEof.into()) };
        if flags >> 6 != 1 {
            return Err(bad(format!("an LZ4 frame of version {}; there is only 1", flags >> 6)));
        }
        let (size_len, dictionary_len) = (if flags & 8 != 0 { 8 } else { 0 }, if flags & 1 != 0 { 4 } else { 0 });
        let descriptor = self.take(2 + size_len + dictionary_len)?;
        let check = self.take(1)?.first().copied().unwrap_or(0);
        if XxHash32::oneshot(0, descriptor).to_le_bytes().get(1) != Some(&check) {
            return Err(bad("the checksum of the LZ4 frame's header is wrong"));
        }
        if dictionary_len > 0 {
            return Err(bad("the LZ4 frame needs a dictionary, which is not in the file"));
        }
        let largest = match sizes >> 4 & 7 {
            n @ 4..=7 => 1usize << (8 + 2 * n),
            n => return Err(bad(format!("the LZ4 frame's block size has the code {n}, should be 4 to 7"))),
        };
        let content_size = descriptor.get(2..10).filter(|_| size_len > 0);
        Ok(Frame {
            legacy: false,
            independent: flags & 0x20 != 0,
            block_checksum: flags & 0x10 != 0,
            content_checksum: flags & 4 != 0,
            content_size: content_size.map(|b| b.iter().rev().fold(0, |n, &b| n << 8 | u64::from(b))),
            largest,
        })
    }

    /// Unpacks the next block; `false` at the frame's end.
    fn next(&mut self) -> io::Result<bool> {
        let frame = match self.frame.take() {
            Some(frame) => frame,
            None => self.header()?,
        };
        let more = if frame.legacy { self.legacy(&frame) } else { self.block(&frame) };
        self.frame = Some(frame);
        more
    }

    /// A legacy frame ends with the file, or where another magic stands in place of a block's size.
    fn legacy(&mut self, frame: &Frame) -> io::Result<bool> {
        let rest = self.input.rest();
        let another = super::unpack::Compression::of(rest).is_some();
        if rest.is_empty() || another || rest.iter().take(8).all(|&b| b == 0) {
            return Ok(false);
        }
        let len = usize::try_from(self.number()?).map_err(|_| ErrorKind::OutOfMemory)?;
        // LZ4_compressBound of a block: more would be something else.
        if len > frame.largest + frame.largest / 255 + 16 {
            return Err(bad(format!("a block of {len} bytes in a legacy frame")));
        }
        let data = self.take(len)?;
        self.unpack(frame, data)?;
        Ok(true)
    }

    fn block(&mut self, frame: &Frame) -> io::Result<bool> {
        let size = self.number()?;
        if size == 0 {
            if frame.content_checksum && self.number()? != self.hash.finish_32() {
                return Err(bad("the checksum of the LZ4 frame's content is wrong"));
            }
            if frame.content_size.is_some_and(|n| n != self.total) {
                return Err(bad(format!("the LZ4 frame gave {} bytes, not the number in its header", self.total)));
            }
            return Ok(false);
        }
        let len = usize::try_from(size & !STORED).map_err(|_| ErrorKind::OutOfMemory)?;
        if len > frame.largest {
            return Err(bad(format!("an LZ4 block of {len} bytes, larger than the frame's {}", frame.largest)));
        }
        let data = self.take(len)?;
        if frame.block_checksum && self.number()? != XxHash32::oneshot(0, data) {
            return Err(bad("the checksum of an LZ4 block is wrong"));
        }
        if size & STORED != 0 {
            self.keep_window(frame);
            self.at = self.block.len();
            self.block.extend_from_slice(data);
            self.count(frame);
        } else {
            self.unpack(frame, data)?;
        }
        Ok(true)
    }

    /// Leaves of the blocks before only what the next one may refer to.
    fn keep_window(&mut self, frame: &Frame) {
        let drop = if frame.independent { self.block.len() } else { self.block.len().saturating_sub(WINDOW) };
        self.block.drain(..drop);
    }

    fn unpack(&mut self, frame: &Frame, data: &[u8]) -> io::Result<()> {
        self.keep_window(frame);
        let before = self.block.len();
        self.block.resize(before + frame.largest, 0);
        let (window, out) = self.block.split_at_mut(before);
        let n = lz4_flex::block::decompress_into_with_dict(data, out, window).map_err(|e| bad(e.to_string()))?;
        self.block.truncate(before + n);
        self.at = before;
        self.count(frame);
        Ok(())
    }

    fn count(&mut self, frame: &Frame) {
        let new = self.block.get(self.at..).unwrap_or(&[]);
        self.total = self.total.saturating_add(u64::try_from(new.len()).unwrap_or(0));
        if frame.content_checksum {
            self.hash.write(new);
        }
    }
}

impl Read for Decoder<'_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        while !self.done && self.at >= self.block.len() {
            self.done = !self.next()?;
        }
        let rest = self.block.get(self.at..).unwrap_or(&[]);
        if self.done || rest.is_empty() {
            return Ok(0);
        }
        let n = rest.len().min(buf.len());
        if let (Some(to), Some(from)) = (buf.get_mut(..n), rest.get(..n)) {
            to.copy_from_slice(from);
        }
        self.at += n;
        Ok(n)
    }
}
