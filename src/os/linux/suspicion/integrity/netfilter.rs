//! Hooks into the network: netfilter (net/netfilter/core.c) of every network namespace and device, and packet handlers
//! (net/core/dev.c).

use super::Reader;
use crate::engine::{ViewExt, index};
use crate::os::linux::base::layout::{Block, Extent, Found, Member, Members, Shape, container_of, offset_of, shapes};
use crate::os::linux::containers::list::list;
use crate::symbols::{Types, TypesExt};
use memsh_plugin::{VirtAddr, umem};

shapes! {
    /// `net`: a network namespace.
    NetShape: "net" {
        link: ["list"],
        number: ["ns.inum", "proc_inum"],
        ipv4: ["nf.hooks_ipv4"],
        ipv6: ["nf.hooks_ipv6"],
        arp: ["nf.hooks_arp"],
        bridge: ["nf.hooks_bridge"],
        devices: ["dev_base_head"],
        // 6.16 moved it here.
        packets: ["ptype_all"],
        specific: ["ptype_specific"],
    }
    /// `net_hotdata` (6.8), which held the list of handlers of every packet until that moved into `net`.
    HotShape: "net_hotdata" {
        packets: ["ptype_all"],
    }
    /// `net_device`.
    DeviceShape: "net_device" {
        link: ["dev_list"],
        name: ["name"],
        ingress: ["nf_hooks_ingress"],
        egress: ["nf_hooks_egress"],
        packets: ["ptype_all"],
        specific: ["ptype_specific"],
        receiver: ["rx_handler"],
    }
    /// `nf_hook_entries`.
    EntriesShape: "nf_hook_entries" {
        count: ["num_hook_entries"],
        hooks: ["hooks"],
    }
    /// `nf_hook_entry`.
    EntryShape: "nf_hook_entry" {
        hook: ["hook"],
    }
    /// `nf_hook_ops`: what was registered.
    OpsShape: "nf_hook_ops" {
        hook: ["hook"],
        priority: ["priority"],
    }
    /// `packet_type`.
    PacketShape: "packet_type" {
        link: ["list"],
        kind: ["type"],
        function: ["func"],
    }
}

/// `enum nf_inet_hooks`, and those of ARP.
const INET: [&str; 6] = ["prerouting", "input", "forward", "output", "postrouting", "ingress"];
const ARP: [&str; 3] = ["input", "output", "forward"];
/// `MAX_HOOK_COUNT` (net/netfilter/core.c).
const MOST: u64 = 1024;
/// `PTYPE_HASH_SIZE`.
const PACKET_LISTS: u64 = 16;
const NAMESPACES: usize = 1 << 16;

pub(super) fn read(reader: &mut Reader<'_, '_>) {
    let kernel = reader.owners.kernel();
    let view = kernel.view();
    let shape = kernel.shape::<NetShape>();
    let device = kernel.shape::<DeviceShape>();
    let mut nets = Vec::new();
    if let (Some(head), Some(_)) = (kernel.address("net_namespace_list"), shape.link) {
        nets = list(view, head, "list of network namespaces", reader.lost);
        nets = nets.into_iter().filter_map(|n| container_of(n, shape.link)).take(NAMESPACES).collect();
    }
    let first = kernel.address("init_net");
    if nets.is_empty() {
        nets.extend(first);
    }
    let word = umem::from(view.view_metadata().pointer_size.max(1));
    for net in nets {
        let Some(block) = shape.read_or(view, net, reader.lost) else { continue };
        let space = block.uint(shape.number).filter(|_| Some(net) != first).map(|n| format!("net:[{n}]"));
        for (family, member, chains) in [
            ("ipv4", shape.ipv4, &INET[..]),
            ("ipv6", shape.ipv6, &INET),
            ("arp", shape.arp, &ARP),
            ("bridge", shape.bridge, &INET),
        ] {
            let (Some(member), Some(at)) = (member, block.at(member)) else { continue };
            for i in 0..(umem::from(member.size) / word).min(16) {
                let Ok(entries) = kernel.space.read_ptr(at.wrapping_add(i * word)) else { continue };
                let chain = index(i).and_then(|i| chains.get(i)).copied().unwrap_or("?");
                hooks(reader, &format!("{family} {chain}"), entries, space.as_ref());
            }
        }
        for head in [shape.packets, shape.specific].into_iter().filter_map(|m| block.at(m)) {
            packets(reader, head, None, space.as_ref());
        }
        let (Some(head), Some(_)) = (block.at(shape.devices), device.link) else { continue };
        for node in list(view, head, "list of network devices", reader.lost) {
            let Some(at) = container_of(node, device.link) else { continue };
            of_device(reader, &device.read(view, at), &device, space.as_ref());
        }
    }
    let hot = kernel.shape::<HotShape>();
    if let Some(head) = kernel.symbols.address("net_hotdata").zip(offset_of(hot.packets)).map(|(at, o)| at.wrapping_add(o)) {
        packets(reader, head, None, None);
    }
    for (name, lists) in [("ptype_all", 1), ("ptype_base", PACKET_LISTS)] {
        let Some(head) = kernel.symbols.address(name) else { continue };
        for i in 0..lists {
            packets(reader, head.wrapping_add(umem::from(i) * 2 * word), None, None);
        }
    }
}

