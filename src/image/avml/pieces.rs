//! The memory in an AVML file: frames that are unpacked when somebody asks, and plain bytes between them.

use super::super::blocks::{Block, Blocks, LARGEST};
use super::super::fields::Fields;
use super::super::map::Content;
use super::frames::Held;
use crate::codec::{Codec, masked_crc32c};
use crate::engine::{RunMap, to_u64};
use memsh_plugin::{MemoryRange, PhysAddr, umem};
use std::sync::Arc;

/// Where the bytes of a range are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Piece {
    /// In a frame. `offset` and `len` are of its body in the file, checksum first; `size` is its length unpacked, of which the
    /// range begins `skip` bytes in.
    Frame { held: Held, offset: u64, len: u32, size: u32, skip: u32 },
    /// In the file as they are, from this offset on.
    Plain(u64),
}

/// All pieces.
pub(super) struct Pieces {
    content: Arc<Content>,
    runs: RunMap<Piece>,
}

impl Pieces {
    pub(super) fn new(content: Arc<Content>, pieces: Vec<(MemoryRange, Piece)>) -> Self {
        let runs = RunMap::build(pieces, |piece, n| match *piece {
            // A frame is never longer than 64 KiB, and a range never longer than the file: neither sum can overflow.
            Piece::Frame { held, offset, len, size, skip } => {
                Piece::Frame { held, offset, len, size, skip: skip.saturating_add(u32::try_from(n).unwrap_or(u32::MAX)) }
            }
            Piece::Plain(offset) => Piece::Plain(offset.saturating_add(to_u64(n).unwrap_or(u64::MAX))),
        });
        Self { content, runs }
    }

    fn piece(&self, addr: u64) -> Option<(&MemoryRange, &Piece, umem)> {
        self.runs.find(PhysAddr::new(umem::from(addr)))
    }
}

/// Unpacks a frame into `out`, which has its unpacked length.
fn frame(file: &Fields<'_>, held: Held, offset: u64, len: u32, size: u32, out: &mut [u8]) -> Result<(), String> {
    let at = || format!("the Snappy frame at file offset {offset:#x}");
    let body = file.bytes(offset, len.into()).ok_or_else(|| format!("{} is not in the file", at()))?;
    let (sum, data) = body.split_first_chunk::<4>().ok_or_else(|| format!("{} is too short", at()))?;
    match held {
        Held::Plain if data.len() == out.len() => out.copy_from_slice(data),
        Held::Plain => return Err(format!("{} has {} bytes, not {size}", at(), data.len())),
        Held::Packed => {
            let got = Codec::Snappy.unpack(data, out).map_err(|e| format!("{}: {e}", at()))?;
            if got != out.len() {
                return Err(format!("{} gave {got} bytes, not {size}", at()));
            }
        }
    }
    match (u32::from_le_bytes(*sum), masked_crc32c(out)) {
        (want, got) if want == got => Ok(()),
        (want, got) => Err(format!("{} has the checksum {want:#010x}, its data {got:#010x}", at())),
    }
}

/// Which frames are right, so that what stands in them is memory and nothing else.
#[derive(Default)]
pub(super) struct Frames {
    /// The frame that was looked at last.
    last: Option<(u64, bool)>,
}

impl Frames {
    /// Whether `at` lies in the data of one of these pieces (ascending in the file), and that is a frame with a right checksum.
    pub(super) fn hold(&mut self, file: &Fields<'_>, pieces: &[(MemoryRange, Piece)], at: u64) -> bool {
        let begin = |piece: &Piece| match *piece {
            Piece::Frame { offset, .. } | Piece::Plain(offset) => offset,
        };
        let before = pieces.partition_point(|(_, p)| begin(p) <= at).checked_sub(1).and_then(|i| pieces.get(i));
        let Some(&(_, Piece::Frame { held, offset, len, size, .. })) = before else { return false };
        if at - offset >= len.into() {
            return false;
        }
        match self.last {
            Some((known, right)) if known == offset => right,
            _ => {
                let mut out = vec![0; usize::try_from(size).unwrap_or(0)];
                let right = frame(file, held, offset, len, size, &mut out).is_ok();
                self.last = Some((offset, right));
                right
            }
        }
    }
}

impl Blocks for Pieces {
    fn ranges(&self) -> Vec<MemoryRange> {
        let mut all: Vec<MemoryRange> = Vec::new();
        for (r, _) in self.runs.iter() {
            match all.last_mut() {
                Some(last) if last.start.checked_add(last.size) == Some(r.start) => last.size += r.size,
                _ => all.push(*r),
            }
        }
        all
    }

    fn find(&self, addr: u64) -> Option<Block> {
        let (range, piece, skip) = self.piece(addr)?;
        let start = to_u64(range.start.value())?;
        match piece {
            Piece::Frame { .. } => Some(Block { start, len: u32::try_from(range.size).ok()?, key: 0 }),
            Piece::Plain(offset) => {
                let step = to_u64(skip)? / u64::from(LARGEST) * u64::from(LARGEST);
                let len = u32::try_from((range.size - umem::from(step)).min(umem::from(LARGEST))).ok()?;
                Some(Block { start: start + step, len, key: offset.checked_add(step)? })
            }
        }
    }

    fn load(&self, block: &Block, out: &mut [u8]) -> Result<(), String> {
        let file = Fields::new(&self.content, false);
        match self.piece(block.start) {
            Some((_, &Piece::Frame { held, offset, len, size, skip }, _)) => {
                if skip == 0 && u64::from(size) == u64::from(block.len) {
                    return frame(&file, held, offset, len, size, out);
                }
                // Part of it lies under another range.
                let mut whole = vec![0; usize::try_from(size).map_err(|e| e.to_string())?];
                frame(&file, held, offset, len, size, &mut whole)?;
                let skip = usize::try_from(skip).map_err(|e| e.to_string())?;
                let part = skip.checked_add(out.len()).and_then(|end| whole.get(skip..end));
                out.copy_from_slice(part.ok_or("the range is longer than its frame")?);
                Ok(())
            }
            _ => Err("no frame begins there".to_owned()),
        }
    }

    fn in_place(&self, block: &Block) -> Option<&[u8]> {
        match self.piece(block.start)?.1 {
            Piece::Frame { .. } => None,
            Piece::Plain(_) => Fields::new(&self.content, false).bytes(block.key, block.len.into()),
        }
    }
}
