//! What tcpip.sys itself finds endpoints by: pools of ports for listeners and UDP endpoints, hash tables of partitions for connections.
//!
//! Its variables point to them. Of 85 builds memsh knows which, by the identity of the driver's PDB file; else the image says: a pool has a bitmap of 65536 ports, a hash table is `RTL_DYNAMIC_HASH_TABLE`
//! of ntifs.h; so every pointer in the driver's data is tried. What a table leads to is a place within an endpoint; how far from its
//! beginning, the endpoints that were found by their tags say. That makes the two ways prove each other: where they never meet, nothing
//! is said of either.

use super::layouts::{NARROW, Ports, WIDE};
use crate::engine::{ViewExt, to_u64};
use crate::os::lost::Lost;
use crate::os::windows::base::kernel::{Kernel, Reader};
use crate::os::windows::drivers;
use crate::os::windows::find::symbols;
use crate::os::windows::pe::PeImage;
use memsh_plugin::{VirtAddr, umem};
use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, Ordering};

/// No driver is larger, in bytes.
const LARGEST: umem = 16 << 20;
/// Pointers in a driver's data that are tried, and places that tables lead to.
const MOST: usize = 1 << 18;
/// What is read of a structure to see what it is.
const HEAD: usize = 0x120;
/// Ports there are.
const PORTS: u32 = 0x1_0000;
/// How far from an endpoint's beginning a table's pointer may lead, in bytes.
const INSIDE: umem = 0x100;
/// Buckets of a hash table's first part (`HT_SECOND_LEVEL_DIR_MIN_SIZE`).
const FIRST_PART: u32 = 128;
/// More processors, each with its partition, has no machine.
const PARTITIONS: umem = 256;
/// Variables of tcpip.sys that point to its tables.
const VARIABLES: [&str; 5] = ["PartitionTable", "TcpCompartmentSet", "UdpCompartmentSet", "TcpPortPool", "UdpPortPool"];
/// Places of tables that are looked at, all in all: more are no tables but made to keep us busy.
const STEPS: u32 = 1 << 22;

/// Places within endpoints that the tables lead to.
#[derive(Debug, Default)]
pub(super) struct Reached {
    /// Over the pools of ports, each in every shape that is known.
    pools: Vec<Pool>,
    /// Over the hash tables.
    joined: HashSet<VirtAddr>,
    /// How the tables were found.
    pub(super) evidence: &'static str,
    /// Whether the pools are the driver's for certain: what merely looks like one may be torn as it likes.
    certain: bool,
    /// Whether a part of a table can't be read: what is not reached says nothing then.
    torn: bool,
}

/// What a pool of ports leads to in one shape.
#[derive(Debug)]
struct Pool {
    shape: [u16; 3],
    /// Places, each with every port that leads there: in a wrong shape, or of a forged pool, that may be any.
    bound: HashSet<(VirtAddr, u32)>,
    /// Whether something of a port that is in use can't be read.
    torn: bool,
}

/// The tables of a kind of endpoint, which lead to the endpoints that were found without them.
pub(super) struct Met {
    /// How far from an endpoint's beginning they lead, in bytes.
    pub(super) distance: umem,
    /// Where they lead.
    pub(super) places: HashSet<VirtAddr>,
    /// The same with a port, where it is by ports that they lead.
    pub(super) bound: Option<HashSet<(VirtAddr, u32)>>,
    /// Whether a part of them can't be read: what is not reached says nothing then.
    pub(super) torn: bool,
}

/// An endpoint's address, and its own port where it is known.
pub(super) type Known = (VirtAddr, Option<u16>);

impl Reached {
    /// The pools of ports, where they lead to endpoints. `own` is what the layout of the endpoints says of pools; the other shapes are
    /// asked only where it says nothing that fits.
    pub(super) fn ports(&self, own: Option<Ports>, known: &[Known], width: umem) -> Option<Met> {
        let own = own.map(|p| shape(&p));
        let mut shapes: Vec<[u16; 3]> = self.pools.iter().map(|p| p.shape).collect();
        shapes.sort_unstable();
        shapes.dedup();
        shapes.sort_by_key(|s| Some(*s) != own);
        shapes.into_iter().find_map(|shape| {
            let pools: Vec<&Pool> = self.pools.iter().filter(|p| p.shape == shape).collect();
            let bound: HashSet<(VirtAddr, u32)> = pools.iter().flat_map(|p| &p.bound).copied().collect();
            let places: HashSet<VirtAddr> = bound.iter().map(|(at, _)| *at).collect();
            // By its own port alone: with a wrong size of entries, other ports lead to it.
            let leads = |at, port: Option<u16>| port.map_or(places.contains(&at), |p| bound.contains(&(at, p.into())));
            let distance = distance(leads, known, width)?;
            let meets = |pool: &Pool| {
                let leads =
                    |(at, port): &Known| port.is_some_and(|p| pool.bound.contains(&(at.wrapping_add(distance), p.into())));
                known.iter().any(leads)
            };
            let torn = self.torn || pools.iter().any(|p| p.torn && (self.certain || meets(p)));
            Some(Met { distance, places, bound: Some(bound), torn })
        })
    }

