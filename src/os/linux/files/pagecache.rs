//! Files that the kernel has in its memory: the inodes of every file system (`super_blocks`, `s_inodes`; fs/super.c, fs/inode.c),
//! what they are called, and how much of each is cached.

mod superblock;

use super::overlay;
use super::path::{PathRef, Paths};
use crate::engine::{ViewExt, to_u64};
use crate::os::linux::base::kernel::{Kernel, failed};
use crate::os::linux::base::layout::{Block, Extent, Found, Member, Members, Shape, container_of, offset_of, shapes};
use crate::os::linux::base::lost::Lost;
use crate::os::linux::containers::list::{chain, list};
use crate::symbols::Types;
use memsh_plugin::{ApiError, Listing, Status, UnixNanos, VirtAddr};
use std::collections::HashMap;
use superblock::{SuperFacts, SuperListShape, superblocks};

/// Names of one inode: a file has as many as it has hard links; no more of them are told.
const MOST_NAMES: usize = 64;
/// `PATH_MAX`: the text of a symbolic link.
const TARGET: usize = 4096;

shapes! {
    /// `inode`, whole.
    InodeFactsShape: "inode" {
        mode: ["i_mode"],
        uid: ["i_uid.val", "i_uid"],
        gid: ["i_gid.val", "i_gid"],
        sb: ["i_sb"],
        mapping: ["i_mapping"],
        own: ["i_data"],
        number: ["i_ino"],
        links: ["i_nlink", "__i_nlink"],
        special: ["i_rdev"],
        size: ["i_size"],
        // 6.6 renamed the times' structures, 6.11 took them apart.
        accessed: ["i_atime_sec", "__i_atime.tv_sec", "i_atime.tv_sec"],
        accessed_nanos: ["i_atime_nsec", "__i_atime.tv_nsec", "i_atime.tv_nsec"],
        modified: ["i_mtime_sec", "__i_mtime.tv_sec", "i_mtime.tv_sec"],
        modified_nanos: ["i_mtime_nsec", "__i_mtime.tv_nsec", "i_mtime.tv_nsec"],
        changed: ["i_ctime_sec", "__i_ctime.tv_sec", "i_ctime.tv_sec"],
        changed_nanos: ["i_ctime_nsec", "__i_ctime.tv_nsec", "i_ctime.tv_nsec"],
        list: ["i_sb_list"],
        names: ["i_dentry"],
        link: ["i_link"],
    }
    /// `address_space`, for how much of it is cached.
    CacheShape: "address_space" {
        host: ["host"],
        pages: ["nrpages"],
    }
    /// `dentry`, as one of an inode's names.
    NameShape: "dentry" {
        alias: ["d_u.d_alias", "d_alias"],
        hashed: ["d_hash.pprev"],
        parent: ["d_parent"],
    }
    /// `mount`, as one of a file system's.
    MountOfShape: "mount" {
        mnt: ["mnt"],
        root: ["mnt.mnt_root"],
        sb: ["mnt.mnt_sb"],
        parent: ["mnt_parent"],
        // Up to 6.17.
        instance: ["mnt_instance"],
        next: ["mnt_next_for_sb"],
        namespace: ["mnt_ns"],
    }
}

/// What kind of file an inode is (include/uapi/linux/stat.h).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[allow(missing_docs, reason = "each is what it is called")]
pub enum Kind {
    File,
    Directory,
    Symlink,
    Block,
    Character,
    Fifo,
    Socket,
    Unknown,
}

impl Kind {
    /// The kind that a mode (`i_mode`) says: its `S_IFMT` bits.
    pub fn of(mode: u64) -> Self {
        match mode & 0o17_0000 {
            0o10_0000 => Self::File,
            0o04_0000 => Self::Directory,
            0o12_0000 => Self::Symlink,
            0o06_0000 => Self::Block,
            0o02_0000 => Self::Character,
            0o01_0000 => Self::Fifo,
            0o14_0000 => Self::Socket,
            _ => Self::Unknown,
        }
    }

    /// Its word.
    pub fn name(self) -> &'static str {
        match self {
            Self::File => "file",
            Self::Directory => "directory",
            Self::Symlink => "symlink",
            Self::Block => "block",
            Self::Character => "character",
            Self::Fifo => "fifo",
            Self::Socket => "socket",
            Self::Unknown => "unknown",
        }
    }
}

