//! Pages without an entry of their own, among those that page tables map.

use super::resolver::Resolver;
use super::space::AddressSpace;
use super::spans::{PageRun, Walked, budget};
use memsh_plugin::{PhysAddr, VirtAddr, umem};
use std::ops::ControlFlow;

/// How many pieces of the system's structures are looked at in one walk: enough for all sections of a process, an end for those that a
/// damaged image makes up.
const WORK: u64 = 1 << 20;

/// Puts pages that a resolver finds where entries are empty between the runs of a walk, which come ascending.
pub(super) struct Filler<'a> {
    space: &'a AddressSpace,
    resolver: &'a dyn Resolver,
    root: PhysAddr,
    /// What was passed on lies below this address.
    from: VirtAddr,
    last: VirtAddr,
    work: u64,
    pages: u64,
    /// Whether the caller wants no more.
    broken: bool,
    out: Vec<PageRun>,
}

/// Runs are handed over when so many have come together.
const GROUP: usize = 256;

impl<'a> Filler<'a> {
    pub(super) fn new(space: &'a AddressSpace, resolver: &'a dyn Resolver, from: VirtAddr, last: VirtAddr) -> Self {
        let pages = budget(space.memory().metadata().size);
        Self { space, resolver, root: space.root(), from, last, work: WORK, pages, broken: false, out: Vec::new() }
    }

    /// Passes on a group of runs, with what lies before each of them.
    pub(super) fn group(&mut self, runs: &[PageRun], sink: &mut dyn FnMut(&[PageRun]) -> ControlFlow<()>) -> ControlFlow<()> {
        for run in runs {
            self.gap(run.virt, sink)?;
            self.push(*run, sink)?;
            self.from = self.from.max(run.virt.saturating_add(run.size));
        }
        ControlFlow::Continue(())
    }

    /// Passes on what is left, up to the end of the range; says whether all of it was looked at.
    pub(super) fn finish(mut self, walked: Walked, sink: &mut dyn FnMut(&[PageRun]) -> ControlFlow<()>) -> Walked {
        if !walked.cut && !self.broken {
            let _ = self.gap(self.last.saturating_add(1), sink);
        }
        if !self.broken && !self.out.is_empty() {
            self.broken = sink(&self.out).is_break();
        }
        Walked { cut: walked.cut || self.broken || self.work == 0 || self.pages == 0, ..walked }
    }

    /// The pages from where the last run ended to `end`.
    fn gap(&mut self, end: VirtAddr, sink: &mut dyn FnMut(&[PageRun]) -> ControlFlow<()>) -> ControlFlow<()> {
        while self.from < end && self.work > 0 && self.pages > 0 {
            let before = VirtAddr::new(end.value() - 1);
            let Some(va) = self.resolver.next(self.root, self.from, before, &mut self.work) else { break };
            let size = umem::from(self.space.format().page_size());
            let behind = va.align_down(size).saturating_add(size);
            self.pages -= 1;
            if let Ok(page) = self.space.explain(va).outcome
                && page.page_size() == size
            {
                let run = PageRun {
                    virt: va,
                    phys: page.phys,
                    size: behind.min(end).value() - va.value(),
                    page_size: size,
                    perm: page.perm,
                };
                self.push(run, sink)?;
            }
            // The resolver does not go back.
            self.from = behind.max(self.from);
        }
        self.from = self.from.max(end);
        ControlFlow::Continue(())
    }

    fn push(&mut self, run: PageRun, sink: &mut dyn FnMut(&[PageRun]) -> ControlFlow<()>) -> ControlFlow<()> {
        if let Some(last) = self.out.last_mut()
            && last.virt.checked_add(last.size) == Some(run.virt)
            && last.phys.checked_add(last.size) == Some(run.phys)
            && last.perm == run.perm
            && last.page_size == run.page_size
        {
            last.size += run.size;
            return ControlFlow::Continue(());
        }
        if self.out.len() >= GROUP {
            let done = std::mem::take(&mut self.out);
            self.broken = sink(&done).is_break();
            if self.broken {
                return ControlFlow::Break(());
            }
        }
        self.out.push(run);
        ControlFlow::Continue(())
    }
}
