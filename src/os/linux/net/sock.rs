//! One socket: proven, and read.

use super::netns::Namespaces;
use super::shapes::*;
use super::words::{self, INET, INET6, NETLINK, PACKET, UNIX, VSOCK};
use super::{End, Socket};
use crate::engine::{ViewExt, index};
use crate::os::linux::base::kernel::Kernel;
use crate::os::linux::base::layout::{Block, Member, Shape, container_of};
use crate::os::linux::base::lost::Lost;
use crate::os::linux::containers::list::list;
use memsh_plugin::{Text, VirtAddr, umem};
use std::collections::HashMap;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

/// `struct proto` keeps its name in 32 bytes.
const PROTOCOL_NAME: usize = 32;
/// A `sockaddr_un` is at most 110 bytes, its family the first two.
const UNIX_NAME: usize = 110;
const FAMILY: usize = 2;
/// `enum sock_type` (include/linux/net.h).
const SOCK_STREAM: u64 = 1;
const SOCK_SEQPACKET: u64 = 5;

/// Reads sockets of one kernel.
pub struct Socks<'k> {
    kernel: &'k Kernel,
    /// The kernel's network namespaces.
    pub namespaces: Namespaces<'k>,
    shape: Arc<SockShape>,
    protocols: HashMap<VirtAddr, Option<String>>,
}

impl<'k> Socks<'k> {
    /// A reader for the sockets of `namespaces`.
    pub fn new(kernel: &'k Kernel, namespaces: Namespaces<'k>) -> Self {
        Self { kernel, namespaces, shape: kernel.shape::<SockShape>(), protocols: HashMap::new() }
    }

