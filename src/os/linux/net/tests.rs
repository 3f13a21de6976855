//! Sockets of a made-up kernel, whole and damaged.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use super::super::testkit::{Kit, array, u};
use super::*;

const TASK: u64 = 0xffff_8880_0000_0000;
const NET: u64 = 0xffff_8880_0001_0000;
const NET_LIST: u64 = 0xffff_8880_0001_8000;
const INFO: u64 = 0xffff_8880_0002_0000;
const BUCKETS: u64 = 0xffff_8880_0002_1000;
const LISTEN: u64 = 0xffff_8880_0002_2000;
const PROTO: u64 = 0xffff_8880_0003_0000;
const SOCK: u64 = 0xffff_8880_0004_0000;
const FILE: u64 = 0xffff_8880_0005_0000;
const SOCKET: u64 = 0xffff_8880_0006_0000;
const FDS: u64 = 0xffff_8880_0007_0000;

/// Where a `sock` has its link.
const NODE: u64 = 0x68;

fn types(kit: &mut Kit) {
    let t = &mut kit.types;
    t.structure(
        "task_struct",
        0x100,
        &[
            ("tasks", 0, "list_head".into()),
            ("pid", 0x10, u(4)),
            ("tgid", 0x14, u(4)),
            ("comm", 0x18, array(1, 16)),
            ("files", 0x28, u(8)),
            ("thread_group", 0x30, "list_head".into()),
        ],
    );
    t.structure("files_struct", 64, &[("fdt", 0, u(8))]);
    t.structure("fdtable", 64, &[("max_fds", 0, u(4)), ("fd", 8, u(8))]);
    t.structure("file", 64, &[("f_inode", 0, u(8)), ("private_data", 8, u(8))]);
    t.structure("inode", 64, &[("i_mode", 0, u(2)), ("i_ino", 8, u(8))]);
    t.structure("socket", 0x40, &[("file", 0, u(8)), ("sk", 8, u(8))]);
    t.structure("socket_alloc", 0x80, &[("socket", 0, "socket".into()), ("vfs_inode", 0x40, "inode".into())]);
    t.structure("ns_common", 16, &[("inum", 8, u(4))]);
    t.structure("hlist_head", 8, &[("first", 0, u(8))]);
    t.structure("death_row", 16, &[("hashinfo", 0, u(8))]);
    t.structure("netns_ipv4", 16, &[("tcp_death_row", 0, "death_row".into())]);
    t.structure(
        "net",
        0x100,
        &[("list", 0, "list_head".into()), ("ns", 0x10, "ns_common".into()), ("ipv4", 0x40, "netns_ipv4".into())],
    );
    t.structure("proto", 0x40, &[("name", 8, array(1, 32))]);
    t.structure(
        "sock_common",
        0x88,
        &[
            ("skc_daddr", 0, u(4)),
            ("skc_rcv_saddr", 4, u(4)),
            ("skc_dport", 0xc, u(2)),
            ("skc_num", 0xe, u(2)),
            ("skc_family", 0x10, u(2)),
            ("skc_state", 0x12, u(1)),
            ("skc_prot", 0x28, u(8)),
            ("skc_net", 0x30, u(8)),
            ("skc_nulls_node", NODE, array(8, 2)),
        ],
    );
    t.structure(
        "sock",
        0x100,
        &[("__sk_common", 0, "sock_common".into()), ("sk_type", 0x90, u(2)), ("sk_socket", 0x98, u(8)), ("sk_uid", 0xa0, u(4))],
    );
    t.structure(
        "inet_hashinfo",
        0x40,
        &[("ehash", 0, u(8)), ("ehash_mask", 8, u(4)), ("lhash2", 0x10, u(8)), ("lhash2_mask", 0x18, u(4))],
    );
    t.structure("inet_ehash_bucket", 8, &[("chain", 0, "hlist_head".into())]);
    t.structure("inet_listen_hashbucket", 16, &[("lock", 0, u(4)), ("nulls_head", 8, "hlist_head".into())]);
}

