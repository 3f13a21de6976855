//! Sets in files.
//!
//! A file is 8 bytes of magic, the version as 4 bytes, and a zstd stream of what follows, numbers with the lowest byte first:
//! the type's name, bytes of a pointer, alignment, the common values of the last pass and of the first scan, the target's name, the steps, the parts; at the end the XXH3
//! of all that. A part is its owner and its blocks, ascending; a block its address, its candidates (a list, runs or a bitmap) and its
//! values.
//!
//! What is loaded is not believed: places must ascend and lie in their block, values be there where they have to be, and nothing
//! grows but with bytes that were read, up to a limit.

use super::block::{Block, Slots, Values};
use super::set::{Owner, Set};
use super::value::{Type, Value};
use crate::engine::to_u64;
use std::hash::Hasher;
use std::io::{self, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::SystemTime;
use twox_hash::XxHash3_64;

pub(super) const MAGIC: &[u8; 8] = b"MEMSHSET";
pub(super) const VERSION: u32 = 1;
/// Fast, and small enough: memory packs to a third.
const LEVEL: i32 = 1;
/// A text in a file is no longer.
pub(super) const LONGEST_TEXT: usize = 4096;

/// Bytes on their way into a file, and their hash.
struct Out<W: Write> {
    to: W,
    hash: XxHash3_64,
}

impl<W: Write> Out<W> {
    fn bytes(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.hash.write(bytes);
        self.to.write_all(bytes)
    }

    fn number(&mut self, value: u64) -> io::Result<()> {
        self.bytes(&value.to_le_bytes())
    }

    fn count(&mut self, value: usize) -> io::Result<()> {
        self.number(u64::try_from(value).unwrap_or(u64::MAX))
    }

    fn byte(&mut self, value: u8) -> io::Result<()> {
        self.bytes(&[value])
    }

    fn text(&mut self, text: &[u8]) -> io::Result<()> {
        let text = text.get(..LONGEST_TEXT).unwrap_or(text);
        self.count(text.len())?;
        self.bytes(text)
    }

    fn common(&mut self, kind: Type, value: Option<&Value>) -> io::Result<()> {
        match value {
            None => self.byte(0),
            Some(value) => {
                self.byte(1)?;
                self.bytes(&kind.store(value))
            }
        }
    }

    fn values(&mut self, values: &Values) -> io::Result<()> {
        match values {
            Values::Common => self.byte(0),
            Values::Zero => self.byte(1),
            Values::Whole(bytes) => {
                self.byte(2)?;
                self.bytes(bytes)
            }
            Values::Packed(bytes) => {
                self.byte(3)?;
                self.bytes(bytes)
            }
        }
    }

    fn block(&mut self, block: &Block) -> io::Result<()> {
        let too_wide = || io::Error::new(io::ErrorKind::InvalidData, "an address of more than 64 bits");
        self.number(to_u64(block.base).ok_or_else(too_wide)?)?;
        match &block.slots {
            Slots::Runs(runs) => {
                self.byte(1)?;
                self.count(runs.len())?;
                runs.iter().try_for_each(|(a, b)| self.bytes(&a.to_le_bytes()).and_then(|()| self.bytes(&b.to_le_bytes())))?;
            }
            Slots::Bitmap(words) => {
                self.byte(2)?;
                words.iter().try_for_each(|w| self.number(*w))?;
            }
            list => {
                self.byte(0)?;
                self.number(u64::from(block.count))?;
                let mut bytes = Vec::new();
                list.for_each(|slot| bytes.extend_from_slice(&u16::try_from(slot).unwrap_or(u16::MAX).to_le_bytes()));
                self.bytes(&bytes)?;
            }
        }
        self.values(&block.last)?;
        if block.first.shares(&block.last) { self.byte(4) } else { self.values(&block.first) }
    }
}

/// Writes a set. Ends early, with an error of kind `Interrupted`, when `interrupt` becomes true.
///
/// # Errors
/// Those of `to`.
pub fn save(set: &Set, to: &mut dyn Write, interrupt: &AtomicBool) -> io::Result<()> {
    to.write_all(MAGIC)?;
    to.write_all(&VERSION.to_le_bytes())?;
    let mut out = Out { to: zstd::stream::write::Encoder::new(to, LEVEL)?, hash: XxHash3_64::with_seed(0) };
    out.text(set.kind.name().as_bytes())?;
    out.byte(u8::try_from(set.kind.width()).unwrap_or(0))?;
    out.count(set.align)?;
    out.common(set.kind, set.last.as_ref())?;
    out.common(set.kind, set.first.as_ref())?;
    out.text(set.target.as_bytes())?;
    out.count(set.steps.len())?;
    for step in &set.steps {
        out.text(step.condition.as_bytes())?;
        for n in [step.before, step.after, step.lost, step.bytes] {
            out.number(n)?;
        }
        let since = step.time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        out.number(u64::try_from(since.as_nanos()).unwrap_or(u64::MAX))?;
    }
    out.count(set.parts.len())?;
    for part in &set.parts {
        match &part.owner {
            Owner::Physical => out.byte(0)?,
            Owner::Kernel => out.byte(1)?,
            Owner::Process { pid, name, started } => {
                out.byte(if started.is_some() { 3 } else { 2 })?;
                out.number(u64::from(*pid))?;
                out.text(name)?;
                if let Some(started) = started {
                    out.bytes(&started.to_le_bytes())?;
                }
            }
        }
        out.count(part.blocks.len())?;
        for block in &part.blocks {
            if interrupt.load(Ordering::Relaxed) {
                return Err(io::ErrorKind::Interrupted.into());
            }
            out.block(block)?;
        }
    }
    let hash = out.hash.finish();
    out.number(hash)?;
    out.to.finish()?.flush()
}
