//! Commands: they get the session and give rows.
#![allow(missing_docs, reason = "cglue writes the twin of each trait without its words")]

use crate::{ApiError, Maybe, PhysReadOp, Text, VirtReadOp};
use cglue::callback::OpaqueCallback;
use cglue::cglue_trait;
use cglue::result::CResult;
use cglue::slice::CSliceMut;
use cglue::vec::CVec;

/// The opened target, as a command asks it.
#[cglue_trait]
pub trait Session {
    /// Runs one of memsh's own commands, as typed (`ps -t`), and gives its answer as JSON.
    fn answer(&self, line: &str) -> CResult<Text, ApiError>;

    /// Reads physical memory, as [`PhysicalMemory::read`](crate::PhysicalMemory::read).
    fn read_phys(&self, ops: CSliceMut<PhysReadOp>);

    /// Reads virtual memory of a process, or of the kernel where there is none.
    fn read_virt(&self, pid: Maybe<u32>, ops: CSliceMut<VirtReadOp>) -> CResult<(), ApiError>;
}

/// A command.
#[cglue_trait]
pub trait Command: Send + Sync {
    /// Does it. Each row is a JSON object, handed to `row` as it is found; `row` says false when no more are wanted.
    ///
    /// Gives what was lost on the way, one sentence each.
    fn run(&self, session: crate::SessionInstanceRef<'_>, row: OpaqueCallback<Text>) -> CResult<CVec<Text>, ApiError>;
}
