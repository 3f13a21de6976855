//! Tables of sockets below `/proc/PID/net`: what the network namespace of the process has (net/ipv4/tcp_ipv4.c, `get_tcp4_sock`;
//! net/ipv4/udp.c, `udp4_format_sock`; net/unix/af_unix.c, `unix_seq_show`; net/netlink/af_netlink.c; net/packet/af_packet.c).

use super::folder::{Folder, LARGEST};
use crate::os::Lost;
use crate::os::linux::net::words;
use crate::os::linux::net::{End, Socket};
use memsh_plugin::{Text, VirtAddr, umem};
use std::collections::HashSet;
use std::net::{Ipv4Addr, Ipv6Addr};

/// How the lines of a table are written.
#[derive(Clone, Copy)]
enum Lines {
    /// TCP, UDP, RAW and ICMP, of IPv4.
    Internet,
    /// The same of IPv6.
    Internet6,
    Unix,
    Netlink,
    Packet,
}

/// The files, and the protocol that each has.
const TABLES: &[(&str, &str, Lines)] = &[
    ("tcp", "tcp", Lines::Internet),
    ("tcp6", "tcp", Lines::Internet6),
    ("udp", "udp", Lines::Internet),
    ("udp6", "udp", Lines::Internet6),
    ("udplite", "udplite", Lines::Internet),
    ("udplite6", "udplite", Lines::Internet6),
    ("icmp", "icmp", Lines::Internet),
    ("icmp6", "icmp", Lines::Internet6),
    ("raw", "raw", Lines::Internet),
    ("raw6", "raw", Lines::Internet6),
    ("packet", "packet", Lines::Packet),
    ("unix", "unix", Lines::Unix),
    ("netlink", "netlink", Lines::Netlink),
];

/// The sockets of the network namespace of a process, or of a thread whose folder is `below` it (`task/TID/`). A file that is not there
/// is a protocol that the kernel has not.
pub fn read(folder: &Folder, below: &str, namespace: Option<u64>, lost: &mut Lost) -> Vec<Socket> {
    let (mut out, mut seen) = (Vec::new(), HashSet::new());
    for (file, protocol, lines) in TABLES {
        let bytes = match folder.read(&format!("{below}net/{file}"), LARGEST) {
            Ok(bytes) => bytes,
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => continue,
            Err(e) => {
                lost.push(format!("the table of sockets /proc/{}/{below}net/{file} can't be read: {e}", folder.pid));
                continue;
            }
        };
        let found = parse(&bytes, protocol, *lines);
        // A table that changes while it is read may tell a socket twice.
        out.extend(found.into_iter().filter(|s| s.inode.is_none_or(|n| seen.insert((*file, n)))));
    }
    for socket in &mut out {
        socket.namespace = namespace;
        socket.listed = Some(true);
    }
    out
}

/// The sockets of one file, whose first line is a heading.
fn parse(bytes: &[u8], protocol: &str, lines: Lines) -> Vec<Socket> {
    let all = bytes.split(|&b| b == b'\n').skip(1).filter(|l| !l.is_empty());
    let mut out: Vec<Socket> = Vec::new();
    for line in all {
        let socket = match lines {
            Lines::Internet => internet(line, protocol, false),
            Lines::Internet6 => internet(line, protocol, true),
            Lines::Unix => unix(line),
            Lines::Netlink => netlink(line),
            Lines::Packet => packet(line),
        };
        match socket {
            Some(socket) => out.push(socket),
            // The name of a UNIX socket may hold a newline, which the kernel writes as it is.
            None if matches!(lines, Lines::Unix) => {
                if let Some(path) = out.last_mut().and_then(|s| s.path.as_mut()) {
                    *path = Text::from([path.as_bytes(), b"\n", line].concat());
                }
            }
            None => {}
        }
    }
    out
}

