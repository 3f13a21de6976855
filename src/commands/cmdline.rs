//! `cmdline`: the arguments of processes.

use super::cells::{exact, hex, plain};
use super::context::Context;
use super::failure::Result;
use super::sink::Rows;
use super::spec::{Command, Shape};
use super::which::{Filter, each_process, missed, open};
use memsh_plugin::{Os, Process, ProcessInfo};
use schemars::JsonSchema;
use serde::Serialize;

/// List the arguments of processes
#[derive(clap::Args, Debug)]
pub struct Cmdline {
    #[command(flatten)]
    filter: Filter,
}

/// A process and its arguments.
#[derive(Serialize, JsonSchema)]
pub struct CmdlineRow {
    /// Process id.
    pid: u32,
    /// Short name.
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    name_bytes: Option<String>,
    /// Arguments, the program's name first.
    args: Vec<String>,
    /// Every argument in hex, when one of them is not UTF-8.
    #[serde(skip_serializing_if = "Option::is_none")]
    args_bytes: Option<Vec<String>>,
}

impl Command for Cmdline {
    type Row = CmdlineRow;
    const NAME: &'static str = "cmdline";
    const ALIASES: &'static [&'static str] = &["psaux", "cmdlines"];
    const SUMMARY: &'static str = "List the arguments of processes";
    const SHAPE: Shape = Shape::List(&["pid", "name", "args"]);
    const EXAMPLES: &'static [(&'static str, &'static str)] =
        &[("cmdline", "of every process that has arguments"), ("cmdline -p 1", "of one process")];

    fn run(self, cx: &Context, out: &mut Rows<'_, CmdlineRow>) -> Result<()> {
        let os = cx.session()?.os()?.os.as_ref();
        let processes = self.filter.processes(cx)?;
        let ahead = |os: &dyn Os, p: &ProcessInfo| {
            let _ = open(os, p).map(|opened| drop(opened.arguments()));
        };
        each_process(cx, &processes, ahead, |p| {
            if p.kernel_thread {
                return Ok(());
            }
            let args = match open(os, p).and_then(|opened| Ok(Result::from(opened.arguments())?)) {
                Ok(listing) => cx.take(&listing),
                Err(e) => {
                    missed(cx, p, "arguments", &e);
                    return Ok(());
                }
            };
            let odd = args.iter().any(|a| exact(a).is_some());
            out.push(&CmdlineRow {
                pid: p.pid,
                name: plain(&p.name),
                name_bytes: exact(&p.name),
                args: args.iter().map(plain).collect(),
                args_bytes: odd.then(|| args.iter().map(|a| hex(a.as_bytes())).collect()),
            })?;
            Ok(())
        })
    }
}