    /// The hash tables, where they lead to connections.
    pub(super) fn connections(&self, known: &[Known], width: umem) -> Option<Met> {
        let distance = distance(|at, _| self.joined.contains(&at), known, width)?;
        Some(Met { distance, places: self.joined.clone(), bound: None, torn: self.torn })
    }
}

/// What of a pool's shape says where its endpoints are.
const fn shape(ports: &Ports) -> [u16; 3] {
    [ports.entries, ports.size, ports.entry]
}

struct Walk<'k> {
    kernel: &'k Kernel,
    reader: Reader<'k>,
    interrupt: &'k AtomicBool,
    steps: u32,
    /// How many ports and places the pools have led to.
    bound: usize,
    /// Hash tables that were walked: partitions may share them.
    walked: HashSet<VirtAddr>,
    out: Reached,
}

/// What tcpip.sys's tables lead to; none where the driver is not there. Ends early when `interrupt` becomes true.
pub(super) fn reached(kernel: &Kernel, interrupt: &AtomicBool) -> Option<Reached> {
    let all = drivers::list(kernel, &mut Lost::default()).ok()?;
    let tcpip = all.iter().find(|d| d.name.to_string_lossy().eq_ignore_ascii_case("tcpip.sys"))?;
    let walk = || Walk::new(kernel, interrupt);
    let mut named = walk();
    let variables = named.variables(tcpip.base);
    named.try_all(&variables);
    if named.bound > 0 || !named.out.joined.is_empty() {
        named.out.certain = true;
        named.out.evidence = "tables of tcpip.sys by the identity of its PDB file";
        return Some(named.out);
    }
    let mut any = walk();
    any.try_all(&any.pointers(tcpip.base, tcpip.size.min(LARGEST)));
    any.out.evidence = "tables of tcpip.sys by the pointers in its memory";
    Some(any.out)
}

impl<'k> Walk<'k> {
    fn new(kernel: &'k Kernel, interrupt: &'k AtomicBool) -> Self {
        let (walked, out) = (HashSet::new(), Reached::default());
        Self { kernel, reader: kernel.reader(), interrupt, steps: 0, bound: 0, walked, out }
    }

    /// What the variables point to that are known by name.
    fn variables(&self, base: VirtAddr) -> Vec<VirtAddr> {
        let space = &self.kernel.space;
        let pdb = PeImage::at(space, base).and_then(|(mut image, _)| image.pdb(space));
        let known = pdb.map(|pdb| symbols::of(&pdb)).unwrap_or_default();
        let named = known.iter().filter(|(name, _)| VARIABLES.contains(&name.as_str()));
        named.filter_map(|(_, rva)| self.pointer(base.wrapping_add(umem::from(*rva)))).collect()
    }

    fn try_all(&mut self, pointers: &[VirtAddr]) {
        let mut pools = HashSet::new();
        for &at in pointers {
            if !self.goes_on() {
                return;
            }
            for (bits, parts) in self.pool_at(at).into_iter().chain(self.pool_of_compartments(at)) {
                if pools.insert((bits, parts)) {
                    self.ports(bits, parts);
                }
            }
            self.partitions(at);
        }
    }

    /// Whether there is time for one more place.
    fn goes_on(&mut self) -> bool {
        let goes_on = self.steps < STEPS && !self.interrupt.load(Ordering::Relaxed);
        self.steps = self.steps.saturating_add(1);
        self.out.torn |= !goes_on;
        goes_on
    }

    /// The pointers in a driver's memory that lead out of it, each once.
    fn pointers(&self, base: VirtAddr, size: umem) -> Vec<VirtAddr> {
        let (mut out, mut seen) = (Vec::new(), HashSet::new());
        let mut page = [0u8; 0x1000];
        let width = if self.kernel.wide() { 8 } else { 4 };
        for offset in (0..size).step_by(page.len()) {
            if self.interrupt.load(Ordering::Relaxed) {
                break;
            }
            if self.kernel.space.read_exact(base.wrapping_add(offset), &mut page).is_err() {
                continue;
            }
            for at in page.chunks_exact(width).filter_map(word) {
                let outside = at.offset_from(base).is_none_or(|o| o >= size);
                if outside && self.reader.plausible(at) && out.len() < MOST && seen.insert(at) {
                    out.push(at);
                }
            }
        }
        out
    }

