//! Chains of callbacks (kernel/notifier.c): who is told of keys, modules, crashes, network devices, ...
//!
//! A chain's head is one of four types, and which one is not written anywhere. Of the chains that matter it is known by name. Else
//! a lock that nobody waits for points to itself, which tells two of them (in 7.x kernels such a lock is all zeros); the rest is
//! told by the room up to the next symbol, and by what would be the first callback.

use super::Reader;
use crate::engine::ViewExt;
use crate::os::linux::base::layout::{Extent, Found, Member, Members, Shape, number, offset_of, shapes};
use crate::symbols::{Symbol, Symbols, Types};
use memsh_plugin::{VirtAddr, umem};
use std::collections::HashSet;

shapes! {
    /// `raw_notifier_head`.
    RawShape: "raw_notifier_head" { head: ["head"], }
    /// `atomic_notifier_head`.
    AtomicShape: "atomic_notifier_head" { head: ["head"], }
    /// `blocking_notifier_head`.
    BlockingShape: "blocking_notifier_head" {
        head: ["head"],
        waiters: ["rwsem.wait_list"],
    }
    /// `srcu_notifier_head`.
    SrcuShape: "srcu_notifier_head" {
        head: ["head"],
        waiters: ["mutex.wait_list"],
    }
    /// `notifier_block`.
    BlockShape: "notifier_block" {
        call: ["notifier_call"],
        next: ["next"],
        priority: ["priority"],
    }
}

/// How chains are named.
const ENDINGS: [&str; 7] =
    ["_chain", "_chain_head", "_notifier_list", "_notifier_head", "_notifiers", "_notifier", "module_notify_list"];
/// Lists of sockets, not of callbacks.
const OTHERS: [&str; 3] = ["ip_ra_chain", "ip6_ra_chain", "__empty_callchain"];
/// What type a chain's head is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Raw,
    Atomic,
    Blocking,
    Srcu,
}

/// Chains whose type has been the same in all kernels since 4.19. Here a target that is no code is a finding; elsewhere it may also
/// mean that the variable is something else.
const KNOWN: [(&str, Kind); 23] = [
    ("pvclock_gtod_chain", Kind::Raw),
    ("netdev_chain", Kind::Raw),
    ("panic_notifier_list", Kind::Atomic),
    ("keyboard_notifier_list", Kind::Atomic),
    ("vt_notifier_list", Kind::Atomic),
    ("die_chain", Kind::Atomic),
    ("netevent_notif_chain", Kind::Atomic),
    ("inet6addr_chain", Kind::Atomic),
    ("dcbevent_notif_chain", Kind::Atomic),
    ("switchdev_notif_chain", Kind::Atomic),
    ("fips_fail_notif_chain", Kind::Atomic),
    ("task_free_notifier", Kind::Atomic),
    ("restart_handler_list", Kind::Atomic),
    ("power_off_handler_list", Kind::Atomic),
    ("ghes_report_chain", Kind::Atomic),
    ("reboot_notifier_list", Kind::Blocking),
    ("module_notify_list", Kind::Blocking),
    ("usb_notifier_list", Kind::Blocking),
    ("inetaddr_chain", Kind::Blocking),
    ("pm_chain_head", Kind::Blocking),
    ("crypto_chain", Kind::Blocking),
    ("oom_notify_list", Kind::Blocking),
    ("memory_chain", Kind::Blocking),
];
/// No chain is longer.
const MOST: usize = 4096;

pub(super) fn read(reader: &mut Reader<'_, '_>) {
    let owners = reader.owners;
    let kernel = owners.kernel();
    let own = owners.image();
    let mut seen = HashSet::new();
    let named = |s: &Symbol<'_>| {
        ("dDbB".contains(s.kind))
            && !s.name.starts_with("__")
            && !s.name.starts_with("_kbl_addr_")
            && !OTHERS.contains(&s.name)
            && (ENDINGS.iter().any(|e| s.name.ends_with(e)) || KNOWN.iter().any(|(n, _)| *n == s.name))
    };
    // Those of modules too: a module may offer a chain of its own.
    let of_kernel = kernel.symbols.all().filter(|s| own.contains(&number(s.address)));
    // What lies between a chain and the next symbol is all the room it can take.
    let mut all: Vec<Symbol<'_>> = of_kernel.chain(owners.module_symbols().all()).collect();
    all.sort_by_key(|s| s.address);
    for (i, symbol) in all.iter().enumerate().filter(|(_, s)| named(s)) {
        if seen.insert(symbol.address) {
            let next = all.get(i..).unwrap_or_default().iter().find(|n| n.address > symbol.address);
            chain(reader, symbol, next.and_then(|n| n.address.offset_from(symbol.address)).unwrap_or(umem::MAX));
        }
    }
}

