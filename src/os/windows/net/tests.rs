#![allow(clippy::unwrap_used, clippy::indexing_slicing)]
#![allow(clippy::cast_possible_truncation, clippy::unnecessary_cast, reason = "umem has 64 bits or more")]

use super::layouts::{Bound, Layout, NARROW, WIDE, ordered};
use super::*;
use crate::os::windows::testkit::{CREATED, Kit};
use std::sync::atomic::AtomicBool;

/// A build of each family of layouts.
const BUILDS: [(&str, bool); 9] = [
    ("6.0.6000", false),
    ("6.1.7601", false),
    ("6.2.9200", false),
    ("10.0.17763", false),
    ("6.1.7601", true),
    ("6.2.9200", true),
    ("10.0.15063", true),
    ("10.0.19041", true),
    ("10.0.26100", true),
];

/// Where things lie, from the kit's beginning.
const SYSTEM: u64 = 0;
const SHELL: u64 = 0x4000;
const POOL: u64 = 0x2_0000;
const ROOM: u64 = 0x800;
const DRIVERS: u64 = 0x60_0000;
const TCPIP: u64 = 0x61_0000;
const TABLES: u64 = 0x70_0000;

struct Net {
    kit: Kit,
    layout: Layout,
    next: u64,
}

impl Net {
    fn new(release: &str, wide: bool) -> Self {
        let mut kit = Kit::new(release, wide);
        let [system, shell] = [SYSTEM, SHELL].map(|o| kit.at(o));
        kit.process(system, 4, "System");
        kit.process(shell, 0x1a4, "shell.exe");
        kit.list(&[system, shell]);
        let drivers = kit.at(DRIVERS);
        kit.ring(&[drivers]);
        let build = release.split('.').nth(2).unwrap().parse().unwrap();
        Self { kit, layout: *ordered(wide, build)[0], next: POOL }
    }

    fn with(release: &str, layout: Layout) -> Self {
        let wide = WIDE.contains(&layout);
        Self { layout, ..Self::new(release, wide) }
    }

    fn shell(&self) -> u64 {
        self.kit.at(SHELL)
    }

    /// Room of its own, in a block of the pool of that size, with this tag.
    fn block(&mut self, tag: &[u8; 4], bytes: u64) -> u64 {
        let at = self.kit.at(self.next);
        self.next += ROOM;
        let header = 2 * self.kit.width();
        let units = bytes.div_ceil(header) + 1;
        // In use: a type that is not zero.
        let both = if self.kit.wide { units | 2 << 8 } else { units | 2 << 9 } as u16;
        self.kit.put(at, &[0; ROOM as usize]);
        self.kit.put(at + 2, &both.to_le_bytes());
        self.kit.put(at + 4, tag);
        at + header
    }

    fn free(&mut self, body: u64) {
        let at = body - 2 * self.kit.width();
        self.kit.put(at + 2, &[0xff, 0]);
    }

    fn family(&mut self, v6: bool) -> u64 {
        let at = self.block(b"InNl", 0x40);
        self.kit.put(at + u64::from(self.layout.inet_af), &[if v6 { 23 } else { 2 }, 0]);
        at
    }

    fn bytes(&mut self, ip: &str) -> u64 {
        let at = self.block(b"InAd", 0x20);
        match ip.parse().unwrap() {
            IpAddr::V4(ip) => self.kit.put(at, &ip.octets()),
            IpAddr::V6(ip) => self.kit.put(at, &ip.octets()),
        }
        at
    }

    fn local(&mut self, ip: &str, straight: bool) -> u64 {
        let bytes = self.bytes(ip);
        let inner = self.block(b"InLA", 0x20);
        self.kit.word(inner, bytes);
        if straight {
            return inner;
        }
        let outer = self.block(b"InLA", 0x40);
        self.kit.word(outer + u64::from(self.layout.local), inner);
        outer
    }

