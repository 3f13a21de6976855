//! `files`: what processes have open; on Windows all their handles.

mod scan;
mod windows;

use super::cells::{Hex, exact, hex, plain};
use super::context::Context;
use super::failure::Result;
use super::glob::Glob;
use super::sink::Rows;
use super::spec::{Command, Shape};
use super::which::{Filter, each_process, missed};
use crate::arch::Arch;
use crate::os::linux::files::openfile::{Held, OpenFile};
use crate::os::linux::files::openflags::flags_text;
use memsh_plugin::{Os, ProcessInfo};
use schemars::JsonSchema;
use serde::Serialize;

/// List the files that processes have open; on Windows all their handles
#[derive(clap::Args, Debug)]
pub struct Files {
    /// Also the program, working and root directories, and mapped files
    #[arg(short = 'a', long)]
    all: bool,
    /// Only files of this path (`*`, `?`, or a regular expression between slashes) or with this inode number: who uses them
    #[arg(long, value_name = "GLOB|INODE")]
    path: Option<String>,
    /// Only files whose name is gone
    #[arg(short = 'd', long)]
    deleted: bool,
    /// Only files of this kind; on Windows objects of this type too (`key`, `event`, ...)
    #[arg(short = 't', long, value_name = "KIND")]
    kind: Option<String>,
    /// Every file object in memory, open or not, one pass over it (Windows)
    #[arg(long, conflicts_with = "all")]
    scan: bool,
    #[command(flatten)]
    filter: Filter,
}

/// A file that a process has open.
#[derive(Serialize, JsonSchema)]
pub struct FileRow {
    /// Process id. With --scan that of a process with a handle of it; null where none has one.
    pid: Option<u32>,
    /// The thread that has it open, where that shares no descriptors with its process.
    tid: Option<u32>,
    /// Short name of the process.
    name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name_bytes: Option<String>,
    /// Descriptor; none for what --all adds.
    fd: Option<u32>,
    /// `r`, `w` or `rw`; none where it may neither be read nor written (O_PATH).
    mode: Option<String>,
    /// `file`, `directory`, `device`, `tty`, `pty`, `pipe`, `socket`, `memfd`, `eventfd`, `epoll`, ...; with --all also `cwd`, `root`,
    /// `exe` and `mem` (mapped).
    kind: Option<String>,
    /// Path as process 1 would see it (as memsh does, of this machine), or the system's name for what has none. On Windows with the device, of files and of the
    /// sections that map them.
    path: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    path_bytes: Option<String>,
    /// What else is known, by kind: ends of a socket, count of an eventfd, what an epoll watches, seals of a memfd, ... On Windows what
    /// the handle allows, in words.
    detail: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail_bytes: Option<String>,
    /// Whether its name is gone; on Windows, whether it will be once it is closed.
    deleted: Option<bool>,
    /// Position in bytes.
    position: Option<i64>,
    /// Size in bytes, of files and directories. On Windows with --scan, as the cache knows it.
    size: Option<u64>,
    /// Flags of open(2), without O_LARGEFILE.
    flags: Option<String>,
    /// Inode number.
    inode: Option<u64>,
    /// The file system's device, `major:minor`. On Windows with --scan the path of the device.
    device: Option<String>,
    /// Number of the mount it was opened in.
    mount_id: Option<u64>,
    /// Address of its `struct file`.
    file: Option<Hex>,
    /// The handle's number (Windows).
    handle: Option<u64>,
    /// Type of the object (Windows): `File`, `Key`, `Event`, ...
    #[serde(rename = "type")]
    object_type: Option<String>,
    /// Address of the object (Windows).
    object: Option<Hex>,
    /// What the handle allows (Windows): an access mask.
    granted_access: Option<u32>,
    /// What was set for the handle (Windows): `inherit`, `protect_from_close`, `audit`.
    attributes: Option<Vec<&'static str>>,
    /// How many handles of it there are, as the object counts them (Windows, --scan).
    handles: Option<u64>,
    /// True where its memory was given back: this is what remains of it (Windows, --scan).
    freed: Option<bool>,
    /// What the object is called (Windows): its path in the tree of objects, the path of a file or of a registry key, whose process,
    /// thread or token it is.
    object_name: Option<String>,
}

