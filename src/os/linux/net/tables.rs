//! The protocols' tables of sockets: where the kernel itself looks a socket up.

use super::netns::Namespaces;
use super::shapes::*;
use crate::engine::{ViewExt, index, to_u64, to_umem};
use crate::os::linux::base::kernel::Kernel;
use crate::os::linux::base::layout::{Block, Member, Shape, offset_of};
use crate::os::linux::base::lost::Lost;
use crate::os::linux::containers::list::Chains;
use memsh_plugin::{VirtAddr, umem};
use std::collections::HashSet;

/// No table has more buckets: `thash_entries` is at most 2^24 or so on the largest machines, 2^19 by default.
const BUCKETS: u64 = 1 << 24;
/// `UNIX_HASH_SIZE` (include/net/af_unix.h): 256 buckets for what is bound, as many for what is not.
const UNIX_BUCKETS: u64 = 512;
/// `MAX_LINKS` (include/uapi/linux/netlink.h).
const NETLINK_PROTOCOLS: u64 = 32;
/// `RAWV6_HTABLE_SIZE`, `RAW_HTABLE_SIZE` (include/net/raw.h) and `PING_HTABLE_SIZE` (include/net/ping.h) are 256 and 64; the
/// type says which, and this is the limit.
const SMALL: u64 = 4096;
/// A table that is being moved has one successor, which may have one in turn.
const MOVES: usize = 8;

/// A chain of a table, as candidates for sockets, in order. What follows a wrong one is no part of the table.
pub struct Chain {
    /// Which table, for sentences.
    pub what: &'static str,
    /// Addresses of the `sock`s.
    pub socks: Vec<VirtAddr>,
}

/// All chains of all tables that have entries.
pub fn chains(kernel: &Kernel, namespaces: &Namespaces, lost: &mut Lost) -> Vec<Chain> {
    let mut walk =
        Walk { kernel, node: offset_of(kernel.shape::<SockShape>().node), chains: Chains::default(), out: Vec::new(), lost };
    walk.tcp(namespaces);
    walk.udp(namespaces);
    for (symbol, what) in [("raw_v4_hashinfo", "table of raw IPv4 sockets"), ("raw_v6_hashinfo", "table of raw IPv6 sockets")] {
        walk.embedded(symbol, what, kernel.shape::<RawTableShape>().heads);
    }
    walk.embedded("ping_table", "table of ICMP sockets", kernel.shape::<PingTableShape>().heads);
    walk.unix(namespaces);
    walk.packet(namespaces);
    walk.netlink();
    walk.out
}

struct Walk<'a> {
    kernel: &'a Kernel,
    /// Where in a `sock` the tables' links lie.
    node: Option<umem>,
    /// Of all tables: a link is on one chain, whichever table has it.
    chains: Chains,
    out: Vec<Chain>,
    lost: &'a mut Lost,
}

