//! XArrays and IDRs (`xarray`, and `radix_tree_root` before 4.20): include/linux/xarray.h.

use crate::os::linux::base::layout::{Extent, Found, Member, Members, Shape, number, shapes};
use crate::os::linux::base::lost::Lost;
use crate::symbols::Types;
use memsh_plugin::{MemoryView, VirtAddr, umem};
use std::collections::HashSet;

/// No array that memsh walks has more entries.
const LARGEST: usize = 1 << 22;
/// Spans are the pages of files: 64 GiB of a file in pages of 4 KiB.
const MOST_SPANS: usize = 1 << 24;
/// `XA_CHUNK_SHIFT` is 6, or 4 with CONFIG_BASE_SMALL.
const SLOTS: u64 = 64;
/// 64 bits of index, at least 4 for each level.
const DEEPEST: u32 = 16;

shapes! {
    /// `xarray`, or the radix tree that it replaced.
    XArrayShape: "xarray" {
        head: ["xa_head"],
    }
    /// `radix_tree_root`, before 4.20.
    RadixShape: "radix_tree_root" {
        head: ["rnode", "xa_head"],
    }
    /// `xa_node`.
    XaNodeShape: "xa_node" {
        shift: ["shift"],
        slots: ["slots"],
    }
    /// `radix_tree_node`, before 4.20.
    RadixNodeShape: "radix_tree_node" {
        shift: ["shift"],
        slots: ["slots"],
    }
}

/// How an array's nodes are laid out.
#[derive(Clone, Debug)]
pub struct ArrayShape {
    head: Option<Member>,
    extent: Extent,
    node: Extent,
    shift: Option<Member>,
    slots: Option<Member>,
    /// What marks a pointer to a node: low bits 10 (`xa_is_node`), or 01 (`RADIX_TREE_INTERNAL_NODE`, before 4.20).
    mark: u64,
}

impl ArrayShape {
    /// Finds the layout; `None` where the types have neither.
    pub fn find(types: &dyn Types) -> Option<Self> {
        let (array, node) = (XArrayShape::find(types), XaNodeShape::find(types));
        if array.head.is_some() {
            let (extent, inner) = (array.extent(), node.extent());
            return Some(Self { head: array.head, extent, node: inner, shift: node.shift, slots: node.slots, mark: 2 });
        }
        let (array, node) = (RadixShape::find(types), RadixNodeShape::find(types));
        array.head?;
        let (extent, inner) = (array.extent(), node.extent());
        Some(Self { head: array.head, extent, node: inner, shift: node.shift, slots: node.slots, mark: 1 })
    }
}

impl ArrayShape {
    /// Whether it is the radix tree that kernels before 4.20 have.
    pub fn is_radix(&self) -> bool {
        self.mark == 1
    }
}

/// The entries of the array at `array` with their indices, ascending.
pub fn array(view: &dyn MemoryView, shape: &ArrayShape, array: VirtAddr, what: &str, lost: &mut Lost) -> Vec<(u64, VirtAddr)> {
    let mut walk = Walk { view, shape, what, lost, out: Vec::new(), seen: HashSet::new() };
    let block = shape.extent.read(view, array);
    if block.is_missing() {
        walk.lost.push(format!("{what}: the array at {array} is not in the image"));
    }
    if let Some(head) = block.ptr(shape.head) {
        walk.entry(number(head), 0, DEEPEST);
    }
    walk.out
}

/// An entry of an array with the indices that it stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// The first index.
    pub first: u64,
    /// How many: more than one for an entry that stands in several slots (multi-index entries).
    pub count: u64,
    /// The entry as it stands there.
    pub entry: u64,
}

impl Span {
    /// The entry as a pointer; none for one that is a number (a shadow of an evicted page, a swap entry).
    pub fn pointer(&self) -> Option<VirtAddr> {
        (self.entry & 3 == 0 && self.entry > 0xfff).then(|| VirtAddr::new(umem::from(self.entry)))
    }
}

/// The entries of the array at `array`, numbers as well, with the indices that each stands for; ascending.
pub fn spans(view: &dyn MemoryView, shape: &ArrayShape, array: VirtAddr, what: &str, lost: &mut Lost) -> Vec<Span> {
    let mut walk = SpanWalk { view, shape, what, lost, out: Vec::new(), seen: HashSet::new() };
    let block = shape.extent.read(view, array);
    if block.is_missing() {
        walk.lost.push(format!("{what}: the array at {array} is not in the image"));
    }
    match block.ptr(shape.head).map(number) {
        Some(head) if walk.is_node(head) => walk.node(head, 0, DEEPEST),
        Some(entry) => walk.out.push(Span { first: 0, count: 1, entry }),
        None => {}
    }
    walk.out
}

