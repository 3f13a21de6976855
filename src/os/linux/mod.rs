//! Linux, from its memory alone.
//!
//! `find` locates the kernel (page-table root, KASLR slide, symbols, types); everything else reads structures whose layout comes
//! from the types found there. No offset is a constant in this folder.
//!
//! - `kernel`: a found kernel, and [`Linux`], the OS layer over it
//! - `layout`, `shapes`: where the kernel keeps what; members by name, structures read in one piece
//! - `list`, `tree`, `maple`, `xarray`: the kernel's containers, with loops and wild pointers told
//! - `task`, `process`: processes and threads
//! - `mm`, `region`, `image`: address spaces, their regions, the programs in them
//! - `openfile`, `filekind`, `filedetail`, `sockname`: open files of processes, what they are and what is known of each
//! - `mount`, `mountopts`: mounts of every mount namespace, and their options
//! - `namespace`, `nslist`, `pids`: namespaces that tasks live in, all that there are, and ids of tasks in them
//! - `cred`, `caps`: who tasks are and what they may do; capabilities by name
//! - `cgroup`: control groups that tasks are in
//! - `enums`: names of numbers
//! - `fdtable`, `percpu`: open descriptors of a task; per-CPU variables
//! - `census`, `sweep`: tasks found by every way there is; one pass over memory for what looks like a structure
//! - `frames`: page frames, `struct page` and the direct map
//! - `owner`, `integrity`: whose code an address is; through what a kernel is redirected, and whether its code is what it was
//! - `holders`: which process holds which open file
//! - `net`: sockets
//! - `bpf`: eBPF programs, maps and links
//! - `timer`: timers of all processors, and what they will call
//! - `resource`, `swap`: who claims which physical addresses; swap areas
//! - `finding`: what looks as it should not
//! - `finding`, `suspect`: what looks as it should not, and what looks for it among processes and memory
//! - `frame_owner`: who uses a page frame
//! - `path`: what a directory entry is called from the root of process 1
//! - `pagecache`, `cachedpages`, `overlay`: files in memory, their cached pages, what lies below an overlay
//! - `args`: arguments and environment
//! - `history`: what users typed into shells
//! - `kmsg`: the kernel's log
//! - `module`, `modscan`, `names`, `modtypes`: kernel modules, by every way that leads to them, their symbols and their types
//! - `space`: the address space of a process, with page-table isolation or without
//! - `walk`: any list or tree, for whoever asks by hand
//! - `unwind`: stacks of tasks
//! - `sys`: the system as a whole
#![deny(
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_sign_loss,
    clippy::cast_lossless
)]

mod args;
pub mod bpf;
pub mod cachedpages;
pub mod caps;
pub mod census;
pub mod cgroup;
pub mod cred;
mod enums;
mod fdtable;
mod filedetail;
mod filekind;
mod find;
pub mod finding;
pub mod frame_owner;
pub mod frames;
pub mod history;
mod holders;
mod image;
pub mod integrity;
mod kernel;
pub mod kmsg;
mod layout;
mod list;
mod lost;
mod maple;
mod mm;
pub mod modscan;
mod modtypes;
mod module;
pub mod mount;
mod mountopts;
mod names;
mod namespace;
pub mod net;
pub mod nslist;
pub mod openfile;
mod overlay;
pub mod owner;
pub mod pagecache;
mod path;
pub mod percpu;
mod pids;
mod process;
mod region;
pub mod resource;
mod shapes;
mod sockname;
mod space;
pub mod suspect;
pub mod swap;
mod sweep;
mod sys;
mod task;
#[cfg(test)]
mod testkit;
#[cfg(test)]
mod tests;
pub mod timer;
mod tree;
pub mod unwind;
pub mod walk;
mod xarray;

pub use find::detect;
pub use kernel::{Kernel, Linux};
pub use module::module_symbols;
pub use process::LinuxProcess;
pub use space::process_space;
