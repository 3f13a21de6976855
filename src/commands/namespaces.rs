//! `namespaces`: every namespace, and who lives in it.

use super::cells::{Hex, hex};
use super::context::Context;
use super::failure::Result;
use super::sink::Rows;
use super::spec::{Command, Shape};
use super::which::Filter;
use crate::VirtAddr;
use crate::os::linux::tasks::nslist::Namespace;
use schemars::JsonSchema;
use serde::Serialize;

/// List namespaces and who lives in them
#[derive(clap::Args, Debug)]
pub struct Namespaces {
    /// Only of this kind: mnt, pid, net, uts, ipc, user, cgroup, time
    #[arg(short = 't', long, value_name = "KIND", value_parser = ["mnt", "pid", "net", "uts", "ipc", "user", "cgroup", "time"])]
    kind: Option<String>,
    #[command(flatten)]
    filter: Filter,
}

/// A namespace.
#[derive(Serialize, JsonSchema)]
pub struct NamespaceRow {
    /// `mnt`, `pid`, `net`, `uts`, `ipc`, `user`, `cgroup`, `time`.
    kind: String,
    /// Its number, as in `/proc/PID/ns`.
    inum: Option<u32>,
    /// How many processes live in it; 0 where only a file, a mount or another namespace keeps it, null where some processes are lost.
    processes: Option<u64>,
    /// The first of them that is known.
    pid: Option<u32>,
    /// That process's id within, in a namespace of process ids.
    inner_pid: Option<u32>,
    /// That process's short name.
    name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name_bytes: Option<String>,
    /// Whether those processes are not in it themselves, only their future children.
    for_children: bool,
    /// Number of the user namespace that owns it.
    owner: Option<u32>,
    /// Number of the namespace above it, of process ids and users.
    parent: Option<u32>,
    /// How many are above it, of process ids and users.
    level: Option<u32>,
    /// The user who made it, of a user namespace.
    uid: Option<u32>,
    /// Host name, of a UTS namespace.
    nodename: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    nodename_bytes: Option<String>,
    /// Its address; null where the system does not tell it (`-O native`).
    address: Option<Hex>,
}

impl Command for Namespaces {
    type Row = NamespaceRow;
    const NAME: &'static str = "namespaces";
    const ALIASES: &'static [&'static str] = &["lsns", "ns"];
    const SUMMARY: &'static str = "List namespaces and who lives in them";
    const SHAPE: Shape = Shape::List(&["kind", "inum", "processes", "pid", "inner_pid", "name", "owner", "level", "nodename"]);
    const EXAMPLES: &'static [(&'static str, &'static str)] =
        &[("namespaces", "all of them"), ("namespaces -t net", "of one kind"), ("namespaces -p 1", "those of one process")];

    fn run(self, cx: &Context, out: &mut Rows<'_, NamespaceRow>) -> Result<()> {
        let linux = cx.session()?.linux_facts(Self::NAME)?;
        let all = self.filter.which.is_empty() && self.filter.process.is_empty() && cx.current().is_none();
        let only: Option<Vec<VirtAddr>> = match all {
            true => None,
            false => Some(self.filter.processes(cx)?.iter().map(|p| p.address).collect()),
        };
        let listing = linux.namespaces(only.as_deref()).map_err(crate::Error::from)?;
        for n in cx.take(&listing) {
            cx.go_on()?;
            if self.kind.as_ref().is_none_or(|k| k == n.kind.name()) {
                out.push(&row(&n))?;
            }
        }
        Ok(())
    }
}

fn row(n: &Namespace) -> NamespaceRow {
    let lossy = |b: &Vec<u8>| String::from_utf8_lossy(b).into_owned();
    let bytes = |b: &Vec<u8>| std::str::from_utf8(b).is_err().then(|| hex(b));
    let name = n.first.as_ref().map(|(_, name)| name);
    NamespaceRow {
        kind: n.kind.name().to_owned(),
        inum: n.number,
        processes: n.processes.map(|n| u64::try_from(n).unwrap_or(u64::MAX)),
        pid: n.first.as_ref().map(|(pid, _)| *pid),
        inner_pid: n.inner,
        name: name.map(lossy),
        name_bytes: name.and_then(bytes),
        for_children: !n.entered && n.first.is_some(),
        owner: n.owner,
        parent: n.parent,
        level: n.level,
        uid: n.uid,
        nodename: n.nodename.as_ref().map(lossy),
        nodename_bytes: n.nodename.as_ref().and_then(bytes),
        address: Some(n.address).filter(|a| !a.is_null()).map(Hex::from),
    }
}
