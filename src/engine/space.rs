//! A physical memory seen through page tables.

use super::cache::TranslationCache;
use super::entry::half;
use super::explain::{Explanation, exact, explain, translation};
use super::fault::{Fault, FaultReason};
use super::flat::Flat;
use super::linear::LinearMap;
use super::mapped::{Load, Mapped};
use super::memory::Memory;
use super::num::{index, to_u64, to_umem};
use super::pager::{Pager, Said};
use super::remote::{self, number};
use super::resolver::{Resolver, System, Unmapped};
use super::shared::Filler;
use super::software::Software;
use super::spans::{Merge, PageRun, Spans, Walked, budget, root_visits};
use super::view::ViewExt;
use super::walk::{Memo, Page, walk, walk_memo, walk_split};
use crate::arch::{Arch, PageFormat, Paging, typed, typed::Format, with_format};
use memsh_plugin::{
    CSliceMut, MemoryView, PhysAddr, PhysReadOp, Status, TranslateOp, Translation, ViewMetadata, VirtAddr, VirtReadOp,
    VirtWriteOp, umem,
};
use std::ops::ControlFlow;
use std::sync::Arc;

/// An address space: physical memory, a page-table format and a root. Cheap to clone.
#[derive(Clone)]
pub struct AddressSpace {
    memory: Memory,
    paging: Paging,
    lower: u64,
    upper: u64,
    software: Software,
    /// Only over memory that costs per access.
    cache: Option<Arc<TranslationCache>>,
    /// For pages that are in no frame.
    pager: Option<Arc<dyn Pager>>,
    /// For entries that only the system's structures explain.
    resolver: Option<Arc<dyn Resolver>>,
    /// For addresses whose page tables are not in the image.
    linear: Option<Arc<dyn LinearMap>>,
    /// In place of page tables. The walk that is written out in place does not ask: a flat space never has its format.
    flat: Option<Arc<Flat>>,
}

impl AddressSpace {
    /// The space below the table at `root`. Bits of `root` that can't be part of an address (PCID, ASID) are ignored.
    pub fn new(memory: Memory, paging: Paging, root: PhysAddr) -> Self {
        let root = to_u64(root.value()).unwrap_or(0) & paging.format().root_mask;
        let cache = memory.mapped().is_none().then(|| Arc::new(TranslationCache::new()));
        let (software, pager, resolver, linear) = (Software::None, None, None, None);
        Self { memory, paging, lower: root, upper: root, software, cache, pager, resolver, linear, flat: None }
    }

    /// A space without page tables, of a processor of this architecture.
    pub fn flat(memory: Memory, arch: Arch, flat: Flat) -> Self {
        let space = Self::new(memory, Flat::stand_in(arch), PhysAddr::NULL);
        Self { flat: Some(Arc::new(flat)), ..space }
    }

    /// Whether the space has no page tables: addresses are their own places.
    pub fn is_flat(&self) -> bool {
        self.flat.is_some()
    }

    /// The same with another root for the upper half (AArch64's TTBR1).
    #[must_use]
    pub fn with_upper_root(mut self, root: PhysAddr) -> Self {
        self.upper = to_u64(root.value()).unwrap_or(0) & self.format().root_mask;
        self
    }

    /// The same, with the system's own meaning of invalid entries.
    #[must_use]
    pub fn with_software(mut self, software: Software) -> Self {
        if self.software != software {
            // What the other meaning cached does not hold for this one.
            self.cache = self.memory.mapped().is_none().then(|| Arc::new(TranslationCache::new()));
            self.software = software;
        }
        self
    }

    /// The same memory below two roots, the lower half's and the upper half's, in a format that has two.
    #[must_use]
    pub fn with_roots(&self, paging: Paging, lower: PhysAddr, upper: PhysAddr) -> Self {
        Self { paging, ..self.with_root(lower) }.with_upper_root(upper)
    }

    /// The same, with somebody who knows where pages lie that are in no frame. They are read; they still have no translation.
    #[must_use]
    pub fn with_pager(mut self, pager: Arc<dyn Pager>) -> Self {
        self.pager = Some(pager);
        self
    }