fn of_device(reader: &mut Reader<'_, '_>, block: &Block, shape: &DeviceShape, space: Option<&String>) {
    let name = block.text(shape.name).map(|n| String::from_utf8_lossy(n).into_owned()).unwrap_or_default();
    for (chain, member) in [("ingress", shape.ingress), ("egress", shape.egress)] {
        if let Some(entries) = block.ptr(member) {
            hooks(reader, &format!("{name} {chain}"), entries, space);
        }
    }
    for head in [shape.packets, shape.specific].into_iter().filter_map(|m| block.at(m)) {
        packets(reader, head, Some(&name), space);
    }
    if let Some(target) = block.ptr(shape.receiver) {
        let mut hook = reader.registered("packet", format!("{name} rx_handler"), block.at(shape.receiver), target);
        hook.detail = space.cloned();
        reader.out.push(hook);
    }
}

/// The hooks of one chain. Behind them stand pointers to what was registered, with the priorities.
fn hooks(reader: &mut Reader<'_, '_>, chain: &str, entries: VirtAddr, space: Option<&String>) {
    if entries.is_null() {
        return;
    }
    let kernel = reader.owners.kernel();
    let view = kernel.view();
    let (shape, entry, ops) = (kernel.shape::<EntriesShape>(), kernel.shape::<EntryShape>(), kernel.shape::<OpsShape>());
    let Some(step) = kernel.types.size_of("struct nf_hook_entry").filter(|&s| s > 0) else { return };
    let Some(block) = shape.read_or(view, entries, reader.lost) else { return };
    let (Some(claimed), Some(first)) = (block.uint(shape.count), block.at(shape.hooks)) else { return };
    let count = claimed.min(MOST);
    if count < claimed {
        reader.lost.push(format!("netfilter chain {chain} at {entries} claims {claimed} hooks; the first {count} were read"));
    }
    let word = umem::from(view.view_metadata().pointer_size);
    let registered = first.wrapping_add(umem::from(count * step));
    let original = |i: u64| {
        let at = kernel.space.read_ptr(registered.wrapping_add(umem::from(i) * word)).ok().filter(|p| !p.is_null())?;
        Some(ops.read(view, at))
    };
    // Every chain knows what was registered. Where not one entry has code there, it is torn, or none: then what points to no code is
    // no hook of anybody, and ends it.
    let code = |i: u64| original(i).and_then(|o| o.ptr(ops.hook)).is_some_and(|o| reader.owners.kind(o).wild().is_none());
    let torn = count > 0 && !(0..count).any(code);
    for i in 0..count {
        let block = entry.read(view, first.wrapping_add(umem::from(i * step)));
        let Some(target) = block.ptr(entry.hook) else { continue };
        if torn && reader.owners.kind(target).wild().is_some() {
            reader.lost.push(format!("netfilter chain {chain}: what lies at {entries} from hook {i} on are none"));
            break;
        }
        let mut hook = reader.registered("netfilter", chain, block.at(entry.hook), target);
        hook.index = Some(i);
        hook.detail = space.cloned();
        let original = original(i);
        hook.priority = original.as_ref().and_then(|o| o.int(ops.priority));
        // An entry that is being removed has `accept_all` in place of its function; else both are the same.
        let other = original.and_then(|o| o.ptr(ops.hook)).is_some_and(|o| o != target);
        if other && hook.reason.is_none() && Some(target) != kernel.symbols.address("accept_all") {
            hook.reason = Some("calls another function than the one that was registered");
        }
        reader.out.push(hook);
    }
}

/// Handlers of packets: every packet, or those of one protocol.
fn packets(reader: &mut Reader<'_, '_>, head: VirtAddr, device: Option<&str>, space: Option<&String>) {
    let kernel = reader.owners.kernel();
    let view = kernel.view();
    let shape = kernel.shape::<PacketShape>();
    if shape.link.is_none() {
        return;
    }
    for node in list(view, head, "list of packet handlers", reader.lost) {
        let Some(at) = container_of(node, shape.link) else { continue };
        let block = shape.read(view, at);
        let Some(target) = block.ptr(shape.function) else { continue };
        // `ETH_P_ALL` is 3; numbers of protocols are in network order.
        let kind = match block.uint(shape.kind).and_then(|k| u16::try_from(k).ok()).map(u16::swap_bytes) {
            Some(3) => "every packet".to_owned(),
            Some(kind) => format!("protocol {kind:#06x}"),
            None => String::new(),
        };
        let name = device.map_or(kind.clone(), |d| format!("{d} {kind}"));
        let mut hook = reader.registered("packet", name, block.at(shape.function), target);
        hook.detail = space.cloned();
        reader.out.push(hook);
    }
}
