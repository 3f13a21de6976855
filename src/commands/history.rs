//! `history`: what users typed into a shell.

mod windows;

use super::cells::{Hex, Time, hex};
use super::context::Context;
use super::failure::Result;
use super::sink::Rows;
use super::spec::{Command, Shape};
use super::which::Filter;
use crate::os::linux::tasks::history::history;
use memsh_plugin::ProcessInfo;
use schemars::JsonSchema;
use serde::Serialize;

/// List the commands that users entered, from the memory of their shells; on Windows of their consoles
#[derive(clap::Args, Debug)]
pub struct History {
    #[command(flatten)]
    filter: Filter,
    /// Look through every process, not only shells: gdb, python and database clients keep a history too. On Windows, not only consoles
    #[arg(short, long)]
    all: bool,
}

/// A command that was entered.
#[derive(Serialize, JsonSchema)]
pub struct HistoryRow {
    /// Process id.
    pid: u32,
    /// Short name of the process.
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    name_bytes: Option<String>,
    /// Place in the shell's list, from 1; null for a command that was removed from it (`history -d`, `history -c`).
    position: Option<u64>,
    /// When it was entered.
    time: Option<Time>,
    /// The line; null where it is not in the image.
    command: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    command_bytes: Option<String>,
    /// The program that read the line, for which the console keeps it (Windows).
    application: Option<String>,
    /// Where the entry (`HIST_ENTRY`) lies in the process.
    address: Hex,
}

impl Command for History {
    type Row = HistoryRow;
    const NAME: &'static str = "history";
    const ALIASES: &'static [&'static str] = &["bash", "linux.bash", "cmdscan"];
    const SUMMARY: &'static str = "List the commands that users entered, from the memory of their shells";
    const SHAPE: Shape = Shape::List(&["pid", "name", "!application", "position", "time", "command"]);
    const EXAMPLES: &'static [(&'static str, &'static str)] =
        &[("bash", "of every bash"), ("bash --all", "of every program that keeps one"), ("bash -p 1", "of one process")];

    fn run(self, cx: &Context, out: &mut Rows<'_, HistoryRow>) -> Result<()> {
        if let Some(kernel) = &cx.session()?.os()?.windows {
            return windows::run(self, cx, kernel, out);
        }
        let kernel = cx.session()?.linux("history")?;
        let chosen = !self.filter.which.is_empty() || !self.filter.process.is_empty() || cx.current().is_some();
        let processes = match self.all {
            true => self.filter.of_all(cx)?,
            false => self.filter.processes(cx)?,
        };
        cx.nothing(match (self.all, chosen, processes.iter().any(is_bash)) {
            (true, ..) => "no process keeps a history of GNU readline in the image",
            (_, true, _) => "these processes keep no history of bash in the image",
            (.., true) => "the shells that run keep no history in the image (HISTSIZE=0, or nothing was typed)",
            _ => "no process is a bash; --all looks through every process (gdb, python, database clients)",
        });
        let meter = cx.host().meter("looking through processes", processes.len() as u64);
        for (done, p) in (1u64..).zip(&processes) {
            cx.go_on()?;
            meter.at(done);
            if p.kernel_thread || !(self.all || chosen || is_bash(p)) {
                continue;
            }
            let listing = match history(kernel, p.address, &|| cx.go_on().is_ok()) {
                Ok(listing) => cx.take(&listing),
                Err(e) => {
                    cx.lost(format!("history of process {}: {}", p.pid, crate::Error::from(e)));
                    continue;
                }
            };
            for e in listing {
                out.push(&HistoryRow {
                    pid: p.pid,
                    name: super::cells::plain(&p.name),
                    name_bytes: super::cells::exact(&p.name),
                    position: e.position,
                    time: e.time.map(Time),
                    command: e.line.as_ref().map(|l| String::from_utf8_lossy(l).into_owned()),
                    command_bytes: e.line.as_ref().filter(|l| std::str::from_utf8(l).is_err()).map(|l| hex(l)),
                    application: None,
                    address: e.address.into(),
                })?;
            }
        }
        cx.go_on()
    }
}

/// Whether the process is a bash by its name or its program's: `bash`, `rbash`, `bash-static`.
fn is_bash(p: &ProcessInfo) -> bool {
    let path = p.image_path.as_ref().map(|t| t.as_bytes().to_vec()).unwrap_or_default();
    let program = path.rsplit(|&b| b == b'/').next().unwrap_or_default();
    [p.name.as_bytes(), program].iter().any(|n| n.windows(4).any(|w| w == b"bash"))
}
