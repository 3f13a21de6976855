//! What kind of file an open file is: by its file system where that holds only one kind, else by its inode's mode.

use super::openfile::NodeShape;
use super::pagecache::Kind as InodeKind;
use super::path::{Paths, Told};
use crate::os::linux::base::enums::value;
use crate::os::linux::base::kernel::Kernel;
use crate::os::linux::base::layout::{Block, Extent, Found, Member, Members, Shape, shapes};
use crate::symbols::Types;
use memsh_plugin::VirtAddr;

shapes! {
    /// `tty_file_private`: what an open terminal's file keeps.
    TtyFileShape: "tty_file_private" {
        tty: ["tty"],
        file: ["file"],
    }
    /// `tty_struct`.
    TtyShape: "tty_struct" {
        name: ["name"],
        driver: ["driver"],
    }
    /// `tty_driver`.
    TtyDriverShape: "tty_driver" {
        kind: ["type"],
    }
}

/// A kind of file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A regular file.
    File,
    /// A regular file of procfs.
    Proc,
    /// A directory.
    Directory,
    /// A symbolic link, opened as such.
    Symlink,
    /// A character device.
    Device,
    /// A block device.
    BlockDevice,
    /// A terminal, and the `tty_struct` behind it.
    Tty(VirtAddr),
    /// A pseudo terminal, the master or the slave.
    Pty(VirtAddr),
    /// A pipe with a name.
    Fifo,
    /// A pipe without one.
    Pipe,
    /// A socket.
    Socket,
    /// A socket's name in a file system, opened as such.
    SocketName,
    /// Memory with a name only `memfd_create` gave.
    Memfd,
    /// System V shared memory, or a shared mapping of no file.
    SharedMemory,
    /// A namespace.
    Namespace,
    /// A process.
    Pidfd,
    /// A buffer of a device.
    DmaBuf,
    /// An anonymous inode of this name.
    Anon(Vec<u8>),
}

impl Kind {
    /// What it is called.
    pub fn name(&self) -> &[u8] {
        match self {
            Kind::File => b"file",
            Kind::Proc => b"proc",
            Kind::Directory => b"directory",
            Kind::Symlink => b"symlink",
            Kind::Device => b"device",
            Kind::BlockDevice => b"block device",
            Kind::Tty(_) => b"tty",
            Kind::Pty(_) => b"pty",
            Kind::Fifo => b"fifo",
            Kind::Pipe => b"pipe",
            Kind::Socket => b"socket",
            Kind::SocketName => b"socket name",
            Kind::Memfd => b"memfd",
            Kind::SharedMemory => b"shared memory",
            Kind::Namespace => b"namespace",
            Kind::Pidfd => b"pidfd",
            Kind::DmaBuf => b"dma-buf",
            Kind::Anon(name) => match name.as_slice() {
                b"eventpoll" => b"epoll",
                b"perf_event" => b"perf_event",
                b"bpf_link" | b"bpf-link" => b"bpf-link",
                other => other,
            },
        }
    }
}

/// The kind of the file with the inode `node` and this path. `open` is the `struct file` and its `private_data`.
pub fn kind(
    paths: &Paths,
    node: Option<&Block>,
    mode: Option<u64>,
    told: &Told,
    open: Option<(VirtAddr, VirtAddr)>,
) -> Option<Kind> {
    let kernel = paths.kernel();
    let sb = node.and_then(|b| b.ptr(kernel.shape::<NodeShape>().sb));
    let system = sb.and_then(|sb| paths.filesystem(sb));
    let path = told.path.as_deref().unwrap_or_default();
    match system.as_deref() {
        Some(b"anon_inodefs") => {
            let name = path.strip_prefix(b"anon_inode:").unwrap_or_default();
            let bare = name.strip_prefix(b"[").and_then(|n| n.strip_suffix(b"]")).unwrap_or(name);
            return match bare {
                b"" => Some(Kind::Anon(b"anon_inode".to_vec())),
                b"pidfd" => Some(Kind::Pidfd),
                _ => Some(Kind::Anon(bare.to_vec())),
            };
        }
        Some(b"pidfs") => return Some(Kind::Pidfd),
        Some(b"pipefs") => return Some(Kind::Pipe),
        Some(b"sockfs") => return Some(Kind::Socket),
        Some(b"nsfs") => return Some(Kind::Namespace),
        Some(b"dmabuf") => return Some(Kind::DmaBuf),
        _ => {}
    }
    if told.pseudo {
        return Some(match path.starts_with(b"/memfd:") {
            true => Kind::Memfd,
            false => Kind::SharedMemory,
        });
    }
    Some(match InodeKind::of(mode?) {
        InodeKind::File if system.as_deref() == Some(b"proc") => Kind::Proc,
        InodeKind::File => Kind::File,
        InodeKind::Directory => Kind::Directory,
        InodeKind::Symlink => Kind::Symlink,
        InodeKind::Block => Kind::BlockDevice,
        InodeKind::Fifo => Kind::Fifo,
        InodeKind::Socket => Kind::SocketName,
        InodeKind::Character => open.and_then(|(file, private)| terminal(kernel, file, private)).unwrap_or(Kind::Device),
        InodeKind::Unknown => return None,
    })
}

/// The terminal of an open file. What a terminal's file keeps points back to the file: nothing else does.
fn terminal(kernel: &Kernel, file: VirtAddr, private: VirtAddr) -> Option<Kind> {
    /// `TTY_DRIVER_TYPE_PTY` (include/linux/tty_driver.h), where it is no enumerator yet.
    const PTY: u64 = 4;
    let view = kernel.view();
    let (own, tty, driver) = (kernel.shape::<TtyFileShape>(), kernel.shape::<TtyShape>(), kernel.shape::<TtyDriverShape>());
    let kept = own.read(view, private);
    if kept.ptr(own.file) != Some(file) {
        return None;
    }
    let at = kept.ptr(own.tty)?;
    let kind = tty.read(view, at).ptr(tty.driver).and_then(|d| driver.read(view, d).uint(driver.kind));
    let pty = value(&*kernel.types, "tty_driver_type", "TTY_DRIVER_TYPE_PTY").unwrap_or(PTY);
    Some(if kind == Some(pty) { Kind::Pty(at) } else { Kind::Tty(at) })
}
