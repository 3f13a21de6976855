//! What a `task_struct` looks like, and the search of all physical memory for what looks so.
//!
//! A place is taken for a task only where several facts that have nothing to do with each other hold: its scheduling class is one
//! of the kernel's, its ids and priority are possible, its name ends, its parent and its leader lie in the kernel, and the head of
//! its list of children leads back to it. The last one ties it to its own address: a copy elsewhere does not pass.

use super::ways::{Sightings, Way};
use super::{KinShape, Shape};
use crate::arch::Canonical;
use crate::engine::search::{Options, RunSource};
use crate::engine::{ViewExt, to_u64};
use crate::os::linux::base::kernel::Kernel;
use crate::os::linux::base::layout::{Block, number};
use crate::os::linux::base::lost::Lost;
use crate::os::sweep::words;
use memsh_plugin::{VirtAddr, umem};
use std::collections::BTreeSet;

/// PID_MAX_LIMIT (include/linux/threads.h).
const PIDS: u32 = 1 << 22;
/// `MAX_RT_PRIO` to `MAX_PRIO - 1` (include/linux/sched/prio.h): what a nice value stands for.
const PRIORITIES: std::ops::RangeInclusive<u64> = 100..=139;
/// The scheduling classes of the kernel (kernel/sched/).
const CLASSES: [&str; 6] =
    ["fair_sched_class", "rt_sched_class", "dl_sched_class", "idle_sched_class", "stop_sched_class", "ext_sched_class"];
/// `task_struct`s are aligned to cache lines at most as far as memsh looks.
const WIDEST_STEP: u32 = 6;

/// Whether `at` lies in the kernel's half of the address space.
pub fn in_kernel(kernel: &Kernel, at: VirtAddr) -> bool {
    let format = kernel.space.format();
    let (bits, value) = (format.va_bits, number(at));
    match bits {
        // The upper half is one of its own, with all bits.
        33..=63 if format.canonical == Canonical::Split => value >> bits == u64::MAX >> bits,
        33..=63 => value >> (bits - 1) == u64::MAX >> (bits - 1),
        _ => value >= 0x4000_0000,
    }
}

/// What tells a task, of what was read at one place.
struct Facts {
    task: Block,
    kin: Block,
}

impl Facts {
    fn read(kernel: &Kernel, at: VirtAddr) -> Self {
        Self { task: kernel.layouts.task.read(kernel.view(), at), kin: kernel.shape::<KinShape>().read(kernel.view(), at) }
    }

    fn pointer(&self, kernel: &Kernel, at: Option<VirtAddr>) -> bool {
        at.is_some_and(|p| in_kernel(kernel, p) && number(p) & 7 == 0)
    }

    /// Possible ids, a name that ends, a leader in the kernel, itself where it leads.
    fn sane(&self, kernel: &Kernel) -> bool {
        let l = &kernel.layouts.task;
        let kin = kernel.shape::<KinShape>();
        let (Some(pid), Some(tgid)) = (self.task.u32(l.pid), self.task.u32(l.tgid)) else { return false };
        let named = self.task.bytes(l.comm).is_some_and(|c| c.contains(&0));
        let leader = match kin.group_leader {
            Some(_) if pid == tgid => self.kin.ptr(kin.group_leader) == Some(self.task.base()),
            Some(_) => self.pointer(kernel, self.kin.ptr(kin.group_leader)),
            None => true,
        };
        pid <= PIDS && tgid <= PIDS && named && leader
    }

    /// All that a true one has, be it alive or dead.
    fn whole(&self, kernel: &Kernel) -> bool {
        let l = &kernel.layouts.task;
        let kin = kernel.shape::<KinShape>();
        let priority = self.kin.uint(kin.static_prio).is_none_or(|p| PRIORITIES.contains(&p));
        let parent = self.pointer(kernel, self.task.ptr(l.parent));
        let linked = self.task.ptr(l.tasks).is_some_and(|next| self.pointer(kernel, Some(next)));
        self.sane(kernel) && priority && parent && linked && self.children_lead_back(kernel)
    }

