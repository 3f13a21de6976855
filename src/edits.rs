//! What is written to a live target: what was there before, whether it is there now, and the way back.
//!
//! Every write is checked before, read back afterwards, and kept on the session's list, from which it can be taken back as long as nobody
//! else has changed the same bytes.
#![deny(
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_sign_loss,
    clippy::cast_lossless
)]

use crate::engine::{Place, index, to_umem};
use crate::session::{Session, Space};
use crate::{Error, ErrorKind, Layer, Result, umem};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

/// More bytes than this are not written at once: the old ones are kept, and everything is read twice.
pub const LARGEST: u64 = 16 << 20;

/// What may be written, and what was.
pub(crate) struct Edits {
    allowed: bool,
    physical: bool,
    done: Mutex<Done>,
}

#[derive(Default)]
struct Done {
    /// How many there were, with those that were taken back.
    count: u64,
    edits: Vec<Edit>,
}

/// A write.
#[derive(Clone)]
pub struct Edit {
    /// Its number in this session, from 1.
    pub number: u64,
    /// When it was made.
    pub time: SystemTime,
    /// Whose address it is.
    pub space: Space,
    /// The first address.
    pub address: umem,
    /// What was there.
    pub old: Vec<u8>,
    /// What was written, or what was found afterwards where the write failed.
    pub new: Vec<u8>,
    /// Where the bytes lie in physical memory; of a space without page tables, the same addresses.
    pub places: Vec<Place>,
}

/// Why nothing may be written.
#[derive(Debug)]
pub enum Denied {
    /// The target can't be.
    Target(Error),
    /// The user did not allow it: the option that would.
    Option(&'static str),
}

impl Edits {
    pub(crate) fn new(allowed: bool, physical: bool) -> Self {
        Self { allowed, physical, done: Mutex::default() }
    }

