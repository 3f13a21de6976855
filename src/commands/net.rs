//! `net`: sockets.

mod windows;

use super::cells::{Hex, Time, exact, plain};
use super::context::Context;
use super::failure::Result;
use super::sink::Rows;
use super::spec::{Command, Shape};
use super::which::Filter;
use crate::os::linux::net::{Socket, SocketOwner};
use schemars::JsonSchema;
use serde::Serialize;

/// List sockets of every network namespace, and who holds them; endpoints of Windows
#[derive(clap::Args, Debug)]
pub struct Net {
    /// Only sockets that wait for connections
    #[arg(short = 'l', long)]
    listening: bool,
    /// Only TCP
    #[arg(short = 't', long)]
    tcp: bool,
    /// Only UDP and UDP-Lite
    #[arg(short = 'u', long)]
    udp: bool,
    /// Only RAW and ICMP
    #[arg(short = 'w', long)]
    raw: bool,
    /// Only UNIX
    #[arg(short = 'x', long)]
    unix: bool,
    /// Only packet sockets (sniffers)
    #[arg(long)]
    packet: bool,
    /// Only netlink
    #[arg(long)]
    netlink: bool,
    /// Only this local or remote port
    #[arg(long, value_name = "PORT")]
    port: Option<u32>,
    /// Only this network namespace: its number, as `namespace` has it
    #[arg(long, value_name = "NUMBER")]
    namespace: Option<u64>,
    #[command(flatten)]
    filter: Filter,
}

/// A socket and a process that holds it. A socket that several processes hold has a row for each; one that nobody holds has one
/// row without a process.
#[derive(Serialize, JsonSchema)]
pub struct NetRow {
    /// `tcp`, `udp`, `udplite`, `icmp`, `raw`, `packet`, `unix`, `netlink`, ...
    protocol: String,
    /// `ipv4`, `ipv6`, `unix`, `packet`, `netlink`, ...
    family: String,
    /// `stream`, `dgram`, `raw`, `seqpacket`, ...
    r#type: Option<&'static str>,
    /// Address of its own end; absent where it is bound to nothing, or the family has none.
    local_address: Option<String>,
    /// Port of its own end.
    local_port: Option<u32>,
    /// Address of the other end; absent where there is none.
    remote_address: Option<String>,
    /// Port of the other end.
    remote_port: Option<u32>,
    /// `LISTEN`, `ESTABLISHED`, `TIME_WAIT`, ...; `UNCONN` where there is no connection. On Windows `LISTENING`, and none for UDP.
    state: Option<&'static str>,
    /// Process that holds it.
    pid: Option<u32>,
    /// Its name.
    process: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    process_bytes: Option<String>,
    /// The process's lowest descriptor of it.
    fd: Option<u32>,
    /// What a UNIX socket is bound to: a path, or `@` and an abstract name.
    path: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    path_bytes: Option<String>,
    /// Number of its inode: `socket:[N]` among a process's files.
    inode: Option<u64>,
    /// Inode of the UNIX socket that it is connected to.
    peer: Option<u64>,
    /// Number of its network namespace.
    namespace: Option<u64>,
    /// User that made it.
    uid: Option<u32>,
    /// Bytes that wait to be read; for a listener, connections that wait to be accepted.
    rx_queue: Option<u64>,
    /// Bytes that were written and are not gone yet.
    tx_queue: Option<u64>,
    /// For a listener: how many connections may wait.
    backlog: Option<u32>,
    /// Index of the interface that it is bound to.
    interface: Option<u32>,
    /// Name of that interface.
    interface_name: Option<String>,
    /// Number of the protocol within the family: of IP for raw, of Ethernet for packet, of netlink.
    protocol_number: Option<u32>,
    /// Name of that number.
    protocol_name: Option<String>,
    /// Port id of a netlink socket; 0 is the kernel.
    portid: Option<u32>,
    /// Mask of the first 32 groups that a netlink socket hears.
    groups: Option<u64>,
    /// Address of the BPF program that its packets pass through: sniffers and back doors choose packets with one.
    filter: Option<Hex>,
    /// Number of that program's instructions.
    filter_length: Option<u32>,
    /// Whether a table of its protocol leads to it; what only a process leads to is bound to nothing, of a family without a
    /// table, or was hidden. Null where the tables were not found (Windows) or the system shows none (`-O native`).
    listed: Option<bool>,
    /// When it was opened (Windows).
    created: Option<Time>,
    /// True where its memory was given back: it is over, and this is what remains of it (Windows).
    freed: Option<bool>,
    /// Address of its `struct sock`; on Windows of tcpip.sys's structure. Null where the system does not tell it (`-O native`).
    address: Option<Hex>,
}

