//! Namespaces that tasks live in (`nsproxy`, include/linux/nsproxy.h).

use super::task::{Task, all_leaders};
use crate::os::linux::base::kernel::Kernel;
use crate::os::linux::base::layout::{Extent, Found, Member, Members, Shape, shapes};
use crate::os::linux::base::lost::Lost;
use crate::symbols::Types;
use memsh_plugin::{ApiError, VirtAddr};
use std::collections::HashSet;

shapes! {
    /// `task_struct`, for its namespaces.
    SpacesShape: "task_struct" {
        proxy: ["nsproxy"],
        cred: ["real_cred"],
        // 4.19; before, `pids[PIDTYPE_PID].pid`.
        pid: ["thread_pid"],
    }
    /// `nsproxy`.
    ProxyShape: "nsproxy" {
        uts: ["uts_ns"],
        ipc: ["ipc_ns"],
        mnt: ["mnt_ns"],
        pid_for_children: ["pid_ns_for_children"],
        net: ["net_ns"],
        // 5.6.
        time: ["time_ns"],
        time_for_children: ["time_ns_for_children"],
        cgroup: ["cgroup_ns"],
    }
}

/// A task, and whose it is.
#[derive(Clone, Debug)]
pub struct Inhabitant {
    /// The process.
    pub pid: u32,
    /// The thread.
    pub tid: u32,
    /// Its name.
    pub name: Vec<u8>,
    /// Its `task_struct`.
    pub task: VirtAddr,
    /// Its `nsproxy`; a task that has ended has none.
    pub proxy: Option<VirtAddr>,
}

/// All processes, also those hidden from the list of tasks, by their ids; of their threads those that have namespaces of their own.
///
/// # Errors
/// When processes can't be listed at all.
pub fn inhabitants(kernel: &Kernel, lost: &mut Lost) -> Result<Vec<Inhabitant>, ApiError> {
    let mut out = Vec::new();
    let mut gone = HashSet::new();
    for at in all_leaders(kernel, lost)? {
        let Some(task) = Task::read(kernel, at, lost) else { continue };
        let Some(pid) = task.tgid(kernel) else { continue };
        let own = known(kernel, at, &mut gone, lost);
        out.push(Inhabitant { pid, tid: pid, name: task.name(kernel), task: at, proxy: own });
        if task.is_kernel(kernel) {
            continue;
        }
        let mut seen: HashSet<VirtAddr> = own.into_iter().collect();
        // What the list of threads has lost, `threads` tells.
        for thread in task.thread_list(kernel, &mut Lost::default()) {
            let proxy = known(kernel, thread.address, &mut gone, lost);
            if proxy.is_some_and(|p| seen.insert(p)) {
                let name = thread.name.as_bytes().to_vec();
                out.push(Inhabitant { pid, tid: thread.tid, name, task: thread.address, proxy });
            }
        }
    }
    out.sort_by_key(|i| (i.pid, i.tid));
    Ok(out)
}

/// The `nsproxy` of the task at `task`, where it is in the image; where not, that is told once.
fn known(kernel: &Kernel, task: VirtAddr, gone: &mut HashSet<VirtAddr>, lost: &mut Lost) -> Option<VirtAddr> {
    let proxy = proxy_of(kernel, task).filter(|p| !gone.contains(p))?;
    let l = kernel.shape::<ProxyShape>();
    if l.read(kernel.view(), proxy).is_missing() {
        gone.insert(proxy);
        lost.push(format!("namespaces: nsproxy at {proxy}, of the task at {task}, is not in the image"));
        return None;
    }
    Some(proxy)
}

/// The `nsproxy` of the task at `task`.
pub fn proxy_of(kernel: &Kernel, task: VirtAddr) -> Option<VirtAddr> {
    let l = kernel.shape::<SpacesShape>();
    l.read(kernel.view(), task).ptr(l.proxy)
}

/// The mount namespace of a `nsproxy`.
pub fn mounts_of(kernel: &Kernel, proxy: VirtAddr) -> Option<VirtAddr> {
    let l = kernel.shape::<ProxyShape>();
    l.read(kernel.view(), proxy).ptr(l.mnt)
}
