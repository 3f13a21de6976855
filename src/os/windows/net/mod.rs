//! Network endpoints: what tcpip.sys keeps for TCP and UDP.
//!
//! - `layouts`: where its structures have their members, by build
//! - `read`: an endpoint as a layout has it, and whether that makes sense
//! - `choose`: the layout that the image confirms
//! - `tables`: what tcpip.sys itself finds endpoints by
//! - `old`: the structures of Windows before Vista

mod choose;
mod layouts;
mod old;
mod read;
mod tables;
#[cfg(test)]
mod tests;

use super::base::kernel::Kernel;
use super::pool::{self, Block};
use super::{census, processes};
use crate::engine::search::Options;
use crate::os::lost::Lost;
use memsh_plugin::{Listing, Text, UnixNanos, VirtAddr};
use std::cell::RefCell;
use std::collections::{HashMap, HashSet};
use std::net::IpAddr;

/// The first build of Vista, with which tcpip.sys was written anew.
const VISTA: u32 = 6000;

/// What an endpoint is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Protocol {
    /// TCP.
    Tcp,
    /// UDP.
    Udp,
    /// Another protocol over IP, by its number.
    Raw(u16),
}

/// An end of a connection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct End {
    /// Its address; of what is bound to all of them, the unspecified one.
    pub address: Option<IpAddr>,
    /// Its port.
    pub port: Option<u16>,
}

/// The process that opened an endpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Owner {
    /// Its id.
    pub pid: u32,
    /// Its name, where it is known which process that is.
    pub name: Option<Text>,
}

/// A listener, a connection or a UDP endpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// What for.
    pub protocol: Protocol,
    /// Whether it speaks IPv6.
    pub v6: bool,
    /// Its own end.
    pub local: End,
    /// The other end, of a connection.
    pub remote: End,
    /// `LISTENING`, `ESTABLISHED`, ...; none for what has no state, or where that is not known.
    pub state: Option<&'static str>,
    /// Who opened it.
    pub owner: Option<Owner>,
    /// When.
    pub created: Option<UnixNanos>,
    /// Whether its memory was given back: it is over, and this is what remains.
    pub freed: bool,
    /// Whether the tables of tcpip.sys lead to it; none where they were not found.
    pub listed: Option<bool>,
    /// Address of its structure.
    pub address: VirtAddr,
}

/// Every endpoint there is to find in the pool, and how their structures were told.
#[derive(Clone, Debug, Default)]
pub struct Found {
    /// By protocol, listeners first, by port.
    pub endpoints: Vec<Endpoint>,
    /// How, in words: a sentence for each kind that was found.
    pub evidence: Vec<String>,
}

/// Whose endpoints there are: processes by the address of their `_EPROCESS`, each asked about once.
pub(crate) struct Owners<'k> {
    kernel: &'k Kernel,
    listed: HashSet<VirtAddr>,
    /// The listed ones by id: every candidate of an old endpoint is asked for its owner.
    by_pid: HashMap<u32, VirtAddr>,
    known: RefCell<HashMap<VirtAddr, Option<Owner>>>,
}

impl<'k> Owners<'k> {
    pub(crate) fn new(kernel: &'k Kernel) -> Self {
        let (mut listed, mut by_pid) = (HashSet::new(), HashMap::new());
        for at in processes::addresses(kernel, &mut Lost::default()) {
            listed.insert(at);
            // Of those with the same id the first in the list.
            by_pid.entry(processes::pid(kernel, at)).or_insert(at);
        }
        Self { kernel, listed, by_pid, known: RefCell::default() }
    }

    /// The process at `at`; none where there is none.
    pub(crate) fn at(&self, at: VirtAddr) -> Option<Owner> {
        if !self.kernel.reader().plausible(at) {
            return None;
        }
        if let Some(known) = self.known.borrow().get(&at) {
            return known.clone();
        }
        let owner = if self.listed.contains(&at) {
            let info = processes::info(self.kernel, at);
            Some(Owner { pid: info.pid, name: Some(info.name) })
        } else {
            // Hidden ones and those that ended are in no list.
            let pid = || processes::pid(self.kernel, at);
            census::is_process(self.kernel, at).then(|| Owner { pid: pid(), name: Some(processes::short_name(self.kernel, at)) })
        };
        self.known.borrow_mut().insert(at, owner.clone());
        owner
    }

    /// The process with this id; without a name where no list has it.
    fn of_pid(&self, pid: u32) -> Owner {
        let named = self.by_pid.get(&pid).and_then(|at| self.at(*at));
        Owner { pid, name: named.and_then(|owner| owner.name) }
    }
}

/// Every endpoint. One pass over physical memory is part of it; `options` say on how many threads, and how it is ended early.
pub fn endpoints(kernel: &Kernel, options: &Options<'_>) -> (Listing<Endpoint>, Vec<String>) {
    let mut lost = Lost::default();
    let mut found = match kernel.build.number < VISTA {
        true => old::endpoints(kernel, options, &mut lost),
        false => since_vista(kernel, options, &mut lost),
    };
    found.endpoints.sort_by_key(|e| (e.protocol, e.remote.port.is_some(), e.freed, e.local.port, e.v6, e.address));
    found.endpoints.dedup_by_key(|e| e.address);
    (lost.listing(found.endpoints), found.evidence)
}

fn since_vista(kernel: &Kernel, options: &Options<'_>, lost: &mut Lost) -> Found {
    let mut found = Found::default();
    let tags: Vec<[u8; 4]> = choose::Kind::ALL.iter().flat_map(|k| k.tags()).copied().collect();
    let blocks = pool::blocks(kernel, &tags, options, lost);
    let owners = Owners::new(kernel);
    let reached = tables::reached(kernel, options.interrupt);
    let reader = read::Reading { kernel, owners: &owners, clock: read::Clock::of(kernel) };
    for &kind in choose::Kind::ALL {
        let own: Vec<&Block> = blocks.iter().filter(|b| kind.tags().contains(&b.tag)).collect();
        if own.is_empty() {
            continue;
        }
        let Some(shape) = choose::choose(&reader, kind, &own) else {
            let used = own.iter().filter(|b| !b.freed).count();
            if used > 0 {
                let tag = kind.tags().first().map(|t| String::from_utf8_lossy(t).into_owned()).unwrap_or_default();
                lost.push(format!(
                    "{used} blocks of the pool have the tag {tag}, and no known layout of {} fits one of them",
                    kind.name()
                ));
            }
            continue;
        };
        if let Some((sure, all)) = shape.weak {
            lost.push(format!("the layout of {} is confirmed by only {sure} of {all}", kind.name()));
        }
        let (mut endpoints, torn) = choose::all(&reader, &shape, &own);
        if torn > 0 {
            lost.push(format!("{torn} of the {} say nothing that makes sense", kind.name()));
        }
        let met = reached.as_ref().filter(|r| choose::listed(&reader, &shape, kind, r, &mut endpoints));
        let also = met.map(|r| format!("; {}", r.evidence)).unwrap_or_default();
        found.evidence.push(format!("{} of {}: {}{also}", endpoints.len(), kind.name(), shape.evidence));
        found.endpoints.extend(endpoints);
    }
    found
}
