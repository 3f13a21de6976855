//! Processes and threads: what they are, who they are, where they stand.
//!
//! - `task`, `process`, `args`: the tasks that the kernel lists, a process as the OS layer shows it, its arguments and environment
//! - `ahead`: what a listing of processes will ask for, at once, where each access costs a call
//! - `census`: tasks by every way there is, for those that hide from the list
//! - `cred`, `caps`: who tasks are and what they may do; capabilities by name
//! - `cgroup`: control groups that tasks are in
//! - `compat`: 32-bit programs under a 64-bit kernel
//! - `namespace`, `nslist`, `pids`: namespaces that tasks live in, all that there are, and ids of tasks in them
//! - `unwind`: stacks of tasks
//! - `history`: what users typed into shells

mod ahead;
pub(crate) mod args;
pub mod caps;
pub mod census;
pub mod cgroup;
pub(crate) mod compat;
pub mod cred;
pub mod history;
pub(crate) mod namespace;
pub mod nslist;
pub(crate) mod pids;
pub(crate) mod process;
pub(crate) mod task;
pub mod unwind;
