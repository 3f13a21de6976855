//! `cgroups`: the control groups that processes are in.

use super::cells::{Hex, exact, hex, plain};
use super::context::Context;
use super::failure::Result;
use super::sink::Rows;
use super::spec::{Command, Shape};
use super::which::Filter;
use crate::os::linux::tasks::cgroup::Cgroups as Teller;
use crate::symbols::TypesExt;
use schemars::JsonSchema;
use serde::Serialize;

/// List the control groups that processes are in
#[derive(clap::Args, Debug)]
pub struct Cgroups {
    #[command(flatten)]
    filter: Filter,
}

/// A process in a cgroup of one hierarchy.
#[derive(Serialize, JsonSchema)]
pub struct CgroupRow {
    /// Process id.
    pid: u32,
    /// Short name of the process.
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    name_bytes: Option<String>,
    /// Number of the hierarchy; 0 is the unified one (version 2).
    hierarchy: Option<u32>,
    /// Controllers of a hierarchy of version 1, and `name=` of one that has a name.
    controllers: Option<String>,
    /// Path from the root of the hierarchy.
    path: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    path_bytes: Option<String>,
    /// Whether the cgroup was removed.
    deleted: bool,
    /// Address of the `struct cgroup`.
    address: Hex,
}

impl Command for Cgroups {
    type Row = CgroupRow;
    const NAME: &'static str = "cgroups";
    const ALIASES: &'static [&'static str] = &["cgroup"];
    const SUMMARY: &'static str = "List the control groups that processes are in";
    const SHAPE: Shape = Shape::List(&["pid", "name", "hierarchy", "controllers", "path"]);
    const EXAMPLES: &'static [(&'static str, &'static str)] = &[("cgroups", "of all processes"), ("cgroups -p 1", "of one")];

    fn run(self, cx: &Context, out: &mut Rows<'_, CgroupRow>) -> Result<()> {
        let kernel = cx.session()?.linux(Self::NAME)?;
        let known = cx.session()?.types().is_ok_and(|types| types.field("task_struct", "cgroups").is_some());
        cx.nothing(match known {
            true => "no hierarchy of control groups was ever mounted on this system",
            false => "this kernel has no control groups (CONFIG_CGROUPS is off)",
        });
        let mut teller = Teller::new(kernel);
        for p in self.filter.processes(cx)? {
            cx.go_on()?;
            for m in teller.of(p.address) {
                out.push(&CgroupRow {
                    pid: p.pid,
                    name: plain(&p.name),
                    name_bytes: exact(&p.name),
                    hierarchy: m.hierarchy,
                    controllers: (!m.controllers.is_empty()).then(|| m.controllers.join(",")),
                    path: m.path.as_ref().map(|p| String::from_utf8_lossy(p).into_owned()),
                    path_bytes: m.path.as_ref().filter(|p| std::str::from_utf8(p).is_err()).map(|p| hex(p)),
                    deleted: m.deleted,
                    address: m.address.into(),
                })?;
            }
        }
        cx.take(&teller.lost());
        Ok(())
    }
}
