//! Writing: to physical memory, and through page tables to where virtual addresses lie.
//!
//! Nothing here knows who allows it: whoever calls has asked. A write is all or nothing as far as can be known before: every byte
//! must have a place, and the connector must say that it writes at all. Whatever was kept of the memory is forgotten afterwards.

use super::memory::Memory;
use super::num::{index, to_umem};
use super::space::AddressSpace;
use crate::{At, Error, ErrorKind, Layer, Result};
use memsh_plugin::{PhysAddr, PhysWriteOp, Status, VirtAddr, VirtWriteOp, umem};

/// Bytes of a virtual range that lie in one piece of physical memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// Their first virtual address.
    pub virt: VirtAddr,
    /// Where it lies.
    pub phys: PhysAddr,
    /// How many they are.
    pub size: umem,
}

impl Memory {
    /// Whether writes can work at all: not on an image, and not where the connector takes none.
    ///
    /// # Errors
    /// [`ErrorKind::Unsupported`], with which of the two it is.
    pub fn writable(&self) -> Result<()> {
        let meta = self.metadata();
        let refuse = |what: &str, hint: &str| Err(Error::new(Layer::Physical, ErrorKind::Unsupported, what).hint(hint));
        match (meta.live, meta.read_only) {
            (false, _) => refuse(
                "the target is an image: an image is evidence and is never written",
                "`-C file:PATH,overlay` lets you change a copy in memory, and the file stays as it is; `dump` writes a copy",
            ),
            (true, true) => refuse(
                "the connector can't write to its target",
                "its description says whether it can, and what it needs for that: docs/live.md",
            ),
            (true, false) => Ok(()),
        }
    }

    /// Writes a batch, every operation answered on its own. What was kept of this memory is forgotten.
    pub fn write_ops(&self, ops: &mut [PhysWriteOp]) {
        if self.writable().is_err() {
            for op in ops.iter_mut() {
                op.status = Status::READ_ONLY;
            }
            return;
        }
        let limit = match usize::try_from(self.metadata().ideal_batch) {
            Ok(0) | Err(_) => usize::MAX,
            Ok(n) => n,
        };
        for chunk in ops.chunks_mut(limit) {
            self.source().write(chunk.into());
        }
        self.refresh();
    }

    /// Writes `bytes` at `addr`.
    ///
    /// # Errors
    /// [`ErrorKind::Unsupported`] as [`writable`](Self::writable), and [`ErrorKind::Unreadable`] where not all of the range is memory:
    /// nothing was written then. [`ErrorKind::Io`] when the connector failed: some of it may be written.
    pub fn write(&self, addr: PhysAddr, bytes: &[u8]) -> Result<()> {
        self.writable()?;
        let size = to_umem(bytes.len());
        if !self.contains(addr, size) {
            let what = format!("{size} bytes are not (all) memory of the target: nothing was written");
            return Err(Error::new(Layer::Physical, ErrorKind::Unreadable, what).at(At::Phys(addr)));
        }
        let mut ops = [PhysWriteOp::new(addr, bytes)];
        self.write_ops(&mut ops);
        let [op] = &ops;
        outcome(op.status).map_err(|e| e.at(At::Phys(addr)))
    }
}

/// How a write ended, as an error where not well.
fn outcome(status: Status) -> Result<()> {
    let failed = |kind, what: &str| Err(Error::new(Layer::Connector, kind, what));
    match status {
        Status::DONE => Ok(()),
        Status::READ_ONLY => failed(ErrorKind::Unsupported, "the connector refused to write: its target is read-only"),
        Status::MISSING => failed(ErrorKind::Unreadable, "the target has no memory there: nothing was written"),
        Status::PARTIAL => failed(ErrorKind::Io, "only some of the bytes could be written"),
        Status::UNSUPPORTED => failed(ErrorKind::Unsupported, "the connector does not know how to write"),
        other => failed(ErrorKind::Io, &format!("the connector failed to write (status {})", other.0)),
    }
}

impl AddressSpace {
    /// Where each byte of `size` bytes at `addr` lies, neighbours in one piece.
    ///
    /// # Errors
    /// When one of them is mapped nowhere, or its frame is no memory of the target; the error names the first such address.
    pub fn places(&self, addr: VirtAddr, size: umem) -> Result<Vec<Place>> {
        let mut out: Vec<Place> = Vec::new();
        let mut done: umem = 0;
        while done < size {
            let at = addr.checked_add(done).ok_or_else(|| {
                Error::new(Layer::Virtual, ErrorKind::Invalid, "the range runs past the last address").at(At::Virt(addr))
            })?;
            let found = self.translate_one(at).map_err(|fault| Error::from(fault).at(At::Virt(at)))?;
            if self.linear().is_some()
                && let Some(why) = self.explain(at).computed
            {
                return Err(Error::new(
                    Layer::Virtual,
                    ErrorKind::Unreadable,
                    format!("{why}: where it lies is not certain enough to write there"),
                )
                .at(At::Virt(at)));
            }
            let left = found.page_size() - found.phys.offset_in(found.page_size());
            let n = left.min(size - done);
            if !self.memory().contains(found.phys, n) {
                let what = "its frame is not memory of the target";
                return Err(Error::new(Layer::Physical, ErrorKind::Unreadable, what).at(At::Virt(at)));
            }
            match out.last_mut() {
                Some(last) if last.phys.checked_add(last.size) == Some(found.phys) => last.size += n,
                _ => out.push(Place { virt: at, phys: found.phys, size: n }),
            }
            done += n;
        }
        Ok(out)
    }

    /// Writes `bytes` at `addr`, whatever the page tables allow the target itself.
    ///
    /// # Errors
    /// As [`places`](Self::places) and [`Memory::writable`]: nothing was written then. [`ErrorKind::Io`] when the connector failed: what
    /// was written before that is said.
    pub fn write(&self, addr: VirtAddr, bytes: &[u8]) -> Result<()> {
        self.memory().writable()?;
        // Where pages lie may have changed since it was last asked.
        self.memory().refresh();
        let places = self.places(addr, to_umem(bytes.len()))?;
        let mut rest = bytes;
        let mut ops = Vec::with_capacity(places.len());
        for place in &places {
            let Some((piece, tail)) = index(place.size).and_then(|n| rest.split_at_checked(n)) else { break };
            ops.push(PhysWriteOp::new(place.phys, piece));
            rest = tail;
        }
        self.memory().write_ops(&mut ops);
        let failed = ops.iter().zip(&places).find_map(|(op, place)| outcome(op.status).err().map(|e| (e, place)));
        let Some((e, place)) = failed else { return Ok(()) };
        let done: umem = ops.iter().zip(&places).filter(|(op, _)| op.status.is_done()).map(|(_, p)| p.size).sum();
        let before = if done > 0 { format!("; {done} of {} bytes were written", bytes.len()) } else { String::new() };
        Err(Error::new(e.layer(), e.kind(), format!("{}{before}", e.reason())).at(At::Virt(place.virt)))
    }

    /// Writes one operation of a batch.
    pub(super) fn write_op(&self, op: &mut VirtWriteOp) {
        let status = |e: &Error| match e.kind() {
            ErrorKind::Unsupported => Status::READ_ONLY,
            ErrorKind::Io => Status::PARTIAL,
            _ => Status::MISSING,
        };
        op.status = match self.write(op.addr, &op.buf) {
            Ok(()) => Status::DONE,
            Err(e) => status(&e),
        };
    }
}
