//! The ways that lead to processes, and who was seen on which.

use memsh_plugin::VirtAddr;
use std::collections::HashMap;

/// A way that leads to processes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// The list that the system shows (`PsActiveProcessHead`).
    List,
    /// The table of process and thread ids (`PspCidTable`): the process itself, or a thread of it.
    CidTable,
    /// The list of handle tables (`HandleTableListHead`), each of which names its process.
    HandleTables,
    /// Handles to it that processes have, above all csrss and System.
    Handles,
    /// The tag of the pool block that a process lies in.
    PoolTag,
    /// The look of a process, anywhere in memory.
    Signature,
}

impl Way {
    /// All of them.
    pub const ALL: [Way; 6] = [Way::List, Way::CidTable, Way::HandleTables, Way::Handles, Way::PoolTag, Way::Signature];

    fn bit(self) -> u8 {
        match self {
            Way::List => 1,
            Way::CidTable => 1 << 1,
            Way::HandleTables => 1 << 2,
            Way::PoolTag => 1 << 3,
            Way::Signature => 1 << 4,
            Way::Handles => 1 << 5,
        }
    }

    /// Its name in an answer.
    pub fn name(self) -> &'static str {
        match self {
            Way::List => "list",
            Way::CidTable => "cid_table",
            Way::HandleTables => "handle_tables",
            Way::PoolTag => "pool_tag",
            Way::Signature => "signature",
            Way::Handles => "handles",
        }
    }
}

/// On which ways a process was seen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sources {
    seen: u8,
    gone: u8,
}

impl Sources {
    /// Whether it was seen that way; `None` where this kernel could not be asked.
    pub fn get(self, way: Way) -> Option<bool> {
        (self.gone & way.bit() != 0).then_some(self.has(way))
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
    seen: HashMap<VirtAddr, u8>,
    gone: u8,
}

impl Sightings {
    /// That a way can be gone at all.
    pub fn open(&mut self, way: Way) {
        self.gone |= way.bit();
    }

    /// That the process at `at` was seen on `way`.
    pub fn add(&mut self, at: VirtAddr, way: Way) {
        self.open(way);
        let bits = self.seen.entry(at).or_insert_with(|| {
            self.order.push(at);
            0
        });
        *bits |= way.bit();
    }

    /// Everybody seen so far.
    pub fn all(&self) -> &[VirtAddr] {
        &self.order
    }

    /// Where the process at `at` was seen.
    pub fn of(&self, at: VirtAddr) -> Sources {
        Sources { seen: self.seen.get(&at).copied().unwrap_or(0), gone: self.gone }
    }
}
