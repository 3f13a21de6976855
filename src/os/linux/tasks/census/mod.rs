//! Every task of the system, by every way that leads to tasks: what is left out of one list stands in another.
//!
//! A kernel rootkit that hides a process takes it off the list that `/proc` and `ps` read. The processor still has to find it, its
//! group, its parent and its control group still point to it, and its `task_struct` still lies in memory. Here all of these are
//! asked and compared.

mod lists;
mod merge;
pub(super) mod reach;
mod runqueue;
mod signature;
mod slab;
mod ways;

pub use merge::Seen;
pub use ways::{Sources, Way};

use crate::engine::search::Options;
use crate::os::linux::base::kernel::{Kernel, failed};
use crate::os::linux::base::layout::{Extent, Found, Member, Members, Shape, shapes};
use crate::os::linux::base::lost::Lost;
use crate::symbols::Types;
use memsh_plugin::{ApiError, Listing, Status};

shapes! {
    /// `task_struct`, for who is related to whom and for what a true one is known by.
    KinShape: "task_struct" {
        group_leader: ["group_leader"],
        children: ["children"],
        sibling: ["sibling"],
        thread_group: ["thread_group"],
        thread_node: ["thread_node"],
        cgroups: ["cgroups"],
        cg_list: ["cg_list"],
        class: ["sched_class"],
        static_prio: ["static_prio"],
        stack: ["stack"],
        signal: ["signal"],
        // A `refcount_t` since 4.13.
        usage: ["usage.refs.counter", "usage.counter"],
        entity: ["se"],
        entity_node: ["se.run_node"],
        entity_group: ["se.group_node"],
        rt_list: ["rt.run_list"],
        dl_node: ["dl.rb_node"],
    }
}

/// Every task there is to find, threads too: the listed processes first, in the list's order. One pass over physical memory is part of
/// it; `options` say on how many threads, and how it is ended early.
///
/// # Errors
/// When the kernel's symbols or types don't even lead to the list of tasks.
pub fn census(kernel: &Kernel, options: &Options<'_>) -> Result<Listing<Seen>, ApiError> {
    let mut lost = Lost::default();
    let task = &kernel.layouts.task;
    let (Some(init), Some(_)) = (kernel.address("init_task"), task.tasks) else {
        return Err(failed(
            Status::UNSUPPORTED,
            "can't look for processes: no symbol init_task or no type task_struct; give symbols or types with --symbols",
        ));
    };
    let mut sightings = ways::Sightings::default();
    let listed = lists::listed(kernel, init, &mut sightings, &mut lost);
    lists::by_id(kernel, &mut sightings, &mut lost);
    runqueue::runnable(kernel, &mut sightings, &mut lost);
    lists::groups(kernel, &mut sightings, &mut lost);
    lists::family(kernel, init, &mut sightings, &mut lost);
    slab::slabs(kernel, options, &mut sightings, &mut lost);
    signature::remains(kernel, options, &mut sightings, &mut lost);
    let idle = runqueue::idle(kernel, init);
    let tasks = merge::merge(kernel, &sightings, &listed, &idle, &mut lost);
    Ok(lost.listing(tasks))
}
