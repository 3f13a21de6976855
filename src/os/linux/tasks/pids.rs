//! The ids of a task in the namespaces of process ids that it is visible in (`struct pid`, include/linux/pid.h).

use super::namespace::SpacesShape;
use crate::os::linux::base::kernel::Kernel;
use crate::os::linux::base::layout::{Block, Extent, Found, Member, Members, Shape, offset_of, shapes};
use crate::symbols::{Types, TypesExt};
use memsh_plugin::{VirtAddr, umem};

/// `MAX_PID_NS_LEVEL` (include/linux/pid_namespace.h).
const DEEPEST: u64 = 32;
/// `PID_MAX_LIMIT` (include/linux/threads.h).
const LAST: u32 = 1 << 22;

shapes! {
    /// `pid`.
    PidLevelShape: "pid" {
        level: ["level"],
        numbers: ["numbers"],
    }
    /// `upid`: an id in one namespace.
    UpidShape: "upid" {
        number: ["nr"],
        space: ["ns"],
    }
}

/// What the task at `task` is called at each level, the outermost first.
fn levels(kernel: &Kernel, task: VirtAddr) -> Vec<Block> {
    let (view, t, p, u) =
        (kernel.view(), kernel.shape::<SpacesShape>(), kernel.shape::<PidLevelShape>(), kernel.shape::<UpidShape>());
    let Some(pid) = t.read(view, task).ptr(t.pid) else { return Vec::new() };
    let level = p.read(view, pid).uint(p.level).filter(|l| *l <= DEEPEST);
    let (Some(level), Some(first), Some(size)) = (level, offset_of(p.numbers), kernel.types.size_of("struct upid")) else {
        return Vec::new();
    };
    let first = pid.wrapping_add(first);
    (0..=level).filter_map(|i| Some(u.read(view, first.wrapping_add(umem::from(i.checked_mul(size)?))))).collect()
}

/// The ids of the task at `task`, as `NSpid` in `/proc/PID/status`: the outermost first. Empty where they make no sense.
pub fn numbers(kernel: &Kernel, task: VirtAddr) -> Vec<u32> {
    let u = kernel.shape::<UpidShape>();
    let told: Option<Vec<u32>> =
        levels(kernel, task).iter().map(|b| b.u32(u.number).filter(|n| (1..=LAST).contains(n))).collect();
    told.unwrap_or_default()
}

/// The namespace of process ids that the task at `task` lives in (`task_active_pid_ns`).
pub fn active(kernel: &Kernel, task: VirtAddr) -> Option<VirtAddr> {
    let u = kernel.shape::<UpidShape>();
    levels(kernel, task).last().and_then(|b| b.ptr(u.space))
}

/// A namespace's number, if it is one. `PROC_*_INIT_INO` (include/linux/proc_ns.h) end at 0xefffffff, those that are given out at run time
/// begin behind it; anything lower was read where no namespace lies, or has another layout.
pub fn possible_number(number: Option<u32>) -> Option<u32> {
    number.filter(|n| *n >= 0xefff_fff0)
}
