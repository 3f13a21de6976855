//! What all ways together tell of each task.

use super::lists::Listed;
use super::signature::in_kernel;
use super::ways::{Sightings, Sources, Way};
use super::{KinShape, Shape};
use crate::engine::ViewExt;
use crate::os::linux::base::kernel::Kernel;
use crate::os::linux::base::layout::offset_of;
use crate::os::linux::base::lost::Lost;
use crate::os::linux::files::path::Paths;
use crate::os::linux::tasks::task::Task;
use crate::os::sightings::Way as _;
use memsh_plugin::{Maybe, ProcessInfo, Text, VirtAddr, umem};
use std::collections::{HashMap, HashSet};

/// `TASK_DEAD` and `TASK_NEW` (include/linux/sched.h): on the way out, and not yet begun.
const DEAD: u64 = 0x80;
const NEW: u64 = 0x800;
/// `EXIT_DEAD`: nobody waits for it any more.
const EXIT_DEAD: u64 = 0x10;
/// `EXIT_ZOMBIE`.
const EXIT_ZOMBIE: u64 = 0x20;

/// A task that was found.
#[derive(Clone, Debug)]
pub struct Seen {
    /// What is known of it, as of a process. `pid` is that of its group.
    pub info: ProcessInfo,
    /// Thread id.
    pub tid: u32,
    /// Whether it leads its group, and so stands for the process.
    pub leader: bool,
    /// On which ways it was seen.
    pub sources: Sources,
    /// Whether it has ended, and only its remains are in memory.
    pub exited: bool,
    /// Whether it is alive and the system does not show it.
    pub hidden: bool,
}

/// Puts everything together.
pub fn merge(kernel: &Kernel, sightings: &Sightings, listed: &Listed, idle: &HashSet<VirtAddr>, lost: &mut Lost) -> Vec<Seen> {
    let mut paths = Paths::new(kernel);
    let mut tasks: Vec<Seen> = Vec::new();
    for &at in sightings.all() {
        if idle.contains(&at) {
            continue;
        }
        let sources = sightings.of(at);
        // Remains are expected to be in pieces; what a list leads to is not.
        let mut own = Lost::default();
        let found = look(kernel, at, sources, listed, &mut paths, &mut own);
        if found.as_ref().is_none_or(|f| !f.exited) {
            lost.extend(own);
        }
        tasks.extend(found);
    }
    settle(&mut tasks);
    lost.extend(paths.lost);
    tasks
}

fn look(kernel: &Kernel, at: VirtAddr, sources: Sources, listed: &Listed, paths: &mut Paths, lost: &mut Lost) -> Option<Seen> {
    let (l, kin) = (&kernel.layouts.task, kernel.shape::<KinShape>());
    let task = Task::read(kernel, at, lost)?;
    let (pid, tid) = (task.tgid(kernel)?, task.pid(kernel)?);
    let (state, exit) = (task.block.uint(l.state).unwrap_or(0), task.block.uint(l.exit_state).unwrap_or(0));
    let related = kin.read(kernel.view(), at);
    let linked = Way::ALL.iter().copied().filter(|w| !matches!(w, Way::Slab | Way::Signature)).any(|w| sources.has(w));
    let over = exit & EXIT_DEAD != 0 || state & DEAD != 0 && exit & EXIT_ZOMBIE == 0;
    // A freed one has lost its stack and its last user.
    let freed = related.ptr(kin.stack).is_none() || kin.usage.is_some() && related.uint(kin.usage) == Some(0);
    let exited = !sources.has(Way::List) && (over || !linked && freed);
    let leader = pid == tid;
    let begun = linked || state & NEW == 0;
    let shown = match leader {
        true => sources.has(Way::List) || listed.torn && is_linked(kernel, at, listed),
        // The rest of its group's list may be what is missing.
        false => {
            !sources.has(Way::Threads)
                && kin.thread_node.is_some_and(|m| leads_back(kernel, at.wrapping_add(umem::from(m.offset))))
        }
    };
    let info = match exited {
        true => remains(kernel, &task, paths),
        false => task.info(kernel, paths, lost),
    };
    Some(Seen { info, tid, leader, sources, exited, hidden: !exited && begun && !shown })
}

/// Where the list is torn: whether what was reached of it leads to this task, or its neighbours do.
fn is_linked(kernel: &Kernel, at: VirtAddr, listed: &Listed) -> bool {
    let Some(node) = offset_of(kernel.layouts.task.tasks).map(|o| at.wrapping_add(o)) else { return false };
    listed.links.contains(&node) || leads_back(kernel, node)
}

/// Whether the neighbours of a list's node lead back to it, as far as they are in the image.
fn leads_back(kernel: &Kernel, node: VirtAddr) -> bool {
    let word = umem::from(kernel.view().view_metadata().pointer_size);
    let read = |at: VirtAddr| kernel.view().read_ptr(at).ok();
    // Each neighbour leads back, or lies in memory that is missing: then nothing says that it does not. Poison
    // (include/linux/poison.h) is no address of the kernel's.
    [(0, word), (word, 0)].into_iter().all(|(link, back)| {
        let Some(other) = read(node.wrapping_add(link)) else { return false };
        // One that was taken off may point to itself.
        other != node && read(other.wrapping_add(back)).map_or_else(|| in_kernel(kernel, other), |b| b == node)
    })
}

/// What the remains of a task tell: what they point to may be another's by now, and is left out.
fn remains(kernel: &Kernel, task: &Task, paths: &mut Paths) -> ProcessInfo {
    let all = task.info(kernel, paths, &mut Lost::default());
    ProcessInfo {
        ppid: Maybe::None,
        state: Maybe::Some(Text::from("exited")),
        threads: Maybe::None,
        uid: Maybe::None,
        gid: Maybe::None,
        dtb: Maybe::None,
        image_path: Maybe::None,
        command_line: Maybe::None,
        wow64: false,
        ..all
    }
}

/// A thread is as hidden as its process, and hidden by itself where the list of its group leaves it out. The listed processes
/// come first, then the others by their ids, the living before the dead.
fn settle(tasks: &mut [Seen]) {
    let processes: HashMap<u32, bool> = tasks.iter().filter(|t| t.leader && !t.exited).map(|t| (t.info.pid, t.hidden)).collect();
    for t in tasks.iter_mut().filter(|t| !t.leader && !t.exited) {
        let left_out = t.sources.get(Way::Threads) == Some(false);
        t.hidden &= left_out || processes.get(&t.info.pid).copied().unwrap_or(true);
    }
    tasks.sort_by_key(|t| match (t.sources.has(Way::List), t.exited) {
        (true, _) => (0, 0, 0),
        (false, false) => (1, t.info.pid, t.tid),
        (false, true) => (2, t.info.pid, t.tid),
    });
}
