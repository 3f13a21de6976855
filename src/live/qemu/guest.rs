//! The connector's memory: guest-physical addresses, read where QEMU has them.

use super::backing::SharedFile;
use super::pause::Pause;
use crate::engine::{RunMap, index, to_umem};
use memsh_plugin::{
    CSliceMut, CVec, MappedRun, MemoryMetadata, MemoryRange, MemoryView, PhysAddr, PhysReadOp, PhysWriteOp, PhysicalMemory,
    Status, VirtAddr, VirtReadOp, VirtWriteOp, umem,
};
use std::sync::Arc;

/// Where a piece of guest-physical memory lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    /// Address in the process.
    pub address: u64,
    /// Number of the file that holds it, and how far into it.
    pub file: Option<(usize, u64)>,
}

/// Memory of a guest.
pub(super) struct GuestMemory {
    /// What is where.
    pub places: RunMap<Place>,
    /// The process.
    pub process: Arc<dyn MemoryView>,
    /// Files behind its memory.
    pub files: Arc<[SharedFile]>,
    /// Whether it changes while it is read.
    pub live: bool,
    /// Whether it may be written to.
    pub write: bool,
    /// Holds the machine still.
    pub _pause: Option<Pause>,
}

/// The place `skip` bytes after another.
pub(super) fn further(place: &Place, skip: umem) -> Place {
    let skip = crate::engine::to_u64(skip).unwrap_or(u64::MAX);
    Place { address: place.address.saturating_add(skip), file: place.file.map(|(f, at)| (f, at.saturating_add(skip))) }
}

/// What became of the parts of each operation.
struct Outcomes(Vec<(bool, bool)>);

impl Outcomes {
    fn add(&mut self, op: usize, status: Status) {
        if let Some((some, all)) = self.0.get_mut(op) {
            *some |= matches!(status, Status::DONE | Status::PARTIAL);
            *all &= status.is_done();
        }
    }

    fn of(&self, op: usize, otherwise: Status) -> Status {
        match self.0.get(op) {
            Some((_, true)) => Status::DONE,
            Some((true, false)) => Status::PARTIAL,
            _ => otherwise,
        }
    }
}

impl GuestMemory {
    /// How many of `len` bytes at `addr`, which are some, have one place, or none; and that.
    fn part(&self, addr: PhysAddr, len: usize) -> (usize, Option<Place>) {
        let (n, place) = match self.places.find(addr) {
            Some((range, place, skip)) => (range.size - skip, Some(further(place, skip))),
            None => (self.places.next_from(addr).map_or(umem::MAX, |r| r.start.value() - addr.value()), None),
        };
        (index(n).unwrap_or(usize::MAX).clamp(1, len.max(1)), place)
    }
}

impl PhysicalMemory for GuestMemory {
    fn metadata(&self) -> MemoryMetadata {
        let last = self.places.last();
        // A machine that stands still is still not a snapshot: it may be set going by others, and written to by us.
        MemoryMetadata { size: self.places.bytes(), max_address: last, read_only: !self.write, live: self.live, ideal_batch: 0 }
    }

    fn ranges(&self) -> CVec<MemoryRange> {
        self.places.iter().map(|(range, _)| *range).collect::<Vec<_>>().into()
    }

    fn read(&self, ops: CSliceMut<PhysReadOp>) {
        let mut ops = ops;
        let mut outcomes = Outcomes(vec![(false, true); ops.len()]);
        // What the process itself is asked for goes in one batch.
        let mut asked: Vec<VirtReadOp> = Vec::with_capacity(ops.len());
        let mut whose: Vec<usize> = Vec::with_capacity(ops.len());
        for (i, op) in ops.iter_mut().enumerate() {
            let mut addr = Some(op.addr);
            let mut rest: &mut [u8] = &mut op.buf;
            while !rest.is_empty() {
                // Past the highest address nothing is.
                let (n, place) = addr.map_or((rest.len(), None), |a| self.part(a, rest.len()));
                addr = addr.and_then(|a| a.checked_add(to_umem(n)));
                let (buf, tail) = std::mem::take(&mut rest).split_at_mut(n);
                rest = tail;
                let file = place.and_then(|p| p.file).and_then(|(f, at)| Some((self.files.get(f)?, at)));
                match (file, place) {
                    (Some((file, at)), _) if file.read(at, buf) => outcomes.add(i, Status::DONE),
                    (_, Some(place)) => {
                        asked.push(VirtReadOp::new(VirtAddr::new(umem::from(place.address)), buf));
                        whose.push(i);
                    }
                    (_, None) => {
                        buf.fill(0);
                        outcomes.add(i, Status::MISSING);
                    }
                }
            }
        }
        let mut failed = Status::MISSING;
        if !asked.is_empty() {
            self.process.read_virt((&mut asked[..]).into());
            for (op, i) in asked.iter().zip(whose) {
                outcomes.add(i, op.status);
                if op.status == Status::FAILED {
                    failed = Status::FAILED;
                }
            }
        }
        drop(asked);
        for (i, op) in ops.iter_mut().enumerate() {
            op.status = outcomes.of(i, failed);
        }
    }

