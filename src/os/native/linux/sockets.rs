//! Sockets: the tables of every network namespace, joined with who holds them by the numbers of their inodes.
//!
//! A namespace's tables are read through a process that lives in it; that needs no privilege. Which number it has, and what another
//! user's process holds, does.

use super::denied;
use super::folder::{self, Folder};
use super::mountinfo;
use super::nettables;
use super::people::{self, Refused};
use super::spaces;
use super::tables::Tables;
use crate::os::Lost;
use crate::os::linux::facts::InterfaceName;
use crate::os::linux::net::words;
use crate::os::linux::net::{Socket, SocketOwner, in_order};
use memsh_plugin::{ApiError, Listing, Text};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// A network namespace, and a process or thread through which it is asked.
struct Home {
    number: Option<u64>,
    folder: Arc<Folder>,
    /// Empty for the process itself, `task/TID/` for a thread that went elsewhere.
    below: String,
}

impl Home {
    fn tables(&self, lost: &mut Lost) -> Vec<Socket> {
        nettables::read(&self.folder, &self.below, self.number, lost)
    }
}

/// What tells one network namespace from another without looking into a process: each has files of its own below `/proc/PID/net`,
/// and their inodes have numbers of their own. None where the process is in none any more.
pub fn namespace_of(folder: &Folder) -> Option<u64> {
    key(folder, "")
}

fn key(folder: &Folder, below: &str) -> Option<u64> {
    folder.inode(&format!("{below}net/dev")).ok().map(|i| i.number)
}

/// The network namespaces in which processes and their threads live, in the order of these.
fn homes(pids: &[u32], lost: &mut Lost) -> Vec<Home> {
    let (mut found, mut out): (HashMap<u64, usize>, Vec<Home>) = (HashMap::new(), Vec::new());
    for pid in pids {
        let Ok(folder) = Folder::open(*pid).map(Arc::new) else { continue };
        let threads = folder.numbers("task").unwrap_or_default();
        let threads = threads.into_iter().filter(|tid| tid != pid).map(|tid| format!("task/{tid}/"));
        for below in std::iter::once(String::new()).chain(threads) {
            let Some(key) = key(&folder, &below) else { continue };
            let number = || folder.link(&format!("{below}ns/net")).ok().and_then(|l| spaces::number(&l)).map(u64::from);
            match found.get(&key).and_then(|at| out.get_mut(*at)) {
                Some(home) if home.number.is_some() => {}
                Some(home) => home.number = number(),
                None => {
                    found.insert(key, out.len());
                    out.push(Home { number: number(), folder: Arc::clone(&folder), below });
                }
            }
        }
    }
    for home in out.iter().filter(|h| h.number.is_none()) {
        if let Err(e) = home.folder.link(&format!("{}ns/net", home.below)) {
            Refused::one(&home.folder, "the network namespace", &e).tell("number of the network namespace", lost);
        }
    }
    out
}

/// The sockets in the tables of the network namespace of a process, by inode.
pub fn of_namespace(folder: &Folder) -> HashMap<u64, Socket> {
    // What is missing here `net` tells.
    let all = nettables::read(folder, "", None, &mut Lost::default());
    all.into_iter().filter_map(|s| Some((s.inode?, s))).collect()
}

/// The number in a link to a socket.
pub fn inode_of(link: &[u8]) -> Option<u64> {
    let number = link.strip_prefix(b"socket:[")?.strip_suffix(b"]")?;
    std::str::from_utf8(number).ok()?.parse().ok()
}

/// What descriptors lead to.
#[derive(Default)]
struct Descriptors {
    sockets: Vec<Held>,
    /// Numbers of network namespaces.
    namespaces: BTreeMap<u64, String>,
}

/// A descriptor of a socket.
struct Held {
    pid: u32,
    /// The folder of its table, `fd` or `task/TID/fd`.
    table: String,
    fd: u32,
    inode: u64,
    process: Text,
}

/// Every socket that a table or a descriptor leads to, ordered as those of an image.
///
/// # Errors
/// When processes can't be listed.
pub fn sockets() -> Result<Listing<Socket>, ApiError> {
    let mut lost = Lost::default();
    let pids = people::all(&mut lost)?;
    let homes = homes(&pids, &mut lost);
    let mut all: Vec<Socket> = homes.iter().flat_map(|h| h.tables(&mut lost)).collect();
    let open = descriptors(&pids, &mut lost);
    empty(&homes, &open, &mut lost);
    let mut places: HashMap<u64, usize> = all.iter().enumerate().filter_map(|(at, s)| Some((s.inode?, at))).collect();
    if open.sockets.iter().any(|h| !places.contains_key(&h.inode)) {
        // Some were opened since; the others are in no table.
        for socket in homes.iter().flat_map(|h| h.tables(&mut Lost::default())) {
            let Some(inode) = socket.inode.filter(|n| !places.contains_key(n)) else { continue };
            places.insert(inode, all.len());
            all.push(socket);
        }
    }
    for held in open.sockets {
        let at = match places.get(&held.inode) {
            Some(at) => *at,
            None => {
                let Some(socket) = unlisted(&held) else { continue };
                places.insert(held.inode, all.len());
                all.push(socket);
                all.len() - 1
            }
        };
        let Some(socket) = all.get_mut(at) else { continue };
        match socket.owners.iter_mut().find(|o| o.pid == held.pid) {
            Some(owner) => owner.fd = owner.fd.min(held.fd),
            None => socket.owners.push(SocketOwner { pid: held.pid, process: held.process, fd: held.fd }),
        }
    }
    in_order(&mut all);
    Ok(lost.listing(all))
}

