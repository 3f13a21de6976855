//! The ways that lead to tasks, and who was seen on which.

use crate::os::sightings;

/// A way that leads to tasks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// The list of processes (`init_task.tasks`) that the system shows.
    List,
    /// The table of process ids (`init_pid_ns.idr`).
    PidIdr,
    /// The list of threads of a group (`signal_struct.thread_head`).
    Threads,
    /// The list of children of a task (`task_struct.children`).
    Children,
    /// The list of tasks of a set of control groups (`css_set.tasks`).
    Cgroup,
    /// A processor's queues of what runs or is ready to run (`runqueues`).
    Scheduler,
    /// The slabs that `task_struct`s are allocated from.
    Slab,
    /// The look of a `task_struct`, anywhere in memory.
    Signature,
}

impl sightings::Way for Way {
    const ALL: &'static [Way] =
        &[Way::List, Way::PidIdr, Way::Threads, Way::Children, Way::Cgroup, Way::Scheduler, Way::Slab, Way::Signature];

    fn name(self) -> &'static str {
        match self {
            Way::List => "list",
            Way::PidIdr => "pid_idr",
            Way::Threads => "threads",
            Way::Children => "children",
            Way::Cgroup => "cgroup",
            Way::Scheduler => "scheduler",
            Way::Slab => "slab",
            Way::Signature => "signature",
        }
    }
}

/// On which ways one of the tasks was seen.
pub type Sources = sightings::Sources<Way>;
/// Who was seen where.
pub type Sightings = sightings::Sightings<Way>;

#[cfg(test)]
mod tests {
    use super::*;
    use memsh_plugin::{VirtAddr, umem};

    #[test]
    fn a_way_that_was_not_gone_says_nothing() {
        let (one, two) = (VirtAddr::new(umem::from(64u64)), VirtAddr::new(umem::from(128u64)));
        let mut s = Sightings::default();
        assert!(s.add(one, Way::PidIdr) && s.add(two, Way::List) && !s.add(one, Way::List));
        s.open(Way::Cgroup);
        assert_eq!(s.all(), [one, two]);
        assert_eq!((s.of(two).get(Way::PidIdr), s.of(two).get(Way::Slab)), (Some(false), None));
        assert_eq!(s.of(one).names(true), ["list", "pid_idr"]);
        assert_eq!(s.of(one).names(false), ["cgroup"]);
    }
}
