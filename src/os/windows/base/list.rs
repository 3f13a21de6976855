//! `LIST_ENTRY`: lists in a circle, linked both ways.

use super::kernel::Reader;
use crate::os::lost::Lost;
use memsh_plugin::{VirtAddr, umem};
use std::collections::HashSet;

/// No list that memsh walks is longer.
const LONGEST: usize = 1 << 20;

/// The nodes after `head` up to it again. Where a link is torn the list is walked from its other end, too; `lost` says so.
pub fn nodes(reader: &Reader<'_>, head: VirtAddr, what: &str, lost: &mut Lost) -> Vec<VirtAddr> {
    nodes_of(reader, head, what, lost, &|_| false)
}

/// [`nodes`] of which `is_one` knows: one that does not point back is one of them all the same, and the list goes on behind it.
pub fn nodes_of(
    reader: &Reader<'_>,
    head: VirtAddr,
    what: &str,
    lost: &mut Lost,
    is_one: &dyn Fn(VirtAddr) -> bool,
) -> Vec<VirtAddr> {
    let (forward, torn) = walk(reader, head, 0, is_one);
    let Some(why) = torn else { return forward };
    let (mut backward, _) = walk(reader, head, reader.width(), is_one);
    let known: HashSet<VirtAddr> = forward.iter().copied().collect();
    backward.retain(|n| !known.contains(n));
    lost.push(format!("{what}: the list that begins at {head} {why}; {} of its nodes were found from its end", backward.len()));
    forward.into_iter().chain(backward.into_iter().rev()).collect()
}

/// One way: `link` is where the pointer lies in a node, in bytes. With the nodes comes the first thing that was wrong.
fn walk(reader: &Reader<'_>, head: VirtAddr, link: umem, is_one: &dyn Fn(VirtAddr) -> bool) -> (Vec<VirtAddr>, Option<String>) {
    let mut out = Vec::new();
    let mut seen = HashSet::new();
    let mut at = head;
    let mut torn = None;
    loop {
        let Some(next) = reader.ptr(at.wrapping_add(link)) else {
            return (out, torn.or_else(|| Some(format!("can't be read at {at}"))));
        };
        if next == head {
            return (out, torn);
        }
        if !reader.plausible(next) {
            return (out, torn.or_else(|| Some(format!("leads from {at} to {next}, which is no address"))));
        }
        if !seen.insert(next) {
            return (out, torn.or_else(|| Some(format!("runs in a circle at {next}"))));
        }
        // What does not point back is no node; only the first link after a smear may lie.
        let back = reader.ptr(next.wrapping_add(reader.width() - link));
        if back != Some(at) {
            torn = torn.or_else(|| Some(format!("is torn at {next}, which does not point back")));
            if !is_one(next) {
                return (out, torn);
            }
        }
        out.push(next);
        if out.len() >= LONGEST {
            return (out, Some("does not end".to_owned()));
        }
        at = next;
    }
}