    /// The same, with somebody who knows pages by more than page tables.
    #[must_use]
    pub fn with_resolver(mut self, resolver: Arc<dyn Resolver>) -> Self {
        self.cache = self.memory.mapped().is_none().then(|| Arc::new(TranslationCache::new()));
        self.resolver = Some(resolver);
        self
    }

    /// The same, with somebody who knows what the system maps in one piece, for page tables that are not in the image.
    #[must_use]
    pub fn with_linear(mut self, linear: Arc<dyn LinearMap>) -> Self {
        self.linear = Some(linear);
        self
    }

    /// The same by page tables alone.
    #[must_use]
    pub fn without_linear(&self) -> Self {
        Self { linear: None, ..self.clone() }
    }

    /// Who knows what the system maps in one piece.
    pub fn linear(&self) -> Option<&dyn LinearMap> {
        self.linear.as_deref()
    }

    /// What the system means by entries that the processor does not take.
    fn system(&self) -> System<'_> {
        let (resolver, linear) = (self.resolver.as_deref(), self.linear.as_deref());
        System { software: self.software, memory: &self.memory, resolver, linear, root: self.lower }
    }

    /// Fills `piece`, which lies in the page of `va`, from where the pager has it.
    #[cold]
    fn paged(&self, va: u64, piece: &mut [u8]) -> bool {
        let Some(Ok((page, _))) = self.paged_page(va) else { return false };
        let from = index(umem::from(va & (self.format().page_size() - 1)));
        match from.and_then(|from| page.get(from..from.checked_add(piece.len())?)) {
            Some(bytes) => {
                piece.copy_from_slice(bytes);
                true
            }
            None => false,
        }
    }

    /// The page of `va` as the system would make it or the pager has it, and what is said of it; none where neither has anything to say.
    fn paged_page(&self, va: u64) -> Option<Result<(Vec<u8>, Said), Said>> {
        if self.pager.is_none() && self.resolver.is_none() {
            return None;
        }
        let addr = VirtAddr::new(umem::from(va));
        let fault = self.slow(addr).err()?;
        let mut page = vec![0; index(umem::from(self.format().page_size()))?];
        if fault.reason == FaultReason::DemandZero && fault.via.is_none() {
            let asked = Unmapped { root: PhysAddr::new(umem::from(self.lower)), addr, entry: fault.entry.unwrap_or(0) };
            if self.resolver.as_ref().is_some_and(|r| r.zeros(&asked)) {
                return Some(Ok((page, "zeros: nothing was written to it yet".into())));
            }
        }
        match self.pager.as_ref()?.fill(fault.reason, &mut page) {
            Ok(said) => Some(Ok((page, said))),
            Err(said) if said.is_empty() => None,
            Err(said) => Some(Err(said)),
        }
    }

    /// Of a page that is in no frame: where its content is read from, or why it can't be had. None where it is in a frame, or nothing is
    /// known of it beyond its fault.
    pub fn elsewhere(&self, va: VirtAddr) -> Option<Result<Said, Said>> {
        Some(self.paged_page(to_u64(va.value())?)?.map(|(_, said)| said))
    }

    /// How entries that are not valid are understood.
    pub fn software(&self) -> Software {
        self.software
    }

    /// The same memory and format below another root: another process.
    #[must_use]
    pub fn with_root(&self, root: PhysAddr) -> Self {
        let root = to_u64(root.value()).unwrap_or(0) & self.format().root_mask;
        let upper = match self.format().split {
            crate::arch::SplitRoots::Yes => self.upper,
            crate::arch::SplitRoots::No => root,
        };
        Self { lower: root, upper, ..self.clone() }
    }

    /// The physical memory.
    pub fn memory(&self) -> &Memory {
        &self.memory
    }

    /// The page-table format's name.
    pub fn paging(&self) -> Paging {
        self.paging
    }

    /// The page-table format.
    pub fn format(&self) -> &'static PageFormat {
        self.paging.format()
    }

    /// Physical address of the root table (of the lower half, where there are two).
    pub fn root(&self) -> PhysAddr {
        PhysAddr::new(umem::from(self.lower))
    }

    /// Physical address of the upper half's root table.
    pub fn upper_root(&self) -> PhysAddr {
        PhysAddr::new(umem::from(self.upper))
    }

    /// Where `va` lies.
    ///
    /// # Errors
    /// A [`Fault`] that says at which level the walk ended, and why.
    #[inline]
    pub fn translate_one(&self, va: VirtAddr) -> Result<Translation, Box<Fault>> {
        match self.page(number(va)) {
            Some(page) => Ok(exact(&page)),
            None => self.translate_other(va),
        }
    }

    /// The page of `va`, where the most frequent format finds it in the largest run of memory: the walk that is written out in
    /// place. Everything else is a call away, and must not share its way back with this one.
    #[inline(always)]
    fn page(&self, va: u64) -> Option<Page> {
        let (Some(m), Paging::X86_64) = (self.memory.mapped(), self.paging) else { return None };
        half(&typed::X86_64::F, va)?;
        walk(&typed::X86_64::F, m.window(), self.lower, va, &mut { Memo::EMPTY })
    }

    #[cold]
    #[inline(never)]
    fn translate_other(&self, va: VirtAddr) -> Result<Translation, Box<Fault>> {
        let number = number(va);
        if let Some(flat) = &self.flat {
            return flat.explain(va).outcome.map_err(Box::new);
        }
        let page = match self.memory.mapped() {
            Some(m) => with_format!(self.paging, F => mapped_page(&F::F, m, (self.lower, self.upper), number)),
            None => self.remote_pages(&[number]).pop().flatten(),
        };
        match page {
            Some(page) => Ok(translation(&page, number)),
            None => self.slow(va),
        }
    }

    /// Where `va` lies by the slow walk, which knows the system's own bits and the reason of a failure.
    #[cold]
    #[inline(never)]
    fn slow(&self, va: VirtAddr) -> Result<Translation, Box<Fault>> {
        self.explain(va).outcome.map_err(Box::new)
    }

    /// A 64-bit number in the target's byte order: the same as [`ViewExt::read_u64`], without its detours.
    ///
    /// # Errors
    /// [`ErrorKind::Unreadable`](crate::ErrorKind::Unreadable) when a byte is missing.
    #[inline]
    pub fn read_u64(&self, va: VirtAddr) -> crate::Result<u64> {
        let at = number(va);
        if let Some(m) = self.memory.mapped()
            && let Some(page) = self.page(at)
            && at & ((1 << page.shift) - 1) <= (1 << page.shift) - 8
            && let Some(value) = m.window().word64(umem::from(page.base))
        {
            return Ok(value);
        }
        ViewExt::read_u64(self, va)
    }

    /// The address without what AArch64 keeps in the bits that are not translated ([`PageFormat::plain`]).
    #[must_use]
    pub fn plain(&self, va: VirtAddr) -> VirtAddr {
        to_u64(va.value()).map_or(va, |n| VirtAddr::new(umem::from(self.format().plain(n))))
    }

    /// Every step of the walk for `va`.
    pub fn explain(&self, va: VirtAddr) -> Explanation {
        if let Some(flat) = &self.flat {
            return flat.explain(va);
        }
        explain(self.format(), &self.system(), (self.lower, self.upper), va)
    }

    /// Translates a batch. Neighbours in the slice share their walk; over memory that costs per access all of them go down
    /// together, level by level.
    pub fn translate_batch(&self, ops: &mut [TranslateOp]) {
        if let Some(flat) = &self.flat {
            for op in ops {
                let page = flat.page(number(op.addr));
                answer(op, page);
            }
            return;
        }
        match self.memory.mapped() {
            Some(m) => with_format!(self.paging, F => mapped_batch(&F::F, m, (self.lower, self.upper), ops)),
            None => {
                // This way knows the system's own bits itself.
                let vas: Vec<u64> = ops.iter().map(|op| number(op.addr)).collect();
                for (op, page) in ops.iter_mut().zip(self.remote_pages(&vas)) {
                    answer(op, page);
                }
                return;
            }
        }
        if self.software != Software::None || self.linear.is_some() {
            for op in ops.iter_mut().filter(|op| !op.status.is_done()) {
                if let Ok(t) = self.slow(op.addr) {
                    (op.translation, op.status) = (t, Status::DONE);
                }
            }
        }
    }

    fn remote_pages(&self, vas: &[u64]) -> Vec<Option<Page>> {
        let f = self.format();
        let roots = (self.lower, self.upper);
        let mut missed = Vec::new();
        let Some(cache) = &self.cache else {
            let mut out = remote::translate(f, &self.system(), roots, vas, &mut missed);
            self.computed(&mut out, missed.into_iter().filter_map(|i| Some((i, *vas.get(i)?))));
            return out;
        };
        let epoch = self.memory.epoch();
        let shifts: Vec<u32> = f.used_levels().iter().rev().map(|l| l.shift).collect();
        let root_of = |va: u64| if half(f, va) == Some(true) { roots.1 } else { roots.0 };
        let mut out: Vec<Option<Page>> = vas.iter().map(|&va| cache.get(epoch, root_of(va), va, &shifts)).collect();
        let unknown: Vec<(usize, u64)> =
            vas.iter().enumerate().filter(|(i, _)| out.get(*i).is_some_and(Option::is_none)).map(|(i, &va)| (i, va)).collect();
        let asked: Vec<u64> = unknown.iter().map(|&(_, va)| va).collect();
        let pages = remote::translate(f, &self.system(), roots, &asked, &mut missed);
        for (&(i, va), page) in unknown.iter().zip(pages) {
            if let (Some(page), Some(slot)) = (page, out.get_mut(i)) {
                // A page that several entries map together is kept for the one that was looked at.
                let shift = if shifts.contains(&page.shift) { page.shift } else { f.page_shift() };
                cache.put(epoch, root_of(va), va, shift, page);
                *slot = Some(page);
            }
        }
        self.computed(&mut out, missed.into_iter().filter_map(|i| unknown.get(i).copied()));
        if self.resolver.is_some() {
            // Entries of zeros: there is none to ask about on the way down.
            for (slot, &va) in out.iter_mut().zip(vas).filter(|(slot, _)| slot.is_none()) {
                *slot = self.resident(va);
            }
        }
        out
    }

    /// Fills in those of `out` that led to a table which can't be read (their place in `out`, the address) and follow from a rule.
    fn computed(&self, out: &mut [Option<Page>], missed: impl Iterator<Item = (usize, u64)>) {
        if self.linear.is_none() {
            return;
        }
        for (i, va) in missed {
            if let Some(slot) = out.get_mut(i) {
                *slot = self.resident(va);
            }
        }
    }

    /// Every mapping that touches `start..=last`, ascending, cut to that range, in groups of merged runs.
    pub fn runs(&self, start: VirtAddr, last: VirtAddr, sink: &mut dyn FnMut(&[PageRun]) -> ControlFlow<()>) -> Walked {
        self.runs_within(u64::MAX, start, last, sink)
    }

    /// [`runs`](Self::runs) of no more than `tables` page tables, for tables that may be none: what lies below the others is left out,
    /// and [`Walked::cut`] says so.
    pub fn runs_within(
        &self,
        tables: u64,
        start: VirtAddr,
        last: VirtAddr,
        sink: &mut dyn FnMut(&[PageRun]) -> ControlFlow<()>,
    ) -> Walked {
        match (&self.flat, &self.resolver) {
            (Some(flat), _) => flat.runs(start, last, sink),
            (None, Some(resolver)) => {
                let mut filler = Filler::new(self, &**resolver, start, last);
                let walked = self.table_runs(tables, start, last, &mut |group| filler.group(group, sink));
                filler.finish(walked, sink)
            }
            (None, None) => self.table_runs(tables, start, last, sink),
        }
    }

    /// The mappings that have entries.
    fn table_runs(
        &self,
        tables: u64,
        start: VirtAddr,
        last: VirtAddr,
        sink: &mut dyn FnMut(&[PageRun]) -> ControlFlow<()>,
    ) -> Walked {
        let Some(first) = to_u64(start.value()).filter(|_| start <= last) else { return Walked::default() };
        let range = (first, to_u64(last.value()).unwrap_or(u64::MAX));
        let merge = Merge::new(range.0, range.1, sink);
        let roots = (self.lower, self.upper);
        let budget = budget(self.memory.metadata().size).min(tables);
        match self.memory.mapped() {
            Some(mapped) => {
                let mut spans = Spans { mapped, system: self.system(), merge, walked: Walked::default(), budget };
                with_format!(self.paging, F => mapped_spans::<F>(&mut spans, roots, range));
                let stopped = spans.merge.finish();
                Walked { cut: spans.walked.cut || stopped, ..spans.walked }
            }
            None => remote::spans(self.format(), self.system(), roots, (range, budget), merge),
        }
    }

    /// Every mapping of the whole space, as [`runs`](Self::runs).
    pub fn all_runs(&self, sink: &mut dyn FnMut(&[PageRun]) -> ControlFlow<()>) -> Walked {
        self.runs(VirtAddr::NULL, VirtAddr::new(umem::from(u64::MAX)), sink)
    }

    /// Reads one operation over mapped memory.
    #[inline(always)]
    fn read_mapped(&self, f: &PageFormat, m: &Mapped, memo: &mut Memo, op: &mut VirtReadOp) {
        let mut at = number(op.addr);
        let mut rest: &mut [u8] = &mut op.buf;
        let (mut some, mut all) = (false, true);
        // Where frames are scattered, each page's first line is a miss that nothing foresees: those of a few pages ahead are asked
        // for together.
        let mut ahead = [None; AHEAD];
        let mut known = 0;
        let page_size = f.page_size();
        let mut next = 0;
        while !rest.is_empty() {
            if next == known {
                (next, known) = (0, 1 + (rest.len() >> f.page_shift()).min(AHEAD - 1));
                let first = at & !(page_size - 1);
                for (slot, va) in ahead.iter_mut().zip((0u64..).map(|i| first.wrapping_add(i * page_size))).take(known) {
                    *slot = self.page_at(f, m, memo, va);
                    if let Some(page) = slot.filter(|_| known > 1) {
                        m.touch(umem::from(page.base));
                    }
                }
            }
            let page = ahead.get(next).copied().flatten();
            next += 1;
            let left = page_size - (at & (page_size - 1));
            let n = index(umem::from(left)).unwrap_or(rest.len()).min(rest.len());
            let (piece, tail) = rest.split_at_mut(n);
            match page {
                Some(page) => {
                    let whole = m.read(PhysAddr::new(umem::from(page.address(at))), piece);
                    all &= whole;
                    some |= whole || m.touches(umem::from(page.address(at)), to_umem(n));
                }
                None if self.paged(at, piece) => some = true,
                None => {
                    piece.fill(0);
                    all = false;
                }
            }
            at = at.wrapping_add(to_u64(to_umem(n)).unwrap_or(0));
            rest = tail;
        }
        op.status = outcome(some, all);
    }

    /// The page of `va` by whatever walk finds it.
    #[inline(always)]
    fn page_at(&self, f: &PageFormat, m: &Mapped, memo: &mut Memo, va: u64) -> Option<Page> {
        let root = if half(f, va)? { self.upper } else { self.lower };
        walk_memo(f, m.window(), root, va, memo).or_else(|| elsewhere(f, m, root, va)).or_else(|| self.resident(va))
    }

    /// A page that only the system's own bits or rules know.
    #[cold]
    fn resident(&self, va: u64) -> Option<Page> {
        if self.software == Software::None && self.linear.is_none() {
            return None;
        }
        let t = self.slow(VirtAddr::new(umem::from(va))).ok()?;
        let base = to_u64(t.phys.align_down(t.page_size()).value())?;
        Some(Page { base, shift: u32::from(t.page_shift), perm: t.perm })
    }

    /// Reads a batch over memory that costs per access: one translation and one physical batch for all.
    fn read_remote(&self, ops: &mut [VirtReadOp]) {
        let page_size = self.format().page_size();
        let mut vas = Vec::new();
        for op in ops.iter() {
            let len = to_u64(to_umem(op.buf.len())).unwrap_or(0);
            let first = number(op.addr) & !(page_size - 1);
            let last = number(op.addr).wrapping_add(len.saturating_sub(1)) & !(page_size - 1);
            let mut at = first;
            loop {
                vas.push(at);
                if at == last || len == 0 {
                    break;
                }
                at = at.wrapping_add(page_size);
            }
        }
        let mut pages = self.remote_pages(&vas).into_iter().zip(&vas);
        let mut pieces: Vec<PhysReadOp> = Vec::new();
        // Which operation a piece belongs to, and how it ended where that is known without a read.
        let mut owners: Vec<(usize, Option<Status>)> = Vec::new();
        for (i, op) in ops.iter_mut().enumerate() {
            let mut at = number(op.addr);
            let mut rest: &mut [u8] = &mut op.buf;
            if rest.is_empty() {
                pages.next();
            }
            while !rest.is_empty() {
                let n = index(umem::from(page_size - (at & (page_size - 1)))).unwrap_or(rest.len()).min(rest.len());
                let (piece, tail) = rest.split_at_mut(n);
                match pages.next() {
                    Some((Some(page), _)) => {
                        pieces.push(PhysReadOp::new(PhysAddr::new(umem::from(page.address(at))), piece));
                        owners.push((i, None));
                    }
                    _ if self.paged(at, piece) => owners.push((i, Some(Status::DONE))),
                    _ => {
                        piece.fill(0);
                        owners.push((i, Some(Status::MISSING)));
                    }
                }
                at = at.wrapping_add(to_u64(to_umem(n)).unwrap_or(0));
                rest = tail;
            }
        }
        self.memory.read_ops(&mut pieces);
        let ends: Vec<Status> = pieces.iter().map(|p| p.status).collect();
        drop(pieces);
        let mut ends = ends.into_iter();
        let mut states = vec![(false, true); ops.len()];
        for (i, end) in owners {
            let end = end.unwrap_or_else(|| ends.next().unwrap_or(Status::FAILED));
            if let Some((some, all)) = states.get_mut(i) {
                *some |= matches!(end, Status::DONE | Status::PARTIAL);
                *all &= end.is_done();
            }
        }
        for (op, (some, all)) in ops.iter_mut().zip(states) {
            op.status = outcome(some, all);
        }
    }
}

