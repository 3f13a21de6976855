//! One process, as a core dump or a minidump tells of it: its memory by virtual address, and what the dumper knew.

use memsh_plugin::{VirtAddr, umem};

/// A process whose memory an image holds, in place of a machine's. The image's memory is the process's: its addresses are virtual.
///
/// What the dump does not say is `None` or empty.
#[derive(Clone, Debug, Default)]
pub struct ProcessImage {
    /// The system that it ran on: `linux`, `windows`, `freebsd`.
    pub system: String,
    /// Its version (`10.0.19045`); empty where the dump does not say.
    pub version: String,
    /// What the system calls its build or service pack.
    pub build: Option<String>,
    /// Instruction set: `x86_64`, `aarch64`, `s390x`, ...
    pub machine: String,
    /// Bytes of a pointer.
    pub pointer_size: u8,
    /// Whether numbers in its memory are big-endian.
    pub big_endian: bool,
    /// Process id.
    pub pid: Option<u32>,
    /// Parent's process id.
    pub ppid: Option<u32>,
    /// Real user id.
    pub uid: Option<u32>,
    /// Real group id.
    pub gid: Option<u32>,
    /// Short name.
    pub name: Vec<u8>,
    /// Path of the program.
    pub path: Option<Vec<u8>>,
    /// Arguments; empty where neither the dump nor the memory in it has them.
    pub arguments: Vec<Vec<u8>>,
    /// Environment, `NAME=value` each.
    pub environment: Vec<Vec<u8>>,
    /// Why the process was dumped: a signal or exception, in words.
    pub reason: Option<String>,
    /// When it was started, in nanoseconds since 1970.
    pub started: Option<i64>,
    /// Threads, the one that caused the dump first.
    pub threads: Vec<ThreadImage>,
    /// Its address space, ascending; also what the dump has no bytes of.
    pub regions: Vec<RegionImage>,
    /// The program and its libraries.
    pub modules: Vec<ModuleImage>,
    /// Modules that were unloaded before; other memory may lie there now.
    pub unloaded: Vec<ModuleImage>,
}

/// A thread of a [`ProcessImage`].
#[derive(Clone, Debug, Default)]
pub struct ThreadImage {
    /// Thread id.
    pub id: u32,
    /// Name.
    pub name: Option<Vec<u8>>,
    /// State in the words of the system.
    pub state: Option<String>,
    /// Where its control block lies: the TEB of Windows.
    pub block: Option<VirtAddr>,
    /// Where it began to run.
    pub start: Option<VirtAddr>,
    /// Instruction pointer.
    pub instruction: Option<VirtAddr>,
    /// Stack pointer.
    pub stack: Option<VirtAddr>,
    /// General registers, by the names of the system's debugger.
    pub registers: Vec<(&'static str, u64)>,
}

/// A region of a [`ProcessImage`].
#[derive(Clone, Debug, Default)]
pub struct RegionImage {
    /// First address.
    pub start: VirtAddr,
    /// Bytes.
    pub size: umem,
    /// What the process may do there.
    pub read: bool,
    /// See `read`.
    pub write: bool,
    /// See `read`.
    pub execute: bool,
    /// Whether writes are seen by others.
    pub shared: bool,
    /// File that is mapped there, or the system's name for it.
    pub path: Option<Vec<u8>>,
    /// Position in that file, in bytes.
    pub offset: Option<u64>,
    /// `file`, `anonymous`, `heap`, `stack`, `image`, ...
    pub kind: String,
}

/// A module of a [`ProcessImage`].
#[derive(Clone, Debug, Default)]
pub struct ModuleImage {
    /// Path of the file.
    pub path: Vec<u8>,
    /// Where it lies.
    pub base: VirtAddr,
    /// Its size in bytes.
    pub size: umem,
    /// Version of the file, as its resources say.
    pub version: Option<String>,
    /// The linker's time stamp in the file's header, in seconds since 1970 where it is a time at all: reproducible builds put a hash there.
    pub timestamp: Option<u32>,
    /// Name of the file with its symbols (PDB).
    pub debug_file: Option<Vec<u8>>,
    /// Id of the build, by which symbol servers know it.
    pub debug_id: Option<String>,
}

impl ModuleImage {
    /// The file's name without its folder, of either system.
    pub fn name(&self) -> &[u8] {
        self.path.rsplit(|&b| b == b'/' || b == b'\\').next().unwrap_or(&self.path)
    }
}