impl Command for Files {
    type Row = FileRow;
    const NAME: &'static str = "files";
    const ALIASES: &'static [&'static str] = &["lsof", "handles", "handle", "fds", "fuser"];
    const SUMMARY: &'static str = "List the files that processes have open; on Windows all their handles";
    const SHAPE: Shape =
        Shape::List(&["pid", "name", "fd=fd|handle", "mode", "kind", "position", "path=path|object_name", "detail"]);
    const EXAMPLES: &'static [(&'static str, &'static str)] = &[
        ("files -p 1", "of one process"),
        ("files --deleted --all", "whatever is in use and has no name any more"),
        ("files /dev/null", "who has a file open (fuser)"),
        ("files --path '/lab/*' --all", "who uses what in a folder in any way"),
        ("files -t socket", "only sockets"),
        ("files --scan", "file objects of Windows in memory, open or not"),
        ("handles -p 4 -t process", "which processes a process of Windows has a handle of"),
    ];

    const BATCH: Option<(&'static str, &'static [&'static str])> = Some(("scan", scan::COLUMNS));

    fn run(mut self, cx: &Context, out: &mut Rows<'_, FileRow>) -> Result<()> {
        if let Some(kernel) = &cx.session()?.os()?.windows {
            return if self.scan { scan::run(self, cx, kernel, out) } else { windows::run(self, cx, kernel, out) };
        }
        if self.scan {
            // Says that this is no Windows.
            super::windows::kernel(cx, "files --scan")?;
        }
        let linux = cx.session()?.linux_facts(Self::NAME)?;
        // `lsof /dev/null` and `fuser /dev/null`: a path among processes is meant as one.
        let (named, which): (Vec<String>, Vec<String>) = self.filter.which.into_iter().partition(|w| w.starts_with('/'));
        self.filter.which = which;
        let paths: Vec<&String> = self.path.iter().chain(&named).collect();
        let globs = paths.iter().map(|p| Glob::new(p)).collect::<Result<Vec<_>>>()?;
        let inodes: Vec<u64> = self.path.iter().filter_map(|p| p.parse().ok()).collect();
        let mut files = linux.open_files();
        let processes = self.filter.processes(cx)?;
        let all = self.all;
        let ahead = |_: &dyn Os, p: &ProcessInfo| drop(linux.open_files().of(p.address, all));
        each_process(cx, &processes, ahead, |p| {
            let listing = match files.of(p.address, self.all).map_err(crate::Error::from) {
                Ok(listing) => listing,
                Err(e) => {
                    missed(cx, p, "open files", &e);
                    return Ok(());
                }
            };
            for f in cx.take(&listing) {
                let row = row(linux.arch(), p, &f);
                let matches = |path: &str| globs.iter().any(|g| g.matches(path));
                // A name that is gone is found with what the kernel writes behind it, and without.
                let bare = row.path.as_deref().filter(|_| row.deleted == Some(true)).and_then(|p| p.strip_suffix(" (deleted)"));
                let named = row.path.as_deref().is_some_and(matches) || bare.is_some_and(matches);
                let numbered = row.inode.is_some_and(|i| inodes.contains(&i));
                let wanted = (globs.is_empty() || named || numbered)
                    && (!self.deleted || row.deleted == Some(true))
                    && self.kind.as_ref().is_none_or(|k| row.kind.as_ref() == Some(k));
                if wanted {
                    out.push(&row)?;
                }
            }
            Ok(())
        })
    }
}

fn row(arch: Arch, p: &ProcessInfo, f: &OpenFile) -> FileRow {
    let (fd, held) = match f.held {
        Held::Descriptor(fd) => (Some(fd), None),
        Held::Cwd => (None, Some("cwd")),
        Held::Root => (None, Some("root")),
        Held::Exe => (None, Some("exe")),
        Held::Mapped => (None, Some("mem")),
    };
    let lossy = |b: &Vec<u8>| String::from_utf8_lossy(b).into_owned();
    let bytes = |b: &Vec<u8>| std::str::from_utf8(b).is_err().then(|| hex(b));
    FileRow {
        pid: Some(p.pid),
        tid: f.tid,
        name: Some(plain(&p.name)),
        name_bytes: exact(&p.name),
        fd,
        mode: match f.access {
            Some((true, true)) => Some("rw"),
            Some((true, false)) => Some("r"),
            Some((false, true)) => Some("w"),
            _ => None,
        }
        .map(str::to_owned),
        kind: held.map(str::to_owned).or_else(|| f.kind.as_ref().map(lossy)),
        path: f.path.as_ref().map(lossy),
        path_bytes: f.path.as_ref().and_then(bytes),
        detail: f.detail.as_ref().map(lossy),
        detail_bytes: f.detail.as_ref().and_then(bytes),
        deleted: f.deleted,
        position: f.position,
        size: f.size,
        flags: f.flags.map(|flags| flags_text(arch, flags)),
        inode: f.inode,
        device: f.device.map(|d| format!("{}:{}", d >> 20, d & 0xf_ffff)),
        mount_id: f.mount,
        file: f.file.map(Hex::from),
        handle: None,
        object_type: None,
        object: None,
        granted_access: None,
        attributes: None,
        handles: None,
        freed: None,
        object_name: None,
    }
}
