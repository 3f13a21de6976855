#![allow(clippy::unwrap_used, clippy::indexing_slicing)]
#![allow(clippy::cast_possible_truncation, clippy::unnecessary_cast, reason = "umem has 64 bits or more")]

mod tables;

use super::layouts::{Bound, Layout, NARROW, WIDE, ordered};
use super::*;
use crate::os::windows::testkit::{CREATED, Kit};
use memsh_plugin::umem;
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
        kernel.modules = Some(VirtAddr::new(umem::from(self.kit.at(DRIVERS))));
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

#[test]
fn a_layout_that_few_blocks_confirm_is_said_and_gives_no_ports_to_the_others() {
    for (release, wide) in BUILDS {
        let mut net = Net::new(release, wide);
        let wild = net.kit.at(0x700_0000);
        net.bound(false, Some("10.0.0.7"), 135, false);
        for port in [445, 31337] {
            let at = net.bound(false, None, port, false);
            net.kit.word(at + u64::from(net.layout.listener.address), wild);
        }
        let (all, lost) = net.found();
        let doubtful = "Tcp - - > - - - Some(420)";
        let mut lines = lines(&all);
        lines.sort();
        assert_eq!(lines, [doubtful, doubtful, "Tcp 10.0.0.7 135 > - - LISTENING Some(420)"], "{release} {wide}");
        assert_eq!(lost, ["the layout of TCP listeners is confirmed by only 1 of 3"], "{release} {wide}");
    }
}

#[test]
fn where_two_old_layouts_fit_as_well_the_builds_own_is_taken() {
    for (release, expected) in
        [("5.1.2600", "Udp 10.0.0.7 137 > - - - Some(420)"), ("5.2.3790", "Tcp 0.137.17.0 80 > - - - Some(4)")]
    {
        let mut net = Net::new(release, false);
        let at = net.block(b"TCPA", 0x260);
        // An address, a port and a protocol, and the same four bytes further on.
        net.kit.put(at + 0x2c, &[10, 0, 0, 7, 0, 137, 17, 0, 0, 80, 6, 0]);
        net.kit.put(at + 0x148, &[0x1a4u32.to_le_bytes(), 4u32.to_le_bytes()].concat());
        net.kit.put(at + 0x158, &CREATED.to_le_bytes());
        assert_eq!(lines(&net.found().0), [expected], "{release}");
    }
}
