//! A process's folder below `/proc`.

use super::inode::Inode;
use rustix::fs::{AtFlags, CWD, Mode, OFlags, getxattr, openat, readlinkat, statat};
use std::fs::File;
use std::io::{self, Read};
use std::os::fd::{AsRawFd, OwnedFd};

/// No list of regions is longer: a million of them with paths of a hundred bytes are less.
pub const LARGEST: u64 = 256 << 20;
/// A process has no more threads: `PID_MAX_LIMIT` (include/linux/threads.h).
pub const ENTRIES: usize = 1 << 22;
/// `struct proto` keeps its name in 32 bytes (include/net/sock.h).
const PROTOCOL: usize = 32;

/// The folder of one process, held open. When the process has ended nothing more can be read through it, even where its id belongs to
/// another process by then.
#[derive(Debug)]
pub struct Folder {
    /// The process's id.
    pub pid: u32,
    fd: OwnedFd,
}

impl Folder {
    /// Opens the folder of `pid`.
    ///
    /// # Errors
    /// When there is no such process.
    pub fn open(pid: u32) -> io::Result<Self> {
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let fd = openat(CWD, format!("/proc/{pid}"), flags, Mode::empty())?;
        Ok(Self { pid, fd })
    }

    /// Whether the process is there still.
    pub fn alive(&self) -> bool {
        statat(&self.fd, "stat", AtFlags::empty()).is_ok()
    }

    /// Opens a file in it.
    ///
    /// # Errors
    /// As the system says.
    pub fn file(&self, name: &str, write: bool) -> io::Result<File> {
        let access = if write { OFlags::RDWR } else { OFlags::RDONLY };
        Ok(File::from(openat(&self.fd, name, access | OFlags::CLOEXEC, Mode::empty())?))
    }

    /// A file in it, as far as its first `most` bytes.
    ///
    /// # Errors
    /// As the system says.
    pub fn read(&self, name: &str, most: u64) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        self.file(name, false)?.take(most).read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    /// The first page of a file in it.
    ///
    /// # Errors
    /// As the system says.
    pub fn head(&self, name: &str) -> io::Result<Vec<u8>> {
        let mut bytes = vec![0; 4096];
        let n = self.file(name, false)?.read(&mut bytes)?;
        bytes.truncate(n);
        Ok(bytes)
    }

    /// Where a link in it leads.
    ///
    /// # Errors
    /// As the system says.
    pub fn link(&self, name: &str) -> io::Result<Vec<u8>> {
        Ok(readlinkat(&self.fd, name, Vec::new())?.into_bytes())
    }

    /// The process's short name; empty where it is not told.
    pub fn name(&self) -> Vec<u8> {
        let comm = self.head("comm").unwrap_or_default();
        comm.strip_suffix(b"\n").unwrap_or(&comm).to_vec()
    }

    /// What the file behind a link in it is.
    ///
    /// # Errors
    /// As the system says.
    pub fn inode(&self, name: &str) -> io::Result<Inode> {
        Inode::behind(&self.fd, name)
    }

    /// What the kernel calls the protocol of the socket behind a link in it: the attribute `system.sockprotoname` (net/socket.c).
    ///
    /// # Errors
    /// As the system says; also where it is no socket.
    pub fn protocol(&self, name: &str) -> io::Result<String> {
        let mut bytes = [0u8; PROTOCOL];
        let path = format!("/proc/self/fd/{}/{name}", self.fd.as_raw_fd());
        let n = getxattr(path, "system.sockprotoname", &mut bytes[..])?;
        let name = bytes.get(..n).unwrap_or_default();
        Ok(String::from_utf8_lossy(name.split(|b| *b == 0).next().unwrap_or_default()).into_owned())
    }

    /// The numbers among the names in a folder in it, ascending; at most [`ENTRIES`].
    ///
    /// # Errors
    /// As the system says.
    pub fn numbers(&self, name: &str) -> io::Result<Vec<u32>> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let entries = rustix::fs::Dir::new(openat(&self.fd, name, flags, Mode::empty())?)?;
        Ok(numbers(entries.flatten().take(ENTRIES).map(|e| e.file_name().to_bytes().to_vec())))
    }
}

/// The ids of all processes, ascending.
///
/// # Errors
/// When `/proc` can't be listed.
pub fn all() -> io::Result<Vec<u32>> {
    use std::os::unix::ffi::OsStringExt;
    let entries = std::fs::read_dir("/proc")?;
    Ok(numbers(entries.flatten().map(|e| e.file_name().into_vec())))
}

fn numbers(names: impl Iterator<Item = Vec<u8>>) -> Vec<u32> {
    let mut found: Vec<u32> = names.filter_map(|n| std::str::from_utf8(&n).ok()?.parse().ok()).collect();
    found.sort_unstable();
    found
}
