//! `services`: services and drivers as the service control manager of Windows knows them.

use super::accounts::service_sid;
use super::cells::{Hex, Time};
use super::context::Context;
use super::failure::Result;
use super::glob::Glob;
use super::hives::registry;
use super::sink::Rows;
use super::spec::{Command, Shape};
use super::windows::kernel;
use crate::os::windows::services::{self, Service, services_until};
use schemars::JsonSchema;
use serde::Serialize;

/// List services: what the registry has, and what services.exe says of them (Windows)
#[derive(clap::Args, Debug)]
pub struct Services {
    /// Only services with this name (`*` and `?` stand for anything)
    #[arg(value_name = "NAME")]
    name: Option<String>,
    /// Programs only, no drivers
    #[arg(short = 'u', long)]
    programs: bool,
    /// Drivers only
    #[arg(short, long, conflicts_with = "programs")]
    drivers: bool,
    /// Only services that run in this process
    #[arg(short, long, value_name = "PID")]
    pid: Option<u32>,
    /// Only those of which registry and services.exe say different things
    #[arg(short, long)]
    suspicious: bool,
}

/// A service.
#[derive(Serialize, JsonSchema)]
pub struct ServiceRow {
    /// Its name.
    name: String,
    /// What people see; it may name a text in a file (`@tcpip.sys,-100`).
    display_name: Option<String>,
    /// What it is about, likewise.
    description: Option<String>,
    /// `own_process`, `share_process`, `kernel_driver`, ...; null where nothing tells.
    #[serde(rename = "type")]
    kind: Option<Vec<&'static str>>,
    /// `boot`, `system`, `auto`, `demand` or `disabled`; null where nothing tells.
    start: Option<&'static str>,
    /// Whether it is started some time after the others.
    delayed: Option<bool>,
    /// `running`, `stopped`, ..., as services.exe says.
    state: Option<&'static str>,
    /// The process that it runs in, as services.exe says.
    pid: Option<u32>,
    /// The command line of its process or the file of its driver, as the registry has it.
    image_path: Option<String>,
    /// The library that svchost.exe loads for it.
    service_dll: Option<String>,
    /// The account that it runs as.
    object_name: Option<String>,
    /// The group in whose turn it is started.
    group: Option<String>,
    /// The command line of its process or the name of its driver's object, as services.exe has it.
    binary: Option<String>,
    /// The SID that it has in its process's token.
    sid: String,
    /// Whether the registry has a key of it.
    in_registry: bool,
    /// Whether services.exe has a record of it; null where none was found, and not all of its records can be read.
    in_memory: Option<bool>,
    /// When its key was last changed.
    last_written: Option<Time>,
    /// Path of its key.
    key: Option<String>,
    /// Address of its record in services.exe.
    address: Option<Hex>,
    /// What does not fit.
    reason: Option<&'static str>,
}

impl Command for Services {
    type Row = ServiceRow;
    const NAME: &'static str = "services";
    const ALIASES: &'static [&'static str] = &["svcscan", "svclist"];
    const SUMMARY: &'static str = "List services: what the registry has, and what services.exe says (Windows)";
    const SHAPE: Shape = Shape::List(&[
        "name",
        "?type",
        "start",
        "!state",
        "!pid",
        "?object_name",
        "??last_written",
        "image_path=service_dll|image_path|binary",
        "!reason",
    ]);
    const EXAMPLES: &'static [(&'static str, &'static str)] = &[
        ("services", "all"),
        ("services --programs", "without drivers"),
        ("services dns*", "one"),
        ("services --suspicious", "those without a key, and those that services.exe does not know"),
    ];

    fn run(self, cx: &Context, out: &mut Rows<'_, ServiceRow>) -> Result<()> {
        let kernel = kernel(cx, Self::NAME)?;
        let glob = self.name.as_deref().map(Glob::any_case).transpose()?;
        let registry = registry(kernel, cx, false)?;
        let all = cx.take(&services_until(kernel, &registry, cx.host().interrupt()));
        cx.go_on()?;
        cx.nothing(format!("none of {} services matches", all.len()));
        for s in &all {
            // The lower bits are of drivers; what has no type may be anything.
            let driver = s.kind().map(|k| k & 0xf != 0);
            let wanted = if self.programs { driver == Some(false) } else { !self.drivers || driver == Some(true) };
            let named = glob.as_ref().is_none_or(|g| g.matches(&s.name));
            let in_process = self.pid.is_none_or(|pid| s.record.as_ref().is_some_and(|r| r.pid == Some(pid)));
            if wanted && named && in_process && (!self.suspicious || s.reason().is_some()) {
                out.push(&row(s))?;
            }
        }
        Ok(())
    }
}

fn row(s: &Service) -> ServiceRow {
    let entry = s.entry.clone().unwrap_or_default();
    ServiceRow {
        name: s.name.clone(),
        display_name: entry.display.or_else(|| s.record.as_ref()?.display.clone()),
        description: entry.description,
        kind: s.kind().map(services::kinds),
        start: s.start().and_then(services::start),
        delayed: entry.delayed,
        state: s.record.as_ref().and_then(|r| services::state(r.state)),
        pid: s.record.as_ref().and_then(|r| r.pid),
        image_path: entry.image_path,
        service_dll: entry.dll,
        object_name: entry.account,
        group: entry.group,
        binary: s.record.as_ref().and_then(|r| r.binary.clone()),
        sid: service_sid(&s.name),
        in_registry: s.entry.is_some(),
        in_memory: s.in_memory(),
        last_written: entry.written.map(Time),
        key: s.entry.as_ref().map(|e| e.path.clone()),
        address: services::address(s).map(Hex::from),
        reason: s.reason(),
    }
}
