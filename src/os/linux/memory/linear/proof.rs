//! Whether the direct map is where it may be: what lies there must agree.
//!
//! Two things tell. Page tables of the map that are left must say the same of every address that they have. And the heads of lists that
//! lie in the kernel's image lead to nodes in the direct map, whose own pointers lead back: a wrong place does not hold that very
//! address.

use super::rules::Rule;
use crate::engine::{AddressSpace, ViewExt, to_u64};
use crate::os::linux::base::kernel::Kernel;
use memsh_plugin::{PhysAddr, VirtAddr, umem};
use std::fmt;

/// So many addresses are looked up in the tables that are left.
const PROBES: u64 = 64;

/// Heads of lists in the kernel's image whose nodes it allocates: caches of objects (mm/slab_common.c), file systems (fs/super.c),
/// devices that are written back to (mm/backing-dev.c), queues of work (kernel/workqueue.c), ciphers (crypto/api.c), terminals
/// (drivers/tty/tty_io.c), parts of networks (net/core/net_namespace.c), clocks, shrinkers, regulators of memory (mm/vmalloc.c).
const HEADS: [&str; 12] = [
    "slab_caches",
    "super_blocks",
    "bdi_list",
    "workqueues",
    "crypto_alg_list",
    "tty_drivers",
    "net_namespace_list",
    "clocksource_list",
    "shrinker_list",
    "vmap_area_list",
    "free_vmap_area_list",
    "cgroup_roots",
];

/// What speaks for a rule, and what against it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Evidence {
    /// Addresses that tables have where the rule says.
    entries: usize,
    /// Addresses that tables have elsewhere.
    elsewhere: usize,
    /// Nodes that lead back.
    links: usize,
    /// Nodes that don't.
    torn: usize,
}

impl Evidence {
    /// Tables never lie elsewhere; a list may be torn in an image of a running machine.
    fn holds(&self) -> bool {
        let agree = self.entries + self.links;
        self.elsewhere == 0 && agree > 0 && self.torn * 4 <= agree
    }
}

impl fmt::Display for Evidence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Evidence { entries, elsewhere, links, torn } = self;
        write!(f, "{entries} addresses in tables that are left and {links} list entries agree")?;
        if elsewhere + torn > 0 {
            write!(f, ", {elsewhere} and {torn} contradict")?;
        }
        Ok(())
    }
}

/// A rule that holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Proof {
    pub(super) rule: Rule,
    pub(super) evidence: Evidence,
}

/// The first of `rules` that what lies there agrees with; else why none of them is taken.
pub(super) fn choose(kernel: &Kernel, plain: &AddressSpace, rules: Vec<Rule>) -> Result<Proof, String> {
    let mut why = "the kernel's variables that tell where it is can't be read".to_owned();
    for rule in rules {
        let evidence = evidence(kernel, plain, &rule);
        if evidence.holds() {
            return Ok(Proof { rule, evidence });
        }
        why = format!("that it begins at {:#x} ({}) is not proven: {evidence}", rule.linear.first, rule.origin);
    }
    Err(why)
}

fn evidence(kernel: &Kernel, plain: &AddressSpace, rule: &Rule) -> Evidence {
    let mut out = Evidence::default();
    let linear = rule.linear;
    let page = plain.format().page_size();
    let step = ((linear.last - linear.first) / PROBES).max(page);
    for i in 0..PROBES {
        let Some(va) = linear.first.checked_add(i * step).map(|a| a & !(page - 1)).filter(|a| linear.holds(*a)) else { continue };
        let seen = plain.explain(VirtAddr::new(umem::from(va)));
        // What was computed itself proves nothing.
        if let (Ok(found), None) = (seen.outcome, seen.computed) {
            let agrees = to_u64(found.phys.value()) == Some(linear.place(va));
            *(if agrees { &mut out.entries } else { &mut out.elsewhere }) += 1;
        }
    }
    let tasks =
        kernel.address("init_task").zip(kernel.layouts.task.tasks).map(|(init, m)| init.wrapping_add(umem::from(m.offset)));
    for head in tasks.into_iter().chain(HEADS.iter().filter_map(|name| kernel.address(name))) {
        let Some((next, prev)) = links(plain, head) else { continue };
        let width = umem::from(plain.format().pointer_size());
        // The next one's second pointer leads back, the last one's first.
        for (node, at) in [(next, width), (prev, 0)] {
            let Some(va) = to_u64(node.value()).filter(|va| linear.holds(*va)) else { continue };
            let place = PhysAddr::new(umem::from(linear.place(va)).wrapping_add(at));
            let mut bytes = [0u8; 8];
            let Some(bytes) = bytes.get_mut(..usize::from(plain.format().pointer_size())) else { continue };
            if plain.memory().read(place, bytes).is_err() {
                continue;
            }
            let back = bytes.iter().rev().fold(0u64, |n, b| n << 8 | u64::from(*b));
            let agrees = to_u64(head.value()) == Some(back);
            *(if agrees { &mut out.links } else { &mut out.torn }) += 1;
        }
    }
    out
}

/// The two pointers of a list's head.
pub(super) fn links(space: &AddressSpace, head: VirtAddr) -> Option<(VirtAddr, VirtAddr)> {
    let width = umem::from(space.format().pointer_size());
    Some((space.read_ptr(head).ok()?, space.read_ptr(head.wrapping_add(width)).ok()?))
}
