//! `pagecache`: files in the kernel's memory, and what they contain.

use super::cells::{Hex, Time, hex};
use super::context::Context;
use super::extract::{Place, Written};
use super::failure::{Failure, Result};
use super::glob::Glob;
use super::sink::Rows;
use super::spec::{Command, Shape};
use crate::os::linux::Kernel;
use crate::os::linux::files::pagecache::{CachedFile, Which, device_text, files};
use crate::os::linux::memory::frames::Frames;
use schemars::JsonSchema;
use serde::Serialize;
use std::path::PathBuf;

/// List files in the kernel's memory, and write out their contents
#[derive(clap::Args, Debug)]
pub struct Pagecache {
    /// Only files with this path (`*` and `?` stand for anything, `/` too); without a slash, with this name in any directory
    #[arg(value_name = "PATH")]
    path: Option<String>,
    /// Only files of this type of file system: ext4, tmpfs, overlay
    #[arg(long, value_name = "TYPE")]
    fstype: Option<String>,
    /// Only deleted files
    #[arg(long)]
    deleted: bool,
    /// List files of which no page is cached, too
    #[arg(short, long)]
    all: bool,
    /// Write what is cached of each regular file below this directory, which must be new or empty
    #[arg(long, value_name = "DIR")]
    extract: Option<PathBuf>,
}

/// A file in memory.
#[derive(Serialize, JsonSchema)]
pub struct CachedRow {
    /// Its path as process 1 sees it, or as a process in another mount namespace does; null where none of its names is in memory.
    /// A deleted file's is the one that it had: `deleted` says that it is gone, and PATH and `dump --file` take it as it stands.
    /// What never had a name in a directory (`/memfd:NAME (deleted)`, `/SYSV...`) is called as the kernel calls it.
    path: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    path_bytes: Option<String>,
    /// Its other names (hard links).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    also: Vec<String>,
    /// `file`, `directory`, `symlink`, `block`, `character`, `fifo` or `socket`.
    kind: &'static str,
    /// Type of its file system.
    fstype: Option<String>,
    /// Device of its file system, `major:minor`.
    device: Option<String>,
    /// Inode number.
    inode: Option<u64>,
    /// Length in bytes.
    size: Option<u64>,
    /// Bytes of it that are cached, in whole pages.
    cached: Option<u64>,
    /// How many pages that is.
    pages: Option<u64>,
    /// Whether it has no name on its file system any more; null where that can't be told.
    deleted: Option<bool>,
    /// Permissions in octal, with set-user-id, set-group-id and sticky bits.
    mode: Option<String>,
    /// Owner.
    uid: Option<u32>,
    /// Group.
    gid: Option<u32>,
    /// Number of hard links.
    links: Option<u64>,
    /// When it was last modified.
    mtime: Option<Time>,
    /// When its inode was last changed.
    ctime: Option<Time>,
    /// When it was last read, as far as its file system keeps that.
    atime: Option<Time>,
    /// What a symbolic link points to.
    target: Option<String>,
    /// Device that a device file stands for, `major:minor`.
    rdev: Option<String>,
    /// Address of the inode.
    address: Hex,
    /// Address of its `super_block`.
    superblock: Hex,
    /// For a file of an overlay: address of the inode below that has the contents.
    backing: Option<Hex>,
    /// The file that was written (`--extract`).
    #[serde(skip_serializing_if = "Option::is_none")]
    output: Option<String>,
    /// Bytes within its length that are not in memory; in the file that was written they are a hole.
    #[serde(skip_serializing_if = "Option::is_none")]
    unreadable: Option<u64>,
    /// SHA-256 of the file that was written, in hex.
    #[serde(skip_serializing_if = "Option::is_none")]
    sha256: Option<String>,
}