impl Walk<'_> {
    fn word(&self) -> u64 {
        u64::from(self.kernel.view().view_metadata().pointer_size.max(1))
    }

    /// The chains of the `count` heads from `array` on, `stride` bytes from one to the next, linked by what lies at `node`.
    fn table(&mut self, what: &'static str, array: VirtAddr, count: u64, stride: u64, node: Option<umem>) {
        let Some(node) = node else { return };
        let view = self.kernel.view();
        for head in heads(self.kernel, what, array, count, stride, self.lost) {
            let nodes = self.chains.nodes(view, head, what, self.lost);
            if !nodes.is_empty() {
                self.out.push(Chain { what, socks: nodes.into_iter().map(|n| n.wrapping_sub(node)).collect() });
            }
        }
    }

    /// A table whose structure stands at a symbol and holds the heads itself.
    fn embedded(&mut self, symbol: &str, what: &'static str, heads: Option<Member>) {
        if let (Some(at), Some(heads)) = (self.kernel.address(symbol), heads) {
            let word = self.word();
            self.table(what, at.wrapping_add(umem::from(heads.offset)), (heads.size / word).min(SMALL), word, self.node);
        }
    }

    fn tcp(&mut self, namespaces: &Namespaces) {
        let net = self.kernel.shape::<NetShape>();
        let mut infos: Vec<VirtAddr> = self.kernel.address("tcp_hashinfo").into_iter().collect();
        infos.extend(self.kernel.address("dccp_hashinfo"));
        infos.extend(namespaces.all().iter().filter_map(|at| net.read(self.kernel.view(), *at).ptr(net.tcp)));
        let shape = self.kernel.shape::<HashInfoShape>();
        if shape.established.is_none() {
            self.lost.push("the tables of TCP are not known: no type inet_hashinfo");
        }
        for at in unique(infos) {
            let Some(info) = shape.read_or(self.kernel.view(), at, self.lost) else { continue };
            self.established(&info, &shape);
            self.listening(&info, &shape);
        }
    }

    fn established(&mut self, info: &Block, shape: &HashInfoShape) {
        let (bucket, strides) = (self.kernel.shape::<EstablishedBucketShape>(), self.kernel.shape::<Strides>());
        let (array, mask) = (info.ptr(shape.established), info.uint(shape.established_mask));
        if let (Some(array), Some(mask), Some(head), Some(stride)) = (array, mask, offset_of(bucket.head), strides.established) {
            self.table("table of TCP connections", array.wrapping_add(head), mask.saturating_add(1), stride, self.node);
        }
    }

    fn listening(&mut self, info: &Block, shape: &HashInfoShape) {
        const WHAT: &str = "table of TCP listeners";
        let (bucket, strides) = (self.kernel.shape::<ListenBucketShape>(), self.kernel.shape::<Strides>());
        let (Some(head), Some(stride)) = (offset_of(bucket.head), strides.listen.filter(|&s| s > 0)) else { return };
        if let (Some(array), Some(mask)) = (info.ptr(shape.listening2), info.uint(shape.listening2_mask)) {
            let node = offset_of(self.kernel.shape::<ConnectionShape>().listen_node).or(self.node);
            self.table(WHAT, array.wrapping_add(head), mask.saturating_add(1), stride, node);
        }
        if let (Some(array), Some(member)) = (info.at(shape.listening), shape.listening) {
            self.table(WHAT, array.wrapping_add(head), (member.size / stride).min(SMALL), stride, self.node);
        }
    }

    fn udp(&mut self, namespaces: &Namespaces) {
        let net = self.kernel.shape::<NetShape>();
        let mut tables: Vec<VirtAddr> = ["udp_table", "udplite_table"].iter().filter_map(|s| self.kernel.address(s)).collect();
        tables.extend(namespaces.all().iter().filter_map(|at| net.read(self.kernel.view(), *at).ptr(net.udp)));
        let (shape, slot) = (self.kernel.shape::<UdpTableShape>(), self.kernel.shape::<UdpSlotShape>());
        for at in unique(tables) {
            let Some(table) = shape.read_or(self.kernel.view(), at, self.lost) else { continue };
            let (array, mask) = (table.ptr(shape.slots), table.uint(shape.mask));
            let (head, stride) = (offset_of(slot.head), self.kernel.shape::<Strides>().udp);
            if let (Some(array), Some(mask), Some(head), Some(stride)) = (array, mask, head, stride) {
                self.table("table of UDP sockets", array.wrapping_add(head), mask.saturating_add(1), stride, self.node);
            }
        }
    }

    fn unix(&mut self, namespaces: &Namespaces) {
        const WHAT: &str = "table of UNIX sockets";
        let (net, word) = (self.kernel.shape::<NetShape>(), self.word());
        // Up to 5.18 one table for all namespaces, then one for each.
        if let Some(array) = self.kernel.address("unix_socket_table") {
            self.table(WHAT, array, UNIX_BUCKETS, word, self.node);
        }
        for at in namespaces.all() {
            if let Some(array) = net.read(self.kernel.view(), *at).ptr(net.unix) {
                self.table(WHAT, array, UNIX_BUCKETS, word, self.node);
            }
        }
    }

    fn packet(&mut self, namespaces: &Namespaces) {
        let (net, word) = (self.kernel.shape::<NetShape>(), self.word());
        for at in namespaces.all() {
            if let Some(offset) = offset_of(net.packet) {
                self.table("list of packet sockets", at.wrapping_add(offset), 1, word, self.node);
            }
        }
    }

    fn netlink(&mut self) {
        let (shape, strides) = (self.kernel.shape::<NetlinkTableShape>(), self.kernel.shape::<Strides>());
        let (Some(symbol), Some(stride)) = (self.kernel.address("nl_table"), strides.netlink) else { return };
        let Ok(first) = self.kernel.space.read_ptr(symbol) else {
            return self.lost.push(format!("the tables of netlink sockets: the pointer at {symbol} is not in the image"));
        };
        for i in 0..NETLINK_PROTOCOLS {
            let Some(at) = i.checked_mul(stride).map(|d| first.wrapping_add(umem::from(d))) else { break };
            let Some(table) = shape.read_or(self.kernel.view(), at, self.lost) else { break };
            let mut seen = HashSet::new();
            let mut buckets = table.ptr(shape.buckets);
            while let Some(at) = buckets.filter(|at| seen.insert(*at) && seen.len() <= MOVES) {
                buckets = self.buckets(at);
            }
        }
    }

    /// The buckets of an `rhashtable` (include/linux/rhashtable.h); gives those that entries are being moved to.
    fn buckets(&mut self, at: VirtAddr) -> Option<VirtAddr> {
        const WHAT: &str = "table of netlink sockets";
        let shape = self.kernel.shape::<BucketTableShape>();
        let table = shape.read_or(self.kernel.view(), at, self.lost)?;
        if table.uint(shape.nested).is_some_and(|n| n > 0) {
            self.lost.push(format!("the {WHAT} at {at} grew while memory was short; only sockets that processes hold are told"));
            return table.ptr(shape.next);
        }
        let (array, count) = (table.at(shape.buckets)?, table.uint(shape.size)?);
        let node = offset_of(self.kernel.shape::<NetlinkShape>().node)?;
        let (view, word) = (self.kernel.view(), self.word());
        for head in pointers(self.kernel, WHAT, array, count, word, self.lost) {
            // The lowest bit of a bucket is its lock (5.2); an empty one may hold an odd value that is no address.
            let first = VirtAddr::new(head.1.value() & !1);
            if head.1 != first && view.read_ptr(first).is_err() {
                continue;
            }
            if !self.chains.add(first) {
                self.lost.push(format!("the {WHAT} at {at}: the bucket at {} leads into another one's chain", head.0));
                continue;
            }
            let mut nodes = vec![first];
            nodes.extend(self.chains.nodes(view, first, WHAT, self.lost));
            self.out.push(Chain { what: WHAT, socks: nodes.into_iter().map(|n| n.wrapping_sub(node)).collect() });
        }
        table.ptr(shape.next)
    }
}