/// A kernel with one process and empty tables.
fn kit() -> Kit {
    let mut kit = Kit::new();
    types(&mut kit);
    kit.symbol("init_task", TASK);
    kit.symbol("net_namespace_list", NET_LIST);
    kit.symbol("tcp_hashinfo", INFO);
    kit.ring(&[TASK, TASK + 0x1000]);
    kit.put(TASK + 0x1010, &[7, 0, 0, 0, 7, 0, 0, 0]);
    kit.put(TASK + 0x1018, b"sshd\0");
    kit.word(TASK + 0x1028, FDS);
    kit.ring(&[TASK + 0x1030]);
    kit.word(FDS, FDS + 0x100);
    kit.word(FDS + 0x100, 64);
    kit.word(FDS + 0x108, FDS + 0x200);
    kit.put(FDS + 0x200, &[0; 512]);
    kit.ring(&[NET_LIST, NET]);
    kit.word(NET + 0x18, 0xf000_0098);
    kit.word(NET + 0x40, INFO);
    kit.put(PROTO + 8, b"TCP\0");
    kit.word(INFO, BUCKETS);
    kit.word(INFO + 8, 3);
    kit.word(INFO + 0x10, LISTEN);
    kit.word(INFO + 0x18, 1);
    for i in 0..4 {
        // Every chain ends with an odd value.
        kit.word(BUCKETS + i * 8, i * 2 + 1);
    }
    for i in 0..2 {
        kit.word(LISTEN + i * 16 + 8, 1);
    }
    kit
}

/// A TCP socket whose chain goes on with `next`.
fn tcp(kit: &mut Kit, at: u64, state: u8, next: u64) {
    kit.put(at, &[0; 0x100]);
    kit.put(at, &[10, 0, 0, 2, 10, 0, 0, 1]);
    kit.put(at + 0xc, &[0x01, 0xbb, 0x50, 0x00]);
    kit.put(at + 0x10, &[2, 0, state]);
    kit.word(at + 0x28, PROTO);
    kit.word(at + 0x30, NET);
    kit.word(at + NODE, next);
    kit.put(at + 0x90, &[1, 0]);
}

fn told(kit: &Kit) -> (Vec<Socket>, Vec<String>) {
    let listing = sockets(&kit.kernel()).unwrap();
    (listing.items.to_vec(), listing.lost.iter().map(|t| t.to_string_lossy().into_owned()).collect())
}

#[test]
fn a_connection_has_both_ends_and_its_namespace() {
    let mut kit = kit();
    kit.word(BUCKETS + 8, SOCK + NODE);
    tcp(&mut kit, SOCK, 1, 3);
    let (found, lost) = told(&kit);
    assert_eq!(lost, Vec::<String>::new());
    let [s] = found.as_slice() else { panic!("{found:?}") };
    assert_eq!((s.protocol.as_str(), s.family.as_str(), s.state), ("tcp", "ipv4", Some("ESTABLISHED")));
    assert_eq!(s.local, End { address: Some("10.0.0.1".into()), port: Some(80) });
    assert_eq!(s.remote, End { address: Some("10.0.0.2".into()), port: Some(443) });
    assert_eq!((s.namespace, s.listed, s.owners.len()), (Some(0xf000_0098), Some(true), 0));
}

#[test]
fn a_listener_has_no_other_end() {
    let mut kit = kit();
    kit.word(LISTEN + 8, SOCK + NODE);
    tcp(&mut kit, SOCK, 10, 1);
    kit.put(SOCK, &[0; 14]);
    let (found, _) = told(&kit);
    assert_eq!(found[0].remote, End::default());
    assert_eq!(found[0].local, End { address: Some("0.0.0.0".into()), port: Some(80) });
}

#[test]
fn what_only_the_stump_of_a_socket_does_not_have_is_not_made_up() {
    let mut kit = kit();
    kit.word(BUCKETS, SOCK + NODE);
    tcp(&mut kit, SOCK, 6, 1);
    // Behind a stump lies something else.
    kit.word(SOCK + 0x98, 0x4141_4141_4141_4141);
    kit.word(SOCK + 0xa0, 0x4141_4141_4141_4141);
    let (found, lost) = told(&kit);
    assert_eq!((found[0].state, found[0].uid, found[0].inode), (Some("TIME_WAIT"), None, None));
    assert!(lost.is_empty());
}

/// Process 7 holds the socket at `SOCK` as descriptor 3.
fn hold(kit: &mut Kit) {
    kit.word(FDS + 0x200 + 3 * 8, FILE);
    kit.word(FILE, SOCKET + 0x40);
    kit.word(FILE + 8, SOCKET);
    kit.put(SOCKET + 0x40, &0o140_777u16.to_le_bytes());
    kit.word(SOCKET + 0x48, 4711);
    kit.word(SOCKET, FILE);
    kit.word(SOCKET + 8, SOCK);
    kit.word(SOCK + 0x98, SOCKET);
}

