//! Every namespace: those that tasks live in, those that only a file or a mount keeps, and those above them.

use super::namespace::{Inhabitant, ProxyShape, SpacesShape, inhabitants};
use super::pids::{active, numbers, possible_number};
use crate::os::linux::base::kernel::Kernel;
use crate::os::linux::base::layout::{Extent, Found, Member, Members, Shape, container_of, offset_of, shapes};
use crate::os::linux::base::lost::Lost;
use crate::os::linux::containers::list::list;
use crate::os::linux::containers::tree::tree;
use crate::os::linux::files::fdtable::descriptors;
use crate::os::linux::files::mount::mounts;
use crate::os::linux::files::path::Paths;
use crate::symbols::Types;
use memsh_plugin::{ApiError, Listing, VirtAddr};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

/// More namespaces than this are not looked at.
const MOST: usize = 1 << 20;

macro_rules! spaces {
    ($($(#[$doc:meta])* $name:ident: $structure:literal { $($member:ident: [$($path:literal),+]),* $(,)? })*) => {
        shapes! {$(
            $(#[$doc])*
            $name: $structure {
                number: ["ns.inum"],
                common: ["ns"],
                // 6.18: all of a kind are in one tree.
                node: ["ns.ns_tree_node.ns_node", "ns.ns_tree_node"],
                owner: ["user_ns"],
                $($member: [$($path),+],)*
            }
        )*}
    };
}

spaces! {
    /// `uts_namespace`.
    UtsNsShape: "uts_namespace" { nodename: ["name.nodename"] }
    /// `ipc_namespace`.
    IpcNsShape: "ipc_namespace" {}
    /// `mnt_namespace`.
    MntNsShape: "mnt_namespace" { own_node: ["mnt_ns_tree_node"] }
    /// `pid_namespace`.
    PidNamespaceShape: "pid_namespace" { level: ["level"], parent: ["parent"] }
    /// `net`.
    NetNsShape: "net" { list: ["list"] }
    /// `user_namespace`.
    UserNsShape: "user_namespace" { level: ["level"], parent: ["parent"], uid: ["owner.val"] }
    /// `cgroup_namespace`.
    CgroupNsShape: "cgroup_namespace" {}
    /// `time_namespace`.
    TimeNsShape: "time_namespace" {}
}

shapes! {
    /// `cred`, for its user namespace.
    UserOfShape: "cred" { space: ["user_ns"] }
    /// `inode` of nsfs, for its namespace.
    NsInodeShape: "inode" { sb: ["i_sb"], space: ["i_private"] }
    /// `file`, for its inode.
    NsFileShape: "file" { inode: ["f_inode"] }
    /// `mount`, for what is mounted.
    NsMountShape: "mount" { root: ["mnt.mnt_root"] }
}

/// A kind of namespace, in the order in which they are listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// Mounts.
    Mnt,
    /// Process ids.
    Pid,
    /// Network.
    Net,
    /// Host name.
    Uts,
    /// System V IPC and message queues.
    Ipc,
    /// Users and capabilities.
    User,
    /// The root of the cgroup tree.
    Cgroup,
    /// Clocks since boot.
    Time,
}

/// All kinds.
pub const KINDS: [Kind; 8] = [Kind::Mnt, Kind::Pid, Kind::Net, Kind::Uts, Kind::Ipc, Kind::User, Kind::Cgroup, Kind::Time];

impl Kind {
    /// Its name in `/proc/PID/ns`.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Mnt => "mnt",
            Kind::Pid => "pid",
            Kind::Net => "net",
            Kind::Uts => "uts",
            Kind::Ipc => "ipc",
            Kind::User => "user",
            Kind::Cgroup => "cgroup",
            Kind::Time => "time",
        }
    }
}