    fn lock(&self) -> MutexGuard<'_, Done> {
        self.done.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Session {
    /// Whether `space` may be written to.
    ///
    /// # Errors
    /// Why not: an image never; nothing without `--write`, physical addresses not without `--write=phys`.
    pub fn may_write(&self, space: &Space) -> Result<(), Denied> {
        if let Some(path) = self.never_written(space) {
            let what = format!("{path} is an image: an image is evidence and is never written");
            let hint = "`-C file:PATH,overlay --write` lets you change a copy in memory: the file stays as it is";
            return Err(Denied::Target(Error::new(Layer::Image, ErrorKind::Unsupported, what).hint(hint)));
        }
        let physical = matches!(space, Space::Physical(_));
        match (self.edits.allowed, physical && !self.edits.physical) {
            (false, _) if physical => Err(Denied::Option("--write=phys")),
            (false, _) => Err(Denied::Option("--write")),
            (true, true) => Err(Denied::Option("--write=phys")),
            (true, false) => space.memory().writable().map_err(Denied::Target),
        }
    }

    /// The name of the target where it is none that runs. A system that stands on no memory (this machine's) runs as its processes do.
    fn never_written(&self, space: &Space) -> Option<String> {
        let runs = self.is_live() || self.image().memory.ranges().is_empty() && space.memory().metadata().live;
        (!runs).then(|| self.facts().path.display().to_string())
    }

    /// Writes `bytes` at `address`: reads what is there, writes, reads back, and keeps both for [`undo`](Self::undo).
    ///
    /// # Errors
    /// When not all of the range can be read and written: nothing was written then. When the connector failed in between, or something
    /// else is there afterwards: the error says what, and the write is on the list.
    pub fn write(&self, space: &Space, address: umem, bytes: &[u8]) -> Result<Edit> {
        self.may_write(space).map_err(|denied| match denied {
            Denied::Target(e) => e,
            Denied::Option(option) => {
                let what = format!("writes are not allowed: {option} was not given");
                Error::new(Layer::Command, ErrorKind::Invalid, what)
            }
        })?;
        self.refresh();
        space.memory().refresh();
        let (old, places) = before(space, address, bytes.len())?;
        let outcome = space.write(address, bytes);
        self.refresh();
        let mut now = vec![0; bytes.len()];
        let gaps = space.read_gaps(address, &mut now);
        let verified = gaps.is_empty() && now == bytes;
        if outcome.is_err() && now == old {
            return Err(outcome.err().unwrap_or_else(|| Error::new(Layer::Connector, ErrorKind::Io, "nothing was written")));
        }
        let mut done = self.edits.lock();
        done.count += 1;
        let kept = if gaps.is_empty() { now.clone() } else { bytes.to_vec() };
        let (number, space) = (done.count, space.clone());
        let edit = Edit { number, time: SystemTime::now(), space, address, old, new: kept, places };
        done.edits.push(edit.clone());
        drop(done);
        let how = format!("it is number {number} on the list: `undo` takes it back");
        match outcome {
            Err(e) => Err(Error::new(e.layer(), e.kind(), format!("{}; {}", e.reason(), found(&now, &gaps, bytes))).hint(how)),
            Ok(()) if !verified => {
                let what = format!("written, and read back otherwise: {}", found(&now, &gaps, bytes));
                Err(Error::new(Layer::Connector, ErrorKind::Io, what).at(edit.space.at(address)).hint(how))
            }
            Ok(()) => Ok(edit),
        }
    }

    /// The writes that can be taken back, the oldest first.
    pub fn edits(&self) -> Vec<Edit> {
        self.edits.lock().edits.clone()
    }

    /// Takes the last write back, if what it wrote is still there (with `force` in any case), and gives it.
    ///
    /// # Errors
    /// When there is none, when other bytes are there now, and as [`write`](Self::write).
    pub fn undo(&self, force: bool) -> Result<Edit> {
        let last = self.edits.lock().edits.last().cloned();
        let Some(edit) = last else {
            return Err(Error::new(Layer::Command, ErrorKind::NotFound, "nothing was written that could be taken back"));
        };
        let named = |what: String| Error::new(Layer::Command, ErrorKind::Invalid, what).at(edit.space.at(edit.address));
        self.refresh();
        edit.space.memory().refresh();
        let (now, _) = before(&edit.space, edit.address, edit.old.len())?;
        if !force && now != edit.new {
            let gaps = crate::engine::Gaps::none();
            let what = format!("write {} stays: memory has changed since; {}", edit.number, found(&now, &gaps, &edit.new));
            return Err(named(what).hint("--force writes the old bytes all the same"));
        }
        edit.space.write(edit.address, &edit.old)?;
        self.refresh();
        edit.space.memory().refresh();
        let mut read = vec![0; edit.old.len()];
        let gaps = edit.space.read_gaps(edit.address, &mut read);
        if read != edit.old || !gaps.is_empty() {
            let what =
                format!("write {} was taken back, and read back otherwise: {}", edit.number, found(&read, &gaps, &edit.old));
            return Err(named(what));
        }
        self.edits.lock().edits.retain(|e| e.number != edit.number);
        Ok(edit)
    }
}

/// What is at `address`, and where it lies.
fn before(space: &Space, address: umem, len: usize) -> Result<(Vec<u8>, Vec<Place>)> {
    let untouched = |e: Error| {
        let mut told = Error::new(e.layer(), e.kind(), format!("{}: nothing was written", e.reason()));
        if let Some(at) = e.location() {
            told = told.at(at);
        }
        told.hint(e.hint_text().unwrap_or("`vtop` says where an address lies; a process's address needs `-p PID`"))
    };
    let places = space.places(address, to_umem(len)).map_err(untouched)?;
    let mut old = vec![0; len];
    let gaps = space.read_gaps(address, &mut old);
    match gaps.as_slice().first() {
        None => Ok((old, places)),
        Some(gap) => {
            let what = "what is there can't be read";
            Err(untouched(Error::new(Layer::Physical, ErrorKind::Unreadable, what).at(space.at(gap.start))))
        }
    }
}

/// Bytes around the first difference, and what was wanted there.
fn found(now: &[u8], gaps: &crate::engine::Gaps, wanted: &[u8]) -> String {
    if !gaps.is_empty() {
        return format!("{} of {} bytes can't be read any more", gaps.bytes(), wanted.len());
    }
    let first = now.iter().zip(wanted).position(|(a, b)| a != b).unwrap_or(0);
    let many = now.iter().zip(wanted).filter(|(a, b)| a != b).count();
    let part = |bytes: &[u8]| {
        let shown = bytes.get(first..).unwrap_or_default().iter().take(16);
        shown.map(|b| format!("{b:02x}")).collect::<Vec<_>>().join(" ")
    };
    let at = index(to_umem(first)).unwrap_or(0);
    format!("{many} bytes differ, from byte {at} on there is {} in place of {}", part(now), part(wanted))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use super::*;
    use crate::engine::Memory;
    use crate::image::{Image, ImageFacts};
    use crate::live::middleware::overlay::Overlay;
    use crate::plugins::dummy::DummyMemory;
    use crate::session::Options;
    use memsh_plugin::{CSliceMut, CVec, MemoryMetadata, MemoryRange, PhysAddr, PhysReadOp, PhysWriteOp, PhysicalMemory, Status};
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};

