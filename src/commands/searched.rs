//! The spaces that a search goes through, shared by `scan` and `strings`.

use super::cells::{number, plain, plain_maybe, wide};
use super::context::Context;
use super::failure::{Failure, Result};
use super::pages::walk;
use super::read::windbg_count;
use super::which::{Whose, missed, open, physical_memory};
use clap::Args;
use memsh::engine::AddressSpace;
use memsh::engine::search::{Options, RunSource, Source, Span, Summary, VirtRun};
use memsh::session::Space;
use memsh::{VirtAddr, umem};
use memsh_plugin::{MemoryRange, Process, ProcessInfo, RegionInfo};
use std::ops::ControlFlow;

/// Where to search.
#[derive(Args, Clone, Debug, Default)]
pub struct Place {
    /// The memory of every process
    #[arg(long, conflicts_with_all = ["process", "kernel", "phys"])]
    all: bool,
    /// Users' memory: of the process that `proc` chose, else of every process
    #[arg(long, conflicts_with_all = ["all", "process", "kernel", "phys"])]
    user: bool,
    /// Only from START to before END (or a count: L1000)
    #[arg(long, num_args = 2, value_names = ["START", "END"])]
    range: Vec<String>,
    /// Stop after so many
    #[arg(long, value_name = "N")]
    pub max: Option<u64>,
    #[command(flatten)]
    whose: Whose,
}

/// A space to search and what is known of it.
pub struct Searched {
    /// The space.
    pub space: Space,
    runs: Option<Vec<VirtRun>>,
    regions: Vec<RegionInfo>,
}

impl Place {
    /// The spaces, in order. Without any choice: physical memory, or the shell's process.
    ///
    /// # Errors
    /// When a process does not exist or no system was found.
    pub fn spaces<'c>(&self, cx: &'c Context) -> Result<Box<dyn Iterator<Item = Space> + 'c>> {
        let session = cx.session()?;
        if self.all || (self.user && cx.current().is_none()) {
            let processes = cx.take(&session.processes()?);
            // One after the other: a live process is held open as long as its space is there.
            let open = |p: ProcessInfo| session.process_space(&p).map_err(|e| missed(cx, &p, "memory", &e)).ok();
            return Ok(Box::new(processes.into_iter().filter(|p| !p.kernel_thread).filter_map(open)));
        }
        Ok(Box::new(std::iter::once(self.one_space(cx)?)))
    }

    fn one_space(&self, cx: &Context) -> Result<Space> {
        let session = cx.session()?;
        if let Some(start) = self.range.first().filter(|s| s.contains(':')) {
            return Ok(self.whose.prefixed(cx, start)?.0);
        }
        if self.whose.is_default() && cx.current().is_none() && !self.is_virtual(cx)? {
            return physical_memory(session);
        }
        self.whose.space(cx)
    }

    /// Whether the range begins beyond physical memory: then it means the kernel's addresses, as everywhere.
    fn is_virtual(&self, cx: &Context) -> Result<bool> {
        let Some(start) = self.range.first() else { return Ok(false) };
        let session = cx.session()?;
        let start = match cx.count(start) {
            Ok(v) => wide(v),
            Err(_) => cx.evaluate(start, session.kernel_space().ok().as_ref())?,
        };
        Ok(session.memory().ranges().iter().all(|r| r.start.value().saturating_add(r.size) <= start))
    }

    /// Only this space.
    pub fn of(whose: Whose) -> Self {
        Self { whose, ..Self::default() }
    }

    /// Narrows the search to a range.
    pub fn within(&mut self, start: &str, end: &str) {
        self.range = vec![start.to_owned(), end.to_owned()];
    }

    /// [`within`](Self::within), of `START..END`.
    ///
    /// # Errors
    /// When it is not that.
    pub fn within_range(&mut self, command: &str, range: &str) -> Result<()> {
        let (start, end) = range.split_once("..").ok_or_else(|| {
            let hint = "text with spaces stands in quotes; a range is START..END".to_owned();
            Failure::Usage(format!("{command}: {range:?} is no range"), Some(hint))
        })?;
        self.within(start, end);
        Ok(())
    }

    /// The part of a space that is asked for.
    ///
    /// # Errors
    /// When the range makes no sense.
    pub fn span(&self, cx: &Context, space: &Space) -> Result<Option<Span>> {
        let [start, end] = self.range.as_slice() else { return Ok(None) };
        let bare = |text: &str| self.whose.prefixed(cx, text).map_or_else(|_| text.to_owned(), |(_, rest)| rest.to_owned());
        let (start, end) = (bare(start), bare(end));
        let start = cx.evaluate(&start, Some(space))?;
        let size = match windbg_count(&end) {
            Some(count) => count.map(wide),
            None => cx.evaluate(&end, Some(space))?.checked_sub(start),
        };
        // WinDbg users write a count that reaches past the top to mean "all".
        let span = size.and_then(|n| Span::new(start, n.min(umem::MAX - start)));
        span.map(Some).ok_or_else(|| Failure::usage("the range is empty or ends before it begins"))
    }

    /// Goes through every space: `search` runs over one, and `found` hears of nothing here.
    ///
    /// # Errors
    /// As the search, and when the user interrupts.
    pub fn each(
        &self,
        cx: &Context,
        task: &str,
        search: &mut dyn FnMut(&Searched, &dyn Source, &Options<'_>) -> Result<Summary>,
    ) -> Result<()> {
        let mut left = self.max;
        for space in self.spaces(cx)? {
            cx.go_on()?;
            let span = self.span(cx, &space)?;
            let searched = Searched::new(cx, space, span);
            // A live process's bytes are in a memory of its own.
            let memory = searched.space.tables().map_or(cx.session()?.memory(), AddressSpace::memory).clone();
            let source = searched.source(&memory, span);
            let total = source.spans().fold(0u64, |sum, s| sum.saturating_add(number(s.bytes())));
            let meter = cx.host().meter(task, total);
            let progress = |done: u64, _: u64| meter.at(done);
            let options = Options { max_hits: left, threads: 0, interrupt: cx.host().interrupt(), progress: &progress };
            let summary = search(&searched, &source, &options)?;
            drop(meter);
            cx.lost_many(number(summary.missing_bytes), "bytes that are mapped and not in the image");
            cx.go_on()?;
            left = left.map(|n| n.saturating_sub(summary.hits));
            if left == Some(0) {
                break;
            }
        }
        Ok(())
    }
}

