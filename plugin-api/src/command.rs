//! Commands: they get the session and give rows.
#![allow(missing_docs, reason = "cglue writes the twin of each trait without its words")]

use crate::{ApiError, Maybe, MemoryRange, PhysReadOp, Text, VirtAddr, VirtReadOp, umem};
use cglue::callback::OpaqueCallback;
use cglue::cglue_trait;
use cglue::result::CResult;
use cglue::slice::CSliceMut;
use cglue::vec::CVec;

/// A part of a virtual address space.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct VirtRange {
    /// First address.
    pub start: VirtAddr,
    /// Its size in bytes; never 0.
    pub size: umem,
}

/// The opened target, as a command asks it.
#[cglue_trait]
pub trait Session {
    /// Runs one of memsh's own commands, as typed (`ps -t`), and gives its answer as JSON.
    fn answer(&self, line: &str) -> CResult<Text, ApiError>;

    /// Reads physical memory, as [`PhysicalMemory::read`](crate::PhysicalMemory::read).
    fn read_phys(&self, ops: CSliceMut<PhysReadOp>);

    /// Reads virtual memory of a process, or of the kernel where there is none.
    fn read_virt(&self, pid: Maybe<u32>, ops: CSliceMut<VirtReadOp>) -> CResult<(), ApiError>;

    /// Where there is physical memory, ascending and without overlap.
    fn ranges(&self) -> CVec<MemoryRange>;

    /// The parts of an address space that have pages, ascending, neighbours joined: of a process, without what it shares with the
    /// kernel, or of the kernel where there is none. `found` says false when no more are wanted. What only a read would bring into
    /// being (a page of a live process that nobody touched) is not among them.
    ///
    /// Gives how many page tables are missing.
    fn mapped(&self, pid: Maybe<u32>, found: OpaqueCallback<VirtRange>) -> CResult<u64, ApiError>;

    /// Shows how far a task has come, of how much: in bytes, mostly. Says false when the user wants it to end: then the command hands
    /// out what it has, and ends.
    fn progress(&self, task: &str, done: u64, total: u64) -> bool;
}

/// A command.
#[cglue_trait]
pub trait Command: Send + Sync {
    /// Does it. Each row is a JSON object, handed to `row` as it is found; `row` says false when no more are wanted.
    ///
    /// Gives what was lost on the way, one sentence each.
    fn run(&self, session: crate::SessionInstanceRef<'_>, row: OpaqueCallback<Text>) -> CResult<CVec<Text>, ApiError>;
}
