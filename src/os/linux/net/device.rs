//! Network interfaces of every namespace, with their addresses.

use super::netns::Namespaces;
use super::shapes::*;
use super::words;
use crate::engine::ViewExt;
use crate::os::linux::base::kernel::{Kernel, failed};
use crate::os::linux::base::layout::{Block, Shape, container_of, offset_of};
use crate::os::linux::base::lost::Lost;
use crate::os::linux::containers::list::list;
use crate::os::linux::files::holders::every_process;
use memsh_plugin::{ApiError, Listing, Status, Text, VirtAddr};
use std::collections::HashSet;
use std::net::{Ipv4Addr, Ipv6Addr};

/// `MAX_ADDR_LEN` (include/linux/netdevice.h).
const HARDWARE: usize = 32;
/// More addresses has no interface.
const ADDRESSES: usize = 1 << 16;

/// A network interface.
#[derive(Clone, Debug)]
pub struct Interface {
    /// Address of its `net_device`.
    pub address: VirtAddr,
    /// Number of its network namespace.
    pub namespace: Option<u64>,
    /// Its number within the namespace.
    pub index: Option<u32>,
    /// Its name.
    pub name: Option<Text>,
    /// What it is: `ether`, `loopback`, ... (`ARPHRD_*`).
    pub kind: Option<&'static str>,
    /// Its hardware address.
    pub hardware: Option<Vec<u8>>,
    /// The longest packet in bytes.
    pub mtu: Option<u32>,
    /// Its flags in the words of `ip link`.
    pub flags: Option<Vec<&'static str>>,
    /// Whether it can carry packets: `up`, `down`, ...; many drivers of virtual ones leave it `unknown`.
    pub state: Option<&'static str>,
    /// How many want to see all packets, sniffers among them.
    pub promiscuous: Option<u32>,
    /// IPv4 addresses with the lengths of their prefixes.
    pub ipv4: Vec<String>,
    /// IPv6 addresses with the lengths of their prefixes.
    pub ipv6: Vec<String>,
}

/// The interfaces of all network namespaces, in the kernel's order.
///
/// # Errors
/// When they are not known to symbols or types, or processes can't be listed.
pub fn interfaces(kernel: &Kernel) -> Result<Listing<Interface>, ApiError> {
    let mut lost = Lost::default();
    let (net, shape) = (kernel.shape::<NetShape>(), kernel.shape::<DeviceShape>());
    let (Some(head), Some(_)) = (offset_of(net.devices), shape.list) else {
        let why = "can't list interfaces: no type net or net_device; give types with --symbols";
        return Err(failed(Status::UNSUPPORTED, why));
    };
    let processes = every_process(kernel, &mut lost)?;
    let mut namespaces = Namespaces::find(kernel, &processes, &mut lost)?;
    let mut out = Vec::new();
    for at in namespaces.all().to_vec() {
        let number = namespaces.number(at).filter(|n| *n != 0);
        for node in list(kernel.view(), at.wrapping_add(head), "list of network interfaces", &mut lost) {
            let Some(device) = container_of(node, shape.list) else { continue };
            let Some(block) = shape.read_or(kernel.view(), device, &mut lost) else { continue };
            if block.ptr(shape.net) != Some(at) {
                lost.push(format!("the interface at {device} does not belong to the network namespace at {at} that lists it"));
                continue;
            }
            out.push(interface(kernel, &shape, &block, number, &mut lost));
        }
    }
    Ok(lost.listing(out))
}

fn interface(kernel: &Kernel, s: &DeviceShape, block: &Block, namespace: Option<u64>, lost: &mut Lost) -> Interface {
    let length = block.uint(s.address_length).and_then(|n| usize::try_from(n).ok()).filter(|n| (1..=HARDWARE).contains(n));
    let hardware = length.zip(block.ptr(s.address)).and_then(|(length, at)| {
        let mut bytes = vec![0u8; length];
        kernel.space.read_exact(at, &mut bytes).ok()?;
        Some(bytes)
    });
    Interface {
        address: block.base(),
        namespace,
        index: block.u32(s.index),
        name: block.text(s.name).filter(|n| !n.is_empty()).map(Text::from),
        kind: block.uint(s.kind).and_then(words::hardware),
        hardware,
        mtu: block.u32(s.mtu),
        flags: block.uint(s.flags).map(words::interface_flags),
        state: block.uint(s.state).and_then(words::operating_state),
        promiscuous: block.u32(s.promiscuous),
        ipv4: block.ptr(s.ipv4).map_or_else(Vec::new, |at| ipv4(kernel, at, lost)),
        ipv6: block.ptr(s.ipv6).map_or_else(Vec::new, |at| ipv6(kernel, at, lost)),
    }
}

fn ipv4(kernel: &Kernel, device: VirtAddr, lost: &mut Lost) -> Vec<String> {
    let (view, head, shape) = (kernel.view(), kernel.shape::<Ipv4DeviceShape>(), kernel.shape::<Ipv4AddressShape>());
    let (mut out, mut seen) = (Vec::new(), HashSet::new());
    let mut next = head.read_or(view, device, lost).and_then(|b| b.ptr(head.first));
    while let Some(at) = next {
        let block = shape.read(view, at);
        // Each knows whose it is.
        if block.ptr(shape.device) != Some(device) || !seen.insert(at) || seen.len() > ADDRESSES {
            lost.push(format!("the IPv4 addresses of the interface at {device} lead to {at}, which is none of them"));
            break;
        }
        let address = block.bytes(shape.address).and_then(|b| <[u8; 4]>::try_from(b).ok()).map(Ipv4Addr::from);
        if let (Some(address), Some(prefix)) = (address, block.uint(shape.prefix)) {
            out.push(format!("{address}/{prefix}"));
        }
        next = block.ptr(shape.next);
    }
    out
}

fn ipv6(kernel: &Kernel, device: VirtAddr, lost: &mut Lost) -> Vec<String> {
    let (view, head, shape) = (kernel.view(), kernel.shape::<Ipv6DeviceShape>(), kernel.shape::<Ipv6AddressShape>());
    let Some(first) = offset_of(head.addresses).map(|o| device.wrapping_add(o)) else { return Vec::new() };
    let mut out = Vec::new();
    for node in list(view, first, "list of IPv6 addresses", lost) {
        let Some(at) = container_of(node, shape.list) else { continue };
        let block = shape.read(view, at);
        if block.ptr(shape.device) != Some(device) {
            lost.push(format!("the IPv6 addresses of the interface at {device} lead to {at}, which is none of them"));
            continue;
        }
        let address = block.bytes(shape.address).and_then(|b| <[u8; 16]>::try_from(b).ok()).map(Ipv6Addr::from);
        if let (Some(address), Some(prefix)) = (address, block.uint(shape.prefix)) {
            out.push(format!("{address}/{prefix}"));
        }
    }
    out
}
