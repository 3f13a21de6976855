//! Tasks: processes and their threads.

use super::census::reach;
use super::{args, compat};
use crate::arch::Arch;
use crate::engine::{AddressSpace, ViewExt};
use crate::os::linux::base::kernel::{Kernel, failed};
use crate::os::linux::base::layout::{Block, Member, Shape, container_of, offset_of};
use crate::os::linux::base::lost::Lost;
use crate::os::linux::containers::list::{Chains, list};
use crate::os::linux::containers::xarray::array;
use crate::os::linux::files::path::{PathRef, Paths};
use crate::os::linux::memory::mm::Mm;
use crate::os::linux::memory::space::process_space;
use memsh_plugin::{ApiError, Listing, Maybe, ProcessInfo, Status, Text, ThreadInfo, UnixNanos, VirtAddr, umem};
use std::collections::HashSet;
use std::convert::Infallible;

/// `PF_WQ_WORKER` and `PF_KTHREAD` (include/linux/sched.h).
const WORKER: u64 = 0x20;
const KTHREAD: u64 = 0x0020_0000;
/// Longer names of kernel threads are cut.
const NAME: usize = 64;

/// A task, read.
pub struct Task {
    /// What was read of its `task_struct`.
    pub block: Block,
}

impl Task {
    /// Reads the one at `at`; none where it does not look like a task.
    pub fn read(kernel: &Kernel, at: VirtAddr, lost: &mut Lost) -> Option<Self> {
        let l = &kernel.layouts.task;
        let block = l.read_or(kernel.view(), at, lost)?;
        let task = Self { block };
        // PID_MAX_LIMIT (include/linux/threads.h) is 2^22.
        let possible = |id: Option<u32>| id.is_none_or(|id| id <= 1 << 22);
        if !possible(task.block.u32(l.tgid)) || !possible(task.block.u32(l.pid)) {
            lost.push(format!("what lies at {at} is no task"));
            return None;
        }
        // Only idle tasks have the id 0, and they have parents and signals like all others: this is a task that ended while memory
        // was copied, or a page that was lost.
        let none = |m: Option<Member>| m.is_some() && task.block.ptr(m).is_none();
        if task.block.u32(l.pid) == Some(0) && (none(l.parent) || none(l.signal)) {
            lost.push(format!("the task at {at} is cleared, wholly or in part"));
            return None;
        }
        Some(task)
    }

    /// Where it lies.
    pub fn address(&self) -> VirtAddr {
        self.block.base()
    }

    /// Process id: that of the thread group.
    pub fn tgid(&self, kernel: &Kernel) -> Option<u32> {
        self.block.u32(kernel.layouts.task.tgid).or_else(|| self.pid(kernel))
    }

    /// Thread id.
    pub fn pid(&self, kernel: &Kernel) -> Option<u32> {
        self.block.u32(kernel.layouts.task.pid)
    }

    /// Whether it is a thread of the kernel.
    pub fn is_kernel(&self, kernel: &Kernel) -> bool {
        self.block.uint(kernel.layouts.task.flags).is_some_and(|f| f & KTHREAD != 0)
    }

    /// Its address space; one that should be there and is not is told.
    pub fn mm(&self, kernel: &Kernel, lost: &mut Lost) -> Option<Mm> {
        // A kernel thread may borrow a process's for a while (`kthread_use_mm`).
        if self.is_kernel(kernel) {
            return None;
        }
        let at = self.block.ptr(kernel.layouts.task.mm)?;
        let mm = Mm::read(kernel, at);
        if mm.as_ref().and_then(|mm| mm.root(kernel)).is_none() {
            let pid = self.tgid(kernel).unwrap_or(0);
            lost.push(format!("process {pid}: its mm_struct at {at} is not in the image, or has no page tables"));
        }
        mm
    }

    /// A kernel thread's `struct kthread`.
    fn kthread(&self, kernel: &Kernel) -> Option<Block> {
        let l = &kernel.layouts;
        if !self.is_kernel(kernel) {
            return None;
        }
        // 5.17 moved it, and gave it a name in the same step.
        let at = match l.kthread.name {
            Some(_) => self.block.ptr(l.task.worker),
            None => self.block.ptr(l.task.set_child_tid),
        };
        Some(l.kthread.read(kernel.view(), at?))
    }

