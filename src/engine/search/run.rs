//! The two searches.

use super::needle::Needle;
use super::pipeline::{self, Options, Step, Steps, Summary};
use super::scan::{Hit, NeedleScan, Scan};
use super::source::Source;
use super::span::{Unit, plan, unit_size};
use super::strings::{StringScan, StringsOptions};
use memsh_plugin::umem;
use std::ops::ControlFlow;

/// Units of a search for strings. There are thousands in each, and what one thread has found may wait for another only up to
/// a limit: with larger units the threads would take turns.
const STRINGS_UNIT: umem = 1 << 20;
/// Units of a search for a needle, so that two threads finish at nearly the same time.
pub(super) const NEEDLE_UNIT: umem = 16 << 20;

fn units(source: &dyn Source, most: umem) -> Vec<Unit> {
    let total = source.spans().fold(0, |sum: umem, s| sum.saturating_add(s.bytes()));
    plan(source.spans(), unit_size(total, most))
}

/// Looks for `needle` in all of `source` and gives every hit to `hit`, in ascending order (at one address, in that of the
/// needle's parts), as they are found. Ends early when `hit` breaks.
pub fn search(
    source: &dyn Source,
    needle: &Needle,
    options: &Options<'_>,
    hit: &mut dyn FnMut(Hit<'_>) -> ControlFlow<()>,
) -> Summary {
    search_units(source, &units(source, NEEDLE_UNIT), needle, options, hit)
}

/// [`search`], which also says when nothing was found for a while.
pub fn search_steps(
    source: &dyn Source,
    needle: &Needle,
    options: &Options<'_>,
    step: &mut dyn FnMut(Step<Hit<'_>>) -> ControlFlow<()>,
) -> Summary {
    needle_steps(source, &units(source, NEEDLE_UNIT), needle, options, step)
}

pub(super) fn search_units(
    source: &dyn Source,
    units: &[Unit],
    needle: &Needle,
    options: &Options<'_>,
    hit: &mut dyn FnMut(Hit<'_>) -> ControlFlow<()>,
) -> Summary {
    needle_steps(source, units, needle, options, &mut |step| hit_of(step, hit))
}

pub(super) fn needle_steps(
    source: &dyn Source,
    units: &[Unit],
    needle: &Needle,
    options: &Options<'_>,
    step: &mut Steps<'_>,
) -> Summary {
    let make = || Box::new(NeedleScan::new(needle)) as Box<dyn Scan>;
    pipeline::run(source, units, &make, &needle.exclusive(), options, step)
}

/// Gives every string of `source` to `hit`, in ascending order: [`Hit::bytes`] are its characters, [`Hit::len`] the bytes it
/// takes in the target. Ends early when `hit` breaks.
pub fn strings(
    source: &dyn Source,
    wanted: &StringsOptions,
    options: &Options<'_>,
    hit: &mut dyn FnMut(Hit<'_>) -> ControlFlow<()>,
) -> Summary {
    strings_units(source, &units(source, STRINGS_UNIT), wanted, options, hit)
}

/// [`strings`], which also says when nothing was found for a while.
pub fn strings_steps(
    source: &dyn Source,
    wanted: &StringsOptions,
    options: &Options<'_>,
    step: &mut dyn FnMut(Step<Hit<'_>>) -> ControlFlow<()>,
) -> Summary {
    text_steps(source, &units(source, STRINGS_UNIT), wanted, options, step)
}

pub(super) fn strings_units(
    source: &dyn Source,
    units: &[Unit],
    wanted: &StringsOptions,
    options: &Options<'_>,
    hit: &mut dyn FnMut(Hit<'_>) -> ControlFlow<()>,
) -> Summary {
    text_steps(source, units, wanted, options, &mut |step| hit_of(step, hit))
}

fn text_steps(
    source: &dyn Source,
    units: &[Unit],
    wanted: &StringsOptions,
    options: &Options<'_>,
    step: &mut Steps<'_>,
) -> Summary {
    let make = || Box::new(StringScan::new(wanted)) as Box<dyn Scan>;
    pipeline::run(source, units, &make, &[false], options, step)
}

fn hit_of(step: Step<Hit<'_>>, hit: &mut dyn FnMut(Hit<'_>) -> ControlFlow<()>) -> ControlFlow<()> {
    match step {
        Step::Found(found) => hit(found),
        Step::Idle => ControlFlow::Continue(()),
    }
}