fn outcome(some: bool, all: bool) -> Status {
    match (some, all) {
        (_, true) => Status::DONE,
        (true, false) => Status::PARTIAL,
        (false, false) => Status::MISSING,
    }
}

#[inline(always)]
fn mapped_page(f: &PageFormat, m: &Mapped, roots: (u64, u64), va: u64) -> Option<Page> {
    let root = if half(f, va)? { roots.1 } else { roots.0 };
    walk(f, m.window(), root, va, &mut { Memo::EMPTY }).or_else(|| elsewhere(f, m, root, va))
}

/// What the largest run of memory did not answer, from the others.
#[inline(always)]
fn elsewhere(f: &PageFormat, m: &Mapped, root: u64, va: u64) -> Option<Page> {
    if m.is_split() { walk_split(f, m, root, va) } else { None }
}

#[inline(always)]
fn answer(op: &mut TranslateOp, page: Option<Page>) {
    match page {
        Some(page) => {
            op.translation = translation(&page, number(op.addr));
            op.status = Status::DONE;
        }
        None => op.status = Status::MISSING,
    }
}

/// How many pages a long read translates before it copies the first of them.
const AHEAD: usize = 16;

/// How many neighbours decide whether a batch is worth a memo.
const PROBE: usize = 16;

#[inline(always)]
fn mapped_batch(f: &PageFormat, m: &Mapped, roots: (u64, u64), ops: &mut [TranslateOp]) {
    // A last-level table of 512 entries, or the like: what neighbours share when the batch is sorted, and random ones do not.
    let shift = f.page_shift() + 9;
    let near = |a: &TranslateOp, b: &TranslateOp| number(a.addr) >> shift == number(b.addr) >> shift;
    let close = ops.iter().zip(ops.iter().skip(1)).take(PROBE).filter(|(a, b)| near(a, b)).count();
    if close * 4 < ops.len().min(PROBE) {
        each::<false>(f, m, roots, ops);
    } else {
        each::<true>(f, m, roots, ops);
    }
}