/// Where the pointer to the first callback lies, and whether it is certain that this is a chain.
fn head(reader: &Reader<'_, '_>, at: VirtAddr, name: &str, room: umem) -> Option<(VirtAddr, bool)> {
    let kernel = reader.owners.kernel();
    let pointer = |at: VirtAddr| kernel.space.read_ptr(at).ok();
    let (blocking, srcu, block) = (kernel.shape::<BlockingShape>(), kernel.shape::<SrcuShape>(), kernel.shape::<BlockShape>());
    let place = |kind: Kind| {
        let member = match kind {
            Kind::Raw => kernel.shape::<RawShape>().head,
            Kind::Atomic => kernel.shape::<AtomicShape>().head,
            Kind::Blocking => blocking.head,
            Kind::Srcu => srcu.head,
        };
        Some(at.wrapping_add(offset_of(member)?))
    };
    if let Some((_, kind)) = KNOWN.iter().find(|(n, _)| *n == name) {
        return Some((place(*kind)?, true));
    }
    let word = umem::from(kernel.view().view_metadata().pointer_size);
    let fits = |place: VirtAddr| place.offset_from(at).is_some_and(|o| o.saturating_add(word) <= room);
    // Behind a variable that is none an empty list may stand, which points to itself as well.
    let waits = |m: Option<Member>| {
        let list = at.wrapping_add(offset_of(m)?);
        (fits(list) && pointer(list)? == list).then_some(())
    };
    if waits(blocking.waiters).is_some() {
        return Some((place(Kind::Blocking)?, true));
    }
    if waits(srcu.waiters).is_some() {
        return Some((place(Kind::Srcu)?, true));
    }
    // What begins with the address of code is a callback itself, not a chain.
    if pointer(at).is_some_and(|first| !first.is_null() && reader.owners.kind(first).wild().is_none()) {
        return None;
    }
    // The first of the words that could be the head which leads to a callback.
    let leads = |head: VirtAddr| {
        let first = pointer(head).filter(|f| !f.is_null() && f.value().is_multiple_of(8))?;
        let call = block.read(kernel.view(), first).ptr(block.call)?;
        reader.owners.kind(call).wild().is_none().then_some(head)
    };
    [Kind::Raw, Kind::Atomic, Kind::Blocking, Kind::Srcu]
        .into_iter()
        .filter_map(place)
        .filter(|head| fits(*head))
        .find_map(leads)
        .map(|head| (head, false))
}

fn chain(reader: &mut Reader<'_, '_>, symbol: &Symbol<'_>, room: umem) {
    let kernel = reader.owners.kernel();
    let view = kernel.view();
    let shape = kernel.shape::<BlockShape>();
    let Some((start, certain)) = head(reader, symbol.address, symbol.name, room) else { return };
    let mut found = Vec::new();
    let mut seen = HashSet::new();
    let mut at = kernel.space.read_ptr(start).ok();
    while let Some(block) = at.filter(|a| !a.is_null()) {
        let broken = if !seen.insert(block) || seen.len() > MOST {
            Some(format!("it runs in a circle at {block}"))
        } else if block.value() % 8 != 0 || shape.read(view, block).is_missing() {
            Some(format!("it leads to {block}, which is no callback"))
        } else {
            None
        };
        if let Some(why) = broken {
            if certain {
                reader.lost.push(format!("chain {}: {why}", symbol.name));
                break;
            }
            return;
        }
        let read = shape.read(view, block);
        let Some(target) = read.ptr(shape.call) else { break };
        let mut hook = reader.registered("notifier", symbol.name, read.at(shape.call), target);
        hook.priority = read.int(shape.priority);
        found.push(hook);
        at = read.ptr(shape.next);
    }
    reader.out.extend(found);
}
