//! The connector of images whose bytes do not lie ready in the file: memory in blocks, each unpacked when it is asked for.
//!
//! A format says which block holds an address and how to unpack it ([`Blocks`]). This file does the rest: blocks that a read covers
//! whole are unpacked into its buffer, others go through a bounded cache; a large batch is shared among the processors. A block that
//! can't be unpacked reads as missing, and is counted.
#![allow(clippy::undocumented_unsafe_blocks, missing_docs, reason = "cglue's macro writes the group's tables here")]

use super::kept::Kept;
use crate::engine::{RunMap, index, to_umem, work};
use memsh_plugin::{CSliceMut, CVec, MemoryMetadata, MemoryRange, PhysAddr, PhysReadOp, PhysicalMemory, Status, umem};
#[allow(unused_imports, reason = "the macro's expansion looks for them")]
use memsh_plugin::{ConnectorInstance, ConnectorInstanceVtableFiller, ConnectorInstanceVtables, cglue, cglue_impl_group};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

/// A piece of memory that is unpacked as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Block {
    /// Physical address of its first byte.
    pub start: u64,
    /// Bytes, unpacked; at most [`LARGEST`].
    pub len: u32,
    /// What the format finds it by: a number of its own.
    pub key: u64,
}

/// No block is larger: what a format has in larger pieces it must offer in smaller ones.
pub(super) const LARGEST: u32 = 16 << 20;

/// Where the bytes of blocks come from.
pub(super) trait Blocks: Send + Sync {
    /// What is there. In any order.
    fn ranges(&self) -> Vec<MemoryRange>;

    /// The block that holds `addr`; none where nothing does. Called for every read: it must be cheap and must not unpack.
    fn find(&self, addr: u64) -> Option<Block>;

    /// Fills `out`, of the block's length.
    ///
    /// # Errors
    /// What is wrong with the block, with its offset in the file, to stand after "the block at ADDRESS can't be read: ". Without a text
    /// it is not counted: the user did not want to wait for it.
    fn load(&self, block: &Block, out: &mut [u8]) -> Result<(), String>;

    /// Told of all blocks that a batch is about to load, before the first of them is: for bytes that come from far.
    fn prepare(&self, blocks: &mut dyn Iterator<Item = Block>) {
        let _ = blocks;
    }

    /// The block's bytes, where they lie in the file as they are.
    fn in_place(&self, block: &Block) -> Option<&[u8]> {
        let _ = block;
        None
    }
}

/// A batch of at least this many bytes is shared among processors.
const SHARED: usize = 256 << 10;

/// Threads that are unpacking beside those that asked, in the whole program.
static HELPERS: AtomicUsize = AtomicUsize::new(0);

/// How many processors there are. Finding out costs more than reading a page: it is done once.
fn processors() -> usize {
    static PROCESSORS: OnceLock<usize> = OnceLock::new();
    *PROCESSORS.get_or_init(|| std::thread::available_parallelism().map_or(1, std::num::NonZero::get))
}

/// What could not be unpacked.
#[derive(Default)]
struct Damage {
    blocks: AtomicU64,
    first: OnceLock<String>,
}

struct Inner {
    blocks: Box<dyn Blocks>,
    ranges: RunMap<()>,
    kept: Mutex<Kept>,
    damage: Damage,
}

/// Physical memory in blocks. Cheap to clone; clones share the cache.
#[derive(Clone)]
pub struct BlockMemory(Arc<Inner>);

cglue_impl_group!(BlockMemory, ConnectorInstance, {});

/// A piece of a batch: one block's part of one operation.
struct Piece<'b> {
    op: usize,
    block: Option<Block>,
    skip: usize,
    buf: &'b mut [u8],
    done: bool,
}

impl BlockMemory {
    pub(super) fn new(blocks: Box<dyn Blocks>) -> Self {
        let ranges = RunMap::build(blocks.ranges().into_iter().map(|r| (r, ())), |(), _| ());
        Self(Arc::new(Inner { blocks, ranges, kept: Mutex::default(), damage: Damage::default() }))
    }

    /// How many bytes it holds.
    pub fn bytes(&self) -> umem {
        self.0.ranges.bytes()
    }

    /// What could not be unpacked until now, in a sentence.
    pub fn damage(&self) -> Option<String> {
        let first = self.0.damage.first.get()?;
        let n = self.0.damage.blocks.load(Ordering::Relaxed);
        Some(match n {
            0 | 1 => first.clone(),
            n => format!("{n} reads of blocks failed; the first: {first}"),
        })
    }

    fn failed(&self, block: &Block, why: &str) {
        if why.is_empty() {
            return;
        }
        self.0.damage.blocks.fetch_add(1, Ordering::Relaxed);
        self.0.damage.first.get_or_init(|| {
            format!("the block at {:#x} ({} bytes) can't be read and counts as missing: {why}", block.start, block.len)
        });
    }