#[inline(always)]
fn each<const MEMO: bool>(f: &PageFormat, m: &Mapped, roots: (u64, u64), ops: &mut [TranslateOp]) {
    let window = m.window();
    let mut memo = Memo::EMPTY;
    for op in ops {
        let va = number(op.addr);
        let Some(upper) = half(f, va) else {
            op.status = Status::MISSING;
            continue;
        };
        let root = if upper { roots.1 } else { roots.0 };
        let page = match MEMO {
            true => walk_memo(f, window, root, va, &mut memo),
            false => walk(f, window, root, va, &mut { Memo::EMPTY }),
        };
        match page {
            Some(page) => {
                op.translation = exact(&page);
                op.status = Status::DONE;
            }
            None => batch_other(f, m, roots, op),
        }
    }
}

/// What the walk over the largest run did not find. Apart, so that its result does not pass through memory on the way there.
#[cold]
#[inline(never)]
fn batch_other(f: &PageFormat, m: &Mapped, roots: (u64, u64), op: &mut TranslateOp) {
    let va = number(op.addr);
    let page = half(f, va).and_then(|upper| elsewhere(f, m, if upper { roots.1 } else { roots.0 }, va));
    answer(op, page);
}

#[inline(always)]
fn mapped_spans<F: Format>(spans: &mut Spans<'_, '_>, roots: (u64, u64), (start, last): (u64, u64)) {
    for v in root_visits(&F::F, roots, start, last) {
        spans.visit::<F>(0, v);
    }
}