    fn bound(&mut self, udp: bool, ip: Option<&str>, port: u16, v6: bool) -> u64 {
        let m: Bound = if udp { self.layout.datagram } else { self.layout.listener };
        let at = self.block(if udp { b"UdpA" } else { b"TcpL" }, 0xc0);
        let family = self.family(v6);
        let straight = udp && self.layout.straight;
        let address = ip.map_or(0, |ip| self.local(ip, straight));
        let owner = self.shell();
        for (offset, value) in [(m.family, family), (m.owner, owner), (m.address, address)] {
            self.kit.word(at + u64::from(offset), value);
        }
        self.kit.put(at + u64::from(m.created), &CREATED.to_le_bytes());
        self.kit.put(at + u64::from(m.port), &port.to_be_bytes());
        at
    }

    fn joined(&mut self, near: (&str, u16), far: (&str, u16), state: u32) -> u64 {
        let m = self.layout.joined;
        let at = self.block(b"TcpE", 0x340);
        let family = self.family(near.0.contains(':'));
        let pair = self.block(b"InPa", 0x40);
        let (local, remote) = (self.local(near.0, false), self.bytes(far.0));
        self.kit.word(pair, local);
        self.kit.word(pair + u64::from(self.layout.remote), remote);
        let owner = self.shell();
        self.kit.put(at + u64::from(m.created), &CREATED.to_le_bytes());
        for (offset, value) in [(m.family, family), (m.owner, owner), (m.addresses, pair)] {
            self.kit.word(at + u64::from(offset), value);
        }
        self.kit.put(at + u64::from(m.state), &state.to_le_bytes());
        self.kit.put(at + u64::from(m.port), &[near.1.to_be_bytes(), far.1.to_be_bytes()].concat());
        at
    }

    fn found(&self) -> (Vec<Endpoint>, Vec<String>) {
        let stop = AtomicBool::new(false);
        let mut kernel = self.kit.kernel();
        kernel.modules = Some(VirtAddr::new(self.kit.at(DRIVERS).into()));
        let (listing, _) = endpoints(&kernel, &Options::new(&stop));
        (listing.items.to_vec(), listing.lost.iter().map(|l| l.to_string_lossy().into_owned()).collect())
    }
}

fn end(e: End) -> String {
    let address = e.address.map_or("-".to_owned(), |a| a.to_string());
    format!("{address} {}", e.port.map_or("-".to_owned(), |p| p.to_string()))
}

fn line(e: &Endpoint) -> String {
    let state = e.state.unwrap_or("-");
    format!("{:?} {} > {} {state} {:?}", e.protocol, end(e.local), end(e.remote), e.owner.as_ref().map(|o| o.pid))
}

fn lines(all: &[Endpoint]) -> Vec<String> {
    all.iter().map(line).collect()
}

const USUAL: [&str; 6] = [
    "Tcp 0.0.0.0 135 > - - LISTENING Some(420)",
    "Tcp :: 445 > - - LISTENING Some(420)",
    "Tcp 10.0.0.7 49700 > 192.0.2.9 443 ESTABLISHED Some(420)",
    "Tcp fe80::1 50001 > 2001:db8::2 80 CLOSE_WAIT Some(420)",
    "Udp 10.0.0.7 137 > - - - Some(420)",
    "Udp :: 5355 > - - - Some(420)",
];

fn usual(net: &mut Net) -> Vec<u64> {
    vec![
        net.bound(false, Some("0.0.0.0"), 135, false),
        net.bound(false, None, 445, true),
        net.joined(("10.0.0.7", 49700), ("192.0.2.9", 443), 4),
        net.joined(("fe80::1", 50001), ("2001:db8::2", 80), 7),
        net.bound(true, Some("10.0.0.7"), 137, false),
        net.bound(true, None, 5355, true),
    ]
}

#[test]
fn every_kind_of_endpoint_is_read_on_every_build() {
    for (release, wide) in BUILDS {
        let mut net = Net::new(release, wide);
        let at = usual(&mut net);
        let (all, lost) = net.found();
        assert_eq!(lines(&all), USUAL, "{release} {wide}");
        assert_eq!(all.iter().map(|e| e.address.value() as u64).collect::<Vec<_>>(), at, "{release}");
        assert!(lost.is_empty(), "{lost:?}");
        for e in all {
            assert_eq!(e.owner.unwrap().name.unwrap().to_string_lossy(), "shell.exe");
            assert_eq!((e.created.is_some(), e.freed, e.listed), (true, false, None), "{release} {:?}", e.local);
        }
    }
}

