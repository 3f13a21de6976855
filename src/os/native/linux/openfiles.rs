//! Open files: `/proc/PID/fd` and `fdinfo`, those of threads with a table of their own, and what else a process holds.

use super::denied;
use super::fdinfo::{self, FdInfo};
use super::folder::{self, Folder};
use super::inode::{self, Inode};
use super::kinds::{self, KnownSockets, Named, Terminals};
use super::maps;
use super::mounts::Systems;
use super::people;
use super::sockets;
use super::tables::Tables;
use crate::os::Lost;
use crate::os::linux::facts::FileLister;
use crate::os::linux::files::filewords::PATH;
use crate::os::linux::files::openfile::{Held, OpenFile};
use memsh_plugin::{ApiError, Listing, RegionInfo, VirtAddr};
use std::collections::{HashMap, HashSet};
use std::io;
use std::rc::Rc;

/// So often a descriptor that is given another file while it is looked at is looked at again.
const TRIES: usize = 4;
/// What the kernel writes behind a name that is gone.
const DELETED: &[u8] = b" (deleted)";

/// Lists open files of this machine; remembers what many processes share.
pub struct NativeFiles {
    terminals: Terminals,
    sockets: KnownSockets,
    /// By mount namespace and root.
    systems: HashMap<(Vec<u8>, Vec<u8>), Rc<Systems>>,
    tables: Tables,
}

/// A file of which the path, the descriptor's facts and the inode were seen together.
struct Seen {
    path: Option<Vec<u8>>,
    info: FdInfo,
    inode: Option<Inode>,
}

impl NativeFiles {
    /// A lister.
    pub fn new() -> Self {
        let tables = Tables::default();
        Self { terminals: Terminals::ask(), sockets: KnownSockets::default(), systems: HashMap::new(), tables }
    }

    fn systems(&mut self, folder: &Folder) -> Rc<Systems> {
        match (folder.link("ns/mnt"), folder.link("root")) {
            (Ok(space), Ok(root)) => Rc::clone(self.systems.entry((space, root)).or_insert_with(|| Rc::new(Systems::of(folder)))),
            _ => Rc::new(Systems::of(folder)),
        }
    }

    /// The descriptors in the table `name`, `fd` of the process or of a thread.
    fn table(&mut self, folder: &Folder, tid: Option<u32>, systems: &Systems, lost: &mut Lost) -> io::Result<Vec<OpenFile>> {
        let below = tid.map(|t| format!("task/{t}/")).unwrap_or_default();
        let numbers = folder.numbers(&format!("{below}fd"))?;
        if numbers.len() >= folder::ENTRIES {
            lost.push(format!("descriptors of process {} beyond the first {}", folder.pid, folder::ENTRIES));
        }
        let mut out = Vec::with_capacity(numbers.len());
        for fd in numbers {
            let link = format!("{below}fd/{fd}");
            // One that was closed meanwhile is none.
            if let Some(seen) = look(folder, &link, &format!("{below}fdinfo/{fd}"), lost)? {
                let mut row = self.row(folder, &link, &seen, systems);
                row.held = Held::Descriptor(fd);
                row.tid = tid;
                out.push(row);
            }
        }
        Ok(out)
    }

    fn row(&mut self, folder: &Folder, link: &str, seen: &Seen, systems: &Systems) -> OpenFile {
        let (info, path) = (&seen.info, seen.path.as_deref().unwrap_or_default());
        let mount = info.mount().or_else(|| seen.inode?.mount);
        let named = Named::of(path, mount.is_some_and(|m| systems.has(m)));
        let system = mount.and_then(|m| systems.kind(m));
        let kind = seen.path.as_ref().and_then(|_| kinds::kind(named, seen.inode.as_ref(), system, &self.terminals));
        let detail = match named {
            Named::Socket => {
                let protocol = folder.protocol(link).ok();
                let known = sockets::inode_of(path).and_then(|n| self.sockets.find(folder, n));
                kinds::socket(protocol.as_deref(), known)
            }
            _ => kind.as_ref().and_then(|k| kinds::detail(k, path, info, seen.inode.as_ref())),
        };
        let flags = info.flags();
        OpenFile {
            held: Held::Mapped,
            tid: None,
            file: None,
            deleted: seen.path.as_ref().and_then(|p| is_deleted(p, named, seen.inode.as_ref(), system)),
            path: seen.path.clone(),
            position: info.position(),
            flags,
            access: flags.map(|f| match f & 3 {
                _ if f & PATH != 0 => (false, false),
                0 => (true, false),
                1 => (false, true),
                2 => (true, true),
                _ => (false, false),
            }),
            inode: info.inode().or_else(|| Some(seen.inode?.number)),
            // Some file systems give their files other devices than their mounts have; the kernel's own is that of the mount.
            device: mount.and_then(|m| systems.device(m)).or_else(|| Some(seen.inode?.device)),
            size: kind.as_deref().filter(|k| kinds::is_sized(k)).and_then(|_| Some(seen.inode?.size)),
            mount,
            detail,
            kind,
        }
    }

