//! The tables of tcpip.sys.

use super::*;

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

#[test]
fn a_port_in_use_that_cannot_be_read_may_be_anyones() {
    for (release, wide) in WITH_PORTS {
        for (wild, expected) in [(true, None), (false, Some(false))] {
            let (mut net, _) = tabled(release, wide);
            let hidden = net.bound(false, Some("0.0.0.0"), 31337, false);
            let pool = net.kit.at(TABLES);
            // In use, and its part is nowhere, or there is none: then nothing is bound to it.
            net.kit.put(pool + 0x1000 + 31337 / 8, &[1 << (31337 % 8)]);
            let part = if wild { net.kit.at(0x7ff_0000) } else { 0 };
            let slot = pool + u64::from(net.layout.ports.unwrap().parts) + (31337 >> 8) * net.kit.width();
            net.kit.word(slot, part);
            let (all, _) = net.found();
            let found = all.iter().find(|e| e.address.value() as u64 == hidden).unwrap();
            assert_eq!(found.listed, expected, "{release} {wide}");
        }
    }
}

#[test]
fn an_endpoint_without_a_tag_is_found_though_another_shape_has_it_at_another_port() {
    let mut net = Net::new("10.0.19041", true);
    let at = [(1026, b"None"), (1027, b"TcpL"), (1028, b"TcpL")].map(|(port, tag)| {
        let at = net.bound(false, Some("10.0.0.7"), port, false);
        net.kit.put(at - 12, tag);
        (at, port)
    });
    let next = u64::from(net.layout.listener.next.unwrap());
    let pool = net.pool(0, next, &at);
    net.tcpip(&[pool]);
    // An entry of 32 bytes for port 1026 is one of 24 bytes for port 1027.
    let ports: Vec<_> = net.found().0.iter().map(|e| (e.local.port, e.listed)).collect();
    assert_eq!(ports, [1026, 1027, 1028].map(|p| (Some(p), Some(true))));
}

#[test]
fn what_is_interrupted_leads_nowhere() {
    let (net, _) = tabled("10.0.19041", true);
    let mut kernel = net.kit.kernel();
    kernel.modules = Some(VirtAddr::new(umem::from(net.kit.at(DRIVERS))));
    let all = net.found().0;
    let known: Vec<_> = all.iter().filter(|e| e.state == Some("LISTENING")).map(|e| (e.address, e.local.port)).collect();
    let meets = |interrupted| {
        let reached = super::super::tables::reached(&kernel, &AtomicBool::new(interrupted)).unwrap();
        reached.ports(net.layout.ports, &known, 8).is_some()
    };
    assert!(meets(false) && !meets(true));
}

#[test]
fn tables_made_to_keep_us_busy_end() {
    let (mut net, _) = tabled("10.0.19041", true);
    // Pages that are partitions from end to end, all with the same table, and many pointers into them.
    let (table, base) = (net.kit.at(TABLES + 0x2_1000), net.kit.at(TCPIP));
    let forged = net.kit.at(0x80_0000);
    for i in 0..0x1_0000 / 8 {
        net.kit.word(forged + 8 * i, table);
    }
    for i in 0..64 {
        net.kit.word(base + 0x1000 + 8 * i, forged + 0x40 * i);
    }
    let (all, _) = net.found();
    assert_eq!(all.len(), 7);
    assert!(all.iter().all(|e| e.listed == Some(true)));
}
