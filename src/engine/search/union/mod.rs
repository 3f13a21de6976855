//! Many spaces searched together: bytes that several of them map are looked at once, and what is found is given out for every
//! mapping.
//!
//! # Needles that overlap: the union
//!
//! Text, hex and whatever else is found at every position are a matter of the bytes at that position alone. So the runs of all
//! spaces become the union of what they map, in physical memory, and that is searched once, ascending ([`physical`]). A hit is
//! given out for each mapping that holds all of its bytes in one run. What the union cannot show are the *seams*: places where
//! a space goes on and its frames do not. At each lie a few bytes of the run before it and of the runs behind it, as many as a
//! hit can reach; seams whose bytes are the same ones in several spaces are one. A hit belongs to the first seam that it
//! crosses. Together that is each hit of each space, once.
//!
//! # What does not overlap: stretches
//!
//! A match of a regex hides those that begin inside it, so it depends on all that is contiguous before it in the space; text
//! begins where what is no text ends. There the unit is the *stretch*: everything between two gaps of a space. Stretches that
//! consist of the same frames in the same order have the same matches, and only the first is searched ([`stretches`]). That is
//! exact and saves less: a shared library whose data are written to is, as a stretch, another one in every process.
//!
//! # Memory
//!
//! Who maps what is not kept for all of memory: physical memory is parted into windows in which there are at most a given
//! number of runs ([`windows`]), and page tables are walked again for each. One window is enough for most machines.

mod index;
mod physical;
mod stretches;
mod sweep;
#[cfg(test)]
mod tests;
mod windows;

use super::needle::Needle;
use super::pipeline::{Options, Step, Summary};
use super::run::{search_steps, strings_steps};
use super::scan::Hit;
use super::source::VirtRun;
use super::strings::StringsOptions;
use crate::engine::Memory;
use memsh_plugin::umem;
use std::ops::ControlFlow;

pub use sweep::Owners;

/// Spaces over one memory, by number.
pub trait Spaces {
    /// How many there are.
    fn count(&self) -> usize;

    /// Hands the runs of a space from the address `first` on to `run`, ascending by virtual address and without overlap. Asked
    /// several times; of a live target the answers may differ. Breaks when `run` does.
    fn runs(&self, space: usize, first: umem, run: &mut dyn FnMut(VirtRun) -> ControlFlow<()>) -> ControlFlow<()>;
}

/// What was found in one of the spaces.
#[derive(Clone, Copy, Debug)]
pub struct Found<'a> {
    /// Which space.
    pub space: usize,
    /// The hit; its address is one of the space.
    pub hit: Hit<'a>,
    /// Where its first byte lies in physical memory.
    pub phys: Option<umem>,
}

/// Looks for `needle` in all `spaces` and gives every hit to `found`, once for each space and address. Ends early when `found`
/// breaks; hears [`Step::Idle`] too.
///
/// Hits come ascending by where they lie in physical memory, with all that map one next to each other; those that cross a seam
/// come after the others. Of a needle that does not overlap they come by space. [`Summary::hits`] and [`Options::max_hits`] count
/// what is given out, [`Summary::scanned_bytes`] what was looked at: less than the spaces have.
pub fn search_spaces(
    memory: &Memory,
    spaces: &dyn Spaces,
    needle: &Needle,
    options: &Options<'_>,
    found: &mut dyn FnMut(Step<Found<'_>>) -> ControlFlow<()>,
) -> Summary {
    let mut given = Given::new(options, found);
    if needle.exclusive().contains(&true) || needle.context() > 0 {
        let search: &mut stretches::Search<'_> = &mut |source, options, step| search_steps(source, needle, options, step);
        stretches::search(memory, spaces, options, &mut given, search);
    } else {
        physical::search(memory, spaces, needle, options, &mut given, windows::MOST);
    }
    given.summary
}

/// Gives every string of all `spaces` to `found`, as [`search_spaces`] gives hits.
pub fn strings_spaces(
    memory: &Memory,
    spaces: &dyn Spaces,
    wanted: &StringsOptions,
    options: &Options<'_>,
    found: &mut dyn FnMut(Step<Found<'_>>) -> ControlFlow<()>,
) -> Summary {
    let mut given = Given::new(options, found);
    let search: &mut stretches::Search<'_> = &mut |source, options, step| strings_steps(source, wanted, options, step);
    stretches::search(memory, spaces, options, &mut given, search);
    given.summary
}

/// Where what was found goes: counts, and knows when there was enough.
struct Given<'a> {
    to: &'a mut dyn FnMut(Step<Found<'_>>) -> ControlFlow<()>,
    max: Option<u64>,
    summary: Summary,
}

impl<'a> Given<'a> {
    fn new(options: &Options<'_>, to: &'a mut dyn FnMut(Step<Found<'_>>) -> ControlFlow<()>) -> Self {
        Self { to, max: options.max_hits, summary: Summary::default() }
    }

    fn full(&mut self) -> bool {
        let full = self.max.is_some_and(|m| self.summary.hits >= m);
        self.summary.truncated_at_max |= full;
        full
    }

    fn give(&mut self, found: Found<'_>) -> ControlFlow<()> {
        if self.full() {
            return ControlFlow::Break(());
        }
        self.summary.hits += 1;
        (self.to)(Step::Found(found))?;
        if self.full() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }

    fn idle(&mut self) -> ControlFlow<()> {
        (self.to)(Step::Idle)
    }

    /// Adds what one of several searches looked at.
    fn add(&mut self, part: &Summary) {
        self.summary.scanned_bytes = self.summary.scanned_bytes.saturating_add(part.scanned_bytes);
        self.summary.missing_bytes = self.summary.missing_bytes.saturating_add(part.missing_bytes);
        self.summary.interrupted |= part.interrupted;
    }
}
