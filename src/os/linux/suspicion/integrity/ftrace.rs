//! Who is called by traced functions (kernel/trace/ftrace.c), and live patches, which use the same mechanism.

use super::Reader;
use crate::engine::ViewExt;
use crate::os::linux::base::layout::{Extent, Found, Member, Members, Shape, container_of, number, offset_of, shapes};
use crate::os::linux::code::owner::{OwnerKind, called_ftrace_ops};
use crate::os::linux::containers::list::{Chains, list};
use crate::symbols::Types;
use memsh_plugin::{VirtAddr, umem};

shapes! {
    /// `ftrace_ops`.
    OpsShape: "ftrace_ops" {
        func: ["func"],
        // What `func` passes on to, where that is a filter of the kernel's own.
        saved: ["saved_func"],
        flags: ["flags"],
        hash: ["func_hash"],
        direct: ["direct_call"],
    }
    /// `ftrace_ops_hash`.
    OpsHashShape: "ftrace_ops_hash" {
        filter: ["filter_hash"],
    }
    /// `ftrace_hash`: the addresses of the functions that are traced.
    HashShape: "ftrace_hash" {
        bits: ["size_bits"],
        buckets: ["buckets"],
        count: ["count"],
    }
    /// `ftrace_func_entry`.
    EntryShape: "ftrace_func_entry" {
        link: ["hlist"],
        ip: ["ip"],
        direct: ["direct"],
    }
    /// `klp_ops`: the replacements of one function.
    PatchShape: "klp_ops" {
        node: ["node"],
        stack: ["func_stack"],
    }
    /// `klp_func`.
    PatchedShape: "klp_func" {
        node: ["stack_node"],
        name: ["old_name"],
        new: ["new_func"],
    }
}

/// `FTRACE_OPS_FL_*` (include/linux/ftrace.h).
const ENABLED: u64 = 1;
const IPMODIFY: u64 = 1 << 12;
/// A table of traced functions has at most 2^10 lists (`FTRACE_HASH_MAX_BITS` is 10 or 12).
const MOST_BITS: u64 = 16;
/// So many functions of one user are told by name.
const NAMED: usize = 256;

pub(super) fn read(reader: &mut Reader<'_, '_>) {
    let kernel = reader.owners.kernel();
    let shape = kernel.shape::<OpsShape>();
    if shape.func.is_none() {
        return;
    }
    for at in called_ftrace_ops(kernel, reader.lost) {
        let block = shape.read(kernel.view(), at);
        let Some(func) = block.ptr(shape.func) else { continue };
        // A filter by process id stands before the function that was asked for.
        let saved = block.ptr(shape.saved).filter(|s| *s != func && reader.owners.of(func).kind == OwnerKind::Kernel);
        let (member, target) = saved.map_or((shape.func, func), |s| (shape.saved, s));
        let flags = block.uint(shape.flags).unwrap_or(0);
        let (traced, total) = traced(reader, block.ptr(shape.hash));
        let mut names: Vec<String> = traced.iter().map(|ip| function(reader, *ip)).collect();
        if names.is_empty() {
            names.push("all functions".to_owned());
        }
        let more = total.saturating_sub(crate::engine::to_u64(crate::engine::to_umem(names.len())).unwrap_or(u64::MAX));
        let mut words = Vec::new();
        if flags & ENABLED == 0 {
            words.push("disabled".to_owned());
        }
        if flags & IPMODIFY != 0 {
            words.push("replaces the function".to_owned());
        }
        if more > 0 && total > 0 {
            words.push(format!("and {more} more functions"));
        }
        for name in names {
            let mut hook = reader.registered("ftrace", name, offset_of(member).map(|o| at.wrapping_add(o)), target);
            hook.detail = Some(words.join(", ")).filter(|d| !d.is_empty());
            // The kernel's own users that replace functions are live patches and BPF, whose handlers are the kernel's.
            if hook.reason.is_none() && hook.is(OwnerKind::Module) && flags & IPMODIFY != 0 {
                hook.reason = Some("a module replaces functions of the kernel by ftrace");
            }
            reader.out.push(hook);
        }
        if let Some(direct) = block.ptr(shape.direct) {
            let hook = reader.registered("ftrace", "direct call", offset_of(shape.direct).map(|o| at.wrapping_add(o)), direct);
            reader.out.push(hook);
        }
    }
    patches(reader);
}