    /// The socket at `at`; `Err` says why what lies there is none.
    pub fn read(&mut self, at: VirtAddr, lost: &mut Lost) -> Result<Socket, &'static str> {
        let (view, s) = (self.kernel.view(), Arc::clone(&self.shape));
        if !at.value().is_multiple_of(umem::from(view.view_metadata().pointer_size.max(1))) {
            return Err("is not aligned as one");
        }
        let block = s.read(view, at);
        if block.is_missing() {
            return Err("is not in the image");
        }
        // A page may end within a sock: its common part is what proves it.
        let family = block.uint(s.family).filter(|f| words::is_family(*f)).ok_or("has no possible family")?;
        let state = block.uint(s.state).ok_or("has no state")?;
        let inet = family == INET || family == INET6;
        if state > words::LAST_STATE.max(32) || inet && !(1..=words::LAST_STATE).contains(&state) {
            return Err("has no possible state");
        }
        let namespace = block.ptr(s.net).and_then(|net| self.namespaces.number(net)).ok_or("is in no network namespace")?;
        let name = block.ptr(s.prot).and_then(|at| self.protocol(at)).ok_or("has no protocol")?;
        let mini = inet && (state == words::TIME_WAIT || state == words::NEW_SYN_RECV);
        if !mini && !block.is_whole() {
            lost.push(format!("a part of the sock at {at} is not in the image"));
        }
        let mut socket = Socket {
            address: at,
            protocol: words::protocol(family, &name),
            family: words::family(family).map_or_else(|| format!("family {family}"), str::to_owned),
            namespace: Some(namespace).filter(|n| *n != 0),
            interface: block.u32(s.device).filter(|i| *i != 0),
            listed: Some(false),
            ..Socket::default()
        };
        if mini {
            socket.kind = Some("stream");
            socket.state = self.mini_state(at, state);
        } else {
            self.whole(&mut socket, &block, family, lost);
        }
        if inet {
            self.internet(&mut socket, &block, family, state, mini);
        }
        Ok(socket)
    }

    /// The lower-case name of the `struct proto` at `at`.
    fn protocol(&mut self, at: VirtAddr) -> Option<String> {
        let kernel = self.kernel;
        let known = self.protocols.entry(at).or_insert_with(|| {
            let shape = kernel.shape::<ProtoShape>();
            let block = shape.read(kernel.view(), at);
            let name = block.text(shape.name).filter(|n| !n.is_empty() && n.len() < PROTOCOL_NAME)?;
            let possible = name.iter().all(|b| b.is_ascii_graphic() || *b == b' ');
            possible.then(|| String::from_utf8_lossy(name).to_ascii_lowercase())
        });
        known.clone()
    }

    /// The state of a socket that is only a stump: `tw_substate` tells FIN_WAIT2 from TIME_WAIT, as /proc does.
    fn mini_state(&self, at: VirtAddr, state: u64) -> Option<&'static str> {
        let shape = self.kernel.shape::<TimewaitShape>();
        let substate = (state == words::TIME_WAIT).then(|| shape.read(self.kernel.view(), at).uint(shape.substate)).flatten();
        words::tcp_state(substate.filter(|s| *s == 5).unwrap_or(state))
    }

    /// What a whole `sock` has, of any family.
    fn whole(&self, socket: &mut Socket, block: &Block, family: u64, lost: &mut Lost) {
        let s = &self.shape;
        let kind = block.uint(s.kind);
        socket.kind = kind.and_then(words::kind);
        socket.uid = block.u32(s.uid);
        self.inode(socket, block, lost);
        let state = block.uint(s.state);
        socket.state = state.and_then(words::plain_state);
        let listening = state == Some(words::LISTEN);
        if listening {
            socket.backlog = block.u32(s.backlog);
        }
        // One byte of it stands for the sock itself (`sk_wmem_alloc_get`).
        socket.tx_queue = block.uint(s.wmem).map(|n| n.saturating_sub(1));
        socket.rx_queue = block.uint(s.rmem);
        if let Some(at) = block.ptr(s.filter) {
            let (filter, program) = (self.kernel.shape::<FilterShape>(), self.kernel.shape::<FilterProgramShape>());
            socket.filter = filter.read(self.kernel.view(), at).ptr(filter.program);
            socket.filter_length = socket.filter.and_then(|at| program.read(self.kernel.view(), at).u32(program.length));
        }
        let number = block.uint(s.protocol);
        match family {
            UNIX => self.unix(socket, block, kind, listening, lost),
            NETLINK => self.netlink(socket, number),
            PACKET => self.packet(socket),
            VSOCK => self.vsock(socket),
            _ => {}
        }
    }

    /// The inode that stands for a socket among files.
    fn inode(&self, socket: &mut Socket, block: &Block, lost: &mut Lost) {
        let Some(at) = block.ptr(self.shape.socket) else { return };
        let outer = self.kernel.shape::<SocketShape>();
        if outer.read(self.kernel.view(), at).ptr(outer.sock) != Some(socket.address) {
            return lost.push(format!("the sock at {} points to a socket at {at} that does not point back", socket.address));
        }
        let (whole, inode) = (self.kernel.shape::<SocketAllocShape>(), self.kernel.shape::<SocketInodeShape>());
        let place = container_of(at, whole.socket).and_then(|w| whole.read(self.kernel.view(), w).at(whole.inode));
        socket.inode = place.and_then(|at| inode.read(self.kernel.view(), at).uint(inode.number));
    }

    /// Addresses, ports and queues of IPv4 and IPv6.
    fn internet(&self, socket: &mut Socket, block: &Block, family: u64, state: u64, mini: bool) {
        let s = &self.shape;
        let (local, remote) = if family == INET { (s.local4, s.remote4) } else { (s.local6, s.remote6) };
        let raw = socket.kind == Some("raw");
        let number = block.uint(s.local_port);
        let port = number.filter(|_| !raw).and_then(|p| u32::try_from(p).ok()).filter(|p| *p != 0);
        let far = block.bytes(s.remote_port).and_then(|b| b.try_into().ok()).map(u16::from_be_bytes).map(u32::from);
        socket.local = End { address: address(block, local, family), port };
        socket.remote = End { address: address(block, remote, family), port: far.filter(|p| *p != 0) };
        // All zero is no address of a peer; of one's own it is any, once there is a port.
        let none = |end: &End| end.port.is_none() && block_is_zero(block, if end == &socket.local { local } else { remote });
        let (no_local, no_remote) = (none(&socket.local), none(&socket.remote));
        if no_remote {
            socket.remote = End::default();
        }
        if no_local && !raw {
            socket.local = End::default();
        }
        if raw {
            // A raw socket's port is the protocol that it hears.
            socket.number = number.and_then(|n| u32::try_from(n).ok());
            socket.detail = number.and_then(words::ip_protocol).map(Text::from);
        }
        let connected = matches!(socket.protocol.as_str(), "tcp" | "mptcp" | "dccp" | "sctp" | "smc");
        if connected {
            socket.state = if mini { socket.state } else { words::tcp_state(state) };
        }
        if mini {
            return;
        }
        if socket.protocol == "tcp" {
            self.tcp_queues(socket, block, state);
        } else if socket.protocol.starts_with("udp") {
            // What was read and is not given back yet (`udp_rqueue_get`).
            let shape = self.kernel.shape::<UdpShape>();
            let deficit = shape.read(self.kernel.view(), socket.address).uint(shape.deficit);
            socket.rx_queue = socket.rx_queue.map(|n| n.saturating_sub(deficit.unwrap_or(0)));
        }
    }

    /// Bytes that nobody read yet and that nobody confirmed yet (`get_tcp4_sock`, net/ipv4/tcp_ipv4.c).
    fn tcp_queues(&self, socket: &mut Socket, block: &Block, state: u64) {
        let shape = self.kernel.shape::<TcpShape>();
        let tcp = shape.read(self.kernel.view(), socket.address);
        // Sequence numbers go round.
        let distance = |to, from| Some(u64::from(tcp.u32(to)?.wrapping_sub(tcp.u32(from)?)));
        socket.tx_queue = distance(shape.written, shape.unacknowledged);
        socket.rx_queue = match state {
            words::LISTEN => block.uint(self.shape.waiting),
            _ => distance(shape.received, shape.copied).map(|n| if n > 1 << 31 { 0 } else { n }),
        };
    }

    fn unix(&self, socket: &mut Socket, block: &Block, kind: Option<u64>, listening: bool, lost: &mut Lost) {
        let (s, view) = (&self.shape, self.kernel.view());
        let shape = self.kernel.shape::<UnixShape>();
        let own = shape.read(view, socket.address);
        socket.path = own.ptr(shape.address).and_then(|at| self.unix_path(at));
        socket.peer = own.ptr(shape.peer).and_then(|peer| {
            let mut far = Socket { address: peer, ..Socket::default() };
            self.inode(&mut far, &s.read(view, peer), &mut Lost::default());
            far.inode
        });
        socket.rx_queue = match (listening, kind) {
            (true, _) => block.uint(s.received_count),
            (_, Some(kind)) => block.at(s.received).and_then(|head| self.unix_queue(head, kind, lost)),
            _ => None,
        };
    }

    /// Bytes that wait: all of a stream, of the first message otherwise (`unix_inq_len`, net/unix/af_unix.c).
    fn unix_queue(&self, head: VirtAddr, kind: u64, lost: &mut Lost) -> Option<u64> {
        let (buffer, control) = (self.kernel.shape::<BufferShape>(), self.kernel.shape::<UnixBufferShape>());
        let view = self.kernel.view();
        let mut sum = 0u64;
        for at in list(view, head, "queue of a UNIX socket", lost) {
            let block = buffer.read(view, at);
            let length = block.uint(buffer.length)?;
            let consumed = block.at(buffer.control).and_then(|at| control.read(view, at).uint(control.consumed));
            if kind != SOCK_STREAM && kind != SOCK_SEQPACKET {
                return Some(length);
            }
            sum = sum.saturating_add(length.saturating_sub(consumed.unwrap_or(0)));
        }
        Some(sum)
    }

    /// The name of a bound UNIX socket: a path, or `@` and a name that is in no file system.
    fn unix_path(&self, at: VirtAddr) -> Option<Text> {
        let shape = self.kernel.shape::<UnixAddressShape>();
        let block = shape.read(self.kernel.view(), at);
        let length = index(umem::from(block.uint(shape.length)?)).filter(|n| (FAMILY + 1..=UNIX_NAME).contains(n))?;
        let mut bytes = vec![0u8; length];
        self.kernel.space.read_exact(block.at(shape.name)?, &mut bytes).ok()?;
        let name = bytes.get(FAMILY..)?;
        let text: Vec<u8> = match name.first()? {
            0 => name.iter().map(|b| if *b == 0 { b'@' } else { *b }).collect(),
            _ => name.split(|b| *b == 0).next()?.to_vec(),
        };
        Some(Text::from(text))
    }

    fn netlink(&self, socket: &mut Socket, number: Option<u64>) {
        let shape = self.kernel.shape::<NetlinkShape>();
        let own = shape.read(self.kernel.view(), socket.address);
        socket.number = number.and_then(|n| u32::try_from(n).ok());
        socket.detail = number.and_then(words::netlink).map(Text::from);
        socket.portid = own.u32(shape.portid);
        // /proc shows the first 32 of them.
        socket.groups = match own.ptr(shape.groups) {
            Some(at) => self.kernel.space.read_u32(at).ok().map(u64::from),
            None => own.uint(shape.count).map(|_| 0),
        };
    }

    fn packet(&self, socket: &mut Socket) {
        let shape = self.kernel.shape::<PacketShape>();
        let own = shape.read(self.kernel.view(), socket.address);
        let number = own.bytes(shape.number).and_then(|b| b.try_into().ok()).map(u16::from_be_bytes);
        socket.number = number.map(u32::from);
        socket.detail = number.and_then(|n| words::ether_type(u64::from(n))).map(Text::from);
        socket.interface = own.u32(shape.device).filter(|i| *i != 0);
    }

    fn vsock(&self, socket: &mut Socket) {
        let shape = self.kernel.shape::<VsockShape>();
        let own = shape.read(self.kernel.view(), socket.address);
        /// `VMADDR_CID_ANY`, `VMADDR_PORT_ANY` (include/uapi/linux/vm_sockets.h).
        const ANY: u32 = u32::MAX;
        let end = |cid, port| End {
            address: own.u32(cid).filter(|c| *c != ANY).map(|c| c.to_string()),
            port: own.u32(port).filter(|p| *p != ANY),
        };
        socket.local = end(shape.local_cid, shape.local_port);
        socket.remote = end(shape.remote_cid, shape.remote_port);
    }
}

fn address(block: &Block, member: Option<Member>, family: u64) -> Option<String> {
    let bytes = block.bytes(member)?;
    match family {
        INET => Some(Ipv4Addr::from(<[u8; 4]>::try_from(bytes).ok()?).to_string()),
        _ => Some(Ipv6Addr::from(<[u8; 16]>::try_from(bytes).ok()?).to_string()),
    }
}

fn block_is_zero(block: &Block, member: Option<Member>) -> bool {
    block.bytes(member).is_some_and(|b| b.iter().all(|b| *b == 0))
}