impl Command for Pagecache {
    type Row = CachedRow;
    const NAME: &'static str = "pagecache";
    const ALIASES: &'static [&'static str] = &["linux.pagecache.Files", "linux.pagecache", "files_cache"];
    const SUMMARY: &'static str = "List files in the kernel's memory, and write out their contents";
    const SHAPE: Shape = Shape::List(&["??fstype", "???inode", "size", "cached", "?mtime", "deleted", "path"]);
    const BATCH: Option<(&'static str, &'static [&'static str])> =
        Some(("extract", &["size", "unreadable", "deleted", "path", "output"]));
    const EXAMPLES: &'static [(&'static str, &'static str)] = &[
        ("pagecache", "every file of which a page is cached"),
        ("pagecache '*.so*'", "by path"),
        ("pagecache --deleted", "that nobody finds on the disk any more"),
        ("pagecache --fstype tmpfs --extract out", "what they contain, below a new directory"),
    ];

    fn run(self, cx: &Context, out: &mut Rows<'_, CachedRow>) -> Result<()> {
        let kernel = cx.session()?.linux("pagecache")?;
        let which = if self.all { Which::All } else { Which::Cached };
        let pattern = self.path.as_deref().map(Glob::new).transpose()?;
        let listing = files(kernel, which, &|| cx.go_on().is_ok()).map_err(crate::Error::from)?;
        cx.go_on()?;
        cx.nothing(match &self.path {
            Some(path) if !path.contains(['*', '?']) => {
                format!(
                    "no cached file is {path}; '*{path}*' looks for it as a part of paths, --all also where no page is cached"
                )
            }
            Some(path) => format!("no path of a cached file matches {path}; --all looks also where no page is cached"),
            None => "no cached file is like that".to_owned(),
        });
        let mut chosen: Vec<CachedFile> = cx.take(&listing).into_iter().filter(|f| self.wants(f, pattern.as_ref())).collect();
        // File systems in the order of mounting, what has no name at their end.
        let mut order: Vec<crate::VirtAddr> = Vec::new();
        for f in &chosen {
            if order.last() != Some(&f.superblock) {
                order.push(f.superblock);
            }
        }
        let place = |f: &CachedFile| order.iter().position(|sb| *sb == f.superblock);
        chosen.sort_by_cached_key(|f| (place(f), f.paths.is_empty(), f.paths.first().cloned(), f.number));
        let Some(directory) = &self.extract else {
            return chosen.iter().try_for_each(|f| out.push(&row(kernel, f, None)));
        };
        let frames = frames(kernel)?;
        let place = Place::new(directory)?;
        let regular: Vec<&CachedFile> = chosen.iter().filter(|f| f.kind.name() == "file").collect();
        let meter = cx.host().meter("writing files", regular.len() as u64);
        for (done, file) in (1u64..).zip(regular) {
            cx.go_on()?;
            let written = place.write(cx, kernel, &frames, file)?;
            out.push(&row(kernel, file, written))?;
            meter.at(done);
        }
        Ok(())
    }
}

impl Pagecache {
    fn wants(&self, file: &CachedFile, pattern: Option<&Glob>) -> bool {
        let fstype = file.fstype.as_ref().map(|t| String::from_utf8_lossy(t));
        if self.fstype.as_ref().is_some_and(|t| fstype.as_deref() != Some(t)) || self.deleted && file.deleted != Some(true) {
            return false;
        }
        pattern.is_none_or(|p| file.paths.iter().any(|path| named(path, self.path.as_deref().unwrap_or_default(), p)))
    }
}

/// Whether a path matches: as a whole, or its last part where the pattern has no slash.
fn named(path_bytes: &[u8], text: &str, pattern: &Glob) -> bool {
    let path = String::from_utf8_lossy(bare(path_bytes));
    let whole = String::from_utf8_lossy(path_bytes);
    pattern.matches(&whole)
        || pattern.matches(&path)
        || !text.contains('/') && path.rsplit('/').next().is_some_and(|name| pattern.matches(name))
}

/// A path without what the kernel writes behind one that is gone.
fn bare(path: &[u8]) -> &[u8] {
    path.strip_suffix(b" (deleted)").unwrap_or(path)
}

/// The page frames.
///
/// # Errors
/// When they can't be found: nothing can be read from the cache then.
pub fn frames(kernel: &Kernel) -> Result<Frames> {
    Frames::find(kernel).ok_or_else(|| {
        let what =
            "can't find the kernel's page frames: neither vmemmap_base nor VMCOREINFO nor a page of a mapped file proved itself";
        let hint = "the image may lack the kernel's data; `pagecache` without --extract lists what is cached";
        crate::Error::new(crate::Layer::Os, crate::ErrorKind::NotFound, what).hint(hint).into()
    })
}