/// The name of a traced function: the call lies a few bytes behind its start.
fn function(reader: &Reader<'_, '_>, ip: VirtAddr) -> String {
    let owner = reader.owners.of(ip);
    match (owner.distance, owner.symbol.as_deref()) {
        (Some(d), Some(s)) if d <= 16 => s.split_once('+').map_or(s, |(n, _)| n).to_owned(),
        (_, Some(s)) => s.to_owned(),
        _ => ip.to_string(),
    }
}

/// The first functions of a table of traced functions, and how many it says it has. An empty table stands for all functions.
fn traced(reader: &mut Reader<'_, '_>, hashes: Option<VirtAddr>) -> (Vec<VirtAddr>, u64) {
    let kernel = reader.owners.kernel();
    let (hashes_shape, shape, entry) =
        (kernel.shape::<OpsHashShape>(), kernel.shape::<HashShape>(), kernel.shape::<EntryShape>());
    let view = kernel.view();
    let hash = hashes.and_then(|at| hashes_shape.read(view, at).ptr(hashes_shape.filter));
    let Some(block) = hash.map(|at| shape.read(view, at)) else { return (Vec::new(), 0) };
    let (Some(bits), Some(buckets), Some(count)) = (block.uint(shape.bits), block.ptr(shape.buckets), block.uint(shape.count))
    else {
        return (Vec::new(), 0);
    };
    if count == 0 {
        return (Vec::new(), 0);
    }
    if bits > MOST_BITS {
        reader.lost.push(format!("the table of traced functions at {} makes no sense", block.base()));
        return (Vec::new(), count);
    }
    let word = umem::from(view.view_metadata().pointer_size);
    let mut out = Vec::new();
    let mut chains = Chains::default();
    for i in 0..1u64 << bits {
        let head = buckets.wrapping_add(umem::from(i) * word);
        for node in chains.nodes(view, head, "table of traced functions", reader.lost) {
            let ip = container_of(node, entry.link).and_then(|at| entry.read(view, at).ptr(entry.ip));
            out.extend(ip);
            if out.len() >= NAMED {
                return (out, count);
            }
        }
    }
    out.sort_unstable_by_key(|ip| number(*ip));
    (out, count)
}

/// Functions that live patches replaced (kernel/livepatch/patch.c).
fn patches(reader: &mut Reader<'_, '_>) {
    let kernel = reader.owners.kernel();
    let (patch, patched) = (kernel.shape::<PatchShape>(), kernel.shape::<PatchedShape>());
    let Some(head) = kernel.symbols.address("klp_ops") else { return };
    if patch.node.is_none() || patched.node.is_none() {
        return;
    }
    let view = kernel.view();
    for node in list(view, head, "list of live patches", reader.lost) {
        let Some(stack) = container_of(node, patch.node).and_then(|at| Some(at.wrapping_add(offset_of(patch.stack)?))) else {
            return;
        };
        for node in list(view, stack, "functions of a live patch", reader.lost) {
            let Some(at) = container_of(node, patched.node) else { continue };
            let block = patched.read(view, at);
            let Some(target) = block.ptr(patched.new) else { continue };
            let name = block.ptr(patched.name).and_then(|at| kernel.space.read_cstr(at, 512).ok());
            let name = name.map(|n| String::from_utf8_lossy(&n).into_owned()).unwrap_or_default();
            let hook = reader.registered("livepatch", name, block.at(patched.new), target);
            reader.out.push(hook);
        }
    }
}