    fn plausible(&self, at: VirtAddr) -> Option<VirtAddr> {
        Some(at).filter(|&at| self.reader.plausible(at))
    }

    fn pointer(&self, at: VirtAddr) -> Option<VirtAddr> {
        self.plausible(self.reader.ptr(at)?)
    }

    /// Whether a pool of ports begins at `at`: then, where its bitmap's place and its table of parts lie.
    fn pool_at(&self, at: VirtAddr) -> Option<(VirtAddr, VirtAddr)> {
        let mut head = [0u8; HEAD];
        self.kernel.space.read_exact(at, &mut head).ok()?;
        let width = if self.kernel.wide() { 8 } else { 4 };
        // `RTL_BITMAP`: how many bits, and a pointer to them. In every build that is known the parts follow it.
        let words: Vec<VirtAddr> = head.chunks_exact(width).filter_map(word).collect();
        let found = words.windows(2).position(|pair| {
            let [size, bits] = pair else { return false };
            size.value() & 0xffff_ffff == umem::from(PORTS) && self.reader.plausible(*bits)
        })?;
        let bits = *words.get(found + 1)?;
        let parts = at.wrapping_add(self.reader.width() * umem::from(u64::try_from(found + 2).ok()?));
        Some((bits, parts))
    }

    /// The same behind a set of compartments, as Windows 10 has it.
    fn pool_of_compartments(&self, at: VirtAddr) -> Option<(VirtAddr, VirtAddr)> {
        let ways: [[umem; 2]; 2] = [[0x148, 0x20], [0x144, 0x14]];
        ways.into_iter().find_map(|[first, second]| {
            let compartment = self.pointer(at.wrapping_add(first))?;
            let protocol = self.pointer(compartment.wrapping_add(second))?;
            self.pool_at(self.pointer(protocol)?)
        })
    }

    /// The endpoints of the ports that are in use.
    fn ports(&mut self, bits: VirtAddr, parts: VirtAddr) {
        let mut bitmap = vec![0u8; 0x2000];
        if self.kernel.space.read_exact(bits, &mut bitmap).is_err() {
            self.out.torn = true;
            return;
        }
        let mut ways: Vec<[u16; 3]> =
            if self.kernel.wide() { WIDE } else { NARROW }.iter().filter_map(|l| l.ports.as_ref().map(shape)).collect();
        ways.sort_unstable();
        ways.dedup();
        // Byte by byte: most are empty, and there may be as many forged pools as there are pointers.
        let bytes = bitmap.iter().zip(0u32..).filter(|(byte, _)| **byte != 0);
        let bits = bytes.flat_map(|(byte, n)| (0..8u32).filter(move |i| byte >> i & 1 == 1).map(move |i| n * 8 + i));
        let used: Vec<u32> = bits.filter(|port| *port > 0).collect();
        for shape in ways {
            let mut pool = Pool { shape, bound: HashSet::new(), torn: false };
            for &port in &used {
                if !self.goes_on() {
                    break;
                }
                pool.torn |= self.port(parts, port, &mut pool).is_none();
            }
            if pool.torn || !pool.bound.is_empty() {
                self.out.pools.push(pool);
            }
        }
    }

    /// The endpoints of a port; none where something that leads to them can't be read, or there are too many.
    fn port(&mut self, parts: VirtAddr, port: u32, pool: &mut Pool) -> Option<()> {
        let [entries, size, entry] = pool.shape;
        // Ports can be set aside with nothing that is bound to them: a null pointer is read, and leads to nothing.
        let Some(part) = self.lead(parts.wrapping_add(umem::from(port >> 8) * self.reader.width()), 0)? else { return Some(()) };
        let Some(entries) = self.lead(part.wrapping_add(entries.into()), 0)? else { return Some(()) };
        let mut at = entries.wrapping_add(umem::from(port & 0xff) * umem::from(size)).wrapping_add(entry.into());
        // The lowest bits say what it leads to. The member itself points on.
        while let Some(next) = self.lead(at, self.reader.width() - 1)? {
            if pool.bound.contains(&(next, port)) {
                // A circle.
                break;
            }
            if self.bound >= MOST || !self.goes_on() {
                return None;
            }
            self.bound += 1;
            pool.bound.insert((next, port));
            at = next;
        }
        Some(())
    }

    /// The pointer at `at` without these bits, an inner none where it is null; none where it can't be read or is no pointer.
    fn lead(&self, at: VirtAddr, flags: umem) -> Option<Option<VirtAddr>> {
        let pointer = VirtAddr::new(self.reader.ptr(at)?.value() & !flags);
        if pointer.is_null() { Some(None) } else { self.plausible(pointer).map(Some) }
    }

