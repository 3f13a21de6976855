//! What an operating system is made of: processes, threads, modules, regions.
//!
//! Fields that a system does not have, or that could not be read, are `None`: a missing field costs a column, not the row.
#![allow(missing_docs, reason = "cglue writes the twin of each trait without its words")]

use crate::{ApiError, Maybe, PhysAddr, ProcessInstanceBox, Text, VirtAddr, umem};
use cglue::cglue_trait;

use cglue::result::CResult;
use cglue::vec::CVec;

/// Nanoseconds since 1970-01-01 00:00:00 UTC.
pub type UnixNanos = i64;

/// A list and what was lost on the way to it.
#[repr(C)]
pub struct Listing<T> {
    /// What was found.
    pub items: CVec<T>,
    /// What could not be read or did not make sense: one sentence each, with the address. Empty when the list is whole.
    pub lost: CVec<Text>,
}

impl<T> Listing<T> {
    /// A list with nothing lost.
    pub fn whole(items: Vec<T>) -> Self {
        Self { items: items.into(), lost: Vec::new().into() }
    }
}

/// The system as a whole.
#[repr(C)]
#[derive(Clone, Debug, Default)]
pub struct OsInfo {
    /// The family: `linux`, `windows`, `dummy`.
    pub kind: Text,
    /// What the system calls itself, for example `Linux`.
    pub name: Text,
    /// Its version, for example `6.1.0-50-amd64`.
    pub version: Text,
    /// The build, for example Linux's `#1 SMP PREEMPT_DYNAMIC Debian 6.1.176-1 (2026-09-01)`.
    pub build: Maybe<Text>,
    /// Where the kernel's image lies.
    pub kernel_base: Maybe<VirtAddr>,
    /// Size of the kernel's image in bytes.
    pub kernel_size: Maybe<umem>,
    /// How far the kernel was moved from its link address.
    pub kaslr_slide: Maybe<umem>,
    /// When it was started.
    pub boot_time: Maybe<UnixNanos>,
    /// The machine's name.
    pub hostname: Maybe<Text>,
    /// Number of online processors.
    pub cpus: Maybe<u32>,
}

/// A process.
#[repr(C)]
#[derive(Clone, Debug, Default)]
pub struct ProcessInfo {
    /// Address of its control block (`task_struct`, `EPROCESS`).
    pub address: VirtAddr,
    /// Process id (Linux: thread group id).
    pub pid: u32,
    /// Parent's process id.
    pub ppid: Maybe<u32>,
    /// Short name.
    pub name: Text,
    /// State in the words of the system, for example `sleeping`.
    pub state: Maybe<Text>,
    /// Number of threads.
    pub threads: Maybe<u32>,
    /// Real user id.
    pub uid: Maybe<u32>,
    /// Real group id.
    pub gid: Maybe<u32>,
    /// Security identifier (Windows).
    pub sid: Maybe<Text>,
    /// Session (Windows).
    pub session: Maybe<u32>,
    /// Whether it is a thread of the kernel, without a user address space.
    pub kernel_thread: bool,
    /// When it was started.
    pub start_time: Maybe<UnixNanos>,
    /// When it ended.
    pub exit_time: Maybe<UnixNanos>,
    /// Page-table root, as a physical address without flag bits; none for a thread of the kernel.
    pub dtb: Maybe<PhysAddr>,
    /// Path of the executable.
    pub image_path: Maybe<Text>,
    /// Command line, arguments joined by spaces.
    pub command_line: Maybe<Text>,
    /// Whether it is a 32-bit process on a 64-bit system.
    pub wow64: bool,
    /// Instruction set of the process: `x86`, `x86_64`, `aarch64`, ...
    pub arch: Text,
}

/// A thread.
#[repr(C)]
#[derive(Clone, Debug, Default)]
pub struct ThreadInfo {
    /// Process it belongs to.
    pub pid: u32,
    /// Thread id.
    pub tid: u32,
    /// Name.
    pub name: Text,
    /// State in the words of the system.
    pub state: Maybe<Text>,
    /// Address of its control block.
    pub address: VirtAddr,
    /// Where it began to run.
    pub start_address: Maybe<VirtAddr>,
}