/// The one file that `which` names: a path, or the address of an inode.
///
/// # Errors
/// When there is none, or several.
pub fn find(cx: &Context, kernel: &Kernel, which: &str) -> Result<CachedFile> {
    if let Some(digits) = which.strip_prefix("0x") {
        let wrong = |_| Failure::usage(format!("{which} is no address"));
        let at = crate::VirtAddr::new(crate::umem::from(u64::from_str_radix(digits, 16).map_err(wrong)?));
        let found = crate::os::linux::files::pagecache::file_at(kernel, at).map_err(crate::Error::from)?;
        let none = || Failure::usage(format!("no inode lies at {which}"));
        return cx.take(&found).into_iter().next().ok_or_else(none);
    }
    let listing = files(kernel, Which::All, &|| cx.go_on().is_ok()).map_err(crate::Error::from)?;
    cx.go_on()?;
    let is =
        |f: &CachedFile| f.paths.iter().any(|p| p == which.as_bytes() || f.deleted == Some(true) && bare(p) == which.as_bytes());
    let all: Vec<CachedFile> = cx.take(&listing).into_iter().filter(|f| is(f)).collect();
    // A name may have been used again: what stands there now is meant, unless only deleted ones are left.
    let alive: Vec<&CachedFile> = all.iter().filter(|f| f.deleted != Some(true)).collect();
    match (alive.as_slice(), all.as_slice()) {
        ([one], _) => Ok((*one).clone()),
        ([], [one]) => Ok(one.clone()),
        ([], []) => {
            let error = crate::Error::new(crate::Layer::Os, crate::ErrorKind::NotFound, format!("no file {which} is in memory"));
            Err(error.hint("`pagecache --all '*NAME*'` looks for a part of a path; paths are those that process 1 sees").into())
        }
        (several, all) => {
            let addresses: Vec<String> = match several {
                [] => all.iter().map(|f| f.inode.to_string()).collect(),
                _ => several.iter().map(|f| f.inode.to_string()).collect(),
            };
            let error = crate::Error::new(
                crate::Layer::Os,
                crate::ErrorKind::Invalid,
                format!("{} files are called {which}", addresses.len()),
            );
            let shown: Vec<&str> = addresses.iter().take(8).map(String::as_str).collect();
            Err(error.hint(format!("choose one by the address of its inode: {}", shown.join(", "))).into())
        }
    }
}

fn row(kernel: &Kernel, f: &CachedFile, written: Option<Written>) -> CachedRow {
    let lossy = |b: &Vec<u8>| String::from_utf8_lossy(b).into_owned();
    let page = super::cells::number(kernel.space_page_size());
    let first = f.paths.first();
    let (output, unreadable, sha256) = match written {
        Some(w) => (Some(w.path), Some(w.unreadable), w.sha256),
        None => (None, None, None),
    };
    CachedRow {
        path: first.map(lossy),
        path_bytes: first.filter(|p| std::str::from_utf8(p).is_err()).map(|p| hex(p)),
        also: f.paths.iter().skip(1).map(lossy).collect(),
        kind: f.kind.name(),
        fstype: f.fstype.as_ref().map(lossy),
        device: f.device.map(device_text),
        inode: f.number,
        size: f.size,
        cached: f.pages.and_then(|n| n.checked_mul(page)),
        pages: f.pages,
        deleted: f.deleted,
        mode: f.mode.map(|m| format!("{m:04o}")),
        uid: f.uid,
        gid: f.gid,
        links: f.links,
        mtime: f.modified.map(Time),
        ctime: f.changed.map(Time),
        atime: f.accessed.map(Time),
        target: f.target.as_ref().map(lossy),
        rdev: f.special.map(device_text),
        address: f.inode.into(),
        superblock: f.superblock.into(),
        backing: f.backing.map(Hex::from),
        output,
        unreadable,
        sha256,
    }
}
