//! Mounts of every mount namespace, as `/proc/PID/mounts` and `mountinfo` tell them (fs/proc_namespace.c).

use super::mountopts::{Options, options};
use super::path::{PathRef, Paths};
use crate::engine::ViewExt;
use crate::os::linux::base::kernel::Kernel;
use crate::os::linux::base::layout::{Block, Extent, Found, Member, Members, Shape, container_of, shapes};
use crate::os::linux::base::lost::Lost;
use crate::os::linux::containers::list::list;
use crate::os::linux::containers::tree::tree;
use crate::os::linux::tasks::namespace::{Inhabitant, inhabitants, mounts_of};
use crate::os::linux::tasks::pids::possible_number;
use crate::symbols::Types;
use memsh_plugin::{ApiError, Listing, VirtAddr};
use std::collections::HashSet;

/// `PATH_MAX` (include/uapi/linux/limits.h): no device is called longer.
const NAME: usize = 4096;

shapes! {
    /// `mnt_namespace`.
    MountNsShape: "mnt_namespace" {
        number: ["ns.inum"],
        root: ["root"],
        // Up to 6.7 a list, since then a tree; the member `mounts` of the older is a count.
        list: ["list"],
        tree: ["mounts.rb_node"],
        // 6.11 put all of them into a tree, 6.18 those of every kind.
        node: ["ns.ns_tree_node.ns_node", "ns.ns_tree_node", "mnt_ns_tree_node"],
    }
    /// `mount`.
    MountedShape: "mount" {
        list: ["mnt_list"],
        // 6.8.
        node: ["mnt_node"],
        mnt: ["mnt"],
        flags: ["mnt.mnt_flags"],
        root: ["mnt.mnt_root"],
        sb: ["mnt.mnt_sb"],
        parent: ["mnt_parent"],
        source: ["mnt_devname"],
        id: ["mnt_id"],
        group: ["mnt_group_id"],
        master: ["mnt_master"],
        space: ["mnt_ns"],
        // 6.17: what says whether it is shared.
        tree_flags: ["mnt_t_flags"],
    }
    /// `super_block`.
    SystemShape: "super_block" {
        device: ["s_dev"],
        kind: ["s_type"],
    }
}

/// A mount.
#[derive(Clone, Debug)]
pub struct Mount {
    /// Its namespace's number, as `/proc/PID/ns/mnt` shows it.
    pub namespace: Option<u32>,
    /// The process from whose root the target is told; none where nobody lives in the namespace.
    pub pid: Option<u32>,
    /// The mount's number.
    pub id: Option<u64>,
    /// That of the mount it is mounted on.
    pub parent: Option<u64>,
    /// The file system's device number.
    pub device: Option<u64>,
    /// Which directory of the file system is mounted.
    pub root: Option<Vec<u8>>,
    /// Where.
    pub target: Option<Vec<u8>>,
    /// Whether that lies below the process's root; what does not is not in its `/proc/PID/mounts`.
    pub reachable: Option<bool>,
    /// What is mounted, in the words of who mounted it.
    pub source: Option<Vec<u8>>,
    /// The file system's kind.
    pub kind: Option<Vec<u8>>,
    /// Its options.
    pub options: Option<Options>,
    /// The peer group it is shared in.
    pub shared: Option<u64>,
    /// The peer group it receives mounts from.
    pub master: Option<u64>,
    /// Whether it may not be bound elsewhere.
    pub unbindable: bool,
    /// The `struct mount`; null where it is not known.
    pub address: VirtAddr,
    /// The `super_block`.
    pub super_block: Option<VirtAddr>,
}

