//! Tasks by themselves and compared with each other.

use super::shown;
use crate::engine::ViewExt;
use crate::os::linux::base::kernel::Kernel;
use crate::os::linux::base::layout::{Extent, Found, Member, Members, Shape, shapes};
use crate::os::linux::base::lost::Lost;
use crate::os::linux::suspicion::finding::Finding;
use crate::os::linux::tasks::census::{Seen, Way};
use crate::os::sightings::Way as _;
use crate::symbols::Types;
use memsh_plugin::VirtAddr;
use std::collections::HashMap;

shapes! {
    /// `task_struct`, for who stands behind a task.
    BehindShape: "task_struct" {
        traced: ["ptrace"],
        // Whoever is told of its end: the tracer while it is traced.
        parent: ["parent"],
        real_parent: ["real_parent"],
        cred: ["real_cred"],
    }
}

fn alive(tasks: &[Seen]) -> impl Iterator<Item = &Seen> {
    tasks.iter().filter(|t| !t.exited)
}

/// Processes that the system's list leaves out, and threads that their group's list leaves out.
pub fn hidden(tasks: &[Seen]) -> Vec<Finding> {
    let mut out = Vec::new();
    for t in alive(tasks).filter(|t| t.hidden) {
        // The threads of a hidden process are told with it.
        let led = tasks.iter().any(|l| l.leader && l.hidden && l.info.pid == t.info.pid);
        if !t.leader && led {
            continue;
        }
        let threads = tasks.iter().filter(|o| !o.leader && !o.exited && o.info.pid == t.info.pid).count();
        let mut evidence = format!("found by {}", t.sources.names(true).join(", "));
        let missing: Vec<&str> = t.sources.names(false).into_iter().filter(|w| *w != Way::Scheduler.name()).collect();
        evidence.push_str(&format!("; not in {}", missing.join(", ")));
        if t.leader && threads > 0 {
            evidence.push_str(&format!("; {threads} more threads"));
        }
        if !t.leader {
            evidence.push_str(&format!("; thread {}", t.tid));
        }
        // Of these the kernel takes off who ends (`release_task`); who hides a task rarely thinks of more than the first.
        if t.leader && [Way::List, Way::Children, Way::Cgroup].into_iter().filter(|w| missing.contains(&w.name())).count() > 1 {
            evidence.push_str("; or it ended while memory was copied");
        }
        let reason = if t.leader { "process hidden from the task list" } else { "thread hidden from its process" };
        out.push(Finding::of(&t.info, "process", reason, evidence));
    }
    out
}

/// Threads of the kernel that kthreadd did not start: a process that was given the flag of one.
pub fn orphans(kernel: &Kernel, tasks: &[Seen]) -> Vec<Finding> {
    let named = kernel.address("kthreadd_task").and_then(|at| kernel.view().read_ptr(at).ok());
    // It is always the second task of all; where it is not among them nobody can be told from its children.
    let is_it = |t: &&Seen| t.info.kernel_thread && (Some(t.info.address) == named || t.info.pid == 2);
    let Some(kthreadd) = tasks.iter().find(is_it).map(|t| t.info.address) else { return Vec::new() };
    let shape = kernel.shape::<BehindShape>();
    let mut out = Vec::new();
    for t in alive(tasks).filter(|t| t.info.kernel_thread && t.info.address != kthreadd) {
        let Some(parent) = shape.read(kernel.view(), t.info.address).ptr(shape.real_parent) else { continue };
        if parent != kthreadd && kernel.address("init_task") != Some(parent) {
            let by = tasks.iter().find(|p| p.info.address == parent);
            let by = by.map_or_else(|| format!("the task at {parent}"), name);
            out.push(Finding::of(&t.info, "process", "kernel thread not from kthreadd", format!("its parent is {by}")));
        }
    }
    out
}

/// Processes that use the very credentials of another one. The kernel copies them for every process (`copy_creds`): only threads of
/// one group share them. Whoever writes another's pointer into a task makes it the other user.
pub fn credentials(kernel: &Kernel, tasks: &[Seen]) -> Vec<Finding> {
    let shape = kernel.shape::<BehindShape>();
    let cred = |at: VirtAddr| shape.read(kernel.view(), at).ptr(shape.cred);
    let mut owners: HashMap<VirtAddr, Vec<&Seen>> = HashMap::new();
    for t in alive(tasks) {
        let Some(own) = cred(t.info.address) else { continue };
        let owners = owners.entry(own).or_default();
        if owners.iter().all(|o| o.info.pid != t.info.pid) {
            owners.push(t);
        }
    }
    let idle = kernel.address("init_task").and_then(cred);
    let mut out = Vec::new();
    for (at, mut owners) in owners {
        owners.sort_by_key(|t| (t.info.start_time.get(), t.info.pid));
        let first = match idle == Some(at) {
            true => Some("the idle task".to_owned()),
            false => (owners.len() > 1).then(|| owners.remove(0)).map(name),
        };
        let Some(first) = first else { continue };
        for t in owners {
            let user = t.info.uid.get().map_or_else(String::new, |u| format!(", uid {u}"));
            let evidence = format!("its cred at {at}{user} is that of {first}");
            out.push(Finding::of(&t.info, "process", "credentials of another process", evidence));
        }
    }
    out
}

/// Processes that another one traces.
pub fn traced(kernel: &Kernel, tasks: &[Seen], lost: &mut Lost) -> Vec<Finding> {
    let shape = kernel.shape::<BehindShape>();
    let mut out: Vec<Finding> = Vec::new();
    for t in alive(tasks) {
        let Some(block) = shape.read_or(kernel.view(), t.info.address, lost) else { continue };
        if block.uint(shape.traced).unwrap_or(0) == 0 || out.last().is_some_and(|f| f.pid == Some(t.info.pid)) {
            continue;
        }
        let tracer = block.ptr(shape.parent);
        let by = tasks.iter().find(|p| Some(p.info.address) == tracer);
        let by = match (by, tracer) {
            (Some(p), _) => name(p),
            (None, Some(at)) => format!("the task at {at}"),
            (None, None) => "a task that can't be read".to_owned(),
        };
        let state = super::shown_or(t.info.state.as_ref(), "in an unknown state");
        out.push(Finding::of(&t.info, "trace", "traced by another process", format!("by {by}; thread {} is {state}", t.tid)));
    }
    out
}

fn name(t: &Seen) -> String {
    format!("{} ({})", shown(t.info.name.as_bytes()), t.info.pid)
}
