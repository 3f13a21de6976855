//! A file that is compressed as a whole: unpacked once, into memory.
//!
//! Any number of members (gzip), streams (xz, bzip2) or frames (zstd, LZ4) may follow each other, with zeros between or behind
//! them. Pages of zeros take no memory ([`Unpacked`]).

use super::lz4;
use super::map::Unpacked;
use super::open::OpenOptions;
use crate::{At, Error, ErrorKind, Layer, Result};
use std::cell::Cell;
use std::io::{self, BufRead, Read};

/// How a whole file may be compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Compression {
    Gzip,
    Xz,
    Zstd,
    Bzip2,
    Lz4,
    Snappy,
}

/// Largest image that is unpacked unless the caller says otherwise.
const MOST: u64 = 64 << 30;
/// Bytes per step: large enough that a step's costs vanish, small enough for a lively progress bar and the cache.
const STEP: usize = 1 << 18;
/// Memory that an xz dictionary may take (`xz -9` needs 65 MiB).
const XZ_MEMORY: u64 = 1 << 30;
/// zstd: `--long=31`, the largest window there is.
const ZSTD_WINDOW: u32 = if cfg!(target_pointer_width = "64") { 31 } else { 30 };

impl Compression {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Compression::Gzip => "gzip",
            Compression::Xz => "xz",
            Compression::Zstd => "zstd",
            Compression::Bzip2 => "bzip2",
            Compression::Lz4 => "lz4",
            Compression::Snappy => "snappy",
        }
    }

    /// By the first bytes: RFC 1952 2.3.1, the .xz format 2.1.1.1, RFC 8878 3.1 (frames, and skippable frames before them),
    /// bzip2's `BZh`, level, and the magic of a block or of the end; the LZ4 frame format's magic and that of legacy frames; and the
    /// stream identifier of Snappy's framing format.
    pub(super) fn of(data: &[u8]) -> Option<Self> {
        match data {
            [0x1f, 0x8b, 8, ..] => Some(Compression::Gzip),
            [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => Some(Compression::Xz),
            [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => Some(Compression::Zstd),
            [b'B', b'Z', b'h', b'1'..=b'9', 0x31, 0x41, 0x59, 0x26, 0x53, 0x59, ..]
            | [b'B', b'Z', b'h', b'1'..=b'9', 0x17, 0x72, 0x45, 0x38, 0x50, 0x90, ..] => Some(Compression::Bzip2),
            [0x04, 0x22, 0x4d, 0x18, ..] | [0x02, 0x21, 0x4c, 0x18, ..] => Some(Compression::Lz4),
            [0xff, 6, 0, 0, b's', b'N', b'a', b'P', b'p', b'Y', ..] => Some(Compression::Snappy),
            _ => None,
        }
    }
}

/// Compressed bytes, and how many of them are used up: shared between the decoder of one member and the loop over members.
#[derive(Clone, Copy)]
pub(super) struct Input<'a> {
    pub data: &'a [u8],
    pub at: &'a Cell<usize>,
}

impl<'a> Input<'a> {
    pub(super) fn rest(&self) -> &'a [u8] {
        self.data.get(self.at.get()..).unwrap_or(&[])
    }
}

impl Read for Input<'_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let n = self.rest().read(buf)?;
        self.consume(n);
        Ok(n)
    }
}

impl BufRead for Input<'_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        Ok(self.rest())
    }

    fn consume(&mut self, n: usize) {
        self.at.set(self.at.get().saturating_add(n).min(self.data.len()));
    }
}

/// A decoder for the member that `input` stands at.
pub(super) fn decoder<'a>(compression: Compression, input: Input<'a>) -> io::Result<Box<dyn Read + 'a>> {
    Ok(match compression {
        Compression::Gzip => Box::new(flate2::bufread::GzDecoder::new(input)),
        Compression::Bzip2 => Box::new(bzip2::bufread::BzDecoder::new(input)),
        Compression::Xz => {
            let stream = liblzma::stream::Stream::new_stream_decoder(XZ_MEMORY, 0).map_err(io::Error::other)?;
            Box::new(liblzma::bufread::XzDecoder::new_stream(input, stream))
        }
        Compression::Zstd => {
            let mut zstd = zstd::stream::read::Decoder::with_buffer(input)?.single_frame();
            zstd.window_log_max(ZSTD_WINDOW)?;
            Box::new(zstd)
        }
        Compression::Lz4 => Box::new(lz4::Decoder::new(input)),
        Compression::Snappy => Box::new(snap::read::FrameDecoder::new(input)),
    })
}

/// What came out.
pub(super) struct Outcome {
    pub bytes: Unpacked,
    pub warnings: Vec<String>,
}

/// What grows while a file is unpacked, and its limits.
pub(super) struct Sink<'o> {
    pub out: Unpacked,
    most: u64,
    host: Option<u64>,
    step: Vec<u8>,
    options: &'o OpenOptions,
}

/// Why pouring stopped.
pub(super) enum Stopped {
    /// The source failed.
    Source(io::Error),
    /// There is no more room, or the user said stop.
    Other(Error),
}