/// The mounts of every mount namespace, or only of those of the tasks in `only`; each namespace once, its mounts in the kernel's
/// order.
///
/// # Errors
/// When processes can't be listed at all.
pub fn mounts(kernel: &Kernel, only: Option<&[VirtAddr]>) -> Result<Listing<Mount>, ApiError> {
    let mut lost = Lost::default();
    let mut people = inhabitants(kernel, &mut lost)?;
    if let Some(only) = only {
        people.retain(|i| only.contains(&i.task));
    }
    let mut spaces: Vec<(VirtAddr, Vec<Inhabitant>)> = Vec::new();
    for i in people {
        let Some(space) = i.proxy.and_then(|p| mounts_of(kernel, p)) else { continue };
        match spaces.iter_mut().find(|(known, _)| *known == space) {
            Some((_, people)) => people.push(i),
            None => spaces.push((space, vec![i])),
        }
    }
    if only.is_none() {
        for space in registered(kernel, &mut lost) {
            if !spaces.iter().any(|(known, _)| *known == space) {
                spaces.push((space, Vec::new()));
            }
        }
    }
    let paths = Paths::new(kernel);
    let (mut out, mut seen) = (Vec::new(), HashSet::new());
    for (space, people) in spaces {
        one(kernel, &paths, (space, &people), &mut seen, &mut out, &mut lost);
    }
    Ok(lost.listing(out))
}

/// The mount namespaces that the kernel keeps in a tree.
fn registered(kernel: &Kernel, lost: &mut Lost) -> Vec<VirtAddr> {
    let l = kernel.shape::<MountNsShape>();
    let (Some(root), Some(_)) = (kernel.address("mnt_ns_tree"), l.node) else { return Vec::new() };
    let nodes = tree(kernel.view(), &kernel.layouts.rb_node, root, "mount namespaces", lost);
    nodes.into_iter().filter_map(|n| container_of(n, l.node)).collect()
}

/// The mounts of a namespace; `seen` are those of all so far, for a mount is in one.
fn one(
    kernel: &Kernel,
    paths: &Paths,
    (space, people): (VirtAddr, &[Inhabitant]),
    seen: &mut HashSet<VirtAddr>,
    out: &mut Vec<Mount>,
    lost: &mut Lost,
) {
    let (view, n, l) = (kernel.view(), kernel.shape::<MountNsShape>(), kernel.shape::<MountedShape>());
    let Some(block) = n.read_or(view, space, lost) else { return };
    let number = possible_number(block.u32(n.number));
    let what = format!("mounts of namespace {}", number.map_or_else(|| space.to_string(), |n| n.to_string()));
    let addresses: Vec<VirtAddr> = match (block.at(n.list), l.list, block.at(n.tree), l.node) {
        (_, _, Some(root), Some(_)) => tree(view, &kernel.layouts.rb_node, root, &what, lost)
            .into_iter()
            .filter_map(|node| container_of(node, l.node))
            .collect(),
        (Some(head), Some(_), ..) => {
            list(view, head, &what, lost).into_iter().filter_map(|node| container_of(node, l.list)).collect()
        }
        _ => {
            lost.push(format!("{what}: the types do not say how mounts are kept"));
            return;
        }
    };
    if addresses.is_empty() && !people.is_empty() {
        // Whoever lives in it has at least a root.
        lost.push(format!(
            "{what}: none is found, though processes live in it: its list is damaged, or the types are not this kernel's"
        ));
    }
    let (root, pid) = viewpoint(kernel, space, people, block.ptr(n.root));
    for address in addresses {
        if !seen.insert(address) {
            lost.push(format!("{what}: the mount at {address} is one of another namespace too; it is told once"));
            continue;
        }
        let Some(mount) = l.read_or(view, address, lost) else { continue };
        if is_cursor(&mount, &l) {
            continue;
        }
        if mount.ptr(l.space).is_some_and(|s| s != space) {
            lost.push(format!("{what}: the mount at {address} says it belongs to another namespace"));
        }
        let row = row(kernel, paths, &mount, root, lost);
        out.push(Mount { namespace: number, pid, ..row });
    }
}

/// A reader of `/proc/PID/mounts` keeps its place by an entry in the list that is no mount (5.8 to 6.7): it has no file system.
fn is_cursor(mount: &Block, l: &MountedShape) -> bool {
    /// `MNT_CURSOR` (include/linux/mount.h). Later kernels use the bit for something else, and have no list.
    const CURSOR: u64 = 0x1000_0000;
    l.node.is_none() && mount.uint(l.flags).is_some_and(|f| f & CURSOR != 0) && mount.is_whole() && mount.ptr(l.sb).is_none()
}

