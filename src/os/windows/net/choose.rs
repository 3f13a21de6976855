//! Which layout the endpoints of the image have.
//!
//! The layout of the build itself, or of the nearest known build, is a proposal. Each is held against all blocks of a kind: how many of
//! them have a family, a state, addresses, ports and an owner that is a process, all at once. The one that explains most is taken, and
//! none where it explains nothing. The end of a connection moves with every build; where all but that fits, its place is looked for.

use super::layouts::{Bound, Joined, Layout, ordered};
use super::read::{Read, Reading};
use super::tables::{Known, Reached};
use super::{End, Endpoint, Protocol};
use crate::os::windows::pool::{Block, header_bytes};
use memsh_plugin::{VirtAddr, umem};
use std::collections::HashSet;

/// Blocks that a layout is held against; each is asked a dozen reads.
const SAMPLES: usize = 512;
/// Where the owner of a connection is looked for, in bytes from its beginning.
const OWNERS: std::ops::Range<u16> = 0x80..0x480;

const LISTENER: [[u8; 4]; 1] = [*b"TcpL"];
/// Since Server 2022 connections have another tag.
const JOINED: [[u8; 4]; 2] = [*b"TcpE", *b"TTcb"];
const DATAGRAM: [[u8; 4]; 1] = [*b"UdpA"];

/// A kind of endpoint, by the tag of its pool block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Listener,
    Joined,
    Datagram,
}

impl Kind {
    pub(super) const ALL: &'static [Kind] = &[Kind::Listener, Kind::Joined, Kind::Datagram];

    /// Its tags.
    pub(super) const fn tags(self) -> &'static [[u8; 4]] {
        match self {
            Kind::Listener => &LISTENER,
            Kind::Joined => &JOINED,
            Kind::Datagram => &DATAGRAM,
        }
    }

    pub(super) const fn name(self) -> &'static str {
        match self {
            Kind::Listener => "TCP listeners",
            Kind::Joined => "TCP connections",
            Kind::Datagram => "UDP endpoints",
        }
    }
}

/// Members of one kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Members {
    Bound(Bound, bool),
    Joined(Joined),
}

/// The layout that was chosen.
#[derive(Clone, Debug)]
pub(super) struct Shape {
    layout: Layout,
    members: Members,
    /// How it was chosen.
    pub(super) evidence: String,
    /// By how many of how many it is confirmed, where those are fewer than half of the blocks in use: then it is not certain.
    pub(super) weak: Option<(usize, usize)>,
}

impl Shape {
    fn of(layout: &Layout, kind: Kind) -> Self {
        let members = match kind {
            Kind::Listener => Members::Bound(layout.listener, false),
            Kind::Datagram => Members::Bound(layout.datagram, true),
            Kind::Joined => Members::Joined(layout.joined),
        };
        Self { layout: *layout, members, evidence: format!("layout of build {}", layout.build), weak: None }
    }

    fn read_at(&self, reading: &Reading<'_>, at: VirtAddr) -> Option<Read> {
        match &self.members {
            Members::Bound(m, udp) => reading.bound(at, m, &self.layout, *udp),
            Members::Joined(m) => reading.joined(at, m, &self.layout),
        }
    }

    /// Bytes up to the end of the last member.
    fn bytes(&self, wide: bool) -> umem {
        let word = if wide { 8 } else { 4 };
        let ends = match &self.members {
            Members::Bound(m, _) => [m.family + word, m.owner + word, m.address + word, m.created + 8, m.port + 2],
            Members::Joined(m) => [m.family + word, m.owner + word, m.addresses + word, m.created + 8, m.port + 4],
        };
        ends.into_iter().max().unwrap_or(0).into()
    }

    /// What lies in a block, at the address of its that says most.
    fn read(&self, reading: &Reading<'_>, block: &Block) -> Option<Read> {
        // Behind the block's end there is another one.
        if block.size.is_some_and(|size| size < self.bytes(reading.kernel.wide())) {
            return None;
        }
        let first = header_bytes(reading.kernel);
        let mut reads = block.places.iter().filter_map(|at| self.read_at(reading, at.wrapping_add(first)));
        let best = reads.next()?;
        Some(if best.sure { best } else { reads.find(|r| r.sure).unwrap_or(best) })
    }

