//! The spaces that a search goes through, shared by `scan` and `strings`.

use super::cells::{number, plain, plain_maybe, wide};
use super::context::Context;
use super::failure::{Failure, Result};
use super::pages::walk;
use super::read::windbg_count;
use super::which::{Whose, missed, open, physical_memory};
use clap::Args;
use memsh::engine::search::{RunSource, Source, Span, VirtRun};
use memsh::session::Space;
use memsh::{VirtAddr, umem};
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

    /// Narrows the search to a range.
    pub fn within(&mut self, start: &str, end: &str) {
        self.range = vec![start.to_owned(), end.to_owned()];
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

/// The parts of runs of a space without page tables that may hold something else than zeros. Both are ascending.
fn within(runs: &[VirtRun], data: &[MemoryRange]) -> Vec<VirtRun> {
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
        let mut flow = ControlFlow::Continue(());
        let whole = self.span.unwrap_or(Span { first: 0, last: umem::MAX });
        let (Some(tables), true) = (self.space.tables(), first <= whole.last) else { return (0, flow) };
        let user_only = self.space.process().is_some_and(|p| !p.kernel_thread);
        let missing = walk(tables, whole.first.max(first), whole.last, user_only, &mut |r| {
            flow = each(VirtRun { virt: r.virt.value(), phys: r.phys.value(), size: r.size });
            if cx.go_on().is_err() {
                flow = ControlFlow::Break(());
            }
            flow
        });
        (missing, flow)
    }

    /// Its bytes in `memory`.
    pub fn source<'m>(&self, cx: &Context, memory: &'m memsh::engine::Memory) -> impl Source + use<'m> {
        let Some(tables) = self.space.tables() else {
            return match self.span {
                None => RunSource::physical(memory),
                Some(span) => {
                    let parts = memory.ranges().iter().filter_map(|r| Span::new(r.start.value(), r.size)?.meet(span));
                    RunSource::new(memory, parts.map(|s| VirtRun { virt: s.first, phys: s.first, size: s.bytes() }))
                }
            };
        };
        let mut runs = Vec::new();
        let (missing, _) = self.runs(cx, 0, &mut |run| {
            runs.push(run);
            ControlFlow::Continue(())
        });
        cx.lost_many(missing, "page tables that are not in the image");
        RunSource::new(memory, if tables.is_flat() { within(&runs, tables.memory().data()) } else { runs })
    }

    /// What an address lies in.
    pub fn inside(&self, cx: &Context, address: umem) -> Inside {
        let module = || {
            let modules = self.modules.get_or_init(|| modules(cx, &self.space).unwrap_or_default());
            let i = modules.partition_point(|m| m.base.value() <= address).checked_sub(1)?;
            let m = modules.get(i).filter(|m| address - m.base.value() < m.size)?;
            Some((plain(&m.name), number(address - m.base.value())))
        };
        match &self.space {
            Space::Physical(_) => Inside::default(),
            Space::Kernel(_) => {
                let near = cx.session().ok().and_then(|s| s.symbols().ok()?.near(VirtAddr::new(address)));
                Inside { region: near.map(|(s, d)| (s.name.to_owned(), number(d))), module: module() }
            }
            Space::Process(..) => {
                let regions = self.regions.get_or_init(|| regions(cx, &self.space).unwrap_or_default());
                let i = regions.partition_point(|r| r.start.value() <= address);
                let region = i.checked_sub(1).and_then(|i| regions.get(i)).filter(|r| address < r.end.value());
                let region = region.map(|r| {
                    let name = plain_maybe(&r.path).unwrap_or_else(|| plain(&r.kind));
                    (name, number(address - r.start.value()))
                });
                Inside { region, module: module() }
            }
        }
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