#[test]
fn a_process_is_found_with_its_socket_in_a_table_or_not() {
    for listed in [true, false] {
        let mut kit = kit();
        tcp(&mut kit, SOCK, 1, 3);
        hold(&mut kit);
        if listed {
            kit.word(BUCKETS + 8, SOCK + NODE);
        }
        let (found, lost) = told(&kit);
        assert!(lost.is_empty(), "{lost:?}");
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].inode, found[0].listed), (Some(4711), Some(listed)));
        assert_eq!(found[0].owners, [SocketOwner { pid: 7, process: Text::from("sshd"), fd: 3 }]);
    }
}

#[test]
fn a_file_that_only_looks_like_a_socket_is_none() {
    let mut kit = kit();
    tcp(&mut kit, SOCK, 1, 3);
    hold(&mut kit);
    // The file of a bound UNIX socket, opened as a path.
    kit.word(FILE + 8, 0);
    assert!(told(&kit).0.is_empty());
}

#[test]
fn a_file_whose_socket_is_out_of_reach_is_told() {
    for damage in [FILE, FILE + 8] {
        let mut kit = kit();
        tcp(&mut kit, SOCK, 1, 3);
        hold(&mut kit);
        kit.word(damage, 0x4141_4141_4141_4140);
        let (found, lost) = told(&kit);
        assert!(found.is_empty() && lost.iter().any(|l| l.starts_with("descriptor 3 of process 7")), "{lost:?}");
    }
}

#[test]
fn chains_that_run_into_each_other_tell_each_socket_once() {
    let mut kit = kit();
    kit.word(BUCKETS, SOCK + NODE);
    kit.word(BUCKETS + 8, SOCK + NODE);
    tcp(&mut kit, SOCK, 1, 3);
    let (found, lost) = told(&kit);
    assert_eq!((found.len(), lost.len()), (1, 1), "{lost:?}");
}

#[test]
fn a_chain_that_runs_in_a_circle_ends() {
    let mut kit = kit();
    kit.word(BUCKETS + 8, SOCK + NODE);
    tcp(&mut kit, SOCK, 1, SOCK + 0x1000 + NODE);
    tcp(&mut kit, SOCK + 0x1000, 1, SOCK + NODE);
    let (found, lost) = told(&kit);
    assert_eq!((found.len(), lost.len()), (2, 1));
}

#[test]
fn foreign_memory_makes_no_rows() {
    for damage in ["family", "state", "net", "prot", "page", "odd"] {
        let mut kit = kit();
        kit.word(BUCKETS + 8, SOCK + NODE);
        tcp(&mut kit, SOCK, 1, SOCK + 0x1000 + NODE);
        tcp(&mut kit, SOCK + 0x1000, 1, 3);
        match damage {
            "family" => kit.put(SOCK + 0x1010, &[0xff, 0xff]),
            "state" => kit.put(SOCK + 0x1012, &[200]),
            "net" => kit.word(SOCK + 0x1030, 0xffff_8880_0004_0000),
            "prot" => kit.word(SOCK + 0x1028, SOCK),
            "page" => kit.word(SOCK + NODE, SOCK + 0x9000 + NODE),
            _ => kit.word(SOCK + NODE, SOCK + 0x1000 + NODE + 4),
        }
        let (found, lost) = told(&kit);
        assert_eq!(found.len(), 1, "{damage}: {lost:?}");
        assert!(!lost.is_empty(), "{damage}");
    }
}

#[test]
fn a_table_that_claims_the_world_ends() {
    let mut kit = kit();
    kit.word(INFO + 8, u64::from(u32::MAX));
    kit.word(BUCKETS + 8, SOCK + NODE);
    tcp(&mut kit, SOCK, 1, 3);
    let (found, lost) = told(&kit);
    assert_eq!(found.len(), 1);
    assert!(lost.iter().any(|l| l.contains("buckets")), "{lost:?}");
}

#[test]
fn missing_tables_are_told() {
    let mut kit = kit();
    kit.word(INFO, 0xffff_8880_0999_0000);
    let (found, lost) = told(&kit);
    assert!(found.is_empty());
    assert!(lost.iter().any(|l| l.contains("4 of 4 buckets")), "{lost:?}");
}

