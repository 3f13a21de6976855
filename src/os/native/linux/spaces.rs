//! Namespaces: the links in `/proc/PID/ns` (fs/proc/namespaces.c).

use super::denied;
use super::folder::Folder;
use super::mountinfo;
use super::people::{self, Refused};
use super::stat::of_status;
use crate::os::Lost;
use crate::os::linux::tasks::nslist::{KINDS, Kind, Namespace};
use memsh_plugin::{ApiError, Listing, VirtAddr};
use std::collections::BTreeMap;

/// The numbers of the namespaces that the kernel starts with (`PROC_*_INIT_INO`, include/linux/proc_ns.h; since 6.18 `*_NS_INIT_INO`,
/// include/uapi/linux/nsfs.h). Up to then those of mounts and of the network have numbers as any other: from 0xf0000000 on.
const FIRST_USER: u32 = 0xefff_fffd;
const FIRST_PID: u32 = 0xefff_fffc;
const FIRST: [(Kind, u32); 8] = [
    (Kind::Ipc, 0xefff_ffff),
    (Kind::Uts, 0xefff_fffe),
    (Kind::User, FIRST_USER),
    (Kind::Pid, FIRST_PID),
    (Kind::Cgroup, 0xefff_fffb),
    (Kind::Time, 0xefff_fffa),
    (Kind::Net, 0xefff_fff9),
    (Kind::Mnt, 0xefff_fff8),
];

/// The number in a link to a namespace, `KIND:[NUMBER]`.
pub fn number(link: &[u8]) -> Option<u32> {
    let at = link.iter().position(|b| *b == b'[')?;
    std::str::from_utf8(link.get(at + 1..)?.strip_suffix(b"]")?).ok()?.parse().ok()
}

fn kind_of(link: &[u8]) -> Option<Kind> {
    let at = link.iter().position(|b| *b == b':')?;
    let name = link.get(..at)?;
    KINDS.into_iter().find(|k| k.name().as_bytes() == name)
}

/// A process that lives in a namespace.
#[derive(Clone)]
struct Inhabitant {
    pid: u32,
    name: Vec<u8>,
    inner: Option<u32>,
    /// How many namespaces of process ids are between it and that of `/proc`.
    depth: Option<usize>,
    /// False where only its children will live there.
    entered: bool,
}

/// Every namespace that a process lives in, a file keeps or a mount keeps, or those of the processes in `only`: by kind, then by number.
///
/// # Errors
/// When processes can't be listed.
pub fn namespaces(only: Option<&[VirtAddr]>) -> Result<Listing<Namespace>, ApiError> {
    let (mut lost, mut refused, mut files) = (Lost::default(), Refused::default(), Refused::default());
    let mut homes: BTreeMap<(Kind, u32), Vec<Inhabitant>> = BTreeMap::new();
    let chosen: Option<Vec<u32>> = only.map(|only| only.iter().filter_map(|a| people::pid(*a)).collect());
    // Who else lives there is told of a chosen process's namespaces, too.
    for pid in people::all(&mut lost)? {
        let Ok(folder) = Folder::open(pid) else { continue };
        if let Err(e) = of_process(&folder, &mut homes) {
            refused.add(&folder, "the list of namespaces (/proc/PID/ns)", &e);
            continue;
        }
        if chosen.is_none() {
            kept(&folder, &mut homes, &mut files);
        }
    }
    refused.tell("namespaces", &mut lost);
    if chosen.is_none() {
        files.tell("namespaces that open files keep", &mut lost);
        for mount in std::fs::read("/proc/self/mountinfo").map(|b| mountinfo::parse(&b)).unwrap_or_default() {
            if mount.kind.as_deref() == Some(b"nsfs") {
                keep(mount.root.as_deref().unwrap_or_default(), &mut homes);
            }
        }
    }
    let is_chosen = |i: &Inhabitant| chosen.as_ref().is_none_or(|c| c.contains(&i.pid));
    homes.retain(|_, people| chosen.is_none() || people.iter().any(is_chosen));
    let own = Own::ask();
    let rows = homes.iter().map(|((kind, number), people)| {
        let entered = people.iter().any(|i| i.entered);
        let inside: Vec<&Inhabitant> = people.iter().filter(|i| i.entered == entered).collect();
        let first = inside.iter().find(|i| is_chosen(i));
        own.row(*kind, *number, inside.len(), entered, first.copied())
    });
    let rows = rows.collect();
    Ok(lost.listing(rows))
}