/// An inode in memory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CachedFile {
    /// Where the inode lies.
    pub inode: VirtAddr,
    /// Its number.
    pub number: Option<u64>,
    /// Its `super_block`.
    pub superblock: VirtAddr,
    /// Device number of its file system (`MAJOR << 20 | MINOR`).
    pub device: Option<u64>,
    /// Its file system's type.
    pub fstype: Option<Vec<u8>>,
    /// What it is.
    pub kind: Kind,
    /// Its names that are in memory, as process 1 sees them where it does; empty where there is none.
    pub paths: Vec<Vec<u8>>,
    /// Whether it has no name on its file system any more; none where that can't be told.
    pub deleted: Option<bool>,
    /// Permission bits, with set-user-id, set-group-id and sticky.
    pub mode: Option<u64>,
    /// Owner.
    pub uid: Option<u32>,
    /// Group.
    pub gid: Option<u32>,
    /// Hard links.
    pub links: Option<u64>,
    /// Device number that a device file stands for.
    pub special: Option<u64>,
    /// Its length in bytes.
    pub size: Option<u64>,
    /// How many of its pages are cached.
    pub pages: Option<u64>,
    /// The `address_space` with these pages.
    pub mapping: Option<VirtAddr>,
    /// When it was last modified.
    pub modified: Option<UnixNanos>,
    /// When it was last read, as far as its file system keeps that.
    pub accessed: Option<UnixNanos>,
    /// When its inode was last changed.
    pub changed: Option<UnixNanos>,
    /// What a symbolic link points to, where that is in memory.
    pub target: Option<Vec<u8>>,
    /// For a file of an overlay: the inode that has its contents.
    pub backing: Option<VirtAddr>,
}

/// Which inodes are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    /// Those with cached pages.
    Cached,
    /// All.
    All,
}

/// The inodes of all file systems, by file system in the order of mounting. `go_on` is asked now and then; when it says no, the
/// rest is left out.
///
/// # Errors
/// When the list of file systems can't be found.
pub fn files(kernel: &Kernel, which: Which, go_on: &dyn Fn() -> bool) -> Result<Listing<CachedFile>, ApiError> {
    let mut lost = Lost::default();
    let supers = superblocks(kernel, &mut lost)?;
    let mut walk = Walk::new(kernel, &supers);
    let mut out = Vec::new();
    for sb in &supers {
        walk.inodes(*sb, which, go_on, &mut out, &mut lost);
        if !go_on() {
            break;
        }
    }
    lost.extend(walk.paths.lost);
    Ok(lost.listing(out))
}

/// What is known of the inode at `inode`.
///
/// # Errors
/// When it is not in the image, or nothing that lies there is an inode of any file system.
pub fn file_at(kernel: &Kernel, inode: VirtAddr) -> Result<Listing<CachedFile>, ApiError> {
    let mut lost = Lost::default();
    let supers = superblocks(kernel, &mut lost)?;
    let mut walk = Walk::new(kernel, &supers);
    let shape = kernel.shape::<InodeFactsShape>();
    let none = || failed(Status::MISSING, format!("no inode lies at {inode}: `pagecache --all` lists them with their addresses"));
    let block = shape.read_or(kernel.view(), inode, &mut lost).ok_or_else(none)?;
    let sb = block.ptr(shape.sb).filter(|sb| supers.contains(sb)).ok_or_else(none)?;
    let facts = walk.superblock(sb, &mut lost);
    let file = walk.file(&block, &facts, Which::All, &mut lost).ok_or_else(none)?;
    lost.extend(walk.paths.lost);
    Ok(lost.listing(vec![file]))
}

struct Walk<'k> {
    kernel: &'k Kernel,
    supers: &'k [VirtAddr],
    paths: Paths<'k>,
    /// The mount namespace of process 1.
    namespace: Option<VirtAddr>,
    /// Which mount a directory lies below, found once for it.
    below: HashMap<VirtAddr, Option<VirtAddr>>,
}

impl<'k> Walk<'k> {
    fn new(kernel: &'k Kernel, supers: &'k [VirtAddr]) -> Self {
        let shape = kernel.shape::<MountOfShape>();
        let namespace = kernel
            .root()
            .and_then(|root| container_of(root.mnt, shape.mnt))
            .and_then(|mount| shape.read(kernel.view(), mount).ptr(shape.namespace));
        Self { kernel, supers, paths: Paths::new(kernel), namespace, below: HashMap::new() }
    }