/// `sl: local remote state tx:rx timer:when retransmits uid timeout inode references address ...`.
fn internet(line: &[u8], protocol: &str, six: bool) -> Option<Socket> {
    let text = std::str::from_utf8(line).ok()?;
    let words: Vec<&str> = text.split_ascii_whitespace().collect();
    let word = |n: usize| words.get(n).copied();
    let (raw, connected) = (protocol == "raw", protocol == "tcp");
    let (local, own) = end(word(1)?, six)?;
    let (remote, far) = end(word(2)?, six)?;
    let state = hex(word(3)?)?;
    let (sent, received) = word(4)?.split_once(':').and_then(|(t, r)| Some((hex(t)?, hex(r)?)))?;
    let inode = word(9)?.parse::<u64>().ok()?;
    // A stump that waits for the end or the beginning of its connection has no user and no queues.
    let stump = connected && inode == 0 && matches!(state, words::TIME_WAIT | 3 | 5);
    let port = Some(own).filter(|p| *p != 0 && !raw);
    let remote_port = Some(far).filter(|p| *p != 0);
    Some(Socket {
        address: address(word(11)),
        protocol: protocol.to_owned(),
        family: if six { "ipv6" } else { "ipv4" }.to_owned(),
        kind: Some(match protocol {
            "tcp" => "stream",
            "raw" => "raw",
            _ => "dgram",
        }),
        state: if connected { words::tcp_state(state) } else { words::plain_state(state) },
        // All zero is no address of a peer; of one's own it is any, once there is a port.
        local: match port.is_none() && is_any(&local) && !raw {
            true => End::default(),
            false => End { address: Some(local), port },
        },
        remote: match remote_port.is_none() && is_any(&remote) {
            true => End::default(),
            false => End { address: Some(remote), port: remote_port },
        },
        inode: Some(inode).filter(|n| *n != 0),
        // Of a socket that nobody holds any more the kernel writes root.
        uid: word(7).and_then(|w| w.parse().ok()).filter(|_| inode != 0),
        rx_queue: Some(received).filter(|_| !stump),
        tx_queue: Some(sent).filter(|_| !stump),
        // A raw socket's port is the protocol that it hears.
        number: Some(own).filter(|_| raw),
        detail: Some(own).filter(|_| raw).and_then(|n| words::ip_protocol(n.into())).map(Text::from),
        ..Socket::default()
    })
}

/// `sk: references protocol flags type state inode path`: the path follows one space and may hold anything.
fn unix(line: &[u8]) -> Option<Socket> {
    /// `__SO_ACCEPTCON` (include/linux/net.h).
    const ACCEPTS: u64 = 0x1_0000;
    let mut rest = line;
    let mut words = [""; 7];
    for word in &mut words {
        *word = next(&mut rest)?;
    }
    let [sk, _, _, flags, kind, state, inode] = words;
    let (flags, state) = (hex(flags)?, hex(state)?);
    let inode = inode.parse::<u64>().ok()?;
    Some(Socket {
        address: address(Some(sk.strip_suffix(':')?)),
        protocol: "unix".to_owned(),
        family: "unix".to_owned(),
        kind: words::kind(hex(kind)?),
        state: match (flags & ACCEPTS != 0, state) {
            (true, _) => Some("LISTEN"),
            // `SS_CONNECTED`, and `SS_CONNECTING` for what waits to be accepted (include/uapi/linux/net.h).
            (_, 2 | 3) => Some("ESTABLISHED"),
            (_, 1 | 4) => Some("UNCONN"),
            _ => None,
        },
        path: rest.strip_prefix(b" ").filter(|p| !p.is_empty()).map(Text::from),
        inode: Some(inode).filter(|n| *n != 0),
        ..Socket::default()
    })
}

/// `sk protocol portid groups rmem wmem dump references drops inode`.
fn netlink(line: &[u8]) -> Option<Socket> {
    let text = std::str::from_utf8(line).ok()?;
    let words: Vec<&str> = text.split_ascii_whitespace().collect();
    let &[sk, number, portid, groups, received, sent, .., inode] = words.as_slice() else { return None };
    let number: u32 = number.parse().ok()?;
    // Kernels that write it with a sign mean the same bits.
    let portid = portid.parse::<u32>().ok().or_else(|| portid.parse::<i32>().ok().map(i32::cast_unsigned));
    Some(Socket {
        address: address(Some(sk)),
        protocol: "netlink".to_owned(),
        family: "netlink".to_owned(),
        number: Some(number),
        detail: words::netlink(number.into()).map(Text::from),
        portid,
        groups: hex(groups),
        rx_queue: received.parse().ok(),
        tx_queue: sent.parse().ok(),
        inode: inode.parse::<u64>().ok().filter(|n| *n != 0),
        ..Socket::default()
    })
}

