//! `pages`: what page tables map, as runs.

use super::cells::{Hex, number};
use super::context::Context;
use super::failure::{Failure, Result};
use super::sink::Rows;
use super::spec::{Command, Shape};
use super::vtop::PermPart;
use super::which::Whose;
use crate::arch::Canonical;
use crate::engine::{AddressSpace, PageRun, Software};
use crate::{PhysAddr, VirtAddr, umem};
use memsh_plugin::{MemoryRange, Perm};
use schemars::JsonSchema;
use serde::Serialize;
use std::ops::ControlFlow;

/// List what an address space maps, as runs of neighbouring pages
#[derive(clap::Args, Debug)]
pub struct Pages {
    /// First address, or the process (a pid, as with -p) where nothing else is said
    #[arg(value_name = "PID|START")]
    start: Option<String>,
    /// First address after the range
    #[arg(value_name = "END", requires = "start")]
    end: Option<String>,
    /// The kernel's part of a process's address space too
    #[arg(short, long)]
    all: bool,
    #[command(flatten)]
    whose: Whose,
}

/// Pages that are neighbours in both memories, of one size and permission.
#[derive(Serialize, JsonSchema)]
pub struct PagesRow {
    /// First virtual address.
    #[serde(rename = "virtual")]
    address: Hex,
    /// Where it lies.
    physical: Hex,
    /// Bytes.
    size: u64,
    /// Size in bytes of the pages.
    page_size: u64,
    /// What the page tables allow.
    perm: PermPart,
}

impl Command for Pages {
    type Row = PagesRow;
    const NAME: &'static str = "pages";
    const ALIASES: &'static [&'static str] = &["memmap"];
    const SUMMARY: &'static str = "List what page tables map, as runs";
    const SHAPE: Shape = Shape::List(&["virtual", "physical", "size", "page_size", "perm"]);
    const EXAMPLES: &'static [(&'static str, &'static str)] =
        &[("pages 1", "a process"), ("pages -k --jsonl", "the kernel, as JSON lines")];

    fn run(mut self, cx: &Context, out: &mut Rows<'_, PagesRow>) -> Result<()> {
        super::which::with_page_tables(cx.session()?, "pages")?;
        if self.end.is_none() {
            let mut words: Vec<String> = self.start.take().into_iter().collect();
            self.whose.take_from(cx, &mut words, false)?;
            self.start = words.pop();
        }
        let space = self.whose.space(cx)?;
        let tables = space.tables().ok_or_else(|| Failure::usage("pages: physical memory has no page tables"))?;
        let user_only = space.process().is_some_and(|p| !p.kernel_thread) && !self.all && self.start.is_none();
        let value = |text: &Option<String>, other: umem| match text {
            Some(t) => cx.evaluate(t, Some(&space)),
            None => Ok(other),
        };
        let first = value(&self.start, 0)?;
        let last = match &self.end {
            Some(_) => value(&self.end, 0)?.checked_sub(1).filter(|l| *l >= first),
            None => Some(umem::MAX),
        };
        let last = last.ok_or_else(|| Failure::usage("pages: the range ends before it begins"))?;
        let mut ended = Ok(());
        let missing = walk(tables, first, last, user_only, &mut |run| {
            let row = PagesRow {
                address: run.virt.into(),
                physical: run.phys.into(),
                size: number(run.size),
                page_size: number(run.page_size),
                perm: run.perm.into(),
            };
            match cx.go_on().and_then(|()| out.push(&row)) {
                Ok(()) => ControlFlow::Continue(()),
                Err(e) => {
                    ended = Err(e);
                    ControlFlow::Break(())
                }
            }
        });
        ended?;
        cx.lost_many(missing, "page tables that are not in the image");
        Ok(())
    }
}

/// What a process maps, neighbouring runs as one, as long as `go_on` says so; and the number of missing tables.
pub fn mapped_ranges(tables: &AddressSpace, go_on: &mut dyn FnMut() -> bool) -> (Vec<MemoryRange>, u64) {
    let mut ranges: Vec<MemoryRange> = Vec::new();
    let missing = walk(tables, 0, umem::MAX, true, &mut |r| {
        match ranges.last_mut() {
            Some(l) if l.start.value().wrapping_add(l.size) == r.virt.value() => l.size += r.size,
            _ => ranges.push(MemoryRange { start: PhysAddr::new(r.virt.value()), size: r.size }),
        }
        if go_on() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    });
    (ranges, missing)
}

/// Every run of a space in `first..=last`; only the user's part with `user_only`. Gives the number of missing tables.
pub fn walk(
    tables: &AddressSpace,
    first: umem,
    last: umem,
    user_only: bool,
    each: &mut dyn FnMut(&PageRun) -> ControlFlow<()>,
) -> u64 {
    let bits = tables.format().va_bits;
    // Above 32 bits the user's part is the lower half, which has all bits where it has a root of its own; below, systems part the
    // space as they like, and the user bit tells.
    let lower = if tables.format().canonical == Canonical::Split { bits } else { bits - 1 };
    let last = if user_only && bits > 32 { last.min((1 << lower) - 1) } else { last };
    let by_permission = user_only && bits <= 32;
    // Pages without access have no user bit: those below any border between the two parts are a process's.
    let lowest: umem = if matches!(tables.software(), Software::Windows(_)) { 0x8000_0000 } else { 0x4000_0000 };
    let walked = tables.runs(VirtAddr::new(first), VirtAddr::new(last), &mut |group| {
        let user = |r: &&PageRun| !by_permission || r.perm.has(Perm::USER) || r.perm == Perm::NONE && r.virt.value() < lowest;
        group.iter().filter(user).try_for_each(&mut *each)
    });
    walked.missing_tables
}
