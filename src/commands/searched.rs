//! The spaces that a search goes through, shared by `scan` and `strings`.

use super::cells::{number, plain, plain_maybe, wide};
use super::context::Context;
use super::failure::{Failure, Result};
use super::pages::walk;
use super::read::windbg_count;
use super::which::{Whose, missed, open};
use crate::engine::AddressSpace;
use crate::engine::search::{Options, RunSource, Source, Span, Summary, VirtRun, clipped};
use crate::session::Space;
use crate::{VirtAddr, umem};
use clap::Args;
use memsh_plugin::{MemoryRange, ModuleInfo, Process, ProcessInfo, RegionInfo};
use std::cell::OnceCell;
use std::ops::ControlFlow;

/// Where to search.
#[derive(Args, Clone, Debug, Default)]
pub struct Place {
    /// The memory of every process, each byte once; with -k the kernel's too
    #[arg(long, conflicts_with_all = ["process", "phys"])]
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
    /// How many were searched before it.
    pub order: usize,
    /// The part of it that is asked for.
    pub span: Option<Span>,
    regions: OnceCell<Vec<RegionInfo>>,
    /// Ascending.
    modules: OnceCell<Vec<ModuleInfo>>,
}

/// What an address lies in.
#[derive(Default)]
pub struct Inside {
    /// Name of the region or the symbol, and bytes from its start.
    pub region: Option<(String, u64)>,
    /// Name of the module, and bytes from its base.
    pub module: Option<(String, u64)>,
}

