//! Doubly linked lists (`list_head`) and hash chains (`hlist_head`): include/linux/list.h.

use crate::engine::ViewExt;
use crate::os::linux::base::lost::Lost;
use memsh_plugin::{MemoryView, VirtAddr, umem};
use std::collections::HashSet;

/// No list of the kernel that memsh walks is longer: there are at most 2^22 task ids (PID_MAX_LIMIT, include/linux/threads.h).
const LONGEST: usize = 1 << 22;

/// Which way to go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    Next,
    Prev,
}

/// Whether `at` can be the address of a list node: nodes hold pointers and are aligned as such.
fn plausible(view: &dyn MemoryView, at: VirtAddr) -> bool {
    let size = umem::from(view.view_metadata().pointer_size.max(1));
    at.value().is_multiple_of(size) && at.value() > 0xfff
}

/// The two pointers of a node: `next` is the first, `prev` the second.
fn links(view: &dyn MemoryView, node: VirtAddr) -> Option<(VirtAddr, VirtAddr)> {
    let size = umem::from(view.view_metadata().pointer_size);
    if size == 8 {
        let mut b = [0u8; 16];
        view.read_exact(node, &mut b).ok()?;
        let (next, prev) = b.split_first_chunk::<8>()?;
        let prev = prev.first_chunk::<8>()?;
        let number = |b: &[u8; 8]| match view.view_metadata().little_endian {
            true => u64::from_le_bytes(*b),
            false => u64::from_be_bytes(*b),
        };
        return Some((VirtAddr::new(umem::from(number(next))), VirtAddr::new(umem::from(number(prev)))));
    }
    Some((view.read_ptr(node).ok()?, view.read_ptr(node.wrapping_add(size)).ok()?))
}

/// A walk along a list, one way. Ends at the head, or with a reason in [`lost`](Self::lost).
struct Walk<'v> {
    view: &'v dyn MemoryView,
    head: VirtAddr,
    at: VirtAddr,
    way: Way,
    seen: HashSet<VirtAddr>,
    lost: Option<String>,
    done: bool,
}

impl<'v> Walk<'v> {
    fn new(view: &'v dyn MemoryView, head: VirtAddr, way: Way) -> Self {
        Self { view, head, at: head, way, seen: HashSet::new(), lost: None, done: false }
    }

    fn stop(&mut self, why: String) -> Option<VirtAddr> {
        self.lost = Some(why);
        self.done = true;
        None
    }

    /// Whether `node` fits into the list after `self.at`: it points back, or at least its own follower points back to it (then
    /// only one link is torn).
    fn fits(&self, node: VirtAddr) -> bool {
        let Some((next, prev)) = links(self.view, node) else { return false };
        let (back, on) = if self.way == Way::Next { (prev, next) } else { (next, prev) };
        if back == self.at {
            return true;
        }
        let follower = links(self.view, on).map(|(next, prev)| if self.way == Way::Next { prev } else { next });
        follower == Some(node)
    }
}

impl Iterator for Walk<'_> {
    type Item = VirtAddr;

    fn next(&mut self) -> Option<VirtAddr> {
        if self.done {
            return None;
        }
        let Some((next, prev)) = links(self.view, self.at) else {
            return self.stop(format!("the entry at {} is not in the image", self.at));
        };
        let to = if self.way == Way::Next { next } else { prev };
        if to == self.head {
            // The way back from the head must lead here, or entries lie between that this way does not pass.
            let back = links(self.view, to).map(|(next, prev)| if self.way == Way::Next { prev } else { next });
            if back != Some(self.at) {
                return self.stop(format!("the entry at {} points to the list's head, which does not point back", self.at));
            }
            self.done = true;
            return None;
        }
        if !plausible(self.view, to) {
            return self.stop(format!("the entry at {} points to {to}, which is no list entry", self.at));
        }
        if links(self.view, to).is_none() {
            return self.stop(format!("the entry at {} points to {to}, which is not in the image", self.at));
        }
        if !self.fits(to) {
            return self.stop(format!("the entry at {} points to {to}, which is no part of the list", self.at));
        }
        if !self.seen.insert(to) {
            return self.stop(format!("the list runs in a circle: the entry at {} points back to {to}", self.at));
        }
        if self.seen.len() > LONGEST {
            return self.stop(format!("the list does not end after {LONGEST} entries"));
        }
        self.at = to;
        Some(to)
    }
}

