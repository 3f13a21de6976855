//! Who a task is and what it may do, as `/proc/PID/status` tells it (fs/proc/array.c; kernel/cred.c).

use super::pids::{numbers, possible_number};
use crate::engine::{ViewExt, index};
use crate::os::linux::base::kernel::Kernel;
use crate::os::linux::base::layout::{Block, Extent, Found, Member, Members, Shape, shapes};
use crate::os::linux::base::lost::Lost;
use crate::symbols::Types;
use memsh_plugin::{Listing, VirtAddr, umem};
use std::collections::HashSet;

/// `NGROUPS_MAX` (include/uapi/linux/limits.h).
const MOST_GROUPS: u64 = 65536;
/// A chain of filters holds at most `MAX_INSNS_PER_PATH` (2^15) instructions, and each filter one at least.
const MOST_FILTERS: usize = 1 << 15;
/// Longer labels are cut.
const LABEL: usize = 4096;

shapes! {
    /// `task_struct`, for who it is.
    PersonShape: "task_struct" {
        real: ["real_cred"],
        effective: ["cred"],
        atomic_flags: ["atomic_flags"],
        mode: ["seccomp.mode"],
        // 5.9.
        filters: ["seccomp.filter_count.counter", "seccomp.filter_count"],
        filter: ["seccomp.filter"],
        login: ["loginuid.val", "loginuid"],
        session: ["sessionid"],
        mm: ["mm"],
    }
    /// `cred`.
    CredentialsShape: "cred" {
        uid: ["uid.val"],
        euid: ["euid.val"],
        suid: ["suid.val"],
        fsuid: ["fsuid.val"],
        gid: ["gid.val"],
        egid: ["egid.val"],
        sgid: ["sgid.val"],
        fsgid: ["fsgid.val"],
        securebits: ["securebits"],
        // A number since 6.3; before, two halves, the lower first.
        inheritable: ["cap_inheritable"],
        permitted: ["cap_permitted"],
        effective: ["cap_effective"],
        bounding: ["cap_bset"],
        ambient: ["cap_ambient"],
        groups: ["group_info"],
        space: ["user_ns"],
        security: ["security"],
    }
    /// `group_info`.
    GroupsShape: "group_info" {
        count: ["ngroups"],
        ids: ["gid"],
    }
    /// `seccomp_filter`.
    FilterShape: "seccomp_filter" { before: ["prev"] }
    /// `user_namespace`.
    UserSpaceShape: "user_namespace" { number: ["ns.inum"] }
    /// `mm_struct`, for whether it may be dumped.
    DumpShape: "mm_struct" {
        // 6.18 made it a bitmap.
        flags: ["flags.__mm_flags", "flags"],
    }
    /// `lsm_blob_sizes`: once set up, where each security module keeps its part.
    BlobShape: "lsm_blob_sizes" { cred: ["lbs_cred"] }
    /// `aa_label`: an AppArmor label, made of profiles.
    LabelShape: "aa_label" {
        name: ["hname"],
        count: ["size"],
        profiles: ["vec"],
    }
    /// `aa_profile`.
    ProfileShape: "aa_profile" {
        name: ["base.hname"],
        mode: ["mode"],
    }
}

/// The four ids of a user or group: real, effective, saved, for files.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ids {
    /// Whose it is.
    pub real: Option<u32>,
    /// Whose rights it has.
    pub effective: Option<u32>,
    /// What it may become again.
    pub saved: Option<u32>,
    /// Whose rights it has to files.
    pub files: Option<u32>,
}

/// Sets of capabilities, as bits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Capabilities {
    /// What it may do now.
    pub effective: Option<u64>,
    /// What it may make effective.
    pub permitted: Option<u64>,
    /// What a program it starts may inherit.
    pub inheritable: Option<u64>,
    /// What it and its children can ever gain.
    pub bounding: Option<u64>,
    /// What programs without capabilities of their own keep.
    pub ambient: Option<u64>,
}