    /// The hash tables of partitions, where an array of them begins at `at`: three pointers or four in each.
    fn partitions(&mut self, at: VirtAddr) {
        let sizes: [umem; 2] = if self.kernel.wide() { [0x80, 0xc0] } else { [0x40, 0x48] };
        for size in sizes {
            for n in 0..PARTITIONS {
                if !self.goes_on() {
                    return;
                }
                let tables: Vec<VirtAddr> = (0..4)
                    .filter_map(|i| self.pointer(at.wrapping_add(n * size + i * self.reader.width())))
                    .filter(|t| self.walked.contains(t) || self.hash_table(*t).is_some())
                    .collect();
                if tables.is_empty() {
                    break;
                }
                for table in tables {
                    if self.walked.insert(table) {
                        self.entries(table);
                    }
                }
            }
        }
    }

    /// The number of buckets and the directory of the `RTL_DYNAMIC_HASH_TABLE` at `at`, where it is one.
    fn hash_table(&self, at: VirtAddr) -> Option<(u32, VirtAddr)> {
        let mut head = [0u8; 0x28];
        self.kernel.space.read_exact(at, head.get_mut(..if self.kernel.wide() { 0x28 } else { 0x24 })?).ok()?;
        let numbers: Vec<u32> = head.as_chunks::<4>().0.iter().map(|b| u32::from_le_bytes(*b)).collect();
        let [_, shift, size, pivot, mask, entries, used, _, ..] = numbers.as_slice() else { return None };
        let directory = word(head.get(0x20..if self.kernel.wide() { 0x28 } else { 0x24 })?)?;
        // Buckets are split one after the other: the mask counts the whole ones, the pivot the split.
        let whole = mask.checked_add(1).filter(|n| n.is_power_of_two() && *n >= FIRST_PART)?;
        let fits = whole.checked_add(*pivot) == Some(*size) && pivot <= mask && *shift <= 32;
        (fits && used <= size && used <= entries && *size <= 1 << 20 && self.reader.plausible(directory))
            .then_some((*size, directory))
    }

    fn entries(&mut self, table: VirtAddr) -> Option<()> {
        let (size, directory) = self.hash_table(table)?;
        for bucket in 0..size {
            if !self.goes_on() {
                return None;
            }
            let Some(head) = self.bucket(size, directory, bucket) else {
                self.out.torn = true;
                continue;
            };
            let mut at = head;
            loop {
                match self.pointer(at) {
                    Some(next) if next == head => break,
                    // A circle, or what was met before.
                    Some(next) if self.out.joined.contains(&next) => break,
                    Some(next) if self.out.joined.len() < MOST => {
                        self.out.joined.insert(next);
                        at = next;
                    }
                    _ => {
                        self.out.torn = true;
                        break;
                    }
                }
            }
        }
        Some(())
    }

    /// The head of a bucket's list: the first 128 in one part, each further part as large as all before it.
    fn bucket(&self, size: u32, directory: VirtAddr, bucket: u32) -> Option<VirtAddr> {
        let pair = self.reader.width() * 2;
        if size <= FIRST_PART {
            return Some(directory.wrapping_add(umem::from(bucket) * pair));
        }
        let absolute = bucket.checked_add(FIRST_PART)?;
        let high = absolute.checked_ilog2()?;
        let part = self.pointer(directory.wrapping_add(umem::from(high - FIRST_PART.ilog2()) * self.reader.width()))?;
        Some(part.wrapping_add(umem::from(absolute ^ 1 << high) * pair))
    }
}

/// A pointer in memory that was read.
fn word(bytes: &[u8]) -> Option<VirtAddr> {
    let mut all = [0u8; 8];
    all.get_mut(..bytes.len())?.copy_from_slice(bytes);
    Some(VirtAddr::new(umem::from(u64::from_le_bytes(all))))
}

/// How far from the beginning of endpoints the tables' pointers lead; none where they lead to less than half of them: then it is not
/// certain that these are their tables.
fn distance(leads: impl Fn(VirtAddr, Option<u16>) -> bool, known: &[Known], width: umem) -> Option<umem> {
    let step = to_u64(width).and_then(|w| usize::try_from(w).ok())?;
    let met = |d: umem| known.iter().filter(|(at, port)| leads(at.wrapping_add(d), *port)).count();
    let counted = (0..INSIDE).step_by(step).map(|d| (met(d), d));
    // Of equals the nearest.
    let (most, distance) = counted.max_by_key(|(n, d)| (*n, std::cmp::Reverse(*d)))?;
    (most > 0 && most * 2 >= known.len()).then_some(distance)
}