impl<'o> Sink<'o> {
    /// # Errors
    /// When the host grants no address space.
    pub(super) fn new(options: &'o OpenOptions) -> Result<Self> {
        let most = options.max_unpacked.unwrap_or(MOST);
        let out = Unpacked::reserve(most).map_err(|e| {
            Error::new(Layer::Image, ErrorKind::Io, format!("no memory to unpack the image into: {e}"))
                .hint("unpack the file on disk and open the result")
        })?;
        Ok(Self { out, most, host: super::host::free_memory(), step: vec![0; STEP], options })
    }

    /// Takes all that `from` gives; `seen` is shown each piece, `at` and `total` say how far the packed data are used up.
    pub(super) fn pour(
        &mut self,
        from: &mut dyn Read,
        at: &Cell<usize>,
        total: usize,
        mut seen: impl FnMut(&[u8]),
    ) -> std::result::Result<(), Stopped> {
        loop {
            let n = match from.read(&mut self.step) {
                Ok(0) => return Ok(()),
                Ok(n) => n,
                Err(e) if e.kind() == io::ErrorKind::Interrupted => continue,
                Err(e) => return Err(Stopped::Source(e)),
            };
            let bytes = self.step.get(..n).unwrap_or(&[]);
            seen(bytes);
            if !self.out.push(bytes) {
                return Err(Stopped::Other(too_large(&self.out, self.most, self.options)));
            }
            if self.host.is_some_and(|h| self.out.stored() > h) {
                return Err(Stopped::Other(no_memory(&self.out)));
            }
            self.report(at.get(), total).map_err(Stopped::Other)?;
        }
    }

    /// Tells how far the packed data are used up.
    ///
    /// # Errors
    /// When the user said stop.
    pub(super) fn report(&self, at: usize, total: usize) -> Result<()> {
        let number = |n: usize| u64::try_from(n).unwrap_or(u64::MAX);
        self.options.progress.as_ref().map_or(Ok(()), |p| p.report(number(at), number(total)))
    }
}

/// Unpacks `data`.
pub(super) fn unpack(data: &[u8], compression: Compression, options: &OpenOptions) -> Result<Outcome> {
    let mut sink = Sink::new(options)?;
    let mut warnings = Vec::new();
    let at = Cell::new(0);
    let input = Input { data, at: &at };
    loop {
        let mut from = decoder(compression, input).map_err(|e| broken(compression, &e, &input, &sink.out))?;
        sink.pour(&mut *from, &at, data.len(), |_| ()).map_err(|stopped| match stopped {
            Stopped::Source(e) => broken(compression, &e, &input, &sink.out),
            Stopped::Other(e) => e,
        })?;
        drop(from);
        // Padding of zeros, as tapes and `dd` leave it.
        let zeros = input.rest().iter().take_while(|&&b| b == 0).count();
        at.set(at.get().saturating_add(zeros));
        if Compression::of(input.rest()) != Some(compression) {
            break;
        }
        sink.report(at.get(), data.len())?;
    }
    if !input.rest().is_empty() {
        warnings.push(format!(
            "{} bytes after the end of the {} data, at file offset {:#x}, were not used",
            input.rest().len(),
            compression.name(),
            at.get()
        ));
    }
    Ok(Outcome { bytes: sink.out.finish(), warnings })
}

fn broken(compression: Compression, e: &io::Error, input: &Input<'_>, out: &Unpacked) -> Error {
    let at = input.at.get();
    let name = compression.name();
    let (total, got) = (input.data.len(), out.len());
    let position = At::File(u64::try_from(at).unwrap_or(u64::MAX));
    // Of some decoders an end that comes too early is like any other damage; ours knows the two apart.
    let short = e.kind() == io::ErrorKind::UnexpectedEof || compression != Compression::Lz4 && input.rest().is_empty();
    let reason = if short {
        format!("the {name} data end early: after {total} bytes, which gave {got} bytes of the image, more should follow")
    } else {
        format!("the {name} data are damaged: {at} of {total} bytes gave {got} bytes of the image, then: {e}")
    };
    Error::new(Layer::Image, ErrorKind::Malformed, reason)
        .at(position)
        .hint("compare the file's size and hash with the original and copy it again")
}

fn too_large(out: &Unpacked, most: u64, options: &OpenOptions) -> Error {
    let room = u64::try_from(out.capacity()).unwrap_or(u64::MAX);
    let reason = match room < most {
        true => format!("the image needs more than {room} bytes unpacked, and this host grants no more address space"),
        false if options.max_unpacked.is_some() => {
            format!("the image needs more than {most} bytes unpacked, the limit that was set")
        }
        false => format!("the image needs more than {most} bytes unpacked, the limit for files that are unpacked into memory"),
    };
    Error::new(Layer::Image, ErrorKind::Unsupported, reason)
        .hint("unpack the file on disk and open the result: memsh maps it and needs no memory for it")
}

fn no_memory(out: &Unpacked) -> Error {
    Error::new(
        Layer::Image,
        ErrorKind::Unsupported,
        format!("the image takes more memory unpacked ({} bytes that are not zero so far) than this host has free", out.stored()),
    )
    .hint("unpack the file on disk and open the result: memsh maps it and needs no memory for it")
}