#[test]
fn a_layout_that_is_not_the_builds_own_is_found_by_what_it_explains() {
    for (wide, layouts) in [(true, WIDE), (false, NARROW)] {
        for layout in layouts {
            let mut net = Net::with(if wide { "10.0.19041" } else { "6.1.7601" }, *layout);
            usual(&mut net);
            assert_eq!(lines(&net.found().0), USUAL, "{layout:?}");
        }
    }
}

#[test]
fn the_owner_of_a_connection_is_found_where_no_layout_has_it() {
    for (release, wide) in BUILDS {
        let mut net = Net::new(release, wide);
        net.layout.joined.owner = 0x320;
        net.layout.joined.created = 0x330;
        net.joined(("10.0.0.7", 49700), ("192.0.2.9", 443), 4);
        net.joined(("10.0.0.7", 49701), ("192.0.2.9", 443), 4);
        let (all, _) = net.found();
        assert_eq!(all.len(), 2, "{release}");
        let expected = crate::os::windows::base::time::from_filetime(CREATED);
        assert!(all.iter().all(|e| e.owner.as_ref().unwrap().pid == 0x1a4 && e.created == expected), "{release}");
        // A second place that is as good: neither is known.
        for e in &all {
            let shell = net.shell();
            net.kit.word(e.address.value() as u64 + 0x308, shell);
        }
        assert!(net.found().0.iter().all(|e| e.owner.is_none()), "{release}");
    }
}

#[test]
fn what_is_torn_is_missing_and_the_rest_stays() {
    for (release, wide) in BUILDS {
        let mut net = Net::new(release, wide);
        let at = usual(&mut net);
        let (l, wild) = (net.layout, net.kit.at(0x700_0000));
        // An owner that is no process; a local address that leads nowhere; ports that are not there.
        net.kit.word(at[0] + u64::from(l.listener.owner), wild);
        let pair = net.kit.at(0x7f_0000);
        net.kit.put(pair, &[0; 64]);
        net.kit.word(pair, wild);
        net.kit.word(at[2] + u64::from(l.joined.addresses), pair);
        net.kit.put(at[4] + u64::from(l.datagram.port), &[0, 0]);
        let (all, lost) = net.found();
        let expected = [
            "Tcp 0.0.0.0 135 > - - LISTENING None",
            USUAL[1],
            "Tcp - 49700 > - 443 ESTABLISHED Some(420)",
            USUAL[3],
            "Udp 10.0.0.7 - > - - - Some(420)",
            USUAL[5],
        ];
        let mut lines = lines(&all);
        lines.sort();
        let mut expected = expected.map(str::to_owned);
        expected.sort();
        assert_eq!(lines, expected, "{release} {wide}");
        assert!(lost.is_empty(), "{lost:?}");
    }
}

#[test]
fn structures_that_lead_to_themselves_or_nowhere_are_no_endpoints() {
    for (release, wide) in BUILDS {
        let mut net = Net::new(release, wide);
        for tag in [b"TcpL", b"TcpE", b"TTcb", b"UdpA"] {
            for fill in 0..4u64 {
                let at = net.block(tag, 0x380);
                let values = [at, u64::MAX, 0, net.shell()];
                for offset in (0..0x380).step_by(net.kit.width() as usize) {
                    net.kit.word(at + offset, values[fill as usize]);
                }
            }
        }
        let (all, lost) = net.found();
        assert!(all.is_empty(), "{release}: {:?}", lines(&all));
        assert_eq!(lost.len(), 3, "{release}: {lost:?}");
        assert!(lost[1].contains("8 blocks of the pool have the tag TcpE"), "{lost:?}");
    }
}

