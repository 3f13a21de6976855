//! Who holds which open file: the descriptor tables of all processes.

use super::fdtable::{Descriptor, descriptors, table_of};
use crate::os::linux::base::kernel::Kernel;
use crate::os::linux::base::lost::Lost;
use crate::os::linux::tasks::task::{Task, by_id, leaders};
use memsh_plugin::{ApiError, Text, VirtAddr};
use std::collections::{HashMap, HashSet};

/// An open file and a process that holds it.
#[derive(Clone, Debug)]
pub struct Holder {
    /// The process.
    pub pid: u32,
    /// Its name.
    pub process: Text,
    /// The descriptor's number.
    pub fd: u32,
    /// The `struct file`.
    pub file: VirtAddr,
}

/// A process, as far as its descriptors need it.
pub(crate) struct Owner {
    pub(crate) task: VirtAddr,
    pub(crate) pid: u32,
    pub(crate) name: Text,
}

/// All processes: those of the task list, and those that only the table of process ids knows (hidden from the list).
pub(crate) fn owners(kernel: &Kernel, lost: &mut Lost) -> Result<Vec<Owner>, ApiError> {
    let mut all = leaders(kernel, lost)?;
    let known: HashSet<VirtAddr> = all.iter().copied().collect();
    // What ids could not be followed to is told by `leaders` when the list is torn; here they only add to a whole one.
    let idle = kernel.address("init_task");
    all.extend(by_id(kernel, &mut Lost::default()).into_iter().filter(|at| !known.contains(at) && Some(*at) != idle));
    let mut out = Vec::new();
    for at in all {
        let Some(task) = Task::read(kernel, at, lost) else { continue };
        let Some(pid) = task.tgid(kernel) else { continue };
        out.push(Owner { task: at, pid, name: Text::from(task.name(kernel)) });
    }
    Ok(out)
}

/// Every open descriptor of every process, and of threads that have a table of their own (`unshare(CLONE_FILES)`).
///
/// # Errors
/// When processes can't be listed at all.
pub fn holders(kernel: &Kernel, lost: &mut Lost) -> Result<Vec<Holder>, ApiError> {
    let all = owners(kernel, lost)?;
    Ok(holders_among(kernel, &all, lost))
}

/// The same for processes that are known already.
pub(crate) fn holders_among(kernel: &Kernel, all: &[Owner], lost: &mut Lost) -> Vec<Holder> {
    let mut tables: HashMap<VirtAddr, Vec<Descriptor>> = HashMap::new();
    let mut out = Vec::new();
    for owner in all {
        let Some(task) = Task::read(kernel, owner.task, lost) else { continue };
        let mut own: Vec<VirtAddr> = Vec::new();
        // Threads of the kernel share one empty table.
        let tasks = match task.is_kernel(kernel) {
            true => vec![owner.task],
            false => task.thread_list(kernel, lost).iter().map(|t| t.address).collect(),
        };
        for at in tasks {
            let Some(table) = table_of(kernel, at).filter(|t| !own.contains(t)) else { continue };
            own.push(table);
            let open = tables.entry(table).or_insert_with(|| descriptors(kernel, at, lost));
            out.extend(open.iter().map(|d| Holder { pid: owner.pid, process: owner.name.clone(), fd: d.fd, file: d.file }));
        }
    }
    out
}