    fn inodes(&mut self, sb: VirtAddr, which: Which, go_on: &dyn Fn() -> bool, out: &mut Vec<CachedFile>, lost: &mut Lost) {
        let kernel = self.kernel;
        let (shape, lists) = (kernel.shape::<InodeFactsShape>(), kernel.shape::<SuperListShape>());
        let (Some(head), Some(link)) = (offset_of(lists.inodes), offset_of(shape.list)) else {
            return lost.push("can't list cached files: no types super_block and inode");
        };
        let facts = self.superblock(sb, lost);
        self.below.clear();
        let what = format!("inodes of the file system at {sb}");
        for (n, node) in list(kernel.view(), sb.wrapping_add(head), &what, lost).into_iter().enumerate() {
            if n % 256 == 0 && !go_on() {
                return;
            }
            let inode = node.wrapping_sub(link);
            let Some(block) = shape.read_or(kernel.view(), inode, lost) else { continue };
            if block.ptr(shape.sb) != Some(sb) {
                lost.push(format!("{what}: what lies at {inode} is no inode of it"));
                continue;
            }
            out.extend(self.file(&block, &facts, which, lost));
        }
    }

    /// The row of an inode; none for one that is not asked for.
    fn file(&mut self, block: &Block, sb: &SuperFacts, which: Which, lost: &mut Lost) -> Option<CachedFile> {
        let (kernel, shape) = (self.kernel, self.kernel.shape::<InodeFactsShape>());
        let mode = block.uint(shape.mode);
        let kind = mode.map_or(Kind::Unknown, Kind::of);
        let (mut mapping, mut pages) = self.mapping(block);
        let mut backing = None;
        if sb.fstype.as_deref() == Some(b"overlay") && matches!(kind, Kind::File) {
            backing = overlay::backing(kernel, block, self.supers);
            if let Some(real) = backing {
                (mapping, pages) = self.mapping(&shape.read(kernel.view(), real));
            }
        }
        if which == Which::Cached && pages.is_none_or(|n| n == 0) {
            return None;
        }
        let (paths, hashed) = self.names(block, sb, lost);
        let links = block.uint(shape.links);
        let time = |seconds, nanos| {
            // 6.13 keeps a flag in the highest bit of `i_ctime_nsec` (`I_CTIME_QUERIED`, include/linux/fs.h).
            let nanos = i64::try_from(block.uint(nanos)? & 0x7fff_ffff).ok().filter(|n| *n < 1_000_000_000)?;
            block.int(seconds)?.checked_mul(1_000_000_000)?.checked_add(nanos)
        };
        let target = (kind == Kind::Symlink)
            .then(|| kernel.view().read_cstr(block.ptr(shape.link)?, TARGET).ok())
            .flatten()
            .filter(|t| !t.is_empty());
        Some(CachedFile {
            inode: block.base(),
            number: block.uint(shape.number),
            superblock: sb.at,
            device: sb.device,
            fstype: sb.fstype.clone(),
            kind,
            deleted: match (links, hashed) {
                (Some(0), _) => Some(true),
                (_, Some(hashed)) => Some(!hashed),
                (Some(_), None) => Some(false),
                (None, None) => None,
            },
            paths,
            mode: mode.map(|m| m & 0o7777),
            uid: block.u32(shape.uid),
            gid: block.u32(shape.gid),
            links,
            special: block.uint(shape.special).filter(|_| matches!(kind, Kind::Block | Kind::Character)),
            // A length is not negative.
            size: block.int(shape.size).and_then(|s| u64::try_from(s).ok()),
            pages,
            mapping,
            modified: time(shape.modified, shape.modified_nanos),
            accessed: time(shape.accessed, shape.accessed_nanos),
            changed: time(shape.changed, shape.changed_nanos),
            target,
            backing,
        })
    }

    /// The `address_space` that belongs to an inode, and its pages. The inode of a device file may point to the device's, which is
    /// another inode's.
    fn mapping(&self, block: &Block) -> (Option<VirtAddr>, Option<u64>) {
        let (view, shape) = (self.kernel.view(), self.kernel.shape::<InodeFactsShape>());
        let cache = self.kernel.shape::<CacheShape>();
        let pointed = block.ptr(shape.mapping);
        let own = block.at(shape.own);
        for at in pointed.into_iter().chain(own) {
            let space = cache.read(view, at);
            if space.ptr(cache.host) == Some(block.base()) {
                return (Some(at), space.uint(cache.pages));
            }
        }
        (own, own.and_then(|at| cache.read(view, at).uint(cache.pages)))
    }

