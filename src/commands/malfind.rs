//! `malfind`: what does not look as the kernel or a decent program would leave it.

use super::cells::{Hex, exact, number, plain};
use super::context::Context;
use super::failure::Result;
use super::modules::every_driver;
use super::ps::{every_process, everybody};
use super::sink::Rows;
use super::spec::{Command, Shape};
use super::which::Filter;
use crate::os::finding::Finding;
use crate::os::linux::suspicion::integrity;
use crate::os::linux::suspicion::suspect::{self, Detector};
use crate::os::windows;
use memsh_plugin::Text;
use schemars::JsonSchema;
use serde::Serialize;

/// Find what rootkits, implants and injected code leave: hidden processes and modules, foreign code, impostors
#[derive(clap::Args, Debug)]
pub struct Malfind {
    #[command(flatten)]
    filter: Filter,
    /// Only findings of this kind: process, module, hook, code, memory, file, environment, trace
    #[arg(long, value_name = "KIND", value_delimiter = ',', hide_possible_values = true, value_parser = clap::builder::PossibleValuesParser::new(KINDS))]
    kind: Vec<String>,
}

/// What looks for one sort of thing in the whole system. Another one is a line here.
const DETECTORS: &[Detector] = &[suspect::hidden_modules, integrity::findings, suspect::preload_file];

/// The kinds, in the order in which they are told.
const KINDS: &[&str] = &["process", "module", "hook", "code", "memory", "file", "environment", "trace"];

/// A finding.
#[derive(Serialize, JsonSchema)]
pub struct MalfindRow {
    /// What it is: `process`, `module`, `hook`, `code`, `memory`, `file`, `environment`, `trace`.
    kind: String,
    /// Process it belongs to.
    pid: Option<u32>,
    /// Its name.
    process: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    process_bytes: Option<String>,
    /// Why it is told; the same phrase for all of its sort.
    reason: String,
    /// Where it lies, or what it points to.
    address: Option<Hex>,
    /// Its size in bytes.
    size: Option<u64>,
    /// The region, table, file or symbol that holds it.
    region: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    region_bytes: Option<String>,
    /// The facts.
    evidence: String,
}

impl Command for Malfind {
    type Row = MalfindRow;
    const NAME: &'static str = "malfind";
    const ALIASES: &'static [&'static str] = &["findevil", "hollowfind", "psinject"];
    const SUMMARY: &'static str = "Find hidden, injected and disguised things, with reason and evidence";
    const SHAPE: Shape = Shape::List(&["kind", "pid", "process", "reason", "address", "evidence"]);
    const EXAMPLES: &'static [(&'static str, &'static str)] = &[
        ("malfind", "everything"),
        ("malfind -p 54", "one process"),
        ("malfind --kind memory --json", "foreign code in processes, for jq"),
    ];

    fn run(self, cx: &Context, out: &mut Rows<'_, MalfindRow>) -> Result<()> {
        let mut found = match &cx.session()?.os()?.windows {
            Some(kernel) => self.collect_windows(kernel, cx)?,
            None => self.collect(cx)?,
        };
        found.retain(|f| self.kind.is_empty() || self.kind.iter().any(|k| k == f.kind));
        cx.nothing("none of the checks found anything");
        let place = |f: &Finding| KINDS.iter().position(|k| *k == f.kind).unwrap_or(KINDS.len());
        found.sort_by_key(|f| (place(f), f.pid, f.address));
        found.iter().try_for_each(|f| out.push(&row(f)))
    }
}

impl Malfind {
    fn collect(&self, cx: &Context) -> Result<Vec<Finding>> {
        let kernel = cx.session()?.linux(Self::NAME)?;
        let tasks = cx.take(&everybody(cx)?);
        // `proc PID` in the shell narrows without a choice.
        let filter = self.filter.or(cx.current());
        if !filter.is_default() && !tasks.iter().any(|t| filter.picks(&t.info)) {
            return Err(filter.nothing().into());
        }
        let mut found = cx.take(&suspect::of_tasks(kernel, &tasks));
        found.retain(|f| tasks.iter().any(|t| Some(t.info.pid) == f.pid && filter.picks(&t.info)));
        let picked: Vec<_> = tasks.into_iter().filter(|t| filter.picks(&t.info)).collect();
        let mut lost: Vec<Text> = Vec::new();
        for subject in suspect::subjects(kernel, &picked, &mut lost) {
            cx.go_on()?;
            found.extend(cx.take(&suspect::of_process(kernel, &subject)));
        }
        lost.iter().for_each(|reason| cx.lost(reason.to_string_lossy()));
        if filter.is_default() {
            for detector in DETECTORS {
                cx.go_on()?;
                found.extend(cx.take(&suspect::run(kernel, *detector)));
            }
        }
        Ok(found)
    }
}

impl Malfind {
    fn collect_windows(&self, kernel: &windows::Kernel, cx: &Context) -> Result<Vec<Finding>> {
        use windows::suspicion;
        let all = cx.take(&every_process(kernel, cx)?);
        // `proc PID` in the shell narrows without a choice.
        let filter = self.filter.or(cx.current());
        let picked: Vec<u32> = all.iter().filter(|s| filter.picks(&s.info)).map(|s| s.info.pid).collect();
        if !filter.is_default() && picked.is_empty() {
            return Err(filter.nothing().into());
        }
        let mut found = suspicion::of_processes(kernel, &all);
        let meter = cx.host().meter("looking into processes", number(crate::engine::to_umem(all.len())));
        let mut subjects = Vec::new();
        for (i, seen) in (0u64..).zip(&all) {
            cx.go_on()?;
            meter.at(i);
            let (subject, listing) = suspicion::subject(kernel, seen);
            // Of the others only their code is needed, to be compared.
            if picked.contains(&seen.info.pid) {
                found.extend(cx.take(&listing));
            }
            subjects.extend(subject);
        }
        if filter.is_default() {
            let modules = every_driver(kernel, cx)?;
            found.extend(cx.take(&suspicion::of_kernel(kernel, &modules)));
        }
        found.extend(suspicion::patched(kernel, &subjects, &mut || cx.go_on().is_ok()));
        cx.go_on()?;
        found.retain(|f| f.pid.is_none_or(|pid| picked.contains(&pid)));
        Ok(found)
    }
}

fn row(f: &Finding) -> MalfindRow {
    MalfindRow {
        kind: f.kind.to_owned(),
        pid: f.pid,
        process: f.process.as_ref().map(plain),
        process_bytes: f.process.as_ref().and_then(exact),
        reason: f.reason.to_owned(),
        address: f.address.map(Hex::from),
        size: f.size,
        region: f.region.as_ref().map(plain),
        region_bytes: f.region.as_ref().and_then(exact),
        evidence: f.evidence.clone(),
    }
}
