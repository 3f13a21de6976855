//! Sockets of every network namespace: from the protocols' tables, and from the descriptors of processes. Each way knows what the
//! other can't: tables have what nobody holds any more (orphans, TIME_WAIT), descriptors what no table has (sockets that are bound
//! to nothing, families without a table, what was taken out of a table to hide it), and who holds a socket.

mod device;
mod netns;
mod shapes;
mod sock;
mod tables;
#[cfg(test)]
mod tests;
pub(crate) mod words;

use crate::os::linux::base::kernel::{Kernel, failed};
use crate::os::linux::base::layout::{Shape, container_of};
use crate::os::linux::base::lost::Lost;
use crate::os::linux::files::holders::{Holder, every_process, holders_among};
pub use device::{Interface, interfaces};
use memsh_plugin::{ApiError, Listing, Status, Text, VirtAddr};
use netns::Namespaces;
use shapes::*;
use sock::Socks;
use std::collections::HashMap;

/// No system has more sockets (`net.core` and descriptors limit them; 2^22 are a server's ten-fold).
const MOST: usize = 1 << 22;
/// `S_IFMT` and `S_IFSOCK` (include/uapi/linux/stat.h).
const S_IFMT: u64 = 0o170_000;
const S_IFSOCK: u64 = 0o140_000;

/// One end of a connection.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct End {
    /// An IP address, or the context id of a virtual machine.
    pub address: Option<String>,
    /// The port.
    pub port: Option<u32>,
}

/// A process that holds a socket.
#[derive(Clone, Debug, PartialEq)]
pub struct SocketOwner {
    /// The process.
    pub pid: u32,
    /// Its name.
    pub process: Text,
    /// Its lowest descriptor of the socket.
    pub fd: u32,
}

/// A socket.
#[derive(Clone, Debug, Default)]
pub struct Socket {
    /// Address of its `sock` (for TIME_WAIT its `inet_timewait_sock`, for a request its `request_sock`); null where it is not known.
    pub address: VirtAddr,
    /// `tcp`, `udp`, `raw`, `icmp`, `unix`, `netlink`, `packet`, ... : the kernel's name of its protocol.
    pub protocol: String,
    /// `ipv4`, `ipv6`, `unix`, ... : its address family.
    pub family: String,
    /// `stream`, `dgram`, `raw`, `seqpacket`, ...
    pub kind: Option<&'static str>,
    /// `LISTEN`, `ESTABLISHED`, ..., or `UNCONN` where there is no connection.
    pub state: Option<&'static str>,
    /// Its own end.
    pub local: End,
    /// The other end.
    pub remote: End,
    /// What a UNIX socket is bound to: a path, or `@` and an abstract name.
    pub path: Option<Text>,
    /// Number of the inode by which processes hold it.
    pub inode: Option<u64>,
    /// Number of the inode of the UNIX socket that it is connected to.
    pub peer: Option<u64>,
    /// Number of its network namespace.
    pub namespace: Option<u64>,
    /// User that made it.
    pub uid: Option<u32>,
    /// Bytes that wait to be read; for a listener, connections that wait to be accepted.
    pub rx_queue: Option<u64>,
    /// Bytes that were written and are not gone yet.
    pub tx_queue: Option<u64>,
    /// For a listener: how many connections may wait.
    pub backlog: Option<u32>,
    /// Number of the interface that it is bound to.
    pub interface: Option<u32>,
    /// Number of the protocol within the family: of IP for a raw socket, of Ethernet for a packet socket, of netlink.
    pub number: Option<u32>,
    /// The name of that number.
    pub detail: Option<Text>,
    /// Port id of a netlink socket; 0 is the kernel.
    pub portid: Option<u32>,
    /// The groups (the first 32, a mask) that a netlink socket hears.
    pub groups: Option<u64>,
    /// Address of the `bpf_prog` that its packets pass through (`SO_ATTACH_FILTER`, `SO_ATTACH_BPF`).
    pub filter: Option<VirtAddr>,
    /// Number of that program's instructions.
    pub filter_length: Option<u32>,
    /// Whether a table of its protocol leads to it; none where there is no table that could be read.
    pub listed: Option<bool>,
    /// Who holds it, in the order of processes.
    pub owners: Vec<SocketOwner>,
}

