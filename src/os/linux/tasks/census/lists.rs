//! The lists and tables of the kernel that hold tasks.

use super::signature::sane;
use super::ways::{Sightings, Way};
use super::{Extent, Found, KinShape, Member, Members, Shape, Types, shapes};
use crate::engine::{ViewExt, index};
use crate::os::linux::base::kernel::Kernel;
use crate::os::linux::base::layout::{container_of, offset_of};
use crate::os::linux::base::lost::Lost;
use crate::os::linux::containers::list::{Chains, list};
use crate::os::linux::containers::xarray::array;
use crate::os::sightings::Way as _;
use memsh_plugin::{VirtAddr, umem};
use std::collections::HashSet;

/// `css_set_table` has 2^`CSS_SET_HASH_BITS` chains (kernel/cgroup/cgroup.c).
const CSS_SET_CHAINS: u64 = 1 << 7;
/// A system with more control groups than this is made up.
const MOST_SETS: usize = 1 << 20;

shapes! {
    /// `css_set`: a set of control groups, with the tasks that are in it.
    CssSetShape: "css_set" {
        tasks: ["tasks"],
        moving: ["mg_tasks"],
        // 5.2.
        dying: ["dying_tasks"],
        hash: ["hlist"],
    }
    /// `signal_struct`, for its list of threads.
    GroupShape: "signal_struct" {
        thread_head: ["thread_head"],
    }
}

/// The list of processes as it was walked.
#[derive(Debug, Default)]
pub struct Listed {
    /// Whether a link of it was torn: then what was not reached may belong to it all the same.
    pub torn: bool,
    /// Where the links of all that was reached lead, and whose links they are.
    pub links: HashSet<VirtAddr>,
}

/// Walks the list that the system shows.
pub fn listed(kernel: &Kernel, init: VirtAddr, sightings: &mut Sightings, lost: &mut Lost) -> Listed {
    let mut out = Listed::default();
    let Some(tasks) = offset_of(kernel.layouts.task.tasks) else { return out };
    sightings.open(Way::List);
    let head = init.wrapping_add(tasks);
    let mut own = Lost::default();
    let nodes = list(kernel.view(), head, "task list", &mut own);
    out.torn = !own.is_empty();
    lost.extend(own);
    let word = umem::from(kernel.view().view_metadata().pointer_size);
    for &node in nodes.iter().chain([&head]) {
        out.links.extend([node, node.wrapping_add(word)].into_iter().filter_map(|at| kernel.view().read_ptr(at).ok()));
    }
    for at in nodes.into_iter().map(|n| n.wrapping_sub(tasks)) {
        sightings.add(at, Way::List);
    }
    out
}

/// The table of process ids: every thread, not the leaders alone.
pub fn by_id(kernel: &Kernel, sightings: &mut Sightings, lost: &mut Lost) {
    let l = &kernel.layouts;
    let (Some(namespace), Some(ids), Some(shape)) = (kernel.address("init_pid_ns"), offset_of(l.pid_ns.ids), l.array.as_ref())
    else {
        return;
    };
    // `PIDTYPE_PID` (include/linux/pid.h) is the first of a pid's lists and of a task's links.
    let (Some(lists), Some(links)) = (offset_of(l.pid.tasks), offset_of(l.task.pid_links)) else { return };
    sightings.open(Way::PidIdr);
    let mut chains = Chains::default();
    for (id, pid) in array(kernel.view(), shape, namespace.wrapping_add(ids), "process ids", lost) {
        for node in chains.nodes(kernel.view(), pid.wrapping_add(lists), "tasks of a process id", lost) {
            let at = node.wrapping_sub(links);
            match sane(kernel, at) {
                true => {
                    sightings.add(at, Way::PidIdr);
                }
                false => lost.push(format!("process id {id} leads to {at}, which is no task")),
            }
        }
    }
}

