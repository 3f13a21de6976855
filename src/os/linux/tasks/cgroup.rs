//! Control groups that tasks are in, as `/proc/PID/cgroup` tells them (kernel/cgroup/cgroup.c, `proc_cgroup_show`).

use crate::engine::ViewExt;
use crate::os::linux::base::kernel::Kernel;
use crate::os::linux::base::layout::{Block, Extent, Found, Member, Members, Shape, container_of, shapes};
use crate::os::linux::base::lost::Lost;
use crate::os::linux::containers::list::list;
use crate::symbols::Types;
use memsh_plugin::{Listing, VirtAddr, umem};
use std::collections::{HashMap, HashSet};

/// `NAME_MAX`, and room for what cgroups of kernel subsystems are called.
const NAME: usize = 4096;
/// No tree is deeper: `cgroup.max.depth` is unlimited, but each level is a directory of a path.
const DEEPEST: usize = 2048;
/// No kernel has more subsystems (a mask of 16 or 32 bits).
const SUBSYSTEMS: u64 = 32;

shapes! {
    /// `task_struct`, for its set of cgroups.
    MemberShape: "task_struct" { set: ["cgroups"] }
    /// `css_set`.
    SetShape: "css_set" {
        unified: ["dfl_cgrp"],
        links: ["cgrp_links"],
        states: ["subsys"],
    }
    /// `cgrp_cset_link`.
    LinkShape: "cgrp_cset_link" {
        cgroup: ["cgrp"],
        link: ["cgrp_link"],
    }
    /// `cgroup`.
    CgroupShape: "cgroup" {
        node: ["kn"],
        root: ["root"],
        flags: ["self.flags"],
    }
    /// `cgroup_root`: a hierarchy.
    HierarchyShape: "cgroup_root" {
        id: ["hierarchy_id"],
        mask: ["subsys_mask"],
        name: ["name"],
        count: ["nr_cgrps.counter"],
    }
    /// `cgroup_subsys`.
    SubsystemShape: "cgroup_subsys" {
        name: ["legacy_name", "name"],
    }
    /// `kernfs_node`.
    NodeShape: "kernfs_node" {
        // 6.15 renamed it.
        parent: ["parent", "__parent"],
        name: ["name"],
    }
}

/// A cgroup that a task is in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Membership {
    /// Number of the hierarchy; 0 is the unified one (version 2).
    pub hierarchy: Option<u32>,
    /// Controllers of the hierarchy, and `name=` of one that was given a name.
    pub controllers: Vec<String>,
    /// Path of the cgroup from the root of its hierarchy.
    pub path: Option<Vec<u8>>,
    /// Whether it was removed.
    pub deleted: bool,
    /// The `struct cgroup`.
    pub address: VirtAddr,
}

/// Tells cgroups; remembers those it told.
pub struct Cgroups<'k> {
    kernel: &'k Kernel,
    sets: HashMap<VirtAddr, Vec<Membership>>,
    subsystems: Vec<Option<String>>,
    unified: bool,
    lost: Lost,
}

impl<'k> Cgroups<'k> {
    /// A teller of `kernel`'s cgroups.
    pub fn new(kernel: &'k Kernel) -> Self {
        // The unified hierarchy exists in every kernel; who never mounted it does not see it.
        let seen = kernel.address("cgrp_dfl_visible").and_then(|at| kernel.view().read_u8(at).ok());
        // Whoever made a group in it did mount it.
        let root = kernel.shape::<HierarchyShape>();
        let made = kernel.address("cgrp_dfl_root").and_then(|at| root.read(kernel.view(), at).uint(root.count));
        let unified = seen != Some(0) || made.is_some_and(|n| n > 1);
        let mut cgroups = Self { kernel, sets: HashMap::new(), subsystems: Vec::new(), unified, lost: Lost::default() };
        cgroups.subsystems = cgroups.names();
        cgroups
    }

    /// The subsystems' names, by number.
    fn names(&self) -> Vec<Option<String>> {
        let (view, set, l) = (self.kernel.view(), self.kernel.shape::<SetShape>(), self.kernel.shape::<SubsystemShape>());
        let word = u64::from(view.view_metadata().pointer_size.max(1));
        let count = set.states.map_or(0, |m| m.size / word).min(SUBSYSTEMS);
        let Some(table) = self.kernel.address("cgroup_subsys") else { return Vec::new() };
        (0..count)
            .map(|i| {
                let at = view.read_ptr(table.wrapping_add(umem::from(i * word))).ok()?;
                let name = view.read_cstr(l.read(view, at).ptr(l.name)?, 64).ok()?;
                String::from_utf8(name).ok().filter(|n| !n.is_empty())
            })
            .collect()
    }