/// The nodes of the list at `head`, in its order. Where the way forward is torn, the rest is taken from the way back; `lost` says
/// what `what` (for example `task list`) lost.
pub fn list(view: &dyn MemoryView, head: VirtAddr, what: &str, lost: &mut Lost) -> Vec<VirtAddr> {
    let mut forward = Walk::new(view, head, Way::Next);
    let mut nodes: Vec<VirtAddr> = forward.by_ref().collect();
    let Some(why) = forward.lost else { return nodes };
    let mut backward = Walk::new(view, head, Way::Prev);
    let mut rest = Vec::new();
    for node in backward.by_ref() {
        if forward.seen.contains(&node) {
            break;
        }
        rest.push(node);
    }
    let met = backward.lost.is_none();
    lost.push(format!("{what}: {why}; {} entries were found from its other end", rest.len()));
    if let Some(why) = backward.lost {
        lost.push(format!("{what}, from its end: {why}"));
    } else if met && rest.is_empty() && nodes.is_empty() {
        lost.push(format!("{what}: no entry was found from either end"));
    }
    rest.reverse();
    nodes.extend(rest);
    nodes
}

/// The nodes of the hash chain whose `hlist_head` lies at `head`.
pub fn chain(view: &dyn MemoryView, head: VirtAddr, what: &str, lost: &mut Lost) -> Vec<VirtAddr> {
    Chains::default().nodes(view, head, what, lost)
}

/// The hash chains of one table. A node is on one of them, once: a torn table whose chains run into each other gives no node twice,
/// and takes no longer than its nodes.
#[derive(Debug, Default)]
pub struct Chains {
    seen: HashSet<VirtAddr>,
}

impl Chains {
    /// The nodes of the chain whose `hlist_head` lies at `head`.
    pub fn nodes(&mut self, view: &dyn MemoryView, head: VirtAddr, what: &str, lost: &mut Lost) -> Vec<VirtAddr> {
        let mut nodes = Vec::new();
        let mut at = head;
        loop {
            let Ok(to) = view.read_ptr(at) else {
                lost.push(format!("{what}: the entry at {at} is not in the image"));
                break;
            };
            // `hlist_nulls` ends with an odd number.
            if to.is_null() || to.value() & 1 == 1 {
                break;
            }
            if !plausible(view, to) || !self.add(to) {
                lost.push(format!("{what}: the entry at {at} points to {to}, which is no next entry"));
                break;
            }
            if self.seen.len() > LONGEST {
                lost.push(format!("{what}: it does not end after {LONGEST} entries"));
                break;
            }
            nodes.push(to);
            at = to;
        }
        nodes
    }