    /// Cuts an operation where blocks end.
    fn cut<'b>(&self, op: usize, addr: PhysAddr, buf: &'b mut [u8], pieces: &mut Vec<Piece<'b>>) {
        let mut at = addr;
        let mut rest = buf;
        while !rest.is_empty() {
            let want = to_umem(rest.len());
            let (len, block, skip) = match crate::engine::to_u64(at.value()).and_then(|a| Some((a, self.0.blocks.find(a)?))) {
                // A format that answers with a block elsewhere would send us astray.
                Some((a, b)) if b.start <= a && a - b.start < u64::from(b.len) && b.len <= LARGEST => {
                    let skip = a - b.start;
                    (umem::from(u64::from(b.len) - skip).min(want), Some(b), skip)
                }
                _ => {
                    let next = self.0.ranges.next_from(at.saturating_add(1)).map_or(umem::MAX, |r| r.start.value());
                    // Inside a range that has no block here: to the next page.
                    let step = match self.0.ranges.find(at) {
                        Some(_) => 4096 - (at.value() & 4095),
                        None => next - at.value(),
                    };
                    (step.max(1).min(want), None, 0)
                }
            };
            let Some((piece, tail)) = index(len).and_then(|n| rest.split_at_mut_checked(n)) else { break };
            pieces.push(Piece { op, block, skip: index(umem::from(skip)).unwrap_or(0), buf: piece, done: false });
            rest = tail;
            match at.checked_add(len) {
                Some(next) => at = next,
                None if rest.is_empty() => break,
                // The address space ends here; what is left of the buffer lies past its end.
                None => {
                    pieces.push(Piece { op, block: None, skip: 0, buf: rest, done: false });
                    break;
                }
            }
        }
    }

    fn fill(&self, piece: &mut Piece<'_>) {
        piece.done = piece.block.is_some_and(|b| self.copy(&b, piece.skip, piece.buf));
        if !piece.done {
            piece.buf.fill(0);
        }
    }

    /// Copies part of a block.
    fn copy(&self, block: &Block, skip: usize, buf: &mut [u8]) -> bool {
        let part = |bytes: &[u8], buf: &mut [u8]| {
            let from = skip.checked_add(buf.len()).and_then(|end| bytes.get(skip..end));
            from.map(|from| buf.copy_from_slice(from)).is_some()
        };
        if let Some(bytes) = self.0.blocks.in_place(block) {
            return part(bytes, buf);
        }
        let Ok(len) = usize::try_from(block.len) else { return false };
        let whole = skip == 0 && buf.len() == len;
        if whole {
            return match self.0.blocks.load(block, buf) {
                Ok(()) => true,
                Err(why) => {
                    self.failed(block, &why);
                    false
                }
            };
        }
        let kept = self.0.kept.lock().unwrap_or_else(PoisonError::into_inner).get(block.start);
        if let Some(bytes) = kept {
            return part(&bytes, buf);
        }
        let mut bytes = vec![0; len];
        if let Err(why) = self.0.blocks.load(block, &mut bytes) {
            self.failed(block, &why);
            return false;
        }
        let bytes: Arc<[u8]> = bytes.into();
        let done = part(&bytes, buf);
        self.0.kept.lock().unwrap_or_else(PoisonError::into_inner).put(block.start, bytes);
        done
    }

    fn fill_all(&self, pieces: &mut [Piece<'_>]) {
        let bytes: usize = pieces.iter().map(|p| p.buf.len()).sum();
        let threads = processors();
        // Whoever reads in parallel already (a search) does its part alone.
        let most = if work::is_shared() { 0 } else { threads.saturating_sub(1) };
        let wanted = (bytes / SHARED * 2).saturating_sub(1).min(most).min(pieces.len().saturating_sub(1));
        let granted = (0..wanted)
            .take_while(|_| {
                HELPERS.fetch_update(Ordering::AcqRel, Ordering::Acquire, |n| (n + 1 < threads).then_some(n + 1)).is_ok()
            })
            .count();
        if granted == 0 {
            pieces.iter_mut().for_each(|p| self.fill(p));
            return;
        }
        let share = pieces.len().div_ceil(granted + 1);
        std::thread::scope(|scope| {
            let mut shares = pieces.chunks_mut(share.max(1));
            let own = shares.next();
            for share in shares {
                scope.spawn(move || share.iter_mut().for_each(|p| self.fill(p)));
            }
            own.into_iter().flatten().for_each(|p| self.fill(p));
        });
        HELPERS.fetch_sub(granted, Ordering::AcqRel);
    }
}

impl PhysicalMemory for BlockMemory {
    fn metadata(&self) -> MemoryMetadata {
        let last = self.0.ranges.last();
        MemoryMetadata { size: self.bytes(), max_address: last, read_only: true, live: false, ideal_batch: 0 }
    }

