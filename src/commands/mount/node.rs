//! What there is in the tree: every folder and file by what it stands for.

use crate::umem;
use std::hash::{DefaultHasher, Hash, Hasher};

/// A process, by its control block: two may have one pid, and a pid may be given again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Which {
    /// Address of its control block.
    pub address: umem,
    /// Its id.
    pub pid: u32,
}

/// A folder, file or link.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Node {
    /// The mount point.
    Root,
    /// What is where.
    Readme,
    /// What is missing from the answers so far.
    Log,
    /// Physical memory.
    Physical,
    /// The answers of commands about the whole target.
    Json,
    /// One of them.
    Answer(&'static str),
    /// What belongs to the kernel.
    Kernel,
    /// Its modules.
    KernelModules,
    /// One of them, by its base.
    KernelModule(umem),
    /// Processes by pid.
    Pids,
    /// Processes by name: links.
    Names,
    /// One of these.
    Link(Which),
    /// A process.
    Process(Which),
    /// Its memory: the place in the file is the virtual address.
    Memory(Which),
    /// All that it maps as an ELF core.
    Core(Which),
    /// Its arguments, a zero behind each.
    Cmdline(Which),
    /// Its environment, likewise.
    Environ(Which),
    /// The answer of a command about it.
    OfProcess(Which, &'static str),
    /// Programs and libraries in it.
    Modules(Which),
    /// One of them, by its base.
    Module(Which, umem),
    /// Its regions.
    Regions(Which),
    /// What of its memory is there, run by run.
    Resident(Which),
    /// One of its regions, or such a run: from, up to.
    Region(Which, umem, umem),
}

/// What a node is to the kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Has entries.
    Folder,
    /// Has bytes.
    File,
    /// Leads elsewhere.
    Link,
}

/// A name in a folder.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Its name there.
    pub name: String,
    /// What it names.
    pub node: Node,
}

/// The number that FUSE gives to the mount point.
pub const ROOT: u64 = 1;

impl Node {
    /// What it is.
    pub fn kind(&self) -> Kind {
        match self {
            Node::Root | Node::Json | Node::Kernel | Node::KernelModules | Node::Pids | Node::Names => Kind::Folder,
            Node::Process(_) | Node::Modules(_) | Node::Regions(_) | Node::Resident(_) => Kind::Folder,
            Node::Link(_) => Kind::Link,
            _ => Kind::File,
        }
    }

    /// Its inode number: made of what it stands for, so that it stays the same however often it is looked up.
    pub fn number(&self) -> u64 {
        if *self == Node::Root {
            return ROOT;
        }
        let mut hasher = DefaultHasher::new();
        self.hash(&mut hasher);
        hasher.finish().max(ROOT + 1)
    }

    /// Whether a command answers, which may take long.
    pub fn is_answer(&self) -> bool {
        matches!(self, Node::Answer(_) | Node::OfProcess(..))
    }

    /// Whether it is memory of the target as it is, which may be written where the target may.
    pub fn is_memory(&self) -> bool {
        matches!(self, Node::Physical | Node::Memory(_) | Node::Region(..))
    }
}
