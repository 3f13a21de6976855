//! The queues of the scheduler: what runs on a processor and what is ready to (kernel/sched/sched.h).

use super::lists::heads;
use super::signature::sane;
use super::ways::{Sightings, Way};
use super::{Extent, Found, KinShape, Member, Members, Shape, Types, shapes};
use crate::os::linux::base::kernel::Kernel;
use crate::os::linux::base::layout::{container_of, offset_of};
use crate::os::linux::base::lost::Lost;
use crate::os::linux::base::percpu::{cpus, per_cpu};
use crate::os::linux::containers::list::list;
use crate::os::linux::containers::tree::tree;
use memsh_plugin::VirtAddr;
use std::collections::HashSet;

/// Groups of groups of tasks nest no deeper than control groups do.
const DEEPEST: usize = 64;
/// Size in bytes of a `list_head` with pointers of `word` bytes.
const LINKS: u64 = 2;

shapes! {
    /// `rq`: what one processor runs. Only tasks that run or are ready to are here; a sleeper is nowhere.
    RunQueueShape: "rq" {
        curr: ["curr"],
        idle: ["idle"],
        stop: ["stop"],
        // With several processors: every task that the fair class has ready, whatever its group.
        fair_tasks: ["cfs_tasks"],
        fair_tree: ["cfs.tasks_timeline"],
        rt: ["rt.active.queue"],
        deadline: ["dl.root"],
    }
    /// `sched_entity`: a task, or a group of tasks that has a queue of its own.
    EntityShape: "sched_entity" {
        queue: ["my_q"],
        node: ["run_node"],
    }
    /// `cfs_rq`: the queue of a group.
    FairQueueShape: "cfs_rq" {
        tree: ["tasks_timeline"],
    }
    /// `sched_rt_entity`.
    RtEntityShape: "sched_rt_entity" {
        queue: ["my_q"],
        list: ["run_list"],
    }
    /// `sched_dl_entity`.
    DeadlineShape: "sched_dl_entity" {
        // 6.8: stands for a whole class, and belongs to no task.
        server: ["dl_server"],
        node: ["rb_node"],
    }
}

fn queues(kernel: &Kernel) -> Vec<VirtAddr> {
    let Some(variable) = kernel.address("runqueues") else { return Vec::new() };
    cpus(kernel).into_iter().filter_map(|cpu| per_cpu(kernel, variable, cpu)).collect()
}

/// The idle tasks, one for each processor: they are on no list by design.
pub fn idle(kernel: &Kernel, init: VirtAddr) -> HashSet<VirtAddr> {
    let rq = kernel.shape::<RunQueueShape>();
    let of = |at: VirtAddr| rq.read(kernel.view(), at).ptr(rq.idle);
    queues(kernel).into_iter().filter_map(of).chain([init]).collect()
}

/// What runs and what is ready to run.
pub fn runnable(kernel: &Kernel, sightings: &mut Sightings, lost: &mut Lost) {
    let (rq, kin) = (kernel.shape::<RunQueueShape>(), kernel.shape::<KinShape>());
    let word = u64::from(kernel.view().view_metadata().pointer_size);
    for at in queues(kernel) {
        let Some(block) = rq.read_or(kernel.view(), at, lost) else { continue };
        let idle = block.ptr(rq.idle);
        let mut found: Vec<VirtAddr> = [rq.curr, rq.stop].into_iter().filter_map(|m| block.ptr(m)).collect();
        if let (Some(head), Some(_)) = (block.at(rq.fair_tasks), kin.entity_group) {
            let nodes = list(kernel.view(), head, "tasks ready to run", lost);
            found.extend(nodes.into_iter().filter_map(|n| container_of(n, kin.entity_group)));
        }
        found.extend(fair(kernel, block.at(rq.fair_tree), lost));
        if let (Some(first), Some(queue)) = (block.at(rq.rt), rq.rt) {
            for head in heads(first, queue.size, LINKS * word) {
                found.extend(realtime(kernel, head, lost));
            }
        }
        if let (Some(root), Some(_)) = (block.at(rq.deadline), kin.dl_node) {
            let shape = kernel.shape::<DeadlineShape>();
            for node in tree(kernel.view(), &kernel.layouts.rb_node, root, "tasks with deadlines", lost) {
                let Some(entity) = container_of(node, shape.node) else { continue };
                if shape.read(kernel.view(), entity).uint(shape.server).unwrap_or(0) == 0 {
                    found.extend(container_of(node, kin.dl_node));
                }
            }
        }
        sightings.open(Way::Scheduler);
        for task in found.into_iter().filter(|t| Some(*t) != idle) {
            match sane(kernel, task) {
                true => {
                    sightings.add(task, Way::Scheduler);
                }
                false => lost.push(format!("the run queue at {at} leads to {task}, which is no task")),
            }
        }
    }
}

/// The tasks below the tree of entities at `root`, those of groups too.
fn fair(kernel: &Kernel, root: Option<VirtAddr>, lost: &mut Lost) -> Vec<VirtAddr> {
    let (kin, entity, queue) = (kernel.shape::<KinShape>(), kernel.shape::<EntityShape>(), kernel.shape::<FairQueueShape>());
    let (Some(root), Some(_), Some(_)) = (root, entity.node, kin.entity_node) else { return Vec::new() };
    let (mut out, mut seen) = (Vec::new(), HashSet::new());
    let mut todo = vec![(root, DEEPEST)];
    while let Some((root, depth)) = todo.pop() {
        if !seen.insert(root) {
            continue;
        }
        for node in tree(kernel.view(), &kernel.layouts.rb_node, root, "tasks ready to run", lost) {
            let Some(at) = container_of(node, entity.node) else { continue };
            let group = entity.read(kernel.view(), at).ptr(entity.queue);
            match group.zip(offset_of(queue.tree)).zip(depth.checked_sub(1)) {
                Some(((group, tree), depth)) => todo.push((group.wrapping_add(tree), depth)),
                None if group.is_none() => out.extend(container_of(node, kin.entity_node)),
                None => {}
            }
        }
    }
    out
}

/// The tasks of one priority of the real-time class.
fn realtime(kernel: &Kernel, head: VirtAddr, lost: &mut Lost) -> Vec<VirtAddr> {
    let (kin, entity) = (kernel.shape::<KinShape>(), kernel.shape::<RtEntityShape>());
    let (Some(_), Some(_)) = (kin.rt_list, entity.list) else { return Vec::new() };
    let mut out = Vec::new();
    for node in list(kernel.view(), head, "real-time tasks ready to run", lost) {
        let Some(at) = container_of(node, entity.list) else { continue };
        // With CONFIG_RT_GROUP_SCHED, which distributions leave out, an entity may be a group.
        if entity.read(kernel.view(), at).ptr(entity.queue).is_none() {
            out.extend(container_of(node, kin.rt_list));
        }
    }
    out
}