    /// That `node` is on a chain; whether no other has it.
    pub fn add(&mut self, node: VirtAddr) -> bool {
        self.seen.insert(node)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::os::linux::testkit::Kit;

    const HEAD: u64 = 0xffff_8880_0000_1000;

    fn nodes(n: u64) -> Vec<u64> {
        (0..=n).map(|i| HEAD + i * 0x1000).collect()
    }

    fn walk(kit: &Kit) -> (Vec<u64>, Lost) {
        let kernel = kit.kernel();
        let mut lost = Lost::default();
        let found = list(kernel.view(), VirtAddr::new(umem::from(HEAD)), "list", &mut lost);
        (found.into_iter().map(crate::os::linux::base::layout::number).collect(), lost)
    }

    #[test]
    fn a_whole_list_is_told_in_order() {
        let mut kit = Kit::new();
        kit.ring(&nodes(5));
        let (found, lost) = walk(&kit);
        assert_eq!(found, nodes(5).split_off(1));
        assert!(lost.is_empty());
    }

    #[test]
    fn an_empty_list_is_whole() {
        let mut kit = Kit::new();
        kit.ring(&[HEAD]);
        let (found, lost) = walk(&kit);
        assert!(found.is_empty() && lost.is_empty());
    }

    #[test]
    fn behind_a_wild_pointer_the_list_goes_on_from_its_other_end() {
        let mut kit = Kit::new();
        kit.ring(&nodes(5));
        kit.word(HEAD + 0x2000, 0x4141_4141_4141_4140);
        let (found, lost) = walk(&kit);
        assert_eq!(found, nodes(5).split_off(1), "the torn link is between the second and the third");
        assert_eq!(lost.sentences().len(), 1);
    }

    #[test]
    fn a_head_that_points_to_itself_hides_nothing() {
        let mut kit = Kit::new();
        kit.ring(&nodes(5));
        kit.word(HEAD, HEAD);
        let (found, lost) = walk(&kit);
        assert_eq!(found, nodes(5).split_off(1));
        assert!(!lost.is_empty());
    }

    #[test]
    fn an_early_way_back_to_the_head_hides_nothing() {
        let mut kit = Kit::new();
        kit.ring(&nodes(5));
        kit.word(HEAD + 0x2000, HEAD);
        let (found, lost) = walk(&kit);
        assert_eq!(found, nodes(5).split_off(1));
        assert!(!lost.is_empty());
    }

    #[test]
    fn a_circle_ends() {
        let mut kit = Kit::new();
        kit.ring(&nodes(5));
        // The fourth points back to the second, which points back to it: a circle that looks like a list.
        kit.word(HEAD + 0x4000, HEAD + 0x2000);
        kit.word(HEAD + 0x2008, HEAD + 0x4000);
        let (found, lost) = walk(&kit);
        let mut all = found.clone();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), found.len(), "no node twice");
        assert!(found.contains(&(HEAD + 0x5000)), "what only the other end reaches");
        assert!(!lost.is_empty());
    }

    #[test]
    fn a_pointer_into_foreign_memory_adds_no_rows() {
        let mut kit = Kit::new();
        kit.ring(&nodes(3));
        kit.word(HEAD + 0x1000, HEAD + 0x9000);
        kit.word(HEAD + 0x9000, 0x1234);
        let (found, lost) = walk(&kit);
        assert_eq!(found, nodes(3).split_off(1));
        assert!(!lost.is_empty());
    }

    #[test]
    fn a_head_that_is_not_there_is_told() {
        let (found, lost) = walk(&Kit::new());
        assert!(found.is_empty());
        assert!(!lost.is_empty());
    }

    #[test]
    fn a_hash_chain_ends_at_null_and_at_a_circle() {
        let mut kit = Kit::new();
        kit.word(HEAD, HEAD + 0x100);
        kit.word(HEAD + 0x100, HEAD + 0x200);
        kit.word(HEAD + 0x200, 0);
        let mut lost = Lost::default();
        assert_eq!(chain(kit.kernel().view(), VirtAddr::new(umem::from(HEAD)), "chain", &mut lost).len(), 2);
        assert!(lost.is_empty());
        kit.word(HEAD + 0x200, HEAD + 0x100);
        assert_eq!(chain(kit.kernel().view(), VirtAddr::new(umem::from(HEAD)), "chain", &mut lost).len(), 2);
        assert!(!lost.is_empty());
    }

    #[test]
    fn chains_that_run_into_each_other_give_no_node_twice() {
        let mut kit = Kit::new();
        // Two heads; the second's chain ends up in the middle of the first's.
        kit.word(HEAD, HEAD + 0x100);
        kit.word(HEAD + 8, HEAD + 0x400);
        kit.word(HEAD + 0x100, HEAD + 0x200);
        kit.word(HEAD + 0x200, 0);
        kit.word(HEAD + 0x400, HEAD + 0x200);
        let (kernel, mut chains, mut lost) = (kit.kernel(), Chains::default(), Lost::default());
        let mut nodes = |at| chains.nodes(kernel.view(), VirtAddr::new(umem::from(at)), "table", &mut lost).len();
        assert_eq!((nodes(HEAD), nodes(HEAD + 8)), (2, 1));
        assert_eq!(lost.sentences().len(), 1);
    }

    proptest::proptest! {
        #[test]
        fn no_list_hangs_or_tells_a_node_twice(links in proptest::collection::vec((0u64..12, 0u64..12), 12)) {
            let mut kit = Kit::new();
            for (i, (next, prev)) in links.iter().enumerate() {
                let at = HEAD + crate::engine::to_u64(crate::engine::to_umem(i)).unwrap_or(0) * 0x100;
                kit.word(at, HEAD + next * 0x100);
                kit.word(at + 8, HEAD + prev * 0x100);
            }
            let (found, _) = walk(&kit);
            let unique: HashSet<u64> = found.iter().copied().collect();
            proptest::prop_assert_eq!(unique.len(), found.len());
            proptest::prop_assert!(!unique.contains(&HEAD));
        }
    }
}
