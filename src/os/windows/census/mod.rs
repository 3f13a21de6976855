//! Every process of the system, by every way that leads to one: what is left out of the list that the system shows is in another one,
//! or at least in memory.
//!
//! - `tables`: the table of process and thread ids, and the list of handle tables
//! - `sweep`: one pass over physical memory, for pool tags and for what looks like a process
//! - `place`: the address that a process in physical memory has
//! - `look`: what a process looks like, and whether it is alive

mod look;
mod place;
mod sweep;
mod tables;
#[cfg(test)]
mod tests;
mod ways;

pub use ways::{Sources, Way};

use super::base::kernel::Kernel;
use super::base::list::nodes;
use super::processes;
use crate::engine::search::Options;
use crate::os::lost::Lost;
use crate::os::sightings::Way as _;
use memsh_plugin::{Listing, Maybe, ProcessInfo, Text, VirtAddr};
use ways::Sightings;

/// A process that was found.
#[derive(Clone, Debug)]
pub struct Seen {
    /// What is known of it. Of remains: what their own structure says, nothing that it points to.
    pub info: ProcessInfo,
    /// On which ways it was seen.
    pub sources: Sources,
    /// Whether it has ended.
    pub exited: bool,
    /// Whether it is alive and not in the list that the system shows.
    pub hidden: bool,
}

impl Seen {
    /// The names of the ways that lead to every process of its kind, and did not lead to this one.
    pub fn missing_from(&self) -> Vec<&'static str> {
        let of_all = |w: &Way| match w {
            // Nobody has to have a handle to it, and whoever has ended has no table any more.
            Way::Handles => false,
            Way::HandleTables | Way::CidTable => !self.exited && !self.info.kernel_thread,
            _ => true,
        };
        Way::ALL.iter().copied().filter(of_all).filter(|w| self.sources.get(*w) == Some(false)).map(Way::name).collect()
    }
}

/// Every process there is to find: the listed ones first, in the list's order, then the others by their ids, the living before the
/// dead. One pass over physical memory is part of it; `options` say on how many threads, and how it is ended early.
pub fn census(kernel: &Kernel, options: &Options<'_>) -> Listing<Seen> {
    let mut lost = Lost::default();
    let mut sightings = Sightings::default();
    let torn = listed(kernel, &mut sightings, &mut lost);
    tables::by_id(kernel, &mut sightings, &mut lost);
    tables::by_handles(kernel, &mut sightings, &mut lost);
    tables::held(kernel, &mut sightings);
    sweep::sweep(kernel, options, &mut sightings, &mut lost);
    let mut all: Vec<Seen> = sightings.all().iter().filter_map(|&at| judge(kernel, at, sightings.of(at), torn)).collect();
    all.sort_by_key(|s| match (s.sources.has(Way::List), s.exited) {
        (true, _) => (0, 0, 0),
        (false, false) => (1, s.info.pid, 0),
        (false, true) => (2, s.info.pid, s.info.exit_time.get().unwrap_or(0)),
    });
    lost.listing(all)
}

/// The list that the system shows; whether a link of it is torn.
fn listed(kernel: &Kernel, sightings: &mut Sightings, lost: &mut Lost) -> bool {
    let mut own = Lost::default();
    let all = processes::addresses(kernel, &mut own);
    let torn = !own.is_empty();
    lost.extend(own);
    sightings.open(Way::List);
    for at in all {
        sightings.add(at, Way::List);
    }
    torn
}

/// Whether there is a process at `at`, alive or ended.
pub fn is_process(kernel: &Kernel, at: VirtAddr) -> bool {
    look::at(kernel, at).is_some()
}

/// What was seen at `at`; none where it is no process.
fn judge(kernel: &Kernel, at: VirtAddr, sources: Sources, torn: bool) -> Option<Seen> {
    if sources.has(Way::List) {
        let info = processes::info(kernel, at);
        let exited = info.exit_time.get().is_some();
        return Some(Seen { info, sources, exited, hidden: false });
    }
    let look = look::at(kernel, at)?;
    let held = [Way::CidTable, Way::HandleTables, Way::Handles].into_iter().any(|w| sources.has(w));
    let alive = look.exit_time.is_none() && (held || look.maps_kernel && look.threads > 0);
    // Where the list is torn, whoever hangs between two others may belong to the part that was not reached.
    let hidden = alive && !(torn && look.linked);
    let info = if alive { processes::info(kernel, at) } else { remains(kernel, at) };
    Some(Seen { info, sources, exited: !alive, hidden })
}

/// What remains of a process tell: what they point to may be another's by now, and is left out.
fn remains(kernel: &Kernel, at: VirtAddr) -> ProcessInfo {
    let all = processes::info(kernel, at);
    ProcessInfo {
        state: Maybe::Some(Text::from("exited")),
        threads: Maybe::None,
        sid: Maybe::None,
        session: Maybe::None,
        dtb: Maybe::None,
        image_path: processes::created_from(kernel, at).map(Text::from).into(),
        command_line: Maybe::None,
        kernel_thread: false,
        wow64: false,
        ..all
    }
}

/// The first of the threads that a process's list leads to and that belong to it.
fn own_threads(kernel: &Kernel, process: VirtAddr, pid: u32) -> usize {
    let (o, reader) = (&kernel.offsets, kernel.reader());
    let (Some(head), Some(links)) = (o.process.threads, o.thread.links) else { return 0 };
    let head = process.wrapping_add(head.offset);
    let belongs = |thread: &VirtAddr| {
        let owner = reader.ptr_at(*thread, o.kthread.process).or_else(|| reader.ptr_at(*thread, o.thread.process));
        let cid = o.thread.cid.map(|m| thread.wrapping_add(m.offset));
        let id = cid.and_then(|cid| reader.word_at(cid, o.client.process));
        owner.map_or(id == Some(pid.into()), |owner| owner == process)
    };
    let all = nodes(&reader, head, "threads", &mut Lost::default());
    all.into_iter().take(8).map(|n| n.wrapping_sub(links.offset)).filter(belongs).count()
}