/// `sk references type protocol interface running rmem user inode`.
fn packet(line: &[u8]) -> Option<Socket> {
    let text = std::str::from_utf8(line).ok()?;
    let words: Vec<&str> = text.split_ascii_whitespace().collect();
    let &[sk, _, kind, number, interface, _, received, uid, inode] = words.as_slice() else { return None };
    let number = hex(number)?;
    Some(Socket {
        address: address(Some(sk)),
        protocol: "packet".to_owned(),
        family: "packet".to_owned(),
        kind: words::kind(kind.parse().ok()?),
        state: words::plain_state(words::CLOSE),
        number: u32::try_from(number).ok(),
        detail: words::ether_type(number).map(Text::from),
        interface: interface.parse().ok().filter(|i| *i != 0),
        uid: uid.parse().ok(),
        rx_queue: received.parse().ok(),
        inode: inode.parse::<u64>().ok().filter(|n| *n != 0),
        ..Socket::default()
    })
}

/// The next word, and the line behind it.
fn next<'l>(rest: &mut &'l [u8]) -> Option<&'l str> {
    let line = rest.trim_ascii_start();
    let end = line.iter().position(|b| *b == b' ').unwrap_or(line.len());
    let (word, after) = line.split_at_checked(end)?;
    *rest = after;
    std::str::from_utf8(word).ok().filter(|w| !w.is_empty())
}

/// `ADDRESS:PORT` in hex: the address in words of 32 bits, each as the processor reads it.
fn end(word: &str, six: bool) -> Option<(String, u32)> {
    let (address, port) = word.split_once(':')?;
    let port = u32::from_str_radix(port, 16).ok()?;
    let part = |n: usize| u32::from_str_radix(address.get(n * 8..n * 8 + 8)?, 16).ok().map(u32::to_ne_bytes);
    let address = match (six, address.len()) {
        (false, 8) => Ipv4Addr::from(part(0)?).to_string(),
        (true, 32) => {
            let whole = [part(0)?, part(1)?, part(2)?, part(3)?].concat();
            Ipv6Addr::from(<[u8; 16]>::try_from(whole).ok()?).to_string()
        }
        _ => return None,
    };
    Some((address, port))
}

fn is_any(address: &str) -> bool {
    address == "0.0.0.0" || address == "::"
}

fn hex(word: &str) -> Option<u64> {
    u64::from_str_radix(word, 16).ok()
}