#[test]
fn remnants_are_shown_as_such_and_only_where_all_is_right() {
    for (release, wide) in BUILDS {
        let mut net = Net::new(release, wide);
        let at = usual(&mut net);
        let gone = net.joined(("10.0.0.7", 49888), ("203.0.113.5", 4444), 4);
        let half = net.joined(("10.0.0.7", 49999), ("203.0.113.5", 4444), 4);
        net.free(gone);
        net.free(half);
        net.kit.word(half + u64::from(net.layout.joined.owner), 0);
        let (all, _) = net.found();
        let freed: Vec<_> = all.iter().filter(|e| e.freed).collect();
        assert_eq!(
            lines(&freed.iter().map(|e| (*e).clone()).collect::<Vec<_>>()),
            ["Tcp 10.0.0.7 49888 > 203.0.113.5 4444 ESTABLISHED Some(420)"]
        );
        assert_eq!(all.len(), at.len() + 1, "{release}");
    }
}

#[test]
fn a_member_behind_the_blocks_end_is_none() {
    // The port of this layout lies where the next block has its header in another.
    let layout = WIDE.iter().find(|l| l.build == 15063).unwrap();
    let mut net = Net::with("10.0.19041", *layout);
    let at = net.bound(true, None, 123, false);
    net.kit.put(at - 16 + 2, &[0xb, 2]);
    net.kit.put(at + 0xa0, &[0, 0xb, 2, 2]);
    assert_eq!(lines(&net.found().0), ["Udp 0.0.0.0 123 > - - - Some(420)"]);
}

#[test]
fn endpoints_of_windows_xp() {
    for (release, wide, bound, joined) in [
        ("5.1.2600", false, [0x2c, 0x30, 0x32, 0x148, 0x158], [0x0c, 0x10, 0x14, 0x16, 0x18]),
        ("5.2.3790", false, [0x30, 0x34, 0x36, 0x14c, 0x158], [0x0c, 0x10, 0x14, 0x16, 0x18]),
        ("5.2.3790", true, [0x58, 0x5c, 0x5e, 0x238, 0x248], [0x14, 0x18, 0x1c, 0x1e, 0x20]),
    ] {
        let mut net = Net::new(release, wide);
        let at = net.block(b"TCPA", 0x260);
        net.kit.put(at + bound[0], &[10, 0, 0, 7]);
        net.kit.put(at + bound[1], &137u16.to_be_bytes());
        net.kit.put(at + bound[2], &[17, 0]);
        net.kit.put(at + bound[3], &0x1a4u32.to_le_bytes());
        net.kit.put(at + bound[4], &CREATED.to_le_bytes());
        let at = net.block(b"TCPT", 0x40);
        net.kit.put(at + joined[0], &[192, 0, 2, 9]);
        net.kit.put(at + joined[1], &[10, 0, 0, 7]);
        net.kit.put(at + joined[2], &[80u16.to_be_bytes(), 1025u16.to_be_bytes()].concat());
        net.kit.put(at + joined[4], &0x1a4u32.to_le_bytes());
        // A tag alone, and one with an id that nobody has.
        net.block(b"TCPA", 0x260);
        net.block(b"TCPT", 0x40);
        let (all, lost) = net.found();
        assert_eq!(
            lines(&all),
            ["Tcp 10.0.0.7 1025 > 192.0.2.9 80 - Some(420)", "Udp 10.0.0.7 137 > - - - Some(420)"],
            "{release}"
        );
        assert!(lost.is_empty() && all[1].created.is_some());
    }
}

#[test]
fn more_tags_than_can_be_true_end_the_search_and_are_said() {
    let mut net = Net::new("10.0.19041", true);
    let page: Vec<u8> = b"\0\0\x02\x02TcpE\0\0\0\0\0\0\0\0".repeat(256);
    for i in 0..64 {
        let at = net.kit.at(0x100_0000 + i * 4096);
        net.kit.put(at, &page);
    }
    let (all, lost) = net.found();
    assert!(all.is_empty());
    assert_eq!(lost, ["16384 blocks of the pool have the tag TcpE, and no known layout of TCP connections fits one of them"]);
}

