//! The ways that lead to processes, and who was seen on which.

use crate::os::sightings;

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

impl sightings::Way for Way {
    const ALL: &'static [Way] = &[Way::List, Way::CidTable, Way::HandleTables, Way::Handles, Way::PoolTag, Way::Signature];

    fn name(self) -> &'static str {
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

/// On which ways one of the processes was seen.
pub type Sources = sightings::Sources<Way>;
/// Who was seen where.
pub type Sightings = sightings::Sightings<Way>;
