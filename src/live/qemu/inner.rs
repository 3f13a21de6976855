//! A guest inside a memory that does not change: an image of the machine that ran QEMU.
//!
//! Where its pages lie in that image does not change either. So they are looked up once, and the guest is as fast as the image: pieces of its
//! memory are pieces of the image.

use super::guest::Place;
use crate::engine::{AddressSpace, Memory, RunMap, to_u64};
use memsh_plugin::{
    CSliceMut, CVec, MappedRun, MemoryMetadata, MemoryRange, PhysAddr, PhysReadOp, PhysicalMemory, Status, VirtAddr, umem,
};
use std::ops::ControlFlow;

/// Memory of a guest, page by page in the memory of another machine.
pub(super) struct InnerMemory {
    outer: Memory,
    /// Guest-physical range, and where it lies in the outer machine.
    runs: RunMap<PhysAddr>,
}

impl InnerMemory {
    /// The guest whose memory lies at `places` of a process's address space `space`; none where pages of it are elsewhere than in frames
    /// (in a swap area), and the process must be asked for them.
    pub(super) fn new(space: &AddressSpace, places: &RunMap<Place>) -> Option<Self> {
        let mut claims: Vec<(MemoryRange, PhysAddr)> = Vec::new();
        for (range, place) in places.iter() {
            let first = VirtAddr::new(umem::from(place.address));
            let last = first.checked_add(range.size.checked_sub(1)?)?;
            let guest = |virt: VirtAddr| range.start.saturating_add(virt.value().saturating_sub(first.value()));
            let mut next = first;
            let mut gaps: Vec<(VirtAddr, VirtAddr)> = Vec::new();
            space.runs(first, last, &mut |group| {
                for run in group {
                    if run.virt > next {
                        gaps.push((next, run.virt));
                    }
                    next = run.virt.saturating_add(run.size);
                    match claims.last_mut() {
                        // One run for what lies side by side in both.
                        Some((r, p))
                            if r.start.checked_add(r.size) == Some(guest(run.virt))
                                && p.checked_add(r.size) == Some(run.phys) =>
                        {
                            r.size += run.size;
                        }
                        _ => claims.push((MemoryRange { start: guest(run.virt), size: run.size }, run.phys)),
                    }
                }
                ControlFlow::Continue(())
            });
            if next <= last {
                gaps.push((next, last.saturating_add(1)));
            }
            if gaps.into_iter().any(|gap| has_paged(space, gap)) {
                return None;
            }
        }
        let runs = RunMap::build(inside(space.memory(), claims), |phys, skip| phys.saturating_add(skip));
        Some(Self { outer: space.memory().clone(), runs })
    }

    /// Bytes that are in frames.
    pub(super) fn bytes(&self) -> umem {
        self.runs.bytes()
    }
}

/// Of a gap so many pages are looked at, and of what follows one in [`SOME`]: a machine of which little was ever used has gaps of many GiB.
const EVERY: u32 = 1 << 16;
const SOME: umem = 64;

/// Whether a page between two addresses is held elsewhere than in a frame.
fn has_paged(space: &AddressSpace, (from, to): (VirtAddr, VirtAddr)) -> bool {
    let page = umem::from(space.format().page_size()).max(1);
    let (mut at, mut looked) = (from, 0u32);
    while at < to {
        if matches!(space.elsewhere(at), Some(Ok(_))) {
            return true;
        }
        looked = looked.saturating_add(1);
        let step = if looked < EVERY { page } else { page * SOME };
        let Some(next) = at.checked_add(step) else { break };
        at = next;
    }
    false
}

/// What of the claims the outer memory has.
fn inside(outer: &Memory, claims: Vec<(MemoryRange, PhysAddr)>) -> Vec<(MemoryRange, PhysAddr)> {
    let mut out = Vec::with_capacity(claims.len());
    for (range, phys) in claims {
        let last = phys.saturating_add(range.size.saturating_sub(1));
        for held in outer.ranges() {
            let (first, end) = (held.start, held.start.saturating_add(held.size.saturating_sub(1)));
            let (from, to) = (first.max(phys), end.min(last));
            if from <= to {
                let skip = from.value() - phys.value();
                out.push((MemoryRange { start: range.start.saturating_add(skip), size: to.value() - from.value() + 1 }, from));
            }
        }
    }
    out
}

