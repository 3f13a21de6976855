//! An endpoint, read as one of the layouts has it, with what speaks for it.

use super::layouts::{self, Bound, Joined, Layout};
use super::{End, Endpoint, Owners, Protocol};
use crate::engine::ViewExt;
use crate::os::windows::base::kernel::{Kernel, Reader};
use crate::os::windows::base::offsets::Member;
use crate::os::windows::base::time::from_filetime;
use crate::os::windows::find::shared;
use memsh_plugin::{UnixNanos, VirtAddr, umem};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// `AF_INET` and `AF_INET6` of ws2def.h.
const V4: u16 = 2;
const V6: u16 = 23;
/// 1990, in nanoseconds since 1970: before Windows had this.
const EARLIEST: UnixNanos = 631_152_000_000_000_000;
/// 2100.
const LATEST: UnixNanos = 4_102_444_800_000_000_000;
/// A clock that was set back leaves times that are later than now.
const SLACK: UnixNanos = 86_400_000_000_000;
/// Where no layout has it, the time lies behind the owner, no further than this in bytes: so it does in every build that is known.
const BEHIND_OWNER: umem = 0x20;

/// What is needed to read endpoints.
pub(super) struct Reading<'k> {
    pub(super) kernel: &'k Kernel,
    pub(super) owners: &'k Owners<'k>,
    pub(super) clock: Clock,
}

/// What was read, and what speaks for it.
#[derive(Clone, Debug)]
pub(super) struct Read {
    pub(super) endpoint: Endpoint,
    /// Its family is one, its addresses can be read, its ports are none that can't be, its state is one.
    pub(super) makes_sense: bool,
    /// And its owner is a process.
    pub(super) sure: bool,
}

fn member(offset: u16) -> Option<Member> {
    Some(Member { offset: umem::from(offset), bits: None })
}

/// An address that something leads to.
enum Address {
    /// There is nothing that leads there.
    None,
    /// This one.
    Is(IpAddr),
    /// It can't be read.
    Torn,
}

impl Address {
    fn get(&self) -> Option<IpAddr> {
        match self {
            Address::Is(ip) => Some(*ip),
            _ => None,
        }
    }
}

fn unspecified(v6: bool) -> IpAddr {
    if v6 { IpAddr::V6(Ipv6Addr::UNSPECIFIED) } else { IpAddr::V4(Ipv4Addr::UNSPECIFIED) }
}

/// The clock of the machine.
pub(super) struct Clock {
    last: UnixNanos,
}

impl Clock {
    pub(super) fn of(kernel: &Kernel) -> Self {
        let now = shared::read(&kernel.space, kernel.shared_data).and_then(|s| from_filetime(s.system_time));
        Self { last: now.filter(|t| *t > EARLIEST).map_or(LATEST, |now| now.saturating_add(SLACK)) }
    }

    /// A time that can be: of clocks, and not later than the image.
    pub(super) fn moment(&self, ticks: Option<u64>) -> Option<UnixNanos> {
        from_filetime(ticks?).filter(|t| (EARLIEST..=self.last).contains(t))
    }
}

