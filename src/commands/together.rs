//! Spaces of one memory, searched together.

use super::cells::number;
use super::context::Context;
use super::failure::Result;
use super::searched::{Place, Searched};
use crate::engine::search::{
    Found, Hit, Needle, Options, Source, Spaces, Step, StringsOptions, Summary, VirtRun, search_spaces, search_steps,
    strings_spaces, strings_steps,
};
use crate::engine::{AddressSpace, Memory};
use crate::session::Space;
use crate::umem;
use std::cell::Cell;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicU64, Ordering};

/// What is looked for.
#[derive(Clone, Copy)]
pub enum Sought<'a> {
    /// A needle.
    Needle(&'a Needle),
    /// Text, whatever it says.
    Strings(&'a StringsOptions),
}

/// What was found: where, what, and its physical address where that is known.
pub type Find<'f> = (&'f Searched, &'f Hit<'f>, Option<umem>);

/// Takes what was found and says whether it is a hit that counts; hears too that nothing was found for a while.
pub type Take<'a> = dyn FnMut(Step<Find<'_>>) -> Result<bool> + 'a;

/// Spaces whose page tables and frames are in one memory.
pub struct Together<'c, 'a> {
    cx: &'c Context<'a>,
    /// The spaces, by number.
    pub searched: Vec<Searched>,
    /// Page tables of each that are missing.
    missing: Vec<Cell<u64>>,
}

impl<'c, 'a> Together<'c, 'a> {
    /// These spaces.
    pub fn new(cx: &'c Context<'a>, searched: Vec<Searched>) -> Self {
        let missing = searched.iter().map(|_| Cell::new(0)).collect();
        Self { cx, searched, missing }
    }

    /// Notes what is missing of the page tables.
    pub fn tell(&self) {
        let missing = self.missing.iter().fold(0u64, |sum, m| sum.saturating_add(m.get()));
        self.cx.lost_many(missing, "page tables that are not in the image");
    }
}

impl Spaces for Together<'_, '_> {
    fn count(&self) -> usize {
        self.searched.len()
    }

    fn runs(&self, space: usize, first: umem, run: &mut dyn FnMut(VirtRun) -> ControlFlow<()>) -> ControlFlow<()> {
        let (Some(searched), Some(lost)) = (self.searched.get(space), self.missing.get(space)) else {
            return ControlFlow::Continue(());
        };
        let (missing, flow) = searched.runs(self.cx, first, run);
        // Walked more than once.
        lost.set(lost.get().max(missing));
        flow
    }
}

/// Whether a space can be searched with others: its frames are those of `memory`.
fn joins(space: &Space, memory: Option<&Memory>) -> bool {
    space.tables().is_some_and(|t| !t.is_flat() && memory.is_none_or(|m| t.memory().is(m)))
}

/// Counts what was taken, and ends the search when that is enough or something fails.
struct Taker<'t, 'a> {
    take: &'t mut Take<'a>,
    left: Option<u64>,
    ended: Result<()>,
}

impl Taker<'_, '_> {
    fn step(&mut self, step: Step<Find<'_>>) -> ControlFlow<()> {
        match (self.take)(step) {
            Ok(false) => return ControlFlow::Continue(()),
            Ok(true) => self.left = self.left.map(|n| n.saturating_sub(1)),
            Err(e) => {
                self.ended = Err(e);
                return ControlFlow::Break(());
            }
        }
        if self.left == Some(0) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }
}

impl Place {
    /// Searches every space that is meant and hands what is found to `take`. Spaces of one memory are searched together: see
    /// [`search_spaces`] for the order.
    ///
    /// # Errors
    /// Those of `take`, when a process does not exist or no system was found, and when the user interrupts; what was found until
    /// then was handed out.
    pub fn hits(&self, cx: &Context, sought: Sought<'_>, take: &mut Take<'_>) -> Result<()> {
        let mut taker = Taker { take, left: self.max, ended: Ok(()) };
        if taker.left == Some(0) {
            return Ok(());
        }
        let mut later: Vec<Searched> = Vec::new();
        for (order, space) in self.spaces(cx)?.enumerate() {
            cx.go_on()?;
            let span = self.span(cx, &space)?;
            let searched = Searched::new(space, order, span);
            let memory = later.first().and_then(|s| s.space.tables()).map(AddressSpace::memory);
            if joins(&searched.space, memory) {
                later.push(searched);
            } else if !alone(cx, &searched, sought, &mut taker)? {
                return taker.ended;
            }
        }
        match later.as_slice() {
            [] => {}
            [one] => {
                alone(cx, one, sought, &mut taker)?;
            }
            _ => together(cx, later, sought, &mut taker)?,
        }
        taker.ended
    }
}

/// Searches one space. Says whether more may be searched.
fn alone(cx: &Context, searched: &Searched, sought: Sought<'_>, taker: &mut Taker<'_, '_>) -> Result<bool> {
    // A live process's bytes are in a memory of its own.
    let memory = searched.space.tables().map_or(cx.session()?.memory(), AddressSpace::memory).clone();
    let source = searched.source(cx, &memory);
    let total = source.spans().fold(0u64, |sum, s| sum.saturating_add(number(s.bytes())));
    let mut step = |step: Step<Hit<'_>>| match step {
        Step::Found(hit) => taker.step(Step::Found((searched, &hit, None))),
        Step::Idle => taker.step(Step::Idle),
    };
    metered(cx, total, |options| match sought {
        Sought::Needle(needle) => search_steps(&source, needle, options, &mut step),
        Sought::Strings(wanted) => strings_steps(&source, wanted, options, &mut step),
    })?;
    Ok(taker.ended.is_ok() && taker.left != Some(0))
}

fn together(cx: &Context, searched: Vec<Searched>, sought: Sought<'_>, taker: &mut Taker<'_, '_>) -> Result<()> {
    let Some(memory) = searched.first().and_then(|s| s.space.tables()).map(|t| t.memory().clone()) else { return Ok(()) };
    let spaces = Together::new(cx, searched);
    let mut step = |step: Step<Found<'_>>| {
        let Step::Found(found) = step else { return taker.step(Step::Idle) };
        let Some(searched) = spaces.searched.get(found.space) else { return ControlFlow::Continue(()) };
        taker.step(Step::Found((searched, &found.hit, found.phys)))
    };
    let outcome = metered(cx, 0, |options| match sought {
        Sought::Needle(needle) => search_spaces(&memory, &spaces, needle, options, &mut step),
        Sought::Strings(wanted) => strings_spaces(&memory, &spaces, wanted, options, &mut step),
    });
    spaces.tell();
    outcome
}

/// Runs a search of `total` bytes (0 where that is not known yet), shows how far it is, and tells what could not be searched.
fn metered(cx: &Context, total: u64, run: impl FnOnce(&Options<'_>) -> Summary) -> Result<()> {
    let meter = cx.host().meter("searching", total);
    let all = AtomicU64::new(total);
    let progress = |done: u64, of: u64| {
        if all.swap(of, Ordering::Relaxed) != of {
            meter.total(of);
        }
        meter.at(done);
    };
    let summary = run(&Options { max_hits: None, threads: 0, interrupt: cx.host().interrupt(), progress: &progress });
    drop(meter);
    cx.lost_many(number(summary.missing_bytes), "bytes that are mapped and not in the image");
    cx.go_on().inspect_err(|_| {
        let of = all.load(Ordering::Relaxed) >> 20;
        cx.lost(format!("what was not searched when Ctrl-C came, after about {} of {of} MiB", summary.scanned_bytes >> 20));
    })
}