fn unique(mut all: Vec<VirtAddr>) -> Vec<VirtAddr> {
    let mut seen = HashSet::new();
    all.retain(|at| seen.insert(*at));
    all
}

/// Addresses of the heads that have a chain. An odd value ends one (`hlist_nulls_head`).
fn heads(kernel: &Kernel, what: &str, array: VirtAddr, count: u64, stride: u64, lost: &mut Lost) -> Vec<VirtAddr> {
    let all = pointers(kernel, what, array, count, stride, lost);
    all.into_iter().filter(|(_, first)| first.value() & 1 == 0).map(|(head, _)| head).collect()
}

/// The pointers that are not null among `count` that begin at `array`, `stride` bytes apart, each with where it stands. Read in
/// large pieces: a table is mostly empty.
fn pointers(kernel: &Kernel, what: &str, array: VirtAddr, count: u64, stride: u64, lost: &mut Lost) -> Vec<(VirtAddr, VirtAddr)> {
    const PIECE: u64 = 64 << 10;
    /// Pieces in a row that are not there.
    const GONE: u32 = 16;
    let meta = kernel.view().view_metadata();
    let word = usize::from(meta.pointer_size.max(1));
    let (Some(step), true) = (index(umem::from(stride)), stride >= to_word(word)) else { return Vec::new() };
    let told = count;
    let count = count.min(BUCKETS);
    if count < told {
        lost.push(format!("the {what} at {array} claims {told} buckets; the first {count} were read"));
    }
    let (mut out, mut missing, mut gone, mut first) = (Vec::new(), 0u64, 0u32, 0u64);
    let most = (PIECE / stride).max(1);
    while first < count {
        let n = most.min(count - first);
        let Some(size) = index(umem::from(n * stride)) else { break };
        let mut bytes = vec![0u8; size];
        let at = array.wrapping_add(umem::from(first * stride));
        let gaps = kernel.view().read_gaps(at, &mut bytes);
        missing += to_u64(gaps.bytes() / umem::from(stride)).unwrap_or(n);
        // Behind a wild pointer all is missing: nobody need look at all of it.
        gone = if gaps.bytes() >= to_umem(size) { gone + 1 } else { 0 };
        if gone > GONE {
            missing += count - first - n;
            break;
        }
        for (i, entry) in bytes.chunks_exact(step).enumerate() {
            let Some(head) = entry.get(..word) else { break };
            let fold = |value: u64, b: &u8| value << 8 | u64::from(*b);
            let value = if meta.little_endian { head.iter().rev().fold(0, fold) } else { head.iter().fold(0, fold) };
            if value != 0 {
                let place = at.wrapping_add(to_umem(i).saturating_mul(umem::from(stride)));
                out.push((place, VirtAddr::new(umem::from(value))));
            }
        }
        first += n;
    }
    if missing > 0 {
        lost.push(format!("the {what} at {array}: {missing} of {count} buckets are not in the image"));
    }
    out
}

fn to_word(word: usize) -> u64 {
    u64::try_from(word).unwrap_or(8)
}