    /// How well it explains the blocks.
    fn explains(&self, reading: &Reading<'_>, blocks: &[&Block]) -> Score {
        let sure: Vec<Read> = sample(blocks).filter_map(|b| self.read(reading, b)).filter(|r| r.sure).collect();
        let specific = |r: &&Read| r.endpoint.local.address.is_some_and(|a| !a.is_unspecified());
        Score {
            sure: sure.len(),
            specific: sure.iter().filter(specific).count(),
            timed: sure.iter().filter(|r| r.endpoint.created.is_some()).count(),
        }
    }
}

/// How well a layout explains blocks: what counts most first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
struct Score {
    /// Endpoints of which all makes sense.
    sure: usize,
    /// Those with an address of their own: a null pointer, which stands for all addresses, may stand anywhere.
    specific: usize,
    /// Those with a time.
    timed: usize,
}

/// Those in use, and the others only where there are no such.
fn sample<'b>(blocks: &'b [&'b Block]) -> impl Iterator<Item = &'b Block> {
    let any = blocks.iter().any(|b| !b.freed);
    blocks.iter().copied().filter(move |b| !any || !b.freed).take(SAMPLES)
}

/// The layout of these blocks; none where none explains one of them.
pub(super) fn choose(reading: &Reading<'_>, kind: Kind, blocks: &[&Block]) -> Option<Shape> {
    let build = reading.kernel.build.number;
    let mut best: Option<(Score, Shape)> = None;
    for layout in ordered(reading.kernel.wide(), build) {
        let shape = Shape::of(layout, kind);
        let score = shape.explains(reading, blocks);
        // Of equals the first.
        if score.sure > 0 && best.as_ref().is_none_or(|(most, _)| score > *most) {
            best = Some((score, shape));
        }
    }
    let all = sample(blocks).count();
    if kind == Kind::Joined && best.as_ref().is_none_or(|(most, _)| most.sure * 2 < all) {
        let derived = derive(reading, blocks);
        if let Some((score, shape)) = derived
            && best.as_ref().is_none_or(|(most, _)| score > *most)
        {
            best = Some((score, shape));
        }
    }
    // What was given back may be overwritten: it speaks against no layout.
    let used = blocks.iter().any(|b| !b.freed);
    best.map(|(Score { sure, .. }, shape)| Shape {
        evidence: format!("{}, confirmed by {sure} of {all}", shape.evidence),
        weak: (used && sure < all.div_ceil(2)).then_some((sure, all)),
        ..shape
    })
}

/// A layout that makes sense of connections but for their owner, with the owner where pointers to processes are.
fn derive(reading: &Reading<'_>, blocks: &[&Block]) -> Option<(Score, Shape)> {
    let step: u16 = if reading.kernel.wide() { 8 } else { 4 };
    let first = header_bytes(reading.kernel);
    let mut best: Option<(Score, Shape)> = None;
    for layout in ordered(reading.kernel.wide(), reading.kernel.build.number) {
        let shape = Shape::of(layout, Kind::Joined);
        let Members::Joined(members) = shape.members else { continue };
        let fits = |b: &&Block| shape.read(reading, b).is_some_and(|r| r.makes_sense);
        let heads: Vec<VirtAddr> =
            sample(blocks).filter(fits).filter_map(|b| Some(b.places.first()?.wrapping_add(first))).collect();
        if heads.is_empty() {
            continue;
        }
        let owned = |offset: u16| {
            let owner = |at: &VirtAddr| reading.kernel.reader().ptr(at.wrapping_add(umem::from(offset)));
            heads.iter().filter(|at| owner(at).is_some_and(|p| reading.owners.at(p).is_some())).count()
        };
        let counts: Vec<(usize, u16)> = OWNERS.step_by(step.into()).map(|o| (owned(o), o)).collect();
        let Some(&(most, owner)) = counts.iter().max_by_key(|(n, _)| *n).filter(|(n, _)| *n * 2 > heads.len()) else { continue };
        // Two places that are as good are none.
        if counts.iter().filter(|(n, _)| *n == most).count() > 1 {
            continue;
        }
        // Where the time is, reading looks behind the owner.
        let members = Members::Joined(Joined { owner, created: owner, ..members });
        let evidence = format!("layout of build {}, the owner at {owner:#x} by pointers to processes", layout.build);
        let shape = Shape { members, evidence, ..shape };
        let score = shape.explains(reading, blocks);
        if score.sure > 0 && best.as_ref().is_none_or(|(most, _)| score > *most) {
            best = Some((score, shape));
        }
    }
    best
}

/// Every endpoint in the blocks, and how many more there are that say nothing.
pub(super) fn all(reading: &Reading<'_>, shape: &Shape, blocks: &[&Block]) -> (Vec<Endpoint>, usize) {
    let (mut out, mut torn) = (Vec::new(), 0);
    for block in blocks {
        // What has no family is no endpoint: the four characters may stand anywhere.
        let Some(read) = shape.read(reading, block) else { continue };
        if block.freed {
            // Remnants are shown where all of them holds.
            out.extend(read.sure.then(|| Endpoint { freed: true, ..read.endpoint }));
        } else if read.makes_sense || read.endpoint.owner.is_some() {
            let doubtful = shape.weak.is_some() && !read.makes_sense;
            out.push(known(if doubtful { without_ports(read.endpoint) } else { read.endpoint }));
        } else {
            torn += 1;
        }
    }
    (out, torn)
}

/// Any two bytes are a port: where nothing else makes sense of them, they are none.
fn without_ports(endpoint: Endpoint) -> Endpoint {
    let [local, remote] = [endpoint.local, endpoint.remote].map(|end| End { port: None, ..end });
    Endpoint { local, remote, ..endpoint }
}

/// An endpoint of which not all may be known: whoever has no port has no state that means anything.
fn known(endpoint: Endpoint) -> Endpoint {
    let listening = endpoint.protocol == Protocol::Tcp && endpoint.state == Some("LISTENING");
    if listening && endpoint.local.port.is_none() { Endpoint { state: None, ..endpoint } } else { endpoint }
}

/// Says of endpoints whether the tables lead to them, and adds those that only the tables lead to: whoever owns a block can wipe its
/// tag. False where the tables and the endpoints never meet.
pub(super) fn listed(reading: &Reading<'_>, shape: &Shape, kind: Kind, reached: &Reached, endpoints: &mut Vec<Endpoint>) -> bool {
    let width = reading.kernel.reader().width();
    let known: Vec<Known> = endpoints.iter().filter(|e| !e.freed).map(|e| (e.address, e.local.port)).collect();
    let met = match kind {
        Kind::Joined => reached.connections(&known, width),
        Kind::Listener | Kind::Datagram => reached.ports(shape.layout.ports, &known, width),
    };
    let Some(met) = met else { return false };
    for endpoint in endpoints.iter_mut() {
        let found = met.places.contains(&endpoint.address.wrapping_add(met.distance));
        // Where a part of the tables is missing, it may be in that.
        endpoint.listed = (found || !met.torn).then_some(found);
    }
    let known: HashSet<VirtAddr> = endpoints.iter().map(|e| e.address).collect();
    for place in &met.places {
        let at = place.wrapping_sub(met.distance);
        if known.contains(&at) {
            continue;
        }
        let Some(read) = shape.read_at(reading, at).filter(|r| r.sure) else { continue };
        // A pool of another protocol leads to something else, which has not this port there.
        let own =
            |bound: &HashSet<(VirtAddr, u32)>| read.endpoint.local.port.is_some_and(|p| bound.contains(&(*place, p.into())));
        if met.bound.as_ref().is_none_or(own) {
            endpoints.push(Endpoint { listed: Some(true), ..read.endpoint });
        }
    }
    true
}
