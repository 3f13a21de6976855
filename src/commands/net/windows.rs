//! Endpoints of Windows.

use super::{Net, NetRow};
use crate::commands::cells::{Time, exact, plain};
use crate::commands::context::Context;
use crate::commands::failure::Result;
use crate::commands::sink::Rows;
use crate::os::windows::Kernel;
use crate::os::windows::net::{Endpoint, Protocol, endpoints};

/// Endpoints of the processes that were asked for, or all.
pub(super) fn run(net: &Net, cx: &Context, kernel: &Kernel, out: &mut Rows<'_, NetRow>) -> Result<()> {
    let chosen = net.processes(cx)?;
    let (listing, evidence) =
        cx.over_memory("looking for endpoints", kernel.space.memory(), |options| endpoints(kernel, options));
    cx.go_on()?;
    for sentence in evidence {
        cx.host().remark(&format!("net: {sentence}"));
    }
    let all = cx.take(&listing);
    cx.nothing(match all.len() {
        0 => "no endpoint is in the image's memory".to_owned(),
        n => format!("none of {n} endpoints matches"),
    });
    for endpoint in &all {
        let of = |pids: &Vec<u32>| endpoint.owner.as_ref().is_some_and(|o| pids.contains(&o.pid));
        if chosen.as_ref().is_none_or(of) && wants(net, endpoint) {
            out.push(&row(endpoint))?;
        }
    }
    Ok(())
}

fn wants(net: &Net, e: &Endpoint) -> bool {
    let any = net.tcp || net.udp || net.raw || net.unix || net.packet || net.netlink;
    let protocol = match e.protocol {
        Protocol::Tcp => net.tcp,
        Protocol::Udp => net.udp,
        Protocol::Raw(_) => net.raw,
    };
    // What has no connections waits for all that comes.
    let listens = e.state == Some("LISTENING") || e.protocol != Protocol::Tcp && e.local.port.is_some();
    (!any || protocol)
        && (!net.listening || listens)
        && net.port.is_none_or(|p| [e.local.port, e.remote.port].iter().any(|own| own.map(u32::from) == Some(p)))
        && net.namespace.is_none()
}

fn row(e: &Endpoint) -> NetRow {
    let (protocol, number) = match e.protocol {
        Protocol::Tcp => ("tcp", None),
        Protocol::Udp => ("udp", None),
        Protocol::Raw(n) => ("raw", Some(u32::from(n))),
    };
    let process = e.owner.as_ref().and_then(|o| o.name.as_ref());
    NetRow {
        protocol: protocol.to_owned(),
        family: if e.v6 { "ipv6" } else { "ipv4" }.to_owned(),
        local_address: e.local.address.map(|a| a.to_string()),
        local_port: e.local.port.map(u32::from),
        remote_address: e.remote.address.map(|a| a.to_string()),
        remote_port: e.remote.port.map(u32::from),
        state: e.state,
        pid: e.owner.as_ref().map(|o| o.pid),
        process: process.map(plain),
        process_bytes: process.and_then(exact),
        created: e.created.map(Time),
        freed: e.freed.then_some(true),
        protocol_number: number,
        listed: e.listed,
        ..NetRow::of(Some(e.address.into()))
    }
}