    /// The program and the directories that the process is in.
    fn places(&mut self, folder: &Folder, systems: &Systems, lost: &mut Lost) -> Vec<OpenFile> {
        let places = [("cwd", Held::Cwd), ("root", Held::Root), ("exe", Held::Exe)];
        let mut out = Vec::new();
        for (name, held) in places {
            match folder.link(name) {
                Ok(path) => {
                    let seen = Seen { path: Some(path), info: FdInfo::default(), inode: folder.inode(name).ok() };
                    out.push(OpenFile { held, ..self.row(folder, name, &seen, systems) });
                }
                // Threads of the kernel run no program.
                Err(e) if denied::is_gone(&e) => {}
                Err(e) => lost.push(denied::error(folder, &format!("the link {name}"), &e).message.to_string_lossy()),
            }
        }
        out
    }

    /// The files that are mapped, each once; the program is not among them.
    fn mapped(&self, folder: &Folder, systems: &Systems, exe: Option<&OpenFile>, lost: &mut Lost) -> Vec<OpenFile> {
        let regions = match folder.read("maps", folder::LARGEST) {
            Ok(bytes) => maps::parse(&bytes),
            Err(e) => {
                lost.push(denied::error(folder, "the list of regions (/proc/PID/maps)", &e).message.to_string_lossy());
                return Vec::new();
            }
        };
        let (mut seen, mut out, mut unsized_files) = (HashSet::new(), Vec::new(), 0usize);
        let key = |path: &Option<Vec<u8>>, inode: Option<u64>| (path.clone(), inode);
        seen.extend(exe.map(|e| key(&e.path, e.inode)));
        for region in &regions {
            let (Some(inode), Some(path)) = (region.inode.get(), region.path.as_ref()) else { continue };
            let path = Some(path.as_bytes().to_vec());
            if !seen.insert(key(&path, Some(inode))) {
                continue;
            }
            let row = mapping(folder, systems, region, inode, path);
            unsized_files += usize::from(row.size.is_none() && region.kind.as_bytes() == b"file");
            out.push(row);
        }
        if unsized_files > 0 {
            lost.push(format!(
                "sizes of {unsized_files} mapped files of process {}: /proc/PID/map_files needs CAP_SYS_ADMIN or CAP_CHECKPOINT_RESTORE",
                folder.pid
            ));
        }
        out
    }
}

impl FileLister for NativeFiles {
    fn of(&mut self, process: VirtAddr, all: bool) -> Result<Listing<OpenFile>, ApiError> {
        let pid = people::pid(process).ok_or_else(|| denied::gone(0))?;
        let folder = Folder::open(pid).map_err(|_| denied::gone(pid))?;
        let mut lost = Lost::default();
        let systems = self.systems(&folder);
        let failed = |e: io::Error| denied::error(&folder, "what is open (/proc/PID/fd)", &e);
        let mut descriptors = match self.table(&folder, None, &systems, &mut lost) {
            Ok(descriptors) => descriptors,
            // A zombie has none.
            Err(e) if denied::is_gone(&e) && folder.alive() => Vec::new(),
            Err(e) => return Err(failed(e)),
        };
        for tid in self.tables.own(&folder, &mut lost) {
            // A thread that has ended has none.
            descriptors.extend(self.table(&folder, Some(tid), &systems, &mut lost).unwrap_or_default());
        }
        if !all {
            return Ok(lost.listing(descriptors));
        }
        let mut out = self.places(&folder, &systems, &mut lost);
        let exe = out.iter().find(|f| f.held == Held::Exe).cloned();
        out.append(&mut descriptors);
        out.extend(self.mapped(&folder, &systems, exe.as_ref(), &mut lost));
        Ok(lost.listing(out))
    }
}

