//! Paths of files, as the kernel's `d_path` tells them (fs/d_path.c): names of directory entries up to the root of their mount,
//! then on from where that is mounted.

use crate::engine::{ViewExt, index};
use crate::os::linux::base::kernel::Kernel;
use crate::os::linux::base::layout::{Block, Extent, Found, Member, Members, Shape, container_of, shapes};
use crate::os::linux::base::lost::Lost;
use crate::symbols::Types;
use memsh_plugin::{VirtAddr, umem};
use std::collections::{HashMap, HashSet};

/// No path has more components: `PATH_MAX` is 4096, and each takes at least two bytes. Mounts add steps without names.
const STEPS: usize = 8192;
/// A name is at most 255 bytes (`NAME_MAX`); those of pseudo files are not bounded by that.
const NAME: u64 = 4096;
/// `FMODE_BACKING` (include/linux/fs.h): the file is a `backing_file`. Bit 25 since 6.5; later kernels moved it to bit 24 and gave
/// bit 25 to `FMODE_NONOTIFY`, so that the bit alone proves nothing.
const BACKING: u64 = 1 << 25 | 1 << 24;

/// The longest subtype of a file system that is read: fuse takes what the mounting program calls it.
const SUBTYPE: usize = 256;

shapes! {
    /// `super_block`, for what its file system calls itself.
    SubtypeShape: "super_block" {
        subtype: ["s_subtype"],
    }
}

/// The kernel's `struct path`: a directory entry in a mount.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct PathRef {
    /// The `vfsmount`.
    pub mnt: VirtAddr,
    /// The `dentry`.
    pub dentry: VirtAddr,
}

/// What is known of an open file.
#[derive(Clone, Debug, Default)]
pub struct FileFacts {
    /// Its path, told from the root of process 1; `(deleted)` at its end when the name is gone.
    pub path: Option<Vec<u8>>,
    /// Whether the name is only made up: a memfd, a pipe, shared memory.
    pub pseudo: bool,
    /// Whether the name is gone; none where the path is unknown.
    pub deleted: Option<bool>,
    /// Device number of its file system.
    pub device: Option<u64>,
    /// Inode number.
    pub inode: Option<u64>,
}

/// A path that was told, as far as it could be.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Told {
    /// The path; `(deleted)` at its end when the name is gone. None where a part is not in the image.
    pub path: Option<Vec<u8>>,
    /// Whether it is only made up.
    pub pseudo: bool,
    /// Whether the name is gone; none where the path is unknown.
    pub deleted: Option<bool>,
}

/// Where the way up from a directory entry led.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Climbed {
    /// The names on the way, from the top; `/` where there are none.
    pub path: Vec<u8>,
    /// Whether it ended at the root that was asked for, and not at the top of another tree.
    pub reached: bool,
}

/// How the name of a pseudo file is made: the `d_dname` of its directory entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Naming {
    /// `simple_dname`: `/NAME (deleted)`.
    Simple,
    /// `pipefs_dname`: `pipe:[INODE]`.
    Pipe,
    /// `sockfs_dname`: `socket:[INODE]`.
    Socket,
    /// `anon_inodefs_dname`: `anon_inode:NAME`.
    Anon,
    /// `pidfs_dname`: `anon_inode:[pidfd]`.
    Pid,
    /// `ns_dname`: `KIND:[INODE]`.
    Namespace,
    /// `dmabuffs_dname`: `/NAME:LABEL`.
    DmaBuf,
}

/// Tells paths; remembers what it told.
pub struct Paths<'k> {
    kernel: &'k Kernel,
    files: HashMap<VirtAddr, FileFacts>,
    paths: HashMap<PathRef, Told>,
    /// What could not be told.
    pub lost: Lost,
}

impl<'k> Paths<'k> {
    /// A teller of paths in `kernel`.
    pub fn new(kernel: &'k Kernel) -> Self {
        Self { kernel, files: HashMap::new(), paths: HashMap::new(), lost: Lost::default() }
    }

