//! `mounts`: what is mounted where, in every mount namespace.

use super::cells::{Hex, hex};
use super::context::Context;
use super::failure::Result;
use super::sink::Rows;
use super::spec::{Command, Shape};
use super::which::Filter;
use crate::VirtAddr;
use crate::os::linux::files::mount::Mount;
use schemars::JsonSchema;
use serde::Serialize;

/// List what is mounted where, in every mount namespace
#[derive(clap::Args, Debug)]
pub struct Mounts {
    #[command(flatten)]
    filter: Filter,
}

/// A mount.
#[derive(Serialize, JsonSchema)]
pub struct MountRow {
    /// Number of the mount namespace.
    namespace: Option<u32>,
    /// Number of the mount.
    mount_id: Option<u64>,
    /// Number of the mount that it is mounted on.
    parent_id: Option<u64>,
    /// What is mounted, in the words of who mounted it.
    source: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    source_bytes: Option<String>,
    /// Where: as `/proc/PID/mounts` of `pid` tells it.
    target: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    target_bytes: Option<String>,
    /// Kind of the file system.
    fstype: Option<String>,
    /// Options, as `/proc/PID/mounts` has them.
    options: Option<String>,
    /// Whether those are all: false where the file system has options of its own that are not read.
    options_complete: Option<bool>,
    /// `shared:N`, `master:N`, `unbindable`; none for a private mount.
    propagation: Option<String>,
    /// The file system's device, `major:minor`.
    device: Option<String>,
    /// Which directory of the file system is mounted.
    root: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    root_bytes: Option<String>,
    /// Whether it lies below the root of `pid`; `/proc/PID/mounts` leaves out what does not.
    reachable: Option<bool>,
    /// The process from whose root the target is told.
    pid: Option<u32>,
    /// Address of its `struct mount`; null where the system does not tell it (`-O native`).
    address: Option<Hex>,
    /// Address of its `super_block`.
    super_block: Option<Hex>,
}

impl Command for Mounts {
    type Row = MountRow;
    const NAME: &'static str = "mounts";
    const ALIASES: &'static [&'static str] = &["mountinfo", "findmnt"];
    const SUMMARY: &'static str = "List what is mounted where, in every mount namespace";
    const SHAPE: Shape = Shape::List(&["target", "source", "fstype", "options", "?namespace"]);
    const EXAMPLES: &'static [(&'static str, &'static str)] =
        &[("mounts", "of every mount namespace"), ("mounts -p 1", "of the namespace of one process")];

    fn run(self, cx: &Context, out: &mut Rows<'_, MountRow>) -> Result<()> {
        let linux = cx.session()?.linux_facts(Self::NAME)?;
        let all = self.filter.which.is_empty() && self.filter.process.is_empty() && cx.current().is_none();
        let only: Option<Vec<VirtAddr>> = match all {
            true => None,
            false => Some(self.filter.processes(cx)?.iter().map(|p| p.address).collect()),
        };
        let listing = linux.mounts(only.as_deref()).map_err(crate::Error::from)?;
        for m in cx.take(&listing) {
            cx.go_on()?;
            out.push(&row(&m))?;
        }
        Ok(())
    }
}

fn row(m: &Mount) -> MountRow {
    let lossy = |b: &Option<Vec<u8>>| b.as_ref().map(|b| String::from_utf8_lossy(b).into_owned());
    let bytes = |b: &Option<Vec<u8>>| b.as_ref().filter(|b| std::str::from_utf8(b).is_err()).map(|b| hex(b));
    let peers = [m.shared.map(|n| format!("shared:{n}")), m.master.map(|n| format!("master:{n}"))];
    let unbindable = m.unbindable.then(|| "unbindable".to_owned());
    let propagation: Vec<String> = peers.into_iter().chain([unbindable]).flatten().collect();
    MountRow {
        namespace: m.namespace,
        mount_id: m.id,
        parent_id: m.parent,
        source: lossy(&m.source),
        source_bytes: bytes(&m.source),
        target: lossy(&m.target),
        target_bytes: bytes(&m.target),
        fstype: lossy(&m.kind),
        options: m.options.as_ref().map(|o| o.list.join(",")),
        options_complete: m.options.as_ref().map(|o| o.complete),
        propagation: (!propagation.is_empty()).then(|| propagation.join(" ")),
        device: m.device.map(|d| format!("{}:{}", d >> 20, d & 0xf_ffff)),
        root: lossy(&m.root),
        root_bytes: bytes(&m.root),
        reachable: m.reachable,
        pid: m.pid,
        address: Some(m.address).filter(|a| !a.is_null()).map(Hex::from),
        super_block: m.super_block.map(Hex::from),
    }
}