impl Reading<'_> {
    fn reader(&self) -> Reader<'_> {
        self.kernel.reader()
    }

    /// Whether it is an endpoint of IPv6, by the number of its family; none where that is neither.
    pub(super) fn is_v6(&self, at: VirtAddr, family: u16, layout: &Layout) -> Option<bool> {
        let reader = self.reader();
        let inet_af = reader.ptr_at(at, member(family)).filter(|&p| reader.plausible(p))?;
        match reader.u16_at(inet_af, member(layout.inet_af))? {
            V4 => Some(false),
            V6 => Some(true),
            _ => None,
        }
    }

    fn port(&self, at: VirtAddr, offset: u16) -> Option<u16> {
        self.reader().u16_at(at, member(offset)).map(u16::swap_bytes)
    }

    /// The bytes at `at`, where something points.
    fn bytes(&self, at: Option<VirtAddr>, v6: bool) -> Address {
        // Addresses are aligned to nothing.
        let Some(at) = at.filter(|a| self.reader().plausible(a.wrapping_sub(a.value() & 7))) else { return Address::Torn };
        let space = &self.kernel.space;
        let read = match v6 {
            true => {
                let mut bytes = [0; 16];
                space.read_exact(at, &mut bytes).ok().map(|()| IpAddr::V6(Ipv6Addr::from(bytes)))
            }
            false => {
                let mut bytes = [0; 4];
                space.read_exact(at, &mut bytes).ok().map(|()| IpAddr::V4(Ipv4Addr::from(bytes)))
            }
        };
        read.map_or(Address::Torn, Address::Is)
    }

    /// The address that the structure at `at` leads to: over a pointer `straight`, or over a pointer at its end to a pointer.
    fn local(&self, at: Option<VirtAddr>, layout: &Layout, straight: bool, v6: bool) -> Address {
        let reader = self.reader();
        let Some(at) = at else { return Address::None };
        if !reader.plausible(at) {
            return Address::Torn;
        }
        let inner = match straight {
            true => Some(at),
            false => reader.ptr_at(at, member(layout.local)).filter(|&p| reader.plausible(p)),
        };
        self.bytes(inner.and_then(|p| reader.ptr(p)), v6)
    }

    /// A pointer; none where it is null, and an inner none where it can't be read.
    fn pointer(&self, at: VirtAddr, offset: u16) -> Option<Option<VirtAddr>> {
        let value = self.reader().ptr(at.wrapping_add(umem::from(offset)))?;
        Some(Some(value).filter(|p| !p.is_null()))
    }

    fn created(&self, at: VirtAddr, created: u16, owner: u16) -> Option<UnixNanos> {
        let reader = self.reader();
        let said = self.clock.moment(reader.u64_at(at, member(created)));
        said.or_else(|| {
            let step = if self.kernel.wide() { 8 } else { 4 };
            let places = (step..=BEHIND_OWNER).step_by(step.try_into().ok()?);
            let near = |back: umem| self.kernel.space.read_u64(at.wrapping_add(umem::from(owner)).wrapping_add(back)).ok();
            let mut times = places.filter_map(|back| self.clock.moment(near(back)));
            // Two would be a guess.
            times.next().filter(|_| times.next().is_none())
        })
    }

    /// A listener, or a UDP endpoint.
    pub(super) fn bound(&self, at: VirtAddr, m: &Bound, layout: &Layout, udp: bool) -> Option<Read> {
        let v6 = self.is_v6(at, m.family, layout)?;
        let owner = self.reader().ptr_at(at, member(m.owner)).and_then(|p| self.owners.at(p));
        let straight = udp && layout.straight;
        let address = match self.pointer(at, m.address) {
            Some(pointer) => self.local(pointer, layout, straight, v6),
            None => Address::Torn,
        };
        let port = self.port(at, m.port).filter(|&p| p != 0);
        let makes_sense = !matches!(address, Address::Torn) && port.is_some();
        let address = match address {
            Address::None => Some(unspecified(v6)),
            other => other.get(),
        };
        let sure = makes_sense && owner.is_some();
        let endpoint = Endpoint {
            protocol: if udp { Protocol::Udp } else { Protocol::Tcp },
            v6,
            local: End { address, port },
            remote: End::default(),
            state: (!udp).then_some("LISTENING"),
            owner,
            created: self.created(at, m.created, m.owner),
            freed: false,
            listed: None,
            address: at,
        };
        Some(Read { endpoint, makes_sense, sure })
    }

    /// A connection.
    pub(super) fn joined(&self, at: VirtAddr, m: &Joined, layout: &Layout) -> Option<Read> {
        let reader = self.reader();
        let v6 = self.is_v6(at, m.family, layout)?;
        let owner = reader.ptr_at(at, member(m.owner)).and_then(|p| self.owners.at(p));
        let state = reader.u32_at(at, member(m.state)).and_then(layouts::state);
        let addresses = reader.ptr_at(at, member(m.addresses)).filter(|&p| reader.plausible(p));
        let local = addresses.and_then(|a| reader.ptr(a)).filter(|p| !p.is_null());
        let local = self.local(local, layout, false, v6).get();
        let remote = self.bytes(addresses.and_then(|a| reader.ptr_at(a, member(layout.remote))), v6).get();
        let [own, other] = [m.port, m.port + 2].map(|o| self.port(at, o).filter(|&p| p != 0));
        // What is made and not bound yet, or over, has lost one or the other.
        let makes_sense = state.is_some() && own.is_some() && other.is_some() && local.is_some() && remote.is_some();
        let endpoint = Endpoint {
            protocol: Protocol::Tcp,
            v6,
            local: End { address: local, port: own },
            remote: End { address: remote, port: other },
            state,
            created: self.created(at, m.created, m.owner),
            freed: false,
            listed: None,
            address: at,
            owner,
        };
        let sure = makes_sense && endpoint.owner.is_some();
        Some(Read { endpoint, makes_sense, sure })
    }
}
