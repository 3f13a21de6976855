//! Resources: who claims which physical addresses and which I/O ports (kernel/resource.c), as `/proc/iomem` shows them.

use crate::engine::ViewExt;
use crate::os::linux::base::kernel::{Kernel, failed};
use crate::os::linux::base::layout::{Extent, Found, Member, Members, Shape, shapes};
use crate::os::linux::base::lost::Lost;
use crate::symbols::Types;
use memsh_plugin::{ApiError, Listing, Status, Text, VirtAddr};
use std::collections::HashSet;

/// Machines have some hundred, large ones some ten thousand.
const MOST: usize = 1 << 20;
/// Bridges behind bridges; PCI allows 256 buses in a row.
const DEEPEST: u32 = 512;
const NAME: usize = 256;

shapes! {
    /// `resource`.
    ResourceShape: "resource" {
        start: ["start"],
        end: ["end"],
        name: ["name"],
        flags: ["flags"],
        parent: ["parent"],
        sibling: ["sibling"],
        child: ["child"],
    }
}

/// A range of addresses that somebody claims.
#[derive(Clone, Debug)]
pub struct Resource {
    /// Address of its `resource`.
    pub address: VirtAddr,
    /// First physical address, or port.
    pub start: u64,
    /// Last one.
    pub end: u64,
    /// Who claims it.
    pub name: Option<Text>,
    /// How many others it lies within.
    pub depth: u32,
    /// `IORESOURCE_*` (include/linux/ioport.h).
    pub flags: Option<u64>,
}

/// Which tree of resources.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resources {
    /// Physical addresses.
    Memory,
    /// I/O ports.
    Ports,
}

/// The resources of a tree, each before those within it.
///
/// # Errors
/// When the tree is not known to symbols or types.
pub fn resources(kernel: &Kernel, which: Resources) -> Result<Listing<Resource>, ApiError> {
    let symbol = match which {
        Resources::Memory => "iomem_resource",
        Resources::Ports => "ioport_resource",
    };
    let root = kernel.address(symbol).ok_or_else(|| {
        failed(Status::UNSUPPORTED, format!("can't list resources: no symbol {symbol}; give symbols with --symbols"))
    })?;
    let shape = kernel.shape::<ResourceShape>();
    if shape.child.is_none() {
        return Err(failed(Status::UNSUPPORTED, "can't list resources: no type resource; give types with --symbols"));
    }
    let mut lost = Lost::default();
    let items = walk(kernel, &shape, root, &mut lost);
    Ok(lost.listing(items))
}

fn walk(kernel: &Kernel, shape: &ResourceShape, root: VirtAddr, lost: &mut Lost) -> Vec<Resource> {
    let view = kernel.view();
    let mut out = Vec::new();
    let mut seen = HashSet::from([root]);
    // What is still to be told: where it lies, how deep, and what its parent should be.
    let mut rest: Vec<(VirtAddr, u32, VirtAddr)> = Vec::new();
    let first = shape.read_or(view, root, lost).and_then(|b| b.ptr(shape.child));
    rest.extend(first.map(|at| (at, 0, root)));
    while let Some((at, depth, parent)) = rest.pop() {
        if !seen.insert(at) || seen.len() > MOST {
            lost.push(format!("the tree of resources runs in a circle at {at}"));
            continue;
        }
        let Some(block) = shape.read_or(view, at, lost) else { continue };
        // Each knows what it lies within: what does not is no part of the tree.
        if block.ptr(shape.parent) != Some(parent) {
            lost.push(format!("the tree of resources leads to {at}, which does not lie within {parent}"));
            continue;
        }
        let (Some(start), Some(end)) = (block.uint(shape.start), block.uint(shape.end)) else {
            lost.push(format!("the resource at {at} has no addresses"));
            continue;
        };
        let name = block.ptr(shape.name).and_then(|at| view.read_cstr(at, NAME).ok()).filter(|n| !n.is_empty());
        out.push(Resource { address: at, start, end, name: name.map(Text::from), depth, flags: block.uint(shape.flags) });
        rest.extend(block.ptr(shape.sibling).map(|next| (next, depth, parent)));
        match block.ptr(shape.child) {
            Some(child) if depth < DEEPEST => rest.push((child, depth.saturating_add(1), at)),
            Some(_) => lost.push(format!("the tree of resources is deeper than any can be at {at}")),
            None => {}
        }
    }
    out
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::os::linux::testkit::{Kit, u};

    const ROOT: u64 = 0xffff_8880_0000_0000;

    /// Resources by number: parent, sibling, child; 0 is the root and none.
    fn kit(all: &[(u64, u64, u64)]) -> Kit {
        let mut kit = Kit::new();
        let members = ["start", "end", "name", "flags", "desc", "parent", "sibling", "child"];
        let fields: Vec<_> = (0u64..).zip(members).map(|(i, m)| (m, i * 8, u(8))).collect();
        kit.types.structure("resource", 64, &fields);
        kit.symbol("iomem_resource", ROOT);
        kit.put(ROOT, &[0; 64]);
        kit.put(ROOT + 0x800, b"RAM\0");
        kit.word(ROOT + 56, ROOT + 0x1000);
        for (i, (parent, sibling, child)) in (1u64..).zip(all) {
            let at = ROOT + i * 0x1000;
            let to = |n: u64| if n == 0 { 0 } else { ROOT + n * 0x1000 };
            kit.put(at, &[0; 64]);
            kit.word(at, i * 0x100);
            kit.word(at + 8, i * 0x100 + 0xff);
            kit.word(at + 16, ROOT + 0x800);
            kit.word(at + 40, ROOT + parent * 0x1000);
            kit.word(at + 48, to(*sibling));
            kit.word(at + 56, to(*child));
        }
        kit
    }

    fn told(kit: &Kit) -> (Vec<(u64, u32)>, usize) {
        let listing = resources(&kit.kernel(), Resources::Memory).unwrap();
        (listing.items.iter().map(|r| (r.start / 0x100, r.depth)).collect(), listing.lost.len())
    }

    #[test]
    fn each_comes_before_those_within_it() {
        assert_eq!(told(&kit(&[(0, 2, 3), (0, 0, 0), (1, 0, 0)])), (vec![(1, 0), (3, 1), (2, 0)], 0));
    }

    #[test]
    fn circles_and_foreign_memory_end() {
        assert_eq!(told(&kit(&[(0, 1, 1)])), (vec![(1, 0)], 1), "its own sibling and child");
        assert_eq!(told(&kit(&[(0, 0, 2), (0, 0, 0)])), (vec![(1, 0)], 1), "the second says it lies in the root");
        assert_eq!(told(&kit(&[(0, 9, 0)])), (vec![(1, 0)], 1), "not in the image");
    }
}