    /// The list of children is empty, and its head points to itself, or the first and the last of it point back to the head.
    fn children_lead_back(&self, kernel: &Kernel) -> bool {
        let kin = kernel.shape::<KinShape>();
        let Some(head) = self.kin.at(kin.children) else { return true };
        let word = umem::from(kernel.view().view_metadata().pointer_size);
        let leads = |at: VirtAddr, back: VirtAddr| kernel.view().read_ptr(at).ok() == Some(back);
        let Some(next) = self.kin.ptr(kin.children) else { return false };
        next == head && leads(head.wrapping_add(word), head) || next != head && leads(next.wrapping_add(word), head)
    }
}

/// Whether `at` can be a task: what a link of the kernel leads to has to pass this and no more.
pub fn sane(kernel: &Kernel, at: VirtAddr) -> bool {
    number(at) & 7 == 0 && Facts::read(kernel, at).sane(kernel)
}

/// Whether at `at` lies a task, alive or dead, by all that tells one but its scheduling class.
pub fn whole(kernel: &Kernel, at: VirtAddr) -> bool {
    Facts::read(kernel, at).whole(kernel)
}

/// How far virtual addresses of the direct map are from the physical ones, as the places of known tasks tell; without any, as the kernel
/// does.
fn direct_map(kernel: &Kernel, known: &[VirtAddr]) -> Option<umem> {
    let mut distances: Vec<umem> = known
        .iter()
        .filter_map(|at| Some(at.value().wrapping_sub(kernel.space.translate_one(*at).ok()?.phys.value())))
        .take(64)
        .collect();
    distances.sort_unstable();
    // `init_task` lies in the kernel's image, elsewhere; all others agree.
    let told = || kernel.linear.as_ref()?.direct_map().map(|l| umem::from(l.distance.wrapping_neg()));
    distances.get(distances.len() / 2).copied().or_else(told)
}

/// Looks through all physical memory for what looks like a task. Marks those that are known already, and adds the others.
pub fn remains(kernel: &Kernel, options: &Options<'_>, sightings: &mut Sightings, lost: &mut Lost) {
    let kin = kernel.shape::<KinShape>();
    let init = kernel.address("init_task");
    let known: Vec<VirtAddr> = sightings.all().iter().copied().filter(|at| Some(*at) != init).collect();
    let (Some(class), Some(distance)) = (kin.class, direct_map(kernel, &known)) else {
        return lost.push("task_structs can't be told by their look: no member sched_class, or no task whose place is known");
    };
    let symbols = CLASSES.iter().filter_map(|name| kernel.address(name));
    let used = known.iter().filter_map(|at| kin.read(kernel.view(), *at).ptr(Some(class)));
    let classes: BTreeSet<u64> = symbols.chain(used).filter(|c| in_kernel(kernel, *c)).map(number).collect();
    let (Some(first), Some(last)) = (classes.first().copied(), classes.last().copied()) else { return };
    // What all known ones are aligned to, the unknown ones are too: they come from the same allocator.
    let align = known.iter().map(|at| at.value().trailing_zeros()).min().unwrap_or(3).clamp(3, WIDEST_STEP);
    let step: umem = 1 << align;
    let source = RunSource::data(kernel.space.memory());
    let phase = distance.wrapping_neg().wrapping_add(umem::from(class.offset)) & (step - 1);
    let swept = words(&source, step, phase, options, |_, word| (first..=last).contains(&word) && classes.contains(&word));
    if swept.cut {
        lost.push("the search of memory for task_structs was cut short");
    }
    sightings.open(Way::Signature);
    for word in swept.at {
        let at = VirtAddr::new(word.wrapping_sub(umem::from(class.offset)).wrapping_add(distance));
        // What is mapped there must be this very place.
        let here = kernel.space.translate_one(VirtAddr::new(word.wrapping_add(distance))).is_ok_and(|t| t.phys.value() == word);
        if here && to_u64(at.value()).is_some() && Facts::read(kernel, at).whole(kernel) {
            sightings.add(at, Way::Signature);
        }
    }
}