/// Who a task is and what it may do.
#[derive(Clone, Debug, Default)]
pub struct Credentials {
    /// The `struct cred`.
    pub address: Option<VirtAddr>,
    /// Whether the task acts with other credentials than its own just now (`override_creds`).
    pub overridden: Option<bool>,
    /// Users.
    pub uid: Ids,
    /// Groups.
    pub gid: Ids,
    /// Supplementary groups.
    pub groups: Option<Vec<u32>>,
    /// Capabilities.
    pub capabilities: Capabilities,
    /// `SECBIT_*` (include/uapi/linux/securebits.h).
    pub securebits: Option<u64>,
    /// Whether a program it starts can't gain rights.
    pub no_new_privs: Option<bool>,
    /// 0 none, 1 strict, 2 filters.
    pub seccomp: Option<u64>,
    /// How many seccomp filters it has.
    pub filters: Option<u64>,
    /// Its AppArmor label, `unconfined` or `PROFILE (MODE)`; none where AppArmor does not run.
    pub label: Option<Vec<u8>>,
    /// The user who logged in; none where nobody has.
    pub login: Option<u32>,
    /// The audit session; none outside any.
    pub session: Option<u32>,
    /// Number of its user namespace.
    pub user_namespace: Option<u32>,
    /// `SUID_DUMP_*`: 0 no, 1 yes, 2 by root only.
    pub dumpable: Option<u64>,
    /// Its process id in each namespace of process ids, the outermost first.
    pub pids: Vec<u32>,
}

/// The credentials of the task at `task`: one item, or none and the reason.
pub fn credentials(kernel: &Kernel, task: VirtAddr) -> Listing<Credentials> {
    let mut lost = Lost::default();
    let told = look(kernel, task, &mut lost);
    lost.listing(told.into_iter().collect())
}

fn look(kernel: &Kernel, task: VirtAddr, lost: &mut Lost) -> Option<Credentials> {
    /// `PFA_NO_NEW_PRIVS` (include/linux/sched.h).
    const NO_NEW_PRIVS: u64 = 1;
    /// `INVALID_UID`, `AUDIT_SID_UNSET`: nobody, no session.
    const UNSET: u32 = u32::MAX;
    /// `MMF_DUMPABLE_MASK` (include/linux/sched/coredump.h).
    const DUMPABLE: u64 = 3;
    let (view, p, c) = (kernel.view(), kernel.shape::<PersonShape>(), kernel.shape::<CredentialsShape>());
    let person = p.read_or(view, task, lost)?;
    let address = person.ptr(p.real);
    let Some(cred) = address.and_then(|at| c.read_or(view, at, lost)) else {
        lost.push(format!("the credentials of the task at {task} are not in the image"));
        return None;
    };
    let ids = |real, effective, saved, files| Ids {
        real: cred.u32(real),
        effective: cred.u32(effective),
        saved: cred.u32(saved),
        files: cred.u32(files),
    };
    let space = kernel.shape::<UserSpaceShape>();
    let dump = kernel.shape::<DumpShape>();
    let flags = person.ptr(p.mm).and_then(|mm| {
        let block = dump.read(view, mm);
        block.uint(dump.flags).or_else(|| block.word(dump.flags?.offset))
    });
    Some(Credentials {
        address,
        overridden: Some(person.ptr(p.effective).is_some_and(|e| Some(e) != address)),
        uid: ids(c.uid, c.euid, c.suid, c.fsuid),
        gid: ids(c.gid, c.egid, c.sgid, c.fsgid),
        groups: cred.ptr(c.groups).and_then(|at| groups(kernel, at, lost)),
        capabilities: Capabilities {
            effective: cred.uint(c.effective),
            permitted: cred.uint(c.permitted),
            inheritable: cred.uint(c.inheritable),
            bounding: cred.uint(c.bounding),
            ambient: cred.uint(c.ambient),
        },
        securebits: cred.uint(c.securebits),
        no_new_privs: person.uint(p.atomic_flags).map(|f| f & NO_NEW_PRIVS != 0),
        seccomp: person.uint(p.mode),
        filters: person.uint(p.filters).or_else(|| filters(kernel, person.ptr(p.filter), lost)),
        label: cred.ptr(c.security).and_then(|blob| apparmor(kernel, blob)),
        login: person.u32(p.login).filter(|n| *n != UNSET),
        session: person.u32(p.session).filter(|n| *n != UNSET),
        user_namespace: cred.ptr(c.space).and_then(|at| possible_number(space.read(view, at).u32(space.number))),
        dumpable: flags.map(|f| f & DUMPABLE),
        pids: numbers(kernel, task),
    })
}