/// Adds a process to the namespaces that it lives in, and to those that its children will.
fn of_process(folder: &Folder, homes: &mut BTreeMap<(Kind, u32), Vec<Inhabitant>>) -> std::io::Result<()> {
    // Everybody lives in one of these.
    folder.link("ns/mnt").or_else(|_| folder.link("ns/user"))?;
    let status = folder.head("status").unwrap_or_default();
    let pids = of_status(&status, "NSpid", 10);
    let name = folder.name();
    for (file, entered) in
        KINDS.iter().map(|k| (k.name(), true)).chain([("pid_for_children", false), ("time_for_children", false)])
    {
        let Ok(link) = folder.link(&format!("ns/{file}")) else { continue };
        let (Some(kind), Some(number)) = (kind_of(&link), number(&link)) else { continue };
        let people = homes.entry((kind, number)).or_default();
        // Whoever lives there already is counted once.
        if people.last().is_none_or(|i| i.pid != folder.pid) {
            let inner = pids.last().filter(|_| kind == Kind::Pid && entered).and_then(|n| u32::try_from(*n).ok());
            people.push(Inhabitant { pid: folder.pid, name: name.clone(), inner, depth: pids.len().checked_sub(1), entered });
        }
    }
    Ok(())
}

/// Adds the namespaces that a process's descriptors keep.
fn kept(folder: &Folder, homes: &mut BTreeMap<(Kind, u32), Vec<Inhabitant>>, refused: &mut Refused) {
    match folder.numbers("fd") {
        Ok(fds) => {
            for fd in fds {
                match folder.link(&format!("fd/{fd}")) {
                    Ok(link) => keep(&link, homes),
                    Err(e) if denied::is_denied(&e) => {
                        return refused.add(folder, "what descriptors lead to (/proc/PID/fd/N)", &e);
                    }
                    Err(_) => {}
                }
            }
        }
        Err(e) => refused.add(folder, "the list of open files (/proc/PID/fd)", &e),
    }
}

fn keep(link: &[u8], homes: &mut BTreeMap<(Kind, u32), Vec<Inhabitant>>) {
    if let Some(home) = kind_of(link).zip(number(link)) {
        homes.entry(home).or_default();
    }
}

/// What is known of the namespaces that memsh itself lives in.
struct Own {
    uts: Option<u32>,
    nodename: Option<Vec<u8>>,
    /// Whether `/proc` is of the first namespace of process ids.
    first: bool,
}

impl Own {
    fn ask() -> Self {
        let link = |name: &str| {
            let link = std::fs::read_link(format!("/proc/self/ns/{name}")).ok()?;
            number(link.as_os_str().as_encoded_bytes())
        };
        let status = std::fs::read("/proc/self/status").unwrap_or_default();
        let nodename = std::fs::read("/proc/sys/kernel/hostname").ok().map(|n| n.trim_ascii_end().to_vec());
        // A /proc of an outer namespace shows memsh with more than one id.
        let first = link("pid") == Some(FIRST_PID) && of_status(&status, "NSpid", 10).len() == 1;
        Self { uts: link("uts"), nodename, first }
    }

    fn row(&self, kind: Kind, number: u32, processes: usize, entered: bool, first: Option<&Inhabitant>) -> Namespace {
        let is_first = FIRST.contains(&(kind, number));
        let level = match kind {
            Kind::Pid | Kind::User if is_first => Some(0),
            Kind::Pid if self.first && entered => first.and_then(|i| i.depth).and_then(|d| u32::try_from(d).ok()),
            _ => None,
        };
        Namespace {
            kind,
            number: Some(number),
            address: VirtAddr::NULL,
            processes: Some(processes),
            first: first.map(|i| (i.pid, i.name.clone())),
            inner: first.and_then(|i| i.inner),
            entered,
            // The first user namespace owns all that the kernel starts with, and nobody owns it.
            owner: (is_first && kind != Kind::User).then_some(FIRST_USER),
            parent: None,
            level,
            nodename: self.nodename.clone().filter(|_| kind == Kind::Uts && self.uts == Some(number)),
            uid: (is_first && kind == Kind::User).then_some(0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_name_kinds_and_numbers() {
        assert_eq!((kind_of(b"mnt:[4026531841]"), number(b"mnt:[4026531841]")), (Some(Kind::Mnt), Some(4_026_531_841)));
        for link in [&b""[..], b"mnt:[", b"mnt:[x]", b"/a[1]b", b"mnt:[99999999999]"] {
            assert_eq!(number(link), None, "{}", String::from_utf8_lossy(link));
        }
        assert_eq!((kind_of(b"socket:[7]"), kind_of(b"/etc")), (None, None));
    }
}