    /// The kernel that it tells of.
    pub fn kernel(&self) -> &'k Kernel {
        self.kernel
    }

    /// What is known of the `struct file` at `file`.
    pub fn file(&mut self, file: VirtAddr) -> FileFacts {
        if let Some(known) = self.files.get(&file) {
            return known.clone();
        }
        let facts = self.look(file);
        self.files.insert(file, facts.clone());
        facts
    }

    fn look(&mut self, file: VirtAddr) -> FileFacts {
        let (kernel, l) = (self.kernel, &self.kernel.layouts);
        let block = l.file.read(kernel.view(), file);
        let mut at = PathRef::of(block.ptr(l.file.mnt), block.ptr(l.file.dentry));
        let mut inode = block.ptr(l.file.inode);
        if block.uint(l.file.mode).is_some_and(|m| m & BACKING != 0) && l.backing.dentry.is_some() {
            // Under a stacked file system the user opened another file than the one that is mapped; the user's counts.
            let user = l.backing.read(kernel.view(), file);
            let user = PathRef::of(user.ptr(l.backing.mnt), user.ptr(l.backing.dentry));
            if let Some((user, user_inode)) = user.and_then(|at| Some((at, self.consistent(at)?))) {
                at = Some(user);
                inode = Some(user_inode);
            }
        }
        if at.is_none() {
            // Every open file has one.
            self.lost.push(format!("the file at {file} is not in the image or has no path"));
        }
        let Told { path, pseudo, deleted } = at.map(|at| self.tell(at)).unwrap_or_default();
        let inode = inode.map(|at| l.inode.read(kernel.view(), at));
        let sb = inode.as_ref().and_then(|b| b.ptr(l.inode.sb));
        FileFacts {
            path,
            pseudo,
            deleted,
            device: sb.and_then(|at| l.sb.read(kernel.view(), at).uint(l.sb.device)),
            inode: inode.and_then(|b| b.uint(l.inode.number)),
        }
    }

    /// The inode of a path whose entry and mount belong to one file system, as those of every true path do.
    fn consistent(&self, at: PathRef) -> Option<VirtAddr> {
        let (view, l) = (self.kernel.view(), &self.kernel.layouts);
        let dentry = l.dentry.read(view, at.dentry);
        let sb = dentry.ptr(l.dentry.sb)?;
        (l.vfsmount.read(view, at.mnt).ptr(l.vfsmount.sb)? == sb).then(|| dentry.ptr(l.dentry.inode))?
    }

    /// The path of `at`, and whether it is only made up. None where it can't be read whole.
    pub fn path(&mut self, at: PathRef) -> (Option<Vec<u8>>, bool) {
        let told = self.tell(at);
        (told.path, told.pseudo)
    }

    /// The path of `at`, told from the root of process 1 (`d_path`).
    pub fn tell(&mut self, at: PathRef) -> Told {
        if let Some(known) = self.paths.get(&at) {
            return known.clone();
        }
        let told = match self.pseudo(at) {
            Some((path, deleted)) => Told { deleted: path.is_some().then_some(deleted), path, pseudo: true },
            None => match self.climb(self.kernel.root(), at) {
                Some(Climbed { mut path, .. }) => {
                    let deleted = self.is_unlinked(at.dentry);
                    if deleted {
                        path.extend_from_slice(b" (deleted)");
                    }
                    Told { path: Some(path), pseudo: false, deleted: Some(deleted) }
                }
                None => Told::default(),
            },
        };
        if told.path.is_none() {
            self.lost.push(format!(
                "the path of the directory entry at {} is unknown: a part is not in the image, or its parents run in a circle",
                at.dentry
            ));
        }
        self.paths.insert(at, told.clone());
        told
    }

    /// `d_unlinked` (include/linux/dcache.h): in no hash table, and no root.
    fn is_unlinked(&self, dentry: VirtAddr) -> bool {
        let l = &self.kernel.layouts.dentry;
        let block = l.read(self.kernel.view(), dentry);
        l.hashed.is_some() && block.ptr(l.hashed).is_none() && block.ptr(l.parent) != Some(dentry)
    }

    /// The name of a pseudo file, and whether it counts as deleted; the outer `None` where it is none.
    fn pseudo(&self, at: PathRef) -> Option<(Option<Vec<u8>>, bool)> {
        let (view, l) = (self.kernel.view(), &self.kernel.layouts);
        let block = l.dentry.read(view, at.dentry);
        let ops = block.ptr(l.dentry.ops)?;
        let dname = l.dentry_ops.read(view, ops).ptr(l.dentry_ops.name)?;
        let is_root = block.ptr(l.dentry.parent) == Some(at.dentry);
        if is_root && l.vfsmount.read(view, at.mnt).ptr(l.vfsmount.root) == Some(at.dentry) {
            return None;
        }
        let inode = block.ptr(l.dentry.inode).map(|i| l.inode.read(view, i));
        let number = || inode.as_ref().and_then(|b| b.uint(l.inode.number));
        let name = || self.name_in(&block);
        let naming = self.naming(dname, block.ptr(l.dentry.sb));
        let told = (|| match naming {
            Naming::Simple => Some([b"/", name()?.as_slice(), b" (deleted)"].concat()),
            Naming::Pipe => Some(format!("pipe:[{}]", number()?).into_bytes()),
            Naming::Socket => Some(format!("socket:[{}]", number()?).into_bytes()),
            Naming::Anon => Some([b"anon_inode:", name()?.as_slice()].concat()),
            Naming::Pid => Some(b"anon_inode:[pidfd]".to_vec()),
            Naming::DmaBuf => Some([b"/", name()?.as_slice(), b":"].concat()),
            Naming::Namespace => self.namespace_name(at.dentry),
        })();
        Some((told, naming == Naming::Simple))
    }

    /// `KIND:[INODE]` of a namespace's directory entry; none for another's.
    pub fn namespace_name(&self, dentry: VirtAddr) -> Option<Vec<u8>> {
        let (view, l) = (self.kernel.view(), &self.kernel.layouts);
        let block = l.dentry.read(view, dentry);
        if self.filesystem(block.ptr(l.dentry.sb)?)? != b"nsfs" {
            return None;
        }
        let inode = l.inode.read(view, block.ptr(l.dentry.inode)?);
        let kind = self.namespace_kind(inode.ptr(l.inode.private)?)?;
        Some([&kind, format!(":[{}]", inode.uint(l.inode.number)?).as_bytes()].concat())
    }

    /// The kind of the namespace whose `ns_common` lies at `common`, as `/proc/PID/ns` calls it.
    pub fn namespace_kind(&self, common: VirtAddr) -> Option<Vec<u8>> {
        let (view, l) = (self.kernel.view(), &self.kernel.layouts);
        let ops = l.ns.read(view, common).ptr(l.ns.ops)?;
        view.read_cstr(l.ns_ops.read(view, ops).ptr(l.ns_ops.name)?, 32).ok()
    }

    /// Which naming the function at `dname` does: by its symbol, or by its file system's name.
    fn naming(&self, dname: VirtAddr, sb: Option<VirtAddr>) -> Naming {
        if let Some((symbol, 0)) = self.kernel.symbols.near(dname) {
            match symbol.name {
                "simple_dname" => return Naming::Simple,
                "pipefs_dname" => return Naming::Pipe,
                "sockfs_dname" => return Naming::Socket,
                "anon_inodefs_dname" => return Naming::Anon,
                "pidfs_dname" => return Naming::Pid,
                "ns_dname" => return Naming::Namespace,
                "dmabuffs_dname" => return Naming::DmaBuf,
                _ => {}
            }
        }
        match sb.and_then(|sb| self.filesystem(sb)).as_deref() {
            Some(b"pipefs") => Naming::Pipe,
            Some(b"sockfs") => Naming::Socket,
            Some(b"anon_inodefs") => Naming::Anon,
            Some(b"pidfs") => Naming::Pid,
            Some(b"nsfs") => Naming::Namespace,
            Some(b"dmabuf") => Naming::DmaBuf,
            _ => Naming::Simple,
        }
    }

    /// The name of the file system whose `super_block` lies at `sb`.
    pub fn filesystem(&self, sb: VirtAddr) -> Option<Vec<u8>> {
        let (view, l) = (self.kernel.view(), &self.kernel.layouts);
        let kind = l.sb.read(view, sb).ptr(l.sb.kind)?;
        let name = l.fs_type.read(view, kind).ptr(l.fs_type.name)?;
        view.read_cstr(name, 64).ok()
    }

    /// The same with the subtype, as `/proc/mounts` has it: `fuse.sshfs`.
    pub fn filesystem_whole(&self, sb: VirtAddr) -> Option<Vec<u8>> {
        let (view, shape) = (self.kernel.view(), self.kernel.shape::<SubtypeShape>());
        let name = self.filesystem(sb)?;
        let subtype = shape.read(view, sb).ptr(shape.subtype).and_then(|at| view.read_cstr(at, SUBTYPE).ok());
        // Programs that mount choose it freely, as text; anything else was read where none lies.
        let text = |t: &Vec<u8>| !t.is_empty() && std::str::from_utf8(t).is_ok_and(|t| !t.chars().any(char::is_control));
        Some(match subtype.filter(text) {
            Some(subtype) => [&name, &b"."[..], &subtype].concat(),
            None => name,
        })
    }

    /// The name of the directory entry at `dentry`.
    pub fn name(&self, dentry: VirtAddr) -> Option<Vec<u8>> {
        self.name_in(&self.kernel.layouts.dentry.read(self.kernel.view(), dentry))
    }

    /// The name of a directory entry that was read.
    fn name_in(&self, dentry: &Block) -> Option<Vec<u8>> {
        let l = &self.kernel.layouts.dentry;
        let length = dentry.uint(l.length).filter(|&n| n <= NAME)?;
        let mut name = vec![0u8; index(umem::from(length))?];
        self.kernel.view().read_exact(dentry.ptr(l.name)?, &mut name).ok()?;
        // A name that another process is changing right now may be longer than its text.
        name.truncate(name.iter().position(|&b| b == 0).unwrap_or(name.len()));
        Some(name)
    }

    /// `prepend_path`: from `at` up, over mounts, to `root` or as far as there is an upwards. None where the way can't be read.
    pub fn climb(&self, root: Option<PathRef>, at: PathRef) -> Option<Climbed> {
        let (view, l) = (self.kernel.view(), &self.kernel.layouts);
        let mut names = Vec::new();
        let mut dentry = at.dentry;
        let mut mount = container_of(at.mnt, l.mount.mnt)?;
        let mut mount_block = l.mount.read(view, mount);
        let mut seen = HashSet::new();
        for _ in 0..STEPS {
            if !seen.insert((mount, dentry)) {
                return None;
            }
            let vfsmount = mount_block.at(l.mount.mnt)?;
            if root == Some(PathRef { mnt: vfsmount, dentry }) {
                return Some(Climbed { path: join(&names), reached: true });
            }
            let mount_root = mount_block.ptr(l.mount.root)?;
            if dentry == mount_root {
                let parent = mount_block.ptr(l.mount.parent)?;
                if parent == mount {
                    return Some(Climbed { path: join(&names), reached: false });
                }
                dentry = mount_block.ptr(l.mount.mountpoint)?;
                mount = parent;
                mount_block = l.mount.read(view, mount);
                continue;
            }
            let block = l.dentry.read(view, dentry);
            let parent = block.ptr(l.dentry.parent)?;
            if parent == dentry {
                // Not below the root of its mount: the kernel ends here too.
                return Some(Climbed { path: join(&names), reached: false });
            }
            names.push(self.name_in(&block)?);
            dentry = parent;
        }
        None
    }

    /// The path of a directory entry from the root of its file system (`dentry_path`), mounts left aside.
    pub fn within(&self, dentry: VirtAddr) -> Option<Vec<u8>> {
        let (view, l) = (self.kernel.view(), &self.kernel.layouts.dentry);
        let (mut names, mut at, mut seen) = (Vec::new(), dentry, HashSet::new());
        for _ in 0..STEPS {
            let block = l.read(view, at);
            let parent = block.ptr(l.parent)?;
            if parent == at {
                let mut path = join(&names);
                if self.is_unlinked(dentry) {
                    path.extend_from_slice(b"//deleted");
                }
                return Some(path);
            }
            if !seen.insert(at) {
                return None;
            }
            names.push(self.name_in(&block)?);
            at = parent;
        }
        None
    }
}

/// `/a/b/c` of the names, last first.
fn join(names: &[Vec<u8>]) -> Vec<u8> {
    let mut path = Vec::new();
    for name in names.iter().rev() {
        path.push(b'/');
        path.extend_from_slice(name);
    }
    if path.is_empty() {
        path.push(b'/');
    }
    path
}

impl PathRef {
    /// Of two pointers, where both are there.
    pub fn of(mnt: Option<VirtAddr>, dentry: Option<VirtAddr>) -> Option<Self> {
        Some(Self { mnt: mnt?, dentry: dentry? })
    }
}