    fn ranges(&self) -> CVec<MemoryRange> {
        self.0.ranges.iter().map(|(r, ())| *r).collect::<Vec<_>>().into()
    }

    fn read(&self, ops: CSliceMut<PhysReadOp>) {
        let mut ops = ops;
        let mut pieces = Vec::with_capacity(ops.len());
        for (i, op) in ops.iter_mut().enumerate() {
            let addr = op.addr;
            self.cut(i, addr, op.bytes(), &mut pieces);
        }
        let lock = || self.0.kept.lock().unwrap_or_else(PoisonError::into_inner);
        self.0.blocks.prepare(&mut pieces.iter().filter_map(|p| p.block).filter(|b| !lock().has(b.start)));
        self.fill_all(&mut pieces);
        let mut outcome: Vec<(bool, bool)> = Vec::new();
        for p in &pieces {
            if outcome.len() <= p.op {
                outcome.resize(p.op + 1, (true, false));
            }
            if let Some((all, any)) = outcome.get_mut(p.op) {
                *all &= p.done;
                *any |= p.done;
            }
        }
        drop(pieces);
        for (i, op) in ops.iter_mut().enumerate() {
            op.status = match outcome.get(i).copied().unwrap_or((true, true)) {
                (true, _) => Status::DONE,
                (false, true) => Status::PARTIAL,
                (false, false) => Status::MISSING,
            };
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::cast_possible_truncation)]
    use super::*;
    use proptest::prelude::*;

    /// Blocks of 8 KiB from 0x1000 on, byte = number of the block; those in the list are broken, and 3 is missing.
    struct Made(Vec<u64>);

    impl Blocks for Made {
        fn ranges(&self) -> Vec<MemoryRange> {
            let range = |start, size| MemoryRange { start: PhysAddr::new(start), size };
            vec![range(0x1000, 0x6000), range(0x9000, 0x20_0000)]
        }

        fn find(&self, addr: u64) -> Option<Block> {
            let key = addr.checked_sub(0x1000)? / 0x2000;
            (key != 3 && key < 0x104).then_some(Block { start: 0x1000 + key * 0x2000, len: 0x2000, key })
        }

        fn load(&self, block: &Block, out: &mut [u8]) -> Result<(), String> {
            if self.0.contains(&block.key) {
                return Err("broken".to_owned());
            }
            out.fill(block.key as u8);
            Ok(())
        }
    }

    fn read(m: &BlockMemory, at: umem, len: usize) -> (Vec<u8>, Status) {
        let mut buf = vec![0xee; len];
        let mut ops = [PhysReadOp::new(PhysAddr::new(at), &mut buf)];
        m.read((&mut ops[..]).into());
        let status = ops[0].status;
        (buf, status)
    }

    #[test]
    fn a_broken_block_is_missing_and_counted() {
        let m = BlockMemory::new(Box::new(Made(vec![1])));
        assert_eq!(read(&m, 0x2fff, 2), (vec![0, 0], Status::PARTIAL));
        assert_eq!(read(&m, 0x3000, 2), (vec![0, 0], Status::MISSING));
        assert!(m.damage().unwrap().contains("2 reads"));
        assert!(m.damage().unwrap().contains("0x3000"));
        assert_eq!(read(&m, 0x5000, 4), (vec![2; 4], Status::DONE));
        assert_eq!(read(&m, umem::MAX, 3), (vec![0; 3], Status::MISSING));
    }

    #[test]
    fn a_large_read_is_the_same_as_many_small_ones() {
        let m = BlockMemory::new(Box::new(Made(vec![7, 0x40])));
        let (large, status) = read(&m, 0, 0x20_0000);
        assert_eq!(status, Status::PARTIAL);
        for at in (0..0x20_0000).step_by(0x800) {
            assert_eq!(large[at..at + 0x800], read(&m, at as umem, 0x800).0, "{at:#x}");
        }
    }

    proptest! {
        #[test]
        fn reads_what_the_blocks_hold(at in 0u64..0x1_2000, len in 0usize..0x6000) {
            let m = BlockMemory::new(Box::new(Made(vec![5])));
            let byte = |a: u64| a.checked_sub(0x1000).map(|a| a / 0x2000).filter(|k| *k != 3 && *k != 5);
            let want: Vec<Option<u64>> = (at..at + len as u64).map(byte).collect();
            let (got, status) = read(&m, umem::from(at), len);
            prop_assert_eq!(got, want.iter().map(|b| b.unwrap_or(0) as u8).collect::<Vec<_>>());
            let there = want.iter().flatten().count();
            let expected = if there == len { Status::DONE } else if there == 0 { Status::MISSING } else { Status::PARTIAL };
            prop_assert_eq!(status, expected);
        }
    }
}
