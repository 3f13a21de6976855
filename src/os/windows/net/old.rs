//! Endpoints of Windows XP and Server 2003: `_ADDRESS_OBJECT` and `_TCPT_OBJECT` of their tcpip.sys, which knows IPv4 alone.
//!
//! The offsets are facts that were published with Volatility 2 (tcpip_vtypes, Volatility Foundation).

use super::read::Clock;
use super::{End, Endpoint, Found, Owners, Protocol};
use crate::engine::search::Options;
use crate::os::lost::Lost;
use crate::os::windows::base::kernel::Kernel;
use crate::os::windows::base::offsets::Member;
use crate::os::windows::pool::{self, header_bytes};
use memsh_plugin::{VirtAddr, umem};
use std::net::{IpAddr, Ipv4Addr};

const ADDRESS: [u8; 4] = *b"TCPA";
const CONNECTION: [u8; 4] = *b"TCPT";
/// The build of Server 2003.
const SERVER: u32 = 3790;
/// Ids are multiples of four, and none is larger (see the census).
const HIGHEST: u32 = 1 << 28;

/// An address object: address, port, protocol, process, time of its creation, in bytes from its beginning.
type Bound = [u16; 5];
/// A connection: the other's address, its own, the other's port, its own, process.
type Joined = [u16; 5];

/// XP and Server 2003 without a service pack; Server 2003 with one; both on x86-64.
const BOUND: [Bound; 3] = [[0x2c, 0x30, 0x32, 0x148, 0x158], [0x30, 0x34, 0x36, 0x14c, 0x158], [0x58, 0x5c, 0x5e, 0x238, 0x248]];
const JOINED: [Joined; 2] = [[0x0c, 0x10, 0x14, 0x16, 0x18], [0x14, 0x18, 0x1c, 0x1e, 0x20]];

fn member(offset: u16) -> Option<Member> {
    Some(Member { offset: umem::from(offset), bits: None })
}

fn port(kernel: &Kernel, at: VirtAddr, offset: u16) -> Option<u16> {
    kernel.reader().u16_at(at, member(offset)).map(u16::swap_bytes).filter(|&p| p != 0)
}

fn address(kernel: &Kernel, at: VirtAddr, offset: u16) -> Option<IpAddr> {
    kernel.reader().bytes_at::<4>(at, member(offset)).map(|b| IpAddr::V4(Ipv4Addr::from(b)))
}

fn pid(kernel: &Kernel, at: VirtAddr, offset: u16) -> Option<u32> {
    kernel.reader().u32_at(at, member(offset)).filter(|&p| p > 0 && p < HIGHEST && p.is_multiple_of(4))
}

fn bound(
    kernel: &Kernel,
    owners: &Owners<'_>,
    clock: &Clock,
    at: VirtAddr,
    [ip, own, protocol, process, time]: Bound,
) -> Option<Endpoint> {
    let reader = kernel.reader();
    let protocol = match reader.u16_at(at, member(protocol))? {
        6 => Protocol::Tcp,
        17 => Protocol::Udp,
        n @ 1..=255 => Protocol::Raw(n),
        _ => return None,
    };
    Some(Endpoint {
        protocol,
        v6: false,
        local: End { address: Some(address(kernel, at, ip)?), port: port(kernel, at, own) },
        remote: End::default(),
        // Listeners and the own ends of connections look alike.
        state: None,
        owner: Some(owners.of_pid(pid(kernel, at, process)?)),
        created: Some(clock.moment(reader.u64_at(at, member(time)))?),
        freed: false,
        listed: None,
        address: at,
    })
}

fn joined(kernel: &Kernel, owners: &Owners<'_>, at: VirtAddr, [far, near, other, own, process]: Joined) -> Option<Endpoint> {
    let owner = owners.of_pid(pid(kernel, at, process)?);
    // The ports of a connection are set, and so is who it is to. There is no more to tell it by.
    owner.name.as_ref()?;
    let remote = End { address: Some(address(kernel, at, far)?), port: Some(port(kernel, at, other)?) };
    let local = End { address: Some(address(kernel, at, near)?), port: Some(port(kernel, at, own)?) };
    (remote.address != Some(IpAddr::V4(Ipv4Addr::UNSPECIFIED))).then_some(Endpoint {
        protocol: Protocol::Tcp,
        v6: false,
        local,
        remote,
        state: None,
        owner: Some(owner),
        created: None,
        freed: false,
        listed: None,
        address: at,
    })
}

/// Every address object and connection in the pool.
pub(super) fn endpoints(kernel: &Kernel, options: &Options<'_>, lost: &mut Lost) -> Found {
    let (owners, clock) = (Owners::new(kernel), Clock::of(kernel));
    let blocks = pool::blocks(kernel, &[ADDRESS, CONNECTION], options, lost);
    let first = header_bytes(kernel);
    let at = |b: &pool::Block| b.places.first().map(|p| p.wrapping_add(first));
    let [xp, server, wide] = BOUND;
    // Where both explain as many, the last one is taken: the build's own.
    let candidates: &[Bound] = match (kernel.wide(), kernel.build.number < SERVER) {
        (true, _) => &[wide],
        (false, true) => &[server, xp],
        (false, false) => &[xp, server],
    };
    let of = |layout: &Bound| -> Vec<Endpoint> {
        let all = blocks.iter().filter(|b| b.tag == ADDRESS);
        let one = |b: &pool::Block| Some(Endpoint { freed: b.freed, ..bound(kernel, &owners, &clock, at(b)?, *layout)? });
        all.filter_map(one).collect()
    };
    let bound = candidates.iter().map(of).max_by_key(Vec::len).unwrap_or_default();
    let [narrow, wide] = JOINED;
    let layout = if kernel.wide() { wide } else { narrow };
    let all = blocks.iter().filter(|b| b.tag == CONNECTION);
    let one = |b: &pool::Block| Some(Endpoint { freed: b.freed, ..joined(kernel, &owners, at(b)?, layout)? });
    let joined: Vec<Endpoint> = all.filter_map(one).collect();
    let evidence = vec![format!("{} address objects and {} connections of Windows XP's layout", bound.len(), joined.len())];
    Found { endpoints: bound.into_iter().chain(joined).collect(), evidence }
}
