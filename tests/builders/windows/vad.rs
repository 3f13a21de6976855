//! Trees of virtual address descriptors, in each form that Windows has given them.

use super::memory::PAGE;
use super::{Machine, Region};

/// A tree that was written.
#[derive(Clone, Debug, Default)]
pub struct Tree {
    /// Addresses of the nodes, in the order of the regions.
    pub nodes: Vec<u64>,
    /// Where the pointer to the root lies.
    pub root: u64,
    /// Where a node has its children, in bytes.
    pub children: (u64, u64),
}

/// Where `process` has its root, and where nodes have children and parent.
fn shape(m: &Machine, process: u64) -> (u64, [u64; 3]) {
    let (l, w) = (&m.layout, m.layout.word());
    let tree = process + l.at("_EPROCESS", "VadRoot");
    match l.build {
        // `_RTL_AVL_TREE` of `_RTL_BALANCED_NODE`.
        9600.. => (tree, [0, w, 2 * w]),
        // `_MM_AVL_TABLE`, whose first node's right child is the tree: `_MM_AVL_NODE` of parent, left, right.
        9200.. => (tree + 2 * w, [w, 2 * w, 0]),
        2601.. => (tree + 2 * w, [w, 2 * w, 0]),
        // `VadRoot` points to the node itself.
        _ => {
            let at = |name| l.at("_MMVAD_SHORT", name);
            (tree, [at("LeftChild"), at("RightChild"), at("Parent")])
        }
    }
}

/// Writes the descriptors of `regions`, which ascend, into a balanced tree.
pub fn write(m: &mut Machine, process: u64, regions: &[Region]) -> Tree {
    if !m.layout.knows("_MMVAD_SHORT") {
        return Tree::default();
    }
    let (root, [left, right, parent]) = shape(m, process);
    let nodes: Vec<u64> = regions.iter().map(|r| node(m, r)).collect();
    // Range of nodes, where the pointer to them goes, and the node above.
    let mut open = vec![(0, nodes.len(), root, 0)];
    while let Some((from, to, place, above)) = open.pop() {
        if from == to {
            continue;
        }
        let middle = usize::midpoint(from, to);
        let at = nodes[middle];
        m.put_word(place, at);
        m.put_word(at + parent, above);
        open.push((from, middle, at + left, at));
        open.push((middle + 1, to, at + right, at));
    }
    Tree { nodes, root, children: (left, right) }
}

/// One descriptor: `_MMVAD_SHORT` of private memory, `_MMVAD` of a section.
fn node(m: &mut Machine, region: &Region) -> u64 {
    let l = std::rc::Rc::clone(&m.layout);
    let mut short = l.record("_MMVAD_SHORT");
    let (first, last) = (region.start / PAGE, region.end / PAGE - 1);
    // Before Windows 8 a number has the size of a pointer, since then 32 bits, since 8.1 with a byte more.
    if l.build < 9200 {
        short.word("StartingVpn", first).word("EndingVpn", last);
    } else {
        short.u32("StartingVpn", first as u32).u32("EndingVpn", last as u32);
        short.put("StartingVpnHigh", &[(first >> 32) as u8]).put("EndingVpnHigh", &[(last >> 32) as u8]);
    }
    let mut flags = l.record("_MMVAD_FLAGS");
    flags.bits("Protection", u64::from(region.protection)).bits("PrivateMemory", u64::from(region.kind == "private"));
    if region.kind == "image" {
        // `VadImageMap`; a bit of its own in XP.
        flags.bits("VadType", 2).bits("ImageMap", 1);
    }
    if region.kind == "private" {
        flags.bits("MemCommit", 1);
    }
    short.put("u", &flags.bytes);
    if region.kind == "private" {
        return m.store(&short.bytes);
    }
    let file = region.file.map_or(0, |name| file_object(m, name));
    let mut area = l.record("_CONTROL_AREA");
    // Since Vista an `EX_FAST_REF`, whose lowest bits count.
    area.word("FilePointer", if file != 0 && l.build >= 6000 { file | 5 } else { file });
    let area = m.store(&area.bytes);
    let mut subsection = l.record("_SUBSECTION");
    subsection.word("ControlArea", area);
    let subsection = m.store(&subsection.bytes);
    let mut long = l.record("_MMVAD");
    long.bytes[..short.bytes.len()].copy_from_slice(&short.bytes);
    long.word("Subsection", subsection).word("ControlArea", area);
    m.store(&long.bytes)
}

/// A `_FILE_OBJECT` of this name.
fn file_object(m: &mut Machine, name: &str) -> u64 {
    let name = m.unicode(name);
    let l = std::rc::Rc::clone(&m.layout);
    let mut file = l.record("_FILE_OBJECT");
    // `IO_TYPE_FILE`.
    file.put("Type", &5u16.to_le_bytes()).put("FileName", &name);
    m.store(&file.bytes)
}
