//! Words for the numbers of the network stack. They are part of the system's interface and don't move.

/// `AF_UNIX` (include/linux/socket.h).
pub const UNIX: u64 = 1;
/// `AF_INET`.
pub const INET: u64 = 2;
/// `AF_INET6`.
pub const INET6: u64 = 10;
/// `AF_NETLINK`.
pub const NETLINK: u64 = 16;
/// `AF_PACKET`.
pub const PACKET: u64 = 17;
/// `AF_VSOCK`.
pub const VSOCK: u64 = 40;
/// `AF_MAX` has grown to 46; one more than any that will be.
const FAMILIES: u64 = 64;

/// Whether a socket can be of this family.
pub fn is_family(family: u64) -> bool {
    (1..FAMILIES).contains(&family)
}

/// What a family is called: `AF_*` of include/linux/socket.h without its prefix, and `ipv4`, `ipv6`.
pub fn family(family: u64) -> Option<&'static str> {
    Some(match family {
        UNIX => "unix",
        INET => "ipv4",
        INET6 => "ipv6",
        NETLINK => "netlink",
        PACKET => "packet",
        VSOCK => "vsock",
        3 => "ax25",
        4 => "ipx",
        5 => "appletalk",
        6 => "netrom",
        8 => "atmpvc",
        9 => "x25",
        11 => "rose",
        15 => "key",
        20 => "atmsvc",
        21 => "rds",
        24 => "pppox",
        26 => "llc",
        27 => "ib",
        28 => "mpls",
        29 => "can",
        30 => "tipc",
        31 => "bluetooth",
        32 => "iucv",
        33 => "rxrpc",
        34 => "isdn",
        35 => "phonet",
        36 => "ieee802154",
        37 => "caif",
        38 => "alg",
        39 => "nfc",
        41 => "kcm",
        42 => "qipcrtr",
        43 => "smc",
        44 => "xdp",
        45 => "mctp",
        _ => return None,
    })
}

/// What a protocol is called: the kernel's name without the version of IP.
pub fn protocol(family: u64, name: &str) -> String {
    match family {
        UNIX | NETLINK | PACKET | VSOCK => self::family(family).unwrap_or_default().to_owned(),
        INET | INET6 => match name.strip_suffix("v6").unwrap_or(name) {
            "ping" => "icmp".to_owned(),
            "udp-lite" => "udplite".to_owned(),
            other => other.to_owned(),
        },
        _ => name.to_owned(),
    }
}

/// The family of a protocol by the kernel's name of it (`struct proto`), in lower case: its number where it is one that this module
/// names, and what it is called.
pub fn family_of(name: &str) -> Option<(Option<u64>, &'static str)> {
    let number = match name.strip_suffix("v6") {
        Some(_) => INET6,
        None => match name {
            "tcp" | "udp" | "udp-lite" | "udplite" | "raw" | "ping" | "mptcp" | "sctp" | "dccp" => INET,
            "unix" | "unix-stream" => UNIX,
            "netlink" => NETLINK,
            "packet" => PACKET,
            "af_vsock" => VSOCK,
            "alg" => return Some((None, "alg")),
            "key" => return Some((None, "key")),
            "xdp" => return Some((None, "xdp")),
            "tipc" => return Some((None, "tipc")),
            "kcm" => return Some((None, "kcm")),
            "smc" | "smc6" => return Some((None, "smc")),
            "qipcrtr" => return Some((None, "qipcrtr")),
            "rxrpc" => return Some((None, "rxrpc")),
            "l2cap" | "rfcomm" | "hci" | "sco" | "iso" | "bnep" | "hidp" | "cmtp" => return Some((None, "bluetooth")),
            _ if name.starts_with("can_") => return Some((None, "can")),
            _ if name.starts_with("ppp") => return Some((None, "pppox")),
            _ => return None,
        },
    };
    Some((Some(number), family(number)?))
}

/// `TCP_*` (include/net/tcp_states.h).
pub const ESTABLISHED: u64 = 1;
/// `TCP_TIME_WAIT`: an `inet_timewait_sock`.
pub const TIME_WAIT: u64 = 6;
/// `TCP_CLOSE`.
pub const CLOSE: u64 = 7;
/// `TCP_LISTEN`.
pub const LISTEN: u64 = 10;
/// `TCP_NEW_SYN_RECV`: a `request_sock`.
pub const NEW_SYN_RECV: u64 = 12;
/// `TCP_BOUND_INACTIVE` (6.8), the last.
pub const LAST_STATE: u64 = 13;

/// A state of TCP as netstat has it.
pub fn tcp_state(state: u64) -> Option<&'static str> {
    Some(match state {
        ESTABLISHED => "ESTABLISHED",
        2 => "SYN_SENT",
        // What /proc tells of a NEW_SYN_RECV too.
        3 | NEW_SYN_RECV => "SYN_RECV",
        4 => "FIN_WAIT1",
        5 => "FIN_WAIT2",
        TIME_WAIT => "TIME_WAIT",
        CLOSE => "CLOSE",
        8 => "CLOSE_WAIT",
        9 => "LAST_ACK",
        LISTEN => "LISTEN",
        11 => "CLOSING",
        LAST_STATE => "BOUND_INACTIVE",
        _ => return None,
    })
}

