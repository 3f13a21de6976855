//! The ways that lead to tasks, and who was seen on which.

use memsh_plugin::VirtAddr;
use std::collections::HashMap;

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

impl Way {
    /// All of them.
    pub const ALL: [Way; 8] =
        [Way::List, Way::PidIdr, Way::Threads, Way::Children, Way::Cgroup, Way::Scheduler, Way::Slab, Way::Signature];

    fn bit(self) -> u16 {
        match self {
            Way::List => 1,
            Way::PidIdr => 1 << 1,
            Way::Threads => 1 << 2,
            Way::Children => 1 << 3,
            Way::Cgroup => 1 << 4,
            Way::Scheduler => 1 << 5,
            Way::Slab => 1 << 6,
            Way::Signature => 1 << 7,
        }
    }

    /// Its name in an answer.
    pub fn name(self) -> &'static str {
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

/// On which ways a task was seen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sources {
    seen: u16,
    gone: u16,
}

impl Sources {
    /// Whether it was seen that way; `None` where this kernel could not be asked.
    pub fn get(self, way: Way) -> Option<bool> {
        (self.gone & way.bit() != 0).then_some(self.seen & way.bit() != 0)
    }

    /// Whether it was seen that way.
    pub fn has(self, way: Way) -> bool {
        self.seen & way.bit() != 0
    }

    /// The names of the ways on which it was seen, or was not though they could be asked.
    pub fn names(self, seen: bool) -> Vec<&'static str> {
        Way::ALL.into_iter().filter(|w| self.get(*w) == Some(seen)).map(Way::name).collect()
    }
}

/// Who was seen where, in the order of the first sighting.
#[derive(Debug, Default)]
pub struct Sightings {
    order: Vec<VirtAddr>,
    seen: HashMap<VirtAddr, u16>,
    gone: u16,
}

impl Sightings {
    /// That a way can be gone at all.
    pub fn open(&mut self, way: Way) {
        self.gone |= way.bit();
    }

    /// That the task at `at` was seen on `way`; whether it was new.
    pub fn add(&mut self, at: VirtAddr, way: Way) -> bool {
        self.open(way);
        let mut new = false;
        let bits = self.seen.entry(at).or_insert_with(|| {
            new = true;
            0
        });
        *bits |= way.bit();
        if new {
            self.order.push(at);
        }
        new
    }

    /// Everybody seen so far.
    pub fn all(&self) -> &[VirtAddr] {
        &self.order
    }

    /// Where the task at `at` was seen.
    pub fn of(&self, at: VirtAddr) -> Sources {
        Sources { seen: self.seen.get(&at).copied().unwrap_or(0), gone: self.gone }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use memsh_plugin::umem;

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