impl MemoryView for AddressSpace {
    fn view_metadata(&self) -> ViewMetadata {
        let f = self.format();
        ViewMetadata {
            pointer_size: self.flat.as_ref().map_or(f.pointer_size(), |flat| flat.pointer_size),
            little_endian: self.flat.as_ref().is_none_or(|flat| !flat.big_endian),
            page_size: umem::from(f.page_size()),
            root: PhysAddr::new(umem::from(self.lower)),
        }
    }

    fn read_virt(&self, ops: CSliceMut<VirtReadOp>) {
        let mut ops = ops;
        if self.flat.is_some() {
            let mut direct: Vec<PhysReadOp> =
                ops.iter_mut().map(|op| PhysReadOp::new(PhysAddr::new(op.addr.value()), &mut op.buf)).collect();
            self.memory.read_ops(&mut direct);
            let ends: Vec<Status> = direct.iter().map(|op| op.status).collect();
            drop(direct);
            for (op, end) in ops.iter_mut().zip(ends) {
                op.status = end;
            }
            return;
        }
        match self.memory.mapped() {
            Some(m) => with_format!(self.paging, F => {
                let mut memo = Memo::EMPTY;
                for op in ops.iter_mut() {
                    self.read_mapped(&F::F, m, &mut memo, op);
                }
            }),
            None => self.read_remote(&mut ops),
        }
    }

    fn write_virt(&self, ops: CSliceMut<VirtWriteOp>) {
        let mut ops = ops;
        ops.iter_mut().for_each(|op| self.write_op(op));
    }

    fn translate(&self, ops: CSliceMut<TranslateOp>) {
        let mut ops = ops;
        self.translate_batch(&mut ops);
    }
}

impl From<Box<Fault>> for crate::Error {
    fn from(fault: Box<Fault>) -> Self {
        (*fault).into()
    }
}

impl From<Fault> for crate::Error {
    fn from(fault: Fault) -> Self {
        let kind = match fault.reason {
            FaultReason::NonCanonical => crate::ErrorKind::Invalid,
            _ => crate::ErrorKind::Unreadable,
        };
        crate::Error::new(crate::Layer::Virtual, kind, fault.to_string())
    }
}