    fn write(&self, ops: CSliceMut<PhysWriteOp>) {
        let mut ops = ops;
        if !self.write {
            for op in ops.iter_mut() {
                op.status = Status::READ_ONLY;
            }
            return;
        }
        let mut outcomes = Outcomes(vec![(false, true); ops.len()]);
        let mut asked: Vec<VirtWriteOp> = Vec::with_capacity(ops.len());
        let mut whose: Vec<usize> = Vec::with_capacity(ops.len());
        for (i, op) in ops.iter().enumerate() {
            let mut addr = Some(op.addr);
            let mut rest: &[u8] = &op.buf;
            while !rest.is_empty() {
                let (n, place) = addr.map_or((rest.len(), None), |a| self.part(a, rest.len()));
                addr = addr.and_then(|a| a.checked_add(to_umem(n)));
                let (bytes, tail) = rest.split_at(n);
                rest = tail;
                match place {
                    Some(place) => {
                        asked.push(VirtWriteOp::new(VirtAddr::new(umem::from(place.address)), bytes));
                        whose.push(i);
                    }
                    None => outcomes.add(i, Status::MISSING),
                }
            }
        }
        let mut failed = vec![Status::MISSING; ops.len()];
        self.process.write_virt((&mut asked[..]).into());
        for (op, i) in asked.iter().zip(whose) {
            outcomes.add(i, op.status);
            if let (Some(slot), true) = (failed.get_mut(i), op.status.0 < 0) {
                *slot = op.status;
            }
        }
        drop(asked);
        for (i, op) in ops.iter_mut().enumerate() {
            op.status = outcomes.of(i, failed.get(i).copied().unwrap_or(Status::FAILED));
        }
    }

    fn mapped_runs(&self) -> CVec<MappedRun<'_>> {
        let run = |(range, place): &(MemoryRange, Place)| {
            let (file, at) = place.file?;
            let data = self.files.get(file)?.slice(at, range.size)?;
            Some(MappedRun { start: range.start, data: data.into() })
        };
        self.places.iter().filter_map(run).collect::<Vec<_>>().into()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::cast_possible_truncation)]
    use super::*;
    use memsh_plugin::ViewMetadata;
    use std::sync::Mutex;

    /// A process with 16 pages at 0x10000, of which the last is missing.
    struct Process(Mutex<Vec<u8>>);

    impl MemoryView for Process {
        fn view_metadata(&self) -> ViewMetadata {
            ViewMetadata { pointer_size: 8, little_endian: true, page_size: 4096, root: PhysAddr::NULL }
        }

        fn read_virt(&self, ops: CSliceMut<VirtReadOp>) {
            let mut ops = ops;
            let bytes = self.0.lock().unwrap();
            for op in ops.iter_mut() {
                let at = (op.addr.value() - 0x10000) as usize;
                let n = op.buf.len();
                match bytes.get(at..at + n) {
                    Some(b) => (op.buf.copy_from_slice(b), op.status = Status::DONE).1,
                    None => (op.buf.fill(0), op.status = Status::MISSING).1,
                }
            }
        }

        fn write_virt(&self, ops: CSliceMut<VirtWriteOp>) {
            let mut ops = ops;
            let mut bytes = self.0.lock().unwrap();
            for op in ops.iter_mut() {
                let at = (op.addr.value() - 0x10000) as usize;
                bytes[at..at + op.buf.len()].copy_from_slice(&op.buf);
                op.status = Status::DONE;
            }
        }
    }

    fn guest(write: bool) -> GuestMemory {
        let bytes = (0..15 * 4096u32).map(|i| (i / 4096) as u8).collect();
        let place = |start, size, address| (MemoryRange { start: PhysAddr::new(start), size }, Place { address, file: None });
        // The second piece lies before the first one in the process.
        let places =
            RunMap::build([place(0, 0x2000, 0x12000), place(0x4000, 0x2000, 0x10000), place(0x8000, 0x1000, 0x1f000)], further);
        let process = Arc::new(Process(Mutex::new(bytes)));
        GuestMemory { places, process, files: [].into(), live: true, write, _pause: None }
    }

    fn read(g: &GuestMemory, at: umem, len: usize) -> (Status, Vec<u8>) {
        let mut buf = vec![0xff; len];
        let mut ops = [PhysReadOp::new(PhysAddr::new(at), &mut buf)];
        g.read((&mut ops[..]).into());
        let status = ops[0].status;
        (status, buf)
    }

    #[test]
    fn operations_are_split_where_pieces_end() {
        let g = guest(false);
        assert_eq!(read(&g, 0xfff, 2), (Status::DONE, vec![2, 3]));
        assert_eq!(read(&g, 0x4fff, 2), (Status::DONE, vec![0, 1]));
        let (status, bytes) = read(&g, 0x1000, 0x4000);
        assert_eq!((status, bytes[0], bytes[0x1000], bytes[0x2fff], bytes[0x3000]), (Status::PARTIAL, 3, 0, 0, 0));
        assert_eq!(read(&g, 0x2000, 2), (Status::MISSING, vec![0, 0]));
        assert_eq!(read(&g, 0x8000, 2), (Status::MISSING, vec![0, 0]));
        assert_eq!(read(&g, umem::MAX, 3), (Status::MISSING, vec![0, 0, 0]));
        assert_eq!(read(&g, 0, 0).0, Status::DONE);
        assert_eq!((g.metadata().size, g.metadata().max_address), (0x5000, PhysAddr::new(0x8fff)));
    }

    #[test]
    fn writes_only_where_that_was_asked_for() {
        let data = [7u8; 2];
        for write in [false, true] {
            let g = guest(write);
            let mut ops = [VirtOps::op(0x1fff, &data), VirtOps::op(0x4000, &data)];
            g.write((&mut ops[..]).into());
            let got = (ops[0].status, ops[1].status, read(&g, 0x4000, 1).1[0]);
            assert_eq!(got, if write { (Status::PARTIAL, Status::DONE, 7) } else { (Status::READ_ONLY, Status::READ_ONLY, 0) });
        }
    }

    struct VirtOps;

    impl VirtOps {
        fn op(at: umem, data: &[u8]) -> PhysWriteOp<'_> {
            PhysWriteOp::new(PhysAddr::new(at), data)
        }
    }
}
