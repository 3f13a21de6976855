//! Files as they are handed around: packed with xz, gzip, bzip2 or zstd.

use crate::{Error, ErrorKind, Layer, Result};
use std::io::{self, Read};

/// Memory that xz may take: `xz -9` needs 65 MiB to unpack.
const XZ_MEMORY: u64 = 256 << 20;

/// How a file is packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Packing {
    /// Not at all.
    None,
    /// xz.
    Xz,
    /// gzip.
    Gzip,
    /// bzip2.
    Bzip2,
    /// zstd.
    Zstd,
}

impl Packing {
    /// By the first bytes of the file.
    pub fn of(bytes: &[u8]) -> Self {
        match bytes {
            [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => Packing::Xz,
            [0x1f, 0x8b, 8, ..] => Packing::Gzip,
            [b'B', b'Z', b'h', b'1'..=b'9', ..] => Packing::Bzip2,
            [0x28, 0xb5, 0x2f, 0xfd, ..] => Packing::Zstd,
            _ => Packing::None,
        }
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Packing::None => "not packed",
            Packing::Xz => "xz",
            Packing::Gzip => "gzip",
            Packing::Bzip2 => "bzip2",
            Packing::Zstd => "zstd",
        }
    }
}

/// The unpacked bytes; reading fails after `limit` of them.
///
/// # Errors
/// When the unpacker can't be set up.
pub fn reader(packing: Packing, bytes: &[u8], limit: u64) -> Result<Limited<Box<dyn Read + '_>>> {
    let failed = |e: io::Error| Error::new(Layer::Symbols, ErrorKind::Io, format!("can't unpack: {e}")).caused_by(e);
    let inner: Box<dyn Read + '_> = match packing {
        Packing::None => Box::new(bytes),
        Packing::Xz => {
            let stream = liblzma::stream::Stream::new_stream_decoder(XZ_MEMORY, liblzma::stream::CONCATENATED)
                .map_err(|e| failed(io::Error::other(e)))?;
            Box::new(liblzma::bufread::XzDecoder::new_stream(bytes, stream))
        }
        Packing::Gzip => Box::new(flate2::bufread::MultiGzDecoder::new(bytes)),
        Packing::Bzip2 => Box::new(bzip2::bufread::MultiBzDecoder::new(bytes)),
        Packing::Zstd => Box::new(zstd::stream::read::Decoder::with_buffer(bytes).map_err(failed)?),
    };
    Ok(Limited { inner, left: limit, limit })
}

/// A reader that fails, rather than ends, when there is too much to read.
pub struct Limited<R> {
    inner: R,
    left: u64,
    limit: u64,
}

impl<R: Read> Read for Limited<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(buffer)?;
        let read = u64::try_from(n).unwrap_or(u64::MAX);
        self.left = self
            .left
            .checked_sub(read)
            .ok_or_else(|| io::Error::other(format!("it unpacks to more than {} bytes", self.limit)))?;
        Ok(n)
    }
}