    /// Its name as `/proc/PID/comm` shows it (`proc_task_name`): kernel threads have longer ones than `comm` holds, workers say
    /// what they worked on last.
    pub fn name(&self, kernel: &Kernel) -> Vec<u8> {
        let l = &kernel.layouts;
        let comm = self.block.text(l.task.comm).unwrap_or_default();
        let Some(kthread) = self.kthread(kernel) else { return comm.to_vec() };
        let full = kthread.ptr(l.kthread.name).and_then(|at| kernel.view().read_cstr(at, NAME).ok());
        let full = full.filter(|f| !comm.is_empty() && f.starts_with(comm));
        if self.block.uint(l.task.flags).is_none_or(|f| f & WORKER == 0) {
            return full.unwrap_or_else(|| comm.to_vec());
        }
        // Since 6.9 rescuers are called by their queue's whole name; before, `comm` cuts it.
        let mut name = full.filter(|f| f.starts_with(b"kworker/R-")).unwrap_or_else(|| comm.to_vec());
        if let Some(at) = kthread.ptr(l.kthread.data) {
            let worker = l.worker.read(kernel.view(), at);
            let text = worker.text(l.worker.text).filter(|t| !t.is_empty());
            // A worker knows its task: what does not is none.
            let own = worker.ptr(l.worker.task) == Some(self.address());
            if let (Some(text), Some(_), true) = (text, worker.ptr(l.worker.pool), own) {
                name.push(if worker.ptr(l.worker.work).is_some() { b'+' } else { b'-' });
                name.extend_from_slice(text);
            }
        }
        name
    }

    /// Its state, in the words of `/proc/PID/status` (fs/proc/array.c).
    pub fn state(&self, kernel: &Kernel) -> Option<Text> {
        let l = &kernel.layouts.task;
        let state = self.block.uint(l.state)?;
        let exit = self.block.uint(l.exit_state).unwrap_or(0);
        Some(Text::from(state_name(state, exit)))
    }

    /// When it was started.
    fn start_time(&self, kernel: &Kernel) -> Option<UnixNanos> {
        let since = i64::try_from(self.block.uint(kernel.layouts.task.start_time)?).ok()?;
        kernel.boot_time()?.checked_add(since)
    }

    /// Number of threads in its group.
    fn threads(&self, kernel: &Kernel) -> Option<u32> {
        let l = &kernel.layouts;
        let at = self.block.ptr(l.task.signal)?;
        match l.signal.read(kernel.view(), at).u32(l.signal.threads) {
            Some(n) => Some(n),
            None => u32::try_from(self.group(kernel, &mut Lost::default()).len()).ok(),
        }
    }

    /// The tasks of its group, the leader first.
    fn group(&self, kernel: &Kernel, lost: &mut Lost) -> Vec<VirtAddr> {
        let l = &kernel.layouts;
        let head = self.block.ptr(l.task.signal).zip(offset_of(l.signal.thread_head)).map(|(s, o)| s.wrapping_add(o));
        let mut tasks = match (head, l.task.thread_node) {
            (Some(head), Some(_)) => list(kernel.view(), head, "thread list", lost)
                .into_iter()
                .filter_map(|n| container_of(n, l.task.thread_node))
                .collect(),
            _ => match self.block.at(l.task.thread_group) {
                Some(own) => list(kernel.view(), own, "thread list", lost)
                    .into_iter()
                    .filter_map(|n| container_of(n, l.task.thread_group))
                    .collect(),
                None => Vec::new(),
            },
        };
        // The leader is on its list, but a dying one may have left it; it stays the process all the same.
        tasks.retain(|&t| t != self.address());
        tasks.insert(0, self.address());
        tasks
    }

    /// Its threads, the main thread first.
    pub fn thread_list(&self, kernel: &Kernel, lost: &mut Lost) -> Vec<ThreadInfo> {
        let process = self.tgid(kernel).unwrap_or(0);
        let mut out = Vec::new();
        for at in self.group(kernel, lost) {
            let Some(task) = Task::read(kernel, at, lost) else { continue };
            let Some(tid) = task.pid(kernel) else {
                lost.push(format!("the thread at {at} has no readable id"));
                continue;
            };
            if task.tgid(kernel) != Some(process) {
                lost.push(format!("the task at {at} is listed with process {process}, but says it belongs to another"));
                continue;
            }
            let function = task.kthread(kernel).and_then(|k| k.ptr(kernel.layouts.kthread.function));
            out.push(ThreadInfo {
                pid: process,
                tid,
                name: Text::from(task.name(kernel)),
                state: task.state(kernel).into(),
                address: at,
                start_address: function.into(),
            });
        }
        out
    }

