//! Probes of functions (kernel/kprobes.c) and of events (kernel/tracepoint.c).

use super::Reader;
use crate::os::linux::base::layout::{Extent, Found, Member, Members, Shape, container_of, number, shapes};
use crate::os::linux::base::lost::Lost;
use crate::os::linux::code::owner::Owners;
use crate::os::linux::containers::list::{Chains, list};
use crate::symbols::{Symbols, Types, TypesExt};
use memsh_plugin::{VirtAddr, umem};
use std::collections::HashSet;

shapes! {
    /// `kprobe`.
    ProbeShape: "kprobe" {
        link: ["hlist"],
        list: ["list"],
        address: ["addr"],
        pre: ["pre_handler"],
        post: ["post_handler"],
        fault: ["fault_handler"],
        flags: ["flags"],
    }
    /// `kretprobe`, which begins with a kprobe.
    ReturnProbeShape: "kretprobe" {
        probe: ["kp"],
        entry: ["entry_handler"],
        handler: ["handler"],
    }
    /// `tracepoint`.
    TracepointShape: "tracepoint" {
        functions: ["funcs"],
    }
    /// `tracepoint_func`.
    TracepointFuncShape: "tracepoint_func" {
        function: ["func"],
        priority: ["prio"],
    }
}

/// `KPROBE_TABLE_SIZE`.
const LISTS: u64 = 64;
/// `KPROBE_FLAG_*` (include/linux/kprobes.h).
const FLAGS: [(u64, &str); 4] = [(1, "gone"), (2, "disabled"), (4, "optimized"), (8, "by ftrace")];
/// No event has more probes.
const PROBES: u64 = 1024;

pub(super) fn read(reader: &mut Reader<'_, '_>) {
    kprobes(reader);
    tracepoints(reader);
}

fn kprobes(reader: &mut Reader<'_, '_>) {
    let owners = reader.owners;
    let kernel = owners.kernel();
    let shape = kernel.shape::<ProbeShape>();
    let aggregate = kernel.symbols.address("aggr_pre_handler");
    for at in all(owners, reader.lost) {
        let Some(block) = shape.read_or(kernel.view(), at, reader.lost) else { continue };
        let manager = block.ptr(shape.pre).is_some_and(|p| Some(p) == aggregate);
        match block.at(shape.list).filter(|_| manager) {
            // Several probes of one instruction stand behind a probe that calls them all.
            Some(head) => {
                for node in list(kernel.view(), head, "kprobes of one instruction", reader.lost) {
                    if let Some(at) = container_of(node, shape.list) {
                        kprobe(reader, at);
                    }
                }
            }
            None => kprobe(reader, at),
        }
    }
}

/// Every probe of the table.
fn all(owners: &Owners<'_>, lost: &mut Lost) -> Vec<VirtAddr> {
    let kernel = owners.kernel();
    let Some(table) = kernel.symbols.address("kprobe_table") else { return Vec::new() };
    let shape = kernel.shape::<ProbeShape>();
    if shape.link.is_none() {
        lost.push("kprobes can't be listed: no type kprobe");
        return Vec::new();
    }
    let view = kernel.view();
    let word = umem::from(view.view_metadata().pointer_size);
    let mut out = Vec::new();
    let mut chains = Chains::default();
    for i in 0..LISTS {
        let nodes = chains.nodes(view, table.wrapping_add(umem::from(i) * word), "table of kprobes", lost);
        out.extend(nodes.into_iter().filter_map(|n| container_of(n, shape.link)));
    }
    out
}

/// The instructions that have a probe.
pub(super) fn addresses(owners: &Owners<'_>, lost: &mut Lost) -> HashSet<u64> {
    let kernel = owners.kernel();
    let shape = kernel.shape::<ProbeShape>();
    all(owners, lost).into_iter().filter_map(|at| shape.read(kernel.view(), at).ptr(shape.address)).map(number).collect()
}

fn kprobe(reader: &mut Reader<'_, '_>, at: VirtAddr) {
    let kernel = reader.owners.kernel();
    let view = kernel.view();
    let (shape, returning) = (kernel.shape::<ProbeShape>(), kernel.shape::<ReturnProbeShape>());
    let block = shape.read(view, at);
    let name = block.ptr(shape.address).map(|a| reader.owners.place(a)).unwrap_or_default();
    let flags = block.uint(shape.flags).unwrap_or(0);
    let words: Vec<&str> = FLAGS.iter().filter(|(bit, _)| flags & bit != 0).map(|(_, word)| *word).collect();
    let detail = Some(words.join(", ")).filter(|d| !d.is_empty());
    let mut found = Vec::new();
    let own = |name: &str| kernel.symbols.address(name);
    let pre = block.ptr(shape.pre);
    if pre.is_some() && (pre == own("pre_handler_kretprobe") || pre == own("kretprobe_rethook_handler")) {
        let ret = container_of(at, returning.probe).map(|r| returning.read(view, r));
        for member in [returning.entry, returning.handler] {
            let target = ret.as_ref().and_then(|r| r.at(member).zip(r.ptr(member)));
            found.extend(target.map(|(slot, target)| ("kretprobe", slot, target)));
        }
    } else {
        for member in [shape.pre, shape.post, shape.fault] {
            found.extend(block.at(member).zip(block.ptr(member)).map(|(slot, target)| ("kprobe", slot, target)));
        }
    }
    for (table, slot, target) in found {
        let mut hook = reader.registered(table, name.clone(), Some(slot), target);
        hook.detail.clone_from(&detail);
        reader.out.push(hook);
    }
}

fn tracepoints(reader: &mut Reader<'_, '_>) {
    const PREFIX: &str = "__tracepoint_";
    // A pointer to one, where such pointers have names (CONFIG_HAVE_ARCH_PREL32_RELOCATIONS is not set).
    const POINTER: &str = "__tracepoint_ptr_";
    let owners = reader.owners;
    let kernel = owners.kernel();
    let view = kernel.view();
    let (shape, function) = (kernel.shape::<TracepointShape>(), kernel.shape::<TracepointFuncShape>());
    let Some(step) = kernel.types.size_of("struct tracepoint_func").filter(|&s| s > 0) else { return };
    if shape.functions.is_none() {
        return;
    }
    // Both the kernel and its modules name each of their tracepoints.
    let named = kernel.symbols.all().chain(owners.module_symbols().all());
    for symbol in named.filter(|s| s.name.starts_with(PREFIX) && !s.name.starts_with(POINTER) && "dDbB".contains(s.kind)) {
        let name = symbol.name.strip_prefix(PREFIX).unwrap_or_default();
        let Some(array) = shape.read(view, symbol.address).ptr(shape.functions) else { continue };
        for i in 0..PROBES {
            let block = function.read(view, array.wrapping_add(umem::from(i * step)));
            if block.is_missing() {
                reader.lost.push(format!("the probes of tracepoint {name} at {} are not in the image", block.base()));
                break;
            }
            let Some(target) = block.ptr(function.function) else { break };
            let mut hook = reader.registered("tracepoint", name, block.at(function.function), target);
            hook.priority = block.int(function.priority);
            reader.out.push(hook);
        }
    }
}
