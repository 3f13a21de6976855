//! Chains of callbacks (kernel/notifier.c): who is told of keys, modules, crashes, network devices, ...
//!
//! A chain's head is one of four types. Which one is not written anywhere; a lock that nobody waits for points to itself, which
//! tells two of them, and the others are told by what they point to.

use super::super::layout::{Extent, Found, Member, Members, Shape, offset_of, shapes};
use super::super::owner::OwnerKind;
use super::Reader;
use crate::engine::ViewExt;
use crate::symbols::{Symbol, Symbols, Types};
use memsh_plugin::VirtAddr;
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
/// Chains whose head is an atomic or a raw one, by name: here a target that is no code is a finding, elsewhere it means that the
/// variable is something else.
const KNOWN: [&str; 20] = [
    "panic_notifier_list",
    "keyboard_notifier_list",
    "vt_notifier_list",
    "die_chain",
    "pvclock_gtod_chain",
    "netdev_chain",
    "netevent_notif_chain",
    "inet6addr_chain",
    "dcbevent_notif_chain",
    "switchdev_notif_chain",
    "fips_fail_notif_chain",
    "x86_mce_decoder_chain",
    "idle_notifier",
    "cpu_pm_notifier_chain",
    "hwerror_notifier",
    "task_free_notifier",
    "munmap_notifier",
    "restart_handler_list",
    "power_off_handler_list",
    "ghes_report_chain",
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
            && (ENDINGS.iter().any(|e| s.name.ends_with(e)) || KNOWN.contains(&s.name))
    };
    // Those of modules too: a module may offer a chain of its own.
    let of_kernel = kernel.symbols.all().filter(|s| own.contains(&super::super::layout::number(s.address)));
    for symbol in of_kernel.chain(owners.module_symbols().all()).filter(named) {
        if seen.insert(symbol.address) {
            chain(reader, &symbol);
        }
    }
}

/// Where the pointer to the first callback lies, and whether it is certain that this is a chain.
fn head(reader: &Reader<'_, '_>, at: VirtAddr, name: &str) -> Option<(VirtAddr, bool)> {
    let kernel = reader.owners.kernel();
    let pointer = |at: VirtAddr| kernel.space.read_ptr(at).ok();
    let (blocking, srcu) = (kernel.shape::<BlockingShape>(), kernel.shape::<SrcuShape>());
    let waits = |m: Option<Member>| {
        let list = at.wrapping_add(offset_of(m)?);
        (pointer(list)? == list).then_some(())
    };
    if waits(blocking.waiters).is_some() {
        return Some((at.wrapping_add(offset_of(blocking.head)?), true));
    }
    if waits(srcu.waiters).is_some() {
        return Some((at.wrapping_add(offset_of(srcu.head)?), true));
    }
    let (atomic, raw) = (offset_of(kernel.shape::<AtomicShape>().head)?, offset_of(kernel.shape::<RawShape>().head)?);
    let known = KNOWN.contains(&name);
    // A lock is zero when it is free; a raw head is a pointer at once.
    let first = pointer(at)?;
    let at = if first.is_null() { at.wrapping_add(atomic) } else { at.wrapping_add(raw) };
    Some((at, known))
}

fn chain(reader: &mut Reader<'_, '_>, symbol: &Symbol<'_>) {
    let kernel = reader.owners.kernel();
    let view = kernel.view();
    let shape = kernel.shape::<BlockShape>();
    let Some((start, certain)) = head(reader, symbol.address, symbol.name) else { return };
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
    // A variable that only happens to have such a name.
    if !certain && found.iter().any(|h| !h.is(OwnerKind::Kernel) && !h.is(OwnerKind::Module)) {
        return;
    }
    reader.out.extend(found);
}