/// The state of a socket that knows no connections, or whose connections are no TCP's; `UNCONN` is the word of ss.
pub fn plain_state(state: u64) -> Option<&'static str> {
    match state {
        // `NETLINK_UNCONNECTED` is 0.
        0 | CLOSE => Some("UNCONN"),
        other => tcp_state(other),
    }
}

/// `enum sock_type` (include/linux/net.h).
pub fn kind(kind: u64) -> Option<&'static str> {
    Some(match kind {
        1 => "stream",
        2 => "dgram",
        3 => "raw",
        4 => "rdm",
        5 => "seqpacket",
        6 => "dccp",
        10 => "packet",
        _ => return None,
    })
}

/// `IPPROTO_*` (include/uapi/linux/in.h, in6.h).
pub fn ip_protocol(number: u64) -> Option<&'static str> {
    Some(match number {
        1 => "icmp",
        2 => "igmp",
        4 => "ipip",
        6 => "tcp",
        17 => "udp",
        33 => "dccp",
        41 => "ipv6",
        46 => "rsvp",
        47 => "gre",
        50 => "esp",
        51 => "ah",
        58 => "icmpv6",
        89 => "ospf",
        103 => "pim",
        108 => "comp",
        112 => "vrrp",
        115 => "l2tp",
        132 => "sctp",
        136 => "udplite",
        255 => "any",
        262 => "mptcp",
        _ => return None,
    })
}

/// `ETH_P_*` (include/uapi/linux/if_ether.h).
pub fn ether_type(number: u64) -> Option<&'static str> {
    Some(match number {
        0x0003 => "all",
        0x0004 => "802.2",
        0x0800 => "ip",
        0x0806 => "arp",
        0x8100 => "vlan",
        0x86dd => "ipv6",
        0x8863 => "pppoe-discovery",
        0x8864 => "pppoe",
        0x888e => "pae",
        0x88cc => "lldp",
        0x88f7 => "ptp",
        _ => return None,
    })
}

/// `NETLINK_*` (include/uapi/linux/netlink.h).
pub fn netlink(number: u64) -> Option<&'static str> {
    Some(match number {
        0 => "route",
        2 => "usersock",
        3 => "firewall",
        4 => "sock_diag",
        5 => "nflog",
        6 => "xfrm",
        7 => "selinux",
        8 => "iscsi",
        9 => "audit",
        10 => "fib_lookup",
        11 => "connector",
        12 => "netfilter",
        13 => "ip6_fw",
        14 => "dnrtmsg",
        15 => "kobject_uevent",
        16 => "generic",
        18 => "scsitransport",
        19 => "ecryptfs",
        20 => "rdma",
        21 => "crypto",
        22 => "smc",
        _ => return None,
    })
}

/// Protocols in the order in which a listing has them.
pub fn rank(protocol: &str) -> usize {
    const ORDER: [&str; 11] = ["tcp", "mptcp", "sctp", "dccp", "udp", "udplite", "icmp", "raw", "packet", "unix", "netlink"];
    match ORDER.iter().position(|p| *p == protocol) {
        // What is rare stands before the many of `unix` and `netlink`.
        Some(i) if i < 9 => i,
        Some(i) => i + 1,
        None => 9,
    }
}

/// `ARPHRD_*` (include/uapi/linux/if_arp.h) in the words of `ip link`.
pub fn hardware(number: u64) -> Option<&'static str> {
    Some(match number {
        1 => "ether",
        24 => "ieee1394",
        32 => "infiniband",
        280 => "can",
        512 => "ppp",
        519 => "rawip",
        768 => "ipip",
        769 => "tunnel6",
        772 => "loopback",
        774 => "fddi",
        776 => "sit",
        778 => "gre",
        801..=803 => "ieee802.11",
        804 => "ieee802.15.4",
        823 => "ip6gre",
        824 => "netlink",
        826 => "vsockmon",
        0xfffe => "none",
        _ => return None,
    })
}

/// `IFF_*` (include/uapi/linux/if.h), in the order of their bits.
pub fn interface_flags(flags: u64) -> Vec<&'static str> {
    const NAMES: [&str; 19] = [
        "UP",
        "BROADCAST",
        "DEBUG",
        "LOOPBACK",
        "POINTOPOINT",
        "NOTRAILERS",
        "RUNNING",
        "NOARP",
        "PROMISC",
        "ALLMULTI",
        "MASTER",
        "SLAVE",
        "MULTICAST",
        "PORTSEL",
        "AUTOMEDIA",
        "DYNAMIC",
        "LOWER_UP",
        "DORMANT",
        "ECHO",
    ];
    NAMES.iter().enumerate().filter(|(bit, _)| flags >> bit & 1 == 1).map(|(_, name)| *name).collect()
}

/// `IF_OPER_*` (include/uapi/linux/if.h).
pub fn operating_state(state: u64) -> Option<&'static str> {
    Some(match state {
        0 => "unknown",
        1 => "not present",
        2 => "down",
        3 => "lower layer down",
        4 => "testing",
        5 => "dormant",
        6 => "up",
        _ => return None,
    })
}
