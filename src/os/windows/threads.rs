//! Threads of a process: `_ETHREAD`, `_KTHREAD`.

use super::base::kernel::{Kernel, container};
use super::base::list;
use crate::os::lost::Lost;
use memsh_plugin::*;

/// `KTHREAD_STATE` (ntddk.h).
const STATES: [&str; 10] = [
    "initialized",
    "ready",
    "running",
    "standby",
    "terminated",
    "waiting",
    "transition",
    "deferred-ready",
    "gate-wait",
    "waiting-for-process-in-swap",
];

/// All that are linked, in the list's order.
pub fn list(kernel: &Kernel, process: VirtAddr, pid: u32, lost: &mut Lost) -> Vec<ThreadInfo> {
    let (o, reader) = (&kernel.offsets, kernel.reader());
    // The executive's list since XP; NT 4 and 2000 have the kernel's only.
    let (head, links) = match (o.process.threads.zip(o.thread.links), o.kprocess.threads.zip(o.kthread.links)) {
        (Some(pair), _) | (None, Some(pair)) => pair,
        (None, None) => {
            lost.push(format!("threads of process {pid}: where they are listed is not known for this build"));
            return Vec::new();
        }
    };
    let head = process.wrapping_add(head.offset);
    let nodes = list::nodes(&reader, head, &format!("threads of process {pid}"), lost);
    nodes.into_iter().map(|node| info(kernel, container(node, links), pid)).collect()
}

/// What an `_ETHREAD` says.
pub fn info(kernel: &Kernel, at: VirtAddr, pid: u32) -> ThreadInfo {
    let (o, reader) = (&kernel.offsets, kernel.reader());
    let cid = o.thread.cid.map(|m| at.wrapping_add(m.offset));
    let tid = cid.and_then(|cid| reader.word_at(cid, o.client.thread)).and_then(|t| u32::try_from(t).ok());
    let state = reader.u8_at(at, o.kthread.state).and_then(|s| STATES.get(usize::from(s)).copied());
    let start = reader.ptr_at(at, o.thread.win32_start).or_else(|| reader.ptr_at(at, o.thread.start));
    // Since Windows 10 1607: a pointer to a `UNICODE_STRING`.
    let name = reader.ptr_at(at, o.thread.name).and_then(|p| reader.unicode(p));
    ThreadInfo {
        pid,
        tid: tid.unwrap_or(0),
        name: name.map(Text::from).unwrap_or_default(),
        state: state.map(Text::from).into(),
        address: at,
        start_address: start.into(),
    }
}