impl Place {
    /// The spaces, in order. Without any choice: physical memory, or the shell's process.
    ///
    /// # Errors
    /// When a process does not exist or no system was found.
    pub fn spaces<'c>(&self, cx: &'c Context) -> Result<Box<dyn Iterator<Item = Space> + 'c>> {
        let session = cx.session()?;
        if self.is_all(cx) {
            let kernel = self.whose.kernel.then(|| session.kernel_space()).transpose()?;
            return Ok(Box::new(kernel.into_iter().chain(every_process(cx)?)));
        }
        Ok(Box::new(std::iter::once(self.one_space(cx)?)))
    }

    /// Whether every process is meant.
    pub fn is_all(&self, cx: &Context) -> bool {
        self.all || (self.user && cx.current().is_none())
    }

    fn one_space(&self, cx: &Context) -> Result<Space> {
        let session = cx.session()?;
        if let Some(start) = self.range.first().filter(|s| s.contains(':')) {
            return Ok(self.whose.prefixed(cx, start)?.0);
        }
        if self.whose.is_default() && cx.current().is_none() && !self.is_virtual(cx)? {
            return Ok(session.physical_space()?);
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

    /// Goes through every space, one after the other: `look` runs over one, and says how that went.
    ///
    /// # Errors
    /// Those of `look`, and when the user interrupts.
    pub fn each(
        &self,
        cx: &Context,
        task: &str,
        look: &mut dyn FnMut(&Searched, &dyn Source, &Options<'_>) -> Result<Summary>,
    ) -> Result<()> {
        let mut left = self.max;
        for (order, space) in self.spaces(cx)?.enumerate() {
            cx.go_on()?;
            let span = self.span(cx, &space)?;
            let searched = Searched::new(space, order, span);
            // A live process's bytes are in a memory of its own.
            let memory = searched.space.tables().map_or(cx.session()?.memory(), AddressSpace::memory).clone();
            let source = searched.source(cx, &memory);
            let total = source.spans().fold(0u64, |sum, s| sum.saturating_add(number(s.bytes())));
            let summary = cx.metered(task, total, |options| look(&searched, &source, &Options { max_hits: left, ..*options }))?;
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

/// The spaces of all processes, opened one after the other: a live process is held open as long as its space is there.
///
/// # Errors
/// When no system was found.
pub fn every_process<'c>(cx: &'c Context) -> Result<impl Iterator<Item = Space> + 'c> {
    let session = cx.session()?;
    let processes = cx.take(&session.processes()?);
    let open = |p: ProcessInfo| session.process_space(&p).map_err(|e| missed(cx, &p, "memory", &e)).ok();
    Ok(processes.into_iter().filter(|p| !p.kernel_thread).filter_map(open))
}

/// [`Searched::runs`] of a space, in `span` where that is given.
fn runs(
    cx: &Context,
    space: &Space,
    span: Option<Span>,
    first: umem,
    each: &mut dyn FnMut(VirtRun) -> ControlFlow<()>,
) -> (u64, ControlFlow<()>) {
    let mut flow = ControlFlow::Continue(());
    let whole = span.unwrap_or(Span { first: 0, last: umem::MAX });
    let (Some(tables), true) = (space.tables(), first <= whole.last) else { return (0, flow) };
    let user_only = space.process().is_some_and(|p| !p.kernel_thread);
    let missing = walk(tables, whole.first.max(first), whole.last, user_only, &mut |r| {
        flow = each(VirtRun { virt: r.virt.value(), phys: r.phys.value(), size: r.size });
        if cx.go_on().is_err() {
            flow = ControlFlow::Break(());
        }
        flow
    });
    (missing, flow)
}

/// What a space maps and a search goes through, ascending, and how many page tables are missing. None of physical memory.
pub fn mapped(cx: &Context, space: &Space, span: Option<Span>) -> (Vec<VirtRun>, u64) {
    let mut found = Vec::new();
    let (missing, _) = runs(cx, space, span, 0, &mut |run| {
        found.push(run);
        ControlFlow::Continue(())
    });
    match space.tables().filter(|t| t.is_flat()) {
        Some(flat) => (within(&found, flat.memory().data()), missing),
        None => (found, missing),
    }
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
    /// What is known of a space as soon as it is asked for.
    pub fn new(space: Space, order: usize, span: Option<Span>) -> Self {
        Self { space, order, span, regions: OnceCell::new(), modules: OnceCell::new() }
    }

    /// Hands the runs from `first` on that are to be searched to `each`, and gives the number of page tables that are missing.
    /// Nothing where there are no page tables. Breaks on Ctrl-C.
    pub fn runs(&self, cx: &Context, first: umem, each: &mut dyn FnMut(VirtRun) -> ControlFlow<()>) -> (u64, ControlFlow<()>) {
        runs(cx, &self.space, self.span, first, each)
    }

    /// What there is to search of it, ascending, by place in its memory; what is missing of its page tables is told.
    pub fn stretches(&self, cx: &Context) -> Vec<VirtRun> {
        if self.space.tables().is_none() {
            let whole = self.span.unwrap_or(Span { first: 0, last: umem::MAX });
            let ranges = self.space.memory().ranges().iter();
            let parts = ranges.filter_map(|r| Span::new(r.start.value(), r.size)?.meet(whole));
            return parts.map(|s| VirtRun { virt: s.first, phys: s.first, size: s.bytes() }).collect();
        }
        let (runs, missing) = mapped(cx, &self.space, self.span);
        cx.lost_many(missing, "page tables that are not in the image");
        runs
    }

    /// The part of stretches that the process may write to; all of them where nothing is known of that.
    pub fn writable(&self, cx: &Context, runs: Vec<VirtRun>) -> Vec<VirtRun> {
        let spans: Vec<Span> = self.regions(cx).iter().filter(|r| r.write).filter_map(span).collect();
        if spans.is_empty() { runs } else { clipped(&runs, &spans) }
    }

    /// Its bytes in `memory`.
    pub fn source<'m>(&self, cx: &Context, memory: &'m crate::engine::Memory) -> impl Source + use<'m> {
        match (self.space.tables(), self.span) {
            (None, None) => RunSource::physical(memory),
            _ => RunSource::new(memory, self.stretches(cx)),
        }
    }

    fn regions(&self, cx: &Context) -> &[RegionInfo] {
        self.regions.get_or_init(|| regions(cx, &self.space).unwrap_or_default())
    }

    /// The region of a process in which an address lies.
    pub fn region_of(&self, cx: &Context, address: umem) -> Option<&RegionInfo> {
        region_at(self.regions(cx), address)
    }

    /// The name of the region or the symbol in which an address lies, and how far in.
    pub fn region(&self, cx: &Context, address: umem) -> Option<(String, u64)> {
        match &self.space {
            Space::Physical(_) => None,
            Space::Kernel(_) => {
                let (symbol, distance) = cx.session().ok()?.symbols().ok()?.near(VirtAddr::new(address))?;
                Some((symbol.name.to_owned(), number(distance)))
            }
            Space::Process(..) => {
                let region = self.region_of(cx, address)?;
                Some((region_name(region), number(address - region.start.value())))
            }
        }
    }

    /// What an address lies in.
    pub fn inside(&self, cx: &Context, address: umem) -> Inside {
        let module = || {
            let modules = self.modules.get_or_init(|| modules(cx, &self.space).unwrap_or_default());
            let i = modules.partition_point(|m| m.base.value() <= address).checked_sub(1)?;
            let m = modules.get(i).filter(|m| address - m.base.value() < m.size)?;
            Some((plain(&m.name), number(address - m.base.value())))
        };
        if matches!(self.space, Space::Physical(_)) {
            return Inside::default();
        }
        Inside { region: self.region(cx, address), module: module() }
    }

    /// Where a virtual address lies.
    pub fn physical(&self, address: umem) -> Option<umem> {
        match self.space.tables() {
            Some(tables) => tables.translate_one(VirtAddr::new(address)).ok().map(|t| t.phys.value()),
            None => Some(address),
        }
    }
}

/// The one of ascending regions in which an address lies.
pub fn region_at(regions: &[RegionInfo], address: umem) -> Option<&RegionInfo> {
    let i = regions.partition_point(|r| r.start.value() <= address);
    i.checked_sub(1).and_then(|i| regions.get(i)).filter(|r| address < r.end.value())
}

/// What a region is called: its file's path, or what it is.
pub fn region_name(region: &RegionInfo) -> String {
    plain_maybe(&region.path).unwrap_or_else(|| plain(&region.kind))
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

/// The modules of a process or of the kernel, ascending.
fn modules(cx: &Context, space: &Space) -> Option<Vec<ModuleInfo>> {
    let os = cx.session().ok()?.os().ok()?.os.as_ref();
    let listing = match space.process() {
        Some(process) => std::result::Result::from(open(os, process).ok()?.modules()),
        None => std::result::Result::from(os.kernel_modules()),
    };
    let mut modules = listing.ok()?.items.to_vec();
    modules.sort_by_key(|m| m.base);
    Some(modules)
}

/// Where a region lies; none where it ends before it begins, as what memory says may.
pub fn span(region: &RegionInfo) -> Option<Span> {
    Span::new(region.start.value(), region.end.value().checked_sub(region.start.value())?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_are_cut_to_what_may_hold_something() {
        let run = |at, size| VirtRun { virt: at, phys: at, size };
        let data = |start, size| MemoryRange { start: crate::PhysAddr::new(start), size };
        let cut = within(&[run(10, 10), run(20, 5), run(40, 10)], &[data(0, 12), data(15, 8), data(30, 5), data(45, 100)]);
        let cut: Vec<_> = cut.iter().map(|r| (r.virt, r.phys, r.size)).collect();
        assert_eq!(cut, [(10, 10, 2), (15, 15, 5), (20, 20, 3), (45, 45, 5)]);
        assert!(within(&[run(10, 10)], &[]).is_empty());
    }
}