    /// The names of an inode, and whether one of them is still a name (in the hash table of names); none where there is no name.
    fn names(&mut self, block: &Block, sb: &SuperFacts, lost: &mut Lost) -> (Vec<Vec<u8>>, Option<bool>) {
        let kernel = self.kernel;
        let (shape, names) = (kernel.shape::<InodeFactsShape>(), kernel.shape::<NameShape>());
        let (Some(head), Some(alias)) = (block.at(shape.names), names.alias) else { return (Vec::new(), None) };
        let mut out: Vec<Vec<u8>> = Vec::new();
        let mut any = None;
        for node in chain(kernel.view(), head, "names of an inode", lost).into_iter().take(MOST_NAMES) {
            let Some(dentry) = container_of(node, Some(alias)) else { continue };
            let entry = names.read(kernel.view(), dentry);
            // The root of a file system is in no hash table, and has a name all the same.
            let is_root = Some(dentry) == sb.root || entry.ptr(names.parent) == Some(dentry);
            let hashed = names.hashed.map(|m| is_root || entry.ptr(Some(m)).is_some());
            let Some(mnt) = self.mount_above(dentry, sb) else { continue };
            let (path, pseudo) = self.paths.path(PathRef { mnt, dentry });
            // What was never in a directory was never deleted from one.
            if !pseudo {
                any = Some(any.unwrap_or(false) || hashed.unwrap_or(true));
            }
            let Some(mut path) = path else { continue };
            if hashed == Some(false) && !pseudo && path.ends_with(b" (deleted)") {
                path.truncate(path.len() - b" (deleted)".len());
            }
            if !out.contains(&path) {
                out.push(path);
            }
        }
        (out, any)
    }

    /// The best mount that shows a directory entry; none where no mount does (only another part of its file system is mounted).
    fn mount_above(&mut self, dentry: VirtAddr, sb: &SuperFacts) -> Option<VirtAddr> {
        let first = sb.mounts.first()?;
        if Some(first.1) == sb.root || sb.mounts.len() == 1 && first.1 == dentry {
            return Some(first.0);
        }
        let (view, names) = (self.kernel.view(), self.kernel.shape::<NameShape>());
        // From the entry up: the best mount whose root is met.
        let mut met: Option<usize> = None;
        let mut at = dentry;
        let mut passed = Vec::new();
        for _ in 0..MOST_NAMES * MOST_NAMES {
            if let Some(known) = self.below.get(&at) {
                let known = *known;
                let rank = |mnt: VirtAddr| sb.mounts.iter().position(|m| m.0 == mnt);
                met = [met, known.and_then(rank)].into_iter().flatten().min();
                break;
            }
            if let Some(i) = sb.mounts.iter().position(|m| m.1 == at) {
                met = Some(met.map_or(i, |m| m.min(i)));
            }
            passed.push(at);
            match names.read(view, at).ptr(names.parent) {
                Some(parent) if parent != at => at = parent,
                _ => break,
            }
        }
        let found = met.and_then(|i| sb.mounts.get(i)).map(|m| m.0);
        // The parent's answer holds for all its other entries, unless one of them is itself the root of a mount.
        if let Some(parent) = passed.get(1).filter(|_| !sb.mounts.iter().any(|m| m.1 == dentry)) {
            self.below.insert(*parent, found);
        }
        found
    }
}

/// A device number as the system prints it in decimal: `8:1`.
pub fn device_text(device: u64) -> String {
    // `MAJOR` and `MINOR` (include/linux/kdev_t.h): 20 bits of minor number.
    format!("{}:{}", device >> 20, device & 0xf_ffff)
}

/// Whether pages of a file system that are not there are holes, and not merely elsewhere: its files have no other place.
pub fn lives_in_memory(fstype: &[u8]) -> bool {
    matches!(fstype, b"tmpfs" | b"devtmpfs" | b"ramfs" | b"rootfs" | b"hugetlbfs")
}

/// A page's size in bytes.
pub(crate) fn page_size(kernel: &Kernel) -> u64 {
    to_u64(kernel.space_page_size()).unwrap_or(4096)
}
