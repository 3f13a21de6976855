//! `threads`: threads of processes.

use super::cells::{Hex, exact, plain, plain_maybe};
use super::context::Context;
use super::failure::Result;
use super::sink::Rows;
use super::spec::{Command, Shape};
use super::which::{Filter, each_process, missed, open};
use crate::image::ThreadImage;
use memsh_plugin::{Os, Process, ProcessInfo};
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeMap;

/// List threads
#[derive(clap::Args, Debug)]
pub struct Threads {
    #[command(flatten)]
    filter: Filter,
}

/// A thread.
#[derive(Serialize, JsonSchema)]
pub struct ThreadRow {
    /// Process it belongs to.
    pid: u32,
    /// Thread id.
    tid: u32,
    /// Name.
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    name_bytes: Option<String>,
    /// State in the words of the system.
    state: Option<String>,
    /// Address of its control block.
    address: Hex,
    /// Where it began to run.
    start_address: Option<Hex>,
    /// The symbol there.
    start_symbol: Option<String>,
    /// Where it was, where the dump of a process says it.
    #[serde(skip_serializing_if = "Option::is_none")]
    instruction_pointer: Option<Hex>,
    /// Its stack pointer.
    #[serde(skip_serializing_if = "Option::is_none")]
    stack_pointer: Option<Hex>,
    /// Its registers by name.
    #[serde(skip_serializing_if = "Option::is_none")]
    registers: Option<BTreeMap<&'static str, Hex>>,
}

impl Command for Threads {
    type Row = ThreadRow;
    const NAME: &'static str = "threads";
    const ALIASES: &'static [&'static str] = &["thrdscan"];
    const SUMMARY: &'static str = "List threads";
    const SHAPE: Shape = Shape::List(&["pid", "tid", "name", "state", "address", "start_address", "start_symbol"]);
    const EXAMPLES: &'static [(&'static str, &'static str)] =
        &[("threads", "every thread"), ("threads -p 1", "the threads of one process")];

    fn run(self, cx: &Context, out: &mut Rows<'_, ThreadRow>) -> Result<()> {
        let session = cx.session()?;
        let os = session.os()?.os.as_ref();
        let processes = self.filter.processes(cx)?;
        let ahead = |os: &dyn Os, p: &ProcessInfo| {
            let _ = open(os, p).map(|opened| drop(opened.threads()));
        };
        each_process(cx, &processes, ahead, |p| {
            let threads = match open(os, p).and_then(|opened| Ok(Result::from(opened.threads())?)) {
                Ok(threads) => threads,
                Err(e) => {
                    missed(cx, p, "threads", &e);
                    return Ok(());
                }
            };
            for (i, t) in cx.take(&threads).iter().enumerate() {
                let start = t.start_address.get();
                // The process of a dump lists its threads in the dump's order.
                let dumped = session.image().process.as_ref().and_then(|p| p.threads.get(i)).filter(|d| d.id == t.tid);
                let registers = |d: &ThreadImage| d.registers.iter().map(|&(n, v)| (n, Hex(crate::umem::from(v)))).collect();
                out.push(&ThreadRow {
                    pid: t.pid,
                    tid: t.tid,
                    name: plain(&t.name),
                    name_bytes: exact(&t.name),
                    state: plain_maybe(&t.state),
                    address: t.address.into(),
                    start_address: start.map(Hex::from),
                    start_symbol: start.and_then(|a| session.name_of(a)),
                    instruction_pointer: dumped.and_then(|d| d.instruction).map(Hex::from),
                    stack_pointer: dumped.and_then(|d| d.stack).map(Hex::from),
                    registers: dumped.filter(|d| !d.registers.is_empty()).map(registers),
                })?;
            }
            Ok(())
        })
    }
}
