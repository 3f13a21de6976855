//! Processes that a torn list of tasks has lost: those that other links lead to from the ones that are left, and, where none is left,
//! those that memory shows.

use super::lists::{family, groups};
use super::runqueue::runnable;
use super::signature::{in_kernel, remains, sane};
use super::ways::{Sightings, Way};
use crate::engine::search::Options;
use crate::engine::{OfEpoch, ViewExt};
use crate::os::linux::base::kernel::Kernel;
use crate::os::linux::base::layout::{Found, offset_of};
use crate::os::linux::base::lost::Lost;
use crate::os::linux::tasks::task::Task;
use crate::symbols::Types;
use memsh_plugin::{VirtAddr, umem};
use std::collections::HashSet;
use std::sync::atomic::Ordering;

/// Islands of tasks that only relatives of neighbours of relatives lead to, and so on; a hostile image could have one for each task.
const ROUNDS: usize = 8;

/// What memory showed, kept: everybody who asks for processes would look through it again.
#[derive(Default)]
struct Shown(OfEpoch<Vec<VirtAddr>>);

impl Found for Shown {
    fn find(_: &dyn Types) -> Self {
        Self::default()
    }
}

/// The leaders beside `known` that the queues of the scheduler, control groups, relatives and neighbours lead to.
pub fn relatives(kernel: &Kernel, init: VirtAddr, known: &[VirtAddr]) -> Vec<VirtAddr> {
    let mut sightings = Sightings::default();
    // What these ways lose has been told of the list itself.
    let lost = &mut Lost::default();
    for at in known {
        sightings.add(*at, Way::List);
    }
    runnable(kernel, &mut sightings, lost);
    groups(kernel, &mut sightings, lost);
    family(kernel, init, &mut sightings, lost);
    // Who stands next to these may have relatives of its own.
    for _ in 0..ROUNDS {
        if !neighbours(kernel, init, &mut sightings) {
            break;
        }
        family(kernel, init, &mut sightings, lost);
    }
    let known: HashSet<VirtAddr> = known.iter().copied().collect();
    sightings.all().iter().copied().filter(|at| *at != init && !known.contains(at) && leads(kernel, *at)).collect()
}

/// Adds those whose links lead to and back from somebody seen already; whether there were any.
fn neighbours(kernel: &Kernel, init: VirtAddr, sightings: &mut Sightings) -> bool {
    let Some(tasks) = offset_of(kernel.layouts.task.tasks) else { return false };
    let (view, word) = (kernel.view(), umem::from(kernel.view().view_metadata().pointer_size));
    let before = sightings.all().len();
    let mut todo: Vec<VirtAddr> = sightings.all().to_vec();
    while let Some(at) = todo.pop() {
        let node = at.wrapping_add(tasks);
        // The next one's second pointer leads back, the last one's first.
        for (link, back) in [(0, word), (word, 0)] {
            let Ok(other) = view.read_ptr(node.wrapping_add(link)) else { continue };
            if view.read_ptr(other.wrapping_add(back)).ok() != Some(node) {
                continue;
            }
            let task = other.wrapping_sub(tasks);
            if task != init && sane(kernel, task) && sightings.add(task, Way::List) {
                todo.push(task);
            }
        }
    }
    sightings.all().len() > before
}

/// Whether the task leads a process.
fn leads(kernel: &Kernel, at: VirtAddr) -> bool {
    Task::read(kernel, at, &mut Lost::default()).is_some_and(|t| t.pid(kernel).is_some() && t.pid(kernel) == t.tgid(kernel))
}

/// The leaders that lie anywhere in memory and look alive: what is left where no link leads to anybody. One pass over memory, once. None
/// where it was interrupted.
pub fn shown(kernel: &Kernel, init: VirtAddr) -> Option<Vec<VirtAddr>> {
    let epoch = kernel.space.memory().epoch();
    let look = || {
        let mut sightings = Sightings::default();
        remains(kernel, &Options::new(kernel.interrupt), &mut sightings, &mut Lost::default());
        if kernel.interrupt.load(Ordering::Relaxed) {
            return Err(());
        }
        Ok(sightings.all().iter().copied().filter(|at| *at != init && leads(kernel, *at) && listed(kernel, *at)).collect())
    };
    kernel.shape::<Shown>().0.get_or_try(epoch, look).ok()
}

/// Whether the task at `at` is on the list of tasks: both its neighbours lie in the kernel (one that was taken off has poison there,
/// include/linux/poison.h, or itself), and whichever can be read points back.
fn listed(kernel: &Kernel, at: VirtAddr) -> bool {
    let Some(tasks) = offset_of(kernel.layouts.task.tasks) else { return false };
    let (view, word) = (kernel.view(), umem::from(kernel.view().view_metadata().pointer_size));
    let node = at.wrapping_add(tasks);
    [(0, word), (word, 0)].into_iter().all(|(link, back)| {
        let Ok(other) = view.read_ptr(node.wrapping_add(link)) else { return false };
        other != node && in_kernel(kernel, other) && view.read_ptr(other.wrapping_add(back)).ok().is_none_or(|b| b == node)
    })
}