/// A namespace.
#[derive(Clone, Debug)]
pub struct Namespace {
    /// Its kind.
    pub kind: Kind,
    /// Its number, as `/proc/PID/ns` shows it.
    pub number: Option<u32>,
    /// Where it lies; null where that is not known.
    pub address: VirtAddr,
    /// How many processes live in it; none where some of them may be lost.
    pub processes: Option<usize>,
    /// The first of them, and its name.
    pub first: Option<(u32, Vec<u8>)>,
    /// That process's id within, in a namespace of process ids.
    pub inner: Option<u32>,
    /// How processes came to be counted here: false where only their children will live in it.
    pub entered: bool,
    /// Number of the user namespace that owns it.
    pub owner: Option<u32>,
    /// Number of the one above it, for process ids and users.
    pub parent: Option<u32>,
    /// How many are above it, for process ids and users.
    pub level: Option<u32>,
    /// The host name, of a UTS namespace.
    pub nodename: Option<Vec<u8>>,
    /// The user that made it, of a user namespace.
    pub uid: Option<u32>,
}

/// What was read of a namespace itself.
#[derive(Default)]
struct Itself {
    number: Option<u32>,
    owner: Option<VirtAddr>,
    parent: Option<VirtAddr>,
    level: Option<u32>,
    nodename: Option<Vec<u8>>,
    uid: Option<u32>,
}

fn read(kernel: &Kernel, kind: Kind, at: VirtAddr, lost: &mut Lost) -> Option<Itself> {
    let view = kernel.view();
    macro_rules! common {
        ($shape:ty, $block:ident, $l:ident) => {
            let $l = kernel.shape::<$shape>();
            let $block = $l.read_or(view, at, lost)?;
        };
    }
    Some(match kind {
        Kind::Mnt => {
            common!(MntNsShape, b, l);
            Itself { number: possible_number(b.u32(l.number)), owner: b.ptr(l.owner), ..Itself::default() }
        }
        Kind::Net => {
            common!(NetNsShape, b, l);
            Itself { number: possible_number(b.u32(l.number)), owner: b.ptr(l.owner), ..Itself::default() }
        }
        Kind::Ipc => {
            common!(IpcNsShape, b, l);
            Itself { number: possible_number(b.u32(l.number)), owner: b.ptr(l.owner), ..Itself::default() }
        }
        Kind::Cgroup => {
            common!(CgroupNsShape, b, l);
            Itself { number: possible_number(b.u32(l.number)), owner: b.ptr(l.owner), ..Itself::default() }
        }
        Kind::Time => {
            common!(TimeNsShape, b, l);
            Itself { number: possible_number(b.u32(l.number)), owner: b.ptr(l.owner), ..Itself::default() }
        }
        Kind::Uts => {
            common!(UtsNsShape, b, l);
            let nodename = b.text(l.nodename).map(<[u8]>::to_vec);
            Itself { number: possible_number(b.u32(l.number)), owner: b.ptr(l.owner), nodename, ..Itself::default() }
        }
        Kind::Pid => {
            common!(PidNamespaceShape, b, l);
            let (parent, level) = (b.ptr(l.parent), b.u32(l.level));
            Itself { number: possible_number(b.u32(l.number)), owner: b.ptr(l.owner), parent, level, ..Itself::default() }
        }
        Kind::User => {
            common!(UserNsShape, b, l);
            let (parent, level, uid) = (b.ptr(l.parent), b.u32(l.level), b.u32(l.uid));
            // A user namespace is owned by the one above it.
            Itself { number: possible_number(b.u32(l.number)), owner: parent, parent, level, uid, ..Itself::default() }
        }
    })
}