/// A loaded module: a kernel module or driver, a shared object, a DLL, the program itself.
#[repr(C)]
#[derive(Clone, Debug, Default)]
pub struct ModuleInfo {
    /// Address of its control block, where there is one.
    pub address: Maybe<VirtAddr>,
    /// Short name.
    pub name: Text,
    /// Where it lies.
    pub base: VirtAddr,
    /// Its size in bytes.
    pub size: umem,
    /// File it came from.
    pub path: Maybe<Text>,
    /// Instruction set.
    pub arch: Text,
    /// `live`, `coming`, `going` (Linux kernel modules).
    pub state: Maybe<Text>,
    /// Reference count (Linux kernel modules).
    pub refcount: Maybe<i64>,
    /// Modules that use it (Linux kernel modules).
    pub used_by: CVec<Text>,
}

/// A region of a process's address space: a VMA or VAD.
#[repr(C)]
#[derive(Clone, Debug, Default)]
pub struct RegionInfo {
    /// First address.
    pub start: VirtAddr,
    /// First address after it.
    pub end: VirtAddr,
    /// What the system allows there (`USER` is always set).
    pub read: bool,
    /// See `read`.
    pub write: bool,
    /// See `read`.
    pub execute: bool,
    /// Whether writes are seen by others.
    pub shared: bool,
    /// Position in the file, in bytes.
    pub offset: Maybe<u64>,
    /// Major number of the file's device.
    pub device_major: Maybe<u32>,
    /// Minor number of the file's device.
    pub device_minor: Maybe<u32>,
    /// Inode number of the file.
    pub inode: Maybe<u64>,
    /// Path of the file, or the system's name for the region (`[heap]`).
    pub path: Maybe<Text>,
    /// `file`, `anonymous`, `heap`, `stack`, `special`, ...
    pub kind: Text,
}

impl RegionInfo {
    /// What is allowed there as `/proc/PID/maps` writes it: `rwxp`, or `rwxs` where writes are shared.
    pub fn permissions(&self) -> String {
        let flag = |on, c| if on { c } else { '-' };
        let shared = if self.shared { 's' } else { 'p' };
        [flag(self.read, 'r'), flag(self.write, 'w'), flag(self.execute, 'x'), shared].iter().collect()
    }
}

/// One variable of a process's environment.
#[repr(C)]
#[derive(Clone, Debug, Default)]
pub struct EnvVar {
    /// Name.
    pub key: Text,
    /// Value; none where there is no `=`.
    pub value: Maybe<Text>,
}

/// An operating system.
#[cglue_trait]
pub trait Os: Send + Sync {
    /// The system as a whole.
    fn os_info(&self) -> OsInfo;

    /// All processes, in the order in which the system keeps them.
    fn processes(&self) -> CResult<Listing<ProcessInfo>, ApiError>;

    /// The process whose control block lies at `address`.
    fn process(&self, address: VirtAddr) -> CResult<ProcessInstanceBox<'static>, ApiError>;

    /// Modules of the kernel.
    fn kernel_modules(&self) -> CResult<Listing<ModuleInfo>, ApiError>;
}

/// A process.
#[cglue_trait]
pub trait Process: Send + Sync {
    /// What [`Os::processes`] says of it.
    fn process_info(&self) -> ProcessInfo;

    /// Its threads, the main thread first.
    fn threads(&self) -> CResult<Listing<ThreadInfo>, ApiError>;

    /// The program and its libraries.
    fn modules(&self) -> CResult<Listing<ModuleInfo>, ApiError>;

    /// Its address space, ascending.
    fn regions(&self) -> CResult<Listing<RegionInfo>, ApiError>;

    /// Its arguments, the program's name first.
    fn arguments(&self) -> CResult<Listing<Text>, ApiError>;

    /// Its environment, as the process left it.
    fn environment(&self) -> CResult<Listing<EnvVar>, ApiError>;
}
