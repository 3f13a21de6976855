//! What the kernel asks through FUSE. Reads of opened files are answered at once, on the thread that gets them; what has to ask the
//! session goes to one thread, what has to run a command to another: nobody waits for a slow command but who opened its file.

use super::content::Content;
use super::node::{Entry, Kind, Node, ROOT};
use super::tree::{Attributes, Result};
use crate::commands::cells::number;
use crate::umem;
use fuser::{
    BsdFileFlags, Errno, FileAttr, FileHandle, FileType, Filesystem, FopenFlags, Generation, INodeNo, KernelConfig, LockOwner,
    OpenAccMode, OpenFlags, ReplyAttr, ReplyData, ReplyDirectory, ReplyEmpty, ReplyEntry, ReplyLseek, ReplyOpen, ReplyWrite,
    Request, TimeOrNow, WriteFlags,
};
use std::collections::HashMap;
use std::ffi::OsStr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

/// A request that has to ask the session.
pub enum Job {
    /// The node of a name in a folder.
    Lookup(Node, String, ReplyEntry),
    /// What a node is.
    Attributes(Node, ReplyAttr),
    /// Where a link leads.
    Target(Node, ReplyData),
    /// The entries of a folder, to be read.
    Folder(Node, ReplyOpen),
    /// A file; to be written too.
    Open(Node, bool, ReplyOpen),
}

/// A request that has to run a command.
pub enum Slow {
    /// The answer of one.
    Open(Node, ReplyOpen),
    /// Bytes to be written to a file at a place.
    Write(Node, Content, u64, Vec<u8>, ReplyWrite),
    /// The file system is mounted no longer.
    Ended(std::io::Result<()>),
}

/// What is open.
enum Handle {
    Folder(u64, Arc<Vec<Entry>>),
    File(Node, Content),
}

/// What all threads share.
pub struct Desk {
    /// Nodes that the kernel knows, and how often it looked them up.
    nodes: Mutex<HashMap<u64, (Node, u64)>>,
    handles: Mutex<HashMap<u64, Arc<Handle>>>,
    next: AtomicU64,
    /// Files that were opened.
    pub opened: AtomicU64,
    /// Bytes that were read.
    pub read: AtomicU64,
    /// Bytes that were written.
    pub written: AtomicU64,
    owner: (u32, u32),
    began: SystemTime,
    /// How long the kernel may believe what it was told.
    pub ttl: Duration,
    writable: bool,
    /// Whether other users may look.
    shared: bool,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The same number, as fuser has it.
pub fn no(e: rustix::io::Errno) -> Errno {
    Errno::from_i32(e.raw_os_error())
}

impl Desk {
    /// Nothing is known and nothing open. Files belong to whoever runs this.
    pub fn new(ttl: Duration, writable: bool, shared: bool) -> Self {
        Self {
            nodes: Mutex::new(HashMap::from([(ROOT, (Node::Root, 1))])),
            handles: Mutex::default(),
            next: AtomicU64::new(1),
            opened: AtomicU64::new(0),
            read: AtomicU64::new(0),
            written: AtomicU64::new(0),
            owner: (rustix::process::geteuid().as_raw(), rustix::process::getegid().as_raw()),
            began: SystemTime::now(),
            ttl,
            writable,
            shared,
        }
    }

    fn node(&self, inode: INodeNo) -> Result<Node> {
        lock(&self.nodes).get(&inode.0).map(|(n, _)| n.clone()).ok_or(rustix::io::Errno::STALE)
    }

    fn handle(&self, handle: FileHandle) -> Result<Arc<Handle>> {
        lock(&self.handles).get(&handle.0).cloned().ok_or(rustix::io::Errno::BADF)
    }

    fn keep(&self, handle: Handle) -> FileHandle {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        lock(&self.handles).insert(number, Arc::new(handle));
        FileHandle(number)
    }

    fn attr(&self, node: &Node, a: Attributes) -> FileAttr {
        let (kind, perm) = match a.kind {
            Kind::Folder => (FileType::Directory, 0o500),
            Kind::Link => (FileType::Symlink, 0o777),
            Kind::File if a.writable && self.writable => (FileType::RegularFile, 0o600),
            Kind::File => (FileType::RegularFile, 0o400),
        };
        // The kernel asks these bits; who else comes so far is said by `--allow-other`.
        let perm = if self.shared { perm | (perm & 0o500) >> 3 | (perm & 0o500) >> 6 } else { perm };
        let time = a.time.unwrap_or(self.began);
        FileAttr {
            ino: INodeNo(node.number()),
            size: a.size,
            // How much of it is no hole is not known; with less than its size, tools ask for the holes.
            blocks: if node.is_memory() { 0 } else { a.size.div_ceil(512) },
            atime: time,
            mtime: time,
            ctime: time,
            crtime: time,
            kind,
            perm,
            nlink: if a.kind == Kind::Folder { 2 } else { 1 },
            uid: self.owner.0,
            gid: self.owner.1,
            rdev: 0,
            blksize: 4096,
            flags: 0,
        }
    }