    /// The cgroups of the task at `task`, in the order of `/proc/PID/cgroup`: the youngest hierarchy first, the unified one last.
    pub fn of(&mut self, task: VirtAddr) -> Vec<Membership> {
        let (view, l) = (self.kernel.view(), self.kernel.shape::<MemberShape>());
        let Some(set) = l.read(view, task).ptr(l.set) else {
            if l.set.is_some() {
                self.lost.push(format!("the cgroups of the task at {task} are not in the image"));
            }
            return Vec::new();
        };
        if let Some(known) = self.sets.get(&set) {
            return known.clone();
        }
        let told = self.set(set);
        self.sets.insert(set, told.clone());
        told
    }

    /// What could not be told so far.
    pub fn lost(&mut self) -> Listing<()> {
        std::mem::take(&mut self.lost).listing(Vec::new())
    }

    fn set(&mut self, at: VirtAddr) -> Vec<Membership> {
        let (view, l, links) = (self.kernel.view(), self.kernel.shape::<SetShape>(), self.kernel.shape::<LinkShape>());
        let Some(block) = l.read_or(view, at, &mut self.lost) else { return Vec::new() };
        let mut cgroups: Vec<VirtAddr> = match block.at(l.links) {
            Some(head) => list(view, head, "cgroups of a task", &mut self.lost)
                .into_iter()
                .filter_map(|n| container_of(n, links.link))
                .filter_map(|link| links.read(view, link).ptr(links.cgroup))
                .collect(),
            None => Vec::new(),
        };
        cgroups.extend(block.ptr(l.unified));
        let mut seen = HashSet::new();
        cgroups.retain(|c| seen.insert(*c));
        let mut out: Vec<Membership> = cgroups.into_iter().filter_map(|c| self.membership(c)).collect();
        out.retain(|m| self.unified || m.hierarchy != Some(0));
        out.sort_by_key(|m| std::cmp::Reverse(m.hierarchy));
        out
    }

    fn membership(&mut self, at: VirtAddr) -> Option<Membership> {
        /// `CSS_ONLINE` (include/linux/cgroup-defs.h).
        const ONLINE: u64 = 2;
        let (view, l, h) = (self.kernel.view(), self.kernel.shape::<CgroupShape>(), self.kernel.shape::<HierarchyShape>());
        let block = l.read_or(view, at, &mut self.lost)?;
        let root = block.ptr(l.root).and_then(|r| h.read_or(view, r, &mut self.lost));
        let hierarchy = root.as_ref().and_then(|r| r.u32(h.id));
        let controllers = root.as_ref().map(|r| self.controllers(r, &h, hierarchy)).unwrap_or_default();
        let path = block.ptr(l.node).and_then(|node| self.path(node));
        if path.is_none() {
            self.lost.push(format!("the path of the cgroup at {at} is unknown: a part is not in the image, or runs in a circle"));
        }
        let deleted = hierarchy == Some(0) && block.uint(l.flags).is_some_and(|f| f & ONLINE == 0);
        Some(Membership { hierarchy, controllers, path, deleted, address: at })
    }

    fn controllers(&self, root: &Block, h: &HierarchyShape, hierarchy: Option<u32>) -> Vec<String> {
        // Those of the unified hierarchy are not shown.
        if hierarchy == Some(0) {
            return Vec::new();
        }
        let mask = root.uint(h.mask).unwrap_or(0);
        let named = (0u32..).zip(&self.subsystems).filter(|(i, _)| mask.checked_shr(*i).is_some_and(|m| m & 1 == 1));
        let mut out: Vec<String> = named.map(|(i, name)| name.clone().unwrap_or_else(|| format!("subsystem {i}"))).collect();
        let name = root.text(h.name).filter(|n| !n.is_empty());
        out.extend(name.map(|n| format!("name={}", String::from_utf8_lossy(n))));
        out
    }

    /// The path of a kernfs node from the root of its tree; that of the root is `/`.
    fn path(&self, node: VirtAddr) -> Option<Vec<u8>> {
        let (view, l) = (self.kernel.view(), self.kernel.shape::<NodeShape>());
        let (mut names, mut at, mut seen) = (Vec::new(), node, HashSet::new());
        loop {
            if !seen.insert(at) || seen.len() > DEEPEST {
                return None;
            }
            let block = l.read(view, at);
            let parent = block.ptr(l.parent);
            if parent.is_none() {
                // Null, or not there?
                block.bytes(l.parent)?;
                break;
            }
            names.push(view.read_cstr(block.ptr(l.name)?, NAME).ok()?);
            at = parent?;
        }
        if names.is_empty() {
            return Some(b"/".to_vec());
        }
        names.reverse();
        Some(names.iter().flat_map(|n| [b"/".as_slice(), n]).collect::<Vec<_>>().concat())
    }
}