    /// What is known of the process that this task leads.
    pub fn info(&self, kernel: &Kernel, paths: &mut Paths, lost: &mut Lost) -> ProcessInfo {
        let l = &kernel.layouts;
        let view = kernel.view();
        let parent = self.block.ptr(l.task.parent).map(|p| l.task.read(view, p));
        let cred = self.block.ptr(l.task.cred).map(|c| l.cred.read(view, c));
        let mm = self.mm(kernel, lost);
        let root = mm.as_ref().and_then(|mm| mm.root(kernel));
        let exe = mm.as_ref().and_then(|mm| mm.block.ptr(l.mm.exe_file)).map(|f| paths.file(f));
        let line = mm.as_ref().zip(root).and_then(|(mm, root)| {
            // What is missing is told by `arguments`; here the cell holds what is there.
            args::command_line(kernel, mm, &process_space(&kernel.space, root), &mut Lost::default())
        });
        let narrow = compat::narrow(kernel, self.address(), mm.as_ref());
        ProcessInfo {
            address: self.address(),
            pid: self.tgid(kernel).unwrap_or(0),
            ppid: parent.and_then(|p| p.u32(l.task.tgid)).into(),
            name: Text::from(self.name(kernel)),
            state: self.state(kernel).into(),
            threads: self.threads(kernel).into(),
            uid: cred.as_ref().and_then(|c| c.u32(l.cred.uid)).into(),
            gid: cred.as_ref().and_then(|c| c.u32(l.cred.gid)).into(),
            sid: Maybe::None,
            session: Maybe::None,
            kernel_thread: self.is_kernel(kernel),
            start_time: self.start_time(kernel).into(),
            exit_time: Maybe::None,
            dtb: root.into(),
            image_path: exe.and_then(|f| f.path).map(Text::from).into(),
            command_line: line.map(Text::from).into(),
            wow64: narrow.is_some(),
            arch: Text::from(narrow.unwrap_or_else(|| arch(kernel))),
        }
    }

    /// The address space that user code of this task sees; the kernel's where there is none.
    pub fn space(&self, kernel: &Kernel) -> AddressSpace {
        match self.mm(kernel, &mut Lost::default()).and_then(|mm| mm.root(kernel)) {
            Some(root) => process_space(&kernel.space, root),
            None => kernel.space.clone(),
        }
    }
}

/// The instruction set of native processes; how pages are kept is no part of it.
pub fn arch(kernel: &Kernel) -> &'static str {
    match kernel.space.format().arch {
        Arch::X86Pae => Arch::X86.name(),
        other => other.name(),
    }
}

/// The bits of a task's state that are told, and their words: `task_state_array`, `TASK_REPORT`, `__task_state_index`.
fn state_name(state: u64, exit: u64) -> &'static str {
    const REPORT: u64 = 0x7f;
    /// `TASK_IDLE`: `TASK_UNINTERRUPTIBLE | TASK_NOLOAD`.
    const IDLE: u64 = 0x402;
    /// `TASK_RTLOCK_WAIT` (5.16) and `TASK_FROZEN` (6.1) are told as uninterruptible sleep.
    const ALSO_DISK: u64 = 0x1000 | 0x8000;
    if state & IDLE == IDLE && (state | exit) & (REPORT & !2) == 0 {
        return "idle";
    }
    let mut told = (state | exit) & REPORT;
    if told == 0 && state & ALSO_DISK != 0 {
        told = 2;
    }
    match 64 - told.leading_zeros() {
        0 => "running",
        1 => "sleeping",
        2 => "disk sleep",
        3 => "stopped",
        4 => "tracing stop",
        5 => "dead",
        6 => "zombie",
        _ => "parked",
    }
}

/// The addresses of all processes' leaders, in the kernel's order, without the idle task.
pub fn leaders(kernel: &Kernel, lost: &mut Lost) -> Result<Vec<VirtAddr>, ApiError> {
    let l = &kernel.layouts.task;
    let init = kernel
        .address("init_task")
        .ok_or_else(|| failed(Status::UNSUPPORTED, "can't list processes: no symbol init_task; give symbols with --symbols"))?;
    let tasks = offset_of(l.tasks)
        .ok_or_else(|| failed(Status::UNSUPPORTED, "can't list processes: no type task_struct; give types with --symbols"))?;
    // The list leads from one to the next; over memory that is far the table of ids says at once where all of them lie.
    super::ahead::processes(kernel);
    let nodes = list(kernel.view(), init.wrapping_add(tasks), "task list", lost);
    let mut found: Vec<VirtAddr> = nodes.into_iter().map(|n| n.wrapping_sub(tasks)).collect();
    if !lost.is_empty() {
        // The list is torn: process ids know the rest.
        let known: HashSet<VirtAddr> = found.iter().copied().collect();
        let more: Vec<VirtAddr> = by_id(kernel, lost).into_iter().filter(|at| !known.contains(at) && *at != init).collect();
        if !more.is_empty() {
            lost.push(format!("{} processes that the task list has lost were found by their ids", more.len()));
        }
        found.extend(more);
        let more = reach::relatives(kernel, init, &found);
        if !more.is_empty() {
            lost.push(format!(
                "{} processes that the task list has lost were found by their relatives and neighbours",
                more.len()
            ));
        }
        found.extend(more);
        if found.is_empty() {
            match reach::shown(kernel, init) {
                Some(shown) => found = shown,
                None => lost.push("no list leads to processes, and the search of memory for them was interrupted"),
            }
            if !found.is_empty() {
                lost.push(format!(
                    "the {} processes that are told are those that memory shows; no list leads to them",
                    found.len()
                ));
            }
        }
    }
    Ok(found)
}