/// The entry at `index` of the array at `array`, as it stands there; none where there is none. Goes down to it, and nowhere else.
///
/// # Errors
/// The address of what is not in the image or makes no sense.
pub fn load(view: &dyn MemoryView, shape: &ArrayShape, array: VirtAddr, index: u64) -> Result<Option<u64>, VirtAddr> {
    let block = shape.extent.read(view, array);
    let is_node = |entry: u64| entry & 3 == shape.mark && entry >= 4096;
    let word = u64::from(view.view_metadata().pointer_size.max(1));
    let head = shape.head.filter(|_| block.is_whole()).ok_or(array)?;
    let mut entry = block.ptr(Some(head)).map_or(0, number);
    // Without a node, the head stands for index 0.
    if !is_node(entry) {
        return Ok((index == 0 && entry != 0).then_some(entry));
    }
    let mut above = 64;
    for level in 0..DEEPEST {
        let address = VirtAddr::new(umem::from(entry & !3));
        let node = shape.node.read(view, address);
        let slots = shape.slots.ok_or(address)?;
        let shift = node.uint(shape.shift).and_then(|s| u32::try_from(s).ok()).filter(|s| *s < above).ok_or(address)?;
        let count = (slots.size / word).min(SLOTS);
        let mut at = index >> shift;
        if level == 0 && at >= count {
            return Ok(None);
        }
        at %= count.max(1);
        // A sibling stands for the slot that it names: by number, or before 4.20 by that slot's address.
        let first = (entry & !3).wrapping_add(slots.offset);
        for _ in 0..2 {
            entry = node.word(slots.offset + at * word).ok_or(address)?;
            if entry & 3 != shape.mark {
                break;
            }
            let sibling = match entry {
                small if small < 4096 => small >> 2,
                place => ((place & !3).wrapping_sub(first)) / word,
            };
            if sibling >= count || (entry >= 4096 && !(first..first.wrapping_add(slots.size)).contains(&(entry & !3))) {
                break;
            }
            at = sibling;
        }
        if !is_node(entry) {
            // What small internal values are left mean nothing here (a retry).
            let means = entry != 0 && !(entry & 3 == shape.mark && entry < 4096);
            return Ok(means.then_some(entry));
        }
        if shift == 0 {
            return Err(address);
        }
        above = shift;
    }
    Err(array)
}

struct SpanWalk<'a> {
    view: &'a dyn MemoryView,
    shape: &'a ArrayShape,
    what: &'a str,
    lost: &'a mut Lost,
    out: Vec<Span>,
    seen: HashSet<u64>,
}

impl SpanWalk<'_> {
    fn is_node(&self, entry: u64) -> bool {
        entry & 3 == self.shape.mark && entry >= 4096
    }

    fn node(&mut self, entry: u64, first: u64, depth: u32) {
        let what = self.what;
        let base = entry & !3;
        let address = VirtAddr::new(umem::from(base));
        let Some(depth) = depth.checked_sub(1) else {
            return self.lost.push(format!("{what}: the array is deeper than any can be at {address}"));
        };
        if !self.seen.insert(base) {
            return self.lost.push(format!("{what}: the array runs in a circle at {address}"));
        }
        if self.out.len() > MOST_SPANS || self.seen.len() > MOST_SPANS {
            return self.lost.push(format!("{what}: more than {MOST_SPANS} entries; the rest was left out"));
        }
        let block = self.shape.node.read(self.view, address);
        let (Some(shift), Some(slots)) = (block.uint(self.shape.shift), self.shape.slots) else {
            return self.lost.push(format!("{what}: the node at {address} is not in the image"));
        };
        let Some(step) = u32::try_from(shift).ok().filter(|s| *s < 64).map(|s| 1u64 << s) else {
            return self.lost.push(format!("{what}: the node at {address} makes no sense"));
        };
        let word = u64::from(self.view.view_metadata().pointer_size.max(1));
        // A sibling stands for the slot that it names: by number, or before 4.20 by that slot's address.
        let inside = base.wrapping_add(slots.offset)..base.wrapping_add(slots.offset).wrapping_add(slots.size);
        let mut owner = None;
        for i in 0..(slots.size / word).min(SLOTS) {
            let Some(at) = i.checked_mul(step).and_then(|n| first.checked_add(n)) else { break };
            match block.word(slots.offset + i * word) {
                Some(0) => owner = None,
                Some(e) if e & 3 == self.shape.mark && (e < 4096 || inside.contains(&(e & !3))) => {
                    if let Some(span) = owner.and_then(|o: usize| self.out.get_mut(o)) {
                        span.count = span.count.saturating_add(step);
                    }
                }
                Some(e) if self.is_node(e) => {
                    owner = None;
                    self.node(e, at, depth);
                }
                Some(entry) => {
                    owner = Some(self.out.len());
                    self.out.push(Span { first: at, count: step, entry });
                }
                None => {
                    owner = None;
                    self.lost.push(format!("{what}: slot {i} of the node at {address} can't be read"));
                }
            }
        }
    }
}

struct Walk<'a> {
    view: &'a dyn MemoryView,
    shape: &'a ArrayShape,
    what: &'a str,
    lost: &'a mut Lost,
    out: Vec<(u64, VirtAddr)>,
    seen: HashSet<u64>,
}