impl Net {
    /// tcpip.sys, whose data points to these.
    fn tcpip(&mut self, variables: &[u64]) {
        let (head, entry, base) = (self.kit.at(DRIVERS), self.kit.at(DRIVERS + 0x800), self.kit.at(TCPIP));
        let o = self.kit.o.driver;
        self.kit.put(entry, &[0; 0x200]);
        self.kit.ring(&[head, entry + o.links.unwrap().offset as u64]);
        self.kit.set(entry, o.base, base);
        self.kit.put(entry + o.size.unwrap().offset as u64, &0x3000u32.to_le_bytes());
        let name = entry + o.name.unwrap().offset as u64;
        self.kit.unicode(name, "tcpip.sys");
        self.kit.put(base, &[0; 0x3000]);
        for (i, at) in variables.iter().enumerate() {
            self.kit.word(base + 0x2000 + 64 * i as u64, *at);
        }
    }

    /// A pool of ports, at a place of its own, that leads to these endpoints.
    fn pool(&mut self, place: u64, next: u64, endpoints: &[(u64, u16)]) -> u64 {
        let at = self.kit.at(TABLES + place);
        let ports = self.layout.ports.unwrap();
        let width = self.kit.width();
        self.kit.put(at, &[0; 0x1000]);
        let (bits, part, entries) = (at + 0x1000, at + 0x4000, at + 0x5000);
        self.kit.put(bits, &[0; 0x2000]);
        self.kit.put(entries, &[0; 0x2000]);
        self.kit.word(at + u64::from(ports.bitmap), 0x1_0000);
        self.kit.word(at + u64::from(ports.bitmap) + width, bits);
        let mut map = vec![0u8; 0x2000];
        for (n, (_, port)) in endpoints.iter().enumerate() {
            map[usize::from(port / 8)] |= 1 << (port % 8);
            // A part for each group of ports that is used, all with the same entries.
            self.kit.put(part + 64 * n as u64, &[0; 64]);
            self.kit.word(at + u64::from(ports.parts) + u64::from(port >> 8) * width, part);
        }
        self.kit.put(bits, &map);
        self.kit.word(part + u64::from(ports.entries), entries);
        for (endpoint, port) in endpoints {
            let entry = entries + u64::from(port & 0xff) * u64::from(ports.size) + u64::from(ports.entry);
            // Those of one port hang together; the lowest bits are flags.
            let first = self.kit.pages_word(entry);
            self.kit.word(endpoint + next, first);
            self.kit.word(entry, (endpoint + next) | 1);
        }
        at
    }

    /// A partition with a hash table in which these nodes are.
    fn partition(&mut self, nodes: &[u64]) -> u64 {
        let (at, table, buckets) = (TABLES + 0x2_0000, TABLES + 0x2_1000, TABLES + 0x2_2000);
        let [at, table, buckets] = [at, table, buckets].map(|o| self.kit.at(o));
        let width = self.kit.width();
        self.kit.put(at, &[0; 0x1000]);
        self.kit.put(table, &[0; 0x100]);
        self.kit.word(at + width, table);
        for (i, n) in [0u32, 25, 128, 0, 127, nodes.len() as u32, 1, 0].into_iter().enumerate() {
            self.kit.put(table + 4 * i as u64, &n.to_le_bytes());
        }
        self.kit.word(table + 0x20, buckets);
        for i in 0..128 {
            self.kit.ring(&[buckets + i * 2 * width]);
        }
        let ring: Vec<u64> = std::iter::once(buckets + 14 * width).chain(nodes.iter().copied()).collect();
        self.kit.ring(&ring);
        at
    }
}

/// Builds of which the pool of ports is known.
const WITH_PORTS: [(&str, bool); 4] = [("6.1.7601", false), ("6.1.7601", true), ("10.0.15063", true), ("10.0.19041", true)];

/// Endpoints, and tables that lead to them.
fn tabled(release: &str, wide: bool) -> (Net, Vec<u64>) {
    let mut net = Net::new(release, wide);
    let at = usual(&mut net);
    let [tcp, udp] = [net.layout.listener.next, net.layout.datagram.next].map(|n| u64::from(n.unwrap()));
    let other = net.bound(false, Some("10.0.0.7"), 135, false);
    let tcp = net.pool(0, tcp, &[(at[0], 135), (other, 135), (at[1], 445)]);
    let udp = net.pool(0x1_0000, udp, &[(at[4], 137), (at[5], 5355)]);
    let node = if wide { 0x28 } else { 0x14 };
    let partition = net.partition(&[at[2] + node, at[3] + node]);
    net.tcpip(&[udp, tcp, partition]);
    (net, at)
}