impl PhysicalMemory for InnerMemory {
    fn metadata(&self) -> MemoryMetadata {
        MemoryMetadata { size: self.runs.bytes(), max_address: self.runs.last(), ..self.outer.metadata() }
    }

    fn ranges(&self) -> CVec<MemoryRange> {
        self.runs.joined().into()
    }

    fn read(&self, ops: CSliceMut<PhysReadOp>) {
        let mut ops = ops;
        let mut asked: Vec<PhysReadOp> = Vec::with_capacity(ops.len());
        let mut whose: Vec<usize> = Vec::with_capacity(ops.len());
        let mut outcomes = vec![(false, true); ops.len()];
        for (i, op) in ops.iter_mut().enumerate() {
            let mut at = op.addr;
            let mut rest: &mut [u8] = &mut op.buf;
            while !rest.is_empty() {
                let (left, place) = match self.runs.find(at) {
                    Some((range, phys, skip)) => (range.size - skip, Some(phys.saturating_add(skip))),
                    None => (self.runs.next_from(at).map_or(umem::MAX, |r| r.start.value() - at.value()), None),
                };
                let n = crate::engine::index(left).unwrap_or(usize::MAX).clamp(1, rest.len());
                let (buf, tail) = std::mem::take(&mut rest).split_at_mut(n);
                rest = tail;
                at = at.saturating_add(crate::engine::to_umem(n));
                match place {
                    Some(phys) => {
                        asked.push(PhysReadOp::new(phys, buf));
                        whose.push(i);
                    }
                    None => {
                        buf.fill(0);
                        if let Some(o) = outcomes.get_mut(i) {
                            o.1 = false;
                        }
                    }
                }
            }
        }
        self.outer.read_ops(&mut asked);
        for (op, i) in asked.iter().zip(whose) {
            if let Some((some, all)) = outcomes.get_mut(i) {
                *some |= matches!(op.status, Status::DONE | Status::PARTIAL);
                *all &= op.status.is_done();
            }
        }
        drop(asked);
        for (op, outcome) in ops.iter_mut().zip(outcomes) {
            op.status = match outcome {
                (_, true) => Status::DONE,
                (true, false) => Status::PARTIAL,
                (false, false) => Status::MISSING,
            };
        }
    }

    fn mapped_runs(&self) -> CVec<MappedRun<'_>> {
        let Some(mapped) = self.outer.mapped() else { return Vec::new().into() };
        let mut out: Vec<MappedRun<'_>> = Vec::with_capacity(self.runs.len());
        for (range, phys) in self.runs.iter() {
            // A run of the guest may reach over two of the outer machine, which lie apart here.
            let mut done: umem = 0;
            while done < range.size {
                let left = range.size - done;
                let at = phys.saturating_add(done);
                let whole = crate::engine::index(left).and_then(|n| mapped.slice(at, n));
                let piece = whole.or_else(|| largest(mapped, at, left));
                let Some(bytes) = piece else { return Vec::new().into() };
                out.push(MappedRun { start: range.start.saturating_add(done), data: bytes.into() });
                done = done.saturating_add(crate::engine::to_umem(bytes.len()));
            }
        }
        out.into()
    }
}

/// As many whole pages at `at`, up to `left` bytes, as lie in one piece here.
fn largest(mapped: &crate::engine::mapped::Mapped, at: PhysAddr, left: umem) -> Option<&[u8]> {
    let (mut fits, mut too_many) = (0, to_u64(left)?);
    while too_many - fits > 1 {
        let middle = fits + (too_many - fits) / 2;
        match crate::engine::index(umem::from(middle)).and_then(|n| mapped.slice(at, n)) {
            Some(_) => fits = middle,
            None => too_many = middle,
        }
    }
    mapped.slice(at, crate::engine::index(umem::from(fits))?).filter(|s| !s.is_empty())
}