/// What a space maps and a search goes through, ascending, and how many page tables are missing. None of physical memory.
pub fn mapped(cx: &Context, space: &Space) -> (Vec<VirtRun>, u64) {
    let Some(tables) = space.tables() else { return (Vec::new(), 0) };
    let user_only = space.process().is_some_and(|p| !p.kernel_thread);
    let mut runs = Vec::new();
    let missing = walk(tables, 0, umem::MAX, user_only, &mut |r| {
        runs.push(VirtRun { virt: r.virt.value(), phys: r.phys.value(), size: r.size });
        if cx.go_on().is_err() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    (if tables.is_flat() { within(&runs, tables.memory().data()) } else { runs }, missing)
}

/// The parts of runs of a space without page tables that may hold something else than zeros. Both are ascending.
pub fn within(runs: &[VirtRun], data: &[MemoryRange]) -> Vec<VirtRun> {
    let mut out = Vec::new();
    let mut from = 0;
    for run in runs {
        let end = run.phys.saturating_add(run.size);
        from += data.iter().skip(from).take_while(|d| d.start.value().saturating_add(d.size) <= run.phys).count();
        for d in data.iter().skip(from).take_while(|d| d.start.value() < end) {
            let first = d.start.value().max(run.phys);
            let size = d.start.value().saturating_add(d.size).min(end).saturating_sub(first);
            out.push(VirtRun { virt: run.virt.wrapping_add(first - run.phys), phys: first, size });
        }
    }
    out
}

impl Searched {
    /// What a space has of `span`, now.
    pub fn new(cx: &Context, space: Space, span: Option<Span>) -> Self {
        let whole = span.unwrap_or(Span { first: 0, last: umem::MAX });
        let runs = space.tables().map(|tables| {
            let user_only = space.process().is_some_and(|p| !p.kernel_thread);
            let mut runs = Vec::new();
            let missing = walk(tables, whole.first, whole.last, user_only, &mut |r| {
                runs.push(VirtRun { virt: r.virt.value(), phys: r.phys.value(), size: r.size });
                if cx.go_on().is_err() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
            });
            cx.lost_many(missing, "page tables that are not in the image");
            if tables.is_flat() { within(&runs, tables.memory().data()) } else { runs }
        });
        Self { regions: regions(cx, &space).unwrap_or_default(), space, runs }
    }

    fn source<'m>(&self, memory: &'m memsh::engine::Memory, span: Option<Span>) -> RunSource<'m> {
        match (&self.runs, span) {
            (Some(runs), _) => RunSource::new(memory, runs.iter().copied()),
            (None, None) => RunSource::physical(memory),
            (None, Some(span)) => {
                let parts = memory.ranges().iter().filter_map(|r| Span::new(r.start.value(), r.size)?.meet(span));
                RunSource::new(memory, parts.map(|s| VirtRun { virt: s.first, phys: s.first, size: s.bytes() }))
            }
        }
    }

    /// What there is to search of the space, ascending, by place in its memory.
    pub fn stretches(&self, span: Option<Span>) -> Vec<VirtRun> {
        let ranges = self.space.memory().ranges();
        let within =
            |r: &MemoryRange| Span::new(r.start.value(), r.size)?.meet(span.unwrap_or(Span { first: 0, last: umem::MAX }));
        let in_place = || ranges.iter().filter_map(within).map(|s| VirtRun { virt: s.first, phys: s.first, size: s.bytes() });
        self.runs.clone().unwrap_or_else(|| in_place().collect())
    }

    /// The part of stretches that the process may write to; all of them where nothing is known of that.
    pub fn writable(&self, runs: Vec<VirtRun>) -> Vec<VirtRun> {
        let end = |r: &RegionInfo| r.end.value().checked_sub(1).filter(|last| *last >= r.start.value());
        let writable = self.regions.iter().filter(|r| r.write);
        let spans: Vec<Span> = writable.filter_map(|r| Some(Span { first: r.start.value(), last: end(r)? })).collect();
        if spans.is_empty() { runs } else { memsh::narrow::clipped(&runs, &spans) }
    }

    /// The name of what an address lies in, and how far in.
    pub fn region(&self, cx: &Context, address: umem) -> (Option<String>, Option<u64>) {
        match &self.space {
            Space::Physical(_) => (None, None),
            Space::Kernel(_) => {
                let near = cx.session().ok().and_then(|s| s.symbols().ok()?.near(VirtAddr::new(address)));
                near.map_or((None, None), |(s, d)| (Some(s.name.to_owned()), Some(number(d))))
            }
            Space::Process(..) => {
                let Some(r) = self.region_of(address) else { return (None, None) };
                let name = plain_maybe(&r.path).unwrap_or_else(|| plain(&r.kind));
                (Some(name).filter(|n| !n.is_empty()), Some(number(address - r.start.value())))
            }
        }
    }

    /// The region of a process in which an address lies.
    pub fn region_of(&self, address: umem) -> Option<&RegionInfo> {
        let i = self.regions.partition_point(|r| r.start.value() <= address);
        i.checked_sub(1).and_then(|i| self.regions.get(i)).filter(|r| address < r.end.value())
    }

    /// Where a virtual address lies.
    pub fn physical(&self, address: umem) -> Option<umem> {
        match self.space.tables() {
            Some(tables) => tables.translate_one(VirtAddr::new(address)).ok().map(|t| t.phys.value()),
            None => Some(address),
        }
    }
}

/// The regions of a process, ascending.
pub fn regions(cx: &Context, space: &Space) -> Option<Vec<RegionInfo>> {
    // Physical memory has none, and is searched without looking for a system first.
    let process = space.process()?;
    let os = cx.session().ok()?.os().ok()?.os.as_ref();
    let listing = std::result::Result::from(open(os, process).ok()?.regions()).ok()?;
    let mut regions = listing.items.to_vec();
    regions.sort_by_key(|r| r.start);
    Some(regions)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_are_cut_to_what_may_hold_something() {
        let run = |at, size| VirtRun { virt: at, phys: at, size };
        let data = |start, size| MemoryRange { start: memsh::PhysAddr::new(start), size };
        let cut = within(&[run(10, 10), run(20, 5), run(40, 10)], &[data(0, 12), data(15, 8), data(30, 5), data(45, 100)]);
        let cut: Vec<_> = cut.iter().map(|r| (r.virt, r.phys, r.size)).collect();
        assert_eq!(cut, [(10, 10, 2), (15, 15, 5), (20, 20, 3), (45, 45, 5)]);
        assert!(within(&[run(10, 10)], &[]).is_empty());
    }
}
