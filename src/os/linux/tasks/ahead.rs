//! Reading ahead what a listing of processes will ask for: whole kinds of structures at once, where each access costs a call.
//!
//! From the table of process ids to ids, to tasks, to what tasks point to, to programs' files and their directories: a batch for each
//! step, whatever the number of processes. Nothing is concluded from what is read here; the listing reads it again, from what is kept.

use crate::engine::ViewExt;
use crate::os::linux::base::kernel::Kernel;
use crate::os::linux::base::layout::{Member, offset_of};
use crate::os::linux::base::lost::Lost;
use crate::os::linux::containers::xarray::array;
use memsh_plugin::{VirtAddr, umem};

/// So much of a `task_struct` is read: most of what is asked for (it has 9.5 KiB in 6.1 on x86-64).
const TASK: usize = 8 << 10;
/// And so much of whatever else: `mm_struct` and `signal_struct` have a kilobyte and more.
const OTHER: usize = 1 << 10;
/// Where the other root of page tables lies, with isolation: a page behind the first.
const PAGE: umem = 4096;
/// Directories above a program's file.
const ABOVE: usize = 4;

/// Does it, where it pays.
pub(super) fn processes(kernel: &Kernel) {
    let l = &kernel.layouts;
    let memory = kernel.space.memory();
    let (Some(namespace), Some(ids), Some(shape)) = (kernel.address("init_pid_ns"), offset_of(l.pid_ns.ids), l.array.as_ref())
    else {
        return;
    };
    let (Some(lists), Some(links)) = (offset_of(l.pid.tasks), offset_of(l.task.pid_links)) else { return };
    if !memory.reads_ahead() {
        return;
    }
    let view = kernel.view();
    let word = umem::from(view.view_metadata().pointer_size);
    let pids = array(view, shape, namespace.wrapping_add(ids), "process ids", &mut Lost::default());
    // `PIDTYPE_TGID` (include/linux/pid.h, 4.19): the second of its kind.
    let heads: Vec<VirtAddr> = pids.into_iter().map(|(_, pid)| pid.wrapping_add(lists).wrapping_add(word)).collect();
    memory.read_ahead(view, &heads, OTHER / 4);
    let links = links.wrapping_add(2 * word);
    let tasks = words(kernel, &heads, 0).into_iter().map(|node| node.wrapping_sub(links));
    // The list begins with the idle task.
    let tasks: Vec<VirtAddr> = tasks.chain(kernel.address("init_task")).collect();
    memory.read_ahead(view, &tasks, TASK);
    let t = &l.task;
    let spaces = pointers(kernel, &tasks, t.mm);
    let threads = pointers(kernel, &tasks, t.worker.or(t.set_child_tid));
    let others = [&spaces[..], &threads, &pointers(kernel, &tasks, t.signal), &pointers(kernel, &tasks, t.cred)].concat();
    memory.read_ahead(view, &others, OTHER);
    let workers = [pointers(kernel, &threads, l.kthread.data), pointers(kernel, &threads, l.kthread.name)].concat();
    let files = pointers(kernel, &spaces, l.mm.exe_file);
    // With a root's own half comes that of the kernel or of the user, where they are apart.
    let roots = pointers(kernel, &spaces, l.mm.pgd).into_iter().flat_map(|at| [at, at.wrapping_add(PAGE)]);
    memory.read_ahead(view, &workers.into_iter().chain(files.iter().copied()).chain(roots).collect::<Vec<_>>(), OTHER / 4);
    let mut entries = [pointers(kernel, &files, l.file.dentry), pointers(kernel, &files, l.file.mnt)].concat();
    for _ in 0..ABOVE {
        entries.sort_unstable();
        entries.dedup();
        memory.read_ahead(view, &entries, OTHER / 4);
        entries = pointers(kernel, &entries, l.dentry.parent);
    }
}

/// Where this member of the structures points to, each place once.
fn pointers(kernel: &Kernel, at: &[VirtAddr], member: Option<Member>) -> Vec<VirtAddr> {
    offset_of(member).map(|offset| words(kernel, at, offset)).unwrap_or_default()
}

fn words(kernel: &Kernel, at: &[VirtAddr], offset: umem) -> Vec<VirtAddr> {
    // What is kept by now costs nothing; what is not is no structure, or was torn.
    let mut out: Vec<VirtAddr> = at.iter().filter_map(|at| kernel.view().read_ptr(at.wrapping_add(offset)).ok()).collect();
    out.retain(|at| !at.is_null());
    out.sort_unstable();
    out.dedup();
    out
}