impl Walk<'_> {
    fn entry(&mut self, entry: u64, first: u64, depth: u32) {
        let what = self.what;
        if entry & 3 != self.shape.mark {
            if entry & 3 == 0 && entry != 0 {
                self.out.push((first, VirtAddr::new(umem::from(entry))));
            }
            return;
        }
        // Small internal values are siblings, retries and the like.
        if entry < 4096 {
            return;
        }
        let address = VirtAddr::new(umem::from(entry & !3));
        let Some(depth) = depth.checked_sub(1) else {
            return self.lost.push(format!("{what}: the array is deeper than any can be at {address}"));
        };
        if !self.seen.insert(entry) || self.out.len() > LARGEST || self.seen.len() > LARGEST {
            return self.lost.push(format!("{what}: the array runs in a circle at {address}"));
        }
        let block = self.shape.node.read(self.view, address);
        let (Some(shift), Some(slots)) = (block.uint(self.shape.shift), self.shape.slots) else {
            return self.lost.push(format!("{what}: the node at {address} is not in the image"));
        };
        let word = u64::from(self.view.view_metadata().pointer_size.max(1));
        for i in 0..(slots.size / word).min(SLOTS) {
            let step = u32::try_from(shift).ok().and_then(|s| i.checked_shl(s)).unwrap_or(u64::MAX);
            match (block.word(slots.offset + i * word), first.checked_add(step)) {
                (Some(0), _) => {}
                (Some(inner), Some(at)) => self.entry(inner, at, depth),
                _ => self.lost.push(format!("{what}: slot {i} of the node at {address} can't be read")),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::os::linux::testkit::{Kit, array as words, u};

    const HEAD: u64 = 0xffff_8880_0000_0000;
    const UPPER: u64 = HEAD + 0x1000;
    const LOWER: u64 = HEAD + 0x2000;

    fn kit() -> Kit {
        let mut kit = Kit::new();
        kit.types.structure("xarray", 16, &[("xa_lock", 0, u(4)), ("xa_head", 8, u(8))]);
        kit.types.structure("xa_node", 0x240, &[("shift", 0, u(1)), ("slots", 0x28, words(8, 64))]);
        kit.put(UPPER, &[0; 0x240]);
        kit.put(LOWER, &[0; 0x240]);
        kit.word(HEAD + 8, UPPER | 2);
        kit.put(UPPER, &[6]);
        kit.word(UPPER + 0x28 + 8, LOWER | 2);
        kit.word(LOWER + 0x28 + 3 * 8, 0x5000);
        kit
    }

    fn walk(kit: &Kit) -> (Vec<(u64, u64)>, Lost) {
        let kernel = kit.kernel();
        let shape = ArrayShape::find(&*kernel.types).unwrap();
        let mut lost = Lost::default();
        let found = array(kernel.view(), &shape, VirtAddr::new(umem::from(HEAD)), "array", &mut lost);
        (found.iter().map(|(i, e)| (*i, number(*e))).collect(), lost)
    }

    #[test]
    fn indices_follow_from_the_way_down() {
        let (found, lost) = walk(&kit());
        assert_eq!(found, [(64 + 3, 0x5000)]);
        assert!(lost.is_empty());
    }

    #[test]
    fn entries_in_several_slots_are_told_once_with_their_span() {
        let mut kit = kit();
        // Slots 4 to 7 of the lower node are one entry; slot 9 is a number, slot 10 of the upper node one entry of 64.
        kit.word(LOWER + 0x28 + 4 * 8, 0x6000);
        for i in 5..8 {
            kit.word(LOWER + 0x28 + i * 8, 4 << 2 | 2);
        }
        kit.word(LOWER + 0x28 + 9 * 8, 0x33);
        kit.word(UPPER + 0x28 + 10 * 8, 0x7000);
        let kernel = kit.kernel();
        let shape = ArrayShape::find(&*kernel.types).unwrap();
        let mut lost = Lost::default();
        let found = spans(kernel.view(), &shape, VirtAddr::new(umem::from(HEAD)), "array", &mut lost);
        let told: Vec<(u64, u64, u64)> = found.iter().map(|s| (s.first, s.count, s.entry)).collect();
        assert_eq!(told, [(67, 1, 0x5000), (68, 4, 0x6000), (73, 1, 0x33), (640, 64, 0x7000)]);
        assert_eq!(found.iter().filter(|s| s.pointer().is_none()).count(), 1);
        assert!(lost.is_empty());
    }

    #[test]
    fn circles_and_missing_nodes_are_told() {
        let mut kit = kit();
        kit.word(LOWER + 0x28, UPPER | 2);
        kit.word(LOWER + 0x28 + 8, (HEAD + 0x10_0000) | 2);
        let (found, lost) = walk(&kit);
        assert_eq!(found, [(64 + 3, 0x5000)]);
        assert_eq!(lost.sentences().len(), 2);
    }
}
