//! Which processes are asked.

use super::denied;
use super::folder::{self, Folder};
use crate::engine::to_u64;
use crate::os::Lost;
use memsh_plugin::{ApiError, Status, VirtAddr};
use std::io;

/// The ids of all processes that `/proc` shows, ascending; in `lost`, whether it hides some.
///
/// # Errors
/// When `/proc` can't be listed.
pub fn all(lost: &mut Lost) -> Result<Vec<u32>, ApiError> {
    let pids = folder::all().map_err(|e| ApiError::new(Status::FAILED, format!("/proc can't be listed: {e}")))?;
    // Every process namespace has a process 1: where /proc does not show it, it hides those of others (hidepid=2).
    if pids.first() != Some(&1) {
        lost.push(
            "processes of others: /proc is mounted with hidepid, which shows them to its group gid= and CAP_SYS_PTRACE only",
        );
    }
    Ok(pids)
}

/// The ids of the processes in `only`, or of all.
///
/// # Errors
/// As [`all`].
pub fn chosen(only: Option<&[VirtAddr]>, lost: &mut Lost) -> Result<Vec<u32>, ApiError> {
    only.map_or_else(|| all(lost), |only| Ok(only.iter().filter_map(|a| pid(*a)).collect()))
}

/// The process that an address stands for.
pub fn pid(address: VirtAddr) -> Option<u32> {
    to_u64(address.value()).and_then(|n| u32::try_from(n).ok())
}

/// Processes that did not tell something: how many, and why the first of them did not.
#[derive(Default)]
pub struct Refused {
    count: usize,
    first: Option<String>,
}

impl Refused {
    /// One process that did not.
    pub fn one(folder: &Folder, what: &str, e: &io::Error) -> Self {
        let mut refused = Self::default();
        refused.add(folder, what, e);
        refused
    }

    /// Notes that `what` of the process was refused with `e`. One that has ended refuses nothing.
    pub fn add(&mut self, folder: &Folder, what: &str, e: &io::Error) {
        // The system says so of zombies, too: they have nothing left.
        if denied::is_gone(e) || e.kind() == io::ErrorKind::InvalidInput {
            return;
        }
        self.count += 1;
        self.first.get_or_insert_with(|| denied::error(folder, what, e).message.to_string_lossy().into_owned());
    }

    /// `what of N processes: why`.
    pub fn tell(self, what: &str, lost: &mut Lost) {
        if let Some(first) = self.first {
            let noun = if self.count == 1 { "process" } else { "processes" };
            lost.push(format!("{what} of {} {noun}: {first}", self.count));
        }
    }
}