    /// How a memory takes writes that it should not.
    #[derive(Clone, Copy, PartialEq)]
    enum Bad {
        /// Says that it wrote, and did not.
        Lies,
        /// Writes the first byte, and fails.
        Half,
        /// Fails before it writes.
        Fails,
    }

    struct Faulty {
        inner: Overlay,
        bad: Bad,
        on: Arc<AtomicBool>,
    }

    impl PhysicalMemory for Faulty {
        fn metadata(&self) -> MemoryMetadata {
            self.inner.metadata()
        }

        fn ranges(&self) -> CVec<MemoryRange> {
            self.inner.ranges()
        }

        fn read(&self, ops: CSliceMut<PhysReadOp>) {
            self.inner.read(ops);
        }

        fn write(&self, ops: CSliceMut<PhysWriteOp>) {
            let mut ops = ops;
            if !self.on.load(Ordering::Relaxed) {
                return self.inner.write(ops);
            }
            for op in ops.iter_mut() {
                if self.bad == Bad::Half {
                    let mut first = [PhysWriteOp::new(op.addr, &op.buf[..1])];
                    self.inner.write((&mut first[..]).into());
                }
                op.status = if self.bad == Bad::Lies { Status::DONE } else { Status::FAILED };
            }
        }
    }

    fn overlay() -> Overlay {
        Overlay::new(Arc::new(DummyMemory::new(0, vec![7; 0x3000])))
    }

    fn session(memory: &Memory) -> Session {
        let image = Image::of_memory(memory.clone(), ImageFacts::default());
        Session::of_image(image, "test".into(), Options { write: true, write_physical: true, ..Options::default() })
    }

    fn at(memory: &Memory, address: umem, len: usize) -> Vec<u8> {
        let mut bytes = vec![0; len];
        memory.read(PhysAddr::new(address), &mut bytes).unwrap();
        bytes
    }

    #[test]
    fn what_somebody_else_changed_stays() {
        let memory = Memory::new(overlay());
        let (ours, theirs) = (session(&memory), session(&memory));
        let space = Space::Physical(memory.clone());
        ours.write(&space, 0xfff, &[1, 2]).unwrap();
        theirs.write(&space, 0x1000, &[9]).unwrap();
        let e = ours.undo(false).err().unwrap();
        assert!(e.reason().contains("changed since; 1 bytes differ, from byte 1 on there is 09 in place of 02"), "{e}");
        assert!(e.hint_text().unwrap().contains("--force"));
        assert_eq!((at(&memory, 0xfff, 2), ours.edits().len()), (vec![1, 9], 1));
        ours.undo(true).unwrap();
        assert_eq!((at(&memory, 0xfff, 2), ours.edits().len()), (vec![7, 7], 0));
    }

    #[test]
    fn a_connector_that_fails_is_not_believed() {
        for (bad, says, listed) in [
            (Bad::Lies, "read back otherwise: 2 bytes differ, from byte 0 on there is 07 07 in place of 01 02", 1),
            (Bad::Half, "failed to write (status -3); 1 bytes differ, from byte 1 on there is 07 in place of 02", 1),
            (Bad::Fails, "failed to write", 0),
        ] {
            let on = Arc::new(AtomicBool::new(true));
            let memory = Memory::new(Faulty { inner: overlay(), bad, on: Arc::clone(&on) });
            let session = session(&memory);
            let e = session.write(&Space::Physical(memory.clone()), 0x100, &[1, 2]).err().unwrap();
            assert!(e.reason().contains(says), "{e}");
            assert_eq!(session.edits().len(), listed);
            on.store(false, Ordering::Relaxed);
            if listed > 0 {
                session.undo(false).unwrap();
            }
            assert_eq!(at(&memory, 0x100, 2), [7, 7]);
        }
    }
}