/// The namespaces of one task, by kind; and those that only its children will live in.
fn of_task(kernel: &Kernel, i: &Inhabitant) -> Vec<(Kind, VirtAddr, bool)> {
    let (view, p, t, c) =
        (kernel.view(), kernel.shape::<ProxyShape>(), kernel.shape::<SpacesShape>(), kernel.shape::<UserOfShape>());
    let mut out = Vec::new();
    let task = t.read(view, i.task);
    let user = task.ptr(t.cred).and_then(|at| c.read(view, at).ptr(c.space));
    out.extend(user.map(|at| (Kind::User, at, true)));
    out.extend(active(kernel, i.task).map(|at| (Kind::Pid, at, true)));
    let Some(proxy) = i.proxy.map(|at| p.read(view, at)) else { return out };
    let members = [
        (Kind::Mnt, p.mnt, true),
        (Kind::Net, p.net, true),
        (Kind::Uts, p.uts, true),
        (Kind::Ipc, p.ipc, true),
        (Kind::Cgroup, p.cgroup, true),
        (Kind::Time, p.time, true),
        (Kind::Pid, p.pid_for_children, false),
        (Kind::Time, p.time_for_children, false),
    ];
    out.extend(members.into_iter().filter_map(|(kind, member, entered)| Some((kind, proxy.ptr(member)?, entered))));
    out
}

/// Those that the kernel keeps in lists and trees of its own.
fn registered(kernel: &Kernel, kind: Kind, lost: &mut Lost) -> Vec<VirtAddr> {
    let view = kernel.view();
    let node = match kind {
        Kind::Mnt => {
            let l = kernel.shape::<MntNsShape>();
            l.node.or(l.own_node)
        }
        Kind::Pid => kernel.shape::<PidNamespaceShape>().node,
        Kind::Net => kernel.shape::<NetNsShape>().node,
        Kind::Uts => kernel.shape::<UtsNsShape>().node,
        Kind::Ipc => kernel.shape::<IpcNsShape>().node,
        Kind::User => kernel.shape::<UserNsShape>().node,
        Kind::Cgroup => kernel.shape::<CgroupNsShape>().node,
        Kind::Time => kernel.shape::<TimeNsShape>().node,
    };
    if let (Some(root), Some(_)) = (kernel.address(&format!("{}_ns_tree", kind.name())), node) {
        let nodes = tree(view, &kernel.layouts.rb_node, root, "namespaces", lost);
        return nodes.into_iter().filter_map(|n| container_of(n, node)).collect();
    }
    let l = kernel.shape::<NetNsShape>();
    match (kind, kernel.address("net_namespace_list"), offset_of(l.list)) {
        (Kind::Net, Some(head), Some(_)) => {
            list(view, head, "network namespaces", lost).into_iter().filter_map(|n| container_of(n, l.list)).collect()
        }
        _ => Vec::new(),
    }
}

/// The namespace behind an inode of nsfs.
fn of_inode(kernel: &Kernel, paths: &Paths, inode: VirtAddr) -> Option<(Kind, VirtAddr)> {
    let (view, l) = (kernel.view(), kernel.shape::<NsInodeShape>());
    let block = l.read(view, inode);
    if paths.filesystem(block.ptr(l.sb)?)? != b"nsfs" {
        return None;
    }
    let common = block.ptr(l.space)?;
    let name = paths.namespace_kind(common)?;
    let kind = KINDS.into_iter().find(|k| k.name().as_bytes() == name)?;
    let member = match kind {
        Kind::Mnt => kernel.shape::<MntNsShape>().common,
        Kind::Pid => kernel.shape::<PidNamespaceShape>().common,
        Kind::Net => kernel.shape::<NetNsShape>().common,
        Kind::Uts => kernel.shape::<UtsNsShape>().common,
        Kind::Ipc => kernel.shape::<IpcNsShape>().common,
        Kind::User => kernel.shape::<UserNsShape>().common,
        Kind::Cgroup => kernel.shape::<CgroupNsShape>().common,
        Kind::Time => kernel.shape::<TimeNsShape>().common,
    };
    Some((kind, container_of(common, member)?))
}

