//! `env`: the environment of processes.

use super::cells::{exact, exact_maybe, plain};
use super::context::Context;
use super::failure::Result;
use super::sink::Rows;
use super::spec::{Command, Shape};
use super::which::{Filter, each_process, missed, open};
use memsh_plugin::{Os, Process, ProcessInfo};
use schemars::JsonSchema;
use serde::Serialize;

/// List the environment of processes
#[derive(clap::Args, Debug)]
pub struct Env {
    #[command(flatten)]
    filter: Filter,
}

/// One variable of a process.
#[derive(Serialize, JsonSchema)]
pub struct EnvRow {
    /// Process id.
    pid: u32,
    /// Short name of the process.
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    name_bytes: Option<String>,
    /// Name of the variable.
    key: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    key_bytes: Option<String>,
    /// Its value; an empty one is an empty string, none where there is no `=`.
    value: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    value_bytes: Option<String>,
}

impl Command for Env {
    type Row = EnvRow;
    const NAME: &'static str = "env";
    const ALIASES: &'static [&'static str] = &["envars", "environ"];
    const SUMMARY: &'static str = "List the environment of processes";
    const SHAPE: Shape = Shape::List(&["pid", "name", "key", "value"]);
    const EXAMPLES: &'static [(&'static str, &'static str)] = &[("env -p 1", "of one process"), ("env --csv", "of all, as CSV")];

    fn run(self, cx: &Context, out: &mut Rows<'_, EnvRow>) -> Result<()> {
        let os = cx.session()?.os()?.os.as_ref();
        let processes = self.filter.processes(cx)?;
        let ahead = |os: &dyn Os, p: &ProcessInfo| {
            let _ = open(os, p).map(|opened| drop(opened.environment()));
        };
        each_process(cx, &processes, ahead, |p| {
            if p.kernel_thread {
                return Ok(());
            }
            let variables = match open(os, p).and_then(|opened| Ok(Result::from(opened.environment())?)) {
                Ok(listing) => cx.take(&listing),
                Err(e) => {
                    missed(cx, p, "environment", &e);
                    return Ok(());
                }
            };
            for v in variables {
                out.push(&EnvRow {
                    pid: p.pid,
                    name: plain(&p.name),
                    name_bytes: exact(&p.name),
                    key: plain(&v.key),
                    key_bytes: exact(&v.key),
                    value: v.value.as_ref().map(plain),
                    value_bytes: exact_maybe(&v.value),
                })?;
            }
            Ok(())
        })
    }
}