/// The address that a table writes with `%pK`. Who may not know it is shown zero or a hash of 32 bits (lib/vsprintf.c), which is no
/// address: on a machine of 64 bits the kernel has none below.
fn address(word: Option<&str>) -> VirtAddr {
    let told = word.and_then(hex).filter(|a| cfg!(target_pointer_width = "64") && *a > u64::from(u32::MAX));
    told.map_or(VirtAddr::NULL, |a| VirtAddr::new(umem::from(a)))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use super::*;

    const HEADING: &str = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n";

    #[test]
    #[cfg(target_endian = "little")]
    fn ends_are_what_the_kernel_writes() {
        let text = format!(
            "{HEADING}   0: 0100007F:1F90 00000000:0000 0A 00000000:00000003 00:00000000 00000000  1000        0 4711 1 ffff8880012340 100\n\
               1: 0100007F:1F90 0200A8C0:C001 06 00000000:00000000 03:00000078 00000000     0        0 0 3 000000007ee8015f\n\
               2: 00000000:0000 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 12 1 0\nx\n"
        );
        let all = parse(text.as_bytes(), "tcp", Lines::Internet);
        assert_eq!(all.len(), 3);
        let s = &all[0];
        assert_eq!((s.local.address.as_deref(), s.local.port, s.state), (Some("127.0.0.1"), Some(8080), Some("LISTEN")));
        assert_eq!((s.remote.clone(), s.inode, s.uid), (End::default(), Some(4711), Some(1000)));
        assert_eq!((s.rx_queue, s.tx_queue, s.address.value()), (Some(3), Some(0), 0xff_ff88_8001_2340));
        let s = &all[1];
        assert_eq!((s.remote.address.as_deref(), s.remote.port, s.state), (Some("192.168.0.2"), Some(0xc001), Some("TIME_WAIT")));
        // A stump belongs to nobody, and a hash is no address.
        assert_eq!((s.inode, s.uid, s.rx_queue, s.address.is_null()), (None, None, None, true));
        assert_eq!((all[2].local.clone(), all[2].state), (End::default(), Some("CLOSE")));
        let text = format!(
            "{HEADING}  1: 00000000000000000000000001000000:0035 B80D0120000000000000000002000000:0001 01 0:0 0:0 0 0 0 9 1 0\n"
        );
        let s = &parse(text.as_bytes(), "udp", Lines::Internet6)[0];
        assert_eq!((s.local.address.as_deref(), s.remote.address.as_deref()), (Some("::1"), Some("2001:db8::2")));
        assert_eq!((s.family.as_str(), s.kind, s.state), ("ipv6", Some("dgram"), Some("ESTABLISHED")));
        let text = format!("{HEADING}  1: 00000000:0001 00000000:0000 07 0:0 0:0 0 0 0 9 1 0\n");
        let s = &parse(text.as_bytes(), "raw", Lines::Internet)[0];
        assert_eq!((s.number, s.detail.as_ref().map(Text::as_bytes), s.local.port), (Some(1), Some(&b"icmp"[..]), None));
        assert_eq!((s.local.address.as_deref(), s.state), (Some("0.0.0.0"), Some("UNCONN")));
    }

    #[test]
    fn names_of_unix_sockets_may_hold_anything() {
        let text = b"Num       RefCount Protocol Flags    Type St Inode Path\n\
            00000000e8c4d443: 00000002 00000000 00010000 0001 01 45483 /run/a b\nc d\n\
            00000000e8c4d444: 00000003 00000000 00000000 0002 03  483\n\
            00000000e8c4d445: 00000003 00000000 00000000 0005 02     0 @/x@\n";
        let all = parse(text, "unix", Lines::Unix);
        let told: Vec<_> = all.iter().map(|s| (s.kind, s.state, s.inode, s.path.as_ref().map(Text::as_bytes))).collect();
        assert_eq!(
            told,
            [
                (Some("stream"), Some("LISTEN"), Some(45483), Some(&b"/run/a b\nc d"[..])),
                (Some("dgram"), Some("ESTABLISHED"), Some(483), None),
                (Some("seqpacket"), Some("ESTABLISHED"), None, Some(b"@/x@")),
            ]
        );
    }

    #[test]
    fn netlink_and_packet() {
        let text = b"sk Eth Pid Groups Rmem Wmem Dump Locks Drops Inode\n00000000692bd35b 16  4294967295 00000011 5 6 0 2 0 99\n";
        let s = &parse(text, "netlink", Lines::Netlink)[0];
        assert_eq!((s.number, s.portid, s.groups, s.inode), (Some(16), Some(u32::MAX), Some(0x11), Some(99)));
        assert_eq!((s.rx_queue, s.tx_queue, s.detail.as_ref().unwrap().as_bytes()), (Some(5), Some(6), &b"generic"[..]));
        let text = b"sk RefCnt Type Proto Iface R Rmem User Inode\n0000000019ebb4dc 3 3 0800 2 1 7 1000 55\n";
        let s = &parse(text, "packet", Lines::Packet)[0];
        assert_eq!((s.kind, s.number, s.interface, s.uid, s.inode), (Some("raw"), Some(0x800), Some(2), Some(1000), Some(55)));
    }

    #[test]
    fn what_makes_no_sense_is_no_socket() {
        for line in ["", "0:", "0: 0100007F:1F90", "0: 0100007F1F90 0:0 0A", "0: 0100:1 00000000:0000 0A 0:0 0:0 0 0 0 1"] {
            for lines in [Lines::Internet, Lines::Internet6, Lines::Netlink, Lines::Packet, Lines::Unix] {
                assert!(parse(format!("x\n{line}\n").as_bytes(), "tcp", lines).is_empty(), "{line}");
            }
        }
        // A multibyte character where hex stands.
        assert!(parse("x\n0: 0000\u{e9}\u{e9}:1 00000000:0 0A 0:0 0:0 0 0 0 1".as_bytes(), "tcp", Lines::Internet).is_empty());
    }
}
