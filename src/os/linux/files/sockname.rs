//! What a socket is called among open files: its protocol, and its ends where they are simple to tell.

use crate::engine::{ViewExt, index};
use crate::os::linux::base::kernel::Kernel;
use crate::os::linux::base::layout::{Block, Extent, Found, Member, Members, Shape, shapes};
use crate::symbols::Types;
use memsh_plugin::{VirtAddr, umem};
use std::net::{Ipv4Addr, Ipv6Addr};

/// `AF_UNIX`, `AF_INET`, `AF_INET6` (include/linux/socket.h).
const UNIX: u64 = 1;
const INET: u64 = 2;
const INET6: u64 = 10;
/// `sizeof(struct sockaddr_un)`: two bytes of family, 108 of path.
const LONGEST: u64 = 110;

shapes! {
    /// `socket`.
    SocketShape: "socket" {
        kind: ["type"],
        file: ["file"],
        sock: ["sk"],
    }
    /// `sock`.
    SockShape: "sock" {
        family: ["__sk_common.skc_family"],
        state: ["__sk_common.skc_state"],
        proto: ["__sk_common.skc_prot"],
        local: ["__sk_common.skc_rcv_saddr"],
        remote: ["__sk_common.skc_daddr"],
        local6: ["__sk_common.skc_v6_rcv_saddr"],
        remote6: ["__sk_common.skc_v6_daddr"],
        port: ["__sk_common.skc_num"],
        remote_port: ["__sk_common.skc_dport"],
    }
    /// `proto`.
    ProtoShape: "proto" { name: ["name"] }
    /// `unix_sock`.
    UnixShape: "unix_sock" { address: ["addr"] }
    /// `unix_address`.
    UnixAddressShape: "unix_address" {
        length: ["len"],
        name: ["name"],
    }
}

/// The socket whose `struct socket` lies at `at`; the file must be its own.
pub fn socket(kernel: &Kernel, file: VirtAddr, at: VirtAddr) -> Option<Vec<u8>> {
    let (view, l, s) = (kernel.view(), kernel.shape::<SocketShape>(), kernel.shape::<SockShape>());
    let block = l.read(view, at);
    if l.file.is_some() && block.ptr(l.file) != Some(file) {
        return None;
    }
    let sock = s.read(view, block.ptr(l.sock)?);
    let proto = kernel.shape::<ProtoShape>();
    let name = sock.ptr(s.proto).and_then(|p| proto.read(view, p).text(proto.name).map(<[u8]>::to_vec))?;
    // `SOCK_STREAM` and the like (include/linux/net.h), where the protocol does not say it.
    let kind = match block.uint(l.kind)? {
        1 => "stream",
        2 => "dgram",
        3 => "raw",
        5 => "seqpacket",
        _ => "",
    };
    let ends = match sock.uint(s.family)? {
        INET => Some(internet(
            &sock,
            &s,
            |b, m| Some(Ipv4Addr::from(<[u8; 4]>::try_from(b.bytes(m)?).ok()?).to_string()),
            s.local,
            s.remote,
        )),
        INET6 => Some(internet(
            &sock,
            &s,
            |b, m| Some(format!("[{}]", Ipv6Addr::from(<[u8; 16]>::try_from(b.bytes(m)?).ok()?))),
            s.local6,
            s.remote6,
        )),
        UNIX => {
            let name = unix_name(kernel, sock.base());
            return Some(
                [format!("unix {kind}").as_bytes(), &name.map(|n| [b" ".as_slice(), &n].concat()).unwrap_or_default()].concat(),
            );
        }
        _ => None,
    };
    Some(match ends {
        Some(ends) => [name.as_slice(), b" ", ends.as_bytes()].concat(),
        None => [name.as_slice(), b" ", kind.as_bytes()].concat(),
    })
}

/// `local` or `local -> remote`, and `listening` for a TCP socket in that state.
fn internet(
    sock: &Block,
    s: &SockShape,
    address: impl Fn(&Block, Option<Member>) -> Option<String>,
    local: Option<Member>,
    remote: Option<Member>,
) -> String {
    /// `TCP_LISTEN` (include/net/tcp_states.h).
    const LISTEN: u64 = 10;
    let port = sock.uint(s.port).unwrap_or(0);
    let own = address(sock, local).unwrap_or_else(|| "?".to_owned());
    // Network byte order.
    let other = sock.bytes(s.remote_port).and_then(|b| <[u8; 2]>::try_from(b).ok()).map_or(0, u16::from_be_bytes);
    match (sock.uint(s.state), other) {
        (Some(LISTEN), _) => format!("{own}:{port} listening"),
        (_, 0) => format!("{own}:{port}"),
        _ => format!("{own}:{port} -> {}:{other}", address(sock, remote).unwrap_or_else(|| "?".to_owned())),
    }
}

/// The name of a unix socket; one without a file begins with `@`.
fn unix_name(kernel: &Kernel, sock: VirtAddr) -> Option<Vec<u8>> {
    let (view, l, a) = (kernel.view(), kernel.shape::<UnixShape>(), kernel.shape::<UnixAddressShape>());
    let address = a.read(view, l.read(view, sock).ptr(l.address)?);
    let length = address.uint(a.length).filter(|n| (3..=LONGEST).contains(n))?;
    let mut bytes = vec![0u8; index(umem::from(length))?];
    view.read_exact(address.at(a.name)?, &mut bytes).ok()?;
    let path = bytes.get(2..)?;
    Some(match path.split_first() {
        Some((0, rest)) => [b"@", rest].concat(),
        _ => path.split(|b| *b == 0).next().unwrap_or_default().to_vec(),
    })
}