/// What a descriptor leads to, with all facts of the same file: its link is the same before and after. None where it is closed.
///
/// # Errors
/// When it may not be asked: whoever may list descriptors need not be allowed to see where they lead.
fn look(folder: &Folder, link: &str, info: &str, lost: &mut Lost) -> io::Result<Option<Seen>> {
    for _ in 0..TRIES {
        let path = match folder.link(link) {
            Ok(path) => Some(path),
            Err(e) if denied::is_gone(&e) => return Ok(None),
            Err(e) if denied::is_denied(&e) => return Err(e),
            Err(e) => {
                // A path of more than a page is not told.
                lost.push(denied::error(folder, &format!("what {link} leads to"), &e).message.to_string_lossy());
                None
            }
        };
        let told = folder.read(info, fdinfo::LARGEST).map(|b| FdInfo::parse(&b)).unwrap_or_default();
        let inode = folder.inode(link);
        if folder.link(link).ok() != path {
            continue;
        }
        let inode = match inode {
            Ok(inode) => Some(inode),
            Err(e) if denied::is_gone(&e) => return Ok(None),
            Err(e) => {
                lost.push(format!("what kind of file {link} of process {} leads to: {e}", folder.pid));
                None
            }
        };
        return Ok(Some(Seen { path, info: told, inode }));
    }
    lost.push(format!("{link} of process {} leads elsewhere each time it is looked at", folder.pid));
    Ok(None)
}

/// Whether a file's name is gone; none where that can't be told. A name may end like those of the deleted.
fn is_deleted(path: &[u8], named: Named<'_>, inode: Option<&Inode>, system: Option<&[u8]>) -> Option<bool> {
    match named {
        Named::Simple(_) => Some(true),
        Named::Path if path.ends_with(DELETED) => match inode {
            Some(i) if i.links == 0 => Some(true),
            Some(i) => match Inode::cached(path) {
                Ok(found) => Some((found.number, found.device) != (i.number, i.device)),
                Err(e) if e.kind() == io::ErrorKind::NotFound => Some(true),
                // The name of an open file is in the cache: one that is not there, in a folder that is, is no name of it.
                Err(_) => (system.is_some_and(keeps_names) && folder_device(path) == Some(i.device)).then_some(true),
            },
            None => None,
        },
        _ => Some(false),
    }
}

/// Whether a file system takes a name from the cache without asking whether it still holds (it has no `d_revalidate`).
fn keeps_names(system: &[u8]) -> bool {
    matches!(system, b"ext2" | b"ext3" | b"ext4" | b"xfs" | b"btrfs" | b"f2fs" | b"tmpfs" | b"ramfs" | b"devtmpfs" | b"hugetlbfs")
}

/// The device of the folder that a path names, as far as the cache has it.
fn folder_device(path: &[u8]) -> Option<u64> {
    let at = path.iter().rposition(|b| *b == b'/')?;
    let folder = path.get(..at).filter(|f| !f.is_empty()).unwrap_or(b"/");
    Inode::cached(folder).ok().map(|i| i.device)
}

/// A mapped file. Its inode is asked through `/proc/PID/map_files`, which takes a privilege, or by its path where that leads to it.
fn mapping(folder: &Folder, systems: &Systems, region: &RegionInfo, number: u64, path: Option<Vec<u8>>) -> OpenFile {
    let (start, end) = (region.start.value(), region.end.value());
    let device = region.device_major.get().zip(region.device_minor.get()).map(|(a, b)| inode::number(a, b));
    let bare = path.as_deref().map(|p| p.strip_suffix(DELETED).unwrap_or(p));
    let by_path = || {
        let found = Inode::cached(bare?).ok()?;
        (found.number == number && Some(found.device) == device).then_some(found)
    };
    let known = folder.inode(&format!("map_files/{start:x}-{end:x}")).ok().or_else(by_path);
    let simple = region.kind.as_bytes() == b"shared memory";
    let named = match (simple, bare) {
        (true, Some(name)) => Named::Simple(name),
        _ => Named::Path,
    };
    let text = path.as_deref().unwrap_or_default();
    OpenFile {
        held: Held::Mapped,
        tid: None,
        file: None,
        kind: None,
        deleted: match simple {
            true => Some(text.ends_with(DELETED)),
            false => is_deleted(text, named, known.as_ref(), known.and_then(|i| systems.kind(i.mount?))),
        },
        position: None,
        flags: None,
        access: None,
        inode: Some(number),
        device,
        size: known.map(|i| i.size),
        mount: known.and_then(|i| i.mount),
        detail: None,
        path,
    }
}