#[test]
fn a_namespace_that_no_list_has_must_prove_itself() {
    let mut kit = kit();
    let other = NET + 0x4000;
    kit.word(BUCKETS + 8, SOCK + NODE);
    tcp(&mut kit, SOCK, 1, 3);
    kit.word(SOCK + 0x30, other);
    kit.ring(&[other, other + 0x800]);
    kit.word(other + 0x18, 0xf000_0100);
    assert_eq!(told(&kit).0[0].namespace, Some(0xf000_0100));
    kit.word(other + 0x18, 5);
    assert!(told(&kit).0.is_empty());
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(64))]
    #[test]
    fn no_bytes_in_place_of_a_table_do_harm(bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0x100), at in 0u64..0x100) {
        let mut kit = kit();
        kit.word(BUCKETS + 8, SOCK + NODE);
        tcp(&mut kit, SOCK, 1, 3);
        kit.put(SOCK + at, &bytes);
        kit.put(INFO + at, &bytes);
        let (found, _) = told(&kit);
        proptest::prop_assert!(found.len() < 300);
    }
}

const DEVICE: u64 = 0xffff_8880_0008_0000;
const INET: u64 = 0xffff_8880_0009_0000;

/// The same kernel with one interface that has two IPv4 addresses.
fn device_kit() -> Kit {
    let mut kit = kit();
    let t = &mut kit.types;
    let net = [("list", 0, "list_head".into()), ("ns", 0x10, "ns_common".into()), ("dev_base_head", 0x50, "list_head".into())];
    t.structure("net", 0x100, &net);
    let device = [
        ("name", 0, array(1, 16)),
        ("dev_list", 0x10, "list_head".into()),
        ("ifindex", 0x20, u(4)),
        ("flags", 0x24, u(4)),
        ("nd_net", 0x28, u(8)),
        ("dev_addr", 0x30, u(8)),
        ("addr_len", 0x38, u(1)),
        ("ip_ptr", 0x40, u(8)),
    ];
    t.structure("net_device", 0x80, &device);
    t.structure("in_device", 0x40, &[("ifa_list", 0x10, u(8))]);
    let address = [("ifa_next", 0, u(8)), ("ifa_dev", 8, u(8)), ("ifa_local", 16, u(4)), ("ifa_prefixlen", 20, u(1))];
    t.structure("in_ifaddr", 0x40, &address);
    kit.ring(&[NET + 0x50, DEVICE + 0x10]);
    kit.put(DEVICE, b"eth0\0");
    kit.put(DEVICE + 0x20, &[2, 0, 0, 0, 3, 1]);
    kit.word(DEVICE + 0x28, NET);
    kit.word(DEVICE + 0x30, DEVICE + 0x100);
    kit.put(DEVICE + 0x38, &[6]);
    kit.word(DEVICE + 0x40, INET);
    kit.put(DEVICE + 0x100, &[2, 0, 0, 0, 0, 1]);
    kit.word(INET + 0x10, INET + 0x100);
    for (at, next, last) in [(INET + 0x100, INET + 0x200, 1), (INET + 0x200, 0, 2)] {
        kit.word(at, next);
        kit.word(at + 8, INET);
        kit.put(at + 16, &[10, 0, 0, last, 24]);
    }
    kit
}

fn devices(kit: &Kit) -> (Vec<Interface>, usize) {
    let listing = interfaces(&kit.kernel()).unwrap();
    (listing.items.to_vec(), listing.lost.len())
}

#[test]
fn an_interface_has_all_its_addresses() {
    let (all, lost) = devices(&device_kit());
    let [d] = all.as_slice() else { panic!("{all:?}") };
    assert_eq!((d.name.clone(), d.index, lost), (Some(Text::from("eth0")), Some(2), 0));
    assert_eq!(d.ipv4, ["10.0.0.1/24", "10.0.0.2/24"]);
    assert_eq!(d.flags, Some(vec!["UP", "BROADCAST", "PROMISC"]));
    assert_eq!(d.hardware, Some(vec![2, 0, 0, 0, 0, 1]));
}

#[test]
fn addresses_that_run_in_a_circle_or_belong_to_others_end() {
    let mut kit = device_kit();
    kit.word(INET + 0x200, INET + 0x100);
    let (all, lost) = devices(&kit);
    assert_eq!((all[0].ipv4.len(), lost), (2, 1));
    kit.word(INET + 0x208, INET + 8);
    let (all, lost) = devices(&kit);
    assert_eq!((all[0].ipv4.len(), lost), (1, 1));
}

#[test]
fn an_interface_of_another_namespace_is_told() {
    let mut kit = device_kit();
    kit.word(DEVICE + 0x28, NET + 8);
    assert_eq!(devices(&kit).1, 1);
    assert!(devices(&kit).0.is_empty());
}
