//! Blocks of the pool: network endpoints and file objects.

use super::Machine;
use super::layout::words;
use super::memory::PAGE;

/// Where one release's tcpip.sys has its members, in the order of the fields here. From Volatility 3's published tables.
pub struct Endpoints {
    /// The family's number in `INET_AF`; in a local address; the remote address in a pair.
    pub inet_af: u64,
    pub local: u64,
    pub remote: u64,
    /// Family, owner, time, address, port: of listeners and of UDP endpoints.
    pub listener: [u64; 5],
    pub datagram: [u64; 5],
    /// Whether UDP endpoints lead to their address without a structure between.
    pub straight: bool,
    /// Family, addresses, state, ports, owner, time.
    pub joined: [u64; 6],
}

pub const WINDOWS_7_X86: Endpoints = Endpoints {
    inet_af: 0xc,
    local: 0xc,
    remote: 8,
    listener: [0x38, 0x18, 0x20, 0x34, 0x3e],
    datagram: [0x14, 0x18, 0x30, 0x38, 0x48],
    straight: false,
    joined: [0xc, 0x10, 0x34, 0x38, 0x174, 0],
};

pub const WINDOWS_8_X64: Endpoints = Endpoints {
    inet_af: 0x18,
    local: 0x10,
    remote: 0x10,
    listener: [0x60, 0x28, 0x40, 0x58, 0x6a],
    datagram: [0x20, 0x28, 0x58, 0x60, 0x80],
    straight: false,
    joined: [0x10, 0x18, 0x6c, 0x70, 0x250, 0],
};

pub const WINDOWS_10_2004_X64: Endpoints = Endpoints {
    inet_af: 0x18,
    local: 0x10,
    remote: 0x10,
    listener: [0x28, 0x30, 0x40, 0x60, 0x72],
    datagram: [0x20, 0x28, 0x58, 0xa8, 0xa0],
    straight: true,
    joined: [0x10, 0x18, 0x6c, 0x70, 0x2d8, 0x2e8],
};

/// 2024-05-01 12:40:00 UTC.
pub const OPENED: u64 = 133_590_408_000_000_000;

impl Machine {
    /// A block of the pool in use, with a page of its own: what is behind it can't be taken for a part of it.
    pub fn block(&mut self, tag: &[u8; 4], bytes: u64) -> u64 {
        let header = 2 * self.layout.word();
        let page = self.pool.page(&mut self.memory);
        let at = page + PAGE / 4;
        let units = bytes.div_ceil(header) + 1;
        let both = if self.layout.wide { units | 2 << 8 } else { units | 2 << 9 } as u16;
        self.put(at + 2, &both.to_le_bytes());
        self.put(at + 4, tag);
        at + header
    }

    fn address(&mut self, bytes: &[u8], e: &Endpoints, straight: bool) -> u64 {
        let bytes = self.store(bytes);
        let inner = self.take(16);
        self.put_word(inner, bytes);
        if straight {
            return inner;
        }
        let outer = self.take(32);
        self.put_word(outer + e.local, inner);
        outer
    }

    fn family(&mut self, e: &Endpoints, bytes: &[u8]) -> u64 {
        let at = self.take(32);
        self.put(at + e.inet_af, &[if bytes.len() == 4 { 2 } else { 23 }, 0]);
        at
    }

    /// A listener or a UDP endpoint.
    pub fn bound(&mut self, e: &Endpoints, udp: bool, owner: u64, address: &[u8], port: u16) -> u64 {
        let [family, process, time, local, number] = if udp { e.datagram } else { e.listener };
        let at = self.block(if udp { b"UdpA" } else { b"TcpL" }, 0xc0);
        let (af, to) = (self.family(e, address), self.address(address, e, udp && e.straight));
        for (offset, value) in [(family, af), (process, owner), (local, to)] {
            self.put_word(at + offset, value);
        }
        self.put(at + time, &OPENED.to_le_bytes());
        self.put(at + number, &port.to_be_bytes());
        at
    }

    /// A connection.
    pub fn joined(&mut self, e: &Endpoints, owner: u64, near: (&[u8], u16), far: (&[u8], u16), state: u32) -> u64 {
        let [family, addresses, number, ports, process, time] = e.joined;
        let at = self.block(b"TcpE", 0x340);
        let (af, pair) = (self.family(e, near.0), self.take(32));
        let (local, remote) = (self.address(near.0, e, false), self.store(far.0));
        self.put_word(pair, local);
        self.put_word(pair + e.remote, remote);
        self.put(at + time, &OPENED.to_le_bytes());
        for (offset, value) in [(family, af), (addresses, pair), (process, owner)] {
            self.put_word(at + offset, value);
        }
        self.put(at + number, &state.to_le_bytes());
        self.put(at + ports, &[near.1.to_be_bytes(), far.1.to_be_bytes()].concat());
        at
    }

    /// A file object behind this many bytes of optional headers.
    pub fn file(&mut self, path: &str, optional: u64, deleted: bool) -> u64 {
        let l = std::rc::Rc::clone(&self.layout);
        let name = self.unicode(path);
        // `IO_TYPE_DEVICE`.
        let device = self.store(&[3, 0, 0, 0, 0, 0, 0, 0]);
        let mut file = l.record("_FILE_OBJECT");
        file.put("Type", &[5, 0]).put("Size", &(l.size("_FILE_OBJECT") as u16).to_le_bytes()).word("DeviceObject", device);
        file.put("FileName", &name).put("DeletePending", &[u8::from(deleted)]).put("ReadAccess", &[1]);
        // The three section pointers, of which the second leads to a cache map that knows the size.
        let cache = self.store(&[&[0xff, 2, 0, 0, 1, 0, 0, 0], &12_345u64.to_le_bytes()[..]].concat());
        let sections = self.store(&words(l.wide, &[0, cache, 0]));
        file.word("SectionObjectPointer", sections);
        let body = l.at("_OBJECT_HEADER", "Body");
        let tag = if l.build < 9200 { b"Fil\xe5" } else { b"File" };
        let at = self.block(tag, optional + body + file.bytes.len() as u64);
        self.put(at + optional + body, &file.bytes);
        at + optional + body
    }
}
