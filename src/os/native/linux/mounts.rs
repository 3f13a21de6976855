//! Mounts of every mount namespace: `/proc/PID/mountinfo` of one process of each.
//!
//! Everybody may read that file; which namespace it tells of is seen by whoever may look into the process. For the others a mount's
//! number says it: it is in one namespace only.

use super::folder::Folder;
use super::mountinfo;
use super::people::{self, Refused};
use super::spaces;
use crate::os::Lost;
use crate::os::linux::files::mount::Mount;
use memsh_plugin::{ApiError, Listing, VirtAddr};
use std::collections::HashMap;

/// A mount namespace, as one of its processes sees it.
struct Home {
    number: Option<u32>,
    pid: u32,
    /// Whether that process's root is the namespace's (others may be in a `chroot`).
    whole: bool,
    mounts: Vec<Mount>,
}

#[derive(Default)]
struct Homes {
    all: Vec<Home>,
    by_number: HashMap<u32, usize>,
    by_mount: HashMap<u64, usize>,
}

/// The mounts of every mount namespace, or of those of the processes in `only`; each namespace once, its mounts in the kernel's order.
///
/// # Errors
/// When processes can't be listed.
pub fn mounts(only: Option<&[VirtAddr]>) -> Result<Listing<Mount>, ApiError> {
    let (mut lost, mut homes, mut refused) = (Lost::default(), Homes::default(), Refused::default());
    for pid in people::chosen(only, &mut lost)? {
        if let Ok(folder) = Folder::open(pid) {
            homes.add(&folder, &mut refused);
        }
    }
    refused.tell("mounts", &mut lost);
    for home in homes.all.iter().filter(|h| h.number.is_none()) {
        let Ok(folder) = Folder::open(home.pid) else { continue };
        if let Err(e) = folder.link("ns/mnt") {
            Refused::one(&folder, "the mount namespace", &e).tell("number of the mount namespace", &mut lost);
        }
    }
    if only.is_none() {
        homes.empty(&mut lost);
    }
    let rows = homes.all.into_iter().flat_map(|h| {
        let (namespace, pid) = (h.number, Some(h.pid));
        h.mounts.into_iter().map(move |m| Mount { namespace, pid, ..m })
    });
    Ok(lost.listing(rows.collect()))
}

impl Homes {
    fn add(&mut self, folder: &Folder, refused: &mut Refused) {
        let number = folder.link("ns/mnt").ok().and_then(|l| spaces::number(&l));
        let whole = folder.link("root").is_ok_and(|r| r == b"/");
        let known = number.and_then(|n| self.by_number.get(&n).copied());
        if known.and_then(|at| self.all.get(at)).is_some_and(|h| h.whole || !whole) {
            return;
        }
        let mounts = match folder.read("mountinfo", mountinfo::LARGEST) {
            Ok(bytes) => mountinfo::parse(&bytes),
            Err(e) => return refused.add(folder, "the list of mounts (/proc/PID/mountinfo)", &e),
        };
        let Some(first) = mounts.iter().find_map(|m| m.id) else { return };
        let known = known.or_else(|| self.by_mount.get(&first).copied());
        let place = known.unwrap_or(self.all.len());
        self.by_mount.extend(mounts.iter().filter_map(|m| Some((m.id?, place))));
        self.by_number.extend(number.map(|n| (n, place)));
        match self.all.get_mut(place) {
            Some(home) => {
                home.number = home.number.or(number);
                if whole && !home.whole {
                    *home = Home { number: home.number, pid: folder.pid, whole, mounts };
                }
            }
            None => self.all.push(Home { number, pid: folder.pid, whole, mounts }),
        }
    }

    /// Says which namespaces nobody lives in: a mount keeps them.
    fn empty(&self, lost: &mut Lost) {
        let kept = self.all.iter().flat_map(|h| &h.mounts).filter(|m| m.kind.as_deref() == Some(b"nsfs"));
        let mut told: Vec<u32> = Vec::new();
        for mount in kept {
            let Some(number) = mount.root.as_deref().filter(|r| r.starts_with(b"mnt:")).and_then(spaces::number) else {
                continue;
            };
            if !self.by_number.contains_key(&number) && !told.contains(&number) {
                told.push(number);
                let keeper = String::from_utf8_lossy(mount.target.as_deref().unwrap_or_default()).into_owned();
                lost.push(format!(
                    "mounts of mount namespace {number}: no process lives in it ({keeper} keeps it), and memsh enters none"
                ));
            }
        }
    }
}

/// What a process's open files need of its mounts: device number and kind of the file system of each.
#[derive(Debug, Default)]
pub struct Systems(HashMap<u64, (Option<u64>, Option<Vec<u8>>)>);

impl Systems {
    /// Those that a process sees.
    pub fn of(folder: &Folder) -> Self {
        let mounts = folder.read("mountinfo", mountinfo::LARGEST).map(|b| mountinfo::parse(&b)).unwrap_or_default();
        Self(mounts.into_iter().filter_map(|m| Some((m.id?, (m.device, m.kind)))).collect())
    }

    /// Whether a mount is among them.
    pub fn has(&self, mount: u64) -> bool {
        self.0.contains_key(&mount)
    }

    /// The device number of a mount's file system.
    pub fn device(&self, mount: u64) -> Option<u64> {
        self.0.get(&mount)?.0
    }

    /// What a mount's file system is.
    pub fn kind(&self, mount: u64) -> Option<&[u8]> {
        self.0.get(&mount)?.1.as_deref()
    }
}