/// The sockets and network namespaces that processes hold.
fn descriptors(pids: &[u32], lost: &mut Lost) -> Descriptors {
    let (mut out, mut refused, mut tables) = (Descriptors::default(), Refused::default(), Tables::default());
    'process: for pid in pids {
        let Ok(folder) = Folder::open(*pid) else { continue };
        match folder.numbers("fd") {
            Ok(fds) if fds.is_empty() => continue,
            Ok(_) => {}
            Err(e) => {
                refused.add(&folder, "the list of open files (/proc/PID/fd)", &e);
                continue;
            }
        }
        let process = Text::from(folder.name());
        let threads = tables.own(&folder, lost);
        for table in std::iter::once("fd".to_owned()).chain(threads.iter().map(|tid| format!("task/{tid}/fd"))) {
            for fd in folder.numbers(&table).unwrap_or_default() {
                let link = match folder.link(&format!("{table}/{fd}")) {
                    Ok(link) => link,
                    // Who may list a process's descriptors need not be allowed to see where they lead.
                    Err(e) if denied::is_denied(&e) => {
                        refused.add(&folder, "what descriptors lead to (/proc/PID/fd/N)", &e);
                        continue 'process;
                    }
                    Err(_) => continue,
                };
                if let Some(inode) = inode_of(&link) {
                    out.sockets.push(Held { pid: *pid, table: table.clone(), fd, inode, process: process.clone() });
                } else if let Some(number) = Some(&link).filter(|l| l.starts_with(b"net:")).and_then(|l| spaces::number(l)) {
                    out.namespaces.entry(number.into()).or_insert_with(|| format!("descriptor {fd} of process {pid}"));
                }
            }
        }
    }
    refused.tell("sockets that only a process leads to, and who holds the others: open files", lost);
    out
}

/// Says which namespaces nobody lives in, whose sockets are not here.
fn empty(homes: &[Home], open: &Descriptors, lost: &mut Lost) {
    // A namespace whose number is not known may be any of them.
    if homes.iter().any(|h| h.number.is_none()) {
        return;
    }
    let mut kept = open.namespaces.clone();
    let mounts = std::fs::read("/proc/self/mountinfo").map(|b| mountinfo::parse(&b)).unwrap_or_default();
    for mount in mounts.iter().filter(|m| m.kind.as_deref() == Some(b"nsfs")) {
        let root = mount.root.as_deref().filter(|r| r.starts_with(b"net:"));
        if let Some(number) = root.and_then(spaces::number) {
            let target = mount.target.as_deref().unwrap_or_default();
            kept.insert(number.into(), String::from_utf8_lossy(target).into_owned());
        }
    }
    for (number, keeper) in kept {
        if !homes.iter().any(|h| h.number == Some(number)) {
            lost.push(format!(
                "sockets of network namespace {number}: no process lives in it ({keeper} keeps it), and memsh enters none"
            ));
        }
    }
}

/// A socket that only a descriptor leads to: what the kernel calls its protocol is all that is told. Whether a table has it is not
/// known: it may be one of a namespace in which nobody lives. None where the descriptor leads elsewhere by now.
fn unlisted(held: &Held) -> Option<Socket> {
    let folder = Folder::open(held.pid).ok()?;
    let name = format!("{}/{}", held.table, held.fd);
    let told = folder.protocol(&name).unwrap_or_default().to_ascii_lowercase();
    if folder.link(&name).ok().and_then(|l| inode_of(&l)) != Some(held.inode) {
        return None;
    }
    let family = words::family_of(&told);
    Some(Socket {
        protocol: match family.and_then(|(number, _)| number) {
            Some(number) => words::protocol(number, &told),
            None if told.is_empty() => "unknown".to_owned(),
            None => told.clone(),
        },
        family: family.map_or("unknown", |(_, name)| name).to_owned(),
        kind: match told.trim_end_matches("v6") {
            "tcp" | "mptcp" | "unix-stream" => Some("stream"),
            "udp" | "udp-lite" | "udplite" | "ping" => Some("dgram"),
            "raw" => Some("raw"),
            _ => None,
        },
        inode: Some(held.inode),
        ..Socket::default()
    })
}

/// Names of network interfaces, of every namespace in which processes live: what its tables of groups and addresses call them.
pub fn interface_names() -> Vec<InterfaceName> {
    let mut out: Vec<InterfaceName> = Vec::new();
    let homes = people::all(&mut Lost::default()).map(|pids| homes(&pids, &mut Lost::default())).unwrap_or_default();
    for home in &homes {
        let mut add = |index: Option<u32>, name: &str| {
            let name = InterfaceName { namespace: home.number, index: index.unwrap_or(0), name: Text::from(name) };
            if name.index != 0 && !out.contains(&name) {
                out.push(name);
            }
        };
        let lines = |file: &str| {
            let bytes = home.folder.read(&format!("{}net/{file}", home.below), folder::LARGEST).unwrap_or_default();
            String::from_utf8_lossy(&bytes).into_owned()
        };
        // `index name ...` (net/core/net-procfs.c), the same below a heading (net/ipv4/igmp.c), `address index prefix scope flags name`
        // in hex (net/ipv6/addrconf.c).
        for line in
            lines("dev_mcast").lines().chain(lines("igmp").lines().filter(|l| l.starts_with(|c: char| c.is_ascii_digit())))
        {
            let mut words = line.split_ascii_whitespace();
            if let (Some(index), Some(name)) = (words.next(), words.next()) {
                add(index.parse().ok(), name);
            }
        }
        for line in lines("if_inet6").lines() {
            if let &[_, index, _, _, _, name] = line.split_ascii_whitespace().collect::<Vec<_>>().as_slice() {
                add(u32::from_str_radix(index, 16).ok(), name);
            }
        }
    }
    out
}