/// Those that open files and mounts keep.
fn kept(kernel: &Kernel, people: &[Inhabitant]) -> Vec<(Kind, VirtAddr)> {
    let (view, f, m) = (kernel.view(), kernel.shape::<NsFileShape>(), kernel.shape::<NsMountShape>());
    let paths = Paths::new(kernel);
    let mut inodes = BTreeSet::new();
    let mut seen = HashSet::new();
    // What these lists lose, `files` and `mounts` tell.
    for i in people {
        for d in descriptors(kernel, i.task, &mut Lost::default()) {
            if seen.insert(d.file) {
                inodes.extend(f.read(view, d.file).ptr(f.inode));
            }
        }
    }
    let all = mounts(kernel, None).map(|l| l.items.to_vec()).unwrap_or_default();
    for mount in all.iter().filter(|m| m.kind.as_deref() == Some(b"nsfs")) {
        let dentry = m.read(view, mount.address).ptr(m.root);
        inodes.extend(dentry.and_then(|d| kernel.layouts.dentry.read(view, d).ptr(kernel.layouts.dentry.inode)));
    }
    inodes.into_iter().filter_map(|i| of_inode(kernel, &paths, i)).collect()
}

/// Every namespace, or only those of the tasks in `only`: by kind, then by number.
///
/// # Errors
/// When processes can't be listed at all.
pub fn namespaces(kernel: &Kernel, only: Option<&[VirtAddr]>) -> Result<Listing<Namespace>, ApiError> {
    let mut lost = Lost::default();
    let people = inhabitants(kernel, &mut lost)?;
    let whole = lost.is_empty();
    let chosen = |i: &Inhabitant| only.is_none_or(|only| only.contains(&i.task));
    let mut homes: BTreeMap<(Kind, VirtAddr), Vec<(Inhabitant, bool)>> = BTreeMap::new();
    for i in &people {
        for (kind, at, entered) in of_task(kernel, i) {
            homes.entry((kind, at)).or_default().push((i.clone(), entered));
        }
    }
    if only.is_none() {
        for kind in KINDS {
            for at in registered(kernel, kind, &mut lost) {
                homes.entry((kind, at)).or_default();
            }
        }
        for home in kept(kernel, &people) {
            homes.entry(home).or_default();
        }
    }
    homes.retain(|_, people| only.is_none() || people.iter().any(|(i, _)| chosen(i)));
    let mut facts: HashMap<(Kind, VirtAddr), Itself> = HashMap::new();
    let mut todo: Vec<(Kind, VirtAddr)> = homes.keys().copied().collect();
    while let Some(home) = todo.pop() {
        if facts.contains_key(&home) {
            continue;
        }
        if facts.len() >= MOST {
            lost.push(format!("more than {MOST} namespaces; the rest was left out"));
            break;
        }
        let Some(itself) = read(kernel, home.0, home.1, &mut lost) else { continue };
        // What owns it and what is above it exists too, though nobody may live there.
        let above = itself.owner.map(|at| (Kind::User, at)).into_iter().chain(itself.parent.map(|at| (home.0, at)));
        for next in above {
            if only.is_none() {
                homes.entry(next).or_default();
            }
            todo.push(next);
        }
        facts.insert(home, itself);
    }
    let number = |kind: Kind, at: Option<VirtAddr>| facts.get(&(kind, at?)).and_then(|i| i.number);
    let mut out = Vec::new();
    for ((kind, address), people) in &homes {
        let Some(itself) = facts.get(&(*kind, *address)) else { continue };
        let entered = people.iter().any(|(_, entered)| *entered);
        let inside: Vec<&Inhabitant> = people.iter().filter(|(_, e)| *e == entered).map(|(i, _)| i).collect();
        let processes: BTreeSet<u32> = inside.iter().map(|i| i.pid).collect();
        let first = inside.iter().find(|i| chosen(i));
        let inner = first.filter(|_| *kind == Kind::Pid && entered).and_then(|i| numbers(kernel, i.task).last().copied());
        out.push(Namespace {
            kind: *kind,
            number: itself.number,
            address: *address,
            processes: whole.then_some(processes.len()),
            first: first.map(|i| (i.pid, i.name.clone())),
            inner,
            entered,
            owner: number(Kind::User, itself.owner),
            parent: number(*kind, itself.parent),
            level: itself.level,
            nodename: itself.nodename.clone(),
            uid: itself.uid,
        });
    }
    out.sort_by_key(|n| (n.kind, n.number));
    Ok(lost.listing(out))
}