    /// Answers a lookup.
    pub fn found(&self, node: Node, attributes: Attributes, reply: ReplyEntry) {
        let attr = self.attr(&node, attributes);
        lock(&self.nodes).entry(attr.ino.0).or_insert((node, 0)).1 += 1;
        reply.entry(&self.believed(attributes), &attr, Generation(0));
    }

    /// How long the kernel may believe it: the size of an answer is known only when it was opened.
    fn believed(&self, attributes: Attributes) -> Duration {
        if attributes.kind == Kind::File && attributes.size == 0 { Duration::ZERO } else { self.ttl }
    }

    /// Says what a node is.
    pub fn told(&self, node: &Node, attributes: Attributes, reply: ReplyAttr) {
        reply.attr(&self.believed(attributes), &self.attr(node, attributes));
    }

    /// Opens a folder.
    pub fn folder(&self, node: &Node, entries: Arc<Vec<Entry>>, reply: ReplyOpen) {
        reply.opened(self.keep(Handle::Folder(node.number(), entries)), FopenFlags::empty());
    }

    /// Opens a file. The page cache has no part in it: it would fill what can't be read with zeros, and keep what changes.
    pub fn file(&self, node: Node, content: Content, reply: ReplyOpen) {
        self.opened.fetch_add(1, Ordering::Relaxed);
        reply.opened(self.keep(Handle::File(node, content)), FopenFlags::FOPEN_DIRECT_IO);
    }
}

/// The file system, as fuser asks it.
pub struct Requests {
    /// What all threads share.
    pub desk: Arc<Desk>,
    /// To the thread that asks the session.
    pub jobs: Sender<Job>,
    /// To the thread that runs commands.
    pub slow: Sender<Slow>,
}

impl Requests {
    fn job(&self, job: Job) {
        // Whoever would answer is gone when the mount ends: so is the reply, and the kernel is told of an error.
        let _ = self.jobs.send(job);
    }
}

/// Hands a reply an error, or goes on.
macro_rules! or_refuse {
    ($outcome:expr, $reply:expr) => {
        match $outcome {
            Ok(value) => value,
            Err(e) => return $reply.error(no(e)),
        }
    };
}

impl Filesystem for Requests {
    fn init(&mut self, _: &Request, config: &mut KernelConfig) -> std::io::Result<()> {
        // Mapped files are read page by page: more at once would be one error, or zeros, for pages that are there.
        let _ = config.set_max_readahead(4096);
        Ok(())
    }

    fn lookup(&self, _: &Request, parent: INodeNo, name: &OsStr, reply: ReplyEntry) {
        let node = or_refuse!(self.desk.node(parent), reply);
        // All names are text.
        let Some(name) = name.to_str() else { return reply.error(Errno::ENOENT) };
        self.job(Job::Lookup(node, name.to_owned(), reply));
    }

    fn forget(&self, _: &Request, inode: INodeNo, lookups: u64) {
        let mut nodes = lock(&self.desk.nodes);
        if let Some((_, count)) = nodes.get_mut(&inode.0).filter(|_| inode.0 != ROOT) {
            *count = count.saturating_sub(lookups);
            if *count == 0 {
                nodes.remove(&inode.0);
            }
        }
    }

    fn getattr(&self, _: &Request, inode: INodeNo, handle: Option<FileHandle>, reply: ReplyAttr) {
        let node = or_refuse!(self.desk.node(inode), reply);
        // Of an opened file the size is known.
        if let Some(Handle::File(node, content)) = handle.and_then(|h| self.desk.handle(h).ok()).as_deref() {
            let size = content.size();
            let attributes = Attributes { kind: Kind::File, size, time: None, writable: node.is_memory() };
            return self.desk.told(node, attributes, reply);
        }
        self.job(Job::Attributes(node, reply));
    }

    fn setattr(
        &self,
        _: &Request,
        _: INodeNo,
        _: Option<u32>,
        _: Option<u32>,
        _: Option<u32>,
        _: Option<u64>,
        _: Option<TimeOrNow>,
        _: Option<TimeOrNow>,
        _: Option<SystemTime>,
        _: Option<FileHandle>,
        _: Option<SystemTime>,
        _: Option<SystemTime>,
        _: Option<SystemTime>,
        _: Option<BsdFileFlags>,
        reply: ReplyAttr,
    ) {
        // Memory can't be made shorter: `dd conv=notrunc` writes into it.
        reply.error(Errno::EPERM);
    }