/// The root from which targets are told: that of the first process whose root is a whole mount of the namespace (others may be
/// in a `chroot`), else that of the first process, else the namespace's own.
fn viewpoint(kernel: &Kernel, space: VirtAddr, people: &[Inhabitant], top: Option<VirtAddr>) -> (Option<PathRef>, Option<u32>) {
    let (view, tasks, fs) = (kernel.view(), &kernel.layouts.task, &kernel.layouts.fs);
    let l = kernel.shape::<MountedShape>();
    let mut first = None;
    for i in people {
        let Some(at) = tasks.read(view, i.task).ptr(tasks.fs) else { continue };
        let block = fs.read(view, at);
        let Some(root) = PathRef::of(block.ptr(fs.root_mnt), block.ptr(fs.root_dentry)) else { continue };
        let Some(mount) = container_of(root.mnt, l.mnt).map(|m| l.read(view, m)) else { continue };
        if mount.ptr(l.space) == Some(space) && mount.ptr(l.root) == Some(root.dentry) {
            return (Some(root), Some(i.pid));
        }
        first = first.or(Some((Some(root), Some(i.pid))));
    }
    first.unwrap_or_else(|| {
        let top = top.map(|at| l.read(view, at));
        (top.and_then(|m| PathRef::of(m.at(l.mnt), m.ptr(l.root))), None)
    })
}

fn row(kernel: &Kernel, paths: &Paths, mount: &Block, root: Option<PathRef>, lost: &mut Lost) -> Mount {
    /// `MNT_SHARED`, `MNT_UNBINDABLE` (include/linux/mount.h, up to 6.16); `T_SHARED`, `T_UNBINDABLE` (fs/mount.h, since 6.17).
    const SHARED: u64 = 0x1000;
    const UNBINDABLE: u64 = 0x2000;
    const T_SHARED: u64 = 1;
    const T_UNBINDABLE: u64 = 2;
    let (view, l, s) = (kernel.view(), kernel.shape::<MountedShape>(), kernel.shape::<SystemShape>());
    let address = mount.base();
    let number = |at: VirtAddr, m: Option<Member>| l.read(view, at).uint(m);
    let dentry = mount.ptr(l.root);
    let climbed = PathRef::of(mount.at(l.mnt), dentry).and_then(|at| paths.climb(root, at));
    if climbed.is_none() {
        lost.push(format!(
            "where the mount at {address} is mounted is unknown: a part is not in the image, or its parents run in a circle"
        ));
    }
    let sb = mount.ptr(l.sb);
    let system = sb.and_then(|at| s.read_or(view, at, lost));
    if sb.is_none() {
        lost.push(format!("the mount at {address} has no file system"));
    }
    let flags = mount.uint(l.flags);
    let (shared, unbindable) = match mount.uint(l.tree_flags) {
        Some(t) => (t & T_SHARED != 0, t & T_UNBINDABLE != 0),
        None => (flags.is_some_and(|f| f & SHARED != 0), flags.is_some_and(|f| f & UNBINDABLE != 0)),
    };
    Mount {
        namespace: None,
        pid: None,
        id: mount.uint(l.id),
        parent: mount.ptr(l.parent).and_then(|p| number(p, l.id)),
        device: system.as_ref().and_then(|b| b.uint(s.device)),
        root: dentry.and_then(|d| shown(paths, d)),
        reachable: climbed.as_ref().map(|c| c.reached),
        target: climbed.map(|c| c.path),
        // A mount without a name is called so (`show_vfsmnt`).
        source: mount
            .ptr(l.source)
            .map_or_else(|| mount.bytes(l.source).map(|_| b"none".to_vec()), |at| view.read_cstr(at, NAME).ok()),
        kind: sb.and_then(|at| paths.filesystem_whole(at)),
        options: sb.zip(flags).map(|(sb, flags)| options(kernel, mount.at(l.mnt), flags, sb)),
        shared: mount.uint(l.group).filter(|_| shared),
        master: mount.ptr(l.master).and_then(|m| number(m, l.group)),
        unbindable,
        address,
        super_block: sb,
    }
}

/// The directory that is mounted, from its file system's root: its path, or the name of a namespace.
fn shown(paths: &Paths, dentry: VirtAddr) -> Option<Vec<u8>> {
    paths.namespace_name(dentry).or_else(|| paths.within(dentry))
}
