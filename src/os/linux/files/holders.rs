//! Who holds which open file: the descriptor tables of all processes.

use super::fdtable::{Descriptor, descriptors, table_of};
use crate::os::linux::base::kernel::Kernel;
use crate::os::linux::base::lost::Lost;
use crate::os::linux::tasks::task::{Task, all_leaders};
use memsh_plugin::{ApiError, Text, VirtAddr};
use std::collections::HashMap;

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

/// A process that may hold files.
pub(crate) struct Process {
    pub(crate) task: VirtAddr,
    pub(crate) pid: u32,
    pub(crate) name: Text,
}

/// All processes: those of the task list, and those that only the table of process ids knows (hidden from the list).
pub(crate) fn every_process(kernel: &Kernel, lost: &mut Lost) -> Result<Vec<Process>, ApiError> {
    let mut out = Vec::new();
    for at in all_leaders(kernel, lost)? {
        let Some(task) = Task::read(kernel, at, lost) else { continue };
        let Some(pid) = task.tgid(kernel) else { continue };
        out.push(Process { task: at, pid, name: Text::from(task.name(kernel)) });
    }
    Ok(out)
}

/// Every open descriptor of every process, and of threads that have a table of their own (`unshare(CLONE_FILES)`).
///
/// # Errors
/// When processes can't be listed at all.
pub fn holders(kernel: &Kernel, lost: &mut Lost) -> Result<Vec<Holder>, ApiError> {
    let all = every_process(kernel, lost)?;
    Ok(holders_among(kernel, &all, lost))
}

/// The same for processes that are known already.
pub(crate) fn holders_among(kernel: &Kernel, all: &[Process], lost: &mut Lost) -> Vec<Holder> {
    let mut tables: HashMap<VirtAddr, Vec<Descriptor>> = HashMap::new();
    let mut out = Vec::new();
    for process in all {
        let Some(task) = Task::read(kernel, process.task, lost) else { continue };
        let mut own: Vec<VirtAddr> = Vec::new();
        // Threads of the kernel share one empty table.
        let tasks = match task.is_kernel(kernel) {
            true => vec![process.task],
            false => task.thread_list(kernel, lost).iter().map(|t| t.address).collect(),
        };
        for at in tasks {
            let Some(table) = table_of(kernel, at).filter(|t| !own.contains(t)) else { continue };
            own.push(table);
            let open = tables.entry(table).or_insert_with(|| descriptors(kernel, at, lost));
            out.extend(open.iter().map(|d| Holder { pid: process.pid, process: process.name.clone(), fd: d.fd, file: d.file }));
        }
    }
    out
}
