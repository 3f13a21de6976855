//! Open files: what each descriptor of a process leads to, as `/proc/PID/fd` and `/proc/PID/fdinfo` tell it (fs/proc/fd.c).

use super::fdtable::{close_on_exec, descriptors, table_of};
use super::filedetail::detail;
use super::filekind::{Kind, kind};
use super::filewords::CLOEXEC;
use super::path::{PathRef, Paths, Told};
use crate::os::linux::base::kernel::Kernel;
use crate::os::linux::base::layout::{Block, Extent, Found, Member, Members, Shape, container_of, shapes};
use crate::os::linux::base::lost::Lost;
use crate::os::linux::memory::mm::Mm;
use crate::os::linux::tasks::task::Task;
use crate::symbols::Types;
use memsh_plugin::{ApiError, Listing, VirtAddr};
use std::collections::{HashMap, HashSet};

/// `FMODE_READ` and `FMODE_WRITE` (include/linux/fs.h).
const READ: u64 = 1;
const WRITE: u64 = 2;

shapes! {
    /// `file`, for what its user may do and where it stands.
    OpenShape: "file" {
        flags: ["f_flags"],
        mode: ["f_mode"],
        position: ["f_pos"],
        inode: ["f_inode"],
        mnt: ["f_path.mnt", "__f_path.mnt"],
        dentry: ["f_path.dentry", "__f_path.dentry"],
        private: ["private_data"],
    }
    /// `inode`, for what it is.
    NodeShape: "inode" {
        mode: ["i_mode"],
        size: ["i_size"],
        device: ["i_rdev"],
        number: ["i_ino"],
        sb: ["i_sb"],
        pipe: ["i_pipe"],
        private: ["i_private"],
        marks: ["i_fsnotify_marks"],
        entries: ["i_dentry"],
    }
    /// `mount`, for its number.
    MountIdShape: "mount" {
        mnt: ["mnt"],
        id: ["mnt_id"],
    }
    /// `fs_struct`: where a process is.
    WhereShape: "fs_struct" {
        root_mnt: ["root.mnt"],
        root_dentry: ["root.dentry"],
        pwd_mnt: ["pwd.mnt"],
        pwd_dentry: ["pwd.dentry"],
    }
}

/// What a row of [`OpenFiles::of`] is held by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Held {
    /// A descriptor of this number.
    Descriptor(u32),
    /// The working directory.
    Cwd,
    /// The root directory.
    Root,
    /// The program.
    Exe,
    /// A mapping.
    Mapped,
}

/// An open file, or another that a process holds on to.
#[derive(Clone, Debug)]
pub struct OpenFile {
    /// What holds it.
    pub held: Held,
    /// The thread whose descriptor it is, where that does not share the table of its process.
    pub tid: Option<u32>,
    /// The `struct file`; a directory that a process is in has none.
    pub file: Option<VirtAddr>,
    /// Its path as `/proc/PID/fd/N` shows it to process 1.
    pub path: Option<Vec<u8>>,
    /// What kind of file it is.
    pub kind: Option<Vec<u8>>,
    /// Whether its name is gone.
    pub deleted: Option<bool>,
    /// Position in bytes (`f_pos`).
    pub position: Option<i64>,
    /// `f_flags`, with `O_CLOEXEC` as the descriptor has it.
    pub flags: Option<u64>,
    /// Whether it may be read, and written.
    pub access: Option<(bool, bool)>,
    /// Inode number.
    pub inode: Option<u64>,
    /// Device number of its file system.
    pub device: Option<u64>,
    /// Size in bytes, of regular files and directories.
    pub size: Option<u64>,
    /// Number of its mount (`mnt_id`).
    pub mount: Option<u64>,
    /// What else is known, in words that depend on the kind.
    pub detail: Option<Vec<u8>>,
}

/// Lists open files; remembers what many processes share.
pub struct OpenFiles<'k> {
    kernel: &'k Kernel,
    paths: Paths<'k>,
    /// The same file behind several descriptors is looked at once.
    known: HashMap<VirtAddr, OpenFile>,
}

impl<'k> OpenFiles<'k> {
    /// A lister of `kernel`'s open files.
    pub fn new(kernel: &'k Kernel) -> Self {
        Self { kernel, paths: Paths::new(kernel), known: HashMap::new() }
    }

    /// The descriptors of the process whose leader is the task at `task`, ascending; those of threads with a table of their own
    /// after them. With `all`, before them the program, the directories it is in, and after them the files that are mapped.
    ///
    /// # Errors
    /// When no task can be read there.
    pub fn of(&mut self, task: VirtAddr, all: bool) -> Result<Listing<OpenFile>, ApiError> {
        let mut lost = Lost::default();
        let Some(leader) = Task::read(self.kernel, task, &mut lost) else {
            return Ok(lost.listing(Vec::new()));
        };
        let mm = if all { leader.mm(self.kernel, &mut lost) } else { None };
        let mut out = Vec::new();
        if all {
            self.places(&leader, mm.as_ref(), &mut out, &mut lost);
        }
        let mut tables: HashSet<VirtAddr> = HashSet::new();
        tables.extend(table_of(self.kernel, task));
        self.table(task, None, &mut out, &mut lost);
        if !leader.is_kernel(self.kernel) {
            // What the threads' list has lost, `threads` tells.
            for thread in leader.thread_list(self.kernel, &mut Lost::default()) {
                if table_of(self.kernel, thread.address).is_some_and(|t| tables.insert(t)) {
                    self.table(thread.address, Some(thread.tid), &mut out, &mut lost);
                }
            }
        }
        if let Some(mm) = mm {
            self.mapped(&mm, &mut out, &mut lost);
        }
        lost.extend(std::mem::take(&mut self.paths.lost));
        Ok(lost.listing(out))
    }