#[test]
fn the_drivers_own_tables_lead_to_the_same_endpoints() {
    for (release, wide) in WITH_PORTS {
        let (net, _) = tabled(release, wide);
        let (all, lost) = net.found();
        assert_eq!(all.len(), 7, "{release} {wide}");
        assert!(all.iter().all(|e| e.listed == Some(true)), "{release} {wide}: {all:#?}");
        assert!(lost.is_empty());
    }
}

#[test]
fn what_the_tables_do_not_lead_to_is_said_and_what_has_no_tag_is_found() {
    for (release, wide) in WITH_PORTS {
        let (mut net, at) = tabled(release, wide);
        let hidden = net.joined(("10.0.0.7", 49999), ("203.0.113.5", 4444), 4);
        let listener = net.bound(false, Some("0.0.0.0"), 31337, false);
        for wiped in [at[1], at[2], at[4]] {
            net.kit.put(wiped - 2 * net.kit.width() + 4, b"None");
        }
        let (all, _) = net.found();
        assert_eq!(all.len(), 9, "{release} {wide}: {:#?}", lines(&all));
        let unlisted: Vec<u64> = all.iter().filter(|e| e.listed == Some(false)).map(|e| e.address.value() as u64).collect();
        assert_eq!(unlisted, [listener, hidden], "{release} {wide}");
    }
}

#[test]
fn tables_that_run_in_circles_or_lead_elsewhere_end() {
    for (release, wide) in WITH_PORTS {
        let (mut net, at) = tabled(release, wide);
        let (next, node) = (u64::from(net.layout.datagram.next.unwrap()), if wide { 0x28 } else { 0x14 });
        // A list of one port that leads back to itself, a bucket whose list leads into another's middle, and one that leads nowhere.
        net.kit.word(at[4] + next, at[4] + next);
        net.kit.word(at[2] + node, at[2] + node);
        let nowhere = net.kit.at(0x7ff_0000);
        let bucket = net.kit.at(TABLES + 0x2_2000);
        net.kit.word(bucket, nowhere);
        let (all, _) = net.found();
        assert_eq!(all.len(), 7, "{release} {wide}");
        // A part is missing: what is not reached is not said to be hidden.
        assert!(all.iter().all(|e| e.listed != Some(false)), "{release} {wide}");
        if wide {
            continue;
        }
        // A pool that says that all ports are used, with parts that are the pool.
        let pool = net.kit.at(TABLES);
        net.kit.put(pool + 0x1000, &[0xff; 0x2000]);
        let width = net.kit.width();
        for i in 0..256 {
            net.kit.word(pool + u64::from(net.layout.ports.unwrap().parts) + i * width, pool);
        }
        assert_eq!(net.found().0.len(), 7, "{release} {wide}");
    }
}

#[test]
fn whatever_is_overwritten_it_ends_and_says_what_is_sound() {
    for (release, wide) in [("6.1.7601", false), ("10.0.19041", true)] {
        let (net, _) = tabled(release, wide);
        let width = net.kit.width();
        let interesting: Vec<u64> = (0..64).map(|i| net.kit.at(POOL + i * 0x200)).chain([0, u64::MAX, 0x1_0000]).collect();
        let mut state = 0x1234_5678_9abc_def1u64;
        let mut random = |below: u64| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state % below
        };
        for _ in 0..24 {
            let (mut torn, _) = tabled(release, wide);
            for _ in 0..8 {
                // In a block of the pool, in tcpip.sys's data, or in its tables.
                let base = [POOL + random(40) * ROOM, TCPIP + 0x2000, TABLES + random(0x23) * 0x1000][random(3) as usize];
                let at = torn.kit.at(base + random(0x400 / width) * width);
                torn.kit.word(at, interesting[random(interesting.len() as u64) as usize]);
            }
            for e in torn.found().0 {
                assert!(e.owner.is_some() || e.local.address.is_some() && e.local.port.is_some(), "{release}: {e:?}");
                assert!(e.owner.is_none_or(|o| [4, 0x1a4].contains(&o.pid)), "{release}");
            }
        }
    }
}
