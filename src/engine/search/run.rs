//! The two searches.

use super::needle::Needle;
use super::pipeline::{self, Options, Summary};
use super::scan::{Hit, NeedleScan, Scan};
use super::source::Source;
use super::span::{Unit, plan, unit_size};
use super::strings::{StringScan, StringsOptions};
use memsh_plugin::umem;
use std::ops::ControlFlow;

fn units(source: &dyn Source) -> Vec<Unit> {
    let total = source.spans().fold(0, |sum: umem, s| sum.saturating_add(s.bytes()));
    plan(source.spans(), unit_size(total))
}

/// Looks for `needle` in all of `source` and gives every hit to `hit`, in ascending order, as they are found. Ends early when
/// `hit` breaks.
pub fn search(
    source: &dyn Source,
    needle: &Needle,
    options: &Options<'_>,
    hit: &mut dyn FnMut(Hit<'_>) -> ControlFlow<()>,
) -> Summary {
    search_units(source, &units(source), needle, options, hit)
}

pub(super) fn search_units(
    source: &dyn Source,
    units: &[Unit],
    needle: &Needle,
    options: &Options<'_>,
    hit: &mut dyn FnMut(Hit<'_>) -> ControlFlow<()>,
) -> Summary {
    let make = || Box::new(NeedleScan::new(needle)) as Box<dyn Scan>;
    pipeline::run(source, units, &make, needle.exclusive(), options, hit)
}

/// Gives every string of `source` to `hit`, in ascending order: [`Hit::bytes`] are its characters, [`Hit::len`] the bytes it
/// takes in the target. Ends early when `hit` breaks.
pub fn strings(
    source: &dyn Source,
    wanted: &StringsOptions,
    options: &Options<'_>,
    hit: &mut dyn FnMut(Hit<'_>) -> ControlFlow<()>,
) -> Summary {
    strings_units(source, &units(source), wanted, options, hit)
}

pub(super) fn strings_units(
    source: &dyn Source,
    units: &[Unit],
    wanted: &StringsOptions,
    options: &Options<'_>,
    hit: &mut dyn FnMut(Hit<'_>) -> ControlFlow<()>,
) -> Summary {
    let make = || Box::new(StringScan::new(wanted)) as Box<dyn Scan>;
    pipeline::run(source, units, &make, false, options, hit)
}