/// The sets of control groups: those of the kernel's table, and those of every task seen so far.
pub fn groups(kernel: &Kernel, sightings: &mut Sightings, lost: &mut Lost) {
    let (kin, set) = (kernel.shape::<KinShape>(), kernel.shape::<CssSetShape>());
    let (Some(link), Some(_)) = (kin.cg_list, set.tasks) else { return };
    let word = umem::from(kernel.view().view_metadata().pointer_size);
    let mut sets: Vec<VirtAddr> = kernel.address("init_css_set").into_iter().collect();
    if let Some(table) = kernel.address("css_set_table") {
        let mut chains = Chains::default();
        for i in 0..CSS_SET_CHAINS {
            let head = table.wrapping_add(umem::from(i) * word);
            let nodes = chains.nodes(kernel.view(), head, "table of control groups", lost);
            sets.extend(nodes.into_iter().filter_map(|n| container_of(n, set.hash)));
        }
    }
    sets.extend(sightings.all().iter().filter_map(|at| kin.read(kernel.view(), *at).ptr(kin.cgroups)));
    let mut known = HashSet::new();
    for at in sets {
        if known.len() > MOST_SETS || !known.insert(at) {
            continue;
        }
        let Some(block) = set.read_or(kernel.view(), at, lost) else { continue };
        sightings.open(Way::Cgroup);
        for head in [set.tasks, set.moving, set.dying] {
            let Some(head) = block.at(head) else { continue };
            for node in list(kernel.view(), head, "tasks of a control group", lost) {
                let Some(task) = container_of(node, Some(link)) else { continue };
                match sane(kernel, task) {
                    true => {
                        sightings.add(task, Way::Cgroup);
                    }
                    false => lost.push(format!("the control groups at {at} lead to {task}, which is no task")),
                }
            }
        }
    }
}

/// From everybody seen so far to the threads of their groups and to their children, and on from these.
pub fn family(kernel: &Kernel, init: VirtAddr, sightings: &mut Sightings, lost: &mut Lost) {
    let kin = kernel.shape::<KinShape>();
    let head = offset_of(kernel.shape::<GroupShape>().thread_head);
    let threads = kin.thread_node.zip(head).is_some() || kin.thread_group.is_some();
    for (way, known) in [(Way::Threads, threads), (Way::Children, kin.children.is_some() && kin.sibling.is_some())] {
        if known {
            sightings.open(way);
        }
    }
    let mut groups = HashSet::new();
    let mut parents = HashSet::from([init]);
    let mut todo: Vec<VirtAddr> = std::iter::once(init).chain(sightings.all().iter().copied()).collect();
    while let Some(at) = todo.pop() {
        let block = kin.read(kernel.view(), at);
        let mut found: Vec<(VirtAddr, Way)> = Vec::new();
        let signal = block.ptr(kin.signal);
        if at != init && signal.is_some_and(|s| groups.insert(s)) {
            let nodes = match (signal, head, kin.thread_node) {
                (Some(signal), Some(head), Some(node)) => list(kernel.view(), signal.wrapping_add(head), "thread list", lost)
                    .into_iter()
                    .filter_map(|n| container_of(n, Some(node)))
                    .collect(),
                _ => ring(kernel, block.at(kin.thread_group), kin.thread_group, lost),
            };
            found.extend(nodes.into_iter().map(|t| (t, Way::Threads)));
        }
        if let Some(head) = block.at(kin.children) {
            let nodes = list(kernel.view(), head, "children of a task", lost);
            found.extend(nodes.into_iter().filter_map(|n| container_of(n, kin.sibling)).map(|t| (t, Way::Children)));
        }
        for (task, way) in found {
            // Exiting threads leave a list while others are on it; whatever is no task ends here.
            if !sane(kernel, task) {
                lost.push(format!("the {} of the task at {at} lead to {task}, which is no task", way.name()));
                continue;
            }
            sightings.add(task, way);
            if parents.insert(task) {
                todo.push(task);
            }
        }
        parents.insert(at);
    }
}

/// Up to 6.6: a ring through all threads of a group without a head; the task that it is entered at is on it too.
fn ring(kernel: &Kernel, own: Option<VirtAddr>, link: Option<Member>, lost: &mut Lost) -> Vec<VirtAddr> {
    let Some(own) = own else { return Vec::new() };
    let nodes = list(kernel.view(), own, "thread list", lost);
    nodes.into_iter().chain([own]).filter_map(|n| container_of(n, link)).collect()
}

/// The pointers of an array of list heads, for whoever needs them.
pub fn heads(at: VirtAddr, size: u64, step: u64) -> impl Iterator<Item = VirtAddr> {
    let count = index(umem::from(size.checked_div(step).unwrap_or(0))).unwrap_or(0);
    (0u64..).take(count).map(move |i| at.wrapping_add(umem::from(i * step)))
}
