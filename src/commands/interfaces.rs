//! `interfaces`: network interfaces.

use super::cells::{Hex, exact, plain};
use super::context::Context;
use super::failure::Result;
use super::sink::Rows;
use super::spec::{Command, Shape};
use crate::os::linux::net::{Interface, interfaces};
use schemars::JsonSchema;
use serde::Serialize;

/// List network interfaces of every network namespace, with their addresses
#[derive(clap::Args, Debug)]
pub struct Interfaces {
    /// Only those that were turned on
    #[arg(short = 'u', long)]
    up: bool,
    /// Only those that take packets for others: somebody listens
    #[arg(long)]
    promiscuous: bool,
    /// Only this network namespace: its number, as `namespace` has it
    #[arg(long, value_name = "NUMBER")]
    namespace: Option<u64>,
}

/// A network interface.
#[derive(Serialize, JsonSchema)]
pub struct InterfaceRow {
    /// Number of its network namespace.
    namespace: Option<u64>,
    /// Its number within the namespace.
    index: Option<u32>,
    /// Its name.
    name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name_bytes: Option<String>,
    /// `ether`, `loopback`, ...
    r#type: Option<&'static str>,
    /// Hardware address.
    mac: Option<String>,
    /// The longest packet in bytes.
    mtu: Option<u32>,
    /// `UP`, `LOOPBACK`, `PROMISC`, ...
    flags: Option<Vec<&'static str>>,
    /// Whether it can carry packets: `up`, `down`, ...; many virtual ones leave it `unknown`.
    state: Option<&'static str>,
    /// Whether it takes packets for others.
    promiscuous: Option<bool>,
    /// How many asked for that: users by `ip link`, sniffers, bridges.
    promiscuity: Option<u32>,
    /// IPv4 addresses with the lengths of their prefixes.
    ipv4: Vec<String>,
    /// IPv6 addresses with the lengths of their prefixes.
    ipv6: Vec<String>,
    /// Address of its `net_device`.
    address: Hex,
}

impl Command for Interfaces {
    type Row = InterfaceRow;
    const NAME: &'static str = "interfaces";
    const ALIASES: &'static [&'static str] = &["ifconfig", "ip"];
    const SUMMARY: &'static str = "List network interfaces and their addresses";
    const SHAPE: Shape = Shape::List(&["name", "mac", "?mtu", "promiscuous", "flags", "ipv4", "ipv6", "namespace"]);
    const EXAMPLES: &'static [(&'static str, &'static str)] =
        &[("interfaces", "of every network namespace"), ("interfaces --promiscuous", "where somebody listens")];

    fn run(self, cx: &Context, out: &mut Rows<'_, InterfaceRow>) -> Result<()> {
        let kernel = cx.session()?.linux("interfaces")?;
        for i in cx.take(&interfaces(kernel).map_err(crate::Error::from)?) {
            cx.go_on()?;
            let wanted = (!self.up || i.flags.as_ref().is_some_and(|f| f.contains(&"UP")))
                && (!self.promiscuous || i.promiscuous.is_some_and(|n| n > 0))
                && self.namespace.is_none_or(|n| i.namespace == Some(n));
            if wanted {
                out.push(&row(i))?;
            }
        }
        Ok(())
    }
}

fn row(i: Interface) -> InterfaceRow {
    InterfaceRow {
        namespace: i.namespace,
        index: i.index,
        name: i.name.as_ref().map(plain),
        name_bytes: i.name.as_ref().and_then(exact),
        r#type: i.kind,
        mac: i.hardware.map(|bytes| bytes.iter().map(|b| format!("{b:02x}")).collect::<Vec<_>>().join(":")),
        mtu: i.mtu,
        flags: i.flags,
        state: i.state,
        promiscuous: i.promiscuous.map(|n| n > 0),
        promiscuity: i.promiscuous,
        ipv4: i.ipv4,
        ipv6: i.ipv6,
        address: i.address.into(),
    }
}