/// All sockets, by protocol, listeners first, then by port, path and inode.
///
/// # Errors
/// When the kernel's types know no sockets, or processes can't be listed.
pub fn sockets(kernel: &Kernel) -> Result<Listing<Socket>, ApiError> {
    let mut lost = Lost::default();
    if kernel.shape::<SockShape>().family.is_none() {
        return Err(failed(Status::UNSUPPORTED, "can't list sockets: no type sock; give types with --symbols"));
    }
    let processes = every_process(kernel, &mut lost)?;
    let namespaces = Namespaces::find(kernel, &processes, &mut lost)?;
    let mut all = All { socks: Socks::new(kernel, namespaces), found: HashMap::new(), sockets: Vec::new() };
    // A file first: descriptors may lead to namespaces that are on no list.
    let held = holders_among(kernel, &processes, &mut lost);
    for holder in held {
        all.held(kernel, holder, &mut lost);
    }
    for chain in tables::chains(kernel, &all.socks.namespaces, &mut lost) {
        all.chain(&chain, &mut lost);
    }
    let mut sockets = all.sockets;
    in_order(&mut sockets);
    Ok(lost.listing(sockets))
}

/// By protocol, listeners first, then by port, path and inode.
pub(crate) fn in_order(sockets: &mut [Socket]) {
    sockets.sort_by_cached_key(|s| {
        let listens = s.state == Some("LISTEN");
        let port = s.local.port.unwrap_or(u32::MAX);
        let path = s.path.as_ref().map_or_else(Vec::new, |p| p.as_bytes().to_vec());
        (words::rank(&s.protocol), !listens, port, s.path.is_none(), path, s.number, s.inode.is_none(), s.inode, s.address)
    });
}

struct All<'k> {
    socks: Socks<'k>,
    /// Where each sock stands among `sockets`; none for what is no socket.
    found: HashMap<VirtAddr, Option<usize>>,
    sockets: Vec<Socket>,
}

impl All<'_> {
    /// The place of the socket at `at`, which is read if it is new. Why not, where it is none.
    fn place(&mut self, at: VirtAddr, lost: &mut Lost) -> Result<usize, &'static str> {
        if let Some(known) = self.found.get(&at) {
            return known.ok_or("is none, as was told before");
        }
        if self.sockets.len() >= MOST {
            return Err("is one too many to be believed");
        }
        let read = self.socks.read(at, lost);
        self.found.insert(at, read.is_ok().then_some(self.sockets.len()));
        self.sockets.push(read?);
        Ok(self.sockets.len().saturating_sub(1))
    }

    fn chain(&mut self, chain: &tables::Chain, lost: &mut Lost) {
        for at in &chain.socks {
            match self.place(*at, lost) {
                Ok(place) => {
                    if let Some(socket) = self.sockets.get_mut(place) {
                        socket.listed = Some(true);
                    }
                }
                Err(why) => {
                    // What follows in the chain was reached through what is no socket.
                    return lost.push(format!("the {} leads to {at}, which as a socket {why}", chain.what));
                }
            }
        }
    }

    fn held(&mut self, kernel: &Kernel, holder: Holder, lost: &mut Lost) {
        let at = match sock_of(kernel, holder.file) {
            Ok(Some(at)) => at,
            Ok(None) => return,
            Err(why) => {
                return lost.push(format!("descriptor {} of process {}, at {}: {why}", holder.fd, holder.pid, holder.file));
            }
        };
        let place = match self.place(at, lost) {
            Ok(place) => place,
            Err(why) => {
                return lost
                    .push(format!("descriptor {} of process {} leads to {at}, which as a socket {why}", holder.fd, holder.pid));
            }
        };
        let Some(socket) = self.sockets.get_mut(place) else { return };
        match socket.owners.iter_mut().find(|o| o.pid == holder.pid) {
            Some(owner) => owner.fd = owner.fd.min(holder.fd),
            None => socket.owners.push(SocketOwner { pid: holder.pid, process: holder.process, fd: holder.fd }),
        }
    }
}

/// The `sock` behind the `struct file` at `file`, if it is an open socket: its inode is a socket's and is the one that is part of
/// the `socket` that the file holds. Says why where that can't be told.
pub(super) fn sock_of(kernel: &Kernel, file: VirtAddr) -> Result<Option<VirtAddr>, &'static str> {
    let view = kernel.view();
    let (files, inodes) = (kernel.shape::<SocketFileShape>(), kernel.shape::<SocketInodeShape>());
    let block = files.read(view, file);
    // A file without an inode, as one that is being closed.
    let Some(inode) = block.ptr(files.inode) else { return Ok(None) };
    let mode = inodes.read(view, inode).uint(inodes.mode).ok_or("its inode is not in the image")?;
    if mode & S_IFMT != S_IFSOCK {
        return Ok(None);
    }
    let (whole, socket) = (kernel.shape::<SocketAllocShape>(), kernel.shape::<SocketShape>());
    let own = container_of(inode, whole.inode).and_then(|at| whole.read(view, at).at(whole.socket));
    match block.ptr(files.private) {
        // An open path (`O_PATH`) of a bound UNIX socket has an inode of that type, and no socket.
        None => Ok(None),
        Some(held) if own.is_some_and(|own| own != held) => Err("the socket that it holds is not that of its inode"),
        Some(held) => Ok(socket.read(view, held).ptr(socket.sock)),
    }
}