    fn table(&mut self, task: VirtAddr, tid: Option<u32>, out: &mut Vec<OpenFile>, lost: &mut Lost) {
        let found = descriptors(self.kernel, task, lost);
        let count = found.last().map_or(0, |d| d.fd.saturating_add(1));
        let cloexec = close_on_exec(self.kernel, task, count);
        for d in found {
            let mut row = self.file(d.file);
            row.held = Held::Descriptor(d.fd);
            row.tid = tid;
            row.flags = row.flags.map(|f| match &cloexec {
                Some(set) if set.contains(&d.fd) => f | CLOEXEC,
                Some(_) => f & !CLOEXEC,
                None => f,
            });
            out.push(row);
        }
    }

    /// The program, and the directories that the process is in.
    fn places(&mut self, leader: &Task, mm: Option<&Mm>, out: &mut Vec<OpenFile>, lost: &mut Lost) {
        let (view, l) = (self.kernel.view(), self.kernel.shape::<WhereShape>());
        if let Some(fs) = leader.block.ptr(self.kernel.layouts.task.fs).and_then(|at| l.read_or(view, at, lost)) {
            let pwd = PathRef::of(fs.ptr(l.pwd_mnt), fs.ptr(l.pwd_dentry));
            let root = PathRef::of(fs.ptr(l.root_mnt), fs.ptr(l.root_dentry));
            out.extend(pwd.map(|at| self.place(at, Held::Cwd)));
            out.extend(root.map(|at| self.place(at, Held::Root)));
        }
        if let Some(file) = mm.and_then(|mm| mm.block.ptr(self.kernel.layouts.mm.exe_file)) {
            out.push(OpenFile { held: Held::Exe, ..self.file(file) });
        }
    }

    fn place(&mut self, at: PathRef, held: Held) -> OpenFile {
        let l = &self.kernel.layouts;
        let told = self.paths.tell(at);
        let inode = l.dentry.read(self.kernel.view(), at.dentry).ptr(l.dentry.inode);
        let node = inode.map(|i| self.kernel.shape::<NodeShape>().read(self.kernel.view(), i));
        let mut row = self.row(None, node.as_ref(), told, Some(at));
        row.held = held;
        row
    }

    /// The files that are mapped, each once.
    fn mapped(&mut self, mm: &Mm, out: &mut Vec<OpenFile>, lost: &mut Lost) {
        let mut seen = HashSet::new();
        let exe = mm.block.ptr(self.kernel.layouts.mm.exe_file).map(|f| self.file(f));
        seen.extend(exe.map(|row| (row.device, row.inode, row.path)));
        for file in mm.regions(self.kernel, lost).iter().filter_map(|vma| vma.file) {
            let row = self.file(file);
            if seen.insert((row.device, row.inode, row.path.clone())) {
                out.push(OpenFile { held: Held::Mapped, ..row });
            }
        }
    }

    /// What is known of the `struct file` at `file`.
    fn file(&mut self, file: VirtAddr) -> OpenFile {
        if let Some(known) = self.known.get(&file) {
            return known.clone();
        }
        let (view, l) = (self.kernel.view(), self.kernel.shape::<OpenShape>());
        let block = l.read(view, file);
        let facts = self.paths.file(file);
        let told = Told { path: facts.path, pseudo: facts.pseudo, deleted: facts.deleted };
        let inode = block.ptr(l.inode);
        let node = inode.map(|i| self.kernel.shape::<NodeShape>().read(view, i));
        let at = PathRef::of(block.ptr(l.mnt), block.ptr(l.dentry));
        let mut row = self.row(Some((file, &block)), node.as_ref(), told, at);
        row.inode = facts.inode.or(row.inode);
        row.device = facts.device.or(row.device);
        row.position = block.int(l.position);
        row.flags = block.uint(l.flags);
        row.access = block.uint(l.mode).map(|m| (m & READ != 0, m & WRITE != 0));
        self.known.insert(file, row.clone());
        row
    }

    fn row(&mut self, file: Option<(VirtAddr, &Block)>, node: Option<&Block>, told: Told, at: Option<PathRef>) -> OpenFile {
        let (kernel, n) = (self.kernel, self.kernel.shape::<NodeShape>());
        let private = file.and_then(|(_, b)| b.ptr(kernel.shape::<OpenShape>().private));
        let mode = node.and_then(|b| b.uint(n.mode));
        let what = kind(&self.paths, node, mode, &told, file.map(|(f, _)| f).zip(private));
        let known = what.as_ref().and_then(|k| detail(kernel, &mut self.paths, k, node, file.map(|(f, _)| f), private));
        let sb = node.and_then(|b| b.ptr(n.sb));
        let sized = matches!(what, Some(Kind::File | Kind::Directory | Kind::Memfd | Kind::SharedMemory));
        OpenFile {
            held: Held::Mapped,
            tid: None,
            file: file.map(|(f, _)| f),
            path: told.path,
            kind: what.map(|k| k.name().to_vec()),
            deleted: told.deleted,
            position: None,
            flags: None,
            access: None,
            inode: node.and_then(|b| b.uint(n.number)),
            device: sb.and_then(|at| kernel.layouts.sb.read(kernel.view(), at).uint(kernel.layouts.sb.device)),
            size: node.filter(|_| sized).and_then(|b| b.uint(n.size)),
            mount: at.and_then(|at| mount_id(kernel, at.mnt)),
            detail: known,
        }
    }
}

/// The number of the mount around the `vfsmount` at `mnt`.
fn mount_id(kernel: &Kernel, mnt: VirtAddr) -> Option<u64> {
    let l = kernel.shape::<MountIdShape>();
    l.read(kernel.view(), container_of(mnt, l.mnt)?).uint(l.id)
}
