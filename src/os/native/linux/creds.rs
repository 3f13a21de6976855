//! Who processes are and what they may do: `/proc/PID/status`, `loginuid`, `sessionid`, `attr` (fs/proc/array.c, fs/proc/base.c).

use super::denied;
use super::folder::Folder;
use super::people;
use super::spaces;
use super::stat::of_status;
use crate::os::Lost;
use crate::os::linux::tasks::cred::{Capabilities, Credentials, Ids};
use memsh_plugin::{Listing, VirtAddr};
use std::io;

/// `NGROUPS_MAX` groups of eleven bytes, and the other lines (include/uapi/linux/limits.h).
const STATUS: u64 = 1 << 20;

/// The credentials of a process: one item, or none and the reason.
pub fn credentials(process: VirtAddr) -> Listing<Credentials> {
    let mut lost = Lost::default();
    let Some(folder) = people::pid(process).and_then(|pid| Folder::open(pid).ok()) else {
        // Who has ended has no rights.
        return lost.listing(Vec::new());
    };
    let found = match folder.read("status", STATUS) {
        Ok(status) => Some(of(&folder, &status, &mut lost)),
        Err(e) if denied::is_gone(&e) => None,
        Err(e) => {
            lost.push(denied::error(&folder, "the state", &e).message.to_string_lossy());
            None
        }
    };
    lost.listing(found.into_iter().collect())
}

fn of(folder: &Folder, status: &[u8], lost: &mut Lost) -> Credentials {
    let mut user_namespace = None;
    match folder.link("ns/user") {
        Ok(link) => user_namespace = spaces::number(&link),
        Err(e) if denied::is_gone(&e) => {}
        Err(e) => lost.push(denied::error(folder, "the user namespace", &e).message.to_string_lossy()),
    }
    let number = |file: &str| -> Option<u32> {
        let text = folder.head(file).ok()?;
        // Where nobody has logged in, -1.
        std::str::from_utf8(&text).ok()?.trim().parse().ok().filter(|n| *n != u32::MAX)
    };
    Credentials {
        user_namespace,
        login: number("loginuid"),
        session: number("sessionid"),
        label: label(folder, lost),
        ..told(status)
    }
}

/// What `status` says.
fn told(status: &[u8]) -> Credentials {
    let numbers =
        |key: &str| -> Vec<u32> { of_status(status, key, 10).into_iter().filter_map(|n| u32::try_from(n).ok()).collect() };
    let ids = |key: &str| {
        let all = numbers(key);
        let at = |n: usize| all.get(n).copied();
        Ids { real: at(0), effective: at(1), saved: at(2), files: at(3) }
    };
    let first = |key: &str, base: u32| of_status(status, key, base).first().copied();
    let has =
        |key: &str| status.split(|b| *b == b'\n').any(|l| l.strip_prefix(key.as_bytes()).is_some_and(|r| r.starts_with(b":")));
    Credentials {
        uid: ids("Uid"),
        gid: ids("Gid"),
        groups: has("Groups").then(|| numbers("Groups")),
        capabilities: Capabilities {
            effective: first("CapEff", 16),
            permitted: first("CapPrm", 16),
            inheritable: first("CapInh", 16),
            bounding: first("CapBnd", 16),
            ambient: first("CapAmb", 16),
        },
        no_new_privs: first("NoNewPrivs", 10).map(|n| n != 0),
        seccomp: first("Seccomp", 10),
        filters: first("Seccomp_filters", 10),
        // From the namespace of process ids that /proc is of.
        pids: numbers("NSpid"),
        ..Credentials::default()
    }
}

/// The AppArmor label; none where it does not run. `attr/current` may be another module's.
fn label(folder: &Folder, lost: &mut Lost) -> Option<Vec<u8>> {
    let running = std::fs::read("/sys/module/apparmor/parameters/enabled").is_ok_and(|t| t.starts_with(b"Y"));
    if !running {
        return None;
    }
    match folder.head("attr/apparmor/current").or_else(|_| folder.head("attr/current")) {
        Ok(text) => {
            Some(text.trim_ascii_end().strip_suffix(b"\0").unwrap_or(text.trim_ascii_end()).to_vec()).filter(|l| !l.is_empty())
        }
        Err(e) if denied::is_gone(&e) || e.kind() == io::ErrorKind::InvalidInput => None,
        Err(e) => {
            lost.push(denied::error(folder, "the AppArmor label", &e).message.to_string_lossy());
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn status_says_who_and_what() {
        let c = told(
            b"Name:\tx\nNStgid:\t7\t1\nNSpid:\t7\t1\nUid:\t1000\t0\t1\t2\nGid:\t1\t2\t3\t4\nGroups:\t4 24 \nCapInh:\t0000000000000000\n\
              CapEff:\t000001fffeffffff\nNoNewPrivs:\t1\nSeccomp:\t2\nSeccomp_filters:\t3\n",
        );
        assert_eq!(c.uid, Ids { real: Some(1000), effective: Some(0), saved: Some(1), files: Some(2) });
        assert_eq!((c.groups, c.pids), (Some(vec![4, 24]), vec![7, 1]));
        assert_eq!((c.capabilities.effective, c.capabilities.inheritable), (Some(0x1ff_feff_ffff), Some(0)));
        assert_eq!((c.capabilities.bounding, c.no_new_privs, c.seccomp, c.filters), (None, Some(true), Some(2), Some(3)));
        // No line of groups, no answer; an empty one, none.
        assert_eq!((told(b"Groups:\t \n").groups, told(b"").groups), (Some(Vec::new()), None));
    }
}