impl Command for Net {
    type Row = NetRow;
    const NAME: &'static str = "net";
    const ALIASES: &'static [&'static str] = &["netstat", "netscan", "sockstat", "ss"];
    const SUMMARY: &'static str = "List sockets and who holds them";
    const SHAPE: Shape = Shape::List(&[
        "protocol",
        "local=local_address:local_port",
        "remote=remote_address:remote_port",
        "state",
        "pid",
        "process",
        "!??fd",
        "?detail=path|protocol_name",
        "!?created",
        "!?freed",
    ]);
    const EXAMPLES: &'static [(&'static str, &'static str)] =
        &[("net", "every socket"), ("net -l --tcp", "what waits for connections"), ("net -p 1", "those of one process")];

    fn run(self, cx: &Context, out: &mut Rows<'_, NetRow>) -> Result<()> {
        if let Some(kernel) = &cx.session()?.os()?.windows {
            return windows::run(&self, cx, kernel, out);
        }
        let linux = cx.session()?.linux_facts(Self::NAME)?;
        let chosen = self.processes(cx)?;
        let listing = linux.sockets().map_err(crate::Error::from)?;
        let mut names = None;
        for socket in cx.take(&listing) {
            cx.go_on()?;
            if !self.wants(&socket) {
                continue;
            }
            // Few sockets are bound to an interface.
            let device = socket.interface.and_then(|index| {
                let names = names.get_or_insert_with(|| linux.interface_names());
                names.iter().find(|i| i.index == index && i.namespace == socket.namespace).map(|i| plain(&i.name))
            });
            if chosen.is_none() && socket.owners.is_empty() {
                out.push(&row(&socket, None, device.clone()))?;
            }
            for owner in socket.owners.iter().filter(|o| chosen.as_ref().is_none_or(|pids| pids.contains(&o.pid))) {
                out.push(&row(&socket, Some(owner), device.clone()))?;
            }
        }
        Ok(())
    }
}

impl Net {
    /// The processes that were chosen; none where all sockets are wanted, also those that nobody holds.
    fn processes(&self, cx: &Context) -> Result<Option<Vec<u32>>> {
        if self.filter.which.is_empty() && self.filter.process.is_empty() && cx.current().is_none() {
            return Ok(None);
        }
        Ok(Some(self.filter.processes(cx)?.iter().map(|p| p.pid).collect()))
    }

    fn wants(&self, socket: &Socket) -> bool {
        let any = self.tcp || self.udp || self.raw || self.unix || self.packet || self.netlink;
        let protocol = match socket.protocol.as_str() {
            "tcp" | "mptcp" => self.tcp,
            "udp" | "udplite" => self.udp,
            "raw" | "icmp" => self.raw,
            "unix" => self.unix,
            "packet" => self.packet,
            "netlink" => self.netlink,
            _ => false,
        };
        (!any || protocol)
            && (!self.listening || listens(socket))
            && self.port.is_none_or(|p| socket.local.port == Some(p) || socket.remote.port == Some(p))
            && self.namespace.is_none_or(|n| socket.namespace == Some(n))
    }
}

/// Whether a socket waits for what may come: a listener, or a bound one of a protocol without connections.
fn listens(socket: &Socket) -> bool {
    let open = socket.state == Some("UNCONN") && matches!(socket.family.as_str(), "ipv4" | "ipv6");
    socket.state == Some("LISTEN") || open && (socket.local.port.is_some() || socket.number.is_some())
}

impl NetRow {
    /// A row of which only the address is known.
    fn of(address: Option<Hex>) -> Self {
        Self {
            protocol: String::new(),
            family: String::new(),
            r#type: None,
            local_address: None,
            local_port: None,
            remote_address: None,
            remote_port: None,
            state: None,
            pid: None,
            process: None,
            process_bytes: None,
            fd: None,
            path: None,
            path_bytes: None,
            inode: None,
            peer: None,
            namespace: None,
            uid: None,
            rx_queue: None,
            tx_queue: None,
            backlog: None,
            interface: None,
            interface_name: None,
            protocol_number: None,
            protocol_name: None,
            portid: None,
            groups: None,
            filter: None,
            filter_length: None,
            listed: None,
            created: None,
            freed: None,
            address,
        }
    }
}

fn row(s: &Socket, owner: Option<&SocketOwner>, device: Option<String>) -> NetRow {
    NetRow {
        protocol: s.protocol.clone(),
        family: s.family.clone(),
        r#type: s.kind,
        local_address: s.local.address.clone(),
        local_port: s.local.port,
        remote_address: s.remote.address.clone(),
        remote_port: s.remote.port,
        state: s.state,
        pid: owner.map(|o| o.pid),
        process: owner.map(|o| plain(&o.process)),
        process_bytes: owner.and_then(|o| exact(&o.process)),
        fd: owner.map(|o| o.fd),
        path: s.path.as_ref().map(plain),
        path_bytes: s.path.as_ref().and_then(exact),
        inode: s.inode,
        peer: s.peer,
        namespace: s.namespace,
        uid: s.uid,
        rx_queue: s.rx_queue,
        tx_queue: s.tx_queue,
        backlog: s.backlog,
        interface: s.interface,
        interface_name: device,
        protocol_number: s.number,
        protocol_name: s.detail.as_ref().map(plain),
        portid: s.portid,
        groups: s.groups,
        filter: s.filter.map(Hex::from),
        filter_length: s.filter_length,
        listed: s.listed,
        created: None,
        freed: None,
        address: Some(s.address).filter(|a| !a.is_null()).map(Hex::from),
    }
}
