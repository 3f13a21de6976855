//! Who answers for the families and protocols of sockets (net/socket.c, net/core/sock.c, net/ipv4/af_inet.c).

use super::Reader;
use crate::engine::ViewExt;
use crate::os::linux::base::layout::{Extent, Found, Member, Members, Shape, container_of, shapes};
use crate::os::linux::containers::list::list;
use crate::symbols::Types;
use memsh_plugin::{VirtAddr, umem};

shapes! {
    /// `inet_protosw`.
    SwitchShape: "inet_protosw" {
        link: ["list"],
        kind: ["type"],
        operations: ["ops"],
    }
    /// `proto`.
    ProtocolShape: "proto" {
        link: ["node"],
        name: ["name"],
    }
}

/// `AF_MAX` (include/linux/socket.h); the kernels from 4.19 on have 44 to 46.
const FAMILIES: u64 = 44;
/// `MAX_INET_PROTOS`.
const PROTOCOLS: u64 = 256;
/// `SOCK_MAX`, and what its lists are called.
const TYPES: [&str; 11] = ["0", "stream", "dgram", "raw", "rdm", "seqpacket", "dccp", "7", "8", "9", "packet"];

pub(super) fn read(reader: &mut Reader<'_, '_>) {
    let kernel = reader.owners.kernel();
    let view = kernel.view();
    let word = umem::from(view.view_metadata().pointer_size);
    let slots = |table: &str, count: u64| -> Vec<(u64, VirtAddr)> {
        let Some(at) = kernel.symbols.address(table) else { return Vec::new() };
        let slot = |i| kernel.space.read_ptr(at.wrapping_add(umem::from(i) * word)).ok().filter(|p: &VirtAddr| !p.is_null());
        (0..count).filter_map(|i| Some((i, slot(i)?))).collect()
    };
    for (i, at) in slots("net_families", FAMILIES) {
        reader.operations("socket", &format!("family {i}"), "net_proto_family", at);
    }
    for (table, structure, family) in [
        ("inet_protos", "net_protocol", "ipv4"),
        ("inet6_protos", "inet6_protocol", "ipv6"),
        ("inet_offloads", "net_offload", "ipv4"),
    ] {
        for (i, at) in slots(table, PROTOCOLS) {
            reader.operations("socket", &format!("{family} protocol {i}"), structure, at);
        }
    }
    let switch = kernel.shape::<SwitchShape>();
    for (table, family) in [("inetsw", "ipv4"), ("inetsw6", "ipv6")] {
        let (Some(head), Some(_)) = (kernel.symbols.address(table), switch.link) else { continue };
        for (i, kind) in (0u64..).zip(TYPES) {
            let head = head.wrapping_add(umem::from(i) * 2 * word);
            // Lists of an IPv6 that was never started are zeros.
            if kernel.space.read_ptr(head).is_ok_and(|p| p.is_null()) {
                continue;
            }
            for node in list(view, head, "list of socket types", reader.lost) {
                let Some(block) = container_of(node, switch.link).map(|at| switch.read(view, at)) else { continue };
                if let Some(at) = block.ptr(switch.operations) {
                    reader.operations("socket", &format!("{family} {kind}"), "proto_ops", at);
                }
            }
        }
    }
    let protocol = kernel.shape::<ProtocolShape>();
    let (Some(head), Some(_)) = (kernel.symbols.address("proto_list"), protocol.link) else { return };
    for node in list(view, head, "list of protocols", reader.lost) {
        let Some(at) = container_of(node, protocol.link) else { continue };
        let name = protocol.read(view, at).text(protocol.name).map(|n| String::from_utf8_lossy(n).into_owned());
        reader.operations("socket", &name.unwrap_or_default(), "proto", at);
    }
}