/// Supplementary groups: those of the `group_info` at `at`.
fn groups(kernel: &Kernel, at: VirtAddr, lost: &mut Lost) -> Option<Vec<u32>> {
    let (view, l) = (kernel.view(), kernel.shape::<GroupsShape>());
    let block = l.read_or(view, at, lost)?;
    let Some(count) = block.uint(l.count).filter(|n| *n <= MOST_GROUPS) else {
        lost.push(format!("the groups at {at} make no sense"));
        return None;
    };
    let mut bytes = vec![0u8; index(umem::from(count.checked_mul(4)?))?];
    if view.read_exact(block.at(l.ids)?, &mut bytes).is_err() {
        lost.push(format!("the groups at {at} are not in the image"));
        return None;
    }
    let number = |b: &[u8]| {
        <[u8; 4]>::try_from(b).ok().map(|b| match view.view_metadata().little_endian {
            true => u32::from_le_bytes(b),
            false => u32::from_be_bytes(b),
        })
    };
    bytes.chunks_exact(4).map(number).collect()
}

/// How many filters there are from the last on (before 5.9, which counts them).
fn filters(kernel: &Kernel, last: Option<VirtAddr>, lost: &mut Lost) -> Option<u64> {
    let (view, l) = (kernel.view(), kernel.shape::<FilterShape>());
    l.before?;
    let (mut count, mut seen, mut at) = (0, HashSet::new(), last);
    while let Some(filter) = at {
        let block: Block = l.read(view, filter);
        if block.is_missing() || !seen.insert(filter) || seen.len() > MOST_FILTERS {
            lost.push(format!("the seccomp filter at {filter} is not in the image, or the filters run in a circle"));
            return None;
        }
        count += 1;
        at = block.ptr(l.before);
    }
    Some(count)
}

/// The AppArmor label in the security blob of a `cred` (security/apparmor/lsm.c), 5.1 and later.
fn apparmor(kernel: &Kernel, blob: VirtAddr) -> Option<Vec<u8>> {
    let (view, b, l, p) =
        (kernel.view(), kernel.shape::<BlobShape>(), kernel.shape::<LabelShape>(), kernel.shape::<ProfileShape>());
    // Set when AppArmor starts; before, the sizes hold no positions.
    let running = kernel.address("apparmor_initialized").and_then(|at| view.read_u32(at).ok())?;
    let sizes = b.read(view, kernel.address("apparmor_blob_sizes")?);
    let place = sizes.uint(b.cred).filter(|n| running != 0 && *n < 4096)?;
    let label = l.read(view, view.read_ptr(blob.wrapping_add(umem::from(place))).ok()?);
    let first = p.read(view, label.ptr(l.profiles)?);
    let name = label.ptr(l.name).or_else(|| first.ptr(p.name).filter(|_| label.uint(l.count) == Some(1)))?;
    let mut told = view.read_cstr(name, LABEL).ok()?;
    // `enum profile_mode` (security/apparmor/include/policy.h).
    let mode = match first.uint(p.mode)? {
        0 => "enforce",
        1 => "complain",
        2 => "kill",
        3 => "unconfined",
        4 => "user",
        _ => return None,
    };
    if told != b"unconfined" {
        told.extend_from_slice(format!(" ({mode})").as_bytes());
    }
    Some(told)
}