/// The same, and the leaders that only the table of process ids knows: those that were hidden from the list.
pub fn all_leaders(kernel: &Kernel, lost: &mut Lost) -> Result<Vec<VirtAddr>, ApiError> {
    let mut all = leaders(kernel, lost)?;
    let known: HashSet<VirtAddr> = all.iter().copied().collect();
    let idle = kernel.address("init_task");
    // What ids could not be followed to is told by `leaders` when the list is torn; here they only add to a whole one.
    all.extend(by_id(kernel, &mut Lost::default()).into_iter().filter(|at| !known.contains(at) && Some(*at) != idle));
    Ok(all)
}

/// The leaders that the initial namespace's table of process ids leads to (`init_pid_ns.idr`), by id.
pub fn by_id(kernel: &Kernel, lost: &mut Lost) -> Vec<VirtAddr> {
    let l = &kernel.layouts;
    let (Some(namespace), Some(ids), Some(array_shape)) =
        (kernel.address("init_pid_ns"), offset_of(l.pid_ns.ids), l.array.as_ref())
    else {
        return Vec::new();
    };
    // `PIDTYPE_TGID` (include/linux/pid.h, 4.19): the second of its kind, in a pid's lists and in a task's links.
    let (Some(lists), Some(links)) = (offset_of(l.pid.tasks), offset_of(l.task.pid_links)) else { return Vec::new() };
    let word = umem::from(kernel.view().view_metadata().pointer_size);
    let (list_at, link_at) = (lists.wrapping_add(word), links.wrapping_add(2 * word));
    let pids = array(kernel.view(), array_shape, namespace.wrapping_add(ids), "process ids", lost);
    let mut chains = Chains::default();
    pids.into_iter()
        .flat_map(|(_, pid)| chains.nodes(kernel.view(), pid.wrapping_add(list_at), "tasks of a process id", lost))
        .map(|node| node.wrapping_sub(link_at))
        .collect()
}

/// All processes.
pub fn processes(kernel: &Kernel) -> Result<Listing<ProcessInfo>, ApiError> {
    let mut lost = Lost::default();
    let mut paths = Paths::new(kernel);
    let mut out = Vec::new();
    let leaders = leaders(kernel, &mut lost)?;
    let ahead = |at: &VirtAddr| {
        let mut lost = Lost::default();
        if let Some(task) = Task::read(kernel, *at, &mut lost) {
            task.info(kernel, &mut Paths::new(kernel), &mut lost);
        }
    };
    let Ok(()) = kernel.space.memory().for_each_ahead(&leaders, ahead, |&at| {
        let Some(task) = Task::read(kernel, at, &mut lost) else { return Ok::<(), Infallible>(()) };
        match task.tgid(kernel) {
            Some(_) => out.push(task.info(kernel, &mut paths, &mut lost)),
            None => lost.push(format!("the process at {at} has no readable id")),
        }
        Ok(())
    });
    lost.extend(paths.lost);
    Ok(lost.listing(out))
}

/// The root directory of process 1, or of the idle task where that can't be read.
pub fn init_root(kernel: &Kernel) -> Option<PathRef> {
    let l = &kernel.layouts;
    let leaders = leaders(kernel, &mut Lost::default()).ok()?;
    let first = leaders.into_iter().find(|&at| {
        let block = l.task.read(kernel.view(), at);
        block.u32(l.task.tgid) == Some(1)
    });
    first.into_iter().chain(kernel.address("init_task")).find_map(|at| {
        let fs = l.fs.read(kernel.view(), l.task.read(kernel.view(), at).ptr(l.task.fs)?);
        PathRef::of(fs.ptr(l.fs.root_mnt), fs.ptr(l.fs.root_dentry))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_are_those_of_proc() {
        let states = [(0, 0, "running"), (1, 0, "sleeping"), (2, 0, "disk sleep"), (4, 0, "stopped"), (8, 0, "tracing stop")];
        for (state, exit, name) in states {
            assert_eq!(state_name(state, exit), name);
        }
        assert_eq!(state_name(0x80, 0x20), "zombie");
        assert_eq!(state_name(0x80, 0x10), "dead");
        assert_eq!(state_name(0x40, 0), "parked");
        assert_eq!(state_name(0x402, 0), "idle");
        assert_eq!(state_name(0x108, 0), "tracing stop", "with TASK_WAKEKILL");
        assert_eq!(state_name(0x8000, 0), "disk sleep", "frozen");
        assert_eq!(state_name(0x2001, 0), "sleeping", "freezable");
    }
}
