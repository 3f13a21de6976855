//! The structures of the network stack that are read.

use crate::os::linux::base::layout::{Extent, Found, Member, Members, Shape, shapes};
use crate::symbols::{Types, TypesExt};

shapes! {
    /// `sock`. Its first part is a `sock_common`, all that a socket in TIME_WAIT or NEW_SYN_RECV has.
    SockShape: "sock" {
        family: ["__sk_common.skc_family"],
        state: ["__sk_common.skc_state"],
        local_port: ["__sk_common.skc_num"],
        remote_port: ["__sk_common.skc_dport"],
        local4: ["__sk_common.skc_rcv_saddr"],
        remote4: ["__sk_common.skc_daddr"],
        local6: ["__sk_common.skc_v6_rcv_saddr"],
        remote6: ["__sk_common.skc_v6_daddr"],
        device: ["__sk_common.skc_bound_dev_if"],
        net: ["__sk_common.skc_net"],
        prot: ["__sk_common.skc_prot"],
        // One place, two names.
        node: ["__sk_common.skc_nulls_node", "__sk_common.skc_node"],
        kind: ["sk_type"],
        protocol: ["sk_protocol"],
        uid: ["sk_uid.val", "sk_uid"],
        socket: ["sk_socket"],
        rmem: ["sk_backlog.rmem_alloc"],
        wmem: ["sk_wmem_alloc"],
        waiting: ["sk_ack_backlog"],
        backlog: ["sk_max_ack_backlog"],
        filter: ["sk_filter"],
        received: ["sk_receive_queue"],
        received_count: ["sk_receive_queue.qlen"],
    }
    /// `inet_timewait_sock`.
    TimewaitShape: "inet_timewait_sock" {
        substate: ["tw_substate"],
    }
    /// `inet_connection_sock`.
    ConnectionShape: "inet_connection_sock" {
        // Up to 5.18: what links a listener into `lhash2`. Later it is the same node as everywhere.
        listen_node: ["icsk_listen_portaddr_node"],
    }
    /// `tcp_sock`.
    TcpShape: "tcp_sock" {
        written: ["write_seq"],
        unacknowledged: ["snd_una"],
        received: ["rcv_nxt"],
        copied: ["copied_seq"],
    }
    /// `udp_sock`.
    UdpShape: "udp_sock" {
        deficit: ["forward_deficit"],
    }
    /// `unix_sock`.
    UnixShape: "unix!unix_sock" {
        address: ["addr"],
        peer: ["peer"],
    }
    /// `unix_address`.
    UnixAddressShape: "unix!unix_address" {
        length: ["len"],
        name: ["name"],
    }
    /// `packet_sock`.
    PacketShape: "af_packet!packet_sock" {
        device: ["ifindex"],
        number: ["num"],
    }
    /// `netlink_sock`.
    NetlinkShape: "netlink_sock" {
        portid: ["portid"],
        groups: ["groups"],
        count: ["ngroups"],
        node: ["node"],
    }
    /// `vsock_sock`. Part of a module; its types are there only where the kernel has it built in.
    VsockShape: "vsock!vsock_sock" {
        local_cid: ["local_addr.svm_cid"],
        local_port: ["local_addr.svm_port"],
        remote_cid: ["remote_addr.svm_cid"],
        remote_port: ["remote_addr.svm_port"],
    }
    /// `sk_filter`: the BPF program that a socket passes its packets through.
    FilterShape: "sk_filter" {
        program: ["prog"],
    }
    /// `bpf_prog`, as such a filter.
    FilterProgramShape: "bpf_prog" {
        length: ["len"],
    }
    /// `proto`: the functions of a protocol.
    ProtoShape: "proto" {
        name: ["name"],
    }
    /// `socket`: what stands between a file and a sock.
    SocketShape: "socket" {
        file: ["file"],
        sock: ["sk"],
    }
    /// `socket_alloc`: a socket with its inode.
    SocketAllocShape: "socket_alloc" {
        socket: ["socket"],
        inode: ["vfs_inode"],
    }
    /// `inode`, for the type of a file and its owner.
    SocketInodeShape: "inode" {
        mode: ["i_mode"],
        number: ["i_ino"],
    }
    /// `file`, for the socket behind it.
    SocketFileShape: "file" {
        inode: ["f_inode"],
        private: ["private_data"],
    }
    /// `sk_buff`: a packet.
    BufferShape: "sk_buff" {
        length: ["len"],
        control: ["cb"],
    }
    /// `unix_skb_parms`: what AF_UNIX keeps in a packet's control buffer.
    UnixBufferShape: "unix!unix_skb_parms" {
        consumed: ["consumed"],
    }
    /// `net`: a network namespace.
    NetShape: "net" {
        list: ["list"],
        number: ["ns.inum"],
        // 5.19 moved it here from a variable; 6.1 lets a namespace have a table of its own.
        tcp: ["ipv4.tcp_death_row.hashinfo"],
        // 6.2.
        udp: ["ipv4.udp_table"],
        unix: ["unx.table.buckets"],
        packet: ["packet.sklist"],
        devices: ["dev_base_head"],
    }
    /// `net_device`: an interface.
    DeviceShape: "net_device" {
        name: ["name"],
        list: ["dev_list"],
        index: ["ifindex"],
        net: ["nd_net"],
        flags: ["flags"],
        mtu: ["mtu"],
        kind: ["type"],
        state: ["operstate"],
        promiscuous: ["promiscuity"],
        address: ["dev_addr"],
        address_length: ["addr_len"],
        ipv4: ["ip_ptr"],
        ipv6: ["ip6_ptr"],
    }
    /// `in_device`: what IPv4 knows of an interface.
    Ipv4DeviceShape: "in_device" {
        first: ["ifa_list"],
    }
    /// `in_ifaddr`: an IPv4 address.
    Ipv4AddressShape: "in_ifaddr" {
        next: ["ifa_next"],
        device: ["ifa_dev"],
        address: ["ifa_local"],
        prefix: ["ifa_prefixlen"],
    }
    /// `inet6_dev`: what IPv6 knows of an interface.
    Ipv6DeviceShape: "inet6_dev" {
        addresses: ["addr_list"],
    }
    /// `inet6_ifaddr`: an IPv6 address.
    Ipv6AddressShape: "inet6_ifaddr" {
        list: ["if_list"],
        device: ["idev"],
        address: ["addr"],
        prefix: ["prefix_len"],
    }
    /// `nsproxy`: the namespaces of a task.
    NsProxyShape: "nsproxy" {
        net: ["net_ns"],
    }
    /// `task_struct`, for its namespaces.
    TaskNsShape: "task_struct" {
        namespaces: ["nsproxy"],
    }
    /// `inet_hashinfo`: the tables of TCP.
    HashInfoShape: "inet_hashinfo" {
        established: ["ehash"],
        established_mask: ["ehash_mask"],
        listening2: ["lhash2"],
        listening2_mask: ["lhash2_mask"],
        // Up to 5.18.
        listening: ["listening_hash"],
    }
    /// `inet_ehash_bucket`.
    EstablishedBucketShape: "inet_ehash_bucket" {
        head: ["chain"],
    }
    /// `inet_listen_hashbucket`.
    ListenBucketShape: "inet_listen_hashbucket" {
        head: ["nulls_head", "head"],
    }
    /// `udp_table`.
    UdpTableShape: "udp_table" {
        slots: ["hash"],
        mask: ["mask"],
    }
    /// `udp_hslot`.
    UdpSlotShape: "udp_hslot" {
        head: ["head"],
    }
    /// `raw_hashinfo`.
    RawTableShape: "raw_hashinfo" {
        heads: ["ht"],
    }
    /// `ping_table`.
    PingTableShape: "ping_table" {
        heads: ["hash"],
    }
    /// `netlink_table`: the sockets of one netlink protocol.
    NetlinkTableShape: "netlink_table" {
        buckets: ["hash.tbl"],
    }
    /// `bucket_table`, of an `rhashtable`.
    BucketTableShape: "bucket_table" {
        size: ["size"],
        nested: ["nest"],
        next: ["future_tbl"],
        buckets: ["buckets"],
    }
}

/// Sizes in bytes of what stands in arrays.
#[derive(Debug, Default)]
pub struct Strides {
    /// `inet_ehash_bucket`.
    pub established: Option<u64>,
    /// `inet_listen_hashbucket`.
    pub listen: Option<u64>,
    /// `udp_hslot`.
    pub udp: Option<u64>,
    /// `netlink_table`.
    pub netlink: Option<u64>,
}

impl Found for Strides {
    fn find(types: &dyn Types) -> Self {
        Self {
            established: types.size_of("struct inet_ehash_bucket"),
            listen: types.size_of("struct inet_listen_hashbucket"),
            udp: types.size_of("struct udp_hslot"),
            netlink: types.size_of("struct netlink_table"),
        }
    }
}
