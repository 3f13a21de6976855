//! The container of a PDB: several streams in blocks of one file (MSF, "multi-stream file").
//!
//! A stream's blocks lie anywhere; the directory, itself in blocks, lists them (<https://llvm.org/docs/PDB/MsfFile.html>).

use super::cursor::Cursor;
use super::malformed;
use crate::{Error, ErrorKind, Layer, Result};

/// Of version 7, the one since Visual Studio .NET.
const MAGIC: &[u8] = b"Microsoft C/C++ MSF 7.00\r\n\x1aDS\0\0\0";
/// Of version 2, up to Visual Studio 6.
const OLD: &[u8] = b"Microsoft C/C++ program database 2.00";
/// Packed streams, since 2024.
const PACKED: &[u8] = b"Microsoft MSFZ Container";
/// Managed code has PDB files of another kind (Portable PDB).
const PORTABLE: &[u8] = b"BSJB";
/// A stream that is not there has this size.
const NOTHING: u32 = u32::MAX;
/// Where the header lists the blocks of the list of the directory's blocks.
const ROOT: usize = 0x34;

/// Whether a file that begins so is a PDB of any kind.
pub fn looks_like(head: &[u8]) -> bool {
    [MAGIC, OLD, PACKED, PORTABLE].iter().any(|m| head.starts_with(m))
}

/// A file and where the streams in it lie.
pub struct Msf<'a> {
    bytes: &'a [u8],
    block: usize,
    /// Of each stream its size, and where the list of its blocks begins in `blocks`.
    streams: Vec<(u32, usize)>,
    blocks: Vec<u32>,
}

impl<'a> Msf<'a> {
    /// The streams of a file.
    ///
    /// # Errors
    /// When it is no MSF 7 file, or its directory is damaged.
    pub fn new(bytes: &'a [u8]) -> Result<Self> {
        let unsupported = |what: &str, hint: &str| {
            Error::new(Layer::Symbols, ErrorKind::Unsupported, format!("{what} is not read")).hint(hint.to_owned())
        };
        if bytes.starts_with(PACKED) {
            return Err(unsupported("a PDB of the packed kind (MSFZ)", "`pdz` of Microsoft's pdb-rs unpacks it"));
        }
        if bytes.starts_with(OLD) {
            return Err(unsupported("a PDB of version 2.00 (Visual Studio 6 and before)", "those of Windows XP and later are"));
        }
        if bytes.starts_with(PORTABLE) {
            return Err(unsupported("a PDB of managed code (Portable PDB)", "it has no types of native code"));
        }
        if !bytes.starts_with(MAGIC) {
            return Err(malformed("it does not begin as a PDB does"));
        }
        Self::directory(bytes).ok_or_else(|| malformed("the directory of its streams is damaged or cut"))
    }

    fn directory(bytes: &'a [u8]) -> Option<Self> {
        let mut header = Cursor::at(bytes, MAGIC.len())?;
        let block = header.size().filter(|b| b.is_power_of_two() && (512..=65536).contains(b))?;
        header.take(8)?;
        // No two things share a block, so nothing in the file is larger than the file.
        let size = header.size().filter(|&s| s >= 4 && s <= bytes.len())?;
        let numbers = size.div_ceil(block).checked_mul(4)?;
        let mut root = Cursor::at(bytes, ROOT)?;
        let lists = words(root.take(numbers.div_ceil(block).checked_mul(4)?)?);
        let list = words(&gather(bytes, block, &lists, numbers)?);
        let directory = gather(bytes, block, &list, size)?;
        let mut at = Cursor(&directory);
        let count = at.size()?;
        let sizes = words(at.take(count.checked_mul(4)?)?);
        let blocks = words(at.0);
        let mut first = 0usize;
        let mut streams = Vec::with_capacity(sizes.len());
        for size in sizes {
            streams.push((size, first));
            if size != NOTHING {
                first = first.checked_add(usize::try_from(size).ok()?.div_ceil(block))?;
            }
        }
        (first <= blocks.len()).then_some(Self { bytes, block, streams, blocks })
    }

    /// The bytes of a stream; none where there is no such stream or its blocks lie outside of the file.
    pub fn stream(&self, number: u16) -> Option<Vec<u8>> {
        self.beginning(number, usize::MAX)
    }

    /// The first `most` bytes of a stream, or as many as there are.
    pub fn beginning(&self, number: u16, most: usize) -> Option<Vec<u8>> {
        let &(size, first) = self.streams.get(usize::from(number))?;
        let size = usize::try_from(size).ok().filter(|&s| size != NOTHING && s <= self.bytes.len())?.min(most);
        let blocks = self.blocks.get(first..first.checked_add(size.div_ceil(self.block))?)?;
        gather(self.bytes, self.block, blocks, size)
    }
}

fn words(bytes: &[u8]) -> Vec<u32> {
    bytes.as_chunks().0.iter().map(|b| u32::from_le_bytes(*b)).collect()
}

/// `size` bytes from these blocks, which were seen to be no more than the file has.
fn gather(bytes: &[u8], block: usize, blocks: &[u32], size: usize) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(size.min(bytes.len()));
    for &number in blocks {
        let left = size.checked_sub(out.len())?;
        let from = usize::try_from(number).ok()?.checked_mul(block)?;
        // The last block of a file may be cut where its stream ends.
        out.extend_from_slice(bytes.get(from..from.checked_add(left.min(block))?)?);
    }
    (out.len() == size).then_some(out)
}
