//! The memory of the process, to be read while its structures are looked for.

use crate::image::elf::{Header, Segment};
use crate::image::fields::Fields;

/// Segments beyond these are not looked into; the memory in them can be read all the same.
const MOST: usize = 1 << 18;

/// A PT_LOAD segment.
pub(super) struct Piece<'a> {
    pub(super) virt: u64,
    /// Bytes in memory.
    pub(super) size: u64,
    pub(super) flags: u32,
    /// What the file has of them.
    pub(super) bytes: Fields<'a>,
}

/// All of them, ascending.
pub(super) struct CoreMemory<'a> {
    wide: bool,
    big: bool,
    pieces: Vec<Piece<'a>>,
}

impl<'a> CoreMemory<'a> {
    pub(super) fn new(header: &Header) -> Self {
        Self { wide: header.wide, big: header.big, pieces: Vec::new() }
    }

    pub(super) fn add(&mut self, file: &Fields<'a>, segment: &Segment, there: u64) {
        let size = segment.in_memory.max(there);
        if self.pieces.len() >= MOST || size == 0 || segment.virt.checked_add(size - 1).is_none() {
            return;
        }
        let bytes = file.bytes(segment.offset, there).unwrap_or(&[]);
        let piece = Piece { virt: segment.virt, size, flags: segment.flags, bytes: Fields::new(bytes, self.big) };
        let at = self.pieces.partition_point(|p| p.virt <= segment.virt);
        self.pieces.insert(at, piece);
    }

    pub(super) fn segments(&self) -> impl Iterator<Item = &Piece<'a>> {
        self.pieces.iter()
    }

    /// Whether numbers are big-endian.
    pub(super) fn is_big(&self) -> bool {
        self.big
    }

    /// Bytes of a pointer.
    pub(super) fn word_size(&self) -> u64 {
        if self.wide { 8 } else { 4 }
    }

    /// The piece that has the byte at `at`, and how far into it that is.
    pub(super) fn find(&self, at: u64) -> Option<(&Piece<'a>, u64)> {
        let piece = self.pieces.get(self.pieces.partition_point(|p| p.virt <= at).checked_sub(1)?)?;
        let skip = at - piece.virt;
        (skip < piece.bytes.len()).then_some((piece, skip))
    }

    pub(super) fn bytes(&self, at: u64, len: u64) -> Option<&'a [u8]> {
        let (piece, skip) = self.find(at)?;
        piece.bytes.bytes(skip, len)
    }

    /// A pointer.
    pub(super) fn word(&self, at: u64) -> Option<u64> {
        let (piece, skip) = self.find(at)?;
        piece.bytes.word(skip, self.wide)
    }

    pub(super) fn u32(&self, at: u64) -> Option<u32> {
        let (piece, skip) = self.find(at)?;
        piece.bytes.u32(skip)
    }

    /// Text up to its NUL, of at most `most` bytes.
    pub(super) fn text(&self, at: u64, most: u64) -> Option<Vec<u8>> {
        let (piece, skip) = self.find(at)?;
        let bytes = piece.bytes.bytes(skip, most.min(piece.bytes.len() - skip))?;
        let end = bytes.iter().position(|&b| b == 0)?;
        bytes.get(..end).map(<[u8]>::to_vec)
    }
}