    fn readlink(&self, _: &Request, inode: INodeNo, reply: ReplyData) {
        let node = or_refuse!(self.desk.node(inode), reply);
        self.job(Job::Target(node, reply));
    }

    fn opendir(&self, _: &Request, inode: INodeNo, _: OpenFlags, reply: ReplyOpen) {
        let node = or_refuse!(self.desk.node(inode), reply);
        self.job(Job::Folder(node, reply));
    }

    fn readdir(&self, _: &Request, _: INodeNo, handle: FileHandle, offset: u64, mut reply: ReplyDirectory) {
        let handle = or_refuse!(self.desk.handle(handle), reply);
        let Handle::Folder(own, entries) = &*handle else { return reply.error(Errno::ENOTDIR) };
        let points = [(*own, FileType::Directory, "."), (ROOT, FileType::Directory, "..")].into_iter();
        let rest = entries.iter().map(|e| {
            let kind = match e.node.kind() {
                Kind::Folder => FileType::Directory,
                Kind::File => FileType::RegularFile,
                Kind::Link => FileType::Symlink,
            };
            (e.node.number(), kind, e.name.as_str())
        });
        let Some(skip) = crate::engine::index(umem::from(offset)) else { return reply.ok() };
        for (at, (inode, kind, name)) in (1u64..).zip(points.chain(rest)).skip(skip) {
            if reply.add(INodeNo(inode), at, kind, name) {
                break;
            }
        }
        reply.ok();
    }

    fn releasedir(&self, _: &Request, _: INodeNo, handle: FileHandle, _: OpenFlags, reply: ReplyEmpty) {
        lock(&self.desk.handles).remove(&handle.0);
        reply.ok();
    }

    fn open(&self, _: &Request, inode: INodeNo, flags: OpenFlags, reply: ReplyOpen) {
        let node = or_refuse!(self.desk.node(inode), reply);
        let write = flags.acc_mode() != OpenAccMode::O_RDONLY;
        self.job(Job::Open(node, write, reply));
    }

    fn read(
        &self,
        _: &Request,
        _: INodeNo,
        handle: FileHandle,
        offset: u64,
        size: u32,
        _: OpenFlags,
        _: Option<LockOwner>,
        reply: ReplyData,
    ) {
        let handle = or_refuse!(self.desk.handle(handle), reply);
        let Handle::File(_, content) = &*handle else { return reply.error(Errno::EISDIR) };
        let bytes = or_refuse!(content.read(offset, size), reply);
        self.desk.read.fetch_add(number(bytes.len() as umem), Ordering::Relaxed);
        reply.data(&bytes);
    }

    fn write(
        &self,
        _: &Request,
        _: INodeNo,
        handle: FileHandle,
        offset: u64,
        data: &[u8],
        _: WriteFlags,
        _: OpenFlags,
        _: Option<LockOwner>,
        reply: ReplyWrite,
    ) {
        let handle = or_refuse!(self.desk.handle(handle), reply);
        let Handle::File(node, content) = &*handle else { return reply.error(Errno::EISDIR) };
        let _ = self.slow.send(Slow::Write(node.clone(), content.clone(), offset, data.to_vec(), reply));
    }

    fn release(
        &self,
        _: &Request,
        _: INodeNo,
        handle: FileHandle,
        _: OpenFlags,
        _: Option<LockOwner>,
        _: bool,
        reply: ReplyEmpty,
    ) {
        lock(&self.desk.handles).remove(&handle.0);
        reply.ok();
    }

    fn lseek(&self, _: &Request, _: INodeNo, handle: FileHandle, offset: i64, whence: i32, reply: ReplyLseek) {
        let handle = or_refuse!(self.desk.handle(handle), reply);
        let Handle::File(_, content) = &*handle else { return reply.error(Errno::EISDIR) };
        let Ok(offset) = u64::try_from(offset) else { return reply.error(Errno::ENXIO) };
        // SEEK_DATA and SEEK_HOLE of Linux's lseek(2); the kernel does the others itself.
        let data = match whence {
            3 => true,
            4 => false,
            _ => return reply.error(Errno::EINVAL),
        };
        let at = or_refuse!(content.seek(offset, data), reply);
        reply.offset(i64::try_from(at).unwrap_or(i64::MAX));
    }
}
